# ---
# title: Shapes and ranks
# summary: Messages about sizes, axes and ranks, and the mistakes with shapes that raise no message at all.
# seed: 7
# ---

# %% [markdown]
# Every entry here is about an array whose axes are not the ones that the code next to it takes for granted.
# Some raise an error that names the shapes; others broadcast, and give you a number. One habit prevents most
# of both: print `.shape` wherever data enters a function, and `assert` the one that you expect.

# %% [markdown]
# ## Matrix size-incompatible
#
# Two layers by hand, or a batch multiplied by a table of weights that another library has stored.

# %% tags=["symptom", "raises-exception"] also="matmul shapes do not match; In[0] and In[1]; cannot multiply matrices"
import sys

import tensorflow as tf

photographs = tf.ones((64, 784))
weights = tf.ones((10, 784))  # one row per class
photographs @ weights

# %% [markdown]
# **Why.** In `a @ b` the last axis of `a` meets the last but one of `b`, and the two must be equally long.
# `In[0]` and `In[1]` are the shapes of `a` and `b` as they arrived, so compare the two inner numbers. Here
# the weights are stored one row per class; they have to be transposed. See
# [Tensors](../1_foundations/01_tensors.py) and
# [`tf.matmul`](https://www.tensorflow.org/api_docs/python/tf/linalg/matmul).

# %% tags=["cure"]
scores = tf.matmul(photographs, weights, transpose_b=True)
print(scores.shape)

# %% tags=["claims"]
matmul_message = str(sys.last_value)
assert "Matrix size-incompatible" in matmul_message, (
    "a product of two shapes that do not fit names both of them"
)
assert scores.shape == (64, 10), "transpose_b turns the second matrix"

# %% [markdown]
# ## My own loss is large although the predictions are perfect
#
# You write the mean squared error yourself, in a training loop or to check what Keras reports.

# %% tags=["symptom"] also="custom loss does not decrease; labels (n,) against predictions (n, 1); loss by hand differs from Keras"
import numpy as np

prices = np.array([1.0, 2.0, 3.0, 4.0])  # shape (4,)
predictions = prices[:, None]  # shape (4, 1), as a Dense(1) answers
own_loss = tf.reduce_mean((prices - predictions) ** 2)
print("own loss:", own_loss.numpy())
print("shape of the differences:", (prices - predictions).shape)

# %% [markdown]
# **Why.** `(4,)` meets `(4, 1)`, and broadcasting makes 16 differences: each price minus each prediction. The
# losses and metrics of Keras bring both to one rank before they subtract, so they are right where your own
# line is not. See [Broadcasting](../1_foundations/02_broadcasting.py) and
# [Keras on losses](https://keras.io/api/losses/).

# %% tags=["cure"]
import keras

keras_loss = keras.losses.MeanSquaredError()(prices, predictions)
squeezed_loss = tf.reduce_mean((prices - predictions[:, 0]) ** 2)
print("Keras:", keras_loss.numpy(), "one rank:", squeezed_loss.numpy())

# %% tags=["claims"]
assert own_loss > 1, "a column minus a row gives perfect predictions a loss"
assert keras_loss.numpy() == squeezed_loss.numpy() == 0, (
    "Keras's loss, and your own on one rank, see that they are perfect"
)

# %% [markdown]
# ## Unknown rank, and only at the second `fit` or `predict`
#
# *Cannot take the length of shape with unknown rank*. The same network, called a second time: another array
# of labels, or photographs with a channel axis after some without.


# %%
def small_network():
    keras.utils.set_random_seed(7)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    network.compile(optimizer="sgd", loss="mse")
    return network


examples = np.ones((4, 3), "float32")
labels = np.ones(4, "float32")

# %% tags=["symptom", "raises-exception"] also="Cannot take the length of shape with unknown rank; fit works once and fails the second time; as_list() is not defined on an unknown TensorShape; unknown rank in predict"
network = small_network()
network.fit(examples, labels, verbose=0)
network.fit(examples, labels[:, None], verbose=0)

