"""Previews: an edited page at once, from a kernel that is kept, until a clean run takes its place.

The cells above the first that changed keep what they left behind; the others run again on top of it. What
they then show may depend on what the next run will not have, so no preview is stored or built, and where
the clean run shows something else the page says so.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from .course import Lesson
from .errors import Cancelled, Mishap, TutorialError, unforeseen
from .figure_texts import PART as FIGURE_TEXTS
from .fingerprint import Key, snippets_state
from .run import Run
from .settings import Settings
from .surroundings import helpers_folder

if TYPE_CHECKING:
    from .session import Session

# A kernel that nobody has used for so long goes, or when so little memory is left.
_IDLE_S = 15 * 60
_LEAST_FREE_MB = 1_000
_LOOK_EVERY_S = 20
_INTERRUPTS, _BETWEEN_S = 20, 0.2
# The figure set-up belongs to the kernel's own.
_SET_UP = "version of matplotlib"
# What the cells themselves decide.
_OF_CELLS = ("code", "inline expressions", FIGURE_TEXTS)
# Where the cells below take longer than this, the page shows what there is, and again after the longer time.
_PART_AFTER_S, _PARTS_EVERY_S = 0.5, 5.0


@dataclass(frozen=True)
class Preview:
    """What a page shows until its clean run has ended: a run, or how it failed.

    Args:
        first_cell: the number of the first cell that ran again.
        is_partial: cells below are still to run.
    """

    first_cell: int
    run: Run | None = None
    error: TutorialError | None = None
    is_partial: bool = False


@dataclass
class _Kept:
    """A kernel with what it has executed.

    Args:
        making: what it previews now.
        is_obsolete: that is no longer the page, and is to end.
        next: what to preview then.
    """

    session: Session
    name: str
    key: Key
    used: float = field(default_factory=time.monotonic)
    making: Lesson | None = None
    is_obsolete: bool = False
    next: Lesson | None = None


class Previews:
    """Keeps one kernel, of the page that is being edited.

    Args:
        on_change: called, from another thread, when there is a preview to be shown.
    """

    def __init__(self, settings: Settings, on_change: Callable[[], None]) -> None:
        self._settings = settings
        self._on_change = on_change
        self._lock = threading.RLock()
        self._kept: _Kept | None = None
        self._first: dict[str, str] = {}
        self._known: dict[str, tuple[str, Preview]] = {}
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def see(self, lessons: list[Lesson]) -> None:
        """Learn what the course is, so that an edit can be told; end the preview of what is no more."""
        for lesson in lessons:
            if lesson.key:
                self._first.setdefault(lesson.name, lesson.key.digest)
        with self._lock:
            kept, now = self._kept, {each.name: each.key for each in lessons}
            if not kept or not kept.making or kept.is_obsolete or kept.name not in now:
                return
            kept.is_obsolete = now[kept.name] != kept.making.key
            if kept.is_obsolete:
                self._begin(self._end, kept, kept.making)

    def keeper(self, lesson: Lesson) -> Callable[[Session], None] | None:
        """Return what takes over the kernel of a lesson's clean run, if its page is being edited."""
        is_edited = self._first.get(lesson.name) not in (None, lesson.digest)
        return (lambda session: self._keep(session, lesson)) if is_edited else None

    def want(self, lessons: list[Lesson]) -> None:
        """Begin a preview if the kept kernel is that of one of these lessons, which have no run.

        They must have been seen.
        """
        with self._lock:
            kept = self._kept
            if kept is None:
                return
            lesson = next((each for each in lessons if each.name == kept.name), None)
            if lesson is None or not _fits(kept, lesson, self._settings):
                return
            known = self.of(lesson)
            if known and not known.is_partial:
                return
            if kept.is_obsolete:
                kept.next = lesson
            elif kept.making is None:
                kept.making = lesson
                self._begin(self._make, kept, lesson)

    def is_making(self, lesson: Lesson) -> bool:
        """Say whether a preview of this lesson is under way; its clean run would take the cores from it."""
        kept = self._kept
        return kept is not None and kept.making is not None and kept.name == lesson.name

    def of(self, lesson: Lesson) -> Preview | None:
        """Return the preview of a lesson as it is now, if there is one."""
        digest, preview = self._known.get(lesson.name, ("", None))
        return preview if lesson.key and digest == lesson.key.digest else None

    def differing(self, lesson: Lesson, run: Run) -> list[int]:
        """Return the numbers of the cells that the preview of a clean run showed otherwise."""
        preview = self.of(lesson)
        if preview is None or preview.run is None or preview.is_partial:
            return []
        cells = lesson.sound[0].code_cells
        both = zip(cells, preview.run.outputs, run.outputs, strict=True)
        numbers = {cell.number for cell, before, now in both if before != now}
        values = zip(preview.run.values, run.values, strict=True)
        numbers |= {cells[before[0] - 1].number for before, now in values if before != now}
        return sorted(numbers - {cell.number for cell in cells if "measured" in cell.tags})

    def stop(self) -> None:
        """End the kernel that is kept."""
        self._stopped.set()
        self._replace(None)

    def _keep(self, session: Session, lesson: Lesson) -> None:
        self._replace(_Kept(session, lesson.name, lesson.sound[1]))
        if self._stopped.is_set():
            self._replace(None)

    def _replace(self, kept: _Kept | None) -> None:
        with self._lock:
            before, self._kept = self._kept, kept
        if before:
            before.session.cancel()
            if not before.making:
                before.session.close()

    @staticmethod
    def _begin(work: Callable[[_Kept, Lesson], None], kept: _Kept, lesson: Lesson) -> None:
        threading.Thread(target=work, args=(kept, lesson), daemon=True).start()

    def _make(self, kept: _Kept, lesson: Lesson) -> None:
        preview = _preview(kept, lesson, self._settings, self._show_part)
        with self._lock:
            is_obsolete, following = kept.is_obsolete, kept.next
            kept.making, kept.is_obsolete, kept.next = None, False, None
            kept.used = time.monotonic()
            is_current = self._kept is kept
            if preview and is_current:
                kept.key = lesson.sound[1]
                if not is_obsolete:
                    self._known[lesson.name] = lesson.digest, preview
            elif is_current:
                self._kept = None
        if preview is None or not is_current:
            kept.session.close()
        elif following:
            self.want([following])
            return
        if not self._stopped.is_set():
            self._on_change()

    def _show_part(self, lesson: Lesson, preview: Preview) -> None:
        """Show what a preview has come to, if its page is still the same."""
        with self._lock:
            kept = self._kept
            is_current = kept and kept.making is lesson and not kept.is_obsolete
            if is_current:
                self._known[lesson.name] = lesson.digest, preview
        if is_current and not self._stopped.is_set():
            self._on_change()

    def _end(self, kept: _Kept, lesson: Lesson) -> None:
        """Interrupt a preview; one that does not heed it takes the kernel along."""
        for _ in range(_INTERRUPTS):
            with self._lock:
                if kept.making is not lesson:
                    return
                kept.session.interrupt()
            self._stopped.wait(_BETWEEN_S)
        kept.session.cancel()

    def _watch(self) -> None:
        """End the kernel when nobody has used it for long, or memory is short."""
        while not self._stopped.wait(_LOOK_EVERY_S):
            with self._lock:
                kept = self._kept
                is_idle = kept and not kept.making
                free = psutil.virtual_memory().available / 1e6
                is_old = kept and time.monotonic() - kept.used > _IDLE_S
                if is_idle and (is_old or free < _LEAST_FREE_MB):
                    self._replace(None)


