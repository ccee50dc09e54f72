"""Kept: what was computed from the same things is not computed again, by this process or the next."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .files import write_whole

# Not below MkDocs' own: what is only not kept must not end a strict build.
log = logging.getLogger("tutorial_engine")

FOLDER, TEMPLATES = "kept", "templates"
_HERE = Path(__file__).parent
# What nobody has asked for in so long goes.
_OLD_S = 14 * 24 * 3600


class Kept:
    """JSON values by everything that they depend on: `.cache/tutorials/kept/<kind>/<digest>.json`.

    Beside what a caller names, that is the engine's own code and the version of everything installed.

    Args:
        cache: the folder that holds `kept`; None keeps values as long as this object alone.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache
        self._folder = cache / FOLDER if cache else None
        self._latest: dict[tuple[str, str], tuple[str, str]] = {}

    def get(self, kind: str, name: str, ingredients: object, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, as JSON gives it back, from the last time if there was one.

        Args:
            kind: what is made; a folder's name.
            name: of what it is made; one value of each kind and name stays in memory.
            ingredients: everything that decides the value, with a `repr` that says all of it.
        """
        digest = _digest(repr((makers(), kind, ingredients)))
        latest, text = self._latest.get((kind, name), ("", ""))
        if latest != digest:
            text = self._read(kind, digest)
            if not text:
                text = json.dumps(make(), ensure_ascii=False)
                self._write(kind, digest, text)
            self._latest[kind, name] = digest, text
        return json.loads(text)

    def sweep(self) -> None:
        """Remove what nobody has asked for in two weeks."""
        for path in self._folder.glob("*/*.json") if self._folder else ():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _OLD_S:
                    path.unlink()

    def _path(self, kind: str, digest: str) -> Path:
        return self._folder / kind / f"{digest}.json"

    def _read(self, kind: str, digest: str) -> str:
        """Return a kept value, nothing where it is not there or not whole."""
        if self._folder is None:
            return ""
        path = self._path(kind, digest)
        with contextlib.suppress(OSError, UnicodeDecodeError):
            checksum, _, text = path.read_text(encoding="utf-8").partition("\n")
            if checksum == _digest(text):
                os.utime(path)
                return text
        return ""

    def _write(self, kind: str, digest: str, text: str) -> None:
        if self._folder is None:
            return
        try:
            write_whole(self._path(kind, digest), f"{_digest(text)}\n{text}")
        except OSError as error:
            log.info("What was made of %s could not be kept (%s).", kind, error.strerror or error)


@functools.cache
def makers() -> str:
    """Return a digest of all code that makes something here, as it was when this process began."""
    sources = [path.read_bytes() for path in sorted(_HERE.glob("*.py"))]
    installed = [
        path.name
        for folder in sys.path
        if folder.endswith("-packages")
        for path in sorted(Path(folder).glob("*.dist-info"))
    ]
    return _digest(repr((sys.version, sources, installed)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
