"""Inside a nursery: libraries are loaded once, and each request forks a process that becomes a kernel.

A program of its own, started in the folders of the runs that are to come: everything that libraries keep
of their surroundings as they are loaded holds for those runs, too. It knows the standard library alone.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

READY = b"ready"
_THREADS = Path("/proc/self/task")
# With nothing to do for so many seconds the nursery ends.
_PATIENCE_S = 600


class _Stream:
    """What libraries that keep a stream as they are loaded are given: it becomes the kernel's own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._target = getattr(sys, name)
        setattr(sys, name, self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def close(self) -> None:
        """Stay open: the kernel sets up its log, which closes all handlers that it finds."""

    def take_off(self) -> None:
        """Let the process have the stream that it had."""
        setattr(sys, self._name, self._target)

    def follow(self) -> None:
        """Be the stream that the process has now."""
        self._target = getattr(sys, self._name)


def main(control: int, libraries: list[str]) -> None:
    """Load libraries, fork on request, and be a kernel in each forked process."""
    del sys.path[0]  # the working folder, as in a kernel's launcher
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it as it is loaded
    gc.disable()  # next to nothing of what is loaded goes again
    streams = _load(libraries)
    gc.freeze()  # no collection writes to what the forked processes share
    gc.enable()
    request = _wait_and_fork(socket.socket(fileno=control))
    _take_on(request)
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.initialize()
    for stream in streams:
        stream.follow()
    kernel.start()


def _load(libraries: list[str]) -> list[_Stream]:
    """Load the kernel's own library, then the others as in a kernel, where somebody types."""
    kernel, *others = libraries
    importlib.import_module(kernel)
    streams = [_Stream("stdout"), _Stream("stderr")]
    sys.ps1, sys.ps2 = "In : ", "...: "
    for name in others:
        importlib.import_module(name)
    del sys.ps1, sys.ps2
    for stream in streams:
        stream.flush()
        stream.take_off()
    return streams


def _wait_and_fork(control: socket.socket) -> dict[str, Any]:
    """Fork on request, one process at a time; return in each, with its request."""
    try:
        control.settimeout(_PATIENCE_S)
        control.send(READY)
        while text := control.recv(1 << 16):
            # A fork has no thread but its own: a lock that another one holds is held for ever.
            pid = os.fork() if len([*_THREADS.iterdir()]) == 1 else -1
            if pid == 0:
                control.close()
                request: dict[str, Any] = json.loads(text)
                return request
            control.send(b"%d" % pid)
            if pid > 0:
                end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
                # None only where it does not wait.
                is_exit = end is not None and end.si_code == os.CLD_EXITED
                status = end.si_status if end else 0
                control.send(b"%d" % (status if is_exit else -status))
                # It keeps its number until whoever asked for it has heard of its end.
                control.recv(16)
                os.waitpid(pid, 0)
    except OSError:  # nobody is there any more, or nobody asks
        pass
    os._exit(0)


def _take_on(request: dict[str, Any]) -> None:
    """Be what a process is that was started for the run."""
    os.setsid()
    os.chdir(request["folder"])
    log = os.open(request["log"], os.O_WRONLY)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    os.environ.update(request["variables"])
    sys.orig_argv = request["command"]
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request["command"][3:]]
    importlib.invalidate_caches()
    # The run's own, which lets the recorder know what is the run's.
    importlib.reload(sys.modules["sitecustomize"])
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # Python's own generator begins anew by itself


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
