"""Figures of sweeps and searches show every seed and say in words what they draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import plot_results

scores = st.lists(st.floats(0, 1), min_size=1, max_size=5)
sweeps = st.dictionaries(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), scores, min_size=1
)
LINES = {"batch 32": {0.001: [0.7, 0.8], 0.01: [0.9]}, "batch 512": {0.01: [0.6, 0.65]}}
SEARCHES = {"random": [(10, 0.80), (10, 0.85), (10, 0.82)], "Hyperband": [(3, 0.7), (7, 0.9)]}
FIGURES = {
    "seed_dots": lambda: plot_results.seed_dots(
        {"64": [0.8, 0.82], "128": [0.9]}, xlabel="accuracy"
    ),
    "seed_dots of losses": lambda: plot_results.seed_dots(
        {"a": [3.0]}, xlabel="loss", percent=False
    ),
    "seed_lines": lambda: plot_results.seed_lines(LINES, xlabel="learning rate"),
    "seed_lines, not logarithmic": lambda: plot_results.seed_lines(
        {"a": {-1: [0.1], 2: [0.2]}}, xlabel="x", log=False
    ),
    "search_progress": lambda: plot_results.search_progress(SEARCHES, reference=("by hand", 0.81)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@settings(max_examples=10, deadline=None)
@given(sweep=sweeps)
def test_every_seed_of_every_setting_is_a_dot_in_its_own_row(sweep):
    ax = plot_results.seed_dots(sweep, xlabel="accuracy").axes[0]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(dots) == len(sweep)
    for row, (line, values) in enumerate(zip(dots, sweep.values(), strict=True)):
        assert np.allclose(line.get_xdata(), values)
        assert (np.asarray(line.get_ydata()) == row).all()
    assert [label.get_text() for label in ax.get_yticklabels()] == list(sweep)


def test_dots_are_described_by_mean_and_range():
    alt = plot_results.seed_dots({"64": [0.80, 0.82, 0.81]}, xlabel="accuracy").alt
    assert (
        alt
        == "accuracy of 1 setting, one dot per seed. 64: mean 81.0%, from 80.0% to 82.0% over 3 seeds."
    )
    assert plot_results.seed_dots({"a": [3.0]}, xlabel="loss", percent=False).alt.endswith(
        "a: mean 3, from 3 to 3 over 1 seed."
    )


def test_nothing_is_told_as_less_than_nothing():
    loss = {"a": [-0.0001, -0.0002]}
    assert "mean 0.0%, from 0.0% to 0.0%" in plot_results.seed_dots(loss, xlabel="gain").alt
    told = plot_results.seed_dots({"a": [-0.0]}, xlabel="gain", percent=False).alt
    assert "mean 0, from 0 to 0" in told
    rows = {"a": {"gain": (-0.0001, -0.0002, 0.0)}}
    assert "gain 0.0% (0.0% to 0.0%)" in plot_results.interval_rows(rows, xlabel="gain").alt


def test_lines_tell_a_small_share_from_nothing_and_a_large_one_from_all():
    curves = {"a": {1: [0.0004, -0.0004, 0.0], 2: [0.9996, 1.0, 0.9994]}}
    alt = plot_results.seed_lines(curves, xlabel="size").alt
    assert "0.0% (from >-0.1% to <0.1%) at 1" in alt
    assert ">99.9% (from 99.9% to 100.0%) at 2" in alt


@pytest.mark.parametrize("wrong", [{}, {"a": []}, {"a": [float("nan")]}, {"a": [[0.1]]}])
def test_dots_without_finite_scores_are_refused(wrong):
    with pytest.raises(ValueError, match="at least one setting"):
        plot_results.seed_dots(wrong, xlabel="accuracy")


def test_lines_join_the_means_from_left_to_right_in_any_order_of_the_settings():
    figure = plot_results.seed_lines({"a": {0.1: [0.8, 0.9], 0.01: [0.7]}}, xlabel="rate")
    ax = figure.axes[0]
    (joined,) = [line for line in ax.lines if list(line.get_xdata()) == [0.01, 0.1]]
    assert np.allclose(joined.get_ydata(), [0.7, 0.85])
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.01", "0.1"]


def test_lines_differ_by_more_than_colour():
    (legend,) = plot_results.seed_lines(LINES, xlabel="rate").legends
    first, second = legend.get_lines()
    assert first.get_marker() != second.get_marker()
    assert first.get_linestyle() != second.get_linestyle()


@pytest.mark.parametrize(
    ("curves", "why"),
    [
        ({}, "at least one curve"),
        ({"a": {}}, "at least one curve"),
        ({"a": {1.0: []}}, "finite scores"),
        ({"a": {1.0: [float("inf")]}}, "finite scores"),
        ({"a": {0.0: [0.5]}}, "finite and positive"),
    ],
)
def test_lines_that_cannot_be_drawn_are_refused(curves, why):
    with pytest.raises(ValueError, match=why):
        plot_results.seed_lines(curves, xlabel="rate")


def test_a_search_is_described_by_its_best_and_what_it_had_cost_by_then():
    alt = plot_results.search_progress(SEARCHES, reference=("by hand", 0.81)).alt
    assert "random: 3 trials, 30 epochs trained, best 85.0%, found after 20." in alt
    assert "Hyperband: 2 trials, 10 epochs trained, best 90.0%, found after 10." in alt
    assert alt.endswith("by hand: 81.0%.")


def test_the_line_of_a_search_never_falls():
    ax = plot_results.search_progress(SEARCHES).axes[0]
    records = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert len(records) == 2
    assert all((np.diff(line.get_ydata()) >= 0).all() for line in records)


@pytest.mark.parametrize("wrong", [{}, {"a": []}, {"a": [(0, 0.5)]}])
def test_a_search_without_trials_or_without_cost_is_refused(wrong):
    with pytest.raises(ValueError, match="at least one search"):
        plot_results.search_progress(wrong)


def test_what_was_chosen_is_told_by_its_score_there_and_its_score_on_fresh_examples():
    figure = plot_results.chosen_and_fresh([0.5, 0.75, 0.25], [0.5, 0.6, 1.0], what="rules")
    _, dots, winner = figure.axes[0].lines
    np.testing.assert_allclose(dots.get_xydata(), [[0.5, 0.5], [0.75, 0.6], [0.25, 1.0]])
    np.testing.assert_allclose(winner.get_xydata(), [[0.75, 0.6]])
    assert "scores 75.0% there and 60.0% on fresh examples, 15.0 points lower" in figure.alt


@pytest.mark.parametrize(
    ("chosen", "fresh"), [([], []), ([0.5], [0.5, 0.6]), ([1.5], [0.5]), ([np.nan], [0.5])]
)
def test_scores_of_candidates_that_do_not_fit_are_refused(chosen, fresh):
    with pytest.raises(ValueError, match=r"chosen|fresh"):
        plot_results.chosen_and_fresh(chosen, fresh)


@pytest.mark.parametrize(
    ("chosen", "fresh", "said"),
    [
        (0.5, 0.5, "50.0% there and 50.0% on fresh examples, the same."),
        (0.67004, 0.66996, "67.0% there and 67.0% on fresh examples, the same."),
        (0.67051, 0.67049, "67.1% there and 67.0% on fresh examples, 0.1 points lower."),
    ],
)
def test_a_winner_that_keeps_its_score_is_not_called_lower(chosen, fresh, said):
    assert plot_results.chosen_and_fresh([chosen], [fresh]).alt.endswith(said)
