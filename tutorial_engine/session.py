"""Session: a kernel in folders of its own, which executes the cells of one tutorial's plans."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    DeadKernelError,
)
from nbformat import NotebookNode

from .cell_watch import CellWatch
from .clean_output import clean_outputs
from .documents import Document
from .errors import Cancelled, ExecutionError, Mishap
from .kernel_output import FLOOD, PRICE, is_pictured
from .nursery import Libraries, Provisioner, Slot, borrow, give_back
from .places import Places
from .plan import Plan
from .processes import end_process_tree
from .settings import Settings
from .surroundings import helpers_folder
from .tutorial import Tutorial

Progress = Callable[[int, int], None]


class KernelManager(AsyncKernelManager):
    """Starts this interpreter's own ipykernel, whatever kernels the user has installed.

    Messages go over IPC where the system has it: files that only this user can open.

    Args:
        on_launch: called with the kernel's process number as soon as there is one.
        slot: where the kernel may be forked.
    """

    def __init__(
        self,
        on_launch: Callable[[int], None] | None = None,
        slot: Slot | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._on_launch = on_launch
        if slot:
            provisioner = Provisioner(kernel_spec=self.kernel_spec, parent=self)
            provisioner.slot = slot
            self.provisioner = provisioner
        if os.name == "posix":
            self.transport = "ipc"

    @property
    def kernel_spec(self) -> KernelSpec:
        """How this interpreter's own kernel is started."""
        # No history database: kernels side by side would wait for one another's lock on it.
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=50"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    @property
    def pid(self) -> int | None:
        """The number of the kernel's process, None before there is one."""
        return self.provisioner.pid if isinstance(self.provisioner, LocalProvisioner) else None

    # Jupyter's types are those of its manager that waits; each of the two awaits what it gets.
    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel, and tell its process number."""
        await super().start_kernel(**options)
        if self._on_launch and self.pid is not None:
            self._on_launch(self.pid)

    async def shutdown_kernel(  # type: ignore[override]  # as above
        self, now: bool = False, restart: bool = False
    ) -> None:
        """End the kernel at once: all is in hand, and a polite request takes seconds over IPC."""
        if self.pid is not None:
            end_process_tree(self.pid)
        await super().shutdown_kernel(now=True, restart=restart)


class Client(NotebookClient):
    """Runs a plan, and ends the kernel when a cell sends more than a plan's cell may.

    Args:
        most: characters of text that one cell may send.
        most_pictured: characters of pictures, likewise.

    Attributes:
        flooded: the position of the cell that sent more, and whether that was pictures.
        is_ready: the kernel has started.
        stage: of the present cell: `sent`, `running`, or `over` when the kernel does nothing more for it.
    """

    km: KernelManager

    def __init__(self, *arguments: Any, most: int, most_pictured: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.reset_execution_trackers()
        self._most = {False: 2 * most, True: most_pictured}
        self._sent: Counter[tuple[int, bool]] = Counter()
        self.flooded: tuple[int, bool] | None = None
        self.is_ready = False
        self.stage = "over"

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Count what the present cell sends; end the kernel when that is too much."""
        content = msg["content"]
        if msg["msg_type"] == "execute_input":
            self.stage = "running"
        elif content.get("execution_state") == "idle":
            self.stage = "over"
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
                    if self.km.pid is not None:
                        end_process_tree(self.km.pid)
                raise CellExecutionComplete
        return super().process_message(msg, cell, cell_index)

    async def interrupt(self) -> None:
        """Let the cell that runs now fail."""
        await self.km.interrupt_kernel()

    async def execute_from(self, first: int, before: str = "") -> None:
        """Execute the notebook's cells, from the one at position `first` on, and some code before them."""
        self._sent.clear()
        self.stage = "sent"
        if before and self.kc:
            await self.async_wait_for_reply(self.kc.execute(before, silent=True))
        for index, cell in enumerate(self.nb.cells[first:], start=first):
            self.stage = "sent"
            await self.async_execute_cell(cell, index)


