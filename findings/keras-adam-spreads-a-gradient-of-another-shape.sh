#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): Adam takes a gradient of another shape than its variable; plain SGD refuses it.
#
# A training loop of one's own gives the optimizer the mean of a gradient in place of the gradient, a single number for
# a variable of two: an easy slip with one `reduce_mean` too many. Seen, at learning rate 1:
#
# - Adam, AdamW, Adamax, Nadam, RMSprop, Lion and SGD with momentum move both elements alike, silently.
# - A gradient of shape (2,) for a variable of shape (3, 2) is repeated for each row in the same way.
# - SGD without momentum and Adagrad raise an InvalidArgumentError, because the shapes are not the same.
# Expected: an error in all, whichever optimizer the name in the configuration stands for. A gradient has the shape of
# its variable.
#
# Run: sh findings/keras-adam-spreads-a-gradient-of-another-shape.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > spread.py <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf


def moved(optimizer, shape, gradient):
    variable = tf.Variable(tf.ones(shape))
    try:
        optimizer.apply([tf.constant(gradient)], [variable])
    except tf.errors.InvalidArgumentError as error:
        return type(error).__name__
    return f"{np.count_nonzero(variable.numpy() != 1)} of {variable.numpy().size} moved"


for name in ("SGD", "Adagrad", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Lion"):
    make = getattr(keras.optimizers, name)
    print(f"{name}: {moved(make(1.0), (2,), 0.5)}; row: {moved(make(1.0), (3, 2), [0.5, 0.5])}")
momentum = moved(keras.optimizers.SGD(1.0, momentum=0.9), (2,), 0.5)
print("SGD with momentum:", momentum)
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python spread.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
SGD: InvalidArgumentError; row: InvalidArgumentError
Adagrad: InvalidArgumentError; row: InvalidArgumentError
Adam: 2 of 2 moved; row: 6 of 6 moved
AdamW: 2 of 2 moved; row: 6 of 6 moved
Adamax: 2 of 2 moved; row: 6 of 6 moved
Nadam: 2 of 2 moved; row: 6 of 6 moved
RMSprop: 2 of 2 moved; row: 6 of 6 moved
Lion: 2 of 2 moved; row: 6 of 6 moved
SGD with momentum: 2 of 2 moved
TEXT
cat seen
diff expected seen && echo "As described."
