"""A course of tiny tutorials in a folder of its own, made like the real one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import psutil
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

from tutorial_engine import warm
from tutorial_engine.course import Lesson, load_course, titles
from tutorial_engine.errors import together
from tutorial_engine.execute import Execution
from tutorial_engine.faults import run_faults
from tutorial_engine.fingerprint import Key, make_key
from tutorial_engine.publish import Page, make_page
from tutorial_engine.run import Run
from tutorial_engine.settings import Settings
from tutorial_engine.source import parse
from tutorial_engine.store import Store
from tutorial_engine.tutorial import Tutorial

REPOSITORY = Path(__file__).parents[2]

HEADER = """\
# ---
# title: Tiny
# summary: A tutorial that runs at once.
# ---

"""

# Exercises all that a page can hold, except figures.
TINY = """\
# %% [markdown]
# Two numbers go in, one comes out.

# %%
from snippets import helper

total = helper.add(2, 3)
print("the total is", total)

# %% [markdown]
# Together they make `{python} total`.

# %% tags=["claims"]
assert total == 5, "two and three make <five>"
"""

HELPER = '''\
"""Sums."""


def add(left, right):
    """Return the sum."""
    return left + right
'''

# `INHERIT` keeps this the real site's configuration: theme, plugins and extensions.
MKDOCS = """\
INHERIT: {inherit}
site_name: Tiny
nav:
  - Home: index.md
  - tutorials
  - About:
      - about/checks.md
theme:
  custom_dir: overrides
extra_css: []
extra_javascript: []
"""


class Course:
    """A repository with tutorials, snippets, data and a site's configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tutorials_src" / "data").mkdir(parents=True)
        (root / "snippets").mkdir()
        (root / "snippets" / "__init__.py").write_text('"""Helpers."""\n')
        self.snippet("helper", HELPER)
        self.checksums = {}
        self._write_checksums()

    @classmethod
    def at(cls, root: Path) -> Course:
        """Take a course that is there already."""
        course = cls.__new__(cls)
        course.root = root
        return course

    def tutorial(
        self, body: str = TINY, *, file: str = "1_part/01_tiny.py", header: str = HEADER, **fields
    ) -> Path:
        """Write a tutorial; `fields` are put into its header."""
        path = self.root / "tutorials_src" / file
        path.parent.mkdir(exist_ok=True)
        lines = "".join(
            f"# {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items()
        )
        for name in fields:
            header = "".join(
                line for line in header.splitlines(True) if not line.startswith(f"# {name}:")
            )
        path.write_text(header.replace("# ---\n\n", f"{lines}# ---\n\n") + body, encoding="utf-8")
        return path

    def edit(self, before: str, after: str, *, file: str = "1_part/01_tiny.py") -> None:
        """Replace a passage of a tutorial, which must be there."""
        path = self.root / "tutorials_src" / file
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{before!r} is not in {file}"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def snippet(self, name: str, source: str) -> Path:
        path = self.root / "snippets" / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        return path

    def data(self, name: str, content: bytes = b"pixels") -> Path:
        """Publish a dataset of one file."""
        path = self.root / "tutorials_src" / "data" / name / "pixels.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        files = {f"{name}/pixels.bin": digest}
        self.checksums[name] = {"default": {"files": files, "arrays": {"x_train": digest}}}
        self._write_checksums()
        return path

    def _write_checksums(self) -> None:
        table = self.root / "tutorials_src" / "data" / "checksums.json"
        table.write_text(json.dumps(self.checksums))

    def glossary(self, *terms: str) -> Path:
        """Write a glossary that defines these terms."""
        path = self.root / "docs" / "glossary.md"
        path.parent.mkdir(exist_ok=True)
        entries = "".join(f"## {term}\n\nWhat {term} means.\n\n" for term in terms)
        path.write_text(f"# Glossary\n\n{entries}", encoding="utf-8")
        return path

    def edit_glossary(self, before: str, after: str) -> None:
        """Replace a passage of the glossary, which must be there."""
        path = self.root / "docs" / "glossary.md"
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{before!r} is not in {path.name}"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def site(self, *, with_snippets: bool = False) -> None:
        """Add what `mkdocs` needs."""
        (self.root / "docs").mkdir(exist_ok=True)
        (self.root / "docs" / "index.md").write_text("# Home\n\nWelcome.\n")
        shutil.copytree(REPOSITORY / "overrides", self.root / "overrides")
        config = MKDOCS.format(inherit=json.dumps(str(REPOSITORY / "mkdocs.yml")))
        if with_snippets:
            config = config.replace("  - tutorials\n", "  - tutorials\n  - snippets/index.md\n")
            project = '[project]\nname = "tiny"\nversion = "1.0"\n'
            (self.root / "pyproject.toml").write_text(project)
        (self.root / "mkdocs.yml").write_text(config)

    def settings(self, **changes) -> Settings:
        return replace(Settings.load(self.root), **{"cell_idle_limit": 60, **changes})

    @property
    def store(self) -> Store:
        return Store(self.settings())

    def parse(self, file: str = "1_part/01_tiny.py") -> Tutorial:
        return parse(self.root / "tutorials_src" / file, self.root)

    def key(self, file: str = "1_part/01_tiny.py", **changes) -> Key:
        return make_key(self.parse(file), self.settings(**changes))

    def lessons(self) -> list[Lesson]:
        return load_course(self.settings())

    def execution(self, file: str = "1_part/01_tiny.py", **changes) -> Execution:
        settings = self.settings(**changes)
        tutorial = self.parse(file)
        return Execution(tutorial, make_key(tutorial, settings), settings)

    def run(self, file: str = "1_part/01_tiny.py", **changes) -> Run:
        """Execute one tutorial, without storing it; raise what is wrong with the run."""
        run = self.execution(file, **changes).run()
        if error := together(run_faults(run, self.parse(file), self.settings(**changes))):
            raise error
        return run

    def page(self, run: Run | None, file: str = "1_part/01_tiny.py", **changes) -> Page:
        return make_page(self.parse(file), run, self.settings(**changes), titles(self.lessons()))

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run `python -m …` in the repository, as a user does."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=clean_environment(**environment),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def build(self, **environment: str) -> subprocess.CompletedProcess:
        return self.command("mkdocs", "build", "--strict", **environment)

    def report(self) -> dict[str, dict]:
        """Return the tutorials of the last build's `build.json` by name."""
        document = json.loads((self.root / "site" / "build.json").read_text())
        return {entry["name"]: entry for entry in document["tutorials"]}


