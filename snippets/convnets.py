# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Convolutional networks for small pictures, and an optimizer that trains them in few epochs.

Needs: Python 3.11, keras 3.15, tensorflow 2.21, or newer. Copy this one file into your project and
`import convnets`.

Each CNN returns logits: give the loss `from_logits=True`, or append a `keras.layers.Softmax`. Its
first weights follow `keras.utils.set_random_seed`, called before. The networks of `keras.applications`
are made for photographs of 224 by 224 pixels and more.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any

import keras
import tensorflow as tf


def fashion_convnet(
    filters: Sequence[int] = (16, 32, 64),
    *,
    units: int = 128,
    dropout: float = 0.4,
    pool_first: bool = False,
    shape: tuple[int, ...] = (28, 28),
    classes: int = 10,
    name: str = "fashion_convnet",
) -> keras.Sequential:
    """Return a network of convolutions for small grey images: images in, one logit per class out.

    For each number of filters a block: 3 by 3 convolution, batch normalisation, relu, and max pooling
    that halves height and width. Then a dense layer with dropout, and the logits.

    Args:
        filters: of each block, first to last.
        units: of the dense layer.
        dropout: the fraction of the dense layer's outputs that training sets to 0, from 0 to below 1.
        pool_first: pool between convolution and normalisation, so that normalisation and relu work on
            a quarter of the places. Relu and max pooling can change places without changing a
            result; the normalisation then takes mean and deviation over the largest numbers alone.
        shape: of one input, without the batch axis: height and width, or also channels.
        classes: logits that come out.
        name: of the model.

    Returns:
        Maps float `(n, *shape)` to float32 `(n, classes)`. The blocks' layers are named `conv_1`,
        `norm_1`, `relu_1`, `pool_1`, `conv_2` …, the others `hidden`, `dropout` and `logits`.

    Raises:
        ValueError: a layer would have no filter or unit, the blocks halve the image to nothing, or the
            shape has not two or three axes.

    Source of batch normalisation: S. Ioffe and C. Szegedy, Batch Normalization, 2015,
    arXiv:1502.03167.

    >>> network = fashion_convnet()
    >>> network.output_shape, network.count_params()
    ((None, 10), 98778)
    """
    if len(shape) not in (2, 3):
        raise ValueError(f"shape must be height and width, and perhaps channels, not {shape}")
    counts = {"filters": filters, "units": (units,), "shape": shape, "classes": (classes,)}
    for argument, sizes in counts.items():
        for size in sizes:
            _check_whole(argument, size, 1)
    _check_number("dropout", dropout, "[0, 1)")
    _check_halvings(filters, shape)
    layers = [keras.Input(shape)]
    if len(shape) == 2:
        layers.append(keras.layers.Reshape((*shape, 1), name="channel"))
    for number, count in enumerate(filters, start=1):
        layers += _block(number, count, pool_first=pool_first, momentum=0.99)
    layers += [
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(units, activation="relu", name="hidden"),
        keras.layers.Dropout(dropout, name="dropout"),
        keras.layers.Dense(classes, name="logits"),
    ]
    return keras.Sequential(layers, name=name)


def _check_halvings(filters: Sequence[int], shape: Sequence[int | None]) -> None:
    """Refuse so many blocks that no pixel is left."""
    if any(size is not None and size >> len(filters) < 1 for size in shape[:2]):
        raise ValueError(
            f"filters of {len(filters)} blocks, each of which halves the picture, leave no pixel of "
            f"a shape {shape}"
        )


def _block(
    number: int, filters: int, *, pool_first: bool, momentum: float, beta: str = "zeros"
) -> list[keras.layers.Layer]:
    """Return a convolution, normalisation, relu and pooling; their names end in the block's number."""
    # A bias would be subtracted again by the normalisation that follows.
    conv = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv_{number}")
    norm = keras.layers.BatchNormalization(
        momentum=momentum, beta_initializer=beta, name=f"norm_{number}"
    )
    relu = keras.layers.ReLU(name=f"relu_{number}")
    pool = keras.layers.MaxPooling2D(name=f"pool_{number}")
    return [conv, pool, norm, relu] if pool_first else [conv, norm, relu, pool]


