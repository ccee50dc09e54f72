"""The whole course built from nothing, against its bars.

    .venv/bin/python tests/bench/cold.py

Copies the repository without its cache, builds the site, and prints wall and CPU seconds, the largest
memory of the process tree, and each tutorial's own. Bars: 15 minutes and 5 GB for the build, 240 CPU
seconds for a tutorial. Ends with an error if one is missed; on a busy machine, run it again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from measure import copy_repository, run

BUILD_S, BUILD_MB, TUTORIAL_CPU_S = 15 * 60, 5_000, 240


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        ours = copy_repository(Path(scratch) / "ours")
        cost = run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"], ours)
        report = json.loads((ours / "site" / "build.json").read_text(encoding="utf-8"))
    for each in report["tutorials"]:
        print(f"{each['name']:20} {each['cpu_s']:6.0f} CPU s {each['peak_mb']:6.0f} MB")
    print(f"{'build':20} {cost.cpu_s:6.0f} CPU s {cost.peak_mb:6.0f} MB {cost.wall_s:6.0f} s")
    missed = [each["name"] for each in report["tutorials"] if each["cpu_s"] > TUTORIAL_CPU_S]
    missed += ["build"] * (cost.wall_s > BUILD_S or cost.peak_mb > BUILD_MB)
    if missed:
        sys.exit(f"over the bar: {', '.join(missed)}")


if __name__ == "__main__":
    main()
