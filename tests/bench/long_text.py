"""How the cost of reading a text grows with its length: of checking it, and of lowering it for a notebook.

    .venv/bin/python tests/bench/long_text.py [--size 5000]

Texts of links, images in links, brackets and lists of attributes that never end; each once, and once twice as long.
Prints the ratio of the CPU seconds: 2 where a text costs what its length costs. Ends with status 1 above 3.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tutorial_engine.notebooks import lower
from tutorial_engine.structure import problems

TEXTS = {
    "links": "[a](b.md), [![c](d.png)](e.md) and x[0]\n",
    "attributes": "{.a 'b ",
    "tables": "| `a|b` | [c](d.md) |\n|---|---|\n",
}
STEPS: dict[str, Callable[[str], object]] = {
    "checked": lambda text: list(problems(text)),
    "lowered": lambda text: lower(text, link=lambda target: None),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=5000, help="repetitions in the shorter text")
    size = parser.parse_args().size
    ratios = []
    for name, text in TEXTS.items():
        for step, act in STEPS.items():
            act(text)  # what is imported late
            once, twice = (seconds(act, text * (size * times)) for times in (1, 2))
            ratios.append(twice / once)
            print(f"{name:12} {step}: {ratios[-1]:4.1f} times the CPU seconds")
    return int(max(ratios) > 3)


def seconds(act: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    act(text)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
