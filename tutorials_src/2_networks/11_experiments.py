# ---
# title: Experiments
# summary: "Which setting is better, and would luck have done the same? Sweeps, seeds, pairs, a range test and a tuner."
# needs: [how-sure, functional-api, regularisation]
# teaches: [hyperparameter, sweep, noise, paired bootstrap, learning-rate range test, winner's curse, search space, random search, successive halving, Hyperband]
# data: [fashion-mnist]
# artifacts: []
# seed: 1
# ---

# %% [markdown]
# Someone changes 64 units into 512 and reports a better accuracy. Are 512 better, or was it luck?
# Here is all the evidence: one network of each, a dot for each.

# %%
import math

import keras
import numpy as np

from snippets import plot_curves, plot_results, tables
from snippets.datasets import load_fashion_mnist
from snippets.preprocessing import standardise

fashion = load_fashion_mnist()
sample = fashion.train.sample(224 if fashion.edition == "default" else 4096)
images, labels = standardise(sample.images, sample.images), sample.labels
validation_labels = fashion.validation.labels
validation_images = standardise(fashion.validation.images, sample.images)


def build_network(width=128, depth=1, initializer="glorot_uniform", **_):
    start = {"kernel_initializer": initializer}
    layers = [keras.Input((28, 28)), keras.layers.Flatten()]
    for _ in range(depth):
        layers.append(keras.layers.Dense(width, activation="relu", **start))
    return keras.Sequential([*layers, keras.layers.Dense(10, **start)])


# %%
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compile_network(network, epochs, batch_size, peak):
    batches = math.ceil(len(labels) / batch_size)  # per epoch
    steps = epochs * batches
    climb = {"warmup_target": peak, "warmup_steps": 0.3 * steps}
    decay = keras.optimizers.schedules.CosineDecay
    adam = keras.optimizers.Adam(decay(peak / 25, 0.7 * steps, **climb))
    network.compile(adam, cross_entropy, steps_per_execution=batches)
    return network


def hits(network, inputs=validation_images, truth=validation_labels):
    return np.asarray(network(inputs)).argmax(axis=1) == truth


def draw_accuracies(scores):  # for each setting, one score per network
    return plot_results.seed_dots(scores, xlabel="validation accuracy")


# %%
report = {}
for units in (64, 512):
    keras.utils.set_random_seed(1)
    network = compile_network(build_network(units), 10, 128, 0.006)
    network.fit(images, labels, epochs=10, batch_size=128, verbose=0)
    report[f"{units} units"] = [hits(network).mean()]
draw_accuracies(report)

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
# Every run below departs from the recipe above, the *plain* setting, in what it names. Preparing a network
# for `fit` has a fixed price: TensorFlow traces the training step. `@cache` remembers what a function
# returned, so the same arguments get the same network, traced once. (`**shape` gathers all other named
# arguments; `**_` ignores them.) `restart` gives the remembered network new first weights for each seed,
# and its optimizer an empty memory. Given arrays, `fit` also prepares them anew for each epoch, and where
# an epoch is this short, that takes as long as the steps. So it gets a `tf.data` pipeline without an end.

# %%
from functools import cache

import tensorflow as tf

from snippets.experiments import restart

examples = tf.data.Dataset.from_tensor_slices((images, labels))


@cache
def compiled_network(epochs, batch_size, peak, **shape):
    return compile_network(build_network(**shape), epochs, batch_size, peak)


def run(network, seed, epochs, batch_size, callbacks=()):
    batches = examples.shuffle(len(labels), seed=seed).batch(batch_size)
    steps = {"epochs": epochs, "steps_per_epoch": len(batches)}
    options = {"shuffle": False, "verbose": 0, "callbacks": list(callbacks)}
    network.fit(batches.repeat(), **steps, **options)


def fit(seed, epochs=10, batch_size=128, peak=0.006, callbacks=(), **shape):
    network = compiled_network(epochs, batch_size, peak, **shape)
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
plain_hits = np.array([hits(fit(seed)) for seed in range(1, 13)])
accuracies = plain_hits.mean(axis=1)  # one per network
groups = {f"group {'ABCD'[i]}": accuracies[i::4] for i in range(4)}
draw_accuracies(groups)

# %%
means = {name: group.mean() for name, group in groups.items()}
leader, loser = max(means, key=means.get), min(means, key=means.get)
print(f"{leader} leads {loser}: {means[leader]:.2%} and {means[loser]:.2%}")

# %% [markdown]
# (Lines reach from the worst seed to the best; strokes are means.) Had someone told you that
# `{python} loser` has 64 units and `{python} leader` 512, would you have doubted it? The groups differ
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
clear_orders = [orders[0], orders[-1]]  # (0, 1, 2) and (3, 4, 5)
print(f"{len(clear_orders)} of {len(orders)} ways: {clear_orders}")

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

