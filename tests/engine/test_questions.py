"""Questions: the build tries each choice; a page, a notebook and a record ask, and fold the reasons."""

from __future__ import annotations

import json

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.engine.test_truth import refused
from tutorial_engine.errors import ExecutionError, SourceError
from tutorial_engine.questions import read_question
from tutorial_engine.reading_time import minutes_to_read

RUN = """\
# %%
total = 2 + 3
shares = [total / 10, 1 - total / 10 - 0.1]

"""
QUESTION = """\
# %% [markdown] tags=["question"]
# What is the sum of two and three?
#
# - `{python} total`
#     - They add up,
#       one by one.
# - `{python} total + 1`, as
#   some count
#     - That counts the first number twice.
# - nothing
#     - Numbers have a sum.

"""
CONDITIONS = """\
# %% tags=["question"]
numbers = [2, 3]
[sum(numbers) == total, sum(numbers) == total + 1, not sum(numbers)]

"""
ALIKE = """\
# %% [markdown] tags=["question"]
# Which share is it?
#
# - `{python} f"{shares[0]:.0f}"`
#     - It is.
# - `{python} f"{shares[1]:.0f}"`
#     - It is not.

# %% tags=["question"]
[shares[0] > shares[1], shares[0] < shares[1]]
"""


@pytest.fixture(scope="module")
def asked(module_course):
    """A run with one question, and its page as HTML would have it."""
    module_course.tutorial(RUN + QUESTION + CONDITIONS)
    return module_course.run()


def test_a_question_is_read_with_its_choices_and_their_reasons():
    question = read_question(
        "Which?\n\n- one, on\n  two lines\n    - A reason,\n      on two.\n- two\n    - B"
    )
    assert question.text == "Which?"
    assert [(choice.text, choice.reason) for choice in question.choices] == [
        ("one, on two lines", "A reason, on two."),
        ("two", "B"),
    ]


def test_what_looks_like_a_list_in_code_is_no_choice():
    question = read_question("Which?\n\n```python\n- x\n```\n\n- one\n    - A\n- two\n    - B")
    assert "- x" in question.text
    assert len(question.choices) == 2


def test_the_page_asks_with_the_runs_values_and_folds_the_reasons(module_course, asked):
    page = module_course.page(asked).markdown
    asks, _, folded = page.partition('<details class="success" markdown="1">\n<summary>Answer')
    assert "**Question 1.** What is the sum of two and three?" in asks
    for choice in ("5", "6, as some count", "nothing"):
        assert f'<span class="quiz-choice">{choice}</span>' in asks
    assert "They add up" not in asks
    assert "1. **The answer.** They add up, one by one." in folded
    assert "total" not in page.partition("**Question 1.**")[2].partition("</details>")[0]


def test_the_page_says_which_place_the_answer_has(module_course, asked):
    page = module_course.page(asked).markdown
    opening = page[page.index('<div class="quiz-question"') :]
    place = int(BeautifulSoup(opening.partition("\n")[0], "html.parser").div["data-answer"])
    choices = [line for line in opening.partition("<details")[0].splitlines() if "1. " in line]
    assert choices[place - 1] == '1. <span class="quiz-choice">5</span>'


def test_an_edited_question_has_another_key(module_course, asked, course):
    course.tutorial(RUN + QUESTION.replace("as\n#   some", "as\n#   few") + CONDITIONS)
    pages = [module_course.page(asked).markdown, course.page(course.run()).markdown]
    keys = {page.partition('data-key="')[2].partition('"')[0] for page in pages}
    assert len(keys) == 2


def test_the_notebook_asks_too_and_leaves_the_conditions_out(module_course, asked):
    files = module_course.page(asked).files
    text = next(content for path, content in files.items() if path.endswith("tiny.ipynb"))
    notebook = nbformat.reads(text.decode(), as_version=4)
    question = next(cell.source for cell in notebook.cells if "Question 1" in cell.source)
    assert "<summary>Answer and reasons</summary>" in question
    assert "numbers = [2, 3]" not in text.decode()


def test_the_record_shows_the_conditions_that_were_tried(module_course, asked):
    _, record = module_course.page(asked).record
    sources = ["".join(cell["source"]) for cell in json.loads(record)["cells"]]
    assert any(source.startswith("numbers = [2, 3]") for source in sources)


