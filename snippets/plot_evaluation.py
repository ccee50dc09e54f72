# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures that judge a classifier: confusion matrix, ROC curves, reliability diagrams.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file, `import plot_evaluation`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
scikit-learn's `ConfusionMatrixDisplay` and `RocCurveDisplay` draw on a single Axes and give no text.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence, Set
from numbers import Real
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import ArrayLike

Style = dict[str, Any]  # keyword arguments that several calls of matplotlib share


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once; `$` is no formula."""
    figure.alt = alt  # type: ignore[attr-defined]  # ours: notebooks and pages read it
    for text in figure.findobj(Text):
        if "$" in text.get_text():
            text.set_parse_math(False)
    plt.close(figure)
    return figure


def _label_colour(rgba: ArrayLike) -> str:
    """Return the one of black and white that reads better on a cell of this colour (WCAG 2)."""
    channels = np.asarray(rgba, float)[:3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


_MOST_NAMES = 25  # with more classes, cells are too small for numbers, and axes for all names


def draw_confusion_matrix(
    y_true: ArrayLike, y_pred: ArrayLike, *, class_names: Sequence[str], normalised: bool = True
) -> Figure:
    """Draw how often each class (a row) was taken for each class (a column).

    Args:
        y_true: the true classes, integers, shape `(n,)`.
        y_pred: the predicted classes, integers, shape `(n,)`; of scores, `scores.argmax(axis=1)`.
        class_names: one name per class, all different; with more than 25, colours replace the numbers.
        normalised: show fractions of the row, in percent, rather than counts; scikit-learn says
            `normalize="true"`.

    Raises:
        ValueError: nothing to count, or shapes, labels or names that do not fit each other.

    >>> from sklearn import datasets, naive_bayes
    >>> x, y_true = datasets.load_digits(return_X_y=True)
    >>> y_pred = naive_bayes.GaussianNB().fit(x, y_true).predict(x)
    >>> draw_confusion_matrix(y_true, y_pred, class_names=list("0123456789")).alt
    'Confusion matrix of 10 classes: 1542 of 1797 right. Most confused: 2 taken for 8, 27.7%.'
    """
    names = [str(name) for name in class_names]
    size = len(names)
    if isinstance(class_names, (str, Mapping, Set)) or not 0 < len(set(names)) == size:
        raise ValueError(f"class_names must be one or more, all different, not {class_names!r}")
    labels = _labels("y_true", y_true, size)
    predicted = _labels("y_pred", y_pred, size, ("y_true", len(labels)))
    counts = np.bincount(labels * size + predicted, minlength=size**2).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = shares if normalised else counts
    wide, high = min(7.2, 1.8 + 0.54 * size), min(6.4, 1.5 + 0.46 * size)
    figure, ax = plt.subplots(figsize=(wide, high), layout="constrained")
    most = 1 if normalised else cells.max()  # percent are the same blue on every figure
    image = ax.imshow(cells, cmap="Blues", vmin=0, vmax=most, aspect="auto")
    if size <= _MOST_NAMES:
        for row, column in np.ndindex(size, size):
            value = cells[row, column]
            place: Style = {"ha": "center", "va": "center", "fontsize": 8}
            place["color"] = _label_colour(image.cmap(image.norm(value)))
            ax.text(column, row, f"{100 * value:.0f}" if normalised else f"{value:d}", **place)
    else:
        bar = figure.colorbar(image)
        if normalised:
            bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    named = range(0, size, -(-size // _MOST_NAMES))
    shown = [names[each] for each in named]
    ax.set_xticks(named, shown, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(named, shown)
    unit = "percent of each row" if normalised else "examples"
    ax.set(xlabel=f"predicted class ({unit})", ylabel="true class")
    wrong = np.where(np.eye(size, dtype=bool), -1, cells)
    row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    alt = f"Confusion matrix of {size} classes: {int(np.trace(counts))} of {len(labels)} right."
    if size > 1 and counts[row, column]:
        amount = f"{shares[row, column]:.1%}" if normalised else f"{counts[row, column]} times"
        alt += f" Most confused: {names[row]} taken for {names[column]}, {amount}."
    return _finish(figure, alt)


def _climbing(name: str, curve: Any) -> list[np.ndarray]:
    """Return a curve's x and y as arrays, if neither ever falls nor leaves the unit square."""
    axes = [np.asarray(a, float) for a in (curve.false_positive_rate, curve.true_positive_rate)]
    if axes[0].shape != axes[1].shape or axes[0].ndim != 1 or len(axes[0]) < 2:
        raise ValueError(f"{name} must be two equal shapes (points,)")
    if not all((np.diff(axis, prepend=0, append=1) >= -1e-9).all() for axis in axes):
        raise ValueError(f"{name} must climb, from 0 or more to 1 or less")
    if not all(axis[0] < 1e-9 and axis[-1] > 1 - 1e-9 for axis in axes):
        raise ValueError(f"{name} must begin at (0, 0) and end at (1, 1), or its area is not told")
    return axes


