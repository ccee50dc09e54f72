"""Each page's notebook in an empty folder, with public packages and `$TUTORIALS_DATA` alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = [lesson.name for lesson in load_course(Settings.load(ROOT))]


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
