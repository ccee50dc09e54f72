# ---
# title: Fashion-MNIST
# summary: Know your tools and your data first. TensorFlow, Keras, CPU and GPU; then 70,000 pictures, questioned.
# needs: [tensors, broadcasting, gradients, training-by-hand]
# teaches: [backend, cpu, gpu, tpu, device placement, class balance, baseline, near-duplicate, training set, validation set, test set, leak, stratified, standardisation, data pipeline, shuffle buffer, prefetching]
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

from snippets import plot_classes, plot_curves, plot_images, plot_results, tables
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
names = fashion.class_names
first_of_each = [np.flatnonzero(fashion.train.labels == label)[0] for label in range(10)]
titles = [f"{label}: {name}" for label, name in enumerate(names)]
plot_images.image_grid(fashion.train.images[first_of_each], titles, subject="labelled photographs")

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
# The picture breaks in two places. You may reach into this engine while driving: the [training loop by
# hand](../foundations/training-by-hand.md) and Keras layers mix freely. And you may swap it: Keras also
# drives two other engines, JAX and PyTorch. The engine in use is called the **backend**.

# %%
import keras
import tensorflow as tf

print("TensorFlow", tf.__version__, "under Keras", keras.__version__)
print("backend:", keras.config.backend())
scores = [2.0, 1.0, 0.0]
print(tf.nn.softmax(scores).numpy(), keras.ops.softmax(np.array(scores, "float32")).numpy())

# %% [markdown]
# The last line is softmax twice, from the engine and by way of Keras: the same numbers.
#
# Where have you met TensorFlow? This is what its makers published at the time; products change, and the
# papers do not say what runs today.
#
# - **Translate.** When Google switched its translation to neural networks in 2016, it wrote that
#   TensorFlow and the TPU (a chip, see below) made the move into production possible
#   ([announcement](https://research.google/blog/a-neural-network-for-machine-translation-at-production-scale/),
#   [paper](https://arxiv.org/abs/1609.08144)).
# - **Video recommendations.** The paper on YouTube's recommendations of 2016 describes two networks, one
#   that picks candidates and one that ranks them, built on TensorFlow
#   ([paper](https://research.google/pubs/pub45530)).
# - **Smart Compose.** The grey words that Gmail suggests as you type come from a language model, a
#   network that guesses the next words; its paper of 2019 is about keeping it quick enough
#   ([paper](https://arxiv.org/abs/1906.00080),
#   [announcement](https://research.google/blog/smart-compose-using-neural-networks-to-help-write-emails)).
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
# Where the kitchen breaks: chefs and helpers share one larder, but a GPU has a memory of its own, and what
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
# `pip install "tensorflow[and-cuda]"` brings them. (On Windows itself, TensorFlow has used no GPUs since
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
    elsewhere = tf.ones((2, 2)) @ tf.ones((2, 2))
print(elsewhere.device)

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
# ### Why large jobs suit a chip better
#
# A product of two square matrices with $n$ rows has $n^2$ elements, each a sum of $n$ products. That is
# about $2n^3$ multiplications and additions. How many does this computer manage in a second of its CPU?

# %% tags=["measured"]
from snippets.training import Stopwatch

