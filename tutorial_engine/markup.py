"""Markdown that a run or an author wrote, rendered here: outputs for the page, formulas for their check."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator

from markdown import Markdown

from .errors import Blemish
from .maths import mathml
from .passages import expressions
from .tutorial import Tutorial

MATHS = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)
# What a site's own list may have beyond these changes neither a table nor where a formula ends.
_EXTENSIONS = {
    "admonition": {},
    "attr_list": {},
    "footnotes": {},
    "md_in_html": {},
    "pymdownx.arithmatex": {"generic": True},
    "pymdownx.details": {},
    "pymdownx.highlight": {"anchor_linenums": False},
    "pymdownx.inlinehilite": {},
    "pymdownx.superfences": {"preserve_tabs": True},
    "pymdownx.tabbed": {"alternate_style": True},
    "tables": {"use_align_attribute": True},
}


@functools.cache
def _markdown() -> Markdown:
    return Markdown(extensions=list(_EXTENSIONS), extension_configs=_EXTENSIONS)


def render(text: str) -> str:
    """Return Markdown as HTML with MathML.

    Raises:
        ValueError: a formula cannot be shown.
    """
    return with_mathml(convert(text))


def convert(text: str) -> str:
    """Return Markdown as HTML in which formulas are marked, as TeX."""
    content: str = _markdown().reset().convert(text)
    return content


def headings(text: str, level: int) -> list[tuple[str, str]]:
    """Return the headings of a level, each with its text and its address on the page."""
    markdown = Markdown(extensions=[*_EXTENSIONS, "toc"], extension_configs=_EXTENSIONS)
    markdown.convert(text)
    found, waiting = [], list(reversed(vars(markdown)["toc_tokens"]))
    while waiting:
        token = waiting.pop()
        waiting += reversed(token["children"])
        if token["level"] == level:
            found.append((html.unescape(token["name"]), token["id"]))
    return found


def with_mathml(content: str) -> str:
    """Turn TeX that arithmatex marked into MathML, so that a page needs no script for it.

    Raises:
        ValueError: a formula cannot be shown; says which and why.
    """

    def formula(match: re.Match[str]) -> str:
        return _mathml(*_parts(match))

    return MATHS.sub(formula, content)


def contents_title(title: str, identifier: str, content: str) -> str:
    """Return a heading's entry in the list of contents, with MathML where the heading has maths.

    Args:
        title: the entry as Python-Markdown makes it, in which a formula is its source.
        content: the page, in which the heading still has its formulas as arithmatex marked them.

    Raises:
        ValueError: a formula cannot be shown.
    """
    if "\\(" not in title:
        return title
    heading = re.search(rf'<h[1-6] id="{re.escape(identifier)}".*?</h[1-6]>', content, re.DOTALL)
    for match in MATHS.finditer(heading[0] if heading else ""):
        title = title.replace(f"\\({match['tex']}\\)", _mathml(*_parts(match)), 1)
    return title


def _parts(match: re.Match[str]) -> tuple[str, str]:
    return html.unescape(match["tex"]), "block" if match["tag"] == "div" else "inline"


def _mathml(tex: str, display: str) -> str:
    try:
        return mathml(tex, display)
    except ValueError as error:
        raise ValueError(f"the formula {tex.strip()} cannot be shown: {error}") from None


def formulas(text: str) -> Iterator[tuple[str, str]]:
    """Yield (TeX, display) for each formula in Markdown."""
    if not re.search(r"\$|\\[(\[]|\\begin", text):
        return
    yield from map(_parts, MATHS.finditer(convert(text)))


def _with_digits(text: str) -> str:
    """Return prose with a digit in place of each inline value, which a formula may hold."""
    for expression in reversed(expressions(text)):
        text = f"{text[: expression.start]}0{text[expression.end :]}"
    return text


def check_maths(tutorial: Tutorial) -> Iterator[Blemish]:
    """Yield formulas that a page would show as their source, or not at all."""
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        for tex, display in formulas(_with_digits(cell.source)):
            try:
                _mathml(tex, display)
            except ValueError as error:
                line = cell.source.count("\n", 0, max(0, cell.source.find(tex.strip()))) + 1
                yield tutorial.error(
                    Blemish,
                    str(error),
                    "write it in commands that the converter knows (CONTRIBUTING.md, 'Maths'), "
                    "\\operatorname{name} for a function of your own",
                    cell,
                    line,
                )
