# ---
# title: Transfer learning
# summary: Forty photographs cannot teach a network to see. Borrow one that sees already, prove you left it alone, then adjust it with care.
# needs: [convolution]
# helps: [cifar10, augmentation]
# teaches: [transfer learning, base, head, feature extractor, freezing, fine-tuning, catastrophic forgetting, inference mode, moving average]
# data: [cifar10]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# You want to tell automobiles, cats, horses and ships apart, and you have forty photographs of them. Of
# six other classes you have plenty. This program trains a network on those, takes its last layer off, and
# trains a new last layer on your forty:

# %% tags=["measured", "program"]
import keras
import numpy as np
from keras import layers

(images, labels), _ = keras.datasets.cifar10.load_data()
is_new = np.isin(labels[:, 0], (1, 3, 7, 8))  # automobile, cat, horse, ship
old_photos, old_labels = images[~is_new], labels[~is_new]
new_photos, new_labels = images[is_new], labels[is_new]

keras.utils.set_random_seed(7)
base = keras.Sequential([keras.Input((32, 32, 3))])
base.add(layers.Rescaling(1 / 127.5, offset=-1))
for filters in (16, 32, 64, 128):
    base.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    base.add(layers.MaxPooling2D())
    base.add(layers.BatchNormalization(momentum=0.9))
base.add(layers.GlobalAveragePooling2D())
old_network = keras.Sequential([base, layers.Dense(10, "softmax")])
old_network.compile("adam", "sparse_categorical_crossentropy")
old_network.fit(old_photos, old_labels, epochs=4)

base.trainable = False
network = keras.Sequential([base, layers.Dense(10, "softmax")])
network.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
network.fit(new_photos[:40], new_labels[:40], epochs=60, verbose=0)
_, program_accuracy = network.evaluate(new_photos[40:], new_labels[40:])

# %% [markdown]
# Of the photographs of the four classes that it has not seen, it names
# `{python} f"{program_accuracy:.0%}"` correctly; guessing among four gets a quarter. (Both last layers have
# an output for each of the ten labels, so that labels stay as they are; each soon learns which of them
# never occur.) Is that much? What would the forty have taught a network alone? And did `base.trainable = False` do what
# it says? The rest of this page answers with three seeds, a control, and a check of every bit. It takes
# exactly ten photographs of each class, others for each seed, and numbers the classes anew from 0:

# %%
import tensorflow as tf

from snippets import plot_images, plot_networks, plot_results, tables
from snippets.datasets import Split, load_cifar10
from snippets.training import OneCycle, fit_one_cycle

cifar = load_cifar10()
old_classes, new_classes = [0, 2, 4, 5, 6, 9], [1, 3, 7, 8]
names = np.array(cifar.class_names)


def photos_of(split, classes):
    is_asked_for = np.isin(split.labels, classes)
    labels = np.searchsorted(classes, split.labels[is_asked_for])  # from 0
    return Split(split.images[is_asked_for].astype("float32"), labels)


# %%
SEEDS = (7, 8, 9)
new_train = photos_of(cifar.train, new_classes)
new_validation = photos_of(cifar.validation, new_classes)


def draws_of(size):  # so many of each class, drawn once per seed
    return [new_train.sample(per_class=size, seed=seed) for seed in SEEDS]


draws = draws_of(10)
forty_photos = draws[0]
rows = forty_photos.images[np.argsort(forty_photos.labels, kind="stable")]
titles = [""] * 40
titles[::10] = names[new_classes]
plot_images.image_grid(rows / 255, titles, columns=10, subject="photos")

# %% [markdown]
# Take a [convolutional network](cifar10.md) with four blocks of convolution, pooling, [batch
# normalisation](convolution.md) and `relu`. (Pooling has already kept the largest of four numbers. So
# that `relu` does not set half of these to 0, the normalised numbers start around 1, not around 0: that is
# `beta_initializer="ones"`.) Train it on the forty and their mirror images, with `OneCycle`, a learning rate
# that climbs to `peak` and falls to nearly 0, and see how often it is right on photographs that it has not
# seen. (Luck plays a part: two more networks, each with forty other
# photographs, are trained at the same time and compared further below.)


# %%
def make_base():  # photographs in, 128 numbers each out
    network = keras.Sequential([keras.Input((32, 32, 3))], name="base")
    network.add(layers.Rescaling(1 / 127.5, offset=-1))
    conv = {"padding": "same", "use_bias": False}
    norm = {"momentum": 0.9, "beta_initializer": "ones"}
    for n, filters in enumerate((16, 32, 64, 128), start=1):
        network.add(layers.Conv2D(filters, 3, **conv, name=f"conv_{n}"))
        network.add(layers.MaxPooling2D())
        network.add(layers.BatchNormalization(**norm, name=f"norm_{n}"))
        network.add(layers.ReLU())
    network.add(layers.GlobalAveragePooling2D())
    return network


# %% [markdown]
# Four small tools for what follows: photographs with their mirror images; what a network makes of
# photographs; how often that is the right class; and a copy, with the weights of this moment.


# %%
def with_mirrors(split):
    images = np.concatenate([split.images, split.images[:, :, ::-1]])
    return images, np.tile(split.labels, 2)


def describe(network, images):  # as in use, 400 photographs at a time
    parts = np.split(images, range(400, len(images), 400))
    return np.concatenate([network(x, training=False) for x in parts])


def accuracy(network, split):
    answers = describe(network, split.images).argmax(axis=1)
    return np.mean(answers == split.labels)


def copy_of(network):
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    return clone


