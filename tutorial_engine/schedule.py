"""Bring a course up to date: stored runs are taken, missing ones are executed side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from .course import Lesson
from .errors import Cancelled, Mishap, TutorialError, together, unforeseen
from .faults import run_faults
from .run import Run
from .settings import Settings
from .store import Store

if TYPE_CHECKING:  # imported where something is executed: most builds execute nothing
    from .execute import Execution
    from .session import Session

# How long to wait for runs that were ended to clean up.
_PATIENCE_S = 10


class Fate(StrEnum):
    """What can become of a lesson in a build."""

    EXECUTED = "executed"
    CACHED = "cached"
    FAILED = "failed"
    RUNNING = "running"


@dataclass(frozen=True)
class Outcome:
    """What became of a lesson in this build.

    Args:
        run: None where it has not run so far, or did not come to its end.
        error: all that keeps its page from being published: what is wrong with its source, with the run, with both.
    """

    lesson: Lesson
    run: Run | None = None
    error: TutorialError | None = None
    executed: bool = False

    @property
    def word(self) -> Fate:
        """What became of it, in a word for reports."""
        if self.error:
            return Fate.FAILED
        if self.run is None:
            return Fate.RUNNING
        return Fate.EXECUTED if self.executed else Fate.CACHED

    @property
    def is_due(self) -> bool:
        """Say whether its lesson can run, and neither has a run nor failed on the way to one."""
        return self.run is None and self.lesson.key is not None and self.error is self.lesson.error


def from_store(lesson: Lesson, store: Store) -> Outcome:
    """Return what is known of a lesson without running it: its run, and what is wrong with it."""
    if lesson.key is None:
        return Outcome(lesson, error=lesson.error)
    try:
        tutorial, key = lesson.sound
        run = store.load(lesson.name, key, tutorial)
        return (
            with_faults(lesson, run, store.settings) if run else Outcome(lesson, error=lesson.error)
        )
    except Exception as error:  # one tutorial's fault must not be the others'
        return Outcome(lesson, error=together([lesson.error, unforeseen(error, lesson.file)]))


def with_faults(lesson: Lesson, run: Run, settings: Settings, *, executed: bool = False) -> Outcome:
    """Return the outcome of a run that came to its end, with all that is wrong with it and with the source."""
    faults = run_faults(run, lesson.sound[0], settings)
    return Outcome(lesson, run, together([lesson.error, *faults]), executed)


class Watcher:
    """Is told what happens; the default says nothing."""

    def started(self, lesson: Lesson, estimate: float | None) -> None:
        """A lesson was handed to a kernel; `estimate` is the last run's seconds, `lesson.error` what is known by now."""

    def progress(self, lesson: Lesson, done: int, total: int) -> None:
        """So many code cells have run."""

    def ended(self, outcome: Outcome) -> None:
        """A lesson was executed, or failed."""


Keeper = Callable[[Lesson], "Callable[[Session], None] | None"]


def nobody_keeps(lesson: Lesson) -> None:
    """Leave the kernel of a run to end with it."""


def longest_first(lessons: list[Lesson], store: Store) -> list[Lesson]:
    """Order lessons so that the longest known run starts first.

    What has never run comes before, the latest in the course first: later tutorials train more.
    """

    def seconds(position: int) -> tuple[float, int]:
        known = store.latest(lessons[position].name)
        return (known.wall_s if known else float("inf"), position)

    return [lessons[at] for at in sorted(range(len(lessons)), key=seconds, reverse=True)]


