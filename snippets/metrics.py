"""Grades of a classifier: a report with intervals, ROC curves by class, calibration.

Needs: numpy, scikit-learn, scipy (which scikit-learn brings). Copy this one file into your project
and `import metrics`.

What a single number needs, scikit-learn has: `precision_score`, `roc_auc_score` and their like. This
file adds what it leaves to you: how sure each grade is (`class_report`, `proportion_interval`,
`bootstrap_interval`), the curves of all classes with their micro and macro averages
(`one_vs_rest_roc`), and how far the probabilities can be trusted (`reliability_bins`,
`expected_calibration_error`, `fit_temperature`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, softmax
from sklearn.metrics import auc, roc_curve

Floats = NDArray[np.float64]

# Grades that a confusion matrix decides. Each takes a matrix of counts, shape `(classes, classes)`,
# a row a true class, a column a predicted class, or a stack of matrices, shape `(..., classes,
# classes)`; so one call grades thousands of resampled matrices.


def accuracy(counts: ArrayLike) -> Floats:
    """Return the fraction of the examples that lies on the diagonal, shape `(...)`.

    >>> float(accuracy(np.array([[3, 1], [2, 4]])))
    0.7
    """
    counts = np.asarray(counts)
    return _fraction(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def precision(counts: ArrayLike) -> Floats:
    """Return, for each class, the fraction of its predictions that is right, shape `(..., classes)`.

    A class that is never predicted gets 0, as with scikit-learn's `zero_division=0`.

    >>> precision(np.array([[3, 1], [2, 4]])).tolist()
    [0.6, 0.8]
    """
    counts = np.asarray(counts)
    return _fraction(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def recall(counts: ArrayLike) -> Floats:
    """Return, for each class, the fraction of its examples that is found, shape `(..., classes)`.

    A class without examples gets 0, as with scikit-learn's `zero_division=0`.

    >>> recall(np.array([[3, 1], [1, 4]])).tolist()
    [0.75, 0.8]
    """
    counts = np.asarray(counts)
    return _fraction(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def f1(counts: ArrayLike) -> Floats:
    """Return, for each class, the harmonic mean of precision and recall, shape `(..., classes)`.

    >>> f1(np.array([[3, 1], [1, 5]])).tolist()
    [0.75, 0.8333333333333334]
    """
    counts = np.asarray(counts)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _fraction(2 * right, counts.sum(axis=-2) + counts.sum(axis=-1))


def macro_f1(counts: ArrayLike) -> Floats:
    """Return the mean of the classes' F1, each class counting the same, shape `(...)`.

    A class that is neither among the examples nor among the predictions does not count.

    >>> float(macro_f1(np.array([[3, 1], [1, 5]]))).__round__(4)
    0.7917
    """
    counts = np.asarray(counts)
    occurs = counts.sum(axis=-2) + counts.sum(axis=-1) > 0
    return _fraction(f1(counts).sum(axis=-1), occurs.sum(axis=-1))


def _fraction(some: ArrayLike, of: ArrayLike) -> Floats:
    """Divide, and let nothing out of nothing be 0."""
    some, of = np.asarray(some, float), np.asarray(of, float)
    parts: Floats = np.divide(some, of, out=np.zeros_like(some), where=of > 0)
    return parts


# How sure a grade is.


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
        ValueError: fewer than no successes or more than there are examples, no examples, or a level
            outside (0, 1).

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association, 1927.

    >>> print(f"{proportion_interval(10, 10):.0%}")
    100% (72% to 100%)
    """
    if not 0 <= successes <= total or total < 1:
        raise ValueError(
            f"successes must lie from 0 to total, and total be at least 1, not {successes} of {total}"
        )
    return _wilson(successes / total, total, level)


