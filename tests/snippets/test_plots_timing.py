"""Figures of where time goes and of what changes win say in words what they draw."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from snippets import plot_results, plot_timing

STAGES = {
    "from\narrays": {"reading": 0.1, "forward": 3.0, "backward": 6.0},
    "from files": {"reading": 9.0, "forward": 3.0, "Python": 0.0},
}
RATIOS = {
    "float64": {"dense": [0.5, 0.4, 0.6], "convolution": [0.3]},
    "one\ncycle": {"dense": [6.0, 8.0]},
}

FIGURES = {
    "stage_bars": lambda: plot_timing.stage_bars(STAGES),
    "stage_bars, shares": lambda: plot_timing.stage_bars(STAGES, unit="s", share=True),
    "speed_ratios": lambda: plot_timing.speed_ratios(RATIOS),
    "speed_ratios, one thing": lambda: plot_timing.speed_ratios({"XLA": {"dense": [1.0]}}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_described_closed_and_narrow_enough_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


def frames(figure):
    shapes = (p for p in figure.axes[0].patches if isinstance(p, Rectangle))
    return [p for p in shapes if not p.get_fill()]


def test_the_bottleneck_of_each_row_has_a_frame_and_is_named():
    figure = plot_timing.stage_bars(STAGES)
    assert [round(p.get_width(), 3) for p in frames(figure)] == [6.0, 9.0]
    assert "from arrays: 9.1 in all" in figure.alt
    assert "backward 6 (66%, the largest)" in figure.alt
    assert "reading 9 (75%, the largest)" in figure.alt


@given(
    rows=st.lists(st.lists(st.floats(0.01, 100), min_size=2, max_size=6), min_size=1, max_size=3)
)
def test_as_parts_all_bars_are_equally_long_and_as_times_they_add_up(rows):
    named = {str(i): {f"stage {j}": t for j, t in enumerate(row)} for i, row in enumerate(rows)}
    for share in (False, True):
        figure = plot_timing.stage_bars(named, share=share)
        bars = [p for p in figure.axes[0].patches if p.get_fill()]
        for place, row in enumerate(rows):
            mine = [p for p in bars if abs(p.get_y() + p.get_height() / 2 - place) < 0.1]
            length = sum(p.get_width() for p in mine)
            assert length == pytest.approx(100 if share else sum(row))


def test_a_stage_looks_the_same_in_every_row_and_in_the_legend():
    figure = plot_timing.stage_bars(STAGES)
    bars = [p for p in figure.axes[0].patches if p.get_fill()]
    key = dict(
        zip(
            ["reading", "forward", "backward", "Python"],
            figure.legends[0].get_patches(),
            strict=True,
        )
    )
    for bar, stage in zip(bars, [stage for row in STAGES.values() for stage in row], strict=True):
        assert bar.get_facecolor() == key[stage].get_facecolor()
        assert bar.get_hatch() == key[stage].get_hatch()


@pytest.mark.parametrize(
    "rows", [{}, {"a": {}}, {"a": {"x": 0.0}}, {"a": {"x": -1.0, "y": 2.0}}, {"a": {"x": np.nan}}]
)
def test_bars_of_nothing_or_less_are_refused(rows):
    with pytest.raises(ValueError, match="times of 0 or above"):
        plot_timing.stage_bars(rows)
    assert not plt.get_fignums()


@given(ratios=st.lists(st.floats(0.02, 50), min_size=1, max_size=7))
def test_the_full_mark_stands_at_the_median_and_inside_the_axes(ratios):
    figure = plot_timing.speed_ratios({"change": {"dense": ratios}})
    (ax,) = figure.axes
    marks = [line for line in ax.lines if line.get_markersize() == 8]
    assert marks[0].get_xdata() == pytest.approx(np.median(ratios))
    low, high = ax.get_xlim()
    assert low < min(*ratios, 1)
    assert high > max(*ratios, 1)


def test_ratios_are_told_with_their_range_and_rows_may_leave_some_out():
    alt = plot_timing.speed_ratios(RATIOS, xlabel="speed").alt
    assert alt == (
        "speed, median of the rounds. float64: dense 0.5 (0.4 to 0.6), convolution 0.3 (0.3 to 0.3);"
        " one cycle: dense 7 (6 to 8)."
    )


def test_each_thing_tried_has_a_marker_of_its_own():
    figure = plot_timing.speed_ratios(RATIOS)
    big = [line for line in figure.axes[0].lines if line.get_markersize() == 8]
    assert [line.get_marker() for line in big] == ["o", "s", "o"]
    assert len({to_rgba(line.get_color()) for line in big}) == 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "give rows"),
        ({"a": {}}, "give rows"),
        ({"a": {str(i): [1.0] for i in range(6)}}, "at most"),
        ({"a": {"x": []}}, "positive ratio"),
        ({"a": {"x": [1.0, 0.0]}}, "positive ratio"),
        ({"a": {"x": [[1.0]]}}, "positive ratio"),
    ],
)
def test_ratios_that_cannot_be_drawn_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        plot_timing.speed_ratios(rows)
    assert not plt.get_fignums()


def test_seed_lines_with_many_places_leave_the_ticks_to_matplotlib():
    few = {"a": {float(x): [0.5] for x in range(1, 9)}}
    many = {"a": {x / 7: [0.5] for x in range(1, 40)}}
    assert len(plot_results.seed_lines(few, xlabel="x", log=False).axes[0].get_xticks()) == 8
    assert len(plot_results.seed_lines(many, xlabel="x", log=False).axes[0].get_xticks()) < 12
