"""Copies of snippets: the smallest part that works alone, and whether a copy is still what the course has."""

from __future__ import annotations

import pytest

from tutorial_engine.__main__ import main
from tutorial_engine.closure import closure, closure_of
from tutorial_engine.copying import alone, copied

from .tiny import Course

SHAPES = '''\
# SPDX-License-Identifier: MIT
"""Areas of shapes.

Needs: nothing but Python.
"""

from __future__ import annotations

import math
import os, sys

from collections.abc import Iterable, Sequence

# What a square's side is where none is given.
SIDE = 2
Sides = Sequence[float]


def area(side: float = SIDE) -> float:
    """Return the area of a square.

    >>> total([area(), area(1)]), math.floor(area(1.5))
    (5, 2)
    """
    return _power(side, 2)


def total(areas: Iterable[float]) -> float:
    """Return the sum of areas."""
    return sum(areas)


# Keeps whole numbers whole.
def _power(side: float, exponent: int) -> float:
    return side**exponent


def unused(sides: Sides) -> str:
    """Return the path of nothing."""
    return os.sep + sys.prefix
'''
AREA_ALONE = '''\
from __future__ import annotations

import math

from collections.abc import Iterable

# What a square's side is where none is given.
SIDE = 2


def area(side: float = SIDE) -> float:
    """Return the area of a square.

    >>> total([area(), area(1)]), math.floor(area(1.5))
    (5, 2)
    """
    return _power(side, 2)


def total(areas: Iterable[float]) -> float:
    """Return the sum of areas."""
    return sum(areas)


# Keeps whole numbers whole.
def _power(side: float, exponent: int) -> float:
    return side**exponent
'''


def test_a_closure_is_what_a_name_and_its_doctest_need_in_the_order_and_words_of_the_file():
    assert closure(SHAPES, "area") == AREA_ALONE


def test_only_line_ends_of_python_end_a_line():
    source = (
        'WORD = "a\u2028b"\n\n\ndef one():\n    return 1\n\n\x0c\ndef two():\n    return one()\n'
    )
    assert closure(source, "two").split() == source.split('b"\n')[1].replace("\x0c", "").split()
    assert 'WORD = "a\u2028b"\n' in closure(source, "WORD")


@pytest.mark.parametrize(
    "makes_it",
    [
        "TABLE = {}\nTABLE['a'] = 1",
        "TABLE = {}\nTABLE |= {'a': 1}",
        "TABLE = None\nTABLE = {'a': 1} if TABLE is None else TABLE",
        "class TABLE:\n    pass\nTABLE.a = 1\nTABLE = vars(TABLE)",
        "from table import *\nTABLE = {'a': make()}",
    ],
)
def test_what_changes_a_name_later_goes_with_it(makes_it, monkeypatch, tmp_path):
    (tmp_path / "table.py").write_text("def make():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = f"{makes_it}\nOTHER = 3\n\n\ndef look_up():\n    return TABLE['a']\n"
    alone: dict = {}
    exec(closure(source, "look_up"), alone)
    assert alone["look_up"]() == 1
    assert "OTHER" not in alone


def test_all_signatures_of_an_overloaded_function_are_copied():
    source = "from typing import overload\n\n\n@overload\ndef one(x: int) -> int: ...\n\n\n"
    source += "@overload\ndef one(x: str) -> str: ...\n\n\ndef one(x):\n    return x\n"
    assert closure(source, "one").strip() == source.strip()


PLOTS = '''\
# SPDX-License-Identifier: MIT
"""Pictures and their sizes.

Needs: Python 3.11, keras 3.15, numpy 2.0, pillow 11, tensorflow 2.21, or newer; scipy 1.15 only
where a picture is blurred. Copy this one file into your project and `import plots`.

Each picture is square.
"""

import keras
import numpy.linalg
from PIL import Image


def side(picture: Image.Image) -> int:
    return picture.width


def blurred(picture):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(numpy.asarray(picture), 1)


def network():
    return keras.Sequential()


def double(number):
    return 2 * number
'''
SQUARE = "# SPDX-License-Identifier: MIT\n# Needs: {}.\n\n"


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("side", "Python 3.11, pillow 11, or newer"),
        ("network", "Python 3.11, keras 3.15, tensorflow 2.21, or newer"),
        ("double", "Python 3.11 or newer"),
        (
            "blurred",
            "Python 3.11, numpy 2.0, or newer; scipy 1.15 only where a picture is blurred",
        ),
    ],
)
def test_a_copy_names_its_licence_and_the_packages_that_it_imports_itself(name, needs):
    piece = closure(PLOTS, name)
    assert alone(PLOTS, piece) == SQUARE.format(needs) + piece


def test_a_long_list_of_needs_keeps_the_width_of_code():
    source = (
        f'"""Sums.\n\nNeeds: {"words " * 30}here. Copy this."""\n\n\ndef one():\n    return 1\n'
    )
    lines = alone(source, closure(source, "one")).split("\n\n")[0].splitlines()
    assert len(lines) == 2
    assert all(line.startswith("# ") and len(line) <= 100 for line in lines)


def test_a_copy_leads_to_its_place_on_the_public_site(course):
    course.snippet("shapes", SHAPES)
    for asked, page in (("shapes.area", "shapes/#area"), ("shapes", "shapes/")):
        first = copied(course.root, asked, "https://a.b/c/").splitlines()[0]
        assert first.endswith(f": https://a.b/c/snippets/{page}")


def test_a_copy_that_was_made_before_its_first_line_had_an_address_is_compared(say, tmp_path):
    say("copy", "shapes.area", tmp_path)
    file = tmp_path / "area.py"
    text = file.read_text(encoding="utf-8").replace(": snippets/shapes/#area", "", 1)
    file.write_text(text, encoding="utf-8")
    assert say("diff", file) == (0, f"{file} (shapes.area) is as it was copied.")


