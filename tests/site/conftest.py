"""A reader's screens."""

from __future__ import annotations

import pytest

from tests.site.visits import opened


@pytest.fixture
def laptop(browser):
    with opened(browser, 1440, "light") as page:
        yield page


@pytest.fixture
def phone(browser):
    with opened(browser, 360, "light") as page:
        yield page
