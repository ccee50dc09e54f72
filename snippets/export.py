# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Put a Keras model into a LiteRT file, run the file, say how far it agrees, look before loading.

Needs: Python 3.11, keras 3.15, numpy 2.0, tensorflow 2.21, or newer. Copy this one file into your
project and `import export`.

LiteRT is the new name of TensorFlow Lite (TFLite): its converter makes `.tflite` files, and its
quantization of weights to int8 makes them a quarter of the size.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

LARGEST_CONFIG = 10_000_000


def export_litert(model: keras.Model, path: str | Path, *, quantise: bool = False) -> Path:
    """Write a model as a LiteRT file that takes one example at a time.

    The batch axis is fixed to 1: LiteRT's web runtime refuses a shape that is not known beforehand.
    Only LiteRT's own operations are allowed, so that the file runs where TensorFlow is not.

    Args:
        model: built, with one input and one output.
        path: ends with `.tflite`; a file there is replaced.
        quantise: whether larger weights become int8 with a scale, about a quarter of the bytes
            (dynamic-range quantisation: inputs, outputs and small weights stay float32).

    Returns:
        The path.

    Raises:
        ValueError: the path ends otherwise, or the model is not built or has several inputs.

    Source: Keras's `Model.export` and TensorFlow's `tf.lite.TFLiteConverter`, which it calls.

    >>> import tempfile
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    >>> inputs = np.random.default_rng(0).random((4, 3), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     answers = run_litert(export_litert(network, Path(folder, "tiny.tflite")), inputs)
    >>> answers.shape, np.allclose(answers, network(inputs), atol=1e-5)
    ((4, 2), True)
    """
    path = Path(path)
    if path.suffix != ".tflite":
        raise ValueError(f"a LiteRT file ends with .tflite, not {path.name}")
    inputs = model.inputs if isinstance(model, keras.Model) and model.built else None
    if not inputs or len(inputs) != 1 or None in inputs[0].shape[1:]:
        raise ValueError(
            f"model must be built, with one input of a known shape (a keras.Input), not {model!r}"
        )
    if len(model.outputs) != 1:
        raise ValueError(f"model must have one output, not {len(model.outputs)}")
    one = keras.InputSpec(shape=(1, *inputs[0].shape[1:]), dtype=inputs[0].dtype)
    model.export(
        path,
        format="litert",
        input_signature=[one],
        verbose=False,
        optimizations=[tf.lite.Optimize.DEFAULT] if quantise else [],
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
    )
    return path


