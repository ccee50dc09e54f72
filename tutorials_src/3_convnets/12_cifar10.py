# ---
# title: A convolutional network on CIFAR-10
# summary: Train a convolutional network on colour photographs, and see class by class what it buys.
# needs: [convolution]
# teaches: [data augmentation, per-class accuracy]
# data: [cifar10]
# artifacts: []
# seed: 7
# ---

# %%
import keras
import numpy as np
import tensorflow as tf

from snippets import plots
from snippets.datasets import load_cifar10

# %% [markdown]
# [Convolution](convolution.md) slid small filters over photographs of clothes, all of one size, in the
# middle of a dark square, and was right more often than a dense network. What does it buy on
# photographs that are not tidy at all?
#
# ## Look at the data first
#
# CIFAR-10 holds colour photographs of 32 by 32 pixels. Each pixel has three bytes, its red, green
# and blue channels, so a photograph is a rank-3 tensor.

# %%
cifar = load_cifar10()
names = cifar.class_names
of_class = [np.flatnonzero(cifar.train.labels == c)[:3] for c in range(10)]
three_rows = np.transpose(of_class).ravel()  # a column a class
titles = [*names, *[""] * 20]
plots.image_grid(cifar.train.images[three_rows], titles, columns=10, subject="photographs")

# %% [markdown]
# Three photographs of each class, one below the other: any size, any pose, any background. They are
# far less tidy than clothes from a catalogue.

# %%
splits = {"train": cifar.train, "validation": cifar.validation, "test": cifar.test}
plots.table(
    [
        {"split": name, "photographs": f"{len(split):,}", "shape of one": split.images.shape[1:]}
        for name, split in splits.items()
    ]
)

# %% [markdown]
# This page ran on the *`{python} cifar.edition`* edition of the data. (The default is a sample of
# the whole set, so that this page can be built in two minutes; the full edition is all of it.)
#
# ## The network
#
# Here is a chain of three [convolutions](convolution.md), with max pooling between them. The filters of
# the first lie on three channels at once, those of the others on all the maps of the layer before. There
# is no padding, so each convolution makes the maps a little smaller. Two parts deserve a word:
#
# - `Rescaling` turns bytes into numbers from −1 to 1. As a layer, the preparation belongs to the
#   network, and whoever uses it hands over bytes.
# - `Dropout` sets a random part of its inputs to 0 in each training step, and enlarges the others
#   to make up for it. No unit can rely on one particular other unit, which makes learning by heart
#   harder, as in [Regularisation](../networks/regularisation.md). In `evaluate` and `predict` it does
#   nothing.

# %%
dropout = keras.layers.Dropout(0.5, seed=7)
ones = np.ones((1, 8), "float32")
print("training:", dropout(ones, training=True).numpy())
print("in use:  ", dropout(ones, training=False).numpy())

# %%
keras.utils.set_random_seed(7)
network = keras.Sequential(
    [
        keras.Input((32, 32, 3), dtype="uint8"),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10),
    ]
)
plots.table(
    [
        {
            "layer": type(layer).__name__,
            "returns": layer.output.shape[1:],
            "weights": f"{layer.count_params():,}",
        }
        for layer in network.layers
    ]
)

# %% [markdown]
# Read the shapes from top to bottom: the maps get smaller and more numerous. (Two by two pooling
# makes 6 rows of 13: the odd one at the end is dropped.) Check the first number of weights: 32
# filters of 3 · 3 pixels · 3 channels, and 32 biases. The same few weights are used at every
# place; the second convolution has `{python} f"{network.layers[3].count_params():,}"`, and a
# dense layer between its input and its output would need
# `{python} f"{15 * 15 * 32 * 13 * 13 * 64 / 1e6:.0f}"` million.
#
# ## Twice the photographs, for nothing
#
# A car seen in a mirror is still a car. So flip each photograph left to right, or not, at random,
# every time it is used: the network never sees quite the same set twice. Such changes, which alter
# the pixels and not the label, are **data augmentation**. They belong to the training data only.

# %%
batch_size = 128


