"""A forked kernel is as one that was started: in what it shows, uses and leaves, and in how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tutorial_engine import execute, nursery
from tutorial_engine.errors import Cancelled, ExecutionError

from .test_processes import Waiting, processes_of
from .tiny import REPOSITORY, Course, code, kernels_below

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")

# Small ones, in place of TensorFlow.
LIBRARIES = ("ipykernel.kernelapp", "numpy")


@pytest.fixture
def forks(monkeypatch) -> list[bool]:
    """Let all kernels of a test be forked where they can; return whether each one was."""
    monkeypatch.setattr(execute, "libraries_for", lambda *_: LIBRARIES)
    monkeypatch.setattr(nursery, "_unfit", set())
    yield counted(monkeypatch)
    close_slots()


def close_slots() -> None:
    while nursery._idle:
        nursery._idle.pop().close()


def counted(monkeypatch) -> list[bool]:
    forked: list[bool] = []
    fork = nursery.Slot.fork

    def fork_(*arguments):
        kernel = fork(*arguments)
        forked.append(kernel is not None)
        return kernel

    monkeypatch.setattr(nursery.Slot, "fork", fork_)
    return forked


def started(course: Course):
    """Run a course's tutorial in a kernel that is started, as on other systems."""
    execution = course.execution()
    execution._libraries = ()
    return execution.run()


LOOK = """
# %%
import scipy.stats
import matplotlib.pyplot as plt

# %%
import json, logging, os, sys, tempfile, warnings
from snippets import helper

print(helper.add(1, 2), sys.path, sys.argv, sys.orig_argv, sys.flags, os.getcwd(), os.getsid(0) == os.getpid())
print(sorted(each for each in os.environ.items() if each[0] != "JPY_PARENT_PID"))
print(sorted(map(str, warnings.filters)), [type(each).__name__ for each in sys.meta_path])
print(sorted(os.walk(os.environ["HOME"])), sorted(os.listdir("..")), os.listdir(tempfile.gettempdir()))
print(plt.matplotlib.get_cachedir(), plt.matplotlib.matplotlib_fname(), plt.get_backend())
print(logging.root.handlers, sys.getrecursionlimit(), sys.ps1, len(os.listdir("/proc/self/fd")))

# %%
warnings.warn("beware")
logging.warning("a log")

# %%
import subprocess

program = "import numpy, os, sys; print(len(sys.modules), sorted(os.environ), os.getcwd())"
print(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout)

# %% tags=["raises-exception"]
import absent

# %%
figure, axes = plt.subplots()
axes.plot([1, 2])
figure.alt = "A line."
plt.close(figure)
figure
"""


def test_a_forked_kernel_shows_and_records_what_a_started_one_does(course, forks, monkeypatch):
    libraries = ("ipykernel.kernelapp", "matplotlib.pyplot", "scipy.stats")
    monkeypatch.setattr(execute, "libraries_for", lambda *_: libraries)
    course.tutorial(LOOK.lstrip())
    started(course)  # which makes matplotlib's list of fonts
    runs = [course.run(), course.run(), started(course)]
    assert forks == [False, True, True, False]
    for forked in runs[:2]:
        assert forked.outputs == runs[2].outputs
        assert forked.dependencies == runs[2].dependencies
    assert "scipy" in runs[2].dependencies["distributions"]


def test_the_data_of_a_run_are_its_own(course, forks):
    texts = {}
    for name in ("letters", "numbers"):
        path = course.data(name, name.encode())
        read = f"pathlib.Path(os.environ['TUTORIALS_DATA'], '{name}', '{path.name}').read_text()"
        texts[name] = code(f"import os, pathlib\nos.environ['TUTORIALS_ALLOWED_DATA'], {read}")
    for name, text in texts.items():
        course.tutorial(text, data=[name])
        assert f"('{name}', '{name}')" in json.dumps(course.run().outputs)
    course.tutorial(texts["letters"], data=["numbers"])
    with pytest.raises(ExecutionError, match="FileNotFoundError"):
        course.run()
    assert forks == [True] * 3


def test_numbers_that_nobody_seeds_are_others_in_each_run(course, forks):
    course.tutorial(code("import numpy as np, random\nrandom.random(), np.random.rand()"))
    drawn = {json.dumps(course.run().outputs) for _ in range(3)}
    assert (len(drawn), forks) == (3, [True] * 3)


