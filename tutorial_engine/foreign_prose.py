"""Foreign prose: somebody else's Markdown, written so that the site and Jupyter read it alike.

What is right already stays as it is, code in fences to the letter. What `structure.problems` still finds in the end is repaired line by line,
or shown as text, and said.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, unquote

from .foreign_images import MEDIA, ImageRefused, Images
from .link_syntax import link_spans, replace_targets
from .links import ELSEWHERE
from .passages import BLOCK, INLINE, VALUE, mask, passages, replace_outside
from .shown_outputs import fence
from .source import AS_A_MARKER
from .structure import problems, unread_links

_BOOKMARK = 0xE100  # private characters: one stands for each note until the file's lines are known
BOOKMARK = re.compile("[\ue100-\uf8ff]")

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ue000-\uf8ff]")
_MARKER_LIKE = re.compile(rf"\s*{AS_A_MARKER}")
_FENCE = re.compile(r"(?P<item>(?:[-*+]|\d+[.)]) +)?(?P<marker>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_INFO = re.compile(r"\{? *\.?(?P<word>[\w+.#-]+)")
_ITEM = re.compile(r"(?P<mark>[-*+]|\d+[.)])(?P<gap> +)(?=\S)")
_RULE = re.compile(r"(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})")
_TABLE_RULE = re.compile(r"(?=.*\|)\|?(?: *:?-+:? *\|)* *:?-+:? *\|?")
_HEADING = re.compile(r"(?P<marks>#{1,})(?P<text>(?:[ \t].*|[^#\s].*)?)")
# A note, a tab or a footnote's text: what is indented below belongs to it.
_HOLDS_INDENTED = re.compile(r"(?:!!!|\?\?\?\+?|===\+?!?) |\[\^[^\]\s]+\]:")
_QUOTED = re.compile(r" *(?:> ?)+")
_ALERT = re.compile(r">\s*\[!(?P<kind>[A-Za-z]+)\]\s*(?P<rest>.*)")
_ALERTS = {"important": "note", "caution": "warning"}
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)?)\s*(?P<alone>/?)>"
)
_IMG = re.compile(r"<img\b(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?P<name>[\w:-]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'>]+))"
)
_LINKED_IMG = re.compile(
    r"<a\b(?P<rest>[^<>]*)>\s*(?P<image><img\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>)\s*</a>",
    re.IGNORECASE,
)
_IMAGE = re.compile(
    r"!\[(?P<text>[^\[\]]*)\]\((?P<target><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?P<title>\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)(?P<attributes>\{[^{}\n]*\})?"
)
_LINKED_IMAGE = re.compile(rf"\[\s*(?P<image>{_IMAGE.pattern})\s*\]\((?P<address>[^()\s]*)\)")
_UNSAFE_IN_ADDRESS = re.compile(r"[\s\"$`]")
_FRAMED = re.compile(
    r"<(?P<name>table|div|center|figure|picture|p)\b[^<>]*>(?:(?!<(?P=name)\b).)*?</(?P=name)>",
    re.DOTALL | re.IGNORECASE,
)
_FRAME_TAG = re.compile(
    r"</?(?:table|tbody|thead|tfoot|tr|td|th|caption|div|center|figure|figcaption|picture|source|p)\b[^<>]*>",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"<(?P<name>div|center|section|p)\b[^<>]*>(?P<inside>(?:(?!<(?P=name)\b).)*?)</(?P=name)>",
    re.DOTALL | re.IGNORECASE,
)
_PRE = re.compile(
    r"^(?P<margin> *)<pre\b[^<>]*>(?:<code\b[^<>]*>)?(?P<inside>(?:(?!<pre\b).)*?)(?:</code>)?</pre>[ ]*$",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_REFUSED = re.compile(
    r"<(?P<name>script|style|iframe|video|audio|object|embed|button|form)\b[^<>]*>(?:.*?</(?P=name)>)?",
    re.DOTALL | re.IGNORECASE,
)
_BADGE_HOSTS = (
    r"https?://(?:colab\.research\.google\.com|mybinder\.org|(?:www\.)?kaggle\.com/(?:kernels|notebooks|code)"
    r"|studiolab\.sagemaker\.aws|console\.paperspace\.com|deepnote\.com|nbviewer\.(?:jupyter\.)?org"
    r"|storage\.googleapis\.com/tensorflow_docs|lightning\.ai)"
)
_BADGE_WORDS = re.compile(
    r"(?:run|open|view|launch|try)(?: it)? (?:in|on|with) (?:google )?(?:colab|binder|kaggle|deepnote|tensorflow\.org|"
    r"sagemaker(?: studio lab)?|github|nbviewer|keras\.io)|view source(?: on github)?|download (?:this )?notebook"
    r"|github source|open in \w+|view on \w+(?:\.\w+)?",
    re.IGNORECASE,
)
_BADGE_IMAGE = re.compile(
    r"badge|shields\.io|colab_logo|colab_favicon|colab_icon|cloud_logo|github_logo|GitHub-Mark|github-mark"
    r"|download_logo|tf_logo|hub_logo|k-inline-icon",
    re.IGNORECASE,
)
_DISPLAY = re.compile(r"\$\$(?:(?!\$\$).)+\$\$", re.DOTALL)
_IN_BRACKETS = re.compile(r"\\\\\[((?:(?!\n *\n).)+?)\\\\\]", re.DOTALL)
_IN_PARENTHESES = re.compile(r"\\\\\(((?:(?!\n *\n).)+?)\\\\\)", re.DOTALL)
_OPEN_COMMENT = re.compile(r"<!--(?!(?:(?!\n *\n).)*?-->)(?:.*?-->)?", re.DOTALL)
_RAW_INSIDE = frozenset({"table", "ul", "ol", "dl", "details", "figure", "blockquote", "pre"})
# Elements that HTML lets one leave open, each with those that its beginning ends.
_ENDED_BY = {
    **{
        "li": ("li",),
        "dt": ("dt", "dd"),
        "dd": ("dt", "dd"),
        "td": ("td", "th"),
        "th": ("td", "th"),
    },
    **dict.fromkeys(("tr", "tbody", "thead", "tfoot"), ("td", "th", "tr")),
}


@dataclass
class Notes:
    """What a person has to see to, each told by a character that stands where it was, until lines are known."""

    said: list[tuple[str, str]] = field(default_factory=list)

    def mark(self, message: str, remedy: str) -> str:
        """Keep a message with its remedy; return the character that stands for it in the text."""
        self.said.append((message, remedy))
        return chr(_BOOKMARK + len(self.said) - 1)

    def of(self, character: str) -> tuple[str, str]:
        """Return what a character stands for."""
        return self.said[ord(character) - _BOOKMARK]


def to_prose(
    text: str,
    notes: Notes,
    images: Images,
    *,
    attachments: Mapping[str, Mapping[str, str]] | None = None,
    deeper: int = 0,
) -> str:
    """Return a markdown cell's text as this course writes it; empty where nothing of it stays.

    Args:
        attachments: of the cell, as a notebook has them: name -> media type -> base64.
        deeper: how many levels headings go down, so that parts begin with `##`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    text = CONTROL.sub("", text).replace("\u00a0", " ")
    text = with_sound_fences(text)
    text = replace_outside(_PRE, _pre_as_fence, text)
    text = replace_targets(text, lambda target: _UNSAFE_IN_ADDRESS.sub(_quoted, target))
    text = _without_badges(text)
    text = _with_formulas_joined(text)
    text = _flattened(text, notes)
    text = _with_images(text, notes, images, attachments or {})
    text = _with_sound_tags(text)
    text = _laid_out(text, deeper)
    text = _repaired(_with_links_read_alike(text), notes)
    return _closed_up(_without_markers(text)).strip("\n")


