"""Stored runs are taken, missing ones run side by side, and one failure costs nobody else."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace

import pytest

from tutorial_engine import execute
from tutorial_engine.errors import Cancelled, ExecutionError
from tutorial_engine.report import build_report
from tutorial_engine.schedule import Scheduler, Watcher, bring_up_to_date, longest_first

from .tiny import TINY, Course, code, made_run

FILES = ("1_part/01_first.py", "1_part/02_second.py", "2_more/03_third.py")


@pytest.fixture
def three(course) -> Course:
    for number, file in enumerate(FILES):
        course.tutorial(code(f"print({number})"), file=file)
    return course


def bring(course: Course, **options):
    return bring_up_to_date(course.lessons(), course.settings(), course.store, **options)


class Notes(Watcher):
    def __init__(self) -> None:
        self.told: list[tuple] = []

    def started(self, lesson, estimate) -> None:
        self.told.append(("started", lesson.name, estimate))

    def ended(self, outcome) -> None:
        self.told.append(("ended", outcome.lesson.name, outcome.word))


class Inline(Executor):
    """Runs what it is given at once, in the caller's thread, with a function in place of kernels."""

    def __init__(self, run) -> None:
        self.run = run
        self.order: list[str] = []

    def submit(self, function, parcel):
        self.order.append(parcel.tutorial.name)
        future = Future()
        try:
            future.set_result(self.run(parcel.tutorial))
        except BaseException as error:
            future.set_exception(error)
        return future


def test_outcomes_come_in_course_order_whatever_ends_first(three):
    for name, seconds in (("first", 1.0), ("second", 3.0), ("third", 2.0)):
        file = next(file for file in FILES if name in file)
        three.store.save(made_run(three, file, key=f"old {name}", wall_s=seconds))
    executor = Inline(lambda tutorial: made_run(three, tutorial.file.split("/", 1)[1]))
    outcomes = bring(three, executor=executor)
    assert executor.order == ["second", "third", "first"]
    assert [outcome.lesson.name for outcome in outcomes] == ["first", "second", "third"]


def test_what_has_never_run_starts_before_the_longest_known(three):
    three.store.save(made_run(three, FILES[1], wall_s=500.0))
    order = [lesson.name for lesson in longest_first(three.lessons(), three.store)]
    assert order == ["third", "first", "second"]


def test_a_stored_run_is_taken_and_nothing_runs(three):
    for file in FILES:
        three.store.save(made_run(three, file))

    def never(tutorial):
        raise AssertionError(f"{tutorial.name} was executed")

    outcomes = bring(three, executor=Inline(never))
    assert {outcome.word for outcome in outcomes} == {"cached"}


def test_one_failure_leaves_the_good_runs_kept(three):
    three.edit("print(1)", "1 / 0", file=FILES[1])
    notes = Notes()
    outcomes = bring(three, watcher=notes)
    assert [outcome.word for outcome in outcomes] == ["executed", "failed", "executed"]
    assert outcomes[0].run.outputs == [
        [{"output_type": "stream", "name": "stdout", "text": "0\n"}],
    ]
    again = bring(three, executor=Inline(lambda tutorial: made_run(three, FILES[1])))
    assert [outcome.word for outcome in again] == ["cached", "executed", "cached"]
    assert sorted(notes.told) == sorted(
        [("started", name, None) for name in ("first", "second", "third")]
        + [("ended", "first", "executed"), ("ended", "second", "failed")]
        + [("ended", "third", "executed")]
    )


def test_a_fault_of_the_engine_in_one_run_leaves_the_good_runs_kept(three):
    def run(tutorial):
        if tutorial.name == "second":
            raise OSError("no space left on device")
        return made_run(three, tutorial.file.split("/", 1)[1])

    outcomes = bring(three, executor=Inline(run))
    assert [outcome.word for outcome in outcomes] == ["executed", "failed", "executed"]
    assert "no space left on device" in outcomes[1].error.message
    assert outcomes[1].error.file == "tutorials_src/1_part/02_second.py"


def test_the_report_names_no_folder_of_the_builders_machine(three):
    def run(tutorial):
        if tutorial.name == "second":
            raise OSError(28, "No space left on device", str(three.root / "site" / "x"))
        return made_run(three, tutorial.file.split("/", 1)[1])

    report = build_report(bring(three, executor=Inline(run)), three.settings())
    message = report["tutorials"][1]["error"]["message"]
    assert message == "OSError: [Errno 28] No space left on device: 'site/x'"


