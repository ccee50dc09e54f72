# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Sanity checks for saliency maps: layers made random one by one, and the rank correlation of maps.

Needs: Python 3.11, keras 3.15, numpy 2.0, scipy 1.15, tensorflow 2.21, or newer. Copy this one file into
your project and `import sanity_checks`.

A map that stays as it was when the network's weights are random says nothing about what it has learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy import stats


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
    own = [layer.name for layer in network.layers]
    if unknown := set(names) - set(own):
        raise ValueError(f"names must be among {', '.join(own)}, not {', '.join(sorted(unknown))}")
    copy = keras.models.clone_model(network)
    for layer in network.layers:
        if layer.name not in names:
            twin = copy.get_layer(layer.name)
            twin.set_weights(layer.get_weights())
            for each in _layers_within(twin):
                if isinstance(each, keras.layers.Normalization):
                    each.finalize_state()  # or it computes with the numbers of before
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


def _layers_within(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return a layer, and if it is a network all layers in it, those of networks in it included."""
    within = getattr(layer, "layers", ())
    return [layer, *(each for inner in within for each in _layers_within(inner))]


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


def _check_built(name: str, model: Any) -> None:
    """Refuse what is no Keras model with weights of known shapes."""
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(
            f"{name} must be a Keras model that is built (begin it with keras.Input), not {model!r}"
        )
