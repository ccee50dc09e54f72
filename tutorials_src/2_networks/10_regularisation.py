# ---
# title: Regularisation and callbacks
# summary: What holds a network back from learning by heart, what that costs, and who watches over a training.
# needs: [first-network, functional-api]
# teaches: [regularisation, l2 penalty, dropout, callback, checkpoint, plateau, patience, early stopping, tensorboard, event file]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A network can be too good at its training photographs. Give it enough weights and enough time, and
# it learns them by heart, right down to their accidents. What can you do about that, other than find
# more photographs?
#
# Watch it happen first. Three networks, tiny, small and large, learn from the same 1,000
# photographs, a hundred of each class, and are measured on 2,000 of those held out for validation.

# %%
import keras
import numpy as np

from snippets import plot_curves, plot_images, plot_training, preprocessing, tables
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network

fashion = load_fashion_mnist()


def prepared(split) -> tuple[np.ndarray, np.ndarray]:
    return preprocessing.standardise(split.images, fashion.train.images), split.labels


few, held_out = prepared(fashion.train.sample(per_class=100)), prepared(fashion.validation)
judging = prepared(fashion.validation.sample(per_class=200))
measured = {"validation_data": judging, "validation_batch_size": 2000, "verbose": 0}
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %%
races = {}
for name, units in {"tiny": (8,), "small": (100, 100), "large": (300, 300)}.items():
    keras.utils.set_random_seed(7)
    network = dense_network(units)
    network.compile(keras.optimizers.Adam(0.001), cross_entropy, steps_per_execution=10)
    run = network.fit(*few, epochs=20, batch_size=100, **measured).history
    races[f"{name}: {network.count_params():,} weights"] = run["loss"], run["val_loss"]
plot_training.overfitting_curves(races)

# %%
lowest, last = np.transpose([(min(validation), validation[-1]) for _, validation in races.values()])
best_epoch = int(np.argmin(list(races.values())[-1][1])) + 1

# %% [markdown]
# The epochs lie on a logarithmic axis, because the first few decide the most. Follow a thin line,
# the training cross-entropy: the larger the network, the sooner it is near 0. Now the thick line of
# the same colour, the validation cross-entropy, with a large marker where it is lowest. The large
# network is at its best after epoch `{python} best_epoch` and then climbs: from
# `{python} f"{lowest[2]:.2f}"` to `{python} f"{last[2]:.2f}"`. The small one does the same. The tiny
# one has too few weights to learn a thousand photographs by heart, and takes long to learn anything.
#
# A network that is small enough hardly overfits, and cannot do much else either. The other way is to
# take one that is large enough, and hold it back. Whatever holds it back is called
# **regularisation**. Here are three kinds: a price on large weights, noise, and stopping in time.
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


def priced(strength: float):
    return lambda w: (w[0] - 2) ** 2 + strength * w[0] ** 2


for strength in (0.0, 0.1, 1.0, 3.0):
    arrival = descend(priced(strength), [0.0], learning_rate=0.1, steps=100)[-1][0]
    print(f"strength {strength}: {arrival:.3f}, by hand {2 / (1 + strength):.3f}")

# %% [markdown]
# Think of a rubber band from each weight to 0. Its pull, $2 \lambda w$, grows with the weight. A weight
# that the data insist on stays large; one that they do not care about goes to 0. Where the picture
# breaks: a band can snap, and this one never does.
#
# In Keras, each layer takes a penalty for its weight matrix, the *kernel*, and another for its
# biases. This is the first layer of the network that this page is about, here with two inputs:

# %%
layer = keras.layers.Dense(
    100,
    activation="relu",
    kernel_initializer="lecun_normal",
    bias_initializer="lecun_normal",
    kernel_regularizer=keras.regularizers.L2(0.01),
    bias_regularizer=keras.regularizers.L2(0.01),
    name="hidden_1",
)
layer.build((None, 2))
layer.set_weights([np.tile([[0.3], [0.4]], 100), np.zeros(100)])
[float(term) for term in layer.losses]

# %% [markdown]
# Check it: each of the 100 units has two weights, 0.3 and 0.4, whose squares add up to a quarter.
# That makes 25, times 0.01. The biases are 0 and cost nothing. `fit` adds the `losses` of all layers
# to the loss, at every step. (AdamW's [weight decay](functional-api.md) also shrinks weights, but in
# the step itself, not through the loss.)
#
# ## Noise during training
#
# **Dropout** sets a random part of a layer's outputs to 0, drawn anew at each step, and only in
# training. Here, a rate of 0.2 and ten ones:

# %%
dropout = keras.layers.Dropout(0.2, seed=7)
ones = np.ones((1, 10))
print("in training:  ", dropout(ones, training=True).numpy()[0])
print("in prediction:", dropout(ones, training=False).numpy()[0])

# %% [markdown]
# The others are divided by one minus the rate. So the sum stays the same on average, and the next
# layer finds in prediction what it is used to. Think of a team in which somebody else is missing
# every day: nobody can rely on one colleague. Where the picture breaks: a team would notice who is
# missing, and these units cannot.
#
# ## The recipe
#
# Now a recipe with everything switched on, as you may find it published: two hidden layers of 100
# units, dropout of 0.2 after each, an L2 penalty with strength 0.01 on every kernel and every bias,
# and all of them started from a normal distribution by [LeCun's rule](functional-api.md): the
# variance is one divided by the number of inputs. (A bias counts as having as many inputs as its
# layer has units.) The layers and the network have names: errors, pictures, saved files and
# TensorBoard all show them.

# %%
from snippets.models import regularised_network

keras.utils.set_random_seed(7)
published = regularised_network((100, 100), strength=0.01, dropout=0.2, name="published")
before, rows = published.get_weights(), []
for layer in published.layers:
    cost = sum(float(term) for term in layer.losses)
    weights = f"{layer.count_params():,}"
    rows.append({"layer": layer.name, "weights": weights, "penalty": f"{cost:.3f}"})
first_penalty = sum(float(term) for term in published.losses)
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
logits = published(held_out[0])
both = float(cross_entropy(held_out[1], logits)), float(categorical(one_hot, logits))
print(held_out[1][0], one_hot[0], both)

# %% [markdown]
# The same loss for ten times the memory. One-hot labels are worth it where a label is not all of one
# class (seven tenths shirt, three tenths coat). Mix the two forms up and you are stopped:

# %% tags=["raises-exception"]
cross_entropy(one_hot, logits)

# %% [markdown]
# The message has it the wrong way round: it is the *target* that must have one axis less than the
# *output*. The cure is the other loss, or `argmax` of the labels.
#
# ## Who watches over the training
#
# `fit` may run for hours. A **callback** is an object whose methods `fit` calls at set moments: when
# training begins, after each batch, after each epoch. The recipe has four:
#
# - `ModelCheckpoint` saves the network to a file, a **checkpoint**; with `save_best_only=True`,
#   only when it is better than ever before.
# - `ReduceLROnPlateau` waits for a **plateau**: the watched number has not improved for as many
#   epochs as its **patience** says. Then it multiplies the learning rate by a factor.
# - `EarlyStopping` ends the training after a longer plateau. **Early stopping** regularises too: what
#   has not been seen so often has not been learned by heart.
# - `TensorBoard` writes what was measured to files, for a viewer further down.
#
# Their files bear the name of the network:


# %%
def watchers(name: str) -> list[keras.callbacks.Callback]:
    return [
        keras.callbacks.ModelCheckpoint(f"{name}.keras", monitor="val_loss", save_best_only=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=2),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=5),
        keras.callbacks.TensorBoard(f"logs/{name}"),
    ]


# %% [markdown]
# And you can write your own: a class with the methods that you need. Each gets `logs`, a dictionary
# of what was measured. This one needs none of it; it notes which of the held-out photographs the
# network gets right after each epoch, for later.