# %% [markdown]
# And one to train a network three times, once per seed, on the photographs that the seed drew. `plans` says
# with how many epochs and what batch size, for how many photographs. Training starts from new weights, or
# from those of a network in `starts`; with a `base`, the network is given this base's numbers instead of
# photographs. (`restart` makes the weights new and keeps the traced training step, which saves time.)

# %%
from snippets.experiments import restart


def train(network, splits, plans, peak, starts=None, base=None):
    epochs, batch_size = plans[len(splits[0])]
    steps = 2 * epochs * len(splits[0]) // batch_size  # 2: with mirrors
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    adam = keras.optimizers.Adam(OneCycle(peak, steps))
    network.compile(adam, loss, steps_per_execution=steps)
    for i, seed in enumerate(SEEDS):
        restart(network, seed)
        if starts:
            network.set_weights(starts[i].get_weights())
        inputs, labels = with_mirrors(splits[i])
        inputs = describe(base, inputs) if base else inputs
        examples = tf.data.Dataset.from_tensor_slices((inputs, labels))
        examples = examples.shuffle(len(labels), seed=seed).repeat(epochs)
        network.fit(examples.batch(batch_size), shuffle=False, verbose=0)
        yield copy_of(network)


# %% [markdown]
# Now from scratch, with plans for forty photographs and, further below, for more:


# %%
def train_from_scratch(splits):
    logits = layers.Dense(4, name="logits")
    network = keras.Sequential([make_base(), logits])
    plans = {40: (60, 40), 400: (12, 16), 4000: (8, 16)}
    return list(train(network, splits, plans, peak=0.004))


of_forty = train_from_scratch(draws)
from_scratch = of_forty[0]
print(f"on its forty: {accuracy(from_scratch, forty_photos):.0%}")
print(f"on others: {accuracy(from_scratch, new_validation):.0%}")

# %% [markdown]
# Guessing gets a quarter. The network has learned its forty by heart, and does far worse on the
# `{python} f"{len(new_validation):,}"` others. From forty photographs it had to find out what an edge is,
# what fur looks like, that the background does not count, and finally what a cat is. Most of that has nothing
# to do with cats. You learned it long before you saw your first ship.
#
# ## A network that has seen something
#
# CIFAR-10 has six more classes, with plenty of photographs. To use what was learned from one task for
# another is **transfer learning**. Train the same four blocks on the six classes, with a dense layer of
# six logits on top. The blocks are the **base**, the dense layer is the **head**: the base describes a
# photograph by 128 numbers, the head draws the conclusion.

# %%
old_train = photos_of(cifar.train, old_classes)
old_validation = photos_of(cifar.validation, old_classes)
keras.utils.set_random_seed(7)
base, old_head = make_base(), layers.Dense(6, name="logits")
old_network = keras.Sequential([base, old_head])
epochs = {"default": 6, "full": 5}[cifar.edition]
options = {"epochs": epochs, "batch_size": 64, "peak": 0.004}
fit_one_cycle(old_network, with_mirrors(old_train), **options)
old_accuracy = accuracy(old_network, old_validation)
print(f"{', '.join(names[old_classes])}: {old_accuracy:.1%}")

# %% [markdown]
# Now show it the new classes. It must answer with one of its six: a row is a class that is shown, a
# column an answer.

# %%
old_answers = describe(old_network, new_validation.images).argmax(axis=1)
counts = tf.math.confusion_matrix(new_validation.labels, old_answers, 6)
shares = counts.numpy()[:4] / np.bincount(new_validation.labels)[:, None]
rows = []
for class_name, row in zip(names[new_classes], shares, strict=True):
    percents = map("{:.0%}".format, row)
    answers = dict(zip(names[old_classes], percents, strict=True))
    rows.append({"shown": class_name} | answers)
tables.table(rows)

# %% [markdown]
# All wrong, of course, and not at random. Automobiles it most often calls
# *`{python} names[old_classes[shares[0].argmax()]]`*, cats *`{python} names[old_classes[shares[1].argmax()]]`*,
# horses *`{python} names[old_classes[shares[2].argmax()]]`* and ships
# *`{python} names[old_classes[shares[3].argmax()]]`*. What it has learned says something about classes that
# nobody told it about.
#
# You would like to go on from here. Copy all weights into a network for the four new classes?

# %% tags=["raises-exception"]
half_done = keras.Sequential([make_base(), layers.Dense(4)])
half_done.set_weights(old_network.get_weights())

# %% [markdown]
# The heads do not fit: six columns of weights, one per class, and you need four. And what would the
# column of frogs say about ships? Look at the network that is left, too:

# %%
first_layer = half_done.layers[0].get_layer("conv_1")
np.array_equal(first_layer.kernel, base.get_layer("conv_1").kernel)

# %% [markdown]
# `True`: the first layer has the new weights all the same. The error came at the last layer, after all
# others had been copied. Do not try this on a network that you want to keep. Take the base, on purpose,
# and leave the head behind.
#
# ## Without any training
#
# How good is the base's description, those 128 numbers, for the new classes? Here is a classifier
# without a single step of training: average the descriptions of the ten photographs of each class,
# and give a new photograph to the class with the nearest average. First four points with two numbers
# each, and two points that ask for their class:


# %%
def nearest_mean(vectors, labels, queries):
    means = [vectors[labels == c].mean(axis=0) for c in np.unique(labels)]
    differences = queries[:, None] - np.array(means)
    return (differences**2).sum(axis=-1).argmin(axis=1)


toy = np.array([[0, 0], [2, 0], [8, 6], [8, 8]])
nearest_mean(toy, np.array([0, 0, 1, 1]), np.array([[3, 1], [6, 6]]))

