"""The page of a snippet: its functions, what their examples show, their tests, who uses them, each alone to copy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from tutorial_engine.closure import closure
from tutorial_engine.copying import Project, alone, headed
from tutorial_engine.examples import example_tutorial
from tutorial_engine.publish import Page
from tutorial_engine.run import Run
from tutorial_engine.settings import Settings
from tutorial_engine.snippet_pages import index_page, page_of_tests, snippet_page
from tutorial_engine.snippet_tests import (
    Results,
    find_tests,
    read_results,
    read_tests,
    record_results,
    state_of_tests,
)

from .tiny import Course, picture

SHAPES = '''\
# SPDX-License-Identifier: MIT
"""Areas of shapes.

Needs: numpy. Copy this one file into your project and `import shapes`.
"""

import numpy as np


def area(
    side: float, *, exponent: int = 2
) -> float:
    """Return the area of a square.

    In other words, `side` squared.

    Args:
        side: of the square,
            in metres.
        exponent, **others: what to raise it to.

    Returns:
        Square metres.

    Raises:
        ValueError: the side is negative.

    >>> area(3)
    9
    """
    return _power(side, exponent)


def _power(side, exponent):
    return np.power(side, exponent)


class Box:
    """A box."""

    side: float = 1.0

    def __init__(self, side: float) -> None:
        self.side = side

    def volume(self) -> float:  # type: ignore[misc]  # for nobody to read
        """Return how much goes in.

        To the rim.
        """
        return self.side**3

    def _hidden(self) -> None:
        pass
'''
TESTS = """\
import pytest
from snippets import shapes
from snippets.shapes import area as its_area

@pytest.mark.parametrize("side", [1])
def test_the_area_of_a_unit_is_one(side):
    assert shapes.area(side) == 1

def test_sides_count_twice():
    assert its_area(2) == 4

def test_of_something_else():
    assert True

def helper():
    shapes.Box()
