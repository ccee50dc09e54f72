# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Early stopping that ends with the best weights, in the network and in a file.

Needs: Python 3.11, keras 3.15, tensorflow 2.21, or newer. Copy this one file into your project and
`import stopping`.
"""

from __future__ import annotations

import math
import operator
import os
import re
from pathlib import Path
from typing import Any, Literal

import keras


class NotMeasured(RuntimeError):
    """`fit` did not measure the monitored quantity after an epoch, or it is NaN or infinite."""


def stop_at_best(
    *,
    monitor: str = "val_loss",
    patience: int = 5,
    path: str | os.PathLike[str] | None = None,
    mode: Literal["min", "max"] | None = None,
) -> list[keras.callbacks.Callback]:
    """Return callbacks for early stopping with the best weights restored, and saved to a file.

    After `fit`, the weights in the network are those of the best epoch, and so are those in the file:
    whether training is stopped or its epochs run out. Of equally good epochs it is the first.

    Keras has `EarlyStopping` and `ModelCheckpoint`. This adds a guard before them:

    - A quantity that is not measured, such as a misspelt one, raises an error after the first epoch.
      Keras warns and trains on to the last epoch, and its checkpoint saves every epoch.
    - NaN and infinity, in the quantity or in the loss, raise an error. Keras takes NaN in the first
      epoch for the best for ever, since no number is below NaN, and restores those weights.
    - A second `fit` with the same callbacks raises an error. Keras's checkpoint goes on to compare with
      the best epoch of the first one.

    The weights are chosen on the validation examples, so their score is somewhat optimistic: report the
    one on a test set.

    Args:
        monitor: a name that `fit` logs: `"val_..."` is measured on the validation examples.
        patience: after how many epochs without a better one to stop, at least 1.
        path: of the file, with the suffix `.keras`; it is replaced as soon as there is a better
            epoch. None for no file.
        mode: whether less (`"min"`) or more (`"max"`) is better. If left out it follows from the name
            where that is clear: `"val_loss"`, `"val_mae"`, `"val_accuracy"`, `"val_auc_1"`.

    Returns:
        For `fit(callbacks=...)` of one training: a guard, a `ModelCheckpoint` if there is a path, and
        an `EarlyStopping`, whose `best_epoch` counts from 0.

    Raises:
        ValueError: an argument out of its range, or a name that does not tell whether less is better.
        NotMeasured: in `fit`, at the end of an epoch.
        RuntimeError: in a second `fit`.

    Source: L. Prechelt, Early stopping - but when?, 1998.

    >>> import numpy as np
    >>> network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> network.compile("sgd", "mse")
    >>> examples = np.ones((4, 1)), np.zeros(4)
    >>> callbacks = stop_at_best(monitor="loss", patience=2)
    >>> run = network.fit(*examples, epochs=3, callbacks=callbacks, verbose=0)
    >>> callbacks[-1].best_epoch
    2
    """
    if not isinstance(monitor, str) or not monitor:
        raise ValueError(f"monitor must be a name that fit logs, not {monitor!r}")
    _check_whole("patience", patience, 1)
    if mode is None:
        mode = _mode_of(monitor)
    elif mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min', 'max' or None, not {mode!r}")
    callbacks: list[keras.callbacks.Callback] = [Guard(monitor)]
    if path is not None:
        callbacks.append(
            keras.callbacks.ModelCheckpoint(
                _checked_path(path), monitor=monitor, mode=mode, save_best_only=True
            )
        )
    callbacks.append(
        keras.callbacks.EarlyStopping(
            monitor=monitor, mode=mode, patience=patience, restore_best_weights=True
        )
    )
    return callbacks


class Guard(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Raise an error after an epoch whose monitored quantity was not measured or is not finite.

    Put it before callbacks that monitor the same quantity, in one training.

    Args:
        monitor: a name that `fit` logs.

    Raises:
        NotMeasured: in `fit`, at the end of an epoch.
        RuntimeError: in a second `fit`.

    >>> guard = Guard("val_acc")
    >>> try:
    ...     guard.on_epoch_end(0, {"loss": 0.1, "val_accuracy": 0.9})
    ... except NotMeasured as error:
    ...     print(error)
    monitor='val_acc' was not measured after epoch 1, only loss and val_accuracy
    """

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor
        self._has_trained = False

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Refuse a second training."""
        if self._has_trained:
            raise RuntimeError(
                f"the callbacks that monitor {self.monitor!r} have been used: make new ones for each fit"
            )
        self._has_trained = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at what the epoch measured."""
        logs = logs or {}
        if self.monitor not in logs:
            raise NotMeasured(self._missing(epoch, sorted(logs)))
        for name in dict.fromkeys((self.monitor, "loss")):
            value = float(logs.get(name, 0.0))
            if not math.isfinite(value):
                raise NotMeasured(
                    f"{name} is {value} after epoch {epoch + 1}: training has broken down, so lower the "
                    "learning rate or look for NaN in the examples"
                )

    def _missing(self, epoch: int, names: list[str]) -> str:
        said = f"monitor={self.monitor!r} was not measured after epoch {epoch + 1}"
        said += f", only {' and '.join(names) or 'nothing'}"
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in names):
            said += ": pass validation_data to fit, and leave validation_freq at 1"
        return said


# Ends of names, after "val_" and a number at the end are taken off.
_LESS_IS_BETTER = re.compile(
    r"(?:^|_)(?:loss|error|mae|mse|mape|msle|rmse|crossentropy|divergence|hinge)$"
)
_MORE_IS_BETTER = re.compile(
    r"(?:^|_)(?:accuracy|acc|auc|precision|recall|f1_score|fbeta_score|io_u|iou|r2_score)$"
)


def _mode_of(monitor: str) -> Literal["min", "max"]:
    name = re.sub(r"_\d+$", "", monitor.removeprefix("val_"))
    if _LESS_IS_BETTER.search(name):
        return "min"
    if _MORE_IS_BETTER.search(name):
        return "max"
    raise ValueError(
        f"monitor={monitor!r} does not tell whether less or more is better: pass mode='min' or 'max'"
    )


def _checked_path(path: Any) -> str:
    if not isinstance(path, (str, os.PathLike)) or Path(path).suffix != ".keras":
        raise ValueError(f"path must be that of a file and end in .keras, not {path!r}")
    if "{" in str(path) or "}" in str(path):
        raise ValueError(
            f"path must be that of one file, which holds the best epoch, not a pattern: {path}"
        )
    if Path(path).is_dir():
        raise ValueError(f"path must be that of a file, not of a folder: {path}")
    return str(path)


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
