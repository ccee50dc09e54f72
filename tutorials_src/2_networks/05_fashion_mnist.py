# ---
# title: Fashion-MNIST
# summary: Know your tools and your data first. TensorFlow, Keras, CPU and GPU; then 70,000 pictures, questioned.
# needs: [tensors, broadcasting]
# helps: [gradients, training-by-hand]
# teaches: [backend, CPU, GPU, TPU, device placement, class balance, baseline, near-duplicate, training set, validation set, test set, leak, stratified, standardisation, data pipeline, shuffle buffer, prefetching]
# data: [fashion-mnist]
# artifacts: []
# seed: 0
# ---

# %% [markdown]
# Two things decide how training goes before the first step is taken: what it runs on, and what it runs
# over. First the tools, TensorFlow, Keras and the chips below them. Then the data of the next pages: you
# look at it, measure it, try to catch it out, and get it ready.
#
# Here it is, one example of each class, with its label's number and name.

# %%
import numpy as np

from snippets import plot_classes, plot_curves, plot_images, plot_results
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
class_names = fashion.class_names
_, first_of_each_class = np.unique(fashion.train.labels, return_index=True)
titles = [f"{label}: {name}" for label, name in enumerate(class_names)]
one_per_class = fashion.train.images[first_of_each_class]
plot_images.image_grid(one_per_class, titles, subject="photographs")

# %% [markdown]
# Fashion-MNIST was made by the research group of an online shop from photographs in its catalogue, each
# shrunk to 28 by 28 grey pixels ([Xiao, Rasul and Vollgraf, 2017](https://arxiv.org/abs/1708.07747)).
# It has the shape of MNIST, a famous set of handwritten digits that had become too easy, and is meant
# to take its place. It is small enough for a laptop, and hard enough to tell good ideas from bad.
#
# ## The engine and the steering wheel
#
# **TensorFlow** is the engine. It computes with tensors, finds gradients, turns Python functions into
# graphs, and runs all that on whatever chip there is. **Keras** is the steering wheel and the
# dashboard: layers, `fit`, curves. You drive with it, and you read off it how fast you are going.
#
# The analogy breaks in two places. You may reach into this engine while driving: the [training loop by
# hand](../foundations/training-by-hand.md) and Keras layers mix freely. And you may swap it: Keras also
# drives two other engines, JAX and PyTorch. The engine in use is called the **backend**.

# %%
import keras
import tensorflow as tf

print("TensorFlow", tf.__version__, "under Keras", keras.__version__)
print("backend:", keras.config.backend())
scores = np.array([2.0, 1.0, 0.0], "float32")
print(tf.nn.softmax(scores).numpy())
print(keras.ops.softmax(scores).numpy())

# %% [markdown]
# The last two lines are softmax from the engine and by way of Keras: the same numbers.
#
# Where have you met TensorFlow? This is what its makers published at the time. Google's translation of
# 2016, and the TPU (a chip, see below) on which it ran
# ([announcement](https://research.google/blog/a-neural-network-for-machine-translation-at-production-scale/),
# [paper](https://arxiv.org/abs/1609.08144)); YouTube's recommendations of 2016, a network that picks
# candidates and one that ranks them ([paper](https://research.google/pubs/pub45530)); and the grey words
# that Gmail suggests as you type, from a network that guesses the next words
# ([paper](https://arxiv.org/abs/1906.00080)).
#
# ## CPU, GPU, TPU
#
# | chip | think of | good at | bad at |
# | --- | --- | --- | --- |
# | **CPU** | a few chefs who can cook anything | one thing after another, decisions, small jobs | the same small sum a billion times |
# | **GPU** | a canteen with thousands of helpers, all doing the same move | large matrix products | small jobs: the helpers wait for orders |
# | **TPU** | a factory line built for one dish | very large matrix products, all of one shape | everything else |
#
# A CPU, the *central processing unit*, is in every computer. A GPU, the *graphics processing unit*, was
# made to draw games; the same arithmetic makes networks. A TPU, the *tensor processing unit*, is Google's
# own: the heart of the first one was a grid of
# *65,536*{.given title="Jouppi et al., 2017, In-Datacenter Performance Analysis of a Tensor Processing Unit"}
# multipliers ([Jouppi and others, 2017](https://arxiv.org/abs/1704.04760)); you can rent one, not buy one.
# Where the analogy breaks: chefs and helpers share one larder, but a GPU has a memory of its own, and what
# it works on must be carried there first.
#
# Is there a GPU? Ask TensorFlow:

# %%
tf.config.list_physical_devices()

# %% [markdown]
# The computer that made this page has `{python} len(tf.config.list_physical_devices("GPU"))` GPUs, so
# everything in this course runs on a CPU. If you have an NVIDIA GPU, ask the driver as well, in a
# terminal, not in Python:
#
# ```console
# $ nvidia-smi
# ```
#
# It prints a table: each GPU by name, how busy it is, how much of its memory is taken, and by which
# programs. *Command not found* means that there is no driver. If `nvidia-smi` sees the GPU and TensorFlow
# does not, TensorFlow lacks NVIDIA's libraries: on Linux, and in WSL2, the Linux inside Windows,
# `pip install "tensorflow[and-cuda]"` brings them. (On Windows itself, TensorFlow has used no GPUs after
# version *2.10*{.given title="TensorFlow, Install with pip"}.)
#
# TensorFlow uses a GPU by itself when it finds one. To decide for yourself, name the device. This is
# **device placement**, and the following code runs with or without a GPU:

