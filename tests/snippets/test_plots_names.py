"""A figure shows names as they are: none begins a formula, and no legend leaves one out."""

from __future__ import annotations

import html
import importlib
import inspect
import io
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import keras
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

SNIPPETS = sorted(Path(__file__).parents[2].glob("snippets/*.py"))
MODULES = {
    file.stem: importlib.import_module(f"snippets.{file.stem}")
    for file in SNIPPETS
    if file.stem == "tensors" or file.stem.startswith("plot_")
}

# Matplotlib hides legend entries that begin with the first's first letter, and takes what stands between
# two dollars for a formula.
A, B = "_one $5", "$two_2$"
CLIMBING = SimpleNamespace(false_positive_rate=[0, 1], true_positive_rate=[0, 1])
BINS = SimpleNamespace(confidence=[0.4, 0.9], accuracy=[0.5, 0.7], count=[3, 30])
TWO = np.array([[1.0, 2.0], [3.0, 4.0]])
AXES = {"xlabel": A, "ylabel": B}


def fig(function: str) -> Callable[..., Figure]:
    module, _, name = function.partition(".")
    return getattr(MODULES[module], name)


FIGURES: dict[str, Callable[[Callable[..., Figure]], Figure]] = {
    "plot_classes.class_bars": lambda f: f([0.1, 0.9], class_names=[A, B]),
    "plot_classes.label_order": lambda f: f(
        {A: [0, 1], B: [1, 0]}, class_names=[A, B], batch_size=1
    ),
    "plot_classes.probability_bars": lambda f: f([0.1, 0.9], class_names=[A, B]),
    "plot_curves.line_fit": lambda f: f([0, 1], [0, 1], {A: (1, 0), B: (0, 1)}, **AXES),
    "plot_curves.log_curves": lambda f: f({A: {1: 1, 2: 2}, B: {1: 3, 2: 1}}, **AXES),
    "plot_curves.setting_curves": lambda f: f({A: {1: 1, 2: 2}, B: {1: 3, 2: 1}}, **AXES),
    "plot_curves.spread_curves": lambda f: f({A: [1, 2], B: [2, 1]}, **AXES),
    "plot_curves.stacked_parts": lambda f: f({A: [1, 2], B: [2, 1]}, **AXES),
    "plot_evaluation.draw_confusion_matrix": lambda f: f([0, 1], [1, 1], class_names=[A, B]),
    "plot_evaluation.reliability_panels": lambda f: f({A: BINS, B: BINS}),
    "plot_evaluation.roc_panels": lambda f: f({A: CLIMBING, B: CLIMBING}),
    "plot_thresholds.threshold_dots": lambda f: f([1, 0], [0.9, 0.4], thresholds={A: 0.5, B: 0.6}),
    "plot_functions.contour_paths": lambda f: f(
        lambda p: p[0] ** 2 + p[1] ** 2, {A: TWO, B: TWO}, names=(A, B)
    ),
    "plot_functions.curves_and_slopes": lambda f: f(
        [0, 1], {A: [0, 1], B: [1, 0]}, {A: [1, 1], B: [0, 0]}
    ),
    "plot_images.image_grid": lambda f: f(np.ones((2, 4, 4)), [A, B]),
    "plot_images.map_rows": lambda f: f({A: np.ones((1, 4, 4))}, [B]),
    "plot_images.signed_images": lambda f: f({A: TWO, B: TWO}),
    "plot_networks.layer_sizes": lambda f: f({A: {B: [1, 2], A: [2, 1]}}),
    "plot_networks.receptive_fields": lambda f: f(np.eye(4), {A: (0, 0, 2, 2), B: (1, 1, 2, 2)}),
    "plot_networks.trained_parts": lambda f: f({A: [(B, 1, 0)]}),
    "plot_results.interval_rows": lambda f: f(
        {"row": {A: (0.5, 0.4, 0.6), B: (0.5, 0.4, 0.6)}}, xlabel=A
    ),
    "plot_results.search_progress": lambda f: f({A: [(1, 0.5)]}, reference=(B, 0.7)),
    "plot_results.seed_dots": lambda f: f({A: [0.5], B: [0.6]}, xlabel=A),
    "plot_results.seed_lines": lambda f: f({A: {1: [0.5]}, B: {1: [0.6]}}, **AXES),
    "plot_tensors.reading_order": lambda f: f({A: TWO, B: TWO}),
    "plot_tensors.tensor_picture": lambda f: f({A: TWO, B: TWO}),
    "plot_timing.run_timeline": lambda f: f({A: (0, 1), B: (1, 2)}, length=2),
    "plot_timing.speed_ratios": lambda f: f({"row": {A: [1.0], B: [2.0]}}, xlabel="ratio"),
    "plot_timing.stage_bars": lambda f: f({"row": {A: 1.0, B: 0.001}}),
    "plot_training.marked_curves": lambda f: f({A: [1, 2], B: [2, 1]}),
    "plot_training.overfitting_curves": lambda f: f({A: ([1, 2], [2, 1]), B: ([1, 2], [2, 1])}),
    "tensors.broadcast_picture": lambda f: f((2,), (2,), names=(A, B)),
}
# Show no names, or that of one thing alone.
NAMELESS = {
    *("plot_functions.function_and_tangents", "plot_images.filter_grid"),
    *(
        "plot_images.image_and_numbers",
        "plot_networks.model_diagram",
        "plot_results.chosen_and_fresh",
    ),
    *("plot_tensors.convolution_picture", "plot_tensors.matmul_picture", "plot_timing.ring_rounds"),
    *("plot_training.learning_curves", "plot_training.rate_curve"),
}


