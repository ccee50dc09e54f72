# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""ROC curves of all classes of a classifier, with their micro and macro averages.

Needs: Python 3.11, numpy 2.0, scikit-learn 1.6, or newer. Copy this one file into your project and
`import roc`.

scikit-learn has the area, `roc_auc_score`, and the curve of one yes-or-no question, `roc_curve`. This
file adds the curves of each class against the rest, and those of the two averages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import auc, roc_curve

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RocCurve:
    """True positives found against false alarms raised, as a threshold on the score comes down.

    Attributes:
        false_positive_rate: the fraction of the negatives at or above the threshold, shape `(points,)`.
        true_positive_rate: the fraction of the positives at or above it, shape `(points,)`.
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
    their areas. `plot_evaluation.roc_panels` draws the curves.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        scores: the larger, the likelier, shape `(n, classes)`: probabilities; logits too, but for
            the micro average, which compares the scores of different classes and examples.
        class_names: one name per class; `"micro"` and `"macro"` are taken.

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
    names = [str(name) for name in class_names]
    if (
        isinstance(class_names, (str, Mapping, Set))
        or not 4 <= len({*names, "micro", "macro"}) == len(names) + 2
    ):
        raise ValueError(
            f"class_names must be two or more, all different, and not micro or macro: {class_names!r}"
        )
    scores = _finite("scores", scores, f"n, {len(names)}")
    labels = _labels("y_true", y_true, len(names), ("scores", len(scores)))
    absent = np.flatnonzero(np.bincount(labels, minlength=len(names)) == 0)
    if len(absent):
        raise ValueError(f"y_true must hold each class, but has no {names[absent[0]]}")
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