"""
PROJECT = Project("course", "1.0", "MIT")
FILE = "tests/snippets/test_shapes.py"


def run_of(tutorial, *outputs):
    """Return a run whose cells sent this."""
    return Run("", "", {}, list(outputs), [], [], (), 0.0, 1.0, 1.0, 1.0, "")


def text_output(text):
    return {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}}


def page(run=None, source=SHAPES, **others) -> Page:
    given = {"tests": [], "results": Results({}, {}), "users": {}, "project": "course 1.0"}
    return snippet_page(example_tutorial("shapes", source), run, **given | others)


def test_a_function_has_its_signature_as_it_stands_and_its_docstring_as_markdown():
    markdown = page().markdown
    assert "# shapes\n\nAreas of shapes.\n{ .lead }\n\nNeeds: numpy." in markdown
    assert (
        '## area { #area }\n\n```{ .python data-search-exclude="" }\n'
        "def area(\n    side: float, *, exponent: int = 2\n) -> float:\n```\n\n"
        "Return the area of a square.\n\nIn other words, `side` squared.\n\n"
        "**Arguments**\n\n- `side`: of the square, in metres.\n"
        "- `exponent`, `**others`: what to raise it to.\n\n"
        "**Returns**\n\nSquare metres.\n\n"
        "**Raises**\n\n- `ValueError`: the side is negative.\n\n"
    ) in markdown
    shown = "class Box:\n    side: float = 1.0\n    def __init__(self, side: float) -> None:\n"
    assert f"{shown}    def volume(self) -> float:\n```" in markdown
    assert "- `volume`: Return how much goes in.\n" in markdown
    assert "_power" not in markdown


def test_an_example_is_shown_as_it_ran_importing_from_the_file_as_a_copier_has_it():
    markdown = page(run_of(None, [text_output("9")])).markdown
    assert (
        '**Example**\n\n```{ .python data-search-exclude="" }\nfrom shapes import area\n\narea(3)\n```\n\n'
        "```{ .text .output .no-copy }\n9\n```\n"
    ) in markdown
    assert ">>>" not in markdown


def test_before_it_has_run_a_page_says_so_and_shows_the_code():
    markdown = page(state="waiting").markdown
    assert "Waiting to run" in markdown
    assert "area(3)" in markdown
    assert ".output" not in markdown


def test_what_ran_again_in_a_preview_is_marked():
    markdown = page(run_of(None, [text_output("9")]), state="preview", cells=[1]).markdown
    assert "Preview. From cell 1 on" in markdown
    assert ".preview" in markdown


def test_a_figure_stands_on_the_page_and_on_the_card_of_the_first():
    run = run_of(None, [picture(alt="A square.")])
    made = page(run)
    assert "![A square.](shapes/figure-01.png)" in made.markdown
    assert "snippets/shapes/figure-01.png" in made.files
    assert (
        "![A square.](shapes/figure-01.png){"
        in index_page({"shapes": made}, {"shapes": SHAPES}, PROJECT).markdown
    )


def test_beside_the_page_stand_the_whole_file_and_each_name_alone():
    found = page()
    assert found.path == "snippets/shapes.md"
    assert list(found.files) == [
        *("snippets/shapes.py", "snippets/shapes.area.py", "snippets/shapes.Box.py")
    ]
    whole = found.files["snippets/shapes.py"]
    assert whole.decode() == headed("course 1.0", "shapes", SHAPES)
    assert f"SHA-256 `{hashlib.sha256(whole).hexdigest()}`" in found.markdown
    text = headed("course 1.0", "shapes.area", alone(SHAPES, closure(SHAPES, "area")))
    assert found.files["snippets/shapes.area.py"].decode() == text
    assert "class Box" not in text
    link = '[Copy just `area`](shapes.area.py){ .copy-snippet download="area.py" }'
    assert f"{link} ({len(text.splitlines())} lines, " in found.markdown


def test_the_tests_of_a_function_are_those_that_mention_it_from_the_snippet():
    tests = list(find_tests(TESTS, FILE))
    assert [(each.sentence, each.calls) for each in tests] == [
        ("The area of a unit is one", (("shapes", "area"),)),
        ("Sides count twice", (("shapes", "area"),)),
    ]
    assert tests[0].source.startswith("@pytest.mark.parametrize")
    assert tests[0].source.endswith("== 1")
    elsewhere = TESTS.replace("from snippets import", "from elsewhere import").replace(
        "snippets.", "x."
    )
    assert list(find_tests(elsewhere, FILE)) == []


def test_each_sentence_leads_to_its_test_as_it_stands():
    tests = list(find_tests(TESTS, FILE))
    markdown = page(tests=tests).markdown
    assert (
        "<summary>Tested behaviour (2)</summary>\n\n"
        "- [The area of a unit is one](shapes/tests.md#test_the_area_of_a_unit_is_one)\n"
        "- [Sides count twice](shapes/tests.md#test_sides_count_twice)\n"
    ) in markdown
    shown = page_of_tests("shapes", tests)
    assert shown.path == "snippets/shapes/tests.md"
    assert (
        "## Sides count twice { #test_sides_count_twice }\n\n```python\n"
        "def test_sides_count_twice():\n    assert its_area(2) == 4\n```"
    ) in shown.markdown
    assert "No test calls [shapes](../shapes.md)." in page_of_tests("shapes", []).markdown


@pytest.fixture
def tested(tmp_path) -> Settings:
    """A course whose snippet has tests, of which no result is known."""
    course = Course(tmp_path)
    course.snippet("shapes", SHAPES)
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(TESTS, encoding="utf-8")
    return course.settings()


def said(settings: Settings) -> str:
    return read_results(settings).of(read_tests(settings.root))


def record(settings: Settings, *names: str, outcome: str = "passed") -> None:
    counts = {(FILE, f"test_{name}"): {outcome: 2} for name in names}
    record_results(settings, counts, state_of_tests(settings))


def test_the_results_of_tests_are_told_with_the_day_and_the_versions(tested):
    record(tested, "the_area_of_a_unit_is_one", "sides_count_twice")
    assert said(tested).startswith("With this code, case by case: 4 passed (20")
    assert "Python 3." in said(tested)
    assert "tensorflow 2." in said(tested)
    record(tested, "sides_count_twice", outcome="failed")
    assert "2 failed, 2 passed" in said(tested)


@pytest.mark.parametrize("change", ["nothing ran", "one ran", "snippet", "test"])
def test_what_has_not_run_with_the_code_as_it_is_counts_for_nothing(tested, change):
    if change != "nothing ran":
        record(tested, "sides_count_twice")
    if change not in ("nothing ran", "one ran"):
        record(tested, "the_area_of_a_unit_is_one")
        assert "4 passed" in said(tested)
        file = tested.root / (FILE if change == "test" else "snippets/shapes.py")
        file.write_text(file.read_text(encoding="utf-8") + "\nmore = 1\n", encoding="utf-8")
    assert said(tested).startswith("Not all of them have run with this code")


def test_who_uses_a_function_is_linked():
    markdown = page(users={"area": {"Tensors": "../foundations/tensors.md"}}).markdown
    assert "Used in [Tensors](../foundations/tensors.md)." in markdown
    assert markdown.count("Used in") == 1


def test_the_first_page_has_a_card_for_each_snippet_with_its_names_apart_by_what_they_do():
    drawing = "def draw() -> Figure:\n    pass\n"
    pages = {"shapes": page(), "art": replace(page(), markdown="")}
    markdown = index_page(pages, {"shapes": SHAPES, "art": drawing}, PROJECT).markdown
    compute, draw = markdown.split("## To draw")
    assert "### [shapes](shapes.md)\n\nAreas of shapes." in compute
    assert "[`area`](shapes.md#area), [`Box`](shapes.md#Box)" in compute
    assert "Needs numpy." in compute
    assert "[`draw`](art.md#draw)" in draw


def test_beside_the_first_page_stands_the_manifest_of_what_can_be_copied():
    made = index_page({"shapes": page()}, {"shapes": SHAPES}, PROJECT)
    (shapes,) = json.loads(made.files["snippets.json"])["snippets"]
    file = page().files[shapes["names"][0]["file"]]
    assert shapes["names"][0]["sha256"] == hashlib.sha256(file).hexdigest()
    assert "(../snippets.json)" in made.markdown