# %%
device = "GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"
with tf.device(device):
    product = tf.ones((512, 512)) @ tf.ones((512, 512))
print("asked for", device, "and ran on", product.device)

# %% [markdown]
# Of the long name, only the end matters: the kind of chip, and its number.
#
# ### A silent mistake
#
# Ask for a GPU that is certainly not there:

# %%
with tf.device("GPU:99"):
    misplaced_product = tf.ones((2, 2)) @ tf.ones((2, 2))
print(misplaced_product.device)

# %% [markdown]
# No error. TensorFlow quietly took another device, so that code written for a GPU runs anywhere. The
# price: people have trained for days on the CPU beside an idle GPU. Look at `.device` once, or switch this
# *soft placement* off:

# %% tags=["raises-exception"]
tf.config.set_soft_device_placement(False)
with tf.device("GPU:99"):
    tf.ones((2, 2)) @ tf.ones((2, 2))

# %%
tf.config.set_soft_device_placement(True)  # back to the default

# %% [markdown]
# ## How many of each?
#
# Now the data. First ask how many examples each class has, the **class balance**. If nine in ten were
# trousers, always answering *trouser* would look like a fine classifier.

# %%
training_labels = fashion.train.labels
images = fashion.train.images
images_of_class = [images[training_labels == label] for label in range(10)]
for split in (fashion.train, fashion.validation, fashion.test):
    print(np.bincount(split.labels))
[round(float(images.mean())) for images in images_of_class]  # mean grey

# %% [markdown]
# Perfectly balanced, in all three sets: guessing is right one time in ten, and so is any single answer.
# The last line is the mean grey value per class, from 0, black, to 255. A bright picture is more likely a
# coat than a sandal: even one number tells something.
#
# ## The average of each class
#
# Average all training pictures of a class, pixel by pixel. Below each average stands the standard
# deviation of each pixel, the root of its variance: bright where the pictures of a class differ.

# %%
averages = np.stack([images.mean(axis=0) for images in images_of_class])
deviations = np.stack([images.std(axis=0) for images in images_of_class])
statistics = np.concatenate([averages / 255, deviations / deviations.max()])
plot_images.image_grid(statistics, [*class_names, *[""] * 10], columns=10)

# %% [markdown]
# Everything is upright and centred, and all shoes point to the left. *Shirt*, *Coat* and *Pullover* have
# nearly the same average, and *Sandal* hardly has one: sandals differ most.
#
# The averages make a classifier without any training: **give a picture the class whose average is
# nearest**, in mean squared difference.


# %%
def flat(images):
    return images.reshape(len(images), -1).astype("float32")