# %% [markdown]
# Check by hand: the averages are (1, 0) and (8, 7), so (3, 1) goes to class 0 and (6, 6) to class 1.
# Now with photographs, described once by their pixels, once by the base.


# %%
def accuracy_of_means(network):  # of what it makes of photographs
    examples = describe(network, forty_photos.images)
    queries = describe(network, new_validation.images)
    answers = nearest_mean(examples, forty_photos.labels, queries)
    return np.mean(answers == new_validation.labels)


describers = {"pixels": keras.Sequential([layers.Flatten()]), "base": base}
without_training = {}
for kind, network in describers.items():
    without_training[kind] = accuracy_of_means(network)
    print(f"described by {kind}: {without_training[kind]:.0%}")

# %% [markdown]
# Ten photographs of each class and no training on them at all, and the averages of the base's numbers
# beat the network from scratch: they tell apart classes that the base has never been told about.
#
# ## Freeze the base, train a head
#
# With ten photographs of each class, averages are hard to beat. A trained head can do more where there
# are more photographs: it gives every one of the 128 numbers a weight for every class. Put a new head
# on the base and train the head alone: the base is then a **feature extractor**. To keep training away
# from the base's weights is **freezing** them: in Keras, `base.trainable = False` before `compile`. (A
# training step that is already traced stays as it is.) If weights move all the same, no error tells
# you. So `frozen` freezes the base for the lines of a `with` block, compares its weights bit by bit at
# the end, and raises an error if one has changed.

# %%
from snippets.transfer import fingerprint, frozen, with_head

base_digest = fingerprint(base)
keras.utils.set_random_seed(7)
new_network = with_head(base, 4)
options = {"epochs": 20, "batch_size": 16, "peak": 0.01}
with frozen(base):
    fit_one_cycle(new_network, with_mirrors(forty_photos), **options)
later_digest = fingerprint(base)
print(f"the base before: {base_digest[:16]}…, after: {later_digest[:16]}…")

# %% [markdown]
# A fingerprint is computed from all weights of the base, and comes out differently if a single bit
# does. The two are equal: not a bit has moved. Only the head's
# `{python} f"{new_network.get_layer('logits').count_params()}"` weights were trained (128 and a bias
# for each of four classes), and the network is right on
# `{python} f"{accuracy(new_network, new_validation):.0%}"` where the one from scratch had
# `{python} f"{accuracy(from_scratch, new_validation):.0%}"`.
#
# A frozen base says the same of a photograph in every epoch. So for comparisons it need describe each
# photograph only once, and the head learns from the descriptions: the same lesson for a fraction of the
# work. Do that for three draws of forty photographs, each with another first head:


# %%
def train_heads(base, splits):
    head = keras.Sequential([keras.Input((128,)), layers.Dense(4)])
    plans = {40: (20, 16), 400: (20, 16), 4000: (2, 16)}
    networks = []
    for trained_head in train(head, splits, plans, peak=0.01, base=base):
        networks.append(with_head(base, 4))
        logits = networks[-1].get_layer("logits")
        logits.set_weights(trained_head.get_weights())
    return networks


def accuracies(networks, split):
    return [accuracy(network, split) for network in networks]


heads = train_heads(base, draws)
[f"{score:.0%}" for score in accuracies(heads, new_validation)]

# %% [markdown]
# The first draw is the one that you know.
#
# ## Fine-tuning
#
# The base was made for frogs and trucks. **Fine-tuning** thaws it, all of it or its last layers, so
# that its weights may change again, and trains head and base on together, in small steps. The head is
# trained alone first, as above: a head of random weights asks for random changes of the base.
# (`with_head` keeps the base inside a layer called `inference`; you will see what for.) Do it with three
# learning rates. Here is what each way of training may change, from the first layer at the bottom to the
# logits at the top:

# %%
from snippets.transfer import trainable_parts, unfreeze_last


def fine_tune(networks, splits, rate):  # trains copies of these networks
    thawed_base = copy_of(base)
    unfreeze_last(thawed_base, 4)  # the convolutions, no normalisation
    network = with_head(thawed_base, 4)
    plans = {40: (10, 16), 400: (10, 40), 4000: (5, 40)}
    return list(train(network, splits, plans, peak=rate, starts=networks))


# %%
tuned_of_rate = {r: fine_tune(heads, draws, r) for r in (0.001, 0.01, 0.1)}
parts_of_method = {"from scratch": trainable_parts(from_scratch)}
with frozen(base):
    parts_of_method["new head"] = trainable_parts(new_network)
parts_of_method["fine-tuning"] = trainable_parts(tuned_of_rate[0.001][0])
plot_networks.trained_parts(parts_of_method)

# %% [markdown]
# Under each name stands how many weights are trained, of how many. In the right column, batch
# normalisation stays frozen: the section on rate 0, below, shows why.
#
# Small steps, then. How small? The three rates are the peaks of a cycle, with three seeds each: every seed
# draws other photographs and another first head. Ask two questions of each network. How often is it right on
# the new classes? And how often is its base, with the *old* head put back, right on the old ones? (All of them
# validation photographs.)


# %%
def with_old_head(network):
    thawed_base = network.get_layer("inference").layer
    return keras.Sequential([thawed_base, old_head])


on_new, on_old = {}, {}
for rate, networks in tuned_of_rate.items():
    on_new[rate] = accuracies(networks, new_validation)
    on_old[rate] = accuracies(map(with_old_head, networks), old_validation)
