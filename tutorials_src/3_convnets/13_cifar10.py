# ---
# title: A convolutional network on CIFAR-10
# summary: A whole program for colour photographs, the published network beside it, one change at a time, and what the best one confuses.
# needs: [convolution]
# helps: [regularisation, experiments]
# teaches: [data augmentation, Muon, per-class accuracy]
# data: [cifar10]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# CIFAR-10 holds colour photographs of 32 by 32 pixels: things of ten classes, of any size, in any pose, on
# any background. Here is a whole program that learns to tell them apart, with Keras alone:

# %% tags=["measured", "program"]
import keras
from keras import layers

(x, y), test_data = keras.datasets.cifar10.load_data()
keras.utils.set_random_seed(7)
stack = [keras.Input((32, 32, 3)), layers.Rescaling(1 / 64, offset=-2)]
for filters in (32, 48, 96, 192):
    stack += [
        layers.Conv2D(filters, 3, padding="same", use_bias=False),
        layers.MaxPooling2D(),
        layers.BatchNormalization(momentum=0.9, beta_initializer="ones"),
        layers.ReLU(),
    ]
head = layers.GlobalMaxPooling2D(), layers.Dense(10), layers.Rescaling(0.25)
network = keras.Sequential([*stack, *head])
rate = keras.optimizers.schedules.CosineDecay(0.005, 5 * 0.9 * len(x) / 64)
adam = keras.optimizers.Adam(rate)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(adam, cross_entropy, metrics=["accuracy"])
history = network.fit(x, y, batch_size=64, epochs=5, validation_split=0.1)

# %% tags=["folded"]
program_accuracy = history.history["val_accuracy"][-1]
held_out_count = len(x) // 10

# %% [markdown]
# It is right on `{python} f"{program_accuracy:.1%}"` of photographs that it has not seen (`val_accuracy` in
# the last line). For this page, `load_data()` gave `{python} f"{len(x):,}"` photographs, of which
# `validation_split` holds out the last `{python} f"{held_out_count:,}"`. **The page is built on a sample of CIFAR-10; on your machine the program
# gets all 50,000**, takes five times as long, and does better. (With `make full`, so does this page.)
#
# Guessing would be right on one in ten. [Convolution](convolution.md) explains the layers. This page
# asks what each of them is worth, sets a published network beside this one, and goes on from there: what
# do you change next, and how do you know that it was worth it?
#
# ## Look at the data first
#
# Each pixel has three bytes, its red, green and blue channels, so a photograph is a rank-3 tensor. Below
# are three photographs of each class.

# %%
import numpy as np
import tensorflow as tf

from snippets import plot_images
from snippets.datasets import CIFAR10_CLASSES as class_names
from snippets.datasets import Split

train = Split(x[:-held_out_count], y[:-held_out_count, 0])
held_out = x[-held_out_count:], y[-held_out_count:, 0]
test_images, test_labels = test_data[0], test_data[1][:, 0]
of_class = [np.flatnonzero(train.labels == c)[:3] for c in range(10)]
three_rows = train.images[np.transpose(of_class).ravel()]
titles = [*class_names, *[""] * 20]
plot_images.image_grid(three_rows, titles, columns=10, subject="things")

# %% [markdown]
# (Keras gives these labels as a column, shape (n, 1). `fit` takes them so; but `answers == y`, of shapes
# (n,) and (n, 1), would [broadcast](../foundations/broadcasting.md) to n by n. So `[:, 0]` flattens them.)
#
# ## The program's network
#
# `cifar_convnet` of the snippets builds the same layers with names. What does each cost?

# %%
from snippets import tables
from snippets.convnets import cifar_convnet
from snippets.network_costs import layer_costs

named_network = cifar_convnet()
named_network.set_weights(network.get_weights())
costs = layer_costs(named_network)
rows = [c._asdict() for c in costs if c.weights or "pool" in c.layer]
tables.table(rows)

# %% [markdown]
# Check two numbers of `conv_2`. Weights: 48 filters of 3 · 3 pixels · 32 channels. Multiply-adds: all of
# them at 16 · 16 places. The network has a few turns of its own:
#
# - `Rescaling(1 / 64, offset=-2)` turns bytes into numbers from −2 to 2. As a layer, the preparation
#   belongs to the network, and whoever uses the network hands over bytes.
# - `beta_initializer="ones"`: what the normalisation adds starts at one, not at zero. `relu` then lets most
#   numbers through from the first step on, and a short training gets further. `momentum=0.9` lets the
#   running averages follow a short training, too.
# - Of each last map, two by two places, `GlobalMaxPooling2D` hands on only the largest number. (The mean,
#   as in global average pooling, is the other choice.) No hidden layer, no dropout.
# - The largest numbers are large. The last layer divides the logits by 4: a network that knows nothing
#   should not be sure of it.
#
# ## The network as published
#
# Compare it with the network of [TensorFlow's own
# tutorial](https://www.tensorflow.org/tutorials/images/cnn): three convolutions without padding, max
# pooling between them, dense layers that draw the conclusion. Only its division by 255 has become a layer.


