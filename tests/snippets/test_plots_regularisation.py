"""Figures of trainings say in words where they were best, where the rate fell and what adds up."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import plot_curves, plot_training

few = settings(max_examples=10, deadline=None)
numbers = st.floats(0.0, 9.0, allow_nan=False)
RUNS = {"small": ([1.0, 0.5, 0.1], [1.0, 0.8, 0.9]), "large": ([1.0, 0.2, 0.0], [0.7, 0.8, 1.2])}
CURVE = {"training": [3.0, 2.0, 1.0, 0.5, 0.4], "validation": [3.0, 2.5, 2.6, 2.7, 2.8]}
MARKS = {"validation": {2: "best", 5: "stopped"}}
RATES = [1.0, 1.0, 0.1, 0.1, 0.01]
PARTS = {"cross-entropy": [1.0, 0.5, 0.4], "penalty": [2.0, 0.5, 0.2]}

FIGURES = {
    "overfitting_curves": lambda: plot_training.overfitting_curves(RUNS),
    "overfitting_curves, linear": lambda: plot_training.overfitting_curves(RUNS, log_x=False),
    "marked_curves": lambda: plot_training.marked_curves(CURVE, marks=MARKS, rates=RATES),
    "marked_curves, one alone": lambda: plot_training.marked_curves({"loss": [2.0, 1.0]}),
    "stacked_parts": lambda: plot_curves.stacked_parts(PARTS),
    "spread_curves from 0": lambda: plot_curves.spread_curves(
        {"a": [3.0, 2.0, 1.0]}, x=[0.0, 0.01, 0.1], log_x=True
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@few
@given(validation=st.lists(numbers, min_size=1, max_size=8))
def test_the_marker_of_a_race_stands_at_the_first_lowest_epoch(validation):
    figure = plot_training.overfitting_curves({"net": (validation, validation)})
    thick = max(figure.axes[0].lines, key=lambda line: line.get_linewidth() * len(line.get_xdata()))
    best = int(np.argmin(validation))
    assert thick.get_markevery() == [best]
    told = re.search(r"lowest (\S+) after epoch (\d+),", figure.alt)
    assert float(told[1]) == pytest.approx(validation[best], rel=0.01, abs=0.005)
    assert int(told[2]) == best + 1


def test_training_and_validation_of_a_race_share_a_colour_and_differ_in_width():
    for training, validation in np.reshape(
        plot_training.overfitting_curves(RUNS).axes[0].lines[:4], (2, 2)
    ):
        assert training.get_color() == validation.get_color()
        assert training.get_linewidth() < validation.get_linewidth() / 2


def test_the_epochs_of_a_race_are_logarithmic_unless_asked_and_whole_numbers_then():
    assert plot_training.overfitting_curves(RUNS).axes[0].get_xscale() == "log"
    figure = plot_training.overfitting_curves(RUNS, log_x=False)
    assert figure.axes[0].get_xscale() == "linear"
    assert all(tick == int(tick) for tick in figure.axes[0].get_xticks())
    assert "logarithmic" not in figure.alt


@few
@given(rates=st.lists(st.sampled_from([1.0, 0.1, 0.01]), min_size=2, max_size=7))
def test_each_step_of_the_rate_is_a_dotted_line_in_both_panels_and_said(rates):
    figure = plot_training.marked_curves({"loss": [1.0] * len(rates)}, rates=rates)
    steps = [i + 1 for i in range(1, len(rates)) if rates[i] != rates[i - 1]]
    for ax in figure.axes:
        dotted = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
        assert dotted == [epoch - 0.5 for epoch in steps]
    for epoch in steps:
        verb = "falls" if rates[epoch - 1] < rates[epoch - 2] else "rises"
        assert f"{verb} to {rates[epoch - 1]:g} in epoch {epoch}" in figure.alt
    assert ("stays" in figure.alt) == (not steps)


def test_a_rate_that_changes_at_every_step_is_told_by_its_extremes():
    rates = [*np.linspace(0.1, 1, 10), *np.linspace(0.9, 0.01, 10)]
    figure = plot_training.marked_curves({"loss": [1.0] * 20}, rates=rates)
    assert figure.alt.endswith(
        "The learning rate starts at 0.1, is highest at 1 in epoch 10, lowest 0.01 in epoch 20 and "
        "0.01 in the last."
    )
    assert not [line for line in figure.axes[1].lines if line.get_linestyle() == ":"]


def test_numbers_that_are_none_are_said_and_never_the_lowest():
    alt = plot_training.overfitting_curves({"net": ([1.0, 0.5, np.nan], [1.0, np.nan, 0.8])}).alt
    assert "validation lowest 0.80 after epoch 3" in alt
    assert "training is no number after epoch 3; validation is no number after epoch 2" in alt
    alt = plot_training.marked_curves({"loss": [1.0, np.inf, np.nan, 2.0]}).alt
    assert "is no number after epoch 2 and 1 more" in alt
    assert "no number at 2" in plot_curves.spread_curves({"a": [[1.0, np.nan, 3.0]]}).alt


def test_marks_stand_on_their_curve_and_late_ones_lean_left():
    ax = plot_training.marked_curves(CURVE, marks=MARKS).axes[0]
    best, stopped = ax.texts
    assert (best.get_text(), best.xy, best.get_ha()) == ("best", (2, 2.5), "left")
    assert (stopped.get_text(), stopped.xy, stopped.get_ha()) == ("stopped", (5, 2.8), "right")


def test_without_rates_there_is_one_panel_and_a_lone_curve_needs_no_legend():
    figure = plot_training.marked_curves({"loss": [2.0, 1.0]})
    assert len(figure.axes) == 1
    assert not figure.legends
    assert plot_training.marked_curves(CURVE).legends


@few
@given(seed=st.integers(0, 10_000), length=st.integers(1, 6))
def test_the_top_of_the_stack_is_the_sum(seed, length):
    parts = np.random.default_rng(seed).random((3, length))
    figure = plot_curves.stacked_parts(dict(zip("abc", parts, strict=True)))
    tops = [line.get_ydata() for line in figure.axes[0].lines]
    np.testing.assert_allclose(tops, np.cumsum(parts, axis=0))
    assert f"At the end {parts[:, -1].sum():.3g}:" in figure.alt


def test_the_legend_of_a_stack_lists_the_top_layer_first():
    ax = plot_curves.stacked_parts(PARTS).axes[0]
    assert [text.get_text() for text in ax.get_legend().texts] == ["penalty", "cross-entropy"]


def test_a_setting_of_0_keeps_its_place_left_of_a_logarithmic_axis():
    ax = FIGURES["spread_curves from 0"]().axes[0]
    places = ax.transData.transform([(x, 1.0) for x in (0.0, 0.01, 0.1)])[:, 0]
    assert ax.get_xscale() == "symlog"
    assert np.isfinite(places).all()
    assert (np.diff(places) > 0).all()


def test_half_percentages_are_not_rounded_to_their_neighbours():
    ax = plot_curves.spread_curves({"a": [0.845, 0.855]}, percent=True).axes[0]
    show = ax.yaxis.get_major_formatter()
    assert [show(value) for value in (0.845, 0.85, 0.9)] == ["84.5%", "85%", "90%"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plot_training.overfitting_curves({}),
        lambda: plot_training.overfitting_curves({"a": ([], [])}),
        lambda: plot_training.overfitting_curves({"a": ([1.0],)}),
        lambda: plot_training.marked_curves({}),
        lambda: plot_training.marked_curves({"a": []}),
        lambda: plot_training.marked_curves({"a": [1.0]}, marks={"a": {2: "late"}}),
        lambda: plot_training.marked_curves({"a": [1.0]}, marks={"b": {1: "nowhere"}}),
        lambda: plot_training.marked_curves({"a": [1.0, 2.0]}, rates=[1.0]),
        lambda: plot_training.marked_curves({"a": [1.0]}, rates=[0.0]),
        lambda: plot_curves.stacked_parts({}),
        lambda: plot_curves.stacked_parts({"a": [1.0], "b": [1.0, 2.0]}),
        lambda: plot_curves.stacked_parts({"a": [-1.0]}),
    ],
)
def test_data_that_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match=r"give|marks"):
        wrong()


def test_a_place_left_of_zero_has_no_logarithm_and_does_not_vanish():
    with pytest.raises(ValueError, match=r"^x must be finite, from 0 to inf, not -1 at"):
        plot_curves.spread_curves({"a": [1, 2, 3]}, x=[-1, 1, 10], log_x=True)
