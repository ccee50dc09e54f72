"""`mkdocs build --strict`: what a reader gets, and what ends the build."""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from .tiny import HELPER, TINY, Course, code

FIGURE = """
# %% [markdown]
# Here is $x^2$, and [there](../part/tiny.md#checked-by-this-build) the sum.
#
# !!! note "Mind"
#     the zebra.

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(2, 1))
ax.plot([0, 1])
figure.alt = 'A line with "quotes" and [brackets].'
plt.close(figure)
figure

# %% tags=["claims"]
assert len(figure.axes) == 1, "a line is drawn"
""".lstrip()


class Built:
    """A course after `mkdocs build`."""

    def __init__(self, course: Course, **environment: str) -> None:
        self.course = course
        self.ended = course.build(**environment)
        self.said = self.ended.stdout + self.ended.stderr
        self.site = course.root / "site"

    def page(self, address: str) -> BeautifulSoup:
        return BeautifulSoup((self.site / address / "index.html").read_text(), "lxml")

    @cached_property
    def outcomes(self) -> dict[str, str]:
        return {name: entry["outcome"] for name, entry in self.course.report().items()}

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in self.site.rglob("*")
            if path.is_file() and path.suffix != ".gz"
        }


def make(root: Path) -> Course:
    course = Course(root)
    course.site()
    course.tutorial(artifacts=["kept.bin"])
    course.edit("total = ", "open('kept.bin', 'wb').write(b'kept');\ntotal = ")
    course.tutorial(FIGURE, file="2_more/02_picture.py", title="A picture", needs=["tiny"], seed=7)
    return course


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Built:
    built = Built(make(tmp_path_factory.mktemp("good") / "a course"))
    assert built.ended.returncode == 0, built.said
    return built


@pytest.fixture(scope="module")
def again(good) -> Built:
    """The same course built a second time, and what the first build wrote."""
    before = good.files()
    built = Built(good.course)
    built.before = before
    assert built.ended.returncode == 0, built.said
    return built


def test_a_good_build_writes_every_page_with_its_downloads(good):
    written = set(good.files())
    assert {
        "part/tiny/index.html",
        "part/tiny/tiny.ipynb",
        "part/tiny/tiny.py",
        "part/tiny/kept.bin",
        "part/tiny/run/index.html",
        "more/picture/index.html",
        "more/picture/figure-01.webp",
        "more/picture/figure-01-dark.webp",
        "about/checks/index.html",
        "build.json",
    } <= written


def test_a_page_shows_values_outputs_and_what_was_checked(good):
    page = good.page("part/tiny")
    assert "Together they make 5." in page.text
    assert "the total is 5" in page.select_one(".output").text
    assert page.select_one("ul.claims li").text.startswith("Two and three make <five>.")


def test_a_figure_is_a_picture_that_fetches_the_twin_that_shows(good):
    page = good.page("more/picture")
    image = page.select_one("picture img")
    assert image["alt"] == 'A line with "quotes" and [brackets].'
    assert (good.site / "more/picture" / image["src"]).is_file()
    source = page.select_one("picture source")
    assert (good.site / "more/picture" / source["srcset"]).is_file()
    assert "prefers-color-scheme: dark" in source["media"]


def test_maths_is_mathml(good):
    assert good.page("more/picture").select_one("math msup").text == "x2"


def test_the_navigation_has_the_tutorials_numbered_by_part_where_it_says_so(good):
    links = [link.text.strip() for link in good.page("").select(".md-nav--primary .md-nav__link")]
    entries = ["Home", "Part", "1. Tiny", "More", "2. A picture"]
    shown = [text for text in links if text in entries]
    assert list(dict.fromkeys(shown)) == entries


def test_search_finds_words_inside_a_tutorial_and_none_of_a_run_record(good):
    documents = json.loads((good.site / "search/search_index.json").read_text())["docs"]
    found = {entry["location"].split("#")[0] for entry in documents if "zebra" in entry["text"]}
    assert found == {"more/picture/"}
    assert not [entry for entry in documents if "/run/" in entry["location"]]


def test_a_run_record_asks_no_other_origin_and_stays_out_of_search_engines(good):
    record = good.page("more/picture/run")
    asked = [
        each.get("src") or each.get("href") for each in record.find_all(["script", "link", "img"])
    ]
    assert [url for url in asked if url and re.match(r"(https?:)?//", url)] == []
    assert record.select_one("meta[name=robots]")["content"] == "noindex"
    assert (good.site / "assets/run-record.css").stat().st_size > 0
    assert not [style for style in record.select("style") if len(style.text) > 2_000]


