# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of networks: their layers as a diagram, what each holds, sees and trains.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer; networkx 3.4 only for `model_diagram`.
Copy this one file into your project and `import plot_networks`.

Every function returns its figure, closed, with `figure.alt` set to a sentence that says what it shows:
leave the call as a cell's last expression, or save it in a script (`figure.savefig("name.png")`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
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


_MARKERS = "os^Dv"
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def layer_sizes(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw positive sizes measured layer by layer, on logarithmic axes, a panel per measurement.

    Args:
        panels: from what was measured to the measurements: from each network's name to one
            number per layer, first to last, positive.

    Raises:
        ValueError: there is no panel, or a network in it has no size or one that is not positive.

    >>> gradient = {"sigmoid": 0.2 ** np.arange(10, 0, -1), "relu": 0.9 ** np.arange(10, 0, -1)}
    >>> layer_sizes({"gradient": gradient}).alt
    'Sizes by layer on logarithmic axes. Gradient: sigmoid from 1e-07 in layer 1 to 0.2 in layer \
10; relu from 0.3 in layer 1 to 0.9 in layer 10.'
    """
    arrays = {
        title: {
            name: _numbers(f"panels[{title!r}][{name!r}]", sizes)
            for name, sizes in networks.items()
        }
        for title, networks in panels.items()
    }
    every = [sizes for networks in arrays.values() for sizes in networks.values()]
    if not every or not all(s.ndim == 1 and len(s) and (s > 0).all() for s in every):
        raise ValueError("give at least one network, each with positive sizes, one per layer")
    names = list(dict.fromkeys(name for networks in arrays.values() for name in networks))
    width = min(7.2, 0.6 + 3.3 * len(arrays))
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(width, 3.7), squeeze=False, layout="constrained"
    )
    sentences = []
    for ax, (title, networks) in zip(axes.flat, arrays.items(), strict=True):
        said = []
        for name, sizes in networks.items():
            i = names.index(name)
            style: Style = {"linestyle": _LINES[i % 5], "marker": _MARKERS[i % 5], "markersize": 4}
            ax.semilogy(
                range(1, len(sizes) + 1), sizes, color=f"C{i % 10}", label=_entry(name), **style
            )
            said.append(
                f"{name} from {sizes[0]:.1g} in layer 1 to {sizes[-1]:.1g} in layer {len(sizes)}"
            )
        ax.set(xlabel="layer", title=title)
        ax.locator_params(axis="x", integer=True)
        sentences.append(f"{title[:1].upper()}{title[1:]}: {'; '.join(said)}.")
    lines = {line.get_label(): line for ax in axes.flat for line in ax.get_lines()}
    handles = [lines[_entry(name)] for name in names]
    figure.legend(
        handles, [_entry(name) for name in names], loc="outside lower center", ncols=3, fontsize=9
    )
    return _finish(figure, "Sizes by layer on logarithmic axes. " + " ".join(sentences))


def _calls(model: Any) -> tuple[list[dict[str, Any]], dict[int, list[int]]]:
    """Return the layer calls that a Keras model is made of, and which calls each one takes from.

    Walks back from the outputs along the history that Keras keeps on its symbolic tensors.
    """
    try:
        inputs, ends = list(model.inputs), list(model.outputs)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"model must be a Keras model that is built (begin it with keras.Input), not {model!r}"
        ) from None
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
    same. Needs networkx, which nothing else in this file does; `keras.utils.plot_model` needs pydot
    and the program Graphviz.

    Args:
        model: a Sequential or functional model, built. Any graph: several inputs and outputs,
            branches, shared layers. A model inside the model is one box.

    Raises:
        ValueError: the model has no inputs and outputs yet.

    >>> import keras
    >>> x = image = keras.Input((8, 8, 4), name="image")
    >>> for name in ("first", "second"):
    ...     x = keras.layers.Conv2D(4, 3, padding="same", name=name)(x)
    >>> x = keras.layers.Add(name="sum")([image, x])
    >>> print(model_diagram(keras.Model(image, x, name="residual")).alt)
    Diagram of the model residual, 296 weights. image, input, (8, 8, 4); first, Conv2D, (8, 8, 4), \
148 weights, from image; second, Conv2D, (8, 8, 4), 148 weights, from first; sum, Add, (8, 8, 4), \
from image and second.
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


def receptive_fields(
    image: np.ndarray, boxes: Mapping[str, Sequence[int]], *, subject: str = "an image"
) -> Figure:
    """Draw frames on a grey image: what one element of each layer's maps can see of it.

    Args:
        image: shape `(height, width)`, uint8 or floats from 0 to 1.
        boxes: from a layer's name to first row, first column, rows and columns of what one of its
            elements sees (the `box` of a field of `network_costs.receptive_field`); it may reach beyond the
            image, into the padding.
        subject: what the image shows, for the alt text.

    Raises:
        ValueError: the image is of another shape, or there is no box, or one without a pixel.

    >>> y, x = np.mgrid[:28, :28] - 13.5
    >>> ring = np.exp(-((np.hypot(x, y) - 8) ** 2) / 8)
    >>> boxes = {"conv1": (12, 12, 3, 3), "conv2": (9, 9, 8, 8), "conv3": (3, 3, 18, 18)}
    >>> print(receptive_fields(ring, boxes, subject="a ring").alt)
    What one element sees of a ring, 28 by 28 pixels. conv1: 3 by 3 pixels, rows 12 to 14, columns \
12 to 14; conv2: 8 by 8 pixels, rows 9 to 16, columns 9 to 16; conv3: 18 by 18 pixels, rows 3 to \
20, columns 3 to 20.
    """
    if np.ma.is_masked(image):
        raise ValueError("image must have no masked values: fill them, with 0 say")
    image = np.asarray(image)
    if image.ndim != 2 or not boxes or any(len(b) != 4 or min(b[2:]) < 1 for b in boxes.values()):
        raise ValueError(
            "give a grey image, (height, width), and boxes: row, column, rows, columns"
        )
    is_bytes = image.dtype == np.uint8
    if not is_bytes and not (
        image.dtype.kind == "f" and -1e-3 <= image.min() <= image.max() <= 1.001
    ):
        raise ValueError(f"image must be uint8 or floats from 0 to 1, not {image.dtype}")
    height, width = image.shape
    figure, ax = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    top = 255 if is_bytes else 1.0
    ax.imshow(image, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
    sayings = []
    for i, (name, (row, column, rows, columns)) in enumerate(boxes.items()):
        look: Style = {"edgecolor": f"C{(i + 1) % 6}", "linestyle": _LINES[i % 5], "linewidth": 2.5}
        label = f"{name}: {rows} by {columns}"
        frame = Rectangle((column - 0.5, row - 0.5), columns, rows, fill=False, **look)
        ax.add_patch(frame).set_label(_entry(label))
        places = f"rows {row} to {row + rows - 1}, columns {column} to {column + columns - 1}"
        sayings.append(f"{label} pixels, {places.replace('-', '−')}")
    ends = [(b[0], b[1], b[0] + b[2], b[1] + b[3]) for b in boxes.values()]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    ax.set_xlim(min(low[1], 0) - 1, max(high[3], width))
    ax.set_ylim(max(high[2], height), min(low[0], 0) - 1)
    ax.set(xlabel="column", ylabel="row")
    figure.legend(loc="outside right upper", fontsize=9)
    alt = f"What one element sees of {subject}, {height} by {width} pixels. "
    return _finish(figure, alt + "; ".join(sayings) + ".")


def trained_parts(models: Mapping[str, Sequence[tuple[str, int, int]]]) -> Figure:
    """Draw what training may change in several models: a column per model, a box per layer.

    Layers stand in the order of the data's way, from the bottom to the top. A solid box is trained,
    a hatched pale one is frozen; in a box with both, the solid part is the share that is trained.

    Args:
        models: from each model's name to its layers, first to last, as `transfer.trainable_parts`
            returns them: name, number of weights that are trained, number of those that are not.

    Raises:
        ValueError: there is no model, or a layer has no weights or a negative number of them.

    >>> trained = [("conv1", 900, 0), ("conv2", 9000, 0), ("conv3", 37000, 0), ("head", 1300, 0)]
    >>> frozen = [(name, 0, weights) for name, weights, _ in trained]
    >>> models = {"from scratch": trained, "new head": frozen[:3] + trained[3:]}
    >>> print(trained_parts({**models, "fine-tuned": frozen[:2] + trained[2:]}).alt)
    What training changes in 3 models. from scratch: conv1 trained, conv2 trained, conv3 trained, \
head trained; 48,200 of 48,200 weights. new head: conv1 frozen, conv2 frozen, conv3 frozen, head \
trained; 1,300 of 48,200 weights. fine-tuned: conv1 frozen, conv2 frozen, conv3 trained, head \
trained; 38,300 of 48,200 weights.
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
            part = f"{changed:,} of {changed + still:,} weights trained"
            word = {0.0: "frozen", 1.0: "trained"}.get(share, part)
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


def _numbers(name: str, values: Any) -> np.ndarray:
    """Return numbers, finite or not, as one array of float64."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray("")  # ragged
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be one array of numbers, not {values!r:.80}")
    return np.ma.array(values, float).filled(np.nan)
