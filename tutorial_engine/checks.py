"""Checks: what keeps a parsed file from being a tutorial, said with cell, line and remedy."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Iterator, Sequence
from typing import Literal, overload

from .entries import check_entries
from .errors import Blemish, SourceError, TutorialError
from .keras_datasets import GIVEN
from .passages import mask
from .questions import conditions, question_problems, read_question
from .structure import FOOTNOTE, FOOTNOTE_TEXT, problems
from .syntax import below, facts
from .try_it import check_try_it
from .tutorial import CODE_TAGS, PROSE_TAGS, Cell, Tutorial, text_of

EXERCISE = ("starter", "check", "solution")
_KERAS_DATA = re.compile(r"(?:\w+\.)*keras\.datasets\.(?P<name>\w+|\*)")
# Deeper than code that a person writes, and far from where Python gives up on its own trees.
_DEEPEST = 100
# What a code cell may be; a `claims` cell prints nothing that could depend on the clock.
_TOGETHER = frozenset(
    frozenset(tags.split())
    for tags in (
        "",
        "claims",
        "claims measured",
        "control",
        "raises-exception",
        "raises-exception measured",
        "measured",
        "program",
        "measured program",
        "folded",
        "folded measured",
        "starter",
        "check",
        "solution",
        "solution measured",
        "wrong",
        "question",
        "interactive",
        "symptom",
        "symptom measured",
        "symptom raises-exception",
        "cure",
        "cure measured",
    )
)


def unreadable_code(tutorial: Tutorial) -> list[SourceError]:
    """Return what no kernel could read: cells and inline expressions that are not Python, or nested too deep."""
    return [
        fault
        for cell in tutorial.cells
        for fault in (_unreadable_cell(tutorial, cell), *_unreadable_expressions(tutorial, cell))
        if fault
    ]


def check_cells(tutorial: Tutorial, *, is_whole: bool) -> Iterator[TutorialError]:
    """Yield cells, claims or exercises that the build could not keep its word about.

    Args:
        is_whole: header, markers and code all read, so that what a cell lacks is not in one that does not.
    """
    if not tutorial.code_cells:
        yield tutorial.error(SourceError, "no code cell", "a tutorial runs something")
    for cell in tutorial.cells:
        if unknown := cell.tags - CODE_TAGS - PROSE_TAGS:
            yield tutorial.error(
                Blemish,
                f"unknown tag {', '.join(sorted(unknown))}",
                f"use one of {', '.join(sorted(CODE_TAGS | PROSE_TAGS))}",
                cell,
            )
        elif cell.is_code:
            yield from _check_tags(tutorial, cell)
        if not cell.is_code:
            yield from _check_markdown(tutorial, cell)
        elif not cell.source.strip():
            yield tutorial.error(Blemish, "an empty code cell", "delete it", cell)
        elif is_whole or not _unreadable_cell(tutorial, cell):
            yield from _check_code(tutorial, cell)
    if not is_whole:
        return
    yield from _check_footnotes(tutorial)
    yield from check_try_it(tutorial)
    yield from _check_exercises(tutorial)
    if all(_has_text(node) for _, node in tutorial.claims):
        yield from _check_claims(tutorial)
        yield from _check_controls(tutorial)
    yield from _check_questions(tutorial)
    yield from _check_interactive(tutorial)
    yield from check_entries(tutorial)
    yield from _check_seed(tutorial)
    yield from _check_keras_data(tutorial)


def _check_tags(tutorial: Tutorial, cell: Cell) -> Iterator[TutorialError]:
    if cell.tags not in _TOGETHER:
        yield tutorial.error(
            SourceError,
            f"tags that contradict one another: {', '.join(sorted(cell.tags))}",
            "split the cell; only measured goes together with another tag",
            cell,
        )


def _unreadable_cell(tutorial: Tutorial, cell: Cell) -> SourceError | None:
    if not cell.is_code:
        return None
    try:
        tree = _parsed(cell.source)
    except SyntaxError as error:
        return tutorial.error(
            SourceError,
            f"not Python: {error.msg}",
            "correct the cell; magics (%) and shell escapes (!) are not allowed",
            cell,
            error.lineno or 0,
        )
    except (RecursionError, MemoryError):
        return _too_deep(tutorial, cell)
    line = _line_beyond(tree, _DEEPEST)
    return _too_deep(tutorial, cell, line) if line else None


def _unreadable_expressions(tutorial: Tutorial, cell: Cell) -> Iterator[SourceError]:
    for expression in cell.expressions:
        line = cell.source.count("\n", 0, expression.start) + 1
        try:
            tree = _parsed(expression.code, mode="eval")
        except SyntaxError as error:
            yield tutorial.error(
                SourceError,
                f"the inline expression {expression.code} is not Python: {error.msg}",
                "correct it: an inline expression is one Python expression",
                cell,
                line,
            )
        except (RecursionError, MemoryError):
            yield _too_deep(tutorial, cell, line)
        else:
            if _line_beyond(tree, _DEEPEST):
                yield _too_deep(tutorial, cell, line)


def _check_code(tutorial: Tutorial, cell: Cell) -> Iterator[TutorialError]:
    if "program" in cell.tags:
        yield from _check_program(tutorial, cell)
    if "claims" in cell.tags:
        yield from _check_claims_cell(tutorial, cell)


def _check_claims_cell(tutorial: Tutorial, cell: Cell) -> Iterator[TutorialError]:
    tree = ast.parse(cell.source)
    asserts = [node for node in tree.body if isinstance(node, ast.Assert)]
    if len(asserts) < sum(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        yield tutorial.error(
            SourceError,
            "a claim inside a loop, a condition or a function",
            "write claims at the cell's top level, with all(...) over what the loop runs through",
            cell,
        )
    elif not asserts:
        remedy = "write 'assert condition, \"text\"'"
        yield tutorial.error(SourceError, "a claims cell without an assert", remedy, cell)
    for node in asserts:
        if not _has_text(node):
            yield tutorial.error(
                SourceError,
                "a claim without its text",
                "write 'assert condition, \"what the page claims\"' with a plain string",
                cell,
                node.lineno,
            )
        if not _names_from_above(node.test):
            yield tutorial.error(
                Blemish,
                "a claim about nothing that the run computed",
                "write a condition on a name that the cells above set",
                cell,
                node.lineno,
            )


def _has_text(claim: ast.Assert) -> bool:
    return isinstance(claim.msg, ast.Constant) and isinstance(claim.msg.value, str)


def _check_program(tutorial: Tutorial, cell: Cell) -> Iterator[TutorialError]:
    """Insist that a whole program has all that it uses: no snippet, no name of another cell."""
    for each in facts(cell.source).imports:
        if each.level or each.module.partition(".")[0] in ("snippets", "tutorial_engine"):
            yield tutorial.error(
                Blemish,
                f"a whole program that imports {each.module or each.name}",
                "use public packages alone, or take the tag program away",
                cell,
                each.line,
            )
    if missing := sorted(_unbound(symtable.symtable(cell.source, "program", "exec"))):
        yield tutorial.error(
            Blemish,
            f"a whole program that does not say what {', '.join(missing)} is",
            "import or define it in the cell itself, or take the tag program away",
            cell,
        )


def _unbound(module: symtable.SymbolTable) -> set[str]:
    """Return the global names that code uses, and that neither it nor Python defines."""
    used: set[str] = set()
    bound = set(dir(builtins)) | {"__name__", "__file__"}
    tables = [module]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is module or symbol.is_global():
                used |= {symbol.get_name()} if symbol.is_referenced() else set()
                is_bound = symbol.is_assigned() or symbol.is_imported()
                bound |= {symbol.get_name()} if is_bound else set()
    return used - bound


@overload
def _parsed(source: str) -> ast.Module: ...
@overload
def _parsed(source: str, mode: Literal["eval"]) -> ast.Expression: ...
def _parsed(source: str, mode: Literal["exec", "eval"] = "exec") -> ast.AST:
    """Parse code; what Python only warns of when it reads it, an invalid escape, say, is refused."""
    with warnings.catch_warnings():
        for kind in (SyntaxWarning, DeprecationWarning):
            warnings.simplefilter("error", kind)
        return ast.parse(source, mode=mode)


def _names_from_above(condition: ast.expr) -> set[str]:
    """Return the names that a condition neither makes itself nor has from Python."""
    names = [each for each in ast.walk(condition) if isinstance(each, ast.Name)]
    made = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    return {each.id for each in names} - made - set(dir(builtins))


def _too_deep(tutorial: Tutorial, cell: Cell, line: int = 0) -> SourceError:
    remedy = "take it apart: build long sums and lists in a loop"
    return tutorial.error(SourceError, "an expression nested too deep", remedy, cell, line)


def _line_beyond(tree: ast.AST, depth: int) -> int:
    """Return a line on which a syntax tree is deeper than this, 0 where it nowhere is."""
    level, line = [tree], 0
    while level and depth:
        line = next((each.lineno for each in level if hasattr(each, "lineno")), line)
        level = below(level)
        depth -= 1
    return line if level else 0


def _check_markdown(tutorial: Tutorial, cell: Cell) -> Iterator[TutorialError]:
    if not cell.source.strip():
        yield tutorial.error(Blemish, "an empty markdown cell", "delete it", cell)
        return
    if cell.tags & CODE_TAGS - PROSE_TAGS or len(cell.tags) > 1:
        remedy = "take them away: of prose, only a question and a hint have a tag, and one alone"
        yield tutorial.error(Blemish, "tags on a markdown cell", remedy, cell)
    of_question = question_problems(cell.source) if "question" in cell.tags else ()
    told: set[int] = set()
    for problem in (*problems(cell.source), *of_question):
        if problem.line not in told:  # what else is wrong on a line mostly follows from the first
            yield tutorial.error(Blemish, problem.message, problem.remedy, cell, problem.line)
        told.add(problem.line)


def _check_footnotes(tutorial: Tutorial) -> Iterator[TutorialError]:
    """Insist that each footnote has one text and is referred to; labels hold for the whole page."""
    texts: dict[str, tuple[Cell, int]] = {}
    references: dict[str, tuple[Cell, int]] = {}
    for cell in tutorial.cells:
        if cell.is_code or "[^" not in cell.source:
            continue
        plain = mask(cell.source)
        for pattern, found in ((FOOTNOTE_TEXT, texts), (FOOTNOTE, references)):
            for match in pattern.finditer(plain):
                line = plain.count("\n", 0, match.start()) + 1
                if pattern is FOOTNOTE_TEXT and match["label"] in texts:
                    message = f"the footnote [^{match['label']}] has two texts"
                    yield tutorial.error(Blemish, message, "rename one of them", cell, line)
                found.setdefault(match["label"], (cell, line))
    for label, place in references.items():
        if label not in texts:
            message, remedy = f"the footnote [^{label}] has no text", f"add '[^{label}]: text'"
            yield tutorial.error(Blemish, message, remedy, *place)
    for label, place in texts.items():
        if label not in references:
            message = f"nothing refers to the footnote [^{label}]"
            yield tutorial.error(Blemish, message, "refer to it or delete it", *place)


def _check_exercises(tutorial: Tutorial) -> Iterator[TutorialError]:
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
            yield tutorial.error(
                SourceError,
                f"a {role} cell outside an exercise",
                "an exercise is the task in markdown, then a starter, a check and a solution cell",
                cell,
            )
    before = check = None
    for cell in code:
        check = cell if "check" in cell.tags else check
        if "wrong" in cell.tags:
            if not (before and before.tags & {"solution", "wrong"}):
                yield tutorial.error(
                    SourceError,
                    "a wrong solution that follows no exercise",
                    "put cells tagged wrong right after the solution that they get wrong",
                    cell,
                )
            elif check and "solution" in before.tags:
                yield from _check_messages(tutorial, check)
        before = cell


def _check_questions(tutorial: Tutorial) -> Iterator[TutorialError]:
    """Insist that each question has its conditions right below it, and each hint its exercise."""
    around = [None, *tutorial.cells, None]
    for before, cell, after in zip(around, tutorial.cells, around[2:], strict=False):
        if "hint" in cell.tags:
            if not (before and "starter" in before.tags and after and "check" in after.tags):
                remedy = "put a hint between an exercise's starter and its check"
                yield tutorial.error(Blemish, "a hint outside an exercise", remedy, cell)
        elif "question" in cell.tags and not cell.is_code:
            if not (after and after.is_code and "question" in after.tags):
                yield tutorial.error(
                    Blemish,
                    "a question that the build cannot check",
                    'write below it a cell # %% tags=["question"] that ends in a list, one condition per '
                    "choice: the first holds, the others do not",
                    cell,
                )
        elif "question" in cell.tags:
            if not (before and not before.is_code and "question" in before.tags):
                remedy = 'write above it the question, # %% [markdown] tags=["question"]'
                yield tutorial.error(Blemish, "conditions without a question", remedy, cell)
            yield from _check_conditions(tutorial, before, cell)


def _check_conditions(
    tutorial: Tutorial, question: Cell | None, cell: Cell
) -> Iterator[TutorialError]:
    found = conditions(cell)
    is_question = question is not None and not question.is_code and "question" in question.tags
    count = len(read_question(question.source).choices) if question and is_question else None
    if found is None or (count is not None and len(found) != count):
        said = "no list" if found is None else f"a list of {len(found)}"
        yield tutorial.error(
            SourceError
            if found is None
            else Blemish,  # without a list there is nothing to evaluate
            f"a question with {count or 'no'} choices whose cell ends in {said}",
            "end the cell in a list, one condition per choice, in their order",
            cell,
        )
    for condition in found or ():
        if not _names_from_above(condition):
            yield tutorial.error(
                Blemish,
                f"a condition that nothing computed decides: {ast.unparse(condition)}",
                "let it ask the library or the run whether its choice is right",
                cell,
                condition.lineno,
            )


def _check_messages(tutorial: Tutorial, check: Cell) -> Iterator[TutorialError]:
    """Insist that each assertion of a check tells the reader how an answer is wrong."""
    for node in ast.walk(ast.parse(check.source)):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield tutorial.error(
                Blemish,
                "an assertion of a check without a message",
                "add after a comma what a reader whose answer fails it should know",
                check,
                node.lineno,
            )


def _check_claims(tutorial: Tutorial) -> Iterator[TutorialError]:
    """Insist that each claim has a text of its own: by it the page says which ones were evaluated."""
    seen: set[str] = set()
    for cell, node in tutorial.claims:
        text = text_of(node)
        if text in seen:
            yield tutorial.error(
                SourceError,
                f"two claims read alike: {text}",
                "say in each what it alone claims",
                cell,
                node.lineno,
            )
        seen.add(text)


def _check_controls(tutorial: Tutorial) -> Iterator[TutorialError]:
    earlier: list[str] = []
    for cell in tutorial.code_cells:
        if "claims" in cell.tags:
            earlier += [text_of(node) for each, node in tutorial.claims if each is cell]
        is_control = "control" in cell.tags
        if is_control != bool(cell.claim) or is_control != bool(cell.without):
            yield tutorial.error(
                SourceError if is_control else Blemish,
                "a control that does not say which claim fails without what"
                if is_control
                else "a claim or a without on a cell that is no control",
                'write # %% tags=["control"] claim="the claim\'s text" without="what is left out"',
                cell,
            )
        elif is_control and earlier.count(cell.claim) != 1:
            yield tutorial.error(
                SourceError,
                f"{earlier.count(cell.claim) or 'no'} claims above this control read: {cell.claim}",
                "copy the text of one claim that stands above the control",
                cell,
            )


def _check_interactive(tutorial: Tutorial) -> Iterator[TutorialError]:
    """Insist that nothing reads a name of an interactive cell: a notebook leaves such cells out."""
    sources = {
        cell: [cell.source] if cell.is_code else [each.code for each in cell.expressions]
        for cell in tutorial.cells
    }
    for cell in filter(lambda each: each.is_interactive, tutorial.cells):
        symbols = symtable.symtable(cell.source, "cell", "exec").get_symbols()
        own = {
            each.get_name()
            for each in symbols
            if each.is_assigned() or each.is_imported() or each.is_namespace()
        }
        for other, code in sources.items():
            if other.is_interactive:
                continue
            if shared := sorted(own & _names(code)):
                yield tutorial.error(
                    Blemish,
                    f"an interactive cell that sets {', '.join(shared)}, which cell {other.number} uses",
                    "give what it sets names that no other cell has: readers' notebooks lack this cell",
                    cell,
                )


def _names(sources: list[str]) -> set[str]:
    """Return the names that code reads or sets, wherever it does."""
    return {
        name
        for source in sources
        for node in ast.walk(ast.parse(source.strip()))
        for name in _names_of(node)
    }


def _names_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).partition(".")[0]]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []


def _check_seed(tutorial: Tutorial) -> Iterator[TutorialError]:
    if tutorial.header.seed is not None:
        return
    for cell in tutorial.code_cells:
        if "set_random_seed" not in cell.source:
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("set_random_seed"):
                yield tutorial.error(
                    Blemish,
                    "the seed is not in the header",
                    "add 'seed: NUMBER' to the header, the number given to set_random_seed",
                    cell,
                    node.lineno,
                )


def _check_keras_data(tutorial: Tutorial) -> Iterator[TutorialError]:
    """Insist that the header names what is asked of `keras.datasets`: Keras would download anything else."""
    cells = tutorial.code_cells
    for at, name, line in keras_data([cell.source for cell in cells]):
        if name.replace("_", "-") in tutorial.header.data:
            continue
        if name in GIVEN:
            data = ", ".join([*tutorial.header.data, name.replace("_", "-")])
            remedy = f"add it to the header: data: [{data}]"
        else:
            known = ", ".join(sorted(GIVEN))
            remedy = (
                f"use what a run gives without a network ({known}), or bring the data along with a checksum: "
                "CONTRIBUTING.md, 'Packages, data and images'"
            )
        message = f"keras.datasets.{name} is data that the header does not name"
        yield tutorial.error(SourceError, message, remedy, cells[at], line)


def keras_data(sources: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Yield each module of `keras.datasets` that cells of code ask for, in each cell once.

    Yields:
        The cell's position, the name, and its line in the cell. A cell may use what another one imports.
    """
    if not any("datasets" in source for source in sources):
        return
    meant = {
        each.alias: f"{each.module}.{each.name}" if each.name else each.module
        for source in sources
        for each in facts(source).imports
        if each.name or each.alias != each.module
    }
    for at, source in enumerate(sources):
        found: dict[str, int] = {}
        for each in facts(source).imports:
            name = f"{each.module}.{each.name}" if each.name else each.module
            if match := _KERAS_DATA.match(name):
                found.setdefault(match["name"], each.line)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute):
                first, dot, rest = ast.unparse(node).partition(".")
                if match := _KERAS_DATA.fullmatch(meant.get(first, first) + dot + rest):
                    found.setdefault(match["name"], node.lineno)
        yield from ((at, name, line) for name, line in found.items())
