"""One file's fault is its own: it is said with file, cell, line and remedy, and the others go on."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from bs4 import BeautifulSoup
from mkdocs import utils

import tutorial_engine.__main__
import tutorial_engine.course
import tutorial_engine.course_pages
import tutorial_engine.site_pages
import tutorial_engine.store
from tutorial_engine.__main__ import main
from tutorial_engine.errors import Blemish, TutorialError
from tutorial_engine.schedule import bring_up_to_date
from tutorial_engine.structure import problems

from .tiny import HEADER, TINY, Course, build_site, code, made_run, prose, stored

FILE = "tutorials_src/1_part/01_tiny.py"


def fault(course: Course, body: str = TINY, **options) -> TutorialError:
    """Return what is wrong with a tutorial, while another one beside it is well."""
    course.tutorial(body, **options)
    course.tutorial(file="2_more/02_well.py")
    lesson, well = course.lessons()
    assert well.error is None, well.error
    assert well.key
    # What can run is run, so that what only a run shows is said with the rest; it is published nowhere.
    is_blemish = [isinstance(each, Blemish) for each in lesson.error.faults]
    assert (lesson.key is not None) == all(is_blemish)
    assert lesson.error.file == FILE
    assert lesson.error.remedy
    return lesson.error


@pytest.mark.parametrize(
    "marker",
    [
        "# %% tags=[claims]",
        '# %% tags="claims"',
        '# %% Tags=["claims"]',
        '# %% tag=["claims"]',
        '# %% tags=["claims"',
        '# %% tags="claims"]',
        "# %% tags=['claims']",
        '# %% tags = ["claims"]',
        '# %% tags=["claims"]x',
        '# %% tags=["claims"] tags=["measured"]',
        '# %% tags=["claims", "claims"]',
        "# %% tags=[]",
        "# %% tags=[1]",
        "# %% claims",
        '# %% a title ["claims"]',
        '# %% ["claims"]',
        '# %% {"tags": ["claims"]}',
        '#%% tags=["claims"]',
        '#  %% tags=["claims"]',
        ' # %% tags=["claims"]',
        '# %%tags=["claims"]',
        '# %%% tags=["claims"]',
        "# %% [claims]",
        "# %% [raw]",
        "# %% [md]",
        "# %%[markdown]",
        '# %% tags=["claims"] name="x"',
        '# %% tags=["control"] claim=two without="x"',
        '# %% tags=["control"] claim="" without="x"',
        "# In[2]:",
        "# <codecell>",
    ],
)
def test_a_marker_that_does_not_read_is_refused_where_it_stands(course, marker):
    error = fault(course, code("x = 1") + f'\n{marker}\nassert x == 1, "one is one"\n')
    assert (error.cell, error.line) == (2, 9)
    assert marker.strip() in error.message
    assert "tags=[" in error.remedy


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"helps": ["nobody"]}, "header field 'helps': no tutorial is named nobody"),
        ({"helps": ["well"], "needs": ["well"]}, "well stands in 'needs' and in 'helps'"),
    ],
)
def test_a_tutorial_that_cannot_help_is_refused(course, fields, problem):
    course.tutorial(code("x = 1"), file="1_part/02_well.py", title="Well")
    course.tutorial(code("x = 1"), file="1_part/03_tiny.py", **fields)
    errors = [lesson.error for lesson in course.lessons() if lesson.error]
    assert [error.message for error in errors] == [problem]


@pytest.mark.parametrize(
    "tags",
    [
        ["claims", "raises-exception"],
        ["claims", "control"],
        ["claims", "check"],
        ["claims", "solution"],
        ["starter", "check"],
        ["starter", "measured"],
        ["check", "raises-exception"],
        ["solution", "wrong"],
        ["control", "wrong"],
        ["control", "measured"],
        ["program", "solution"],
        ["program", "folded"],
    ],
)
def test_tags_that_contradict_one_another_are_refused(course, tags):
    error = fault(course, code("x = 1") + f'\n# %% tags={json.dumps(tags)}\nassert x, "one"\n')
    assert "contradict" in error.message
    assert (error.cell, error.line) == (2, 9)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("from snippets import helper\nhelper.add(1, 2)", "imports snippets"),
        ("import snippets.helper", "imports snippets.helper"),
        ("x += y", "does not say what y is"),
        ("def double():\n    return 2 * y\n\nprint(double())", "does not say what y is"),
        ("print([each * y for each in range(3)])", "does not say what y is"),
    ],
)
def test_a_whole_program_that_needs_something_of_ours_is_refused(course, source, problem):
    error = fault(course, code("x = y = 1") + f'\n# %% tags=["program"]\n{source}\n')
    assert problem in error.message
    assert error.cell == 2


def test_a_whole_program_may_use_what_it_makes_itself_and_what_python_has(course):
    source = """import math

