"""ROC curves of all classes of a classifier, with their micro and macro averages.

Needs: numpy, scikit-learn. Copy this one file into your project and `import roc`.

The area alone, scikit-learn has: `roc_auc_score`. This file adds the curves of each class against the
rest, and those of the two averages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import auc, roc_curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RocCurve:
    """True positives found against false alarms raised, as a threshold on the score comes down.

    Attributes:
        false_positive_rate: the part of the negatives at or above the threshold, shape `(points,)`.
        true_positive_rate: the part of the positives at or above it, shape `(points,)`.
        area: under the curve, from 0 to 1; 0.5 for scores that say nothing.
    """

    false_positive_rate: Floats
    true_positive_rate: Floats
    area: float


def one_vs_rest_roc(
    y_true: ArrayLike, scores: ArrayLike, *, class_names: Sequence[str]
) -> dict[str, RocCurve]:
    """Return the ROC curve of each class against all others, and their two averages.

    The micro average pools all (example, class) pairs into one yes-or-no question. The macro average
    is the mean height of the classes' curves at each false-positive rate; its area is the mean of
    their areas.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        scores: the larger, the likelier, shape `(n, classes)`: probabilities; logits too, but for
            the micro average, which compares the scores of different classes and examples.
        class_names: one name a class; `"micro"` and `"macro"` are taken.

    Returns:
        From each class name, in order, and then from `"micro"` and `"macro"`, to the curve. The
        areas are those of `sklearn.metrics.roc_auc_score`.

    Raises:
        ValueError: shapes that do not fit, labels without a name, or a class with no example.

    Source: T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters, 2006.

    >>> scores = np.array([[0.8, 0.2], [0.4, 0.6], [0.6, 0.4], [0.3, 0.7]])
    >>> curves = one_vs_rest_roc([0, 0, 1, 1], scores, class_names=["cat", "dog"])
    >>> {name: curve.area for name, curve in curves.items()}
    {'cat': 0.75, 'dog': 0.75, 'micro': 0.75, 'macro': 0.75}
    """
    labels, scores = np.asarray(y_true), np.asarray(scores, float)
    names = list(class_names)
    if labels.ndim != 1 or scores.shape != (len(labels), len(names)):
        raise ValueError(f"labels {labels.shape}, scores {scores.shape} and {len(names)} names")
    if set(np.unique(labels).tolist()) != set(range(len(names))) or len(names) < 2:
        raise ValueError(f"each of {len(names)} classes needs examples, and each label a name")
    if len({*names, "micro", "macro"}) != len(names) + 2:
        raise ValueError(f"class names must differ, from 'micro' and 'macro' too: {names}")
    truth = labels[:, None] == np.arange(len(names))
    curves = {name: _roc(truth[:, i], scores[:, i]) for i, name in enumerate(names)}
    macro = _mean_curve(list(curves.values()))
    return {**curves, "micro": _roc(truth.ravel(), scores.ravel()), "macro": macro}


def _roc(truth: np.ndarray, scores: np.ndarray) -> RocCurve:
    x, y, _ = roc_curve(truth, scores, drop_intermediate=False)
    return RocCurve(x, y, float(auc(x, y)))


def _mean_curve(curves: Sequence[RocCurve]) -> RocCurve:
    """Average heights; a curve that rises at some rate has two heights there, both are kept."""
    at = np.unique(np.concatenate([curve.false_positive_rate for curve in curves]))
    before, after = np.zeros_like(at), np.zeros_like(at)
    for curve in curves:
        x, y = curve.false_positive_rate, curve.true_positive_rate
        after += np.interp(at, x, y) / len(curves)  # at a rise, np.interp takes its top …
        before += np.interp(-at, -x[::-1], y[::-1]) / len(curves)  # … and read backwards, its foot
    x, y = np.repeat(at, 2), np.stack([before, after], axis=1).ravel()
    return RocCurve(x, y, float(auc(x, y)))
