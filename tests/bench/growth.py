"""How a build grows with the course: ours beside plain MkDocs on the same pages, in turns.

    .venv/bin/python tests/bench/growth.py [--sizes 20 100 400] [--times 3] [--json FILE]
    .venv/bin/python tests/bench/growth.py --weigh [FOLDER]

Each size is a course of that many tiny tutorials whose runs are stored, so nothing is executed. *Plain*
is `mkdocs build` of the same pages, exported, with the same theme and plugins but ours; the run records are
mkdocs-jupyter's in both. The first build of each, which fills what is kept, is not counted. Prints medians: wall and CPU seconds, the largest memory of the process,
files and megabytes of the site, kilobytes of a page and of the search index, and the cost of one more
tutorial. Bars: at most 1.2 times the CPU seconds of plain at each size; one more tutorial costs at most 1.2
times at the largest size what it costs at the size before, or no more than it costs plain; 400 MB. Ends
with status 1 if one is missed.

`--weigh` builds nothing: it says what the built site and the stored runs of a checkout weigh.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from build import make_plain
from engine.tiny import Course, made_run, picture
from measure import ROOT, Cost
from rich.console import Console
from rich.table import Table

RATIO, STEADY, MEGABYTES = 1.2, 1.2, 400
PART = 20  # tutorials in a part

BODY = """\
# %% [markdown]
# Tutorial {number} adds two numbers. Its sum depends on `{number}`, which no other tutorial adds, and the
# text says so in as many words as a short paragraph has.

# %%
from snippets import helper

total = helper.add({number}, 3)
print("the total is", total)

# %% [markdown]
# ## What came out
#
# Together they make `{{python}} total`. The next cell draws them.

# %%
total

# %% [markdown]
# ## What to remember
#
# - Sums of small numbers are small.
# - $a + b = b + a$, as in [another tutorial]({before}).

# %% tags=["claims"]
assert total == {number} + 3, "the sum of {number} and three is right"
"""


@dataclass(frozen=True)
class Built:
    """Medians of a site's builds, and what it weighs."""

    cost: Cost
    files: int
    site_mb: float
    page_kb: float
    index_kb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100, 400])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--weigh", type=Path, nargs="?", const=ROOT, metavar="FOLDER")
    given = parser.parse_args()
    if given.weigh:
        weigh_checkout(given.weigh)
        return
    results: dict[int, tuple[Built, Built]] = {}
    for size in sorted(given.sizes):
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            results[size] = measure(Path(scratch), size, given.times)
        ours, plain = (each.cost for each in results[size])
        said = f"{size}: {ours.cpu_s:.1f} CPU s, plain {plain.cpu_s:.1f}; {ours.peak_mb:.0f} MB"
        print(said, file=sys.stderr)
    missed = show(results)
    if given.json:
        document = {size: [asdict(each) for each in pair] for size, pair in results.items()}
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if missed:
        sys.exit(f"over the bar: {', '.join(missed)}")


def measure(scratch: Path, size: int, times: int) -> tuple[Built, Built]:
    """Build a course of a size and its exported pages in turns; return what each came to."""
    ours = make_course(scratch / "ours", size)
    sites = ours, make_plain(ours, scratch / "plain")
    costs: tuple[list[Cost], list[Cost]] = [], []
    for turn in range(times + 1):
        for site, kept in zip(sites, costs, strict=True):
            cost = build(site)
            if turn:
                kept.append(cost)
    return tuple(weigh(site, Cost.median(kept)) for site, kept in zip(sites, costs, strict=True))


def make_course(folder: Path, size: int) -> Path:
    """Write a course of tiny tutorials with a figure each, and store a run of each."""
    course = Course(folder)
    shutil.copytree(ROOT / "overrides", folder / "overrides")
    (folder / "docs").mkdir()
    for name in ("index.md", "glossary.md"):
        (folder / "docs" / name).write_text(f"# {name}\n", encoding="utf-8")
    config = yaml.unsafe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8").replace("!ENV", ""))
    for key in ("site_url", "repo_url", "edit_uri", "extra_css", "extra_javascript"):
        config.pop(key, None)
    config["nav"] = [{"Home": "index.md"}, "tutorials", {"About": ["about/checks.md"]}]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    store, text = course.store, {"output_type": "stream", "name": "stdout"}
    for number in range(size):
        file = file_of(number)
        before = Path(file_of(number - 1 if number % PART else number)).name
        course.tutorial(
            BODY.format(number=number, before=before), file=file, title=f"Tutorial {number}"
        )
        printed = {**text, "text": f"the total is {number + 3}\n"}
        drawn = picture(alt=f"Two bars, {number} and 3.", content=chart(number))
        store.save(made_run(course, file, outputs=[[printed], [drawn], []]))
    return folder


