"""The glossary defines each term once, and links to the tutorial that introduces it."""

from __future__ import annotations

from bs4 import BeautifulSoup
from markdown import markdown

from tutorial_engine.course import glossary_page

from .tiny import made_run

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