def open_litert(path: str | Path) -> Any:
    """Return a LiteRT interpreter that holds a file, its tensors allocated, on one thread.

    The interpreter that TensorFlow brings says at each start that its home is now the package
    `ai_edge_litert`, where it has the same interface; that warning is left out.

    Raises:
        ValueError: there is no file, or it is not a LiteRT file.

    >>> import tempfile
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     interpreter = open_litert(export_litert(network, Path(folder, "tiny.tflite")))
    >>> [entry["shape"].tolist() for entry in interpreter.get_input_details()]
    [[1, 3]]
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def run_litert(path: str | Path, inputs: np.ndarray) -> np.ndarray:
    """Return what a LiteRT file with a batch of one answers, one input after the other.

    Args:
        path: of a file with one input and one output, such as `export_litert` writes.
        inputs: shape `(n, *shape)`, at least one. Converted to the file's dtype where that is
            harmless (bytes to float32, not floats to bytes).

    Returns:
        The outputs, shape `(n, *output shape)`, in the file's dtype.

    Raises:
        ValueError: there is no such file, it takes other shapes, or there are no inputs.
        TypeError: the conversion would not be harmless.

    >>> import tempfile
    >>> ones = keras.layers.Dense(1, kernel_initializer="ones")
    >>> network = keras.Sequential([keras.Input((3,)), ones])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = export_litert(network, Path(folder, "sums.tflite"))
    ...     sums = run_litert(file, np.array([[1, 2, 3], [4, 5, 6]]))
    >>> sums.tolist()
    [[6.0], [15.0]]
    """
    interpreter = open_litert(path)
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if any(map(np.ma.is_masked, inputs if isinstance(inputs, list | tuple) else [inputs])):
        raise ValueError("inputs must have no masked values: leave them out")
    inputs = np.asarray(inputs)
    if not len(inputs) or (1, *inputs.shape[1:]) != tuple(entry["shape"]):
        raise ValueError(f"the file takes {tuple(entry['shape'])} at a time, not {inputs.shape}")
    if not np.can_cast(inputs.dtype, entry["dtype"], "same_kind"):
        raise TypeError(f"{inputs.dtype} does not become {np.dtype(entry['dtype'])} unharmed")
    answers = []
    for row in inputs.astype(entry["dtype"]):
        interpreter.set_tensor(entry["index"], row[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(result["index"])[0])
    return np.stack(answers)


@dataclass(frozen=True)
class Quantised:
    """Weights as a LiteRT file keeps them: real number = integer × scale.

    Attributes:
        name: of the tensor in the file.
        integers: int8, any shape.
        scales: float32, broadcasts against `integers`: one for all, or one per slice of an axis.
    """

    name: str
    integers: NDArray[np.int8]
    scales: NDArray[np.float32]

    @property
    def weights(self) -> NDArray[np.float32]:
        """The numbers that they stand for, float32."""
        return self.integers * self.scales


def quantised_weights(path: str | Path) -> list[Quantised]:
    """Return the int8 weights of a LiteRT file, in the file's order.

    Kernels of dense layers are stored output first, shape `(units, inputs)`; those of convolutions
    as `(filters, height, width, channels)`.

    Raises:
        ValueError: there is no file, or it is not a LiteRT file.

    >>> import tempfile
    >>> network = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = export_litert(network, Path(folder, "small.tflite"), quantise=True)
    ...     (kernel,) = quantised_weights(file)
    >>> kernel.integers.dtype, kernel.integers.shape
    (dtype('int8'), (32, 64))
    >>> error = np.abs(kernel.weights - network.get_weights()[0].T).max()
    >>> bool(error < kernel.scales.max())
    True
    """
    interpreter = open_litert(path)
    found = []
    for tensor in interpreter.get_tensor_details():
        scales = tensor["quantization_parameters"]["scales"]
        if tensor["dtype"] is np.int8 and len(scales):
            shape = np.ones(len(tensor["shape"]), int)
            if len(scales) > 1:
                shape[tensor["quantization_parameters"]["quantized_dimension"]] = len(scales)
            integers = interpreter.get_tensor(tensor["index"])
            found.append(Quantised(tensor["name"], integers, scales.reshape(shape)))
    return found


@dataclass(frozen=True)
class Agreement:
    """How far two models say the same about the same examples.

    Attributes:
        examples: how many.
        same: on how many of them the highest output is that of the same class.
        differences: float64 `(examples,)`, the largest difference of any output, an example each.
    """

    examples: int
    same: int
    differences: NDArray[np.float64]

    @property
    def largest(self) -> float:
        """The largest difference of any output of any example."""
        return float(self.differences.max())


def agreement(expected: np.ndarray, found: np.ndarray) -> Agreement:
    """Compare the outputs of two models for the same examples.

    Args:
        expected, found: probabilities or logits, shape `(n, classes)`.

    Raises:
        ValueError: the shapes differ or are not of that form, there is nothing to compare, or an
            output is not finite.

    >>> both = agreement(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([[0.8, 0.2], [0.5, 0.5]]))
    >>> both.same, both.examples, round(both.largest, 6)
    (1, 2, 0.1)
    """
    expected = _finite("expected", expected, "n, classes")
    found = _finite("found", found, "n, classes")
    if expected.shape != found.shape:
        raise ValueError(
            f"expected and found must have one shape, not {expected.shape} and {found.shape}"
        )
    same = int((expected.argmax(axis=1) == found.argmax(axis=1)).sum())
    return Agreement(len(expected), same, np.abs(expected - found).max(axis=1))


def file_megabytes(path: str | Path) -> float:
    """Return the size of a file, or of all files in a folder, in megabytes of 1,000,000 bytes.

    Raises:
        FileNotFoundError: there is neither.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "weights.bin").write_bytes(bytes(2_500_000))
    ...     megabytes = file_megabytes(folder)
    >>> megabytes
    2.5
    """
    path = Path(path)
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def classes_in_keras_file(path: str | Path) -> list[str]:
    """List what a `.keras` file would build, without building or loading any of it.

    Args:
        path: of a file that `model.save` wrote, or that claims to be one.

    Returns:
        The names of all classes and functions in the configuration, sorted, each once, with their
        module, such as `keras.layers.Dense`. What is of no module of Keras begins with `FOREIGN`,
        and Python code in the file is listed as `CODE`. A list that looks harmless is no proof that
        loading is.

    Raises:
        ValueError: it is no archive with a configuration of reasonable size.
        FileNotFoundError: there is no file.

    >>> import tempfile
    >>> import keras
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Softmax()])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network.save(Path(folder, "tiny.keras"))
    ...     found = classes_in_keras_file(Path(folder, "tiny.keras"))
    >>> [name for name in found if name.startswith("keras.layers")]
    ['keras.layers.Dense', 'keras.layers.InputLayer', 'keras.layers.Softmax']
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > LARGEST_CONFIG:
                raise ValueError(f"{path}: its configuration is suspiciously large")
            config = json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a .keras file: {error}") from None
    found: set[str] = set()
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            if "class_name" in part:
                found.add(_origin(part))
    return sorted(found)


def _origin(part: dict[str, Any]) -> str:
    """Name what one object of a configuration would become."""
    name, module = str(part["class_name"]), part.get("module")
    if name == "__lambda__":
        return "CODE"
    if module is None and name.startswith("__"):  # a value that JSON has no form for
        return name
    if module is None:
        return f"FOREIGN {part.get('registered_name') or name}"
    if name == "function":
        name = str(part.get("config"))
    known = isinstance(module, str) and module.split(".")[0] == "keras"
    return f"{module}.{name}" if known else f"FOREIGN {module}.{name}"


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
