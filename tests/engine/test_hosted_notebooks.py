"""Links to where a notebook runs without an installation stand on a page where such a place can open it."""

from __future__ import annotations

import pytest

from tutorial_engine.hosted_notebooks import hosted

from .tiny import made_run

REPOSITORY = "https://github.com/people/course"


@pytest.fixture
def page(course):
    course.tutorial()
    return lambda **settings: course.page(made_run(course), **settings).markdown


def test_a_page_links_to_its_notebook_on_the_branch_that_holds_it(page):
    said = page(repo_url=REPOSITORY, notebook_branch="notebooks")
    place = "people/course/blob/notebooks/part/tiny/tiny.ipynb"
    assert (
        f"- **Open it in:** [Colab](https://colab.research.google.com/github/{place}), "
        f"[molab](https://molab.marimo.io/github/{place})\n" in said
    )


@pytest.mark.parametrize(
    ("repository", "branch"),
    [
        (REPOSITORY, ""),
        ("", "notebooks"),
        ("https://gitlab.example/people/course", "notebooks"),
        (f"{REPOSITORY}/tree/main", "notebooks"),
    ],
)
def test_a_page_offers_no_place_that_could_not_open_the_notebook(page, repository, branch):
    assert "Open it in" not in page(repo_url=repository, notebook_branch=branch)


def test_a_page_links_to_another_branch_as_soon_as_the_setting_says_so(course):
    course.tutorial()
    run = made_run(course)
    for branch in ("one", "two"):
        settings = {"repo_url": REPOSITORY, "notebook_branch": branch}
        assert f"/blob/{branch}/" in course.page(run, **settings).markdown


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_a_repositorys_address_may_end_in_its_ways(course, end):
    course.tutorial()
    settings = course.settings(repo_url=REPOSITORY + end, notebook_branch="main")
    assert hosted(course.parse(), settings)["molab"] == (
        "https://molab.marimo.io/github/people/course/blob/main/part/tiny/tiny.ipynb"
    )


FAILS = '# %% tags=["raises-exception"]\nimport json\n\nsize = 2\nsize / 0\n\n'


@pytest.mark.parametrize(
    ("later", "is_offered"),
    [
        ("print(3)", True),
        ("print(size)", False),
        ("def half():\n    return size / 2", False),
        ("def text():\n    return json.dumps(1)", False),
        ("def half(size):\n    return size / 2", True),
        ("size = 3\nprint(size)", True),
        ("size = 3\n\n# %%\nprint(size)", True),
    ],
)
def test_molab_is_offered_where_no_cell_needs_a_name_of_one_that_fails(course, later, is_offered):
    """For marimo does not come to a cell below one that has failed."""
    course.tutorial(f"{FAILS}# %%\n{later}\n")
    settings = course.settings(repo_url=REPOSITORY, notebook_branch="main")
    assert set(hosted(course.parse(), settings)) == {"Colab", *["molab"] * is_offered}
