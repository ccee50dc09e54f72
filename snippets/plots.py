"""Figures and tables for deep-learning notebooks, with alt text written from the data they draw.

Needs: matplotlib, numpy. Copy this one file into your project and `import plots`.

Every function creates its figure with pyplot, sets `figure.alt` to a sentence that says what the
figure shows, closes the figure and returns it: leave the call as a cell's last expression.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from numpy.typing import ArrayLike

Colour = str | tuple[float, float, float]
Style = dict[str, Any]  # keyword arguments that several calls of matplotlib share


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once."""
    figure.alt = alt  # type: ignore[attr-defined]  # ours: notebooks and pages read it
    plt.close(figure)
    return figure


def _label_colour(rgba: ArrayLike) -> str:
    """Return the one of black and white that reads better on a cell of this colour (WCAG 2)."""
    channels = np.asarray(rgba, float)[:3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def image_grid(
    images: np.ndarray,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 5,
    subject: str = "images",
) -> Figure:
    """Draw images in rows, each with its title above it.

    Args:
        images: shape `(n, height, width)` for grey or `(n, height, width, 3)` for colour, dtype
            uint8, or floats from 0 to 1. Grey images are drawn from 0 as black to the type's
            largest value as white.
        titles: one a picture; a title may hold line breaks, or be empty.
        columns: pictures a row.
        subject: what the pictures are, for the alt text.

    Raises:
        ValueError: there is nothing to draw, the shape or dtype is another, or the titles are too
            few.

    >>> figure = image_grid(np.zeros((2, 4, 4), np.uint8), ["Coat", "Bag"], subject="clothes")
    >>> figure.alt
    'Grid of 2 clothes, 4 by 4 pixels: Coat; Bag.'
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] != 3) or not len(images):
        raise ValueError(f"images must be (n, height, width) or (n, h, w, 3), not {images.shape}")
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise ValueError(f"images must be uint8 or floats from 0 to 1, not {images.dtype}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(images)} images need as many titles, not {len(titles)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max((title.count("\n") + 1 for title in titles), default=0) if titles else 0
    side = 7.2 / max(columns, 4)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(side * columns, rows * (side * images.shape[1] / images.shape[2] + 0.17 * lines)),
        squeeze=False,
        layout="constrained",
    )
    top = 255 if images.dtype == np.uint8 else 1.0
    for position, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if position < len(images):
            grey = {"cmap": "gray", "vmin": 0, "vmax": top} if images.ndim == 3 else {}
            ax.imshow(images[position], interpolation="nearest", **grey)
            if titles is not None:
                ax.set_title(titles[position], fontsize=9 if columns <= 8 else 8)
    height, width = images.shape[1:3]
    alt = f"Grid of {len(images)} {subject}, {height} by {width} pixels"
    if titles is not None:
        alt += ": " + "; ".join(" ".join(title.split()) for title in titles if title.strip())
    return _finish(figure, alt + ".")


def learning_curves(
    history: Mapping[str, Sequence[float]], *, validation_freq: int | Sequence[int] = 1
) -> Figure:
    """Draw the training and validation loss and accuracy after each epoch, side by side.

    Args:
        history: `model.fit(...).history`: a list with one number per epoch for `loss`, for
            `accuracy` and what else is an accuracy (`sparse_categorical_accuracy`, say), or some of
            them, and for `val_loss` and its like where they were measured. Other keys are left out.
        validation_freq: as `fit` was told: validation was measured every so many epochs, or at the
            end of these epochs, counted from 1.

    Raises:
        ValueError: the history holds no loss and no accuracy, or validation was measured at other
            epochs.

    >>> history = {"loss": [2.0, 1.0, 0.5], "val_loss": [1.8, 1.2, 1.4]}
    >>> print(learning_curves(history).alt)
    Learning curves over 3 epochs. Training loss falls from 2.00 to 0.50; validation loss falls \
from 1.80 to 1.40, lowest 1.20 after epoch 2.
    """
    metrics = [
        name
        for name, values in history.items()
        if len(values) and not name.startswith("val_") and (name == "loss" or _is_accuracy(name))
    ]
    if not metrics:
        raise ValueError(f"history needs a loss or an accuracy, not only {sorted(history)}")
    metrics.sort(key=lambda name: name != "loss")
    epochs = np.arange(1, len(history[metrics[0]]) + 1)
    is_every = np.ndim(validation_freq) == 0
    is_validated = epochs % validation_freq == 0 if is_every else np.isin(epochs, validation_freq)
    figure, axes = plt.subplots(
        1,
        len(metrics),
        figsize=(3.6 * len(metrics), 3.0),
        squeeze=False,
        layout="constrained",
    )
    sayings = []
    for ax, metric in zip(axes.flat, metrics, strict=True):
        said = []
        lines = [
            ("training", metric, epochs, "C0", "o-"),
            ("validation", f"val_{metric}", epochs[is_validated], "C1", "s--"),
        ]
        for label, key, places, colour, style in lines:
            values = np.asarray(history.get(key, ()), float)
            if not len(values):
                continue
            if len(values) != len(places):
                plt.close(figure)
                raise ValueError(
                    f"history[{key!r}] has {len(values)} numbers for {len(places)} epochs: let "
                    "validation_freq be what fit was told"
                )
            ax.plot(places, values, style, color=colour, markersize=4, label=label)
            name = metric.replace("_", " ")
            said.append(_trend(f"{label} {name}", values, places, is_accuracy=metric != "loss"))
        ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
        ax.locator_params(axis="x", integer=True)
        if metric != "loss":
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.legend()
        sayings.append("; ".join(said))
    sentences = ". ".join(saying[:1].upper() + saying[1:] for saying in sayings)
    return _finish(figure, f"Learning curves over {len(epochs)} epochs. {sentences}.")


def _is_accuracy(name: str) -> bool:
    return name in ("acc", "accuracy") or name.endswith("_accuracy")


def _trend(name: str, values: np.ndarray, epochs: np.ndarray, *, is_accuracy: bool) -> str:
    """Say from where to where a metric went, and its best value if that was not the last."""
    finite = np.isfinite(values)
    if not finite.all():
        broken = f"{name} is no number after epoch {epochs[np.argmin(finite)]}"
        return f"{broken} and {(~finite).sum() - 1} more" if (~finite).sum() > 1 else broken
    show = _digits(values, "%" if is_accuracy else "f")
    first, last = values[0], values[-1]
    best = int(np.argmax(values) if is_accuracy else np.argmin(values))
    if len(values) == 1:
        return f"{name} is {show(last)}"
    if values.min() == values.max():
        return f"{name} stays at {show(last)}"
    if first == last:
        said = f"{name} is {show(last)} at first and in the end"
    else:
        verb = "rises" if last > first else "falls"
        said = f"{name} {verb} from {show(first)} to {show(last)}"
    if values[best] != last:
        word = "highest" if is_accuracy else "lowest"
        said += f", {word} {show(values[best])} after epoch {epochs[best]}"
    return said


def _digits(values: np.ndarray, kind: str) -> Callable[[float], str]:
    """Return what writes numbers with as many digits as tell the first, last and extreme ones apart."""
    told = {float(each) for each in (values[0], values[-1], values.min(), values.max())}
    for digits in range(1 if kind == "%" else 2, 8):
        show = f"{{:.{digits}{kind}}}".format
        if len({show(each) for each in told}) == len(told):
            break
    return show


def rate_curve(rates: ArrayLike) -> Figure:
    """Draw the learning rate at each optimiser step.

    Args:
        rates: one learning rate a step, shape `(steps,)`.

    Raises:
        ValueError: there are no rates.

    >>> rate_curve([0.001, 0.01, 0.0001]).alt
    'The learning rate over 3 steps: 0.001 at first, highest 0.01 at step 1, 0.0001 at the end.'
    """
    rates = np.asarray(rates, float)
    if rates.ndim != 1 or not len(rates):
        raise ValueError(f"rates must be one number a step, not shape {rates.shape}")
    peak = int(np.argmax(rates))
    figure, ax = plt.subplots(figsize=(6.0, 2.4), layout="constrained")
    ax.plot(rates, color="C0")
    ax.plot(peak, rates[peak], "o", color="C1")
    ax.annotate(
        f"peak {rates[peak]:.3g}",
        (peak, rates[peak]),
        xytext=(8, 5),
        textcoords="offset points",
        va="center",
    )
    ax.set(xlabel="step", ylabel="learning rate", ylim=(0, rates[peak] * 1.2))
    alt = (
        f"The learning rate over {len(rates)} steps: {rates[0]:.3g} at first, highest "
        f"{rates[peak]:.3g} at step {peak}, {rates[-1]:.3g} at the end."
    )
    return _finish(figure, alt)


def probability_bars(
    probabilities: Sequence[float],
    class_names: Sequence[str],
    *,
    truth: int | None = None,
) -> Figure:
    """Draw the probabilities that a classifier gives to one example, a bar a class.

    Args:
        probabilities: shape `(classes,)`, from 0 to 1.
        class_names: one name a class.
        truth: the class that the example belongs to; its name is marked with a star.

    Raises:
        ValueError: the names are not as many as the probabilities.

    >>> figure = probability_bars([0.9, 0.08, 0.02], ["Coat", "Shirt", "Bag"], truth=0)
    >>> figure.alt
    'Bars of 3 class probabilities: Coat 90.0%, Shirt 8.0%, Bag 2.0%. The true class is Coat.'
    """
    values = np.asarray(probabilities, float)
    if values.ndim != 1 or len(values) != len(class_names):
        raise ValueError(f"{len(class_names)} names do not fit probabilities of {values.shape}")
    best = int(np.argmax(values))
    names = [f"{name} ★" if truth == i else str(name) for i, name in enumerate(class_names)]
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
    if truth is not None:
        alt += f" The true class is {class_names[truth]}."
    return _finish(figure, alt)


def _percent(value: float) -> str:
    """Format a part of one as a percentage that never rounds something to nothing."""
    return "<0.1%" if 0 < value < 0.001 else f"{value:.1%}"


def class_bars(
    values: ArrayLike,
    class_names: Sequence[str],
    *,
    measure: str = "accuracy",
    overall: float | None = None,
) -> Figure:
    """Draw one score a class, from 0 to 1, as bars sorted from the highest to the lowest.

    Args:
        values: shape `(classes,)`.
        class_names: one name a class.
        measure: what the score is.
        overall: the score over all classes, drawn as a dashed line.

    Raises:
        ValueError: the names are not as many as the values.

    >>> class_bars([0.5, 0.9, 0.7], ["cat", "ship", "deer"], overall=0.7).alt
    'Accuracy of 3 classes, from ship 90.0% down to cat 50.0%; over all 70.0%.'
    """
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) != len(class_names) or not len(values):
        raise ValueError(f"{len(class_names)} names do not fit values of shape {values.shape}")
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


def filter_grid(kernels: np.ndarray, *, columns: int = 8) -> Figure:
    """Draw the filters of a first convolution as small pictures.

    Every filter is divided by its largest absolute weight: mid grey is a weight of 0, lighter is
    positive, darker is negative, and a colour means that the red, green and blue weights differ.

    Args:
        kernels: shape `(height, width, channels, filters)` with 1 or 3 channels, as Keras keeps
            a `Conv2D` layer's weights, float.
        columns: filters a row.

    Raises:
        ValueError: the shape is another.

    >>> filter_grid(np.ones((3, 3, 3, 4), np.float32)).alt
    '4 filters of 3 by 3 pixels and 3 channels; 4 weigh the channels mostly alike and answer to \
brightness, 0 mostly differently and answer to colour.'
    """
    kernels = np.asarray(kernels, float)
    if kernels.ndim != 4 or kernels.shape[2] not in (1, 3) or not kernels.shape[3]:
        raise ValueError(f"kernels must be (height, width, 1 or 3, filters), not {kernels.shape}")
    height, width, channels, count = kernels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    side = min(0.85, 7.2 / columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(side * columns, side * rows),
        squeeze=False,
        layout="constrained",
    )
    for position, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if position < count:
            one = kernels[..., position]
            shown = 0.5 + 0.5 * one / max(float(np.abs(one).max()), 1e-12)
            ax.imshow(
                shown[..., 0] if channels == 1 else shown,
                cmap="gray",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
    alt = f"{count} filters of {height} by {width} pixels and {channels} channel"
    alt += "" if channels == 1 else "s"
    if channels == 3:
        alike = int((grey_share(kernels) > 0.5).sum())
        alt += f"; {alike} weigh the channels mostly alike and answer to brightness, "
        alt += f"{count - alike} mostly differently and answer to colour"
    return _finish(figure, alt + ".")


def grey_share(kernels: np.ndarray) -> np.ndarray:
    """Return how much of each filter is the same in all its channels, from 0 to 1.

    A filter is the sum of its mean over the channels and what departs from it; the two are at
    right angles, so the squares of their weights add up. The share of the mean is 1 for a filter
    that sees only brightness and 0 for one that sees only differences of colour.

    Args:
        kernels: shape `(height, width, channels, filters)`, float.

    Returns:
        Shape `(filters,)`; 0 for a filter whose weights are all 0.

    >>> red_against_green = np.array([1.0, -1.0, 0.0]).reshape(1, 1, 3, 1)
    >>> grey_share(red_against_green), grey_share(np.ones((1, 1, 3, 1)))
    (array([0.]), array([1.]))
    """
    kernels = np.asarray(kernels, float)
    common = kernels.shape[2] * (kernels.mean(axis=2) ** 2).sum(axis=(0, 1))
    whole = (kernels**2).sum(axis=(0, 1, 2))
    shares: np.ndarray = np.divide(common, whole, out=np.zeros_like(whole), where=whole > 0)
    return shares


# With more classes than these a cell is too small for a number, and an axis for every name.
_MOST_NAMES = 25


def confusion_matrix(
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    class_names: Sequence[str],
    normalised: bool = True,
) -> Figure:
    """Draw how often each class (a row) was taken for each class (a column).

    Up to 25 classes, each cell shows its number; with more, colours alone do, beside a scale.

    Args:
        labels: the true classes, integers, shape `(n,)`.
        predicted: the predicted classes, integers, shape `(n,)`; not scores: of these, the class of
            the highest, or whether the only one is over a threshold.
        class_names: one name per class, all different.
        normalised: show fractions of the row, in percent, rather than counts.

    Raises:
        ValueError: the shapes differ, there is nothing to count, a label is no integer or has no
            name, or two classes have one name.

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog"])
    >>> figure.alt
    'Confusion matrix of 2 classes: 3 of 4 right. Most confused: cat taken for dog, 50.0%.'
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    names = [str(name) for name in class_names]
    size = len(names)
    if len(set(names)) < size:
        raise ValueError(f"class_names must differ, not {names}")
    if labels.shape != predicted.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"labels and predicted must be of one shape (n,), not {labels.shape} and {predicted.shape}"
        )
    for name, classes in (("labels", labels), ("predicted", predicted)):
        if classes.dtype.kind not in "iub":
            raise ValueError(
                f"{name} must be classes, integers from 0, not {classes.dtype}: of scores take the "
                "class of the highest, argmax(axis=1), or compare the only one with a threshold"
            )
        if classes.min() < 0 or classes.max() >= size:
            raise ValueError(
                f"{name} must lie from 0 to {size - 1}, for {size} class names, not from "
                f"{classes.min()} to {classes.max()}"
            )
    pairs = labels.astype(np.int64) * size + predicted.astype(np.int64)
    counts = np.bincount(pairs, minlength=size**2).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = shares if normalised else counts
    figure, ax = plt.subplots(
        figsize=(min(7.2, 1.8 + 0.54 * size), min(6.4, 1.5 + 0.46 * size)),
        layout="constrained",
    )
    image = ax.imshow(cells, cmap="Blues", vmin=0, vmax=max(cells.max(), 1e-12), aspect="auto")
    if size <= _MOST_NAMES:
        for row, column in np.ndindex(size, size):
            value = cells[row, column]
            ax.text(
                column,
                row,
                f"{100 * value:.0f}" if normalised else f"{value:d}",
                ha="center",
                va="center",
                fontsize=8,
                color=_label_colour(image.cmap(image.norm(value))),
            )
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


