"""snippets/tensors.py: the words and the numbers agree with NumPy and TensorFlow."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from snippets.tensors import describe, explain_shape, matmul_shape

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
    with pytest.raises(ValueError, match="no negative sizes"):
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
