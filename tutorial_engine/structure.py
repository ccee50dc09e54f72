"""Structure: prose that would not end, or that the site and Jupyter would read differently.

Each check yields `Problem`s of one cell's text; none of them renders anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .link_syntax import link_spans
from .passages import BLOCK, INLINE, VALUE, expressions, mask, mask_in_place, passages

ADMONITION = re.compile(
    r'^(?P<mark>!!!|\?\?\?\+?) +(?P<kind>[\w -]+?)(?: +"(?P<title>[^"]*)")?$', re.MULTILINE
)
TAB = re.compile(r'^===\+?!? +"(?P<title>[^"]*)"$', re.MULTILINE)
# At a line's beginning, a colon makes a footnote's text of it.
FOOTNOTE = re.compile(
    r"(?P<word>(?<=[^\s>])|(?<=[^\s>] ))?\[\^(?P<label>[^\]\s]+)\](?(word)|(?!:))"
)
FOOTNOTE_TEXT = re.compile(r"^\[\^(?P<label>[^\]\s]+)\]:", re.MULTILINE)

ATTRIBUTES = r"\{:?\s*(?:[.#][A-Za-z]|[\w-]+=)(?:[^{}\n\"']|\"[^\"\n]*\"|'[^'\n]*')*+\}"

_CONTAINER = re.compile(r"(?:[-*+]|\d+\.) |!!!|\?\?\?|===[+! ]|\[\^[^\]\s]+\]:")
_ITEM = re.compile(r"(?P<indent>[> ]*)(?P<mark>[-*+]|\d+[.)])(?P<gap> +)\S")
_RULE = re.compile(r"[> ]*(?:(?:- *){3,}|(?:\* *){3,})")
TABLE_RULE = re.compile(r"[> ]*(?=.*\|)\|?(?: *:?-+:? *\|)* *:?-+:? *\|?")
_ADMITS_BLOCK = re.compile(r"[> ]*(?:#|!!!|\?\?\?|===)")
_BEGINS_NOTE = re.compile(r" *(?:!!!|\?\?\?|===)")
_HEADING = re.compile(r"(?P<before>[> ]*)(?P<marks>#+)(?P<text>.*)")
_FENCE_INFO = re.compile(
    r"(?:[\w+.#-]+(?: +\w+=(?:\"[^\"]*\"|'[^']*'|\d+))*|\{ *\.[\w+.#-]+(?: +[^{}]+)? *\})?"
)
_FENCE_BEHIND_MARK = re.compile(
    r"^[> ]*(?P<mark>[-*+]|\d+[.)]) +(?:`{3,}[^`\n]*|~{3,}.*)$", re.MULTILINE
)
_TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:\s+[\w:@.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'"
    rf"|[^\s\"'<>=`{VALUE}]+))?)*)\s*(?P<alone>/?)>"
)
_ADDRESS = re.compile(r"<(?:[A-Za-z][\w+.-]+:[^\s<>]*|[\w.+-]+@[\w.-]+)>")
# Nothing of it is given back, so that what follows is the address and no quotation mark.
_LOCAL_ADDRESS = re.compile(r"\bhref\s*+=\s*+[\"']?+(?![a-z][a-z\d+.-]*:|#)", re.IGNORECASE)
_BRACKET = re.compile(r"\\.|\n[ >]*\n|[\[\]]", re.DOTALL)
# Code and formulas are none in an address, for Jupyter.
_UNSAFE_ADDRESS = re.compile(f'["<{INLINE}]')
_MARKUP_START = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY_SAFE = "write &lt; for a <, or put the passage between backticks"
_EMPTY = frozenset({"br", "hr", "wbr", "col"})
_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "blockquote",
        "caption",
        "cite",
        "code",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "i",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "u",
        "ul",
        "var",
    ]
)
_DRAWN = frozenset({"svg", "math"})  # what stands in them has names of its own
_HOLD_BLOCKS = frozenset({"blockquote", "details", "div", "figure", "section"})


@dataclass(frozen=True)
class Problem:
    """What is wrong, on which line of the cell's text (from 1), and what to do about it."""

    line: int
    message: str
    remedy: str