def squared_distances(a, b):
    """Return the squared distance of each row of a to each row of b."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    return squares - 2 * a @ b.T


validation_pixels = flat(fashion.validation.images)
validation_labels = fashion.validation.labels
to_averages = squared_distances(validation_pixels, flat(averages))
average_accuracy = (to_averages.argmin(axis=1) == validation_labels).mean()
print(f"right on {average_accuracy:.1%} of the validation pictures")

# %% [markdown]
# Such a plain rule is a **baseline**. Whatever you train must beat it by enough to be worth the trouble.
# As in [Broadcasting](../foundations/broadcasting.md), the function multiplies out the square,
# $(a - b)^2 = a^2 + b^2 - 2ab$, so that a matrix product does nearly all the work.
#
# You know a sharper rule: take the label of the nearest neighbour, the most similar of the training
# pictures; here, of 1,000 per class.

# %%
sample = fashion.train.sample(1000)
memory, memory_labels = sample.images, sample.labels
to_memory = squared_distances(validation_pixels, flat(memory))
neighbour_labels = memory_labels[to_memory.argmin(axis=1)]
neighbour_accuracy = (neighbour_labels == validation_labels).mean()
print(f"right on {neighbour_accuracy:.1%} of the validation pictures")

# %% [markdown]
# Far better than the averages, and the baseline to beat.
#
# ## Have they met before?
#
# If a test picture also stands in the training set, recognising it is memory, not skill. Such a crack
# between the sets is a **leak**. Identical copies are easy to find. **Near-duplicates** are not:
# another photograph of the same thing differs a little in every pixel. To find them, every one of 10,000
# test pictures must be compared with 60,000 others, 784 pixels each.
#
# There is a cheaper way that misses nothing. Shrink every picture to 7 by 7, each block of 16 pixels to
# its mean. **Thumbnails never differ by more than the pictures do**, since in a mean differences can
# cancel, not grow. Check it on two pictures of two pixels, one of 10 and 30, one of 20 and 24. The
# pixels differ by 10 and 6; the mean of the squares is 68. The thumbnails, 20 and 22, differ by 2, square
# 4. So whatever is near has near thumbnails: compare those, then look closely at the few pairs left.
#
# (This looks at test pictures, but only to audit the data. Nothing is chosen by it.)


# %%
def thumbnails(images):
    # the axes: picture, 7 blocks of 4 rows, 7 blocks of 4 columns
    blocks = images.reshape(-1, 7, 4, 7, 4)
    return blocks.mean(axis=(2, 4), dtype="float32").reshape(-1, 49)


limit = 10  # grey levels per pixel, the root of the mean square
known_images = np.concatenate([images, fashion.validation.images])
known_labels = np.concatenate([training_labels, validation_labels])
test_thumbnails = thumbnails(fashion.test.images)
known_thumbnails = thumbnails(known_images)
candidates = []
for start in range(0, 10_000, 1000):  # a thousand at a time, to save memory
    thousand = test_thumbnails[start : start + 1000]
    squares = squared_distances(thousand, known_thumbnails)
    is_near = squares <= 49 * limit**2  # over the 49 pixels of a thumbnail
    candidates.append(np.argwhere(is_near) + np.array([start, 0]))

# %%
test_places, known_places = np.concatenate(candidates).T
test_candidates = fashion.test.images[test_places].astype("float32")
differences = test_candidates - known_images[known_places]
pair_distances = np.sqrt((differences**2).mean(axis=(1, 2)))
is_twin = pair_distances <= limit
print(f"{len(is_twin):,} pairs to look at, {is_twin.sum()} of them near")
print(f"{(pair_distances == 0).sum()} identical")

# %%
order = np.argsort(pair_distances)
_, places = np.unique(test_places[order], return_index=True)
twins = order[np.sort(places)][:10]  # each test picture once
test_labels = fashion.test.labels[test_places]
twin_labels = known_labels[known_places]
names = np.array(class_names)
test_names, twin_names = names[test_labels], names[twin_labels]
titles = list((test_names + "\n" + twin_names)[twins])
test_twins = fashion.test.images[test_places[twins]]
known_twins = known_images[known_places[twins]]
twin_pairs = np.concatenate([test_twins, known_twins], axis=2)
plot_images.image_grid(twin_pairs, titles, subject="twins")

# %% [markdown]
# On the left a test picture, on the right its twin from the 60,000; above, both labels. They
# are the same article, or even the same photograph. In all,
# `{python} len(set(test_places[is_twin]))` of 10,000 test pictures have a twin (some have several), so the
# leak can shift an accuracy by next to nothing. The two labels disagree in
# `{python} int((test_labels != twin_labels)[is_twin].sum())` pairs.
#
# What does this search miss? Twins that were mirrored, shifted by a pixel, or photographed in another
# colour: by pixels, they are far apart.

# %% tags=["claims"]
assert (np.bincount(training_labels) == 5400).all(), (
    "the training set holds 5,400 pictures of each class"
)
assert average_accuracy > 0.55, (
    "the nearest average is right far more often than chance"
)
assert neighbour_accuracy > average_accuracy + 0.05, (
    "the nearest neighbour is right more often than that"
)
assert 0 < len(set(test_places[is_twin])) < 100, (
    "some test pictures have a twin, under 1 in 100"
)
assert "GPU:99" not in misplaced_product.device, (
    "asked for a missing GPU, TensorFlow takes another device"
)

# %% tags=["control"] claim="the nearest average is right far more often than chance" without="labels that match the pictures"
shuffled_labels = np.random.default_rng(0).permutation(training_labels)
photos = fashion.train.images
mixtures = [photos[shuffled_labels == label] for label in range(10)]
averages_of_all = np.stack([mixture.mean(axis=0) for mixture in mixtures])
to_averages = squared_distances(validation_pixels, flat(averages_of_all))
average_accuracy = (to_averages.argmin(axis=1) == validation_labels).mean()

# %% [markdown]
# ## Three sets, and why
#
# | set | pictures | its job |
# | --- | ---: | --- |
# | **training set** | 54,000 | the network learns from it |
# | **validation set** | 6,000 | you choose with it: which network, which learning rate, when to stop |
# | **test set** | 10,000 | you use it once, at the end, to know how good the result is |
#
# *Why not grade on the training set?* Ask the nearest neighbour about the pictures that it remembers:

# %%
within_memory = squared_distances(flat(memory[::10]), flat(memory))
recalled_labels = memory_labels[within_memory.argmin(axis=1)]
memory_accuracy = (recalled_labels == memory_labels[::10]).mean()
print(f"own pictures {memory_accuracy:.1%}, new {neighbour_accuracy:.1%}")

# %% [markdown]
# Each picture is its own nearest neighbour: everything is learned by heart, and the grade says nothing.
#
# *Why not grade on the validation set?* Because choosing spoils it. Here are 200 poor rules: each goes by
# the nearest average, but sees 8 random pixels of the 784. Choose the best of them on 50 validation
# pictures. Then ask the winner about the other 5,950.


# %%
def contest(count, seed):
    """Return 200 accuracies on so many pictures, and on the others."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(validation_labels))
    accuracies = []
    for _ in range(200):
        pixels = generator.choice(784, 8, replace=False)
        few_pixels = validation_pixels[:, pixels]
        few_means = flat(averages)[:, pixels]
        answers = squared_distances(few_pixels, few_means).argmin(axis=1)
        is_correct = (answers == validation_labels)[order]
        scores = is_correct[:count].mean(), is_correct[count:].mean()
        accuracies.append(scores)
    return np.transpose(accuracies)


# %%
contests_of_50 = [contest(50, seed) for seed in (0, 1, 2)]
plot_results.chosen_and_fresh(*contests_of_50[0], what="rules")

# %% [markdown]
# Each dot is a rule. On the dashed line it would be as good on both parts. The winner lies far below: on
# fresh pictures it is worse. Now three seeds, and the same with 3,000 pictures to choose on:

# %%
contests_of_3000 = [contest(3000, seed) for seed in (0, 1, 2)]
contests = {50: contests_of_50, 3000: contests_of_3000}


