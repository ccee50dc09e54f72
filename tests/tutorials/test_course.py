"""What the house asks of every tutorial, read from its source."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tutorial_engine import glossary
from tutorial_engine.course import load_course, stops_of
from tutorial_engine.entries import entries_of
from tutorial_engine.prose import typed_numbers
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
LESSONS = load_course(Settings.load(ROOT))


STOPS = stops_of(LESSONS)
ATLAS = [lesson for lesson in LESSONS if lesson.is_atlas]


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def every_tutorial(request):
    assert request.param.error is None, request.param.error
    return request.param.tutorial


@pytest.fixture(params=STOPS, ids=lambda lesson: lesson.name)
def tutorial(request):
    assert request.param.error is None, request.param.error
    return request.param.tutorial


@pytest.fixture(params=ATLAS, ids=lambda lesson: lesson.name)
def atlas_page(request):
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


@pytest.mark.parametrize("lesson", STOPS[5:], ids=lambda lesson: lesson.name)
def test_from_the_first_network_on_a_claim_is_shown_to_fail_without_its_effect(lesson):
    assert lesson.tutorial.controls


def test_a_tutorial_asks_five_questions_and_each_exercise_has_a_hint(tutorial):
    """That the build checks the answers, and where a hint stands, the engine insists on."""
    assert len(tutorial.questions) == 5
    hints = [cell for cell in tutorial.cells if "hint" in cell.tags]
    assert len(hints) == len(tagged(tutorial, "solution"))


def test_a_tutorial_fails_or_misleads_on_purpose(tutorial):
    assert tagged(tutorial, "raises-exception") or "goes wrong" in tutorial.text


def test_a_tutorial_claims_at_least_five_things(every_tutorial):
    assert len(every_tutorial.claims) >= 5


def test_no_number_that_the_run_decides_is_typed(every_tutorial):
    assert list(typed_numbers(every_tutorial)) == []


def test_a_tutorial_is_short(every_tutorial):
    """At most 300 lines of code that a reader meets, claims aside, and most cells under 15 lines."""
    lengths = [
        sum(bool(line.strip()) for line in cell.source.split("\n"))
        for cell in every_tutorial.code_cells
        if not cell.is_trial and not cell.tags & {"claims", "interactive"}
    ]
    assert sum(lengths) <= 300
    assert sum(length < 15 for length in lengths) > 0.8 * len(lengths)


# The atlas: what the engine does not already insist on.


def test_the_atlas_holds_eighty_entries_with_headings_of_their_own():
    titles = [entry.title for lesson in ATLAS for entry in entries_of(lesson.tutorial)]
    assert len(titles) >= 80
    assert sorted(set(titles)) == sorted(titles)
    assert max(map(len, titles)) <= 70


def test_each_entry_leads_to_a_page_that_teaches_it_and_to_a_source(atlas_page):
    for entry in entries_of(atlas_page):
        prose = "\n".join(cell.source for cell in entry.cells if not cell.is_code)
        assert re.search(r"\]\(\.\./[^)]+\.py[)#]", prose), entry.title
        assert re.search(r"\]\(https://", prose), entry.title


def test_each_entry_says_what_else_it_is_called(atlas_page):
    for entry in entries_of(atlas_page):
        assert len(entry.also) >= 2, entry.title


def test_an_entry_gives_its_reason_in_few_sentences(atlas_page):
    for entry in entries_of(atlas_page):
        prose = "\n\n".join(cell.source for cell in entry.cells if not cell.is_code)
        _, _, reason = prose.partition("**Why.**")
        assert reason, entry.title
        assert len(reason.split()) <= 130, entry.title


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
