# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Time and memory of a batch size: what a training step costs a Keras network, size by size.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import batch_sizes`.

TensorFlow counts the memory of a GPU (`tf.config.experimental.get_memory_info`) and Keras the weights
(`count_params`); neither says before you train how both grow with the batch.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

_STEPS = 5


class BatchCost(NamedTuple):
    """What one training step costs with one batch size.

    Attributes:
        batch_size: examples per step.
        seconds: that pass during a step, the median of five after a first one.
        examples_per_second: `batch_size / seconds`.
        activation_megabytes: of what the layers return for the batch, which the pass backward needs, in
            millions of bytes; a layer that is called at several places counts once.
        peak_megabytes: the most that the GPU held during a step, weights and all; `None` without a GPU.
    """

    batch_size: int
    seconds: float
    examples_per_second: float
    activation_megabytes: float
    peak_megabytes: float | None


def batch_size_costs(
    network: keras.Model, sizes: Sequence[int] = (32, 64, 128, 256, 512)
) -> list[BatchCost]:
    """Return what a training step of a network costs in time and memory, for several batch sizes.

    A step is a pass forward and one backward on random inputs. The optimizer's update is left out: it
    costs the same for every batch size, in memory usually one or two more copies of the weights. The
    network's weights and its random state are as before when this returns.

    The seconds are those of this machine while nothing else runs on it. As long as twice the batch
    takes less than twice the time, the device has not been busy.

    Args:
        network: built, with every size of its inputs but the batch known.
        sizes: of the batches, in the order in which they are to be tried; each at least 1.

    Returns:
        A row per batch size, in the same order.

    Raises:
        ValueError: no network, one that is not built or whose inputs or layers have unknown sizes; no
            size, or one that is no integer from 1.
        tf.errors.ResourceExhaustedError: a batch does not fit into the memory of the GPU.

    >>> network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3)])
    >>> small, large = batch_size_costs(network, sizes=[1, 500])
    >>> small.activation_megabytes, large.activation_megabytes
    (0.000576, 0.288)
    >>> large.examples_per_second > small.examples_per_second
    True
    """
    _check_built("network", network)
    if any(None in each.shape[1:] for each in network.inputs):
        shapes = [tuple(each.shape) for each in network.inputs]
        raise ValueError(f"network must know the sizes of its inputs, not take shapes {shapes}")
    if isinstance(sizes, str | bytes) or not len(sizes):
        raise ValueError(f"sizes must be one batch size or more, in a list, not {sizes!r}")
    for size in sizes:
        _check_whole("sizes", size, 1)
    each_example = _activation_bytes(network)
    before = [np.asarray(each) for each in network.variables]
    try:
        return [_cost(network, operator.index(size), each_example) for size in sizes]
    finally:
        for variable, value in zip(network.variables, before, strict=True):
            variable.assign(value)


def _cost(network: keras.Model, size: int, each_example: int) -> BatchCost:
    inputs = [_random_batch(size, each) for each in network.inputs]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = network(inputs[0] if len(inputs) == 1 else inputs, training=True)
            loss = tf.add_n(
                [
                    tf.reduce_mean(tf.cast(each, tf.float32) ** 2)
                    for each in tf.nest.flatten(outputs)
                ]
            )
        gradients = tape.gradient(loss, network.trainable_variables)
        # A number that depends on all of them: nothing of the pass backward can be left out.
        return tf.add_n([loss, *(tf.reduce_sum(each) for each in gradients if each is not None)])

    gpu = bool(tf.config.list_physical_devices("GPU"))
    float(step())  # traces and compiles
    if gpu:
        tf.config.experimental.reset_memory_stats("GPU:0")
    seconds = []
    for _ in range(_STEPS):
        started = time.perf_counter()
        float(step())  # waits for the result
        seconds.append(time.perf_counter() - started)
    peak = tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6 if gpu else None
    middle = float(np.median(seconds))
    return BatchCost(size, middle, size / middle, size * each_example / 1e6, peak)


def _random_batch(size: int, symbol: Any) -> tf.Tensor:
    """Return random numbers of an input's shape and type."""
    numbers = tf.random.stateless_uniform((size, *symbol.shape[1:]), seed=(0, size))
    return tf.cast(numbers, symbol.dtype)


def _activation_bytes(network: keras.Model) -> int:
    """Return the bytes of what all layers return for one example, inputs and nested networks left out."""
    total = 0
    for layer in _layers(network):
        try:
            outputs = tf.nest.flatten(layer.output)
        except (AttributeError, ValueError):  # called in a subclass's own code alone
            outputs = []
        if not outputs or any(None in each.shape[1:] for each in outputs):
            raise ValueError(f"network has a layer, {layer.name}, without an output of known shape")
        total += sum(math.prod(each.shape[1:]) * tf.as_dtype(each.dtype).size for each in outputs)
    return total


def _layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _check_built(name: str, model: Any) -> None:
    """Refuse what is no Keras model with weights of known shapes."""
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(
            f"{name} must be a Keras model that is built (begin it with keras.Input), not {model!r}"
        )


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
