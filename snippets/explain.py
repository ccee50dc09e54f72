# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Explain an image classifier: saliency, occlusion, Grad-CAM heatmaps, adversarial images (FGSM).

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file, `import explain`.

A `network` here is a built Keras model, from images `(n, height, width)` or
`(n, height, width, channels)` to logits `(n, classes)`; it is called with `training=False`. One that ends
in a softmax or sigmoid is refused, and told how to leave that off: it is flat where the network is sure.
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
        classes: to ask about, one per image, shape `(n,)`; the network's own answers if left out.

    Returns:
        Logits per unit of a pixel's value, of both signs, float32, the shape of the images.

    Raises:
        ValueError: the images or the classes do not fit the network.

    Source: K. Simonyan et al., Deep Inside Convolutional Networks, 2013, arXiv:1312.6034.

    >>> network = keras.Sequential([keras.Input((2, 2)), keras.layers.Flatten()])
    >>> saliency(network, np.zeros((1, 2, 2)), classes=[3]).tolist()  # its logit is the last pixel
    [[[0.0, 0.0], [0.0, 1.0]]]
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
        classes: to ask about, one per image, shape `(n,)`; the network's own answers if left out.
        size, stride: the square's side, and from one square to the next, in pixels; half of it if left out.
        fill: the value of the covered pixels, in all channels.

    Returns:
        Logits, above 0 where covering hurts the class, float32, shape `(n, height, width)`.

    Raises:
        ValueError: images or classes do not fit the network, or the squares would leave gaps.

    Source: M. Zeiler and R. Fergus, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901.

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
    """Return the Grad-CAM heatmap: a layer's feature maps, added up by how much they raise a class's logit.

    In Grad-CAM (gradcam), a map's weight is the mean gradient of the logit over the map's positions.
    The weighted sum is cut off below 0 and enlarged to the image's size, linearly between places.

    Args:
        network: images to logits.
        images: float, shape `(n, height, width)`, or with channels.
        layer: name of the layer whose feature maps, shape `(n, rows, columns, maps)`, are used: most often
            the last with more than one place. It may lie in a network within, a pretrained base, say.
        classes: to ask about, one per image, shape `(n,)`; the network's own answers if left out.

    Returns:
        0 or above, float32, shape `(n, height, width)`; all 0 where no map raises the logit.

    Raises:
        ValueError: images or classes do not fit the network, it calls that layer more than once, or not
            one layer of feature maps has the name: the message says which there are.

    Source: R. R. Selvaraju et al., Grad-CAM, 2016, arXiv:1610.02391.

    >>> pool, mean = keras.layers.MaxPooling2D(2, name="pool"), keras.layers.GlobalAveragePooling2D()
    >>> network = keras.Sequential([keras.Input((4, 4, 1)), pool, mean])
    >>> image = 8 * np.eye(1, 16, 3).reshape(1, 4, 4, 1)  # bright at the end of the first row
    >>> grad_cam(network, image, layer="pool", classes=[0])[0, 0].round(1)
    array([0. , 0.5, 1.5, 2. ], dtype=float32)
    """
    images, chosen = _prepared(network, images, classes)
    with_maps = _map_layers(network)
    asked_for = [each for each in with_maps if each.name == layer]
    if len(asked_for) != 1:
        names = ", ".join(each.name for each in with_maps[:-9:-1])
        wanted = "the name of one layer of feature maps; from the last, these have such: "
        raise ValueError(f"layer must be {wanted}{names or 'none'}; not {layer!r}")
    maps_of, call = [], asked_for[0].call

    def noting(*inputs: Any, **options: Any) -> Any:
        maps_of.append(call(*inputs, **options))
        return maps_of[-1]

    def warm(part: tf.Tensor, asked: tf.Tensor) -> tf.Tensor:
        maps_of.clear()
        with tf.GradientTape() as tape:
            tape.watch(part)  # else the tape skips what no trainable weight leads to
            scores = tf.gather(network(part, training=False), asked, axis=1, batch_dims=1)
        if len(maps_of) != 1:
            raise ValueError(f"layer {layer} must be called once, not {len(maps_of)} times")
        slopes = tape.gradient(scores, maps_of[0], unconnected_gradients="zero")
        weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(tf.reduce_sum(weights * maps_of[0], axis=-1, keepdims=True))
        return tf.image.resize(heat, images.shape[1:3])[..., 0]

    asked_for[0].call = noting  # the layer may lie in a network within, whose graph is its own
    try:
        return _in_batches(warm, images, chosen)
    finally:
        del asked_for[0].call


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
        epsilon: length of the step, in the images' units.
        low, high: the values that a pixel can have.

    Returns:
        float32, the shape of the images; none is farther than `epsilon` from where it was.

    Raises:
        ValueError: images or labels do not fit the network, or a pixel lies outside of the range.

    Source: I. J. Goodfellow et al., Explaining and Harnessing Adversarial Examples, arXiv:1412.6572.

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
    found = f"from {(least := np.min(images)):g} to {(most := np.max(images)):g}"
    if not (least >= low - 1e-3 and most <= high + 1e-3):
        raise ValueError(f"images must lie from {low:g} to {high:g}, not {found}")


