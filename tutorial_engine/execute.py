"""Execute: a kernel for one tutorial gives one `Run`, or one error that points into the file."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import json
import os
import platform
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from . import kernel
from .clean_output import clean_outputs
from .errors import Cancelled, ClaimError, ExecutionError, TutorialError
from .fingerprint import (
    Key,
    expression_places,
    find_snippets,
    imported_modules,
    numeric_environment,
)
from .run import Artifact, Run
from .settings import Settings
from .source import Cell, Tutorial

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
        if self._pid is not None:
            end_process_tree(self._pid)

    def run(self, progress: Progress | None = None) -> Run:
        """Execute all cells in a new kernel and an empty folder of its own.

        Args:
            progress: called with (code cells done, code cells in all).

        Raises:
            ExecutionError: a cell failed, hung, killed the kernel, or did not do what its tag says.
            ClaimError: an assertion in a cell tagged `claims` failed.
            Cancelled: `cancel` was called.
        """
        plan = _Plan(self.tutorial, self.settings)
        with tempfile.TemporaryDirectory(prefix="tutorial-") as scratch:
            work, private = Path(scratch, "work"), Path(scratch, "p")
            work.mkdir()
            private.mkdir()
            started = time.monotonic()
            self._execute(plan, work, private, progress)
            wall = time.monotonic() - started
            return plan.to_run(self.key, work, wall)

    def _execute(self, plan: _Plan, work: Path, private: Path, progress: Progress | None) -> None:
        total = len(self.tutorial.code_cells)

        def on_started(**_) -> None:
            self._pid = client.km.provisioner.pid
            if self._cancelled.is_set():
                end_process_tree(self._pid)

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
                    "env": _kernel_environment(self.tutorial, self.settings, private),
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
            if self._pid is not None:
                end_process_tree(self._pid)


def execute(tutorial: Tutorial, key: Key, settings: Settings) -> Run:
    """Execute one tutorial: the picklable form, for executors that live in other processes."""
    return Execution(tutorial, key, settings).run()


class _Plan:
    """The notebook that the kernel gets: the tutorial's cells and hidden ones between them."""

    def __init__(self, tutorial: Tutorial, settings: Settings) -> None:
        self.tutorial = tutorial
        self.notebook = nbformat.v4.new_notebook()
        self._origin: list[tuple[str, Cell | None]] = []
        self._running = 0
        with_figures = "matplotlib" in _modules(tutorial, settings)
        module = f"__import__('{kernel.__name__}', fromlist=['kernel'])"
        self._add("setup", None, f"{module}.install(figures={with_figures})")
        check: Cell | None = None
        for cell in tutorial.cells:
            if cell.is_code:
                self._add("cell", cell, cell.source, _may_fail(cell))
                if "check" in cell.tags:
                    check = cell
                if "solution" in cell.tags:
                    self._add("check again", check, check.source)
            elif cell.expressions:
                lambdas = ", ".join(
                    f"({expression.code!r}, lambda: (\n{expression.code}\n))"
                    for expression in cell.expressions
                )
                self._add("values", cell, f"{module}.publish_values([{lambdas}])")
        self._add("usage", None, f"{module}.publish_usage()")

    def _add(self, role: str, cell: Cell | None, source: str, may_fail: bool = False) -> None:
        metadata = {"tags": ["raises-exception"]} if may_fail else {}
        self.notebook.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
        self._origin.append((role, cell))

    def starts(self, cell_index: int, **_) -> None:
        """Remember which cell runs, to point at it when it fails."""
        self._running = cell_index

    def code_cells_done(self, index: int) -> int:
        return sum(role == "cell" for role, _ in self._origin[: index + 1])

    def _outputs(self, role: str) -> list[tuple[Cell | None, list[dict]]]:
        return [
            (cell, json.loads(json.dumps(executed.outputs)))
            for (each, cell), executed in zip(self._origin, self.notebook.cells, strict=True)
            if each == role
        ]

    def _hidden(self, role: str, mime: str) -> list:
        found = []
        for _, outputs in self._outputs(role):
            for output in outputs:
                if mime in output.get("data", {}):
                    found.append(json.loads(output["data"][mime]))
        return found

    def to_run(self, key: Key, work: Path, wall: float) -> Run:
        outputs = [self._checked(cell, outputs) for cell, outputs in self._outputs("cell")]
        values = [value for values in self._hidden("values", kernel.VALUES) for value in values]
        places = expression_places(self.tutorial)
        usage = self._hidden("usage", kernel.USAGE)[0]
        finished = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        return Run(
            name=self.tutorial.name,
            key=key.digest,
            parts=key.parts,
            outputs=outputs,
            values=[[*place, value] for place, value in zip(places, values, strict=True)],
            artifacts=self._artifacts(work),
            finished=finished,
            wall_s=round(wall, 2),
            cpu_s=round(usage["cpu_s"], 2),
            peak_mb=round(usage["peak_mb"]),
            machine=machine(),
        )

    def _checked(self, cell: Cell, outputs: list[dict]) -> list[dict]:
        failed = any(output["output_type"] == "error" for output in outputs)
        if "check" in cell.tags:
            if not failed:
                raise self._error(
                    cell,
                    "the check passes on the starter, so it checks nothing",
                    "make the check fail until the exercise is solved",
                )
            return []
        if "raises-exception" in cell.tags and not failed:
            raise self._error(
                cell,
                "the cell is tagged raises-exception and raised nothing",
                "make it fail, or remove the tag and what the prose says about it",
            )
        outputs = clean_outputs(outputs)
        for output in outputs:
            pictures = [mime for mime in output.get("data", {}) if mime.startswith("image/")]
            for mime in pictures:
                if not output.get("metadata", {}).get(mime, {}).get("alt"):
                    raise self._error(
                        cell,
                        "a figure without alt text",
                        "set figure.alt to a sentence that says what the figure shows, "
                        "written from the data it draws",
                    )
        return outputs

    def _artifacts(self, work: Path) -> tuple[Artifact, ...]:
        kept = []
        for name in self.tutorial.header.artifacts:
            path = (work / name).resolve()
            if not path.is_relative_to(work.resolve()) or not path.is_file():
                raise ExecutionError(
                    f"the header's artifact '{name}' was not written",
                    file=self.tutorial.file,
                    line=1,
                    remedy=f"write '{name}' in the working folder, or take it out of the header",
                )
            kept.append(Artifact(name, path.read_bytes()))
        return tuple(kept)

    def explain(self, error: Exception, settings: Settings, last_words: str) -> TutorialError:
        """Turn what nbclient raised into an error that points at the cell that was running."""
        role, cell = self._origin[self._running]
        if isinstance(error, CellTimeoutError):
            return self._error(
                cell,
                f"the cell ran longer than {settings.cell_timeout} s and was ended",
                "make it shorter, or raise cell_timeout in pyproject.toml, [tool.tutorial_engine]",
            )
        if isinstance(error, DeadKernelError):
            return self._error(
                cell,
                f"the kernel died while it ran this cell{last_words}",
                "look for a crash in native code, or for too little memory",
            )
        if not isinstance(error, CellExecutionError):
            return self._error(cell, f"the kernel failed: {error}{last_words}", "run it again")
        line = _line_of_failure(error.traceback)
        said = f"{error.ename}: {error.evalue}".strip()
        if role == "check again":
            return self._error(
                cell, f"the solution fails its check: {said}", "correct the solution", line
            )
        if role == "values":
            return self._error(cell, error.evalue, "correct the expression or the cell above it")
        if role == "cell" and "claims" in cell.tags and error.ename == "AssertionError":
            return self._error(
                cell,
                f"a claim does not hold: {error.evalue}",
                "the page says something that this run contradicts: correct the page",
                line,
                kind=ClaimError,
            )
        return self._error(cell, said, "correct the cell", line)

    def _error(
        self, cell: Cell | None, message: str, remedy: str, line: int = 0, kind=ExecutionError
    ) -> TutorialError:
        return self.tutorial.error(kind, message, remedy, cell, line)