def file_of(number: int) -> str:
    part, place = divmod(number, PART)
    return f"{part + 1}_part_{part + 1}/{place + 1:02d}_t{number:04d}.py"


def chart(number: int) -> bytes:
    """Return a small picture that no other tutorial has."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    image = Image.effect_noise((200, 120), 5 + number % 200).convert("RGB")
    image.putpixel((0, 0), (number % 256, number // 256, 0))
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def build(site: Path) -> Cost:
    """Build a site in a process of its own: there is one, so its largest memory is known exactly."""
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
    ]  # not --quiet: then nothing rendered is kept
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=site, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode:
            output.seek(0)
            sys.exit(f"mkdocs build failed in {site}:\n{output.read()[-4000:]}")
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kilobyte / 1e6)


def weigh(folder: Path, cost: Cost) -> Built:
    site = folder / "site"
    sizes = sizes_below(site)
    pages = {path.parent / "index.html" for path in site.glob("*/*/*.py")}  # beside its download
    return Built(
        cost,
        len(sizes),
        sum(sizes) / 1e6,
        statistics.median(page.stat().st_size for page in pages) / 1e3,
        (site / "search" / "search_index.json").stat().st_size / 1e3,
    )


def sizes_below(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]


def weigh_checkout(folder: Path) -> None:
    """Print what the site of a checkout weighs, in all and for each tutorial."""
    built = weigh(folder, Cost(0, 0, 0))
    report = json.loads((folder / "site" / "build.json").read_text(encoding="utf-8"))
    count = len(report["tutorials"])
    index = gzip.compress((folder / "site" / "search" / "search_index.json").read_bytes())
    runs = sizes_below(folder / ".cache" / "tutorials" / "runs")
    print(
        f"{count} tutorials, {built.files} files, {built.site_mb:.0f} MB; a page {built.page_kb:.0f} kB"
    )
    print(f"search index {built.index_kb:.0f} kB, compressed {len(index) / 1e3:.0f} kB")
    if runs:
        print(f"{len(runs)} stored runs, {sum(runs) / 1e6 / len(runs):.1f} MB each")


def show(results: dict[int, tuple[Built, Built]]) -> list[str]:
    """Print what was measured; return which bars were missed."""
    table = Table(
        "tutorials", "", "wall s", "CPU s", "MB", "files", "site MB", "page kB", "index kB"
    )
    missed = []
    for size, (ours, plain) in results.items():
        for name, each in (("ours", ours), ("plain", plain)):
            row = [each.cost.wall_s, each.cost.cpu_s, each.cost.peak_mb]
            numbers = [f"{row[0]:.2f}", f"{row[1]:.2f}", f"{row[2]:.0f}", str(each.files)]
            numbers += [f"{each.site_mb:.1f}", f"{each.page_kb:.1f}", f"{each.index_kb:.0f}"]
            table.add_row(str(size), name, *numbers)
        wall = ours.cost.wall_s / plain.cost.wall_s
        cpu = ours.cost.cpu_s / plain.cost.cpu_s
        table.add_row("", "ratio", f"{wall:.2f}", f"{cpu:.2f}")
        if cpu > RATIO:
            missed.append(f"{size} tutorials take {cpu:.2f} times plain")
        if ours.cost.peak_mb > MEGABYTES:
            missed.append(f"{size} tutorials take {ours.cost.peak_mb:.0f} MB")
    console = Console(width=110)
    console.print(table)
    steps = [
        (smaller, larger, added(results, smaller, larger))
        for smaller, larger in itertools.pairwise(results)
    ]
    for smaller, larger, (ours_ms, plain_ms) in steps:
        console.print(
            f"one more tutorial, {smaller} to {larger}: {ours_ms:.1f} CPU ms, plain {plain_ms:.1f}"
        )
    if len(steps) > 1:
        (_, _, (before, _)), (_, _, (last, last_plain)) = steps[-2:]
        if last > max(STEADY * before, last_plain):
            missed.append(f"one more tutorial costs {last:.1f} ms after {before:.1f}")
    return missed


def added(results: dict, smaller: int, larger: int) -> tuple[float, float]:
    """Return the CPU milliseconds of one more tutorial, ours and plain."""
    ours, plain = (
        1e3 * (big.cost.cpu_s - small.cost.cpu_s) / (larger - smaller)
        for small, big in zip(results[smaller], results[larger], strict=True)
    )
    return ours, plain


if __name__ == "__main__":
    main()
