"""End a run's processes: its kernel, what that started, and what left its family.

Run as a program it is a guard: it waits until the process that started it has ended, however that came,
then ends the run that it guards and removes the run's folders.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil


def end_process_tree(pid: int) -> None:
    """End a process and everything that it started; if it died before, what is left of its session."""
    doomed: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        doomed = [*process.children(recursive=True), process]
    doomed += [process for process in psutil.process_iter() if _session(process.pid) == pid]
    _kill(doomed)


def end_processes_in(folder: Path, *, spare: int = 0) -> None:
    """End whatever was started for the run that lives in a folder, wherever it stands in the family.

    A kernel and all that it starts inherit variables that name the folder.

    Args:
        spare: the number of a process that lives on.
    """
    spared = os.getpid(), spare
    for _ in range(10):
        doomed = [
            each
            for each in psutil.process_iter()
            if each.pid not in spared and _is_of(each, str(folder))
        ]
        if not doomed:
            return
        _kill(doomed)
        psutil.wait_procs(doomed, timeout=1)


class Guard:
    """A process that outlives this one by as long as it takes to end a run."""

    def __init__(self, *folders: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, *map(str, folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A signal to the builder's whole group is not for it.
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """The run has ended and left nothing."""
        self._process.kill()
        self._process.communicate()


def _is_of(process: psutil.Process, folder: str) -> bool:
    try:
        return any(folder in value for value in process.environ().values())
    except (psutil.Error, OSError):
        return False


def _kill(processes: list[psutil.Process]) -> None:
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (AttributeError, OSError):  # Windows; a process that has ended meanwhile
        return None


def _guard(folders: list[Path]) -> None:
    sys.stdin.buffer.read()  # ends with the process that holds the other end
    for folder in folders:
        end_processes_in(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _guard([Path(each) for each in sys.argv[1:]])
