# ---
# title: Augmentation
# summary: One photograph in many versions. Which of them teach a network something, where to make them, when they lie, how they leak.
# needs: [cifar10]
# teaches: [label-preserving, invariance, random crop, colour jitter, cutout, mixup, test-time augmentation]
# data: [cifar10, fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# In [the last tutorial](cifar10.md) a mirrored photograph was a second photograph for free. What
# else can you do to a horse? Here is one, in ten versions.

# %%
import itertools
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from snippets import plot_images, plot_results, plot_tensors
from snippets.augmentation import colour_jitter, cutout, mixup, random_shift
from snippets.datasets import load_cifar10

cifar = load_cifar10()
train_images, train_labels = cifar.train.images, cifar.train.labels
horse, truck = (train_images[train_labels == label][:1] for label in (7, 9))

# %%
pair_of_images = tf.concat([horse, truck], axis=0)
labels = tf.one_hot([7, 9], 10)
blends, blend_labels = mixup(pair_of_images, labels, seed=(1, 6), alpha=1.0)
versions = {
    "as it is": horse,
    "mirrored": tf.image.flip_left_right(horse),
    "moved": random_shift(horse, (1, 3), pixels=6),
    "closer": tf.image.central_crop(horse, 0.7),
    "turned a little": layers.RandomRotation((0.05, 0.05))(horse),
    "upside down": tf.image.flip_up_down(horse),
    "other light": colour_jitter(horse, (1, 9), saturation=0.8),
    "other colours": tf.image.adjust_hue(horse, 0.4),
    "a part hidden": cutout(horse, (1, 6), size=12),
    "with a truck": blends[:1],
}

pictures = [tf.image.resize(v[0], (32, 32)) for v in versions.values()]
pictures, titles = np.clip(pictures, 0, 255) / 255, list(versions)
plot_images.image_grid(pictures, titles, columns=5, subject="versions")

# %% [markdown]
# Which of them would you train on? A change is **label-preserving** when the right answer stays the
# same. Training on such versions tells the network what does *not* matter. If it learns that, its
# answer no longer depends on the change, and that is **invariance**.
#
# Nine of these are horses to you. *Upside down* is one, too, but who will ever show it to the
# network? *Other colours* is a horse of a kind that does not exist. And *with a truck* is no horse
# any more: its label must change with it. So there are two questions: does the label stay true, and
# could such a picture come along?
#
# ## By hand
#
# The two changes that are used most, on a picture of three rows and four columns: mirroring it, and
# moving it.

# %%
pixels = np.arange(12).reshape(1, 3, 4, 1)
mirror_image = tf.image.flip_left_right(pixels).numpy()
moved_image = random_shift(pixels, (0, 2), pixels=1).numpy()
sheets = {"as it is": pixels, "flipped": mirror_image, "moved": moved_image}
sheets = {name: sheet[0, :, :, 0] for name, sheet in sheets.items()}
plot_tensors.tensor_picture(sheets)

# %% [markdown]
# Here everything moved up by one row and left by one column, and the last row and column came free.
# They are filled with the picture's own mirror image, so that no black edge betrays what was done:
# after 5, 6, 7 comes 6 again. It is the same as laying a mirrored border around the picture and
# cutting out a piece of the old size at a random place, a **random crop**.
#
# Other versions of the horse have names, too. *Other light* has its brightness, contrast and saturation
# changed at random: **colour jitter**. *A part hidden*, by a square at a random place, is **cutout**.
# *With a truck* is **mixup**: two pictures are blended, and their labels in the same proportion, here
# `{python} f"{float(blend_labels[0, 7]):.0%}"` horse, the rest truck.
#
# All of this is drawn at random, and still you can repeat it. `random_shift`, like TensorFlow's
# `tf.image.stateless_random_flip_left_right`, takes a seed of two numbers: same pictures, same
# seed, same result. To get new versions in each epoch, give each batch another seed. `augment` does
# that for a whole `tf.data` pipeline. Here its one batch is five times the same horse:

# %%
from snippets.augmentation import augment

mirror = tf.image.stateless_random_flip_left_right
move = partial(random_shift, pixels=4)
herd = np.repeat(horse, 5, axis=0), [7] * 5
five_horses = tf.data.Dataset.from_tensors(herd)


def two_epochs(seed):
    pipeline = augment(five_horses, mirror, move, colour_jitter, seed=seed)
    return [images.numpy() for _ in range(2) for images, _ in pipeline]


epochs, repeated_epochs = two_epochs(seed=7), two_epochs(seed=7)
plot_images.image_grid(np.concatenate(epochs), subject="versions")

# %% [markdown]
# Each row is an epoch; the second brings other versions. A second pipeline with the same seed makes both
# epochs again.
#
# ## In the model, or in the dataset?
#
# There are two places to make the versions. Keras has layers that you put into the network, in
# front of everything else. Or you map a function over the dataset, and the network never knows.
# Take a small network, once with two such layers inside and once plain. The layers mirror at random
# and move by up to an eighth of the picture, four pixels, as `move` does. (The network averages blocks
# of two by two pixels first, and pools before it normalises, to be cheap: many networks are trained on
# this page. The normalisation adds 1 at the start: around 0, `relu` would throw away about half of the
# numbers that the pooling chose.)


