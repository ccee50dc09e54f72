"""`mkdocs serve` answers first and runs after; the test's own pipes say when a run may go on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from bs4 import BeautifulSoup

from tutorial_engine import execute, serving
from tutorial_engine.errors import Cancelled, ExecutionError, Mishap
from tutorial_engine.serving import Background

from .tiny import TINY, Course, clean_environment, code, kernels_below, made_run

PATIENCE_S = 60


class Server:
    """`mkdocs serve` of a course, on a free port."""

    def __init__(self, course: Course) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=course.root,
            env=clean_environment(TUTORIALS_CELL_IDLE_LIMIT=str(PATIENCE_S)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._listens = threading.Event()
        threading.Thread(target=self._read_log, daemon=True).start()
        assert self._listens.wait(PATIENCE_S), "".join(self.log)

    def _read_log(self) -> None:
        for line in self.process.stderr:
            self.log.append(line)
            if "Serving on" in line:
                self._listens.set()
        self._listens.set()

    def get(self, path: str, timeout: float = PATIENCE_S) -> str:
        with urllib.request.urlopen(self.address + path, timeout=timeout) as answer:
            return answer.read().decode()

    def until(self, path: str, holds: Callable[[str], bool]) -> str:
        """Return a page as soon as something holds of it; wait as a browser does, by live reload."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            page = self.get(path)
            if holds(page):
                return page
            assert time.monotonic() < deadline, page + "".join(self.log)
            epoch = re.search(r"livereload\((\d+), *(\d+)\)", page)
            self.get(f"/livereload/{epoch[1]}/{epoch[2]}")

    def end(self, with_signal: int = signal.SIGINT) -> None:
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(30)


@pytest.fixture
def serve(course) -> Iterator[Callable[[], Server]]:
    servers: list[Server] = []

    def serve_() -> Server:
        servers.append(Server(course))
        return servers[-1]

    course.site()
    yield serve_
    for server in servers:
        server.end()


class Gate:
    """A tutorial's cell that says it has begun and where, and waits to be let on."""

    def __init__(self, course: Course, name: str = "gate") -> None:
        self.begun, self.go = course.root / f"{name} begun", course.root / f"{name} go"
        for pipe in (self.begun, self.go):
            os.mkfifo(pipe)
        self.cell = (
            "# %%\nimport os\nimport pathlib\n\n"
            f"_ = pathlib.Path({str(self.begun)!r}).write_text(f'{{os.getpid()}} {{os.getcwd()}}')\n"
            f"_ = pathlib.Path({str(self.go)!r}).read_text()\n\n"
        )

    def wait(self) -> tuple[psutil.Process, Path]:
        """Wait for the cell; return its kernel and working folder."""
        pid, folder = self.begun.read_text().split(" ", 1)
        return psutil.Process(int(pid)), Path(folder)

    def open(self) -> None:
        self.go.write_text("go")


def ended(process: psutil.Process) -> bool:
    return psutil.wait_procs([process], timeout=10)[1] == []


def test_a_page_answers_before_its_run_has_ended_and_goes_live_by_itself(course, serve):
    gate = Gate(course)
    course.tutorial(TINY + "\n" + gate.cell)
    server = serve()
    page = server.get("/part/tiny/")
    assert re.search("Running|Waiting to run", page)
    assert "Two numbers go in" in page
    assert "the total is 5" not in page
    gate.wait()
    gate.open()
    live = server.until("/part/tiny/", lambda page: "the total is 5" in page)
    assert "Together they make 5." in live
    assert "tutorial-state" not in live


def test_pages_say_which_run_is_going_on_and_which_waits(course, serve):
    gates = {}
    for number, name in enumerate(("one", "two", "three"), start=1):
        gates[name] = Gate(course, name)
        course.tutorial(gates[name].cell, file=f"1_part/0{number}_{name}.py")
    server = serve()
    gates["three"].wait()  # never run before: the latest in the course goes first
    gates["two"].wait()
    course.edit("_ = pathlib", "# a remark\n_ = pathlib", file="1_part/01_one.py")
    server.until("/part/three/", lambda page: "Running" in page)
    assert "Running" in server.get("/part/two/")
    assert "Waiting to run" in server.get("/part/one/")