rates = {}
for side in (16, 64, 256, 1024):
    matrix, repeats = tf.ones((side, side)), max(4, 2**18 // side**2)  # small ones more often
    matrix @ matrix  # the first call prepares
    with Stopwatch() as stopwatch:
        for _ in range(repeats):
            result = matrix @ matrix
    rates[side] = 2 * side**3 * repeats / stopwatch.cpu_seconds / 1e9
tables.table(
    [{"rows": side, "billions a CPU second": f"{rate:.1f}"} for side, rate in rates.items()]
)

# %% [markdown]
# The same chip, and it gets `{python measured} f"{rates[1024] / rates[16]:,.0f}"` times as much done a
# second on large matrices as on small ones. Each call has a fixed price, and a small job is nearly all
# price. On a GPU the price is higher, and so is the gain: small networks like those of the next pages
# may even run slower there, large ones many times faster.
#
# ## How much of each?
#
# Now the data. First ask how many examples each class has, the **class balance**. If nine in ten were
# trousers, always answering *trouser* would look like a fine classifier.

# %%
splits = {"train": fashion.train, "validation": fashion.validation, "test": fashion.test}
brightness = [fashion.train.images[fashion.train.labels == label].mean() for label in range(10)]
counts = {name: np.bincount(split.labels) for name, split in splits.items()}
tables.table(
    [
        {"class": title}
        | {split: f"{count[label]:,}" for split, count in counts.items()}
        | {"mean grey, 0 to 255": f"{brightness[label]:.0f}"}
        for label, title in enumerate(titles)
    ]
)

# %% [markdown]
# Perfectly balanced: guessing is right one time in ten, and so is any single answer. The grey values
# differ, though. A bright picture is more likely a pullover than a sandal: even one number tells something.
#
# ## The average of each class
#
# Average all training pictures of a class, pixel by pixel. Below each average stands the standard
# deviation of each pixel, the root of its variance: bright where the pictures of a class differ.

# %%
of_class = [fashion.train.images[fashion.train.labels == label] for label in range(10)]
averages = np.stack([images.mean(axis=0) for images in of_class])
deviations = np.stack([images.std(axis=0) for images in of_class])
both = np.concatenate([averages / 255, deviations / deviations.max()])
plot_images.image_grid(both, [*names, *[""] * 10], columns=10, subject="averages and deviations")

# %% [markdown]
# Everything is upright, centred, and all shoes point to the left. *Shirt*, *Coat* and *Pullover* have
# nearly the same average, and *Sandal* hardly has one: sandals differ most.
#
# The averages make a classifier without any training: **give a picture the class whose average is
# nearest**, in mean squared difference.


# %%
def flat(images):
    return images.reshape(len(images), -1).astype("float32")


def squared_distances(a, b):
    """Return the summed squared difference of each row of a to each row of b, by one product."""
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


held_out, truth = flat(fashion.validation.images), fashion.validation.labels
nearest_average = squared_distances(held_out, flat(averages)).argmin(axis=1)
by_average = (nearest_average == truth).mean()
print(f"right on {by_average:.1%} of the validation pictures")

# %% [markdown]
# Such a plain rule is a **baseline**. Whatever you train must beat it by enough to be worth the trouble.
# As in [Broadcasting](../foundations/broadcasting.md), the function multiplies out the square,
# $(a - b)^2 = a^2 + b^2 - 2ab$, so that a matrix product does nearly all the work.
#
# ## Hard examples
#
# You know a sharper rule: take the label of the nearest neighbour, the most similar training picture.
# Find, for each validation picture, how near the nearest picture of *each* class is, among 1,000 of each.

# %%
sample = fashion.train.sample(1000)
by_label = np.argsort(sample.labels, kind="stable")  # class 0 first, then class 1, and so on
memory, memory_labels = sample.images[by_label], sample.labels[by_label]
squares = squared_distances(held_out, flat(memory)).reshape(len(held_out), 10, 1000)
nearest = squares.argmin(axis=2)  # a column a class
distances = np.sqrt(np.maximum(squares.min(axis=2), 0) / 784)  # typical difference of a pixel
by_neighbour = (distances.argmin(axis=1) == truth).mean()
print(f"right on {by_neighbour:.1%} of the validation pictures")

# %% [markdown]
# Far better than the averages, and the baseline to beat. Where is it *clearly* wrong? Here are the ten
# validation pictures that lie most clearly nearer to another class than to their own, each with its
# nearest neighbour on its right. Above stands its label, below that the neighbour's. The numbers say by how
# many grey levels a pixel differs: from the nearest picture of its own class, then from this neighbour.


# %%
def pair(left, right):
    return np.concatenate([left, np.full_like(left[:, :, :2], 128), right], axis=2)


rows = np.arange(len(truth))
own = distances[rows, truth]
others = np.where(np.eye(10, dtype=bool)[truth], np.inf, distances)  # its own class is out
rival = others.argmin(axis=1)
hardest = np.argsort(others.min(axis=1) - own)[:10]
neighbours = memory[rival * 1000 + nearest[rows, rival]]  # each class has 1,000 places
hard_titles = [
    f"{names[truth[i]]} {own[i]:.0f}\nlike {names[rival[i]]} {others[i].min():.0f}" for i in hardest
]
hard_pairs = pair(fashion.validation.images[hardest], neighbours[hardest])
plot_images.image_grid(hard_pairs, hard_titles, subject="hard pictures, each with its look-alike")

# %% [markdown]
# What looks like a skirt is labelled *Trouser*. A rucksack has the outline of a coat, a T-shirt has long
# sleeves. Some of these are unusual, some you may call mislabelled. They set a ceiling: nobody should
# expect all answers to be right on this data.
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
    return images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4), dtype="float32").reshape(-1, 49)


