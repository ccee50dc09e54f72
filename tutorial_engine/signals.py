"""Terminations end a program as Ctrl-C does, so that it can clean up after itself."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeAlias

# What `signal.signal` takes and returns; None for a handler that was not set from Python.
Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


@contextlib.contextmanager
def ended_as_by_keyboard() -> Iterator[None]:
    """Let a termination or a closed terminal end this program as Ctrl-C does: kernels and all."""
    before: dict[int, Handler] = {}

    def interrupt(*_: object) -> None:
        for number in before:
            signal.signal(
                number, signal.SIG_IGN
            )  # once: what cleans up now is not to be interrupted
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP; nohup ignores it
            if number and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