def test_a_failing_tutorial_shows_its_error_while_other_pages_live(course, serve):
    course.tutorial()
    course.tutorial(code("x = 1\n1 / 0"), file="1_part/02_failing.py")
    server = serve()
    page = server.until("/part/failing/", lambda page: "role=alert" in page)
    assert "ZeroDivisionError" in page
    assert "tutorials_src/1_part/02_failing.py, line 8, cell 1" in page
    server.until("/part/tiny/", lambda page: "the total is 5" in page)


def test_what_is_wrong_is_a_list_on_the_page_with_the_page_under_it(course, serve):
    drawn = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()"
    course.tutorial(TINY.replace("Two numbers", "3.7 numbers") + "\n" + code(drawn))
    server = serve()
    assert "the number 3.7 is typed by hand" in server.get("/part/tiny/")
    page = server.until("/part/tiny/", lambda page: "figure-01" in page)
    soup = BeautifulSoup(page, "lxml")
    assert [each.get_text() for each in soup.select("[role=alert] li pre")] == [
        "the number 3.7 is typed by hand",
        "a figure without alt text",
    ]
    assert "Together they make 5." in soup.article.get_text()
    assert "Checked by this build" not in page
    assert "run record" not in page
    course.edit("plt.show()", "plt.gcf().alt = 'It rises.'\nplt.show()")
    course.edit("3.7 numbers", "Two numbers")
    healed = server.until("/part/tiny/", lambda page: "role=alert" not in page)
    assert "It rises." in healed
    assert "run record" in healed
    assert kernels_below(server.process.pid) == []


def test_a_tutorial_whose_cell_fails_shows_its_error_above_its_source(course, serve):
    course.tutorial(TINY + "\n" + code("1 / 0"))
    server = serve()
    page = server.until("/part/tiny/", lambda page: "ZeroDivisionError" in page)
    assert "Two numbers go in" in page
    assert "there is no run of it to show" in page


def test_a_file_that_does_not_read_shows_its_error_and_heals(course, serve):
    course.tutorial()
    course.store.save(made_run(course))
    course.edit("total = ", "total = = ")
    server = serve()
    assert "not Python" in server.get("/part/tiny/")
    course.edit("total = = ", "total = ")
    page = server.until("/part/tiny/", lambda page: "role=alert" not in page)
    assert "Together they make value of total." in page


def test_a_prose_edit_shows_and_executes_nothing(course, serve):
    course.tutorial()
    course.store.save(made_run(course))
    server = serve()
    assert "Two numbers" in server.get("/part/tiny/")
    course.edit("Two numbers", "Two okapis")
    page = server.until("/part/tiny/", lambda page: "Two okapis" in page)
    assert "Together they make value of total." in page
    assert kernels_below(server.process.pid) == []
    assert len(list((course.store.folder / "tiny").iterdir())) == 1


def test_edited_code_shows_a_preview_until_a_run_from_the_top_has_ended(course, serve):
    gate = Gate(course)
    course.tutorial(gate.cell + code("x = 20\nprint('the answer is', x + 1)"))
    server = serve()
    for answer in (21, 22):
        gate.wait()
        gate.open()
        server.until("/part/tiny/", lambda page, answer=answer: f"the answer is {answer}" in page)
        course.edit(f"x + {answer - 20}", f"x + {answer - 19}")
    page = server.until("/part/tiny/", lambda page: "the answer is 23" in page)
    assert "Preview. From cell 2 on" in page
    assert "run record" not in page
    course.edit("x + 3)", "x + 3, __import__('threading').Event().wait())")
    page = server.until("/part/tiny/", lambda page: "Event" in page and "Preview" not in page)
    assert "Running…" in page
    course.edit("x + 3, __import__('threading').Event().wait())", "x + 3)")
    page = server.until("/part/tiny/", lambda page: "the answer is 23" in page)
    gate.wait()
    gate.open()
    page = server.until("/part/tiny/", lambda page: "run record" in page)
    assert "the answer is 23" in page
    assert "Preview" not in page
    assert len(list((course.store.folder / "tiny").iterdir())) == 3


