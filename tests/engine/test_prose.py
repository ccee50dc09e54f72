"""Numbers in prose come from the run; those that were typed by hand are found and named."""

from __future__ import annotations

from functools import cache

import pytest
import yaml
from bs4 import BeautifulSoup
from markdown import Markdown
from markdown_it import MarkdownIt
from mistune import create_markdown

from tutorial_engine.errors import SourceError
from tutorial_engine.notebooks import lower
from tutorial_engine.passages import escape, expressions
from tutorial_engine.prose import _find, check_numbers, fill, typed_numbers

from .tiny import REPOSITORY, TINY, code, made_run

CODE = code("x = 0.25\nrates = (0.05, 1e-3)\nwidth = 128\nshare = 12")


def typed(course, text: str) -> list[str]:
    """Return the numbers that the rule finds in a paragraph."""
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    course.tutorial(f"{CODE}\n# %% [markdown]\n{lines}\n")
    return [number for _, _, number in typed_numbers(course.parse())]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("It is right on 88% of them.", "88%"),
        ("It is right on 88 % of them.", "88%"),
        ("It is right on 88 percent of them.", "88%"),
        ("It is right on 80-90% of them.", "90%"),
        ("It is right on 80–90% of them.", "90%"),
        ("The mean is 3.7 now.", "3.7"),
        ("The mean is −3.7 now.", "−3.7"),
        ("A step of 1.5e-7 is small.", "1.5e-7"),
        ("The mean (3.7) is high.", "3.7"),
        ("It ends in 3.7.", "3.7"),
        ("Between 3.7, the least, and more.", "3.7"),
        ("It takes 12 s.", "12"),
        ("It takes 14 s.", "14"),
        ("It takes 14s.", "14"),
        ("It takes 14 seconds.", "14"),
        ("It takes 14 minutes.", "14"),
        ("It takes 14 CPU seconds.", "14"),
        ("It holds 1,024 MB.", "1,024"),
        ("It holds 7 GiB.", "7"),
        ("It reaches 88 accuracy.", "88"),
        ("An accuracy of 88 is good.", "88"),
        ("Accuracy: 88.", "88"),
        ("The loss is 2 at first.", "2"),
        ("Its F1 is 1 here.", "1"),
        ("An AUC of 1 would be perfect.", "1"),
        ("It is 3 times faster.", "3"),
        ("It is 3x faster.", "3"),
        ("It is 3× slower.", "3"),
        ("It is **3** times slower.", "3"),
    ],
)
def test_a_number_that_the_run_decides_is_found(course, text, number):
    expected = [] if number == "12" else [number]  # 12 stands in the code
    assert typed(course, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We train for 10 epochs.",
        "There are 60,000 images of 28 by 28 pixels in 10 classes.",
        "## Part 3",
        "## 3. Stack",
        "A rate of 0.25 is as good as 0.05 or 0.001.",
        "That is 25% of them, or 5 %.",
        'The range of *0.5 mm*{.given title="Abramson, 1970"} is known.',
        'It took **20%**{.given title="the paper"} then.',
        "It took `{python} x` s, `{python measured} x * 100`% of them.",
        "```text\n3.7 seconds, 88%\n```",
        "Read [version 2](https://example.org/2.0/5s).",
        "CIFAR-10 accuracy and MNIST-1D loss are other things.",
        "In the 1990s networks were small.",
        "It is the 1st, 2nd or 3rd of them.",
        'A figure{ width="7.2" } of the 4 layers.',
        "Its loss after epoch one.",
        "Python 3.7 is too old, and so is TensorFlow >= 2.8.",
        "It needs TensorFlow ≥ 2.8 and `Keras` 3.10, or Keras 3.10.0.",
        "It runs under Python 3.11 to 3.14, with **scikit-learn** 1.5 and version 2.1 of the file.",
        "See doi:10.1000/182, 10.48550/arXiv.1706.03762 and arXiv 1706.03762.",
        "On 2015-06-01, on 1 June 2015, on June 1, 2015, the loss was another.",
        "In June 2015 accuracy was another.",
        'The range of <span class="given" title="Abramson, 1970">0.5 mm</span> is known.',
        "It took <em title='the paper' class='small given'>20%</em> then.",
    ],
)
def test_a_number_that_may_be_typed_is_left_alone(course, text):
    assert typed(course, text) == []


