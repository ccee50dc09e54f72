"""A tutorial leaves home with all that it needs, and only a machine like this one runs it."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace

import pytest

from tutorial_engine.errors import Refused
from tutorial_engine.parcel import Parcel, execute, pack

from .tiny import TINY, Course, code

READS = code("""
    import os
    import pathlib

    pixels = pathlib.Path(os.environ["TUTORIALS_DATA"], "photos/pixels.bin").read_bytes()
    _ = pathlib.Path("made").write_bytes(pixels)
    print(pixels)
""")


def packed(course: Course, **changes) -> Parcel:
    """Return a tutorial's parcel as it arrives, the repository gone."""
    parcel = pack(course.parse(), course.key(), course.settings())
    shutil.rmtree(course.root)
    return replace(pickle.loads(pickle.dumps(parcel)), **changes)


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user's cache"))


def decided(run) -> object:
    return replace(run, finished=0, wall_s=0, cpu_s=0, peak_mb=0)


def test_a_parcel_runs_where_there_is_no_repository_as_it_does_here(course, monkeypatch, tmp_path):
    course.tutorial(f"{TINY}\n{READS}", data=["photos"], artifacts=["made"])
    data = course.data("photos")
    here = course.run()
    shutil.copytree(data.parents[1], tmp_path / "data there")
    parcel = packed(course)
    monkeypatch.setenv("TUTORIALS_DATA", str(tmp_path / "data there"))
    there = execute(parcel)
    assert decided(there) == decided(here)


def test_the_date_travels_too(course, monkeypatch):
    course.tutorial(code("x = 1"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    parcel = packed(course)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert execute(parcel).finished == 1_700_000_000


def test_data_that_is_missing_or_another_is_named_and_nothing_runs(course, monkeypatch, tmp_path):
    course.tutorial(code("raise SystemExit"), data=["photos"])
    course.data("photos")
    parcel = packed(course)
    with pytest.raises(Refused, match=r"has no photos/pixels\.bin"):
        execute(parcel)
    damaged = tmp_path / "data there" / "photos" / "pixels.bin"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"other pixels")
    monkeypatch.setenv("TUTORIALS_DATA", str(tmp_path / "data there"))
    with pytest.raises(Refused, match=r"has another photos/pixels\.bin") as caught:
        execute(parcel)
    assert "TUTORIALS_DATA" in caught.value.remedy


def test_fetched_data_of_the_full_edition_is_asked_for(course):
    course.tutorial(code("raise SystemExit"))
    with pytest.raises(Refused, match="has no data photos-full"):
        execute(packed(course, folders=("photos-full",)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda parcel: {"versions": {**parcel.versions, "numpy": "0.1"}},
            r"has numpy [\d.]+ instead of 0\.1",
        ),
        (
            lambda parcel: {
                "versions": {**parcel.versions, "imaginary": "1.0"},
                "needed": parcel.needed | {"imaginary"},
            },
            "has no imaginary",
        ),
    ],
    ids=["version", "absence"],
)  # fmt: skip
def test_what_differs_is_named_and_nothing_runs(course, change, said):
    course.tutorial(code("import numpy\nraise SystemExit"))
    parcel = packed(course)
    with pytest.raises(Refused, match=said):
        execute(replace(parcel, **change(parcel)))


def test_another_python_is_named(course):
    course.tutorial(code("raise SystemExit"))
    parcel = packed(course)
    parcel.key.parts["version of python"] = "3.9.1"
    with pytest.raises(Refused, match=r"has Python 3\.\d+\.\d+ instead of 3\.9\.1"):
        execute(parcel)


def test_what_only_the_run_shows_to_differ_is_refused_afterwards(course):
    course.tutorial(code("import importlib\nnumpy = importlib.import_module('num' + 'py')"))
    parcel = packed(course)
    assert "numpy" not in parcel.needed
    with pytest.raises(Refused, match=r"has numpy [\d.]+ instead of 0\.1"):
        execute(replace(parcel, versions={**parcel.versions, "numpy": "0.1"}))
