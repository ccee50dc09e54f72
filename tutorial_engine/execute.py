"""Execute: a kernel for one tutorial gives one `Run`, or one error that points into the file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from .dependencies import layout_digest, recorded
from .errors import ExecutionError, together
from .faults import run_faults
from .fingerprint import Key
from .nursery import libraries_for
from .plan import Plan
from .run import Run
from .session import Progress, Session
from .settings import Settings
from .surroundings import keep_fonts
from .tutorial import Tutorial


class Execution:
    """One tutorial being executed; `cancel` may be called from another thread."""

    def __init__(self, tutorial: Tutorial, key: Key, settings: Settings) -> None:
        self.tutorial = tutorial
        self.key = key
        self.settings = settings
        self._cancelled = threading.Event()
        self._session: Session | None = None
        self._libraries = libraries_for(tutorial, key, settings)

    def cancel(self) -> None:
        """End the kernel and whatever it started; `run` then raises `Cancelled`."""
        self._cancelled.set()
        if session := self._session:
            session.cancel()

    def run(
        self, progress: Progress | None = None, keep: Callable[[Session], None] | None = None
    ) -> Run:
        """Execute all cells in a new kernel and an empty folder of its own.

        Args:
            progress: called with (code cells done, code cells in all).
            keep: takes over the kernel of a run that went well, and closes it one day.

        Returns:
            The run, with what is wrong with it and would be with another one of the same code.

        Raises:
            ExecutionError: a cell failed, hung, killed the kernel, or showed what no page can show.
            Cancelled: `cancel` was called.
        """
        session = self._session = Session(self.tutorial, self.settings, self._libraries)
        try:
            if self._cancelled.is_set():
                session.cancel()
            run = self._run_in(session, progress)
        except BaseException:
            session.close()
            raise
        if keep:
            keep(session)
        else:
            session.close()
        return run

    def _run_in(self, session: Session, progress: Progress | None) -> Run:
        plan = Plan(self.tutorial, self.settings, session.places)
        started = time.monotonic()
        session.execute(plan, progress=progress)
        wall = time.monotonic() - started
        private = session.folders.private
        run = plan.to_run(self.key, session.folders.work, wall)
        keep_fonts(self.settings, private)
        try:
            dependencies = recorded(plan, self.settings, private)
        except ExecutionError as error:
            others = run_faults(run, self.tutorial, self.settings)
            raise together([*others, error]) or error from None
        if plan.names_cells(run):
            # A cell's number and a line's depend on what stands above them.
            dependencies["files"][self.tutorial.file] = layout_digest(self.tutorial.text)
        # In a started kernel all of the libraries counts.
        peak_mb = run.peak_mb + session.untouched_mb()
        return replace(run, dependencies=dependencies, peak_mb=peak_mb)
