"""Calibration: how far the probabilities of a classifier can be trusted, and one number to mend them.

Needs: numpy, scipy. Copy this one file into your project and `import calibration`.

scikit-learn has `calibration_curve` for yes or no; this file does it for many classes, by the most
probable one, and counts the examples in each bin.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        accuracy: part of the answers in each bin that is right, shape `(bins,)`; NaN if empty.
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

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        probabilities: shape `(n, classes)`, from 0 to 1.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers outside 0 to 1, or no bin.

    >>> found = reliability_bins([0, 0, 1], [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]], bins=2)
    >>> found.count.tolist(), found.accuracy.round(2).tolist(), found.confidence.round(2).tolist()
    ([0, 3], [nan, 0.67], [nan, 0.8])
    """
    probabilities, labels = np.asarray(probabilities, float), np.asarray(y_true)
    _check_rows(probabilities, labels)
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-6) or bins < 1:
        raise ValueError(f"probabilities must lie from 0 to 1, and bins be at least 1, not {bins}")
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
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
    """Return the mean distance of confidence and accuracy over the bins, each by its examples.

    It hangs on the number of bins, and a perfectly calibrated classifier does not reach 0: chance
    alone parts accuracy and confidence a little in every bin.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        probabilities: shape `(n, classes)`, from 0 to 1.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers outside 0 to 1, or no bin.

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> round(expected_calibration_error([0, 0], [[0.9, 0.1], [0.3, 0.7]], bins=10), 3)
    0.4
    """
    found = reliability_bins(y_true, probabilities, bins=bins)
    distance = np.nan_to_num(np.abs(found.accuracy - found.confidence))
    return float(distance @ found.count / found.count.sum())


def fit_temperature(y_true: ArrayLike, logits: ArrayLike) -> float:
    """Return the number to divide logits by, so that softmax gives the lowest cross-entropy.

    Above 1 it makes the probabilities milder, below 1 sharper. The order of the classes stays, so
    every answer stays. Fit it on examples that the network has not been trained on.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        logits: shape `(n, classes)`.

    Raises:
        ValueError: shapes that do not fit, or no temperature is best: every answer is right (the
            colder, the better), or the logits are no better than chance (the hotter, the better).

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> logits = np.array([[2.0, 0.0]] * 4)  # sure at 88%, but right on three of four
    >>> temperature = fit_temperature([0, 0, 0, 1], logits)
    >>> round(temperature, 3), softmax(logits[0] / temperature).round(3).tolist()
    (1.82, [0.75, 0.25])
    """
    logits, labels = np.asarray(logits, float), np.asarray(y_true)
    _check_rows(logits, labels)
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite")
    scale = float(np.abs(logits).max()) or 1.0
    logits = logits / scale
    chosen = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]

    def slope(log_sharpness: float) -> float:
        """The slope of the cross-entropy; it only rises, since the cross-entropy is convex."""
        weights = softmax(np.exp(log_sharpness) * logits, axis=1)
        return float(((weights * logits).sum(axis=1) - chosen).mean())

    hottest, coldest = -40.0, 40.0  # equal probabilities, and all of it for the largest logit
    if slope(hottest) > -1e-12:
        raise ValueError(
            "logits no better than chance have no best temperature: the hotter the better"
        )
    if slope(coldest) < 1e-12:
        raise ValueError("every answer is right, so no temperature is best: the colder the better")
    return scale / float(np.exp(brentq(slope, hottest, coldest, xtol=1e-10)))


def _check_rows(rows: np.ndarray, labels: np.ndarray) -> None:
    """Refuse labels that do not fit the rows: one number per class, one label per row."""
    if rows.ndim != 2 or labels.shape != (len(rows),) or not rows.size:
        raise ValueError(f"need shapes (n, classes) and (n,), not {rows.shape} and {labels.shape}")
    _check_labels("y_true", labels, rows.shape[1])


def _check_labels(name: str, labels: np.ndarray, classes: int) -> None:
    if labels.dtype.kind not in "iub":
        raise ValueError(f"{name} must be labels, integers from 0, not {labels.dtype}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"{name} must be labels from 0 to {classes - 1}, for {classes} classes, not from "
            f"{labels.min()} to {labels.max()}"
        )