rows = []
for n in (1, 3, 5):
    risks = {k: false_alarm_rate(k, n) for k in (2, 3, 8)}
    odds = {f"{k} settings": f"1 in {1 / p:,.0f}" for k, p in risks.items()}
    rows.append({"seeds": n} | odds)
tables.table(rows)

# %% [markdown]
# With one seed there is always a clear winner. That is what is wrong with one seed.
#
# !!! note "What three seeds can tell, and what they cannot"
#     - They can tell a large difference from luck, but not that two settings are *equal*. Inside the
#       noise means: you do not know. More seeds see smaller differences.
#     - They vary the first weights and the order of the photographs, and nothing else. All networks
#       learn from one sample and are graded on one validation set. Another
#       `{python} f"{len(fashion.validation):,}"` photographs would move every accuracy on this page by
#       something like `{python} f"{100 * (plain_hits.mean() * (1 - plain_hits.mean()) / len(fashion.validation)) ** 0.5:.1f}"`
#       points, most of the networks in the same direction.
#
# ## How many units?
#
# `sweep` trains each setting with each seed. Each setting says only how it departs from the plain one,
# and each departs in one thing. All see the same number of photographs.

# %% tags=["measured"]
from snippets.experiments import best, seed_verdict, summary_rows, sweep


def train(seed, **setting):  # returns the validation accuracy
    return hits(fit(seed, **setting)).mean()


seeds = (1, 2, 3)
widths = {"64 units": {"width": 64}, "128 units": {}}
widths["512 units"] = {"width": 512}
units = sweep(train, widths, seeds=seeds)
tables.table(summary_rows(units))

# %%
draw_accuracies({result.name: result.scores for result in units})

# %% [markdown]
# `{python} seed_verdict(units)` (`seed_verdict` writes that, from the rule.) What is sure
# is the price: 512 units take `{python measured} f"{units[2].cpu_seconds / units[0].cpu_seconds:.1f}"` times
# the CPU seconds of 64.
#
# ## How many layers?
#
# `known` hands over results: the plain setting need not be trained again.

# %% tags=["measured"]
depths = {f"{n} hidden": {"depth": n} if n > 1 else {} for n in (1, 2, 3)}
layers = sweep(train, depths, seeds=seeds, known=units)
tables.table(summary_rows(layers))

# %%
draw_accuracies({result.name: result.scores for result in layers})

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
    network = compiled_network(20, 128, 0.006)  # which fit will train

    def note(epoch, logs):
        if epoch + 1 in on_the_way:
            on_the_way[epoch + 1].append(hits(network).mean())

    callback = keras.callbacks.LambdaCallback(on_epoch_end=note)
    fit(seed, **setting, callbacks=[callback])
    return on_the_way[20][-1]


twenty = sweep(train_and_note, {"20 epochs": {"epochs": 20}}, seeds=seeds)
print({n: f"{np.mean(scores):.1%}" for n, scores in on_the_way.items()})

# %% [markdown]
# Is that what networks reach that are *planned* for 5 and for 10 epochs, with a cycle of their own?
# Here the number of photographs seen cannot be equal, because it is the setting: from
# `{python} f"{5 * len(labels):,}"` to `{python} f"{50 * len(labels):,}"`.

# %% tags=["measured"]
lengths = {f"{n} epochs": {"epochs": n} for n in (5, 10, 20, 50)}
lengths["10 epochs"] = {}  # the plain setting
epochs = sweep(train, lengths, seeds=seeds, known=[*units, *twenty])
tables.table(summary_rows(epochs))


# %%
def scores_at(values, results):
    return {n: r.scores for n, r in zip(values, results, strict=True)}


own_cycle = scores_at((5, 10, 20, 50), epochs)
cut_short = np.mean(own_cycle[10]) - np.mean(on_the_way[10])
lines = {"own cycle": own_cycle, "on the way to 20 epochs": on_the_way}
axes = {"xlabel": "epochs", "ylabel": "validation accuracy"}
plot_results.seed_lines(lines, **axes)

# %% [markdown]
# The short cut goes wrong. After 10 of 20 epochs the learning rate is still high, and the network has
# not settled; a cycle of 10 epochs ends with short steps. On the way, 10 epochs look
# `{python} f"{100 * cut_short:.1f}"` points worse than they are.
# With a fixed learning rate you may read all lengths off one run. With a schedule, each length is a
# setting of its own.
#
# And of the four lengths? `{python} seed_verdict(epochs)` From some point on, more epochs buy hardly
# anything but CPU seconds and overfitting.
#
# ## Comparing two networks honestly
#
# A sweep asks about settings. Often the question is about two *networks*: which of them do you use? Here
# are those of 5 and of 10 epochs, first seed, with the intervals of [How sure?](how-sure.md) for their
# accuracies.

