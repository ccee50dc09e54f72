# ---
# title: Regularisation and callbacks
# summary: What holds a network back from learning by heart, what that costs, and who watches over a training.
# needs: [first-network]
# helps: [functional-api, evaluation]
# teaches: [regularisation, L2 penalty, dropout, callback, checkpoint, plateau, patience, early stopping, TensorBoard, event file]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A network can be too good at its training photographs. Give it enough weights and time, and it learns them by
# heart, right down to their accidents. What can you do about that, other than find more photographs?
#
# Watch it happen first. Three networks, tiny, small and large, learn from the same 1,000
# photographs, a hundred of each class, and are measured on 2,000 of those held out for validation.

# %%
import keras
import numpy as np

from snippets import (
    plot_curves,
    plot_images,
    plot_training,
    preprocessing,
    tables,
)
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network

fashion = load_fashion_mnist()


def prepare(split):
    return preprocessing.standardise(
        split.images, fashion.train.images
    ), split.labels


thousand_data = prepare(fashion.train.sample(per_class=100))
held_out, judging_data = map(
    prepare, (fashion.validation, fashion.validation.sample(200))
)
validation_options = {
    "validation_data": judging_data,
    "validation_batch_size": 2000,
    "verbose": 0,
}
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %%
losses_by_size = {}
for name, units in {
    "tiny": (8,),
    "small": (100, 100),
    "large": (300, 300),
}.items():
    keras.utils.set_random_seed(7)
    network = dense_network(units)
    network.compile(
        keras.optimizers.Adam(0.001), cross_entropy, steps_per_execution=10
    )
    run = network.fit(
        *thousand_data, epochs=20, batch_size=100, **validation_options
    ).history
    losses_by_size[f"{name}: {network.count_params():,} weights"] = (
        run["loss"],
        run["val_loss"],
    )
plot_training.overfitting_curves(losses_by_size)

# %% tags=["folded"]
*_, (_, large_losses) = losses_by_size.values()
best_epoch = int(np.argmin(large_losses)) + 1

# %% [markdown]
# The epochs lie on a logarithmic axis, because the first few decide the most. Follow a thin line,
# the training cross-entropy: the larger the network, the sooner it is near 0. Now the thick line of
# the same colour, the validation cross-entropy, with a large marker where it is lowest. The large
# network is at its best after epoch `{python} best_epoch` and then climbs: from
# `{python} f"{min(large_losses):.2f}"` to `{python} f"{large_losses[-1]:.2f}"`. The small one does the same. The tiny
# one has too few weights to learn a thousand photographs by heart, and takes long to learn anything.
#
# A network that is small enough hardly overfits, and cannot do much else either. The other way is to
# hold a large one back. Whatever does so is called **regularisation**. Here are three kinds: a price on large
# weights, noise, and stopping in time.
#
# ## A price on large weights
#
# To bend its answers around single photographs, a network needs large weights. So charge for them:
# add to the loss the sum of all squared weights, times a number that you choose, the **strength**.
# That is the **L2 penalty**. (The 2 is that of the square.)
#
# Try it with a single weight $w$, which the data would like to be 2: their loss is $(w - 2)^2$. With
# the strength $\lambda$ (say *lambda*) the whole loss is $(w - 2)^2 + \lambda w^2$. Its slope is
# $2(w - 2) + 2 \lambda w$, and that is 0 at $w = 2 / (1 + \lambda)$. Gradient descent must arrive
# there:

# %%
from snippets.gradients import descend


def priced_loss(strength: float):
    return lambda w: (w[0] - 2) ** 2 + strength * w[0] ** 2


for strength in (0.0, 0.1, 1.0, 3.0):
    arrival = descend(
        priced_loss(strength), [0.0], learning_rate=0.1, steps=100
    )[-1][0]
    print(
        f"strength {strength}: {arrival:.3f}, by hand {2 / (1 + strength):.3f}"
    )

# %% [markdown]
# Think of a rubber band from each weight to 0. Its pull, $2 \lambda w$, grows with the weight. A weight
# that the data insist on stays large; one that they do not care about goes to 0.
#
# In Keras, each layer takes a penalty for its weight matrix, the *kernel*, and another for its
# biases. Here is a layer of 100 units, with two inputs:

# %%
penalty = keras.regularizers.L2(0.01)
layer = keras.layers.Dense(
    100, kernel_regularizer=penalty, bias_regularizer=penalty
)
layer.build((None, 2))
layer.set_weights([np.tile([[0.3], [0.4]], 100), np.zeros(100)])
[float(term) for term in layer.losses]

# %% [markdown]
# Check it: each of the 100 units has two weights, 0.3 and 0.4, whose squares add up to a quarter.
# That makes 25, times 0.01. The biases are 0 and cost nothing. `fit` adds the `losses` of all layers
# to the loss, at every step. (AdamW's [weight decay](functional-api.md) works in the step itself, not through the
# loss.)
#
# ## Noise during training
#
# **Dropout** sets each of a layer's outputs to 0 with a chance that you choose, its *rate*, drawn anew at
# each step, and only in training. Here, a rate of 0.2 and ten ones:

