# ---
# title: A convolutional network on CIFAR-10
# summary: Train a published network on colour photographs, find out which changes make it better, and ask what it confuses.
# needs: [convolution]
# teaches: [data augmentation, muon, per-class accuracy]
# data: [cifar10]
# artifacts: []
# seed: 7
# ---

# %%
import keras
import numpy as np
import tensorflow as tf

from snippets import (
    plot_classes,
    plot_results,
    plot_evaluation,
    plot_images,
    plot_training,
    tables,
)
from snippets.datasets import load_cifar10

# %% [markdown]
# [Convolution](convolution.md) slid small filters over photographs of clothes, all of one size, in the
# middle of a dark square. How far does the same idea carry on photographs that are not tidy at all? And
# once a network works: what do you change first, and how do you know that it was worth it?
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
plot_images.image_grid(cifar.train.images[three_rows], titles, columns=10, subject="photographs")

# %% [markdown]
# Three photographs of each class, one below the other: things of any size, in any pose, on any background.

# %%
splits = {"train": cifar.train, "validation": cifar.validation, "test": cifar.test}
tables.table(
    [
        {"split": name, "photographs": f"{len(split):,}", "shape of one": split.images.shape[1:]}
        for name, split in splits.items()
    ]
)

# %% [markdown]
# This page ran on the *`{python} cifar.edition`* edition of the data. (The default is a sample of
# the whole set, so that this page can be built in a few minutes; the full edition is all of it.)
#
# ## The network as published
#
# Here is a network such as many introductions show: three [convolutions](convolution.md) with max pooling
# between them, no padding, and dense layers that draw the conclusion. Three parts deserve a word:
#
# - `Conv2D(32, 3)` is a convolution with 32 filters of three by three weights for each channel.
# - `Rescaling` turns bytes into numbers from −1 to 1. As a layer, the preparation belongs to the
#   network, and whoever uses the network hands over bytes.
# - `Dropout`, as in [Regularisation](../networks/regularisation.md), sets a random part of its inputs to
#   0 in each training step and enlarges the others to make up for it. In use it changes nothing:

# %%
dropout = keras.layers.Dropout(0.5, seed=7)
ones = np.ones((1, 8), "float32")
print("training:", dropout(ones, training=True).numpy())
print("in use:  ", dropout(ones, training=False).numpy())

# %%
from snippets.convnets import cifar_convnet
from snippets.network_costs import layer_costs


