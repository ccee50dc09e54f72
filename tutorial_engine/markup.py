"""Markdown that a run or an author wrote, rendered here: outputs for the page, formulas for their check."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension

from .errors import Blemish
from .markdown_extension import CourseExtension, formula
from .passages import expressions, passages
from .tutorial import Tutorial

_MATHS = re.compile(
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
def _markdown(*more: Extension) -> Markdown:
    return Markdown(extensions=[*_EXTENSIONS, *more], extension_configs=_EXTENSIONS)


@functools.cache
def _course() -> CourseExtension:
    return CourseExtension()


def render(text: str) -> str:
    """Return Markdown as HTML with MathML, and figures in two schemes.

    Raises:
        FormulaError: a formula cannot be shown.
    """
    content: str = _markdown(_course()).reset().convert(text)
    return content


def convert(text: str) -> str:
    """Return Markdown as HTML in which formulas are marked, as TeX."""
    content: str = _markdown().reset().convert(text)
    return content


def headings(text: str, level: int) -> list[tuple[str, str]]:
    """Return the headings of a level, each with its text and its address on the page."""
    return [
        (html.unescape(token["name"]), token["id"])
        for token in _headings(text)
        if token["level"] == level
    ]


def addresses(text: str) -> list[str]:
    """Return the addresses of all headings, in the page's order."""
    return [token["id"] for token in _headings(text)]


def _headings(text: str) -> Iterator[dict[str, Any]]:
    markdown = Markdown(extensions=[*_EXTENSIONS, "toc"], extension_configs=_EXTENSIONS)
    markdown.convert(text)
    waiting = list(reversed(vars(markdown)["toc_tokens"]))
    while waiting:
        token = waiting.pop()
        waiting += reversed(token["children"])
        yield token


def _parts(match: re.Match[str]) -> tuple[str, str]:
    return html.unescape(match["tex"]), "block" if match["tag"] == "div" else "inline"


def formulas(text: str) -> Iterator[tuple[str, str]]:
    """Yield (TeX, display) for each formula in Markdown."""
    if not re.search(r"\$|\\[(\[]|\\begin", text):
        return
    yield from map(_parts, _MATHS.finditer(convert(text)))


def _with_digits(text: str) -> str:
    """Return prose with a digit in place of each inline value, which a formula may hold."""
    for expression in reversed(expressions(text)):
        text = f"{text[: expression.start]}0{text[expression.end :]}"
    return text


def _within_paragraphs(text: str) -> Iterator[int]:
    """Yield where a displayed formula begins that no paragraph of its own holds: only Jupyter shows it."""
    shown = {_bare(tex) for tex, display in formulas(text) if display == "block"}
    for passage in passages(text):
        source = text[passage.start : passage.end]
        if passage.kind == "maths" and source.startswith(("$$", r"\[", r"\begin")):
            tex = source if source.startswith(r"\begin") else source[2:-2]
            if _bare(tex) not in shown:
                yield passage.start


def _bare(tex: str) -> str:
    """Return a formula without what a quote or an indentation puts between its lines."""
    return re.sub(r"[\s>]+", "", tex)


def check_maths(tutorial: Tutorial) -> Iterator[Blemish]:
    """Yield formulas that a page would show as their source, or not at all."""
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        text = _with_digits(cell.source)
        for start in _within_paragraphs(text):
            yield tutorial.error(
                Blemish,
                "a displayed formula within a paragraph, which the page shows as its source",
                "leave a blank line above and below it, or write it between single dollar signs",
                cell,
                text.count("\n", 0, start) + 1,
            )
        for tex, display in formulas(text):
            try:
                formula(tex, display)
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
