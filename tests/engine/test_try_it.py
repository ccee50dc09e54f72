"""The place on a page where a network answers: what it offers, what a notebook has, what is refused."""

from __future__ import annotations

import hashlib
import json

import markdown
import pytest
from bs4 import BeautifulSoup

from tutorial_engine.course import titles
from tutorial_engine.errors import SourceError
from tutorial_engine.notebooks import standalone_notebook
from tutorial_engine.publish import make_page
from tutorial_engine.run import Artifact

from .tiny import build_site, made_run, prose

MARK = "<!-- try it: net.tflite, questions.json -->"
FILES = (Artifact("net.tflite", b"n" * 437_600), Artifact("questions.json", b"q" * 114_400))
NAMES = [each.name for each in FILES]


@pytest.fixture
def tried(course):
    course.tutorial(prose(f"Before.\n\n{MARK}\n\nAfter."), artifacts=NAMES)
    return course


def place_on(page: str) -> BeautifulSoup:
    body = page.split("---\n", 2)[2]
    content = markdown.markdown(body, extensions=["attr_list", "md_in_html"])
    (place,) = BeautifulSoup(content, "html.parser").select("div.try-it")
    return place


def test_the_place_names_the_files_their_checksums_and_what_loading_them_costs(tried):
    place = place_on(tried.page(made_run(tried, artifacts=FILES)).markdown)
    for link, role, file in zip(place.select("a"), ("network", "questions"), FILES, strict=True):
        assert link["href"] == f"tiny/{file.name}"
        assert (link["data-try"], link.text) == (role, file.name)
        assert link["data-sha256"] == hashlib.sha256(file.content).hexdigest()
    assert "(438 kB)" in place.text
    assert "(114 kB)" in place.text
    assert place.select_one("button[data-try=load][hidden]").text == "Load the network (552 kB)"
    assert place.select_one("[role=status][data-try=status]").text == ""
    assert "needs JavaScript" in place.select_one(".try-off").text


def test_before_the_first_run_the_page_says_that_the_network_is_to_come(tried):
    page = tried.page(None).markdown
    assert "as soon as it has been trained" in page
    assert "try-it" not in page


def test_a_preview_offers_no_network(tried):
    run = made_run(tried, artifacts=FILES)
    names = titles(tried.lessons())
    page = make_page(tried.parse(), run, tried.settings(), names, "preview", cells=[2])
    assert 'class="try-it"' not in page.markdown


def test_a_notebook_says_where_the_network_answers(tried):
    run = made_run(tried, artifacts=FILES)
    notebooks = standalone_notebook(tried.parse(), run, tried.settings()), tried.page(run).record[1]
    for notebook in notebooks:
        text = "".join(str(cell["source"]) for cell in json.loads(notebook)["cells"])
        assert "On the page of this tutorial, the network answers here." in text
        assert "try it:" not in text


def test_only_a_page_with_a_network_to_try_loads_the_script(tried):
    tried.tutorial(prose("No network."), file="1_part/02_plain.py", title="Plain")
    for file, artifacts in (("1_part/01_tiny.py", FILES), ("1_part/02_plain.py", ())):
        tried.store.save(made_run(tried, file, artifacts=artifacts))
    tried.site()
    assert build_site(tried) == ""
    scripts = {
        name: "assets/try-it.js" in (tried.root / f"site/part/{name}/index.html").read_text()
        for name in ("tiny", "plain")
    }
    assert scripts == {"tiny": True, "plain": False}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("Word.\n\n<!-- try it: nett.tflite, questions.json -->", 9, "offers no nett.tflite"),
        ("<!-- try it: net.tflite -->", 7, "not a network to try"),
        ("<!--try it: net.tflite, questions.json-->", 7, "not a network to try"),
        (f"Words before {MARK}", 7, "not a network to try"),
        (f"- {MARK}", 7, "not a network to try"),
        (f"{MARK}\n\n{MARK}", 9, "a second network"),
    ],
)
def test_a_mark_that_does_not_read_is_refused_with_its_line(course, text, line, message):
    course.tutorial(prose(text), artifacts=NAMES)
    with pytest.raises(SourceError, match=message) as caught:
        course.parse()
    # The header has a line more than `prose` reckons with, that of the artifacts.
    assert (caught.value.cell, caught.value.line) == (1, line + 1)
    assert caught.value.remedy


def test_code_that_shows_a_mark_is_no_mark(course):
    course.tutorial(prose(f"```text\n{MARK}\n```\n\nAnd `{MARK}`."))
    page = course.page(made_run(course)).markdown
    assert page.count(MARK) == 2
