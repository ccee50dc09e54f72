"""All of CIFAR-10 on a GPU: test accuracy of a small residual network, and the seconds of its training.

    .venv/bin/python tutorials_src/data/fetch.py          # once: the full edition
    .venv/bin/python tests/bench/training_gpu.py [--epochs 24] [--photographs 50000] [--width 64]

The bar, where a GPU is available: 94% of the test photographs after at most 90 seconds of training, in which
compiling is counted. Without a GPU it runs as well, and takes hours: see that it works with few photographs
and epochs and a narrow network (4, 20000 and 8 take minutes); it then reports its figures and no bar. Nothing is chosen here, so nothing is held out for
validation: the recipe is that of the source, with the photographs' labels smoothed and each test photograph
asked about twice, as it is and mirrored. Writes bench-results/training-gpu.json.

Source of network and recipe: D. Page, How to train your ResNet, 2018, myrtle.ai.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from snippets.augmentation import augment, random_shift
from snippets.datasets import load_cifar10
from snippets.training import OneCycle

BAR, BAR_S = 0.94, 90
BATCH, PEAK, MOVED = 512, 0.4, 4
# The source adds 5e-4 of each weight to its slope; Keras takes the decay past the momentum of 0.9, which
# would have made ten times as much of it.
DECAY = 5e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument(
        "--photographs",
        type=int,
        default=50_000,
        help="of the training set, and at most as many of the test set",
    )
    parser.add_argument("--width", type=int, default=64, help="filters of the first layer")
    chosen = parser.parse_args()
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if has_gpu:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")

    cifar = load_cifar10(edition="full")
    images, labels = (
        np.concatenate([getattr(cifar.train, name), getattr(cifar.validation, name)])
        for name in ("images", "labels")
    )
    keras.utils.set_random_seed(7)
    batches = training_batches(images[: chosen.photographs], labels[: chosen.photographs])
    network = residual_network(chosen.width)
    network.compile(
        keras.optimizers.SGD(
            OneCycle(PEAK, chosen.epochs * len(batches), warmup=0.2),
            momentum=0.9,
            nesterov=True,
            weight_decay=DECAY,
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        jit_compile=has_gpu,
    )
    started = time.perf_counter()
    history = network.fit(batches, epochs=chosen.epochs, shuffle=False, verbose=0).history["loss"]
    seconds = time.perf_counter() - started
    asked, truth = (each[: chosen.photographs] for each in (cifar.test.images, cifar.test.labels))
    sides = asked, asked[:, :, ::-1]
    logits = sum(network.predict(side, batch_size=500, verbose=0) for side in sides)
    accuracy = float((logits.argmax(axis=1) == truth).mean())

    device = "GPU" if has_gpu else "CPU"
    print(f"{device}: test accuracy {accuracy:.2%} after {seconds:.0f} s of training")
    print(f"loss {history[0]:.3f} in the first epoch, {history[-1]:.3f} in the last")
    document = {"device": device, "seconds": seconds, "accuracy": accuracy, **vars(chosen)}
    target = ROOT / "bench-results" / "training-gpu.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")
    if has_gpu and (accuracy < BAR or seconds > BAR_S):
        sys.exit(f"the bar of {BAR:.0%} within {BAR_S} s is missed")


def training_batches(images: np.ndarray, labels: np.ndarray) -> tf.data.Dataset:
    """Return shuffled batches: each photograph mirrored or not, and moved by up to `MOVED` pixels."""
    one_hot = np.eye(10, dtype="float32")[labels]
    batches = (
        tf.data.Dataset.from_tensor_slices((images, one_hot))
        .shuffle(len(images), seed=7)
        .batch(min(BATCH, len(images)), drop_remainder=True)  # one shape: compiled once
    )
    changes = tf.image.stateless_random_flip_left_right, partial(random_shift, pixels=MOVED)
    return augment(batches, *changes, seed=7).prefetch(tf.data.AUTOTUNE)


def residual_network(width: int) -> keras.Model:
    """Return the source's nine layers: (n, 32, 32, 3) bytes in, (n, 10) logits out."""

    def block(maps, filters):
        maps = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(maps)
        # The last epochs change the maps quickly, so their averages must follow quickly.
        return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(maps))

    inputs = keras.Input((32, 32, 3), dtype="uint8")
    mean, deviation = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)  # of the training photographs
    offset = [-m / d for m, d in zip(mean, deviation, strict=True)]
    maps = keras.layers.Rescaling([1 / d for d in deviation], offset=offset)(inputs)
    maps = block(maps, width)
    for times, residual in ((2, True), (4, False), (8, True)):
        filters = times * width
        maps = keras.layers.MaxPooling2D()(block(maps, filters))
        if residual:
            maps = maps + block(block(maps, filters), filters)
    flat = keras.layers.GlobalMaxPooling2D()(maps)
    scores = keras.layers.Dense(10, use_bias=False)(flat)
    return keras.Model(inputs, keras.layers.Rescaling(0.125, dtype="float32")(scores))


if __name__ == "__main__":
    main()
