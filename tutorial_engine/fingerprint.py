"""Fingerprint: everything that decides a tutorial's outputs, and nothing else.

A key is a set of named parts, so that a stale tutorial can say which part changed.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import platform
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .build_cache import BuildCache
from .data import data_checksums
from .documents import Document
from .errors import SourceError, TutorialError, together
from .figure_texts import PART, counts_as_code, texts_by_cell, without_texts
from .files import file_digest
from .reach import Part, reachable, used_names
from .settings import Settings
from .syntax import Import, Looks, facts
from .tutorial import CODE_TAGS, Cell, Tutorial

# Raise it when the stored form of a run or the way it is made changes.
SCHEMA = 5
_HERE = Path(__file__).parent
# Import names that differ from their distribution's; a short cut past a search of all that is installed.
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
_PACKAGE = "snippets/__init__.py"
_NOT_PUBLIC = sys.stdlib_module_names | {"snippets"}


@dataclass(frozen=True)
class Key:
    """What decides a run: `parts` by name, and one digest over them all."""

    parts: dict[str, str]

    @property
    def digest(self) -> str:
        """One digest over all parts: the file name of the run."""
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


def make_key(tutorial: Tutorial, settings: Settings, build_cache: BuildCache | None = None) -> Key:
    """Compute what decides this tutorial's outputs.

    Args:
        build_cache: where what was read from the same code is found again.

    Raises:
        SourceError: it imports a snippet that does not exist or does not parse.
        DataFileError: a data file that it names is missing or damaged.
    """
    faults: list[TutorialError] = []
    checksums: dict[str, str] = {}
    for name in tutorial.header.data:
        try:
            checksums[f"data {name}"] = data_checksums(tutorial, name, settings)
        except TutorialError as error:
            faults.append(error)
    try:
        code = _code_of(tutorial, settings, build_cache)
    except SourceError as error:
        raise together([*faults, error]) or error from None
    for name, cell, line, where in code["imports"]:
        shown = tutorial.cells[cell - 1] if cell else None
        if fault := _local_import(name, settings.root, tutorial, shown, line, where):
            faults.append(fault)
    if wrong := together([*faults, *_missing_packages(tutorial, settings.root)]):
        raise wrong
    parts = {
        **code["parts"],
        "schema": str(SCHEMA),
        "artifacts": json.dumps(tutorial.header.artifacts),
        "figure set-up": _figure_setup(),
        "numeric environment": json.dumps(numeric_environment(settings), sort_keys=True),
        "edition": settings.edition,
        "version of python": platform.python_version(),
        **checksums,
    }
    for name, version in versions_of(code["modules"]).items():
        parts[f"version of {name}"] = version
    return Key(parts)


def names_from_snippets(
    tutorial: Tutorial, settings: Settings, build_cache: BuildCache | None = None
) -> dict[str, list[str]]:
    """Return what a tutorial takes from each snippet: its name -> names, sorted; none where any may be."""
    names: dict[str, list[str]] = _code_of(tutorial, settings, build_cache)["names"]
    return names


def _code_of(tutorial: Tutorial, settings: Settings, build_cache: BuildCache | None) -> Document:
    state = snippets_state(settings.root)
    code: Document = (build_cache or BuildCache()).get(
        "code",
        tutorial.file,
        (tutorial.file, tutorial.text, state),
        lambda: _read_code(tutorial, settings.root, state),
        revive=dict,
    )
    return code


def snippets_state(root: Path) -> list[tuple[str, str]]:
    """Return each file that a tutorial may import, with the digest of what it holds."""
    state = []
    for file in sorted((root / "snippets").glob("*.py")):
        try:
            digest = file_digest(file)
        except OSError as error:
            digest = str(error.strerror)
        state.append((file.name, digest))
    return state


def _read_code(tutorial: Tutorial, root: Path, state: list[tuple[str, str]]) -> Document:
    """Return what a tutorial's text and the snippets say of a run, and nothing else does.

    Returns:
        `parts` of the key; `modules`, the public ones that it can reach; `imports`, each public one with
        the number of its cell or None, its line there, and its place in a snippet or nothing; `names`, what
        it takes from each snippet.
    """
    snippets = find_snippets(tutorial, root)
    used, seen = _used_parts(tutorial, snippets)
    texts = {} if seen else texts_by_cell(tutorial)
    if texts and counts_as_code(_sources(tutorial), snippets):
        texts = {}
    parts = {
        "code": _hash(json.dumps(_code_parts(tutorial, as_text=bool(seen), texts=texts))),
        "inline expressions": _hash(json.dumps(expression_places(tutorial))),
    }
    if texts:
        parts[PART] = json.dumps(texts, ensure_ascii=False)
    for file, part in used.items():
        # What looks names up or shows its text may show all of it, remarks included.
        as_text = seen or (part.is_whole and part.looks.names)
        parts[file] = _hash(snippets[file] if as_text else part.canonical)
    if seen and (root / _PACKAGE).is_file():
        parts.setdefault(_PACKAGE, _hash((root / _PACKAGE).read_bytes().decode("latin-1")))
    if seen.imports:
        for name, digest in state:
            parts[f"snippets/{name}"] = digest
    imports: list[tuple[str, int | None, int, str]] = [
        (name, cell.number, line, "")
        for cell in tutorial.code_cells
        for name, line in _public(facts(cell.source).imports)
    ]
    imports += [
        (name, None, 0, f"{file}:{line}: ")
        for file, source in snippets.items()
        for name, line in _public(reachable(source).imports)
    ]
    sources = _sources(tutorial)
    modules = [Path(file).stem for file in snippets if file != _PACKAGE]
    return {
        "parts": parts,
        "modules": _modules(tutorial, used.values()),
        "imports": imports,
        "names": {module: sorted(used_names(sources, module) or ()) for module in modules},
    }


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
    """Return the snippet files that a tutorial imports, transitively: path -> source.

    Raises:
        SourceError: one does not exist or does not parse.
    """
    found: dict[str, str] = {}
    faults = []
    for cell in tutorial.code_cells:
        for name, line in _of_snippets(facts(cell.source).imports):
            try:
                _collect(name, root, found, tutorial, cell, line)
            except SourceError as error:
                faults.append(error)
    if wrong := together(faults):
        raise wrong
    return dict(sorted(found.items()))


def _collect(
    name: str, root: Path, found: dict[str, str], tutorial: Tutorial, cell: Cell, line: int
) -> None:
    file = f"snippets/{name}.py"
    if file in found:
        return
    found[file], inner = _read_snippet(file, root, tutorial, cell, line)
    for each, _ in inner:
        _collect(each, root, found, tutorial, cell, line)
    if _PACKAGE not in found and (root / _PACKAGE).is_file():
        source, inner = _read_snippet(_PACKAGE, root, tutorial, cell, line)
        # The package counts when it is more than a docstring.
        if reachable(source).canonical != reachable("pass").canonical:
            found[_PACKAGE] = source
            for each, _ in inner:
                _collect(each, root, found, tutorial, cell, line)


def _read_snippet(
    file: str, root: Path, tutorial: Tutorial, cell: Cell, line: int
) -> tuple[str, list[tuple[str, int]]]:
    """Return a snippet's source and its imports of snippets.

    Raises:
        SourceError: it is not there or not Python; points at the import.
    """
    try:
        source = (root / file).read_text(encoding="utf-8-sig")
        return source, _of_snippets(reachable(source).imports)
    except FileNotFoundError:
        message, remedy = f"{file} does not exist", "correct the import"
    except SyntaxError as error:
        message, remedy = f"{file}:{error.lineno}: {error.msg}", f"correct {file}"
    except UnicodeDecodeError:
        message, remedy = f"{file} is not UTF-8", f"save {file} as UTF-8"
    except OSError as error:
        message, remedy = f"{file} cannot be read: {error.strerror}", f"make {file} a file"
    except (ValueError, RecursionError, MemoryError) as error:
        message, remedy = f"{file} is not Python: {error}", f"correct {file}"
    raise tutorial.error(SourceError, message, remedy, cell, line)


def _local_import(
    name: str, root: Path, tutorial: Tutorial, cell: Cell | None, line: int, where: str
) -> SourceError | None:
    """Return what is wrong with the import of a module that only this repository has and that no notebook carries."""
    beside = (root / tutorial.file).parent
    places = [
        place for folder in (root, beside) for place in (folder / f"{name}.py", folder / name)
    ]
    local = next((place for place in places if place.exists()), None)
    if name == "tutorial_engine":
        shown = name
    elif local is None or distribution_of(name):
        return None
    else:
        shown = local.relative_to(root).as_posix()
    return tutorial.error(
        SourceError,
        f"{where}imports {name} from {shown}, which is neither a snippet nor an installed package",
        "move what it needs into snippets/: a notebook carries snippets and nothing else of the repository",
        cell,
        line,
    )


def _missing_packages(tutorial: Tutorial, root: Path) -> Iterator[SourceError]:
    """Yield the imports that would end a run: of what is not installed, where nothing waits for their failure.

    A module that the tutorial itself writes, or finds by a path of its own, is there when it is imported.
    """
    sources = [cell.source for cell in tutorial.code_cells]
    if any(facts(source).looks.imports for source in sources):
        return
    for cell in tutorial.code_cells:
        if cell.is_trial or "raises-exception" in cell.tags:
            continue
        imported = [name for name, _ in _public(facts(cell.source).imports)]
        missing = {
            name
            for name in imported
            if not _is_there(name, root, tutorial, cell)
            and not any(f"{name}.py" in source for source in sources)
        }
        for node in ast.parse(cell.source).body if missing else ():
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in dict.fromkeys(name.partition(".")[0] for name in names):
                if top in missing:
                    yield tutorial.error(
                        SourceError,
                        f"imports {top}, which is not installed",
                        package_remedy(top),
                        cell,
                        node.lineno,
                    )


def package_remedy(top: str) -> str:
    """Return what to do about a module that is not installed, by its first name."""
    return (
        f"do without it, or add the package that brings {top} to the dependencies in pyproject.toml, "
        "then `make lock` and `make build`; see CONTRIBUTING.md, 'Packages, data and images'"
    )


def _is_there(module: str, root: Path, tutorial: Tutorial, cell: Cell) -> bool:
    """Say whether a module can be imported, or something else is said about it."""
    return bool(
        distribution_of(module)
        or _is_found(module)
        or _local_import(module, root, tutorial, cell, 0, "")
    )


def _is_found(module: str) -> bool:
    """Say whether a module can be imported although no distribution says that it brings it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _of_snippets(imports: Iterable[Import]) -> list[tuple[str, int]]:
    """Return (name, line) of each snippet among these imports."""
    names = []
    for each in imports:
        # `from . import name` inside a snippet is `from snippets import name`.
        path = [*["snippets"] * each.level, *filter(None, [each.module])]
        package, _, module = ".".join(path).partition(".")
        if package == "snippets":
            name = module.partition(".")[0] if each.name else module
            names.append((name or each.name or "__init__", each.line))
    return names


