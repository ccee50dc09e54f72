"""Rendering: what MkDocs makes of a page's Markdown, found again while nothing about it has changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import AnchorLink, get_toc

from .build_cache import BuildCache
from .documents import Document
from .html_pages import lean_code, named_permalinks

Render = Callable[[MkDocsConfig, Files], None]
# What the names of a page's figures begin with.
_FIGURE = "figure-"
_MKDOCS = logging.getLogger("mkdocs")
_PURE_EXTENSIONS = frozenset(
    [
        "abbr",
        "admonition",
        "attr_list",
        "def_list",
        "fenced_code",
        "footnotes",
        "md_in_html",
        "meta",
        "sane_lists",
        "smarty",
        "tables",
        "toc",
        "pymdownx.arithmatex",
        "pymdownx.betterem",
        "pymdownx.caret",
        "pymdownx.critic",
        "pymdownx.details",
        "pymdownx.highlight",
        "pymdownx.inlinehilite",
        "pymdownx.keys",
        "pymdownx.mark",
        "pymdownx.smartsymbols",
        "pymdownx.superfences",
        "pymdownx.tabbed",
        "pymdownx.tasklist",
        "pymdownx.tilde",
        "tutorial_engine.markdown_extension",
    ]
)


# What decides where a file's links lead: its path, its address, whether it is shown.
Place: TypeAlias = tuple[str, str, str]


class Places:
    """Where a site's files are, on which it hangs where a link leads."""

    def __init__(self, files: Files) -> None:
        common: list[Place] = []
        self._figures: dict[str, list[Place]] = {}
        for file in files:
            place = file.src_uri, file.url, str(file.inclusion)
            folder, _, name = file.src_uri.rpartition("/")
            if name.startswith(_FIGURE):
                self._figures.setdefault(folder.rpartition("/")[2], []).append(place)
            else:
                common.append(place)
        self._common = hashlib.sha256(repr(sorted(common)).encode()).hexdigest()

    def seen_in(self, markdown: str) -> tuple[str, list[list[Place]]]:
        """Return what decides where the links of a page lead: of figures, those that it may mean."""
        figures = [
            sorted(places)
            for folder, places in sorted(self._figures.items())
            if f"{folder}/{_FIGURE}" in markdown
        ]
        return self._common, figures


class Rendering:
    """What rendering a page's Markdown sets, made now or the last time.

    A page of which something was said, a link that leads nowhere, say, is rendered each time, so that
    it is said each time; so is every page where an extension may read what nobody here knows of.
    """

    def __init__(
        self,
        page: SitePage,
        render: Render,
        build_cache: BuildCache,
        places: Places,
        config: MkDocsConfig,
        files: Files,
    ) -> None:
        self._page, self._render, self._build_cache = page, render, build_cache
        self._config, self._files = config, files
        self._ingredients = (
            (page.file.src_uri, page.file.url, page.markdown),
            (
                config.markdown_extensions,
                sorted(config.mdx_configs.items()),
                config.use_directory_urls,
            ),
            repr(config.validation),
            places.seen_in(page.markdown or ""),
        )

    @property
    def is_known(self) -> bool:
        """Say whether it was made before."""
        path = self._page.file.src_uri
        return self._is_kept and self._build_cache.has("rendered", path, self._ingredients)

    @property
    def _is_kept(self) -> bool:
        # At the lowest level MkDocs says more, and does not collect the links to anchors.
        return _MKDOCS.getEffectiveLevel() >= logging.INFO and _is_pure(self._config)

    def apply(self) -> None:
        """Set it on the page."""
        page = self._page
        if not self._is_kept:
            self._render(self._config, self._files)
            return
        try:
            rendered = self._build_cache.get(
                "rendered", page.file.src_uri, self._ingredients, self._make
            )
        except _NotToCache:
            return
        page.content = rendered["content"]
        page.toc = get_toc(rendered["contents"])
        page._title_from_render = rendered["title"]
        page.present_anchor_ids = set(rendered["anchors"])
        page.links_to_anchors = {
            self._files.src_uris[path]: anchors for path, anchors in rendered["links"].items()
        }

    def _make(self) -> Document:
        page, records = self._page, _LogRecords()
        logging.getLogger().addHandler(records)
        try:
            self._render(self._config, self._files)
        finally:
            logging.getLogger().removeHandler(records)
        if records.any or _MKDOCS.getEffectiveLevel() > logging.INFO:
            raise _NotToCache  # something was said, or might have been
        return {
            "content": page.content,
            "contents": contents_as_json(page.toc),
            "title": page._title_from_render,
            "anchors": sorted(page.present_anchor_ids or ()),
            "links": {
                file.src_uri: anchors for file, anchors in (page.links_to_anchors or {}).items()
            },
        }


def _is_pure(config: MkDocsConfig) -> bool:
    """Say whether all extensions make HTML of Markdown and their plain options alone."""
    return _PURE_EXTENSIONS.issuperset(config.markdown_extensions) and _is_plain(config.mdx_configs)


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or type(value) in (str, int, float, bool)


def finished(html: str) -> str:
    """Return rendered HTML as the site has it: links named, lean code."""
    return lean_code(named_permalinks(html))


def contents_as_json(entries: Iterable[AnchorLink]) -> list[Document]:
    """Return a table of contents in the form that `get_toc` reads."""
    return [
        {
            "name": entry.title,
            "id": entry.id,
            "level": entry.level,
            "children": contents_as_json(entry.children),
        }
        for entry in entries
    ]


class _NotToCache(Exception):
    """Something was said while the page was rendered, or would have been."""


class _LogRecords(logging.Handler):
    """Notes whether there is any from INFO on."""

    any = False

    def emit(self, record: logging.LogRecord) -> None:
        self.any = self.any or record.levelno >= logging.INFO
