"""The examples in a snippet's docstrings become cells that a build runs, and a page shows what they gave."""

from __future__ import annotations

import ast
import re
from doctest import DocTestParser
from pathlib import Path

import pytest

from tutorial_engine.closure import public_definitions
from tutorial_engine.examples import example_tutorial, examples_of, load_examples
from tutorial_engine.schedule import bring_up_to_date

from .tiny import Course

ROOT = Path(__file__).parents[2]
SHAPES = '''\
"""Areas of shapes."""

import numpy as np
from fractions import Fraction, Decimal


def area(side):
    """Return the area of a square.

    >>> sides = np.array([1, 2])
    >>> for side in sides:
    ...     print(area(side))
    1
    4
    >>> area("a")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: ...
    >>> volume(area(2), 1)
    4
    """
    return side * side


def volume(area, height):
    """Return how much goes in."""
    return area * height


class Half:
    """A half.

    >>> import math
    >>> math.floor(Half().of(Fraction(3)))
    1
    """

    def of(self, number):
        """Return a half of it.

        >>> Half().of(4)
        2.0
        """
        return number / 2
'''


def sources(module, text):
    return {
        name: [cell.source for cell in cells] for name, cells in examples_of(module, text).items()
    }


def test_a_cell_ends_where_something_is_shown_and_the_first_imports_what_all_need():
    assert sources("shapes", SHAPES)["area"] == [
        "import numpy as np\nfrom snippets.shapes import area, volume\n\n"
        "sides = np.array([1, 2])\nfor side in sides:\n    print(area(side))",
        'area("a")',
        "volume(area(2), 1)",
    ]
    assert "volume" not in examples_of("shapes", SHAPES)


def test_a_class_has_its_methods_examples_too_and_imports_what_its_own_do_not_bring():
    assert sources("shapes", SHAPES)["Half"] == [
        "from fractions import Fraction\nfrom snippets.shapes import Half\n\n"
        "import math\nmath.floor(Half().of(Fraction(3)))",
        "from snippets.shapes import Half\n\nHalf().of(4)",
    ]


def test_an_example_finds_what_the_snippet_tries_to_import_or_decides_to_define():
    text = '''\
try:
    import numpy as np
except ImportError:
    np = None
else:
    if np:

        def zero():
            within = 0
            return np.zeros(1)


def area(side):
    """Return the area.

    >>> within = area(np.pi) + zero()
    """
    return side * side
'''
    (cell,) = sources("shapes", text)["area"]
    assert cell.startswith("from snippets.shapes import area, np, zero\n\n")


def test_an_example_that_doctest_skips_is_left_out():
    text = 'def f():\n    """Go.\n\n    >>> f()\n    >>> wait()  # doctest: +SKIP\n    1\n    """\n'
    assert sources("shapes", text)["f"] == ["from snippets.shapes import f\n\nf()"]
    assert sources("shapes", text.replace("    >>> f()\n", "")) == {}


def test_cells_are_numbered_through_and_know_their_lines():
    cells = [cell for cells in examples_of("shapes", SHAPES).values() for cell in cells]
    assert [cell.number for cell in cells] == [1, 2, 3, 4, 5]
    lines = SHAPES.splitlines()
    for cell in cells:
        for position, line in enumerate(cell.source.splitlines(), start=1):
            if line and "import" not in line:
                assert line in lines[cell.line + position - 1]
    assert [sorted(cell.tags) for cell in cells] == [[], ["raises-exception"], [], [], []]


@pytest.mark.parametrize("shown", ["figure.alt", "print(figure.alt)"])
def test_where_a_docstring_shows_a_figures_text_the_cell_shows_the_figure(shown):
    text = f'def draw():\n    """Draw.\n\n    >>> figure = draw()\n    >>> {shown}\n    \'A.\'\n    """\n'
    assert sources("art", text)["draw"] == [
        "from snippets.art import draw\n\nfigure = draw()\nfigure"
    ]


def test_the_examples_are_a_tutorial_named_like_no_other(tmp_path):
    tutorial = example_tutorial("shapes", SHAPES)
    assert (tutorial.name, tutorial.page) == ("snippets.shapes", "snippets/shapes.md")
    assert tutorial.header.title == "shapes"
    assert tutorial.header.summary == "Areas of shapes."


