"""MkDocs is one generator among others: the engine makes pages without it."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from .tiny import REPOSITORY

GENERATORS = {"material", "mkdocs", "mkdocs_jupyter", "properdocs", "zensical"}
# The plugin, and what it alone is made of: files, pages and search of a site that MkDocs builds and serves.
PLUGIN = {"plugin", "course_files", "site_pages", "rendering", "searching", "records", "joined"}
PLUGIN |= {"theme", "built_site", "live_site", "live_server", "public_site", "site_twins"}
PLUGIN |= {"watching"}


def imported(name: str) -> tuple[set[str], set[str]]:
    """Return the packages that a module of the engine imports, and the modules beside it."""
    tree = ast.parse((REPOSITORY / "tutorial_engine" / f"{name}.py").read_text(encoding="utf-8"))
    packages, beside = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            beside |= {node.module} if node.module else {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add(node.module.partition(".")[0])
    return packages, beside


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (REPOSITORY / "tutorial_engine").glob("*.py"))
)
def test_only_the_plugin_and_its_own_parts_know_a_generator(name):
    packages, beside = imported(name)
    if name in PLUGIN:
        # What needs no generator of itself, and none of what does, is no part of the plugin.
        assert packages & GENERATORS or beside & PLUGIN
    else:
        assert not packages & GENERATORS
        assert not beside & PLUGIN


@pytest.mark.parametrize("name", ["publish", "__main__", "markdown_extension", "export_site"])
def test_no_generator_is_loaded_where_pages_are_made(name):
    program = f"import sys, tutorial_engine.{name}; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    ).stdout
    assert not {each.partition(".")[0] for each in said.split()} & GENERATORS
