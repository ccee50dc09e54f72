"""Entries: the sections of a page that collects what goes wrong, each a symptom, its reason and its cure.

A page with a cell tagged `symptom` is such a page. Each of its second-level headings begins an entry, in which
stand a symptom, a cure and claims about both. What an entry is, an error, a warning or a silence, its run decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown.extensions.toc import slugify

from .documents import Output
from .errors import Blemish
from .markup import headings
from .passages import escape, mask
from .run import Run
from .tutorial import Cell, Tutorial

ERROR, WARNING, SILENCE = "error", "warning", "silence"
_HEADING = re.compile(r"^## +(?P<title>.+?) *$", re.MULTILINE)
# Also one in a quote or a note, which would be a heading of the page, too.
_INSIDE = re.compile(r"^[> ]*##(?!#)", re.MULTILINE)
_WARNS = re.compile(r"\w*Warning: |^WARNING:|\] .*WARNING", re.MULTILINE)


@dataclass
class Entry:
    """One section of an atlas page.

    Attributes:
        title: its heading, as Markdown.
        cells: all of it, the heading's own first.
    """

    title: str
    cells: list[Cell] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Where a link into its page leads to it."""
        return slugify(self.name, "-")

    @property
    def name(self) -> str:
        """Its title without Markdown; `check_entries` insists that a title has no more of it than code."""
        return self.title.replace("`", "")

    @property
    def symptoms(self) -> list[Cell]:
        """The cells that show what goes wrong."""
        return [cell for cell in self.cells if "symptom" in cell.tags]

    @property
    def also(self) -> tuple[str, ...]:
        """What else people call it."""
        return tuple(
            each.strip() for cell in self.symptoms for each in cell.also.split(";") if each.strip()
        )


def entries_of(tutorial: Tutorial) -> list[Entry]:
    """Return the entries of an atlas page, in order; what stands above the first heading belongs to none."""
    found: list[Entry] = []
    for cell in tutorial.cells if tutorial.is_atlas else ():
        heading = None if cell.is_code else _HEADING.match(cell.source)
        if heading:
            found.append(Entry(heading["title"]))
        if found:
            found[-1].cells.append(cell)
    return found


def check_entries(tutorial: Tutorial) -> Iterator[Blemish]:
    """Insist that each entry of an atlas page shows its symptom, cures it, and claims something of both."""
    for cell in tutorial.cells:
        if cell.also and "symptom" not in cell.tags:
            remedy = 'write it on the symptom: # %% tags=["symptom"] also="words; other words"'
            yield tutorial.error(Blemish, "an also on a cell that is no symptom", remedy, cell)
        if "cure" in cell.tags and not tutorial.is_atlas:
            remedy = "tag the cell that shows what it cures as symptom, or take the tag away"
            yield tutorial.error(Blemish, "a cure without a symptom", remedy, cell)
        later = None if cell.is_code else _INSIDE.search(mask(cell.source), 1)
        if tutorial.is_atlas and later:
            line = cell.source.count("\n", 0, later.start()) + 1
            remedy = "begin a markdown cell with it"
            yield tutorial.error(Blemish, "an entry inside a cell", remedy, cell, line)
    entries = entries_of(tutorial)
    first = entries[0].cells[0].number if entries else len(tutorial.cells) + 1
    for cell in tutorial.cells[: first - 1]:
        if tutorial.is_atlas and cell.tags & {"symptom", "cure", "claims"}:
            message = f"a cell tagged {', '.join(sorted(cell.tags))} in no entry"
            remedy = "put it below the heading of its entry, a markdown cell that begins with ##"
            yield tutorial.error(Blemish, message, remedy, cell)
    anchors: set[str] = set()
    for entry in entries:
        if entry.cells[0].tags:
            remedy = "let the heading stand in a markdown cell of its own, without a tag"
            yield tutorial.error(Blemish, "an entry that begins with a tag", remedy, entry.cells[0])
        needed = {"symptom": "a symptom", "cure": "a cure", "claims": "a claim"}
        for tag, name in needed.items():
            if not any(tag in cell.tags for cell in entry.cells):
                remedy = f'add a cell # %% tags=["{tag}"] below its heading'
                message = f"the entry '{entry.title}' without {name}"
                yield tutorial.error(Blemish, message, remedy, entry.cells[0])
        if entry.anchor in anchors:
            message = f"two entries have the address #{entry.anchor}"
            yield tutorial.error(Blemish, message, "reword one heading", entry.cells[0])
        anchors.add(entry.anchor)
    yield from _check_headings(tutorial, entries)


def _check_headings(tutorial: Tutorial, entries: Sequence[Entry]) -> Iterator[Blemish]:
    """Insist that the page's second-level headings are its entries, with the words and addresses that these have."""
    if not entries:
        return
    prose = [cell.source for cell in tutorial.cells if not cell.is_code]
    shown = headings("\n\n".join([f"# {escape(tutorial.header.title)}", *prose]), 2)
    for entry, (title, anchor) in zip(entries, shown, strict=False):
        if title != entry.name:
            message = f"a heading that is no plain words and code: {entry.title}"
            remedy = "write it without links, emphasis, formulas, attributes or a # behind it"
            yield tutorial.error(Blemish, message, remedy, entry.cells[0])
            return  # those below it may be shifted
        if anchor != entry.anchor or not anchor:
            message = f"something else on the page has the address #{entry.anchor}"
            remedy = "reword the entry's heading, or the other one of the same words"
            yield tutorial.error(Blemish, message, remedy, entry.cells[0])


def kind_of(entry: Entry, tutorial: Tutorial, run: Run) -> str:
    """Say what a run showed an entry to be: an error, no more than a warning, or a silence."""
    outputs = said(entry, tutorial, run)
    if any(output["output_type"] == "error" for output in outputs):
        return ERROR
    warned = (
        output["text"]
        for output in outputs
        if output["output_type"] == "stream" and output["name"] == "stderr"
    )
    return WARNING if any(map(_WARNS.search, warned)) else SILENCE


def said(entry: Entry, tutorial: Tutorial, run: Run) -> Sequence[Output]:
    """Return what the symptoms of an entry showed, in order."""
    outputs = dict(zip(tutorial.code_cells, run.outputs, strict=True))
    return [output for cell in entry.symptoms for output in outputs[cell]]
