"""What recording costs: CPU seconds of tutorials with it and without, in turns.

    .venv/bin/python tests/bench/recording.py [--times N] [NAME...]

Bar: recording costs at most 2% of a tutorial's CPU, in the median of its runs. Ends with status 1 above it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine import execute
from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings

BAR = 0.02
_prepare, _recorded = execute.kernel_environment, execute.recorded


def unrecorded(tutorial, settings, private: Path, *own: Path) -> dict[str, str]:
    """Make a run's surroundings without what records it."""
    environment = _prepare(tutorial, settings, private, *own)
    Path(environment["PYTHONPATH"], "sitecustomize.py").write_text("", encoding="utf-8")
    return environment


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["tensors", "first-network"])
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    settings = Settings.load(ROOT)
    dear = []
    for lesson in load_course(settings):
        if lesson.name not in given.names:
            continue
        seconds: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * given.times):
            recording = turn % 2 == 0
            execute.kernel_environment = _prepare if recording else unrecorded
            execute.recorded = _recorded if recording else lambda *_: {"files": {}}
            run = execute.Execution(lesson.tutorial, lesson.key, settings).run()
            seconds[recording].append(run.cpu_s)
        with_, without = (statistics.median(seconds[each]) for each in (True, False))
        spread = max(seconds[False]) - min(seconds[False])
        print(
            f"{lesson.name:16} {with_:6.2f} CPU s recorded, {without:6.2f} without "
            f"(spread {spread:.2f}): {with_ / without - 1:+.1%}"
        )
        if with_ / without - 1 > BAR:
            dear.append(lesson.name)
    sys.exit(f"recording costs more than {BAR:.0%} of {', '.join(dear)}" if dear else 0)


if __name__ == "__main__":
    main()