def test_an_edit_during_a_run_ends_it_and_runs_what_is_there_now(course, serve):
    gate = Gate(course)
    course.tutorial(TINY + "\n" + gate.cell)
    server = serve()
    kernel, folder = gate.wait()
    course.tutorial(TINY.replace("the total", "the new total"))
    page = server.until("/part/tiny/", lambda page: "the new total is 5" in page)
    assert "role=alert" not in page
    assert ended(kernel)
    assert not folder.exists()


def test_a_run_record_is_rendered_when_it_is_asked_for(course, serve):
    course.tutorial()
    course.store.save(made_run(course))
    server = serve()
    record = server.get("/part/tiny/run/")
    assert "helper" in record
    assert "Run record: Tiny" in record


def test_a_run_record_that_does_not_exist_is_not_found(course, serve):
    course.tutorial()
    course.store.save(made_run(course))
    server = serve()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.get("/part/tiny/runs/")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ending_the_server_leaves_no_kernel_and_no_folder(course, serve, name):
    gate = Gate(course)
    course.tutorial(gate.cell)
    server = serve()
    kernel, folder = gate.wait()
    server.end(getattr(signal, name))
    assert ended(kernel)
    assert not folder.exists()


def test_a_quiet_server_does_not_build_again(course, serve):
    course.tutorial()
    server = serve()
    page = server.until("/part/tiny/", lambda page: "the total is 5" in page)
    epoch = re.search(r"livereload\((\d+)", page)[1]
    # Longer than a round of watching, building and telling of it.
    with pytest.raises(TimeoutError):
        server.get(f"/livereload/{epoch}/1", timeout=4)


def test_a_cache_that_is_deleted_meanwhile_is_made_again(course, serve):
    course.tutorial()
    server = serve()
    server.until("/part/tiny/", lambda page: "the total is 5" in page)
    shutil.rmtree(course.root / ".cache")
    course.edit("Two numbers", "Two okapis")
    page = server.until("/part/tiny/", lambda page: "Two okapis" in page and "total is 5" in page)
    assert "role=alert" not in page
    assert len(list((course.store.folder / "tiny").iterdir())) == 1