limit = 10  # grey levels a pixel, on average (root of the mean square)
known = np.concatenate([fashion.train.images, fashion.validation.images])
known_labels = np.concatenate([fashion.train.labels, truth])
small, shelf = thumbnails(fashion.test.images), thumbnails(known)
candidates = []
for first in range(0, 10_000, 1000):  # a thousand at a time, to save memory
    squares = squared_distances(small[first : first + 1000], shelf)
    near = squares <= 49 * limit**2  # the sum over the 49 pixels of a thumbnail
    candidates.append(np.argwhere(near) + np.array([first, 0]))
test_at, known_at = np.concatenate(candidates).T
difference = fashion.test.images[test_at].astype("float32") - known[known_at]
apart = np.sqrt((difference**2).mean(axis=(1, 2)))
identical, close = (apart == 0).sum(), (apart <= limit).sum()
print(f"{len(apart):,} pairs to look at, {identical} identical, {close} near")

# %%
order = np.argsort(apart)
_, first_pairs = np.unique(test_at[order], return_index=True)  # each test picture once
twins = order[np.sort(first_pairs)][:10]
titles_of_twins = [
    f"{names[fashion.test.labels[test_at[i]]]}\n{names[known_labels[known_at[i]]]}, {apart[i]:.1f}"
    for i in twins
]
twin_pairs = pair(fashion.test.images[test_at[twins]], known[known_at[twins]])
plot_images.image_grid(twin_pairs, titles_of_twins, subject="test pictures, each with its twin")

# %% [markdown]
# Left a test picture, right its twin from the 60,000; above, both labels and the difference. They are the
# same article, or even the same photograph. In all, `{python} len(set(test_at[apart <= limit]))` of
# 10,000 test pictures have a twin (some have several), so the leak can shift an accuracy by next to
# nothing. The two labels disagree in
# `{python} int((fashion.test.labels[test_at] != known_labels[known_at])[apart <= limit].sum())` pairs.
#
# What does this search miss? Twins that were mirrored, shifted by a pixel, or photographed in another
# colour: by pixels, they are far apart.

# %% tags=["claims"]
assert (counts["train"] == 5400).all(), "the training set holds 5,400 pictures of each class"
assert by_average > 0.55, "the nearest average is right far more often than chance"
assert by_neighbour > by_average + 0.05, "the nearest neighbour is right more often than that"
assert 0 < len(set(test_at[apart <= limit])) < 100, "some test pictures have a twin, under 1 in 100"
assert "GPU:99" not in elsewhere.device, "asked for a missing GPU, TensorFlow takes another device"

