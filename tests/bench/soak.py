"""Random schedules by the hundred: edits, damage and kills, each build compared with one from nothing.

    .venv/bin/python tests/bench/soak.py [--seed SEED] [--count COUNT]

Prints the seed, so that what differs can be played again. Ends with status 1 if a page differs.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.engine.random_schedules import FIRST, SECOND, Playground, Reference, made, play_schedule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    print(f"{given.count} schedules from seed {given.seed}", flush=True)
    differing = []
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        start, folder = Path(scratch, "start"), Path(scratch, "schedules")
        start.mkdir()
        play = Playground(start)
        for file in (FIRST, SECOND):
            made(play.course, file)
        reference = Reference(Path(scratch))
        for seed in range(given.seed, given.seed + given.count):
            told = play_schedule(seed, start, folder, reference)
            if any(each.startswith("DIFFERS") for each in told):
                differing.append(seed)
                print(f"seed {seed}:", *told, sep="\n  ", flush=True)
    print(f"{len(differing)} of {given.count} schedules differ {differing or ''}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
