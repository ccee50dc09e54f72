"""Figure texts: what a source says of its figures in plain words, changed without running anything again.

`figure.alt = "…"` decides one text of the page and nothing else of a run. Where it is certain which figure gets
it, a stored run of the same code gets the text that the source has now, as a run of today would give it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .kernel import DARK
from .syntax import walk
from .tutorial import Tutorial

if TYPE_CHECKING:
    from .documents import Output
    from .run import Run

# The part of a key that holds them.
PART = "figure texts"
# The functions that make one.
_MAKES = ("subplots", "figure", "subplot_mosaic")


def texts_by_cell(tutorial: Tutorial) -> dict[str, str]:
    """Return the text that a code cell gives its only figure, by the cell's position among them, as JSON has it."""
    found = {}
    for position, cell in enumerate(tutorial.code_cells):
        if ".alt" in cell.source and (text := _text_in(cell.source)):
            found[str(position)] = text
    return found


def counts_as_code(sources: Iterable[str], snippets: Mapping[str, str]) -> bool:
    """Say whether code reads a figure's text, which then decides more than the figure's."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "alt" and isinstance(node.ctx, ast.Load)
        for source in (*sources, *snippets.values())
        if ".alt" in source
        for node in ast.walk(ast.parse(source))
    )


def without_texts(source: str) -> str:
    """Return what a cell says beside the text of its figure, as `Facts.canonical` does."""
    tree = ast.parse(source)
    tree.body = [each for each in tree.body if not _is_text(each)]
    return walk(tree).canonical


def retold(run: Run, parts: Mapping[str, str]) -> Run | None:
    """Return a run with the figures' texts of a key's parts, None where it is not certain to be that key's.

    What is taken away, and what a cell with another number of figures gives, only a run can tell.
    """
    before, now = (_texts(each) for each in (run.parts, parts))
    if _rest(run.parts) != _rest(parts) or before.keys() - now.keys():
        return None
    outputs = list(run.outputs)
    for position, text in now.items():
        if before.get(position) == text:
            continue
        told = _with_text(outputs[int(position)], text)
        if told is None:
            return None
        outputs[int(position)] = told
    return replace(run, parts=dict(parts), outputs=outputs)


def _texts(parts: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = json.loads(parts.get(PART, "{}"))
    return found


def _rest(parts: Mapping[str, str]) -> dict[str, str]:
    return {name: part for name, part in parts.items() if name != PART}


def _with_text(outputs: list[Output], text: str) -> list[Output] | None:
    """Return a cell's outputs with another text of its only figure, None if it has not one figure."""
    if sum(DARK in output.get("data", {}) for output in outputs) != 1:
        return None
    return [
        {
            **output,
            "data": output["data"] | {"text/plain": text},
            "metadata": output["metadata"] | {"image/png": {"alt": text}},
        }
        if DARK in output.get("data", {})
        else output
        for output in outputs
    ]


def _text_in(source: str) -> str:
    """Return the text that a cell gives its figure in plain words, nothing where that is not certain.

    It is, for a cell that shows one figure, where the text stands right below all that draws: what follows
    shows the figure at most.
    """
    body = ast.parse(source).body
    texts = [at for at, node in enumerate(body) if _is_text(node)]
    others = [each for node in body for each in ast.walk(node) if _writes_alt(each)]
    if len(texts) != 1 or len(others) != 1:
        return ""
    (at,) = texts
    node = body[at]
    assert isinstance(node, ast.Assign)
    base = node.targets[0].value  # type: ignore[attr-defined]  # an attribute, as `_is_text` says
    before, after = body[:at], body[at + 1 :]
    # As the cell's last statement it would keep the value of the one before it from being shown.
    if not before or (not after and isinstance(before[-1], ast.Expr)):
        return ""
    if not all(_only_shows(each, base) for each in after):
        return ""
    is_open = _is_current(base, before) or _is_made(base, before)
    is_known = (is_open and not _closes_first(after)) or _is_shown(base, after)
    return node.value.value if is_known else ""  # type: ignore[attr-defined]  # a constant, likewise


def _is_text(node: ast.stmt) -> bool:
    """Say whether a statement is `figure.alt = "…"` or `plt.gcf().alt = "…"`."""
    return (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr == "alt"
        and isinstance(node.targets[0].value, ast.Name | ast.Call)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and bool(node.value.value.strip())
    )


def _writes_alt(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "alt"


def _only_shows(node: ast.stmt, base: ast.expr) -> bool:
    """Say whether a statement is `plt.show()`, `plt.close(figure)`, `plt.tight_layout()` or the figure itself."""
    if not isinstance(node, ast.Expr):
        return False
    if isinstance(base, ast.Name) and isinstance(node.value, ast.Name):
        return node.value.id == base.id
    shows = node.value.func if isinstance(node.value, ast.Call) else None
    return isinstance(shows, ast.Attribute) and shows.attr in ("show", "close", "tight_layout")


def _is_current(base: ast.expr, before: list[ast.stmt]) -> bool:
    """Say whether it is `plt.gcf()`, and what stands above it has closed no figure."""
    return (
        isinstance(base, ast.Call)
        and isinstance(base.func, ast.Attribute)
        and base.func.attr == "gcf"
        and not base.args
        and not any(_calls(node, ("close", "show")) for node in before)
    )


def _is_made(base: ast.expr, before: list[ast.stmt]) -> bool:
    """Say whether the cell itself makes the figure of this name, no other one, and has neither shown nor closed it."""
    if not isinstance(base, ast.Name):
        return False
    made = [_made(node) for node in before]
    return (
        made.count(base.id) == 1
        and len([name for node in before for name in _bound(node) if name == base.id]) == 1
        and len([node for node in before if _calls(node, _MAKES)]) == 1
        and not any(_calls(node, ("show", "display", "close")) for node in before)
    )


def _made(node: ast.stmt) -> str:
    """Return the name that a statement gives to a figure it makes, nothing where it makes none."""
    if not (
        isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Call)
    ):
        return ""
    target, function = node.targets[0], node.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in _MAKES and name != "figure":  # the figure and its axes
        target = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else node.value
    return target.id if name in _MAKES and isinstance(target, ast.Name) else ""


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield each name that a statement gives a value or takes away, as often as it does."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            yield each.id
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield each.name
        elif isinstance(each, ast.alias):
            yield each.asname or each.name.partition(".")[0]
        elif isinstance(each, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and each.name:
            yield each.name


def _closes_first(after: list[ast.stmt]) -> bool:
    """Say whether a figure is closed before any is shown: then what is shown may be another one."""
    calls = [node for node in after if _calls(node, ("show", "close"))]
    return bool(calls) and _calls(calls[0], ("close",))


def _is_shown(base: ast.expr, after: list[ast.stmt]) -> bool:
    """Say whether the cell ends in the figure of this name."""
    last = after[-1] if after else None
    return (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Name) and _same(last.value, base)
    )


def _same(name: ast.Name, base: ast.expr) -> bool:
    return isinstance(base, ast.Name) and name.id == base.id


def _calls(node: ast.stmt, names: tuple[str, ...]) -> bool:
    """Say whether a statement calls a function or a method of one of these names."""
    functions = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    called = {
        each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "")
        for each in functions
    }
    return bool(called & set(names))
