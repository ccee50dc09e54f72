"""What a page saves, a reader loads elsewhere: in a process that has Keras, and nothing of ours."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tutorial_engine.course import load_course, stops_of
from tutorial_engine.settings import Settings
from tutorial_engine.tutorial import text_of

ROOT = Path(__file__).parents[2]
LESSONS = {lesson.name: lesson for lesson in stops_of(load_course(Settings.load(ROOT)))}


def saves_a_network(source: str) -> bool:
    """Say whether code writes a `.keras` file: by `save`, or through a checkpoint."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("save", "save_model", "ModelCheckpoint"):
            names = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(ast.unparse(name).rstrip("'\"").endswith(".keras") for name in names):
                return True
    return False


def cells_that_save(lesson):
    """A whole program is left to `test_whole_programs`, which loads what it has written."""
    return [
        cell
        for cell in lesson.tutorial.code_cells
        if not cell.is_trial and "program" not in cell.tags and saves_a_network(cell.source)
    ]


PAGES = [name for name, lesson in LESSONS.items() if cells_that_save(lesson)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_saves_a_network_claims_that_it_loads_in_a_fresh_process(name):
    """The build checks the claim, in a process that the page starts; here it is that there is one."""
    tutorial = LESSONS[name].tutorial
    claims = [text_of(claim) for _, claim in tutorial.claims]
    assert any(re.search(r"\b(fresh|new) process\b", claim) for claim in claims), claims
    code = "\n".join(cell.source for cell in tutorial.code_cells if not cell.is_trial)
    assert "sys.executable" in code or "save_and_check(" in code


def test_the_pages_that_save_networks_are_found():
    """Each way of saving once: `save` with a name, and a checkpoint whose name is put together."""
    assert {"export", "regularisation"} <= set(PAGES)
    assert not saves_a_network('figure.save("plan.png")\nnetwork.fit(x, callbacks=[])')
