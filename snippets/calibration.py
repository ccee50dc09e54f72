# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Calibration: how far a classifier's probabilities can be trusted, and temperature scaling.

Needs: Python 3.11, numpy 2.0, scipy 1.15, or newer. Copy this one file into your project and
`import calibration`.

scikit-learn has `calibration_curve` for yes or no; this file does it for many classes, by the most
probable one, and counts the examples in each bin. From 1.8 on, its `CalibratedClassifierCV` has
`method="temperature"` for estimators of its own kind; `fit_temperature` takes any network's logits.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import softmax

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReliabilityBins:
    """Examples gathered by how sure the classifier was of its answer.

    Attributes:
        edges: of the bins, from 0 to 1, shape `(bins + 1,)`; a bin holds its right edge.
        confidence: mean probability of the answers in each bin, shape `(bins,)`; NaN if empty.
        accuracy: the fraction of the answers in each bin that is right, shape `(bins,)`; NaN if empty.
        count: how many examples each bin holds, shape `(bins,)`.
    """

    edges: Floats
    confidence: Floats
    accuracy: Floats
    count: NDArray[np.int64]


def reliability_bins(
    y_true: ArrayLike, probabilities: ArrayLike, *, bins: int = 15
) -> ReliabilityBins:
    """Gather examples by the probability of their most probable class, and grade each bin.

    `plot_evaluation.reliability_panels` draws the bins.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        probabilities: shape `(n, classes)`, from 0 to 1, each row with the sum 1.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers that are no probabilities, such as logits, or no
            bin.

    >>> found = reliability_bins([0, 0, 1], [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], bins=2)
    >>> found.count.tolist(), found.accuracy.round(2).tolist(), found.confidence.round(2).tolist()
    ([0, 3], [nan, 0.67], [nan, 0.8])
    """
    rows = _probabilities(probabilities)
    labels = _labels("y_true", y_true, rows.shape[1], ("probabilities", len(rows)))
    _check_whole("bins", bins, 1)
    bins = int(bins)  # of NumPy's small integers, bins + 1 overflows
    sure = np.minimum(rows.max(axis=1), 1)
    right = rows.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], sure)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        return ReliabilityBins(
            edges=edges,
            confidence=np.bincount(place, weights=sure, minlength=bins) / count,
            accuracy=np.bincount(place, weights=right, minlength=bins) / count,
            count=count,
        )


def expected_calibration_error(
    y_true: ArrayLike, probabilities: ArrayLike, *, bins: int = 15
) -> float:
    """Return the mean distance between confidence and accuracy, each bin weighted by its examples.

    The expected calibration error (ECE) depends on the number of bins, and a perfectly calibrated
    classifier does not reach 0: chance alone parts accuracy and confidence a little in every bin.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        probabilities: shape `(n, classes)`, from 0 to 1, each row with the sum 1.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers that are no probabilities, such as logits, or no
            bin.

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> round(expected_calibration_error([0, 0], [[0.9, 0.1], [0.3, 0.7]], bins=10), 3)
    0.4
    """
    found = reliability_bins(y_true, probabilities, bins=bins)
    distance = np.nan_to_num(np.abs(found.accuracy - found.confidence))
    return float(distance @ found.count / found.count.sum())


def fit_temperature(y_true: ArrayLike, logits: ArrayLike) -> float:
    """Return the number to divide logits by, so that softmax gives the lowest cross-entropy.

    Above 1 it makes the probabilities softer, below 1 sharper. The order of the classes stays, so
    every answer stays. Fit it on examples that the network has not been trained on.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        logits: shape `(n, classes)`.

    Raises:
        ValueError: shapes that do not fit, or no temperature is best: no class has a higher logit than
            the true one (the colder, the better), the true classes' logits are on average no higher
            than those of all classes (the hotter, the better), or each example has but one logit.

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> logits = np.array([[2.0, 0.0]] * 4)  # sure at 88%, but right on three of four
    >>> temperature = fit_temperature([0, 0, 0, 1], logits)
    >>> round(temperature, 3), softmax(logits[0] / temperature).round(3).tolist()
    (1.82, [0.75, 0.25])
    """
    logits = _finite("logits", logits, "n, classes")
    labels = _labels("y_true", y_true, logits.shape[1], ("logits", len(logits)))
    # What is added to all logits of an example changes no probability, and hides how far they differ.
    below = logits / 2 - logits.max(axis=1, keepdims=True) / 2  # halves, that none overflows
    scale = float(-below.min())
    if not scale:
        raise ValueError("logits of one value for all classes are as good at any temperature")
    below = below / scale
    chosen = np.take_along_axis(below, labels[:, None], axis=1)[:, 0]
    if not chosen.any():
        raise ValueError(
            "no class has a higher logit than the true one, so no temperature is best: the colder the "
            "better"
        )

    def slope(log_sharpness: float) -> float:
        """The slope of the cross-entropy; it only rises, since the cross-entropy is convex."""
        weights = softmax(np.exp(log_sharpness) * below, axis=1)
        return float(((weights * below).sum(axis=1) - chosen).mean())

    # From equal probabilities to all of it for the largest logit, though the next be near to it.
    hottest, coldest = -40.0, min(709.0, math.log(800) - math.log(-below[below < 0].max()))
    if slope(hottest) > -1e-12:
        raise ValueError(
            "logits that are on average no higher for the true class than for all classes have no best "
            "temperature: the hotter the better"
        )
    return 2 * scale / float(np.exp(brentq(slope, hottest, coldest, xtol=1e-10)))


def _finite(
    name: str, values: Any, axes: str = "n", low: float = -np.inf, high: float = np.inf
) -> np.ndarray:
    """Return finite numbers from low to high as float64, with these axes, none of them empty."""
    shape = f"({axes})" if "," in axes else f"({axes},)"
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        given = np.asarray(values)
        if given.dtype.kind in "bOSUMmc":
            raise TypeError(given.dtype)
        array = given.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers of shape {shape}, not {values!r:.80}") from None
    sizes = axes.split(", ")
    alike = (not s.isdigit() or int(s) == n for s, n in zip(sizes, array.shape, strict=False))
    if len(sizes) != array.ndim or not all(alike) or not array.size:
        hint = f"; take one column, {name}[:, -1]" if (array.ndim, len(sizes)) == (2, 1) else ""
        raise ValueError(f"{name} must be of shape {shape} and not empty, not {array.shape}{hint}")
    if given.dtype.kind in "iu" and np.abs(array).max() >= 2**53:
        raise ValueError(f"{name} must be below 2**53: as floats, larger integers become equal")
    fits = np.isfinite(array) & (array >= low) & (array <= high)
    if not fits.all():
        place = tuple(int(i) for i in np.argwhere(~fits)[0])
        wanted = f"finite, from {low:g} to {high:g}" if high > -low else "finite"
        raise ValueError(f"{name} must be {wanted}, not {array[place]:g} at {place}")
    return array


def _probabilities(values: Any, classes: int | None = None) -> np.ndarray:
    """Return probabilities, shape `(n, classes)`, each row with the sum 1."""
    array = _finite("probabilities", values, f"n, {classes or 'classes'}")
    sums = array.sum(axis=1)
    # Half precision rounds each of many probabilities by up to a part in 2048.
    if array.min() < 0 or not np.allclose(sums, 1, atol=5e-3):
        worst = float(sums[np.abs(sums - 1).argmax()])
        raise ValueError(
            "probabilities must be at least 0 and add up to 1 in each row, not start from "
            f"{array.min():.4g} with a row of sum {worst:.4g}: apply softmax to logits first"
        )
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
