"""The built site as a reader meets it: Chromium, light and dark, wide and phone-narrow."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")
SCREENS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
# What is asked of every page depends on the width or on the scheme, on no pair of them.
SCREENS_OF_EVERY_PAGE = list(zip(WIDTHS, SCHEMES, strict=True))
TEXTS = ("p", ".lead", ".facts a", "ul.claims li", ".output pre code")


@contextmanager
def opened(browser, width, scheme):
    """A fresh page of one width and one scheme, with the requests it made and the errors it met."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.requested = []
    page.problems = []
    page.on("request", lambda sent: page.requested.append(sent.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda said: page.problems.append(said.text) if said.type == "error" else None,
    )
    page.width = width
    yield page
    context.close()


@pytest.fixture(params=SCREENS, ids=str)
def page(request, browser):
    with opened(browser, *request.param) as page:
        yield page


@dataclass(frozen=True)
class Visit:
    """What a reader's browser did on one page, read to its end."""

    requested: list[str]
    problems: list[str]
    figures: int
    first_figure: float
    images_that_failed: list[str]
    overflow: int
    contrasts: dict[str, float]


@pytest.fixture(scope="module", params=SCREENS_OF_EVERY_PAGE, ids=str)
def screen(request) -> tuple[int, str]:
    return request.param


@pytest.fixture(scope="module")
def visits(screen, site, address, browser) -> dict[str, Visit]:
    """Every page, read once on one screen for all the tests of it: address -> visit."""
    found = {}
    with opened(browser, *screen) as page:
        for url in ["", "about/checks/", "about/data/", *site.reading_pages, *site.records]:
            page.requested, page.problems = [], []
            page.goto(address + url, wait_until="load")
            read_to_the_end(page)
            texts = {name: page.locator(f"article {name}").first for name in TEXTS}
            found[url] = Visit(
                page.requested,
                page.problems,
                page.locator("article img.figure").count(),
                page.evaluate(
                    "document.querySelector('article img.figure')?.getBoundingClientRect().y + scrollY"
                ),
                page.locator("article img").evaluate_all(
                    "all => all.filter(each => !each.naturalWidth).map(each => each.src)"
                ),
                page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                ),
                {name: contrast(text) for name, text in texts.items() if text.count()},
            )
    return found


def read_to_the_end(page) -> None:
    """Unfold the solutions, bring every figure into view, and wait until each has loaded."""
    page.evaluate(
        """() => {
            document.querySelectorAll("article details").forEach(each => each.open = true);
            for (const image of document.querySelectorAll("article img")) {
                image.scrollIntoView();
                image.loading = "eager";  // a lazy one waits for a frame, and a busy browser may draw none
            }
        }"""
    )
    page.wait_for_function(
        "[...document.querySelectorAll('article img')].every(image => image.complete)", polling=100
    )


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


def test_a_page_asks_no_other_origin(address, visits):
    for url, visit in visits.items():
        foreign = [sent for sent in visit.requested if not sent.startswith((address, "data:"))]
        assert foreign == [], url
        assert visit.problems == [], url


def test_a_page_fetches_only_the_figures_that_show(visits, screen):
    _, scheme = screen
    for url, visit in visits.items():
        figures = {urlsplit(sent).path for sent in visit.requested if "figure-" in sent}
        wrong = [path for path in figures if path.endswith("-dark.png") != (scheme == "dark")]
        assert wrong == [], url
        assert len(figures) == visit.figures, url
        assert visit.images_that_failed == [], url


def test_no_page_scrolls_sideways(visits):
    assert [url for url, visit in visits.items() if visit.overflow > 0] == []


def test_text_keeps_its_contrast(visits):
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for the text of the course's own parts."""
    for url, visit in visits.items():
        assert all(ratio >= 4.5 for ratio in visit.contrasts.values()), (url, visit.contrasts)
    assert {name for visit in visits.values() for name in visit.contrasts} == set(TEXTS)


def test_the_first_figure_lies_within_a_screen_and_a_half_of_a_wide_screen(site, visits, screen):
    width, _ = screen
    if width == 1440:
        tops = {url: visits[url].first_figure for url in site.reading_pages}
        assert [url for url, top in tops.items() if not top < 1.5 * 900] == []


def test_code_has_a_copy_button_and_output_has_none(site, address, page):
    page.goto(address + site.reading_pages[0])
    code = page.locator("article .highlight:not(.output):visible")
    output = page.locator("article .highlight.output")
    page.wait_for_selector("article .highlight .md-code__button, article .highlight .md-clipboard")
    button = ".md-clipboard, [data-md-type='copy']"
    assert code.first.locator(button).count() == 1
    assert output.count() > 0
    assert output.locator(button).count() == 0


def test_a_figure_follows_the_scheme_that_the_reader_picks(site, address, page):
    """The toggle goes system, light, dark: two presses lead from the system's to the dark scheme."""
    page.goto(address + site.reading_pages[0])
    for _ in range(2):
        page.locator("form[data-md-component='palette'] label:visible").first.click()
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    page.wait_for_function(
        "document.querySelector('article img.figure').currentSrc.endsWith('-dark.png')"
    )


def test_a_figure_that_goes_on_beyond_the_edge_fades_there_until_it_is_scrolled(
    site, address, page
):
    page.goto(address + site.reading_pages[0])
    figure = page.locator("article picture").first
    goes_on = figure.evaluate("it => it.scrollWidth > it.clientWidth")
    assert goes_on == (page.width == 360)
    faded = "picture => getComputedStyle(picture).getPropertyValue('--fade') !== '0px'"
    assert figure.evaluate(faded) == goes_on
    figure.evaluate("it => { it.scrollLeft = it.scrollWidth; }")
    page.wait_for_function(f"!({faded})(document.querySelector('article picture'))")


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