class Table:
    """Rows of text with a header: Markdown on a page, aligned columns in a terminal."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.header = tuple(header)
        self.rows = tuple(tuple(row) for row in rows)

    def _right(self) -> list[bool]:
        """Say which columns hold numbers, and so are aligned to the right."""
        return [
            bool(column) and all(cell[:1].isdigit() or cell[:1] in "-+−<>±" for cell in column)
            for column in ([row[i] for row in self.rows if row[i]] for i in range(len(self.header)))
        ]

    def _repr_markdown_(self) -> str:
        """Return a Markdown table in which every cell stays one cell."""
        rule = ["---:" if right else "---" for right in self._right()]
        body = [[_escaped(cell) for cell in row] for row in (self.header, *self.rows)]
        lines = [body[0], rule, *body[1:]]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"

    def __repr__(self) -> str:
        lines = [[" ".join(cell.split()) for cell in row] for row in (self.header, *self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        right = self._right()
        return "\n".join(
            "  ".join(
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in lines
        )


def _escaped(cell: str) -> str:
    """Return the text of a cell so that neither a pipe, a line break nor a tag breaks the table."""
    parts = re.split(r"(`[^`]+`)", " ".join(cell.split()))
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = part.replace("\\", "\\\\").replace("<", "&lt;").replace("|", "\\|")
        elif "|" in part:  # no escape for a pipe in a code span suits every Markdown
            parts[i] = f"<code>{html.escape(part[1:-1]).replace('|', '&#124;')}</code>"
    return "".join(parts)


def table(rows: Sequence[Mapping[str, object]]) -> Table:
    """Return rows as a table: leave the call as a cell's last expression.

    Args:
        rows: one mapping a row, from column name to value; every row has the same columns. A
            value is shown as `str` writes it, so format numbers first (`f"{accuracy:.1%}"`).
            Columns whose values all begin like numbers are aligned to the right.

    Raises:
        ValueError: there are no rows, or their columns differ.

    >>> table([{"layer": "Dense", "weights": 1290}, {"layer": "Flatten", "weights": 0}])
    layer    weights
    Dense       1290
    Flatten        0
    """
    if not rows:
        raise ValueError("a table needs at least one row")
    header = list(rows[0])
    for number, row in enumerate(rows, start=1):
        if list(row) != header:
            raise ValueError(f"row {number} has the columns {list(row)}, not {header}")
    return Table([str(name) for name in header], [[str(v) for v in row.values()] for row in rows])


def _cell(ax: Axes, x: float, y: float, colour: Colour, text: str, *, marked: bool = False) -> None:
    """Draw one element of a tensor: a rounded square around `(x, y)` with its value in it."""
    rgba = to_rgba(colour)
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.4, y - 0.4),
            0.8,
            0.8,
            boxstyle="round,pad=0.05,rounding_size=0.12",
            facecolor=rgba,
            edgecolor=rcParams["text.color"] if marked else "none",
            linewidth=1.8,
        )
    )
    size = 10 if len(text) < 4 else 8
    ax.text(x, y, text, ha="center", va="center", fontsize=size, color=_label_colour(rgba))


def _tint(colour: Colour, strength: float = 0.3) -> tuple[float, float, float]:
    """Return a colour thinned with white, light enough for dark numbers."""
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def _number(value: Any) -> str:
    """Write a number as briefly as a cell asks for, with a true minus sign."""
    return f"{value:.3g}".replace("-", "−") if np.issubdtype(type(value), np.number) else str(value)


def _axis_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """Draw one axis of a tensor as an arrow with its name at the start."""
    arrow: Style = {"arrowstyle": "->", "mutation_scale": 12, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, end, color=rcParams["text.color"], **arrow))
    vertical, diagonal = start[0] == end[0], start[0] != end[0] and start[1] != end[1]
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if diagonal:
        ax.text(x - 0.2, y, text, ha="right", va="bottom", fontsize=8)
    elif vertical:
        ax.text(x - 0.2, y, text, ha="right", va="center", fontsize=8, rotation=90)
    else:
        ax.text(x, y + 0.12, text, ha="center", va="bottom", fontsize=8)


def _draw_tensor(ax: Axes, array: np.ndarray, marked: np.ndarray) -> None:
    """Draw a tensor of rank 0 to 3, its axes as arrows, the marked elements in another colour."""
    sheets = array.reshape((1,) * (3 - array.ndim) + array.shape)
    flags = marked.reshape(sheets.shape)
    count, rows, columns = sheets.shape
    right, up = 0.8, rows + 0.35
    for sheet, row, column in np.ndindex(sheets.shape):
        flag = bool(flags[sheet, row, column])
        _cell(
            ax,
            column + right * sheet,
            up * sheet - row,
            "C1" if flag else _tint("C0"),
            _number(sheets[sheet, row, column]),
            marked=flag,
        )
    if array.ndim == 1:
        _axis_arrow(ax, (-0.4, 0.65), (columns - 0.6, 0.65), "axis 0")
    if array.ndim == 2:
        _axis_arrow(ax, (-0.65, 0.4), (-0.65, 0.6 - rows), "axis 0")
        _axis_arrow(ax, (-0.4, 0.65), (columns - 0.6, 0.65), "axis 1")
    if array.ndim == 3:
        _axis_arrow(ax, (-0.65, 0.4), (-0.65, 0.6 - rows), "axis 1")
        top = up * (count - 1) + 0.65
        corner = right * (count - 1)
        _axis_arrow(ax, (corner - 0.4, top), (corner + columns - 0.6, top), "axis 2")
        _axis_arrow(ax, (-0.65, 0.75), (corner - 0.65, top - 0.15), "axis 0")
    ax.set_xlim(-1.25, max(columns - 0.4 + right * (count - 1), 1.25))
    ax.set_ylim(0.4 - rows, up * (count - 1) + 1.1)
    ax.set_aspect("equal")
    ax.set_axis_off()


def tensor_picture(
    tensors: Mapping[str, np.ndarray], *, marked: Mapping[str, np.ndarray] | None = None
) -> Figure:
    """Draw small tensors side by side as cells: a rank-3 tensor is a stack of sheets.

    Args:
        tensors: from title to a tensor of rank 0 to 3, any numbers, at most a few dozen of them.
        marked: from title to the values to mark in that tensor, any shape; every element that
            equals one of them is marked, so give tensors without repeats.

    Raises:
        ValueError: there is nothing to draw, or a rank is above 3.

    >>> m = np.array([[1, 2], [3, 4]])
    >>> tensor_picture({"all": m, "row 0": m}, marked={"row 0": m[0]}).alt
    'all: [[1, 2], [3, 4]], shape (2, 2). row 0: [[1, 2], [3, 4]], shape (2, 2), marked: 1, 2.'
    """
    arrays = {title: np.asarray(tensor) for title, tensor in tensors.items()}
    if not arrays or any(array.ndim > 3 for array in arrays.values()):
        raise ValueError("give at least one tensor, each of rank 3 or less")
    masks, sayings, sizes = {}, [], []
    for title, array in arrays.items():
        chosen = np.asarray((marked or {}).get(title, []))
        masks[title] = np.isin(array, chosen)
        saying = f"{title}: {array.tolist()}, shape {array.shape}"
        if masks[title].any():
            saying += f", marked: {', '.join(map(str, array[masks[title]].tolist()))}"
        sayings.append(saying)
        count, rows, columns = (1,) * (3 - array.ndim) + array.shape
        sizes.append((max(columns + 0.85 + 0.8 * (count - 1), 2.5), (rows + 0.35) * count + 0.8))
    widths = [width for width, _ in sizes]
    cell = min(0.42, 7.0 / (sum(widths) + 0.4 * len(widths)))
    figure, axes = plt.subplots(
        1,
        len(arrays),
        figsize=(cell * (sum(widths) + 0.4 * len(widths)), cell * max(h for _, h in sizes) + 0.4),
        gridspec_kw={"width_ratios": widths},
        squeeze=False,
        layout="constrained",
    )
    for ax, (title, array) in zip(axes.flat, arrays.items(), strict=True):
        _draw_tensor(ax, array, masks[title])
        ax.set_anchor("S")
        ax.set_title(title, fontsize=9, loc="center")
    return _finish(figure, ". ".join(sayings) + ".")


def reading_order(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Draw matrices of distinct numbers with a line through each, from the smallest to the largest.

    Where the line runs along the rows, the numbers stand in reading order, as a reshape leaves
    them; where it runs down the columns, the matrix has been transposed.

    Args:
        matrices: from title to a matrix, shape `(rows, columns)`, no number twice.

    Raises:
        ValueError: there is nothing to draw, a rank is not 2, or a number stands twice.

    >>> m = np.array([[1, 2, 3], [4, 5, 6]])
    >>> print(reading_order({"m": m, "m.T": m.T}).alt)
    A line from the smallest number to the largest. In m, shape (2, 3), it runs along the rows. \
In m.T, shape (3, 2), it runs down the columns.
    """
    arrays = {title: np.asarray(matrix) for title, matrix in matrices.items()}
    for title, array in arrays.items():
        if array.ndim != 2 or len(np.unique(array)) != array.size:
            raise ValueError(f"{title} must be a matrix without repeats, got {array.tolist()}")
    if not arrays:
        raise ValueError("give at least one matrix")
    widths = [max(array.shape[1] + 0.9, 2.4) for array in arrays.values()]
    height = max(array.shape[0] for array in arrays.values()) + 0.6
    cell = min(0.5, 7.0 / sum(widths))
    figure, axes = plt.subplots(
        1,
        len(arrays),
        figsize=(cell * sum(widths), cell * height + 0.35),
        gridspec_kw={"width_ratios": widths},
        squeeze=False,
        layout="constrained",
    )
    sayings = []
    for ax, (title, array) in zip(axes.flat, arrays.items(), strict=True):
        order = np.argsort(array, axis=None)
        rows, columns = np.unravel_index(order, array.shape)
        ax.plot(columns, -rows, color="C1", linewidth=2.5, zorder=1.5)
        ax.plot(columns[0], -rows[0] + 0.62, "v", color="C1", markersize=7)
        for row, column in np.ndindex(array.shape):
            _cell(ax, column, -row, _tint("C0"), "")
            text = ax.text(column, -row, _number(array[row, column]), ha="center", va="center")
            text.set(color=_label_colour(_tint("C0")), fontsize=10, zorder=3)
            text.set_bbox({"boxstyle": "circle,pad=0.15", "fc": _tint("C0"), "ec": "none"})
        ascending = np.diff(array.ravel()).min(initial=1) > 0
        downwards = np.diff(array.T.ravel()).min(initial=1) > 0
        runs = "along the rows" if ascending else "down the columns" if downwards else "to and fro"
        sayings.append(f"In {title}, shape {array.shape}, it runs {runs}.")
        ax.set(xlim=(-0.75, max(array.shape[1] - 0.25, 1.6)), ylim=(0.4 - array.shape[0], 0.95))
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.set_anchor("N")
        ax.set_title(title, fontsize=9, loc="center")
    return _finish(figure, "A line from the smallest number to the largest. " + " ".join(sayings))


def matmul_picture(left: np.ndarray, right: np.ndarray, *, row: int = 0, column: int = 0) -> Figure:
    """Draw a matrix product with one of its elements worked out.

    Args:
        left: the matrix on the left of `@`, shape `(n, k)`.
        right: the matrix on the right, shape `(k, m)`; drawn above the product.
        row, column: the element of the product to work out.

    Raises:
        ValueError: a rank is not 2, or the inner sizes differ.
        IndexError: the product has no such element.

    >>> print(matmul_picture(np.array([[1, 2]]), np.array([[10], [20]])).alt)
    Matrix product: shape (1, 2) @ (2, 1) gives (1, 1). Row 0 on the left, 1, 2, with column 0 on \
the right, 10, 20, gives element (0, 0): 1×10 + 2×20 = 50.
    """
    left, right = np.asarray(left), np.asarray(right)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        raise ValueError(f"cannot multiply matrices of shapes {left.shape} and {right.shape}")
    product = left @ right
    (n, k), m = left.shape, right.shape[1]
    terms = " + ".join(
        f"{_number(a)}×{_number(b)}" for a, b in zip(left[row], right[:, column], strict=True)
    )
    arithmetic = f"{terms} = {_number(product[row, column])}"
    width, height = k + m + 2.2, n + k + 2.6
    cell = min(0.5, 7.0 / width)
    figure, ax = plt.subplots(figsize=(cell * width, cell * height), layout="constrained")
    for i, j in np.ndindex(n, k):
        chosen = i == row
        _cell(ax, j, -i, "C0" if chosen else _tint("C0"), _number(left[i, j]), marked=chosen)
    for i, j in np.ndindex(k, m):
        chosen = j == column
        colour = "C1" if chosen else _tint("C1")
        _cell(ax, k + 0.6 + j, k - i + 0.3, colour, _number(right[i, j]), marked=chosen)
    for i, j in np.ndindex(n, m):
        chosen = (i, j) == (row, column)
        colour = "C2" if chosen else _tint("C2")
        _cell(ax, k + 0.6 + j, -i, colour, _number(product[i, j]), marked=chosen)
    ax.text(k - 0.2, k / 2 + 0.8, f"right {right.shape}", ha="right", va="center", fontsize=9)
    ax.text((k - 1) / 2, 0.75, f"left {left.shape}", ha="center", va="center", fontsize=9)
    ax.text((k + m) / 2, -n - 0.15, arithmetic, ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.8, k + m + 1.0), ylim=(-n - 0.6, k + 1.0))
    ax.set_aspect("equal")
    ax.set_axis_off()
    alt = (
        f"Matrix product: shape {left.shape} @ {right.shape} gives {product.shape}. "
        f"Row {row} on the left, {', '.join(map(_number, left[row]))}, with column {column} on "
        f"the right, {', '.join(map(_number, right[:, column]))}, gives element "
        f"({row}, {column}): {arithmetic}."
    )
    return _finish(figure, alt)


