# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Training aids: a one-cycle schedule and a quick way to train with it, a range test, a stopwatch.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import training`.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Sequence
from numbers import Real
from types import TracebackType
from typing import Any, Self

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="training")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
    """A learning rate that climbs to a peak and comes down again, once, along two half cosines.

    Args:
        peak: the highest learning rate, reached after `warmup` of the way.
        steps: how many optimiser steps the cycle lasts: epochs times batches per epoch. Later
            steps keep the last learning rate.
        warmup: the fraction of the steps spent climbing, above 0 and below 1.
        start: the first learning rate, as a fraction of the peak, from 0 to 1.
        end: the last learning rate, as a fraction of the peak, from 0 to 1.

    Raises:
        ValueError: the peak or the steps are not positive, or a fraction is out of its range.

    Called with a step (an integer, or a scalar tensor of any number type), it returns a scalar
    float32 tensor. It is saved and loaded with the model that it trains.

    Keras's `CosineDecay(warmup_target=...)` comes down likewise, but climbs along a straight line.

    Source: L. N. Smith and N. Topin, Super-Convergence: Very Fast Training of Neural Networks
    Using Large Learning Rates, 2018, arXiv:1708.07120; cosines in place of their straight lines.

    >>> schedule = OneCycle(peak=0.01, steps=100)
    >>> [round(float(schedule(step)), 5) for step in (0, 30, 65, 100, 1000)]
    [0.0004, 0.01, 0.00501, 1e-05, 1e-05]
    """

    def __init__(
        self,
        peak: float,
        steps: int,
        *,
        warmup: float = 0.3,
        start: float = 0.04,
        end: float = 0.001,
    ) -> None:
        _check_number("peak", peak, "(0, inf)")
        _check_whole("steps", steps, 1)
        _check_number("warmup", warmup, "(0, 1)")
        _check_number("start", start, "[0, 1]")
        _check_number("end", end, "[0, 1]")
        self.peak = float(peak)
        self.steps = int(steps)
        self.warmup = float(warmup)
        self.start = float(start)
        self.end = float(end)

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at an optimiser step, a scalar float32 tensor."""
        done = keras.ops.cast(step, "float32") / self.steps
        climbing = self._ease(done / self.warmup, self.start, 1.0)
        falling = self._ease((done - self.warmup) / (1 - self.warmup), 1.0, self.end)
        return self.peak * keras.ops.where(done < self.warmup, climbing, falling)

    @staticmethod
    def _ease(progress: Any, first: float, last: float) -> Any:
        """Return the value that `progress` of the way along a half cosine has reached."""
        turn = keras.ops.cos(math.pi * keras.ops.clip(progress, 0.0, 1.0))
        return last + (first - last) * (1 + turn) / 2

    def get_config(self) -> dict[str, float | int]:
        """Return the arguments that rebuild this schedule."""
        return {
            "peak": self.peak,
            "steps": self.steps,
            "warmup": self.warmup,
            "start": self.start,
            "end": self.end,
        }


def fit_one_cycle(
    network: keras.Model,
    examples: tuple[Any, Any],
    *,
    validation: tuple[Any, Any] | None = None,
    epochs: int = 10,
    batch_size: int = 512,
    peak: float = 0.006,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Compile a classifier and train it quietly: Adam, large batches, one cycle of the rate.

    Args:
        network: returns logits, shape `(n, classes)`; trained in place, from the weights it has.
        examples: inputs and integer labels, arrays with the same first axis.
        validation: inputs and labels to measure after each epoch.
        epochs: how many times each example is seen; the cycle spans all of them.
        batch_size: examples per step.
        peak: the highest learning rate of the cycle.
        callbacks: passed to `fit`. All steps of an epoch run without coming back to Python, which
            saves time; so callbacks are told of epochs, not of batches.

    Returns:
        The history of `fit`: `loss`, `accuracy` and, with `validation`, `val_loss` and
        `val_accuracy`, one number per epoch.

    Raises:
        ValueError: there are no examples, or inputs and labels differ in number.

    >>> import numpy as np
    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> inputs = np.array([[1.0, 0.0], [0.0, 1.0]] * 8)
    >>> history = fit_one_cycle(network, (inputs, np.array([0, 1] * 8)), epochs=3, batch_size=4)
    >>> sorted(history), len(history["loss"])
    (['accuracy', 'loss'], 3)
    """
    if not isinstance(network, keras.Model):
        raise ValueError(f"network must be a Keras model, not {network!r}")
    inputs, labels = examples
    if len(inputs) != len(labels) or not len(inputs):
        raise ValueError(f"{len(inputs)} inputs and {len(labels)} labels: need as many, at least 1")
    _check_whole("epochs", epochs, 1)
    _check_whole("batch_size", batch_size, 1)
    _check_number("peak", peak, "(0, inf)")
    batches = math.ceil(len(inputs) / batch_size)
    network.compile(
        optimizer=keras.optimizers.Adam(OneCycle(peak, epochs * batches)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=batches,
    )
    # What Keras would create while it traces the first step: with it at hand, it traces once, not twice.
    network.compute_metrics(inputs[:1], labels[:1], network(inputs[:1]))
    network.optimizer.build(network.trainable_variables)
    run = network.fit(
        inputs,
        labels,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=validation,
        callbacks=list(callbacks),
        verbose=0,
    )
    history: dict[str, list[float]] = run.history
    return history


class Stopwatch:
    """Count the seconds that a `with` block takes, on the processor and on the wall clock.

    Python's `time.process_time` and `time.perf_counter` are the two clocks.

    Attributes:
        cpu_seconds: seconds of work, added over all the threads of this process: two busy threads
            collect two CPU seconds each second. Other programs change it little.
        wall_seconds: seconds that passed. Other programs on the machine change it a lot.

    Both are 0.0 until the block ends, by its last line or by an exception.

    >>> with Stopwatch() as stopwatch:
    ...     total = sum(range(100_000))
    >>> 0 < stopwatch.cpu_seconds < 60
    True
    """

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self.wall_seconds = 0.0

    def __enter__(self) -> Self:
        self._cpu_start = time.process_time()
        self._wall_start = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cpu_seconds = time.process_time() - self._cpu_start
        self.wall_seconds = time.perf_counter() - self._wall_start


class StopAtAccuracy(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Stop training after the first epoch whose accuracy reaches a target.

    Keras's `EarlyStopping` knows no target: it stops when a quantity no longer gets better.

    Args:
        target: the accuracy to reach, above 0 and at most 1.
        monitor: the name under which `fit` logs it: `"val_accuracy"` is measured on the validation
            examples at the epoch's end, `"accuracy"` is the mean over the epoch's batches.

    Attributes:
        epoch: the epoch that reached the target, counted from 1; None if none did.

    Raises:
        ValueError: the target is out of its range.
        KeyError: at the end of the first epoch, if `fit` logs nothing of that name. (The
            callbacks of Keras warn, and train on.)

    >>> import numpy as np
    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> network.compile("sgd", "mse", metrics=["accuracy"])
    >>> stop = StopAtAccuracy(target=0.01, monitor="accuracy")
    >>> examples = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> run = network.fit(*examples, epochs=5, callbacks=[stop], verbose=0)
    >>> stop.epoch, len(run.epoch)
    (1, 1)
    """

    def __init__(self, target: float, *, monitor: str = "val_accuracy") -> None:
        super().__init__()
        _check_number("target", target, "(0, 1]")
        self.target = float(target)
        self.monitor = monitor
        self.epoch: int | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Forget an earlier training."""
        self.epoch = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare the epoch's accuracy, `logs[monitor]`, with the target."""
        logs = logs or {}
        if self.monitor not in logs:
            raise KeyError(f"fit logs no {self.monitor!r}, only {', '.join(sorted(logs))}")
        if logs[self.monitor] >= self.target:
            self.epoch = epoch + 1
            self.model.stop_training = True


def learning_rate_range_test(
    network: keras.Model,
    examples: tuple[np.ndarray, np.ndarray],
    *,
    batch_size: int = 128,
    lowest: float = 1e-5,
    highest: float = 1.0,
    steps: int = 100,
    smoothing: float = 0.8,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Train while the learning rate climbs from step to step, and return the loss at each rate.

    Where the loss falls, the rate is large enough to learn; where it climbs, too large.
    `plot_curves.spread_curves(..., x=rates, log_x=True)` draws it.

    Args:
        network: compiled with a fixed learning rate, not a schedule; trained in place and spoiled,
            so build another one for the real training.
        examples: inputs and targets, arrays with the same first axis. They are drawn in random
            order, again and again.
        batch_size: examples per step.
        lowest, highest: the first and the last learning rate.
        steps: how many rates; each is the same factor larger than the one before.
        smoothing: how much of its running mean the loss keeps at each step, from 0 (no smoothing)
            to below 1.
        seed: of the order of the examples.

    Returns:
        The rates and the smoothed losses, both of shape `(steps,)`.

    Raises:
        ValueError: an argument is out of its range, or the network has a schedule.

    Source: L. N. Smith, Cyclical Learning Rates for Training Neural Networks, 2015,
    arXiv:1506.01186; with the rates in equal ratios instead of equal differences.

    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> network.compile(keras.optimizers.SGD(0.1), "mse")
    >>> inputs = np.ones((8, 2), "float32")
    >>> rates, losses = learning_rate_range_test(network, (inputs, np.ones(8)), steps=5)
    >>> rates.shape == losses.shape, round(float(rates[0]), 6)
    (True, 1e-05)
    """
    inputs, targets = examples
    _check_whole("batch_size", batch_size, 1)
    _check_number("lowest", lowest, "(0, inf)")
    _check_number("highest", highest, f"({lowest}, inf)")
    _check_whole("steps", steps, 2)
    _check_number("smoothing", smoothing, "[0, 1)")
    _check_whole("seed", seed, 0)
    if getattr(network, "optimizer", None) is None:
        raise ValueError(f"network must be a Keras model that is compiled, not {network!r}")
    if len(inputs) != len(targets) or not len(inputs):
        raise ValueError(f"{len(inputs)} inputs do not fit {len(targets)} targets")
    if "learning_rate" not in {variable.name for variable in network.optimizer.variables}:
        raise ValueError("network must be compiled with a fixed learning rate, not a schedule")
    generator = np.random.default_rng(seed)
    rates = np.geomspace(lowest, highest, steps)
    losses, running, order = np.empty(steps), 0.0, np.empty(0, int)
    for step, rate in enumerate(rates):
        while len(order) < batch_size:
            order = np.concatenate([order, generator.permutation(len(inputs))])
        batch, order = order[:batch_size], order[batch_size:]
        network.optimizer.learning_rate = rate
        network.reset_metrics()  # or the loss would be the mean over all steps so far
        loss = network.train_on_batch(inputs[batch], targets[batch], return_dict=True)["loss"]
        running = smoothing * running + (1 - smoothing) * float(loss)
        losses[step] = running / (1 - smoothing ** (step + 1))  # as if it had not begun at 0
    return rates, losses


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