def plain_words(text: str) -> str:
    """Return the words of a line of Markdown.

    >>> plain_words("**Fit** a [line](https://example.org) with `fit` &amp; `evaluate_<T>`")
    'Fit a line with fit & evaluate_<T>'
    """
    text = BOOKMARK.sub("", text)
    code: list[str] = []
    for passage in reversed(passages(text)):
        if passage.kind in ("code", "value"):
            code.append(text[passage.start : passage.end].strip("`"))
            text = f"{text[: passage.start]}{INLINE}{len(code) - 1}{INLINE}{text[passage.end :]}"
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    text = re.sub(r"<[A-Za-z/][^<>]*>", "", text)
    text = re.sub(r"(?<!\w)_{1,2}(?=\S)|(?<=\S)_{1,2}(?!\w)|\*+|`+|\$", "", text)
    text = re.sub(r"\\(?=[^\w\s])", "", text)
    text = re.sub(f"{INLINE}(\\d+){INLINE}", lambda match: code[int(match[1])], html.unescape(text))
    return " ".join(text.split())


def _closed_up(text: str) -> str:
    """Leave one blank line of several, those in fences excepted."""
    found, position = "", 0
    for passage in passages(text):
        if passage.kind == "fence":
            found += re.sub(r"\n{3,}", "\n\n", text[position : passage.start])
            found += text[passage.start : passage.end]
            position = passage.end
    return found + re.sub(r"\n{3,}", "\n\n", text[position:])


