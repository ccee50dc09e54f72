# ---
# title: A loss that will not fall
# summary: Losses that are nan, negative, stuck or too good to be true, and accuracies that do not follow them.
# seed: 7
# ---

# %% [markdown]
# A loss does not say why it stands still. Before you change the network, train it on ten examples until it
# knows them by heart. If it cannot learn even these, the fault is most likely in its loss, its data or its
# last layer, and here are the usual ones.
#
# The examples are made up: points around ten centres, one class each. Any network that works separates them.

# %%
import keras
import numpy as np
from keras.losses import SparseCategoricalCrossentropy

generator = np.random.default_rng(7)
centres = generator.normal(size=(10, 8))
labels = generator.integers(0, 10, 320)
points = 2 * centres[labels] + 0.5 * generator.normal(size=(320, 8))
is_even = labels % 2 == 0
logits_loss = SparseCategoricalCrossentropy(from_logits=True)


# %%
def build_network(units=10, activation=None, more_layers=()):
    keras.utils.set_random_seed(7)
    hidden_layer = keras.layers.Dense(32, activation="relu")
    output_layer = keras.layers.Dense(units, activation=activation)
    layers = [keras.Input((8,)), hidden_layer, output_layer, *more_layers]
    return keras.Sequential(layers)


def train(network, inputs, targets, loss, learning_rate=0.01, **options):
    optimizer = keras.optimizers.Adam(learning_rate)
    network.compile(optimizer, loss, metrics=["accuracy"])
    options = {"epochs": 15, "verbose": 0} | options
    history = network.fit(inputs, targets, **options).history
    return {name: values[-1] for name, values in history.items()}


# %% [markdown]
# ## The loss is nan from the first epoch
#
# Nothing stops, and the accuracy is still a number.

# %% tags=["symptom"] also="loss: nan; NaN loss; loss inf; exploding gradients; learning rate too high; nan weights"
network = build_network(units=1)
network.compile(keras.optimizers.SGD(0.1), "mse")
prices = 100 * points.sum(axis=1) + 500
exploded_loss = network.fit(points, prices, verbose=0).history["loss"][-1]
print(exploded_loss, network.predict(points[:2], verbose=0).ravel())

# %% [markdown]
# **Why.** The targets are in the hundreds, so the error, the gradient and each step are large. A step that
# overshoots makes the next one larger until a float overflows, and one nan in a weight spreads to all.
# Other sources: a nan in the data, and a logarithm or a root of zero in a loss of your own. See how far a
# step goes in [Gradients](../1_foundations/03_gradients.py); `keras.callbacks.TerminateOnNaN`
# ([documentation](https://keras.io/api/callbacks/terminate_on_nan/)) ends such a run.

# %% tags=["cure"]
print("all finite:", np.isfinite(points).all(), np.isfinite(prices).all())
scaled_prices = (prices - prices.mean()) / prices.std()
network = build_network(units=1)
network.compile(keras.optimizers.SGD(0.1), "mse")
scaled_history = network.fit(points, scaled_prices, epochs=5, verbose=0)
print(np.round(scaled_history.history["loss"], 3))

# %% tags=["claims"]
assert not np.isfinite(exploded_loss), (
    "targets of hundreds make the loss overflow at this learning rate"
)
assert scaled_history.history["loss"][-1] < 0.5, (
    "the same learning rate is fine when the targets are scaled"
)

# %% [markdown]
# ## One nan in the data, and every prediction is the same
#
# With `relu`, the loss may even stay finite.

# %% tags=["symptom"] also="missing values in training data; loss stuck at 0.69; same prediction for every input; NaN in dataset; accuracy stuck at 50%"
incomplete_points = points.copy()
incomplete_points[17, 2] = np.nan
network = build_network(units=1, activation="sigmoid")
train(network, incomplete_points, is_even, "binary_crossentropy", epochs=2)
nan_weights = np.isnan(network.layers[0].kernel).sum()
nan_predictions = network.predict(points, verbose=0)
print(nan_weights, "weights are nan;", np.unique(nan_predictions))