# %%
from snippets.metrics import proportion_interval

rivals = [fit(1, epochs=n) for n in (5, 10)]
hits_of_5, hits_of_10 = (hits(network) for network in rivals)
for_5 = proportion_interval(hits_of_5.sum(), len(hits_of_5))
for_10 = proportion_interval(hits_of_10.sum(), len(hits_of_10))
print(f"5 epochs {for_5:.1%}, 10 epochs {for_10:.1%}")

# %% [markdown]
# The intervals overlap, so the difference is noise: a rule that many follow, and here it goes wrong. Each
# interval says how far *one* accuracy would move with other photographs. But a photograph that is hard for
# one network is mostly hard for the other, so the two move together. Set them against each other:

# %%
from sklearn.metrics import confusion_matrix

confusion_matrix(hits_of_5, hits_of_10)

# %% [markdown]
# Upper left both are wrong, lower right both are right: those photographs have no favourite. All that counts
# is the upper right, which 10 epochs alone got right, against the lower left. So redraw the *photographs*,
# and take the difference of both networks on each draw: the **paired bootstrap**.


# %%
def paired_interval(hits, rival_hits, draws=1000):
    gains = rival_hits.astype(int) - hits  # each -1, 0 or 1
    generator = np.random.default_rng(1)
    rows = generator.integers(0, len(gains), (draws, len(gains)))
    return np.quantile(gains[rows].mean(axis=1), [0.025, 0.975])


paired_ends = paired_interval(hits_of_5, hits_of_10)
print(f"ahead by {paired_ends[0]:.2%} to {paired_ends[1]:.2%}")

# %% [markdown]
# Zero is not in it: for photographs of this kind, the second network is the better one. Is it? Most
# of the training set has played no part on this page, so ask these photographs:

# %%
used_bytes = {image.tobytes() for image in sample.images}
rows = [image.tobytes() not in used_bytes for image in fashion.train.images]
unused_images = standardise(fashion.train.images[rows], sample.images)
unused_split = unused_images, fashion.train.labels[rows]
on_unused = [hits(network, *unused_split).mean() for network in rivals]
unused_lead = on_unused[1] - on_unused[0]
print(f"{100 * unused_lead:.2f} points on {sum(rows):,} photographs")

# %% [markdown]
# It is. Overlapping intervals prove nothing; look at the interval of the *difference*, and what it says is
# about these two networks. Another seed makes another pair. To choose between networks, redraw photographs;
# to choose between settings, train with more seeds. And where zero is inside, you do not know, as ever.
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
tables.table(summary_rows(batches))

# %%
reports = {p: [r for r in batches if r.setting["peak"] == p] for p in rates}
gaps = {p: pair[1].mean - pair[0].mean for p, pair in reports.items()}
{f"peak {p}": f"{100 * gap:z.1f} points" for p, gap in gaps.items()}

# %% [markdown]
# That is how far batches of 32 lead. The first colleague reports:
# `{python} seed_verdict(reports[0.001])` The second: `{python} seed_verdict(reports[0.03])` No number of
# seeds will reconcile the two, because this is not noise: the comparison is unfair. Batches of 32 make
# `{python} f"{10 * math.ceil(len(labels) / 32):,}"` steps out of the photographs from which batches of 512 make
# `{python} f"{10 * math.ceil(len(labels) / 512):,}"`. With few steps, each has to be long; with many, long
# ones do harm.
# Any one learning rate suits one of them better. Seen as a whole:

# %%
by_size = {512: batches[:3], 32: batches[3:]}
by_peak = {f"batch size {n}": scores_at(rates, by_size[n]) for n in by_size}
axes = {"xlabel": "peak learning rate", "ylabel": "validation accuracy"}
plot_results.seed_lines(by_peak, **axes)

# %% [markdown]
# The cure: give each batch size the learning rate that suits it best, then compare.

# %%
champions = [best(results) for results in by_size.values()]
{result.name: f"{result.mean:.1%}" for result in champions}

# %% [markdown]
# `{python} seed_verdict(champions)`
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

climber = build_network()
climber.compile("adam", cross_entropy)  # the test sets the rate


def range_test(n, seed):
    restart(climber, seed)
    options = {"batch_size": n, "highest": 0.1, "steps": 60, "seed": seed}
    return learning_rate_range_test(climber, (images, labels), **options)


curves = {}
for n in (32, 512):
    tests = [range_test(n, seed) for seed in seeds]
    curves[f"batch size {n}"] = [losses for _, losses in tests]
