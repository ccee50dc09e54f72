"""The site's copy, unpacked and opened from its folder: links, search, figures, copies, terms, in a browser."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from tests.site.test_built_files import targets
from tests.site.visits import opened, read_to_the_end

NAME = "from-tensors-to-convnets"


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory) -> Path:
    """Where the copy is unpacked: a folder whose name a browser has to encode."""
    folder = tmp_path_factory.mktemp("offline") / "a copy é"
    with zipfile.ZipFile(site.folder / f"{NAME}.zip") as copy:
        copy.extractall(folder)
    return folder / NAME


@pytest.fixture
def laptop(browser):
    with opened(browser, 1440, "light") as page:
        yield page
        assert page.problems == []


def test_no_link_of_the_copy_is_broken(folder):
    pages = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
        for path in folder.rglob("*.html")
    }
    anchors = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    broken, walked = [], 0
    for path, page in pages.items():
        for _, target in targets(page):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            walked += 1
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not file.is_file() or (anchor and file in pages and anchor not in anchors[file]):
                broken.append(f"{path.relative_to(folder)}: {target}")
    assert broken == []
    assert walked > 4000


def test_the_copy_is_offered_with_its_size_and_does_not_hold_itself(site, folder):
    megabytes = (site.folder / f"{NAME}.zip").stat().st_size / 1e6
    for url in ("", "about/offline/"):
        link = site.pages[url].select_one(f"article a[href$='{NAME}.zip']")
        assert link.text.endswith(f" ({megabytes:.0f} MB)"), url
    assert list(folder.rglob("*.zip")) == []
    assert not (folder / "404.html").exists()


def test_the_search_lists_pages_as_files(folder):
    index = (folder / "search/search_index.js").read_text(encoding="utf-8")
    for entry in json.loads(index.removeprefix("var __index = "))["docs"]:
        assert (folder / entry["location"].partition("#")[0]).is_file(), entry["location"]


def test_pages_open_from_the_folder_with_their_figures_and_nothing_from_elsewhere(
    site, folder, laptop
):
    for url in ("", site.reading_pages[0], f"{site.reading_pages[0]}run/", "snippets/metrics/"):
        laptop.goto((folder / url / "index.html").as_uri())
        read_to_the_end(laptop)
        images = laptop.locator("article img")
        assert images.evaluate_all("all => all.filter(it => !it.naturalWidth).map(it => it.src)") == []
    assert [sent for sent in laptop.requested if not sent.startswith(("file:", "blob:", "data:"))] == []


def test_the_search_finds_a_page_and_leads_there(folder, laptop):
    laptop.goto((folder / "index.html").as_uri())
    box = laptop.get_by_role("textbox", name="Search")
    box.click()
    box.press_sequentially("transpose")
    found = laptop.locator(".md-search-result__link")
    expect(found.first).to_be_visible()
    tensors = found.locator("xpath=self::*[contains(@href, '/foundations/tensors/index.html')]").first
    tensors.click()
    expect(laptop).to_have_title(re.compile("^Tensors"))


def test_a_terms_meaning_shows(site, folder, laptop):
    laptop.goto((folder / site.reading_pages[1] / "index.html").as_uri())
    laptop.locator("article a.term").first.hover()
    expect(laptop.get_by_role("tooltip")).to_be_visible()


def test_no_page_offers_to_copy_what_is_not_there(folder, laptop):
    laptop.goto((folder / "networks/evaluation/index.html").as_uri())
    expect(laptop.get_by_role("button", name="Copy page")).to_have_count(0)
    assert laptop.problems == []


def test_tables_have_their_frames_and_code_its_buttons(folder, laptop):
    laptop.goto((folder / "networks/evaluation/index.html").as_uri())
    tables = laptop.locator("article table:not([class])").count()
    expect(laptop.locator("article .md-typeset__scrollwrap table")).to_have_count(tables)
    expect(laptop.locator("article .md-code__nav").first).to_be_attached()


def test_a_figure_answers(folder, laptop):
    laptop.goto((folder / "networks/evaluation/index.html").as_uri())
    laptop.locator(".interactive").scroll_into_view_if_needed()
    slider = laptop.get_by_role("slider", name="Threshold")
    said = laptop.locator(".interactive .said")
    expect(said).to_contain_text("At 0.5: ")
    slider.press("ArrowRight")
    expect(said).to_contain_text("At 0.51: ")


def test_a_network_answers_without_a_server(folder, laptop):
    laptop.goto((folder / "beyond/export/index.html").as_uri())
    laptop.get_by_role("button", name="Load the network").click()
    expect(laptop.locator("[data-try=status]")).to_contain_text("Test image 1: ")
    laptop.get_by_role("button", name="Compare all 100 with Keras").click()
    expect(laptop.get_by_text("100 of 100 answers are the same")).to_be_visible()
    assert all(sent.startswith(("file:", "blob:", "data:")) for sent in laptop.requested)


def test_code_has_its_colours_and_its_names_lead_to_snippets_that_can_be_copied(folder, laptop):
    laptop.context.grant_permissions(["clipboard-read", "clipboard-write"])
    laptop.goto((folder / "networks/evaluation/index.html").as_uri())
    laptop.wait_for_function("CSS.highlights.get('code-call')?.size > 0")
    laptop.locator("a.documented", has_text="draw_confusion_matrix").first.click()
    expect(laptop).to_have_title(re.compile("^plot_evaluation"))
    laptop.locator("a.copy-snippet").first.click()
    expect(laptop.get_by_role("status")).to_contain_text("Copied")
    assert laptop.evaluate("navigator.clipboard.readText()").startswith("# plot_evaluation.")