# %% [markdown]
# **Why.** The one row makes the gradient nan, and the step carries that into every weight it reaches.
# Whether you see it depends on the machine: in the fused kernel that runs here, `relu` of nan may come
# out as 0, so that only the last bias is left to learn. Check the data, not the loss:
# [Fashion-MNIST](../2_networks/05_fashion_mnist.py) looks at its data first. What arithmetic does with
# nan: [NumPy's constants](https://numpy.org/doc/stable/reference/constants.html#numpy.nan).

# %% tags=["cure"]
complete_rows = np.isfinite(incomplete_points).all(axis=1)
print("rows with a gap:", np.flatnonzero(~complete_rows))
network = build_network(units=1, activation="sigmoid")
complete_data = incomplete_points[complete_rows], is_even[complete_rows]
complete_results = train(network, *complete_data, "binary_crossentropy")
print(complete_results)

# %% tags=["claims"]
assert nan_weights > 0, "one missing value makes weights nan"
assert len(np.unique(nan_predictions.round(6))) == 1, (
    "after that the network predicts the same for every input"
)
assert complete_results["accuracy"] > 0.9, (
    "without the row, the network learns"
)

# %% [markdown]
# ## The loss will not fall below 1.46
#
# Ten classes, every answer correct, and a floor under the loss.

# %% tags=["symptom"] also="softmax twice; from_logits=True with softmax; loss stuck at 1.46; loss plateaus above zero; loss never reaches zero"
softmax_again = keras.layers.Softmax()
network = build_network(activation="softmax", more_layers=[softmax_again])
floored_run = train(
    network, points, labels, "sparse_categorical_crossentropy"
)
floor = 1.46  # -log(e / (e + 9)), to two places
print(floored_run)

# %% [markdown]
# **Why.** The second softmax gets numbers from 0 to 1, and from those it cannot make a probability near one.
# The usual cause used to be `from_logits=True` on a softmax. Today Keras warns *produced by a Softmax
# activation* and takes the numbers that went into it, but only if softmax is the very last step: a `Reshape`
# after it, or a softmax of your own, brings the floor back without a word. Logits: [Your first
# network](../2_networks/06_first_network.py); [the
# losses](https://keras.io/api/losses/probabilistic_losses/).

# %% tags=["cure"]
network = build_network()
logits_run = train(network, points, labels, logits_loss)
print(logits_run)
network = build_network(activation="softmax")
rescued_run = train(network, points, labels, logits_loss)
print(rescued_run, "with one softmax and from_logits=True")

# %% tags=["claims"]
assert floored_run["accuracy"] > 0.95, (
    "with softmax twice, the answers may all be correct"
)
exact_floor = -np.log(np.e / (np.e + 9))
assert floored_run["loss"] > exact_floor - 0.001 > floor - 0.01, (
    "and the loss of ten classes stays above its floor"
)
assert logits_run["loss"] < 0.5, "logits and from_logits=True have no floor"
assert np.isclose(logits_run["loss"], rescued_run["loss"], rtol=0.01), (
    "from_logits=True on a last softmax warns, and gives the same loss"
)

# %% [markdown]
# ## Accuracy stays low with `categorical_crossentropy`
#
# The last layer has no activation, and the loss goes up and down.

# %% tags=["symptom"] also="forgot from_logits; logits without softmax; accuracy stuck at 10%; loss does not decrease; from_logits=False"
one_hot = np.eye(10)[labels]
network = build_network()
misread_run = train(network, points, one_hot, "categorical_crossentropy")
print(misread_run)

# %% [markdown]
# **Why.** The name of a loss stands for `from_logits=False`: it expects probabilities. Logits are divided
# by their sum and clipped to between 0 and 1, where most have no gradient. Nothing is checked, so there
# is no warning. The pair of last layer and loss belongs in one place, as in [Your first
# network](../2_networks/06_first_network.py); [the
# losses](https://keras.io/api/losses/probabilistic_losses/).

# %% tags=["cure"]
network = build_network()
loss = keras.losses.CategoricalCrossentropy(from_logits=True)
well_read_run = train(network, points, one_hot, loss)
print(well_read_run)

