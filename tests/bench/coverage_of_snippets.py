"""How much of each snippet its tests reach: lines and branches, against the bars of the course.

    .venv/bin/python tests/bench/coverage_of_snippets.py

Runs the snippets' tests and doctests. Bars, for each snippet: 95% of the lines and 90% of the
branches. Ends with an error if one is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES, BRANCHES = 95, 90


def measure() -> dict:
    """Run the tests and return coverage's report.

    Raises:
        subprocess.CalledProcessError: a test failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        seen, data, report = (Path(folder, name) for name in ("seen", "data", "report.json"))
        coverage, where = [sys.executable, "-m", "coverage"], f"--data-file={data}"
        for step in (
            ["run", f"--data-file={seen}", "-m", "pytest", "tests/snippets", "snippets"],
            ["combine", "-q", where, seen],  # a snippet's lone copies count as the snippet
            ["json", "-q", where, "-o", report],
        ):
            subprocess.run([*coverage, *step], cwd=ROOT, check=True)
        return json.loads(report.read_text(encoding="utf-8"))


def main() -> None:
    report = measure()
    rows = {name: file["summary"] for name, file in report["files"].items()}
    rows["all"] = report["totals"]
    print(f"{'snippet':28} {'lines':>7} {'branches':>9}")
    for name, row in rows.items():
        lines, branches = row["percent_statements_covered"], row["percent_branches_covered"]
        print(f"{name:28} {lines:6.1f}% {branches:8.1f}%")
    for name, file in report["files"].items():
        if file["missing_lines"]:
            print(f"not reached in {name}: {file['missing_lines']}")
    low = [
        name
        for name, row in rows.items()
        if row["percent_statements_covered"] < LINES or row["percent_branches_covered"] < BRANCHES
    ]
    if low:
        sys.exit(f"below {LINES}% of the lines or {BRANCHES}% of the branches: {', '.join(low)}")


if __name__ == "__main__":
    main()