# %% [markdown]
# **Why.** `(4,)` and `(4, 1)` are both fine as labels, but not one after the other. Keras compiles its step
# as a [`tf.function`](https://www.tensorflow.org/api_docs/python/tf/function) with `reduce_retracing`: at the
# second rank TensorFlow gives up the rank altogether and traces a step for any shape, and Keras asks that
# shape for its length. `predict` does the same with inputs of two ranks. Keep to one rank, or call `compile`
# again, which forgets the compiled step; for `predict`, the rank of `Input` is the one to keep.
# [Make it fast](../4_beyond/19_make_it_fast.py) is about such traces.

# %% tags=["cure"]
network = small_network()
for batch_labels in (labels, labels[:, None]):
    column = batch_labels.reshape(-1, 1)
    history = network.fit(examples, column, verbose=0)
    print(column.shape, "loss", history.history["loss"])

# %% tags=["claims"]
assert "unknown rank" in str(sys.last_value), (
    "labels of a second rank fail in a network that has been fitted"
)
assert history.history["loss"][0] >= 0, "labels of one rank do not"

# %% [markdown]
# ## expected min_ndim=4, found ndim=3
#
# Grey photographs, and the first convolution of a network.

# %% tags=["symptom", "raises-exception"] also="Input of layer conv2d is incompatible with the layer; Conv2D needs a channel axis; expected ndim=3, found ndim=2 for an LSTM"
keras.Sequential([keras.Input((28, 28)), keras.layers.Conv2D(8, 3)])

# %% [markdown]
# **Why.** `ndim` counts the batch: a `Conv2D` takes batch, height, width and channels, and a grey photograph
# has one channel, which must be there all the same. An `LSTM` says *expected ndim=3*: batch, time, features.
# Declare the channel in `Input`. Keras then adds the axis to photographs that come without it, and says
# nothing. See [Convolution](../3_convnets/12_convolution.py) and
# [`Conv2D`](https://keras.io/api/layers/convolution_layers/convolution2d/).

# %% tags=["cure"]
convolution = keras.Sequential(
    [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3)]
)
grey_photographs = np.random.rand(5, 28, 28)
maps = convolution(grey_photographs)
maps_of_channels = convolution(grey_photographs[..., None])
print(maps.shape, np.array_equal(maps, maps_of_channels))

# %% tags=["claims"]
assert "min_ndim=4, found ndim=3" in str(sys.last_value), (
    "a Conv2D refuses an Input without channels"
)
assert np.array_equal(maps, maps_of_channels), (
    "with a channel in Input, photographs with and without one get the same answer"
)

# %% [markdown]
# ## One photograph in, many answers out
#
# You ask a trained network about one photograph, and forget the axis of the batch.

# %% tags=["symptom"] also="predict a single image; missing batch dimension; forgot expand_dims before predict"
layers = keras.layers
network = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(8, 3, padding="same"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10),
    ]
)
photograph = np.random.rand(28, 28, 1)
many_answers = network.predict(photograph, verbose=0)
print(many_answers.shape)

# %% [markdown]
# **Why.** Keras takes the rows of the photograph for a batch. What is left of each, `(28, 1)`, lacks one
# axis, and since the last axis of `Input` is a channel of size 1, Keras adds one, as it did above. It does
# not compare the sizes (see the next entry). Without the channel, `Input((28, 28))` refuses a single
# photograph: *Invalid input shape*. See [Your first network](../2_networks/06_first_network.py) and
# [`predict`](https://keras.io/api/models/model_training_apis/).
#
# Call the network for one photograph. Its `predict` has met another rank by now and would end in *unknown
# rank*, as above.

# %% tags=["cure"]
one_answer = network(photograph[None])
print(photograph[None].shape, "->", one_answer.shape)

# %% tags=["claims"]
assert len(many_answers) == 28, (
    "a single square photograph is answered row by row, without a message"
)
assert len(one_answer) == 1, (
    "with an axis for the batch there is one answer"
)

# %% [markdown]
# ## A network built for one size answers for every size
#
# You forget to resize, and the network of the last entry, built for 28×28, gets photographs of another size.

# %% tags=["symptom"] also="Input shape is ignored; Sequential does not check the input size; accuracy collapses on images of another resolution"
large_photographs = np.random.rand(5, 90, 70, 1)
print(network.input_shape, network(large_photographs).shape)