def area(radius):
    return [math.pi * r**2 for r in radius]

class Disc:
    size = 2
    sizes = [size]

if __name__ == "__main__":
    print(*(f"{a:.1f}" for a in area(Disc.sizes)))
"""
    course.tutorial(code("x = 1") + f'\n# %% tags=["program"]\n{source}')
    assert course.parse().cells[1].tags == {"program"}


def test_tags_on_prose_are_refused(course):
    error = fault(course, '# %% [markdown] tags=["claims"]\n# Words.\n\n' + code("x = 1"))
    assert "tags on a markdown cell" in error.message


def test_code_below_a_marker_for_prose_is_refused_and_not_shown_unrun(course):
    error = fault(course, "# %% [markdown]\n# Words.\nassert False\n\n" + code("x = 1"))
    assert "no comment" in error.message
    assert (error.cell, error.line) == (1, 8)


def test_a_marker_inside_a_string_is_what_the_message_points_at(course):
    error = fault(course, code('text = """\nbefore\n# %% claims\nafter\n"""'))
    assert "inside a string" in error.message
    assert error.line == 9


def test_an_empty_cell_of_code_is_refused(course):
    assert "empty code cell" in fault(course, code("x = 1") + "\n# %%\n\n" + code("y = 1")).message


@pytest.mark.parametrize("character", ["\f", "\v", "\x1c", "\x85", "\u2028", "\x00", "\x1b"])
def test_a_character_that_some_programs_end_a_line_at_is_refused(course, character):
    error = fault(course, code(f"x = 1\ny = 2  # {character} end"))
    assert f"U+{ord(character):04X}" in error.message
    assert error.line == 8


DEEP = {
    "sum": "x = " + " + ".join(["1"] * 3000),
    "brackets": "x = " + "[" * 150 + "]" * 150,
    "attributes": "x = a" + ".b" * 500,
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_an_expression_nested_too_deep_is_an_error_of_its_cell(course, source):
    error = fault(course, code(f"y = 0\n{source}"))
    assert error.cell == 1
    assert error.line in (6, 8)


def test_an_inline_expression_nested_too_deep_is_an_error_of_its_line(course):
    error = fault(course, prose("Words.\n\nIt is `{python} " + " + ".join(["1"] * 3000) + "`."))
    assert "too deep" in error.message
    assert (error.cell, error.line) == (1, 9)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("# title: Other", "'title' stands twice"),
        ("# needs: tensors", "header field 'needs'"),
        ("# seed: [1]", "header field 'seed'"),
        ("# seed: true", "header field 'seed'"),
        ("# data: {a: b}", "header field 'data'"),
        ("# teaches: [1]", "header field 'teaches.0'"),
        ("# {a: 1}: b", "not YAML"),
        ("# : [", "not YAML"),
        ("title: Other", "does not begin with"),
        ("# needs: &a [*a]", "header"),
        ('# artifacts: ["a", 2026-01-01]', "header field 'artifacts"),
        ("# needs: " + "[" * 3000, "not YAML"),
    ],
)
def test_a_line_of_the_header_that_does_not_read_is_named(course, line, said):
    error = fault(course, header=HEADER.replace("# ---\n\n", f"{line}\n# ---\n\n"))
    assert said in error.message
    assert 1 <= error.line <= 5


@pytest.mark.parametrize("title", ["Two\nlines", "A \x07 bell"])
def test_a_title_is_one_line_of_text(course, title):
    assert "header field 'title'" in fault(course, title=title).message


def test_a_header_that_is_not_closed_is_said_so(course):
    error = fault(course, header="# ---\n# title: Tiny\n\n")
    assert "not closed" in error.message


def test_what_jupytext_writes_into_a_header_is_left_alone(course):
    jupytext = "# jupyter:\n#   kernelspec:\n#     name: python3\n"
    course.tutorial(header=HEADER.replace("# ---\n\n", f"{jupytext}# ---\n\n"))
    assert course.parse().header.title == "Tiny"


