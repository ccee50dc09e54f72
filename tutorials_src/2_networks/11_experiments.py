# ---
# title: Experiments
# summary: "Which setting is better, and would luck have done the same? Sweeps, seeds, a range test and a tuner."
# needs: [evaluation, functional-api, regularisation]
# teaches: [hyperparameter, sweep, noise, learning-rate range test, winner's curse, search space, random search, successive halving, hyperband]
# data: [fashion-mnist]
# artifacts: []
# seed: 1
# ---

# %% [markdown]
# Someone changes 64 units into 512 and reports a better accuracy. Are 512 better, or was it luck?
# Here is all the evidence: one network of each, a dot for each.

# %%
import keras
import numpy as np

from snippets import plot_curves, plot_results, tables
from snippets.datasets import load_fashion_mnist
from snippets.preprocessing import standardise
from snippets.models import dense_network
from snippets.training import fit_one_cycle

fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class={"default": 224, "full": 4096}[fashion.edition])
images, labels = standardise(sample.images, sample.images), sample.labels
held_out = standardise(fashion.validation.images, sample.images)


def right_answers(network, split=fashion.validation, inputs=held_out):  # one per photograph
    return np.asarray(network(inputs)).argmax(axis=1) == split.labels


def one_run(units):
    keras.utils.set_random_seed(1)
    network = dense_network((units,))
    fit_one_cycle(network, (images, labels), batch_size=128)
    return right_answers(network).mean()


report = {f"{units} units": [one_run(units)] for units in (64, 512)}
plot_results.seed_dots(report, xlabel="validation accuracy")

# %% [markdown]
# Units, layers, epochs, batch size, learning rate, [initializer](functional-api.md): what you choose
# and training does not are the **hyperparameters**. This page tries them, and asks what each try
# tells you.
#
# A costly experiment is done once, and then tells little. So make it cheap. On this page, which ran
# on the *`{python} fashion.edition`* edition, networks learn from a stratified sample of
# `{python} f"{len(labels):,}"` photographs, and are graded on the whole validation set. Accuracies
# are lower than with all photographs; here the differences count.
#
# Next, the recipe, with everything that will be changed as an argument and the plain choice as its
# default. Preparing a network for `fit` has a fixed price: TensorFlow traces the training step.
# `@cache` remembers what a function returned, so the same arguments get the same network, traced
# once. (`**shape` gathers all other named arguments; `**_` ignores them.) `steps_per_execution` runs
# a whole epoch's steps without coming back to Python.

# %%
import math
from functools import cache

import tensorflow as tf

from snippets.experiments import restart
from snippets.training import OneCycle

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def prepare(network, epochs, batch_size, peak):  # compiles for one cycle of the learning rate
    batches = math.ceil(len(labels) / batch_size)
    optimizer = keras.optimizers.Adam(OneCycle(peak, epochs * batches))
    network.compile(optimizer, loss, steps_per_execution=batches)
    return network


def build(width=128, depth=1, initializer="glorot_uniform", **_):
    return dense_network((width,) * depth, kernel_initializer=initializer)


@cache
def prepared(epochs, batch_size, peak, **shape):
    return prepare(build(**shape), epochs, batch_size, peak)


# %% [markdown]
# `restart` gives the remembered network new first weights for each seed, and its optimizer an empty
# memory. Given arrays, `fit` also prepares them anew for each epoch, and where an epoch is this short,
# that takes as long as the steps. So it gets a `tf.data` pipeline without an end, and is told how many
# steps make an epoch.

# %%
examples = tf.data.Dataset.from_tensor_slices((images, labels))


def run(network, seed, epochs, batch_size, callbacks=()):  # each epoch shuffles anew
    batches = examples.shuffle(len(labels), seed=seed).batch(batch_size).repeat()
    how = {"steps_per_epoch": math.ceil(len(labels) / batch_size), "callbacks": list(callbacks)}
    network.fit(batches, epochs=epochs, shuffle=False, verbose=0, **how)


def fit(seed, *, epochs=10, batch_size=128, peak=0.006, callbacks=(), **shape):  # from scratch
    network = prepared(epochs, batch_size, peak, **shape)
    restart(network, seed)
    run(network, seed, epochs, batch_size, callbacks)
    return network


# %% [markdown]
# ## Compare a thing with itself
#
# Before you compare two settings, find out how different one setting is from itself. Here are twelve
# networks of the plain setting; only the seed differs. Put them into four groups of three and pretend
# that the groups were four settings:

