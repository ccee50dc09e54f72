# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of small tensors: their axes, their order, a product, a convolution.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_tensors`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike

Colour = str | tuple[float, float, float]
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
    if np.issubdtype(type(value), np.integer):
        return str(value).replace("-", "−")
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
        marked: from title to values; every element that equals one is marked, so give no repeats.

    Raises:
        ValueError: there is nothing to draw, or a rank is above 3.

    >>> x = np.arange(12).reshape(2, 2, 3)
    >>> tensor_picture({"x": x, "x[:, 1]": x[:, 1]}, marked={"x": x[:, 1]}).alt
    'x: [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], shape (2, 2, 3), marked: 3, 4, 5, 9, \
10, 11. x[:, 1]: [[3, 4, 5], [9, 10, 11]], shape (2, 3).'
    """
    named = {title: f"tensors[{title!r}]" for title in tensors}
    arrays = {title: _stack(name, tensors[title], 0, 1, 2, 3) for title, name in named.items()}
    if not arrays:
        raise ValueError("tensors must hold at least one")
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
    extent = (cell * (sum(widths) + 0.4 * len(widths)), cell * max(h for _, h in sizes) + 0.4)
    grid: Style = {"squeeze": False, "layout": "constrained", "width_ratios": widths}
    figure, axes = plt.subplots(1, len(arrays), figsize=extent, **grid)
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
    named = {title: f"matrices[{title!r}]" for title in matrices}
    arrays = {title: _wide(_stack(name, matrices[title], 2)) for title, name in named.items()}
    for title, array in arrays.items():
        if len(np.unique(array)) != array.size:
            raise ValueError(f"matrices[{title!r}] must be without repeats, not {array.tolist()}")
    if not arrays:
        raise ValueError("matrices must hold at least one")
    widths = [max(array.shape[1] + 0.9, 2.4) for array in arrays.values()]
    height = max(array.shape[0] for array in arrays.values()) + 0.6
    cell = min(0.5, 7.0 / sum(widths))
    extent = (cell * sum(widths), cell * height + 0.35)
    grid: Style = {"width_ratios": widths, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(1, len(arrays), figsize=extent, **grid)
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
        ValueError: a rank is not 2, the inner sizes differ, or the product has no such element.

    >>> left, right = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[1, 0], [2, 1], [0, 3]])
    >>> print(matmul_picture(left, right, row=1).alt)
    Matrix product: shape (2, 3) @ (3, 2) gives (2, 2). Row 1 on the left, 4, 5, 6, with column 0 \
on the right, 1, 2, 0, gives element (1, 0): 4×1 + 5×2 + 6×0 = 14.
    """
    left, right = _wide(_stack("left", left, 2)), _wide(_stack("right", right, 2))
    if left.shape[1] != right.shape[0]:
        raise ValueError(
            f"left and right must share their inner size, not be {left.shape} and {right.shape}"
        )
    _check_whole("row", row, 0, left.shape[0] - 1)
    _check_whole("column", column, 0, right.shape[1] - 1)
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
        ValueError: the filter fits nowhere, no such element, no matrix, or stride or padding too small.

    >>> upright = np.array([[-1, 1], [-1, 1]])
    >>> print(convolution_picture(np.tri(6, dtype=int), upright, at=(2, 2)).alt)
    A 2 by 2 filter on a picture of 6 by 6, stride 1, padding 0. The map has 5 by 5 numbers, from \
−1 to 0. Framed: row 2, column 2 of the map, −1, the sum of −1·1 + 1·0 + −1·1 + 1·1.
    """
    picture, kernel = _wide(_stack("picture", picture, 2)), _wide(_stack("kernel", kernel, 2))
    _check_whole("stride", stride, 1)
    _check_whole("padding", padding, 0)
    padded = np.pad(picture, padding)
    if any(k > n or k < 1 for k, n in zip(kernel.shape, padded.shape, strict=True)):
        raise ValueError(f"a filter of {kernel.shape} does not fit into {padded.shape}")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    found = (windows * kernel).sum(axis=(2, 3))
    if not isinstance(at, Sequence) or len(at) != 2:
        raise ValueError(f"at must be a row and a column of the map, not {at!r}")
    for place, size in zip(at, found.shape, strict=True):
        _check_whole("at", place, 0, size - 1)
    titles = [
        f"{name}, {array.shape[0]} by {array.shape[1]}"
        for name, array in (("picture", picture), ("filter", kernel), ("feature map", found))
    ]
    panels = (padded, kernel, found)
    widths = [panel.shape[1] + 0.4 for panel in panels]
    cell = min(0.42, 6.6 / sum(widths))
    height = cell * (max(panel.shape[0] for panel in panels) + 0.4) + 0.45
    extent = (cell * sum(widths) + 0.6, height)
    figure, axes = plt.subplots(1, 3, figsize=extent, width_ratios=widths, layout="constrained")
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


def _wide(array: np.ndarray) -> np.ndarray:
    """Return whole numbers in a type in which sums and differences of narrow ones do not overflow."""
    return array.astype(np.int64) if array.dtype.kind in "iub" else array


def _stack(name: str, values: Any, *ranks: int) -> np.ndarray:
    """Return finite numbers in one array of one of these ranks, none of its axes empty."""
    if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one array, not {values!r:.80}") from None
    if array.ndim not in ranks or not array.size:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{name} must have {wanted} axes, none empty, not shape {array.shape}")
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but hold NaN or infinity")
    return array


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