def test_a_byte_order_mark_is_no_part_of_a_tutorial(course):
    path = course.tutorial()
    text = course.parse().text
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert course.parse().text == text
    assert course.lessons()[0].error is None


@pytest.mark.parametrize("needs", [{"01": ["tiny"]}, {"01": ["well"], "02": ["tiny"]}])
def test_needs_that_go_round_in_a_circle_are_refused(course, needs):
    course.tutorial(needs=needs["01"])
    course.tutorial(file="2_more/02_well.py", needs=needs.get("02", []))
    said = [lesson.error for lesson in course.lessons() if lesson.error]
    assert len(said) == len(needs)
    assert "tiny needs" in said[0].message
    assert "circle" in said[0].message


LEFT_OPEN = {
    "details": ("Words.\n\n<details>\n<summary>More</summary>\n\nHidden.", 3, "<details>"),
    "wrong order": ("<b>Words <i>here</b></i>", 1, "</b> without"),
    "closed twice": ("Words.\n</div>", 2, "</div> without"),
    "inline": ("Words <span>here.", 1, "<span>"),
    "in a quote": ("> <div>\n> Words.", 1, "<div>"),
    "unknown": ("The token <pad> fills.", 1, "<pad>"),
    "script": ("<script>alert(1)</script>", 1, "<script>"),
    "self-closed": ("<div/>\n\nWords.", 1, "<div/>"),
    "no tag": ("If a <b then c.", 1, "begins no HTML tag"),
    "fence": ("Words.\n\n```text\nnever closed", 3, "a fence that is not closed"),
    "tilde fence": ("~~~\nnever closed\n```", 1, "a fence that is not closed"),
    "fence in a list": ("- one\n\n    ```text\n    a\n```", 3, "a fence that is not closed"),
    "fence closed by more": ("```\na\n````", 1, "a fence that is not closed"),
    "fence closed twice": ("```\na\n````\nb\n```", 3, "a fence that ends twice"),
    "fence behind a mark": ("- ```\n  a\n  ```", 1, "a fence behind a list's mark"),
    "fence options": ("```python foo bar\nx\n```", 1, "does not begin as one"),
    "comment": ("Words.\n<!-- never closed", 2, "a comment that is not closed"),
    "formula": ("Words.\n\n$$\nx\n\ny", 3, "a displayed formula that is not closed"),
    "formula within a line": (
        "Words.\n\nThe sum $$x$$ is.",
        3,
        "a displayed formula within a paragraph",
    ),
    "formula below a line": ("Words:\n$$x$$\non.", 2, "a displayed formula within a paragraph"),
    "formula above a line": ("$$x$$\non.", 1, "a displayed formula within a paragraph"),
    "formula in brackets": (r"Words \[ x \] on.", 1, "a displayed formula within a paragraph"),
    "rows within a line": (r"Words \begin{cases}x\end{cases} on.", 1, "a displayed formula within"),
    "formula in a table": ("| a |\n|---|\n| $$x$$ |", 3, "a displayed formula within a paragraph"),
    "code": ("Words `never closed.", 1, "a backtick without its partner"),
    "code over paragraphs": ("Words `never\n\nclosed`.", 1, "a backtick without its partner"),
    "note": ("!!! note 'single'\n    Words.", 1, "a note that does not read"),
    "empty note": ("!!! note\nWords.", 1, "a note or tab without text"),
    "note below a line": ("Words.\n!!! note\n    More.", 2, "right below a line"),
    "tab": ("=== pip\n    Words.", 1, "a tab that does not read"),
    "colons": ("::: note\nWords.\n:::", 1, "a ::: block"),
    "alert": ("> [!NOTE]\n> Words.", 1, "another site's form"),
    "indented": ("Words.\n\n    x = 1", 3, "an indented block"),
    "indented below a fence": ("- one\n\n```\nx\n```\n\n    y", 7, "an indented block"),
    "raw inside": ("<details>\n<summary>S</summary>\n\n*Words*\n\n</details>", 1, "shown raw"),
    "image in HTML": ('<img src="a.png" alt="A">', 1, "<img>"),
    "table below a line": ("Words:\n| a | b |\n|---|---|\n| 1 | 2 |", 2, "a table right below"),
    "struck": ("Words ~~struck~~.", 1, "a struck passage"),
    "backslash at the end": ("Words\\\non.", 1, "ends in a backslash"),
    "brace behind attributes": ("One.\n\n*1*{.given title='a'} of {b}.", 3, "a brace behind"),
    "link to a blank": ("Words.\n\nA [link](two words.md).", 3, "a link that does not read"),
    "link with a quoted title": ('A [link](a.md "a "b" c").', 1, "a link that does not read"),
    "link with a title in brackets": ("A [link](a.md (title)).", 1, "a link that does not read"),
    "link to angle brackets": ("A [link](<two words.md>).", 1, "a link that does not read"),
    "link to code": ("A [link](https://a.b/`c`).", 1, "a link that does not read"),
    "link to a formula": ("A [link](https://a.b/$c/$d).", 1, "a link that does not read"),
    "link in a link": ("A [good [link](a.md)](b.md).", 1, "a link that does not read"),
    "link to a script": ("A [link](javascript:a).", 1, "a link that does not read"),
    "link in HTML": ('<a href="other.md">a</a>', 1, "an address in HTML"),
    "link in HTML, bare": ("<a href=other.md>a</a>", 1, "an address in HTML"),
    "link in HTML, with blanks": ("<a class='x' href = 'other.md'>a</a>", 1, "an address in HTML"),
}