# %%
right = np.array([right_answers(fit(seed)) for seed in range(1, 13)])  # networks × photographs
groups = {f"group {letter}": right[i::4].mean(axis=1) for i, letter in enumerate("ABCD")}
plot_results.seed_dots(groups, xlabel="validation accuracy")

# %%
means = {name: group.mean() for name, group in groups.items()}
top, bottom = max(means, key=means.get), min(means, key=means.get)
print(f"{top} leads {bottom} by {100 * (means[top] - means[bottom]):.2f} points")

# %% [markdown]
# (Lines reach from the worst seed to the best; strokes are means.) Had someone told you that
# `{python} bottom` has 64 units and `{python} top` 512, would you have doubted it? The groups differ
# in nothing. Such differences without a cause are **noise**. Any improvement has to be measured
# against their size, and a single run does not show it.
#
# ## A rule that can be checked by hand
#
# Here is a rule: a setting is clear of another if its *worst* seed is better than the other's *best*.
# Otherwise the difference is inside the noise. How often does the rule call luck a difference? Say
# that two settings are equally good, with three seeds each, and line up the six networks from worst to
# best. Each order is then as likely as any other. Count the places that the first setting's three
# networks can take:

# %%
from itertools import combinations, pairwise

orders = list(combinations(range(6), 3))
clear = [places for places in orders if places in ((0, 1, 2), (3, 4, 5))]
print(f"{len(orders)} ways, and one setting is clear of the other in {len(clear)}: {clear}")

# %% [markdown]
# Two ways in 20: with two equal settings and three seeds, the rule is fooled once in ten times. The
# four groups above make six pairs, and luck alone has made
# `{python} sum(min(a) > max(b) for a in groups.values() for b in groups.values())` of them clear. In
# a **sweep**, which tries several values of one hyperparameter, the winner should be clear of *all*
# the others. For that, its three networks must take the top three places. `false_alarm_rate` says how
# often luck does that, for any number of settings and seeds. If no winner is clear, look for a gap: where
# every network of the two best settings beats every other network, the two are clear of the rest. Luck
# leaves such gaps no more often than once in ten times, however many settings are equal.

# %%
from snippets.experiments import Result, false_alarm_rate, inside_the_noise

tables.table(
    [
        {"seeds each": n}
        | {f"{k} settings": f"1 in {1 / false_alarm_rate(k, n):,.0f}" for k in (2, 3, 8)}
        for n in (1, 3, 5)
    ]
)

# %% [markdown]
# With one seed there is always a clear winner. That is what is wrong with one seed.
#
# !!! note "What three seeds can tell, and what they cannot"
#     - They can tell a large difference from luck, but not that two settings are *equal*. Inside the
#       noise means: you do not know. More seeds see smaller differences.
#     - They vary the first weights and the order of the photographs, and nothing else. All networks
#       learn from one sample and are graded on one validation set. Another
#       `{python} f"{len(fashion.validation):,}"` photographs would move every accuracy on this page by
#       something like `{python} f"{100 * (right.mean() * (1 - right.mean()) / len(fashion.validation)) ** 0.5:.1f}"`
#       points, most of the networks in the same direction.
#
# ## How many units?
#
# `sweep` trains each setting with each seed. Each setting says only how it departs from the plain one,
# and each departs in one thing. All see the same number of photographs.

# %% tags=["measured"]
from snippets.experiments import seed_verdict, summary_rows, sweep


def train(seed, **setting):  # returns the validation accuracy
    return right_answers(fit(seed, **setting)).mean()


seeds, widths = (1, 2, 3), {"64 units": {"width": 64}, "128 units": {}, "512 units": {"width": 512}}
units = sweep(train, widths, seeds=seeds)
tables.table(summary_rows(units))

# %%
plot_results.seed_dots({r.name: r.scores for r in units}, xlabel="validation accuracy")

# %% [markdown]
# `{python} seed_verdict(units)` (The sentence is written by `seed_verdict`, from the rule.) What is sure
# is the price: 512 units take `{python measured} f"{units[2].cpu_seconds / units[0].cpu_seconds:.1f}"` times
# the CPU seconds of 64.
#
# ## How many layers?
#
# `known` hands over results: the plain setting need not be trained again.

# %% tags=["measured"]
depths = {"1 hidden layer": {}, "2 hidden layers": {"depth": 2}, "3 hidden layers": {"depth": 3}}
layers = sweep(train, depths, seeds=seeds, known=units)
tables.table(summary_rows(layers))

