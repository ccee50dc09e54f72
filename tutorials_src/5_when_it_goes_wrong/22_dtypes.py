# ---
# title: Dtypes
# summary: Numbers that are cut, wrapped or turned into True because of the kind of number they are, and the errors about it.
# seed: 7
# ---

# %% [markdown]
# NumPy finds a kind of number, a *dtype*, into which both sides of an operation fit. TensorFlow does not: it
# keeps the dtype of one side, and either refuses the other or forces it. So most entries here are silent. One
# habit prevents nearly all of them: turn what you load into `float32` where it enters, and leave classes and
# ids integers of 64 bits.

# %% [markdown]
# ## A fraction times a whole number is 0
#
# A tensor of counts or labels, and weights that NumPy computed.

# %% tags=["symptom"] also="int32 tensor multiplied by float array is zero; product loses its decimals; integer tensor cuts NumPy floats"
import numpy as np
import tensorflow as tf

counts = tf.constant([1, 2, 3])
halves = np.full(3, 0.5)
products = counts * halves
print(products)
stored_counts = tf.Variable([1, 2, 3])
stored_counts.assign(halves)
print(stored_counts)

# %% [markdown]
# **Why.** What is not a tensor yet is converted to the dtype of the tensor beside it, and the conversion of a
# NumPy array cuts the fraction off. A Python `0.5` is refused instead. It does not matter which side the
# array stands on, and `assign` does the same. See [Tensors](../1_foundations/01_tensors.py) and
# [`tf.convert_to_tensor`](https://www.tensorflow.org/api_docs/python/tf/convert_to_tensor).

# %% tags=["cure"]
import keras

float_products = tf.cast(counts, tf.float32) * halves
promoted_products = keras.ops.multiply(counts, halves)
print(float_products.numpy(), promoted_products.numpy())

# %% tags=["claims"]
assert not np.any(products), (
    "a whole-number tensor cuts the fractions of a NumPy array"
)
assert not stored_counts.numpy().any(), "and so does a variable's assign"
assert np.array_equal(float_products, [0.5, 1.0, 1.5]), (
    "a cast beforehand keeps them"
)
assert np.array_equal(promoted_products, [0.5, 1.0, 1.5]), (
    "keras.ops keeps them without a cast"
)

# %% [markdown]
# ## cannot compute Mul as input #1(zero-based) was expected to be
#
# *... a double tensor but is a float tensor*, and other dtypes. `Mul` may as well be `AddV2`, `Sub`, `Equal`
# or `MatMul`.

# %% tags=["symptom", "raises-exception"] also="expected to be a float tensor but is a double tensor; expected to be a int64 tensor but is a int32 tensor; argmax compared with labels; dtype mismatch float64 float32"
import sys

fractions = tf.range(5) / 5
fractions * tf.ones(5)

# %% [markdown]
# **Why.** Two tensors of different dtypes are never brought together, not even `float32` and `float64`. Three
# sources surprise: whole numbers divided by whole numbers are `float64`, `tf.argmax` gives `int64`, and a
# NumPy array of floats becomes `float64` in `tf.constant`. *Double* is `float64`, and number 1 is the second
# of the two. See [Tensors](../1_foundations/01_tensors.py) and
# [`tf.cast`](https://www.tensorflow.org/api_docs/python/tf/cast).

# %% tags=["cure"]
print(fractions.dtype, tf.argmax([0, 1]).dtype, tf.constant(halves).dtype)
scaled_fractions = tf.cast(fractions, tf.float32) * tf.ones(5)
predicted_class = tf.argmax([0.1, 0.9], output_type=tf.int32)
print(scaled_fractions.dtype, predicted_class == tf.constant(1))

# %% tags=["claims"]
assert "expected to be a double tensor" in str(sys.last_value), (
    "float64 times float32 is an error"
)
assert fractions.dtype == tf.float64, (
    "whole numbers divided by whole numbers are float64"
)
assert scaled_fractions.dtype == tf.float32, (
    "a cast brings the two together"
)

