"""The page of a snippet: its functions, what their examples show, their tests, who uses them, each alone to copy."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import markdown
import pytest
from bs4 import BeautifulSoup

from tests.recording_results import RecordingResults
from tutorial_engine.build_cache import BuildCache
from tutorial_engine.closure import closure, public_definitions
from tutorial_engine.copying import Project, alone, headed
from tutorial_engine.docstrings import UNSEARCHED, documentation
from tutorial_engine.errors import SourceError
from tutorial_engine.examples import example_tutorial, examples_of
from tutorial_engine.publish import Page, make_error_page
from tutorial_engine.run import Run
from tutorial_engine.settings import Settings
from tutorial_engine.signatures import WIDTH, signature
from tutorial_engine.snippet_pages import index_page, page_of_tests, snippet_page
from tutorial_engine.snippet_tests import (
    Results,
    find_tests,
    read_results,
    read_tests,
    record_results,
    state_of_tests,
)

from .tiny import Course, build_site, picture

ROOT = Path(__file__).parents[2]
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
        np.exceptions.AxisError: it has none.

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
    given = {"tests": [], "results": Results({}, {}), "users": {}, "project": PROJECT}
    given |= {"build_cache": BuildCache()}
    return snippet_page(example_tutorial("shapes", source), run, **given | others)


def page_showing(tests, source=TESTS, repository="") -> Page:
    return page_of_tests("shapes", tests, {each.file: source for each in tests}, repository)


def test_a_function_has_its_signature_as_it_stands_and_its_docstring_as_markdown():
    markdown = page().markdown
    assert "# shapes\n\nAreas of shapes.\n{ .lead }\n\nNeeds: numpy." in markdown
    assert (
        '## area { #area }\n\n```{ .python .signature data-search-exclude="" }\n'
        "def area(\n    side: float, *, exponent: int = 2\n) -> float:\n```\n\n"
        "Return the area of a square.\n\nIn other words, `side` squared.\n\n"
        "**Arguments**\n\n- `side`: of the square, in metres.\n"
        "- `exponent`, `**others`: what to raise it to.\n\n"
        "**Returns**\n\nSquare metres.\n\n"
        "**Raises**\n\n- `ValueError`: the side is negative.\n- `np.exceptions.AxisError`: it has none.\n\n"
    ) in markdown
    shown = "class Box:\n    side: float = 1.0\n    def __init__(self, side: float) -> None:\n"
    assert f"{shown}    def volume(self) -> float:\n```" in markdown
    assert "- `volume`: Return how much goes in.\n" in markdown
    assert "_power" not in markdown


LONG = '''\
class Cut:
    # Where it begins.
    first: int

    def all_of_it(self, cake: list[str], /, *, sizes: dict[str, int] = {"half": 2}, at_once=False): ...


async def pieces(cake: "Sequence[str]", *slices: int, knife: str | None = None, **others: object) -> Cut:
    """Cut."""


def whole(cake: list[str], knife: str = "a long one", fork: str = 'a "short" one') -> "Cut":  # type: ignore[x]
    """Do not cut."""


def bare_of_arguments() -> dict[tuple[str, str, str, str], list[tuple[int, int, int, int]]]:
    """Cut nothing."""
'''


def test_a_signature_that_is_wider_than_the_page_has_a_line_for_each_argument():
    signatures = [next(documentation(node, LONG)) for node in public_definitions(LONG).values()]
    fences = [each.split("\n", 1)[1].removesuffix("\n```") for each in signatures]
    assert fences == [
        "class Cut:\n    # Where it begins.\n    first: int\n"
        "    def all_of_it(\n        self,\n        cake: list[str],\n        /,\n        *,\n"
        '        sizes: dict[str, int] = {"half": 2},\n        at_once=False,\n    ):',
        'async def pieces(\n    cake: "Sequence[str]",\n    *slices: int,\n    knife: str | None = None,\n'
        "    **others: object,\n) -> Cut:",
        'def whole(\n    cake: list[str],\n    knife: str = "a long one",\n'
        '    fork: str = \'a "short" one\',\n) -> "Cut":',
        "def bare_of_arguments() -> dict[tuple[str, str, str, str], list[tuple[int, int, int, int]]]:",
    ]


def test_no_signature_of_ours_is_wider_than_the_page():
    """But for one argument alone, which the browser breaks, as it does all on a narrow screen."""
    argument = re.compile(r" +\w+: [^,=]+(?: = \S+)?,")
    wide = []
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py")):
        source = file.read_text(encoding="utf-8")
        for name, node in public_definitions(source).items():
            lines = signature(node, source).splitlines()
            lines = [line for line in lines if not argument.fullmatch(line)]
            wide += [f"{file.stem}.{name}: {line}" for line in lines if len(line) > WIDTH]
    assert not wide, "\n".join(wide)


GOOGLE = '''\
class Post:
    """A post.

    Above its example:
    >>> print("<b>")
    <b>

    Below it.

    Args:
        size (int): the first:
            - one
            - two

        others:
            the rest.

    Examples:
        >>> Post()

        Another one:

        >>> Post(2)
    """

    async def send(self):
        """Go out.

        >>> Post().send.__name__
        'send'
        """
'''


def test_a_docstring_of_any_form_is_told_without_its_examples():
    (node,) = public_definitions(GOOGLE).values()
    signature, *told = documentation(node, GOOGLE)
    assert "    async def send(self):" in signature
    assert told == [
        *("A post.", "Above its example:", "Below it."),
        "**Arguments**\n\n- `size` (int): the first:\n    - one\n    - two\n- `others`: the rest.",
        *("Another one:", "- `send`: Go out."),
    ]
    assert [cell.source for cell in examples_of("post", GOOGLE)["Post"]][-1].endswith("__name__")


MENTIONS = '''\
"""Sizes. See `area` and `Box`.

