"""An output is shown as it was made, or refused by name; none fetches, runs or leaves its box."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import json
import re
import shutil
import threading
import zlib

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tutorial_engine.errors import ExecutionError, SourceError
from tutorial_engine.maths import mathml
from tutorial_engine.outputs import OutputError, checked_output, picture, text_problem, walled
from tutorial_engine.reading import visible_text

from .page_rules import edits_of, errors_of
from .test_publish import rendered
from .tiny import REPOSITORY, Course, code, made_run

LIMIT = 2_000_000


def shown(mime: str, value: str, metadata: dict | None = None, **others: str) -> dict:
    """Return an output as a kernel sends it."""
    return {
        "output_type": "display_data",
        "data": {mime: value, "text/plain": "what it is", **others},
        "metadata": {mime: metadata or {}},
    }


def encoded(format: str = "PNG", size: tuple[int, int] = (28, 14), colour: str = "red") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format=format)
    return base64.b64encode(buffer.getvalue()).decode()


def box(text: str, mime: str = "text/html") -> BeautifulSoup:
    return BeautifulSoup(walled(shown(mime, text), "output-1-1"), "html.parser")


# What the page shows is what the output says.

ODD = "__init__ 2*3*4 $x$ `code` <b>[a](b)</b> {.c} \\(y\\) ![](z) &lt;pad&gt; | :::"
TABLE = f"<table>\n  <tbody>\n    <tr><td>{ODD}</td></tr>\n\n  </tbody>\n</table>"
EXERCISE = (
    "# %% [markdown]\n# Do it.\n\n"
    '# %% tags=["starter"]\nanswer = None\n\n'
    '# %% tags=["check"]\nassert answer, "answer it"\n\n'
    '# %% tags=["solution"]\nanswer = 42\n'
)


def page_with(course, outputs: list[dict], *, folded: bool = False) -> BeautifulSoup:
    """Return a page on which a cell, or the solution of an exercise, has these outputs."""
    course.tutorial(EXERCISE if folded else code("x = 1"))
    run = made_run(course, outputs=[[], [], outputs] if folded else [outputs])
    return rendered(course.page(run).markdown)


@pytest.mark.parametrize("folded", [False, True], ids=["on the page", "in a solution"])
def test_html_reads_the_same_in_a_solution_as_outside(course, folded):
    soup = page_with(course, [shown("text/html", TABLE)], folded=folded)
    assert soup.select_one("div.output.rich td").text == BeautifulSoup(ODD, "html.parser").text
    assert soup.select_one("div.output.rich td b").text == "[a](b)"
    assert not soup.select("math, em, .output strong, .output img")


@pytest.mark.parametrize("folded", [False, True], ids=["on the page", "in a solution"])
@pytest.mark.parametrize(
    "text",
    [
        "<div><div><p>open",
        "</div></div></details></article><p>closed too often",
        "<b>bold <i>both</b> italic</i>",
        "<table><tr><td>a cell",
        "<ul><li>one<li>two</ul></ul>",
        "<!-- a comment that does not end",
        "<details><summary>more",
        "a tag that does <em",
        "<a href='https://example.org/'>a link",
        "<select><option>one",
        "line one\n\n    four blanks\n\n# no heading\n\n```\nno fence",
    ],
)
def test_html_that_does_not_balance_stays_in_its_box(course, text, folded):
    soup = page_with(course, [shown("text/html", text), stream("what follows")], folded=folded)
    found = soup.select_one("div.output.rich")
    follows = soup.select_one("div.output:not(.rich)")
    assert follows.text.strip() == "what follows"
    assert follows.parent is found.parent
    assert not found.select("h1, h2, .highlight")
    assert soup.find(id="about-this-run")
    assert (soup.select_one("details:not([id])") is not None) == (folded or "<details" in text)


def stream(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


@pytest.mark.parametrize(
    "text", ["<div>open", "</div>", "```\nopen", "[^1]: a note", "<details>\n", "    indented"]
)
def test_markdown_that_is_left_open_stays_in_its_box(course, text):
    soup = page_with(course, [shown("text/markdown", text), stream("what follows")])
    follows = soup.select_one("div.output:not(.rich)")
    assert follows.text.strip() == "what follows"
    assert follows.parent is soup.select_one("div.output.rich").parent


def test_blank_lines_and_tabs_of_preformatted_html_stay(course):
    soup = page_with(course, [shown("text/html", "<pre>a\tb\n\n\n    c</pre>")])
    assert soup.select_one("div.output.rich pre").text == "a\tb\n\n\n    c"


def test_ids_in_outputs_are_their_own_and_the_same_in_each_run():
    text = (
        '<style>#{0}-x td {{color: red}}</style><table id="{0}-x"><tr><td headers="{0}-h">1</table>'
        '<label for="{0}-y">y</label><input id="{0}-y"><a href="#{0}-x">up</a>'
        '<svg><defs><path id="{0}-p" d=""/></defs><use href="#{0}-p"/><g fill="url(#{0}-p)"/></svg>'
    )
    first, again = (walled(shown("text/html", text.format(key)), "output-1-1") for key in "ab")
    other = walled(shown("text/html", text.format("a")), "output-1-2")
    assert first == again.replace("b-h", "a-h")
    soup, neighbour = BeautifulSoup(first, "html.parser"), BeautifulSoup(other, "html.parser")
    ids = [each["id"] for each in soup.select("[id]")]
    assert len(set(ids)) == 3
    assert not {each["id"] for each in neighbour.select("[id]")} & set(ids)
    assert soup.label["for"] == soup.input["id"]
    assert soup.a["href"] == f"#{soup.table['id']}"
    assert soup.use["href"] == f"#{soup.path['id']}"
    assert soup.g["fill"] == f"url(#{soup.path['id']})"
    assert f"#{soup.table['id']} td" in soup.style.text


def test_a_style_in_an_output_holds_in_that_output_alone():
    assert "@scope{p { display: none }}" in walled(
        shown("text/html", "<style>\np { display: none }\n</style><p>hidden"), "output-1-1"
    )


# Every rich output is drawn, or refused by name.


@pytest.mark.parametrize(
    ("text", "display"),
    [
        (r"$\displaystyle \frac{a}{b}$", "block"),
        (r"$$\frac{a}{b}$$", "block"),
        (r"\[\frac{a}{b}\]", "block"),
        (r"\begin{equation*}\frac{a}{b}\end{equation*}", "block"),
        (r"\(\frac{a}{b}\)", "inline"),
    ],
)
def test_latex_becomes_mathml(text, display):
    formula = box(text, "text/latex").math
    assert formula["display"] == display
    assert [each.text for each in formula.mfrac.find_all("mi")] == ["a", "b"]


@pytest.mark.parametrize("text", [r"\section{One} words", "$a$ and $b$", r"$\unknown{x}$"])
def test_latex_that_is_no_formula_is_refused(text):
    with pytest.raises(OutputError, match="cannot be shown"):
        checked_output(shown("text/latex", text), figure_limit=LIMIT)


def test_maths_in_a_markdown_table_becomes_mathml():
    soup = box("| a |\n|---|\n| $x^2$ |", "text/markdown")
    assert soup.td.msup.text == "x2"


@pytest.mark.parametrize(
    ("mime", "format", "extension"),
    [
        ("image/png", "PNG", "webp"),
        ("image/jpeg", "JPEG", "jpg"),
        ("image/gif", "GIF", "gif"),
        ("image/webp", "WEBP", "webp"),
    ],
)
def test_pictures_of_every_kind_are_files_at_their_own_size(course, mime, format, extension):
    output = shown(mime, encoded(format), {"alt": "A red bar."})
    course.tutorial(code("x = 1"))
    page = course.page(made_run(course, outputs=[[output]]))
    image = rendered(page.markdown).select_one("img.figure")
    assert image["src"] == f"tiny/figure-01.{extension}"
    assert f"part/tiny/figure-01.{extension}" in page.files
    assert (image["alt"], image["width"], image["height"]) == ("A red bar.", "28", "14")


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({"width": 280}, (280, 140)),
        ({"height": 28}, (56, 28)),
        ({"width": 280, "height": 50}, (280, 50)),
        ({"width": "100%"}, (28, 14)),
        ({}, (28, 14)),
    ],
)
def test_a_width_that_was_asked_for_is_kept(asked, size):
    found = picture(shown("image/png", encoded(), {"alt": "A red bar.", **asked}))
    assert (found.width, found.height) == size


DISC = '<svg width="40" height="30">{}<circle cx="20" cy="15" r="9"/></svg>'


@pytest.mark.parametrize(
    ("drawing", "metadata"),
    [(DISC.format(""), {"alt": "A disc."}), (DISC.format("<title>A\n disc.</title>"), {})],
    ids=["from the metadata", "from its title"],
)
def test_svg_is_a_file_with_its_text(course, drawing, metadata):
    course.tutorial(code("x = 1"))
    page = course.page(made_run(course, outputs=[[shown("image/svg+xml", drawing, metadata)]]))
    image = rendered(page.markdown).select_one("img.figure")
    assert (image["alt"], image["width"], image["height"]) == ("A disc.", "40", "30")
    # Without its namespace a browser draws no file.
    written = page.files["part/tiny/figure-01.svg"].decode()
    assert written.startswith('<svg xmlns="http://www.w3.org/2000/svg"')


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        (shown("image/png", encoded(), **{"application/x-tutorial-dark+png": ""}), "figure.alt"),
        (shown("image/jpeg", encoded("JPEG")), 'metadata={"image/jpeg": {"alt": "…"}}'),
        (
            shown("image/png", encoded(), **{"text/plain": "<IPython.core.display.Image object>"}),
            'Image(…, alt="…")',
        ),
        (shown("image/svg+xml", DISC.format("")), "<title>"),
    ],
    ids=["matplotlib", "pillow", "IPython", "svg"],
)
def test_a_picture_without_a_text_is_refused_with_a_remedy_that_fits_it(output, remedy):
    said, what_to_do = text_problem(checked_output(output, figure_limit=LIMIT))
    assert "without a" in said
    assert remedy in what_to_do


@pytest.mark.parametrize(
    "mime",
    [
        "application/javascript",
        "application/vnd.jupyter.widget-view+json",
        "application/vnd.plotly.v1+json",
        "application/pdf",
        "video/mp4",
    ],
)
def test_a_kind_of_output_that_no_page_shows_is_refused_by_name(mime):
    with pytest.raises(OutputError, match=mime.replace("+", r"\+").replace(".", r"\.")):
        checked_output(shown(mime, "{}"), figure_limit=LIMIT)


def test_of_several_forms_the_richest_that_a_page_shows_is_kept():
    output = shown("application/vnd.dataresource+json", "{}", **{"text/html": "<b>1</b>"})
    kept = checked_output(output, figure_limit=LIMIT)["data"]
    assert set(kept) == {"text/html", "text/plain"}


def test_a_figure_over_the_limit_is_refused_with_its_size():
    noise = Image.effect_noise((400, 400), 90)
    buffer = io.BytesIO()
    noise.save(buffer, format="PNG")
    content = base64.b64encode(buffer.getvalue()).decode()
    with pytest.raises(OutputError, match=r"a figure of 0\.\d MB; the limit is 0\.0 MB") as caught:
        checked_output(shown("image/png", content, {"alt": "Noise."}), figure_limit=10_000)
    assert "figure_limit" in caught.value.remedy


def test_the_limit_of_a_figure_is_a_setting(course):
    course.tutorial(
        code(
            """
            from IPython.display import Image
            Image(b"\\x89PNG" + b"x" * 5000, alt="Noise.")
            """
        )
    )
    (course.root / "pyproject.toml").write_text("[tool.tutorial_engine]\nfigure_limit = 0\n")
    with pytest.raises(ValueError, match="figure_limit"):
        course.settings()


TWICE = {
    "left open": "import matplotlib.pyplot as plt\n\nfigure, axes = plt.subplots()\n"
    'figure.alt = "A line that rises."\naxes.plot([1, 2, 3]);\nfigure\n',
    "in two cells": "import matplotlib.pyplot as plt\n\nfigure, axes = plt.subplots()\n"
    'figure.alt = "A line that rises."\nplt.close(figure)\nfigure\n\n# %%\nfigure\n',
}


@pytest.mark.parametrize(("kind", "cell"), [("left open", 1), ("in two cells", 2)])
def test_a_figure_that_a_page_shows_twice_is_refused_by_its_cell(course, kind, cell):
    course.tutorial(code(TWICE[kind]))
    with pytest.raises(ExecutionError, match="already shown: A line that rises") as caught:
        course.run()
    assert caught.value.cell == cell
    assert "plt.close(figure)" in caught.value.remedy


# Nothing in an output fetches or runs.

ELSEWHERE = [
    '<img src="https://example.com/p.png" alt="">',
    '<img src="//example.com/p.png" alt="">',
    '<img src=" HTTP://example.com/p.png" alt="">',
    '<img srcset="data:image/png;base64,aa 1x, https://example.com/p.png 2x" alt="">',
    '<img srcset="data:image/png;base64,aa 1x,https://example.com/p.png 2x" alt="">',
    '<svg><animate attributeName="href" values="#a;https://example.com/s.svg"/></svg>',
    '<svg><use xlink:href="s.svg#a"/></svg>',
    r'<p style="background: image(\/\/example.com/p.png)">x</p>',
    '<p style="background: url(https://example.com/p.png)">x</p>',
    "<p style=\"background: URL( '//example.com/p.png' )\">x</p>",
    r'<p style="background: \75rl(https://example.com/p.png)">x</p>',
    "<style>@import 'https://example.com/s.css';</style>",
    "<style>p { background: url(https://example.com/p.png) }</style>",
    '<link rel="stylesheet" href="https://example.com/s.css">',
    '<script src="https://example.com/s.js"></script>',
    '<iframe src="https://example.com/"></iframe>',
    '<video src="https://example.com/v.mp4"></video>',
    '<video poster="https://example.com/v.png"></video>',
    '<audio><source src="https://example.com/a.ogg"></audio>',
    '<object data="https://example.com/o"></object>',
    '<embed src="https://example.com/o">',
    '<input type="image" src="https://example.com/p.png">',
    '<table background="https://example.com/p.png"><tr><td>1</table>',
    '<svg><image href="https://example.com/p.png"/></svg>',
    '<svg><use xlink:href="https://example.com/s.svg#a"/></svg>',
    '<svg><rect fill="url(https://example.com/s.svg#a)"/></svg>',
    '<base href="https://example.com/">',
    '<meta http-equiv="refresh" content="0; url=https://example.com/">',
    '<img src="picture.png" alt="">',
    '<img src="file:///etc/hostname" alt="">',
]
RUNS = [
    "<script>document.title = 'mine'</script>",
    "<svg><script>1</script></svg>",
    '<img src="data:," onerror="1" alt="">',
    '<a href="javascript:1">x</a>',
    '<a href="java&#10;script:1">x</a>',
    '<iframe srcdoc="<p>x"></iframe>',
]
REACHES_OUT = [
    "<plaintext>",
    "<h1>Mine</h1>",
    "<style>} p { display: none }</style>",
    "<noscript>x",
]


@pytest.mark.parametrize("mime", ["text/html", "text/markdown"])
@pytest.mark.parametrize("text", ELSEWHERE + RUNS + REACHES_OUT)
def test_an_output_that_would_fetch_run_or_reach_out_is_refused(text, mime):
    with pytest.raises(OutputError) as caught:
        checked_output(shown(mime, text), figure_limit=LIMIT)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<image href="https://example.com/p.png"/>',
        '<a xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="//example.com/s.svg#a"/></a>',
        "<style>@import 'https://example.com/s.css';</style>",
        '<rect onload="1"/>',
        "<foreignObject/>",
        "<?xml-stylesheet href='https://example.com/s.css'?>",
    ],
)
def test_a_drawing_that_would_fetch_or_run_is_refused(inner):
    drawing = DISC.format(f"<title>A disc.</title>{inner}")
    with pytest.raises(OutputError):
        checked_output(shown("image/svg+xml", drawing), figure_limit=LIMIT)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.com/">a link that a reader follows</a>',
        f'<img src="data:image/png;base64,{encoded()}" alt="A bar.">',
        "<p>https://example.com/ in words</p>",
        '<p title="see https://example.com/">words</p>',
        "<style>td { content: '}' } /* } */</style><table><tr><td>1</table>",
        '<p style="color: red">red</p>',
        '<p style="background: url(data:image/png;base64,//8A//)">red</p>',
        '<input value="https://example.com/" placeholder="//">',
    ],
)
def test_what_stays_in_its_box_is_shown(text):
    assert checked_output(shown("text/html", text), figure_limit=LIMIT)["data"]["text/html"] == text


def test_a_drawing_of_matplotlib_is_shown(course):
    course.tutorial(
        code(
            """
            import io

            import matplotlib.pyplot as plt
            from IPython.display import SVG, display

            figure, axes = plt.subplots(figsize=(2, 1))
            axes.plot([1, 2, 3])
            plt.close(figure)
            file = io.StringIO()
            figure.savefig(file, format="svg")
            display(SVG(file.getvalue()), metadata={"image/svg+xml": {"alt": "A line that rises."}})
            """
        )
    )
    found = picture(course.run().outputs[0][0])
    assert found.alt == "A line that rises."
    assert 72 < found.height < found.width < 2 * 96


def test_an_output_cannot_pose_as_a_part_of_the_theme():
    assert "data-md" not in walled(
        shown("text/html", '<div data-md-component="header">x</div>'), "output-1-1"
    )


def test_what_is_refused_is_refused_with_its_cell(course):
    body = (
        code("x = 1")
        + "\n"
        + code(
            """
        from IPython.display import HTML
        HTML("<img src='https://example.com/pixel.png' alt=''>")
        """
        )
    )
    course.tutorial(body)
    with pytest.raises(ExecutionError, match=r"elsewhere: https://example\.com/pixel") as caught:
        course.run()
    assert caught.value.cell == 2


# Formulas: TeX that a page would show as its source is refused, with its place.

UNKNOWN = {
    r"\softmax(z)": r"unknown command \\softmax",
    r"\arg x": r"unknown command \\arg",
    r"\relu(x)": r"unknown command \\relu",
    r"y = x \label{eq:y}": r"unknown command \\label",
    r"see \eqref{eq:y}": r"unknown command \\eqref",
    r"x \notag": r"unknown command \\notag",
    r"\begin{dcases} a & b \\ c & d \end{dcases}": "unknown environment dcases",
    r"\begin{eqnarray} a &=& b \end{eqnarray}": "unknown environment eqnarray",
    r"\begin{align} a &= b \end{align}": r"align\*",
    r"a & b": "& stands outside",
    r"a \\ b": "breaks no line",
    r"\begin{array}{c|c} a & b \end{array}": "no lines",
    r"\begin{array}{c} a \\ \hline b \end{array}": "no lines",
    r"\text{a \b}": r"\\b inside text",
    r"\operatorname{F1}": "letters",
    r"\mathop{rot} x": "without a name",
    r"\cancel{x}": "browsers draw no",
    r"50% of x": "comment",
    r"\frac{a}{b": "braces",
    r"\frac{1}": "lacks an argument",
    r"\limits": "lacks an argument",
    r"a \not< b": r"\\not strikes nothing",
    r"\left( x": "left",
}


@pytest.mark.parametrize("tex", UNKNOWN)
def test_tex_that_would_be_shown_as_its_source_is_refused_by_its_command(tex):
    with pytest.raises(ValueError, match=UNKNOWN[tex]):
        mathml(tex)


def test_a_formula_is_refused_with_file_cell_and_line_before_anything_runs(course):
    body = (
        code("x = 1")
        + "\n# %% [markdown]\n# Words, `$\\\\softmax$` in code.\n#\n# Then $\\softmax(z)$.\n"
    )
    course.tutorial(body)
    (lesson,) = course.lessons()
    assert isinstance(lesson.error, SourceError)
    assert (lesson.error.cell, lesson.error.line) == (2, 12)
    assert r"unknown command \softmax" in lesson.error.message


@pytest.mark.parametrize(
    "text",
    [
        "```text\n$\\softmax$\n```",
        "`$\\softmax$`",
        "It costs 5$ and then \\$6.",
        '!!! note "Mind"\n    The sum $x^2$.',
    ],
)
def test_what_is_no_formula_is_not_read_as_one(course, text):
    prose = "".join(f"# {line}".rstrip() + "\n" for line in text.split("\n"))
    course.tutorial(code("x = 1") + f"\n# %% [markdown]\n{prose}")
    assert course.lessons()[0].error is None


def elements(tex: str, display: str = "block") -> BeautifulSoup:
    return BeautifulSoup(mathml(tex, display), "html.parser")


@pytest.mark.parametrize(
    ("tex", "distance"),
    [
        (r"\ln 10", "0.167em"),
        (r"\tanh x", "0.167em"),
        (r"\sin^2 x", "0.167em"),
        (r"\log_2 n", "0.167em"),
        (r"\max_i z_i", "0.167em"),
        (r"\exp(x)", "0"),
        (r"\exp\left(x\right)", "0"),
        (r"\operatorname{diag} x", "0.167em"),
    ],
)
def test_a_named_function_keeps_its_distance_from_its_argument(tex, distance):
    (apply,) = [each for each in elements(tex).find_all("mo") if each.text == "\u2061"]
    assert apply["rspace"] == distance


def test_a_factor_keeps_its_distance_from_the_function_after_it():
    assert elements(r"2 \ln x").mn.find_next_sibling().name == "mspace"
    assert elements(r"(2) \ln x").mo.find_next_sibling("mspace")
    assert not elements(r"= \ln x").mspace


def test_limits_stand_below_their_operator():
    base, below = elements(r"\operatorname*{arg\,min}_w L(w)").munder.find_all(recursive=False)
    assert (base.text, base["movablelimits"], below.text) == ("arg\u2009min", "true", "w")


def test_what_has_another_name_is_rewritten():
    assert elements(r"50\%").text == "50%"
    assert elements(r"a \not= b").text == "a≠b"
    assert elements(r"\text{50\% of}").text == "50%\u00a0of"
    assert elements(r"\begin{matrix} a \\[2pt] b \end{matrix}").text == "ab"
    assert elements(r"\big\| x \big\|").text == "‖x‖"
    rows = elements(r"\begin{aligned} a &= b \\ c &= d \end{aligned}").find_all("mtr")
    assert [row.text for row in rows] == ["a=b", "c=d"]


@pytest.mark.parametrize(
    ("tex", "braced"),
    [
        (r"\binom52", r"\binom{5}{2}"),
        (r"\underset 12", r"\underset{1}{2}"),
        (r"\sqrt23", r"\sqrt{2}3"),
        (r"\sqrt[3]27", r"\sqrt[3]{2}7"),
        (r"\hat12", r"\hat{1}2"),
    ],
)
def test_a_command_takes_one_digit_where_no_braces_stand(tex, braced):
    assert mathml(tex) == mathml(braced)


def test_letters_of_other_alphabets_are_those_letters():
    """Browsers do not draw `mathvariant`."""
    assert elements(r"\mathbf{xy} \boldsymbol{\theta} \mathcal{XY}").text == "𝐱𝐲𝜽𝒳𝒴"


def test_every_element_of_a_formula_is_closed_by_a_tag_of_its_own():
    formula = mathml(r"a \, b \quad c \; \left. d \right|")
    assert "/>" not in formula
    assert visible_text(f"<p>{formula} and the rest") == "a b c d| and the rest"


# Whole pages: the same words before and after each step, and no error by HTML's own rules.

PAGE = r"""
# %% [markdown]
# The matrix is $J_{ij} = \frac{\partial f_i}{\partial x_j}\,, \quad i < n$ and the sentence goes on.
#
# ## The loss $\mathcal{L}(\theta)$
#
# $$\begin{aligned} a &= \,b \\ c &= d \end{aligned}$$
#
# Then `\(x\)` in code.

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(2, 1))
figure.alt = "A line that rises."
axes.plot([1, 2, 3])
plt.close(figure)
figure

