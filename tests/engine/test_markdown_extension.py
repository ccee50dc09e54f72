"""What the course's pages have beyond Markdown comes from an extension that every generator can take."""

from __future__ import annotations

import re

import markdown
import pytest
from bs4 import BeautifulSoup

from tutorial_engine.markdown_extension import FormulaError
from tutorial_engine.reading import visible_text

from .tiny import build_site, made_run

PLAIN = ["attr_list", "footnotes", "md_in_html", "tables", "toc", "pymdownx.arithmatex"]
NAME = "tutorial_engine.markdown_extension"
FIGURE = (
    '![A line & a "dot".](tiny/figure-01.webp){ .figure width="7" data-dark="figure-01-dark.webp" }'
)


def converted(text: str, *, plain: bool = False) -> markdown.Markdown:
    """Return what has converted a text, with the HTML as its `html`."""
    md = markdown.Markdown(
        extensions=PLAIN if plain else [*PLAIN, NAME],
        extension_configs={"pymdownx.arithmatex": {"generic": True}},
    )
    md.html = md.convert(text)
    return md


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(converted(text).html, "html.parser")


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "Before {} after.",
        "- a\n\n    {}\n",
        "| a |\n|---|\n| {} |",
        '<figure markdown="1">\n\n{}\n\n</figure>',
        "Text.[^1]\n\n[^1]: Below: {}",
    ],
)
def test_a_figure_has_its_dark_twin_wherever_it_stands(around):
    (picture,) = soup(around.format(FIGURE)).select("picture")
    source, image = picture.select_one("source"), picture.select_one("source + img")
    assert source["srcset"] == "tiny/figure-01-dark.webp"
    assert source["media"] == "screen and (prefers-color-scheme: dark)"
    assert source.has_attr("data-dark-figure")
    assert image["src"] == "tiny/figure-01.webp"
    assert image["alt"] == 'A line & a "dot".'
    assert image["width"] == "7"
    assert not image.has_attr("data-dark")


def test_a_picture_without_a_dark_twin_stays_an_image():
    assert not soup("![A plan.](plan.png)").select("picture")


def test_what_stands_around_a_figure_or_a_formula_stays():
    text = f"One {FIGURE} two $x$ *three*\n$y$ four.\n\n$$\nz\n$$\n\nFive & six < seven."
    with_tex = re.sub(
        r"\\[(\[]\s*(\w)\s*\\[)\]]", r"\1", visible_text(converted(text, plain=True).html)
    )
    assert visible_text(converted(text).html).split() == with_tex.split()


@pytest.mark.parametrize(
    "around",
    [
        "Here {} stands.",
        "- {}",
        "| a |\n|---|\n| {} |",
        '<div markdown="1">\n\nSee {}.\n\n</div>',
        "## On {}",
    ],
)
def test_a_formula_is_mathml_wherever_it_stands(around):
    page = soup(around.format(r"$\frac{a}{b} < 1$"))
    (formula,) = page.select("math")
    assert formula["display"] == "inline"
    assert [each.text for each in formula.select("mfrac mi")] == ["a", "b"]
    assert "<" in formula.text
    assert not page.select(".arithmatex")


def test_a_formula_in_rows_of_its_own_is_a_block():
    (formula,) = soup("Text.\n\n$$\na < b \\, c\n$$\n\nMore.").select("math")
    assert formula["display"] == "block"
    space = formula.select_one("mspace")
    # One that closed itself would hold the rest of the line for a browser.
    assert str(space).endswith("></mspace>")
    assert not space.contents


def test_a_heading_with_a_formula_keeps_its_address_and_shows_it_in_the_contents():
    text = r"## The loss $\mathcal{L}(\theta) < 1$ of *it*"
    md, plain = converted(text), converted(text, plain=True)
    (entry,), (before,) = md.toc_tokens, plain.toc_tokens
    assert entry["id"] == before["id"]
    assert f'id="{before["id"]}"' in md.html
    for kind in ("name", "html"):
        assert "<math" in entry[kind]
        assert "mathcal" not in entry[kind]
        assert "arithmatex" not in entry[kind]
    assert visible_text(entry["name"]) == "The loss ℒ(θ)<1 of it"


def test_tex_in_code_stays():
    page = soup("`$x$` and\n\n    $$y$$\n")
    assert not page.select("math")
    assert page.select_one("p code").text == "$x$"


def test_a_formula_that_cannot_be_shown_is_refused_by_name():
    with pytest.raises(
        FormulaError, match=r"\\nonsense x cannot be shown: unknown command"
    ) as caught:
        converted(r"Look: $\nonsense x$")
    assert caught.value.tex == r"\nonsense x"


def test_a_page_written_by_hand_names_the_line_of_such_a_formula(course, caplog):
    course.tutorial("# %%\nx = 1\n")
    course.store.save(made_run(course))
    course.site()
    home = "---\ntitle: Home\n---\n\n# Home\n\nLook: $\\nonsense x$\n"
    course.root.joinpath("docs/index.md").write_text(home)
    assert build_site(course)
    assert "index.md, line 7: the formula \\nonsense x cannot be shown" in caplog.text