# %% [markdown]
# ## A mask turns my numbers into True and False
#
# You multiply by a comparison to keep some values and set the others to 0, as NumPy allows.

# %% tags=["symptom"] also="float tensor times boolean tensor is bool; multiply by mask; product of bool and float dtype bool"
amounts = tf.constant([0.5, 2.0, 3.0])
masked_amounts = amounts * (amounts < 2.5)
print(masked_amounts)

# %% [markdown]
# **Why.** Where one side of `*` is a boolean tensor, TensorFlow casts both to whole numbers, multiplies, and
# casts the product to `bool`; [the change](https://github.com/tensorflow/tensorflow/pull/83753) was meant for
# two boolean tensors. So 2.0 becomes `True`, and 0.5, which the mask lets pass, `False`. A mask that is a
# NumPy array is converted to the numbers' dtype instead, and works; `tf.multiply` and `+` raise an error. See
# [Tensors](../1_foundations/01_tensors.py).

# %% tags=["cure"]
chosen_amounts = tf.where(amounts < 2.5, amounts, 0.0)
cast_amounts = amounts * tf.cast(amounts < 2.5, amounts.dtype)
print(chosen_amounts.numpy(), cast_amounts.numpy())

# %% tags=["claims"]
assert masked_amounts.dtype == tf.bool, (
    "numbers times a boolean tensor are booleans"
)
assert not masked_amounts[0], (
    "a fraction that the mask lets pass becomes False"
)
assert np.array_equal(chosen_amounts, [0.5, 2.0, 0.0]), (
    "tf.where keeps the numbers"
)

# %% [markdown]
# ## White pixels turn dark after `tf.cast`
#
# You make an image brighter, in floats, and cast it back to `uint8`.

# %% tags=["symptom"] also="uint8 cast wraps around; tf.cast gives different values for the same number; speckles after brightening; cast overflow 300 becomes 44"
too_bright = tf.fill([40], 300.0)
bright_bytes = tf.cast(too_bright, tf.uint8).numpy()
print(bright_bytes)
print(tf.cast(tf.constant(300), tf.uint8).numpy())

# %% [markdown]
# **Why.** A `uint8` ends at 255, and `tf.cast` does not clip. From whole numbers it keeps the remainder of a
# division by 256. From floats the result is undefined. On the processor that ran this page, 300.0 became
# `{python} bright_bytes[0]` at the front of the tensor and `{python} bright_bytes[-1]` at its end: whole
# blocks may take another path than what is left over. Yours may differ, and
# [a GPU has its own answer](https://github.com/tensorflow/tensorflow/issues/59702). See
# [Tensors](../1_foundations/01_tensors.py).

# %% tags=["cure"]
clipped_bytes = tf.saturate_cast(too_bright, tf.uint8).numpy()
print(np.unique(clipped_bytes), tf.saturate_cast(-20.0, tf.uint8).numpy())

# %% tags=["claims"]
assert tf.cast(tf.constant(300), tf.uint8).numpy() == 44, (
    "tf.cast of a whole number beyond 255 keeps a remainder"
)
assert (clipped_bytes == 255).all(), "tf.saturate_cast clips"

# %% [markdown]
# ## Two photographs that are nearly the same differ by 250
#
# You subtract images as they come from the file.

# %% tags=["symptom"] also="difference of two images is wrong; uint8 subtraction wraps; absolute difference near 255; image plus 100 gets darker"
yesterday = np.array([100, 200, 60], dtype="uint8")
today = np.array([105, 190, 60], dtype="uint8")
wrapped_differences = np.abs(yesterday - today)
print(wrapped_differences, (tf.constant(yesterday) - today).numpy())

# %% [markdown]
# **Why.** A `uint8` has no negative numbers: 100 minus 105 starts again from the top and makes
# `{python} wrapped_differences[0]`, and `abs` finds nothing to do. NumPy and TensorFlow agree. They differ
# with a Python number that is too large: NumPy refuses to add 300, TensorFlow wraps it. See
# [Tensors](../1_foundations/01_tensors.py) and
# [NumPy on overflow](https://numpy.org/doc/stable/user/basics.types.html#overflow-errors).

