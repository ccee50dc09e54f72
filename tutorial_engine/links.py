"""Links: where the links and images of prose lead, on the page and from it into a notebook."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from .errors import Blemish
from .link_syntax import link_spans, replace_targets
from .passages import mask, replace_outside
from .settings import Settings
from .tutorial import Cell, Tutorial, page_path

# What every course's site has beside its documents and its tutorials.
GENERATED = frozenset({"about/checks.md", "build.json"})

_TARGET = r"(?P<target><[^<>\n]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"
_TITLE = r"(?P<title>\s+(?:\"[^\"]*\"|'[^']*'))?"
_DEFINITION = re.compile(
    rf"^ {{0,3}}\[(?P<label>[^\]^\n][^\]\n]*)\]:[ ]+{_TARGET}{_TITLE}[ ]*$\n?", re.MULTILINE
)
_FULL = re.compile(r"(?P<mark>!?)\[(?P<text>[^\[\]]+)\]\[(?P<label>[^\[\]]*)\]")
_SHORT = re.compile(r"(?P<mark>!?)(?<!\])\[(?P<text>[^\[\]^][^\[\]]*)\](?![\[(:])")
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z\d+.-]*:|//")
_SOURCE = re.compile(r"\d+_\w+\.(?:py|ipynb)")
_FIGURE = re.compile(r"figure-\d+(?:-measured)?(?:-dark)?\.\w+")


@dataclass(frozen=True)
class Link:
    """A link or an image in a markdown cell; `line` counts from 1 inside the cell."""

    cell: Cell
    line: int
    target: str
    is_image: bool
    text: str = ""


def to_pages(text: str, tutorial: Tutorial, settings: Settings) -> str:
    """Return a cell's text with its links and images as the site has them.

    Links to tutorials' sources lead to their pages, images beside the source to the copies beside
    the page; link references become links, so that a cell needs no other.
    """
    text = _without_references(text, definitions(tutorial))
    return replace_targets(text, lambda target: _on_the_site(target, tutorial, settings))


def definitions(tutorial: Tutorial) -> dict[str, tuple[str, str]]:
    """Return the link references of a tutorial: label in lower case -> target and title."""
    return {
        label.lower(): (
            _written(cell.source, match, "target"),
            _written(cell.source, match, "title"),
        )
        for cell in tutorial.cells
        if not cell.is_code and "]:" in cell.source
        for match, label in _labels(_DEFINITION, cell.source)
    }


def _labels(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield each match in what is plain Markdown of a text, with its label as it is written, code included."""
    for match in pattern.finditer(mask(text)):
        name = "label" if match.groupdict().get("label") else "text"
        yield match, _written(text, match, name)


def _written(text: str, match: re.Match[str], name: str) -> str:
    return text[slice(*match.span(name))] if match[name] else ""


def _without_references(text: str, known: dict[str, tuple[str, str]]) -> str:
    if not known:
        return text

    text = replace_outside(_DEFINITION, lambda match: "", text)
    for pattern in (_FULL, _SHORT):
        for match, label in reversed(list(_labels(pattern, text))):
            if label.lower() in known:
                target, title = known[label.lower()]
                end = match.end("text")
                text = f"{text[:end]}]({target}{title}){text[match.end() :]}"
    return text


def pictures(tutorial: Tutorial, settings: Settings) -> dict[str, bytes]:
    """Return the images beside a tutorial's source that its prose shows: address in the site -> bytes."""
    found = {}
    for link in links(tutorial):
        beside = _beside_the_source(link.target, tutorial, settings) if link.is_image else None
        if beside:
            found[_copy(beside, tutorial)] = beside.read_bytes()
    return found


@functools.lru_cache(maxsize=2048)
def links(tutorial: Tutorial) -> tuple[Link, ...]:
    """Return every link and image of a tutorial's prose, link references among them."""
    return tuple(_links(tutorial))


def _links(tutorial: Tutorial) -> Iterator[Link]:
    known = definitions(tutorial)
    shown = {
        label.lower()
        for cell in tutorial.cells
        if known and not cell.is_code
        for match, label in _labels(_FULL, cell.source)
        if match["mark"]
    }
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        plain = mask(cell.source)

        def line(position: int, plain: str = plain) -> int:
            return plain.count("\n", 0, position) + 1

        for span in link_spans(cell.source):
            words = plain[span.words_start : span.words_end] if span.is_image else ""
            yield Link(cell, line(span.target_start), span.target, span.is_image, words)
        for match, label in _labels(_DEFINITION, cell.source):
            if label.lower() not in shown:
                target = _written(cell.source, match, "target").strip("<>")
                yield Link(cell, line(match.start()), target, False)
        for match, label in _labels(_FULL, cell.source):
            if match["mark"] and label.lower() in known:
                target = known[label.lower()][0].strip("<>")
                yield Link(cell, line(match.start()), target, True, match["text"])


