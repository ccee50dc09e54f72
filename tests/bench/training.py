"""Training speed: the CPU seconds that a recipe takes, as a part of the plain recipe's in the same run.

    .venv/bin/python tests/bench/training.py

Network 784-128-10 on Fashion-MNIST, three seeds a recipe. The recipe is chosen on the validation images:
of those within a sixth of the plain recipe's CPU seconds, the one with the highest mean accuracy. The test
images are used once, for the chosen recipe and the plain one. Writes bench-results/training.json.
"""

from __future__ import annotations

import os

# One thread, as in a tutorial's kernel: CPU seconds then mean the same on any machine.
for _name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[_name] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import json
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from snippets.datasets import ImageData, Split, load_fashion_mnist, standardise
from snippets.models import dense_network
from snippets.training import Stopwatch, fit_one_cycle

SEEDS = (7, 8, 9)
SHARE = 1 / 6
PLAIN = "plain: 10 epochs, batch 32"
CYCLES = {  # epochs and peak of the learning rate, in batches of 512
    "one cycle, 10 epochs": (10, 0.006),
    "one cycle, 7 epochs": (7, 0.01),
    "one cycle, 6 epochs": (6, 0.01),
    "one cycle, 5 epochs": (5, 0.01),
}


@dataclass(frozen=True)
class Trained:
    """One training: its network, the CPU seconds of `fit`, the accuracy on validation images."""

    network: keras.Model
    cpu_s: float
    accuracy: float


@dataclass(frozen=True)
class Result:
    """A recipe over the seeds: mean CPU seconds and validation accuracy, with the lowest."""

    recipe: str
    cpu_s: float
    share: float
    validation: float
    lowest: float


def main() -> None:
    fashion = load_fashion_mnist()
    trained = {name: [train(name, seed, fashion) for seed in SEEDS] for name in (PLAIN, *CYCLES)}
    plain_s = statistics.mean(each.cpu_s for each in trained[PLAIN])
    results = {name: summary(name, runs, plain_s) for name, runs in trained.items()}
    for result in results.values():
        print(
            f"{result.recipe:27} {result.cpu_s:5.1f} CPU s, {result.share:.3f} of plain; "
            f"validation {result.validation:.2%}, lowest {result.lowest:.2%}"
        )
    quick = [result for result in results.values() if result.share <= SHARE]
    if not quick:
        sys.exit(f"no recipe stays within {SHARE:.3f} of the plain recipe's CPU seconds")
    chosen = max(quick, key=lambda result: result.validation).recipe
    test = {name: test_accuracies(trained[name], name, fashion) for name in (PLAIN, chosen)}
    print(f"\nchosen on validation images: {chosen}")
    for name, accuracies in test.items():
        shown = ", ".join(f"{accuracy:.2%}" for accuracy in accuracies)
        print(f"{name:27} test {statistics.mean(accuracies):.2%} ({shown})")
    target = ROOT / "bench-results" / "training.json"
    target.parent.mkdir(exist_ok=True)
    document = {
        "recipes": [asdict(each) for each in results.values()],
        "chosen": chosen,
        "test": test,
    }
    target.write_text(json.dumps(document, indent=1) + "\n")


def train(recipe: str, seed: int, fashion: ImageData) -> Trained:
    keras.utils.set_random_seed(seed)
    network = dense_network((128,))
    images, labels = prepared(recipe, fashion.train, fashion), fashion.train.labels
    with Stopwatch() as time:
        if recipe == PLAIN:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            network.compile("adam", loss, metrics=["accuracy"])
            network.fit(images, labels, epochs=10, batch_size=32, verbose=0)
        else:
            epochs, peak = CYCLES[recipe]
            fit_one_cycle(network, (images, labels), epochs=epochs, peak=peak)
    return Trained(
        network, time.cpu_seconds, accuracy(network, recipe, fashion.validation, fashion)
    )


def prepared(recipe: str, split: Split, fashion: ImageData) -> np.ndarray:
    if recipe == PLAIN:
        return split.images.astype("float32") / 255
    return standardise(split.images, fashion.train.images)


def accuracy(network: keras.Model, recipe: str, split: Split, fashion: ImageData) -> float:
    logits = network.predict(prepared(recipe, split, fashion), batch_size=2000, verbose=0)
    return float((logits.argmax(axis=1) == split.labels).mean())


def summary(recipe: str, runs: list[Trained], plain_s: float) -> Result:
    cpu_s = statistics.mean(each.cpu_s for each in runs)
    accuracies = [each.accuracy for each in runs]
    return Result(recipe, cpu_s, cpu_s / plain_s, statistics.mean(accuracies), min(accuracies))


def test_accuracies(runs: list[Trained], recipe: str, fashion: ImageData) -> list[float]:
    return [accuracy(each.network, recipe, fashion.test, fashion) for each in runs]


if __name__ == "__main__":
    main()
