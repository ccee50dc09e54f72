"""Links are found where the site and Jupyter see them; what only one of the two sees is refused."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tutorial_engine.link_syntax import link_spans, replace_targets, without_apostrophes
from tutorial_engine.markup import render
from tutorial_engine.structure import problems

from .page_rules import leads_to
from .tiny import made_run, prose

# What links are made of, and what ends or hides one.
PIECES = st.sampled_from(
    [
        *("[", "]", "](", "(", ")", "!["),
        *("a", "b.md", " ", '"', "'", "\\", "`", "\n"),
        *("<i>", "</i>"),
    ]
)
LINK = st.sampled_from(["[a](b.md)", "![a](c.png)", "[a](b.md 'a')", '[![a](c.png)](b.md "a")'])
TEXTS = st.lists(st.one_of(PIECES, LINK), max_size=14).map("".join)


@given(TEXTS)
def test_a_text_that_is_not_refused_has_the_same_links_on_the_site_in_jupyter_and_for_the_engine(
    text,
):
    begins_formula = re.search(r"\\[\[(]", text)
    assume(text.strip() and not begins_formula and not list(problems(text)))
    targets = [span.target for span in link_spans(text)]
    assert [target.replace("'", "%27") for target in targets] == leads_to(render(text))
    assert targets == leads_to(MarkdownIt("commonmark").render(text))


@given(TEXTS)
def test_a_link_is_found_whole(text):
    for span in link_spans(text):
        assert text[span.start : span.words_start] == ("![" if span.is_image else "[")
        assert re.fullmatch(r"\]\(\s*", text[span.words_end : span.target_start])
        assert text[span.target_start : span.target_end].strip("<>") == span.target
        assert text[span.end - 1] == ")"


@given(TEXTS)
def test_new_addresses_change_nothing_else(text):
    assert replace_targets(text, lambda target: None) == text
    changed = replace_targets(text, lambda target: f"x/{target}")
    assert changed.replace("x/", "") == text
    assert len(link_spans(changed)) == len(link_spans(text))


def test_an_address_is_what_is_written_whatever_it_would_be_elsewhere():
    text = "[a](https://a.b/`c`/$d/$e) and [f](g'h)"
    assert [span.target for span in link_spans(text)] == ["https://a.b/`c`/$d/$e", "g'h"]
    assert without_apostrophes(text) == text.replace("'", "%27")


def test_an_apostrophe_in_an_address_swallows_no_text_of_the_page(course):
    """Python-Markdown 3.11 takes it for the beginning of a title that ends at the next one before a bracket."""
    there = "https://a.b/Bayes'_theorem"
    course.tutorial(prose(f"[Bayes]({there}) and [so on][o] (a 'prior').\n\n[o]: {there}#'"))
    assert course.lessons()[0].error is None
    page = render(course.page(made_run(course)).markdown)
    assert ">Bayes</a> and <a " in page
    assert ">so on</a> (a 'prior').</p>" in page
    assert "https://a.b/Bayes%27_theorem#%27" in leads_to(page)