climbing_rates = tests[0][0]
axes = {"xlabel": "learning rate", "log_x": True, "log_y": True}
plot_curves.spread_curves(curves, x=climbing_rates, **axes)

# %%
lowest_at = {}
for name, losses in curves.items():
    lowest_at[name] = climbing_rates[np.mean(losses, axis=0).argmin()]
{name: f"lowest loss at {rate:.2g}" for name, rate in lowest_at.items()}

# %% [markdown]
# On the left, the steps are too short. In the middle the loss falls. On the right it climbs: each
# step throws away more than it finds. The lowest point is already near that edge, so a cycle should
# peak around there or a little before, and a fixed rate should be several times smaller. The test
# says what the sweep said: the batches of 512 want the larger rate. It takes
# `{python} len(climbing_rates)` steps. What it cannot say is how good the network will be.
#
# ## Does the initializer matter?
#
# Here are the default, two others, and no draw at all.

# %% tags=["measured"]
names = ("he_normal", "lecun_normal", "zeros")
starts = {"glorot_uniform": {}, **{n: {"initializer": n} for n in names}}
initializers = sweep(train, starts, seeds=seeds, known=units)
tables.table(summary_rows(initializers))

# %%
random_starts = initializers[:-1]
draw_accuracies({result.name: result.scores for result in random_starts})

# %% [markdown]
# `{python} seed_verdict(random_starts)` With one hidden layer, the random initializers hardly differ. (In a
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

choices = {n: selection_bias(plain_hits, n) for n in (1, 2, 4, 8, 12)}
choosing_scores = {n: [pair[0]] for n, pair in choices.items()}
other_scores = {n: [pair[1]] for n, pair in choices.items()}
axes = {"xlabel": "networks", "ylabel": "accuracy of the chosen one"}
lines = {"promised": choosing_scores, "fulfilled": other_scores}
plot_results.seed_lines(lines, **axes)

# %% [markdown]
# The more you choose from, the better the promise, and nothing of it is kept. (The lower line may
# even fall: of equal totals, more in one half leaves less for the other.) A chosen score is high
# partly because it was chosen: the **winner's curse**. With twelve networks that are equally good it
# promises too much, by `{python} f"{100 * (choices[12][0] - choices[12][1]):.1f}"` points. It strikes
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
for results in (units, layers, [units[1], *champions], random_starts):
    by_hand |= best(results).setting
by_hand

# %% [markdown]
# ## Letting a machine search
#
# Each of these parts was best while the others were plain. Nobody has tried them together, and what
# suits one width need not suit another. But all combinations are too many:
# `{python} f"{3 * 3 * 3 * 2 * 6:,}"` in the **search space** below, if you allow six learning rates.
# KerasTuner, another package, draws some. (On TensorFlow, its version 1.4.8 imports TensorBoard in every
# trial, in `src/engine/tuner.py`, and does not install it: without, all trials fail. Install `tensorboard`
# too.) Each call of `hp` names a hyperparameter and says from what to draw (`sampling="log"`: equal
# factors, equal chances). `Recipe` says how to build and train one. Batches of 32 and LeCun's rule are
# left out.

# %%
from keras_tuner import Hyperband, HyperModel, RandomSearch


def setting_of(hp):
    return {
        "width": hp.Choice("width", [64, 128, 512]),
        "depth": hp.Int("depth", 1, 3),
        "initializer": hp.Choice("start", ["glorot_uniform", "he_normal"]),
        "batch_size": hp.Choice("batch_size", [64, 128, 512]),
        "peak": round(hp.Float("peak", 0.001, 0.03, sampling="log"), 4),
    }


# %%
class Recipe(HyperModel):
    def build(self, hp):
        keras.utils.set_random_seed(1)
        return build_network(**setting_of(hp))

    def fit(self, hp, network, callbacks, epochs=10, initial_epoch=0, **_):
        setting = setting_of(hp)
        batch_size, extra = setting["batch_size"], epochs - initial_epoch
        compile_network(network, extra, batch_size, setting["peak"])
        network.optimizer.build(network.trainable_variables)
        run(network, 1, extra, batch_size, callbacks)
        accuracy = hits(network).mean()
        self.trials.append((extra, accuracy))  # epochs spent, result
        return {"val_accuracy": accuracy}


# %% [markdown]
# **Random search** draws settings and trains each to the end. **Hyperband** asks why you would train
# a bad one to the end. It starts many for a few epochs, keeps the best of them (here a quarter,
# not a half) and goes on with those, with a new cycle of the rate: **successive halving**. A setting
# that starts slowly may be the best in the end, so Hyperband also trains a few in full from the
# start. Both searches get about the same number of epochs.

