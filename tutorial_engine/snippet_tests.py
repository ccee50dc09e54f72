"""Snippet tests: what holds each function of the snippets to its word, and whether it did so here."""

from __future__ import annotations

import ast
import contextlib
import datetime
import hashlib
import json
import logging
import platform
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .build_cache import BuildCache
from .closure import lines_of
from .documents import Document
from .files import file_digest, write_whole
from .fingerprint import snippets_state, versions_of
from .settings import Settings
from .syntax import Function

log = logging.getLogger("mkdocs.tutorials")

FOLDER = "tests/snippets"
_RESULTS = "snippet_tests.json"
_LIBRARIES = ("keras", "matplotlib", "numpy", "sklearn", "tensorflow")


@dataclass(frozen=True)
class SnippetTest:
    """A test of functions of snippets.

    Args:
        file: relative to the repository.
        name: as pytest has it, `TestArea::test_of_a_unit` for one in a class.
        source: its lines, decorators and all.
        calls: module and name of each of a snippet's names that it mentions.
    """

    file: str
    name: str
    source: str
    calls: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """What it says of them, which is its name."""
        words = self.name.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        return words[:1].upper() + words[1:]


def anchors(tests: Sequence[SnippetTest]) -> dict[SnippetTest, str]:
    """Return where on a page each of its tests stands: under its name, with its file's where two share it."""
    names = Counter(each.name for each in tests)
    return {
        each: (each.name if names[each.name] == 1 else f"{each.file}::{each.name}")
        .removeprefix(f"{FOLDER}/")
        .replace("::", "-")
        .replace("/", "-")
        for each in tests
    }


@dataclass(frozen=True)
class Results:
    """How tests went when they last ran, with the code as it is now.

    Args:
        counts: file and test -> outcome -> how many of its cases came to that.
        circumstances: file -> when that was, with which versions.
    """

    counts: Mapping[tuple[str, str], Mapping[str, int]]
    circumstances: Mapping[str, str]

    def of_files(self, files: set[str]) -> Results:
        """Return the results of some files of tests alone."""
        return Results(
            {place: each for place, each in self.counts.items() if place[0] in files},
            {file: each for file, each in self.circumstances.items() if file in files},
        )

    def of(self, tests: Sequence[SnippetTest]) -> str:
        """Say in a sentence how these tests went, nothing where some have not run with this code."""
        found = [self.counts.get((each.file, each.name)) for each in tests]
        if not all(found):
            return ""
        total = sum((Counter(counts) for counts in found), Counter[str]())
        cases = ", ".join(f"{count} {outcome}" for outcome, count in sorted(total.items()))
        circumstances = dict.fromkeys(self.circumstances[each.file] for each in tests)
        return f"With this code, case by case: {cases} ({'; '.join(circumstances)})."


def read_tests(root: Path, build_cache: BuildCache | None = None) -> list[SnippetTest]:
    """Return the tests of a repository's snippets, in the order of their files.

    A file that does not read is told in the log: its tests are missing, no other's.
    """
    build_cache = build_cache or BuildCache()
    found = []
    for path in _files(root):
        file = path.relative_to(root).as_posix()
        try:
            documents = _read_tests(path, file, build_cache)
        except (OSError, ValueError, SyntaxError) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
            said = error.msg if isinstance(error, SyntaxError) else error
            remedy = f"correct {file}; until then the snippets' pages lack its tests"
            log.warning("%s%s: %s\n  What to do: %s", file, line, said, remedy)
            continue
        found += [
            SnippetTest(**{**each, "calls": tuple(map(tuple, each["calls"]))}) for each in documents
        ]
    return found


def _files(root: Path) -> list[Path]:
    return sorted((root / FOLDER).rglob("test_*.py"))


