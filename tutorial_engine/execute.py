"""Execute: a kernel for one tutorial gives one `Run`, or one error that points into the file."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    DeadKernelError,
)

from .cell_watch import CellWatch
from .clean_output import clean_outputs
from .dependencies import layout_digest, recorded
from .errors import Cancelled, Mishap
from .fingerprint import Key
from .kernel_output import FLOOD, PRICE, is_pictured
from .places import Places
from .plan import Plan
from .processes import Guard, end_process_tree, end_processes_in
from .run import Run
from .scratch import Scratch, scratch
from .settings import Settings
from .surroundings import helpers_folder, keep_fonts, kernel_environment
from .tutorial import Tutorial

Progress = Callable[[int, int], None]


class KernelManager(AsyncKernelManager):
    """Starts this interpreter's own ipykernel, whatever kernels the user has installed.

    Messages go over IPC where the system has it: files that only this user can open.

    Args:
        on_launch: called with the kernel's process number as soon as there is one.
    """

    def __init__(self, on_launch: Callable[[int], None] | None = None, **options) -> None:
        super().__init__(**options)
        self._on_launch = on_launch
        if os.name == "posix":
            self.transport = "ipc"

    @property
    def kernel_spec(self) -> KernelSpec:
        # No history database: kernels side by side would wait for one another's lock on it.
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=50"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def start_kernel(self, **options) -> None:
        await super().start_kernel(**options)
        if self._on_launch:
            self._on_launch(self.provisioner.pid)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End the kernel at once: all is in hand, and a polite request takes seconds over IPC."""
        end_process_tree(self.provisioner.pid)
        await super().shutdown_kernel(now=True, restart=restart)