@keras.saving.register_keras_serializable(package="convnets")
class ByteRescaling(keras.layers.Rescaling):  # type: ignore[misc]  # Keras has no types
    """Keras's `Rescaling`, for pixels from 0 to 255: refuses those from 0 to 1 or from -1 to 1.

    These would all be as good as black, and the network would answer nevertheless. Bytes always pass, and
    so do floats of which one in the batch is above 1, or which are all 0 or 1, as in black pictures.

    XLA lets no operation fail, so Keras compiles a network that holds this layer without it.

    Args:
        scale: what pixels are multiplied by.
        offset: what is added then.
        **options: of `keras.layers.Layer`.

    Raises:
        ValueError: when called, for pixels of which none is above 1; inside of `fit`, `predict` and their
            like it is a `tf.errors.InvalidArgumentError`.

    >>> layer = ByteRescaling(scale=1 / 51)
    >>> layer(tf.constant([[0, 51, 255]])).numpy().round(2).tolist()
    [[0.0, 1.0, 5.0]]
    """

    def __init__(self, scale: float, offset: float = 0.0, **options: Any) -> None:
        for argument, value in (("scale", scale), ("offset", offset)):
            _check_number(argument, value, "(-inf, inf)")
        super().__init__(scale, offset, **options)
        self.supports_jit = False

    def call(self, inputs: Any) -> Any:
        """Return the pixels, scaled."""
        pixels = tf.cast(inputs, tf.float32)
        most = tf.reduce_max(pixels)
        is_wide = tf.cond(
            most > 1, lambda: True, lambda: tf.reduce_all((pixels == 0) | (pixels == 1))
        )
        words = "pixels must be from 0 to 255 (bytes, or floats as large), not from 0 or -1 to"
        if tf.executing_eagerly() and not is_wide:
            raise ValueError(f"{words} {float(most):g}")
        with tf.control_dependencies([tf.Assert(is_wide, [words, most])]):
            return super().call(inputs)


def cifar_convnet(
    filters: Sequence[int] = (32, 48, 96, 192),
    *,
    shape: tuple[int | None, int | None, int] = (32, 32, 3),
    classes: int = 10,
    name: str = "cifar_convnet",
) -> keras.Sequential:
    """Return a network of convolutions for small colour photographs: bytes in, one logit per class out.

    For each number of filters a block: 3 by 3 convolution, max pooling that halves height and width,
    batch normalisation whose beta starts at one, relu. (Pooling comes first, so that what follows works
    on a quarter of the places.) Then the largest number of each last map, and one dense layer.

    Args:
        filters: of each block, first to last.
        shape: height, width and channels of one photograph; None for a height or width of any size.
        classes: logits that come out.
        name: of the model.

    Returns:
        Maps `(n, *shape)`, bytes or floats from 0 to 255, to float32 `(n, classes)`; refuses pixels from
        0 to 1, as `ByteRescaling` does. The layers are named `scale`, for each block `conv_1`, `pool_1`, `norm_1`, `relu_1` …, then `largest`, `dense` and
        `logits`, which divides by 4: the largest numbers are large, and a network that knows nothing
        should not be sure of it.

    Raises:
        ValueError: a layer would have no filter, or the blocks halve the photograph to nothing.

    Source of batch normalisation: S. Ioffe and C. Szegedy, Batch Normalization, 2015,
    arXiv:1502.03167.

    >>> network = cifar_convnet()
    >>> network.output_shape, network.count_params()
    ((None, 10), 225450)
    """
    if len(shape) != 3:
        raise ValueError(f"shape must be height, width and channels, not {shape}")
    known = [size for size in shape if size is not None]
    for argument, sizes in (("filters", filters), ("shape", known), ("classes", (classes,))):
        for size in sizes:
            _check_whole(argument, size, 1)
    _check_halvings(filters, shape)
    layers = [keras.Input(shape), ByteRescaling(1 / 64, offset=-2, name="scale")]
    for number, count in enumerate(filters, start=1):
        # A short training needs a short memory: the usual momentum of 0.99 would lag behind. With a beta
        # of one, relu lets five of six numbers through at first, not half of them: it learns sooner.
        layers += _block(number, count, pool_first=True, momentum=0.9, beta="ones")
    layers += [
        keras.layers.GlobalMaxPooling2D(name="largest"),
        keras.layers.Dense(classes, name="dense"),
        keras.layers.Rescaling(1 / 4, name="logits"),
    ]
    return keras.Sequential(layers, name=name)