# %%
def block(filters):
    norm = layers.BatchNormalization(momentum=0.9, beta_initializer="ones")
    conv = layers.Conv2D(filters, 3, padding="same", use_bias=False)
    return conv, layers.MaxPooling2D(), norm, layers.ReLU()


def build(*random_layers):
    pixels = keras.Input((32, 32, 3), dtype="uint8"), *random_layers
    halve = layers.Rescaling(1 / 127.5, -1), layers.AveragePooling2D(2)
    blocks = *block(16), *block(32), *block(64)
    head = layers.GlobalAveragePooling2D(), layers.Dense(10)
    return keras.Sequential([*pixels, *halve, *blocks, *head])


keras.utils.set_random_seed(7)
flip = layers.RandomFlip("horizontal", seed=7)
translate = layers.RandomTranslation(1 / 8, 1 / 8, "reflect", seed=7)
random_network, network = build(flip, translate), build()

# %% [markdown]
# The places differ in who does the work. In the dataset it is always the processor, and with `prefetch` it
# works while a [GPU](../networks/fashion-mnist.md) trains. In the model it is whatever the network runs on.
# (The work is not quite the same: `RandomTranslation` moves by any fraction of a pixel and computes each
# pixel anew, `random_shift` copies whole pixels.)
#
# And the file differs, when you save the network. Layers in the model travel with it, and whoever trains it
# further gets the same augmentation without asking. They should work in training only, as dropout does. Do
# they? Ask twice about one horse. If the layers rest, both answers are the same:


# %%
def same_twice(network):
    calls = {
        "predict": lambda: network.predict(horse, verbose=0),
        "training=False": lambda: network(horse, training=False),
        "network(horse)": lambda: network(horse),
    }
    return {name: np.array_equal(f(), f()) for name, f in calls.items()}


repeats = same_twice(random_network)
repeats

# %% [markdown]
# `fit`, `predict`, `evaluate` and the exports of [Save, export, use](../beyond/export.md) tell each
# layer whether this is training. A plain call, `network(horse)`, says nothing. Dropout then rests,
# but these layers take the call for training. So write `training=False` when you call. A layer that
# is mapped over a dataset is called plainly, too:

# %%
photographs = cifar.validation.images[:100]
(flipped_images,) = tf.data.Dataset.from_tensors(photographs).map(flip)
change_mask = np.any(flipped_images != photographs, axis=(1, 2, 3))
print(f"{change_mask.sum()} of 100 validation photographs are changed")

# %% [markdown]
# No error, no warning: a validation accuracy measured on these depends on dice. Map over the training
# data only, `batches.map(lambda x, y: (flip(x), y))`, and keep validation and test photographs as they came.
#
# Two more surprises. `RandomRotation(0.25)` turns by up to a *quarter of a full turn* either way, not by a
# quarter of a degree: the number is a fraction of a full turn. And a `seed` makes a layer
# repeat what it drew only while its calls come in one order. In a `map` with `num_parallel_calls` they
# do not:

# %%
stripe = np.zeros((1, 32, 32, 1), "float32")
stripe[0, 2:12, 15:17] = 1
quarter_turn = layers.RandomRotation((0.25, 0.25))(stripe, training=True)
is_quarter = np.array_equal(quarter_turn[0], np.rot90(stripe[0]))


def rotate_copies(calls):
    rotate = layers.RandomRotation(0.1, seed=7)
    herd = tf.data.Dataset.from_tensors(horse[0]).repeat(200)
    return np.array(list(herd.map(rotate, num_parallel_calls=calls)))


in_order = np.array_equal(rotate_copies(None), rotate_copies(None))
in_parallel = np.array_equal(rotate_copies(8), rotate_copies(8))
print(f"quarter: {is_quarter}; again: {in_order}; parallel: {in_parallel}")

# %% [markdown]
# Where a run must repeat, let each photograph or batch bring its own seed, as `augment` does.
#
# ## How much is it worth?
#
# That depends on how many photographs you have. Take training sets of three sizes, each with its
# photographs as they are, and mirrored and moved at random; three seeds each, and always the same
# number of steps. The validation photographs are never changed.

# %%
from snippets.experiments import restart
from snippets.training import OneCycle

is_full = cifar.edition == "full"
sizes = (100, 700, 4500) if is_full else (100, 300, 900)  # per class
steps = 1500 if is_full else 360
seeds = (7, 8, 9)
samples = {10 * size: cifar.train.sample(per_class=size) for size in sizes}
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam(OneCycle(0.006, steps))
network.compile(optimizer, loss, steps_per_execution=steps)


