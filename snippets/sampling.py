# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Indices drawn by label: a stratified sample, and pairs of one class and of two.

Needs: Python 3.11, numpy 2.0, or newer. Copy this one file into your project and `import sampling`.

scikit-learn's `train_test_split(train_size=..., stratify=labels)` draws a stratified sample, too. The one
of `draw_sample` depends on no random generator, so it is the same with every version of every library,
and a larger sample holds the smaller one.
"""

from __future__ import annotations

import hashlib
import math
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def draw_sample(
    labels: np.ndarray, per_class: int, *, name: str = "sample", seed: int = 0
) -> NDArray[np.int64]:
    """Return the indices of a stratified sample: a subset with equally many examples of each class.

    Each example gets a rank: the SHA-256 of the text `"seed name index"`. The examples of lowest rank in
    each class are drawn: the same ones on every machine and version, and those of a smaller sample again
    in a larger one.

    Args:
        labels: integer labels of all examples, shape `(n,)`.
        per_class: how many examples of each class to draw, at least 1.
        name: part of the ranked text, `"train"` or `"test"`, say: another name draws others.
        seed: part of the ranked text: another seed draws others.

    Returns:
        Indices into the labels, int64, ascending, shape `(classes * per_class,)`.

    Raises:
        ValueError: `per_class` is no integer from 1 or more than a class has examples, or the labels or
            the seed are no integers from 0.

    >>> labels = np.array([0, 1, 0, 1, 0, 1])
    >>> drawn = draw_sample(labels, per_class=2)
    >>> labels[drawn].tolist().count(0), labels[drawn].tolist().count(1)
    (2, 2)
    """
    _check_whole("per_class", per_class, 1)
    _check_whole("seed", seed, 0)
    return _lowest_ranked(_labels("labels", labels), per_class, f"{seed} {name}")


def draw_pairs(
    labels: np.ndarray, count: int, *, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of pairs of images (for a Siamese network), every other pair of one class.

    Args:
        labels: integer labels, shape `(n,)`, of at least two classes.
        count: how many pairs to draw.
        seed: of NumPy's default generator. Another seed draws others.

    Returns:
        Two int64 arrays, shape `(count,)`: the left image of each pair, drawn evenly from all, and
        the right one, drawn evenly from the left one's class (pairs 0, 2, 4 …, where the left
        image may come up as its own partner) or from all images of other classes (1, 3, 5 …).

    Raises:
        ValueError: the labels are no integers from 0 or of fewer than two classes, or the count or the
            seed is no integer from 0.

    >>> labels = np.array([0, 0, 1, 1, 2, 2])
    >>> left, right = draw_pairs(labels, count=4)
    >>> (labels[left] == labels[right]).tolist()
    [True, False, True, False]
    """
    _check_whole("count", count, 0)
    _check_whole("seed", seed, 0)
    labels = _labels("labels", labels)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"labels must be of at least 2 classes, not {len(classes)}")
    random = np.random.default_rng(seed)
    alike = {label: np.flatnonzero(labels == label) for label in classes}
    unlike = {label: np.flatnonzero(labels != label) for label in classes}
    left = random.integers(len(labels), size=count)
    right = [
        random.choice((unlike if number % 2 else alike)[labels[index]])
        for number, index in enumerate(left)
    ]
    return left, np.array(right, dtype=np.int64)


def _lowest_ranked(labels: np.ndarray, per_class: int, text: str) -> NDArray[np.int64]:
    """Return the indices of the examples, so many per class, whose "text index" has the lowest SHA-256."""
    drawn: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        if not 1 <= per_class <= len(members):
            wanted = f"from 1 to {len(members)}, as many as class {label} has"
            raise ValueError(f"per_class must be {wanted}, not {per_class}")
        members.sort(key=lambda index: hashlib.sha256(f"{text} {index}".encode()).digest())
        drawn += members[:per_class]
    return np.array(sorted(drawn), dtype=np.int64)


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
