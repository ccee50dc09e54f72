"""The page of a snippet: its functions, what their tests say, who uses them, and each alone to copy."""

from __future__ import annotations

import hashlib

from tutorial_engine.closure import closure
from tutorial_engine.copying import alone, headed
from tutorial_engine.snippet_pages import index_page, sentences_of_tests, snippet_page

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
TESTS = [
    """\
from snippets import shapes
from snippets.shapes import area as its_area

def test_the_area_of_a_unit_is_one():
    assert shapes.area(1) == 1

def test_sides_count_twice():
    assert its_area(2) == 4

def helper():
    shapes.Box()
""",
    "from elsewhere import shapes\n\ndef test_no_snippet():\n    shapes.area(1)\n",
]


def page(**others):
    given = {"tests": {}, "users": {}, "project": "course 1.0"} | others
    return snippet_page("shapes", SHAPES, **given)


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
        '```{ .pycon data-search-exclude="" }\n>>> area(3)\n9\n```\n'
    ) in markdown
    shown = "class Box:\n    side: float = 1.0\n    def __init__(self, side: float) -> None:\n"
    assert f"{shown}    def volume(self) -> float:\n```" in markdown
    assert "- `volume`: Return how much goes in.\n" in markdown
    assert "_power" not in markdown


def test_beside_the_page_stand_the_whole_file_and_each_name_alone():
    found = page()
    assert found.path == "snippets/shapes.md"
    assert list(found.files) == [
        *("snippets/shapes.py", "snippets/shapes.area.py", "snippets/shapes.Box.py")
    ]
    assert found.files["snippets/shapes.py"] == headed("course 1.0", "shapes", SHAPES)
    whole = found.files["snippets/shapes.py"].encode()
    assert f"SHA-256 `{hashlib.sha256(whole).hexdigest()}`" in found.markdown
    text = headed("course 1.0", "shapes.area", alone(SHAPES, closure(SHAPES, "area")))
    assert found.files["snippets/shapes.area.py"] == text
    assert "class Box" not in text
    link = '[Copy just `area`](shapes.area.py){ .copy-snippet download="area.py" }'
    assert f"{link} ({len(text.splitlines())} lines, " in found.markdown


def test_what_tests_say_stands_with_the_function_that_they_call():
    sentences = sentences_of_tests(TESTS)
    assert sentences == {
        "shapes": {"area": ["The area of a unit is one", "Sides count twice"]},
    }
    markdown = page(tests=sentences["shapes"]).markdown
    assert (
        "<summary>Tested behaviour (2)</summary>\n\n"
        "- The area of a unit is one\n- Sides count twice\n\n</details>"
    ) in markdown


def test_who_uses_a_function_is_linked():
    markdown = page(users={"area": {"Tensors": "../foundations/tensors.md"}}).markdown
    assert "Used in [Tensors](../foundations/tensors.md)." in markdown
    assert markdown.count("Used in") == 1


def test_the_first_page_leads_to_each_snippet_and_each_of_its_names():
    markdown = index_page({"shapes": SHAPES}).markdown
    assert "## [shapes](shapes.md)\n\nAreas of shapes. Needs numpy." in markdown
    assert (
        "- [`area`](shapes.md#area): Return the area of a square.\n- [`Box`](shapes.md#Box): A box."
        in markdown
    )
