"""Twins: each page once more as plain Markdown, for programs that read the site and for a reader's clipboard.

A twin is CommonMark with tables and TeX between dollar signs: what the theme and Python-Markdown alone understand is
said in other ways, values are filled in, and links are whole. Where it lies and what lists it follow the convention
of llmstxt.org: a page's address with `.md` behind it, `index.html.md` where the address names a folder, `llms.txt`
with a line for each page, and all of them after one another in `llms-full.txt`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from .course_map import MARK as COURSE_MAP
from .interactive import PLACEHOLDER
from .link_syntax import link_spans, replace_links
from .notebooks import lower, with_pipes_escaped
from .passages import Passage, mask, passages
from .shown_outputs import fence
from .structure import FOOTNOTE

INDEX, WHOLE = "llms.txt", "llms-full.txt"
SUFFIX = ".md"
_OPTIONAL = "Optional"
_FROM = "The page with its figures:"

# What stands for a passage while the text around it is rewritten.
_START, _END = "\ue100", "\ue101"
_KEPT = re.compile(rf"^(?P<before>.*?){_START}(?P<number>\d+){_END}", re.MULTILINE)
_WRAPPER = re.compile(r"</?(?:div|figure|figcaption|nav|section)\b[^>]*>")
_DETAILS = re.compile(r"<(?P<name>details|summary)\b[^>]*>")
_CONVERTED = re.compile(r"<(?P<name>div|p|ul|ol|table|form|button|input|math|pre)\b")
_INLINE_CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)
_SPAN = re.compile(r"</?span\b[^>]*>")
# Two blanks would be a break.
_TRAILING = re.compile(r"(?<! ) $", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d+|#x[\da-fA-F]+|[a-zA-Z]+\d*);")
# Digits that would number a list, of which the first is an entity.
_NUMBER = re.compile(r"&#(?P<code>4[89]|5[0-7]);(?P<digits>\d*)(?P<mark>[.)]?)")
_UNSEARCHED = re.compile(r'\{ *data-search-exclude="" *\}')
_ACTIVE = frozenset("\\`*_[]<>#|~!&$-+.():")
_TITLE = re.compile(r'\btitle="(?P<title>[^"]*)"')
_SENTENCE = re.compile(r"\A(?:.*?[.?!](?=\s|\Z)|.+)", re.DOTALL)

# What is to be said of a link's target: None where it leads nowhere.
Address = Callable[[str], str | None]


@dataclass(frozen=True)
class Twin:
    """A page's twin.

    Args:
        title, sentence: what a list of the pages says of it.
        path: its file, relative to the site.
        address: where a link from the site's first folder, or from anywhere, leads to it.
        text: Markdown.
    """

    title: str
    sentence: str
    path: str
    address: str
    text: str


def plain(markdown: str, *, address: Address, page: str = "", course: str = "") -> str:
    """Return a page's Markdown as its twin has it.

    Args:
        address: a link's target, as the Markdown has it -> where the twin's leads.
        page: the page's public address, for whoever gets the twin alone; empty where there is none.
        course: what stands in place of the map of the course.

    >>> print(plain("# Net\\n\\nOne.\\n{ .lead }\\n\\n<!-- contents -->\\n\\nTwo.", address=str))
    # Net
    <BLANKLINE>
    One.
    <BLANKLINE>
    Two.
    <BLANKLINE>
    """
    markdown = markdown.replace(_START, "").replace(_END, "")
    labels = [match["label"] for match in FOOTNOTE.finditer(mask(markdown))]
    notes = {label: number for number, label in enumerate(dict.fromkeys(labels), start=1)}
    kept = _Kept()
    text = kept.fences(markdown)
    text = text.replace(COURSE_MAP, kept.put(course)) if course else text
    text = _without_html(text, kept, address)
    text = kept.inline(with_pipes_escaped(_COMMENT.sub("", _UNSEARCHED.sub("", text))))
    text = lower(text, link=address, notes=notes)
    text = _NUMBER.sub(_digits, _SPAN.sub("", text))
    text = _with_characters(text)
    text = _TRAILING.sub("", text)
    if page:
        # Below the title: what is pasted somewhere else says where it comes from. A mark stands for each
        # block of code here, so that no comment in one is taken for the title.
        title = re.search(r"^# .+$", text, re.MULTILINE)
        end = title.end() if title else 0
        text = f"{text[:end]}\n\n{_FROM} <{page}>\n\n{text[end:]}"
    return _single_blank_lines(kept.restored(text))


class _Kept:
    """Passages that are finished, each with a mark that stands for it."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def put(self, text: str) -> str:
        """Keep a text; return its mark."""
        self._texts.append(text)
        return f"{_START}{len(self._texts) - 1}{_END}"

    def fences(self, text: str) -> str:
        """Return a text with a mark for each fenced block."""
        parts, position = [], 0
        for passage in passages(text):
            if passage.kind == "fence":
                before = text[text.rfind("\n", 0, passage.start) + 1 : passage.start]
                parts += [text[position : passage.start], self.put(_fence(text, passage, before))]
                position = passage.end
        return "".join(parts) + text[position:]

    def inline(self, text: str) -> str:
        """Return a text with a mark for each piece of code and each formula."""
        parts, position = [], 0
        for passage in passages(text):
            if passage.kind in ("code", "maths"):
                # A line that goes on in a note begins with blanks of the note's.
                said = re.sub(r"\n[ \t]+", "\n", text[passage.start : passage.end])
                parts += [text[position : passage.start], self.put(said)]
                position = passage.end
        text = "".join(parts) + text[position:]
        return _INLINE_CODE.sub(lambda code: self.put(_code(_text(code[1]))), text)

    def restored(self, text: str) -> str:
        """Return a text with what its marks stand for; a block keeps what stands before each of its lines."""

        def put_back(match: re.Match[str]) -> str:
            before, said = match["before"], self._texts[int(match["number"])]
            if before.strip("> "):
                return f"{before}{said}"
            lines = (f"{before}{line}" if line else before.rstrip() for line in said.split("\n"))
            return "\n".join(lines)

        while _START in text:
            text = _KEPT.sub(put_back, text)
        return text


