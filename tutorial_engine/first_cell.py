"""The first code cell of a notebook that leaves home, below the title that `notebooks` writes: packages and helpers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from .closure import closure_of
from .copying import alone
from .fingerprint import (
    distributions_of,
    find_snippets,
    imported_modules,
    modules_of,
    names_from_snippets,
    required_by,
)
from .keras_datasets import SNIPPET
from .reach import reachable
from .run import Run
from .settings import Settings
from .syntax import Facts, facts
from .tutorial import Tutorial

_PACKAGE = "snippets/__init__.py"
# What finds a module's names without naming the module.
_LOOKS_NAMES_UP = {"globals", "locals", "vars", "__globals__"}
_INTRODUCTION = """\
# Makes this notebook run anywhere: installs the public packages that are missing, in the versions that it
# was checked with. A package that you have in another version stays as it is, and you are told.
import importlib.metadata
import importlib.util
import os
import pathlib
import subprocess
import sys
"""
_PACKAGES = """
missing = [need for module, need in packages.items() if not importlib.util.find_spec(module)]
if missing:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *missing])
    importlib.invalidate_caches()
yours = {d.name: d.version for d in importlib.metadata.distributions() if d.name}
checked = dict(need.split("==") for need in packages.values())
if others := [name for name in checked if yours.get(name, checked[name]) != checked[name]]:
    said = [f"{name} {yours[name]} (checked with {checked[name]})" for name in others]
    print("You have other versions than this page:", ", ".join(said))
"""
_SAFE_FROM = """
for name, safe in safe_from.items():
    mine = yours.get(name, safe)
    if [int(part) for part in mine.split(".")[:2]] < [int(part) for part in safe.split(".")[:2]]:
        print(f"{name} {mine} has known vulnerabilities, mended in {safe}: pip install {name}=={checked[name]}")
"""
_WRITING = """
for name, text in helpers.items():
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(text, encoding="utf-8", newline="\\n")
    elif file.read_text(encoding="utf-8") != text:
        print(f"{file} differs from the one this notebook was checked with; kept yours.")

# They come before any other package named `snippets`, here and in the processes that you start.
home = str(folder.resolve())
sys.path[:] = [home, *(place for place in sys.path if place != home)]
places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
os.environ["PYTHONPATH"] = os.pathsep.join([home, *(place for place in places if place not in ("", home))])
importlib.invalidate_caches()
loaded = list(getattr(sys.modules.get("snippets"), "__path__", []))
if loaded != [str(pathlib.Path(home, "snippets"))]:
    for name in [name for name in sys.modules if name.partition(".")[0] == "snippets"]:
        del sys.modules[name]
