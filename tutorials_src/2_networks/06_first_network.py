# ---
# title: Your first network
# summary: A whole program of 25 lines that tells ten kinds of clothes apart; then each of its lines, and its mistakes.
# needs: []
# helps: [tensors, gradients, training-by-hand, fashion-mnist]
# teaches: [ReLU, validation split, learning curve, overfitting, learning-rate schedule]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# Here is a whole program. It trains a network on photographs of clothes, grades it, and asks it
# about a photograph that it has never seen. Copy and run it: it needs `pip install tensorflow`, no
# GPU, and less than a minute.

# %% tags=["measured", "program"]
import keras
from keras.optimizers.schedules import CosineDecay

keras.utils.set_random_seed(7)
data = keras.datasets.fashion_mnist.load_data()
(images, labels), (test_images, test_labels) = data
class_names = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat"]
class_names += ["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
standardise = keras.layers.Normalization(axis=None)
standardise.adapt(images[:54_000])
network = keras.Sequential(
    [
        keras.Input((28, 28)),
        standardise,
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ]
)
rate = CosineDecay(2e-4, 600, warmup_steps=248, warmup_target=6e-3)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
network.fit(images, labels, batch_size=512, epochs=8, validation_split=0.1)
test_loss, test_accuracy = network.evaluate(test_images, test_labels)
print(class_names[network.predict(test_images[:1]).argmax()])

# %% [markdown]
# The network is right on `{python} f"{test_accuracy:.1%}"` of 10,000 photographs that it did not
# learn from (`accuracy` in the line after the eight epochs); guessing would be right on one in ten.
# The last line names the first of them. One line looks like magic, `rate`. 54,000 photographs in
# batches of 512 make 106 steps (the last batch is smaller), eight epochs 848: 248 for the rate to climb, 600
# for it to fall. With other epochs or batches, change them, too. A bare `"adam"` in place of
# `Adam(rate)` also works, and is right less often. The rest of this page explains the program line by
# line, then questions it: [why these settings](#where-the-settings-come-from), where is it wrong, and
# which of your mistakes does it not report?
#
# ## The photographs
#
# `load_data` downloads Fashion-MNIST once and returns arrays of bytes: photographs of 28 by 28 grey
# pixels, and for each a label, the number of its class ([Fashion-MNIST](fashion-mnist.md) examines
# them closely). `set_random_seed` makes chance repeatable. The first photograph of each class:

# %%
import numpy as np

from snippets import plot_images

_, first_of_each_class = np.unique(labels, return_index=True)
titles = [f"{label}: {name}" for label, name in enumerate(class_names)]
one_per_class = images[first_of_each_class]
plot_images.image_grid(one_per_class, titles, subject="photographs")

# %% [markdown]
# Three parts, each with one job:
#
# | part | photographs | its job |
# | --- | ---: | --- |
# | training | 54,000 | the network learns from it |
# | validation | 6,000 | you choose with it |
# | test | 10,000 | you use it once, at the end |
#
# A network can learn its training photographs by heart, and you may pick settings that suit the
# validation photographs by luck. Only those that nobody has used for anything give an honest grade. The
# settings of the program were chosen on validation photographs. Its `evaluate` is the page's one grade
# on test photographs: everything below, mistakes included, is measured on validation photographs.
#
# `validation_split=0.1` holds out the last tenth as the data lies, before any shuffling: the
# **validation split**. If your data is sorted by class, that is a single class; this data is mixed:

# %%
training_images, training_labels = images[:54_000], labels[:54_000]
validation_images, validation_labels = images[54_000:], labels[54_000:]
np.bincount(validation_labels)  # photographs per class

# %% [markdown]
# ## A network small enough to check by hand
#
# A network is a chain of layers. Here is one that looks at pictures of two by two pixels:
#
# - `Input((2, 2))` says what one picture looks like.
# - `Flatten` writes the rows of a picture one after the other: a vector of four numbers.
# - `Dense(2)` has two **units**. Each unit multiplies the four numbers by four weights of its own,
#   adds them up, and adds one more number, its bias.
# - **`relu`** replaces each negative result by 0. Without something like it, a chain of dense layers
#   could do no more than a single one: two matrix products in a row make one. (There are
#   [other such functions](functional-api.md).)
#
# Weights are normally learned. Here you set them: the first unit likes the diagonal from top left
# to bottom right, the second likes the other one.

# %%
two_units = keras.Sequential(
    [
        keras.Input((2, 2)),
        keras.layers.Flatten(),
        keras.layers.Dense(2, activation="relu"),
    ]
)
weights = np.array([[1, -1], [-1, 1], [-1, 1], [1, -1]])  # column = unit
two_units.layers[-1].set_weights([weights, np.zeros(2)])
diagonal = np.array([[1, 0], [0, 1]])
answers_to_diagonal = two_units.predict(diagonal[None], verbose=0)
print(answers_to_diagonal)  # [None]: a network takes a batch, here of one

# %% [markdown]
# By hand: the flattened picture is 1, 0, 0, 1. The first unit gets 1·1 + 0·(−1) + 0·(−1) + 1·1 = 2.
# The second gets −2, which `relu` turns into 0. A unit is a detector: it answers loudly when the
# picture looks like its weights.
#
# ## The network of the program
#
# It has 128 units in the middle (a number that you choose) and ten at the end, one per class.
# Training goes better with small inputs around 0 than with bytes. So the first layer standardises
# them: `adapt` measured the mean and the standard deviation of all pixels of the training photographs
# (of these alone), and `Normalization` subtracts the one and divides by the other. It is part of the
# network, so whoever uses it later hands over plain bytes.

# %%
from snippets import tables

layers_table = [
    {
        "layer": type(layer).__name__,
        "returns": layer.output.shape[1:],
        "numbers": f"{layer.count_params():,}",
    }
    for layer in network.layers
]
tables.table(layers_table)

# %% [markdown]
# Check the dense layer: 784 pixels times 128 units, and 128 biases. Keras prints a table of its own:

# %%
network.summary()

# %% [markdown]
# `None` is the batch axis, of any length. Not trainable are the mean, the variance and a counter that
# `adapt` leaves at 0. For each trainable number, the optimizer remembers two more.
#
# ## From scores to probabilities, and to a loss
#
# The last layer has one unit per class and no `relu`. Its results are scores, called logits: any
# numbers, the largest for the class that fits best. Softmax turns them into probabilities: it computes
# $e^z$ of each score $z$, where $e$ is about `{python} f"{np.e:.3f}"`, and divides by the sum. For two classes:

# %%
logits = np.array([2.0, 0.0])
two_probabilities = np.exp(logits) / np.exp(logits).sum()
costs = -np.log(two_probabilities)
print("probabilities:", two_probabilities.round(3))
print("minus logarithm:", costs.round(3))

# %% [markdown]
# The loss of a classifier is the cross-entropy: minus the natural logarithm of the probability that
# the true class was given. If the first class is the true one, the answer above costs
# `{python} f"{costs[0]:.2f}"`. If it is the second, it costs `{python} f"{costs[1]:.2f}"`: being sure
# and wrong is expensive.
#
# So you know the price of ignorance before you train anything. A network that gives each of ten
# classes the same probability has a loss of $\ln 10$, which is `{python} f"{np.log(10):.2f}"`.
# Measure it untrained, with pixels divided by 255, and with standardised ones:


# %%
def build(preparation, seed: int = 7) -> keras.Sequential:
    """Return the program's network with first weights of this seed."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            preparation,
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


# %%
def grade(any_network, photographs=validation_images):
    """Return the loss and the accuracy on validation photographs."""
    examples = {"x": photographs, "y": validation_labels}
    return any_network.evaluate(**examples, batch_size=1000, verbose=0)


rescale = keras.layers.Rescaling(1 / 255)
untrained_losses = []
for preparation in (rescale, standardise):
    untrained_network = build(preparation)
    untrained_network.compile(loss=loss, metrics=["accuracy"])
    untrained_losses.append(grade(untrained_network)[0])
np.round(untrained_losses, 2)

# %% [markdown]
# The first is not far from what ignorance costs. (Random weights give random opinions, not equal
# probabilities; and the larger the inputs, the firmer the opinions.) Always check this: a first loss that is ten
# times as high usually means a mistake in the data, the labels or the loss.
#
# In the program, the loss computes softmax itself: that is what `from_logits=True` says. Because it
# takes softmax and logarithm in one step, no probability is rounded to 0 in between. For use, append
# the softmax to the trained network; the two share their weights:

# %%
from snippets import plot_classes

classifier = keras.Sequential([network, keras.layers.Softmax()])
probabilities = classifier.predict(test_images[:1], verbose=0)[0]
plot_classes.probability_bars(
    probabilities, class_names=class_names, true_class=int(test_labels[0])
)

# %% [markdown]
# The star marks the label. Nearly all that the boot leaves over goes to the other shoes: nobody told
# the network that a boot is more like a sneaker than like a shirt. (The largest logit has the
# largest probability, so for a bare answer the program needed no softmax.)
#
# ## Four calls
#
# **`compile`** fixes the recipe. The *loss* is what training makes smaller; *sparse* means that
# labels are class numbers. The *optimizer*, here Adam, walks down the gradient of the loss and adapts
# the step length of each weight ([how](functional-api.md)). The *metrics* are for you alone.
#
# **`fit`** is studying for an exam, with a book of exercises that has the answers in the back. The
# network works through the training photographs in random order, compares with the labels, and
# corrects itself. After each time through the book it sits a mock exam, the validation photographs,
# from which it learns nothing. **`evaluate`** is the exam: questions that were in no book.
# **`predict`** comes after school: no answers are given, none are learned.
#
# Where the analogy breaks: a pupil understands more each time; a network that studies too long
# starts to learn the answers by heart. And a pupil may repeat an exam. Whoever repeats this one until
# the grade is good has turned it into practice, and no exam is left.
#
# | the word | what it means | here |
# | --- | --- | --- |
# | batch size | how many photographs make one gradient, and one step of the optimizer | 512 |
# | epoch | once through all training photographs, in a new random order | 8 of them, of 106 steps |
#
# After `fit`, the loss and the accuracy of each epoch lie in `network.history`. Drawn, they are the
# **learning curves**.

# %%
from snippets import plot_training

history = network.history.history
plot_training.learning_curves(history)

# %% [markdown]
# Read the loss first. On the validation photographs it falls more slowly than on the training
# photographs: more and more of what the network learns is true of these alone. That is
# **overfitting**, and the distance between the curves is its size: at the end,
# `{python} f"{history['accuracy'][-1]:.1%}"` of the training photographs are right, and
# `{python} f"{history['val_accuracy'][-1]:.1%}"` of the others. (After the first epoch, validation may
# look *better*: the training numbers are averages over the epoch, its ignorant beginning included.)
#
# ## Where the settings come from
#
# The plain recipe, which most people write first, has small batches, Adam with its constant rate of
# 0.001, and pixels divided by 255. It works, slowly: every step pays a fixed price, however few
# photographs it holds, for some dozens of small operations and a change of every weight. Four
# changes, one after the other:
#
# 1. **Batch size 512**: an eighth of the steps per epoch. The gradient of a batch is an estimate of
#    the gradient of all photographs, and that of a larger batch is a better one.
# 2. **A falling rate.** A better gradient can be trusted further, so begin with longer steps, and
#    end with very short ones, to settle. Such a plan is a **learning-rate schedule**; `CosineDecay`
#    falls from its first rate to 0 along half a cosine, in so many steps.
# 3. **Standardised pixels.** Inputs on both sides of 0 make the loss fall about as steeply in every
#    direction ([Training by hand](../foundations/training-by-hand.md) draws it).
# 4. **A warm-up.** Random first weights make for steep slopes: begin with short steps, and climb in
#    `warmup_steps` to the peak, `warmup_target`. That allows a higher one.
#
# To afford three seeds of each, take a third of the training photographs, 18,000: 36 steps per epoch.

# %%
steps = 8 * 36
falling_rate = CosineDecay(0.004, decay_steps=steps)
warm_up_rate = CosineDecay(
    initial_learning_rate=2e-4,
    warmup_steps=86,
    warmup_target=6e-3,
    decay_steps=steps - 86,
)
plot_training.rate_curve([float(warm_up_rate(n)) for n in range(steps)])

# %% [markdown]
# `steps_per_execution` takes all steps of an epoch without coming back to Python after each. It
# changes no result, and saves time.

# %%
import time

few_images, few_labels = images[:18_000], labels[:18_000]


def train(batch_size: int, rate, preparation, seed: int) -> tuple:
    """Return validation accuracy, CPU seconds of `fit`, and network."""
    candidate = build(preparation, seed)
    candidate.compile(
        keras.optimizers.Adam(rate),
        loss,
        metrics=["accuracy"],
        steps_per_execution=-(-18_000 // batch_size),  # rounds up
    )
    start = time.process_time()
    candidate.fit(few_images, few_labels, batch_size, epochs=8, verbose=0)
    seconds = time.process_time() - start
    return grade(candidate)[1], seconds, candidate


# %%
from snippets import plot_results

recipes = {
    "batch 64, rate 0.001": (64, 0.001, rescale),
    "batch 512": (512, 0.001, rescale),
    "and a falling rate": (512, falling_rate, rescale),
    "and standardised": (512, falling_rate, standardise),
    "and a warm-up": (512, warm_up_rate, standardise),
}
runs = {name: [] for name in recipes}
for name, settings in recipes.items():
    for seed in (7, 8, 9):
        runs[name].append(train(*settings, seed))
accuracies = {name: [run[0] for run in runs[name]] for name in recipes}
plot_results.seed_dots(accuracies, xlabel="validation accuracy")

# %% tags=["measured"]
cpu_seconds = {name: sum(run[1] for run in runs[name]) for name in recipes}
for name, seconds in cpu_seconds.items():
    print(f"{name:30} {seconds:3.0f} CPU seconds for three seeds")

# %% tags=["folded"]
means = np.mean(list(accuracies.values()), axis=1)
spreads = np.ptp(list(accuracies.values()), axis=1)

# %% [markdown]
# All five see each photograph eight times, so the arithmetic on them is the same; batches of 512 save
# the fixed price of seven steps in eight. They cost `{python} f"{100 * (means[0] - means[1]):.1f}"`
# points of accuracy, since 288 short steps do not get far. The falling rate brings
# `{python} f"{100 * (means[2] - means[1]):.1f}"` points, standardising another
# `{python} f"{100 * (means[3] - means[2]):.1f}"`. The warm-up changes the mean by
# `{python} f"{100 * (means[4] - means[3]):+.1f}".replace("-", "−")`.
#
# Is that more than luck? Another seed means other first weights and another order of the
# photographs, and so another accuracy: seeds of one recipe differ by up to
# `{python} f"{100 * spreads.max():.1f}"` points. A difference that is not clearly larger is inside the
# noise, and inside the noise means: you do not know. ([Experiments](experiments.md) makes a rule of
# this.) The last rung, the *quick recipe*, is that of the program. The next pages have it in one
# call, `fit_one_cycle`.
#
# ## What goes wrong
#
# **One photograph**, without a batch:

# %% tags=["raises-exception"]
network.predict(validation_images[0], verbose=0)

# %% [markdown]
# The first axis counts photographs, and this one lacks it. The cure is a batch of one,
# `validation_images[:1]`. (In a network that has not predicted before, the message is clearer: it wants
# `(None, 28, 28)` and found `(28, 28)`.) The mistake is harmless, because it stops you. The next
# ones do not.
#
# **An axis too many.** Photographs often have a last axis for colours, of length 1 for grey ones. A
# network with `Input((28, 28))` takes them, and the other way round:

# %%
few_photographs = validation_images[:100]
print(network(few_photographs[..., None]).shape)
with_colours = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
takes_colour = keras.Sequential(with_colours)
print(takes_colour(few_photographs).shape)

# %% [markdown]
# Keras adds or removes a last axis of length 1. Here no harm is done; elsewhere it hides a wrong
# shape until later.
#
# **Prepared twice.** Elsewhere you read that pixels must be divided by 255. This network prepares
# them itself. Do both:

# %%
loss_once, accuracy_once = grade(network)
loss_twice, accuracy_twice = grade(network, validation_images / 255)
print(f"bytes: loss {loss_once:.2f}, accuracy {accuracy_once:.1%}")
print(f"divided: loss {loss_twice:.2f}, accuracy {accuracy_twice:.1%}")

# %% [markdown]
# No error. To this network all photographs are now nearly black, so the answers hardly depend on
# them. The loss gives it away: it is above `{python} f"{np.log(10):.1f}"`, the price of ignorance.
#
# **Softmax twice.** The loss is told `from_logits=True`, so it computes softmax. What if the last
# layer does so, too? Train a small network without and with it, and with it in
# [mixed precision](../beyond/make-it-fast.md), that is, with fewer digits:


# %%
def losses_with(**options) -> list[float]:
    """Return the loss of each epoch; `options` are the last layer's."""
    keras.utils.set_random_seed(7)
    linear_network = keras.Sequential(
        [
            keras.Input((28, 28)),
            standardise,
            keras.layers.Flatten(),
            keras.layers.Dense(10, **options),
        ]
    )
    linear_network.compile("adam", loss, steps_per_execution=36)
    linear_network.fit(few_images, few_labels, 512, epochs=2, verbose=0)
    return linear_network.history.history["loss"]


# %%
logits_losses = losses_with()
softmax_losses = losses_with(activation="softmax")
mixed_losses = losses_with(activation="softmax", dtype="mixed_bfloat16")
print(logits_losses, softmax_losses, mixed_losses, sep="\n")

# %% [markdown]
# The first two lines agree, at the price of a warning: Keras recognises a tensor that comes straight
# out of a softmax, and goes back to its logits. (You will read that such a network trains slowly. In
# Keras `{python} keras.__version__`, `fit` mends it.) The third line has no warning and falls little:
# there, the loss sees a copy of the tensor, with more digits, and recognises nothing. Nor does
# Keras recognise what has been through NumPy. And TensorFlow's own loss, common in training loops written by hand,
# never does:

# %%
import tensorflow as tf

chances = classifier(validation_images)
perfect_answers = np.eye(10, dtype="float32")[validation_labels]
tensorflow_loss = tf.nn.sparse_softmax_cross_entropy_with_logits
keras_cost = float(loss(validation_labels, chances))
numpy_cost = float(loss(validation_labels, chances.numpy()))
true_classes = validation_labels.astype(int)  # it takes no bytes
tensorflow_cost = np.mean(tensorflow_loss(true_classes, chances))
floor = np.mean(tensorflow_loss(true_classes, perfect_answers))
print(f"Keras {keras_cost:.4f}, through NumPy {numpy_cost:.4f}")
print(f"TensorFlow {tensorflow_cost:.4f}, perfect answers {floor:.4f}")

# %% [markdown]
# The last number, of answers that could not be better, is a floor. The second softmax turns a 1 and
# nine 0s into $e / (e + 9)$ for the true class, which costs
# `{python} f"{np.log(1 + 9 / np.e):.2f}"`. Where the loss of ten classes will not fall below that, look
# for a second softmax.
#
# ## What it cannot say
#
# Softmax always shares out the whole of one among the ten classes. Ask about pure noise:

# %%
generator = np.random.default_rng(7)
noise = generator.integers(0, 256, (1000, 28, 28), dtype=np.uint8)
noise_probabilities = classifier.predict(noise, batch_size=1000, verbose=0)
median_certainty = np.median(noise_probabilities.max(axis=1))
noise_classes = np.bincount(noise_probabilities.argmax(axis=1))
favourite_class = class_names[noise_classes.argmax()]
print(f"{median_certainty:.0%}, most often {favourite_class}")

# %% [markdown]
# Half of the noise pictures get their class with a probability of at least
# `{python} f"{median_certainty:.0%}"`. A probability compares the classes that the network knows; it does
# not say whether the picture is of any of them.
#
# ## The worst mistakes
#
# Which wrong answers was the network surest of? (On validation photographs: whoever looks at mistakes
# wants to mend something, and would choose by them.)

# %%
chances = classifier.predict(validation_images, batch_size=1000, verbose=0)
answers = chances.argmax(axis=1)
mistakes = np.flatnonzero(answers != validation_labels)
surest_mistakes = mistakes[np.argsort(-chances[mistakes].max(axis=1))[:10]]
titles = [
    f"{class_names[answers[i]]}?\nno, {class_names[validation_labels[i]]}"
    for i in surest_mistakes  # its answer, then the label
]
surest_images = validation_images[surest_mistakes]
plot_images.image_grid(surest_images, titles, subject="surest mistakes")

# %% [markdown]
# Would you have done better? Some pictures are hard for anyone at this size, and some labels are
# doubtful. All mistakes together are a **confusion matrix**: a row per true class, a column per
# answer, in percentages of the row. Correct answers lie on the diagonal.

# %%
from snippets.plot_evaluation import draw_confusion_matrix

draw_confusion_matrix(validation_labels, answers, class_names=class_names)

# %%
is_correct = answers == validation_labels
recalls = [is_correct[validation_labels == i].mean() for i in range(10)]
hardest_class = class_names[np.argmin(recalls)]
easiest_class = class_names[np.argmax(recalls)]
print(f"{hardest_class}: {min(recalls):.1%}")
print(f"{easiest_class}: {max(recalls):.1%}")

# %% [markdown]
# One number hid that: the network is right on `{python} f"{max(recalls):.0%}"` of class
# *`{python} easiest_class`* and on `{python} f"{min(recalls):.0%}"` of class *`{python} hardest_class`*.
# Read along its row: most of the wrong answers are other things to wear on the upper body. At
# this size such a thing is an outline, and the outlines are alike.
#
# !!! note "What changed since older programs"
#
#     - `from tensorflow import keras` or `tensorflow.keras`: Keras is a package of its own again, and
#       `import keras` is enough. TensorFlow is the engine that it drives.
#     - `Flatten(input_shape=(28, 28))`: the shape now has a line of its own, `keras.Input((28, 28))`.
#       The old way still works, with a warning.
#     - `Dense(10, activation="softmax")` as the last layer, with a loss without `from_logits=True`:
#       right as a pair.

# %% tags=["claims"]
assert test_accuracy >= 0.88, (
    "the program is right on at least 88% of the test photographs"
)
assert history["accuracy"][-1] > test_accuracy, (
    "the program is right more often on photographs that it has studied"
)
assert probabilities.argmax() == test_labels[0] == 9, (
    "the first test photograph is an ankle boot, and recognised"
)
beside_boot = np.delete(probabilities, 9)
assert beside_boot[[5, 7]].sum() > 0.9 * beside_boot.sum(), (
    "more than nine tenths of what it leaves over go to sandal and sneaker"
)
assert (answers_to_diagonal == [[2, 0]]).all(), (
    "the first unit answers 2 for its diagonal, the second 0"
)
assert abs(untrained_losses[0] - np.log(10)) < 0.6, (
    "an untrained network loses about ln 10"
)
assert means[4] > means[0] - 0.01, (
    "the program's recipe is no worse than the plain one"
)
plain_seconds, large_seconds, *_ = cpu_seconds.values()
assert plain_seconds > large_seconds, (
    "batches of 64 take more CPU seconds than batches of 512"
)
assert network(few_photographs[..., None]).shape == (100, 10), (
    "`Input((28, 28))` takes photographs with a last axis of length 1"
)
assert takes_colour(few_photographs).shape == (100, 784), (
    "`Input((28, 28, 1))` takes photographs without that axis"
)
assert loss_twice > np.log(10) > loss_once, (
    "fed photographs divided by 255, the network is worse than ignorance"
)
assert np.allclose(softmax_losses, logits_losses), (
    "in `fit`, a softmax before `from_logits=True` leaves the losses as they are"
)
assert min(mixed_losses) > 1.461, (
    "in mixed precision it does not: the loss stays above 1.46"
)
assert abs(floor - np.log(1 + 9 / np.e)) < 1e-4, (
    "softmax of perfect answers costs ln(1 + 9/e) with ten classes"
)
assert min(numpy_cost, tensorflow_cost) > floor > keras_cost, (
    "only a loss that cannot recognise the softmax stays above that"
)
assert hardest_class == "Shirt", "shirts are the hardest class"
shirt_answers = answers[~is_correct & (validation_labels == 6)]
assert np.isin(shirt_answers, [0, 2, 4]).mean() > 0.5, (
    "most of the wrong answers to shirts are T-shirt, pullover or coat"
)

# %% tags=["control"] claim="an untrained network loses about ln 10" without="dividing the pixels by 255"
takes_bytes = build(keras.layers.Rescaling(1.0))
takes_bytes.compile(loss=loss)
untrained_losses = [grade(takes_bytes)]

# %% tags=["control"] claim="the program's recipe is no worse than the plain one" without="seven of its eight epochs"
hasty_network = build(standardise)
one_epoch = CosineDecay(0.004, decay_steps=36)
adam = keras.optimizers.Adam(one_epoch)
hasty_network.compile(adam, loss, metrics=["accuracy"])
hasty_network.fit(few_images, few_labels, batch_size=512, verbose=0)
means = [*means[:4], grade(hasty_network)[1]]

# %% tags=["control"] claim="the program is right on at least 88% of the test photographs" without="labels that match the training photographs"
shuffled_labels = np.random.default_rng(0).permutation(training_labels)
misled_network = build(standardise)
misled_network.compile("adam", loss, metrics=["accuracy"])
misled_network.fit(training_images, shuffled_labels, 512, verbose=0)
_, test_accuracy = misled_network.evaluate(test_images, test_labels)

# %% tags=["control"] claim="fed photographs divided by 255, the network is worse than ignorance" without="the division"
loss_twice, _ = grade(network)

# %% tags=["control"] claim="more than nine tenths of what it leaves over go to sandal and sneaker" without="training"
layers = [build(standardise), keras.layers.Softmax()]
probabilities = keras.Sequential(layers).predict(test_images[:1])[0]
beside_boot = np.delete(probabilities, 9)

# %% tags=["control"] claim="in `fit`, a softmax before `from_logits=True` leaves the losses as they are" without="a loss that recognises it"
softmax_losses = mixed_losses

# %% tags=["control"] claim="in mixed precision it does not: the loss stays above 1.46" without="the softmax"
mixed_losses = losses_with(dtype="mixed_bfloat16")

# %% [markdown]
# ## Exercises
#
# **1. A softmax that survives.** For large logits, $e^{z}$ is too large for a computer: the starter
# returns *not a number*. Softmax does not change when you subtract the same number from every
# logit. Subtract one that helps.


# %% tags=["starter"]
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of one example's logits, shape (n,)."""
    with np.errstate(all="ignore"):  # hides numpy's warnings
        powers = np.exp(logits)
        return powers / powers.sum()


# %% [markdown] tags=["hint"]
# Which logit makes the largest power? If that one becomes 0 and all others lie below, no power is larger than
# 1.

# %% tags=["check"]
# The last three each hold the same differences, so the same probabilities.
for logits, expected in [
    ([2.0, 0.0], [0.880797, 0.119203]),
    ([-1000.0, 0.0], [0.0, 1.0]),
    ([3000.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    ([2.0, 1.0, 0.0], [0.665241, 0.244728, 0.090031]),
    ([1e5 + 1, 1e5, 1e5 - 1], [0.665241, 0.244728, 0.090031]),
    ([-1e5, -1e5 - 1, -1e5 - 2], [0.665241, 0.244728, 0.090031]),
]:
    answer = np.array(softmax(np.array(logits)), float).round(4)
    message = f"the logits {logits} give {answer}, not {expected}"
    assert answer.shape == (len(logits),), message
    assert np.allclose(answer, expected, atol=1e-3), message


# %% tags=["solution"]
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of one example's logits, shape (n,)."""
    powers = np.exp(logits - logits.max())  # the largest power is now 1
    return powers / powers.sum()


# %% tags=["wrong"]
def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(np.clip(logits, -700, 700))  # 701 is 700
    return powers / powers.sum()


# %% tags=["wrong"]
def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.mean())  # may be too large
    return powers / powers.sum()


# %% tags=["wrong"]
def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits / np.abs(logits).max())  # another temperature
    return powers / powers.sum()


# %% tags=["wrong"]
def softmax(logits: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        powers = np.nan_to_num(np.exp(logits))
        return np.nan_to_num(powers / powers.sum())  # hides the nan


# %% tags=["wrong"]
def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits - logits.max())  # not divided by the sum


# %% [markdown]
# **2. Count before you train.** How many steps does the optimizer take in `epochs` epochs over
# `examples` examples? The last batch of an epoch may be smaller than the others, and it counts.


# %% tags=["starter"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    """Return the number of steps that `fit` takes."""
    return examples // batch_size * epochs


# %% [markdown] tags=["hint"]
# How many batches does one epoch have? An epoch of 1,025 examples in batches of 512 has three, not two; the
# epochs then follow one another.

# %% tags=["check"]
cases = {(1024, 512, 3): 6, (1025, 512, 3): 9, (100, 512, 4): 4}
cases |= {(10_001, 10_000, 1): 2, (7, 2, 5): 20, (6, 1, 1): 6}
cases[54_000, 512, 8] = int(network.optimizer.iterations)
(*_, candidate), *_ = runs["batch 64, rate 0.001"]
cases[18_000, 64, 8] = int(candidate.optimizer.iterations)
for (examples, batch_size, epochs), steps in cases.items():
    step_count = optimizer_steps(examples, batch_size, epochs)
    case = f"{examples} examples, batches of {batch_size}, epochs: {epochs}"
    assert step_count == steps, f"{case}: {steps} steps, not {step_count}"


# %% tags=["solution"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    """Return the number of steps that `fit` takes."""
    batches = (examples + batch_size - 1) // batch_size  # rounded up
    return batches * epochs


# %% tags=["wrong"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    return (examples // batch_size + 1) * epochs  # if it fits, 1 more


# %% tags=["wrong"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    return -(-examples * epochs // batch_size)  # across epochs


# %% tags=["wrong"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    return round(examples / batch_size) * epochs


# %% tags=["wrong"]
def optimizer_steps(examples: int, batch_size: int, epochs: int) -> int:
    return -(-examples // batch_size) * 8  # eight epochs, as on this page


# %% [markdown]
# **3. Nearly right.** How often is the true class among the two with the largest logits? Write
# the **top-2 accuracy**. The starter looks at the largest only.


# %% tags=["starter"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of labels among the two largest logits."""
    return float((logits.argmax(axis=1) == labels).mean())


# %% [markdown] tags=["hint"]
# Sort the positions of each row by their logit and keep the last two. Then ask in each row whether the label
# is one of them.

# %% tags=["check"]
validation_logits = network(validation_images).numpy()
rows = np.array([[5, 1, 3, 0]] * 2 + [[0, 2, 1, -9]] * 2, "float32")
cases = [(rows, [0, 2, 1, 0], 0.75), (rows, [1, 1, 0, 0], 0.0)]
of_label = validation_logits[np.arange(6000), validation_labels]
places = (validation_logits > of_label[:, None]).sum(axis=1)
cases.append((validation_logits, validation_labels, np.mean(places < 2)))
for logits, true_labels, expected in cases:
    answer = top_two_accuracy(logits, np.array(true_labels))
    message = f"of {len(true_labels)} labels, the fraction {expected:.4f} "
    message += f"is among the two largest logits, not {answer}"
    assert np.allclose(np.array(answer, float), expected), message


# %% tags=["solution"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of labels among the two largest logits."""
    top_two = np.argsort(logits, axis=1)[:, -2:]
    return float((top_two == labels[:, None]).any(axis=1).mean())


fraction = top_two_accuracy(validation_logits, validation_labels)
print(f"{fraction:.1%} of the validation set")


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    top_two = np.argsort(logits, axis=1)[:, :2]  # the two smallest
    return float((top_two == labels[:, None]).any(axis=1).mean())


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    top_two = np.argsort(logits, axis=1)[:, -2:]
    return float((top_two == labels[:, None]).mean())  # of all pairs


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    top_two = np.argsort(logits, axis=1)[:, -2:]
    return float(np.isin(labels, top_two).mean())  # of any example


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    second_guess = np.argsort(logits, axis=1)[:, -2]  # and not the first
    return float((second_guess == labels).mean())


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    top_three = np.argsort(logits, axis=1)[:, -3:]
    return float((top_three == labels[:, None]).any(axis=1).mean())


# %% [markdown]
# ## Questions
#
# Five questions about the program and its mistakes, with a reason for each choice.

# %% [markdown] tags=["question"]
# A network takes pictures of 10 by 10 pixels: `Input((10, 10))`, `Flatten()`, `Dense(20, activation="relu")`,
# `Dense(3)`. How many numbers does it learn?
#
# - 2,083
#     - 100 pixels times 20 units and 20 biases, then 20 times 3 and 3 biases. `Flatten` and relu have none.
# - 2,060
#     - Those are the weights that multiply. Each unit also has one number that it adds, its bias.
# - 283
#     - That gives the first dense layer 10 inputs. `Flatten` hands it all 100 pixels of a picture.
# - 2,103
#     - That gives relu 20 numbers of its own, one for each unit. It replaces negative results by 0 and learns
#       nothing.

# %% tags=["question"]
small_layers = [
    keras.Input((10, 10)),
    keras.layers.Flatten(),
    keras.layers.Dense(20, activation="relu"),
    keras.layers.Dense(3),
]
number_count = keras.Sequential(small_layers).count_params()
[
    number_count == 2083,
    number_count == 2060,
    number_count == 283,
    number_count == 2103,
]

# %% [markdown] tags=["question"]
# You delete `activation="relu"` from the program's layer of 128 units. What can the network do then?
#
# - what a single `Dense(10)` could do
#     - Without anything in between, two matrix products in a row make one: the scores of a mean are then the
#       mean of the scores. The 128 units bring nothing but work.
# - what it could do before
#     - There are as many weights as before. But without a bend they only add and multiply, and so does one
#       layer.
# - nothing: all its scores become 0
#     - Relu replaces negative numbers by 0; without it more numbers come through, not fewer.


# %% tags=["question"]
def scores_of_mixture(activation):
    """Return the scores of two inputs' mean, and the mean of their scores."""
    hidden = keras.layers.Dense(128, activation=activation)
    chain = keras.Sequential(
        [keras.Input((784,)), hidden, keras.layers.Dense(10)]
    )
    a, b = np.random.default_rng(7).normal(size=(2, 4, 784))
    return chain((a + b) / 2).numpy(), (chain(a) + chain(b)).numpy() / 2


straight_scores, mean_scores = scores_of_mixture(None)
[
    np.allclose(straight_scores, mean_scores, atol=1e-4),
    np.allclose(*scores_of_mixture("relu"), atol=1e-4),
    (straight_scores == 0).all(),
]

# %% [markdown] tags=["question"]
# Your photographs are of ten equally large classes and lie sorted by class. What does `validation_split=0.1`
# hold out?
#
# - the last class alone
#     - It takes the last tenth as the data lies, before any shuffling. The network is then graded on a class
#       that it has never seen.
# - a tenth of each class
#     - That is a stratified sample, and you must draw it yourself. `fit` does not look at the labels before
#       it splits.
# - a tenth, drawn at random
#     - `fit` shuffles what it trains on, anew in each epoch. The split comes before that.

# %% tags=["question"]
sorted_labels = np.repeat(np.arange(10.0), 100)
probe = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
probe.compile(
    loss=lambda truth, answer: truth + 0 * answer
)  # the mean label
probe.fit(sorted_labels, sorted_labels, validation_split=0.1, verbose=0)
mean_held_out = probe.history.history["val_loss"][0]
[
    np.isclose(mean_held_out, 9),
    np.isclose(mean_held_out, 4.5),
    3.5 < mean_held_out < 5.5,
]

# %% [markdown] tags=["question"]
# Someone wants to use the program's network and asks how often it is right on photographs that nobody has
# seen. Which number do you give?
#
# - `{python} f"{test_accuracy:.1%}"`, from the test photographs
#     - Nothing was learned from them and nothing was chosen with them, so they are as new to the network as
#       tomorrow's.
# - `{python} f"{history['val_accuracy'][-1]:.1%}"`, from the validation photographs
#     - Nothing was learned from these either, but the settings were chosen with them. What suits these by
#       luck is in the number.
# - `{python} f"{history['accuracy'][-1]:.1%}"`, from the training photographs
#     - These the network has studied eight times, and part of it is learned by heart.

# %% tags=["question"]
fresh_answers = network.predict(test_images, verbose=0).argmax(axis=1)
fresh_accuracy = np.mean(fresh_answers == test_labels)
[
    np.isclose(test_accuracy, fresh_accuracy, atol=1e-4),
    np.isclose(history["val_accuracy"][-1], fresh_accuracy, atol=1e-4),
    np.isclose(history["accuracy"][-1], fresh_accuracy, atol=1e-4),
]

# %% [markdown] tags=["question"]
# A colleague loads the trained network and, out of habit, divides the photographs by 255 before `evaluate`.
# How does it show?
#
# - Only in the numbers: the loss is above $\ln 10$.
#     - The first layer standardises what it gets. Bytes divided by 255 all look nearly black to it, and the
#       answers hardly depend on the photograph.
# - Only in the numbers: the accuracy is a little lower.
#     - It falls from `{python} f"{accuracy_once:.0%}"` to `{python} f"{accuracy_twice:.0%}"`. What training
#       has fixed are one mean and one deviation, and they are those of bytes.
# - In an error: floats are not bytes.
#     - Keras converts either to floats. Shapes are checked, what the numbers mean is not.
# - Not at all: `Normalization` evens it out.
#     - It would if it measured anew. `adapt` did that once, on the training photographs.

# %% tags=["question"]
try:
    divided_loss, divided_accuracy = grade(network, validation_images / 255)
except ValueError:
    divided_loss, divided_accuracy = np.nan, np.nan
drop = accuracy_once - divided_accuracy
[
    divided_loss > np.log(10),
    0.001 < drop < 0.1,
    np.isnan(divided_loss),
    abs(drop) < 0.001,
]

# %% [markdown]
# ## What to remember
#
# - A network is a chain of layers; training turns its weights, step by step, against the gradient
#   of a loss. The preparation of the input is its first layer.
# - Know the price of ignorance, $\ln$ of the number of classes, before you train.
# - Learn on the training set, choose on the validation set, use the test set once.
# - Larger batches with a learning-rate schedule and standardised input do the same work in far
#   fewer steps. Compare with several seeds before you believe a small difference.
# - One softmax: in the loss while you train, appended for use.
# - A probability only compares the classes that the network knows. Look at the mistakes, not only
#   at the accuracy.
#
# ## Where next
#
# `Flatten` threw away which pixel lies beside which. A [convolutional
# network](../convnets/convolution.md) keeps it, and that pays. To see what `fit` does, step by step,
# write it: [Training by hand](../foundations/training-by-hand.md). With the
# [functional API](functional-api.md), layers branch, meet and answer two questions at once. What can be
# done about overfitting is the matter of [Regularisation](regularisation.md).
#
# **Sources.**
#
# - H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
#   Learning Algorithms*, 2017, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
# - D. P. Kingma and J. Ba, *Adam: A Method for Stochastic Optimization*, 2014,
#   [arXiv:1412.6980](https://arxiv.org/abs/1412.6980).
# - I. Loshchilov and F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2016,
#   [arXiv:1608.03983](https://arxiv.org/abs/1608.03983): where the cosine comes from.
# - P. Goyal and others, *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour*, 2017,
#   [arXiv:1706.02677](https://arxiv.org/abs/1706.02677): large batches, longer steps, a warm-up.
# - Keras: [`compile`, `fit`, `evaluate`, `predict`](https://keras.io/api/models/model_training_apis/),
#   [`CosineDecay`](https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/).
