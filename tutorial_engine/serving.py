"""Runs in the background while the site is served: start, cancel, remember failures, say when done."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from socketserver import TCPServer

from .course import Lesson
from .errors import Cancelled, Mishap, TutorialError, unforeseen
from .execute import Execution
from .previews import Previews
from .schedule import longest_first
from .settings import Settings
from .store import Store

# Runs that end within this many seconds of each other reload the site once.
TOGETHER_S = 2.0


class Background:
    """Executes the lessons that `want` names, `settings.jobs` at a time, in threads.

    Args:
        on_change: called, from another thread, when finished runs or failures wait to be shown.
        previews: may take over the kernel of a run that went well.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        on_change: Callable[[], None],
        previews: Previews | None = None,
    ) -> None:
        self._previews = previews
        self._settings = settings
        self._store = store
        self._on_change = on_change
        self._lock = threading.Lock()
        self._wanted: dict[str, Lesson] = {}
        self._running: dict[str, Execution] = {}
        # With the state of the source at that time, for what may go well at its next save.
        self._failed: dict[tuple[str, str], tuple[TutorialError, object]] = {}
        self._threads: set[threading.Thread] = set()
        self._open = False
        self._timer: threading.Timer | None = None

    def want(self, lessons: list[Lesson]) -> None:
        """Set what should run now. Runs of anything else, or of an older key, are cancelled."""
        with self._lock:
            self._wanted = {lesson.name: lesson for lesson in lessons if not self._failure(lesson)}
            for name, execution in self._running.items():
                lesson = self._wanted.get(name)
                if lesson is None or lesson.key.digest != execution.key.digest:
                    execution.cancel()
            self._fill()

    def start(self) -> None:
        """Begin: the server listens now."""
        with self._lock:
            self._open = True
            self._store.sweep()
            self._fill()

    def stop(self) -> None:
        """End every kernel, and wait until each has cleaned up after itself."""
        with self._lock:
            self._open = False
            if self._timer:
                self._timer.cancel()
            for execution in self._running.values():
                execution.cancel()
            threads = tuple(self._threads)
        for thread in threads:
            thread.join(timeout=10)

    def state(self, lesson: Lesson) -> str:
        """Return `running` or `waiting`."""
        with self._lock:
            execution = self._running.get(lesson.name)
            is_current = execution is not None and execution.key.digest == lesson.key.digest
            return "running" if is_current else "waiting"

    def failure(self, lesson: Lesson) -> TutorialError | None:
        """Return how this lesson failed under its present key, if it did."""
        with self._lock:
            return self._failure(lesson)

    def _failure(self, lesson: Lesson) -> TutorialError | None:
        place = lesson.name, lesson.key.digest
        error, saved = self._failed.get(place, (None, None))
        if isinstance(error, Mishap) and saved != self._saved(lesson):
            del self._failed[place]
            return None
        return error

    def _saved(self, lesson: Lesson) -> object:
        """Return what differs after a lesson's file was saved."""
        try:
            status = (self._settings.root / lesson.file).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _fill(self) -> None:
        free = self._settings.jobs - len(self._running)
        if not self._open or free <= 0:
            return
        idle = [lesson for name, lesson in self._wanted.items() if name not in self._running]
        for lesson in longest_first(idle, self._store)[:free]:
            execution = Execution(lesson.tutorial, lesson.key, self._settings)
            self._running[lesson.name] = execution
            thread = threading.Thread(target=self._execute, args=(lesson, execution), daemon=True)
            self._threads = {each for each in self._threads if each.is_alive()} | {thread}
            thread.start()

    def _execute(self, lesson: Lesson, execution: Execution) -> None:
        failure: TutorialError | None = None
        finished = False
        try:
            keep = self._previews.keeper(lesson) if self._previews else None
            self._store.keep(execution.run(keep=keep))
            finished = True
        except Cancelled:
            pass
        except TutorialError as error:
            failure = error
        except Exception as error:  # must show on the page, not vanish with the thread
            failure = unforeseen(error, lesson.file)
        with self._lock:
            self._running.pop(lesson.name, None)
            current = self._wanted.get(lesson.name)
            if (finished or failure) and current and current.key.digest == execution.key.digest:
                self._wanted.pop(lesson.name)
            if failure:
                self._failed[lesson.name, execution.key.digest] = failure, self._saved(lesson)
            if finished or failure:
                self._announce()
            self._fill()

    def _announce(self) -> None:
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
