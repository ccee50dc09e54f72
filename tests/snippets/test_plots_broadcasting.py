"""What Broadcasting and Gradients ask of shared figures: numbers in cells, many points, axis names."""

from __future__ import annotations

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.colors import to_rgb

from snippets import plot_curves, plot_images

SMALL = hnp.arrays(
    float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-9, 9)
)


@settings(max_examples=20, deadline=None)
@given(SMALL)
def test_numbers_stand_in_their_cells_in_a_readable_colour(matrix):
    figure = plot_images.signed_images({"m": matrix}, numbers=True)
    written = [text for text in figure.axes[0].texts if text.get_text()]
    assert [text.get_text() for text in written] == [
        f"{value:.2f}".replace("-", "−") for value in matrix.ravel()
    ]
    assert [text.get_position() for text in written] == [
        (column, row) for row, column in np.ndindex(matrix.shape)
    ]
    assert {to_rgb(text.get_color()) for text in written} <= {(0, 0, 0), (1, 1, 1)}
    assert not plt.get_fignums()


def test_signed_images_hold_no_numbers_unless_asked():
    assert not plot_images.signed_images({"m": np.eye(3)}).axes[0].texts


def test_a_line_fit_names_its_axes():
    figure = plot_curves.line_fit([0, 1], [1, 2], {"line": (1, 1)}, xlabel="left", ylabel="right")
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("left", "right")
    assert figure.alt.startswith("2 points from left = 0 to 1.")


def test_many_points_are_drawn_smaller_than_few():
    def marker_size(count):
        x = np.arange(count, dtype=float)
        points = plot_curves.line_fit(x, x, {"line": (1.0, 0.0)}).axes[0].lines[-1]
        return points.get_markersize()

    assert marker_size(500) < marker_size(5)
