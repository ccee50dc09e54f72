"""In a run `keras.datasets` gives the data of the course, as Keras shapes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOAD = """
from tutorial_engine import keras_datasets
keras_datasets.install()
import keras
for name in ("fashion_mnist", "cifar10"):
    for images, labels in getattr(keras.datasets, name).load_data():
        print(name, images.dtype, images.shape, labels.dtype, labels.shape)
"""


def test_keras_gives_the_images_of_the_edition_in_its_own_shapes():
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TUTORIALS_ALLOWED_DATA": "fashion-mnist,cifar10",
        "TUTORIALS_DATA": str(ROOT / "tutorials_src" / "data"),
        "TUTORIALS_EDITION": "default",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "fashion_mnist uint8 (60000, 28, 28) uint8 (60000,)",
        "fashion_mnist uint8 (10000, 28, 28) uint8 (10000,)",
        "cifar10 uint8 (10000, 32, 32, 3) uint8 (10000, 1)",
        "cifar10 uint8 (2000, 32, 32, 3) uint8 (2000, 1)",
    ]
