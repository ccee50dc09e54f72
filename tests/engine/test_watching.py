"""A saved file is told once, by whoever notices it first."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from watchdog.events import FileModifiedEvent, FileSystemEventHandler
from watchdog.observers.polling import PollingObserver

from tutorial_engine import watching

PATIENCE_S = 30


@pytest.fixture
def saved(tmp_path):
    """A watched file, and what counts the times that somebody was told of it."""
    file = tmp_path / "page.md"
    file.write_text("one")
    return file, threading.Semaphore(0)


def watch(file: Path, told: threading.Semaphore, polling: float):
    observer = watching._Both(PollingObserver(timeout=polling))
    handler = FileSystemEventHandler()
    handler.on_any_event = lambda event: told.release()
    observer.schedule(handler, str(file.parent), recursive=True)
    observer.start()
    return observer


def test_the_system_tells_of_a_save_long_before_it_is_polled(saved):
    file, told = saved
    observer = watch(file, told, polling=3600)
    file.write_text("two, longer")
    assert told.acquire(timeout=PATIENCE_S)
    observer.stop()
    observer.join()


@pytest.mark.parametrize("step", ["__init__", "schedule", "start"])
def test_where_the_system_watches_no_more_files_polling_tells(saved, monkeypatch, caplog, step):
    file, told = saved

    def fails(*arguments, **options):
        raise OSError(28, "inotify watch limit reached")

    class Full:
        schedule = start = stop = lambda *arguments, **options: None

    setattr(Full, step, fails)
    monkeypatch.setattr(watching, "Observer", Full)
    observer = watch(file, told, polling=0.05)
    file.write_text("two, longer")
    assert told.acquire(timeout=PATIENCE_S)
    observer.stop()
    observer.join()


def test_what_two_notice_is_told_once(saved):
    file, told = saved
    observer = watching._Both(PollingObserver())
    handler = FileSystemEventHandler()
    handler.on_any_event = lambda event: told.release()
    observer.schedule(handler, str(file.parent), recursive=True)
    for _ in range(2):
        handler.dispatch(FileModifiedEvent(str(file)))
    file.write_text("two, longer")
    handler.dispatch(FileModifiedEvent(str(file)))
    observer.stop()
    assert told.acquire(blocking=False)
    assert told.acquire(blocking=False)
    assert not told.acquire(blocking=False)
