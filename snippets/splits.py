# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Class weights for class imbalance, and a stratified train/validation/test split without data leakage.

Needs: Python 3.11, numpy 2.0, scikit-learn 1.6, or newer. Copy this one file into your project and
`import splits`.

scikit-learn has the parts: `compute_class_weight`, `train_test_split` and `StratifiedGroupKFold`. This
file adds what it leaves to you: weights in the form that Keras's `fit(class_weight=...)` takes
(`class_weights`), and three sides at once, each holding every class, that never share a patient, a
photographer or a video (`three_way_split`).
"""

from __future__ import annotations

import math
import operator
import warnings
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels: np.ndarray, *, classes: int | None = None) -> dict[int, float]:
    """Return balanced class weights against class imbalance, as `fit(class_weight=...)` takes them.

    A class's weight is `n / (classes * examples of the class)`: imbalanced classes then weigh the same
    together, and the mean weight of an example is 1. scikit-learn's `compute_class_weight("balanced", ...)`
    has the formula; this adds the dictionary that Keras wants, and an error where a class has no
    examples. (Keras gives a class that the dictionary lacks the weight 1, and ignores keys that are
    not integers.) Compute it from the training labels alone.

    Args:
        labels: integers from 0, shape `(n,)`; at least two classes.
        classes: how many there are; one more than the largest label if left out.

    Returns:
        A dictionary from each class, in order, to its weight.

    Raises:
        ValueError: labels that are not integers from 0, of another shape or all of one class, a label
            outside the classes, or a class without examples, which the message names.

    Source: G. King and L. Zeng, Logistic Regression in Rare Events Data, Political Analysis, 2001.

    >>> class_weights(np.array([0, 0, 0, 1]))
    {0: 0.6666666666666666, 1: 2.0}
    """
    labels = _labels("labels", labels)
    if classes is not None:
        _check_whole("classes", classes, 2)
    _check_every_class(labels, classes, 1)
    present = np.unique(labels)
    weights = compute_class_weight("balanced", classes=present, y=labels)
    return {int(each): float(weight) for each, weight in zip(present, weights, strict=True)}


class SplitIndices(NamedTuple):
    """Which examples are on which side: indices, shuffled, each example on exactly one side.

    Attributes:
        training, validation, test: int64, shape `(examples of the side,)`.
    """

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def three_way_split(
    labels: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    seed: int = 0,
) -> SplitIndices:
    """Return a stratified train/validation/test split, without data leakage between groups.

    Each side holds every class. Without groups, a class has on each side the number of examples that
    its fraction asks for, up or down to a whole one, but at least one. scikit-learn's
    `train_test_split(stratify=...)` splits in two, and leaves a class of few examples out of the
    smaller side without a word.

    With groups, all examples of a group are on one side: else a network is tested on patients,
    photographers or videos that it has learnt by heart. scikit-learn's `StratifiedGroupKFold` deals the
    groups into folds, and a side is made of whole folds: of some ways to share them out, the one that
    comes nearest to the fractions in each class. Groups are whole, so a side may be larger or smaller
    than asked: with six groups of equal size, no side is below a sixth. Look at `len(split.test)`.

    Args:
        labels: integers from 0, shape `(n,)`; at least two classes with at least three examples each,
            and with groups, in at least three groups.
        groups: whom or what each example is from: integers or strings, shape `(n,)`.
        validation_fraction: of all examples, above 0; below 1 together with `test_fraction`.
        test_fraction: of all examples, above 0.
        seed: the same one gives the same split.

    Returns:
        The indices of each side. Use them as `images[split.training]`.

    Raises:
        ValueError: labels or groups that do not fit, a fraction or seed out of its range, or a class
            that cannot be on every side, which the message names.

    Source: scikit-learn's user guide, 'Cross-validation: evaluating estimator performance'.

    >>> labels = np.array([0, 1] * 10)
    >>> split = three_way_split(labels, groups=np.arange(20) // 2)
    >>> [len(side) for side in split], sorted(labels[split.test].tolist())
    ([16, 2, 2], [0, 1])
    """
    labels = _labels("labels", labels)
    for name, value in (
        ("validation_fraction", validation_fraction),
        ("test_fraction", test_fraction),
    ):
        _check_number(name, value, "(0, 1)")
    if validation_fraction + test_fraction >= 1:
        raise ValueError(
            "validation_fraction and test_fraction must leave examples to train on: their sum is "
            f"{validation_fraction + test_fraction:g}, expected below 1"
        )
    _check_whole("seed", seed, 0, 2**32 - 1)
    _check_every_class(labels, None, 3)
    fractions = np.array([validation_fraction, test_fraction], float)
    generator = np.random.default_rng(seed)
    if groups is None:
        side = _sides(labels, fractions, generator)
    else:
        side = _sides_of_groups(labels, _group_numbers(groups, len(labels)), fractions, generator)
    return SplitIndices(
        *(generator.permutation(np.flatnonzero(side == which)) for which in range(3))
    )


# Sides are numbered as in a split: training 0, validation 1, test 2.


def _sides(labels: np.ndarray, fractions: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the side of each example, drawn class by class, shape `(n,)`."""
    counts = np.bincount(labels)
    test = _allotted(counts, fractions[1], counts - 2, generator)
    validation = _allotted(counts, fractions[0], counts - test - 1, generator)
    order = generator.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    side = np.empty(len(labels), int)
    side[by_class] = np.where(
        rank < np.repeat(test, counts), 2, rank < np.repeat(test + validation, counts)
    )
    return side


def _allotted(
    counts: np.ndarray, fraction: float, most: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return how many of each class go to a side: the largest remainders are rounded up."""
    exact = counts * fraction
    allotted = np.clip(np.floor(exact), 1, most).astype(int)
    missing = round(exact.sum()) - allotted.sum()
    waiting = np.flatnonzero((allotted < exact) & (allotted < most))
    waiting = generator.permutation(waiting)  # among equal remainders, no class goes first
    waiting = waiting[np.argsort((allotted - exact)[waiting], kind="stable")]
    allotted[waiting[: max(missing, 0)]] += 1
    return allotted


# More folds follow the fractions better, and hold fewer groups each.
_MOST_FOLDS = 20
# Ways to share out the folds that are tried.
_DEALS = 300


def _sides_of_groups(
    labels: np.ndarray, groups: np.ndarray, fractions: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return the side of each example, the same one for all of a group, shape `(n,)`."""
    counts = np.bincount(labels)
    spread = np.bincount(np.unique(groups * len(counts) + labels) % len(counts))
    if spread.min() < 3:
        raise ValueError(
            f"class {spread.argmin()} lies in {spread.min()} of the groups: to be on each of three "
            "sides it must lie in at least 3"
        )
    most = min(_MOST_FOLDS, int(groups.max()) + 1, int(counts.max()))
    for folds in sorted(range(3, most + 1), key=lambda folds: _fraction_error(fractions, folds)):
        fold = _group_folds(labels, groups, folds, int(generator.integers(2**31)))
        held = np.bincount(fold * len(counts) + labels, minlength=folds * len(counts))
        deals = generator.permuted(np.tile(np.arange(folds), (_DEALS, 1)), axis=1)
        side_of_fold = _best_deal(held.reshape(folds, -1), fractions, deals)
        if side_of_fold is not None:
            return np.asarray(side_of_fold[fold])
    rarest = int(spread.argmin())
    raise ValueError(
        f"found no split that keeps groups whole and holds every class on every side: class {rarest} "
        f"lies in only {spread[rarest]} of {groups.max() + 1} groups"
    )


def _fraction_error(fractions: np.ndarray, folds: int) -> float:
    """Return how far from the fractions sides of whole folds are, if all folds are equal."""
    return float(np.abs(_folds_of_sides(fractions, folds) / folds - fractions).max().round(9))


def _folds_of_sides(fractions: np.ndarray, folds: int) -> np.ndarray:
    """Return how many folds are for validation and for the test; one at least is left to train on."""
    shares = np.maximum(np.rint(fractions * folds), 1).astype(int)
    while shares.sum() >= folds:
        shares[shares.argmax()] -= 1
    return np.asarray(shares)


def _group_folds(labels: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold of each example, shape `(n,)`."""
    fold = np.empty(len(labels), int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of a class with fewer examples than folds: it may miss some
        warnings.simplefilter("ignore", UserWarning)
        for number, (_, members) in enumerate(splitter.split(labels, labels, groups)):
            fold[members] = number
    return fold


def _best_deal(held: np.ndarray, fractions: np.ndarray, deals: np.ndarray) -> np.ndarray | None:
    """Return the side of each fold, or None if no deal gives every class to every side.

    Args:
        held: examples of each class in each fold, shape `(folds, classes)`.
        deals: orders of the folds, shape `(deals, folds)`: those for validation are first, those for
            the test next.
    """
    validation, test = _folds_of_sides(fractions, len(held))
    last = validation + test
    counts = np.stack(
        [
            held[deals[:, each]].sum(axis=1)
            for each in (slice(last, None), slice(validation), slice(validation, last))
        ]
    )
    miss = np.abs(counts[1:] / held.sum(axis=0) - fractions[:, None, None]).sum(axis=(0, 2))
    miss[(counts == 0).any(axis=(0, 2))] = math.inf
    best = deals[miss.argmin()]
    if miss.min() == math.inf:
        return None
    side = np.zeros(len(held), int)
    side[best[:validation]], side[best[validation:last]] = 1, 2
    return side


# What comes in.


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


def _group_numbers(groups: Any, examples: int) -> np.ndarray:
    """Return groups as integers from 0, shape `(n,)`."""
    array = _array("groups", groups)
    if array.dtype == object and all(isinstance(each, str) for each in array.flat):
        array = array.astype(str)
    if array.dtype.kind not in "iubUS":
        raise ValueError(f"groups must be integers or strings, not {array.dtype}")
    if array.shape != (examples,):
        raise ValueError(
            f"groups must have the shape of the labels, ({examples},), not {array.shape}"
        )
    return np.unique(array, return_inverse=True)[1]


def _array(name: str, values: Any) -> np.ndarray:
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be one array, one row per example: {error}") from error


def _check_every_class(labels: np.ndarray, classes: int | None, least: int) -> None:
    """Refuse labels of a single class, or with a class of too few examples."""
    present, counts = np.unique(labels, return_counts=True)
    if classes is not None and present[-1] >= classes:
        raise ValueError(f"labels must be below classes, {classes}, not {present[-1]}")
    expected = int(present[-1]) + 1 if classes is None else classes
    if len(present) < expected:
        absent = np.append(np.flatnonzero(present != np.arange(len(present))), len(present))[0]
        hint = ": count them from 0" if present[0] == 1 else ""
        raise ValueError(f"labels hold no example of class {absent}, of {expected} classes{hint}")
    if len(present) < 2:
        raise ValueError("labels must be of at least 2 classes, not of class 0 alone")
    if counts.min() < least:
        raise ValueError(
            f"labels hold {counts.min()} of class {counts.argmin()}: it needs at least {least}"
        )


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