def published_network():
    return keras.Sequential(
        [
            keras.Input((32, 32, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            keras.layers.MaxPooling2D(name="pool_1"),
            keras.layers.Conv2D(64, 3, activation="relu", name="conv_2"),
            keras.layers.MaxPooling2D(name="pool_2"),
            keras.layers.Conv2D(64, 3, activation="relu", name="conv_3"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(64, activation="relu", name="hidden"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10, name="logits"),
        ]
    )


def cost_table(network):
    rows = [cost._asdict() for cost in layer_costs(network) if cost.weights or "pool" in cost.layer]
    return tables.table(
        [{key: f"{v:,}" if isinstance(v, int) else v for key, v in row.items()} for row in rows]
    )


keras.utils.set_random_seed(7)
published = published_network()
cost_table(published)

# %% [markdown]
# Read the shapes from top to bottom: the maps get smaller and more numerous. (Two by two pooling
# makes 6 rows of 13: the odd one at the end is dropped.) Check two numbers of `conv_1`. Weights: 32 filters
# of 3 · 3 pixels · 3 channels, and 32 biases. Multiply-adds: all filters, without the biases, at 30 · 30
# places.
#
# Train it as published, too: Adam with the rate that Keras gives it, batches of 64, ten epochs. The loss
# is the cross-entropy, with class numbers as labels. Before the first step, the loss should be near the
# price of knowing nothing, `{python} f"{np.log(10):.2f}"`.

# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

held_out = (cifar.validation.images, cifar.validation.labels)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
published.compile("adam", cross_entropy, metrics=["accuracy"])
loss_before, _ = published.evaluate(*held_out, batch_size=500, verbose=0)
with Stopwatch() as published_time:
    run = published.fit(
        cifar.train.images,
        cifar.train.labels,
        batch_size=64,
        epochs=10,
        validation_data=held_out,
        verbose=0,
    )
first = {name: values[-1] for name, values in run.history.items()}
print(f"loss before {loss_before:.2f}, after {first['val_loss']:.2f}", end="; ")
print(f"accuracy {first['val_accuracy']:.1%}; {published_time.cpu_seconds:.0f} CPU seconds")

# %%
plot_training.learning_curves(run.history)

# %% [markdown]
# It is right on `{python} f"{first['val_accuracy']:.1%}"` of the validation photographs. At first the
# validation curves are *better* than the training curves, and that is no mistake: the training numbers are
# measured with dropout switched on, and averaged over an epoch in which the network was still improving.
#
# ## What would you change?
#
# There are a hundred pieces of advice. Here are two that reach deep, one about the network and one about
# the steps of the optimizer. **The network first**: four blocks instead of three layers, each block a
# convolution with padding, max pooling, [batch normalisation](convolution.md) and `relu`. (What the
# normalisation adds starts at one, not at zero: `relu` then lets most numbers through from the first step on,
# and a short training gets further.)

# %%
cost_table(cifar_convnet())

# %% [markdown]
# The last maps have two by two places. Of each map, only the largest number goes on to the one dense layer.
# (The mean, as in global average pooling, is the other choice.) No hidden layer, no dropout.
#
# **The steps**: what [Adam](../networks/functional-api.md) evens out is the size of each single slope, the
# derivative of the loss with respect to one weight. But weights act together. Suppose that a layer has two
# filters of two weights, a column each, and that the slopes are those of the first picture, times 5: both
# filters ask for nearly the same, and differ a little. The other pictures are the first step of two
# optimizers, divided by its largest number without sign.

# %%
from snippets.convnets import ConvolutionMuon

slopes = np.array([[5.0, 4.0], [4.0, 5.0]], "float32")
steps = {}
for optimizer in (keras.optimizers.Adam(1.0), ConvolutionMuon(1.0, newton_steps=10)):
    filters = keras.Variable(np.zeros((1, 1, 2, 2), "float32"))  # height, width, channels, filters
    optimizer.apply([slopes.reshape(1, 1, 2, 2)], [filters])
    steps[type(optimizer).__name__] = filters.numpy()[0, 0]
largest = {name: step / np.abs(step).max() for name, step in steps.items()}
plot_images.signed_images({"slopes / 5": slopes / 5, **largest}, numbers=True)

# %% [markdown]
# Signs are turned, because steps go down. Adam moves all four weights by the same amount: the two filters
# move alike, and what they disagreed about is lost. **Muon** reads the slopes of a layer as a matrix, a
# column a filter, and evens out its *directions*. Here the matrix has two: *both alike*, with strength 9,
# and *one against the other*, with strength 1. Check it: the matrix times (1, 1) is (9, 9), and times
# (1, −1) it is (1, −1). Muon gives both directions the same strength, and what is left is, up to a sign
# and a little roughness, the identity matrix: each filter learns its own. Muon finds this matrix with a
# few products of matrices. Here only the filters of convolutions learn by it, and all other weights by
# Adam.
#
# ## Does it help?
#
# Ask before you spend much: train for one epoch on a sample, with three seeds each, and a dense network
# beside the others. The learning rate goes up to a peak and down, [one
# cycle](../networks/first-network.md). (Each convolutional network has the best of three peak rates that
# were tried on it, on a larger sample: a rate that suits only one side would make the comparison worthless.
# `restart`, from [Experiments](../networks/experiments.md), saves tracing a network anew for each seed.)

# %% tags=["measured"]
from snippets.experiments import restart
from snippets.models import dense_network


def dense_on_bytes():
    scale = [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 127.5, offset=-1)]
    return keras.Sequential([*scale, dense_network((128,), shape=(32, 32, 3))])


Adam = keras.optimizers.Adam
changes = {
    "dense, no convolution": (dense_on_bytes, Adam, 0.003),
    "as published": (published_network, Adam, 0.003),
    "four blocks": (cifar_convnet, Adam, 0.005),
    "four blocks and Muon": (cifar_convnet, ConvolutionMuon, 0.02),
}
if cifar.edition == "full":
    changes |= {
        "Muon alone": (published_network, ConvolutionMuon, 0.02),
        "both, half the filters": (lambda: cifar_convnet((16, 24, 48, 96)), ConvolutionMuon, 0.02),
        "both, three blocks": (lambda: cifar_convnet((32, 64, 128)), ConvolutionMuon, 0.02),
    }
sample = cifar.train.sample(per_class=300)


def one_epoch(make, optimizer, peak):
    """Return the validation accuracy of three seeds, each after one epoch of the sample."""
    network, found = make(), []
    rate = OneCycle(peak, len(sample) // 32 + 1)
    network.compile(optimizer(rate), cross_entropy, metrics=["accuracy"])
    for seed in (7, 8, 9):
        restart(network, seed)
        network.fit(sample.images, sample.labels, batch_size=32, verbose=0)
        found.append(network.evaluate(*held_out, batch_size=500, verbose=0)[1])
    return found


with Stopwatch() as search_time:
    scores = {name: one_epoch(*how) for name, how in changes.items()}
print(f"{search_time.cpu_seconds:.0f} CPU seconds")

# %%
plot_results.seed_dots(scores, xlabel="validation accuracy after one epoch")

# %% [markdown]
# One epoch was `{python} f"{len(sample):,}"` photographs, equally many of each class. The four blocks bring
# `{python} f"{100 * (np.mean(scores['four blocks']) - np.mean(scores['as published'])):.0f}"` points on
# average over the published network, Muon
# `{python} f"{100 * (np.mean(scores['four blocks and Muon']) - np.mean(scores['four blocks'])):.0f}"` more.
# Which part of the four blocks does it, this does not say. After so few steps the published network is
# little better than a dense one, if at all: it learns slowly. (The full edition has three more rows, with
# one change alone or a smaller network.)
#
# Seeds of one row differ by up to
# `{python} f"{100 * max(max(row) - min(row) for row in scores.values()):.0f}"` points, and with
# `{python} f"{len(cifar.validation):,}"` validation photographs each score depends on which photographs
# those happen to be, by about
# `{python} f"{100 * np.sqrt(0.25 / len(cifar.validation)):.1f}"` points (the formula comes with the exam). The
# dots of the four blocks lie above all those of the published network, and with Muon higher again: that
# order is no accident, but how large the gains are is known only roughly. And one epoch says who is
# *quick*; a change that pays late, you would miss. The next one is of that kind.
#
# ## More photographs for nothing
#
# A car seen in a mirror is still a car, and so is one that stands two pixels further left. So flip and
# shift each photograph at random, every time it is used: the network never sees quite the same set
# twice. Such changes, which alter the pixels and not the label, are **data augmentation**. They belong
# to the training data only. Here are a photograph and eight such copies of it:

# %%
from functools import partial

from snippets.augmentation import augment, random_shift

flip, shift = tf.image.stateless_random_flip_left_right, partial(random_shift, pixels=2)
horse = cifar.train.images[of_class[names.index("horse")][0]]
nine = tf.data.Dataset.from_tensors((np.stack([horse] * 9), [names.index("horse")] * 9))
copies = next(iter(augment(nine, flip, shift, seed=7)))[0].numpy()
copies[0] = horse
plot_images.image_grid(copies, ["original"] + [""] * 8, columns=9, subject="copies of a photograph")

# %% [markdown]
# In a single epoch no photograph comes twice, so there is little to gain. Over many epochs a network can
# learn photographs by heart, and copies that change make it harder.
#
# ## At length
#
# Now train longer: four blocks, Muon, flips and shifts, with one seed. The `tf.data` pipeline has the
# stages that you know from [Fashion-MNIST](../networks/fashion-mnist.md): shuffle, batch, map (that is what
# `augment` does, with a new draw for every batch), prefetch. It shuffles by itself, so `fit` need not.

# %% tags=["measured"]
epochs = {"default": 10, "full": 8}[cifar.edition]
examples = tf.data.Dataset.from_tensor_slices((cifar.train.images, cifar.train.labels))
shuffled = examples.shuffle(len(cifar.train), seed=7).batch(128)
batches = augment(shuffled, flip, shift, seed=7).prefetch(2)  # two batches ahead
keras.utils.set_random_seed(7)
network = cifar_convnet()
network.compile(
    ConvolutionMuon(OneCycle(0.02, epochs * len(batches))),
    cross_entropy,
    metrics=["accuracy"],
    steps_per_execution=len(batches),
)
with Stopwatch() as time:
    long_run = network.fit(
        batches, epochs=epochs, validation_data=held_out, shuffle=False, verbose=0
    )
best = {name: values[-1] for name, values in long_run.history.items()}

# %%
plot_training.learning_curves(long_run.history)

# %% tags=["measured"]
networks = {"as published": (published, first, published_time), "ours": (network, best, time)}
works = {
    name: sum(cost.multiply_adds for cost in layer_costs(n[0])) for name, n in networks.items()
}
tables.table(
    [
        {
            "network": name,
            "weights": f"{model.count_params():,}",
            "multiply-adds": f"{works[name]:,}",
            "CPU seconds": f"{watch.cpu_seconds:.0f}",
            "validation loss": f"{measured['val_loss']:.2f}",
            "accuracy": f"{measured['val_accuracy']:.1%}",
        }
        for name, (model, measured, watch) in networks.items()
    ]
)

# %% [markdown]
# One seed each would be too little to judge a small difference. This difference is not small, and it has
# its price in arithmetic. In the curves, the training accuracy ends ahead of validation, at
# `{python} f"{long_run.history['accuracy'][-1]:.1%}"`: even with flips and shifts, a network learns by
# heart in the end. More photographs would probably help more than more epochs.
#
# Some other changes were tried for this page, with one seed each, and dropped. A first layer with stride 2,
# and small copies of the photographs in the first half of the training, saved seconds and cost accuracy.
# Averaging the weights over the last steps, and asking for a probability a little below 1 for the right
# class (*label smoothing*), changed no more than luck does.
#
# ## Two ways to go wrong
#
# A convolution wants four axes: batch, height, width, channels. Grey pictures often come without
# the last. (In the message, `ndim` is the rank.)

# %% tags=["raises-exception"]
grey_pictures = np.zeros((5, 28, 28), "float32")
keras.layers.Conv2D(8, 3)(grey_pictures)

# %% [markdown]
# The cure is to add the axis, with one channel:

# %%
keras.layers.Conv2D(8, 3)(grey_pictures[..., None]).shape

# %% [markdown]
# The other mistake raises no error. You remember that pixels should be scaled, and scale them before
# you hand them over, although the network does it itself: here the one that was published.

# %%
scaled = cifar.validation.images / 255
answers_if_scaled = published.predict(scaled, batch_size=500, verbose=0).argmax(axis=1)
print(f"bytes {first['val_accuracy']:.1%}, ", end="")
print(f"scaled twice {np.mean(answers_if_scaled == cifar.validation.labels):.1%}")
print("answers when scaled twice:", [names[c] for c in np.unique(answers_if_scaled)])

# %% [markdown]
# To the network these photographs are as good as black, all of them: its input is declared as bytes,
# every number below 1 is cut down to 0, and only pure white stays 1. If a network that trained well
# seems to guess, look at what goes in: print the type, the smallest and the largest number, and
# compare them with what it was trained on. (The first layer of `cifar_convnet` looks itself, and raises an
# error.)
#
# ## The exam
#
# Everything is chosen. Now the test photographs, once.

# %%
logits = {
    name: model.predict(cifar.test.images, batch_size=500, verbose=0)
    for name, (model, *_) in networks.items()
}
answers = {name: of_all.argmax(axis=1) for name, of_all in logits.items()}
grades = {name: np.mean(given == cifar.test.labels) for name, given in answers.items()}
for name, grade in grades.items():
    loss = float(cross_entropy(cifar.test.labels, logits[name]))
    luck = np.sqrt(grade * (1 - grade) / len(cifar.test))
    print(f"{name:12} loss {loss:.2f}, accuracy {grade:.1%}, give or take {luck:.1%}")

# %% [markdown]
# The *give or take* is the luck of the draw: another `{python} f"{len(cifar.test):,}"` photographs
# of the same kind would change the accuracy by about so much. (With accuracy $p$ and $n$
# photographs, it is the standard deviation $\sqrt{p(1-p)/n}$.)
#
# ## Which classes are hard?
#
# The **per-class accuracy** counts the right answers within one class:

# %%
given = answers["ours"]
by_class = np.array([(given[cifar.test.labels == c] == c).mean() for c in range(10)])
plot_classes.class_bars(by_class, class_names=names, overall=grades["ours"])

# %% [markdown]
# On average, vehicles are easier than animals, perhaps because a truck has straight edges and one
# shape, and a cat any shape a cat likes. The network is right on
# `{python} f"{by_class.max():.1%}"` of its best class, *`{python} names[by_class.argmax()]`*, and
# on `{python} f"{by_class.min():.1%}"` of its worst, *`{python} names[by_class.argmin()]`*. One class has a
# tenth of the photographs, so the luck of the draw is about three times as large as above (the root of
# ten): do not make much of small differences between bars. What is each class taken for? Each row below is
# a true class, in percent; each column an answer.

# %%
plot_evaluation.draw_confusion_matrix(cifar.test.labels, given, class_names=names)

# %%
taken = np.zeros((10, 10), int)
np.add.at(taken, (cifar.test.labels, given), 1)
both_ways = np.triu(taken + taken.T, k=1)
worst = np.unravel_index(both_ways.argmax(), both_ways.shape)
print("confused most often:", " and ".join(names[c] for c in worst), both_ways.max(), "times")

# %% [markdown]
# That counts both directions. Cats and dogs: four legs, fur, any pose, often on a sofa. Here are the eight
# on which the network was most certain and wrong, each with its label, the answer, and the probability
# that the network gave to the answer.

# %%
CAT, DOG = names.index("cat"), names.index("dog")
chances = tf.nn.softmax(logits["ours"]).numpy()
labels = cifar.test.labels
mistaken = ((labels == CAT) & (given == DOG)) | ((labels == DOG) & (given == CAT))
surest = np.flatnonzero(mistaken)[np.argsort(-chances.max(axis=1)[mistaken])][:8]
titles = [f"{names[labels[i]]}, said\n{names[given[i]]}, {chances[i].max():.0%}" for i in surest]
plot_images.image_grid(cifar.test.images[surest], titles, columns=8, subject="cats and dogs")

# %% [markdown]
# With some you would hesitate yourself: 32 by 32 pixels do not leave much of a muzzle. With others you
# would not, and you cannot see here why the network is wrong;
# [What did it learn?](explanations.md) asks that question. And wrong as it is, it is sure: its certainty
# deserves the doubt of [Evaluation](../networks/evaluation.md).
#
# ## What the first filters look like
#
# The filters of the first layer lie on the photograph itself, so you can look at them as tiny
# pictures, their weights for red, green and blue as a colour. Mid grey is a weight of 0 in all three. They
# are sorted, row by row: first those whose weights for red, green and blue are most nearly the same.
# (`grey_fraction` says how nearly, from 0 to 1; above one half, a filter counts as *mostly alike*.)

# %%
filters = network.get_layer("conv_1").get_weights()[0]  # height, width, channels, filters
share = plot_images.grey_fraction(filters)
plot_images.filter_grid(filters[..., np.argsort(-share)])

# %% [markdown]
# Of `{python} f"{len(share)}"` filters, `{python} f"{(share > 0.5).sum()}"` weigh the colours mostly
# alike and answer to brightness: with luck you find one that is dark on one side and light on the other,
# like the one you [slid by hand](convolution.md). The last ones compare colours. Nobody asked for either
# kind; [descent](../foundations/gradients.md) on the loss found them. You will often read that networks see
# *edges, then corners, then wheels*. Here that story breaks: most of these filters look like confetti. Nine
# pixels are few, each filter began as random numbers, and it only had to become useful, not beautiful.

# %% tags=["claims"]
bar = {"default": 0.72, "full": 0.82}[cifar.edition]
vehicles, animals = [0, 1, 8, 9], [2, 3, 4, 5, 6, 7]
assert abs(loss_before - np.log(10)) < 0.3, "the untrained network loses about ln 10"
assert min(scores["four blocks"]) > max(scores["as published"]), (
    "after one epoch, the worst of three seeds of the four blocks is above the best as published"
)
assert min(scores["four blocks"]) > max(scores["dense, no convolution"]) + 0.05, (
    "and more than 5 points above the best dense network"
)
assert min(scores["four blocks and Muon"]) > max(scores["four blocks"]), (
    "with Muon, the worst of three seeds is above the best with Adam"
)
assert best["val_accuracy"] > first["val_accuracy"] + 0.06, (
    "trained at length, it is right on at least 6 of 100 validation photographs more"
)
assert works["ours"] > 2 * works["as published"], "it has more than twice the multiply-adds"
assert grades["ours"] >= bar, "at least 72% of the test photographs (full edition: 82%) are right"
assert np.mean(answers_if_scaled == cifar.validation.labels) < 0.2, (
    "of photographs scaled twice, fewer than a fifth are right"
)
assert set(worst) == {CAT, DOG}, "no two classes are confused more often than cats and dogs"
assert by_class[vehicles].mean() > by_class[animals].mean() + 0.03, (
    "vehicles are recognised more often than animals, by more than 3 points"
)

# %% tags=["control"] claim="the untrained network loses about ln 10" without="scaling the bytes"
keras.utils.set_random_seed(7)
unscaled = keras.Sequential(
    [layer for layer in published_network().layers if not isinstance(layer, keras.layers.Rescaling)]
)
told = unscaled(cifar.validation.images[:500].astype("float32"))
loss_before = float(cross_entropy(cifar.validation.labels[:500], told))

# %% tags=["control"] claim="with Muon, the worst of three seeds is above the best with Adam" without="Muon"
keras.utils.set_random_seed(7)
without_muon = cifar_convnet()
rate = OneCycle(0.005, len(sample) // 32 + 1)
without_muon.compile(Adam(rate), cross_entropy, metrics=["accuracy"])
without_muon.fit(sample.images, sample.labels, batch_size=32, verbose=0)
reached = without_muon.evaluate(*held_out, batch_size=500, verbose=0)[1]
scores = scores | {"four blocks and Muon": [reached]}

# %% tags=["control"] claim="it has more than twice the multiply-adds" without="so many filters"
slim = cifar_convnet((16, 24, 48, 96))
of_slim = sum(cost.multiply_adds for cost in layer_costs(slim))
works = works | {"ours": of_slim}

# %% tags=["control"] claim="at least 72% of the test photographs (full edition: 82%) are right" without="the changes to the published network"
grades = grades | {"ours": np.mean(answers["as published"] == cifar.test.labels)}

# %% tags=["control"] claim="of photographs scaled twice, fewer than a fifth are right" without="scaling twice"
as_bytes = published.predict(cifar.validation.images, batch_size=500, verbose=0)
answers_if_scaled = as_bytes.argmax(axis=1)

# %% [markdown]
# ## Exercises
#
# **1. What comes into the frame?** Move a row of pixels by 2 to the left, and two places at the right have
# no pixel. `random_shift` fills them as in a mirror: after the last pixel comes the one before the last,
# and so on back. Places and pixels are counted from 0; places left of the row are negative. Write the
# function that returns the number of the pixel shown at a place. The starter knows only the left border.


# %% tags=["starter"]
def mirrored_place(place: int, size: int) -> int:
    """Return which of `size` pixels stands at a place, from -size + 1 to 2 * size - 2."""
    return abs(place)


# %% tags=["check"]
assert [mirrored_place(place, 4) for place in range(4)] == [0, 1, 2, 3], "inside, nothing changes"
assert mirrored_place(4, 4) == 2, "behind the last of four pixels, 3, comes 2"
assert mirrored_place(-1, 4) == 1, "before the first of four pixels, 0, comes 1"
for size in (2, 3, 5, 8):
    expected = np.pad(np.arange(size), size - 1, mode="reflect").tolist()
    shown = [mirrored_place(place, size) for place in range(1 - size, 2 * size - 1)]
    assert shown == expected, f"{size} pixels: {shown} should be {expected}"


# %% tags=["solution"]
def mirrored_place(place: int, size: int) -> int:
    """Return which of `size` pixels stands at a place, from -size + 1 to 2 * size - 2."""
    last = size - 1
    return last - abs(last - abs(place))  # the same fold, once at each border


# %% tags=["wrong"]
def mirrored_place(place: int, size: int) -> int:
    """Begin again at the other side."""
    return place % size


# %% tags=["wrong"]
def mirrored_place(place: int, size: int) -> int:
    """Show the last pixel twice, as a mirror right at the border would."""
    if place < 0:
        return -place - 1
    return place if place < size else 2 * size - 1 - place


# %% tags=["wrong"]
def mirrored_place(place: int, size: int) -> int:
    """Go on with the pixel at the border."""
    return min(max(place, 0), size - 1)


# %% tags=["wrong"]
def mirrored_place(place: int, size: int) -> int:
    """Count back from the end, and leave negative places to Python."""
    return place if place < size else 2 * size - 2 - place


# %% [markdown]
# **2. How many weights?** Count the weights of a `Conv2D` layer whose filters are `kernel` by `kernel`
# pixels. Each filter covers all channels of its input. The starter forgets something.


# %% tags=["starter"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Return the number of weights of a convolution, biases included."""
    return kernel * kernel * channels * filters


# %% tags=["check"]
assert conv_weights(1, 1, 1) == 2, "one weight and one bias make 2"
for kernel, channels, filters in ((3, 3, 32), (3, 32, 64), (5, 4, 6)):
    layer = keras.layers.Conv2D(filters, kernel)
    layer.build((None, 8, 8, channels))
    expected, given = layer.count_params(), conv_weights(kernel, channels, filters)
    case = f"{filters} filters of {kernel} by {kernel} on {channels} channels"
    assert given == expected, f"{case}: Keras counts {expected}, not {given}"


# %% tags=["solution"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Return the number of weights of a convolution, biases included."""
    return (kernel * kernel * channels + 1) * filters  # and one bias a filter


# %% tags=["wrong"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Add one bias for the whole layer."""
    return kernel * kernel * channels * filters + 1


# %% tags=["wrong"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Add a bias for each channel of each filter."""
    return (kernel * kernel + 1) * channels * filters


# %% tags=["wrong"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Forget that a filter is as deep as its input."""
    return (kernel * kernel + 1) * filters


# %% [markdown]
# **3. Ask twice.** The network may answer differently for a photograph and its mirror image, though
# both show the same thing. Average the logits of the two: the answer then cannot depend on which way
# the thing looks. It costs nothing in training, and in use each photograph is asked about twice. (The loss
# of the average is never above the average of the two losses, because the cross-entropy, drawn over the
# logits, has the shape of a bowl.) The starter turns the photographs upside down instead.


# %% tags=["starter"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and their mirror images, shape (n, 10)."""
    mirrored = images[:, ::-1]
    return (network.predict(images, verbose=0) + network.predict(mirrored, verbose=0)) / 2


# %% tags=["check"]
some, some_labels = cifar.validation.images[:200], cifar.validation.labels[:200]
turned = some[:, :, ::-1]
mean_logits = ask_twice(some)
assert np.shape(mean_logits) == (200, 10), f"shape {np.shape(mean_logits)}, not ten logits each"
assert np.allclose(mean_logits, ask_twice(turned), atol=1e-3), (
    "a photograph and its mirror image must get the same answer"
)
once_each = [network.predict(side, verbose=0) for side in (some, turned)]
away = np.abs(mean_logits - np.mean(once_each, axis=0)).max()
assert away < 1e-3, f"up to {away:.2f} away from the mean of the two answers' logits"
losses = [float(cross_entropy(some_labels, one)) for one in once_each]
assert float(cross_entropy(some_labels, mean_logits)) <= sum(losses) / 2 + 1e-5, (
    "the mean of two answers should cost no more than the two do on average"
)


# %% tags=["solution"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and their mirror images, shape (n, 10)."""
    mirrored = images[:, :, ::-1]  # axes: batch, height, width, channels
    return (network.predict(images, verbose=0) + network.predict(mirrored, verbose=0)) / 2


print(f"asked once: {best['val_accuracy']:.1%} of the validation photographs")
twice = ask_twice(cifar.validation.images).argmax(axis=1)
print(f"asked twice: {(twice == cifar.validation.labels).mean():.1%}")


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the larger logits, not the mean."""
    sides = images, images[:, :, ::-1]
    return np.maximum(*[network.predict(side, verbose=0) for side in sides])


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the sum, which is twice too sure."""
    sides = images, images[:, :, ::-1]
    return sum(network.predict(side, verbose=0) for side in sides)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Ask once, about a blend of the photograph and its mirror image."""
    blend = (images / 2 + images[:, :, ::-1] / 2).astype("uint8")
    return network.predict(blend, verbose=0)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean of the probabilities."""
    sides = images, images[:, :, ::-1]
    both = [tf.nn.softmax(network.predict(side, verbose=0)) for side in sides]
    return np.mean(both, axis=0)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Mirror the channels, red for blue."""
    mirrored = images[..., ::-1]
    return (network.predict(images, verbose=0) + network.predict(mirrored, verbose=0)) / 2


# %% [markdown]
# ## What to remember
#
# - Compare changes in short trainings, with several seeds, one change at a time; but a change that pays
#   late needs a long one.
# - Muon evens out the directions of a layer's step, where Adam evens out its single numbers.
# - Flips and shifts make new training photographs for nothing, and are off when the network is judged.
# - Keep the scaling inside the network, and know what range of numbers it wants.
# - Report the accuracy of each class, its confusions, and the luck of the draw, beside the one number.
#
# ## Where next
#
# Flips and shifts are the beginning: [Augmentation](augmentation.md) tries more of them, measures what they
# are worth, and shows when a flip lies. With `make full`, this page runs on all of CIFAR-10: five times the
# photographs, the same layers, more right answers, and more changes compared.
