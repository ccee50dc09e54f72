#!/bin/sh
# Keras 3.15.1 with TensorFlow 2.21.0: `fit` traces a training step twice, unless its variables are there before.
#
# Seen: the call of a layer is traced twice in the first `fit` of a compiled network. Keras creates the variables of
# the optimizer, and those of the compiled metrics, while the step is traced for the first time; a `tf.function` that
# created variables traces once more. Of 15 dense layers it costs about two seconds.
# With `optimizer.build` alone there is one trace for a network without metrics, and two with metrics; with one call
# of `compute_metrics`, too, there is one.
# Expected: one trace, as the network itself is built when it is compiled.
#
# Run: sh findings/keras-traces-the-first-step-twice.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

inputs, labels = np.ones((8, 3), "float32"), np.array([0, 1] * 4)


class Traced(keras.layers.Layer):
    times = 0

    def call(self, inputs):
        self.times += tf.inside_function()
        return inputs


def traces(metrics, before=lambda network: None):
    network = keras.Sequential([keras.Input((3,)), Traced(), keras.layers.Dense(2, "softmax")])
    network.compile("adam", "sparse_categorical_crossentropy", metrics=metrics)
    before(network)
    at_first = network.layers[0].times
    network.fit(inputs, labels, verbose=0)
    return network.layers[0].times - at_first


def build_optimizer(network):
    network.optimizer.build(network.trainable_variables)


def build_both(network):
    build_optimizer(network)
    network.compute_metrics(inputs[:1], labels[:1], network(inputs[:1]))


seen = {
    "as it is": (traces([]), traces(["accuracy"])),
    "optimizer built": (traces([], build_optimizer), traces(["accuracy"], build_optimizer)),
    "optimizer and metrics built": (traces([], build_both), traces(["accuracy"], build_both)),
}
for what, (without, with_metrics) in seen.items():
    print(f"{what}: {without} without metrics, {with_metrics} with")
assert list(seen.values()) == [(2, 2), (1, 2), (1, 1)], seen
PYTHON
