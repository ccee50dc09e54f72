# ---
# title: Gradients that are missing or wrong
# summary: None, nan, layers that never learn, steps that do not change. What stands between the loss and the weights.
# seed: 7
# ---

# %% [markdown]
# A network learns where an unbroken path leads from the loss back to a variable, and where the optimizer is
# given what arrives there. The entries here break the path or hand over something else, most of them without
# a word. One habit finds nearly all: after the first step, compare each variable with a copy from before it.

# %% [markdown]
# ## No gradients provided for any variable
#
# Your own training loop, at its first step.

# %% tags=["symptom", "raises-exception"] also="predict inside GradientTape; all gradients are None; apply_gradients fails in a custom loop"
import sys

import keras
import numpy as np
import tensorflow as tf

layers = keras.layers
examples = np.random.default_rng(7).normal(size=(8, 2)).astype("float32")
targets = examples.sum(axis=1, keepdims=True)


def build_network(**options):
    keras.utils.set_random_seed(7)
    hidden_layer = layers.Dense(3, **options)
    return keras.Sequential(
        [keras.Input((2,)), hidden_layer, layers.Dense(1)]
    )


network = build_network()
optimizer = keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    answers = network.predict(examples, verbose=0)
    loss = tf.reduce_mean((answers - targets) ** 2)
gradients = tape.gradient(loss, network.trainable_variables)
optimizer.apply(gradients, network.trainable_variables)

# %% [markdown]
# **Why.** `predict` gives NumPy arrays, and no path leads back from those. Every gradient is `None`, and the
# optimizer refuses when all of them are. Inside a tape call the network itself. See
# [Gradients](../1_foundations/03_gradients.py) and [Keras on writing your own training
# loop](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/).


# %% tags=["cure"]
def gradients_of(network):
    with tf.GradientTape() as tape:
        answers = network(examples, training=True)
        loss = tf.reduce_mean((answers - targets) ** 2)
    return tape.gradient(loss, network.trainable_variables)


mended_gradients = gradients_of(network)
optimizer.apply(mended_gradients, network.trainable_variables)
print([gradient is None for gradient in mended_gradients])

# %% tags=["claims"]
assert "No gradients provided" in str(sys.last_value), (
    "after predict, the optimizer has no gradient at all"
)
assert all(gradient is not None for gradient in mended_gradients), (
    "after a call of the network, it has all of them"
)

# %% [markdown]
# ## 'numpy.float32' object has no attribute '_id'
#
# A function of NumPy stands somewhere in the loss.

# %% tags=["symptom", "raises-exception"] also="np.mean in a loss; np.square of a tensor; object has no attribute _id in tape.gradient"
with tf.GradientTape() as tape:
    loss = np.mean((network(examples) - targets) ** 2)
tape.gradient(loss, network.trainable_variables)

# %% [markdown]
# **Why.** NumPy takes a tensor, computes outside TensorFlow and gives a number of its own, which the tape
# does not know. You are lucky that this fails: where an operation of TensorFlow comes last, the result is a
# tensor again and each gradient is `None`. Compute with `tf` or `keras.ops` between the variables and the
# loss. See [Gradients](../1_foundations/03_gradients.py) and
# [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape).

# %% tags=["cure"]
with tf.GradientTape() as tape:
    loss = keras.ops.mean((network(examples) - targets) ** 2)
mended_gradients = tape.gradient(loss, network.trainable_variables)
print([gradient is None for gradient in mended_gradients])

# %% tags=["claims"]
assert "_id" in str(sys.last_value), (
    "a tape has no gradient of NumPy's number"
)
assert all(gradient is not None for gradient in mended_gradients), (
    "of keras.ops it has one"
)

# %% [markdown]
# ## `tape.gradient` gives None
#
# A formula leads from the one to the other, and the tape finds no gradient.


# %% tags=["symptom"] also="gradient is None; tf.Variable of an integer has no gradient; gradient of tf.round or argmax; derivative of accuracy"
def slope(compute, start):
    with tf.GradientTape() as tape:
        value = compute(start)
    return tape.gradient(value, start)


print("of a constant:", slope(tf.square, tf.constant(3.0)))
print("of a whole number:", slope(tf.square, tf.Variable(3)))
print("of tf.round:", slope(tf.round, tf.Variable(3.2)))
print(
    "of a hit:",
    slope(lambda x: tf.where(x > 1, 1.0, 0.0), tf.Variable(3.2)),
)

