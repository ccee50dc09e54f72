"""snippets/gradients.py: the tape, finite differences and closed forms agree."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from snippets.gradients import descend, finite_difference, gradient_error, tape_gradient

NUMBERS = st.floats(-3, 3, allow_subnormal=False)
POINTS = st.lists(NUMBERS, min_size=1, max_size=4)


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_tape_and_differences_find_the_derivative_of_any_polynomial(coefficients, at):
    def polynomial(x):
        value = 0.0 * x
        for coefficient in reversed(coefficients):
            value = value * x + coefficient
        return value

    exact = np.polynomial.Polynomial(coefficients).deriv()(at)
    assert float(tape_gradient(polynomial, at)) == pytest.approx(exact, abs=1e-9)
    assert float(finite_difference(polynomial, at)) == pytest.approx(exact, abs=1e-5)


@given(POINTS)
def test_tape_and_differences_agree_on_smooth_functions_of_many_numbers(at):
    def smooth(point):
        return tf.reduce_sum(tf.sin(point)) * tf.exp(-tf.reduce_mean(point**2))

    assert gradient_error(smooth, at) < 1e-6


@given(POINTS)
def test_a_gradient_has_the_shape_of_its_point(at):
    point = np.array(at).reshape(1, -1)
    assert tape_gradient(lambda p: tf.reduce_sum(p**2), point).shape == point.shape
    assert finite_difference(lambda p: np.sum(p**2), point).shape == point.shape


def test_a_wrong_gradient_is_far_off():
    @tf.custom_gradient
    def wrong(x):
        return x**2, lambda upstream: upstream * x  # the 2 is missing

    assert gradient_error(wrong, 3.0) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_wrong_gradient_is_found_however_large_the_function_is(size, power):
    def function(x):
        return tf.reduce_sum(size * x**power)

    @tf.custom_gradient
    def without_factor(x):
        return function(x), lambda upstream: upstream * size * x ** (power - 1) / 2

    at = [3.0, 0.5, -1.0]
    assert gradient_error(function, at) < 1e-6
    assert gradient_error(without_factor, at) > 0.4


@given(POINTS)
def test_where_the_slope_is_nothing_rounding_is_no_error(at):
    assert gradient_error(lambda point: tf.reduce_sum(point**3 + 5.0) * 0 + 7.0, at) == 0
    assert gradient_error(lambda point: tf.reduce_sum(point**3) + 5.0, np.zeros(2)) < 1e-6


def test_a_gradient_that_is_no_number_is_no_small_error():
    assert gradient_error(tf.sqrt, 0.0) == np.inf


@pytest.mark.parametrize(("kind", "least"), [(np.float16, "0.002"), (np.float32, "2e-07")])
def test_a_step_that_the_dtype_loses_is_refused_rather_than_taken_for_no_slope(kind, least):
    step = np.spacing(kind(1.5)) / 8
    with pytest.raises(ValueError, match=rf"lost beside 1\.5 in {kind.__name__}.*least {least}"):
        finite_difference(np.square, kind(1.5), step=step)
    at_least = finite_difference(np.square, kind(1.5), step=2 * float(np.spacing(kind(1.5))))
    assert at_least == pytest.approx(3, rel=0.3)


def test_a_step_that_the_dtype_rounds_is_divided_by_as_it_was_taken():
    found = finite_difference(lambda x: 3 * float(x), np.float16(2), step=0.003)
    assert float(found) == pytest.approx(3, rel=1e-3)


def test_differences_keep_float32_and_its_rounding():
    coarse = finite_difference(np.sin, np.float32(1.0), step=1e-6)
    fine = finite_difference(np.sin, 1.0, step=1e-6)
    assert coarse.dtype == np.float32
    assert abs(fine - np.cos(1)) < 1e-9 < abs(coarse - np.cos(1))


def test_differences_do_not_change_the_point():
    point = np.array([1.0, 2.0])
    finite_difference(np.sum, point)
    assert point.tolist() == [1.0, 2.0]


@given(st.floats(-5, 5), st.floats(0, 0.6), st.floats(0.5, 4), st.integers(0, 12))
def test_descent_on_a_parabola_multiplies_the_distance_by_one_factor(start, rate, bend, steps):
    path = descend(lambda x: bend / 2 * x**2, start, learning_rate=rate, steps=steps)
    expected = start * (1 - rate * bend) ** np.arange(steps + 1)
    assert path.shape == (steps + 1,)
    np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-12)


def test_a_path_of_points_has_one_row_a_step():
    path = descend(lambda p: tf.reduce_sum(p**2), [1.0, 2.0, 3.0], learning_rate=0.1, steps=4)
    assert path.shape == (5, 3)
    assert path.dtype == np.float64


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: tf.constant(np.square(x.numpy())), id="numpy"),
        pytest.param(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float64), id="whole numbers"),
        pytest.param(lambda x: tf.constant(1.0, tf.float64), id="another point"),
        pytest.param(lambda x: 1.0, id="a Python number"),
    ],
)
def test_a_gradient_that_is_none_is_an_error_that_says_so(function):
    with pytest.raises(ValueError, match="no gradient"):
        tape_gradient(function, 2.0)


@pytest.mark.parametrize("step", [0.0, -1e-3, float("nan")])
def test_a_step_that_is_not_positive_is_refused(step):
    with pytest.raises(ValueError, match="step must be a finite number"):
        finite_difference(np.sin, 1.0, step=step)


def test_a_negative_learning_rate_or_count_is_refused():
    with pytest.raises(ValueError, match="learning_rate must be"):
        descend(lambda x: x**2, 1.0, learning_rate=-0.1, steps=1)
    with pytest.raises(ValueError, match="steps must be"):
        descend(lambda x: x**2, 1.0, learning_rate=0.1, steps=-1)


@pytest.mark.parametrize(
    "gradient",
    [tape_gradient, finite_difference, gradient_error, partial(descend, learning_rate=1, steps=1)],
)
def test_several_numbers_have_no_one_gradient_and_are_not_summed(gradient):
    with pytest.raises(ValueError, match=r"^function must return one number, .* shape \(2,\)$"):
        gradient(lambda x: x**2, [3.0, 4.0])


@pytest.mark.parametrize("point", [[1 + 2j], ["3"], [None]])
def test_a_point_that_is_no_real_numbers_is_refused_rather_than_made_one(point):
    with pytest.raises(ValueError, match=r"^at must be real numbers, not "):
        finite_difference(lambda x: x[0] ** 2, point)


def with_slope(function, slope):
    """Return the function with another gradient than its own."""
    return tf.custom_gradient(lambda x: (function(x), lambda upstream: upstream * slope(x)))


@given(st.floats(-1e12, 1e12), POINTS)
def test_the_error_is_a_number_from_0_to_2_however_wrong_the_gradient(factor, at):
    wrong = with_slope(lambda x: tf.reduce_sum(tf.exp(x)), lambda x: factor * tf.exp(x))
    error = gradient_error(wrong, at)
    expected = abs(factor - 1) / max(abs(factor), 1)
    assert error == pytest.approx(expected, abs=1e-6)
    assert 0 <= error <= 2


@pytest.mark.parametrize("factor", [0.5, 1, 2])
@pytest.mark.parametrize("constant", [1e12, 1e15])
def test_a_slope_that_is_lost_beside_a_large_value_is_not_called_right(factor, constant):
    function = with_slope(lambda x: constant + tf.reduce_sum(x), lambda x: factor * tf.ones_like(x))
    with pytest.raises(ValueError, match=r"step 0\.0001 leaves open whether .* take a larger step"):
        gradient_error(function, [1.0, 2.0])
    error = gradient_error(function, [1.0, 2.0], step=constant / 1e6)
    assert error == pytest.approx(abs(factor - 1) / max(factor, 1), abs=1e-4)


def test_a_slope_that_changes_within_the_step_is_not_called_wrong():
    with pytest.raises(ValueError, match=r"step 10 leaves open whether .* take a smaller step"):
        gradient_error(lambda x: tf.reduce_sum(tf.exp(x)), [0.0], step=10.0)


def test_an_element_that_is_lost_is_left_out_where_another_is_not():
    assert gradient_error(lambda x: x[0] + 1e12 * x[1] ** 2, [1.0, 1.0]) < 1e-6