def test_a_snippet_without_a_docstring_is_copied_without_one():
    source = "def one():\n    return 1\n"
    assert alone(source, closure(source, "one")).strip() == source.strip()


def test_a_name_that_is_not_there_has_no_closure():
    with pytest.raises(KeyError):
        closure(SHAPES, "volume")
    with pytest.raises(KeyError):
        closure_of(SHAPES, ["area", "volume"])


def test_the_closure_of_several_names_holds_each_thing_once_in_the_order_of_the_file():
    assert closure_of(SHAPES, ["total", "area"]) == AREA_ALONE
    whole = closure_of(SHAPES, ["unused", "area"])
    places = [whole.index(f"def {name}(") for name in ("area", "total", "_power", "unused")]
    assert places == sorted(places)
    assert whole.count("def _power(") == 1
    assert "Sides = Sequence[float]" in whole


@pytest.fixture
def say(course: Course, capsys):
    course.snippet("shapes", SHAPES)
    (course.root / "pyproject.toml").write_text('[project]\nname = "course"\nversion = "1.2"\n')

    def say_(*arguments: object) -> tuple[int, str]:
        status = main([str(each) for each in arguments], root=course.root)
        return status, " ".join(capsys.readouterr().out.split())

    return say_


def test_a_function_is_copied_alone_and_a_module_whole(say, tmp_path):
    assert say("copy", "shapes.area", tmp_path) == (0, f"Wrote {tmp_path / 'area.py'}")
    text = (tmp_path / "area.py").read_text(encoding="utf-8")
    address = "snippets/shapes/#area"
    assert text.startswith(
        f"# shapes.area of course 1.2: {address}\n# SHA-256 of the lines below: "
    )
    assert text.endswith(f"\n\n# SPDX-License-Identifier: MIT\n\n{AREA_ALONE}")
    assert say("copy", "shapes", tmp_path / "mine.py")[0] == 0
    assert (tmp_path / "mine.py").read_text(encoding="utf-8").endswith(f"\n\n{SHAPES}")


def test_nothing_is_overwritten_and_a_folder_that_is_not_there_is_made(say, tmp_path):
    file = tmp_path / "area.py"
    file.write_text("my own", encoding="utf-8")
    status, said = say("copy", "shapes.area", tmp_path)
    assert (status, file.read_text(encoding="utf-8")) == (2, "my own")
    assert f"{file} exists and stays as it is" in said
    made = tmp_path / "no folder" / "yet"
    assert say("copy", "shapes.area", made) == (0, f"Wrote {made / 'area.py'}")
    assert say("copy", "shapes.area", made / "src" / "mine.py")[0] == 0
    assert (made / "src" / "mine.py").is_file()


def test_a_file_that_is_no_folder_is_said_and_stays_as_it_is(say, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("my own", encoding="utf-8")
    for destination in (file, file / "area.py"):
        status, said = say("copy", "shapes.area", destination)
        assert status == 2
        assert f"{file} is a file: name a folder, or a file that ends in .py" in said
    assert say("copy", "shapes.area", file / "more")[0] == 2
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("shape.area", "there is no snippet shape.area; there is shapes"),
        ("shapes.are", "shapes has no are; there is area"),
        ("shapes._power", "shapes has no _power; there is area, total, unused"),
        ("area", "there is no snippet area; there is shapes.area"),
        ("../shapes", "there is no snippet ../shapes"),
        ("shapes.area.more", "there is no snippet shapes.area.more"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(say, tmp_path, asked, said):
    status, found = say("copy", asked, tmp_path)
    assert status == 2
    assert found.startswith(said)
    assert list(tmp_path.glob("*.py")) == []


def test_a_copy_is_compared_with_what_the_course_has_now(say, course: Course, tmp_path):
    file = tmp_path / "area.py"
    say("copy", "shapes.area", file)
    name = f"{file} (shapes.area)"
    assert say("diff", file) == (0, f"{name} is as it was copied.")
    course.snippet("shapes", SHAPES.replace("sys.prefix", "'none'"))
    assert say("diff", file) == (0, f"{name} is as it was copied."), "what the copy does not hold"
    course.snippet("shapes", SHAPES.replace("side**exponent", "pow(side, exponent)"))
    status, said = say("diff", file)
    assert status == 1
    assert f"{name} is as it was copied and is behind the course's." in said
    assert "- return side**exponent + return pow(side, exponent)" in said
    file.write_text(file.read_text(encoding="utf-8").replace("SIDE = 2", "SIDE = 3"))
    status, said = say("diff", file)
    assert status == 1
    assert f"{name} was changed since it was copied and is behind the course's." in said


def test_what_is_no_copy_is_not_compared(say, tmp_path):
    file = tmp_path / "own.py"
    file.write_text("x = 1\n", encoding="utf-8")
    status, said = say("diff", file)
    assert (status, said) == (2, f"{file} does not begin with the two lines that `copy` writes")
    assert say("diff", tmp_path / "none.py")[0] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"def area(:\n", "snippets/shapes.py:1: invalid syntax"), (b"\xe9", "save it as UTF-8")],
)
def test_a_snippet_that_does_not_read_is_said_in_a_line(say, course: Course, content, said):
    (course.root / "snippets" / "shapes.py").write_bytes(content)
    status, told = say("copy", "shapes.area", course.root)
    assert status == 2
    assert said in told


def test_a_wheel_without_what_it_needs_is_refused_in_a_line(say):
    status, told = say("wheel")
    assert status == 2
    assert "is missing: a wheel of the snippets needs it" in told