# %%
def train(images, labels, seed, *transforms):  # from new first weights
    restart(network, seed)
    examples = tf.data.Dataset.from_tensor_slices((images, labels))
    examples = examples.shuffle(len(labels), seed=seed).repeat().batch(64)
    if transforms:
        examples = augment(examples, *transforms, seed=seed)
    options = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    network.fit(examples.prefetch(2), **options)


def accuracy(images, labels):
    logits = network.predict(images, batch_size=500, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == labels))


held_out = cifar.validation.images, cifar.validation.labels

# %%
recipes = {"as they are": (), "mirrored and moved": (mirror, move)}
gain = {name: {size: [] for size in samples} for name in recipes}
advance = {size: [] for size in samples}  # of training accuracy, unchanged
weights = {name: [] for name in recipes}
for name, size, seed in itertools.product(recipes, samples, seeds):
    examples = samples[size].images, samples[size].labels
    train(*examples, seed, *recipes[name])
    gain[name][size].append(accuracy(*held_out))
    if not recipes[name]:
        advance[size].append(accuracy(*examples) - gain[name][size][-1])
    if size == min(samples):
        weights[name].append(network.get_weights())  # for the exam
plot_results.seed_lines(gain, xlabel="photographs", ylabel="accuracy")

# %% tags=["folded"]
pairs = {f"{n:,}": [curve[n] for curve in gain.values()] for n in samples}
size_names = list(pairs)
gains = [100 * (np.mean(b) - np.mean(a)) for a, b in pairs.values()]
gaps = [100 * np.mean(differences) for differences in advance.values()]

# %% [markdown]
# With `{python} size_names[0]` photographs, the versions are worth `{python} f"{gains[0]:.0f}"` points of
# accuracy. With `{python} size_names[1]` it is `{python} f"{gains[1]:+.1f}"`, with `{python} size_names[2]`
# `{python} f"{gains[2]:+.1f}"`. (A difference is clear of the noise only where all dots of one curve
# lie above those of the other.) Why? In these steps each of the few photographs is shown
# `{python} f"{steps * 64 / min(samples):.0f}"` times, time enough to [learn it by
# heart](../networks/regularisation.md), and each of the many only
# `{python} f"{steps * 64 / max(samples):.0f}"` times. A network that is still busy learning what it
# has seen needs no variety. (Do not conclude that versions are useless for large sets: usually, large
# sets are trained for more steps.)
#
# So look before you augment: how far is the training accuracy above the validation accuracy? With the
# photographs as they are, it was `{python} f"{gaps[0]:.0f}"` points above it with
# `{python} size_names[0]`, `{python} f"{gaps[1]:.0f}"` with `{python} size_names[1]`,
# `{python} f"{gaps[2]:.0f}"` with `{python} size_names[2]`: the less it is ahead, the less there is to
# gain. If both are low and near each other, changed pictures only make the lesson harder.
#
# ## When a flip lies
#
# Which way does a shoe point? In [Fashion-MNIST](../networks/fashion-mnist.md) the sneakers point
# to the left. Mirror every second one, and you have a task for a network: left or right? Train it on
# three lessons: on these shoes as they are; with their mirror images added under the same label, as
# you would with a horse; and with their mirror images added and the label turned, *left* into *right*
# and *right* into *left*.

# %%
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network

fashion = load_fashion_mnist()


def shoes_both_ways(split):
    """Return sneakers, and 0 for those that point left, 1 for right."""
    shoes = split.images[split.labels == 7][:2000] / np.float32(255)
    shoes[1::2] = shoes[1::2, :, ::-1]
    return shoes, np.arange(len(shoes)) % 2


shoes, sides = shoes_both_ways(fashion.train)
new_shoes, new_sides = shoes_both_ways(fashion.validation)

# %%
both_ways = np.concatenate([shoes, shoes[:, :, ::-1]])
lessons = {
    "as they are": (shoes, sides),
    "mirrored": (both_ways, np.concatenate([sides, sides])),
    "label turned": (both_ways, np.concatenate([sides, 1 - sides])),
}
compass = dense_network((32,), classes=2)
optimizer = keras.optimizers.Adam(OneCycle(0.003, 240))  # 240 steps
compass.compile(optimizer, loss, steps_per_execution=40)


def which_way(lesson, seed):
    restart(compass, seed)
    epochs = 12000 // len(lesson[1])
    compass.fit(*lesson, batch_size=50, epochs=epochs, verbose=0)
    return tf.nn.softmax(compass(new_shoes)).numpy()


probabilities = {}
for name, lesson in lessons.items():
    probabilities[name] = np.array([which_way(lesson, n) for n in seeds])

# %%
titles = []
for name, by_seed in probabilities.items():
    for pair in by_seed[0, :5]:
        side = ("left", "right")[pair.argmax()]
        titles.append(f"{name}:\n{side}, {pair.max():.0%}")
pictures = np.tile(new_shoes[:5], (3, 1, 1))
plot_images.image_grid(pictures, titles, subject="shoes and answers")

