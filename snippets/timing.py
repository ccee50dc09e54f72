# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Time several ways of doing one thing against each other, so that a ratio can be believed.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import timing`.

A machine is never quite the same twice: it warms up, and other programs come and go. So the ways take
turns, round after round, and are compared within each round. What disturbs a whole round then disturbs
all its ways, and drops out of their ratio; what disturbs one of them shows as spread.

Python's `timeit` measures one way, and the next one later, on a machine that may have changed.

A training step can be taken apart for that: `nested_steps` makes steps that contain each other.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def interleave(
    ways: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 5,
    calls: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, NDArray[np.float64]]:
    """Time functions in turn, round after round; every other round runs in reverse order.

    Each function is called once before, unmeasured: a first call often prepares things for later ones.

    Args:
        ways: from each name to a function without arguments. One that hands work to a GPU must wait
            for its result.
        rounds: how often each way is measured.
        calls: how often a way is called in one measurement: more for what takes less than some
            thousandths of a second.
        clock: returns seconds. The default counts the processor's work for this process, and leaves
            out what other programs do; `time.perf_counter` counts the seconds that pass.

    Returns:
        Seconds per call, float64, shape `(rounds,)`, for each name.

    Raises:
        ValueError: there is no way, or rounds or calls are below 1.

    >>> seconds = interleave({"add": lambda: sum(range(9)), "nothing": lambda: None}, rounds=3)
    >>> {name: values.shape for name, values in seconds.items()}
    {'add': (3,), 'nothing': (3,)}
    """
    _check_whole("rounds", rounds, 1)
    _check_whole("calls", calls, 1)
    if not ways:
        raise ValueError("ways must hold at least one function")
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
            start = clock()
            for _ in range(calls):
                ways[name]()
            seconds[name].append((clock() - start) / calls)
    return {name: np.array(values) for name, values in seconds.items()}


def times_as_fast(
    seconds: Mapping[str, Sequence[float]], baseline: str
) -> dict[str, NDArray[np.float64]]:
    """Return how many times as fast as the baseline each other way was, round by round.

    `speed_verdict` says what the ratios allow; `plot_timing.speed_ratios` draws them.

    Args:
        seconds: what `interleave` returns: of each way, one number a round, above 0.
        baseline: the name of the way to compare with.

    Returns:
        The baseline's seconds divided by the way's, shape `(rounds,)`: above 1 is faster.

    Raises:
        ValueError: the baseline is none of the ways, their rounds differ in number, or a time is
            not positive.

    >>> times_as_fast({"old": [2.0, 3.0], "new": [1.0, 1.0]}, baseline="old")
    {'new': array([2., 3.])}
    """
    arrays = {name: _numbers(f"seconds[{name!r}]", values) for name, values in seconds.items()}
    if baseline not in arrays or len({values.shape for values in arrays.values()}) > 1:
        raise ValueError(f"{baseline!r} must be one of {list(arrays)}, with rounds like the others")
    if not all((values > 0).all() and np.isfinite(values).all() for values in arrays.values()):
        raise ValueError("seconds must be positive: with a coarse clock, take more calls")
    return {name: arrays[baseline] / each for name, each in arrays.items() if name != baseline}


def speed_verdict(ratios: Sequence[float], *, margin: float = 1.1) -> str:
    """Return what ratios of speed allow to be said: faster, slower, or no difference to speak of.

    Args:
        ratios: one per round, above 0; above 1 is faster.
        margin: a factor that nobody would bother about, above 1.

    Returns:
        `"2.1 times as fast"`, by the median, if it is beyond the margin and every round agrees on the
        direction; else `"no faster and no slower"`. It has more digits where two would make it 1.

    Raises:
        ValueError: there is no ratio, one is not positive, or the margin is not above 1.

    >>> speed_verdict([1.9, 2.1, 2.2]), speed_verdict([0.5, 0.52]), speed_verdict([0.9, 1.3, 1.2])
    ('2.1 times as fast', '0.51 times as fast', 'no faster and no slower')
    """
    values = _numbers("ratios", ratios)
    if not values.size or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"ratios must be positive, and at least one, not {ratios!r}")
    _check_number("margin", margin, "(1, inf)")
    median = float(np.median(values))
    agreed = (values > 1).all() or (values < 1).all()
    if not agreed or abs(math.log(median)) <= math.log(margin):
        return "no faster and no slower"
    if median > 99:
        return f"{median:.0f} times as fast"
    shown = (f"{median:.{digits}g}" for digits in range(2, 18))
    return f"{next(each for each in shown if float(each) != 1)} times as fast"


