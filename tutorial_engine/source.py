"""Parse: a Jupytext py:percent file becomes a `Tutorial`."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .checks import check_cells, unreadable_code
from .errors import SourceError, TutorialError, together
from .tutorial import Cell, Header, Tutorial, tutorial_name

_CONTRIBUTING = "see CONTRIBUTING.md, 'Add a tutorial in ten minutes'"
_SOURCE = re.compile(r"\d+_\w+/\d+_\w+\.py")
# Whatever one reader or another of the percent format takes for a cell's beginning.
AS_A_MARKER = r"(?:%%|<codecell>|In ?\[[\d ]*\])"
_MARKER_LIKE = re.compile(rf"^\s*#\s*{AS_A_MARKER}")
_MARKER = re.compile(r"# %%(?P<markdown> \[markdown\])?(?P<options>(?: .*)?)")
_KEYS = ("tags", "claim", "without", "also")
_RIGHT_FORM = (
    """begin a cell with '# %%', '# %% [markdown]' or '# %% tags=["claims"]', and a control with """
    """'# %% tags=["control"] claim="what the claim says" without="what is left out"'"""
)
# What ends a line for some programs and not for others, so that they would count lines differently.
_UNEVEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ue000-\ue002]")


def find_sources(sources: Path) -> list[Path]:
    """Return the tutorial files in course order, those with a wrong name after the others.

    A wrong name is one that `misnamed` says something about.
    """
    found = [
        path
        for pattern in ("*.py", "*.ipynb")
        for path in sources.rglob(pattern)
        if _counts(path.relative_to(sources))
    ]
    return sorted(found, key=lambda path: (misnamed(path, sources) is not None, path))


def _counts(path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not hidden and path.parts[0] not in ("data", "template.py")


def misnamed(path: Path, sources: Path) -> str | None:
    """Say what is wrong with the name of a file in the tutorials' folder, None if nothing is."""
    if path.suffix == ".ipynb":
        return "a notebook among the sources"
    if not _SOURCE.fullmatch(path.relative_to(sources).as_posix()):
        return "a file that is named like no tutorial"
    return None


def parse(path: Path, root: Path) -> Tutorial:
    """Read one file.

    Raises:
        SourceError: anything that keeps the file from being a tutorial.
    """
    return parse_text(*read_text(path, root))


def read_text(path: Path, root: Path) -> tuple[str, str]:
    """Return a source's text and its path relative to the repository.

    Raises:
        SourceError: it cannot be read.
    """
    file = path.relative_to(root).as_posix()
    try:
        # A byte order mark is no part of the text.
        return path.read_text(encoding="utf-8-sig"), file
    except UnicodeDecodeError as error:
        raise SourceError(
            f"not a readable py:percent file: {error}", file=file, remedy="save it as UTF-8"
        ) from None
    except OSError as error:
        raise SourceError(
            f"not a readable py:percent file: {error.strerror}", file=file, remedy=_CONTRIBUTING
        ) from None


def parse_text(text: str, file: str) -> Tutorial:
    """Read a source's text.

    Raises:
        SourceError: all that keeps it from being a tutorial.
    """
    tutorial, faults = read_source(text, file)
    if error := together(faults):
        raise error
    return tutorial


def read_source(text: str, file: str) -> tuple[Tutorial, list[TutorialError]]:
    """Read a source's text as far as it can be read.

    Returns:
        The tutorial, and all that keeps it from being one. Where its header does not read, it has one that says
        nothing; a cell whose marker does not read has no tags.
    """
    tutorial, of_header, of_markers = _read(text, file)
    if cuts := list(
        _cut_strings(text, file)
    ):  # the cause of whatever else is wrong with these cells
        return tutorial, [*of_header, *cuts]
    unread = unreadable_code(tutorial)
    is_whole = bool(tutorial.header.summary) and not of_markers and not unread
    of_cells = check_cells(tutorial, is_whole=is_whole)
    return tutorial, [*of_header, *of_markers, *unread, *of_cells]