# %%
shoe_accuracy, confidence = {}, {}
for name, by_seed in probabilities.items():
    shoe_accuracy[name] = (by_seed.argmax(axis=2) == new_sides).mean(axis=1)
    confidence[name] = by_seed.max(axis=2).mean()
    text = ", ".join(f"{score:.0%}" for score in shoe_accuracy[name])
    print(f"{name}: right {text}; confidence {confidence[name]:.0%}")

# %% [markdown]
# In the picture, a row is a lesson, and its five shoes are the same in each row: left, right, left,
# right, left. The second lesson shows each shoe pointing left and pointing right under the same label,
# so there is nothing to learn. The networks learned that thoroughly: a confidence of
# `{python} f"{confidence['mirrored']:.0%}"`, on average, is little more than tossing a coin. The same
# mirror images with their labels turned do no harm. So do not ask whether a *picture* can be mirrored;
# ask about the *question*. An arrow, an X-ray's left and right, a box around a dog: mirror the picture,
# and the label has to follow.
#
# A milder lie: back to the animals and vehicles of CIFAR-10, the training set of middle size, each
# photograph turned upside down with a chance of one half. The labels stay true. But nobody takes such
# photographs.

# %%
upend = tf.image.stateless_random_flip_up_down
middle_sample = samples[10 * sizes[1]]
by_flip = {"as they are": gain["as they are"][len(middle_sample)]}
for name, change in (("left to right", mirror), ("upside down", upend)):
    by_flip[name] = []
    for seed in seeds:
        train(middle_sample.images, middle_sample.labels, seed, change)
        by_flip[name].append(accuracy(*held_out))
plot_results.seed_dots(by_flip, xlabel="validation accuracy")

# %% [markdown]
# Each dot of *upside down* lies below every dot of *left to right*. Half of what these networks saw
# stood on its head: they spent half of their steps on a world that does not exist.
#
# ## What goes wrong: the same photograph on both sides
#
# You have 500 photographs and want more. So you make five versions of each, shuffle, and hold out a
# fifth for validation. It looks like good work:

# %%
photos = cifar.train.sample(per_class=50)


def five_versions(images):
    versions = [move(mirror(images, (i, 1)), (i, 2)) for i in range(5)]
    return tf.concat(versions, axis=0).numpy()


# %%
images, labels = photos.images, photos.labels
copies, copy_labels = five_versions(images), np.tile(labels, 5)
grades = {"versions first: validation": [], "versions first: new": []}
for seed in seeds:
    order = np.random.default_rng(seed).permutation(2500)
    train_indices, held_indices = order[500:], order[:500]
    train(copies[train_indices], copy_labels[train_indices], seed)
    promise = accuracy(copies[held_indices], copy_labels[held_indices])
    grades["versions first: validation"].append(promise)
    grades["versions first: new"].append(accuracy(*held_out))
promised_accuracy, true_accuracy = map(np.mean, grades.values())
print(f"promised {promised_accuracy:.0%}, kept {true_accuracy:.0%}")

# %% [markdown]
# Your validation set promises `{python} f"{promised_accuracy:.0%}"`, on average over three seeds. On
# photographs that are really new, those of CIFAR-10's own validation set, the same networks are right
# on `{python} f"{true_accuracy:.0%}"`. Look at some of your validation pictures, and below each the training
# picture that is most like it:

# %%
from snippets.augmentation import near_duplicates

held_copies = copies[held_indices[:100]]
train_copies = copies[train_indices]
duplicates = near_duplicates(held_copies, train_copies)
closest_copies = train_copies[duplicates.index[:6]]
pictures = np.concatenate([held_copies[:6], closest_copies])
titles = [f"training,\n{r:.0%} alike" for r in duplicates.likeness[:6]]
titles = ["validation"] * 6 + titles
plot_images.image_grid(pictures, titles, columns=6, subject="copies")

# %% [markdown]
# The same photographs on both sides. Mirrored and moved, a photograph keeps its pixels, all but those
# at the edges. `near_duplicates` looks for such copies: it mirrors and moves one picture over the other
# until they fit best. Of 100 validation pictures, `{python} f"{(duplicates.likeness > 0.95).sum()}"` have a
# training picture that is more than 95% alike (the correlation of their pixels, 100% for an exact
# copy). This is the [leak](../networks/fashion-mnist.md) by near-duplicates, home-made: the network
# recognises the photograph, not the horse. There is nothing wrong with the versions. The cure is the
# order of two lines: **split first, augment after**.

# %%
grades |= {"split first: validation": [], "split first: new": []}
for seed in seeds:
    order = np.random.default_rng(seed).permutation(500)
    train_indices, held_indices = order[100:], order[:100]
    versions = five_versions(images[train_indices])
    train(versions, np.tile(labels[train_indices], 5), seed)
    honest_grade = accuracy(images[held_indices], labels[held_indices])
    grades["split first: validation"].append(honest_grade)
    grades["split first: new"].append(accuracy(*held_out))
