"""Reading time: how long a reader takes over a tutorial's page, from its words and its lines of code."""

from __future__ import annotations

import re

from .tutorial import Cell, Tutorial

WORDS_PER_MINUTE = 200
LINES_PER_MINUTE = 20
# What a page does not show, shows folded or asks: a reader who takes it up has decided to take longer.
_UNREAD = frozenset(
    {*("claims", "control", "wrong", "solution", "folded"), "question", "hint", "interactive"}
)
# Addresses, formulas, values that the run gives, comments, attributes: one glance each.
_GLANCES = re.compile(
    r"\]\([^)]*\)|\$\$.*?\$\$|\$[^$\n]+\$|`\{python\}[^`]*`|<[^>]*>|\{:?[ .#][^}\n]*\}", re.DOTALL
)


def minutes_to_read(tutorial: Tutorial) -> int:
    """Return the minutes that the prose and the code of a page take, its exercises left undone."""
    prose = (cell for cell in tutorial.cells if not cell.is_code and not cell.tags & _UNREAD)
    words = sum(_words(cell.source) for cell in prose)
    lines = sum(_lines(cell) for cell in tutorial.code_cells)
    return max(1, round(words / WORDS_PER_MINUTE + lines / LINES_PER_MINUTE))


def _words(prose: str) -> int:
    """Count the words of a passage of Markdown.

    >>> _words("Two [plain words](at/an/address.md), then $a^2 + b$ and **one**.")
    6
    """
    return len(re.findall(r"\w[\w'’-]*", _GLANCES.sub(" ", prose)))


def _lines(cell: Cell) -> int:
    if cell.tags & _UNREAD:
        return 0
    return sum(bool(line.strip()) for line in cell.source.splitlines())