def winner_drop(scores, fresh_scores):
    return scores.max() - fresh_scores[scores.argmax()]


drops = {}
for count, pairs in contests.items():
    drops[count] = np.array([winner_drop(*pair) for pair in pairs])
    points = (100 * drops[count]).round(1)
    print(f"chosen on {count} pictures, winners drop by {points}")

# %% [markdown]
# The drops are in percentage points, one for each seed; one below 0 is a rise. The winner is good *and
# lucky*, and its luck does not carry over. With 3,000 pictures to choose by, there is little luck to be
# had. So: many validation pictures, few choices, and one grade at the end on pictures that chose nothing.
#
# The validation set here was drawn at random, but **stratified**: the same fraction of every class. How
# you split depends on what *new* means: if one person or one product gave several pictures, all of them
# belong in the same set, or you have built a leak.
#
# ## Scaling
#
# A pixel is a byte, 0 to 255. Networks are fed small numbers instead: **0 to 1**, divided by 255, or
# **standardised**, minus the mean training picture and divided by the standard deviation of what is left.
# Does it matter? Take three forms of the same pictures, five learning rates, three seeds, and a small
# network. (The next page takes such a network apart, with `adam`, its optimizer, and
# `steps_per_execution`, which only saves time.) It trains on a stratified sample of 5,000 pictures, for
# three epochs.

# %%
from snippets.preprocessing import standardise

few_pictures = fashion.train.sample(500)


def in_all_forms(images):
    return {
        "bytes": images.astype("float32"),
        "0 to 1": images.astype("float32") / 255,
        "standardised": standardise(images, fashion.train.images),
    }


training_forms = in_all_forms(few_pictures.images)
validation_forms = in_all_forms(fashion.validation.images)

# %%
from snippets.experiments import restart
from snippets.models import dense_network

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network = dense_network((64,))
network.compile("adam", cross_entropy, steps_per_execution=50)


def trained_accuracy(form, learning_rate, seed):
    restart(network, seed)  # first weights and optimizer as new
    network.optimizer.learning_rate = learning_rate
    inputs, labels = training_forms[form], few_pictures.labels
    network.fit(inputs, labels, batch_size=100, epochs=3, verbose=0)
    answers = np.argmax(network(validation_forms[form]), axis=1)
    return (answers == validation_labels).mean()


def accuracies_at_all_rates(form, seed):
    return [trained_accuracy(form, rate, seed) for rate in learning_rates]


# %%
learning_rates = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
form_accuracies = {}
for form in training_forms:
    seeds = [accuracies_at_all_rates(form, seed) for seed in (0, 1, 2)]
    form_accuracies[form] = np.array(seeds)
axes = {"xlabel": "learning rate", "ylabel": "validation accuracy"}
axes |= {"x": learning_rates, "log_x": True, "percent": True}
plot_curves.spread_curves(form_accuracies, **axes)

# %%
at_best_rate = {}
for form, accuracies in form_accuracies.items():
    column = accuracies.mean(axis=0).argmax()
    at_best_rate[form] = accuracies[:, column]
    percentages = ", ".join(f"{a:.1%}" for a in at_best_rate[form])
    print(f"{form} at {learning_rates[column]:g}: {percentages}")

# %% [markdown]
# Compare each form at *its own* best rate, else you compare luck ([Experiments](experiments.md) shows
# two fair-looking comparisons that contradict each other). With bytes, no rate is good: a step
# that is short enough for weights that multiply numbers up to 255 is too short for the biases, and the
# random first weights are made for inputs of about 1. Between *0 to 1* and *standardised*, the difference
# at the best rate is
# `{python} f"{100 * abs(at_best_rate['standardised'].mean() - at_best_rate['0 to 1'].mean()):.1f}"` points,
# while seeds of one and the same form differ by up to
# `{python} f"{100 * max(np.ptp(at_best_rate['standardised']), np.ptp(at_best_rate['0 to 1'])):.1f}"`. What
# standardising does show is a wider range of rates that work: numbers around 0 make a rounder valley.
#
# Mean and deviation come from the training set alone, also for validation and test pictures. Whatever you
# compute from the test set, even a mean, is something that it has told you.
#
# ## A pipeline
#
# Pictures must arrive in batches, shuffled, scaled, and no later than the processor wants them.
# `tf.data` builds such a **data pipeline** from stages. One small enough to check:

# %%
numbers = tf.data.Dataset.range(6)
squares = numbers.map(lambda number: number * number).batch(4)
[batch.numpy() for batch in squares]

# %% [markdown]
# - `range` starts from numbers; `from_tensor_slices`, below, from arrays, cut along their first axis.
# - `map` applies a function to each element.
# - `cache` keeps what has come so far in memory: the second epoch starts from there.
# - `shuffle` mixes; `batch` packs.
# - `prefetch` prepares the next batch while the current one is being used.
#
# What is the best order? Measure how many pictures come out per second of CPU time. The first row
# is no pipeline at all: positions shuffled, arrays indexed.

# %%
pictures = fashion.train.sample(1000)
arrays = pictures.images, pictures.labels
source = tf.data.Dataset.from_tensor_slices(arrays)


def scale(images, labels):
    return tf.cast(images, tf.float32) / 255, labels


def batches_of_arrays(batch_size=256):
    order = np.random.default_rng(0).permutation(len(pictures))
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        images = pictures.images[places].astype("float32") / 255
        yield images, pictures.labels[places]


# %% tags=["measured"]
from snippets.training import Stopwatch