class Client(NotebookClient):
    """Runs a plan, and ends the kernel when a cell sends more than a plan's cell may.

    Args:
        most: characters of text that one cell may send.
        most_pictured: characters of pictures, likewise.

    Attributes:
        flooded: the position of the cell that sent more, and whether that was pictures.
        is_ready: the kernel has started.
    """

    def __init__(self, *arguments, most: int, most_pictured: int, **options) -> None:
        super().__init__(*arguments, **options)
        self._most = {False: 2 * most, True: most_pictured}
        self._sent: Counter[tuple[int, bool]] = Counter()
        self.flooded: tuple[int, bool] | None = None
        self.is_ready = False

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        data = content.get("data", {})
        texts = [content.get("text"), content.get("evalue")]
        texts += [each for mime, each in data.items() if not is_pictured(mime)]
        pictures = [each for mime, each in data.items() if is_pictured(mime)]
        for is_picture, parts in ((False, texts), (True, pictures)):
            place = cell_index, is_picture
            self._sent[place] += sum(len(each) for each in parts if isinstance(each, str))
            self._sent[place] += PRICE if data and not is_picture else 0
            if self._sent[place] > self._most[is_picture] or (FLOOD in data and not is_picture):
                if self.flooded is None:
                    self.flooded = place
                    end_process_tree(self.km.provisioner.pid)
                raise CellExecutionComplete
        return super().process_message(msg, cell, cell_index)


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
        with contextlib.ExitStack() as stack:
            try:
                folders = stack.enter_context(scratch())
                guard = Guard(*folders.folders)
            except OSError as error:
                raise Mishap(
                    f"the run has no place: {error}",
                    file=self.tutorial.file,
                    remedy="let TMPDIR name a folder with a short path, and with room",
                ) from None
            try:
                return self._run_in(folders, progress)
            finally:
                for folder in folders.folders:
                    end_processes_in(folder)
                guard.dismiss()

    def _run_in(self, folders: Scratch, progress: Progress | None) -> Run:
        private = folders.private
        environment = kernel_environment(self.tutorial, self.settings, private, *folders.folders)
        places = Places(
            self.settings.root,
            {
                folders.work: ".",
                helpers_folder(private): ".",
                Path(environment["TUTORIALS_DATA"]): "tutorials_src/data",
                Path(environment["TMPDIR"]): "/tmp",
                Path(environment["HOME"]): "~",
                Path(environment["XDG_CACHE_HOME"]): "~/.cache",
                **dict.fromkeys(folders.folders, "scratch"),
            },
        )
        plan = Plan(self.tutorial, self.settings, places)
        started = time.monotonic()
        self._execute(plan, folders, environment, progress)
        wall = time.monotonic() - started
        run = plan.to_run(self.key, folders.work, wall)
        keep_fonts(self.settings, private)
        dependencies = recorded(plan, self.settings, private)
        if plan.names_cells(run):
            # A cell's number and a line's hang on what stands above them.
            dependencies["files"][self.tutorial.file] = layout_digest(self.tutorial.text)
        return replace(run, dependencies=dependencies)

    def _execute(
        self,
        plan: Plan,
        folders: Scratch,
        environment: dict[str, str],
        progress: Progress | None,
    ) -> None:
        total = len(self.tutorial.code_cells)

        watch = CellWatch(self.settings.cell_cpu_limit, self.settings.cell_idle_limit)
        stack = contextlib.ExitStack()

        def on_launch(pid: int) -> None:
            self._pid = pid
            if self._cancelled.is_set():
                end_process_tree(pid)
            stack.enter_context(watch.over(pid))

        def on_cell(cell_index: int, **_) -> None:
            plan.starts(cell_index)
            watch.cell_starts()

        def on_started(**_) -> None:
            client.is_ready = True

        def on_executed(cell_index: int, **_) -> None:
            if client.flooded is not None:
                raise RuntimeError("ended")
            if progress:
                progress(plan.code_cells_done(cell_index), total)

        client = Client(
            plan.notebook,
            most=plan.most_sent,
            most_pictured=plan.most_pictured,
            # A short path of our own: an IPC address has about a hundred characters at most.
            km=KernelManager(on_launch, connection_file=str(folders.private / "k.json")),
            timeout=None,
            resources={"metadata": {"path": str(folders.work)}},
            record_timing=False,
            on_notebook_start=on_started,
            on_cell_execute=on_cell,
            on_cell_executed=on_executed,
        )
        client.log.disabled = True  # what goes wrong is explained below, once
        log = folders.private / "log"
        try:
            with stack, log.open("wb") as file:
                options = {
                    "env": environment,
                    "cwd": str(folders.work),
                    # What native code writes before or beside the kernel's own streams.
                    "stdout": file,
                    "stderr": file,
                }
                _wait_for(lambda: client.async_execute(cleanup_kc=True, **options))
        except (CellExecutionError, DeadKernelError, RuntimeError) as error:
            if self._cancelled.is_set():
                raise Cancelled(
                    "the run was ended before it finished",
                    file=self.tutorial.file,
                    remedy="run it again",
                ) from None
            raise plan.explain(
                error,
                _last_words(log),
                is_ready=client.is_ready,
                flooded=client.flooded,
                exceeded=watch.exceeded,
            ) from None
        finally:
            # nbclient leaves it where a kernel fails to start.
            atexit.unregister(client._cleanup_kernel)
            # Forgotten first: later the number may be another process's.
            pid, self._pid = self._pid, None
            if pid is not None:
                end_process_tree(pid)


def execute(tutorial: Tutorial, key: Key, settings: Settings) -> Run:
    """Execute one tutorial: the picklable form, for executors that live in other processes."""
    return Execution(tutorial, key, settings).run()


def _wait_for(make: Callable[[], Coroutine]) -> None:
    """Run a coroutine to its end, also where the caller's thread has an event loop that runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(make())
    else:
        with ThreadPoolExecutor(1) as executor:
            executor.submit(lambda: asyncio.run(make())).result()


def _last_words(log: Path) -> str:
    """Return the end of what a dying kernel wrote."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 10_000))
        text = file.read().decode(errors="replace")
    outputs = clean_outputs([{"output_type": "stream", "name": "stderr", "text": text}])
    return outputs[0]["text"].strip()[-600:] if outputs else ""
