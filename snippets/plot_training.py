# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of training: loss and accuracy by epoch, learning rate, overfitting, marked epochs.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file, `import plot_training`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
Keras keeps the numbers, in `History.history`, and draws none of them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
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


def learning_curves(
    history: Mapping[str, Sequence[float]], *, validation_freq: int | Sequence[int] = 1
) -> Figure:
    """Draw the training and validation loss and accuracy after each epoch, side by side.

    Args:
        history: `model.fit(...).history`: one number per epoch for `loss`, for what is an accuracy
            (`sparse_categorical_accuracy`, say), and for their `val_`; other keys are left out.
        validation_freq: as `fit` was told: every so many epochs, or these, counted from 1.

    Raises:
        ValueError: the history holds no loss and no accuracy, or other epochs were validated.

    >>> import keras
    >>> from sklearn import datasets
    >>> x, y = datasets.load_digits(return_X_y=True)
    >>> keras.utils.set_random_seed(0)
    >>> network = keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(10, "softmax")])
    >>> network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    >>> run = network.fit(x / 16, y, epochs=10, validation_split=0.2, verbose=0)
    >>> print(learning_curves(run.history).alt)  # doctest: +ELLIPSIS
    Learning curves over 10 epochs. Training loss falls from ...; validation loss falls from ...
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
    for each in np.atleast_1d(validation_freq).tolist():
        _check_whole("validation_freq", each, 1)
    is_validated = epochs % validation_freq == 0 if is_every else np.isin(epochs, validation_freq)
    figure, axes = plt.subplots(
        1, len(metrics), figsize=(3.6 * len(metrics), 3.0), squeeze=False, layout="constrained"
    )
    sayings = []
    for ax, metric in zip(axes.flat, metrics, strict=True):
        said = []
        lines = [("training", metric, epochs, "C0", "o-")]
        lines += [("validation", f"val_{metric}", epochs[is_validated], "C1", "s--")]
        for label, key, places, colour, style in lines:
            values = _numbers(f"history[{key!r}]", history.get(key, ()))
            if not len(values):
                continue
            if len(values) != len(places):
                plt.close(figure)
                found = f"history[{key!r}] has {len(values)} numbers for {len(places)} epochs"
                raise ValueError(f"{found}: let validation_freq be what fit was told")
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
    if not np.isfinite(values).all():
        return f"{name} {_broken(values, epochs)}"
    show = _digits(values, "%" if is_accuracy else "f")
    first, last = values[0], values[-1]
    best = int(np.argmax(values) if is_accuracy else np.argmin(values))
    if len(values) == 1:
        return f"{name} is {show(last)}"
    if show(values.min()) == show(values.max()):
        return f"{name} stays at {show(last)}"
    verb = "rises" if last > first else "falls"
    said = f"{name} {verb} from {show(first)} to {show(last)}"
    if show(first) == show(last):
        said = f"{name} is {show(last)} at first and in the end"
    if show(values[best]) != show(last):
        said += f", {'high' if is_accuracy else 'low'}est {show(values[best])} after epoch {epochs[best]}"
    return said


def _broken(values: np.ndarray, epochs: np.ndarray) -> str:
    """Say after which epochs, some of them at least, a curve has no number."""
    places = np.flatnonzero(~np.isfinite(values))
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"is no number after epoch {epochs[places[0]]}{more}"


def _digits(values: np.ndarray, kind: str) -> Callable[[float], str]:
    """Return what writes numbers with as many digits as tell the first, last and extreme ones apart."""
    if kind == "f" and 0 < np.abs(values).max() < 0.01:
        return _significant(values)
    told = {float(each) for each in (values[0], values[-1], values.min(), values.max())}
    for digits in range(1 if kind == "%" else 2, 8):
        show = f"{{:.{digits}{kind}}}".format
        if len({show(each) for each in told}) == len(told):
            break
    return show


def _significant(values: np.ndarray) -> Callable[[float], str]:
    """Return what writes numbers with the significant digits, 3 at least, that tell them all apart."""
    told = set(values.tolist())
    for digits in range(3, 17):
        show = f"{{:.{digits}g}}".format
        if len({show(each) for each in told}) == len(told):
            break
    return show


def rate_curve(rates: ArrayLike) -> Figure:
    """Draw the learning rate at each optimiser step.

    Args:
        rates: one learning rate per step, shape `(steps,)`.

    Raises:
        ValueError: there are no rates, or one is negative or not finite.

    >>> done = np.linspace(0, 1, 200)
    >>> rate_curve(0.01 * np.minimum(10 * done, 1) * (1 + np.cos(np.pi * done)) / 2).alt
    'The learning rate over 200 steps: 0 at first, highest 0.00975 at step 20, 0 at the end.'
    """
    rates = _finite("rates", rates, low=0)
    peak = int(np.argmax(rates))
    figure, ax = plt.subplots(figsize=(6.0, 2.4), layout="constrained")
    ax.plot(rates, color="C0")
    ax.plot(peak, rates[peak], "o", color="C1")
    beside: Style = {"xytext": (8, 5), "textcoords": "offset points", "va": "center"}
    ax.annotate(f"peak {rates[peak]:.3g}", (peak, rates[peak]), **beside)
    ax.set(xlabel="step", ylabel="learning rate", ylim=(0, rates[peak] * 1.2 or 1))
    alt = f"The learning rate over {len(rates)} steps: {rates[0]:.3g} at first, highest "
    return _finish(figure, f"{alt}{rates[peak]:.3g} at step {peak}, {rates[-1]:.3g} at the end.")


_MARKERS = "os^Dv"
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def overfitting_curves(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    ylabel: str = "cross-entropy",
    log_x: bool = True,
) -> Figure:
    """Draw training and validation curves of several networks, the best epoch of each marked.

    Validation is a thick line with a large marker where it is lowest, training a thin pale one.

    Args:
        runs: from each network's name to its training and its validation curve, epoch by epoch.
        ylabel: what was measured; less is better.
        log_x: put the epochs on a logarithmic axis, which gives the first ones the most room.

    Raises:
        ValueError: no network, curves empty or not equally long, or no finite number in validation.

    >>> falling, rising = 0.9 ** np.arange(40), 0.01 * np.arange(40)
    >>> runs = {"small": (falling + 0.4, falling + 0.5), "large": (falling, falling + rising + 0.2)}
    >>> overfitting_curves(runs).alt
    'cross-entropy over the epochs, on a logarithmic axis, of 2 networks. small: training 0.42 at \
the end, validation lowest 0.52 after epoch 40, 0.52 after epoch 40. large: training 0.02 at the \
end, validation lowest 0.52 after epoch 23, 0.61 after epoch 40.'
    """
    curves = {
        name: _numbers(f"runs[{name!r}]", pair) for name, pair in runs.items() if len(pair) == 2
    }
    are_curves = [curve.ndim == 2 and curve.size > 0 for curve in curves.values()]
    if not curves or len(curves) < len(runs) or not all(are_curves):
        raise ValueError("give at least one network, each with two curves of one length")
    for name, (_, validation) in curves.items():
        if not np.isfinite(validation).any():
            raise ValueError(f"{name}: no number of the validation curve is finite")
    figure, ax = plt.subplots(figsize=(7.0, 4.2), layout="constrained")
    sayings = []
    for i, (name, (training, validation)) in enumerate(curves.items()):
        epochs = np.arange(1, len(validation) + 1)
        best = int(np.argmin(np.where(np.isfinite(validation), validation, np.inf)))
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5]}
        ax.plot(epochs, training, linewidth=1.2, alpha=0.75, **style)
        style |= {"marker": _MARKERS[i % 5], "markevery": [best], "markersize": 11}
        ax.plot(epochs, validation, linewidth=2.8, label=_entry(name), **style)
        show = _digits(validation[np.isfinite(validation)], "f")
        said = f"{name}: training {show(training[-1])} at the end, validation lowest "
        said += f"{show(validation[best])} after epoch {best + 1}, "
        said += f"{show(validation[-1])} after epoch {len(validation)}"
        for what, curve in (("training", training), ("validation", validation)):
            if not np.isfinite(curve).all():
                said += f"; {what} {_broken(curve, epochs)}"
        sayings.append(said + ".")
    ink = rcParams["text.color"]
    ax.plot([], [], color=ink, linewidth=2.8, label="validation, lowest marked")
    ax.plot([], [], color=ink, linewidth=1.2, linestyle="-", alpha=0.75, label="training")
    foot = None if any((curve < 0).any() for curve in curves.values()) else 0
    ax.set(xlabel="epoch", ylabel=ylabel, ylim=(foot, None))
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
        curves: from each curve's name to one number per epoch.
        marks: from a curve's name to its events: from an epoch, counted from 1, to a few words.
        rates: the learning rate of each epoch, drawn below; dotted lines show where it changed.
        ylabel: what the curves measure.

    Raises:
        ValueError: nothing to draw, a mark at no epoch, or rates not positive or not one per epoch.

    >>> loss = 2 * 0.8 ** np.arange(30) + 0.015 * np.arange(30)
    >>> rates = [0.1] * 15 + [0.01] * 10 + [0.001] * 5
    >>> marked_curves({"loss": loss}, marks={"loss": {16: "best"}}, rates=rates).alt
    'loss over 30 epochs. loss: 2 after epoch 1, 0.438 after epoch 30; best after epoch 16 (0.295). \
The learning rate starts at 0.1, falls to 0.01 in epoch 16, falls to 0.001 in epoch 26.'
    """
    lines = {name: _numbers(f"curves[{name!r}]", values) for name, values in curves.items()}
    events = {name: dict(each) for name, each in (marks or {}).items()}
    if not lines or any(line.ndim != 1 or not len(line) for line in lines.values()):
        raise ValueError("give at least one curve, with one number per epoch")
    if any(not 1 <= e <= len(lines.get(name, ())) for name, each in events.items() for e in each):
        raise ValueError(f"the marks {events} must be at epochs of the curves {list(lines)}")
    length = max(map(len, lines.values()))
    rate = _numbers("rates", () if rates is None else rates)
    if rates is not None and (len(rate) != length or not (rate > 0).all()):
        raise ValueError(f"give {length} positive rates, one per epoch, not {rate.tolist()}")
    heights = [3, 1] if len(rate) else [1]
    extent = (7.2, 3.4 + 1.1 * (len(heights) - 1))
    grid: Style = {"sharex": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(len(heights), 1, figsize=extent, height_ratios=heights, **grid)
    ax, ink, sayings = axes[0, 0], rcParams["text.color"], []
    for i, (name, line) in enumerate(lines.items()):
        style: Style = {"color": f"C{i % 6}", "linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5]}
        ax.plot(range(1, len(line) + 1), line, markersize=4, label=_entry(name), **style)
        said = f"{name}: {line[0]:.3g} after epoch 1, {line[-1]:.3g} after epoch {len(line)}"
        if not np.isfinite(line).all():
            said += f"; {_broken(line, np.arange(1, len(line) + 1))}"
        for epoch, words in sorted(events.get(name, {}).items()):
            value, late = line[epoch - 1], epoch > 0.7 * length
            ring: Style = {"markersize": 13, "fillstyle": "none", "markeredgewidth": 2}
            ax.plot(epoch, value, "o", color=ink, **ring)
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
        steps = [epoch for epoch in range(2, length + 1) if rate[epoch - 1] != rate[epoch - 2]]
        for epoch in steps if len(steps) <= _MOST_STEPS else ():
            for each in (ax, below):
                each.axvline(epoch - 0.5, color=ink, linestyle=":", linewidth=1.3)
        sayings.append(_rate_steps(rate, steps))
    axes[-1, 0].set_xlabel("epoch")
    axes[-1, 0].xaxis.get_major_locator().set_params(integer=True)
    return _finish(figure, f"{ylabel} over {length} epochs. " + " ".join(sayings))


# More steps of the learning rate than these are not marked, and told by their extremes.
_MOST_STEPS = 6


def _rate_steps(rate: np.ndarray, steps: Sequence[int]) -> str:
    """Say how a learning rate goes: each step of a few, or whether it rises and falls on the way."""
    show = _significant(rate)
    said = f"The learning rate starts at {show(rate[0])}"
    if not steps:
        return f"{said} and stays."
    if len(steps) > _MOST_STEPS:
        top, bottom = int(np.argmax(rate)), int(np.argmin(rate))
        ends = f"{show(rate[top])} in epoch {top + 1}, lowest {show(rate[bottom])} in epoch {bottom + 1}"
        return f"{said}, is highest at {ends} and {show(rate[-1])} in the last."
    ways = ("falls" if rate[epoch - 1] < rate[epoch - 2] else "rises" for epoch in steps)
    places = (f"to {show(rate[epoch - 1])} in epoch {epoch}" for epoch in steps)
    moves = map(" ".join, zip(ways, places, strict=True))
    return f"{said}, {', '.join(moves)}."


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
