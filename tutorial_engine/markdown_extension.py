"""Markdown extension: figures in two schemes, maths as MathML, whole addresses: for all that use Python-Markdown.

MkDocs, ProperDocs and Zensical take it by its name, `tutorial_engine.markdown_extension`, after `pymdownx.arithmatex`
with `generic: true`. It knows nothing of any of them.

>>> import markdown
>>> figure = '![A line.](page/figure.webp){ data-dark="figure-dark.webp" }'
>>> print(markdown.markdown(figure, extensions=["attr_list", CourseExtension()]))
<p><picture><source data-dark-figure="" media="screen and (prefers-color-scheme: dark)" srcset="page/figure-dark.webp" /><img alt="A line." src="page/figure.webp" /></picture></p>
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from .link_syntax import without_apostrophes
from .maths import mathml

# When a page shows the dark twin; a script that offers a choice of its own finds it by the attribute's name.
DARK_SCHEME = "screen and (prefers-color-scheme: dark)"
TWIN, SHOWN_TWIN = "data-dark", "data-dark-figure"
# What arithmatex makes of a formula.
_CLASS = "arithmatex"
_WRAPPED = re.compile(r"\\[(\[](?P<tex>.*)\\[)\]]", re.DOTALL)
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))


class FormulaError(ValueError):
    """A formula that cannot be shown; `tex` is its source."""

    def __init__(self, tex: str, reason: object) -> None:
        self.tex = tex.strip()
        super().__init__(f"the formula {self.tex} cannot be shown: {reason}")


def formula(tex: str, display: str) -> str:
    """Return a formula as MathML.

    Args:
        display: `inline` or `block`.

    Raises:
        FormulaError: it cannot be shown; says why.
    """
    try:
        return mathml(tex, display)
    except ValueError as error:
        raise FormulaError(tex, error) from None


def dark_twin(source: str, twin: str) -> dict[str, str]:
    """Return the attributes of the `<source>` that has a figure's dark twin, a file beside the figure."""
    return {
        "srcset": posixpath.join(posixpath.dirname(source), twin),
        "media": DARK_SCHEME,
        SHOWN_TWIN: "",
    }


class CourseExtension(Extension):
    """What the course's pages have beyond Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register all: addresses before blocks are found, the others when links are what they lead to."""
        md.preprocessors.register(_Addresses(md), "course-addresses", 29)
        md.treeprocessors.register(_Maths(md), "course-maths", -10)
        md.treeprocessors.register(_Figures(md), "course-figures", -11)
        md.treeprocessors.register(_Tables(md), "course-tables", -12)


def makeExtension(**options: Any) -> CourseExtension:
    """Return the extension, for Python-Markdown to find by the module's name."""
    return CourseExtension(**options)


class _Addresses(Preprocessor):
    """Keeps the apostrophe of an address from ending it."""

    def run(self, lines: list[str]) -> list[str]:
        """Return a page's lines."""
        return without_apostrophes("\n".join(lines)).split("\n")


class _Maths(Treeprocessor):
    """Puts MathML where arithmatex marked TeX, in a page and in its list of contents."""

    def run(self, root: Element) -> None:
        """Change a page's tree."""
        of_headings: dict[str, list[tuple[str, str]]] = {}
        for parent in list(root.iter()):
            for position, child in enumerate(parent):
                wrapped = _WRAPPED.fullmatch(child.text or "")
                if child.get("class") != _CLASS or not wrapped:
                    continue
                display = "block" if child.tag == "div" else "inline"
                shown = formula(html.unescape(wrapped["tex"]), display)
                parent[position] = fromstring(shown)
                parent[position].tail = child.tail
                if parent.tag in _HEADINGS:
                    said = (html.escape(wrapped[0], quote=False), shown)
                    of_headings.setdefault(parent.get("id", ""), []).append(said)
        _name_contents(getattr(self.md, "toc_tokens", ()), of_headings)


def _name_contents(
    entries: Iterable[dict[str, Any]], of_headings: Mapping[str, Sequence[tuple[str, str]]]
) -> None:
    """Give the entries of a list of contents the maths that their headings have.

    Args:
        of_headings: a heading's address -> each of its formulas, as an entry has it and as it is shown.
    """
    for entry in entries:
        for source, shown in of_headings.get(entry["id"], ()):
            entry["name"] = entry["name"].replace(source, shown, 1)
            marked = f'<span class="{_CLASS}">{source}</span>'
            entry["html"] = entry["html"].replace(marked, shown, 1)
        _name_contents(entry["children"], of_headings)


class _Figures(Treeprocessor):
    """Gives each figure with a dark twin a `<picture>` that fetches only the one that shows."""

    def run(self, root: Element) -> None:
        """Change a page's tree."""
        for parent in list(root.iter()):
            for position, child in enumerate(parent):
                if child.tag != "img" or TWIN not in child.attrib:
                    continue
                twin = child.attrib.pop(TWIN)
                picture = Element("picture")
                SubElement(picture, "source", dark_twin(child.get("src", ""), twin))
                _put_into(picture, parent, position)


class _Tables(Treeprocessor):
    """Gives each table an element of its own to stand in.

    Material's script moves every table into a frame that scrolls when it starts. Done beside a page's other
    elements, that has the browser style the whole page anew.
    """

    def run(self, root: Element) -> None:
        """Change a page's tree."""
        for parent in list(root.iter()):
            for position, child in enumerate(parent):
                if child.tag == "table" and not child.get("class"):
                    _put_into(Element("div", {"class": "table"}), parent, position)


def _put_into(frame: Element, parent: Element, position: int) -> None:
    """Put a child of an element into a frame that takes its place."""
    child = parent[position]
    frame.tail, child.tail = child.tail, None
    frame.append(child)
    parent[position] = frame
