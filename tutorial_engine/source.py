"""Parse: a Jupytext py:percent file becomes a `Tutorial`."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import yaml
from pydantic import ValidationError

from .checks import check_cells
from .errors import SourceError
from .tutorial import Cell, Header, Tutorial

# A comment stays a comment, also `# copy the first row`, which Jupytext would take for a magic.
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_MARKER = re.compile(r"^# %%", re.MULTILINE)
_CONTRIBUTING = "see CONTRIBUTING.md, 'Add a tutorial in ten minutes'"


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
        Cell(
            cell.cell_type,
            cell.source,
            number,
            line,
            frozenset(cell.metadata.get("tags", ())),
            cell.metadata.get("claim", ""),
            cell.metadata.get("without", ""),
        )
        for number, (cell, line) in enumerate(zip(read, lines, strict=True), start=1)
    )
    tutorial = Tutorial(file, header, cells, text)
    check_cells(tutorial)
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
