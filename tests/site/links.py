"""Where the links of a built site lead."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag


def targets(document: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    """Yield (tag, address) of everything that a document points to."""
    for name, attribute in (("a", "href"), ("img", "src"), ("source", "srcset"), ("script", "src")):
        for tag in document.find_all(name):
            if tag.get(attribute):
                yield tag, tag[attribute]
    for tag in document.find_all("link"):
        if {"stylesheet", "icon", "preload"} & set(tag.get("rel", ())):
            yield tag, tag["href"]


def resolve(page: str, target: str) -> tuple[str, str]:
    """Return the file and the anchor that a target on a page means, relative to the site."""
    parts = urlsplit(target)
    path = posixpath.normpath(posixpath.join("/", page, unquote(parts.path)))[1:]
    if parts.path.endswith("/") or parts.path in ("", ".", ".."):
        path = posixpath.join(path, "index.html")
    return path.removeprefix("./"), unquote(parts.fragment)


def broken_links(folder: Path, pages: Mapping[str, BeautifulSoup]) -> list[str]:
    """Return each internal link that leads nowhere, with its page.

    Args:
        folder: the site.
        pages: address -> document of every page.
    """
    anchors = {
        page: {tag.get("id") for tag in document.find_all(id=True)}
        for page, document in pages.items()
    }
    broken = []
    for page, document in pages.items():
        if page == "404.html":  # its links are absolute: it is shown at any address
            continue
        for _, target in targets(document):
            if urlsplit(target).scheme or target.startswith("//"):
                continue
            file, anchor = resolve(page, target)
            if (folder / file).is_dir():
                file = posixpath.join(file, "index.html")
            if not (folder / file).is_file():
                broken.append(f"{page}: {target}")
                continue
            names = anchors.get(file.removesuffix("index.html"))
            if anchor and names is not None and anchor not in names:
                broken.append(f"{page}: {target} (no such anchor)")
    return broken
