"""A kernel for one tutorial gives one run, or one error that points into the file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pickle
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tutorial_engine import session
from tutorial_engine.errors import Cancelled, ClaimError, ExecutionError

from .tiny import REPOSITORY, TINY, Course, code, processes_that_say

STARTER = '# %% tags=["starter"]\nanswer = None\n\n'
CHECK = '# %% tags=["check"]\nassert answer == 42, "not yet"\n\n'
SOLUTION = '# %% tags=["solution"]\nanswer = 42\nprint("solved")\n\n'
TASK = "# %% [markdown]\n# Find it.\n\n"

# Each cell looks at one thing; the tests below read what it says.
LOOK_AROUND = r"""
# %%
import json
import os
import pathlib
import sys

sorted(os.listdir())

# %%
names = ("EDITION", "ALLOWED_DATA")
told = {name: os.environ[f"TUTORIALS_{name}"] for name in names}
data = pathlib.Path(os.environ["TUTORIALS_DATA"])
(file,) = (path for path in data.rglob("*") if path.is_file())
print(json.dumps(told | {"DATA": file.relative_to(data).as_posix()}))

# %%
print("10%\r100%\nab\b\bcd \x1b[31mred\x1b[0m")

# %%
for line in (
    "2026-01-02 03:04:05.678901: I tensorflow/core/util/port.cc:153] oneDNN is on.",
    "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1700000000.123456    1234 cpu_feature_guard.cc:210] This TensorFlow",
    "E0000 00:00:1700000000.123456    1234 cuda_dnn.cc:8579] Unable to register",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild.",
    "W tells: the learning rate is high",
):
    print(line, file=sys.stderr)

# %%
print("one")
print("two", flush=True)
print("three")

# %% tags=["raises-exception"]
def helper_that_fails():
    raise ValueError("on \x1b[1mpurpose\x1b[0m")


helper_that_fails()

# %%
import matplotlib

print(matplotlib.rcParams["font.size"], "start-up" if "planted" in globals() else "no start-up")

# %%
os.write(1, b"native words\n")
_ = pathlib.Path("model.bin").write_bytes(b"weights")
pathlib.Path("deep").mkdir()
_ = pathlib.Path("deep/scores.json").write_text("[1]")
_ = pathlib.Path("not kept").write_text("x")

# %%
import subprocess

processes = [
    subprocess.Popen(
        [sys.executable, "-c", f"import time; time.sleep(600)  # left behind by {os.getcwd()}"],
        start_new_session=alone,
    )
    for alone in (False, True)
]
print(os.getcwd())
_ = pathlib.Path("place").write_text(os.getcwd())

