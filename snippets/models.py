# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""The course's networks, by name: each function returns a fresh, untrained Keras model.

Needs: Python 3.11, keras 3.15, tensorflow 2.21, or newer. Copy this one file into your project and
`import models`.

All return logits: give the loss `from_logits=True`, or append a `keras.layers.Softmax`. The first
weights follow `keras.utils.set_random_seed`, called before. They are layers of Keras in a row, checked
and named: for one network of your own `keras.Sequential` does.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any

import keras


def dense_network(
    units: Sequence[int] = (128,),
    *,
    shape: tuple[int, ...] = (28, 28),
    classes: int = 10,
    activation: str = "relu",
    kernel_initializer: str = "glorot_uniform",
    name: str = "dense_network",
) -> keras.Sequential:
    """Return a network of dense layers: images in, one logit per class out.

    Args:
        units: units of each hidden layer, first to last; none makes it linear.
        shape: of one input, without the batch axis.
        classes: logits that come out.
        activation: of the hidden layers.
        kernel_initializer: of every dense layer.
        name: of the model.

    Returns:
        Maps float `(n, *shape)` to float32 `(n, classes)`. Its layers are named `flatten`,
        `hidden_1`, `hidden_2` … and `logits`.

    Raises:
        ValueError: a layer would have no unit, or the classes are fewer than 2.

    >>> network = dense_network(units=(128,))
    >>> network.output_shape, network.count_params()
    ((None, 10), 101770)
    """
    _check_sizes(units, shape, classes)
    hidden = [
        keras.layers.Dense(
            size,
            activation=activation,
            kernel_initializer=kernel_initializer,
            name=f"hidden_{number}",
        )
        for number, size in enumerate(units, start=1)
    ]
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(name="flatten"),
            *hidden,
            keras.layers.Dense(classes, kernel_initializer=kernel_initializer, name="logits"),
        ],
        name=name,
    )


def relu_tanh_selu_network(
    *, shape: tuple[int, ...] = (28, 28), classes: int = 10, name: str = "relu_tanh_selu"
) -> keras.Model:
    """Return a functional network of three dense layers, each with an activation of its own.

    Flatten, 256 units with relu, 128 with tanh, 64 with selu, then one logit per class.

    Args:
        shape: of one input, without the batch axis.
        classes: logits that come out.
        name: of the model.

    Returns:
        Maps float `(n, *shape)` to float32 `(n, classes)`. Its layers are named `image`,
        `flatten`, `relu`, `tanh`, `selu` and `logits`.

    Raises:
        ValueError: the classes are fewer than 2.

    >>> network = relu_tanh_selu_network()
    >>> network.output_shape, network.count_params()
    ((None, 10), 242762)
    """
    _check_sizes((), shape, classes)
    image = keras.Input(shape, name="image")
    found = keras.layers.Flatten(name="flatten")(image)
    found = keras.layers.Dense(256, activation="relu", name="relu")(found)
    found = keras.layers.Dense(128, activation="tanh", name="tanh")(found)
    found = keras.layers.Dense(64, activation="selu", name="selu")(found)
    logits = keras.layers.Dense(classes, name="logits")(found)
    return keras.Model(image, logits, name=name)


def regularised_network(
    units: Sequence[int] = (100, 100),
    *,
    strength: float = 0.01,
    dropout: float = 0.2,
    penalise_biases: bool = True,
    shape: tuple[int, ...] = (28, 28),
    classes: int = 10,
    activation: str = "relu",
    name: str = "regularised_network",
) -> keras.Sequential:
    """Return a network of dense layers held back by an L2 penalty and by dropout.

    Kernels and biases start from LeCun's normal distribution, as in the recipe that the defaults
    repeat.

    Args:
        units: units of each hidden layer, first to last.
        strength: of the penalty: that many times the sum of all squared weights, of the last layer
            too, is added to the loss. 0 for none.
        dropout: the fraction of each hidden layer's outputs that is set to 0 in training, from 0 to below
            1. 0 for no dropout layers.
        penalise_biases: whether the biases are penalised as the kernels are.
        shape: of one input, without the batch axis.
        classes: logits that come out.
        activation: of the hidden layers.
        name: of the model.

    Returns:
        Maps float `(n, *shape)` to float32 `(n, classes)`. Its layers are named `flatten`,
        `hidden_1`, `dropout_1`, `hidden_2`, `dropout_2` … and `logits`; `network.losses` holds the
        terms of the penalty, scalar tensors, one per kernel and one per bias.

    Raises:
        ValueError: a layer would have no unit, the classes are fewer than 2, the strength is
            negative, or the dropout is out of its range.

    >>> network = regularised_network()
    >>> network.count_params(), len(network.losses), network.get_layer("dropout_2").rate
    (89610, 6, 0.2)
    """
    _check_sizes(units, shape, classes)
    _check_number("strength", strength, "[0, inf)")
    _check_number("dropout", dropout, "[0, 1)")

    def dense(size: int, layer_name: str, function: str | None = None) -> keras.layers.Dense:
        return keras.layers.Dense(
            size,
            activation=function,
            kernel_initializer="lecun_normal",
            bias_initializer="lecun_normal",
            kernel_regularizer=keras.regularizers.L2(strength) if strength else None,
            bias_regularizer=(
                keras.regularizers.L2(strength) if strength and penalise_biases else None
            ),
            name=layer_name,
        )

    layers: list[keras.layers.Layer] = [keras.Input(shape), keras.layers.Flatten(name="flatten")]
    for number, size in enumerate(units, start=1):
        layers.append(dense(size, f"hidden_{number}", activation))
        if dropout:
            layers.append(keras.layers.Dropout(dropout, name=f"dropout_{number}"))
    return keras.Sequential([*layers, dense(classes, "logits")], name=name)


def _check_sizes(units: Sequence[int], shape: Sequence[int], classes: int) -> None:
    """Refuse a layer without a unit, an input without a number, and fewer than two classes."""
    for name, sizes in (("units", units), ("shape", shape)):
        if isinstance(sizes, str) or not hasattr(sizes, "__iter__"):
            raise ValueError(f"{name} must be a sequence of integers, not {sizes!r}")
        for size in sizes:
            _check_whole(name, size, 1)
    _check_whole("classes", classes, 2)


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
