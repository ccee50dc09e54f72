# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""What the layers of a network cost and see: weights, multiply-adds, receptive fields.

Needs: Python 3.11, keras 3.15, tensorflow 2.21, or newer. Copy this one file into your project and
`import network_costs`.

`model.summary()` has the shapes and the weights; this file adds the arithmetic (FLOPs are two for each
multiply-add), and how large a part of the picture each layer of a CNN depends on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import keras


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
    (FLOPs). Biases, normalisation, activations and pooling are left out: together they cost little
    arithmetic. A training step costs about three times as much as the pass forward.

    Args:
        network: built, with every size but the batch known; its layers in `network.layers`.

    Returns:
        A row per layer, in the network's order, without its inputs. A layer that is called at several
        places is counted once.

    Raises:
        ValueError: a layer is of a kind that is not counted here although it keeps weights (a
            model as a layer among them), returns a size that is not known, or was first called in
            another network.

    >>> network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv")])
    >>> layer_costs(network)
    [LayerCost(layer='conv', shape=(6, 6, 4), weights=112, multiply_adds=3888)]
    """
    _check_built("network", network)
    costs = []
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        _check_own(network, layer)
        shape = tuple(layer.output.shape[1:])
        if None in shape:
            raise ValueError(
                f"{layer.name} returns {shape}: its work depends on the size that is None"
            )
        weights = int(layer.count_params())
        costs.append(LayerCost(layer.name, shape, weights, int(_multiply_adds(layer))))
    return costs


def _check_own(network: keras.Model, layer: keras.layers.Layer) -> None:
    """Refuse a layer that another network called first: Keras tells the shapes of that call."""
    try:
        keras.Model(network.inputs, layer.output, name="check")
    except ValueError:
        raise ValueError(
            f"{layer.name} belongs to another network, too, and its shapes are told for that one: copy "
            "the network with keras.models.clone_model"
        ) from None


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Return the products that a layer computes for one example."""
    layers = keras.layers
    made: int = math.prod(layer.output.shape[1:])  # numbers that come out
    if isinstance(layer, layers.Dense):
        return made * int(layer.input.shape[-1])
    if isinstance(layer, layers.SeparableConv2D):
        places = made // layer.filters
        between = _channels(layer) * layer.depth_multiplier
        return int(places * between * (math.prod(layer.kernel_size) + layer.filters))
    if isinstance(layer, layers.DepthwiseConv2D):
        return made * int(math.prod(layer.kernel_size))
    if type(layer) is layers.Conv2D:
        return int(made * math.prod(layer.kernel_size) * _channels(layer) // layer.groups)
    normalising = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
    if layer.count_params() and not isinstance(layer, (*normalising, layers.PReLU)):
        raise ValueError(f"cannot count the work of {layer.name}, a {type(layer).__name__}")
    return 0


def _channels(layer: keras.layers.Layer) -> int:
    return int(layer.input.shape[1 if layer.data_format == "channels_first" else -1])


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

    `plot_networks.receptive_fields` draws the parts on a picture.

    Args:
        layers: the first layers of a built network, in order, each called with what the one before
            returns: convolutions and pooling, and layers that treat every place alike (activations,
            normalisation, dropout, rescaling). Reading ends at the first layer that returns no maps,
            such as `Flatten`.

    Returns:
        A field per layer; input layers and a `Reshape` that adds the channel axis are left out.

    Raises:
        ValueError: a layer returns maps, but what its elements see is not known here, or depends on a
            size that is None; or it does not follow the one before: the network branches.

    Source: A. Araujo, W. Norris and J. Sim, Computing Receptive Fields of Convolutional Neural
    Networks, Distill, 2019, doi:10.23915/distill.00021.

    >>> two = [keras.layers.Conv2D(1, 3, name="first"), keras.layers.Conv2D(1, 3, name="second")]
    >>> network = keras.Sequential([keras.Input((9, 9, 1)), *two])
    >>> [field.size for field in receptive_field(network.layers)]
    [(3, 3), (5, 5)]
    """
    fields: list[Field] = []
    size, jump, start = (1, 1), (1, 1), (0, 0)
    before: keras.layers.Layer | None = None
    for layer in layers:
        _check_called(layer)
        if before and layer.input is not before.output:
            raise ValueError(f"{layer.name} does not follow {before.name}: layers must be a chain")
        before = layer
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if len(layer.output.shape) != 4:
            break
        adds_channels = tuple(layer.input.shape) == tuple(layer.output.shape[:3])
        if isinstance(layer, keras.layers.Reshape) and not fields and adds_channels:
            continue
        (high, down, above), (wide, across, left) = (_window(layer, axis) for axis in (0, 1))
        size = size[0] + (high - 1) * jump[0], size[1] + (wide - 1) * jump[1]
        start = start[0] - above * jump[0], start[1] - left * jump[1]
        jump = jump[0] * down, jump[1] * across
        fields.append(Field(layer.name, size, jump, start))
    return fields


def _check_called(layer: Any) -> None:
    """Refuse what is no layer, or one that no network has called: its shapes are not known."""
    if not isinstance(layer, keras.layers.Layer):
        raise ValueError(f"layers must be Keras layers, such as network.layers, not {layer!r}")
    if not hasattr(layer, "output"):
        raise ValueError(
            f"layers must be of a network that is built, but {layer.name} has no output: begin the "
            "network with keras.Input"
        )


def _window(layer: keras.layers.Layer, axis: int) -> tuple[int, int, int]:
    """Return how wide a layer's window is along an axis, its stride, and the padding before it."""
    kinds, kind = keras.layers, type(layer)  # a subclass may compute something else
    if kind in (kinds.Conv2D, kinds.DepthwiseConv2D, kinds.SeparableConv2D):
        width = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
    elif kind in (kinds.MaxPooling2D, kinds.AveragePooling2D):
        width = layer.pool_size[axis]
    elif kind in _EACH_PLACE_ALIKE:
        return 1, 1, 0
    else:
        raise ValueError(f"what {layer.name} sees, a {type(layer).__name__}, is not known")
    if layer.data_format != "channels_last":
        raise ValueError(f"{layer.name} must have its channels last, not {layer.data_format}")
    stride = layer.strides[axis]
    if layer.padding == "valid":
        return width, stride, 0
    there, places = layer.input.shape[axis + 1], layer.output.shape[axis + 1]
    if there is None:
        raise ValueError(f"{layer.name} is padded as far as its input's size says, which is None")
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


def _check_built(name: str, model: Any) -> None:
    """Refuse what is no Keras model with weights of known shapes."""
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(
            f"{name} must be a Keras model that is built (begin it with keras.Input), not {model!r}"
        )
