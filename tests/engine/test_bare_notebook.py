"""A notebook in an environment that holds a kernel and nothing else gets all that it needs, or fails."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tutorial_engine.fingerprint import version_of
from tutorial_engine.notebooks import standalone_notebook

from .tiny import code, made_run

# Stands in for pip: it gives exactly what is asked for, and what that requires, out of the packages
# of the environment that the tests run in, and has no other versions than theirs.
PIP = """
import importlib.metadata, os, sys
from packaging.requirements import Requirement

SOURCE = {source!r}
TARGET = {target!r}
packages = {{}}
for each in importlib.metadata.distributions(path=[SOURCE]):
    packages[each.name.lower().replace("_", "-")] = each


def give(requirement, given):
    name = requirement.name.lower().replace("_", "-")
    package = packages[name]
    assert requirement.specifier.contains(package.version, prereleases=True), requirement
    if name in given:
        return
    given.add(name)
    for top in {{file.parts[0] for file in package.files}} - {{"..", "__pycache__"}}:
        if not os.path.lexists(os.path.join(TARGET, top)):
            os.symlink(os.path.join(SOURCE, top), os.path.join(TARGET, top))
    for text in package.requires or ():
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({{"extra": ""}}):
            give(need, given)


given = set()
for word in sys.argv[1:]:
    if not word.startswith("-") and word != "install":
        give(Requirement(word), given)
"""


class Bare:
    """A virtual environment that sees the packages that a kernel requires, and a stand-in for pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        self.packages = folder / "lib" / version / "site-packages"
        source = sysconfig.get_path("purelib")
        pip = PIP.format(source=source, target=str(self.packages))
        (self.packages / "pip").mkdir()
        (self.packages / "pip" / "__main__.py").write_text(pip)
        # The first packages, by the same rule.
        before = sys.argv
        sys.argv = ["pip", "install", "ipykernel", "packaging"]
        try:
            exec(compile(pip, "pip", "exec"), {})
        finally:
            sys.argv = before

    def run(self, notebook: str, folder: Path) -> nbformat.NotebookNode:
        """Run a notebook in an empty folder.

        Raises:
            nbclient.exceptions.CellExecutionError: a cell fails.
        """
        folder.mkdir()
        manager = _Kernel(connection_file=str(folder / "k.json"))
        manager.transport = "ipc"
        manager.python = str(self.python)
        document = nbformat.reads(notebook, as_version=4)
        client = NotebookClient(document, km=manager, timeout=300)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
        asyncio.run(client.async_execute(cleanup_kc=True, env=environment, cwd=str(folder)))
        return document


class _Kernel(AsyncKernelManager):
    python = ""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="bare", language="python")


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Bare:
    return Bare(tmp_path_factory.mktemp("bare") / "environment")


def notebook(course, body: str, *loaded: str) -> str:
    course.tutorial(code(body))
    versions = {name: version_of(name) for name in loaded}
    run = made_run(course, dependencies={"distributions": versions})
    return standalone_notebook(course.parse(), run, course.settings())


def test_the_environment_holds_a_kernel_and_nothing_else(bare):
    held = {each.name for each in importlib.metadata.distributions(path=[str(bare.packages)])}
    assert "ipykernel" in held
    assert not held & {"numpy", "keras", "tensorflow", "matplotlib", "scikit-learn"}


def test_a_package_that_is_not_asked_for_is_not_there(bare, course, tmp_path):
    text = notebook(
        course, "import yaml\n\ntry:\n    import rich\nexcept ImportError:\n    1", "rich"
    )
    with pytest.raises(CellExecutionError, match="No module named 'yaml'"):
        bare.run(text, tmp_path / "an empty folder")


def test_a_page_that_imports_keras_alone_brings_its_backend(bare, course, tmp_path):
    body = "import keras\n\nprint(keras.backend.backend(), float(keras.ops.sum([1.0, 2.0])))"
    text = notebook(course, body, "keras", "tensorflow")
    document = bare.run(text, tmp_path / "an empty folder")
    said = [each.text for each in document.cells[-1].outputs if each.get("name") == "stdout"]
    assert said == ["tensorflow 3.0\n"]
