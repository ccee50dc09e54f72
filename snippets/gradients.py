# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Gradients by tape and by hand: finite differences, a check of one against the other, descent.

Needs: Python 3.11, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your project and
`import gradients`.

A `function` here takes one point and returns one number. It is built from arithmetic and TensorFlow
operations, and computes in the dtype of the point that it is given.

TensorFlow's `tf.test.compute_gradient` returns a gradient by tape and by differences, for you to compare;
`gradient_error` here says how far they differ beyond what differences of two sizes leave open.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Function = Callable[[Any], Any]


def finite_difference(function: Function, at: Any, *, step: float = 1e-4) -> NDArray[Any]:
    """Return the gradient by central differences: (f(x + h) - f(x - h)) / 2h along each element.

    Calls the function twice per element, so it is for checking, not for training.

    Args:
        function: a point of the shape of `at` in, one number out.
        at: the point, any shape. float32 stays float32 (and shows its rounding); anything that is
            not a float becomes float64.
        step: h, in the units of `at`.

    Returns:
        The gradient, with the shape and dtype of the point.

    Raises:
        ValueError: `step` is not positive, or so small that an element's dtype cannot hold the two
            steps apart; the point holds no real numbers, or the function returns not one number.

    >>> finite_difference(lambda x: x[0] ** 2 + 3.0 * x[1], [2.0, 5.0]).round(6)
    array([4., 3.])

    Source: Nocedal and Wright, Numerical Optimization, section 8.1.
    """
    _check_number("step", step, "(0, inf)")
    _check_unmasked("at", at)
    point = np.asarray(at)
    if point.dtype.kind in "cOSU":
        raise ValueError(f"at must be real numbers, not {point.dtype}")
    if not np.issubdtype(point.dtype, np.floating):
        point = point.astype(np.float64)
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        ahead, behind = point.copy(), point.copy()
        ahead[index] += step
        behind[index] -= step
        # The steps that were taken: rounded, they are not quite those that were asked for.
        apart = float(ahead[index]) - float(behind[index])
        if not apart > 0:
            raise ValueError(
                f"step {step:g} is lost beside {float(point[index]):g} in {point.dtype}: take a step "
                f"of at least {2 * float(np.spacing(abs(point[index]))):.1g}, or a float64 point"
            )
        gradient[index] = (_one(function(ahead)) - _one(function(behind))) / apart
    return gradient


def tape_gradient(function: Function, at: Any) -> NDArray[np.float64]:
    """Return the gradient by automatic differentiation, in float64.

    Args:
        function: a point of the shape of `at` in, one number out.
        at: the point, any shape; converted to float64.

    Returns:
        The gradient, with the shape of `at`.

    Raises:
        ValueError: no gradient reaches the point, where `tape.gradient` would return `None`; or the
            function returns several numbers, whose sum `tape.gradient` would take.

    >>> tape_gradient(lambda x: x[0] ** 2 + 3.0 * x[1], [2.0, 5.0])
    array([4., 3.])
    """
    _check_unmasked("at", at)
    point = tf.constant(at, dtype=tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = function(point)
    _one(value)
    gradient = tape.gradient(value, point) if tf.is_tensor(value) else None
    if gradient is None:
        raise ValueError(
            "no gradient: the result does not depend on the point through TensorFlow operations "
            "on floats"
        )
    slopes: NDArray[np.float64] = tf.convert_to_tensor(gradient).numpy()
    return slopes


def gradient_error(function: Function, at: Any, *, step: float = 1e-4) -> float:
    """Return the largest relative disagreement between the tape and finite differences.

    Steps of two sizes tell how exact the differences are. What they leave open is no disagreement;
    the rest of each element's difference is divided by the larger of the two values. So a gradient
    that is small because the function is small is checked like any other. Below 1e-6 in float64, the
    gradient is right; near 1, it is wrong. An element is left out that is less than the differences
    leave open: a slope of 1 is lost beside a value of 1e12. At least one must be more, or all be 0.

    Args:
        function: a point of the shape of `at` in, one number out, smooth near `at`.
        at: the point, any shape; converted to float64.
        step: the step of the finite differences.

    Returns:
        From 0 to 2; infinite where a gradient is not a finite number.

    Raises:
        ValueError: `step` is not positive, no gradient reaches the point, or differences of this step
            leave open whether the gradient is right.

    >>> gradient_error(lambda x: tf.sin(x[0]) * x[1], [1.0, 2.0]) < 1e-6
    True
    """
    _check_number("step", step, "(0, inf)")
    _check_unmasked("at", at)
    point = np.asarray(at, dtype=np.float64)
    by_tape = tape_gradient(function, point)
    coarse, fine = (finite_difference(function, point, step=each) for each in (step, step / 2))
    if not all(np.isfinite(each).all() for each in (by_tape, coarse, fine)):
        return float("inf")
    by_steps = fine + (fine - coarse) / 3  # of Richardson: most of the error of either cancels
    rounding = 8 * float(np.finfo(np.float64).eps) * abs(_one(function(point))) / step
    unsure = np.abs(coarse - fine) + rounding
    larger = np.maximum(np.abs(by_tape), np.abs(by_steps))
    if by_tape.any() and (larger <= unsure).all():
        way = "larger" if rounding > np.max(unsure) / 2 else "smaller"
        raise ValueError(
            f"step {step:g} leaves open whether the gradient is right: it is {np.max(larger):.3g} at most, "
            f"and sure to {np.max(unsure):.3g}; take a {way} step, or a function without a large constant"
        )
    apart = np.maximum(np.abs(by_tape - by_steps) - unsure, 0)
    return float(np.max(apart / np.where(larger > 0, larger, 1), initial=0.0))


def descend(
    function: Function, start: Any, *, learning_rate: float, steps: int
) -> NDArray[np.float64]:
    """Return the path of gradient descent: every step is minus learning rate times gradient.

    `plot_functions.contour_paths` draws paths of points with two numbers.

    Args:
        function: a point of the shape of `start` in, one number out.
        start: where the path begins, any shape; converted to float64.
        learning_rate: the step length for a gradient of 1.
        steps: how many steps.

    Returns:
        The points visited, the start first: shape `(steps + 1, *start.shape)`, float64.

    Raises:
        ValueError: `learning_rate` or `steps` is negative, or no gradient reaches the point.

    >>> descend(lambda x: x**2, 8.0, learning_rate=0.25, steps=3)
    array([8., 4., 2., 1.])
    """
    _check_number("learning_rate", learning_rate, "[0, inf)")
    _check_whole("steps", steps, 0)
    _check_unmasked("start", start)
    path = [np.asarray(start, dtype=np.float64)]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * tape_gradient(function, path[-1]))
    return np.stack(path)


def _one(value: Any) -> float:
    """Return what a function returns as a number, if it is one."""
    array = np.asarray(value)
    if array.size != 1:
        raise ValueError(f"function must return one number, not an array of shape {array.shape}")
    return float(array.item())


def _check_unmasked(name: str, values: Any) -> None:
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")


def _check_number(name: str, value: Any, within: str) -> None:
    """Refuse what is no number within an interval such as "(0, 1]"."""
    low, high = map(float, within[1:-1].split(","))
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high
    if not fits or (value == low and within[0] == "(") or (value == high and within[-1] == ")"):
        raise ValueError(f"{name} must be a finite number in {within}, not {value!r}")
