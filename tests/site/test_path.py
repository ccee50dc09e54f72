"""The way through the course: its map, the contents at hand on a phone, what a browser keeps of a reader's progress."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect

from tests.site.visits import answering, contrast, opened

KEY = "course.path"
FIRST, SECOND = "foundations/tensors", "foundations/broadcasting"
SHIFTS = """() => new Promise(done => new PerformanceObserver(list => done(
    list.getEntries().reduce((sum, each) => sum + each.value, 0)
)).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 500))"""


def keep(page: Page, kept: object) -> None:
    """Let the browser hold this, as it stands, before the first page opens."""
    text = kept if isinstance(kept, str) else json.dumps(kept)
    page.add_init_script(
        f"if (!sessionStorage.begun) {{ sessionStorage.begun = 1; localStorage.setItem('{KEY}', {json.dumps(text)}); }}"
    )


def kept(page: Page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))


def ticked(page: Page) -> list[str]:
    """Return the titles that the navigation has ticked."""
    links = page.locator(".md-nav--primary .md-nav__link.done").all_text_contents()
    return [" ".join(text.split()) for text in links]


# What a page says of its place.


def test_a_tutorial_says_its_place_its_minutes_and_the_time_of_its_run(site):
    count = len(site.course_pages)
    for number, url in enumerate(site.course_pages, start=1):
        facts = " ".join(site.pages[url].select_one(".facts").get_text(" ").split())
        assert re.match(rf"{number} of {count} To read: (\d+) minutes .*Runs in: \d+ (s|minutes)", facts)


def test_the_navigation_numbers_the_tutorials_and_nothing_else(site):
    titles = [
        " ".join(link.get_text().split())
        for link in site.pages[""].select(".md-nav--primary .md-nav__link[href]")
    ]
    numbered = [title for title in titles if title[0].isdigit()]
    assert [int(title.split(".")[0]) for title in numbered] == [
        *range(1, len(site.course_pages) + 1)
    ]
    assert site.pages[site.course_pages[0]].title.text.startswith("Tensors")


# The map.


def test_the_map_links_every_tutorial_in_its_order_in_the_drawing_and_in_the_list(site):
    home = site.pages[""]
    for links in (home.select(".course-map a"), home.select(".course-list a")):
        assert [link["href"] for link in links] == site.course_pages


def test_a_box_of_the_map_is_reached_and_opened_by_keyboard_and_has_a_name(site, address, laptop):
    laptop.goto(address)
    name = re.compile(r"^4\. Training by hand, needs Tensors, Gradients, helped by Broadcasting")
    box = laptop.get_by_role("link", name=name)
    laptop.locator(".course-map a").nth(2).focus()
    laptop.keyboard.press("Tab")
    expect(box).to_be_focused()
    laptop.keyboard.press("Enter")
    laptop.wait_for_url("**/training-by-hand/")


def test_a_box_that_has_the_focus_or_the_pointer_shows_the_way_to_it(site, address, laptop):
    laptop.goto(address)
    way = laptop.locator(".course-map a.way .number")
    laptop.locator(".course-map a").nth(6).focus()
    expect(way).to_have_text(["6", "7"])
    laptop.locator(".course-map a").nth(8).hover()
    expect(way).to_have_text(["6", "8", "9"])
    laptop.locator("h1").hover()
    laptop.locator(".course-map a").nth(6).blur()
    expect(way).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_can_be_read_in_both_schemes(address, browser, scheme):
    with opened(browser, 1000, scheme) as page:
        page.goto(address)
        words = page.locator(".course-map :is(.part, .number, tspan)")
        fills = words.evaluate_all("all => all.map(it => { it.style.color = getComputedStyle(it).fill; })")
        assert len(fills) > 40
        for number in range(words.count()):
            assert contrast(words.nth(number)) >= 7
        heights = words.evaluate_all("all => all.map(it => it.getBoundingClientRect().height)")
        assert min(heights) >= 12
        inside = page.locator(".course-map a").evaluate_all(
            """all => all.every(it => {
                const box = it.querySelector("rect").getBoundingClientRect();
                return [...it.querySelectorAll("text")].every(text => {
                    const words = text.getBoundingClientRect();
                    return words.left > box.left && words.right < box.right && words.top > box.top;
                });
            })"""
        )
        assert inside, "a title is wider than its box"


def test_on_a_phone_the_list_stands_in_the_place_of_the_map(site, address, phone):
    phone.goto(address)
    expect(phone.locator(".course-map")).to_be_hidden()
    links = phone.locator(".course-list a")
    assert links.count() == len(site.course_pages)
    assert links.evaluate_all("all => all.every(it => it.checkVisibility())")


# The contents of a page, on a phone.


def test_the_contents_are_at_hand_wherever_one_reads_and_lead_to_a_heading_that_shows(address, phone):
    phone.goto(f"{address}networks/first-network/")
    contents = phone.get_by_role("navigation", name="Sections of this page")
    phone.evaluate("scrollTo(0, 4000)")
    summary = contents.locator("summary")
    expect(summary).to_be_in_viewport()
    summary.click()
    link = contents.get_by_role("link", name="What goes wrong")
    link.click()
    expect(link).to_be_hidden()
    heading = phone.get_by_role("heading", name="What goes wrong")
    expect(heading).to_be_in_viewport(ratio=1)
    bar = summary.bounding_box()
    assert heading.bounding_box()["y"] >= bar["y"] + bar["height"]


def test_the_contents_fold_with_escape_and_when_the_focus_goes_on(address, phone):
    phone.goto(f"{address}networks/first-network/")
    summary = phone.locator(".contents summary")
    details = phone.locator(".contents details")
    summary.press("Enter")
    expect(details).to_have_attribute("open", "")
    phone.locator(".contents a").first.press("Escape")
    expect(details).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    summary.press("Enter")
    phone.locator(".contents a").last.press("Tab")
    expect(details).not_to_have_attribute("open", "")


def test_without_scripts_the_contents_unfold_and_what_needs_scripts_is_not_offered(address, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{address}networks/first-network/")
    page.locator(".contents summary").click()
    expect(page.locator(".contents a").first).to_be_visible()
    expect(page.locator(".page-done")).to_be_hidden()
    page.goto(address)
    expect(page.locator(".kept")).to_be_hidden()
    expect(page.locator(".course-list a").first).to_be_visible()
    context.close()


def test_how_far_one_has_read_shows_under_the_header_and_not_to_who_wants_no_motion(address, browser):
    cue = "parseFloat(getComputedStyle(document.querySelector('.facts'), '::after').scale)"
    with opened(browser, 1440, "light") as page:
        page.goto(f"{address}networks/first-network/")
        page.evaluate("scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 2)")
        page.wait_for_function(f"Math.abs({cue} - 0.5) < 0.05")
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate("getComputedStyle(document.querySelector('.facts'), '::after').content") == "none"


# What the browser keeps.


def test_a_page_marked_done_is_ticked_in_navigation_map_and_list_by_keyboard(address, laptop):
    laptop.goto(f"{address}{FIRST}/")
    done = laptop.get_by_role("button", name="Done with this page")
    expect(done).to_have_attribute("aria-pressed", "false")
    done.press("Enter")
    expect(done).to_have_attribute("aria-pressed", "true")
    expect(laptop.locator(".page-done").get_by_role("status")).to_have_text("1 of 20 pages done.")
    assert "1. Tensors" in ticked(laptop)
    laptop.goto(address)
    assert ticked(laptop) == ["1. Tensors"]
    box = laptop.locator(".course-map a").first
    expect(box.locator(".tick")).to_be_visible()
    assert box.get_attribute("aria-label") == "1. Tensors, done"
    expect(laptop.locator(".course-map a").nth(1).locator(".tick")).to_be_hidden()
    assert laptop.locator(".course-list a.done").all_text_contents() == ["Tensors"]
    laptop.goto(f"{address}{FIRST}/")
    done.press("Enter")
    expect(done).to_have_attribute("aria-pressed", "false")
    assert ticked(laptop) == []


def test_the_home_page_leads_back_to_the_heading_where_one_was(address, laptop):
    laptop.goto(f"{address}networks/evaluation/")
    heading = laptop.locator("article h2[id]").nth(3)
    text = heading.evaluate("it => it.firstChild.textContent.trim()")
    heading.evaluate("it => scrollTo(0, it.getBoundingClientRect().top + scrollY - 100)")
    laptop.goto(address)
    link = laptop.locator(".continue").get_by_role("link")
    expect(link).to_have_text(f"8. Evaluation, at “{text}”")
    link.click()
    expect(heading).to_be_in_viewport()


def test_a_glance_at_a_page_leaves_the_place_where_it_was(address, laptop):
    keep(laptop, {"done": [], "last": {"page": SECOND, "id": "", "heading": "", "at": 1}})
    laptop.goto(f"{address}networks/evaluation/")
    laptop.goto(address)
    expect(laptop.locator(".continue")).to_contain_text("Continue: 2. Broadcasting")


def test_from_a_page_that_is_done_one_continues_with_the_next_that_is_not(address, laptop):
    keep(laptop, {"done": [FIRST, SECOND], "last": {"page": FIRST, "id": "x", "heading": "X", "at": 1}})
    laptop.goto(address)
    expect(laptop.locator(".continue").get_by_role("link")).to_have_text("3. Gradients")


def test_who_has_done_everything_is_told(site, address, laptop):
    keep(laptop, {"done": [url.rstrip("/") for url in site.course_pages]})
    laptop.goto(address)
    expect(laptop.locator(".continue")).to_contain_text("All 20 pages are done.")


def test_a_first_visit_offers_nothing_to_continue(address, laptop):
    laptop.goto(address)
    expect(laptop.locator(".continue")).to_have_text("You need Python and school mathematics, and no GPU.")
    assert laptop.evaluate(f"localStorage.getItem('{KEY}')") is None


def test_progress_is_saved_to_a_file_erased_and_loaded_again(address, laptop, tmp_path):
    keep(laptop, {"done": [FIRST], "last": {"page": SECOND, "id": "a", "heading": "A", "at": 5}})
    laptop.goto(address)
    laptop.evaluate("localStorage.setItem('course.other', '[1]'); localStorage.setItem('else', '2')")
    with laptop.expect_download() as download:
        laptop.get_by_role("button", name="Save your marks").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert set(json.loads(file.read_text())) == {KEY, "course.other"}
    laptop.once("dialog", lambda dialog: dialog.accept())
    laptop.get_by_role("button", name="Erase marks").click()
    status = laptop.locator(".kept").get_by_role("status")
    expect(status).to_have_text("Erased: nothing is kept.")
    assert laptop.evaluate("Object.keys(localStorage).filter(it => /^(course|else)/.test(it))") == ["else"]
    assert ticked(laptop) == []
    expect(laptop.locator(".continue")).to_contain_text("You need Python")
    with laptop.expect_file_chooser() as chooser:
        laptop.get_by_role("button", name="Load marks").click()
    chooser.value.set_files(file)
    expect(status).to_have_text("Loaded: 1 of 20 pages done.")
    assert ticked(laptop) == ["1. Tensors"]
    expect(laptop.locator(".continue")).to_contain_text("2. Broadcasting, at “A”")
    assert laptop.evaluate("localStorage.getItem('course.other')") == "[1]"


def test_who_does_not_confirm_keeps_everything(address, laptop):
    keep(laptop, {"done": [FIRST]})
    laptop.goto(address)
    laptop.once("dialog", lambda dialog: dialog.dismiss())
    laptop.get_by_role("button", name="Erase marks").click()
    assert kept(laptop)["done"] == [FIRST]


def test_what_is_loaded_joins_what_is_there_and_the_later_place_counts(address, laptop, tmp_path):
    keep(laptop, {"done": [FIRST], "last": {"page": FIRST, "id": "", "heading": "", "at": 9}})
    laptop.goto(address)
    other = {"done": [SECOND], "last": {"page": SECOND, "id": "", "heading": "", "at": 3}}
    file = tmp_path / "other.json"
    file.write_text(json.dumps({KEY: json.dumps(other)}))
    laptop.locator("[data-path=file]").set_input_files(file)
    expect(laptop.locator(".kept").get_by_role("status")).to_have_text("Loaded: 2 of 20 pages done.")
    assert kept(laptop)["last"]["page"] == FIRST


@pytest.mark.parametrize(
    "content", ["", "no JSON", "null", "[]", '{"course.path": "{}"}', '{"course.path": 7}', "{}"]
)
def test_a_file_that_is_no_progress_is_told_and_changes_nothing(address, laptop, tmp_path, content):
    keep(laptop, {"done": [FIRST]})
    laptop.goto(address)
    file = tmp_path / "any.json"
    file.write_text(content)
    laptop.locator("[data-path=file]").set_input_files(file)
    status = laptop.locator(".kept").get_by_role("status")
    expect(status).to_have_text("This file holds no progress of this course; nothing has changed.")
    assert kept(laptop)["done"] == [FIRST]


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        "null",
        "7",
        '"done"',
        '{"done": {"a": 1}, "last": 3}',
        '{"done": [null, 4, "javascript:alert(1)"], "last": {"page": "x"}}',
        '{"done": [], "last": {"page": "//elsewhere.example", "id": "", "heading": "", "at": 1}}',
    ],
)
def test_what_is_damaged_is_as_good_as_nothing_and_the_next_mark_mends_it(address, laptop, damage):
    keep(laptop, damage)
    laptop.goto(address)
    assert laptop.problems == []
    expect(laptop.locator(".continue a[href*=elsewhere], .continue a[href^=javascript]")).to_have_count(0)
    assert ticked(laptop) == []
    laptop.goto(f"{address}{FIRST}/")
    laptop.get_by_role("button", name="Done with this page").click()
    assert kept(laptop)["done"] == [FIRST]
    assert laptop.problems == []


def test_a_browser_that_keeps_nothing_says_so_and_the_page_works(address, laptop):
    laptop.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    laptop.goto(f"{address}{FIRST}/")
    laptop.get_by_role("button", name="Done with this page").click()
    expect(laptop.locator(".page-done").get_by_role("status")).to_contain_text("this browser keeps nothing")
    assert "1. Tensors" in ticked(laptop)
    assert laptop.problems == []


def test_a_mark_shows_in_another_tab_at_once(address, laptop):
    laptop.goto(address)
    other = answering(laptop.context.new_page())
    other.goto(f"{address}{FIRST}/")
    other.get_by_role("button", name="Done with this page").click()
    expect(laptop.locator(".course-map a.done")).to_have_count(1)


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_moves_when_progress_comes_in(site, address, browser, width):
    everything = [url.rstrip("/") for url in site.course_pages[:-1]]
    last = {"page": site.course_pages[-1].rstrip("/"), "id": "", "heading": "A heading", "at": 1}
    for url in ("", f"{FIRST}/"):
        with opened(browser, width, "light") as page:
            keep(page, {"done": everything, "last": last})
            page.goto(address + url, wait_until="networkidle")
            assert page.locator(".md-nav__link.done").count() > 0
            assert page.evaluate(SHIFTS) <= 0.02, url
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_words_that_readers_search_for_stay_on_the_home_page(site):
    text = " ".join(BeautifulSoup(str(site.pages[""]), "lxml").find("article").get_text(" ").lower().split())
    for words in (
        "if you have never used tensorflow, begin with",
        "if you know numpy and want to train something today, begin with",
        "if you have a trained network and want to know how good it is",
        "have few photographs",
        "do not trust what your network says",
        "wait too long for training to end",
        "before the first page you need python",
    ):
        assert words in text