# %% tags=["cure"]
differences = np.abs(yesterday.astype("int16") - today)
print(differences)

# %% tags=["claims"]
assert wrapped_differences.max() > 200, "differences of uint8 wrap around"
assert np.array_equal(differences, [5, 10, 0]), "those of int16 do not"

# %% [markdown]
# ## The mean of hits is 0
#
# You compute an accuracy, or the mean of a photograph, of whole numbers.

# %% tags=["symptom"] also="tf.reduce_mean of integers returns an integer; accuracy is always zero; reduce_sum of uint8 overflows"
hits = tf.constant([True, True, False])
whole_mean = tf.reduce_mean(tf.cast(hits, tf.int32))
white_photograph = np.full((28, 28), 255, dtype="uint8")
wrapped_sum = tf.reduce_sum(white_photograph)
print("mean:", whole_mean.numpy(), "sum:", wrapped_sum.numpy())

# %% [markdown]
# **Why.** `tf.reduce_mean` and `tf.reduce_sum` answer in the dtype of what they get: two thirds are cut to 0,
# and a sum of bytes has room for 255. NumPy gives the mean in floats and the sum in 64 bits; `keras.ops`
# gives the mean in floats and the sum in at least 32 bits. See [Tensors](../1_foundations/01_tensors.py) and
# [`tf.reduce_mean`](https://www.tensorflow.org/api_docs/python/tf/math/reduce_mean).

# %% tags=["cure"]
mean_of_hits = tf.reduce_mean(tf.cast(hits, tf.float32))
sum_of_pixels = keras.ops.sum(white_photograph)
print(mean_of_hits.numpy(), sum_of_pixels.numpy())

# %% tags=["claims"]
assert whole_mean == 0, "the mean of whole numbers is a whole number"
assert wrapped_sum < 255, "a sum of uint8 has room for 255"
assert 0.6 < mean_of_hits < 0.7, "the mean of floats is a fraction"
assert sum_of_pixels == white_photograph.sum(), (
    "keras.ops.sum makes room, as NumPy does"
)

# %% [markdown]
# ## A label of -1 becomes another class, or none
#
# A table marks what nobody has labelled with -1, and you make one-hot rows of it.

# %% tags=["symptom"] also="tf.one_hot row of zeros; to_categorical negative label; missing labels; loss is zero for some examples"
partial_labels = np.array([0, 2, -1])
categorical_rows = keras.utils.to_categorical(partial_labels, 3)
one_hot_rows = tf.one_hot(partial_labels, 3).numpy()
print(categorical_rows, one_hot_rows, sep="\n")

# %% [markdown]
# **Why.** `to_categorical` uses the label as an index, and -1 is Python's index of the last one: an example
# without a label is now of the last class. `tf.one_hot` gives what is out of range a row of zeros, whose
# crossentropy is 0. On a CPU a sparse loss refuses such a label: *Received a label value of -1 which is
# outside the valid range*. On a GPU its loss [is nan
# instead](https://www.tensorflow.org/api_docs/python/tf/nn/sparse_softmax_cross_entropy_with_logits). With
# `ignore_class=-1`, `SparseCategoricalCrossentropy` leaves such examples out. See
# [Fashion-MNIST](../2_networks/05_fashion_mnist.py) and
# [`to_categorical`](https://keras.io/api/utils/python_utils/).

# %% tags=["cure"]
is_labelled = partial_labels >= 0
rows = keras.utils.to_categorical(partial_labels[is_labelled], 3)
print(rows)

# %% tags=["claims"]
assert categorical_rows[2].argmax() == 2, (
    "to_categorical takes -1 for the last class"
)
assert not one_hot_rows[2].any(), "tf.one_hot makes a row of zeros of it"
assert np.array_equal(rows.sum(axis=1), [1, 1]), (
    "without such labels, each row has a single 1"
)

# %% [markdown]
# ## Invalid dtype: str
#
# The labels are words, or a table has a column of words. From a table of mixed columns it reads
# *Invalid dtype: object*.

