"""Prose says per, fraction, after and depends on, as a native engineer does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "tutorials_src").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "snippets").glob("*.py")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
COUNTED = (
    "one|many|few|(?:step|second|unit|row|dot|file|number|value|image|example|weight|bar|line)s?"
)
EACH = (
    "class|pixel|epoch|step|second|layer|seed|example|row|column|filter|batch|image|photograph|fold"
)
INSTEAD = {
    "per": re.compile(rf"\b(?:{COUNTED}) an? (?:{EACH})\b"),
    "depends on": re.compile(r"\b(?:hangs?|hung) on\b"),
    "for free": re.compile(r"\b(?:more|photographs|pictures) for nothing\b"),
    "analogy": re.compile(r"\b[Ww]here the picture breaks\b"),
    "fraction": re.compile(r"\b(?:same|stated|random) part of (?:the|its|all)\b|\ba tenth part\b"),
    "after": re.compile(r"\bbehind (?:a|the|each|every) (?:pooling|convolution|layer|filter)\b"),
    "runs the tests": re.compile(r"\bpasses the tests\b"),
}


def prose_of(text: str) -> str:
    """Return text in which a sentence is on one line, whether it is a comment, a docstring or Markdown."""
    return re.sub(r"\s*\n(?:# ?)?\s*", " ", text)


@pytest.mark.parametrize("better", INSTEAD)
def test_prose_is_english(better):
    found = [
        f"{file.relative_to(ROOT)}: …{prose[max(0, match.start() - 30) : match.end() + 20]}…"
        for file in FILES
        for prose in [prose_of(file.read_text(encoding="utf-8"))]
        for match in INSTEAD[better].finditer(prose)
    ]
    assert found == [], f"say {better}"


@pytest.mark.parametrize(
    ("sentence", "better"),
    [
        ("The last layer has one unit a\n# class.", "per"),
        ("an eighth of the steps an epoch", "per"),
        ("that hangs on the data", "depends on"),
        ("## More photographs for nothing", "for free"),
        ("Where the picture breaks: a pupil", "analogy"),
        ("sets a random part of its inputs", "fraction"),
        ("one filter behind a convolution", "after"),
        ("sets everything up, passes the tests", "runs the tests"),
    ],
)
def test_what_is_to_be_said_otherwise_is_seen(sentence, better):
    assert INSTEAD[better].search(prose_of(sentence))


@pytest.mark.parametrize("sentence", ["a matrix of one row", "it takes many. A class is", "a step"])
def test_what_is_fine_is_left_alone(sentence):
    assert not any(pattern.search(prose_of(sentence)) for pattern in INSTEAD.values())
