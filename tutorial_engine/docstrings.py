"""Docstrings: the signature and the documentation of a public definition, as Markdown."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Iterator

from .closure import lines_of
from .syntax import Definition

# The words of a page are searched, not the code: the index is fetched whole.
UNSEARCHED = 'data-search-exclude=""'
_SECTION = re.compile(r"(Args|Returns|Raises|Yields|Attributes|Examples?):$")
_ITEM = re.compile(r"    (\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*)( \(.+?\))?:(?: (.*))?")
# What a type checker is told is nothing to a reader.
_IGNORED = re.compile(r"  # type: ignore.*")
_HEADINGS = {"Args": "Arguments"}


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def summary(node: ast.Module | Definition) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return one_line((ast.get_docstring(node) or "").partition("\n\n")[0])


def documentation(node: Definition, source: str) -> Iterator[str]:
    """Yield a definition's signature and its docstring, in Google's form, as blocks of Markdown.

    The examples are left out: they are shown as they ran.
    """
    yield f"```{{ .python {UNSEARCHED} }}\n{_signature(node, source)}\n```"
    for block in _blocks(ast.get_docstring(node) or ""):
        first, _, rest = block.partition("\n")
        if match := _SECTION.fullmatch(first):
            told = _items(rest)
            if not match[1].startswith("Example"):
                yield f"**{_HEADINGS.get(match[1], match[1])}**\n\n{told}"
            elif told:
                yield told
        else:
            yield block
    methods = [
        f"- `{each.name}`: {summary(each)}"
        for each in (node.body if isinstance(node, ast.ClassDef) else ())
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        and not each.name.startswith("_")
    ]
    if methods:
        yield "\n".join(methods)


def _blocks(docstring: str) -> list[str]:
    """Return a docstring's paragraphs without its examples; a section is one, however many it has inside."""
    parts = doctest.DocTestParser().parse(docstring)
    text = "".join(part if isinstance(part, str) else "\n" for part in parts)
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        if not block.strip():
            continue
        is_in_section = bool(blocks) and bool(_SECTION.fullmatch(blocks[-1].partition("\n")[0]))
        if is_in_section and block.lstrip("\n").startswith("    "):
            blocks[-1] += "\n" + block.strip("\n")
        else:
            blocks.append(block.strip("\n"))
    return blocks


def _signature(node: Definition, source: str) -> str:
    """Return a definition's lines up to its docstring, as they stand in the file."""
    lines = lines_of(source)
    whole = "\n".join(lines[node.lineno - 1 : max(node.body[0].lineno - 1, node.lineno)])
    decorators = [
        "\n".join(lines[each.lineno - 1 : each.end_lineno]) for each in node.decorator_list
    ]
    members = []
    for each in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(each, ast.AnnAssign):
            members.append("\n".join(lines[each.lineno - 1 : each.end_lineno]))
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and (
            each.name == "__init__" or not each.name.startswith("_")
        ):
            members.append(_signature(each, source))
    return _IGNORED.sub("", "\n".join([*decorators, whole, *members]))


def _items(text: str) -> str:
    """Return a section's entries as a list; a section that is a text stays one."""
    entries: list[str] = []
    for line in text.splitlines():
        if match := _ITEM.fullmatch(line):
            names = ", ".join(f"`{name}`" for name in match[1].split(", "))
            entries.append(f"- {names}{match[2] or ''}: {match[3] or ''}".rstrip())
        elif entries and line.lstrip().startswith("- "):
            entries[-1] += f"\n    {line.strip()}"
        elif entries:
            entries[-1] += f" {line.strip()}"
        else:
            return inspect.cleandoc(text)
    return "\n".join(entries)