def image_and_numbers(
    image: np.ndarray, *, top: int, left: int, size: int = 8, subject: str = "an image"
) -> Figure:
    """Draw a grey image with a square crop of it as numbers beside it.

    Args:
        image: shape `(height, width)`, dtype uint8.
        top, left: the crop's first row and column.
        size: the crop's rows and columns.
        subject: what the image shows, for the alt text.

    Raises:
        ValueError: the image is of another shape or dtype, or the crop leaves it.

    >>> image_and_numbers(np.eye(4, dtype=np.uint8), top=0, left=0, size=2, subject="a line").alt
    'Left: a line, 4 by 4 pixels from 0 to 1. Right: its pixels in rows 0 to 1, columns 0 to 1, \
as numbers from 0 to 1; the first row reads 1, 0.'
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"image must be uint8 (height, width), not {image.dtype} {image.shape}")
    crop = image[top : top + size, left : left + size]
    if top < 0 or left < 0 or crop.shape != (size, size):
        raise ValueError(f"a crop of {size} at ({top}, {left}) leaves the image {image.shape}")
    figure, (whole, part) = plt.subplots(1, 2, figsize=(7.0, 3.5), layout="constrained")
    for ax, shown in ((whole, image), (part, crop)):
        ax.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    frame = Rectangle((left - 0.5, top - 0.5), size, size, fill=False, ec="C1", lw=2.5)
    whole.add_patch(frame)
    grey = plt.get_cmap("gray")
    for (row, column), value in np.ndenumerate(crop):
        colour = _label_colour(grey(int(value)))
        part.text(column, row, str(value), ha="center", va="center", fontsize=8, color=colour)
    ticks = range(size)
    part.set_xticks(ticks, [str(left + tick) for tick in ticks])
    part.set_yticks(ticks, [str(top + tick) for tick in ticks])
    for ax in (whole, part):
        ax.set(xlabel="column", ylabel="row")
    for spine in part.spines.values():
        spine.set(edgecolor="C1", linewidth=2.5, visible=True)
    height, width = image.shape
    alt = (
        f"Left: {subject}, {height} by {width} pixels from {image.min()} to {image.max()}. "
        f"Right: its pixels in rows {top} to {top + size - 1}, columns {left} to "
        f"{left + size - 1}, as numbers from {crop.min()} to {crop.max()}; the first row reads "
        f"{', '.join(map(str, crop[0]))}."
    )
    return _finish(figure, alt)


_MARKERS = "os^Dv"
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def function_and_tangents(
    function: Callable[[np.ndarray], np.ndarray],
    slopes: Mapping[float, float],
    *,
    span: tuple[float, float] = (-2.0, 4.0),
    name: str = "f(x)",
) -> Figure:
    """Draw a function of one number and its tangents at some points.

    Args:
        function: takes an array of numbers, shape `(n,)`, and returns as many.
        slopes: from each point to the slope of the tangent there.
        span: the first and the last x to draw.
        name: what the curve is called.

    Raises:
        ValueError: there are no slopes, or a point lies outside the span.

    >>> print(function_and_tangents(lambda x: x**2, {0.0: 0.0, 3.0: 6.0}, name="x²").alt)
    The curve of x² from x = −2 to 4, with tangents: at x = 0, height 0, slope 0 (level); at \
x = 3, height 9, slope 6 (uphill).
    """
    first, last = span
    if not slopes or any(not first <= at <= last for at in slopes):
        raise ValueError(f"give points between {first} and {last}, not {list(slopes)}")
    x = np.linspace(first, last, 241)
    y = np.asarray(function(x))
    figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    ax.plot(x, y, color="C0", linewidth=2.5, label=name)
    room = 0.15 * float(np.ptp(y))
    sayings = []
    for i, (at, slope) in enumerate(slopes.items()):
        height = float(np.asarray(function(np.array([at])))[0])
        reach = 0.16 * (last - first)
        ends = np.array([at - reach, at + reach])
        colour = f"C{1 + i % 5}"
        style: Style = {"color": colour, "linestyle": _LINES[1 + i % 4], "linewidth": 2}
        ax.plot(ends, height + slope * (ends - at), **style)
        ax.plot(at, height, _MARKERS[i % 5], color=colour, markersize=8)
        ax.annotate(
            f"slope {_number(np.float64(slope))}",
            (at, height),
            xytext=(0 if slope == 0 else 12 if slope > 0 else -12, -6 if slope else -10),
            textcoords="offset points",
            ha="left" if slope > 0 else "right" if slope < 0 else "center",
            va="top",
        )
        way = "uphill" if slope > 0 else "downhill" if slope < 0 else "level"
        sayings.append(
            f"at x = {_number(np.float64(at))}, height {_number(np.float64(height))}, "
            f"slope {_number(np.float64(slope))} ({way})"
        )
    ax.set(xlabel="x", ylabel=name, ylim=(float(y.min()) - room, float(y.max()) + room))
    alt = f"The curve of {name} from x = {_number(np.float64(first))} to "
    alt += f"{_number(np.float64(last))}, with tangents: {'; '.join(sayings)}."
    return _finish(figure, alt)


def contour_paths(
    function: Callable[[np.ndarray], np.ndarray],
    paths: Mapping[float | str, np.ndarray],
    *,
    label: str = "learning rate",
    names: tuple[str, str] = ("x", "y"),
) -> Figure:
    """Draw walks over the contour lines of a function of two numbers, seen from above.

    Args:
        function: takes a point, shape `(2,)`, or a whole grid of them, shape `(2, n, n)`, and
            returns the height or heights.
        paths: from each setting to the points visited, shape `(steps + 1, 2)`. A setting is a
            number, or a name.
        label: what the setting is, if it is a number.
        names: what the two numbers are.

    Raises:
        ValueError: there is nothing to draw, or a path is of another shape or not finite.

    >>> walk = np.array([[2.0, 0.0], [1.0, 0.0]])
    >>> print(contour_paths(lambda p: p[0] ** 2 + p[1] ** 2, {0.25: walk}).alt)
    Contour lines of a function of x and y with 1 path from (2, 0), height 4. Learning rate 0.25: \
after 1 step at (1, 0), height 1, lower than the start.
    """
    walks = {setting: np.asarray(path, float) for setting, path in paths.items()}
    for setting, walk in walks.items():
        if walk.ndim != 2 or walk.shape[1] != 2 or not len(walk) or not np.isfinite(walk).all():
            raise ValueError(f"path {setting}: finite points (steps + 1, 2), not {walk.shape}")
    if not walks:
        raise ValueError("give at least one path")
    points = np.concatenate(list(walks.values()))
    low, high = points.min(axis=0), points.max(axis=0)
    pad = 0.18 * np.maximum(high - low, 0.5 * float(np.max(high - low)) + 1e-9)
    grid = np.stack(np.meshgrid(*np.linspace(low - pad, high + pad, 161).T))
    heights = np.asarray(function(grid))
    figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
    levels = np.unique(np.quantile(heights, np.linspace(0.01, 0.97, 11)))
    rings = {"colors": rcParams["text.color"], "alpha": 0.3, "linewidths": 1}
    ax.contour(*grid, heights, levels=levels, **rings)
    sayings = []
    for i, (setting, walk) in enumerate(walks.items()):
        name = setting if isinstance(setting, str) else f"{label} {setting:g}"
        before, after = (float(function(walk[end])) for end in (0, -1))
        ax.plot(
            *walk.T,
            color=f"C{i % 10}",
            linestyle=_LINES[i % 5],
            marker=_MARKERS[i % 5],
            markersize=5,
            label=name,
        )
        steps = f"{len(walk) - 1} step" + ("" if len(walk) == 2 else "s")
        way = "lower than" if after < before else "higher than" if after > before else "level with"
        sayings.append(
            f"{name[:1].upper()}{name[1:]}: after {steps} at "
            f"({', '.join(map(_number, walk[-1]))}), height {_number(np.float64(after))}, "
            f"{way} the start."
        )
    start = next(iter(walks.values()))[0]
    ax.annotate("start", start, xytext=(-9, 9), textcoords="offset points", ha="right")
    ax.set(xlabel=names[0], ylabel=names[1])
    figure.legend(loc="outside upper center", ncols=len(walks), fontsize=9)
    word = "path" if len(walks) == 1 else "paths"
    alt = f"Contour lines of a function of {names[0]} and {names[1]} with {len(walks)} {word} from "
    alt += f"({', '.join(map(_number, start))}), height "
    alt += f"{_number(np.float64(float(function(start))))}. "
    return _finish(figure, alt + " ".join(sayings))


def log_curves(
    curves: Mapping[str, Mapping[float, float]], *, xlabel: str = "x", ylabel: str = "y"
) -> Figure:
    """Draw positive measurements on two logarithmic axes, the lowest point of each curve named.

    Args:
        curves: from each curve's name to its points, from x to y, all positive; a y of 0 is left
            out, for it has no logarithm.
        xlabel, ylabel: what the axes measure.

    Raises:
        ValueError: a curve has no positive point.

    >>> log_curves({"error": {0.1: 0.01, 0.01: 0.0001}}, xlabel="step", ylabel="error").alt
    'error against step, both on logarithmic axes. error: lowest 0.0001 at step 0.01, 0.01 at \
0.1, 0.0001 at 0.01.'
    """
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        points = sorted((x, y) for x, y in curve.items() if x > 0 and y > 0)
        if not points:
            plt.close(figure)
            raise ValueError(f"{name} has no positive point")
        style: Style = {
            "color": f"C{i % 10}",
            "linestyle": _LINES[i % 5],
            "marker": _MARKERS[i % 5],
        }
        ax.loglog(*np.transpose(points), label=name, markersize=5, **style)
        x, y = min(points, key=lambda point: point[1])
        (small, at_small), (large, at_large) = points[0], points[-1]
        sayings.append(
            f"{name}: lowest {y:.1g} at {xlabel} {x:.1g}, {at_large:.1g} at {large:.1g}, "
            f"{at_small:.1g} at {small:.1g}."
        )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    alt = f"{ylabel} against {xlabel}, both on logarithmic axes. " + " ".join(sayings)
    return _finish(figure, alt)


def signed_images(
    images: Mapping[str, np.ndarray], *, columns: int | None = None, numbers: bool = False
) -> Figure:
    """Draw matrices of numbers of both signs as pictures with one shared scale.

    Args:
        images: from title to a matrix, shape `(height, width)`, float. Blue is negative, red is
            positive, pale is near 0.
        columns: pictures a row; all in one row if left out.
        numbers: write each number into its cell; for matrices of up to about 6 by 6.

    Raises:
        ValueError: there is nothing to draw, or a rank is not 2.

    >>> signed_images({"weights": np.array([[-2.0, 0.0], [1.0, 0.5]])}).alt
    'Numbers as colours on one scale, from −2 (blue) to 2 (red). weights: 2 by 2, from −2 at row \
0, column 0 to 1 at row 1, column 0.'
    """
    arrays = {title: np.asarray(image, float) for title, image in images.items()}
    if not arrays or any(array.ndim != 2 or not array.size for array in arrays.values()):
        raise ValueError("give at least one matrix, shape (height, width)")
    reach = max(float(np.abs(array).max()) for array in arrays.values()) or 1.0
    columns = min(columns or len(arrays), len(arrays))
    rows = -(-len(arrays) // columns)
    width = min(7.2, 0.8 + 2.3 * columns)
    tallest = min(max(array.shape[0] / array.shape[1] for array in arrays.values()), 1)
    height = rows * max(0.4 + tallest * (width - 0.8) / columns, 1.2)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), squeeze=False, layout="constrained"
    )
    sayings = []
    for ax in axes.flat[len(arrays) :]:
        ax.set_axis_off()
    for ax, (title, array) in zip(axes.flat, arrays.items(), strict=False):
        image = ax.imshow(array, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(title, fontsize=9)
        for (row, column), value in np.ndenumerate(array) if numbers else ():
            style: Style = {"ha": "center", "va": "center", "fontsize": 8}
            colour = _label_colour(image.cmap(image.norm(value)))
            ax.text(column, row, f"{value:.2f}".replace("-", "−"), color=colour, **style)
        low = np.unravel_index(int(np.argmin(array)), array.shape)
        high = np.unravel_index(int(np.argmax(array)), array.shape)
        sayings.append(
            f"{title}: {array.shape[0]} by {array.shape[1]}, from {_number(array[low])} at row "
            f"{low[0]}, column {low[1]} to {_number(array[high])} at row {high[0]}, "
            f"column {high[1]}."
        )
    figure.colorbar(image, ax=list(axes.flat), shrink=0.85)
    top = _number(np.float64(reach))
    alt = f"Numbers as colours on one scale, from −{top} (blue) to {top} (red). "
    return _finish(figure, alt + " ".join(sayings))


def seed_dots(
    scores: Mapping[str, Sequence[float]], *, xlabel: str, percent: bool = True
) -> Figure:
    """Draw the scores of several settings, a row a setting: a dot a seed, and how far they spread.

    Each row has a line from its lowest score to its highest, an upright stroke at the mean, and
    the mean as a number at the right.

    Args:
        scores: from each setting's name to its scores, one a seed; as many as you like.
        xlabel: what the scores measure.
        percent: the scores are parts of one, to be written as percentages.

    Raises:
        ValueError: there is no setting, or one has no score or one that is not finite.

    >>> print(seed_dots({"64": [0.80, 0.82], "128": [0.81, 0.85]}, xlabel="accuracy").alt)
    accuracy of 2 settings, a dot a seed. 64: mean 81.0%, from 80.0% to 82.0% over 2 seeds; 128: \
