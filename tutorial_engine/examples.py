"""Examples: what the docstrings of a snippet show, as a tutorial that a build runs like the others."""

from __future__ import annotations

import ast
import contextlib
import doctest
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from .build_cache import BuildCache
from .closure import (
    bound,
    closures,
    defined,
    examples_in,
    import_of,
    parsed,
    public_definitions,
    public_methods,
)
from .copying import snippet_files
from .course import Lesson
from .data import data_names
from .docstrings import summary
from .documents import Document
from .errors import SourceError, TutorialError, unforeseen
from .fingerprint import make_key
from .second_reader import helped
from .settings import Settings
from .syntax import DEFINITIONS, Definition
from .tutorial import Cell, Header, Tutorial

_REMARK = re.compile(r"\s*# doctest:.*")
# A kernel names an error without its package.
_PACKAGE = re.compile(r"^(?:\w+\.)+(?=\w+(?::|$))")
_SUMMARY = 140


def load_examples(settings: Settings, build_cache: BuildCache | None = None) -> list[Lesson]:
    """Return the examples of each snippet as a lesson, in the order of the files.

    What is wrong with a snippet is kept in its lesson. One without examples is a lesson of no cells.
    """
    build_cache = build_cache or BuildCache()
    paths = list(snippet_files(settings.root).values())

    def load(path: Path) -> Lesson:
        return _load(path, settings, build_cache)

    # The two meet in the middle, in the cache.
    is_new = build_cache.is_new("examples")
    with helped(load, reversed(paths)) if is_new else contextlib.nullcontext():
        return [load(path) for path in paths]


def examples_of(module: str, source: str) -> dict[str, list[Cell]]:
    """Return the examples of a snippet's public definitions as cells: name -> cells, in order.

    A cell ends where something is shown. A docstring can only show what a figure's text says: its cell
    shows the figure.
    """
    number, found = 0, {}
    for name, node in public_definitions(source).items():
        cells = []
        for written in (node, *public_methods(node)):
            for cell in _cells(written, module, source):
                number += 1
                cells.append(replace(cell, number=number))
        if cells:
            found[name] = cells
    return found


def example_tutorial(module: str, source: str, data: tuple[str, ...] = ()) -> Tutorial:
    """Return a snippet's examples as one tutorial, whose file is the snippet.

    Args:
        data: the names of the data sets that they may load.
    """
    told = textwrap.shorten(summary(parsed(source)) or module, _SUMMARY, placeholder="…")
    cells = tuple(cell for cells in examples_of(module, source).values() for cell in cells)
    return Tutorial(
        f"snippets/{module}.py",
        Header(title=module, summary=told, data=data, seed=None),
        cells,
        source,
    )


def _load(path: Path, settings: Settings, build_cache: BuildCache) -> Lesson:
    file = path.relative_to(settings.root).as_posix()
    try:
        _check_name(path.stem, file)
        source = path.read_text(encoding="utf-8-sig")
        data = tuple(name for name in data_names(settings) if f'"{name}"' in source)

        def read() -> Document:
            closures(source, ())  # which reads all docstrings: a copy may hold any
            return example_tutorial(path.stem, source, data).to_json()

        def revive(document: Document) -> Tutorial:
            return Tutorial.from_json(document, file, source)

        tutorial = build_cache.get("examples", file, (file, source, data), read, revive)
        return Lesson(file, tutorial, make_key(tutorial, settings, build_cache))
    except SyntaxError as error:
        message = ": ".join(filter(None, (error.msg, (error.text or "").strip())))
        wrong = SourceError(message, file=file, line=error.lineno, remedy=f"correct {file}")
        return Lesson(file, error=wrong)
    except UnicodeDecodeError as error:
        wrong = SourceError(f"not a text in UTF-8: {error}", file=file, remedy="save it as UTF-8")
        return Lesson(file, error=wrong)
    except TutorialError as error:
        return Lesson(file, error=error)
    except Exception as error:  # one file's fault must not be the others'
        return Lesson(file, error=unforeseen(error, file))


