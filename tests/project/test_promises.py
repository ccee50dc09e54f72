"""What README, CONTRIBUTING and the site's own pages promise about speed and size is measured by a script."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs/about").glob("*.md")),
]
# What larger courses would need is arithmetic, and says so; each measured figure names its script there.
DOCUMENTS.remove(ROOT / "docs/about/scale.md")
# How long something takes, or how much memory: what a setting's limit or a download's size is, is no promise.
PROMISE = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)\s(?P<unit>s|ms|seconds?|minutes?|hours?|CPU s|CPU seconds|times|MB|GB)\b"
    r"|\bat once\b|\binstantly\b|\b(?:a few|within a|within) (?:seconds?|minutes?)\b"
)
BENCHMARK = re.compile(r"tests/bench/(\w+)\.py")
NO_PROMISES = re.compile(r"figure_limit|output_limit|fetched once|XDG_CACHE_HOME")
SECONDS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}


def passages() -> list[tuple[str, str]]:
    """Return every paragraph, list item and table row that promises something, with its file."""
    found = []
    for file in DOCUMENTS:
        text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for passage in re.split(r"\n\s*\n|\n(?=[|*-] |\d+\. )", text):
            if PROMISE.search(passage) and not NO_PROMISES.search(passage):
                found.append((file.name, " ".join(passage.split())))
    return found


def numbers_of(benchmark: Path) -> set[float]:
    """Return the numbers that a benchmark's code holds, products of them worked out."""
    found = set()
    for node in ast.walk(ast.parse(benchmark.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp | ast.Constant):
            try:
                value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
            except (NameError, TypeError):
                continue
            found |= {float(value)} if isinstance(value, int | float) else set()
    return found


def test_there_are_promises_to_hold():
    assert len(passages()) > 5


@pytest.mark.parametrize(("file", "passage"), passages(), ids=lambda text: text[:40])
def test_a_promise_names_a_benchmark_that_holds_its_numbers(file, passage):
    benchmarks = [ROOT / match[0] for match in BENCHMARK.finditer(passage)]
    assert benchmarks, f"{file} promises without a benchmark: {passage}"
    held = set().union(*map(numbers_of, benchmarks))
    for match in PROMISE.finditer(passage):
        if match["number"]:
            value = float(match["number"].replace(",", ""))
            scaled = value * SECONDS.get(match["unit"], 1)
            assert {value, scaled} & held, f"no bar of {match[0]} in {benchmarks}"
