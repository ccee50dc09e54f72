#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): a second `fit`, `evaluate` or `predict` fails where arrays have another rank.
#
# A network with one output takes labels of shape (4,) and of shape (4, 1), and one with an Input of (8, 8, 1) takes
# pictures of shape (2, 8, 8, 1) and of shape (2, 8, 8). Seen:
#
# - Whichever of the two comes first works, again and again.
# - The other one, in a later call, is a ValueError that an unknown rank has no length. Nothing has an unknown rank in
#   what was given: the compiled function is traced once more, for all ranks at once.
# - After the error the first rank works as before, and the other one goes on failing; a fresh `compile` cures it.
# - With run_eagerly=True both ranks work in one network.
# Expected: both work in either order, since each does on its own.
#
# Run: sh findings/keras-second-fit-refuses-another-rank.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > ranks.py <<'PYTHON'
import keras
import numpy as np

rows, flat = np.ones((4, 3), "float32"), np.ones(4, "float32")
column = flat[:, np.newaxis]
pictures = np.ones((2, 8, 8, 1), "float32")


def outcomes(call, arrays):
    seen = []
    for array in arrays:
        try:
            call(array)
            seen.append("works")
        except ValueError as error:
            seen.append("unknown rank" if "unknown rank" in str(error) else str(error))
    return ", ".join(seen)


def regression(**options):
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", **options)
    return network


def fit(network, compile_first=False):
    def once(labels):
        if compile_first:
            network.compile("sgd", "mse")
        network.fit(rows, labels, verbose=0)

    return once


def evaluate(network):
    return lambda labels: network.evaluate(rows, labels, verbose=0)


def predict():
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()]
    network = keras.Sequential(layers)
    return lambda given: network.predict(given, verbose=0)


print("fit (4,) twice:", outcomes(fit(regression()), [flat, flat]))
print("fit (4, 1) twice:", outcomes(fit(regression()), [column, column]))
print("fit (4,), (4, 1) twice, (4,):", outcomes(fit(regression()), [flat, column, column, flat]))
print("fit (4, 1), (4,):", outcomes(fit(regression()), [column, flat]))
print("compiled before each:", outcomes(fit(regression(), compile_first=True), [flat, column]))
print("eagerly:", outcomes(fit(regression(run_eagerly=True)), [flat, column]))
print("evaluate (4,), (4, 1):", outcomes(evaluate(regression()), [flat, column]))
print("predict (2, 8, 8, 1), (2, 8, 8):", outcomes(predict(), [pictures, pictures[..., 0]]))
print("predict (2, 8, 8), (2, 8, 8, 1):", outcomes(predict(), [pictures[..., 0], pictures]))
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python ranks.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
fit (4,) twice: works, works
fit (4, 1) twice: works, works
fit (4,), (4, 1) twice, (4,): works, unknown rank, unknown rank, works
fit (4, 1), (4,): works, unknown rank
compiled before each: works, works
eagerly: works, works
evaluate (4,), (4, 1): works, unknown rank
predict (2, 8, 8, 1), (2, 8, 8): works, unknown rank
predict (2, 8, 8), (2, 8, 8, 1): works, unknown rank
TEXT
cat seen
diff expected seen && echo "As described."
