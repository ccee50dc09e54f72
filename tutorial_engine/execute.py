"""Execute: a kernel for one tutorial gives one `Run`, or one error that points into the file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from .clean_output import clean_outputs
from .dependencies import recorded
from .errors import Cancelled
from .fingerprint import Key
from .plan import Plan
from .run import Run
from .settings import Settings
from .surroundings import keep_fonts, kernel_environment
from .tutorial import Tutorial

Progress = Callable[[int, int], None]


class KernelManager(AsyncKernelManager):
    """Starts this interpreter's own ipykernel, whatever kernels the user has installed.

    Messages go over IPC where the system has it: files that only this user can open.
    """

    def __init__(self, **options) -> None:
        super().__init__(**options)
        if os.name == "posix":
            self.transport = "ipc"

    @property
    def kernel_spec(self) -> KernelSpec:
        # No history database: kernels side by side would wait for one another's lock on it.
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=50"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End the kernel at once: all is in hand, and a polite request takes seconds over IPC."""
        end_process_tree(self.provisioner.pid)
        await super().shutdown_kernel(now=True, restart=restart)


class Execution:
    """One tutorial being executed; `cancel` may be called from another thread."""

    def __init__(self, tutorial: Tutorial, key: Key, settings: Settings) -> None:
        self.tutorial = tutorial
        self.key = key
        self.settings = settings
        self._cancelled = threading.Event()
        self._pid: int | None = None

    def cancel(self) -> None:
        """End the kernel and whatever it started; `run` then raises `Cancelled`."""
        self._cancelled.set()
        if (pid := self._pid) is not None:
            end_process_tree(pid)

    def run(self, progress: Progress | None = None) -> Run:
        """Execute all cells in a new kernel and an empty folder of its own.

        Args:
            progress: called with (code cells done, code cells in all).

        Raises:
            ExecutionError: a cell failed, hung, killed the kernel, or did not do what its tag says.
            ClaimError: an assertion in a cell tagged `claims` failed.
            Cancelled: `cancel` was called.
        """
        plan = Plan(self.tutorial, self.settings)
        with tempfile.TemporaryDirectory(prefix="tutorial-") as scratch:
            work, private = Path(scratch, "work"), Path(scratch, "p")
            work.mkdir()
            private.mkdir()
            started = time.monotonic()
            self._execute(plan, work, private, progress)
            wall = time.monotonic() - started
            run = plan.to_run(self.key, work, wall)
            keep_fonts(self.settings, private)
            return replace(run, dependencies=recorded(plan, self.settings, private))

    def _execute(self, plan: Plan, work: Path, private: Path, progress: Progress | None) -> None:
        total = len(self.tutorial.code_cells)

        def on_started(**_) -> None:
            self._pid = client.km.provisioner.pid
            if self._cancelled.is_set():
                raise RuntimeError("cancelled while the kernel started")

        def on_executed(cell_index: int, **_) -> None:
            if progress:
                progress(plan.code_cells_done(cell_index), total)

        client = NotebookClient(
            plan.notebook,
            # A short path of our own: an IPC address has about a hundred characters at most.
            km=KernelManager(connection_file=str(private / "k.json")),
            timeout=self.settings.cell_timeout,
            resources={"metadata": {"path": str(work)}},
            record_timing=False,
            on_notebook_start=on_started,
            on_cell_execute=plan.starts,
            on_cell_executed=on_executed,
        )
        log = private / "log"
        try:
            with log.open("wb") as file:
                options = {
                    "env": kernel_environment(self.tutorial, self.settings, private),
                    "cwd": str(work),
                    # What native code writes before or beside the kernel's own streams.
                    "stdout": file,
                    "stderr": file,
                }
                asyncio.run(client.async_execute(cleanup_kc=True, **options))
        except (CellExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
            if self._cancelled.is_set():
                raise Cancelled(
                    "the run was ended before it finished",
                    file=self.tutorial.file,
                    remedy="run it again",
                ) from None
            raise plan.explain(error, self.settings, _last_words(log)) from None
        finally:
            # Forgotten first: later the number may be another process's.
            pid, self._pid = self._pid, None
            if pid is not None:
                end_process_tree(pid)


def execute(tutorial: Tutorial, key: Key, settings: Settings) -> Run:
    """Execute one tutorial: the picklable form, for executors that live in other processes."""
    return Execution(tutorial, key, settings).run()


def _last_words(log: Path) -> str:
    """Return the end of what a dying kernel wrote, introduced, or nothing."""
    text = log.read_text(encoding="utf-8", errors="replace")
    outputs = clean_outputs([{"output_type": "stream", "name": "stderr", "text": text}])
    return f"; its last words:\n{outputs[0]['text'].strip()[-600:]}" if outputs else ""


def end_process_tree(pid: int) -> None:
    """End a process and everything that it started; if it died before, what is left of its session."""
    doomed: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        doomed = [*process.children(recursive=True), process]
    doomed += [process for process in psutil.process_iter() if _session(process.pid) == pid]
    for each in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (AttributeError, OSError):  # Windows; a process that has ended meanwhile
        return None