# %%
plot_results.seed_dots({r.name: r.scores for r in layers}, xlabel="validation accuracy")

# %% [markdown]
# `{python} seed_verdict(layers)` *Deeper is better* is not a law.
#
# ## How many epochs?
#
# Four lengths with three seeds would be twelve runs. A short cut: train for 20 epochs, and note the
# accuracy after 5 and after 10 on the way. A [callback](regularisation.md) can do that.

# %%
on_the_way = {5: [], 10: [], 20: []}


def train_and_note(seed, **setting):
    network = prepared(20, 128, 0.006)  # the network that fit is about to train

    def note(epoch, logs):
        if epoch + 1 in on_the_way:
            on_the_way[epoch + 1].append(right_answers(network).mean())

    fit(seed, **setting, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)])
    return on_the_way[20][-1]


twenty = sweep(train_and_note, {"20 epochs": {"epochs": 20}}, seeds=seeds)
print({n: f"{np.mean(accuracies):.1%}" for n, accuracies in on_the_way.items()})

# %% [markdown]
# Is that what networks reach that are *planned* for 5 and for 10 epochs, with a cycle of their own?
# Here the number of photographs seen cannot be equal, because it is the setting. The table shows it.

# %% tags=["measured"]
lengths = {f"{n} epochs": {"epochs": n} if n != 10 else {} for n in (5, 10, 20, 50)}
epochs = sweep(train, lengths, seeds=seeds, known=[*units, *twenty])
rows = zip(summary_rows(epochs), (5, 10, 20, 50), strict=True)
tables.table([row | {"photographs seen": f"{n * len(labels):,}"} for row, n in rows])

# %%
own = {n: result.scores for n, result in zip((5, 10, 20, 50), epochs, strict=True)}
plot_results.seed_lines(
    {"a cycle for each length": own, "on the way to 20 epochs": on_the_way},
    xlabel="epochs",
    ylabel="validation accuracy",
)

# %% [markdown]
# The short cut goes wrong. After 10 of 20 epochs the learning rate is still high, and the network has
# not settled; a cycle of 10 epochs ends with short steps. On the way, 10 epochs look
# `{python} f"{100 * (np.mean(own[10]) - np.mean(on_the_way[10])):.1f}"` points worse than they are.
# With a fixed learning rate you may read all lengths off one run. With a schedule, each length is a
# setting of its own.
#
# And of the four lengths? `{python} seed_verdict(epochs)` From some point on, more epochs buy hardly
# anything but CPU seconds and overfitting.
#
# ## Which batch size? A clear answer to the wrong question
#
# Two colleagues compare batch sizes 32 and 512. Both do everything as above: ten epochs, three
# seeds. One of them lets the learning rate peak at 0.001, the other at 0.03.

# %% tags=["measured"]
rates = (0.001, 0.006, 0.03)
grid = {
    f"batch {size}, peak {rate}": {"batch_size": size, "peak": rate}
    for size in (512, 32)
    for rate in rates
}
batches = sweep(train, grid, seeds=seeds)
steps = [10 * math.ceil(len(labels) / result.setting["batch_size"]) for result in batches]
rows = zip(summary_rows(batches), steps, strict=True)
tables.table([row | {"steps": f"{n:,}"} for row, n in rows])

# %%
reports = {rate: [r for r in batches if r.setting["peak"] == rate] for rate in rates}
for rate in (0.001, 0.03):
    print(f"peak {rate}: {seed_verdict(reports[rate])}")
gaps = {rate: small.mean - large.mean for rate, (large, small) in reports.items()}

# %% [markdown]
# The first answer is clear: `{python} f"{100 * gaps[0.001]:.1f}"` points for small batches. For the second
# colleague the same lead is `{python} f"{100 * gaps[0.03]:z.1f}"`. No number of seeds will reconcile the
# two, because this is not noise: the comparison is unfair. Batches of 32 make
# `{python} f"{max(steps):,}"` steps out of the photographs from which batches of 512 make
# `{python} f"{min(steps):,}"`. With few steps, each has to be long; with many, long ones do harm.
# Any one learning rate suits one of them better. Seen as a whole:

# %%
sizes = {n: [r for r in batches if r.setting["batch_size"] == n] for n in (512, 32)}
plot_results.seed_lines(
    {f"batch size {n}": {r.setting["peak"]: r.scores for r in sizes[n]} for n in (32, 512)},
    xlabel="peak learning rate",
    ylabel="validation accuracy",
)