def test_a_number_of_a_formatted_string_stands_in_the_code(course):
    course.tutorial(code('f"{x * 3.7:.1f}"') + "\n# %% [markdown]\n# It is 3.7 times as long.\n")
    assert list(typed_numbers(course.parse())) == []


def test_a_typed_number_is_named_with_file_cell_line_and_remedy(course):
    course.tutorial(f"{CODE}\n# %% [markdown]\n# ```\n# 1.5\n# ```\n#\n# So it is 3.7 now.\n")
    (error,) = check_numbers(course.parse())
    assert error.file == "tutorials_src/1_part/01_tiny.py"
    assert "3.7" in error.message
    assert (error.cell, error.line) == (2, 17)
    assert "`{python} EXPRESSION`" in error.remedy
    assert '{.given title="its source"}' in error.remedy


@pytest.mark.parametrize("text", ["*3.7 mm*{.given}", '<span class="given">3.7 mm</span>'])
def test_a_given_number_needs_its_source(course, text):
    assert typed(course, f"It is {text} wide.") == ["3.7"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Keras reaches 88.5%.", "88.5%"),
        ("Keras took 3.1 s.", "3.1"),
        ("Under Keras 3.1 it is 7.5 on average.", "7.5"),
        ("With TensorFlow 2.8, 3.7 is the mean.", "3.7"),
        ("The version took 2.5 s.", "2.5"),
        ("On 1 June 2015 it was 3.7.", "3.7"),
        ("The paper 10.1000/182 says 3.7.", "3.7"),
    ],
)
def test_a_number_beside_a_version_a_date_or_a_doi_is_found_all_the_same(course, text, number):
    assert typed(course, text) == [number]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("With Python 3.7 and 0.95 accuracy it is good.", ["0.95"]),
        ("It is right in Python 3.11 or 0.93 of all.", ["0.93"]),
        ("It has Keras 0.93 accuracy.", ["0.93"]),
        ("Best is Keras (0.93), then JAX (0.91).", ["0.93", "0.91"]),
        ("It trained with JAX 3.5 times faster.", ["3.5"]),
        ("It trained with JAX **3.5** times faster.", ["3.5"]),
        ("It trained with JAX 3.5 × faster.", ["3.5"]),
        ("With JAX 3.5-fold speed.", ["3.5"]),
        ("It gains in Keras 2.5 percentage points.", ["2.5%"]),
        ("It had in pandas 0.7 loss.", ["0.7"]),
        ("It took on Linux 0.93/0.95 s.", ["0.93"]),
        ("It took with JAX 0.4/0.5 s.", ["0.4"]),
        ("It took with Keras 3.1 to 3.5 s.", ["3.1", "3.5"]),
        ("It took with Keras 3.1 and 3.5 s.", ["3.5"]),
        ("It reaches with Keras 92.5 of a hundred.", ["92.5"]),
        ("It reaches with Keras 3.142 at last.", ["3.142"]),
        ("It ends with JAX 0.07 above it.", ["0.07"]),
        ("It has with Keras 88 accuracy.", ["88"]),
        ("The release 2.5 times slower is old.", ["2.5"]),
        ("It ends at loss 0.7 with Keras 3.15 under Python 3.11.", ["0.7"]),
    ],
)
def test_a_result_behind_the_name_of_a_library_is_no_version_of_it(course, text, numbers):
    assert typed(course, text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "It ran under TensorFlow 2.21 and Keras 3.15.",
        "It needs Python 3.11 to 3.13, or Python 3.11–3.13.",
        "It ran under Keras 3.15.1 (TensorFlow 2.21.0).",
        "It needs NumPy 2.0 or later.",
        "It was so before Keras 3.14.",
        "It needs TensorFlow 2.8 or 2.9 and JAX 0.4 to 0.10.",
        "Since JAX 0.4.36, pandas 0.25, scikit-learn 0.24.2 and SciPy 0.19rc1.",
        "Keras (3.15), **Keras** `3.15`, Keras==3.15 and Keras >= 3.15.",
        "On Ubuntu 24.04, macOS 10.15, Linux 6.12, CUDA 12.4 and Dask 2026.1 it runs.",
        "TensorFlow 2.21 is much faster than TensorFlow 2.8.",
        "The Keras 3.15 loss functions are classes.",
        "Python 3.11 times out.",
        "TensorFlow 2.21.0rc1 is a candidate.",
        "The version 0.12 of the file is old.",
    ],
)
def test_a_version_is_left_alone_in_whatever_honest_sentence(course, text):
    assert typed(course, text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Its loss fell to 0.25. 1024 examples are few.", []),  # 0.25 stands in the code
        ("Its loss fell to 0.35. 1024 examples are few.", ["0.35"]),
        ("Its loss fell to 1.5. 2020 examples are few.", ["1.5"]),
        ("It has an accuracy of 0.93. 2020 was a good year.", ["0.93"]),
        ("It was 92.5 May 2021.", ["92.5"]),
        ("It was 0.35 in May 2021.", ["0.35"]),
    ],
)
def test_a_number_at_the_end_of_a_sentence_is_no_date_with_what_follows(course, text, numbers):
    assert typed(course, text) == numbers