def test_a_run_finds_nothing_of_the_run_before(course, forks):
    orphan = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(600)"
    course.tutorial(
        code(
            "import os, pathlib, subprocess, sys, tempfile\n"
            "places = [pathlib.Path(each) for each in (os.getcwd(), os.path.expanduser('~'), tempfile.gettempdir())]\n"
            "places.append(pathlib.Path(os.environ['XDG_CACHE_HOME']))\n"
            "print([(each / 'left').exists() for each in places])\n"
            "for each in places:\n    _ = (each / 'left').write_text(str(os.getpid()))\n"
            f"_ = subprocess.run([sys.executable, '-c', {orphan!r}])\n"
            "_ = pathlib.Path('place').write_text(os.getcwd())"
        ),
        artifacts=["place"],
    )
    runs = [course.run(), course.run()]
    assert runs[0].outputs == runs[1].outputs
    assert "True" not in json.dumps(runs[0].outputs)
    folders = {run.artifacts[0].content for run in runs}
    folder = Path(folders.pop().decode()).parent
    assert (folders, forks) == (set(), [True, True])
    (slot,) = nursery._idle
    living = {each.pid for each in processes_of(folder) if "warm" in " ".join(each.cmdline())}
    assert living == {slot._process.pid}
    assert len(processes_of(folder)) == 2  # and its guard


def test_runs_side_by_side_have_a_slot_each(course, forks):
    waiting = Waiting(course)
    execution = course.execution()
    executor = ThreadPoolExecutor()
    future = executor.submit(execution.run)
    _, folder = waiting.wait(besides=1)
    course.tutorial(code("import os\nos.getcwd()"), file="1_part/02_other.py")
    course.run("1_part/02_other.py")
    (slot,) = nursery._idle
    assert folder not in slot.folders.folders
    execution.cancel()
    with pytest.raises(Cancelled):
        future.result()
    assert (forks, len(nursery._idle)) == ([True, True], 2)


@pytest.mark.parametrize(
    "preparation",
    [
        "import os\nos.environ['KERAS_BACKEND'] = 'jax'",
        "import warnings\nwarnings.simplefilter('error')",
    ],
    ids=["a variable", "a filter of warnings"],
)
def test_what_is_set_before_libraries_are_imported_holds_for_them(course, preparation):
    course.tutorial(code(f"{preparation}\nimport keras"))
    assert nursery.libraries_for(course.parse(), course.key(), course.settings()) == ()
    course.tutorial(code("import keras") + f"\n# %%\n{preparation}\n")
    assert nursery.libraries_for(course.parse(), course.key(), course.settings()) != ()


@pytest.mark.parametrize(
    "library",
    ["this", "absent", "snippets.threaded"],
    ids=["says something", "is not there", "has a thread"],
)
def test_where_libraries_cannot_be_loaded_quietly_kernels_are_started(
    course, forks, monkeypatch, library
):
    thread = "threading.Thread(target=threading.Event().wait, daemon=True)"
    course.snippet("threaded", f"import threading\n\n{thread}.start()\n")
    libraries = ("ipykernel.kernelapp", library)
    monkeypatch.setattr(execute, "libraries_for", lambda *_: libraries)
    begun = []
    begin = nursery.Slot._begin
    monkeypatch.setattr(nursery.Slot, "_begin", lambda *_: begun.append(1) or begin(*_))
    course.tutorial(code("from snippets import helper\n1"))
    runs = [course.run(), course.run()]
    assert (
        runs[0].outputs
        == runs[1].outputs
        == [[{**runs[0].outputs[0][0], "data": {"text/plain": "1"}}]]
    )
    assert runs[0].dependencies == runs[1].dependencies
    assert (forks, len(begun)) == ([False, False], 1)


def test_a_run_that_is_cancelled_while_libraries_are_loaded_ends_at_once_and_the_next_is_forked(
    course, forks, monkeypatch
):
    sign = course.root / "started"
    os.mkfifo(sign)
    course.snippet(
        "slow",
        f"import pathlib, time\npathlib.Path({str(sign)!r}).write_text('loading')\ntime.sleep(600)\n",
    )
    course.tutorial(code("1"))
    with monkeypatch.context() as patch:
        patch.setattr(execute, "libraries_for", lambda *_: (*LIBRARIES, "snippets.slow"))
        execution = course.execution()
    with ThreadPoolExecutor() as executor:
        future = executor.submit(execution.run)
        sign.read_text()
        execution.cancel()
        with pytest.raises(Cancelled):
            future.result(30)
    assert (nursery._idle, nursery._unfit) == ([], set())
    course.run()
    assert forks == [False, True]


