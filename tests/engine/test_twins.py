"""A page's twin is plain Markdown that says what the page says, and two files list the twins."""

from __future__ import annotations

import re

import pytest

from tutorial_engine.twins import Twin, first_sentence, index, plain

from .tiny import TINY, build_site, made_run, picture
from .twin_rules import letters, numbers, words_of_page, words_of_twin


def twin(markdown: str, site: str = "") -> str:
    return plain(markdown, address=lambda target: f"{site}{target}").rstrip("\n")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("One.\n{ .lead }\n\nTwo.", "One.\n\nTwo."),
        ("## Sums { #sums }", "## Sums"),
        ('Three.\n{ data-search-exclude="" }', "Three."),
        ('<div class="facts" markdown="1">\n\n- one\n\n</div>\n\nEnd.', "- one\n\nEnd."),
        ('!!! note "Mind"\n    One.\n\n    Two.', "> **Mind**\n>\n> One.\n>\n> Two."),
        (
            '!!! note "Mind"\n    See:\n\n    ```python title="Here"\n    if x:\n\n        y\n    ```\n\n    End.',
            "> **Mind**\n>\n> See:\n>\n> **Here**\n>\n> ```python\n> if x:\n>\n>     y\n> ```\n>\n> End.",
        ),
        (
            '<details class="tip" markdown="1" open>\n<summary markdown="span">A `b`</summary>\n\nOne.\n\n</details>',
            "<details>\n<summary>A <code>b</code></summary>\n\nOne.\n\n</details>",
        ),
        (
            "```{ .text .output .no-copy }\n{ .kept }\n\n\n!!! note\n```",
            "```text\n{ .kept }\n\n\n!!! note\n```",
        ),
        ("````{ .text .output }\n```\n````", "````text\n```\n````"),
        ('```python title="Your turn"\nx = 1\n```', "**Your turn**\n\n```python\nx = 1\n```"),
        ('<span class="measured" data-search-exclude>12 s</span> each', "12 s each"),
        ("&#95;&#95;init&#95;&#95; and <span>&#36;</span>5", r"\_\_init\_\_ and \$5"),
        (
            '![g &amp; h](i.png "&quot;j&quot;") [a](https://b.c "d &quot;e&quot;") &quot;f&quot;',
            '![g \\& h](i.png) [a](https://b.c "d &quot;e&quot;") "f"',
        ),
        ("| a |\n|---|\n| `b | c` |", "| a |\n|---|\n| `b \\| c` |"),
        ("&#52;2. That many", r"42\. That many"),
        ("&#52;2 of them", "42 of them"),
        (r"It is $\frac{1}{2}$, `{ .kept }`.", r"It is $\frac{1}{2}$, `{ .kept }`."),
        ("One.\n\n<!-- contents -->\n\nTwo.", "One.\n\nTwo."),
        ('![A &#91;b&#93;.](a.png){ .figure width="2" data-dark="b.png" }', r"![A \[b\].](a.png)"),
        ("A note[^a].\n\n[^a]: Said below.", "A note<sup>1</sup>.\n\n<sup>1</sup> Said below."),
        ("A note[^a]: on.\n\n[^a]: Said.", "A note<sup>1</sup>: on.\n\n<sup>1</sup> Said."),
        (
            '<ul class="claims">\n<li>It holds. <code>a[&quot;b&quot;] &lt; 1</code> <small>Fails.</small></li>\n'
            "<li>So it is.</li>\n</ul>",
            '- It holds. `a["b"] < 1` Fails.\n- So it is.',
        ),
        (
            '<div class="output rich" tabindex="0"><table>&#10;<tr><th>a</th><th align="right">b</th></tr>&#10;'
            "<tr><td><code>x|y</code></td><td>*1*</td></tr>&#10;</table></div>",
            "| a | b |\n|---|---:|\n| `x\\|y` | \\*1\\* |",
        ),
        (
            '<div class="output rich"><p>One <b>two</b>.</p><pre>a\n  b</pre></div>',
            "One **two**.\n\n```text\na\n  b\n```",
        ),
        ("<pre>a\n\n  b</pre>\n\nEnd.", "```text\na\n\n  b\n```\n\nEnd."),
        (
            "<table>\n<tr><th>a</th><th>b</th></tr>\n\n<tr><td>c</td><td>d</td></tr>\n</table>\n\nEnd.",
            "| a | b |\n|---|---|\n| c | d |\n\nEnd.",
        ),
        (
            '<div class="a"><div>\n<p>One.</p>\n</div>\n\n<p>Two.</p></div>\n\nEnd.',
            "One.\n\nTwo.\n\nEnd.",
        ),
        ("<p>One\n\nTwo.", "One\n\nTwo."),
        ('<form>\n<input name="a">\n</form>\n\nOn.', "On."),
        ('<input name="a">\n\nOn.', "On."),
        ('<form class="paste">\n<label>Paste</label>\n</form>\n\nOn.', "On."),
        ('<button type="button" hidden>Load</button>\n\nOn.', "On."),
    ],
)
def test_what_the_theme_alone_understands_is_said_in_plain_markdown(markdown, expected):
    assert twin(markdown) == expected


