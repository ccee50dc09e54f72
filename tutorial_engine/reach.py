"""Reach: which part of a snippet a tutorial can run.

A snippet may hold many functions. A tutorial that uses one of them hangs on that one, on what it
calls, and on the statements that run when the snippet is imported; not on its neighbours. That can be
read from the code unless the code looks at itself while it runs: `looks` says whether it does.
"""

from __future__ import annotations

import ast
import builtins
import functools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# So many pieces of code are remembered once read: more than the cells of a long course.
SOURCES = 16_384
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# Names that stand for themselves: `network.compile` is not `compile`.
_BUILTINS = {
    "names": {"eval", "exec", "compile", "globals", "locals", "vars", "dir", "__builtins__"},
    "text": {
        *("help", "__doc__"),
        # The cells that ran, as IPython keeps them.
        *("In", "_i", "_ii", "_iii", "_ih", "get_ipython"),
    },
    "imports": {"eval", "exec", "compile", "__import__"},
}
_ATTRIBUTES = {
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
_MODULES = {
    "names": {"builtins", "attrgetter", "methodcaller", "get_type_hints", "pickle"},
    "text": {
        *("inspect", "doctest", "pydoc", "linecache", "tokenize", "traceback", "warnings"),
        *("logging", "dis", "unittest", "cmd", "marshal", "ctypes", "site"),
        *("profile", "cProfile", "pstats", "trace", "tracemalloc", "pdb", "bdb"),
    },
    "imports": {"importlib", "import_module", "runpy", "pkgutil", "builtins"},
}
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


@functools.lru_cache(maxsize=SOURCES)
def looks(source: str) -> Looks:
    """Return what a piece of code looks at while it runs.

    >>> looks("help(add)")
    Looks(names=False, text=True, imports=False)
    """
    return _looks([ast.parse(source)])


def _looks(nodes: Iterable[ast.AST], *, left_out: frozenset[int] = frozenset()) -> Looks:
    found: set[str] = set()

    def meet(table: dict[str, set[str]], name: str) -> None:
        found.update(kind for kind, names in table.items() if name in names)

    every = [node for root in nodes for node in ast.walk(root)]
    left_out |= {id(node.func) for node in every if _imports_by_literal(node)}
    for node in every:
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Name):
            meet(_BUILTINS, node.id)
            if _EARLIER_CELL.fullmatch(node.id):
                found.add("text")
        elif isinstance(node, ast.Attribute):
            meet(_ATTRIBUTES, node.attr)
            if node.attr == "path" and isinstance(node.value, ast.Name) and node.value.id == "sys":
                found.add("imports")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            for name in [module, *(alias.name for alias in node.names)]:
                for part in name.split("."):
                    meet(_MODULES, part)
                    meet(_ATTRIBUTES, part)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            meet(_ATTRIBUTES, node.name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "getattr" and not (
                len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
            ):
                found.add("names")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            # `getattr(area, "__doc__")` asks as `area.__doc__` does.
            if text.startswith("_"):
                meet(_ATTRIBUTES, text)
            if _CODE_AS_TEXT.search(text):
                found.add("imports")
    return Looks(**dict.fromkeys(found, True))


def used_names(sources: Iterable[str], snippet: str) -> frozenset[str] | None:
    """Return the names that these sources take from a snippet, None if they may take any.

    Args:
        sources: Python code of one tutorial.
        snippet: its name, `plots`.
    """
    mentioned = [_mentions(source) for source in sources]
    if any({"snippets", f"snippets.{snippet}"} & each.modules for each in mentioned):
        return None
    taken = [each for one in mentioned for each in one.taken]
    names = {name for module, name, _ in taken if module == f"snippets.{snippet}"}
    aliases = {alias for module, name, alias in taken if (module, name) == ("snippets", snippet)}
    attributes = [attribute for one in mentioned for attribute in one.attributes]
    asked = [attribute for name, attribute in attributes if name in aliases]
    mentions = sum(one.names[alias] for one in mentioned for alias in aliases)
    names.update(asked)
    # A module that is passed on, not asked for an attribute, may be asked for any.
    return None if mentions > len(asked) or "*" in names else frozenset(names)


@dataclass(frozen=True)
class _Mentions:
    """What a piece of code imports and names.

    Args:
        modules: imported by their full name.
        taken: (module, name, name here) of each name imported from a module.
        names: how often each name stands in it.
        attributes: (name, attribute) of each attribute that a plain name is asked for.
    """

    modules: frozenset[str]
    taken: tuple[tuple[str, str, str], ...]
    names: Counter[str]
    attributes: tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=SOURCES)