mean 83.0%, from 81.0% to 85.0% over 2 seeds.
    """
    rows = {str(name): np.asarray(values, float) for name, values in scores.items()}
    if not rows or not all(v.ndim == 1 and len(v) and np.isfinite(v).all() for v in rows.values()):
        raise ValueError("give at least one setting, each with finite scores, shape (seeds,)")
    show = "{:.1%}".format if percent else "{:.3g}".format
    figure, ax = plt.subplots(figsize=(6.6, 0.75 + 0.32 * len(rows)), layout="constrained")
    sayings = []
    for place, (name, values) in enumerate(rows.items()):
        low, mean, high = values.min(), values.mean(), values.max()
        ax.plot([low, high], [place, place], "-", color="C0", linewidth=5, alpha=0.3)
        ax.plot([mean, mean], [place - 0.3, place + 0.3], "-", color="C1", linewidth=2.5)
        ax.plot(values, np.full(len(values), place), "o", color="C0", markersize=6)
        ax.text(1.02, place, show(mean), va="center", transform=ax.get_yaxis_transform())
        seeds = f"{len(values)} seed" + ("" if len(values) == 1 else "s")
        sayings.append(f"{name}: mean {show(mean)}, from {show(low)} to {show(high)} over {seeds}")
    ax.text(1.02, -0.75, "mean", va="center", fontsize=9, transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x")
    if percent:
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    alt = f"{xlabel} of {len(rows)} setting{'' if len(rows) == 1 else 's'}, a dot a seed. "
    return _finish(figure, alt + "; ".join(sayings) + ".")


def line_fit(
    x: np.ndarray,
    y: np.ndarray,
    lines: Mapping[str, tuple[float, float]],
    *,
    misses: str | None = None,
    xlabel: str = "x",
    ylabel: str = "y",
) -> Figure:
    """Draw points and straight lines that try to go through them.

    Args:
        x, y: the points, shape `(n,)` each.
        lines: from name to `(slope, intercept)`.
        misses: the line whose distances to the points are drawn, as vertical strokes.
        xlabel, ylabel: what the axes measure.

    Raises:
        ValueError: the points are of another shape, there is no line, or none is named `misses`.

    >>> figure = line_fit([0.0, 1.0], [1.0, 3.0], {"guess": (0.0, 1.0)}, misses="guess")
    >>> figure.alt
    '2 points from x = 0 to 1. guess: slope 0, intercept 1, mean squared error 2, misses 0, −2.'
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise ValueError(f"points need x and y of one length, not {x.shape} and {y.shape}")
    if not lines or (misses is not None and misses not in lines):
        raise ValueError(f"give at least one line, and misses of one of {list(lines)}")
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    room = 0.25 * float(np.ptp(x)) or 1.0
    ends = np.array([x.min() - room, x.max() + room])
    sayings = []
    for i, (name, (slope, intercept)) in enumerate(lines.items()):
        predicted = slope * x + intercept
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "linewidth": 2}
        ax.plot(ends, slope * ends + intercept, label=name, **style)
        said = [
            f"{name}: slope {_number(np.float64(slope))}",
            f"intercept {_number(np.float64(intercept))}",
            f"mean squared error {_number(np.mean((predicted - y) ** 2))}",
        ]
        if name == misses:
            strokes = {"colors": rcParams["text.color"], "linewidth": 1.2, "alpha": 0.7}
            ax.vlines(x, np.minimum(y, predicted), np.maximum(y, predicted), **strokes)
            for at, low, miss in zip(x, (y + predicted) / 2, predicted - y, strict=True):
                if miss:
                    label: Style = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
                    label["bbox"] = {"boxstyle": "round,pad=0.1", "edgecolor": "none"}
                    label["bbox"]["facecolor"] = rcParams["figure.facecolor"]
                    ax.annotate(f"miss {_number(miss)}", (at, low), zorder=3, **label)
            said.append("misses " + ", ".join(_number(miss) for miss in predicted - y))
        sayings.append(", ".join(said) + ".")
    many = {"markersize": 3, "alpha": 0.4, "zorder": 1} if len(x) > 60 else {"markersize": 8}
    ax.plot(x, y, "o", color=rcParams["text.color"], label="points", **many)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    figure.legend(loc="outside upper center", ncols=min(len(lines) + 1, 5), fontsize=9)
    alt = f"{len(x)} points from {xlabel} = {_number(x.min())} to {_number(x.max())}. "
    return _finish(figure, alt + " ".join(sayings))


def spread_curves(
    runs: Mapping[str, Any],
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "step",
    ylabel: str = "loss",
    log_x: bool = False,
    log_y: bool = False,
    percent: bool = False,
    behind: str | None = None,
) -> Figure:
    """Draw the same measurement for several settings, each run with several seeds.

    A line joins the means over the seeds; the band around it reaches from the lowest to the highest
    seed. Ranges of up to 20 points get a marker a point.

    Args:
        runs: from setting to its curves, shape `(seeds, points)`, or `(points,)` for one seed.
        x: where the points lie, shape `(points,)`; counted from 1 if left out.
        xlabel, ylabel: what the axes measure.
        log_x, log_y: make that axis logarithmic; a y of 0 or below is then left out, an x of 0
            stands a step left of the smallest other.
        percent: the values are parts of one, to be written as percentages.
        behind: the setting whose line is drawn wide and pale, under the others.

    Raises:
        ValueError: there is nothing to draw, the curves are not equally long, or `behind` is none
            of them.

    >>> spread_curves({"rate 0.1": [[2.0, 1.0], [2.0, 0.6]], "rate 9": [2.0, 4.0]}).alt
    'loss against step, 1 to 2. rate 0.1: 2 at first, 0.8 at the end (0.6 to 1 over 2 seeds). \
rate 9: 2 at first, 4 at the end.'
    """
    curves = {name: np.atleast_2d(np.asarray(run, float)) for name, run in runs.items()}
    lengths = {curve.shape[-1] for curve in curves.values()}
    lengths |= set() if x is None else {len(x)}
    if not curves or len(lengths) > 1 or any(c.ndim != 2 or not c.size for c in curves.values()):
        raise ValueError(f"give curves of one length, (seeds, points), not {sorted(lengths)}")
    if behind is not None and behind not in curves:
        raise ValueError(f"{behind} is none of {list(curves)}")
    at = np.arange(1, lengths.pop() + 1) if x is None else np.asarray(x, float)
    show = "{:.1%}".format if percent else _number
    figure, ax = plt.subplots(figsize=(7.0, 3.8), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "label": name}
        style |= {"marker": _MARKERS[i % 5], "markersize": 5} if len(at) <= 20 else {}
        wide: Style = {"linewidth": 7, "alpha": 0.35, "linestyle": "-"} if name == behind else {}
        mean = curve.mean(axis=0)
        ax.plot(at, mean, **style | wide)
        said = f"{name}: {show(mean[0])} at first, {show(mean[-1])} at the end"
        if len(curve) > 1:
            low, high = curve.min(axis=0), curve.max(axis=0)
            ax.fill_between(at, low, high, color=f"C{i % 6}", alpha=0.2, linewidth=0)
            said += f" ({show(low[-1])} to {show(high[-1])} over {len(curve)} seeds)"
        sayings.append(said + ".")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if log_x and (at == 0).any() and (at > 0).any():
        ax.set_xscale("symlog", linthresh=at[at > 0].min())
        ax.set_xlim(left=0 if at.min() == 0 else None)
    else:
        ax.set_xscale("log" if log_x else "linear")
    if percent:
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    if log_y:
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.yaxis.set_minor_formatter(
            lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else ""
        )
    figure.legend(loc="outside upper center", ncols=min(len(curves), 4), fontsize=9)
    alt = f"{ylabel} against {xlabel}, {_number(at[0])} to {_number(at[-1])}. "
    return _finish(figure, alt + " ".join(sayings))


def _climbing(name: str, pair: Sequence[Sequence[float]]) -> list[np.ndarray]:
    """Return a curve's x and y as arrays, if neither ever falls nor leaves the unit square."""
    axes = [np.asarray(axis, float) for axis in pair]
    fits = len(axes) == 2 and axes[0].shape == axes[1].shape and axes[0].ndim == 1
    if not fits or len(axes[0]) < 2:
        raise ValueError(f"{name} must be two equal shapes (points,)")
    if not all((np.diff(axis, prepend=0, append=1) >= -1e-9).all() for axis in axes):
        raise ValueError(f"{name} must climb, from 0 or more to 1 or less")
    return axes


def roc_panels(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    corner: float = 1.0,
    columns: int = 4,
) -> Figure:
    """Draw ROC curves, a panel each with its area, the other curves pale behind it.

    Args:
        curves: from name to false-positive rates and true-positive rates, each shape `(points,)`,
            from 0 to 1, neither ever falling.
        corner: how much of both axes to show, from the upper left corner on; 1 is all.
        columns: panels a row.

    Raises:
        ValueError: there is no curve, one is not such a pair, or the corner is outside (0, 1].

    >>> roc_panels({"cat": ([0, 0, 1], [0, 1, 1]), "dog": ([0, 1], [0, 1])}).alt
    'ROC curves of 2, with areas from cat 1.000 down to dog 0.500: cat 1.000, dog 0.500.'
    """
    if not curves or not 0 < corner <= 1:
        raise ValueError(f"give at least one curve, and a corner in (0, 1], not {corner}")
    pairs = {name: _climbing(name, pair) for name, pair in curves.items()}
    areas = {name: float(np.trapezoid(y, x)) for name, (x, y) in pairs.items()}
    columns = min(columns, len(pairs))
    rows = -(-len(pairs) // columns)
    side = 7.2 / max(columns, 3)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(side * columns, (side + 0.12) * rows + 0.2),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
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
    return _finish(
        figure, alt + ", ".join(f"{name} {area:.3f}" for name, area in areas.items()) + "."
    )


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
    truth: ArrayLike, scores: ArrayLike, *, thresholds: Mapping[str, float]
) -> Figure:
    """Draw a detector's thresholds as the same dots on three pictures of it.

    The pictures are the ROC curve, the precision-recall curve, and precision, recall and F1 against
    the threshold. At or above its threshold, a score means yes.

    Args:
        truth: whether each example is a positive, shape `(n,)`.
        scores: the larger, the likelier, shape `(n,)`.
        thresholds: from a short name to a threshold; at most five, each with a marker of its own.

    Raises:
        ValueError: shapes that differ, one kind of examples only, or no or too many thresholds.

    >>> print(threshold_dots([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], thresholds={"half": 0.5}).alt)
    Thresholds of a detector on its ROC curve, its precision-recall curve, and precision, recall \
and F1 against the threshold. half, 0.500: recall 50.0%, false-positive rate 50.0%, precision \
50.0%, F1 50.0%.
    """
    truth, scores = np.asarray(truth, bool), np.asarray(scores, float)
    if truth.shape != scores.shape or truth.ndim != 1 or truth.all() or not truth.any():
        raise ValueError(
            f"need examples of both kinds: {truth.shape} and {scores.shape} do not fit"
        )
    if not 0 < len(thresholds) <= len(_MARKERS):
        raise ValueError(f"give 1 to {len(_MARKERS)} thresholds, not {len(thresholds)}")
    levels = np.unique(np.append(np.quantile(scores, np.linspace(0, 1, 601)), scores[truth]))[::-1]
    line = _detector_grades(truth, scores, levels)
    dots = _detector_grades(truth, scores, np.array(list(thresholds.values()), float))
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 3.3), layout="constrained")
    roc, pr, by = axes
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
            ax.plot(x, y, _MARKERS[i], label=name if ax is roc else None, **look)
        said = f"recall {recall:.1%}, false-positive rate {wrong:.1%}, precision {precision:.1%}"
        sayings.append(f"{name}, {at:.3f}: {said}, F1 {f1:.1%}")
    for ax in axes:
        ax.set(ylim=(-0.02, 1.04))
        ax.set_box_aspect(1)
    figure.legend(*roc.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=9)
    alt = "Thresholds of a detector on its ROC curve, its precision-recall curve, and precision, "
    return _finish(figure, alt + f"recall and F1 against the threshold. {'; '.join(sayings)}.")


def _reliability_bars(
    top: Axes, bottom: Axes, sure: np.ndarray, right: np.ndarray, count: np.ndarray, few: int
) -> None:
    """Draw one classifier's accuracy and its gap to the confidence, and below how many examples."""
    left = np.arange(len(count)) / len(count)
    bar: Style = {"width": 1 / len(count), "align": "edge", "linewidth": 0.8}
    solid: Style = {"color": "C0", "edgecolor": rcParams["figure.facecolor"]}
    gap: Style = {"facecolor": "none", "edgecolor": "C1", "hatch": "////", "hatchcolor": "C1"}
    pale = (count > 0) & (count < few)
    for part, alpha, label in ((count >= few, 1.0, "gap to confidence"), (pale, 0.25, None)):
        foot, height = right[part], (sure - right)[part]
        top.bar(left[part], foot, alpha=alpha, **solid, **bar)
        top.bar(left[part], height, bottom=foot, alpha=alpha, label=label, **gap, **bar)
    top.plot([0, 1], [0, 1], "--", color=rcParams["text.color"], linewidth=1.2)
    bottom.bar(left, count, **solid, **bar)
    bottom.set_xlabel("confidence")
    top.set(xlim=(0, 1), ylim=(0, 1.02))
    for axis in (top.xaxis, top.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")


def reliability_panels(
    bins: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[int]]],
    *,
    few: int = 20,
) -> Figure:
    """Draw how often a classifier is right against how sure it is, a panel a classifier.

    Bars show the accuracy of each bin, hatched from there to the confidence; below them stands
    how many examples the bin holds. Bins of a few examples are pale.

    Args:
        bins: from name to confidence, accuracy and count of bins of equal width from 0 to 1, each
            shape `(bins,)`; confidence and accuracy of an empty bin are not looked at.
        few: a bin with fewer examples than that says little.

    Raises:
        ValueError: there is no classifier, the shapes differ, or all bins are empty.

    >>> print(reliability_panels({"net": ([np.nan, 0.9], [np.nan, 0.7], [0, 30])}).alt)
    Reliability diagrams. net: mean confidence 90.0%, accuracy 70.0%, expected calibration error \
20.0%; too sure in 1 of 1 bins.
    """
    if not bins:
        raise ValueError("give at least one classifier")
    figure, axes = plt.subplots(
        2,
        len(bins),
        figsize=(min(7.2, 0.6 + 2.9 * len(bins)), 3.9),
        sharex=True,
        sharey="row",
        squeeze=False,
        height_ratios=(3, 1),
        layout="constrained",
    )
    sayings = []
    for (top, bottom), (name, columns) in zip(axes.T, bins.items(), strict=True):
        sure, right, count = (np.asarray(column, float) for column in columns)
        if not sure.shape == right.shape == count.shape or sure.ndim != 1 or not count.sum() > 0:
            plt.close(figure)
            raise ValueError(f"{name} must be three equal shapes (bins,), not all empty")
        held, many = count > 0, count[count > 0] >= few
        _reliability_bars(top, bottom, sure, right, count, few)
        sure, right, weight = sure[held], right[held], count[held] / count.sum()
        error = float(np.abs(sure - right) @ weight)
        top.set_title(f"{name}\ncalibration error {error:.1%}", fontsize=9)
        sayings.append(
            f"{name}: mean confidence {sure @ weight:.1%}, accuracy {right @ weight:.1%}, expected "
            f"calibration error {error:.1%}; too sure in {int((sure > right)[many].sum())} of "
            f"{int(many.sum())} bins"
        )
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("examples")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", fontsize=9)
    return _finish(figure, f"Reliability diagrams. {'. '.join(sayings)}.")


