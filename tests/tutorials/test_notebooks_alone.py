"""Each page's notebook does in an empty folder, with public packages alone, what its page shows.

Those that end soon are run. The others take as long as the build that made their pages, so they are held
to it instead: the same code in the same order, the same helpers, and nothing that only the page has.
`make notebooks` runs them all.
"""

from __future__ import annotations

import ast
import json
import subprocess
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings
from tutorial_engine.tutorial import Cell, Tutorial

ROOT = Path(__file__).parents[2]
TUTORIALS = {lesson.name: lesson.tutorial for lesson in load_course(Settings.load(ROOT))}

USING_SNIPPETS = [name for name, tutorial in TUTORIALS.items() if "from snippets" in tutorial.text]


@pytest.fixture
def alone(executed, name) -> nbformat.NotebookNode:
    """The notebook after its run; `conftest.py` says which are run."""
    return executed[name].result()


def test_a_notebook_runs_alone_in_an_empty_folder(alone):
    code = [cell for cell in alone.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)


def test_a_notebook_shows_each_of_its_figures_once(alone):
    for cell in alone.cells:
        pictures = [
            output
            for output in cell.get("outputs", ())
            if "image/png" in output.get("data", {}) or "<Figure" in json.dumps(output)
        ]
        assert len(pictures) <= 1, cell.source


def test_a_notebook_ends_where_its_page_said_it_would(alone):
    """What fails is what the page fails on purpose: the checks before they are solved, and no more."""
    for cell in alone.cells:
        failed = any(output.output_type == "error" for output in cell.get("outputs", ()))
        tags = cell.metadata.get("tags", [])
        assert failed == ("raises-exception" in tags), cell.source


@pytest.fixture
def notebook(site, name) -> nbformat.NotebookNode:
    (file,) = site.folder.rglob(f"{name}.ipynb")
    return nbformat.read(file, as_version=4)


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_notebook_has_its_pages_code_in_order(notebook, name):
    _, *code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == [cell.source for cell in left_to_run(TUTORIALS[name])]


@pytest.mark.parametrize("name", USING_SNIPPETS)
def test_a_notebook_writes_of_the_snippets_what_its_cells_use_word_for_word(
    notebook, name, tmp_path
):
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    program, folder = tmp_path / "first_cell.py", tmp_path / "an empty folder"
    program.write_text(first, encoding="utf-8")
    folder.mkdir()
    subprocess.run([sys.executable, program], cwd=folder, check=True)
    (own,) = folder.iterdir()
    assert own.name == f"{name}-helpers"
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", own]
    checked = subprocess.run(ruff, capture_output=True, text=True)
    assert checked.returncode == 0, (
        checked.stdout
    )  # no name that is not there, no import for nothing
    carried: dict[str, set[str]] = {}
    for file in sorted((own / "snippets").glob("[a-z]*.py")):
        written = file.read_text(encoding="utf-8")
        whole = (ROOT / "snippets" / file.name).read_text(encoding="utf-8")
        assert written.startswith("# SPDX-FileCopyrightText: "), file.name
        definitions = [node for node in ast.parse(written).body if hasattr(node, "name")]
        for node in definitions:
            assert f"\n{ast.get_source_segment(written, node)}" in whole, node.name
        constants = [node for node in ast.parse(written).body if isinstance(node, ast.Assign)]
        carried[file.stem] = {node.name for node in definitions} | {
            target.id for node in constants for target in node.targets if hasattr(target, "id")
        }
    taken = used(TUTORIALS[name])
    assert set(taken) == set(carried)
    assert {module: names - carried[module] for module, names in taken.items()} == {
        module: set() for module in carried
    }


def used(tutorial: Tutorial) -> dict[str, set[str]]:
    """Return what a tutorial's cells take from each snippet: its name -> names."""
    nodes = [node for cell in tutorial.code_cells for node in ast.walk(ast.parse(cell.source))]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    modules = {each.name for node in imports if node.module == "snippets" for each in node.names}
    names: dict[str, set[str]] = {module: set() for module in modules}
    for node in imports:
        package, _, module = node.module.partition(".")
        if package == "snippets" and module:
            names.setdefault(module, set()).update(each.name for each in node.names)
    asked = [node for node in nodes if isinstance(node, ast.Attribute)]
    for node in asked:
        if isinstance(node.value, ast.Name) and node.value.id in modules:
            names[node.value.id].add(node.attr)
    return names


@pytest.mark.parametrize("name", TUTORIALS)
def test_no_cell_needs_a_solution_which_a_notebook_leaves_to_the_reader(name):
    from_solutions: dict[str, Cell] = {}
    for cell in TUTORIALS[name].code_cells:
        if "solution" in cell.tags:
            from_solutions |= dict.fromkeys(assigned(cell.source), cell)
        elif not cell.is_trial and not cell.tags & {"starter", "check"}:
            needed = set(needs(cell.source)) & set(from_solutions)
            assert not needed, f"cell {cell.number} needs {needed} of a solution"
            for each in assigned(cell.source):
                from_solutions.pop(each, None)


def left_to_run(tutorial: Tutorial) -> list[Cell]:
    return [
        cell
        for cell in tutorial.code_cells
        if not cell.is_trial and not cell.tags & {"solution", "interactive"}
    ]


def assigned(source: str) -> set[str]:
    """Return the names that a cell gives a value."""
    table = symtable.symtable(source, "cell", "exec")
    return {
        each.get_name()
        for each in table.get_symbols()
        if each.is_assigned() or each.is_imported() or each.is_namespace()
    }


def needs(source: str) -> Iterator[str]:
    r"""Yield the names whose values a cell takes from those before it.

    >>> sorted(needs("b = a\nb = b / 2\nd = d + 1\ndef f(x):\n    return b + c + x\n"))
    ['a', 'c', 'd']
    """
    table = symtable.symtable(source, "cell", "exec")
    own = assigned(source)
    yield from global_names(table, own)
    # What it assigns itself it may read first: `rate = rate / 2`.
    lines: dict[tuple[str, type], int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            lines.setdefault((node.id, type(node.ctx)), node.lineno)
    for each in own & {
        symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()
    }:
        first_read = lines.get((each, ast.Load))
        if first_read and first_read <= lines.get((each, ast.Store), 0):
            yield each


def global_names(table: symtable.SymbolTable, own: set[str]) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for each in table.get_symbols():
        if each.is_referenced() and (at_top or each.is_global()) and each.get_name() not in own:
            yield each.get_name()
    for child in table.get_children():
        yield from global_names(child, own)