def problems(text: str) -> Iterator[Problem]:
    """Yield what keeps a markdown cell's text from being shown as it was meant."""
    plain = mask(text)
    yield from _passages(text)
    yield from _values(text, plain)
    yield from _headings(plain)
    in_place = mask_in_place(text)
    yield from _blocks(in_place)
    yield from _lists(in_place)
    yield from _tables(plain)
    yield from _inline(plain)
    yield from _links(text)
    yield from _tags(plain)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _passages(text: str) -> Iterator[Problem]:
    plain = mask(text)
    for match in _FENCE_BEHIND_MARK.finditer(text):
        if plain[match.end("mark") - 1] != BLOCK:
            remedy = "begin the fence on a line of its own, indented by four"
            yield Problem(_line(plain, match.start()), "a fence behind a list's mark", remedy)
    for passage in passages(text):
        if passage.kind != "fence":
            continue
        line = _line(text, passage.start)
        if not passage.closed:
            remedy = "end it with the ticks and the indentation that it begins with"
            yield Problem(line, "a fence that is not closed", remedy)
            return
        if not _FENCE_INFO.fullmatch(passage.info):
            remedy = 'write ```python, ```python title="…" or ``` { .python … }'
            yield Problem(line, f"a fence that does not begin as one: {passage.info}", remedy)
        before = text[text.rfind("\n", 0, passage.start) + 1 : passage.start]
        first, *inner, _ = text[passage.start : passage.end].split("\n")
        marker = first[: len(first) - len(first.lstrip(first[0]))]
        for offset, each in enumerate(inner, start=1):
            if each.strip() and not each.startswith(before.rstrip()):
                remedy = "indent the whole fence alike"
                yield Problem(line + offset, "a line of a fence outside its indentation", remedy)
            elif re.fullmatch(f"[> ]*{marker}{marker[0]}*", each.rstrip()):
                remedy = "let an outer fence have more ticks than any inside, and end with as many"
                yield Problem(line + offset, "a fence that ends twice", remedy)
    for opening, name in (("<!--", "a comment"), ("$$", "a displayed formula")):
        if (at := plain.find(opening)) >= 0:
            yield Problem(
                _line(plain, at), f"{name} that is not closed", "close it in its paragraph"
            )
    if backtick := re.search(r"(?<!\\)(?:\\\\)*`", plain):
        if plain.startswith("`{python", backtick.end() - 1):
            return  # said better below
        remedy = "close the code in its paragraph with as many, or write \\` for a backtick"
        yield Problem(_line(plain, backtick.start()), "a backtick without its partner", remedy)


def _values(text: str, plain: str) -> Iterator[Problem]:
    right = {expression.start for expression in expressions(text)}
    starts = [each.start for each in passages(text) if each.kind == "value"]
    starts += [match.start() for match in re.finditer(r"`\{python", plain)]
    for start in sorted(starts):
        if start not in right:
            yield Problem(
                _line(text, start),
                "an inline expression that does not read as one",
                "write `{python} EXPRESSION` between single backticks, on as many lines as you "
                "like; `{python measured}` and `{python markdown}` are the other forms",
            )
    for passage in passages(text):
        if passage.kind == "maths" and "`{python" in text[passage.start : passage.end]:
            yield Problem(
                _line(text, passage.start),
                "an expression inside a formula",
                "end the formula before the value: $x =$ `{python} x`",
            )
    places = (
        (rf"<[A-Za-z/][^<>]*{VALUE}", "an HTML tag"),
        (rf"\]\([^()\s]*{VALUE}", "a link's address"),
        (rf"!\[[^\]\n]*{VALUE}", "an image's text"),
        (rf"\{{:?\s*[^{{}}\n]*{VALUE}[^{{}}\n]*\}}", "an attribute list"),
        (rf"^ *(?:!!!|\?\?\?|===).*{VALUE}", "a title"),
    )
    for pattern, name in places:
        if match := re.search(pattern, plain, re.MULTILINE):
            remedy = "move the value into the text"
            yield Problem(_line(plain, match.end()), f"an expression in {name}", remedy)


def _links(text: str) -> Iterator[Problem]:
    for start in unread_links(text):
        yield Problem(
            _line(text, start),
            "a link that does not read as one",
            'write [words](address "title"), with %20 for a blank, %22 for a quotation mark, %24 for a dollar and '
            "%60 for a backtick in the address, &quot; in the title, and no link in the words; or \\[ for a bracket",
        )


