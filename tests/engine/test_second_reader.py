"""A second process reads a new course from its end; nothing but the time depends on it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from .tiny import clean_environment, prose

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")


def said_by(program: str, *arguments: object) -> str:
    """Return what a program prints that runs alone in its process: with threads, nothing is forked."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()


@linux_only
def test_another_process_reads_while_the_body_runs_and_has_ended_after_it():
    program = """
        import multiprocessing, os
        from tutorial_engine.second_reader import helped

        end, start = os.pipe()

        def read(item):
            os.write(start, f"{item} {os.getpid()}".encode())
            if item == "last":
                multiprocessing.Event().wait()  # for ever

        with helped(read, ["last", "first"]):
            item, pid = os.read(end, 100).split()
            assert int(pid) != os.getpid()
        print(item.decode(), multiprocessing.active_children())
    """
    assert said_by(program) == "last []"


def test_where_another_thread_may_hold_a_lock_there_is_none():
    program = """
        import multiprocessing, threading
        from tutorial_engine.second_reader import helped

        end = threading.Event()
        threading.Thread(target=end.wait).start()
        with helped(print, ["item"]):
            print(multiprocessing.active_children())
        end.set()
    """
    assert said_by(program) == "[]"


@linux_only
def test_a_course_that_two_processes_read_is_what_one_reads(course):
    for number in range(6):
        words = "Okapis." if number else "Okapis, see [nothing](../9_none/01_none.py)."
        course.tutorial(prose(words), file=f"1_part/0{number + 1}_t{number}.py", title=f"T{number}")
    program = """
        import sys
        from pathlib import Path
        from tutorial_engine import course
        from tutorial_engine.build_cache import BuildCache
        from tutorial_engine.settings import Settings

        settings = Settings.load(Path(sys.argv[1]))
        alone = course.load_course(settings)
        build_cache = BuildCache(settings.cache)
        both = course.load_course(settings, build_cache)
        assert len(both) == 6 and sum(bool(each.error) for each in both) == 1
        assert repr(both) == repr(alone)
        # A course that has been read is not read by two again.
        assert not build_cache.is_new("tutorials")
        print("equal")
    """
    assert said_by(program, course.root) == "equal"
