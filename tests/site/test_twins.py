"""Each page of the course as plain Markdown: the same numbers, no marks of the theme, links that lead somewhere."""

from __future__ import annotations

import re
import zipfile

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from tests.engine.twin_rules import letters, numbers, rendered, words_of_page, words_of_twin
from tests.site.visits import faint_texts, opened

ADDRESS = "https://example.org/course/"
_MARKS = re.compile(r"\{ ?[.#]\w|\bmarkdown=|^!!! |^\?\?\?|data-search|\{python")


@pytest.fixture(scope="module")
def twins(site) -> dict[str, str]:
    """The twin of each page that has one: the page's address -> Markdown."""
    return {
        path.relative_to(site.folder).as_posix().removesuffix("index.html.md"): path.read_text(
            encoding="utf-8"
        )
        for path in sorted(site.folder.rglob("*.html.md"))
    }


def test_every_page_has_a_twin_and_no_run_record_has_one(site, twins):
    assert set(twins) == set(site.pages) - set(site.records) - {"404.html"}
    assert len(twins) > 50


def test_the_numbers_of_a_twin_are_those_of_its_page(site, twins):
    differences = {}
    for url, text in twins.items():
        page = (site.folder / url / "index.html").read_text(encoding="utf-8")
        said, shown = words_of_twin(text), words_of_page(page)
        if numbers(said) != numbers(shown):
            differences[url] = (
                dict(numbers(said) - numbers(shown)),
                dict(numbers(shown) - numbers(said)),
            )
    assert differences == {}
    assert sum(numbers(words_of_twin(twins[url])).total() for url in site.course_pages) > 10_000


def test_a_tutorials_twin_has_the_words_of_its_page(site, twins):
    for url in site.reading_pages:
        page = (site.folder / url / "index.html").read_text(encoding="utf-8")
        assert letters(words_of_twin(twins[url])) == letters(words_of_page(page)), url


def test_a_twin_has_no_mark_that_only_the_theme_understands(twins):
    for url, text in twins.items():
        document = BeautifulSoup(rendered(text), "lxml")
        for code in document.select("pre, code"):
            code.decompose()
        assert not _MARKS.search(document.get_text()), f"{url}: {_MARKS.search(document.get_text())}"
        tags = {tag.name for tag in document.select("body *")}
        assert tags.isdisjoint({"div", "span", "figure", "nav", "button", "form", "script"}), url


def test_every_link_and_picture_of_a_twin_leads_to_a_file_of_the_site(site, twins):
    found = 0
    for url, text in twins.items():
        document = BeautifulSoup(rendered(text), "lxml")
        targets = [each["href"] for each in document.select("a[href]")]
        targets += [each["src"] for each in document.select("img")]
        for target in targets:
            assert re.match("(https?|mailto):", target), f"{url}: {target}"
            if target.startswith(ADDRESS):
                path = site.folder / target.removeprefix(ADDRESS).partition("#")[0]
                assert (path / "index.html" if path.is_dir() else path).is_file(), f"{url}: {target}"
                found += 1
    assert found > 1000


def test_the_list_of_the_pages_names_each_once_and_what_it_is_about(site, twins):
    text = (site.folder / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(rf"^- \[.+\]\({ADDRESS}(.*)index\.html\.md\): \S.+$", text, re.MULTILINE)
    assert sorted(listed) == sorted(twins)
    whole = (site.folder / "llms-full.txt").read_text(encoding="utf-8")
    assert whole == "\n".join(twins[url] for url in listed)
    # The course's own pages come in its order, after the first page.
    assert [url for url in listed if url in site.course_pages] == site.course_pages


def test_the_copy_that_is_read_without_a_server_has_no_twins(site):
    with zipfile.ZipFile(site.folder / "from-tensors-to-convnets.zip") as copy:
        assert not [name for name in copy.namelist() if name.endswith((".html.md", "llms.txt"))]


def test_a_button_copies_the_page_and_says_so(guarded, site, twins, laptop):
    laptop.context.grant_permissions(["clipboard-read", "clipboard-write"])
    url = site.reading_pages[0]
    laptop.goto(guarded + url)
    button = laptop.get_by_role("button", name="Copy page")
    button.focus()
    laptop.keyboard.press("Enter")
    expect(laptop.get_by_role("status").filter(has_text="Copied")).to_have_text(
        "Copied this page as Markdown"
    )
    assert laptop.evaluate("navigator.clipboard.readText()") == twins[url]
    assert laptop.problems == []


def test_a_page_that_cannot_be_copied_says_so(address, site, laptop):
    laptop.goto(address + site.reading_pages[0])
    laptop.context.set_offline(True)
    laptop.get_by_role("button", name="Copy page").click()
    expect(laptop.get_by_role("status").filter(has_text="copied")).to_contain_text(
        "This page could not be copied"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_button_is_legible_and_large_enough_to_be_touched(address, site, browser, width, scheme):
    with opened(browser, width, scheme) as page:
        page.goto(address + site.reading_pages[0])
        button = page.get_by_role("button", name="Copy page")
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert [each for each in faint_texts(page, 4.5) if "copy-page" in each] == []