@pytest.mark.parametrize(("text", "line", "said"), LEFT_OPEN.values(), ids=LEFT_OPEN)
def test_prose_that_would_not_end_is_refused_with_its_line(course, text, line, said):
    error = fault(course, prose(text))
    assert said in error.message
    assert (error.cell, error.line) == (1, 6 + line)


HEADINGS = {
    "first level": ("Words.\n\n# A title", 3),
    "in a quote": ("> # A title", 1),
    "in a list": ("- # A title", 1),
    "without a blank": ("#tag", 1),
    "underlined": ("A title\n=======", 2),
    "in HTML": ("<h1>A title</h1>", 1),
    "second level without a blank": ("##A part", 1),
    "second level without words": ("##", 1),
    "second level underlined": ("A part\n---", 2),
    "indented": (" ## A part", 1),
    "seventh level": ("####### A part", 1),
}


@pytest.mark.parametrize(("text", "line"), HEADINGS.values(), ids=HEADINGS)
def test_a_heading_that_is_another_here_than_in_jupyter_or_a_second_title_is_refused(
    course, text, line
):
    error = fault(course, prose(text))
    assert "heading" in error.message
    assert error.line == 6 + line


LISTS = {
    "bullets": ("Steps:\n- one\n- two", 2),
    "stars": ("Steps\n* one", 2),
    "numbers": ("Steps\n1. one", 2),
    "numbers after a colon": ("Steps:\n10. ten", 2),
    "in a quote": ("> Steps\n> - one", 2),
    "below a paragraph of an item": ("- one\n\n    Steps\n    - two", 4),
    "in a note": ("!!! note\n    Steps\n    - one", 3),
    "brackets": ("1) one\n2) two", 1),
    "indented by two": ("- one\n  - two", 2),
    "indented by three": ("1. one\n   - two", 2),
}


@pytest.mark.parametrize(("text", "line"), LISTS.values(), ids=LISTS)
def test_a_list_that_only_jupyter_shows_is_refused_with_its_line(course, text, line):
    error = fault(course, prose(text))
    assert "list" in error.message
    assert error.line == 6 + line


