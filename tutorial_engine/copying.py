"""Copies of snippets in a reader's own project: made, and later compared with what the course has now."""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import hashlib
import itertools
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .closure import closure, closures, lines_of, parsed, public_names
from .fingerprint import DISTRIBUTIONS
from .syntax import facts

FOLDER = "snippets"
_ASKED = re.compile(r"([a-z]\w*)(?:\.(\w+))?")
_NEEDS = re.compile(r"Needs: (.+?)\. (?:Works|Copy)")
_WIDTH = 100
_PACKAGE = re.compile(r"([\w-]+) [\d.]+")
_HEADER = re.compile(r"# (\S+) of (.+)\n# SHA-256 of the lines below: ([0-9a-f]{64})\n")


class CopyError(ValueError):
    """What cannot be copied or compared, and what to do about it."""


@dataclass(frozen=True)
class Project:
    """What a copy is from.

    Args:
        name: as its distribution is called.
        version: empty if it has none.
        licence: an SPDX expression, empty if it names none.
        site: the public address of its site, empty if it has none.
    """

    name: str
    version: str = ""
    licence: str = ""
    site: str = ""

    def __str__(self) -> str:
        """Its name and its version."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Comparison:
    """A copy beside what the course has now.

    Args:
        asked: what was copied: `module` or `module.name`.
        is_changed: somebody has edited the copy.
        is_behind: the course has another version than the one that was copied.
        difference: a unified diff from the copy to the course's, empty if they are the same.
    """

    asked: str
    is_changed: bool
    is_behind: bool
    difference: str


def copied(root: Path, asked: str, site: str = "") -> str:
    """Return a snippet, or one of its functions with what that needs, under a header of two lines.

    Args:
        root: the repository.
        asked: `plot_results`, or `plot_results.seed_dots`.
        site: as `Project` has it.

    Raises:
        CopyError: there is no such snippet, or no such name in it.
    """
    return headed(read_project(root, site), asked, _text(root, asked))


def copies_of(module: str, source: str, project: Project) -> dict[str, str]:
    """Return all copies of a snippet, under their headers: of the whole, then of each public name.

    Args:
        module: its name, `plot_results`.
        source: its code.
        project: what it is from.

    Returns:
        What `copied` gives for `plot_results` and for each `plot_results.seed_dots`, in the file's order.
    """
    copies = {module: headed(project, module, source)}
    for name, piece in closures(source, public_names(source)).items():
        asked = f"{module}.{name}"
        copies[asked] = headed(project, asked, alone(source, piece))
    return copies


def needs_of(source: str) -> str:
    """Return the packages on which a snippet stands, in the words of its docstring; nothing if it names none."""
    docstring = " ".join((ast.get_docstring(parsed(source)) or "").split())
    match = _NEEDS.search(docstring)
    return match[1] if match else ""


def snippet_files(root: Path) -> dict[str, Path]:
    """Return the snippets that can be copied: name -> file."""
    return {file.stem: file for file in sorted((root / FOLDER).glob("[a-z]*.py"))}


def read_project(root: Path, site: str = "") -> Project:
    """Return the project in a repository, which has the folder's name where no file names it."""
    file = root / "pyproject.toml"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return _project(text, root.name, site)


@functools.lru_cache(maxsize=4)
def _project(text: str, folder: str, site: str) -> Project:
    found = tomllib.loads(text).get("project", {})
    licence = found.get("license", "")
    return Project(
        str(found.get("name", folder)),
        str(found.get("version", "")),
        licence if isinstance(licence, str) else "",
        site,
    )


def headed(project: Project, asked: str, text: str) -> str:
    """Return a copy's text under the two lines that say what it is, and whether it was changed."""
    module, _, name = asked.partition(".")
    page = f"{FOLDER}/{module}/{'#' if name else ''}{name}"
    address = f"{project.site.rstrip('/')}/{page}" if project.site else page
    return (
        f"# {asked} of {project}: {address}\n# SHA-256 of the lines below: {digest(text)}\n\n{text}"
    )


def alone(source: str, piece: str) -> str:
    """Return a piece of a snippet under the snippet's licence and what the piece itself needs."""
    opening = list(itertools.takewhile(_is_comment, lines_of(source)))
    if needs := _needs_of_piece(needs_of(source), piece):
        opening += textwrap.wrap(
            f"Needs: {needs}.", _WIDTH, initial_indent="# ", subsequent_indent="# "
        )
    return "\n".join([*opening, "", piece]) if opening else piece


