"""Runs on a Dask cluster: a real scheduler, and workers that are processes of their own."""

from __future__ import annotations

import importlib
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest
from distributed import Client, LocalCluster

from tutorial_engine import cluster
from tutorial_engine.cluster import Cluster
from tutorial_engine.errors import ClaimError, Refused
from tutorial_engine.parcel import pack
from tutorial_engine.schedule import Outcome, Scheduler, bring_up_to_date

from .test_serve import Gate, ended
from .tiny import TINY, Course, clean_environment, code

OTHER = "1_part/02_other.py"
PATIENCE_S = 120


class Workers:
    """A scheduler in this process, and workers on its machine that know nothing of the repository."""

    def __init__(self, scheduler: LocalCluster, folder: Path) -> None:
        self.address = scheduler.scheduler_address
        self._client = Client(scheduler, set_as_default=False)
        self._folder = folder
        self._started: list[subprocess.Popen] = []

    def start(self, count: int = 1, python_path: Path | None = None) -> None:
        """Start workers of one thread each; what lies in `python_path` is imported before all else."""
        path = {"PYTHONPATH": str(python_path)} if python_path else {}
        for _ in range(count):
            command = ["dask", "worker", self.address, "--nthreads", "1", "--no-nanny"]
            command += ["--no-dashboard", "--local-directory", str(self._folder)]
            self._started.append(
                subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=self._folder,
                    env=clean_environment(XDG_CACHE_HOME=str(self._folder), **path),
                    stderr=subprocess.DEVNULL,
                )
            )
        self._client.wait_for_workers(len(self._started), timeout=PATIENCE_S)

    def stop(self) -> None:
        for process in self._started:
            process.kill()
            process.wait(10)
        self._client.close()


@pytest.fixture
def workers(tmp_path) -> Iterator[Workers]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with LocalCluster(
        n_workers=0, host="127.0.0.1", scheduler_port=0, dashboard_address=None
    ) as scheduler:
        workers = Workers(scheduler, folder)
        yield workers
        workers.stop()


def bring(course: Course, address: str = "") -> list[Outcome]:
    return bring_up_to_date(course.lessons(), course.settings(cluster=address), course.store)


def decided(outcomes: list[Outcome]) -> list:
    """Return the runs without what depends on the clock."""
    return [replace(each.run, finished=0, wall_s=0, cpu_s=0, peak_mb=0) for each in outcomes]


def in_thread(call: Callable, *arguments) -> Future:
    """Return what a call in a thread of its own will return."""
    future = Future()

    def run() -> None:
        try:
            future.set_result(call(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def test_a_worker_that_dies_has_its_run_done_elsewhere_with_the_bytes_of_a_local_build(
    course, workers
):
    gate = Gate(course)
    course.tutorial(gate.cell + code("print('went through')"))
    course.tutorial(TINY + code("_ = open('made', 'w').write('x')"), file=OTHER, artifacts=["made"])
    workers.start(2)
    build = in_thread(bring, course, workers.address)
    kernel, folder = gate.wait()
    kernel.parent().kill()
    assert ended(kernel)
    again, _ = gate.wait()
    assert again.pid != kernel.pid
    gate.open()
    there = build.result(PATIENCE_S)
    assert not folder.exists()
    assert [outcome.word for outcome in there] == ["executed", "executed"]
    assert [outcome.word for outcome in bring(course)] == ["cached", "cached"]
    course.store.clean()
    build = in_thread(bring, course)
    gate.wait()
    gate.open()
    assert decided(there) == decided(build.result(PATIENCE_S))


def test_what_is_no_longer_wanted_is_ended_on_its_worker_and_failures_come_back_whole(
    course, workers
):
    gate = Gate(course)
    course.tutorial(gate.cell)
    body = TINY.replace("total == 5", "total == 6") + "\n# %%\n1 / 0\n"
    course.tutorial(body, file=OTHER)
    workers.start()
    outcomes: SimpleQueue[Outcome] = SimpleQueue()
    settings = course.settings(cluster=workers.address)
    scheduler = Scheduler(settings, course.store, outcomes.put)
    gated, failing = course.lessons()
    scheduler.start()
    scheduler.want([gated])
    kernel, folder = gate.wait()
    scheduler.want([failing])
    assert ended(kernel)
    error = outcomes.get(timeout=PATIENCE_S).error
    assert isinstance(error, ClaimError)
    assert "two and three make <five>" in error.message
    assert (error.file, error.line, error.cell) == (failing.file, 19, 4)
    assert "ZeroDivisionError" in error.faults[1].message
    assert scheduler.failure(failing) is error
    scheduler.stop()
    assert outcomes.empty()
    assert not folder.exists()


NOTED = """
from tutorial_engine.errors import ClaimError


def noted(parcel, is_wanted):
    error = parcel.tutorial.error(ClaimError, "no", "correct it", parcel.tutorial.cells[1])
    error.add_note("seen by a worker")
    raise error
"""


def test_an_error_keeps_its_notes_on_the_way(course, workers, tmp_path, monkeypatch):
    course.tutorial()
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "noting.py").write_text(NOTED)
    workers.start(python_path=tmp_path / "path")
    monkeypatch.syspath_prepend(tmp_path / "path")
    executor = Cluster(workers.address)
    parcel = pack(course.parse(), course.key(), course.settings())
    noted = importlib.import_module("noting").noted
    error = executor.submit(noted, parcel).exception(PATIENCE_S)
    executor.shutdown()
    assert isinstance(error, ClaimError)
    assert error.cell == 2
    assert error.__notes__ == ["seen by a worker"]


@pytest.mark.filterwarnings("ignore:Mismatched versions")
def test_a_worker_with_other_versions_is_refused_and_one_that_fits_takes_its_place(
    course, workers, tmp_path
):
    gate = Gate(course)
    course.tutorial(gate.cell + "import numpy\n")
    course.tutorial(code("import numpy"), file=OTHER)
    old = tmp_path / "old" / "numpy-0.1.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n")
    workers.start(python_path=old.parent)
    refused = [outcome.error for outcome in bring(course, workers.address)]
    assert {type(error) for error in refused} == {Refused}
    assert re.search(r"tcp://127\.0\.0\.1:\d+: \S+ has numpy 0\.1 instead of 2\.", str(refused[0]))

    workers.start()
    build = in_thread(bring, course, workers.address)
    # The one that fits is busy with this, so the other tutorial went to the one that does not.
    gate.wait()
    gate.open()
    assert [each.word for each in build.result(PATIENCE_S)] == ["executed", "executed"]


