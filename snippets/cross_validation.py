# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""K-fold cross-validation of a Keras classifier: out-of-fold predictions, and a score per fold.

Needs: Python 3.11, keras 3.15, numpy 2.0, scikit-learn 1.6, tensorflow 2.21, or newer. Copy this
one file into your project and `import cross_validation`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What the networks of all folds say, each of examples that it has not been trained on.

    Attributes:
        predictions: what the network of each example's fold returns for it, shape `(n, ...)`.
        fold: in which fold each example was held out, from 0, shape `(n,)`.
        scores: from each name that `evaluate` knows (`"loss"` and the compiled metrics) to the values
            on the held-out examples, shape `(folds,)`.
    """

    predictions: np.ndarray
    fold: np.ndarray
    scores: dict[str, np.ndarray]

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each score over the folds."""
        return {name: float(values.mean()) for name, values in self.scores.items()}

    @property
    def standard_deviation(self) -> dict[str, float]:
        """The standard deviation of each score over the folds (with `folds - 1` in the denominator).

        Networks of different folds share most of their training examples, so it is no standard error
        of the mean: that has no unbiased estimate.
        """
        return {name: float(values.std(ddof=1)) for name, values in self.scores.items()}


def cross_validate(
    build: Callable[[], keras.Model],
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    folds: int = 5,
    groups: np.ndarray | None = None,
    seed: int = 0,
    epochs: int,
    batch_size: int = 32,
    fit_arguments: Callable[[np.ndarray], Mapping[str, Any]] | None = None,
) -> CrossValidation:
    """Return stratified k-fold cross-validation of a Keras network, a fresh network for every fold.

    Whatever is learnt from examples is learnt again in each fold, or there is data leakage: a mean and
    deviation for scaling, a vocabulary, a choice of features, a network that has seen all examples.
    So do not prepare `inputs` with what was fitted to all of them: put the preparation into the
    network and fit it to the training part, or use what needs no fitting, such as a division by 255.
    Copies of an example, or several of one patient or video, leak as well: name what they belong to
    in `groups`.

    scikit-learn's `cross_val_predict` wants an estimator of its own kind (Keras's `SKLearnClassifier` makes
    one of a network). This takes a function that
    builds a Keras network, and refuses one whose networks would go on from fold to fold.

    Args:
        build: returns a new compiled network, whose `fit` takes integer labels.
        inputs: finite numbers, shape `(n, ...)`.
        labels: integers from 0, shape `(n,)`; at least as many of each class as there are folds.
        folds: how many, at least 2.
        groups: whom or what each example is from, integers or strings, shape `(n,)`: no group is both
            trained on and held out. Folds are then as equal as whole groups allow.
        seed: of the folds; the network of fold i is built and trained after
            `keras.utils.set_random_seed(seed + i)`, which sets the seeds of this process.
        epochs: how many times each training example is seen. Choose it before: who takes the best
            epoch on the held-out examples has trained on them.
        batch_size: examples per step.
        fit_arguments: returns further keyword arguments of `fit` for one fold: `callbacks`, made anew in
            each call, `class_weight`, `sample_weight` and so on. It is called with the indices of the
            fold's training examples, integers, shape `(examples of the other folds,)`.

    Returns:
        The predictions for every example, which may be graded as those for one validation set, and the
        scores of each fold.

    Raises:
        ValueError: inputs, labels or groups that do not fit, a number out of its range, too few
            examples or groups of a class; `build` returns no network, one that is not compiled, has
            been trained, shares weights with the one before, or has fewer outputs than there are
            classes; `fit_arguments` returns no mapping, an argument that is given here, or a callback
            of an earlier fold; or a network predicts NaN.

    Source: R. Kohavi, A study of cross-validation and bootstrap for accuracy estimation and model
    selection, 1995; Y. Bengio and Y. Grandvalet, No unbiased estimator of the variance of k-fold
    cross-validation, 2004.

    >>> def build():
    ...     network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    ...     network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    ...     return network
    >>> inputs, labels = np.eye(2)[[0, 1] * 6], np.array([0, 1] * 6)
    >>> found = cross_validate(build, inputs, labels, folds=2, epochs=1)
    >>> found.predictions.shape, sorted(found.mean), found.scores["accuracy"].shape
    ((12, 2), ['accuracy', 'loss'], (2,))
    """
    if isinstance(build, keras.layers.Layer) or not callable(build):
        raise ValueError(f"build must be a function that returns a compiled network, not {build!r}")
    if fit_arguments is not None and not callable(fit_arguments):
        raise ValueError(
            "fit_arguments must be a function that makes the arguments for each fold, not "
            f"{fit_arguments!r:.80}"
        )
    for name, value, least in (
        ("folds", folds, 2),
        ("epochs", epochs, 1),
        ("batch_size", batch_size, 1),
    ):
        _check_whole(name, value, least)
    _check_whole("seed", seed, 0, 2**32 - folds)
    labels = _labels_without_gap(labels)
    inputs = _input_array(inputs, len(labels))
    fold = _fold_of_each(labels, groups, folds, seed)
    answers, scores = [], []
    previous = None
    used: list[Any] = []
    for number in range(folds):
        keras.utils.set_random_seed(seed + number)
        network = build()
        _check_network(network, previous, inputs[:1], int(labels.max()) + 1)
        held_out = fold == number
        further = {} if fit_arguments is None else fit_arguments(np.flatnonzero(~held_out))
        used += _new_callbacks(further, used)
        network.fit(
            inputs[~held_out],
            labels[~held_out],
            epochs=epochs,
            batch_size=batch_size,
            **{"verbose": 0, **further},
        )
        answered = network.predict(inputs[held_out], batch_size=batch_size, verbose=0)
        if not np.isfinite(answered).all():
            raise ValueError(
                f"the network of fold {number} predicts NaN or infinity after training: check that "
                "the loss fits the outputs, or lower the learning rate"
            )
        answers.append(answered)
        scores.append(
            network.evaluate(
                inputs[held_out],
                labels[held_out],
                batch_size=batch_size,
                verbose=0,
                return_dict=True,
            )
        )
        previous = network
    by_name = {name: np.array([float(each[name]) for each in scores]) for name in scores[0]}
    in_order_of_folds = np.concatenate(answers)
    predictions = np.empty_like(in_order_of_folds)
    predictions[np.argsort(fold, kind="stable")] = in_order_of_folds
    return CrossValidation(predictions, fold, by_name)


