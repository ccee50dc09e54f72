# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Random changes to batches of pictures that a seed decides, and a search for copies: data leakage.

Needs: Python 3.11, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your project and
`import augmentation`.

`random_shift`, `colour_jitter` and `cutout` take a batch and a seed, as TensorFlow's
`tf.image.stateless_random_flip_left_right` does: the same batch and seed give the same pictures,
in whatever thread, and each picture of a batch is changed in its own way. `augment` maps any of
them over a `tf.data.Dataset`. Pictures are uint8 from 0 to 255 or floats from 0 to 1, and come back
as they came.

Keras's layers `RandomTranslation`, `RandomColorJitter`, `RandomErasing` and `MixUp` do such things with a
generator of their own: use them where it does not matter which batch gets which change.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Transform = Callable[[Any, Any], Any]


def random_shift(images: Any, seed: Any, *, pixels: int = 4) -> tf.Tensor:
    """Move each picture by up to some pixels, down or up and right or left.

    What becomes free is filled with the picture's own mirror image at that side. (This is a random
    crop: pad by reflection, then cut out a window of the old size at a random place.)

    Args:
        images: shape `(n, height, width, channels)`, any dtype.
        seed: two integers, shape `(2,)`.
        pixels: the furthest move, from 0 to below the height and the width. Each whole number of
            pixels is as likely as the next.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: the pictures have not four axes, or pixels is out of its range.

    >>> row = tf.reshape(tf.range(4), (1, 1, 4, 1))
    >>> random_shift(tf.repeat(row, 3, axis=1), seed=(1, 2), pixels=2)[0, 0, :, 0].numpy().tolist()
    [2, 3, 2, 1]
    """
    images = _batch(images)
    known = [side - 1 for side in images.shape[1:3] if side is not None]
    _check_whole("pixels", pixels, 0, min(known, default=math.inf))
    count, height, width = (tf.shape(images)[axis] for axis in range(3))
    corner = tf.random.stateless_uniform((count, 2), seed, -pixels, pixels + 1, tf.int32)
    rows = _reflected(corner[:, :1] + tf.range(height), height)  # of each picture
    columns = _reflected(corner[:, 1:] + tf.range(width), width)
    moved = tf.gather(images, rows, axis=1, batch_dims=1)
    return tf.gather(moved, columns, axis=2, batch_dims=1)


def _reflected(places: tf.Tensor, length: Any) -> tf.Tensor:
    """Return places that lie outside of 0 to length - 1 as their mirror images inside."""
    last = length - 1
    return last - tf.abs(last - tf.abs(places))


def colour_jitter(
    images: Any,
    seed: Any,
    *,
    brightness: float = 0.2,
    contrast: float = 0.3,
    saturation: float = 0.3,
) -> tf.Tensor:
    """Change brightness, contrast and saturation of each picture a little.

    Args:
        images: shape `(n, height, width, 3)`, uint8 from 0 to 255 or floats from 0 to 1.
        seed: two integers, shape `(2,)`.
        brightness: the most that is added to a picture or taken away, as a fraction of white.
        contrast: each pixel's distance from the picture's mean is multiplied by a number between
            1 - contrast and 1 + contrast.
        saturation: likewise, its distance from its own grey.

    Returns:
        The same shape and dtype, cut off at black and white.

    Raises:
        ValueError: the pictures have not four axes or other numbers than these, or a strength is not
            from 0 to 1. (Inside a `tf.data` pipeline other numbers are an `InvalidArgumentError`.)

    >>> grey = tf.fill((2, 4, 4, 3), 0.5)
    >>> jittered = colour_jitter(grey, seed=(1, 2), brightness=0.2).numpy()
    >>> bool(jittered.std(axis=(1, 2, 3)).max() < 1e-6 and abs(jittered - 0.5).max() < 0.201)
    True
    """
    images = _levels(images)
    strengths = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    for name, strength in strengths.items():
        _check_number(name, strength, "[0, 1]")
    drawn = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1, 3), seed, -1, 1)
    pixels = tf.image.convert_image_dtype(images, tf.float32)
    grey = tf.image.rgb_to_grayscale(pixels)
    pixels = grey + (pixels - grey) * (1 + saturation * drawn[..., 0])
    mean = tf.reduce_mean(grey, axis=(1, 2, 3), keepdims=True)
    pixels = mean + (pixels - mean) * (1 + contrast * drawn[..., 1])
    pixels = tf.clip_by_value(pixels + brightness * drawn[..., 2], 0, 1)
    return tf.image.convert_image_dtype(pixels, images.dtype, saturate=True)


