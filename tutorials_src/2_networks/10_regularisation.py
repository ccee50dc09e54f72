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
from keras import callbacks, layers

from snippets import plot_curves, plot_images, plot_training, tables
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network, regularised_network
from snippets.preprocessing import standardise

fashion = load_fashion_mnist()


def prepare(split):
    return standardise(split.images, fashion.train.images), split.labels


held_out = prepare(fashion.validation)
thousand_data = prepare(fashion.train.sample(per_class=100))
validation_data = prepare(fashion.validation.sample(per_class=200))
quiet_options = {"validation_batch_size": 2000, "verbose": 0}
validation_options = quiet_options | {"validation_data": validation_data}
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %%
sizes = {"tiny": (8,), "small": (100, 100), "large": (300, 300)}
losses_by_size = {}
for size, units in sizes.items():
    keras.utils.set_random_seed(7)
    network = dense_network(units)
    network.compile("adam", cross_entropy, steps_per_execution=10)
    options = {"epochs": 20, "batch_size": 100} | validation_options
    run = network.fit(*thousand_data, **options).history
    title = f"{size}: {network.count_params():,} weights"
    losses_by_size[title] = run["loss"], run["val_loss"]
plot_training.overfitting_curves(losses_by_size)

# %% tags=["folded"]
large_losses = run["val_loss"]  # of the last of the three

# %% [markdown]
# The epochs lie on a logarithmic axis, because the first few decide the most. Follow a thin line,
# the training cross-entropy: the larger the network, the sooner it is near 0. Now the thick line of
# the same colour, the validation cross-entropy, with a large marker where it is lowest. The large
# network is at its best after epoch `{python} int(np.argmin(large_losses)) + 1` and then climbs: from
# `{python} f"{min(large_losses):.2f}"` to `{python} f"{large_losses[-1]:.2f}"`. The small one does the
# same. The tiny one has too few weights to learn a thousand photographs by heart, and takes long to learn
# anything.
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
    loss = priced_loss(strength)
    path = descend(loss, [0.0], learning_rate=0.1, steps=100)
    by_hand = 2 / (1 + strength)
    print(f"strength {strength}: {path[-1][0]:.3f}, by hand {by_hand:.3f}")

# %% [markdown]
# Think of a rubber band from each weight to 0. Its pull, $2 \lambda w$, grows with the weight. A weight
# that the data insist on stays large; one that they do not care about goes to 0.
#
# In Keras, each layer takes a penalty for its weight matrix, the *kernel*, and another for its
# biases. Here is a layer of 100 units, with two inputs:

# %%
penalty = keras.regularizers.L2(0.01)
regularisers = {"kernel_regularizer": penalty, "bias_regularizer": penalty}
layer = layers.Dense(100, **regularisers)
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
dropout = layers.Dropout(0.2, seed=7)
ones = np.ones((1, 10))
print("in training:  ", dropout(ones, training=True).numpy()[0])
print("in prediction:", dropout(ones, training=False).numpy()[0])

# %% [markdown]
# The others are divided by one minus the rate. So the sum stays the same on average, and the next
# layer finds in prediction what it is used to. It is like a team in which somebody else is missing
# every day: nobody can rely on one colleague.
#
# Ten ones are easy. Here are outputs of the first hidden layer of the large network above, for one
# photograph. Draw again and again: each sum is off, their mean is not. What does a higher rate do to the
# sums?


# %% tags=["interactive"]
def figure_of_dropout():
    import json

    layer_outputs = network.get_layer("hidden_1").output
    trunk = keras.Model(network.inputs[0], layer_outputs, name="trunk")
    outputs = trunk(validation_data[0][:1]).numpy()[0, :40].round(3)
    references = []
    for rate in (0.2, 0.4, 0.6):
        noise = layers.Dropout(rate, seed=7, name=f"noise_{rate}")
        rows = np.tile(outputs, (2000, 1))
        sums = noise(rows, training=True).numpy().sum(axis=1)
        reference = {
            "rate": rate,
            "mean": sums.mean(),
            "spread": sums.std(),
        }
        reference |= {"scale": 1 / (1 - rate), "sum": outputs.sum()}
        references.append(
            {name: float(reference[name]) for name in reference}
        )
    figure = {
        "figure": "dropout",
        "label": "Dropout, drawn again and again",
    }
    figure |= {"outputs": [round(float(output), 3) for output in outputs]}
    print(json.dumps(figure | {"rate": 0.2, "expected": references}))


