"""A claim holds, or there is no page; a claim and a check that could not fail prove nothing."""

from __future__ import annotations

import json

import nbformat
import pytest

from tutorial_engine.errors import ClaimError, ExecutionError, SourceError
from tutorial_engine.report import build_report
from tutorial_engine.schedule import Outcome

CLAIMS = """\
# %%
rate = 2
numbers = [rate * step for step in range(3)]

# %% tags=["claims"]
largest = max(numbers)
assert largest == 4, "the largest is four"
assert numbers[0] == 0, "the first is zero"

"""
CONTROL = """\
# %% tags=["control"] claim="the largest is four" without="doubling"
largest = max(range(3))

"""
EXERCISE = """\
# %% [markdown]
# Double it.

# %% tags=["starter"]
def double(number):
    return number

# %% tags=["check"]
assert double(2) == 4, "twice two is four"
assert double(3) == 6, "twice three is six"

# %% tags=["solution"]
def double(number):
    return 2 * number

"""
WRONG = """\
# %% tags=["wrong"]
def double(number):
    return number + 2

# %% tags=["wrong"]
def double(number):
    return number * number
"""


def refused(course, body: str, kind=ExecutionError):
    course.tutorial(body)
    with pytest.raises(kind) as caught:
        course.run()
    return caught.value


@pytest.fixture(scope="module")
def proved(module_course):
    """A run whose claim fails without the effect and whose check refuses two wrong solutions."""
    module_course.tutorial(CLAIMS + CONTROL + EXERCISE + WRONG)
    return module_course.run()


def test_the_run_says_which_claims_were_evaluated(proved):
    assert proved.claims == ["the largest is four", "the first is zero"]


def test_the_page_lists_the_claims_that_were_evaluated_and_no_others(module_course, proved):
    fields = {**proved.to_json(), "claims": proved.claims[:1], "artifacts": []}
    page = module_course.page(type(proved).from_json(fields)).markdown
    assert "The largest is four." in page
    assert "first is zero" not in page


def test_the_page_says_what_a_claim_fails_without(module_course, proved):
    page = module_course.page(proved).markdown
    assert page.count("Fails without doubling.") == 1
    assert "The largest is four. <code>largest == 4</code>" in page


def test_the_report_says_what_a_claim_fails_without(module_course, proved):
    (lesson,) = module_course.lessons()
    report = build_report([Outcome(lesson, proved)], module_course.settings())
    assert report["tutorials"][0]["claims"] == [
        {"text": "the largest is four", "holds": True, "fails_without": ["doubling"]},
        {"text": "the first is zero", "holds": True, "fails_without": []},
    ]


def test_neither_the_page_nor_the_notebook_shows_controls_and_wrong_solutions(
    module_course, proved
):
    page = module_course.page(proved)
    notebook = nbformat.reads(page.files["part/tiny/tiny.ipynb"].decode(), as_version=4)
    for text in (page.markdown, *(cell.source for cell in notebook.cells)):
        assert "number + 2" not in text
        assert "max(range(3))" not in text


@pytest.mark.parametrize("value", ["1", "2"])
def test_a_false_claim_fails_whatever_python_is_told_about_assertions(course, monkeypatch, value):
    monkeypatch.setenv("PYTHONOPTIMIZE", value)
    error = refused(course, CLAIMS.replace("largest == 4", "largest == 5"), ClaimError)
    assert error.message == "a claim does not hold: the largest is four"
    assert (error.cell, error.line) == (2, 12)


def test_a_claim_that_the_kernel_did_not_evaluate_is_no_claim(course, monkeypatch):
    from tutorial_engine.plan import Plan

    hidden = Plan._hidden

    def forgetful(plan, role, mime):
        said = hidden(plan, role, mime)
        return [] if role == "claims" else said

    monkeypatch.setattr(Plan, "_hidden", forgetful)
    assert "evaluated 0 claims, the source has 2" in refused(course, CLAIMS).message


def test_a_claim_about_nothing_that_ran_is_refused(course):
    error = refused(course, CLAIMS.replace("largest == 4", "1 < 2"), SourceError)
    assert "about nothing that the run computed" in error.message
    assert (error.cell, error.line) == (2, 12)


@pytest.mark.parametrize(
    "condition", ["len([1]) == 1", "all(step < 3 for step in range(3))", "(held := 4) == 4"]
)
def test_a_claim_about_names_that_it_makes_or_has_from_python_is_refused(course, condition):
    error = refused(course, CLAIMS.replace("largest == 4", condition), SourceError)
    assert "about nothing that the run computed" in error.message


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("(number > 9 for number in numbers)", "generator"),
        ("[largest == 5]", "list"),
        ("numbers.clear", "builtin_function_or_method"),
    ],
)
def test_a_claim_that_is_neither_true_nor_false_is_refused(course, condition, kind):
    error = refused(course, CLAIMS.replace("largest == 4", condition))
    assert f"what must be True or False gives a {kind}" in error.message
    assert (error.cell, error.line) == (2, 12)


def test_two_claims_that_read_alike_are_refused(course):
    error = refused(course, CLAIMS.replace("the first is zero", "the largest is four"), SourceError)
    assert error.message == "two claims read alike: the largest is four"
    assert (error.cell, error.line) == (2, 13)


def test_a_claim_that_still_holds_without_its_effect_is_refused(course):
    error = refused(course, CLAIMS + CONTROL.replace("range(3)", "numbers"))
    assert error.message == "without doubling, the claim still holds: the largest is four"
    assert (error.cell, error.line) == (3, 15)


def test_a_control_that_fails_itself_refutes_nothing(course):
    error = refused(course, CLAIMS + CONTROL.replace("range(3)", "undefined"))
    assert "the control fails itself: NameError" in error.message
    assert (error.cell, error.line) == (3, 16)


