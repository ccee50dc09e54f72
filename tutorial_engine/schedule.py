"""Bring a course up to date: stored runs are taken, missing ones are executed side by side."""

from __future__ import annotations

import contextlib
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from .course import Lesson
from .errors import TutorialError, unforeseen
from .execute import Execution, execute
from .run import Run
from .settings import Settings
from .store import Store


@dataclass(frozen=True)
class Outcome:
    """What became of a lesson in this build."""

    lesson: Lesson
    run: Run | None = None
    error: TutorialError | None = None
    executed: bool = False

    @property
    def word(self) -> str:
        if self.error:
            return "failed"
        if self.run is None:
            return "running"
        return "executed" if self.executed else "cached"


def from_store(lesson: Lesson, store: Store) -> Outcome:
    """Return what is known of a lesson without running it: its run, its error, or neither."""
    if lesson.error:
        return Outcome(lesson, error=lesson.error)
    try:
        return Outcome(lesson, store.load(lesson.name, lesson.key, lesson.tutorial))
    except Exception as error:  # one tutorial's fault must not be the others'
        return Outcome(lesson, error=unforeseen(error, lesson.file))


class Watcher:
    """Is told what happens; the default says nothing."""

    def started(self, lesson: Lesson, estimate: float | None) -> None:
        """A lesson was handed to a kernel; `estimate` is the last run's seconds."""

    def progress(self, lesson: Lesson, done: int, total: int) -> None:
        """So many code cells have run."""

    def ended(self, outcome: Outcome) -> None:
        """A lesson was executed, or failed."""


def longest_first(lessons: list[Lesson], store: Store) -> list[Lesson]:
    """Order lessons so that the longest known run starts first.

    What has never run comes before, the latest in the course first: later tutorials train more.
    """

    def seconds(position: int) -> tuple[float, int]:
        known = store.latest(lessons[position].name)
        return (known.wall_s if known else float("inf"), position)

    return [lessons[at] for at in sorted(range(len(lessons)), key=seconds, reverse=True)]


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
        executor: where to run, if not in `settings.jobs` kernels on this machine. It gets the
            picklable `execute`, so it may live in other processes or on other machines.
    """
    watcher = watcher or Watcher()
    outcomes: dict[str, Outcome] = {}
    missing = []
    store.sweep()
    for lesson in lessons:
        known = Outcome(lesson, error=lesson.error) if again else from_store(lesson, store)
        if known.error:
            watcher.ended(known)
        elif known.run is None:
            missing.append(lesson)
            continue
        outcomes[lesson.file] = known
    for outcome in _run(longest_first(missing, store), settings, store, watcher, executor):
        outcomes[outcome.lesson.file] = outcome
        watcher.ended(outcome)
    return [outcomes[lesson.file] for lesson in lessons]


def _run(lessons, settings, store, watcher, executor):
    """Yield outcomes as they come; whatever ends this generator early ends the kernels too."""
    if not lessons:
        return
    executions = {
        lesson.file: Execution(lesson.tutorial, lesson.key, settings) for lesson in lessons
    }

    def here(lesson: Lesson) -> Run:
        known = store.latest(lesson.name)
        watcher.started(lesson, known.wall_s if known else None)
        return executions[lesson.file].run(
            lambda done, total: watcher.progress(lesson, done, total)
        )

    with contextlib.ExitStack() as stack:
        if executor is None:
            executor = ThreadPoolExecutor(settings.jobs, thread_name_prefix="tutorial")
            stack.callback(executor.shutdown, wait=True, cancel_futures=True)
            futures = {executor.submit(here, lesson): lesson for lesson in lessons}
        else:
            futures = {
                executor.submit(execute, lesson.tutorial, lesson.key, settings): lesson
                for lesson in lessons
            }
        stack.callback(_cancel, futures, executions)
        for future in as_completed(futures):
            lesson = futures[future]
            try:
                run = future.result()
                store.keep(run)
            except TutorialError as error:
                yield Outcome(lesson, error=error)
            except Exception as error:
                yield Outcome(lesson, error=unforeseen(error, lesson.file))
            else:
                yield Outcome(lesson, run, executed=True)


def _cancel(futures: dict[Future, Lesson], executions: dict[str, Execution]) -> None:
    for future in futures:
        future.cancel()
    for execution in executions.values():
        execution.cancel()
