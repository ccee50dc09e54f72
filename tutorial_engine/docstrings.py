"""Docstrings: the signature and the documentation of a public definition, as Markdown."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from .closure import public_methods
from .signatures import signature
from .syntax import Definition

# The words of a page are searched, not the code: the index is fetched whole.
UNSEARCHED = 'data-search-exclude=""'
_SECTION = re.compile(r"(Args|Returns|Raises|Yields|Attributes|Examples?):$")
_ITEM = re.compile(r"    (\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*)( \(.+?\))?:(?: (.*))?")
_HEADINGS = {"Args": "Arguments"}
# A span or a fence: it ends with as many ticks as it began with.
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_NAME = re.compile(r"(?:snippets\.)?(?:(\w+)\.)?(\w+)(?:\(\))?")
# Other than an address between angle brackets, `<` begins HTML.
_TAG = re.compile(r"<(?!(?:https?://|mailto:)[^\s<>]+>)")
# `#` before a heading, or a line of dashes or equals signs below one.
_HEADING = re.compile(r"^( *)(#|-(?=-*[ ]*$)|=(?==*[ ]*$))", re.MULTILINE)
_LIST = re.compile(r"\s*(?:[-*+]|\d+\.) ")

# What stands between ticks -> the address of the snippet's function that it names, empty if it names none.
Addresses: TypeAlias = Callable[[str], str]


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def summary(node: ast.Module | Definition) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return one_line((ast.get_docstring(node) or "").partition("\n\n")[0])


def nowhere(_: str) -> str:
    """Link no name."""
    return ""


def addresses(
    module: str, places: Mapping[str, Collection[str]], node: Definition | None = None
) -> Addresses:
    """Return where the names lead that a docstring mentions, as seen from its snippet's page.

    Args:
        module: the snippet.
        places: snippet -> its public names, of all snippets.
        node: the definition that the docstring is of; None for the snippet's own. Neither its name nor
            one of its arguments leads anywhere.
    """
    own = {node.name} if node else set()
    if node and not isinstance(node, ast.ClassDef):
        own |= {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}

    def address(code: str) -> str:
        match = _NAME.fullmatch(code)
        if not match:
            return ""
        asked, name = match.groups()
        if (asked is None and name in own) or (node and (asked, name) == (module, node.name)):
            return ""
        there = [each for each in places if name in places[each]]
        if asked or module in there:
            there = [each for each in there if each == (asked or module)]
        # Of a name that several others have, nobody knows which is meant.
        if len(there) != 1:
            return ""
        return f"#{name}" if there == [module] else f"{there[0]}.md#{name}"

    return address


def prose(text: str, address: Addresses = nowhere) -> str:
    """Return a docstring's text as Markdown in which HTML and headings are text, and names are links."""
    parts, end = [], 0
    for match in _CODE.finditer(text):
        parts.append(_as_text(text[end : match.start()]))
        target = address(match[2]) if match[1] == "`" else ""
        is_linked = text[match.start() - 1 : match.start()] == "["
        parts.append(f"[{match[0]}]({target})" if target and not is_linked else match[0])
        end = match.end()
    return "".join([*parts, _as_text(text[end:])])


def _as_text(words: str) -> str:
    return _HEADING.sub(lambda match: f"{match[1]}&#{ord(match[2])};", _TAG.sub("&lt;", words))


def documentation(node: Definition, source: str, address: Addresses = nowhere) -> Iterator[str]:
    """Yield a definition's signature and its docstring, in Google's form, as blocks of Markdown.

    The examples are left out: they are shown as they ran.
    """
    yield f"```{{ .python .signature {UNSEARCHED} }}\n{signature(node, source)}\n```"
    yield from paragraphs(ast.get_docstring(node) or "", address)
    if methods := public_methods(node):
        yield "\n".join(f"- `{each.name}`: {prose(summary(each), address)}" for each in methods)


def paragraphs(docstring: str, address: Addresses = nowhere) -> Iterator[str]:
    """Yield the blocks of a docstring, its examples left out, as Markdown."""
    in_list = False
    for block in _blocks(docstring):
        is_set_in = block.startswith("    ")
        in_list = bool(_LIST.match(block)) or (in_list and is_set_in)
        first, _, rest = block.partition("\n")
        if match := _SECTION.fullmatch(first):
            told = _items(prose(rest, address))
            if not match[1].startswith("Example"):
                yield f"**{_HEADINGS.get(match[1], match[1])}**\n\n{told}"
            elif told:
                yield told
        else:
            # What is set in is code, or goes on with an entry.
            yield block if is_set_in and not in_list else prose(block, address)


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
