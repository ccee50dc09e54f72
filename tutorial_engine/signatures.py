"""Signatures: how a public definition is called, in lines that a page shows whole."""

from __future__ import annotations

import ast
import re
import textwrap

from .closure import lines_of, public_methods
from .syntax import Definition, Function

# Characters of code that fit beside the navigation and the contents on a screen of 1280 pixels.
WIDTH = 76
# What a type checker is told is nothing to a reader.
_IGNORED = re.compile(r"  # type: ignore.*")


def signature(node: Definition, source: str) -> str:
    """Return a definition's lines up to its docstring; of a class, its fields and methods, too.

    They stand as in the file, but for a function of which a line is longer than a page shows: that has
    a line for each argument.
    """
    lines = lines_of(source)
    shown = ["\n".join(lines[each.lineno - 1 : each.end_lineno]) for each in node.decorator_list]
    whole = "\n".join(lines[node.lineno - 1 : max(node.body[0].lineno - 1, node.lineno)])
    whole = _IGNORED.sub("", whole)
    if isinstance(node, Function) and max(map(len, whole.splitlines())) > WIDTH:
        indent = whole[: node.col_offset]
        whole = textwrap.indent(_one_argument_a_line(textwrap.dedent(whole)), indent)
    shown.append(whole)
    if isinstance(node, ast.ClassDef):
        methods = {id(each) for each in public_methods(node)}
        for each in node.body:
            if isinstance(each, ast.AnnAssign):
                shown.append("\n".join(lines[each.lineno - 1 : each.end_lineno]))
            elif isinstance(each, Function) and (each.name == "__init__" or id(each) in methods):
                shown.append(signature(each, source))
    return _IGNORED.sub("", "\n".join(shown))


def _one_argument_a_line(code: str) -> str:
    """Return the first line of a function, `def` to colon, with a line for each argument."""
    try:
        # One whose body stands in the same line has it already.
        node = ast.parse(f"{code}\n    pass" if code.rstrip().endswith(":") else code).body[0]
    except SyntaxError:  # a remark behind the colon, say
        return code
    if not isinstance(node, Function):
        return code
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults))
    defaults += given.defaults
    entries = [_argument(code, *each) for each in zip(positional, defaults, strict=True)]
    if given.posonlyargs:
        entries.insert(len(given.posonlyargs), "/")
    if given.vararg:
        entries.append(f"*{_argument(code, given.vararg)}")
    elif given.kwonlyargs:
        entries.append("*")
    entries += [
        _argument(code, *each) for each in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        entries.append(f"**{_argument(code, given.kwarg)}")
    opening = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {_segment(code, node.returns)}" if node.returns else ""
    if not entries:
        return code
    inner = "".join(f"    {entry},\n" for entry in entries)
    return f"{opening} {node.name}(\n{inner}){returns}:"


def _argument(code: str, name: ast.arg, default: ast.expr | None = None) -> str:
    text = _segment(code, name)
    if default is None:
        return text
    return f"{text}{' = ' if name.annotation else '='}{_segment(code, default)}"


def _segment(code: str, node: ast.AST) -> str:
    """Return an expression's own words, in one line where no text of its own stands in several."""
    text = ast.get_source_segment(code, node) or ast.unparse(node)
    return text if '"""' in text or "'''" in text else " ".join(text.split())
