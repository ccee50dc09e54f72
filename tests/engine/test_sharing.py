"""A site with a public address: its feed of changes, the pictures of its links, the policy of its scripts."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
from xml.etree import ElementTree

import pytest
from PIL import Image

from tutorial_engine.content_policy import content_policy
from tutorial_engine.link_cards import link_card
from tutorial_engine.sharing import Publication, as_script, atom, changes, tutorial_data

from .tiny import build_site, stored

PUBLICATION = Publication("Tiny", "A <tiny> course.", "https://example.org/tiny/", "en", "MIT")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def commit(course):
    """Commit all that is in the course, on a day of November."""

    def git(*arguments: str, **environment: str) -> None:
        names = ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL")
        who = {f"GIT_{name}": "nobody" for name in names}
        subprocess.run(
            ["git", *arguments],
            cwd=course.root,
            env=os.environ | who | environment,
            check=True,
            capture_output=True,
        )

    def commit(subject: str, day: int) -> None:
        date = f"2025-11-{day:02d}T12:00:00+00:00"
        git("add", "-A")
        git("commit", "-m", subject, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)

    git("init", "--quiet")
    return commit


def told(course) -> list[tuple[str, str, bool]]:
    return [
        (each.lesson.name, each.date[:10], each.is_new)
        for each in changes(course.root, course.lessons())
    ]


def test_a_tutorial_is_new_on_its_first_day_and_changed_once_on_each_other(course, commit):
    course.tutorial()
    commit("A tutorial", 1)
    course.edit("Two numbers", "Two small numbers")
    commit("Small ones", 3)
    course.edit("Two small numbers", "Two tiny numbers")
    commit("Tiny ones", 3)
    assert told(course) == [("tiny", "2025-11-03", False), ("tiny", "2025-11-01", True)]


def test_another_number_and_another_file_are_no_change_of_a_tutorial(course, commit):
    file = course.tutorial()
    commit("A tutorial", 1)
    file.rename(file.with_name("02_tiny.py"))
    commit("Another number", 2)
    course.snippet("helper", "def add(left, right): ...")
    commit("A snippet", 3)
    assert told(course) == [("tiny", "2025-11-01", True)]


def test_a_tutorial_that_does_not_build_is_in_no_feed(course, commit):
    course.tutorial()
    commit("A tutorial", 1)
    course.edit("Two numbers", "An accuracy of 97%, two numbers")
    assert course.lessons()[0].error
    assert told(course) == []


def test_without_a_history_there_are_no_changes(course):
    course.tutorial()
    assert told(course) == []


def test_a_history_that_begins_today_tells_of_no_change(course, commit, tmp_path):
    course.tutorial()
    commit("A tutorial", 1)
    course.edit("Two numbers", "Two small numbers")
    commit("An edit", 2)
    shallow = tmp_path / "shallow"
    origin = f"file://{course.root}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", origin, shallow], check=True)
    assert changes(shallow, course.lessons()) == []


def test_the_feed_holds_what_is_new_and_what_changed_with_dates_and_addresses(course, commit):
    course.tutorial(title="Sums & <signs>")
    commit("A tutorial", 1)
    course.edit("Two numbers", "Two small numbers")
    commit("Numbers are <small>", 2)
    feed = ElementTree.fromstring(atom(PUBLICATION, changes(course.root, course.lessons())))
    changed, new = feed.findall(f"{ATOM}entry")
    assert feed.find(f"{ATOM}updated").text == changed.find(f"{ATOM}updated").text
    assert changed.find(f"{ATOM}title").text == "Changed: Sums & <signs>"
    assert changed.find(f"{ATOM}summary").text == "Numbers are <small>"
    assert changed.find(f"{ATOM}link").get("href") == "https://example.org/tiny/part/tiny/"
    assert new.find(f"{ATOM}title").text == "New: Sums & <signs>"
    ids = [each.find(f"{ATOM}id").text for each in (changed, new)]
    assert len(set(ids)) == 2


def test_a_tutorial_says_what_it_needs_and_teaches_and_no_more_than_its_header_does(course):
    course.tutorial(file="1_part/01_first.py", title="First")
    course.tutorial(file="1_part/02_tiny.py", needs=["first"], teaches=["sum"])
    course.edit("Two numbers go in", "word " * 600, file="1_part/02_tiny.py")
    first, tiny = course.lessons()
    data = tutorial_data(PUBLICATION, tiny, [first, tiny])
    assert data["competencyRequired"] == ["First"]
    assert data["teaches"] == ["sum"]
    assert data["timeRequired"] == "PT3M"
    assert data["position"] == 2
    data = tutorial_data(PUBLICATION, first, [first, tiny])
    assert not {"competencyRequired", "teaches"} & set(data)
    assert data["timeRequired"] == "PT1M"


def test_a_title_cannot_end_the_script_that_it_stands_in():
    assert "</script" not in as_script({"name": "</script><script>"})


def background() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (1200, 630), "#12436d").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "title", ["One", "Regularisation and callbacks, and all that one does against " * 3, "W" * 60]
)
def test_a_card_is_small_holds_its_title_and_is_the_same_each_time(title):
    card = link_card(background(), title, "Part · 1 of 2", "Tiny")
    assert card == link_card(background(), title, "Part · 1 of 2", "Tiny")
    assert card != link_card(background(), "Another", "Part · 1 of 2", "Tiny")
    assert len(card) < 40_000
    with Image.open(io.BytesIO(card)) as picture:
        assert picture.size == (1200, 630)
        assert picture.mode == "P"


def test_a_policy_names_the_scripts_that_stand_in_pages_and_no_data():
    data = '<script type="application/ld+json">{}</script><script id=c type=application/json>{}</script>'
    pages = [f"<script>one()</script>{data}<script src=x.js></script>", "<script>two()</script>"]
    policy = content_policy([*pages, pages[0]])
    sources = policy.partition("script-src ")[2].partition(";")[0].split()
    digests = [
        base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (b"one()", b"two()")
    ]
    assert sources == ["'self'", *sorted(f"'sha256-{each}'" for each in digests)]


@pytest.mark.parametrize("address", ["", "https://example.org/tiny/"])
def test_what_needs_an_address_is_there_where_the_site_has_one(course, monkeypatch, address):
    monkeypatch.setenv("SITE_URL", address)
    stored(course, "tiny")
    course.site()
    assert build_site(course) == ""
    page = (course.root / "site/part/tiny/index.html").read_text(encoding="utf-8")
    for part in ("og:url", "application/ld+json", "rel=canonical"):
        assert (part in page) == bool(address), part
    for file in ("sitemap.xml", "_headers"):
        assert (course.root / "site" / file).exists() == bool(address), file
    assert not (course.root / "site/feed.xml").exists()