def outcome(course: Course, name: str):
    lessons = load_examples(course.settings())
    (lesson,) = [each for each in lessons if each.name == f"snippets.{name}"]
    (outcome,) = bring_up_to_date([lesson], course.settings(), course.store)
    return outcome


def test_they_run_and_a_change_of_the_snippet_alone_runs_them_again(tmp_path):
    course = Course(tmp_path)
    course.snippet("shapes", SHAPES.replace("Fraction, Decimal", "Fraction"))
    first = outcome(course, "shapes")
    shown = [output.get("text") or output.get("data") for (output,) in first.run.outputs[::2]]
    assert shown[:2] == ["1\n4\n", {"text/plain": "4"}]
    assert not outcome(course, "shapes").executed
    course.snippet("helper", "def add(left, right):\n    return 0\n")
    assert not outcome(course, "shapes").executed
    course.snippet(
        "shapes", SHAPES.replace("Fraction, Decimal", "Fraction").replace("side * side", "side**2")
    )
    assert outcome(course, "shapes").executed


RAISING = '''\
"""Areas of shapes."""

import numpy as np
from fractions import Fraction


def area(side):
    """Return the area of a square.

    >>> corner = Fraction(np.int64(0))
    >>> area(-1)
    {}
    """
    if side < 0:
        raise np.exceptions.AxisError("the side is negative\\nand so on")
    return side * side
'''
TOLD = "Traceback (most recent call last):\n    {}"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("area(-1)", "numpy.exceptions.AxisError: the side is negative\n    and so on"),
        ("area(-1)", "AxisError: the side ..."),
        ("area(-1)  # doctest: +IGNORE_EXCEPTION_DETAIL", "AxisError: whatever"),
    ],
)
def test_an_example_may_raise_what_its_docstring_tells(tmp_path, asked, told):
    course = Course(tmp_path)
    source = RAISING.format(TOLD.format(told)).replace("area(-1)", asked)
    course.snippet("shapes", source)
    assert outcome(course, "shapes").error is None


@pytest.mark.parametrize(
    ("asked", "told", "came"),
    [
        ("area(-1)", "ValueError: the side is negative", "AxisError: the side is negative"),
        ("area(-1)", "numpy.exceptions.AxisError: too long", "AxisError: the side is negative"),
        ("area(-1)  # doctest: +IGNORE_EXCEPTION_DETAIL", "ValueError: x", "AxisError"),
        ("area(1)", "ValueError: the side is negative", "nothing"),
    ],
)
def test_an_example_that_raises_another_error_than_told_is_refused_at_its_line(
    tmp_path, asked, told, came
):
    course = Course(tmp_path)
    source = RAISING.format(TOLD.format(told)).replace("area(-1)", asked)
    course.snippet("shapes", source)
    error = outcome(course, "shapes").error
    assert error.file == "snippets/shapes.py"
    assert source.splitlines()[error.line - 1].strip() == f">>> {asked}" or came == "nothing"
    name = told.rpartition("exceptions.")[2].partition(": x")[0]
    assert error.message.startswith(f"the docstring tells {name}, and the example raises {came}")
    assert "correct what it calls" in error.remedy


def test_a_docstring_that_tells_another_error_than_before_is_tried_again(tmp_path):
    course = Course(tmp_path)
    course.snippet("shapes", RAISING.format(TOLD.format("AxisError: ...")))
    assert outcome(course, "shapes").executed
    course.snippet("shapes", RAISING.format(TOLD.format("ValueError: ...")))
    assert "the docstring tells ValueError" in outcome(course, "shapes").error.message


DRAWING = '''\
import matplotlib.pyplot as plt


def draw():
    """Draw.

    >>> figure = draw()
    >>> figure.alt
    'A line.'
    """
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    figure.alt = "A line."
    plt.close(figure)
    return figure


def draw_again():
    """Draw.

    >>> figure = draw()
    >>> figure.alt
    'A line.'
    """
'''


def test_two_examples_may_draw_the_same_figure(tmp_path):
    course = Course(tmp_path)
    course.snippet("art", DRAWING)
    run = outcome(course, "art").run
    assert run.outputs[0] == run.outputs[1]


def test_one_example_shows_a_figure_once(tmp_path):
    course = Course(tmp_path)
    course.snippet("art", DRAWING.replace("    plt.close(figure)\n", ""))
    error = outcome(course, "art").error
    assert "a figure that the page has already shown: A line." in error.message


