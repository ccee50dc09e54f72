"""Training aids: a one-cycle learning-rate schedule and a stopwatch that counts CPU seconds.

Needs: tensorflow (with its Keras). Copy this one file into your project and `import training`.
"""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import Any, Self

import keras


@keras.saving.register_keras_serializable(package="training")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that climbs to a peak and comes down again, once, along two half cosines.

    Args:
        peak: the highest learning rate, reached after `warmup` of the way.
        steps: how many optimiser steps the cycle lasts: epochs times batches an epoch. Later
            steps keep the last learning rate.
        warmup: the part of the steps spent climbing, above 0 and below 1.
        start: the first learning rate, as a part of the peak, from 0 to 1.
        end: the last learning rate, as a part of the peak, from 0 to 1.

    Raises:
        ValueError: the peak or the steps are not positive, or a fraction is out of its range.

    Called with a step (an integer, or a scalar tensor of any number type), it returns a scalar
    float32 tensor. It is saved and loaded with the model that it trains.

    Source: L. N. Smith and N. Topin, Super-Convergence: Very Fast Training of Neural Networks
    Using Large Learning Rates, 2018, arXiv:1708.07120; cosines in place of their straight lines.

    >>> schedule = OneCycle(0.01, 100)
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
        if not (math.isfinite(peak) and peak > 0):
            raise ValueError(f"peak must be a positive learning rate, not {peak!r}")
        if steps < 1:
            raise ValueError(f"steps must be at least 1, not {steps!r}")
        if not 0 < warmup < 1:
            raise ValueError(f"warmup must lie between 0 and 1, not {warmup!r}")
        if not (0 <= start <= 1 and 0 <= end <= 1):
            raise ValueError(f"start and end must lie from 0 to 1, not {start!r} and {end!r}")
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


class Stopwatch:
    """Count the seconds that a `with` block takes, on the processor and on the wall clock.

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