# %% tags=["control"] claim="the nearest average is right far more often than chance" without="labels that match the pictures"
shuffled_labels = np.random.default_rng(0).permutation(fashion.train.labels)
photos = fashion.train.images
mixtures = [photos[shuffled_labels == label] for label in range(10)]
averages_of_all = np.stack([mixture.mean(axis=0) for mixture in mixtures])
answers = squared_distances(held_out, flat(averages_of_all)).argmin(axis=1)
by_average = (answers == truth).mean()

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
recalled = squared_distances(flat(memory[::10]), flat(memory)).argmin(axis=1)
on_memory = (memory_labels[recalled] == memory_labels[::10]).mean()
print(f"right on {on_memory:.1%} of its own pictures, {by_neighbour:.1%} of others")

# %% [markdown]
# Each picture is its own nearest neighbour: everything is learned by heart, and the grade says nothing.
#
# *Why not grade on the validation set?* Because choosing spoils it. Here are 200 poor rules: each goes by
# the nearest average, but sees 8 random pixels of the 784. Choose the best of them on 50 validation
# pictures. Then ask the winner about the other 5,950.


# %%
def contest(judges, seed):
    """Return each rule's accuracy on `judges` random validation pictures, and on the others."""
    generator = np.random.default_rng(seed)
    order, targets = generator.permutation(len(truth)), flat(averages)
    scores = []
    for _ in range(200):
        pixels = generator.choice(784, 8, replace=False)
        answers = squared_distances(held_out[:, pixels], targets[:, pixels]).argmin(axis=1)
        right = (answers == truth)[order]
        scores.append((right[:judges].mean(), right[judges:].mean()))
    return np.transpose(scores)


few = [contest(50, seed) for seed in (0, 1, 2)]
plot_results.chosen_and_fresh(*few[0], what="rules")

# %% [markdown]
# Each dot is a rule. On the dashed line it would be as good on both parts. The winner lies far below: on
# fresh pictures it is worse. Now three seeds, and the same with 3,000 pictures to choose on:

# %%
many = [contest(3000, seed) for seed in (0, 1, 2)]
drops = {
    judges: [chosen.max() - fresh[chosen.argmax()] for chosen, fresh in contests]
    for judges, contests in ((50, few), (3000, many))
}
for judges, drop in drops.items():
    points = ", ".join(f"{100 * each:.1f}" for each in drop)
    print(f"chosen on {judges:>5,} pictures, the winner drops by {points}")

# %% [markdown]
# The drops are in percentage points, one for each seed; one below 0 is a rise. The winner is good *and
# lucky*, and its luck does not carry over. With 3,000 pictures to choose by, there is little luck to be
# had. So: many validation pictures, few choices, and one grade at the end on pictures that chose nothing.
#
# The validation set here was drawn by lot, but **stratified**: the same part of every class. How you
# split depends on what *new* means: if one person or one product gave several pictures, all of them
# belong in the same set, or you have built a leak.
#
# ## Scaling
#
# A pixel is a byte, 0 to 255. Networks are fed small numbers instead: **0 to 1**, divided by 255, or
# **standardised**, less the mean training picture and divided by the standard deviation of what is left.
# Does it matter? Take three forms of the same pictures, five learning rates, three seeds, and a small
# network. (The next page takes such a network apart, and `adam`, its optimizer.) It trains on a stratified
# sample of 5,000 pictures, for three epochs.

# %%
from snippets.preprocessing import standardise
from snippets.models import dense_network

few_pictures = fashion.train.sample(500)


def in_all_forms(images):
    return {
        "bytes": images.astype("float32"),
        "0 to 1": images.astype("float32") / 255,
        "standardised": standardise(images, fashion.train.images),
    }


to_learn, to_judge = in_all_forms(few_pictures.images), in_all_forms(fashion.validation.images)
learning_rates = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
network = dense_network((64,))
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile("adam", cross_entropy, steps_per_execution=50)  # an epoch in one go

# %%


