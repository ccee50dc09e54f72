# ---
# title: Validation that lies
# summary: Splits that leak, parts that nobody measured, and two numbers for one network, each with its reason.
# seed: 7
# ---

# %% [markdown]
# Validation answers one question: how good is this network on rows that it has not seen? It lies when it
# has seen them, when they are not like the others, or when the two numbers that you compare were made in
# two ways. The habit: make the split yourself, shuffled and once, and grade with `evaluate` on whole
# arrays.
#
# The examples are made up: points around four centres, sorted by class, as files in folders are.

# %%
import keras
import numpy as np

generator = np.random.default_rng(7)
centres = 2 * generator.normal(size=(4, 8))
sorted_labels = np.repeat(np.arange(4), 100)
sorted_points = centres[sorted_labels] + generator.normal(size=(400, 8))
order = generator.permutation(400)
points, labels = sorted_points[order], sorted_labels[order]


# %%
def build_network(*middle_layers, learning_rate=0.01):
    keras.utils.set_random_seed(7)
    hidden_layer = keras.layers.Dense(64, activation="relu")
    output_layer = keras.layers.Dense(4, activation="softmax")
    layers = [hidden_layer, *middle_layers, output_layer]
    network = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(learning_rate)
    loss = "sparse_categorical_crossentropy"
    network.compile(optimizer, loss, metrics=["accuracy"])
    return network


def train(network, inputs, targets, epochs=5, **options):
    options |= {"epochs": epochs, "verbose": 0}
    history = network.fit(inputs, targets, **options).history
    return {name: values[-1] for name, values in history.items()}


# %% [markdown]
# ## `validation_split` gives an accuracy of zero
#
# The training accuracy is fine.

# %% tags=["symptom"] also="val_accuracy 0; validation_split not shuffled; validation split takes last samples; class missing in training; sorted labels"
options = {"epochs": 3, "validation_split": 0.25}
sorted_run = train(build_network(), sorted_points, sorted_labels, **options)
print(sorted_run)

# %% [markdown]
# **Why.** `validation_split` cuts off the last part of the arrays, before anything is shuffled. Where the
# rows are sorted by class, that is a class that the network never saw. Where they are sorted by time or
# by patient, you may want just that. [Your first network](../2_networks/06_first_network.py) has a split
# of its own; the argument: [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
shuffled_run = train(build_network(), points, labels, **options)
print(shuffled_run)

# %% tags=["claims"]
assert sorted_run["val_accuracy"] < 0.1, (
    "validation_split of sorted rows grades a class that was never trained"
)
assert shuffled_run["val_accuracy"] > 0.8, (
    "of shuffled rows it grades all classes"
)

# %% [markdown]
# ## ValueError: Argument `validation_split` is only supported for tensors
#
# The rows come from a `tf.data` pipeline, or stand in Python lists.

# %% tags=["symptom", "raises-exception"] also="validation_split with dataset; validation_split generator; only supported for tensors or NumPy arrays"
import sys

import tensorflow as tf

dataset = tf.data.Dataset.from_tensor_slices((points, labels))
build_network().fit(dataset.batch(32), validation_split=0.25)

# %% [markdown]
# **Why.** A pipeline has no last part before it has been read to its end. Keras has a function that
# splits one; it reads it into memory. Pipelines: [Augmentation](../3_convnets/14_augmentation.py); the
# function: [Keras's documentation](https://keras.io/api/utils/python_utils/#split_dataset-function).

# %% tags=["cure"]
training_part, validation_part = keras.utils.split_dataset(
    dataset, left_size=0.75, shuffle=True, seed=7
)
print(len(training_part), len(validation_part))

# %% tags=["claims"]
assert "validation_split" in str(sys.last_value), (
    "validation_split refuses a pipeline"
)
assert (len(training_part), len(validation_part)) == (300, 100), (
    "split_dataset splits it"
)

# %% [markdown]
# ## `take` and `skip` after `shuffle` let rows into both parts
#
# The validation accuracy climbs to that of the training. Here each row is its number, so that you can see
# which rows are in both parts.

# %% tags=["symptom"] also="train and validation overlap; reshuffle_each_iteration; tf.data split leak; dataset take skip; validation accuracy too good"
numbers = tf.data.Dataset.range(400)
reshuffled_numbers = numbers.shuffle(400, seed=7)
training_numbers = set(reshuffled_numbers.take(300).as_numpy_iterator())
validation_numbers = set(reshuffled_numbers.skip(300).as_numpy_iterator())
leaked_numbers = training_numbers & validation_numbers
print(len(leaked_numbers), "of 100 validation rows are training rows")

# %% [markdown]
# **Why.** `shuffle` draws a new order each time the pipeline is read, also with a seed. So in each epoch
# other rows come first, and after a few of them the network has learned all that it is graded on. Split
# first, then shuffle the training part. Pipelines: [Augmentation](../3_convnets/14_augmentation.py); the
# method: [TensorFlow's
# documentation](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle).

