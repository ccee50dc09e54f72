"""However a build ends, nothing of it lives on: no kernel, no child process, no folder."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tutorial_engine.errors import ExecutionError, Mishap
from tutorial_engine.scratch import LOCK, PREFIX, scratch

from .tiny import Course, clean_environment, code

COMMANDS = {"build": ("mkdocs", "build"), "run": ("tutorial_engine", "run")}


class Waiting:
    """A tutorial that starts processes, says that it runs and where, and waits to be ended."""

    def __init__(self, course: Course) -> None:
        self.sign = course.root / "started"
        os.mkfifo(self.sign)
        # One in the kernel's session, one in its own, one that has left the family.
        orphan = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(600)"
        course.tutorial(
            code(
                "import os, pathlib, subprocess, sys, time\n"
                "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
                "children = [subprocess.Popen(sleep, start_new_session=alone) for alone in (0, 1)]\n"
                f"_ = subprocess.run([sys.executable, '-c', {orphan!r}])\n"
                f"_ = pathlib.Path({str(self.sign)!r}).write_text(f'{{os.getpid()}} {{os.getcwd()}}')\n"
                "time.sleep(600)"
            )
        )

    def wait(self, besides: int = 0) -> tuple[list[psutil.Process], Path]:
        """Wait until it runs; return the run's processes, so many others of its folder, and its folder."""
        pid, work = self.sign.read_text().split(" ", 1)
        folder = Path(work).parent
        processes = [each for each in psutil.process_iter() if str(folder) in _environment(each)]
        assert int(pid) in [each.pid for each in processes]
        assert len(processes) == 4 + besides, processes
        return processes, folder


def processes_of(folder: Path) -> list[psutil.Process]:
    """What lives of a run: its kernel and their children by their environment, its guard by its command."""
    return [
        each
        for each in psutil.process_iter()
        if str(folder) in _environment(each) or str(folder) in _command(each)
    ]


def _environment(process: psutil.Process) -> str:
    try:
        return repr(process.environ())
    except psutil.Error:
        return ""


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture
def start(course):
    """Start a command of a course that waits."""
    course.site()
    started: list[subprocess.Popen] = []

    def start_(command: str) -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", *COMMANDS[command]],
                cwd=course.root,
                env=clean_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return started[-1]

    yield start_
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("command", "name"),
    [("build", "SIGTERM"), ("build", "SIGINT"), ("run", "SIGHUP"), ("run", "SIGKILL")],
)
def test_a_signal_ends_the_run_with_all_that_it_started_and_its_folder(
    course, start, command, name
):
    waiting = Waiting(course)
    process = start(command)
    processes, folder = waiting.wait()
    process.send_signal(getattr(signal, name))
    assert process.wait(30) != 0
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    assert psutil.wait_procs(processes_of(folder), timeout=10)[1] == []
    assert not folder.exists()


def test_a_run_that_ends_well_leaves_nothing_that_it_started(course):
    orphan = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(600)"
    course.tutorial(
        code(
            "import os, pathlib, subprocess, sys\n"
            f"_ = subprocess.run([sys.executable, '-c', {orphan!r}])\n"
            "_ = pathlib.Path('place').write_text(os.getcwd())"
        ),
        artifacts=["place"],
    )
    folder = Path(course.run().artifacts[0].content.decode()).parent
    assert psutil.wait_procs(processes_of(folder), timeout=10)[1] == []
    assert not folder.exists()


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """A folder for temporary files that this test has to itself."""
    folder = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    subprocess.run(["rm", "-r", folder], check=True)


def test_the_folders_of_a_build_that_died_are_swept_and_nobody_elses(temporary):
    dead, somebodys = temporary / f"{PREFIX}dead", temporary / f"{PREFIX}notes"
    dead.mkdir()
    (dead / LOCK).touch()
    somebodys.mkdir()
    with scratch() as living:
        with scratch():
            assert not dead.exists()
        assert living.work.is_dir()
    assert list(temporary.iterdir()) == [somebodys]


def test_a_long_path_for_temporary_files_does_not_keep_a_kernel_from_starting(
    course, temporary, monkeypatch
):
    deep = temporary / ("a long name " * 8).strip()
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    course.tutorial(code("import os\n'a long name' in os.getcwd()"))
    assert course.run().outputs[0][0]["data"]["text/plain"] == "True"
    assert list(deep.iterdir()) == []


def test_no_folder_that_is_short_enough_is_one_clear_error(course, temporary, monkeypatch):
    deep = temporary / ("a long name " * 8).strip()
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setattr(os, "access", lambda *_: False)
    course.tutorial(code("x = 1"))
    with pytest.raises(Mishap, match="too long for a socket") as caught:
        course.run()
    assert "TMPDIR" in caught.value.remedy


def test_a_full_disk_before_the_kernel_starts_is_an_error_of_the_tutorial(course, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    course.tutorial(code("x = 1"))
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(Mishap, match="No space left on device"):
        course.run()


def test_a_kernel_that_cannot_start_says_what_to_install(course, monkeypatch):
    course.tutorial(code("x = 1"))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Mishap, match="the kernel did not start") as caught:
        course.run()
    assert "install what requirements.lock lists" in caught.value.remedy


def test_too_little_memory_is_said_with_a_remedy(course):
    course.tutorial(code("raise MemoryError"))
    with pytest.raises(ExecutionError, match="MemoryError") as caught:
        course.run()
    assert "hold less at once" in caught.value.remedy
