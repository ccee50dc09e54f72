"""Nursery: a process that has loaded the libraries once, and from which kernels are forked.

To load TensorFlow takes a kernel longer than most cells take. A nursery belongs to a slot: folders in which
runs take turns, so that what the libraries found there as they were loaded is where each run finds it.
Where a kernel cannot be forked, one is started.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, TypeAlias

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from . import warm
from .clean_output import clean_outputs
from .fingerprint import Key, find_snippets, installed
from .processes import Guard, end_processes_in
from .scratch import LOCK, scratch
from .settings import Settings
from .surroundings import fixed_environment, kernel_environment
from .tutorial import Tutorial

Libraries: TypeAlias = tuple[str, ...]
# What decides what a nursery is like: libraries, interpreter, environment, versions; nothing for none.
Origin: TypeAlias = (
    tuple[()] | tuple[Libraries, str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
)

# Either brings the other.
_PREDICTED = {"version of tensorflow", "version of keras"}
_IMPORT = re.compile(r"^\s*(import|from) +(tensorflow|keras|snippets)\b", re.MULTILINE)
# What may decide how a library is loaded, apart from what all kernels share.
_PREPARATION = re.compile(
    r"\benviron\b(?!\.get\b)|\b(putenv|unsetenv|chdir)\b|\b(filterwarnings|simplefilter)\b"
    r"|\bsys\.(path|modules|meta_path|setrecursionlimit)\b"
)
_LONGEST_LOAD_S = 120
# How long to wait for the end of a process that was killed.
_PATIENCE_S = 10


def libraries_for(tutorial: Tutorial, key: Key, settings: Settings) -> Libraries:
    """Return what a nursery for a tutorial loads, in the order of a kernel; nothing if it is to have none.

    The order counts: of the native libraries that some bring along, the first one serves the others.
    """
    is_worth_it = sys.platform == "linux" and bool(_PREDICTED & key.parts.keys())
    if not is_worth_it or _prepares(tutorial, settings):
        return ()
    figures = ("matplotlib.pyplot",) if "version of matplotlib" in key.parts else ()
    return ("ipykernel.kernelapp", *figures, "tensorflow")


def _prepares(tutorial: Tutorial, settings: Settings) -> bool:
    """Say whether a tutorial may set, before it imports a library, what decides how that is loaded."""
    texts = []
    for cell in tutorial.code_cells:
        texts.append(cell.source)
        if _IMPORT.search(cell.source):
            break
    for source in find_snippets(tutorial, settings.root).values():
        texts += [line for line in source.splitlines() if not line[:1].isspace()]
    return any(_PREPARATION.search(text) for text in texts)


class Slot:
    """Folders in which runs take turns, and the nursery that was started there, if there is to be one.

    Attributes:
        folders: where a run works.
        origin: what decides what the nursery is like; nothing where there is none, and but one run.
        is_unfit: the nursery did not load the libraries, or not without a word, or has threads.

    Raises:
        OSError: there is no place for it.
    """

    def __init__(self, origin: Origin = ()) -> None:
        self.origin = origin
        self.is_unfit = False
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self._has_loaded, self._is_wanted = False, True
        self._forked: Forked | None = None
        # What was there before the libraries were loaded, and what there was in addition then.
        self._environment: dict[str, str] = {}
        self._given: set[Path] = set()
        self._left: dict[Path, bytes] = {}
        with contextlib.ExitStack() as stack:
            self.folders = stack.enter_context(scratch())
            guard = Guard(*self.folders.folders)
            stack.callback(guard.dismiss)
            for folder in self.folders.folders:
                stack.callback(end_processes_in, folder)
            self._stack = stack.pop_all()
        atexit.register(self.close)

    def furnish(self, tutorial: Tutorial, settings: Settings) -> dict[str, str]:
        """Make the surroundings of the next run, and return its environment."""
        folders = self.folders
        environment = kernel_environment(tutorial, settings, folders.private, *folders.folders)
        for path, content in self._left.items():
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        if self.origin and not self._process:
            self._environment, self._given = environment, self._files()
            self._begin(self.origin[0])
        return environment

    def fork(
        self, command: list[str], folder: str, environment: dict[str, str], log: str
    ) -> Forked | None:
        """Return a kernel that the nursery forked; None if it cannot.

        Args:
            command: with which it would be started.
            log: a file for what it writes.
        """
        own = self._environment
        variables = {name: each for name, each in environment.items() if own.get(name) != each}
        request = {"command": command, "folder": folder, "variables": variables, "log": log}
        self._forked = None
        if self._process:
            self._forked = self._ask(request) if self._wait_until_loaded() else None
        if self._process and not self._forked:
            # A started kernel is not to find what the nursery left.
            self._process.kill()
            for path in self._left:
                path.unlink(missing_ok=True)
        return self._forked

    def untouched_mb(self) -> float:
        """Return how much of the libraries the forked kernel has not touched; a started one has it."""
        if not (self._process and self._forked):
            return 0.0
        with contextlib.suppress(psutil.Error):
            pids = self._process.pid, self._forked.pid
            loaded, touched = (psutil.Process(each).memory_info().shared for each in pids)
            return max(0.0, (loaded - touched) / 1e6)
        return 0.0

    def give_up(self) -> None:
        """End a nursery that still loads what its run no longer wants."""
        if self._process and not self._has_loaded:
            self._is_wanted = False
            self._process.kill()

    def is_free(self) -> bool:
        """Say whether the nursery can fork again; the kernel that it forked last must have been ended."""
        if not (self._process and self._forked):
            return False
        try:
            self._forked.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return False
        return self._owner == os.getpid() and self._process.poll() is None

    def clear(self) -> bool:
        """Remove what a run left, processes and files; say whether another may follow."""
        if not (self.is_free() and self._process):
            return False
        try:
            for folder in self.folders.folders:
                end_processes_in(folder, spare=self._process.pid)
                for each in folder.iterdir():
                    if each.is_dir() and not each.is_symlink():
                        shutil.rmtree(each)
                    elif each.name != LOCK:
                        each.unlink()
            self.folders.work.mkdir()
            self.folders.private.mkdir()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """End whatever lives in the folders, and remove them."""
        if self._owner == os.getpid():
            atexit.unregister(self.close)
            self._stack.close()

    def _begin(self, libraries: Libraries) -> None:
        """Start the nursery; it loads the libraries while others get ready."""
        self._said = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._control, its_own = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stack.enter_context(self._control)
        with its_own:
            number = its_own.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", warm.__name__, str(number), *libraries],
                env=self._environment,
                cwd=self.folders.work,
                stdin=subprocess.PIPE,  # each kernel's, too
                stdout=self._said,
                stderr=self._said,
                pass_fds=[number],
                start_new_session=True,
            )
        self._stack.callback(self._process.communicate)
        self._stack.callback(self._process.kill)

    def _wait_until_loaded(self) -> bool:
        """Wait for the libraries; say whether they were loaded, and without a word."""
        if not self._has_loaded:
            self._control.settimeout(_LONGEST_LOAD_S)
            answer = b""
            with contextlib.suppress(OSError):
                answer = self._control.recv(16)
            text = os.pread(self._said.fileno(), 100_000, 0).decode(errors="replace")
            said = clean_outputs([{"output_type": "stream", "name": "stderr", "text": text}])
            self._has_loaded = answer == warm.READY and not said
            self.is_unfit = self._is_wanted and not self._has_loaded
            self._left = {path: path.read_bytes() for path in self._files() - self._given}
        return self._has_loaded

    def _ask(self, request: dict[str, Any]) -> Forked | None:
        self._control.settimeout(_PATIENCE_S)
        try:
            self._control.send(json.dumps(request).encode())
            pid = int(self._control.recv(16))
        except (OSError, ValueError):
            return None
        self.is_unfit = pid < 0
        return Forked(self._control, pid) if pid > 0 else None

    def _files(self) -> set[Path]:
        """Return the files in the folders of the private folder; beside these lie a kernel's own."""
        return {path for path in self.folders.private.glob("*/**/*") if path.is_file()}


