"""A build that changes nothing, of the whole course; beside it, in turns, that of another revision.

    .venv/bin/python tests/bench/unchanged.py [--times 5] [--against FOLDER]

FOLDER is a checkout of the other revision in which `mkdocs build` has run, so that its runs are stored;
it is built with this Python. Here, too, what is missing is executed first. Prints the median wall and CPU
seconds, and with FOLDER their ratios. Bars: 4 s, and with FOLDER a quarter of its wall and CPU seconds; ends
with status 1 above one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measure import ROOT, Cost, run

BUILD_S, RATIO = 4.0, 0.25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    checkouts = {"here": ROOT, **({"there": given.against} if given.against else {})}
    costs: dict[str, list[Cost]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for turn in range(given.times + 1):
            for name, checkout in checkouts.items():
                site = Path(scratch, name)
                command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site]
                cost = run(command, checkout, PYTHONPATH=str(checkout))
                if turn:  # the first fills what each keeps
                    costs[name].append(cost)
    median = {name: Cost.median(each) for name, each in costs.items()}
    for name, cost in median.items():
        print(f"{name:6} {cost.wall_s:5.2f} s, {cost.cpu_s:5.2f} CPU s")
    if given.against:
        wall = median["here"].wall_s / median["there"].wall_s
        cpu = median["here"].cpu_s / median["there"].cpu_s
        print(f"ratio  {wall:5.2f}    {cpu:5.2f}")
        if max(wall, cpu) > RATIO:
            sys.exit(f"over {RATIO} of the other revision")
    if median["here"].wall_s > BUILD_S:
        sys.exit(f"over {BUILD_S} s")


if __name__ == "__main__":
    main()
