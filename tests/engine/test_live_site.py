"""A served site is made again page by page, and is what a build of the whole would be."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.livereload import LiveReloadServer

import tutorial_engine.course_files
from tutorial_engine import execute
from tutorial_engine.errors import Cancelled
from tutorial_engine.examples import load_examples

from .tiny import Course, code, made_run, made_run_of, picture, prose

ADDRESS = "http://127.0.0.1:8000/"
HELPER = '''\
"""Sums."""


def add(left, right):
    """Return the sum.

    >>> add(2, 3)
    5
    """
    return left + right
'''
ONE, TWO = "1_part/01_one.py", "1_part/02_two.py"


class Served:
    """A site as `mkdocs serve` keeps it, without its sockets; `again` is what follows a save."""

    def __init__(self, course: Course, folder: Path) -> None:
        self.course, self.folder = course, folder
        self.whole_builds = 0
        config = self._config()
        config.plugins.on_startup(command="serve", dirty=False)
        self._build(config)
        self.server = LiveReloadServer(self._build, "127.0.0.1", 0, str(folder))
        self.plugin = config.plugins["tutorials"]
        self.site = self.plugin.live
        config.plugins.on_serve(self.server, config=config, builder=self._build)

    def _config(self):
        config = load_config(str(self.course.root / "mkdocs.yml"), site_dir=str(self.folder))
        config.site_url = ADDRESS
        return config

    def _build(self, config=None) -> None:
        self.whole_builds += 1
        build(config or self._config(), serve_url=ADDRESS)

    def again(self) -> None:
        self.server.builder()

    def get(self, address: str) -> str:
        """Return a page as the server would answer."""
        body = self.server.get_app()(
            {"PATH_INFO": f"/{address}", "HTTP_REFERER": ""}, lambda *status: None
        )
        return b"".join(body).decode()

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def end(self) -> None:
        self.server.observer.stop()
        self.plugin.on_shutdown()


@pytest.fixture
def serve(course, tmp_path_factory, monkeypatch) -> Iterator[Callable[[], Served]]:
    served: list[Served] = []
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(logging.getLogger("mkdocs"), "level", logging.INFO)

    def serve_() -> Served:
        """Serve the course, in place of the server before."""
        if served:
            served[-1].end()
        served.append(Served(course, tmp_path_factory.mktemp("served")))
        return served[-1]

    yield serve_
    served[-1].end()


@pytest.fixture
def course(course) -> Course:
    """Two tutorials with stored runs, the second with a figure, a page written by hand, and a snippet."""
    course.site(with_snippets=True)
    course.snippet("helper", HELPER)
    course.tutorial(prose("Words of one, `{python} x`."), file=ONE, title="On one")
    body = prose("Words of two, see [one](01_one.py).") + "\n" + code("import matplotlib")
    course.tutorial(body, file=TWO, title="On two", needs=["one"])
    (course.root / "docs" / "hand.md").write_text("# By hand\n\nWritten.\n")
    store(course)
    return course


def store(course: Course) -> None:
    course.store.save(made_run(course, ONE))
    course.store.save(made_run(course, TWO, outputs=[[], [picture()]]))
    store_example(course, "5")


def store_example(course: Course, shown: str) -> None:
    """Store a run of the snippet's example that showed this."""
    (lesson,) = load_examples(course.settings())
    output = {"output_type": "execute_result", "data": {"text/plain": shown}, "metadata": {}}
    course.store.save(made_run_of(*lesson.sound, outputs=[[output]], finished=1.8e9))


def in_full(serve, served: Served) -> dict[str, bytes]:
    """Return a site of the same sources that a new server builds, all of whose pages are made."""
    asked = served.site.asked
    other = serve()
    other.site.asked = asked
    other.site.make_all()
    other._build()
    return other.files()


