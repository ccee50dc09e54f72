"""Watching: what is saved is noticed at once where the system tells of it, and soon where it does not."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from mkdocs.livereload import LiveReloadServer
from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

log = logging.getLogger("mkdocs.tutorials")
# Files that are only read tell of it, too, on Linux.
_CHANGES = [FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent, FileClosedEvent]


def watch_closely(server: LiveReloadServer) -> None:
    """Let a server that polls also hear of a change from the system itself.

    Polling stays: a system says nothing of what changes on another machine's disk.
    """
    watched = list(server._watched_paths)
    for path in watched:
        server.unwatch(path)
    server.observer = _Both(Observer(), server.observer)
    for path in watched:
        server.watch(path)


class _Both:
    """Two observers as one; what the second notices of the same change is not told again."""

    def __init__(self, quick: BaseObserver, sure: BaseObserver) -> None:
        self._observers = quick, sure
        self._told: dict[str, tuple[int, int, int] | None] = {}

    def schedule(
        self, handler: FileSystemEventHandler, path: str, *, recursive: bool
    ) -> list[ObservedWatch]:
        tell = handler.on_any_event

        def tell_once(event: FileSystemEvent) -> None:
            place = os.fsdecode(event.dest_path or event.src_path)
            state = _state(place)
            if place not in self._told or self._told[place] != state:
                self._told[place] = state
                tell(event)

        handler.on_any_event = tell_once
        options = {"recursive": recursive, "event_filter": _CHANGES}
        return [each.schedule(handler, path, **options) for each in self._observers]

    def unschedule(self, watches: list[ObservedWatch]) -> None:
        for observer, watch in zip(self._observers, watches, strict=True):
            observer.unschedule(watch)

    def start(self) -> None:
        quick, sure = self._observers
        sure.start()
        try:
            quick.start()
        except OSError as error:  # the system watches only so many files
            log.info("A saved file shows a little later: %s", error.strerror or error)

    def stop(self) -> None:
        for each in self._observers:
            each.stop()

    def join(self) -> None:
        for each in self._observers:
            if each.ident is not None:
                each.join()


def _state(place: str) -> tuple[int, int, int] | None:
    try:
        status = Path(place).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
