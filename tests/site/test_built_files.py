"""The built site's files: links, figures, sizes, downloads. No browser."""

from __future__ import annotations

import ast
import itertools
import gzip
import json
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
from bs4 import Tag
from PIL import Image

from tests.engine.page_rules import errors_of
from tests.site.links import broken_links, resolve, targets
from tutorial_engine.closure import closure, public_definitions, public_names
from tutorial_engine.examples import examples_of

ROOT = Path(__file__).parents[2]
SNIPPETS = {
    file.stem: file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py"))
}
# Compressed, as a server sends them: an uncompressed limit would count what no reader waits for.
READING_PAGE_BYTES = 26_000
RECORD_BYTES = 28_000
PAPER = (0xFE, 0xFE, 0xFE)


def test_every_internal_link_and_anchor_leads_somewhere(site):
    assert broken_links(site.folder, site.pages) == []


def test_nothing_that_a_page_fetches_lies_on_another_origin(site):
    foreign = [
        f"{page}: {target}"
        for page, document in site.pages.items()
        for tag, target in targets(document)
        if tag.name != "a" and urlsplit(target).netloc and page != "404.html"
    ]
    assert foreign == []


def test_every_figure_says_what_it_shows_and_how_large_it_is(site):
    for url in [*site.reading_pages, *site.records]:
        figures = site.pages[url].select("img.figure")
        assert figures or url.removesuffix("run/") in site.atlas_pages, f"{url} has no figure"
        for figure in figures:
            assert len(figure["alt"].split()) >= 4, f"{url}: {figure['src']}: {figure['alt']!r}"
            assert "No description" not in figure["alt"]
            with Image.open(site.folder / url / figure["src"]) as picture:
                assert picture.size[0] // 2 == int(figure["width"]), f"{url}: {figure['src']}"
                assert picture.size[1] // 2 == int(figure["height"]), f"{url}: {figure['src']}"


def test_no_two_figures_of_a_page_have_the_same_alt_text(site):
    for url in site.reading_pages:
        alts = [figure["alt"] for figure in site.pages[url].select("img.figure")]
        assert len(alts) == len(set(alts)), url


def test_the_figures_of_the_first_code_are_eager_and_the_others_lazy(site):
    for url in site.course_pages:
        article = site.pages[url].select_one("article")
        for figure in article.select("img.figure"):
            code_above = figure.find_all_previous(has_code)
            is_first = len(code_above) == 1
            assert figure.get("loading", "eager") == ("eager" if is_first else "lazy"), (url, figure["src"])


def has_code(element) -> bool:
    """Say whether an element is a block of a page's code rather than of its output."""
    classes = element.get("class") or []
    return "highlight" in classes and "output" not in classes


def test_every_figure_has_a_dark_twin_of_the_same_size(site):
    for url in site.reading_pages:
        for source in site.pages[url].select("picture source"):
            light = source.find_next("img")["src"]
            with (
                Image.open(site.folder / url / light) as bright,
                Image.open(site.folder / url / source["srcset"]) as dark,
            ):
                assert bright.size == dark.size, f"{url}{light}"
                assert bright.tobytes() != dark.tobytes(), f"{url}{light} is the same in the dark"