figure_of_dropout()

# %% [markdown]
# ## The recipe
#
# Now a recipe with everything switched on, as you may find it published: two hidden layers of 100
# units, dropout of 0.2 after each, an L2 penalty with strength 0.01 on every kernel and every bias,
# and all of them started from a normal distribution by [LeCun's rule](functional-api.md): the
# variance is one divided by the number of inputs. (A bias counts as having as many inputs as its
# layer has units.) Layers and network have names, which errors, saved files and TensorBoard show.

# %%
keras.utils.set_random_seed(7)
lecun = "lecun_normal"
initial_weights = {"kernel_initializer": lecun, "bias_initializer": lecun}
options = regularisers | initial_weights
recipe_network = keras.Sequential(
    [
        keras.Input((28, 28)),
        layers.Flatten(name="flatten"),
        layers.Dense(100, activation="relu", name="hidden_1", **options),
        layers.Dropout(0.2, name="dropout_1"),
        layers.Dense(100, activation="relu", name="hidden_2", **options),
        layers.Dropout(0.2, name="dropout_2"),
        layers.Dense(10, name="logits", **options),
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
sparse_loss = float(cross_entropy(held_out[1], logits))
one_hot_loss = float(categorical(one_hot, logits))
print(held_out[1][0], one_hot[0], sparse_loss, one_hot_loss)

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
        callbacks.ModelCheckpoint(f"{name}.keras", save_best_only=True),
        callbacks.ReduceLROnPlateau(factor=0.2, patience=2),
        callbacks.EarlyStopping(patience=5),
        callbacks.TensorBoard(f"logs/{name}"),
    ]


# %% [markdown]
# And you can write your own: a class with the methods that you need. Each gets `logs`, a dictionary
# of what was measured. This one needs none of it; it notes after each epoch on which of the held-out
# photographs the network is correct, for later.


# %%
class CorrectAnswers(callbacks.Callback):
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
watched_data = prepare(fashion.test) if is_full else held_out  # a mistake
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
keras.utils.set_random_seed(7)
no_restraint = {"strength": 0.0, "dropout": 0.0}
free_network = regularised_network((100, 100), name="free", **no_restraint)
targets = keras.utils.to_categorical(labels, 10)
watched_targets = keras.utils.to_categorical(watched_data[1], 10)
fit_options = {"epochs": most_epochs, "batch_size": 32} | quiet_options
fit_options["validation_data"] = watched_data[0], watched_targets

# %%
steps = -(-len(labels) // 32)
entropy_options = {"name": "cross_entropy", "from_logits": True}
histories, notes = {}, CorrectAnswers()
for network in (free_network, recipe_network):
    keras.utils.set_random_seed(7)
    entropy = keras.metrics.CategoricalCrossentropy(**entropy_options)
    metrics = ["accuracy", entropy]
    options = {"metrics": metrics, "steps_per_execution": steps}
    network.compile("adam", categorical, **options)
    watching = [*watchers(network.name), notes]
    run = network.fit(inputs, targets, callbacks=watching, **fit_options)
    histories[network.name] = run.history
    print(network.name, len(run.epoch), "epochs")

# %% [markdown]
# First the free one, because it shows every callback at work:

# %%
history = histories["free"]
free_best = int(np.argmin(history["val_loss"])) + 1
free_end = len(history["val_loss"])
curves = {"training": history["cross_entropy"]}
curves["validation"] = history["val_cross_entropy"]
marks = {free_best: "best: checkpoint", free_end: "stopped"}
axes = {"rates": history["learning_rate"], "ylabel": "cross-entropy"}
plot_training.marked_curves(curves, marks={"validation": marks}, **axes)

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
options = {"verbose": 0, "return_dict": True}
for name in histories:
    network = keras.saving.load_model(f"{name}.keras")
    scores[name] = network.evaluate(held_out[0], one_hot, **options)
    print(name, {m: round(score, 3) for m, score in scores[name].items()})

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
entropies = history["val_cross_entropy"]
penalties = np.subtract(history["val_loss"], entropies)
terms = {"cross-entropy": entropies, "penalty": penalties}
plot_curves.stacked_parts(terms)

# %% [markdown]
# Before the first step, the penalty was `{python} f"{first_penalty:.2f}"`; after the first epoch it is
# `{python} f"{penalties[0]:.2f}"`. The cross-entropy, the part that is about clothes, then goes from
# `{python} f"{history['val_cross_entropy'][0]:.2f}"` to
# `{python} f"{history['val_cross_entropy'][-1]:.2f}"` in all the epochs that follow, and at the end
# the penalty is still `{python} f"{penalties[-1] / history['val_loss'][-1]:.0%}"` of the loss. The
# optimizer did what it was told: it made weights small.

# %%
stages, squares, rows = {"before": first_weights}, {}, []
for network in (recipe_network, free_network):
    stages[network.name] = network.get_weights()
for name, arrays in stages.items():  # kernel, biases, kernel, biases …
    sums = squares[name] = [float((array**2).sum()) for array in arrays]
    row = {"sums of squares": name, "kernel of hidden_1": f"{sums[0]:.1f}"}
    rows.append(row | {"all biases": f"{sum(sums[1::2]):.2f}"})
tables.table(rows)

# %% [markdown]
# Left alone, the kernel of `hidden_1` grows; in the recipe its sum of squares shrinks to
# `{python} f"{squares['published'][0] / squares['before'][0]:.0%}"` of what it was. What does a unit
# look like then? Here are the weights of two units of each network as pictures, on one scale of
# colours: the unit with the largest weights and one in the middle.

# %%
pictures = {}
for name in ("published", "free"):
    kernel = stages[name][0]
    order = np.argsort((kernel**2).sum(axis=0))
    for rank, i in (("largest", order[-1]), ("middle", order[50])):
        pictures[f"{name}, {rank}"] = kernel[:, i].reshape(28, 28)
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
    images, labels = examples
    logits = network(images)
    accuracy = np.mean(np.argmax(logits, axis=1) == labels)
    return float(cross_entropy(labels, logits)), float(accuracy)


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
    trained_network = regularised_network((100, 100))
    trained_network.set_weights(network.get_weights())
    return trained_network


# %%
STRENGTHS, SEEDS = (0.0, 0.001, 0.01), (7, 8, 9)
cycle = {"epochs": 4, "batch_size": 128, "peak": 0.004, "dropout": 0.0}


def grade_strengths(examples, seed):
    options = [{"strength": strength} | cycle for strength in STRENGTHS]
    return [grade(train_copy(examples, seed, **row)) for row in options]


repeated_data = [np.repeat(array, 10, axis=0) for array in thousand_data]
sets = {"1,000": repeated_data, "10,000": ten_thousand_data}
grades_by_set = {}  # 3 seeds, 3 strengths, and cross-entropy and accuracy
for name, examples in sets.items():
    rows = [grade_strengths(examples, seed) for seed in SEEDS]
    grades_by_set[f"{name} photographs"] = np.array(rows)
curves = {name: grades[..., 0] for name, grades in grades_by_set.items()}
axes = {"xlabel": "penalty strength", "ylabel": "validation cross-entropy"}
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
network = regularised_network((100, 100), strength=0.003, dropout=0.0)
entropy = keras.metrics.SparseCategoricalCrossentropy(**entropy_options)
options = {"metrics": [entropy], "steps_per_execution": 10}
network.compile(keras.optimizers.Adam(0.0005), cross_entropy, **options)
stopping = {"mode": "min", "patience": 5, "restore_best_weights": True}
runs_by_monitor = {}
for monitor in ("val_loss", "val_cross_entropy"):
    restart(network, seed=7)
    stopper = callbacks.EarlyStopping(monitor, **stopping)
    options = {"epochs": 40, "batch_size": 100, "callbacks": [stopper]}
    run = network.fit(*thousand_data, **options, **validation_options)
    runs_by_monitor[monitor] = run.history, stopper.best_epoch + 1

# %%
loss_run, loss_epoch = runs_by_monitor["val_loss"]
entropy_run, entropy_epoch = runs_by_monitor["val_cross_entropy"]
curves = {name: loss_run[name] for name in runs_by_monitor}
marks = {m: {n: f"kept by {m}"} for m, (_, n) in runs_by_monitor.items()}
plot_training.marked_curves(curves, marks=marks)

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
    stopper = callbacks.EarlyStopping(**arguments)
    options = {"epochs": 3, "callbacks": [stopper]} | validation_options
    return len(network.fit(*thousand_data, **options).epoch)


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
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util.tensor_util import make_ndarray


def read_events(folder, name, epochs):
    events = event_accumulator.EventAccumulator(folder, {"tensors": 0})
    events.Reload()
    tensors = [event.tensor_proto for event in events.Tensors(name)]
    return [float(make_ndarray(tensor)) for tensor in tensors[-epochs:]]


event_curves = {}
for name, history in histories.items():
    columns = "epoch_cross_entropy", len(history["loss"])
    folders = f"logs/{name}/train", f"logs/{name}/validation"
    event_curves[name] = [read_events(f, *columns) for f in folders]
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
epochs = len(correct_masks)
pairs = [selection_bias(correct_masks, epochs, size=n) for n in EXAMS]
promises, deliveries = np.transpose(pairs)
flattery = 100 * (promises - deliveries)

# %%
curves = {"promised, on the exam": promises, "kept": deliveries}
axes = {"xlabel": "exam photographs", "ylabel": "chosen epoch's accuracy"}
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
# one cycle, as in [your first network](first-network.md). Is that light touch better than none? Validation
# decides, with three seeds.

# %%
light_touch = {"strength": 0.0001, "dropout": 0.1}
touches = {"none": no_restraint, "light": light_touch}
cycle = {"epochs": 9, "batch_size": 512, "peak": 0.006}
final_networks, final_grades = {}, {}
for name, touch in touches.items():
    options = cycle | touch
    networks = [train_copy(whole_data, seed, **options) for seed in SEEDS]
    grades = np.array([grade(network) for network in networks])
    final_networks[name], final_grades[name] = networks, grades
    losses, accuracies = grades.T.round(3)
    print(f"{name}: cross-entropies {losses}, accuracies {accuracies}")

# %% tags=["folded"]
none_means, light_means = (g.mean(axis=0) for g in final_grades.values())

# %% [markdown]
# The light touch lowers the mean cross-entropy. The mean accuracies are
# `{python} f"{100 * abs(light_means[1] - none_means[1]):.1f}"` points apart: there, it makes no difference
# that three seeds could show. Take the lower mean cross-entropy, and open the test photographs, once:

# %%
winner = min(final_grades, key=lambda name: final_grades[name][:, 0].mean())
winners, test_data = final_networks[winner], prepare(fashion.test)
test_accuracies = [grade(network, test_data)[1] for network in winners]
print(winner, [f"{accuracy:.1%}" for accuracy in test_accuracies])

# %% [markdown]
# The same 100-100-10 units are now right on `{python} f"{min(test_accuracies):.1%}"` to
# `{python} f"{max(test_accuracies):.1%}"` of the test photographs, with nine epochs of large batches.

# %% tags=["claims"]
from snippets.saving import save_and_check

loaded_network = keras.saving.load_model("published.keras")
arguments = loaded_network, "sent.keras", held_out[0][:10]
change = save_and_check(*arguments, overwrite=True)
assert change == 0, (
    "a checkpoint loads in a fresh process with Keras alone, and answers the same"
)
lead = scores["free"]["accuracy"] - scores["published"]["accuracy"]
assert abs(sparse_loss - one_hot_loss) < 1e-5, (
    "the sparse and the one-hot form give equal losses"
)
assert lead > 0.01, (
    "the recipe as published is worse than none of it, by more than a point"
)
third_of_first = squares["before"][0] / 3
assert squares["published"][0] < third_of_first < squares["free"][0], (
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
assert light_means[0] < none_means[0] - 0.002, (
    "with all photographs, a light touch lowers it, too"
)
assert min(test_accuracies) >= 0.88, (
    "100-100-10 is right on at least 88% of the test photographs"
)

# %% tags=["control"] claim="the sparse and the one-hot form give equal losses" without="a single class for each photograph"
mixed_labels = 0.7 * one_hot + 0.3 * one_hot[::-1]  # partly another's
one_hot_loss = float(categorical(mixed_labels, logits))

# %% tags=["control"] claim="the recipe as published is worse than none of it, by more than a point" without="so strong a penalty"
schedule = {"epochs": 8, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild_network = train_copy(ten_thousand_data, 7, **schedule, **restraint)
lead = scores["free"]["accuracy"] - grade(mild_network)[1]

# %% tags=["control"] claim="the recipe's first kernel shrinks to less than a third of its first sum of squares" without="so strong a penalty"
schedule = {"epochs": 2, "batch_size": 128, "peak": 0.004}
restraint = {"strength": 0.0001, "dropout": 0.2}
mild_network = train_copy(ten_thousand_data, 7, **schedule, **restraint)
arrays = mild_network.get_weights()
squares = squares | {"published": [(array**2).sum() for array in arrays]}

# %% tags=["control"] claim="with 1,000 photographs a strength of 0.01 clearly lowers the validation cross-entropy" without="so small a training set"
few_grades = grades_by_set["10,000 photographs"]

# %% tags=["control"] claim="with 10,000 it clearly raises it" without="so many photographs"
many_grades = grades_by_set["1,000 photographs"]

# %% tags=["control"] claim="watching the penalised loss keeps a network with a worse cross-entropy" without="a penalty"
keras.utils.set_random_seed(7)
unpriced_network = regularised_network((100, 100), **no_restraint)
entropy = keras.metrics.SparseCategoricalCrossentropy(**entropy_options)
options = {"metrics": [entropy], "steps_per_execution": 10}
adam = keras.optimizers.Adam(0.0005)
unpriced_network.compile(adam, cross_entropy, **options)
stopper = callbacks.EarlyStopping("val_loss", mode="min", patience=5)
options = {"epochs": 40, "batch_size": 100, "callbacks": [stopper]}
options |= validation_options
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


# %% [markdown] tags=["hint"]
# Work out the first case on paper: 9 + 16 + 4 + 1, times the strength. Is anything divided by the number of
# weights?

# %% tags=["check"]
for weights, strength, target in [
    ([np.array([[3.0, -4.0]]), np.array([2.0, 1.0])], 0.1, 3.0),
    (first_weights, 0.01, first_penalty),
]:
    answer = l2_penalty(weights, strength)
    assert abs(answer - target) < 1e-3, f"{target:.2f}, not {answer:.3f}"


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
    """Return the strength times the sum of the lengths, roots taken."""
    return strength * sum(np.sqrt((array**2).sum()) for array in weights)


# %% tags=["wrong"]
def l2_penalty(weights, strength):
    """Return the strength times the squares of the kernels alone."""
    kernels = [array for array in weights if array.ndim == 2]
    return strength * sum(float((array**2).sum()) for array in kernels)


# %% [markdown]
# **2. Be the early stopper.** You see what was measured after each epoch, less is better. Return the
# epoch with the lowest value so far (of equals, the first) and the epoch after which training stops:
# the first at which there has been no new lowest value for `patience` epochs, or the last one there
# is. Count from 1. The starter has all the patience in the world.


# %% tags=["starter"]
def stop_early(values, patience):
    return int(np.argmin(values)) + 1, len(values)


# %% [markdown] tags=["hint"]
# Go through the epochs one at a time and remember the place of the lowest value. What you do not know yet
# must not count: training may stop before the lowest value of all.

# %% tags=["check"]
entropy_curve = entropy_run["val_cross_entropy"]
for values, patience, target in [
    ([3, 2, 4, 5, 1], 2, (2, 4)),
    ([3, 2, 4, 1, 5, 5], 2, (4, 6)),
    ([5, 1, 4, 3, 2], 2, (2, 4)),
    ([1, 1, 1, 1, 1], 3, (1, 4)),
    (entropy_curve, 5, (entropy_epoch, len(entropy_curve))),
]:
    answer = stop_early(values, patience)
    assert answer == target, f"{values}, {patience}: {answer}, not {target}"


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
        # Compared with the epoch before, not with the best.
        is_worse = epoch and value >= values[epoch - 1]
        epochs_worse = epochs_worse + 1 if is_worse else 0
        best_place = epoch if value < values[best_place] else best_place
        if epochs_worse >= patience:
            break
    return best_place + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place = 0
    for epoch, value in enumerate(values):
        if value <= values[best_place]:  # of equals, the last
            best_place = epoch
        if epoch - best_place >= patience:
            break
    return best_place + 1, epoch + 1


# %% tags=["wrong"]
def stop_early(values, patience):
    best_place = int(np.argmin(values))  # perhaps after training stopped
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
class StopAtAccuracy(callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target


# %% [markdown] tags=["hint"]
# A callback reaches the network as `self.model`, and *Who watches over the training* says when `fit` calls
# which method.

# %% tags=["check"]
for accuracy, is_enough in ((0.84, False), (0.85, True), (0.9, True)):
    watched_network, callback = dense_network(()), StopAtAccuracy(0.85)
    watched_network.stop_training = False
    callback.set_model(watched_network)
    callback.on_epoch_end(0, {"accuracy": 0.99, "val_accuracy": accuracy})
    stops = watched_network.stop_training
    assert stops == is_enough, f"{accuracy}: ends the training? {stops}"


# %% tags=["solution"]
class StopAtAccuracy(callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["accuracy"] >= self.target:  # of the training photographs
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] > self.target:  # and not at least
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAtAccuracy(callbacks.Callback):
    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            self.stop_training = True  # of the callback, which nobody asks


# %% [markdown]
# ## Questions
#
# Five questions about holding a network back, with a reason for each choice.

# %% [markdown] tags=["question"]
# You may keep the large network of the first figure as it was after any of its 20 epochs. Which epoch do you
# choose?
#
# - epoch `{python} int(np.argmin(large_losses)) + 1`: its validation loss is the lowest
#     - From then on the network gets better at its own photographs and worse at others.
# - epoch `{python} len(large_losses)`: its training loss is the lowest
#     - By then it knows a thousand photographs by heart. On others its loss has gone from
#       `{python} f"{min(large_losses):.2f}"` to `{python} f"{large_losses[-1]:.2f}"`.
# - epoch 1: nothing is learned by heart yet
#     - It has not learned enough yet either: its validation loss is still
#       `{python} f"{large_losses[0]:.2f}"`.

# %% tags=["question"]
training_losses, _ = list(losses_by_size.values())[-1]
best_of_own, best_epoch = (
    int(np.argmin(losses)) + 1 for losses in (training_losses, large_losses)
)
[
    1 < best_epoch < best_of_own == len(large_losses),
    best_epoch == best_of_own,
    best_epoch == 1,
]

# %% [markdown] tags=["question"]
# The data would like a weight to be 6: their loss is $(w - 6)^2$. You add an L2 penalty of strength 2. Where
# does the weight end?
#
# - at 2
#     - The whole loss is $(w - 6)^2 + 2w^2$. Its slope, $2(w - 6) + 4w$, is 0 where $6w = 12$.
# - at 3
#     - That divides by the strength. At strength 2 the data still count once and the penalty twice: divide by
#       1 + 2.
# - at 4
#     - That subtracts the strength. The pull of a square grows with the weight, as that of a rubber band
#       does.
# - at 0
#     - A penalty twice as strong does not win altogether: near 0 it hardly pulls, while the data pull
#       hardest.


# %% tags=["question"]
def pulled(w):
    return (w[0] - 6) ** 2 + 2 * w[0] ** 2


end = float(descend(pulled, [0.0], learning_rate=0.1, steps=60)[-1][0])
[
    np.isclose(end, 2, atol=0.01),
    np.isclose(end, 3, atol=0.01),
    np.isclose(end, 4, atol=0.01),
    np.isclose(end, 0, atol=0.01),
]

# %% [markdown] tags=["question"]
# A layer answers with 3 everywhere, and a dropout with a rate of one half follows. What does the next layer
# get?
#
# - in training 0s and 6s, in use 3s
#     - What is left is divided by one minus the rate, so that the sum is the same on average. In use nothing
#       is dropped, and nothing needs scaling.
# - in training 0s and 3s, in use 3s
#     - Then the next layer would find twice as much in use as it was trained with.
# - in training 0s and 6s, in use as well
#     - Dropout is noise for training. Where answers are wanted, the whole network answers, and the same each
#       time.
# - in training 0s and 3s, in use half of 3
#     - That would match, too, and dropout was first done that way. Keras scales in training, so that use
#       costs nothing.

# %% tags=["question"]
half = layers.Dropout(0.5, seed=7)
threes = np.full((1, 1000), 3.0)
in_training = set(half(threes, training=True).numpy().ravel().tolist())
in_use = set(half(threes, training=False).numpy().ravel().tolist())
[
    (in_training, in_use) == ({0, 6}, {3}),
    (in_training, in_use) == ({0, 3}, {3}),
    (in_training, in_use) == ({0, 6}, {0, 6}),
    (in_training, in_use) == ({0, 3}, {1.5}),
]

# %% [markdown] tags=["question"]
# On 1,000 photographs, a penalty of strength 0.01 was the best of three. Now you have 10,000. Which strength
# do you expect to be the best?
#
# - a smaller one
#     - The cross-entropy is a mean and the penalty is not divided by anything. Ten times the evidence should
#       need a tenth of the belief; on this page, 0.01 was then the worst of the three.
# - the same one
#     - A strength belongs to a network *and* its data. Copied to more data, it costs more than it saves.
# - a larger one
#     - The more photographs, the harder they are to learn by heart, and the less there is to hold back.

# %% tags=["question"]
best_of_few = STRENGTHS[few_means[:, 0].argmin()]
best_of_many = STRENGTHS[many_means[:, 0].argmin()]
worst_of_many = STRENGTHS[many_means[:, 0].argmax()]
[
    best_of_many < best_of_few == worst_of_many,
    best_of_many == best_of_few,
    best_of_many > best_of_few,
]

# %% [markdown] tags=["question"]
# A network with an L2 penalty is trained twice, with `EarlyStopping` on `val_loss` and on
# `val_cross_entropy`. What do you expect of the run that watches `val_loss`?
#
# - It keeps a later, worse network.
#     - Weights that still shrink lower the penalty, and with it the loss, when the cross-entropy has already
#       turned. Here it kept epoch `{python} loss_epoch` and not `{python} entropy_epoch`.
# - It keeps an earlier, worse network.
#     - The penalty is part of the loss, but it falls as training goes on. So the loss goes on falling longer,
#       not shorter.
# - It keeps the same network.
#     - That is so without a penalty, where the two are one number. With it, the loss is two things at once,
#       and they turn at different times.

# %% tags=["question"]
val_entropies = loss_run["val_cross_entropy"]
is_worse = val_entropies[loss_epoch - 1] > val_entropies[entropy_epoch - 1]
[
    loss_epoch > entropy_epoch and is_worse,
    loss_epoch < entropy_epoch and is_worse,
    loss_epoch == entropy_epoch,
]

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