curves = {"new classes": on_new, "old classes, old head": on_old}
plot_results.seed_lines(curves, xlabel="rate of fine-tuning")

# %% [markdown]
# At 0.001 the base keeps most of what it knew, and both curves are at their best. At 0.01 the base
# with its old head is right on `{python} f"{np.mean(on_old[0.01]):.0%}"` instead of
# `{python} f"{old_accuracy:.0%}"`. This is **catastrophic forgetting**: the loss asks about forty
# photographs, and nothing in it speaks for the rest. That might be all right, since you have no use
# for frogs. But the new classes lose as well: most of what the base knew about frogs was about edges,
# surfaces and outlines. At 0.1 both are near guessing, which gets a quarter of the new and a sixth of the
# old. Of the three rates, only 0.001 is below 0.004, the peak rate that trained the base:
# begin well below it, and look at both curves.
#
# ## How much is it worth?
#
# Four ways to use ten or more photographs of each class, three seeds each: training from scratch, a
# new head on the frozen base, the same fine-tuned, and a control, a new head on a frozen base with
# random first weights. If the control does as well, the credit belongs to the convolutions, not to
# what they have learned. (Training from scratch gets the base's peak rate, and more epochs than the
# heads where photographs are few.)

# %%
never_trained = make_base()
networks_of_method = {
    "from scratch": {10: of_forty},
    "untrained base, new head": {10: train_heads(never_trained, draws)},
    "base, new head": {10: heads},
    "base, fine-tuned": {10: tuned_of_rate[0.001]},
}
sizes = {"default": (10, 100), "full": (10, 100, 1000)}[cifar.edition]
scratch, control, head, tuning = networks_of_method.values()
for size in sizes[1:]:
    splits = draws_of(size)
    scratch[size] = train_from_scratch(splits)
    control[size] = train_heads(never_trained, splits)
    head[size] = train_heads(base, splits)
    tuning[size] = fine_tune(head[size], splits, 0.001)

# %% [markdown]
# How often are they right on the validation photographs?


# %%
def grades(split):
    return {
        method: {n: accuracies(trio, split) for n, trio in of_n.items()}
        for method, of_n in networks_of_method.items()
    }


scores = grades(new_validation)
xlabel = "photographs of each new class"
plot_results.seed_lines(scores, xlabel=xlabel, ylabel="validation accuracy")


# %% tags=["folded"]
def lead(method, size):  # over training from scratch, in points
    gains = np.subtract(scores[method][size], scores["from scratch"][size])
    return 100 * np.mean(gains)


ranges = [scores[f"base, {end}"][10] for end in ("new head", "fine-tuned")]
do_overlap = max(map(min, ranges)) <= min(map(max, ranges))

# %% [markdown]
# With ten photographs of each class, the base with a new head is
# `{python} f"{lead('base, new head', 10):.0f}"` points above training from scratch, on average over
# the seeds, and the control is `{python} f"{-lead('untrained base, new head', 10):.0f}"` points
# below it: it is the learned weights that count. With a hundred of each, little is left of that lead:
# the frozen base has `{python} f"{np.mean(scores['base, new head'][100]):.1%}"`, training from scratch
# `{python} f"{np.mean(scores['from scratch'][100]):.1%}"`. The base's 128 numbers were made for other
# classes, and a head can only weigh them. Fine-tuning can change them. From a hundred photographs of
# each it gains
# `{python} f"{lead('base, fine-tuned', 100) - lead('base, new head', 100):.1f}"` points over the
# head alone, from ten of each
# `{python} f"{lead('base, fine-tuned', 10) - lead('base, new head', 10):.1f}"`, which is
# `{python} "inside the noise" if do_overlap else "outside the noise"`.
#
# So: with little data freeze, with more fine-tune, and the more you have, the less you should expect
# from either. (The seeds drew other photographs and other first weights for the heads, but the base is
# one and the same. Another base would move both of its curves.)
#
# ## What goes wrong: a network that changes at rate 0
#
# Batch normalisation has two ways to compute. In training it standardises by the mean and the
# variance of the batch, and keeps a **moving average** of both: at each step, nine tenths of the old
# average and one tenth of the new value. In **inference mode**, when the network is used, it
# standardises by these averages. No gradient changes them; being *called* in training mode does.
#
# To see it, train with a learning rate of 0, at which nothing can be learned, on the forty photographs
# as if taken at dusk: all their pixels times 0.3. The base is called in three ways: in training mode;
# with `training=False` in a functional model, as many guides have it; and in `InferenceMode`, a layer
# that says `training=False` inside its own `call`. Afterwards each base gets the old head back, and is
# asked about the old classes, by day and at dusk.


# %%
from snippets.transfer import InferenceMode


def functional(thawed_base):
    inputs = keras.Input((32, 32, 3))
    return keras.Model(inputs, thawed_base(inputs, training=False))


builders = {
    "training mode": lambda thawed_base: thawed_base,
    "training=False": functional,
    "InferenceMode": InferenceMode,
}
dusk_forty = 0.3 * forty_photos.images, np.eye(4)[forty_photos.labels]
base_of_mode = {mode: copy_of(base) for mode in builders}
for mode, build in builders.items():
    network = keras.Sequential([build(base_of_mode[mode]), layers.Dense(4)])
    network.compile(keras.optimizers.SGD(0.0), "mse")
    network.fit(*dusk_forty, batch_size=8, epochs=10, verbose=0)

