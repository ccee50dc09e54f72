"""Reach: which part of a snippet a tutorial can run.

A snippet may hold many functions. A tutorial that uses one of them depends on that one, on what it
calls, and on the statements that run when the snippet is imported; not on its neighbours. That can be
read from the code unless the code looks at itself while it runs.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

from .syntax import DEFINITIONS, SOURCES, Definition, Facts, Import, Looks, facts, is_text, walk

_MODULE = ast.dump(ast.Module([ast.Pass()], []))
_PASS = ast.dump(ast.Pass())


def used_names(sources: Iterable[str], snippet: str) -> frozenset[str] | None:
    """Return the names that these sources take from a snippet, None if they may take any.

    Args:
        sources: Python code of one tutorial.
        snippet: its name, `metrics`.
    """
    names: set[str] = set()
    aliases: set[str] = set()
    found = [facts(source) for source in sources]
    for each in (each for one in found for each in one.imports):
        if each.name is None:
            if each.module in ("snippets", f"snippets.{snippet}"):
                return None
        elif each.module == f"snippets.{snippet}":
            names.add(each.name)
        elif (each.module, each.name) == ("snippets", snippet):
            aliases.add(each.alias)
    asked = [name for one in found for alias, name in one.attributes if alias in aliases]
    mentions = sum(one.names[alias] for one in found for alias in aliases)
    names.update(asked)
    # A module that is passed on, not asked for an attribute, may be asked for any.
    return None if mentions > len(asked) or "*" in names else frozenset(names)


@dataclass(frozen=True)
class Statement:
    """A statement at a snippet's top level.

    Args:
        defines: the function or class that it makes, if it does nothing but that; else empty.
        is_docstring: it is the snippet's own docstring.
    """

    facts: Facts
    defines: str
    is_docstring: bool


@dataclass(frozen=True)
class Part:
    """What a tutorial can run of a snippet: its statements, and whether that is all of them."""

    statements: tuple[Statement, ...]
    is_whole: bool

    @functools.cached_property
    def looks(self) -> Looks:
        """What it looks at; its docstrings name modules without importing them."""
        counting = (each.facts.looks for each in self.statements if not each.is_docstring)
        return functools.reduce(Looks.__or__, counting, Looks())

    @property
    def imports(self) -> list[Import]:
        """What these statements import, in their order."""
        return [each for statement in self.statements for each in statement.facts.imports]

    @property
    def canonical(self) -> str:
        """The syntax tree as text, without docstrings."""
        trees = [each.facts.canonical for each in self.statements if not each.is_docstring]
        if self.statements and not trees:
            trees = [_PASS]
        return _MODULE.replace(_PASS, ", ".join(trees))


@functools.lru_cache(maxsize=SOURCES)
def reachable(source: str, names: frozenset[str] | None = None) -> Part:
    """Return a snippet without the definitions that these names cannot reach; all of it for no names.

    Statements that are no definition stay, as do definitions that do something when they are made
    (a decorator or a base class may register them) and all of a module that looks names up while it
    runs.

    >>> part = reachable("def a(): b()\\ndef b(): pass\\ndef c(): pass\\n", frozenset({"a"}))
    >>> [statement.defines for statement in part.statements]
    ['a', 'b']
    """
    every = _statements(source)
    if names is None:
        return Part(every, is_whole=True)
    kept = {position for position, each in enumerate(every) if not each.defines}
    pending = set(names).union(*(every[position].facts.names for position in kept))
    while reached := {
        position
        for position, each in enumerate(every)
        if position not in kept and each.defines in pending
    }:
        kept |= reached
        pending = set().union(*(every[position].facts.names for position in reached))
    part = Part(tuple(every[position] for position in sorted(kept)), len(kept) == len(every))
    return Part(every, is_whole=True) if part.looks.names else part


@functools.lru_cache(maxsize=1024)
def _statements(source: str) -> tuple[Statement, ...]:
    statements = []
    for position, node in enumerate(ast.parse(source).body):
        # First, as the walk changes what it reads.
        defines = node.name if _only_defines(node) else ""
        is_docstring = position == 0 and is_text(node)
        statements.append(Statement(walk(node, docstrings_count=False), defines, is_docstring))
    return tuple(statements)


def _only_defines(node: ast.stmt) -> TypeGuard[Definition]:
    """Say whether a statement does nothing but make a function or a class."""
    if not isinstance(node, DEFINITIONS) or node.decorator_list:
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
        is_text(each)
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
