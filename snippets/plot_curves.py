# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of curves: on logarithmic scales, by setting, over several runs, through points, stacked.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_curves`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Matplotlib's `loglog`, `fill_between` and `stackplot` draw; finding means, ranges and lowest points is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.text import Text

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


def log_curves(
    curves: Mapping[str, Mapping[float, float]], *, xlabel: str = "x", ylabel: str = "y"
) -> Figure:
    """Draw positive measurements on two logarithmic axes, the lowest point of each curve named.

    Args:
        curves: from each curve's name to its points, from x to y, all positive; a y of 0 is left
            out, for it has no logarithm.
        xlabel, ylabel: what the axes measure.

    Raises:
        ValueError: a curve has no positive point, an x that is not positive, or a y that is negative
            or not finite.

    >>> rounding = {10.0**-n: 10.0 ** (n - 16) for n in range(1, 11)}
    >>> one_sided = {step: step + error for step, error in rounding.items()}
    >>> two_sided = {step: step**2 + error for step, error in rounding.items()}
    >>> curves = {"one-sided": one_sided, "two-sided": two_sided}
    >>> log_curves(curves, xlabel="step", ylabel="error of the slope").alt
    'error of the slope against step, both on logarithmic axes. one-sided: lowest 2e-08 at step \
1e-08, 0.1 at 0.1, 1e-06 at 1e-10. two-sided: lowest 1.01e-10 at step 1e-06, 0.01 at 0.1, 1e-06 at \
1e-10.'
    """
    for name, curve in curves.items():
        if not any(curve.values()):
            raise ValueError(f"{name} has no positive point")
        for x, y in curve.items():
            if not (0 < x < np.inf and 0 <= y < np.inf):
                raise ValueError(f"{name}: ({x}, {y}) has no place on two logarithmic axes")
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        points = sorted((x, y) for x, y in curve.items() if y > 0)
        style: Style = {"color": f"C{i % 10}", "linestyle": _LINES[i % 5]}
        style |= {"marker": _MARKERS[i % 5], "markersize": 5}
        ax.loglog(*np.transpose(points), label=_entry(name), **style)
        x, y = min(points, key=lambda point: point[1])
        (small, at_small), (large, at_large) = points[0], points[-1]
        sayings.append(
            f"{name}: lowest {y:.3g} at {xlabel} {x:g}, {at_large:.3g} at {large:g}, "
            f"{at_small:.3g} at {small:g}."
        )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    alt = f"{ylabel} against {xlabel}, both on logarithmic axes. " + " ".join(sayings)
    return _finish(figure, alt)


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

    >>> x, y = np.arange(6.0), np.array([1.2, 1.9, 4.1, 4.6, 6.3, 6.9])
    >>> lines = {"guess": (0.8, 1.0), "least squares": tuple(np.polyfit(x, y, 1))}
    >>> line_fit(x, y, lines, misses="guess").alt
    '6 points from x = 0 to 5. guess: slope 0.8, intercept 1, mean squared error 1.96, misses −0.2, \
−0.1, −1.5, −1.2, −2.1, −1.9. least squares: slope 1.21, intercept 1.15, mean squared error 0.119.'
    """
    x, y = _finite("x", x), _finite("y", y)
    if x.shape != y.shape:
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
        ax.plot(ends, slope * ends + intercept, label=_entry(name), **style)
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
    seed. Ranges of up to 20 points get a marker per point.

    Args:
        runs: from setting to its curves, shape `(seeds, points)`, or `(points,)` for one seed.
        x: where the points lie, shape `(points,)`; counted from 1 if left out.
        xlabel, ylabel: what the axes measure.
        log_x, log_y: make that axis logarithmic; a y of 0 or below is then left out, an x of 0
            stands a step left of the smallest other.
        percent: the values are fractions, to be written as percentages.
        behind: the setting whose line is drawn wide and pale, under the others.

    Raises:
        ValueError: there is nothing to draw, the curves are not equally long, or `behind` is none
            of them.

    >>> noise = np.random.default_rng(0).uniform(0.1, 0.4, size=(2, 5, 30))
    >>> falls = {rate: 2 * np.exp(-rate * np.arange(30)) for rate in (0.3, 0.1)}
    >>> spread_curves({f"rate {rate}": falls[rate] + each for rate, each in zip(falls, noise)}).alt
    'loss against step, 1 to 30. rate 0.3: 2.28 at first, 0.24 at the end (0.116 to 0.349 over 5 \
seeds). rate 0.1: 2.22 at first, 0.408 at the end (0.21 to 0.507 over 5 seeds).'
    """
    curves = {name: np.atleast_2d(_numbers(f"runs[{name!r}]", run)) for name, run in runs.items()}
    lengths = {curve.shape[-1] for curve in curves.values()}
    lengths |= set() if x is None else {len(x)}
    if not curves or len(lengths) > 1 or any(c.ndim != 2 or not c.size for c in curves.values()):
        raise ValueError(f"give curves of one length, (seeds, points), not {sorted(lengths)}")
    if behind is not None and behind not in curves:
        raise ValueError(f"{behind} is none of {list(curves)}")
    counted = np.arange(1, lengths.pop() + 1)
    at = counted if x is None else _finite("x", x, low=0 if log_x else -np.inf)
    show = "{:z.1%}".format if percent else _number
    figure, ax = plt.subplots(figsize=(7.0, 3.8), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "label": _entry(name)}
        style |= {"marker": _MARKERS[i % 5], "markersize": 5} if len(at) <= 20 else {}
        wide: Style = {"linewidth": 7, "alpha": 0.35, "linestyle": "-"} if name == behind else {}
        mean = curve.mean(axis=0)
        ax.plot(at, mean, **style | wide)
        said = f"{name}: {show(mean[0])} at first, {show(mean[-1])} at the end"
        if len(curve) > 1:
            low, high = curve.min(axis=0), curve.max(axis=0)
            ax.fill_between(at, low, high, color=f"C{i % 6}", alpha=0.2, linewidth=0)
            said += f" ({show(low[-1])} to {show(high[-1])} over {len(curve)} seeds)"
        broken = at[~np.isfinite(mean)]
        if len(broken):
            said += f"; no number at {_number(broken[0])}"
            said += f" and {len(broken) - 1} more points" if len(broken) > 1 else ""
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
            measurement. One that is NaN or infinite counts as above `top`.
        xlabel, ylabel: what the axes measure.
        top: the end of the upright axis; what lies above it is drawn there as an arrow.

    Raises:
        ValueError: there is no curve, a setting is not positive, a measurement is minus infinity, or a
            curve has no finite point.

    >>> tried = {
    ...     "SGD": {0.001: 1.9, 0.003: 1.4, 0.01: 0.9, 0.03: 0.6, 0.1: 0.4, 0.3: 0.5},
    ...     "Adam": {0.001: 0.3, 0.003: 0.4, 0.01: 0.8, 0.03: 1.7, 0.1: float("nan")},
    ... }
    >>> setting_curves(tried, xlabel="learning rate", ylabel="loss", top=2.0).alt
    'loss against learning rate. SGD: 1.9 at 0.001, 1.4 at 0.003, 0.9 at 0.01, 0.6 at 0.03, 0.4 at \
0.1 (lowest), 0.5 at 0.3; Adam: 0.3 at 0.001 (lowest), 0.4 at 0.003, 0.8 at 0.01, 1.7 at 0.03, \
above 2 at 0.1.'
    """
    settings = [x for curve in curves.values() for x in curve]
    if not settings or not all(0 < setting < np.inf for setting in settings):
        raise ValueError(f"every curve needs positive settings, not {settings}")
    measured = [y for curve in curves.values() for y in curve.values()]
    if -np.inf in measured or not all(np.isfinite([*c.values()]).any() for c in curves.values()):
        raise ValueError("every curve needs a finite point, and none may be minus infinity")
    every = [y for y in measured if np.isfinite(y)]
    ceiling = max(every) if top is None else top
    _check_number("top", ceiling, "(-inf, inf)")
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    sayings = []
    for i, (name, curve) in enumerate(curves.items()):
        style: Style = {"color": f"C{i % 10}", "linestyle": _LINES[i % 5]}
        points = sorted(curve.items())
        lowest = min((x for x, y in points if np.isfinite(y)), key=curve.__getitem__)
        drawn = [(x, min(y, ceiling) if np.isfinite(y) else ceiling) for x, y in points]
        ax.semilogx(*np.transpose(drawn), marker=_MARKERS[i % 5], label=_entry(name), **style)
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


def stacked_parts(
    parts: Mapping[str, Sequence[float]], *, xlabel: str = "epoch", ylabel: str = "loss"
) -> Figure:
    """Draw numbers that add up, such as the terms of a loss, as layers stacked over the epochs.

    Args:
        parts: from each part's name, lowest layer first, to one number per epoch, none negative.
        xlabel, ylabel: what the axes measure.

    Raises:
        ValueError: there are no parts, they are not equally long, or one is negative.

    >>> epochs = np.arange(20)
    >>> parts = {"cross-entropy": 2.3 * 0.8**epochs + 0.2, "penalty": 1.2 * 0.9**epochs}
    >>> stacked_parts(parts).alt
    'loss as a sum over 20 epochs. At first 3.7: cross-entropy 2.5, penalty 1.2. At the end 0.395: \
cross-entropy 0.233, penalty 0.162.'
    """
    layers = {name: _numbers(f"parts[{name!r}]", values) for name, values in parts.items()}
    lengths = {len(layer) for layer in layers.values() if layer.ndim == 1}
    if len(lengths) != 1 or 0 in lengths or not all((each >= 0).all() for each in layers.values()):
        raise ValueError("give parts of one length, one number per epoch, none negative")
    epochs = np.arange(1, lengths.pop() + 1)
    figure, ax = plt.subplots(figsize=(7.0, 3.4), layout="constrained")
    base = np.zeros(len(epochs))
    hatches = ("", "///", "...", "xxx", "---")
    for i, (name, layer) in enumerate(layers.items()):
        top = base + layer
        look: Style = {"color": f"C{i % 6}", "alpha": 0.35, "hatch": hatches[i % 5], "linewidth": 0}
        ax.fill_between(epochs, base, top, label=_entry(name), **look)
        ax.plot(epochs, top, color=f"C{i % 6}", linestyle="-", marker=_MARKERS[i % 5], markersize=4)
        base = top
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(1, max(len(epochs), 2)), ylim=(0, None))
    ax.locator_params(axis="x", integer=True)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1])
    ends = [
        f"{when} {sum(layer[at] for layer in layers.values()):.3g}: "
        + ", ".join(f"{name} {layer[at]:.3g}" for name, layer in layers.items())
        for when, at in (("At first", 0), ("At the end", -1))
    ]
    return _finish(figure, f"{ylabel} as a sum over {len(epochs)} {xlabel}s. {'. '.join(ends)}.")


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


def _check_number(name: str, value: Any, within: str) -> None:
    """Refuse what is no number within an interval such as "(0, 1]"."""
    low, high = map(float, within[1:-1].split(","))
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high
    if not fits or (value == low and within[0] == "(") or (value == high and within[-1] == ")"):
        raise ValueError(f"{name} must be a finite number in {within}, not {value!r}")


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
