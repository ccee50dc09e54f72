r"""Portable Markdown: a page that reads the same wherever Python-Markdown renders it, without an extension of ours.

Formulas stand in it as MathML, whose `data-tex` keeps their source, and figures as `<picture>`. Each page lies in
a folder of its own, `part/tiny.md` at `part/tiny/index.md`. So an address leads to the same file from the page's
source as from the page's own address: some generators resolve the addresses in HTML from the one, some leave them
to browsers, which start from the other.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from urllib.parse import quote, unquote

from .link_syntax import link_spans, replace_targets, without_apostrophes
from .links import ELSEWHERE
from .markdown_extension import TWIN, dark_twin, formula
from .markup import addresses, convert, formulas
from .passages import mask, passages, replace_outside
from .terms import Vocabulary

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_FIGURE = re.compile(
    r"(?P<image>!\[[^\]]*\]\((?P<source>[^\s)]+)\))\{(?P<attributes>[^{}]*?)"
    rf"\s*\b{TWIN}=\"(?P<twin>[^\"]+)\"(?P<more>[^{{}}]*)\}}"
)
_SRCSET = re.compile(r"(?<=<source srcset=\")[^\"]+")
_HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
_ATTRIBUTE_LIST = re.compile(r"\{[^{}]*\}\s*$")
_DELIMITERS = re.compile(r"\$\$(.*)\$\$|\$(.*)\$|\\\((.*)\\\)|\\\[(.*)\\\]", re.DOTALL)
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# What an attribute's text may not have, so that it arrives: the rest stays readable.
_ACTIVE_IN_ATTRIBUTES = re.compile(r"[\\`\[\]!<>\"&$|]")
_PAGE = re.compile(r"(?P<folder>(?:.*/)?)(?P<name>[^/]+)\.md")
# What is no running prose of a page's source, whatever stands there.
_NO_PROSE = re.compile(r"\{[^{}\n]*\}|<[^<>\n]*>|\]\([^()\n]*\)|\[\^[^\]\n]*\]|&#?\w+;")
# A number in the text, at the end of a word; no page has these characters.
_NUMBERED = "\ue010{}\ue011"
_NUMBER = re.compile("\ue010(\\d+)\ue011")


def new_place(path: str) -> str:
    """Return where the source of a page lies in an export; of another file, where it lies.

    >>> new_place("networks/first-network.md"), new_place("snippets/index.md")
    ('networks/first-network/index.md', 'snippets/index.md')
    """
    match = _PAGE.fullmatch(path)
    if not match or match["name"] == "index":
        return path
    return f"{match['folder']}{match['name']}/index.md"


def split(text: str) -> tuple[str, str]:
    """Return a page's front matter, empty if it has none, and its body."""
    match = _FRONT_MATTER.match(text)
    end = match.end() if match else 0
    return text[:end], text[end:]


def portable(body: str, path: str) -> str:
    """Return a page's body as it stands at its new place; all pages have moved likewise.

    Args:
        path: the page's, relative to the site's documents.

    Raises:
        ValueError: a formula cannot be shown, or would not be where it was.
    """
    return _moved(_with_pictures(_with_mathml(body)), path)


def targets(body: str, path: str) -> Iterator[tuple[int, str]]:
    """Yield where each link to a file of the site stands in a page's body, and the file's path."""
    for span in link_spans(body):
        if file := _file(span.target, path):
            yield span.start, file


def with_terms(
    body: str, vocabulary: Vocabulary, known: Collection[str], address: Callable[[str], str]
) -> str:
    """Return a body in which the first use of each known term is a link to its entry.

    It is found as on the site, in HTML, by way of a number at the end of each place where it might be.

    Args:
        known: the terms that a reader of this page may have met.
        address: term -> address of its entry, as seen from the page.
    """
    plain = _NO_PROSE.sub(lambda match: "\ue001" * len(match[0]), mask(body))
    places = [each for each in vocabulary.uses(plain) if each[2] in known]
    numbered, done = [], 0
    for number, (_, end, _) in enumerate(places):
        numbered += [body[done:end], _NUMBERED.format(number)]
        done = end
    content = convert("".join([*numbered, body[done:]]))
    first = []
    for _, end, term in vocabulary.first_uses(content):
        number_here = _NUMBER.match(content, end)
        if term in known and number_here:
            first.append(int(number_here[1]))
    for number in sorted(first, reverse=True):
        start, end, term = places[number]
        link = f"[{body[start:end]}]({address(term)}){{ .term }}"
        body = body[:start] + link + body[end:]
    return body