pipelines = {
    "arrays, no pipeline": batches_of_arrays(),
    "map, batch": source.map(scale).batch(256),
    "batch, map": source.batch(256).map(scale),
}
speeds = {}
for name, pipeline in pipelines.items():
    with Stopwatch() as stopwatch:
        picture_count = sum(len(labels) for _, labels in pipeline)
    speeds[name] = picture_count / stopwatch.cpu_seconds
    print(f"{name:19} {speeds[name]:9,.0f} pictures per CPU second")

# %% [markdown]
# Two lessons. **Batch first, then map**: one call for 256 pictures instead of 256 calls. And for data that
# fits into memory, as here, **plain arrays win**: give them to `fit`. A pipeline earns its keep when
# pictures have to be read from a disk, decoded or altered on the way.
#
# Then waiting matters, and `prefetch`. Pretend that reading takes 10 milliseconds per batch, and the network
# as long. (TensorFlow adds a prefetch by itself at the end of a pipeline; the option switches that off, so
# that you see the difference.)

# %% tags=["measured"]
import time


def slow_disk():
    for number in range(20):
        time.sleep(0.010)
        yield number


options = tf.data.Options()
options.experimental_optimization.inject_prefetch = False
number = tf.TensorSpec((), tf.int32)
disk = tf.data.Dataset.from_generator(slow_disk, output_signature=number)
waits = {}
for name, pipeline in (("in turn", disk), ("prefetch", disk.prefetch(2))):
    with Stopwatch() as stopwatch:
        for _ in pipeline.with_options(options):
            time.sleep(0.010)  # the network at work
    waits[name] = stopwatch.wall_seconds
    print(f"{name}: {waits[name]:.2f} seconds")

# %% [markdown]
# Twenty batches took `{python measured} f"{waits['prefetch'] / waits['in turn']:.0%}"` of the
# time with prefetching: the disk and the network now work side by side. Half is the best that you can
# hope for here.
#
# ## What goes wrong: a small shuffle buffer
#
# `shuffle` does not shuffle everything. It keeps a **shuffle buffer** of so many elements, draws one of
# these at random, and refills the gap with the next. With a buffer of 2, what comes out first can only be
# element 0 or 1. Here it is for eight seeds:

# %%
eight = tf.data.Dataset.range(8)
[int(next(iter(eight.shuffle(2, seed=seed)))) for seed in range(8)]

# %% [markdown]
# With a buffer as large as the data, every order is possible. And `shuffle` deals anew in each pass, with
# a seed or without. (`reshuffle_each_iteration=False` would repeat the first deal.) Two passes over one dataset:

# %%
shuffled_numbers = eight.shuffle(8, seed=0)
passes = [[int(number) for number in shuffled_numbers] for _ in range(2)]
print(*passes, sep="\n")

# %% [markdown]
# Data often lies sorted by class, as files in folders do. Sort 10,000 training labels and shuffle them.
# Read each picture from left to right; a dot shows the class that comes there.

# %%
class_order = np.argsort(pictures.labels, kind="stable")
labels_in_order = pictures.labels[class_order]
sorted_labels = tf.data.Dataset.from_tensor_slices(labels_in_order)
label_orders = {}
for buffer_size in (100, 1000, 10_000):
    epoch = sorted_labels.shuffle(buffer_size, seed=0).batch(10_000)
    label_orders[f"buffer of {buffer_size:,}"] = next(iter(epoch)).numpy()
plot_classes.label_order(label_orders, class_names=class_names)

# %% [markdown]
# With a buffer of 100, the network sees nothing but T-shirts, then nothing but trousers, and so on. What
# does that do? Softmax regression from weights of 0, one epoch, three seeds of the shuffle.
# (`shuffle=False` says that the pipeline shuffles, and nobody else.)

# %%
sorted_pixels = flat(pictures.images[class_order]) / 255
sorted_arrays = sorted_pixels, labels_in_order
sorted_pairs = tf.data.Dataset.from_tensor_slices(sorted_arrays)
linear_network = dense_network((), shape=(784,))
linear_network.compile("sgd", cross_entropy, steps_per_execution=100)


def accuracy_after(dataset):
    linear_network.set_weights([np.zeros((784, 10)), np.zeros(10)])
    linear_network.fit(dataset.batch(100), shuffle=False, verbose=0)
    answers = np.argmax(linear_network(validation_pixels / 255), axis=1)
    return (answers == validation_labels).mean()


after_epoch = {}
for size in (100, 1000, 10_000):
    shuffles = [sorted_pairs.shuffle(size, seed=seed) for seed in (0, 1, 2)]
    after_epoch[size] = [accuracy_after(shuffle) for shuffle in shuffles]
dots = {f"buffer of {size:,}": after_epoch[size] for size in after_epoch}
plot_results.seed_dots(dots, xlabel="validation accuracy")

# %% [markdown]
# With the small buffer it ends near chance: it answers with the class that it saw last. No error, no
# warning. The cure: a buffer as large as the data, or shuffled files, or, for arrays, `fit`'s own
# shuffling.

