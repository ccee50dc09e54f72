# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures with one mark per class: probabilities, scores, the order of labels.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_classes`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Matplotlib's `barh` and `bar_label` draw one row of bars; their order, marks and words are added here.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence, Set
from numbers import Real
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once; `$` is no formula."""
    figure.alt = alt  # type: ignore[attr-defined]  # ours: notebooks and pages read it
    for text in figure.findobj(Text):
        if "$" in text.get_text():
            text.set_parse_math(False)
    plt.close(figure)
    return figure


def probability_bars(
    probabilities: ArrayLike,
    *,
    class_names: Sequence[str],
    true_class: int | None = None,
) -> Figure:
    """Draw the probabilities that a classifier gives to one example, a bar per class.

    Args:
        probabilities: shape `(classes,)`, from 0 to 1.
        class_names: one name per class.
        true_class: the class that the example belongs to; its name is marked with a star.

    Raises:
        ValueError: the names are not as many as the probabilities, or one of these is not from 0
            to 1 (as logits are not: softmax makes probabilities of them).

    >>> names = ["shirt", "T-shirt", "pullover", "coat", "dress", "bag"]
    >>> figure = probability_bars([0.46, 0.31, 0.12, 0.07, 0.03, 0.01], class_names=names, true_class=1)
    >>> figure.alt
    'Bars of 6 class probabilities: shirt 46.0%, T-shirt 31.0%, pullover 12.0%, the others at most \
7.0%. The true class is T-shirt.'
    """
    values = _finite("probabilities", probabilities, low=0, high=1)
    _check_names(class_names, len(values))
    if true_class is not None:
        _check_whole("true_class", true_class, 0, len(values) - 1)
    best = int(np.argmax(values))
    names = [f"{name} ★" if true_class == i else str(name) for i, name in enumerate(class_names)]
    figure, ax = plt.subplots(figsize=(6.0, 0.6 + 0.26 * len(values)), layout="constrained")
    bars = ax.barh(range(len(values)), values, color="C0")
    ax.bar_label(bars, [_percent(value) for value in values], padding=3)[best].set(weight="bold")
    ax.set_yticks(range(len(values)), names)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.12), xlabel="probability")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= 1 else "")
    order = np.argsort(-values, kind="stable")
    first = ", ".join(f"{class_names[i]} {_percent(values[i])}" for i in order[:3])
    rest = ""
    if len(values) > 3:
        fourth = _percent(values[order[3]])
        rest = f", the others {'below 0.1%' if fourth == '<0.1%' else f'at most {fourth}'}"
    alt = f"Bars of {len(values)} class probabilities: {first}{rest}."
    if true_class is not None:
        alt += f" The true class is {class_names[true_class]}."
    return _finish(figure, alt)


def _percent(value: float) -> str:
    """Format a fraction as a percentage that never rounds something to nothing, nor most to all."""
    if 0 < abs(value) < 0.001:
        return "<0.1%" if value > 0 else ">-0.1%"
    return ">99.9%" if 0.9995 <= value < 1 else f"{value:.1%}"


def class_bars(
    values: ArrayLike,
    *,
    class_names: Sequence[str],
    measure: str = "accuracy",
    overall: float | None = None,
) -> Figure:
    """Draw one score per class, from 0 to 1, as bars sorted from the highest to the lowest.

    Args:
        values: shape `(classes,)`.
        class_names: one name per class.
        measure: what the score is.
        overall: the score over all classes, drawn as a dashed line.

    Raises:
        ValueError: the names are not as many as the values, or a value is not from 0 to 1.

    >>> names = ["aircraft", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    >>> recall = [0.87, 0.93, 0.74, 0.61, 0.79, 0.70, 0.88, 0.86, 0.92, 0.90]
    >>> class_bars(recall, class_names=names, measure="recall", overall=0.82).alt
    'Recall of 10 classes, from car 93.0% down to cat 61.0%; over all 82.0%.'
    """
    values = _finite("values", values, low=0, high=1)
    _check_names(class_names, len(values))
    if overall is not None:
        _check_number("overall", overall, "[0, 1]")
    order = np.argsort(-values, kind="stable")
    figure, ax = plt.subplots(figsize=(6.0, 0.7 + 0.26 * len(values)), layout="constrained")
    ax.barh(range(len(values)), values[order], color="C0")
    for row, value in enumerate(values[order]):
        ax.text(1.02, row, _percent(value), va="center", transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(values)), [class_names[i] for i in order])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1), xlabel=measure)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    alt = f"{measure[:1].upper()}{measure[1:]} of {len(values)} classes, "
    alt += f"from {class_names[order[0]]} {_percent(values[order[0]])} "
    alt += f"down to {class_names[order[-1]]} {_percent(values[order[-1]])}"
    if overall is not None:
        line = ax.axvline(overall, color="C1", linestyle="--")
        ax.legend([line], [f"over all {_percent(overall)}"], loc="lower right")
        alt += f"; over all {_percent(overall)}"
    return _finish(figure, alt + ".")


def label_order(
    orders: Mapping[str, Sequence[int]], *, class_names: Sequence[str], batch_size: int = 100
) -> Figure:
    """Draw the classes of examples in the order in which they come, one panel per order.

    Args:
        orders: from each order's name to the labels as they come, integers, shape `(n,)`.
        class_names: one name per class.
        batch_size: how many successive labels to look at together, for the alt text: how many
            different classes each batch holds, on average over whole batches.

    Raises:
        ValueError: there is nothing to draw, an order is shorter than a batch, or a label has no
            name.

    >>> labels = np.repeat([0, 1, 2, 3], 100)
    >>> orders = {"sorted": labels, "shuffled": np.random.default_rng(0).permutation(labels)}
    >>> label_order(orders, class_names=["bag", "boot", "coat", "shirt"], batch_size=20).alt
    'Labels in the order in which they come. sorted: a batch of 20 holds 1.0 of 4 classes on \
average. shuffled: a batch of 20 holds 4.0 of 4 classes on average.'
    """
    _check_whole("batch_size", batch_size, 1)
    labels = {name: _labels(f"orders[{name!r}]", order) for name, order in orders.items()}
    if not labels or any(len(each) < batch_size for each in labels.values()):
        raise ValueError(f"orders must hold at least one, of {batch_size} labels or more")
    most = max(int(each.max()) for each in labels.values())
    if isinstance(class_names, (str, Mapping, Set)) or most >= len(class_names):
        raise ValueError(f"class_names must name the labels from 0 to {most}, not {class_names!r}")
    figure, axes = plt.subplots(
        len(labels),
        1,
        figsize=(7.2, 0.5 + 1.75 * len(labels)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    sayings = []
    for i, (ax, (name, each)) in enumerate(zip(axes.flat, labels.items(), strict=True)):
        shown = np.arange(0, len(each), max(len(each) // 2500, 1))
        ax.plot(shown, each[shown], ".", color=f"C{i % 6}", markersize=1.5)
        ax.set_yticks(range(len(class_names)), class_names, fontsize=8)
        ax.set_title(name, fontsize=9)
        ax.set_ylim(len(class_names) - 0.5, -0.5)
        whole = each[: len(each) // batch_size * batch_size].reshape(-1, batch_size)
        kinds = np.mean([len(np.unique(batch)) for batch in whole])
        sayings.append(
            f"{name}: a batch of {batch_size} holds {kinds:.1f} of {len(class_names)} classes on "
            "average."
        )
    ax.set(xlabel="position in the epoch")
    return _finish(figure, "Labels in the order in which they come. " + " ".join(sayings))


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


def _check_names(class_names: Sequence[str], classes: int) -> None:
    if isinstance(class_names, (str, Mapping, Set)) or len(class_names) != classes:
        raise ValueError(f"class_names must be {classes}, one per class, not {class_names!r}")


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
