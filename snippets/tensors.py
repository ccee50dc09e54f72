"""Tensors in words: what a shape says, what a tensor holds, what a matrix product will give.

Needs: numpy. Works on NumPy arrays, TensorFlow tensors and variables. Copy this one file into your
project and `import tensors`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

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
    sizes = [int(size) for size in shape]
    if any(size < 0 for size in sizes):
        raise ValueError(f"a shape has no negative sizes, got {tuple(sizes)}")
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
    first, second = tuple(map(int, left)), tuple(map(int, right))
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
