"""The course read from nothing: CPU seconds of parsing it and of making its keys.

    .venv/bin/python tests/bench/reading.py [--times 5] [--against REVISION]

Nothing is found again: each time is a process of its own, without a build cache. Prints medians, and with
REVISION, whose engine then reads the same tutorials in turns with this one, the ratio of the sums.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from measure import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--against", metavar="REVISION")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(read()))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        engines = {"here": ROOT}
        if given.against:
            engines[given.against] = extract(given.against, Path(scratch))
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
        for _ in range(given.times):
            for name, engine in engines.items():
                costs[name].append(in_a_process_of_its_own(engine))
    sums = {}
    for name, each in costs.items():
        parsing, keys = (statistics.median(column) for column in zip(*each, strict=True))
        sums[name] = statistics.median(map(sum, each))
        print(f"{name:12} {parsing:5.2f} CPU s parsing, {keys:5.2f} CPU s keys")
    if given.against:
        print(f"ratio        {sums['here'] / sums[given.against]:5.2f}")


def read() -> tuple[float, float]:
    """Return the CPU seconds of parsing the course and of making its keys."""
    from tutorial_engine.fingerprint import make_key
    from tutorial_engine.markup import check_maths
    from tutorial_engine.prose import check_numbers
    from tutorial_engine.settings import Settings
    from tutorial_engine.source import find_sources, parse

    settings = Settings.load(ROOT)
    started = time.process_time()
    tutorials = [parse(path, ROOT) for path in find_sources(settings.sources)]
    for tutorial in tutorials:
        list(check_numbers(tutorial))
        list(check_maths(tutorial))
    parsed = time.process_time()
    for tutorial in tutorials:
        make_key(tutorial, settings)
    return parsed - started, time.process_time() - parsed


def extract(revision: str, folder: Path) -> Path:
    """Put another revision's engine into a folder; return the folder."""
    command = ["git", "archive", revision, "tutorial_engine"]
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def in_a_process_of_its_own(engine: Path) -> tuple[float, float]:
    said = subprocess.run(
        [sys.executable, __file__, "--once"],
        env={**os.environ, "PYTHONPATH": str(engine)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(json.loads(said))


if __name__ == "__main__":
    main()