def interval_rows(
    rows: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str, percent: bool = True
) -> Figure:
    """Draw values with their intervals, a row a name, a marker a measure.

    Args:
        rows: from each row's name to its measures, and from each measure's name to a value, NaN
            where there is none, and the low and the high end of its interval.
        xlabel: what the values measure.
        percent: the values are parts of one, to be written as percentages.

    Raises:
        ValueError: there is no row or more than five measures, or a value is not in its interval.

    >>> print(interval_rows({"Bag": {"recall": (0.95, 0.9, 0.97)}}, xlabel="grade").alt)
    grade with intervals. Bag: recall 95.0% (90.0% to 97.0%).
    """
    measures = list(dict.fromkeys(measure for row in rows.values() for measure in row))
    if not 0 < len(measures) <= len(_MARKERS):
        raise ValueError(f"give rows with 1 to {len(_MARKERS)} measures, not {len(measures)}")
    show = "{:.1%}".format if percent else "{:.3g}".format
    room = 0.22 + 0.1 * len(measures)
    figure, ax = plt.subplots(figsize=(6.8, 0.9 + room * len(rows)), layout="constrained")
    sayings = []
    for place, (name, row) in enumerate(rows.items()):
        said = []
        for measure, (value, low, high) in row.items():
            i = measures.index(measure)
            if not low <= high or value < low or value > high:
                plt.close(figure)
                raise ValueError(f"{name}: {measure} {value} is not from {low} to {high}")
            y = place + (i - (len(measures) - 1) / 2) * 0.6 / len(measures)
            ax.plot([low, high], [y, y], "-", color=f"C{i}", linewidth=3, alpha=0.45)
            ax.plot(value, y, _MARKERS[i], color=f"C{i}", markersize=6)
            graded = "not graded" if np.isnan(value) else show(value)
            said.append(f"{measure} {graded} ({show(low)} to {show(high)})")
        if place % 2:
            ax.axhspan(place - 0.5, place + 0.5, color=rcParams["text.color"], alpha=0.05, lw=0)
        sayings.append(f"{name}: {', '.join(said)}")
        if len(measures) == 1:
            at: Style = {"va": "center", "transform": ax.get_yaxis_transform()}
            ax.text(1.02, place, graded, **at)
    if len(measures) > 1:
        marks = [ax.plot([], [], _MARKERS[i], color=f"C{i}")[0] for i in range(len(measures))]
        figure.legend(marks, measures, loc="outside upper center", ncols=len(measures), fontsize=9)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x")
    if percent:
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    return _finish(figure, f"{xlabel} with intervals. {'; '.join(sayings)}.")


def curves_and_slopes(
    x: ArrayLike, values: Mapping[str, ArrayLike], slopes: Mapping[str, ArrayLike]
) -> Figure:
    """Draw functions of one number on the left and their slopes at the same places on the right.

    Args:
        x: where the functions were evaluated, ascending, shape `(n,)`.
        values: from each function's name to its values, shape `(n,)`.
        slopes: from the same names to the slopes, shape `(n,)`.

    Raises:
        ValueError: there is no function, the names differ, or a shape is another than that of `x`.

    >>> print(curves_and_slopes([-1, 0, 2], {"relu": [0, 0, 2]}, {"relu": [0, 0, 1]}).alt)
    Left, 1 function of x from −1 to 2; right, the slope of each. relu: from 0 to 2, slope from 0 \
to 1.
    """
    x = np.asarray(x, float)
    pairs = {n: (np.asarray(v, float), np.asarray(slopes.get(n, ()))) for n, v in values.items()}
    if not pairs or set(values) != set(slopes):
        raise ValueError(f"values of {list(values)} need slopes of the same, not {list(slopes)}")
    if any(part.shape != x.shape or x.ndim != 1 for pair in pairs.values() for part in pair):
        raise ValueError(f"every curve must have the shape of x, {x.shape}")
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), layout="constrained")
    sayings = []
    for i, (name, pair) in enumerate(pairs.items()):
        for ax, curve in zip(axes, pair, strict=True):
            ax.plot(x, curve, color=f"C{i % 10}", linestyle=_LINES[i % 5], linewidth=2, label=name)
        low, high, flat, steep = (_number(f(part)) for part in pair for f in (np.min, np.max))
        sayings.append(f"{name}: from {low} to {high}, slope from {flat} to {steep}.")
    axes[0].set(xlabel="x", title="value")
    axes[1].set(xlabel="x", title="slope")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    word = "function" if len(pairs) == 1 else "functions"
    alt = f"Left, {len(pairs)} {word} of x from {_number(x[0])} to {_number(x[-1])}; right, the "
    return _finish(figure, alt + f"slope of each. {' '.join(sayings)}")


def layer_sizes(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw positive sizes measured layer by layer, on logarithmic axes, a panel a measurement.

    Args:
        panels: from what was measured to the measurements: from each network's name to one
            number a layer, first to last, positive.

    Raises:
        ValueError: there is no panel, or a network in it has no size or one that is not positive.

    >>> layer_sizes({"gradient": {"sigmoid": [1e-9, 1e-6, 1e-3]}}).alt
    'Sizes by layer on logarithmic axes. Gradient: sigmoid from 1e-09 in layer 1 to 0.001 in \
layer 3.'
    """
    arrays = {
        title: {name: np.asarray(sizes, float) for name, sizes in networks.items()}
        for title, networks in panels.items()
    }
    every = [sizes for networks in arrays.values() for sizes in networks.values()]
    if not every or not all(s.ndim == 1 and len(s) and (s > 0).all() for s in every):
        raise ValueError("give at least one network, each with positive sizes, one a layer")
    width = min(7.2, 0.6 + 3.3 * len(arrays))
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(width, 3.7), squeeze=False, layout="constrained"
    )
    sentences = []
    for ax, (title, networks) in zip(axes.flat, arrays.items(), strict=True):
        said = []
        for i, (name, sizes) in enumerate(networks.items()):
            style: Style = {"linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5], "markersize": 4}
            ax.semilogy(range(1, len(sizes) + 1), sizes, color=f"C{i % 10}", label=name, **style)
            said.append(
                f"{name} from {sizes[0]:.1g} in layer 1 to {sizes[-1]:.1g} in layer {len(sizes)}"
            )
        ax.set(xlabel="layer", title=title)
        ax.locator_params(axis="x", integer=True)
        sentences.append(f"{title[:1].upper()}{title[1:]}: {'; '.join(said)}.")
    handles = axes.flat[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3, fontsize=9)
    return _finish(figure, "Sizes by layer on logarithmic axes. " + " ".join(sentences))


def _calls(model: Any) -> tuple[list[dict[str, Any]], dict[int, list[int]]]:
    """Return the layer calls that a Keras model is made of, and which calls each one takes from.

    Walks back from the outputs along the history that Keras keeps on its symbolic tensors.
    """
    try:
        inputs, ends = list(model.inputs), list(model.outputs)
    except (AttributeError, TypeError, ValueError):
        raise ValueError("the model has no inputs and outputs yet: give it an Input") from None
    calls: list[dict[str, Any]] = []
    sources: dict[int, list[int]] = {}
    numbers: dict[tuple[int, int], int] = {}

    def visit(tensor: Any) -> int:
        layer, index, _ = tensor._keras_history
        if (id(layer), index) not in numbers:
            node = layer._inbound_nodes[index]
            begins = any(tensor is start for start in inputs)
            before = [] if begins else [visit(taken) for taken in node.input_tensors]
            number = numbers[id(layer), index] = len(calls)
            sources[number] = list(dict.fromkeys(before))
            how = getattr(getattr(layer, "activation", None), "__name__", "linear")
            kind = type(layer).__name__ + ("" if how == "linear" else f", {how}")
            again = any(call["layer"] is layer for call in calls)
            weights = layer.count_params() if hasattr(layer, "count_params") else 0
            calls.append(
                {
                    "layer": layer,
                    "name": layer.name,
                    "kind": "input" if begins else kind,
                    "shape": tuple(tensor.shape[1:]),
                    "knobs": f"{'same ' * again}{weights:,} weights" if weights else "",
                    "again": again,
                }
            )
        return numbers[id(layer), index]

    for tensor in (*inputs, *ends):
        visit(tensor)
    return calls, sources


def _place(
    sources: Mapping[int, Sequence[int]],
) -> tuple[dict[Any, tuple[float, int]], list[list[Any]]]:
    """Place calls in rows so that every arrow points down; return places and the arrows' routes.

    An arrow that passes a row gets a place of its own there, so that it runs beside the boxes.
    """
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(sources)
    graph.add_edges_from((a, b) for b, before in sources.items() for a in before)
    rows: list[list[Any]] = [list(row) for row in networkx.topological_generations(graph)]
    depth = {call: number for number, row in enumerate(rows) for call in row}
    routes: list[list[Any]] = []
    above: dict[Any, list[Any]] = {call: [] for call in depth}
    below: dict[Any, list[Any]] = {call: [] for call in depth}
    for a, b in graph.edges:
        passing = [(a, b, number) for number in range(depth[a] + 1, depth[b])]
        for stop in passing:
            rows[stop[2]].append(stop)
        routes.append([a, *passing, b])
        for one, other in itertools.pairwise(routes[-1]):
            below.setdefault(one, []).append(other)
            above.setdefault(other, []).append(one)
    across = {call: i - (len(row) - 1) / 2 for row in rows for i, call in enumerate(row)}
    for number in range(6):  # up and down in turn, each call towards the middle of its neighbours
        near, order = (above, rows) if number % 2 else (below, rows[::-1])
        for row in order:
            wish = {c: np.mean([across[n] for n in near.get(c, ())] or [across[c]]) for c in row}
            row.sort(key=wish.__getitem__)
            edge = -np.inf
            for call in row:
                half = 0.15 if isinstance(call, tuple) else 0.5
                across[call] = max(float(wish[call]), edge + half)
                edge = across[call] + half
            shift = float(np.mean([across[call] - wish[call] for call in row]))
            across.update({call: across[call] - shift for call in row})
    return {call: (across[call], number) for number, row in enumerate(rows) for call in row}, routes


def _draw_call(
    ax: Axes, centre: tuple[float, float], size: tuple[float, float], call: Mapping[str, Any]
) -> None:
    """Draw the box of a layer's call: name and kind, the shape it returns, its weights."""
    (x, y), (wide, high) = centre, size
    box = FancyBboxPatch((x - wide / 2, y - high / 2), wide, high, boxstyle="round,pad=0")
    box.set(facecolor=rcParams["figure.facecolor"], edgecolor=rcParams["text.color"], zorder=2)
    box.set(linestyle="--" if call["again"] else "-")
    box.set(linewidth=2.2 if call["kind"] == "input" else 1.2)
    ax.add_patch(box)
    style: Style = {
        "va": "center",
        "zorder": 3,
        "fontsize": 9 if wide > 2.2 else 8 if wide > 1.9 else 7,
    }
    left, right = x - wide / 2 + 0.09, x + wide / 2 - 0.09
    ax.text(left, y + 0.11, call["name"], ha="left", weight="bold", **style)
    ax.text(right, y + 0.11, call["kind"], ha="right", **style)
    ax.text(left, y - 0.11, str(call["shape"]), ha="left", **style)
    ax.text(right, y - 0.11, call["knobs"], ha="right", **style)


def model_diagram(model: Any) -> Figure:
    """Draw a Keras model as boxes and arrows, from its inputs at the top to its outputs.

    Every box is one call of a layer: its name and kind, the shape it returns without the batch
    axis, its weights. A layer that is called again is drawn again, dashed, as its weights are the
    same. Needs networkx, which nothing else in this file does, and no Graphviz.

    Args:
        model: a Sequential or functional model, built. Any graph: several inputs and outputs,
            branches, shared layers. A model inside the model is one box.

    Raises:
        ValueError: the model has no inputs and outputs yet.

    >>> import keras
    >>> image, dense = keras.Input((4,), name="image"), keras.layers.Dense(2, name="scores")
    >>> print(model_diagram(keras.Model(image, dense(image), name="tiny")).alt)
    Diagram of the model tiny, 10 weights. image, input, (4,); scores, Dense, (2,), 10 weights, \
from image.
    """
    calls, sources = _calls(model)
    places, routes = _place(sources)
    low, high = min(x for x, _ in places.values()), max(x for x, _ in places.values())
    wide, tall, step = min(2.9, 7.0 / (high - low + 1)), 0.5, 0.8
    bottom = -step * max(row for _, row in places.values())
    figure, ax = plt.subplots(figsize=((high - low + 1) * wide + 0.1, 0.7 - bottom))
    at = {call: (across * wide, -row * step) for call, (across, row) in places.items()}
    ink: Style = {"color": rcParams["text.color"], "linewidth": 1.2, "linestyle": "-"}
    for first, *passing, last in routes:
        track = [(at[first][0], at[first][1] - tall / 2)]
        for x, y in map(at.__getitem__, passing):
            track += [(x, y + tall / 2), (x, y - tall / 2)]
        lean = np.clip(0.3 * (track[-1][0] - at[last][0]), -0.35 * wide, 0.35 * wide)
        end = (at[last][0] + lean, at[last][1] + tall / 2)
        ax.plot(*np.transpose(track), **ink)
        head: Style = {"arrowstyle": "-|>", "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0}
        ax.add_patch(FancyArrowPatch(track[-1], end, **head, **ink))
    sayings = []
    for number, call in enumerate(calls):
        _draw_call(ax, at[number], (wide - 0.2, tall), call)
        taken = " and ".join(calls[source]["name"] for source in sources[number])
        parts = (call["name"], call["kind"], str(call["shape"]), call["knobs"])
        sayings.append(", ".join(filter(None, [*parts, taken and f"from {taken}"])))
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=((low - 0.5) * wide - 0.05, (high + 0.5) * wide + 0.05), ylim=(bottom - 0.35, 0.35))
    ax.set_axis_off()
    alt = f"Diagram of the model {model.name}, {model.count_params():,} weights. "
    return _finish(figure, alt + "; ".join(sayings) + ".")


def label_order(
    orders: Mapping[str, Sequence[int]], class_names: Sequence[str], *, batch_size: int = 100
) -> Figure:
    """Draw the classes of examples in the order in which they come, one panel an order.

    Args:
        orders: from each order's name to the labels as they come, integers, shape `(n,)`.
        class_names: one name a class.
        batch_size: how many successive labels to look at together, for the alt text: how many
            different classes a batch holds, on average over whole batches.

    Raises:
        ValueError: there is nothing to draw, an order is shorter than a batch, or a label has no
            name.

    >>> label_order({"sorted": [0, 0, 1, 1], "dealt": [0, 1, 1, 0]}, ["a", "b"], batch_size=2).alt
    'Labels in the order in which they come. sorted: a batch of 2 holds 1.0 of 2 classes on \
average. dealt: a batch of 2 holds 2.0 of 2 classes on average.'
    """
    labels = {name: np.asarray(order, int) for name, order in orders.items()}
    if not labels or any(each.ndim != 1 or len(each) < batch_size for each in labels.values()):
        raise ValueError(f"give at least one order of {batch_size} labels or more")
    if any(each.min() < 0 or each.max() >= len(class_names) for each in labels.values()):
        raise ValueError(f"labels must lie from 0 to {len(class_names) - 1}, one a class name")
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


def chosen_and_fresh(
    chosen: Sequence[float], fresh: Sequence[float], *, what: str = "candidates"
) -> Figure:
    """Draw what candidates score on the examples that choose among them, and on fresh ones.

    Args:
        chosen: each candidate's score on the examples it is chosen by, from 0 to 1, shape `(n,)`.
        fresh: its score on other examples, shape `(n,)`.
        what: what the candidates are.

    Raises:
        ValueError: there are no candidates, or the scores are not as many.

    >>> chosen_and_fresh([0.5, 0.9], [0.6, 0.7], what="rules").alt
    '2 rules: score where chosen against score on fresh examples. The winner where chosen scores \
90.0% there and 70.0% on fresh examples, 20.0 points lower.'
    """
    x, y = np.asarray(chosen, float), np.asarray(fresh, float)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise ValueError(f"give as many fresh scores as chosen ones, not {x.shape} and {y.shape}")
    best = int(np.argmax(x))
    figure, ax = plt.subplots(figsize=(5.6, 4.0), layout="constrained")
    low, high = min(x.min(), y.min()) - 0.02, max(x.max(), y.max()) + 0.04
    place: Style = {"textcoords": "offset points", "ha": "right", "va": "center", "fontsize": 9}
    ax.plot([low, high], [low, high], "--", color=rcParams["text.color"], linewidth=1)
    ax.annotate("as good on both", (high, high), xytext=(-30, -6), **place)
    ax.plot(x, y, "o", color="C0", markersize=4, alpha=0.5)
    ax.plot(x[best], y[best], "s", color="C1", markersize=9)
    ax.annotate("the winner", (x[best], y[best]), xytext=(0, -18), **place)
    ax.set(xlabel="score where chosen", ylabel="score on fresh examples", xlim=(low, high))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    drop = 100 * (x[best] - y[best])
    alt = f"{len(x)} {what}: score where chosen against score on fresh examples. The winner where "
    alt += f"chosen scores {x[best]:.1%} there and {y[best]:.1%} on fresh examples, "
    return _finish(figure, alt + f"{abs(drop):.1f} points {'lower' if drop >= 0 else 'higher'}.")


def seed_lines(
    curves: Mapping[str, Mapping[float, Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str = "accuracy",
    log: bool = True,
) -> Figure:
    """Draw scores against a number: a dot a seed, a line through the means, an upright range.

    Args:
        curves: from each curve's name to its points, from x to the scores there, one a seed, parts
            of one.
        xlabel, ylabel: what the axes measure.
        log: x on a logarithmic axis; every x is then positive.

    Raises:
        ValueError: a curve has no point, a point no score, or a number is not finite or, on a
            logarithmic axis, not positive.

    >>> figure = seed_lines({"batch 32": {0.1: [0.8, 0.9], 0.01: [0.7]}}, xlabel="learning rate")
    >>> print(figure.alt)
    accuracy against learning rate, a dot a seed. batch 32: mean 70.0% at 0.01, 85.0% (from 80.0% \
to 90.0%) at 0.1.
    """
    scores = [np.asarray(values, float) for curve in curves.values() for values in curve.values()]
    if not curves or not all(curves.values()):
        raise ValueError("give at least one curve, each with at least one point")
    if not all(v.ndim == 1 and len(v) and np.isfinite(v).all() for v in scores):
        raise ValueError("give finite scores, shape (seeds,), at each point")
    xs = sorted({float(x) for curve in curves.values() for x in curve})
    if not np.isfinite(xs).all() or (log and xs[0] <= 0):
        raise ValueError(f"x must be finite{' and positive' if log else ''}, not {xs}")
    figure, ax = plt.subplots(figsize=(6.6, 3.8), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
        said, means = [], []
        for x in sorted(curve):
            low, mean, high = np.min(curve[x]), float(np.mean(curve[x])), np.max(curve[x])
            ax.plot([x, x], [low, high], "-", color=f"C{i % 6}", alpha=0.3, linewidth=5)
            ax.plot([x] * len(curve[x]), curve[x], **{**style, "linestyle": "none"}, markersize=5)
            spread = f" (from {_percent(low)} to {_percent(high)})" if len(curve[x]) > 1 else ""
            said.append(f"{_percent(mean)}{spread} at {x:g}")
            means.append(mean)
        ax.plot(sorted(curve), means, color=style["color"], linestyle=style["linestyle"])
        ax.plot([], [], **style, label=name)
        sayings.append(f"{name}: mean {', '.join(said)}.")
    ax.set_xscale("log" if log else "linear")
    if len(xs) <= 12:
        ax.set_xticks(xs, [f"{x:g}" for x in xs])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    figure.legend(loc="outside upper center", ncols=min(len(curves), 3), fontsize=9)
    return _finish(figure, f"{ylabel} against {xlabel}, a dot a seed. {' '.join(sayings)}")


def search_progress(
    searches: Mapping[str, Sequence[tuple[float, float]]],
    *,
    xlabel: str = "epochs trained",
    ylabel: str = "accuracy",
    reference: tuple[str, float] | None = None,
) -> Figure:
    """Draw what a search has found against what it has spent: a mark a trial, a line for the best.

    Args:
        searches: from each search's name to its trials in the order in which they ran: what the
            trial cost, and its score, a part of one, of which more is better.
        xlabel: what the costs count.
        ylabel: what the scores measure.
        reference: name and score of something to beat, drawn as a dotted level line.

    Raises:
        ValueError: a search has no trial, or a cost is not positive.

    >>> search_progress({"random": [(10, 0.80), (10, 0.85), (10, 0.82)]}).alt
    'The best accuracy against epochs trained. random: 3 trials, 30 epochs trained, best 85.0%, \
found after 20.'
    """
    if not searches or any(
        not trials or min(cost for cost, _ in trials) <= 0 for trials in searches.values()
    ):
        raise ValueError("give at least one search, each with trials (cost above 0, score)")
    figure, ax = plt.subplots(figsize=(6.6, 3.8), layout="constrained")
    sayings = []
    for i, (name, trials) in enumerate(searches.items()):
        costs, scores = np.array(trials, float).T
        spent = np.cumsum(costs)
        record = np.maximum.accumulate(scores)
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
        ax.step(spent, record, where="post", color=style["color"], linestyle=style["linestyle"])
        ax.plot(spent, scores, **{**style, "linestyle": "none"}, markersize=6)
        ax.plot([], [], **style, label=name)
        found = spent[int(scores.argmax())]
        sayings.append(
            f"{name}: {len(trials)} trial{'' if len(trials) == 1 else 's'}, {spent[-1]:g} {xlabel}, "
            f"best {_percent(record[-1])}, found after {found:g}."
        )
    if reference is not None:
        name, score = reference
        ax.axhline(score, color=rcParams["text.color"], linestyle=":", label=name, linewidth=1.5)
        sayings.append(f"{name}: {_percent(score)}.")
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, None))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    figure.legend(loc="outside upper center", ncols=len(searches) + 1, fontsize=9)
    return _finish(figure, f"The best {ylabel} against {xlabel}. {' '.join(sayings)}")


def overfitting_curves(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    ylabel: str = "cross-entropy",
    log_x: bool = True,
) -> Figure:
    """Draw training and validation curves of several networks, the best epoch of each marked.

    Validation is a thick line with a large marker where it is lowest, training a thin pale one.

    Args:
        runs: from each network's name to its training and its validation curve, one number an
            epoch.
        ylabel: what was measured; less is better.
        log_x: put the epochs on a logarithmic axis, which gives the first ones the most room.

    Raises:
        ValueError: there is no network, or its two curves are empty or not equally long.

    >>> overfitting_curves({"small": ([1.0, 0.5, 0.1], [1.0, 0.8, 0.9])}).alt
    'cross-entropy over the epochs, on a logarithmic axis, of 1 network. small: training 0.10 at \
the end, validation lowest 0.80 after epoch 2, 0.90 after epoch 3.'
    """
    curves = {name: np.asarray(pair, float) for name, pair in runs.items() if len(pair) == 2}
    if (
        not curves
        or len(curves) < len(runs)
        or any(c.ndim != 2 or not c.size for c in curves.values())
    ):
        raise ValueError("give at least one network, each with two curves of one length")
    figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
    sayings = []
    for i, (name, (training, validation)) in enumerate(curves.items()):
        epochs = np.arange(1, len(validation) + 1)
        best = int(np.argmin(validation))
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5]}
        ax.plot(epochs, training, linewidth=1.2, alpha=0.75, **style)
        ax.plot(
            epochs,
            validation,
            linewidth=2.8,
            marker=_MARKERS[i % 5],
            markevery=[best],
            markersize=11,
            label=name,
            **style,
        )
        sayings.append(
            f"{name}: training {training[-1]:.2f} at the end, validation lowest "
            f"{validation[best]:.2f} after epoch {best + 1}, {validation[-1]:.2f} after epoch "
            f"{len(validation)}."
        )
    ink = rcParams["text.color"]
    ax.plot([], [], color=ink, linewidth=2.8, label="validation, lowest marked")
    ax.plot([], [], color=ink, linewidth=1.2, linestyle="-", alpha=0.75, label="training")
    ax.set(xlabel="epoch", ylabel=ylabel, ylim=(0, None))
    if log_x:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_formatter(
            lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else ""
        )
    else:
        ax.locator_params(axis="x", integer=True)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    axis = ", on a logarithmic axis," if log_x else ""
    alt = f"{ylabel} over the epochs{axis} of {len(curves)} network"
    return _finish(figure, f"{alt}{'' if len(curves) == 1 else 's'}. " + " ".join(sayings))


