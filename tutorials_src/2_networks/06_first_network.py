# ---
# title: Your first network
# summary: Train a network that tells ten kinds of clothes apart, then question what it learned.
# needs: [fashion-mnist, training-by-hand]
# teaches: [relu, validation split, learning curve, overfitting, learning-rate schedule]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %%
import keras
import numpy as np

from snippets import plot_classes, plot_evaluation, plot_images, plot_training, tables
from snippets.datasets import load_fashion_mnist

# %% [markdown]
# By what rule do the pixels of a photograph become the words *ankle boot*? Try to write one down,
# and you will not get far. On this page you do not write it either: you show a network many
# labelled photographs and let gradients find the rule. Then you do what matters more: you measure
# how good the rule is, and look at where it is wrong.
#
# You need [training by hand](../foundations/training-by-hand.md), at least its idea: a step against
# the gradient makes a loss smaller.
#
# ## The data
#
# You know the photographs from [Fashion-MNIST](fashion-mnist.md), 28 by 28 bytes each. Every one
# carries a label, the number of its class. Here is one of each.

# %%
fashion = load_fashion_mnist()
labels = fashion.train.labels
first_of_each = [np.flatnonzero(labels == number)[0] for number in range(10)]
titles = [f"{number}: {name}" for number, name in enumerate(fashion.class_names)]
plot_images.image_grid(fashion.train.images[first_of_each], titles, subject="labelled photographs")

# %% [markdown]
# They come in three parts, or **splits**, and each has one job:

# %%
splits = {"train": fashion.train, "validation": fashion.validation, "test": fashion.test}
jobs = ["the network learns from it", "you choose with it", "you use it once, at the end"]
tables.table(
    [
        {"split": name, "photographs": f"{len(split):,}", "job": job}
        for (name, split), job in zip(splits.items(), jobs, strict=True)
    ]
)

# %% [markdown]
# A network can learn its training photographs by heart, and you can choose what happens to suit the
# validation photographs. Only those that nobody has used for anything give an honest grade.
#
# ## A network small enough to check by hand
#
# A network is a chain of layers. Here is one that looks at pictures of two by two pixels:
#
# - `Flatten` writes the rows of a picture one after the other: a vector of four numbers.
# - `Dense(2)` has two **units**. Each unit multiplies the four numbers by four weights of its own,
#   adds them up, and adds one more number, its bias.
# - `relu` replaces each negative result by 0. Without something like it, a chain of dense layers
#   could do no more than a single one: two matrix products in a row make one. (There are
#   [other such functions](functional-api.md).)
#
# Weights are normally learned. Here you set them: the first unit likes the diagonal from top left
# to bottom right, the second likes the other one.

# %%
tiny = keras.Sequential(
    [keras.Input((2, 2)), keras.layers.Flatten(), keras.layers.Dense(2, activation="relu")]
)
weights = np.array([[1, -1], [-1, 1], [-1, 1], [1, -1]])  # a row a pixel, a column a unit
tiny.layers[-1].set_weights([weights, np.zeros(2)])
picture = np.array([[1, 0], [0, 1]])
found = tiny(picture[None]).numpy()  # [None]: a network takes many pictures at once, here one
print(found)

# %% [markdown]
# By hand: the flattened picture is 1, 0, 0, 1. The first unit gets 1·1 + 0·(−1) + 0·(−1) + 1·1 = 2.
# The second gets −2, which `relu` turns into 0. A unit is a detector: it answers loudly when the
# picture looks like its weights.
#
# ## From scores to probabilities, and to a loss
#
# The last layer of a classifier has one unit a class and no `relu`. Its results are scores,
# called logits: any numbers, the largest for the class that fits best.
# [Softmax](../foundations/gradients.md) turns them into probabilities. For two classes:

# %%
logits = np.array([2.0, 0.0])
probabilities = np.exp(logits) / np.exp(logits).sum()
loss_if_first, loss_if_second = -np.log(probabilities)
print("probabilities:", probabilities.round(3))
print("minus logarithm:", loss_if_first.round(3), loss_if_second.round(3))