# %%
dusk = Split(0.3 * old_validation.images, old_validation.labels)
by_day, at_dusk, is_changed, rows = {}, {}, {}, []
for mode, base_in_mode in base_of_mode.items():
    network = keras.Sequential([base_in_mode, old_head])
    by_day[mode] = accuracy(network, old_validation)
    at_dusk[mode] = accuracy(network, dusk)
    is_changed[mode] = fingerprint(base_in_mode) != base_digest
    row = {"base called with": mode, "changed": is_changed[mode]}
    row["old classes by day"] = f"{by_day[mode]:.1%}"
    row["at dusk"] = f"{at_dusk[mode]:.1%}"
    rows.append(row)
tables.table(rows)

# %% [markdown]
# At rate 0, without an error or a warning, the first network has lost some of its eyesight by day. Its
# averages now describe dusk. The second way is the surprise: in the Keras of this page
# (`{python} keras.__version__`) the base is
# *`{python} "changed" if is_changed["training=False"] else "the same"`*. `fit` calls the model with
# `training=True`, and that replaces the argument of every call inside. (It was never meant to, and the
# developers of Keras [have mended it](https://github.com/keras-team/keras/pull/23364) for later
# releases.) Two ways hold in old and new releases: `InferenceMode`, in which `with_head` puts the base,
# and `trainable = False` for each layer of batch normalisation, which in Keras means inference mode,
# too. `unfreeze_last` does that; it is why those layers stayed frozen when you fine-tuned.
#
# Is it always bad that the averages move? Read the last column. At dusk, averages from dusk are worth
# `{python} f"{100 * (at_dusk['training mode'] - at_dusk['InferenceMode']):.0f}"` points. If the
# network is going to work at dusk, let them move, on purpose, and say so. What you must not do is let
# it happen unseen.
#
# ## The exam
#
# Everything is chosen. Now the test photographs of the four classes, once, for all the networks of
# the comparison.

# %%
exam_split = photos_of(cifar.test, new_classes)
exam = grades(exam_split)
pairs = [(scores[m][n], exam[m][n]) for m in exam for n in sizes]
shift = 100 * np.mean(np.diff(pairs, axis=1))
plot_results.seed_lines(exam, xlabel=xlabel, ylabel="test accuracy")

# %% [markdown]
# On these `{python} f"{len(exam_split):,}"` photographs, ten of each class and a borrowed base are
# right on `{python} f"{np.mean(exam['base, new head'][10]):.0%}"`, ten of each alone on
# `{python} f"{np.mean(exam['from scratch'][10]):.0%}"`. From validation to test, the four ways have
# changed by `{python} f"{round(shift, 1) + 0:+.1f}"` points on average. This page chose only the rate of
# fine-tuning on the validation photographs; where the other three ways have changed as well, it is by
# the luck of which photographs were held out.
#
# ## With a base that others have trained
#
# Six classes are a small school. Others have trained on the million photographs of ImageNet, and
# `keras.applications` has their networks. The recipe is the program's:

# %%
mobile_base = keras.applications.MobileNetV3Small(
    input_shape=(96, 96, 3), include_top=False, pooling="avg", weights=None
)
mobile_base.trainable = False
network = keras.Sequential([layers.Resizing(96, 96), mobile_base])
network.add(layers.Dense(4, activation="softmax"))
probabilities = network(forty_photos.images)
head_size = sum(np.prod(w.shape) for w in network.trainable_weights)
print("base:", mobile_base.output_shape, "head:", probabilities.shape)

# %% [markdown]
# `include_top=False` leaves its head out; what remains describes a photograph by
# `{python} mobile_base.output_shape[1]` numbers, and the network answers forty photographs with four
# probabilities each. The `Resizing` layer makes the photographs larger, because this base was made for
# larger ones. Of `{python} f"{network.count_params():,}"` weights, training may change the
# `{python} f"{head_size:,}"` of the head. But here all weights are random. For trained ones, write
# `weights="imagenet"` for `weights=None`: that alone is not run on this page, because it downloads
# them, once. Three things to know:
#
# - This network takes numbers from 0 to 255. Many others in `keras.applications` want their own
#   `preprocess_input` first.
# - By its documentation it is right on
#   *68.1%*{.given title="keras.applications.MobileNetV3Small, top-1 accuracy"} of the photographs
#   of ImageNet, at 224 pixels. That is not a number of ours, and no promise for your classes.
# - Cats and ships are among ImageNet's thousand classes. To such a base, your four are not new.

# %% tags=["claims"]
assert program_accuracy > 0.45, (
    "the program is right on 45% of new photographs, guessing on 25%"
)
assert later_digest == base_digest, (
    "training a new head leaves every bit of the base as it was"
)
assert without_training["base"] > without_training["pixels"] + 0.1, (
    "without any training, the base's numbers tell new classes apart better than pixels do"
)
head_10 = scores["base, new head"][10]
scratch_10 = scores["from scratch"][10]
control_10 = scores["untrained base, new head"][10]
assert without_training["base"] > max(scratch_10) + 0.04, (
    "and without any training, ten of each and the base's numbers beat all from scratch"
)
assert min(head_10) > max(scratch_10) + 0.04, (
    "with ten of each, a new head beats all from scratch"
)
assert min(head_10) > max(control_10) + 0.15, (
    "an untrained base is at least 15 points worse"
)
assert lead("base, fine-tuned", 100) > lead("base, new head", 100), (
    "with a hundred of each, fine-tuning gains on the head alone"
)
assert max(on_old[0.01]) < min(on_old[0.001]) - 0.1, (
    "fine-tuning at 0.01 costs the old classes at least 10 points more than at 0.001"
)
assert max(on_new[0.1]) < min(on_new[0.001]) - 0.15, (
    "at 0.1 the new classes are lost, too"
)
assert by_day["training mode"] < old_accuracy - 0.05, (
    "at rate 0, training mode costs 5 points"
)
assert not is_changed["InferenceMode"], (
    "in inference mode not a bit changes"
)
assert min(exam["base, new head"][10]) > max(exam["from scratch"][10]), (
    "the lead with ten photographs per class holds on the test photographs"
)
assert head_size == 4 * mobile_base.output_shape[1] + 4, (
    "on MobileNet's base, training may change the head alone"
)