@pytest.mark.parametrize(
    "date", ["1.6.2015", "31.12.1999", "1. 6. 2015", "2015-12-31", "31 May 2021", "May 1st, 2021"]
)
def test_a_date_is_no_typed_number(course, date):
    assert typed(course, f"On {date} the loss was another.") == []


@pytest.mark.parametrize(
    "text",
    ["1" * 20_000, "1" * 20_000 + "(", "Keras" + " " * 5_000 + "x"],
)
def test_a_long_row_of_digits_is_read_to_its_end(text):
    """Read again from each digit on, it would take longer than any test may."""
    assert list(_find(text, set())) == []


def test_all_typed_numbers_are_named_at_once_in_the_order_of_the_file(course):
    course.tutorial(CODE + "\n# %% [markdown]\n# It is 3.7.\n\n# %% [markdown]\n# Then 88%.\n")
    (lesson,) = course.lessons()
    faults = [(fault.cell, fault.line, fault.message) for fault in lesson.error.faults]
    assert faults == [
        (2, 13, "the number 3.7 is typed by hand"),
        (3, 16, "the number 88% is typed by hand"),
    ]


def test_a_number_typed_into_the_summary_is_found(course):
    course.tutorial(CODE, summary="Right on 88% of all images.")
    (error,) = check_numbers(course.parse())
    assert "88%" in error.message
    assert error.line == 1


def test_a_number_in_a_lesson_breaks_that_lesson_alone(course):
    course.tutorial()
    course.tutorial(TINY.replace("Two numbers", "3.7 numbers"), file="1_part/02_other.py")
    good, bad = course.lessons()
    assert good.error is None
    assert "3.7" in bad.error.message


def filled(course, run) -> str:
    return "\n\n".join(fill(course.parse(), run, course.settings()).values())


def test_values_take_the_place_of_their_expressions(course):
    course.tutorial()
    assert "Together they make value of total." in filled(course, made_run(course))


def test_a_value_that_hangs_on_the_clock_is_marked(course):
    course.tutorial(TINY.replace("{python} total", "{python measured} total"))
    marked = '<span class="measured" data-search-exclude>value of total</span>'
    assert marked in filled(course, made_run(course))


def test_without_a_run_each_value_is_an_ellipsis(course):
    course.tutorial()
    text = filled(course, None)
    assert "{python}" not in text
    assert 'class="pending"' in text


def test_prose_written_today_is_merged_with_the_run_of_yesterday(course):
    course.tutorial(
        code("x = 1")
        + "\n# %% [markdown]\n# First `{python} x`, then `{python} x + 1`.\n\n"
        + code("x = 10")
        + "\n# %% [markdown]\n# Now `{python} x`.\n"
    )
    key = course.key()
    run = made_run(course, values=[[1, "x", "one"], [1, "x + 1", "two"], [2, "x", "ten"]])
    course.tutorial(
        code("x = 1  # as before")
        + "\n# %% [markdown]\n# New words, `{python} x`.\n\n# %% [markdown]\n"
        + "# | a | b |\n# |---|---|\n# | `{python} x + 1` | more |\n\n"
        + code("\nx = 10")
        + "\n# %% [markdown]\n# `{python} x` it is.\n"
    )
    assert course.key().parts["inline expressions"] == key.parts["inline expressions"]
    text = filled(course, run)
    assert "New words, one." in text
    assert "| two | more |" in text
    assert "ten it is." in text


@cache
def renderers() -> dict:
    """Return what shows Markdown: the site, with its own extensions, and two of Jupyter's kind."""
    text = (REPOSITORY / "mkdocs.yml").read_text()
    listed = yaml.safe_load(text[text.index("markdown_extensions:") :].partition("validation:")[0])
    options = {}
    for each in listed["markdown_extensions"]:
        options |= each if isinstance(each, dict) else {each: {}}
    site = Markdown(extensions=list(options), extension_configs=options)
    mistune = create_markdown(escape=False, plugins=["strikethrough", "table", "math"])
    return {
        "site": lambda text: site.reset().convert(text),
        "mistune": mistune,
        "markdown-it": MarkdownIt("commonmark").enable(["table", "strikethrough"]).render,
    }