def trained_accuracy(form, rate, seed):
    keras.utils.set_random_seed(seed)
    network.set_weights(dense_network((64,)).get_weights())  # fresh random weights
    for state in network.optimizer.variables:
        state.assign(tf.zeros_like(state))  # and a fresh optimizer
    network.optimizer.learning_rate = rate
    network.fit(to_learn[form], few_pictures.labels, batch_size=100, epochs=3, verbose=0)
    return (np.argmax(network(to_judge[form]), axis=1) == truth).mean()


scaled = {
    form: [[trained_accuracy(form, rate, seed) for rate in learning_rates] for seed in (0, 1, 2)]
    for form in to_learn
}
axes = {"x": learning_rates, "xlabel": "learning rate", "ylabel": "validation accuracy"}
plot_curves.spread_curves(scaled, **axes, log_x=True, percent=True)

# %%
best_rate = {name: np.mean(runs, axis=0).argmax() for name, runs in scaled.items()}
at_best = {name: np.array(runs)[:, best_rate[name]] for name, runs in scaled.items()}
tables.table(
    [
        {
            "pixels": name,
            "best learning rate": f"{learning_rates[best_rate[name]]:g}",
            "accuracy, three seeds": ", ".join(f"{share:.1%}" for share in shares),
        }
        for name, shares in at_best.items()
    ]
)

# %% [markdown]
# Compare each form at *its own* best rate, else you compare luck ([Experiments](experiments.md) shows
# two fair-looking comparisons that contradict each other). With bytes, no rate is good: a step
# that is short enough for weights that multiply numbers up to 255 is too short for the biases, and the
# random first weights are made for inputs of about 1. Between *0 to 1* and *standardised*, the difference
# at the best rate is
# `{python} f"{100 * abs(at_best['standardised'].mean() - at_best['0 to 1'].mean()):.1f}"` points, while
# seeds of one and the same form differ by up to
# `{python} f"{100 * max(np.ptp(at_best['standardised']), np.ptp(at_best['0 to 1'])):.1f}"`. What
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
numbers = tf.data.Dataset.range(6).map(lambda number: number * number).batch(4)
[batch.numpy() for batch in numbers]

# %% [markdown]
# - `range` starts from numbers; `from_tensor_slices`, below, from arrays, cut along their first axis.
# - `map` applies a function to each element.
# - `cache` keeps what has come so far in memory: the second epoch starts from there.
# - `shuffle` mixes; `batch` packs.
# - `prefetch` prepares the next batch while the current one is being used.
#
# What is the best order? Measure how many pictures come out for a second of CPU time. The first row
# is no pipeline at all: positions shuffled, arrays indexed.

# %% tags=["measured"]
pictures = fashion.train.sample(1000)
source = tf.data.Dataset.from_tensor_slices((pictures.images, pictures.labels))


def scale(images, labels):
    return tf.cast(images, tf.float32) / 255, labels


def plain_arrays(batch_size=256):
    order = np.random.default_rng(0).permutation(len(pictures))
    for first in range(0, len(order), batch_size):
        chosen = order[first : first + batch_size]
        yield pictures.images[chosen].astype("float32") / 255, pictures.labels[chosen]


cached = source.map(scale).cache()
list(cached)  # a first epoch fills the cache
stages = {
    "arrays, no pipeline": plain_arrays(),
    "map, batch": source.map(scale).batch(256),
    "batch, map": source.batch(256).map(scale),
    "shuffle, batch, map": source.shuffle(len(pictures), seed=0).batch(256).map(scale),
    "map, cache, shuffle, batch (second epoch)": cached.shuffle(len(pictures), seed=0).batch(256),
}
speeds = {}
for name, stage in stages.items():
    with Stopwatch() as stopwatch:
        seen = sum(len(batch_labels) for _, batch_labels in stage)
    speeds[name] = seen / stopwatch.cpu_seconds
