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
# In [the last tutorial](cifar10.md) a mirrored photograph was a second photograph for nothing. What
# else can you do to a horse? Here is one, in fifteen versions.

# %%
import itertools
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from snippets import plot_images, plot_results, plot_tensors, tables
from snippets.augmentation import colour_jitter, cutout, mixup, random_shift
from snippets.datasets import load_cifar10

cifar = load_cifar10()

# %%
horse, truck = (cifar.train.images[cifar.train.labels == label][:1] for label in (7, 9))
pair = tf.concat([horse, truck], axis=0)
blended, blended_labels = mixup(pair, tf.one_hot([7, 9], 10), seed=(1, 6), alpha=1.0)
versions = {
    "as it is": horse,
    "mirrored": tf.image.flip_left_right(horse),
    "moved": random_shift(horse, (1, 3), pixels=6),
    "closer": tf.image.resize(tf.image.central_crop(horse, 0.7), (32, 32)),
    "turned a little": keras.layers.RandomRotation((0.05, 0.05))(horse),
    "upside down": tf.image.flip_up_down(horse),
    "brighter": tf.image.adjust_brightness(horse, 0.25),
    "flatter": tf.image.adjust_contrast(horse, 0.4),
    "paler": tf.image.adjust_saturation(horse, 0.3),
    "all three": colour_jitter(horse, (1, 9), contrast=0.6, saturation=0.8),
    "other colours": tf.image.adjust_hue(horse, 0.4),
    "blurred": tf.image.resize(tf.image.resize(horse, (16, 16), antialias=True), (32, 32)),
    "a part hidden": cutout(horse, (1, 6), size=12),
    "with a truck": blended[:1],
    "RandAugment": keras.layers.RandAugment(seed=2)(horse),
}
pictures = np.array([np.clip(picture[0], 0, 255) / 255 for picture in versions.values()])
plot_images.image_grid(pictures, list(versions), columns=5, subject="versions of a photograph")

# %% [markdown]
# Which of them would you train on? A change is **label-preserving** when the right answer stays the
# same. Training on such versions tells the network what does *not* matter. If it learns that, its
# answer no longer depends on the change, and that is **invariance**.
#
# A dozen of these are horses to you. *Upside down* is one, too, but who will ever show it to the
# network? *Other colours* is a horse of a kind that does not exist. And *with a truck* is no horse
# any more: its label must change with it. So there are two questions: does the label stay true, and
# could such a picture come along?
#
# ## By hand
#
# The two changes that are used most, on a picture of three rows and four columns: mirroring it, and
# moving it.

# %%
numbers = np.arange(12).reshape(1, 3, 4, 1)
mirrored = tf.image.flip_left_right(numbers).numpy()
moved = random_shift(numbers, (0, 2), pixels=1).numpy()
sheets = {"as it is": numbers, "mirrored": mirrored, "moved": moved}
plot_tensors.tensor_picture({name: sheet[0, :, :, 0] for name, sheet in sheets.items()})

# %% [markdown]
# Here everything moved up by one row and left by one column, and the last row and column came free.
# They are filled with the picture's own mirror image, so that no black edge betrays what was done:
# behind 5, 6, 7 comes 6 again. It is the same as laying a mirrored border around the picture and
# cutting out a piece of the old size at a random place, a **random crop**.
#
# Other versions of the horse have names, too. *All three* has its brightness, contrast and saturation
# changed at random: **colour jitter**. *A part hidden*, by a square at a random place, is **cutout**.
# `RandAugment` draws its changes from a long list. *With a truck* is **mixup**: two pictures are
# blended, and their labels in the same proportion:

# %%
share = float(blended_labels[0, 7])
titles = ["horse", "truck", f"{share:.0%} horse, {1 - share:.0%} truck"]
plot_images.image_grid(np.concatenate([pair, blended[:1]]) / 255, titles, subject="pictures")