def test_a_confusion_matrix_keeps_its_cells_and_their_labels_in_the_dark(site):
    """Each label's contrast with its cell is tested where it is drawn; here both stay as they are."""
    found = 0
    for url in site.reading_pages:
        for figure in site.pages[url].select("img.figure[alt^='Confusion matrix']"):
            light = figure["src"]
            dark = figure.find_parent("picture").source["srcset"]
            shades = []
            for name in (light, dark):
                with Image.open(site.folder / url / name) as picture:
                    width, height = picture.size
                    inside = (width * 4 // 10, height // 10, width * 9 // 10, height * 6 // 10)
                    shades.append(np.asarray(picture.convert("RGB").crop(inside)))
            assert np.array_equal(*shades), f"{url}{light}"
            found += 1
    assert found, "no page shows a confusion matrix"


def test_no_figure_is_cut_at_its_edge(site):
    """The outermost pixels of a figure are paper: nothing drawn reaches them."""
    for url in site.reading_pages:
        for figure in site.pages[url].select("img.figure"):
            with Image.open(site.folder / url / figure["src"]) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
            assert all((edge == PAPER).all() for edge in edges), f"{url}{figure['src']}"


def test_pages_are_small(site):
    for url in site.reading_pages:
        assert site.size_sent(url) <= READING_PAGE_BYTES, f"{url}: {site.size_sent(url)} bytes"
    for url in site.records:
        assert site.size_sent(url) <= RECORD_BYTES, f"{url}: {site.size_sent(url)} bytes"


def test_no_page_shows_a_warning_of_tensorflow(site):
    """Those of the atlas are about such warnings."""
    for url in site.course_pages:
        assert "WARNING:" not in site.pages[url].find("article").get_text(), url


def test_no_page_shows_an_expression_a_placeholder_or_raw_markup(site):
    for url in site.reading_pages:
        article = copy(site.pages[url].find("article"))
        for code in article.select("pre"):
            code.extract()
        text = article.get_text()
        for mark in ("{python", "…</span>", "!!!", "???", "{ .", "{:", "\\("):
            assert mark not in text, f"{url} shows {mark}"
        for code in article.select("code"):
            code.extract()
        assert "**" not in article.get_text(), f"{url} shows **"
        assert not article.select(".pending")


def test_the_index_of_the_search_weighs_little_and_has_no_code(site):
    """It is fetched whole, by who turns to the search; `gzip` as a server does. A tenth of it is the atlas."""
    index = (site.folder / "search/search_index.json").read_bytes()
    assert len(gzip.compress(index)) < 280_000
    texts = [entry["text"] for entry in json.loads(index)["docs"]]
    assert [text for text in texts if "import keras" in text and "<pre>" in text] == []


def test_run_records_stay_out_of_search_engines_navigation_and_search(site):
    index = json.loads((site.folder / "search/search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    navigation = {
        resolve("", link["href"])[0].removesuffix("index.html")
        for link in site.pages[""].select("nav a.md-nav__link[href]")
    }
    for url in site.records:
        robots = site.pages[url].find("meta", attrs={"name": "robots"})
        assert robots["content"] == "noindex"
        assert url not in found
        assert url not in navigation
    assert set(site.reading_pages) <= found & navigation


@pytest.mark.parametrize("kind", ["ipynb", "py"])
def test_downloads_lie_beside_the_page_and_are_valid(site, kind):
    for entry in site.report["tutorials"]:
        file = site.folder / entry["url"] / f"{entry['name']}.{kind}"
        text = file.read_text(encoding="utf-8")
        if kind == "py":
            ast.parse(text)
        else:
            nbformat.validate(json.loads(text))


def test_notebooks_hold_no_markup_that_only_mkdocs_knows(site):
    for entry in site.report["tutorials"]:
        file = site.folder / entry["url"] / f"{entry['name']}.ipynb"
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] != "markdown":
                continue
            for mark in ("!!! ", "??? ", "=== ", "{ .", "{: ", "{.", "`{python", "](../", ".md)"):
                assert mark not in cell["source"], (
                    f"{file.name}: {mark!r} in {cell['source'][:80]!r}"
                )


def test_the_report_lists_every_tutorial_with_claims_that_hold(site):
    for entry in site.report["tutorials"]:
        assert entry["outcome"] in ("executed", "cached")
        assert entry["cpu_s"] > 0
        assert entry["peak_mb"] > 0
        assert len(entry["claims"]) >= 5, f"{entry['name']} claims too little"
        assert all(claim["holds"] for claim in entry["claims"])
        page = site.pages[entry["url"]]
        assert len(page.select("ul.claims li")) == len(entry["claims"])
        assert entry["key"] in page.get_text()


def test_every_page_has_one_first_heading_and_skips_no_level(site):
    for url in [*site.reading_pages, "", "about/checks/", "about/data/"]:
        levels = [
            int(tag.name[1]) for tag in site.pages[url].select("article :is(h1,h2,h3,h4,h5,h6)")
        ]
        assert levels.count(1) == 1, url
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), url


def test_the_sign_beside_a_heading_says_aloud_to_which_it_links(site):
    for url, page in site.pages.items():
        signs = page.select("a.headerlink")
        wrong = [each["href"] for each in signs if len(each["aria-label"]) <= len("Link to ")]
        assert wrong == [], url
    (sign,) = site.pages["snippets/plot_results/"].select("#seed_dots a.headerlink")
    assert sign["aria-label"] == "Link to seed_dots"


