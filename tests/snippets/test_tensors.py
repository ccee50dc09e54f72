"""snippets/tensors.py: the words and the numbers agree with NumPy and TensorFlow."""

from __future__ import annotations

import math
import re

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch

from snippets.tensors import (
    broadcast_picture,
    describe,
    explain_broadcast,
    explain_shape,
    matmul_shape,
)

SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
MATRICES = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple)


@given(SHAPES)
def test_the_words_for_a_shape_hold_its_sizes_in_order_and_its_product(shape):
    said = explain_shape(shape)
    numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", said)]
    total = [math.prod(shape)] if len(shape) > 1 else []
    assert numbers == [*shape, *total]


def test_a_size_of_one_is_singular():
    assert explain_shape((1, 3)) == "1 row of 3 numbers, 3 in all"


def test_a_rank_above_four_asks_for_names():
    with pytest.raises(ValueError, match="name the 5 axes"):
        explain_shape((1, 2, 3, 4, 5))


def test_a_name_for_each_axis_or_an_error():
    with pytest.raises(ValueError, match="2 axes in \\(28, 28\\), but 1 names"):
        explain_shape((28, 28), ("row",))


def test_a_negative_size_is_refused():
    with pytest.raises(ValueError, match="without negative sizes"):
        explain_shape((2, -1))


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=4, max_side=4)))
def test_a_description_is_what_numpy_says(array):
    assert describe(array) == {
        "shape": array.shape,
        "rank": len(array.shape),
        "size": math.prod(array.shape),
        "dtype": array.dtype.name,
        "bytes": array.itemsize * math.prod(array.shape),
    }


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(tf.ragged.constant([[1], [2, 3]]), id="ragged"),
        pytest.param(tf.sparse.from_dense([[1, 0]]), id="sparse"),
        pytest.param(tf.constant(["a", "bcd"]), id="strings"),
        pytest.param(None, id="None"),
        pytest.param({1: 2}, id="a mapping"),
    ],
)
def test_what_numpy_holds_by_address_alone_is_not_described_as_a_scalar(thing):
    with pytest.raises(ValueError, match=r"^tensor must be numbers with a shape, not "):
        describe(thing)


def test_a_tensor_a_variable_and_an_array_are_described_alike():
    array = np.ones((2, 3), np.float32)
    assert describe(tf.constant(array)) == describe(tf.Variable(array)) == describe(array)


@given(MATRICES, MATRICES)
def test_the_shape_of_a_product_is_tensorflows_or_an_error_where_tensorflow_errs(left, right):
    try:
        product = tuple(tf.matmul(tf.zeros(left), tf.zeros(right)).shape)
    except (tf.errors.InvalidArgumentError, ValueError):
        with pytest.raises(ValueError, match="@"):
            matmul_shape(left, right)
    else:
        assert matmul_shape(left, right) == product


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_a_row_of_the_left_meets_a_column_of_the_right(n, k, m):
    assert matmul_shape((n, k), (k, m)) == (n, m)


def test_leading_axes_that_do_not_broadcast_are_named():
    with pytest.raises(ValueError, match=re.escape("(2,) and (3,) do not broadcast")):
        matmul_shape((2, 4, 5), (3, 5, 6))


def test_a_vector_is_not_a_matrix():
    with pytest.raises(ValueError, match="rank 2 or more"):
        matmul_shape((3,), (3, 2))


@st.composite
def broadcastable_pairs(draw):
    """Two shapes that fit: a common one, each axis kept or made 1, some leading ones left out."""
    common = draw(st.lists(st.integers(0, 4), max_size=4))
    pair = []
    for _ in range(2):
        kept = [size if draw(st.booleans()) else 1 for size in common]
        pair.append(tuple(kept[draw(st.integers(0, len(kept))) :]))
    return tuple(pair)


def numpys(left, right):
    """Return NumPy's broadcast shape, or None."""
    try:
        return np.broadcast_shapes(left, right)
    except ValueError:
        return None


def said(left, right):
    """Return the shape that the explanation names, or None where it says that there is none."""
    match = re.match(
        r"\(.*?\) with \(.*?\) (?:gives \((.*?)\)|does not fit)\. ", explain_broadcast(left, right)
    )
    return None if match[1] is None else tuple(map(int, re.findall(r"\d+", match[1])))


@given(broadcastable_pairs())
@example(((), ()))
@example(((0, 1), (3,)))
def test_shapes_that_fit_give_the_shape_that_numpy_and_tensorflow_give(pair):
    left, right = pair
    assert said(left, right) == numpys(left, right)
    assert said(left, right) == tuple((tf.zeros(left) + tf.zeros(right)).shape)


@given(SHAPES, SHAPES)
def test_shapes_fit_or_not_as_numpy_and_tensorflow_say(left, right):
    try:
        tensorflows = tuple((tf.zeros(left) + tf.zeros(right)).shape)
    except tf.errors.InvalidArgumentError:
        tensorflows = None
    assert said(left, right) == numpys(left, right) == tensorflows