# %% [markdown]
# The cure: give each batch size the learning rate that suits it best, then compare.

# %%
from snippets.experiments import best

champions = [best(results) for results in sizes.values()]
print(seed_verdict(champions))

# %% [markdown]
# Now `{python} f"{100 * (champions[1].mean - champions[0].mean):.1f}"` points are left. The rest of the
# first answer was about learning rates. (When the best value is the outermost that you tried, try
# further out.)
#
# ## Finding the learning rate's range in one short run
#
# There is a cheaper way. In a **learning-rate range test** the rate climbs from step to step, from
# far too small to far too large, and you watch the loss (its running mean).

# %%
from snippets.training import learning_rate_range_test

climber = build()
climber.compile(keras.optimizers.Adam(), loss)  # the test sets the rate itself


def tested(batch_size, seed):
    restart(climber, seed)
    return learning_rate_range_test(
        climber, (images, labels), batch_size=batch_size, highest=0.1, steps=60, seed=seed
    )


tests = {f"batch size {size}": [tested(size, seed) for seed in seeds] for size in (32, 512)}
climbing = tests["batch size 32"][0][0]
curves = {name: [losses for _, losses in runs] for name, runs in tests.items()}
plot_curves.spread_curves(curves, x=climbing, xlabel="learning rate", log_x=True, log_y=True)

# %%
lowest = {name: climbing[np.mean(losses, axis=0).argmin()] for name, losses in curves.items()}
print({name: f"lowest loss at {rate:.2g}" for name, rate in lowest.items()})

# %% [markdown]
# On the left, the steps are too short. In the middle the loss falls. On the right it climbs: each
# step throws away more than it finds. The lowest point is already near that edge, so a cycle should
# peak around there or a little before, and a fixed rate should be several times smaller. The test
# says what the sweep said: the batches of 512 want the larger rate. It takes
# `{python} len(climbing)` steps. What it cannot say is how good the network will be.
#
# ## Does the initializer matter?
#
# Here are the default, two others, and no draw at all.

# %% tags=["measured"]
names = ("glorot_uniform", "he_normal", "lecun_normal", "zeros")
starts = {name: {"initializer": name} if name != "glorot_uniform" else {} for name in names}
initializers = sweep(train, starts, seeds=seeds, known=units)
tables.table(summary_rows(initializers))

# %%
random_ones = initializers[:-1]
plot_results.seed_dots({r.name: r.scores for r in random_ones}, xlabel="validation accuracy")

# %% [markdown]
# `{python} seed_verdict(random_ones)` With one hidden layer, the random initializers hardly differ. (In a
# [long chain of layers](functional-api.md) they do.)
#
# The figure leaves out the zeros: every one of those networks gives every photograph the same class.
# Work it out by hand. With all weights 0, each hidden unit answers `relu(0)`, which is 0. The
# gradient of a weight of the last layer is a multiple of that answer: 0. The gradient of a weight of
# the first layer passes through the weights of the last: 0. Only the last biases learn. Weights need
# to differ at first, or no unit has a reason to become different from its neighbour.
#
# ## The luckiest of twelve
#
# Seeds differ by luck, then. So try many and keep the best? Go back to the twelve plain networks.
# Deal the validation photographs into two halves. Choose the best of some networks on the first half,
# and look at what the chosen one does on the second. `selection_bias` does that several hundred
# times and returns the means.

# %%
from snippets.experiments import selection_bias

choices = {tries: selection_bias(right, tries) for tries in (1, 2, 4, 8, 12)}
plot_results.seed_lines(
    {
        "promised: on the half that chose": {n: [pair[0]] for n, pair in choices.items()},
        "kept: on the other half": {n: [pair[1]] for n, pair in choices.items()},
    },
    xlabel="networks to choose from",
    ylabel="accuracy of the chosen one",
)

# %% [markdown]
# The more you choose from, the better the promise, and nothing of it is kept. (The lower line may
# even fall: of equal totals, more in one half leaves less for the other.) A chosen score is high
# partly because it was chosen: the **winner's curse**. With twelve networks that are equally good it
# promises `{python} f"{100 * (choices[12][0] - choices[12][1]):.1f}"` points too many. It strikes
# whenever the photographs that choose also grade, be it among seeds, [epochs](regularisation.md) or
# settings. The cure is to choose on some photographs and grade on others. That is what the test set
# is for.
#
# ## The best by hand
#
# Take from each sweep the setting with the best mean. Inside the noise that is a guess. Epochs stay at
# ten, so that all that follow see the same number of photographs.

