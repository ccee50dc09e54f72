"""The course as a drawing: who stands where, which lines are drawn, and that none runs through a box."""

from __future__ import annotations

import itertools
import re

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st

from tutorial_engine.course_map import MARK, Edge, Stop, course_map, edges

from .tiny import build_site, stored


def stop(name: str, *needs: str, helps: tuple[str, ...] = (), part: str = "Part") -> Stop:
    return Stop(name, f"On {name}", part, f"part/{name}/", needs, helps)


def drawn(*stops: Stop) -> BeautifulSoup:
    return BeautifulSoup(course_map(stops), "html.parser")


def box(link: Tag) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a box."""
    x, y, width, height = (float(link.rect[name]) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def boxes(page: BeautifulSoup) -> list[tuple[float, float, float, float]]:
    return [box(link) for link in page.svg.select("a")]


def points(line: Tag) -> list[tuple[float, float]]:
    """Return the points of a line; a round corner is taken for the sharp one."""
    said = re.sub(r"L[\d.-]+ [\d.-]+Q([\d.-]+ [\d.-]+) [\d.-]+ [\d.-]+", r"L\1", line.path["d"])
    return [tuple(map(float, pair.split())) for pair in re.findall(r"[\d.-]+ [\d.-]+", said)]


@st.composite
def courses(draw) -> list[Stop]:
    """Courses of a few parts in which everybody builds on some of those before."""
    count = draw(st.integers(1, 12))
    parts = sorted(draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)))
    found = []
    for number, part in enumerate(parts):
        before = draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else set()
        needs = draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
        found.append(
            stop(
                f"t{number}",
                *(f"t{each}" for each in sorted(needs)),
                helps=tuple(f"t{each}" for each in sorted(before - needs)),
                part=f"Part {part}",
            )
        )
    return found


def test_what_is_needed_on_the_way_has_no_line_of_its_own():
    course = [stop("a"), stop("b", "a"), stop("c", "a", "b")]
    assert edges(course) == [Edge("a", "b", True), Edge("b", "c", True)]


def test_what_helps_is_left_to_needs_and_help_what_is_needed_to_needs_alone():
    course = [stop("a"), stop("b", helps=("a",)), stop("c", "a", "b"), stop("d", "b", helps=("a",))]
    assert edges(course) == [
        Edge("a", "b", False),
        Edge("a", "c", True),
        Edge("b", "c", True),
        Edge("b", "d", True),
    ]


def test_names_that_no_tutorial_has_and_circles_draw_what_can_be_drawn():
    page = drawn(stop("a", "b", "nobody"), stop("b", "a"))
    assert len(page.svg.select("a")) == 2


def test_every_box_is_a_link_that_says_its_number_its_title_and_what_stands_before():
    page = drawn(stop("a"), stop("b"), stop("c", "a", helps=("b",)))
    links = page.svg.select("a")
    assert [link["href"] for link in links] == ["part/a/", "part/b/", "part/c/"]
    assert links[2]["aria-label"] == "3. On c, needs On a, helped by On b"
    assert links[2].title.text == links[2]["aria-label"]


def test_needs_and_help_are_told_apart_and_say_between_which_numbers_they_run():
    page = drawn(stop("a"), stop("b", "a"), stop("c", helps=("b",)))
    lines = [(*line["class"], line["data-edge"]) for line in page.select("g")]
    assert lines == [("needs", "1 2"), ("helps", "2 3")]


def test_the_list_says_the_same_with_the_same_links_part_by_part():
    page = drawn(
        stop("a", part="One"), stop("b", "a", part="Two"), stop("c", helps=("a",), part="Two")
    )
    items = page.details.select("li")
    assert [part.text for part in page.details.select("p")] == ["One", "Two"]
    assert [item["value"] for item in items] == ["1", "2", "3"]
    assert [item.a["href"] for item in items] == [link["href"] for link in page.svg.select("a")]
    assert [item.get_text(" ") for item in items] == [
        "On a",
        "On b   needs On a",
        "On c   helped by On a",
    ]


def test_titles_are_text_and_a_long_one_is_cut_in_its_box_alone():
    title = "A <title> that goes on & on, longer than any box would hold it"
    page = drawn(Stop("a", title, "Part", "a/"))
    assert page.svg.a.title.text == f"1. {title}"
    assert page.details.a.text == title
    lines = [line.text for line in page.svg.select("tspan")]
    assert len(lines) == 2
    assert lines[1].strip().endswith("…")


def test_a_part_stands_below_the_last_and_a_page_to_the_right_of_what_it_builds_on():
    a, b, c, d = boxes(
        drawn(stop("a"), stop("b", "a"), stop("c", helps=("b",)), stop("d", "a", part="Next"))
    )
    assert a[2] < b[0] < b[2] < c[0]
    assert d[1] > max(a[3], b[3], c[3])
    assert d[0] == a[0]


@given(courses())
def test_boxes_keep_apart_and_no_line_runs_through_one(course):
    page = drawn(*course)
    found = boxes(page)
    for one, other in itertools.combinations(found, 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    left, top, width, height = map(float, page.svg["viewbox"].split())
    lines = page.select("g")
    assert len(lines) == len(edges(course))
    for line in lines:
        turns = points(line)
        start, end = (found[int(number) - 1] for number in line["data-edge"].split())
        assert is_on_the_edge(turns[0], start)
        assert is_on_the_edge(turns[-1], end)
        for (x, y), (to_x, to_y) in itertools.pairwise(turns):
            assert x == to_x or y == to_y
            low, high = sorted((x, to_x)), sorted((y, to_y))
            assert left <= low[0] <= low[1] <= left + width
            assert top <= high[0] <= high[1] <= top + height
            for each in found:
                is_beside = low[1] <= each[0] or low[0] >= each[2]
                assert is_beside or high[1] <= each[1] or high[0] >= each[3]


def is_on_the_edge(point: tuple[float, float], of: tuple[float, float, float, float]) -> bool:
    x, y = point
    left, top, right, bottom = of
    return (x in (left, right) and top < y < bottom) or (y in (top, bottom) and left < x < right)


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_page_shows_the_map_with_addresses_from_where_it_lies(course, is_folder):
    course.site()
    stored(course, "one", "two")
    (course.root / "docs" / "about").mkdir()
    (course.root / "docs" / "about" / "map.md").write_text(f"# Map\n\n{MARK}\n")
    config = course.root / "mkdocs.yml"
    text = config.read_text().replace("about/checks.md", "about/checks.md\n      - about/map.md")
    config.write_text(f"{text}use_directory_urls: {str(is_folder).lower()}\n")
    assert build_site(course) == ""
    file = "about/map/index.html" if is_folder else "about/map.html"
    page = BeautifulSoup((course.root / "site" / file).read_text(), "html.parser")
    addresses = ["../../part/one/", "../../part/two/"]
    if not is_folder:
        addresses = ["../part/one.html", "../part/two.html"]
    assert [link["href"] for link in page.select("svg.course-map a")] == addresses
    assert "The map as a list" not in (course.root / "site/search/search_index.json").read_text()
