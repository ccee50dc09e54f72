"""Foreign code: the code cells of somebody else's notebook, made Python that reads and says the same.

What is no Python, magics and shell lines, becomes a comment in the form that Jupytext gives it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator

from IPython.core.inputtransformer2 import (
    EscapedCommand,
    HelpEnd,
    MagicAssign,
    SystemAssign,
    make_tokens_by_line,
)

from .foreign_prose import CONTROL
from .source import AS_A_MARKER, lines_in_strings

CELL_MAGIC = "# cell magic: "
# Cells under these hold another language, or text.
_NOT_PYTHON = frozenset(
    [
        "!",
        "bash",
        "sh",
        "script",
        "cmd",
        "html",
        "javascript",
        "js",
        "latex",
        "markdown",
        "svg",
        "perl",
        "ruby",
        "r",
        "sql",
        "bigquery",
        "cython",
        "writefile",
        "file",
        "shell",
        "system",
        "sx",
        "pypy",
        "python2",
        "cpp",
        "cu",
        "julia",
    ]
)
# Jupytext's own form of a magic in a script: the line, commented out.
_COMMENTED = re.compile(
    r"\s*# ?(?P<magic>%{1,2}[A-Za-z_][\w.]*(?:[ \t].*)?|!{1,2}[ \t]*[\w./~$({\"'].*|\?{1,2}[\w.]+"
    r"|[A-Za-z_][\w., ]*= ?(?:!|%[A-Za-z]).*|[\w.]+\.\w+\?|[\w.]+\?\?)"
)
_MARKER_LIKE = re.compile(rf"(?P<indent>\s*)#\s*{AS_A_MARKER}[%:]*(?P<rest>.*)")
_FORM = re.compile(r"#\s*@(?P<kind>title|param|markdown)\b(?P<rest>.*)")
_STRINGS = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})
_ESCAPES = frozenset("\n\\'\"abfnrtvxNuU01234567")


def commented_magic(line: str) -> str | None:
    """Return the magic or shell line that a commented line holds, None if it holds none.

    >>> commented_magic("# !pip install somepackage")
    '!pip install somepackage'
    >>> commented_magic("# %matplotlib inline")
    '%matplotlib inline'
    >>> commented_magic("# 10% of them")
    """
    if line.lstrip().startswith(CELL_MAGIC):
        return line.strip().removeprefix(CELL_MAGIC)
    match = _COMMENTED.fullmatch(line.rstrip())
    return match["magic"] if match else None


def to_python(source: str) -> str:
    """Return a cell's code with its magics and shell lines as comments, and nothing that the engine takes for a marker.

    What still is no Python is left as it is.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    source = _without_cell_magic(source)
    source = _without_line_magics(source)
    source = _with_plain_characters(source)
    source = _without_forms(source)
    source = _without_markers(source)
    return _with_sound_escapes(source)


def commented_out(source: str) -> str:
    """Return code as comments."""
    lines = (re.sub(rf"^(?=\s*{AS_A_MARKER})", "- ", each) for each in source.split("\n"))
    return "\n".join(f"# {line}".rstrip() for line in lines)


def is_form(source: str) -> bool:
    """Say whether Colab shows a cell as a form, its code hidden."""
    return bool(re.search(r"^\s*#\s*@(?:title|markdown)\b|#\s*@param\b", source, re.MULTILINE))


def is_licence(source: str) -> bool:
    """Say whether code is comments alone, and these a licence."""
    said = [line for line in source.split("\n") if line.strip()]
    is_comment = bool(said) and all(line.lstrip().startswith("#") for line in said)
    return is_comment and bool(re.search(r"licen[cs]e|copyright", source, re.IGNORECASE))


def parses(source: str) -> bool:
    """Say whether code is Python, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        warnings.simplefilter("error", DeprecationWarning)
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def says_the_same(first: str, second: str) -> bool:
    """Say whether two pieces of code that both are Python are the same to it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.dump(ast.parse(first)) == ast.dump(ast.parse(second))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True


def _with_plain_characters(source: str) -> str:
    """Let no character end a line here and there alone: outside strings it goes, inside an escape says it."""
    line_starts = [0, *(match.end() for match in re.finditer("\n", source))]
    found, position = "", 0
    for start, end, is_raw in _strings(source):
        first, last = (line_starts[row - 1] + column for row, column in (start, end))
        found += _plain(source[position:first])
        found += CONTROL.sub("" if is_raw else _escaped, source[first:last])
        position = last
    return found + _plain(source[position:]).rstrip()


def _plain(code: str) -> str:
    return re.sub(r"[^\S\n]+(?=\n)", "", CONTROL.sub("", code.replace("\t", "    ")))


