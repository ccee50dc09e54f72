"""Outputs that are more than text: which form of one is shown, and what keeps one from the page.

A page is read without its author: nothing in an output may fetch, run, or reach past its own box.
"""

from __future__ import annotations

import base64
import binascii
import functools
import html
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from PIL import Image, UnidentifiedImageError
from selectolax.lexbor import LexborHTMLParser, LexborNode

from .documents import Document, Output
from .kernel import DARK
from .markup import render
from .maths import mathml
from .reading import visible_text

# Figures wider than this many CSS pixels would be illegible if a phone shrank them; there they scroll.
WIDE = 560
SCOPE = "@scope{"
PICTURES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
SVG = "image/svg+xml"
# The richest form first. A further one has limits in `plan` and `kernel_output`, and is checked in `validity`. A figure of ours also has a text, another library's picture may have HTML.
_FORMS = ("text/html", "text/markdown", "text/latex", SVG, *PICTURES)
_HIDDEN = "application/x-tutorial-"

_RUNS = ("script", "iframe", "object", "embed", "frame", "frameset", "portal", "template")
_OF_THE_PAGE = ("base", "link", "meta", "h1", "plaintext", "xmp", "noscript", "noembed", "noframes")
# Attributes that hold an address which is followed when a reader asks, or words.
_HARMLESS = (
    *("alt", "title", "cite", "aria-label", "aria-description", "summary", "value", "placeholder"),
    *("label", "abbr", "resource", "about"),  # the last two name what a drawing is, in RDF
)
_REFERENCES = (
    *("for", "list", "form", "headers", "aria-labelledby", "aria-describedby", "aria-controls"),
    *("aria-owns", "aria-details", "aria-flowto"),
)
_URL = re.compile(r"url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)]*))\s*\)", re.IGNORECASE)
_FOREIGN = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\\\\)", re.IGNORECASE)