def _without_markers(text: str) -> str:
    """Let no line of prose read as a cell's marker once it stands behind a `#`."""
    in_fence = [set(line) & {BLOCK} != set() for line in mask(text).split("\n")]
    lines = []
    for line, fenced in zip(text.split("\n"), in_fence, strict=True):
        if _MARKER_LIKE.match(line):
            if fenced:
                line = f"# {line}"
            elif line.lstrip().startswith("%%"):
                line = line.replace("%", "&#37;", 1)
            else:
                line = line.replace("[", "\\[", 1).replace("<codecell>", "&lt;codecell>", 1)
        lines.append(line)
    return "\n".join(lines)


# Fences


def with_sound_fences(text: str) -> str:
    """Close each fence, at the indentation at which it opens, with more ticks than stand inside."""
    found: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        indent = len(lines[at]) - len(lines[at].lstrip(" "))
        match = _FENCE.fullmatch(lines[at].strip())
        if not match:
            found.append(lines[at])
            at += 1
            continue
        closing = re.compile(rf" *{re.escape(match['marker'])}{match['marker'][0]}* *")
        ends = next(
            (each for each in range(at + 1, len(lines)) if closing.fullmatch(lines[each])),
            len(lines),
        )
        inner = indent + len(match["item"] or "")
        inside = [
            each[inner:] if each[:inner].isspace() or not inner else each.lstrip()
            for each in lines[at + 1 : ends]
        ]
        longest = max((len(each) for each in re.findall("`+", "\n".join(inside))), default=0)
        ticks = "`" * max(3, longest + 1 if longest >= 3 else 3)
        word = _INFO.match(match["info"].strip())
        margin = " " * indent
        if found and found[-1].strip() and not match["item"]:
            found.append("")
        found.append(f"{margin}{ticks}{word['word'] if word else ''}")
        found += [f"{margin}{each}".rstrip() for each in inside]
        found.append(f"{margin}{ticks}")
        at = ends + 1
        if at < len(lines) and lines[at].strip():
            found.append("")
    return "\n".join(found)


def _pre_as_fence(match: re.Match[str]) -> str:
    """Return preformatted text as a fence, whose blank lines and indentation every reader keeps."""
    inside = html.unescape(re.sub(r"</?[A-Za-z][^<>]*>", "", match["inside"])).strip("\n")
    return "\n" + textwrap.indent(fence(inside, "text"), match["margin"]) + "\n"


def _with_formulas_joined(text: str) -> str:
    """Take blank lines out of displayed formulas, which end at one here, and numbers, which pages do not have."""

    def join(match: re.Match[str]) -> str:
        return re.sub(r"\n[ >]*(?=\n)", "", match[0])

    text = replace_outside(_DISPLAY, join, text)
    # Jupyter reads these delimiters behind two backslashes.
    text = replace_outside(_IN_BRACKETS, lambda match: f"$${match[1]}$$", text)
    text = replace_outside(_IN_PARENTHESES, lambda match: f"${match[1].strip()}$", text)
    text = _OPEN_COMMENT.sub("", text)
    for passage in reversed(passages(text)):
        if passage.kind == "maths":
            formula = _unnumbered(text[passage.start : passage.end])
            before, after = text[: passage.start], text[passage.end :]
            text = before + _on_its_own(formula, before, after) + after
    return text