def _fold_of_each(labels: np.ndarray, groups: Any, folds: int, seed: int) -> np.ndarray:
    """Return the fold that holds out each example, shape `(n,)`."""
    counts = np.bincount(labels)
    if counts.min() < folds:
        raise ValueError(
            f"labels hold {counts.min()} of class {counts.argmin()}: {folds} folds need at least "
            f"{folds}"
        )
    if groups is None:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        groups = _group_numbers(groups, len(labels))
        if groups.max() + 1 < folds:
            raise ValueError(f"groups are {groups.max() + 1}: {folds} folds need at least {folds}")
    fold = np.empty(len(labels), int)
    for number, (_, held_out) in enumerate(splitter.split(labels, labels, groups)):
        fold[held_out] = number
    held = np.bincount(fold * len(counts) + labels, minlength=folds * len(counts))
    held = held.reshape(folds, -1)
    if (held == counts).any():
        number, lost = np.argwhere(held == counts)[0]
        raise ValueError(
            f"groups put all of class {lost} into fold {number}, so nothing is left to train on: "
            "it lies in too few groups"
        )
    if not held.any(axis=1).all():
        raise ValueError(f"groups are too large: with {folds} folds one stays empty")
    return fold


def _new_callbacks(further: Any, used: list[Any]) -> list[Any]:
    """Return the callbacks of one fold, none of which an earlier fold has used."""
    given = {"x", "y", "epochs", "batch_size"}
    if not isinstance(further, Mapping) or given & set(further):
        raise ValueError(
            "fit_arguments must return a mapping to further arguments of fit, without "
            f"{', '.join(sorted(given))}, not {further!r:.80}"
        )
    callbacks: list[Any] = keras.tree.flatten(further.get("callbacks"))
    again = [each for each in callbacks if each is not None and any(each is old for old in used)]
    if again:
        raise ValueError(
            f"fit_arguments must make new callbacks in each call, but returned the same "
            f"{type(again[0]).__name__} twice: it remembers the fold before"
        )
    return callbacks


def _check_network(network: Any, previous: Any, example: np.ndarray, classes: int) -> None:
    """Refuse what does not begin from nothing, or cannot tell the classes apart."""
    if not isinstance(network, keras.Model):
        raise ValueError(f"build must return a keras.Model, not {type(network).__name__}")
    if not network.compiled:
        raise ValueError("build must return a compiled network: call compile in it")
    if network is previous:
        raise ValueError(
            "build returned the same network twice: make a new one in it, or each fold goes on with "
            "weights that have seen its examples"
        )
    steps = int(network.optimizer.iterations)
    if steps:
        raise ValueError(
            f"build must return a network that is not trained; this one's optimizer has made {steps} "
            "steps: make the network and the optimizer in build"
        )
    outputs = network(example)  # creates the weights of a network without an input layer
    before = {id(variable) for variable in (previous.trainable_variables if previous else ())}
    shared = [each.path for each in network.trainable_variables if id(each) in before]
    if shared:
        raise ValueError(
            f"build must make new layers: its networks share the weights {', '.join(shared[:3])}"
        )
    shape = getattr(outputs, "shape", None)
    if shape is None or len(shape) < 2 or shape[-1] < (classes if classes > 2 else 1):
        raise ValueError(
            f"build must return a network with an output for each of {classes} classes, not of shape "
            f"{shape and tuple(shape)}"
        )


# What comes in.


def _input_array(inputs: Any, examples: int) -> np.ndarray:
    array = _array("inputs", inputs)
    if array.ndim < 1 or len(array) != examples or not array.size:
        raise ValueError(
            f"inputs must be one row for each of {examples} labels, not of shape {array.shape}"
        )
    if array.dtype.kind not in "iufb":
        raise ValueError(f"inputs must be numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise ValueError(f"inputs must be finite; row {row} holds NaN or infinity")
    return array


def _labels_without_gap(labels: Any) -> np.ndarray:
    """Return labels of at least two classes, none of them left out, as int64, shape `(n,)`."""
    array = _labels("labels", labels)
    present = np.unique(array)
    if len(present) < 2:
        raise ValueError(f"labels must be of at least 2 classes, not of class {present[0]} alone")
    absent = np.flatnonzero(present != np.arange(len(present)))
    if len(absent):
        raise ValueError(
            f"labels must be integers from 0 without a gap: no example of class {absent[0]}, but of "
            f"class {present[-1]}"
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


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
