"""Passages of prose that are no plain Markdown: code, maths, comments, inline values; and text that stays text.

The one place that decides what is an inline value and what only shows how one is written.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# What stands for a character of a passage in `mask`, so that its Markdown is not read.
VALUE, INLINE, BLOCK = "\ue000", "\ue001", "\ue002"

_FENCE = re.compile(r"(?P<prefix>[> ]*)(?P<marker>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_LANGUAGE = re.compile(r"\{? *\.?(?P<name>[\w+#-]+)")
_NO_BLANK_LINE = r"(?:(?!\n[ >]*\n).)"
_INLINE = re.compile(
    r"(?P<comment><!--.*?-->)"
    rf"|(?P<code>(?<!`)(?P<ticks>`+)(?!`){_NO_BLANK_LINE}+?(?<!`)(?P=ticks)(?!`))"
    rf"|(?P<display>\$\${_NO_BLANK_LINE}+?\$\$)"
    rf"|(?P<environment>\\begin\{{(?P<name>\w+\*?)\}}{_NO_BLANK_LINE}+?\\end\{{(?P=name)\}})"
    rf"|(?P<brackets>\\\({_NO_BLANK_LINE}+?\\\)|\\\[{_NO_BLANK_LINE}+?\\\])"
    r"|(?P<escape>\\.)"
    rf"|(?P<maths>\$(?![\s$])(?:(?!\n[ >]*\n)(?:\\.|[^\\$]))+?(?<!\s)\$)",
    re.DOTALL,
)
_VALUE = re.compile(r"`\{python(?P<options>(?: \w+)*)\} (?P<code>.*\S.*)`", re.DOTALL)
_OPTIONS = frozenset({"measured", "markdown"})

# Each of these can begin or end something in the site's Markdown, in Jupyter's or in HTML.
_ACTIVE = {character: f"&#{ord(character)};" for character in r"`*_[]{}<>|~!&" + "\"'"}
_MEETING = frozenset("*_`~[]()!<>$\\&")
# In an element of its own no script finds its partner and takes what is between them for maths.
_ACTIVE |= {character: f"<span>&#{ord(character)};</span>" for character in "\\$"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\ue002]")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_LINE_START = re.compile(r"(?:[ >]|[-*+] |\d+[.)] )*(?P<digits>\d*)")
_NUMBERED = re.compile(r"\d{1,9}[.)](?:\s|$)")


@dataclass(frozen=True)
class Passage:
    """A part of a text that is no plain Markdown.

    Args:
        kind: `fence`, `code`, `value`, `maths` or `comment`.
        start, end: its place in the text. A fence starts after its indentation and quote marks.
        closed: False for a fence that nothing ends.
        info: what stands after a fence's opening ticks.
    """

    kind: str
    start: int
    end: int
    closed: bool = True
    info: str = ""

    @property
    def language(self) -> str:
        """The language that a fence's opening line names, empty if none."""
        match = _LANGUAGE.match(self.info)
        return match["name"] if match else ""


@dataclass(frozen=True)
class Expression:
    """An inline value: its code, what it says of itself, and its place in the cell's text.

    Args:
        measured: it depends on the clock.
        markdown: its text is Markdown on purpose.
    """

    code: str
    measured: bool = False
    markdown: bool = False
    start: int = 0
    end: int = 0


@functools.lru_cache(maxsize=4096)
def passages(text: str) -> tuple[Passage, ...]:
    """Return the passages of a text that are verbatim or inline values, in order."""
    found: list[Passage] = []
    position = 0
    for fence in _fences(text):
        found += _inline(text, position, fence.start)
        found.append(fence)
        position = fence.end
    return (*found, *_inline(text, position, len(text)))


def _fences(text: str) -> Iterator[Passage]:
    opened, info, start, position = None, "", 0, 0
    for line in text.split("\n"):
        if opened is None:
            if match := _FENCE.fullmatch(line):
                opened, info = match, match["info"].strip()
                start = position + match.end("prefix")
        elif line.rstrip() == opened["prefix"] + opened["marker"]:
            yield Passage("fence", start, position + len(line), info=info)
            opened = None
        position += len(line) + 1
    if opened is not None:
        yield Passage("fence", start, len(text), closed=False, info=info)


