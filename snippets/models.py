"""The course's networks, by name: each function returns a fresh, untrained Keras model.

Needs: tensorflow (with its Keras). Copy this one file into your project and `import models`.

All return logits: give the loss `from_logits=True`, or append a `keras.layers.Softmax`. The first
weights follow `keras.utils.set_random_seed`, called before.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras


def dense_network(
    units: Sequence[int] = (128,),
    *,
    shape: tuple[int, ...] = (28, 28),
    classes: int = 10,
    activation: str = "relu",
    kernel_initializer: str = "glorot_uniform",
    name: str = "dense_network",
) -> keras.Sequential:
    """Return a network of dense layers: images in, one logit a class out.

    Args:
        units: units of each hidden layer, first to last; none makes it linear.
        shape: of one input, without the batch axis.
        classes: logits that come out.
        activation: of the hidden layers.
        kernel_initializer: of every dense layer.
        name: of the model.

    Returns:
        Maps float `(n, *shape)` to float32 `(n, classes)`. Its layers are named `flatten`,
        `hidden_1`, `hidden_2` … and `logits`.

    Raises:
        ValueError: a layer would have no unit, or the classes are fewer than 2.

    >>> network = dense_network((128,))
    >>> network.output_shape, network.count_params()
    ((None, 10), 101770)
    """
    if any(size < 1 for size in units) or classes < 2:
        raise ValueError(f"each layer needs a unit and there are two classes: {units}, {classes}")
    hidden = [
        keras.layers.Dense(
            size,
            activation=activation,
            kernel_initializer=kernel_initializer,
            name=f"hidden_{number}",
        )
        for number, size in enumerate(units, start=1)
    ]
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(name="flatten"),
            *hidden,
            keras.layers.Dense(classes, kernel_initializer=kernel_initializer, name="logits"),
        ],
        name=name,
    )
