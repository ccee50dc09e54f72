"""The snippets' speed: two that once were slow against their bars, and every example beside another revision's.

    .venv/bin/python tests/bench/snippet_speed.py [--against FOLDER]

FOLDER is a checkout of the other revision. Each revision runs in a process of its own, one after the other, on
this Python: each example of a docstring a few times, of which the fastest counts. An example counts where both
revisions have it in the same words, under whatever file's name. Bars: a report on 300 classes within 1 s and
200 MB; with FOLDER a confusion matrix of 100 classes within a tenth of its time there, and no example that
takes longer than 5 ms more than 1.3 times as long as there. Ends with status 1 above one.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import importlib
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
REPORT_S, REPORT_MB, MATRIX_RATIO, RATIO, LEAST_S, TIMES = 1.0, 200.0, 0.1, 1.3, 0.005, 5
# The confusion matrix, by the names that it has had.
_MATRICES = (("plot_evaluation", "draw_confusion_matrix"), ("plots", "confusion_matrix"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measured()))
        return
    here = in_a_process(ROOT)
    report_s, report_mb = here["report_s"], here["report_mb"]
    print(f"a report on 300 classes: {report_s:.2f} s, {report_mb:.0f} MB more than before it")
    print(f"a confusion matrix of 100 classes, drawn: {here['matrix_s']:.2f} s")
    missed = []
    if report_s > REPORT_S or report_mb > REPORT_MB:
        missed.append(f"the report takes more than {REPORT_S} s or {REPORT_MB:.0f} MB")
    if given.against:
        there = in_a_process(given.against.resolve())
        ratio = here["matrix_s"] / there["matrix_s"]
        print(f"  there {there['matrix_s']:.2f} s, ratio {ratio:.3f}")
        if ratio > MATRIX_RATIO:
            missed.append(f"the confusion matrix takes more than {MATRIX_RATIO} of its time there")
        missed += compared(here["examples"], there["examples"])
    if missed:
        sys.exit("\n".join(missed))


def compared(here: dict[str, list], there: dict[str, list]) -> Iterator[str]:
    """Print the examples that both have, the slowest here first by ratio; yield those above the bar."""
    known = {(name.partition(".")[2], text): seconds for name, (text, seconds) in there.items()}
    both = {
        name: (seconds, known[name.partition(".")[2], text])
        for name, (text, seconds) in here.items()
        if (name.partition(".")[2], text) in known
    }
    print(f"{len(both)} examples of {len(here)} are the same there")
    for name, (now, then) in sorted(both.items(), key=lambda item: -item[1][0] / item[1][1])[:15]:
        print(f"  {name:45} {1000 * now:8.2f} ms, there {1000 * then:8.2f} ms: {now / then:.2f}")
    for name, (now, then) in both.items():
        if max(now, then) > LEAST_S and now / then > RATIO:
            yield f"{name} takes {now / then:.2f} times as long as there"


def in_a_process(folder: Path) -> dict:
    """Measure the snippets of a checkout."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"}
    environment["PYTHONPATH"] = str(folder)
    command = [sys.executable, __file__, "--here"]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured() -> dict:
    """Measure what the folder of this process has."""
    import numpy as np

    random = np.random.default_rng(0)
    y_true = random.permutation(np.repeat(np.arange(300), 10))
    y_pred = np.where(random.random(len(y_true)) < 0.8, y_true, random.integers(0, 300, 3000))
    names = [f"class {number}" for number in range(300)]
    metrics = importlib.import_module("snippets.metrics")
    before = peak_mb()
    started = time.perf_counter()
    metrics.class_report(y_true, y_pred, class_names=names)
    report_s, report_mb = time.perf_counter() - started, peak_mb() - before
    return {
        "report_s": report_s,
        "report_mb": report_mb,
        "matrix_s": fastest(lambda: drawn_matrix(y_true % 100, y_pred % 100, names[:100]), 2),
        "examples": dict(examples()),
    }


def drawn_matrix(y_true, y_pred, names: list[str]) -> None:
    """Draw a confusion matrix into a file that nobody keeps."""
    for module, name in _MATRICES:
        with contextlib.suppress(ImportError, AttributeError):
            draw = getattr(importlib.import_module(f"snippets.{module}"), name)
            draw(y_true, y_pred, class_names=names).savefig(io.BytesIO())
            return
    raise LookupError("no confusion matrix")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def fastest(call: Callable[[], object], times: int) -> float:
    """Return the seconds of the fastest of so many calls."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def examples() -> Iterator[tuple[str, tuple[str, float]]]:
    """Yield each public function's example with its seconds: `module.name`, its text, seconds."""
    for file in sorted(Path("snippets").glob("[a-z]*.py")):
        module = importlib.import_module(f"snippets.{file.stem}")
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, file.stem):
            if not test.examples or test.name == file.stem:
                continue
            text = "".join(each.source for each in test.examples)
            yield (
                test.name,
                (text, fastest(lambda text=text, module=module: ran(text, module), TIMES)),
            )


def ran(text: str, module: ModuleType) -> None:
    """Run an example as a program whose output nobody reads."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        exec(compile(text, "example", "exec"), dict(vars(module)))


if __name__ == "__main__":
    main()