# %%
import gc

gc.freeze()  # KerasTuner collects garbage before each trial
recipe, progress = Recipe(), {}
options = {"objective": "val_accuracy", "seed": 1, "overwrite": True}
halving = {"max_epochs": 10, "factor": 4, "directory": "hyperband"}
tuners = {
    "random search": RandomSearch(recipe, max_trials=6, **options),
    "Hyperband": Hyperband(recipe, **halving, **options),
}
for name, tuner in tuners.items():
    recipe.trials = progress[name] = []
    tuner.search(verbose=0)

# %%
reference = "plain setting, mean of 12 seeds", plain_hits.mean()
axes = {"ylabel": "validation accuracy", "reference": reference}
plot_results.search_progress(progress, **axes)

# %% [markdown]
# A mark is a trial; its line is the best so far, the dotted one the plain setting. With the same
# seed both searches draw the same first six settings. Hyperband's first six marks are low, because
# those networks had three epochs only; the two that looked best went on. A trial is one run with one
# seed, and you know by now what the best of many is worth. So train each search's winner, and the
# best by hand, with three seeds that have chosen nothing yet, and keep the weights.

# %% tags=["measured"]
finalists = {"by hand": by_hand}
for name, tuner in tuners.items():
    finalists[name] = setting_of(tuner.get_best_hyperparameters()[0])
final_weights, final_seeds = {}, (101, 102, 103)


def train_and_keep(seed, **setting):
    network = fit(seed, **setting)
    final_weights[seed, str(setting)] = network.get_weights()
    return hits(network).mean()


final_results = sweep(train_and_keep, finalists, seeds=final_seeds)
promises = [max(score for _, score in row) for row in progress.values()]
tables.table(summary_rows(final_results))

# %%
draw_accuracies({result.name: result.scores for result in final_results})

# %%
finalists

# %% [markdown]
# In their one trial the winners promised `{python} f"{promises[0]:.1%}"` and
# `{python} f"{promises[1]:.1%}"`; one seed may fall on either side of the mean.
# `{python} seed_verdict(final_results)`
# `{python} "Both searches found the same setting." if finalists["random search"] == finalists["Hyperband"] else ""`
# After all its changes the best by hand has `{python} f"{final_results[0].mean:.1%}"`; the plain setting has
# `{python} f"{plain_hits.mean():.1%}"`. A search tries combinations that you would not have tried. Of
# noise it knows nothing: the seeds are up to you.
#
# ## The exam
#
# Two finalists sit it: the best by hand, and of the two searches' winners the one with the better mean
# on the fresh seeds. Both were chosen on validation photographs, and what follows chooses nothing.

# %% tags=["measured"]
test_inputs = standardise(fashion.test.images, sample.images)


def examine(seed, **setting):
    network = build_network(**setting)
    network.set_weights(final_weights[seed, str(setting)])
    return hits(network, test_inputs, fashion.test.labels).mean()


pair = [final_results[0], best(final_results[1:])]
exam = sweep(examine, {r.name: r.setting for r in pair}, seeds=final_seeds)
tables.table(summary_rows(exam))

# %% [markdown]
# `{python} seed_verdict(exam)`
# `{python} "With two settings, luck alone does that once in ten times." if not inside_the_noise(exam) else ""`
# All of this holds for `{python} f"{len(labels):,}"` photographs. With more of them, larger networks and
# longer training have more to find: sweep again before you carry a result over.

# %% tags=["claims"]
assert units[1].scores == tuple(accuracies[:3]), (
    "the same seed gives the same accuracy"
)
assert len(clear_orders) / len(orders) == false_alarm_rate(2, 3), (
    "luck fools the rule 1 time in 10"
)
assert for_5.high > for_10.low, "the intervals of the two networks overlap"
assert paired_ends[0] > 0, (
    "and yet, pair by pair, the network of 10 epochs is the better one"
)
assert unused_lead > 0, "so it is on the photographs that nobody used"
assert epochs[3].cpu_seconds > 1.5 * epochs[0].cpu_seconds, (
    "50 epochs take 1.5 times the CPU of 5"
)
assert cut_short > 0.005, (
    "ten epochs of a longer cycle are worse than a whole cycle of ten"
)
assert epochs[3].mean < epochs[2].mean + 0.01, (
    "50 epochs are hardly better than 20"
)
assert gaps[0.001] > 0.005, (
    "at a peak of 0.001, batches of 32 are better by over half a point"
)
assert gaps[0.03] < gaps[0.001] - 0.005, (
    "at a peak of 0.03, over half a point of that lead is gone"
)
assert lowest_at["batch size 512"] > lowest_at["batch size 32"], (
    "batches of 512 want the larger rate in the range test"
)
assert set(initializers[-1].scores) == {0.1}, (
    "from zeros, no network learns more than guessing"
)
assert choices[12][0] > choices[12][1] + 0.002, (
    "the luckiest of twelve promises more than it keeps"
)
assert exam[1].mean > 0.8, (
    "the finalists are right on more than 80% of the test photographs"
)

