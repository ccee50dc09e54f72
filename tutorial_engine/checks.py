"""Checks: what keeps a parsed file from being a tutorial, said with cell, line and remedy."""

from __future__ import annotations

import ast
import re

from .errors import SourceError
from .tutorial import CODE_TAGS, Cell, Tutorial

EXERCISE = ("starter", "check", "solution")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def check_cells(tutorial: Tutorial) -> None:
    """Refuse cells, expressions, claims or exercises that the build could not keep its word about.

    Raises:
        SourceError: the first thing that is wrong.
    """
    if not tutorial.code_cells:
        raise tutorial.error(SourceError, "no code cell", "a tutorial runs something")
    for cell in tutorial.cells:
        if unknown := cell.tags - CODE_TAGS:
            raise tutorial.error(
                SourceError,
                f"unknown tag {', '.join(sorted(unknown))}",
                f"use one of {', '.join(sorted(CODE_TAGS))}",
                cell,
            )
        if cell.is_code:
            _check_code(tutorial, cell)
        else:
            _check_markdown(tutorial, cell)
    _check_exercises(tutorial)
    _check_controls(tutorial)
    _check_seed(tutorial)


def _check_code(tutorial: Tutorial, cell: Cell) -> None:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise tutorial.error(
            SourceError,
            f"not Python: {error.msg}",
            "correct the cell; magics (%) and shell escapes (!) are not allowed",
            cell,
            error.lineno or 0,
        ) from None
    if "claims" not in cell.tags:
        return
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if len(asserts) < sum(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        raise tutorial.error(
            SourceError,
            "a claim inside a loop, a condition or a function",
            "write claims at the cell's top level, with all(...) over what the loop runs through",
            cell,
        )
    if not asserts:
        remedy = "write 'assert condition, \"text\"'"
        raise tutorial.error(SourceError, "a claims cell without an assert", remedy, cell)
    for node in asserts:
        if not (isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str)):
            raise tutorial.error(
                SourceError,
                "a claim without its text",
                "write 'assert condition, \"what the page claims\"' with a plain string",
                cell,
                node.lineno,
            )
        if not any(isinstance(each, ast.Name) for each in ast.walk(node.test)):
            raise tutorial.error(
                SourceError,
                "a claim about nothing that the run computed",
                "write a condition on a name that the cells above set",
                cell,
                node.lineno,
            )


def _check_markdown(tutorial: Tutorial, cell: Cell) -> None:
    if not cell.source.strip():
        raise tutorial.error(SourceError, "an empty markdown cell", "delete it", cell)
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), cell.source)
    for offset, line in enumerate(prose.split("\n"), start=1):
        if line.startswith("#") and "{python" in line:
            raise tutorial.error(
                SourceError,
                "an expression in a heading",
                "move the value into the text: headings are addresses and must not change",
                cell,
                offset,
            )
    if cell.source.count("`{python") != len(cell.expressions):
        raise tutorial.error(
            SourceError,
            "an inline expression that does not read as one",
            "write `{python} EXPRESSION` between single backticks, on as many lines as you like",
            cell,
        )
    for expression in cell.expressions:
        try:
            ast.parse(expression.code, mode="eval")
        except SyntaxError as error:
            raise tutorial.error(
                SourceError,
                f"the inline expression {expression.code} is not Python: {error.msg}",
                "correct it: an inline expression is one Python expression",
                cell,
            ) from None


def _check_exercises(tutorial: Tutorial) -> None:
    code = tutorial.code_cells
    for position, cell in enumerate(code):
        role = next((tag for tag in EXERCISE if tag in cell.tags), None)
        if role is None:
            continue
        start = position - EXERCISE.index(role)
        around = code[start : start + 3] if start >= 0 else ()
        if len(around) < 3 or any(
            tag not in each.tags for tag, each in zip(EXERCISE, around, strict=True)
        ):
            raise tutorial.error(
                SourceError,
                f"a {role} cell outside an exercise",
                "an exercise is the task in markdown, then a starter, a check and a solution cell",
                cell,
            )
        if role == "check":
            _check_messages(tutorial, cell)
    before = None
    for cell in code:
        if "wrong" in cell.tags and not (before and before.tags & {"solution", "wrong"}):
            raise tutorial.error(
                SourceError,
                "a wrong solution that follows no exercise",
                "put cells tagged wrong right after the solution that they get wrong",
                cell,
            )
        before = cell


def _check_messages(tutorial: Tutorial, check: Cell) -> None:
    """Insist that each assertion of a check tells the reader how an answer is wrong."""
    for node in ast.walk(ast.parse(check.source)):
        if isinstance(node, ast.Assert) and node.msg is None:
            raise tutorial.error(
                SourceError,
                "an assertion of a check without a message",
                "add after a comma what a reader whose answer fails it should know",
                check,
                node.lineno,
            )


def _check_controls(tutorial: Tutorial) -> None:
    earlier: list[str] = []
    for cell in tutorial.code_cells:
        if "claims" in cell.tags:
            earlier += [node.msg.value for each, node in tutorial.claims if each is cell]
        is_control = "control" in cell.tags
        if is_control != bool(cell.claim) or is_control != bool(cell.without):
            raise tutorial.error(
                SourceError,
                "a control that does not say which claim fails without what"
                if is_control
                else "a claim or a without on a cell that is no control",
                'write # %% tags=["control"] claim="the claim\'s text" without="what is left out"',
                cell,
            )
        if is_control and earlier.count(cell.claim) != 1:
            raise tutorial.error(
                SourceError,
                f"{earlier.count(cell.claim) or 'no'} claims above this control read: {cell.claim}",
                "copy the text of one claim that stands above the control",
                cell,
            )


def _check_seed(tutorial: Tutorial) -> None:
    if tutorial.header.seed is not None:
        return
    for cell in tutorial.code_cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("set_random_seed"):
                raise tutorial.error(
                    SourceError,
                    "the seed is not in the header",
                    "add 'seed: NUMBER' to the header, the number given to set_random_seed",
                    cell,
                    node.lineno,
                )
