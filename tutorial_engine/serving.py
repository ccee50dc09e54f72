"""Runs in the background and previews while the site is served, and what pages show of them until then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .course import Lesson
from .errors import TutorialError, together
from .faults import run_faults
from .previews import Previews
from .run import Run
from .schedule import Keeper, Outcome, Scheduler, from_store, nobody_keeps
from .settings import Settings
from .store import Store

log = logging.getLogger("mkdocs.tutorials")
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


@dataclass(frozen=True)
class Shown:
    """What a page shows of its lesson: a run, what is wrong, or in which state it is without.

    Args:
        state, cells: as `make_page` takes them.
    """

    run: Run | None = None
    error: TutorialError | None = None
    state: str = ""
    cells: Sequence[int] = ()


class LiveRuns:
    """The runs of a served course: those that are stored, the missing ones as they end, and previews.

    Args:
        store: where runs are kept, with the settings by which they run.
        on_change: called, from another thread, when there is something new to be shown.
    """

    def __init__(self, store: Store, on_change: Callable[[], None]) -> None:
        self.store = store
        self._previews = Previews(store.settings, on_change)
        self._background = Background(store.settings, store, on_change, self._previews.keeper)

    def start(self) -> None:
        """Begin: until then nothing runs."""
        self._background.start()

    def stop(self) -> None:
        """End every run, and the kernel that is kept for previews."""
        self._background.stop()
        self._previews.stop()

    def outcomes(self, lessons: list[Lesson]) -> list[Outcome]:
        """Return what is known of each lesson so far; what has no run is to run from now on."""
        self._previews.see(lessons)
        outcomes, missing = [], []
        for lesson in lessons:
            known = from_store(lesson, self.store)
            if known.is_due:
                if failure := self._background.failure(lesson):
                    known = Outcome(lesson, error=together([lesson.error, failure]))
                else:
                    missing.append(lesson)
            outcomes.append(known)
        self._previews.want(missing)
        self._background.want([each for each in missing if not self._previews.is_making(each)])
        return outcomes

    def shown(self, outcome: Outcome) -> Shown:
        """Return what a lesson's page shows now."""
        lesson, run = outcome.lesson, outcome.run
        if outcome.error:
            log.error("%s", outcome.error)
        if run:
            cells = self._previews.differing(lesson, run)
            return Shown(run, outcome.error, "differs" if cells else "", cells)
        if not outcome.is_due:
            return Shown(error=outcome.error, state="failed")
        preview = self._previews.of(lesson)
        if preview is None and self._previews.is_making(lesson):
            return Shown(error=lesson.error, state="running")
        if preview is None:
            return Shown(error=lesson.error, state=self._background.state(lesson))
        tutorial, _ = lesson.sound
        of_run = run_faults(preview.run, tutorial, self.store.settings) if preview.run else ()
        error = together([lesson.error, preview.error, *of_run])
        if error:
            log.error("Preview: %s", error)
        if preview.run is None:
            return Shown(error=error, state="failed")
        state = "previewing" if preview.is_partial else "preview"
        return Shown(preview.run, error, state, [preview.first_cell])
