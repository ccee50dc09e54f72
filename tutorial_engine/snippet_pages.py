"""Snippet pages: for each snippet a page of its functions, what they show, who uses them, their tests, and copies."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from .build_cache import BuildCache
from .closure import parsed, public_definitions, surroundings
from .copying import Project, copies_of, digest, needs_of
from .docstrings import UNSEARCHED, addresses, documentation, paragraphs, prose, summary
from .examples import examples_of
from .manifest import MANIFEST, manifest
from .prose import measured
from .publish import Page
from .run import Run
from .shown_outputs import PREVIEWS, ShownOutputs, fence, state_note
from .snippet_tests import Results, SnippetTest, anchors
from .syntax import Definition, Function
from .tutorial import Cell, Tutorial

INDEX = "snippets/index.md"
# So many lines of what tests import and call are shown at once, more are folded.
_UNFOLDED = 12
_FIGURE = re.compile(r"^!\[.*\}$", re.MULTILINE)


def snippet_page(
    tutorial: Tutorial,
    run: Run | None,
    *,
    tests: Sequence[SnippetTest],
    results: Results,
    users: Mapping[str, Mapping[str, str]],
    project: Project,
    build_cache: BuildCache,
    places: Mapping[str, Collection[str]] = MappingProxyType({}),
    state: str = "",
    cells: Sequence[int] = (),
) -> Page:
    """Return the page of one snippet.

    Args:
        tutorial: the snippet's examples; its text is the snippet.
        run: theirs, None while there is none; `state` and `cells` as `make_page` takes them.
        tests: those that mention one of its names.
        results: how they went.
        users: name of a function -> title -> page, relative to this one, of the tutorials that use it.
        project: what the snippet is from.
        build_cache: where a figure's file is found again.
        places: snippet -> its public names, of all snippets, for links to those that docstrings mention.
    """
    module, source = PurePosixPath(tutorial.file).stem, tutorial.text
    tree = parsed(source)
    _, _, details = (ast.get_docstring(tree) or "").partition("\n\n")
    definitions, anchor = _public(source), anchors(tests)
    places = {**places, module: tuple(definitions)}
    to_names = addresses(module, places)
    copies = copies_of(module, source, project)
    whole = copies[module]
    examples = examples_of(module, source)
    shown = ShownOutputs(tutorial.page, build_cache, cells[0] if state in PREVIEWS else None)
    parts = [
        _front_matter(module, summary(tree)),
        f"# {module}",
        f"{prose(summary(tree), to_names)}\n{{ .lead }}",
        state_note(state, cells) if state else "",
        *map(_unsearched_needs, paragraphs(details, to_names)),
        f'Download [{module}.py]({module}.py){{ download="{module}.py" }} '
        f"({len(whole.splitlines())} lines, SHA-256 `{digest(whole)}`), or copy just what you need.\n"
        f"{{ {UNSEARCHED} }}",
    ]
    if tests:
        went = (
            results.of(tests) or "This build does not know how they all go: `make test` runs them."
        )
        parts.append(
            f"[{len(tests)} tests]({module}/tests.md) hold it to its word. {measured(went)}\n"
            f"{{ {UNSEARCHED} }}"
        )
    for name, node in definitions.items():
        text = copies[f"{module}.{name}"]
        # Names may differ by a capital alone.
        parts += [
            f"## {name} {{ #{name} }}",
            *documentation(node, source, addresses(module, places, node)),
        ]
        if name in examples:
            parts += ["**Example**", *_example(examples[name], module, run, shown)]
        lines = len(text.strip().splitlines())
        saved = f'`{name}(...).savefig("{name}.png")`'
        script = f" A script shows no figure: save it, {saved}." if _returns_figure(node) else ""
        parts.append(
            f'[Copy just `{name}`]({module}.{name}.py){{ .copy-snippet download="{name}.py" }} '
            f"({lines} lines, with its helpers and imports): paste it into your program, or save it as "
            f"`{name}.py` and write `from {name} import {name}`.{script}\n{{ {UNSEARCHED} }}"
        )
        if name in users:
            links = ", ".join(f"[{title}]({page})" for title, page in users[name].items())
            parts.append(f"Used in {links}.")
        if own := [each for each in tests if (module, name) in each.calls]:
            said = "\n".join(
                f"- [{each.sentence}]({module}/tests.md#{anchor[each]})" for each in own
            )
            opening = f'<details class="note" markdown="1" {UNSEARCHED}>'
            heading = f"<summary>Tested behaviour ({len(own)})</summary>"
            went = f"\n\n{measured(known)}" if (known := results.of(own)) else ""
            parts.append(f"{opening}\n{heading}\n\n{said}{went}\n\n</details>")
    files = {f"snippets/{asked}.py": text.encode() for asked, text in copies.items()}
    return Page(
        tutorial.page,
        tutorial.file,
        module,
        "\n\n".join(part for part in parts if part) + "\n",
        files | shown.files,
    )


def page_of_tests(
    module: str, tests: Sequence[SnippetTest], sources: Mapping[str, str], repository: str = ""
) -> Page:
    """Return the page that shows the tests of a snippet as they stand in their files, with what they need.

    Args:
        sources: the code of their files.
        repository: its public address, to which their files lead; empty if it has none.
    """
    files = dict.fromkeys(each.file for each in tests)
    linked = ", ".join(_link_to_source(file, repository) for file in files)
    parts = [
        f"---\ntitle: Tests of {module}\nsearch:\n  exclude: true\n---",
        f"# Tests of {module}",
        f"What holds [{module}](../{module}.md) to its word, as it stands in {linked}: "
        "each of these runs with `make test`, on any machine."
        if tests
        else f"No test calls [{module}](../{module}.md).",
    ]
    anchor = anchors(tests)
    for file, group in itertools.groupby(tests, key=lambda each: each.file):
        own = list(group)
        parts += _needs_of_tests(file, own, sources[file])
        for each in own:
            parts += [f"## {each.sentence} {{ #{anchor[each]} }}", fence(each.source, "python")]
    return Page(
        f"snippets/{module}/tests.md",
        next(iter(files), f"snippets/{module}.py"),
        f"Tests of {module}",
        "\n\n".join(parts) + "\n",
    )


def _link_to_source(file: str, repository: str) -> str:
    return f"[`{file}`]({repository.rstrip('/')}/blob/HEAD/{file})" if repository else f"`{file}`"


def _needs_of_tests(file: str, tests: Sequence[SnippetTest], source: str) -> Iterator[str]:
    """Yield what tests of a file import and call, folded if it is long."""
    code = surroundings(source, {each.name.partition("::")[0] for each in tests})
    count = len(code.splitlines())
    said = f"What the tests of `{PurePosixPath(file).name}` import and call ({count} lines)"
    is_open = " open" if count <= _UNFOLDED else ""
    yield (
        f'<details class="note" markdown="1"{is_open}>\n<summary markdown="span">{said}</summary>\n\n'
        f"{fence(code, 'python')}\n\n</details>"
    )


def index_page(pages: Mapping[str, Page], sources: Mapping[str, str], project: Project) -> Page:
    """Return the page that leads to all snippets: a figure of each that draws, what it is for, what it needs.

    Args:
        pages: of the snippets, by name.
        sources: the code of those that read, likewise.
        project: what they are from, for the manifest beside the page.
    """
    groups: dict[str, list[str]] = {"To compute and train": [], "To draw": []}
    for module, source in sources.items():
        group = "To draw" if _draws(source) else "To compute and train"
        groups[group].append(_card(module, source, pages[module]))
    parts = [
        _front_matter(
            "Snippets",
            "Tested functions to copy, each with what it needs and no more.",
            # What it says of each snippet, that one's own page says first.
            "search:\n  boost: 0.5\n",
        ),
        "# Snippets",
        "The course's own code, to copy: each file stands alone, and so does each function with the few "
        "helpers that it needs. Every one is tested, on odd and broken input too; the tutorials use "
        "what you copy here. The figures are what the examples drew when this site was built.\n\n"
        "You know what you want to do, and not what it is called? [All of them by task](#by-task).",
        f"For programs: [{MANIFEST}](../{MANIFEST}), with each address and checksum.",
    ]
    for title, cards in groups.items():
        if cards:
            inner = "\n\n".join(cards)
            parts += [
                f"## {title}",
                f'<div class="snippet-cards" markdown="1">\n\n{inner}\n\n</div>',
            ]
    parts += _by_task(sources)
    files = {MANIFEST: manifest(sources, project).encode()}
    return Page(INDEX, "snippets", "Snippets", "\n\n".join(parts) + "\n", files)


def _draws(source: str) -> bool:
    """Say whether most of a snippet's functions return a figure."""
    returned = [
        _returns_figure(node)
        for node in public_definitions(source).values()
        if isinstance(node, ast.FunctionDef)
    ]
    return sum(returned) * 2 > len(returned)


