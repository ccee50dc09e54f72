"""Whatever was edited, damaged or killed before, a build's pages equal those of a build from nothing."""

from __future__ import annotations

import pytest

from .random_schedules import FIRST, SECOND, Playground, Reference, made, play_schedule


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A playground that was built once."""
    folder = tmp_path_factory.mktemp("start")
    play = Playground(folder)
    for file in (FIRST, SECOND):
        assert not isinstance(made(play.course, file), str)
    return folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> Reference:
    return Reference(tmp_path_factory.mktemp("reference"))


@pytest.mark.parametrize("seed", range(12))
def test_a_random_schedule_ends_as_a_build_from_nothing(seed, start, reference, tmp_path):
    told = play_schedule(seed, start, tmp_path, reference)
    assert not any(each.startswith("DIFFERS") for each in told), "\n".join(told)