def test_a_worker_with_another_engine_or_none_is_refused(course, workers, tmp_path):
    course.tutorial()
    package = Path(cluster.__file__).parent
    shutil.copytree(package, tmp_path / "other" / package.name)
    with (tmp_path / "other" / package.name / "plan.py").open("a") as file:
        file.write("# a remark\n")
    workers.start(python_path=tmp_path / "other")
    workers.start(python_path=without_engine(tmp_path))
    (outcome,) = bring(course, workers.address)
    assert isinstance(outcome.error, Refused)
    assert re.search(r"has tutorial_engine \w{12} instead of \w{12}", outcome.error.message)
    assert "no such tutorial_engine (No module named 'tutorial_engine.cl" in outcome.error.message


def without_engine(folder: Path) -> Path:
    """Return a path on which another program has this engine's name."""
    path = folder / "without engine"
    path.mkdir()
    (path / "tutorial_engine.py").touch()
    return path


def test_a_run_waits_no_longer_for_workers_that_are_gone(course, workers, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK_EVERY_S", 0.2)
    gate = Gate(course)
    course.tutorial(gate.cell)
    course.tutorial(gate.cell, file=OTHER)
    workers.start(python_path=without_engine(tmp_path))
    workers.start()
    build = in_thread(bring, course, workers.address)
    # One runs on the worker that fits; the other was refused by its neighbour and waits for that one.
    kernel, _ = gate.wait()
    fit = kernel.parent()
    workers.start()
    fit.kill()
    assert ended(kernel)
    for _ in range(2):
        gate.wait()
        gate.open()
    assert [each.word for each in build.result(PATIENCE_S)] == ["executed", "executed"]


def test_a_scheduler_that_does_not_answer_is_said_of_each_tutorial(course, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.2)
    course.tutorial()
    course.tutorial(file=OTHER)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    outcomes = bring(course, address)
    assert all(f"no Dask scheduler at {address}" in each.error.message for each in outcomes)
    assert [each.error.file for each in outcomes] == [lesson.file for lesson in course.lessons()]


def test_the_environment_names_the_cluster(course, monkeypatch):
    monkeypatch.setenv("TUTORIALS_CLUSTER", "tcp://host:8786")
    assert course.settings().cluster == "tcp://host:8786"


def test_nothing_that_is_stored_needs_the_cluster(course):
    course.tutorial()
    bring(course)
    (outcome,) = bring(course, "tcp://127.0.0.1:1")
    assert outcome.word == "cached"
