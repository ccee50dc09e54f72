"""The smallest part of a snippet that works alone: one name, what it needs, and the imports of both."""

from __future__ import annotations

import ast
import doctest
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .syntax import DEFINITIONS, Definition, Function, is_text

_USED_BY_ALL = "@pytest.fixture(autouse=True)"
_IN_DOCSTRING = re.compile(r"line \d+ of the docstring for <string>")


@dataclass(frozen=True)
class _Piece:
    """A statement at a snippet's top level.

    Args:
        defines: the names that it makes; none for one that only does something.
        needs: the names that it, its annotations and its doctests mention.
        arguments: the names of its functions' arguments: in a file of tests, of fixtures.
        text: as it stands there, with the comment right above it.
        is_function: a function or class, which two empty lines set apart.
    """

    defines: frozenset[str]
    needs: frozenset[str]
    arguments: frozenset[str]
    text: str
    is_function: bool


@functools.lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module:
    """Return the syntax tree of a snippet, which nobody may change."""
    return ast.parse(source)


def public_definitions(source: str) -> dict[str, Definition]:
    """Return a snippet's public functions and classes, in order: name -> definition."""
    return {
        node.name: node
        for node in parsed(source).body
        if isinstance(node, DEFINITIONS) and not node.name.startswith("_")
    }


def public_methods(node: Definition) -> list[Function]:
    """Return the public methods of a class, in order; a function has none."""
    members = node.body if isinstance(node, ast.ClassDef) else []
    return [
        each for each in members if isinstance(each, Function) and not each.name.startswith("_")
    ]


def public_names(source: str) -> list[str]:
    """Return the names of a snippet's public functions and classes, in order."""
    return list(public_definitions(source))


@functools.lru_cache(maxsize=64)
def lines_of(source: str) -> tuple[str, ...]:
    """Return the lines that Python counts: a form feed, say, ends none."""
    return tuple(re.split(r"\r\n|\r|\n", source))


def closure(source: str, name: str) -> str:
    """Return a module that holds one name of a snippet and what it needs, and nothing else.

    Args:
        source: the snippet's code, which imports no other snippet.
        name: a function, class or constant at its top level.

    Returns:
        Python code in the snippet's own words and order. The imports are those that it uses; the
        doctests of what it holds find the names that they use.

    Raises:
        KeyError: the snippet does not define the name.
    """
    return closures(source, [name])[name]


def closures(source: str, names: Iterable[str]) -> dict[str, str]:
    """Return the closures of several names of a snippet, which is read once: name -> code."""
    pieces, makers = _read(source)
    return {name: _closure(source, pieces, makers, makers[name]) for name in names}


def closure_of(source: str, names: Iterable[str]) -> str:
    """Return one closure for several names of a snippet, in the order of the file.

    Raises:
        KeyError: the snippet does not define one of the names.
    """
    pieces, makers = _read(source)
    return _closure(source, pieces, makers, set().union(*(makers[name] for name in names)))


def surroundings(source: str, tests: Iterable[str]) -> str:
    """Return what tests of a file need beside themselves: its imports, helpers and fixtures.

    Args:
        source: the file's code.
        tests: names of functions or classes at its top level.
    """
    pieces, makers = _read(source)
    shown = set().union(*(makers[name] for name in tests))
    of_all = {piece for piece in pieces if _USED_BY_ALL in piece.text}
    reached = _reached(shown | of_all, makers, lambda piece: piece.needs | piece.arguments)
    kept = [piece for piece in pieces if piece in reached - shown]
    needs = frozenset().union(*(piece.needs for piece in reached))
    return f"{_imports(parsed(source), lines_of(source), needs)}{_joined(kept)}".strip("\n")


@functools.lru_cache(maxsize=64)
def _read(source: str) -> tuple[tuple[_Piece, ...], Mapping[str, set[_Piece]]]:
    """Return what stands at a snippet's top level, and which of it makes a name what it is: all of that."""
    pieces = tuple(_pieces(parsed(source), lines_of(source)))
    makers: dict[str, set[_Piece]] = {}
    for piece in pieces:
        for each in piece.defines:
            makers.setdefault(each, set()).add(piece)
    return pieces, makers


