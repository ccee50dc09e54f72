"""Each public name of the snippets, taken out with what it needs, works alone and reads as the rest does."""

from __future__ import annotations

import doctest
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import keras
import pytest

from tutorial_engine.closure import closure, public_names

ROOT = Path(__file__).parents[2]
SOURCES = {
    file.stem: file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py"))
}
NAMES = [(module, name) for module, source in SOURCES.items() for name in public_names(source)]


@pytest.fixture
def own_classes() -> Iterator[None]:
    """Put back what Keras knows by name: a copy registers its classes in the place of the snippets'."""
    known = keras.saving.get_custom_objects()
    before = dict(known)
    yield
    known.clear()
    known.update(before)


@pytest.mark.usefixtures("own_classes")
@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda part: part)
def test_what_is_taken_out_passes_its_doctest(module, name, monkeypatch, tmp_path):
    monkeypatch.setenv("TUTORIALS_DATA", str(ROOT / "tutorials_src" / "data"))
    alone = types.ModuleType(f"alone_{module}_{name}")
    alone.__file__ = str(tmp_path / f"{name}.py")
    monkeypatch.setitem(sys.modules, alone.__name__, alone)
    code = compile(closure(SOURCES[module], name), f"{name}.py", "exec")
    exec(code, vars(alone))
    said: list[str] = []
    for each in doctest.DocTestFinder().find(getattr(alone, name), name, alone):
        doctest.DocTestRunner(verbose=False).run(each, out=said.append)
    assert not said, "".join(said)


def test_what_is_taken_out_has_its_imports_and_no_others_and_the_format_of_the_rest(tmp_path):
    for module, name in NAMES:
        file = tmp_path / f"{module}_{name}.py"
        file.write_text(closure(SOURCES[module], name), encoding="utf-8")
    config = ["--config", ROOT / "pyproject.toml", "--quiet", tmp_path]
    for command in (["check", "--select", "F,I,UP"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