def test_a_control_sees_the_names_as_they_were_at_its_place(course):
    course.tutorial(CLAIMS + CONTROL + "# %%\nlargest = numbers = rate = range = None\n")
    assert course.run().claims


FUNCTION = """\
# %%
def scaled(number):
    return rate * number

rate = 2
largest = scaled(2)

# %% tags=["claims"]
assert largest == 4, "the largest is four"

# %% tags=["control"] claim="the largest is four" without="doubling"
{control}largest = scaled(2)

# %%
rate = 1
"""


def test_a_function_in_a_control_sees_what_the_control_sets(course):
    course.tutorial(FUNCTION.format(control="rate = 3\n"))
    assert course.run().claims == ["the largest is four"]


def test_what_a_later_cell_sets_makes_no_control_fail(course):
    error = refused(course, FUNCTION.format(control=""))
    assert error.message == "without doubling, the claim still holds: the largest is four"


def test_what_a_control_puts_into_a_snippet_makes_no_other_control_fail(course):
    claims = """\
# %%
from snippets import helper

total, one = helper.add(1, 1), 1

# %% tags=["claims"]
assert one == 1, "one is one"
assert total == 2, "the total is two"

# %% tags=["control"] claim="one is one" without="the first"
helper.add, one = max, 2

# %% tags=["control"] claim="the total is two" without="the second"
total = helper.add(1, 1)
"""
    error = refused(course, claims)
    assert error.message == "without the second, the claim still holds: the total is two"


@pytest.mark.parametrize("way_out", ["import sys; sys.exit()", "raise SystemExit(3)"])
def test_a_wrong_solution_that_ends_python_is_refused_like_any_that_raises(course, way_out):
    body = EXERCISE + WRONG.replace("def double", f"{way_out}\ndef double", 1)
    error = refused(course, body)
    assert "the check does not refuse a wrong solution, it raises SystemExit" in error.message
    assert (error.cell, error.line) == (5, 22)


def test_a_claim_that_later_cells_broke_in_place_is_not_refuted_by_its_control(course):
    error = refused(
        course,
        CLAIMS.replace("largest == 4", "max(numbers) == 4") + CONTROL + "# %%\nnumbers.append(9)\n",
    )
    assert "no longer holds when its control is tried" in error.message
    assert error.cell == 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('claim="the largest is four" ', "", "which claim fails without what"),
        (' without="doubling"', "", "which claim fails without what"),
        ("the largest is four", "the largest is large", "no claims above this control read"),
    ],
)
def test_a_control_names_a_claim_above_it_and_what_is_left_out(course, before, after, said):
    error = refused(course, CLAIMS + CONTROL.replace(before, after), SourceError)
    assert said in error.message
    assert (error.cell, error.line) == (3, 15)


def test_a_claim_named_by_another_cell_than_a_control_is_refused(course):
    body = CLAIMS + '# %% claim="the largest is four" without="doubling"\nx = 1\n'
    assert "no control" in refused(course, body, SourceError).message


def test_a_check_that_passes_a_wrong_solution_is_refused(course):
    error = refused(course, EXERCISE + WRONG.replace("number + 2", "number + number"))
    assert error.message == "the check passes a wrong solution"
    assert (error.cell, error.line) == (5, 21)


def test_all_wrong_solutions_that_pass_are_named_at_once(course):
    body = EXERCISE.replace("double(3) == 6", "double(3) > 3") + WRONG
    error = refused(course, body)
    assert [(each.cell, each.line, each.message) for each in error.faults] == [
        (5, 21, "the check passes a wrong solution"),
        (6, 25, "the check passes a wrong solution"),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("return None + 2", "raises TypeError"),
        ("assert not number", "without a word"),
    ],
)
def test_a_check_must_tell_how_a_wrong_solution_is_wrong(course, wrong, said):
    error = refused(course, EXERCISE + WRONG.replace("return number + 2", wrong))
    assert said in error.message
    assert "says how the answer is wrong" in error.remedy


def test_each_assertion_of_a_check_with_wrong_solutions_has_a_message(course):
    mute = EXERCISE.replace(', "twice three is six"', "")
    error = refused(course, mute + WRONG, SourceError)
    assert "without a message" in error.message
    assert (error.cell, error.line) == (3, 15)


def test_a_wrong_solution_follows_the_solution_that_it_gets_wrong(course):
    error = refused(course, EXERCISE + "# %%\nx = 1\n\n" + WRONG, SourceError)
    assert "follows no exercise" in error.message
    assert error.cell == 6


def test_trials_change_nothing_that_the_page_shows_or_offers(course):
    random = "import pathlib\nimport random\n\nrandom.seed(1)\n"
    shown = (
        '# %%\nprint(double(5), random.random())\n_ = pathlib.Path("kept").write_text("right")\n'
    )
    spoil = (
        '\nimport pathlib, random\nrandom.seed(2)\n_ = pathlib.Path("kept").write_text("wrong")\n'
    )
    body = "# %%\n" + random + "\n" + EXERCISE + "{}" + shown
    outputs = []
    for wrong in ("", WRONG.rstrip() + spoil + "\n"):
        course.tutorial(body.format(wrong), artifacts=["kept"])
        run = course.run()
        outputs.append(json.dumps(run.outputs[-1]))
        assert run.artifacts[0].content == b"right"
    assert outputs[0] == outputs[1]


def test_an_edited_control_or_wrong_solution_is_tried_again(course):
    course.tutorial(CLAIMS + CONTROL + EXERCISE + WRONG)
    before = course.key()
    course.edit("number + 2", "number + 3")
    course.edit("max(range(3))", "max(range(2))")
    assert course.key().changes_since(before.parts) == ["code changed"]
