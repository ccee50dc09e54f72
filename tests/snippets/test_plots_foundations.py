"""The figures of the foundations: their alt texts say what the data says, and each is closed."""

from __future__ import annotations

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.patches import FancyBboxPatch

from snippets import plot_curves, plot_functions, plot_images, plot_tensors

MATRIX = np.array([[1, 2, 3], [4, 5, 6]])


def bowl(point):
    return point[0] ** 2 / 2 + 2 * point[1] ** 2


FIGURES = {
    "tensor_picture": lambda: plot_tensors.tensor_picture({"m": MATRIX}, marked={"m": MATRIX[0]}),
    "reading_order": lambda: plot_tensors.reading_order({"m": MATRIX, "m.T": MATRIX.T}),
    "matmul_picture": lambda: plot_tensors.matmul_picture(MATRIX, MATRIX.T, row=1, column=0),
    "image_and_numbers": lambda: plot_images.image_and_numbers(
        np.arange(256, dtype=np.uint8).reshape(16, 16), top=2, left=3, size=4
    ),
    "function_and_tangents": lambda: plot_functions.function_and_tangents(
        np.sin, {0.0: 1.0, 2.0: -0.416}
    ),
    "contour_paths": lambda: plot_functions.contour_paths(
        bowl, {0.1: np.array([[2.0, 1], [1, 0.5]])}
    ),
    "log_curves": lambda: plot_curves.log_curves({"error": {0.1: 1e-2, 0.01: 1e-4}}),
    "signed_images": lambda: plot_images.signed_images({"w": np.array([[-1.0, 2.0], [0.0, 0.5]])}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@pytest.mark.parametrize("name", FIGURES)
def test_text_outside_cells_takes_its_colour_from_the_style(name):
    with plt.rc_context({"text.color": "#123456", "axes.labelcolor": "#123456"}):
        figure = FIGURES[name]()
    outside = [
        text
        for ax in figure.axes
        for text in (*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title)
        if text.get_text() and to_rgb(text.get_color()) not in {(0, 0, 0), (1, 1, 1)}
    ]
    assert all(to_rgb(text.get_color()) == to_rgb("#123456") for text in outside)


def test_the_marked_elements_are_named_and_outlined():
    figure = plot_tensors.tensor_picture({"column": MATRIX}, marked={"column": MATRIX[:, 1]})
    outlined = [
        patch
        for patch in figure.axes[0].patches
        if isinstance(patch, FancyBboxPatch) and patch.get_edgecolor()[3] > 0
    ]
    assert "marked: 2, 5." in figure.alt
    assert len(outlined) == 2


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 2, 3)])
def test_a_tensor_is_drawn_with_one_cell_an_element(shape):
    figure = plot_tensors.tensor_picture({"t": np.arange(np.prod(shape, dtype=int)).reshape(shape)})
    cells = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    assert len(cells) == np.prod(shape, dtype=int)
    assert f"shape {shape}" in figure.alt


def test_a_rank_above_three_is_not_drawn():
    with pytest.raises(
        ValueError, match=r"tensors must hold|tensors\[.* must have 0 or 1 or 2 or 3 axes"
    ):
        plot_tensors.tensor_picture({"t": np.zeros((1, 1, 1, 1))})


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4))
def test_reshape_reads_along_the_rows_and_transpose_down_the_columns(rows, columns):
    matrix = np.arange(rows * columns).reshape(rows, columns)
    alt = plot_tensors.reading_order({"r": matrix.reshape(columns, rows), "t": matrix.T}).alt
    assert f"In r, shape {(columns, rows)}, it runs along the rows." in alt
    assert f"In t, shape {(columns, rows)}, it runs down the columns." in alt


def test_a_scrambled_matrix_runs_to_and_fro():
    assert "to and fro" in plot_tensors.reading_order({"m": np.array([[3, 1], [4, 2]])[::-1]}).alt


def test_an_order_needs_distinct_numbers():
    with pytest.raises(
        ValueError, match=r"matrices must hold|matrices\[.* must (be without repeats|have 2 axes)"
    ):
        plot_tensors.reading_order({"m": np.zeros((2, 2))})


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1), st.integers(0, 1))
def test_the_arithmetic_under_a_product_is_right(row, column):
    figure = plot_tensors.matmul_picture(MATRIX, MATRIX.T, row=row, column=column)
    assert figure.alt.endswith(f"= {(MATRIX @ MATRIX.T)[row, column]}.")


