"""Files: written whole or not at all, whoever is interrupted, and told apart by what they hold."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

PART = ".part"
_OLD_S = 3600
# Two writes within one tick of a file system's clock leave the same times.
_SETTLED_NS = 2_000_000_000


def write_whole(path: Path, text: str, *, to_disk: bool = True) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename. A folder in its place goes.

    Args:
        to_disk: wait until the text is on the disk itself; where its reader can tell that it is not whole
            and do without it, a computer that loses power may lose it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = _part(path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            if to_disk:
                os.fsync(file.fileno())
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            if os.name == "posix":
                temporary.replace(path)  # while it is locked
        if os.name != "posix":
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep_parts(folder: Path) -> None:
    """Remove what writers that died have left below a folder."""
    for part in folder.rglob(f"*{PART}"):
        with contextlib.suppress(OSError), part.open("r+b") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            elif part.stat().st_mtime > time.time() - _OLD_S:
                continue
            part.unlink()


FileState = tuple[int, int, int]


def file_state(path: Path) -> FileState | None:
    """Return what differs after a file was saved, None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def file_digest(path: Path) -> str:
    """Return a file's SHA-256, from memory as long as nothing has been written to it.

    Raises:
        OSError: it cannot be read.
    """
    status = path.stat()
    times = status.st_mtime_ns, status.st_ctime_ns
    if time.time_ns() - max(times) < _SETTLED_NS:
        return _sha256(path)
    return _remembered_sha256(path, status.st_ino, status.st_size, times)


@functools.lru_cache(maxsize=1024)
def _remembered_sha256(path: Path, *signature: object) -> str:
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part(folder: Path) -> tuple[int, Path]:
    """Make a file that nobody sweeps while it is open."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=PART)
        if fcntl is None:
            return descriptor, Path(name)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:  # a network file system without locks: nobody can sweep there, either
            return descriptor, Path(name)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(name)
        os.close(descriptor)  # swept before it was locked