# %% [markdown]
# The loss of a classifier is the cross-entropy: minus the natural logarithm (`np.log`) of the
# probability that the right class was given. If the first class is right, the answer above costs
# `{python} f"{loss_if_first:.2f}"`. If the second is right, it costs
# `{python} f"{loss_if_second:.2f}"`: being sure and wrong is expensive.
#
# So you know the price of ignorance before you train anything. A network that gives each of ten
# classes the same probability has a loss of $\ln 10$, which is `{python} f"{np.log(10):.2f}"`.
#
# ## The plain recipe
#
# Now the real thing: photographs of 28 by 28 pixels, 128 units in the middle (a number that you
# choose), and ten logits at the end. Training goes better with small numbers than with bytes, so
# every pixel is first divided by 255, the largest byte.


# %%
def build(seed: int = 7) -> keras.Sequential:
    """Return the untrained network; the same seed gives the same first weights."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


def to_unit(images: np.ndarray) -> np.ndarray:
    """Return bytes as float32 from 0 to 1."""
    return images.astype("float32") / 255


plain = build()
tables.table(
    [
        {
            "layer": type(layer).__name__,
            "returns": layer.output.shape[1:],
            "weights": f"{layer.count_params():,}",
        }
        for layer in plain.layers
    ]
)

# %% [markdown]
# Check the largest number: 784 pixels times 128 units, and 128 biases. In all, training has
# `{python} f"{plain.count_params():,}"` knobs to turn.
#
# Picture the network as a sandwich. `Flatten` is the slice of bread below: it holds everything and
# changes nothing. The dense layers are the filling: all that is learned is in there. Softmax is the
# slice on top: it makes ten scores into ten probabilities. Where the picture breaks: a photograph
# goes in below and its scores come out above; and the top slice comes separately, with the loss, as
# you will see in a moment.
#
# Four calls do everything: `compile`, `fit`, `evaluate` and `predict`.
#
# **`compile`** hands over the cooking instructions. The *loss* says how the dish will be judged. The
# *optimizer*, here Adam, is the method: how much of each ingredient to change after a tasting. It
# walks down the gradient with the learning rate 0.001, and adapts the step length of each weight
# ([how, and against what others](functional-api.md)).
# The *metrics* are what is written on the menu: nobody cooks by them. Where the picture breaks: a
# taster says *too salty*; the gradient says for every one of the knobs which way to turn it. It can,
# because the loss changes smoothly with each. Accuracy does not: it jumps, or stands still.
#
# The network returns logits, so the loss is told `from_logits=True` and computes softmax and
# logarithm in one go. (Softmax in the last layer works too. Computed together, no probability gets
# so small that it is rounded to 0 before its logarithm is taken.) *Sparse* means that labels are
# class numbers.

# %%
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
plain.compile(keras.optimizers.Adam(0.001), loss=cross_entropy, metrics=["accuracy"])
unit_validation = to_unit(fashion.validation.images)
untrained_loss, untrained_accuracy = plain.evaluate(  # measures, and learns nothing
    unit_validation, fashion.validation.labels, verbose=0
)

# %% [markdown]
# Before any training, the loss is `{python} f"{untrained_loss:.2f}"`, not far from what ignorance
# costs (random weights give random opinions, not equal probabilities), and the accuracy is
# `{python} f"{untrained_accuracy:.0%}"`. Always check this: a first loss that is far off usually
# means a mistake in the data, the labels or the loss.
#
# **`fit`** is studying for a test, with a book of exercises that has the answers in the back. The
# network works through the training photographs in random order, compares with the labels, and
# corrects itself. After each time through the book it sits a mock exam, the validation photographs,
# and learns nothing from it. Where the picture breaks: a pupil understands more each time; a network
# that studies too long starts to learn the answers by heart.
#
# | the word | what it means | here |
# |---|---|---|
# | batch size | how many photographs make one gradient, and one step of the optimizer | 64 |
# | epoch | once through all training photographs, in a new random order | 8 of them |
# | **validation split** | the part held out of the training photographs, for the mock exams | `{python} f"{len(fashion.validation):,}"` photographs |
#
# (With `validation_split=0.1` instead of `validation_data`, Keras holds out the last tenth by
# itself: the last tenth as the data lies, before any shuffling. If your data is sorted by class,
# that is a validation set of one class.)

# %% tags=["measured"]
from snippets.training import Stopwatch

unit_train = to_unit(fashion.train.images)
with Stopwatch() as plain_time:
    plain_run = plain.fit(
        unit_train,
        labels,
        epochs=8,
        batch_size=64,
        validation_data=(unit_validation, fashion.validation.labels),
        verbose=0,
    )
print(f"{plain_time.cpu_seconds:.0f} CPU seconds for {plain.optimizer.iterations.numpy():,} steps")

# %% [markdown]
# What `fit` returns has a dictionary, `history`, with the loss and the accuracy of each epoch.
# Drawn, they are the **learning curves**.

# %%
plain_history = plain_run.history
plot_training.learning_curves(plain_history)

# %% [markdown]
# Read the loss first. On the training photographs it keeps falling. On the validation photographs
# it stops falling: from there on, most of what the network learns is true of the training
# photographs only. That is **overfitting**. The distance between the two curves is its size: at
# the end, `{python} f"{plain_history['accuracy'][-1]:.1%}"` of the training photographs are
# right, and `{python} f"{plain_history['val_accuracy'][-1]:.1%}"` of the others. (After the first
# epoch, validation looks *better*. The training numbers are averages over the epoch, and so
# include its beginning, when the network knew little; the validation numbers are measured at its
# end.)
#
# ## The same for a fraction of the work
#
# Where did the time go? Hardly into the photographs. Every step, however few of them it holds,
# pays a fixed price: Python hands over a batch, TensorFlow starts some dozens of small
# operations, and Adam changes every weight. Larger batches make fewer steps, but each step must
# then get further. So change three things:
#
# 1. **Batch size 512**: an eighth of the steps an epoch. The gradient of a batch is an estimate
#    of the gradient of all photographs; that of a larger batch is a better one. And
#    `steps_per_execution` takes all steps of an epoch without coming back to Python after each.
# 2. **A learning rate that rises and falls once.** A better gradient can be trusted further, so
#    the steps may be longer. `OneCycle` takes the peak and the number of steps. It starts with
#    short ones, while the random first weights make for steep slopes, climbs to the peak, and ends
#    with very short ones, to settle. Such a plan is a **learning-rate schedule**.
# 3. **Standardised pixels**: subtract from each pixel its mean over all training photographs, and
#    divide by the standard deviation, the typical size of what is left. The inputs then lie around
#    0, not all on one side of it, and the valley of the loss is rounder.

# %%
from snippets.training import OneCycle

batches = -(-len(labels) // 512)  # an epoch's; -(-a // b) rounds the division up
steps = 8 * batches
schedule = OneCycle(0.006, steps)
plot_training.rate_curve(schedule(np.arange(steps)))

# %% [markdown]
# To see which change did what, switch them on one after the other. Every run uses the same first
# weights, and eight epochs, as before.

# %%
mean = fashion.train.images.mean(axis=0, dtype="float32")  # a photograph of means, (28, 28)
deviation = (fashion.train.images - mean).std()


def to_standard(images: np.ndarray) -> np.ndarray:
    """Return bytes as float32 around 0, by the training set's mean and deviation."""
    return (images.astype("float32") - mean) / deviation