tables.table([{"stages": name, "pictures a CPU second": f"{s:,.0f}"} for name, s in speeds.items()])

# %% [markdown]
# Two lessons. **Batch first, then map**: one call for 256 pictures instead of 256 calls. And for data that
# fits into memory, as here, **plain arrays win**: give them to `fit`. A pipeline earns its keep when
# pictures have to be read from a disk, decoded or altered on the way.
#
# Then waiting matters, and `prefetch`. Pretend that reading takes 10 milliseconds a batch, and the network
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
disk = tf.data.Dataset.from_generator(slow_disk, output_signature=tf.TensorSpec((), tf.int32))
waits = {}
for name, pipeline in (("one after the other", disk), ("prefetch", disk.prefetch(2))):
    with Stopwatch() as stopwatch:
        for _ in pipeline.with_options(options):
            time.sleep(0.010)  # the network at work
    waits[name] = stopwatch.wall_seconds
print(", ".join(f"{name}: {seconds:.2f} seconds" for name, seconds in waits.items()))

# %% [markdown]
# Twenty batches took `{python measured} f"{waits['prefetch'] / waits['one after the other']:.0%}"` of the
# time with prefetching: the disk and the network now work side by side. Half is the best that you can
# hope for here.
#
# ## What goes wrong: a small shuffle buffer
#
# `shuffle` does not shuffle everything. It keeps a **shuffle buffer** of so many elements, draws one of
# these at random, and refills the gap with the next. With a buffer of 2, the first to come out can only
# be the first or the second. Here it is for eight seeds:

# %%
[int(next(iter(tf.data.Dataset.range(8).shuffle(2, seed=seed)))) for seed in range(8)]

# %% [markdown]
# Data often lies sorted by class, as files in folders do. Sort 10,000 training labels and shuffle them.
# Read each picture from left to right; a dot shows the class that comes there.

# %%
by_class = np.argsort(pictures.labels, kind="stable")
sorted_labels = tf.data.Dataset.from_tensor_slices(pictures.labels[by_class])
buffers = (100, 1000, 10_000)
orders = {
    f"buffer of {size:,}": next(iter(sorted_labels.shuffle(size, seed=0).batch(10_000))).numpy()
    for size in buffers
}
plot_classes.label_order(orders, class_names=names)

# %% [markdown]
# With a buffer of 100, the network sees nothing but T-shirts, then nothing but trousers, and so on. What
# does that do? Softmax regression from weights of 0, one epoch, three seeds of the shuffle.
# (`shuffle=False` says that the pipeline shuffles, and nobody else.)

# %%
sorted_pictures = flat(pictures.images[by_class]) / 255
sorted_pairs = tf.data.Dataset.from_tensor_slices((sorted_pictures, pictures.labels[by_class]))
linear, after_epoch = dense_network((), shape=(784,)), {size: [] for size in buffers}
linear.compile("sgd", cross_entropy, steps_per_execution=100)
for size in buffers:
    for seed in (0, 1, 2):
        linear.set_weights([np.zeros((784, 10)), np.zeros(10)])
        linear.fit(sorted_pairs.shuffle(size, seed=seed).batch(100), shuffle=False, verbose=0)
        after_epoch[size].append((np.argmax(linear(held_out / 255), axis=1) == truth).mean())
dots = {f"buffer of {size:,}": each for size, each in after_epoch.items()}
plot_results.seed_dots(dots, xlabel="validation accuracy")

# %% [markdown]
# With the small buffer it ends near chance: it answers with the class that it saw last. No error, no
# warning. The cure: a buffer as large as the data, or shuffled files, or, for arrays, `fit`'s own
# shuffling.

