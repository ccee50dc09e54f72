# ---
# title: How sure?
# summary: Whether a probability can be believed, how to mend it, and how far off the grade itself may be.
# needs: [evaluation]
# teaches: [confidence, calibration, reliability diagram, expected calibration error, temperature scaling, Brier score, bootstrap, confidence interval]
# data: [fashion-mnist, cifar10]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# Here is a network that learns 10,000 photographs by heart: forty times through all of them, at a
# learning rate that never falls. On 6,000 others, these are the mistakes that it is surest of.

# %%
import keras
import numpy as np

from snippets import plot_evaluation, plot_images, plot_results, tables
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class=1000)
photographs = fashion.validation.images
labels, names = fashion.validation.labels, fashion.class_names


# %%
def build_network():
    normalise = keras.layers.Normalization(axis=None)
    normalise.adapt(sample.images)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            normalise,
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )


# %%
def train_network(learning_rate, *, epochs, seed):
    keras.utils.set_random_seed(seed)
    network = build_network()
    network.compile(
        keras.optimizers.Adam(learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=40,
    )
    options = {"epochs": epochs, "batch_size": 250, "verbose": 0}
    network.fit(sample.images, sample.labels, **options)
    return network


# %%
from scipy.special import softmax


def logits_of(network, images):
    return network(images).numpy().astype(float)  # all as one batch


crammed_network = train_network(0.003, epochs=40, seed=7)
logits = {"crammed": logits_of(crammed_network, photographs)}
probabilities = {"crammed": softmax(logits["crammed"], axis=1)}
answers = logits["crammed"].argmax(axis=1)
top_probabilities = probabilities["crammed"].max(axis=1)
mistake_rows = np.flatnonzero(answers != labels)
rows_shown = mistake_rows[np.argsort(-top_probabilities[mistake_rows])[:6]]
titles = [f"{names[answers[i]]}?\n{names[labels[i]]}" for i in rows_shown]
options = {"columns": 6, "subject": "mistakes"}
plot_images.image_grid(photographs[rows_shown], titles, **options)

# %% [markdown]
# In each of them it leaves all other classes together a chance of at most
# `{python} f"1 in {1 / (1 - top_probabilities[rows_shown].min()):,.0f}"`. You do not mind that a network errs; you mind that it does not
# say so. This page asks how far a probability can be believed, and then the same of the grades that you
# gave on [the page before](evaluation.md).
#
# ## Is it as sure as it should be?
#
# The probability of the network's answer is its **confidence**. If it is 80% sure of each of a hundred
# answers, about eighty should be right. **Calibration** is how well the two agree. To check, gather the
# answers into bins by confidence, and compare each bin's mean confidence with its accuracy: that is a
# **reliability diagram**. The mean distance between the two, each bin weighted by how many answers it holds, is
# the **expected calibration error**. By hand: ten answers, each 90% sure, seven right, are off by 20 points.
#
# For comparison, the same layers and the same photographs, ten times through, with a learning rate that
# climbs and comes down.


# %%
def cycle(peak, steps):
    climb = {"warmup_target": peak, "warmup_steps": 0.3 * steps}
    return keras.optimizers.schedules.CosineDecay(0.0, 0.7 * steps, **climb)


quick_network = train_network(cycle(0.006, 400), epochs=10, seed=7)
logits["quick"] = logits_of(quick_network, photographs)
probabilities["quick"] = softmax(logits["quick"], axis=1)

# %% [markdown]
# And the cure, before you see the illness. **Temperature scaling** divides all logits by one number,
# the temperature. Above 1 it brings the logits closer together, so softmax becomes milder, with
# probabilities less far apart; the order of the classes stays. Take the number that gives the lowest
# cross-entropy on the validation photographs. Not on the training photographs: those it knows by heart,
# and is rightly sure of.

# %%
from snippets import calibration

calibration_error = calibration.expected_calibration_error

temperatures = {}
for name, own_logits in logits.items():
    temperatures[name] = calibration.fit_temperature(labels, own_logits)
    scaled_logits = own_logits / temperatures[name]
    probabilities[f"{name}, scaled"] = softmax(scaled_logits, axis=1)
bins = {}
for name in ("quick", "crammed", "crammed, scaled"):
    bins[name] = calibration.reliability_bins(labels, probabilities[name])
plot_evaluation.reliability_panels(bins)

# %% [markdown]
# Where a bar ends on the dashed line, the network is as sure as it should be. Hatched above a bar,
# it promised too much; hatched inside, too little. Pale bars hold too few answers (counted below)
# to say anything. The quick network stays close to the line. The crammed network treats new photographs
# as if it knew them too. Divided by a temperature of `{python} f"{temperatures['crammed']:.2f}"`, the same
# network promises what it can keep. For one network, and a yes or no such as *is the answer correct?*,
# scikit-learn draws the curve:

# %%
from matplotlib import pyplot
from sklearn.calibration import CalibrationDisplay

of_answers = answers == labels, top_probabilities
chart = CalibrationDisplay.from_predictions(*of_answers, n_bins=10)
chart.ax_.lines[0].set_color("C1")  # black is lost on dark paper
chart.ax_.legend(loc="lower right")
chart.figure_.alt = "Calibration curve of the crammed network."
pyplot.close(chart.figure_)
chart.figure_

# %% [markdown]
# (It leaves out how many answers a point stands for. The last five lines are for this site.)
#
# No answer changes with the temperature, so neither does the accuracy: all ten logits are divided by the
# same number. Temperature scaling mends what a network says about itself, not what it knows.
#
# Turn the temperature yourself. Here are the ten probabilities of the first photograph at the top of this
# page, which the crammed network names wrong and is surest of.


# %% tags=["interactive"]
def figure_of_temperature():
    import json

    row = rows_shown[0]
    references = []
    for temperature in (0.5, 1, 4, temperatures["crammed"]):
        shares = softmax(logits["crammed"][row] / temperature)
        reference = {"temperature": temperature, "shares": shares.tolist()}
        reference["cost"] = -float(np.log(shares[labels[row]]))
        references.append(reference)
    figure = {
        "figure": "temperature",
        "label": "Ten probabilities and the temperature",
        "names": list(names),
        "truth": int(labels[row]),
        "logits": logits["crammed"][row].round(5).tolist(),
        "fitted": temperatures["crammed"],
        "picture": photographs[row].ravel().tolist(),
    }
    print(json.dumps(figure | {"expected": references}))


figure_of_temperature()

# %% [markdown]
# How low can the error go? Even an honest network does not get 0: by chance, confidence and accuracy differ
# in its bins. So compare with honest networks: throw dice for the labels, with the quick network's own scaled probabilities, so
# that each confidence is true by construction. Do that 20 times.

# %%
errors = {n: calibration_error(labels, p) for n, p in probabilities.items()}
dice = np.random.default_rng(7)
chances = probabilities["quick, scaled"]
upper_ends = chances.cumsum(axis=1)  # of each class's share of 0 to 1
honest_errors = []
for _ in range(20):
    throws = dice.random((len(labels), 1))
    thrown_labels = (upper_ends < throws).sum(axis=1).clip(max=9)
    honest_errors.append(calibration_error(thrown_labels, chances))
print(f"honest: {min(honest_errors):.1%} to {max(honest_errors):.1%}")

# %% [markdown]
# The quick network's `{python} f"{errors['quick, scaled']:.1%}"`, after scaling by
# `{python} f"{temperatures['quick']:.2f}"`, is hard to tell from honesty. A calibration error without this
# comparison says little, and it changes with the number of bins and of photographs.

# %% tags=["claims"]
assert (probabilities["crammed, scaled"].argmax(axis=1) == answers).all(), (
    "a temperature shared by all ten classes changes no answer, so no accuracy"
)
assert errors["crammed"] > 3 * errors["quick"], (
    "cramming makes a network far too sure"
)
assert errors["crammed, scaled"] < errors["crammed"] / 3, (
    "one temperature mends most of that"
)
assert temperatures["crammed"] > 1.5, "that temperature makes it milder"

# %% tags=["control"] claim="a temperature shared by all ten classes changes no answer, so no accuracy" without="one temperature for all classes"
apiece = temperatures["crammed"] * np.linspace(0.5, 1.5, 10)
scaled_probabilities = softmax(logits["crammed"] / apiece, axis=1)
probabilities = probabilities | {"crammed, scaled": scaled_probabilities}

# %% tags=["control"] claim="cramming makes a network far too sure" without="cramming"
uncrammed = train_network(cycle(0.006, 400), epochs=10, seed=8)
uncrammed_probabilities = softmax(logits_of(uncrammed, photographs), axis=1)
uncrammed_error = calibration_error(labels, uncrammed_probabilities)
errors = errors | {"crammed": uncrammed_error}

# %% [markdown]
# ## Two grades without bins
#
# Bins can be fooled. Take a program that gives each of ten classes the same probability, whatever it is
# shown. It is 10% sure of everything and right one time in ten: a perfect calibration error. It goes wrong
# just as the detector that never looked did. So grade the whole row of probabilities against the truth:
#
# - The *log loss* is the [cross-entropy](first-network.md) that you trained with: minus the logarithm of
#   the probability of the true class.
# - The **Brier score** is the squared distance: for each class, the probability minus 1 where it is the
#   true class and minus 0 elsewhere, squared; summed over the classes. (scikit-learn halves it where there
#   are only two.)
#
# Both are means over the photographs, and for both, less is better. Both reward the truth: of something that
# happens seven times in ten, no other number gets a better grade on average than 0.7.

# %%
forecasts = np.linspace(0.05, 0.95, 19)  # of what happens 7 times in 10
expected_log_loss = -(0.7 * np.log(forecasts) + 0.3 * np.log(1 - forecasts))
expected_brier = 0.7 * 2 * (1 - forecasts) ** 2 + 0.3 * 2 * forecasts**2
forecasts[expected_log_loss.argmin()], forecasts[expected_brier.argmin()]

# %%
from sklearn.metrics import brier_score_loss, log_loss

probabilities["ignorant"] = np.full((len(labels), 10), 0.1)
grade_table = {}
for name, forecast in sorted(probabilities.items()):
    grade_table[name] = {
        "accuracy": (forecast.argmax(axis=1) == labels).mean(),
        "mean confidence": forecast.max(axis=1).mean(),
        "calibration error": calibration_error(labels, forecast),
        "log loss": log_loss(labels, forecast),
        "Brier score": brier_score_loss(labels, forecast),
    }
rows = []
for name, row in grade_table.items():
    texts = {grade: f"{number:.3f}" for grade, number in row.items()}
    rows.append({"network": name} | texts)
tables.table(rows)

# %% [markdown]
# By calibration error the program that knows nothing beats every network; by log loss and by Brier score it
# is far behind. The cramming shows in both, and the temperature mends both: less than it mends the
# calibration error, since they also grade what the network knows, and that has not changed.
#
# Log loss has no ceiling: one confident mistake can cost more than a hundred good answers. And what such a
# mistake costs depends on who computes it. Two answers, sure of the first class, and the second is wrong:

# %%
two_logits = np.array([[40, 0], [40, 0]], "float32")
two_rows = keras.ops.convert_to_numpy(keras.ops.softmax(two_logits))
from_probabilities = keras.losses.SparseCategoricalCrossentropy()
from_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
truth = np.array([0, 1])
costs = {
    "scikit-learn, float32": log_loss(truth, two_rows),
    "scikit-learn, float64": log_loss(truth, two_rows.astype("float64")),
    "Keras, from probabilities": float(from_probabilities(truth, two_rows)),
    "Keras, from logits": float(from_logits(truth, two_logits)),
}
{name: round(cost, 2) for name, cost in costs.items()}

# %% [markdown]
# The same answers, four grades, each the mean of an answer that costs nothing and a mistake. scikit-learn
# keeps probabilities away from 0 by the rounding error of their type, so float32, which is what Keras returns,
# makes the mistake cheap; Keras's loss keeps them away by a ten-millionth. (Hand that loss the output of a
# softmax layer, as `fit` does, and it finds the logits behind it; `predict` returns numbers alone.) From logits
# nothing is cut off: half of 40. Compare log losses only if they were computed in one way. The Brier score
# cannot exceed 2, so there it hardly matters.

# %% tags=["claims"]
ignorant_error = grade_table["ignorant"]["calibration error"]
brier_scores = {n: row["Brier score"] for n, row in grade_table.items()}
worst_forecaster = max(brier_scores, key=brier_scores.get)
assert ignorant_error < 1e-9 < min(errors.values()), (
    "of all, the program that knows nothing has the best calibration error"
)
assert worst_forecaster == "ignorant", "and the worst Brier score"
best_places = expected_log_loss.argmin(), expected_brier.argmin()
assert np.allclose(forecasts[[*best_places]], 0.7), (
    "of what happens 7 times in 10, the best grade is for saying 0.7"
)
four_costs = [*costs.values()]
assert np.allclose(four_costs, [7.97, 18.02, 8.06, 20], atol=0.01), (
    "a confident mistake in two: 7.97 in float32, 18.02 in float64, 8.06 and 20 in Keras"
)
floors = [np.finfo("float32").eps, np.finfo("float64").eps, 1e-7]
assert np.allclose(four_costs[:3], -np.log(floors) / 2, rtol=1e-3), (
    "scikit-learn cuts off at the rounding error of the type, Keras at a ten-millionth"
)
layer_outputs = keras.layers.Softmax()(two_logits)
layer_cost = float(from_probabilities(truth, layer_outputs))
assert np.isclose(layer_cost, four_costs[3]), (
    "given the output of a softmax layer, Keras's loss finds the logits"
)

# %% tags=["control"] claim="of all, the program that knows nothing has the best calibration error" without="classes of equal size"
no_tops = labels != 0  # the class that a row of equal numbers names
rows = labels[no_tops], probabilities["ignorant"][no_tops]
ignorant_error = calibration_error(*rows)

# %% tags=["control"] claim="of what happens 7 times in 10, the best grade is for saying 0.7" without="the square"
absolute_grade = 0.7 * 2 * (1 - forecasts) + 0.3 * 2 * forecasts
best_places = expected_log_loss.argmin(), absolute_grade.argmin()

# %% tags=["control"] claim="given the output of a softmax layer, Keras's loss finds the logits" without="the layer"
layer_cost = float(from_probabilities(truth, two_rows))

# %% [markdown]
# ## How sure is the grade?
#
# The accuracy comes from some photographs. Others would give another. How far off might it be? You
# have no others, so pretend: draw as many photographs as you have *from those you have*, some twice and
# some not at all, and grade again. A thousand such grades spread about as much as they would over other
# photographs. This is the **bootstrap**, and the range of the middle 95% of its grades is a **confidence
# interval**. (Not the confidence from above: this one is yours, in the grade.)

# %%
from snippets.metrics import proportion_interval

is_correct = logits["quick"].argmax(axis=1) == labels
ten_trousers = is_correct[labels == names.index("Trouser")][:10]
for hits in (is_correct, ten_trousers):
    draws = [dice.integers(0, len(hits), len(hits)) for _ in range(1000)]
    accuracies = [hits[draw].mean() for draw in draws]
    lower_end, upper_end = np.quantile(accuracies, [0.025, 0.975])
    wilson = proportion_interval(hits.sum(), len(hits))
    print(f"{lower_end:.1%} to {upper_end:.1%}; formula: {wilson:.1%}")

# %% [markdown]
# The formula is the **Wilson interval**, for fractions. For many examples it says the same. The second line
# is of the first ten trousers, all answered correctly however you redraw them: the bootstrap knows of no
# mistake, while the formula allows for some.
#
# What does an interval *not* cover? Train the same recipe with two more seeds:

# %%
networks = {7: quick_network}
for seed in (8, 9):
    networks[seed] = train_network(cycle(0.006, 400), epochs=10, seed=seed)
hits_by_row = {f"{n:,}, seed 7": is_correct[:n] for n in (100, 1000)}
for seed, network in networks.items():
    hits = logits_of(network, photographs).argmax(axis=1) == labels
    hits_by_row[f"all, seed {seed}"] = hits
intervals = {}
for row, hits in hits_by_row.items():
    interval = proportion_interval(hits.sum(), len(hits))
    intervals[row] = {"accuracy": interval}
plot_results.interval_rows(intervals, xlabel="validation accuracy")

# %% [markdown]
# A hundred photographs tell you next to nothing, and a hundred times as many make the interval only a
# tenth as wide. The last three rows are three networks graded on the *same*
# photographs. Each interval answers: what if other photographs of this kind had been drawn? None
# answers: what if the network had been trained again? [Experiments](experiments.md) does, and it compares
# two networks on the same photographs, which two intervals side by side cannot. No interval
# covers photographs of another kind, from another camera.
#
# ## The exam
#
# Everything is chosen: networks and temperatures. Now the test photographs, once.

# %%
from snippets.metrics import class_report

test_images, test_labels = fashion.test.images, fashion.test.labels
test_logits = logits_of(quick_network, test_images)
test_answers = test_logits.argmax(axis=1)
report = class_report(test_labels, test_answers, class_names=names)
rows = report.classes | {"mean of classes": report.macro}
grades_by_row = {
    name: {"precision": row.precision, "recall": row.recall, "F1": row.f1}
    for name, row in rows.items()
}
plot_results.interval_rows(grades_by_row, xlabel="test grade")

# %% [markdown]
# Accuracy: `{python} f"{report.accuracy:.1%}"`. Each class has an interval of its own, wider than that of
# the mean, since it rests on a thousand photographs. Does the crammed network's temperature, fitted on the
# validation set, mend its confidence here as well?

# %%
crammed_test_logits = logits_of(crammed_network, test_images)
test_errors = {}
for temperature in (1, temperatures["crammed"]):
    scaled_rows = softmax(crammed_test_logits / temperature, axis=1)
    error = calibration_error(test_labels, scaled_rows)
    test_errors[temperature] = error
    print(f"temperature {temperature:.2f}: error {error:.1%}")

# %% [markdown]
# It does: a temperature is one number, too little to learn the validation photographs by heart.

# %% tags=["claims"]
unscaled_error, scaled_error = test_errors.values()
assert scaled_error < unscaled_error / 3, (
    "the temperature from validation mends most of it on test, too"
)
assert report.classes["Shirt"].f1.high < report.macro.f1.low, (
    "on the test set too, Shirt is below the mean F1, by more than the intervals allow for"
)
assert (lower_end, upper_end) == (1, 1), (
    "of ten correct answers of ten, the bootstrap sees no mistake"
)
assert wilson.low < 0.75, "the Wilson interval leaves room for one in four"

# %% tags=["control"] claim="the temperature from validation mends most of it on test, too" without="temperature scaling"
unscaled_rows = softmax(crammed_test_logits, axis=1)
scaled_error = calibration_error(test_labels, unscaled_rows)

# %% [markdown]
# ## Nothing to wear
#
# What does the network say about pictures that show no clothes? The exam is over, so its photographs may
# serve: clothes, and their negatives. Then letters, grey photographs from CIFAR-10, and noise.

# %%
import string

from PIL import Image, ImageDraw, ImageFont

from snippets.datasets import load_cifar10


def draw_letter(letter):
    page = Image.new("L", (28, 28))
    options = {"font": ImageFont.load_default(24), "anchor": "mm"}
    ImageDraw.Draw(page).text((14, 14), letter, fill=255, **options)
    return np.asarray(page)


cifar10 = load_cifar10(edition="default").train.images[:600, 2:30, 2:30]
kinds = {
    "clothes": test_images[:600],
    "negatives": 255 - test_images[:600],
    "letters": np.stack([*map(draw_letter, string.ascii_letters)]),
    "animals, vehicles": cifar10.mean(axis=-1).astype("uint8"),
    "noise": dice.integers(0, 256, (600, 28, 28), dtype="uint8"),
}

# %%
pictures = np.concatenate(list(kinds.values()))
kind_of = np.repeat(list(kinds), [len(images) for images in kinds.values()])
scaled_logits = logits_of(quick_network, pictures) / temperatures["quick"]
opinions = softmax(scaled_logits, axis=1)
last_six = []
for kind in kinds:
    last_six.extend(np.flatnonzero(kind_of == kind)[-6:])
titles = [f"{names[p.argmax()]}\n{p.max():.0%}" for p in opinions[last_six]]
options = {"columns": 6, "subject": "pictures and their names"}
plot_images.image_grid(pictures[last_six], titles, **options)

# %% [markdown]
# The temperature is fitted, the calibration on clothes is good, and half of the negatives are
# called something with a confidence of at least
# `{python} f"{np.median(opinions[kind_of == 'negatives'].max(axis=1)):.1%}"`. Softmax shares out a
# total of one among ten classes, and *none of these* is not among them. Calibration is a promise about
# photographs like those it was fitted on, and about no others.
#
# Could a threshold on the confidence at least turn strangers away? It is
# a yes-or-no question, *is this clothing?*, with the confidence as the score, so compute its
# [AUC](evaluation.md), for each kind of stranger and each network. A coin gets one half.


# %%
from sklearn.metrics import roc_auc_score


def turned_away(network):
    confidence = softmax(logits_of(network, pictures), axis=1).max(axis=1)
    areas = {}
    for kind in list(kinds)[1:]:
        rows = np.isin(kind_of, ["clothes", kind])
        is_clothing = kind_of[rows] == "clothes"
        areas[kind] = roc_auc_score(is_clothing, confidence[rows])
    return areas


all_networks = {f"quick, seed {seed}": networks[seed] for seed in networks}
all_networks["crammed"] = crammed_network
stranger_auc = {n: turned_away(net) for n, net in all_networks.items()}
rows = []
for name, areas in stranger_auc.items():
    texts = {kind: f"{auc:.2f}" for kind, auc in areas.items()}
    rows.append({"network": name} | texts)
tables.table(rows)

# %% [markdown]
# Where a number is below one half, the network is surer of the strangers than of the clothes. Now
# compare the three quick networks. On photographs of clothes their accuracies lie within
# `{python} f"{100 * np.ptp([hits_by_row[f'all, seed {seed}'].mean() for seed in networks]):.1f}"` points.
# On negatives their AUCs lie
# `{python} f"{100 * np.ptp([areas['negatives'] for areas in list(stranger_auc.values())[:3]]):.0f}"` points apart.
# Nothing in the training says what to do with a picture that is none of the ten, so chance decides. If
# strangers will come, collect some, and train and test with them.

# %% tags=["claims"]
negative_mask = kind_of == "negatives"
opinion_labels = opinions[negative_mask].argmax(axis=1)
assert (opinion_labels == test_labels[:600]).mean() < 0.25, (
    "under a quarter of negatives are named right"
)
assert np.median(opinions[negative_mask].max(axis=1)) > 0.6, (
    "half of them with over 60% confidence"
)
assert all(min(areas.values()) < 0.85 for areas in stranger_auc.values()), (
    "each network has a kind of stranger that its confidence does not turn away"
)
assert min(stranger_auc["crammed"].values()) < 0.5, (
    "the crammed one is surer of some than of clothes"
)

# %% tags=["control"] claim="under a quarter of negatives are named right" without="swapping black and white"
clothes_again = 255 - pictures[negative_mask]
opinion_labels = logits_of(quick_network, clothes_again).argmax(axis=1)

# %% [markdown]
# ## Exercises
#
# **1. I would rather not say.** A shop lets the network answer only where it is surest, and asks a
# person about the rest. Return the largest fraction of the photographs that the network can answer, from
# the surest down, with at least the `fraction` of these answers correct. The starter lets it answer
# everything.


# %% tags=["starter"]
def answerable(confidence, is_correct, fraction):
    return 1.0


# %% [markdown] tags=["hint"]
# Sort by confidence, the surest first, and keep count of the correct answers from the top: that gives a
# fraction for each place. Which of the places that are good enough do you want, the first or the last?

# %% tags=["check"]
four_rows = np.array([0.6, 0.9, 0.7, 0.8]), np.array([0, 1, 0, 1], bool)
confidences = np.array([0.5, 0.9, 0.6, 0.7, 0.8])
five_rows = confidences, np.array([0, 1, 1, 1, 0], bool)
for (confidence, hits), fraction, target, reason in [
    (four_rows, 0.9, 0.5, "the two surest are right, the third is not"),
    (four_rows, 0.6, 0.75, "two of the three surest are right"),
    (four_rows, 0.5, 1.0, "half of all four are right"),
    ((1 - four_rows[0], four_rows[1]), 0.9, 0.0, "the surest is wrong"),
    (five_rows, 0.75, 0.8, "of the four surest, three are right"),
]:
    share = answerable(confidence.copy(), hits.copy(), fraction)
    reason = f"{share}, not {target}: {reason}"
    assert np.array_equal(share, target), reason


# %% tags=["solution"]
def answerable(confidence, is_correct, fraction):
    hits = np.cumsum(is_correct[np.argsort(-confidence)])
    shares = hits / np.arange(1, len(hits) + 1)
    places = np.flatnonzero(shares >= fraction)
    return (places[-1] + 1) / len(hits) if len(places) else 0.0


share = answerable(probabilities["quick"].max(axis=1), is_correct, 0.95)
print(f"{share:.0%} of the photographs can be answered, 95% correctly")


# %% tags=["wrong"]
def answerable(confidence, is_correct, fraction):
    answered, hits = 0, 0
    for i in np.argsort(-confidence):
        if (hits + is_correct[i]) / (answered + 1) < fraction:
            break  # the first dip
        answered, hits = answered + 1, hits + is_correct[i]
    return answered / len(is_correct)


# %% tags=["wrong"]
def answerable(confidence, is_correct, fraction):
    hits = np.cumsum(is_correct[np.argsort(-confidence)])
    shares = hits / np.arange(1, len(hits) + 1)
    return (shares >= fraction).mean()  # how many places, not the last


# %% tags=["wrong"]
def answerable(confidence, is_correct, fraction):
    return (confidence >= fraction).mean()  # believes what the network says


# %% tags=["wrong"]
def answerable(confidence, is_correct, fraction):
    hits = np.cumsum(is_correct[np.argsort(-confidence)])
    shares = hits / np.arange(1, len(hits) + 1)
    places = np.flatnonzero(shares > fraction)  # more than
    return (places[-1] + 1) / len(hits) if len(places) else 0.0


# %% [markdown]
# **2. The Brier score by hand.** Return it for labels of shape `(n,)` and probabilities of shape
# `(n, classes)`. The starter looks at the true class alone.


# %% tags=["starter"]
def brier(labels, probabilities):
    of_truth = probabilities[np.arange(len(labels)), labels]
    return ((1 - of_truth) ** 2).mean()


# %% [markdown] tags=["hint"]
# Write the truth as a row of ten numbers, too, one-hot. Then the score compares two rows; mind over which
# axis you add and over which you average.

# %% tags=["check"]
rows = np.array([[0.7, 0.2, 0.1], [0.0, 0.0, 1.0]])
for truth, target in (([0, 2], 0.07), ([1, 2], 0.57), ([0, 1], 1.07)):
    answer = brier(np.array(truth), rows.copy())
    assert np.isclose(answer, target), f"{truth}: {target}, not {answer}"


# %% tags=["solution"]
def brier(labels, probabilities):
    one_hot = np.eye(probabilities.shape[1])[labels]
    return ((probabilities - one_hot) ** 2).sum(axis=1).mean()


print(f"{brier(labels, probabilities['quick']):.3f}, as scikit-learn says")


# %% tags=["wrong"]
def brier(labels, probabilities):
    one_hot = np.eye(probabilities.shape[1])[labels]
    return ((probabilities - one_hot) ** 2).mean()  # over the classes, too


# %% tags=["wrong"]
def brier(labels, probabilities):
    one_hot = np.eye(probabilities.shape[1])[labels]
    return abs(probabilities - one_hot).sum(axis=1).mean()  # not squared


# %% [markdown]
# **3. An interval for any grade.** There is no formula for the macro F1. Return the 2.5% and 97.5%
# quantiles of `grade(labels, answers)` over a thousand bootstrap draws from `generator`. The starter
# draws every photograph once, in another order.


# %% tags=["starter"]
def bootstrap_range(grade, labels, answers, generator):
    grades = []
    for _ in range(1000):
        rows = generator.permutation(len(labels))
        grades.append(grade(labels[rows], answers[rows]))
    return np.quantile(grades, [0.025, 0.975])


# %% [markdown] tags=["hint"]
# In the starter each draw holds every photograph once, so each gives the same grade. Look at how *How sure is
# the grade?* draws its rows.

# %% tags=["check"]
from sklearn.metrics import accuracy_score

truth = np.arange(2000) % 2 == 0
guesses = truth ^ (np.arange(2000) % 5 == 0)  # 80% correct
generator = np.random.default_rng(7)
ends = bootstrap_range(accuracy_score, truth, guesses, generator)
assert np.shape(ends) == (2,), f"two ends, not {ends}"
assert np.allclose(ends, (0.7825, 0.8175), atol=0.003), (
    f"1600 correct of 2000: the formula says 78.2% to 81.7%, not {ends}"
)


# %% tags=["solution"]
def bootstrap_range(grade, labels, answers, generator):
    grades = []
    for _ in range(1000):
        rows = generator.integers(0, len(labels), len(labels))
        grades.append(grade(labels[rows], answers[rows]))
    return np.quantile(grades, [0.025, 0.975])


# %% tags=["wrong"]
def bootstrap_range(grade, labels, answers, generator):
    grades = []
    for _ in range(1000):
        size = len(labels) // 10  # too few
        rows = generator.integers(0, len(labels), size)
        grades.append(grade(labels[rows], answers[rows]))
    return np.quantile(grades, [0.025, 0.975])


# %% tags=["wrong"]
def bootstrap_range(grade, labels, answers, generator):
    grades = []
    for _ in range(1000):
        rows = generator.integers(0, len(labels), len(labels))
        grades.append(grade(labels[rows], answers[rows]))
    return min(grades), max(grades)  # all of them


# %% tags=["wrong"]
def bootstrap_range(grade, labels, answers, generator):
    grades = []
    for _ in range(1000):
        rows, others = generator.integers(0, len(labels), (2, len(labels)))
        grades.append(grade(labels[rows], answers[others]))  # torn apart
    return np.quantile(grades, [0.025, 0.975])


# %% [markdown]
# ## Questions
#
# Five questions about sureness, the network's and your own, with a reason for each choice.

# %% [markdown] tags=["question"]
# A network is 80% sure of each of twenty answers, and twelve of them are right. What is its expected
# calibration error on these?
#
# - 20 points: it is too sure
#     - Twelve of twenty is three in five, and it promised four in five. All answers lie in one bin, so the
#       difference there is the error.
# - 20 points: it is not sure enough
#     - The distance is right, the direction is not: it promised sixteen right answers and gave twelve.
# - 40 points: so many were wrong
#     - That is how often it erred. A network may err two times in five and be well calibrated, if it says so.
# - 0 points: most answers are right
#     - Calibration does not ask for most. It asks for as many as were promised.

# %% tags=["question"]
twenty_rows = np.tile([0.8, 0.2], (20, 1))
twenty_labels = np.repeat([0, 1], [12, 8])
error = calibration_error(twenty_labels, twenty_rows)
is_too_sure = twenty_rows.max(axis=1).mean() > (twenty_labels == 0).mean()
[
    np.isclose(error, 0.2) and is_too_sure,
    np.isclose(error, 0.2) and not is_too_sure,
    np.isclose(error, 0.4),
    np.isclose(error, 0),
]

# %% [markdown] tags=["question"]
# You divide all logits of the crammed network by its temperature,
# `{python} f"{temperatures['crammed']:.1f}"`. What changes?
#
# - how sure it is, and no answer
#     - The mean confidence falls from `{python} f"{grade_table['crammed']['mean confidence']:.0%}"` to
#       `{python} f"{grade_table['crammed, scaled']['mean confidence']:.0%}"`. Ten numbers divided by the same
#       one keep their order, so the largest stays the largest.
# - how sure it is, and some mistakes go
#     - A mistake stays one, with a smaller confidence. One number for all classes cannot tell which of them
#       is the right one.
# - the order of the less likely classes
#     - Softmax brings the probabilities closer together, and none overtakes another: the order is that of the
#       logits, divided or not.

# %% tags=["question"]
before, after = probabilities["crammed"], probabilities["crammed, scaled"]
is_milder = after.max(axis=1).mean() < before.max(axis=1).mean()
new_answers = after.argmax(axis=1)
scaled_logits = logits["crammed"] / temperatures["crammed"]
orders = logits["crammed"].argsort(axis=1), scaled_logits.argsort(axis=1)
[
    is_milder and np.array_equal(answers, new_answers),
    is_milder and (new_answers == labels).sum() > (answers == labels).sum(),
    not np.array_equal(*orders),
]

# %% [markdown] tags=["question"]
# Of a forecast for ten classes of equal size you hear only that its calibration error is 0. What do you know?
#
# - It is as sure as it is right.
#     - The program that knows nothing gets there, too: sure of one tenth and right one time in ten. So ask
#       for the log loss or the Brier score as well.
# - It is right more often than a guess.
#     - The program that knows nothing has this grade and the accuracy
#       `{python} f"{grade_table['ignorant']['accuracy']:.0%}"`. Honest does not mean able.
# - Its Brier score is low, too.
#     - The Brier score also grades what a forecast knows: that of the program that knows nothing is
#       `{python} f"{grade_table['ignorant']['Brier score']:.1f}"`, the worst of the page.

# %% tags=["question"]
ignorant = grade_table["ignorant"]
others = [
    grades for name, grades in grade_table.items() if name != "ignorant"
]
lowest_brier = min(grades["Brier score"] for grades in others)
[
    ignorant["calibration error"] < 1e-9
    and np.isclose(ignorant["mean confidence"], ignorant["accuracy"]),
    ignorant["accuracy"] > 0.15,
    ignorant["Brier score"] < lowest_brier,
]

# %% [markdown] tags=["question"]
# On 100 photographs, 80 answers are right, and the interval of the accuracy is
# `{python} f"{100 * (proportion_interval(80, 100).high - proportion_interval(80, 100).low):.0f}"` points
# wide. How many photographs make it half as wide?
#
# - about 400
#     - Chance evens out with the root of the count: a hundred times as many make a tenth of the width, so
#       four times as many make half of it.
# - about 200
#     - Twice the photographs give
#       `{python} f"{100 * (proportion_interval(160, 200).high - proportion_interval(160, 200).low):.0f}"`
#       points. The width shrinks more slowly than the count grows.
# - about 10,000
#     - The square goes the other way round: half the width takes the square of 2, not the square of 100.
# - none: draw from the 100 more often
#     - More bootstrap draws tell the same interval more exactly. What is not in the 100 photographs, no
#       redrawing adds.


# %% tags=["question"]
def width(count):
    interval = proportion_interval(8 * count // 10, count)
    return interval.high - interval.low


hits = np.repeat([1, 0], [80, 20])
rows = np.random.default_rng(7).integers(0, 100, (10_000, 100))
ends = np.quantile(hits[rows].mean(axis=1), [0.025, 0.975])
[
    np.isclose(width(400), width(100) / 2, rtol=0.1),
    np.isclose(width(200), width(100) / 2, rtol=0.1),
    np.isclose(width(10_000), width(100) / 2, rtol=0.1),
    np.isclose(np.ptp(ends), width(100) / 2, rtol=0.1),
]

# %% [markdown] tags=["question"]
# The confidence of the crammed network tells clothes from their negatives with an AUC of
# `{python} f"{stranger_auc['crammed']['negatives']:.2f}"`. What does that mean?
#
# - It is more often surer of the negative.
#     - The AUC is the chance that a piece of clothing has a higher confidence than a stranger. Below one
#       half, turning the unsure away sends off the clothes rather than the negatives.
# - It is more often surer of the clothes.
#     - Then the AUC would lie above one half. That is what one hopes of a network that has never seen a
#       negative, and nothing in its training sees to it.
# - It names that fraction of the negatives correctly.
#     - That would be an accuracy. The AUC compares the confidences of two pictures and does not ask what they
#       are called.

# %% tags=["question"]
crammed_opinions = softmax(logits_of(crammed_network, pictures), axis=1)
of_clothes, of_negatives = (
    crammed_opinions[:600],
    crammed_opinions[600:1200],
)
clothes_column = of_clothes.max(axis=1)[:, None]
clothes_win = (clothes_column > of_negatives.max(axis=1)).mean()
negatives_win = (clothes_column < of_negatives.max(axis=1)).mean()
named_right = (of_negatives.argmax(axis=1) == test_labels[:600]).mean()
[
    negatives_win > clothes_win,
    clothes_win > negatives_win,
    np.isclose(
        named_right, stranger_auc["crammed"]["negatives"], atol=0.02
    ),
]

# %% [markdown]
# ## What to remember
#
# - Confidence can be calibrated with one number, for photographs like those you fit it on. It is no
#   detector of strangers.
# - A calibration error of 0 can be had for free. Give the log loss or the Brier score beside it, and
#   say how it was computed.
# - Give an interval with every grade, and say what it leaves out: another training, another kind of
#   photograph.
#
# ## Where next
#
# The crammed network was too sure because it knew its photographs by heart.
# [Regularisation](regularisation.md) is about how to keep a network from that.
#
# ## Sources
#
# - C. Guo and others, *On calibration of modern neural networks*, 2017,
#   [arXiv:1706.04599](https://arxiv.org/abs/1706.04599)
# - G. W. Brier, *Verification of forecasts expressed in terms of probability*, Monthly Weather Review 78, 1950
# - B. Efron, *Bootstrap methods: another look at the jackknife*, Annals of Statistics 7, 1979,
#   [doi:10.1214/aos/1176344552](https://doi.org/10.1214/aos/1176344552)
# - D. Hendrycks and K. Gimpel, *A baseline for detecting misclassified and out-of-distribution examples in
#   neural networks*, 2016, [arXiv:1610.02136](https://arxiv.org/abs/1610.02136)
# - scikit-learn's guide to [probability calibration](https://scikit-learn.org/stable/modules/calibration.html)