# %%
class RightAnswers(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.right = []

    def on_epoch_end(self, epoch, logs=None):
        self.right.append(np.argmax(self.model(held_out[0]), axis=1) == held_out[1])


# %%
full = fashion.edition == "full"
inputs, labels = prepared(fashion.train if full else fashion.train.sample(per_class=1000))
judges = prepared(fashion.test) if full else held_out  # the test set: the recipe's own mistake
most_epochs = 100 if full else 20

# %% [markdown]
# This is the *`{python} fashion.edition`* edition of the page: it trains on
# `{python} f"{len(labels):,}"` photographs, as many of each class, for at most
# `{python} most_epochs` epochs, and the held-out photographs tell the callbacks how it goes. The
# full edition does as the recipe says: all photographs, up to 100 epochs, and the *test* photographs
# tell the callbacks, a mistake whose price comes later. Beside the recipe, train the same network
# with no penalty and no dropout. (One seed each, for now.)

# %% tags=["measured"]
from snippets.training import Stopwatch

keras.utils.set_random_seed(7)
free = regularised_network((100, 100), strength=0.0, dropout=0.0, name="free")
histories, notes, targets = {}, RightAnswers(), keras.utils.to_categorical(labels)
judged = {"validation_data": (judges[0], keras.utils.to_categorical(judges[1], 10))}
judged |= {"validation_batch_size": 2000, "epochs": most_epochs, "batch_size": 32, "verbose": 0}
for network in (free, published):
    keras.utils.set_random_seed(7)
    entropy = keras.metrics.CategoricalCrossentropy(from_logits=True, name="cross_entropy")
    epoch = {"steps_per_execution": -(-len(labels) // 32)}  # an epoch in one go: saves time
    network.compile("adam", categorical, metrics=["accuracy", entropy], **epoch)
    with Stopwatch() as time:
        run = network.fit(inputs, targets, callbacks=[*watchers(network.name), notes], **judged)
    histories[network.name] = history = run.history
    print(network.name, len(history["loss"]), "epochs,", f"{time.cpu_seconds:.0f} CPU seconds")

# %% [markdown]
# First the free one, because it shows every callback at work:

# %%
history = histories["free"]
best, end = int(np.argmin(history["val_loss"])) + 1, len(history["val_loss"])
plot_training.marked_curves(
    {"training": history["cross_entropy"], "validation": history["val_cross_entropy"]},
    marks={"validation": {best: "best: checkpoint", end: "stopped"}},
    rates=history["learning_rate"],
    ylabel="cross-entropy",
)

# %% [markdown]
# Training falls and falls. Validation goes down for some epochs and then sideways, and
# `ReduceLROnPlateau` answers: at each dotted line it divides the learning rate, drawn below, by
# five. Both curves jump down at the first one: large steps had kept the weights shaking around a
# good place. The file `free.keras` holds the network as it was after epoch `{python} best`, not
# after epoch `{python} end`. (`EarlyStopping` has `restore_best_weights=True` for the same purpose.
# Without one or the other you keep the *last* network.)
#
# Now load both checkpoints and compare:

# %%
scores, rows = {}, []
for name in histories:
    kept = keras.saving.load_model(f"{name}.keras")
    scores[name] = kept.evaluate(held_out[0], one_hot, 2000, verbose=0, return_dict=True)
    rows.append({"network": name} | {what: f"{value:.3f}" for what, value in scores[name].items()})
tables.table(rows)

# %% [markdown]
# The recipe is right on `{python} f"{scores['published']['accuracy']:.1%}"` of the held-out
# photographs, and the network without any of it on `{python} f"{scores['free']['accuracy']:.1%}"`. So
# much care, and worse than none! At full length it is no different: in our benchmark, with pixels
# divided by 255, the recipe reaches *84.6%*{.given title="tests/bench/regularisation.py"} on the test photographs, and the free network
# *87.2%*{.given title="tests/bench/regularisation.py"} for a sixth of the work.
#
# ## What goes wrong?
#
# Split the recipe's validation loss into its two terms, one drawn on top of the other:

# %%
history = histories["published"]
penalties = np.subtract(history["val_loss"], history["val_cross_entropy"])
plot_curves.stacked_parts({"cross-entropy": history["val_cross_entropy"], "penalty": penalties})

# %% [markdown]
# Before the first step, the penalty was `{python} f"{first_penalty:.2f}"`; after the first epoch it is
# `{python} f"{penalties[0]:.2f}"`. The cross-entropy, the part that is about clothes, then goes from
# `{python} f"{history['val_cross_entropy'][0]:.2f}"` to
# `{python} f"{history['val_cross_entropy'][-1]:.2f}"` in all the epochs that follow, and at the end
# the penalty is still `{python} f"{penalties[-1] / history['val_loss'][-1]:.0%}"` of the loss. The
# optimizer did what it was told: it made weights small.

# %%
stages = {"before": before, "published": published.get_weights(), "free": free.get_weights()}
squares, rows = {}, []
for who, arrays in stages.items():  # kernel, biases, kernel, biases …
    squares[who] = each = [float((array**2).sum()) for array in arrays]
    columns = {"kernel of hidden_1": f"{each[0]:.1f}", "all biases": f"{sum(each[1::2]):.2f}"}
    rows.append({"sums of squares": who} | columns)
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
    for rank, unit in (("largest", order[-1]), ("middle", order[50])):
        pictures[f"{who}, {rank}"] = kernel[:, unit].reshape(28, 28)
plot_images.signed_images(pictures)

# %% [markdown]
# The free units are speckled, much of it with accidents of the training photographs. The recipe's are
# smooth, and so pale that little is left of them.
#
# Is it the penalty on biases? The table acquits it: before training, all biases together are little
# beside even one kernel. It is the strength.
#
# ## How strong, then?
#
# Vary the strength alone: no dropout, one cycle of the learning rate, everything else the same. Do
# it with 1,000 photographs and with 10,000, but with the same number of steps and the same batch
# size: each of the 1,000 is there ten times. Three seeds each; the strength 0 stands at the left
# end.
#
# Before `fit` takes its first step, TensorFlow traces the training step: a fixed price, which eighteen
# short trainings would pay eighteen times. `@cache` remembers what a function returned, so the same
# arguments get the same compiled network, traced once; `restart` gives it new first weights, and its
# optimizer an empty memory. `trained` returns a copy, which the next training leaves alone.

# %%
from functools import cache

from snippets.experiments import restart
from snippets.training import OneCycle, fit_one_cycle


def grade(network: keras.Model, examples=held_out) -> tuple[float, float]:
    """Return the cross-entropy, without any penalty, and the accuracy on held-out photographs."""
    logits = network(examples[0])
    right = np.argmax(logits, axis=1) == examples[1]
    return float(cross_entropy(examples[1], logits)), float(right.mean())


@cache
def compiled(batches: int, epochs: int, peak: float, **restraint) -> keras.Model:
    network = regularised_network((100, 100), **restraint)
    adam = keras.optimizers.Adam(OneCycle(peak, epochs * batches))
    network.compile(adam, cross_entropy, steps_per_execution=batches)
    return network


def trained(examples, seed: int, *, epochs: int, batch_size: int, peak: float, **restraint):
    network = compiled(-(-len(examples[1]) // batch_size), epochs, peak, **restraint)
    restart(network, seed)
    network.fit(*examples, batch_size, epochs, verbose=0)
    copy = regularised_network((100, 100))
    copy.set_weights(network.get_weights())
    return copy


# %%
STRENGTHS, SEEDS = (0.0, 0.001, 0.01), (7, 8, 9)
sets = {"1,000 photographs": [np.repeat(each, 10, axis=0) for each in few]}
sets["10,000 photographs"] = prepared(fashion.train.sample(per_class=1000))
cycle = {"epochs": 4, "batch_size": 128, "peak": 0.004, "dropout": 0.0}
swept = {}  # a set's grades: 3 seeds, 3 strengths, and cross-entropy and accuracy
for name, data in sets.items():
    grades = [[grade(trained(data, n, strength=s, **cycle)) for s in STRENGTHS] for n in SEEDS]
    swept[name] = np.array(grades)
curves = {name: grades[..., 0] for name, grades in swept.items()}
axes = {"xlabel": "strength of the L2 penalty", "ylabel": "validation cross-entropy"}
plot_curves.spread_curves(curves, x=STRENGTHS, log_x=True, **axes)

# %%
by_few, by_many = swept.values()
mean_few, mean_many = by_few.mean(axis=0), by_many.mean(axis=0)

# %% [markdown]
# Two opposite answers. With 1,000 photographs, 0.01 is the best of the three strengths: it brings the
# cross-entropy from `{python} f"{mean_few[0, 0]:.2f}"` down to `{python} f"{mean_few[-1, 0]:.2f}"`.
# With 10,000 it is the worst, and the means of the other two lie only
# `{python} f"{np.ptp(mean_many[:-1, 0]):.3f}"` apart.
#
# Why? The cross-entropy is a *mean* over the photographs; the penalty is not divided by anything. A
# strength of 0.01 says how much you believe that weights are small. Ten times the photographs are
# ten times the evidence, and should need a tenth of the belief.
#
# The *accuracy* is another matter. With 1,000 photographs and strengths from 0 to 0.01 it goes from
# `{python} f"{mean_few[0, 1]:.1%}"` to `{python} f"{mean_few[-1, 1]:.1%}"`: the penalty finds few
# more right answers, if any. It keeps the network from being so sure of the wrong ones. More
# photographs do both: ten times as many bring `{python} f"{mean_many[0, 1]:.1%}"`.
#
# ## Watching the wrong number
#
# The recipe's callbacks watched `val_loss`. With a penalty, the loss is two things at once, and you
# care for one. This is how it goes wrong: 1,000 photographs, a penalty, a small learning rate, and
# `EarlyStopping` with each of two numbers to watch.

# %%
network, watched = regularised_network((100, 100), strength=0.003, dropout=0.0), {}
entropy = keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")
adam = keras.optimizers.Adam(0.0005)
network.compile(adam, cross_entropy, metrics=[entropy], steps_per_execution=10)
for watch in ("val_loss", "val_cross_entropy"):
    restart(network, seed=7)
    stop = keras.callbacks.EarlyStopping(watch, mode="min", patience=5, restore_best_weights=True)
    run = network.fit(*few, epochs=40, batch_size=100, callbacks=[stop], **measured)
    watched[watch] = run.history, stop.best_epoch + 1

# %%
(by_loss, kept_by_loss), (by_entropy, kept_by_entropy) = watched.values()
marks = {watch: {epoch: f"kept by {watch}"} for watch, (_, epoch) in watched.items()}
plot_training.marked_curves({watch: by_loss[watch] for watch in watched}, marks=marks)

# %%
entropies = by_loss["val_cross_entropy"]
harm = entropies[kept_by_loss - 1] - entropies[kept_by_entropy - 1]

# %% [markdown]
# Both curves are from the run that watched `val_loss`. The cross-entropy turns round after epoch
# `{python} kept_by_entropy`. The loss does not notice: the weights still shrink, the penalty with
# them, and that outweighs the harm. `EarlyStopping` trains for `{python} len(by_loss["loss"])`
# epochs and keeps a network whose cross-entropy is worse by `{python} f"{harm:.2f}"`. Watching
# `val_cross_entropy`, it stops after `{python} len(by_entropy["loss"])`. The cure is one line: give
# `compile` the cross-entropy as a metric, and the callbacks its name. `mode="min"` says that less is
# better.
#
# Names are easily wrong, though:


# %% tags=["raises-exception"]
def fit_watching(**arguments) -> int:
    network = dense_network(())
    network.compile("adam", cross_entropy, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(**arguments)
    return len(network.fit(*few, epochs=3, callbacks=[stop], **measured).epoch)


fit_watching(monitor="val_acc")

# %% [markdown]
# The metric is called `val_accuracy`. The message does not say so; it asks for a `mode`. Do as it asks,
# and the error is gone. So is the callback:

# %%
import warnings

with warnings.catch_warnings(record=True, action="always") as caught:
    epochs_run = fit_watching(monitor="val_acc", mode="max")
print(epochs_run, "epochs:", caught[0].message)

# %% [markdown]
# A warning, and training goes on to the last epoch. Copy from its list of available metrics.
#
# ## Stop at 85%
#
# A callback of your own can end the training once the network is good enough. Its methods may set
# `self.model.stop_training`:


# %%
class StopAtAccuracy(keras.callbacks.Callback):
    def __init__(self, target: float):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            print(f"{logs['val_accuracy']:.1%} after epoch {epoch + 1}: that will do")
            self.model.stop_training = True


everything = prepared(fashion.train)
keras.utils.set_random_seed(7)
stop = StopAtAccuracy(0.85)
stopped = fit_one_cycle(dense_network(), everything, validation=held_out, callbacks=[stop])

# %% [markdown]
# `snippets/training.py` has it too, with an error instead of a surprise if the name is not logged.
#
# !!! note "What older recipes wrote"
#
#     `logs={}` as the default: it is made once and shared by all calls. And `logs.get("acc")`: the
#     metric has been called `accuracy` for years, `get` returns `None` for a name that is not there, and
#     comparing `None` with a number raises a `TypeError`. They also asked for *training* accuracy, which
#     is measured with dropout on, on photographs that the network learns from.
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
# and open the address that it prints, `http://localhost:6006`. (In a notebook: `%load_ext tensorboard`,
# then `%tensorboard --logdir logs`.)
#
# TensorBoard's own reader opens the files. It is made for a screen, and keeps ten numbers a name,
# drawn at random, unless you ask for all with a guidance of 0. `read_events` returns the last numbers,
# one an epoch, that a folder's event files hold under a name:

# %%
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray


def read_events(folder: str, name: str, epochs: int) -> list[float]:
    events = EventAccumulator(folder, size_guidance={"tensors": 0})
    events.Reload()
    return [float(make_ndarray(event.tensor_proto)) for event in events.Tensors(name)[-epochs:]]


seen = {}
for name, history in histories.items():  # an earlier run of this page may have left files, too
    folders, epochs = (f"logs/{name}/train", f"logs/{name}/validation"), len(history["loss"])
    seen[name] = [read_events(folder, "epoch_cross_entropy", epochs) for folder in folders]
plot_training.overfitting_curves(seen, log_x=False)

# %% [markdown]
# Both trainings once more, read from files. Look at the thin lines: the recipe's training
# cross-entropy lies *above* its validation, because dropout is on in training.
#
# ## What it costs to choose on the exam
#
# The recipe validates on the test photographs. So its checkpoint is an epoch that did well *on the
# exam*, and its grade is that epoch's grade. What is such a grade worth? You can find out without
# the test set, for the held-out photographs can play both parts. This is a demonstration; nothing is
# chosen by it.
#
# `RightAnswers` has noted what each epoch of the recipe got right. Deal some held-out photographs into
# two halves. Choose the epoch with the best accuracy on one half: that is what the recipe *promises*.
# Grade the same epoch on the other, fresh half: that is what it *keeps*. Take the mean over many deals.

# %%
from snippets.experiments import selection_bias

epochs_right, EXAMS = np.array(notes.right), (100, 300, 1000, 3000)
grades = [selection_bias(epochs_right, len(epochs_right), size=size) for size in EXAMS]
promised, delivered = np.transpose(grades)
flattery = 100 * (promised - delivered)

# %%
curves = {"promised: on the exam that chose": promised, "kept: on fresh photographs": delivered}
axes = {"xlabel": "photographs in the exam", "ylabel": "accuracy of the chosen epoch"}
plot_curves.spread_curves(curves, x=EXAMS, log_x=True, percent=True, **axes)

# %% [markdown]
# The two lines ought to be one. An exam of 100 photographs flatters the chosen epoch by
# `{python} f"{flattery[0]:.1f}"` points, one of 1,000 by `{python} f"{flattery[2]:.1f}"`; with 3,000
# the lines all but meet. Among `{python} len(epochs_right)` epochs there is always one whose
# accidents suit a small exam. The test set has 10,000 photographs, so there the price of choosing an
# epoch is small. But it grows with everything else that you choose the same way: each learning rate,
# each strength, each seed. And the worst part is that you do not know the price. Only fresh
# photographs could tell, and you have used yours up. (You have met this [with rules made at
# random](fashion-mnist.md); [Experiments](experiments.md) gives it a name.)
#
# ## The same network, done well
#
# What is left of the recipe? The network, with its 100-100-10 units. All 54,000 photographs: the best
# regularisation there is, so a hundredth of the penalty and half of the dropout. Batches of 512 with one
# cycle, as in [your first network](first-network.md). Is that light touch better than none? Validation
# decides, with three seeds.

# %% tags=["measured"]
touches = {"none": {"strength": 0.0, "dropout": 0.0}, "light": {"strength": 0.0001, "dropout": 0.1}}
cycle, finalists, finals, rows = {"epochs": 9, "batch_size": 512, "peak": 0.006}, {}, {}, []
for name, touch in touches.items():
    with Stopwatch() as time:
        finalists[name] = [trained(everything, seed, **cycle, **touch) for seed in SEEDS]
    finals[name] = np.array([grade(network) for network in finalists[name]])
    row = {"regularisation": name, "CPU seconds each": f"{time.cpu_seconds / len(SEEDS):.0f}"}
    row["validation cross-entropy"] = " ".join(f"{entropy:.3f}" for entropy in finals[name][:, 0])
    row["validation accuracy"] = " ".join(f"{accuracy:.1%}" for accuracy in finals[name][:, 1])
    rows.append(row)
tables.table(rows)

# %%
apart = abs(np.diff([grades[:, 1].mean() for grades in finals.values()])[0])

# %% [markdown]
# The light touch lowers the mean cross-entropy. The mean accuracies are
# `{python} f"{100 * apart:.1f}"` points apart: there, it makes no difference that three seeds could
# show. Take the lower mean cross-entropy, and open the test photographs, once:

# %%
chosen = min(finals, key=lambda name: finals[name][:, 0].mean())
tested = [grade(network, prepared(fashion.test))[1] for network in finalists[chosen]]
print(chosen, [f"{accuracy:.1%}" for accuracy in tested])

# %% [markdown]
# The same 100-100-10 units are now right on `{python} f"{min(tested):.1%}"` to
# `{python} f"{max(tested):.1%}"` of the test photographs, and each training takes a few CPU seconds,
# where the recipe at full length takes minutes.

# %% tags=["claims"]
lead = scores["free"]["accuracy"] - scores["published"]["accuracy"]
assert abs(both[0] - both[1]) < 1e-5, "the sparse and the one-hot form give equal losses"
assert lead > 0.01, "the recipe as published is worse than none of it, by more than a point"
assert squares["published"][0] < squares["before"][0] / 3 < squares["free"][0], (
    "the recipe's first kernel shrinks to less than a third of its first sum of squares"
)
assert by_few[:, -1, 0].max() < by_few[:, 0, 0].min() - 0.1, (
    "with 1,000 photographs a strength of 0.01 clearly lowers the validation cross-entropy"
)
assert by_many[:, -1, 0].min() > by_many[:, 0, 0].max() + 0.03, "with 10,000 it clearly raises it"
assert harm > 0.01, "watching the penalised loss keeps a network with a worse cross-entropy"
recorded = histories["free"]["val_cross_entropy"]
assert np.allclose(seen["free"][1], recorded, rtol=1e-5), "the event files hold what `fit` returned"
assert flattery[0] > 1, "an exam of 100 flatters the epoch that it chose by more than a point"
untouched, touched = (finals[name][:, 0].mean() for name in ("none", "light"))
assert touched < untouched - 0.002, "with all photographs, a light touch lowers it, too"
assert min(tested) >= 0.88, "100-100-10 is right on at least 88% of the test photographs"

# %% tags=["control"] claim="the sparse and the one-hot form give equal losses" without="a single class for each photograph"
mixed = 0.7 * one_hot + 0.3 * one_hot[::-1]  # three tenths another photograph's
both = both[0], float(categorical(mixed, logits))

# %% tags=["control"] claim="the recipe as published is worse than none of it, by more than a point" without="so strong a penalty"
schedule = {"epochs": 8, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild = trained(sets["10,000 photographs"], 7, **schedule, **restraint)
lead = scores["free"]["accuracy"] - grade(mild)[1]

# %% tags=["control"] claim="the recipe's first kernel shrinks to less than a third of its first sum of squares" without="so strong a penalty"
schedule = {"epochs": 2, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild = trained(sets["10,000 photographs"], 7, **schedule, **restraint)
now = [float((array**2).sum()) for array in mild.get_weights()]
squares = squares | {"published": now}

# %% tags=["control"] claim="with 1,000 photographs a strength of 0.01 clearly lowers the validation cross-entropy" without="so small a training set"
by_few = swept["10,000 photographs"]

# %% tags=["control"] claim="with 10,000 it clearly raises it" without="so many photographs"
by_many = swept["1,000 photographs"]

# %% tags=["control"] claim="watching the penalised loss keeps a network with a worse cross-entropy" without="a penalty"
keras.utils.set_random_seed(7)
unpriced = regularised_network((100, 100), strength=0.0, dropout=0.0)
entropy = keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy")
adam = keras.optimizers.Adam(0.0005)
unpriced.compile(adam, cross_entropy, metrics=[entropy], steps_per_execution=10)
stop = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=5)
options = {"epochs": 40, "batch_size": 100, "callbacks": [stop]} | measured
run = unpriced.fit(*few, **options).history
entropies = run["val_cross_entropy"]
harm = entropies[int(np.argmin(run["val_loss"]))] - min(entropies)

# %% tags=["control"] claim="an exam of 100 flatters the epoch that it chose by more than a point" without="a choice among epochs"
only_one = selection_bias(epochs_right[-1:], 1, size=EXAMS[0])
flattery = [100 * (only_one[0] - only_one[1])]

# %% [markdown]
# ## Exercises
#
# **1. The penalty by hand.** Write the L2 penalty of a list of weights, as Keras adds it to the loss.
# The starter takes the mean of the squares, which would make it about the same for any network.


# %% tags=["starter"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the strength times the sum of all squares in all arrays."""
    return strength * sum(float((array**2).mean()) for array in weights)


# %% tags=["check"]
for weights, strength, expected in [
    ([np.array([[3.0, -4.0]]), np.array([2.0, 1.0])], 0.1, 3.0),
    (before, 0.01, first_penalty),
]:
    given, shapes = l2_penalty(weights, strength), [array.shape for array in weights]
    assert isinstance(given, float | np.number), f"return a number, not {given}"
    assert abs(given - expected) < 1e-3, f"{shapes}, {strength}: {expected:.2f}, not {given:.3f}"


# %% tags=["solution"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the strength times the sum of all squares in all arrays."""
    return strength * sum(float((array**2).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the sum of all squares, whatever the strength."""
    return 0.01 * sum(float((array**2).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the strength times the sum of the sizes: an L1 penalty."""
    return strength * sum(float(np.abs(array).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the strength times the sum of the arrays' lengths, roots taken."""
    return strength * sum(float(np.sqrt((array**2).sum())) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights: list[np.ndarray], strength: float) -> float:
    """Return the strength times the squares of the kernels, biases left out."""
    return strength * sum(float((a**2).sum()) for a in weights if a.ndim == 2)


# %% [markdown]
# **2. Be the early stopper.** You see what was measured after each epoch, less is better. Return the
# epoch with the lowest value so far (of equals, the first) and the epoch after which training stops:
# the first at which there has been no new lowest value for `patience` epochs, or the last one there
# is. Count from 1. The starter has all the patience in the world.


# %% tags=["starter"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    return int(np.argmin(values)) + 1, len(values)


# %% tags=["check"]
for values, patience, answer in [
    ([3, 2, 1], 1, (3, 3)),
    ([3, 2, 4, 5, 1], 2, (2, 4)),
    ([3, 2, 4, 1, 5, 5], 2, (4, 6)),
    ([5, 1, 4, 3, 2], 2, (2, 4)),
    ([1, 1, 1, 1, 1], 3, (1, 4)),
    (by_entropy["val_cross_entropy"], 5, (kept_by_entropy, len(by_entropy["loss"]))),
]:
    given = stop_early(values, patience)
    assert given == answer, f"{values} with patience {patience}: {given}, not {answer}"


# %% tags=["solution"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    best = 0
    for epoch, value in enumerate(values):
        best = epoch if value < values[best] else best
        if epoch - best >= patience:
            break
    return best + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    best, worse = 0, 0
    for epoch, value in enumerate(values):
        worse = worse + 1 if epoch and value >= values[epoch - 1] else 0
        best = epoch if value < values[best] else best
        if worse >= patience:  # compared with the epoch before, not with the best
            break
    return best + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    best = 0
    for epoch, value in enumerate(values):
        best = epoch if value <= values[best] else best  # of equals, the last
        if epoch - best >= patience:
            break
    return best + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    best = int(np.argmin(values))  # may come after training has stopped
    return best + 1, min(best + 1 + patience, len(values))


# %% tags=["wrong"]
def stop_early(values: list[float], patience: int) -> tuple[int, int]:
    """Return the best epoch and the last one."""
    best, waited = 0, 0
    for epoch, value in enumerate(values):
        if value < values[best] or epoch == 0:
            best = epoch  # and goes on counting where it was
        else:
            waited += 1
        if waited >= patience:
            break
    return best + 1, epoch + 1


# %% [markdown]
# **3. Dropout by hand.** Set each number to 0 with the probability `rate`, by a draw of its own from
# `generator`, and make up for it, so that the mean stays what it was. The starter forgets to make up.


# %% tags=["starter"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Return the values, some at random set to 0 and the others scaled up."""
    return np.where(generator.random(values.shape) < rate, 0, values)


# %% tags=["check"]
values = np.arange(1.0, 40_001).reshape(200, 200)
generator = np.random.default_rng(7)
steps = np.stack([drop(values.copy(), 0.4, generator) for _ in range(2)])
assert steps.shape == (2, 200, 200), f"shape {steps.shape[1:]} instead of (200, 200)"
gone = steps == 0
assert abs(gone.mean() - 0.4) < 0.02, f"with a rate of 0.4, {gone.mean():.1%} are 0"
scale = (steps / values)[~gone]
assert np.allclose(scale, 1 / 0.6), f"what stays grows {scale.mean():.3f} times: the mean changes"
assert (gone[0] != gone[1]).any(), "at the second step the same numbers go: draw anew"
for spread in (gone.sum(axis=1).std(), gone.sum(axis=2).std()):
    assert 5 < spread < 9, "numbers in a row or column go together: draw for each"
some = {(drop(np.ones(10), 0.4, generator) == 0).sum() for _ in range(20)}
assert len(some) > 1, "out of ten, the same count always goes: draw for each"
again = drop(values.copy(), 0.4, np.random.default_rng(7))
assert np.array_equal(again, steps[0]), (
    "equal generators must drop the same numbers: draw from the one given"
)


# %% tags=["solution"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Return the values, some at random set to 0 and the others scaled up."""
    return np.where(generator.random(values.shape) < rate, 0, values / (1 - rate))


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Drop every so many-th number, with nothing random about it."""
    places = np.arange(values.size).reshape(values.shape)
    return np.where(places % 5 < 5 * rate, 0, values / (1 - rate))


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Draw once for all rows."""
    return np.where(generator.random(values.shape[-1]) < rate, 0, values / (1 - rate))


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Draw from a generator of its own, which is new at each call."""
    own = np.random.default_rng(0)
    return np.where(own.random(values.shape) < rate, 0, values / (1 - rate))


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Drop exactly the part, never one more or less."""
    places = generator.permutation(values.size).reshape(values.shape)
    return np.where(places < rate * values.size, 0, values / (1 - rate))


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Keep the part that should go."""
    return np.where(generator.random(values.shape) > rate, 0, values / rate)


# %% tags=["wrong"]
def drop(values: np.ndarray, rate: float, generator: np.random.Generator) -> np.ndarray:
    """Make up with the wrong factor."""
    return np.where(generator.random(values.shape) < rate, 0, values * (1 + rate))


# %% [markdown]
# ## What to remember
#
# - Regularisation trades fit for restraint. How much is right depends on how much data you have: the
#   less data, the more restraint. Tune the strength; never copy it.
# - The L2 penalty is part of the loss. Watch the cross-entropy, and hand its name to every callback.
# - Early stopping with a checkpoint costs nothing and saves time.
# - Whatever chooses cannot grade: keep the test set out of every callback.
#
# ## Where next
#
# You have swept a strength with a few seeds. [Experiments](experiments.md) asks what such a sweep can
# tell, and what is luck. And every network so far has thrown away which pixel lies beside which: a
# [convolutional network](../convnets/convolution.md) keeps it.
