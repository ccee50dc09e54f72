#!/bin/sh
# TensorFlow 2.21.0 (NumPy 2.4.6): an integer tensor times a NumPy array of fractions is an integer tensor of zeros.
#
# Seen, with whole = tf.constant([1, 2]) and half = np.array([0.5, 0.5]), a float64 array:
#
# - whole * half is [0, 0], int32, and whole + half is [1, 2]: the fractions are cut before the operation, silently.
# - half * whole, the other way round, is the same.
# - whole * 0.5, with Python's own number, raises a TypeError, and whole + 0.5 an InvalidArgumentError.
# - whole * tf.constant(half), two tensors, raises an InvalidArgumentError.
# Expected: an error in the first case, as in the two last; or floats, as in NumPy and in Keras's own operations:
# keras.ops.multiply(whole, half) is [0.5, 1.0].
#
# Run: sh findings/tensorflow-whole-numbers-cut-numpy-fractions.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > halves.py <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

whole, half = tf.constant([1, 2]), np.array([0.5, 0.5])


def shown(compute):
    try:
        result = compute()
    except Exception as error:
        return type(error).__name__
    return f"{np.asarray(result).tolist()} {np.asarray(result).dtype} {type(result).__name__}"


print("whole * half:", shown(lambda: whole * half))
print("whole + half:", shown(lambda: whole + half))
print("half * whole:", shown(lambda: half * whole))
print("whole * 0.5:", shown(lambda: whole * 0.5))
print("whole + 0.5:", shown(lambda: whole + 0.5))
print("whole * tensor:", shown(lambda: whole * tf.constant(half)))
print("keras.ops:", np.asarray(keras.ops.multiply(whole, half)).tolist())
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python halves.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
whole * half: [0, 0] int32 EagerTensor
whole + half: [1, 2] int32 EagerTensor
half * whole: [0, 0] int32 EagerTensor
whole * 0.5: TypeError
whole + 0.5: InvalidArgumentError
whole * tensor: InvalidArgumentError
keras.ops: [0.5, 1.0]
TEXT
cat seen
diff expected seen && echo "As described."
