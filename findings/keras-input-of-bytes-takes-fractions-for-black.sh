#!/bin/sh
# keras 3.15.1 with tensorflow 2.21.0: a model whose input is uint8 takes photographs from 0 to 1 for black ones.
#
# Seen: a model that begins with Input(dtype="uint8") casts whatever it is given before the first layer, and says
# nothing: 0.25 and 0.99 become 0 and 1.9 becomes 1, in predict, in evaluate and when it is called.
# A photograph scaled to fractions, as most code holds it, is answered as if it were black.
# Expected: an error, or a warning, where a cast to the input's dtype loses what was given, as with Python's own
# numbers: numpy.array([0.25]).astype("uint8", casting="same_kind") raises.
#
# Run: sh findings/keras-input-of-bytes-takes-fractions-for-black.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import warnings

import keras
import numpy as np

warnings.simplefilter("error")
model = keras.Sequential([keras.Input((3,), dtype="uint8"), keras.layers.Rescaling(1.0)])
model.compile(loss="mse")
given = np.array([[0.25, 0.99, 1.9]], "float32")
seen = np.array([[0.0, 0.0, 1.0]], "float32")
predicted, called = model.predict(given, verbose=0), np.asarray(model(given))
print("given", given.tolist(), "predicted from", predicted.tolist())
assert (predicted == seen).all() and (called == seen).all(), (predicted, called)
assert model.evaluate(given, seen, verbose=0) == 0

try:
    given.astype("uint8", casting="same_kind")
except TypeError as error:
    print("numpy:", error)
else:
    raise AssertionError("numpy casts silently, too")
PYTHON