def _needs_of_piece(needs: str, piece: str) -> str:
    """Return the sentence of what a snippet needs without the packages that a piece of it does not import."""
    modules = {each.module.partition(".")[0] for each in facts(piece).imports}
    if "keras" in modules:
        modules.add("tensorflow")  # on which it computes
    always, _, sometimes = needs.partition("; ")
    kept = [part for part in always.split(", ") if _is_needed(part, modules)]
    sentence = ", ".join(kept)
    if kept[1:] == ["or newer"]:
        sentence = " ".join(kept)
    is_needed = any(re.search(rf"\b{name}\b", sometimes) for name in modules)
    return f"{sentence}; {sometimes}" if is_needed else sentence


def _is_needed(part: str, modules: set[str]) -> bool:
    """Say whether an entry such as `numpy 2.0` names one of these modules, or is no package's."""
    match = _PACKAGE.fullmatch(part)
    return match is None or match[1] in {"Python", *(DISTRIBUTIONS.get(m, m) for m in modules)}


def write_copy(root: Path, asked: str, destination: Path, site: str = "") -> Path:
    """Write a copy into a folder, or to a file whose name ends in `.py`; return the file.

    A folder that is not there is made.

    Args:
        root, asked, site: as `copied` takes them.

    Raises:
        CopyError: as `copied`; or the file exists, or it cannot be written.
    """
    content = copied(root, asked, site)
    name = f"{asked.rpartition('.')[2]}.py"
    file = destination if destination.suffix == ".py" else destination / name
    if file.parent.is_file():
        raise CopyError(f"{file.parent} is a file: name a folder, or a file that ends in .py")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(content)
    except FileExistsError:
        raise CopyError(f"{file} exists and stays as it is: name another file") from None
    except OSError as error:
        raise CopyError(f"{file} cannot be written: {error.strerror}") from None
    return file


def compare(root: Path, file: Path) -> Comparison:
    """Compare a copy with what the course has now.

    Raises:
        CopyError: the file is no copy with its header, or the course has nothing of that name.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CopyError(f"{file} cannot be read: {error}") from None
    header = _HEADER.match(content)
    if header is None:
        raise CopyError(f"{file} does not begin with the two lines that `copy` writes")
    asked, _, told = header.groups()
    mine, now = content[header.end() :].removeprefix("\n"), _text(root, asked)
    lines = difflib.unified_diff(
        mine.splitlines(keepends=True), now.splitlines(keepends=True), str(file), asked
    )
    return Comparison(
        asked, digest(mine) != told, digest(now) != told, "".join(lines) if mine != now else ""
    )


def _text(root: Path, asked: str) -> str:
    match = _ASKED.fullmatch(asked)
    snippets = snippet_files(root)
    if match is None or match[1] not in snippets:
        likely = difflib.get_close_matches(asked.partition(".")[0], list(snippets), n=3)
        likely = _holding(asked, snippets) or likely or list(snippets)
        raise CopyError(f"there is no snippet {asked}{_meant(likely)}")
    file = f"{FOLDER}/{match[1]}.py"
    try:
        source = snippets[match[1]].read_text(encoding="utf-8-sig")
        if match[2] is None:
            return source
        names = public_names(source)
        if match[2] not in names:
            likely = difflib.get_close_matches(match[2], names, n=3)
            raise CopyError(f"{match[1]} has no {match[2]}{_meant(likely or names)}")
        return alone(source, closure(source, match[2]))
    except (OSError, UnicodeDecodeError) as error:
        raise CopyError(f"{file} cannot be read: {error}; save it as UTF-8") from None
    except SyntaxError as error:
        raise CopyError(f"{file}:{error.lineno}: {error.msg}; correct it first") from None


def _holding(name: str, snippets: Mapping[str, Path]) -> list[str]:
    """Return the places of a public name whose snippet was not said: `metrics.class_report`."""
    found = []
    for module, file in snippets.items():
        with contextlib.suppress(OSError, UnicodeDecodeError, SyntaxError):
            if name in public_names(file.read_text(encoding="utf-8-sig")):
                found.append(f"{module}.{name}")
    return found


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _meant(names: list[str]) -> str:
    return f"; there is {', '.join(names)}" if names else ""


def digest(text: str) -> str:
    """Return the SHA-256 of a text, as its file has it."""
    return hashlib.sha256(text.encode()).hexdigest()
