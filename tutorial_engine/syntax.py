"""Syntax: what one walk over a piece of code finds, so that no piece is parsed again for each question.

Also what code looks at while it runs; then it depends on more than what it calls.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

# So many pieces of code are remembered once read: more than the cells of a long course.
SOURCES = 16_384
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = Function | ast.ClassDef


def _kinds(table: dict[str, set[str]]) -> dict[str, set[str]]:
    """Turn a table of kinds and their names into one of names and their kinds."""
    every = set().union(*table.values())
    return {name: {kind for kind, names in table.items() if name in names} for name in every}


# Names that stand for themselves: `network.compile` is not `compile`.
_BUILTINS = _kinds(
    {
        "names": {"eval", "exec", "compile", "globals", "locals", "vars", "dir", "__builtins__"},
        "text": {
            *("help", "__doc__"),
            # The cells that ran, as IPython keeps them.
            *("In", "_i", "_ii", "_iii", "_ih", "get_ipython"),
        },
        "imports": {"eval", "exec", "compile", "__import__"},
    }
)
_ATTRIBUTES = _kinds(
    {
        # What finds names while the code runs: any of a module's may be meant.
        "names": {
            *("__dict__", "__globals__", "__builtins__", "__subclasses__", "__init_subclass__"),
            *("__getattr__", "__getattribute__", "__dir__", "modules", "get_type_hints"),
            *("get_objects", "get_referrers", "get_referents"),
        },
        # What shows a reader the text itself: docstrings, comments, positions.
        "text": {
            *("__doc__", "__code__", "__traceback__", "tb_lineno", "f_lineno", "co_firstlineno"),
            *("_getframe", "exc_info", "last_exc", "last_traceback"),
            *("__file__", "__path__", "__spec__", "__loader__"),
        },
        # What imports a module by a name that is made while the code runs.
        "imports": {"import_module", "__import__", "modules"},
    }
)
_MODULES = _kinds(
    {
        "names": {"builtins", "attrgetter", "methodcaller", "get_type_hints", "pickle"},
        "text": {
            *("inspect", "doctest", "pydoc", "linecache", "tokenize", "traceback", "warnings"),
            *("logging", "dis", "unittest", "cmd", "marshal", "ctypes", "site"),
            *("profile", "cProfile", "pstats", "trace", "tracemalloc", "pdb", "bdb"),
        },
        "imports": {"importlib", "import_module", "runpy", "pkgutil", "builtins"},
    }
)
# Code as text, for a worker, `python -c "from snippets import helper"`, or the way to the files.
_CODE_AS_TEXT = re.compile(r"\b(?:from|import)\s+snippets\b|\bsnippets[./\n]\w|\bPYTHONPATH\b")
# An earlier cell's text in IPython's keeping.
_EARLIER_CELL = re.compile(r"_i\d+")


@dataclass(frozen=True)
class Looks:
    """What code looks at while it runs: a module's names, its text, modules by a computed name."""

    names: bool = False
    text: bool = False
    imports: bool = False

    def __or__(self, other: Looks) -> Looks:
        return Looks(
            self.names or other.names, self.text or other.text, self.imports or other.imports
        )

    def __bool__(self) -> bool:
        return self.names or self.text or self.imports


@dataclass(frozen=True)
class Import:
    """A module that is imported by its full name, or with `name` what is taken from one.

    Args:
        module: its name, empty in `from . import name`.
        level: the dots before it.
        alias: what the imported is called here.
        line: where the statement begins in the code.
    """

    module: str
    level: int
    name: str | None
    alias: str
    line: int


@dataclass(frozen=True)
class Facts:
    """What stands in a piece of code.

    Args:
        imports: in the order of their lines.
        names: how often each name stands in it.
        attributes: (name, attribute) of each attribute that a plain name is asked for.
        numbers: its integers and floats.
        looks: what it looks at while it runs.
        canonical: its syntax tree as text: comments, blank lines and docstrings do not count.
    """

    imports: tuple[Import, ...]
    names: Counter[str]
    attributes: tuple[tuple[str, str], ...]
    numbers: frozenset[float]
    looks: Looks
    canonical: str