# %% tags=["control"] claim="the same seed gives the same accuracy" without="equal seeds"
accuracies = accuracies[3:]  # the next seeds of the twelve

# %% tags=["control"] claim="luck fools the rule 1 time in 10" without="the third seed"
orders = list(combinations(range(4), 2))
clear_orders = [orders[0], orders[-1]]

# %% tags=["control"] claim="and yet, pair by pair, the network of 10 epochs is the better one" without="pairs"
shuffled_hits = np.random.default_rng(1).permutation(hits_of_10)
paired_ends = paired_interval(hits_of_5, shuffled_hits)

# %% tags=["control"] claim="ten epochs of a longer cycle are worse than a whole cycle of ten" without="a schedule"
steady_network, adam = build_network(), keras.optimizers.Adam(0.002)
steps = math.ceil(len(labels) / 128)
steady_network.compile(adam, cross_entropy, steps_per_execution=steps)


def score_after_ten(length):
    """Return the accuracy after the tenth of so many epochs."""
    scores = []

    def note(epoch, logs):
        scores.append(hits(steady_network).mean())

    restart(steady_network, 1)
    callback = keras.callbacks.LambdaCallback(on_epoch_end=note)
    run(steady_network, 1, length, 128, [callback])
    return scores[9]


cut_short = score_after_ten(10) - score_after_ten(20)

# %% tags=["control"] claim="at a peak of 0.001, batches of 32 are better by over half a point" without="a difference in steps"
as_many_steps = {"batch_size": 512, "peak": 0.001, "epochs": 140}
batches_of_32 = reports[0.001][1].scores[0]
gaps = gaps | {0.001: batches_of_32 - train(seeds[0], **as_many_steps)}

# %% tags=["control"] claim="batches of 512 want the larger rate in the range test" without="a difference in batch size"
losses = np.mean([range_test(32, seed)[1] for seed in seeds], axis=0)
lowest_at = lowest_at | {"batch size 512": climbing_rates[losses.argmin()]}

# %% tags=["control"] claim="from zeros, no network learns more than guessing" without="zeros"
initializers = random_starts

# %% tags=["control"] claim="the luckiest of twelve promises more than it keeps" without="a choice"
choices = choices | {12: selection_bias(plain_hits[:1], 1)}

# %% [markdown]
# ## Exercises
#
# **1. From 128 units to 512.** Write the settings for a sweep over 128, 256 and 512 units. Keep the
# three names. The starter would find an improvement whose cause nobody could name.

# %% tags=["starter"]
width_settings = {"128 units": {}, "256 units": {"width": 256}}
width_settings["512 units"] = {"width": 512, "epochs": 50}

# %% [markdown] tags=["hint"]
# Whatever wins, you want to know why. Compare the three settings with the plain one: in what does each depart,
# and which departs in two things?

# %% tags=["check"]
assert [*width_settings] == ["128 units", "256 units", "512 units"], "names"
for name, setting in width_settings.items():
    assert set(setting) <= {"width"}, f"{name}: change the width alone"
    width = setting.get("width", 128)
    assert width == int(name.split()[0]), f"{name} has a width of {width}"

# %% tags=["solution"]
width_settings = {"128 units": {}, "256 units": {"width": 256}}
width_settings["512 units"] = {"width": 512}
print(seed_verdict(sweep(train, width_settings, seeds=seeds, known=units)))

# %% tags=["wrong"]
width_settings = {"128 units": {}, "256 units": {}}
width_settings["512 units"] = {"width": 512}

# %% tags=["wrong"]
width_settings = {"128 units": {}, "256 units": {"units": 256}}
width_settings["512 units"] = {"units": 512}

# %% tags=["wrong"]
width_settings = {"128 units": {}, "256 units": {"width": 256}}
width_settings["512 units"] = {"width": 512, "peak": 0.003}

# %% [markdown]
# **2. Add a layer, remove a layer.** Before you do, know how many weights, biases included, the
# network will have. Complete `weights` for any number of hidden layers, even none. The starter gives
# each hidden layer 784 inputs.


# %% tags=["starter"]
def weights(width, depth):
    return depth * (784 * width + width) + (width * 10 + 10)


# %% [markdown] tags=["hint"]
# Only the first hidden layer looks at the photograph. What is the number of inputs of the second one, and of
# the last layer if there is no hidden one? Let one list of sizes say it for all layers.

