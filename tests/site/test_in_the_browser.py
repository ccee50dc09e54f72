"""The built site as a reader meets it: Chromium, light and dark, wide and phone-narrow."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import expect

from tests.bench.searches import ENOUGH, FIRST, ROOT, SEARCHES, rank, results
from tests.site.visits import SCREENS_OF_EVERY_PAGE, TEXTS, Visit, opened

WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")
SCREENS = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]


@pytest.fixture(params=SCREENS, ids=str)
def page(request, browser):
    with opened(browser, *request.param) as page:
        yield page


@pytest.fixture(scope="module", params=SCREENS_OF_EVERY_PAGE, ids=str)
def screen(request) -> tuple[int, str]:
    return request.param


@pytest.fixture(scope="module")
def visits(screen, visited, browser) -> dict[str, Visit]:
    """Every page, read once on one screen for all the tests of it: address -> visit."""
    return visited[screen].result()


def test_a_page_asks_no_other_origin(address, visits):
    for url, visit in visits.items():
        foreign = [sent for sent in visit.requested if not sent.startswith((address, "data:"))]
        assert foreign == [], url
        assert visit.problems == [], url


def test_a_page_fetches_only_the_figures_that_show(visits, screen):
    _, scheme = screen
    for url, visit in visits.items():
        figures = {urlsplit(sent).path for sent in visit.requested if "figure-" in sent}
        wrong = [path for path in figures if path.endswith("-dark.webp") != (scheme == "dark")]
        assert wrong == [], url
        assert len(figures) == visit.figures, url
        assert visit.images_that_failed == [], url


def test_no_page_scrolls_sideways(visits):
    assert [url for url, visit in visits.items() if visit.overflow > 0] == []


def test_text_keeps_its_contrast(visits):
    """WCAG 2.2, 1.4.6, the enhanced one: at least 7 to 1 for the text of the course's own parts."""
    for url, visit in visits.items():
        assert all(ratio >= 7 for ratio in visit.contrasts.values()), (url, visit.contrasts)
    assert {name for visit in visits.values() for name in visit.contrasts} == set(TEXTS)


def test_within_two_wide_screens_there_is_a_figure_or_a_whole_program(site, visits, screen):
    """What a page trains is written out first, so its first figure may stand on the second screen."""
    width, _ = screen
    if width == 1440:
        tops = {url: visits[url].first_figure for url in site.course_pages}
        late = [url for url, top in tops.items() if not top < 2 * 900]
        assert [url for url in late if not begins_with_a_program(site.pages[url])] == []


def begins_with_a_program(page) -> bool:
    """Say whether a page's first code cell is called a whole program."""
    first = page.select_one("article .highlight")
    label = first and first.select_one(".filename")
    return bool(label) and label.text.startswith("A whole program")


def test_code_has_a_copy_button_and_output_has_none(site, address, page):
    page.goto(address + site.reading_pages[0])
    code = page.locator("article .highlight:not(.output):visible")
    output = page.locator("article .highlight.output")
    page.wait_for_selector("article .highlight .md-code__button, article .highlight .md-clipboard")
    button = ".md-clipboard, [data-md-type='copy']"
    assert code.first.locator(button).count() == 1
    assert output.count() > 0
    assert output.locator(button).count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_a_signature_shows_whole(address, browser, width):
    with opened(browser, width, "light") as page:
        for module in ("convnets", "metrics", "plot_evaluation"):
            page.goto(f"{address}snippets/{module}/")
            code = page.locator("article .signature code")
            assert code.count() > 2, module
            assert code.evaluate_all("all => all.filter(it => it.scrollWidth > it.clientWidth)") == []


def test_what_was_copied_is_told_in_one_place_that_is_read_aloud(address, browser):
    with opened(browser, 1440, "light") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"{address}snippets/metrics/")
        page.locator("a.copy-snippet[download='class_report.py']").click()
        told = page.get_by_role("status")
        expect(told).to_have_text("Copied class_report.py: paste it into a file of your own")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("# metrics.class_report of ")
        page.locator(".md-clipboard, [data-md-type='copy']").first.click()
        expect(told).to_have_text("Copied to clipboard")