def _fence(text: str, passage: Passage, before: str) -> str:
    """Return a fenced block with the plain name of its language, below its title if it has one."""
    lines = text[passage.start : passage.end].split("\n")
    content = [line.removeprefix(before) for line in lines[1:-1]]
    block = fence("\n".join(content), passage.language or "text")
    title = _TITLE.search(passage.info)
    return f"**{title['title']}**\n\n{block}" if title else block


def _without_html(text: str, kept: _Kept, address: Address) -> str:
    """Return Markdown in which HTML is no more than what folds: the rest is said in Markdown."""
    lines, shown = text.split("\n"), []
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if _WRAPPER.fullmatch(line.strip()):
            shown.append("")
        elif line.startswith(("<details", "<summary")):
            shown.append(kept.put(_folding(line)))
        elif match := _CONVERTED.match(line):
            end = _end_of_block(lines, position - 1, match["name"])
            shown.append(kept.put(_said("\n".join(lines[position - 1 : end]), address)))
            position = end
        else:
            shown.append(line)
    return "\n".join(shown)


def _end_of_block(lines: list[str], start: int, name: str) -> int:
    """Return the line below an element that begins with a line: it ends with its own closing tag."""
    if name == "input":  # which has none
        return start + 1
    depth = 0
    for at in range(start, len(lines)):
        depth += len(re.findall(rf"<{name}\b", lines[at]))
        depth -= len(re.findall(rf"</{name}\s*>", lines[at]))
        if depth <= 0:
            return at + 1
    # Where it is left open, all that stands together.
    return next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))


def _folding(line: str) -> str:
    """Return the line that begins something folded, without what only the theme reads."""
    line = _DETAILS.sub(r"<\g<name>>", line)
    return re.sub(
        r"`([^`]+)`", lambda code: f"<code>{html.escape(code[1], quote=False)}</code>", line
    )


