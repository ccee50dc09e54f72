"""Stored whole or not at all: one file per run, checked when read."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from .build_cache import FOLDER as DERIVED
from .build_cache import TEMPLATES
from .dependencies import changes
from .figure_texts import PART, retold
from .files import sweep_parts, write_whole
from .fingerprint import Key
from .run import Run
from .settings import Settings
from .tutorial import Tutorial
from .validity import check_fit, check_form

# Not below MkDocs' own: a damaged entry is made good, so it must not end a strict build.
log = logging.getLogger("tutorial_engine")

# A file and what differs after it was written: its path, time, size and number.
_State: TypeAlias = tuple[Path, int, int, int]


class Store:
    """Runs on disk, `.cache/tutorials/runs/<name>/<key>.json`, or below a folder that builders share."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.runs
        self._keep = settings.keep_runs
        self.settings = settings
        # The latest that was read, by its folder.
        self._known: dict[Path, tuple[_State, Run]] = {}
        self._said: set[tuple[Path, int]] = set()
        self._not_written: dict[tuple[str, str], Run] = {}
        self._is_writable = True

    def load(self, name: str, key: Key, tutorial: Tutorial | None = None) -> Run | None:
        """Return the run stored under a key; None if there is none, it is damaged or used what has changed.

        Args:
            tutorial: what the run must fit in every part; without it, only its form is looked at.
        """

        def check(run: Run) -> None:
            if tutorial:
                check_fit(run, tutorial, key)

        run = self._not_written.get((name, key.digest))
        run = run or self._read(self._path(name, key.digest), check, say=True)
        if run is None and tutorial:
            run = self._retold(name, key, check)
        return None if run is None or changes(run, self.settings) else run

    def _retold(self, name: str, key: Key, check: Callable[[Run], None]) -> Run | None:
        """Return a run of the same code with the texts that its figures have now, stored like any other."""
        for path in self._newest_first(name) if PART in key.parts else ():
            known = self._read(path, say=False)
            run = known and retold(known, key.parts)
            with contextlib.suppress(
                ValueError
            ):  # of another tutorial's, it was put into the wrong place
                if run:
                    run = replace(run, key=key.digest)
                    check(run)
                    self.keep(run)
                    return run
        return None

    def why_stale(self, name: str, key: Key) -> list[str]:
        """Say what has changed since the run that was stored last, if there is one."""
        latest = self.latest(name)
        if latest is None:
            return []
        said = key.changes_since(latest.parts) + changes(latest, self.settings)
        return list(dict.fromkeys(said))

    def latest(self, name: str) -> Run | None:
        """Return the run that was stored last, whatever its key."""
        for path in self._newest_first(name):
            if run := self._read(path, say=False):
                return run
        return None

    def save(self, run: Run) -> None:
        """Write a run, then drop the oldest runs beyond the limit."""
        path = self._path(run.name, run.key)
        if path.parent.exists() and not path.parent.is_dir():
            path.parent.unlink()
        write_whole(path, f"{run.digest}\n{run.payload()}")
        for old in self._newest_first(run.name)[self._keep :]:
            _remove(old)

    def keep(self, run: Run) -> None:
        """Save a run; where that is impossible say so once, and remember the run as long as this store."""
        try:
            self.save(run)
        except OSError as error:
            self._not_written[run.name, run.key] = run
            self.cannot_write(error)

    def cannot_write(self, error: OSError) -> None:
        """Say, once, that nothing is stored."""
        if self._is_writable:
            self._is_writable = False
            log.warning(
                "%s cannot be written (%s): the build goes on, and stores nothing.",
                self.settings.store or ".cache/tutorials",
                error.strerror or error,
            )

    def sweep(self) -> None:
        """Remove what builds that died left half written."""
        for folder in {self.settings.cache, self.folder}:
            sweep_parts(folder)

    def clean(self) -> None:
        """Forget every run, and what was rendered from runs. Runs that builders share are left alone."""
        for name in ("runs", DERIVED, TEMPLATES):
            shutil.rmtree(self.settings.cache / name, ignore_errors=True)

    def _path(self, name: str, digest: str) -> Path:
        return self.folder / name / f"{digest}.json"

    def _newest_first(self, name: str) -> list[Path]:
        found = []
        for path in (self.folder / name).glob("*.json"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found, reverse=True)]

    def _read(
        self, path: Path, check: Callable[[Run], None] | None = None, *, say: bool
    ) -> Run | None:
        try:
            status = path.stat()
            state = path, status.st_mtime_ns, status.st_size, status.st_ino
            known, run = self._known.get(path.parent, (None, None))
            if run is None or known != state:
                digest, _, payload = path.read_text(encoding="utf-8").partition("\n")
                run = Run.from_payload(payload, digest)
                check_form(run)
                self._known[path.parent] = state, run
            if check:
                check(run)
            return run
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever a file can hold
            if say:
                self._say_damaged(path, error)
            return None

    def _say_damaged(self, path: Path, error: Exception) -> None:
        try:
            seen = path, path.stat().st_mtime_ns
        except OSError:
            seen = path, 0
        if seen not in self._said:
            self._said.add(seen)
            log.warning(
                "Stored run %s of %s is damaged (%s); it will be run again.",
                path.name,
                path.parent.name,
                str(error).partition("\n")[0] or type(error).__name__,
            )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