# %% tags=["cure"]
shuffled_once = numbers.shuffle(400, reshuffle_each_iteration=False)
training_numbers = set(shuffled_once.take(300).as_numpy_iterator())
validation_numbers = set(shuffled_once.skip(300).as_numpy_iterator())
shared_numbers = training_numbers & validation_numbers
print(len(shared_numbers), "of 100")

# %% tags=["claims"]
assert len(leaked_numbers) > 30, (
    "take and skip after shuffle share rows, even with a seed"
)
assert len(shared_numbers) == 0, (
    "an order that is drawn once keeps the parts apart"
)

# %% [markdown]
# ## Predictions are at chance, and `evaluate` says they are good
#
# The same network, the same pipeline.

# %% tags=["symptom"] also="predict and labels do not match; shuffled dataset predict; confusion matrix is random; evaluate good but predictions wrong; accuracy_score differs from evaluate"
network = build_network()
train(network, points, labels)
shuffled_dataset = dataset.shuffle(400).batch(32)
predictions = network.predict(shuffled_dataset, verbose=0).argmax(axis=1)
later_labels = np.concatenate([batch for _, batch in shuffled_dataset])
mismatched_accuracy = (predictions == later_labels).mean()
evaluated_accuracy = network.evaluate(shuffled_dataset, verbose=0)[1]
print(f"{mismatched_accuracy:.2f} by hand, {evaluated_accuracy:.2f}")

# %% [markdown]
# **Why.** The pipeline is read twice, and each time in another order: the labels belong to other rows
# than the predictions. `evaluate` reads both at once. Grade a pipeline without `shuffle`, or collect both
# in one loop. Grades by hand: [Evaluation](../2_networks/08_evaluation.py); the method: [TensorFlow's
# documentation](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle).

# %% tags=["cure"]
ordered_dataset = dataset.batch(32)
predictions = network.predict(ordered_dataset, verbose=0).argmax(axis=1)
ordered_labels = np.concatenate([batch for _, batch in ordered_dataset])
matched_accuracy = (predictions == ordered_labels).mean()
print(f"{matched_accuracy:.2f} by hand")

# %% tags=["claims"]
assert mismatched_accuracy < 0.5, (
    "labels from a second reading of a shuffled pipeline match by chance"
)
assert np.isclose(matched_accuracy, evaluated_accuracy), (
    "in a fixed order they give what evaluate gives"
)

# %% [markdown]
# ## Validation is better than training
#
# The loss of rows that the network never saw is lower than that of its own.

# %% tags=["symptom"] also="val_loss lower than loss; validation accuracy higher than training accuracy; dropout train accuracy; evaluate on training data differs from fit; fit and evaluate disagree"
network = build_network(keras.layers.Dropout(0.5))
dropout_run = train(network, points, labels, 2, validation_split=0.25)
print(dropout_run)

# %% [markdown]
# **Why.** The two lines of an epoch are made in two ways. Training is graded with dropout at work, and as
# the mean over the epoch, in which the first batches met a worse network. Validation comes after the
# epoch, without dropout. `evaluate` on the training rows makes them alike. Dropout:
# [Regularisation](../2_networks/10_regularisation.py); [Keras's
# FAQ](https://keras.io/getting_started/faq/) has the question, too.

# %% tags=["cure"]
same_way_loss = network.evaluate(points[:300], labels[:300], verbose=0)[0]
print(f"training {same_way_loss:.3f}, {dropout_run['val_loss']:.3f}")

# %% tags=["claims"]
assert dropout_run["val_loss"] < dropout_run["loss"] / 1.2, (
    "with dropout, the validation loss is below that of the training"
)
assert same_way_loss < dropout_run["loss"] / 1.2, (
    "measured in the same way, the training loss is lower, too"
)

# %% [markdown]
# ## Validation is terrible, only with `BatchNormalization`
#
# In training mode, the same network answers the same rows well.

# %% tags=["symptom"] also="batch norm validation loss high; val_accuracy stuck with batch normalization; training good inference bad; moving_mean momentum"
normalise = keras.layers.BatchNormalization()
network = build_network(normalise)
far_points = points + 20
few_steps = {"epochs": 8, "batch_size": 100}
slow_mean_run = train(
    network, far_points, labels, validation_split=0.25, **few_steps
)
print(slow_mean_run)

# %% [markdown]
# **Why.** Training normalises with the numbers of the batch, and validation with running means, which
# move by a hundredth per step (`momentum=0.99`) from 0 and 1. After a few dozen steps they are not there
# yet. It passes with more steps; with few, lower the momentum. The layer stands in
# [Convolution](../3_convnets/12_convolution.py) and in [Keras's
# documentation](https://keras.io/api/layers/normalization_layers/batch_normalization/).