def roc_panels(curves: Mapping[str, Any], *, corner: float = 1.0, columns: int = 4) -> Figure:
    """Draw ROC curves, one panel per curve with its area, the other curves pale behind it.

    Args:
        curves: from name to an ROC curve, as `roc.one_vs_rest_roc` returns them: `false_positive_rate`
            and `true_positive_rate`, each shape `(points,)`, from 0 to 1, neither ever falling.
        corner: how much of both axes to show, from the upper left corner on; 1 is all.
        columns: panels per row.

    Raises:
        ValueError: there is no curve, one is not such a curve, or the corner is outside (0, 1].

    >>> from types import SimpleNamespace as Curve
    >>> from sklearn import datasets, metrics, naive_bayes
    >>> x, y = datasets.load_digits(return_X_y=True)
    >>> y_true, scores = y[1::2], naive_bayes.GaussianNB().fit(x[::2], y[::2]).predict_proba(x[1::2])
    >>> curves = {}  # or all: roc.one_vs_rest_roc(y_true, scores, class_names=list("0123456789"))
    >>> for digit in (0, 1, 8):
    ...     x, y, _ = metrics.roc_curve(y_true == digit, scores[:, digit])
    ...     curves[str(digit)] = Curve(false_positive_rate=x, true_positive_rate=y)
    >>> roc_panels(curves).alt
    'ROC curves of 3, with areas from 0 0.993 down to 8 0.914: 0 0.993, 1 0.954, 8 0.914.'
    """
    _check_number("corner", corner, "(0, 1]")
    _check_whole("columns", columns, 1)
    if not curves:
        raise ValueError("curves must hold at least one")
    pairs = {name: _climbing(name, curve) for name, curve in curves.items()}
    areas = {name: float(np.trapezoid(y, x)) for name, (x, y) in pairs.items()}
    columns = min(columns, len(pairs))
    rows, side = -(-len(pairs) // columns), 7.2 / max(columns, 3)
    extent = (side * columns, (side + 0.12) * rows + 0.2)
    grid: Style = {"sharex": True, "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(rows, columns, figsize=extent, **grid)
    for ax in axes.flat[len(pairs) :]:
        ax.set_axis_off()
    for ax, (name, (x, y)) in zip(axes.flat, pairs.items(), strict=False):
        for other in pairs.values():
            ax.plot(*other, "-", color=rcParams["text.color"], alpha=0.15, linewidth=0.8)
        ax.fill_between(x, y, color="C0", alpha=0.15, linewidth=0)
        ax.plot(x, y, "-", color="C0", linewidth=2.2)
        ax.plot([0, 1], [0, 1], ":", color=rcParams["text.color"], linewidth=1)
        place: Style = {"ha": "right", "va": "bottom", "transform": ax.transAxes, "fontsize": 9}
        ax.text(0.96, 0.06, f"area\n{areas[name]:.3f}", **place)
        ax.set_title(name, fontsize=9)
        ax.set(xlim=(-0.02 * corner, corner), ylim=(1 - corner, 1 + 0.02 * corner))
        ax.set_box_aspect(1)
        ax.label_outer()
        ax.tick_params(labelsize=8)
    figure.supxlabel("false-positive rate", fontsize=10)
    figure.supylabel("true-positive rate", fontsize=10)
    order = sorted(areas, key=areas.__getitem__, reverse=True)
    alt = f"ROC curves of {len(areas)}, with areas from {order[0]} {areas[order[0]]:.3f} down to "
    alt += f"{order[-1]} {areas[order[-1]]:.3f}: "
    said = ", ".join(f"{name} {area:.3f}" for name, area in areas.items())
    return _finish(figure, f"{alt}{said}.")


def _reliability_bars(
    top: Axes, bottom: Axes, sure: np.ndarray, right: np.ndarray, count: np.ndarray, few: int
) -> None:
    """Draw one classifier's accuracy and its gap to the confidence, and below how many examples."""
    left = np.arange(len(count)) / len(count)
    bar: Style = {"width": 1 / len(count), "align": "edge", "linewidth": 0.8}
    solid: Style = {"color": "C0", "edgecolor": rcParams["figure.facecolor"]}
    gap: Style = {"facecolor": "none", "edgecolor": "C1", "hatch": "////"}
    pale = (count > 0) & (count < few)
    for part, alpha, label in ((count >= few, 1.0, "gap to confidence"), (pale, 0.25, None)):
        foot, height = right[part], (sure - right)[part]
        top.bar(left[part], foot, alpha=alpha, **solid, **bar)
        with rc_context({"hatch.color": "C1"}):  # `hatchcolor` came with Matplotlib 3.11
            top.bar(left[part], height, bottom=foot, alpha=alpha, label=label, **gap, **bar)
    top.plot([0, 1], [0, 1], "--", color=rcParams["text.color"], linewidth=1.2)
    bottom.bar(left, count, **solid, **bar)
    bottom.set_xlabel("confidence")
    top.set(xlim=(0, 1), ylim=(0, 1.02))
    for axis in (top.xaxis, top.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def reliability_panels(bins: Mapping[str, Any], *, few: int = 20) -> Figure:
    """Draw how often a classifier is right against how sure it is, a panel per classifier.

    Bars show each bin's accuracy, hatched from there to the confidence, above its number of examples.

    Args:
        bins: from name to what `calibration.reliability_bins` returns: `confidence`, `accuracy` and `count`
            of bins of equal width from 0 to 1, each shape `(bins,)`. Empty bins are not looked at.
        few: a bin with fewer examples than that says little, and is pale.

    Raises:
        ValueError: there is no classifier, the shapes differ, or all bins are empty.

    >>> from types import SimpleNamespace as Bins
    >>> from sklearn import datasets, naive_bayes
    >>> x, y = datasets.load_digits(return_X_y=True)
    >>> probabilities = naive_bayes.ComplementNB().fit(x[::2], y[::2]).predict_proba(x[1::2])
    >>> confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == y[1::2]
    >>> place = np.searchsorted(np.linspace(0.1, 0.9, 9), confidence)
    >>> count = np.bincount(place, minlength=10)
    >>> means = [np.bincount(place, each, 10) / np.maximum(count, 1) for each in (confidence, correct)]
    >>> bins = Bins(  # as calibration.reliability_bins(y[1::2], probabilities, bins=10) returns them
    ...     confidence=means[0], accuracy=means[1], count=count
    ... )
    >>> print(reliability_panels({"naive Bayes": bins}).alt)
    Reliability diagrams. naive Bayes: mean confidence 88.8%, accuracy 81.7%, expected calibration \
error 7.1%; too sure in 6 of 6 bins.
    """
    _check_whole("few", few, 0)
    if not bins:
        raise ValueError("bins must hold at least one classifier")
    extent = (min(7.2, 0.6 + 2.9 * len(bins)), 3.9)
    grid: Style = {"sharex": True, "sharey": "row", "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(2, len(bins), figsize=extent, height_ratios=(3, 1), **grid)
    sayings = []
    for (top, bottom), (name, each) in zip(axes.T, bins.items(), strict=True):
        columns = (each.confidence, each.accuracy, each.count)
        sure, right, count = (np.asarray(column, float) for column in columns)
        fits = sure.shape == right.shape == count.shape and sure.ndim == 1 and count.sum() > 0
        if not fits or not np.isfinite([sure[count > 0], right[count > 0]]).all():
            plt.close(figure)
            raise ValueError(
                f"{name} must be three shapes (bins,), finite where a bin is not empty"
            )
        held, many = count > 0, count[count > 0] >= few
        _reliability_bars(top, bottom, sure, right, count, few)
        sure, right, weight = sure[held], right[held], count[held] / count.sum()
        error = float(np.abs(sure - right) @ weight)
        top.set_title(f"{name}\ncalibration error {error:.1%}", fontsize=9)
        sayings.append(
            f"{name}: mean confidence {sure @ weight:.1%}, accuracy {right @ weight:.1%}, expected "
            f"calibration error {error:.1%}; too sure in {int((sure > right + 1e-9)[many].sum())} of "
            f"{int(many.sum())} bins"
        )
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("examples")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", fontsize=9)
    return _finish(figure, f"Reliability diagrams. {'. '.join(sayings)}.")


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