@keras.saving.register_keras_serializable(package="convnets")
class ConvolutionMuon(keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """Muon for the filters of convolutions, Adam for all other weights.

    The gradients of a layer's filters, with momentum, form a matrix: a column per filter. A few steps of
    Newton's method bring its singular values near 1, whatever they were. So the layer moves equally far
    in every direction in which the gradient points, also where it points weakly. A batch of 128 small
    photographs takes a few percent longer than with Adam.

    Args:
        learning_rate: a number or a schedule. Each step changes a weight of a filter by a fifth of it in
            the root of the mean square, so 0.02 is a good peak.
        filter_momentum: the fraction of the filters' direction that is kept from step to step.
        newton_steps: steps of Newton's method.
        others: learning rate of all other weights, as a fraction of the filters'.
        **kwargs: of `keras.optimizers.Adam`.

    Source: K. Jordan and others, Muon: An optimizer for hidden layers in neural networks, 2024,
    https://kellerjordan.github.io/posts/muon; the fifth from J. Liu and others, Muon is Scalable for LLM
    Training, 2025, arXiv:2502.16982. `keras.optimizers.Muon` does the same for matrices alone.

    >>> network = cifar_convnet((4,), shape=(8, 8, 3))
    >>> network.compile(ConvolutionMuon(learning_rate=0.02), "mse")
    >>> images, targets = keras.ops.zeros((2, 8, 8, 3)), keras.ops.ones((2, 10))
    >>> len(network.fit(images, targets, verbose=0).history["loss"])
    1
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.02,
        *,
        filter_momentum: float = 0.9,
        newton_steps: int = 4,
        others: float = 0.3,
        name: str = "convolution_muon",
        **kwargs: Any,
    ) -> None:
        _check_number("filter_momentum", filter_momentum, "[0, 1)")
        _check_whole("newton_steps", newton_steps, 1)
        _check_number("others", others, "[0, inf)")
        super().__init__(learning_rate, name=name, **kwargs)
        self.filter_momentum = filter_momentum
        self.newton_steps = newton_steps
        self.others = others

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change one variable, given its gradient; Keras calls this."""
        if len(variable.shape) != 4:
            super().update_step(gradient, variable, learning_rate * self.others)
            return
        kept = self._momentums[self._get_variable_index(variable)]
        self.assign(kept, self.filter_momentum * kept + gradient)
        ahead = gradient + self.filter_momentum * kept
        matrix = keras.ops.reshape(ahead, (-1, variable.shape[-1]))
        far = 0.2 * max(matrix.shape) ** 0.5 * _evened(matrix, self.newton_steps)
        self.assign_sub(variable, learning_rate * keras.ops.reshape(far, variable.shape))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this optimizer."""
        mine = ("filter_momentum", "newton_steps", "others")
        config: dict[str, Any] = super().get_config()
        return config | {key: getattr(self, key) for key in mine}


def _evened(matrix: Any, steps: int) -> Any:
    """Return a matrix of the same singular vectors, its singular values brought near 1."""
    if matrix.shape[0] > matrix.shape[1]:
        return keras.ops.transpose(_evened(keras.ops.transpose(matrix), steps))
    matrix = matrix / (keras.ops.norm(matrix) + 1e-7)
    for _ in range(steps):
        square = matrix @ keras.ops.transpose(matrix)
        matrix = 3.4445 * matrix + (2.0315 * square @ square - 4.7750 * square) @ matrix
    return matrix


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
