"""The folders of one run: where it works, and what only it and its kernel know."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "tutorial-"
# Held locked by the process that made the folder: one that can be locked belongs to nobody any more.
LOCK = "in-use.lock"
# The longest path that a socket may have is 104 bytes on macOS, 108 on Linux; its name takes some.
_LONGEST = 104 - len("/k.json-ipc-10")


@dataclass(frozen=True)
class Scratch:
    """Folders that a run has to itself.

    Args:
        work: the run's working folder, empty at first.
        private: what the kernel needs and the tutorial need not see; its path is short enough for sockets.
        folders: both of them, or what holds them: what goes when the run has ended.
    """

    work: Path
    private: Path
    folders: tuple[Path, ...]


@contextlib.contextmanager
def scratch() -> Iterator[Scratch]:
    """Make the folders of a run, and remove them afterwards; first those of builds that died.

    Raises:
        OSError: there is no folder to make them in whose path is short enough for a socket.
    """
    sweep()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(locked_folder(tempfile.gettempdir()))
        private = folder / "p"
        folders = [folder]
        if os.name == "posix" and len(os.fsencode(private)) > _LONGEST:
            private = stack.enter_context(locked_folder(_short())) / "p"
            folders.append(private.parent)
        work = folder / "work"
        work.mkdir()
        private.mkdir()
        yield Scratch(work, private, tuple(folders))


def sweep() -> None:
    """Remove the folders of runs whose build died without a chance to do it."""
    if fcntl is None:
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError), lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


@contextlib.contextmanager
def locked_folder(parent: str | None = None) -> Iterator[Path]:
    """Make a folder that is swept by a later build, should this one die."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with _locked(folder / LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    new = path.with_suffix(".new")
    with new.open("xb") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        new.rename(path)  # locked before anybody can find it
        yield file


def _short() -> str:
    for parent in (os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp"):
        is_short = len(os.fsencode(f"{parent}/{PREFIX}12345678/p")) <= _LONGEST
        if parent and is_short and os.access(parent, os.W_OK | os.X_OK):
            return parent
    raise OSError(
        f"the path of the folder for temporary files, {tempfile.gettempdir()}, is too long for a socket"
    )