def marked_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    marks: Mapping[str, Mapping[int, str]] | None = None,
    rates: Sequence[float] | None = None,
    ylabel: str = "loss",
) -> Figure:
    """Draw what a training measured after each epoch, with events marked and the learning rate.

    Args:
        curves: from each curve's name to one number an epoch.
        marks: from a curve's name to its events: from the epoch, counted from 1, to a few words
            that are written at the curve there.
        rates: the learning rate of each epoch, drawn below on a logarithmic axis. A dotted line
            through both shows where it fell.
        ylabel: what the curves measure.

    Raises:
        ValueError: there is nothing to draw, a mark is at no epoch of its curve, or the rates are
            not as many as the epochs of the longest curve, or not positive.

    >>> marked_curves({"loss": [3, 1, 2]}, marks={"loss": {2: "best"}}, rates=[1.0, 1.0, 0.1]).alt
    'loss over 3 epochs. loss: 3 after epoch 1, 2 after epoch 3; best after epoch 2 (1). The \
learning rate starts at 1 and falls to 0.1 in epoch 3.'
    """
    lines = {name: np.asarray(values, float) for name, values in curves.items()}
    events = {name: dict(each) for name, each in (marks or {}).items()}
    if not lines or any(line.ndim != 1 or not len(line) for line in lines.values()):
        raise ValueError("give at least one curve, with one number an epoch")
    if any(not 1 <= e <= len(lines.get(name, ())) for name, each in events.items() for e in each):
        raise ValueError(f"the marks {events} must be at epochs of the curves {list(lines)}")
    length = max(map(len, lines.values()))
    rate = np.asarray([] if rates is None else rates, float)
    if rates is not None and (len(rate) != length or not (rate > 0).all()):
        raise ValueError(f"give {length} positive rates, one an epoch, not {rate.tolist()}")
    heights = [3, 1] if len(rate) else [1]
    figure, axes = plt.subplots(
        len(heights),
        1,
        figsize=(7.2, 3.4 + 1.1 * (len(heights) - 1)),
        sharex=True,
        squeeze=False,
        height_ratios=heights,
        layout="constrained",
    )
    ax, ink, sayings = axes[0, 0], rcParams["text.color"], []
    for i, (name, line) in enumerate(lines.items()):
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
        ax.plot(range(1, len(line) + 1), line, markersize=4, label=name, **style)
        said = f"{name}: {line[0]:.3g} after epoch 1, {line[-1]:.3g} after epoch {len(line)}"
        for epoch, words in sorted(events.get(name, {}).items()):
            value, late = line[epoch - 1], epoch > 0.7 * length
            ax.plot(
                epoch, value, "o", markersize=13, fillstyle="none", markeredgewidth=2, color=ink
            )
            place: Style = {"xytext": (-10 if late else 10, 16), "textcoords": "offset points"}
            ax.annotate(words, (epoch, value), ha="right" if late else "left", fontsize=9, **place)
            said += f"; {words} after epoch {epoch} ({value:.3g})"
        sayings.append(said + ".")
    low, high = ax.get_ylim()
    ax.set(ylabel=ylabel, ylim=(low, high + 0.12 * (high - low)))
    if len(lines) > 1:
        figure.legend(loc="outside upper center", ncols=min(len(lines), 3), fontsize=9)
    if len(rate):
        below = axes[1, 0]
        below.plot(range(1, length + 1), rate, color="C2", drawstyle="steps-mid")
        below.set(ylabel="learning rate", yscale="log")
        falls = [epoch for epoch in range(2, length + 1) if rate[epoch - 1] < rate[epoch - 2]]
        for each, epoch in ((each, epoch) for each in (ax, below) for epoch in falls):
            each.axvline(epoch - 0.5, color=ink, linestyle=":", linewidth=1.3)
        said = f"The learning rate starts at {rate[0]:.3g}"
        falling = [f"to {rate[epoch - 1]:.3g} in epoch {epoch}" for epoch in falls]
        sayings.append(f"{said} and falls {', '.join(falling)}." if falls else f"{said} and stays.")
    axes[-1, 0].set_xlabel("epoch")
    axes[-1, 0].xaxis.get_major_locator().set_params(integer=True)
    return _finish(figure, f"{ylabel} over {length} epochs. " + " ".join(sayings))


