"""Ten tutorials that are over when TensorFlow is loaded: a cold build of ours against stock mkdocs-jupyter.

    .venv/bin/python tests/bench/start_up.py [--times 3]

Each imports TensorFlow, does one small operation and says a sentence. Both build the same ten, in turns, from
nothing; printed are the medians of wall and CPU seconds and their ratios. Then a run of *Tensors* in a
forked kernel, its nursery being there, and in a started one, in turns, likewise.

Bar: wall and CPU time are at most 0.35 of the other's. Ends with status 1 above it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import yaml
from build import BUILD, make_stock
from measure import ROOT, Cost, copy_repository, run

sys.path.insert(0, str(ROOT))

from tutorial_engine.course import load_course
from tutorial_engine.execute import Execution
from tutorial_engine.settings import Settings

BAR = 0.35
TUTORIALS = 10
TEXT = """\
# ---
# title: Sum {number}
# summary: One small operation, number {number}.
# ---

# %% [markdown]
# TensorFlow adds.

# %%
import tensorflow as tf

tf.constant([1, 2]) + {number}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=3, help="builds and runs of each")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        ours = only_sums(Path(scratch) / "ours")
        stock = make_stock(only_sums(Path(scratch) / "stock"))
        mine, theirs = [], []
        for _ in range(times):
            for folder in (ours, stock):
                shutil.rmtree(folder / ".cache", ignore_errors=True)
            mine.append(run(BUILD, ours))
            theirs.append(run(BUILD, stock, PYTHONPATH=str(stock)))
    ratios = show(f"{TUTORIALS} tutorials", ("ours", mine), ("stock", theirs))
    runs: dict[str, list[Cost]] = {"forked": [], "started": []}
    run_tensors(is_forked=True)  # which begins the nursery
    for _ in range(times):
        for kind, costs in runs.items():
            costs.append(run_tensors(is_forked=kind == "forked"))
    show("a run of Tensors", *runs.items())
    sys.exit(f"over the bar of {BAR}: {max(ratios):.2f}" if max(ratios) > BAR else 0)


def run_tensors(*, is_forked: bool) -> Cost:
    """Run a tutorial of the course once; return what that took."""
    settings = Settings.load(ROOT)
    (lesson,) = (each for each in load_course(settings) if each.name == "tensors")
    execution = Execution(lesson.tutorial, lesson.key, settings)
    if not is_forked:
        execution._libraries = ()
    done = execution.run()
    return Cost(done.wall_s, done.cpu_s, done.peak_mb)


def only_sums(folder: Path) -> Path:
    """Return a copy of the repository whose course are ten sums, and nothing else."""
    copy_repository(folder)
    shutil.rmtree(folder / "docs")
    shutil.rmtree(folder / "tutorials_src")
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# Sums\n\nTen of them.\n", encoding="utf-8")
    part = folder / "tutorials_src" / "1_sums"
    (folder / "tutorials_src" / "data").mkdir(parents=True)
    (folder / "tutorials_src" / "data" / "checksums.json").write_text("{}", encoding="utf-8")
    part.mkdir()
    for number in range(1, TUTORIALS + 1):
        file = part / f"{number:02d}_sum_{number}.py"
        file.write_text(TEXT.format(number=number), encoding="utf-8")
    text = (folder / "mkdocs.yml").read_text(encoding="utf-8")
    config = yaml.unsafe_load(text.replace("!ENV", ""))
    for key in ("site_url", "repo_url", "edit_uri", "validation", "not_in_nav", "exclude_docs"):
        config.pop(key, None)
    config |= {"nav": [{"Home": "index.md"}, "tutorials"], "plugins": ["search", "tutorials"]}
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def show(
    title: str, first: tuple[str, list[Cost]], second: tuple[str, list[Cost]]
) -> tuple[float, float]:
    """Print what both cost; return the ratios on the clock and on the processor."""
    (name, one), (other, two) = ((each, Cost.median(costs)) for each, costs in (first, second))
    ratios = one.wall_s / two.wall_s, one.cpu_s / two.cpu_s
    print(
        f"{title}: {name} {one.wall_s:.1f} s, {one.cpu_s:.1f} CPU s; {other} {two.wall_s:.1f} s, "
        f"{two.cpu_s:.1f} CPU s; wall {ratios[0]:.2f}, CPU {ratios[1]:.2f}"
    )
    return ratios


if __name__ == "__main__":
    main()
