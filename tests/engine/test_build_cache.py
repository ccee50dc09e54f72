"""What is kept between builds saves work and changes nothing."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import time
from pathlib import Path

import pytest
from material.plugins.search.plugin import SearchIndex
from mkdocs.structure.pages import Page as SitePage

from tutorial_engine.build_cache import BuildCache
from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings
from tutorial_engine.tutorial import Tutorial

from .tiny import REPOSITORY, Course, build_site, made_run, stored

ONE, TWO = "1_part/01_one.py", "1_part/02_two.py"
NEVER = pytest.fail


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_value_is_made_once_for_the_same_things_also_in_the_next_process(tmp_path):
    assert BuildCache(tmp_path).get("squares", "three", [3], lambda: {"square": 9}) == {"square": 9}
    again = BuildCache(tmp_path)
    assert again.get("squares", "three", [3], NEVER) == {"square": 9}
    assert again.get("squares", "three", [3], NEVER) == {"square": 9}


def test_a_value_is_made_anew_when_anything_that_it_hangs_on_differs(tmp_path):
    build_cache, number = BuildCache(tmp_path), itertools.count()
    asked = [("a", "x", 1), ("a", "x", 2), ("b", "x", 1), ("a", "y", 1), ("a", "x", "1")]
    made = [
        build_cache.get(kind, name, things, lambda: next(number))
        for kind, name, things in asked + asked
    ]
    assert made == [*range(len(asked))] * 2


def test_what_a_caller_does_to_a_value_is_not_kept(tmp_path):
    build_cache = BuildCache(tmp_path)
    build_cache.get("lists", "one", 1, lambda: [1]).append(2)
    assert build_cache.get("lists", "one", 1, NEVER) == [1]


def test_a_failure_is_not_kept(tmp_path):
    build_cache = BuildCache(tmp_path)
    with pytest.raises(ZeroDivisionError):
        build_cache.get("quotients", "none", 0, lambda: 1 / 0)
    assert build_cache.get("quotients", "none", 0, lambda: 7) == 7


@pytest.mark.parametrize(
    "damage", ["cut", "another text", "another's", "empty", "no text", "a folder"]
)
def test_a_damaged_entry_is_made_again(tmp_path, damage):
    BuildCache(tmp_path).get("words", "one", 1, lambda: "a word")
    (entry,) = entries(tmp_path)
    content = entry.read_bytes()
    entry.unlink()
    BuildCache(tmp_path).get("words", "another", 2, lambda: "a lie")
    (other,) = entries(tmp_path)
    if damage == "a folder":
        (entry / "inside").mkdir(parents=True)
    else:
        entry.write_bytes(
            {
                "cut": content[:-2],
                "another text": content.replace(b"a word", b"a lie."),
                "another's": other.read_bytes(),
                "empty": b"",
                "no text": b"\xff\xfe",
            }[damage]
        )
    assert BuildCache(tmp_path).get("words", "one", 1, lambda: "a word") == "a word"
    assert entry.read_bytes() == content


def test_where_nothing_can_be_written_values_are_made_and_remembered(tmp_path):
    (tmp_path / "derived").write_text("in the way")
    build_cache = BuildCache(tmp_path)
    assert build_cache.get("words", "one", 1, lambda: "a word") == "a word"
    assert build_cache.get("words", "one", 1, NEVER) == "a word"


def test_a_few_values_of_each_name_stay(tmp_path):
    for number in range(9):
        BuildCache(tmp_path).get("words", "one", number, lambda: "a word")
        BuildCache(tmp_path).get("words", f"name {number}", 1, lambda: "a word")
    assert len(entries(tmp_path)) == 3 + 9


def test_text_that_no_file_can_hold_is_kept(tmp_path):
    assert BuildCache(tmp_path).get("words", "one", "\ud800", lambda: "\ud800") == "\ud800"
    assert BuildCache(tmp_path).get("words", "one", "\ud800", NEVER) == "\ud800"


def test_what_nobody_asks_for_goes_after_two_weeks(tmp_path):
    build_cache = BuildCache(tmp_path)
    for name in ("old", "asked for"):
        build_cache.get("words", name, name, lambda name=name: name)
    month_ago = time.time() - 30 * 24 * 3600
    for entry in entries(tmp_path):
        os.utime(entry, (month_ago, month_ago))
    BuildCache(tmp_path).get("words", "asked for", "asked for", NEVER)
    build_cache.sweep()
    assert [entry.read_text().partition("\n")[2] for entry in entries(tmp_path)] == ['"asked for"']


def test_every_tutorial_of_the_course_is_found_again_as_it_was_read():
    for lesson in load_course(Settings.load(REPOSITORY)):
        tutorial = lesson.tutorial
        again = Tutorial.from_json(tutorial.to_json(), tutorial.file, tutorial.text)
        assert again == tutorial


@pytest.fixture
def site(course, caplog) -> Course:
    """A course with a site of two tutorials and a page by hand, built once."""
    caplog.set_level(logging.INFO, "mkdocs")  # as `mkdocs build` has it
    course.glossary("mean")
    course.site()
    stored(course, "one", "two")
    assert build_site(course) == ""
    return course


def save_runs(course: Course, **changes) -> None:
    for file in (ONE, TWO):
        course.store.save(made_run(course, file, **changes))


def bytes_of(course: Course) -> dict[str, bytes]:
    folder = course.root / "site"
    # When the site was built, in UTC days.
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in entries(folder)
        if not path.name.startswith("sitemap")
    }


def test_a_build_that_changes_nothing_renders_nothing_again(site, monkeypatch):
    before = bytes_of(site)
    monkeypatch.setattr(SitePage, "render", NEVER)
    for name in ("read_source", "check_numbers", "check_maths"):
        monkeypatch.setattr(f"tutorial_engine.course.{name}", NEVER)
    monkeypatch.setattr("tutorial_engine.publish._Writer.page", NEVER)
    monkeypatch.setattr("tutorial_engine.fingerprint._read_code", NEVER)
    monkeypatch.setattr(SearchIndex, "add_entry_from_context", NEVER)
    assert build_site(site) == ""
    assert bytes_of(site) == before


def words(course: Course) -> None:
    course.edit("Words of one.", r"Other words, $\sqrt{2}$ and `{python} x`.", file=ONE)


def title(course: Course) -> None:
    course.edit("On one", "On *one* & all", file=ONE)


def term(course: Course) -> None:
    course.edit("# ---\n\n", '# teaches: ["mean"]\n# ---\n\n', file=ONE)


def need(course: Course) -> None:
    course.edit("# ---\n\n", "# needs: [one]\n# ---\n\n", file=TWO)


def picture_beside(course: Course) -> None:
    course.edit("Words of one.", "![A dot.](dot.svg)", file=ONE)
    drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='2000'/>"
    (course.root / "tutorials_src/1_part/dot.svg").write_text(drawing)


def page_by_hand(course: Course) -> None:
    (course.root / "docs/index.md").write_text("# Home\n\n[One](part/one.md) and $x^2$.\n")


def extension(course: Course) -> None:
    config = course.root / "mkdocs.yml"
    config.write_text(config.read_text() + "markdown_extensions: [{toc: {permalink: '#'}}]\n")


def template(course: Course) -> None:
    file = course.root / "overrides/main.html"
    file.write_text(file.read_text() + "<!-- more -->{% block footer %}<p>Foot</p>{% endblock %}")


def address(course: Course) -> None:
    config = course.root / "pyproject.toml"
    config.write_text('[tool.tutorial_engine]\nsite_url = "https://example.org/"\n')


def licence(course: Course) -> None:
    config = course.root / "pyproject.toml"
    config.write_text('[project]\nname = "tiny"\nversion = "2"\nlicense = "MIT"\n')


def another_run(course: Course) -> None:
    save_runs(course, machine="another machine")


@pytest.mark.parametrize(
    "edit",
    [
        words,
        title,
        term,
        need,
        picture_beside,
        page_by_hand,
        extension,
        template,
        address,
        licence,
        another_run,
    ],
    ids=lambda edit: edit.__name__,
)
def test_after_an_edit_a_site_equals_one_that_was_built_from_nothing(site, edit):
    before = bytes_of(site)
    edit(site)
    if edit is not another_run:
        save_runs(site)
    assert build_site(site) == ""
    built = bytes_of(site)
    assert built != before
    for folder in ("derived", "templates"):
        shutil.rmtree(site.settings().cache / folder)
    assert build_site(site) == ""
    assert bytes_of(site) == built


def test_an_image_that_changes_is_seen_though_its_size_and_time_stay(site):
    picture_beside(site)
    save_runs(site)
    build_site(site)
    image = site.root / "tutorials_src/1_part/dot.svg"
    status = image.stat()
    image.write_bytes(image.read_bytes().replace(b"2000", b"2001"))
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert build_site(site) == ""
    assert (site.root / "site/part/one/images/dot.svg").read_bytes() == image.read_bytes()


@pytest.mark.parametrize("extension", ["shout", "pymdownx.snippets:SnippetExtension"])
def test_pages_of_an_extension_that_may_read_anything_are_rendered_each_time(
    site, monkeypatch, extension
):
    monkeypatch.chdir(site.root)
    monkeypatch.syspath_prepend(site.root)
    (site.root / "shout.py").write_text(SHOUT)
    (site.root / "docs/index.md").write_text('# Home\n\n--8<-- "part.txt"\n')
    config = site.root / "mkdocs.yml"
    config.write_text(config.read_text() + f"markdown_extensions: ['{extension}']\n")
    for text in ("first", "second"):
        (site.root / "part.txt").write_text(f"{text} words")
        assert build_site(site) == ""
        assert f"{text} words" in (site.root / "site/index.html").read_text()


SHOUT = """
from pathlib import Path

