"""The first use of a glossary's term on a page is marked, in running prose and nowhere else."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from tutorial_engine.terms import Vocabulary

TERMS = ("average precision", "axis", "batch", "matrix", "precision", "ReLU", "winner's curse")
WORDS = Vocabulary(TERMS)
MARK = re.compile(r'<a class="term" href="[^"]*">(.*?)</a>', re.DOTALL)


def marked(content: str, known=TERMS) -> str:
    return WORDS.marked(content, known, lambda term: f"../glossary/#{term.replace(' ', '-')}")


def marks(content: str, known=TERMS) -> list[str]:
    return MARK.findall(marked(content, known))


def test_a_mark_is_a_link_to_the_entry():
    assert (
        marked("<p>A batch.</p>") == '<p>A <a class="term" href="../glossary/#batch">batch</a>.</p>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "batch",
        "Batch",
        "batches",
        "axes",
        "matrices",
        "ReLU",
        "average\nprecision",
        "winner's curse",
    ],
)
def test_a_term_is_found_capitalised_in_plural_and_across_lines(text):
    assert marks(f"<p>{text}, you see.</p>") == [text]


@pytest.mark.parametrize("text", ["relu", "batching", "mini-batch", "batch-wise", "batch_axis"])
def test_another_word_is_no_term(text):
    assert marks(f"<p>{text}</p>") == []


def test_each_term_is_marked_where_it_is_first_used():
    page = "<p>One <b>batch</b>, one axis.</p><ul><li>The batch again.</li></ul>"
    assert marked(page) == (
        '<p>One <b><a class="term" href="../glossary/#batch">batch</a></b>, '
        'one <a class="term" href="../glossary/#axis">axis</a>.</p><ul><li>The batch again.</li></ul>'
    )


def test_the_longer_term_counts_and_holds_no_shorter_one():
    assert marks("<p>Average precision is no precision.</p>") == ["Average precision", "precision"]
    assert marks("<p>Average precision.</p>", ["precision"]) == []


def test_a_term_that_the_reader_has_not_met_is_not_marked():
    assert marks("<p>A batch along an axis.</p>", ["axis"]) == ["axis"]


@pytest.mark.parametrize(
    "content",
    [
        "<h2>A batch</h2>",
        "<p><code>batch</code></p>",
        "<p><a href='x'>the <em>batch</em></a></p>",
        "<p><math><mtext>batch</mtext></math></p>",
        '<p><span class="arithmatex">batch</span></p>',
        "<pre>batch</pre>",
        "<table><tr><td><p>batch</p></td></tr></table>",
        "<div class='output rich'><p>batch</p></div>",
        '<ul class="claims"><li>batch</li></ul>',
        '<p class="admonition-title">batch</p>',
        "<details><summary>batch</summary></details>",
        "<p>See <img alt='batch > axis'><!-- batch --></p>",
        "<div>batch</div>",
        "<p>As in <em>On the batch</em></p>",
    ],
)
def test_what_is_no_running_prose_has_no_marks(content):
    assert marked(content) == content
    assert marks(f"{content}<p>batch</p>") == ["batch"]


def test_the_titles_of_sources_have_no_marks():
    page = (
        '<p>One axis.</p><h2 id="sources">Sources</h2><ul><li>A. Author, Large Batches.</li></ul>'
    )
    assert marks(page) == ["axis"]
    assert marks(f"{page}<h2>More</h2><p>A batch.</p>") == ["axis", "batch"]


TAGS = [
    "<em>",
    "</em>",
    "<code>",
    "</code>",
    "<p>",
    "</p>",
    "<li>",
    "</li>",
    "<h2>",
    "</h2>",
    "<br />",
]
REST = ["Batches", " ", "\n", ", ", "<a href='#'>", "</a>", "&amp;", "<", ">", "<!-- batch -->"]
PIECES = st.sampled_from([*TERMS, *TAGS, *REST])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_without_its_marks_a_page_is_as_it_was(content):
    page = marked(content)
    assert re.sub(r'<a class="term" href="[^"]*">([^<]*)</a>', r"\1", page) == content
    terms = [mark["href"] for mark in BeautifulSoup(page, "html.parser").select("a.term")]
    assert len(terms) == len(set(terms))
