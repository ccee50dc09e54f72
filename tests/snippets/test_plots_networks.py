"""Figures of layers, models, activations and settings say in words what they draw."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from snippets import plot_curves, plot_functions, plot_networks
from snippets.models import dense_network, relu_tanh_selu_network

few = settings(max_examples=15, deadline=None)
X = np.linspace(-2, 2, 9)
RATES = {"SGD": {0.1: 0.5, 0.3: 0.4, 0.9: float("nan")}, "Adam": {0.001: 0.45, 0.01: 0.3}}


def twins(*, shared: bool = True) -> keras.Model:
    """Return two inputs, one encoder called on both (or two), and two outputs."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="encoder")
    other = encoder if shared else keras.layers.Dense(3, name="other")
    code = encoder(left)
    difference = keras.layers.Subtract(name="difference")([code, other(right)])
    same = keras.layers.Dense(1, name="same")(difference)
    kind = keras.layers.Dense(2, activation="softmax", name="kind")(code)
    return keras.Model([left, right], [same, kind], name="twins")


def skipping() -> keras.Model:
    """Return a model whose input also goes round two layers."""
    start = keras.Input((4,), name="start")
    deep = keras.layers.Dense(4, name="second")(keras.layers.Dense(4, name="first")(start))
    return keras.Model(start, keras.layers.Add(name="sum")([start, deep]), name="skip")


FIGURES = {
    "curves_and_slopes": lambda: plot_functions.curves_and_slopes(
        X, {"square": X**2, "cube": X**3}, {"square": 2 * X, "cube": 3 * X**2}
    ),
    "layer_sizes": lambda: plot_networks.layer_sizes({"spread": {"a": [1, 0.1], "b": [1, 1]}}),
    "layer_sizes in two panels": lambda: plot_networks.layer_sizes(
        {"spread": {"a": [1, 0.1]}, "gradient": {"a": [1e-6, 1e-2]}}
    ),
    "model_diagram of a chain": lambda: plot_networks.model_diagram(relu_tanh_selu_network()),
    "model_diagram of Sequential": lambda: plot_networks.model_diagram(dense_network((8,))),
    "model_diagram of twins": lambda: plot_networks.model_diagram(twins()),
    "model_diagram with a way round": lambda: plot_networks.model_diagram(skipping()),
    "setting_curves": lambda: plot_curves.setting_curves(RATES, xlabel="rate", ylabel="loss"),
    "setting_curves cut off": lambda: plot_curves.setting_curves(
        RATES, xlabel="rate", ylabel="loss", top=0.42
    ),
}


def boxes(figure: Figure) -> list[FancyBboxPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def arrows(figure: Figure) -> list[FancyArrowPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@few
@given(low=st.floats(-5, 0), high=st.floats(0.1, 5))
def test_both_panels_draw_the_numbers_they_were_given(low, high):
    x = np.linspace(low, high, 7)
    figure = plot_functions.curves_and_slopes(x, {"square": x**2}, {"square": 2 * x})
    for ax, curve in zip(figure.axes, (x**2, 2 * x), strict=True):
        np.testing.assert_array_equal(ax.lines[0].get_xdata(), x)
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), curve)


@pytest.mark.parametrize(
    ("values", "slopes", "match"),
    [
        ({}, {}, "need slopes of the same"),
        ({"a": X}, {"b": X}, "need slopes of the same"),
        ({"a": X}, {"a": X, "b": X}, "need slopes of the same"),
        ({"a": X[1:]}, {"a": X}, "must have the shape of x"),
        ({"a": X}, {"a": X[1:]}, "must have the shape of x"),
    ],
)
def test_curves_without_their_slopes_are_refused(values, slopes, match):
    with pytest.raises(ValueError, match=match):
        plot_functions.curves_and_slopes(X, values, slopes)


@few
@given(sizes=st.lists(st.floats(1e-12, 1e6), min_size=1, max_size=9))
def test_layer_sizes_count_layers_from_one_and_lie_on_a_logarithmic_axis(sizes):
    ax = plot_networks.layer_sizes({"gradient": {"net": sizes}}).axes[0]
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), range(1, len(sizes) + 1))
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), sizes)


@pytest.mark.parametrize("panels", [{}, {"a": {}}, {"a": {"n": []}}, {"a": {"n": [1.0, 0.0]}}])
def test_layer_sizes_that_no_logarithm_has_are_refused(panels):
    with pytest.raises(ValueError, match="positive sizes"):
        plot_networks.layer_sizes(panels)