def _used_parts(tutorial: Tutorial, snippets: dict[str, str]) -> tuple[dict[str, Part], Looks]:
    """Return of each snippet the part that this tutorial can run, and what all of that looks at."""
    sources = _sources(tutorial)
    own = functools.reduce(Looks.__or__, (facts(each).looks for each in sources), Looks())
    imported_by_snippets = {
        name for source in snippets.values() for name, _ in _of_snippets(reachable(source).imports)
    }
    parts, seen = {}, own
    for file, source in snippets.items():
        name = file.removeprefix("snippets/").removesuffix(".py")
        is_whole = own or name in imported_by_snippets or file == _PACKAGE
        parts[file] = reachable(source, None if is_whole else used_names(sources, name))
        inside = parts[file].looks
        seen |= Looks(text=inside.text, imports=inside.imports)
    return parts, seen


def _sources(tutorial: Tutorial) -> list[str]:
    """Return the code of a tutorial's cells and of its inline expressions."""
    sources = [cell.source for cell in tutorial.code_cells]
    return sources + [expression.code for cell in tutorial.cells for expression in cell.expressions]


def imported_modules(tutorial: Tutorial, snippets: dict[str, str]) -> list[str]:
    """Return the top-level names of the public modules that a tutorial and its snippets import."""
    return _modules(tutorial, map(reachable, snippets.values()))