# %% [markdown]
# **Why.** By itself a tape watches trainable variables of floats alone: `tf.Variable(3)` is an integer. For
# rounding, `argmax`, comparisons and casts to whole numbers, TensorFlow defines no gradient, and the tape
# answers `None`, not 0. (For `tf.sign` it answers 0.) See
# [Gradients](../1_foundations/03_gradients.py), which has more ways to lose a gradient, and
# [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape).

# %% tags=["cure"]
smooth_hit = slope(lambda x: tf.sigmoid(x - 1), tf.Variable(3.2))
slope_of_square = slope(tf.square, tf.Variable(3.0))
print(slope_of_square.numpy(), smooth_hit.numpy())

# %% tags=["claims"]
assert slope(tf.square, tf.Variable(3)) is None, (
    "a variable of whole numbers has no gradient"
)
assert slope(tf.round, tf.Variable(3.2)) is None, "nor has rounding"
assert slope_of_square == 6, "a variable of floats has one"
assert smooth_hit > 0, "and so has a smooth step"

# %% [markdown]
# ## unsupported operand type(s) for *: 'float' and 'NoneType'
#
# A descent by hand. The first step is fine, the second fails.

# %% tags=["symptom", "raises-exception"] also="gradient is None in the second iteration; weight update by hand fails; w = w - lr * grad"
weight = tf.Variable(3.0)
for _ in range(2):
    gradient = slope(tf.square, weight)
    weight = weight - 0.1 * gradient

# %% [markdown]
# **Why.** `weight - 0.1 * gradient` is a tensor, and `=` puts it in the variable's place. The tape does not
# watch a tensor, so the next gradient is `None`. Change the variable instead. See
# [Gradients](../1_foundations/03_gradients.py) and
# [`tf.Variable`](https://www.tensorflow.org/api_docs/python/tf/Variable).

# %% tags=["cure"]
lasting_weight = tf.Variable(3.0)
for _ in range(2):
    lasting_weight.assign_sub(0.1 * slope(tf.square, lasting_weight))
print(lasting_weight.numpy())

# %% tags=["claims"]
assert "NoneType" in str(sys.last_value), "the second gradient is None"
assert not isinstance(weight, tf.Variable), (
    "because the variable has become a tensor"
)
assert 1.9 < lasting_weight < 2, "assign_sub keeps the variable"

# %% [markdown]
# ## The loss is finite and the gradient is nan
#
# A distance, a standard deviation or a length of 0, and after one step all weights are nan.

# %% tags=["symptom"] also="nan after the first step; gradient of sqrt at zero; tf.norm gradient nan; distance between equal points; contrastive loss nan"
difference = tf.Variable([0.0, 0.0])
distance_slope = slope(tf.norm, difference)
print(tf.norm(difference).numpy(), distance_slope.numpy())

# %% [markdown]
# **Why.** The slope of a root is infinite at 0, and
# [infinity times 0](https://github.com/tensorflow/tensorflow/issues/12071) is nan. Two equal points are
# enough, and neither `clipnorm` nor `clipvalue` mends a nan. Add a small number *under* the root, or do
# without the root: the squared distance has a slope everywhere. See
# [Training by hand](../1_foundations/04_training_by_hand.py).


# %% tags=["cure"]
def safe_norm(vector):
    return tf.sqrt(tf.reduce_sum(vector**2) + 1e-12)


safe_slope = slope(safe_norm, difference)
print(safe_norm(difference).numpy(), safe_slope.numpy())

# %% tags=["claims"]
assert np.isnan(distance_slope).all(), "at 0 the gradient of tf.norm is nan"
assert np.isnan(tf.clip_by_norm(distance_slope, 1.0)).all(), (
    "and clipping leaves it nan"
)
assert np.array_equal(safe_slope, [0, 0]), (
    "with a small number under the root it is 0"
)

# %% [markdown]
# ## `tf.where` protects the value and not the gradient
#
# You have replaced what would be infinite, the loss is fine, and the weights become nan.


# %% tags=["symptom"] also="nan gradient although tf.where excludes it; log of zero in the untaken branch; masked loss gives nan gradients"
def guarded_log(x):
    return tf.where(x > 0, tf.math.log(x), 0.0)


numbers = tf.Variable([0.0, 2.0])
guarded_slope = slope(guarded_log, numbers)
print(guarded_log(numbers).numpy(), guarded_slope.numpy())

