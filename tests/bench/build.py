"""Ours against stock mkdocs-jupyter (`execute: true`) on the same sources, in one run.

    .venv/bin/python tests/bench/build.py [--cold 1] [--warm 5] [--json FILE]

Prints a table of wall and CPU seconds with their ratios, and writes the same as JSON. Also: peak memory
of our cold build's process tree, and our no-change build against plain `mkdocs build` of the exported
Markdown with the same plugins apart from ours.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import yaml
from measure import Cost, copy_repository, edit_prose, edit_snippet, run
from rich.console import Console
from rich.table import Table

BUILD = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
EDITED_TUTORIAL = "1_foundations/03_gradients.py"
EDITED_SNIPPET = "snippets/gradients.py"
# Of ours in the configuration, beside the plugin.
EXTENSION = "tutorial_engine.markdown_extension"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cold", type=int, default=1, help="cold builds of each")
    parser.add_argument("--warm", type=int, default=5, help="builds of each other kind")
    parser.add_argument("--json", type=Path, default=Path("bench-results/build.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        results = measure(Path(scratch), given.cold, given.warm)
    show(results)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(scratch: Path, cold: int, warm: int) -> dict:
    ours = copy_repository(scratch / "ours")
    stock = make_stock(copy_repository(scratch / "stock"))
    python_path = {"PYTHONPATH": str(stock)}
    executed: dict[str, list[str]] = {}
    costs: dict[str, tuple[Cost, Cost]] = {}

    def both(name: str, times: int, prepare=lambda folder: None) -> None:
        mine, theirs = [], []
        for _ in range(times):
            # One after the other, in turn, so that a busy minute of the machine hits both.
            prepare(ours)
            mine.append(run(BUILD, ours))
            executed[name] = names_executed(ours)
            prepare(stock)
            theirs.append(run(BUILD, stock, **python_path))
        costs[name] = Cost.median(mine), Cost.median(theirs)

    def wipe(folder: Path) -> None:
        shutil.rmtree(folder / ".cache", ignore_errors=True)

    def prose(folder: Path) -> None:
        edit_prose(find(folder, EDITED_TUTORIAL), "for the benchmark")

    both("cold", cold, wipe)
    both("no change", warm)
    both("prose edit", min(warm, 3), prose)
    both("snippet edit", 1, lambda folder: edit_snippet(folder / EDITED_SNIPPET))
    plain = make_plain(ours, scratch / "plain")
    run(BUILD, plain)
    run(BUILD, ours)
    pairs = [(run(BUILD, ours), run(BUILD, plain)) for _ in range(warm)]
    costs["no change / plain mkdocs"] = tuple(
        Cost.median(list(each)) for each in zip(*pairs, strict=True)
    )
    return {
        name: {
            "ours": asdict(mine),
            "other": asdict(theirs),
            "wall_ratio": mine.wall_s / theirs.wall_s,
            "cpu_ratio": mine.cpu_s / theirs.cpu_s,
            "executed": executed.get(name, []),
        }
        for name, (mine, theirs) in costs.items()
    }


def find(folder: Path, tutorial: str) -> Path:
    """Return a tutorial's file in our copy, or in the stock copy's documents."""
    here = folder / "docs" / tutorial
    return here if here.is_file() else folder / "tutorials_src" / tutorial


def make_stock(folder: Path) -> Path:
    """Turn a copy into what a stock mkdocs-jupyter site is: sources among the documents, executed."""
    config = yaml.unsafe_load(
        (folder / "mkdocs.yml").read_text(encoding="utf-8").replace("!ENV", "")
    )
    for part in sorted((folder / "tutorials_src").glob("[0-9]*_*")):
        shutil.copytree(part, folder / "docs" / part.name)
    for key in ("nav", "site_url", "repo_url", "edit_uri", "validation", "not_in_nav"):
        config.pop(key, None)
    config["markdown_extensions"].remove(EXTENSION)
    config["plugins"] = ["search", {"mkdocs-jupyter": {"include": ["*.py"], "execute": True}}]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def make_plain(ours: Path, folder: Path) -> Path:
    """Export our pages as Markdown into a site with the same plugins apart from ours."""
    shutil.copytree(ours / "docs", folder / "docs")
    shutil.copytree(ours / "overrides", folder / "overrides")
    run([sys.executable, "-m", "tutorial_engine", "export", str(folder / "docs")], ours)
    config = yaml.unsafe_load((ours / "mkdocs.yml").read_text(encoding="utf-8").replace("!ENV", ""))
    for key in ("nav", "site_url", "repo_url", "edit_uri"):
        config.pop(key, None)
    config["markdown_extensions"].remove(EXTENSION)
    others = [plugin for plugin in config["plugins"] if plugin != "tutorials"]
    # The run records, which ours has mkdocs-jupyter render, too.
    records = {"include": ["run.ipynb"], "ignore": ["*.md", "*.py"], "ignore_h1_titles": True}
    config["plugins"] = [*others, {"mkdocs-jupyter": records}]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


def names_executed(folder: Path) -> list[str]:
    report = json.loads((folder / "site" / "build.json").read_text(encoding="utf-8"))
    return [each["name"] for each in report["tutorials"] if each["outcome"] == "executed"]


def show(results: dict) -> None:
    table = Table(
        "build",
        "ours s",
        "other s",
        "wall ratio",
        "ours CPU s",
        "other CPU s",
        "CPU ratio",
        "we ran",
    )
    for name, row in results.items():
        mine, theirs = row["ours"], row["other"]
        table.add_row(
            name,
            f"{mine['wall_s']:.1f}",
            f"{theirs['wall_s']:.1f}",
            f"{row['wall_ratio']:.2f}",
            f"{mine['cpu_s']:.1f}",
            f"{theirs['cpu_s']:.1f}",
            f"{row['cpu_ratio']:.2f}",
            ", ".join(row["executed"]) or "nothing",
        )
    console = Console(width=140)
    console.print(table)
    console.print(
        f"Peak memory of our cold build's process tree: {results['cold']['ours']['peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    main()
