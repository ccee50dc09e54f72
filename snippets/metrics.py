"""Grades of a classifier: a report with intervals, ROC curves by class, calibration.

Needs: numpy, scikit-learn, scipy (which scikit-learn brings). Copy this one file into your project
and `import metrics`.

What a single number needs, scikit-learn has: `precision_score`, `roc_auc_score` and their like. This
file adds what it leaves to you: how sure each grade is (`class_report`, `bootstrap_interval`), the
curves of all classes with their micro and macro averages (`one_vs_rest_roc`), and how far the
probabilities can be trusted (`reliability_bins`, `expected_calibration_error`, `fit_temperature`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.metrics import auc, confusion_matrix, roc_curve

# Grades that a confusion matrix decides. Each takes a matrix of counts, shape `(classes, classes)`,
# a row a true class, a column a predicted class, or a stack of matrices, shape `(..., classes,
# classes)`; so one call grades thousands of resampled matrices.


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the part of the examples that lies on the diagonal, shape `(...)`.

    >>> float(accuracy(np.array([[3, 1], [2, 4]])))
    0.7
    """
    counts = np.asarray(counts)
    return _part(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def precision(counts: np.ndarray) -> np.ndarray:
    """Return, for each class, the part of its predictions that is right, shape `(..., classes)`.

    A class that is never predicted gets 0, as with scikit-learn's `zero_division=0`.

    >>> precision(np.array([[3, 1], [2, 4]])).tolist()
    [0.6, 0.8]
    """
    counts = np.asarray(counts)
    return _part(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def recall(counts: np.ndarray) -> np.ndarray:
    """Return, for each class, the part of its examples that is found, shape `(..., classes)`.

    A class without examples gets 0, as with scikit-learn's `zero_division=0`.

    >>> recall(np.array([[3, 1], [1, 4]])).tolist()
    [0.75, 0.8]
    """
    counts = np.asarray(counts)
    return _part(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def f1(counts: np.ndarray) -> np.ndarray:
    """Return, for each class, the harmonic mean of precision and recall, shape `(..., classes)`.

    >>> f1(np.array([[3, 1], [1, 5]])).tolist()
    [0.75, 0.8333333333333334]
    """
    counts = np.asarray(counts)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _part(2 * right, counts.sum(axis=-2) + counts.sum(axis=-1))


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Return the mean of the classes' F1, each class counting the same, shape `(...)`.

    >>> float(macro_f1(np.array([[3, 1], [1, 5]]))).__round__(4)
    0.7917
    """
    return f1(counts).mean(axis=-1)


def _part(some: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Divide, and let nothing out of nothing be 0."""
    some, of = np.asarray(some, float), np.asarray(of, float)
    return np.divide(some, of, out=np.zeros_like(some), where=of > 0)


# How sure a grade is.


class Interval(NamedTuple):
    """A grade, and the interval that most resampled grades lie in.

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


def bootstrap_interval(
    y_true: np.ndarray,
    y_pred: np.ndarray,
    *,
    metric: Callable[[np.ndarray], np.ndarray],
    classes: int,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return a grade and its percentile bootstrap interval.

    The bootstrap draws as many examples as there are, with replacement, grades them, and repeats.
    A grade that depends only on the confusion matrix needs no examples drawn: how many of them fall
    into each cell of the matrix is one draw of a multinomial distribution with the cells' parts as
    probabilities. Same distribution, thousands of times less work. For a grade of another kind use
    `scipy.stats.bootstrap`.

    The interval covers other examples of the same kind. It does not cover another training of the
    network, nor examples of another kind.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        metric: takes counts, shape `(resamples, classes, classes)`, a row a true class, and returns
            a number for each matrix, shape `(resamples,)`: `accuracy` or `macro_f1`, say.
        classes: how many there are.
        resamples: how often to draw.
        level: the part of the resampled grades that lies in the interval.
        seed: of the draws.

    Raises:
        ValueError: labels that do not fit, a metric of another shape, or a level outside (0, 1).

    Source: B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics, 1979.

    >>> y_true = np.array([0] * 50 + [1] * 50)
    >>> y_pred = np.array([0] * 45 + [1] * 55)
    >>> print(f"{bootstrap_interval(y_true, y_pred, metric=accuracy, classes=2):.2f}")
    0.95 (0.90 to 0.99)
    """
    counts = _counts(y_true, y_pred, classes)
    value = np.asarray(metric(counts[None]))
    if value.shape != (1,):
        raise ValueError(f"the metric must return one number a matrix, not shape {value.shape}")
    low, high = _bounds(metric(_resampled(counts, resamples, seed)), level)
    return Interval(float(value[0]), float(low), float(high))


def class_report(
    y_true: np.ndarray,
    y_pred: np.ndarray,
    *,
    class_names: Sequence[str],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Report:
    """Return accuracy, and precision, recall and F1 by class and in the mean, with intervals.

    The values are those of `sklearn.metrics.precision_recall_fscore_support` with
    `zero_division=0`; the intervals are those of `bootstrap_interval`.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        class_names: one name a class.
        resamples: how often to draw.
        level: the part of the resampled grades that lies in each interval.
        seed: of the draws.

    Raises:
        ValueError: labels that do not fit, or a level outside (0, 1).

    >>> report = class_report([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog"])
    >>> report.accuracy.value, report.classes["cat"].recall.value, report.classes["cat"].support
    (0.75, 0.5, 2)
    """
    counts = _counts(y_true, y_pred, len(class_names))
    drawn = _resampled(counts, resamples, seed)
    measures = {"precision": precision, "recall": recall, "f1": f1}
    one = {name: measure(counts) for name, measure in measures.items()}
    many = {name: measure(drawn) for name, measure in measures.items()}

    def interval(value: np.ndarray, grades: np.ndarray) -> Interval:
        return Interval(float(value), *map(float, _bounds(grades, level)))

    classes = {
        class_name: Scores(
            **{name: interval(one[name][i], many[name][:, i]) for name in measures},
            support=int(counts[i].sum()),
        )
        for i, class_name in enumerate(class_names)
    }
    macro = {name: interval(one[name].mean(), many[name].mean(axis=-1)) for name in measures}
    return Report(
        accuracy=interval(accuracy(counts), accuracy(drawn)),
        macro=Scores(**macro, support=int(counts.sum())),
        classes=classes,
    )


def _counts(y_true: np.ndarray, y_pred: np.ndarray, classes: int) -> np.ndarray:
    """Return the confusion matrix of labels that have been checked."""
    truth, predicted = np.asarray(y_true), np.asarray(y_pred)
    if truth.shape != predicted.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(
            f"labels must be two equal shapes (n,), not {truth.shape, predicted.shape}"
        )
    for labels in (truth, predicted):
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"labels must be integers from 0 to {classes - 1}, one a class")
    return confusion_matrix(truth, predicted, labels=np.arange(classes))


def _resampled(counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Draw confusion matrices of as many examples, shape `(resamples, classes, classes)`."""
    total = counts.sum()
    draws = np.random.default_rng(seed).multinomial(total, counts.ravel() / total, size=resamples)
    return draws.reshape(resamples, *counts.shape)


def _bounds(grades: np.ndarray, level: float) -> np.ndarray:
    """Return the ends of the middle `level` of the grades."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return np.quantile(grades, [(1 - level) / 2, (1 + level) / 2])


# How well scores put the examples in order.


@dataclass(frozen=True, eq=False)
class RocCurve:
    """True positives found against false alarms raised, as a threshold on the score comes down.

    Attributes:
        false_positive_rate: the part of the negatives at or above the threshold, shape `(points,)`.
        true_positive_rate: the part of the positives at or above it, shape `(points,)`.
        area: under the curve, from 0 to 1; 0.5 for scores that say nothing.
    """

    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    area: float


def one_vs_rest_roc(
    y_true: np.ndarray, scores: np.ndarray, *, class_names: Sequence[str]
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


# How far probabilities can be trusted.


@dataclass(frozen=True, eq=False)
class ReliabilityBins:
    """Examples gathered by how sure the classifier was of its answer.

    Attributes:
        edges: of the bins, from 0 to 1, shape `(bins + 1,)`; a bin holds its right edge.
        confidence: mean probability of the answers in each bin, shape `(bins,)`; NaN if empty.
        accuracy: part of the answers in each bin that is right, shape `(bins,)`; NaN if empty.
        count: how many examples each bin holds, shape `(bins,)`.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


def reliability_bins(
    probabilities: np.ndarray, y_true: np.ndarray, *, bins: int = 15
) -> ReliabilityBins:
    """Gather examples by the probability of their most probable class, and grade each bin.

    Args:
        probabilities: shape `(n, classes)`, from 0 to 1.
        y_true: true classes, integers from 0, shape `(n,)`.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers outside 0 to 1, or no bin.

    >>> found = reliability_bins(np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]), [0, 0, 1], bins=2)
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
    probabilities: np.ndarray, y_true: np.ndarray, *, bins: int = 15
) -> float:
    """Return the mean distance of confidence and accuracy over the bins, each by its examples.

    It hangs on the number of bins, and a perfectly calibrated classifier does not reach 0: chance
    alone parts accuracy and confidence a little in every bin.

    Args:
        probabilities: shape `(n, classes)`, from 0 to 1.
        y_true: true classes, integers from 0, shape `(n,)`.
        bins: how many, of equal width.

    Raises:
        ValueError: shapes that do not fit, numbers outside 0 to 1, or no bin.

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> round(expected_calibration_error(np.array([[0.9, 0.1], [0.3, 0.7]]), [0, 0], bins=10), 3)
    0.4
    """
    found = reliability_bins(probabilities, y_true, bins=bins)
    distance = np.nan_to_num(np.abs(found.accuracy - found.confidence))
    return float(distance @ found.count / found.count.sum())


def fit_temperature(logits: np.ndarray, y_true: np.ndarray) -> float:
    """Return the number to divide logits by, so that softmax gives the lowest cross-entropy.

    Above 1 it makes the probabilities milder, below 1 sharper. The order of the classes stays, so
    every answer stays. Fit it on examples that the network has not been trained on.

    Args:
        logits: shape `(n, classes)`.
        y_true: true classes, integers from 0, shape `(n,)`.

    Raises:
        ValueError: shapes that do not fit, or no temperature is best: every answer is right (the
            colder, the better), or the logits are no better than chance (the hotter, the better).

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> logits = np.array([[2.0, 0.0]] * 4)  # sure at 88%, but right on three of four
    >>> temperature = fit_temperature(logits, np.array([0, 0, 0, 1]))
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
    """Refuse labels that do not fit the rows: one number a class, one label a row."""
    if rows.ndim != 2 or labels.shape != (len(rows),) or not rows.size:
        raise ValueError(f"need shapes (n, classes) and (n,), not {rows.shape} and {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= rows.shape[1]:
        raise ValueError(f"labels must be integers from 0 to {rows.shape[1] - 1}, one a class")
