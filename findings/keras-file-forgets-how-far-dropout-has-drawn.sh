#!/bin/sh
# keras 3.15.1 with tensorflow-cpu 2.21.0: a `.keras` file holds the seed of a Dropout layer, not how far it has drawn.
#
# Seen: after two epochs of two steps the seed generator of a seeded Dropout stands at [seed, 4]; the network loaded
# from its `.keras` file stands at [seed, 0], so training that goes on draws the masks of the first steps once more.
# `load_weights` of a `.weights.h5` file leaves it at 0 as well. The step count of the optimiser is restored (4), so
# the learning rate goes on where it was and chance does not: after two more epochs the weights differ from those of
# a run that was not interrupted, with the same data in the same order.
# Expected: the same weights, since the file restores the network, its optimiser and the seed, and the state is a
# variable of the layer. Source: https://github.com/keras-team/keras/issues/19796.
#
# Run: sh findings/keras-file-forgets-how-far-dropout-has-drawn.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check keras==3.15.1 tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np
from keras import layers

inputs = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
targets = inputs.sum(axis=1, keepdims=True)


def train(network, epochs):
    network.fit(inputs, targets, epochs=epochs, batch_size=32, shuffle=False, verbose=0)


def drawn(network):
    return network.layers[0].seed_generator.state.numpy().tolist()


keras.utils.set_random_seed(1)
network = keras.Sequential([keras.Input((8,)), layers.Dropout(0.5, seed=7), layers.Dense(1)])
network.compile("adam", "mse")
train(network, 2)
network.save("half.keras")
network.save_weights("half.weights.h5")
loaded = keras.saving.load_model("half.keras")
other = keras.Sequential([keras.Input((8,)), layers.Dropout(0.5, seed=7), layers.Dense(1)])
other.load_weights("half.weights.h5")
print("after two epochs, loaded, weights loaded:", drawn(network), drawn(loaded), drawn(other))
print("steps of the optimiser:", int(network.optimizer.iterations), int(loaded.optimizer.iterations))
assert drawn(network) == [7, 4] and drawn(loaded) == [7, 0] and drawn(other) == [7, 0]
assert int(loaded.optimizer.iterations) == int(network.optimizer.iterations) == 4
train(network, 2)
train(loaded, 2)
difference = np.abs(network.layers[1].kernel.numpy() - loaded.layers[1].kernel.numpy()).max()
print(f"largest difference of a weight after two more epochs: {difference:.1e}")
assert difference > 1e-5
PYTHON
