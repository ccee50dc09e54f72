"""A listing that a page calls a whole program runs alone: in an empty folder, on public packages."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Finished:
    """A program that has run in a folder of its own, which was empty before."""

    folder: Path
    status: int
    said: str


@pytest.fixture(scope="module")
def finished(keras_data, tmp_path_factory) -> dict[str, Finished]:
    """Every program, run once: title -> how it ended."""
    ended = {}
    for title, cell in PROGRAMS.items():
        folder = tmp_path_factory.mktemp("empty")
        (folder / "program.py").write_text(cell.source, encoding="utf-8")
        done = python(KERAS_DATA.format(folder=str(keras_data)) + RUN, folder)
        ended[title] = Finished(folder, done.returncode, done.stderr)
    return ended


def python(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder where nothing knows of this project."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TUT"))
    }
    environment |= {
        "HOME": str(folder),
        "KERAS_HOME": str(folder / ".keras"),
        "MPLBACKEND": "agg",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return subprocess.run(
        # -S: the packages of the path above, and not what .pth files add, this project among it.
        [sys.executable, "-S", "-c", source],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_whole_program_runs_alone_in_an_empty_folder(title, finished):
    assert finished[title].status == 0, finished[title].said


def test_what_the_programs_save_loads_in_a_process_that_knows_nothing_of_them(finished, tmp_path):
    networks = [
        str(network) for each in finished.values() for network in each.folder.glob("?*.keras")
    ]
    assert networks
    load = f"import keras\nfor network in {networks!r}:\n    keras.saving.load_model(network)"
    done = python(load, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_course_has_whole_programs():
    """Where a reader wants one first: on the first network, and on what it leads to."""
    assert {title.partition(",")[0] for title in PROGRAMS} >= {
        *("first-network", "convolution", "cifar10"),
        *("transfer-learning", "own-photographs", "export"),
    }
