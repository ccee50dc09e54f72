"""Random schedules: edits, damage and kills, after each of which a build equals one from nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tutorial_engine.build_cache import BuildCache
from tutorial_engine.course import load_course, titles
from tutorial_engine.errors import Cancelled, TutorialError
from tutorial_engine.publish import make_page
from tutorial_engine.schedule import bring_up_to_date

from .tiny import Course

FIRST, SECOND = "1_part/01_first.py", "1_part/02_second.py"

# `{…}` are the places that an edit changes: each holds one of a few values, so states come back.
TEMPLATES = {
    f"tutorials_src/{FIRST}": """\
# ---
# title: First
# summary: Uses a function of a snippet that holds several.
# data: [digits]
# ---

# %% [markdown]
# Words, {prose}.

# %%
import os
import pathlib
import subprocess
import sys

from snippets import shapes

value = shapes.area(2) + {code}
value

# %% [markdown]
# {before}It is `{{python}} value`.

# %%
data = pathlib.Path(os.environ["TUTORIALS_DATA"], "digits", "pixels.bin").read_text()
print(data, os.environ.get("COURSE_FLAG"), sorted(p.name for p in pathlib.Path.home().iterdir()))

# %%
program = "import os; from snip" + "pets import deep; print(deep.VALUE, os.environ.get('COURSE_FLAG'))"
done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
print(done.stdout, done.returncode)

# %%
far = pathlib.Path(shapes.__file__).with_name("far.py")
print(far.read_text() if far.exists() else "no file")  # {remark}

# %% tags=["claims"]
assert value >= 0, "a value is not negative"
""",
    f"tutorials_src/{SECOND}": """\
# ---
# title: Second
# summary: Looks at names and text while it runs.
# ---

# %%
import importlib
import sys

from snippets import shapes

print(shapes.area.__doc__)
print(importlib.import_module("snippets." + "far").VALUE, sys.flags.optimize)

# %% [markdown]
# More words, {prose}.
""",
    "snippets/__init__.py": '"""Helpers."""\n{package}\n',
    "snippets/shapes.py": '''\
"""Shapes."""


def unused():
    return {unused}

{separator}

def area(side):
    """Return {docstring}."""
    return side * {factor}  # {remark}
''',
    "snippets/far.py": "VALUE = 'far {far}'\n",
    "snippets/deep.py": "VALUE = 'deep {deep}'\n",
}
VALUES = {
    "prose": ("and no value", "and a few more of them", "then\n# a second line"),
    "code": ("1", "2"),
    "before": ("", "So much for that.\n#\n# "),
    "package": ("", "UNIT = 1"),
    "unused": ("0", "1"),
    "separator": ("", "\x0c\n\x0c", "# \u2028 \x1c\n"),
    "docstring": ("an area", "a surface"),
    "factor": ("3", "4"),
    "remark": ("a remark", "another"),
    "far": ("old", "new"),
    "deep": ("old", "new"),
}


class Playground:
    """A course whose inputs are drawn at random, its home, and what stands for its user's environment."""

    def __init__(self, root: Path) -> None:
        self.course = Course(root / "a course")
        self.home = root / "home"
        self.home.mkdir()
        self.environment: dict[str, str] = {}
        self.state = {
            (file, place): VALUES[place][0]
            for file, text in TEMPLATES.items()
            for place in VALUES
            if f"{{{place}}}" in text
        }
        self.course.data("digits", b"old")
        self.write()

    def write(self) -> None:
        for file, text in TEMPLATES.items():
            path = self.course.root / file
            path.parent.mkdir(exist_ok=True)
            places = {place: value for (where, place), value in self.state.items() if where == file}
            path.write_text(text.format(**places), encoding="utf-8")

    @contextlib.contextmanager
    def around(self):
        """Be the user: home and environment are theirs."""
        before = dict(os.environ)
        os.environ.update(self.environment, HOME=str(self.home))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def inputs(self, file: str) -> str:
        """Return a digest of everything that may decide a tutorial's page."""
        sources = self.course.root / "tutorials_src"
        paths = [sources / file, *sorted((self.course.root / "snippets").rglob("*.py"))]
        paths += sorted(path for path in (sources / "data").rglob("*") if path.is_file())
        told = [[path.name, path.read_bytes().hex()] for path in paths if path.is_file()]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def edit_source(play: Playground, draw: random.Random) -> str:
    file, place = draw.choice(sorted(play.state))
    others = [value for value in VALUES[place] if value != play.state[file, place]]
    play.state[file, place] = draw.choice(others)
    play.write()
    return f"{place} of {file} becomes {play.state[file, place]!r}"


def edit_data(play: Playground, draw: random.Random) -> str:
    content = draw.choice([b"old", b"new"])
    play.course.data("digits", content)
    return f"data becomes {content!r}"


