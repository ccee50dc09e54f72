"""Snippet pages: for each snippet a page of its functions, what their tests hold them to, who uses them, and copies."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .closure import closures, lines_of, parsed, public_definitions
from .copying import alone, digest, headed
from .syntax import Definition

INDEX = "snippets/index.md"
_SECTION = re.compile(r"(Args|Returns|Raises|Yields|Attributes):$")
_ITEM = re.compile(r"    (\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)")
# What a type checker is told is nothing to a reader.
_IGNORED = re.compile(r"  # type: ignore.*")
# The words of a page are searched, not the code: the index is fetched whole.
_UNSEARCHED = 'data-search-exclude=""'
_HEADINGS = {"Args": "Arguments"}


@dataclass(frozen=True)
class SnippetPage:
    """A page of the site that shows a snippet.

    Args:
        path: relative to the site's documents.
        source: the snippet, relative to the repository.
        markdown: the page.
        files: what stands beside the page: path -> content.
    """

    path: str
    source: str
    markdown: str
    files: Mapping[str, str]


def page_of(module: str) -> str:
    """Return the path of a snippet's page."""
    return f"snippets/{module}.md"


def snippet_page(
    module: str,
    source: str,
    tests: Mapping[str, list[str]],
    users: Mapping[str, Mapping[str, str]],
    project: str,
) -> SnippetPage:
    """Return the page of one snippet.

    Args:
        module: its name, `plot_results`.
        source: its code.
        tests: name of a function -> what the tests that call it say.
        users: name of a function -> title -> page, relative to this one, of the tutorials that use it.
        project: name and version of what the snippet is from.
    """
    tree = parsed(source)
    first, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
    definitions = _public(source)
    copies = {
        name: headed(project, f"{module}.{name}", alone(source, piece))
        for name, piece in closures(source, definitions).items()
    }
    whole = headed(project, module, source)
    parts = [
        f"---\ntitle: {module}\ndescription: {json.dumps(_line(first), ensure_ascii=False)}\n---",
        f"# {module}",
        f"{_line(first)}\n{{ .lead }}",
        rest.strip(),
        f'Download [{module}.py]({module}.py){{ download="{module}.py" }} '
        f"({len(whole.splitlines())} lines, SHA-256 `{digest(whole)}`), or copy just what you need:",
    ]
    for name, text in copies.items():
        parts += _function(name, definitions[name], source)
        lines = len(text.strip().splitlines())
        parts.append(
            f'[Copy just `{name}`]({module}.{name}.py){{ .copy-snippet download="{name}.py" }} '
            f"({lines} lines, with its helpers and imports)."
        )
        if name in users:
            links = ", ".join(f"[{title}]({page})" for title, page in users[name].items())
            parts.append(f"Used in {links}.")
        if name in tests:
            said = "\n".join(f"- {sentence}" for sentence in tests[name])
            opening = f'<details class="note" markdown="1" {_UNSEARCHED}>'
            summary = f"<summary>Tested behaviour ({len(tests[name])})</summary>"
            parts.append(f"{opening}\n{summary}\n\n{said}\n\n</details>")
    files = {f"snippets/{module}.py": whole}
    files |= {f"snippets/{module}.{name}.py": text for name, text in copies.items()}
    return SnippetPage(
        page_of(module),
        f"snippets/{module}.py",
        "\n\n".join(part for part in parts if part) + "\n",
        files,
    )


def index_page(sources: Mapping[str, str]) -> SnippetPage:
    """Return the page that leads to all snippets: what each is for, and on what it stands."""
    rows = []
    for module, source in sources.items():
        first, _, rest = (ast.get_docstring(parsed(source)) or "").partition("\n\n")
        needs = re.search(r"Needs: (.+?)\. (?:Works|Copy)", " ".join(rest.split()))
        names = "\n".join(
            f"- [`{name}`]({module}.md#{name}): {_line(_first_paragraph(node))}"
            for name, node in _public(source).items()
        )
        rows.append(
            f"## [{module}]({module}.md)\n\n{_line(first)}"
            f"{' Needs ' + needs[1] + '.' if needs else ''}\n\n{names}"
        )
    text = "\n\n".join(
        [
            "---\ntitle: Snippets\ndescription: Tested functions to copy, each with what it needs and no more.\n---",
            "# Snippets",
            "The course's own code, to copy: each file stands alone, and so does each function with the few "
            "helpers that it needs. Every one is tested, on odd and broken input too; the tutorials use "
            "what you copy here.",
            *rows,
        ]
    )
    return SnippetPage(INDEX, "snippets", f"{text}\n", {})