@given(SHAPES, SHAPES)
def test_the_axes_that_clash_are_named_and_no_others(left, right):
    rank = max(len(left), len(right))
    ones = [(1,) * (rank - len(shape)) + shape for shape in (left, right)]
    clashing = [i for i, (a, b) in enumerate(zip(*ones, strict=True)) if a != b and 1 not in (a, b)]
    named = re.findall(
        r"axis (\d+): [\d,]+ and [\d,]+ clash", explain_broadcast(left, right).lower()
    )
    assert [int(number) for number in named] == clashing


@given(broadcastable_pairs())
def test_the_order_of_two_shapes_does_not_matter(pair):
    assert said(*pair) == said(*reversed(pair))


def test_each_thing_that_happens_to_an_axis_has_its_words():
    assert explain_broadcast((5, 1, 28, 1, 1), (7, 28, 3, 1)) == (
        "(5, 1, 28, 1, 1) with (7, 28, 3, 1) gives (5, 7, 28, 3, 1). Axis 0: right has none and is "
        "repeated 5 times; axis 1: left stretches from 1 to 7; axis 2: 28 meets 28; axis 3: left "
        "stretches from 1 to 3; axis 4: 1 meets 1."
    )
    assert "right has none and is repeated once" in explain_broadcast((1, 2), (2,))
    assert explain_broadcast((), ()) == "() with () gives (). No axes to compare."


def test_shapes_and_axes_can_be_given_names():
    words = explain_broadcast((9, 1), (9,), names=("guess", "truth"), axes=("picture", "column"))
    assert "Picture: truth has none and is repeated 9 times; column: guess stretches" in words


@pytest.mark.parametrize("function", [explain_broadcast, broadcast_picture])
def test_a_name_for_each_axis_of_the_result_and_no_negative_sizes(function):
    with pytest.raises(ValueError, match="2 axes in the result, but 1 names"):
        function((2, 3), (3,), axes=("row",))
    with pytest.raises(ValueError, match="without negative sizes"):
        function((2, -1), (3,))
    assert not plt.get_fignums()


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        broadcastable_pairs(),
        st.tuples(SHAPES, SHAPES),
        st.tuples(*[st.lists(st.integers(0, 300), max_size=7).map(tuple)] * 2),
    )
)
def test_any_two_shapes_are_drawn_and_the_alt_text_names_the_result_or_the_clash(pair):
    figure = broadcast_picture(*pair)
    result = numpys(*pair)
    assert (f"gives {result}." if result is not None else "does not fit.") in figure.alt
    assert (" clash" in figure.alt) == (result is None)
    assert figure.get_size_inches()[0] <= 7.2
    assert not plt.get_fignums()
    figure.canvas.draw()


def boxes(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@settings(max_examples=30, deadline=None)
@given(broadcastable_pairs().filter(lambda pair: numpys(*pair) and len(numpys(*pair)) == 2))
def test_a_small_sum_is_drawn_cell_by_cell_with_its_copies_dashed(pair):
    result = numpys(*pair)
    figure = broadcast_picture(*pair)
    ledger = 3 * len(result)
    if math.prod(result):
        dashed = [patch.get_linestyle() == "--" for patch in boxes(figure)[ledger:]]
        copies = sum(math.prod(result) - math.prod(shape) for shape in pair)
        assert len(dashed) == 3 * math.prod(result)
        assert sum(dashed) == copies
    else:
        assert len(boxes(figure)) == ledger


def test_the_sum_in_the_picture_is_right():
    figure = broadcast_picture((2, 1, 3), (4, 1))
    total = np.arange(1, 7).reshape(2, 1, 3) + 10 * np.arange(1, 5).reshape(4, 1)
    assert figure.alt.endswith(f"= {total.tolist()}.")
    assert {str(value) for value in total.ravel()} <= set(texts(figure))


def test_what_is_too_large_for_cells_still_has_its_shapes_drawn():
    figure = broadcast_picture((54000, 28, 28), (28, 28), names=("images", "mean"))
    assert len(boxes(figure)) == 9
    assert {"(1) → 54,000", "images  (54000, 28, 28)", "axis 2"} <= set(texts(figure))


def test_clashing_sizes_are_framed_and_crossed_out():
    figure = broadcast_picture((2, 3), (2,))
    framed = [patch for patch in boxes(figure) if patch.get_linewidth() == 2]
    assert len(framed) == 3
    assert texts(figure).count("✗") == 2  # in the result, and between the two tensors


def test_text_outside_filled_boxes_takes_its_colour_from_the_style():
    with plt.rc_context({"text.color": "#123456"}):
        figure = broadcast_picture((3, 1), (2,))
    for said in figure.axes[0].texts:
        assert to_rgb(said.get_color()) in {to_rgb("#123456"), (0, 0, 0)}
    assert to_rgb(figure.axes[0].texts[0].get_color()) == to_rgb("#123456")