# %%
dropout = keras.layers.Dropout(0.2, seed=7)
ones = np.ones((1, 10))
print("in training:  ", dropout(ones, training=True).numpy()[0])
print("in prediction:", dropout(ones, training=False).numpy()[0])

# %% [markdown]
# The others are divided by one minus the rate. So the sum stays the same on average, and the next
# layer finds in prediction what it is used to. It is like a team in which somebody else is missing
# every day: nobody can rely on one colleague.
#
# ## The recipe
#
# Now a recipe with everything switched on, as you may find it published: two hidden layers of 100
# units, dropout of 0.2 after each, an L2 penalty with strength 0.01 on every kernel and every bias,
# and all of them started from a normal distribution by [LeCun's rule](functional-api.md): the
# variance is one divided by the number of inputs. (A bias counts as having as many inputs as its
# layer has units.) Layers and network have names, which errors, saved files and TensorBoard show.

# %%
keras.utils.set_random_seed(7)
initial = {
    "kernel_initializer": "lecun_normal",
    "bias_initializer": "lecun_normal",
}
priced_layer = {
    "kernel_regularizer": penalty,
    "bias_regularizer": penalty,
} | initial
recipe_network = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(
            100, activation="relu", name="hidden_1", **priced_layer
        ),
        keras.layers.Dropout(0.2, name="dropout_1"),
        keras.layers.Dense(
            100, activation="relu", name="hidden_2", **priced_layer
        ),
        keras.layers.Dropout(0.2, name="dropout_2"),
        keras.layers.Dense(10, name="logits", **priced_layer),
    ],
    name="published",
)

# %%
first_weights = recipe_network.get_weights()
first_penalty = sum(map(float, recipe_network.losses))
rows = []
for layer in recipe_network.layers:
    cost = sum(map(float, layer.losses))
    row = {"layer": layer.name, "weights": f"{layer.count_params():,}"}
    rows.append(row | {"penalty": f"{cost:.3f}"})
tables.table(rows)

# %% [markdown]
# The last column can be worked out without a computer. `hidden_1` has 784 × 100 weights with a mean
# square of 1 / 784, so their squares add up to about 100; times 0.01, that is 1. (The biases add
# about a hundredth of that.) `hidden_2` comes to 1 as well and `logits` to a tenth. Altogether it is
# `{python} f"{first_penalty:.2f}"` before the first step. You know another number of that size:
# $\ln 10$ = `{python} f"{np.log(10):.2f}"`, the cross-entropy of knowing nothing. **At the start,
# half of what this network is asked to do is to shrink.**
#
# ## Labels with ten numbers
#
# The recipe gives its labels one-hot: ten numbers, a 1 at the class and 0 elsewhere. That needs
# `CategoricalCrossentropy`, which multiplies each number by minus the logarithm of its class's
# probability, and adds up. Nine products are 0; the tenth is what the *sparse* form picks by number:

# %%
one_hot = keras.utils.to_categorical(held_out[1], 10)
categorical = keras.losses.CategoricalCrossentropy(from_logits=True)
logits = recipe_network(held_out[0])
loss_pair = (
    float(cross_entropy(held_out[1], logits)),
    float(categorical(one_hot, logits)),
)
print(held_out[1][0], one_hot[0], loss_pair)

# %% [markdown]
# The same loss for ten times the memory, worth it where a label is not all of one class (seven tenths shirt,
# three tenths coat). Mix the two forms up and you are stopped:

# %% tags=["raises-exception"]
cross_entropy(one_hot, logits)

# %% [markdown]
# The message has it the wrong way round: the *target* must have one axis less than the *output*. The cure is
# the other loss, or `argmax` of the labels.
#
# ## Who watches over the training
#
# `fit` may run for hours. A **callback** is an object whose methods `fit` calls at set moments: when
# training begins, after each batch, after each epoch. The recipe has four:
#
# - `ModelCheckpoint` saves the network to a file, a **checkpoint**; with `save_best_only=True`,
#   only when it is better than ever before.
# - `ReduceLROnPlateau` waits for a **plateau**: the watched number has not improved (by more than 0.0001,
#   unless you say otherwise) for as many epochs as its **patience** says. Then it multiplies the learning rate by a factor.
# - `EarlyStopping` ends the training after a longer plateau. **Early stopping** regularises too: what
#   has not been seen so often has not been learned by heart.
# - `TensorBoard` writes what was measured to files, for a viewer further down.
#
# The first three watch `val_loss`, unless you give them another `monitor`. Their files bear the name of the
# network:


# %%
def watchers(name):
    return [
        keras.callbacks.ModelCheckpoint(
            f"{name}.keras", save_best_only=True
        ),
        keras.callbacks.ReduceLROnPlateau(factor=0.2, patience=2),
        keras.callbacks.EarlyStopping(patience=5),
        keras.callbacks.TensorBoard(f"logs/{name}"),
    ]