def _modules(tutorial: Tutorial, parts: Iterable[Part]) -> list[str]:
    imports = [each for cell in tutorial.code_cells for each in facts(cell.source).imports]
    imports += [each for part in parts for each in part.imports]
    return sorted({name for name, _ in _public(imports)})


def _public(imports: Iterable[Import]) -> list[tuple[str, int]]:
    """Return (top-level name, line) of what is imported from outside the standard library."""
    found = [(each.module.partition(".")[0], each.line) for each in imports if not each.level]
    return [(name, line) for name, line in dict.fromkeys(found) if name not in _NOT_PUBLIC]


def distribution_of(module: str) -> str | None:
    """Return the installed distribution that provides a module, `scikit-learn` for `sklearn`."""
    name = DISTRIBUTIONS.get(module, module)
    if version_of(name):
        return name
    providers = distributions_of(module)
    return providers[0] if providers else None


def distributions_of(module: str) -> list[str]:
    """Return every installed distribution that puts something under a top-level name."""
    return _providers(_state_of_environment()).get(module, [])


def modules_of(distribution: str) -> list[str]:
    """Return the top-level names under which a distribution installs something."""
    providers = _providers(_state_of_environment())
    return sorted(module for module, names in providers.items() if distribution in names)


def required_by(distributions: Iterable[str]) -> set[str]:
    """Return these distributions and all that they bring along, by their canonical names.

    What one requires on another system alone counts as brought: it says itself that it does without here.
    """
    brought: set[str] = set()
    pending = [(name, "") for name in distributions]
    visited: set[tuple[str, str]] = set()
    while pending:
        name, extra = pending.pop()
        if (name, extra) in visited:
            continue
        visited.add((name, extra))
        brought.add(canonicalize_name(name))
        for requirement in _requirements(name, _state_of_environment()):
            needed = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
            if needed:
                pending += [(requirement.name, each) for each in ("", *requirement.extras)]
            elif "extra" not in str(requirement.marker):
                brought.add(canonicalize_name(requirement.name))
    return brought


