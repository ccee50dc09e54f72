"""A run is stored whole or not at all, and checked when it is read."""

from __future__ import annotations

import logging
import os

import pytest

from tutorial_engine.run import Artifact
from tutorial_engine.store import Store

from .tiny import made_run, picture


@pytest.fixture
def tiny(course):
    course.tutorial()
    return course


def stored(course):
    return sorted((course.settings().cache / "runs" / "tiny").iterdir())


def test_a_run_is_read_as_it_was_stored(tiny):
    run = made_run(tiny, outputs=[[picture()], []], artifacts=(Artifact("m", b"\x00\xff"),))
    tiny.store.save(run)
    assert tiny.store.load("tiny", tiny.key()) == run


def test_a_key_that_was_never_stored_gives_nothing(tiny):
    assert tiny.store.load("tiny", tiny.key()) is None
    assert tiny.store.latest("tiny") is None


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_crash_while_writing_leaves_what_was_there_and_nothing_else(tiny, monkeypatch, call):
    run = made_run(tiny)
    tiny.store.save(run)
    before = stored(tiny)

    def crash(*_, **__):
        raise OSError("the disk is full")

    target = os if call == "fsync" else type(before[0])
    with monkeypatch.context() as patch:
        patch.setattr(target, call, crash)
        with pytest.raises(OSError, match="disk is full"):
            tiny.store.save(made_run(tiny, wall_s=99.0))
    assert stored(tiny) == before
    assert tiny.store.load("tiny", tiny.key()) == run


def test_a_crash_at_the_first_write_leaves_nothing(tiny, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        tiny.store.save(made_run(tiny))
    assert stored(tiny) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("1.25", "1.26"),
        lambda text: "",
        lambda text: text.partition("\n")[0] + "\n[]",
        lambda text: "\x00" * len(text),
    ],
    ids=["cut off", "a digit changed", "empty", "another document", "zeros"],
)
def test_a_damaged_entry_counts_as_none_and_is_said(tiny, caplog, damage):
    tiny.store.save(made_run(tiny))
    (file,) = stored(tiny)
    file.write_text(damage(file.read_text()))
    with caplog.at_level(logging.INFO):
        assert tiny.store.load("tiny", tiny.key()) is None
    assert f"{file.name} of tiny is damaged" in caplog.text
    assert "it will be run again" in caplog.text


def test_an_entry_that_is_not_text_counts_as_none(tiny, caplog):
    tiny.store.save(made_run(tiny))
    stored(tiny)[0].write_bytes(b"\xff\xfe")
    assert tiny.store.load("tiny", tiny.key()) is None
    assert "is damaged" in caplog.text


def test_only_the_newest_runs_are_kept(tiny):
    store = Store(tiny.settings(keep_runs=2))
    for number in range(4):
        run = made_run(tiny, key=f"key{number}")
        store.save(run)
        file = store.folder / "tiny" / f"key{number}.json"
        os.utime(file, ns=(number, number))
    assert [file.name for file in stored(tiny)] == ["key2.json", "key3.json"]


def test_the_latest_run_is_the_one_that_was_stored_last(tiny):
    for number in (1, 2):
        tiny.store.save(made_run(tiny, key=f"key{number}"))
        os.utime(tiny.store.folder / "tiny" / f"key{number}.json", ns=(9 - number, 9 - number))
    assert tiny.store.latest("tiny").key == "key1"


def test_clean_forgets_every_run(tiny):
    tiny.store.save(made_run(tiny))
    tiny.store.clean()
    assert tiny.store.latest("tiny") is None