@few
@given(units=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_a_chain_is_drawn_as_boxes_one_above_the_other_with_all_weights_told(units):
    network = dense_network(units, shape=(2, 2))
    figure = plot_networks.model_diagram(network)
    assert len(boxes(figure)) == len(network.layers) + 1  # and the input
    assert len(arrows(figure)) == len(network.layers)
    tops = [box.get_y() for box in boxes(figure)]
    assert tops == sorted(tops, reverse=True)
    assert len({round(box.get_x(), 6) for box in boxes(figure)}) == 1
    assert f"{network.count_params():,} weights" in figure.alt


def test_no_two_boxes_of_a_diagram_overlap():
    for model in (twins(), twins(shared=False), skipping()):
        areas = [box.get_bbox() for box in boxes(plot_networks.model_diagram(model))]
        for i, one in enumerate(areas):
            assert not any(one.overlaps(other) for other in areas[:i])


def test_a_layer_called_twice_is_dashed_the_second_time_and_its_weights_are_the_same():
    figure = plot_networks.model_diagram(twins())
    assert [box.get_linestyle() for box in boxes(figure)].count("--") == 1
    assert "encoder, Sequential, (3,), same 15 weights, from right" in figure.alt
    assert "difference, Subtract, (3,), from encoder and encoder" in figure.alt
    assert "kind, Dense, softmax, (2,), 8 weights, from encoder" in figure.alt
    apart = plot_networks.model_diagram(twins(shared=False))
    assert "--" not in [box.get_linestyle() for box in boxes(apart)]
    assert "same 15" not in apart.alt


def test_an_arrow_past_a_layer_runs_beside_its_box():
    figure = plot_networks.model_diagram(skipping())
    around = max(figure.axes[0].lines, key=lambda line: len(line.get_xdata()))
    places = np.transpose(around.get_data())
    assert len(places) > 1
    for box in boxes(figure):
        area = box.get_bbox().padded(-0.01)
        assert not any(area.contains(x, y) for x, y in places[1:])


def test_a_model_that_has_not_been_built_cannot_be_drawn():
    with pytest.raises(ValueError, match="model must be a Keras model that is built"):
        plot_networks.model_diagram(keras.Sequential([keras.layers.Dense(2)]))


def test_the_lowest_setting_has_a_ring_and_what_lies_above_an_arrow():
    figure = plot_curves.setting_curves(RATES, xlabel="rate", ylabel="loss", top=0.42)
    ax = figure.axes[0]
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert [line.get_xdata()[0] for line in rings] == [0.3, 0.01]
    above = [
        line.get_xdata()[0]
        for line in ax.lines
        if line.get_marker() == "^" and len(line.get_xdata()) == 1
    ]
    assert above == [0.1, 0.9, 0.001]
    assert ax.get_ylim()[1] == pytest.approx(0.42)
    assert "SGD: above 0.42 at 0.1, 0.4 at 0.3 (lowest), above 0.42 at 0.9" in figure.alt


@few
@given(
    curve=st.dictionaries(st.floats(1e-6, 10), st.floats(0, 100), min_size=1, max_size=6),
    name=st.sampled_from(["SGD", "Adam"]),
)
def test_one_setting_of_each_curve_is_called_lowest(curve, name):
    alt = plot_curves.setting_curves({name: curve}, xlabel="rate", ylabel="loss").alt
    assert alt.count("(lowest)") == 1
    lowest = min(curve, key=lambda x: (curve[x], x))
    assert f"at {lowest:g} (lowest)" in alt


@pytest.mark.parametrize(
    ("curves", "match"),
    [
        ({}, "positive settings"),
        ({"SGD": {}}, "positive settings"),
        ({"SGD": {0.0: 1.0}}, "positive settings"),
        ({"SGD": {0.1: float("nan")}}, "a finite point"),
        ({"SGD": {0.1: 1.0}, "Adam": {}}, "a finite point"),
        ({"SGD": {0.1: 1.0, 0.2: float("-inf")}}, "none may be minus infinity"),
    ],
)
def test_settings_that_cannot_be_drawn_are_refused(curves, match):
    with pytest.raises(ValueError, match=match):
        plot_curves.setting_curves(curves, xlabel="rate", ylabel="loss")


def test_a_network_has_one_look_in_every_panel_and_the_legend_names_all():
    figure = plot_networks.layer_sizes({"one": {"a": [1, 2]}, "two": {"b": [3, 4], "a": [1, 1]}})
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]
    looks = {
        (line.get_label(), line.get_color(), line.get_linestyle())
        for ax in figure.axes
        for line in ax.get_lines()
    }
    assert len(looks) == 2


def test_paths_from_different_points_are_refused():
    with pytest.raises(ValueError, match="one start"):
        plot_functions.contour_paths(
            lambda p: p[0] ** 2 + p[1] ** 2, {1: [[2.0, 0.0]], 2: [[-5.0, 3.0]]}
        )
