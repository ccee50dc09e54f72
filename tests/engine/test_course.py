"""The course as a whole: tutorials that name one another, and settings."""

from __future__ import annotations

import pytest

from tutorial_engine.navigation import NAV_MARK, expand_navigation
from tutorial_engine.settings import Settings

from .tiny import TINY


def messages(course) -> list[str]:
    return [str(lesson.error) for lesson in course.lessons() if lesson.error]


def test_needs_name_tutorials_by_their_addresses(course):
    course.tutorial()
    course.tutorial(file="2_more/02_other_one.py", needs=["tiny"])
    assert messages(course) == []


def test_a_need_that_is_no_tutorial_is_named_with_those_there_are(course):
    course.tutorial()
    course.tutorial(file="2_more/02_other_one.py", needs=["tiny", "smal"])
    (said,) = messages(course)
    assert "tutorials_src/2_more/02_other_one.py:1" in said
    assert "no tutorial is named smal" in said
    assert "name some of other-one, tiny" in said


@pytest.mark.parametrize("second", ["1_part/02_tiny.py", "2_more/02_tiny.py"])
def test_a_name_that_is_taken_is_refused_for_the_second(course, second):
    course.tutorial()
    course.tutorial(file=second)
    first, other = course.lessons()
    assert first.error is None
    assert "'tiny' is taken by tutorials_src/1_part/01_tiny.py" in str(other.error)


def test_what_is_wrong_with_one_tutorial_stays_with_it(course):
    course.tutorial(TINY.replace("total = ", "total = = "))
    course.tutorial(file="2_more/02_other_one.py", needs=["tiny"])
    broken, good = course.lessons()
    assert "not Python" in str(broken.error)
    assert good.error is None
    assert good.key


def test_lessons_have_addresses_and_parts_without_numbers(course):
    course.tutorial(file="2_conv_nets/12_first_one.py")
    (lesson,) = course.lessons()
    assert (lesson.name, lesson.part) == ("first-one", "Conv nets")
    assert lesson.page == "conv-nets/first-one.md"


def settings(course, text: str = "") -> Settings:
    (course.root / "pyproject.toml").write_text(f"[tool.tutorial_engine]\n{text}\n")
    return Settings.load(course.root)


def test_settings_come_from_the_project_and_the_environment_comes_first(course, monkeypatch):
    monkeypatch.setenv("TUTORIALS_JOBS", "5")
    monkeypatch.setenv("REPO_URL", "https://a.b/c")
    read = settings(course, "jobs = 1\ncell_cpu_limit = 9")
    assert (read.jobs, read.cell_cpu_limit, read.threads) == (5, 9, 1)
    assert read.repo_url == "https://a.b/c"


def test_a_part_can_have_a_title_of_its_own(course):
    course.tutorial(file="1_part/01_tiny.py")
    course.tutorial(file="2_more/02_tiny_too.py")
    titles = settings(course, '[tool.tutorial_engine.parts]\nmore = "More to come"').parts
    expanded = expand_navigation(["index.md", NAV_MARK], course.lessons(), titles)
    assert [next(iter(part)) for part in expanded[1:]] == ["Part", "More to come"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job = 1", "unknown setting job; known are jobs"),
        ('jobs = "two"', "setting jobs: 'two' is not a number"),
        ("cell_idle_limit = 0", "setting cell_idle_limit: 0 is less than 1"),
        ('edition = "big"', "'big' is not one of default, full"),
    ],
)
def test_a_wrong_setting_is_named(course, text, said):
    with pytest.raises(ValueError, match=said):
        settings(course, text)


def test_an_empty_variable_leaves_the_setting_out(course, monkeypatch):
    monkeypatch.setenv("SITE_URL", "")
    monkeypatch.setenv("TUTORIALS_JOBS", "")
    assert (settings(course).site_url, settings(course).jobs) == ("", 2)