EDITS = {
    "prose": lambda course: course.edit("Words", "Okapis", file=ONE),
    "prose with a new heading": lambda course: course.edit(
        "Words of two", "## Okapis\n#\n# Words of two", file=TWO
    ),
    "a remark in the code": lambda course: course.edit("x = 1", "x = 1  # okapis", file=ONE),
    "code that does not read": lambda course: course.edit("x = 1", "x = = 1", file=ONE),
    "a typed number": lambda course: course.edit("Words", "3.7 words", file=ONE),
    "a page by hand": lambda course: (course.root / "docs/hand.md").write_text("# By hand\n\nNew."),
    "nothing": lambda course: course.edit("Words", "Words", file=ONE),
    "a run that ended": lambda course: course.store.save(
        made_run(course, TWO, outputs=[[], []], finished=1.8e9)
    ),
    "an example that ran again": lambda course: store_example(course, "okapi"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_page_made_again_leaves_the_site_as_a_whole_build_does(course, serve, name):
    served = serve()
    served.site.make_all()
    EDITS[name](course)
    served.again()
    assert served.whole_builds == 1
    assert served.files() == in_full(serve, served)


def with_glossary(course: Course) -> None:
    """Let the first page introduce a term, in a site whose navigation leads to the glossary."""
    course.glossary("okapi", "zebra")
    config = course.root / "mkdocs.yml"
    config.write_text(config.read_text().replace("  - About:", "  - glossary.md\n  - About:"))
    course.tutorial(prose("Words of one."), file=ONE, title="On one", teaches=["okapi", "zebra"])
    store(course)


GLOSSARY_EDITS = {
    "a term that is used": lambda course: course.edit("Words", "Okapis", file=TWO),
    "a definition": lambda course: course.edit_glossary("What okapi means", "An animal"),
}


@pytest.mark.parametrize("name", GLOSSARY_EDITS)
def test_the_glossary_is_made_again_with_what_uses_it(course, serve, name):
    with_glossary(course)
    served = serve()
    served.site.make_all()
    GLOSSARY_EDITS[name](course)
    served.again()
    assert served.whole_builds == 1
    assert served.files() == in_full(serve, served)


def test_a_term_that_is_no_longer_an_everyday_word_is_marked_in_a_whole_build(course, serve):
    with_glossary(course)
    course.edit("Words", "Okapis", file=TWO)
    course.edit_glossary("# Glossary", "---\neveryday: [okapi]\n---\n\n# Glossary")
    served = serve()
    served.site.make_all()
    assert "class=term" not in served.get("part/two/")
    course.edit_glossary("everyday: [okapi]", "everyday: []")
    served.again()
    assert served.whole_builds == 2
    assert "class=term" in served.get("part/two/")
    assert served.files() == in_full(serve, served)


def test_a_page_that_cannot_be_made_is_an_error_until_it_can(course, serve, monkeypatch):
    served = serve()
    served.site.make_all()
    before = served.files()

    def fails(*arguments, **options):
        raise RuntimeError("odd")

    with monkeypatch.context() as patch:
        patch.setattr(tutorial_engine.course_files, "make_page", fails)
        course.edit("Words", "Okapis", file=ONE)
        served.again()
        assert "RuntimeError: odd" in served.get("part/one/")
    course.edit("Okapis", "Words", file=ONE)
    served.again()
    assert served.files() == before
    assert served.whole_builds == 1


def test_a_figure_comes_and_goes_with_its_run(course, serve):
    served = serve()
    served.site.make_all()
    assert "part/two/figure-01.webp" in served.files()
    course.store.save(made_run(course, TWO, outputs=[[], []]))
    served.again()
    assert "part/two/figure-01.webp" not in served.files()
    store(course)
    served.again()
    assert "part/two/figure-01.webp" in served.files()
    assert served.whole_builds == 1


WHOLE = {
    "a header that does not read": lambda course: course.edit("# title: ", "# title: [", file=ONE),
    "a title": lambda course: course.edit("On one", "On something else", file=ONE),
    "what it needs": lambda course: course.edit('["one"]', "[]", file=TWO),
    "a new tutorial": lambda course: course.tutorial(code("y = 2"), file="1_part/03_three.py"),
    "the configuration": lambda course: (course.root / "mkdocs.yml").write_text(
        (course.root / "mkdocs.yml").read_text() + "copyright: Nobody\n"
    ),
    "a new page by hand": lambda course: (course.root / "docs/new.md").write_text("# New\n"),
    "a title by hand": lambda course: (course.root / "docs/hand.md").write_text("# Renamed\n"),
    "a snippet": lambda course: course.snippet("helper", HELPER.replace("Sums", "Okapis")),
    "the theme": lambda course: (course.root / "overrides/partials/okapi.html").write_text("okapi"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_other_pages_show_too_is_built_in_full(course, serve, name):
    served = serve()
    served.site.make_all()
    (course.root / "overrides/partials").mkdir(exist_ok=True)
    WHOLE[name](course)
    served.again()
    assert served.whole_builds == 2
    assert served.files() == in_full(serve, served)


def test_the_first_build_leaves_pages_until_they_are_asked_for(course, serve):
    served = serve()
    assert "Words of one" not in (served.folder / "part/one/index.html").read_text()
    assert "Words of one" in served.get("part/one/")
    assert "Words of two" not in (served.folder / "part/two/index.html").read_text()
    served.site.make_all()
    assert "Words of two" in (served.folder / "part/two/index.html").read_text()
    assert served.whole_builds == 1
    assert served.files() == in_full(serve, served)


def test_a_page_that_was_rendered_before_is_there_at_once(course, serve):
    serve().site.make_all()
    again = serve()
    assert "Words of one" in (again.folder / "part/one/index.html").read_text()


def test_an_edit_before_all_pages_are_made_builds_the_site_in_full(course, serve):
    served = serve()
    course.edit("Words", "Okapis", file=ONE)
    served.again()
    assert served.whole_builds == 2
    assert served.files() == in_full(serve, served)


def test_a_run_record_is_made_when_it_is_asked_for_and_follows_its_run(course, serve):
    served = serve()
    served.site.make_all()
    assert "import matplotlib" not in (served.folder / "part/two/run/index.html").read_text()
    assert "import matplotlib" in served.get("part/two/run/")
    course.edit("Words of two", "Okapis of two", file=TWO)
    served.again()
    assert "Okapis of two" in served.get("part/two/run/")
    assert served.whole_builds == 1
    assert served.files() == in_full(serve, served)


def test_a_snippets_page_shows_what_its_example_gave_and_that_it_waits_until_it_has(course, serve):
    course.snippet("helper", HELPER.replace("left + right", "right + left"))
    served = serve()
    assert "Waiting to run" in served.get("snippets/helper/")
    store_example(course, "okapi")
    served.site.make_all()
    served.again()
    page = served.get("snippets/helper/")
    assert "Waiting to run" not in page
    assert "okapi" in page
    assert served.whole_builds == 1


def test_what_runs_after_the_settings_changed_runs_by_them(course, serve, monkeypatch):
    begun: list[tuple[str, int]] = []

    class Noted:
        """An execution that only says by which settings it began."""

        def __init__(self, tutorial, key, settings) -> None:
            begun.append((tutorial.name, settings.threads))

        def run(self, progress, keep=None):
            raise Cancelled("noted", file=ONE, remedy="none")

    monkeypatch.setattr(execute, "Execution", Noted)
    served = serve()
    served.site.begin()
    assert begun == []
    (course.root / "pyproject.toml").write_text("[tool.tutorial_engine]\nthreads = 2\n")
    served.again()
    assert sorted(begun) == [("one", 2), ("snippets.helper", 2), ("two", 2)]


class Author:
    """Does at random what authors do; what is written is written once."""

    def __init__(self, course: Course, seed: int) -> None:
        self.course, self.dice = course, random.Random(seed)
        self.sources = course.root / "tutorials_src"
        self.first = {file: (self.sources / file).read_text() for file in (ONE, TWO)}
        self.count = 0

    def is_as_it_was(self) -> bool:
        return all((self.sources / file).read_text() == self.first[file] for file in self.first)

    def act(self) -> None:
        self.count += 1
        file, mark = self.dice.choice([ONE, TWO]), f"okapi {self.count}"
        path, docs = self.sources / file, self.course.root / "docs"
        text, new = path.read_text(), self.sources / "1_part/03_three.py"

        def come_or_go() -> None:
            new.unlink() if new.exists() else new.write_text(self.first[ONE])

        acts = [
            lambda: path.write_text(f"{text}\n# %% [markdown]\n# An {mark}.\n"),
            lambda: path.write_text(f"{text}\n# %%\nprint('{mark}')\n"),
            lambda: path.write_text(text.replace("x = 1", f"x = 1  # {mark}")),
            lambda: path.write_text(text.replace("title: On", "title: Okapis on")),
            lambda: path.write_text(f"{text}\n# %%\nx = = 1\n"),
            lambda: path.write_text(self.first[file]),
            lambda: self.is_as_it_was() and store(self.course),
            lambda: (docs / "hand.md").write_text(f"# By hand\n\n{mark}\n"),
            lambda: self.course.snippet("helper", f"def add():\n    return {self.count}\n"),
            lambda: shutil.rmtree(self.course.root / ".cache/tutorials/derived", True),
            come_or_go,
        ]
        self.dice.choice(acts)()


@pytest.mark.parametrize("seed", range(8))
def test_any_row_of_edits_leaves_the_site_as_a_whole_build_does(course, serve, seed):
    author = Author(course, seed)
    served = serve()
    served.site.make_all()
    for _ in range(8):
        author.act()
        served.again()
    assert served.files() == in_full(serve, served)