def test_what_was_installed_since_is_loaded_by_another_nursery(course, forks, monkeypatch):
    course.tutorial(code("1"))
    course.run()
    (before,) = nursery._idle
    monkeypatch.setattr(nursery, "installed", lambda: {"keras": "99"})
    course.run()
    (now,) = nursery._idle
    assert (now is before, before.folders.work.exists()) == (False, False)


@pytest.mark.parametrize(("end", "status"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 9)", -9)])
def test_the_end_of_a_forked_kernel_is_noticed_with_its_status(
    course, forks, monkeypatch, end, status
):
    ends = []
    wait = nursery.Forked.wait
    monkeypatch.setattr(
        nursery.Forked, "wait", lambda self, *_: ends.append(wait(self, *_)) or ends[-1]
    )
    course.tutorial(code("import os") + f"\n# %%\n{end}\n")
    with pytest.raises(ExecutionError, match="kernel died") as caught:
        course.run()
    assert caught.value.cell == 2
    assert status in ends
    course.tutorial(code("import os"))
    course.run()
    assert forks == [True, True]


BUILDER = """
import sys
from pathlib import Path
from tests.engine.tiny import Course
from tutorial_engine import execute

execute.libraries_for = lambda *_: {libraries!r}
Course.at(Path({root!r})).run()
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_builder_that_ends_leaves_neither_nursery_nor_kernel(course, name):
    waiting = Waiting(course)
    program = BUILDER.format(libraries=LIBRARIES, root=str(course.root))
    builder = subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stderr=subprocess.DEVNULL
    )
    processes, folder = waiting.wait(besides=1)
    family = psutil.Process(builder.pid).children(recursive=True)
    (kernel,) = kernels_below(builder.pid)
    assert kernel.parent().parent().pid == builder.pid
    builder.send_signal(getattr(signal, name))
    builder.wait()
    assert psutil.wait_procs([*processes, *family], timeout=20)[1] == []
    assert not folder.exists()


def test_a_nursery_that_waits_is_no_kernel_and_one_that_has_ended_is_followed_by_another(
    course, forks
):
    course.tutorial(code("1"))
    course.run()
    assert kernels_below(os.getpid()) == []
    for slot in nursery._idle:
        slot._process.kill()
        slot._process.wait()
    course.run()
    assert forks == [True, True]


TENSORFLOW = """
# %%
import tensorflow as tf

from snippets import helper

print(tf.reduce_sum(tf.ones((3, 3))), helper.add(1, 2))

# %%
import keras

keras.utils.set_random_seed(0)
network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
network.compile("adam", "mse")
network.fit(tf.ones((64, 4)), tf.ones((64, 1)), epochs=2, verbose=0).history, network.get_weights()

# %%
import os

tf.get_logger().info("told"), sorted(os.listdir(os.environ["KERAS_HOME"])), keras.src.backend.config.keras_home()

# %%
tf.random.normal((2,), seed=1), keras.random.normal((2,), seed=2), tf.random.get_global_generator()
"""


def test_a_network_trains_in_a_forked_kernel_as_in_a_started_one(course, monkeypatch):
    forked = counted(monkeypatch)
    course.tutorial(TENSORFLOW.lstrip(), seed=0)
    warm, fresh = course.run(), started(course)
    assert forked == [True, False]
    assert warm.outputs == fresh.outputs
    assert warm.dependencies == fresh.dependencies
    # How many pages of the libraries count as a kernel's own is for the system to say.
    assert 0.6 * fresh.peak_mb < warm.peak_mb < 1.15 * fresh.peak_mb


def test_a_draw_of_tensorflow_that_nobody_seeds_is_another_in_each_run(course, monkeypatch):
    forked = counted(monkeypatch)
    draws = "tf.random.normal((2,)).numpy(), keras.random.normal((2,)).numpy()"
    course.tutorial(code(f"import keras, tensorflow as tf\n{draws}"))
    drawn = {json.dumps(course.run().outputs) for _ in range(2)}
    close_slots()
    assert (len(drawn), forked) == (2, [True, True])
