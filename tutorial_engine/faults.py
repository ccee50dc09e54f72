"""Faults of a run that came to its end: what keeps its page from being published, and not the run from being kept.

A run is stored with its faults. So what only needs other words, a figure's text, say, needs no other run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .documents import Document, Output
from .errors import ClaimError, ExecutionError, TutorialError, with_unforeseen
from .outputs import is_picture, picture, text_problem
from .prose import fill
from .questions import like_choices, read_question
from .run import Run
from .settings import Settings
from .tutorial import Cell, Tutorial

_KINDS = {kind.__name__: kind for kind in (ExecutionError, ClaimError)}


def as_document(
    tutorial: Tutorial,
    cell: Cell | None,
    message: str,
    remedy: str,
    line: int = 0,
    kind: type[ExecutionError] = ExecutionError,
) -> Document:
    """Return a fault as a run keeps it: its place is the cell's among those with code, wherever prose moves it.

    Args:
        cell: the cell, which has code; None for the header.
        line: in the cell.
    """
    position = None if cell is None else tutorial.code_cells.index(cell)
    place = {"kind": kind.__name__, "cell": position, "line": line}
    return {**place, "message": message, "remedy": remedy}


def as_errors(tutorial: Tutorial, faults: Iterable[Document]) -> Iterator[ExecutionError]:
    """Yield what `as_document` was given, where it stands in the file now."""
    for fault in faults:
        kind, message, remedy = _KINDS[fault["kind"]], fault["message"], fault["remedy"]
        if fault["cell"] is None:
            yield kind(message, file=tutorial.file, line=1, remedy=remedy)
        else:
            cell = tutorial.code_cells[fault["cell"]]
            yield tutorial.error(kind, message, remedy, cell, fault["line"])


def run_faults(run: Run, tutorial: Tutorial, settings: Settings) -> list[TutorialError]:
    """Return what is wrong with a run, with the source's words as they are now."""
    looks = (
        as_errors(tutorial, run.faults),
        figure_faults(tutorial, run.outputs),
        _choice_faults(tutorial, run, settings),
    )
    return [fault for each in looks for fault in with_unforeseen(each, tutorial.file)]


def figure_faults(tutorial: Tutorial, outputs: Sequence[list[Output]]) -> Iterator[ExecutionError]:
    """Yield each figure without a text, with another figure's text, and one that the page shows a second time.

    Examples stand alone: one may draw what another does.

    Args:
        outputs: of each code cell.
    """
    pictures: set[bytes] = set()
    texts: set[str] = set()
    for cell, shown in zip(tutorial.code_cells, outputs, strict=True):
        if tutorial.is_examples:
            pictures, texts = set(), set()
        figures = [] if "starter" in cell.tags else [each for each in shown if is_picture(each)]
        for number, output in enumerate(figures, start=1):
            which = f", number {number} of the cell's {len(figures)}" if len(figures) > 1 else ""
            figure = picture(output)
            text = " ".join(figure.alt.split())
            if figure.content in pictures:
                yield tutorial.error(
                    ExecutionError,
                    f"a figure that the page has already shown: {text or 'without a text'}",
                    "call plt.close(figure) before the figure is left as the last expression: "
                    "an open one is shown again when the cell ends",
                    cell,
                )
                continue
            if not text and (problem := text_problem(output)):
                yield tutorial.error(ExecutionError, f"{problem[0]}{which}", problem[1], cell)
            elif text in texts:
                yield tutorial.error(
                    ExecutionError,
                    f"two figures with one text: {text}",
                    "let each figure's text say what that figure shows",
                    cell,
                )
            pictures.add(figure.content)
            texts.add(text)


def _choice_faults(tutorial: Tutorial, run: Run, settings: Settings) -> Iterator[ExecutionError]:
    """Yield a question of which two choices read alike once the run's values stand in them."""
    asked = [cell for cell in tutorial.questions if cell.expressions]
    prose = fill(tutorial, run, settings) if asked else {}
    for cell in asked:
        for problem in like_choices(read_question(prose[cell.number])):
            yield tutorial.error(
                ExecutionError, problem.message, problem.remedy, cell, problem.line
            )