# %% [markdown]
# All of this is drawn at random, and still you can repeat it. `random_shift`, like TensorFlow's
# `tf.image.stateless_random_flip_left_right`, takes a seed of two numbers: same pictures, same
# seed, same result. To get new versions in each epoch, give each batch another seed. `augment` does
# that for a whole `tf.data` pipeline. Here its one batch is five times the same horse:

# %%
from snippets.augmentation import augment

mirror = tf.image.stateless_random_flip_left_right
move = partial(random_shift, pixels=4)
one_batch = tf.data.Dataset.from_tensor_slices((horse, [7])).repeat(5).batch(5)
pipeline = augment(one_batch, mirror, move, colour_jitter, seed=7)
epochs = [images.numpy() for _ in range(2) for images, _ in pipeline]
again = next(iter(augment(one_batch, mirror, move, colour_jitter, seed=7)))[0].numpy()
plot_images.image_grid(np.concatenate(epochs), subject="versions, an epoch in each row")

# %% [markdown]
# The second epoch brings other versions. A second pipeline with the same seed makes the first epoch
# again (`again`).
#
# ## In the model, or in the dataset?
#
# There are two places to make the versions. Keras has layers that you put into the network, in
# front of everything else. Or you map a function over the dataset, and the network never knows.
# Take a small network, once with two such layers inside and once plain. The layers mirror at random
# and move by up to an eighth of the picture, four pixels, as `move` does. (The network averages blocks
# of two by two pixels first, and pools before it normalises, to be cheap: many networks are trained on
# this page. Pooling keeps the largest of four numbers, so the normalised numbers start around 1, not
# around 0: otherwise `relu` would throw half of these away.)


# %%
def block(filters):
    convolve = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)
    normalise = keras.layers.BatchNormalization(momentum=0.9, beta_initializer="ones")
    return convolve, keras.layers.MaxPooling2D(), normalise, keras.layers.ReLU()


def build(*first):
    pixels = keras.Input((32, 32, 3), dtype="uint8")
    prepare = keras.layers.Rescaling(1 / 127.5, offset=-1), keras.layers.AveragePooling2D(2)
    blocks = *block(16), *block(32), *block(64)
    head = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)
    return keras.Sequential([pixels, *first, *prepare, *blocks, *head])


keras.utils.set_random_seed(7)
flip = keras.layers.RandomFlip("horizontal", seed=7)
translate = keras.layers.RandomTranslation(1 / 8, 1 / 8, "reflect", seed=7)
random_layers = keras.Sequential([flip, translate])
inside, plain = build(flip, translate), build()


# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

timed = cifar.train.images[:1600], cifar.train.labels[:1600]
batches = tf.data.Dataset.from_tensor_slices(timed).batch(64)
by_layers = batches.map(lambda images, labels: (random_layers(images, training=True), labels))
by_seed = augment(batches, mirror, move, seed=7)
ways = {
    "none": (plain, batches),
    "layers in the model": (inside, batches),
    "layers in the dataset": (plain, by_layers),
    "augment(…, mirror, move)": (plain, by_seed),
}
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
inside.compile("adam", loss, steps_per_execution=25)
plain.compile("adam", loss, steps_per_execution=25)
cost = {}
for way, (each, examples) in ways.items():
    each.fit(examples, shuffle=False, verbose=0)  # traces the training step
    with Stopwatch() as time:
        each.fit(examples, epochs=2, shuffle=False, verbose=0)
    cost[way] = time.cpu_seconds / (2 * 1600)
tables.table([{"augmentation": w, "ms per photograph": f"{1e3 * s:.2f}"} for w, s in cost.items()])

# %% [markdown]
# The first row is training alone; what the others take more is the price of the versions. On a
# processor they are not free beside so small a network, wherever they are made. (The last row's work is
# not quite the same: `RandomTranslation` moves by any part of a pixel and computes each pixel anew,
# `random_shift` copies whole pixels.) The places differ in who does the work. In the dataset it is
# always the processor, and with `prefetch` it works while a [GPU](../networks/fashion-mnist.md) trains.
# In the model it is whatever the network runs on.
#
# And what differs in the file, when you save the network?

