"""Keeps how the tests of the snippets went, for the snippets' pages to say."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tutorial_engine.settings import Settings
from tutorial_engine.snippet_tests import FOLDER, record_results, state_of_tests

_TEST = re.compile(rf"({FOLDER}/test_\w+\.py)::(test_\w+)")


class RecordingResults:
    """A plugin of pytest: counts the outcomes of each test's cases, and keeps them when all have run."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Before anything runs: a file that is edited meanwhile has not been tested as it is then.
        self._state = state_of_tests(settings)
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case once: by its call, or by what kept it from being called."""
        place = _TEST.match(report.nodeid)
        if place and (report.when == "call" or (report.when == "setup" and not report.passed)):
            counts = self._counts.setdefault((place[1], place[2]), Counter())
            counts[report.outcome] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the counts, unless only some of a test's cases may have been chosen."""
        options = session.config.option
        is_chosen = (
            options.keyword or options.markexpr or any("::" in each for each in options.file_or_dir)
        )
        if self._counts and not is_chosen:
            record_results(self._settings, self._counts, self._state)
