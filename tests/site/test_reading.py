"""What the pages' own scripts and styles do for a reader: by hand, by keyboard, on a phone, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.site.visits import opened


def test_the_search_index_comes_when_somebody_turns_to_the_search(site, address, laptop):
    laptop.goto(address + site.reading_pages[0], wait_until="networkidle")
    assert not any("search_index" in url for url in laptop.requested)
    with laptop.expect_response("**/search_index.json"):
        laptop.get_by_role("textbox", name="Search").focus()


def test_a_link_in_running_text_is_underlined(site, address, laptop):
    for url in ("", site.reading_pages[0], "glossary/", "snippets/metrics/"):
        laptop.goto(address + url)
        plain = laptop.locator("article :is(p, li, td) a:not(.headerlink)").evaluate_all(
            """all => all
                .filter(it => it.checkVisibility() && !it.matches(".md-button, .door, .md-content__button"))
                .filter(it => !getComputedStyle(it).textDecorationLine.includes("underline"))
                .map(it => it.outerHTML)"""
        )
        assert plain == [], url


def test_what_scrolls_sideways_on_a_phone_takes_the_focus(site, address, phone):
    scrolling = """[...document.querySelectorAll("article *")]
        .filter(it => it.checkVisibility() && it.scrollWidth > it.clientWidth + 1)
        .filter(it => /auto|scroll/.test(getComputedStyle(it).overflowX))"""
    for url in site.reading_pages[:3]:
        phone.goto(address + url)
        assert phone.evaluate(f"{scrolling}.length") > 2
        phone.wait_for_function(f"{scrolling}.every(it => it.tabIndex === 0)")


def test_a_figure_shown_small_opens_in_full_with_a_tap_or_by_keyboard(site, address, phone):
    phone.goto(address + site.reading_pages[0])
    figure = phone.locator("article img.figure").first
    assert figure.bounding_box()["width"] <= 360
    whole = phone.get_by_role("dialog", name="Figure in full size")
    figure.click()
    shown = whole.locator("img")
    expect(shown).to_have_attribute("alt", figure.get_attribute("alt"))
    assert shown.bounding_box()["width"] == int(figure.get_attribute("width"))
    phone.keyboard.press("Escape")
    expect(whole).to_be_hidden()
    phone.get_by_role("button", name="Show the figure in full size").first.press("Enter")
    expect(whole).to_be_visible()
    whole.get_by_role("button", name="Close").click()
    expect(whole).to_be_hidden()


def test_a_figure_in_full_has_no_button(site, address, laptop):
    laptop.goto(address + site.reading_pages[0])
    laptop.locator("article img.figure").first.scroll_into_view_if_needed()
    expect(laptop.get_by_role("button", name="Show the figure in full size")).to_have_count(0)


def test_calls_numbers_and_keywords_have_colours_of_their_own(address, laptop):
    laptop.goto(f"{address}networks/first-network/")
    laptop.wait_for_function("CSS.highlights.get('code-call')?.size > 0")
    tokens = laptop.evaluate(
        """() => Object.fromEntries([...CSS.highlights].map(([name, ranges]) => [name,
            [...new Set([...ranges].map(range => {
                const whole = document.createRange();
                whole.setStart(range.startContainer, range.startOffset);
                whole.setEnd(range.endContainer, range.endOffset);
                return whole.toString();
            }))]]))"""
    )
    assert {"import", "from"} <= set(tokens["code-keyword"])
    assert {"Dense", "fit", "compile"} <= set(tokens["code-call"])
    assert "test_accuracy" not in tokens["code-call"]
    assert "28" in tokens["code-number"]
    assert all(token[0].isdigit() for token in tokens["code-number"])


def test_an_address_of_what_is_folded_unfolds_it(site, address, laptop):
    laptop.goto(f"{address}{site.reading_pages[0]}#checked-by-this-build")
    expect(laptop.locator("#checked-by-this-build ul.claims")).to_be_visible()


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
def test_without_scripts_the_page_has_the_scheme_of_its_figures(site, address, browser, scheme, is_dark):
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    page.goto(address + site.reading_pages[0])
    # `evaluate` works without the page's own scripts, too.
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(30, 33, 41)" if is_dark else "rgb(254, 254, 254)")
    source = page.evaluate("document.querySelector('article img.figure').currentSrc")
    assert source.endswith("-dark.webp") == is_dark
    context.close()