@pytest.mark.parametrize(
    "text",
    [
        "- one\n  goes on\n- two\n\n    More.\n\n    - deeper\n\n1. other\n2. list",
        "## Table\n| a | b |\n|---|---|\n| 1 | 2 |\n\n| a |\n|---|\n| 1 |",
        "- one\n- two\n    - deeper\n    - still\n        1. deepest\n- three",
        "1. one\n\n    More of it.\n\n2. two",
        "10. ten\n11. eleven\n\n- a bullet\n- another",
        "## Steps\n- one",
        "!!! note\n    - one\n    - two\n\nOn.",
        "There are more than\n4. So what?",
        "A line that ends - with\nwords - and - dashes -1 or * 2.",
        "> - one\n> - two\n\nOn.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Words.\n\n---\n\nMore.",
        "```text\n# a comment\n- no list\n<div>\n```",
        "````markdown\n```python\nx\n```\n````",
        "- one\n\n    ```python\n    x = 1\n    ```\n\n- two",
        "> ```text\n> a\n> ```",
        "- one\n\n    ```python\n    x = 1\n\n    y = 2\n    ```\n\n    More.\n\n    - deeper\n\n- two",
        "!!! note\n    ```python\n    x = 1\n  \n    y = 2\n    ```\n\n    More.",
        '=== "pip"\n    One.\n\n=== "uv"\n    Two.',
        '??? tip "More"\n    ## Inside\n\n    - one',
        "Use `<pad>` and `a|b`, not &lt;pad>; 1 < 2 and x <- y; <https://a.b/c_d> is there.",
        "Press <kbd>Ctrl</kbd>+<kbd>C</kbd>.<br>H<sub>2</sub>O",
        '<div markdown="1">\n\n*Words*\n\n</div>',
        '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>',
        "Costs $5, and $x$ is \\$5; $$y$$\n\n$$\nz < 1\n$$",
        "A `` ` `` and a \\` here.",
        "<!-- a comment with `one tick and <div> -->\n\nWords.",
        'A figure{ width="7" } and *0.5 mm*{.given title="A, 1970"}.',
        "Words[^1].\n\n[^1]: A note.\n    It goes on.",
        '> !!! note "More"\n>     - one\n>     - two\n>\n> On.',
        '!!! note "Outer"\n    ??? tip "Inner"\n        Deep.\n\nOn.',
        "*1*{.given title='a'} of &#123;b&#125;, *2*{.given title='{c}'}, `x` {e}.",
    ],
)
def test_prose_that_reads_alike_everywhere_is_left_alone(text):
    assert list(problems(text)) == []


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("Words[^a].", "[^a] has no text", 1),
        ("Words.\n\n[^a]: A note.", "nothing refers to the footnote [^a]", 3),
        ("Words[^a].\n\n[^a]: A note.\n\n[^a]: Another.", "[^a] has two texts", 5),
        ("Words [here][a].", "[a] is not defined", 1),
        ("[a][], [a]\n\n[a]: https://a.b\n[A]: https://a.c", "[A] is defined twice", 4),
    ],
)
def test_labels_are_defined_once_and_used(course, text, said, line):
    error = fault(course, prose(text))
    assert said in error.message
    assert (error.cell, error.line) == (1, 6 + line)


def test_words_and_labels_of_references_may_hold_code_and_formulas(course):
    text = (
        "[`Dense`], [`x[0]`][b], [$[0, 1]$][b].\n\n[`Dense`]: https://a.b/d\n[`Dropo`]: https://a.b/o\n"
        "[b]: https://a.b/c 'Much'"
    )
    course.tutorial(prose(text))
    assert course.lessons()[0].error is None
    page = course.page(made_run(course)).markdown
    there = "(https://a.b/c 'Much')"
    assert f"[`Dense`](https://a.b/d), [`x[0]`]{there}, [$[0, 1]$]{there}." in page


def test_a_footnote_may_be_told_in_another_cell(course):
    course.tutorial(prose("Words[^a].") + "\n# %% [markdown]\n# [^a]: A note.\n")
    assert course.lessons()[0].error is None


LINKS = {
    "source": ("99_none.py", "no tutorial is named 99_none.py"),
    "notebook": ("../2_more/99_none.ipynb", "no tutorial is named ../2_more/99_none.ipynb"),
    "page": ("none.md", "the link to none.md leads nowhere"),
    "folder": ("../more/well/", "leads nowhere"),
    "snippet": ("../../snippets/helper.py", "leads nowhere"),
    "root": ("/more/well/", "begins at the root"),
    "reference": ("none.md", "leads nowhere"),
}


@pytest.mark.parametrize(("target", "said"), LINKS.values(), ids=LINKS)
def test_a_link_to_nothing_is_refused_with_its_line(course, request, target, said):
    text = f"Words.\n[here]({target})."
    if "reference" in request.node.name:
        text = f"Words [here][a].\n\n[a]: {target}"
    error = fault(course, prose(text))
    assert said in error.message
    assert (error.cell, error.line) == (1, 6 + text.count("\n") + 1)