def test_a_run_record_shows_every_cell_and_the_figures_text(good):
    record = good.page("more/picture/run")
    assert "ax.plot" in record.text
    assert "assert len(figure.axes)" in record.text
    (image,) = [each for each in record.select("img") if "figure" in each.get("src", "")]
    assert image["alt"] == 'A line with "quotes" and [brackets].'
    assert (good.site / "more/picture/run" / image["src"]).resolve().is_file()


def test_the_report_has_its_schema(good):
    document = json.loads((good.site / "build.json").read_text())
    assert set(document) == {"edition", "versions", "tutorials"}
    assert document["edition"] == "default"
    assert {"tensorflow", "keras", "numpy"} <= set(document["versions"])
    first = document["tutorials"][0]
    assert set(first) == {
        "name",
        "source",
        "url",
        "is_atlas",
        "key",
        "outcome",
        "ran",
        "wall_s",
        "cpu_s",
        "peak_mb",
        "versions",
        "claims",
        "artifacts",
    }
    assert set(first["versions"]) == {"python"}
    assert first["name"] == "tiny"
    assert first["source"] == "tutorials_src/1_part/01_tiny.py"
    assert (good.site / first["url"] / "index.html").is_file()
    assert re.fullmatch(r"[0-9a-f]{32}", first["key"])
    assert first["outcome"] == "executed"
    assert first["claims"] == [
        {"text": "two and three make <five>", "holds": True, "fails_without": []}
    ]
    assert first["artifacts"][0]["name"] == "kept.bin"
    assert first["artifacts"][0]["bytes"] == 4
    assert min(first[name] for name in ("wall_s", "cpu_s", "peak_mb")) > 0


def test_the_report_is_also_a_page(good):
    page = good.page("about/checks")
    assert "two and three make <five>" in page.text
    links = [link["href"] for link in page.select("article table a")]
    assert links == ["../../part/tiny/", "../../more/picture/"]


def test_a_page_without_a_public_address_links_to_no_repository(good):
    assert "Report a problem" not in good.page("part/tiny").text


def test_a_second_build_executes_nothing(again):
    assert again.outcomes == {"tiny": "cached", "picture": "cached"}


def test_a_second_build_writes_the_same_pages(again):
    now = again.files()
    same = {name for name in now if name.endswith((".html", ".png", ".ipynb", ".py", ".css"))}
    same -= {"about/checks/index.html"}  # says `cached` where it said `executed`
    assert [name for name in sorted(same) if now[name] != again.before[name]] == []


@pytest.fixture(scope="module")
def edited(tmp_path_factory) -> Built:
    """Built once, then again after a prose edit in one tutorial and a snippet edit."""
    course = make(tmp_path_factory.mktemp("edited") / "a course")
    assert Built(course).ended.returncode == 0
    course.edit("the zebra", "the okapi", file="2_more/02_picture.py")
    course.snippet("helper", HELPER.replace("left + right", "right + left"))
    course.environment = {"SITE_URL": "https://a.b/c/", "REPO_URL": "https://a.b/d"}
    return Built(course, **course.environment)


def test_a_prose_edit_shows_and_executes_nothing(edited):
    assert edited.ended.returncode == 0, edited.said
    assert edited.outcomes["picture"] == "cached"
    assert "the okapi" in edited.page("more/picture").text


def test_a_snippet_edit_executes_the_tutorial_that_imports_it(edited):
    assert edited.outcomes["tiny"] == "executed"


def test_with_public_addresses_pages_link_to_them(edited):
    page = edited.page("part/tiny")
    assert page.select_one("link[rel=canonical]")["href"] == "https://a.b/c/part/tiny/"
    (report,) = [link for link in page.select("a") if "Report a problem" in link.text]
    assert report["href"].startswith("https://a.b/d/issues/new?")


