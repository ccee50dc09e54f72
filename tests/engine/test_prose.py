"""Numbers in prose come from the run; those that were typed by hand are found and named."""

from __future__ import annotations

import pytest

from tutorial_engine.errors import SourceError
from tutorial_engine.prose import check_numbers, fill, typed_numbers

from .tiny import TINY, code, made_run

CODE = code("x = 0.25\nrates = (0.05, 1e-3)\nwidth = 128\nshare = 12")


def typed(course, text: str) -> list[str]:
    """Return the numbers that the rule finds in a paragraph."""
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    course.tutorial(f"{CODE}\n# %% [markdown]\n{lines}\n")
    return [number for _, _, number in typed_numbers(course.parse())]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("It is right on 88% of them.", "88%"),
        ("It is right on 88 % of them.", "88%"),
        ("It is right on 88 percent of them.", "88%"),
        ("It is right on 80-90% of them.", "90%"),
        ("It is right on 80–90% of them.", "90%"),
        ("The mean is 3.7 now.", "3.7"),
        ("The mean is −3.7 now.", "−3.7"),
        ("A step of 1.5e-7 is small.", "1.5e-7"),
        ("The mean (3.7) is high.", "3.7"),
        ("It ends in 3.7.", "3.7"),
        ("Between 3.7, the least, and more.", "3.7"),
        ("It takes 12 s.", "12"),
        ("It takes 14 s.", "14"),
        ("It takes 14s.", "14"),
        ("It takes 14 seconds.", "14"),
        ("It takes 14 minutes.", "14"),
        ("It takes 14 CPU seconds.", "14"),
        ("It holds 1,024 MB.", "1,024"),
        ("It holds 7 GiB.", "7"),
        ("It reaches 88 accuracy.", "88"),
        ("An accuracy of 88 is good.", "88"),
        ("Accuracy: 88.", "88"),
        ("The loss is 2 at first.", "2"),
        ("Its F1 is 1 here.", "1"),
        ("An AUC of 1 would be perfect.", "1"),
        ("It is 3 times faster.", "3"),
        ("It is 3x faster.", "3"),
        ("It is 3× slower.", "3"),
        ("It is **3** times slower.", "3"),
    ],
)
def test_a_number_that_the_run_decides_is_found(course, text, number):
    expected = [] if number == "12" else [number]  # 12 stands in the code
    assert typed(course, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We train for 10 epochs.",
        "There are 60,000 images of 28 by 28 pixels in 10 classes.",
        "## Part 3",
        "## 3. Stack",
        "A rate of 0.25 is as good as 0.05 or 0.001.",
        "That is 25% of them, or 5 %.",
        'The range of *0.5 mm*{.given title="Abramson, 1970"} is known.',
        'It took **20%**{.given title="the paper"} then.',
        "It took `{python} x` s, `{python measured} x * 100`% of them.",
        "```text\n3.7 seconds, 88%\n```",
        "Read [version 2](https://example.org/2.0/5s).",
        "CIFAR-10 accuracy and MNIST-1D loss are other things.",
        "In the 1990s networks were small.",
        "It is the 1st, 2nd or 3rd of them.",
        'A figure{ width="7.2" } of the 4 layers.',
        "Its loss after epoch one.",
    ],
)
def test_a_number_that_may_be_typed_is_left_alone(course, text):
    assert typed(course, text) == []


def test_a_typed_number_is_named_with_file_cell_line_and_remedy(course):
    course.tutorial(f"{CODE}\n# %% [markdown]\n# ```\n# 1.5\n# ```\n#\n# So it is 3.7 now.\n")
    with pytest.raises(SourceError) as caught:
        check_numbers(course.parse())
    error = caught.value
    assert error.file == "tutorials_src/1_part/01_tiny.py"
    assert "3.7" in error.message
    assert (error.cell, error.line) == (2, 17)
    assert "`{python} EXPRESSION`" in error.remedy
    assert '{.given title="its source"}' in error.remedy


def test_a_given_number_needs_its_source(course):
    assert typed(course, "It is *3.7 mm*{.given} wide.") == ["3.7"]


def test_a_number_typed_into_the_summary_is_found(course):
    course.tutorial(CODE, summary="Right on 88% of all images.")
    with pytest.raises(SourceError, match="88%") as caught:
        check_numbers(course.parse())
    assert caught.value.line == 1


def test_a_number_in_a_lesson_breaks_that_lesson_alone(course):
    course.tutorial()
    course.tutorial(TINY.replace("Two numbers", "3.7 numbers"), file="1_part/02_other.py")
    good, bad = course.lessons()
    assert (good.error, bad.key) == (None, None)
    assert "3.7" in bad.error.message


def filled(course, run) -> str:
    return "\n\n".join(fill(course.parse(), run, course.settings()).values())


def test_values_take_the_place_of_their_expressions(course):
    course.tutorial()
    assert "Together they make value of total." in filled(course, made_run(course))


def test_a_value_that_hangs_on_the_clock_is_marked(course):
    course.tutorial(TINY.replace("{python} total", "{python measured} total"))
    marked = '<span class="measured" data-search-exclude>value of total</span>'
    assert marked in filled(course, made_run(course))


def test_without_a_run_each_value_is_an_ellipsis(course):
    course.tutorial()
    text = filled(course, None)
    assert "{python}" not in text
    assert 'class="pending"' in text


def test_prose_written_today_is_merged_with_the_run_of_yesterday(course):
    course.tutorial(
        code("x = 1")
        + "\n# %% [markdown]\n# First `{python} x`, then `{python} x + 1`.\n\n"
        + code("x = 10")
        + "\n# %% [markdown]\n# Now `{python} x`.\n"
    )
    key = course.key()
    run = made_run(course, values=[[1, "x", "one"], [1, "x + 1", "two"], [2, "x", "ten"]])
    course.tutorial(
        code("x = 1  # as before")
        + "\n# %% [markdown]\n# New words, `{python} x`.\n\n# %% [markdown]\n"
        + "# | a | b |\n# |---|---|\n# | `{python} x + 1` | more |\n\n"
        + code("\nx = 10")
        + "\n# %% [markdown]\n# `{python} x` it is.\n"
    )
    assert course.key().parts["inline expressions"] == key.parts["inline expressions"]
    text = filled(course, run)
    assert "New words, one." in text
    assert "| two | more |" in text
    assert "ten it is." in text
