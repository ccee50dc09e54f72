"""Snippet section: all pages about snippets, each made of what its file, its tests and its users are now."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from .build_cache import BuildCache
from .closure import public_names
from .copying import FOLDER, read_project
from .course import Lesson
from .fingerprint import names_from_snippets
from .publish import Page
from .serving import Shown
from .settings import Settings
from .snippet_pages import index_page, page_of_tests, snippet_page
from .snippet_tests import SnippetTest, read_results, read_tests


class SnippetSection:
    """Makes the pages of one build.

    Args:
        lessons: the tutorials, some of which use snippets.
        examples: those of the snippets.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        examples: Sequence[Lesson],
        settings: Settings,
        build_cache: BuildCache,
    ) -> None:
        self._build_cache, self._settings = build_cache, settings
        self._project = read_project(settings.root, settings.site_url)
        self._places = {
            PurePosixPath(each.file).stem: _names(each.file, each.tutorial.text, build_cache)
            for each in examples
            if each.tutorial
        }
        self._tests: dict[str, list[SnippetTest]] = {}
        for test in read_tests(settings.root, build_cache):
            for module in dict.fromkeys(module for module, _ in test.calls):
                self._tests.setdefault(module, []).append(test)
        self._results = read_results(settings)
        self._users = _users(lessons, settings, build_cache)

    def page(self, examples: Lesson, shown: Shown) -> Page:
        """Return the page of one snippet, with what its examples have come to."""
        tutorial, _ = examples.sound
        module = PurePosixPath(tutorial.file).stem
        tests = self._tests.get(module, [])
        results = self._results.of_files({each.file for each in tests})
        users, cells = self._users.get(module, {}), list(shown.cells)
        digest = shown.run.digest if shown.run else None
        ingredients = (
            tutorial.text,
            digest,
            tests,
            results,
            users,
            self._project,
            self._places,
            shown.state,
            cells,
        )
        page: Page = self._build_cache.get(
            "snippets",
            module,
            ingredients,
            lambda: snippet_page(
                tutorial,
                shown.run,
                tests=tests,
                results=results,
                users=users,
                project=self._project,
                build_cache=self._build_cache,
                places=self._places,
                state=shown.state,
                cells=cells,
            ).to_json(),
            Page.from_json,
        )
        return page

    def other_pages(self, examples: Sequence[Lesson], pages: Sequence[Page]) -> Iterator[Page]:
        """Yield the page that leads to all snippets, and those that show their tests.

        It leads to those that can be copied: one that failed has nothing to copy beside its page.

        Args:
            pages: of the snippets, in the same order.
        """
        by_name = {PurePosixPath(page.path).stem: page for page in pages}
        sources = {
            name: lesson.tutorial.text
            for name, lesson in zip(by_name, examples, strict=True)
            if lesson.tutorial and f"{FOLDER}/{name}.py" in by_name[name].files
        }
        ingredients = [(name, by_name[name].markdown, sources[name]) for name in sources]
        index: Page = self._build_cache.get(
            "snippets",
            "index",
            (ingredients, self._project),
            lambda: index_page(by_name, sources, self._project).to_json(),
            Page.from_json,
        )
        yield index
        for module in by_name:
            yield self._page_of_tests(module, self._tests.get(module, []))

    def _page_of_tests(self, module: str, tests: Sequence[SnippetTest]) -> Page:
        root, repository = self._settings.root, self._settings.repo_url
        sources = {
            file: (root / file).read_text(encoding="utf-8-sig")
            for file in dict.fromkeys(each.file for each in tests)
        }
        page: Page = self._build_cache.get(
            "snippets",
            f"tests of {module}",
            (tests, sources, repository),
            lambda: page_of_tests(module, tests, sources, repository).to_json(),
            Page.from_json,
        )
        return page


def _names(file: str, source: str, build_cache: BuildCache) -> list[str]:
    names: list[str] = build_cache.get("names", file, source, lambda: public_names(source))
    return names


def _users(
    lessons: Sequence[Lesson], settings: Settings, build_cache: BuildCache
) -> dict[str, dict[str, dict[str, str]]]:
    """Return who uses what: snippet -> name -> title of a tutorial -> its page, as a snippet's links to it."""
    users: dict[str, dict[str, dict[str, str]]] = {}
    for lesson in lessons:
        if lesson.error:
            continue
        tutorial, _ = lesson.sound
        names = names_from_snippets(tutorial, settings, build_cache)
        for module, used in names.items():
            for name in used:
                pages = users.setdefault(module, {}).setdefault(name, {})
                pages[lesson.title] = posixpath.relpath(lesson.page, FOLDER)
    return users