# %%
by_hand = {}
for results in (units, layers, [units[1], *champions], random_ones):
    by_hand |= best(results).setting
by_hand

# %% [markdown]
# ## Letting a machine search
#
# Each of these parts was best while the others were plain. Nobody has tried them together, and what
# suits one width need not suit another. But all combinations are too many:
# `{python} f"{3 * 3 * 3 * 2 * 6:,}"` in the **search space** below, if you allow six learning rates.
# KerasTuner, another package, draws some. (On TensorFlow, its version 1.4.8 imports TensorBoard in every
# trial, in `engine/tuner.py`, and does not install it: without, all trials fail. Install `tensorboard`
# too.) Each call of `hp` names a hyperparameter and says from what to draw (`sampling="log"`: equal
# factors, equal chances). `Recipe` says how to build and train one. Batches of 32 and LeCun's rule are
# left out.

# %%
from keras_tuner import Hyperband, HyperModel, RandomSearch


def setting_of(hp):
    return {
        "width": hp.Choice("width", [64, 128, 512]),
        "depth": hp.Int("depth", 1, 3),
        "initializer": hp.Choice("initializer", ["glorot_uniform", "he_normal"]),
        "batch_size": hp.Choice("batch_size", [64, 128, 512]),
        "peak": round(hp.Float("peak", 0.001, 0.03, sampling="log"), 4),
    }


class Recipe(HyperModel):
    def build(self, hp):
        keras.utils.set_random_seed(1)
        return build(**setting_of(hp))

    def fit(self, hp, network, *, epochs=10, initial_epoch=0, callbacks=(), **_):
        setting = setting_of(hp)
        size, more = setting["batch_size"], epochs - initial_epoch
        prepare(network, more, size, setting["peak"])
        network.optimizer.build(network.trainable_variables)
        run(network, 1, more, size, callbacks)
        return {"val_accuracy": right_answers(network).mean()}


# %% [markdown]
# **Random search** draws settings and trains each to the end. **Hyperband** asks why you would train
# a bad one to the end. It starts many for a few epochs, keeps the best part of them (here a quarter,
# not a half) and goes on with those, with a new cycle of the rate: **successive halving**. A setting
# that starts slowly may be the best in the end, so Hyperband also trains a few in full from the
# start. Both searches get about the same number of epochs.

# %% tags=["measured"]
import gc

from snippets.training import Stopwatch

gc.freeze()  # KerasTuner collects garbage before each trial; what is here already is none
options = {"objective": "val_accuracy", "seed": 1, "overwrite": True}
tuners = {
    "random search": RandomSearch(Recipe(), max_trials=6, directory="random", **options),
    "Hyperband": Hyperband(Recipe(), max_epochs=10, factor=4, directory="hyperband", **options),
}
for name, tuner in tuners.items():
    with Stopwatch() as stopwatch:
        tuner.search(verbose=0)
    print(f"{name}: {stopwatch.cpu_seconds:.0f} CPU seconds")

# %%
trials = {name: list(tuner.oracle.trials.values()) for name, tuner in tuners.items()}
progress = {}
for name, ran in trials.items():
    values = [trial.hyperparameters.values for trial in ran]
    spent = [v.get("tuner/epochs", 10) - v.get("tuner/initial_epoch", 0) for v in values]
    progress[name] = [(n, trial.score) for n, trial in zip(spent, ran, strict=True)]
plain = ("plain setting, mean of 12 seeds", right.mean())
plot_results.search_progress(progress, ylabel="validation accuracy", reference=plain)

# %% [markdown]
# A mark is a trial; its line is the best so far, the dotted one the plain setting. With the same
# seed both searches draw the same first six settings. Hyperband's first six marks are low, because
# those networks had three epochs only; the two that looked best went on. A trial is one run with one
# seed, and you know by now what the best of many is worth. So train each search's winner, and the
# best by hand, with three seeds that have chosen nothing yet, and keep the weights.

# %% tags=["measured"]
found = {name: setting_of(tuner.get_best_hyperparameters()[0]) for name, tuner in tuners.items()}
finalists, kept = {"by hand": by_hand, **found}, {}


def train_and_keep(seed, **setting):
    network = fit(seed, **setting)
    kept[seed, str(setting)] = network.get_weights()
    return right_answers(network).mean()