"""


def folder_of(tutorial: Tutorial) -> str:
    """Return the folder, beside a notebook and its alone, into which it writes its helpers."""
    return f"{tutorial.name}-helpers"


def carried(tutorial: Tutorial, run: Run, settings: Settings) -> dict[str, str]:
    """Return what a notebook carries of the snippets: file -> code.

    That is, of a snippet whose names the tutorial asks for in its code, those names with what they
    need; all of one that it may ask for any name, or that only its run was seen to import.
    """
    snippets = find_snippets(tutorial, settings.root)
    helpers = dict(_whole(run, settings.root)) | snippets
    if not _asks_by_name(tutorial, snippets.values()):
        return dict(sorted(helpers.items()))
    if SNIPPET not in snippets:
        helpers.pop(SNIPPET, None)
    for module, names in names_from_snippets(tutorial, settings).items():
        file = f"snippets/{module}.py"
        helpers[file] = _part(helpers[file], names)
    return dict(sorted(helpers.items()))


def _whole(run: Run, root: Path) -> dict[str, str]:
    """Return the snippets that a run was seen to use: file -> code."""
    return {
        file: (root / file).read_text(encoding="utf-8-sig")
        for file, digest in run.dependencies.get("files", {}).items()
        if digest and file.startswith("snippets/") and file.endswith(".py")
    }


def _asks_by_name(tutorial: Tutorial, snippets: Iterable[str]) -> bool:
    """Say whether what a tutorial takes from snippets can be read from its code.

    Not where modules are found while it runs, nor where snippets import each other.
    """
    found = [facts(cell.source) for cell in tutorial.code_cells if not cell.is_trial]
    if any(each.looks.imports or _looks_names_up(each) for each in found):
        return False
    imports = [each for source in snippets for each in reachable(source).imports]
    return not any(each.level or each.module.split(".")[0] == "snippets" for each in imports)


def _looks_names_up(found: Facts) -> bool:
    return not _LOOKS_NAMES_UP.isdisjoint([*found.names, *(name for _, name in found.attributes)])


def _part(source: str, names: list[str]) -> str:
    """Return what these names need of a snippet; all of it for no names, or one that it only imports."""
    try:
        part = closure_of(source, names)
    except KeyError:
        return source
    return alone(source, part) if names and not _looks_names_up(facts(part)) else source


def first_cell(tutorial: Tutorial, run: Run, settings: Settings, helpers: Mapping[str, str]) -> str:
    """Return the code of a notebook's first cell.

    Args:
        helpers: what it carries, file -> code.
    """
    packages = _packages(tutorial, run, settings.root, helpers)
    parts = [_INTRODUCTION, f"packages = {packages!r}", _PACKAGES.strip()]
    pinned = {need.partition("==")[0] for need in packages.values()}
    safe_from = {
        name: since for name, since in safe_versions(run, settings).items() if name in pinned
    }
    if safe_from:
        parts += [f"safe_from = {safe_from!r}", _SAFE_FROM.strip()]
    if "tensorflow" in packages and "keras" in packages:
        parts.append('os.environ.setdefault("KERAS_BACKEND", "tensorflow")')
    if helpers:
        # A package of its own: another one named `snippets` on the path must not come first.
        carried = {_PACKAGE: '"""This notebook\'s helpers."""\n', **helpers}
        parts += [
            "",
            "# The helpers that this notebook imports. A file that you changed stays as it is.",
            f"folder = pathlib.Path({folder_of(tutorial)!r})",
            "helpers = {",
            *(f"    {file!r}: {_literal(source)}," for file, source in carried.items()),
            "}",
            _WRITING.strip(),
        ]
    return "\n".join(parts)


def safe_versions(run: Run, settings: Settings) -> dict[str, str]:
    """Return each package that a run loaded -> the version from which on it has no known vulnerability."""
    loaded = run.dependencies.get("distributions", {})
    return {name: since for name, since in settings.safe_from.items() if name in loaded}


def _literal(source: str) -> str:
    """Return a text as Python code that reads as the text does."""
    escaped = source.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")
    escaped = re.sub("'$", r"\'", escaped)
    return f"'''\\\n{escaped}'''"


def _packages(
    tutorial: Tutorial, run: Run, root: Path, helpers: Mapping[str, str]
) -> dict[str, str]:
    """Return what a reader needs, module -> pinned distribution: what was loaded, and nothing else brings.

    That is what is imported by name, the backend, which Keras finds by itself, and what a package uses
    without requiring it, as Keras Tuner does TensorBoard. A kernel is there already, and what only the
    parts of snippets import that the notebook does not carry is not asked for.
    """
    loaded = run.dependencies.get("distributions", {})
    modules = imported_modules(tutorial, dict(helpers))
    needed = {module: distributions_of(module) for module in modules}
    if "keras" in modules and "tensorflow" in loaded:
        needed["tensorflow"] = ["tensorflow"]
    left_out = imported_modules(tutorial, find_snippets(tutorial, root) | _whole(run, root))
    named = {
        name
        for names in [*needed.values(), *map(distributions_of, left_out)]
        for name in names
        if name in loaded
    }
    brought = required_by([*sorted(named), "ipykernel"])
    unclaimed = {name for name in loaded if canonicalize_name(name) not in brought}
    for name in unclaimed:
        others = required_by(unclaimed - {name})
        if canonicalize_name(name) not in others and (modules := modules_of(name)):
            needed[modules[0]] = [name]
    return {
        module: f"{name}=={loaded[name]}"
        for module, names in sorted(needed.items())
        for name in names
        if name in loaded
    }