def _fits(kept: _Kept, lesson: Lesson, settings: Settings) -> bool:
    """Say whether a kernel differs from what a lesson's would be by code of the tutorial alone."""
    before, after = kept.key.parts, lesson.sound[1].parts
    copied = helpers_folder(kept.session.folders.private)
    for name in before.keys() | after.keys():
        if before.get(name) == after.get(name) or name in _OF_CELLS:
            continue
        if name.startswith("snippets/"):
            # Another part of a snippet is used, of the same file.
            if snippets_state(copied) != snippets_state(settings.root):
                return False
        elif not name.startswith("version of ") or name in before.keys() & after.keys() | {_SET_UP}:
            return False
    return True


def _preview(
    kept: _Kept,
    lesson: Lesson,
    settings: Settings,
    show_part: Callable[[Lesson, Preview], None],
) -> Preview | None:
    """Execute what changed in a kept kernel, and show parts of it meanwhile; None if that is the end of it."""
    from .plan import Plan  # late, as all that executes

    session = kept.session
    tutorial, key = lesson.sound
    try:
        plan = Plan(tutorial, settings, session.places, tries=False)
    except TutorialError as error:  # a snippet that was sound a moment ago, say
        return Preview(tutorial.code_cells[0].number, error=error)
    # A kernel is kept when it has executed a plan.
    first = plan.resume(session.plan, session.executed) if session.plan else 0
    number = plan.cell_number(first)
    started = time.monotonic()

    def show_parts() -> None:
        shown, wait = first, _PART_AFTER_S
        while not is_over.wait(wait):
            executed = session.executed if session.plan is plan else first
            if executed > shown:
                with contextlib.suppress(TutorialError):  # which the whole preview will tell
                    run = plan.to_partial_run(key, executed)
                    show_part(lesson, Preview(number, run, is_partial=True))
                    shown, wait = executed, _PARTS_EVERY_S

    is_over = threading.Event()
    parts = threading.Thread(target=show_parts, daemon=True)
    parts.start()
    try:
        session.execute(plan, first)
        run = plan.to_run(key, session.folders.work, time.monotonic() - started)
    except (Cancelled, Mishap):
        return None
    except TutorialError as error:
        return Preview(number, error=error)
    except Exception as error:  # must show on the page, not vanish with the thread
        return Preview(number, error=unforeseen(error, lesson.file))
    finally:
        is_over.set()
        parts.join()
    return Preview(number, run)