def class_report(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    class_names: Sequence[str],
    level: float = 0.95,
) -> Report:
    """Return accuracy, and precision, recall and F1 per class and in the mean, with intervals.

    Accuracy, and the precision and recall of a class, are fractions: they get Wilson's interval. So
    does F1, which grows with the fraction of hits among the examples that are in the class, are
    said to be, or both. A mean over the classes gets the interval of a fraction of as many examples
    as would make it as uncertain. In simulations with at least 20 examples of each class, intervals
    at a level of 95% hold the true grade in 93% to 97% of cases, F1's mean in 93% to 98%.

    The intervals cover other examples of the same kind. They do not cover another training of the
    network, nor examples of another kind.

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
    names = list(class_names)
    if len(set(names)) < len(names):
        raise ValueError(f"class_names must differ, not {names}")
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
        name: Scores(
            precision=interval("precision", i),
            recall=interval("recall", i),
            f1=interval("f1", i),
            support=int(support[i]),
        )
        for i, name in enumerate(names)
    }
    means = {
        grade: _mean_interval(hits[graded[grade]], size[graded[grade]], level)
        for grade, size in sizes.items()
    }
    return Report(
        accuracy=_wilson(hits.sum() / counts.sum(), counts.sum(), level),
        macro=Scores(**means, support=int(support.sum())),
        classes=classes,
    )


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
    confusion matrix only the sum matters: one draw of a gamma distribution per cell. One example
    that was not seen, half correct and half not, is counted too: without it, ten correct answers of
    ten would be "100% to 100%".

    It is for grades such as Matthews' correlation or Cohen's kappa. Accuracy and the grades of
    `class_report` have better intervals there, above all where a class has few examples. For a
    grade that needs the examples themselves use `scipy.stats.bootstrap`.

    The interval covers other examples of the same kind. It does not cover another training of the
    network, nor examples of another kind.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        metric: takes counts, floats, shape `(resamples, classes, classes)`, a row a true class, and
            returns a number for each matrix, shape `(resamples,)`: `accuracy` or `macro_f1`, say.
        classes: how many there are.
        resamples: how often to draw.
        level: the fraction of the resampled grades that lies in the interval.
        seed: of the draws.

    Raises:
        ValueError: labels that do not fit, a metric of another shape, or a level outside (0, 1).

    Source: D. B. Rubin, The Bayesian bootstrap, Annals of Statistics, 1981.

    >>> y_true = np.array([0] * 50 + [1] * 50)
    >>> y_pred = np.array([0] * 45 + [1] * 55)
    >>> print(f"{bootstrap_interval(y_true, y_pred, metric=accuracy, classes=2):.2f}")
    0.95 (0.89 to 0.98)
    """
    _check_level(level)
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
    low, high = np.quantile(np.concatenate(grades), [(1 - level) / 2, (1 + level) / 2])
    return _around(float(value[0]), float(low), float(high))


# Matrices of so many cells together are drawn and graded at a time.
_CELLS_AT_ONCE = 1 << 22
# A class's grade is drawn towards that of all classes as by so many examples, where a mean's
# uncertainty is concerned: two correct answers of two do not tell that all will be correct.
_EXAMPLES_FROM_ALL = 8


def _redrawn(counts: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Draw what the cells may weigh, and an unseen example; shape `(resamples, classes, classes)`."""
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
        drawn[row, cell] += rng.standard_gamma(0.5, resamples)
    return drawn.reshape(resamples, classes, classes)


def _counts(y_true: ArrayLike, y_pred: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return the confusion matrix of labels that have been checked."""
    truth, predicted = np.asarray(y_true), np.asarray(y_pred)
    if truth.shape != predicted.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(
            "y_true and y_pred must be labels of two equal shapes (n,), not "
            f"{truth.shape} and {predicted.shape}"
        )
    for name, labels in (("y_true", truth), ("y_pred", predicted)):
        _check_labels(name, labels, classes)
    pairs = truth.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def _check_labels(name: str, labels: np.ndarray, classes: int) -> None:
    if labels.dtype.kind not in "iub":
        raise ValueError(f"{name} must be labels, integers from 0, not {labels.dtype}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"{name} must be labels from 0 to {classes - 1}, for {classes} classes, not from "
            f"{labels.min()} to {labels.max()}"
        )


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")


def _wilson(fraction: float, examples: float, level: float) -> Interval:
    """Return the fraction of so many examples with its Wilson interval; of none, all is possible."""
    _check_level(level)
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


# How well scores put the examples in order.


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

    edges: Floats
    confidence: Floats
    accuracy: Floats
    count: NDArray[np.int64]


def reliability_bins(
    probabilities: ArrayLike, y_true: ArrayLike, *, bins: int = 15
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
    probabilities: ArrayLike, y_true: ArrayLike, *, bins: int = 15
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


def fit_temperature(logits: ArrayLike, y_true: ArrayLike) -> float:
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
    """Refuse labels that do not fit the rows: one number per class, one label per row."""
    if rows.ndim != 2 or labels.shape != (len(rows),) or not rows.size:
        raise ValueError(f"need shapes (n, classes) and (n,), not {rows.shape} and {labels.shape}")
    _check_labels("y_true", labels, rows.shape[1])
