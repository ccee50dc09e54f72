"""The wheel of the snippets: all of them under a name of its own, and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tutorial_engine.__main__ import main
from tutorial_engine.fingerprint import distribution_of
from tutorial_engine.wheel import WheelError, build_wheel

ROOT = Path(__file__).parents[2]
MODULES = {file.stem: file for file in sorted((ROOT / "snippets").glob("[a-z]*.py"))}
COURSE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGE = tomllib.loads((ROOT / "snippets/pyproject.toml").read_text(encoding="utf-8"))["project"]


def left_behind() -> list[Path]:
    patterns = ("build", "dist", "*.egg-info")
    return [each for pattern in patterns for each in (ROOT / "snippets").glob(pattern)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "dist"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SOURCE_DATE_EPOCH", raising=False)
        assert main(["wheel", str(folder)], root=ROOT) == 0
    assert left_behind() == []
    (built,) = folder.iterdir()
    return built


def test_the_wheel_holds_every_snippet_the_licence_and_the_mark_of_types_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if "dist-info" not in name}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
        assert [archive.read(name) for name in licences] == [(ROOT / "LICENSE").read_bytes()]
        assert {each.date_time[:3] for each in archive.infolist()} == {(1980, 1, 1)}
    files = {file.name: file for file in (ROOT / "snippets").glob("*.py")}
    files["py.typed"] = ROOT / "snippets" / "py.typed"
    assert held == {f"tensors_to_convnets/{name}": files[name].read_bytes() for name in files}


def test_each_module_is_imported_under_its_new_name_where_the_wheel_is_installed(wheel, tmp_path):
    place = tmp_path / "installed"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", place, wheel]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    assert {each.name for each in place.iterdir()} == {
        "tensors_to_convnets",
        f"tensors_to_convnets-{PACKAGE['version']}.dist-info",
    }
    program = f"""
import importlib, pathlib, sys
sys.path.insert(0, {str(place)!r})
for name in {list(MODULES)!r}:
    module = importlib.import_module("tensors_to_convnets." + name)
    assert pathlib.Path(module.__file__).is_relative_to({str(place)!r}), module.__file__
assert "snippets" not in sys.modules
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr


def test_the_package_is_of_the_courses_version_licence_and_pythons_and_of_another_name():
    for field in ("version", "license", "license-files", "authors", "requires-python"):
        assert PACKAGE[field] == COURSE[field], field
    assert PACKAGE["name"] != COURSE["name"]
    assert COURSE["classifiers"] == ["Private :: Do Not Upload"]


def test_what_a_snippet_imports_is_a_dependency_or_an_extra_of_the_courses_oldest_version():
    extras = dict(PACKAGE["optional-dependencies"])
    (every,) = extras.pop("all")
    assert every == f"{PACKAGE['name']}[{','.join(extras)}]"
    asked = [*PACKAGE["dependencies"], *(each for needs in extras.values() for each in needs)]
    oldest = dict(each.split(">=") for each in asked)
    for need in COURSE["dependencies"]:
        match = re.match(r"([\w-]+)>=([\d.]+)", need)
        name, version = match.groups() if match else ("", "")
        assert oldest.get(name, version) == version, need
    imported = {name for file in MODULES.values() for name in public_imports(file)}
    assert {distribution_of(name) for name in imported} == set(oldest)


def public_imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    names += [each.name for node in imports for each in node.names]
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def test_a_build_that_fails_says_why_and_writes_nothing(tmp_path):
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "pyproject.toml").write_text('[project]\nname = "nameless"\n')
    (tmp_path / "snippets" / "py.typed").touch()
    (tmp_path / "LICENSE").write_text("MIT\n")
    with pytest.raises(WheelError, match="version"):
        build_wheel(tmp_path, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