def _with_mathml(body: str) -> str:
    """Return a body whose formulas are MathML."""
    waiting = list(formulas(body))
    if not waiting:
        return body
    parts, done = [], 0
    for passage in passages(body):
        if passage.kind != "maths" or not waiting:
            continue
        tex, display = waiting[0]
        match = _DELIMITERS.fullmatch(body, passage.start, passage.end)
        written = (
            next(filter(None, match.groups()), "") if match else body[passage.start : passage.end]
        )
        # What only looks like a formula, in an output's HTML say, is none for arithmatex either.
        if html.unescape(written).split() != tex.split():
            continue
        waiting.pop(0)
        line = body[: passage.start].rpartition("\n")[2]
        parts += [body[done : passage.start], _written(tex, display, begins_line=not line.strip())]
        done = passage.end
    if waiting:
        raise ValueError(f"the formula {waiting[0][0].strip()} is not found where it is shown")
    return _with_addresses(body, "".join([*parts, body[done:]]))


def _written(tex: str, display: str, *, begins_line: bool) -> str:
    """Return a formula in a form in which Markdown reads nothing of its own."""
    source = _ACTIVE_IN_ATTRIBUTES.sub(_entity, " ".join(tex.split()))
    shown = _TEXT.sub(
        lambda match: _PUNCTUATION.sub(_entity, html.unescape(match[0])), formula(tex, display)
    )
    shown = shown.replace("<math ", f'<math data-tex="{source}" ', 1)
    # An element that Markdown takes for a block, at the beginning of a line, would end the paragraph.
    return f"<span>{shown}</span>" if begins_line and display == "inline" else shown


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _with_addresses(before: str, body: str) -> str:
    """Return a body whose headings with a formula keep the address that its TeX gave them."""
    if not any("<math " in heading[0] for heading in _HEADING.finditer(body)):
        return body
    waiting = iter(addresses(before))

    def addressed(match: re.Match[str]) -> str:
        address = next(waiting, "")
        if "<math " not in match[0] or "{ #" in match[0]:
            return match[0]
        if known := _ATTRIBUTE_LIST.search(match[0]):
            return f"{match[0][: known.start()]}{{ #{address} {match[0][known.start() + 1 :]}"
        return f"{match[0]} {{ #{address} }}"

    return replace_outside(_HEADING, addressed, body)


def _with_pictures(body: str) -> str:
    """Return a body whose figures with a dark twin are `<picture>`."""

    def picture(match: re.Match[str]) -> str:
        written = " ".join(
            f'{name}="{value}"' if value else name
            for name, value in dark_twin(match["source"], match["twin"]).items()
        )
        figure = f"{match['image']}{{{match['attributes']} {match['more'].strip()} }}"
        return f"<picture><source {written}>{figure}</picture>"

    return replace_outside(_FIGURE, picture, body)


def _moved(body: str, path: str) -> str:
    """Return a body whose links lead to the same pages and files from its new place."""
    here = posixpath.dirname(new_place(path))

    def target(written: str) -> str | None:
        file = _file(written, path)
        if not file:
            return None
        _, mark, anchor = written.partition("#")
        return quote(posixpath.relpath(new_place(file), here or ".")) + mark + anchor

    body = replace_targets(without_apostrophes(body), target)
    return replace_outside(_SRCSET, lambda match: target(match[0]) or match[0], body)


def _file(target: str, path: str) -> str:
    """Return the file of the site that a link on a page leads to, nothing where it leads elsewhere."""
    written = unquote(target.partition("#")[0])
    if not written or ELSEWHERE.match(target) or written.startswith("/"):
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), written))
