"""Site twins: puts the twins of a built site's pages and their lists, whose words `twins` writes, beside the pages."""

from __future__ import annotations

import html
import posixpath
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils import get_relative_url

from .course_files import CourseFiles
from .course_map import MARK, Stop
from .twins import INDEX, SUFFIX, WHOLE, Address, Twin, first_sentence, index, plain

# Where a list has the pages that belong to no section.
_TOP = "Start"


def write_twins(
    site: Path, config: MkDocsConfig, files: Files, navigation: Navigation, course: CourseFiles
) -> None:
    """Write the twin of each page beside it, then what lists them; run records and what is not found have none."""
    sections, optional = _pages(files, navigation, course)
    twins: dict[str, Twin] = {}
    for page in (page for _, pages in [*sections, ("", optional)] for page in pages):
        made = _twin(page, config, files, course)
        twins[page.file.src_uri] = made
        (site / made.path).write_text(made.text, encoding="utf-8")
    listed = [(title, [twins[page.file.src_uri] for page in pages]) for title, pages in sections]
    more = [twins[page.file.src_uri] for page in optional]
    text = index(config.site_name, config.site_description or "", listed, more)
    (site / INDEX).write_text(text, encoding="utf-8")
    whole = "\n".join(made.text for made in twins.values())
    (site / WHOLE).write_text(whole, encoding="utf-8")


def _pages(
    files: Files, navigation: Navigation, course: CourseFiles
) -> tuple[list[tuple[str, list[SitePage]]], list[SitePage]]:
    """Return the pages by section, in the navigation's order, and those that the search leaves out.

    A page that the navigation does not have stands in the section of those beside it.
    """
    sections: dict[str, list[SitePage]] = {}
    place: dict[str, str] = {}
    for item in navigation.items:
        pages = list(_pages_below(item))
        folders = {folder for page in pages if (folder := posixpath.dirname(page.file.src_uri))}
        # A page that stands alone there and has a folder leads to the others in it.
        title = html.unescape(str(item.title)) if folders else _TOP
        sections.setdefault(title, []).extend(pages)
        place |= dict.fromkeys(folders, title)
    known = {page.file.src_uri for pages in sections.values() for page in pages}
    for file in files.documentation_pages():
        if file.page and file.src_uri not in known and file.src_uri not in course.records:
            folder = posixpath.dirname(file.src_uri)
            while folder and folder not in place:
                folder = posixpath.dirname(folder)
            sections.setdefault(place.get(folder, _TOP), []).append(file.page)
    optional = [page for pages in sections.values() for page in pages if _is_unsearched(page)]
    found = [
        (title, [page for page in pages if page not in optional])
        for title, pages in sections.items()
    ]
    return found, optional


def _pages_below(item: StructureItem) -> Iterator[SitePage]:
    if isinstance(item, SitePage):
        yield item
    for child in getattr(item, "children", None) or ():
        yield from _pages_below(child)


def _is_unsearched(page: SitePage) -> bool:
    search = page.meta.get("search")
    return isinstance(search, dict) and bool(search.get("exclude"))


def _twin(page: SitePage, config: MkDocsConfig, files: Files, course: CourseFiles) -> Twin:
    path = page.file.dest_uri + SUFFIX
    site = f"{config.site_url.rstrip('/')}/" if config.site_url else ""
    address = _addresses(page.file, files, site)

    def from_top(target: str) -> str:
        return address(posixpath.relpath(target, _folder(page.file))) or ""

    markdown = page.markdown or ""
    stops = course.stops(from_top) if MARK in markdown else []
    title = html.unescape(str(page.meta.get("title") or page.title))
    text = plain(
        markdown,
        address=address,
        page=urljoin(site, page.url) if site else "",
        course=_listing(stops),
    )
    said = html.unescape(str(page.meta.get("description") or ""))
    return Twin(title, said or first_sentence(text), path, urljoin(site, path), text)


def _folder(file: File) -> str:
    return posixpath.dirname(file.src_uri) or "."


def _addresses(file: File, files: Files, site: str) -> Address:
    """Return a function from a link on a page to where it leads, seen from the page's twin or from anywhere."""

    def address(target: str) -> str | None:
        path, hash_, anchor = target.partition("#")
        there = posixpath.normpath(posixpath.join(_folder(file), unquote(path))) if path else ""
        found = files.get_file_from_path(there) if path else file
        url = found.url if found else there
        where = urljoin(site, url) if site else get_relative_url(url, file.url)
        return where + hash_ + anchor

    return address


def _listing(stops: list[Stop]) -> str:
    """Return the map of a course as a list: each part, its tutorials by their number, and what each needs."""
    titles = {stop.name: stop.title for stop in stops}
    parts: dict[str, list[str]] = {}
    for number, stop in enumerate(stops, start=1):
        said = [
            f"{word} {', '.join(titles[name] for name in names)}"
            for word, names in (("needs", stop.needs), ("helped by", stop.helps))
            if names
        ]
        behind = f" ({'; '.join(said)})" if said else ""
        parts.setdefault(stop.part, []).append(f"{number}. [{stop.title}]({stop.address}){behind}")
    return "\n\n".join(f"**{part}**\n\n" + "\n".join(items) for part, items in parts.items())