# %% tags=["control"] claim="training a new head leaves every bit of the base as it was" without="freezing the base"
thawed_base = copy_of(base)
network = with_head(thawed_base, 4)
options = {"epochs": 1, "batch_size": 16, "peak": 0.01}
fit_one_cycle(network, with_mirrors(forty_photos), **options)
later_digest = fingerprint(thawed_base)

# %% tags=["control"] claim="without any training, the base's numbers tell new classes apart better than pixels do" without="what the base has learned"
score = accuracy_of_means(never_trained)
without_training = without_training | {"base": score}

# %% tags=["control"] claim="and without any training, ten of each and the base's numbers beat all from scratch" without="what the base has learned"
score = accuracy_of_means(never_trained)
without_training = without_training | {"base": score}

# %% tags=["control"] claim="with ten of each, a new head beats all from scratch" without="what the base has learned"
head_10 = scores["untrained base, new head"][10]

# %% tags=["control"] claim="fine-tuning at 0.01 costs the old classes at least 10 points more than at 0.001" without="thawing the base"
on_old = on_old | {
    0.01: accuracies(map(with_old_head, heads), old_validation)
}

# %% tags=["control"] claim="at rate 0, training mode costs 5 points" without="averages that move"
still_base = copy_of(base)
unfreeze_last(still_base, 4)  # freezes batch normalisation
network = keras.Sequential([still_base, layers.Dense(4)])
network.compile(keras.optimizers.SGD(0.0), "mse")
network.fit(*dusk_forty, batch_size=8, epochs=10, verbose=0)
still_network = keras.Sequential([still_base, old_head])
by_day = {"training mode": accuracy(still_network, old_validation)}

# %% tags=["control"] claim="in inference mode not a bit changes" without="inference mode"
is_changed = {"InferenceMode": is_changed["training mode"]}

# %% tags=["control"] claim="the lead with ten photographs per class holds on the test photographs" without="what the base has learned"
blank_scores = exam["untrained base, new head"]
exam = exam | {"base, new head": blank_scores}

# %% tags=["control"] claim="on MobileNet's base, training may change the head alone" without="freezing the base"
mobile_base.trainable = True
network = keras.Sequential([mobile_base, layers.Dense(4)])
head_size = sum(np.prod(w.shape) for w in network.trainable_weights)

# %% [markdown]
# ## Exercises
#
# **1. A moving average by hand.** The average starts at 0. With each batch it becomes `keep` times the
# old average plus (1 − `keep`) times the mean of the batch. Return the average after all batches. The
# starter takes the plain mean.


# %% tags=["starter"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    """Return the moving average of the batches' means, one per feature."""
    return np.mean([batch.mean(axis=0) for batch in batches], axis=0)


# %% [markdown] tags=["hint"]
# Write down the first two steps for one feature: it starts at 0, then comes the first batch, then the second.
# Which number do you have to carry from one batch to the next?

# %% tags=["check"]
dice = np.random.default_rng(7)
batches = [dice.normal(3, 1, (size, 3)) for size in (8, 8, 4, 16, 2)]
for keep in (0.5, 0.9, 0.99):
    norm = layers.BatchNormalization(momentum=keep)
    for batch in batches:
        norm(batch.astype("float32"), training=True)
    expected = norm.moving_mean.numpy()
    submission = moving_average(batches, keep)
    assert np.shape(submission) == (3,), f"three averages, not {submission}"
    is_close = np.allclose(submission, expected, atol=1e-4)
    assert is_close, f"keep {keep}: Keras has {expected}, not {submission}"


# %% tags=["solution"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    average = np.zeros(batches[0].shape[1])
    for batch in batches:
        average = keep * average + (1 - keep) * batch.mean(axis=0)
    return average


print("after five batches:", moving_average(batches, 0.99).round(2))


# %% tags=["wrong"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    average = batches[0].mean(axis=0)  # starts at the first batch, not at 0
    for batch in batches[1:]:
        average = keep * average + (1 - keep) * batch.mean(axis=0)
    return average


# %% tags=["wrong"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    average = np.zeros(batches[0].shape[1])
    for batch in batches:
        average = (1 - keep) * average + keep * batch.mean(axis=0)
    return average


# %% tags=["wrong"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    average = 0.0
    for batch in batches:
        average = keep * average + (1 - keep) * batch.mean()
    return average


# %% tags=["wrong"]
def moving_average(batches: list[np.ndarray], keep: float) -> np.ndarray:
    average, size = np.zeros(batches[0].shape[1]), len(batches[0])
    for batch in batches:
        average = keep * average + (1 - keep) * batch.sum(axis=0) / size
    return average


# %% [markdown]
# After five batches with `keep` at 0.99, Keras's default, the average is still near 0. A network
# trained for few steps is judged by averages that have not arrived. That is why the blocks of this
# page use 0.9.
#
# **2. Thaw one layer.** You get a frozen base. Set its flags `trainable` so that training may change the
# layer called `name`, and nothing else in the base. The starter thaws too much.


# %% tags=["starter"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    """Leave only one layer of a base trainable."""
    base.trainable = True


