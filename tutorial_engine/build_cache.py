"""Build cache: what was computed from the same things is not computed again, by this process or the next."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .files import write_whole

# Not below MkDocs' own: what is only not cached must not end a strict build.
log = logging.getLogger("tutorial_engine")

FOLDER, TEMPLATES = "derived", "templates"
_LIBRARIES = (
    *("jinja2", "latex2mathml", "markdown", "material", "mkdocs", "nbformat", "pygments"),
    "pymdownx",
)
_VERSIONS = 3
# What nobody has asked for in so long goes.
_OLD_S = 14 * 24 * 3600


def digest_of(ingredients: object) -> str:
    """Return what names a value made of these things by this code."""
    return _digest(repr((makers(), ingredients)))


class BuildCache:
    """JSON values by everything that they depend on: `.cache/tutorials/derived/<kind>/<name>/<digest>.json`.

    Beside what a caller names, that is the engine's own code and the version of everything installed.

    Args:
        cache: the folder that holds `derived`; None keeps values as long as this object alone.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache
        self._folder = cache / FOLDER if cache and _all_installed() else None
        self._latest: dict[tuple[str, str], tuple[str, Any]] = {}

    def get(
        self,
        kind: str,
        name: str,
        ingredients: object,
        make: Callable[[], Any],
        revive: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Return what `make` returns, as JSON gives it back, from the last time if there was one.

        Args:
            kind: what is made; a folder's name.
            name: of what it is made; of each kind and name a few values stay on the disk.
            ingredients: everything that decides the value, with a `repr` that says all of it.
            revive: makes of the JSON what is returned: the same object each time, for nobody to change. The
                latest stays in memory.
        """
        digest = digest_of((kind, ingredients))
        latest, value = self._latest.get((kind, name), ("", None))
        if latest != digest:
            path = self._path(kind, name, digest)
            value = _read(path)
            is_on_disk = bool(value)
            if not value:
                value = json.dumps(make())
                is_on_disk = _write(path, value)
            if revive:
                value = revive(json.loads(value))
            if revive or not is_on_disk:
                self._latest[kind, name] = digest, value
        return value if revive else json.loads(value)

    def has(self, kind: str, name: str, ingredients: object) -> bool:
        """Say whether `get` would find a value."""
        digest = digest_of((kind, ingredients))
        path = self._path(kind, name, digest)
        return self._latest.get((kind, name), ("",))[0] == digest or bool(path and path.is_file())

    def is_new(self, kind: str) -> bool:
        """Say whether values of a kind can be kept on the disk, and none is yet."""
        return self._folder is not None and not (self._folder / kind).exists()

    def sweep(self) -> None:
        """Remove what nobody has asked for in two weeks."""
        for path in self._folder.glob("*/*/*.json") if self._folder else ():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _OLD_S:
                    path.unlink()

    def _path(self, kind: str, name: str, digest: str) -> Path | None:
        place = re.sub(r"\W+", "-", name)
        return self._folder / kind / place / f"{digest}.json" if self._folder else None


def _read(path: Path | None) -> str:
    """Return a cached value, nothing where it is not there or not whole."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path:
            checksum, _, text = path.read_text(encoding="utf-8").partition("\n")
            if checksum == _checksum(path, text):
                os.utime(path)
                return text
    return ""


def _write(path: Path | None, text: str) -> bool:
    """Put a value on the disk, and say whether it is there."""
    if path is None:
        return False
    try:
        write_whole(path, f"{_checksum(path, text)}\n{text}", to_disk=False)
        versions = [(each.stat().st_mtime_ns, each) for each in path.parent.glob("*.json")]
    except OSError as error:
        log.info("%s could not be cached (%s).", path.name, error.strerror or error)
        return False
    for _, old in sorted(versions, reverse=True)[_VERSIONS:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return True


def _checksum(path: Path, text: str) -> str:
    """Return what tells a whole entry, and one that was copied to another's place."""
    return _digest(f"{path.stem}\n{text}")


@functools.cache
def makers() -> str:
    """Return a digest of all code that makes something here."""
    installed = [
        path.name
        for folder in sys.path
        if folder.endswith("-packages")
        for path in sorted(Path(folder).glob("*.dist-info"))
    ]
    return _digest(repr((sys.version, sys.get_int_max_str_digits(), _SOURCES, installed)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.cache
def _all_installed() -> bool:
    """Say whether what makes things beside this engine is installed, so that a version tells of it."""
    places = [importlib.util.find_spec(name) for name in _LIBRARIES]
    return all(place and "-packages" in str(place.origin) for place in places)


def _sources() -> list[tuple[str, str]]:
    found = []
    for path in sorted(Path(__file__).parent.glob("[!.]*.py")):
        with contextlib.suppress(OSError):
            found.append((path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
    return found


# As this process has it: read again later, it could be other code.
_SOURCES = _sources()
