"""What the repository promises about itself: the lock, the workflows, the vendored files."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_names_no_address():
    assert not re.search(r"https?:|file:|--index|--extra-index|--find-links|^-[ief]", LOCK, re.M)


def test_every_locked_package_is_pinned_with_hashes():
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert re.match(r"[\w.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_holds_every_dependency_and_the_build_backend():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    locked = {match.lower() for match in re.findall(r"^([\w.-]+)==", LOCK, re.M)}
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in wanted}
    assert names <= locked


def test_every_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.entry-points")]
    for line in block.split("\n"):
        if line.strip().startswith('"'):
            assert re.search(r"#\s+\w+", line), line


@pytest.mark.parametrize("file", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=str)
def test_workflow_actions_are_pinned_by_commit(file):
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action


def test_vendored_files_are_the_ones_their_table_names():
    folder = ROOT / "docs/assets/vendor"
    rows = re.findall(
        r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(), re.M
    )
    listed = dict(rows)
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".md", ".txt")
    }
    assert set(listed) == found
    for name, expected in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name


def test_contributing_sends_to_files_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("## Where things are\n")
    table, _, _ = rest.partition("\n## ")
    named = set(re.findall(r"`([\w./-]+\.(?:css|js|json|md|py|yml)|[\w./]+/)`", table))
    folders = (ROOT / "tutorial_engine", ROOT)
    lost = {each for each in named if not any((folder / each).exists() for folder in folders)}
    assert lost == set()
    assert len(named) > 30


def test_the_engine_does_not_know_the_course():
    for file in sorted((ROOT / "tutorial_engine").glob("*.py")):
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.M))
        assert not imported & {"snippets", "tensorflow", "keras"}, file.name


def test_the_modules_of_the_engine_import_each_other_one_way_only_and_none_the_plugin():
    imported = {}
    for file in (ROOT / "tutorial_engine").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        named = re.findall(r"^\s*from \.(\w+) import", text, re.M)
        together = re.findall(r"^\s*from \. import (.+)$", text, re.M)
        imported[file.stem] = {*named, *re.findall(r"\w+", " ".join(together))}
    TopologicalSorter(imported).prepare()
    assert "plugin" not in set().union(*imported.values())


def test_no_snippet_imports_another_of_our_files():
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py")):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(?:from|import) (?:snippets|tutorial_engine|\.)", text, re.M), (
            file
        )


SNIPPETS = sorted((ROOT / "snippets").glob("[a-z]*.py"))


def test_a_snippet_says_whose_it_is_and_under_which_licence():
    """In the words of the SPDX standard, which a licence check of the copier's understands."""
    lines = "# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors\n"
    lines += "# SPDX-License-Identifier: MIT\n"
    for file in SNIPPETS:
        assert file.read_text(encoding="utf-8").startswith(f'{lines}"""'), file.name


def test_a_snippet_is_short_enough_to_be_read_before_it_is_copied():
    lengths = {file.name: file.read_text(encoding="utf-8").count("\n") for file in SNIPPETS}
    assert {name for name, length in lengths.items() if length > 400} == set()


def test_what_several_snippets_define_reads_the_same_in_each():
    """None imports another, so each holds what it needs; mended in one, it is mended in all."""
    texts: dict[str, dict[str, str]] = {}
    for file in SNIPPETS:
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            for name in defined_names(node):
                texts.setdefault(name, {})[file.stem] = ast.get_source_segment(text, node)
    shared = {name: each for name, each in texts.items() if len(each) > 1}
    assert {"_finish", "_check_whole"} <= set(shared)
    assert {name: list(each) for name, each in shared.items() if len(set(each.values())) > 1} == {}


def defined_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


# A process that holds what its first argument names, and for each folder after it a copy of itself that
# imports the one module there: the libraries take seconds, once.
IMPORT_ALONE = """
import importlib, os, pathlib, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
for folder in map(pathlib.Path, sys.argv[2:]):
    if os.fork() == 0:
        os.chdir(folder)
        sys.path.insert(0, ".")
        (file,) = folder.glob("*.py")
        found = pathlib.Path(importlib.import_module(file.stem).__file__).resolve()
        print(found, "tensorflow" in sys.modules, flush=True)
        os._exit(0)
    os.wait()
"""
LIBRARIES = {False: "matplotlib.pyplot,scipy.stats,sklearn.metrics", True: "tensorflow,keras"}


@pytest.mark.parametrize("uses_keras", [False, True])
def test_a_snippet_copied_alone_imports_and_loads_tensorflow_only_if_it_names_it(
    uses_keras, tmp_path
):
    texts = {file: file.read_text(encoding="utf-8") for file in SNIPPETS}
    copies = []
    for file, text in texts.items():
        if bool(re.search(r"^import (tensorflow|keras)", text, re.M)) == uses_keras:
            copies.append(tmp_path / file.stem / file.name)
            copies[-1].parent.mkdir()
            copies[-1].write_text(text, encoding="utf-8")
    folders = [copy.parent for copy in copies]
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_ALONE, LIBRARIES[uses_keras], *folders],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = [f"{copy.resolve()} {uses_keras}" for copy in copies]
    assert done.stdout.splitlines() == expected, done.stderr