def test_a_port_that_is_taken_is_one_clear_line_and_runs_nothing(course):
    course.site()
    course.tutorial()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = course.command("mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count(f"127.0.0.1:{port} is taken") == 1
    assert course.store.latest("tiny") is None


class Instant:
    """An execution that ends when the test says so."""

    made: list[Instant]
    wait = False
    failure: Exception | None = None

    def __init__(self, tutorial, key, settings) -> None:
        self.tutorial, self.key = tutorial, key
        self.cancelled = threading.Event()
        self.waits = self.wait
        self.made.append(self)

    def cancel(self) -> None:
        self.cancelled.set()

    def run(self, progress, keep=None):
        if self.waits and self.cancelled.wait(PATIENCE_S):
            raise Cancelled("ended", file=self.tutorial.file, remedy="none")
        if self.failure:
            raise self.failure
        return self.course.run_of(self.tutorial)


@pytest.fixture
def background(course, monkeypatch):
    """A background whose runs take no kernel; `changes` counts what it tells."""
    kind = type("Instant", (Instant,), {"made": [], "course": course})
    course.run_of = lambda tutorial: made_run(course, tutorial.file.split("/", 1)[1])
    monkeypatch.setattr(execute, "Execution", kind)
    monkeypatch.setattr(serving, "TOGETHER_S", 0.3)
    changed = threading.Semaphore(0)
    background = Background(course.settings(), course.store, changed.release)
    background.kind, background.changed = kind, changed
    yield background
    background.stop()


def test_nothing_runs_before_the_server_listens(course, background):
    course.tutorial()
    background.want(course.lessons())
    assert background.kind.made == []
    assert background.state(course.lessons()[0]) == "waiting"
    background.start()
    assert background.changed.acquire(timeout=10)
    assert course.store.latest("tiny")


def test_runs_that_end_together_are_told_together(course, background):
    course.tutorial()
    course.tutorial(file="1_part/02_other.py")
    background.want(course.lessons())
    background.start()
    assert background.changed.acquire(timeout=10)
    assert not background.changed.acquire(timeout=0.6)
    assert course.store.latest("tiny")
    assert course.store.latest("other")


def test_no_more_run_at_once_than_there_are_jobs(course, background):
    for number in range(1, 5):
        course.tutorial(file=f"1_part/0{number}_t{number}.py")
    background.kind.wait = True
    background.want(course.lessons())
    background.start()
    assert len(background.kind.made) == course.settings().jobs


def test_a_failure_is_remembered_and_not_run_again_until_its_key_changes(course, background):
    course.tutorial()
    background.kind.failure = ExecutionError("no", file="x", remedy="none")
    background.start()
    background.want(course.lessons())
    assert background.changed.acquire(timeout=10)
    assert background.failure(course.lessons()[0]).message == "no"
    background.want(course.lessons())
    assert len(background.kind.made) == 1
    course.edit("total = ", "more = total = ")
    assert background.failure(course.lessons()[0]) is None
    background.want(course.lessons())
    assert background.changed.acquire(timeout=10)
    assert len(background.kind.made) == 2


def test_a_mishap_is_tried_again_at_the_next_save_of_its_file_and_not_before(course, background):
    file = course.tutorial()
    background.kind.failure = Mishap("the kernel died", file="x", remedy="none")
    background.start()
    background.want(course.lessons())
    assert background.changed.acquire(timeout=10)
    background.want(course.lessons())
    assert background.failure(course.lessons()[0]).message == "the kernel died"
    assert len(background.kind.made) == 1
    background.kind.failure = None
    file.write_bytes(file.read_bytes())
    assert background.failure(course.lessons()[0]) is None
    background.want(course.lessons())
    assert background.changed.acquire(timeout=10)
    assert course.store.latest("tiny")


def test_a_fault_of_the_engine_shows_as_a_failure(course, background):
    course.tutorial()
    background.kind.failure = OSError("no space left on device")
    background.start()
    background.want(course.lessons())
    assert background.changed.acquire(timeout=10)
    assert "no space left on device" in background.failure(course.lessons()[0]).message


def test_what_is_no_longer_wanted_is_cancelled(course, background):
    course.tutorial()
    background.kind.wait = True
    background.start()
    background.want(course.lessons())
    background.want([])
    assert background.kind.made[0].cancelled.wait(10)


def test_a_run_of_what_the_file_said_before_is_cancelled_and_the_new_one_starts(course, background):
    course.tutorial()
    background.kind.wait = True
    background.start()
    background.want(course.lessons())
    background.kind.wait = False
    course.edit("total = ", "more = total = ")
    background.want(course.lessons())
    assert background.kind.made[0].cancelled.wait(10)
    assert background.changed.acquire(timeout=10)
    assert course.store.load("tiny", course.key())


def test_a_prose_edit_does_not_cancel_a_run(course, background):
    course.tutorial()
    background.kind.wait = True
    background.start()
    background.want(course.lessons())
    course.edit("Two numbers", "Two okapis")
    background.want(course.lessons())
    (execution,) = background.kind.made
    assert not execution.cancelled.is_set()
    assert background.state(course.lessons()[0]) == "running"


def test_an_edited_test_shows_on_its_snippets_pages_and_half_a_test_takes_none_along(course, serve):
    course.tutorial()
    config = course.root / "mkdocs.yml"
    config.write_text(
        config.read_text().replace("- tutorials", "- tutorials\n  - snippets/index.md")
    )
    file = course.root / "tests/snippets/test_helper.py"
    file.parent.mkdir(parents=True)
    whole = (
        "from snippets import helper\n\n\ndef test_of_two():\n    assert helper.add(1, 1) == 2\n"
    )
    file.write_text(whole)
    server = serve()
    assert "Of two" in server.get("/snippets/helper/")
    file.write_text(whole.replace("def test_of_two():", "def test_of_two(:"))
    server.until("/snippets/helper/", lambda page: "Of two" not in page)
    assert "Two numbers go in" in server.get("/part/tiny/")
    file.write_text(whole.replace("test_of_two", "test_of_a_pair"))
    server.until("/snippets/helper/", lambda page: "Of a pair" in page)
    server.until("/snippets/helper/tests/", lambda page: "Of a pair" in page)