As `lengths.side` has it.
"""


def area(side, volume):
    """Return what `area` and `shapes.area` are not, but `Box`, `Box()`, `shapes.Box` and `snippets.lengths.side`.

    Of `side`, an argument, `volume` and ``Box``, of `twin`, `_hidden`, `lengths.none`, `np.Box` and
    [`Box`](elsewhere.md).

    ```python
    `Box`
    ```

    Args:
        side: of a `Box`,
            or what `edge` returns.

    Returns:
        A `Box`.
    """


class Box:
    """Not an `area`."""

    def lid(self):
        """Return what covers the `area` of a `Box`."""


def _hidden():
    pass
'''
PLACES = {"lengths": ["side", "edge", "twin"], "times": ["twin", "volume"], "shapes": ["old"]}


def test_a_docstring_leads_to_the_other_functions_that_it_mentions():
    markdown = page(source=MENTIONS, places=PLACES).markdown
    assert "Sizes. See [`area`](#area) and [`Box`](#Box).\n{ .lead }" in markdown
    assert "As [`lengths.side`](lengths.md#side) has it." in markdown
    boxes = "[`Box`](#Box), [`Box()`](#Box), [`shapes.Box`](#Box)"
    there = "[`snippets.lengths.side`](lengths.md#side)"
    assert f"Return what `area` and `shapes.area` are not, but {boxes} and {there}." in markdown
    assert "- `side`: of a [`Box`](#Box), or what [`edge`](lengths.md#edge) returns." in markdown
    assert "**Returns**\n\nA [`Box`](#Box)." in markdown
    assert "- `lid`: Return what covers the [`area`](#area) of a `Box`." in markdown


def test_what_a_mention_may_mean_otherwise_is_no_link():
    markdown = page(source=MENTIONS, places=PLACES).markdown
    assert "Of `side`, an argument, `volume` and ``Box``, of `twin`, `_hidden`," in markdown
    assert "`lengths.none`, `np.Box` and\n[`Box`](elsewhere.md)." in markdown
    assert "```python\n`Box`\n```" in markdown


MARKED_UP = '''\
"""Tags <b> & "quotes".

# A heading