# %% [markdown]
# `{python} sum(
# [1, 2])` and `{python} "a|b"` and `{python measured} json.dumps(None)`.
"""


@pytest.fixture(scope="module")
def looked(module_course, tmp_path_factory):
    """A run that looked around, on the machine of a user with settings of their own."""
    home = tmp_path_factory.mktemp("home")
    startup = home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-mine.py").write_text("planted = True\nprint('hello from my start-up file')\n")
    (home / "matplotlibrc").write_text("font.size: 33\n")
    (home / "python-startup.py").write_text("planted = True\n")
    module_course.data("digits")
    module_course.data("letters")
    module_course.tutorial(
        LOOK_AROUND.lstrip(), data=["digits"], artifacts=["model.bin", "deep/scores.json", "place"]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("MATPLOTLIBRC", str(home / "matplotlibrc"))
        patch.setenv("MPLCONFIGDIR", str(home))
        patch.setenv("PYTHONSTARTUP", str(home / "python-startup.py"))
        patch.chdir(home)
        return module_course.run()


def said(run, number: int) -> str:
    """Return what a code cell printed, counted from 0."""
    return "".join(output.get("text", "") for output in run.outputs[number])


def place(run) -> str:
    """Return the working folder of a run."""
    return run.artifacts[-1].content.decode()


def test_each_run_starts_in_an_empty_folder_of_its_own(looked):
    assert looked.outputs[0][0]["data"]["text/plain"] == "[]"


def test_the_working_folder_is_gone_when_the_run_has_ended(looked):
    assert not os.path.exists(place(looked))  # noqa: PTH110
    assert said(looked, 8) == ".\n"


def test_the_kernel_learns_which_data_it_may_load_and_gets_a_folder_of_those_alone(looked):
    assert json.loads(said(looked, 1)) == {
        "ALLOWED_DATA": "digits",
        "DATA": "digits/pixels.bin",
        "EDITION": "default",
    }


def test_text_is_kept_as_a_terminal_would_leave_it(looked):
    assert said(looked, 2) == "100%\ncd red\n"


def test_start_up_noise_is_dropped_and_what_a_library_says_stays(looked):
    assert [output["name"] for output in looked.outputs[3]] == ["stderr"]
    assert said(looked, 3) == "W tells: the learning rate is high\n"


def test_one_stream_is_one_output(looked):
    assert [output["text"] for output in looked.outputs[4]] == ["one\ntwo\nthree\n"]


def test_an_exception_shown_on_purpose_is_type_and_message_alone(looked):
    (error,) = looked.outputs[5]
    assert (error["ename"], error["evalue"]) == ("ValueError", "on purpose")
    assert error["traceback"] == []


def test_the_users_own_settings_do_not_matter(looked):
    assert said(looked, 6) == "11.0 no start-up\n"
    assert "hello" not in json.dumps(looked.outputs)


def test_artifacts_are_kept_with_their_checksums_and_nothing_else(looked):
    kept = {artifact.name: artifact for artifact in looked.artifacts}
    assert set(kept) == {"model.bin", "deep/scores.json", "place"}
    assert kept["model.bin"].content == b"weights"
    assert kept["model.bin"].sha256 == hashlib.sha256(b"weights").hexdigest()


def test_a_run_that_succeeds_leaves_no_process(looked):
    assert processes_that_say(f"left behind by {place(looked)}") == []


def test_inline_values_are_filed_by_place_and_code(looked):
    assert looked.value(9, "sum(\n[1, 2])") == "3"
    assert looked.value(9, '"a|b"') == "a|b"
    assert looked.value(9, "json.dumps(None)") == "null"


def test_the_cost_of_a_run_is_measured(looked):
    assert looked.cpu_s > 0
    assert 0 < looked.wall_s < 60
    assert 10 < looked.peak_mb < 5_000
    assert "cores" in looked.machine


def test_no_output_tells_where_the_run_took_place(looked, module_course):
    outputs = json.dumps(looked.outputs)
    assert "tutorial-" not in outputs
    assert str(module_course.root) not in outputs
    assert "execution_count" not in outputs


def failure(course, body: str = TINY, *, kind=ExecutionError, **options) -> ExecutionError:
    limits = ("cell_cpu_limit", "cell_idle_limit")
    settings = {name: options.pop(name) for name in limits if name in options}
    course.tutorial(body, **options)
    with pytest.raises(kind) as caught:
        course.run(**settings)
    error = caught.value
    assert error.file == "tutorials_src/1_part/01_tiny.py"
    assert error.remedy
    return error


def line_of(course, text: str) -> int:
    """Return the line of the tutorial that holds a text."""
    lines = (course.root / "tutorials_src/1_part/01_tiny.py").read_text().splitlines()
    (line,) = [number for number, line in enumerate(lines, start=1) if text in line]
    return line


def test_a_failing_cell_is_named_with_the_line_that_failed(course):
    error = failure(course, TINY + "\n# %%\ny = 1\n_ = helper.add(\n    y,\n    None,\n)\n")
    assert "TypeError: unsupported operand" in error.message
    assert error.cell == 5
    assert error.line == line_of(course, "_ = helper.add(")


def test_a_cell_that_hangs_is_ended_and_named_with_the_setting(course):
    body = code("x = 1") + "\n# %%\nimport time\n\ntime.sleep(600)  # hangs\n"
    error = failure(course, body, cell_idle_limit=1)
    assert "computed nothing for 1 s" in error.message
    assert "cell_idle_limit" in error.remedy
    assert (error.cell, error.line) == (2, line_of(course, "import time") - 1)


@pytest.mark.parametrize(
    "endless",
    [
        "while True:\n    pass",
        "import subprocess, sys\n_ = subprocess.run([sys.executable, '-c', 'while True: pass'])",
        "import subprocess, sys\nwhile True:\n    subprocess.run([sys.executable, '-c', ''])",
    ],
    ids=["itself", "in a child", "in one child after another"],
)
def test_a_cell_that_computes_without_end_is_ended_and_named_with_the_setting(course, endless):
    error = failure(course, code("x = 1") + f"\n# %%\n{endless}\n", cell_cpu_limit=1)
    assert "used 1 CPU seconds" in error.message
    assert "cell_cpu_limit" in error.remedy
    assert error.cell == 2


def test_limits_are_each_cells_own_and_work_however_slow_is_no_waiting(course):
    some = (
        "import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end:\n    pass"
    )
    course.tutorial(code(some) * 3)
    run = course.run(cell_cpu_limit=1, cell_idle_limit=1)
    assert run.cpu_s > 2


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"], ids=["exit", "kill"]
)
def test_a_cell_that_takes_the_kernel_with_it_is_named(course, end):
    child = "import time; time.sleep(600)  # orphan of " + course.root.parent.name
    error = failure(
        course,
        code("x = 1") + f"\n# %%\nimport os, signal, subprocess, sys\n"
        f"_ = subprocess.Popen([sys.executable, '-c', {child!r}])\n{end}\n",
    )
    assert "kernel died" in error.message
    assert (error.cell, error.line) == (2, line_of(course, "import os") - 1)
    assert processes_that_say("orphan of " + course.root.parent.name) == []


def test_an_inline_expression_that_fails_is_named(course):
    error = failure(course, TINY.replace("`{python} total`", "`{python} totals`"))
    assert "inline expression totals fails: NameError" in error.message
    assert (error.cell, error.line) == (3, line_of(course, "Together") - 1)


def test_a_claim_that_does_not_hold_is_named_by_its_text(course):
    error = failure(course, TINY.replace("total == 5", "total == 6"), kind=ClaimError)
    assert error.message == "a claim does not hold: two and three make <five>"
    assert (error.cell, error.line) == (4, line_of(course, "assert"))
    assert "correct the page" in error.remedy


def test_an_error_inside_a_claims_cell_is_not_a_false_claim(course):
    error = failure(course, TINY.replace("total == 5", "totals == 5"))
    assert type(error) is ExecutionError
    assert "NameError" in error.message


def test_a_cell_that_should_fail_and_does_not_is_named(course):
    error = failure(course, '# %% tags=["raises-exception"]\nx = 1  # calm\n')
    assert "raised nothing" in error.message
    assert (error.cell, error.line) == (1, line_of(course, "# calm") - 1)


def test_an_artifact_that_was_not_written_is_named(course):
    error = failure(course, artifacts=["model.bin"])
    assert "artifact 'model.bin' was not written" in error.message
    assert error.line == 1


@pytest.mark.parametrize("name", ["../outside.bin", "link.bin"])
def test_an_artifact_outside_the_working_folder_is_refused(course, name):
    body = code(
        "import os, pathlib\n_ = pathlib.Path('../outside.bin').write_text('x')\n"
        "os.symlink('../outside.bin', 'link.bin')"
    )
    assert f"'{name}' was not written" in failure(course, body, artifacts=[name]).message


def test_an_exercise_keeps_what_the_solution_shows_and_nothing_of_its_check(course):
    course.tutorial(TASK + STARTER + CHECK + SOLUTION)
    assert [[each["text"] for each in outputs] for outputs in course.run().outputs] == [
        [],
        [],
        ["solved\n"],
    ]


def test_a_starter_that_passes_its_check_is_refused(course):
    error = failure(course, TASK + STARTER.replace("None", "42") + CHECK + SOLUTION)
    assert "passes on the starter" in error.message
    assert error.cell == 3


def test_a_solution_that_fails_its_check_is_named_by_the_check(course):
    error = failure(course, TASK + STARTER + CHECK + SOLUTION.replace("42", "41"))
    assert "the solution fails its check: AssertionError: not yet" in error.message
    assert (error.cell, error.line) == (3, line_of(course, "assert answer"))
    assert error.remedy == "correct the solution"


def test_a_cell_that_asks_for_input_fails_at_once(course):
    assert "StdinNotImplementedError" in failure(course, code("input()")).message


def test_a_tutorial_cannot_load_data_that_its_header_does_not_name(course):
    loader = """
    import os


    def load(name):
        if name not in os.environ["TUTORIALS_ALLOWED_DATA"].split(","):
            raise ValueError(f"{name} is not in the header")
    """
    course.data("digits")
    course.data("letters")
    course.snippet("loader", textwrap.dedent(loader))
    body = code("from snippets.loader import load\n\nload('digits')\nload('letters')")
    error = failure(course, body, data=["digits"])
    assert "letters is not in the header" in error.message
    assert error.line == line_of(course, "load('letters')")


def test_errors_cross_a_process_boundary_whole(course):
    course.tutorial(TINY.replace("total == 5", "total == 6"))
    error = course.parse().error(ClaimError, "no", "do", course.parse().cells[3], 1)
    error.add_note("from a worker")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.line) == (ClaimError, str(error), error.line)
    assert again.__notes__ == ["from a worker"]


@pytest.fixture
def waiting(course) -> Course:
    """A tutorial that starts a process, says so by a file, and then waits to be ended."""
    sign = course.root / "started"
    child = f"import time; time.sleep(600)  # child of {course.root.parent.name}"
    course.tutorial(
        code(
            f"import os, pathlib, subprocess, sys, time\n"
            f"for alone in (False, True):\n"
            f"    subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=alone)\n"
            f"pathlib.Path({str(sign)!r}).write_text(str(os.getpid()))\n"
            "time.sleep(600)"
        )
    )
    os.mkfifo(sign)
    return course


def test_a_run_that_is_cancelled_ends_with_its_kernel_and_all_that_it_started(waiting):
    execution = waiting.execution()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(execution.run)
        kernel = psutil.Process(int((waiting.root / "started").read_text()))  # waits for the cell
        execution.cancel()
        with pytest.raises(Cancelled):
            future.result(timeout=30)
    assert not kernel.is_running()
    assert processes_that_say(f"child of {waiting.root.parent.name}") == []


def test_a_run_that_is_cancelled_before_it_begins_does_not_run(course):
    course.tutorial()
    execution = course.execution()
    execution.cancel()
    with pytest.raises(Cancelled):
        execution.run()


def test_cancelling_a_run_that_has_ended_ends_nothing_else(course, monkeypatch):
    course.tutorial(code("x = 1"))
    execution = course.execution()
    execution.run()
    ended: list[int] = []
    monkeypatch.setattr(session, "end_process_tree", ended.append)
    execution.cancel()
    assert ended == []


def test_progress_counts_the_code_cells_that_are_done(course):
    course.tutorial()
    told = []
    course.execution().run(lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (2, 2)


def test_two_tutorials_run_side_by_side(course):
    here, there = course.root / "here", course.root / "there"
    for pipe in (here, there):
        os.mkfifo(pipe)
    meet = "import pathlib\npathlib.Path({0!r}).write_text('x')\npathlib.Path({1!r}).read_text()"
    course.tutorial(code(meet.format(str(here), str(there))))
    other = "import pathlib\npathlib.Path({1!r}).read_text()\npathlib.Path({0!r}).write_text('x')"
    course.tutorial(code(other.format(str(there), str(here))), file="1_part/02_other.py")
    runs = {}
    threads = [
        threading.Thread(target=lambda file=file: runs.update({file: course.run(file)}))
        for file in ("1_part/01_tiny.py", "1_part/02_other.py")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(runs) == 2


def test_a_run_may_be_asked_for_where_an_event_loop_runs_as_in_a_notebook(course):
    course.tutorial()

    async def in_a_notebook():
        return course.run()

    with ThreadPoolExecutor(1) as executor:
        run = executor.submit(lambda: asyncio.run(in_a_notebook())).result()
    assert run.values == [[1, "total", "5"]]


def test_the_template_of_a_tutorial_builds_as_it_is(course):
    template = (REPOSITORY / "tutorials_src" / "template.py").read_text(encoding="utf-8")
    course.tutorial(template, header="")
    assert course.run().claims == ["the mean lies between the extremes"]