def stacked_parts(
    parts: Mapping[str, Sequence[float]], *, xlabel: str = "epoch", ylabel: str = "loss"
) -> Figure:
    """Draw numbers that add up, such as the terms of a loss, as layers stacked over the epochs.

    Args:
        parts: from each part's name, lowest layer first, to one number an epoch, none negative.
        xlabel, ylabel: what the axes measure.

    Raises:
        ValueError: there are no parts, they are not equally long, or one is negative.

    >>> stacked_parts({"cross-entropy": [1.0, 0.5], "penalty": [2.0, 0.5]}).alt
    'loss as a sum over 2 epochs. At first 3.00: cross-entropy 1.00, penalty 2.00. At the end \
1.00: cross-entropy 0.50, penalty 0.50.'
    """
    layers = {name: np.asarray(values, float) for name, values in parts.items()}
    lengths = {len(layer) for layer in layers.values() if layer.ndim == 1}
    if len(lengths) != 1 or 0 in lengths or not all((each >= 0).all() for each in layers.values()):
        raise ValueError("give parts of one length, one number an epoch, none negative")
    epochs = np.arange(1, lengths.pop() + 1)
    figure, ax = plt.subplots(figsize=(7.0, 3.4), layout="constrained")
    base = np.zeros(len(epochs))
    hatches = ("", "///", "...", "xxx", "---")
    for i, (name, layer) in enumerate(layers.items()):
        top = base + layer
        look: Style = {"color": f"C{i % 6}", "alpha": 0.35, "hatch": hatches[i % 5], "linewidth": 0}
        ax.fill_between(epochs, base, top, label=name, **look)
        ax.plot(epochs, top, color=f"C{i % 6}", linestyle="-", marker=_MARKERS[i % 5], markersize=4)
        base = top
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(1, max(len(epochs), 2)), ylim=(0, None))
    ax.locator_params(axis="x", integer=True)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1])
    ends = [
        f"{when} {sum(layer[at] for layer in layers.values()):.2f}: "
        + ", ".join(f"{name} {layer[at]:.2f}" for name, layer in layers.items())
        for when, at in (("At first", 0), ("At the end", -1))
    ]
    return _finish(figure, f"{ylabel} as a sum over {len(epochs)} {xlabel}s. {'. '.join(ends)}.")


def setting_curves(
    curves: Mapping[str, Mapping[float, float]],
    *,
    xlabel: str,
    ylabel: str,
    top: float | None = None,
) -> Figure:
    """Draw a measurement, the lower the better, against a setting tried in several sizes.

    The setting's axis is logarithmic. The lowest point of each curve has a ring around it.

    Args:
        curves: from each curve's name to its points: from the setting, positive, to the
            measurement. One that is not finite counts as above `top`.
        xlabel, ylabel: what the axes measure.
        top: the end of the upright axis; what lies above it is drawn there as an arrow.

    Raises:
        ValueError: there is no curve, a setting is not positive, or a curve has no finite point.

    >>> tried = {"SGD": {0.1: 0.5, 0.3: 0.4, 0.9: float("nan")}}
    >>> setting_curves(tried, xlabel="rate", ylabel="loss", top=0.6).alt
    'loss against rate. SGD: 0.5 at 0.1, 0.4 at 0.3 (lowest), above 0.6 at 0.9.'
    """
    settings = [x for curve in curves.values() for x in curve]
    if not settings or min(settings) <= 0:
        raise ValueError(f"every curve needs positive settings, not {settings}")
    if not all(np.isfinite(list(curve.values())).any() for curve in curves.values()):
        raise ValueError("every curve needs a finite point")
    every = [y for curve in curves.values() for y in curve.values() if np.isfinite(y)]
    ceiling = max(every) if top is None else top
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        style: Style = {"color": f"C{i % 10}", "linestyle": _LINES[i % 5]}
        points = sorted(curve.items())
        lowest = min((x for x, y in points if np.isfinite(y)), key=curve.__getitem__)
        drawn = [(x, min(y, ceiling) if np.isfinite(y) else ceiling) for x, y in points]
        ax.semilogx(*np.transpose(drawn), marker=_MARKERS[i % 5], label=name, **style)
        ring: Style = {"markersize": 13, "markerfacecolor": "none", "color": style["color"]}
        ax.plot(lowest, min(curve[lowest], ceiling), "o", **ring)
        said = []
        for x, y in points:
            inside = np.isfinite(y) and y <= ceiling
            if not inside:
                ax.plot(x, ceiling, "^", markersize=11, color=style["color"], clip_on=False)
            level = f"{y:.3g}" if inside else f"above {ceiling:.3g}"
            said.append(f"{level} at {x:g}{' (lowest)' if x == lowest else ''}")
        sayings.append(f"{name}: {', '.join(said)}")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if top is not None:
        ax.set_ylim(top=top)
    figure.legend(loc="outside upper center", ncols=min(len(curves), 5), fontsize=9)
    return _finish(figure, f"{ylabel} against {xlabel}. {'; '.join(sayings)}.")


def _lay_cells(ax: Axes, numbers: np.ndarray, border: int, title: str) -> None:
    """Draw a small matrix as cells, the outer `border` of them, the padding, as dashed outlines."""
    rows, columns = numbers.shape
    reach = max(float(np.abs(numbers).max()), 1e-12)
    for (row, column), value in np.ndenumerate(numbers):
        inside = border <= row < rows - border and border <= column < columns - border
        if inside:
            strength = 0.1 + 0.6 * abs(float(value)) / reach
            _cell(ax, column, -row, _tint("C0" if value >= 0 else "C1", strength), _number(value))
            continue
        edge: Style = {"edgecolor": rcParams["text.color"], "linestyle": ":", "fill": False}
        ax.add_patch(Rectangle((column - 0.4, -row - 0.4), 0.8, 0.8, **edge))
        ax.text(column, -row, "0", ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.7, columns - 0.3), ylim=(0.3 - rows, 0.7), aspect="equal")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()


def convolution_picture(
    picture: np.ndarray,
    kernel: np.ndarray,
    *,
    at: tuple[int, int] = (0, 0),
    stride: int = 1,
    padding: int = 0,
) -> Figure:
    """Draw one filter sliding over one small picture: picture, filter and map, one place framed.

    Args:
        picture: shape `(height, width)`, at most about 8 by 8 numbers.
        kernel: the filter, shape `(rows, columns)`, not turned.
        at: row and column of the feature map's element that is framed, with the pixels it sums.
        stride: pixels from one place of the filter to the next.
        padding: rows and columns of zeros around the picture, drawn dotted.

    Raises:
        ValueError: the filter fits nowhere, the map has no such element, a shape is not that of a
            matrix, or stride or padding are too small.

    >>> print(convolution_picture(np.eye(3), np.array([[1, -1]]), at=(1, 1)).alt)
    A 1 by 2 filter on a picture of 3 by 3, stride 1, padding 0. The map has 3 by 2 numbers, from \
−1 to 1. Framed: row 1, column 1 of the map, 1, the sum of 1·1 + −1·0.
    """
    picture, kernel = np.asarray(picture), np.asarray(kernel)
    if picture.ndim != 2 or kernel.ndim != 2 or stride < 1 or padding < 0:
        raise ValueError("give two matrices, a stride of at least 1 and a padding of at least 0")
    padded = np.pad(picture, padding)
    if any(k > n or k < 1 for k, n in zip(kernel.shape, padded.shape, strict=True)):
        raise ValueError(f"a filter of {kernel.shape} does not fit into {padded.shape}")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    found = (windows * kernel).sum(axis=(2, 3))
    if not all(0 <= place < size for place, size in zip(at, found.shape, strict=True)):
        raise ValueError(f"the map of {found.shape} has no element {at}")
    titles = [
        f"{name}, {array.shape[0]} by {array.shape[1]}"
        for name, array in (("picture", picture), ("filter", kernel), ("feature map", found))
    ]
    panels = (padded, kernel, found)
    widths = [panel.shape[1] + 0.4 for panel in panels]
    cell = min(0.42, 6.6 / sum(widths))
    height = cell * (max(panel.shape[0] for panel in panels) + 0.4) + 0.45
    figure, axes = plt.subplots(
        1,
        3,
        figsize=(cell * sum(widths) + 0.6, height),
        gridspec_kw={"width_ratios": widths},
        layout="constrained",
    )
    for ax, panel, title, border in zip(axes, panels, titles, (padding, 0, 0), strict=True):
        _lay_cells(ax, panel, border, title)
    corners = ((at[0] * stride, at[1] * stride), (0, 0), at)
    for ax, (row, column), (high, wide) in zip(
        axes, corners, (kernel.shape, kernel.shape, (1, 1)), strict=True
    ):
        look: Style = {"fill": False, "edgecolor": rcParams["text.color"], "linewidth": 2.5}
        ax.add_patch(Rectangle((column - 0.5, 0.5 - row - high), wide, high, **look))
    products = zip(kernel.ravel(), windows[at].ravel(), strict=True)
    terms = " + ".join(f"{_number(weight)}·{_number(pixel)}" for weight, pixel in products)
    alt = (
        f"A {kernel.shape[0]} by {kernel.shape[1]} filter on a picture of {picture.shape[0]} by "
        f"{picture.shape[1]}, stride {stride}, padding {padding}. The map has {found.shape[0]} by "
        f"{found.shape[1]} numbers, from {_number(found.min())} to {_number(found.max())}. Framed: "
        f"row {at[0]}, column {at[1]} of the map, {_number(found[at])}, the sum of {terms}."
    )
    return _finish(figure, alt)


def receptive_fields(
    image: np.ndarray, boxes: Mapping[str, Sequence[int]], *, subject: str = "an image"
) -> Figure:
    """Draw frames on a grey image: what one element of each layer's maps can see of it.

    Args:
        image: shape `(height, width)`, uint8 or floats from 0 to 1.
        boxes: from a layer's name to first row, first column, rows and columns of what one of its
            elements sees; a box may reach beyond the image, into the padding.
        subject: what the image shows, for the alt text.

    Raises:
        ValueError: the image is of another shape, or there is no box, or one without a pixel.

    >>> print(receptive_fields(np.eye(9), {"conv": (2, 3, 5, 5)}, subject="a line").alt)
    What one element sees of a line, 9 by 9 pixels. conv: 5 by 5 pixels, rows 2 to 6, columns 3 to 7.
    """
    image = np.asarray(image)
    if image.ndim != 2 or not boxes or any(len(b) != 4 or min(b[2:]) < 1 for b in boxes.values()):
        raise ValueError(
            "give a grey image, (height, width), and boxes: row, column, rows, columns"
        )
    height, width = image.shape
    figure, ax = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    top = 255 if image.dtype == np.uint8 else 1.0
    ax.imshow(image, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
    sayings = []
    for i, (name, (row, column, rows, columns)) in enumerate(boxes.items()):
        look: Style = {"edgecolor": f"C{(i + 1) % 6}", "linestyle": _LINES[i % 5], "linewidth": 2.5}
        label = f"{name}: {rows} by {columns}"
        frame = Rectangle((column - 0.5, row - 0.5), columns, rows, fill=False, **look)
        ax.add_patch(frame).set_label(label)
        sayings.append(
            f"{label} pixels, rows {row} to {row + rows - 1}, columns {column} to "
            f"{column + columns - 1}".replace("-", "−")
        )
    ends = [(b[0], b[1], b[0] + b[2], b[1] + b[3]) for b in boxes.values()]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    ax.set_xlim(min(low[1], 0) - 1, max(high[3], width))
    ax.set_ylim(max(high[2], height), min(low[0], 0) - 1)
    ax.set(xlabel="column", ylabel="row")
    figure.legend(loc="outside right upper", fontsize=9)
    alt = f"What one element sees of {subject}, {height} by {width} pixels. "
    return _finish(figure, alt + "; ".join(sayings) + ".")


def map_rows(
    rows: Mapping[str, np.ndarray],
    titles: Sequence[str],
    *,
    outlines: np.ndarray | None = None,
    shared: bool = False,
) -> Figure:
    """Draw photographs and maps of what matters in them, a row a kind, a column a photograph.

    Args:
        rows: from each row's name to one picture a column, shape `(columns, height, width)`. uint8
            is drawn as grey photographs, floats of 0 or above as maps: dark is 0, and the brightest
            colour the largest number of that map.
        titles: one a column; a title may hold line breaks.
        outlines: grey photographs, uint8, shape `(columns, height, width)`, whose outline is drawn
            on the maps as a thin line.
        shared: the brightest colour is the largest number of the whole row.

    Raises:
        ValueError: there is no row, a shape is another, a map has a negative number or one that is
            not finite.

    >>> heat = np.array([[[0.0, 2.0], [0.0, 0.0]]])
    >>> map_rows({"saliency": heat}, ["Coat"]).alt
    'Maps of 2 by 2 pixels for Coat. saliency brightest at (0, 1), rows and columns counted from 0.'
    """
    pictures = {name: np.asarray(row) for name, row in rows.items()}
    shape = next(iter(pictures.values())).shape if pictures else ()
    others = [*pictures.values(), *([] if outlines is None else [outlines])]
    if len(shape) != 3 or shape[0] != len(titles) or any(one.shape != shape for one in others):
        raise ValueError(f"rows, titles and outlines must match, not {[o.shape for o in others]}")
    maps = {name: row for name, row in pictures.items() if row.dtype != np.uint8}
    if not all(np.isfinite(row).all() and (row >= 0).all() for row in maps.values()):
        raise ValueError("maps hold finite numbers of 0 or above: give their absolute values")
    count, height, width = shape
    side = min(6.5 / count, 1.5)
    lines = max(title.count("\n") + 1 for title in titles)
    figure, axes = plt.subplots(
        len(pictures),
        count,
        figsize=(0.3 + (side + 0.03) * count, side * height / width * len(pictures) + 0.2 * lines),
        squeeze=False,
        layout="constrained",
        gridspec_kw={"hspace": 0.02, "wspace": 0.02},
    )
    for line, (name, row) in zip(axes, pictures.items(), strict=True):
        line[0].set_ylabel(name, fontsize=9)
        for column, (ax, picture) in enumerate(zip(line, row, strict=True)):
            ax.set(xticks=[], yticks=[], frame_on=False)
            if name not in maps:
                ax.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                continue
            top = float(row.max() if shared else picture.max()) or 1.0
            ax.imshow(picture, cmap="inferno", vmin=0, vmax=top, interpolation="nearest")
            if outlines is not None and np.ptp(outlines[column]) > 0:
                level = [outlines[column].max() / 4]
                ax.contour(outlines[column], level, colors="white", linewidths=0.6, alpha=0.7)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9 if count <= 6 else 8)
    sayings = []
    for name, row in maps.items():
        at = [np.unravel_index(int(one.argmax()), one.shape) for one in row]
        places = (
            f"({y}, {x})" if one.any() else "nowhere" for (y, x), one in zip(at, row, strict=True)
        )
        sayings.append(f"{name} brightest at {', '.join(places)}")
    alt = f"Maps of {height} by {width} pixels for {', '.join(' '.join(t.split()) for t in titles)}"
    if sayings:
        alt += f". {'; '.join(sayings)}, rows and columns counted from 0"
    return _finish(figure, alt + ".")


