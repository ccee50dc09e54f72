"""A page that is no tutorial shows a figure or a claim of a tutorial's run."""

from __future__ import annotations

import re

import pytest

from tutorial_engine.excerpts import with_excerpts
from tutorial_engine.publish import Page

from .tiny import made_run

FIGURE = '![A {kind}.](tiny/figure-0{n}.webp){{ .figure width="7" loading="lazy" data-dark="figure-0{n}-dark.webp" }}'
PAGE = "\n\n".join(["# Tiny", FIGURE.format(kind="line", n=1), FIGURE.format(kind="bar", n=2)])


@pytest.fixture
def shown(course):
    course.tutorial()
    run = made_run(course, claims=["one < two", "it holds"])
    return {"tiny": (Page("part/tiny.md", "1_part/01_tiny.py", "Tiny", PAGE), run)}


def test_a_figure_stands_with_its_text_and_an_address_from_the_page_and_does_not_wait(shown):
    page = with_excerpts("Before.\n\n<!-- figure 2 of tiny -->\n\nAfter.", "index.md", shown)
    figure = page.split("\n\n")[1]
    assert figure.startswith("![A bar.](part/tiny/figure-02.webp){ .figure")
    assert 'loading="eager"' in figure
    deep = with_excerpts("<!-- figure 1 of tiny -->", "about/deep/page.md", shown)
    assert deep.startswith("![A line.](../../part/tiny/figure-01.webp)")


def test_a_claim_is_a_sentence_and_no_markup(shown):
    assert with_excerpts("<!-- claim 1 of tiny -->\n{ .holds }", "index.md", shown) == (
        "One &lt; two.\n{ .holds }"
    )


def test_a_tutorial_that_has_not_run_shows_nothing(shown):
    page, _ = shown["tiny"]
    assert with_excerpts("<!-- claim 1 of tiny -->", "index.md", {"tiny": (page, None)}) == ""


@pytest.mark.parametrize(
    ("mark", "told", "remedy"),
    [
        ("figure 3 of tiny", "tiny has no figure 3", "count them"),
        ("claim 3 of tiny", "tiny has 2 claims", "count them"),
        ("claim 0 of tiny", "tiny has 2 claims", "count them"),
        ("figure 1 of tny", "no tutorial is called tny", "name one of tiny"),
    ],
)
def test_what_is_not_there_is_told_with_the_file_and_what_to_do(shown, mark, told, remedy):
    with pytest.raises(ValueError, match=rf"docs/index\.md.*{re.escape(mark)}.*{told}") as error:
        with_excerpts(f"<!-- {mark} -->", "index.md", shown)
    assert f"What to do: {remedy}" in str(error.value)
