"""Shared by the tests of the built site."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def notebooks_run_meanwhile(request):
    """Start the notebooks now, if they will be wanted: they take as long as these tests."""
    if any("test_notebooks_alone" in item.nodeid for item in request.session.items):
        request.getfixturevalue("executed")