@functools.lru_cache(maxsize=4096)
def _requirements(distribution: str, state: object) -> tuple[Requirement, ...]:
    try:
        return tuple(map(Requirement, importlib.metadata.requires(distribution) or ()))
    except importlib.metadata.PackageNotFoundError:
        return ()


def installed() -> dict[str, str]:
    """Return the version of all that is installed, by canonical name."""
    return dict(_installed(_state_of_environment()))


@functools.lru_cache(maxsize=2)
def _installed(state: object) -> dict[str, str]:
    # The first of a name is the one that an import finds.
    found: dict[str, str] = {}
    for each in importlib.metadata.distributions():
        if name := each.metadata["Name"]:
            found.setdefault(canonicalize_name(name), each.version)
    return found


def version_of(distribution: str) -> str | None:
    """Return the installed version, None where it is not installed."""
    return _version(distribution, _state_of_environment())


def versions_of(modules: Iterable[str]) -> dict[str, str]:
    """Return distribution -> version for imported modules."""
    names = {name for module in modules if (name := distribution_of(module))}
    return {name: version for name in sorted(names) if (version := version_of(name))}


def _state_of_environment() -> tuple[tuple[str, int], ...]:
    """Return what changes when a distribution is installed or removed while a server runs."""
    state = []
    for folder in sys.path:
        if folder.endswith("-packages"):
            with contextlib.suppress(OSError):
                state.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(state)


@functools.lru_cache(maxsize=4096)
def _version(distribution: str, state: object) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.lru_cache(maxsize=2)
def _providers(state: object) -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _code_parts(
    tutorial: Tutorial, *, as_text: bool, texts: Mapping[str, str] = MappingProxyType({})
) -> list[object]:
    """Return what counts of the code cells; with `as_text` also remarks, layout and places.

    Args:
        texts: of figures, by the position of the cell that gives them; they are a part of their own.
    """

    def canonical(position: int, source: str) -> str:
        return without_texts(source) if str(position) in texts else facts(source).canonical

    return [
        [
            [cell.number, cell.source] if as_text else canonical(position, cell.source),
            _is_quiet(cell.source),
            sorted(cell.tags & CODE_TAGS),
            cell.claim or cell.told,
        ]
        for position, cell in enumerate(tutorial.code_cells)
    ]


def _is_quiet(source: str) -> bool:
    """Say whether a cell ends in the semicolon that keeps its last value from being shown."""
    if ";" not in source:
        return False
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


@functools.cache
def _figure_setup() -> str:
    files = [_HERE / "kernel.py", _HERE / "matplotlibrc", *sorted(_HERE.glob("fonts/*.ttf"))]
    return _hash(" ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