# %% tags=["claims"]
assert misread_run["accuracy"] < 0.8 * well_read_run["accuracy"], (
    "the loss by its name learns much less from logits"
)
assert well_read_run["accuracy"] > 0.95, "with from_logits=True it learns"

# %% [markdown]
# ## The loss falls, and the accuracy does not move
#
# One unit, a softmax, two classes.

# %% tags=["symptom"] also="softmax with one unit; Dense(1, softmax); accuracy stuck at 50%; binary classification accuracy constant; softmax over axis of size 1"
network = build_network(units=1, activation="softmax")
softmax_run = train(network, points, is_even, "binary_crossentropy")
constant_predictions = network.predict(points, verbose=0)
print(softmax_run, np.unique(constant_predictions))

# %% [markdown]
# **Why.** Softmax makes its numbers sum to 1, and one number alone is then always 1. Keras warns of the axis
# of size 1 once. The loss does not see it: it steps back to what went into the softmax, and treats it as the
# logit of a sigmoid. So it falls while the predictions stay. The same happens with `sigmoid` and
# `sparse_categorical_crossentropy`: there the loss is that of a softmax, which the network does not have. See
# [Evaluation](../2_networks/08_evaluation.py), and [the
# activations](https://keras.io/api/layers/activations/).

# %% tags=["cure"]
network = build_network(units=1, activation="sigmoid")
sigmoid_run = train(network, points, is_even, "binary_crossentropy")
print(sigmoid_run)

# %% tags=["claims"]
assert (constant_predictions == 1).all(), "softmax of one unit is always 1"
assert softmax_run["loss"] < 0.3, "and yet the loss falls"
assert sigmoid_run["accuracy"] > 0.9, "with a sigmoid the accuracy rises"

# %% [markdown]
# ## The loss is negative
#
# It falls without end, and the accuracy is low.

# %% tags=["symptom"] also="binary crossentropy negative; loss below zero; labels -1 and 1; labels 1 and 2; labels 0 and 255"
signs = np.where(is_even, 1, -1)
network = build_network(units=1, activation="sigmoid")
negative_run = train(network, points, signs, "binary_crossentropy")
print(negative_run)

# %% [markdown]
# **Why.** Crossentropy is made for targets from 0 to 1. With a target outside that range, its formula has no
# lowest value, and nothing checks the range. Labels of -1 and 1, of 1 and 2, or a mask of 0 and 255 do that.
# [Evaluation](../2_networks/08_evaluation.py) works with yes and no; [the
# loss](https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class).

# %% tags=["cure"]
print("labels:", np.unique(signs))
network = build_network(units=1, activation="sigmoid")
positive_run = train(network, points, signs > 0, "binary_crossentropy")
print(positive_run)

# %% tags=["claims"]
assert negative_run["loss"] < 0, "labels of -1 and 1 make the loss negative"
assert positive_run["loss"] > 0, "labels of 0 and 1 do not"
assert positive_run["accuracy"] > 0.9, "with those the network learns"

# %% [markdown]
# ## `trainable = True` changes nothing
#
# You train the new layer first, then let the whole network learn.

# %% tags=["symptom"] also="unfreeze layers; fine-tuning has no effect; trainable after compile; frozen weights; weights do not change"
network = build_network()
network.layers[0].trainable = False
train(network, points, labels, logits_loss, epochs=1)
network.layers[0].trainable = True
kernel_before = network.layers[0].kernel.numpy()
network.fit(points, labels, verbose=0)
frozen_change = np.abs(network.layers[0].kernel - kernel_before).max()
print(len(network.trainable_weights), "to train, change:", frozen_change)

# %% [markdown]
# **Why.** The first `fit` records the training step with the weights that it trains, and later calls
# repeat it. Only `compile` has it recorded anew. It is the same the other way round: a layer that you
# freeze after a `fit` goes on learning. [Transfer learning](../3_convnets/15_transfer_learning.py)
# compiles again; [Keras's guide](https://keras.io/guides/transfer_learning/) says why.

# %% tags=["cure"]
train(network, points, labels, logits_loss, epochs=1)
thawed_change = np.abs(network.layers[0].kernel - kernel_before).max()
print("change:", thawed_change)