fresh = (101, 102, 103)
final = sweep(train_and_keep, finalists, seeds=fresh)
promises = {name: f"{max(score for _, score in ran):.1%}" for name, ran in progress.items()}
tables.table([row | {"promised": promises.get(row["setting"], "")} for row in summary_rows(final)])

# %%
plot_results.seed_dots({r.name: r.scores for r in final}, xlabel="validation accuracy")

# %%
said = {name: ", ".join(f"{k} {v}" for k, v in given.items()) for name, given in finalists.items()}
tables.table([{"finalist": name, "setting": text} for name, text in said.items()])

# %% [markdown]
# *Promised* is what the winner's one trial scored; one seed may fall on either side of the mean.
# `{python} seed_verdict(final)`
# `{python} "Both searches found the same setting." if found["random search"] == found["Hyperband"] else ""`
# After all its changes the best by hand has `{python} f"{final[0].mean:.1%}"`; the plain setting has
# `{python} f"{right.mean():.1%}"`. A search tries combinations that you would not have tried. Of
# noise it knows nothing: the seeds are up to you.
#
# ## The exam
#
# Two finalists sit it: the best by hand, and of the two searches' winners the one with the better mean
# on the fresh seeds. Both were chosen on validation photographs, and what follows chooses nothing.

# %%
inputs = standardise(fashion.test.images, sample.images)


def examine(seed, **setting):
    network = build(**setting)
    network.set_weights(kept[seed, str(setting)])
    return right_answers(network, fashion.test, inputs).mean()


pair = [final[0], best(final[1:])]
exam = sweep(examine, {result.name: result.setting for result in pair}, seeds=fresh)
tables.table(
    [
        {"finalist": test.name, "validation": f"{validation.mean:.1%}", "test": f"{test.mean:.1%}"}
        | {"test, lowest": f"{test.lowest:.1%}", "test, highest": f"{test.highest:.1%}"}
        for validation, test in zip(pair, exam, strict=True)
    ]
)

# %% [markdown]
# `{python} seed_verdict(exam)`
# `{python} "With two settings, luck alone does that once in ten times." if not inside_the_noise(exam) else ""`
# All of this holds for `{python} f"{len(labels):,}"` photographs. With more of them, larger networks and
# longer training have more to find: sweep again before you carry a result over.

# %% tags=["claims"]
assert units[1].scores == tuple(right[:3].mean(axis=1)), "the same seed gives the same accuracy"
assert len(clear) / len(orders) == false_alarm_rate(2, 3), "luck fools the rule once in ten times"
assert epochs[3].cpu_seconds > 1.5 * epochs[0].cpu_seconds, (
    "50 epochs take more than 1.5 times the CPU seconds of 5"
)
assert np.mean(own[10]) > np.mean(on_the_way[10]) + 0.005, (
    "ten epochs of a longer cycle are worse than a cycle of ten epochs"
)
assert epochs[3].mean < epochs[2].mean + 0.01, "50 epochs are hardly better than 20"
assert gaps[0.001] > 0.005, "at a peak of 0.001, batches of 32 are better by over half a point"
assert gaps[0.03] < gaps[0.001] - 0.005, "at a peak of 0.03, over half a point of that lead is gone"
assert lowest["batch size 512"] > lowest["batch size 32"], (
    "in the range test, batches of 512 want the larger learning rate"
)
assert set(initializers[-1].scores) == {0.1}, "from zeros, no network learns more than guessing"
assert choices[12][0] > choices[12][1] + 0.002, "the luckiest of twelve promises more than it keeps"
assert exam[1].mean > 0.8, "the finalists are right on more than 80% of the test photographs"

# %% tags=["control"] claim="the same seed gives the same accuracy" without="equal seeds"
right = right[3:]  # the next seeds of the twelve

# %% tags=["control"] claim="luck fools the rule once in ten times" without="the third seed"
orders = list(combinations(range(4), 2))
clear = [places for places in orders if places in ((0, 1), (2, 3))]

# %% tags=["control"] claim="ten epochs of a longer cycle are worse than a cycle of ten epochs" without="a schedule"
steady, after = build(), {10: [], 20: []}
an_epoch = math.ceil(len(labels) / 128)
steady.compile(keras.optimizers.Adam(0.002), loss, steps_per_execution=an_epoch)
for planned, accuracies in after.items():
    each = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_, into=accuracies: into.append(right_answers(steady).mean())
    )
    restart(steady, 1)
    run(steady, 1, planned, 128, [each])