def test_what_cannot_be_copied_is_downloaded(address, browser):
    with opened(browser, 1440, "light") as page:
        page.goto(f"{address}snippets/metrics/")
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
        with page.expect_download() as download:
            page.locator("a[download='class_report.py']").click()
        assert download.value.suggested_filename == "class_report.py"


def test_a_figure_follows_the_scheme_that_the_reader_picks(site, address, page):
    """The toggle goes system, light, dark: two presses lead from the system's to the dark scheme."""
    page.goto(address + site.reading_pages[0])
    for _ in range(2):
        page.locator("button.scheme").first.click()
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    page.wait_for_function(
        "document.querySelector('article img.figure').currentSrc.endsWith('-dark.webp')"
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


@pytest.fixture(scope="module")
def pages_for(site, address, browser):
    """What a search lists: typed -> pages."""
    with opened(browser, 1440, "light") as page:
        page.goto(address)
        yield lambda typed: results(page, address, typed)


def test_what_people_type_finds_a_page_that_answers_it_among_the_first(pages_for):
    missed = [typed for typed in SEARCHES if rank(typed, pages_for(typed)[:FIRST]) is None]
    assert len(SEARCHES) - len(missed) >= ENOUGH, missed


@pytest.mark.parametrize("name", ["from_logits", "Conv2D", "EarlyStopping", "restore_best_weights"])
def test_a_name_from_code_finds_first_the_pages_whose_code_uses_it(site, pages_for, name):
    using = {
        url
        for url, page in site.pages.items()
        if any(name in code.text for code in page.select(".highlight:not(.output) code"))
    }
    tutorials = using & set(site.reading_pages)
    assert tutorials
    # Ten are listed; the list grows where one scrolls.
    assert set(pages_for(name)[: len(tutorials)]) <= using


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("regularization", "regularisation"),
        ("color jitter", "colour jitter"),
        ("normalize", "normalise"),
        ("labeled centers", "labelled centres"),
        ("grad-cam", "Grad CAM"),
    ],
)
def test_two_spellings_find_the_same(pages_for, one, other):
    assert pages_for(one) == pages_for(other) != []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("overfiting", "overfitting"),
        ("convolusion", "convolution"),
        ("tranfser learning", "transfer learning"),
        ("gradcam", "grad cam"),
        ("batchsize", "batch size"),
    ],
)
def test_what_is_mistyped_finds_what_is_meant(pages_for, typed, meant):
    assert set(pages_for(typed)[:3]) & set(pages_for(meant)[:3])


@pytest.mark.parametrize("term", ["dropout", "calibration", "broadcasting", "padding", "Hyperband"])
def test_a_tutorial_stands_above_the_glossary(site, pages_for, term):
    pages = pages_for(term)
    assert set(pages[: pages.index("glossary/")]) & set(site.reading_pages)


def test_every_synonym_leads_to_a_page(pages_for):
    """What a page says is said somewhere, or what is typed for it would lead nowhere."""
    words = yaml.safe_load((ROOT / "docs/search.yml").read_text(encoding="utf-8"))
    assert [said for said in words["synonyms"] if not pages_for(f"{said}")] == []


def test_a_result_shows_the_words_that_were_typed_and_leads_to_them(site, address, page):
    page.goto(address)
    if page.width == 360:
        page.locator("label.md-header__button[for='__search']").click()
    box = page.get_by_role("textbox", name="Search")
    box.fill("vanishing gradient <b>")
    box.press("End")
    first = page.locator(".md-search-result__item").first
    expect(first.locator("mark").first).to_be_visible()
    marked = {text.lower() for text in first.locator("mark").all_text_contents()}
    assert marked >= {"vanishing"}
    assert first.evaluate("it => it.scrollWidth <= it.clientWidth")
    first.locator("a").first.click()
    page.wait_for_selector("article mark[data-md-highlight], article .md-typeset mark")
    assert page.problems == []


def test_a_page_can_be_read_without_javascript(site, address, browser):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    for url in site.reading_pages:
        page.goto(address + url)
        assert page.locator("article h1").is_visible()
        if url in site.course_pages:
            assert page.locator("article img.figure").first.is_visible()
    context.close()
