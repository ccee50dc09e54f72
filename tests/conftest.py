"""The real site, built once for all tests, served on loopback, in a real browser; its notebooks, run."""

from __future__ import annotations

import asyncio
import functools
import gzip
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import settings
from nbclient import NotebookClient
from playwright.sync_api import Browser, Error, sync_playwright

from snippets.datasets import load_cifar10, load_fashion_mnist
from tests.recording_results import RecordingResults
from tests.site.visits import SCREENS_OF_EVERY_PAGE, Visit, visits_of
from tutorial_engine.course import load_course
from tutorial_engine.session import KernelManager
from tutorial_engine.settings import Settings

# Timings of single examples belong in no test: the machines are shared.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

ROOT = Path(__file__).parents[1]
# The notebooks that end within half a minute, and the one that starts processes of its own.
QUICK = frozenset({"tensors", "broadcasting", "gradients", "distributed"})
_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
# What `keras.datasets` downloads elsewhere, from files; before a program or a notebook that asks for it.
KERAS_DATA = """
import keras, numpy
for name in ("cifar10", "fashion_mnist"):
    def load_data(file={folder!r} + "/" + name + ".npz"):
        with numpy.load(file) as arrays:
            return tuple((arrays["x_" + part], arrays["y_" + part]) for part in ("train", "test"))
    getattr(keras.datasets, name).load_data = load_data
"""
_WHERE_FROM = """
import sys
from pathlib import Path
for name, module in list(sys.modules.items()):
    if name.startswith(("snippets", "tutorial_engine")) and getattr(module, "__file__", None):
        assert Path(module.__file__).is_relative_to(Path.cwd()), module.__file__
"""


@dataclass(frozen=True)
class Site:
    """A built site: its folder, its report, its pages."""

    folder: Path
    report: dict

    @property
    def reading_pages(self) -> list[str]:
        return [entry["url"] for entry in self.report["tutorials"]]

    @property
    def course_pages(self) -> list[str]:
        """Those that a reader goes through one after the other: all but the atlas."""
        return [entry["url"] for entry in self.report["tutorials"] if not entry["is_atlas"]]

    @property
    def atlas_pages(self) -> list[str]:
        return [entry["url"] for entry in self.report["tutorials"] if entry["is_atlas"]]

    @property
    def records(self) -> list[str]:
        return [f"{url}run/" for url in self.reading_pages]

    @functools.cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """Every page, parsed: address -> document."""
        return {
            path.relative_to(self.folder).as_posix().removesuffix("index.html"): BeautifulSoup(
                path.read_text(encoding="utf-8"), "lxml"
            )
            for path in sorted(self.folder.rglob("*.html"))
        }

    def size_sent(self, url: str) -> int:
        """The bytes of a page as a server sends it, compressed."""
        return len(gzip.compress((self.folder / url / "index.html").read_bytes(), 9))


@dataclass(frozen=True)
class Building:
    """A build of the real site that runs beside the tests."""

    process: subprocess.Popen
    folder: Path
    log: Path

    def finished(self) -> Path:
        """Wait, and return the site's folder; a build that failed says why."""
        assert self.process.wait() == 0, self.log.read_text(encoding="utf-8")
        return self.folder

    def stop(self) -> None:
        """End the build as Ctrl-C does, if it is still running."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


@pytest.fixture(scope="session", autouse=True)
def begin_with_what_takes_longest(request) -> None:
    """Start the build now, and what waits for it, if a test will want it: other tests run meanwhile."""
    wanted = {name for item in request.session.items for name in item.fixturenames}
    for name in ("building", "visited", "edits", "executed"):
        if name in wanted:
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def building(tmp_path_factory) -> Iterator[Building]:
    folder = tmp_path_factory.mktemp("site") / "built site"
    log = folder.with_name("build.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
            cwd=ROOT,
            env={**os.environ, "SITE_URL": "https://example.org/course/", "REPO_URL": ""},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    started = Building(process, folder, log)
    yield started
    started.stop()


def site_in(folder: Path) -> Site:
    return Site(folder, json.loads((folder / "build.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def site(building) -> Site:
    return site_in(building.finished())


@pytest.fixture(scope="session")
def beside(building) -> Iterator[ThreadPoolExecutor]:
    """Do what waits for the build, two things at a time, while tests run."""
    executor = ThreadPoolExecutor(2)
    yield executor
    building.stop()  # where a run ends early, nothing is to wait for it
    executor.shutdown(cancel_futures=True)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Say nothing: a test's output is the test's."""