# %%
from snippets.export import classes_in_keras_file

for name, network in {"inside": inside, "plain": plain}.items():
    network.save(f"{name}.keras")
    print(name, [each for each in classes_in_keras_file(f"{name}.keras") if "Random" in each])

# %% [markdown]
# Layers in the model travel with it, and whoever trains it further gets the same augmentation without
# asking. They should work in training only, as dropout does. Do they? Ask twice about one horse. If
# the layers rest, both answers are the same:

# %%
ways = {
    "inside.predict(horse)": lambda: inside.predict(horse, verbose=0),
    "inside(horse, training=False)": lambda: inside(horse, training=False),
    "inside(horse)": lambda: inside(horse),
}
repeats = {way: np.array_equal(ask(), ask()) for way, ask in ways.items()}
print(*(f"{way}: the same answer twice? {same}" for way, same in repeats.items()), sep="\n")

# %% [markdown]
# `fit`, `predict`, `evaluate` and the exports of [Save, export, use](../beyond/export.md) tell each
# layer whether this is training. A plain call, as in the third line, says nothing. Dropout then rests,
# but these layers take the call for training. So write `training=False` when you call. A layer that
# is mapped over a dataset is called plainly, too:

# %%
held_out = tf.data.Dataset.from_tensor_slices((cifar.validation.images[:100],)).batch(100)
careless = next(iter(held_out.map(flip))).numpy()
changed = (careless != cifar.validation.images[:100]).any(axis=(1, 2, 3)).sum()
print(f"{changed} of 100 validation photographs are changed")

# %% [markdown]
# No error, no warning: a validation accuracy measured on these depends on dice. Map over the training
# data only, and keep validation and test photographs as they came.
#
# ## How much is it worth?
#
# That depends on how many photographs you have. Take training sets of three sizes, each with its
# photographs as they are, and mirrored and moved at random; three seeds each, and always the same
# number of steps. The validation photographs are never changed.

# %%
from snippets.experiments import restart

sizes = {"default": (100, 300, 900), "full": (100, 700, 4500)}[cifar.edition]  # of each class
steps = {"default": 360, "full": 1500}[cifar.edition]
seeds = (7, 8, 9)
samples = {10 * size: cifar.train.sample(per_class=size) for size in sizes}
network = build()
optimizer = keras.optimizers.Adam(OneCycle(0.006, steps))
network.compile(optimizer, loss, steps_per_execution=steps)


# %%
def train(images, labels, seed, *transforms):  # from new first weights
    restart(network, seed)
    examples = tf.data.Dataset.from_tensor_slices((images, labels))
    examples = examples.shuffle(len(labels), seed=seed).repeat().batch(64)
    if transforms:
        examples = augment(examples, *transforms, seed=seed)
    network.fit(examples.prefetch(2), steps_per_epoch=steps, shuffle=False, verbose=0)


def accuracy(images, labels):
    logits = network.predict(images, batch_size=500, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == labels))


held_out = cifar.validation.images, cifar.validation.labels

# %%
recipes = {"as they are": (), "mirrored and moved": (mirror, move)}
gain = {name: {size: [] for size in samples} for name in recipes}
ahead = {size: [] for size in samples}  # of validation accuracy: training accuracy, as they are
weights = {name: [] for name in recipes}
for name, size, seed in itertools.product(recipes, samples, seeds):
    examples = samples[size].images, samples[size].labels
    train(*examples, seed, *recipes[name])
    gain[name][size].append(accuracy(*held_out))
    if not recipes[name]:
        ahead[size].append(accuracy(*examples) - gain[name][size][-1])
    if size == min(samples):
        weights[name].append(network.get_weights())  # for the exam