def _read_tests(path: Path, file: str, build_cache: BuildCache) -> list[Document]:
    source = path.read_text(encoding="utf-8-sig")

    def read() -> list[Document]:
        return [asdict(each) for each in find_tests(source, file)]

    found: list[Document] = build_cache.get("snippet tests", file, source, read)
    return found


def find_tests(source: str, file: str) -> Iterator[SnippetTest]:
    """Yield the tests of a file that mention what they import from snippets.

    Args:
        source: its code.
        file: as `SnippetTest` has it.
    """
    tree = ast.parse(source)
    modules, direct = _imported(tree)
    for name, node in _functions(tree.body):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
        lines = textwrap.dedent("\n".join(lines_of(source)[first : node.end_lineno]))
        if calls := tuple(sorted(set(_called(node, modules, direct)))):
            yield SnippetTest(file, name, lines, calls)


def _functions(body: list[ast.stmt]) -> Iterator[tuple[str, Function]]:
    """Yield what pytest takes for a test among statements, in classes, too: its name there, the function."""
    for node in body:
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from ((f"{node.name}::{name}", each) for name, each in _functions(node.body))


def state_of_tests(settings: Settings) -> dict[str, str]:
    """Return what decides how each file of tests goes, as a digest: the file and all snippets."""
    state = snippets_state(settings.root)
    return {
        file.relative_to(settings.root).as_posix(): hashlib.sha256(
            repr((state, file_digest(file))).encode()
        ).hexdigest()
        for file in _files(settings.root)
    }


def record_results(
    settings: Settings,
    counts: Mapping[tuple[str, str], Mapping[str, int]],
    state: Mapping[str, str],
) -> None:
    """Keep how tests went, for the pages that a later build makes.

    Args:
        counts: as `Results` has them.
        state: of the tests when they began.
    """
    files = {
        file: entry
        for file, entry in _read(settings).items()
        if entry.get("state") == state.get(file)
    }
    versions = {"Python": platform.python_version(), **versions_of(_LIBRARIES)}
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    for (file, name), outcomes in counts.items():
        entry = files.setdefault(file, {"state": state[file], "tests": {}})
        entry["tests"][name] = dict(outcomes)
        entry["circumstances"] = f"{day}, {shown}"
    with contextlib.suppress(OSError):  # where nothing can be written, nothing is shown
        write_whole(settings.cache / _RESULTS, json.dumps(files, indent=1, sort_keys=True))


def read_results(settings: Settings) -> Results:
    """Return how the tests went that ran with the code as it is now."""
    state = state_of_tests(settings)
    files = {
        file: entry for file, entry in _read(settings).items() if entry["state"] == state.get(file)
    }
    counts = {
        (file, name): outcomes
        for file, entry in files.items()
        for name, outcomes in entry["tests"].items()
    }
    return Results(counts, {file: entry["circumstances"] for file, entry in files.items()})


def _read(settings: Settings) -> Document:
    try:
        document: Document = json.loads((settings.cache / _RESULTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document


def _imported(tree: ast.Module) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return the snippets that a file imports, by what it calls them, and what it imports from them.

    Returns:
        `metrics`, or `snippets.metrics` as written -> the snippet; name -> its place.
    """
    modules: dict[str, str] = {}
    direct: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                package, _, module = each.name.partition(".")
                if package == "snippets" and module:
                    modules[each.asname or each.name] = module
        elif isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            if package == "snippets":
                for each in node.names:
                    if module:
                        direct[each.asname or each.name] = module, each.name
                    else:
                        modules[each.asname or each.name] = each.name
    return modules, direct


def _called(
    node: ast.AST, modules: Mapping[str, str], direct: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in direct:
            yield direct[each.id]
        elif isinstance(each, ast.Attribute) and (module := _written(each.value)) in modules:
            yield modules[module], each.attr


def _written(node: ast.expr) -> str:
    """Return `metrics` or `snippets.metrics` as it is written; nothing for what is longer."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name(name), attribute):
            return f"{name}.{attribute}"
    return ""
