"""Pictures of sliding filters and receptive fields show the numbers that TensorFlow computes."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import plot_networks, plot_tensors

few = settings(max_examples=10, deadline=None)
PICTURE = np.array([[0, 0, 0, 1, 1, 1]] * 6)
EDGE = np.array([[-1, 0, 1]] * 3)

FIGURES = {
    "convolution_picture": lambda: plot_tensors.convolution_picture(PICTURE, EDGE, at=(1, 2)),
    "convolution_picture, padded": lambda: plot_tensors.convolution_picture(
        PICTURE, EDGE, padding=1
    ),
    "receptive_fields": lambda: plot_networks.receptive_fields(
        np.zeros((9, 9), np.uint8), {"conv": (2, 2, 3, 3), "pool": (-1, 0, 9, 12)}
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@few
@given(
    numbers=st.lists(st.integers(-9, 9), min_size=30, max_size=30),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
)
def test_the_map_holds_the_numbers_of_tensorflow(numbers, stride, padding):
    picture = np.reshape(numbers, (5, 6))
    figure = plot_tensors.convolution_picture(picture, EDGE, stride=stride, padding=padding)
    border = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
    expected = tf.nn.conv2d(
        picture[None, :, :, None].astype("float32"),
        EDGE[:, :, None, None].astype("float32"),
        strides=stride,
        padding=border,
    )[0, :, :, 0].numpy()
    shown = [text.get_text().replace("−", "-") for text in figure.axes[2].texts]
    assert [float(text) for text in shown] == expected.ravel().tolist()
    assert f"{expected.shape[0]} by {expected.shape[1]} numbers" in figure.alt


def frames(ax):
    """Return x, y, width and height of the thick frames."""
    thick = [patch for patch in ax.patches if patch.get_linewidth() == 2.5]
    return [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in thick]


def test_the_frame_lies_around_the_pixels_that_are_summed():
    figure = plot_tensors.convolution_picture(PICTURE, EDGE, at=(2, 1), stride=2, padding=1)
    whole, kernel, found = figure.axes
    assert frames(whole) == [(1.5, -6.5, 3, 3)]
    assert frames(kernel) == [(-0.5, -2.5, 3, 3)]
    assert frames(found) == [(0.5, -2.5, 1, 1)]
    dotted = [patch for patch in whole.patches if patch.get_linestyle() in (":", "dotted")]
    assert len(dotted) == 8 * 8 - 6 * 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"picture": np.zeros(3)}, "picture must have 2 axes"),
        ({"stride": 0}, "stride must be an integer, at least 1, not 0"),
        ({"padding": -1}, "padding must be an integer, at least 0, not -1"),
        ({"picture": np.zeros((2, 9))}, "does not fit"),
        ({"at": (4, 0)}, "at must be an integer, at least 0 and at most 3, not 4"),
    ],
)
def test_a_convolution_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_tensors.convolution_picture(**{"picture": PICTURE, "kernel": EDGE} | arguments)


@few
@given(row=st.integers(-4, 8), column=st.integers(-4, 8), rows=st.integers(1, 9))
def test_a_field_is_framed_where_it_lies_and_said_so(row, column, rows):
    figure = plot_networks.receptive_fields(np.zeros((9, 9)), {"conv": (row, column, rows, 2)})
    ax = figure.axes[0]
    assert frames(ax) == [(column - 0.5, row - 0.5, 2, rows)]
    low, high = ax.get_xlim()
    assert low < column < column + 2 <= high
    said = f"conv: {rows} by 2 pixels, rows {row} to {row + rows - 1}, columns {column} to"
    assert said.replace("-", "−") in figure.alt


def test_frames_differ_in_colour_and_line():
    patches = FIGURES["receptive_fields"]().axes[0].patches
    assert len({(patch.get_linestyle(), patch.get_edgecolor()) for patch in patches}) == 2


@pytest.mark.parametrize(
    ("image", "boxes"),
    [
        (np.zeros((2, 2, 3)), {"a": (0, 0, 1, 1)}),
        (np.zeros((2, 2)), {}),
        (np.zeros((2, 2)), {"a": (0, 0, 0, 1)}),
        (np.zeros((2, 2)), {"a": (0, 0, 1)}),
    ],
)
def test_fields_that_cannot_be_are_refused(image, boxes):
    with pytest.raises(ValueError, match="give a grey image"):
        plot_networks.receptive_fields(image, boxes)