def train(prepare, learning_rate, seed: int = 7) -> tuple[keras.Sequential, dict, Stopwatch]:
    """Train for eight epochs in batches of 512; return the network, its history and the time."""
    network = build(seed)
    network.compile(
        keras.optimizers.Adam(learning_rate),
        loss=cross_entropy,
        metrics=["accuracy"],
        steps_per_execution=batches,
    )
    images, held_out = prepare(fashion.train.images), prepare(fashion.validation.images)
    with Stopwatch() as time:
        run = network.fit(
            images,
            labels,
            epochs=8,
            batch_size=512,
            validation_data=(held_out, fashion.validation.labels),
            verbose=0,
        )
    return network, run.history, time


# %% tags=["measured"]
large, large_history, large_time = train(to_unit, 0.001)
cycled, cycled_history, cycled_time = train(to_unit, OneCycle(0.006, steps))
quick, quick_history, quick_time = train(to_standard, OneCycle(0.006, steps))
ladder = {
    "plain: batch 64": (plain_history, plain_time),
    "batch 512": (large_history, large_time),
    "and one cycle": (cycled_history, cycled_time),
    "and standardised: the quick recipe": (quick_history, quick_time),
}
tables.table(
    [
        {
            "recipe": name,
            "validation accuracy": f"{history['val_accuracy'][-1]:.1%}",
            "CPU seconds": f"{time.cpu_seconds:.0f}",
        }
        for name, (history, time) in ladder.items()
    ]
)