# %% tags=["symptom", "raises-exception"] also="string labels in fit; Failed to convert a NumPy array to a Tensor; Unsupported object type str; Invalid dtype: object; Cast string to float is not supported; could not convert string to float"
keras.utils.set_random_seed(7)
classifier = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
classifier.compile(loss=loss)
measurements = np.ones((3, 4))
kinds = np.array(["boot", "shirt", "boot"])
classifier.fit(measurements, kinds, verbose=0)

# %% [markdown]
# **Why.** A loss computes with numbers, and a word is none; Keras stops where it translates NumPy's dtype
# into its own. The digits in the message are the width of the longest word, in bits. A `tf.data` pipeline of
# words gets further and fails with *Cast string to float is not supported*. Number the classes once, and keep
# the list of names with the network. See [Your own photographs](../3_convnets/16_own_photographs.py) and
# [`StringLookup`](https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/).

# %% tags=["cure"]
kind_names, kind_numbers = np.unique(kinds, return_inverse=True)
history = classifier.fit(measurements, kind_numbers, verbose=0)
print(kind_names, kind_numbers, history.history["loss"])

# %% tags=["claims"]
assert "Invalid dtype: str" in str(sys.last_value), "fit refuses words"
assert history.history["loss"][0] > 0, "numbers of classes it takes"

# %% [markdown]
# ## The accuracy is steady, and every output is nan
#
# The loss is nan, perhaps unseen, and the accuracy looks like a bad network's.

# %% tags=["symptom"] also="nan predictions but accuracy reported; accuracy stuck at the share of class 0; MaxPooling hides nan"
nan_scores = np.full((5, 3), np.nan)
accuracy = keras.metrics.SparseCategoricalAccuracy()
nan_accuracy = accuracy([0, 0, 1, 0, 2], nan_scores)
print("accuracy:", nan_accuracy.numpy())
window = tf.reshape([1.0, np.nan, 3.0, 2.0], (1, 2, 2, 1))
pooled_value = keras.layers.MaxPooling2D()(window)
print("largest of 1, nan, 3 and 2:", pooled_value.numpy().item())

# %% [markdown]
# **Why.** No comparison with nan is true. An `argmax` that finds nothing larger stays at class 0, so the
# accuracy is the fraction of class 0 in the labels; and on a CPU
# [max pooling](https://github.com/keras-team/keras/issues/16158) passes over a nan, so that the layers after
# it see numbers. For the same reason `values == np.nan` finds none.
# [Training by hand](../1_foundations/04_training_by_hand.py) says where nan comes from.

# %% tags=["cure"]
print(np.isnan(nan_scores).any(), (nan_scores == np.nan).any())
try:
    tf.debugging.check_numerics(nan_scores, "the scores of this batch")
except tf.errors.InvalidArgumentError as error:
    complaint = error.message
    print(complaint)

# %% tags=["claims"]
assert np.isclose(nan_accuracy, 3 / 5), (
    "the accuracy of a network that only says nan is the fraction of class 0"
)
assert np.isfinite(pooled_value).all(), "max pooling hides a nan"
assert "the scores of this batch" in complaint, (
    "tf.debugging.check_numerics stops at it, and says where"
)

# %% [markdown]
# ## `convert_image_dtype` leaves my pixels at 255
#
# You resize, then convert to floats, and expect numbers from 0 to 1.

# %% tags=["symptom"] also="image is not scaled to 0 and 1; tf.image.resize returns float32 up to 255; loss explodes although images are converted"
photograph = np.full((8, 8, 1), 255, dtype="uint8")
resized_photograph = tf.image.resize(photograph, (4, 4))
unscaled_photograph = tf.image.convert_image_dtype(
    resized_photograph, tf.float32
)
print(
    resized_photograph.dtype,
    "brightest pixel:",
    unscaled_photograph.numpy().max(),
)

