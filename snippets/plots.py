"""Figures and tables for deep-learning notebooks, with alt text written from the data they draw.

Needs: matplotlib, numpy. Copy this one file into your project and `import plots`.

Every function creates its figure with pyplot, sets `figure.alt` to a sentence that says what the
figure shows, closes the figure and returns it: leave the call as a cell's last expression.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

Colour = str | tuple[float, ...]


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once."""
    figure.alt = alt
    plt.close(figure)
    return figure


def _label_colour(rgba: Sequence[float]) -> str:
    """Return the one of black and white that reads better on a cell of this colour (WCAG 2)."""
    channels = np.asarray(rgba[:3], float)
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
        figsize=(side * columns, rows * (side + 0.17 * lines)),
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


def learning_curves(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the training and validation loss and accuracy after each epoch, side by side.

    Args:
        history: `model.fit(...).history`: a list with one number an epoch for `loss` and
            `accuracy` or either, and for `val_loss` and `val_accuracy` where they were measured.
            Other keys are left out.

    Raises:
        ValueError: the history holds neither `loss` nor `accuracy`.

    >>> history = {"loss": [2.0, 1.0, 0.5], "val_loss": [1.8, 1.2, 1.4]}
    >>> print(learning_curves(history).alt)
    Learning curves over 3 epochs. Training loss falls from 2.00 to 0.50; validation loss falls \
from 1.80 to 1.40, lowest 1.20 after epoch 2.
    """
    metrics = [name for name in ("loss", "accuracy") if len(history.get(name, ()))]
    if not metrics:
        raise ValueError(f"a history needs loss or accuracy, not only {sorted(history)}")
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
        lines = [("training", metric, "C0", "o-"), ("validation", f"val_{metric}", "C1", "s--")]
        for label, key, colour, style in lines:
            values = list(history.get(key, ()))
            if not values:
                continue
            epochs = range(1, len(values) + 1)
            ax.plot(epochs, values, style, color=colour, markersize=4, label=label)
            said.append(_trend(f"{label} {metric}", values, metric))
        ax.set(xlabel="epoch", ylabel=metric)
        ax.xaxis.get_major_locator().set_params(integer=True)
        if metric == "accuracy":
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        ax.legend()
        sayings.append("; ".join(said))
    sentences = ". ".join(saying[:1].upper() + saying[1:] for saying in sayings)
    return _finish(figure, f"Learning curves over {len(history[metrics[0]])} epochs. {sentences}.")


def _trend(name: str, values: Sequence[float], metric: str) -> str:
    """Say from where to where a metric went, and its best value if that was not the last."""
    show = "{:.1%}".format if metric == "accuracy" else "{:.2f}".format
    verb = "rises" if values[-1] > values[0] else "falls"
    best = int(np.argmax(values) if metric == "accuracy" else np.argmin(values))
    said = f"{name} {verb} from {show(values[0])} to {show(values[-1])}"
    if best < len(values) - 1:
        word = "highest" if metric == "accuracy" else "lowest"
        said += f", {word} {show(values[best])} after epoch {best + 1}"
    return said


def rate_curve(rates: Sequence[float]) -> Figure:
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
    ax.bar_label(bars, [_percent(value) for value in values], padding=3)[best].set_weight("bold")
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
    values: Sequence[float],
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
    return np.divide(common, whole, out=np.zeros_like(whole), where=whole > 0)


def confusion_matrix(
    labels: np.ndarray,
    predicted: np.ndarray,
    *,
    class_names: Sequence[str],
    normalised: bool = True,
) -> Figure:
    """Draw how often each class (a row) was taken for each class (a column).

    Args:
        labels: the true classes, integers, shape `(n,)`.
        predicted: the predicted classes, integers, shape `(n,)`.
        class_names: one name a class.
        normalised: show parts of the row, in percent, rather than counts.

    Raises:
        ValueError: the shapes differ, there is nothing to count, or a label has no name.

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog"])
    >>> figure.alt
    'Confusion matrix of 2 classes: 3 of 4 right. Most confused: cat taken for dog, 50.0%.'
    """
    labels, predicted = np.asarray(labels, int), np.asarray(predicted, int)
    size = len(class_names)
    if labels.shape != predicted.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels {labels.shape} and predicted {predicted.shape} must match")
    if min(labels.min(), predicted.min()) < 0 or max(labels.max(), predicted.max()) >= size:
        raise ValueError(f"labels must lie from 0 to {size - 1}, one a class name")
    counts = np.zeros((size, size), int)
    np.add.at(counts, (labels, predicted), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = shares if normalised else counts
    figure, ax = plt.subplots(
        figsize=(min(7.2, 1.8 + 0.54 * size), min(6.4, 1.5 + 0.46 * size)),
        layout="constrained",
    )
    image = ax.imshow(cells, cmap="Blues", vmin=0, vmax=max(cells.max(), 1e-12), aspect="auto")
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
    ax.set_xticks(range(size), class_names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(size), class_names)
    unit = "percent of each row" if normalised else "examples"
    ax.set(xlabel=f"predicted class ({unit})", ylabel="true class")
    wrong = np.where(np.eye(size, dtype=bool), -1, cells)
    row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    alt = f"Confusion matrix of {size} classes: {int(np.trace(counts))} of {len(labels)} right."
    if size > 1 and counts[row, column]:
        amount = f"{shares[row, column]:.1%}" if normalised else f"{counts[row, column]} times"
        alt += f" Most confused: {class_names[row]} taken for {class_names[column]}, {amount}."
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
    red, green, blue = to_rgb(colour)
    return tuple(1 - strength * (1 - channel) for channel in (red, green, blue))


def _number(value: Any) -> str:
    """Write a number as briefly as a cell asks for, with a true minus sign."""
    return f"{value:.3g}".replace("-", "−") if np.issubdtype(type(value), np.number) else str(value)


def _axis_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """Draw one axis of a tensor as an arrow with its name at the start."""
    arrow = {"arrowstyle": "->", "mutation_scale": 12, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, end, color=rcParams["text.color"], **arrow))
    vertical, diagonal = start[0] == end[0], start[0] != end[0] and start[1] != end[1]
    if diagonal:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        ax.text(middle[0] - 0.2, middle[1], text, ha="right", va="bottom", fontsize=8)
    elif vertical:
        middle = (start[1] + end[1]) / 2
        ax.text(start[0] - 0.2, middle, text, ha="right", va="center", fontsize=8, rotation=90)
    else:
        middle = (start[0] + end[0]) / 2
        ax.text(middle, start[1] + 0.12, text, ha="center", va="bottom", fontsize=8)


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
    frame = plt.Rectangle((left - 0.5, top - 0.5), size, size, fill=False, ec="C1", lw=2.5)
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
        style = {"color": colour, "linestyle": _LINES[1 + i % 4], "linewidth": 2}
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
    paths: Mapping[float, np.ndarray],
    *,
    label: str = "learning rate",
) -> Figure:
    """Draw walks over the contour lines of a function of two numbers, seen from above.

    Args:
        function: takes a point, shape `(2,)`, or a whole grid of them, shape `(2, n, n)`, and
            returns the height or heights.
        paths: from each setting to the points visited, shape `(steps + 1, 2)`.
        label: what the setting is.

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
        before, after = (float(function(walk[end])) for end in (0, -1))
        ax.plot(
            *walk.T,
            color=f"C{i % 10}",
            linestyle=_LINES[i % 5],
            marker=_MARKERS[i % 5],
            markersize=5,
            label=f"{label} {setting:g}",
        )
        steps = f"{len(walk) - 1} step" + ("" if len(walk) == 2 else "s")
        way = "lower than" if after < before else "higher than" if after > before else "level with"
        sayings.append(
            f"{label[:1].upper()}{label[1:]} {setting:g}: after {steps} at "
            f"({', '.join(map(_number, walk[-1]))}), height {_number(np.float64(after))}, "
            f"{way} the start."
        )
    start = next(iter(walks.values()))[0]
    ax.annotate("start", start, xytext=(-9, 9), textcoords="offset points", ha="right")
    ax.set(xlabel="x", ylabel="y")
    figure.legend(loc="outside upper center", ncols=len(walks), fontsize=9)
    word = "path" if len(walks) == 1 else "paths"
    alt = f"Contour lines of a function of x and y with {len(walks)} {word} from "
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
        style = {"color": f"C{i % 10}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
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


def signed_images(images: Mapping[str, np.ndarray]) -> Figure:
    """Draw matrices of numbers of both signs as pictures with one shared scale.

    Args:
        images: from title to a matrix, shape `(height, width)`, float. Blue is negative, red is
            positive, pale is near 0.

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
    width = min(7.2, 0.8 + 2.3 * len(arrays))
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(width, 2.7), squeeze=False, layout="constrained"
    )
    sayings = []
    for ax, (title, array) in zip(axes.flat, arrays.items(), strict=True):
        image = ax.imshow(array, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(title, fontsize=9)
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
