"""Shared by the benchmarks: copies of the repository to measure in, and what a command costs."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_TRAVELS = ("docs", "overrides", "snippets", "tutorials_src", "mkdocs.yml", "pyproject.toml")


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the clock, CPU seconds, peak memory of its process tree in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float

    @classmethod
    def median(cls, costs: list[Cost]) -> Cost:
        return cls(
            *(
                statistics.median(getattr(cost, name) for cost in costs)
                for name in ("wall_s", "cpu_s", "peak_mb")
            )
        )


def copy_repository(folder: Path) -> Path:
    """Copy what a build reads, so that a benchmark may edit it; return the copy."""
    for name in _TRAVELS:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def run(command: list[str], folder: Path, **environment: str) -> Cost:
    """Run a command to its end and measure it with everything that it started.

    Raises:
        SystemExit: the command failed; its output is shown.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = _PeakMemory(process.pid)
    with peak:
        output, _ = process.communicate()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output[-4000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peak.megabytes)


# The kernel walks all pages for each sample: twice a second took a tenth of a core.
_SAMPLE_EVERY_S = 5


class _PeakMemory:
    """Samples a process tree's proportional set size: shared pages count once."""

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_SAMPLE_EVERY_S):
            total = 0
            with contextlib.suppress(psutil.Error):
                for each in [self._process, *self._process.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        info = each.memory_full_info()
                        total += getattr(info, "pss", info.rss)
            self.megabytes = max(self.megabytes, total / 1e6)


def edit_prose(file: Path, mark: str) -> None:
    """Add a sentence to a tutorial's first prose cell."""
    text = file.read_text(encoding="utf-8")
    head, cell, rest = text.partition("# %% [markdown]\n")
    file.write_text(f"{head}{cell}# A sentence more, {mark}.\n#\n{rest}", encoding="utf-8")


def edit_snippet(file: Path) -> None:
    """Change what a snippet does, a little: a new name at its end."""
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\n_EDITED = {time.time_ns()}\n", encoding="utf-8")