# %% [markdown]
# **Why.** In a `Sequential`, `Input` says how to build the layers, and nothing compares your data with it
# later. Convolutions and global pooling take any size, so only a `Flatten` with a `Dense` after it would
# complain. A functional model of the same layers does compare
# ([a change](https://github.com/keras-team/keras/pull/23184) is proposed for a case that slips through: one
# square photograph). See [The functional API](../2_networks/07_functional_api.py).

# %% tags=["cure"]
strict_network = keras.Model(network.inputs, network.outputs)
try:
    strict_network(large_photographs)
except ValueError as error:
    refusal = str(error)
    print(refusal)

# %% tags=["claims"]
assert network(large_photographs).shape == (5, 10), (
    "a Sequential answers photographs of a size that its Input excludes"
)
assert "expected shape=(None, 28, 28, 1)" in refusal, (
    "a functional model of the same layers refuses them"
)

# %% [markdown]
# ## The network answers once per row, and trains all the same
#
# A layer is missing between a photograph and the last `Dense`.

# %% tags=["symptom"] also="forgot Flatten; output shape (None, rows, units); Dense on an image; loss falls but predict has too many values"
keras.utils.set_random_seed(7)
row_network = keras.Sequential([keras.Input((28, 28)), layers.Dense(1)])
row_network.compile(optimizer="sgd", loss="mse")
batch = np.random.rand(32, 28, 28)
ages = np.random.rand(32)
history = row_network.fit(batch, ages, verbose=0)
print("loss:", history.history["loss"][0], row_network.output_shape)

# %% [markdown]
# **Why.** A `Dense` works on the last axis alone: it gives a photograph of 28 rows 28 answers, all from the
# same 28 weights. With a squared error, each label is then compared with every answer, and `fit` reports a
# loss. A classifier is luckier: the sparse crossentropy refuses the extra axis. Look at `output_shape` or
# `summary()` before you train. See [Your first network](../2_networks/06_first_network.py) and
# [`Dense`](https://keras.io/api/layers/core_layers/dense/).

# %% tags=["cure"]
photograph_network = keras.Sequential(
    [keras.Input((28, 28)), layers.Flatten(), layers.Dense(1)]
)
print(photograph_network.output_shape)

# %% tags=["claims"]
assert row_network.output_shape == (None, 28, 1), (
    "without Flatten, a Dense answers once per row"
)
assert np.isfinite(history.history["loss"][0]), (
    "a squared error trains such a network without a message"
)
assert photograph_network.output_shape == (None, 1), (
    "with Flatten there is one answer per photograph"
)

# %% [markdown]
# ## Argument `output` must have rank (ndim) `target.ndim - 1`
#
# The labels are one-hot, rows with a single 1, and the loss has *sparse* in its name.

# %% tags=["symptom", "raises-exception"] also="one-hot labels with sparse_categorical_crossentropy; Shapes (None, 1) and (None, 10) are incompatible; Arguments target and output must have the same rank; logits and labels must have the same shape"
one_hot = np.eye(3)[[0, 2, 1, 0]]
classifier = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
sparse_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
classifier.compile(loss=sparse_loss)
classifier.fit(examples, one_hot, verbose=0)

# %% [markdown]
# **Why.** A sparse loss wants class numbers, of shape `(n,)`; the one without *sparse* wants a row per
# example, `(n, classes)`. The formula in the message has its sign the wrong way round: the output must have
# one axis *more* than the labels. Given class numbers, `CategoricalCrossentropy` complains in the mirror
# image: *must have the same rank*. See [Your first network](../2_networks/06_first_network.py) and [the
# losses for classes](https://keras.io/api/losses/probabilistic_losses/).

# %% tags=["cure"]
classifier.compile(loss=sparse_loss)
sparse_score = classifier.evaluate(
    examples, one_hot.argmax(axis=1), verbose=0
)
classifier.compile(
    loss=keras.losses.CategoricalCrossentropy(from_logits=True)
)
one_hot_score = classifier.evaluate(examples, one_hot, verbose=0)
print(sparse_score, one_hot_score)