# %% [markdown]
# And you can write your own: a class with the methods that you need. Each gets `logs`, a dictionary
# of what was measured. This one needs none of it; it notes after each epoch on which of the held-out
# photographs the network is correct, for later.


# %%
class CorrectAnswers(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.masks = []

    def on_epoch_end(self, epoch, logs=None):
        answers = np.argmax(self.model(held_out[0]), axis=1)
        self.masks.append(answers == held_out[1])


# %%
is_full = fashion.edition == "full"
ten_thousand_data = prepare(fashion.train.sample(per_class=1000))
whole_data = prepare(fashion.train)
inputs, labels = whole_data if is_full else ten_thousand_data
judges = (
    prepare(fashion.test) if is_full else held_out
)  # the recipe's mistake
most_epochs = 100 if is_full else 20

# %% [markdown]
# This is the *`{python} fashion.edition`* edition of the page: it trains on
# `{python} f"{len(labels):,}"` photographs, as many of each class, for at most
# `{python} most_epochs` epochs, and the held-out photographs tell the callbacks how it goes. The
# full edition does as the recipe says: all photographs, up to 100 epochs, and *test* photographs for
# the callbacks, a mistake whose price comes later. Beside the recipe, train the same network
# with no penalty and no dropout; `regularised_network` builds either. (One seed each, for now.
# `steps_per_execution` takes an epoch in one go, which saves time.)

# %%
from snippets.models import regularised_network

keras.utils.set_random_seed(7)
free_network = regularised_network(
    (100, 100), strength=0.0, dropout=0.0, name="free"
)
targets, judge_targets = (
    keras.utils.to_categorical(y, 10) for y in (labels, judges[1])
)
fit_options = {
    "validation_data": (judges[0], judge_targets),
    "epochs": most_epochs,
}
fit_options |= {
    "validation_batch_size": 2000,
    "batch_size": 32,
    "verbose": 0,
}
steps = -(-len(labels) // 32)
histories, notes = {}, CorrectAnswers()
for network in (free_network, recipe_network):
    keras.utils.set_random_seed(7)
    entropy = keras.metrics.CategoricalCrossentropy(
        "cross_entropy", from_logits=True
    )
    metrics = {
        "metrics": ["accuracy", entropy],
        "steps_per_execution": steps,
    }
    network.compile("adam", categorical, **metrics)
    callbacks = [*watchers(network.name), notes]
    run = network.fit(inputs, targets, callbacks=callbacks, **fit_options)
    histories[network.name] = run.history
    print(network.name, len(run.epoch), "epochs")

# %% [markdown]
# First the free one, because it shows every callback at work:

# %%
history = histories["free"]
free_best = int(np.argmin(history["val_loss"])) + 1
free_end = len(history["val_loss"])
plot_training.marked_curves(
    {
        "training": history["cross_entropy"],
        "validation": history["val_cross_entropy"],
    },
    marks={
        "validation": {free_best: "best: checkpoint", free_end: "stopped"}
    },
    rates=history["learning_rate"],
    ylabel="cross-entropy",
)

# %% [markdown]
# Training falls and falls. Validation goes down for some epochs and then sideways, and
# `ReduceLROnPlateau` answers: at each dotted line it divides the learning rate, drawn below, by
# five. Both curves jump down at the first one: large steps had kept the weights shaking around a
# good place. The file `free.keras` holds the network as it was after epoch `{python} free_best`, not
# after epoch `{python} free_end`. (`EarlyStopping` has `restore_best_weights=True` for that. Without
# either you keep the *last* network.)
#
# Now load both checkpoints and compare:

# %%
scores = {}
for name in histories:
    network = keras.saving.load_model(f"{name}.keras")
    scores[name] = network.evaluate(
        held_out[0], one_hot, verbose=0, return_dict=True
    )
    print(
        name,
        {metric: round(value, 3) for metric, value in scores[name].items()},
    )

# %% [markdown]
# The recipe is right on `{python} f"{scores['published']['accuracy']:.1%}"` of the held-out
# photographs, and the network without any of it on `{python} f"{scores['free']['accuracy']:.1%}"`. So
# much care, and worse than none! At full length it is no different: in our benchmark, with pixels
# divided by 255, the recipe reaches *84.6%*{.given title="tests/bench/regularisation.py"} on the test
# photographs, and the free network *87.2%*{.given title="tests/bench/regularisation.py"} for a sixth of the
# work.
#
# ## What goes wrong?
#
# Split the recipe's validation loss into its two terms, one drawn on top of the other:

# %%
history = histories["published"]
penalties = np.subtract(history["val_loss"], history["val_cross_entropy"])
plot_curves.stacked_parts(
    {"cross-entropy": history["val_cross_entropy"], "penalty": penalties}
)

# %% [markdown]
# Before the first step, the penalty was `{python} f"{first_penalty:.2f}"`; after the first epoch it is
# `{python} f"{penalties[0]:.2f}"`. The cross-entropy, the part that is about clothes, then goes from
# `{python} f"{history['val_cross_entropy'][0]:.2f}"` to
# `{python} f"{history['val_cross_entropy'][-1]:.2f}"` in all the epochs that follow, and at the end
# the penalty is still `{python} f"{penalties[-1] / history['val_loss'][-1]:.0%}"` of the loss. The
# optimizer did what it was told: it made weights small.

# %%
stages = {
    "before": first_weights,
    "published": recipe_network.get_weights(),
    "free": free_network.get_weights(),
}
squares, rows = {}, []
for who, arrays in stages.items():  # kernel, biases, kernel, biases …
    sums = squares[who] = [float((array**2).sum()) for array in arrays]
    row = {"sums of squares": who, "kernel of hidden_1": f"{sums[0]:.1f}"}
    rows.append(row | {"all biases": f"{sum(sums[1::2]):.2f}"})
tables.table(rows)

# %% [markdown]
# Left alone, the kernel of `hidden_1` grows; in the recipe its sum of squares shrinks to
# `{python} f"{squares['published'][0] / squares['before'][0]:.0%}"` of what it was. What does a unit
# look like then? Here are the weights of two units of each network as pictures, on one scale of
# colours: the unit with the largest weights and one in the middle.

# %%
pictures = {}
for who in ("published", "free"):
    kernel = stages[who][0]
    order = np.argsort((kernel**2).sum(axis=0))
    for rank, i in (("largest", order[-1]), ("middle", order[50])):
        pictures[f"{who}, {rank}"] = kernel[:, i].reshape(28, 28)
plot_images.signed_images(pictures)

# %% [markdown]
# The free units are speckled, much of it with accidents of the training photographs. The recipe's are
# smooth, and so pale that little is left of them. (It is not the penalty on biases: all biases together are
# little beside one kernel. It is the strength.)
#
# ## How strong, then?
#
# Vary the strength alone, without dropout, with 1,000 photographs and with 10,000, but with the same number of
# steps: each of the 1,000 is there ten times. Three seeds each; the strength 0 stands at the left end.
#
# Tracing has a fixed price, which eighteen short trainings would pay eighteen times. `@cache` hands out the
# same compiled network for the same arguments, `restart` gives it new first weights and an empty optimizer,
# and `train_copy` returns a copy.

# %%
from functools import cache

from snippets.experiments import restart
from snippets.training import OneCycle


def grade(network, examples=held_out):  # cross-entropy and accuracy
    logits = network(examples[0])
    is_correct = np.argmax(logits, axis=1) == examples[1]
    return float(cross_entropy(examples[1], logits)), float(
        is_correct.mean()
    )


# %%
@cache
def compiled_network(batches, epochs, peak, **restraint):
    network = regularised_network((100, 100), **restraint)
    adam = keras.optimizers.Adam(OneCycle(peak, epochs * batches))
    network.compile(adam, cross_entropy, steps_per_execution=batches)
    return network


def train_copy(examples, seed, *, epochs, batch_size, peak, **restraint):
    batches = -(-len(examples[1]) // batch_size)
    network = compiled_network(batches, epochs, peak, **restraint)
    restart(network, seed)
    network.fit(*examples, batch_size, epochs, verbose=0)
    copy = regularised_network((100, 100))
    copy.set_weights(network.get_weights())
    return copy


# %%
STRENGTHS, SEEDS = (0.0, 0.001, 0.01), (7, 8, 9)
sets = {
    "1,000 photographs": [
        np.repeat(values, 10, axis=0) for values in thousand_data
    ]
}
sets["10,000 photographs"] = ten_thousand_data
cycle = {"epochs": 4, "batch_size": 128, "peak": 0.004, "dropout": 0.0}
grades_by_set = {}  # 3 seeds, 3 strengths, and cross-entropy and accuracy
for name, data in sets.items():
    networks = [
        [train_copy(data, n, strength=s, **cycle) for s in STRENGTHS]
        for n in SEEDS
    ]
    grades_by_set[name] = np.array(
        [[grade(n) for n in row] for row in networks]
    )
curves = {name: grades[..., 0] for name, grades in grades_by_set.items()}
axes = {
    "xlabel": "strength of the L2 penalty",
    "ylabel": "validation cross-entropy",
}
plot_curves.spread_curves(curves, x=STRENGTHS, log_x=True, **axes)

# %% tags=["folded"]
few_grades, many_grades = grades_by_set.values()
few_means, many_means = few_grades.mean(axis=0), many_grades.mean(axis=0)

# %% [markdown]
# Two opposite answers. With 1,000 photographs, 0.01 is the best of the three strengths: it brings the
# cross-entropy from `{python} f"{few_means[0, 0]:.2f}"` down to `{python} f"{few_means[-1, 0]:.2f}"`.
# With 10,000 it is the worst, and the means of the other two lie only
# `{python} f"{np.ptp(many_means[:-1, 0]):.3f}"` apart.
#
# Why? The cross-entropy is a *mean* over the photographs; the penalty is not divided by anything. A
# strength of 0.01 says how much you believe that weights are small. Ten times the photographs are
# ten times the evidence, and should need a tenth of the belief.
#
# The *accuracy* with 1,000 photographs goes from `{python} f"{few_means[0, 1]:.1%}"` to
# `{python} f"{few_means[-1, 1]:.1%}"`: the penalty finds few more correct answers, if any. It keeps the network
# from being so sure of its mistakes. Ten times as many photographs bring `{python} f"{many_means[0, 1]:.1%}"`.
#
# ## Watching the wrong number
#
# The recipe's callbacks watched `val_loss`. With a penalty, the loss is two things at once, and you
# care for one. This is how it goes wrong: 1,000 photographs, a penalty, a small learning rate, and
# `EarlyStopping` with each of two numbers to watch.

# %%
network, runs_by_monitor = (
    regularised_network((100, 100), strength=0.003, dropout=0.0),
    {},
)
entropy = keras.metrics.SparseCategoricalCrossentropy(
    "cross_entropy", from_logits=True
)
adam = keras.optimizers.Adam(0.0005)
network.compile(
    adam, cross_entropy, metrics=[entropy], steps_per_execution=10
)
stopping = {"mode": "min", "patience": 5, "restore_best_weights": True}
for monitor in ("val_loss", "val_cross_entropy"):
    restart(network, seed=7)
    stopper = keras.callbacks.EarlyStopping(monitor, **stopping)
    options = {"epochs": 40, "batch_size": 100, "callbacks": [stopper]}
    run = network.fit(*thousand_data, **options, **validation_options)
    runs_by_monitor[monitor] = run.history, stopper.best_epoch + 1

# %%
(loss_run, loss_epoch), (entropy_run, entropy_epoch) = (
    runs_by_monitor.values()
)
marks = {
    m: {epoch: f"kept by {m}"} for m, (_, epoch) in runs_by_monitor.items()
}
plot_training.marked_curves(
    {m: loss_run[m] for m in runs_by_monitor}, marks=marks
)

# %% tags=["folded"]
entropies = loss_run["val_cross_entropy"]
harm = entropies[loss_epoch - 1] - entropies[entropy_epoch - 1]

# %% [markdown]
# Both curves are from the run that watched `val_loss`. The cross-entropy turns round after epoch
# `{python} entropy_epoch`. The loss does not notice: the weights still shrink, the penalty with
# them, and that outweighs the harm. `EarlyStopping` trains for `{python} len(loss_run["loss"])`
# epochs and keeps a network whose cross-entropy is worse by `{python} f"{harm:.2f}"`. Watching
# `val_cross_entropy`, it stops after `{python} len(entropy_run["loss"])`. The cure is one line: give
# `compile` the cross-entropy as a metric, and the callbacks its name. (`mode="min"`: less is better.)
#
# Names are easily wrong:


# %% tags=["raises-exception"]
def fit_watching(**arguments):
    network = dense_network(())
    network.compile("adam", cross_entropy, metrics=["accuracy"])
    options = {
        "callbacks": [keras.callbacks.EarlyStopping(**arguments)],
        "epochs": 3,
    }
    return len(
        network.fit(*thousand_data, **options, **validation_options).epoch
    )


fit_watching(monitor="val_acc")

# %% [markdown]
# The metric is called `val_accuracy`. The message does not say so; it asks for a `mode`. Do as it asks,
# and the error is gone. So is the callback, for the number below counts the epochs, and three were asked for:

# %%
fit_watching(monitor="val_acc", mode="max")

# %% [markdown]
# A warning, and training goes on to the last epoch. Copy from its list of available metrics. (A callback of
# your own can end a training, too, by setting `self.model.stop_training`: the third exercise.)
#
# ## What TensorBoard saw
#
# **TensorBoard** is a viewer for trainings, in the browser. The callback wrote to `logs`, a folder for
# each network, and in it one for training and one for validation, with an **event file** each: every
# number, with its step and time. To look at them, run this page's notebook yourself, then in the same
# folder
#
# ```shell
# tensorboard --logdir logs
# ```
#
# and open the address that it prints, `http://localhost:6006`.
#
# TensorBoard's own reader opens the files. (It keeps ten numbers per name, drawn at random, unless you ask for
# all with a guidance of 0.) `read_events` returns the last numbers, one per epoch, under a name:

# %%
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.util.tensor_util import make_ndarray


def read_events(folder, name, epochs):
    events = EventAccumulator(folder, size_guidance={"tensors": 0})
    events.Reload()
    last_events = events.Tensors(name)[-epochs:]
    return [
        float(make_ndarray(event.tensor_proto)) for event in last_events
    ]


event_curves = {}
for name, history in histories.items():
    folders, epochs = (
        (f"logs/{name}/train", f"logs/{name}/validation"),
        len(history["loss"]),
    )
    event_curves[name] = [
        read_events(folder, "epoch_cross_entropy", epochs)
        for folder in folders
    ]
plot_training.overfitting_curves(event_curves, log_x=False)

# %% [markdown]
# Look at the thin lines: the recipe's training cross-entropy begins *above* its validation and never gets far
# below, because dropout is on in training. (Besides, the training number is a mean over the epoch, taken while
# the network was still learning; the validation number is taken at its end.)
#
# ## What it costs to choose on the exam
#
# The recipe validates on the test photographs. So its checkpoint is an epoch that did well *on the exam*, and
# its grade is that epoch's grade. What is it worth? The held-out photographs can play both parts.
#
# `CorrectAnswers` has noted where each epoch of the recipe was correct. Deal some held-out photographs into
# two halves. Choose the epoch with the best accuracy on one half: that is what the recipe *promises*.
# Grade the same epoch on the other, fresh half: that is what it *keeps*. Take the mean over many deals.

# %%
from snippets.experiments import selection_bias

correct_masks, EXAMS = np.array(notes.masks), (100, 300, 1000, 3000)
pairs = [
    selection_bias(correct_masks, len(correct_masks), size=n) for n in EXAMS
]
promises, deliveries = np.transpose(pairs)
flattery = 100 * (promises - deliveries)

# %%
curves = {
    "promised: on the exam that chose": promises,
    "kept: on fresh ones": deliveries,
}
axes = {
    "xlabel": "photographs in the exam",
    "ylabel": "accuracy of the chosen epoch",
}
plot_curves.spread_curves(curves, x=EXAMS, log_x=True, percent=True, **axes)

# %% [markdown]
# The two lines ought to be one. An exam of 100 photographs flatters the chosen epoch by
# `{python} f"{flattery[0]:.1f}"` points, one of 1,000 by `{python} f"{flattery[2]:.1f}"`; with 3,000
# the lines all but meet. Among `{python} len(correct_masks)` epochs there is always one whose
# accidents suit a small exam. The test set has 10,000 photographs, so there the price of choosing an
# epoch is small. But it grows with everything else that you choose the same way, each learning rate,
# each strength, each seed, and only fresh photographs could tell you how much it is.
#
# ## The same network, done well
#
# What is left of the recipe? The 100-100-10 units. All 54,000 photographs are the best
# regularisation there is, so a hundredth of the penalty and half of the dropout will do. Batches of 512 with
# one
# cycle, as in [your first network](first-network.md). Is that light touch better than none? Validation
# decides, with three seeds.

# %%
touches = {"none": {"strength": 0.0, "dropout": 0.0}}
touches["light"] = {"strength": 0.0001, "dropout": 0.1}
cycle, final_networks, final_grades = (
    {"epochs": 9, "batch_size": 512, "peak": 0.006},
    {},
    {},
)
for name, touch in touches.items():
    networks = [
        train_copy(whole_data, seed, **cycle, **touch) for seed in SEEDS
    ]
    final_networks[name] = networks
    final_grades[name] = grades = np.array(
        [grade(network) for network in networks]
    )
    print(
        f"{name}: cross-entropies {grades[:, 0].round(3)}, accuracies {grades[:, 1].round(3)}"
    )

# %% tags=["folded"]
accuracy_gap = abs(
    np.diff([grades[:, 1].mean() for grades in final_grades.values()])[0]
)

# %% [markdown]
# The light touch lowers the mean cross-entropy. The mean accuracies are
# `{python} f"{100 * accuracy_gap:.1f}"` points apart: there, it makes no difference that three seeds could
# show. Take the lower mean cross-entropy, and open the test photographs, once:

# %%
winner = min(final_grades, key=lambda name: final_grades[name][:, 0].mean())
test_accuracies = [
    grade(n, prepare(fashion.test))[1] for n in final_networks[winner]
]
print(winner, [f"{accuracy:.1%}" for accuracy in test_accuracies])

# %% [markdown]
# The same 100-100-10 units are now right on `{python} f"{min(test_accuracies):.1%}"` to
# `{python} f"{max(test_accuracies):.1%}"` of the test photographs, with nine epochs of large batches.

# %% tags=["claims"]
from snippets.saving import save_and_check

published_copy = keras.saving.load_model("published.keras")
change = save_and_check(
    published_copy, "sent.keras", held_out[0][:10], overwrite=True
)
assert change == 0, (
    "a checkpoint loads in a fresh process with Keras alone, and answers the same"
)
lead = scores["free"]["accuracy"] - scores["published"]["accuracy"]
assert abs(loss_pair[0] - loss_pair[1]) < 1e-5, (
    "the sparse and the one-hot form give equal losses"
)
assert lead > 0.01, (
    "the recipe as published is worse than none of it, by more than a point"
)
assert (
    squares["published"][0] < squares["before"][0] / 3 < squares["free"][0]
), (
    "the recipe's first kernel shrinks to less than a third of its first sum of squares"
)
assert few_grades[:, -1, 0].max() < few_grades[:, 0, 0].min() - 0.1, (
    "with 1,000 photographs a strength of 0.01 clearly lowers the validation cross-entropy"
)
assert many_grades[:, -1, 0].min() > many_grades[:, 0, 0].max() + 0.03, (
    "with 10,000 it clearly raises it"
)
assert harm > 0.01, (
    "watching the penalised loss keeps a network with a worse cross-entropy"
)
history_entropy = histories["free"]["val_cross_entropy"]
assert np.allclose(event_curves["free"][1], history_entropy, rtol=1e-5), (
    "the event files hold what `fit` returned"
)
assert flattery[0] > 1, (
    "an exam of 100 flatters the epoch that it chose by more than a point"
)
none_mean, light_mean = (
    final_grades[name][:, 0].mean() for name in ("none", "light")
)
assert light_mean < none_mean - 0.002, (
    "with all photographs, a light touch lowers it, too"
)
assert min(test_accuracies) >= 0.88, (
    "100-100-10 is right on at least 88% of the test photographs"
)

# %% tags=["control"] claim="the sparse and the one-hot form give equal losses" without="a single class for each photograph"
mixed_labels = (
    0.7 * one_hot + 0.3 * one_hot[::-1]
)  # three tenths another photograph's
loss_pair = loss_pair[0], float(categorical(mixed_labels, logits))

# %% tags=["control"] claim="the recipe as published is worse than none of it, by more than a point" without="so strong a penalty"
schedule = {"epochs": 8, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild_network = train_copy(
    sets["10,000 photographs"], 7, **schedule, **restraint
)
lead = scores["free"]["accuracy"] - grade(mild_network)[1]

# %% tags=["control"] claim="the recipe's first kernel shrinks to less than a third of its first sum of squares" without="so strong a penalty"
schedule = {"epochs": 2, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild_network = train_copy(
    sets["10,000 photographs"], 7, **schedule, **restraint
)
squares_now = [
    float((array**2).sum()) for array in mild_network.get_weights()
]
squares = squares | {"published": squares_now}

# %% tags=["control"] claim="with 1,000 photographs a strength of 0.01 clearly lowers the validation cross-entropy" without="so small a training set"
few_grades = grades_by_set["10,000 photographs"]

# %% tags=["control"] claim="with 10,000 it clearly raises it" without="so many photographs"
many_grades = grades_by_set["1,000 photographs"]

# %% tags=["control"] claim="watching the penalised loss keeps a network with a worse cross-entropy" without="a penalty"
keras.utils.set_random_seed(7)
unpriced_network = regularised_network(
    (100, 100), strength=0.0, dropout=0.0
)
entropy = keras.metrics.SparseCategoricalCrossentropy(
    from_logits=True, name="cross_entropy"
)
adam = keras.optimizers.Adam(0.0005)
unpriced_network.compile(
    adam, cross_entropy, metrics=[entropy], steps_per_execution=10
)
stopper = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=5)
options = {
    "epochs": 40,
    "batch_size": 100,
    "callbacks": [stopper],
} | validation_options
run = unpriced_network.fit(*thousand_data, **options).history
entropies = run["val_cross_entropy"]
harm = entropies[int(np.argmin(run["val_loss"]))] - min(entropies)

# %% tags=["control"] claim="an exam of 100 flatters the epoch that it chose by more than a point" without="a choice among epochs"
only_one = selection_bias(correct_masks[-1:], 1, size=EXAMS[0])
flattery = [100 * (only_one[0] - only_one[1])]

# %% [markdown]
# ## Exercises
#
# **1. The penalty by hand.** Write the L2 penalty of a list of weights, as Keras adds it to the loss.
# The starter takes the mean of the squares, which would make it about the same for any network.


# %% tags=["starter"]
def l2_penalty(weights, strength):
    return strength * sum(float((array**2).mean()) for array in weights)


# %% tags=["check"]
for weights, strength, expected in [
    ([np.array([[3.0, -4.0]]), np.array([2.0, 1.0])], 0.1, 3.0),
    (first_weights, 0.01, first_penalty),
]:
    result, shapes = (
        l2_penalty(weights, strength),
        [array.shape for array in weights],
    )
    assert abs(result - expected) < 1e-3, (
        f"{shapes}, {strength}: {expected:.2f}, not {result:.3f}"
    )


# %% tags=["solution"]
def l2_penalty(weights, strength):
    return strength * sum(float((array**2).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights, strength):
    """Return the sum of all squares, whatever the strength."""
    return 0.01 * sum(float((array**2).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights, strength):
    """Return the strength times the sum of the sizes: an L1 penalty."""
    return strength * sum(float(np.abs(array).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights, strength):
    """Return the strength times the sum of the arrays' lengths, roots taken."""
    return strength * sum(
        float(np.sqrt((array**2).sum())) for array in weights
    )


# %% tags=["wrong"]
def l2_penalty(weights, strength):
    """Return the strength times the squares of the kernels, biases left out."""
    return strength * sum(
        float((a**2).sum()) for a in weights if a.ndim == 2
    )


# %% [markdown]
# **2. Be the early stopper.** You see what was measured after each epoch, less is better. Return the
# epoch with the lowest value so far (of equals, the first) and the epoch after which training stops:
# the first at which there has been no new lowest value for `patience` epochs, or the last one there
# is. Count from 1. The starter has all the patience in the world.


# %% tags=["starter"]
def stop_early(values, patience):
    return int(np.argmin(values)) + 1, len(values)


# %% tags=["check"]
for values, patience, answer in [
    ([3, 2, 1], 1, (3, 3)),
    ([3, 2, 4, 5, 1], 2, (2, 4)),
    ([3, 2, 4, 1, 5, 5], 2, (4, 6)),
    ([5, 1, 4, 3, 2], 2, (2, 4)),
    ([1, 1, 1, 1, 1], 3, (1, 4)),
    (
        entropy_run["val_cross_entropy"],
        5,
        (entropy_epoch, len(entropy_run["loss"])),
    ),
]:
    result = stop_early(values, patience)
    assert result == answer, (
        f"{values} with patience {patience}: {result}, not {answer}"
    )


# %% tags=["solution"]
def stop_early(values, patience):
    best_place = 0
    for epoch, value in enumerate(values):
        best_place = epoch if value < values[best_place] else best_place
        if epoch - best_place >= patience:
            break
    return best_place + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place, epochs_worse = 0, 0
    for epoch, value in enumerate(values):
        epochs_worse = (
            epochs_worse + 1 if epoch and value >= values[epoch - 1] else 0
        )
        best_place = epoch if value < values[best_place] else best_place
        if (
            epochs_worse >= patience
        ):  # compared with the epoch before, not with the best
            break
    return best_place + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place = 0
    for epoch, value in enumerate(values):
        best_place = (
            epoch if value <= values[best_place] else best_place
        )  # of equals, the last
        if epoch - best_place >= patience:
            break
    return best_place + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place = int(
        np.argmin(values)
    )  # may come after training has stopped
    return best_place + 1, min(best_place + 1 + patience, len(values))


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place, epochs_waited = 0, 0
    for epoch, value in enumerate(values):
        if value < values[best_place] or epoch == 0:
            best_place = epoch  # and goes on counting where it was
        else:
            epochs_waited += 1
        if epochs_waited >= patience:
            break
    return best_place + 1, epoch + 1


# %% [markdown]
# **3. Good enough.** Write a callback, `StopAtAccuracy(target)`, that ends the training after the first epoch
# whose *validation* accuracy, `logs["val_accuracy"]`, is at least `target`. The starter never ends one.


# %% tags=["starter"]
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target


# %% tags=["check"]
for accuracies, last_epoch in (
    ([0.7, 0.9, 0.8], 2),
    ([0.84, 0.85], 2),
    ([0.6, 0.7], None),
):
    watched_network, callback = dense_network(()), StopAtAccuracy(0.85)
    watched_network.stop_training, stop_epoch = False, None
    callback.set_model(watched_network)
    for number, accuracy in enumerate(accuracies):
        callback.on_epoch_end(
            number, {"accuracy": 0.99, "val_accuracy": accuracy}
        )
        if watched_network.stop_training and stop_epoch is None:
            stop_epoch = number + 1
    assert stop_epoch == last_epoch, (
        f"{accuracies}: ended after {stop_epoch}, not {last_epoch}"
    )


# %% tags=["solution"]
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["accuracy"] >= self.target:  # of the training photographs
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] > self.target:  # and not at least
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            self.stop_training = True  # of the callback, which nobody asks


# %% [markdown]
# ## What to remember
#
# - The less data, the more restraint. Tune the strength; never copy it.
# - The L2 penalty is part of the loss. Watch the cross-entropy, and hand its name to every callback.
# - Early stopping with a checkpoint saves time for free.
# - Whatever chooses cannot grade: keep the test set out of every callback.
#
# ## Where next
#
# You have swept a strength with a few seeds. [Experiments](experiments.md) asks what such a sweep can
# tell, and what is luck. And every network so far has thrown away which pixel lies beside which: a
# [convolutional network](../convnets/convolution.md) keeps it.
#
# ## Sources
#
# - N. Srivastava et al., [Dropout: A Simple Way to Prevent Neural Networks from
#   Overfitting](https://jmlr.org/papers/v15/srivastava14a.html), Journal of Machine Learning Research 15, 2014.
# - A. Krogh and J. A. Hertz, A Simple Weight Decay Can Improve Generalization, NIPS 4, 1991: the penalty.
# - I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, 2017,
#   [arXiv:1711.05101](https://arxiv.org/abs/1711.05101): why AdamW's decay is not that penalty.
# - Keras, [the callbacks](https://keras.io/api/callbacks/) and
#   [the regularisers](https://keras.io/api/layers/regularizers/), each with its arguments.
