# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Figures of images: grids of them, filters, maps over them, and their numbers.

Needs: Python 3.11, matplotlib 3.10, numpy 2.0, or newer. Copy this one file, `import plot_images`.

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
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
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
    """Draw images in rows, each with its title above it, where `plt.imshow` draws one.

    Args:
        images: shape `(n, height, width)` for grey or `(n, height, width, 3)` for colour, uint8, or
            floats from 0 to 1. Grey goes from 0, black, to the type's largest value, white.
        titles: one per picture; a title may hold line breaks, or be empty.
        columns: pictures per row.
        subject: what the pictures are, for the alt text.

    Raises:
        ValueError: nothing to draw, another shape or dtype, or titles that are not as many.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> image_grid(digits.images[:10] / 16, [*map(str, digits.target[:10])], subject="digits").alt
    'Grid of 10 digits, 8 by 8 pixels: 0; 1; 2; 3; 4; 5; 6; 7; 8; 9.'
    """
    images = _pictures("images", images)
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(images)} images need as many titles, not {len(titles)}")
    _check_whole("columns", columns, 1)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max((title.count("\n") + 1 for title in titles), default=0) if titles else 0
    side = 7.2 / max(columns, 4)
    extent = side * columns, rows * (side * images.shape[1] / images.shape[2] + 0.17 * lines)
    figure, axes = plt.subplots(rows, columns, figsize=extent, squeeze=False, layout="constrained")
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


