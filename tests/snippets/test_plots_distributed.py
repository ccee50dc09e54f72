"""Figures of rings and of interrupted trainings say in words what was sent and what was lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

from snippets import plot_timing

RING = [np.array(state) for state in ([[1, 1], [1, 1]], [[1, 2], [2, 1]], [[2, 2], [2, 2]])]
RUNS = {"whole": (0, 46), "killed": (0, 25), "resumed": (20, 46)}

FIGURES = {
    "ring_rounds": lambda: plot_timing.ring_rounds(RING),
    "ring_rounds, two rows": lambda: plot_timing.ring_rounds(RING, columns=2),
    "run_timeline": lambda: plot_timing.run_timeline(RUNS, length=46, saved=[10, 20]),
    "run_timeline, never saved": lambda: plot_timing.run_timeline(RUNS, length=46),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


def test_a_copy_that_has_just_arrived_has_a_frame_and_no_other_has():
    axes = plot_timing.ring_rounds(RING).axes
    framed = [[p.xy for p in ax.patches if isinstance(p, Rectangle)] for ax in axes[:3]]
    assert [len(each) for each in framed] == [0, 2, 2]
    assert {(round(x + 0.42), round(y + 0.42)) for x, y in framed[1]} == {(1, 0), (0, 1)}


def test_every_copy_shows_how_many_shares_it_holds():
    last = plot_timing.ring_rounds(RING).axes[2]
    assert [text.get_text() for text in last.texts] == ["2"] * 4
    assert "Complete copies: 0 of 4 at the start, 2 of 4 after round 1, 4 of 4" in (
        plot_timing.ring_rounds(RING).alt
    )


@pytest.mark.parametrize("states", [[], [np.ones(3)], [np.ones((2, 2)), np.ones((2, 3))]])
def test_states_of_a_ring_are_matrices_of_one_shape(states):
    with pytest.raises(ValueError, match="of one shape"):
        plot_timing.ring_rounds(states)


@given(stopped=st.integers(1, 45), data=st.data())
def test_a_timeline_counts_the_steps_that_were_taken_twice(stopped, data):
    began = data.draw(st.integers(0, stopped))
    alt = plot_timing.run_timeline({"a": (0, stopped), "b": (began, 46)}, length=46).alt
    assert f"a: 0 to {stopped}, stopped there" in alt
    assert (f"b: {began} to 46, {stopped - began} of them again" in alt) == (began < stopped)


def test_a_timeline_remembers_every_run_before():
    runs = {"a": (0, 25), "b": (10, 12), "c": (20, 46), "d": (2, 4)}
    alt = plot_timing.run_timeline(runs, length=46).alt
    assert "b: 10 to 12, stopped there, 2 of them again" in alt
    assert "c: 20 to 46, 5 of them again; d: 2 to 4, stopped there, 2 of them again." in alt


def test_the_checkpoints_of_a_timeline_are_lines_across_all_runs():
    ax = plot_timing.run_timeline(RUNS, length=46, saved=[10, 20]).axes[0]
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"] == [10, 20]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(RUNS)


@pytest.mark.parametrize("runs", [{}, {"a": (5, 5)}, {"a": (-1, 5)}, {"a": (0, 47)}])
def test_a_run_lies_within_the_training(runs):
    with pytest.raises(ValueError, match="within 0 to 46"):
        plot_timing.run_timeline(runs, length=46)