def _said(fragment: str, address: Address) -> str:
    """Return a piece of HTML as Markdown."""
    if fragment.startswith('<div class="interactive'):
        return PLACEHOLDER
    root = LexborHTMLParser(fragment, is_fragment=True).root
    return "\n\n".join(_blocks(root, address)) if root else ""


# Elements that a reader acts on, or never sees.
_UNSAID = re.compile("script|style|form|button|input|textarea|select|template")
_BLOCK = re.compile(
    "article|aside|blockquote|body|d[dlt]|details|div|figure|footer|h[1-6r]|header|html|li|main|nav|ol|p|pre|section|"
    "summary|table|ul"
)


def _blocks(node: LexborNode, address: Address) -> list[str]:
    """Return what an element holds, as blocks of Markdown."""
    found: list[str] = []
    run: list[str] = []

    def end_run() -> None:
        if said := " ".join("".join(run).split()):
            found.append(said)
        run.clear()

    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if _UNSAID.fullmatch(tag) or "hidden" in child.attributes:
            continue
        if not _BLOCK.fullmatch(tag):
            run.append(_inline(child, address))
            continue
        end_run()
        if tag == "table":
            found.append(_table(child, address))
        elif tag == "pre":
            found.append(fence(child.text().strip("\n"), "text"))
        elif tag in ("ul", "ol"):
            found.append(_list(child, address))
        elif re.fullmatch("h[1-6]", tag):
            found.append(f"{'#' * int(tag[1])} {_run(child, address)}")
        elif tag == "hr":
            found.append("---")
        else:
            found += _blocks(child, address)
    end_run()
    return found


def _list(node: LexborNode, address: Address) -> str:
    mark = "- " if node.tag == "ul" else "1. "
    items = []
    for item in node.iter():
        said = "\n\n".join(_blocks(item, address))
        items.append(mark + said.replace("\n", f"\n{' ' * len(mark)}"))
    return "\n".join(items)


def _table(node: LexborNode, address: Address) -> str:
    """Return a table with pipes between its cells; what spans several columns stands in the first."""
    rows = [row.css("th, td") for row in node.css("tr")]
    width = max((sum(map(_span, row)) for row in rows), default=0)
    lines = []
    for row in rows:
        cells = []
        for cell in row:
            said = _run(cell, address).replace("|", "\\|")
            cells += [said, *[""] * (_span(cell) - 1)]
        cells += [""] * (width - len(cells))
        lines.append(f"| {' | '.join(cells)} |")
        if len(lines) == 1:
            aligned = ["---:" if _is_right(cell) else "---" for cell in row]
            aligned += ["---"] * (width - len(aligned))
            lines.append(f"|{'|'.join(aligned)}|")
    caption = node.css_first("caption")
    return "\n".join([*([_run(caption, address), ""] if caption else []), *lines])


def _span(cell: LexborNode) -> int:
    given = cell.attributes.get("colspan") or "1"
    return max(1, int(given)) if given.isdecimal() else 1


def _is_right(cell: LexborNode) -> bool:
    attributes = cell.attributes
    return "right" in (attributes.get("align") or "") + (attributes.get("style") or "")


def _run(node: LexborNode, address: Address) -> str:
    """Return what an element holds on one line."""
    children = node.iter(include_text=True)
    return " ".join("".join(_inline(child, address) for child in children).split())


def _inline(node: LexborNode, address: Address) -> str:
    tag, attributes = node.tag or "", node.attributes
    if tag == "-text":
        return _escaped(node.text())
    if _UNSAID.fullmatch(tag) or "hidden" in attributes or tag.startswith("-"):
        return ""
    if tag == "br":
        return " "
    if tag == "code":
        return _code(node.text())
    if tag == "math":
        tex = attributes.get("alttext")
        return f"${tex}$" if tex else _escaped(node.text())
    if tag == "img":
        return _escaped(attributes.get("alt") or "")
    said = "".join(_inline(child, address) for child in node.iter(include_text=True))
    if tag in ("em", "i", "strong", "b") and said.strip():
        mark = "*" if tag in ("em", "i") else "**"
        return f"{mark}{said.strip()}{mark}"
    if tag == "a" and (target := attributes.get("href")):
        where = target if re.match(r"[a-z]+:", target) else address(target)
        return f"[{said}]({where})" if where else said
    return f" {said} " if _BLOCK.fullmatch(tag) else said