@pytest.mark.parametrize(
    "target",
    [
        "#below",
        "01_tiny.py",
        "../2_more/02_well.ipynb#top",
        "../more/well.md",
        "../more/well.md#top",
        "tiny/tiny.ipynb",
        "../more/well/well.py",
        "tiny/figure-01.webp",
        "../about/checks.md",
        "../index.md",
        "https://a.b/c.py",
        "mailto:a@b.c",
    ],
)
def test_a_link_that_leads_somewhere_is_left_alone(course, target):
    (course.root / "docs").mkdir()
    (course.root / "docs" / "index.md").write_text("# Home\n")
    course.tutorial(prose(f"[here]({target})"))
    course.tutorial(file="2_more/02_well.py")
    assert [lesson.error for lesson in course.lessons()] == [None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("![A line.](none.png)", "there is no image none.png"),
        ("![A line.](../assets/none.png)", "there is no image ../assets/none.png"),
        ("![](line.png)", "has no text"),
        ("![A line.](https://a.b/c.png)", "is not of this site"),
        ("![A line.](data:image/png;base64,AAAA)", "is not of this site"),
        ("![A line.][a]\n\n[a]: none.png", "there is no image none.png"),
        ("[![A line.](none.png)](01_tiny.py)", "there is no image none.png"),
    ],
)
def test_an_image_that_is_not_there_or_has_no_text_is_refused(course, text, said):
    course.tutorial()
    (course.root / "tutorials_src/1_part/line.png").write_bytes(b"PNG")
    error = fault(course, prose(f"Words.\n\n{text}"))
    assert said in error.message
    assert (error.cell, error.line) == (1, 9)


@pytest.mark.parametrize("where", ["read_source", "check_numbers", "make_key", "check_links"])
@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), RecursionError("deep"), MemoryError(), KeyError("gone")]
)
def test_whatever_goes_wrong_while_a_tutorial_is_read_stays_with_it(
    course, monkeypatch, where, error
):
    module = tutorial_engine.course
    real = getattr(module, where)

    def fails_for_one(*arguments):
        if any("01_tiny" in str(getattr(each, "file", each)) for each in arguments):
            raise error
        return real(*arguments)

    monkeypatch.setattr(module, where, fails_for_one)
    assert type(error).__name__ in fault(course).message


def test_a_glossary_that_does_not_read_is_the_fault_of_those_that_teach(course):
    course.glossary("sums").write_bytes(b"\xff\xfe")
    assert "docs/glossary.md" in fault(course, teaches=["sums"]).message


def shown(course: Course, name: str) -> str:
    page = (course.root / "site" / "part" / name / "index.html").read_text()
    return BeautifulSoup(page, "lxml").select_one("article").get_text(" ")


@pytest.fixture
def site_course(course) -> Course:
    course.site()
    return course


def test_what_goes_wrong_while_a_page_is_made_or_rendered_stays_with_its_tutorial(
    site_course, monkeypatch, caplog
):
    course = site_course
    stored(course, "making", "finishing", "recording", "well")

    def failing(module: ModuleType, name: str, mark: str, error: Exception) -> None:
        real = getattr(module, name)

        def fails_for_one(*arguments, **options):
            if mark in repr(arguments):
                raise error
            return real(*arguments, **options)

        monkeypatch.setattr(module, name, fails_for_one)

    failing(tutorial_engine.course_pages, "make_page", "1_part/01_making", KeyError("odd"))
    failing(tutorial_engine.site_pages, "finished", "Words of finishing", RecursionError("deep"))
    failing(tutorial_engine.site_pages, "render_record", "Words of recording", ValueError("half"))
    assert build_site(course)
    said = caplog.text
    assert "3 of 4 tutorials failed" in said
    for number, name in enumerate(("making", "finishing", "recording"), start=1):
        assert f"tutorials_src/1_part/{number:02d}_{name}.py" in said
    assert "Words of well." in shown(course, "well")
    for name in ("making", "finishing", "recording/run"):
        assert "This tutorial does not build." in shown(course, name)


def test_a_damaged_rendered_record_is_rendered_again(site_course):
    course = site_course
    stored(course, "one", "two")
    assert build_site(course) == ""
    before = (course.root / "site/part/one/run/index.html").read_bytes()
    for entry in (course.root / ".cache/tutorials/derived").rglob("*.json"):
        entry.write_text(entry.read_text()[:-9])
    assert build_site(course) == ""
    assert (course.root / "site/part/one/run/index.html").read_bytes() == before