clean_duplicates = near_duplicates(images[held_indices], versions)
plot_results.seed_dots(grades, xlabel="accuracy")

# %% [markdown]
# After *split first*, the validation set tells what new photographs tell, as well as 100 of them can,
# and `{python} f"{(clean_duplicates.likeness > 0.95).sum()}"` have a copy among the training pictures. Compare the
# two rows of *new* photographs: the honest networks are about as good as the others, with fewer
# photographs to learn from. What the leak improved was the grade.
#
# ## The exam, asked once and asked four times
#
# At last the test photographs, for the networks that learned from `{python} size_names[0]`. You can use
# versions at this end, too: ask about several versions of each photograph and average the logits. That
# is **test-time augmentation**. Does it help?

# %%
test, exam = cifar.test, {}
four_versions = np.split(five_versions(test.images), 5)[:4]
questions = {"once": [test.images], "4 versions": four_versions}
for name, count in itertools.product(recipes, questions):
    row = exam[f"{name}, asked {count}"] = []
    for trained_weights in weights[name]:
        network.set_weights(trained_weights)
        logits = [network.predict(v, 500, 0) for v in questions[count]]
        mean_answers = np.mean(logits, axis=0).argmax(axis=1)
        row.append(np.mean(mean_answers == test.labels))
plot_results.seed_dots(exam, xlabel="test accuracy")

# %% tags=["folded"]
mean_1, mean_4, copies_mean_1, copies_mean_4 = map(np.mean, exam.values())

# %% [markdown]
# Asking about four versions is worth `{python} f"{100 * (copies_mean_4 - copies_mean_1):+.1f}"`
# points to the networks that were trained on versions, and
# `{python} f"{100 * (mean_4 - mean_1):+.1f}"` to the others, at four times the price: look at how far
# the dots of a row spread before you believe in either. What the versions in training gave to networks
# that are asked once, `{python} f"{100 * (copies_mean_1 - mean_1):.1f}"` points, is clear of the noise
# (no dot of one row reaches the other), and is free in use.

# %% tags=["claims"]
exam_once, _, exam_versions, _ = exam.values()
unchanged_few, versions_few = (rows[min(samples)] for rows in gain.values())
leak_count = (duplicates.likeness > 0.95).sum()
clean_count = (clean_duplicates.likeness > 0.95).sum()
honest_accuracy = np.mean(grades["split first: validation"])
assert np.array_equal(epochs, repeated_epochs), (
    "the same seed makes the same versions"
)
assert list(repeats.values()) == [True, True, False], (
    "layers in a network rest, but not in a plain call"
)
assert is_quarter, "a rotation of 0.25 is a quarter of a full turn"
assert in_order, "a rotation with a seed repeats in a map"
assert not in_parallel, "and does not in a parallel map"
assert min(versions_few) > max(unchanged_few), (
    "with the fewest photographs, all with versions lead"
)
assert gaps[0] > gaps[2] + 15, (
    "with the fewest, training accuracy is over 15 points further ahead"
)
assert gains[0] > gains[2] + 2, (
    "and the gain over 2 points larger than with the most"
)
assert confidence["mirrored"] < 0.75, (
    "mirrored shoes under one label leave nothing to learn"
)
assert min(shoe_accuracy["as they are"]) > 0.75, (
    "as they are, shoes can be learned"
)
assert min(shoe_accuracy["label turned"]) > 0.95, (
    "with labels turned, mirroring does no harm"
)
assert max(by_flip["upside down"]) < min(by_flip["left to right"]), (
    "turning upside down costs accuracy"
)
assert promised_accuracy > true_accuracy + 0.2, (
    "the leak promises over 20 points too much"
)
assert honest_accuracy < promised_accuracy - 0.15, (
    "split first, and the grade is over 15 points lower"
)
assert leak_count > 10 * clean_count + 50, (
    "a search for copies tells the split that leaks from the other"
)
assert min(exam_versions) > max(exam_once), (
    "the versions are worth it on the test photographs"
)

# %% tags=["control"] claim="the same seed makes the same versions" without="the same seed"
repeated_epochs = two_epochs(seed=8)

# %% tags=["control"] claim="layers in a network rest, but not in a plain call" without="random layers in the network"
repeats = same_twice(network)

# %% tags=["control"] claim="a rotation of 0.25 is a quarter of a full turn" without="the quarter"
fifth_turn = layers.RandomRotation((0.2, 0.2))(stripe, training=True)
is_quarter = np.array_equal(fifth_turn[0], np.rot90(stripe[0]))

# %% tags=["control"] claim="and does not in a parallel map" without="parallel calls"
in_parallel = np.array_equal(rotate_copies(None), rotate_copies(None))


# %% tags=["control"] claim="with the fewest photographs, all with versions lead" without="changing the photographs"
def unchanged(images, seed):
    return images