# %%
from IPython.display import HTML, SVG, Image, Markdown, Math, display

print("word\tword " * 40)
display(HTML("<div><style>b { color: red }</style><b id=mine>open <svg><path d='M0 0'/></svg>"))
display(Math(r"\frac{a}{b} \, c"))
display(SVG('<svg width="40" height="30"><title>A disc.</title><circle cx="9" cy="9" r="9"/></svg>'))
display(SVG('<svg width="900" height="9"><title>A bar.</title><path d="M0 4H900"/></svg>'))
display(Markdown("| a | b |\n|---|--:|\n| $x\\,y$ | 3 |"))

# %% tags=["measured"]
print("the stop" + "watch says")
display(HTML("<table><tr><td>el" + "apsed</table>"))

# %% [markdown]
# So long: `{python measured} "an eter" + "nity"`.

"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A course with the real site's assets, built; its pages and what each step did to them."""
    course = Course(tmp_path_factory.mktemp("walls") / "a course")
    course.site()
    shutil.copytree(REPOSITORY / "docs" / "assets", course.root / "docs" / "assets")
    config = course.root / "mkdocs.yml"
    text = config.read_text()
    # The real site's own then come with the rest that it inherits.
    text = text.replace("extra_css: []\n", "").replace("extra_javascript: []\n", "")
    config.write_text(text)
    solution = EXERCISE + f"from IPython.display import HTML, display\n\ndisplay(HTML({TABLE!r}))\n"
    course.tutorial(PAGE.lstrip() + solution)
    course.edits = edits_of(config, course.root / "site")
    course.html = {
        path.parent.relative_to(course.root / "site").as_posix(): path.read_text(encoding="utf-8")
        for path in (course.root / "site").rglob("index.html")
    }
    return course