def test_clean_forgets_what_was_rendered_too(site_course, monkeypatch):
    course = site_course
    cache = course.root / ".cache/tutorials"
    for name in ("runs", "derived", "templates"):
        (cache / name).mkdir(parents=True)
    monkeypatch.chdir(course.root)
    assert main(["clean"]) == 0
    assert list(cache.iterdir()) == []


def test_a_disk_that_fills_while_the_site_is_written_is_said_with_the_file(
    site_course, monkeypatch
):
    course = site_course
    stored(course, "one")
    real = utils.write_file

    def full(content: bytes, path: str) -> None:
        if Path(path).match("part/one/index.html"):
            raise OSError(28, "No space left on device")
        real(content, path)

    monkeypatch.setattr(utils, "write_file", full)
    said = build_site(course)
    assert "part/one/index.html cannot be read or written: No space left on device" in said
    assert "What to do: make room on the disk" in said


def test_a_stored_run_that_cannot_be_read_at_all_is_its_tutorials_error(course, monkeypatch):
    stored(course, "one", "two")
    real = tutorial_engine.store.Store.load

    def fails_for_one(store, name, *rest):
        if name == "one":
            raise RuntimeError("odd")
        return real(store, name, *rest)

    monkeypatch.setattr(tutorial_engine.store.Store, "load", fails_for_one)
    one, two = bring_up_to_date(course.lessons(), course.settings(), course.store)
    assert "RuntimeError: odd" in one.error.message
    assert two.run


TITLE = 'Why <pad>, __init__ & "a|b" cost `2*3`'


def test_a_title_arrives_as_written_wherever_the_site_shows_it(site_course):
    course = site_course
    course.glossary("sums")
    tiny = "1_part/01_tiny.py"
    course.tutorial(code("x = 1"), file=tiny, title=TITLE, summary=TITLE, teaches=["sums"])
    course.tutorial(code("x = 1"), file="1_part/02_next.py", needs=["tiny"])
    for file in (tiny, "1_part/02_next.py"):
        course.store.save(made_run(course, file))
    assert build_site(course) == ""

    def page(address: str) -> BeautifulSoup:
        return BeautifulSoup((course.root / "site" / address / "index.html").read_text(), "lxml")

    own, following, record, words = map(
        page, ("part/tiny", "part/next", "part/tiny/run", "glossary")
    )
    own.select_one("h1 .headerlink").decompose()
    assert own.h1.get_text() == TITLE
    assert own.title.get_text().startswith(TITLE)
    assert own.select_one("meta[name=description]")["content"] == TITLE
    assert own.select_one(".lead").get_text() == TITLE
    link = following.select_one(".facts a")
    assert (link.get_text(), link["href"]) == (TITLE, "../tiny/")
    previous = following.select_one(".md-footer__link--prev")
    assert previous["aria-label"] == f"Previous: 1. {TITLE}"
    assert TITLE in previous.get_text()
    navigation = following.select_one(".md-nav--primary")
    entries = [" ".join(each.get_text().split()) for each in navigation.select("a")]
    assert f"1. {TITLE}" in entries
    assert TITLE in words.select_one(".first-use").get_text()
    assert record.title.get_text().startswith(f"Run record: {TITLE}")
    for each in (own, following, record, words):
        assert not each.select("pad")
    entries = json.loads((course.root / "site/search/search_index.json").read_text())["docs"]
    titles = [each["title"] for each in entries if each["location"] == "part/tiny/"]
    assert [BeautifulSoup(title, "html.parser").get_text() for title in titles] == [TITLE]


def test_a_page_that_cannot_be_made_is_exported_as_its_error(course, monkeypatch):
    stored(course, "one", "two")
    real = tutorial_engine.__main__.make_page

    def fails_for_one(tutorial, *rest, **options):
        if tutorial.name == "one":
            raise RuntimeError("odd")
        return real(tutorial, *rest, **options)

    monkeypatch.setattr(tutorial_engine.__main__, "make_page", fails_for_one)
    assert main(["export", str(course.root / "pages")], root=course.root) == 1
    assert "RuntimeError: odd" in (course.root / "pages/part/one.md").read_text()
    assert "Words of two." in (course.root / "pages/part/two.md").read_text()
