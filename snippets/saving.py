# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Save a Keras model, custom layers included, and check that a new process loads it and agrees.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import saving`.

That the process which wrote a file can read it proves little: it knows every custom layer.
`save_and_check` reads it where it will be read, in a new process. `Temperature` shows how a custom layer
is written so that it can be saved.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="saving")
class Temperature(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A custom layer that can be saved: it divides logits by a temperature, to calibrate softmax.

    Three things make it loadable: the decorator gives it a name that `load_model` finds, its
    constructor passes `**options` on (`name`, `dtype`), and `get_config` returns its own arguments.

    Args:
        temperature: above 1 the probabilities become softer, below 1 sharper.
        options: passed to `keras.layers.Layer`.

    Raises:
        ValueError: the temperature is not positive and finite.

    Source: C. Guo et al., On calibration of modern neural networks, 2017, arXiv:1706.04599.

    >>> layer = Temperature(2.0)
    >>> layer(keras.ops.array([[2.0, 4.0]])).numpy().tolist()
    [[1.0, 2.0]]
    >>> Temperature.from_config(layer.get_config()).temperature
    2.0
    """

    def __init__(self, temperature: float, **options: Any) -> None:
        super().__init__(**options)
        _check_number("temperature", temperature, "(0, inf)")
        self.temperature: float = float(temperature)

    def call(self, inputs: Any) -> Any:
        """Return the logits, divided."""
        return inputs / self.temperature

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild this layer."""
        return {**super().get_config(), "temperature": self.temperature}


class NotLoadable(RuntimeError):
    """A new process cannot load the saved network, or it gives other answers there."""


# What the new process runs: argument 1 is a folder, the others are modules to import. What stands in the
# way is written down there, with those names that Keras does not know.
_LOAD = """
import importlib, json, pathlib, sys
import keras
import numpy
folder = pathlib.Path(sys.argv[1])
asked = json.loads((folder / "asked.json").read_text())
try:
    for module in sys.argv[2:]:
        importlib.import_module(module)
    network = keras.saving.load_model(asked["path"])
    with numpy.load(folder / "inputs.npz") as file:
        inputs = dict(file)
    answers = network.predict(inputs.get("", inputs), verbose=0)
    numpy.savez(folder / "answers.npz", *keras.tree.flatten(answers))
except Exception as error:
    unknown = [n for n in asked["custom"] if keras.saving.get_registered_object(n) is None]
    said = {"unknown": unknown, "error": f"{type(error).__name__}: {error}"}
    (folder / "said.json").write_text(json.dumps(said))
"""


def save_and_check(
    network: keras.Model,
    path: str | os.PathLike[str],
    inputs: np.ndarray | Mapping[str, np.ndarray],
    *,
    modules: Sequence[str] = (),
    tolerance: float = 0.0,
    overwrite: bool = False,
) -> float:
    """Save a Keras model as `.keras`, load it in a new process, and compare the predictions.

    Keras saves and loads; this adds the proof. The new Python process imports keras, numpy and the
    modules that are named, nothing else, as one does that uses the network elsewhere. The file stands
    under its name only after the check: if that fails, an older file stays as it was. It takes as long
    as importing TensorFlow, some seconds.

    Args:
        network: a Keras model that is built.
        path: where to save it, with the suffix `.keras`, in a folder that exists.
        inputs: a few examples to compare on, finite numbers, shape `(n, ...)`; for several inputs a
            dictionary from their names to arrays.
        modules: those that define and register custom layers, losses or metrics, importable by this
            process (from its `sys.path`); whoever loads the file must import them, too.
        tolerance: how far a prediction may be from the one before saving; 0 asks for the same bits,
            which holds on one machine and device.
        overwrite: whether a file of that name may be replaced. (Keras's own `save(overwrite=False)`
            asks on the terminal.)

    Returns:
        The largest difference of a prediction, 0.0 if they are equal bit for bit.

    Raises:
        ValueError: no network, one that is not built, another suffix, inputs that do not fit, a
            tolerance out of its range; or the network predicts NaN, or answers differently when asked
            twice.
        FileExistsError: there is a file of that name.
        FileNotFoundError: there is no such folder.
        NotLoadable: the new process knows none of a class or function, which the message names with the
            remedy; or it cannot load the file for another reason; or the predictions differ.

    Where a layer is one's own, the module that defines it is named:

    >>> source = '''import keras
    ... @keras.saving.register_keras_serializable(package="doubling")
    ... class Double(keras.layers.Layer):
    ...     def call(self, inputs):
    ...         return 2 * inputs
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "doubling.py").write_text(source)
    ...     sys.path.insert(0, folder)
    ...     import doubling
    ...     network = keras.Sequential([keras.Input((2,)), doubling.Double()])
    ...     file, modules = Path(folder, "doubled.keras"), ["doubling"]
    ...     difference = save_and_check(network, file, np.ones((4, 2)), modules=modules)
    ...     sys.path.remove(folder)
    >>> difference
    0.0
    """
    if not isinstance(network, keras.Model):
        raise ValueError(f"network must be a keras.Model, not {type(network).__name__}")
    if not network.built:
        raise ValueError(f"network {network.name!r} must be built: call it on some inputs first")
    if isinstance(modules, str):
        raise ValueError(f"modules must be a list of names, not the string {modules!r}")
    _check_number("tolerance", tolerance, "[0, inf)")
    path = Path(path).absolute()
    if path.suffix != ".keras":
        raise ValueError(f"path must end in .keras, not {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must be in a folder that exists, not in {path.parent}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"path {path} is there already: pass overwrite=True to replace it")
    inputs = _named_inputs(inputs)
    answers = _answers(network, inputs)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        saved = Path(folder) / path.name
        network.save(saved)
        loaded = _answers_elsewhere(saved, inputs, list(modules))
        largest = _largest_difference(answers, loaded)
        if not largest <= tolerance:
            raise NotLoadable(
                f"the loaded network's predictions differ by up to {largest:.3g}, expected at most "
                f"{tolerance:.3g}: is there state that is no weight, or an argument missing in a "
                "get_config?"
            )
        saved.replace(path)
    return largest


def _answers(network: keras.Model, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return the predictions, which must be finite, and the same each time."""
    asked = inputs.get("", inputs)
    first: list[np.ndarray]
    first, second = (keras.tree.flatten(network.predict(asked, verbose=0)) for _ in range(2))
    if not all(np.isfinite(each).all() for each in first):
        raise ValueError("network must predict finite numbers, but it predicts NaN or infinity")
    if _largest_difference(first, second):
        raise ValueError(
            "network answers differently when asked twice, so there is nothing to compare: does a layer "
            "draw random numbers in use?"
        )
    return first


def _answers_elsewhere(
    saved: Path, inputs: dict[str, np.ndarray], modules: list[str]
) -> list[np.ndarray]:
    """Return the predictions of the saved network in a new process."""
    folder = saved.parent
    custom = list(_custom_names(json.loads(zipfile.ZipFile(saved).read("config.json"))))
    asked = {"path": str(saved), "custom": custom}
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    np.savez(folder / "inputs.npz", **inputs)  # type: ignore[arg-type]  # of names, none is `allow_pickle`
    places = os.pathsep.join(place for place in sys.path if place) if modules else None
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(folder), *modules],
        cwd=folder,  # so that nothing is found because it lies beside the script
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # this process holds memory of the GPU, too
            **({"PYTHONPATH": places} if places else {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if (folder / "said.json").exists():
        said = json.loads((folder / "said.json").read_text())
        raise NotLoadable(_explanation(said["unknown"], said["error"], modules))
    if done.returncode:
        raise NotLoadable(f"the new process ended with {done.returncode}: {done.stderr[-500:]}")
    with np.load(folder / "answers.npz") as file:
        return [file[name] for name in file.files]


def _explanation(unknown: list[str], error: str, modules: list[str]) -> str:
    """Say why the network cannot be loaded, and what to do."""
    imports = ", ".join(["keras", "numpy", *modules])
    if unknown:
        return (
            f"a new process that imports {imports} knows nothing of {', '.join(unknown)}: put it into a "
            "module of its own, decorate it with "
            "@keras.saving.register_keras_serializable(package=...), give a class get_config, and name "
            "the module in modules"
        )
    remedy = ""
    if "lambda" in error.lower():
        remedy = (
            " A Lambda layer holds code of Python, which Keras does not load from a file: write a "
            "registered layer in its place."
        )
    reason = error.rsplit("Exception encountered:", maxsplit=1)[-1].strip()
    return f"a new process that imports {imports} cannot load the network: {reason[:500]}{remedy}"


def _custom_names(config: Any) -> Iterator[str]:
    """Yield the registered names of classes and functions in a config that are not Keras's own."""
    if isinstance(config, dict):
        name, module = config.get("registered_name"), str(config.get("module") or "")
        if name and not module.startswith("keras"):
            is_function = config.get("class_name") == "function"
            yield str(config["config"] if is_function else name)
        for value in config.values():
            yield from _custom_names(value)
    elif isinstance(config, list):
        for value in config:
            yield from _custom_names(value)


def _largest_difference(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    if [each.shape for each in some] != [each.shape for each in others]:
        return math.inf
    differences = [
        np.abs(one.astype(float) - other.astype(float)).max()
        for one, other in zip(some, others, strict=True)
    ]
    return float(np.max(differences))  # NaN, where there is one: it is within no tolerance


def _named_inputs(inputs: Any) -> dict[str, np.ndarray]:
    """Return arrays by name; a single one has the name ""."""
    named = dict(inputs) if isinstance(inputs, Mapping) else {"": inputs}
    arrays = {}
    for name, values in named.items():
        said = f"inputs[{name!r}]" if name else "inputs"
        if any(map(np.ma.is_masked, values if isinstance(values, list | tuple) else [values])):
            raise ValueError(f"{said} must have no masked values: leave them out of all arguments")
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise ValueError(f"{said} must be one array, one row per example: {error}") from error
        if array.ndim < 1 or not array.size:
            raise ValueError(
                f"{said} must have a shape (n, ...) and not be empty, not {array.shape}"
            )
        if array.dtype.kind not in "iufb":
            raise ValueError(f"{said} must be numbers, not {array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"{said} must be finite, but hold NaN or infinity")
        arrays[name] = array
    if not arrays:
        raise ValueError("inputs must name at least one array, not none")
    return arrays


def _check_number(name: str, value: Any, within: str) -> None:
    """Refuse what is no number within an interval such as "(0, 1]"."""
    low, high = map(float, within[1:-1].split(","))
    fits = isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high
    if not fits or (value == low and within[0] == "(") or (value == high and within[-1] == ")"):
        raise ValueError(f"{name} must be a finite number in {within}, not {value!r}")
