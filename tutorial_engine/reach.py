"""Reach: which part of a snippet a tutorial can run.

A snippet may hold many functions. A tutorial that uses one of them hangs on that one, on what it
calls, and on the statements that run when the snippet is imported; not on its neighbours.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# With one of these, names are found while the code runs: nothing can be left out.
_DYNAMIC = {"eval", "exec", "getattr", "globals", "locals", "vars", "__import__"}


def used_names(sources: Iterable[str], snippet: str) -> frozenset[str] | None:
    """Return the names that these sources take from a snippet, None if they may take any.

    Args:
        sources: Python code of one tutorial.
        snippet: its name, `plots`.
    """
    trees = [ast.parse(source) for source in sources]
    names: set[str] = set()
    aliases: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import) and any(
            alias.name == f"snippets.{snippet}" for alias in node.names
        ):
            return None
        if isinstance(node, ast.ImportFrom) and node.module == "snippets":
            aliases |= {alias.asname or alias.name for alias in node.names if alias.name == snippet}
        elif isinstance(node, ast.ImportFrom) and node.module == f"snippets.{snippet}":
            names |= {alias.name for alias in node.names}
    mentions = attributes = 0
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and node.id in aliases:
            mentions += 1
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in aliases
        ):
            attributes += 1
            names.add(node.attr)
    # A module that is passed on, not asked for an attribute, may be asked for any.
    return None if mentions > attributes or "*" in names else frozenset(names)


@functools.lru_cache(maxsize=1024)
def reachable(source: str, names: frozenset[str] | None) -> str:
    """Return a module's source without the definitions that these names cannot reach.

    Statements that are no definition stay, as do decorated definitions (a decorator may register
    them) and all of a module that looks names up while it runs.

    >>> print(reachable("def a(): b()\\ndef b(): pass\\ndef c(): pass\\n", frozenset({"a"})))
    def a(): b()
    def b(): pass
    """
    tree = ast.parse(source)
    if names is None or _mentioned([tree]) & _DYNAMIC:
        return source
    optional = [
        node for node in tree.body if isinstance(node, _DEFINITIONS) and not node.decorator_list
    ]
    kept = [node for node in tree.body if node not in optional]
    pending = set(names) | _mentioned(kept)
    while reached := [node for node in optional if node.name in pending]:
        kept += reached
        optional = [node for node in optional if node not in reached]
        pending = _mentioned(reached)
    lines = source.splitlines()
    # Backwards, so that the numbers of the lines above stay true.
    for node in reversed(optional):
        del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _mentioned(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.id for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)}
