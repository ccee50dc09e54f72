# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Explain an image classifier: saliency, occlusion, Grad-CAM, a sanity check, adversarial images.

Needs: Python 3.11, keras 3.15, numpy 2.0, scipy 1.15, tensorflow 2.21, or newer. Copy this one file
into your project and `import explain`.

A `network` here is a built Keras model, from images `(n, height, width)` or
`(n, height, width, channels)` to logits `(n, classes)`; it is called with `training=False`. If it ends in
a softmax, pass it without that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import stats

Float32s = NDArray[np.float32]
Batchwise = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
BATCH = 500  # images that are asked about at once; larger batches only need more memory


def saliency(
    network: keras.Model, images: np.ndarray, *, classes: Sequence[int] | None = None
) -> Float32s:
    """Return the gradient of one class's logit with respect to each pixel.

    Args:
        network: images to logits.
        images: float, shape `(n, height, width)`, or with channels.
        classes: the class of each image to ask about, shape `(n,)`; the network's own answers if
            left out.

    Returns:
        Logits per unit of a pixel's value, of both signs, float32, the shape of the images.

    Raises:
        ValueError: the images or the classes do not fit the network.

    Source: K. Simonyan, A. Vedaldi and A. Zisserman, Deep Inside Convolutional Networks, 2013,
    arXiv:1312.6034.

    >>> network = keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten()])
    >>> saliency(network, np.zeros((1, 2, 2)), classes=[3])  # the class's logit is the last pixel
    array([[[0., 0.],
            [0., 1.]]], dtype=float32)
    """
    images, chosen = _prepared(network, images, classes)

    def slopes(part: tf.Tensor, asked: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(part)
            scores = tf.gather(network(part, training=False), asked, axis=1, batch_dims=1)
        return tape.gradient(scores, part, unconnected_gradients="zero")

    return _in_batches(slopes, images, chosen)


def occlusion(
    network: keras.Model,
    images: np.ndarray,
    *,
    classes: Sequence[int] | None = None,
    size: int = 4,
    stride: int | None = None,
    fill: float = 0.0,
) -> Float32s:
    """Return how far one class's logit falls when a square covers each pixel, the occlusion map.

    The square is laid on every `stride` pixels, and once more at the far rim. A pixel that several
    squares cover gets the mean of their falls.

    Args:
        network: images to logits.
        images: float, shape `(n, height, width)`, or with channels.
        classes: the class of each image to ask about, shape `(n,)`; the network's own answers if
            left out.
        size: the square's side, in pixels.
        stride: pixels from one square to the next, at most `size`; half of `size` if left out.
        fill: the value of the covered pixels, in all channels.

    Returns:
        Logits, above 0 where covering hurts the class, float32, shape `(n, height, width)`.

    Raises:
        ValueError: images or classes do not fit the network, or the squares would leave gaps.

    Source: M. D. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, 2013,
    arXiv:1311.2901.

    >>> network = keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten()])
    >>> occlusion(network, np.full((1, 2, 2), 7.0), classes=[3], size=1)
    array([[[0., 0.],
            [0., 7.]]], dtype=float32)
    """
    images, chosen = _prepared(network, images, classes)
    height, width = images.shape[1:3]
    _check_whole("size", size, 1, min(height, width))
    stride = max(size // 2, 1) if stride is None else stride
    _check_whole("stride", stride, 1, size)
    _check_number("fill", fill, "(-inf, inf)")
    before = _scores(network, images, chosen)
    falls = np.zeros((len(images), height, width), np.float32)
    covers = np.zeros((height, width), np.float32)
    tops, lefts = ({*range(0, side - size, stride), side - size} for side in (height, width))
    places = [np.s_[top : top + size, left : left + size] for top in tops for left in lefts]
    together = max(BATCH // len(images), 1)
    for start in range(0, len(places), together):
        some = places[start : start + together]
        covered = np.repeat(images[None], len(some), axis=0)  # a copy of all images per square
        for copy, place in zip(covered, some, strict=True):
            copy[:, *place] = fill
        flat = covered.reshape(-1, *images.shape[1:])
        after = _scores(network, flat, np.tile(chosen, len(some))).reshape(len(some), -1)
        for fall, place in zip(before - after, some, strict=True):
            falls[:, *place] += fall[:, None, None]
            covers[place] += 1
    return falls / covers


def grad_cam(
    network: keras.Model, images: np.ndarray, *, layer: str, classes: Sequence[int] | None = None
) -> Float32s:
    """Return Grad-CAM: a layer's feature maps, added up by how much they raise one class's logit.

    The heatmap of GradCAM: each map's weight is the mean gradient of the logit over the map's positions.
    The weighted sum is cut off below 0 and enlarged to the image's size, linearly between places.

    Args:
        network: images to logits, a chain or a functional model.
        images: float, shape `(n, height, width)`, or with channels.
        layer: name of the layer whose feature maps, shape `(n, rows, columns, maps)`, are used:
            most often the last with more than one place.
        classes: the class of each image to ask about, shape `(n,)`; the network's own answers if
            left out.

    Returns:
        0 or above, float32, shape `(n, height, width)`; all 0 where no map raises the logit.

    Raises:
        ValueError: images or classes do not fit the network, or it has no such layer of feature maps.

    Source: R. R. Selvaraju et al., Grad-CAM, 2016, arXiv:1610.02391.

    >>> pool, mean = keras.layers.MaxPooling2D(2, name="pool"), keras.layers.GlobalAveragePooling2D()
    >>> network = keras.Sequential([keras.Input((4, 4, 1)), pool, mean])
    >>> image = np.zeros((1, 4, 4, 1))
    >>> image[0, 0, 3] = 8.0
    >>> grad_cam(network, image, layer="pool", classes=[0])[0].round(1)
    array([[0. , 0.5, 1.5, 2. ],
           [0. , 0.4, 1.1, 1.5],
           [0. , 0.1, 0.4, 0.5],
           [0. , 0. , 0. , 0. ]], dtype=float32)
    """
    images, chosen = _prepared(network, images, classes)
    if layer not in [each.name for each in network.layers]:
        raise ValueError(f"layer must be the name of a layer of the network, not {layer!r}")
    inside = network.get_layer(layer).output
    if len(inside.shape) != 4:
        raise ValueError(f"layer {layer} returns {inside.shape}, not feature maps")
    both = keras.Model(network.inputs[0], [inside, network.outputs[0]])

    def warm(part: tf.Tensor, asked: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(part)  # else the tape skips what no trainable weight leads to
            maps, logits = both(part, training=False)
            scores = tf.gather(logits, asked, axis=1, batch_dims=1)
        slopes = tape.gradient(scores, maps, unconnected_gradients="zero")
        weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1, keepdims=True))
        return tf.image.resize(heat, images.shape[1:3])[..., 0]

    return _in_batches(warm, images, chosen)


def randomise_layers(network: keras.Model, names: Sequence[str]) -> keras.Model:
    """Return a copy of the network whose named layers are as before training.

    Args:
        network: a chain or functional model whose layers can be cloned; it stays as it is.
        names: of the layers that get fresh weights. These follow `keras.utils.set_random_seed`,
            called before.

    Raises:
        ValueError: the network has no layer of a name.

    Source: J. Adebayo et al., Sanity Checks for Saliency Maps, 2018, arXiv:1810.03292.

    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="logits")])
    >>> fresh = randomise_layers(network, ["logits"])
    >>> bool((fresh.get_weights()[0] == network.get_weights()[0]).any())
    False
    """
    _check_built("network", network)
    if unknown := set(names) - {layer.name for layer in network.layers}:
        raise ValueError(f"names must be of layers, not {', '.join(sorted(unknown))}")
    copy = keras.models.clone_model(network)
    for layer in network.layers:
        if layer.name not in names:
            twin = copy.get_layer(layer.name)
            twin.set_weights(layer.get_weights())
            if isinstance(twin, keras.layers.Normalization):
                twin.finalize_state()  # or it computes with the numbers of before
    return copy


def rank_correlation(maps: np.ndarray, others: np.ndarray) -> NDArray[np.float64]:
    """Return Spearman's correlation of each map with its partner: whether they order pixels alike.

    Args:
        maps, others: float, shape `(n, height, width)` each.

    Returns:
        1 for the same order, about 0 for no relation, -1 for the opposite order, float64, shape
        `(n,)`; 0, not NaN as from SciPy's `spearmanr`, where a map is the same everywhere.

    Raises:
        ValueError: the shapes differ, a number is not finite, or there is nothing to compare.

    >>> rank_correlation(np.array([[[1.0, 2.0, 9.0]]]), np.array([[[0.0, 0.5, 0.6]]])).round(6)
    array([1.])
    """
    maps, others = _stack("maps", maps, 2, 3, 4), _stack("others", others, 2, 3, 4)
    if maps.shape != others.shape:
        raise ValueError(f"maps and others must be alike, not {maps.shape} and {others.shape}")
    ranks = [stats.rankdata(each.reshape(len(each), -1), axis=1) for each in (maps, others)]
    one, other = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    sizes = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    agreement: NDArray[np.float64] = (one * other).sum(axis=1)
    return np.asarray(np.divide(agreement, sizes, out=np.zeros(len(one)), where=sizes > 0))


def fast_gradient_sign(
    network: keras.Model,
    images: np.ndarray,
    *,
    labels: Sequence[int],
    epsilon: float,
    low: float = 0.0,
    high: float = 1.0,
) -> Float32s:
    """Return the images after one step of the fast gradient sign method, up the cross-entropy.

    FGSM is the simplest adversarial attack: every pixel moves by `epsilon`, up or down, whichever way
    the loss rises, and is then cut to the range. A negative `epsilon` steps towards the labels instead.

    Args:
        network: images to logits.
        images: float, shape `(n, height, width)`, or with channels.
        labels: integers, shape `(n,)`.
        epsilon: length of the step, in the units of the images.
        low, high: the values that a pixel can have.

    Returns:
        float32, the shape of the images; none is farther than `epsilon` from where it was.

    Raises:
        ValueError: images or labels do not fit the network, or a pixel lies outside of the range.

    Source: I. J. Goodfellow, J. Shlens and C. Szegedy, Explaining and Harnessing Adversarial
    Examples, 2014, arXiv:1412.6572.

    >>> network = keras.Sequential([keras.Input((1, 2)), keras.layers.Flatten()])
    >>> fast_gradient_sign(network, np.array([[[0.5, 0.5]]]), labels=[0], epsilon=0.25)
    array([[[0.25, 0.75]]], dtype=float32)
    """
    _check_number("epsilon", epsilon, "(-inf, inf)")
    _check_number("low", low, "(-inf, inf)")
    _check_number("high", high, f"({low}, inf)")
    images, chosen = _prepared(network, images, labels, "labels")
    _check_range(images, low, high)

    def uphill(part: tf.Tensor, asked: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(part)
            logits = network(part, training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(asked, logits)
        return tf.sign(tape.gradient(losses, part, unconnected_gradients="zero"))

    return np.clip(images + np.float32(epsilon) * _in_batches(uphill, images, chosen), low, high)


def _check_range(images: np.ndarray, low: float, high: float) -> None:
    """Refuse pixels that would be cut to a range which is not theirs."""
    if not np.size(images):
        return
    least, most = np.min(images), np.max(images)
    if not (least >= low - 1e-3 and most <= high + 1e-3):
        raise ValueError(
            f"images must lie from {low:g} to {high:g}, not from {least:g} to {most:g}"
        )


def _prepared(
    network: keras.Model, images: np.ndarray, classes: Sequence[int] | None, name: str = "classes"
) -> tuple[Float32s, NDArray[np.int32]]:
    """Return the images in float32 and one class per image, both checked."""
    _check_built("network", network)
    if len(network.inputs + network.outputs) != 2 or "float" not in network.inputs[0].dtype:
        raise ValueError(f"network {network.name!r} must have one input, of floats, and one output")
    last = network.layers[-1]
    activation = getattr(last, "activation", None)
    if isinstance(last, keras.layers.Softmax) or activation is keras.activations.softmax:
        raise ValueError(f"network must return logits, but its last layer {last.name} is a softmax")
    images = _stack("images", images, 3, 4).astype(np.float32)
    wanted, count = network.input_shape[1:], network.output_shape[-1]
    if images.shape[1:] != tuple(wanted):
        raise ValueError(f"images must be {tuple(wanted)} for this network, not {images.shape[1:]}")
    if classes is None:
        logits = _in_batches(lambda part, _: network(part, training=False), images, images)
        chosen = np.argmax(logits, axis=1)
    else:
        chosen = _labels(name, classes, count, ("images", len(images)))
    return images, chosen.astype(np.int32)


def _scores(network: keras.Model, images: np.ndarray, classes: np.ndarray) -> Float32s:
    """Return the logit of each image's class, shape `(n,)`."""
    logits = _in_batches(lambda part, _: network(part, training=False), images, images)
    return np.take_along_axis(logits, classes[:, None], axis=1)[:, 0]


def _in_batches(function: Batchwise, images: np.ndarray, others: np.ndarray) -> Float32s:
    """Return the function's answers over all images, `BATCH` at a time."""
    starts = range(0, len(images), BATCH)
    pairs = ((images[start : start + BATCH], others[start : start + BATCH]) for start in starts)
    parts = [function(*map(tf.convert_to_tensor, pair)) for pair in pairs]
    return np.concatenate([part.numpy() for part in parts])


def _stack(name: str, values: Any, *ranks: int) -> np.ndarray:
    """Return finite numbers in one array of one of these ranks, none of its axes empty."""
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


def _labels(
    name: str, values: Any, classes: int | None = None, rows: tuple[str, int] | None = None
) -> np.ndarray:
    """Return labels from 0, below classes, as int64, shape `(n,)`, one for each of so many rows."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be labels of shape (n,), not {values!r:.80}") from None
    if array.ndim != 1 or not array.size or (rows and len(array) != rows[1]):
        wanted = f"({rows[1]},), one for each of {rows[0]}" if rows else "(n,), n at least 1"
        hint = f"; take {name}[:, 0]" if array.ndim == 2 and array.shape[1] == 1 else ""
        raise ValueError(f"{name} must be labels of shape {wanted}, not {array.shape}{hint}")
    if array.dtype.kind not in "iub":
        hint = "; of scores take the class of the highest" if array.dtype.kind == "f" else ""
        raise ValueError(f"{name} must be labels, integers from 0, not {array.dtype}{hint}")
    if array.min() < 0 or array.max() >= (classes or np.inf):
        wanted = f"from 0 to {classes - 1}, for {classes} classes" if classes else "from 0"
        raise ValueError(f"{name} must be labels {wanted}, not from {array.min()} to {array.max()}")
    return array.astype(np.int64)


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
