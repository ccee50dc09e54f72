"""Course files: what a course becomes in a site, each tutorial's page with all beside it, and the report."""

from __future__ import annotations

import json
import logging
import posixpath
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from .build_cache import BuildCache
from .copying import project_of, snippet_files
from .course import Lesson, load_course, titles
from .documents import Document
from .errors import TutorialError, unforeseen
from .fingerprint import names_from_snippets
from .places import of_the_build
from .publish import Page, make_error_page, make_page
from .records import record_file, record_path
from .rendering import Places
from .report import build_report, report_page
from .schedule import Outcome
from .serving import LiveRuns, Shown
from .settings import Settings
from .snippet_pages import INDEX, SnippetPage, index_page, page_of, sentences_of_tests, snippet_page
from .tutorial import Header

log = logging.getLogger("mkdocs.tutorials")

NAV_MARK = "tutorials"
REPORT_PAGE = "about/checks.md"


class CourseFiles:
    """A course's lessons, what became of each, the pages made of that, and the files of those.

    Args:
        runs: those of a served course, whose pages show what there is so far.

    Attributes:
        outcomes, pages: of each lesson, in course order.
        positions: path of a page or a run record -> position of its lesson.
        records: the paths of the run records.
        snippets: the paths of the snippets' pages.
    """

    def __init__(
        self, settings: Settings, build_cache: BuildCache, runs: LiveRuns | None = None
    ) -> None:
        self._settings, self._build_cache, self._runs = settings, build_cache, runs
        self._places: Places | None = None
        self.lessons = load_course(settings, build_cache)
        self.outcomes: list[Outcome] = []
        self.pages: list[Page] = []
        self.positions: dict[str, int] = {}
        self.records: frozenset[str] = frozenset()
        self.snippets: frozenset[str] = frozenset()

    def read_again(self) -> bool:
        """Read the sources again; False where a lesson changed in what other pages say of it, too."""
        lessons = load_course(self._settings, self._build_cache)
        if _outline(lessons) != _outline(self.lessons):
            return False
        self.lessons = lessons
        return True

    def make_pages(self, outcomes: list[Outcome]) -> list[tuple[Page, Page]]:
        """Make the lessons' pages; return those that differ from the last time, each before and now.

        What goes wrong while a page is made becomes its tutorial's error.
        """
        before, self.outcomes = self.pages, outcomes
        self._places = None
        self.pages = [self._page(position) for position in range(len(outcomes))]
        pages = {page.path: position for position, page in enumerate(self.pages)}
        records = {record_path(path): position for path, position in pages.items()}
        self.positions, self.records = pages | records, frozenset(records)
        return [(old, new) for old, new in zip(before, self.pages, strict=False) if old != new]

    def _page(self, position: int) -> Page:
        outcome = self.outcomes[position]
        tutorial = outcome.lesson.tutorial
        shown = self._runs.shown(outcome) if self._runs else Shown(outcome.run, outcome.error)
        error = shown.error
        if not error:
            try:
                return make_page(
                    outcome.lesson.sound[0],
                    shown.run,
                    self._settings,
                    titles(self.lessons),
                    shown.state,
                    self._build_cache,
                    cells=shown.cells,
                )
            except Exception as fault:  # one tutorial's fault must not be the others'
                error = self.fail(position, fault)
        return make_error_page(outcome.lesson.file, self.published(error), tutorial)

    def fail(self, position: int, error: Exception) -> TutorialError:
        """Keep an exception as the error of a tutorial that ran well until here."""
        lesson = self.outcomes[position].lesson
        if not isinstance(error, TutorialError):
            error = unforeseen(error, lesson.file)
        self.outcomes[position] = Outcome(lesson, error=error)
        log.error("Failed: %s", error)
        return error

    def published(self, error: TutorialError) -> TutorialError:
        """Return an error as a page may show it."""
        return of_the_build(self._settings).hide_in(error)

    def failures(self) -> str:
        """Say which tutorials failed and why, nothing where none did."""
        errors = [str(outcome.error) for outcome in self.outcomes if outcome.error]
        if not errors:
            return ""
        count = len(self.outcomes)
        return "\n\n".join(
            [
                f"{len(errors)} of {count} tutorials failed; "
                f"the runs of the other {count - len(errors)} are kept.",
                *errors,
            ]
        )

    def files(self, config: MkDocsConfig) -> list[File]:
        """Return all that a site gets."""
        files = [file for page in self.pages for file in self.files_of(page, config)]
        pages = self._snippet_pages() if _mentions(config.nav, INDEX) else []
        self.snippets = frozenset(page.path for page in pages)
        for page in pages:
            file = File.generated(config, page.path, content=page.markdown)
            file.edit_uri = f"../{page.source}"
            files.append(file)
            files += (File.generated(config, path, content=page.files[path]) for path in page.files)
        return files + self.report_files(config)

    def _snippet_pages(self) -> list[SnippetPage]:
        """Return the page of each snippet, and the one that leads to them."""
        root = self._settings.root
        sources = {
            name: file.read_text(encoding="utf-8-sig") for name, file in snippet_files(root).items()
        }
        tests = [
            file.read_text(encoding="utf-8")
            for file in sorted((root / "tests" / "snippets").glob("test_*.py"))
        ]
        kept, project = self._build_cache.get, project_of(root)
        sentences = kept("snippets", "tests", tests, lambda: sentences_of_tests(tests))
        users = self._snippet_users()

        def make(module: str) -> SnippetPage:
            ingredients = sources[module], sentences.get(module, {}), users.get(module, {}), project
            page = kept(
                "snippets", module, ingredients, lambda: asdict(snippet_page(module, *ingredients))
            )
            return SnippetPage(**page)

        index: Document = kept("snippets", "index", sources, lambda: asdict(index_page(sources)))
        return [SnippetPage(**index), *map(make, sources)]

    def _snippet_users(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return who uses what: snippet -> name -> title of a tutorial -> its page, as a snippet's links to it."""
        users: dict[str, dict[str, dict[str, str]]] = {}
        for lesson in self.lessons:
            if lesson.error:
                continue
            tutorial, _ = lesson.sound
            names = names_from_snippets(tutorial, self._settings, self._build_cache)
            for module, used in names.items():
                for name in used:
                    pages = users.setdefault(module, {}).setdefault(name, {})
                    pages[lesson.title] = posixpath.relpath(
                        lesson.page, posixpath.dirname(page_of(module))
                    )
        return users

    def files_of(self, page: Page, config: MkDocsConfig) -> list[File]:
        """Return a lesson's files: its page, what stands beside it, its run record."""
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        files = [file]
        files += (File.generated(config, path, content=page.files[path]) for path in page.files)
        if page.record or self._runs:
            files.append(record_file(page.path, config))
        return files

    def report_files(self, config: MkDocsConfig) -> list[File]:
        """Return the files of what this build checked."""
        report = build_report(self.outcomes, self._settings)
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        return [
            File.generated(config, "build.json", content=text),
            File.generated(config, REPORT_PAGE, content=report_page(report)),
        ]

    def places(self, files: Files) -> Places:
        """Return where a site's files are, as long as these pages are its."""
        self._places = self._places or Places(files)
        return self._places


def _mentions(nav: Any, path: str) -> bool:
    """Say whether a navigation leads to a page."""
    if isinstance(nav, Mapping):
        return any(_mentions(each, path) for each in nav.values())
    if isinstance(nav, list):
        return any(_mentions(each, path) for each in nav)
    return bool(nav == path)


def expand_navigation(
    nav: list[Any] | None, lessons: list[Lesson], part_titles: Mapping[str, str]
) -> list[Any] | None:
    """Put the tutorials, part by part, where the navigation says `tutorials`."""
    if nav is None:
        return None
    parts: dict[str, list[str]] = {}
    for lesson in lessons:
        title = part_titles.get(PurePosixPath(lesson.page).parent.name, lesson.part)
        parts.setdefault(title, []).append(lesson.page)
    expanded: list[Any] = []
    for item in nav:
        if item == NAV_MARK:
            expanded += [{part: pages} for part, pages in parts.items()]
        else:
            expanded.append(item)
    return expanded


def _outline(lessons: list[Lesson]) -> list[tuple[str, Header | None]]:
    """Return what pages say of other tutorials, and where they stand."""
    return [
        (lesson.page, lesson.tutorial.header if lesson.tutorial else None) for lesson in lessons
    ]
