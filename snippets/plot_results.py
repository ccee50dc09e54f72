# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of results: seeds one by one, intervals, a search, a choice tried afresh.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_results`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Matplotlib's `errorbar` draws one series with its intervals; means, ranges and winners are found here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def _percent(value: float) -> str:
    """Format a fraction as a percentage that never rounds something to nothing, nor most to all."""
    if 0 < abs(value) < 0.001:
        return "<0.1%" if value > 0 else ">-0.1%"
    return ">99.9%" if 0.9995 <= value < 1 else f"{value:.1%}"


_MARKERS = "os^Dv"
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def seed_dots(
    scores: Mapping[str, Sequence[float]], *, xlabel: str, percent: bool = True
) -> Figure:
    """Draw the scores of several settings, a row per setting: a dot per seed, and how far they spread.

    Each row has a line from its lowest score to its highest, an upright stroke at the mean, and
    the mean as a number at the right.

    Args:
        scores: from each setting's name to its scores, one per seed, as many as you like: those of
            `experiments.sweep`, say.
        xlabel: what the scores measure.
        percent: the scores are fractions, to be written as percentages.

    Raises:
        ValueError: there is no setting, or one has no score or one that is not finite.

    >>> scores = {
    ...     "width 32": [0.871, 0.880, 0.868, 0.876, 0.883],
    ...     "width 64": [0.890, 0.884, 0.893, 0.887, 0.895],
    ...     "width 128": [0.894, 0.899, 0.888, 0.902, 0.891],
    ... }
    >>> print(seed_dots(scores, xlabel="test accuracy").alt)
    test accuracy of 3 settings, one dot per seed. width 32: mean 87.6%, from 86.8% to 88.3% over 5 \
seeds; width 64: mean 89.0%, from 88.4% to 89.5% over 5 seeds; width 128: mean 89.5%, from 88.8% \
to 90.2% over 5 seeds.
    """
    rows = {str(name): _numbers(f"scores[{name!r}]", values) for name, values in scores.items()}
    if not rows or not all(v.ndim == 1 and len(v) and np.isfinite(v).all() for v in rows.values()):
        raise ValueError("give at least one setting, each with finite scores, shape (seeds,)")
    show = "{:z.1%}".format if percent else "{:z.3g}".format
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
    alt = f"{xlabel} of {len(rows)} setting{'' if len(rows) == 1 else 's'}, one dot per seed. "
    return _finish(figure, alt + "; ".join(sayings) + ".")


def interval_rows(
    rows: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str, percent: bool = True
) -> Figure:
    """Draw values with their intervals, a row per name, a marker per measure.

    Args:
        rows: from each row's name to its measures, and from each measure's name to a value, NaN
            where there is none, and the low and the high end of its interval, such as an interval
            of `metrics.class_report`.
        xlabel: what the values measure.
        percent: the values are fractions, to be written as percentages.

    Raises:
        ValueError: there is no row or more than five measures, or a value is not in its interval.

    >>> rows = {
    ...     "shirt": {"precision": (0.71, 0.68, 0.74), "recall": (0.62, 0.59, 0.65)},
    ...     "coat": {"precision": (0.78, 0.75, 0.81), "recall": (0.83, 0.80, 0.85)},
    ...     "bag": {"precision": (0.97, 0.96, 0.98), "recall": (0.95, 0.93, 0.96)},
    ... }
    >>> print(interval_rows(rows, xlabel="grade").alt)
    grade with intervals. shirt: precision 71.0% (68.0% to 74.0%), recall 62.0% (59.0% to 65.0%); \
coat: precision 78.0% (75.0% to 81.0%), recall 83.0% (80.0% to 85.0%); bag: precision 97.0% (96.0% \
to 98.0%), recall 95.0% (93.0% to 96.0%).
    """
    measures = list(dict.fromkeys(measure for row in rows.values() for measure in row))
    if not 0 < len(measures) <= len(_MARKERS):
        raise ValueError(f"give rows with 1 to {len(_MARKERS)} measures, not {len(measures)}")
    show = "{:z.1%}".format if percent else "{:z.3g}".format
    room = 0.22 + 0.1 * len(measures)
    figure, ax = plt.subplots(figsize=(6.8, 0.9 + room * len(rows)), layout="constrained")
    sayings = []
    for place, (name, row) in enumerate(rows.items()):
        said, graded = [], ""
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
        sayings.append(f"{name}: {', '.join(said) or 'nothing'}")
        if len(measures) == 1:
            at: Style = {"va": "center", "transform": ax.get_yaxis_transform()}
            ax.text(1.02, place, graded, **at)
    if len(measures) > 1:
        marks = [ax.plot([], [], _MARKERS[i], color=f"C{i}")[0] for i in range(len(measures))]
        figure.legend(
            marks,
            [*map(_entry, measures)],
            loc="outside upper center",
            ncols=len(measures),
            fontsize=9,
        )
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="x")
    if percent:
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    return _finish(figure, f"{xlabel} with intervals. {'; '.join(sayings)}.")