# %% [markdown] tags=["hint"]
# Setting `trainable` on the whole base sets it on all its layers. So in which order do the flags have to be set?

# %% tags=["check"]
for name in ("conv_4", "conv_1", "norm_2"):
    task_base = copy_of(base)
    task_base.trainable = False
    thaw_only(task_base, name)
    parts = [part for part, size, _ in trainable_parts(task_base) if size]
    assert parts == [name], f"{parts or 'nothing'} may change, not {name}"
    assert task_base.trainable_weights, "the base itself is still frozen"
    assert fingerprint(task_base) == base_digest, "leave the weights alone"


# %% tags=["solution"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    base.trainable = True  # sets all layers, so it comes first
    for layer in base.layers:
        layer.trainable = layer.name == name


# %% tags=["wrong"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    base.get_layer(name).trainable = True  # the base itself is still frozen


# %% tags=["wrong"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    for layer in base.layers:
        layer.trainable = layer.name == name
    base.trainable = True  # comes last, and sets all layers


# %% tags=["wrong"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    base.trainable = True
    for layer in base.layers:
        if layer.name == name:
            break
        layer.trainable = False  # all behind it stay free


# %% tags=["wrong"]
def thaw_only(base: keras.Sequential, name: str) -> None:
    base.trainable = True
    for layer in base.layers:
        is_convolution = isinstance(layer, keras.layers.Conv2D)
        layer.trainable = is_convolution and layer.name[-1] == name[-1]


# %% [markdown]
# **3. Nearest by angle.** A photograph with more contrast may get a longer vector of the same
# direction. Make `nearest_mean` look at directions only: before you call it, divide every vector by its
# length, both `vectors` and `queries`. The starter leaves the lengths as they are.


# %% tags=["starter"]
def nearest_by_angle(vectors, labels, queries):
    """Return the class whose average direction is nearest, per query."""
    return nearest_mean(vectors, labels, queries)


# %% [markdown] tags=["hint"]
# Pythagoras gives the length of one vector; `np.linalg.norm` gives it along an axis. Which axis, and what shape
# must the lengths have, so that each row is divided by its own?

# %% tags=["check"]
arrows = np.array([[0, 3], [6, 0], [1, 5], [6, 2], [7, 0], [5, 6.0]])
questions = np.array([[1, 8], [5, 4], [6, 0], [6, 7.0]])
by_angle = nearest_by_angle(arrows, np.array([0, 0, 0, 1, 1, 1]), questions)
assert np.shape(by_angle) == (4,), f"four classes, not {by_angle}"
for i, truth in enumerate((0, 1, 1, 0)):
    message = f"{questions[i]}: class {truth}; has each vector length 1?"
    assert by_angle[i] == truth, message


# %% tags=["solution"]
def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def nearest_by_angle(vectors, labels, queries):
    return nearest_mean(unit(vectors), labels, unit(queries))


directions = keras.Sequential([base, layers.UnitNormalization()])
print(f"by angle: {accuracy_of_means(directions):.1%}")  # Keras's own unit


# %% tags=["wrong"]
def nearest_by_angle(vectors, labels, queries):
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)
    return nearest_mean(vectors, labels, queries / lengths)


# %% tags=["wrong"]
def nearest_by_angle(vectors, labels, queries):
    vectors = vectors / np.linalg.norm(vectors)
    return nearest_mean(vectors, labels, queries / np.linalg.norm(queries))


# %% tags=["wrong"]
def nearest_by_angle(vectors, labels, queries):
    def unit(rows):  # the sum of the sizes is not the length
        return rows / np.abs(rows).sum(axis=1, keepdims=True)

    return nearest_mean(unit(vectors), labels, unit(queries))


# %% tags=["wrong"]
def nearest_by_angle(vectors, labels, queries):
    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    classes = np.unique(labels)
    means = [vectors[labels == c].mean(axis=0) for c in classes]
    return nearest_mean(unit(np.array(means)), classes, unit(queries))


# %% [markdown]
# ## Questions
#
# Five questions on this page; below each answer stands why it holds, or what it overlooks.

# %% [markdown] tags=["question"]
# You call `fit`, remember that the base should stay as it is, set `base.trainable = False`, and call `fit` once
# more. What does the second training do?
#
# - It changes the base, without a word.
#     - The training step has been traced and stays as it is, until you compile again. Freeze before you
#       compile, and compare the weights afterwards.
# - It leaves the base as it is.
#     - The flag is read when the step is traced. That was in the first `fit`.
# - It raises an error.
#     - Nothing is wrong for Keras: a traced step is still a valid one. That is why `frozen` compares the weights
#       itself.

# %% tags=["question"]
late = layers.Dense(2)
late_network = keras.Sequential([keras.Input((2,)), late, layers.Dense(1)])
late_network.compile("sgd", "mse")


def second_fit():
    late_network.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    late.trainable, kernel_before = False, late.kernel.numpy()
    try:
        late_network.fit(np.ones((4, 2)), 9 * np.ones((4, 1)), verbose=0)
    except ValueError:
        return "error"
    return np.array_equal(late.kernel.numpy(), kernel_before)


outcome = second_fit()
[outcome is False, outcome is True, isinstance(outcome, str)]

