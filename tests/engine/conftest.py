"""A tiny course in a folder with a space in its name, and none of the user's own settings."""

from __future__ import annotations

import os

import pytest

from .tiny import Course


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch) -> None:
    for name in tuple(os.environ):
        if name.startswith("TUTORIALS_") or name in ("SITE_URL", "REPO_URL", "SOURCE_DATE_EPOCH"):
            monkeypatch.delenv(name)


@pytest.fixture
def course(tmp_path) -> Course:
    """An empty course; `course.tutorial()` writes the first tutorial into it."""
    return Course(tmp_path / "a course")


@pytest.fixture(scope="module")
def module_course(tmp_path_factory) -> Course:
    """A course that the tests of one module share and do not change."""
    return Course(tmp_path_factory.mktemp("shared") / "a course")