smallest_sample = samples[min(samples)]
examples = smallest_sample.images, smallest_sample.labels
train(*examples, seeds[0], unchanged, unchanged)
versions_few = [accuracy(*held_out)]

# %% tags=["control"] claim="mirrored shoes under one label leave nothing to learn" without="the same label for both"
turned_labels = which_way(lessons["label turned"], seeds[0])
confidence = confidence | {"mirrored": turned_labels.max(axis=1).mean()}

# %% tags=["control"] claim="with labels turned, mirroring does no harm" without="turning the labels"
answers = which_way(lessons["mirrored"], seeds[0]).argmax(axis=1)
unturned_grade = np.mean(answers == new_sides)
shoe_accuracy = shoe_accuracy | {"label turned": [unturned_grade]}

# %% tags=["control"] claim="the leak promises over 20 points too much" without="the leak"
promised_accuracy = honest_accuracy

# %% tags=["control"] claim="a search for copies tells the split that leaks from the other" without="moving one picture over the other"
leaky_order = np.random.default_rng(seeds[0]).permutation(2500)
both_sides = copies[leaky_order[:100]], copies[leaky_order[500:]]
unmoved_duplicates = near_duplicates(*both_sides, reach=0)
leak_count = (unmoved_duplicates.likeness > 0.95).sum()

# %% [markdown]
# ## Exercises
#
# **1. Blend by hand.** Write mixup with one share for all pictures. Picture `i` becomes share ·
# picture `i` + (1 − share) · picture `order[i]`; do the same with the one-hot labels, and return both.
# The starter makes horses with a truck in them, and calls them horses.


# %% tags=["starter"]
def blend(images, labels, order, share):
    return share * images + (1 - share) * images[order], labels


# %% [markdown] tags=["hint"]
# Whatever is done to pictures has to be done to labels. The starter blends the one and hands on the other.

# %% tags=["check"]
inputs = np.random.default_rng(7).random((4, 2, 2, 3)), np.eye(4)
order = np.array([2, 0, 3, 1])
for share in (0.75, 0.4):
    answer = blend(*(array.copy() for array in inputs), order, share)
    assert isinstance(answer, tuple | list), "return pictures and labels"
    for array, mixture in zip(inputs, answer, strict=True):
        assert np.shape(mixture) == array.shape, "another shape"
        goal = share * array + (1 - share) * array[order]
        assert np.allclose(mixture, goal), f"not {share:.0%} and the rest"


# %% tags=["solution"]
def blend(images, labels, order, share):
    blends = share * images + (1 - share) * images[order]
    return blends, share * labels + (1 - share) * labels[order]


# %% tags=["wrong"]
def blend(images, labels, order, share):
    blends = (1 - share) * images + share * images[order]
    return blends, (1 - share) * labels + share * labels[order]


# %% tags=["wrong"]
def blend(images, labels, order, share):
    blends = share * images + (1 - share) * images[::-1]
    return blends, share * labels + (1 - share) * labels[::-1]


# %% tags=["wrong"]
def blend(images, labels, order, share):
    mixture = share * images + (1 - share) * images[order]
    return mixture, labels if share >= 0.5 else labels[order]


# %% tags=["wrong"]
def blend(images, labels, order, share):
    order = np.argsort(order)  # the way back
    blends = share * images + (1 - share) * images[order]
    return blends, share * labels + (1 - share) * labels[order]


# %% [markdown]
# **2. The box moves, too.** Where the question is *where is the dog?*, the label is a box: its first
# row, its first column, and the row and the column after its last ones, as in a slice. Mirror the
# picture (rows, columns, colours) left to right *and* the box with it. The starter leaves the box
# where it was.


# %% tags=["starter"]
def mirror_with_box(image, box):
    return image[:, ::-1], box


# %% [markdown] tags=["hint"]
# Rows do not change. In a picture of width 8, a box that begins at column 0 and has 3 columns: where does it
# begin and where does it end after the mirror, and what does that have to do with the 8?

# %% tags=["check"]
boxes = ((0, 0, 2, 3), (1, 4, 5, 6), (2, 1, 3, 4), (0, 0, 5, 9))
for width, box in zip((8, 8, 11, 9), boxes, strict=True):
    scene = np.zeros((5, width, 3))
    scene[box[0] : box[2], box[1] : box[3]] = 1, 2, 3  # a dog
    answer = mirror_with_box(scene.copy(), box)
    assert isinstance(answer, tuple | list), "return the image and the box"
    assert np.array_equal(answer[0], scene[:, ::-1]), "image not mirrored"
    rows, columns = np.nonzero(np.asarray(answer[0])[..., 0])
    dog = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert tuple(answer[1]) == dog, f"{box} became {answer[1]}: no dog"