class OutputError(ValueError):
    """An output that a page cannot show: `str(error)` is why, `remedy` what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(message)


@dataclass(frozen=True)
class Picture:
    """A picture that a page shows as a file. `width` and `height` are CSS pixels, 0 where unknown."""

    content: bytes
    extension: str
    alt: str
    width: int
    height: int
    dark: bytes | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """Its class and size, as HTML writes them."""
        found = {"class": "figure wide" if self.width > WIDE else "figure"}
        if self.width and self.height:
            found |= {"width": str(self.width), "height": str(self.height)}
        return found


def is_picture(output: Output) -> bool:
    """Say whether an output is shown as a file beside the page."""
    return "data" in output and form_of(output) in (*PICTURES, SVG)


def form_of(output: Output) -> str:
    """Return the MIME type under which an output's value is shown.

    Raises:
        OutputError: it has no form that a page can show.
    """
    data = output["data"]
    if DARK in data:
        return "image/png"
    for mime in _FORMS:
        if mime in data:
            return mime
    unknown = sorted(mime for mime in data if mime != "text/plain" and not mime.startswith(_HIDDEN))
    if unknown:
        raise OutputError(
            f"an output of the kind {', '.join(unknown)}, which a page cannot show",
            "show a table, a matplotlib figure, a picture, SVG, Markdown or text instead",
        )
    return "text/plain"


def checked_output(output: Output, *, figure_limit: int) -> Output:
    """Return an output with the one form of its value that is shown, and its plain text.

    Args:
        figure_limit: bytes that a picture may have.

    Raises:
        OutputError: the page cannot show it.
    """
    if "data" not in output:
        return output
    form = form_of(output)
    if is_picture(output):
        shown = picture(output)
        for content in filter(None, (shown.content, shown.dark)):
            if len(content) > figure_limit:
                raise OutputError(
                    f"a figure of {len(content) / 1e6:.1f} MB; the limit is {figure_limit / 1e6:.1f} MB",
                    "draw fewer points or pixels, or raise figure_limit in pyproject.toml, "
                    "[tool.tutorial_engine]",
                )
    elif form != "text/plain":
        walled(output, "check")
    kept = (form, DARK, "text/plain") if form == "image/png" else (form, "text/plain")
    return {
        **output,
        "data": {mime: output["data"][mime] for mime in kept if mime in output["data"]},
    }


def picture(output: Output) -> Picture:
    """Return the picture that an output shows.

    Raises:
        OutputError: it does not read as a picture.
    """
    form = form_of(output)
    asked = output.get("metadata", {}).get(form, {})
    alt = str(asked.get("alt") or output.get("metadata", {}).get("alt") or "")
    if form == SVG:
        return _drawing(output["data"][SVG], alt, asked)
    try:
        content = base64.b64decode(output["data"][form])
        with Image.open(io.BytesIO(content)) as image:
            size = image.size
    except (
        *(binascii.Error, UnidentifiedImageError, Image.DecompressionBombError),
        *(OSError, ValueError),
    ) as error:
        raise OutputError(
            f"a figure that does not read as {form}: {error}", "correct how it is made"
        ) from None
    dark = output["data"].get(DARK)
    if dark is not None:  # ours: drawn at twice its shown size
        size = (size[0] // 2, size[1] // 2)
    width, height = _asked_size(size, asked)
    return Picture(
        content,
        PICTURES[form],
        alt,
        width,
        height,
        None if dark is None else base64.b64decode(dark),
    )


def text_problem(output: Output) -> tuple[str, str] | None:
    """Return (message, remedy) of a picture that says nothing of what it shows, None for one that does."""
    if picture(output).alt.strip():
        return None
    if form_of(output) == SVG:
        remedy = (
            "put a <title> first in it that says what it shows, or write "
            f'display(SVG(…), metadata={{"{SVG}": {{"alt": "…"}}}})'
        )
        return "an SVG without a text", remedy
    return "a figure without alt text", _remedy_for_text(output)


def _remedy_for_text(output: Output) -> str:
    said = output["data"].get("text/plain", "")
    sentence = "a sentence that says what the figure shows, written from the data it draws"
    if DARK in output["data"] or "<Figure" in said:
        return f"set figure.alt, or plt.gcf().alt before plt.show(), to {sentence}"
    if "IPython.core.display.Image" in said:
        return f'write Image(…, alt="…") with {sentence}'
    form = form_of(output)
    return f'write display(image, metadata={{"{form}": {{"alt": "…"}}}}) with {sentence}'


def _asked_size(size: tuple[int, int], asked: Document) -> tuple[int, int]:
    width, height = (_pixels(asked.get(side)) for side in ("width", "height"))
    if width and not height and size[0]:
        height = round(size[1] * width / size[0])
    elif height and not width and size[1]:
        width = round(size[0] * height / size[1])
    return (width, height) if width and height else size


def _pixels(length: object) -> int:
    """Return a length in CSS pixels, 0 for none and for one that depends on what stands around it."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)(px|pt|in|cm|mm)?\s*", str(length))
    each = {None: 1, "px": 1, "pt": 4 / 3, "in": 96, "cm": 96 / 2.54, "mm": 9.6 / 2.54}
    return round(float(match[1]) * each[match[2]]) if match else 0


def _drawing(text: str, alt: str, asked: Document) -> Picture:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise OutputError(f"an SVG that does not read as XML: {error}", "close its tags") from None
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    title = next((child for child in root if child.tag.rpartition("}")[2] == "title"), None)
    alt = alt or " ".join("".join(title.itertext()).split() if title is not None else ())
    if forbidden := [name for name in names if name in (*_RUNS, "foreignObject")]:
        raise _refused_element(forbidden[0])
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        _check_attributes(name, attributes)
        if name == "style":
            _check_style(element.text or "")
    if "<?xml-stylesheet" in text:
        raise _refused_element("?xml-stylesheet")
    if not root.tag.startswith("{"):
        text = re.sub(r"<svg\b", '<svg xmlns="http://www.w3.org/2000/svg"', text, count=1)
    box = [float(number) for number in re.findall(r"-?[\d.]+", root.get("viewBox", ""))]
    own = {side: root.get(side) for side in ("width", "height")}
    width, height = _asked_size(
        (round(box[2]), round(box[3])) if len(box) == 4 else (0, 0),
        own if _pixels(own["width"]) or _pixels(own["height"]) else {},
    )
    width, height = _asked_size((width, height), asked)
    return Picture(text.encode(), "svg", alt, width, height)