from markdown import Extension
from markdown.preprocessors import Preprocessor


class Part(Preprocessor):
    def run(self, lines):
        return [*lines, Path("part.txt").read_text()]


def makeExtension():
    extension = Extension()
    extension.extendMarkdown = lambda md: md.preprocessors.register(Part(), "part", 1)
    return extension
"""


def test_a_page_that_a_hook_renders_is_left_to_it(site):
    (site.root / "hook.py").write_text(
        "def on_pre_page(page, config, files):\n"
        "    def render(config, files):\n"
        "        page.content, page.toc = '<p>By a hook.</p>', []\n"
        "    if page.is_homepage:\n"
        "        page.render = render\n"
    )
    config = site.root / "mkdocs.yml"
    config.write_text(config.read_text() + "hooks: [hook.py]\n")
    for _ in range(2):
        assert build_site(site) == ""
        assert "By a hook." in (site.root / "site/index.html").read_text()


def test_a_build_that_says_more_or_less_is_not_one_that_finds_what_another_kept(site, caplog):
    (site.root / "docs/index.md").write_text("# Home\n\n[There](part/one.md#nothing)\n")
    said = {}
    for level in (logging.INFO, logging.DEBUG, logging.WARNING) * 2:
        caplog.clear()
        caplog.set_level(level, "mkdocs")
        build_site(site)
        said.setdefault(level, []).append("#nothing" in caplog.text)
    assert all(first == second for first, second in said.values()), said
    assert said[logging.INFO] == [True, True]


def test_a_link_that_leads_nowhere_is_said_by_every_build(site, caplog):
    (site.root / "docs/index.md").write_text("# Home\n\n[Gone](gone.md)\n")
    for _ in range(2):
        caplog.clear()
        build_site(site)
        assert "gone.md" in caplog.text


def test_a_link_to_a_heading_that_went_is_said_though_its_own_page_is_the_same(site, caplog):
    (site.root / "docs/index.md").write_text("# Home\n\n[There](glossary.md#mean)\n")
    build_site(site)
    assert "'#mean'" not in caplog.text
    site.glossary("median")
    build_site(site)
    assert "'#mean'" in caplog.text
