"""Cell watch: ends a kernel whose cell computes beyond its limit, or waits for what does not come.

On a busy machine a cell takes longer by the clock and no longer on the processor, so a clock alone could
not tell work from waiting.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import psutil

from .processes import end_process_tree

CPU, IDLE = "cpu", "idle"
# Less of a core than this is no work: a kernel that waits has a heartbeat.
_WORK = 0.02


class CellWatch:
    """Watches what a kernel and all that it started use, from one cell's start to the next one's.

    Args:
        cpu_limit: CPU seconds that one cell may use.
        idle_limit: seconds on the clock in which a cell may use none.

    Attributes:
        exceeded: `CPU` or `IDLE` once a limit was, and the kernel ended; nothing before.
    """

    def __init__(self, cpu_limit: int, idle_limit: int) -> None:
        self._cpu_limit = cpu_limit
        self._idle_limit = idle_limit
        self._cells = 0
        self.exceeded = ""

    def cell_starts(self) -> None:
        """Begin anew: another cell runs."""
        self._cells += 1

    @contextlib.contextmanager
    def over(self, pid: int) -> Iterator[None]:
        """Watch a kernel for as long as this lasts."""
        done = threading.Event()
        thread = threading.Thread(target=self._watch, args=(pid, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _watch(self, pid: int, done: threading.Event) -> None:
        cells, at_start, worked, worked_at = -1, 0.0, 0.0, 0.0
        while not done.wait(min(5.0, self._cpu_limit / 4, self._idle_limit / 4)):
            used, now = _cpu_seconds(pid), time.monotonic()
            if cells != self._cells:
                cells, at_start, worked, worked_at = self._cells, used, used, now
            if used - worked > _WORK * (now - worked_at):
                worked, worked_at = used, now
            if used - at_start > self._cpu_limit:
                self.exceeded = CPU
            elif now - worked_at > self._idle_limit:
                self.exceeded = IDLE
            if self.exceeded:
                end_process_tree(pid)
                return


def _cpu_seconds(pid: int) -> float:
    """Return what a process and all that it started have used, those that have ended included."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += sum(each.cpu_times()[:4])
    return total
