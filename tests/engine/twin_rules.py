"""What a page says and what its twin says, each read by a parser that the build does not use."""

from __future__ import annotations

import re
from collections import Counter

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from tutorial_engine.interactive import PLACEHOLDER

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FORMULA = re.compile(r"\$\$.+?\$\$|\$(?!\s)(?:\\.|[^$\\])+?(?<!\s)\$", re.DOTALL)
_FROM = re.compile(r"^The page with its figures: <.*>$", re.MULTILINE)
# What a page has for those who act on it, and formulas, which a twin has as TeX.
_UNSAID = (
    ".headerlink, .copy-page, .contents, .page-done, .help, .md-source-file, .interactive, .paste, math, svg, "
    "button, script, style, [hidden], a[rel=edit]"
)


def _maths(state: StateInline, silent: bool) -> bool:
    match = _FORMULA.match(state.src, state.pos)
    if not match:
        return False
    state.pos = match.end()
    return True


def words(text: BeautifulSoup) -> str:
    """Return what is read of a document, the texts of its pictures among it."""
    for picture in text.select("img"):
        picture.replace_with(f" {picture.get('alt', '')} ")
    for block in text.select(
        "td, th, li, p, summary, pre, br, figcaption, div, h1, h2, h3, h4, h5"
    ):
        block.insert_before(" ")
        block.append(" ")
    return " ".join(text.get_text().split())


def words_of_page(page: str) -> str:
    """Return what an HTML page says in its article."""
    article = BeautifulSoup(page, "lxml").find("article")
    for each in article.select(_UNSAID):
        each.decompose()
    return words(article)


def words_of_twin(text: str) -> str:
    """Return what a reader of plain CommonMark, who knows formulas, sees of a twin."""
    text = _FROM.sub("", text, count=1).replace(PLACEHOLDER, "")
    return words(BeautifulSoup(rendered(text), "lxml"))


def rendered(text: str) -> str:
    """Return Markdown as HTML, formulas left out."""
    reader = MarkdownIt("commonmark").enable("table")
    reader.inline.ruler.before("escape", "maths", _maths)
    return reader.render(text)


def letters(said: str) -> str:
    """Return a text without its blanks: where one block ends, pages and twins have more or fewer."""
    return "".join(said.split())


def numbers(said: str) -> Counter[str]:
    """Return how often each number stands in a text."""
    return Counter(_NUMBER.findall(said))