Rule
----
"""


def area():
    """Return <div id="x"> of `<b>`, 1 < 2.

    # No heading
    ## Nor this
    Under
    =====

    - an entry <i>

        and <u> its second paragraph

    See <https://a.b/c>.

        set_in = "<s>"  # code

    Returns:
        # of things <script>.

    Raises:
        ValueError: <b>.
    """
'''


def test_html_and_headings_in_a_docstring_are_text():
    made = page(source=MARKED_UP)
    extensions = ["attr_list", "md_in_html", "pymdownx.superfences", "meta"]
    body = BeautifulSoup(markdown.markdown(made.markdown, extensions=extensions), "html.parser")
    assert not body.find_all(["b", "i", "u", "s", "script", "hr"])
    assert not body.find(id="x")
    assert [each.get_text() for each in body.find_all(["h1", "h2", "h3"])] == ["shapes", "area"]
    text = " ".join(body.get_text().split())
    for words in (
        'Tags <b> & "quotes".',
        "# A heading Rule ----",
        'Return <div id="x"> of <b>, 1 < 2. # No heading ## Nor this Under =====',
        "an entry <i> and <u> its second paragraph",
        "See https://a.b/c.",
        'set_in = "<s>" # code',
        "Returns # of things <script>.",
        "ValueError: <b>.",
    ):
        assert words in text


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
    assert "![A square.](shapes/figure-01.webp)" in made.markdown
    assert "snippets/shapes/figure-01.webp" in made.files
    assert (
        "![A square.](shapes/figure-01.webp){"
        in index_page({"shapes": made}, {"shapes": SHAPES}, PROJECT).markdown
    )


def test_beside_the_page_stand_the_whole_file_and_each_name_alone():
    found = page()
    assert found.path == "snippets/shapes.md"
    assert list(found.files) == [
        *("snippets/shapes.py", "snippets/shapes.area.py", "snippets/shapes.Box.py")
    ]
    whole = found.files["snippets/shapes.py"]
    assert whole.decode() == headed(PROJECT, "shapes", SHAPES)
    assert f"SHA-256 `{hashlib.sha256(whole).hexdigest()}`" in found.markdown
    text = headed(PROJECT, "shapes.area", alone(SHAPES, closure(SHAPES, "area")))
    assert found.files["snippets/shapes.area.py"].decode() == text
    assert "class Box" not in text
    link = '[Copy just `area`](shapes.area.py){ .copy-snippet download="area.py" }'
    assert f"{link} ({len(text.splitlines())} lines, " in found.markdown


def test_who_copies_a_function_that_draws_is_told_how_a_script_shows_its_figure():
    draws = SHAPES.replace(
        "def area(\n    side: float, *, exponent: int = 2\n) -> float", "def area() -> Figure"
    )
    assert (
        'A script shows no figure: save it, `area(...).savefig("area.png")`.'
        in page(source=draws).markdown
    )
    assert "savefig" not in page().markdown


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
    shown = page_showing(tests)
    assert shown.path == "snippets/shapes/tests.md"
    assert (
        "## Sides count twice { #test_sides_count_twice }\n\n```python\n"
        "def test_sides_count_twice():\n    assert its_area(2) == 4\n```"
    ) in shown.markdown
    assert "No test calls [shapes](../shapes.md)." in page_showing([]).markdown


IN_CLASSES = """\
import snippets.shapes
import snippets.shapes as its
from snippets import shapes as theirs


class TestArea:
    @staticmethod
    def test_of_a_unit():
        assert its.area(1) == 1


async def test_while_others_wait():
    theirs.Box(2)


def test_by_its_whole_name():
    snippets.shapes.area(3)


def test_that_imports_for_itself():
    from snippets.shapes import area as measure
    measure(4)
"""


HELPED = """\
import os
import random

import pytest

from snippets import shapes

SIDES = (1, 2)
OTHERS = (3, 4)


@pytest.fixture
def side():
    return random.choice(SIDES)


@pytest.fixture(autouse=True)
def prepared():
    random.seed(0)


def checked(area):
    return area > _least()


def _least():
    return 0


def of_another_snippet():
    return os.sep


def test_of_something_else():
    assert of_another_snippet()


@pytest.mark.parametrize("exponent", OTHERS)
def test_an_area_grows(side, exponent):
    assert checked(shapes.area(side, exponent=exponent))
