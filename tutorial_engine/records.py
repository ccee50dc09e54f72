"""Run records: notebooks as they ran, rendered by mkdocs-jupyter where the same was not rendered before."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markdown.extensions.toc import nest_toc_tokens
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, InclusionLevel
from selectolax.lexbor import LexborHTMLParser

from .documents import Document
from .html_pages import light_record, with_formulas
from .tutorial import record_path

# Where a site has the style sheet of all records, and what it is.
STYLE = "assets/run-record.css"
STYLE_FILE = Path(__file__).with_name("run-record.css")
# How deep a record's table of contents goes.
_DEPTH = 6
_NO_RECORD = "# Run record\n\nThere is none yet: its tutorial has not run.\n"


class RecordFile(File):
    """A notebook that MkDocs takes for a page."""

    def is_documentation_page(self) -> bool:
        """Say yes, whatever the file is called."""
        return True


def record_file(page: str, config: MkDocsConfig) -> File:
    """Return the file of a page's run record, whose content comes when it is rendered."""
    return RecordFile.generated(
        config, record_path(page), content=_NO_RECORD, inclusion=InclusionLevel.NOT_IN_NAV
    )


def render_record(
    notebook: str, figures: Mapping[str, Mapping[str, str]], stylesheet: str
) -> Document:
    """Render a notebook as it ran, with its pictures as the files that its page has already.

    Args:
        figures, stylesheet: as `light_record` takes them.

    Returns:
        `content`, HTML; `contents`, as `get_toc` reads them.
    """
    # Importing it takes a second, and most builds find every record rendered.
    from mkdocs_jupyter.convert import nb2html

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.ipynb")
        path.write_text(notebook, encoding="utf-8")
        rendered = nb2html(str(path), allow_errors=False, theme="", custom_mathjax_url="")
    content = light_record(with_formulas(rendered), figures, stylesheet)
    return {"content": content, "contents": _contents(content)}


def _contents(content: str) -> list[Document]:
    """Return the headings of a record: mkdocs-jupyter's own list leaves out what is code in them, in addresses too."""
    names = ", ".join(f"h{level}[id]" for level in range(1, _DEPTH + 1))
    found: list[Any] = []
    for heading in LexborHTMLParser(content, is_fragment=True).css(names):
        for link in heading.css("a.anchor-link"):
            link.decompose()
        name = html.escape(heading.text().strip())
        found.append(
            {"level": int((heading.tag or "h2")[1]), "id": heading.attrs["id"], "name": name}
        )
    nested: list[Any] = nest_toc_tokens(found)
    return nested