def _on_its_own(formula: str, before: str, after: str) -> str:
    """Return a displayed formula as a paragraph, since nothing else is displayed; in a row or a heading, within it."""
    if not formula.startswith(("$$", "\\[", "\\begin")):
        return formula
    line = before.rpartition("\n")[2]
    if re.match(r" *[>#|]", line):
        return f"${formula.removeprefix('$$').removesuffix('$$').strip()}$"
    item = re.match(rf" *(?:{_ITEM.pattern})?", line)
    margin = " " * (len(item[0]) if item else 0)
    above = f"\n\n{margin}" if line.strip() else ""
    if not line.strip() and before.rstrip(" ").endswith("\n"):
        above = f"\n{line}"
    below = f"\n\n{margin}" if after.partition("\n")[0].strip() else "\n"
    return above + formula + below


def _unnumbered(formula: str) -> str:
    """Return a formula without numbers and the labels that refer to them: pages have none."""
    formula = re.sub(r"\\label\{[^{}]*\}|\\(?:nonumber|notag)\b", "", formula)
    formula = re.sub(r"\\(begin|end)\{(align|gather|eqnarray)\}", _starred, formula)
    if "eqnarray" in formula:
        formula = formula.replace("eqnarray*", "align*")
        formula = re.sub(r"&\s*([^&\\]*?)\s*&", r"&\1 ", formula)
    formula = re.sub(r"\n\s*\n", "\n", formula)
    delimiter = "" if formula.startswith(("$", "\\[", "\\(")) else "$$"
    return re.sub(r"\\(?:begin|end)\{equation\*?\}", lambda match: delimiter, formula)


def _starred(match: re.Match[str]) -> str:
    return f"\\{match[1]}{{{match[2]}*}}"


# Badges and images


def _without_badges(text: str) -> str:
    """Take out the tables and lines of buttons that lead to the notebook elsewhere."""

    def unless_badges(match: re.Match[str]) -> str:
        said = " ".join(re.sub(r"<[^<>]*>", " ", match[0]).split())
        rest = _BADGE_WORDS.sub("", said)
        has_link = re.search(rf"href\s*=\s*[\"']?(?:{_BADGE_HOSTS}|https?://)", match[0])
        return "" if has_link and _BADGE_WORDS.search(said) and not rest.strip(" |•·") else match[0]

    text = replace_outside(
        re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE), unless_badges, text
    )
    paragraphs = re.split(r"(\n[ ]*\n)", text)
    return "".join("" if _is_badges(each) else each for each in paragraphs)


def _is_badges(paragraph: str) -> bool:
    """Say whether a paragraph is nothing but links to the notebook elsewhere, with or without their pictures."""
    if not re.search(rf"{_BADGE_HOSTS}|https?://github\.com|shields\.io", paragraph):
        return False
    rest = re.sub(r"\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?", "", paragraph)
    rest = re.sub(r"\[([^\[\]]*)\]\([^)]*\)", r"\1", rest)
    rest = re.sub(r"<[^<>]*>", " ", rest)
    rest = re.sub(r"^\|?[ :|-]+\|?$", "", rest, flags=re.MULTILINE)
    return not _BADGE_WORDS.sub("", rest).strip(" \n*_|•·→-")