def unread_links(text: str) -> Iterator[int]:
    """Yield where a bracket opens that begins a link for Python-Markdown, which CommonMark has not or has otherwise."""
    plain, spans = mask(text), link_spans(text)
    ends = {
        span.words_end
        for span in spans
        if not _UNSAFE_ADDRESS.search(plain, span.target_start, span.target_end)
        and not span.title.startswith("(")
    }
    opened: list[int] = []
    waiting, words_end = list(reversed(spans)), 0
    for match in _BRACKET.finditer(plain):
        at = match.start()
        while waiting and waiting[-1].words_start <= at:
            words_end = max(words_end, waiting.pop().words_end)
        if match[0] == "[":
            opened.append(at)
        elif match[0] == "]" and opened:
            start = opened.pop()
            if plain.startswith("(", at + 1) and at not in ends and at >= words_end:
                yield start
        elif "\n" in match[0]:
            opened.clear()


def _headings(plain: str) -> Iterator[Problem]:
    before = ""
    for number, line in enumerate(plain.split("\n"), start=1):
        text = re.sub(r"^[> ]*(?:(?:[-*+]|\d+[.)]) +)*", "", line)
        match = _HEADING.fullmatch(line)
        if match and VALUE in line:
            yield Problem(
                number,
                "an expression in a heading",
                "move the value into the text: headings are addresses and must not change",
            )
        elif re.match(r"#(?!#)", text):
            remedy = (
                "the title stands in the header: begin parts with ## (and write \\# for a sharp)"
            )
            yield Problem(number, "a first-level heading", remedy)
        elif match and not re.match(r" +\S", match["text"]):
            remedy = "write ## and a blank before its words, or \\# for a sharp"
            yield Problem(number, "a heading without a blank or without words", remedy)
        elif match and len(match["marks"]) > 6:
            yield Problem(number, "a heading below the sixth level", "use at most six #")
        elif match and ">" not in match["before"] and len(match["before"]) % 4:
            yield Problem(number, "an indented heading", "begin it at the line's start")
        elif re.fullmatch(r"[> ]*=+ *", line) and before.strip(" >"):
            remedy = "the title stands in the header: begin parts with ##"
            yield Problem(number, "a first-level heading, underlined", remedy)
        elif re.fullmatch(r"[> ]*-+ *", line) and before.strip(" >"):
            remedy = "write ## before a heading, and a blank line before a rule"
            yield Problem(number, "dashes below a line, which make it a heading", remedy)
        before = line


def _blocks(plain: str) -> Iterator[Problem]:
    lines = plain.split("\n")
    container, before = False, ""
    for number, line in enumerate(lines, start=1):
        bare = line.lstrip(" ")
        if re.match(r"!!!|\?\?\?", bare) and not ADMONITION.fullmatch(bare.rstrip()):
            yield Problem(
                number,
                "a note that does not read as one",
                'write !!! note "Title" or ??? note "Title"',
            )
        elif re.match(r"===[+! ]", bare) and not TAB.fullmatch(bare.rstrip()):
            yield Problem(number, "a tab that does not read as one", 'write === "Title"')
        elif ADMONITION.fullmatch(bare.rstrip()) or TAB.fullmatch(bare.rstrip()):
            inner = next((each for each in lines[number:] if each.strip()), "")
            if len(inner) - len(inner.lstrip(" ")) < len(line) - len(bare) + 4:
                remedy = "indent its text by four blanks"
                yield Problem(number, "a note or tab without text", remedy)
            if before.strip() and not _BEGINS_NOTE.match(before):
                remedy = "put a blank line before it"
                yield Problem(number, "a note or tab right below a line", remedy)
        elif bare.startswith(":::"):
            yield Problem(
                number, "a ::: block", 'write !!! note "Title" and indent its text by four'
            )
        elif re.match(r"> *\[![A-Za-z]+\]", bare):
            yield Problem(
                number,
                "a note in another site's form",
                'write !!! note "Title" and indent its text',
            )
        elif line.startswith("    ") and not (
            container or before.strip() or bare[:1] in ("", BLOCK)
        ):
            remedy = "put code into a fence, and begin text at the line's start"
            yield Problem(number, "an indented block, which would be shown as code", remedy)
        if bare and not line.startswith(" "):
            container = bool(_CONTAINER.match(line)) or (container and bool(before.strip()))
        before = line