@functools.lru_cache(maxsize=SOURCES)
def facts(source: str) -> Facts:
    """Return what stands in a cell or an expression, where a docstring is text like any other.

    >>> facts("help(add)").looks
    Looks(names=False, text=True, imports=False)
    """
    return walk(ast.parse(source))


def walk(root: ast.Module | ast.stmt, *, docstrings_count: bool = True) -> Facts:
    """Return what stands in a tree, which loses its functions' and classes' docstrings.

    Args:
        docstrings_count: a text in one is looked at like any other; those of a snippet name modules
            without importing them.
    """
    imports: list[Import] = []
    names: list[str] = []
    attributes: list[tuple[str, str]] = []
    numbers: set[float] = set()
    looks: set[str] = set()
    documented: list[Definition] = []
    no_looks: set[int] = set()
    for node in _nodes(root):
        if isinstance(node, ast.Name):
            names.append(node.id)
            if id(node) not in no_looks:
                looks.update(_BUILTINS.get(node.id, ()))
                if _EARLIER_CELL.fullmatch(node.id):
                    looks.add("text")
        elif isinstance(node, ast.Attribute):
            looks.update(_ATTRIBUTES.get(node.attr, ()))
            if isinstance(node.value, ast.Name):
                attributes.append((node.value.id, node.attr))
                if (node.value.id, node.attr) == ("sys", "path"):
                    looks.add("imports")
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                numbers.add(node.value)
            elif isinstance(node.value, str | bytes) and id(node) not in no_looks:
                looks |= _looks_of_text(node.value)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                if node.func.id == "__import__" and _imports_by_literal(node):
                    no_looks.add(id(node.func))
                if node.func.id == "getattr" and not _asks_by_literal(node):
                    looks.add("names")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found = _imported(node)
            imports += found
            for part in {part for each in found for part in _name_parts(each)}:
                looks.update(_MODULES.get(part, ()), _ATTRIBUTES.get(part, ()))
        elif isinstance(node, DEFINITIONS):
            if not isinstance(node, ast.ClassDef):
                looks.update(_ATTRIBUTES.get(node.name, ()))
            first = node.body[0]
            if is_text(first):
                documented.append(node)
                if not docstrings_count:
                    no_looks.add(id(first.value))
    for definition in documented:
        definition.body = definition.body[1:] or [ast.Pass()]
    return Facts(
        tuple(sorted(imports, key=lambda each: each.line)),
        Counter(names),
        tuple(attributes),
        frozenset(numbers),
        Looks(**dict.fromkeys(looks, True)),
        ast.dump(root),
    )


def below(nodes: Iterable[ast.AST]) -> list[ast.AST]:
    """Return the nodes right below these, but for an operator or a context, which holds nothing."""
    found: list[ast.AST] = []
    for node in nodes:
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and value._fields:
                found.append(value)
    return found


def _nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Yield a tree's nodes, each before those below it; `ast.walk` takes twice as long."""
    level = [root]
    while level:
        yield from level
        level = below(level)


def is_text(node: ast.AST) -> TypeGuard[ast.Expr]:
    """Say whether a statement is nothing but a string."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _looks_of_text(value: str | bytes) -> set[str]:
    text = value if isinstance(value, str) else value.decode("latin-1")
    # `getattr(area, "__doc__")` asks as `area.__doc__` does.
    found = _ATTRIBUTES.get(text, set()) if text.startswith("_") else set()
    return found | {"imports"} if _CODE_AS_TEXT.search(text) else found


def _imports_by_literal(call: ast.Call) -> bool:
    """Say whether this call of `__import__` is `__import__("json")`, an import like any other."""
    return (
        bool(call.args)
        and isinstance(call.args[0], ast.Constant)
        and not str(call.args[0].value).startswith("snippets")
    )


def _asks_by_literal(call: ast.Call) -> bool:
    return len(call.args) > 1 and isinstance(call.args[1], ast.Constant)


def _imported(node: ast.Import | ast.ImportFrom) -> list[Import]:
    if isinstance(node, ast.Import):
        return [
            Import(alias.name, 0, None, alias.asname or alias.name, node.lineno)
            for alias in node.names
        ]
    return [
        Import(node.module or "", node.level, alias.name, alias.asname or alias.name, node.lineno)
        for alias in node.names
    ]


def _name_parts(imported: Import) -> list[str]:
    return [*imported.module.split("."), *(imported.name or "").split(".")]
