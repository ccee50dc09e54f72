"""How long a page takes: its words and the code that it shows."""

from __future__ import annotations

import pytest

from tutorial_engine.reading_time import minutes_to_read

from .tiny import code, prose


@pytest.fixture
def minutes(course):
    """The minutes of a tutorial with this body."""

    def of(body: str) -> int:
        course.tutorial(body)
        return minutes_to_read(course.parse())

    return of


def lines(count: int) -> str:
    return code("\n\n".join(f"x_{number} = {number}" for number in range(count)))


def test_words_and_lines_of_code_take_their_time(minutes):
    assert minutes(prose("word " * 1000)) == 5
    assert minutes(lines(100)) == 5
    assert minutes(prose("word " * 600) + lines(100)) == 8


def test_the_shortest_page_takes_a_minute(minutes):
    assert minutes(prose("One word.")) == 1


def test_addresses_formulas_and_values_are_no_words(minutes):
    link = "[word](https://example.org/a/long/way/to/go/on/and/on) "
    assert minutes(prose(link * 400)) == 2
    assert minutes(prose("word $a + b + c + d$ " * 400)) == 2
    assert minutes(prose("word `{python} str(1 + 1 + 1)` " * 400)) == 2


def test_what_a_page_does_not_show_or_folds_takes_none(minutes):
    claims = '# %% tags=["claims"]\n' + "".join(
        f'assert x, "x is good for {number}"\n' for number in range(200)
    )
    folded = lines(200).replace("# %%", '# %% tags=["folded"]')
    assert minutes(prose("word " * 400) + claims + folded) == 2