BAD = {
    "failing": (code("x = 1\n1 / 0"), "2_bad/03_failing.py:8 (cell 1): ZeroDivisionError"),
    "false": (
        TINY.replace("total == 5", "total == 6"),
        "2_bad/04_false.py:19 (cell 4): a claim does not hold: two and three make <five>",
    ),
    "blind": (
        code("import matplotlib.pyplot as plt\n\nf = plt.figure()\nplt.close(f)\nf"),
        "2_bad/05_blind.py:6 (cell 1): a figure without alt text",
    ),
    "damaged": (TINY, "data/digits/pixels.bin: damaged data, needed by tutorials_src/2_bad/06_"),
    "typed": (TINY.replace("Two", "3.7"), "2_bad/07_typed.py:7 (cell 1): the number 3.7"),
    "lonely": (TINY, "2_bad/08_lonely.py:1: header field 'needs': no tutorial is named nobody"),
}
FILES = {name: f"2_bad/{number:02d}_{name}.py" for number, name in enumerate(BAD, start=3)}
REMEDIES = {
    "failing": "correct the cell",
    "false": "correct the page",
    "blind": "set figure.alt",
    "damaged": "git checkout -- tutorials_src/data/digits/pixels.bin",
    "typed": "write it as `{python} EXPRESSION`",
    "lonely": "name some of",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Built:
    course = make(tmp_path_factory.mktemp("broken") / "a course")
    pixels = course.data("digits")
    for name, (body, _) in BAD.items():
        fields = {"data": ["digits"]} if name == "damaged" else {}
        fields |= {"needs": ["nobody"]} if name == "lonely" else {}
        course.tutorial(body, file=FILES[name], **fields)
    pixels.write_bytes(b"bits")
    built = Built(course)
    built.report = course.report()
    return built


def test_a_build_with_failures_ends_with_status_1_and_counts_them(broken):
    assert broken.ended.returncode == 1
    assert "6 of 8 tutorials failed; the runs of the other 2 are kept" in broken.said


@pytest.mark.parametrize("name", BAD)
def test_each_failure_is_named_with_its_place_and_its_remedy(broken, name):
    assert BAD[name][1] in broken.said
    _, _, after = broken.said.partition(BAD[name][1])
    assert f"What to do: {REMEDIES[name]}" in after or REMEDIES[name] in after.split("What")[1]


def test_the_report_tells_which_claim_did_not_hold(broken):
    assert broken.report["false"]["outcome"] == "failed"
    assert broken.report["false"]["claims"] == [
        {"text": "two and three make <five>", "holds": False, "fails_without": []}
    ]
    assert broken.report["false"]["error"]["line"] == 19


@pytest.fixture(scope="module")
def cured(broken) -> Built:
    course = broken.course
    course.data("digits")
    for file in FILES.values():
        (course.root / "tutorials_src" / file).unlink()
    for entry in (course.store.folder / "picture").iterdir():
        entry.write_bytes(entry.read_bytes()[:-20])
    return Built(course)


def test_good_runs_are_kept_through_a_failing_build(cured):
    assert cured.outcomes["tiny"] == "cached"


def test_a_damaged_entry_is_run_again_and_said_so_and_the_strict_build_is_good(cured):
    assert cured.outcomes["picture"] == "executed"
    assert "of picture is damaged" in cured.said
    assert cured.ended.returncode == 0, cured.said


def test_nothing_is_written_beside_the_sources(cured):
    written = {
        path.relative_to(cured.course.root).parts[0] for path in cured.course.root.rglob("*")
    }
    assert written == {
        ".cache",
        "docs",
        "mkdocs.yml",
        "overrides",
        "site",
        "snippets",
        "tutorials_src",
    }
    assert not list((cured.course.root / "tutorials_src").rglob("__pycache__"))
    assert not list((cured.course.root / "snippets").rglob("__pycache__"))


def test_a_wrong_setting_ends_the_build_with_a_line_that_names_it(course):
    course.site()
    course.tutorial()
    (course.root / "pyproject.toml").write_text("[tool.tutorial_engine]\njob = 1\n")
    ended = course.build()
    assert ended.returncode == 1
    assert "unknown setting job" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_maths_that_is_not_tex_ends_the_build_with_the_line_and_the_formula(course):
    course.site()
    course.tutorial(TINY.replace("Two numbers", r"Here is $\left( x$; two numbers"))
    ended = course.build()
    assert ended.returncode == 1
    assert r"\left( x" in ended.stderr
    assert "01_tiny.py:7 (cell 1)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_interrupted_build_leaves_no_kernel(course):
    import signal
    import subprocess
    import sys

    from .tiny import clean_environment, kernels_below

    course.site()
    sign = course.root / "started"
    os.mkfifo(sign)
    course.tutorial(code(f"import time\nopen({str(sign)!r}, 'w').write('x')\ntime.sleep(600)"))
    build = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "build"],
        cwd=course.root,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert sign.read_text() == "x"  # waits for the cell
    (kernel,) = kernels_below(build.pid)
    build.send_signal(signal.SIGINT)
    assert build.wait(30) != 0
    assert not kernel.is_running()