def _text(fragment: str) -> str:
    """Return the text of a piece of HTML that holds no more than marks around characters."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


def _code(text: str) -> str:
    """Return a text as code within a line."""
    text = " ".join(text.split())
    longest = max((len(each) for each in re.findall("`+", text)), default=0)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    ticks = "`" * (longest + 1)
    return f"{ticks}{gap}{text}{gap}{ticks}" if text else ""


def _escaped(text: str) -> str:
    """Return a text of which nothing is read as Markdown."""
    text = re.sub(
        r"[\\`*$~]|<(?=[\w/!?])|(?<!\w)_|_(?!\w)|(?<=\])\(|&(?=[#\w]+;)", r"\\\g<0>", text
    )
    return re.sub(r"^(\s*)([#>+-]|\d+[.)])(?=\s)", r"\1\\\2", text)


def _with_characters(text: str) -> str:
    """Return a text with characters for its entities, but for those in a link's title, which a quotation mark would end."""
    parts, position = [], 0
    for span in sorted(link_spans(text), key=lambda span: span.target_end):
        before = _ENTITY.sub(_character, text[position : span.target_end])
        parts += [before, text[span.target_end : span.end]]
        position = span.end
    return "".join([*parts, _ENTITY.sub(_character, text[position:])])


def _character(entity: re.Match[str]) -> str:
    """Return the character that an entity stands for, where Markdown reads it as text."""
    character = html.unescape(entity[0])
    if len(character) != 1 or character.isalnum():
        return entity[0]
    return f"\\{character}" if character in _ACTIVE else character


def _digits(number: re.Match[str]) -> str:
    """Return digits that begin no list."""
    mark = number["mark"] and f"\\{number['mark']}"
    return f"{chr(int(number['code']))}{number['digits']}{mark}"


def _single_blank_lines(text: str) -> str:
    """Return a text with at most one blank line at a time, those in fenced blocks excepted."""
    parts, position = [], 0
    for passage in passages(text):
        if passage.kind == "fence":
            parts += [_closed_up(text[position : passage.start]), text[passage.start : passage.end]]
            position = passage.end
    return "".join([*parts, _closed_up(text[position:])]).strip() + "\n"


def _closed_up(text: str) -> str:
    return re.sub(r"(\n(?:> ?)*)(?:\1)+(?=\n)", r"\1", text)


def first_sentence(text: str) -> str:
    """Return the first sentence of a twin below its title, for a list of the pages."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    prose = (block for block in blocks if block[:1].isalnum() and not block.startswith(_FROM))
    paragraph = " ".join(next(prose, "").split())
    sentence = _SENTENCE.match(replace_links(paragraph, lambda _, words: words))
    return sentence[0] if sentence else ""


def index(
    title: str, summary: str, sections: Sequence[tuple[str, Sequence[Twin]]], more: Sequence[Twin]
) -> str:
    """Return `llms.txt`: what the site is, and a line for each page, by section.

    Args:
        more: pages that a shorter reading leaves out.
    """
    parts = [f"# {title}", *([f"> {summary}"] if summary else [])]
    parts.append(
        "Each link leads to a page as plain Markdown, with the numbers of the run that made it. "
        f"All pages in one file: {WHOLE}."
    )
    for heading, twins in [*sections, (_OPTIONAL, more)]:
        if twins:
            lines = [
                f"- [{each.title}]({each.address})"
                + (f": {each.sentence}" if each.sentence else "")
                for each in twins
            ]
            parts += [f"## {heading}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
