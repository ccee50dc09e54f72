#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): `training=` written where a functional network is built holds in none of the loops.
#
# A network is built with Dropout(0.5)(x, training=True), to sample its answers, and another with
# BatchNormalization()(x, training=False), to leave its averages as they are. Seen:
#
# - `predict` and `evaluate` drop nothing: they call the network with training=False, which every layer gets in place
#   of what was written. The spread of such samples is 0, as if the network were sure.
# - A plain call, network(x), obeys what was written; network(x, training=False) does not.
# - `fit` moves the averages of the BatchNormalization, of which training=False was said, and those of a whole network
#   that was called with training=False inside another.
# - In a class of one's own, a call of layer(x, training=False) is obeyed by `fit`.
# Expected: what is written at the call of one layer wins over the default of a loop, as it does in a class of one's
# own; or an error where it cannot. Source: https://github.com/keras-team/keras/issues/20285.
#
# Run: sh findings/keras-training-written-in-a-network-is-overruled.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > training.py <<'PYTHON'
import keras
import numpy as np
from keras import layers

ones = np.ones((8, 64), "float32")


class Own(keras.Model):
    def __init__(self, normalise):
        super().__init__()
        self.normalise = normalise

    def call(self, inputs):
        return self.normalise(inputs, training=False)


def drops(answers):
    return "drops" if np.any(np.asarray(answers) == 0) else "drops nothing"


def averages_after_fit(build):
    normalise = layers.BatchNormalization()
    network = build(normalise)
    network.compile("sgd", "mse")
    network.fit(ones, ones, verbose=0)
    return "moved" if np.any(normalise.moving_mean.numpy() != 0) else "as they were"


def functional(normalise):
    inputs = keras.Input((64,))
    return keras.Model(inputs, normalise(inputs, training=False))


def nested(normalise):
    inputs, outer = keras.Input((64,)), keras.Input((64,))
    return keras.Model(outer, keras.Model(inputs, normalise(inputs))(outer, training=False))


inputs = keras.Input((64,))
sampler = keras.Model(inputs, layers.Dropout(0.5, seed=0)(inputs, training=True))
sampler.compile("sgd", "mse")
print("Dropout, training=True")
print("  called:", drops(sampler(ones)))
print("  predict:", drops(sampler.predict(ones, verbose=0)))
print("  evaluate against ones: a loss of", sampler.evaluate(ones, ones, verbose=0))
print("  called with training=False:", drops(sampler(ones, training=False)))
print("BatchNormalization, training=False, averages after fit")
print("  functional:", averages_after_fit(functional))
print("  a network in a network:", averages_after_fit(nested))
print("  a class of one's own:", averages_after_fit(Own))
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python training.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
Dropout, training=True
  called: drops
  predict: drops nothing
  evaluate against ones: a loss of 0.0
  called with training=False: drops nothing
BatchNormalization, training=False, averages after fit
  functional: moved
  a network in a network: moved
  a class of one's own: as they were
TEXT
cat seen
diff expected seen && echo "As described."