plot_results.seed_lines(gain, xlabel="training photographs", ylabel="validation accuracy")

# %%
pairs = {f"{size:,}": [curve[size] for curve in gain.values()] for size in samples}
few, some, many = pairs
lead = 100 * np.array([np.mean(pair[1]) - np.mean(pair[0]) for pair in pairs.values()])
gap = [100 * np.mean(each) for each in ahead.values()]
clear = [size for size, pair in pairs.items() if min(map(max, pair)) < max(map(min, pair))]

# %% [markdown]
# With `{python} few` photographs, the versions are worth `{python} f"{lead[0]:.0f}"` points of
# accuracy. With `{python} some` it is `{python} f"{lead[1]:+.1f}"`, with `{python} many`
# `{python} f"{lead[2]:+.1f}"`. (A difference is clear of the noise where all dots of one curve lie
# above those of the other: here with `{python} " and ".join(clear)`.) Why? In these steps each of the
# few photographs is shown `{python} f"{steps * 64 / min(samples):.0f}"` times, time enough to [learn it
# by heart](../networks/regularisation.md), and each of the many only
# `{python} f"{steps * 64 / max(samples):.0f}"` times. A network that is still busy learning what it
# has seen needs no variety. (Do not conclude that versions are useless for large sets: usually, large
# sets are trained for more steps.)
#
# So look before you augment: how far is the training accuracy above the validation accuracy? With the
# photographs as they are, it was `{python} f"{gap[0]:.0f}"` points above it with `{python} few`,
# `{python} f"{gap[1]:.0f}"` with `{python} some`, `{python} f"{gap[2]:.0f}"` with `{python} many`: the less
# it is ahead, the less there is to gain. If both are low and near each other, changed pictures only
# make the lesson harder.
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
SNEAKER = fashion.class_names.index("Sneaker")


def shoes_both_ways(split):
    """Return shoes, and 0 for those that point left, 1 for right."""
    shoes = split.images[split.labels == SNEAKER][:2000].astype("float32") / 255
    shoes[1::2] = shoes[1::2, :, ::-1]
    return shoes, np.arange(len(shoes)) % 2


shoes, truth = shoes_both_ways(fashion.train)
unseen, unseen_truth = shoes_both_ways(fashion.validation)

# %%
twice = np.concatenate([shoes, shoes[:, :, ::-1]])  # each, and its mirror image
lessons = {
    "as they are": (shoes, truth),
    "mirrored": (twice, np.concatenate([truth, truth])),
    "mirrored,\nlabel turned": (twice, np.concatenate([truth, 1 - truth])),
}


compass = dense_network((32,), classes=2)
compass.compile(keras.optimizers.Adam(OneCycle(0.003, 240)), loss, steps_per_execution=40)