def test_an_error_of_no_line_points_at_the_example_and_not_at_its_imports(tmp_path):
    course = Course(tmp_path)
    source = DRAWING.replace('    figure.alt = "A line."\n', "").replace("figure.alt", "figure")
    course.snippet("art", source)
    error = outcome(course, "art").error
    assert "alt" in f"{error.message} {error.remedy}"
    assert source.splitlines()[error.line - 1].strip() == ">>> figure = draw()"


def test_an_example_that_fails_is_told_with_its_file_and_line(tmp_path):
    course = Course(tmp_path)
    course.snippet(
        "shapes", SHAPES.replace(">>> Half().of(4)", ">>> Half().off(4)").replace(", Decimal", "")
    )
    error = outcome(course, "shapes").error
    assert error.file == "snippets/shapes.py"
    assert (
        SHAPES.replace(".of(4)", ".off(4)").splitlines()[error.line - 1].strip()
        == ">>> Half().off(4)"
    )
    assert "off" in error.message


HIDDEN = '''\
"""Shapes."""


def _hidden():
    """
    Help.

    >>> 1
    1
    {}
    """


def area():
    """Return one."""
    return 1
'''


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        (b"def broken(:\n    pass\n", 1, "invalid syntax"),
        (b'def f():\n    """Say.\n\n    Words.\n\n    >>> 1 +\n    """\n', 6, "syntax: 1 +"),
        (HIDDEN.format(">>>area()").encode(), 10, "the example lacks blank after >>>"),
        (HIDDEN.format(">>> for _ in ():\n    ... 1").encode(), 11, "indented block"),
        ('"""Café."""'.encode("latin-1"), None, "not a text in UTF-8"),
    ],
)
def test_a_snippet_that_does_not_read_is_an_error_of_its_file(tmp_path, source, line, said):
    course = Course(tmp_path)
    (tmp_path / "snippets/shapes.py").write_bytes(source)
    error = outcome(course, "shapes").error
    assert (error.file, error.line) == ("snippets/shapes.py", line)
    assert said in error.message
    assert not outcome(course, "helper").error


@pytest.mark.parametrize("name", ["index", "my-shapes", "class"])
def test_a_snippet_whose_name_cannot_be_is_refused(tmp_path, name):
    course = Course(tmp_path)
    course.snippet(name, SHAPES)
    error = outcome(course, name).error
    assert f"{name} is no name for a snippet" in error.message
    assert "letters, digits and underscores" in error.remedy


def test_the_line_of_an_example_is_right_where_the_docstring_begins_below_its_quotes():
    text = HIDDEN.format("").replace("_hidden", "shown")
    ((cell,),) = examples_of("shapes", text).values()
    assert text.splitlines()[cell.line].strip() == ">>> 1"


def test_examples_may_load_the_data_that_their_snippet_names(tmp_path):
    course = Course(tmp_path)
    course.data("digits")
    course.snippet("loader", 'DATA = "digits"\n')
    data = {each.name: each.tutorial.header.data for each in load_examples(course.settings())}
    assert data == {"snippets.helper": (), "snippets.loader": ("digits",)}


def test_each_name_of_our_snippets_is_shown_by_an_example_or_belongs_to_one_that_is():
    """A class may be what a function returns, or what such a class holds; an error is what it raises."""
    missing = []
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py")):
        source = file.read_text(encoding="utf-8")
        examples, definitions = examples_of(file.stem, source), public_definitions(source)
        shown = [name for name in definitions if name in examples]
        for name in shown:  # which grows meanwhile
            told = ast.unparse(definitions[name])
            shown += [
                each
                for each, node in definitions.items()
                if isinstance(node, ast.ClassDef)
                and each not in shown
                and re.search(rf"\b{each}\b", told)
            ]
        missing += [f"{file.stem}.{name}" for name in definitions if name not in shown]
    assert not missing, missing


def test_what_an_example_shows_its_cell_shows_too():
    """In a block, a doctest shows each value, a cell what is printed alone."""
    unseen = []
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py")):
        nodes = ast.walk(ast.parse(file.read_bytes()))
        texts = [
            ast.get_docstring(node) or ""
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        for example in (each for text in texts for each in DocTestParser().get_examples(text)):
            is_value = isinstance(ast.parse(example.source).body[-1], ast.Expr)
            if example.want and not is_value and "print(" not in example.source:
                unseen.append(f"{file.stem}: {example.source}")
    assert not unseen, "\n".join(unseen)
