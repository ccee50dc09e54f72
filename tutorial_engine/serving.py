"""Runs in the background while the site is served: begin when the server listens, say when done."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from socketserver import TCPServer

from .schedule import Keeper, Outcome, Scheduler, nobody_keeps
from .settings import Settings
from .store import Store

# Runs that end within this many seconds of each other reload the site once.
TOGETHER_S = 2.0


class Background(Scheduler):
    """Executes the lessons that `want` names while the site is served, from `start` to `stop`.

    Args:
        on_change: called, from another thread, when finished runs or failures wait to be shown.
        keeper: says what takes over the kernel of a lesson's run that goes well.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        on_change: Callable[[], None],
        keeper: Keeper = nobody_keeps,
    ) -> None:
        super().__init__(settings, store, self._announce, keeper=keeper)
        self._on_change = on_change
        self._timer: threading.Timer | None = None

    def start(self) -> None:
        """Begin: the server listens now."""
        self._store.sweep()
        super().start()

    def stop(self) -> None:
        """End every run, and wait until each has cleaned up after itself."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
        super().stop()

    def _announce(self, outcome: Outcome) -> None:
        """Tell of the change a little later, so that neighbours in time are told together."""
        if self._timer is None and self._open:
            self._timer = threading.Timer(TOGETHER_S, self._fire)
            self._timer.daemon = True
            self._timer.start()

    def _fire(self) -> None:
        with self._lock:
            self._timer = None
        self._on_change()


def begin_when_listening(
    server: TCPServer, then: Callable[[], None], refused: type[Exception]
) -> None:
    """Let a server call `then` as soon as it listens, and say in a line if it cannot.

    Args:
        refused: what is raised, when the server starts, if its address is another program's or not
            this machine's.
    """
    bind, activate = server.server_bind, server.server_activate
    host, port = server.server_address[:2]

    def bind_() -> None:
        try:
            bind()
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error}"
            # It has not begun, so there is nothing to end, and MkDocs would wait for it.
            server.shutdown = lambda: None
            raise refused(f"{host}:{port} {why}; give another address with --dev-addr") from None

    def activate_() -> None:
        activate()
        then()

    server.server_bind, server.server_activate = bind_, activate_