own, on_the_way = {10: [after[10][9]]}, {10: [after[20][9]]}

# %% tags=["control"] claim="at a peak of 0.001, batches of 32 are better by over half a point" without="a difference in steps"
as_many_steps = {"batch_size": 512, "peak": 0.001, "epochs": 140}
small = reports[0.001][1].scores[0]
gaps = gaps | {0.001: small - train(seeds[0], **as_many_steps)}

# %% tags=["control"] claim="in the range test, batches of 512 want the larger learning rate" without="a difference in batch size"
climbed = [tested(32, seed) for seed in seeds]
losses = np.mean([losses for _, losses in climbed], axis=0)
lowest = lowest | {"batch size 512": climbing[losses.argmin()]}

# %% tags=["control"] claim="from zeros, no network learns more than guessing" without="zeros"
initializers = random_ones

# %% tags=["control"] claim="the luckiest of twelve promises more than it keeps" without="a choice"
choices = choices | {12: selection_bias(right[:1], 1)}

# %% [markdown]
# ## Exercises
#
# **1. From 128 units to 512.** Write the settings for a sweep over 128, 256 and 512 units. Keep the
# three names. The starter would find an improvement whose cause nobody could name.

# %% tags=["starter"]
wider = {"128 units": {}, "256 units": {"width": 256}, "512 units": {"width": 512, "epochs": 50}}

# %% tags=["check"]
assert isinstance(wider, dict), "settings are a dictionary, from names to what changes"
assert set(wider) == {"128 units", "256 units", "512 units"}, "keep the three names"
for name, setting in wider.items():
    assert isinstance(setting, dict), f"{name}: a setting is a dictionary, not {setting}"
    assert set(setting) <= {"width"}, f"{name} changes {sorted(setting)}: change the width alone"
    assert setting.get("width", 128) == int(name.split()[0]), (
        f"{name} has a width of {setting.get('width', 128)}"
    )

# %% tags=["solution"]
wider = {"128 units": {}, "256 units": {"width": 256}, "512 units": {"width": 512}}
print(seed_verdict(sweep(train, wider, seeds=seeds, known=units)))

# %% tags=["wrong"]
wider = {"128 units": {}, "256 units": {}, "512 units": {"width": 512}}

# %% tags=["wrong"]
wider = {"128 units": {}, "256 units": {"units": 256}, "512 units": {"units": 512}}

# %% tags=["wrong"]
wider = {
    "128 units": {},
    "256 units": {"width": 256},
    "512 units": {"width": 512, "peak": 0.003},
}

# %% [markdown]
# **2. Add a layer, remove a layer.** Before you do, know how many weights, biases included, the
# network will have. Complete `weights` for any number of hidden layers, even none. The starter gives
# each hidden layer 784 inputs.


# %% tags=["starter"]
def weights(width, depth):
    return depth * (784 * width + width) + (width * 10 + 10)


# %% tags=["check"]
for width, depth in ((64, 1), (64, 2), (32, 4), (7, 0)):
    there, given = build(width, depth).count_params(), weights(width, depth)
    assert given == there, f"{depth} hidden layers of {width}: {there} weights, not {given}"


# %% tags=["solution"]
def weights(width, depth):
    sizes = [784, *[width] * depth, 10]
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


fewer = {"no hidden layer": {"depth": 0}, "1 hidden layer": {}, "2 hidden layers": {"depth": 2}}
print(seed_verdict(sweep(train, fewer, seeds=seeds, known=layers)))


# %% tags=["wrong"]
def weights(width, depth):
    sizes = [784, *[width] * depth, 10]
    return sum(inputs * units for inputs, units in pairwise(sizes))  # no biases


# %% tags=["wrong"]
def weights(width, depth):  # right but for no hidden layer at all
    first, last = 784 * width + width, width * 10 + 10
    return first + (depth - 1) * (width * width + width) + last


# %% tags=["wrong"]
def weights(width, depth):
    sizes = [784, *[64] * depth, 10]  # any width, as long as it is 64
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


# %% [markdown]
# **3. Fewer epochs, more epochs.** The best mean may be costly. Return the name of the *first*
# result that the seeds cannot tell from the best; with the cheapest listed first, that is the
# thrifty choice. `inside_the_noise` returns the names of those that the best is not clear of,
# without the best itself; `best(results).name` is that one.


# %% tags=["starter"]
def thrifty(results):
    return inside_the_noise(results)[0]


