# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of time: stages, ratios, a timeline of runs, rounds of an exchange.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file into your project and
`import plot_timing`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Matplotlib's `barh` and `broken_barh` draw such bars; shares, bottlenecks and medians are found here.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
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


def _entry(name: object) -> str:
    """Return a name for a legend, which leaves out what begins with `_`: then a space of no width does."""
    return f"\u200b{name}" if str(name).startswith("_") else str(name)


def _label_colour(rgba: ArrayLike) -> str:
    """Return the one of black and white that reads better on a cell of this colour (WCAG 2)."""
    channels = np.asarray(rgba, float)[:3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _tint(colour: Colour, strength: float = 0.3) -> tuple[float, float, float]:
    """Return a colour thinned with white, light enough for dark numbers."""
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(colour))
    return red, green, blue


def _number(value: Any) -> str:
    """Write a number as briefly as a cell asks for, with a true minus sign."""
    if np.issubdtype(type(value), np.integer):
        return str(value).replace("-", "−")
    return f"{value:.3g}".replace("-", "−") if np.issubdtype(type(value), np.number) else str(value)


_MARKERS = "os^Dv"


def ring_rounds(states: Sequence[np.ndarray], *, columns: int = 4) -> Figure:
    """Draw how sums grow as pieces travel round a ring: a panel per round, a row per worker.

    Each cell is one worker's copy of one piece; its number says how many workers' shares it holds.
    A frame marks a copy that has just arrived; a complete one is dark.

    Args:
        states: the counts at the start and after each round, each of shape `(workers, pieces)`.
        columns: panels per row.

    Raises:
        ValueError: there is no state, they differ in shape, or one is not a matrix.

    >>> worker, piece = np.indices((4, 4))
    >>> states = [1 + np.minimum(rounds, (worker - piece) % 4) for rounds in range(4)]
    >>> print(ring_rounds(states).alt)
    4 workers (rows) hold 4 pieces (columns), at the start and after each of 3 rounds; the numbers \
count the shares summed. Complete copies: 0 of 16 at the start, 0 of 16 after round 1, 0 of 16 \
after round 2, 4 of 16 after round 3.
    """
    _check_whole("columns", columns, 1)
    counts = [_numbers(f"states[{number}]", state) for number, state in enumerate(states)]
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
    """Draw which steps of one training each run took: a bar per run, checkpoints as dotted lines.

    A run that stops before the end has a cross there. Steps that a run before it had already taken
    are hatched.

    Args:
        runs: from each run's name, in order of time, to its first step, counted from 0, and the
            step before which it stopped.
        length: steps of the whole training.
        saved: after how many steps a checkpoint was written.

    Raises:
        ValueError: there is no run, or one leaves the steps from 0 to `length`.

    >>> run_timeline({"first": (0, 25), "second": (20, 46)}, length=46, saved=[10, 20]).alt
    'Which of 46 steps each run took; checkpoints after 10, 20 steps. first: 0 to 25, stopped \
there; second: 20 to 46, 5 of them again.'
    """
    _check_whole("length", length, 1)
    if not runs or not all(0 <= start < end <= length for start, end in runs.values()):
        raise ValueError(f"give at least one run, within 0 to {length}, not {dict(runs)}")
    figure, ax = plt.subplots(figsize=(7.0, 0.9 + 0.5 * len(runs)), layout="constrained")
    ink, taken, said = rcParams["text.color"], np.zeros(length, bool), []
    for row, (name, (start, end)) in enumerate(runs.items()):
        ax.barh(row, end - start, left=start, height=0.55, color=f"C{row % 6}", alpha=0.45)
        words = f"{name}: {start} to {end}"
        if end < length:
            ax.plot(end, row, "X", markersize=12, color=ink)
            words += ", stopped there"
        again = np.flatnonzero(taken[start:end]) + start
        style: Style = {"color": "none", "edgecolor": ink, "hatch": "///", "linewidth": 0}
        for stretch in (
            np.split(again, np.flatnonzero(np.diff(again) > 1) + 1) if len(again) else ()
        ):
            ax.barh(row, len(stretch), left=stretch[0], height=0.55, **style)
        if len(again):
            words += f", {len(again)} of them again"
        taken[start:end] = True
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
    """Draw what the stages of a piece of work take, one after the other: a bar per row.

    A stage that fills enough of its bar has its name and its part written on it; the row's largest
    one has a frame: it is the bottleneck. The whole stands at the right.

    Args:
        rows: from each row's name to its stages, from name to time, 0 or above. A stage may be
            missing from a row.
        unit: of the times.
        share: all bars are equally long, and show parts of the whole.

    Raises:
        ValueError: there is no row, or one has a negative time or only zeros.

    >>> rows = {
    ...     "one by one": {"read": 6.0, "augment": 3.0, "compute": 4.0},
    ...     "prefetched": {"read": 1.0, "augment": 0.5, "compute": 4.0},
    ... }
    >>> print(stage_bars(rows).alt)
    Time by stage, in ms. one by one: 13 in all; read 6 (46%, the largest), augment 3 (23%), \
compute 4 (31%). prefetched: 5.5 in all; read 1 (18%), augment 0.5 (9%), compute 4 (73%, the \
largest).
    """
    stages = list(dict.fromkeys(stage for row in rows.values() for stage in row))
    times = [_numbers(f"rows[{name!r}]", list(row.values())) for name, row in rows.items()]
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
    figure.legend(
        keys,
        [*map(_entry, stages)],
        loc="outside upper center",
        ncols=min(len(stages), 6),
        fontsize=9,
    )
    return _finish(figure, f"Time by stage, in {unit}. {'. '.join(said)}.")


def speed_ratios(
    rows: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str = "times as fast"
) -> Figure:
    """Draw how many times as fast changes made things, on a logarithmic axis around 1.

    A pale mark a round, a line from the slowest to the fastest, and the median as a full mark with
    its number. What lies left of 1, on shaded ground, became slower.

    Args:
        rows: from each change to what was tried, and from there to the ratios, one per round (of
            `timing.times_as_fast`, say), above
            0: 2 is twice as fast, 0.5 half as fast. A row may leave some out.
        xlabel: what the ratios compare.

    Raises:
        ValueError: there is no row, more than five things were tried, or a ratio is not positive.

    >>> rows = {
    ...     "float16": {"dense": [1.7, 1.9, 1.8], "convolution": [2.3, 2.6, 2.4]},
    ...     "float64": {"dense": [0.5, 0.4, 0.5], "convolution": [0.3, 0.35, 0.3]},
    ... }
    >>> speed_ratios(rows).alt
    'times as fast, median of the rounds. float16: dense 1.8 (1.7 to 1.9), convolution 2.4 (2.3 to \
2.6); float64: dense 0.5 (0.4 to 0.5), convolution 0.3 (0.3 to 0.35).'
    """
    tried = list(dict.fromkeys(what for row in rows.values() for what in row))
    if not 0 < len(tried) <= len(_MARKERS) or not all(rows.values()):
        raise ValueError(f"give rows, each with some of at most {len(_MARKERS)} things tried")
    values = [
        _numbers(f"rows[{name!r}][{what!r}]", ratios)
        for name, row in rows.items()
        for what, ratios in row.items()
    ]
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
        figure.legend(
            marks, [*map(_entry, tried)], loc="outside upper center", ncols=len(tried), fontsize=9
        )
    return _finish(figure, f"{xlabel}, median of the rounds. {'; '.join(said)}.")


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