def _closure(
    source: str, pieces: Sequence[_Piece], makers: Mapping[str, set[_Piece]], asked: set[_Piece]
) -> str:
    unnamed = {piece for piece in pieces if not piece.defines}
    reached = _reached(asked | unnamed, makers, lambda piece: piece.needs)
    kept = [piece for piece in pieces if piece in reached]
    needs = frozenset().union(*(piece.needs for piece in kept))
    return f"{_imports(parsed(source), lines_of(source), needs)}{_joined(kept)}"


def _reached(
    start: set[_Piece],
    makers: Mapping[str, set[_Piece]],
    names_of: Callable[[_Piece], frozenset[str]],
) -> set[_Piece]:
    """Return the pieces that these lead to by the names that each asks for, themselves included."""
    reached, waiting = set(start), list(start)
    while waiting:
        found = {each for name in names_of(waiting.pop()) for each in makers.get(name, ())}
        waiting.extend(found - reached)
        reached |= found
    return reached


def _pieces(tree: ast.Module, lines: Sequence[str]) -> Iterator[_Piece]:
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or is_text(node):
            continue
        first = min([node.lineno, *(each.lineno for each in _decorators(node))]) - 1
        while first and lines[first - 1].startswith("#"):
            first -= 1
        text = "\n".join(lines[first : node.end_lineno])
        is_function = isinstance(node, DEFINITIONS)
        arguments = frozenset(each.arg for each in ast.walk(node) if isinstance(each, ast.arg))
        needs = frozenset(_needed(node))
        yield _Piece(frozenset(defined(node)), needs, arguments, text, is_function)


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, DEFINITIONS) else []


def defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement at a snippet's top level makes, or changes as `table["key"] = 1` does."""
    if isinstance(node, DEFINITIONS):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets = node.targets
    else:
        targets = [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else []
    names = (each for target in targets for each in ast.walk(target))
    return [each.id for each in names if isinstance(each, ast.Name)]


def _needed(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        if isinstance(each, DEFINITIONS):
            tree = ast.parse("".join(example.source for example, _ in examples_in(each)))
            own = {bound(alias) for node in ast.walk(tree) for alias in _aliases(node)}
            yield from (name for name in _needed(tree) if name not in own)


def examples_in(node: Definition) -> list[tuple[doctest.Example, int]]:
    """Return the examples in a definition's docstring, each with its line in the snippet.

    Raises:
        SyntaxError: one does not read; it names that line.
    """
    docstring = ast.get_docstring(node)
    if not docstring or ">>>" not in docstring:
        return []
    written = ast.get_docstring(node, clean=False) or ""
    blank = len(written) - len(written.lstrip())
    first = node.body[0].lineno + written[:blank].count("\n")
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except ValueError as error:
        number = re.search(r"line (\d+)", str(error))
        line = first + int(number[1]) - 1 if number else first
        raise SyntaxError(_IN_DOCSTRING.sub("the example", str(error)), ("", line, 0, "")) from None
    for example in examples:
        try:
            ast.parse(example.source)
        except SyntaxError as error:
            line = first + example.lineno + (error.lineno or 1) - 1
            raise SyntaxError(error.msg, ("", line, 0, error.text)) from None
    return [(example, first + example.lineno) for example in examples]


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _imports(tree: ast.Module, lines: Sequence[str], needs: frozenset[str]) -> str:
    """Return the import statements that bind what is needed, in the groups that they stand in."""
    text, end = "", 0
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        # What a star brings cannot be read.
        kept = [
            each for each in node.names if is_future or bound(each) in needs or each.name == "*"
        ]
        if not kept:
            continue
        node_lines = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if len(kept) < len(node.names):
            node_lines = ast.unparse(import_of(node, kept))
        if text:
            between = lines[end : node.lineno - 1]
            text += "\n" * (1 + any(not line.strip() for line in between))
        text, end = text + node_lines, node.end_lineno or end
    return text


def bound(each: ast.alias) -> str:
    """Return the name that an import gives what it imports."""
    return each.asname or each.name.partition(".")[0]


def import_of(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    """Return an import of these names alone."""
    if isinstance(node, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(node.module, names, node.level)


def _joined(pieces: Iterable[_Piece]) -> str:
    text, was_function = "", False
    for piece in pieces:
        far_apart = piece.is_function or was_function
        text += ("\n\n\n" if far_apart else "\n\n" if not text else "\n") + piece.text
        was_function = piece.is_function
    return f"{text}\n"