def _prepared(
    network: keras.Model, images: np.ndarray, classes: Sequence[int] | None, name: str = "classes"
) -> tuple[Float32s, NDArray[np.int32]]:
    """Return the images in float32 and one class per image, both checked."""
    _check_built("network", network)
    ends = [*(getattr(network, "inputs", None) or ()), *(getattr(network, "outputs", None) or ())]
    if len(ends) != 2 or "float" not in ends[0].dtype or len(ends[1].shape) != 2:
        kind = "a chain or functional model with one input, of floats, and one output, (n, classes)"
        raise ValueError(f"network {network.name!r} must be {kind}")
    _check_logits(network)
    images = _stack("images", images, 2, 3, 4).astype(np.float32)
    wanted, count = tf.TensorShape(ends[0].shape[1:]), ends[1].shape[-1]
    if name == "labels" and count < 2:
        raise ValueError(f"network {network.name!r} must return logits of 2 classes or more")
    fits = wanted.is_compatible_with
    if not fits(images.shape[1:]):
        shape = f"({', '.join(map(str, ('n', *wanted)))})"
        hint = "; of one image give image[None]" if fits(images.shape) else ""
        hint = "; give images[..., None]" if fits((*images.shape[1:], 1)) else hint
        raise ValueError(f"images must be {shape} for this network, not {images.shape}{hint}")
    if classes is None:
        logits = _in_batches(lambda part, _: network(part, training=False), images, images)
        chosen = np.argmax(logits, axis=1)
    else:
        chosen = _labels(name, classes, count, ("images", len(images)))
    return images, chosen.astype(np.int32)


def _check_logits(network: keras.Model) -> None:
    """Refuse a network that ends, be it in a network within, in what makes probabilities of logits."""
    last, path, classes = network, "network", network.output_shape[-1]
    while isinstance(last, keras.Model):
        inside = "operations" if hasattr(last, "operations") else "layers"  # keras.ops.softmax, too
        layers, at = getattr(last, inside), -1
        first = (inside == "operations") - len(layers)  # before the operations comes the input
        while at > first and _squeezes(layers[at], classes) is None:
            at -= 1
        last, path = layers[at], f"{path}.{inside}[{at}]"
    if not _squeezes(last, classes):
        return
    remedy = "build the network without it"
    if hasattr(last, "activation"):
        remedy = f"take its activation off, {path}.activation = keras.activations.linear"
    elif path.count("[") == 1:
        remedy = f"give what comes before, keras.Model(network.inputs[0], {path}.input)"
    raise ValueError(f"network must return logits, but {last.name} makes probabilities: {remedy}")