def _escaped(character: re.Match[str]) -> str:
    code = ord(character[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _without_cell_magic(source: str) -> str:
    lines = source.split("\n")
    first = next(
        (at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")),
        None,
    )
    if first is None or not lines[first].startswith("%%"):
        return source
    last = first
    while last < len(lines) and (lines[last].startswith("%%") or not lines[last].strip()):
        last += 1
    magics = [line for line in lines[first:last] if line.strip()]
    inside = "\n".join(lines[last:])
    names = {line.removeprefix("%%").split(" ", 1)[0].lower().rstrip("23") for line in magics}
    if names & _NOT_PYTHON or not parses(_without_line_magics(inside)):
        inside = commented_out(inside) if inside else ""
    magics = [CELL_MAGIC + line for line in magics]
    return "\n".join([*lines[:first], *magics, *([inside] if inside else [])])


def _without_line_magics(source: str) -> str:
    """Comment out what IPython finds that is no Python."""
    lines = source.split("\n")
    for _ in lines:
        ended = [f"{line}\n" for line in lines]
        if parses("".join(ended)):
            break
        found = _places_of_magics(ended)
        if not found:
            break
        for start, ends in reversed(found):
            indent = re.match(r"\s*", lines[start])[0]  # type: ignore[index]
            inside = [line.strip() for line in lines[start:ends]]
            if len(inside) == 1 and (question := re.fullmatch(r"([\w.]+)(\?{1,2})", inside[0])):
                inside = [question[2] + question[1]]
            kept = "pass  " if indent else ""  # the line may be all that its block has
            lines[start:ends] = [
                f"{indent}{kept if not at else ''}# {line}" for at, line in enumerate(inside)
            ]
    return "\n".join(lines)


def _places_of_magics(lines: list[str]) -> list[tuple[int, int]]:
    """Return from which line to which the magics stand, up to the first that may hide where the code below begins."""
    tokens = make_tokens_by_line(lines)
    starts: set[int] = set()
    for kind in (MagicAssign, SystemAssign, EscapedCommand, HelpEnd):
        left = tokens
        while (found := kind.find(left)) is not None:  # type: ignore[no-untyped-call]
            starts.add(found.start_line)
            left = [line for line in left if line and line[0].start[0] - 1 > found.start_line]
    places: list[tuple[int, int]] = []
    for start in sorted(starts):
        ends = start + 1
        while ends < len(lines) and lines[ends - 1].rstrip("\n").endswith("\\"):
            ends += 1
        if places and start < places[-1][1]:
            continue
        places.append((start, ends))
        if not _is_balanced("".join(lines[start:ends])):
            break
    return places


def _is_balanced(text: str) -> bool:
    """Say whether what is open after a text was open before it, for who reads it as Python."""
    is_even = all(text.count(mark) % 2 == 0 for mark in "'\"")
    return is_even and all(
        text.count(first) == text.count(last) for first, last in ("()", "[]", "{}")
    )


def _without_forms(source: str) -> str:
    """Leave out what Colab's forms say in comments, but for a title's words."""

    def words(match: re.Match[str]) -> str:
        said = re.sub(r"\{[^{}]*\}", "", match["rest"]).strip()
        return f"# {said}" if said and match["kind"] != "param" else ""

    lines = []
    for line in source.split("\n"):
        match = _FORM.search(line)
        if match and not _in_string(line, match.start()):
            line = (line[: match.start()] + words(match)).rstrip()
            if not line:
                continue
        lines.append(line)
    return "\n".join(lines).strip("\n")


def _in_string(line: str, position: int) -> bool:
    before = line[:position]
    return before.count('"') % 2 == 1 or before.count("'") % 2 == 1


def _without_markers(source: str) -> str:
    """Let no line begin as a cell does: a comment loses its marks, a string says them by an escape."""
    if not any(map(_MARKER_LIKE.match, source.split("\n"))):
        return source
    in_strings = set(lines_in_strings(source))
    lines = []
    for number, line in enumerate(source.split("\n"), start=1):
        match = _MARKER_LIKE.fullmatch(line)
        if match and number in in_strings:
            line = line.replace("#", r"\x23", 1)
        elif match:
            rest = match["rest"].strip()
            if not rest:
                continue
            line = f"{match['indent']}# {rest}"
        lines.append(line)
    return "\n".join(lines)


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _with_sound_escapes(source: str) -> str:
    r"""Double the backslashes that Python reads as such and warns of: `"\sigma"`, but neither `r"\sigma"` nor "\n"."""
    if "\\" not in source or parses(source):
        return source
    lines = source.split("\n")
    for start, end, is_raw in reversed(list(_strings(source))):
        if is_raw:
            continue
        for row in range(end[0], start[0] - 1, -1):
            first = start[1] if row == start[0] else 0
            last = end[1] if row == end[0] else len(lines[row - 1])
            inside = lines[row - 1][first:last]
            fixed = re.sub(
                r"\\(.|$)",
                lambda match: match[0] if match[1] in _ESCAPES or not match[1] else "\\" + match[0],
                inside,
            )
            lines[row - 1] = lines[row - 1][:first] + fixed + lines[row - 1][last:]
    fixed = "\n".join(lines)
    return fixed if parses(fixed) else source


def _strings(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int], bool]]:
    """Yield the place of each string and whether it is raw."""
    is_raw = False
    begins = getattr(tokenize, "FSTRING_START", None)
    for token in _tokens(source):
        if begins is not None and token.type == begins:
            is_raw = "r" in token.string.lower()
        elif token.type == tokenize.STRING:
            prefix = re.split("[\"']", token.string, maxsplit=1)[0]
            yield token.start, token.end, "r" in prefix.lower()
        elif token.type in _STRINGS:
            yield token.start, token.end, is_raw
