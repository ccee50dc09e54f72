# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Check a Keras network in mixed precision (float16) against float32 before training in it.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import mixed_precision`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np


@dataclass(frozen=True)
class MixedPrecision:
    """How far the answers of a network in mixed precision are from those in float32.

    Attributes:
        largest_difference: of an output, over all examples.
        largest_output: the largest absolute output in float32, which to compare it with.
        loss: in float32.
        mixed_loss: in mixed precision.
    """

    largest_difference: float
    largest_output: float
    loss: float
    mixed_loss: float


def compare_mixed_precision(
    build: Callable[[], keras.Model],
    inputs: np.ndarray,
    *,
    labels: np.ndarray,
    policy: str = "mixed_float16",
) -> MixedPrecision:
    """Compare mixed_float16 with float32: the same Keras network with equal weights, outputs and loss.

    `keras.config.set_dtype_policy` sets how layers compute; this shows on your own examples what it
    changes, and finds what goes wrong most often: a last layer that returns float16 (a softmax or a
    loss in it loses small probabilities), a network whose layers do not follow the policy, and numbers
    above 65504, which float16 does not hold. It needs no GPU. Both networks are built here, and the
    policy of the process is afterwards what it was before.

    Args:
        build: returns a new compiled network with one output; it may load trained weights, which differ
            more than those at the start.
        inputs: finite numbers, shape `(n, ...)`.
        labels: what the loss compares the outputs with, shape `(n, ...)`.
        policy: `"mixed_float16"` or `"mixed_bfloat16"`.

    Raises:
        ValueError: inputs or labels that do not fit, another policy; `build` returns no network, one that
            is not compiled or built, the same one twice, one that does not follow the policy, or one
            whose outputs in float32 or in mixed precision are not finite; or the last layer returns a
            type with half precision.

    Source: P. Micikevicius et al., Mixed Precision Training, 2017, arXiv:1710.03740.

    >>> def build():
    ...     layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(1, dtype="float32")]
    ...     network = keras.Sequential([keras.Input((2,)), *layers])
    ...     network.compile("sgd", "mse")
    ...     return network
    >>> found = compare_mixed_precision(build, np.ones((4, 2)), labels=np.zeros(4))
    >>> found.largest_difference < 0.01
    True
    """
    if isinstance(build, keras.layers.Layer) or not callable(build):
        raise ValueError(f"build must be a function that returns a compiled network, not {build!r}")
    if policy not in ("mixed_float16", "mixed_bfloat16"):
        raise ValueError(f"policy must be 'mixed_float16' or 'mixed_bfloat16', not {policy!r}")
    inputs = _number_array("inputs", inputs)
    labels = _number_array("labels", labels)
    if len(inputs) != len(labels):
        raise ValueError(f"labels must be one for each of {len(inputs)} inputs, not {len(labels)}")
    with _dtype_policy("float32"):
        full = _checked_network(build())
    with _dtype_policy(policy):
        mixed = _checked_network(build())
    if full is mixed:
        raise ValueError("build must make a new network each time, not return the same one twice")
    half = policy.removeprefix("mixed_")
    if not any(layer.compute_dtype == half for layer in _computing_layers(mixed)):
        raise ValueError(
            f"build must make layers that follow the policy, but none computes in {half}: leave their "
            "dtype out, and make them in build"
        )
    mixed.set_weights(full.get_weights())
    output_type = keras.backend.standardize_dtype(mixed(inputs[:1]).dtype)
    if output_type != "float32":
        raise ValueError(
            f"the last layer must return float32, not {output_type}: give it dtype='float32' (an "
            "activation of its own, too)"
        )
    expected = _outputs(full, inputs, "float32")
    outputs = _outputs(mixed, inputs, policy)
    return MixedPrecision(
        largest_difference=float(np.abs(outputs - expected).max()),
        largest_output=float(np.abs(expected).max()),
        loss=_loss(full, inputs, labels),
        mixed_loss=_loss(mixed, inputs, labels),
    )


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _checked_network(network: Any) -> keras.Model:
    if not isinstance(network, keras.Model):
        raise ValueError(f"build must return a keras.Model, not {type(network).__name__}")
    if not network.compiled or not network.built:
        missing = "compiled" if network.built else "built: begin with keras.Input"
        raise ValueError(f"build must return a network that is {missing}")
    return network


def _computing_layers(network: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a network and of networks in it, without their inputs."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _computing_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _outputs(network: keras.Model, inputs: np.ndarray, policy: str) -> np.ndarray:
    outputs = np.asarray(network.predict(inputs, verbose=0), np.float64)
    if not np.isfinite(outputs).all():
        hint = "" if policy == "float32" else ": float16 ends at 65504, so scale inputs and layers"
        raise ValueError(f"the network's outputs in {policy} hold NaN or infinity{hint}")
    return outputs


def _loss(network: keras.Model, inputs: np.ndarray, labels: np.ndarray) -> float:
    return float(network.evaluate(inputs, labels, verbose=0, return_dict=True)["loss"])


def _number_array(name: str, values: Any) -> np.ndarray:
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one array, one row per example: {error}") from error
    if array.ndim < 1 or not array.size:
        raise ValueError(f"{name} must have a shape (n, ...) and not be empty, not {array.shape}")
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but hold NaN or infinity")
    return array
