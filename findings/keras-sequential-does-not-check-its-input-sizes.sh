#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): `Sequential` does not check the sizes that its Input states; `Model` does.
#
# The first item of the list is keras.Input((28, 28, 1)), and the network ends in a GlobalAveragePooling2D, so its
# layers can compute with pictures of any size. Seen, of pictures of 90 by 70 pixels:
#
# - The Sequential network is called, predicts and trains with them, without an error or a warning.
# - keras.Model(network.inputs, network.outputs), of the same layers and the same Input, refuses them.
# - Sequential does check the number of axes: a row where a picture should be is refused.
# - Its input_shape, and that of a network loaded from its file, is (None, 28, 28, 1) all the same.
# Expected: the same check in both. Photographs that nobody resized get answers from a network that never saw
# such sizes; where any size is meant, one states None.
#
# Run: sh findings/keras-sequential-does-not-check-its-input-sizes.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > sizes.py <<'PYTHON'
import keras
import numpy as np

sequential = keras.Sequential(
    [keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()]
)
functional = keras.Model(sequential.inputs, sequential.outputs)
small, large = np.ones((2, 28, 28, 1), "float32"), np.ones((2, 90, 70, 1), "float32")


def shown(compute):
    try:
        return f"answers of shape {tuple(compute().shape)}"
    except ValueError:
        return "ValueError"


def trained(network):
    network.compile("sgd", "mse")
    network.fit(large, np.zeros((2, 2), "float32"), verbose=0)
    return network(small)


for network in (sequential, functional):
    print(type(network).__name__)
    print("  28 by 28, called:", shown(lambda: network(small)))
    print("  90 by 70, called:", shown(lambda: network(large)))
    print("  90 by 70, predict:", shown(lambda: network.predict(large, verbose=0)))
    print("  90 by 70, fit:", shown(lambda: trained(network)))
    print("  rows of 28:", shown(lambda: network(small[:, 0, :, 0])))
sequential.save("network.keras")
print("input_shape", sequential.input_shape, "loaded", keras.models.load_model("network.keras").input_shape)
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python sizes.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
Sequential
  28 by 28, called: answers of shape (2, 2)
  90 by 70, called: answers of shape (2, 2)
  90 by 70, predict: answers of shape (2, 2)
  90 by 70, fit: answers of shape (2, 2)
  rows of 28: ValueError
Functional
  28 by 28, called: answers of shape (2, 2)
  90 by 70, called: ValueError
  90 by 70, predict: ValueError
  90 by 70, fit: ValueError
  rows of 28: ValueError
input_shape (None, 28, 28, 1) loaded (None, 28, 28, 1)
TEXT
cat seen
diff expected seen && echo "As described."
