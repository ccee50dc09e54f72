"""Fingerprint: everything that decides a tutorial's outputs, and nothing else.

A key is a set of named parts, so that a stale tutorial can say which part changed.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import io
import json
import platform
import sys
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .data import data_checksums
from .errors import SourceError
from .reach import reachable, used_names
from .settings import Settings
from .tutorial import CODE_TAGS, Tutorial

# Raise it when the stored form of a run or the way it is made changes.
SCHEMA = 3
_HERE = Path(__file__).parent
# Import names that differ from their distribution's; a short cut past a search of all that is installed.
_DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
# What a distribution brings that decides outputs although the tutorial may not import it by name.
_BROUGHT_ALONG = {"tensorflow": ("keras", "numpy"), "keras": ("tensorflow", "numpy")}


@dataclass(frozen=True)
class Key:
    """What decides a run: `parts` by name, and one digest over them all."""

    parts: dict[str, str]

    @property
    def digest(self) -> str:
        return _hash(json.dumps(self.parts, sort_keys=True))[:32]

    def changes_since(self, parts: dict[str, str]) -> list[str]:
        """Say, part by part, how this key differs from an earlier key's parts."""
        said = []
        for name in sorted(set(self.parts) | set(parts)):
            before, now = parts.get(name), self.parts.get(name)
            if before == now:
                continue
            if before is None:
                said.append(f"{name} added")
            elif now is None:
                said.append(f"{name} removed")
            elif name.startswith("version of"):
                said.append(f"{name} changed from {before} to {now}")
            else:
                said.append(f"{name} changed")
        return said


def make_key(tutorial: Tutorial, settings: Settings) -> Key:
    """Compute what decides this tutorial's outputs.

    Raises:
        SourceError: it imports a snippet that does not exist or does not parse.
        DataFileError: a data file that it names is missing or damaged.
    """
    snippets = _used_parts(tutorial, find_snippets(tutorial, settings.root))
    modules = imported_modules(tutorial, snippets)
    parts = {
        "schema": str(SCHEMA),
        "code": _hash(json.dumps(_code_parts(tutorial))),
        "inline expressions": _hash(json.dumps(expression_places(tutorial))),
        "artifacts": json.dumps(tutorial.header.artifacts),
        "figure set-up": _figure_setup(),
        "numeric environment": json.dumps(numeric_environment(settings), sort_keys=True),
        "edition": settings.edition,
        "version of python": platform.python_version(),
    }
    for file, source in snippets.items():
        parts[file] = _hash(_canonical(source, strip_module_docstring=True))
    for name in tutorial.header.data:
        parts[f"data {name}"] = data_checksums(tutorial, name, settings)
    for name, version in versions_of(modules).items():
        parts[f"version of {name}"] = version
    return Key(parts)


def numeric_environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that decide the last digits of a kernel's results."""
    threads = str(settings.threads)
    return {
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "PYTHONHASHSEED": "0",
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": threads,
    }


def find_snippets(tutorial: Tutorial, root: Path) -> dict[str, str]:
    """Return the snippet files that a tutorial imports, transitively: path -> source."""
    found: dict[str, str] = {}
    for cell in tutorial.code_cells:
        for name, line in _snippet_imports(cell.source):
            _collect(name, root, found, tutorial, cell, line)
    return dict(sorted(found.items()))


def _collect(name, root, found, tutorial, cell, line) -> None:
    file = f"snippets/{name}.py"
    if file in found:
        return
    try:
        source = (root / file).read_text(encoding="utf-8")
        inner = _snippet_imports(source)
    except FileNotFoundError:
        raise tutorial.error(
            SourceError, f"{file} does not exist", "correct the import", cell, line
        ) from None
    except SyntaxError as error:
        raise tutorial.error(
            SourceError, f"{file}:{error.lineno}: {error.msg}", f"correct {file}", cell, line
        ) from None
    found[file] = source
    for name, _ in inner:
        _collect(name, root, found, tutorial, cell, line)


@functools.lru_cache(maxsize=1024)
def _snippet_imports(source: str) -> list[tuple[str, int]]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, name = alias.name.partition(".")
                if package == "snippets" and name:
                    names.append((name, node.lineno))
        elif isinstance(node, ast.ImportFrom):
            # `from . import name` inside a snippet is `from snippets import name`.
            module = ".".join(["snippets"] * node.level + [node.module or ""]).rstrip(".")
            if module == "snippets":
                names += [(alias.name, node.lineno) for alias in node.names]
            elif module.startswith("snippets."):
                names.append((module.split(".")[1], node.lineno))
    return names


def _used_parts(tutorial: Tutorial, snippets: dict[str, str]) -> dict[str, str]:
    """Return of each snippet the part that this tutorial can run: path -> source."""
    sources = [cell.source for cell in tutorial.code_cells]
    sources += [expression.code for cell in tutorial.cells for expression in cell.expressions]
    imported_by_snippets = {
        name for source in snippets.values() for name, _ in _snippet_imports(source)
    }
    parts = {}
    for file, source in snippets.items():
        name = file.removeprefix("snippets/").removesuffix(".py")
        names = None if name in imported_by_snippets else used_names(sources, name)
        parts[file] = reachable(source, names)
    return parts


def imported_modules(tutorial: Tutorial, snippets: dict[str, str]) -> list[str]:
    """Return the top-level names of the public modules that a tutorial and its snippets import."""
    sources = [*(cell.source for cell in tutorial.code_cells), *snippets.values()]
    names = set().union(*map(_imports, sources))
    return sorted(names - set(sys.stdlib_module_names) - {"snippets"})


@functools.lru_cache(maxsize=1024)
def _imports(source: str) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


def distribution_of(module: str) -> str | None:
    """Return the installed distribution that provides a module, `scikit-learn` for `sklearn`."""
    name = _DISTRIBUTIONS.get(module, module)
    try:
        importlib.metadata.version(name)
        return name
    except importlib.metadata.PackageNotFoundError:
        providers = _providers().get(module)
        return providers[0] if providers else None


def versions_of(modules: Iterable[str]) -> dict[str, str]:
    """Return distribution -> version for imported modules and what they bring along."""
    names = {name for module in modules if (name := distribution_of(module))}
    for name in tuple(names):
        names |= set(_BROUGHT_ALONG.get(name, ()))
    versions = {}
    for name in sorted(names):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


@functools.cache
def _providers() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _code_parts(tutorial: Tutorial) -> list[object]:
    return [
        [
            _canonical(cell.source),
            _is_quiet(cell.source),
            sorted(cell.tags & CODE_TAGS),
            cell.claim,
        ]
        for cell in tutorial.code_cells
    ]


def _is_quiet(source: str) -> bool:
    """Say whether a cell ends in the semicolon that keeps its last value from being shown."""
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = [token.string for token in tokens if token.type not in layout]
    return code[-1:] == [";"]


def expression_places(tutorial: Tutorial) -> list[tuple[int, str]]:
    """Return (number of code cells before it, code) for each inline expression."""
    places, before = [], 0
    for cell in tutorial.cells:
        if cell.is_code:
            before += 1
        places += [(before, expression.code) for expression in cell.expressions]
    return places


@functools.lru_cache(maxsize=1024)
def _canonical(source: str, *, strip_module_docstring: bool = False) -> str:
    """Return the syntax tree as text: comments, blank lines and docstrings do not count."""
    tree = ast.parse(source)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in ast.walk(tree):
        documented = isinstance(node, kinds) or (strip_module_docstring and node is tree)
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


@functools.cache
def _figure_setup() -> str:
    return _hash((_HERE / "kernel.py").read_text() + (_HERE / "matplotlibrc").read_text())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
