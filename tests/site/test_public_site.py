"""What a site with a public address offers to those who share, follow and host it."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import expect

from tests.site.visits import opened, read_to_the_end

ADDRESS = "https://example.org/course/"
PAGE = "networks/first-network/"


def in_head(page: BeautifulSoup, name: str) -> str:
    (found,) = page.select(f"head meta[property='{name}'], head meta[name='{name}']")
    return found["content"]


def test_a_page_names_its_address_and_how_a_link_to_it_is_shown(site):
    page = site.pages[PAGE]
    assert page.select_one("link[rel=canonical]")["href"] == ADDRESS + PAGE
    assert in_head(page, "og:url") == ADDRESS + PAGE
    assert in_head(page, "og:title") == "Your first network"
    assert in_head(page, "og:description") == in_head(page, "description")
    assert in_head(page, "twitter:card") == "summary_large_image"


def test_each_page_has_the_picture_that_a_link_to_it_shows_and_each_tutorial_its_own(site):
    pictures = {}
    for url in ["", "glossary/", "snippets/metrics/", *site.reading_pages]:
        address = in_head(site.pages[url], "og:image")
        assert address.startswith(ADDRESS)
        file = site.folder / address.removeprefix(ADDRESS)
        with Image.open(file) as picture:
            assert picture.size == (1200, 630), url
        assert file.stat().st_size <= 40_000, url
        pictures[url] = address
    assert len({pictures[url] for url in site.reading_pages}) == len(site.reading_pages)


def test_structured_data_says_what_a_tutorial_teaches_and_needs(site):
    (script,) = site.pages["networks/evaluation/"].select("script[type='application/ld+json']")
    data = json.loads(script.string)
    assert data["@type"] == "LearningResource"
    assert data["name"] == "Evaluation"
    assert "recall" in data["teaches"]
    assert "Your first network" in data["competencyRequired"]
    minutes = re.search(r"To read: (\d+) minutes", site.pages["networks/evaluation/"].text)[1]
    assert data["timeRequired"] == f"PT{minutes}M"
    assert data["license"].endswith("/MIT")
    assert data["isPartOf"]["url"] == ADDRESS


def test_the_first_page_is_the_course_with_all_its_tutorials_in_order(site):
    (script,) = site.pages[""].select("script[type='application/ld+json']")
    data = json.loads(script.string)
    assert data["@type"] == "Course"
    assert [each["url"] for each in data["hasPart"]] == [ADDRESS + url for url in site.course_pages]


def test_the_sitemap_lists_the_pages_for_readers_and_no_record(site):
    text = (site.folder / "sitemap.xml").read_text(encoding="utf-8")
    listed = {each.text.removeprefix(ADDRESS) for each in BeautifulSoup(text, "xml").find_all("loc")}
    assert listed == set(site.pages) - set(site.records) - {"404.html"}


def test_a_strict_policy_stops_nothing_of_the_site_s_own(site, guarded, browser):
    with opened(browser, 1440, "dark") as page:
        for url in ("", PAGE, "snippets/metrics/", f"{PAGE}run/", "networks/evaluation/"):
            page.goto(guarded + url)
            read_to_the_end(page)
        page.locator(".interactive").scroll_into_view_if_needed()
        expect(page.locator(".interactive")).to_have_class("interactive drawn")
        page.get_by_role("textbox", name="Search").fill("dropout")
        expect(page.locator(".md-search-result__link").first).to_be_visible()
        assert page.problems == []


def test_a_strict_policy_stops_a_script_that_is_not_the_site_s(guarded, browser):
    with opened(browser, 1440, "light") as page:
        page.goto(guarded)
        page.evaluate(
            """() => {
                const foreign = document.createElement("script");
                foreign.textContent = "window.ran = true";
                document.body.append(foreign);
            }"""
        )
        assert page.evaluate("window.ran") is None
        assert any("Content Security Policy" in problem for problem in page.problems)