def test_shapes_that_do_not_multiply_are_named():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 3\)"):
        plot_tensors.matmul_picture(MATRIX, MATRIX)


def test_the_numbers_beside_an_image_are_its_pixels_in_readable_colours():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    figure = plot_images.image_and_numbers(image, top=0, left=0, size=16)
    labels = {text.get_text(): text.get_color() for text in figure.axes[1].texts}
    assert set(labels) == {str(value) for value in range(256)}
    assert labels["0"] == "white"
    assert labels["255"] == "black"


def test_a_crop_outside_the_image_is_refused():
    with pytest.raises(ValueError, match=r"(top|left|size) must be an integer"):
        plot_images.image_and_numbers(np.zeros((4, 4), np.uint8), top=2, left=0, size=3)


def test_tangents_are_described_by_their_slopes():
    alt = plot_functions.function_and_tangents(
        np.square, {-1.0: -2.0, 0.0: 0.0, 2.0: 4.0}, name="x²"
    ).alt
    assert "at x = −1, height 1, slope −2 (downhill)" in alt
    assert "at x = 0, height 0, slope 0 (level)" in alt
    assert "at x = 2, height 4, slope 4 (uphill)" in alt


def test_a_point_outside_the_span_is_refused():
    with pytest.raises(ValueError, match="give points between"):
        plot_functions.function_and_tangents(np.square, {9.0: 18.0})


def test_paths_say_whether_they_ended_lower_or_higher():
    start = [2.0, 1.0]
    paths = {0.1: np.array([start, [0.0, 0.0]]), 0.9: np.array([start, [4.0, 2.0]])}
    figure = plot_functions.contour_paths(bowl, paths)
    assert (
        "Learning rate 0.1: after 1 step at (0, 0), height 0, lower than the start." in figure.alt
    )
    assert "Learning rate 0.9: after 1 step at (4, 2), height 16, higher" in figure.alt


def test_paths_differ_by_line_and_marker_as_well_as_colour():
    paths = {rate: np.array([[2.0, 1.0], [rate, rate]]) for rate in (0.1, 0.2, 0.3)}
    lines = plot_functions.contour_paths(bowl, paths).axes[0].lines
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == 3
    assert len({to_rgba(line.get_color()) for line in lines}) == 3


def test_a_path_to_infinity_is_refused():
    with pytest.raises(ValueError, match="finite points"):
        plot_functions.contour_paths(bowl, {1.0: np.array([[1.0, 1.0], [np.inf, 0.0]])})


def test_logarithmic_curves_leave_out_zeros_and_name_the_lowest_point():
    figure = plot_curves.log_curves({"error": {0.1: 0.02, 0.01: 0.003, 0.001: 0.0}}, xlabel="step")
    assert len(figure.axes[0].lines[0].get_xdata()) == 2
    assert "lowest 0.003 at step 0.01" in figure.alt
    with pytest.raises(ValueError, match="no positive point"):
        plot_curves.log_curves({"error": {0.1: 0.0}})
    assert not plt.get_fignums()


def test_signed_images_share_a_scale_centred_on_zero():
    figure = plot_images.signed_images({"a": np.array([[-3.0, 1.0]]), "b": np.array([[0.5, 0.0]])})
    scales = [ax.images[0].get_clim() for ax in figure.axes if ax.images]
    assert scales[:2] == [(-3.0, 3.0), (-3.0, 3.0)]
    assert "a: 1 by 2, from −3 at row 0, column 0 to 1 at row 0, column 1." in figure.alt


def test_sums_and_differences_of_bytes_do_not_overflow():
    left, right = np.array([[200, 100]], np.uint8), np.array([[2], [1]], np.uint8)
    assert "200×2 + 100×1 = 500." in plot_tensors.matmul_picture(left, right).alt
    falling = np.array([[4, 3], [2, 1]], np.uint8)
    assert "runs to and fro" in plot_tensors.reading_order({"falling": falling}).alt
    picture, kernel = np.full((3, 3), 200, np.uint8), np.full((2, 2), 2, np.uint8)
    assert "1600" in plot_tensors.convolution_picture(picture, kernel, at=(0, 0)).alt