class Session:
    """A kernel of one tutorial, from its start to `close`; `cancel` may be called from another thread.

    Args:
        libraries: what a nursery loads from which the kernel is forked; nothing if it is to be started.

    Attributes:
        folders: where it works.
        places: the names that stand for where it works.
        plan: what it executed last.
        executed: how many of that plan's cells, from the first, have gone well.

    Raises:
        Mishap: there is no place for it.
    """

    def __init__(self, tutorial: Tutorial, settings: Settings, libraries: Libraries = ()) -> None:
        self._tutorial, self._settings = tutorial, settings
        self._cancelled = threading.Event()
        self._pid: int | None = None
        self._client: Client | None = None
        self._cells: Future[None] | None = None
        self._stack = contextlib.ExitStack()
        self.plan: Plan | None = None
        self.executed = 0
        try:
            self._slot = borrow(settings, libraries)
        except OSError as error:
            raise Mishap(
                f"the run has no place: {error}",
                file=tutorial.file,
                remedy="let TMPDIR name a folder with a short path, and with room",
            ) from None
        self._stack.callback(give_back, self._slot)
        self.folders = self._slot.folders
        private, own = self.folders.private, self.folders.folders
        self._loop = self._stack.enter_context(_loop())
        try:
            self._environment = self._slot.furnish(tutorial, settings)
        except BaseException:
            self._stack.close()
            raise
        self.places = Places(
            settings.root,
            {
                self.folders.work: ".",
                helpers_folder(private): ".",
                Path(self._environment["TUTORIALS_DATA"]): "tutorials_src/data",
                Path(self._environment["TMPDIR"]): "/tmp",
                Path(self._environment["HOME"]): "~",
                Path(self._environment["XDG_CACHE_HOME"]): "~/.cache",
                **dict.fromkeys(own, "scratch"),
            },
        )

    def cancel(self) -> None:
        """End the kernel and whatever it started; `execute` then raises `Cancelled`."""
        self._cancelled.set()
        if (pid := self._pid) is not None:
            end_process_tree(pid)
        else:
            self._slot.give_up()

    def untouched_mb(self) -> float:
        """Return how much of what was loaded the kernel found in memory and has not touched."""
        return self._slot.untouched_mb()

    def interrupt(self) -> None:
        """Let the cell that runs now fail, and keep the kernel; call it again until `execute` has ended."""
        client = self._client
        if client and client.stage == "running":
            self._run(client.interrupt())
        elif client and client.stage == "over" and self._cells:
            # A request that is interrupted just before its code begins is never answered.
            self._cells.cancel()

    def close(self) -> None:
        """End the kernel, and remove what it left."""
        # Forgotten first: later the number may be another process's.
        pid, self._pid = self._pid, None
        if pid is not None:
            end_process_tree(pid)
        if self._client and self._client.km:  # it has none where one failed to start
            self._run(self._client._async_cleanup_kernel())
        self._stack.close()

    def execute(self, plan: Plan, first: int = 0, progress: Progress | None = None) -> None:
        """Execute a plan's cells, from the one at position `first` on; start the kernel if there is none.

        Args:
            progress: called with (code cells done, code cells in all).

        Raises:
            ExecutionError: a cell failed, hung or killed the kernel.
            Cancelled: `cancel` was called.
        """
        total = len(plan.tutorial.code_cells)
        settings = self._settings
        watch = CellWatch(settings.cell_cpu_limit, settings.cell_idle_limit)
        self.plan, self.executed = plan, first

        def on_cell(cell_index: int, **_: object) -> None:
            plan.starts(cell_index)
            watch.cell_starts()

        def on_executed(cell_index: int, execute_reply: Document, **_: object) -> None:
            if client.flooded is not None:
                raise RuntimeError("ended")
            if plan.went_well(cell_index, execute_reply["content"]["status"]):
                self.executed = cell_index + 1
            if progress:
                progress(plan.code_cells_done(cell_index), total)

        client = self._client = self._client or self._make_client(plan)
        client.nb, client.flooded = plan.notebook, None
        client.on_cell_execute, client.on_cell_executed = on_cell, on_executed
        try:
            with contextlib.ExitStack() as stack:
                if self._pid is None:
                    self._run(self._start(client))
                if self._pid is not None:
                    stack.enter_context(watch.over(self._pid))
                before = plan.renaming(first) if first else ""
                self._cells = self._begin(client.execute_from(first, before))
                self._cells.result()
        except CancelledError:
            raise ExecutionError(
                "the run was interrupted", file=self._tutorial.file, remedy="run it again"
            ) from None
        except (CellExecutionError, DeadKernelError, RuntimeError) as error:
            if self._cancelled.is_set():
                raise Cancelled(
                    "the run was ended before it finished",
                    file=self._tutorial.file,
                    remedy="run it again",
                ) from None
            raise plan.explain(
                error,
                _last_words(self._log),
                is_ready=client.is_ready,
                flooded=client.flooded,
                exceeded=watch.exceeded,
            ) from None

    @property
    def _log(self) -> Path:
        """What native code writes before or beside the kernel's own streams."""
        return self.folders.private / "log"

    def _make_client(self, plan: Plan) -> Client:
        def on_launch(pid: int) -> None:
            self._pid = pid
            if self._cancelled.is_set():
                end_process_tree(pid)

        client = Client(
            plan.notebook,
            most=plan.most_sent,
            most_pictured=plan.most_pictured,
            # A short path of our own: an IPC address has about a hundred characters at most.
            km=KernelManager(
                on_launch, self._slot, connection_file=str(self.folders.private / "k.json")
            ),
            timeout=None,
            resources={"metadata": {"path": str(self.folders.work)}},
            record_timing=False,
        )
        client.log.disabled = True  # what goes wrong is explained, once
        return client

    async def _start(self, client: Client) -> None:
        with self._log.open("wb") as file:
            await client.async_start_new_kernel(
                env=self._environment, cwd=str(self.folders.work), stdout=file, stderr=file
            )
        await client.async_start_new_kernel_client()
        client.is_ready = True

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._begin(coroutine).result()


@contextlib.contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give an event loop that runs in a thread of its own: the caller's may have one that runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_end_other_tasks(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_other_tasks() -> None:
    """End what still waits: where an execution was cancelled, what watched its kernel does."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _last_words(log: Path) -> str:
    """Return the end of what a dying kernel wrote."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 10_000))
        text = file.read().decode(errors="replace")
    outputs = clean_outputs([{"output_type": "stream", "name": "stderr", "text": text}])
    return outputs[0]["text"].strip()[-600:] if outputs else ""