# %% [markdown]
# **Why.** `convert_image_dtype` scales only where it goes from whole numbers to floats or back; floats it
# takes to be scaled already. `tf.image.resize` answers in floats (except by the method `nearest`), and keeps
# the range from 0 to 255. So the order of the two matters. See
# [Fashion-MNIST](../2_networks/05_fashion_mnist.py) and
# [`tf.image.convert_image_dtype`](https://www.tensorflow.org/api_docs/python/tf/image/convert_image_dtype).

# %% tags=["cure"]
float_photograph = tf.image.convert_image_dtype(photograph, tf.float32)
small_photograph = tf.image.resize(float_photograph, (4, 4))
print("brightest pixel:", small_photograph.numpy().max())

# %% tags=["claims"]
assert unscaled_photograph.numpy().max() > 254, (
    "after a resize, convert_image_dtype scales nothing"
)
assert small_photograph.numpy().max() < 1.001, "before it, it does"

# %% [markdown]
# ## Every id is unknown to the network
#
# The network looks up customers, items or seconds since 1970, and the numbers are long.

# %% tags=["symptom"] also="IntegerLookup returns 0; large integers change in predict; two ids get the same embedding; int64 input loses precision"
customer_ids = [1_700_000_001, 1_700_000_060]


def lookup_network(**options):
    ids = keras.Input((1,), **options)
    lookup = keras.layers.IntegerLookup(vocabulary=customer_ids)
    return keras.Model(ids, lookup(ids))


asked_ids = np.array(customer_ids)[:, None]
float_numbers = lookup_network().predict(asked_ids, verbose=0)
print(float_numbers.ravel())

# %% [markdown]
# **Why.** An `Input` without a dtype is `float32`, and the network casts what it gets to that. A `float32`
# holds every whole number only up to `{python} f"{2**24:,}"`; near these ids its numbers lie
# `{python} int(np.spacing(np.float32(customer_ids[0])))` apart. So both ids become a third one, which is not
# in the vocabulary: the answer is 0. See [Tensors](../1_foundations/01_tensors.py) and
# [`Input`](https://keras.io/api/layers/core_layers/input/).

# %% tags=["cure"]
id_numbers = lookup_network(dtype="int64").predict(asked_ids, verbose=0)
print(id_numbers.ravel())

# %% tags=["claims"]
assert not float_numbers.any(), (
    "in an Input without a dtype, long ids become others"
)
assert np.array_equal(id_numbers.ravel(), [1, 2]), (
    "in one of int64 they are found"
)

# %% [markdown]
# ## The mean of many ones is nan
#
# Half precision, to save memory or because the network computes in it.

# %% tags=["symptom"] also="float16 overflow; tf.reduce_mean returns inf or nan in float16; half precision sum is inf; mixed precision metric nan"
many_ones = tf.ones(70_000, tf.float16)
half_mean = tf.reduce_mean(many_ones)
print("mean:", half_mean.numpy(), "sum:", tf.reduce_sum(many_ones).numpy())
print("square of 300:", tf.square(tf.constant(300.0, tf.float16)).numpy())

# %% [markdown]
# **Why.** A `float16` ends at `{python} f"{np.finfo('float16').max:,.0f}"`: what is larger is `inf`.
# `tf.reduce_mean` divides the sum by the count, both in `float16`: `inf` by `inf` is nan. `keras.ops.mean`
# and NumPy add up in a larger dtype, but a square has nowhere to go. `bfloat16` has the range of `float32`,
# and fewer digits. See [Make it fast](../4_beyond/19_make_it_fast.py) and
# [mixed precision](https://keras.io/api/mixed_precision/).

# %% tags=["cure"]
wide_mean = tf.reduce_mean(tf.cast(many_ones, tf.float32))
print(wide_mean.numpy(), keras.ops.mean(many_ones).numpy())

# %% tags=["claims"]
assert np.isnan(half_mean), "tf.reduce_mean overflows in float16"
assert wide_mean.numpy() == 1, "in float32 the mean of ones is 1"
assert keras.ops.mean(many_ones).numpy() == 1, (
    "keras.ops.mean adds up in a larger dtype"
)