def _read(text: str, file: str) -> tuple[Tutorial, list[SourceError], list[SourceError]]:
    """Return a tutorial of what can be told apart, and what is wrong with its header and with its other lines."""
    faults = list(_odd_characters(text.split("\n"), file))
    plain = _UNEVEN.sub(" ", text)
    lines = plain.split("\n")
    header, body_starts, of_header = _header(lines, file)
    markers, of_markers = _markers(lines, body_starts, file)
    faults += of_markers
    starts = [line - 1 for line, _, _ in markers]
    ends = [*starts, len(plain.splitlines())][1:]
    for at in range(body_starts, starts[0] if starts else len(lines)):
        if lines[at].strip():
            faults.append(
                SourceError(
                    "there is text outside a cell",
                    file=file,
                    line=at + 1,
                    remedy="begin each cell with '# %%' or '# %% [markdown]'",
                )
            )
            break
    cells = []
    for number, ((line, kind, options), end) in enumerate(zip(markers, ends, strict=True), 1):
        inside = _without_gap(lines[line:end])
        if kind == "markdown":
            faults += _uncommented(inside, line, number, file)
            inside = [re.sub("^# ?", "", each) for each in inside]
        cells.append(
            Cell(
                kind,
                "\n".join(inside),
                number,
                line,
                frozenset(options.get("tags", ())),
                options.get("claim", ""),
                options.get("without", ""),
                options.get("also", ""),
            )
        )
    return Tutorial(file, header, tuple(cells), text), of_header, faults


def _without_gap(lines: list[str]) -> list[str]:
    """Leave out what Jupytext leaves out at a cell's end: one empty line, or two blank ones."""
    is_blank = [not line.strip() for line in ("# %%", *lines)]
    if is_blank[-3:] == [False, True, True]:
        return lines[:-2]
    return lines[:-1] if lines[-1:] == [""] else lines


def _odd_characters(lines: list[str], file: str) -> Iterator[SourceError]:
    for number, line in enumerate(lines, start=1):
        if match := _UNEVEN.search(line):
            yield SourceError(
                f"the control character U+{ord(match[0]):04X}",
                file=file,
                line=number,
                remedy="delete it, or write it as an escape in a string",
            )


def _uncommented(lines: list[str], marker: int, number: int, file: str) -> Iterator[SourceError]:
    """Yield where prose is not written as comments: code below `[markdown]` would be shown and not run."""
    for line, text in enumerate(lines, start=marker + 1):
        if text.strip() and not text.startswith("#"):
            yield SourceError(
                "a line in a markdown cell that is no comment",
                file=file,
                cell=number,
                line=line,
                remedy="begin each line of prose with '# ', and code with a '# %%' above it",
            )
            return  # the rest is code, too


def _cut_strings(text: str, file: str) -> Iterator[SourceError]:
    """Yield strings with a line that begins a cell: it cuts the string in two."""
    lines = text.split("\n")
    for number in lines_in_strings(text):
        if _MARKER_LIKE.match(lines[number - 1]):
            yield SourceError(
                "a cell's marker inside a string",
                file=file,
                line=number,
                remedy="write the string without a line that begins with '# %%', "
                "for instance as '#' + ' %%'",
            )


def lines_in_strings(text: str) -> Iterator[int]:
    """Yield each line of code that begins inside a string, as far as the code reads."""
    kinds = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in kinds:
                yield from range(token.start[0] + 1, token.end[0] + 1)
    except (tokenize.TokenError, SyntaxError):
        return  # said where the cell is read