# %% tags=["claims"]
assert np.mean(drops[50]) > 0.03 + np.mean(drops[3000]), (
    "a winner chosen on 50 pictures drops on fresh ones by more than one chosen on 3,000"
)
assert np.mean(scaled["standardised"], axis=0)[-1] > np.mean(scaled["0 to 1"], axis=0)[-1] + 0.1, (
    "at a learning rate of 0.1, standardised pixels still work and those from 0 to 1 do worse"
)
assert at_best["bytes"].max() < min(at_best["0 to 1"].min(), at_best["standardised"].min()), (
    "at its best learning rate, every seed with bytes is worse than every seed with scaled pixels"
)
assert max(after_epoch[100]) < 0.3 < 0.6 < min(after_epoch[10_000]), (
    "on sorted data, a shuffle buffer of 100 ends near chance, a full one does not"
)
assert speeds["batch, map"] > 1.5 * speeds["map, batch"], "batch before map is 1.5 times as fast"
assert speeds["arrays, no pipeline"] > 1.5 * speeds["map, batch"], "plain arrays beat the pipeline"

# %% tags=["control"] claim="a winner chosen on 50 pictures drops on fresh ones by more than one chosen on 3,000" without="choosing the best rule"
drops = {
    judges: [(chosen - fresh)[0] for chosen, fresh in contests]
    for judges, contests in ((50, few), (3000, many))
}

# %% tags=["control"] claim="on sorted data, a shuffle buffer of 100 ends near chance, a full one does not" without="the sorting by class"
unsorted = flat(pictures.images) / 255, pictures.labels
buffered = tf.data.Dataset.from_tensor_slices(unsorted).shuffle(100, seed=0)
linear.set_weights([np.zeros((784, 10)), np.zeros(10)])
linear.fit(buffered.batch(100), shuffle=False, verbose=0)
accuracy = (np.argmax(linear(held_out / 255), axis=1) == truth).mean()
after_epoch = after_epoch | {100: [accuracy]}

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


# %% tags=["check"]
by_hand = np.array([[10, 20], [24, 18]], np.uint8)  # 14 and 2 apart
for a, b in (by_hand, fashion.train.images[:2]):
    apart = np.abs(a.astype(float) - b)
    expected = np.linalg.norm(apart) / np.sqrt(apart.size)
    for given in (grey_distance(a, b), grey_distance(b, a)):
        differs = f"differences up to {apart.max():.0f} have a root mean "
        differs += f"square of {expected:.2f}, not {given}"
        assert np.allclose(np.array(given, float), expected), differs


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
# `split_off(labels, share)` returns the positions of a validation set. The starter takes the last part of
# the data, as the argument `validation_split=0.1` of `fit` does. If the data is sorted by class, that
# goes wrong. Return positions, none of them twice, that hold the same share of every class.


# %% tags=["starter"]
def split_off(labels, share):
    return np.arange(len(labels))[round(len(labels) * (1 - share)) :]


# %% tags=["check"]
by_kind = np.repeat([3, 7, 8], [20, 40, 100])  # 20 of class 3, and so on
mixed = np.random.default_rng(0).permutation(by_kind)
for share, fair in {0.25: [5, 10, 25], 0.1: [2, 4, 10]}.items():
    given = np.array(split_off(mixed, share), dtype=object).ravel()
    kinds = {type(place).__name__ for place in given}
    assert kinds <= {"int", "int32", "int64"}, f"positions, not {kinds}"
    places = {*range(160)} & {*given.tolist()}
    assert len(places) == len(given), "a position is there twice or not in the data"
    taken = np.bincount(mixed[[*places]], minlength=9)[[3, 7, 8]].tolist()
    assert taken == fair, f"{share} of [20, 40, 100] is {fair}, not {taken}"


# %% tags=["solution"]
def split_off(labels, share):
    of_each = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    generator = np.random.default_rng(0)
    return np.concatenate([generator.permutation(at)[: round(len(at) * share)] for at in of_each])


np.bincount(by_kind[split_off(by_kind, 0.2)])


# %% tags=["wrong"]
def split_off(labels, share):
    return np.arange(0, len(labels), round(1 / share))  # every fourth, say