# %%
published_network = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]
)
published_network.compile("adam", cross_entropy, metrics=["accuracy"])


# %% [markdown]
# Train it as published, too: Adam with the rate that Keras gives it, ten epochs (in batches of 64, there
# they are of 32). Before the first step, the loss should be near the price of knowing nothing,
# `{python} f"{np.log(10):.2f}"`.

# %%
from snippets import plot_training

loss_before, _ = published_network.evaluate(*held_out, 500, verbose=0)
examples = train.images, train.labels
options = {"batch_size": 64, "epochs": 10, "verbose": 0}
published_network.fit(*examples, validation_data=held_out, **options)
published_accuracy = published_network.history.history["val_accuracy"][-1]
print(f"loss before {loss_before:.2f}; accuracy {published_accuracy:.1%}")

# %%
plot_training.learning_curves(published_network.history.history)

# %% [markdown]
# It is right on `{python} f"{published_accuracy:.1%}"`, after twice as many epochs as the program, and its
# training accuracy pulls away from the validation accuracy: it has begun to learn photographs by heart.
#
# ## One change at a time
#
# So the program's network is better. Which of its changes did it? Ask before you spend much: train for one
# epoch on a sample, with three seeds each. The rows begin with a dense network and with the published one,
# and the four blocks without their normalisation differ from that in several ways at once: depth, padding,
# scaling, the layers at the end. From there on, **each row is one change away from the row above**. (With
# the normalisation goes what it adds: these convolutions have no bias.) The learning rate climbs to a peak
# and comes down again, as a `CosineDecay` with warm-up does. (Each network has the best of a few peak rates
# that were tried on it: a rate that suits only one side would make the comparison worthless. `restart`, from
# [Experiments](../networks/experiments.md), saves tracing a network anew for each seed.)


# %%
def warm_cosine(peak, steps):
    warm_up = int(0.3 * steps)
    climb = {"warmup_target": peak, "warmup_steps": warm_up}
    decay = keras.optimizers.schedules.CosineDecay
    return decay(peak / 25, steps - warm_up, **climb)


pixels = keras.Input((32, 32, 3)), layers.Rescaling(1 / 127.5, offset=-1)
stack = layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)
dense_network = keras.Sequential([*pixels, *stack])
clone = keras.models.clone_model
four_blocks, own_layers = clone(network), clone(network).layers
own_layers = [item for item in own_layers if "normal" not in item.name]
plain_blocks = keras.Sequential([keras.Input((32, 32, 3)), *own_layers])


# %%
from snippets.experiments import restart

sample = train.sample(per_class=250)
steps = len(sample) // 32 + 1


def one_epoch(network, optimizer, peak):
    """Return the validation accuracy of three seeds."""
    rate = warm_cosine(peak, steps)
    network.compile(optimizer(rate), cross_entropy, metrics=["accuracy"])
    accuracies = []
    for seed in (7, 8, 9):
        restart(network, seed)
        network.fit(sample.images, sample.labels, batch_size=32, verbose=0)
        evaluation = network.evaluate(*held_out, batch_size=500, verbose=0)
        accuracies.append(evaluation[1])
    return accuracies


# %%
from snippets import plot_results

Adam = keras.optimizers.Adam
changes = {
    "dense, no convolution": (dense_network, Adam, 0.003),
    "as published": (clone(published_network), Adam, 0.002),
    "four blocks, not normalised": (plain_blocks, Adam, 0.005),
    "four blocks": (four_blocks, Adam, 0.005),
}
scores = {name: one_epoch(*change) for name, change in changes.items()}
plot_results.seed_dots(scores, xlabel="validation accuracy, one epoch")

# %% tags=["folded"]
dense_scores, published_scores, plain_scores, block_scores = scores.values()
blocks_gain = 100 * (np.mean(plain_scores) - np.mean(published_scores))
norm_gain = 100 * (np.mean(block_scores) - np.mean(plain_scores))
widest_range = 100 * max(max(row) - min(row) for row in scores.values())
sampling_error = 100 * np.sqrt(0.25 / held_out_count)

# %% [markdown]
# One epoch was `{python} f"{len(sample):,}"` photographs, equally many of each class. The four blocks bring
# `{python} f"{blocks_gain:+.0f}"` points on average over the
# published network, their normalisation
# `{python} f"{norm_gain:+.0f}"`. After so few steps the
# published network (`{python} f"{np.mean(published_scores):.0%}"`) is no better than a dense one
# (`{python} f"{np.mean(dense_scores):.0%}"`): it learns slowly.
#
# Seeds of one row differ by up to `{python} f"{widest_range:.0f}"` points, and with
# `{python} f"{held_out_count:,}"` validation photographs each score depends on which photographs those
# happen to be, by about `{python} f"{sampling_error:.1f}"` points (the formula comes with the exam). So believe in
# differences that leave all dots of one row on one side of all dots of another, and do not trust their
# size. And one epoch says who is *quick*; a change that pays late, you would miss. The next one is of that
# kind.
#
# ## More photographs for free
#
# A car seen in a mirror is still a car, and so is one that stands two pixels further left. So flip and
# shift each photograph at random, every time it is used: the network never sees quite the same set
# twice. Such changes, which alter the pixels and not the label, are **data augmentation**. They belong
# to the training data only. Here are a photograph and, after it, eight such copies:

# %%
from functools import partial

from snippets.augmentation import augment, random_shift

flip = tf.image.stateless_random_flip_left_right
shift = partial(random_shift, pixels=2)
horse = train.images[np.flatnonzero(train.labels == 7)[0]]
nine_horses = tf.data.Dataset.from_tensors((np.stack([horse] * 9), [7] * 9))
copies = next(iter(augment(nine_horses, flip, shift, seed=7)))[0].numpy()
copies[0] = horse
plot_images.image_grid(copies, columns=9, subject="copies of a horse")

# %% [markdown]
# In a single epoch no photograph comes twice, so there is little to gain. Over many epochs, a network can
# learn photographs by heart, and copies that change make it harder. Measure it where it must show: only 20
# photographs of each class, each seen twelve times, three seeds with the photographs as they are and
# three with copies.

# %%
small_set = train.sample(per_class=20)
columns = small_set.images, small_set.labels
pairs = tf.data.Dataset.from_tensor_slices(columns)
adam = Adam(warm_cosine(0.005, 12 * 10))
four_blocks.compile(adam, cross_entropy, metrics=["accuracy"])


def twelve_epochs(seed, *transforms):
    restart(four_blocks, seed)
    batches = pairs.shuffle(200, seed=seed).batch(20)
    batches = augment(batches, *transforms, seed=seed)
    four_blocks.fit(batches, epochs=12, shuffle=False, verbose=0)
    return four_blocks.evaluate(*held_out, batch_size=500, verbose=0)[1]


unchanged_scores = [twelve_epochs(seed) for seed in (7, 8, 9)]
copies_scores = [twelve_epochs(seed, flip, shift) for seed in (7, 8, 9)]
few_scores = {"as they are": unchanged_scores, "copies": copies_scores}
plot_results.seed_dots(few_scores, xlabel="validation accuracy")

# %% tags=["folded"]
copies_gain = 100 * (np.mean(copies_scores) - np.mean(unchanged_scores))

# %% [markdown]
# The copies change the accuracy by `{python} f"{copies_gain:+.1f}"` points here on average; dots of one row
# differ by up to `{python} f"{100 * max(max(row) - min(row) for row in few_scores.values()):.1f}"`. If the
# dots of the two rows mix, that is inside the noise: you do not know. ([Augmentation](augmentation.md) asks
# how it depends on the number of photographs and of steps.)
#
# ## A new optimizer
#
# What [Adam](../networks/functional-api.md) evens out is the size of each single slope, the derivative of
# the loss with respect to one weight. But weights act together. Suppose that a layer has two filters of
# two weights, a column each, and that the slopes are those of the first picture, times 5: both filters
# ask for nearly the same, and differ a little. The other pictures are the first step of three optimizers,
# divided by its largest number without sign.

# %%
from snippets.convnets import ConvolutionMuon

slopes = np.array([[5.0, 4.0], [4.0, 5.0]], "float32")


def first_step(optimizer, shape=(1, 1, 2, 2)):
    """Return a step of weights (height, width, channels, filters)."""
    weights = keras.Variable(np.zeros(shape, "float32"))
    optimizer.apply([slopes.reshape(shape)], [weights])
    step = weights.numpy().reshape(2, 2)
    return step / np.abs(step).max()


optimizers = {
    "Adam": Adam(1.0),
    "Keras's Muon": keras.optimizers.Muon(1.0),
    "ConvolutionMuon": ConvolutionMuon(1.0, newton_steps=10),
}
first_steps = {name: first_step(rule) for name, rule in optimizers.items()}
adam_step, keras_step, _ = first_steps.values()
pictures = {"slopes / 5": slopes / 5, **first_steps}
plot_images.signed_images(pictures, numbers=True)

# %% [markdown]
# Signs are turned, because steps go down. Adam moves all four weights by the same amount: the two filters
# move alike, and what they disagreed about is lost. **Muon** reads the slopes of a layer as a matrix, a
# column per filter, and evens out its *directions*. Here the matrix has two: *both alike*, with strength
# 9, and *one against the other*, with strength 1. Check it: the matrix times (1, 1) is (9, 9), and times
# (1, −1) it is (1, −1). Muon gives both directions the same strength, and what is left is, up to a sign
# and a little roughness, the identity matrix: each filter learns its own. It finds this matrix with a few
# products of matrices.
#
# Keras has a `Muon`, and the third picture shows what it does with filters: nothing. It takes weights with
# two axes, those of dense layers; filters have four, and it leaves them to Adam.
# `ConvolutionMuon`, a class of the snippets, reads filters as a matrix, and leaves all *other* weights to
# Adam. One change away from *four blocks*:

# %%
muon_scores = one_epoch(four_blocks, ConvolutionMuon, 0.02)
scores["four blocks and Muon"] = muon_scores
plot_results.seed_dots(scores, xlabel="validation accuracy, one epoch")

# %% [markdown]
# Muon brings
# `{python} f"{100 * (np.mean(muon_scores) - np.mean(block_scores)):.0f}"` points more.
#
# ## At length
#
# Now train all of it at length, with one seed: four blocks, flips and shifts, Muon. The `tf.data` pipeline
# has the stages that you know from [Fashion-MNIST](../networks/fashion-mnist.md): shuffle, batch, map (that
# is what `augment` does, with a new draw for every batch), prefetch. It shuffles by itself, so `fit` need
# not. The dense network gets as many epochs.

# %%
pairs = tf.data.Dataset.from_tensor_slices(examples)
shuffled_batches = pairs.shuffle(len(train), seed=7).batch(128)
batches = augment(shuffled_batches, flip, shift, seed=7).prefetch(2)
keras.utils.set_random_seed(7)
final_network = keras.models.clone_model(network)
muon = ConvolutionMuon(warm_cosine(0.02, 6 * len(batches)))
final_network.compile(muon, cross_entropy, metrics=["accuracy"])
options = {"epochs": 6, "shuffle": False, "verbose": 0}
long_run = final_network.fit(batches, validation_data=held_out, **options)
final_history = long_run.history

# %%
dense_network.compile("adam", cross_entropy, metrics=["accuracy"])
restart(dense_network, 7)
dense_network.fit(*examples, batch_size=128, epochs=6, verbose=0)
plot_training.learning_curves(final_history)

# %%
networks = {
    "dense, no convolution": dense_network,
    "as published": published_network,
    "the program": network,
    "flips, shifts and Muon": final_network,
}
work, rows = {}, []
for name, net in networks.items():
    work[name] = sum(cost.multiply_adds for cost in layer_costs(net))
    answers = net.predict(held_out[0], 500, verbose=0).argmax(axis=1)
    grade = np.mean(answers == held_out[1])
    row = {"network": name, "weights": net.count_params()}
    row |= {"multiply-adds": work[name], "accuracy": f"{grade:.1%}"}
    rows.append(row)
tables.table(rows)

# %% tags=["folded"]
final_validation = final_history["val_accuracy"][-1]

# %% [markdown]
# One seed each would be too little to judge a small difference. These are not small, and they have
# their price in arithmetic. In the curves, the training accuracy ends
# `{python} f"{100 * (final_history['accuracy'][-1] - final_validation):+.0f}"` points from the validation
# accuracy: even with flips and shifts, a network learns by heart in the end. More photographs would
# probably help more than more epochs.
#
# Some other changes were tried for this page, with one seed each, and dropped. A first layer with stride 2,
# and small copies of the photographs in the first half of the training, saved seconds and cost accuracy.
# Averaging the weights over the last steps, and asking for a probability a little below 1 for the right
# class (*label smoothing*), changed no more than luck does.
#
# ## What goes wrong: scaled twice
#
# You remember that pixels should be scaled, and scale them before you hand them over, although the network
# does it itself. No error:

# %%
scaled_images = held_out[0] / 255
answers_if_scaled = network.predict(scaled_images, 500, 0).argmax(axis=1)
scaled_accuracy = np.mean(answers_if_scaled == held_out[1])
print(f"bytes {program_accuracy:.1%}, scaled twice {scaled_accuracy:.1%}")
print("answers:", [class_names[c] for c in np.unique(answers_if_scaled)])

# %% [markdown]
# To the network these photographs are as good as black, all of them. If a network that trained well seems
# to guess, look at what goes in: print the type, the smallest and the largest number, and compare them
# with what it was trained on. The first layer of `cifar_convnet` looks itself:

# %% tags=["raises-exception"]
named_network(scaled_images[:5])

# %% [markdown]
# ## The exam
#
# Everything is chosen. Now the test photographs, once.

# %%
grades = {}
for name in ("as published", "flips, shifts and Muon"):
    logits = networks[name].predict(test_images, 500, verbose=0)
    grade = np.mean(logits.argmax(axis=1) == test_labels)
    luck = np.sqrt(grade * (1 - grade) / len(test_labels))
    print(f"{name:24} {grade:.1%}, give or take {luck:.1%}")
    grades[name] = grade

# %% [markdown]
# The *give or take* is the luck of the draw: another `{python} f"{len(test_labels):,}"` photographs
# of the same kind would change the accuracy by about so much. (With accuracy $p$ and $n$
# photographs, it is the standard deviation $\sqrt{p(1-p)/n}$.)
#
# ## Which classes are hard?
#
# The **per-class accuracy** counts the right answers within one class:

# %%
from snippets.plot_classes import class_bars
from snippets.plot_evaluation import draw_confusion_matrix

final_grade = grades["flips, shifts and Muon"]
final_answers = logits.argmax(axis=1)  # of the last network above
correct_masks = [final_answers[test_labels == c] == c for c in range(10)]
per_class = np.array([mask.mean() for mask in correct_masks])
class_bars(per_class, class_names=class_names, overall=final_grade)