def _lists(plain: str) -> Iterator[Problem]:
    before, in_list, in_item = "", False, False
    for number, line in enumerate(plain.split("\n"), start=1):
        match = _ITEM.match(line)
        if line.strip(" >") and not before.strip(" >"):
            in_item = False
            in_list = in_list and (bool(match) or line.startswith((" ", ">  ")))
        if match and not _RULE.fullmatch(line):
            if match["mark"].endswith(")") and (in_list or not before.strip(" >")):
                remedy = "number a list 1. 2. 3."
                yield Problem(number, "a list numbered with brackets", remedy)
            indent = match["indent"]
            if in_list and len(indent.rpartition(">")[2].removeprefix(" " * (">" in indent))) % 4:
                remedy = "indent a list inside a list by four blanks"
                yield Problem(number, "a list item that is not indented by four", remedy)
            opens = before.strip(" >") and not in_item
            # A sentence's number at a line's start begins no list, neither here nor in Jupyter.
            means_one = match["mark"] in "-*+1." or before.rstrip().endswith(":")
            if opens and not means_one:
                continue
            if opens and not _ADMITS_BLOCK.match(before):
                remedy = "put a blank line before the list, or begin the line with another word"
                yield Problem(number, "a list right below a line of text", remedy)
            in_list = in_item = True
        before = line


def _tables(plain: str) -> Iterator[Problem]:
    lines = plain.split("\n")
    for at in range(2, len(lines)):
        if TABLE_RULE.fullmatch(lines[at]) and lines[at - 2].strip(" >") and "|" in lines[at - 1]:
            if _ADMITS_BLOCK.match(lines[at - 2]):
                continue
            remedy = "put a blank line before the table"
            yield Problem(at, "a table right below a line of text", remedy)


def _inline(plain: str) -> Iterator[Problem]:
    for pattern, message, remedy in (
        (r"~~", "a struck passage, which only Jupyter shows", "write <del>passage</del>"),
        (
            r"(?<!\\)(?:\\\\)*\\\n",
            "a line that ends in a backslash, which only Jupyter breaks",
            "end the line with <br>",
        ),
        (
            rf"(?<=[^\w\s(,;:]){ATTRIBUTES}[^\n`*_\[<{INLINE}]*\}}",
            "a brace behind an element's attributes, with which the site mixes it up",
            "write &#123; and &#125; for the braces, or put them between backticks or into a formula",
        ),
    ):
        if match := re.search(pattern, plain):
            yield Problem(_line(plain, match.start()), message, remedy)


def _tags(plain: str) -> Iterator[Problem]:
    opened: list[tuple[str, int, re.Match[str]]] = []
    position = 0
    while match := _MARKUP_START.search(plain, position):
        line = _line(plain, match.start())
        position = match.end()
        if address := _ADDRESS.match(plain, match.start()):
            position = address.end()
            continue
        tag = _TAG.match(plain, match.start())
        if not tag:
            yield Problem(line, "a < that begins no HTML tag", _ENTITY_SAFE)
            continue
        position = tag.end()
        name = tag["name"].lower()
        drawn = any(each in _DRAWN for each, _, _ in opened)
        if name in _EMPTY or (drawn and tag["alone"]):
            continue
        if name == "h1":
            yield Problem(line, "a first-level heading", "the title stands in the header")
        elif name in ("img", "picture"):
            yield Problem(line, f"<{name}>", "write ![what it shows](file)")
        elif not drawn and name not in _ELEMENTS | _DRAWN:
            yield Problem(line, f"the HTML element <{name}>", _ENTITY_SAFE)
        elif tag["alone"]:
            yield Problem(line, f"<{name}/>, which HTML does not close", f"write <{name}></{name}>")
        elif name == "a" and _LOCAL_ADDRESS.search(tag["rest"]):
            yield Problem(line, "an address in HTML", "write [text](address)")
        elif not tag["close"]:
            opened.append((name, line, tag))
        elif not opened or opened[-1][0] != name:
            remedy = f"close <{opened[-1][0]}> first" if opened else "delete it, or open it before"
            yield Problem(line, f"</{name}> without its <{name}>", remedy)
            return
        else:
            _, line, start = opened.pop()
            inner = plain[start.end() : tag.start()]
            blocks = name in _HOLD_BLOCKS and re.search(r"\n[> ]*\n", inner)
            if blocks and "markdown" not in start["rest"]:
                remedy = (
                    'write ??? note "Title" and indent its text by four'
                    if name == "details"
                    else f'write <{name} markdown="1">'
                )
                yield Problem(
                    line, f"<{name}> with Markdown in it, which would be shown raw", remedy
                )
    for name, line, _ in opened[:1]:
        yield Problem(line, f"<{name}> that is not closed in its cell", f"add </{name}>")
