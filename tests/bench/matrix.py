"""The snippets' tests on the oldest and on the newest packages that pyproject.toml allows.

    .venv/bin/python tests/bench/matrix.py

Makes two fresh virtual environments, `.cache/matrix/oldest` and `.cache/matrix/newest`, with the oldest
and the newest Python that uv finds and the project allows. They hold the packages that snippets import,
in those versions, and what runs the tests: neither the lock's versions nor the engine's packages. Runs
the snippets' tests and doctests in both and ends with status 1 if one fails. Needs a package index.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine.fingerprint import distribution_of

FOLDER = ROOT / ".cache" / "matrix"
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
# What the tests use and do not import.
TOOLS = {"pytest-timeout", "ruff"}
# The project's options are pyproject.toml's; what other tests need (tests/conftest.py) stays away. Both
# environments see the same examples, and none has to be quick.
TESTS = ["tests/snippets", "snippets", "--confcutdir=tests/snippets", "--hypothesis-profile=ci"]
UV = [sys.executable, "-m", "uv"]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> dict[str, Requirement]:
    """Return what pyproject.toml asks for, its extras included: name -> requirement."""
    asked = project()
    lists = [asked["dependencies"], *asked["optional-dependencies"].values()]
    return {each.name: each for each in (Requirement(line) for lines in lists for line in lines)}


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the distributions that statements import, of those that pyproject.toml names."""
    modules: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
    return {distribution_of(each.partition(".")[0]) for each in modules} & requirements().keys()


def imported_in(folder: str) -> set[str]:
    """Return what a folder's files import, wherever in them."""
    files = (ROOT / folder).glob("*.py")
    return set().union(*(imported(ast.walk(ast.parse(file.read_bytes()))) for file in files))


def pythons() -> dict[str, str]:
    """Return the oldest and the newest Python that uv finds and the project allows."""
    command = [*UV, "python", "list", "--only-installed", "--output-format=json"]
    found = json.loads(said_by([*command, project()["requires-python"]]))
    found.sort(key=lambda python: Version(python["version"]))
    return {"oldest": found[0]["path"], "newest": found[-1]["path"]}


def said_by(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def install(name: str, base: str) -> str:
    """Make an environment, and return its Python."""
    needed = imported_in("snippets")
    tools = (imported_in("tests/snippets") | TOOLS) - needed
    subprocess.run([*UV, "venv", "-q", "--clear", "--python", base, FOLDER / name], check=True)
    python = str(FOLDER / name / ("Scripts" if os.name == "nt" else "bin") / "python")
    asked = requirements()
    for resolution, names in ((RESOLUTIONS[name], needed), ("highest", tools)):
        into = ["pip", "install", "-q", "--python", python, "--resolution", resolution]
        subprocess.run([*UV, *into, *(str(asked[each]) for each in sorted(names))], check=True)
    return python


def versions(python: str) -> dict[str, str]:
    """Return the versions of Python and of what snippets import in an environment."""
    listed = said_by([*UV, "pip", "list", "-q", "--format=json", "--python", python])
    found = {package["name"]: package["version"] for package in json.loads(listed)}
    held = {"Python": said_by([python, "--version"]).split()[1]}
    return held | {name: found[name] for name in sorted(imported_in("snippets"))}


def run_tests(name: str, python: str) -> tuple[bool, str]:
    """Run the tests; return whether none failed, and how many passed, failed and were skipped."""
    report = FOLDER / f"{name}.xml"
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-m", "pytest", *TESTS, f"--junit-xml={report}"],
        cwd=ROOT,
        env=variables | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if done.returncode not in (0, 1):  # neither passed nor failed
        return False, f"pytest ended with {done.returncode}"
    (suite,) = ElementTree.parse(report).getroot().iter("testsuite")
    tests, failures, errors, skipped = (
        int(suite.attrib[count]) for count in ("tests", "failures", "errors", "skipped")
    )
    passed, failed = tests - failures - errors - skipped, failures + errors
    counts = {"passed": passed, "failed": failed, "skipped": skipped}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return done.returncode == 0, words


def main() -> None:
    rows: dict[str, list[str]] = {}
    all_passed = True
    for name, base in pythons().items():
        python = install(name, base)
        passed, counts = run_tests(name, python)
        all_passed &= passed
        for row, cell in (versions(python) | {"tests": counts}).items():
            rows.setdefault(row, []).append(cell)
    print(f"\n{'package':16}{'oldest':28}newest")
    for row, (oldest, newest) in rows.items():
        print(f"{row:16}{oldest:28}{newest}")
    sys.exit(not all_passed)


if __name__ == "__main__":
    main()