# %% [markdown]
# On average, vehicles are easier than animals, perhaps because a truck has straight edges and one
# shape, and a cat any shape a cat likes. The network is right on
# `{python} f"{per_class.max():.1%}"` of its best class, *`{python} class_names[per_class.argmax()]`*,
# and on `{python} f"{per_class.min():.1%}"` of its worst,
# *`{python} class_names[per_class.argmin()]`*. One class has a tenth of the photographs, so the luck of
# the draw is about three times as large as above (the root of ten): do not make much of small differences
# between bars. What is each class taken for? Each row below is a true class, in percent; each column an
# answer.

# %%
draw_confusion_matrix(test_labels, final_answers, class_names=class_names)

# %%
confusions = np.zeros((10, 10), int)
np.add.at(confusions, (test_labels, final_answers), 1)
both_ways = np.triu(confusions + confusions.T, k=1)
confused_pair = np.unravel_index(both_ways.argmax(), both_ways.shape)
pair_names = [class_names[c] for c in confused_pair]
print(f"most often: {pair_names}, {both_ways.max()} times")

# %% [markdown]
# That counts both directions. Cats and dogs: four legs, fur, any pose, often on a sofa. Here are the eight
# on which the network was most confident and wrong, each with its answer and the probability that it gave
# to the answer. The label is the other of the two.

# %%
CAT, DOG = class_names.index("cat"), class_names.index("dog")
confidence = tf.nn.softmax(logits).numpy().max(axis=1)
cat_for_dog = (test_labels == CAT) & (final_answers == DOG)
dog_for_cat = (test_labels == DOG) & (final_answers == CAT)
mistakes = np.flatnonzero(cat_for_dog | dog_for_cat)
mistakes = mistakes[np.argsort(-confidence[mistakes])][:8]
answer_names = np.array(class_names)[final_answers]
titles = [f"{answer_names[i]}?\n{confidence[i]:.0%} sure" for i in mistakes]
pictures = test_images[mistakes]
plot_images.image_grid(pictures, titles, columns=8, subject="cats and dogs")

# %% [markdown]
# With some you would hesitate yourself: 32 by 32 pixels do not leave much of a muzzle. With others you
# would not, and you cannot see here why the network is wrong;
# [What did it learn?](explanations.md) asks that question. These are confident mistakes, and a network's
# confidence deserves the doubt of [How sure?](../networks/how-sure.md).
#
# ## What the first filters look like
#
# The filters of the first layer lie on the photograph itself, so you can look at them as tiny
# pictures, their weights for red, green and blue as a colour. Mid grey is a weight of 0 in all three. They
# are sorted, row by row: first those whose weights for red, green and blue are most nearly the same.
# (`grey_fraction` says how nearly, from 0 to 1; above one half, a filter counts as *mostly alike*.)

# %%
filters = final_network.layers[1].get_weights()[0]
grey_fractions = plot_images.grey_fraction(filters)
plot_images.filter_grid(filters[..., np.argsort(-grey_fractions)])

# %% [markdown]
# Of `{python} f"{len(grey_fractions)}"` filters, `{python} f"{(grey_fractions > 0.5).sum()}"` weigh the colours mostly
# alike and answer to brightness: with luck you find one that is dark on one side and light on the other,
# like the one you [slid by hand](convolution.md). The last ones compare colours. Nobody asked for either
# kind; [descent](../foundations/gradients.md) on the loss found them. You will often read that networks see
# *edges, then corners, then wheels*. Here that story breaks: most of these filters look like confetti. Nine
# pixels are few, each filter began as random numbers, and it only had to become useful, not beautiful.

# %% tags=["claims"]
bar = 0.82 if len(x) == 50_000 else 0.72
vehicles, animals = per_class[[0, 1, 8, 9]].mean(), per_class[2:8].mean()
same_layers = named_network, network
two_logits = [net(x[:50], training=False) for net in same_layers]
assert np.abs(np.subtract(*two_logits)).max() < 1e-3, (
    "the snippets' cifar_convnet is the program's network, with names"
)
assert abs(loss_before - np.log(10)) < 0.3, (
    "the untrained network loses about ln 10"
)
assert program_accuracy > published_accuracy + 0.05, (
    "the program leads the published network by 5 points"
)
assert min(block_scores) > max(published_scores), (
    "after one epoch, the worst of three seeds of the four blocks is above the best as published"
)
assert min(block_scores) > max(dense_scores) + 0.05, (
    "and over 5 points above the best dense network"
)
assert min(block_scores) > max(plain_scores), (
    "normalised, each seed is above each without"
)
assert min(muon_scores) > max(block_scores), (
    "with Muon, each seed is above each with Adam"
)
assert copies_gain > -2, (
    "with 20 photographs per class, copies do not cost two points on average"
)
assert np.abs(keras_step - adam_step).max() < 1e-3, (
    "keras.optimizers.Muon moves filters as Adam does"
)
assert final_validation > published_accuracy + 0.06, (
    "at length, it is right on over 6 of 100 more"
)
assert work["the program"] > 2 * work["as published"], (
    "it has more than twice the multiply-adds"
)
assert final_grade >= bar, (
    "at least 72% of the test photographs (full edition: 82%) are right"
)
assert scaled_accuracy < 0.2, (
    "of photographs scaled twice, fewer than a fifth are right"
)
assert set(confused_pair) == {CAT, DOG}, (
    "no two classes are confused more often than cats and dogs"
)
assert vehicles > animals + 0.03, (
    "vehicles are recognised more often than animals, by over 3 points"
)