# %% [markdown]
# All four recipes see each photograph eight times, so the arithmetic on them is the same; the large
# batch saves the fixed price of `{python} f"{int(plain.optimizer.iterations) - steps:,}"` steps.
# It also costs accuracy: `{python} f"{steps:,}"` short steps do not get far. The schedule and the
# standardised pixels win the accuracy back.
#
# Is such a difference more than luck? Another seed means other first weights and another order of
# the photographs, and so another accuracy. Train the quick recipe with two more seeds:

# %%
others = [train(to_standard, OneCycle(0.006, steps), seed=seed)[1] for seed in (8, 9)]
by_seed = [history["val_accuracy"][-1] for history in (quick_history, *others)]
spread = max(by_seed) - min(by_seed)
print(", ".join(f"{accuracy:.1%}" for accuracy in by_seed))

# %% [markdown]
# Three seeds lie within `{python} f"{100 * spread:.1f}"` percentage points of each other. A
# difference in the table that is not clearly larger than that is no difference you should believe.
# ([Experiments](experiments.md) makes a rule of this, and counts how often luck fools it.)
# The last step of the ladder gained
# `{python} f"{100 * (quick_history['val_accuracy'][-1] - cycled_history['val_accuracy'][-1]):.1f}"`
# points with one seed; what is safe to say is that the quick recipe is no worse than the plain one.
# Its learning curves:

# %%
plot_training.learning_curves(quick_history)

# %% [markdown]
# ## Two ways to go wrong
#
# The fourth call, `predict`, asks the trained network for its guess. Ask about one photograph:

# %% tags=["raises-exception"]
one = to_standard(fashion.validation.images[0])
quick.predict(one, verbose=0)

# %% [markdown]
# Layers expect a batch, and the first axis counts its photographs. In the message, the `None` of
# `(None, 28, 28)` stands for that axis, of any size; the photograph lacks it. The cure is a batch
# of one:

# %%
quick.predict(one[None], verbose=0).shape

# %% [markdown]
# That mistake is harmless, because it stops you. This one does not: give the network photographs
# that were not prepared as in training, the plain bytes.

# %%
right_loss, right_accuracy = quick.evaluate(
    to_standard(fashion.validation.images), fashion.validation.labels, verbose=0
)
wrong_loss, wrong_accuracy = quick.evaluate(
    fashion.validation.images.astype("float32"), fashion.validation.labels, verbose=0
)
tables.table(
    [
        {"input": "standardised", "loss": f"{right_loss:.2f}", "accuracy": f"{right_accuracy:.1%}"},
        {"input": "bytes", "loss": f"{wrong_loss:.2f}", "accuracy": f"{wrong_accuracy:.1%}"},
    ]
)