def _mentions(source: str) -> _Mentions:
    modules, taken, names, attributes = [], [], [], []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            where = node.module or ""
            taken += [(where, alias.name, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.Name):
            names.append(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.append((node.value.id, node.attr))
    return _Mentions(frozenset(modules), tuple(taken), Counter(names), tuple(attributes))


@functools.lru_cache(maxsize=SOURCES)
def reachable(source: str, names: frozenset[str] | None) -> tuple[str, Looks]:
    """Return a module's source without the definitions that these names cannot reach, and what it looks at.

    Statements that are no definition stay, as do definitions that do something when they are made
    (a decorator or a base class may register them) and all of a module that looks names up while it
    runs.

    >>> print(reachable("def a(): b()\\ndef b(): pass\\ndef c(): pass\\n", frozenset({"a"}))[0])
    def a(): b()
    def b(): pass
    <BLANKLINE>
    """
    tree = ast.parse(source)
    if names is None:
        return source, _looks_of_module(tree)
    optional = [node for node in tree.body if _only_defines(node)]
    kept = [node for node in tree.body if node not in optional]
    pending = set(names) | _mentioned(kept)
    while reached := [node for node in optional if node.name in pending]:
        kept += reached
        optional = [node for node in optional if node not in reached]
        pending = _mentioned(reached)
    found = _looks_of_module(ast.Module(kept, []))
    if found.names:
        return source, _looks_of_module(tree)
    # The tree counts lines as Python does; a form feed, say, ends none.
    lines = source.split("\n")
    # Backwards, so that the numbers of the lines above stay true.
    for node in reversed(optional):
        del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines), found


def _imports_by_literal(node: ast.AST) -> bool:
    """Say whether this is `__import__("json")`, an import like any other."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "__import__"
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and not str(node.args[0].value).startswith("snippets")
    )


def _looks_of_module(tree: ast.Module) -> Looks:
    """Return what a snippet looks at; its docstrings name modules without importing them."""
    documented = [
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, *_DEFINITIONS)) and node.body and _is_text(node.body[0])
    ]
    return _looks([tree], left_out=frozenset(map(id, documented)))


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _only_defines(node: ast.stmt) -> bool:
    """Say whether a statement does nothing but make a function or a class."""
    if not isinstance(node, _DEFINITIONS) or node.decorator_list:
        return False
    if not isinstance(node, ast.ClassDef):
        # A module's own __getattr__ is asked for names that nobody sees in the code.
        if node.name in ("__getattr__", "__dir__"):
            return False
        # Defaults and annotations are evaluated when the function is made.
        arguments = [node.args, *([node.returns] if node.returns else [])]
        return not any(_acts(each) for root in arguments for each in ast.walk(root))
    if node.keywords or not all(_is_builtin(base) for base in node.bases):
        return False
    plain = (ast.Assign, ast.AnnAssign, ast.Pass)
    return all(
        _is_text(each)
        or _only_defines_inside(each)
        or (isinstance(each, plain) and not any(map(_acts, ast.walk(each))))
        for each in node.body
    )


def _only_defines_inside(node: ast.stmt) -> bool:
    """Say the same of a class's member; what Python itself decorates with registers nothing."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    known = {"property", "staticmethod", "classmethod"}
    if not {each.id if isinstance(each, ast.Name) else "" for each in node.decorator_list} <= known:
        return False
    return not any(map(_acts, ast.walk(node.args)))


def _acts(node: ast.AST) -> bool:
    return isinstance(node, (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))


def _is_builtin(base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and (hasattr(builtins, base.id) or base.id == "NamedTuple")


def _mentioned(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)}