# %% tags=["claims"]
assert np.mean(drops[50]) > 0.03 + np.mean(drops[3000]), (
    "a winner chosen on 50 pictures drops on fresh ones by more than one chosen on 3,000"
)
means = {form: a.mean(axis=0) for form, a in form_accuracies.items()}
assert means["standardised"][-1] > means["0 to 1"][-1] + 0.1, (
    "at a learning rate of 0.1, standardised pixels still work and those from 0 to 1 do worse"
)
assert at_best_rate["bytes"].max() < np.min([*at_best_rate.values()][1:]), (
    "at its best learning rate, every seed with bytes is worse than every seed with scaled pixels"
)
assert passes[0] != passes[1], "a shuffled dataset deals anew in each pass"
assert max(after_epoch[100]) < 0.3 < 0.6 < min(after_epoch[10_000]), (
    "on sorted data, a shuffle buffer of 100 ends near chance, a full one does not"
)
assert speeds["batch, map"] > 1.5 * speeds["map, batch"], (
    "batch before map is 1.5 times as fast"
)
assert speeds["arrays, no pipeline"] > 1.5 * speeds["map, batch"], (
    "plain arrays beat the pipeline"
)

# %% tags=["control"] claim="a winner chosen on 50 pictures drops on fresh ones by more than one chosen on 3,000" without="choosing the best rule"
drops = {}
for count, pairs in contests.items():
    drops[count] = [pair[0, 0] - pair[1, 0] for pair in pairs]

# %% tags=["control"] claim="a shuffled dataset deals anew in each pass" without="its default"
repeated_numbers = eight.shuffle(8, seed=0, reshuffle_each_iteration=False)
passes = [[int(number) for number in repeated_numbers] for _ in range(2)]

# %% tags=["control"] claim="on sorted data, a shuffle buffer of 100 ends near chance, a full one does not" without="the sorting by class"
mixed_arrays = flat(pictures.images) / 255, pictures.labels
mixed_pairs = tf.data.Dataset.from_tensor_slices(mixed_arrays)
mixed_accuracy = accuracy_after(mixed_pairs.shuffle(100, seed=0))
after_epoch = after_epoch | {100: [mixed_accuracy]}

# %% [markdown]
# ## Exercise: the distance of bytes
#
# `grey_distance(a, b)` should return how far two pictures of bytes are apart: the root of the mean
# squared difference. The starter is what one writes first, and it is wrong: a byte has no room below 0 or
# above 255, so 10 − 20 wraps round to 246, and squares wrap as well. Now and then, as for these two, the
# answer even comes out right. Mend it.