# %% tags=["check"]
for width, depth in ((64, 1), (64, 2), (32, 4), (7, 0)):
    count = build_network(width, depth).count_params()
    answer = weights(width, depth)
    reason = f"{depth} layers of {width}: {count} weights, not {answer}"
    assert answer == count, reason


# %% tags=["solution"]
def weights(width, depth):
    sizes = [784, *[width] * depth, 10]
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


shallow_settings = {"no hidden layer": {"depth": 0}, "1 hidden layer": {}}
sweep_of_depths = sweep(train, shallow_settings, seeds=seeds, known=layers)
print(seed_verdict(sweep_of_depths))


# %% tags=["wrong"]
def weights(width, depth):
    sizes = [784, *[width] * depth, 10]  # and no biases
    return sum(inputs * units for inputs, units in pairwise(sizes))


# %% tags=["wrong"]
def weights(width, depth):  # right but for no hidden layer at all
    ends = 784 * width + width + width * 10 + 10
    return ends + (depth - 1) * (width * width + width)


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
def thrifty_name(results):
    return inside_the_noise(results)[0]


# %% [markdown] tags=["hint"]
# The best itself is good enough, too, and `inside_the_noise` leaves it out. Collect all the names that are
# good enough, then walk through the results in their order.

# %% tags=["check"]
middles = {"5": 0.79, "10": 0.84, "21": 0.85, "50": 0.83}
for order, target, reason in [
    ("21 50", "21", "the best may come first"),
    ("5 21", "21", "5 is clearly worse: take the best itself"),
    ("5 10 21", "10", "10 is inside the noise of 21"),
    ("10 50 21", "10", "the first will do"),
    ("50 10 21", "50", "the first will do, whatever its name says"),
]:
    triples = {n: (m - 0.02, m, m + 0.02) for n, m in middles.items()}
    results = [Result(name, {}, triples[name]) for name in order.split()]
    answer = thrifty_name(results)
    assert answer == target, f"of {order}: {reason}, not {answer!r}"


# %% tags=["solution"]
def thrifty_name(results):
    good_enough = {best(results).name, *inside_the_noise(results)}
    return next(r.name for r in results if r.name in good_enough)


print(thrifty_name(epochs))


# %% tags=["wrong"]
def thrifty_name(results):
    return best(results).name  # the best, whatever it costs


# %% tags=["wrong"]
def thrifty_name(results):
    names = inside_the_noise(results)  # the best is no candidate
    return names[0] if names else best(results).name


# %% tags=["wrong"]
def thrifty_name(results):
    return results[0].name  # the first, good enough or not


# %% tags=["wrong"]
def thrifty_name(results):
    good_enough = {best(results).name, *inside_the_noise(results)}
    candidates = [r for r in results if r.name in good_enough]
    return min(candidates, key=lambda r: r.mean).name  # the worst of them


# %% [markdown]
# ## Questions
#
# Five questions on what you have read. Choose, and the page says why each answer holds or where it breaks.

# %% [markdown] tags=["question"]
# Two settings are equally good, and each is trained with two seeds. How often does the rule call one of
# them clear of the other?
#
# - in one of three comparisons
#     - Four networks in a row give the first setting six pairs of places, all equally likely. Two of them
#       are clear: both places at the top, or both at the bottom.
# - in one of six comparisons
#     - That counts one clear order, the first setting on top. Luck may put the second one there as well.
# - in one of ten comparisons
#     - That is the rule with three seeds. With fewer networks there are fewer orders, and the two clear ones
#       are a larger part of them.


# %% tags=["question"]
def is_clear(places):
    rival_places = {0, 1, 2, 3} - {*places}
    is_above = min(places) > max(rival_places)
    return is_above or min(rival_places) > max(places)


luck = np.mean([is_clear(pair) for pair in combinations(range(4), 2)])
[np.isclose(luck, 1 / 3), np.isclose(luck, 1 / 6), np.isclose(luck, 1 / 10)]

# %% [markdown] tags=["question"]
# Network A is right on 800 of 1,000 photographs, network B on the same 800 and on 20 others. The intervals
# of the two accuracies overlap. Where does the paired bootstrap put B's lead?
#
# - all of it above zero
#     - Wherever the two differ, B is right. Only a draw without any of those 20 photographs would bring B's
#       lead down to zero, and such draws hardly ever come.
# - partly below zero
#     - The overlap says how far each accuracy moves with other photographs. Here the two move together: no
#       draw favours A, because A alone is right on no photograph.
# - from zero upwards
#     - Its lower end would be zero if one draw in forty held none of the 20 photographs. Of 1,000 that are
#       drawn, about 20 are among them.

