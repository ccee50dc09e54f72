"""Keeps how the tests of the snippets went, for the snippets' pages to say."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tutorial_engine.settings import Settings
from tutorial_engine.snippet_tests import FOLDER, record_results, state_of_tests

_TEST = re.compile(rf"({FOLDER}/(?:[^:]+/)?test_\w+\.py)::([\w:]+)")


class RecordingResults:
    """A plugin of pytest: counts the outcomes of each test's cases, and keeps them when all have run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Before anything runs: a file that is edited meanwhile has not been tested as it is then.
        self._state = state_of_tests(settings)
        self._is_chosen = False
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case by its call, and what failed before or after it."""
        place = _TEST.match(report.nodeid)
        if place and (report.when == "call" or not report.passed):
            counts = self._counts.setdefault((place[1], place[2]), Counter())
            counts[report.outcome] += 1

    def pytest_deselected(self) -> None:
        """Some of a test's cases may have been left out: by an expression, or for they passed before."""
        self._is_chosen = True

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Keep the counts, unless only some of a test's cases may have run."""
        is_chosen = self._is_chosen or any(
            "::" in each for each in session.config.option.file_or_dir
        )
        is_whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._counts and is_whole and not is_chosen and not session.shouldfail:
            record_results(self._settings, self._counts, self._state)