# %% tags=["claims"]
assert frozen_change == 0, (
    "a layer that is set trainable after a fit stays as it is"
)
assert thawed_change > 0, "it learns once the network is compiled again"

# %% [markdown]
# ## The loss falls for an epoch, then stands still
#
# There is nothing wrong with the network or its data.

# %% tags=["symptom"] also="CosineDecay decay_steps; learning rate schedule in epochs; loss stops falling after first epoch; learning rate 0"
schedule = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=15)
network = build_network()
stalled_run = train(network, points, labels, logits_loss, schedule)
last_rate = float(network.optimizer.learning_rate)
print(stalled_run, "learning rate:", last_rate)

# %% [markdown]
# **Why.** A schedule counts steps, one per batch, and not epochs. After `decay_steps` of them the cosine
# has reached zero and stays there. [Your first network](../2_networks/06_first_network.py) computes the
# steps; [the schedule](https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/).

# %% tags=["cure"]
steps = 15 * int(np.ceil(len(points) / 32))
schedule = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=steps)
network = build_network()
full_run = train(network, points, labels, logits_loss, schedule)
print(full_run, "after", steps, "steps")

# %% tags=["claims"]
assert last_rate == 0, "after decay_steps batches the learning rate is zero"
assert stalled_run["loss"] > 3 * full_run["loss"], (
    "a schedule of as many steps as epochs ends the training early"
)
assert full_run["accuracy"] > 0.95, (
    "one of steps times epochs lasts to the end"
)

# %% [markdown]
# ## `class_weight` changes nothing
#
# The weights were read from a JSON file, whose keys are text.

# %% tags=["symptom"] also="class weights have no effect; class_weight with string keys; class_weight ignored; class_weight missing class"
text_weights = {"0": 50.0, "1": 1.0}
options = {"epochs": 2, "class_weight": text_weights}
network = build_network(units=1, activation="sigmoid")
ignored_loss = train(
    network, points, is_even, "binary_crossentropy", **options
)["loss"]
options["class_weight"] = None
network = build_network(units=1, activation="sigmoid")
plain_loss = train(
    network, points, is_even, "binary_crossentropy", **options
)["loss"]
print(f"{ignored_loss:.4f} with weights, {plain_loss:.4f} without")

# %% [markdown]
# **Why.** Each label is looked up in the dictionary, and one that is not there weighs 1. A key of text is
# never found, and a class that you forget weighs 1 without a word. What weights are for:
# [Evaluation](../2_networks/08_evaluation.py); the argument: [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
options["class_weight"] = {int(key): w for key, w in text_weights.items()}
assert set(options["class_weight"]) == set(np.unique(is_even.astype(int)))
network = build_network(units=1, activation="sigmoid")
weighted_loss = train(
    network, points, is_even, "binary_crossentropy", **options
)["loss"]
print(f"{weighted_loss:.4f} with weights")

# %% tags=["claims"]
assert np.isclose(ignored_loss, plain_loss, rtol=1e-3), (
    "class weights with keys of text are ignored"
)
assert weighted_loss > 2 * plain_loss, "with whole numbers they count"

# %% [markdown]
# ## AttributeError: 'list' object has no attribute 'get'
#
# It comes from `fit`, and the traceback does not mention weights.

# %% tags=["symptom", "raises-exception"] also="class_weight list; class_weight array; compute_class_weight with Keras; 'numpy.ndarray' object has no attribute 'get'"
import sys

network.fit(points, is_even, class_weight=[1.0, 5.0], verbose=0)

# %% [markdown]
# **Why.** `class_weight` is a dictionary from label to weight. scikit-learn's `compute_class_weight`
# returns an array in the order of the classes, and nothing converts it. Weights at work:
# [Evaluation](../2_networks/08_evaluation.py); the argument: [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
weights = dict(enumerate([1.0, 5.0]))
history = network.fit(points, is_even, class_weight=weights, verbose=0)
print(weights, history.history)

# %% tags=["claims"]
assert "has no attribute 'get'" in str(sys.last_value), (
    "class weights in a list are refused"
)
assert np.isfinite(history.history["loss"][0]), (
    "in a dictionary they are accepted"
)