# %% [markdown] tags=["question"]
# With ten photographs of each class, a new head on the trained base is right on
# `{python} f"{np.mean(head_10):.0%}"`, training from scratch on `{python} f"{np.mean(scratch_10):.0%}"`, and a new head
# on an untrained base on `{python} f"{np.mean(control_10):.0%}"`. How many points are due to what the base has learned?
#
# - `{python} f"{100 * (np.mean(head_10) - np.mean(control_10)):.0f}"`
#     - The two differ in the base's weights alone: the same layers, the same head, the same photographs, the same
#       training.
# - `{python} f"{100 * (np.mean(head_10) - np.mean(scratch_10)):.0f}"`
#     - That is what you gain by borrowing. But the network from scratch also trains its convolutions, so two
#       things differ.
# - `{python} f"{100 * (np.mean(scratch_10) - np.mean(control_10)):.0f}"`
#     - That is what training the convolutions on the forty is worth, instead of leaving them random. The trained
#       base has no part in it.

# %% tags=["question"]
of_method = {m: 100 * np.mean(by_size[10]) for m, by_size in scores.items()}
learned = (
    of_method["base, new head"] - of_method["untrained base, new head"]
)
of_head, of_scratch, of_control = map(
    np.mean, (head_10, scratch_10, control_10)
)
[
    abs(100 * (of_head - of_control) - learned) < 1,
    abs(100 * (of_head - of_scratch) - learned) < 1,
    abs(100 * (of_scratch - of_control) - learned) < 1,
]

# %% [markdown] tags=["question"]
# At a rate of 0.01, fine-tuning makes the base forget what it knew about the old classes. You have no use for
# them. What becomes of the new classes?
#
# - They lose as well, compared with 0.001.
#     - Most of what the base knew about frogs was about edges, surfaces and outlines, and the new classes need
#       those, too. Forty photographs cannot teach them again.
# - They gain what the old ones lose.
#     - A network is no container that has to make room. The new classes rest on the same features.
# - They stay as good as at 0.001.
#     - That would be so if the base had one part for each class. Its 128 numbers serve all of them.

# %% tags=["question"]
new_at = {rate: np.mean(trio) for rate, trio in on_new.items()}
old_at = {rate: np.mean(trio) for rate, trio in on_old.items()}
has_forgotten = old_at[0.01] < old_at[0.001] - 0.1
[
    has_forgotten and new_at[0.01] < new_at[0.001] - 0.02,
    has_forgotten and new_at[0.01] > new_at[0.001] + 0.02,
    has_forgotten and abs(new_at[0.01] - new_at[0.001]) <= 0.02,
]

# %% [markdown] tags=["question"]
# A base is called in training mode on photographs taken at dusk, and no optimizer takes a step. What has changed
# in it afterwards?
#
# - the moving averages of batch normalisation
#     - They move whenever the layer is called in training mode. No gradient and no learning rate has a say.
# - the averages and the weights of the convolutions
#     - Weights change in an optimizer's step. There was none.
# - nothing at all
#     - That would be so in inference mode. Training mode without an optimizer's step, or with a learning rate
#       of 0, is something else.

# %% tags=["question"]
dusk_base = copy_of(base)
weights_by_day = [w.numpy() for w in dusk_base.weights]
dusk_base(0.3 * forty_photos.images, training=True)
changed_names = {
    w.name
    for w, before in zip(dusk_base.weights, weights_by_day, strict=True)
    if not np.array_equal(w.numpy(), before)
}
[
    changed_names == {"moving_mean", "moving_variance"},
    "kernel" in changed_names,
    not changed_names,
]

# %% [markdown] tags=["question"]
# A borrowed base with a new head leads training from scratch. What becomes of its lead, if you have a hundred
# photographs of each class instead of ten?
#
# - It shrinks.
#     - With more photographs, a network can learn its own features, while the head can only weigh those that were
#       made for other classes: from `{python} f"{lead('base, new head', 10):.0f}"` points to
#       `{python} f"{lead('base, new head', 100):.0f}"`.
# - It grows.
#     - Both get better with more photographs. But the base is frozen and gets nothing of it, while training from
#       scratch can change every weight.
# - It stays as large.
#     - The base's knowledge stays. What changes is how much of it the forty, or the four hundred, could have
#       taught anyway.

# %% tags=["question"]
change = lead("base, new head", 100) - lead("base, new head", 10)
[change < -3, change > 3, abs(change) <= 3]

# %% [markdown]
# ## What to remember
#
# - A base that learned from many photographs describes new classes, too; with few photographs of them, a
#   new head on a frozen base beats training from scratch by far.
# - Freeze before you compile, and check that nothing moved.
# - Train the head first; then fine-tune at a learning rate well below the base's own.
# - Batch normalisation moves its averages whenever it is called in training mode. Freeze it, and do
#   not trust an argument that `fit` may replace.
# - Compare with training from scratch and with an untrained base. Where data is plenty, the lead
#   shrinks.
#
# ## Where next
#
# Photographs of your own come as files: [Your own photographs](own-photographs.md) reads them. What does a
# base look at? [What did it learn?](explanations.md) draws it. And whether two ways differ by [more than
# luck](../networks/experiments.md) is a question to ask of every comparison above.
#
# - Keras: [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), and the networks
#   of [keras.applications](https://keras.io/api/applications/).
# - J. Yosinski, J. Clune, Y. Bengio and H. Lipson (2014), How transferable are features in deep neural
#   networks?, [arXiv:1411.1792](https://arxiv.org/abs/1411.1792).
# - S. Kornblith, J. Shlens and Q. V. Le (2019), Do Better ImageNet Models Transfer Better?,
#   [arXiv:1805.08974](https://arxiv.org/abs/1805.08974).
# - S. Ioffe and C. Szegedy (2015), Batch Normalization,
#   [arXiv:1502.03167](https://arxiv.org/abs/1502.03167), whose averages moved at rate 0.
