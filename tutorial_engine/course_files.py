"""Course files: what a course becomes in a site, each tutorial's page with all beside it, and the report."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup, escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from .atlas import MARK, MESSAGES, VERSIONS_MARK, Atlas
from .build_cache import BuildCache
from .course import Lesson, load_course, stops_of, titles
from .course_map import Stop
from .errors import SourceError, TutorialError, together, unforeseen
from .examples import load_examples
from .fingerprint import snippets_state
from .glossary import DATA, GLOSSARY, Glossary
from .places import of_the_build
from .publish import Page, make_error_page, make_page
from .records import STYLE, STYLE_FILE, record_file, record_path
from .rendering import Places
from .report import build_report, report_page
from .run import Run
from .schedule import Outcome
from .serving import LiveRuns, Shown
from .settings import Settings
from .snippet_section import SnippetSection
from .terms import Vocabulary
from .versions import Measured

log = logging.getLogger("mkdocs.tutorials")

# What stands in a navigation for the tutorials, and for the pages of the atlas.
NAV_MARK, ATLAS_MARK = "tutorials", "atlas"
REPORT_PAGE = "about/checks.md"


class CourseFiles:
    """A course's lessons, what became of each, the pages made of that, and the files of those.

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
        self._places: Places | None = None
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
        self._places = None
        self.drafts.clear()
        count = len(self.lessons)
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
            with contextlib.suppress(
                Exception
            ):  # what is wrong may be what a page cannot do without
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

    def files(self, config: MkDocsConfig) -> list[File]:
        """Return all that a site gets."""
        files = [file for page in self.pages for file in self.files_of(page, config)]
        return [
            *files,
            *self.report_files(config),
            *self.glossary_files(config),
            *self.atlas_files(config),
        ]

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

    def atlas_files(self, config: MkDocsConfig) -> list[File]:
        """Return the file in which messages are looked up."""
        if not self.has_atlas:
            return []
        text = json.dumps(self._atlas.messages(), ensure_ascii=False, separators=(",", ":"))
        return [File.generated(config, MESSAGES, content=f"{text}\n")]

    def files_of(self, page: Page, config: MkDocsConfig) -> list[File]:
        """Return a lesson's files: its page, what stands beside it, its run record."""
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        files = [file]
        files += (File.generated(config, path, content=page.files[path]) for path in page.files)
        if page.record or (self._runs and record_path(page.path) in self.records):
            files.append(record_file(page.path, config))
        return files

    def report_files(self, config: MkDocsConfig) -> list[File]:
        """Return the files of what this build checked."""
        report = build_report(self.outcomes[: len(self.lessons)], self._settings)
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        return [
            File.generated(config, "build.json", content=text),
            File.generated(config, REPORT_PAGE, content=report_page(report)),
            File.generated(config, STYLE, content=STYLE_FILE.read_bytes()),
        ]

    def glossary_files(self, config: MkDocsConfig) -> list[File]:
        """Return the file of the definitions that are shown where a term is used.

        Raises:
            PluginError: a formula in one cannot be shown.
        """
        if not self._glossary:
            return []
        try:
            data = self._build_cache.get(
                "glossary", DATA, self._glossary.definitions, self._glossary.as_data
            )
        except ValueError as error:
            raise PluginError(f"{GLOSSARY}: {error}") from None
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
        return [File.generated(config, DATA, content=text)]

    def places(self, files: Files) -> Places:
        """Return where a site's files are, as long as these pages are its."""
        self._places = self._places or Places(files)
        return self._places


def _shown_of(atlas: Atlas) -> dict[str, Callable[[str], str]]:
    """Return each mark -> what a page, told by its path, shows in its place."""
    return {MARK: atlas.listing, VERSIONS_MARK: atlas.by_version}


def mentions(nav: Any, path: str) -> bool:
    """Say whether a navigation leads to a page."""
    if isinstance(nav, Mapping):
        return any(mentions(each, path) for each in nav.values())
    if isinstance(nav, list):
        return any(mentions(each, path) for each in nav)
    return bool(nav == path)


def part_title(lesson: Lesson, part_titles: Mapping[str, str]) -> str:
    """Return the title of the part that a lesson belongs to."""
    return part_titles.get(PurePosixPath(lesson.page).parent.name, lesson.part)


def expand_navigation(
    nav: list[Any] | None, lessons: list[Lesson], part_titles: Mapping[str, str]
) -> list[Any] | None:
    """Put the tutorials, numbered, part by part, where the navigation says `tutorials`, and the atlas at `atlas`."""
    if nav is None:
        return None
    parts: dict[str, list[dict[str, str]]] = {}
    for number, lesson in enumerate(stops_of(lessons), start=1):
        # The theme puts titles into its HTML as they stand; `Markup` keeps it from escaping twice.
        title = Markup(f"{number}. {escape(lesson.title)}")
        parts.setdefault(part_title(lesson, part_titles), []).append({title: lesson.page})
    atlas = [{Markup(escape(each.title)): each.page} for each in lessons if each.is_atlas]
    course = [{part: pages} for part, pages in parts.items()]
    return _expanded(nav, {NAV_MARK: course, ATLAS_MARK: atlas})


def _expanded(nav: list[Any], marks: Mapping[str, list[Any]]) -> list[Any]:
    expanded: list[Any] = []
    for item in nav:
        if isinstance(item, str) and item in marks:
            expanded += marks[item]
        elif isinstance(item, Mapping):
            inner = {
                title: _expanded(each, marks) if isinstance(each, list) else each
                for title, each in item.items()
            }
            expanded.append(inner)
        else:
            expanded.append(item)
    return expanded


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