# %% tags=["question"]
hits_of_a, hits_of_b = np.arange(1000) < 800, np.arange(1000) < 820
low = paired_interval(hits_of_a, hits_of_b)[0]
[low > 0.005, low < -0.005, abs(low) <= 0.005]

# %% [markdown] tags=["question"]
# How far do batches of 32 lead those of 512? The grid of batch sizes and peaks has several answers. Which of
# them is about the batch sizes, and not about one learning rate?
#
# - `{python} f"{100 * (champions[1].mean - champions[0].mean):.1f}"` points
#     - Each size with the best of its rates, against the other size with the best of its own: neither has to
#       train with a rate that was chosen for the other.
# - `{python} f"{100 * gaps[0.001]:.1f}"` points
#     - That is the lead at a peak of 0.001. Batches of 512 make few steps, and there each of them is short:
#       much of the lead is the rate's.
# - `{python} f"{100 * gaps[0.03]:z.1f}"` points
#     - That is the lead at a peak of 0.03. Batches of 32 make many steps, and there each of them is too long:
#       the rate holds back one side.

# %% tags=["question"]
best_mean = {
    n: max(r.mean for r in results) for n, results in by_size.items()
}
fair_lead = best_mean[32] - best_mean[512]
[
    np.isclose(champions[1].mean - champions[0].mean, fair_lead),
    abs(gaps[0.001] - fair_lead) < 0.002,
    abs(gaps[0.03] - fair_lead) < 0.002,
]

# %% [markdown] tags=["question"]
# A network with one hidden layer and `relu` starts with 0 in all its weights and biases. Which of them does
# the first step of the training change?
#
# - the last layer's biases
#     - The hidden units answer 0, so the last weights have slopes of 0; and nothing gets back to the first
#       layer through weights of 0. Only what is added at the end has a slope.
# - the last layer, weights and biases
#     - The slope of a last weight is a multiple of the hidden unit's answer, and `relu(0)` is 0.
# - all weights and biases
#     - Slopes of the first layer are multiples of the last layer's weights, and these are 0. Training needs
#       weights that differ at first.

# %% tags=["question"]
blank_network = build_network(4, initializer="zeros")
with tf.GradientTape() as tape:
    price = cross_entropy(labels, blank_network(images))
slopes = tape.gradient(price, blank_network.trainable_variables)
is_moved = [bool(np.abs(slope).max() > 0) for slope in slopes]
first_weights, first_biases, last_weights, last_biases = is_moved
[
    last_biases and not (first_weights or first_biases or last_weights),
    last_biases and last_weights and not (first_weights or first_biases),
    all(is_moved),
]

# %% [markdown] tags=["question"]
# Of twelve networks that differ in their seeds alone, you keep the one with the best score on one half of the
# validation photographs. What does it reach on the other half, on average over many such halves?
#
# - about the mean of all twelve
#     - The twelve are equally good, and what raised the score of the chosen one was luck with those
#       photographs. None of it carries over to others.
# - about the score that chose it
#     - That score, `{python} f"{choices[12][0]:.1%}"` here, was the highest of twelve that differ by luck. It
#       promises too much because it was chosen for being high.
# - clearly less than the mean of all
#     - Luck does not owe anything. The other half gives `{python} f"{choices[12][1]:.1%}"`, and the mean of all
#       is `{python} f"{plain_hits.mean():.1%}"`: the good luck is gone, and no bad luck comes in its place.

# %% tags=["question"]
(promised, fulfilled), usual = choices[12], plain_hits.mean()
half_way = (promised - usual) / 2
[
    abs(fulfilled - usual) < half_way,
    fulfilled > promised - half_way,
    fulfilled < usual - half_way,
]

# %% [markdown]
# ## What to remember
#
# - First compare a thing with itself: that is the noise.
# - Change one thing, use several seeds, show all of them. Inside the noise means that you do not know.
# - Overlapping intervals prove nothing. Compare two networks photograph by photograph.
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
#
# ## Sources
#
# - L. N. Smith, *Cyclical learning rates for training neural networks*, 2015,
#   [arXiv:1506.01186](https://arxiv.org/abs/1506.01186): the range test
# - J. Bergstra and Y. Bengio, *Random search for hyper-parameter optimization*, 2012,
#   [JMLR 13](https://www.jmlr.org/papers/v13/bergstra12a.html)
# - L. Li and others, *Hyperband*, 2016,
#   [arXiv:1603.06560](https://arxiv.org/abs/1603.06560)
# - X. Bouthillier and others, *Accounting for variance in machine learning benchmarks*, 2021,
#   [arXiv:2103.03098](https://arxiv.org/abs/2103.03098)
# - [KerasTuner](https://keras.io/keras_tuner/)
