"""Shown outputs: what the cells of a page sent, as Markdown, with its figures as files beside the page."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Sequence
from hashlib import sha256

from .build_cache import BuildCache
from .documents import Output
from .interactive import figure_block, figure_data
from .markdown_extension import TWIN
from .outputs import is_picture, picture, walled
from .tutorial import Cell
from .webp import lighter

PREVIEWS = ("preview", "previewing")
_ROWS = re.compile(r"^.*\[.*\n\s*\[", re.MULTILINE)
_STATES = {
    "waiting": "Waiting to run. The outputs appear here by themselves.",
    "failed": "What follows is the source as it stands: there is no run of it to show.",
    "running": "Running… The outputs appear here by themselves.",
    "preview": "Preview. From cell {cells} on, the code ran again on top of what the cells had left "
    "behind; what is marked shows that. A run of all cells from the top is under way, and takes its place.",
    "previewing": "Preview, as far as it has come. From cell {cells} on, the code runs again on top of what the "
    "cells had left behind; what is marked shows that. The cells below follow.",
    "differs": "The preview of this page showed something else for cell {cells}: it depended on what an "
    "earlier version of the code had left behind. What you see now is a run of all cells from the top.",
}


def state_note(state: str, cells: Sequence[int]) -> str:
    """Return what a page says above its content while it does not show a whole clean run.

    Args:
        cells: the numbers of the cells that the state is about; the first one of a preview.
    """
    said = _STATES[state].format(cells=", ".join(map(str, cells)))
    return f'<p class="tutorial-state" role="status">{said}</p>'


class ShownOutputs:
    """The outputs of one page, which count its figures.

    Args:
        page: its path relative to the site's documents.
        build_cache: where a figure's file is found again.
        first_previewed: the number of the cell from which on outputs are marked as a preview's.

    Attributes:
        files: path -> bytes of the figures that have been shown.
        figures: SHA-256 of a picture's bytes, as the run has them -> the attributes with which its run record
            shows it; `src` is a path relative to the site's documents.
    """

    def __init__(
        self, page: str, build_cache: BuildCache, first_previewed: int | None = None
    ) -> None:
        self._folder = page.removesuffix(".md")
        self._build_cache = build_cache
        self._first_previewed = first_previewed
        self.files: dict[str, bytes] = {}
        self.figures: dict[str, dict[str, str]] = {}
        self._count = 0

    def of_cell(self, cell: Cell, outputs: list[Output], number: int) -> list[str]:
        """Return what a cell sent as blocks of Markdown.

        Args:
            number: of the cell among the code cells, from 1.
        """
        extra = ' .measured data-search-exclude=""' if "measured" in cell.tags else ""
        # What a page's first code draws is seen at once; other figures do not compete with the text for the wire.
        loading = "eager" if number == 1 else "lazy"
        if self._first_previewed is not None and cell.number >= self._first_previewed:
            extra = f" .preview{extra}"
        return [
            text
            for position, output in enumerate(outputs, start=1)
            if (text := self._output(output, extra, loading, f"output-{number}-{position}"))
        ]

    def interactive(self, cell: Cell, outputs: list[Output]) -> list[str]:
        """Return the figure that an interactive cell has printed the data of; none before it has run."""
        is_previewed = self._first_previewed is not None and cell.number >= self._first_previewed
        preview = " preview" if is_previewed else ""
        return [figure_block(figure_data(outputs), preview)] if outputs else []

    def _output(self, output: Output, extra: str, loading: str, prefix: str) -> str:
        if output["output_type"] == "stream":
            kind = " .stderr" if output["name"] == "stderr" else ""
            return _printed(output["text"].rstrip(), kind + extra)
        if output["output_type"] == "error":
            said = f"{output['ename']}: {output['evalue']}".strip()
            return fence(said, f"{{ .text .output .error .no-copy{extra} }}")
        if is_picture(output):
            return self._figure(output, extra, loading)
        if set(output["data"]) == {"text/plain"}:
            return _printed(output["data"]["text/plain"], extra)
        names = " ".join(["output", "rich", *re.findall(r"\.(\w+)", extra)])
        excluded = ' data-search-exclude=""' if "measured" in extra else ""
        # A scrolling region must be reachable by keyboard.
        return f'<div class="{names}"{excluded} tabindex="0">{walled(output, prefix)}</div>'

    def _figure(self, output: Output, extra: str, loading: str) -> str:
        self._count += 1
        stem = f"figure-{self._count:02d}" + ("-measured" if "measured" in extra else "")
        drawn = picture(output)
        shown = lighter(drawn, self._build_cache)
        file = f"{stem}.{shown.extension}"
        self.files[f"{self._folder}/{file}"] = shown.content
        attributes = {**shown.attributes, "loading": loading}
        if shown.dark:
            attributes[TWIN] = f"{stem}-dark.{shown.extension}"
            self.files[f"{self._folder}/{attributes[TWIN]}"] = shown.dark
        self.figures[sha256(drawn.content).hexdigest()] = {
            **{"src": f"{self._folder}/{file}", "alt": shown.alt},
            **{**attributes, "loading": "lazy"},
        }
        classes = "".join(f" .{name}" for name in attributes.pop("class").split())
        alt = html.escape(" ".join(shown.alt.split()))
        # What Markdown would read as its own becomes an entity.
        alt = re.sub(r"[][\\`$]", lambda match: f"&#{ord(match[0])};", alt)
        written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        return f"![{alt}]({posixpath.basename(self._folder)}/{file}){{{classes}{extra} {written} }}"


def _printed(text: str, extra: str) -> str:
    """Return what a cell printed; the rows of an array are marked, which a narrow screen must not break."""
    kind = " .array" if _ROWS.search(text) else ""
    return fence(text, f"{{ .text .output .no-copy{kind}{extra} }}")


def fence(text: str, language: str, options: str = "") -> str:
    """Return a text as a block of code, whatever ticks it holds."""
    longest = max((len(run) for run in text.split("\n") if set(run.strip()) == {"`"}), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}{options}\n{text}\n{ticks}"
