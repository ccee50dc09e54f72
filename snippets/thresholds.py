# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Precision-recall curves of all classes, the cheapest threshold, top-k accuracy, answers by name.

Needs: Python 3.11, numpy 2.0, scikit-learn 1.6, or newer. Copy this one file into your project and
`import thresholds`.

scikit-learn has `precision_recall_curve`, `average_precision_score` and `top_k_accuracy_score`. This
file adds the curves of all classes with the base line that each is read against
(`one_vs_rest_precision_recall`), the threshold for given costs (`cheapest_threshold`), a top-k accuracy
that no tie can raise (`top_k_accuracy`), and the class names of an image's most probable answers
(`named_predictions`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall of a yes-or-no question, as the threshold on the score goes up.

    Attributes:
        precision: the fraction of the examples at or above each threshold that are positive, shape
            `(thresholds + 1,)`; the last one is 1, where nothing is called positive.
        recall: the fraction of the positives at or above each threshold, shape `(thresholds + 1,)`.
        thresholds: ascending, shape `(thresholds,)`.
        average_precision: the precision averaged over the steps in recall, from 0 to 1.
        prevalence: the fraction of the examples that are positive: what average precision is near to
            for scores that say nothing. Unlike the 0.5 of an ROC curve, it differs from class to
            class.
    """

    precision: np.ndarray
    recall: np.ndarray
    thresholds: np.ndarray
    average_precision: float
    prevalence: float


def one_vs_rest_precision_recall(
    y_true: np.ndarray, scores: np.ndarray, *, class_names: Sequence[str]
) -> dict[str, PrecisionRecallCurve]:
    """Return the precision-recall curve and average precision of each class, multi-class, and micro.

    The micro average pools all (example, class) pairs into one yes-or-no question. scikit-learn has
    the curve of one yes-or-no question (`precision_recall_curve`); this adds the loop over the
    classes, the names, the base lines and the checks.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        scores: the larger, the likelier, shape `(n, classes)`: probabilities; logits too, but for the
            micro average, which compares the scores of different classes and examples.
        class_names: one name per class; `"micro"` is taken.

    Returns:
        From each class name, in order, and then from `"micro"`, to the curve.

    Raises:
        ValueError: shapes that do not fit, scores that are not all finite, labels without a name, or
            a class with no example.

    Source: J. Davis and M. Goadrich, The relationship between precision-recall and ROC curves, 2006.

    >>> scores = np.array([[0.8, 0.2], [0.4, 0.6], [0.6, 0.4], [0.3, 0.7]])
    >>> curves = one_vs_rest_precision_recall([0, 0, 1, 1], scores, class_names=["cat", "dog"])
    >>> {name: round(curve.average_precision, 3) for name, curve in curves.items()}
    {'cat': 0.833, 'dog': 0.833, 'micro': 0.833}
    """
    names = _names(class_names, "micro")
    scores = _finite("scores", scores, f"n, {len(names)}")
    labels = _labels("y_true", y_true, scores.shape[1], ("scores", len(scores)))
    counts = np.bincount(labels, minlength=len(names))
    if counts.min() == 0:
        raise ValueError(
            f"y_true holds no example of {names[int(counts.argmin())]!r}, so it has no recall"
        )
    truth = labels[:, None] == np.arange(len(names))
    curves = {name: _curve(truth[:, i], scores[:, i]) for i, name in enumerate(names)}
    return {**curves, "micro": _curve(truth.ravel(), scores.ravel())}


def _curve(truth: np.ndarray, scores: np.ndarray) -> PrecisionRecallCurve:
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    return PrecisionRecallCurve(
        precision,
        recall,
        thresholds,
        average_precision=float(average_precision_score(truth, scores)),
        prevalence=float(truth.mean()),
    )


@dataclass(frozen=True)
class Threshold:
    """The score from which on an example is called positive, and what that brings.

    Attributes:
        value: the threshold: positive is `scores >= value`. Infinity calls nothing positive,
            minus infinity everything.
        cost: the mean cost of an example.
        precision: the fraction of the positive answers that are right; NaN if there are none.
        recall: the fraction of the positives that are found.
        misses: how many positives are called negative.
        false_alarms: how many negatives are called positive.
    """

    value: float
    cost: float
    precision: float
    recall: float
    misses: int
    false_alarms: int


def cheapest_threshold(
    y_true: np.ndarray, scores: np.ndarray, *, false_alarm_cost: float, miss_cost: float
) -> Threshold:
    """Return the decision threshold of a binary classifier with the lowest expected cost per example.

    Candidates are the middle of each gap between neighbouring scores, to call everything positive and
    to call nothing positive. Of several gaps with the same cost, the widest is chosen, for a new score
    is the least likely to fall on its wrong side; of equally wide ones, the lowest; where only never
    and always are left, never.

    `plot_evaluation.threshold_dots` draws what thresholds bring.

    scikit-learn has `TunedThresholdClassifierCV`, which works with its own estimators and scorers; this
    takes the scores of any network. Choose the threshold on validation examples, which must be as
    frequent as in use; the cost that is returned is optimistic for other examples, the fewer
    there are the more.

    Args:
        y_true: 1 for a positive and 0 for a negative, integers or booleans, shape `(n,)`; both occur.
        scores: the larger, the likelier positive, shape `(n,)`: probabilities or logits.
        false_alarm_cost: of a negative that is called positive, at least 0.
        miss_cost: of a positive that is called negative, at least 0; both costs cannot be 0.

    Raises:
        ValueError: shapes that do not fit, labels other than 0 and 1 or all the same, scores that are
            not all finite, or a cost that is negative or not finite.

    Source: C. Elkan, The foundations of cost-sensitive learning, 2001.

    >>> labels, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9])
    >>> found = cheapest_threshold(labels, scores, false_alarm_cost=1, miss_cost=10)
    >>> round(found.value, 6), found.cost, found.misses, found.false_alarms
    (0.2, 0.25, 0, 1)
    """
    for name, cost in (("false_alarm_cost", false_alarm_cost), ("miss_cost", miss_cost)):
        _check_number(name, cost, "[0, inf)")
    if false_alarm_cost == miss_cost == 0:
        raise ValueError("false_alarm_cost and miss_cost must not both be 0: any threshold costs 0")
    given = scores
    scores = _finite("scores", given)
    kind = np.asarray(given).dtype
    labels = _labels("y_true", y_true, 2, ("scores", len(scores)))
    positives = int(labels.sum())
    if not 0 < positives < len(labels):
        raise ValueError(f"y_true must hold zeros and ones, not {labels[0]} alone")
    # Candidate i calls positive all scores from the i-th smallest on: the first is always, the last
    # never. Scores of one value go together.
    values, place = np.unique(scores, return_inverse=True)
    below = np.bincount(place, weights=labels, minlength=len(values))
    misses = np.append(0, np.cumsum(below)).astype(int)
    negatives_below = np.append(0, np.cumsum(np.bincount(place) - below)).astype(int)
    false_alarms = len(labels) - positives - negatives_below
    costs = (false_alarm_cost * false_alarms + miss_cost * misses) / len(labels)
    cheap = np.flatnonzero(np.isclose(costs, costs.min(), rtol=1e-12, atol=0))
    # The middle, computed so that no scores overflow, and as a number of the scores' own precision, for
    # NumPy compares in that: where it would be rounded to the lower score it is the upper one.
    middles = (
        (values[:-1] / 2 + values[1:] / 2).astype(kind if kind.kind == "f" else float).astype(float)
    )
    middles = np.where(middles > values[:-1], middles, values[1:])
    thresholds = np.concatenate([[-math.inf], middles, [math.inf]])
    widths = np.concatenate([[-2.0], np.diff(values / 2), [-1.0]])
    best = int(cheap[widths[cheap].argmax()])
    hits = positives - int(misses[best])
    called = hits + int(false_alarms[best])
    return Threshold(
        value=float(thresholds[best]),
        cost=float(costs[best]),
        precision=hits / called if called else math.nan,
        recall=hits / positives,
        misses=int(misses[best]),
        false_alarms=int(false_alarms[best]),
    )


def top_k_accuracy(y_true: np.ndarray, scores: np.ndarray, *, k: int) -> float:
    """Return the top-k accuracy: how often the true class is among the k with the highest scores.

    A tie counts against the network: a class is among the first k if fewer than k others score as
    much or more. So a network that gives all classes the same score gets 0. scikit-learn's
    `top_k_accuracy_score` breaks a tie in favour of the class with the larger label: equal scores of
    two classes are 0% correct for class 0 and 100% correct for class 1. Keras's
    `SparseTopKCategoricalAccuracy` counts a tie in favour of the network.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        scores: the larger, the likelier, shape `(n, classes)`: probabilities or logits.
        k: from 1 to less than there are classes; 1 is the accuracy.

    Raises:
        ValueError: shapes that do not fit, labels or k outside the classes, or scores that are not all
            finite.

    Source: O. Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, 2015,
    arXiv:1409.0575, whose top-5 error it is.

    >>> scores = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])
    >>> [round(top_k_accuracy([0, 0, 1], scores, k=k), 3) for k in (1, 2)]
    [0.333, 1.0]
    """
    scores = _finite("scores", scores, "n, classes")
    labels = _labels("y_true", y_true, scores.shape[1], ("scores", len(scores)))
    _check_whole("k", k, 1, scores.shape[1] - 1)
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    return float(((scores >= own).sum(axis=1) <= k).mean())


def named_predictions(
    probabilities: np.ndarray, *, class_names: Sequence[str], k: int = 1
) -> list[list[tuple[str, float]]]:
    """Return the names of the k most probable classes of each example, with their probabilities.

    It is `decode_predictions` of `keras.applications` for classes of your own. Of equally probable
    classes the one with the smaller label comes first.

    Args:
        probabilities: shape `(n, classes)`, from 0 to 1, each row with the sum 1; to pass the answer
            for a single image, write `probabilities[None]`.
        class_names: one name per class, in the order of the labels.
        k: how many, from 1 to all classes.

    Returns:
        For each example its classes as (name, probability), the most probable first.

    Raises:
        ValueError: shapes that do not fit, a k outside the classes, or numbers that are no
            probabilities, such as logits.

    >>> named_predictions(np.array([[0.25, 0.75], [0.5, 0.5]]), class_names=["cat", "dog"])
    [[('dog', 0.75)], [('cat', 0.5)]]
    """
    names = _names(class_names)
    rows = _probabilities(probabilities, len(names))
    _check_whole("k", k, 1, len(names))
    first = np.argsort(-rows, axis=1, kind="stable")[:, :k]
    return [
        [(names[i], float(row[i])) for i in order]
        for row, order in zip(rows, first.tolist(), strict=True)
    ]


# What comes in.


def _names(class_names: Sequence[str], *taken: str) -> list[str]:
    """Return the names of at least two classes, all different."""
    has_order = not isinstance(class_names, (str, Mapping, Set))
    names = list(class_names)
    if not has_order or not all(isinstance(name, str) for name in names):
        raise ValueError(f"class_names must be a list of strings, not {class_names!r}")
    if len({*names, *taken}) < len(names) + len(taken):
        raise ValueError(f"class_names must differ{', from micro too' * bool(taken)}, not {names}")
    if len(names) < 2:
        raise ValueError(f"class_names must name at least 2 classes, not {names}")
    return [str(name) for name in names]  # NumPy's strings are not plain ones


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


def _check_number(name: str, value: Any, within: str) -> None:
    """Refuse what is no number within an interval such as "(0, 1]"."""
    low, high = map(float, within[1:-1].split(","))
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high
    if not fits or (value == low and within[0] == "(") or (value == high and within[-1] == ")"):
        raise ValueError(f"{name} must be a finite number in {within}, not {value!r}")