def ring_rounds(states: Sequence[np.ndarray], *, columns: int = 4) -> Figure:
    """Draw how sums grow as pieces travel round a ring: a panel a round, a row a worker.

    Each cell is one worker's copy of one piece; its number says how many workers' shares it holds.
    A frame marks a copy that has just arrived; a complete one is dark.

    Args:
        states: the counts at the start and after each round, each of shape `(workers, pieces)`.
        columns: panels a row.

    Raises:
        ValueError: there is no state, they differ in shape, or one is not a matrix.

    >>> print(ring_rounds([np.array([[1, 1], [1, 1]]), np.array([[1, 2], [2, 1]])]).alt)
    2 workers (rows) hold 2 pieces (columns), at the start and after each of 1 rounds; the numbers \
count the shares summed. Complete copies: 0 of 4 at the start, 2 of 4 after round 1.
    """
    counts = [np.asarray(state) for state in states]
    if not counts or len({each.shape for each in counts}) > 1 or counts[0].ndim != 2:
        raise ValueError("give at least one state, all of one shape (workers, pieces)")
    workers, pieces = counts[0].shape
    columns = min(columns, len(counts))
    rows = -(-len(counts) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(7.2, 2.0 * rows + 0.2), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(counts) :]:
        ax.set_axis_off()
    said = []
    for number, (ax, state) in enumerate(zip(axes.flat, counts, strict=False)):
        image = ax.imshow(state, cmap="YlGnBu", vmin=0, vmax=workers)
        for (row, column), value in np.ndenumerate(state):
            colour = _label_colour(image.cmap(image.norm(value)))
            ax.text(column, row, f"{value:g}", ha="center", va="center", color=colour)
            if number and value != counts[number - 1][row, column]:
                corner = column - 0.42, row - 0.42
                frame = Rectangle(corner, 0.84, 0.84, fill=False, edgecolor="C1", linewidth=2.5)
                ax.add_patch(frame)
        first = number % columns == 0
        ax.set_yticks(range(workers), [f"worker {n}" if first else "" for n in range(workers)])
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.set_title(f"round {number}" if number else "start", fontsize=10)
        when = f"after round {number}" if number else "at the start"
        said.append(f"{int((state == workers).sum())} of {state.size} {when}")
    alt = (
        f"{workers} workers (rows) hold {pieces} pieces (columns), at the start and after each of "
        f"{len(counts) - 1} rounds; the numbers count the shares summed. Complete copies: "
    )
    return _finish(figure, alt + ", ".join(said) + ".")


def run_timeline(
    runs: Mapping[str, tuple[int, int]], *, length: int, saved: Sequence[int] = ()
) -> Figure:
    """Draw which steps of one training each run took: a bar a run, checkpoints as dotted lines.

    A run that stops before the end has a cross there. Steps that the run before it had already
    taken are hatched.

    Args:
        runs: from each run's name, in order of time, to its first step, counted from 0, and the
            step before which it stopped.
        length: steps of the whole training.
        saved: after how many steps a checkpoint was written.

    Raises:
        ValueError: there is no run, or one leaves the steps from 0 to `length`.

    >>> run_timeline({"first": (0, 25), "second": (20, 46)}, length=46, saved=[10, 20]).alt
    'Which of 46 steps each run took; checkpoints after 10, 20 steps. first: 0 to 25, stopped \
there; second: 20 to 46, 5 of them for the second time.'
    """
    if not runs or not all(0 <= start < end <= length for start, end in runs.values()):
        raise ValueError(f"give at least one run, within 0 to {length}, not {dict(runs)}")
    figure, ax = plt.subplots(figsize=(7.0, 0.9 + 0.5 * len(runs)), layout="constrained")
    ink, reached, said = rcParams["text.color"], 0, []
    for row, (name, (start, end)) in enumerate(runs.items()):
        ax.barh(row, end - start, left=start, height=0.55, color=f"C{row % 6}", alpha=0.45)
        words = f"{name}: {start} to {end}"
        if end < length:
            ax.plot(end, row, "X", markersize=12, color=ink)
            words += ", stopped there"
        if 0 < start < reached:
            again = min(reached, end) - start
            style: Style = {"color": "none", "edgecolor": ink, "hatch": "///", "linewidth": 0}
            ax.barh(row, again, left=start, height=0.55, **style)
            words += f", {again} of them for the second time"
        reached = end
        said.append(words)
    for step in saved:
        ax.axvline(step, color=ink, linestyle=":", linewidth=1.3)
    ax.set_yticks(range(len(runs)), list(runs))
    ax.set(xlabel="step", xlim=(0, length), ylim=(len(runs) - 0.5, -0.5))
    places = ", ".join(map(str, saved))
    alt = f"Which of {length} steps each run took"
    alt += f"; checkpoints after {places} steps. " if places else ". "
    return _finish(figure, alt + "; ".join(said) + ".")


def _stage_look(number: int) -> dict[str, Any]:
    """Return a stage's colour and hatching, for bars and legends."""
    hatches = ("", "//", "..", "xx", "\\\\", "--")
    pale, full = _tint(f"C{number % 6}", 0.55), f"C{number % 6}"
    return {"facecolor": pale, "edgecolor": full, "hatch": hatches[number % 6], "linewidth": 0}


def stage_bars(
    rows: Mapping[str, Mapping[str, float]], *, unit: str = "ms", share: bool = False
) -> Figure:
    """Draw what the stages of a piece of work take, one after the other: a bar a row.

    A stage that fills enough of its bar has its name and its part written on it; the row's largest
    one has a frame: it is the bottleneck. The whole stands at the right.

    Args:
        rows: from each row's name to its stages, from name to time, 0 or above. A stage may be
            missing from a row.
        unit: of the times.
        share: all bars are equally long, and show parts of the whole.

    Raises:
        ValueError: there is no row, or one has a negative time or only zeros.

    >>> print(stage_bars({"a step": {"read": 6, "compute": 3}}).alt)
    Time by stage, in ms. a step: 9 in all; read 6 (67%, the largest), compute 3 (33%).
    """
    stages = list(dict.fromkeys(stage for row in rows.values() for stage in row))
    times = [np.array(list(row.values()), float) for row in rows.values()]
    if not times or not all((t >= 0).all() and 0 < t.sum() < np.inf for t in times):
        raise ValueError(f"give rows with times of 0 or above, not only zeros: {dict(rows)}")
    longest = max(sum(row.values()) for row in rows.values())
    figure, ax = plt.subplots(figsize=(7.2, 0.9 + 0.62 * len(rows)), layout="constrained")
    said = []
    for place, (name, row) in enumerate(rows.items()):
        whole, left, top = sum(row.values()), 0.0, max(row, key=row.__getitem__)
        scale = 100 / whole if share else 1.0
        words = []
        for stage, taken in row.items():
            wide, look = taken * scale, _stage_look(stages.index(stage))
            ax.barh(place, wide, left=left, height=0.72, **look)
            if stage == top:
                frame = {"fill": False, "edgecolor": rcParams["text.color"], "linewidth": 2.2}
                ax.add_patch(Rectangle((left, place - 0.36), wide, 0.72, zorder=3, **frame))
            part = taken / whole
            if wide > (0.02 + 0.0135 * len(stage)) * (100 if share else longest):
                label = f"{stage}\n{part:.0%}"
                box = {"facecolor": look["facecolor"], "edgecolor": "none", "pad": 1}
                at: Style = {
                    "ha": "center",
                    "va": "center",
                    "fontsize": 8,
                    "color": "black",
                    "zorder": 4,
                }
                ax.text(left + wide / 2, place, label, bbox=box, **at)
            ending = ", the largest" if stage == top else ""
            words.append(f"{stage} {_number(np.float64(taken))} ({part:.0%}{ending})")
            left += wide
        at = {"va": "center", "transform": ax.get_yaxis_transform(), "fontsize": 9}
        ax.text(1.01, place, f"{_number(np.float64(whole))} {unit}", **at)
        title = " ".join(name.split())
        said.append(f"{title}: {_number(np.float64(whole))} in all; {', '.join(words)}")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, 100 if share else longest * 1.001))
    ax.set_xlabel("part of the time, in %" if share else unit)
    keys = [Rectangle((0, 0), 1, 1, **_stage_look(i)) for i in range(len(stages))]
    figure.legend(keys, stages, loc="outside upper center", ncols=min(len(stages), 6), fontsize=9)
    return _finish(figure, f"Time by stage, in {unit}. {'. '.join(said)}.")


def speed_ratios(
    rows: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str = "times as fast"
) -> Figure:
    """Draw how many times as fast changes made things, on a logarithmic axis around 1.

    A pale mark a round, a line from the slowest to the fastest, and the median as a full mark with
    its number. What lies left of 1, on shaded ground, became slower.

    Args:
        rows: from each change to what was tried, and from there to the ratios, one a round, above
            0: 2 is twice as fast, 0.5 half as fast. A row may leave some out.
        xlabel: what the ratios compare.

    Raises:
        ValueError: there is no row, more than five things were tried, or a ratio is not positive.

    >>> speed_ratios({"float64": {"dense": [0.5, 0.4, 0.5]}}).alt
    'times as fast, median of the rounds. float64: dense 0.5 (0.4 to 0.5).'
    """
    tried = list(dict.fromkeys(what for row in rows.values() for what in row))
    if not 0 < len(tried) <= len(_MARKERS) or not all(rows.values()):
        raise ValueError(f"give rows, each with some of at most {len(_MARKERS)} things tried")
    values = [np.asarray(ratios, float) for row in rows.values() for ratios in row.values()]
    if not all(v.ndim == 1 and v.size and (v > 0).all() for v in values):
        raise ValueError("give at least one positive ratio, shape (rounds,), for each thing tried")
    lines = sum(max(len(row), 1.3) for row in rows.values())
    figure, ax = plt.subplots(figsize=(7.2, 1.0 + 0.27 * lines), layout="constrained")
    ink, place, ticks, said = rcParams["text.color"], 0.0, [], []
    every = np.concatenate([*values, [0.8, 1.25]])
    low, high = every.min() / 1.25, every.max() * 1.6
    for number, (name, row) in enumerate(rows.items()):
        room = max(len(row), 1.3)
        if number % 2:
            ax.axhspan(place - 0.5, place + room - 0.5, color=ink, alpha=0.05, linewidth=0)
        words = []
        for offset, what in enumerate(row):
            i, v = tried.index(what), np.asarray(row[what], float)
            y = place + offset + (room - len(row)) / 2
            middle = float(np.median(v))
            ax.plot([v.min(), v.max()], [y, y], "-", color=f"C{i}", linewidth=4, alpha=0.3)
            ax.plot(v, np.full(v.size, y), _MARKERS[i], color=f"C{i}", markersize=4, alpha=0.4)
            ax.plot(middle, y, _MARKERS[i], color=f"C{i}", markersize=8)
            at: Style = {
                "xytext": (9, 0),
                "textcoords": "offset points",
                "va": "center",
                "fontsize": 9,
            }
            ax.annotate(f"{middle:.2g}", (v.max(), y), **at)
            words.append(f"{what} {middle:.2g} ({v.min():.2g} to {v.max():.2g})")
        ticks.append(place + (room - 1) / 2)
        said.append(f"{' '.join(name.split())}: {', '.join(words)}")
        place += room
    ax.axvspan(low, 1, color=ink, alpha=0.08, linewidth=0)
    ax.axvline(1, color=ink, linewidth=1.2)
    ax.set_yticks(ticks, list(rows))
    ax.set(xscale="log", xlim=(low, high), ylim=(place - 0.5, -0.5))
    steps = [s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= s <= high]
    ax.set_xticks(steps, [f"{s:g}" for s in steps])
    ax.minorticks_off()
    ax.set_xlabel(f"slower  ←  {xlabel}  →  faster")
    if len(tried) > 1:
        marks = [ax.plot([], [], _MARKERS[i], color=f"C{i}")[0] for i in range(len(tried))]
        figure.legend(marks, tried, loc="outside upper center", ncols=len(tried), fontsize=9)
    return _finish(figure, f"{xlabel}, median of the rounds. {'; '.join(said)}.")


def trained_parts(models: Mapping[str, Sequence[tuple[str, int, int]]]) -> Figure:
    """Draw what training may change in several models: a column a model, a box a layer.

    Layers stand in the order of the data's way, from the bottom to the top. A solid box is trained,
    a hatched pale one is frozen; in a box with both, the solid part is the share that is trained.

    Args:
        models: from each model's name to its layers, first to last: name, number of weights that
            are trained, number of weights that are not.

    Raises:
        ValueError: there is no model, or a layer has no weights or a negative number of them.

    >>> print(trained_parts({"new head": [("base", 0, 90), ("head", 10, 0)]}).alt)
    What training changes in 1 model. new head: base frozen, head trained; 10 of 100 weights.
    """
    every = [layer for layers in models.values() for layer in layers]
    if not models or not all(models.values()):
        raise ValueError("give at least one model, each with at least one layer")
    if any(min(changed, still) < 0 or changed + still < 1 for _, changed, still in every):
        raise ValueError(f"every layer needs weights, trained or not: {every}")
    tallest = max(map(len, models.values()))
    figure, axes = plt.subplots(
        1,
        len(models),
        figsize=(7.2, 0.9 + 0.36 * tallest),
        squeeze=False,
        layout="constrained",
    )
    sayings, ink = [], rcParams["text.color"]
    for ax, (name, layers) in zip(axes[0], models.items(), strict=True):
        said = []
        for place, (layer, changed, still) in enumerate(layers):
            share = changed / (changed + still)
            box = {"height": 0.74, "edgecolor": "C0", "linewidth": 1.5}
            if share < 1:
                ax.barh(place, 1 - share, left=share, hatch="///", facecolor="none", **box)
            if share:
                ax.barh(place, share, facecolor="C0", **box)
            backing = {"boxstyle": "round,pad=0.15", "facecolor": rcParams["figure.facecolor"]}
            text = {"ha": "center", "va": "center", "fontsize": 9, "color": ink}
            ax.text(0.5, place, layer, bbox=backing | {"edgecolor": "none"}, **text)
            word = {0.0: "frozen", 1.0: "trained"}.get(share, f"{share:.0%} trained")
            said.append(f"{layer} {word}")
        total = sum(changed for _, changed, _ in layers)
        whole = sum(changed + still for _, changed, still in layers)
        ax.set_title(f"{name}\n{total:,} of {whole:,}", fontsize=10)
        ax.set(xlim=(-0.03, 1.03), ylim=(-0.5, tallest - 0.5))
        ax.set_axis_off()
        sayings.append(f"{name}: {', '.join(said)}; {total:,} of {whole:,} weights.")
    keys: dict[str, Style] = {
        "trained": {"facecolor": "C0"},
        "frozen": {"hatch": "///", "fill": False},
    }
    handles = [Rectangle((0, 0), 1, 1, edgecolor="C0", label=k, **v) for k, v in keys.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=9)
    alt = f"What training changes in {len(models)} model{'' if len(models) == 1 else 's'}. "
    return _finish(figure, alt + " ".join(sayings))