def _markers(
    lines: list[str], body_starts: int, file: str
) -> tuple[list[tuple[int, str, dict[str, Any]]], list[SourceError]]:
    """Return (line, kind, options) of each cell's marker, and what is wrong with what only looks like one."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    faults = []
    for at in range(body_starts, len(lines)):
        if not _MARKER_LIKE.match(lines[at]):
            continue
        match = _MARKER.fullmatch(lines[at])
        options = _options(match["options"]) if match else "not the form of a cell's marker"
        is_prose = match["markdown"] if match else re.search(r"\[(?:markdown|md)\]", lines[at])
        found.append(
            (
                at + 1,
                "markdown" if is_prose else "code",
                options if isinstance(options, dict) else {},
            )
        )
        if isinstance(options, str):
            faults.append(
                SourceError(
                    f"{options}: {lines[at].strip()}",
                    file=file,
                    cell=len(found),
                    line=at + 1,
                    remedy=_RIGHT_FORM,
                )
            )
    return found, faults


def _options(text: str) -> dict[str, Any] | str:
    """Return a marker's options, or what is wrong with them."""
    options: dict[str, Any] = {}
    while text.strip():
        match = re.match(r" +(\w+)=", text)
        if not match:
            return "a marker with something else than options"
        name = match[1]
        if name not in _KEYS:
            return f"a marker with the unknown option {name}"
        if name in options:
            return f"a marker with the option {name} twice"
        try:
            value, end = json.JSONDecoder().raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return f"a marker whose option {name} does not read"
        if name == "tags":
            good = (
                isinstance(value, list) and value and all(isinstance(each, str) for each in value)
            )
            if not good or len(set(value)) != len(value):
                return "a marker whose tags are no list of different words in quotes"
        elif not isinstance(value, str) or not value.strip():
            return f"a marker whose option {name} is no text in quotes"
        options[name] = value
        text = text[end:]
        if text and not text.startswith(" "):
            return f"a marker whose option {name} does not read"
    return options


class _OnceLoader(yaml.SafeLoader):
    """Reads YAML in which no mapping has a key twice."""


def _mapping_once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        name = str(key.value)
        if name in seen:
            raise yaml.MarkedYAMLError(
                problem=f"'{name}' stands twice", problem_mark=key.start_mark
            )
        seen.add(name)
    return loader.construct_mapping(node, deep=True)


_OnceLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_once)


def _header(lines: list[str], file: str) -> tuple[Header, int, list[SourceError]]:
    """Return the header, the number of lines that it takes, and what is wrong with it.

    Of one that does not read, there is one that says nothing.
    """
    nothing = Header.model_construct(title=tutorial_name(file), summary="")

    def refused(message: str, line: int = 1) -> SourceError:
        remedy = f"correct the header; {_CONTRIBUTING}"
        return SourceError(message, file=file, line=line, remedy=remedy)

    begins = next((at for at, line in enumerate(lines) if _MARKER_LIKE.match(line)), len(lines))
    if lines[0].rstrip() != "# ---":
        fault = refused("the header is missing: the first line is not '# ---'")
        return nothing, begins, [fault]
    ends = next((at for at in range(1, len(lines)) if lines[at].rstrip() == "# ---"), None)
    if ends is None:
        return nothing, begins, [refused("the header is not closed by a line '# ---'")]
    faults = [
        refused("a line in the header that does not begin with '# '", at + 1)
        for at in range(1, ends)
        if not re.match(r"#(?: |$)", lines[at])
    ]
    if faults:
        return nothing, ends + 1, faults
    try:
        fields = yaml.load("\n".join(line[2:] for line in lines[1:ends]), _OnceLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or error
        fault = refused(f"the header is not YAML: {said}", mark.line + 2 if mark else 1)
        return nothing, ends + 1, [fault]
    except (ValueError, TypeError, RecursionError) as error:
        return nothing, ends + 1, [refused(f"the header is not YAML: {error}")]
    if isinstance(fields, dict):
        fields.pop("jupyter", None)  # Jupytext's own, when somebody pairs the file with a notebook
    try:
        return Header.model_validate(fields or {}), ends + 1, []
    except ValidationError as error:
        problems = error.errors()
    for problem in problems:
        name = ".".join(map(str, problem["loc"]))
        place = f"# {problem['loc'][0]}:" if problem["loc"] else "# ---"
        line = next((at + 1 for at in range(1, ends) if lines[at].startswith(place)), 1)
        faults.append(refused(f"header field '{name}': {problem['msg']}", line))
    return _rest_of(fields, problems, nothing), ends + 1, faults


def _rest_of(fields: object, problems: Sequence[ErrorDetails], nothing: Header) -> Header:
    """Return a header of the fields that read, so that what they say is no further fault."""
    wrong = {problem["loc"][0] for problem in problems if problem["loc"]}
    given = fields if isinstance(fields, dict) else {}
    kept = {name: value for name, value in given.items() if name not in wrong}
    seed = {"seed": 0} if "seed" in wrong else {}
    return Header.model_validate(nothing.model_dump() | {"summary": nothing.title} | kept | seed)