def test_no_step_changes_a_word_of_a_page(whole):
    steps = {edit.step for edit in whole.edits}
    of_content = {"named_permalinks", "lean_code"}
    assert steps == of_content | {"lean_page", "light_record"}
    for edit in whole.edits:
        before, after = edit.words
        assert after == before, edit.step


def test_no_page_has_an_error_by_the_rules_of_html(whole):
    assert {name: errors for name, page in whole.html.items() if (errors := errors_of(page))} == {}


def test_what_follows_a_formula_is_seen(whole):
    assert "and the sentence goes on." in visible_text(whole.html["part/tiny"])


def test_maths_in_a_heading_reads_right_in_the_list_of_contents(whole):
    page = BeautifulSoup(whole.html["part/tiny"], "lxml")
    entries = [" ".join(each.text.split()) for each in page.select(".md-nav--secondary a")]
    assert "The loss ℒ(θ)" in entries
    assert "\\mathcal" not in page.select_one(".md-nav--secondary").text


def test_a_heading_is_searched_for_as_it_reads(whole):
    titles = [entry["title"] for entry in search_index(whole)]
    assert "The loss ℒ(θ)" in titles


def search_index(course) -> list[dict]:
    file = course.root / "site" / "search" / "search_index.json"
    return json.loads(file.read_text(encoding="utf-8"))["docs"]


