"""How a page starts: painted before its scripts run, styled once, in the scheme that its reader chose."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.site.visits import answering, opened

KEPT = "() => JSON.parse(localStorage.getItem(__md_scope.pathname + '.__palette'))"
PAPER = {"light": "#fefefe", "dark": "#1e2129"}


def scheme(page: Page) -> str:
    return page.evaluate("document.body.dataset.mdColorScheme")


def painted_around(page: Page) -> set[str]:
    """Return the colours that a browser takes for what is around the page."""
    return set(
        page.locator("meta[name='theme-color']").evaluate_all(
            "all => all.filter(each => matchMedia(each.media || 'all').matches).map(each => each.content)"
        )
    )


def test_every_script_but_the_first_waits_until_the_page_is_painted(site):
    for url, page in site.pages.items():
        scripts = page.find_all("script", src=True)
        waiting = [each for each in scripts if each.find_parent("template", id="scripts")]
        names = {each["src"].rpartition("/")[2] for each in scripts if each not in waiting}
        assert names == {"start.js"}, url
        assert [each["src"] for each in waiting if "/bundle." in each["src"]], url


def test_what_waited_finds_the_page_as_if_it_had_been_there_from_the_first(site, address, phone):
    phone.goto(f"{address}networks/evaluation/")
    framed = phone.locator("article .md-typeset__scrollwrap table")
    expect(framed).to_have_count(phone.locator("article table:not([class])").count())
    phone.locator("article .highlight").nth(3).scroll_into_view_if_needed()
    expect(phone.locator("article .md-code__nav").first).to_be_attached()
    phone.mouse.wheel(0, 3000)
    phone.mouse.wheel(0, -200)
    expect(phone.locator(".md-top")).to_be_visible()  # the way back, which the theme shows who turns back
    assert phone.problems == []


def test_the_list_of_sections_follows_the_reader(site, address, laptop):
    laptop.goto(f"{address}networks/evaluation/")
    heading = laptop.locator("article h2").nth(3)
    heading.evaluate("it => it.scrollIntoView()")
    link = f".md-sidebar--secondary .md-nav__link--active[href='#{heading.get_attribute('id')}']"
    expect(laptop.locator(link)).to_be_visible()


def styled_by_scripts(page: Page, address: str) -> float:
    """Return the largest fraction of a page's elements that a browser styled at a time once its scripts ran."""
    events: list[dict] = []
    session = page.context.new_cdp_session(page)
    session.on("Tracing.dataCollected", lambda sent: events.extend(sent["value"]))
    categories = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
    session.send("Tracing.start", {"traceConfig": {"includedCategories": categories}})
    page.goto(address)
    page.evaluate("() => new Promise(done => requestIdleCallback(done))")
    finished: list[object] = []
    session.on("Tracing.tracingComplete", lambda sent: finished.append(sent))
    session.send("Tracing.end")
    while not finished:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    bundles = [
        each["ts"]
        for each in events
        if each["name"] == "EvaluateScript" and "/bundle." in json.dumps(each["args"])
    ]
    styled = [
        each["args"].get("elementCount", 0)
        for each in events
        if each["name"] == "UpdateLayoutTree" and each["ts"] > min(bundles)
    ]
    return max(styled) / page.locator("*").count()


def test_no_script_has_the_browser_style_the_whole_page_anew(site, address, phone):
    for url in ["", site.reading_pages[0], "networks/evaluation/", "glossary/"]:
        assert styled_by_scripts(phone, address + url) < 0.5, url


def test_the_button_goes_from_the_systems_scheme_to_light_to_dark_and_back(address, laptop):
    laptop.goto(address)
    seen = []
    for _ in range(4):
        button = laptop.locator("button.scheme")
        expect(button).to_have_count(1)
        seen.append((button.get_attribute("title"), scheme(laptop), painted_around(laptop)))
        button.focus()
        laptop.keyboard.press("Enter")
    light, dark = {PAPER["light"]}, {PAPER["dark"]}
    assert seen == [
        ("Switch to light mode", "default", light),
        ("Switch to dark mode", "default", light),
        ("Switch to system preference", "slate", dark),
        ("Switch to light mode", "default", light),
    ]
    assert laptop.problems == []


def test_a_chosen_scheme_is_there_before_any_script_that_waits(site, address, laptop):
    laptop.goto(address)
    for _ in range(2):
        laptop.locator("button.scheme").click()
    laptop.add_init_script(
        "addEventListener('DOMContentLoaded', () => window.first = document.body.dataset.mdColorScheme)"
    )
    laptop.goto(address + site.reading_pages[0])
    assert laptop.evaluate("window.first") == "slate"
    assert laptop.evaluate(KEPT)["color"]["media"] == "(prefers-color-scheme: dark)"


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ('{"index": 2, "color": {"media": "(prefers-color-scheme: dark)", "scheme": "slate"}}', "slate"),
        ('{"index": 0, "color": {"media": "(prefers-color-scheme)", "scheme": "slate"}}', "default"),
        ('{"index": 7}', "default"),
        ("null", "default"),
        ("{", "default"),
    ],
)
def test_a_choice_that_the_theme_kept_still_holds_and_any_other_text_is_none(
    address, browser, kept, shown
):
    with opened(browser, 1440, "light") as page:
        page.goto(address)
        page.evaluate(f"localStorage.setItem(__md_scope.pathname + '.__palette', {json.dumps(kept)})")
        page.goto(address)
        assert scheme(page) == shown
        assert page.problems == []


def test_without_a_choice_a_page_follows_the_system_while_it_is_open(address, laptop):
    laptop.goto(address)
    laptop.emulate_media(color_scheme="dark")
    laptop.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    assert painted_around(laptop) == {PAPER["dark"]}
    assert laptop.evaluate(KEPT) is None


def test_a_choice_in_one_tab_holds_in_the_others(address, laptop):
    laptop.goto(address)
    other = answering(laptop.context.new_page())
    other.goto(address)
    for _ in range(2):
        other.locator("button.scheme").click()
    laptop.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    expect(laptop.locator("button.scheme")).to_have_attribute("title", "Switch to system preference")


def test_where_a_script_does_not_arrive_the_others_do_without_it(site, address, phone):
    phone.route(re.compile(r"/assets/site\.js"), lambda route: route.abort())
    phone.goto(address + site.reading_pages[0])
    expect(phone.locator("article .md-typeset__scrollwrap").first).to_be_attached()


@pytest.mark.parametrize("types_early", [True, False])
def test_a_search_that_was_opened_before_the_scripts_came_answers(address, browser, types_early):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    page = context.new_page()
    held: list[Route] = []
    page.route(re.compile(r"/assets/search\.js"), lambda route: held.append(route))
    page.goto(address, wait_until="domcontentloaded")
    page.locator("label.md-header__button[for='__search']").tap()
    if types_early:
        page.locator(".md-search__input").tap()
        page.keyboard.type("tensor")
    page.wait_for_function("document.querySelector('script[src*=\"assets/search.js\"]')")
    held[0].continue_()
    if not types_early:
        expect(page.locator(".md-search__input")).to_be_focused()
        page.keyboard.type("tensor")
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    context.close()
