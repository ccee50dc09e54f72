"""Text as a terminal would leave it: what was overwritten is gone, what steers the terminal too."""

from __future__ import annotations

import functools
import re
import unicodedata

TAB = 8
# Commands that end with a terminator of their own: titles, links (OSC), device strings (DCS and the like).
_STRING = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x9c|\x1b\\|(?=\x1b)|$)"
)
_COLOUR = re.compile(r"(?:\x1b\[|\x9b)[0-9;:]*m")
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TOKEN = re.compile(
    r"(?:\x1b\[|\x9b)(?P<numbers>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b(?P<escape>[ -/]*[0-~])"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
# A column each, and the most of what is printed: letters, lines, blocks.
_NARROW = re.compile(r"[ -~\xa1-\xac\xae-\u02ff\u2500-\u25fc]*")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# How far to the right a command may go beyond what is written: more would only fill the memory.
_WIDTH = 500


def rendered(text: str) -> str:
    """Return what a terminal of endless width shows after it was sent a text; tabs stay tabs.

    >>> rendered("10%\\r100%\\nab\\b\\bcd\\x1b[31m!\\x1b[0m\\x07")
    '100%\\ncd!'
    >>> rendered("outer 1\\ninner 1\\x1b[A\\router 2\\x1b[K\\ninner 2")
    'outer 2\\ninner 2'
    """
    text = _COLOUR.sub("", _STRING.sub("", whole(text).replace("\r\n", "\n")))
    if not _STEERING.search(text):
        return text
    screen = _Screen()
    for token in _TOKEN.finditer(text):
        screen.take(token)
    return screen.text()


def without_controls(text: str) -> str:
    """Return a document (HTML, Markdown, SVG) without characters that no document may hold."""
    text = _COLOUR.sub("", _STRING.sub("", whole(text).replace("\r\n", "\n")))
    return _STEERING.sub("", text)


def whole(text: str) -> str:
    """Return a text with pairs of surrogates joined and a lone one replaced, so that UTF-8 can hold it.

    >>> whole("bad \\ud800, good \\ud83d\\ude00")
    'bad \\ufffd, good \\U0001f600'
    """
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Screen:
    """Rows of cells: a cell is a character with its marks; "" continues what stands to its left."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = [[]]
        self._overwritten: set[int] = set()
        self._row = self._column = 0
        self._saved = (0, 0)

    def text(self) -> str:
        lines = ("".join(cells) for cells in self._rows)
        return "\n".join(
            line.rstrip() if row in self._overwritten else line for row, line in enumerate(lines)
        )

    def take(self, token: re.Match[str]) -> None:
        if token["text"]:
            self._write(token["text"])
        elif token["control"]:
            self._control(token["control"])
        elif token["command"]:
            self._command(token["command"], token["numbers"])
        elif token["escape"] == "7":
            self._saved = (self._row, self._column)
        elif token["escape"] == "8":
            self._go(*self._saved)
        elif token["escape"] == "M":
            self._go(self._row - 1, self._column)

    def _control(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\b":
            self._column = max(0, self._column - 1)
        elif character in "\n\x0b\x0c\x85":
            self._go(self._row + 1, 0)
        elif character == "\t":
            self._tab()

    def _command(self, command: str, numbers: str) -> None:
        given = [int(number) for number in re.findall(r"\d+", numbers)]
        count = max(1, given[0] if given else 1)
        if command in "AF":
            self._go(self._row - count, 0 if command == "F" else self._column)
        elif command in "BE":
            below = min(self._row + count, len(self._rows) - 1)
            self._go(below, 0 if command == "E" else self._column)
        elif command == "C":
            self._column = min(self._column + count, max(self._column, _WIDTH))
        elif command == "D":
            self._column = max(0, self._column - count)
        elif command in "G`":
            self._column = min(count, _WIDTH) - 1
        elif command == "K":
            self._erase_line(given[0] if given else 0)
        elif command == "J":
            self._erase_screen(given[0] if given else 0)
        elif command == "P":
            self._clear(self._column, self._column)
            del self._cells[self._column : self._column + count]
            self._overwritten.add(self._row)
        elif command == "s":
            self._saved = (self._row, self._column)
        elif command == "u":
            self._go(*self._saved)

    @property
    def _cells(self) -> list[str]:
        return self._rows[self._row]

    def _go(self, row: int, column: int) -> None:
        self._row, self._column = max(0, row), column
        while len(self._rows) <= self._row:
            self._rows.append([])

    def _write(self, text: str) -> None:
        if _NARROW.fullmatch(text):
            self._put(list(text))
            return
        cells: list[str] = []
        for character in text:
            width = _width(character)
            if width == 0:
                self._mark(cells, character)
            else:
                cells += [character, ""][:width]
        self._put(cells)

    def _mark(self, cells: list[str], mark: str) -> None:
        """Put an accent or a joiner on the character before it."""
        before = cells or self._cells[: self._column]
        heads = [at for at, cell in enumerate(before) if cell]
        if not heads:
            cells.append(mark)
        elif cells:
            cells[heads[-1]] += mark
        else:
            self._cells[heads[-1]] += mark

    def _put(self, cells: list[str]) -> None:
        row, start = self._cells, self._column
        if start < len(row):
            self._overwritten.add(self._row)
            self._clear(start, start + len(cells))
        else:
            row.extend(" " * (start - len(row)))
        row[start : start + len(cells)] = cells
        self._column += len(cells)

    def _tab(self) -> None:
        width = TAB - self._column % TAB
        if self._column < len(self._cells):
            self._column += width
        else:
            self._put(["\t"] + [""] * (width - 1))

    def _erase_line(self, mode: int) -> None:
        row = self._cells
        self._overwritten.add(self._row)
        if mode == 2:
            row.clear()
        elif mode == 1:
            self._clear(0, self._column + 1)
            row[: self._column + 1] = " " * min(self._column + 1, len(row))
        else:
            self._clear(self._column, self._column)
            del row[self._column :]

    def _erase_screen(self, mode: int) -> None:
        if mode == 0:
            self._erase_line(0)
            del self._rows[self._row + 1 :]
        elif mode == 1:
            for row in self._rows[: self._row]:
                row.clear()
            self._erase_line(1)
        else:
            self._rows = [[]]
            self._overwritten.clear()
            self._row = self._column = 0

    def _clear(self, start: int, end: int) -> None:
        """Make spaces of each tab or wide character that lies across `start` or `end`."""
        row = self._cells
        for edge in (start, end):
            if edge < len(row) and row[edge] == "":
                head = edge
                while head and row[head] == "":
                    head -= 1
                row[head] = " "
                while head + 1 < len(row) and row[head + 1] == "":
                    head += 1
                    row[head] = " "


@functools.cache
def _width(character: str) -> int:
    """Return how many columns a character takes; 0 if it stands on the one before it."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