@pytest.fixture(scope="session")
def address(building) -> Iterator[str]:
    """Where the built site answers, under a folder of its own as on a project page."""
    handler = functools.partial(_Quiet, directory=building.folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of the thread that opens it."""
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(chromium())
        except Error as error:
            message = "no Chromium: apt install chromium, or .venv/bin/python -m playwright install chromium"
            if os.environ.get("CI"):
                pytest.fail(f"{message}\n{error}")
            pytest.skip(message)
        yield opened


@pytest.fixture(scope="session")
def visited(beside, building, address) -> dict[tuple[int, str], Future]:
    """Every page as a reader's browser meets it: screen -> future of address -> visit."""

    def visit(screen: tuple[int, str]) -> dict[str, Visit]:
        site = site_in(building.finished())
        urls = ["", "about/checks/", "about/data/", "snippets/"]
        urls += [f"snippets/{each}/" for each in ("metrics", "metrics/tests", "plot_evaluation")]
        # Of run records, which are all made alike, a few on the second screen.
        records = site.records if screen == SCREENS_OF_EVERY_PAGE[0] else site.records[:3]
        urls += [*site.reading_pages, *records]
        with chromium() as browser:
            return visits_of(browser, screen, address, urls)

    return {screen: beside.submit(visit, screen) for screen in SCREENS_OF_EVERY_PAGE}


@pytest.fixture(scope="session")
def edits(beside, building, tmp_path_factory) -> Future:
    """What each step of a build does to the pages: future of the report of `page_rules`."""
    folder = tmp_path_factory.mktemp("watched")

    def watch() -> dict:
        building.finished()  # whose runs this build takes
        done = subprocess.run(
            [sys.executable, "-m", "tests.engine.page_rules", ROOT / "mkdocs.yml", folder / "site"],
            cwd=ROOT,
            env={**os.environ, "SITE_URL": "https://example.org/course/", "REPO_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return beside.submit(watch)


def write_keras_data(folder: Path, *, per_class: int | None = None) -> Path:
    """Write the files that `KERAS_DATA` reads: all images of the course, or so many per class of each part."""
    for name, load, label_shape in (
        ("cifar10", load_cifar10, (-1, 1)),
        ("fashion_mnist", load_fashion_mnist, (-1,)),
    ):
        data = load(validation_fraction=0)
        arrays = {}
        for part, split in (("train", data.train), ("test", data.test)):
            drawn = split.sample(per_class) if per_class else split
            arrays |= {f"x_{part}": drawn.images, f"y_{part}": drawn.labels.reshape(label_shape)}
        np.savez(folder / f"{name}.npz", **arrays)
    return folder


def run_alone(file: Path, folder: Path, keras_data: Path) -> nbformat.NotebookNode:
    folder.mkdir()
    notebook = nbformat.read(file, as_version=4)
    if any("keras.datasets" in cell.source for cell in notebook.cells):
        first = nbformat.v4.new_code_cell(KERAS_DATA.format(folder=str(keras_data)))
        notebook.cells.insert(0, first)
    notebook.cells.append(nbformat.v4.new_code_cell(_WHERE_FROM))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    environment |= {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TUTORIALS_DATA": str(ROOT / "tutorials_src" / "data"),
    }
    client = NotebookClient(
        notebook, km=KernelManager(connection_file=str(folder / "k.json")), timeout=600
    )
    with (folder / "kernel.log").open("wb") as log:
        options = {"env": environment, "cwd": str(folder), "stdout": log, "stderr": log}
        asyncio.run(client.async_execute(cleanup_kc=True, **options))
    return notebook


@pytest.fixture(scope="session")
def executed(beside, building, request, tmp_path_factory) -> dict[str, Future]:
    """Notebooks, run once they are built: name -> future of the executed one."""
    folder = tmp_path_factory.mktemp("alone")
    keras_data = tmp_path_factory.mktemp("keras")
    if request.config.getoption("--all-notebooks"):
        write_keras_data(keras_data)

    def execute(name: str) -> nbformat.NotebookNode:
        (file,) = building.finished().rglob(f"{name}.ipynb")
        return run_alone(file, folder / name, keras_data)

    return {name: beside.submit(execute, name) for name in notebooks_to_run(request.config)}


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RecordingResults(Settings.load(ROOT)))


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--all-notebooks", action="store_true", help="run also the notebooks that train for minutes"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the end what waits for the site: other tests run while it is built."""
    items.sort(key=lambda item: "building" in item.fixturenames)


def pytest_generate_tests(metafunc) -> None:
    if "executed" in metafunc.fixturenames:
        metafunc.parametrize("name", notebooks_to_run(metafunc.config))


def notebooks_to_run(config: pytest.Config) -> list[str]:
    every = [lesson.name for lesson in load_course(Settings.load(ROOT))]
    return [name for name in every if name in QUICK or config.getoption("--all-notebooks")]