def _line(text: str) -> str:
    return " ".join(text.split())


def _public(source: str) -> dict[str, Definition]:
    """Return a snippet's public definitions, the functions first."""
    found = public_definitions(source).items()
    return dict(sorted(found, key=lambda item: isinstance(item[1], ast.ClassDef)))


def _first_paragraph(node: Definition) -> str:
    return (ast.get_docstring(node) or "").partition("\n\n")[0]


def _function(name: str, node: Definition, source: str) -> Iterator[str]:
    # Names may differ by a capital alone.
    yield f"## {name} {{ #{name} }}"
    yield f"```{{ .python {_UNSEARCHED} }}\n{_signature(node, source)}\n```"
    yield from _documentation(ast.get_docstring(node) or "")
    told = [
        f"- `{each.name}`: {_line(_first_paragraph(each))}"
        for each in (node.body if isinstance(node, ast.ClassDef) else ())
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
    ]
    if told:
        yield "\n".join(told)


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
        elif isinstance(each, ast.FunctionDef) and (
            each.name == "__init__" or not each.name.startswith("_")
        ):
            members.append(_signature(each, source))
    return _IGNORED.sub("", "\n".join([*decorators, whole, *members]))


def _documentation(docstring: str) -> Iterator[str]:
    """Yield a docstring in Google's form as paragraphs of Markdown."""
    for block in re.split(r"\n{2,}", inspect.cleandoc(docstring)):
        first, _, rest = block.partition("\n")
        if match := _SECTION.fullmatch(first):
            heading = _HEADINGS.get(match[1], match[1])
            yield f"**{heading}**\n\n{_items(rest)}"
        elif block.startswith(">>> "):
            yield f"```{{ .pycon {_UNSEARCHED} }}\n{block}\n```"
        else:
            yield block


def _items(text: str) -> str:
    """Return a section's entries as a list; a section that is a text stays one."""
    entries: list[str] = []
    for line in text.splitlines():
        if match := _ITEM.fullmatch(line):
            names = ", ".join(f"`{name}`" for name in match[1].split(", "))
            entries.append(f"- {names}: {match[2]}")
        elif entries:
            entries[-1] += f" {line.strip()}"
        else:
            return inspect.cleandoc(text)
    return "\n".join(entries)


def sentences_of_tests(sources: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return what tests say of the functions of snippets that they call: module -> name -> sentences.

    Args:
        sources: code of test files, which import `from snippets import module` or what it holds.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for source in sources:
        tree = ast.parse(source)
        modules, direct = _imported(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                sentence = node.name.removeprefix("test_").replace("_", " ")
                for module, name in sorted(set(_called(node, modules, direct))):
                    sentences = found.setdefault(module, {}).setdefault(name, [])
                    sentences.append(sentence[:1].upper() + sentence[1:])
    return found


def _imported(tree: ast.Module) -> tuple[set[str], dict[str, tuple[str, str]]]:
    """Return the snippets that a file imports, and what it imports from them: name -> its place."""
    modules: set[str] = set()
    direct: dict[str, tuple[str, str]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        package, _, module = node.module.partition(".")
        if package == "snippets":
            for each in node.names:
                if module:
                    direct[each.asname or each.name] = module, each.name
                else:
                    modules.add(each.name)
    return modules, direct


def _called(
    node: ast.AST, modules: set[str], direct: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in direct:
            yield direct[each.id]
        elif (
            isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id in modules
        ):
            yield each.value.id, each.attr