def cutout(images: Any, seed: Any, *, size: int = 8, fill: float = 0.5) -> tf.Tensor:
    """Hide a square of each picture, at a random place.

    The square's middle may be any pixel, so at a side some of it may fall off the picture.

    Args:
        images: shape `(n, height, width, channels)`, uint8 from 0 to 255 or floats from 0 to 1.
        seed: two integers, shape `(2,)`.
        size: the square's side, in pixels.
        fill: what it is painted with, from 0 for black to 1 for white.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: the pictures have not four axes or other numbers than these, the size is below 1,
            or the fill is not from 0 to 1. (Inside a `tf.data` pipeline other numbers are an
            `InvalidArgumentError`.)

    Source: T. DeVries and G. W. Taylor, Improved Regularization of Convolutional Neural Networks
    with Cutout, 2017, arXiv:1708.04552.

    >>> cutout(tf.ones((1, 6, 6, 1)), seed=(1, 2), size=3, fill=0)[0, :, :, 0].numpy().astype(int)
    array([[1, 1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1, 1],
           [0, 0, 0, 1, 1, 1],
           [0, 0, 0, 1, 1, 1]])
    """
    images = _levels(images)
    _check_whole("size", size, 1)
    _check_number("fill", fill, "[0, 1]")
    count, height, width = (tf.shape(images)[axis] for axis in range(3))
    middle = tf.random.stateless_uniform((count, 2), seed)
    hidden = []
    for axis, length in enumerate((height, width)):
        first = tf.cast(middle[:, axis] * tf.cast(length, tf.float32), tf.int32) - size // 2
        places = tf.range(length) - first[:, None]
        hidden.append((places >= 0) & (places < size))
    square = (hidden[0][:, :, None] & hidden[1][:, None, :])[..., None]
    paint = tf.image.convert_image_dtype(tf.constant(fill, tf.float32), images.dtype)
    return tf.where(square, paint, images)


