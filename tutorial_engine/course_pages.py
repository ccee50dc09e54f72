"""Course pages: what a course becomes in a site, each tutorial's page with all beside it, and the report.

Nothing here asks which generator makes the site. What is logged goes to MkDocs' logger, which shows it among its own
words and counts it in a strict build; without MkDocs it is a logger as any other.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from collections.abc import Callable
from functools import partial

from .atlas import MARK, MESSAGES, VERSIONS_MARK, Atlas
from .build_cache import BuildCache
from .course import Lesson, load_course, stops_of, titles
from .course_map import Stop
from .errors import SourceError, TutorialError, together, unforeseen
from .examples import load_examples
from .fingerprint import snippets_state
from .glossary import DATA, GLOSSARY, Glossary
from .navigation import part_title
from .places import of_the_build
from .publish import Page, make_error_page, make_page
from .report import build_report, report_page
from .run import Run
from .schedule import Outcome
from .serving import LiveRuns, Shown
from .settings import Settings
from .snippet_section import SnippetSection
from .terms import Vocabulary
from .tutorial import record_path
from .versions import Measured

log = logging.getLogger("mkdocs.tutorials")

REPORT_PAGE = "about/checks.md"


class CoursePages:
    """A course's lessons, what became of each, the pages made of that.

    Args:
        runs: those of a served course, whose pages show what there is so far.
        shows_snippets: the site has the snippets' pages.

    Attributes:
        lessons: the tutorials, in course order.
        examples: those of the snippets, which run likewise.
        outcomes: of each of both.
        pages: of each of both, then the other pages of the snippets.
        positions: path of a page or a run record -> position of its outcome.
        records: the paths of the run records.
        drafts: the paths of the pages that a served site shows although something is wrong with them.
    """

    def __init__(
        self,
        settings: Settings,
        build_cache: BuildCache,
        runs: LiveRuns | None = None,
        *,
        shows_snippets: bool = False,
    ) -> None:
        self._settings, self._build_cache, self._runs = settings, build_cache, runs
        self.lessons = load_course(settings, build_cache)
        self._glossary = Glossary.load(settings)
        self._measured = Measured.load(settings.root)
        # Path of a page that shows something of the atlas -> what that was.
        self._shown_atlas: dict[str, dict[str, str]] = {}
        self._shows_snippets = shows_snippets
        self.examples = load_examples(settings, build_cache) if shows_snippets else []
        self._snippets = snippets_state(settings.root) if shows_snippets else []
        self.outcomes: list[Outcome] = []
        self.pages: list[Page] = []
        self.positions: dict[str, int] = {}
        self.records: frozenset[str] = frozenset()
        self.drafts: set[str] = set()

    @property
    def to_run(self) -> list[Lesson]:
        """What this course runs: its lessons, then the snippets' examples."""
        return [*self.lessons, *self.examples]

    def read_again(self) -> bool:
        """Read the sources again; False where a lesson changed in what other pages say of it, too."""
        lessons = load_course(self._settings, self._build_cache)
        try:
            measured = Measured.load(self._settings.root)
        except SourceError:
            return False  # the whole build says so
        if _outline(lessons) != _outline(self.lessons):
            return False
        words, self._glossary = self._glossary, Glossary.load(self._settings)
        if _terms(words) != _terms(self._glossary):
            return False
        if self._shows_snippets and snippets_state(self._settings.root) != self._snippets:
            return False
        self.lessons, self._measured = lessons, measured
        return True

    def make_pages(self, outcomes: list[Outcome]) -> list[tuple[Page, Page]]:
        """Make the pages of what ran; return those that differ from the last time, each before and now.

        What goes wrong while a page is made becomes its tutorial's error.
        """
        before, self.outcomes = self.pages, outcomes
        count = len(self.lessons)
        self.drafts.clear()
        pages = [self._page(position) for position in range(count)]
        snippets = self._snippet_pages() if self._shows_snippets else []
        self.pages = pages + snippets
        self.positions = {
            page.path: position for position, page in enumerate(self.pages[: len(outcomes)])
        }
        records = {record_path(page.path): position for position, page in enumerate(pages)}
        self.positions |= records
        self.records = frozenset(records)
        return [(old, new) for old, new in zip(before, self.pages, strict=False) if old != new]

    def _page(self, position: int) -> Page:
        outcome = self.outcomes[position]
        titles_of_lessons = titles(self.lessons)

        def make(shown: Shown) -> Page:
            tutorial = outcome.lesson.tutorial
            if tutorial is None:
                raise ValueError(f"{outcome.lesson.file} does not read")
            return make_page(
                tutorial,
                shown.run,
                self._settings,
                titles_of_lessons,
                shown.state,
                self._build_cache,
                cells=shown.cells,
                links_snippets=bool(self.examples),
                error=shown.error and self.published(shown.error),
            )

        return self._page_or_error(position, make, shows_drafts=True)

    def _page_or_error(
        self, position: int, make: Callable[[Shown], Page], *, shows_drafts: bool = False
    ) -> Page:
        """Return the page of what became of a lesson, or the one that says what went wrong.

        Args:
            shows_drafts: while served, what can be shown of it stands below that.
        """
        outcome = self.outcomes[position]
        shown = self._runs.shown(outcome) if self._runs else Shown(outcome.run, outcome.error)
        error = shown.error
        if not error:
            try:
                return make(shown)
            except Exception as fault:  # one tutorial's fault must not be the others'
                error = self.fail(position, fault)
        elif shows_drafts and self._runs and outcome.lesson.tutorial:
            # What is wrong may be what a page cannot do without.
            with contextlib.suppress(Exception):
                page = make(shown)
                self.drafts.add(page.path)
                return page
        return make_error_page(outcome.lesson.file, self.published(error), outcome.lesson.tutorial)

    def _snippet_pages(self) -> list[Page]:
        """Return the page of each snippet, those of their tests, and the one that leads to them."""
        section = SnippetSection(self.lessons, self.examples, self._settings, self._build_cache)
        pages = [
            self._page_or_error(position, partial(section.page, self.outcomes[position].lesson))
            for position in range(len(self.lessons), len(self.outcomes))
        ]
        return [*pages, *section.other_pages(self.examples, pages)]

    def stops(self, address: Callable[[str], str]) -> list[Stop]:
        """Return the tutorials as a map shows them.

        Args:
            address: a page's path -> where a link leads to it.
        """
        found = []
        for lesson in stops_of(self.lessons):
            part = part_title(lesson, self._settings.parts)
            header = lesson.tutorial.header if lesson.tutorial else None
            before = (header.needs, header.helps) if header else ()
            found.append(Stop(lesson.name, lesson.title, part, address(lesson.page), *before))
        return found

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The glossary's terms, for pages to mark."""
        return Vocabulary(_terms(self._glossary))

    @property
    def known(self) -> dict[str, frozenset[str]]:
        """Return the page of each tutorial -> the terms that its reader has met."""
        return {lesson.page: lesson.known for lesson in self.lessons}

    @property
    def used(self) -> dict[str, tuple[str, ...]]:
        """Return the page of each tutorial -> the terms that it uses."""
        return {lesson.page: lesson.used for lesson in self.lessons}

    def shown_by_name(self) -> dict[str, tuple[Page, Run | None]]:
        """Return each tutorial's page and run, by its name, for other pages to show something of."""
        return {
            lesson.name: (page, outcome.run)
            for lesson, page, outcome in zip(self.lessons, self.pages, self.outcomes, strict=False)
        }

    def fail(self, position: int, error: Exception) -> TutorialError:
        """Keep an exception as the error of a tutorial that ran well until here."""
        lesson = self.outcomes[position].lesson
        self.drafts.discard(lesson.page)
        if not isinstance(error, TutorialError):
            error = unforeseen(error, lesson.file)
        whole = together([self.outcomes[position].error, error]) or error
        self.outcomes[position] = Outcome(lesson, error=whole)
        log.error("Failed: %s", whole)
        return whole

    def published(self, error: TutorialError) -> TutorialError:
        """Return an error as a page may show it."""
        return of_the_build(self._settings).hide_in(error)

    def failures(self) -> str:
        """Say which runs failed and why, nothing where none did."""
        errors = [str(outcome.error) for outcome in self.outcomes if outcome.error]
        if not errors:
            return ""
        count = len(self.outcomes)
        what = "tutorials and snippets" if self.examples else "tutorials"
        return "\n\n".join(
            [
                f"{len(errors)} of {count} {what} failed; "
                f"the runs of the other {count - len(errors)} are kept.",
                *errors,
            ]
        )

    @property
    def has_atlas(self) -> bool:
        """Say whether some page collects what goes wrong."""
        return any(lesson.is_atlas for lesson in self.lessons)

    @property
    def _atlas(self) -> Atlas:
        pages = zip(self.lessons, self.outcomes, strict=False)
        return Atlas(
            [
                (lesson.tutorial, outcome.run)
                for lesson, outcome in pages
                if lesson.tutorial and lesson.is_atlas
            ],
            self._measured,
        )

    def with_atlas(self, markdown: str, path: str) -> str:
        """Return a page's Markdown with what goes wrong in place of its marks."""
        shown = {}
        for mark, show in _shown_of(self._atlas).items():
            if mark in markdown:
                shown[mark] = show(path)
                markdown = markdown.replace(mark, shown[mark])
        self._shown_atlas[path] = shown
        return markdown

    def atlas_changes(self) -> set[str]:
        """Return the pages on which the atlas has become another since `with_atlas`."""
        show = _shown_of(self._atlas)
        return {
            path
            for path, shown in self._shown_atlas.items()
            if any(show[mark](path) != text for mark, text in shown.items())
        }

    def atlas_texts(self) -> dict[str, str]:
        """Return the file in which messages are looked up: its path -> its text."""
        if not self.has_atlas:
            return {}
        text = json.dumps(self._atlas.messages(), ensure_ascii=False, separators=(",", ":"))
        return {MESSAGES: f"{text}\n"}

    def report_texts(self) -> dict[str, str]:
        """Return the files of what this build checked, likewise."""
        report = build_report(self.outcomes[: len(self.lessons)], self._settings)
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        return {"build.json": text, REPORT_PAGE: report_page(report)}

    def glossary_texts(self) -> dict[str, str]:
        """Return the file of the definitions that are shown where a term is used, likewise.

        Raises:
            ValueError: a formula in one cannot be shown.
        """
        if not self._glossary:
            return {}
        try:
            data = self._build_cache.get(
                "glossary", DATA, self._glossary.definitions, self._glossary.as_data
            )
        except ValueError as error:
            raise ValueError(f"{GLOSSARY}: {error}") from None
        return {DATA: json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"}


def _shown_of(atlas: Atlas) -> dict[str, Callable[[str], str]]:
    """Return each mark -> what a page, told by its path, shows in its place."""
    return {MARK: atlas.listing, VERSIONS_MARK: atlas.by_version}


def _outline(lessons: list[Lesson]) -> list[tuple[object, ...]]:
    """Return what pages say of other tutorials, where they stand, and what they may mark."""
    return [
        (
            lesson.page,
            lesson.tutorial.header if lesson.tutorial else None,
            lesson.known,
            lesson.is_atlas,
        )
        for lesson in lessons
    ]


def _terms(words: Glossary | None) -> tuple[str, ...]:
    return words.terms if words else ()