# %% tags=["solution"]
def mirror_with_box(image, box):
    top_row, left_column, bottom, end = box
    width = image.shape[1]
    mirrored_box = top_row, width - end, bottom, width - left_column
    return image[:, ::-1], mirrored_box


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top_row, left_column, bottom, end = box
    width = image.shape[1]
    mirrored_box = top_row, width - left_column, bottom, width - end
    return image[:, ::-1], mirrored_box


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top_row, left_column, bottom, end = box
    return image[:, ::-1], (top_row, 8 - end, bottom, 8 - left_column)


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top_row, left_column, bottom, end = box
    last = image.shape[1] - 1
    mirrored_box = top_row, last - end, bottom, last - left_column
    return image[:, ::-1], mirrored_box


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top_row, left_column, bottom, end = box
    width = image.shape[1]
    mirrored_box = top_row, width - end, bottom, width - left_column
    return image[..., ::-1], mirrored_box


# %% [markdown]
# **3. Split what is already augmented.** Somebody hands you the 2,500 versions, with
# `photo_numbers`: which photograph each was made from. Return the indices of the versions to train on
# and of those to hold out. Hold out about a fifth of the versions, with no photograph on both sides. Let
# chance choose the photographs; the same `seed` must give the same split again. The starter splits as
# the leak did. (scikit-learn has a `GroupShuffleSplit`.)


# %% tags=["starter"]
photo_numbers = np.tile(np.arange(500), 5)


def split_by_photo(photo_numbers, seed):
    order = np.random.default_rng(seed).permutation(len(photo_numbers))
    return order[500:], order[:500]


# %% [markdown] tags=["hint"]
# Deal photographs, not versions: which numbers occur in `photo_numbers`, and which of them are to be held out?
# All versions of these then go to the same side.

# %% tags=["check"]
draws = np.random.default_rng(7).integers(1000, 1300, 1500)
for numbers, seed in itertools.product((photo_numbers, draws), (7, 8)):
    answer, count = split_by_photo(numbers, seed), len(numbers)
    assert isinstance(answer, tuple | list), "return two arrays of indices"
    train_indices, held_indices = map(np.asarray, answer)
    indices = np.sort(np.concatenate([train_indices, held_indices]))
    assert np.array_equal(indices, np.arange(count)), "not one side each"
    share_mask = np.isin(numbers[held_indices], numbers[train_indices])
    assert not share_mask.any(), "a photograph has versions on both sides"
    assert 0.15 < len(held_indices) / count < 0.25, "not a fifth held out"
    index_lists = [split_by_photo(numbers, n % 20)[1] for n in range(40)]
    sets = [frozenset(indices) for indices in index_lists]
    assert sets[:20] == sets[20:], "the same seed, another split"
    assert len(set(sets)) == 20, "twenty seeds do not give twenty splits"


# %% tags=["solution"]
from sklearn.model_selection import GroupShuffleSplit