def test_no_page_has_an_error_by_the_rules_of_html(site):
    found = {
        path.relative_to(site.folder).as_posix(): errors
        for path in sorted(site.folder.rglob("*.html"))
        if (errors := errors_of(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_step_of_the_build_changes_a_word_of_a_page(site, edits):
    """Every page is made again, from the runs that are stored by now, and each step is watched."""
    report = edits.result()
    assert report["pages"]["lean_page"] >= len(site.pages) - 1  # 404.html is no page of ours
    assert report["pages"]["light_record"] == len(site.records)
    assert report["changed"] == []


def parts_of_snippets(site) -> Iterator[tuple[str, str, list[Tag]]]:
    """Yield each public name of each snippet: module, name, what its page has below its heading."""
    for module, source in SNIPPETS.items():
        for name in public_names(source):
            heading = site.pages[f"snippets/{module}/"].find(id=name)
            assert heading.name == "h2", f"{module}.{name}"
            following = itertools.takewhile(lambda each: each.name != "h2", heading.next_siblings)
            yield module, name, [each for each in following if isinstance(each, Tag)]


def test_each_public_name_of_a_snippet_has_a_place_its_signature_and_a_copy_of_it_alone(site):
    for module, name, parts in parts_of_snippets(site):
        assert name in next(each.get_text() for each in parts if each.name == "div"), name
        (link,) = [link for each in parts for link in each.select("a.copy-snippet")]
        file, _ = resolve(f"snippets/{module}/", link["href"])
        text = (site.folder / file).read_text(encoding="utf-8")
        assert text.endswith(closure(SNIPPETS[module], name)), f"{module}.{name}"


def test_each_example_of_a_snippet_shows_what_it_gave_and_a_drawing_function_its_figure(site):
    drawn = 0
    for module, name, parts in parts_of_snippets(site):
        is_shown = any(each.get_text(strip=True) == "Example" for each in parts)
        assert is_shown == (name in examples_of(module, SNIPPETS[module])), f"{module}.{name}"
        node = public_definitions(SNIPPETS[module])[name]
        if ast.unparse(getattr(node, "returns", None) or ast.Pass()) == "Figure":
            (figure, *_) = [image for each in parts for image in each.select("img.figure")]
            assert figure["alt"], f"{module}.{name}"
            assert figure.find_previous("source"), f"{module}.{name} has no dark figure"
            drawn += 1
        elif is_shown:
            assert any("output" in each.get("class", ()) for each in parts), f"{module}.{name}"
    assert drawn > 40


def test_each_function_of_a_snippet_leads_to_its_tests_as_they_stand(site):
    for module, name, parts in parts_of_snippets(site):
        # The parser knows no `details`: where a paragraph's end is left out, it puts them inside.
        details = [
            found
            for each in parts
            for found in ([each] if each.name == "details" else each.select("details"))
        ]
        node = public_definitions(SNIPPETS[module])[name]
        if isinstance(node, ast.FunctionDef):
            assert details, f"{module}.{name} has no test"
        for link in (link for each in details for link in each.select("a")):
            file, anchor = resolve(f"snippets/{module}/", link["href"])
            test = site.pages[file.removesuffix("index.html")].find(id=anchor)
            code = test.find_next("pre").get_text()
            # Of two tests with one name, the anchor begins with the file.
            assert f"def {anchor.rpartition('-')[2]}(" in code
            assert name in code


def test_a_snippet_that_tutorials_use_leads_to_them_and_says_what_its_tests_hold_it_to(site):
    page = site.pages["snippets/plot_images/"]
    grid = page.find(id="image_grid")
    used = grid.find_next(string=lambda text: text.strip() == "Used in").find_parent("p")
    links = [resolve("snippets/plot_images/", link["href"])[0] for link in used.select("a")]
    assert "foundations/tensors/index.html" in links
    assert "beyond/distributed/index.html" not in links
    assert len(grid.find_next("details").select("li")) >= 2
    assert site.pages["snippets/"].select_one("a[href='plot_images/#image_grid']")