# %% tags=["starter"]
def grey_distance(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


# %% [markdown] tags=["hint"]
# Which dtype has room below 0 and far above 255? Change it before the subtraction: afterwards the number has
# already wrapped.

# %% tags=["check"]
two_pixels = np.array([[10, 20], [24, 18]], np.uint8)  # 14 and 2 apart
for a, b in (two_pixels, fashion.train.images[:2]):
    differences = np.abs(a.astype(float) - b)
    distance = np.linalg.norm(differences) / np.sqrt(differences.size)
    for answer in (grey_distance(a, b), grey_distance(b, a)):
        message = f"the root mean square is {distance:.2f}, not {answer}"
        assert np.allclose(np.array(answer, float), distance), message


# %% tags=["solution"]
def grey_distance(a, b):
    return float(np.sqrt(np.mean((a.astype("float32") - b) ** 2)))


grey_distance(*fashion.train.images[:2])


# %% tags=["wrong"]
def grey_distance(a, b):
    return float(np.mean(np.abs(a.astype("float32") - b)))  # the mean


# %% tags=["wrong"]
def grey_distance(a, b):
    return float(np.max(np.abs(a.astype("float32") - b)))  # the largest


# %% tags=["wrong"]
def grey_distance(a, b):
    return float(np.sqrt(np.mean((a.astype("int16") - b) ** 2)))  # wraps


# %% tags=["wrong"]
def grey_distance(a, b):
    squares = (a.astype("float32") - b) ** 2
    return float(np.mean(np.sqrt(squares.mean(axis=-1))))  # row by row


# %% tags=["wrong"]
def grey_distance(a, b):
    return float(np.mean((a.astype("float32") - b) ** 2))  # no root


# %% [markdown]
# ## Exercise: a fair split
#
# `split_off(labels, fraction)` returns the positions of a validation set. The starter takes the end of
# the data, as the argument `validation_split=0.1` of `fit` does. If the data is sorted by class, that
# goes wrong. Return positions, none of them twice, that hold the same fraction of every class.


# %% tags=["starter"]
def split_off(labels, fraction):
    return np.arange(len(labels))[round(len(labels) * (1 - fraction)) :]


# %% [markdown] tags=["hint"]
# Go through the classes one at a time: `np.flatnonzero(labels == label)` gives the positions of one class.
# How many of them are its part?

# %% tags=["check"]
sorted_kinds = np.repeat([3, 7, 8], [20, 40, 100])  # 20 of class 3, ...
mixed_kinds = np.random.default_rng(0).permutation(sorted_kinds)
for fraction, fair_counts in {0.25: [5, 10, 25], 0.1: [2, 4, 10]}.items():
    answer = np.ravel(np.array(split_off(mixed_kinds, fraction), object))
    types = {type(place).__name__ for place in answer}
    assert types <= {"int", "int32", "int64"}, f"positions, not {types}"
    places = {*range(160)} & {*answer.tolist()}
    assert len(places) == len(answer), "a position twice or not in the data"
    counts = np.bincount(mixed_kinds[[*places]], minlength=9)[[3, 7, 8]]
    message = f"{fraction} of [20, 40, 100] is {fair_counts}, not {counts}"
    assert counts.tolist() == fair_counts, message


# %% tags=["solution"]
def split_off(labels, fraction):
    generator = np.random.default_rng(0)
    parts = []
    for label in np.unique(labels):
        places = generator.permutation(np.flatnonzero(labels == label))
        parts.append(places[: round(len(places) * fraction)])
    return np.concatenate(parts)


np.bincount(sorted_kinds[split_off(sorted_kinds, 0.2)])


# %% tags=["wrong"]
def split_off(labels, fraction):
    return np.arange(0, len(labels), round(1 / fraction))  # every 4th


# %% tags=["wrong"]
def split_off(labels, fraction):
    order = np.random.default_rng(0).permutation(len(labels))
    return order[: round(len(labels) * fraction)]  # at random from all


# %% tags=["wrong"]
def split_off(labels, fraction):
    count = round(len(labels) * fraction / 10)  # as if of one size
    kinds = np.unique(labels)
    parts = [np.flatnonzero(labels == kind)[:count] for kind in kinds]
    return np.concatenate(parts)


# %% tags=["wrong"]
def split_off(labels, fraction):
    choose = np.random.default_rng(0).choice  # some come twice
    parts = []
    for kind in np.unique(labels):
        places = np.flatnonzero(labels == kind)
        parts.append(choose(places, round(len(places) * fraction)))
    return np.concatenate(parts)


# %% tags=["wrong"]
def split_off(labels, fraction):
    parts = []
    for kind in np.unique(labels):
        places = np.flatnonzero(labels == kind)
        parts.append(places[: round(len(places) * 0.2)])  # always 0.2
    return np.concatenate(parts)


# %% [markdown]
# ## Exercise: the right order
#
# `prepare(dataset)` should shuffle 10,000 sorted labels well and pack them into batches of 100. The
# starter has both stages. Look at one of its batches, then change one thing. (The check hands over the
# numbers from 0 to 9,999 instead of labels: they show where each came from.)


# %% tags=["starter"]
def prepare(dataset):
    return dataset.batch(100).shuffle(10_000, seed=0)


# %% [markdown] tags=["hint"]
# In one batch of the starter, look at how the numbers follow one another. The two stages are the right ones;
# what does each find when its turn comes?

# %% tags=["check"]
dataset = prepare(tf.data.Dataset.range(10_000))
assert isinstance(dataset, tf.data.Dataset), f"not a dataset: {dataset}"
batches = [batch.numpy() for batch in dataset.take(101)]
shapes = len(batches), {batch.shape for batch in batches}
assert shapes == (100, {(100,)}), f"100 batches of 100, not {shapes}"
order = np.concatenate(batches)
assert len(np.unique(order)) == 10_000, "some numbers come twice"
gap_count = len(np.unique(np.diff(order)))
assert gap_count > 1000, f"barely shuffled: only {gap_count} different gaps"
assert (order[:500] >= 9000).sum() > 28, "few of the last tenth come early"


# %% tags=["solution"]
def prepare(dataset):
    return dataset.shuffle(10_000, seed=0).batch(100)


[len(np.unique(batch)) for batch in prepare(sorted_labels).take(5)]


# %% tags=["wrong"]
def prepare(dataset):
    return dataset.shuffle(1000, seed=0).batch(100)  # a buffer too small


# %% tags=["wrong"]
def prepare(dataset):
    return dataset.shuffle(9000, seed=0).batch(100)  # still too small


# %% tags=["wrong"]
def prepare(dataset):
    return dataset.batch(100).shuffle(100, seed=0)


# %% tags=["wrong"]
def prepare(dataset):
    return dataset.shuffle(10_000, seed=0).batch(32)  # another size


# %% tags=["wrong"]
def prepare(dataset):
    columns = [dataset.shard(100, place) for place in range(100)]
    return tf.data.Dataset.from_tensor_slices(
        [list(column.as_numpy_iterator()) for column in columns]
    )  # every hundredth: all classes in each batch, nothing random


# %% [markdown]
# The starter shuffles whole batches: their order changes, what is in them does not.

# %% [markdown]
# ## Questions
#
# Five questions about tools and data, with a reason for each choice.

# %% [markdown] tags=["question"]
# A program asks for a GPU with `tf.device("GPU:0")` and is moved to a computer that has none. TensorFlow's
# settings are the default ones. What happens?
#
# - It runs elsewhere, and `.device` tells where.
#     - *Soft placement* takes another device and says nothing. So look at `.device` once: what was asked for
#       and what did the work need not be the same.
# - It runs elsewhere, and `.device` says `GPU:0`.
#     - `.device` is not what you asked for but where the result was computed, which makes it worth looking
#       at.
# - It stops with an error.
#     - Only if you switch soft placement off. By default, code for a GPU is meant to run anywhere.

# %% tags=["question"]
try:
    with tf.device("GPU:99"):
        actual_device = (tf.ones((2, 2)) @ tf.ones((2, 2))).device
except tf.errors.InvalidArgumentError:
    actual_device = "none"
[
    actual_device != "none" and "GPU:99" not in actual_device,
    "GPU:99" in actual_device,
    actual_device == "none",
]

# %% [markdown] tags=["question"]
# You train a network, and want to know whether it was worth the trouble. Which accuracy must it beat on the
# validation pictures?
#
# - `{python} f"{neighbour_accuracy:.0%}"`, the nearest neighbour's on new pictures
#     - The best of the plain rules, graded on the same validation pictures. A network that is not clearly
#       better has gained nothing from its training.
# - `{python} f"{memory_accuracy:.0%}"`, the nearest neighbour's on its own pictures
#     - No network could beat that, and none has to: each picture was its own neighbour. Memory is not skill,
#       so this is no baseline.
# - `{python} f"{average_accuracy:.0%}"`, the nearest average's on new pictures
#     - An honest baseline, and a lower one than another that takes no training either.
# - `{python} f"{1 / 10:.0%}"`, a guess
#     - That only shows that something was learned. A rule of three lines, without any training, gets far
#       above it.

# %% tags=["question"]
of_rules = {"average": average_accuracy, "neighbour": neighbour_accuracy}
best_on_new = max(*of_rules.values(), 1 / 10)
[
    neighbour_accuracy == best_on_new,
    memory_accuracy == best_on_new,
    average_accuracy == best_on_new,
    best_on_new == 1 / 10,
]

# %% [markdown] tags=["question"]
# In the first contest, the best of 200 rules was right on `{python} f"{contests_of_50[0][0].max():.0%}"` of
# the 50 pictures that it was chosen on. The mean of all rules was
# `{python} f"{contests_of_50[0][0].mean():.0%}"`. What would you promise for fresh pictures?
#
# - a number between the two
#     - The winner is good *and* lucky: what is good in it stays, what was luck does not. On the other
#       pictures it was right on `{python} f"{contests_of_50[0][1][contests_of_50[0][0].argmax()]:.0%}"`.
# - the winner's grade, as it is
#     - It was measured honestly, but the highest of 200 grades was picked. Among so many, some rule is always
#       lucky with its 50 pictures.
# - the mean of all rules
#     - That would be right if nothing but luck had decided. Some rules see better pixels than others, and
#       that carries over.
# - more than the winner's grade
#     - More pictures make the grade more certain, not better. Nothing is learned from them any more.

# %% tags=["question"]
scores, fresh_scores = contests_of_50[0]
kept = fresh_scores[scores.argmax()]
[
    scores.mean() + 0.02 < kept < scores.max() - 0.02,
    abs(kept - scores.max()) <= 0.02,
    abs(kept - scores.mean()) <= 0.02,
    kept > scores.max() + 0.02,
]

# %% [markdown] tags=["question"]
# A second shop sends photographs that are only half as bright as those of the training set. Someone
# standardises them with *their own* mean and deviation. What does the network see?
#
# - pictures as bright as the training pictures
#     - Their own numbers undo the difference, and hide what is new about the shop. The training set's numbers
#       would let it show, which is why you use those for all pictures.
# - pictures that are darker than the training pictures
#     - They would be, with the training set's numbers. Here their own mean is subtracted from every pixel, so
#       the new mean is 0, however dark they were.
# - pictures with less contrast than the training pictures
#     - Half as bright means half the deviation, too, and that is what they are divided by: the new deviation
#       is 1, like that of the training set.

# %% tags=["question"]
bright_pictures = images[:1000].astype("float64")
dark_pictures = bright_pictures / 2


def by_own_numbers(pictures):
    return (pictures - pictures.mean()) / pictures.std()


seen = by_own_numbers(dark_pictures)
[
    np.allclose(seen, by_own_numbers(bright_pictures)),
    seen.mean() < -0.1,
    seen.std() < 0.9,
]

# %% [markdown] tags=["question"]
# A dataset holds the numbers from 0 to 9,999 in order. What can the first batch of
# `dataset.shuffle(100).batch(100)` hold?
#
# - numbers below 200, some left out
#     - The buffer begins with the first 100, and each number drawn lets one more in. When the last of the
#       batch is drawn, the buffer has seen 199 numbers.
# - the numbers from 0 to 99, mixed
#     - That would need a buffer that is emptied before it is filled again. This one refills each gap at once,
#       so later numbers can come before earlier ones.
# - any of the 10,000 numbers
#     - Only a buffer as large as the data can draw from all of it. What has not entered the buffer cannot
#       come out.

# %% tags=["question"]
in_order = tf.data.Dataset.range(10_000)
first_batches = []
for seed in range(5):
    shuffled = in_order.shuffle(100, seed=seed).batch(100)
    first_batches.append(np.sort(next(iter(shuffled)).numpy()))
first_batches = np.array(first_batches)
[
    100 <= first_batches.max() < 200,
    np.array_equal(first_batches, [np.arange(100)] * 5),
    first_batches.max() >= 1000,
]

# %% [markdown]
# ## What to remember
#
# - TensorFlow computes, Keras drives. Check which device did the work: a missing GPU makes no error.
# - Look before you train: class balance, averages, twins across the sets. And know the
#   baselines that a network must beat.
# - Learn on the training set, choose on the validation set, grade once on the test set.
# - Scale the inputs, with numbers from the training set alone.
# - Batch before you map, shuffle before you batch, with a buffer as large as the data.
#
# ## Where next
#
# Now train a network on these pictures, and beat the baselines:
# [Your first network](first-network.md).
#
# ## Sources
#
# - H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
#   Learning Algorithms*, 2017, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
# - B. Recht, R. Roelofs, L. Schmidt and V. Shankar, *Do ImageNet Classifiers Generalize to ImageNet?*,
#   2019, [arXiv:1902.10811](https://arxiv.org/abs/1902.10811): what fresh test pictures tell.
# - TensorFlow: [`tf.data.Dataset`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset), and
#   [install with pip](https://www.tensorflow.org/install/pip) for GPUs.
