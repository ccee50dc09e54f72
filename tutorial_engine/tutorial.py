"""What flows through the engine first: a `Tutorial` of a header and cells."""

from __future__ import annotations

import ast
import functools
import posixpath
import re
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from .documents import Document
from .errors import TutorialError
from .passages import Expression, expressions

_ERROR = TypeVar("_ERROR", bound=TutorialError)

CODE_TAGS = frozenset(
    {
        *("claims", "control", "raises-exception", "measured", "program", "folded"),
        *("starter", "check", "solution", "wrong", "question"),
        *("interactive", "symptom", "cure"),
    }
)
PROSE_TAGS = frozenset({"question", "hint"})
# What the build tries after everything else, in copies of the names; no page shows it.
TRIAL_TAGS = frozenset({"control", "wrong", "question"})
_ONE_LINE = r"^[^\x00-\x1f]*$"


class Header(BaseModel):
    """The YAML at the top of a tutorial."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, pattern=_ONE_LINE)
    summary: str = Field(min_length=1, max_length=140, pattern=_ONE_LINE)
    needs: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    teaches: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    seed: int | None = Field(None, strict=True)


@dataclass(frozen=True)
class Cell:
    """One cell. `number` counts all cells from 1; `line` is its marker's line in the file.

    A `control` names the claim that must fail in it, and says `without` what it fails. A `symptom` has
    in `also`, between semicolons, what else people call what it shows. Of an example,
    `first` is the line in the cell where what stands in the file begins, below the imports, and `told` the
    error that its docstring tells.
    """

    kind: str
    source: str
    number: int
    line: int
    tags: frozenset[str] = frozenset()
    claim: str = ""
    without: str = ""
    also: str = ""
    first: int = 0
    told: str = ""

    @property
    def is_trial(self) -> bool:
        """Say whether the build tries this cell beside the tutorial: a control, a wrong solution, answers."""
        return self.is_code and bool(self.tags & TRIAL_TAGS)

    @property
    def is_interactive(self) -> bool:
        """Say whether it only prints what a figure of the page draws: no reader meets its code."""
        return "interactive" in self.tags

    @property
    def is_code(self) -> bool:
        """Whether it is run; prose is not."""
        return self.kind == "code"

    @functools.cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The inline expressions of a markdown cell, in order."""
        return () if self.is_code else expressions(self.source)


@dataclass(frozen=True)
class Tutorial:
    """A parsed file. `file` is its path relative to the repository, with forward slashes."""

    file: str
    header: Header
    cells: tuple[Cell, ...]
    text: str = field(repr=False, default="")

    def to_json(self) -> Document:
        """Return the header and the cells; a file's path and text are known where it is read."""
        cells = [asdict(cell) | {"tags": sorted(cell.tags)} for cell in self.cells]
        return {"header": self.header.model_dump(), "cells": cells}

    @classmethod
    def from_json(cls, document: Document, file: str, text: str) -> Tutorial:
        """Return what `to_json` was made of."""
        cells = (Cell(**{**cell, "tags": frozenset(cell["tags"])}) for cell in document["cells"])
        return cls(file, Header(**document["header"]), tuple(cells), text)

    @property
    def name(self) -> str:
        """The address part of its file."""
        return tutorial_name(self.file)

    @property
    def page(self) -> str:
        """The page that it becomes, relative to the site's documents."""
        return page_path(self.file)

    def beside(self, name: str) -> str:
        """Return a link from its page to a file beside it."""
        return f"{posixpath.basename(self.page.removesuffix('.md'))}/{name}"

    @property
    def is_examples(self) -> bool:
        """Say whether these are the examples of a snippet, each of which stands for itself."""
        return self.file.startswith("snippets/")

    @functools.cached_property
    def is_atlas(self) -> bool:
        """Say whether this page collects entries, each a symptom with its cure, and is no stop of the course."""
        return any("symptom" in cell.tags for cell in self.cells)

    @functools.cached_property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that are run, in order."""
        return tuple(cell for cell in self.cells if cell.is_code)

    @functools.cached_property
    def claims(self) -> tuple[tuple[Cell, ast.Assert], ...]:
        """Every assertion in a cell tagged `claims`, with its cell."""
        return tuple(
            (cell, node)
            for cell in self.code_cells
            if "claims" in cell.tags
            for node in ast.parse(cell.source).body
            if isinstance(node, ast.Assert)
        )

    @property
    def controls(self) -> tuple[Cell, ...]:
        """The cells that set up a case in which a claim must fail."""
        return tuple(cell for cell in self.code_cells if "control" in cell.tags)

    @functools.cached_property
    def questions(self) -> tuple[Cell, ...]:
        """The markdown cells that ask the reader something, in order."""
        return tuple(cell for cell in self.cells if "question" in cell.tags and not cell.is_code)

    def fails_without(self, claim: str) -> list[str]:
        """Return what the claim of this text is shown to fail without, in order."""
        return [control.without for control in self.controls if control.claim == claim]

    def claim_of(self, control: Cell) -> tuple[Cell, ast.Assert]:
        """Return the claim that a control names, with its cell."""
        return next(each for each in self.claims if text_of(each[1]) == control.claim)

    def error(
        self,
        kind: type[_ERROR],
        message: str,
        remedy: str,
        cell: Cell | None = None,
        line: int = 0,
    ) -> _ERROR:
        """Make an error that points into this file; `line` counts from 1 inside the cell."""
        return kind(
            message,
            file=self.file,
            remedy=remedy,
            cell=cell.number if cell else None,
            line=cell.line + max(line, cell.first) if cell else None,
        )


def text_of(claim: ast.Assert) -> str:
    """Return what a claim says; the checks of a source insist that it is a plain string."""
    if not (isinstance(claim.msg, ast.Constant) and isinstance(claim.msg.value, str)):
        raise TypeError("a claim without its text")
    return claim.msg.value


def tutorial_name(file: str) -> str:
    """Return the address part of a source file; of a snippet, whose examples run likewise, its full name.

    >>> tutorial_name("tutorials_src/2_networks/06_first_network.py")
    'first-network'
    >>> tutorial_name("snippets/plot_curves.py")
    'snippets.plot_curves'
    """
    path = PurePosixPath(file)
    if path.parts[0] == "snippets":
        return ".".join(path.with_suffix("").parts)
    return re.sub(r"^\d+_", "", path.stem).replace("_", "-")


def page_path(file: str) -> str:
    """Return the page that a source file becomes, relative to the site's documents.

    >>> page_path("tutorials_src/2_networks/06_first_network.py")
    'networks/first-network.md'
    >>> page_path("snippets/plot_curves.py")
    'snippets/plot_curves.md'
    """
    path = PurePosixPath(file)
    if path.parts[0] == "snippets":
        return path.with_suffix(".md").as_posix()
    part = re.sub(r"^\d+_", "", path.parent.name).replace("_", "-")
    return f"{part}/{tutorial_name(file)}.md"


def record_path(page: str) -> str:
    """Return where the run record of a page lies.

    >>> record_path("networks/first-network.md")
    'networks/first-network/run.ipynb'
    """
    return page.removesuffix(".md") + "/run.ipynb"