def filter_grid(kernels: np.ndarray, *, columns: int = 8) -> Figure:
    """Draw the filters of a first convolution as small pictures.

    Every filter is divided by its largest absolute weight: mid grey is a weight of 0, lighter is
    positive, darker is negative, and a colour means that the red, green and blue weights differ.

    Args:
        kernels: shape `(height, width, 1 or 3, filters)`, as Keras's `Conv2D` keeps them, float.
        columns: filters per row.

    Raises:
        ValueError: the shape is another.

    >>> y, x, turn = np.mgrid[-3:4, -3:4, 0:3:8j]
    >>> waves = np.cos(x * np.cos(turn) + y * np.sin(turn))[:, :, np.newaxis]
    >>> filter_grid(waves * np.repeat([[1, 1], [1, -1], [1, 0]], 4, axis=1)).alt
    '8 filters of 7 by 7 pixels and 3 channels; 4 weigh the channels mostly alike and answer to \
brightness, 4 mostly differently and answer to colour.'
    """
    kernels = _finite("kernels", kernels, "height, width, channels, filters")
    if kernels.shape[2] not in (1, 3):
        raise ValueError(f"kernels must be (height, width, 1 or 3, filters), not {kernels.shape}")
    height, width, channels, count = kernels.shape
    _check_whole("columns", columns, 1)
    columns = min(columns, count)
    rows = -(-count // columns)
    side = min(0.85, 7.2 / columns)
    extent = side * columns, side * rows
    figure, axes = plt.subplots(rows, columns, figsize=extent, squeeze=False, layout="constrained")
    for position, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if position < count:
            one = kernels[..., position]
            shown = 0.5 + 0.5 * one / max(float(np.abs(one).max()), 1e-12)
            pixels = shown[..., 0] if channels == 1 else shown
            ax.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    alt = f"{count} filters of {height} by {width} pixels and {channels} channel{'s' * (channels > 1)}"
    if channels == 3:
        alike = int((grey_fraction(kernels) > 0.5).sum())
        alt += f"; {alike} weigh the channels mostly alike and answer to brightness, "
        alt += f"{count - alike} mostly differently and answer to colour"
    return _finish(figure, alt + ".")


def grey_fraction(kernels: np.ndarray) -> np.ndarray:
    """Return how much of each filter is the same in all its channels, from 0 to 1: shape `(filters,)`.

    A filter is its mean over the channels plus what departs from it, at right angles, so the squares
    of the weights add up. The mean's share is 1 for brightness alone, 0 for colour alone or nothing.

    Args:
        kernels: shape `(height, width, channels, filters)`, float.

    >>> red_against_green = np.array([1.0, -1.0, 0.0]).reshape(1, 1, 3, 1)
    >>> grey_fraction(red_against_green), grey_fraction(np.ones((1, 1, 3, 1)))
    (array([0.]), array([1.]))
    """
    kernels = _finite("kernels", kernels, "height, width, channels, filters")
    common = kernels.shape[2] * (kernels.mean(axis=2) ** 2).sum(axis=(0, 1))
    whole = (kernels**2).sum(axis=(0, 1, 2))
    shares: np.ndarray = np.divide(common, whole, out=np.zeros_like(whole), where=whole > 0)
    return shares


def _number(value: Any) -> str:
    """Write a number as briefly as a cell asks for, with a true minus sign."""
    if np.issubdtype(type(value), np.integer):
        return str(value).replace("-", "−")
    return f"{value:.3g}".replace("-", "−") if np.issubdtype(type(value), np.number) else str(value)


def image_and_numbers(
    image: np.ndarray, *, top: int, left: int, size: int = 8, subject: str = "an image"
) -> Figure:
    """Draw a grey image with a square crop of it as numbers beside it.

    Args:
        image: shape `(height, width)`, dtype uint8.
        top, left, size: the crop's first row, its first column, and how many it has of each.
        subject: what the image shows, for the alt text.

    Raises:
        ValueError: the image is of another shape or dtype, or the crop leaves it.

    >>> from sklearn.datasets import load_digits
    >>> zero = load_digits().images[0].astype(np.uint8) * 15
    >>> image_and_numbers(zero, top=1, left=1, size=6, subject="a handwritten 0").alt
    'Left: a handwritten 0, 8 by 8 pixels from 0 to 225. Right: its pixels in rows 1 to 6, columns \
1 to 6, as numbers from 0 to 225; the first row reads 0, 195, 225, 150, 225, 75.'
    """
    image = _pictures("image", [image])[0]
    if image.ndim != 2 or image.dtype != np.uint8:
        raise ValueError(f"image must be uint8 (height, width), not {image.dtype} {image.shape}")
    height, width = image.shape
    _check_whole("size", size, 1, min(height, width))
    _check_whole("top", top, 0, height - size)
    _check_whole("left", left, 0, width - size)
    crop = image[top : top + size, left : left + size]
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
    alt = (
        f"Left: {subject}, {height} by {width} pixels from {image.min()} to {image.max()}. "
        f"Right: its pixels in rows {top} to {top + size - 1}, columns {left} to "
        f"{left + size - 1}, as numbers from {crop.min()} to {crop.max()}; the first row reads "
        f"{', '.join(map(str, crop[0]))}."
    )
    return _finish(figure, alt)


def signed_images(
    images: Mapping[str, np.ndarray], *, columns: int | None = None, numbers: bool = False
) -> Figure:
    """Draw matrices of numbers of both signs as pictures with one shared scale.

    Args:
        images: from title to a matrix, `(height, width)`. Blue is negative, red positive, pale 0.
        columns: pictures per row; all in one row if left out.
        numbers: write each number into its cell; for matrices of up to about 6 by 6.

    Raises:
        ValueError: there is nothing to draw, a rank is not 2, or a number is not finite.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> zero, one, eight = (digits.images[digits.target == n].mean(axis=0) for n in (0, 1, 8))
    >>> signed_images({"0 minus 1": zero - one, "0 minus 8": zero - eight}).alt
    'Numbers as colours on one scale, from −13.7 (blue) to 13.7 (red). 0 minus 1: 8 by 8, from \
−13.7 at row 3, column 4 to 8.51 at row 1, column 2. 0 minus 8: 8 by 8, from −13.2 at row 3, column \
4 to 7.02 at row 4, column 6.'
    """
    pairs = ((title, f"images[{title!r}]") for title in images)
    arrays = {title: _finite(name, images[title], "height, width") for title, name in pairs}
    if not arrays:
        raise ValueError("images must hold at least one matrix")
    reach = max(float(np.abs(array).max()) for array in arrays.values()) or 1.0
    columns = len(arrays) if columns is None else columns
    _check_whole("columns", columns, 1)
    columns = min(columns, len(arrays))
    rows = -(-len(arrays) // columns)
    width = min(7.2, 0.8 + 2.3 * columns)
    tallest = min(max(array.shape[0] / array.shape[1] for array in arrays.values()), 1)
    height = rows * max(0.4 + tallest * (width - 0.8) / columns, 1.2)
    extent = width, height
    figure, axes = plt.subplots(rows, columns, figsize=extent, squeeze=False, layout="constrained")
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


def map_rows(
    rows: Mapping[str, np.ndarray],
    titles: Sequence[str],
    *,
    outlines: np.ndarray | None = None,
    shared: bool = False,
) -> Figure:
    """Draw photographs and maps of what matters in them, a row per kind, a column per photograph.

    Args:
        rows: from each row's name to one picture per column, shape `(columns, height, width)`: uint8
            as grey photographs, floats from 0 on as maps, brightest at the map's largest number.
        titles: one per column; a title may hold line breaks.
        outlines: grey photographs, uint8, of that shape, to be outlined thinly on the maps.
        shared: the brightest colour is the largest number of the whole row.

    Raises:
        ValueError: no row, another shape, or a map with a negative number or one not finite.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits().images[:4]
    >>> edges = np.hypot(*np.gradient(digits, axis=(1, 2)))
    >>> map_rows({"digit": digits.astype(np.uint8) * 15, "steepness": edges}, ["0", "1", "2", "3"]).alt
    'Maps of 8 by 8 pixels for 0, 1, 2, 3. steepness brightest at (0, 5), (4, 2), (0, 3), (7, 6), \
rows and columns counted from 0.'
    """
    for name, row in rows.items():
        _finite(f"rows[{name!r}]", row, "columns, height, width")
    pictures = {name: np.asarray(row) for name, row in rows.items()}
    shape = next(iter(pictures.values())).shape if pictures else ()
    others = [*pictures.values(), *(_pictures("outlines", o) for o in [outlines] if o is not None)]
    if len(shape) != 3 or shape[0] != len(titles) or any(one.shape != shape for one in others):
        raise ValueError(f"rows, titles and outlines must match, not {[o.shape for o in others]}")
    maps = {name: row for name, row in pictures.items() if row.dtype != np.uint8}
    if not all((row >= 0).all() for row in maps.values()):
        raise ValueError("maps hold finite numbers of 0 or above: give their absolute values")
    count, height, width = shape
    side = min(6.5 / count, 1.5)
    lines = max(title.count("\n") + 1 for title in titles)
    extent = 0.3 + (side + 0.03) * count, side * height / width * len(pictures) + 0.2 * lines
    grid: Style = {"squeeze": False, "layout": "constrained"}
    grid["gridspec_kw"] = {"hspace": 0.02, "wspace": 0.02}
    figure, axes = plt.subplots(len(pictures), count, figsize=extent, **grid)
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
        lit = zip(at, row, strict=True)
        places = (f"({y}, {x})" if one.any() else "nowhere" for (y, x), one in lit)
        sayings.append(f"{name} brightest at {', '.join(places)}")
    alt = f"Maps of {height} by {width} pixels for {', '.join(' '.join(t.split()) for t in titles)}"
    if sayings:
        alt += f". {'; '.join(sayings)}, rows and columns counted from 0"
    return _finish(figure, alt + ".")


def _pictures(name: str, images: Any) -> np.ndarray:
    """Return grey or colour images, bytes or floats from 0 to 1."""
    if any(map(np.ma.is_masked, images if isinstance(images, list | tuple) else [images])):
        raise ValueError(f"{name} must have no masked values: leave them out of all arguments")
    try:
        array = np.asarray(images)
    except ValueError:
        raise ValueError(f"{name} must be of one height and width, not {images!r:.80}") from None
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] != 3) or not array.size:
        raise ValueError(f"{name} must be (n, height, width) or (n, h, w, 3), not {array.shape}")
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise ValueError(f"{name} must be uint8 or floats from 0 to 1, not {array.dtype}")
    least, most = array.min(), array.max()
    if array.dtype.kind == "f" and not (least >= -1e-3 and most <= 1 + 1e-3):
        raise ValueError(f"{name} must lie from 0 to 1, not from {least:g} to {most:g}")
    return array


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