def clean_environment(**changes: str) -> dict[str, str]:
    """Return this environment without what would decide a build."""
    ours = (
        "TUTORIALS_",
        "SITE_URL",
        "REPO_URL",
        "EDIT_URI",
        "SOURCE_DATE_EPOCH",
        "COV_",
        "PYTEST_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "200", **changes}


def made_run(course: Course, file: str = "1_part/01_tiny.py", **changes) -> Run:
    """Return a run as an execution would leave it, without executing anything."""
    return made_run_of(course.parse(file), course.key(file), **changes)


def made_run_of(tutorial: Tutorial, its_key: Key, /, **changes) -> Run:
    """Return the same of any tutorial."""
    places, before = [], 0
    for cell in tutorial.cells:
        before += cell.is_code
        places += [[before, each.code, f"value of {each.code}"] for each in cell.expressions]
    fields = {
        "name": tutorial.name,
        "key": its_key.digest,
        "parts": its_key.parts,
        "outputs": [[] for _ in tutorial.code_cells],
        "claims": [node.msg.value for _, node in tutorial.claims],
        "values": places,
        "artifacts": (),
        "finished": 1_700_000_000.0,
        "wall_s": 1.25,
        "cpu_s": 0.75,
        "peak_mb": 64,
        "machine": "a processor, 2 cores",
    }
    return Run(**{**fields, **changes})


def code(text: str) -> str:
    """Return a tutorial's body of one code cell."""
    return "# %%\n" + textwrap.dedent(text).strip() + "\n"


def prose(text: str) -> str:
    """Return a tutorial's body: a markdown cell with this text, from line 7 on, and a code cell."""
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    return f"# %% [markdown]\n{lines}\n\n{code('x = 1')}"


def stored(course: Course, *names: str) -> None:
    """Write tutorials of these names and store a run of each."""
    for number, name in enumerate(names, start=1):
        file = f"1_part/{number:02d}_{name}.py"
        course.tutorial(prose(f"Words of {name}."), file=file, title=f"On {name}")
        course.store.save(made_run(course, file))


def build_site(course: Course) -> str:
    """Build the site in this process, from runs that are stored already; return how it failed."""
    config = load_config(str(course.root / "mkdocs.yml"), site_dir=str(course.root / "site"))
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    except MkDocsException as error:
        return str(error)
    finally:
        config.plugins.on_shutdown()
    return ""


def picture(*, alt: str = "A line that rises.", content: bytes = b"", dark: bytes = b"") -> dict:
    """Return a figure as a kernel sends it: 2 by 1 pixel if no content is given, its dark twin the same."""
    import base64
    import io

    from PIL import Image

    if not content:
        buffer = io.BytesIO()
        Image.new("RGB", (4, 2), "#fefefe").save(buffer, format="PNG")
        content = buffer.getvalue()
    light, dark_twin = (base64.b64encode(each).decode() for each in (content, dark or content))
    return {
        "output_type": "execute_result",
        "data": {"image/png": light, "application/x-tutorial-dark+png": dark_twin},
        "metadata": {"image/png": {"alt": alt}},
    }


def processes_that_say(mark: str) -> list[psutil.Process]:
    """Return the processes whose command line holds a mark and that do not end by themselves."""
    found = [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and mark in " ".join(_command_line(process))
    ]
    return psutil.wait_procs(found, timeout=3)[1]


def kernels_below(pid: int) -> list[psutil.Process]:
    """Return the kernels in which a process itself runs tutorials.

    Neither a notebook's, run alone, is one of them, nor one of a build that the process has started:
    both run beside these tests. A forked kernel is a child of its nursery and has its command line.
    """
    children = [child for child in _children(pid) if _is_recorded(child)]
    nurseries = [child for child in children if warm.__name__ in _command_line(child)]
    started = [child for child in children if "ipykernel_launcher" in _command_line(child)]
    return started + [kernel for nursery in nurseries for kernel in _children(nursery.pid)]


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def _is_recorded(process: psutil.Process) -> bool:
    try:
        return "TUTORIALS_ALLOWED_DATA" in process.environ()
    except psutil.Error:
        return False


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