# %% tags=["control"] claim="the untrained network loses about ln 10" without="scaling the bytes"
keras.utils.set_random_seed(7)
own_layers = keras.models.clone_model(published_network).layers
stack = [keras.Input((32, 32, 3)), *own_layers[1:]]
unscaled_logits = keras.Sequential(stack)(held_out[0].astype("float32"))
loss_before = float(cross_entropy(held_out[1], unscaled_logits))

# %% tags=["control"] claim="keras.optimizers.Muon moves filters as Adam does" without="the four axes of filters"
keras_step = first_step(keras.optimizers.Muon(1.0), (2, 2))

# %% tags=["control"] claim="with Muon, each seed is above each with Adam" without="Muon"
muon_scores = block_scores[1:]

# %% tags=["control"] claim="it has more than twice the multiply-adds" without="so many filters"
slim_costs = layer_costs(cifar_convnet((16, 24, 48, 96)))
slim_work = sum(cost.multiply_adds for cost in slim_costs)
work = work | {"the program": slim_work}

# %% tags=["control"] claim="at least 72% of the test photographs (full edition: 82%) are right" without="the changes to the published network"
final_grade = grades["as published"]

# %% tags=["control"] claim="of photographs scaled twice, fewer than a fifth are right" without="scaling twice"
byte_answers = network.predict(held_out[0], verbose=0).argmax(axis=1)
scaled_accuracy = np.mean(byte_answers == held_out[1])

# %% [markdown]
# ## Exercises
#
# **1. What comes into the frame?** Move a row of pixels by 2 to the left, and two places at the right have
# no pixel. `random_shift` fills them as in a mirror: after the last pixel comes the one before the last,
# and so on back. Places and pixels are counted from 0; places left of the row are negative. Write the
# function that returns the number of the pixel shown at a place. The starter knows only the left border.


# %% tags=["starter"]
def mirrored_place(place: int, size: int) -> int:
    """Return which pixel stands at a place, -size + 1 to 2 * size - 2."""
    return abs(place)


# %% [markdown] tags=["hint"]
# Two borders, two mirrors: the starter folds what is left of 0. How far is a place from the *last* pixel, and
# where does it end when that distance is folded in the same way?

# %% tags=["check"]
assert mirrored_place(3, 4) == 3, "inside, nothing changes"
assert mirrored_place(4, 4) == 2, "after the last of four, 3, comes 2"
assert mirrored_place(-1, 4) == 1, "before the first, 0, comes 1"
for size in (2, 3, 5, 8):
    reflected_numbers = [*np.pad(np.arange(size), size - 1, "reflect")]
    places = range(1 - size, 2 * size - 1)
    numbers = [mirrored_place(place, size) for place in places]
    assert numbers == reflected_numbers, f"{size} pixels: not {numbers}"


# %% tags=["solution"]
def mirrored_place(place: int, size: int) -> int:
    """Return which pixel stands at a place, -size + 1 to 2 * size - 2."""
    last_pixel = size - 1
    return last_pixel - abs(last_pixel - abs(place))  # folded twice


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


# %% [markdown] tags=["hint"]
# Every filter adds one learned number to its whole map. How many such numbers does the layer have?

# %% tags=["check"]
assert conv_weights(1, 1, 1) == 2, "one weight and one bias make 2"
for kernel, channels, filters in ((3, 3, 32), (3, 32, 64), (5, 4, 6)):
    layer = layers.Conv2D(filters, kernel)
    layer.build((None, 8, 8, channels))
    answer = conv_weights(kernel, channels, filters)
    arguments = kernel, channels, filters
    assert answer == layer.count_params(), f"{arguments}: not {answer}"


# %% tags=["solution"]
def conv_weights(kernel: int, channels: int, filters: int) -> int:
    """Return the number of weights of a convolution, biases included."""
    return (kernel * kernel * channels + 1) * filters  # each has a bias


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
# the thing looks. It is free in training, and in use each photograph is asked about twice. (The loss
# of the average is never above the average of the two losses, because the cross-entropy, drawn over the
# logits, has the shape of a bowl.) The starter turns the photographs upside down instead.


# %% tags=["starter"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and mirror images, (n, 10)."""
    both_sides = images, images[:, ::-1]
    predict = final_network.predict
    return sum(predict(side, verbose=0) for side in both_sides) / 2


