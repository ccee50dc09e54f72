"""The glossary defines each term once, and links to the tutorial that introduces it."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup
from markdown import markdown

from tutorial_engine.course import glossary_page
from tutorial_engine.glossary import Glossary

from .tiny import build_site, made_run, prose

SECOND = "2_more/02_other_one.py"


def errors(course) -> list[str]:
    return [str(lesson.error) for lesson in course.lessons() if lesson.error]


def test_terms_that_the_glossary_defines_are_accepted(course):
    course.glossary("sum", "whole number")
    course.tutorial(teaches=["whole number", "sum"])
    assert errors(course) == []


def test_a_term_without_a_definition_is_named_with_the_heading_to_add(course):
    course.glossary("sum")
    course.tutorial(teaches=["sum", "whole number"])
    (said,) = errors(course)
    assert "tutorials_src/1_part/01_tiny.py:1" in said
    assert "docs/glossary.md does not define 'whole number'" in said
    assert "add the heading `## whole number`" in said


def test_a_term_that_an_earlier_tutorial_introduces_is_refused_in_the_later(course):
    course.glossary("sum")
    course.tutorial(teaches=["sum"])
    course.tutorial(file=SECOND, teaches=["sum"])
    (said,) = errors(course)
    assert SECOND in said
    assert "'sum' is first used in tutorials_src/1_part/01_tiny.py" in said


def test_a_course_without_a_glossary_needs_no_definitions(course):
    course.tutorial(teaches=["sum"])
    assert errors(course) == []
    assert "Words first used here" not in course.page(made_run(course)).markdown


def test_a_page_links_the_words_it_introduces(course):
    course.glossary("sum", "whole number")
    course.tutorial(teaches=["whole number"])
    page = course.page(made_run(course)).markdown
    assert "## Words first used here\n\n[whole number](../glossary.md#whole-number)." in page


def test_each_letter_leads_to_the_first_entry_that_begins_with_it(course):
    text = course.glossary("AUC", "accuracy", "sum", "whole number").read_text()
    letters = BeautifulSoup(
        markdown(glossary_page([], text), extensions=["md_in_html"]), "lxml"
    ).nav
    links = [(link.text, link["href"]) for link in letters.find_all("a")]
    assert links == [("A", "#auc"), ("S", "#sum"), ("W", "#whole-number")]


def test_an_entry_says_where_its_term_is_introduced(course):
    text = course.glossary("sum", "whole number").read_text()
    course.tutorial(teaches=["whole number"])
    linked = glossary_page(course.lessons(), text)
    entries = linked.split("## ")
    assert "First used in" not in entries[1]
    assert "What whole number means.\n\nFirst used in [Tiny](part/tiny.md)." in entries[2]


def test_an_entry_says_which_pages_use_its_term_again(course):
    text = course.glossary("sum", "whole number").read_text()
    course.tutorial(prose("A sum."), teaches=["sum"])
    course.tutorial(prose("Sums of `sum`."), file=SECOND, title="Second", teaches=["whole number"])
    course.tutorial(prose("A whole number."), file="2_more/03_third.py", title="Third")
    entries = glossary_page(course.lessons(), text).split("## ")
    assert (
        "First used in [Tiny](part/tiny.md). Also in [Second](more/other-one.md).\n" in entries[1]
    )
    assert (
        "First used in [Second](more/other-one.md). Also in [Third](more/third.md).\n" in entries[2]
    )


def test_a_page_before_the_one_that_introduces_a_term_does_not_use_it(course):
    course.glossary("sum")
    course.tutorial(prose("A sum."))
    course.tutorial(prose("A sum."), file=SECOND, teaches=["sum"])
    assert [lesson.used for lesson in course.lessons()] == [(), ("sum",)]


def test_an_everyday_word_counts_on_the_page_that_introduces_it_alone(course):
    glossary = course.glossary("sum", "step")
    glossary.write_text(f"---\neveryday: [step]\n---\n\n{glossary.read_text()}")
    course.tutorial(prose("A step to a sum."), teaches=["step", "sum"])
    course.tutorial(prose("A step to a sum."), file=SECOND)
    assert [lesson.used for lesson in course.lessons()] == [("step", "sum"), ("sum",)]


def test_what_is_shown_of_a_definition_are_its_first_sentences(course):
    glossary = course.glossary()
    long = f"It goes on {'and on ' * 40}."
    entry = f"The *first* `one`\nof $x$. A second (or so.) {long}\n\nMore.\n"
    glossary.write_text(f"# Glossary\n\n## whole number\n\n{entry}")
    shown = Glossary.load(course.settings()).as_data()
    term, text = shown["whole-number"]
    assert term == "whole number"
    assert text.startswith("The <em>first</em> <code>one</code> of <math")
    assert text.endswith("A second (or so.)")


@pytest.fixture
def site(course):
    """A course that is a site, with a glossary in it and a page that uses a term of it."""
    course.site()
    course.glossary("sum")
    course.tutorial(prose("A sum of sums."), teaches=["sum"])
    course.store.save(made_run(course))
    with (course.root / "mkdocs.yml").open("a") as config:
        config.write("nav: [index.md, tutorials, glossary.md, about/checks.md]\n")
    assert build_site(course) == ""
    return course


def marks(site) -> list[tuple[str, str]]:
    page = BeautifulSoup((site.root / "site/part/tiny/index.html").read_text(), "lxml")
    return [(mark.text, mark["href"]) for mark in page.select("a.term")]


def test_the_first_use_of_a_term_on_a_page_leads_to_its_entry(site):
    assert marks(site) == [("sum", "../../glossary/#sum")]
    shown = json.loads((site.root / "site/assets/glossary.json").read_text())
    assert shown == {"sum": ["sum", "What sum means."]}


def test_a_glossary_that_changes_reaches_the_pages_of_the_next_build(site):
    site.glossary("sum", "sum of sums")
    assert build_site(site) == ""
    assert marks(site) == []
    assert "What sum of sums means" in (site.root / "site/assets/glossary.json").read_text()


def test_a_built_site_and_an_export_link_both_ways(course):
    course.glossary("whole number")
    course.tutorial(teaches=["whole number"])
    course.site()
    config = course.root / "mkdocs.yml"
    config.write_text(config.read_text().replace("  - About:", "  - glossary.md\n  - About:"))
    built = course.build()
    assert built.returncode == 0, built.stdout + built.stderr
    glossary, page = (
        BeautifulSoup((course.root / "site" / address / "index.html").read_text(), "lxml")
        for address in ("glossary", "part/tiny")
    )
    assert glossary.find("a", href="../part/tiny/", string="Tiny")
    assert glossary.find(id="whole-number")
    assert page.find("a", href="../../glossary/#whole-number")
    assert course.command("tutorial_engine", "export", "out").returncode == 0
    assert "First used in [Tiny](part/tiny.md)" in (course.root / "out/glossary.md").read_text()