# %% [markdown]
# **Why.** Both branches are computed. On the way back the branch not taken gets a gradient of 0, and
# multiplies it by its own slope:
# [0 times infinity is nan](https://github.com/tensorflow/tensorflow/issues/38349). So the *input* of the
# dangerous function must be safe too. Some operations guard themselves, as `tf.math.divide_no_nan`. See
# [Training by hand](../1_foundations/04_training_by_hand.py).


# %% tags=["cure"]
def safe_log(x):
    safe_input = tf.where(x > 0, x, 1.0)
    return tf.where(x > 0, tf.math.log(safe_input), 0.0)


safe_log_slope = slope(safe_log, numbers)
print(safe_log(numbers).numpy(), safe_log_slope.numpy())

# %% tags=["claims"]
assert np.isfinite(guarded_log(numbers)).all(), (
    "the guarded value is finite"
)
assert np.isnan(guarded_slope[0]), "its gradient is nan"
assert np.array_equal(safe_log_slope, [0, 0.5]), (
    "with a safe input it is finite"
)

# %% [markdown]
# ## Gradients do not exist for variables
#
# A warning from your own loop, and the training goes on.

# %% tags=["symptom"] also="Gradients do not exist when minimizing the loss; some layers do not train; zip with weights instead of trainable_variables; did you forget to provide a loss argument"
with tf.GradientTape() as tape:
    hidden_values = network.layers[0](examples)
    loss = tf.reduce_mean(hidden_values**2)  # the last layer is not used
variables = network.trainable_variables
optimizer.apply(tape.gradient(loss, variables), variables)

# %% [markdown]
# **Why.** Some gradients are `None`: Keras drops them, names the variables and trains the others. Either the
# loss does not use these layers, as here, or the path breaks on the way. With `network.weights` the list
# holds the moving means of `BatchNormalization` as well, which never have a gradient. See
# [Gradients](../1_foundations/03_gradients.py) and [Keras on optimizers](https://keras.io/api/optimizers/).

# %% tags=["cure"]
used_variables = network.layers[0].trainable_variables
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(network.layers[0](examples) ** 2)
partial_gradients = tape.gradient(loss, used_variables)
optimizer.apply(partial_gradients, used_variables)
print([gradient is None for gradient in partial_gradients])

# %% tags=["claims"]
last_layer = network.layers[1].trainable_variables
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(network.layers[0](examples) ** 2)
assert tape.gradient(loss, last_layer) == [None, None], (
    "layers that the loss does not use have no gradient"
)
assert all(gradient is not None for gradient in partial_gradients), (
    "the layers that it does use have one each"
)

# %% [markdown]
# ## Unknown variable. This optimizer can only be called for the variables
#
# One optimizer, and a second network: in cross-validation, in a search, or after you have unfrozen layers.

# %% tags=["symptom", "raises-exception"] also="When working with a new set of variables, you should recreate a new optimizer instance; optimizer reused across folds; compile twice with the same optimizer"
shared_optimizer = keras.optimizers.Adam()
for _ in range(2):
    network = build_network()
    network.compile(shared_optimizer, loss="mse")
    network.fit(examples, targets, verbose=0)

# %% [markdown]
# **Why.** At its first step an optimizer makes its own memory for each variable (Adam two numbers per
# weight), and it serves these variables alone. Make a new one per network, and after you unfreeze layers; a
# name like `"adam"` in `compile` makes one each time. See [Experiments](../2_networks/11_experiments.py) and
# [Keras on optimizers](https://keras.io/api/optimizers/).

# %% tags=["cure"]
for _ in range(2):
    network = build_network()
    network.compile(keras.optimizers.Adam(), loss="mse")
    history = network.fit(examples, targets, verbose=0)
    print(history.history["loss"])

# %% tags=["claims"]
assert "Unknown variable" in str(sys.last_value), (
    "an optimizer refuses the variables of a second network"
)
assert history.history["loss"][0] > 0, "one optimizer each trains both"

# %% [markdown]
# ## An unfrozen layer stays frozen
#
# Fine-tuning: you set `trainable = True`, the summary agrees, and `fit` says nothing.

# %% tags=["symptom"] also="trainable has no effect after compile; fine-tuning does not improve; layer.trainable ignored; frozen layer still trains"
network = build_network()
first_layer = network.layers[0]
first_layer.trainable = False
network.compile("sgd", loss="mse")
network.fit(examples, targets, verbose=0)
first_layer.trainable = True
kernel = first_layer.kernel.numpy()
network.fit(examples, targets, epochs=3, verbose=0)
silent_change = np.abs(first_layer.kernel - kernel).max()
print(
    "variables:", len(network.trainable_variables), "change:", silent_change
)