def flip(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirror about half of the images of a batch, at random."""
    return tf.image.random_flip_left_right(images, seed=7), labels


shuffled_batches = (
    tf.data.Dataset.from_tensor_slices((cifar.train.images, cifar.train.labels))
    .shuffle(len(cifar.train), seed=7)
    .batch(batch_size)
)
batches = shuffled_batches.map(flip).prefetch(2)  # two batches ahead of the training

# %% [markdown]
# The `tf.data` pipeline has the stages that you know from
# [Fashion-MNIST](../networks/fashion-mnist.md), in the order that you found there: shuffle (anew in
# every epoch), batch, map, prefetch.
#
# ## Train
#
# The loss is the cross-entropy of class numbers, as for the clothes. Adam takes its steps on a
# one-cycle schedule: up to a peak, and down. Before the first step, the loss should be near the
# price of knowing nothing, `{python} f"{np.log(10):.2f}"`.

# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

epochs = {"default": 16, "full": 10}[cifar.edition]
held_out = (cifar.validation.images, cifar.validation.labels)


def train(model: keras.Model) -> tuple[float, dict, Stopwatch]:
    """Train a network; return its loss before the first step, its history and the time."""
    model.compile(
        keras.optimizers.Adam(OneCycle(0.003, epochs * len(batches))),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    loss_before, _ = model.evaluate(*held_out, verbose=0)
    with Stopwatch() as time:  # shuffle=False: the batches are shuffled already
        run = model.fit(batches, epochs=epochs, validation_data=held_out, shuffle=False, verbose=0)
    return loss_before, run.history, time


loss_before, history, time = train(network)
print(f"loss before {loss_before:.2f}; {epochs} epochs, {time.cpu_seconds:.0f} CPU seconds")

# %%
plots.learning_curves(history)

# %% [markdown]
# At first the validation curve is *better* than the training curve. That is no mistake. The
# training numbers are measured with dropout switched on and photographs flipped, and averaged
# over an epoch in which the network was still improving; the validation numbers with the whole
# network, at the epoch's end. Once the training curve is ahead, the network has begun to learn by
# heart, dropout and flips notwithstanding. At the end, training shows
# `{python} f"{history['accuracy'][-1]:.1%}"`, validation
# `{python} f"{history['val_accuracy'][-1]:.1%}"`.
#
# ## What did convolution buy?
#
# The fair question is what a network without it reaches with the same data, flips, schedule and
# epochs.

# %% tags=["measured"]
keras.utils.set_random_seed(7)
dense = keras.Sequential(
    [
        keras.Input((32, 32, 3), dtype="uint8"),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ]
)
_, dense_history, dense_time = train(dense)
runs = {"dense": (dense, dense_history, dense_time), "convolution": (network, history, time)}
plots.table(
    [
        {
            "network": name,
            "weights": f"{model.count_params():,}",
            "validation accuracy": f"{measured['val_accuracy'][-1]:.1%}",
            "CPU seconds": f"{watch.cpu_seconds:.0f}",
        }
        for name, (model, measured, watch) in runs.items()
    ]
)

# %% [markdown]
# The convolutional network has fewer weights, costs far more arithmetic, because it uses each
# weight at many places, and is right far more often. One seed each would be too little to judge a
# small difference; this one is not small. (The dense network also has fewer layers and no
# dropout, so not every point of the difference need come from convolution.)
#
# ## Two ways to go wrong
#
# A convolution wants four axes: batch, height, width, channels. Grey pictures often come without
# the last:

# %% tags=["raises-exception"]
grey_pictures = np.zeros((5, 28, 28), "float32")
keras.layers.Conv2D(8, 3)(grey_pictures)

# %% [markdown]
# The cure is to add the axis, with one channel:

# %%
keras.layers.Conv2D(8, 3)(grey_pictures[..., None]).shape

# %% [markdown]
# The other mistake raises nothing. You remember that pixels should be scaled, and scale them before
# you hand them over, although this network does it itself.

# %%
scaled = cifar.validation.images / 255
_, scaled_accuracy = network.evaluate(scaled, cifar.validation.labels, verbose=0)
_, right_accuracy = network.evaluate(*held_out, verbose=0)
answers_if_scaled = np.unique(network.predict(scaled, verbose=0).argmax(axis=1))
print(f"bytes {right_accuracy:.1%}, scaled twice {scaled_accuracy:.1%}")
print("classes it answers with when scaled twice:", [names[c] for c in answers_if_scaled])

# %% [markdown]
# To the network these photographs are as good as black, all of them: its input is declared as
# bytes, and every number below 1 is cut down to 0. If a network that trained well seems to guess,
# look at what goes in: print the type, the smallest and the largest number, and compare them with
# what it was trained on.
#
# ## The exam
#
# Everything is chosen. Now the test photographs, once.

# %%
test_loss, test_accuracy = network.evaluate(cifar.test.images, cifar.test.labels, verbose=0)
luck = np.sqrt(test_accuracy * (1 - test_accuracy) / len(cifar.test))
print(f"test accuracy {test_accuracy:.1%}, give or take {luck:.1%}")

# %% [markdown]
# The *give or take* is the luck of the draw: another `{python} f"{len(cifar.test):,}"` photographs
# of the same kind would change the accuracy by about so much. (With accuracy $p$ and $n$
# photographs, it is the standard deviation $\sqrt{p(1-p)/n}$.)
#
# ## Which classes are hard?
#
# The **per-class accuracy** counts the right answers within one class:

# %%
logits = network.predict(cifar.test.images, verbose=0)
answers = logits.argmax(axis=1)
by_class = np.array([(answers[cifar.test.labels == c] == c).mean() for c in range(10)])
plots.class_bars(by_class, names, overall=test_accuracy)

# %%
plots.confusion_matrix(cifar.test.labels, answers, class_names=names)

# %% [markdown]
# On average, things made by people are easier than animals: a truck has straight edges and one
# shape, a cat has any shape a cat likes. The bars show the exceptions. The network is right on
# `{python} f"{by_class.max():.0%}"` of its best class, *`{python} names[by_class.argmax()]`*, and
# on `{python} f"{by_class.min():.0%}"` of its worst, *`{python} names[by_class.argmin()]`*. Read
# along its row of the matrix to see what it is taken for. One class has a tenth of the
# photographs, so the luck of the draw is about three times as large as above (the root of ten): do
# not make much of small differences between bars.
#
# ## What the first filters look like
#
# The filters of the first layer lie on the photograph itself, so you can look at them as tiny
# pictures, their weights for red, green and blue as a colour. Mid grey is a weight of 0, lighter is
# positive, darker is negative. They are sorted, row by row: first those that weigh red, green and
# blue most nearly alike, last those that weigh them most differently. (`grey_share` says how
# nearly, from 0 to 1.)

# %%
filters = network.layers[1].get_weights()[0]  # height, width, channels, filters
share = plots.grey_share(filters)
plots.filter_grid(filters[..., np.argsort(-share)])

# %%
alike = int((share > 0.5).sum())
print(f"{alike} of {filters.shape[-1]} filters weigh the three colours mostly alike")

# %% [markdown]
# A filter that weighs the colours alike answers to brightness: with luck you find one that is dark
# on one side and light on the other, like the one you [slid by hand](convolution.md). The last ones
# compare colours. Nobody asked for either; [descent](../foundations/gradients.md) on the loss found
# them. Where the story of *edges, then corners, then wheels* breaks: most of these filters look like confetti. Nine
# pixels are few, each filter began as random numbers, and it only had to become useful, not
# beautiful. The filters of deeper layers cannot be looked at like this at all: theirs lie on 32 or
# 64 maps, not on three colours.
#
# It is easier to see what a filter does. A second model can share the first one's layers and end
# [wherever you like](../networks/functional-api.md): this one returns the maps of the first
# convolution. Here is a photograph, and
# the feature maps of the seven filters that answer most differently from place to place. They are
# numbered as the layer keeps them, not as they are sorted above.

# %%
first_maps = keras.Model(network.inputs, network.layers[1].output)
chosen = np.flatnonzero((answers == cifar.test.labels) & (answers == 1))[:1]  # an automobile
maps = first_maps.predict(cifar.test.images[chosen], verbose=0)[0]
liveliest = np.argsort(-maps.std(axis=(0, 1)))[:7]
shown = (maps[:, :, liveliest] / maps[:, :, liveliest].max(axis=(0, 1))).transpose(2, 0, 1)
photograph = cifar.test.images[chosen, 1:-1, 1:-1] / 255  # the part that the maps cover
pictures = np.concatenate([photograph, np.repeat(shown[..., None], 3, axis=-1)])
titles = [names[1], *[f"filter {number}" for number in liveliest]]
plots.image_grid(pictures, titles, columns=8, subject="pictures, a photograph and its maps")

# %% [markdown]
# Bright means that the filter fits there; each map is drawn with its own largest number as white.
# Some maps light up on surfaces, some on outlines, and `relu` has turned everything that does not
# fit into black. The layers that follow see the maps of all filters, and nothing else.

# %% tags=["claims"]
bar = {"default": 0.60, "full": 0.72}[cifar.edition]
vehicles, animals = [0, 1, 8, 9], [2, 3, 4, 5, 6, 7]
fewer = network.count_params() < 0.5 * dense.count_params()
assert abs(loss_before - np.log(10)) < 0.3, "the untrained network loses about ln 10"
assert test_accuracy >= bar, "at least 60% of the test photographs (full edition: 72%) are right"
assert fewer, "the convolutional network has less than half of the dense network's weights"
assert history["val_accuracy"][-1] > dense_history["val_accuracy"][-1] + 0.08, (
    "it is right on at least 8 of 100 validation photographs more than the dense network"
)
assert time.cpu_seconds > 1.5 * dense_time.cpu_seconds, (
    "it takes more than 1.5 times the CPU seconds of the dense network"
)
assert len(answers_if_scaled) == 1, "photographs scaled twice all get the same class"
assert by_class[vehicles].mean() > by_class[animals].mean(), (
    "vehicles are recognised more often than animals"
)

# %% [markdown]
# ## Exercises
#
# **1. How large is the map?** A filter of `kernel` pixels slides over a row of `size` pixels, one
# pixel at a time, and never leaves it. How many numbers come out? The starter is off by a little.


# %% tags=["starter"]
def map_size(size: int, kernel: int) -> int:
    """Return the number of places at which the filter fits."""
    return size - kernel


# %% tags=["check"]
assert map_size(6, 3) == 4, "a filter 3 wide has 4 places on 6 pixels"
assert map_size(5, 5) == 1, "a filter as wide as the picture has one place"
for kernel in (1, 2, 3, 5):
    expected = keras.layers.Conv2D(1, kernel).compute_output_shape((None, 32, 32, 3))[1]
    assert map_size(32, kernel) == expected, f"32 pixels, filter {kernel}: Keras says {expected}"


# %% tags=["solution"]
def map_size(size: int, kernel: int) -> int:
    """Return the number of places at which the filter fits."""
    return size - kernel + 1  # the first place, and one more for each pixel left over


# %% [markdown]
# **2. How many weights?** Count the weights of a `Conv2D` layer with square filters. Each filter
# covers all channels of its input. The starter forgets something.


# %% tags=["starter"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Return the number of weights of a convolution, biases included."""
    return kernel * kernel * channels * filters


# %% tags=["check"]
assert conv_weights(1, 1, 1) == 2, "one weight and one bias"
for layer, arguments in ((1, (3, 3, 32)), (3, (3, 32, 64))):
    expected = network.layers[layer].count_params()
    assert conv_weights(*arguments) == expected, f"{arguments}: the network has {expected}"


# %% tags=["solution"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Return the number of weights of a convolution, biases included."""
    return (kernel * kernel * channels + 1) * filters  # and one bias a filter


# %% [markdown]
# **3. Ask twice.** The network may answer differently for a photograph and its mirror image, though
# both show the same thing. Average the logits of the two: the answer then cannot depend on the
# side. (The loss of the average is never above the average of the two losses, because the
# cross-entropy, drawn over the logits, has the shape of a bowl.) The starter turns the photographs
# upside down.


# %% tags=["starter"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and their mirror images, shape (n, 10)."""
    mirrored = images[:, ::-1]
    return (network.predict(images, verbose=0) + network.predict(mirrored, verbose=0)) / 2


# %% tags=["check"]
some, some_labels = cifar.validation.images[:500], cifar.validation.labels[:500]
mean_logits = ask_twice(some)
assert np.allclose(mean_logits, ask_twice(some[:, :, ::-1]), atol=1e-4), (
    "a photograph and its mirror image must get the same answer"
)
once_each = [network.predict(side, verbose=0) for side in (some, some[:, :, ::-1])]
losses = [float(network.loss(some_labels, one)) for one in once_each]
assert float(network.loss(some_labels, mean_logits)) <= sum(losses) / 2, (
    "the mean of two answers should cost no more than the two do on average"
)


# %% tags=["solution"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and their mirror images, shape (n, 10)."""
    mirrored = images[:, :, ::-1]  # axes: batch, height, width, channels
    return (network.predict(images, verbose=0) + network.predict(mirrored, verbose=0)) / 2


print(f"asked once: {right_accuracy:.1%} of the validation photographs")
twice = ask_twice(cifar.validation.images).argmax(axis=1)
print(f"asked twice: {(twice == cifar.validation.labels).mean():.1%}")

# %% [markdown]
# ## What to remember
#
# - Convolutions make more and more maps, pooling makes them smaller; a dense layer draws the
#   conclusion.
# - Flips make new training photographs for nothing; dropout makes learning by heart harder. Both
#   are off when the network is judged.
# - Keep the scaling inside the network, and know what range of numbers it wants.
# - Report the accuracy of each class, and the luck of the draw, beside the one number.
#
# ## Where next
#
# Change one thing, the number of filters or the dropout, and see on the validation photographs
# whether you gain [more than luck](../networks/experiments.md). With `make full`, the same page runs
# on all of CIFAR-10: five times the photographs, the same layers, and more right answers.
