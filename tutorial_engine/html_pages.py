"""Changes to rendered HTML: figures for two schemes, maths as MathML, run records made light."""

from __future__ import annotations

import base64
import hashlib
import html
import posixpath
import re

import minify_html
from bs4 import BeautifulSoup
from latex2mathml.converter import convert

from .publish import WIDE, png_size

_DARK_FIGURE = re.compile(r"<img\b[^>]*\bdata-dark=\"[^\"]+\"[^>]*>")
_ATTRIBUTE = re.compile(r"""([\w-]+)=("[^"]*"|'[^']*')""")
_MATHS = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)
# A mark around every number, name, constant and blank is half a page's weight. Keywords, strings,
# comments and the names of new functions keep theirs, and so their colours.
_PLAIN_CODE = re.compile(r'<span class="(?:[nopw]|kc|m[fi]|n[bn]|ow|s[ai])">([^<]*)</span>')
_DATA_IMAGE = "data:image/png;base64,"


def schemed_figures(content: str) -> str:
    """Give each figure with a dark twin a `<picture>` that fetches only the one that shows."""

    def picture(match: re.Match) -> str:
        attributes = dict(_ATTRIBUTE.findall(match[0]))
        folder = posixpath.dirname(attributes["src"][1:-1])
        dark = posixpath.join(folder, attributes.pop("data-dark")[1:-1])
        shown = " ".join(f"{name}={value}" for name, value in attributes.items())
        return (
            f'<picture><source srcset="{dark}" media="(prefers-color-scheme: dark)" '
            f"data-dark-figure><img {shown}></picture>"
        )

    return _DARK_FIGURE.sub(picture, content)


def lean_code(content: str) -> str:
    """Drop the marks of highlighted code that change nothing on the screen."""
    return _PLAIN_CODE.sub(r"\1", content).replace("<pre><span></span><code>", "<pre><code>")


def lean_page(page: str) -> str:
    """Drop what HTML lets a page leave out: indentation, quotes and closing tags that are implied."""
    return minify_html.minify(page, keep_html_and_head_opening_tags=True)


def maths(content: str) -> str:
    """Turn TeX that arithmatex marked into MathML, so that a page needs no script for it.

    Raises:
        ValueError: the TeX does not read; names it.
    """

    def mathml(match: re.Match) -> str:
        display = "block" if match["tag"] == "div" else "inline"
        tex = html.unescape(match["tex"])
        try:
            return convert(tex, display=display)
        except Exception as error:
            raise ValueError(
                f"not TeX that can be read: {tex} ({type(error).__name__})\n"
                "  What to do: close each brace and each \\left, and give each command its arguments"
            ) from None

    return _MATHS.sub(mathml, content)


def figure_texts(outputs: list[list[dict]]) -> dict[str, str]:
    """Return what a run's pictures show: SHA-256 of a picture's bytes -> its alternative text."""
    texts = {}
    for output in (each for cell in outputs for each in cell):
        if picture := output.get("data", {}).get("image/png"):
            digest = hashlib.sha256(base64.b64decode(picture)).hexdigest()
            texts[digest] = output["metadata"]["image/png"]["alt"]
    return texts


def light_record(
    content: str, figures: dict[str, str], texts: dict[str, str], stylesheet: str
) -> tuple[str, str]:
    """Make a page that mkdocs-jupyter rendered small and free of other origins.

    Args:
        content: the rendered notebook.
        figures: SHA-256 of a picture's bytes -> its address relative to the record. The addresses
            of dark twins are among the values.
        texts: the same -> its alternative text, which nbconvert does not print.
        stylesheet: address of the shared style sheet relative to the record.

    Returns:
        The content, and the CSS that was inlined in it.
    """
    soup = BeautifulSoup(content, "html.parser")
    css = []
    for style in soup.find_all("style"):
        css.append(style.get_text())
        style.decompose()
    # Its scripts draw nothing that we need: copy buttons are Material's, maths is not in it.
    for each in soup.find_all(["script", "link"]):
        each.decompose()
    for button in soup.select(".clipboard-copy-txt, clipboard-copy"):
        button.decompose()
    for image in soup.find_all("img"):
        source = image.get("src", "")
        if not source.startswith(_DATA_IMAGE):
            continue
        picture = base64.b64decode(source[len(_DATA_IMAGE) :])
        digest = hashlib.sha256(picture).hexdigest()
        address = figures.get(digest)
        if address:
            width, height = png_size(picture)
            image.attrs = {
                "src": address,
                "alt": texts.get(digest, ""),
                "class": "figure wide" if width // 2 > WIDE else "figure",
                "width": width // 2,
                "height": height // 2,
                "loading": "lazy",
            }
            dark = address.removesuffix(".png") + "-dark.png"
            if dark in figures.values():
                image["data-dark"] = posixpath.basename(dark)
    head = f'<link rel="stylesheet" href="{stylesheet}">\n'
    return head + lean_code(schemed_figures(str(soup))), "\n".join(css)