# %% [markdown]
# **Why.** `fit` compiles its step once, with the variables that are trainable then, and keeps it until the
# next `compile`. The other way round, a layer frozen after a `fit` goes on learning. A
# [warning was proposed](https://github.com/keras-team/keras/pull/22413) and not taken up. See
# [Transfer learning](../3_convnets/15_transfer_learning.py).

# %% tags=["cure"]
network.compile("sgd", loss="mse")
network.fit(examples, targets, epochs=3, verbose=0)
change = np.abs(first_layer.kernel - kernel).max()
print("change:", change)

# %% tags=["claims"]
assert len(network.trainable_variables) == 4, "the network lists the layer"
assert silent_change == 0, "and does not train it after the first fit"
assert change > 0, "after another compile, it does"

# %% [markdown]
# ## A layer learns nothing and is in no list
#
# A network of your own class keeps a layer in an object of its own, a settings object or a data class.


# %% tags=["symptom"] also="layer is not tracked; trainable_variables incomplete; weights missing from the saved subclassed model; layer inside a custom object"
class Parts:
    def __init__(self):
        self.hidden_layer = layers.Dense(3)


class OwnNetwork(keras.Model):
    def __init__(self, parts):
        super().__init__()
        self.parts = parts
        self.last_layer = layers.Dense(1)

    def call(self, inputs):
        return self.last_layer(self.parts.hidden_layer(inputs))


lossy_network = OwnNetwork(Parts())
lossy_network(examples)
print("variables:", len(lossy_network.trainable_variables))

# %% [markdown]
# **Why.** Keras tracks what you assign to `self`: layers, variables, and lists, dictionaries, tuples and sets
# of them. It does not look into other objects. Such a layer computes, but is not trained and not saved. Count
# `trainable_variables`: two per `Dense`. See [The functional API](../2_networks/07_functional_api.py) and
# [Keras on subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/).


# %% tags=["cure"]
class TrackedNetwork(OwnNetwork):
    def __init__(self, parts):
        super().__init__(parts)
        self.hidden_layer = parts.hidden_layer


tracked_network = TrackedNetwork(Parts())
tracked_network(examples)
print("variables:", len(tracked_network.trainable_variables))

# %% tags=["claims"]
assert len(lossy_network.trainable_variables) == 2, (
    "a layer inside an object of your own is not tracked"
)
assert len(tracked_network.trainable_variables) == 4, (
    "as an attribute of the network it is"
)

# %% [markdown]
# ## The regulariser changes nothing in my own loop
#
# The layer has a `kernel_regularizer`, and the weights are as large as without.

# %% tags=["symptom"] also="kernel_regularizer ignored in a custom training loop; L2 penalty missing; loss in GradientTape differs from evaluate"
network = build_network(kernel_regularizer=keras.regularizers.L2(1.0))
network.compile("sgd", loss="mse")
own_loss = tf.reduce_mean((network(examples) - targets) ** 2).numpy()
keras_loss = network.evaluate(examples, targets, verbose=0)
print("own loss:", own_loss, "evaluate:", keras_loss)

# %% [markdown]
# **Why.** A regulariser is a loss of its own, which `fit` and `evaluate` add and your formula does not. Each
# call of the network puts these losses into `network.losses`; add them inside the tape. See
# [Regularisation](../2_networks/10_regularisation.py) and
# [Keras on regularisers](https://keras.io/api/layers/regularizers/).

# %% tags=["cure"]
with tf.GradientTape() as tape:
    fit_loss = tf.reduce_mean((network(examples) - targets) ** 2)
    whole_loss = fit_loss + sum(network.losses)
whole_gradients = tape.gradient(whole_loss, network.trainable_variables)
print("own loss:", whole_loss.numpy())

# %% tags=["claims"]
assert own_loss < 0.9 * keras_loss, "your own loss lacks the penalty"
assert np.isclose(whole_loss, keras_loss, rtol=1e-3), (
    "with network.losses it is Keras's"
)

# %% [markdown]
# ## `clipnorm` lets the gradient of an Embedding through
#
# Text or ids, an optimizer with `clipnorm` or `clipvalue`, and steps that are larger than it allows.

# %% tags=["symptom"] also="gradient clipping does not work for embeddings; IndexedSlices clipped before summing; object IndexedSlices has no attribute numpy"
word_numbers = np.array([0, 0, 0, 0])  # one word, four times


