"""Theme: one environment per build, templates compiled once, pages that have not changed not drawn again."""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, Template
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import StructureItem
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.theme import Theme
from mkdocs.utils.templates import TemplateContext

from .build_cache import TEMPLATES, BuildCache, digest_of, makers
from .files import file_digest
from .rendering import contents_as_json


class _Loader(FileSystemLoader):
    """Leaves out of its list what lies in hidden folders, which MkDocs would leave out one by one."""

    def list_templates(self) -> list[str]:
        found = set()
        for top in self.searchpath:
            for folder, folders, files in os.walk(top, followlinks=self.followlinks):
                folders[:] = (name for name in folders if not name.startswith("."))
                place = Path(folder).relative_to(top).as_posix()
                found |= {posixpath.normpath(posixpath.join(place, name)) for name in files}
        return sorted(found)


def quicken(theme: Theme, cache: Path) -> None:
    """Let a theme give the same environment to all who ask for it, with its compiled templates kept."""
    get_env = theme.get_env

    @functools.cache
    def get_env_once() -> Environment:
        env = get_env()
        if isinstance(env.loader, FileSystemLoader):
            env.loader = _Loader(env.loader.searchpath)
        folder = cache / TEMPLATES / makers()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for old in set(folder.parent.iterdir()) - {folder}:
                shutil.rmtree(old, ignore_errors=True)
            env.bytecode_cache = FileSystemBytecodeCache(str(folder))
        return env

    theme.get_env = get_env_once  # type: ignore[method-assign]  # of this theme alone


def own_folders(theme: Theme) -> list[Path]:
    """Return a theme's folders that are the site's own, rather than an installed package's."""
    return [Path(folder) for folder in theme.dirs if "-packages" not in folder]


def with_kept_pages(
    env: Environment,
    finish: Callable[[str], str],
    config: MkDocsConfig,
    navigation: Navigation,
    build_cache: BuildCache,
) -> Environment:
    """Return an environment that draws a page again only when something that the theme can show differs.

    Args:
        finish: what is done to a page's HTML when it is drawn.
    """
    # What another plugin or a hook gives a template nobody knows.
    is_kept = _PLUGINS.issuperset(config.plugins) and not config.hooks
    site = _site_facts(config, navigation) if is_kept else None
    get_template = env.get_template

    def get_page_template(name: str) -> _PageTemplate:
        known = site and (name, site)
        return _PageTemplate(get_template(name), finish, known, build_cache)

    pages = env.overlay()
    # MkDocs asks for a page's template by its name, and has it render.
    pages.get_template = get_page_template  # type: ignore[method-assign, assignment]
    return pages


class _PageTemplate:
    def __init__(
        self,
        template: Template,
        finish: Callable[[str], str],
        known: object,
        build_cache: BuildCache,
    ) -> None:
        self._template, self._finish = template, finish
        self._known, self._build_cache = known, build_cache

    def render(self, context: TemplateContext) -> str:
        page = context["page"]

        def draw() -> str:
            return self._finish(self._template.render(context))

        if page is None:  # a page of the theme's own, "not found" say
            return self._template.render(context)
        if self._known is None:
            return draw()
        ingredients = self._known, _page_facts(page)
        written: str = self._build_cache.get("written", page.file.src_uri, ingredients, draw)
        return written


def _site_facts(config: MkDocsConfig, navigation: Navigation) -> str:
    """Return a digest of what a page's HTML depends on beside the page: configuration, templates, navigation."""
    plugins = [(name, _plain(dict(plugin.config))) for name, plugin in config.plugins.items()]
    theme = config.theme
    templates = [
        (file.relative_to(folder).as_posix(), file_digest(file))
        for folder in own_folders(theme)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    settings = {name: value for name, value in config.items() if name not in _NOT_SHOWN}
    facts = (
        _plain(settings),
        plugins,
        (theme.name, _plain(dict(theme)), str(theme.locale), templates),
        [_item_facts(item) for item in navigation],
        navigation.homepage and navigation.homepage.url,
    )
    return digest_of(facts)


_PLUGINS = frozenset({"material/search", "tutorials"})
# Where a site lies on a disk, and what has a fact of its own.
_NOT_SHOWN = {"config_file_path", "docs_dir", "site_dir", "watch", "plugins", "theme", "nav"}


def _page_facts(page: Page) -> tuple[object, ...]:
    neighbours = [
        each and (str(each.title), each.url) for each in (page.previous_page, page.next_page)
    ]
    return (
        (page.file.src_uri, page.url, page.abs_url, page.canonical_url, page.edit_url),
        (str(page.title), page.is_homepage, page.content, repr(page.meta)),
        contents_as_json(page.toc),
        neighbours,
        [str(each.title) for each in page.ancestors],
    )


def _item_facts(item: StructureItem) -> tuple[object, ...]:
    return (
        type(item).__name__,
        str(item.title),
        getattr(item, "url", None),
        [_item_facts(each) for each in getattr(item, "children", None) or ()],
    )


def _plain(value: object) -> object:
    """Return a setting as what has a `repr` that says all of it; of objects, what they are."""
    if isinstance(value, Mapping):
        return sorted((str(name), repr(_plain(each))) for name, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if value is None or type(value) in (str, int, float, bool):
        return value
    return type(value).__name__
