#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): clipping does not limit the gradient of an Embedding where a word is repeated.
#
# One sentence of four words, the same word four times, whose gradient is -1 in each place: together a gradient of -4
# for that word's row, and, at learning rate 1, a step of 4. Clipped to 1, one expects a step of 1. Seen:
#
# - clipnorm=1.0 and global_clipnorm=1.0: a step of 2. clipvalue=1.0: a step of 4.
# - Four different words, each in one place, clipped by either norm: four steps of a half, norm 1, as they should be.
# - The same gradient, added up first with tf.convert_to_tensor and given to the same optimizer: a step of 1 from all.
# The gradient of a lookup is a list of rows with an entry for each place. It is clipped as it stands, and the rows of
# a word are added when the step is taken.
# Expected: the gradient of the variable is clipped, whatever form it comes in; a long text with a frequent word is
# what clipping is for.
#
# Run: sh findings/keras-clipping-leaves-a-repeated-word-unclipped.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > clipping.py <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

LIMITS = [{}, {"clipnorm": 1.0}, {"clipvalue": 1.0}, {"global_clipnorm": 1.0}]


def steps(words, limit, add_first):
    sentence = keras.Input((4,), dtype="int32")
    lookup = keras.layers.Embedding(4, 1, embeddings_initializer="zeros")
    network = keras.Model(sentence, keras.ops.sum(lookup(sentence)))
    optimizer = keras.optimizers.SGD(1.0, **limit)
    with tf.GradientTape() as tape:
        loss = -network(np.array([words]))
    gradient = tape.gradient(loss, lookup.embeddings.value)
    if add_first:
        gradient = tf.convert_to_tensor(gradient)
    optimizer.apply([gradient], [lookup.embeddings])
    return lookup.embeddings.numpy().ravel().tolist()


for limit in LIMITS:
    print(limit or "no limit")
    print("  one word four times:", steps([0, 0, 0, 0], limit, add_first=False))
    print("  added up first:", steps([0, 0, 0, 0], limit, add_first=True))
    print("  four words:", steps([0, 1, 2, 3], limit, add_first=False))
PYTHON
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python clipping.py 2> log > seen || { cat log; exit 1; }
cat > expected <<'TEXT'
no limit
  one word four times: [4.0, 0.0, 0.0, 0.0]
  added up first: [4.0, 0.0, 0.0, 0.0]
  four words: [1.0, 1.0, 1.0, 1.0]
{'clipnorm': 1.0}
  one word four times: [2.0, 0.0, 0.0, 0.0]
  added up first: [1.0, 0.0, 0.0, 0.0]
  four words: [0.5, 0.5, 0.5, 0.5]
{'clipvalue': 1.0}
  one word four times: [4.0, 0.0, 0.0, 0.0]
  added up first: [1.0, 0.0, 0.0, 0.0]
  four words: [1.0, 1.0, 1.0, 1.0]
{'global_clipnorm': 1.0}
  one word four times: [2.0, 0.0, 0.0, 0.0]
  added up first: [1.0, 0.0, 0.0, 0.0]
  four words: [0.5, 0.5, 0.5, 0.5]
TEXT
cat seen
diff expected seen && echo "As described."