def split_by_photo(photo_numbers, seed):
    splitter = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    return next(splitter.split(photo_numbers, groups=photo_numbers))


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    held_mask = photo_numbers >= np.quantile(photo_numbers, 0.8)
    return np.flatnonzero(~held_mask), np.flatnonzero(held_mask)


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    draw = np.random.default_rng(seed)
    photos = draw.permutation(np.unique(photo_numbers))
    part = len(photos) // 5
    return photos[part:], photos[:part]


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    order = np.random.default_rng(seed).permutation(500)
    starts = 500 * np.arange(5)[:, None]  # as in the 2,500, nowhere else
    return (order[100:] + starts).ravel(), (order[:100] + starts).ravel()


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    photos = np.unique(photo_numbers)
    held = np.random.choice(photos, len(photos) // 5, replace=False)
    held_mask = np.isin(photo_numbers, held)
    return np.flatnonzero(~held_mask), np.flatnonzero(held_mask)


# %% [markdown]
# ## Questions
#
# Five questions on what this page has shown, with the reason for and against each answer.

# %% [markdown] tags=["question"]
# Mixup blends a horse with a truck, and 0.75 of the picture is horse. Which label does the blend get?
#
# - 0.75 horse, 0.25 truck
#     - Labels are blended in the same proportion as pictures. Trained so, the network should be as undecided as
#       the picture is.
# - 1 horse, 0 trucks
#     - That says that the truck does not matter, and teaches the network to overlook it. The picture changed, and
#       the right answer with it.
# - 0.5 horse, 0.5 truck
#     - Two things are in the picture, but not equally much of both.

# %% tags=["question"]
black_pair, one_hot = np.zeros((2, 4, 4, 3)), np.eye(2)
label = blend(black_pair, one_hot, np.array([1, 0]), 0.75)[1][0]
[
    np.allclose(label, [0.75, 0.25]),
    np.allclose(label, [1, 0]),
    np.allclose(label, [0.5, 0.5]),
]

# %% [markdown] tags=["question"]
# You map the layer `flip` over the validation photographs, too. What does the network see of them?
#
# - about half of them mirrored, different ones in each pass
#     - A layer that is mapped is called plainly, and then these layers work as in training. The accuracy that
#       you measure depends on dice.
# - all of them as they are, since this is no training
#     - `fit` and `evaluate` tell each layer whether this is training. In a `map` nobody does, and the layer takes
#       the call for training.
# - all of them mirrored, the same in each pass
#     - The layer flips at random, and its seed only decides which draws follow one another.

# %% tags=["question"]
two_passes = [np.asarray(flip(photographs)) for _ in range(2)]
differs = [np.any(p != photographs, axis=(1, 2, 3)) for p in two_passes]
mirrored_share = np.mean(differs[0])
is_repeated = np.array_equal(*differs)
[
    0.2 < mirrored_share < 0.8 and not is_repeated,
    mirrored_share == 0 and is_repeated,
    mirrored_share == 1 and is_repeated,
]

# %% [markdown] tags=["question"]
# Three networks learn from photographs as they are, all three in the same number of steps. The training
# accuracy of the first is `{python} f"{gaps[0]:.0f}"` points above its validation accuracy, of the second
# `{python} f"{gaps[1]:.0f}"`, of the third `{python} f"{gaps[2]:.0f}"`. Which of them gains most from
# versions of its photographs?
#
# - the first
#     - It has learned its photographs by heart, which copies that change make harder. Here they bring it
#       `{python} f"{gains[0]:+.1f}"` points.
# - the second
#     - It is ahead on its own photographs as well, but less, and has less to gain: here
#       `{python} f"{gains[1]:+.1f}"` points.
# - the third
#     - That one is still busy learning what it has seen. Versions only make the lesson harder: here
#       `{python} f"{gains[2]:+.1f}"` points.

# %% tags=["question"]
most = max(gains)
[gains[0] == most, gains[1] == most, gains[2] == most]

# %% [markdown] tags=["question"]
# A network should say which way an arrow points. It learns from each arrow and its mirror image, both with the
# label of the arrow. How does it answer for new arrows?
#
# - unsure, and right in about half of the cases
#     - The same picture appears with both labels, equally often. The best that a network can learn from that is
#       to be undecided, as with the shoes.
# - sure, and right in most cases
#     - Half of its labels are right. But the other half say the opposite about the same kind of picture, and
#       cancel them out.
# - sure, and wrong in most cases
#     - That takes labels that are all turned. Here only the mirrored half have the wrong one.

# %% tags=["question"]
is_sure = confidence["mirrored"] > 0.75
right_share = np.mean(shoe_accuracy["mirrored"])
[
    not is_sure and 0.3 < right_share < 0.7,
    is_sure and right_share > 0.7,
    is_sure and right_share < 0.3,
]

# %% [markdown] tags=["question"]
# Of each of 500 photographs there are five versions. They are shuffled, and a fifth of them is held out. How many
# of those have a version of the same photograph among the training pictures?
#
# - nearly all
#     - Each has four others, and it is next to impossible that all four are held out as well. So the grade says
#       how well the network recognises photographs that it knows.
# - about four in five
#     - That is the chance for one other version. There are four of them, and one is enough.
# - about one in five
#     - That is how many versions are held out. Whether a photograph is *also* in the training is another
#       question.

# %% tags=["question"]
deal = photo_numbers[np.random.default_rng(7).permutation(2500)]
leaking_share = np.isin(deal[:500], deal[500:]).mean()
[leaking_share > 0.95, 0.7 < leaking_share < 0.9, leaking_share < 0.4]

# %% [markdown]
# ## What to remember
#
# - Change what does not matter to the *question*, and keep or change the label accordingly.
# - The fewer photographs, and the longer you train on them, the more augmentation is worth. Where the
#   network has not yet learned its training set, there is little to gain.
# - Make versions of the training photographs alone, after the split. Never map a random layer over
#   validation data.
# - The same layer can stand in the model or in the dataset; what differs is where the work is done, and
#   what is saved. Layers in a model need `training=False` in a plain call.
#
# ## Where next
#
# Does a network that was trained on mirrored photographs look at other parts of a picture? Ask it, as
# in [What did it learn?](explanations.md). How to tell a gain from luck is the matter of
# [Experiments](../networks/experiments.md). And if you have too few photographs even with all their
# versions, start from a network that has learned from others, instead of from random weights: that is
# [Transfer learning](transfer-learning.md).
#
# ## Sources
#
# - C. Shorten and T. Khoshgoftaar, *A survey on Image Data Augmentation for Deep Learning*, 2019,
#   [doi:10.1186/s40537-019-0197-0](https://doi.org/10.1186/s40537-019-0197-0).
# - H. Zhang and others, *mixup: Beyond Empirical Risk Minimization*, 2017,
#   [arXiv:1710.09412](https://arxiv.org/abs/1710.09412).
# - T. DeVries and G. Taylor, *Improved Regularization of Convolutional Neural Networks with Cutout*, 2017,
#   [arXiv:1708.04552](https://arxiv.org/abs/1708.04552).
# - Keras: [image augmentation layers](https://keras.io/api/layers/preprocessing_layers/image_augmentation/).