def edit_home(play: Playground, draw: random.Random) -> str:
    file = draw.choice(
        [
            ".keras/keras.json",
            ".config/matplotlib/matplotlibrc",
            ".ipython/profile_default/startup/00-mine.py",
            ".pythonrc",
        ]
    )
    path = play.home / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw.choice(["", "print('hello')\n", '{"backend": "jax"}']))
    return f"home gets {file}"


def edit_environment(play: Playground, draw: random.Random) -> str:
    name = draw.choice(
        ["COURSE_FLAG", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "TZ", "TF_XLA_FLAGS", "LANG"]
    )
    play.environment[name] = draw.choice(["1", "2"])
    return f"{name}={play.environment[name]}"


def take_a_snippet_away(play: Playground, draw: random.Random) -> str:
    file = draw.choice(["far", "deep", "shapes"])
    (play.course.root / "snippets" / f"{file}.py").unlink(missing_ok=True)
    return f"snippets/{file}.py is deleted until the next edit"


def damage(play: Playground, draw: random.Random) -> str:
    cache = play.course.settings().cache
    entries = sorted(path for path in cache.rglob("*.json") if path.is_file())
    if not entries:
        return "nothing to damage"
    entry = draw.choice(entries)
    text = entry.read_text(encoding="utf-8")
    how = draw.choice(
        [
            "cut off",
            "zeros",
            "empty",
            "deleted",
            "a digit changed",
            "touched",
            "another's",
            "a folder",
        ]
    )
    if how == "deleted":
        entry.unlink()
    elif how == "another's":
        content = draw.choice(entries).read_bytes()
        entry.write_bytes(content)
    elif how == "a folder":
        entry.unlink()
        (entry / "inside").mkdir(parents=True)
    elif how == "touched":
        os.utime(entry, (draw.randrange(10**9),) * 2)
    else:
        entry.write_text(
            {
                "cut off": text[: len(text) // 2],
                "zeros": "\x00" * len(text),
                "empty": "",
                "a digit changed": text[:-2] + "7}",
            }[how],
            encoding="utf-8",
        )
    return f"entry {entry.name[:6]} of {entry.parent.name}: {how}"


def kill(play: Playground, draw: random.Random) -> str:
    file, after = draw.choice([FIRST, SECOND]), draw.randrange(1, 3)
    try:
        execution = play.course.execution(file)
        execution.run(lambda done, total: execution.cancel() if done >= after else None)
    except Cancelled:
        return f"a run of {file} is killed after {after} cells"
    except TutorialError:
        pass
    return f"a run of {file} ends before it is killed"


EDITS: list[tuple[int, Callable[[Playground, random.Random], str]]] = [
    (8, edit_source),
    (2, edit_data),
    (2, edit_home),
    (2, edit_environment),
    (1, take_a_snippet_away),
    (3, damage),
    (1, kill),
]


class Reference:
    """Pages made from nothing, each made once: inputs -> page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, str], object] = {}

    def page(self, play: Playground, file: str) -> object:
        """Return what a tutorial's page is when nothing was kept, in a folder of its own."""
        known = (file, play.inputs(file))
        if known not in self._known:
            root = self._folder / "from nothing"
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(
                play.course.root, root, ignore=shutil.ignore_patterns(".cache", "__pycache__")
            )
            self._known[known] = made(Course.at(root), file)
        return self._known[known]


def made(course: Course, file: str, build_cache: BuildCache | None = None) -> object:
    """Bring one tutorial up to date and return its page, the clock and the machine's load left out."""
    settings, every = course.settings(), load_course(course.settings(), build_cache)
    lessons = [lesson for lesson in every if lesson.file.endswith(file)]
    (outcome,) = bring_up_to_date(lessons, settings, course.store)
    if outcome.error:
        return str(outcome.error)
    run = replace(outcome.run, finished=0.0, wall_s=0.0, cpu_s=0.0, peak_mb=0.0)
    page = make_page(outcome.lesson.tutorial, run, settings, titles(every), build_cache=build_cache)
    return page.markdown, page.files, page.record


def play_schedule(seed: int, start: Path, folder: Path, reference: Reference) -> list[str]:
    """Play one schedule; return what was done, ending in the difference if a page differs.

    Args:
        start: a playground's folder, built once, that the schedule begins with a copy of.
    """
    draw = random.Random(seed)
    play = Playground(folder / f"schedule {seed}")
    shutil.copytree(start / "a course" / ".cache", play.course.root / ".cache")
    told = []
    weights, edits = zip(*EDITS, strict=True)
    with play.around():
        for _ in range(3):
            for edit in draw.choices(edits, weights, k=draw.randrange(1, 3)):
                told.append(edit(play, draw))
            for file in (FIRST, SECOND):
                build_cache = BuildCache(play.course.settings().cache)  # as a new process has it
                found, expected = made(play.course, file, build_cache), reference.page(play, file)
                if found != expected:
                    return [*told, f"DIFFERS: {file}", _difference(expected, found)]
    shutil.rmtree(folder / f"schedule {seed}")
    return told


def _difference(expected: object, found: object) -> str:
    return f"from nothing:\n{expected}\n\nas built:\n{found}"