def seen(html: str) -> tuple[list[str], str]:
    """Return the elements and the text that a reader meets."""
    soup = BeautifulSoup(html, "html.parser")
    elements = [
        each.name for each in soup.find_all() if each.name != "br" and each.attrs.keys() != set()
    ]
    elements += [each.name for each in soup.find_all() if each.name not in ("br", "span")]
    for each in soup.find_all("br"):
        each.replace_with("\n")
    return elements, soup.get_text().replace("\xa0", " ")


VALUES = [
    "__init__",
    "2*3*4",
    "**bold**",
    "a|b",
    "| a | b |",
    "<pad>",
    "</div>",
    "<!-- x",
    "$x$",
    "$$x$$",
    r"\(x\)",
    r"\begin{a}x\end{a}",
    "a\\b",
    "`x`",
    "```",
    "[a](b)",
    "[^1]",
    "[x]: y",
    "(1, 2)",
    ": x",
    "!",
    "!x",
    "~~x~~",
    "&amp;",
    "&",
    "{.lead}",
    "{: #x }",
    "- a",
    "+ a",
    "* a",
    "1. b",
    "12.",
    "7",
    "# h",
    "> q",
    "---",
    "===",
    "!!! note",
    "*[X]: y",
    "two\nlines",
    "x\n- y\n\n# z",
    "a  b",
    "    code",
    "'q' and \"q\"",
    "1.5%",
    "−0.3",
    "3×3",
    "1,024",
]
PLACES = [
    "The value is @ here, @.",
    "@ begins",
    "@",
    "@. Then more",
    "Words\n@\nmore",
    "| a | b |\n|---|---|\n| @ | y |\n| z | @ |",
    "> @",
    "- @ item\n- two @",
    "10. @",
    "- a\n\n    @",
    "**@** and *@* [@](#x)",
    "*a*@*b*",
    "`x`@`y`",
    "[a]@ x",
    "@[a](#b)",
    "!@[a](#b)",
    "3@ x",
    "$a$ @ $b$",
    "<div>@</div>",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_value_is_text_wherever_it_stands_on_the_site_and_in_jupyter(place):
    wrong = []
    for name, render in renderers().items():
        elements, text = seen(render(place.replace("@", "QQ")))
        for value in VALUES:
            before, *rest = place.split("@")
            written = before
            for position, each in enumerate(rest):
                written += escape(value, written, "@".join(rest[position:])) + each
            if seen(render(written)) != (elements, text.replace("QQ", value)):
                wrong.append((name, value, written, render(written)))
    assert wrong == []


@pytest.mark.parametrize("value", ["\x02amp\x03", "a\x00b", "\x1b[31mred", "\ud800", "\ue000"])
def test_what_is_no_text_in_a_value_does_not_reach_the_page(value):
    shown = escape(value)
    assert not any(ord(each) < 32 or "\ud800" <= each <= "\ue002" for each in shown)


@pytest.mark.parametrize("name", ["site", "mistune", "markdown-it"])
@pytest.mark.parametrize("place", ["**@** words", "@- words", "@", "*a*@*b*", "image@ and"])
def test_what_stands_around_an_empty_value_does_not_meet(place, name):
    elements, text = seen(renderers()[name](place.replace("@", "QQ")))
    before, after = place.split("@")
    shown = seen(renderers()[name](before + escape("", before, after) + after))
    assert (set(shown[0]) - {"p"}, shown[1].strip()) == (
        set(elements) - {"p"},
        text.replace("QQ", "").strip(),
    )


@pytest.mark.parametrize("value", ["1.5%", "−0.3", "3×3", "1,024", "Shirt for T-shirt/top", "(a)"])
def test_plain_values_stay_readable_in_the_notebooks_source(value):
    assert escape(value, "It is ") in (value, f"&#40;{value[1:]}")


def test_values_reach_page_and_notebook_as_computed(course):
    course.tutorial(
        code('x = ["__init__", "2*3*4", "a|b", "<pad>"]')
        + "\n# %% [markdown]\n# It is `{python} x[0]`, `{python measured} x[1]`, `{python} x[3]`.\n#\n"
        "# | a | b |\n# |---|---|\n# | `{python} x[2]` | 2 |\n"
    )
    run = course.run()
    page = course.page(run).markdown
    (text,) = fill(course.parse(), run, course.settings()).values()
    assert text in page
    for render, shown in (("site", text), ("mistune", lower(text, link=lambda target: None))):
        soup = BeautifulSoup(renderers()[render](shown), "html.parser")
        assert soup.p.get_text() == "It is __init__, 2*3*4, <pad>."
        assert [cell.get_text() for cell in soup.select("td")] == ["a|b", "2"]
        assert not soup.select("em, strong, pad")


def test_a_value_that_is_markdown_on_purpose_says_so(course):
    course.tutorial(
        code('x = "*so*"')
        + "\n# %% [markdown]\n# It is `{python markdown} x`, `{python markdown measured} x + '!'`, "
        "`{python measured markdown} x`.\n"
    )
    marked = '<span class="measured" data-search-exclude>{}</span>'
    text = filled(course, course.run())
    assert text == f"It is *so*, {marked.format('*so*!')}, {marked.format('*so*')}."


def test_the_same_expression_twice_in_one_place_is_evaluated_twice(course):
    course.tutorial(
        code("numbers = iter(range(9))")
        + "\n# %% [markdown]\n# `{python} next(numbers)`, `{python} next(numbers)`\n"
        + "\n# %% [markdown]\n# and `{python} next(numbers)`.\n"
    )
    assert filled(course, course.run()).split() == ["0,", "1", "and", "2."]


@pytest.mark.parametrize(
    "text",
    [
        "```markdown\nIt is `{python} x`.\n```",
        "````\n```\n`{python} x`\n```\n````",
        "~~~text\n`{python} x +`\n~~~",
        "- one\n\n    ```text\n    `{python} x`\n    ```",
        "> ```text\n> `{python} x`\n> ```",
        '!!! note "Mind"\n    ```text\n    `{python} x`\n    ```',
        "You write `` `{python} x` `` so.",
        "You write ``` `{python} x` ``` so.",
        "<!-- `{python} x` -->",
    ],
)
def test_an_expression_that_is_only_shown_stays_as_written(course, text):
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    course.tutorial(code("x = 1") + f"\n# %% [markdown]\n{lines}\n")
    assert course.parse().cells[1].expressions == ()
    assert filled(course, made_run(course)) == text
    assert "`{python} x" in lower(text, link=lambda target: None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The formula $x = `{python} x`$.", "inside a formula"),
        ("$$\nx = `{python} x`\n$$", "inside a formula"),
        ("[here](#`{python} x`)", "in a link's address"),
        ("![A `{python} x` line.](a.png)", "in an image's text"),
        ('<span title="`{python} x`">a</span>', "in an HTML tag"),
        ('*a*{.given title="`{python} x`"}', "in an attribute list"),
        ('!!! note "The `{python} x`"\n    Words.', "in a title"),
        ("`{python quick} x`", "does not read as one"),
        ("`{python measured measured} x`", "does not read as one"),
        ("`{python}x`", "does not read as one"),
        ("`{python} `", "does not read as one"),
    ],
)
def test_an_expression_where_no_value_can_stand_is_refused(course, text, said):
    lines = "\n".join(f"# {line}".rstrip() for line in f"Words.\n\n{text}".split("\n"))
    course.tutorial(code("x = 1") + f"\n# %% [markdown]\n{lines}\n")
    with pytest.raises(SourceError, match=said) as caught:
        course.parse()
    assert caught.value.cell == 2
    assert caught.value.line >= 12


def test_expressions_are_found_by_one_reading_of_the_prose():
    text = '`` ` `` and `{python} a`, \\`{python} b`, `{python measured} c["`"[:0]]'
    assert [each.code for each in expressions(text)] == ["a"]


LISTS = "Steps:\n\n- one\n- two\n\n10. ten\n11. eleven\n\n- a bullet\n- another\n"


@pytest.mark.parametrize("name", ["site", "mistune", "markdown-it"])
def test_lists_are_the_same_on_the_site_and_in_jupyter(name):
    soup = BeautifulSoup(renderers()[name](LISTS), "html.parser")
    lists = [
        (each.name, each.get("start"), len(each.select("li"))) for each in soup.select("ol, ul")
    ]
    assert lists == [("ul", None, 2), ("ol", "10", 2), ("ul", None, 2)]
