"""Each page's notebook in an empty folder, with public packages and `$TUTORIALS_DATA` alone."""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tutorial_engine.course import load_course
from tutorial_engine.execute import KernelManager
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = [lesson.name for lesson in load_course(Settings.load(ROOT))]
_WHERE_FROM = """
import sys
from pathlib import Path
for name, module in list(sys.modules.items()):
    if name.startswith(("snippets", "tutorial_engine")) and getattr(module, "__file__", None):
        assert Path(module.__file__).is_relative_to(Path.cwd()), module.__file__
"""


def run_alone(file: Path, folder: Path) -> nbformat.NotebookNode:
    folder.mkdir()
    notebook = nbformat.read(file, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(_WHERE_FROM))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    environment |= {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TUTORIALS_DATA": str(ROOT / "tutorials_src" / "data"),
    }
    client = NotebookClient(
        notebook, km=KernelManager(connection_file=str(folder / "k.json")), timeout=600
    )
    with (folder / "kernel.log").open("wb") as log:
        options = {"env": environment, "cwd": str(folder), "stdout": log, "stderr": log}
        asyncio.run(client.async_execute(cleanup_kc=True, **options))
    return notebook


@pytest.fixture(scope="module")
def executed(site, tmp_path_factory):
    """All notebooks, run two at a time: name -> future of the executed notebook."""
    folder = tmp_path_factory.mktemp("alone")
    with ThreadPoolExecutor(2) as executor:
        yield {
            entry["name"]: executor.submit(
                run_alone,
                site.folder / entry["url"] / f"{entry['name']}.ipynb",
                folder / entry["name"],
            )
            for entry in site.report["tutorials"]
        }


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_alone_in_an_empty_folder(executed, name):
    notebook = executed[name].result()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_each_of_its_figures_once(executed, name):
    for cell in executed[name].result().cells:
        pictures = [
            output
            for output in cell.get("outputs", ())
            if "image/png" in output.get("data", {}) or "<Figure" in json.dumps(output)
        ]
        assert len(pictures) <= 1, cell.source


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_ends_where_its_page_said_it_would(executed, name):
    """What fails is what the page fails on purpose: the checks before they are solved, and no more."""
    for cell in executed[name].result().cells:
        failed = any(output.output_type == "error" for output in cell.get("outputs", ()))
        tags = cell.metadata.get("tags", [])
        assert failed == ("raises-exception" in tags), cell.source