def test_links_lead_where_they_are_told_to():
    said = twin("[a](b.md#c), [d](https://e.f), ![g](h.png)", "https://x.y/")
    assert said == "[a](https://x.y/b.md#c), [d](https://e.f), ![g](https://x.y/h.png)"


def test_a_twin_says_below_its_title_where_its_page_is():
    said = plain("# One\n\nTwo.", address=str, page="https://x.y/one/")
    assert said == "# One\n\nThe page with its figures: <https://x.y/one/>\n\nTwo.\n"


FROM = "The page with its figures: <https://x.y/one/>\n\n"


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("One.\n\nTwo.", f"{FROM}One.\n\nTwo.\n"),
        (
            "One.\n\n```python\n# a comment\nx = 1\n```",
            f"{FROM}One.\n\n```python\n# a comment\nx = 1\n```\n",
        ),
        (
            "```python\n# a comment\n```\n\n# On `x`\nTwo.",
            f"```python\n# a comment\n```\n\n# On `x`\n\n{FROM}Two.\n",
        ),
    ],
)
def test_where_a_page_is_stands_in_a_paragraph_of_its_own_and_in_no_code(markdown, expected):
    assert plain(markdown, address=str, page="https://x.y/one/") == expected


def test_a_figure_that_moves_is_said_to_be_on_the_page():
    said = twin('<div class="interactive" role="group"><script>{"a": 1}</script><p>No.</p></div>')
    assert (
        said == "*On the page of this tutorial, a figure that moves under your hand stands here.*"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# A\n\nThe page with its figures: <https://x.y>\n\nOne [link](a). Two.", "One link."),
        ("# A\n\n- one\n\nIs version 3.11\nnew? Yes.", "Is version 3.11 new?"),
        ("# A\n\n![b](c)", ""),
    ],
)
def test_a_pages_first_sentence_stands_for_a_summary(text, sentence):
    assert first_sentence(text) == sentence


def test_the_list_of_the_pages_has_the_form_of_the_convention():
    one, two = (
        Twin(name, f"On {name}.", "", f"{name}/index.html.md", "") for name in ("one", "two")
    )
    said = index("Site", "A site.", [("Part", [one]), ("Empty", [])], [two])
    assert re.fullmatch(
        r"# Site\n\n> A site\.\n\n[^#]+\n\n## Part\n\n- \[one\]\(one/index\.html\.md\): On one\.\n\n"
        r"## Optional\n\n- \[two\]\(two/index\.html\.md\): On two\.\n",
        said,
    )


FIGURES = """\
# %% [markdown]
# ## A second part
#
# Twelve is $3 \\cdot 4$ or `{python} total * 4`.

# %%
total * 2.5
"""


