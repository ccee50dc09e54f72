"""What the house asks of every tutorial, read from its source."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tutorial_engine import glossary
from tutorial_engine.course import load_course
from tutorial_engine.prose import typed_numbers
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
LESSONS = load_course(Settings.load(ROOT))


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def tutorial(request):
    assert request.param.error is None, request.param.error
    return request.param.tutorial


def tagged(tutorial, tag):
    return [cell for cell in tutorial.code_cells if tag in cell.tags]


def test_a_tutorial_has_exercises_that_can_be_checked(tutorial):
    """That each starter fails its check and each solution passes it, the engine insists on."""
    assert len(tagged(tutorial, "solution")) >= 3


def test_each_exercise_has_two_wrong_solutions_that_its_check_refuses(tutorial):
    """That the check refuses them, and says how they are wrong, the engine insists on."""
    wrong = 2
    for cell in tutorial.code_cells:
        if "solution" in cell.tags:
            assert wrong >= 2, f"the exercise above line {cell.line} has {wrong}"
            wrong = 0
        wrong += "wrong" in cell.tags
    assert wrong >= 2, "the last exercise"


@pytest.mark.parametrize("lesson", LESSONS[5:], ids=lambda lesson: lesson.name)
def test_from_the_first_network_on_a_claim_is_shown_to_fail_without_its_effect(lesson):
    assert lesson.tutorial.controls


def test_a_tutorial_asks_five_questions_and_each_exercise_has_a_hint(tutorial):
    """That the build checks the answers, and where a hint stands, the engine insists on."""
    assert len(tutorial.questions) == 5
    hints = [cell for cell in tutorial.cells if "hint" in cell.tags]
    assert len(hints) == len(tagged(tutorial, "solution"))


def test_a_tutorial_fails_or_misleads_on_purpose(tutorial):
    assert tagged(tutorial, "raises-exception") or "goes wrong" in tutorial.text


def test_a_tutorial_claims_at_least_five_things(tutorial):
    assert len(tutorial.claims) >= 5


def test_no_number_that_the_run_decides_is_typed(tutorial):
    assert list(typed_numbers(tutorial)) == []


def test_a_tutorial_is_short(tutorial):
    """At most 300 lines of code that a reader meets, claims aside, and most cells under 15 lines."""
    lengths = [
        sum(bool(line.strip()) for line in cell.source.split("\n"))
        for cell in tutorial.code_cells
        if not cell.is_trial and not cell.tags & {"claims", "interactive"}
    ]
    assert sum(lengths) <= 300
    assert sum(length < 15 for length in lengths) > 0.8 * len(lengths)


def test_the_glossary_defines_the_words_of_the_tutorials_in_alphabetical_order():
    """That every word a tutorial teaches is defined, the engine insists on."""
    defined = glossary.terms((ROOT / glossary.GLOSSARY).read_text(encoding="utf-8"))
    taught = {term for lesson in LESSONS for term in lesson.tutorial.header.teaches}
    assert sorted(set(defined) - taught) == []
    assert defined == sorted(defined, key=str.casefold)


def test_a_tutorial_comes_after_those_that_it_needs_and_that_help():
    names = [lesson.name for lesson in LESSONS]
    for lesson in LESSONS:
        before = names[: names.index(lesson.name)]
        header = lesson.tutorial.header
        assert {*header.needs, *header.helps} <= set(before), lesson.name


def test_the_glossary_names_code_that_exists():
    """Each dotted name on a line that begins with "In code:" is an attribute of its package."""
    text = (ROOT / glossary.GLOSSARY).read_text(encoding="utf-8")
    packages = {"tf": "tensorflow", "np": "numpy"}
    dotted = re.findall(r"`((?:keras|tf|np|sklearn|keras_tuner)(?:\.\w+)+)", text)
    assert len(dotted) > 50
    missing = []
    for name in sorted(set(dotted)):
        root, *attributes = name.split(".")
        if not _is_there(packages.get(root, root), attributes):
            missing.append(name)
    assert missing == []


def _is_there(package: str, attributes: list[str]) -> bool:
    found = importlib.import_module(package)
    for attribute in attributes:
        if not hasattr(found, attribute):
            try:
                importlib.import_module(f"{found.__name__}.{attribute}")
            except (ImportError, AttributeError):
                return False
        found = getattr(found, attribute)
    return True