def test_a_damaged_entry_is_run_again_and_said_so(three, caplog):
    three.store.save(made_run(three, FILES[0]))
    (entry,) = (three.store.folder / "first").iterdir()
    entry.write_bytes(entry.read_bytes()[:-9])
    executor = Inline(lambda tutorial: made_run(three, tutorial.file.split("/", 1)[1]))
    assert bring(three, executor=executor)[0].word == "executed"
    assert "of first is damaged" in caplog.text
    caplog.clear()
    assert bring(three)[0].word == "cached"
    assert "damaged" not in caplog.text


def test_again_executes_what_is_stored(three):
    for file in FILES:
        three.store.save(made_run(three, file))
    executor = Inline(lambda tutorial: made_run(three, tutorial.file.split("/", 1)[1]))
    assert {outcome.word for outcome in bring(three, again=True, executor=executor)} == {"executed"}


def test_a_lesson_with_an_error_fails_without_running(three):
    three.edit("print(0)", "print(", file=FILES[0])
    executor = Inline(lambda tutorial: made_run(three, tutorial.file.split("/", 1)[1]))
    outcomes = bring(three, executor=executor)
    assert outcomes[0].word == "failed"
    assert "first" not in executor.order


def test_the_last_runs_seconds_are_the_estimate(course):
    course.tutorial(code("x = 1"))
    course.store.save(made_run(course, key="old", wall_s=12.5))
    notes = Notes()
    bring(course, watcher=notes)
    assert notes.told[0] == ("started", "tiny", 12.5)


def test_other_processes_give_the_same_run(course):
    course.tutorial(TINY)
    here = bring(course)[0].run
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        there = bring(course, again=True, executor=executor)[0].run
    decided = {"finished": 0, "wall_s": 0, "cpu_s": 0, "peak_mb": 0}
    assert replace(there, **decided) == replace(here, **decided)


def test_another_process_hands_its_failure_back_whole(course):
    course.tutorial(TINY.replace("total == 5", "total == 6"))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        (outcome,) = bring(course, executor=executor)
    assert isinstance(outcome.error, ExecutionError)
    assert "two and three make <five>" in str(outcome.error)


def test_an_interrupt_ends_every_kernel_that_runs(three, monkeypatch):
    ended = []

    class First:
        """An execution: the first tutorial's ends at once, the others' when they are cancelled."""

        def __init__(self, tutorial, key, settings) -> None:
            self.tutorial = tutorial
            self.cancelled = threading.Event()

        def cancel(self) -> None:
            self.cancelled.set()

        def run(self, progress, keep=None):
            if self.tutorial.name != "first":
                assert self.cancelled.wait(60)
                ended.append(self.tutorial.name)
                raise Cancelled("ended", file=self.tutorial.file, remedy="none")
            return made_run(three, FILES[0])

    class Interrupting(Watcher):
        def ended(self, outcome) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(execute, "Execution", First)
    with pytest.raises(KeyboardInterrupt):
        bring_up_to_date(
            three.lessons(), three.settings(jobs=3), three.store, watcher=Interrupting()
        )
    assert sorted(ended) == ["second", "third"]


class Manual(Executor):
    """Keeps what it is given; the test says what becomes of it."""

    def __init__(self) -> None:
        self.futures: dict[str, Future] = {}

    def submit(self, function, parcel):
        self.futures[parcel.tutorial.name] = Future()
        return self.futures[parcel.tutorial.name]


def test_an_executor_gets_all_at_once_and_loses_what_is_no_longer_wanted(three):
    executor = Manual()
    scheduler = Scheduler(three.settings(jobs=1), three.store, print, executor=executor)
    scheduler.start()
    scheduler.want(three.lessons())
    assert list(executor.futures) == ["third", "second", "first"]
    scheduler.want(three.lessons()[1:])
    assert executor.futures["first"].cancelled()
    assert not executor.futures["second"].cancelled()
    scheduler.stop()
    assert all(future.cancelled() for future in executor.futures.values())


def test_a_run_that_an_executor_loses_is_a_failure(course):
    course.tutorial()

    class Losing(Executor):
        def submit(self, *_):
            future = Future()
            future.cancel()
            return future

    (outcome,) = bring(course, executor=Losing())
    assert "its run was lost" in outcome.error.message


def test_an_executor_that_cannot_take_a_run_is_that_runs_failure(course):
    course.tutorial()

    class Closed(Executor):
        def submit(self, *_):
            raise RuntimeError("cannot schedule new futures after shutdown")

    (outcome,) = bring(course, executor=Closed())
    assert "cannot schedule" in outcome.error.message
