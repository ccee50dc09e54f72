# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Reproducible training: seeds and deterministic operations at once, and a test whether it worked.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import reproducible`.
"""

from __future__ import annotations

import math
import operator
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Environment variables that change the numbers, or the order in which they are added up.
SWITCHES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "PYTHONHASHSEED",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
)


@dataclass(frozen=True)
class Conditions:
    """What else the numbers depend on: write it down beside a result (`dataclasses.asdict`).

    Attributes:
        seed: the one that was set.
        versions: of Python and of the packages that compute.
        system: of the machine, with the processor's family.
        threads: for one operation (`intra_op`), for several at a time (`inter_op`), 0 where TensorFlow
            chooses, and the processors that it may choose from.
        devices: that TensorFlow uses, such as `"CPU"` and `"GPU NVIDIA A100"`.
        dtype_policy: in which precision layers compute.
        switches: the environment variables in `SWITCHES` that are set.
    """

    seed: int
    versions: dict[str, str]
    system: str
    threads: dict[str, int]
    devices: list[str]
    dtype_policy: str
    switches: dict[str, str]


def make_reproducible(seed: int) -> Conditions:
    """Set all random seeds and make TensorFlow deterministic, so that a training can be repeated.

    It calls `keras.utils.set_random_seed` (Python, NumPy, TensorFlow) and
    `tf.config.experimental.enable_op_determinism`, for the whole process and until its end: the first
    thing in a script. Operations become slower, on a GPU above all, and those that have no
    deterministic version raise an error. The same numbers then come out on the same machine with the
    same versions; other ones may differ in the last digits, which training makes the first. This adds
    the record of what they depend on.

    What no function can do for you: `PYTHONHASHSEED` decides the order of a set of strings, and is read
    when Python starts; generators made without a seed, such as `np.random.default_rng()`, draw other
    numbers each time; files come in the order in which the file system lists them unless you sort them.

    Args:
        seed: from 0 to 4294967295.

    Returns:
        The conditions.

    Raises:
        ValueError: the seed is out of its range.
        RuntimeError: Keras computes with another backend than TensorFlow.

    Source: TensorFlow's API documentation of `enable_op_determinism`.

    It cannot be undone, so the example shows what leaves the process as it was.

    >>> try:
    ...     make_reproducible(-1)
    ... except ValueError as error:
    ...     print(error)
    seed must be an integer, at least 0 and at most 4294967295, not -1
    """
    _check_whole("seed", seed, 0, 2**32 - 1)
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"keras computes with {keras.backend.backend()!r}, expected 'tensorflow': set KERAS_BACKEND "
            "before keras is imported"
        )
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return Conditions(
        seed=int(seed),
        versions={
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        threads={
            "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
            "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
            "processors": os.cpu_count() or 0,
        },
        devices=[_described(device) for device in tf.config.get_visible_devices()],
        dtype_policy=keras.config.dtype_policy().name,
        switches={name: os.environ[name] for name in SWITCHES if name in os.environ},
    )


def differing_weights(train: Callable[[], keras.Model], *, seed: int = 0) -> list[str]:
    """Return which weights differ when a network is trained twice: none, if training is reproducible.

    Both times the seeds are set first (`keras.utils.set_random_seed`). A weight that differs in one bit
    is named: which layer comes first says where to look for what is drawn or added up in another
    order. Two equal trainings are no proof: on many threads an order may come out the same by chance.

    Args:
        train: builds a network, trains it and returns it; a few steps are enough.
        seed: set before each of the two, from 0 to 4294967295.

    Returns:
        The paths of the weights, as in the first network, in its order.

    Raises:
        ValueError: the seed is out of its range, or `train` is no function, returns no network or one
            without weights, the same one twice, two of different shapes, or one whose weights are NaN
            or infinite.

    >>> def train():
    ...     network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    ...     network.compile("sgd", "mse")
    ...     network.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    ...     return network
    >>> differing_weights(train)
    []
    """
    _check_whole("seed", seed, 0, 2**32 - 1)
    if isinstance(train, keras.layers.Layer) or not callable(train):
        raise ValueError(f"train must be a function that returns a network, not {train!r}")
    networks, values = [], []
    for _ in range(2):
        keras.utils.set_random_seed(seed)
        network = train()
        if not isinstance(network, keras.Model) or not network.weights:
            raise ValueError(f"train must return a keras.Model with weights, not {network!r}")
        values.append([keras.ops.convert_to_numpy(each) for each in network.weights])
        networks.append(network)
    first, second = values
    paths = [each.path for each in networks[0].weights]
    if networks[0] is networks[1]:
        raise ValueError("train must build a new network each time, not return the same one twice")
    if [each.shape for each in first] != [each.shape for each in second]:
        raise ValueError(
            "train must return networks of the same shapes, not "
            f"{[each.shape for each in first]} and {[each.shape for each in second]}"
        )
    broken = [path for path, value in zip(paths, first, strict=True) if not _is_finite(value)]
    if broken:
        raise ValueError(
            f"train returned NaN or infinity in {', '.join(broken)}: nothing to compare"
        )
    return [
        path
        for path, one, other in zip(paths, first, second, strict=True)
        if one.tobytes() != other.tobytes()
    ]


def _is_finite(value: np.ndarray) -> bool:
    return value.dtype.kind != "f" or bool(np.isfinite(value).all())


def _described(device: Any) -> str:
    """Return the kind of a device, and its name where it has one."""
    details = tf.config.experimental.get_device_details(device)
    return f"{device.device_type} {details.get('device_name', '')}".strip()


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
