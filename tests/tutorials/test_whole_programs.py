"""A listing that a page calls a whole program runs alone: in an empty folder, on public packages."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import KERAS_DATA, write_keras_data
from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    f"{lesson.name}, cell {cell.number}": cell
    for lesson in load_course(Settings.load(ROOT))
    for cell in lesson.tutorial.code_cells
    if "program" in cell.tags
}
RUN = """
import runpy
runpy.run_path("program.py", run_name="__main__")
import sys
ours = [name for name in sys.modules if name.partition(".")[0] in ("snippets", "tutorial_engine")]
assert not ours, ours
"""


@pytest.fixture(scope="module")
def keras_data(tmp_path_factory) -> Path:
    """A few images of each class: that a program runs is asked here, how well it does, the page says."""
    return write_keras_data(tmp_path_factory.mktemp("keras"), per_class=100)


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_whole_program_runs_alone_in_an_empty_folder(title, keras_data, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAMS[title].source, encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TUT"))
    }
    environment |= {
        "HOME": str(tmp_path),
        "KERAS_HOME": str(tmp_path / ".keras"),
        "MPLBACKEND": "agg",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    # -S: the packages of the path above, and not what .pth files add, this project among it.
    command = [sys.executable, "-S", "-c", KERAS_DATA.format(folder=str(keras_data)) + RUN]
    how = {
        "cwd": tmp_path,
        "env": environment,
        "capture_output": True,
        "text": True,
        "timeout": 600,
    }
    done = subprocess.run(command, **how)
    assert done.returncode == 0, done.stderr
    for network in sorted(tmp_path.glob("?*.keras")):  # a process that knows nothing of the program
        load = f"import keras; keras.saving.load_model({network.name!r})"
        loaded = subprocess.run([sys.executable, "-S", "-c", load], **how)
        assert loaded.returncode == 0, loaded.stderr


def test_the_course_has_whole_programs():
    """Where a reader wants one first: on the first network, and on what it leads to."""
    assert {title.partition(",")[0] for title in PROGRAMS} >= {
        *("first-network", "convolution", "cifar10"),
        *("transfer-learning", "own-photographs", "export"),
    }
