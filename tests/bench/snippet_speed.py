"""The snippets' speed: two that once were slow against their bars, and every example beside another revision's.

    .venv/bin/python tests/bench/snippet_speed.py [--against FOLDER]

FOLDER is a checkout of the other revision. Each revision has a process of its own on this Python; the two take
turns, example by example, so that whatever else the machine does meets both, and CPU seconds count, the fewest of
a few runs. An example counts where both revisions have it in the same words, under whatever file's name. A figure
is drawn as well, as whoever asks for one does: work done early, such as making an axis's ticks, is then not done
twice. Bars: a report on 300 classes within 1 s and 200 MB, a confusion matrix of 100 classes within 1.9 s, a tenth
of what it once took; with FOLDER no example that takes longer than 5 ms more than 1.3 times as long as there. Ends
with status 1 above one.
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
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REPORT_S, REPORT_MB, MATRIX_S = 1.0, 200.0, 1.9
RATIO, LEAST_S, TIMES = 1.3, 0.005, 7
# The confusion matrix, by the names that it has had.
_MATRICES = (("plot_evaluation", "draw_confusion_matrix"), ("plots", "confusion_matrix"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        answer_questions()
        return
    here = Revision(ROOT)
    report_s, report_mb = here.ask("report")
    print(f"a report on 300 classes: {report_s:.2f} s, {report_mb:.0f} MB more than before it")
    missed = []
    if report_s > REPORT_S or report_mb > REPORT_MB:
        missed.append(f"the report takes more than {REPORT_S} s or {REPORT_MB:.0f} MB")
    matrix_s = min(here.ask("matrix") for _ in range(2))
    print(f"a confusion matrix of 100 classes, drawn: {matrix_s:.2f} s")
    if matrix_s > MATRIX_S:
        missed.append(f"the confusion matrix takes more than {MATRIX_S} s")
    if given.against:
        missed += compared(here, Revision(given.against.resolve()))
    if missed:
        sys.exit("\n".join(missed))


def compared(here: Revision, there: Revision) -> Iterator[str]:
    """Print the slowest examples of those that both have, by ratio; yield those above the bar."""
    names_there = {
        (name.partition(".")[2], text): name for name, text in there.ask("examples").items()
    }
    examples = here.ask("examples")
    both = {
        name: names_there[key]
        for name, text in examples.items()
        if (key := (name.partition(".")[2], text)) in names_there
    }
    print(f"{len(both)} examples of {len(examples)} are the same there")
    seconds = {}
    for name, name_there in both.items():
        turns = [(here.ask(name), there.ask(name_there)) for _ in range(TIMES)]
        seconds[name] = tuple(map(min, zip(*turns, strict=True)))
    for name, (now, then) in sorted(seconds.items(), key=lambda item: -item[1][0] / item[1][1]):
        print(f"  {name:45} {1000 * now:8.2f} ms, there {1000 * then:8.2f} ms: {now / then:.2f}")
        if max(now, then) > LEAST_S and now / then > RATIO:
            yield f"{name} takes {now / then:.2f} times as long as there"


class Revision:
    """The snippets of a checkout, in a process of their own that answers one question at a time."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"}
        environment["PYTHONPATH"] = str(folder)
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--here"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> Any:
        """Ask for the `report`'s seconds and MB, the `matrix`'s seconds, all `examples`, or one's seconds."""
        assert self._process.stdin
        assert self._process.stdout
        print(question, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def answer_questions() -> None:
    """Answer what `Revision.ask` asks of the snippets in this folder until nobody asks any more."""
    known = dict(examples())
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        for question in map(str.strip, sys.stdin):
            if question == "report":
                answer: object = measured_report()
            elif question == "matrix":
                answer = seconds_of(drawn_matrix)
            elif question == "examples":
                answer = {name: text for name, (text, _) in known.items()}
            else:
                text, module = known[question]
                answer = seconds_of(lambda text=text, module=module: ran(text, module))
            print(json.dumps(answer), file=answers, flush=True)


def some_answers(per_class: int):
    """Draw labels of 300 classes and answers of which four in five are true, with names."""
    import numpy as np

    random = np.random.default_rng(0)
    y_true = random.permutation(np.repeat(np.arange(300), per_class))
    is_hit = random.random(len(y_true)) < 0.8
    y_pred = np.where(is_hit, y_true, random.integers(0, 300, len(y_true)))
    return y_true, y_pred, [f"class {number}" for number in range(300)]


def measured_report() -> tuple[float, float]:
    """Return the seconds of a report on 300 classes, and the MB that it needs."""
    y_true, y_pred, names = some_answers(10)
    report = importlib.import_module("snippets.metrics").class_report
    before = peak_mb()
    return seconds_of(lambda: report(y_true, y_pred, class_names=names)), peak_mb() - before


def drawn_matrix() -> None:
    """Draw a confusion matrix of 100 classes into a file that nobody keeps."""
    y_true, y_pred, names = some_answers(10)
    for module, name in _MATRICES:
        with contextlib.suppress(ImportError, AttributeError):
            draw = getattr(importlib.import_module(f"snippets.{module}"), name)
            draw(y_true % 100, y_pred % 100, class_names=names[:100]).savefig(io.BytesIO())
            return
    raise LookupError("no confusion matrix")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def seconds_of(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def examples() -> Iterator[tuple[str, tuple[str, ModuleType]]]:
    """Yield each public function's example: `module.name`, its text and its module."""
    for file in sorted(Path("snippets").glob("[a-z]*.py")):
        module = importlib.import_module(f"snippets.{file.stem}")
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, file.stem):
            if test.examples and test.name != file.stem:
                yield test.name, ("".join(each.source for each in test.examples), module)


def ran(text: str, module: ModuleType) -> None:
    """Run an example as a program whose output nobody reads, and draw the figures that it makes."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception), drawing():
        exec(compile(text, "example", "exec"), dict(vars(module)))


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw each figure when it is closed, which is the last that a snippet does with one."""
    import matplotlib.pyplot as plt

    close = plt.close

    def draw_and_close(figure=None) -> None:
        if hasattr(figure, "savefig"):
            figure.savefig(io.BytesIO())
        close(figure)

    plt.close = draw_and_close
    try:
        yield
    finally:
        plt.close = close


if __name__ == "__main__":
    main()
