"""Six notebooks as marimo has them, which is also how molab opens them: converted afresh, run, compared with what they say.

    .venv/bin/python tests/bench/marimo.py [NAME...]

Each notebook is converted by `marimo convert` and run to its end in an empty folder, cells in marimo's own order.
What fails must be what the page fails on purpose, and nothing else. Without names: those of the course whose own runs
took the fewest CPU seconds, and that download no data. marimo comes from the package index, in the version below, into an environment of its own.
Prints a line for each and ends with status 1 if a cell fails that should not, or the other way round.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine.course import load_course
from tutorial_engine.notebooks import standalone_notebook
from tutorial_engine.schedule import bring_up_to_date
from tutorial_engine.settings import Settings
from tutorial_engine.store import Store

MARIMO = "marimo==0.25.2"
COUNT = 6
# How marimo says, in a cell that it has converted, what the notebook's cell was tagged.
_ON_PURPOSE = ("# Cell tags:", "raises-exception")


def main(names: list[str]) -> None:
    settings = Settings.load(ROOT)
    lessons = [each for each in load_course(settings) if each.name in names or not names]
    outcomes = [
        each
        for each in bring_up_to_date(lessons, settings, Store(settings))
        if names or not (each.lesson.is_atlas or "keras.datasets" in each.lesson.tutorial.text)
    ]
    if errors := [str(each.error) for each in outcomes if each.error]:
        sys.exit("\n".join(errors))
    outcomes.sort(key=lambda each: each.run.cpu_s)
    failed = False
    print(f"{'notebook':20} {'seconds':>7} {'cells':>6} {'raise on purpose':>17}  else")
    for outcome in outcomes if names else outcomes[:COUNT]:
        text = standalone_notebook(outcome.lesson.tutorial, outcome.run, settings)
        started = time.monotonic()
        cells = run_in_marimo(text)
        wrong = unexpected(nbformat.reads(text, as_version=4), cells)
        failed = failed or bool(wrong)
        purpose = sum(map(is_on_purpose, cells))
        seconds = time.monotonic() - started
        print(
            f"{outcome.lesson.name:20} {seconds:7.0f} {len(cells):6} {purpose:17}  "
            + ("; ".join(wrong) or "as its page says"),
            flush=True,
        )
    sys.exit(failed)


def run_in_marimo(notebook: str) -> list[nbformat.NotebookNode]:
    """Return the code cells of a notebook after marimo has converted and run it."""
    marimo = [sys.executable, "-m", "uv", "run", "--no-project", "--python", sys.prefix]
    marimo += ["--with", MARIMO, "marimo"]
    with tempfile.TemporaryDirectory(prefix="marimo-") as scratch:
        work = Path(scratch, "an empty folder")
        work.mkdir()
        variables = {
            **os.environ,
            "HOME": scratch,
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TUTORIALS_DATA": str(ROOT / "tutorials_src" / "data"),
        }
        (work / "page.ipynb").write_text(notebook, encoding="utf-8")
        convert = [*marimo, "convert", "page.ipynb", "-o", "page.py"]
        subprocess.run(convert, cwd=work, env=variables, check=True, stdout=subprocess.DEVNULL)
        # Its status is that of a cell that failed, which may be on purpose.
        run = [*marimo, "export", "ipynb", "page.py", "-o", "ran.ipynb", "--include-outputs"]
        ended = subprocess.run(
            [*run, "--sort", "top-down"],
            cwd=work,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if not (work / "ran.ipynb").is_file():
            sys.exit(ended.stdout)
        ran = nbformat.read(work / "ran.ipynb", as_version=4)
        return [cell for cell in ran.cells if cell.cell_type == "code"]


def is_on_purpose(cell: nbformat.NotebookNode) -> bool:
    first = cell.source.partition("\n")[0]
    return all(part in first for part in _ON_PURPOSE)


def unexpected(notebook: nbformat.NotebookNode, cells: list[nbformat.NotebookNode]) -> list[str]:
    """Return what a run in marimo did otherwise than the page says."""
    found: list[str] = []
    # marimo's import of itself is the one cell more.
    tags = Counter(
        "raises-exception" in cell.metadata.get("tags", [])
        for cell in notebook.cells
        if cell.cell_type == "code"
    )
    if len(cells) != tags.total() + 1 or sum(map(is_on_purpose, cells)) != tags[True]:
        found.append(f"{len(cells) - 1} of {tags.total()} cells arrived")
    below = 0
    for number, cell in enumerate(cells):
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if is_on_purpose(cell):
            if not errors:
                found.append(f"cell {number} does not fail")
        elif errors and errors[0].ename == "Ancestor raised":
            below += 1
        elif errors:
            found.append(f"cell {number}: {errors[0].ename}: {errors[0].evalue[:100]}")
    return [*found, f"{below} cells that need what failed"] if below else found


if __name__ == "__main__":
    main(sys.argv[1:])
