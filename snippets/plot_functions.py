# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of functions: their tangents, their slopes, paths downhill on them.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_functions`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Matplotlib's `plot` and `contour` draw the curves; tangents, walks and words are added here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
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


def _number(value: Any) -> str:
    """Write a number as briefly as a cell asks for, with a true minus sign."""
    if np.issubdtype(type(value), np.integer):
        return str(value).replace("-", "−")
    return f"{value:.3g}".replace("-", "−") if np.issubdtype(type(value), np.number) else str(value)


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
    if not np.isfinite(list(slopes.values())).all():
        raise ValueError(f"slopes must be finite, not {list(slopes.values())}")
    x = np.linspace(first, last, 241)
    y = np.asarray(function(x))
    figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    ax.plot(x, y, color="C0", linewidth=2.5, label=_entry(name))
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
        ValueError: there is nothing to draw, a path is of another shape or not finite, or the paths
            start at different points.

    >>> steps, factors = np.arange(16)[:, np.newaxis], np.array([2.0, 12.0])
    >>> walks = {rate: [2.0, 1.0] * (1 - rate * factors) ** steps for rate in (0.02, 0.15)}
    >>> print(contour_paths(lambda point: point[0] ** 2 + 6 * point[1] ** 2, walks).alt)
    Contour lines of a function of x and y with 2 paths from (2, 1), height 10. Learning rate \
0.02: after 15 steps at (1.08, 0.0163), height 1.18, lower than the start. Learning rate 0.15: \
after 15 steps at (0.0095, −0.0352), height 0.00752, lower than the start.
    """
    walks = {setting: _numbers(f"paths[{setting!r}]", path) for setting, path in paths.items()}
    for setting, walk in walks.items():
        if walk.ndim != 2 or walk.shape[1] != 2 or not len(walk) or not np.isfinite(walk).all():
            raise ValueError(f"path {setting}: finite points (steps + 1, 2), not {walk.shape}")
    if not walks:
        raise ValueError("give at least one path")
    starts = np.array([walk[0] for walk in walks.values()])
    if not np.allclose(starts, starts[0]):
        raise ValueError(f"paths must have one start, not {starts.tolist()}")
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
            label=_entry(name),
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

    >>> x = np.linspace(-4, 4, 81)
    >>> values = {"relu": np.maximum(x, 0), "tanh": np.tanh(x)}
    >>> print(curves_and_slopes(x, values, {"relu": x > 0, "tanh": 1 - np.tanh(x) ** 2}).alt)
    Left, 2 functions of x from −4 to 4; right, the slope of each. relu: from 0 to 4, slope from 0 \
to 1. tanh: from −0.999 to 0.999, slope from 0.00134 to 1.
    """
    x = _numbers("x", x)
    pairs = {
        name: (
            _numbers(f"values[{name!r}]", v),
            _numbers(f"slopes[{name!r}]", slopes.get(name, ())),
        )
        for name, v in values.items()
    }
    if not pairs or set(values) != set(slopes):
        raise ValueError(f"values of {list(values)} need slopes of the same, not {list(slopes)}")
    if any(part.shape != x.shape or x.ndim != 1 for pair in pairs.values() for part in pair):
        raise ValueError(f"every curve must have the shape of x, {x.shape}")
    if not all(np.isfinite(part).all() for part in (x, *itertools.chain(*pairs.values()))):
        raise ValueError("x, values and slopes must be finite, but hold NaN or infinity")
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), layout="constrained")
    sayings = []
    for i, (name, pair) in enumerate(pairs.items()):
        for ax, curve in zip(axes, pair, strict=True):
            ax.plot(
                x,
                curve,
                color=f"C{i % 10}",
                linestyle=_LINES[i % 5],
                linewidth=2,
                label=_entry(name),
            )
        low, high, flat, steep = (_number(f(part)) for part in pair for f in (np.min, np.max))
        sayings.append(f"{name}: from {low} to {high}, slope from {flat} to {steep}.")
    axes[0].set(xlabel="x", title="value")
    axes[1].set(xlabel="x", title="slope")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    word = "function" if len(pairs) == 1 else "functions"
    alt = f"Left, {len(pairs)} {word} of x from {_number(x[0])} to {_number(x[-1])}; right, the "
    return _finish(figure, alt + f"slope of each. {' '.join(sayings)}")


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
