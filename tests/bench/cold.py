"""The whole course built from nothing, against its bars; beside it, in turns, another revision's.

    .venv/bin/python tests/bench/cold.py [--times 1] [--against REVISION]

Copies the repository without its cache, builds the site, and prints wall and CPU seconds, the largest
memory of the process tree, and each tutorial's own. REVISION is checked out beside it, built in turns by
its own engine with this Python, and the ratios are printed. Bars: 5 GB for the build, 240 CPU seconds for a
tutorial, 15 minutes, and with REVISION 0.6 of its wall and CPU seconds. Ends with an error if one is missed;
on a busy machine, run it again.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from measure import ROOT, Cost, copy_repository, run

BUILD_S, BUILD_MB, TUTORIAL_CPU_S, RATIO = 15 * 60, 5_000, 240, 0.6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--against", metavar="REVISION")
    given = parser.parse_args()
    costs: dict[str, list[Cost]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        ours = copy_repository(Path(scratch) / "ours")
        theirs = given.against and _checkout(given.against, Path(scratch) / "theirs")
        for _ in range(given.times):
            costs["ours"].append(_build(ours, ROOT))
            if theirs:
                costs["theirs"].append(_build(theirs, theirs))
        report = json.loads((ours / "site" / "build.json").read_text(encoding="utf-8"))
    for each in report["tutorials"]:
        print(f"{each['name']:20} {each['cpu_s']:6.0f} CPU s {each['peak_mb']:6.0f} MB")
    cost = Cost.median(costs["ours"])
    print(f"{'build':20} {cost.cpu_s:6.0f} CPU s {cost.peak_mb:6.0f} MB {cost.wall_s:6.0f} s")
    missed = [each["name"] for each in report["tutorials"] if each["cpu_s"] > TUTORIAL_CPU_S]
    missed += ["build"] * (cost.wall_s > BUILD_S or cost.peak_mb > BUILD_MB)
    if given.against:
        other = Cost.median(costs["theirs"])
        wall, cpu = cost.wall_s / other.wall_s, cost.cpu_s / other.cpu_s
        print(
            f"{given.against:20} {other.cpu_s:6.0f} CPU s {other.peak_mb:6.0f} MB {other.wall_s:6.0f} s"
        )
        print(f"{'ratio':20} {cpu:6.2f} CPU   {wall:6.2f} wall")
        missed += ["ratio"] * (wall > RATIO or cpu > RATIO)
    if missed:
        sys.exit(f"over the bar: {', '.join(missed)}")


def _checkout(revision: str, folder: Path) -> Path:
    archive = subprocess.run(
        ["git", "archive", revision], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def _build(folder: Path, engine: Path) -> Cost:
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    return run(command, folder, PYTHONPATH=str(engine))


if __name__ == "__main__":
    main()
