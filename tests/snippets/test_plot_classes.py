"""Figures with one mark per class say what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from snippets import plot_classes

NAMES = ["bag", "boot", "coat"]


def test_an_order_of_labels_is_told_by_how_many_classes_a_whole_batch_holds():
    orders = {"sorted": [0, 0, 1, 1, 2, 2, 2], "dealt": [0, 1, 2, 0, 1, 2, 2]}
    figure = plot_classes.label_order(orders, class_names=NAMES, batch_size=3)
    # Of seven labels the last is of no whole batch: 2 and 2 classes, then 3 and 3.
    assert "sorted: a batch of 3 holds 2.0 of 3 classes on average" in figure.alt
    assert "dealt: a batch of 3 holds 3.0 of 3 classes on average" in figure.alt


def test_a_panel_of_an_order_has_a_name_for_each_class():
    figure = plot_classes.label_order({"as it comes": [2, 0, 1]}, class_names=NAMES, batch_size=1)
    shown = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert set(NAMES) <= set(shown)


@pytest.mark.parametrize(
    ("orders", "batch_size"), [({}, 1), ({"short": [0, 1]}, 3), ({"nameless": [0, 3]}, 1)]
)
def test_orders_that_cannot_be_drawn_are_refused(orders, batch_size):
    with pytest.raises(ValueError, match=r"order|batch|labels"):
        plot_classes.label_order(
            {name: np.array(each) for name, each in orders.items()},
            class_names=NAMES,
            batch_size=batch_size,
        )


def test_nearly_certain_is_not_told_as_certain_nor_unlikely_as_impossible():
    bars = plot_classes.probability_bars([0.9997, 0.0003, 0.0], class_names=NAMES)
    assert "bag >99.9%, boot <0.1%, coat 0.0%" in bars.alt
    assert "bag 100.0%" in plot_classes.probability_bars([1, 0, 0], class_names=NAMES).alt