# %% tags=["check"]
five, ten = Result("5", {}, (0.80, 0.81, 0.80)), Result("10", {}, (0.83, 0.84, 0.85))
twenty_one, fifty = Result("21", {}, (0.84, 0.85, 0.86)), Result("50", {}, (0.82, 0.83, 0.84))
for results, expected, why in [
    ([twenty_one, fifty], "21", "the best may come first"),
    ([five, twenty_one], "21", "5 is clearly worse, so take the best itself"),
    ([five, ten, twenty_one], "10", "10 is inside the noise of 21, and comes before it"),
    ([ten, fifty, twenty_one], "10", "the first of the three will do, others may be worse"),
    ([fifty, ten, twenty_one], "50", "the first of the three will do, whatever its name says"),
]:
    given = thrifty(results)
    assert given == expected, f"of {[r.name for r in results]}, not {given!r}: {why}"


# %% tags=["solution"]
def thrifty(results):
    good_enough = {best(results).name, *inside_the_noise(results)}
    return next(result.name for result in results if result.name in good_enough)


print(thrifty(epochs))


# %% tags=["wrong"]
def thrifty(results):
    return best(results).name  # the best, whatever it costs


# %% tags=["wrong"]
def thrifty(results):
    names = inside_the_noise(results)
    return names[0] if names else best(results).name  # the best is no candidate


# %% tags=["wrong"]
def thrifty(results):
    return results[0].name  # the first, good enough or not


# %% tags=["wrong"]
def thrifty(results):
    good_enough = {best(results).name, *inside_the_noise(results)}
    candidates = [result for result in results if result.name in good_enough]
    return min(candidates, key=lambda result: result.mean).name  # the worst of them


# %% [markdown]
# **4. Stop at 85%.** Repair this [callback](regularisation.md), which should end training after the
# first epoch whose training accuracy is at least 0.85. It makes two mistakes: it asks for a name
# that `fit` does not log, and it tells the wrong object to stop.


# %% tags=["starter"]
class StopAt85(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        if logs.get("acc", 0) >= 0.85:
            self.stop_training = True


# %% tags=["check"]
from collections import defaultdict

practice, target = build(), 0.85
for accuracy, last in ((0.80, False), (0.86, True), (target, True), (0.8499, False)):
    stopper, practice.stop_training = StopAt85(), False
    stopper.set_model(practice)
    logs = {"accuracy": accuracy, "val_accuracy": 1 - accuracy, "loss": 0.9}
    stopper.on_epoch_end(3, defaultdict(float, logs))  # 0 for what is not logged
    wish = practice.stop_training
    assert wish == last, (
        f"accuracy {accuracy} after an epoch: it should {'' if last else 'not '}stop"
    )
keras.utils.set_random_seed(1)
practice = build()
practice.compile("adam", loss, metrics=["accuracy"])
reached = practice.fit(images, labels, 128, 15, callbacks=[StopAt85()], verbose=0).history
assert len(reached["accuracy"]) < 15, "all 15 epochs ran: nothing stopped the training"
assert reached["accuracy"][-1] >= target, "it stopped before the target"
assert all(a < target for a in reached["accuracy"][:-1]), "it went on after the target"


# %% tags=["solution"]
class StopAt85(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        if logs["accuracy"] >= 0.85:
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAt85(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        if logs["accuracy"] >= 0.85:
            self.stop_training = True  # the callback, not the network


# %% tags=["wrong"]
class StopAt85(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        if logs["accuracy"] > 0.85:  # not at 0.85 itself
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAt85(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs):  # in the middle of an epoch
        if logs["accuracy"] >= 0.85:
            self.model.stop_training = True


# %% tags=["wrong"]
class StopAt85(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        if logs.get("acc", 0) >= 0.85:  # a name that is never logged
            self.model.stop_training = True


# %% [markdown]
# ## What to remember
#
# - First compare a thing with itself: that is the noise.
# - Change one thing, use several seeds, show all of them. Inside the noise means that you do not know.
# - Seeds cure luck, not an unfair comparison: batch size and learning rate belong together, and so do
#   epochs and schedule.
# - What was chosen because it scored high promises too much. Grade it on something that did not choose.
# - A range test finds a learning rate in one short run; a search tries combinations. Neither knows what
#   noise is.
#
# ## Where next
#
# Widths and depths of dense layers differ by little, because all of them throw away which pixel lies
# beside which. A [convolutional network](../convnets/convolution.md) does not.
