"""What a snippet says that it needs is what it imports, from the versions on that `make matrix` tries."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.bench.matrix import imported, project, requirements

SNIPPETS = sorted((Path(__file__).parents[2] / "snippets").glob("[a-z]*.py"))
# With which of its backends Keras computes is not seen in an import; the tests run on this one.
BACKEND = {"keras": {"tensorflow"}}


def oldest() -> dict[str, str]:
    """Return the oldest version of each distribution that pyproject.toml allows."""
    return {
        name: bound.version
        for name, requirement in requirements().items()
        for bound in requirement.specifier
        if bound.operator == ">="
    }


def named(sentence: str) -> dict[str, str]:
    return dict(re.findall(r"([\w-]+) (\d+(?:\.\d+)*)", sentence))


@pytest.mark.parametrize("file", SNIPPETS, ids=lambda file: file.stem)
def test_a_snippet_names_what_it_imports_and_the_oldest_versions(file):
    tree = ast.parse(file.read_bytes())
    at_once = imported(tree.body)
    late = imported(ast.walk(tree)) - at_once
    text = " ".join(ast.get_docstring(tree).split())
    always, _, sometimes = re.search(r"Needs: (.+?)\. (?:Works|Copy)", text)[1].partition("; ")
    versions = oldest()
    python = project()["requires-python"].removeprefix(">=").partition(",")[0]
    for said, names in ((always, at_once), (sometimes, late)):
        names = names.union(*(BACKEND.get(name, ()) for name in names))
        known = {"Python": python} if said is always else {}
        assert named(said) == known | {name: versions[name] for name in names}
    assert "or newer" in always