def check_links(tutorial: Tutorial, settings: Settings, site: Collection[str]) -> Iterator[Blemish]:
    """Yield each link and image that leads nowhere.

    Args:
        site: the pages and files that the tutorials become, relative to the site's documents.
    """
    yield from _check_references(tutorial)
    copies: dict[str, Path] = {}
    for link in links(tutorial):
        problem = (_image_problem if link.is_image else _link_problem)(
            link, tutorial, settings, site
        )
        if link.is_image and not problem:
            beside = _beside_the_source(link.target, tutorial, settings)
            if beside and copies.setdefault(_copy(beside, tutorial), beside) != beside:
                problem = (f"two images named {beside.name}", "rename one of them")
        if problem:
            yield tutorial.error(Blemish, *problem, link.cell, link.line)


def _check_references(tutorial: Tutorial) -> Iterator[Blemish]:
    known: dict[str, int] = {}
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        plain = mask(cell.source)
        for match, label in _labels(_DEFINITION, cell.source):
            line = plain.count("\n", 0, match.start()) + 1
            if label.lower() in known:
                message = f"the link reference [{label}] is defined twice"
                yield tutorial.error(Blemish, message, "rename one of them", cell, line)
            known[label.lower()] = line
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        plain = mask(cell.source)
        for match, label in _labels(_FULL, cell.source):
            if label.lower() not in known:
                line = plain.count("\n", 0, match.start()) + 1
                message = f"the link reference [{label}] is not defined"
                remedy = f"add '[{label}]: address' to the cell, or write \\[ for a bracket"
                yield tutorial.error(Blemish, message, remedy, cell, line)


def _image_problem(
    link: Link, tutorial: Tutorial, settings: Settings, site: Collection[str]
) -> tuple[str, str] | None:
    if not link.text.strip():
        return (
            f"the image {link.target} has no text",
            "write between its brackets what the image shows",
        )
    if ELSEWHERE.match(link.target) or link.target.startswith("/"):
        return (
            f"the image {link.target} is not of this site",
            "put it beside the source or in docs/assets, and name it from there",
        )
    if _beside_the_source(link.target, tutorial, settings):
        return None
    path = _from_page(link.target, tutorial)
    if path in site or (settings.root / "docs" / path).is_file():
        return None
    return (
        f"there is no image {link.target}",
        f"put it beside the source, or in docs/ as {path}",
    )


def _link_problem(
    link: Link, tutorial: Tutorial, settings: Settings, site: Collection[str]
) -> tuple[str, str] | None:
    path = link.target.partition("#")[0]
    if ELSEWHERE.match(link.target) or not path:
        return None
    if path.startswith("/"):
        return f"the address {link.target} begins at the root", "name the page's file from this one"
    target = _on_the_site(link.target, tutorial, settings)
    where = _from_page(target or link.target, tutorial)
    if where in site or where in GENERATED or (settings.root / "docs" / where).is_file():
        return None
    if _FIGURE.fullmatch(PurePosixPath(where).name):
        return None
    if target:
        return f"no tutorial is named {path}", "correct the link: it names a file beside this one"
    return (
        f"the link to {link.target} leads nowhere",
        "name a page's file from this page's folder, ../networks/first-network.md, or a "
        "tutorial's source from this file",
    )


def _on_the_site(target: str, tutorial: Tutorial, settings: Settings) -> str | None:
    """Return where a target is seen from the page, None where it is there already."""
    path, mark, anchor = target.partition("#")
    if not path or ELSEWHERE.match(target):
        return None
    here = posixpath.dirname(tutorial.page)
    if _SOURCE.fullmatch(posixpath.basename(path)):
        source = posixpath.normpath(posixpath.join(posixpath.dirname(tutorial.file), unquote(path)))
        return posixpath.relpath(page_path(source), here) + mark + anchor
    if beside := _beside_the_source(target, tutorial, settings):
        return quote(posixpath.relpath(_copy(beside, tutorial), here))
    return None


def _beside_the_source(target: str, tutorial: Tutorial, settings: Settings) -> Path | None:
    """Return the image in the tutorials' folder that a target names, None if there is none."""
    if ELSEWHERE.match(target):
        return None
    path = ((settings.root / tutorial.file).parent / unquote(target.partition("#")[0])).resolve()
    inside = path.is_relative_to(settings.sources.resolve())
    is_image = path.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif")
    return path if inside and is_image and path.is_file() else None


def _copy(image: Path, tutorial: Tutorial) -> str:
    """Return the address in the site of an image beside the source."""
    return f"{tutorial.page.removesuffix('.md')}/images/{image.name}"


def _from_page(target: str, tutorial: Tutorial) -> str:
    path = unquote(target.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(tutorial.page), path))