# %% tags=["claims"]
assert "target.ndim - 1" in str(sys.last_value), (
    "a sparse loss refuses one-hot labels"
)
assert np.isclose(sparse_score, one_hot_score, rtol=1e-3), (
    "the numbers of the classes, or the loss without sparse, give the same loss"
)

# %% [markdown]
# ## Two columns of targets, one output, and no complaint
#
# You add a second quantity to predict, and forget the last layer.

# %% tags=["symptom"] also="wrong number of outputs in regression; mse with different shapes; loss stuck at a high value"
inputs = np.random.default_rng(7).normal(size=(64, 3))
targets = np.stack([inputs[:, 0], 3 * inputs[:, 1]], axis=1)


def fit_linear(output_count):
    keras.utils.set_random_seed(7)
    linear = keras.Sequential(
        [keras.Input((3,)), layers.Dense(output_count)]
    )
    linear.compile(keras.optimizers.SGD(0.1), loss="mse")
    history = linear.fit(inputs, targets, epochs=30, verbose=0)
    return history.history["loss"][-1]


one_output_loss = fit_linear(1)
print("loss with one output:", one_output_loss)

# %% [markdown]
# **Why.** `(64, 2)` minus `(64, 1)` broadcasts, so the one output is compared with both columns and learns
# their average. The mean squared and the mean absolute error of Keras check neither columns nor classes; the
# crossentropies do. It works the other way round as well: three outputs, one column of targets. See
# [Broadcasting](../1_foundations/02_broadcasting.py) and
# [the losses for regression](https://keras.io/api/losses/regression_losses/).

# %% tags=["cure"]
two_output_loss = fit_linear(targets.shape[1])
print("loss with two outputs:", two_output_loss)

# %% tags=["claims"]
assert one_output_loss > 1, (
    "one output trains on two columns of targets, and stays far from both"
)
assert two_output_loss < 0.1, "an output per column learns both"

# %% [markdown]
# ## `==` says False, once, for two tensors
#
# You compare answers with labels, and one of the two has lost its last batch.

# %% tags=["symptom"] also="equality of tensors is a single bool; accuracy is zero although most answers agree; comparing tensors of different length"
answers = tf.constant([3, 1, 4, 1])
truths = tf.constant([3, 1, 4, 1, 5])
comparison = answers == truths
print(comparison, "accuracy:", np.mean(comparison))

# %% [markdown]
# **Why.** Where two shapes do not broadcast, `==` of tensors gives one `False` and `!=` one `True`, so that
# tensors can be compared with anything, as any Python object can. The mean of that is an accuracy of 0.
# NumPy's `==` raises an error here, and so do `tf.equal` and `keras.ops.equal`. See
# [Tensors](../1_foundations/01_tensors.py) and
# [`tf.math.equal`](https://www.tensorflow.org/api_docs/python/tf/math/equal).

# %% tags=["cure"]
tf.debugging.assert_equal(tf.shape(answers), tf.shape(truths[:4]))
accuracy = np.mean(tf.equal(answers, truths[:4]))
print("accuracy:", accuracy)

# %% tags=["claims"]
assert np.array_equal(comparison, False), (
    "tensors of unequal length compare as one False"
)
assert accuracy == 1, "of equal length, they compare element by element"

# %% [markdown]
# ## Computed output size would be zero or negative
#
# A network for large photographs is built for small ones, or gets one more block of convolution and pooling.

# %% tags=["symptom", "raises-exception"] also="negative dimension size caused by subtracting; image too small for the network; too many MaxPooling2D layers; could not create a descriptor for a pooling forward propagation primitive"
network = keras.Sequential([keras.Input((28, 28, 1))])
for _ in range(4):
    network.add(layers.Conv2D(4, 3))
    network.add(layers.MaxPooling2D())

# %% [markdown]
# **Why.** A 3×3 filter takes 2 off the height and the width, and a pooling halves them, rounding down: 28,
# 26, 13, 11, 5, 3, 1, and that is too little for a fourth filter. Keras says so while it builds a network of
# known size. With `Input((None, None, 1))` the error comes only with the small photograph, and in other
# words; give the size if you know it. See [Convolution](../3_convnets/12_convolution.py) and
# [`MaxPooling2D`](https://keras.io/api/layers/pooling_layers/max_pooling2d/).

