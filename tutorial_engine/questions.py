"""Questions: what a reader is asked at a tutorial's end, and what each answer shows them."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .docstrings import UNSEARCHED
from .passages import mask
from .structure import Problem
from .tutorial import Cell

FEWEST, MOST = 2, 5
# Below a page's last question: where quiz.js says how many were answered at the first try.
QUIZ_RESULT = '<p class="quiz-result" hidden></p>'
_CHOICE = re.compile(r"- +(?P<text>\S.*)")
_REASON = re.compile(r" {4}- +(?P<text>\S.*)")
_REMEDY = (
    "write '- choice' for each, the answer first, and below it '    - reason', indented by four"
)


@dataclass
class Choice:
    """One answer that a reader may give, with the reason why it is right or where its thought goes wrong."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class Question:
    """What is asked, in Markdown, and the choices, of which the first is the answer."""

    text: str
    choices: tuple[Choice, ...]


def read_question(source: str) -> Question:
    """Read a markdown cell tagged `question`: its text, then a list of choices with a reason below each.

    >>> question = read_question("One and one?\\n\\n- two\\n    - They add.\\n- one\\n    - That is a product.")
    >>> [choice.text for choice in question.choices]
    ['two', 'one']
    """
    lines = source.split("\n")
    # Where a line is code or a value, what looks like a list is none.
    plain = mask(source).split("\n")
    begins = next((at for at, line in enumerate(plain) if _CHOICE.match(line)), len(lines))
    choices: list[Choice] = []
    in_reason = False
    for line in lines[begins:]:
        if match := _CHOICE.fullmatch(line):
            choices.append(Choice(match["text"].strip()))
            in_reason = False
        elif choices and not in_reason and (match := _REASON.fullmatch(line)):
            choices[-1].reason = match["text"].strip()
            in_reason = True
        elif line.strip():
            more = " " + line.strip()
            if in_reason:
                choices[-1].reason += more
            else:
                choices[-1].text += more
    return Question("\n".join(lines[:begins]).strip(), tuple(choices))


def question_problems(source: str) -> Iterator[Problem]:
    """Yield what keeps a markdown cell tagged `question` from being one."""
    question = read_question(source)
    if not question.text:
        yield Problem(1, "a question that asks nothing", "write the question above its choices")
    if not FEWEST <= len(question.choices) <= MOST:
        count = len(question.choices)
        yield Problem(1, f"a question with {count} choices, not {FEWEST} to {MOST}", _REMEDY)
    after_choices = False
    in_reason = False
    for number, line in enumerate(mask(source).split("\n"), start=1):
        if _CHOICE.match(line):
            after_choices, in_reason = True, False
        elif _REASON.match(line) and after_choices:
            if in_reason:
                yield Problem(number, "a choice with two reasons", _REMEDY)
            in_reason = True
        elif line.strip() and after_choices and not line.startswith("  "):
            yield Problem(number, "text below a question's choices", "move it above them")
    if any(not choice.reason for choice in question.choices):
        yield Problem(1, "a choice without its reason", _REMEDY)
    yield from like_choices(question)


def like_choices(question: Question) -> Iterator[Problem]:
    """Yield a problem if two choices of a question read alike."""
    texts = [choice.text for choice in question.choices]
    for text in {text for text in texts if texts.count(text) > 1}:
        remedy = "ask for something in which they differ"
        yield Problem(1, f"two choices of a question read alike: {text}", remedy)


def conditions(cell: Cell) -> list[ast.expr] | None:
    """Return the conditions of a code cell tagged `question`, one per choice, None if it ends in no list."""
    body = ast.parse(cell.source).body
    last = body[-1] if body else None
    is_list = isinstance(last, ast.Expr) and isinstance(last.value, ast.List)
    return last.value.elts if is_list else None  # type: ignore[union-attr]


def question_on_page(source: str, number: int, key: str) -> str:
    """Return a question as the page has it: choices in an order of their own, and the reasons, folded.

    Args:
        source: the cell's text, its inline values filled in.
        number: of the question on its page, from 1.
        key: what tells this question from any other, also from what it was before an edit.
    """
    question = read_question(source)
    order = _order(question, key)
    answer = order.index(0) + 1
    return (
        f'<div class="quiz-question" id="question-{number}" data-key="{key}" data-answer="{answer}" '
        f'markdown="1" {UNSEARCHED}>\n\n'
        f"{_asked(question, order, number)}\n\n"
        '<details class="success" markdown="1">\n<summary>Answer and reasons</summary>\n\n'
        f"{_reasons(question, order)}\n\n</details>\n\n</div>"
    )


def question_in_notebook(source: str, number: int, key: str) -> str:
    """Return a question as a notebook has it."""
    question = read_question(source)
    order = _order(question, key)
    return (
        f"{_asked(question, order, number)}\n\n"
        f"<details>\n<summary>Answer and reasons</summary>\n\n{_reasons(question, order)}\n\n</details>"
    )


def key_of(cell: Cell) -> str:
    """Return what tells a question from others: a digest of its text."""
    return hashlib.sha256(cell.source.encode()).hexdigest()[:8]


def _order(question: Question, key: str) -> list[int]:
    """Return the choices' places in an order that only their texts decide, so that it says nothing."""
    return sorted(
        range(len(question.choices)),
        key=lambda at: hashlib.sha256(f"{key} {at}".encode()).digest(),
    )


def _asked(question: Question, order: list[int], number: int) -> str:
    # In a box from the first: the script, which comes later, makes a button of it and moves nothing.
    choices = "\n".join(
        f'1. <span class="quiz-choice">{question.choices[at].text}</span>' for at in order
    )
    return f"**Question {number}.** {question.text}\n\n{choices}"


def _reasons(question: Question, order: list[int]) -> str:
    return "\n".join(
        f"1. {'**The answer.** ' if at == 0 else ''}{question.choices[at].reason}" for at in order
    )
