# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Transfer learning: freeze a trained base and prove it, give it a new head, and thaw its end.

Needs: Python 3.11, keras 3.15, tensorflow 2.21, or newer. Copy this one file into your project and
`import transfer`.

Keras's flag `trainable` freezes; this file checks that what was frozen has stayed as it was.

A base is a pretrained model without its last layer. `with_head` returns logits: give the loss
`from_logits=True`, or append a `keras.layers.Softmax`. Whoever changes what is frozen compiles again before
training: Keras reads the flags when it traces a training step, and keeps that step.
"""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="transfer")
class InferenceMode(keras.layers.Wrapper):  # type: ignore[misc]  # Keras has no types
    """A layer that calls another one as in use, also while the model around it is trained.

    Inside, dropout is off, and batch normalisation uses its moving averages and leaves them alone.
    Gradients pass as ever: whether weights are trained is up to `trainable`.

    In Keras 3 up to 3.15, `base(inputs, training=False)` does not do this in a functional model: `fit`
    calls the model with `training=True`, and that replaces the argument of every call in it.

    Args:
        layer: a model or layer whose call takes `training`. Kept as the attribute `layer`.

    Source: keras-team/keras, pull request 23364 (about the argument that is replaced).

    >>> certain = InferenceMode(keras.layers.Dropout(0.9))
    >>> certain(keras.ops.ones((1, 3)), training=True).numpy().tolist()
    [[1.0, 1.0, 1.0]]
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return what the layer returns in use, whatever `training` says."""
        return self.layer(inputs, training=False)


class WeightsChanged(RuntimeError):
    """Weights that were to stay as they are have changed; the message names the layers."""


def fingerprint(network: keras.layers.Layer) -> str:
    """Return the SHA-256 of all weights: another one as soon as a single bit differs.

    Args:
        network: a built model or layer. Weights that no gradient changes, such as the moving
            averages of batch normalisation, count as well; the flag `trainable` does not.

    Returns:
        64 hexadecimal digits, of the weights' shapes, dtypes and bytes in the model's order.

    Raises:
        ValueError: there are no weights, so there is nothing to compare.

    >>> layer = keras.layers.Dense(1, kernel_initializer="ones")
    >>> layer.build((None, 2))
    >>> before = fingerprint(layer)
    >>> _ = layer.kernel.assign([[1.0], [1.0000001]])
    >>> fingerprint(layer) == before
    False
    """
    if not isinstance(network, keras.layers.Layer):
        raise ValueError(f"network must be a Keras model or layer, not {network!r}")
    if not network.weights:
        raise ValueError(f"network {network.name!r} has no weights: is it built?")
    digest = hashlib.sha256()
    for weight in network.weights:
        value = weight.value.numpy()
        digest.update(f"{value.shape} {value.dtype} ".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


@contextmanager
def frozen(network: keras.layers.Layer) -> Iterator[str]:
    """Freeze a model or layer for a `with` block, and check at its end that no weight changed.

    Compile and fit the model that holds it inside the block. Batch normalisation in a frozen part
    runs in inference mode, whatever it is called with, so its moving averages stay as well.

    Args:
        network: built. Its flags, and those of the layers in its `layers`, are put back at the end
            of the block.

    Yields:
        The fingerprint of the weights.

    Raises:
        WeightsChanged: a weight differs at the end of the block. (Not if the block ends by an
            exception of its own.)

    >>> base = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> with frozen(base) as before:
    ...     print(base.trainable_weights)
    []
    >>> len(base.trainable_weights), fingerprint(base) == before
    (2, True)
    """
    before = fingerprint(network)
    parts = _parts(network)
    flags = [(part, part.trainable) for part in parts]
    of_each = {part.name: fingerprint(part) for part in _leaves(network) if part.weights}
    network.trainable = False
    try:
        yield before
    finally:
        for part, flag in flags:  # a model before its layers: setting it sets them all
            part.trainable = flag
    if fingerprint(network) != before:
        leaves = [part for part in _leaves(network) if part.weights]
        changed = [leaf.name for leaf in leaves if fingerprint(leaf) != of_each.get(leaf.name)]
        raise WeightsChanged(f"weights of {network.name} changed in: {', '.join(changed)}")


def with_head(
    base: keras.Model, classes: int, *, dropout: float = 0.0, name: str = "with_head"
) -> keras.Model:
    """Return a model of a base, always in inference mode, and a new head for other classes.

    The base itself is used, not a copy, in `InferenceMode`: its dropout is off, and batch
    normalisation uses its moving averages and leaves them alone, also when the base is thawed for
    fine-tuning. Whether its weights are trained is not changed here.

    Args:
        base: built, with one input and one output: features `(n, size)`, or maps
            `(n, height, width, channels)`, which are averaged over all places.
        classes: logits that come out, at least 2.
        dropout: the fraction of the features that training sets to 0, from 0 to below 1.
        name: of the model.

    Returns:
        Maps what the base takes to float32 `(n, classes)`. Its last layer, `logits`, is new; its
        first weights follow `keras.utils.set_random_seed`. The base is `get_layer("inference").layer`.

    Raises:
        ValueError: fewer than two classes, or the base returns neither features nor maps.

    Source: F. Chollet, Transfer learning & fine-tuning, keras.io/guides/transfer_learning.

    >>> base = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    >>> network = with_head(base, classes=5)
    >>> network.output_shape, network.get_layer("logits").count_params()
    ((None, 5), 25)
    """
    _check_whole("classes", classes, 2)
    _check_number("dropout", dropout, "[0, 1)")
    _check_built("base", base)
    if len(base.inputs) != 1 or len(base.outputs) != 1:
        raise ValueError(
            f"base must have one input and one output, not {len(base.inputs)} and {len(base.outputs)}"
        )
    shape = base.outputs[0].shape
    if len(shape) not in (2, 4):
        raise ValueError(f"base must return features or maps, not {shape}")
    inputs = keras.Input(base.inputs[0].shape[1:], dtype=base.inputs[0].dtype)
    found = InferenceMode(base, name="inference")(inputs)
    if len(shape) == 4:
        found = keras.layers.GlobalAveragePooling2D(name="mean")(found)
    if dropout:
        found = keras.layers.Dropout(dropout, name="dropout")(found)
    return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(found), name=name)


def unfreeze_last(base: keras.Model, layers: int) -> list[str]:
    """Let training change the last layers of a base; freeze all others and batch normalisation.

    Args:
        base: built. Models inside it are opened.
        layers: how many layers to thaw, counted from the end, among those that keep weights and are
            no batch normalisation. 0 freezes all.

    Returns:
        The names of the thawed layers, in the base's order.

    Raises:
        ValueError: there are not so many layers.

    >>> names = ["first", "second", "third"]
    >>> dense = [keras.layers.Dense(2, name=name) for name in names]
    >>> base = keras.Sequential([keras.Input((2,)), *dense, keras.layers.BatchNormalization()])
    >>> unfreeze_last(base, layers=2), len(base.trainable_weights)
    (['second', 'third'], 4)
    """
    _check_built("base", base)
    leaves = _leaves(base)
    able = [
        leaf
        for leaf in leaves
        if leaf.weights and not isinstance(leaf, keras.layers.BatchNormalization)
    ]
    _check_whole("layers", layers, 0, len(able))
    chosen = able[len(able) - layers :]
    base.trainable = True  # a frozen model hides the flags of its layers
    for part in _parts(base):
        if isinstance(part, _CONTAINERS):
            part.trainable = True
    for leaf in leaves:
        leaf.trainable = any(leaf is each for each in chosen)
    return [leaf.name for leaf in chosen]


def trainable_parts(network: keras.Model) -> list[tuple[str, int, int]]:
    """Return what training may change, layer by layer: name, free weights and frozen weights.

    `plot_networks.trained_parts` draws several models beside each other.

    Args:
        network: built. Models inside it are opened.

    Returns:
        A row per layer that keeps weights, in order. The moving averages of batch normalisation, which
        no gradient changes, are left out.

    >>> network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="old")])
    >>> network.trainable = False
    >>> trainable_parts(with_head(network, classes=2))
    [('old', 0, 15), ('logits', 8, 0)]
    """
    _check_built("network", network)
    rows = []
    for leaf in _leaves(network):
        averages: tuple[Any, ...] = ()
        if isinstance(leaf, keras.layers.BatchNormalization):
            averages = (leaf.moving_mean, leaf.moving_variance)
        able = sum(math.prod(w.shape) for w in leaf.weights if all(w is not a for a in averages))
        free = sum(math.prod(weight.shape) for weight in leaf.trainable_weights)
        if able:
            rows.append((leaf.name, free, able - free))
    return rows


_CONTAINERS = (keras.Model, InferenceMode)


def _parts(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return a layer and all layers inside its models, each model before its layers."""
    if isinstance(layer, InferenceMode):
        inside = [layer.layer]
    else:
        inside = layer.layers if isinstance(layer, keras.Model) else []
    return [layer, *(part for each in inside for part in _parts(each))]


def _leaves(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return the layers that hold no other layers of `_parts`, in order."""
    return [part for part in _parts(layer) if not isinstance(part, _CONTAINERS)]


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
