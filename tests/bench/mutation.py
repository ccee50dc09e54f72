"""Mutation testing on demand: how many small changes to a snippet its tests notice.

    make mutation                                    # or one or more of the modules:
    .venv/bin/python -m uv run --no-project --python .venv --with mutmut==3.8.1 \
        tests/bench/mutation.py metrics

Mutmut changes one thing at a time (an operator, a number, an argument, a text) and runs the tests that
reach it. Bar: of each module, 85% of the changes fail a test. Prints each change that none noticed.
Mutmut is asked for here alone, so it is no dependency. It works on a copy.

Most changes that survive say the same otherwise (`reshape(-2)` for `reshape(-1)`, a `dtype` that NumPy would
choose too, "UTF-8", a sign in modular arithmetic, a root sought between bounds further apart) or change what
never runs: a check stands in several snippets in the same words, and each of them needs only some of its
arguments, bounds and messages; `metrics` has a mean of no class at all. Three, in `datasets`, would take an
odd file to notice: a web page that starts at its 513th byte, a table of checksums with letters beyond ASCII,
a picture without RGB colours.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BAR = 0.85
# Each snippet, and the tests that are to notice.
MODULES = {
    "metrics": "test_metrics.py",
    "roc": "test_roc.py",
    "calibration": "test_calibration.py",
    "datasets": "test_datasets_small.py",
    "sampling": "test_sampling.py",
    "preprocessing": "test_preprocessing.py",
}
# The first three take seconds each, and every change that survives would wait for them; the last reads
# the names of a module's functions, where Mutmut adds its own.
LEFT_OUT = "as_often_as or drawing_weights or on_real_photographs or is_simulated_here"
# The same examples for each change, so that what survives does not depend on luck, and the quick tests
# first. A failing example is not made smaller: that it fails is enough.
CONFTEST = """
from hypothesis import Phase, settings

phases = [Phase.explicit, Phase.generate]
settings.register_profile(
    "mutation", derandomize=True, database=None, deadline=None, phases=phases
)
settings.load_profile("mutation")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: hasattr(item.function, "hypothesis") or "sheets" in item.fixturenames)
"""


def prepare(folder: Path, module: str) -> None:
    """Lay out a folder that holds the snippets, the tests of one and mutmut's settings."""
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "snippets" / MODULES[module], folder / "tests")
    (folder / "tests" / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    no_bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "snippets", folder / "snippets", ignore=no_bytecode)
    settings = {
        "source_paths": ["snippets"],
        "only_mutate": [f"snippets/{module}.py"],
        "pytest_add_cli_args": ["--import-mode=importlib", "-k", f"not ({LEFT_OUT})"],
        "pytest_add_cli_args_test_selection": ["tests"],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    text = "\n".join(["[tool.mutmut]", *lines]) + "\n"
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in the folder and return what it says.

    Raises:
        SystemExit: it fails, as it does where a test fails without any change.
    """
    done = subprocess.run(["mutmut", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def outcomes(folder: Path) -> dict[str, str]:
    """Return what became of each change: its name -> killed, survived, timeout, no tests, …"""
    lines = mutmut(folder, "results", "--all", "true").splitlines()
    return dict(line.strip().rsplit(": ", 1) for line in lines if ": " in line)


def main(modules: list[str]) -> None:
    below = []
    for module in modules or MODULES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, module)
            mutmut(folder, "run", "--max-children", "1")
            found = outcomes(folder)
            unnoticed = [each for each, end in found.items() if end not in ("killed", "timeout")]
            for each in unnoticed:
                lines = mutmut(folder, "show", each).splitlines()
                changed = [line for line in lines if re.match(r"[+-](?![+-]{2} )", line)]
                print(each, *changed, sep="\n    ", flush=True)
        part, counts = 1 - len(unnoticed) / len(found), dict(Counter(found.values()))
        print(f"{module}: {part:.1%} of {len(found)} changes noticed: {counts}", flush=True)
        below += [module] if part < BAR else []
    if below:
        sys.exit(f"below {BAR:.0%}: {', '.join(below)}")


if __name__ == "__main__":
    main(sys.argv[1:])
