"""A run is stored whole or not at all, and checked when it is read."""

from __future__ import annotations

import errno
import json
import logging
import os
from dataclasses import replace
from hashlib import sha256

import pytest

from tutorial_engine import files
from tutorial_engine.run import Artifact
from tutorial_engine.store import Store

from .tiny import TINY, made_run, picture


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


FAILS = TINY + '\n# %% tags=["raises-exception"]\n1 / 0\n'
STREAM = {"output_type": "stream", "name": "stdout", "text": "said"}
ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}


def with_outputs(*outputs):
    return lambda run: replace(run, outputs=list(outputs))


@pytest.mark.parametrize(
    "change",
    [
        lambda run: replace(run, name="other"),
        lambda run: replace(run, key="another"),
        lambda run: replace(run, parts={**run.parts, "code": "another"}),
        lambda run: replace(run, outputs=run.outputs[:-1]),
        lambda run: replace(run, outputs=[*run.outputs, []]),
        with_outputs([STREAM], [STREAM], [ERROR]),
        with_outputs([STREAM], [], [STREAM]),
        with_outputs([ERROR], [], [ERROR]),
        with_outputs([{"output_type": "stream", "name": "stdout"}], [], [ERROR]),
        with_outputs([{"output_type": "poem", "text": ""}], [], [ERROR]),
        with_outputs([{**picture(), "data": {"image/png": "no base64!"}}], [], [ERROR]),
        with_outputs(["said"], [], [ERROR]),
        lambda run: replace(run, claims=[]),
        lambda run: replace(run, claims=["another claim"]),
        lambda run: replace(run, values=[]),
        lambda run: replace(run, values=[[2, "total", "5"]]),
        lambda run: replace(run, values=[[1, "other", "5"]]),
        lambda run: replace(run, values=[[1, "total", 5]]),
        lambda run: replace(run, artifacts=(Artifact("more", b""),)),
        lambda run: replace(run, wall_s="long"),
        lambda run: replace(run, wall_s=float("nan")),
        lambda run: replace(run, machine=None),
        lambda run: replace(run, dependencies={"files": {"a": 1}}),
    ],
)
def test_an_entry_that_is_not_a_run_of_the_tutorial_is_damaged(course, caplog, monkeypatch, change):
    course.tutorial(FAILS)
    good = made_run(course, outputs=[[STREAM], [], [ERROR]])
    tutorial, key = course.parse(), course.key()
    course.store.save(good)
    assert course.store.load("tiny", key, tutorial) == good
    (entry,) = stored(course)
    payload = json.dumps(change(good).to_json())
    entry.write_text(f"{sha256(payload.encode()).hexdigest()}\n{payload}")
    assert course.store.load("tiny", key, tutorial) is None
    assert f"{entry.name} of tiny is damaged" in caplog.text
    course.store.save(good)
    assert course.store.load("tiny", key, tutorial) == good


def test_nesting_without_end_is_damage(tiny, caplog):
    tiny.store.save(made_run(tiny))
    payload = "[" * 200_000
    stored(tiny)[0].write_text(f"{sha256(payload.encode()).hexdigest()}\n{payload}")
    assert tiny.store.load("tiny", tiny.key()) is None
    assert "is damaged" in caplog.text


def test_a_folder_in_an_entrys_place_is_damaged_and_replaced(tiny, caplog):
    run = made_run(tiny)
    tiny.store.save(run)
    (entry,) = stored(tiny)
    entry.unlink()
    (entry / "inside").mkdir(parents=True)
    assert tiny.store.load("tiny", tiny.key()) is None
    assert "is damaged" in caplog.text
    tiny.store.save(run)
    assert tiny.store.load("tiny", tiny.key()) == run


def test_a_file_in_the_place_of_a_tutorials_folder_is_replaced(tiny):
    tiny.store.folder.mkdir(parents=True)
    (tiny.store.folder / "tiny").touch()
    assert tiny.store.load("tiny", tiny.key()) is None
    tiny.store.save(made_run(tiny))
    assert tiny.store.load("tiny", tiny.key()) == made_run(tiny)


def test_damage_is_said_once_as_long_as_it_is_the_same(tiny, caplog):
    store = tiny.store
    store.save(made_run(tiny))
    (entry,) = stored(tiny)
    entry.write_text("")
    for _ in range(3):
        assert store.latest("tiny") is None
        assert store.load("tiny", tiny.key()) is None
    assert caplog.text.count("is damaged") == 1


def test_half_written_files_of_builds_that_died_are_swept_and_a_writers_own_is_not(
    tiny, monkeypatch
):
    tiny.store.save(made_run(tiny))
    (entry,) = stored(tiny)
    left = entry.with_name("left.part")
    left.write_text("half")
    real, found = os.fsync, []

    def sweep_meanwhile(descriptor) -> None:
        tiny.store.sweep()
        found.extend(entry.parent.glob("*.part"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sweep_meanwhile)
    tiny.store.save(made_run(tiny))
    assert left not in found
    assert len(found) == 1
    assert stored(tiny) == [entry]


def test_a_part_is_written_where_nothing_can_be_locked_and_stays_there(tiny, monkeypatch):
    if files.fcntl is None:
        pytest.skip("needs locks")

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", no_locks)
    tiny.store.save(made_run(tiny))
    part = tiny.store.folder / "tiny" / "another's.part"
    part.write_text("half")
    tiny.store.sweep()
    assert part.exists()
    assert tiny.store.load("tiny", tiny.key()) == made_run(tiny)


def test_a_cache_that_cannot_be_written_is_said_once_and_keeps_nothing_from_working(tiny, caplog):
    (tiny.root / ".cache").write_text("in the way")
    store = tiny.store
    run = made_run(tiny)
    store.keep(run)
    store.keep(run)
    assert caplog.text.count("cannot be written") == 1
    assert ".cache/tutorials cannot be written" in caplog.text
    assert store.load("tiny", tiny.key(), tiny.parse()) == run
    assert tiny.store.load("tiny", tiny.key()) is None


def test_a_site_is_built_where_the_cache_cannot_be_written(tiny):
    tiny.site()
    (tiny.root / ".cache").write_text("in the way")
    built = tiny.build()
    assert built.returncode == 0, built.stderr
    assert built.stderr.count("cannot be written") == 1
    assert "the total is 5" in (tiny.root / "site/part/tiny/index.html").read_text()
    assert (tiny.root / "site/part/tiny/run/index.html").is_file()
