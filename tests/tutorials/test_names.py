"""The code that a reader meets: names that say what they hold, cells of a screen, lines of a column."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutorial_engine.course import load_course
from tutorial_engine.settings import Settings

ROOT = Path(__file__).parents[2]
LESSONS = load_course(Settings.load(ROOT))
COLUMN = tomllib.loads((ROOT / "tutorials_src/ruff.toml").read_text())["line-length"]

# Words that leave open what they describe; with a noun they are fine: `best_epoch`, `test_accuracy`.
VAGUE = frozenset(
    """
    after again agree ahead alike alive alone apart away back bare before below best better big bigger blind
    both bright brighter brightest by caught clean clear close coarse common complete correct dark darker
    darkest dead deep different done down each easiest either elsewhere enough equal every
    everything exact fair far few fewer final fine first five found four free fresh full gentle given gone good
    half happy hard harder hardest harsh held hidden high higher highest honest how identical important
    inner inside kept kin known large larger largest last late latest left less likely little long longer
    longest lost loud low lower lowest made many middle mild missing more most near nearest never new
    newest next nine none now off often old older oldest on once one only other others ours out outer over
    own plain poor quick quiet rare raw ready real rest right rough said same second seen several
    shallow shown simple single six slim slow slower small smaller smallest some spent still strange strict
    strong such sure surest ten the there things third thrifty time tiny told top true twice two under usual
    vague wanted warm way ways what white whole why wide wider without won worse worst worth wrong yours
    """.split()  # noqa: SIM905 - a list of 200 quoted words is no better to read
)
# Nouns that end like participles, and the word of every test for what it compares with.
NOUNS = frozenset({"bed", "expected", "feed", "need", "seed", "speed", "tweed"})


def bound_names(source: str) -> Iterator[tuple[str, int]]:
    """Yield each name that code assigns, loops over, takes as an argument or defines, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


def is_vague(name: str) -> bool:
    """Say whether a name of one word leaves open what it holds."""
    word = name.strip("_").casefold()
    is_participle = word.endswith("ed") and word not in NOUNS
    return word in VAGUE or (is_participle and "_" not in word)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_name_says_what_it_holds(lesson):
    vague = [
        f"line {cell.line + line}: {name}"
        for cell in lesson.tutorial.code_cells
        if not cell.is_trial
        for name, line in bound_names(cell.source)
        if is_vague(name)
    ]
    assert vague == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("right = 1", ["right"]),
        ("for each in found: pass", ["each"]),
        ("best_epoch, seed = 1, 2", []),
        ("def wider(said): return [last for last in said]", ["last", "said", "wider"]),
        ("from a import b as quick", ["quick"]),
        ("with open('a') as shuffled: pass", ["shuffled"]),
    ],
)
def test_vague_names_are_seen_wherever_they_are_bound(source, names):
    assert sorted(name for name, _ in bound_names(source) if is_vague(name)) == names


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_cell_is_at_most_20_lines_long(lesson):
    """Those that a reader meets; claims are listed and trials are not shown."""
    long = [
        f"line {cell.line}: {lines}"
        for cell in lesson.tutorial.code_cells
        if not cell.is_trial and not cell.tags & {"claims", "interactive"}
        if (lines := sum(bool(line.strip()) for line in cell.source.split("\n"))) > limit(cell)
    ]
    assert long == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_line_of_code_fits_the_column(lesson):
    """A cell's, and those of a listing in the text: as many characters as the formatter is told."""
    wide = [
        f"line {cell.line + number}: {len(line)}"
        for cell in lesson.tutorial.cells
        if "claims" not in cell.tags
        for number, line in enumerate(code_lines(cell), 1)
        if len(line) > COLUMN
    ]
    assert wide == []


def code_lines(cell) -> list[str]:
    """Return a cell's lines, those outside a listing empty where it is text."""
    lines = cell.source.split("\n")
    if cell.is_code:
        return [] if cell.is_trial else lines
    is_fence = [line.lstrip().startswith("```") for line in lines]
    inside = [sum(is_fence[:number]) % 2 == 1 for number in range(len(lines))]
    return [line if within else "" for line, within in zip(lines, inside, strict=True)]


def limit(cell) -> int:
    """A whole program may be longer: it is everything."""
    return 25 if "program" in cell.tags else 20