def test_every_figure_is_held_to_this():
    figures = {
        f"{module}.{name}"
        for module, loaded in MODULES.items()
        for name, function in inspect.getmembers(loaded, inspect.isfunction)
        if function.__module__ == loaded.__name__ and not name.startswith("_")
        if inspect.signature(function).return_annotation == "Figure"
    }
    assert figures == set(FIGURES) | NAMELESS


def drawn(figure: Figure) -> list[str]:
    """Return what a reader reads on the figure, text by text."""
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    found = re.findall(r"<text[^>]*>([^<]*)</text>", file.getvalue())
    return [html.unescape(text).lstrip("\u200b") for text in found]


@pytest.mark.parametrize("name", FIGURES)
def test_a_name_with_dollars_or_an_underscore_is_shown_as_it_is(name):
    texts = drawn(FIGURES[name](fig(name)))
    for each in (A, B):
        assert any(each in text for text in texts), each


def test_a_function_and_a_network_are_called_as_they_are():
    tangents = fig("plot_functions.function_and_tangents")(np.sin, {0.0: 1.0}, name=B)
    assert B in drawn(tangents)
    layer = keras.layers.Dense(1, name="_hidden")
    network = keras.Sequential([keras.Input((2,), name="in"), layer])
    assert "_hidden" in drawn(fig("plot_networks.model_diagram")(network))


def test_powers_of_ten_on_an_axis_stay_powers():
    figure = fig("plot_curves.log_curves")({A: {1: 1, 1000: 1e6}})
    assert not any("mathdefault" in text for text in drawn(figure))


@pytest.mark.parametrize("name", FIGURES)
def test_a_script_can_save_the_figure_though_it_is_closed(name, tmp_path):
    figure = FIGURES[name](fig(name))
    assert not plt.get_fignums()
    figure.savefig(tmp_path / "figure.png", dpi=30)
    assert plt.imread(tmp_path / "figure.png")[..., :3].std() > 0


@pytest.mark.parametrize("module", sorted({name.partition(".")[0] for name in FIGURES}))
def test_a_file_that_draws_says_how_a_script_saves_a_figure(module):
    assert 'in a script (`figure.savefig("name.png")`)' in MODULES[module].__doc__
