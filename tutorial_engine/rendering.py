"""Rendering: what MkDocs makes of a page's Markdown, found again while nothing about it has changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator

from material.plugins.search.plugin import SearchIndex
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import AnchorLink, get_toc

from .build_cache import BuildCache
from .html_pages import lean_code, schemed_figures
from .markup import contents_title, with_mathml

Render = Callable[[MkDocsConfig, Files], None]
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
    ]
)


def places_of(files: Files) -> str:
    """Return a digest of where the site's files are, on which it hangs where a link leads."""
    places = sorted((file.src_uri, file.url, str(file.inclusion)) for file in files)
    return hashlib.sha256(repr(places).encode()).hexdigest()


def render_once(
    page: SitePage,
    render: Render,
    build_cache: BuildCache,
    places: str,
    config: MkDocsConfig,
    files: Files,
) -> None:
    """Render a page's Markdown, or set what rendering it set the last time.

    A page of which something was said, a link that leads nowhere, say, is rendered each time, so that
    it is said each time; so is every page where an extension may read what nobody here knows of.

    Args:
        places: `places_of(files)`.
    """
    level = _MKDOCS.getEffectiveLevel()
    # At the lowest level MkDocs says more, and does not collect the links to anchors.
    if level < logging.INFO or not _is_pure(config):
        render(config, files)
        return
    ingredients = (
        (page.file.src_uri, page.file.url, page.markdown),
        (config.markdown_extensions, sorted(config.mdx_configs.items()), config.use_directory_urls),
        repr(config.validation),
        places,
    )

    def make() -> dict:
        records = _LogRecords()
        logging.getLogger().addHandler(records)
        try:
            render(config, files)
        finally:
            logging.getLogger().removeHandler(records)
        if records.any or level > logging.INFO:  # something might have been said
            raise _NotToCache
        return {
            "content": page.content,
            "contents": list(_tokens(page.toc)),
            "title": page._title_from_render,
            "anchors": sorted(page.present_anchor_ids),
            "links": {
                file.src_uri: anchors for file, anchors in (page.links_to_anchors or {}).items()
            },
        }

    try:
        rendered = build_cache.get("rendered", page.file.src_uri, ingredients, make)
    except _NotToCache:
        return
    page.content = rendered["content"]
    page.toc = get_toc(rendered["contents"])
    page._title_from_render = rendered["title"]
    page.present_anchor_ids = set(rendered["anchors"])
    page.links_to_anchors = {
        files.src_uris[path]: anchors for path, anchors in rendered["links"].items()
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


def index_once(index: SearchIndex, build_cache: BuildCache) -> None:
    """Let a search index find again the entries of a page that has not changed."""
    add = index.add_entry_from_context

    def add_entries(page: SitePage) -> None:
        def make() -> list[dict]:
            before = len(index.entries)
            add(page)
            made = index.entries[before:]
            del index.entries[before:]
            return made

        ingredients = (
            (page.url, page.content, str(page.title), repr(page.meta)),
            list(_tokens(page.toc)),
        )
        index.entries += build_cache.get("searched", page.file.src_uri, ingredients, make)

    index.add_entry_from_context = add_entries


def finished(html: str) -> str:
    """Return rendered HTML as the site has it: maths as MathML, figures for two schemes, lean code.

    Raises:
        ValueError: a formula cannot be shown.
    """
    return lean_code(schemed_figures(with_mathml(html)))


def name_contents(contents: Iterable[AnchorLink], html: str) -> None:
    """Give the entries of a page's contents the maths that their headings have.

    Raises:
        ValueError: a formula cannot be shown.
    """
    for entry in contents:
        entry.title = contents_title(entry.title, entry.id, html)
        name_contents(entry.children, html)


def _tokens(entries: Iterable[AnchorLink]) -> Iterator[dict]:
    """Yield a list of contents in the form that `get_toc` reads."""
    for entry in entries:
        yield {
            "name": entry.title,
            "id": entry.id,
            "level": entry.level,
            "children": list(_tokens(entry.children)),
        }


class _NotToCache(Exception):
    """Something was said while the page was rendered, or would have been."""


class _LogRecords(logging.Handler):
    """Notes whether there is any from INFO on."""

    any = False

    def emit(self, record: logging.LogRecord) -> None:
        self.any = self.any or record.levelno >= logging.INFO
