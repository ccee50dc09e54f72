"""Parse: a Jupytext py:percent file becomes a `Tutorial` of a header and cells."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import jupytext
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import SourceError

CODE_TAGS = frozenset({"claims", "raises-exception", "measured", "starter", "check", "solution"})
EXERCISE = ("starter", "check", "solution")
EXPRESSION = re.compile(r"`\{python(?P<measured> measured)?\} (?P<code>[^`]+)`")
# A comment stays a comment, also `# copy the first row`, which Jupytext would take for a magic.
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_MARKER = re.compile(r"^# %%", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CONTRIBUTING = "see CONTRIBUTING.md, 'Add a tutorial in ten minutes'"


class Header(BaseModel):
    """The YAML at the top of a tutorial."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    summary: str = Field(min_length=1, max_length=140)
    needs: tuple[str, ...] = ()
    teaches: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True)
class Expression:
    """An inline value: its code, and whether it hangs on the clock."""

    code: str
    measured: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell. `number` counts all cells from 1; `line` is its marker's line in the file."""

    kind: str
    source: str
    number: int
    line: int
    tags: frozenset[str] = frozenset()

    @property
    def is_code(self) -> bool:
        return self.kind == "code"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The inline expressions of a markdown cell, in order."""
        if self.is_code:
            return ()
        return tuple(
            Expression(match["code"].strip(), bool(match["measured"]))
            for match in EXPRESSION.finditer(self.source)
        )


@dataclass(frozen=True)
class Tutorial:
    """A parsed file. `file` is its path relative to the repository, with forward slashes."""

    file: str
    header: Header
    cells: tuple[Cell, ...]
    text: str = field(repr=False, default="")

    @property
    def name(self) -> str:
        return tutorial_name(self.file)

    @property
    def page(self) -> str:
        return page_path(self.file)

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.is_code)

    @property
    def claims(self) -> tuple[tuple[Cell, ast.Assert], ...]:
        """Every assertion in a cell tagged `claims`, with its cell."""
        return tuple(
            (cell, node)
            for cell in self.code_cells
            if "claims" in cell.tags
            for node in ast.parse(cell.source).body
            if isinstance(node, ast.Assert)
        )

    def error(self, kind, message: str, remedy: str, cell: Cell | None = None, line: int = 0):
        """Make an error that points into this file; `line` counts from 1 inside the cell."""
        return kind(
            message,
            file=self.file,
            remedy=remedy,
            cell=cell.number if cell else None,
            line=cell.line + line if cell else None,
        )


def tutorial_name(file: str) -> str:
    """Return the address part of a source file.

    >>> tutorial_name("tutorials_src/2_networks/06_first_network.py")
    'first-network'
    """
    return re.sub(r"^\d+_", "", PurePosixPath(file).stem).replace("_", "-")


def page_path(file: str) -> str:
    """Return the page that a source file becomes, relative to the site's documents.

    >>> page_path("tutorials_src/2_networks/06_first_network.py")
    'networks/first-network.md'
    """
    part = re.sub(r"^\d+_", "", PurePosixPath(file).parent.name).replace("_", "-")
    return f"{part}/{tutorial_name(file)}.md"


def find_sources(sources: Path) -> list[Path]:
    """Return the tutorial files in course order."""
    return sorted(sources.glob("[0-9]*_*/[0-9]*_*.py"))


def parse(path: Path, root: Path) -> Tutorial:
    """Read one file.

    Raises:
        SourceError: anything that keeps the file from being a tutorial.
    """
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        notebook = jupytext.reads(text, fmt=dict(_FORMAT))
    except (UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        raise SourceError(
            f"not a readable py:percent file: {error}", file=file, remedy=_CONTRIBUTING
        ) from None
    raw = [cell for cell in notebook.cells if cell.cell_type == "raw"]
    header = _header(raw[0].source if raw else "", file)
    read = [cell for cell in notebook.cells if cell.cell_type != "raw"]
    lines = [text.count("\n", 0, match.start()) + 1 for match in _MARKER.finditer(text)]
    if len(lines) != len(read):
        raise SourceError(
            "there is text outside a cell",
            file=file,
            remedy="begin each cell with '# %%' or '# %% [markdown]'",
        )
    cells = tuple(
        Cell(cell.cell_type, cell.source, number, line, frozenset(cell.metadata.get("tags", ())))
        for number, (cell, line) in enumerate(zip(read, lines, strict=True), start=1)
    )
    tutorial = Tutorial(file, header, cells, text)
    _check_cells(tutorial)
    return tutorial


def _header(raw: str, file: str) -> Header:
    if not raw.startswith("---"):
        raise SourceError("the header is missing", file=file, line=1, remedy=_CONTRIBUTING)
    try:
        return Header.model_validate(yaml.safe_load(raw.strip().strip("-")) or {})
    except yaml.YAMLError as error:
        message = f"the header is not YAML: {error}"
    except ValidationError as error:
        message = "; ".join(
            f"header field '{'.'.join(str(part) for part in problem['loc'])}': {problem['msg']}"
            for problem in error.errors()
        )
    raise SourceError(message, file=file, line=1, remedy=f"correct the header; {_CONTRIBUTING}")


def _check_cells(tutorial: Tutorial) -> None:
    if not tutorial.code_cells:
        raise tutorial.error(SourceError, "no code cell", "a tutorial runs something")
    for cell in tutorial.cells:
        if unknown := cell.tags - CODE_TAGS:
            raise tutorial.error(
                SourceError,
                f"unknown tag {', '.join(sorted(unknown))}",
                f"use one of {', '.join(sorted(CODE_TAGS))}",
                cell,
            )
        if cell.is_code:
            _check_code(tutorial, cell)
        else:
            _check_markdown(tutorial, cell)
    _check_exercises(tutorial)
    _check_seed(tutorial)


def _check_code(tutorial: Tutorial, cell: Cell) -> None:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise tutorial.error(
            SourceError,
            f"not Python: {error.msg}",
            "correct the cell; magics (%) and shell escapes (!) are not allowed",
            cell,
            error.lineno or 0,
        ) from None
    if "claims" not in cell.tags:
        return
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if not asserts:
        remedy = "write 'assert condition, \"text\"'"
        raise tutorial.error(SourceError, "a claims cell without an assert", remedy, cell)
    for node in asserts:
        if not (isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str)):
            raise tutorial.error(
                SourceError,
                "a claim without its text",
                "write 'assert condition, \"what the page claims\"' with a plain string",
                cell,
                node.lineno,
            )


def _check_markdown(tutorial: Tutorial, cell: Cell) -> None:
    if not cell.source.strip():
        raise tutorial.error(SourceError, "an empty markdown cell", "delete it", cell)
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), cell.source)
    for offset, line in enumerate(prose.split("\n"), start=1):
        if line.startswith("#") and "{python" in line:
            raise tutorial.error(
                SourceError,
                "an expression in a heading",
                "move the value into the text: headings are addresses and must not change",
                cell,
                offset,
            )
    if cell.source.count("`{python") != len(cell.expressions):
        raise tutorial.error(
            SourceError,
            "an inline expression that does not read as one",
            "write `{python} EXPRESSION` between single backticks, on as many lines as you like",
            cell,
        )
    for expression in cell.expressions:
        try:
            ast.parse(expression.code, mode="eval")
        except SyntaxError as error:
            raise tutorial.error(
                SourceError,
                f"the inline expression {expression.code} is not Python: {error.msg}",
                "correct it: an inline expression is one Python expression",
                cell,
            ) from None


def _check_exercises(tutorial: Tutorial) -> None:
    code = tutorial.code_cells
    for position, cell in enumerate(code):
        role = next((tag for tag in EXERCISE if tag in cell.tags), None)
        if role is None:
            continue
        start = position - EXERCISE.index(role)
        around = code[start : start + 3] if start >= 0 else ()
        if len(around) < 3 or any(
            tag not in each.tags for tag, each in zip(EXERCISE, around, strict=True)
        ):
            raise tutorial.error(
                SourceError,
                f"a {role} cell outside an exercise",
                "an exercise is the task in markdown, then a starter, a check and a solution cell",
                cell,
            )


def _check_seed(tutorial: Tutorial) -> None:
    if tutorial.header.seed is not None:
        return
    for cell in tutorial.code_cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("set_random_seed"):
                raise tutorial.error(
                    SourceError,
                    "the seed is not in the header",
                    "add 'seed: NUMBER' to the header, the number given to set_random_seed",
                    cell,
                    node.lineno,
                )