# %% tags=["cure"]
network = keras.Sequential([keras.Input((28, 28, 1))])
for _ in range(4):
    network.add(layers.Conv2D(4, 3, padding="same"))
    network.add(layers.MaxPooling2D())
print(network.output_shape)

# %% tags=["claims"]
assert "zero or negative" in str(sys.last_value), (
    "a network that shrinks its photographs to nothing is refused when it is built"
)
assert network.output_shape == (None, 1, 1, 4), (
    'padding="same" leaves the shrinking to the pooling'
)

# %% [markdown]
# ## Data cardinality is ambiguous
#
# You have filtered the examples, and not the labels.

# %% tags=["symptom", "raises-exception"] also="Make sure all arrays contain the same number of samples; x sizes and y sizes differ; wrong number of labels"
measurements = np.random.default_rng(7).normal(size=(6, 3))
heights = measurements.sum(axis=1)
measurements[2, 0] = np.nan
complete_rows = ~np.isnan(measurements).any(axis=1)
network = small_network()
network.fit(measurements[complete_rows], heights, verbose=0)

# %% [markdown]
# **Why.** The first axis of `x`, `y` and `sample_weight` counts the examples, and Keras compares nothing but
# these counts. Be glad of the message: had you cut the labels at the end instead, the counts would agree, and
# each label after the gap would belong to another example. Index all arrays with one mask. See
# [Fashion-MNIST](../2_networks/05_fashion_mnist.py) and
# [`fit`](https://keras.io/api/models/model_training_apis/).

# %% tags=["cure"]
history = network.fit(
    measurements[complete_rows], heights[complete_rows], verbose=0
)
print(history.history["loss"])

# %% tags=["claims"]
assert "Data cardinality" in str(sys.last_value), (
    "fit refuses examples and labels of unequal number"
)
assert np.isfinite(history.history["loss"][0]), "with one mask they agree"

# %% [markdown]
# ## Unrecognized data type: x=[[1.0, 2.0, 3.0], ...
#
# A few examples, typed in or read from a file, as lists.

# %% tags=["symptom", "raises-exception"] also="list of lists passed to predict; labels as a Python list; fit does not accept a list"
network.predict([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

# %% [markdown]
# **Why.** To Keras a list is a list of *inputs*, for networks with several; each of its elements must be an
# array or a tensor. Where it finds numbers it gives up, in labels as well as in examples. A list of arrays
# gets further, and each array is taken for an input of its own. See [The functional
# API](../2_networks/07_functional_api.py) and [`predict`](https://keras.io/api/models/model_training_apis/).

# %% tags=["cure"]
examples_of_lists = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(network.predict(examples_of_lists, verbose=0).shape)

# %% tags=["claims"]
assert "Unrecognized data type" in str(sys.last_value), (
    "predict refuses a list of lists"
)
assert network(examples_of_lists).shape == (2, 1), "an array it takes"

# %% [markdown]
# ## The answer changes its shape when the last batch has one example
#
# You drop the axes of size 1 with `squeeze`, and one batch of the whole data set is small.

# %% tags=["symptom"] also="squeeze removes the batch axis; wrong class for a single image; argmax axis out of bounds for one example; last batch of size one"
score_rows = np.eye(3)[[2, 0, 1]].reshape(3, 1, 3)
for batch_size in (2, 1):
    squeezed_scores = tf.squeeze(score_rows[:batch_size])
    answer_count = len(squeezed_scores)
    print("examples:", batch_size, "answers:", answer_count)

# %% [markdown]
# **Why.** `squeeze` without an axis drops *every* axis of size 1, and in a batch of one that is the batch as
# well. Whatever you count, average or look up along the first axis then runs over the classes. Name the axis
# that you mean. See [Tensors](../1_foundations/01_tensors.py) and
# [`tf.squeeze`](https://www.tensorflow.org/api_docs/python/tf/squeeze).

# %% tags=["cure"]
for batch_size in (2, 1):
    scores = tf.squeeze(score_rows[:batch_size], axis=1)
    print("examples:", batch_size, "answers:", len(scores))

# %% tags=["claims"]
assert answer_count == 3, "of a batch of one, only the classes are left"
assert scores.shape == (1, 3), "with a named axis the batch stays"
