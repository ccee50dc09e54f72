# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Start the worker processes of one distributed program on this machine, and end them all.

Needs: Python 3.11 or newer on Linux or macOS, and no package. Copy this one file into your project
and `import distributed`.

TensorFlow's multi-worker strategies read a cluster from the environment variable `TF_CONFIG`, and
leave it to you to start the workers.
`run_workers` gives each worker its own, waits with a time limit, and leaves no process behind:
not after success, not when a worker fails or hangs, not after Ctrl-C, and not when the process
that called it is killed without a chance to tidy up.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import operator
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from types import TracebackType
from typing import Any, Self

# Runs before the worker's program: a thread waits at the standard input, whose other end the
# launcher holds. It closes when the launcher ends, however it ends, and then the thread ends the
# worker's whole process group.
_LEASH = """
import os, runpy, signal, sys, threading

def follow():
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=follow, daemon=True).start()
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_PAUSE = 0.01  # seconds between two looks at the workers

# Systems give clients, and whoever asks for any port, one from 32,768 or 49,152 on.
_PORTS = range(20_000, 32_768)


class WorkerError(RuntimeError):
    """A worker failed, or the time was up; all workers have been ended.

    Attributes:
        exit_codes: one per worker; negative for the number of the signal that ended it, None for
            one that still ran and was ended by the launcher.
        logs: what each worker wrote.
    """

    def __init__(
        self, message: str, *, exit_codes: Sequence[int | None], logs: Sequence[str]
    ) -> None:
        super().__init__(message)
        self.exit_codes = list(exit_codes)
        self.logs = list(logs)


def free_ports(count: int, *, host: str = "127.0.0.1") -> list[int]:
    """Return different TCP ports on which nothing listens at this moment.

    They are not reserved: use them soon, for another program could take one. They lie below the ports that
    systems give to clients and to whoever asks for any, which change hands all the time.

    Args:
        count: how many.
        host: the address to look at; the default is loopback, seen by this machine alone.

    Raises:
        ValueError: `count` is negative or above 12,768.
        OSError: so many are not free, or the address is not this machine's.

    >>> len(set(free_ports(3)))
    3
    """
    _check_whole("count", count, 0, len(_PORTS))
    ports: list[int] = []
    # Not from a seed: programs that share one would draw the same ports at the same time.
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if len(ports) == count:
            break
        with socket.socket() as candidate:
            try:
                candidate.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                ports.append(port)
    if len(ports) < count:
        raise OSError(f"{count} ports were asked for, and {len(ports)} are free")
    return ports


def tf_config(addresses: Sequence[str], *, index: int) -> str:
    """Return the value of `TF_CONFIG` for one worker: the whole cluster, and its own place in it.

    The format is that of `tf.distribute.cluster_resolver.TFConfigClusterResolver`.

    Args:
        addresses: `host:port` of each worker, in the same order for all of them.
        index: which of them this worker is, from 0.

    Raises:
        ValueError: an address stands twice, or none stands at `index`.

    >>> tf_config(["10.0.0.1:2222", "10.0.0.2:2222"], index=1)
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, \
"task": {"type": "worker", "index": 1}}'
    """
    if len(set(addresses)) < len(addresses):
        raise ValueError(f"addresses must differ, not {list(addresses)}")
    _check_whole("index", index, 0, len(addresses) - 1)
    cluster = {"worker": list(addresses)}
    return json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})


class Workers:
    """Worker processes of one program, all of which end when the `with` block does.

    Each is started with this interpreter, the caller's environment and a `TF_CONFIG` of its own, on
    free ports of loopback. Each is the head of a process group in the caller's session, and
    is ended together with what it started.

    Args:
        program: a Python file.
        count: how many workers.
        arguments: of the program, the same for all.
        environment: variables to set beside the caller's.

    Attributes:
        processes: the workers, by index, once the block is entered.

    Raises:
        ValueError: there would be no worker.
        FileNotFoundError: there is no such program.
    """

    def __init__(
        self,
        program: str | Path,
        *,
        count: int = 2,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        _check_whole("count", count, 1)
        self._program = Path(program).resolve(strict=True)
        self._count = count
        self._arguments = [str(each) for each in arguments]
        self._environment = {**os.environ, **(environment or {})}
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        # Not buffered: what a worker wrote last is in its log, however it ends.
        environment = {**self._environment, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-c", _LEASH, str(self._program), *self._arguments]
        addresses = [f"127.0.0.1:{port}" for port in free_ports(self._count)]
        self._folder = tempfile.TemporaryDirectory(prefix="workers-")
        try:
            for index in range(self._count):
                environment["TF_CONFIG"] = tf_config(addresses, index=index)
                with self._log(index).open("wb") as log:
                    worker = subprocess.Popen(
                        command,
                        env=environment,
                        stdin=subprocess.PIPE,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        process_group=0,
                    )
                self.processes.append(worker)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
        self._folder.cleanup()

    def logs(self) -> list[str]:
        """Return what each worker has written up to now; only within the block."""
        files = map(self._log, range(len(self.processes)))
        return [file.read_text("utf-8", "replace") for file in files]

    def poll(self) -> list[int | None]:
        """Return each worker's exit code: None while it runs, negative for a signal's number."""
        for worker in self.processes:
            if worker.returncode is None and worker.poll() is not None:
                _end_group(worker)  # what it leaves behind
        return [worker.returncode for worker in self.processes]

    def wait(self, time_limit: float) -> list[str]:
        """Wait until all have ended well, and return what each wrote.

        Args:
            time_limit: in seconds.

        Raises:
            WorkerError: one failed, or the time was up. The others have been ended: they would
                wait long for one that is gone.
        """
        _check_number("time_limit", time_limit, "[0, inf)")
        deadline = time.monotonic() + time_limit
        while True:
            codes = self.poll()
            failed = {index: code for index, code in enumerate(codes) if code}
            if not failed and None not in codes:
                return self.logs()
            if failed or time.monotonic() > deadline:
                self.end()
                logs = self.logs()
                which = min(failed) if failed else codes.index(None)
                what = (
                    _ending(failed[which], logs[which])
                    if failed
                    else f"was still running after {time_limit:g} s"
                )
                raise WorkerError(f"worker {which} {what}", exit_codes=codes, logs=logs)
            time.sleep(_PAUSE)

    def end(self) -> None:
        """End all workers at once, and all that they started; those that have ended stay so."""
        for worker in self.processes:
            if worker.returncode is None:
                _end_group(worker)
        for worker in self.processes:
            worker.wait()
            if worker.stdin:
                worker.stdin.close()

    def _log(self, index: int) -> Path:
        return Path(self._folder.name, f"worker-{index}.log")


def run_workers(
    program: str | Path,
    *,
    count: int = 2,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    time_limit: float = 120.0,
) -> list[str]:
    """Run a program as the workers of one cluster on this machine, and wait for all of them.

    Args:
        program: a Python file. Each worker finds its place in `TF_CONFIG`.
        count: how many workers.
        arguments: of the program, the same for all.
        environment: variables to set beside the caller's.
        time_limit: in seconds, for all of them together.

    Returns:
        What each worker wrote to its standard output and error, by index.

    Raises:
        WorkerError: one failed, or the time was up; the others have been ended.
        ValueError: there would be no worker.
        FileNotFoundError: there is no such program.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     program = Path(folder, "hello.py")
    ...     _ = program.write_text("import json, os; print(json.loads(os.environ['TF_CONFIG'])['task'])")
    ...     logs = run_workers(program, count=2)
    >>> [log.strip() for log in logs]
    ["{'type': 'worker', 'index': 0}", "{'type': 'worker', 'index': 1}"]
    """
    _check_number("time_limit", time_limit, "[0, inf)")
    workers = Workers(program, count=count, arguments=arguments, environment=environment)
    with workers:
        return workers.wait(time_limit)


def _end_group(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a zombie
        os.killpg(worker.pid, signal.SIGKILL)


def _ending(code: int, log: str) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):  # a real-time signal has no name
            return f"was ended by signal {-code} ({signal.Signals(-code).name})"
        return f"was ended by signal {-code}"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return f"failed with exit code {code}: {lines[-1] if lines else 'it wrote nothing'}"


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")


def _check_number(name: str, value: Any, within: str) -> None:
    """Refuse what is no number within an interval such as "(0, 1]"."""
    low, high = map(float, within[1:-1].split(","))
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high
    if not fits or (value == low and within[0] == "(") or (value == high and within[-1] == ")"):
        raise ValueError(f"{name} must be a finite number in {within}, not {value!r}")