def _squeezes(layer: Any, classes: int) -> bool | None:
    """Say whether a layer ends in a map of all numbers to 0 to 1; None if it returns what comes in."""
    far = tf.reshape(tf.linspace(-1e4, 1e4, 2 * classes), (2, classes))
    activation, weights = getattr(layer, "activation", None), getattr(layer, "weights", ())
    shapes = [getattr(getattr(layer, end, None), "shape", None) for end in ("input", "output")]
    if activation is None and (weights or shapes != [(None, classes)] * 2):
        return False
    made = tf.cast((activation or layer)(far), tf.float32).numpy()
    passes = not weights and np.allclose(made, far, rtol=0.01)
    return None if passes else bool(made.min() >= 0 and made.max() <= 1)


def _map_layers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return the layers whose output is feature maps, those in networks within included."""
    shape = getattr(getattr(layer, "output", None), "shape", ())
    own = [layer] if len(shape) == 4 and not isinstance(layer, keras.layers.InputLayer) else []
    return own + [each for inner in getattr(layer, "layers", ()) for each in _map_layers(inner)]


def _scores(network: keras.Model, images: np.ndarray, classes: np.ndarray) -> Float32s:
    """Return the logit of each image's class, shape `(n,)`."""
    logits = _in_batches(lambda part, _: network(part, training=False), images, images)
    return np.take_along_axis(logits, classes[:, None], axis=1)[:, 0]


def _in_batches(function: Batchwise, images: np.ndarray, others: np.ndarray) -> Float32s:
    """Return the function's answers over all images, `BATCH` at a time."""
    pairs = ((images[i : i + BATCH], others[i : i + BATCH]) for i in range(0, len(images), BATCH))
    parts = [function(*map(tf.convert_to_tensor, pair)) for pair in pairs]
    return np.concatenate([part.numpy() for part in parts])


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


def _labels(
    name: str, values: Any, classes: int | None = None, rows: tuple[str, int] | None = None
) -> np.ndarray:
    """Return labels from 0, below classes, as int64, shape `(n,)`, one for each of so many rows."""
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be class numbers, shape (n,), not {values!r:.80}") from None
    hint = _remedy(name, array)
    if array.ndim != 1 or not array.size or (rows and len(array) != rows[1]):
        wanted = f"({rows[1]},), one for each of {rows[0]}" if rows else "(n,), n at least 1"
        raise ValueError(f"{name} must be class numbers, shape {wanted}, not {array.shape}{hint}")
    if array.dtype.kind not in "iub":
        raise ValueError(f"{name} must be class numbers, integers from 0, not {array.dtype}{hint}")
    low, high = array.min(), array.max()
    if low < 0 or high >= (classes or 2.0**63):
        wanted = f"from 0 to {classes - 1}, for {classes} classes" if classes else "from 0"
        hint = f"; count from 0: {name} - 1" if (low, high) == (1, classes) else ""
        raise ValueError(f"{name} must be class numbers {wanted}, not from {low} to {high}{hint}")
    return array.astype(np.int64)


def _remedy(name: str, array: np.ndarray) -> str:
    """Say how to make labels of what people have in their place: rows of scores, names, floats."""
    if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "iubf":
        return f"; of one-hot rows, probabilities or scores take {name}.argmax(axis=1)"
    flat = f"{name}[:, 0]" if array.ndim == 2 else name
    if array.dtype.kind in "OSUT" and all(isinstance(each, str | bytes) for each in array.flat):
        hint = f"; number names by [class_names.index(each) for each in {flat}]; of one array "
        return f"{hint}class_names, numbers = np.unique({flat}, return_inverse=True) makes both"
    if array.dtype.kind == "f" and array.size and np.isfinite(array).all():
        is_whole = (array % 1 == 0).all()
        way = f"{flat}.astype(int)" if is_whole else f"of a sigmoid's probabilities {flat} >= 0.5"
        return f"; take {way}"
    return f"; take {flat}" if flat != name else ""


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