# %% tags=["wrong"]
def split_off(labels, share):
    order = np.random.default_rng(0).permutation(len(labels))
    return order[: round(len(labels) * share)]  # by lot from all


# %% tags=["wrong"]
def split_off(labels, share):
    each = round(len(labels) * share / 10)  # as though all were of one size
    kinds = np.unique(labels)
    of_each = [np.flatnonzero(labels == kind) for kind in kinds]
    return np.concatenate([at[:each] for at in of_each])


# %% tags=["wrong"]
def split_off(labels, share):
    kinds = np.unique(labels)
    of_each = [np.flatnonzero(labels == kind) for kind in kinds]
    choose = np.random.default_rng(0).choice  # some come twice
    drawn = [choose(at, round(len(at) * share)) for at in of_each]
    return np.concatenate(drawn)


# %% tags=["wrong"]
def split_off(labels, share):
    kinds = np.unique(labels)
    of_each = [np.flatnonzero(labels == kind) for kind in kinds]
    return np.concatenate([at[: round(len(at) * 0.2)] for at in of_each])


# %% [markdown]
# ## Exercise: the right order
#
# `prepared(dataset)` should shuffle 10,000 sorted labels well and pack them into batches of 100. The
# starter has both stages. Look at one of its batches, then change one thing. (The check hands over the
# numbers from 0 to 9,999 instead of labels: they show where each came from.)


# %% tags=["starter"]
def prepared(dataset):
    return dataset.batch(100).shuffle(10_000, seed=0)


# %% tags=["check"]
given = prepared(tf.data.Dataset.range(10_000))
assert isinstance(given, tf.data.Dataset), f"not a dataset: {given}"
batches = [batch.numpy() for batch in given.take(101)]
shapes = len(batches), {batch.shape for batch in batches}
assert shapes == (100, {(100,)}), f"100 batches of 100, not {shapes}"
order = np.concatenate(batches)
assert len(np.unique(order)) == 10_000, "some numbers come twice"
jumps = len(np.unique(np.diff(order)))
assert jumps > 1000, f"barely shuffled: only {jumps} different gaps"
assert (order[:500] >= 9000).sum() > 28, "few of the last tenth come early"


# %% tags=["solution"]
def prepared(dataset):
    return dataset.shuffle(10_000, seed=0).batch(100)


[len(np.unique(batch)) for batch in prepared(sorted_labels).take(5)]


# %% tags=["wrong"]
def prepared(dataset):
    return dataset.shuffle(1000, seed=0).batch(100)  # a buffer too small


# %% tags=["wrong"]
def prepared(dataset):
    return dataset.shuffle(9000, seed=0).batch(100)  # still too small


# %% tags=["wrong"]
def prepared(dataset):
    return dataset.batch(100).shuffle(100, seed=0)


# %% tags=["wrong"]
def prepared(dataset):
    return dataset.shuffle(10_000, seed=0).batch(32)  # another size


# %% tags=["wrong"]
def prepared(dataset):
    columns = [dataset.shard(100, place) for place in range(100)]
    return tf.data.Dataset.from_tensor_slices(
        [list(column.as_numpy_iterator()) for column in columns]
    )  # every hundredth: all classes in each batch, and no lot


# %% [markdown]
# The starter shuffles whole batches: their order changes, what is in them does not.
#
# ## What to remember
#
# - TensorFlow computes, Keras drives. Check which device did the work: a missing GPU makes no error.
# - Look before you train: class balance, averages, hard examples, twins across the sets. And know the
#   baselines that a network must beat.
# - Learn on the training set, choose on the validation set, grade once on the test set.
# - Scale the inputs, with numbers from the training set alone.
# - Batch before you map, shuffle before you batch, with a buffer as large as the data.
#
# ## Where next
#
# Now train a network on these pictures, and beat the baselines:
# [Your first network](first-network.md).
