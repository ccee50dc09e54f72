# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Changes that photographs meet in the world: noise, blur, rotation, a shift by whole pixels.

Needs: Python 3.11, numpy 2.0, scipy 1.15, or newer. Copy this one file into your project and
`import corruptions`.

SciPy has the parts, `ndimage.gaussian_filter`, `ndimage.rotate` and `ndimage.shift`: they do for one
picture. These take a batch, with channels or without, and mix neither examples nor channels.
"""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float32s = NDArray[np.float32]


def add_noise(images: np.ndarray, deviation: float, *, seed: int = 0) -> Float32s:
    """Return images with a random number added to every value, cut to the range from 0 to 1.

    Args:
        images: floats from 0 to 1, shape `(n, height, width)`, or with channels.
        deviation: standard deviation of the normal distribution, in the units of the images.
        seed: of the numbers.

    Raises:
        ValueError: the deviation is negative, or the images are not floats from 0 to 1.

    >>> add_noise(np.full((1, 1, 2), 0.5), deviation=0.1).round(3)
    array([[[0.513, 0.487]]], dtype=float32)
    """
    images = _floats(images)
    _check_number("deviation", deviation, "[0, inf)")
    _check_whole("seed", seed, 0)
    _check_range(images, 0, 1)
    drawn = np.random.default_rng(seed).normal(scale=deviation, size=images.shape)
    return np.clip(images + drawn, 0, 1).astype(np.float32)


def blur(images: np.ndarray, sigma: float) -> Float32s:
    """Return images blurred by a Gaussian, as by a lens out of focus.

    Args:
        images: floats, shape `(n, height, width)`, or with channels.
        sigma: standard deviation of the Gaussian, in pixels.

    Raises:
        ValueError: sigma is negative, or the images are not finite floats.

    >>> blur(np.array([[[0.0, 0.0, 1.0, 0.0, 0.0]]]), sigma=0.5).round(2)
    array([[[0.  , 0.11, 0.79, 0.11, 0.  ]]], dtype=float32)
    """
    images = _floats(images)
    _check_number("sigma", sigma, "[0, inf)")
    sigmas = (0, sigma, sigma) + (0,) * (images.ndim - 3)
    softer: Float32s = ndimage.gaussian_filter(images, sigmas)
    return softer


def rotate(images: np.ndarray, degrees: float, *, fill: float = 0.0) -> Float32s:
    """Return images turned about their centre, anticlockwise; what turns in from outside is `fill`.

    Args:
        images: floats, shape `(n, height, width)`, or with channels.
        degrees: the angle; negative turns clockwise.
        fill: value of the corners that were outside the image.

    Raises:
        ValueError: the images are not finite floats.

    >>> rotate(np.array([[[1.0, 0.0], [0.0, 0.0]]]), degrees=90).round(6)
    array([[[0., 0.],
            [1., 0.]]], dtype=float32)
    """
    images = _floats(images)
    _check_number("degrees", degrees, "(-inf, inf)")
    _check_number("fill", fill, "(-inf, inf)")
    turned: Float32s = ndimage.rotate(
        images, degrees, axes=(2, 1), reshape=False, order=1, cval=fill
    )
    return turned


def shift(images: np.ndarray, *, down: int = 0, right: int = 0, fill: float = 0) -> np.ndarray:
    """Return images moved by whole pixels; what leaves the frame is lost.

    Args:
        images: shape `(n, height, width)` or `(n, height, width, channels)`, any dtype.
        down, right: pixels to move by; negative moves up and left.
        fill: value of the pixels that come into the frame.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        ValueError: the shape is another.

    >>> shift(np.array([[[1, 2, 3]]]), right=1).tolist()
    [[[0, 1, 2]]]
    """
    if any(map(np.ma.is_masked, images if isinstance(images, list | tuple) else [images])):
        raise ValueError("images must have no masked values: leave them out of all arguments")
    try:
        images = np.asarray(images)
    except ValueError:
        raise ValueError(f"images must be of one height and width, not {images!r:.80}") from None
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be (n, height, width) or (n, h, w, c), not {images.shape}")
    for name, pixels in (("down", down), ("right", right)):
        _check_whole(name, pixels, -images.size, images.size)
    _check_number("fill", fill, "(-inf, inf)")
    moved = np.full_like(images, fill)
    if moved.size and moved.flat[0] != fill:
        raise ValueError(f"fill must be a value of {images.dtype}, not {fill}")
    (to_rows, from_rows), (to_columns, from_columns) = (
        (slice(max(by, 0), max(size + by, 0)), slice(max(-by, 0), max(size - by, 0)))
        for by, size in ((down, images.shape[1]), (right, images.shape[2]))
    )
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved


def _floats(images: np.ndarray) -> Float32s:
    array = _stack("images", images, 3, 4)
    if array.dtype.kind != "f":
        raise ValueError(f"images must be floats, not {array.dtype}")
    return array.astype(np.float32)


def _check_range(images: np.ndarray, low: float, high: float) -> None:
    """Refuse pixels that would be cut to a range which is not theirs."""
    found = f"from {(least := np.min(images)):g} to {(most := np.max(images)):g}"
    if not (least >= low - 1e-3 and most <= high + 1e-3):
        raise ValueError(f"images must lie from {low:g} to {high:g}, not {found}")


def _stack(name: str, values: Any, *ranks: int) -> np.ndarray:
    """Return finite numbers in one array of one of these ranks, none of its axes empty."""
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one array, not {values!r:.80}") from None
    if array.ndim not in ranks or not array.size:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{name} must have {wanted} axes, none empty, not shape {array.shape}")
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but hold NaN or infinity")
    return array


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
