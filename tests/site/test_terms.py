"""A term's meaning shows where it is used: pointed at, focused or tapped; and the glossary leads back."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.site.visits import answering, opened


def marks(site, url: str) -> dict[str, str]:
    """Return what is marked on a page: anchor in the glossary -> text."""
    return {a["href"].partition("#")[2]: a.text for a in site.pages[url].select("a.term")}


def test_every_tutorial_has_marks_and_no_term_two(site):
    for url in site.reading_pages:
        found = site.pages[url].select("a.term")
        assert (10 if url in site.course_pages else 1) <= len(found) <= 60, url
        assert len(found) == len(marks(site, url)), url


def test_marks_stand_in_running_prose_alone(site):
    elsewhere = "a, code, pre, em, h1, h2, h3, h4, math, table, summary, .facts, .claims, .output, .lead"
    for url in site.reading_pages:
        for mark in site.pages[url].select("a.term"):
            assert not any(tag.css.match(elsewhere) for tag in list(mark.parents)[:-1]), url


def introduced(site, url: str) -> set[str]:
    """Return the anchors of the terms that a page lists as first used there."""
    words = site.pages[url].find(id="words-first-used-here")
    links = words.find_next("p").select("a[href*='glossary/#']") if words else []
    return {link["href"].partition("#")[2] for link in links}


def test_only_terms_that_this_page_or_an_earlier_one_introduces_are_marked(site):
    met: set[str] = set()
    for url in site.reading_pages:
        met |= introduced(site, url)
        assert set(marks(site, url)) <= met, url


def test_the_glossary_leads_back_to_the_pages_that_use_a_term_and_to_no_others(site):
    led: dict[str, set[str]] = {url: set() for url in site.reading_pages}
    for where in site.pages["glossary/"].select("article p.first-use"):
        for link in where.find_all("a"):
            led[link["href"].removeprefix("../")].add(where.find_previous("h2")["id"])
    for url in site.reading_pages:
        assert led[url] == introduced(site, url) | set(marks(site, url)), url


def test_every_mark_has_a_meaning_to_show(site):
    meanings = json.loads((site.folder / "assets/glossary.json").read_text(encoding="utf-8"))
    for url in site.reading_pages:
        assert set(marks(site, url)) <= set(meanings), url
    assert all(term and text for term, text in meanings.values())


def test_the_meaning_shows_under_the_pointer_stays_there_and_goes_with_escape(site, address, laptop):
    laptop.clock.install()
    laptop.goto(address + site.reading_pages[1])
    assert not any("glossary.json" in url for url in laptop.requested)
    mark = laptop.locator("article a.term").first
    tip = laptop.get_by_role("tooltip")
    mark.hover()
    expect(tip).to_be_visible()
    expect(mark).to_have_attribute("aria-describedby", "term-tip")
    # Onto the meaning itself, and to its link.
    tip.hover()
    more = tip.get_by_text("Glossary")
    expect(more).to_have_attribute("href", re.compile(r"/glossary/#[\w-]+$"))
    more.hover()
    laptop.clock.fast_forward(1000)
    expect(tip).to_be_visible()
    laptop.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    mark.hover()
    expect(tip).to_be_visible()
    laptop.mouse.move(1, 1)
    expect(tip).to_be_hidden()


def test_the_meaning_shows_with_the_keyboards_focus_and_enter_leads_to_the_glossary(
    site, address, laptop
):
    laptop.goto(address + site.reading_pages[1])
    mark = laptop.locator("article a.term").first
    laptop.keyboard.press("Tab")
    mark.focus()
    tip = laptop.get_by_role("tooltip")
    expect(tip).to_be_visible()
    laptop.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    mark.focus()
    laptop.keyboard.press("Enter")
    laptop.wait_for_url(re.compile(r"/glossary/#"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tap_shows_the_meaning_within_the_screen_and_a_second_leads_on(
    site, address, browser, scheme
):
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, color_scheme=scheme
    )
    page = answering(context.new_page())
    page.goto(address + site.reading_pages[1])
    for mark in page.locator("article a.term").all()[:6]:
        mark.tap()
        tip = page.get_by_role("tooltip")
        expect(tip).to_be_visible()
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        page.touchscreen.tap(1, 700)
        expect(tip).to_be_hidden()
    mark.tap()
    mark.tap()
    page.wait_for_url(re.compile(r"/glossary/#"))
    context.close()


def test_without_the_meanings_the_link_still_leads_to_the_glossary(site, address, laptop):
    laptop.route("**/glossary.json", lambda route: route.abort())
    laptop.goto(address + site.reading_pages[1])
    mark = laptop.locator("article a.term").first
    with laptop.expect_event("requestfailed"):
        mark.hover()
    expect(laptop.get_by_role("tooltip")).to_be_hidden()
    mark.click()
    laptop.wait_for_url(re.compile(r"/glossary/#"))