def _flattened(text: str, notes: Notes) -> str:
    """Take out what no page may hold, and what frames images: Markdown inside HTML would be shown raw."""

    def refused(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in ("style", "script"):
            return notes.mark(
                f"<{name}> is taken out", "say with words what it was for, if anything"
            )
        address = _attributes(match[0]).get("src") or _attributes(match[0]).get("data") or ""
        shown = f" of {address}" if address else ""
        return notes.mark(
            f"<{name}>{shown} is taken out: a page loads nothing from elsewhere",
            "link to it, [what it is](address), or say what it shows",
        )

    def unframed(match: re.Match[str]) -> str:
        if not _IMG.search(match[0]):
            return match[0]
        return re.sub(r"^ +", "", _FRAME_TAG.sub("\n\n", match[0]), flags=re.MULTILINE)

    def unboxed(match: re.Match[str]) -> str:
        return f"\n\n{textwrap.dedent(match['inside'])}\n\n"

    text = replace_outside(_REFUSED, refused, text)
    for _ in range(4):  # as deep as people nest them
        text = replace_outside(_FRAMED, unframed, text)
        text = replace_outside(_BOX, unboxed, text)
    return text


def _attributes(tag: str) -> dict[str, str]:
    return {
        match["name"].lower(): html.unescape(
            match["double"] or match["single"] or match["bare"] or ""
        )
        for match in _ATTRIBUTE.finditer(tag)
    }


def _with_images(
    text: str, notes: Notes, images: Images, attachments: Mapping[str, Mapping[str, str]]
) -> str:
    def in_markdown(match: re.Match[str]) -> str:
        given = _attributes(match["rest"])
        words = " ".join((given.get("alt") or given.get("title") or "").split())
        target = given.get("src", "")
        words = re.sub(r"[\[\]]", "", words)
        return (
            f"![{words}](<{target}>)" if re.search(r"[\s()]", target) else f"![{words}]({target})"
        )

    def linked(match: re.Match[str]) -> str:
        if _BADGE_IMAGE.search(match["target"]) or re.match(_BADGE_HOSTS, match["address"]):
            return ""
        image = _kept(match, notes, images, attachments)
        if image.startswith("!"):
            return image
        return f"{image}[{match['text'] or 'picture'}]({match['address']})"

    def alone(match: re.Match[str]) -> str:
        if _BADGE_IMAGE.search(match["target"]):
            return ""
        return _kept(match, notes, images, attachments)

    def linked_in_html(match: re.Match[str]) -> str:
        image = _IMG.sub(in_markdown, match["image"])
        return f"[{image}]({_attributes(match['rest']).get('href', '')})"

    text = replace_outside(_LINKED_IMG, linked_in_html, text)
    text = replace_outside(_IMG, in_markdown, text)
    return replace_outside(_IMAGE, alone, replace_outside(_LINKED_IMAGE, linked, text))


def _kept(
    match: re.Match[str],
    notes: Notes,
    images: Images,
    attachments: Mapping[str, Mapping[str, str]],
) -> str:
    """Return an image as it stands in the tutorial, or the note that it is left out."""
    text, target = match["text"], match["target"].strip("<>")
    words = f" (its text: {text})" if text.strip() else ""
    if ELSEWHERE.match(target) and not target.startswith(("attachment:", "data:")):
        return notes.mark(
            f"the image {target} is taken out: a page loads nothing from elsewhere{words}",
            "save it beside the tutorial if its licence allows it, and write ![what it shows](file); "
            "or draw the figure in a cell",
        )
    try:
        if target.startswith("attachment:"):
            name = unquote(target.removeprefix("attachment:"))
            kinds = attachments.get(name, {})
            content = _decoded(next((kinds[each] for each in kinds if each in MEDIA), ""))
        elif inline := re.match(r"data:image/[\w+.-]+;base64,", target):
            name, content = "inline", _decoded(target[inline.end() :])
        elif target.startswith("data:"):
            name, content = "inline", b""
        else:
            name = unquote(target.partition("?")[0].partition("#")[0])
            beside = images.read(name)
            if beside is None:
                return f"![{text}]({target.replace(' ', '%20')})"  # said where links are checked
            content = beside
        return f"![{text}]({images.keep(content, name)})"
    except ImageRefused as refused:
        shown = target if len(target) < 80 else f"{target[:60]}…"
        return notes.mark(
            f"the image {shown} is taken out: {refused}{words}",
            "save it as PNG, WebP or SVG beside the tutorial and write ![what it shows](file)",
        )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except (binascii.Error, ValueError):
        return b""


# HTML


def _with_sound_tags(text: str) -> str:
    """Keep the elements that prose may hold, closed and nested; of the others keep what stands inside."""
    plain = mask(text)
    edits: list[tuple[int, int, str]] = []
    opened: list[re.Match[str]] = []
    drawing_depth = 0
    for match in re.finditer(r"<(?=[A-Za-z/!?])", plain):
        if edits and match.start() < edits[-1][1]:
            continue
        tag = _TAG.match(plain, match.start())
        if re.compile(r"<(?:[A-Za-z][\w+.-]+:[^\s<>]*|[\w.+-]+@[\w.-]+)>").match(
            plain, match.start()
        ):
            continue
        if not tag:
            edits.append((match.start(), match.start() + 1, "&lt;"))
            continue
        name = tag["name"].lower()
        drawing_depth += {"": 1, "/": -1}[tag["close"]] if name in ("svg", "math") else 0
        if drawing_depth or name in ("svg", "math") or name in ("br", "hr", "wbr", "col"):
            continue
        level = re.fullmatch("h([1-6])", name)
        if level:
            edits.append(
                (tag.start(), tag.end(), "\n\n" if tag["close"] else f"\n\n{'#' * int(level[1])} ")
            )
        elif name in ("div", "p", "center", "section"):
            edits.append((tag.start(), tag.end(), "\n\n"))
        elif not _may_stand(name):
            words = html.escape(tag[0], quote=False).replace(">", "&gt;")
            is_word = not tag["rest"] and not tag["close"] and f"</{name}" not in plain.lower()
            edits.append((tag.start(), tag.end(), words if is_word else ""))
        elif tag["alone"]:
            edits.append((tag.start(), tag.end(), ""))
        elif not tag["close"]:
            while opened and opened[-1]["name"].lower() in _ENDED_BY.get(name, ()):
                edits.append((tag.start(), tag.start(), f"</{opened.pop()['name']}>"))
            opened.append(tag)
        elif not any(each["name"].lower() == name for each in opened):
            edits.append((tag.start(), tag.end(), ""))
        else:
            while opened[-1]["name"].lower() != name:
                lost = opened.pop()
                if lost["name"].lower() in _ENDED_BY:
                    edits.append((tag.start(), tag.start(), f"</{lost['name']}>"))
                else:
                    edits.append((lost.start(), lost.end(), ""))
            start = opened.pop()
            is_raw = any(each["name"].lower() in _RAW_INSIDE for each in opened)
            edits += _of_element(start, tag, plain, text, is_raw=is_raw)
    edits += [(lost.start(), lost.end(), "") for lost in opened]
    # Of several at one place the one that was found first stands first.
    places = [(first, last, at) for at, (first, last, _) in enumerate(edits)]
    for first, last, at in sorted(places, reverse=True):
        replacement = edits[at][2]
        text = text[:first] + replacement + text[last:]
    return text


def _of_element(
    start: re.Match[str], end: re.Match[str], plain: str, text: str, *, is_raw: bool
) -> list[tuple[int, int, str]]:
    """Return what makes an element of its tags: links in Markdown, Markdown read inside what holds it.

    Args:
        is_raw: it stands in an element in which no Markdown is read; what is there leads elsewhere by HTML.
    """
    name = start["name"].lower()
    address = _attributes(text[start.start() : start.end()]).get("href")
    inside = plain[start.end() : end.start()]
    if name == "a" and address is not None and not re.search(r"\n[> ]*\n", inside):
        if is_raw and re.match(r"[A-Za-z][\w+.-]*:|#", address):
            return []
        target = re.sub(r"[\s()<>\"$`]", _quoted, address)
        return [(start.start(), start.end(), "["), (end.start(), end.end(), f"]({target})")]
    if name in ("blockquote", "details", "figure") and re.search(r"\n[> ]*\n", inside):
        rest = start["rest"]
        if "markdown" not in rest:
            return [(start.start(), start.end(), f'<{start["name"]}{rest} markdown="1">')]
    return []


def _quoted(match: re.Match[str]) -> str:
    return quote(match[0])


def _may_stand(name: str) -> bool:
    return not any(problems(f"<{name}></{name}>"))


# Lines


def _laid_out(text: str, deeper: int) -> str:
    """Write headings, lists, rules and code so that both readers see the same."""
    plain = mask(text).split("\n")
    lines = text.split("\n")
    fences = {
        text.count("\n", 0, each.start): text.count("\n", 0, each.end)
        for each in passages(text)
        if each.kind == "fence"
    }
    found: list[str] = []
    inner: list[int] = []  # where the text of each open list item begins
    shift = 0  # how far the last item moved
    after_blank, at = True, 0
    in_item = False  # the lines since the last blank one belong to an item's beginning
    while at < len(lines):
        line, hidden = lines[at], plain[at]
        bare = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        begins = hidden.strip()[:1]
        at += 1
        if not bare or not BOOKMARK.sub("", bare):
            found.append(bare)
            after_blank = True
            continue
        if at - 1 in fences:
            inner = _still_open(inner, indent)
            margin = " " * (4 * len(inner))
            ends = fences[at - 1] + 1
            found += [f"{margin}{each[indent:]}".rstrip() for each in lines[at - 1 : ends]]
            at, after_blank = ends, False
            continue
        item = None if begins in (INLINE, VALUE) or _RULE.fullmatch(bare) else _ITEM.match(bare)
        if item:
            is_interruption = not after_blank and not inner
            inner = _still_open(inner, indent)
            means_one = item["mark"] in ("-", "*", "+", "1.", "1)")
            if is_interruption and not means_one and not found[-1].rstrip().endswith(":"):
                found.append(line.lstrip())  # a sentence's number at a line's start
                continue
            below_words = not after_blank and not in_item
            if below_words or (not after_blank and found and _HEADING.match(found[-1])):
                found.append("")
            in_item = True
            mark = item["mark"].replace(")", ".")
            words = re.sub(r"^#(?!#)", r"\\#", bare[item.end() :])
            found.append(f"{' ' * (4 * len(inner))}{mark} {words}")
            # By CommonMark a list inside begins where the item's text does; two blanks are what people mean.
            shift = 4 * len(inner) - indent
            inner.append(indent + 2)
            after_blank = False
            continue
        in_item = in_item and not after_blank
        heading = None if begins in (INLINE, VALUE) else _HEADING.fullmatch(bare)
        if heading:
            inner = _still_open(inner, indent)
        if heading and not inner:
            level = min(6, max(2, len(heading["marks"]) + deeper))
            words = re.sub(r"\s+#+$", "", heading["text"]).strip()
            if words:
                found += ["", f"{'#' * level} {words}", ""]
            after_blank = True
            continue
        underline = None if begins == INLINE else re.fullmatch(r"=+|-+", bare)
        if underline and not after_blank and not inner and found[-1].strip():
            is_alone = len(found) < 2 or not found[-2].strip()
            if is_alone and not _TABLE_RULE.fullmatch(found[-1]) and "|" not in found[-1]:
                level = min(6, max(2, (1 if bare[0] == "=" else 2) + deeper))
                found[-1:] = [f"{'#' * level} {found[-1].strip()}", ""]
            elif bare[0] == "-" and len(bare) > 2:
                found += ["", bare, ""]
            after_blank = True
            continue
        if underline and bare[0] == "=":
            continue
        if alert := _ALERT.fullmatch(bare):
            kind = alert["kind"].lower()
            found += ["", f'!!! {_ALERTS.get(kind, kind)} "{kind.capitalize()}"', ""]
            if alert["rest"]:
                found.append(f"    {alert['rest']}")
            while at < len(lines) and lines[at].lstrip().startswith(">"):
                found.append(f"    {lines[at].lstrip()[1:].strip()}".rstrip())
                at += 1
            found.append("")
            after_blank, inner = True, []
            continue
        if _HOLDS_INDENTED.match(line):
            found.append(line.rstrip())
            while at < len(lines) and (not lines[at].strip() or lines[at].startswith("    ")):
                found.append(lines[at].rstrip())
                at += 1
            after_blank, inner = not found[-1], []
            continue
        if bare.startswith(":::"):
            after_blank = True
            found.append("")
            continue
        if inner and after_blank:
            inner = _still_open(inner, indent)
        if not inner and indent >= 4 and after_blank:
            last = at
            while last < len(lines) and (not lines[last].strip() or lines[last].startswith("    ")):
                last += 1
            block = [each[4:] for each in lines[at - 1 : last]]
            found += ["", "```text", *"\n".join(block).rstrip().split("\n"), "```", ""]
            at, after_blank = last, True
            continue
        is_table = at < len(lines) and "|" in bare and _TABLE_RULE.fullmatch(lines[at].strip())
        if is_table and not after_blank:
            found.append("")
        quoted = re.sub(r"^((?:> ?)+)#(?!#)\s*", r"\1## ", bare) if bare.startswith(">") else bare
        if quoted.startswith(">") and not after_blank and _begins_a_list(found, quoted):
            found.append(re.match(r"(?:> ?)+", quoted)[0].rstrip())  # type: ignore[index]
        # A line that goes on keeps its place below the item's first.
        before = max(0, indent + shift) if inner and not after_blank else 4 * len(inner)
        found.append(" " * before + quoted + ("  " if line.endswith("  ") else ""))
        after_blank = False
    return _with_sound_words("\n".join(found))


def _begins_a_list(above: list[str], line: str) -> bool:
    """Say whether a list begins in a quotation right below words, where only Jupyter sees it."""
    item = _ITEM.match(_QUOTED.sub("", line))
    if not item or item["mark"] not in ("-", "*", "+", "1.", "1)"):
        return False
    words = [_QUOTED.sub("", each) for each in above]
    since = next((at for at, each in enumerate(reversed(words)) if not each.strip()), len(words))
    paragraph = words[len(words) - since :]
    is_list = any(map(_ITEM.match, paragraph))
    return bool(paragraph) and not is_list and not paragraph[-1].startswith("#")


def _still_open(inner: list[int], indent: int) -> list[int]:
    """Return the list items to which a line of this indentation belongs."""
    return [each for each in inner if indent >= each]


def _with_sound_words(text: str) -> str:
    struck = re.compile(r"~~(?=\S)((?:(?!\n *\n).)+?)(?<=\S)~~", re.DOTALL)
    text = replace_outside(struck, lambda match: f"<del>{match[1]}</del>", text)
    text = replace_outside(re.compile("~~"), lambda match: "&#126;&#126;", text)
    return replace_outside(
        re.compile(r"(?<!\\)(?:\\\\)*\\\n"), lambda match: f"{match[0][:-2]}<br>\n", text
    )


# What is still wrong


def _with_links_read_alike(text: str) -> str:
    """Write links as the site and Jupyter both read them; what is no link for Jupyter stays text."""
    for span in reversed(link_spans(text)):
        if span.title.startswith("("):
            title = span.title[1:-1].replace('"', "&quot;")
            text = f'{text[: span.target_end]} "{title}"{text[span.end - 1 :]}'
    for start in sorted(unread_links(text), reverse=True):
        text = f"{text[:start]}\\{text[start:]}"
    return text


def _repaired(text: str, notes: Notes) -> str:
    """Repair what the engine still refuses, where it does; show as text what cannot be."""
    left = list(problems(text))
    while left:
        first = left[0]
        for repair in (
            partial(_line_escaped, notes, first.message),
            partial(_paragraph_as_text, notes, first.message),
        ):
            candidate = repair(text, first.line)
            still = list(problems(candidate))
            if len(still) < len(left):
                text, left = candidate, still
                break
        else:
            mark = notes.mark(
                f"this cell is shown as text: {first.message}",
                f"write it anew as prose: {first.remedy}",
            )
            return f"{mark}\n\n{fence(text, 'text')}"
    return text


def _line_escaped(notes: Notes, message: str, text: str, number: int) -> str:
    """Let the characters of a line that may begin something stand for themselves; tags that show as text are said."""
    plain, lines = mask(text).split("\n"), text.split("\n")
    at = number - 1
    shown = []
    for character, seen in zip(lines[at], plain[at], strict=True):
        if seen in (VALUE, INLINE, BLOCK) or character not in "`<$":
            shown.append(character)
        else:
            shown.append({"<": "&lt;"}.get(character, f"\\{character}"))
    if re.search(r"<[A-Za-z/]", plain[at]):
        shown.append(
            notes.mark(
                f"the tags of this line are shown as text: {message}",
                "say it in Markdown, and delete the tags",
            )
        )
    lines[at] = "".join(shown)
    return "\n".join(lines)


def _paragraph_as_text(notes: Notes, message: str, text: str, number: int) -> str:
    lines = text.split("\n")
    start = end = number - 1
    while start > 0 and lines[start - 1].strip():
        start -= 1
    while end + 1 < len(lines) and lines[end + 1].strip():
        end += 1
    if any(each.kind == "fence" for each in passages("\n".join(lines[start : end + 1]))):
        return text
    mark = notes.mark(
        f"this passage is shown as text: {message}",
        "write it anew as prose, and take the fence away",
    )
    block = fence("\n".join(lines[start : end + 1]), "text")
    return "\n".join([*lines[:start], mark, "", block, "", *lines[end + 1 :]])