@pytest.fixture(scope="module")
def site(module_course):
    """A built course of two pages, with an address, a glossary, an output and a figure."""
    course = module_course
    course.tutorial(TINY + FIGURES)
    course.tutorial(file="1_part/02_next.py", title="Next & last", needs=["tiny"])
    course.glossary("sum")
    course.site()
    home = course.root / "docs" / "index.md"
    home.write_text(
        "# Home\n\nWelcome to [it](part/tiny.md).\n\n<!-- course map -->\n", encoding="utf-8"
    )
    printed = {"output_type": "stream", "name": "stdout", "text": "the total is 5\n"}
    for file, outputs in (
        ("1_part/01_tiny.py", [[printed], [], [picture(alt="A line from 0.5 to 12.5.")]]),
        ("1_part/02_next.py", [[printed], []]),
    ):
        course.store.save(made_run(course, file, outputs=outputs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_URL", "https://a.b/course/")
        assert build_site(course) == ""
    return course.root / "site"


def pages(site) -> list[str]:
    return [
        path.relative_to(site).as_posix()
        for path in sorted(site.rglob("index.html"))
        if path.parent.name != "run"
    ]


def test_every_page_has_a_twin_with_its_words(site):
    names = pages(site)
    assert "part/tiny/index.html" in names
    assert {path.relative_to(site).as_posix() for path in site.rglob("*.html.md")} == {
        f"{name}.md" for name in names
    }
    for name in names:
        said = words_of_twin((site / f"{name}.md").read_text(encoding="utf-8"))
        shown = words_of_page((site / name).read_text(encoding="utf-8"))
        assert numbers(said) == numbers(shown), name
        # The map of the course, on the first page, is a drawing there and a list here.
        assert letters(said) == letters(shown) or name == "index.html", name


def test_a_number_that_only_one_of_both_has_is_found(site):
    text = (site / "part/tiny/index.html.md").read_text(encoding="utf-8")
    assert "12.5" in text
    shown = words_of_page((site / "part/tiny/index.html").read_text(encoding="utf-8"))
    assert numbers(words_of_twin(text.replace("12.5", "12.6"))) != numbers(shown)


def test_links_and_figures_of_a_twin_lead_to_the_site(site):
    text = (site / "part/next/index.html.md").read_text(encoding="utf-8")
    assert "[Tiny](https://a.b/course/part/tiny/)" in text
    assert "](https://a.b/course/part/next/next.ipynb)" in text
    figure = (site / "part/tiny/index.html.md").read_text(encoding="utf-8")
    assert "![A line from 0.5 to 12.5.](https://a.b/course/part/tiny/figure-01.webp)" in figure
    home = (site / "index.html.md").read_text(encoding="utf-8")
    assert "1. [Tiny](https://a.b/course/part/tiny/)" in home
    assert "2. [Next & last](https://a.b/course/part/next/) (needs Tiny)" in home


def test_all_twins_are_listed_and_stand_in_one_file_in_the_courses_order(site):
    listed = re.findall(r"\]\(https://a\.b/course/(\S+?)\)", (site / "llms.txt").read_text("utf-8"))
    assert sorted(listed) == sorted(f"{name}.md" for name in pages(site))
    whole = (site / "llms-full.txt").read_text(encoding="utf-8")
    texts = [(site / path).read_text(encoding="utf-8") for path in listed]
    places = [whole.index(text) for text in texts]
    assert places == sorted(places)
    assert sum(map(len, texts)) + len(texts) - 1 == len(whole)


def test_a_page_offers_its_twin_and_a_run_record_none(site):
    assert "data-twin=index.html.md" in (site / "part/tiny/index.html").read_text("utf-8")
    assert "data-twin" not in (site / "part/tiny/run/index.html").read_text(encoding="utf-8")
    assert "data-twin" not in (site / "404.html").read_text(encoding="utf-8")


def test_the_sitemap_lists_no_twin(site):
    assert ".md" not in (site / "sitemap.xml").read_text(encoding="utf-8")