"""


def test_above_the_tests_of_a_file_stands_what_they_import_and_call_and_no_more():
    tests = list(find_tests(HELPED, FILE))
    markdown = page_showing(tests, HELPED).markdown
    before, after = markdown.split("## An area grows")
    code = before.split("```python\n")[1].split("\n```")[0]
    assert code.startswith("import random\n\nimport pytest\n\nfrom snippets import shapes\n\n")
    names = ["SIDES", "OTHERS", "side", "prepared", "checked", "_least"]
    assert re.findall(r"^(?:def )?(\w+)(?:\(| =)", code, re.M) == names
    count = len(code.splitlines())
    assert f"What the tests of `test_shapes.py` import and call ({count} lines)</summary>" in before
    assert '<details class="note" markdown="1">' in before, "what is long is folded"
    assert "test_an_area_grows(side, exponent)" in after


def test_what_is_short_above_the_tests_is_not_folded():
    markdown = page_showing(list(find_tests(TESTS, FILE))).markdown
    assert '<details class="note" markdown="1" open>' in markdown
    assert (
        "```python\nimport pytest\n\nfrom snippets import shapes\n"
        "from snippets.shapes import area as its_area\n```"
    ) in markdown


def test_the_files_of_tests_are_linked_where_the_repository_has_an_address():
    tests = [
        each for file in (FILE, FILE.replace("shapes", "odd")) for each in find_tests(TESTS, file)
    ]
    made = page_showing(tests, repository="https://a.b/c/")
    assert (
        f"[`{FILE}`](https://a.b/c/blob/HEAD/{FILE}), [`tests/snippets/test_odd.py`]("
        in made.markdown
    )
    assert made.markdown.count("import and call") == 2
    assert made.source == FILE
    assert f"as it stands in `{FILE}`:" in page_showing(tests[:2]).markdown


def test_tests_are_found_in_classes_and_however_they_import_the_snippet():
    tests = list(find_tests(IN_CLASSES, FILE))
    assert [(each.name, each.sentence, each.calls[0][1]) for each in tests] == [
        ("TestArea::test_of_a_unit", "Of a unit", "area"),
        ("test_while_others_wait", "While others wait", "Box"),
        ("test_by_its_whole_name", "By its whole name", "area"),
        ("test_that_imports_for_itself", "That imports for itself", "area"),
    ]
    assert tests[0].source == "@staticmethod\ndef test_of_a_unit():\n    assert its.area(1) == 1"
    assert "(shapes/tests.md#TestArea-test_of_a_unit)" in page(tests=tests).markdown
    assert "## Of a unit { #TestArea-test_of_a_unit }" in page_showing(tests, IN_CLASSES).markdown


def test_two_tests_of_one_name_have_places_of_their_own():
    files = (FILE, "tests/snippets/odd/test_shapes.py")
    tests = [each for file in files for each in find_tests(TESTS, file)]
    places = [f"test_shapes.py-{tests[0].name}", f"odd-test_shapes.py-{tests[0].name}"]
    for place in places:
        assert f"(shapes/tests.md#{place})" in page(tests=tests).markdown
        assert f"{{ #{place} }}" in page_showing(tests).markdown


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"def test_of_an_area(:\n    pass\n", "test_odd.py:1: invalid syntax"),
        ("# Café".encode("latin-1"), "test_odd.py: 'utf-8' codec"),
    ],
)
def test_a_file_of_tests_that_does_not_read_is_told_and_the_others_are_shown(
    tested, caplog, content, said
):
    folder = tested.root / "tests/snippets/by_hand"
    folder.mkdir()
    (folder / "test_odd.py").write_bytes(content)
    assert [each.file for each in read_tests(tested.root)] == [FILE, FILE]
    (record,) = caplog.records
    assert f"tests/snippets/by_hand/{said}" in record.getMessage()
    assert "What to do: correct tests/snippets/by_hand/test_odd.py" in record.getMessage()


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
    assert said(tested) == ""
    tests, results = read_tests(tested.root), read_results(tested)
    markdown = page(tests=tests, results=results).markdown
    assert "[2 tests](shapes/tests.md) hold it to its word." in markdown
    assert "`make test` runs them" in markdown
    assert "passed" not in markdown


def test_who_uses_a_function_is_linked():
    markdown = page(users={"area": {"Tensors": "../foundations/tensors.md"}}).markdown
    assert "Used in [Tensors](../foundations/tensors.md)." in markdown
    assert markdown.count("Used in") == 1


def test_the_first_page_has_a_card_for_each_snippet_those_that_draw_apart():
    drawing = "def draw() -> Figure:\n    pass\n"
    pages = {"shapes": page(), "art": replace(page(), markdown="")}
    markdown = index_page(pages, {"shapes": SHAPES, "art": drawing}, PROJECT).markdown
    compute, draw = markdown.split("## To draw")
    assert "### [shapes](shapes.md)\n\nAreas of shapes." in compute
    assert "Needs numpy." in compute
    assert "### [art](art.md)" in draw


def test_the_first_page_lists_what_can_be_done_in_the_words_of_the_docstrings():
    layer = SHAPES + '\n\nclass Wall(np.ndarray):\n    """A `wall` of <stone>."""\n'
    pages = {"shapes": page(), "art": replace(page(), path="snippets/art.md")}
    sources = {"shapes": layer, "art": 'def draw():\n    """Draw a box."""\n'}
    _, tasks = index_page(pages, sources, PROJECT).markdown.split("## By task")
    assert re.findall(r"^(?:- |\*).*", tasks, re.M) == [
        "**[shapes](shapes.md)**",
        "- Return the area of a square: [`area`](shapes.md#area)",
        "- A `wall` of &lt;stone>: [`Wall`](shapes.md#Wall)",
        "**[art](art.md)**",
        "- Draw a box: [`draw`](art.md#draw)",
    ]
    assert tasks.count(UNSEARCHED) == 2, "each is found on its own page"


def test_beside_the_first_page_stands_the_manifest_of_what_can_be_copied():
    made = index_page({"shapes": page()}, {"shapes": SHAPES}, PROJECT)
    (shapes,) = json.loads(made.files["snippets.json"])["snippets"]
    file = page().files[shapes["names"][0]["file"]]
    assert shapes["names"][0]["sha256"] == hashlib.sha256(file).hexdigest()
    assert "(../snippets.json)" in made.markdown


class Session:
    """A run of pytest, as its plugin is told of it."""

    def __init__(self, settings: Settings, chosen: str = "tests") -> None:
        self.plugin = RecordingResults(settings)
        self.config = SimpleNamespace(option=SimpleNamespace(file_or_dir=[chosen]))
        self.shouldfail = False

    def case(self, name: str, **outcomes: str) -> None:
        for when in ("setup", "call", "teardown"):
            outcome = outcomes.get(when, "passed")
            report = SimpleNamespace(
                nodeid=f"{FILE}::{name}", when=when, outcome=outcome, passed=outcome == "passed"
            )
            self.plugin.pytest_runtest_logreport(report)

    def finish(self, status: pytest.ExitCode = pytest.ExitCode.OK) -> None:
        self.plugin.pytest_sessionfinish(self, status)


def test_cases_count_by_their_test_with_what_failed_around_them(tested):
    session = Session(tested)
    session.case("test_sides_count_twice[1::2]")
    session.case("test_sides_count_twice[b]", teardown="failed")
    session.case("TestArea::test_of_a_unit[a]")
    session.finish(pytest.ExitCode.TESTS_FAILED)
    assert read_results(tested).counts == {
        (FILE, "test_sides_count_twice"): {"passed": 2, "failed": 1},
        (FILE, "TestArea::test_of_a_unit"): {"passed": 1},
    }


@pytest.mark.parametrize("why", ["by address", "deselected", "first failure", "interrupted"])
def test_where_cases_may_be_missing_no_result_is_kept(tested, why):
    session = Session(tested, f"{FILE}::test_x" if why == "by address" else "tests")
    session.case("test_sides_count_twice")
    if why == "deselected":
        session.plugin.pytest_deselected()
    session.shouldfail = why == "first failure"
    session.finish(
        pytest.ExitCode.INTERRUPTED if why == "interrupted" else pytest.ExitCode.TESTS_FAILED
    )
    assert read_results(tested).counts == {}


def test_the_first_page_is_there_before_there_is_a_snippet(tmp_path):
    course = Course(tmp_path)
    course.site(with_snippets=True)
    (tmp_path / "snippets/helper.py").unlink()
    assert not build_site(course)
    assert (tmp_path / "site/snippets/index.html").is_file()
    assert json.loads((tmp_path / "site/snippets.json").read_text())["snippets"] == []


def test_a_snippet_that_does_not_build_is_called_a_snippet():
    error = SourceError("invalid syntax", file="snippets/shapes.py", remedy="correct it", line=1)
    assert "This snippet does not build." in make_error_page(error.file, error).markdown