def mixup(images: Any, labels: Any, *, seed: Any, alpha: float = 0.4) -> tuple[Any, Any]:
    """Blend each picture with another of its batch, and their labels in the same proportion.

    Args:
        images: shape `(n, height, width, channels)`; blended as float32.
        labels: one-hot or other rows that sum to 1, shape `(n, classes)`; not class numbers, of which
            `tf.one_hot(labels, classes)` makes rows.
        seed: two integers, shape `(2,)`.
        alpha: above 0. The share of the first picture is drawn from the beta distribution with both
            parameters alpha: near 0, one picture shows nearly alone; at 1, any share is as likely.

    Returns:
        Blended pictures and labels, float32, of the same shapes. (For training, the loss is
        `CategoricalCrossentropy`.)

    Raises:
        ValueError: the pictures have not four axes, there is not one row of labels per picture, a row
            has another sum than 1, or alpha is not positive. (Inside a `tf.data` pipeline another sum is
            an `InvalidArgumentError`.)

    Source: H. Zhang, M. Cisse, Y. N. Dauphin and D. Lopez-Paz, mixup: Beyond Empirical Risk
    Minimization, 2017, arXiv:1710.09412; with a share for each picture. `keras.layers.MixUp` is the
    same as a layer, with a generator of its own in place of one seed per batch.

    >>> _, labels = mixup(tf.zeros((3, 2, 2, 1)), tf.eye(3), seed=(1, 2))
    >>> tf.reduce_sum(labels, axis=1).numpy().round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    images = tf.cast(_batch(images), tf.float32)
    labels = tf.cast(labels, tf.float32)
    if labels.shape.rank != 2 or not images.shape[:1].is_compatible_with(labels.shape[:1]):
        raise ValueError(
            f"labels must be rows (n, classes), one per picture of {images.shape}, not "
            f"{labels.shape}: of class numbers, tf.one_hot(labels, classes) makes them"
        )
    labels = _shares(labels)
    _check_number("alpha", alpha, "(0, inf)")
    count = tf.shape(images)[0]
    seeds = tf.random.split(tf.cast(seed, tf.int32), 2)
    order = tf.random.experimental.stateless_shuffle(tf.range(count), seeds[0])
    gamma = tf.random.stateless_gamma((count, 2), seeds[1], alpha, dtype=tf.float64)
    share = tf.cast(
        gamma[:, :1] / tf.maximum(tf.reduce_sum(gamma, 1, keepdims=True), 1e-300), tf.float32
    )
    blended = labels * share + tf.gather(labels, order) * (1 - share)
    share = share[:, :, None, None]
    return images * share + tf.gather(images, order) * (1 - share), blended


def augment(batches: tf.data.Dataset, *transforms: Transform, seed: int) -> tf.data.Dataset:
    """Map transforms over a data set of batches, with fresh seeds for each batch of each epoch.

    Args:
        batches: pairs of images and labels.
        transforms: each is called with images and a seed, int32, shape `(2,)`, in this order. Give
            one its options by `functools.partial`.
        seed: decides all the others: a second run of the program changes the same pictures in the
            same way.

    Returns:
        The same batches, the images changed, the labels as they were.

    >>> batches = tf.data.Dataset.from_tensor_slices((tf.zeros((4, 6, 6, 3)), range(4))).batch(2)
    >>> [labels.numpy().tolist() for _, labels in augment(batches, random_shift, seed=7)]
    [[0, 1], [2, 3]]
    """
    _check_whole("seed", seed, 0)

    # The loop below is Python's. TensorFlow has no types.
    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def change(pair: tuple[Any, Any], drawn: Any) -> tuple[Any, Any]:
        images, labels = pair
        seeds = tf.random.split(tf.cast(drawn, tf.int32), max(len(transforms), 1))
        for number, transform in enumerate(transforms):
            images = transform(images, seeds[number])
        return images, labels

    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    return tf.data.Dataset.zip(batches, seeds).map(change, num_parallel_calls=tf.data.AUTOTUNE)


class Copies(NamedTuple):
    """The picture most like each of some others.

    Attributes:
        index: of the most alike picture, shape `(n,)`, int64.
        likeness: how alike they are, shape `(n,)`, float32: a correlation, at most 1, which is
            reached by an exact copy. Unrelated photographs reach 0.9 now and then, where both are
            little but sky.
    """

    index: NDArray[np.int64]  # type: ignore[assignment]  # in place of a tuple's own method
    likeness: NDArray[np.float32]


def near_duplicates(images: np.ndarray, others: np.ndarray, *, reach: int = 4) -> Copies:
    """Find for each picture the one of the others that is most like a changed copy of it.

    Compared are pictures with half as many rows and columns of means, each colour less its own mean,
    as they are and mirrored, at all moves by whole pixels that lie within reach; the edges that a
    move brings in are left out. So changes of brightness and contrast, mirroring and small moves do
    not hide a copy. A plain picture, of one colour, has nothing to compare: its likeness is 0, even to
    its own copy.

    Args:
        images: for example of the validation set, shape `(n, height, width, channels)`.
        others: for example of the training set, shape `(m, height, width, channels)`.
        reach: how far a copy may have been moved, in pixels, each way; what is left of the picture
            without so wide an edge has at least 4 rows and columns.

    Raises:
        ValueError: the pictures have other shapes, there are none, a pixel is not finite, or the
            reach is too far.

    >>> pictures = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3), np.uint8)
    >>> found = near_duplicates(pictures[[5, 2], :, ::-1], pictures)
    >>> found.index.tolist(), found.likeness.round(3).tolist()
    ([5, 2], [1.0, 1.0])
    """
    images, others = _stack("images", images, 4), _stack("others", others, 4)
    if images.shape[1:] != others.shape[1:]:
        raise ValueError(
            f"images and others must be of one size, not {images.shape} and {others.shape}"
        )
    _check_whole("reach", reach, 0)
    if min(images.shape[1:3]) < 2 * reach + 4:
        raise ValueError(f"reach must leave 4 rows and columns of {images.shape[1:3]}, not {reach}")
    rows, columns = (side - 1 - 2 * reach for side in images.shape[1:3])
    asked = [
        _standardised(_smoothed(each)[:, reach : reach + rows : 2, reach : reach + columns : 2])
        for each in (images, images[:, :, ::-1])
    ]
    smooth = _smoothed(others)
    index = np.zeros(len(images), np.int64)
    likeness = np.full(len(images), -np.inf, np.float32)
    for down, right in np.ndindex(2 * reach + 1, 2 * reach + 1):
        window = _standardised(smooth[:, down : down + rows : 2, right : right + columns : 2])
        for pictures in asked:
            alike = pictures @ window.T
            best = alike.argmax(axis=1)
            value = alike[np.arange(len(images)), best]
            index = np.where(value > likeness, best, index)
            likeness = np.maximum(value, likeness)
    return Copies(index, likeness)


def _smoothed(images: np.ndarray) -> np.ndarray:
    """Return the mean of each two by two pixels, float32, a row and a column less."""
    pixels = images.astype(np.float32)
    pairs = pixels[:, 1:] + pixels[:, :-1]
    return (pairs[:, :, 1:] + pairs[:, :, :-1]) / 4


def _standardised(images: np.ndarray) -> NDArray[np.float32]:
    """Return rows of length 1: each picture flat, each colour less its mean; plain ones are 0."""
    flat = (images - images.mean(axis=(1, 2), keepdims=True)).reshape(len(images), -1)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    rows: NDArray[np.float32] = flat / np.maximum(lengths, 1e-6)
    return rows


def _batch(images: Any) -> tf.Tensor:
    """Return pictures as a tensor, if they have four axes."""
    images = tf.convert_to_tensor(images)
    if images.shape.rank != 4:
        raise ValueError(f"images must be (n, height, width, channels), not {images.shape}")
    return images


def _levels(images: Any) -> tf.Tensor:
    """Return pictures as a tensor, if they have four axes and are uint8 or floats from 0 to 1."""
    images = _batch(images)
    if images.dtype == tf.uint8:
        return images
    if not images.dtype.is_floating:
        raise ValueError(
            f"images must be uint8 from 0 to 255 or floats from 0 to 1, not {images.dtype.name}"
        )
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    fits = (low >= -_ROUNDING) & (high <= 1 + _ROUNDING)
    message = "images must be floats from 0 to 1, or uint8 from 0 to 255, not floats from"
    if tf.executing_eagerly() and not (fits or tf.size(images) == 0):
        raise ValueError(f"{message} {float(low):g} to {float(high):g}")
    # Of a picture without pixels the lowest number is infinite.
    with tf.control_dependencies([tf.Assert(fits | (low > high), [message, low, "to", high])]):
        return tf.identity(images)


def _shares(labels: tf.Tensor) -> tf.Tensor:
    """Return rows of labels, if each has the sum 1: class numbers in a column have not."""
    sums = tf.reduce_sum(labels, axis=1)
    fits = tf.reduce_all(tf.abs(sums - 1) <= _ROUNDING)
    message = "labels must be rows of sum 1 (tf.one_hot makes them of class numbers), not of sums"
    if tf.executing_eagerly() and not fits:
        raise ValueError(f"{message} {sums.numpy()[:9]}")
    with tf.control_dependencies([tf.Assert(fits, [message, sums])]):
        return tf.identity(labels)


# What resizing or blending may leave beyond black and white, and beyond a sum of 1.
_ROUNDING = 1e-3


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
