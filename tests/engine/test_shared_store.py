"""Several builders, each with a checkout of its own, share one folder of stored runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tutorial_engine.store import Store

from .tiny import TINY, Course, clean_environment, code, made_run


@pytest.fixture
def builders(tmp_path) -> tuple[Course, Course]:
    """Two checkouts of one course."""
    pair = Course(tmp_path / "one"), Course(tmp_path / "two")
    for course in pair:
        course.tutorial(TINY)
        course.tutorial(code("print('other')"), file="1_part/02_other.py")
    return pair


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "shared runs"


def shared(course: Course, folder: Path) -> Store:
    return Store(course.settings(store=str(folder)))


def run_all(course: Course, folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tutorial_engine", "run"],
        cwd=course.root,
        env=clean_environment(TUTORIALS_STORE=str(folder)),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_builders_at_once_leave_one_whole_store_that_a_third_runs_nothing_for(
    builders, folder, tmp_path
):
    processes = [run_all(course, folder) for course in builders]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    third = Course(tmp_path / "three")
    third.tutorial(TINY)
    third.tutorial(code("print('other')"), file="1_part/02_other.py")
    process = run_all(third, folder)
    assert "0 executed, 2 cached, 0 failed" in process.communicate(timeout=120)[0]
    assert sorted(path.name for path in folder.iterdir()) == ["other", "tiny"]
    assert [path.suffix for path in folder.glob("*/*")] == [".json", ".json"]
    assert not any((course.settings().cache / "runs").exists() for course in (*builders, third))


WRITER = """
import sys
sys.path.insert(0, {path!r})
from pathlib import Path
from engine.tiny import Course, made_run
from tutorial_engine.store import Store

course = Course.at(Path({root!r}))
store = Store(course.settings(store={folder!r}))
print("begun", flush=True)
long = {{"output_type": "stream", "name": "stdout", "text": "x" * 200_000}}
for turn in range(150):
    store.save(made_run(course, wall_s=float(turn), outputs=[[long], []]))
    store.sweep()
"""


def test_a_reader_finds_a_whole_run_at_any_time_while_another_builder_writes(
    builders, folder, caplog
):
    writing, reading = builders
    source = WRITER.format(
        path=str(Path(__file__).parents[1]), root=str(writing.root), folder=str(folder)
    )
    store, key = shared(reading, folder), reading.key()
    seconds = set()
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        while writer.poll() is None:
            store.sweep()
            if run := store.load("tiny", key):
                seconds.add(run.wall_s)
    assert writer.returncode == 0
    assert len(seconds) > 1
    assert store.load("tiny", key).wall_s == 149.0
    assert "damaged" not in caplog.text


def test_what_another_builder_left_damaged_is_run_again_and_never_used(builders, folder, caplog):
    one, two = builders
    shared(one, folder).save(made_run(one))
    (entry,) = (folder / "tiny").iterdir()
    entry.write_bytes(entry.read_bytes().replace(b"a processor", b"a pr0cessor"))
    assert shared(two, folder).load("tiny", two.key()) is None
    assert "damaged" in caplog.text


def test_a_run_restored_under_another_key_is_not_taken_for_it(builders, folder):
    one, two = builders
    shared(one, folder).save(made_run(one))
    (entry,) = (folder / "tiny").iterdir()
    two.edit("helper.add(2, 3)", "helper.add(1, 4)")
    entry.rename(entry.with_name(f"{two.key().digest}.json"))
    lesson = two.lessons()[0]
    assert shared(two, folder).load("tiny", lesson.key, lesson.tutorial) is None


def test_clean_leaves_the_runs_that_builders_share(builders, folder):
    one, _ = builders
    store = shared(one, folder)
    store.save(made_run(one))
    store.clean()
    assert store.load("tiny", one.key())