# %% tags=["cure"]
network = build_network(keras.layers.BatchNormalization(momentum=0.5))
quick_mean_run = train(
    network, far_points, labels, validation_split=0.25, **few_steps
)
print(quick_mean_run)

# %% tags=["claims"]
assert slow_mean_run["val_accuracy"] < slow_mean_run["accuracy"] - 0.2, (
    "after few steps batch normalisation validates far worse than it trains"
)
assert (
    quick_mean_run["val_accuracy"] > slow_mean_run["val_accuracy"] + 0.2
), "with a lower momentum it does not"

# %% [markdown]
# ## Two losses for the same rows and the same weights
#
# Training and validation rows are the same here, and the losses are far apart.

# %% tags=["symptom"] also="class_weight validation loss; loss and val_loss on different scales; weighted loss; val_loss does not use class weights"
class_weight = {0: 20.0, 1: 20.0, 2: 20.0, 3: 20.0}
options = {"validation_data": (points, labels), "epochs": 10}
weighted_run = train(
    build_network(), points, labels, class_weight=class_weight, **options
)
print(weighted_run)

# %% [markdown]
# **Why.** `class_weight` multiplies the losses of the training and never those of the validation;
# `sample_weight` is cut along with the rows by `validation_split`, but `validation_data` has weights only
# as a third array. A gap between the two curves then says nothing about overfitting. What weights do:
# [Evaluation](../2_networks/08_evaluation.py); the arguments: [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
row_weights = np.array([class_weight[label] for label in labels])
options["validation_data"] = (points, labels, row_weights)
comparable_run = train(
    build_network(), points, labels, sample_weight=row_weights, **options
)
print(comparable_run)

# %% tags=["claims"]
assert weighted_run["loss"] > 5 * weighted_run["val_loss"], (
    "class weights enter the loss of the training alone"
)
assert comparable_run["loss"] < 3 * comparable_run["val_loss"], (
    "with weights for the validation rows the two are on one scale"
)

# %% [markdown]
# ## Copies of one row in both parts
#
# Each label is a coin toss, which nobody can predict, and yet nearly all of the validation is answered right.

# %% tags=["symptom"] also="duplicates in train and test; augment before split; data leakage; validation accuracy too high; near duplicates; same patient in both parts"
coins = generator.integers(0, 2, 100)
originals = generator.normal(size=(100, 8))
noise = 0.05 * generator.normal(size=(300, 8))
copies, copied_coins = np.tile(originals, (3, 1)) + noise, np.tile(coins, 3)
mixed_order = generator.permutation(300)
options = {"epochs": 40, "validation_split": 0.33}
leaky_run = train(
    build_network(),
    copies[mixed_order],
    copied_coins[mixed_order],
    **options,
)
print(leaky_run)

# %% [markdown]
# **Why.** Each validation row has siblings in the training: augmented copies, frames of one film,
# pictures of one patient. The network knows them by heart, and validation grades its memory. Split the
# originals, then make copies of the training part alone:
# [Augmentation](../3_convnets/14_augmentation.py). For groups, there is [scikit-learn's
# GroupKFold](https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.GroupKFold.html).

# %% tags=["cure"]
by_original = np.argsort(np.tile(np.arange(100), 3), kind="stable")
honest_run = train(
    build_network(),
    copies[by_original],
    copied_coins[by_original],
    **options,
)
print(honest_run)

# %% tags=["claims"]
assert leaky_run["val_accuracy"] > honest_run["val_accuracy"] + 0.15, (
    "copies in both parts make validation better than the data allow"
)
assert honest_run["val_accuracy"] < 0.7, (
    "with all copies of a row on one side, coins cannot be guessed"
)

# %% [markdown]
# ## ValueError: x and y must have same first dimension
#
# The plot of two curves from one history.

# %% tags=["symptom", "raises-exception"] also="validation_freq history length; val_loss has fewer values than loss; plot history error; shapes mismatch history"
from matplotlib import pyplot as plt

options = {"validation_split": 0.25, "validation_freq": 3, "verbose": 0}
history = build_network().fit(points, labels, epochs=6, **options)
axes = plt.figure().add_subplot()
plt.close(axes.figure)
axes.plot(history.epoch, history.history["val_loss"])

# %% [markdown]
# **Why.** With `validation_freq=3` there is one validation value per three epochs, and the list has no
# gaps: its second value is that of the sixth epoch. Plotted without an x-axis it would have passed, and
# shown the wrong epochs. Curves: [Regularisation](../2_networks/10_regularisation.py); the argument:
# [Keras's documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
validated_epochs = history.epoch[2::3]
losses = history.history["val_loss"]
print(
    dict(zip(validated_epochs, np.round(losses, 3).tolist(), strict=True))
)

# %% tags=["claims"]
assert "must have same first dimension" in str(sys.last_value), (
    "a validation value per three epochs does not fit the list of epochs"
)
assert validated_epochs == [2, 5], "the values belong to every third epoch"
