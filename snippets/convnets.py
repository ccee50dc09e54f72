"""A convolutional network, what its layers cost and see, and a way to move pictures under it.

Needs: numpy, tensorflow (with its Keras). Copy this one file into your project and
`import convnets`.

The network returns logits: give the loss `from_logits=True`, or append a `keras.layers.Softmax`. Its
first weights follow `keras.utils.set_random_seed`, called before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import keras
import numpy as np


def fashion_convnet(
    filters: Sequence[int] = (16, 32, 64),
    *,
    units: int = 128,
    dropout: float = 0.4,
    shape: tuple[int, ...] = (28, 28),
    classes: int = 10,
    name: str = "fashion_convnet",
) -> keras.Sequential:
    """Return a network of convolutions for small grey images: images in, one logit a class out.

    For each number of filters a block: 3 by 3 convolution, batch normalisation, relu, and max pooling
    that halves height and width. Then a dense layer with dropout, and the logits.

    Args:
        filters: of each block, first to last.
        units: of the dense layer.
        dropout: part of the dense layer's answers that training sets to 0, from 0 to below 1.
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
        raise ValueError(f"one image has height and width, and perhaps channels, not {shape}")
    if min((*filters, units, classes), default=0) < 1 or min(shape[:2]) >> len(filters) < 1:
        raise ValueError(
            f"each layer needs a filter or unit, and pixels: {filters}, {units}, {shape}"
        )
    layers = [keras.Input(shape)]
    if len(shape) == 2:
        layers.append(keras.layers.Reshape((*shape, 1), name="channel"))
    for number, count in enumerate(filters, start=1):
        layers += [
            # A bias would be subtracted again by the normalisation that follows.
            keras.layers.Conv2D(count, 3, padding="same", use_bias=False, name=f"conv_{number}"),
            keras.layers.BatchNormalization(name=f"norm_{number}"),
            keras.layers.ReLU(name=f"relu_{number}"),
            keras.layers.MaxPooling2D(name=f"pool_{number}"),
        ]
    layers += [
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(units, activation="relu", name="hidden"),
        keras.layers.Dropout(dropout, name="dropout"),
        keras.layers.Dense(classes, name="logits"),
    ]
    return keras.Sequential(layers, name=name)


class LayerCost(NamedTuple):
    """What one layer returns, keeps and computes for one example.

    Attributes:
        layer: its name.
        shape: of what it returns, without the batch axis.
        weights: how many numbers it keeps, those that training does not change included.
        multiply_adds: products that it computes and adds up for one example.
    """

    layer: str
    shape: tuple[int, ...]
    weights: int
    multiply_adds: int


def layer_costs(network: keras.Model) -> list[LayerCost]:
    """Return what each layer of a network costs: shape, weights and multiply-adds.

    Counted are the products of weights and inputs in convolutions and dense layers, for one example
    and one pass forward; each is a multiplication and an addition, so two floating-point operations
    (FLOP). Biases, normalisation, activations and pooling are left out: together they cost little
    arithmetic. A training step costs about three times as much as the pass forward.

    Args:
        network: built, with every size but the batch known; its layers in `network.layers`.

    Returns:
        A row a layer, in the network's order, without its inputs. A layer that is called at several
        places is counted once.

    Raises:
        ValueError: a layer is of a kind that is not counted here although it keeps weights (a
            model as a layer among them).

    >>> network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv")])
    >>> layer_costs(network)
    [LayerCost(layer='conv', shape=(6, 6, 4), weights=112, multiply_adds=3888)]
    """
    costs = []
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        shape = tuple(layer.output.shape[1:])
        weights = int(layer.count_params())
        costs.append(LayerCost(layer.name, shape, weights, int(_multiply_adds(layer))))
    return costs


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Return the products that a layer computes for one example."""
    layers = keras.layers
    made = math.prod(layer.output.shape[1:])  # numbers that come out
    if isinstance(layer, layers.Dense):
        return made * layer.input.shape[-1]
    if isinstance(layer, layers.SeparableConv2D):
        places = made // layer.filters
        between = layer.input.shape[-1] * layer.depth_multiplier
        return places * between * (math.prod(layer.kernel_size) + layer.filters)
    if isinstance(layer, layers.DepthwiseConv2D):
        return made * math.prod(layer.kernel_size)
    if type(layer) is layers.Conv2D:
        return made * math.prod(layer.kernel_size) * layer.input.shape[-1] // layer.groups
    normalising = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
    if layer.count_params() and not isinstance(layer, (*normalising, layers.PReLU)):
        raise ValueError(f"cannot count the work of {layer.name}, a {type(layer).__name__}")
    return 0


class Field(NamedTuple):
    """The part of the picture that can reach one element of a layer's maps; pairs are (rows, columns).

    Attributes:
        layer: its name.
        size: pixels that one element can see.
        jump: pixels from the part that one element sees to that of its neighbour.
        start: where the part that element (0, 0) sees begins; negative inside the padding.
    """

    layer: str
    size: tuple[int, int]
    jump: tuple[int, int]
    start: tuple[int, int]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Return first row, first column, rows and columns of what one element sees.

        It may reach beyond the picture, into the padding.

        >>> Field("pool", size=(4, 4), jump=(2, 2), start=(-1, -1)).box(3, 0)
        (5, -1, 4, 4)
        """
        top, left = (
            s + at * j for s, j, at in zip(self.start, self.jump, (row, column), strict=True)
        )
        return top, left, *self.size