# %% [markdown] tags=["hint"]
# The photographs have four axes: batch, height, width, colour. Which of them does the starter turn around, and
# which one goes from left to right?

# %% tags=["check"]
photographs = held_out[0][:100]
mirror_images = photographs[:, :, ::-1]
mean_logits = ask_twice(photographs)
assert np.shape(mean_logits) == (100, 10), "not ten logits each"
distance = np.abs(mean_logits - ask_twice(mirror_images)).max()
assert distance < 1e-3, "a photograph and its mirror image must agree"
both_sides = np.concatenate([photographs, mirror_images])
both_logits = final_network.predict(both_sides, verbose=0)
true_mean = both_logits.reshape(2, 100, 10).mean(axis=0)
distance = np.abs(mean_logits - true_mean).max()
assert distance < 1e-3, f"up to {distance:.2f} from the mean of the logits"


# %% tags=["solution"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean logits of images and mirror images, (n, 10)."""
    both_sides = images, images[:, :, ::-1]  # batch, height, width, colour
    predict = final_network.predict
    return sum(predict(side, verbose=0) for side in both_sides) / 2


mean_answers = ask_twice(held_out[0]).argmax(axis=1)
print(f"asked once: {final_validation:.1%} of the validation photographs")
print(f"asked twice: {(mean_answers == held_out[1]).mean():.1%}")


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the larger logits, not the mean."""
    sides = images, images[:, :, ::-1]
    logits = [final_network.predict(side, verbose=0) for side in sides]
    return np.maximum(*logits)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the sum, which is twice too sure."""
    sides = images, images[:, :, ::-1]
    return sum(final_network.predict(side, verbose=0) for side in sides)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Ask once, about a blend of the photograph and its mirror image."""
    blend = (images / 2 + images[:, :, ::-1] / 2).astype("uint8")
    return final_network.predict(blend, verbose=0)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Return the mean of the probabilities."""
    sides = images, images[:, :, ::-1]
    logits = [final_network.predict(side, verbose=0) for side in sides]
    return tf.nn.softmax(logits).numpy().mean(axis=0)


# %% tags=["wrong"]
def ask_twice(images: np.ndarray) -> np.ndarray:
    """Mirror the channels, red for blue."""
    sides = images, images[..., ::-1]
    return sum(final_network.predict(s, verbose=0) for s in sides) / 2


# %% [markdown]
# ## Questions
#
# Five questions on this page, with the reason for and against each answer.

# %% [markdown] tags=["question"]
# The dots of one epoch have these means: the published network `{python} f"{np.mean(published_scores):.1%}"`,
# four blocks that are not normalised `{python} f"{np.mean(plain_scores):.1%}"`, four blocks
# `{python} f"{np.mean(block_scores):.1%}"`. How many points does normalisation bring?
#
# - `{python} f"{norm_gain:.0f}"`
#     - Those two rows differ in the normalisation alone, so the difference between them is its doing.
# - `{python} f"{blocks_gain + norm_gain:.0f}"`
#     - That compares the four blocks with the published network. Depth, padding, scaling and the last layers
#       have changed as well, and this number is what all of it brings together.
# - `{python} f"{blocks_gain:.0f}"`
#     - Neither of these two networks is normalised: the number is about everything else.

# %% tags=["question"]
row_means = {name: 100 * np.mean(row) for name, row in scores.items()}
without_norm = row_means["four blocks, not normalised"]
bought = row_means["four blocks"] - without_norm
[
    abs(norm_gain - bought) < 1e-6,
    abs(blocks_gain + norm_gain - bought) < 1,
    abs(blocks_gain - bought) < 1,
]

# %% [markdown] tags=["question"]
# Somebody maps `augment`, with flips and shifts, over the held-out photographs, too, and measures the accuracy
# of the final network three times, with a new seed each. What comes out?
#
# - a number that depends on the seed
#     - Each seed draws other flips and shifts, and near the border between two classes that turns answers. A
#       grade should depend on the network, not on dice.
# - the same number each time
#     - The labels stay true, but the pixels do not stay the same, and the answer depends on the pixels.
# - about one in ten each time
#     - That is guessing. The network was trained on flipped and shifted photographs, and still knows them.

# %% tags=["question"]
few = tf.data.Dataset.from_tensor_slices(
    (held_out[0][:500], held_out[1][:500])
)
grades_by_seed = []
for seed in (1, 2, 3):
    (pixels, truth), *_ = augment(few.batch(500), flip, shift, seed=seed)
    logits_by_seed = final_network(pixels, training=False)
    is_right = logits_by_seed.numpy().argmax(axis=1) == truth
    grades_by_seed.append(np.mean(is_right))
[
    len({*grades_by_seed}) > 1,
    len({*grades_by_seed}) == 1,
    max(grades_by_seed) < 0.2,
]

