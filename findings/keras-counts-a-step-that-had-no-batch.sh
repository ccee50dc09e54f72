#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): with a dataset that does not know its length, every epoch counts one step too many.
#
# 32 rows in 4 batches of 8, for 3 epochs: 12 steps. A `filter` that lets every row through leaves the dataset's
# length unknown. Seen, with the filter and otherwise the same:
#
# - optimizer.iterations is 15. A learning rate schedule by step runs ahead by a step per epoch.
# - The weights differ after Adam, which corrects its averages by that count, and after SGD with weight_decay, which is
#   applied once more per epoch. Those of plain SGD do not.
# - A metric function that returns 1.0 for each batch, one number, has a mean of 0.8 in `fit` and in `evaluate`.
# - tf.data.experimental.assert_cardinality(4) after the filter makes all of it right.
# Expected: the same batches give the same counts, weights and metrics. A step that found no batch changes nothing.
#
# Run: sh findings/keras-counts-a-step-that-had-no-batch.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > steps.py <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

inputs, targets = np.ones((32, 4), "float32"), np.ones((32, 1), "float32")
known = tf.data.Dataset.from_tensor_slices((inputs, targets))
filtered = known.filter(lambda row, target: True).batch(8)
datasets = {
    "known": known.batch(8),
    "unknown": filtered,
    "asserted": filtered.apply(tf.data.experimental.assert_cardinality(4)),
}


def always_one(targets, outputs):
    return 1 + 0 * keras.ops.mean(outputs)


def train(dataset, optimizer):
    dense = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)
    network = keras.Sequential([keras.Input((4,)), dense])
    network.compile(optimizer, "mse", metrics=[always_one])
    history = network.fit(dataset, epochs=3, verbose=0).history
    return network, history["always_one"]


def kernel(dataset, optimizer):
    return train(dataset, optimizer)[0].get_weights()[0]


makers = {
    "SGD": lambda: keras.optimizers.SGD(0.01),
    "Adam": lambda: keras.optimizers.Adam(0.01),
    "SGD with weight_decay": lambda: keras.optimizers.SGD(0.01, weight_decay=0.5),
}
for name, dataset in datasets.items():
    network, means = train(dataset, "sgd")
    evaluated = network.evaluate(dataset, return_dict=True, verbose=0)["always_one"]
    print(f"length {name}: {network.optimizer.iterations.numpy()} steps,", end=" ")
    print("mean of ones in fit", np.round(means, 2).tolist(), "in evaluate", round(evaluated, 2))
    for optimizer, make in makers.items():
        same = np.allclose(kernel(dataset, make()), kernel(datasets["known"], make()), rtol=1e-5)
        print(f"  {optimizer}: {'the same weights' if same else 'other weights'}")
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python steps.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
length known: 12 steps, mean of ones in fit [1.0, 1.0, 1.0] in evaluate 1.0
  SGD: the same weights
  Adam: the same weights
  SGD with weight_decay: the same weights
length unknown: 15 steps, mean of ones in fit [0.8, 0.8, 0.8] in evaluate 0.8
  SGD: the same weights
  Adam: other weights
  SGD with weight_decay: other weights
length asserted: 12 steps, mean of ones in fit [1.0, 1.0, 1.0] in evaluate 1.0
  SGD: the same weights
  Adam: the same weights
  SGD with weight_decay: the same weights
TEXT
cat seen
diff expected seen && echo "As described."
