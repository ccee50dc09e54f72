"""The copy of a site that is read from its folder: its links, its data, the same bytes each time."""

from __future__ import annotations

import json
import os
import zipfile

import pytest

from tutorial_engine.offline import EMPTY, offline_page, write_copy

from .tiny import build_site, stored

PAGE = "<!doctype html><html class=no-js><head><meta charset=utf-8></head><body>{}</body></html>"


def link_of(address: str, path: str = "part/page/index.html") -> str:
    """Return where a link leads in the copy."""
    page = offline_page(PAGE.format(f"<a href={address}>there</a>"), path, "copy.zip")
    return page.partition('<a href="')[2].partition('"')[0]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("../other/", "../other/index.html"),
        ("../other/#place", "../other/index.html#place"),
        ("../..", "../../index.html"),
        (".", "./index.html"),
        ("#place", "#place"),
        ("notebook.ipynb", "notebook.ipynb"),
        ("https://example.org/page/", "https://example.org/page/"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_a_link_names_a_file_where_it_named_a_folder(address, expected):
    assert link_of(address) == expected
    assert link_of(f'"{address}"') == expected


def test_a_page_begins_with_the_script_that_stands_in_for_a_server():
    page = offline_page(PAGE.format(""), "part/page/index.html", "copy.zip")
    assert '<head><script src="../../assets/offline.js"></script><meta' in page


def test_the_copy_does_not_link_to_itself():
    page = offline_page(
        PAGE.format('<a title=all href="../copy.zip">All</a>'), "p/index.html", "copy.zip"
    )
    assert "<a title=all>All</a>" in page


@pytest.fixture
def site(tmp_path):
    site = tmp_path / "site"
    (site / "page").mkdir(parents=True)
    (site / "search").mkdir()
    (site / "page" / "index.html").write_text(PAGE.format("<a href=../copy.zip>All of it</a>"))
    (site / "404.html").write_text(PAGE.format("<a href=/>Home</a>"))
    (site / "copy.zip").write_bytes(EMPTY)
    (site / "data.json").write_text('{"é": "</script>"}', encoding="utf-8")
    (site / "data.bin").write_bytes(b"\xff\0")
    docs = [{"location": "page/#place", "title": "There"}, {"location": ""}]
    (site / "search" / "search_index.json").write_text(json.dumps({"docs": docs}))
    return site


def contents(site) -> dict[str, str]:
    with zipfile.ZipFile(site / "copy.zip") as copy:
        return {name: copy.read(name).decode("latin-1") for name in copy.namelist()}


def test_links_to_the_copy_say_its_size(site):
    write_copy(site, "copy.zip")
    assert "<a href=../copy.zip>All of it (0 MB)</a>" in (site / "page/index.html").read_text()
    assert "MB" not in contents(site)["copy/page/index.html"]


def test_links_in_the_twins_say_its_size_and_the_copy_holds_no_twins(site):
    for name in ("page/index.html.md", "llms-full.txt"):
        (site / name).write_text("[All of it](https://a.b/copy.zip), [that](https://a.b/c)")
    write_copy(site, "copy.zip")
    for name in ("page/index.html.md", "llms-full.txt"):
        said = (site / name).read_text()
        assert said == "[All of it (0 MB)](https://a.b/copy.zip), [that](https://a.b/c)"
        assert f"copy/{name}" not in contents(site)


def test_the_copy_holds_neither_itself_nor_what_needs_a_server(site):
    write_copy(site, "copy.zip")
    names = contents(site)
    assert "copy/copy.zip" not in names
    assert "copy/404.html" not in names
    assert all(name.startswith("copy/") for name in names)


def test_what_scripts_read_lies_there_as_a_script(site):
    write_copy(site, "copy.zip")
    found = contents(site)
    call = found["copy/assets/offline/data.json.js"].removeprefix("offlineFile").strip()
    assert json.loads(f"[{call[1:-1]}]") == ["data.json", '{"é": "</script>"}', False]
    assert found["copy/assets/offline/data.bin.js"] == 'offlineFile("data.bin", "/wA=", true)\n'
    index = json.loads(found["copy/search/search_index.js"].removeprefix("var __index = "))
    assert [entry["location"] for entry in index["docs"]] == ["page/index.html#place", "index.html"]


def test_the_same_site_is_the_same_copy(site):
    write_copy(site, "copy.zip")
    once = (site / "copy.zip").read_bytes()
    (site / "page/index.html").write_text(PAGE.format("<a href=../copy.zip>All of it</a>"))
    os.utime(site / "data.json", (0, 2_000_000_000))
    (site / "data.json").chmod(0o600)
    write_copy(site, "copy.zip")
    assert (site / "copy.zip").read_bytes() == once


def test_a_build_writes_the_copy_that_its_settings_name(course):
    course.site()
    stored(course, "tiny")
    (course.root / "pyproject.toml").write_text('[tool.tutorial_engine]\noffline = "tiny.zip"\n')
    (course.root / "docs/index.md").write_text("# Home\n\n[All of it](tiny.zip).\n")
    assert build_site(course) == ""
    assert "All of it (" in (course.root / "site/index.html").read_text()
    with zipfile.ZipFile(course.root / "site/tiny.zip") as copy:
        assert {"tiny/index.html", "tiny/part/tiny/index.html"} <= set(copy.namelist())


@pytest.mark.parametrize("name", ["copy", "../copy.zip", "a/b.zip"])
def test_a_copy_that_is_called_otherwise_is_refused(course, name):
    (course.root / "pyproject.toml").write_text(f'[tool.tutorial_engine]\noffline = "{name}"\n')
    with pytest.raises(ValueError, match="is no name of a zip"):
        course.settings()