# %% [markdown] tags=["question"]
# Two filters of two weights have the slopes below, a column for each filter. With 10 Newton steps,
# `ConvolutionMuon` takes its first step. What does it look like, up to a factor and a little roughness?
#
# ```python
# [[4, 2],
#  [2, 4]]
# ```
#
# - `[[1, 0], [0, 1]]`
#     - The two directions, *both alike* and *one against the other*, have strengths of 6 and 2. Muon gives both
#       the same strength, and what is left is the identity matrix.
# - `[[1, 1], [1, 1]]`
#     - That is Adam's step: each single slope counts as 1, and what the two filters disagreed about is lost.
# - `[[2, 1], [1, 2]]`
#     - That keeps the shape of the slopes and only makes them smaller, as plain gradient descent does. There,
#       *both alike* remains three times as strong.

# %% tags=["question"]
weights = keras.Variable(np.zeros((1, 1, 2, 2), "float32"))
muon_rule = ConvolutionMuon(1.0, newton_steps=10)
two_slopes = np.array([[4, 2], [2, 4]], "float32")
muon_rule.apply([two_slopes.reshape(1, 1, 2, 2)], [weights])
step = np.abs(weights.numpy().reshape(2, 2))
step /= step.max()
[
    np.allclose(step, [[1, 0], [0, 1]], atol=0.2),
    np.allclose(step, [[1, 1], [1, 1]], atol=0.2),
    np.allclose(step, [[1, 1 / 2], [1 / 2, 1]], atol=0.2),
]

# %% [markdown] tags=["question"]
# The program's network begins with `Rescaling(1 / 64, offset=-2)`. Somebody hands it photographs that are
# divided by 255 already. What does its first convolution get?
#
# - numbers close to −2
#     - From 0 to 1 is next to nothing on a scale of 64: all pixels end at −2, or a sixty-fourth above it, where
#       black is.
# - numbers from −2 to 2
#     - Those come from bytes, 0 to 255. The layer computes the same whatever it is given, and looks at no range.
# - numbers from 0 to 1
#     - That is what goes in. The layer is a part of the network, and changes whatever it is given, in use as
#       in training.

# %% tags=["question"]
rescaled = layers.Rescaling(1 / 64, offset=-2)(scaled_images).numpy()
lowest, highest = rescaled.min(), rescaled.max()
[
    max(abs(lowest + 2), abs(highest + 2)) < 0.1,
    abs(lowest + 2) < 0.1 and abs(highest - 2) < 0.1,
    abs(lowest) < 0.1 and abs(highest - 1) < 0.1,
]

# %% [markdown] tags=["question"]
# A network is right on half of `{python} f"{len(test_labels):,}"` test photographs, give or take
# `{python} f"{np.sqrt(0.25 / len(test_labels)):.1%}"`. It is right on half of the photographs of one class, a
# tenth of them. What is the *give or take* there?
#
# - `{python} f"{np.sqrt(10 * 0.25 / len(test_labels)):.1%}"`
#     - The luck of the draw shrinks with the root of the number of photographs. A tenth of them has about three
#       times as much of it.
# - `{python} f"{np.sqrt(0.25 / len(test_labels)):.1%}"`
#     - The accuracy is the same, but it rests on ten times fewer photographs.
# - `{python} f"{10 * np.sqrt(0.25 / len(test_labels)):.1%}"`
#     - With ten times fewer photographs the *variance* is ten times as large, and its root counts here.

# %% tags=["question"]
dice, count = np.random.default_rng(7), len(test_labels)
spread = (dice.binomial(count, 0.5, 10_000) / count).std()
class_spread = (
    dice.binomial(count // 10, 0.5, 10_000) / (count // 10)
).std()
factor = class_spread / spread
[2.5 < factor < 4, 0.5 < factor < 2, 8 < factor < 12]

# %% [markdown]
# ## What to remember
#
# - Compare changes in short trainings, with several seeds, one change at a time; but a change that pays
#   late needs a long one.
# - Muon evens out the directions of a layer's step, where Adam evens out its single numbers.
# - Flips and shifts make new training photographs for free, and are off when the network is judged.
# - Keep the scaling inside the network, and know what range of numbers it wants.
# - Report per-class accuracy, the confusions, and the luck of the draw, beside the one number.
#
# ## Where next
#
# Flips and shifts are the beginning: [Augmentation](augmentation.md) tries more of them, measures what they
# are worth, and shows when a flip lies. With `make full`, this page runs on all of CIFAR-10: five times the
# photographs, the same layers, more right answers.
#
# ## Sources
#
# - A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009: the
#   [data](https://www.cs.toronto.edu/~kriz/cifar.html).
# - *as published*: TensorFlow's [Convolutional Neural Network
#   (CNN)](https://www.tensorflow.org/tutorials/images/cnn).
# - K. Jordan and others, *Muon: An optimizer for hidden layers in neural networks*, 2024,
#   [kellerjordan.github.io](https://kellerjordan.github.io/posts/muon).
# - J. Liu and others, *Muon is Scalable for LLM Training*, 2025,
#   [arXiv:2502.16982](https://arxiv.org/abs/2502.16982).
# - Keras: [CosineDecay](https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/),
#   [the CIFAR-10 loader](https://keras.io/api/datasets/cifar10/).