# %% [markdown]
# No error, and answers that are often right: in a product, you might not notice for months. The
# loss gives it away, because it is far above `{python} f"{np.log(10):.1f}"`, the price of knowing
# nothing: the network is sure of everything, mistakes included. The cure is to keep the preparation
# with the network. The [network for CIFAR-10](../convnets/cifar10.md) has it as its first layer.
#
# ## The exam
#
# All choices are made, so now the test photographs may be used, once. **`evaluate`** is the final
# exam: questions that were in no book. Where the picture breaks: a pupil may take an exam again and
# learn from it. Here, whoever repeats the exam until the grade is good has turned it into practice,
# and no exam is left.

# %%
test_images, test_labels = to_standard(fashion.test.images), fashion.test.labels
exams = {}
for name, network, prepare in (("plain", plain, to_unit), ("quick", quick, to_standard)):
    for split in ("train", "test"):
        part = splits[split]
        exams[name, split] = network.evaluate(
            prepare(part.images), part.labels, batch_size=1000, verbose=0
        )
tables.table(
    [
        {
            "recipe": name,
            "photographs": split,
            "loss": f"{loss:.3f}",
            "accuracy": f"{accuracy:.1%}",
        }
        for (name, split), (loss, accuracy) in exams.items()
    ]
)

# %%
plain_accuracy, test_accuracy = exams["plain", "test"][1], exams["quick", "test"][1]
gap = {name: exams[name, "train"][1] - exams[name, "test"][1] for name in ("plain", "quick")}

# %% [markdown]
# The quick recipe is right on `{python} f"{test_accuracy:.1%}"` of photographs that neither it nor
# you has used before. Guessing would be right on one in ten. On the photographs that it studied it is
# right more often, by `{python} f"{100 * gap['quick']:.1f}"` points: the exercises are easier than
# the exam, for networks as for pupils.
#
# ## One ankle boot, ten probabilities
#
# **`predict`** is guessing from experience: no answers are given, none are learned. The first
# photograph of the test set is an ankle boot. The network returns ten logits; softmax turns them
# into probabilities; `argmax` is the position of the largest one.

# %%
test_logits = quick.predict(test_images, batch_size=1000, verbose=0)
test_probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(test_logits))
answer = int(test_probabilities[0].argmax())
plot_classes.probability_bars(
    test_probabilities[0], class_names=fashion.class_names, true_class=int(test_labels[0])
)

# %% [markdown]
# The star marks the label. The answer is class `{python} answer`,
# *`{python} fashion.class_names[answer]`*, with a probability of
# `{python} f"{test_probabilities[0, answer]:.1%}"`. Nearly all that is left goes to the other
# shoes: nobody told the network that a boot is more like a sneaker than like a shirt.
#
# Where the picture of a guess breaks: whoever has never seen such a thing can say so, and `predict`
# cannot. Softmax always shares out the whole of one among the ten classes. Ask about pure noise:

# %%
noise = np.random.default_rng(7).integers(0, 256, (1000, 28, 28), dtype=np.uint8)
noise_logits = quick.predict(to_standard(noise), batch_size=1000, verbose=0)
noise_sure = keras.ops.convert_to_numpy(keras.ops.softmax(noise_logits)).max(axis=1)
favourite = fashion.class_names[np.bincount(noise_logits.argmax(axis=1)).argmax()]
print(f"median of the largest probability: {np.median(noise_sure):.0%}; most often: {favourite}")

# %% [markdown]
# Half of the noise pictures get their class with a probability of at least
# `{python} f"{np.median(noise_sure):.0%}"`. A probability compares the classes that the network
# knows; it does not say whether the picture is of any of them.
#
# ## The worst mistakes
#
# Which wrong answers was the network surest of?

