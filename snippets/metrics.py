# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Grades of a classifier, each with its confidence interval: accuracy, precision, recall, F1.

Needs: Python 3.11, numpy 2.0, scipy 1.15, or newer. Copy this one file into your project and
`import metrics`.

What a single number needs, scikit-learn has: `precision_score`, `f1_score`, `classification_report` and
their like. This file adds what it leaves to you: how sure each grade is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]

# Grades that a confusion matrix decides. Each takes a matrix of counts, shape `(classes, classes)`,
# a row per true class, a column per predicted class, or a stack of matrices, shape `(..., classes,
# classes)`; so one call grades thousands of resampled matrices.


def accuracy_from_counts(counts: ArrayLike) -> Floats:
    """Return the fraction of the examples that lies on the diagonal, shape `(...)`.

    >>> float(accuracy_from_counts(np.array([[3, 1], [2, 4]])))
    0.7
    """
    counts = _confusions(counts)
    return _fraction(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def precision_from_counts(counts: ArrayLike) -> Floats:
    """Return, for each class, the fraction of its predictions that is right, shape `(..., classes)`.

    A class that is never predicted gets 0, as with scikit-learn's `zero_division=0`.

    >>> precision_from_counts(np.array([[3, 1], [2, 4]])).tolist()
    [0.6, 0.8]
    """
    counts = _confusions(counts)
    return _fraction(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def recall_from_counts(counts: ArrayLike) -> Floats:
    """Return, for each class, the fraction of its examples that is found, shape `(..., classes)`.

    A class without examples gets 0, as with scikit-learn's `zero_division=0`.

    >>> recall_from_counts(np.array([[3, 1], [1, 4]])).tolist()
    [0.75, 0.8]
    """
    counts = _confusions(counts)
    return _fraction(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def f1_from_counts(counts: ArrayLike) -> Floats:
    """Return, for each class, the harmonic mean of precision and recall, shape `(..., classes)`.

    >>> f1_from_counts(np.array([[3, 1], [1, 5]])).tolist()
    [0.75, 0.8333333333333334]
    """
    counts = _confusions(counts)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _fraction(2 * right, counts.sum(axis=-2) + counts.sum(axis=-1))


def macro_f1_from_counts(counts: ArrayLike) -> Floats:
    """Return the mean of the classes' F1, each class counting the same, shape `(...)`.

    A class that is neither among the examples nor among the predictions does not count.

    >>> float(macro_f1_from_counts(np.array([[3, 1], [1, 5]]))).__round__(4)
    0.7917
    """
    counts = _confusions(counts)
    occurs = counts.sum(axis=-2) + counts.sum(axis=-1) > 0
    return _fraction(f1_from_counts(counts).sum(axis=-1), occurs.sum(axis=-1))


def _fraction(some: ArrayLike, of: ArrayLike) -> Floats:
    """Divide, and let nothing out of nothing be 0."""
    some, of = np.asarray(some, float), np.asarray(of, float)
    parts: Floats = np.divide(some, of, out=np.zeros_like(some), where=of > 0)
    return parts


class Interval(NamedTuple):
    """A grade, and the values that it may well have on other examples of the same kind.

    Attributes:
        value: the grade; NaN where there is nothing to grade.
        low, high: the ends of its confidence interval, which holds the value; 0 and 1 where nothing
            is known.

    >>> f"{Interval(0.887, 0.881, 0.8934):.1%}"
    '88.7% (88.1% to 89.3%)'
    """

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True)
class Scores:
    """Precision, recall and F1 of one class, or their means over the classes.

    Attributes:
        support: how many examples of the class there are, or of all classes.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    support: int


@dataclass(frozen=True)
class Report:
    """The grades of a classifier: in all, on average over the classes, and class by class."""

    accuracy: Interval
    macro: Scores
    classes: dict[str, Scores]


def proportion_interval(successes: int, total: int, *, level: float = 0.95) -> Interval:
    """Return a fraction and its Wilson interval.

    It is right for few examples and for fractions near 0 or 1, too: for ten successes of ten a
    bootstrap says "100% to 100%".

    Args:
        successes: how many examples have the property: are answered correctly, say.
        total: how many examples there are, at least 1.
        level: how often the interval is to hold the true fraction, over many sets of examples.

    Raises:
        ValueError: a number out of its range.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association, 1927.

    >>> print(f"{proportion_interval(successes=10, total=10):.0%}")
    100% (72% to 100%)
    """
    _check_whole("total", total, 1)
    _check_whole("successes", successes, 0, total)
    return _wilson(successes / total, total, level)


def class_report(
    y_true: ArrayLike, y_pred: ArrayLike, *, class_names: Sequence[str], level: float = 0.95
) -> Report:
    """Return accuracy, and precision, recall and F1 per class and in the mean, with intervals.

    Accuracy, and the precision and recall of a class, are fractions: they get Wilson's interval. So
    does F1, which grows with the fraction of hits among the examples that are in the class, are
    said to be, or both. A mean over the classes gets the interval of a fraction of as many examples
    as would make it as uncertain. In simulations with at least 20 examples of each class, intervals
    at a level of 95% hold the true grade in 93% to 97% of cases, F1's mean in 93% to 98%.

    They cover other examples of the same kind, no other training of the network and no other kind.

    The precision of a class that is never predicted is 0. What cannot be graded is NaN, and counts in
    no mean: the recall of a class without examples, and every grade of one that is never predicted,
    either. Else the values are those of `sklearn.metrics.precision_recall_fscore_support`.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        class_names: one name per class, all different.
        level: how often an interval is to hold the true grade, over many sets of examples.

    Raises:
        ValueError: labels that do not fit, two classes of one name, or a level outside (0, 1).

    >>> report = class_report([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog"])
    >>> report.accuracy.value, report.classes["cat"].recall.value, report.classes["cat"].support
    (0.75, 0.5, 2)
    """
    names = [str(name) for name in class_names]
    if isinstance(class_names, str) or not 0 < len(set(names)) == len(names):
        raise ValueError(f"class_names must be one or more, all different, not {class_names!r}")
    counts = _counts(y_true, y_pred, len(names))
    hits, support, predicted = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    either = support + predicted - hits
    # F1 is a fraction of half as many examples as the class has, true ones and predicted ones.
    sizes = {"precision": predicted, "recall": support, "f1": (support + predicted) / 2}
    graded = {"precision": either > 0, "recall": support > 0, "f1": either > 0}

    def interval(grade: str, i: int) -> Interval:
        if not graded[grade][i]:
            return Interval(np.nan, 0.0, 1.0)
        if grade != "f1":
            return _wilson(float(_fraction(hits[i], sizes[grade][i])), sizes[grade][i], level)
        among = _wilson(float(_fraction(hits[i], either[i])), either[i], level)
        return Interval(*(2 * end / (1 + end) for end in among))

    classes = {
        name: Scores(**{grade: interval(grade, i) for grade in graded}, support=int(support[i]))
        for i, name in enumerate(names)
    }
    means = {g: _mean_interval(hits[is_], sizes[g][is_], level) for g, is_ in graded.items()}
    accuracy = _wilson(hits.sum() / counts.sum(), counts.sum(), level)
    return Report(accuracy, Scores(**means, support=int(support.sum())), classes)


def bootstrap_interval(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    metric: Callable[[np.ndarray], np.ndarray],
    classes: int,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a grade that the confusion matrix decides, and its interval by the Bayesian bootstrap.

    The bootstrap draws as many examples as there are, with replacement, grades them, and repeats. The
    Bayesian one draws how much each example counts instead, and of those that fall into one cell of the
    confusion matrix only the sum matters: one draw of a gamma distribution per cell. Two examples
    that were not seen, a correct one and a wrong one, are counted too: without them, ten correct answers
    of ten would be "100% to 100%". And the interval is wider by as much as Student's t is wider than
    the normal distribution.

    It is for grades such as Matthews' correlation or Cohen's kappa. Accuracy and the grades of
    `class_report` have better intervals there, above all where a class has few examples. For a
    grade that needs the examples themselves use `scipy.stats.bootstrap`.

    It covers other examples of the same kind, no other training of the network and no other kind.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        metric: takes counts, floats, shape `(resamples, classes, classes)`, a row per true class, and
            returns a number for each matrix, shape `(resamples,)`: `accuracy_from_counts`, say.
        classes: how many there are.
        resamples: how often to draw.
        level: how often the interval is to hold the true grade, over many sets of examples.
        seed: of the draws.

    Raises:
        ValueError: labels that do not fit, a metric of another shape, or a level outside (0, 1).

    Source: D. B. Rubin, The Bayesian bootstrap, Annals of Statistics, 1981; the width: T. C. Hesterberg,
    What teachers should know about the bootstrap, The American Statistician, 2015.

    >>> y_true = np.array([0] * 50 + [1] * 50)
    >>> y_pred = np.array([0] * 45 + [1] * 55)
    >>> print(f"{bootstrap_interval(y_true, y_pred, metric=accuracy_from_counts, classes=2):.2f}")
    0.95 (0.88 to 0.98)
    """
    _check_number("level", level, "(0, 1)")
    _check_whole("classes", classes, 1)
    _check_whole("resamples", resamples, 1)
    _check_whole("seed", seed, 0)
    counts = _counts(y_true, y_pred, classes)
    value = np.asarray(metric(counts[None].astype(float)))
    if value.shape != (1,):
        raise ValueError(f"the metric must return one number per matrix, not shape {value.shape}")
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // counts.size)
    grades = [
        metric(_redrawn(counts, min(at_once, resamples - done), rng))
        for done in range(0, resamples, at_once)
    ]
    n = max(int(counts.sum()), 2)
    tail = float(ndtr(-stdtrit(n - 1, (1 + level) / 2) * np.sqrt(n / (n - 1))))
    low, high = np.quantile(np.concatenate(grades), [tail, 1 - tail])
    return _around(float(value[0]), float(low), float(high))


# Matrices of so many cells together are drawn and graded at a time.
_CELLS_AT_ONCE = 1 << 22
# A class's grade is drawn towards that of all classes as by so many examples, where a mean's
# uncertainty is concerned: two correct answers of two do not tell that all will be correct.
_EXAMPLES_FROM_ALL = 8


def _redrawn(counts: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Draw what the cells may weigh, and unseen examples; shape `(resamples, classes, classes)`."""
    classes, row = len(counts), np.arange(resamples)
    drawn = np.zeros((resamples, counts.size))
    seen = np.flatnonzero(counts)
    drawn[:, seen] = rng.standard_gamma(counts.ravel()[seen], (resamples, len(seen)))
    occurring = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    if len(occurring) == 1:
        occurring = np.arange(classes)
    right, wrong = rng.integers(len(occurring), size=(2, resamples))
    instead = (wrong + rng.integers(1, max(len(occurring), 2), resamples)) % len(occurring)
    for true, predicted in ((right, right), (wrong, instead)):
        cell = occurring[true] * classes + occurring[predicted]
        drawn[row, cell] += rng.standard_exponential(resamples)
    return drawn.reshape(resamples, classes, classes)


def _counts(y_true: ArrayLike, y_pred: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return the confusion matrix of labels that have been checked."""
    truth = _labels("y_true", y_true, classes)
    predicted = _labels("y_pred", y_pred, classes, ("y_true", len(truth)))
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _wilson(fraction: float, examples: float, level: float) -> Interval:
    """Return the fraction of so many examples with its Wilson interval; of none, all is possible."""
    _check_number("level", level, "(0, 1)")
    fraction, examples = float(fraction), float(examples)
    if not examples:
        return Interval(fraction, 0.0, 1.0)
    z = float(ndtri((1 + level) / 2))
    middle = fraction + z**2 / (2 * examples)
    reach = z * np.sqrt(fraction * (1 - fraction) / examples + (z / (2 * examples)) ** 2)
    whole = 1 + z**2 / examples
    low, high = max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)
    return _around(fraction, float(low), float(high))


def _mean_interval(hits: np.ndarray, sizes: np.ndarray, level: float) -> Interval:
    """Return the mean of classes' fractions, with the interval of a fraction as uncertain as it is."""
    if not len(hits):
        return Interval(np.nan, 0.0, 1.0)
    value, sizes = float(_fraction(hits, sizes).mean()), np.maximum(sizes, 0.5)
    of_all = (hits.sum() + 2) / (sizes.sum() + 4)
    likely = (hits + _EXAMPLES_FROM_ALL * of_all) / (sizes + _EXAMPLES_FROM_ALL)
    variance = (likely * (1 - likely) / sizes).sum() / len(hits) ** 2
    return _wilson(value, likely.mean() * (1 - likely.mean()) / variance, level)


def _around(value: float, low: float, high: float) -> Interval:
    """Return an interval that holds its value, whatever the last digits say."""
    return Interval(value, min(low, value), max(high, value))


def _labels(
    name: str, values: Any, classes: int | None = None, rows: tuple[str, int] | None = None
) -> np.ndarray:
    """Return labels from 0, below classes, as int64, shape `(n,)`, one for each of so many rows."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be labels of shape (n,), not {values!r:.80}") from None
    if array.ndim != 1 or not array.size or (rows and len(array) != rows[1]):
        wanted = f"({rows[1]},), one for each of {rows[0]}" if rows else "(n,), n at least 1"
        hint = f"; take {name}[:, 0]" if array.ndim == 2 and array.shape[1] == 1 else ""
        raise ValueError(f"{name} must be labels of shape {wanted}, not {array.shape}{hint}")
    if array.dtype.kind not in "iub":
        hint = "; of scores take the class of the highest" if array.dtype.kind == "f" else ""
        raise ValueError(f"{name} must be labels, integers from 0, not {array.dtype}{hint}")
    if array.min() < 0 or array.max() >= (classes or np.inf):
        wanted = f"from 0 to {classes - 1}, for {classes} classes" if classes else "from 0"
        raise ValueError(f"{name} must be labels {wanted}, not from {array.min()} to {array.max()}")
    return array.astype(np.int64)


def _confusions(counts: Any) -> Floats:
    """Return confusion matrices, shape `(..., classes, classes)`, none of them negative."""
    try:
        array = np.asarray(counts)
    except ValueError:
        raise ValueError(f"counts must be square matrices, not {counts!r:.80}") from None
    if array.ndim < 2 or array.shape[-2] != array.shape[-1] or not array.size:
        raise ValueError(f"counts must be (..., classes, classes), not {array.shape}")
    if array.dtype.kind not in "iufb" or not np.isfinite(array).all() or array.min() < 0:
        raise ValueError(f"counts must be finite numbers, at least 0, not {array.ravel()[:9]}")
    return array.astype(float)  # sums of narrow integers would overflow


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