def _may_fail(cell: Cell) -> bool:
    return bool(cell.tags & {"raises-exception", "check"})


def _modules(tutorial: Tutorial, settings: Settings) -> list[str]:
    sources = [cell.source for cell in tutorial.code_cells]
    sources += find_snippets(tutorial, settings.root).values()
    return imported_modules([ast.parse(source) for source in sources])


def _kernel_environment(tutorial: Tutorial, settings: Settings, private: Path) -> dict[str, str]:
    environment = dict(os.environ)
    environment.update(numeric_environment(settings))
    environment.update(
        # The user's IPython start-up files and matplotlibrc must not decide an output.
        IPYTHONDIR=str(private / "ipython"),
        MATPLOTLIBRC=str(Path(__file__).parent / "matplotlibrc"),
        MPLBACKEND="module://matplotlib_inline.backend_inline",
        PYDEVD_DISABLE_FILE_VALIDATION="1",
        PYTHONPATH=str(settings.root),
        PYTHONDONTWRITEBYTECODE="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        TUTORIALS_ALLOWED_DATA=",".join(tutorial.header.data),
        TUTORIALS_DATA=str(settings.data),
        TUTORIALS_EDITION=settings.edition,
        # A fixed width, so that text output does not depend on the terminal that started the build.
        COLUMNS="80",
    )
    environment.pop("PYTHONSTARTUP", None)
    return environment


def _last_words(log: Path) -> str:
    """Return the end of what a dying kernel wrote, introduced, or nothing."""
    text = log.read_text(encoding="utf-8", errors="replace")
    outputs = clean_outputs([{"output_type": "stream", "name": "stderr", "text": text}])
    return f"; its last words:\n{outputs[0]['text'].strip()[-600:]}" if outputs else ""


def _line_of_failure(traceback: str) -> int:
    """Return the failing line inside the cell, 0 if the traceback does not say."""
    match = re.search(r"Cell In\[\d+\], line (\d+)", re.sub(r"\x1b\[[0-9;]*m", "", traceback))
    return int(match[1]) if match else 0


def end_process_tree(pid: int) -> None:
    """End a process and everything that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


@functools.cache
def machine() -> str:
    """Return the processor's name and the number of cores that this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file() and (match := re.search(r"model name\s*: (.+)", info.read_text())):
        name = match[1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name.strip()}, {cores} cores"