def step_of_embedding(make_dense, **clipping):
    embedding = layers.Embedding(3, 1, embeddings_initializer="zeros")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(embedding(word_numbers))
    gradient = tape.gradient(loss, embedding.embeddings)
    if make_dense:
        gradient = tf.convert_to_tensor(gradient)
    optimizer = keras.optimizers.SGD(1.0, **clipping)
    optimizer.apply([gradient], [embedding.embeddings])
    return -embedding.embeddings.numpy()[0, 0]


norm_step = step_of_embedding(make_dense=False, clipnorm=1.0)
value_step = step_of_embedding(make_dense=False, clipvalue=1.0)
print("steps at a limit of 1:", norm_step, value_step)

# %% [markdown]
# **Why.** The gradient of a lookup is a list of rows, `IndexedSlices`, with a row per *use* of a word. It is
# clipped as it is, and the rows of one word are added up afterwards. Here four rows of 1 make a step of
# `{python} f"{value_step:.0f}"`. `tf.linalg.global_norm` measures such a list the same way.
# `tf.convert_to_tensor` adds them up first, and its result has `.numpy()`; but it is as large as the whole
# table. See [Gradients](../1_foundations/03_gradients.py) and
# [`tf.IndexedSlices`](https://www.tensorflow.org/api_docs/python/tf/IndexedSlices).

# %% tags=["cure"]
dense_norm_step = step_of_embedding(make_dense=True, clipnorm=1.0)
dense_value_step = step_of_embedding(make_dense=True, clipvalue=1.0)
print("steps at a limit of 1:", dense_norm_step, dense_value_step)

# %% tags=["claims"]
assert norm_step > 1.5, "clipnorm lets a word that occurs four times pass"
assert value_step > 3.5, "clipvalue lets all of its gradient pass"
assert np.allclose([dense_norm_step, dense_value_step], 1), (
    "a gradient made dense is clipped"
)

# %% [markdown]
# ## tf.function only supports singleton tf.Variables
#
# A layer or a variable is made inside a function that `tf.function` compiles.


# %% tags=["symptom", "raises-exception"] also="Variable created inside tf.function; layer created in call or train_step; creating variables on a non-first call"
@tf.function
def transform(inputs):
    return layers.Dense(3)(inputs)


transform(examples)

# %% [markdown]
# **Why.** TensorFlow traces such a function a second time right away, to make sure that it creates no more
# variables. This one would make new weights with each trace, and none of them would be trained. Make
# variables and layers outside; in a class, in `__init__`. See [Training by
# hand](../1_foundations/04_training_by_hand.py) and [TensorFlow's
# guide](https://www.tensorflow.org/guide/function#creating_tfvariables).

# %% tags=["cure"]
dense_layer = layers.Dense(3)


@tf.function
def transform(inputs):
    return dense_layer(inputs)


print(transform(examples).shape, len(dense_layer.trainable_variables))

# %% tags=["claims"]
assert "singleton tf.Variables" in str(sys.last_value), (
    "a function that makes variables each time is refused"
)
assert transform(examples).shape == (8, 3), (
    "with a layer from outside it runs"
)

# %% [markdown]
# ## The learning rate that I lower stays the same
#
# A compiled training step reads a Python number: a rate, a weight of the loss, a random factor.

# %% tags=["symptom"] also="tf.function ignores a changed Python variable; print runs only once in tf.function; np.random gives the same number every step"
settings = {"rate": 1.0}
position = tf.Variable(0.0)


@tf.function
def take_step():
    print("tracing at rate", settings["rate"])
    position.assign_add(settings["rate"])


take_step()
settings["rate"] = 0.1
take_step()
print("position:", position.numpy())

# %% [markdown]
# **Why.** Python's lines run while TensorFlow traces the function, once, and their numbers stay in the graph
# as constants. So `print` speaks once, and `np.random` draws once. Keep what changes in a `tf.Variable`, or
# pass it as a tensor; a Keras optimizer keeps its `learning_rate` in a variable. See
# [Make it fast](../4_beyond/19_make_it_fast.py) and
# [`tf.function`](https://www.tensorflow.org/api_docs/python/tf/function).

# %% tags=["cure"]
rate = tf.Variable(1.0)
mended_position = tf.Variable(0.0)


@tf.function
def take_mended_step():
    mended_position.assign_add(rate)


take_mended_step()
rate.assign(0.1)
take_mended_step()
print("position:", mended_position.numpy())

# %% tags=["claims"]
assert np.isclose(position, 2.0), (
    "a compiled step keeps the number that Python had at the first call"
)
assert np.isclose(mended_position, 1.1), "a variable's it reads each time"