def test_questions_take_no_time_to_read(course):
    course.tutorial(RUN + "# %% [markdown]\n# Few words.\n\n")
    without = minutes_to_read(course.parse())
    course.tutorial(RUN + "# %% [markdown]\n# Few words.\n\n" + (QUESTION + CONDITIONS) * 9)
    assert minutes_to_read(course.parse()) == without


@pytest.mark.parametrize(
    ("conditions", "held"),
    [
        ("[total == 6, total == 5, total == 7]", "the conditions of choices 2 hold"),
        ("[total == 5, total > 4, total == 7]", "the conditions of choices 1, 2 hold"),
        ("[total == 6, total == 7, total == 8]", "no condition holds"),
    ],
)
def test_an_answer_that_is_not_the_answer_is_refused(course, conditions, held):
    error = refused(course, RUN + QUESTION + f'# %% tags=["question"]\n{conditions}\n')
    assert error.message == f"a question whose answer is not the answer: {held}"
    assert (error.cell, error.file) == (3, "tutorials_src/1_part/01_tiny.py")


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ("[total, total == 6, total == 7]", "what must be True or False gives a int: total"),
        ("[missing == 5, total == 6, total == 7]", "NameError: name 'missing' is not defined"),
    ],
)
def test_conditions_that_decide_nothing_are_refused(course, conditions, said):
    error = refused(course, RUN + QUESTION + f'# %% tags=["question"]\n{conditions}\n')
    assert error.message.startswith("a question's conditions fail themselves: ")
    assert said in error.message


def test_two_choices_that_the_run_makes_alike_are_refused(course):
    error = refused(course, RUN + ALIKE, ExecutionError)
    assert error.message == "two choices of a question read alike: 0"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (QUESTION, "a question that the build cannot check"),
        (CONDITIONS, "conditions without a question"),
        (
            QUESTION + '# %% tags=["question"]\n[total == 5, total == 6]\n',
            "a question with 3 choices whose cell ends in a list of 2",
        ),
        (
            QUESTION + '# %% tags=["question"]\ntotal == 5\n',
            "a question with 3 choices whose cell ends in no list",
        ),
        (
            QUESTION + '# %% tags=["question"]\n[total == 5, False, total == 7]\n',
            "a condition that nothing computed decides: False",
        ),
        (
            QUESTION.replace("#     - Numbers have a sum.\n", "") + CONDITIONS,
            "a choice without its reason",
        ),
        (
            QUESTION.replace("# What is the sum of two and three?\n#\n", "") + CONDITIONS,
            "a question that asks nothing",
        ),
        (
            QUESTION.replace("#     - They add", "#     - They do.\n#     - They add") + CONDITIONS,
            "a choice with two reasons",
        ),
        (
            QUESTION.rstrip() + "\n#\n# And more.\n\n" + CONDITIONS,
            "text below a question's choices",
        ),
        (
            QUESTION.partition("# - `{python} total + 1`")[0] + "\n" + CONDITIONS,
            "a question with 1 choices, not 2 to 5",
        ),
        (
            QUESTION.replace("`{python} total + 1`, as\n#   some count", "nothing") + CONDITIONS,
            "two choices of a question read alike: nothing",
        ),
        ('# %% [markdown] tags=["hint"]\n# Think.\n', "a hint outside an exercise"),
        ('# %% [markdown] tags=["claims"]\n# Think.\n', "tags on a markdown cell"),
    ],
)
def test_what_is_no_question_is_refused_before_anything_runs(course, body, message):
    course.tutorial(RUN + body)
    with pytest.raises(SourceError) as caught:
        course.parse()
    assert caught.value.message == message
    assert caught.value.cell
    assert caught.value.remedy


EXERCISE = """\
# %% tags=["starter"]
double = abs

# %% [markdown] tags=["hint"]
# Add it to *itself*.

# %% tags=["check"]
assert double(2) == 4, "twice two is four"

# %% tags=["solution"]
double = (2).__mul__
"""


def test_hint_check_and_solution_fold_one_by_one_in_this_order(course):
    course.tutorial(RUN + EXERCISE)
    page = course.page(course.run()).markdown
    folded = [part.partition("</summary>")[0] for part in page.split("<summary>")[1:]]
    assert folded[:3] == ["Hint", "Check yourself", "Solution"]
    assert "Add it to *itself*." in page