class Scheduler:
    """Runs the lessons that `want` names, the longest first, and ends what is no longer among them.

    On this machine `settings.jobs` run side by side; a cluster gets all at once and decides itself.

    Args:
        ended: is told of each outcome, one at a time, by the thread that ended it. A run that was ended
            because nobody wants it has none.
        executor: where to run, if neither on this machine nor on the cluster that the settings name.
            It gets the picklable `execute` and a parcel, so it may live in other processes or on other
            machines; cancelling a future of its ends the run.
        keeper: says what takes over the kernel of a lesson's run that goes well on this machine.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ended: Callable[[Outcome], None],
        *,
        watcher: Watcher | None = None,
        executor: Executor | None = None,
        keeper: Keeper = nobody_keeps,
    ) -> None:
        self._keeper = keeper
        self._settings = settings
        self._store = store
        self._ended = ended
        self._watcher = watcher or Watcher()
        self._is_own = executor is None
        self._is_here = executor is None and not settings.cluster
        if self._is_here:
            executor = ThreadPoolExecutor(settings.jobs, thread_name_prefix="tutorial")
        if executor is None:
            from .cluster import Cluster

            executor = Cluster(settings.cluster)
        self._executor = executor
        # Cancelling a future tells of it at once, in the thread that holds the lock already.
        self._lock = threading.RLock()
        self._wanted: dict[str, Lesson] = {}
        self._running: dict[str, _Task] = {}
        # With the state of the source at that time, for what may go well at its next save.
        self._failed: dict[tuple[str, str], tuple[TutorialError, object]] = {}
        self._open = False

    def want(self, lessons: list[Lesson]) -> None:
        """Set what should run now. Runs of anything else, or of an older key, are ended."""
        with self._lock:
            self._wanted = {lesson.name: lesson for lesson in lessons if not self._failure(lesson)}
            for name, task in tuple(self._running.items()):
                lesson = self._wanted.get(name)
                if lesson is None or lesson.digest != task.lesson.digest:
                    task.end()
            self._fill()

    def start(self) -> None:
        """Begin: until then nothing runs."""
        with self._lock:
            self._open = True
            self._fill()

    def stop(self) -> None:
        """End every run, and wait until each has cleaned up after itself."""
        with self._lock:
            self._open = False
            tasks = tuple(self._running.values())
            for task in tasks:
                task.end()
        wait([each.future for each in tasks if not each.future.cancelled()], timeout=_PATIENCE_S)
        if self._is_own:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def state(self, lesson: Lesson) -> str:
        """Return `running` or `waiting`."""
        with self._lock:
            task = self._running.get(lesson.name)
            is_current = task is not None and task.lesson.digest == lesson.digest
            return "running" if is_current else "waiting"

    def failure(self, lesson: Lesson) -> TutorialError | None:
        """Return how this lesson failed under its present key, if it did."""
        with self._lock:
            return self._failure(lesson)

    def _failure(self, lesson: Lesson) -> TutorialError | None:
        place = lesson.name, lesson.digest
        error, saved = self._failed.get(place, (None, None))
        is_mishap = error is not None and any(isinstance(each, Mishap) for each in error.faults)
        if is_mishap and saved != self._saved(lesson):
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
        idle = [lesson for name, lesson in self._wanted.items() if name not in self._running]
        if not self._open or not idle:
            return
        free = self._settings.jobs - len(self._running) if self._is_here else len(idle)
        tasks = [
            self._submit(lesson) for lesson in longest_first(idle, self._store)[: max(0, free)]
        ]
        self._running.update({task.lesson.name: task for task in tasks})
        for task in tasks:  # once all are known: what has ended already calls back at once
            task.future.add_done_callback(partial(self._done, task))

    def _submit(self, lesson: Lesson) -> _Task:
        from .execute import Execution
        from .parcel import execute, pack

        execution = None
        tutorial, key = lesson.sound
        try:
            if self._is_here:
                execution = Execution(tutorial, key, self._settings)
                future = self._executor.submit(self._run_here, lesson, execution)
            else:
                parcel = pack(tutorial, key, self._settings)
                future = self._executor.submit(execute, parcel)
        except Exception as error:  # an executor that cannot take it
            future = Future()
            future.set_exception(error)
        return _Task(lesson, future, execution)

    def _run_here(self, lesson: Lesson, execution: Execution) -> Run:
        known = self._store.latest(lesson.name)
        self._watcher.started(lesson, known.wall_s if known else None)
        progress = partial(self._watcher.progress, lesson)
        return execution.run(progress, keep=self._keeper(lesson))

    def _done(self, task: _Task, future: Future[Run]) -> None:
        outcome = self._outcome(task, future)
        lesson = task.lesson
        with self._lock:
            self._running.pop(lesson.name, None)
            current = self._wanted.get(lesson.name)
            if outcome and current and current.digest == lesson.digest:
                self._wanted.pop(lesson.name)
            if outcome and outcome.error and not outcome.run:
                self._failed[lesson.name, lesson.digest] = outcome.error, self._saved(lesson)
            if outcome:
                self._ended(outcome)
            self._fill()

    def _outcome(self, task: _Task, future: Future[Run]) -> Outcome | None:
        """Return what became of a run, stored if it ended well; nothing if it was not wanted."""
        known = task.lesson.error
        try:
            run = future.result()
            # Before it is stored: one that cannot be says all the same what is wrong with it.
            outcome = with_faults(task.lesson, run, self._settings, executed=True)
            known = outcome.error
            self._store.keep(run)
            return outcome
        except (Cancelled, CancelledError):
            if task.is_ended:
                return None
            fault: TutorialError = Mishap(
                "its run was lost", file=task.lesson.file, remedy="run it again"
            )
        except TutorialError as error:
            fault = error
        except Exception as error:  # must show on the page, not vanish with the thread
            fault = unforeseen(error, task.lesson.file)
        return Outcome(task.lesson, error=together([known, fault]))


@dataclass
class _Task:
    """A run that was handed over; `execution` is the one in this process, if it is here."""

    lesson: Lesson
    future: Future[Run]
    execution: Execution | None = None
    is_ended: bool = False

    def end(self) -> None:
        self.is_ended = True
        if not self.future.cancel() and self.execution:
            self.execution.cancel()


def bring_up_to_date(
    lessons: list[Lesson],
    settings: Settings,
    store: Store,
    *,
    again: bool = False,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> list[Outcome]:
    """Return an outcome for each lesson, in the same order; executed runs are stored as they end.

    Args:
        again: execute also what is stored.
        executor: where to run; see `Scheduler`.
    """
    watcher = watcher or Watcher()
    outcomes: dict[str, Outcome] = {}
    missing = []
    store.sweep()
    for lesson in lessons:
        known = Outcome(lesson, error=lesson.error) if again else from_store(lesson, store)
        if known.is_due:
            missing.append(lesson)
            continue
        if known.error:
            watcher.ended(known)
        outcomes[lesson.file] = known
    ended: SimpleQueue[Outcome] = SimpleQueue()
    scheduler = Scheduler(settings, store, ended.put, watcher=watcher, executor=executor)
    try:
        scheduler.want(missing)
        scheduler.start()
        for _ in missing:
            outcome = ended.get()
            outcomes[outcome.lesson.file] = outcome
            watcher.ended(outcome)
    finally:  # whatever ends this early ends the kernels, too
        scheduler.stop()
    return [outcomes[lesson.file] for lesson in lessons]
