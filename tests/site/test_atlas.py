"""The atlas: its list, and the box that finds the entry of a pasted message."""

from __future__ import annotations

import gzip
import json

import pytest
from playwright.sync_api import Page, expect

INDEX = "assets/messages.json"
URL = "when-it-goes-wrong/"
# As a terminal and as a notebook show an error; what a reader pastes holds more than the message.
TRACEBACK = """\
Traceback (most recent call last):
  File "/home/reader/project/train_it.py", line 41, in <module>
    history = network.fit(images, labels)
  File "/home/reader/.venv/lib/python3.12/site-packages/keras/src/utils/traceback_utils.py", line 122, in error_handler
    raise e.with_traceback(filtered_tb) from None
{message}
"""


@pytest.fixture(scope="module")
def entries(site) -> list[list[str]]:
    return json.loads((site.folder / INDEX).read_text(encoding="utf-8"))


@pytest.fixture
def atlas(address, laptop) -> Page:
    laptop.goto(address + URL, wait_until="load")
    return laptop


def titles(page: Page, pasted: str) -> list[str]:
    """Paste a text into the box; return the titles that it offers, in order."""
    page.locator(".paste ol").evaluate("list => list.replaceChildren()")
    page.fill("#pasted", "")
    page.fill("#pasted", pasted)
    expect(page.locator(".paste [role=status]")).to_contain_text(" fit")
    return page.locator(".paste ol a").all_text_contents()


def test_the_list_leads_to_each_entry_and_says_what_it_is(site, entries):
    items = site.pages[URL].select("article li:has(.entry-kind)")
    listed = {item.a["href"]: item.select_one(".entry-kind").get_text() for item in items}
    assert listed == {address.removeprefix(URL): kind for _, address, kind, *_ in entries}
    for address in listed:
        page, _, anchor = address.partition("#")
        assert site.pages[URL + page].find(id=anchor), address


def test_the_index_is_light_and_comes_when_somebody_turns_to_the_box(site, atlas):
    assert len(gzip.compress((site.folder / INDEX).read_bytes(), 9)) <= 40_000
    assert not any(INDEX in each for each in atlas.requested)
    with atlas.expect_response(lambda answer: INDEX in answer.url):
        atlas.focus("#pasted")


def test_what_a_run_said_leads_to_its_own_entry(atlas, entries):
    """Two entries may have been told the same; then both are offered first."""
    places = {}
    for title, *_, message in entries:
        if message:
            offered = titles(atlas, TRACEBACK.format(message=message))
            places[title] = offered.index(title) if title in offered else len(offered)
    assert max(places.values()) <= 1, places
    assert sum(place == 0 for place in places.values()) >= 0.9 * len(places), places


def test_a_symptom_in_words_leads_to_an_entry_that_is_called_so(atlas, entries):
    missed = {}
    for title, _, _, also, _ in entries:
        offered = titles(atlas, also.partition(";")[0])
        if title not in offered[:3]:
            missed[title] = offered
    assert len(missed) <= len(entries) / 10, missed


def test_what_fits_nothing_is_told_and_an_empty_box_offers_nothing(atlas):
    assert titles(atlas, "zzyzx qwertz") == []
    expect(atlas.locator(".paste [role=status]")).to_have_text(
        "No entry fits: look through the list below."
    )
    atlas.fill("#pasted", "  ")
    expect(atlas.locator(".paste li")).to_have_count(0)
    expect(atlas.locator(".paste [role=status]")).to_be_empty()


def test_an_index_that_does_not_come_is_told_and_asked_for_again(atlas):
    atlas.route(f"**/{INDEX}", lambda route: route.abort())
    atlas.fill("#pasted", "nan")
    expect(atlas.locator(".paste [role=status]")).to_contain_text("could not be fetched")
    atlas.unroute(f"**/{INDEX}")
    atlas.fill("#pasted", "loss is nan")
    expect(atlas.locator(".paste [role=status]")).to_contain_text("fit")


def test_without_scripts_the_list_is_all_there_is(address, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + URL)
    assert not page.locator(".paste").is_visible()
    assert page.locator("article .entry-kind").first.is_visible()
    context.close()


def test_every_page_of_the_course_and_of_the_atlas_leads_here(site):
    for url in site.reading_pages:
        hrefs = [link["href"] for link in site.pages[url].select("article ~ * a, .md-content .help a")]
        assert "../../when-it-goes-wrong/" in hrefs or "../" in hrefs, url
