# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Normalize images by the training images: the mean image subtracted, one deviation for all pixels.

Needs: Python 3.11, numpy 2.0, or newer. Copy this one file into your project and `import preprocessing`.

scikit-learn's `StandardScaler` divides each pixel by a deviation of its own, which blows up pixels that
hardly change, as in the corners of Fashion-MNIST. Keras's `Normalization` has a mean and a deviation
for each index of the last axis, the channels: the mean image stays in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def standardise(images: np.ndarray, training_images: np.ndarray) -> NDArray[np.float32]:
    """Return images as float32 around 0: less the mean training image, in units of the spread.

    Each pixel loses its own mean over the training images; what is left is divided by one number,
    the standard deviation of what is left of the training images. Normalize by the training images
    alone: to standardize with those of the test set is data leakage.

    Args:
        images: shape `(n, …)`, any number type.
        training_images: shape `(m, …)`, the images that mean and deviation are taken from; the
            training set also for validation and test images, so that all are treated alike.

    Returns:
        float32, with the shape of `images`.

    Raises:
        ValueError: the images differ in shape, or the training images are all alike, so that there
            is no deviation.

    >>> training = np.array([[0, 100], [20, 120]])
    >>> standardise(np.array([[10, 110], [20, 100]]), training).tolist()
    [[0.0, 0.0], [1.0, -1.0]]
    """
    images = _stack("images", images, 2, 3, 4)
    training_images = _stack("training_images", training_images, 2, 3, 4)
    if images.shape[1:] != training_images.shape[1:]:
        raise ValueError(
            "images and training_images must have one shape, not "
            f"{images.shape[1:]} and {training_images.shape[1:]}"
        )
    if (training_images == training_images[0]).all():
        raise ValueError("training_images are all alike, so there is no deviation")
    # A float32 sum of many numbers loses the last ones, so the mean is taken in float64.
    mean = training_images.mean(axis=0, keepdims=True, dtype=np.float64)
    precision = np.result_type(training_images.dtype, np.float32)
    near = mean.astype(precision)
    deviation = np.sqrt(training_images.var(axis=0, dtype=precision, mean=near).mean())
    standardised = np.empty(images.shape, np.float32)
    of_each = mean if training_images.dtype.kind == "f" else near
    np.subtract(images, of_each, out=standardised, casting="same_kind")
    standardised /= deviation
    return standardised


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