def which_way(lesson, seed):
    restart(compass, seed)
    compass.fit(*lesson, batch_size=50, epochs=12000 // len(lesson[1]), verbose=0)  # 240 steps
    return tf.nn.softmax(compass(unseen)).numpy()


says = {name: [which_way(lesson, seed) for seed in seeds] for name, lesson in lessons.items()}

# %%
titles = [
    f"{name}:\n{'left' if left > 0.5 else 'right'}, {max(left, right):.0%} sure"
    for name, (first_seed, *_) in says.items()
    for left, right in first_seed[:5]
]
plot_images.image_grid(np.tile(unseen[:5], (3, 1, 1)), titles, subject="shoes and answers")

# %%
right = {
    name: [np.mean(p.argmax(axis=1) == unseen_truth) for p in three] for name, three in says.items()
}
sure = {name: np.mean([p.max(axis=1) for p in three]) for name, three in says.items()}
for name, scores in right.items():
    said = ", ".join(f"{score:.0%}" for score in scores)
    print(f"{' '.join(name.split())}: right {said} by seed, {sure[name]:.0%} sure on average")

# %% [markdown]
# In the picture, a row is a lesson, and its five shoes are the same in each row: left, right, left,
# right, left. The second lesson shows each shoe pointing left and pointing right under the same label,
# so there is nothing to learn. The networks learned that thoroughly:
# `{python} f"{sure['mirrored']:.0%}"` sure, on average, is little more than tossing a coin. The same
# mirror images with their labels turned do no harm. So do not ask whether a *picture* can be mirrored;
# ask about the *question*. An arrow, an X-ray's left and right, a box around a dog: mirror the picture,
# and the label has to follow.
#
# A milder lie: back to the animals and vehicles of CIFAR-10, the training set of middle size, each
# photograph turned upside down with a chance of one half. The labels stay true. But nobody takes such
# photographs.

# %%
upside_down = tf.image.stateless_random_flip_up_down
middle = samples[10 * sizes[1]]
lies = {"as they are": gain["as they are"][len(middle)], "left to right": [], "upside down": []}
for seed in seeds:
    for name, change in {"left to right": mirror, "upside down": upside_down}.items():
        train(middle.images, middle.labels, seed, change)
        lies[name].append(accuracy(*held_out))
plot_results.seed_dots(lies, xlabel="validation accuracy")

# %% [markdown]
# Each dot of *upside down* lies below every dot of *left to right*. Half of what these networks saw
# stood on its head: they spent a part of their steps on a world that does not exist.
#
# ## What goes wrong: the same photograph on both sides
#
# You have 500 photographs and want more. So you make five versions of each, shuffle, and hold out a
# fifth for validation. It looks like good work:

# %%
photos = cifar.train.sample(per_class=50)


def five_versions(images):
    parts = [move(mirror(images, (i, 1)), (i, 2)) for i in range(5)]
    return tf.concat(parts, axis=0).numpy()


# %%
made, made_labels = five_versions(photos.images), np.tile(photos.labels, 5)
kinds = ("validation", "new photographs")
leak = {f"{way} first: {kind}": [] for way in ("versions", "split") for kind in kinds}
for seed in seeds:
    order = np.random.default_rng(seed).permutation(2500)
    kept, out = order[500:], order[:500]
    train(made[kept], made_labels[kept], seed)
    leak["versions first: validation"].append(accuracy(made[out], made_labels[out]))
    leak["versions first: new photographs"].append(accuracy(*held_out))
promised, true = (np.mean(leak[f"versions first: {kind}"]) for kind in kinds)
print(f"promised {promised:.0%}, kept {true:.0%}")

# %% [markdown]
# Your validation set promises `{python} f"{promised:.0%}"`, on average over three seeds. On
# photographs that are really new, those of CIFAR-10's own validation set, the same networks are right
# on `{python} f"{true:.0%}"`. Look at some of your validation pictures, and below each the training
# picture that is most like it:

# %%
from snippets.augmentation import near_duplicates

found = near_duplicates(made[out[:100]], made[kept])
pictures = np.concatenate([made[out[:6]], made[kept[found.index[:6]]]])
titles = ["validation"] * 6 + [f"training,\n{alike:.0%} alike" for alike in found.likeness[:6]]
plot_images.image_grid(pictures, titles, columns=6, subject="pictures and their closest copies")

# %% [markdown]
# The same photographs on both sides. Mirrored and moved, a photograph keeps its pixels, all but those
# at the edges. `near_duplicates` looks for such copies: it mirrors and moves one picture over the other
# until they fit best. Of 100 validation pictures, `{python} f"{(found.likeness > 0.95).sum()}"` have a
# training picture that is more than 95% alike (the correlation of their pixels, 100% for an exact
# copy). This is the [leak](../networks/fashion-mnist.md) by near-duplicates, home-made: the network
# recognises the photograph, not the horse. There is nothing wrong with the versions. The cure is the
# order of two lines: **split first, augment after**.

# %%
for seed in seeds:
    order = np.random.default_rng(seed).permutation(500)
    kept, out = order[100:], order[:100]
    train(five_versions(photos.images[kept]), np.tile(photos.labels[kept], 5), seed)
    leak["split first: validation"].append(accuracy(photos.images[out], photos.labels[out]))
    leak["split first: new photographs"].append(accuracy(*held_out))
clean = near_duplicates(photos.images[out], five_versions(photos.images[kept]))
plot_results.seed_dots(leak, xlabel="accuracy")

# %% [markdown]
# After *split first*, the validation set tells what new photographs tell, as well as 100 of them can,
# and `{python} f"{(clean.likeness > 0.95).sum()}"` have a copy among the training pictures. Compare the
# two rows of *new photographs*: the honest networks are about as good as the others, with fewer
# photographs to learn from. What the leak improved was the grade.
#
# ## The exam, asked once and asked four times
#
# At last the test photographs, for the networks that learned from `{python} few`. You can use
# versions at this end, too: ask about several versions of each photograph and average the logits. That
# is **test-time augmentation**. Does it help?

# %%
test, exam = cifar.test, {}
four_versions = [move(mirror(test.images, (i, 1)), (i, 2)) for i in range(4)]
asked = {"once": [test.images], "4 versions": four_versions}
for name, times in itertools.product(recipes, asked):
    row = exam[f"{name}, asked {times}"] = []
    for trained in weights[name]:
        network.set_weights(trained)
        logits = np.mean([network.predict(each, 500, 0) for each in asked[times]], axis=0)
        row.append(np.mean(logits.argmax(axis=1) == test.labels))
plot_results.seed_dots(exam, xlabel="test accuracy")

# %%
once, often, versions_once, versions_often = (np.mean(scores) for scores in exam.values())

# %% [markdown]
# Asking about four versions is worth `{python} f"{100 * (versions_often - versions_once):+.1f}"`
# points to the networks that were trained on versions, and
# `{python} f"{100 * (often - once):+.1f}"` to the others, at four times the price: look at how far
# the dots of a row spread before you believe in either. What the versions in training gave to networks
# that are asked once, `{python} f"{100 * (versions_once - once):.1f}"` points, is clear of the noise
# (no dot of one row reaches the other), and costs nothing in use.

# %% tags=["claims"]
small = min(samples)
exam_once, _, exam_versions, _ = exam.values()
assert np.array_equal(epochs[0], again), "the same seed makes the same versions"
assert list(repeats.values()) == [True, True, False], (
    "layers in a network rest in predict and with training=False, and not in a plain call"
)
assert min(gain["mirrored and moved"][small]) > max(gain["as they are"][small]), (
    "with the fewest photographs, the worst network with versions is above the best without"
)
assert gap[0] > gap[2] + 15, (
    "training accuracy is over 15 points further ahead with the fewest photographs than with the most"
)
assert lead[0] > lead[2] + 2, (
    "the gain is at least 2 points larger with the fewest than with the most photographs"
)
assert sure["mirrored"] < 0.75 < min(right["as they are"]), (
    "mirrored shoes under one label leave nothing to learn"
)
assert min(right["mirrored,\nlabel turned"]) > 0.95, "with labels turned, mirroring does no harm"
assert max(lies["upside down"]) < min(lies["left to right"]), (
    "upside-down photographs cost accuracy: each seed is below each seed of left to right"
)
assert promised > true + 0.2, "versions on both sides of the split promise over 20 points too much"
assert np.mean(leak["split first: validation"]) < promised - 0.15, (
    "split first, and the grade is over 15 points lower"
)
assert (found.likeness > 0.95).sum() > 10 * (clean.likeness > 0.95).sum() + 50, (
    "a search for copies tells the split that leaks from the one that does not"
)
assert min(exam_versions) > max(exam_once), "the versions are worth it on the test photographs"

# %% tags=["control"] claim="the same seed makes the same versions" without="the same seed"
again = next(iter(augment(one_batch, mirror, move, colour_jitter, seed=8)))[0].numpy()

# %% tags=["control"] claim="layers in a network rest in predict and with training=False, and not in a plain call" without="random layers in the network"
ways = (
    lambda: plain.predict(horse, verbose=0),
    lambda: plain(horse, training=False),
    lambda: plain(horse),
)
repeats = {way: np.array_equal(way(), way()) for way in ways}


# %% tags=["control"] claim="with the fewest photographs, the worst network with versions is above the best without" without="changing the photographs"
def unchanged(images, seed):
    return images


few_photographs = samples[small]
train(few_photographs.images, few_photographs.labels, seeds[0], unchanged, unchanged)
gain = gain | {"mirrored and moved": {small: [accuracy(*held_out)]}}

# %% tags=["control"] claim="mirrored shoes under one label leave nothing to learn" without="the same label for both"
told_apart = lessons["mirrored,\nlabel turned"]
sure = sure | {"mirrored": which_way(told_apart, seeds[0]).max(axis=1).mean()}

# %% tags=["control"] claim="with labels turned, mirroring does no harm" without="turning the labels"
answers = which_way(lessons["mirrored"], seeds[0]).argmax(axis=1)
right = right | {"mirrored,\nlabel turned": [np.mean(answers == unseen_truth)]}

# %% tags=["control"] claim="versions on both sides of the split promise over 20 points too much" without="the leak"
promised, true = (np.mean(leak[f"split first: {kind}"]) for kind in kinds)

# %% tags=["control"] claim="a search for copies tells the split that leaks from the one that does not" without="moving one picture over the other"
leaky = np.random.default_rng(seeds[0]).permutation(2500)
found = near_duplicates(made[leaky[:100]], made[leaky[500:]], reach=0)

# %% [markdown]
# ## Exercises
#
# **1. Blend by hand.** Write mixup with one share for all pictures. Picture `i` becomes share ·
# picture `i` + (1 − share) · picture `order[i]`; do the same with the one-hot labels, and return both.
# The starter makes horses with a truck in them, and calls them horses.


# %% tags=["starter"]
def blend(images, labels, order, share):
    return share * images + (1 - share) * images[order], labels


# %% tags=["check"]
some, some_labels = np.random.default_rng(7).random((4, 2, 2, 3)), np.eye(4)
order = np.array([2, 0, 3, 1])
for share in (0.75, 0.4):
    answer = blend(some.copy(), some_labels.copy(), order, share)
    assert isinstance(answer, tuple | list), "return pictures and labels"
    for what, given, before in zip(("picture", "label"), answer, (some, some_labels), strict=True):
        assert np.shape(given) == before.shape, f"{what}s of shape {np.shape(given)}"
        for i, other in enumerate(order):
            blended = np.allclose(given[i], share * before[i] + (1 - share) * before[other])
            assert blended, f"{what} {i} is not {share:.0%} itself and the rest {what} {other}"


# %% tags=["solution"]
def blend(images, labels, order, share):
    return tuple(share * each + (1 - share) * each[order] for each in (images, labels))


# %% tags=["wrong"]
def blend(images, labels, order, share):
    return tuple((1 - share) * each + share * each[order] for each in (images, labels))


# %% tags=["wrong"]
def blend(images, labels, order, share):
    return tuple(share * each + (1 - share) * each[::-1] for each in (images, labels))


# %% tags=["wrong"]
def blend(images, labels, order, share):
    mixed = share * images + (1 - share) * images[order]
    return mixed, labels if share >= 0.5 else labels[order]


# %% tags=["wrong"]
def blend(images, labels, order, share):
    back = np.argsort(order)
    return tuple(share * each + (1 - share) * each[back] for each in (images, labels))


# %% [markdown]
# **2. The box moves, too.** Where the question is *where is the dog?*, the label is a box: its first
# row, its first column, and the row and the column after its last ones, as in a slice. Mirror the
# picture (rows, columns, colours) left to right *and* the box with it. The starter leaves the box
# where it was.


# %% tags=["starter"]
def mirror_with_box(image, box):
    return image[:, ::-1], box


# %% tags=["check"]
for width, box in ((8, (0, 0, 2, 3)), (8, (1, 4, 5, 6)), (11, (2, 1, 3, 4)), (9, (0, 0, 5, 9))):
    scene = np.zeros((5, width, 3))
    scene[box[0] : box[2], box[1] : box[3]] = 1, 2, 3  # a dog, in its colour
    answer = mirror_with_box(scene.copy(), box)
    assert isinstance(answer, tuple | list), "return the image and the box"
    assert np.array_equal(answer[0], scene[:, ::-1]), "the image is not mirrored left to right"
    assert np.size(answer[-1]) == 4, f"a box has four numbers, not {answer[-1]}"
    rows, columns = np.nonzero(np.asarray(answer[0])[..., 0])
    dog = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert tuple(answer[1]) == dog, f"{box} of {width} columns became {answer[1]}: no dog there"


# %% tags=["solution"]
def mirror_with_box(image, box):
    top, left, bottom, end = box
    width = image.shape[1]
    return image[:, ::-1], (top, width - end, bottom, width - left)


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top, left, bottom, end = box
    width = image.shape[1]
    return image[:, ::-1], (top, width - left, bottom, width - end)


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top, left, bottom, end = box
    return image[:, ::-1], (top, 8 - end, bottom, 8 - left)


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top, left, bottom, end = box
    last = image.shape[1] - 1
    return image[:, ::-1], (top, last - end, bottom, last - left)


# %% tags=["wrong"]
def mirror_with_box(image, box):
    top, left, bottom, end = box
    width = image.shape[1]
    return image[..., ::-1], (top, width - end, bottom, width - left)


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


# %% tags=["check"]
others = np.random.default_rng(7).integers(1000, 1300, 1500)  # in no order, not as many of each
for numbers, seed in itertools.product((photo_numbers, others), (7, 8)):
    answer, count = split_by_photo(numbers, seed), len(numbers)
    assert isinstance(answer, tuple | list), "return two arrays of indices"
    train_on, hold_out = map(np.asarray, answer)
    everything = np.sort(np.concatenate([train_on, hold_out]))
    assert np.array_equal(everything, np.arange(count)), "each version belongs on one side"
    both = np.intersect1d(numbers[train_on], numbers[hold_out])
    assert not both.size, f"{len(both)} photographs have versions on both sides"
    assert 0.15 < len(hold_out) / count < 0.25, f"{len(hold_out)} of {count} held out, not a fifth"
    drawn = [frozenset(split_by_photo(numbers, other)[1]) for other in [*range(20)] * 2]
    assert drawn[:20] == drawn[20:], "the same seed should give the same split again"
    assert len(set(drawn)) == 20, "twenty seeds do not give twenty splits: let chance choose"


# %% tags=["solution"]
from sklearn.model_selection import GroupShuffleSplit


def split_by_photo(photo_numbers, seed):
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=seed)
    return next(splitter.split(photo_numbers, groups=photo_numbers))


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    held = photo_numbers >= np.quantile(photo_numbers, 0.8)
    return np.flatnonzero(~held), np.flatnonzero(held)


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    photos = np.random.default_rng(seed).permutation(np.unique(photo_numbers))
    part = len(photos) // 5
    return photos[part:], photos[:part]


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    order = np.random.default_rng(seed).permutation(500)
    kept, out = (
        np.concatenate([part + 500 * i for i in range(5)]) for part in (order[100:], order[:100])
    )
    return kept, out


# %% tags=["wrong"]
def split_by_photo(photo_numbers, seed):
    photos = np.unique(photo_numbers)
    held = np.isin(photo_numbers, np.random.choice(photos, len(photos) // 5, replace=False))
    return np.flatnonzero(~held), np.flatnonzero(held)


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
