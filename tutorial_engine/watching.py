"""Watching: what is saved is noticed at once where the system tells of it, and soon where it does not."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial
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

from .files import FileState, file_state

log = logging.getLogger("mkdocs.tutorials")
# Files that are only read tell of it, too, on Linux.
_CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
]


def watch_closely(server: LiveReloadServer) -> None:
    """Let a server that polls also hear of a change from the system itself, if that can be had.

    Polling stays: a system says nothing of what changes on another machine's disk.
    """
    watched = list(server._watched_paths)
    for path in watched:
        server.unwatch(path)
    # It does what MkDocs asks of an observer, and is none.
    server.observer = _Both(server.observer)  # type: ignore[assignment]
    for path in watched:
        server.watch(path)


class _Both:
    """A sure observer and a quick one as one; what the second notices of the same change is not told again."""

    def __init__(self, sure: BaseObserver) -> None:
        self._observers = [sure]
        self._told: dict[str, FileState | None] = {}
        self._where_possible(lambda: self._observers.append(Observer()))

    def schedule(
        self, handler: FileSystemEventHandler, path: str, *, recursive: bool
    ) -> list[ObservedWatch]:
        tell = handler.on_any_event

        def tell_once(event: FileSystemEvent) -> None:
            place = os.fsdecode(event.dest_path or event.src_path)
            state = file_state(Path(place))
            if place not in self._told or self._told[place] != state:
                self._told[place] = state
                tell(event)

        handler.on_any_event = tell_once  # type: ignore[method-assign]  # MkDocs sets it so, too
        sure, *quick = self._observers

        def schedule(observer: BaseObserver) -> None:
            watch = observer.schedule(handler, path, recursive=recursive, event_filter=_CHANGES)
            watches.append(watch)

        watches: list[ObservedWatch] = []
        schedule(sure)
        for each in quick:
            self._where_possible(partial(schedule, each))
        return watches

    def unschedule(self, watches: list[ObservedWatch]) -> None:
        for observer, watch in zip(self._observers, watches, strict=False):
            observer.unschedule(watch)

    def start(self) -> None:
        sure, *quick = self._observers
        sure.start()
        for each in quick:
            self._where_possible(each.start)

    def stop(self) -> None:
        for each in self._observers:
            each.stop()

    def join(self) -> None:
        for each in self._observers:
            if each.ident is not None:
                each.join()

    def _where_possible(self, use_quick: Callable[[], object]) -> None:
        """Go on without the quick observer where the system has no more to give: it watches only so much."""
        try:
            use_quick()
        except OSError as error:
            del self._observers[1:]
            log.info("A saved file shows a little later: %s", error.strerror or error)