# %%
test_answers = test_probabilities.argmax(axis=1)
sure = test_probabilities.max(axis=1)
wrong = np.flatnonzero(test_answers != test_labels)
worst = wrong[np.argsort(-sure[wrong])[:10]]
titles = [
    f"{fashion.class_names[test_answers[i]]}?\nno, {fashion.class_names[test_labels[i]]}"
    for i in worst
]
plot_images.image_grid(fashion.test.images[worst], titles, subject="surest mistakes")

# %% [markdown]
# In each title, the network's answer stands above the label. Would you have done better? Some
# pictures are hard for anyone at this size, and some labels are doubtful. All mistakes together are
# a **confusion matrix**: a row for each true class, a column for each answer. Right answers lie on
# the diagonal. The numbers are percentages of their row.

# %%
plot_evaluation.draw_confusion_matrix(test_labels, test_answers, class_names=fashion.class_names)

# %%
by_class = np.array([(test_answers[test_labels == c] == c).mean() for c in range(10)])
hardest = fashion.class_names[by_class.argmin()]
easiest = fashion.class_names[by_class.argmax()]
print(f"hardest: {hardest} {by_class.min():.1%}, easiest: {easiest} {by_class.max():.1%}")

# %% [markdown]
# One number hid that: the network is right on `{python} f"{by_class.max():.0%}"` of class
# *`{python} easiest`* and on `{python} f"{by_class.min():.0%}"` of class *`{python} hardest`*.
# Read along its row: most of the wrong answers are other things to wear on the upper body. At
# this size such a thing is an outline, and the outlines are alike.

# %% [markdown]
# ## The whole program
#
# Here is everything that mattered, from the data to a guess, in one listing. (`standardise` is
# `to_standard` for any training photographs.) It runs by itself: copy it, and it gives the result of
# this page again, up to rounding.

# %%
import keras
import numpy as np

from snippets.datasets import load_fashion_mnist
from snippets.preprocessing import standardise
from snippets.training import OneCycle

keras.utils.set_random_seed(7)
data = load_fashion_mnist()
inputs, held_out, unseen = (
    standardise(part.images, data.train.images) for part in (data.train, data.validation, data.test)
)

program = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ]
)
batches = -(-len(inputs) // 512)
program.compile(
    optimizer=keras.optimizers.Adam(OneCycle(0.006, steps=8 * batches)),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
    steps_per_execution=batches,
)
validation = (held_out, data.validation.labels)
program.fit(
    inputs, data.train.labels, epochs=8, batch_size=512, validation_data=validation, verbose=0
)

loss, accuracy = program.evaluate(unseen, data.test.labels, batch_size=1000, verbose=0)
guess = program.predict(unseen[:1], verbose=0).argmax()
print(f"test loss {loss:.3f}, accuracy {accuracy:.1%}; a guess: {data.class_names[guess]}")

# %% [markdown]
# !!! note "What changed since older recipes"
#
#     You will meet programs like this one in older books and answers. What to read differently:
#
#     - `from tensorflow import keras` or `tensorflow.keras`: Keras is a package of its own again, and
#       `import keras` is enough. TensorFlow is the engine that it drives.
#     - `Flatten(input_shape=(28, 28))`: the shape now has a line of its own, `keras.Input((28, 28))`.
#       The old way still works, with a warning.
#     - `Dense(10, activation="softmax")` as the last layer, with a loss without `from_logits=True`:
#       right as a pair. Softmax in the network *and* `from_logits=True` is a mistake that trains, slowly.
#     - `def on_epoch_end(self, epoch, logs={})`, in code that `fit` calls after each epoch: a
#       default `{}` is shared by all calls; write `logs=None`.
#
# The words of this page, each with its picture, and where the picture breaks:
#
# | concept | think of | where it breaks |
# |---|---|---|
# | TensorFlow | the engine | you seldom see it, but its error messages come through |
# | Keras | the steering wheel and the dashboard | it also builds the car |
# | `compile` | cooking instructions: how it is judged, by which method, what the menu says | the gradient says for each ingredient how much |
# | `fit` | studying for a test | too long, and it learns the answers by heart |
# | epoch | once through the exercise book | a new order each time, and no chapter builds on another |
# | batch size | how many exercises before you look up the answers | the correction is one for all of them, an average |
# | `evaluate` | the final exam | repeat it until the grade is good, and it was practice |
# | `predict` | guessing from experience | it never says that it does not know |

# %% tags=["claims"]
assert abs(accuracy - test_accuracy) < 0.005, "the whole program repeats the page's result"
assert guess == 9, "the whole program recognises the ankle boot"
assert min(gap.values()) > 0, "both recipes are right more often on photographs they have studied"
assert (found == [[2, 0]]).all(), "the first unit answers 2 for its diagonal, the second 0"
assert abs(untrained_loss - np.log(10)) < 0.6, "an untrained network loses about ln 10"
assert test_accuracy >= 0.88, "the quick recipe is right on at least 88% of the test photographs"
assert test_accuracy > plain_accuracy - 0.01, "the quick recipe is no worse than the plain one"
assert plain_time.cpu_seconds > 1.5 * quick_time.cpu_seconds, (
    "the plain recipe takes more than 1.5 times the CPU seconds of the quick one"
)
assert answer == test_labels[0] == 9, "the first test photograph is an ankle boot, and recognised"
assert test_probabilities[0, [5, 7, 9]].sum() > 0.95, "nearly all its probability goes to shoes"
assert wrong_loss > np.log(10) > right_loss, "fed bytes, the network is worse than ignorance"
assert hardest == "Shirt", "shirts are the hardest class"

# %% tags=["control"] claim="an untrained network loses about ln 10" without="dividing the pixels by 255"
images = fashion.validation.images.astype("float32")
untrained = build()
untrained.compile(loss=cross_entropy)
held_out_labels = fashion.validation.labels
untrained_loss = untrained.evaluate(images, held_out_labels, batch_size=1000, verbose=0)

# %% tags=["control"] claim="the quick recipe is no worse than the plain one" without="seven of its eight epochs"
images = to_standard(fashion.train.images)
hasty = build()
optimizer = keras.optimizers.Adam(OneCycle(0.006, batches))
hasty.compile(optimizer, cross_entropy, metrics=["accuracy"])
hasty.fit(images, labels, batch_size=512, verbose=0)
_, test_accuracy = hasty.evaluate(test_images, test_labels, batch_size=1000, verbose=0)

# %% tags=["control"] claim="the quick recipe is right on at least 88% of the test photographs" without="labels that match the training photographs"
shuffled_labels = np.random.default_rng(0).permutation(labels)
images = to_standard(fashion.train.images)
misled = build()
misled.compile("adam", cross_entropy, metrics=["accuracy"])
misled.fit(images, shuffled_labels, batch_size=512, verbose=0)
_, test_accuracy = misled.evaluate(test_images, test_labels, batch_size=1000, verbose=0)

# %% tags=["control"] claim="fed bytes, the network is worse than ignorance" without="the bytes"
images = to_standard(fashion.validation.images)
wrong_loss, _ = quick.evaluate(images, fashion.validation.labels, verbose=0)

# %% tags=["control"] claim="nearly all its probability goes to shoes" without="training"
logits = build().predict(test_images[:1], verbose=0)
test_probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))

# %% [markdown]
# ## Exercises
#
# **1. A softmax that survives.** For large logits, $e^{z}$ is too large for a computer: the starter
# returns *not a number*. Softmax does not change when you subtract the same number from every
# logit. Subtract one that helps.


# %% tags=["starter"]
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of one example's logits, shape (classes,)."""
    with np.errstate(all="ignore"):  # hides numpy's warnings
        powers = np.exp(logits)
        return powers / powers.sum()


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
    given = np.array(softmax(np.array(logits)), float).round(4)
    differs = f"the logits {logits} give {given.tolist()}, not {expected}"
    assert given.shape == (len(logits),), differs
    assert np.allclose(given, expected, atol=1e-3), differs