def test_outputs_stay_out_of_the_search_index_and_prose_is_in_it(whole):
    words = " ".join(entry["text"] for entry in search_index(whole))
    assert "the sentence goes on" in words
    assert "word word" not in " ".join(words.split())
    for measured in ("the stopwatch says", "elapsed", "eternity"):
        assert measured in visible_text(whole.html["part/tiny"])
        assert measured not in words


def test_tabs_of_an_output_stay_tabs(whole):
    page = BeautifulSoup(whole.html["part/tiny"], "lxml")
    assert "word\tword" in page.select_one("div.output:not(.rich) code").text


def test_a_run_record_shows_what_the_page_shows(whole):
    record = BeautifulSoup(whole.html["part/tiny/run"], "lxml")
    assert record.select_one("math mfrac")
    images = {image["alt"]: image for image in record.select("img.figure")}
    assert set(images) == {"A line that rises.", "A disc.", "A bar."}
    assert images["A disc."]["src"].endswith("figure-02.svg")
    assert record.find("style", string=lambda css: css and css.startswith("@scope{"))


# Paper: light, unfolded, whatever the scheme on the screen.


@pytest.fixture(scope="module")
def whole_address(whole):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            """Say nothing: a test's output is the test's."""

    handler = functools.partial(Quiet, directory=whole.root / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/part/tiny/"
        server.shutdown()


@pytest.fixture(params=["the system's scheme", "the reader's choice"])
def dark_page(request, whole_address, browser):
    """The page in the dark scheme, on a system that is dark or for a reader who chose it."""
    chosen = request.param == "the reader's choice"
    context = browser.new_context(color_scheme="light" if chosen else "dark")
    page = context.new_page()
    page.goto(whole_address)
    for _ in range(2 if chosen else 0):
        page.locator("button.scheme").first.click()
    page.wait_for_function("document.querySelector('picture img').currentSrc.includes('-dark.')")
    yield page
    context.close()


_LIGHTNESS = """selector => {
    const element = document.querySelector(selector), style = getComputedStyle(element);
    const light = text => {
        const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
        return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
    };
    let behind = element;
    const seen = each => getComputedStyle(each).backgroundColor.startsWith("rgb(");
    while (behind.parentElement && !seen(behind)) behind = behind.parentElement;
    return [light(style.color), light(getComputedStyle(behind).backgroundColor)];
}"""


def test_a_page_of_the_dark_scheme_prints_dark_ink_on_light_paper(dark_page):
    dark_page.emulate_media(media="print")
    for selector in (
        "article p",
        "article a",
        "article .output code",
        "article summary",
        "article td",
    ):
        ink, paper = dark_page.evaluate(_LIGHTNESS, selector)
        assert ink < 0.5 < 0.85 < paper, selector
    # The margins of the paper are the root's, and a browser paints them by its colour scheme.
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert dark_page.evaluate(scheme) in ("only light", "light only")


@pytest.mark.parametrize("address", ["", "run/"], ids=["page", "record"])
def test_on_a_phone_a_wide_picture_shows_whole(whole_address, browser, address):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(whole_address + address)
    assert 250 < page.locator("img.figure.wide").bounding_box()["width"] < 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


def test_a_solution_is_printed_open_and_stays_folded_on_the_screen(dark_page):
    height = "document.querySelector('details.success table').getBoundingClientRect().height"
    assert not dark_page.evaluate("document.querySelector('details.success').open")
    dark_page.emulate_media(media="print")
    assert dark_page.evaluate(height) > 10
    # A browser without `::details-content` opens it by script.
    dark_page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert dark_page.evaluate("document.querySelector('details.success').open")
    dark_page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not dark_page.evaluate("document.querySelector('details.success').open")


def test_figures_are_printed_light_and_are_dark_again_on_the_screen(dark_page, tmp_path):
    file = tmp_path / "page.pdf"
    dark_page.pdf(path=file, print_background=True)
    assert first_pixel_of_a_picture_in(file.read_bytes()) == (0xFE, 0xFE, 0xFE)
    dark_page.wait_for_function(
        "document.querySelector('picture img').currentSrc.includes('-dark.')"
    )


def first_pixel_of_a_picture_in(document: bytes) -> tuple[int, ...]:
    """Return the colour in the upper left corner of a PDF's only picture of pixels."""
    (picture,) = re.finditer(rb"<<[^>]*?/Subtype ?/Image.*?>> ?stream\r?\n", document, re.DOTALL)
    size = int(re.search(rb"/Length (\d+)", picture[0])[1])
    return tuple(zlib.decompress(document[picture.end() : picture.end() + size])[:3])
