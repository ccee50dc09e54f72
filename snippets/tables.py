# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Tables: Markdown on a page, aligned columns in a terminal.

Needs: Python 3.11 or newer, and no package. Copy this one file into your project and
`import tables`.

A `DataFrame` of pandas shows itself as a table, too; these rows need no package.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence


class Table:
    """Rows of text with a header: Markdown on a page, aligned columns in a terminal."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.header = tuple(header)
        self.rows = tuple(tuple(row) for row in rows)

    def _right(self) -> list[bool]:
        """Say which columns hold numbers, and so are aligned to the right."""
        return [
            bool(column) and all(cell[:1].isdigit() or cell[:1] in "-+−<>±" for cell in column)
            for column in ([row[i] for row in self.rows if row[i]] for i in range(len(self.header)))
        ]

    def _repr_markdown_(self) -> str:
        """Return a Markdown table in which every cell stays one cell."""
        rule = ["---:" if right else "---" for right in self._right()]
        body = [[_escaped(cell) for cell in row] for row in (self.header, *self.rows)]
        lines = [body[0], rule, *body[1:]]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def __repr__(self) -> str:
        lines = [[" ".join(cell.split()) for cell in row] for row in (self.header, *self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        right = self._right()
        return "\n".join(
            "  ".join(
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in lines
        )


def _escaped(cell: str) -> str:
    """Return the text of a cell, in which only code between backticks stays Markdown."""
    parts = re.split(r"(`[^`]+`)", " ".join(cell.split()))
    for i, part in enumerate(parts):
        if i % 2 == 0:  # by number: not every Markdown knows the same escapes
            parts[i] = re.sub(r"[][\\`*_~$&<>|]", lambda found: f"&#{ord(found[0])};", part)
        elif "|" in part:  # no escape for a pipe in a code span suits every Markdown
            parts[i] = f"<code>{html.escape(part[1:-1]).replace('|', '&#124;')}</code>"
    return "".join(parts)


def table(rows: Sequence[Mapping[str, object]]) -> Table:
    """Return rows as a table: leave the call as a cell's last expression.

    Args:
        rows: one mapping per row, from column name to value; every row has the same columns. A
            value is shown as `str` writes it, so format numbers first (`f"{accuracy:.1%}"`).
            Markdown in it is text, save for code between backticks. Columns whose values all begin like numbers are aligned to the right.

    Raises:
        ValueError: there are no rows, or their columns differ.

    >>> table([{"layer": "Dense", "weights": 1290}, {"layer": "Flatten", "weights": 0}])
    layer    weights
    Dense       1290
    Flatten        0
    """
    if not rows:
        raise ValueError("a table needs at least one row")
    header = list(rows[0])
    for number, row in enumerate(rows, start=1):
        if list(row) != header:
            raise ValueError(f"row {number} has the columns {list(row)}, not {header}")
    return Table([str(name) for name in header], [[str(v) for v in row.values()] for row in rows])
