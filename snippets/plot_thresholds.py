# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of a detector's thresholds: on its ROC curve, its precision-recall curve, and by threshold.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_thresholds`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
scikit-learn's `PrecisionRecallDisplay` draws on a single Axes, and marks no threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
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


def _entry(name: object) -> str:
    """Return a name for a legend, which leaves out what begins with `_`: then a space of no width does."""
    return f"\u200b{name}" if str(name).startswith("_") else str(name)


_MARKERS = "os^Dv"
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def _detector_grades(
    truth: np.ndarray, scores: np.ndarray, at: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the grades of a detector that says yes from a threshold on, for each threshold."""
    hits, alarms = ((scores[kind] >= at[:, None]).sum(axis=1) for kind in (truth, ~truth))
    return {
        "precision": hits / np.maximum(hits + alarms, 1),
        "recall": hits / truth.sum(),
        "F1": 2 * hits / (hits + alarms + truth.sum()),
        "false alarms": alarms / (~truth).sum(),
    }


def threshold_dots(
    y_true: ArrayLike, scores: ArrayLike, *, thresholds: Mapping[str, float]
) -> Figure:
    """Draw a detector's thresholds as the same dots on three pictures of it.

    The pictures are the ROC curve, the precision-recall curve, and precision, recall and F1 against
    the threshold. At or above its threshold, a score means yes.

    Args:
        y_true: whether each example is a positive, shape `(n,)`.
        scores: the larger, the likelier, shape `(n,)`.
        thresholds: from a short name to a threshold; at most five, each with a marker of its own.

    Raises:
        ValueError: shapes that differ, one kind of examples only, or no or too many thresholds.

    >>> y_true = np.arange(300) < 100
    >>> scores = np.random.default_rng(0).beta(2 + 2 * y_true, 4 - 2 * y_true)
    >>> print(threshold_dots(y_true, scores, thresholds={"half": 0.5, "sure": 0.7}).alt)
    Thresholds of a detector on its ROC curve, its precision-recall curve, and precision, recall \
and F1 against the threshold. half, 0.500: recall 76.0%, false-positive rate 17.5%, precision \
68.5%, F1 72.0%; sure, 0.700: recall 41.0%, false-positive rate 2.0%, precision 91.1%, F1 56.6%.
    """
    given, scores = scores, _finite("scores", scores)
    kind = np.asarray(given).dtype if np.asarray(given).dtype.kind == "f" else float
    truth = _labels("y_true", y_true, 2, ("scores", len(scores))).astype(bool)
    if truth.all() or not truth.any():
        raise ValueError(f"y_true must hold examples of both kinds, not {truth[0]:d} alone")
    if not 0 < len(thresholds) <= len(_MARKERS) or any(map(np.isnan, thresholds.values())):
        raise ValueError(f"give 1 to {len(_MARKERS)} thresholds, not {dict(thresholds)}")
    cuts = np.array([*thresholds.values()], kind).astype(float)  # as precise as the scores
    levels = np.unique(np.append(np.quantile(scores, np.linspace(0, 1, 601)), scores[truth]))[::-1]
    line = _detector_grades(truth, scores, levels)
    dots = _detector_grades(truth, scores, cuts)
    figure, (roc, pr, by) = plt.subplots(1, 3, figsize=(7.2, 3.3), layout="constrained")
    roc.plot(np.append(0, line["false alarms"]), np.append(0, line["recall"]), "-", color="C0")
    roc.set(xlabel="false-positive rate", ylabel="recall", title="ROC")
    pr.plot(line["recall"], line["precision"], "-", color="C0")
    pr.axhline(truth.mean(), linestyle=":", color=rcParams["text.color"], linewidth=1)
    pr.set(xlabel="recall", ylabel="precision", title="precision-recall")
    for i, name in enumerate(("precision", "recall", "F1")):
        style: Style = {"color": f"C{i}", "linestyle": _LINES[i], "linewidth": 1.6}
        by.plot(levels, line[name], label=name, **style)
    by.set(xlabel="threshold", title="by threshold")
    tight = {"ncols": 3, "fontsize": 8, "handlelength": 1.4, "columnspacing": 0.8}
    by.legend(loc="upper center", bbox_to_anchor=(0.45, -0.24), **tight)
    sayings = []
    for i, (name, at) in enumerate(thresholds.items()):
        precision, recall, f1, wrong = (grade[i] for grade in dots.values())
        look: Style = {"color": "C3", "markeredgecolor": rcParams["text.color"], "markersize": 8}
        by.axvline(at, color=rcParams["text.color"], linewidth=0.8, alpha=0.5)
        for ax, x, y in ((roc, wrong, recall), (pr, recall, precision), (by, at, f1)):
            ax.plot(x, y, _MARKERS[i], label=_entry(name) if ax is roc else None, **look)
        shown = f"{precision:.1%}" if (scores >= cuts[i]).any() else "of nothing"
        said = f"recall {recall:.1%}, false-positive rate {wrong:.1%}, precision {shown}"
        sayings.append(f"{name}, {at:.3f}: {said}, F1 {f1:.1%}")
    for ax in (roc, pr, by):
        ax.set(ylim=(-0.02, 1.04))
        ax.set_box_aspect(1)
    figure.legend(*roc.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=9)
    alt = "Thresholds of a detector on its ROC curve, its precision-recall curve, and precision, "
    return _finish(figure, alt + f"recall and F1 against the threshold. {'; '.join(sayings)}.")


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