def nested_steps(
    network: keras.Model,
    loss: Callable[[Any, Any], Any],
    *,
    learning_rate: float = 0.001,
    jit_compile: bool = False,
) -> dict[str, Callable[[Any, Any], Any]]:
    """Return three compiled training steps, each of which does all that the one before does, and more.

    The backward pass never runs alone. So its price is what `"backward"` takes more than
    `"forward"`; the price of the optimiser is what `"update"` takes more than `"backward"`.

    Args:
        network: built. `"update"` trains it in place, with Adam.
        loss: called with labels and the network's answers, returns a scalar: a Keras loss, say.
        learning_rate: of Adam.
        jit_compile: compile with XLA.

    Returns:
        `"forward"`, `"backward"` and `"update"`: functions of a batch of inputs and of its labels,
        which return the loss, a scalar tensor. (`"backward"` returns what is not finite where a
        slope is not. Under XLA it may be cut short, for it asks for little of each slope.)

    Raises:
        ValueError: the network is not built, or has nothing to train.

    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> steps = nested_steps(network, keras.losses.MeanSquaredError())
    >>> losses = {name: float(step(tf.ones((4, 2)), tf.ones((4, 1)))) for name, step in steps.items()}
    >>> list(losses), losses["forward"] == losses["backward"] == losses["update"]
    (['forward', 'backward', 'update'], True)
    """
    _check_number("learning_rate", learning_rate, "(0, inf)")
    _check_built("network", network)
    if not network.trainable_variables:
        raise ValueError(f"network {network.name!r} has no weights to train")
    weights = network.trainable_variables
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(weights)  # outside the step, for a compiled function makes no variables

    def forward(inputs: Any, labels: Any) -> Any:
        return loss(labels, network(inputs, training=True))

    def slopes(inputs: Any, labels: Any) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            found = forward(inputs, labels)
        return found, tape.gradient(found, weights)

    def backward(inputs: Any, labels: Any) -> Any:
        found, gradients = slopes(inputs, labels)
        # A graph leaves out what nobody asks for: so ask for a number of each slope.
        asked = tf.add_n([tf.cast(tf.reshape(each, [-1])[0], found.dtype) for each in gradients])
        return tf.where(tf.math.is_finite(asked), found, asked)

    def update(inputs: Any, labels: Any) -> Any:
        found, gradients = slopes(inputs, labels)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return found

    steps = {"forward": forward, "backward": backward, "update": update}
    return {
        name: tf.function(step, autograph=False, jit_compile=jit_compile)
        for name, step in steps.items()
    }


def build_with_policy(policy: str, build: Callable[[], keras.Model]) -> keras.Model:
    """Return the network that a function builds while Keras has another dtype policy.

    Args:
        policy: `"float64"`, `"mixed_bfloat16"` …; the old one is put back afterwards.
        build: returns a fresh network.

    >>> build = lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> build_with_policy("float64", build).layers[0].kernel.dtype, build().layers[0].kernel.dtype
    ('float64', 'float32')
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return build()
    finally:
        keras.config.set_dtype_policy(before)


def throughput(
    build: Callable[[], keras.Model],
    policy: str = "float32",
    *,
    batch_size: int = 512,
    jit_compile: bool = False,
) -> float:
    """Return how many examples per second a network trains on, on TensorFlow's default device.

    Counts the seconds that pass, not the processor's: a GPU's work is none of the processor's. Each
    step is waited for. The examples are random, and lie on the device from the start.

    Args:
        build: returns a fresh network that classifies: inputs of known shape, logits out. A function
            of a module, if it is to be sent to another process.
        policy: the Keras dtype policy to build it under, `"mixed_bfloat16"` say.
        batch_size: examples per step.
        jit_compile: compile with XLA.

    Returns:
        Examples per second, by the median of five steps after a first one.

    Raises:
        ValueError: the batch has no example.

    >>> layers = [keras.Input((4,)), keras.layers.Dense(3)]
    >>> throughput(lambda: keras.Sequential(layers), batch_size=8) > 0
    True
    """
    _check_whole("batch_size", batch_size, 1)
    network = build_with_policy(policy, build)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    step = nested_steps(network, loss, jit_compile=jit_compile)["update"]
    inputs = tf.random.normal((batch_size, *network.input_shape[1:]))
    labels = tf.zeros(batch_size, tf.int32)
    ways = {"step": lambda: float(step(inputs, labels))}  # float waits for the result
    return batch_size / float(np.median(interleave(ways, clock=time.perf_counter)["step"]))


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


def _check_built(name: str, model: Any) -> None:
    """Refuse what is no Keras model with weights of known shapes."""
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(
            f"{name} must be a Keras model that is built (begin it with keras.Input), not {model!r}"
        )


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
