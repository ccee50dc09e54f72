"""Link syntax: where links and images stand in a text, as markdown-it, a reader of CommonMark, finds them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, image, link

from .passages import mask

_BLANK_LINES = re.compile(r"\n(?:[ >]*\n)+")

Rule = Callable[[StateInline, bool], bool]


@dataclass(frozen=True)
class LinkSpan:
    """A link or an image that is written `[words](target "title")`, and its place in a text.

    Args:
        start, end: all of it.
        words_start, words_end: what stands between its brackets.
        target_start, target_end: its address, angle brackets included.
        target: its address, without them.
        title: what stands behind the address, with its quotation marks or brackets; empty if there is none.
    """

    is_image: bool
    target: str
    title: str
    start: int
    end: int
    words_start: int
    words_end: int
    target_start: int
    target_end: int


@functools.lru_cache(maxsize=4096)
def link_spans(text: str) -> tuple[LinkSpan, ...]:
    """Return the links and images of a text in the order in which they begin: an image comes after the link around it.

    There are none in code, formulas, comments and HTML.

    >>> [(each.start, each.end) for each in link_spans("`[a](b)` [![c [d]](e.png)](f.md)")]
    [(9, 32), (10, 25)]
    """
    plain, spans = mask(text), []
    for start, end in _paragraphs(plain):
        if "](" in (paragraph := plain[start:end]):
            reading = _Reading(text, paragraph, start)
            reading.md.inline.tokenize(reading)
            spans += reading.spans
    return tuple(sorted(spans, key=lambda span: span.start))


def replace_links(text: str, replacement: Callable[[LinkSpan, str], str]) -> str:
    """Return a text in which `replacement(span, words)` stands for each link and image.

    Args:
        replacement: gets what stands between the brackets with its own images replaced.

    >>> replace_links("[one](two.md)", lambda span, words: f"{words} in {span.target}")
    'one in two.md'
    """
    return _replaced(text, 0, len(text), list(link_spans(text)), replacement)


def replace_targets(text: str, replacement: Callable[[str], str | None]) -> str:
    """Return a text with `replacement(target)` as the address of each link and image, the old one where that is None.

    >>> replace_targets("[one](<1 2.md> 'title')", lambda target: target.replace(" ", "_"))
    "[one](1_2.md 'title')"
    """
    parts, position = [], 0
    for span in sorted(link_spans(text), key=lambda span: span.target_start):
        target = replacement(span.target)
        if target is not None:
            parts += [text[position : span.target_start], target]
            position = span.target_end
    return "".join(parts) + text[position:]


def without_apostrophes(text: str) -> str:
    """Return a text with `%27` for each apostrophe in an address, so that Python-Markdown reads the whole address.

    Python-Markdown 3.11 takes one for the beginning of a title, which goes on to the next one before a bracket:
    an address that ends in `Bayes'_theorem` swallows half a paragraph.
    """
    return replace_targets(text, lambda each: each.replace("'", "%27") if "'" in each else None)


def _replaced(
    text: str,
    start: int,
    end: int,
    spans: list[LinkSpan],
    replacement: Callable[[LinkSpan, str], str],
) -> str:
    """Return a part of a text with its links replaced; take them from `spans`, where they come first."""
    parts = []
    while spans and spans[0].start < end:
        span = spans.pop(0)
        words = _replaced(text, span.words_start, span.words_end, spans, replacement)
        parts += [text[start : span.start], replacement(span, words)]
        start = span.end
    return "".join(parts) + text[start:end]


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what stands between blank lines: no link goes on behind one."""
    start = 0
    for blank in _BLANK_LINES.finditer(text):
        yield start, blank.start()
        start = blank.end()
    yield start, len(text)


class _Reading(StateInline):
    """A paragraph of a masked text as it is read, with the links and images found so far; the words of an image are read without it."""

    def __init__(self, text: str, paragraph: str, start: int) -> None:
        super().__init__(paragraph, _reader(), {}, [])
        self.text = text
        self.start = start
        self.spans: list[LinkSpan] = []

    def note(self, start: int, *, is_image: bool) -> None:
        """Note the link that begins at `start` and ends where the reading has come to."""
        words_start = start + (2 if is_image else 1)
        words_end = self.md.helpers.parseLinkLabel(self, words_start - 1, not is_image)
        target_start = words_end + 2
        while self.src[target_start].isspace():
            target_start += 1
        target = self.md.helpers.parseLinkDestination(self.src, target_start, self.posMax)
        target_end = target.pos if target.ok else target_start  # there is none
        places = (start, self.pos, words_start, words_end, target_start, target_end)
        places_in_text = [self.start + place for place in places]
        _, end, *_, target_start, target_end = places_in_text
        written = self.text[target_start:target_end].strip("<>")
        title = self.text[target_end : end - 1].strip()
        self.spans.append(LinkSpan(is_image, written, title, *places_in_text))


@functools.cache
def _reader() -> MarkdownIt:
    """Return a parser that reads links, images and what may hide their signs, and notes where the former stand."""
    markdown = MarkdownIt("zero", {"html": True})
    markdown.enable(["escape", "link", "image", "autolink", "html_inline"])
    markdown.inline.ruler.at("link", _noting(link, is_image=False))
    markdown.inline.ruler.at("image", _noting(image, is_image=True))
    return markdown


def _noting(rule: Rule, *, is_image: bool) -> Rule:
    def noting(state: StateInline, silent: bool) -> bool:
        start = state.pos
        found = rule(state, silent)
        if found and not silent and isinstance(state, _Reading):
            state.note(start, is_image=is_image)
        return found

    return noting