class Forked:
    """A forked kernel, as `subprocess.Popen` shows a process that was started."""

    stdin = stdout = stderr = None

    def __init__(self, control: socket.socket, pid: int) -> None:
        self._control = control
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how the kernel ended, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the kernel's end, of which the nursery tells; return its exit code.

        Raises:
            subprocess.TimeoutExpired: it has not ended in so many seconds.
        """
        if self.returncode is None:
            self._control.settimeout(timeout)
            try:
                answer = self._control.recv(16)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("kernel", timeout or 0) from None
            except OSError:
                answer = b""
            # Without an answer the nursery is gone, and nobody knows.
            self.returncode = int(answer or -signal.SIGKILL)
            with contextlib.suppress(OSError):
                self._control.send(b"heard")
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal the kernel, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Provisioner(LocalProvisioner):
    """Forks a kernel where its slot can, and starts one where it cannot.

    Attributes:
        slot: to be set.
    """

    slot: Slot

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Fork the kernel that this command would start, or start it; return how to reach it."""
        log, folder = options["stdout"].name, options["cwd"]
        if not (forked := self.slot.fork(cmd, folder, options["env"], log)):
            return await super().launch_kernel(cmd, **options)
        # All of a process that Jupyter asks for, a `Forked` has.
        self.process, self.cwd = forked, Path(folder)  # type: ignore[assignment]
        self.pid = self.pgid = forked.pid
        return self.connection_info


_lock = threading.Lock()
_idle: list[Slot] = []
# Origins of which no nursery came up as it should.
_unfit: set[Origin] = set()


def borrow(settings: Settings, libraries: Libraries) -> Slot:
    """Return a slot for one run: an idle one, if its nursery is what a new one would be.

    Raises:
        OSError: there is no place for it.
    """
    if not libraries:
        return Slot()
    environment = tuple(fixed_environment(settings).items())
    origin = (libraries, sys.executable, environment, tuple(installed().items()))
    if origin in _unfit:
        return Slot()
    with _lock:
        fitting = [each for each in _idle if each.origin == origin and each.is_free()][:1]
        others = [] if fitting else _idle[:]
        for each in fitting + others:
            _idle.remove(each)
    for each in others:
        each.close()
    return fitting[0] if fitting else Slot(origin)


def give_back(slot: Slot) -> None:
    """Let another run have a slot, or remove it."""
    if slot.is_unfit:
        _unfit.add(slot.origin)
    if slot.clear():
        with _lock:
            _idle.append(slot)
    else:
        slot.close()