def walled(output: Output, prefix: str) -> str:
    """Return an output's HTML on one line, balanced, with ids of its own: nothing in it reaches out.

    Args:
        prefix: begins the ids, so that two outputs of a page share none.

    Raises:
        OutputError: it would fetch or run something, or does not stay in its box.
    """
    form = form_of(output)
    return _walled(form, output["data"][form], prefix)


@functools.lru_cache(maxsize=256)
def _walled(form: str, text: str, prefix: str) -> str:
    if form == "text/html":
        content = text
    elif form == "text/markdown":
        content = _or_refused(render, text)
    else:
        content = _or_refused(_latex, text)
    document = LexborHTMLParser(content, is_fragment=True)
    nodes = document.css("*")
    names: dict[str, str] = {}
    for node in nodes:
        _check_attributes(node.tag or "", node.attributes)
        if node.tag in _RUNS or node.tag in _OF_THE_PAGE:
            raise _refused_element(node.tag)
        if identifier := node.attributes.get("id"):
            names.setdefault(identifier, f"{prefix}-{len(names) + 1}")
        if node.tag == "style":
            _check_style(node.text())
    for node in nodes:
        _rename(node, names)
    shown = re.sub(
        r"(<style[^>]*>)(.*?)(</style>)",
        lambda style: style[1] + _scoped(style[2], names) + style[3],
        re.sub(r"<!--.*?-->", "", document.html or "", flags=re.DOTALL),
        flags=re.DOTALL,
    )
    # A blank line would end it for Markdown, and a tab would become blanks.
    shown = shown.strip().replace("\n", "&#10;").replace("\t", "&#9;")
    _check_wall(shown)
    return shown


def _or_refused(convert: Callable[[str], str], text: str) -> str:
    try:
        return convert(text)
    except ValueError as error:
        raise OutputError(str(error), "write it in TeX that the converter knows") from None


def _latex(text: str) -> str:
    """Return the MathML of a `text/latex` output, whose delimiters say how it is displayed."""
    delimiters = (
        (r"\s*\$\$(.*)\$\$\s*", "block"),
        (r"\s*\\\[(.*)\\\]\s*", "block"),
        (r"\s*\$(?:\\displaystyle)?(.*)\$\s*", "block"),  # how IPython and SymPy send a formula
        (r"\s*\\\((.*)\\\)\s*", "inline"),
        (r"\s*(\\begin\{.*\})\s*", "block"),
    )
    for pattern, display in delimiters:
        if match := re.fullmatch(pattern, text, re.DOTALL):
            tex = re.sub(r"\\(begin|end)\{equation\*?\}", "", match[1])
            if "$" in tex:
                break
            try:
                return mathml(tex, display)
            except ValueError as error:
                raise ValueError(f"the formula {tex.strip()} cannot be shown: {error}") from None
    raise ValueError(
        f"LaTeX beyond one formula cannot be shown: {text.strip()[:80]} (show Markdown instead)"
    )


def _refused_element(name: str) -> OutputError:
    if name == "script":
        return OutputError(
            "an output with a script: what it draws in a reader's browser is not what ran here",
            "show it as text with print(…), as a table or as a matplotlib figure",
        )
    if name == "h1":
        return OutputError(
            "an output with a first-level heading; the page has its own",
            "begin its headings at the third level",
        )
    return OutputError(
        f"an output with <{name}>, which reaches out of its box",
        "show what it would show as a table, a picture or text",
    )


def _check_attributes(tag: str, attributes: Mapping[str, str | None]) -> None:
    for name, value in attributes.items():
        # A browser reads an address without the blanks and controls that stand in it.
        plain = re.sub(r"[\x00-\x20]", "", value or "").lower()
        if name.startswith("on") or plain.startswith(("javascript:", "vbscript:")):
            raise _refused_element("script")
        address = name.rpartition(":")[2] == "href"
        link = address and tag in ("a", "area")
        if not value or link or name in _HARMLESS or name.startswith(("data-", "xmlns")):
            continue
        if "srcset" in name or (name.lower() == "attributename" and "href" in value):
            raise OutputError(
                f"an output whose {name} fetches pictures by turns", "give it one picture in src"
            )
        if name == "style":
            _check_style(value)
        elif address or name in ("src", "poster", "background"):
            _check_address(value)
        else:
            for match in _URL.finditer(value):
                _check_address("".join(filter(None, match.groups())))
            if re.match(r"\s*(?:https?:|//)", value, re.IGNORECASE):
                raise _foreign(value)


