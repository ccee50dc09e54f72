"""Site export: the sources of the whole site, for a generator that needs nothing of ours.

Pages have what the build fills in: outputs and figures of the runs, excerpts, the atlas, the course map, links from
terms to the glossary. Beside them lie two configurations, one for Zensical and one for MkDocs and ProperDocs, and the
theme's overrides.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import json
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .atlas import PAGE as ATLAS_PAGE
from .course import glossary_page
from .course_map import MARK, course_map
from .course_pages import CoursePages
from .documents import Document
from .excerpts import with_excerpts
from .files import write_whole
from .glossary import PAGE as GLOSSARY_PAGE
from .glossary import anchor
from .navigation import expand_navigation
from .portable import new_place, portable, split, targets, with_terms
from .settings import Settings
from .site_config import as_toml, as_yaml, excluded, exported_config, theme_of

# Which files an export wrote, and what each held: nothing else is ever overwritten.
MANIFEST = ".tutorial-export.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")
# The site's own search, which reads an index that the build alone writes.
_OF_THE_BUILD = frozenset({"assets/search.js", "assets/search-worker.js", "search.yml"})
# Of the overrides: it lists pages in MkDocs' own terms, to leave out the run records, which are no pages here.
_SITEMAP = "sitemap.xml"
_ITEM = re.compile(r"^- .*\n(?:(?:  .*)?\n)*?(?=\S|\Z|\n)", re.MULTILINE)
_README = """# {name}

These are the sources of the site *{name}*, as a build of it wrote them: Markdown for Python-Markdown and its usual
extensions, with the outputs of every program filled in. Nothing here needs the programs that made it.

    pip install zensical && zensical build
    pip install mkdocs mkdocs-material && mkdocs build      # or properdocs in place of mkdocs

Each command writes `site/`. Formulas are MathML; the attribute `data-tex` of each has its TeX. Figures are `<picture>`
with a twin for the dark scheme. Run records lie beside their pages as notebooks.
"""


class ExportError(Exception):
    """What keeps an export from being written; the message says what to do."""


def site_sources(course: CoursePages, settings: Settings, config: Document) -> dict[str, bytes]:
    """Return the files of an export: path -> content.

    Args:
        course: with its pages made.
        config: of the site, as `read_config` returns it.

    Raises:
        ValueError: a page shows what is not there, or a formula that cannot be shown; names the page.
    """
    documents = settings.root / config.get("docs_dir", "docs")
    pages, files = _of_the_course(course)
    left_out = excluded(config)
    for path in sorted(documents.rglob("*")):
        place = path.relative_to(documents).as_posix()
        if not path.is_file() or left_out.match_file(place):
            continue
        if place.endswith(".md"):
            text = path.read_text(encoding="utf-8")
            pages.setdefault(place, _filled(text, place, course))
        elif place not in _OF_THE_BUILD:
            files[place] = path.read_bytes()
    pages = _without({settings.offline}, pages)
    _check_links(pages, files)
    sources = {f"docs/{place}": content for place, content in files.items()}
    for place, text in pages.items():
        matter, body = split(text)
        try:
            body = portable(_with_terms(body, place, course), place)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        sources[f"docs/{new_place(place)}"] = f"{matter}{body}".encode()
    return sources | _around(course, settings, config, pages)


def _of_the_course(course: CoursePages) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return the pages that are made of the course, and the files beside them."""
    pages: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for page in course.pages:
        pages[page.path] = page.markdown
        files |= page.files
        if page.record:
            files[page.record[0]] = page.record[1].encode()
    texts = course.report_texts() | course.glossary_texts() | course.atlas_texts()
    for place, text in texts.items():
        if place.endswith(".md"):
            pages[place] = text
        else:
            files[place] = text.encode()
    return pages, files


def _filled(text: str, place: str, course: CoursePages) -> str:
    """Return a page written by hand with what its marks stand for."""
    if place == GLOSSARY_PAGE:
        return glossary_page(course.lessons, text)
    text = with_excerpts(course.with_atlas(text, place), place, course.shown_by_name())
    if MARK not in text:
        return text
    here = posixpath.dirname(new_place(place)) or "."

    def address(page: str) -> str:
        return posixpath.relpath(posixpath.dirname(new_place(page)), here) + "/"

    # An element of its own, in which Markdown reads nothing.
    return text.replace(MARK, f"<div>\n{course_map(course.stops(address))}\n</div>")


def _with_terms(body: str, place: str, course: CoursePages) -> str:
    known = course.known.get(place)
    if not known or not course.vocabulary.terms:
        return body
    glossary = posixpath.relpath(GLOSSARY_PAGE, posixpath.dirname(place))
    return with_terms(body, course.vocabulary, known, lambda term: f"{glossary}#{anchor(term)}")


def _without(lost: set[str], pages: Mapping[str, str]) -> dict[str, str]:
    """Return pages without what leads to files that the build alone writes, such as its zip.

    An item of a list that leads there goes; so does a page that leads there from its text, and what leads to it.
    """
    kept = {place: _without_items(text, place, lost) for place, text in pages.items()}
    dead = {
        place
        for place, text in kept.items()
        if any(file in lost for _, file in targets(split(text)[1], place))
    }
    kept = {place: text for place, text in kept.items() if place not in dead}
    return _without(dead, kept) if dead else kept