def chosen_and_fresh(
    chosen: Sequence[float], fresh: Sequence[float], *, what: str = "candidates"
) -> Figure:
    """Draw what candidates score on the examples that choose among them, and on fresh ones.

    Args:
        chosen: each candidate's score on the examples it is chosen by, from 0 to 1, shape `(n,)`.
        fresh: its score on other examples, shape `(n,)`.
        what: what the candidates are.

    Raises:
        ValueError: there are no candidates, the scores are not as many, or one is not from 0 to 1.

    >>> chosen, fresh = np.random.default_rng(0).binomial(100, 0.5, size=(2, 60)) / 100
    >>> chosen_and_fresh(chosen, fresh, what="guessers").alt
    '60 guessers: score where chosen against score on fresh examples. The winner where chosen \
scores 67.0% there and 54.0% on fresh examples, 13.0 points lower.'
    """
    x, y = _finite("chosen", chosen, low=0, high=1), _finite("fresh", fresh, low=0, high=1)
    if x.shape != y.shape:
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
    promised, fresh_one = (round(100 * float(each[best]), 1) for each in (x, y))
    drop = promised - fresh_one
    alt = f"{len(x)} {what}: score where chosen against score on fresh examples. The winner where "
    alt += f"chosen scores {promised:.1f}% there and {fresh_one:.1f}% on fresh examples, "
    way = f"{abs(drop):.1f} points {'lower' if drop > 0 else 'higher'}" if drop else "the same"
    return _finish(figure, f"{alt}{way}.")


def seed_lines(
    curves: Mapping[str, Mapping[float, Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str = "accuracy",
    log: bool = True,
) -> Figure:
    """Draw scores against a number: a dot per seed, a line through the means, an upright range.

    Args:
        curves: from each curve's name to its points, from x to the scores there, one per seed,
            fractions.
        xlabel, ylabel: what the axes measure.
        log: x on a logarithmic axis; every x is then positive.

    Raises:
        ValueError: a curve has no point, a point no score, or a number is not finite or, on a
            logarithmic axis, not positive.

    >>> rates = {0.001: [0.71, 0.73, 0.70], 0.01: [0.84, 0.86, 0.85], 0.1: [0.82, 0.88, 0.79]}
    >>> slow = {0.001: [0.62, 0.60, 0.64], 0.01: [0.77, 0.80, 0.78], 0.1: [0.86, 0.87, 0.88]}
    >>> print(seed_lines({"batch 32": rates, "batch 256": slow}, xlabel="learning rate").alt)
    accuracy against learning rate, one dot per seed. batch 32: mean 71.3% (from 70.0% to 73.0%) at \
0.001, 85.0% (from 84.0% to 86.0%) at 0.01, 83.0% (from 79.0% to 88.0%) at 0.1. batch 256: mean \
62.0% (from 60.0% to 64.0%) at 0.001, 78.3% (from 77.0% to 80.0%) at 0.01, 87.0% (from 86.0% to \
88.0%) at 0.1.
    """
    scores = [
        _numbers(f"curves[{name!r}][{x}]", values)
        for name, curve in curves.items()
        for x, values in curve.items()
    ]
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
        ax.plot([], [], **style, label=_entry(name))
        sayings.append(f"{name}: mean {', '.join(said)}.")
    ax.set_xscale("log" if log else "linear")
    if len(xs) <= 12:
        ax.set_xticks(xs, [f"{x:g}" for x in xs])
        ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y")
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    figure.legend(loc="outside upper center", ncols=min(len(curves), 3), fontsize=9)
    return _finish(figure, f"{ylabel} against {xlabel}, one dot per seed. {' '.join(sayings)}")


def search_progress(
    searches: Mapping[str, Sequence[tuple[float, float]]],
    *,
    xlabel: str = "epochs trained",
    ylabel: str = "accuracy",
    reference: tuple[str, float] | None = None,
) -> Figure:
    """Draw what a search has found against what it has spent: a mark per trial, a line for the best.

    Args:
        searches: from each search's name to its trials in the order in which they ran: what the
            trial cost, and its score, a fraction, of which more is better.
        xlabel: what the costs count.
        ylabel: what the scores measure.
        reference: name and score of something to beat, drawn as a dotted level line.

    Raises:
        ValueError: a search has no trial, a cost is not positive, or a number is not finite.

    >>> scores = np.random.default_rng(0).beta(8, 3, size=20)
    >>> random = [(10, score) for score in scores]
    >>> halving = [(2, score - 0.1) for score in scores] + [(10, score) for score in np.sort(scores)[-5:]]
    >>> search_progress({"random": random, "halving": halving}, reference=("by hand", 0.85)).alt
    'The best accuracy against epochs trained. random: 20 trials, 200 epochs trained, best 88.5%, \
found after 150. halving: 25 trials, 90 epochs trained, best 88.5%, found after 90. by hand: 85.0%.'
    """
    if not searches or any(
        not trials or min(cost for cost, _ in trials) <= 0 for trials in searches.values()
    ):
        raise ValueError("give at least one search, each with trials (cost above 0, score)")
    for name, trials in searches.items():
        _finite(f"costs of {name}", [cost for cost, _ in trials])
        _finite(f"scores of {name}", [score for _, score in trials])
    figure, ax = plt.subplots(figsize=(6.6, 3.8), layout="constrained")
    sayings = []
    for i, (name, trials) in enumerate(searches.items()):
        costs, scores = np.array(trials, float).T
        spent = np.cumsum(costs)
        record = np.maximum.accumulate(scores)
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
        ax.step(spent, record, where="post", color=style["color"], linestyle=style["linestyle"])
        ax.plot(spent, scores, **{**style, "linestyle": "none"}, markersize=6)
        ax.plot([], [], **style, label=_entry(name))
        found = spent[int(scores.argmax())]
        sayings.append(
            f"{name}: {len(trials)} trial{'' if len(trials) == 1 else 's'}, {spent[-1]:g} {xlabel}, "
            f"best {_percent(record[-1])}, found after {found:g}."
        )
    if reference is not None:
        name, score = reference
        ax.axhline(
            score, color=rcParams["text.color"], linestyle=":", label=_entry(name), linewidth=1.5
        )
        sayings.append(f"{name}: {_percent(score)}.")
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, None))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
    figure.legend(loc="outside upper center", ncols=len(searches) + 1, fontsize=9)
    return _finish(figure, f"The best {ylabel} against {xlabel}. {' '.join(sayings)}")


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


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