def receptive_field(layers: Iterable[keras.layers.Layer]) -> list[Field]:
    """Return, for each layer of a chain, how large a part of the picture one element depends on.

    Args:
        layers: the first layers of a built network, in order: convolutions and pooling, and layers
            that treat every place alike (activations, normalisation, dropout, rescaling). Reading
            ends at the first layer that returns no maps, such as `Flatten`.

    Returns:
        A field a layer; input layers and a `Reshape` that adds the channel axis are left out.

    Raises:
        ValueError: a layer returns maps, but what its elements see is not known here.

    Source: A. Araujo, W. Norris and J. Sim, Computing Receptive Fields of Convolutional Neural
    Networks, Distill, 2019, doi:10.23915/distill.00021.

    >>> two = [keras.layers.Conv2D(1, 3, name="first"), keras.layers.Conv2D(1, 3, name="second")]
    >>> network = keras.Sequential([keras.Input((9, 9, 1)), *two])
    >>> [field.size for field in receptive_field(network.layers)]
    [(3, 3), (5, 5)]
    """
    fields: list[Field] = []
    size, jump, start = (1, 1), (1, 1), (0, 0)
    for layer in layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if len(layer.output.shape) != 4:
            break
        if isinstance(layer, keras.layers.Reshape) and not fields:
            continue
        windows = [_window(layer, axis) for axis in (0, 1)]
        size = tuple(s + (w - 1) * j for s, j, (w, _, _) in zip(size, jump, windows, strict=True))
        start = tuple(
            at - before * j for at, j, (_, _, before) in zip(start, jump, windows, strict=True)
        )
        jump = tuple(j * stride for j, (_, stride, _) in zip(jump, windows, strict=True))
        fields.append(Field(layer.name, size, jump, start))
    return fields


def _window(layer: keras.layers.Layer, axis: int) -> tuple[int, int, int]:
    """Return how wide a layer's window is along an axis, its stride, and the padding before it."""
    kinds = keras.layers
    if isinstance(layer, (kinds.Conv2D, kinds.DepthwiseConv2D, kinds.SeparableConv2D)):
        width = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
    elif isinstance(layer, (kinds.MaxPooling2D, kinds.AveragePooling2D)):
        width = layer.pool_size[axis]
    elif isinstance(layer, _EACH_PLACE_ALIKE):
        return 1, 1, 0
    else:
        raise ValueError(f"what {layer.name} sees, a {type(layer).__name__}, is not known")
    if layer.data_format != "channels_last":
        raise ValueError(f"{layer.name} must have its channels last, not {layer.data_format}")
    stride = layer.strides[axis]
    if layer.padding == "valid":
        return width, stride, 0
    there, places = layer.input.shape[axis + 1], layer.output.shape[axis + 1]
    return width, stride, max((places - 1) * stride + width - there, 0) // 2


_EACH_PLACE_ALIKE = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    keras.layers.SpatialDropout2D,
)


def shifted(images: np.ndarray, *, down: int = 0, right: int = 0, fill: float = 0) -> np.ndarray:
    """Return images moved by whole pixels; what leaves the frame is lost.

    Args:
        images: shape `(n, height, width)` or `(n, height, width, channels)`, any dtype.
        down, right: pixels to move by; negative moves up and left.
        fill: value of the pixels that come into the frame.

    Returns:
        A new array of the same shape and dtype.

    Raises:
        ValueError: the shape is another.

    >>> shifted(np.array([[[1, 2, 3]]]), right=1).tolist()
    [[[0, 1, 2]]]
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be (n, height, width) or (n, h, w, c), not {images.shape}")
    moved = np.full_like(images, fill)
    (to_rows, from_rows), (to_columns, from_columns) = (
        (slice(max(by, 0), max(size + by, 0)), slice(max(-by, 0), max(size - by, 0)))
        for by, size in ((down, images.shape[1]), (right, images.shape[2]))
    )
    moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
    return moved
