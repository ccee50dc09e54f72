# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Grades of a classifier, each with its confidence interval: accuracy, precision, recall, F1 score.

Needs: Python 3.11, numpy 2.0, scipy 1.15, or newer. Copy this one file, `import metrics`.

scikit-learn has the grades: `f1_score`, `classification_report` and their like. This adds how sure each is.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]

# Each takes counts, shape `(..., classes, classes)`, a row per true class, a column per predicted one.


def accuracy_from_counts(counts: ArrayLike) -> Floats:
    """Return the fraction of the examples that lies on the diagonal, of none NaN, shape `(...)`.

    >>> float(accuracy_from_counts(np.array([[3, 1], [2, 4]])))
    0.7
    """
    counts = _confusions(counts)
    return _fraction(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)), np.nan)


def precision_from_counts(counts: ArrayLike) -> Floats:
    """Return the fraction of each class's predictions that is right, of none 0, shape `(..., classes)`.

    >>> precision_from_counts(np.array([[3, 1], [2, 4]])).tolist()
    [0.6, 0.8]
    """
    counts = _confusions(counts)
    return _fraction(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def recall_from_counts(counts: ArrayLike) -> Floats:
    """Return the fraction of each class's examples that is found, of none 0, shape `(..., classes)`.

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
    return _fraction(2 * np.diagonal(counts, 0, -2, -1), counts.sum(axis=-2) + counts.sum(axis=-1))


def macro_f1_from_counts(counts: ArrayLike) -> Floats:
    """Return the mean F1 of the classes that have an example or a prediction, of none NaN, shape `(...)`.

    >>> float(macro_f1_from_counts(np.array([[3, 1], [1, 5]]))).__round__(4)
    0.7917
    """
    counts = _confusions(counts)
    occurs = counts.sum(axis=-2) + counts.sum(axis=-1) > 0
    return _fraction(f1_from_counts(counts).sum(axis=-1), occurs.sum(axis=-1), np.nan)


def _fraction(some: ArrayLike, of: ArrayLike, of_none: float = 0) -> Floats:
    """Divide, and let nothing out of nothing be this number."""
    some, of = np.asarray(some, float), np.asarray(of, float)
    return np.asarray(np.divide(some, of, out=np.full_like(some, of_none), where=of > 0))


class Interval(NamedTuple):
    """A grade, and the values that it may well have on other examples of the same kind.

    Attributes:
        value: the grade; NaN where there is nothing to grade.
        low, high: the ends of its confidence interval, which holds the value; 0 and 1 if nothing is known.

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


@dataclass(frozen=True, repr=False)
class Report:
    """The grades of a classifier in all, on average and by class; a table of 20 classes when shown."""

    accuracy: Interval
    macro: Scores
    classes: dict[str, Scores]

    def __repr__(self) -> str:
        rows = [*self.classes.items(), ("mean of classes", self.macro)]
        wide = max(len(name) for name, _ in rows)
        lines = [f"{'class':{wide}}{'precision':>25}{'recall':>25}{'F1':>25}{'examples':>10}"]
        for name, of in rows:
            grades = (of.precision, of.recall, of.f1)
            cells = ("none" if math.isnan(each.value) else f"{each:.1%}" for each in grades)
            lines.append(f"{name:{wide}}{''.join(map('{:>25}'.format, cells))}{of.support:10}")
        if len(lines) > 23:
            lines[11:-11] = [f"... {len(lines) - 22} more"]
        return "\n".join([*lines, f"accuracy {self.accuracy:.1%}"])


def proportion_interval(successes: int, total: int, *, level: float = 0.95) -> Interval:
    """Return a fraction and its Wilson interval, which is right for few examples, too, and near 0 or 1.

    Args:
        successes: how many examples have the property: are answered correctly, say.
        total: how many examples there are, at least 1.
        level: how often the interval is to hold the true fraction, over many sets of examples.

    Raises:
        ValueError: a number out of its range.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.

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
    does F1, which grows with the fraction of hits among the examples that are in the class, are said
    to be, or both. A mean over the classes gets that of a fraction as uncertain. In simulations with
    at least 20 examples of each class, intervals at 95% hold the true grade in 93% to 97% of cases,
    F1's mean in 93% to 98%. They cover other examples of the same kind, no other training or kind.

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
    >>> report
    class                          precision                   recall                       F1  examples
    cat             100.0% (20.7% to 100.0%)    50.0% (9.5% to 90.5%)   66.7% (17.3% to 95.0%)         2
    dog               66.7% (20.8% to 93.9%) 100.0% (34.2% to 100.0%)   80.0% (34.4% to 96.8%)         2
    mean of classes   83.3% (31.2% to 98.2%)   75.0% (30.2% to 95.4%)   73.3% (27.9% to 95.1%)         4
    accuracy 75.0% (30.1% to 95.4%)
    >>> report.classes["cat"].recall.value
    0.5
    """
    names = [str(name) for name in class_names]
    if isinstance(class_names, (str, Mapping, Set)) or not 0 < len(set(names)) == len(names):
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
        of = either[i] if grade == "f1" else sizes[grade][i]
        found = _wilson(float(_fraction(hits[i], of)), of, level)
        return Interval(*(2 * end / (1 + end) for end in found)) if grade == "f1" else found

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

    Rather than examples, it draws how much each counts, and of those in one cell of the confusion
    matrix only the sum matters: one draw of a gamma distribution per cell. Two examples that were not
    seen, a correct and a wrong one, are counted too: else, ten correct of ten would be "100% to 100%".
    The interval is wider by as much as Student's t is wider than the normal distribution.

    It is for grades such as Matthews' correlation or Cohen's kappa: those of `class_report` have better
    intervals there. For a grade that needs the examples themselves use `scipy.stats.bootstrap`. It
    covers other examples of the same kind, no other training of the network and no other kind.

    Args:
        y_true: true classes, integers from 0, shape `(n,)`.
        y_pred: predicted classes, integers from 0, shape `(n,)`.
        metric: from counts, floats, shape `(resamples, classes, classes)`, a row per true class, to a
            number for each matrix, shape `(resamples,)`: `accuracy_from_counts`, say.
        classes: how many there are.
        resamples, seed: how often to draw, and the seed of the draws.
        level: how often the interval is to hold the true grade, over many sets of examples.

    Raises:
        ValueError: labels that do not fit, a metric of another shape, or a level outside (0, 1).

    Source: D. B. Rubin, The Bayesian bootstrap, 1981; the width: T. C. Hesterberg, arXiv:1411.5279.

    >>> y_true, y_pred = np.repeat([0, 1], 50), np.repeat([0, 1], [45, 55])
    >>> print(f"{bootstrap_interval(y_true, y_pred, metric=accuracy_from_counts, classes=2):.2f}")
    0.95 (0.88 to 0.98)
    """
    _check_number("level", level, "(0, 1)")
    _check_whole("classes", classes, 1)
    _check_whole("resamples", resamples, 1)
    _check_whole("seed", seed, 0)
    counts = _counts(y_true, y_pred, classes)
    graded = np.asarray(metric(counts[None].astype(float)))
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // counts.size)
    sizes = [min(at_once, resamples - done) for done in range(0, resamples, at_once)]
    grades = [np.asarray(metric(_redrawn(counts, size, rng))) for size in sizes]
    for size, each in zip((1, *sizes), (graded, *grades), strict=True):
        if each.shape != (size,):
            raise ValueError(f"metric must return one number per matrix, not shape {each.shape}")
    n = max(int(counts.sum()), 2)
    tail = float(ndtr(-stdtrit(n - 1, (1 + float(level)) / 2) * np.sqrt(n / (n - 1))))
    low, high = np.quantile(np.concatenate(grades), [tail, 1 - tail])
    return Interval(value := float(graded[0]), min(float(low), value), max(float(high), value))


_CELLS_AT_ONCE = 1 << 22  # of all the matrices that are drawn and graded at a time
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
    z = float(ndtri((1 + float(level)) / 2))
    middle = fraction + z**2 / (2 * examples)
    reach = z * math.sqrt(fraction * (1 - fraction) / examples + (z / (2 * examples)) ** 2)
    low, high = ((middle + side * reach) / (1 + z**2 / examples) for side in (-1, 1))
    # The last digits may put the fraction outside.
    return Interval(fraction, min(max(0.0, low), fraction), max(min(1.0, high), fraction))


def _mean_interval(hits: np.ndarray, sizes: np.ndarray, level: float) -> Interval:
    """Return the mean of classes' fractions, with the interval of a fraction as uncertain as it is."""
    value, sizes = float(_fraction(hits, sizes).mean()), np.maximum(sizes, 0.5)
    of_all = (hits.sum() + 2) / (sizes.sum() + 4)
    likely = (hits + _EXAMPLES_FROM_ALL * of_all) / (sizes + _EXAMPLES_FROM_ALL)
    variance = (likely * (1 - likely) / sizes).sum() / len(hits) ** 2
    return _wilson(value, likely.mean() * (1 - likely.mean()) / variance, level)


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


def _confusions(counts: Any) -> Floats:
    """Return confusion matrices, shape `(..., classes, classes)`, none of them negative."""
    if any(map(np.ma.is_masked, counts if isinstance(counts, list | tuple) else [counts])):
        raise ValueError("counts must have no masked values: fill them, with 0 say")
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