def _returns_figure(node: Definition) -> bool:
    returns = None if isinstance(node, ast.ClassDef) else node.returns
    return isinstance(returns, ast.Name) and returns.id == "Figure"


def _card(module: str, source: str, page: Page) -> str:
    """Return what the first page says of a snippet: what it is for, what it needs, a figure."""
    needs = needs_of(source)
    figure = _FIGURE.search(page.markdown)
    parts = [
        f"### [{module}]({module}.md)",
        prose(summary(parsed(source))),
        figure[0].replace('loading="eager"', 'loading="lazy"') if figure else "",
        f"Needs {needs}.\n{{ .snippet-needs }}" if needs else "",
    ]
    inner = "\n\n".join(filter(None, parts))
    return f'<div class="snippet-card" markdown="1">\n\n{inner}\n\n</div>'


def _by_task(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the list of what can be done, in the words of each docstring's first line, snippet by snippet.

    Of classes, those made of a library's: the others are what functions return or raise. A search finds
    each on its own page; all of them here, it would find this page first.
    """
    if not sources:
        return
    yield f"## By task {{ #by-task {UNSEARCHED} }}"
    groups = []
    for module, source in sources.items():
        tasks = [
            f"- {prose(summary(node)).removesuffix('.')}: [`{name}`]({module}.md#{name})"
            for name, node in _public(source).items()
            if isinstance(node, Function)
            or any(isinstance(each, ast.Attribute) for each in node.bases)
        ]
        groups.append("\n".join([f"**[{module}]({module}.md)**", "", *tasks]))
    inner = "\n\n".join(groups)
    yield f'<div class="snippet-tasks" markdown="1" {UNSEARCHED}>\n\n{inner}\n\n</div>'


def _unsearched_needs(paragraph: str) -> str:
    """Keep out of the search what stands alike on every page."""
    return f"{paragraph}\n{{ {UNSEARCHED} }}" if paragraph.startswith("Needs: ") else paragraph


def _front_matter(title: str, description: str, more: str = "") -> str:
    said = json.dumps(description, ensure_ascii=False)
    return f"---\ntitle: {title}\ndescription: {said}\n{more}---"


def _public(source: str) -> dict[str, Definition]:
    """Return a snippet's public definitions, the functions first."""
    found = public_definitions(source).items()
    return dict(sorted(found, key=lambda item: isinstance(item[1], ast.ClassDef)))


def _example(
    cells: Iterable[Cell], module: str, run: Run | None, shown: ShownOutputs
) -> Iterable[str]:
    """Yield the cells of an example, each with what it sent."""
    for cell in cells:
        # In a project of one's own, the file stands beside the program.
        code = cell.source.replace(f"from snippets.{module} import", f"from {module} import")
        yield fence(code, f"{{ .python {UNSEARCHED} }}")
        if run:
            yield from shown.of_cell(cell, run.outputs[cell.number - 1], cell.number)
