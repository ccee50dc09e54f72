"""Parse: a Jupytext py:percent file becomes a `Tutorial`."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .checks import check_cells
from .errors import SourceError
from .tutorial import Cell, Header, Tutorial

_CONTRIBUTING = "see CONTRIBUTING.md, 'Add a tutorial in ten minutes'"
_SOURCE = re.compile(r"\d+_\w+/\d+_\w+\.py")
# Whatever one reader or another of the percent format takes for a cell's beginning.
_MARKER_LIKE = re.compile(r"^\s*#\s*(?:%%|<codecell>|In ?\[[\d ]*\])")
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
        SourceError: anything that keeps it from being a tutorial.
    """
    try:
        tutorial = _read(text, file)
        check_cells(tutorial)
    except SourceError:
        _check_strings(text, file)  # the cause, where a string was cut in two
        raise
    return tutorial


def _read(text: str, file: str) -> Tutorial:
    lines = text.split("\n")
    _check_characters(lines, file)
    header, body_starts = _header(lines, file)
    markers = list(_markers(lines, body_starts, file))
    starts = [line - 1 for line, _, _ in markers]
    ends = [*starts, len(text.splitlines())][1:]
    for at in range(body_starts, starts[0] if starts else len(lines)):
        if lines[at].strip():
            raise SourceError(
                "there is text outside a cell",
                file=file,
                line=at + 1,
                remedy="begin each cell with '# %%' or '# %% [markdown]'",
            )
    cells = []
    for number, ((line, kind, options), end) in enumerate(zip(markers, ends, strict=True), 1):
        inside = _without_gap(lines[line:end])
        if kind == "markdown":
            _check_commented(inside, line, number, file)
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
    return Tutorial(file, header, tuple(cells), text)


def _without_gap(lines: list[str]) -> list[str]:
    """Leave out what Jupytext leaves out at a cell's end: one empty line, or two blank ones."""
    is_blank = [not line.strip() for line in ("# %%", *lines)]
    if is_blank[-3:] == [False, True, True]:
        return lines[:-2]
    return lines[:-1] if lines[-1:] == [""] else lines


def _check_characters(lines: list[str], file: str) -> None:
    for number, line in enumerate(lines, start=1):
        if match := _UNEVEN.search(line):
            raise SourceError(
                f"the control character U+{ord(match[0]):04X}",
                file=file,
                line=number,
                remedy="delete it, or write it as an escape in a string",
            )


def _check_commented(lines: list[str], marker: int, number: int, file: str) -> None:
    """Insist that prose is written as comments: code below `[markdown]` would be shown and not run."""
    for line, text in enumerate(lines, start=marker + 1):
        if text.strip() and not text.startswith("#"):
            raise SourceError(
                "a line in a markdown cell that is no comment",
                file=file,
                cell=number,
                line=line,
                remedy="begin each line of prose with '# ', and code with a '# %%' above it",
            )


def _check_strings(text: str, file: str) -> None:
    """Refuse strings with a line that begins a cell: it would cut the string in two."""
    kinds = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in kinds:
                continue
            for offset, line in enumerate(token.string.split("\n")):
                if offset and _MARKER_LIKE.match(line):
                    raise SourceError(
                        "a cell's marker inside a string",
                        file=file,
                        line=token.start[0] + offset,
                        remedy="write the string without a line that begins with '# %%', "
                        "for instance as '#' + ' %%'",
                    )
    except (tokenize.TokenError, SyntaxError):
        return  # said where the cell is read


def _markers(
    lines: list[str], body_starts: int, file: str
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield (line, kind, options) of each cell's marker; refuse what only looks like one."""
    number = 0
    for at in range(body_starts, len(lines)):
        if not _MARKER_LIKE.match(lines[at]):
            continue
        number += 1
        match = _MARKER.fullmatch(lines[at])
        problem = "not the form of a cell's marker"
        if match:
            options = _options(match["options"])
            if isinstance(options, dict):
                yield at + 1, "markdown" if match["markdown"] else "code", options
                continue
            problem = options
        raise SourceError(
            f"{problem}: {lines[at].strip()}",
            file=file,
            cell=number,
            line=at + 1,
            remedy=_RIGHT_FORM,
        )


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


def _header(lines: list[str], file: str) -> tuple[Header, int]:
    """Return the header and the number of lines that it takes."""

    def refused(message: str, line: int = 1) -> SourceError:
        remedy = f"correct the header; {_CONTRIBUTING}"
        return SourceError(message, file=file, line=line, remedy=remedy)

    if lines[0].rstrip() != "# ---":
        raise refused("the header is missing: the first line is not '# ---'")
    ends = next((at for at in range(1, len(lines)) if lines[at].rstrip() == "# ---"), None)
    if ends is None:
        raise refused("the header is not closed by a line '# ---'")
    for at in range(1, ends):
        if not re.match(r"#(?: |$)", lines[at]):
            raise refused("a line in the header that does not begin with '# '", at + 1)
    try:
        fields = yaml.load("\n".join(line[2:] for line in lines[1:ends]), _OnceLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or error
        raise refused(f"the header is not YAML: {said}", mark.line + 2 if mark else 1) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise refused(f"the header is not YAML: {error}") from None
    if isinstance(fields, dict):
        fields.pop("jupyter", None)  # Jupytext's own, when somebody pairs the file with a notebook
    try:
        return Header.model_validate(fields or {}), ends + 1
    except ValidationError as error:
        problems = error.errors()
    names = [".".join(str(part) for part in problem["loc"]) for problem in problems]
    said = "; ".join(
        f"header field '{name}': {problem['msg']}"
        for name, problem in zip(names, problems, strict=True)
    )
    line = next((at + 1 for at in range(1, ends) if lines[at].startswith(f"# {names[0]}:")), 1)
    raise refused(said, line)
