"""The built site as a reader meets it: Chromium, light and dark, wide and phone-narrow."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str)
def page(request, browser):
    """A fresh page of one width and one scheme, with the requests it made and the errors it met."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    opened.requested = []
    opened.problems = []
    opened.on("request", lambda sent: opened.requested.append(sent.url))
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on(
        "console",
        lambda said: opened.problems.append(said.text) if said.type == "error" else None,
    )
    opened.scheme, opened.width = scheme, width
    yield opened
    context.close()


def read_to_the_end(page) -> None:
    """Unfold the solutions, bring every figure into view, and wait until each has loaded."""
    page.evaluate("document.querySelectorAll('article details').forEach(each => each.open = true)")
    for figure in page.locator("article img").all():
        figure.scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('article img')].every(image => image.complete)"
    )


def test_a_page_asks_no_other_origin_and_fetches_only_the_figures_that_show(site, address, page):
    for url in ["", "about/checks/", *site.reading_pages, *site.records]:
        page.requested.clear()
        page.goto(address + url, wait_until="load")
        read_to_the_end(page)
        foreign = [sent for sent in page.requested if not sent.startswith((address, "data:"))]
        assert foreign == [], url
        figures = {urlsplit(sent).path for sent in page.requested if "figure-" in sent}
        wrong = [path for path in figures if path.endswith("-dark.png") != (page.scheme == "dark")]
        assert wrong == [], url
        shown = page.locator("article img.figure").count()
        assert len(figures) == shown, url
        loaded = "images => images.every(image => image.naturalWidth > 0)"
        assert page.locator("article img").evaluate_all(loaded), url
    assert page.problems == []


def test_no_page_scrolls_sideways(site, address, page):
    for url in ["", "about/checks/", "about/data/", *site.reading_pages, *site.records]:
        page.goto(address + url)
        read_to_the_end(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{url} at {page.width} pixels"


def test_the_first_figure_lies_within_a_screen_and_a_half_of_a_wide_screen(site, address, browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    for url in site.reading_pages:
        page.goto(address + url)
        top = page.locator("article img.figure").first.bounding_box()["y"]
        assert top < 1.5 * 900, url
    context.close()


def test_code_has_a_copy_button_and_output_has_none(site, address, page):
    page.goto(address + site.reading_pages[0])
    code = page.locator("article .highlight:not(.output):visible")
    output = page.locator("article .highlight.output")
    page.wait_for_selector("article .highlight .md-code__button, article .highlight .md-clipboard")
    button = ".md-clipboard, [data-md-type='copy']"
    assert code.first.locator(button).count() == 1
    assert output.count() > 0
    assert output.locator(button).count() == 0


def test_text_keeps_its_contrast(site, address, page):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for the text of the course's own parts."""
    for url in site.reading_pages:
        page.goto(address + url)
        for selector in ("article p", ".lead", ".facts a", "ul.claims li", ".output pre code"):
            first = page.locator(f"article {selector}" if selector[0] != "a" else selector).first
            if first.count() == 0:
                continue
            assert contrast(first) >= 4.5, f"{url} {selector} {page.scheme}"


def contrast(locator) -> float:
    """Return the WCAG contrast of an element's text on the nearest opaque background."""
    return locator.evaluate(
        """element => {
            const canvas = document.createElement("canvas").getContext("2d");
            const rgba = colour => {
                canvas.clearRect(0, 0, 1, 1);
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return canvas.getImageData(0, 0, 1, 1).data;
            };
            const luminance = ([r, g, b]) => [r, g, b]
                .map(v => v / 255)
                .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const text = luminance(rgba(getComputedStyle(element).color));
            let below = element;
            while (below && rgba(getComputedStyle(below).backgroundColor)[3] < 255)
                below = below.parentElement;
            const paper = luminance(rgba(getComputedStyle(below ?? document.body).backgroundColor));
            return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05);
        }"""
    )


def test_a_figure_follows_the_scheme_that_the_reader_picks(site, address, page):
    """The toggle goes system, light, dark: two presses lead from the system's to the dark scheme."""
    page.goto(address + site.reading_pages[0])
    for _ in range(2):
        page.locator("form[data-md-component='palette'] label:visible").first.click()
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    page.wait_for_function(
        "document.querySelector('article img.figure').currentSrc.endsWith('-dark.png')"
    )


def test_search_finds_a_word_from_inside_a_tutorial(site, address, page):
    page.goto(address)
    if page.width == 360:
        page.locator("label.md-header__button[for='__search']").click()
    box = page.get_by_role("textbox", name="Search")
    box.click()
    box.press_sequentially("transpose")
    page.wait_for_selector(".md-search-result__link")
    links = page.locator(".md-search-result__link").evaluate_all("all => all.map(a => a.href)")
    assert any("/foundations/tensors/" in link for link in links)


def test_a_page_can_be_read_without_javascript(site, address, browser):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    for url in site.reading_pages:
        page.goto(address + url)
        assert page.locator("article h1").is_visible()
        assert page.locator("article img.figure").first.is_visible()
    context.close()