def _check_name(name: str, file: str) -> None:
    """Refuse a snippet that nobody could import, or whose page would take the place of the first one."""
    if not name.isidentifier() or keyword.iskeyword(name) or name == "index":
        why = "its page is the section's first" if name == "index" else "it cannot be imported"
        remedy = "name the file with letters, digits and underscores"
        raise SourceError(f"{name} is no name for a snippet: {why}", file=file, remedy=remedy)


def _cells(node: Definition, module: str, source: str) -> Iterator[Cell]:
    """Yield the cells of one docstring, not numbered; the first imports what they need."""
    # What a doctest may not run, a build must not.
    examples = [each for each in examples_in(node) if not each[0].options.get(doctest.SKIP)]
    if not examples:
        return
    shown = [_shown(example.source) for example, _ in examples]
    text = "".join(code for code, _ in shown)
    heading = _imports(text, module, source)
    lines: list[str] = []
    first = 0
    for (example, place), (code, is_figure) in zip(examples, shown, strict=True):
        first = first if lines else place
        lines.append(code)
        if example.want or is_figure or place == examples[-1][1]:
            told = _told(example)
            tags = frozenset({"raises-exception"} if told else ())
            above = heading.count("\n")
            code = f"{heading}{''.join(lines)}".strip()
            # The line before the cell's own first.
            line = first - 1 - above
            yield Cell("code", code, 0, line, tags, first=above + 1, told=told)
            heading, lines = "", []


def _told(example: doctest.Example) -> str:
    """Return the error that an example must raise: its type alone where its message is not compared."""
    told = _PACKAGE.sub("", (example.exc_msg or "").strip())
    ignores = example.options.get(doctest.IGNORE_EXCEPTION_DETAIL)
    return told.partition(":")[0] if ignores else told


def _shown(code: str) -> tuple[str, bool]:
    """Return an example without remarks to doctest, a figure in place of its text; say whether it is one."""
    code = "\n".join(_REMARK.sub("", line) for line in code.splitlines()) + "\n"
    match ast.parse(code).body:
        case [
            ast.Expr(
                ast.Call(ast.Name("print"), [ast.Attribute(figure, "alt")])
                | ast.Attribute(figure, "alt")
            )
        ]:
            return f"{ast.get_source_segment(code, figure)}\n", True
    return code, False


def _imports(code: str, module: str, source: str) -> str:
    """Return the imports that an example needs: the snippet's own of libraries, and of the snippet."""
    tree = ast.parse(code)
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    names -= {
        bound(alias)
        for each in ast.walk(tree)
        if isinstance(each, ast.Import | ast.ImportFrom)
        for alias in each.names
    }
    libraries = [
        ast.unparse(import_of(node, kept))
        for node in parsed(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        if (kept := [alias for alias in node.names if bound(alias) in names])
    ]
    own = sorted(names & set(_made(parsed(source).body)))
    lines = [*libraries, *([f"from snippets.{module} import {', '.join(own)}"] if own else [])]
    return "".join(f"{line}\n" for line in lines) + ("\n" if lines else "")


def _made(body: Iterable[ast.stmt], *, is_top: bool = True) -> Iterator[str]:
    """Yield the names that statements make at a snippet's top level, also where it tries or decides.

    What such a branch imports is the snippet's: which branch ran, only the snippet knows.
    """
    for node in body:
        yield from defined(node)
        if isinstance(node, DEFINITIONS):
            continue
        if not is_top and isinstance(node, ast.Import | ast.ImportFrom):
            yield from map(bound, node.names)
        inner = (getattr(node, part, []) for part in ("body", "handlers", "orelse", "finalbody"))
        for part in inner:
            for each in part:
                block = each.body if isinstance(each, ast.ExceptHandler) else [each]
                yield from _made(block, is_top=False)
