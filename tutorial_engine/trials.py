"""Trials: what becomes of a control, a wrong solution or the answers to a question, and what must."""

from __future__ import annotations

import json
from enum import StrEnum

from .documents import Document
from .tutorial import Cell


class TrialOutcome(StrEnum):
    """How a trial ends, in the kernel's words."""

    HOLDS = "holds"
    FAILS = "fails"
    GONE = "gone"
    SAYS_NOTHING = "says nothing"
    ANSWERED = "answered"
    RAISES = "raises"


# How one must end that finds what it is there to find.
_AS_MEANT = {TrialOutcome.FAILS, TrialOutcome.ANSWERED}


def trial_problem(cell: Cell, said: Document) -> tuple[str, str, int] | None:
    """Return (message, remedy, line in the cell) of a trial that did not end as it must, else None.

    Args:
        said: what the kernel sent: the outcome, or, of a question whose answer is not the answer, which conditions
            hold, as JSON; the error and its line, if one was raised.
    """
    if said["outcome"] in _AS_MEANT:
        return None
    tag, *_ = cell.tags & _PROBLEMS.keys()
    return *_PROBLEMS[tag](cell, said), said.get("line", 0)


def _of_control(cell: Cell, said: Document) -> tuple[str, str]:
    match TrialOutcome(said["outcome"]):
        case TrialOutcome.GONE:
            message = f"the claim no longer holds when its control is tried: {cell.claim}"
            return message, "let no later cell change in place what the claim reads"
        case TrialOutcome.RAISES:
            return f"the control fails itself: {said['error']}", "correct the control"
    message = f"without {cell.without}, the claim still holds: {cell.claim}"
    return (
        message,
        "set up in the control the case without the effect, or claim what the effect does",
    )


def _of_wrong_solution(cell: Cell, said: Document) -> tuple[str, str]:
    remedy = "let the check end in an assertion whose message says how the answer is wrong"
    match TrialOutcome(said["outcome"]):
        case TrialOutcome.HOLDS:
            remedy = "make the check see what is wrong with it"
            return "the check passes a wrong solution", remedy
        case TrialOutcome.RAISES:
            error = said["error"]
            return f"the check does not refuse a wrong solution, it raises {error}", remedy
    return "the check refuses a wrong solution without a word", remedy


def _of_question(cell: Cell, said: Document) -> tuple[str, str]:
    if said["outcome"] == TrialOutcome.RAISES:
        return f"a question's conditions fail themselves: {said['error']}", "correct them"
    held = [number for number, holds in enumerate(json.loads(said["outcome"]), start=1) if holds]
    which = "no condition holds"
    if held:
        which = f"the conditions of choices {', '.join(map(str, held))} hold"
    remedy = "let the first choice be the answer and its condition alone hold"
    return f"a question whose answer is not the answer: {which}", remedy


_PROBLEMS = {"control": _of_control, "wrong": _of_wrong_solution, "question": _of_question}
