#!/bin/sh
# TensorFlow 2.21.0 (NumPy 2.4.6): a tensor of numbers times a tensor of bools is a tensor of bools.
#
# To keep some numbers and set the others to 0, one multiplies them by a mask. Seen, with
# numbers = tf.constant([0.5, 2.0, 3.0]) and mask = tf.constant([True, True, False]):
#
# - numbers * mask, and the other way round, is [False, True, False]: both are cut to whole numbers, multiplied, and
#   asked whether they are not 0. The 0.5 is False, although tf.cast(0.5, bool) is True.
# - numbers * mask.numpy(), the same mask from NumPy, is [0.5, 2.0, 0.0].
# - tf.multiply(numbers, mask) raises an InvalidArgumentError, and so does numbers + mask.
# Expected: the numbers that the mask keeps, as in NumPy and in keras.ops.multiply; or the error of tf.multiply, for
# which the operator stands.
#
# Run: sh findings/tensorflow-numbers-times-a-mask-are-a-mask.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > mask.py <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

numbers, mask = tf.constant([0.5, 2.0, 3.0]), tf.constant([True, True, False])


def shown(compute):
    try:
        result = compute()
    except Exception as error:
        return type(error).__name__
    return f"{np.asarray(result).tolist()} {np.asarray(result).dtype}"


print("numbers * mask:", shown(lambda: numbers * mask))
print("mask * numbers:", shown(lambda: mask * numbers))
print("numbers cast to bool:", shown(lambda: tf.cast(numbers, tf.bool)))
print("mask of NumPy:", shown(lambda: numbers * mask.numpy()))
print("tf.multiply:", shown(lambda: tf.multiply(numbers, mask)))
print("numbers + mask:", shown(lambda: numbers + mask))
print("NumPy:", shown(lambda: numbers.numpy() * mask.numpy()))
print("keras.ops:", shown(lambda: keras.ops.multiply(numbers, mask)))
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python mask.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
numbers * mask: [False, True, False] bool
mask * numbers: [False, True, False] bool
numbers cast to bool: [True, True, True] bool
mask of NumPy: [0.5, 2.0, 0.0] float32
tf.multiply: InvalidArgumentError
numbers + mask: InvalidArgumentError
NumPy: [0.5, 2.0, 0.0] float32
keras.ops: [0.5, 2.0, 0.0] float32
TEXT
cat seen
diff expected seen && echo "As described."
