"""Stored whole or not at all: one file a run, checked when read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path

from .dependencies import changes
from .fingerprint import Key
from .run import Run
from .settings import Settings

# Not below MkDocs' own: a damaged entry is made good, so it must not end a strict build.
log = logging.getLogger("tutorial_engine")


class Store:
    """Runs on disk, `.cache/tutorials/runs/<name>/<key>.json`."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.cache / "runs"
        self._keep = settings.keep_runs
        self._settings = settings

    def load(self, name: str, key: Key) -> Run | None:
        """Return the run stored under a key; None if there is none, it is damaged or used what has changed."""
        run = self._read(self._path(name, key.digest))
        return None if run is None or changes(run, self._settings) else run

    def why_stale(self, name: str, key: Key) -> list[str]:
        """Say what has changed since the run that was stored last, if there is one."""
        latest = self.latest(name)
        if latest is None:
            return []
        said = key.changes_since(latest.parts) + changes(latest, self._settings)
        return list(dict.fromkeys(said))

    def latest(self, name: str) -> Run | None:
        """Return the run that was stored last, whatever its key."""
        for path in self._newest_first(name):
            if run := self._read(path):
                return run
        return None

    def save(self, run: Run) -> None:
        """Write a run, then drop the oldest runs beyond the limit."""
        path = self._path(run.name, run.key)
        payload = json.dumps(run.to_json(), sort_keys=True, ensure_ascii=False)
        write_whole(path, f"{_digest(payload)}\n{payload}")
        for old in self._newest_first(run.name)[self._keep :]:
            old.unlink(missing_ok=True)

    def clean(self) -> None:
        """Forget every run, and what was rendered from runs."""
        for name in (self.folder.name, "notebooks", "records", "records-serve", "light-records"):
            shutil.rmtree(self.folder.parent / name, ignore_errors=True)

    def _path(self, name: str, digest: str) -> Path:
        return self.folder / name / f"{digest}.json"

    def _newest_first(self, name: str) -> list[Path]:
        found = []
        for path in (self.folder / name).glob("*.json"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found, reverse=True)]

    def _read(self, path: Path) -> Run | None:
        try:
            digest, _, payload = path.read_text(encoding="utf-8").partition("\n")
            if digest != _digest(payload):
                raise ValueError("its checksum does not match")
            return Run.from_json(json.loads(payload))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            log.warning(
                "Stored run %s of %s is damaged (%s); it will be run again.",
                path.name,
                path.parent.name,
                error,
            )
            return None


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()