# %% tags=["solution"]
def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of one example's logits, shape (classes,)."""
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


# %% tags=["check"]
cases = {(1024, 512, 3): 6, (1025, 512, 3): 9, (100, 512, 4): 4}
cases |= {(10_001, 10_000, 1): 2, (7, 2, 5): 20, (6, 1, 1): 6}
for network, size in ((plain, 64), (quick, 512)):
    cases[len(fashion.train), size, 8] = int(network.optimizer.iterations)
for (examples, size, epochs), taken in cases.items():
    counted = optimizer_steps(examples, size, epochs)
    case = f"{examples} examples, batches of {size}, epochs: {epochs}"
    assert counted == taken, f"{case}: {taken} steps, not {counted}"


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
# **3. Nearly right.** How often is the right class among the two that the network likes best? Write
# the **top-2 accuracy**. The starter looks at the best class only.


# %% tags=["starter"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of examples whose label is one of the two largest logits."""
    return float((logits.argmax(axis=1) == labels).mean())


# %% tags=["check"]
held_out_images = to_standard(fashion.validation.images)
held_out_logits = quick.predict(held_out_images, batch_size=1000, verbose=0)
four = np.array([[5, 1, 3, 0]] * 2 + [[0, 2, 1, -9]] * 2, "float32")
cases = [(four, [0, 2, 1, 0], 0.75), (four, [1, 1, 0, 0], 0.0)]
held_out_labels = fashion.validation.labels
rows = np.arange(len(held_out_labels))
of_label = held_out_logits[rows, held_out_labels]
better = (held_out_logits > of_label[:, None]).sum(axis=1)
cases.append((held_out_logits, held_out_labels, np.mean(better < 2)))
for logits, answers, expected in cases:
    given = np.array(top_two_accuracy(logits, np.array(answers)), float)
    share = f"of {len(answers)} labels, the fraction {expected:.4f}"
    differs = f"{share} is among the two best, not {given}"
    assert np.allclose(given, expected), differs


# %% tags=["solution"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of examples whose label is one of the two largest logits."""
    best_two = np.argsort(logits, axis=1)[:, -2:]
    return float((best_two == labels[:, None]).any(axis=1).mean())


share = top_two_accuracy(held_out_logits, fashion.validation.labels)
print(f"{share:.1%} of the validation set")


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    best_two = np.argsort(logits, axis=1)[:, :2]  # the two smallest
    return float((best_two == labels[:, None]).any(axis=1).mean())


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    best_two = np.argsort(logits, axis=1)[:, -2:]
    return float((best_two == labels[:, None]).mean())  # of all pairs


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    best_two = np.argsort(logits, axis=1)[:, -2:]
    return float(np.isin(labels, best_two).mean())  # of any example


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    second = np.argsort(logits, axis=1)[:, -2]  # the second guess only
    return float((second == labels).mean())


# %% tags=["wrong"]
def top_two_accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    best_three = np.argsort(logits, axis=1)[:, -3:]
    return float((best_three == labels[:, None]).any(axis=1).mean())


# %% [markdown]
# ## What to remember
#
# - A network is a chain of layers; training turns its weights, step by step, against the gradient
#   of a loss.
# - Know the price of ignorance, $\ln$ of the number of classes, before you train.
# - Learn on the training set, choose on the validation set, use the test set once.
# - Larger batches with a learning-rate schedule and standardised input do the same work in far
#   fewer steps. Compare with several seeds before you believe a small difference.
# - A probability only compares the classes the network knows. Look at the mistakes, not only at the
#   accuracy.
#
# ## Where next
#
# `Flatten` threw away which pixel lies beside which. A [convolutional
# network](../convnets/convolution.md) keeps it, and that pays. But first leave the
# chain: with the [functional API](functional-api.md), layers branch, meet and answer two questions at
# once. What can be done about overfitting is the matter of [Regularisation](regularisation.md). And
# [Experiments](experiments.md) turns the knobs: more units, more layers, more epochs.