def _inline(text: str, start: int, end: int) -> Iterator[Passage]:
    for match in _INLINE.finditer(text, start, end):
        kind = match.lastgroup
        if match["code"] is not None:
            kind = "value" if match[0].startswith("`{python") else "code"
        elif kind != "comment":
            kind = "escape" if match["escape"] is not None else "maths"
        if kind != "escape":
            yield Passage(kind, match.start(), match.end())


@functools.lru_cache(maxsize=4096)
def expressions(text: str) -> tuple[Expression, ...]:
    """Return the inline values of a text, in order; what does not read as one is not among them.

    >>> [each.code for each in expressions("It is `{python} x + 1`, not `` `{python} y` ``.")]
    ['x + 1']
    """
    found = []
    for passage in passages(text):
        if passage.kind != "value":
            continue
        match = _VALUE.fullmatch(text, passage.start, passage.end)
        options = match["options"].split() if match else []
        if match and len(set(options)) == len(options) and _OPTIONS.issuperset(options):
            found.append(
                Expression(
                    match["code"].strip(),
                    measured="measured" in options,
                    markdown="markdown" in options,
                    start=passage.start,
                    end=passage.end,
                )
            )
    return tuple(found)


@functools.lru_cache(maxsize=1024)
def mask(text: str) -> str:
    """Return a text of the same length and lines in which nothing but plain Markdown can be read."""
    parts, position = [], 0
    for passage in passages(text):
        filler = {"fence": BLOCK, "value": VALUE}.get(passage.kind, INLINE)
        parts.append(text[position : passage.start])
        parts.append(re.sub(r"[^\n]", filler, text[passage.start : passage.end]))
        position = passage.end
    return "".join(parts) + text[position:]


def mask_in_place(text: str) -> str:
    """Return `mask(text)` in which each line of a fence begins where the fence does, in the list or note that holds it."""
    plain = mask(text)
    for passage in passages(text):
        before = text[text.rfind("\n", 0, passage.start) + 1 : passage.start]
        if passage.kind == "fence" and before:
            lines = plain[passage.start : passage.end].split("\n")
            lines[1:] = [f"{before[: len(line)]}{line[len(before) :]}" for line in lines[1:]]
            plain = (
                "\n".join([plain[: passage.start] + lines[0], *lines[1:]]) + plain[passage.end :]
            )
    return plain


def replace_outside(
    pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str], text: str
) -> str:
    """Do `pattern.sub(replacement, text)` where the matched text begins in plain Markdown.

    A function `replacement` gets a match on the text itself, code and values included.
    """
    plain = mask(text)

    def replace(match: re.Match[str]) -> str:
        if plain[match.start()] in (VALUE, INLINE, BLOCK):
            return match[0]
        return replacement(match)

    return pattern.sub(replace, text)


def escape(text: str, before: str = "", after: str = "") -> str:
    r"""Return Markdown that shows a text as it is, on the site and in Jupyter.

    Args:
        before, after: what stands around it, which decides whether it begins a line.

    >>> escape("__init__ is 12.5%")
    '&#95;&#95;init&#95;&#95; is 12.5%'
    >>> escape("- 1")
    '&#45; 1'
    """
    text = _CONTROL.sub("", text.encode("utf-8", "replace").decode())
    shown = "<br>".join(_escape_line(line.expandtabs()) for line in _LINE_END.split(text))
    first = text[:1]
    start = _LINE_START.fullmatch(before.rpartition("\n")[2])
    if not shown and (start or before[-1] in _MEETING or after[:1] in _MEETING):
        return "<span></span>"  # what stands around nothing must not meet
    begins = start is not None and not start["digits"]
    numbers = start is not None and _NUMBERED.match(start["digits"] + text + after)
    # `[text]` before a value must not become a link with it.
    active = numbers or first in ("(", ":") or (begins and not first.isalnum())
    if first and active and shown[:1] == first and first not in _ACTIVE:
        shown = f"&#{ord(first)};{shown[1:]}"
    return shown


def _escape_line(line: str) -> str:
    shown = "".join(_ACTIVE.get(character, character) for character in line)
    # Blanks that HTML would drop: all but one between words.
    return re.sub(r"(?<=[ ]) |^ | $", "&nbsp;", shown)
