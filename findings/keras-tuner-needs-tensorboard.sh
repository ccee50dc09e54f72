#!/bin/sh
# keras-tuner 1.4.8 with tensorflow 2.21.0 (keras 3.15.1): no search runs where TensorBoard is not installed.
#
# Seen: every trial of RandomSearch.search fails with "No module named 'tensorboard'", although no TensorBoard callback
# is given: on TensorFlow's backend the tuner imports tensorboard before it looks for one. With two trials the search
# ends without an exception; with four it raises after the third. keras-tuner does not require tensorboard, and
# tensorflow 2.21 does not bring it.
# Expected: installing both packages is enough to search, or pip brings what they import.
#
# Run: sh findings/keras-tuner-needs-tensorboard.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check keras-tuner==1.4.8 tensorflow==2.21.0 keras==3.15.1
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import importlib.util

import keras
import keras_tuner
import numpy as np

assert importlib.util.find_spec("tensorboard") is None, "tensorboard is brought along now"


def build(hp):
    network = keras.Sequential([keras.layers.Dense(hp.Int("units", 1, 9)), keras.layers.Dense(1)])
    network.compile(loss="mse")
    return network


def search(trials):
    tuner = keras_tuner.RandomSearch(
        build, objective="val_loss", max_trials=trials, directory=f"{trials} trials"
    )
    inputs = np.zeros((8, 3), "float32")
    try:
        tuner.search(inputs, inputs[:, :1], validation_split=0.5, epochs=1, verbose=0)
        raised = ""
    except RuntimeError as error:
        raised = str(error).partition("\n")[0]
    return raised, [(trial.status, trial.message) for trial in tuner.oracle.trials.values()]


for trials in (2, 4):
    raised, ended = search(trials)
    print(f"{trials} trials: raised {raised!r}, ended {[status for status, _ in ended]}")
    assert all("No module named 'tensorboard'" in str(message) for _, message in ended), ended
    assert bool(raised) == (trials == 4), raised
PYTHON