def _check_address(address: str) -> None:
    address = address.strip()
    if address.startswith("#") or address.lower().startswith("data:"):
        return
    if _FOREIGN.match(address):
        raise _foreign(address)
    raise OutputError(
        f"an output that needs a file beside the page: {address[:80]}",
        "put the picture itself into the output: Image(data, alt=…), or a data: address",
    )


def _foreign(address: str) -> OutputError:
    return OutputError(
        f"an output that fetches from elsewhere: {address.strip()[:80]}",
        "put what it needs into the output itself; a link that a reader follows may stay",
    )


def _check_style(css: str) -> None:
    """Refuse a style that fetches, or whose brackets would end what it is put into."""
    plain = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    plain = re.sub(r"\\([0-9a-fA-F]{1,6})\s?", lambda match: _character(match[1]), plain)
    plain = re.sub(r"\\(.)", r"\1", plain)
    for match in _URL.finditer(plain):
        _check_address("".join(filter(None, match.groups())))
    plain = _URL.sub("", plain)
    if address := re.search(r"@import|image-set|(?:https?:)?//[\w.]", plain, re.IGNORECASE):
        raise _foreign(plain[address.start() :])
    depth = 0
    for bracket in re.findall(r"[{}]", re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "", plain)):
        depth += 1 if bracket == "{" else -1
        if depth < 0:
            break
    if depth or "/*" in plain or "<" in plain:
        raise OutputError("an output with a style that does not end", "close its brackets")


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number < 0x110000 else ""


def _scoped(css: str, names: dict[str, str]) -> str:
    """Return a style that holds in its own output alone: `@scope` begins at the parent element."""
    for old, new in names.items():
        css = re.sub(rf"#{re.escape(old)}(?![\w-])", f"#{new}", css)
    return SCOPE + " ".join(css.split()) + "}"


def _rename(node: LexborNode, names: dict[str, str]) -> None:
    for name, value in node.attributes.items():
        if name.startswith("data-md-"):  # the theme's script would take it for its own
            del node.attrs[name]
        if not value:
            continue
        if name == "id":
            node.attrs["id"] = names[value]
        elif name in _REFERENCES:
            node.attrs[name] = " ".join(names.get(each, each) for each in value.split())
        elif name in ("href", "xlink:href", "usemap") and value[1:] in names and value[0] == "#":
            node.attrs[name] = f"#{names[value[1:]]}"
        elif "url(" in value:
            node.attrs[name] = re.sub(
                r"url\(([\"']?)#([^\"')]+)\1\)",
                lambda match: f"url(#{names.get(match[2], match[2])})",
                value,
            )


def _check_wall(shown: str) -> None:
    """Insist that what follows the box is outside it, and that the box reads the same a second time."""
    document = LexborHTMLParser(f"<div>{shown}</div><p>after</p>", is_fragment=True)
    box = document.root
    after = box.next if box is not None else None
    if after is None or after.tag != "p" or after.next is not None:
        raise OutputError(
            "an output whose HTML does not stay in its box", "close its tags in order"
        )
    again = LexborHTMLParser(shown, is_fragment=True)
    if visible_text(again.html or "") != visible_text(shown):
        raise OutputError("an output whose HTML reads in two ways", "close its tags in order")


def for_record(output: Output, prefix: str) -> Output:
    """Return an output in the form in which a notebook's renderer shows what the page shows."""
    if "data" not in output:
        return output
    form = form_of(output)
    data = {mime: value for mime, value in output["data"].items() if not mime.startswith(_HIDDEN)}
    if form in ("text/html", "text/latex", "text/markdown"):
        data = {"text/html": walled(output, prefix), "text/plain": data.get("text/plain", "")}
    elif form == SVG:
        shown = picture(output)
        source = base64.b64encode(shown.content).decode()
        image = f'<img src="data:{SVG};base64,{source}" alt="{html.escape(shown.alt)}">'
        data = {"text/html": image, "text/plain": shown.alt}
    return {**output, "data": data}
