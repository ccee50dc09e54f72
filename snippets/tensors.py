# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Tensors in words and pictures: what a shape says, what a tensor holds, how two shapes meet.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Works on NumPy arrays, TensorFlow tensors
and variables. Copy this one file into your project and `import tensors`.

NumPy's `broadcast_shapes` returns the shape that two give, or raises an error; here it is explained.
`broadcast_picture` returns its figure, closed, with `figure.alt` set: leave the call as a cell's last
expression, or save it in a script (`figure.savefig("name.png")`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

_AXES = ("stack", "sheet", "row", "number")


def explain_shape(shape: Sequence[int], axes: Sequence[str] | None = None) -> str:
    """Return a shape as a phrase, from the outermost axis to the innermost.

    Args:
        shape: the size of each axis; `()` is a scalar.
        axes: a singular noun for each axis, the last one for the elements themselves. Without it,
            stacks, sheets, rows and numbers, as many of them as the rank asks for.

    Raises:
        ValueError: a size is negative, `axes` and `shape` differ in length, or the rank is above 4
            and `axes` is missing.

    >>> explain_shape((2, 3))
    '2 rows of 3 numbers, 6 in all'
    >>> explain_shape((54000, 28, 28), ("image", "row", "pixel"))
    '54,000 images of 28 rows of 28 pixels, 42,336,000 in all'
    >>> explain_shape(())
    'one number, no axes'
    """
    sizes = _sizes("shape", shape)
    if axes is None:
        if len(sizes) > len(_AXES):
            raise ValueError(f"name the {len(sizes)} axes of {tuple(sizes)}: pass `axes`")
        axes = _AXES[len(_AXES) - len(sizes) :]
    if len(axes) != len(sizes):
        raise ValueError(f"{len(sizes)} axes in {tuple(sizes)}, but {len(axes)} names for them")
    if not sizes:
        return "one number, no axes"
    parts = [
        f"{size:,} {name if size == 1 else name + 's'}"
        for size, name in zip(sizes, axes, strict=True)
    ]
    total = f", {math.prod(sizes):,} in all" if len(sizes) > 1 else ""
    return " of ".join(parts) + total


def describe(tensor: Any) -> dict[str, Any]:
    """Return a tensor's shape, rank, size, dtype and bytes, as one row of a table.

    Args:
        tensor: a TensorFlow tensor or variable, a NumPy array, or numbers that make one.

    Returns:
        `shape` (a tuple), `rank` (the number of axes), `size` (the number of elements), `dtype`
        (its name) and `bytes` (what the elements occupy).

    >>> describe(np.zeros((2, 3), dtype=np.float32))
    {'shape': (2, 3), 'rank': 2, 'size': 6, 'dtype': 'float32', 'bytes': 24}
    """
    array = np.asarray(tensor)
    return {
        "shape": array.shape,
        "rank": array.ndim,
        "size": array.size,
        "dtype": array.dtype.name,
        "bytes": array.nbytes,
    }


def matmul_shape(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of `tf.matmul(a, b)` from the shapes of `a` and `b`.

    `plot_tensors.matmul_picture` draws a product with one element worked out.

    Args:
        left: the shape of `a`, `(..., n, k)`.
        right: the shape of `b`, `(..., k, m)`. Axes before the last two broadcast.

    Returns:
        `(..., n, m)`.

    Raises:
        ValueError: a rank is below 2, the inner sizes differ, or the leading axes do not broadcast.
            The message names the sizes that disagree.

    >>> matmul_shape((32, 784), (784, 10))
    (32, 10)
    >>> matmul_shape((2, 3), (2, 3))
    Traceback (most recent call last):
    ...
    ValueError: (2, 3) @ (2, 3): rows of 3 on the left, columns of 2 on the right

    Source: the shape rule of `tf.linalg.matmul`.
    """
    first, second = _sizes("left", left), _sizes("right", right)
    product = f"{first} @ {second}"
    if len(first) < 2 or len(second) < 2:
        raise ValueError(f"{product}: both sides need rank 2 or more")
    if first[-1] != second[-2]:
        raise ValueError(
            f"{product}: rows of {first[-1]} on the left, columns of {second[-2]} on the right"
        )
    try:
        leading = np.broadcast_shapes(first[:-2], second[:-2])
    except ValueError:
        raise ValueError(f"{product}: {first[:-2]} and {second[:-2]} do not broadcast") from None
    return (*leading, first[-2], second[-1])


_Meeting = tuple[int | None, int | None, int | None]


def explain_broadcast(
    left: Sequence[int],
    right: Sequence[int],
    *,
    names: tuple[str, str] = ("left", "right"),
    axes: Sequence[str] | None = None,
) -> str:
    """Return in words how two shapes broadcast, or which axis keeps them from it.

    Args:
        left, right: the two shapes; `()` is a scalar.
        names: what to call the two.
        axes: a name for each axis of the result; their numbers without it.

    Raises:
        ValueError: a size is negative, or `axes` are not as many as the result has.

    >>> explain_broadcast((3, 1), (2,))
    '(3, 1) with (2,) gives (3, 2). Axis 0: right has none and is repeated 3 times; axis 1: left \
stretches from 1 to 2.'
    >>> explain_broadcast((2, 3), (2,))
    '(2, 3) with (2,) does not fit. Axis 0: right has none and is repeated 2 times; axis 1: 3 and \
2 clash.'

    Source: the broadcasting rules of NumPy, which TensorFlow shares.
    """
    first, second = _sizes("left", left), _sizes("right", right)
    meetings = _align(first, second)
    titles = _titles(len(meetings), axes)
    sayings = [_say(m, names, title) for m, title in zip(meetings, titles, strict=True)]
    result = _result(meetings)
    verdict = "does not fit" if result is None else f"gives {result}"
    steps = "; ".join(sayings) or "no axes to compare"
    return f"{first} with {second} {verdict}. {steps[:1].upper()}{steps[1:]}."


def broadcast_picture(
    left: Sequence[int],
    right: Sequence[int],
    *,
    names: tuple[str, str] = ("left", "right"),
    axes: Sequence[str] | None = None,
) -> Figure:
    """Draw how two shapes broadcast: which axes stretch, what that copies, or where they clash.

    Above, the shapes one over the other, aligned at their last axes: dashed where a size is
    stretched or an axis is missing, framed where two sizes clash. Below, if the result is small
    enough, a sum of two such tensors, element by element, with the repeated ones dashed; of shapes
    that clash, the two tensors as they are.

    Args:
        left, right: the two shapes, of any rank and size.
        names: what to call the two.
        axes: a name for each axis of the result; their numbers without it.

    Raises:
        ValueError: a size is negative, or `axes` are not as many as the result has.

    >>> broadcast_picture((2, 1), (3,)).alt
    'Two shapes aligned at their last axes: (2, 1) with (3,) gives (2, 3). Axis 0: right has none \
and is repeated 2 times; axis 1: left stretches from 1 to 3. Left [[1], [2]] + right [10, 20, 30] \
= [[11, 21, 31], [12, 22, 32]].'
    """
    first, second = _sizes("left", left), _sizes("right", right)
    alt = explain_broadcast(first, second, names=names, axes=axes)
    meetings = _align(first, second)
    result = _result(meetings)
    terms = _small_sum(first, second, result)
    span = [_span(array.shape if result is None else result) for array in terms]
    cell = min(0.4, 6.6 / (sum(width + 1.2 for width, _ in span) + 0.1))
    labels = [
        f"{names[0]}  {first}",
        f"{names[1]}  {second}",
        f"result  {'' if result is None else result}",
    ]
    margin = 0.3 + 0.09 * max(map(len, labels))
    column = min(1.35, (7.0 - margin) / max(len(meetings), 1))
    row = margin + column * len(meetings)
    below = cell * max((height for _, height in span), default=0) + (0.2 if terms else 0)
    width, height = max(row, cell * sum(w + 1.2 for w, _ in span)), below + 1.5
    figure = plt.figure(figsize=(width, height))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    place = ((width - row) / 2 + margin, below, column)
    _draw_ledger(ax, meetings, labels, _titles(len(meetings), axes), place)
    x = (width - cell * sum(w + 1.2 for w, _ in span)) / 2 + 0.6 * cell
    signs = ("✗", "") if result is None else ("+", "=", "")
    for i, (array, (across, _), sign) in enumerate(zip(terms, span, signs, strict=False)):
        shape = array.shape if result is None else result
        _draw_cells(ax, array, shape, f"C{i}", (x, below - 0.2, cell))
        x += cell * (across + 1.2)
        ax.text(x - 0.6 * cell, (below - 0.2) / 2, sign, ha="center", va="center")
    if result is not None and terms:
        one, other, both = (array.tolist() for array in terms)
        alt += f" {names[0][:1].upper()}{names[0][1:]} {one} + {names[1]} {other} = {both}."
    return _finish(figure, f"Two shapes aligned at their last axes: {alt}")


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once; `$` is no formula."""
    figure.alt = alt  # type: ignore[attr-defined]  # ours: notebooks and pages read it
    for text in figure.findobj(Text):
        if "$" in text.get_text():
            text.set_parse_math(False)
    plt.close(figure)
    return figure


def _small_sum(
    left: tuple[int, ...], right: tuple[int, ...], result: tuple[int, ...] | None
) -> list[np.ndarray]:
    """Return two tensors of these shapes and, if they fit, their sum; nothing if one is large."""
    if not all(_is_small(shape) for shape in (left, right, result) if shape is not None):
        return []
    one = np.arange(1, math.prod(left) + 1).reshape(left)
    other = 10 * np.arange(1, math.prod(right) + 1).reshape(right)
    return [one, other] if result is None else [one, other, np.asarray(one + other)]


def _sizes(name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape as plain integers, none of them negative."""
    try:
        sizes = tuple(map(operator.index, shape))
    except TypeError:
        raise ValueError(f"{name} must be a shape, integers from 0, not {shape!r}") from None
    if any(size < 0 for size in sizes):
        raise ValueError(f"{name} must be a shape without negative sizes, not {sizes}")
    return sizes


def _align(left: tuple[int, ...], right: tuple[int, ...]) -> list[_Meeting]:
    """Return for each axis of the result the two sizes, `None` where missing, and what they give."""
    rank = max(len(left), len(right))
    padded = [(None,) * (rank - len(shape)) + shape for shape in (left, right)]
    meetings: list[_Meeting] = []
    for one, other in zip(*padded, strict=True):
        a, b = (1 if size is None else size for size in (one, other))
        meetings.append((one, other, a if b in (1, a) else b if a == 1 else None))
    return meetings


def _result(meetings: Sequence[_Meeting]) -> tuple[int, ...] | None:
    """Return the broadcast shape, or `None` where an axis clashes."""
    sizes = tuple(size for _, _, size in meetings if size is not None)
    return sizes if len(sizes) == len(meetings) else None


def _titles(rank: int, axes: Sequence[str] | None) -> list[str]:
    """Return what to call each axis of the result."""
    if axes is not None and len(axes) != rank:
        raise ValueError(f"{rank} axes in the result, but {len(axes)} names for them")
    return [f"axis {number}" for number in range(rank)] if axes is None else list(axes)


def _say(meeting: _Meeting, names: tuple[str, str], title: str) -> str:
    """Say what happens on one axis."""
    one, other, result = meeting
    if result is None:
        return f"{title}: {one:,} and {other:,} clash"
    if None in (one, other):
        name = names[0] if one is None else names[1]
        times = "once" if result == 1 else f"{result:,} times"
        return f"{title}: {name} has none and is repeated {times}"
    if one != other:
        return f"{title}: {names[0] if one == 1 else names[1]} stretches from 1 to {result:,}"
    return f"{title}: {one:,} meets {other:,}"


def _is_small(shape: tuple[int, ...]) -> bool:
    """Say whether a tensor of this shape can be drawn element by element."""
    width, height = _span(shape)
    return len(shape) <= 3 and width <= 6.5 and height <= 11 and math.prod(shape) > 0


def _span(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return width and height of a drawn tensor, in cells; rank 3 is a staircase of sheets."""
    if len(shape) > 3:
        return math.inf, math.inf
    sheets, rows, columns = (1,) * (3 - len(shape)) + shape
    return columns + 0.7 * (sheets - 1), rows * sheets + 0.3 * (sheets - 1)


def _draw_ledger(
    ax: Axes,
    meetings: Sequence[_Meeting],
    labels: Sequence[str],
    titles: Sequence[str],
    place: tuple[float, float, float],
) -> None:
    """Draw the two shapes and the result as three rows of boxes, a column per axis."""
    x0, y0, column = place
    for i, title in enumerate(titles):
        middle = x0 + column * (i + 0.5) - 0.05
        letters = min(9.0, max(4.0, column / max(len(title), 1) / 0.0085))
        ax.text(middle, y0 + 1.32, title, ha="center", va="center", fontsize=letters)
    for row, label in enumerate(labels):
        y = y0 + 1.0 - 0.4 * row
        weight = "bold" if row == 2 else "normal"
        ax.text(x0 - 0.15, y, label, ha="right", va="center", fontsize=10, weight=weight)
        for i, meeting in enumerate(meetings):
            size, given = meeting[row], meeting[2]
            text = f"{size:,}" if size is not None else "(1)" if row < 2 else "✗"
            stretched = given not in (None, 1) and size in (None, 1)
            dashed = stretched or (row < 2 and size is None)
            if stretched:
                text += f" → {given:,}"
            box = (x0 + column * i, y - 0.16, column - 0.1, 0.32)
            _box(ax, box, text, f"C{row}", dashed=dashed, framed=given is None)


def _draw_cells(
    ax: Axes,
    array: np.ndarray,
    shape: tuple[int, ...],
    colour: str,
    place: tuple[float, float, float],
) -> None:
    """Draw a tensor stretched to a shape; what the stretching repeats is dashed."""
    x0, top, cell = place
    full = np.broadcast_to(array, shape).reshape((1,) * (3 - len(shape)) + shape)
    own = (1,) * (3 - array.ndim) + array.shape
    sheets, rows, _ = full.shape
    for sheet, row, column in np.ndindex(full.shape):
        copied = any(at >= size for at, size in zip((sheet, row, column), own, strict=True))
        y = top - cell * ((rows + 0.3) * (sheets - 1 - sheet) + row + 1)
        box = (x0 + cell * (column + 0.7 * sheet + 0.06), y + 0.06 * cell, 0.88 * cell, 0.88 * cell)
        _box(ax, box, str(full[sheet, row, column]), colour, dashed=copied)


def _box(
    ax: Axes,
    box: tuple[float, float, float, float],
    text: str,
    colour: str,
    *,
    dashed: bool = False,
    framed: bool = False,
) -> None:
    """Draw a rounded box with a text: filled, or a dashed outline for what is not really there."""
    x, y, width, height = box
    ink = rcParams["text.color"]
    hollow = dashed or framed
    pale = tuple(1 - 0.3 * (1 - channel) for channel in to_rgb(colour))
    ax.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="none" if hollow else pale,
            edgecolor=ink if framed else colour if dashed else "none",
            linewidth=2 if framed else 1.3,
            linestyle="--" if dashed and not framed else "-",
        )
    )
    size = min(10.0, max(5.0, width / len(text) / 0.009))
    middle = (x + width / 2, y + height / 2)
    ink = ink if hollow else "black"
    ax.text(*middle, text, ha="center", va="center", fontsize=size, color=ink)
