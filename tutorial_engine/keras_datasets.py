"""What `keras.datasets` gives in a run: the data that the header names, from the files of the course.

Whole programs ask Keras for their data, as they do anywhere. There Keras downloads it; a run has no network,
and the default edition of CIFAR-10 is a sample. Shapes and dtypes are Keras's own, the number of images is
the edition's.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# What loads the data here; elsewhere Keras does, and a notebook that leaves home needs it for its own calls alone.
SNIPPET = "snippets/datasets.py"
# Keras's module -> what loads the same from the course, and the shape that Keras gives the labels.
_LOADERS = {
    "keras.src.datasets.cifar10": ("load_cifar10", (-1, 1)),
    "keras.src.datasets.fashion_mnist": ("load_fashion_mnist", (-1,)),
}
# The names in `keras.datasets` that a run gives, where the header names them: `fashion-mnist` for `fashion_mnist`.
GIVEN = frozenset(name.rpartition(".")[2] for name in _LOADERS)


def install() -> None:
    """Let `load_data` of the modules above, imported from now on, give the data of the course."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(1, _Finder())  # below the recorder, which notes every import


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find the modules above where they are, and change them once they are loaded."""
        if name not in _LOADERS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_change(module: ModuleType) -> None:
                execute(module)
                module.load_data = _loading(*_LOADERS[name])  # type: ignore[attr-defined]

            spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


def _loading(loader: str, label_shape: tuple[int, ...]) -> Any:
    def load_data() -> Any:
        """Return `(x_train, y_train), (x_test, y_test)`: uint8 images and labels of the edition."""
        # Not a statement: what a run imports is what it needs, whichever module says so.
        datasets = importlib.import_module("snippets.datasets")
        data = getattr(datasets, loader)(validation_fraction=0)
        return tuple(
            (split.images, split.labels.reshape(label_shape)) for split in (data.train, data.test)
        )

    return load_data
