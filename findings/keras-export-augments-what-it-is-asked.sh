#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): an exported network augments the pictures that it is asked about.
#
# The layers that augment stand in the network, where `predict` lets them rest. Seen, a picture asked about 20 times:
#
# - RandomRotation and RandomFlip: `predict` always gives the same answer. The network that `export` writes, loaded
#   with tf.saved_model.load, gives others, and so does a plain call, network(picture).
# - Dropout and GaussianNoise in the same place: one answer from all three.
# - network(picture, training=False) gives one answer from every layer.
# A plain call says nothing about training, and for that case these two kinds of layers assume opposite things. Export
# traces a plain call. Neither it nor the call warns.
# Expected: what is exported answers as `predict` does.
#
# Run: sh findings/keras-export-augments-what-it-is-asked.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > export.py <<'PYTHON'
import contextlib
import io

import keras
import numpy as np
import tensorflow as tf
from keras import layers

picture = np.arange(64, dtype="float32").reshape(1, 8, 8, 1)


def answers(ask):
    distinct = {np.asarray(ask(picture)).tobytes() for _ in range(20)}
    return "one answer" if len(distinct) == 1 else "several answers"


for layer in (
    layers.RandomRotation(0.25, seed=1),
    layers.RandomFlip("horizontal", seed=1),
    layers.Dropout(0.5, seed=1),
    layers.GaussianNoise(1.0, seed=1),
):
    network = keras.Sequential([keras.Input((8, 8, 1)), layer])
    with contextlib.redirect_stdout(io.StringIO()):
        network.export("exported")
    exported = tf.saved_model.load("exported")
    print(type(layer).__name__)
    print("  predict:", answers(lambda given: network.predict(given, verbose=0)))
    print("  called with training=False:", answers(lambda given: network(given, training=False)))
    print("  called:", answers(network))
    print("  exported:", answers(exported.serve))
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python export.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
RandomRotation
  predict: one answer
  called with training=False: one answer
  called: several answers
  exported: several answers
RandomFlip
  predict: one answer
  called with training=False: one answer
  called: several answers
  exported: several answers
Dropout
  predict: one answer
  called with training=False: one answer
  called: one answer
  exported: one answer
GaussianNoise
  predict: one answer
  called with training=False: one answer
  called: one answer
  exported: one answer
TEXT
cat seen
diff expected seen && echo "As described."
