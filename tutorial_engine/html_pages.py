"""Changes to rendered HTML: links named, code and pages made lean, run records made light."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping

import minify_html
from selectolax.lexbor import LexborHTMLParser, LexborNode

from .markdown_extension import TWIN, dark_twin
from .maths import mathml
from .outputs import SCOPE

# A mark around every number, name, constant and blank is half a page's weight. Keywords, strings,
# comments and the names of new functions keep theirs, and so their colours; `import`, escapes and what is
# left of a string between two values do not.
_PLAIN_CODE = re.compile(
    r'<span class="(?:[nopw]|k[cn]|m[fi]|n[bn]|ow|s[aei])">([^<]*)</span>'
    r'|<span class="s[12]">([^<\w]{1,3})</span>'
)
# HTML knows a drawing by its tag, and what is not to be searched has been searched by then.
_UNREAD_ATTRIBUTE = re.compile(
    r"(<[a-z][^<>]*?) (?:xmlns=http://www\.w3\.org/2000/svg|data-search-exclude)(?=[ >])"
)
# The theme lays its navigation out in flexible boxes, where spaces at the edges of an entry do not show.
_SPACED_ENTRY = re.compile(r" ?(<span class=md-ellipsis>) ([^<]*) (</span>) ?")
_PERMALINK = re.compile(
    r'(<h[1-6]\b[^>]*>)((?:(?!</h[1-6]>).)*?)(<a class="headerlink")', re.DOTALL
)
_TAG = re.compile(r"<[^>]*>")
# What a notebook's text holds as TeX, which mkdocs-jupyter 0.27 marks, and what in it is no text.
_VERBATIM = re.compile(r"(<(pre|code|script|style)\b.*?</\2>)", re.DOTALL)
_TEX = re.compile(
    r"\$\$(?P<block>[^$<]+)\$\$|(?<![\\$\w])\$(?P<inline>[^$<\s](?:[^$<]*[^$<\s])?)\$(?![\d$])"
    r'|<div class="arithmatex">\\\[(?P<marked_block>[^<]+)\\\]</div>'
    r'|<span class="arithmatex">\\\((?P<marked_inline>[^<]+)\\\)</span>'
)
_DATA_IMAGE = re.compile(r"data:image/[\w+.-]+;base64,")


def named_permalinks(content: str) -> str:
    """Let the sign that links to a heading say, read aloud, to which."""

    def named(match: re.Match[str]) -> str:
        opening, inside, link = match.groups()
        words = " ".join(_TAG.sub("", inside).split()).replace('"', "&quot;")
        return f'{opening}{inside}{link} aria-label="Link to {words}"'

    return _PERMALINK.sub(named, content)


def lean_code(content: str) -> str:
    """Drop the marks of highlighted code that change nothing on the screen."""
    return _PLAIN_CODE.sub(r"\1\2", content).replace("<pre><span></span><code>", "<pre><code>")


def lean_page(page: str) -> str:
    """Drop what a page can leave out: indentation, quotes, closing tags that are implied, attributes that nobody reads."""
    lean = minify_html.minify(page, keep_html_and_head_opening_tags=True)
    return _SPACED_ENTRY.sub(r"\1\2\3", _UNREAD_ATTRIBUTE.sub(r"\1", lean))


def light_record(content: str, figures: Mapping[str, Mapping[str, str]], stylesheet: str) -> str:
    """Make a page that mkdocs-jupyter rendered small and free of other origins.

    Args:
        content: the rendered notebook.
        figures: SHA-256 of a picture's bytes -> its attributes, as `ShownOutputs` has them: text, size and
            class, which nbconvert does not print, and `src` as an address relative to the record.
        stylesheet: address of the shared style sheet relative to the record.
    """
    document = LexborHTMLParser(content, is_fragment=True)
    # Half a megabyte of JupyterLab's own, for widgets, menus and dialogs; an output keeps its style.
    for style in document.css("style"):
        if not style.text().startswith(SCOPE):
            style.decompose()
    # A cell is no place to stop at with the tab key; what scrolls in it is one.
    for cell in document.css(".jp-Cell-inputWrapper, .jp-OutputArea-output"):
        if "tabindex" in cell.attrs:
            del cell.attrs["tabindex"]
    # Its scripts draw nothing that we need: copy buttons are Material's, maths is not in it.
    for unneeded in ("script", "link", "clipboard-copy", ".clipboard-copy-txt"):
        for node in document.css(unneeded):
            node.decompose()
    for image in document.css("img"):
        source = image.attrs.get("src") or ""
        if not (inlined := _DATA_IMAGE.match(source)):
            continue
        digest = hashlib.sha256(base64.b64decode(source[inlined.end() :])).hexdigest()
        if digest in figures:
            image.replace_with(_figure(figures[digest]))
    head = f'<link rel="stylesheet" href="{stylesheet}">\n'
    return head + lean_code(document.html or "")


def _figure(attributes: Mapping[str, str]) -> LexborNode:
    """Return the picture of a run record with its dark twin, if it has one."""
    shown = dict(attributes)
    twin = shown.pop(TWIN, "")
    figure = f"<img{_written(shown)}>"
    if twin:
        source = f"<source{_written(dark_twin(shown['src'], twin))}>"
        figure = f"<picture>{source}{figure}</picture>"
    nodes = LexborHTMLParser(figure, is_fragment=True).css("picture, img")
    return nodes[0]


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())


def with_formulas(content: str) -> str:
    """Return a rendered notebook whose text shows the formulas that it holds as TeX."""

    def formula(match: re.Match[str]) -> str:
        name = match.lastgroup or ""
        display, dollars = ("block", "$$") if name.endswith("block") else ("inline", "$")
        try:
            return mathml(html.unescape(match[name]), display)
        except ValueError:  # no formula: two prices, say
            return f"{dollars}{match[name]}{dollars}"

    texts = _VERBATIM.split(content)
    # Of each three: text, what is verbatim, and the name of its element.
    texts[::3] = [_TEX.sub(formula, text) for text in texts[::3]]
    return "".join(text for position, text in enumerate(texts) if position % 3 < 2)