def _without_items(text: str, place: str, lost: set[str]) -> str:
    matter, body = split(text)
    places = [at for at, file in targets(body, place) if file in lost]

    def item(match: re.Match[str]) -> str:
        return "" if any(match.start() <= at < match.end() for at in places) else match[0]

    return matter + _ITEM.sub(item, body) if places else text


def _check_links(pages: Mapping[str, str], files: Collection[str]) -> None:
    """Insist that each link leads to what the export has.

    Raises:
        ValueError: names the first page with one that does not.
    """
    for place, text in pages.items():
        for _, file in targets(split(text)[1], place):
            if file not in pages and file not in files:
                raise ValueError(f"{place}: the link to {file} leads nowhere in an export")


def _around(
    course: CoursePages, settings: Settings, config: Document, pages: Mapping[str, str]
) -> dict[str, bytes]:
    """Return what stands beside the documents: configurations, overrides, a word to the reader."""
    filled = expand_navigation(config.get("nav"), course.lessons, settings.parts) or []
    nav = list(_placed(filled, pages))
    shown = set(_paths(nav))
    others = sorted(place for place in map(new_place, pages) if place not in shown)
    help_page = ATLAS_PAGE in pages and course.has_atlas
    extra = {"atlas": f"{posixpath.dirname(ATLAS_PAGE)}/"} if help_page else {}
    exported = exported_config(config, nav, others, extra)
    found = {
        "mkdocs.yml": as_yaml(exported).encode(),
        "zensical.toml": as_toml(exported).encode(),
        "README.md": _README.format(name=config["site_name"]).encode(),
    }
    if name := theme_of(config).get("custom_dir"):
        folder = settings.root / name
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.name == _SITEMAP:
                continue
            found[f"{name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return found


def _placed(nav: list[Any], pages: Mapping[str, str]) -> Iterator[Any]:
    """Yield the entries of a navigation at their new places, those of pages that are left out not."""
    for entry in nav:
        if isinstance(entry, str):
            if entry in pages:
                yield new_place(entry)
            continue
        for title, value in entry.items():
            title = html.unescape(str(title))
            if isinstance(value, list):
                yield {title: list(_placed(value, pages))}
            elif value in pages:
                yield {title: new_place(value)}


def _paths(nav: Iterable[Any]) -> Iterator[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from _paths(value if isinstance(value, list) else [value])


def write_export(files: Mapping[str, bytes], folder: Path) -> None:
    """Write an export to a folder, in the place of one that was written there before.

    Raises:
        ExportError: the folder holds a file that no export wrote, or that was changed since; or it cannot be written.
    """
    try:
        _write(files, folder)
    except OSError as error:
        raise ExportError(
            f"{folder} cannot be written: {error}\n"
            "  What to do: name a folder that you may write, on a disk with room for it"
        ) from None


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    known = _known(folder)
    foreign, old = set(), []
    for path in sorted(files.keys() | known.keys()):
        target = folder / path
        if not _is_within(folder, path):  # through a link: what lies there is none of ours
            foreign |= {path} if path in files else set()
            continue
        if not target.exists():
            continue
        found = hashlib.sha256(target.read_bytes()).hexdigest() if target.is_file() else ""
        is_ours = found in known.get(path, ())
        if path not in files:
            old += [target] if is_ours else []
        elif not is_ours and found != digests[path]:
            foreign.add(path)
    ours = {target.relative_to(folder) for target in old}
    foreign |= {
        parent.as_posix()
        for path in files
        for parent in list(Path(path).parents)[:-1]
        if (folder / parent).is_file() and parent not in ours
    }
    if foreign:
        first = sorted(foreign)[:5]
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise ExportError(
            f"{folder} holds what no export wrote, or what was changed since: {', '.join(first)}{more}.\n"
            "  What to do: name another folder, or move these files away"
        )
    # Before the first file is written: an export that is cut short can be taken up again.
    both = {path: sorted({*known.get(path, ()), digest}) for path, digest in digests.items()}
    _note(folder, {**known, **both})
    for target in old:
        target.unlink()
        for parent in target.relative_to(folder).parents:
            with contextlib.suppress(OSError):  # something else lies there
                (folder / parent).rmdir()
    for path, content in files.items():
        if known.get(path) != [digests[path]] or not (folder / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
    _note(folder, {path: [digest] for path, digest in digests.items()})


def _is_within(folder: Path, path: str) -> bool:
    """Say whether a path leads to a place below a folder, whatever dots and links it goes through."""
    above = folder.resolve()
    place = (folder / path).resolve()
    return place != above and place.is_relative_to(above)


def _known(folder: Path) -> dict[str, list[str]]:
    """Return what the last export says that it wrote: path -> digests. What says anything else is not believed.

    The folder may have come from anywhere, and what its list names is deleted when no page needs it any more.
    """
    try:
        noted = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(noted, dict):
        return {}
    return {
        path: digests
        for path, digests in noted.items()
        if _is_plain(path)
        and isinstance(digests, list)
        and all(isinstance(each, str) and _DIGEST.fullmatch(each) for each in digests)
    }


def _is_plain(path: str) -> bool:
    """Say whether a path is one that an export writes: relative, without dots that lead elsewhere."""
    return path.isprintable() and all(
        part not in ("", ".", "..") and not re.search(r"[\\:]", part) for part in path.split("/")
    )


def _note(folder: Path, known: Mapping[str, list[str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(known, indent=0, sort_keys=True)
    write_whole(folder / MANIFEST, text, to_disk=False)
