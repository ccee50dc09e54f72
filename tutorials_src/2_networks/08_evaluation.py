# ---
# title: Evaluation
# summary: What accuracy hides. Which classes, which mistakes, at which threshold, and what helps where a class is rare.
# needs: [first-network]
# teaches: [class imbalance, true positive, false positive, false negative, precision, recall, F1, micro average, macro average, threshold, false-positive rate, ROC curve, AUC, one-vs-rest, precision-recall curve, average precision, class weight]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A shop wants to know which of its photographs show a shirt. Somebody sells it a detector that is
# right nine times out of ten. Here it is at work:

# %%
import numpy as np

from snippets import plot_evaluation, plot_images, tables
from snippets.datasets import load_fashion_mnist
from snippets.plot_evaluation import draw_confusion_matrix

fashion = load_fashion_mnist()
photographs = fashion.validation.images
labels, names = fashion.validation.labels, fashion.class_names
SHIRT = names.index("Shirt")
is_shirt = labels == SHIRT
example_rows = [np.flatnonzero(labels == number)[0] for number in range(10)]
titles = ["Shirt? No.\nright"] * 10
titles[SHIRT] = "Shirt? No.\nWRONG"
plot_images.image_grid(photographs[example_rows], titles, subject="answers")

# %%
all_no = np.zeros(len(photographs), bool)
print(f"{(all_no == is_shirt).mean():.1%} of {len(labels):,} photographs")

# %% [markdown]
# The grade is correct, and the detector is worthless: it never looks. One answer is nine times as
# frequent as the other, and accuracy mostly counts the frequent one. This is **class imbalance**. What is
# worth detecting is usually rare: a fraud, an illness, a crack.
#
# Here you grade a network in the ways that accuracy cannot. Until the exam near the end, everything
# is measured on the *validation* photographs, and you choose thresholds with them. The network trains
# for a number of epochs fixed beforehand, so nothing leaks into it here. (Its recipe won a comparison on
# these photographs, so they have had a small say.)
#
# ## Four ways to be right or wrong
#
# This is the quick recipe of [your first network](first-network.md), with the preparation inside the
# network: `Normalization` subtracts one mean from all pixels and divides by one deviation, both taken from
# 5,000 photographs. The learning rate climbs to 0.006 along a straight line, and comes down along half a
# cosine.

# %%
import math

import keras


def build_network(images):
    normalise = keras.layers.Normalization(axis=None)
    normalise.adapt(images[:5000])
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
def train_network(images, labels, seed, class_weight=None):
    keras.utils.set_random_seed(seed)
    network = build_network(images)
    steps_per_epoch = math.ceil(len(images) / 512)
    steps = 8 * steps_per_epoch
    climb = {"warmup_target": 0.006, "warmup_steps": 0.3 * steps}
    decay = keras.optimizers.schedules.CosineDecay
    network.compile(
        keras.optimizers.Adam(decay(0.0, 0.7 * steps, **climb)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps_per_epoch,  # an epoch's steps in one go
    )
    options = {"epochs": 8, "batch_size": 512, "verbose": 0}
    network.fit(images, labels, class_weight=class_weight, **options)
    return network


network = train_network(fashion.train.images, fashion.train.labels, seed=7)
logits = network(photographs).numpy()  # all photographs as one batch

# %% [markdown]
# The network knows ten classes. Asked about shirts alone, it says yes where *Shirt* is its answer.

# %%
answers = logits.argmax(axis=1)
called_shirt = answers == SHIRT
options = {"class_names": ["no", "yes"], "normalised": False}
draw_confusion_matrix(is_shirt, called_shirt, **options)

# %% [markdown]
# The *confusion matrix* of a yes-or-no question has four cells. A shirt that is found is a **true
# positive**. A shirt that is missed, lower left, is a **false negative**. A false alarm, upper right,
# is a **false positive**. The rest, upper left, are true negatives, so many that they drown the others
# in every accuracy.
#
# So leave them out. Two questions remain:
#
# - Of the photographs called shirts, what fraction are shirts? That is the **precision**.
# - Of the shirts, what fraction is found? That is the **recall**.


# %%
def grades(truth, alarms):
    hits = (truth & alarms).sum()
    precision = hits / max(alarms.sum(), 1)  # no alarms: 0
    recall = hits / truth.sum()
    return {
        "accuracy": (truth == alarms).mean(),
        "precision": precision,
        "recall": recall,
        "F1": 2 * precision * recall / max(precision + recall, 1e-9),
    }


def percent(fractions):
    return {name: f"{part:.1%}" for name, part in fractions.items()}


detectors = {"never": all_no, "always": ~all_no, "network": called_shirt}
grade_of = {name: grades(is_shirt, yes) for name, yes in detectors.items()}
rows = [{"detector": name} | percent(grade_of[name]) for name in grade_of]
tables.table(rows)

# %% [markdown]
# By accuracy the network is only a little better than the program that never looks. By recall it is
# the difference between nothing and
# `{python} f"{grade_of['network']['recall']:.0%}"` of the shirts.
#
# Each of the two can be had for free. Say yes to everything, and recall is perfect; say yes only once,
# where you are certain, and precision is. **F1** is high only if both are: with $P$ for precision and
# $R$ for recall, it is $2PR / (P + R)$, their *harmonic mean*. In the second row, the ordinary mean of
# the two is `{python} f"{(grade_of['always']['precision'] + 1) / 2:.0%}"`, too good a grade for a
# detector that cannot say no. The harmonic mean stays near the worse of the two.

# %% tags=["claims"]
assert grade_of["never"]["accuracy"] > 0.89, (
    "a detector that never looks is right nine times in ten"
)
lead = grade_of["network"]["accuracy"] - grade_of["never"]["accuracy"]
assert lead < 0.07, (
    "by accuracy, the network is less than seven points better"
)
assert grade_of["network"]["recall"] > 0.5, (
    "by recall, it finds more than half of the shirts"
)

# %% tags=["control"] claim="a detector that never looks is right nine times in ten" without="class imbalance"
as_many = np.flatnonzero(~is_shirt)[: is_shirt.sum()]
balanced = np.append(np.flatnonzero(is_shirt), as_many)
grade_if_balanced = grades(is_shirt[balanced], all_no[balanced])
grade_of = grade_of | {"never": grade_if_balanced}

# %% [markdown]
# ## Every class, and one number for all
#
# The network does not only look for shirts. Ask scikit-learn for *the* precision of all ten classes:

# %% tags=["raises-exception"]
from sklearn.metrics import precision_score

precision_score(labels, answers)

# %% [markdown]
# There is no such thing. Precision belongs to a class, and ten of them have to be averaged in some
# way that you must choose. The counts first:

# %%
draw_confusion_matrix(labels, answers, class_names=names, normalised=False)

# %% [markdown]
# Each class has a row of its photographs and a column of its predictions. Read its recall along the
# row: the diagonal cell divided by the sum of the row. Read its precision down the column.

# %%
from sklearn.metrics import confusion_matrix

matrix = confusion_matrix(labels, answers)
hits = matrix.diagonal()
precisions, recalls = hits / matrix.sum(axis=0), hits / matrix.sum(axis=1)
f1_scores = 2 * precisions * recalls / (precisions + recalls)
by_class = {"precision": precisions, "recall": recalls, "F1": f1_scores}
rows = []
for i, name in enumerate([*names, "mean"]):
    row = {g: v[i] if i < 10 else v.mean() for g, v in by_class.items()}
    rows.append({"class": name} | percent(row))
tables.table(rows)

# %% [markdown]
# The last row is the **macro average**: the mean over the classes, each of which counts the same,
# however rare it is. The other choice is the **micro average**: pool the answers of all classes and
# count once. With one answer per photograph, every false positive of one class is a false negative of
# another, so micro precision, micro recall and micro F1 are one number: the accuracy.
# If rare classes matter to you, look at the macro average, and better still at the rows.

# %% tags=["claims"]
from sklearn import metrics

reference = metrics.precision_recall_fscore_support(labels, answers)[:3]
assert np.allclose(list(by_class.values()), reference), (
    "precision, recall and F1 of each class by hand are those of scikit-learn"
)
micro_precision = metrics.precision_score(labels, answers, average="micro")
assert np.isclose(micro_precision, (answers == labels).mean()), (
    "with one answer per photograph, the micro average of the precision is the accuracy"
)
assert names[f1_scores.argmin()] == "Shirt", (
    "Shirt has the lowest F1 of all classes"
)

# %% tags=["control"] claim="with one answer per photograph, the micro average of the precision is the accuracy" without="the limit to one answer"
labels = labels[:, None] == np.arange(10)
second_logits = np.sort(logits, axis=1)[:, [-2]]
answers = logits >= second_logits  # the two likeliest classes
micro_precision = precision_score(labels, answers, average="micro")

# %% [markdown]
# ## Look into the worst cells
#
# A number says how often. Only pictures say why. Here are the three largest cells off the diagonal,
# a row for each: the first six photographs in it, not picked.

# %%
cells = np.argsort(np.diag(hits) - matrix, axis=None)[:3]
rows_shown, titles = [], []
for cell in cells:
    of_class, answer = np.unravel_index(cell, matrix.shape)
    cell_mask = (labels == of_class) & (answers == answer)
    rows_shown.extend(np.flatnonzero(cell_mask)[:6])
    titles += [f"{names[of_class]}\ncalled\n{names[answer]}"] * 6
worst_images = photographs[rows_shown]
plot_images.image_grid(worst_images, titles, columns=6, subject="mistakes")

# %% [markdown]
# Would you have known? What tells such clothes apart is a row of buttons, a collar or a zip: two or
# three pixels at this size, or none. Some labels are doubtful too. So larger photographs, and
# clearer rules for the labels, may help this shop more than a better network.
#
# ## From an answer to a score
#
# A yes or no throws away how sure the network is. Keep a score, here the probability of *Shirt*, and
# say yes wherever it reaches some **threshold**. (At one half that is not quite the answer from above: of ten
# probabilities, the largest may be smaller than that.) Which threshold? Look at all of them. Six photographs, in the
# order of their scores:
#
# | score | shirt? | shirts found from here up | false alarms from here up |
# |---:|---|---:|---:|
# | 0.9 | yes | 1 of 3 | 0 of 3 |
# | 0.8 | yes | 2 of 3 | 0 of 3 |
# | 0.6 | no | 2 of 3 | 1 of 3 |
# | 0.4 | yes | 3 of 3 | 1 of 3 |
# | 0.3 | no | 3 of 3 | 2 of 3 |
# | 0.1 | no | 3 of 3 | 3 of 3 |
#
# Let the threshold come down the table, and the photographs come in one by one. A shirt raises the
# fraction of the shirts that is found, the *true-positive rate* (recall by another name). Anything else
# raises the fraction of the others that is called a shirt, the **false-positive rate**. Draw the first
# upwards and the second to the right, and you have the **ROC curve** (receiver operating
# characteristic, a name from radar). Here it goes up, up, right, up, right, right.
#
# The area under the curve, **AUC**, has a meaning that you can count. There are 3 × 3 pairs of a shirt
# and something else. In eight of them the shirt has the higher score; the exception is 0.4 against
# 0.6. The area is 8/9: *the chance that a shirt scores higher than something else*, where a tie counts
# half. Scores that say nothing get one half.


# %%
def roc(truth, scores):
    order = np.argsort(-scores)
    hits, alarms = np.cumsum(truth[order]), np.cumsum(~truth[order])
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf))
    false_rate, true_rate = alarms[ends] / alarms[-1], hits[ends] / hits[-1]
    return np.append(0, false_rate), np.append(0, true_rate)


def area(x, y):  # each step's width times its mean height
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())


table_truth = np.array([True, True, False, True, False, False])
table_scores = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
area(*roc(table_truth, table_scores)), 8 / 9

# %% [markdown]
# The line with `ends` looks like a detail. Leave it out, and grade the detector that never looks:
# all its scores are the same. Suppose that the shirts come first in the file:

# %%
shirts_first = np.sort(is_shirt)[::-1]
equal_scores = np.zeros(len(labels))
counts = np.cumsum(~shirts_first) / 5400, np.cumsum(shirts_first) / 600
one_by_one = [np.append(0, fraction) for fraction in counts]
print("one by one:", area(*one_by_one))
print("equal scores together:", area(*roc(shirts_first, equal_scores)))

# %% [markdown]
# A perfect grade for knowing nothing. Equal scores have no order, so they must enter together. When a
# result is too good, ask what else would get the same grade without looking.
#
# ## Ten detectors in one network
#
# Each class is a yes-or-no question of its own, this class or any other: **one-vs-rest**. So there are
# ten ROC curves. The macro average is the mean of them. The micro average pools all (photograph,
# class) pairs, and asks of each pair whether the photograph is of the class.

# %%
from scipy.special import softmax

from snippets.roc import one_vs_rest_roc

probabilities = softmax(logits.astype(float), axis=1)
curves = one_vs_rest_roc(labels, probabilities, class_names=names)
plot_evaluation.roc_panels(curves, corner=0.3)

# %% [markdown]
# Only the upper left corner is drawn, since all the curves hug it; the areas are those of the whole.
# The thin grey lines are the other panels' curves.
# *`{python} min(curves, key=lambda name: curves[name].area)`* lies lowest, and both averages hide it.
# Now the averages by hand, and by scikit-learn:

# %%
from sklearn.metrics import roc_auc_score

one_hot = labels[:, None] == np.arange(10)
areas = [area(*roc(one_hot[:, i], probabilities[:, i])) for i in range(10)]
all_pairs = one_hot.ravel(), probabilities.ravel()
by_hand = {"macro": float(np.mean(areas)), "micro": area(*roc(*all_pairs))}
of_all = one_hot, probabilities
library = {kind: roc_auc_score(*of_all, average=kind) for kind in by_hand}
{"by hand": by_hand, "scikit-learn": library}

# %% [markdown]
# There is another way to average, *one-vs-one*: an AUC for each pair of classes, on the photographs of
# these two, and the mean of all pairs. The two part company where a class is missing, which happens in
# a small batch or in a small part of the data. Grade the photographs that are not shirts:

# %%
not_shirts = labels[~is_shirt], probabilities[~is_shirt]
without_shirts = {}
for kind in ("ovr", "ovo"):
    options = {"multi_class": kind, "labels": np.arange(10)}
    without_shirts[kind] = roc_auc_score(*not_shirts, **options)
without_shirts

# %% [markdown]
# Nobody can tell shirts from the rest where there are no shirts: `nan`, with a warning, is the honest
# answer. One-vs-one leaves the pairs with shirts out and says nothing about it. So count
# the classes before you average over them.

# %% tags=["claims"]
assert np.isclose(area(*roc(table_truth, table_scores)), 8 / 9), (
    "the table has an AUC of 8/9"
)
equal_rows = shirts_first, equal_scores
assert (area(*one_by_one), area(*roc(*equal_rows))) == (1, 0.5), (
    "equal scores taken one by one can get a perfect AUC; together they get one half"
)
assert np.allclose([*by_hand.values()], [*library.values()]), (
    "both AUC by hand are scikit-learn's"
)
assert np.isnan([*without_shirts.values()]).tolist() == [True, False], (
    "with a class missing, the AUC is nan one-vs-rest and an ordinary number one-vs-one"
)


# %% tags=["control"] claim="equal scores taken one by one can get a perfect AUC; together they get one half" without="letting equal scores enter together"
def roc(truth, scores):
    order = np.argsort(-scores, kind="stable")
    hits, alarms = np.cumsum(truth[order]), np.cumsum(~truth[order])
    return np.append(0, alarms / alarms[-1]), np.append(0, hits / hits[-1])


# %% tags=["control"] claim="with a class missing, the AUC is nan one-vs-rest and an ordinary number one-vs-one" without="a missing class"
without_shirts = {}
for kind in ("ovr", "ovo"):
    auc = roc_auc_score(labels, probabilities, multi_class=kind)
    without_shirts[kind] = auc

# %% [markdown]
# ## One threshold, three curves
#
# Back to the shirts. The ROC curve counts false alarms as a fraction of the *others*, which are many.
# The **precision-recall curve** counts them as a fraction of the *alarms*, of all that is called a
# shirt: precision upwards, recall to the right. The area under it, summed in steps, is the
# **average precision** (AP). The third picture has both, and F1, against the threshold. Each
# threshold is a mark in all three:

# %%
from sklearn.metrics import average_precision_score, precision_recall_curve

from snippets.plot_thresholds import threshold_dots


def best_f1_threshold(truth, scores, weight=None):
    curve = precision_recall_curve(truth, scores, sample_weight=weight)
    precision, recall, levels = curve
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return levels[f1[:-1].argmax()]  # the last recall has no threshold


scores = probabilities[:, SHIRT]
f1_threshold = best_f1_threshold(is_shirt, scores)
_, recall, levels = precision_recall_curve(is_shirt, scores)
recall_threshold = levels[recall[:-1] >= 0.95].max()
thresholds = {"recall 95%": recall_threshold, "best F1": f1_threshold}
thresholds |= {"one half": 0.5, "strict": 0.9}
threshold_dots(is_shirt, scores, thresholds=thresholds)

# %% [markdown]
# Follow the circle, the square, the triangle and the diamond as the threshold rises. On the ROC curve
# all four crowd at the left, and the curve looks splendid, with an AUC of
# `{python} f"{roc_auc_score(is_shirt, scores):.3f}"`. On the precision-recall curve they spread, and
# the same detector looks like what it is: its average precision is
# `{python} f"{average_precision_score(is_shirt, scores):.3f}"`. To find 95% of the shirts, you accept
# that `{python} f"{1 - grades(is_shirt, scores >= recall_threshold)['precision']:.0%}"` of the alarms
# are false. (The dotted line is the precision of saying yes to everything.)
#
# No mark is the right one. A shop that checks each alarm by hand wants recall; one that prints the
# answer in a catalogue wants precision. F1, best here at a threshold of
# `{python} f"{f1_threshold:.2f}"`, is for those who cannot say what a false alarm costs.
#
# Move the threshold: one dot, in three places. Watch the second curve where the first hardly moves.


# %% tags=["interactive"]
def figure_of_thresholds():
    import json

    offers = [0, 0.0001, 0.0003, 0.001, 0.003]
    offers += [step / 100 for step in range(1, 100)] + [0.997, 0.999]
    references = []
    for level in (0, 0.1, 0.5, 0.9, 0.999):
        alarms = scores >= level
        row = {"threshold": level, **grades(is_shirt, alarms)}
        row |= {"hits": (alarms & is_shirt).sum(), "alarms": alarms.sum()}
        row["false-positive rate"] = alarms[~is_shirt].mean()
        references.append({name: float(row[name]) for name in row})
    figure = {
        "figure": "threshold",
        "label": "One threshold on three charts",
        "is": "shirt",
        "thresholds": offers,
        "hits": [int(is_shirt[scores >= x].sum()) for x in offers],
        "alarms": [int((scores >= x).sum()) for x in offers],
        "positives": int(is_shirt.sum()),
        "count": len(is_shirt),
    }
    print(json.dumps(figure | {"expected": references}))


figure_of_thresholds()

# %% [markdown]
# In a notebook of your own, scikit-learn draws either curve from truth and scores:

# %%
from matplotlib import pyplot
from sklearn.metrics import RocCurveDisplay

chart = RocCurveDisplay.from_predictions(is_shirt, scores, name="shirts")
chart.figure_.alt = f"ROC curve of shirts. Area {chart.roc_auc:.2f}."
pyplot.close(chart.figure_)
chart.figure_

# %% [markdown]
# (`PrecisionRecallDisplay` is its sister. The last three lines are for this site: a text that says what the
# figure shows, and no second copy.)
#
# ## Where shirts become rare
#
# What goes wrong when the detector moves to a shop where shirts are ten times as rare? Keep one
# shirt in ten, and all other photographs; do so ten times, with other shirts, and take the mean.
# Network and threshold, that of the best F1, stay.


# %%
def at_shop(rows, scores, threshold):
    truth, score = is_shirt[rows], scores[rows]
    return {
        "fraction of shirts": truth.mean(),
        "accuracy of never": 1 - truth.mean(),
        **grades(truth, score >= threshold),
        "AUC": roc_auc_score(truth, score),
        "AP": average_precision_score(truth, score),
    }


def rare_shops(rows, scores, threshold):  # leaves out nine shirts of ten
    shirts = rows[is_shirt[rows]]
    left_out = [np.delete(shirts, slice(i, None, 10)) for i in range(10)]
    deals = [np.setdiff1d(rows, shirts_out) for shirts_out in left_out]
    return [at_shop(deal, scores, threshold) for deal in deals]


def mean_grades(shops):
    return {g: np.mean([shop[g] for shop in shops]) for g in shops[0]}


# %%
all_rows = np.arange(len(labels))
common_grades = at_shop(all_rows, scores, f1_threshold)
shops = rare_shops(all_rows, scores, f1_threshold)
rare_means = mean_grades(shops)
texts = {"before": percent(common_grades), "rare": percent(rare_means)}
rows = [{"grade": g} | {s: texts[s][g] for s in texts} for g in rare_means]
tables.table(rows)

# %% [markdown]
# Recall and AUC (in percent, since it is a chance) stay: they look at the shirts and at the others
# separately, so it does not matter how many there are of each. Precision collapses, from
# `{python} f"{common_grades['precision']:.0%}"` to `{python} f"{rare_means['precision']:.0%}"`: as many false
# alarms as before, and a tenth of the shirts. The average precision falls with it. And accuracy *rises*,
# while the detector is now less accurate than the one that never looks.
#
# No code is wrong here, so no error will tell you. The cure is to choose the threshold on data with the
# mixture that you will meet.

# %% tags=["claims"]
heights, recalls_down, _ = precision_recall_curve(is_shirt, scores)
steps_area = -(np.diff(recalls_down) * heights[:-1]).sum()
assert np.isclose(steps_area, common_grades["AP"]), (
    "the steps under the precision-recall curve add up to the average precision"
)
assert rare_means["AP"] < common_grades["AP"] - 0.2, (
    "with a tenth of the shirts, average precision falls by over 20 points"
)
moves = [abs(shop["AUC"] - common_grades["AUC"]) for shop in shops]
assert max(moves) < 0.03, (
    "whichever shirts chance leaves, AUC moves by less than 3 points"
)
assert rare_means["precision"] < common_grades["precision"] / 2, (
    "with a tenth of the shirts, precision halves"
)
never_grade = rare_means["accuracy of never"]
assert never_grade > rare_means["accuracy"] > common_grades["accuracy"], (
    "accuracy rises where shirts are rare, and never saying yes is more accurate still"
)

# %% tags=["control"] claim="whichever shirts chance leaves, AUC moves by less than 3 points" without="a random draw"
shirts = np.flatnonzero(is_shirt)
lowest_shirts = shirts[np.argsort(scores[shirts])[: len(shirts) // 10]]
deal = np.append(np.flatnonzero(~is_shirt), lowest_shirts)
left_over = at_shop(deal, scores, f1_threshold)
moves = [abs(left_over["AUC"] - common_grades["AUC"])]

# %% tags=["control"] claim="with a tenth of the shirts, precision halves" without="a change in the mixture"
tenth_rows = all_rows[::10]  # a tenth of the others, too
rare_means = at_shop(tenth_rows, scores, f1_threshold)

# %% [markdown]
# ## When classes are rare
#
# And if shirts are rare where you *train*? Here is a smaller sample, with one shirt in ten kept. Two
# remedies are on offer. A **class weight** multiplies the loss of each photograph of a class: with 10 for
# shirts, a missed shirt costs ten times as much. Or train as always, and move the threshold. Try neither,
# each, and both, with three seeds.

# %%
sample = fashion.train.sample(per_class=2000)
surplus = np.flatnonzero(sample.labels == SHIRT)[200:]
rare_images = np.delete(sample.images, surplus, axis=0)
rare_labels = np.delete(sample.labels, surplus)
weights = dict.fromkeys(range(10), 1.0) | {SHIRT: 10.0}


def shirt_scores(seed, class_weight):
    network = train_network(rare_images, rare_labels, seed, class_weight)
    return softmax(network(photographs).numpy(), axis=1)[:, SHIRT]


plain_scores = [shirt_scores(seed, None) for seed in (7, 8, 9)]
weighted_scores = [shirt_scores(seed, weights) for seed in (7, 8, 9)]

# %% [markdown]
# Grade where shirts are rare, as above. A threshold is chosen on one half of the validation
# photographs, where each shirt counts a tenth, and graded on the other half, since it looks too good where
# it was chosen.

# %%
rarity_weight = np.where(is_shirt, 0.1, 1)
choosing, grading = all_rows[::2], all_rows[1::2]


def rare_grades(scores, threshold=None):
    if threshold is None:
        columns = is_shirt, scores, rarity_weight
        threshold = best_f1_threshold(*(c[choosing] for c in columns))
    shops = rare_shops(grading, scores, threshold)
    return {"threshold": threshold} | mean_grades(shops)


remedies = {
    "none": [rare_grades(scores, 0.5) for scores in plain_scores],
    "class weight": [rare_grades(row, 0.5) for row in weighted_scores],
    "threshold": [rare_grades(scores) for scores in plain_scores],
    "both": [rare_grades(scores) for scores in weighted_scores],
}

# %%
rows = []
for remedy, by_seed in remedies.items():
    means = percent(mean_grades(by_seed))
    columns = ("threshold", "precision", "recall", "F1", "AP")
    rows.append({"remedy": remedy} | {g: means[g] for g in columns})
tables.table(rows)

# %%
from snippets import plot_results

expected_rate = np.average(weighted_scores[0], weights=rarity_weight)
true_rate = np.average(is_shirt, weights=rarity_weight)
rare_f1 = {name: [row["F1"] for row in remedies[name]] for name in remedies}
plot_results.seed_dots(rare_f1, xlabel="F1 of the rare shirts")

# %% [markdown]
# Left alone, the network all but gives up on shirts. Both remedies help, with each seed. The threshold costs
# nothing: it takes the order of the photographs as it is and says yes sooner. The class weight does more
# here: it changes what is learned, so the order is better, as the average precision shows, which needs no
# threshold. Both together are no better than the weight alone. That is so for this recipe;
# try both on yours.
#
# The weight has a price. The weighted network gives photographs of this mixture a mean probability of
# `{python} f"{expected_rate:.1%}"` for *Shirt*, the plain one
# `{python} f"{np.average(plain_scores[0], weights=rarity_weight):.1%}"`, and
# `{python} f"{true_rate:.1%}"` of them are shirts. If you need the
# probability, leave the loss alone and move the threshold.

# %% tags=["claims"]
assert min(rare_f1["threshold"]) > max(rare_f1["none"]), (
    "the threshold alone raises F1 with each seed"
)
assert min(rare_f1["class weight"]) > max(rare_f1["none"]), (
    "so does a class weight, with each seed"
)
assert np.mean(rare_f1["class weight"]) > np.mean(rare_f1["threshold"]), (
    "and by more, in the mean"
)
mean_ap = {name: mean_grades(remedies[name])["AP"] for name in remedies}
assert mean_ap["class weight"] > mean_ap["none"] + 0.02, (
    "with the weight, average precision is over two points higher, in the mean"
)
assert mean_ap["threshold"] == mean_ap["none"], (
    "moving the threshold leaves the average precision as it is"
)
assert np.mean(rare_f1["both"]) <= np.mean(rare_f1["class weight"]), (
    "both together are no better than the weight, in the mean"
)
assert expected_rate > 2 * true_rate, (
    "a class weight of 10 makes it expect twice the shirts, and more"
)

# %% tags=["control"] claim="so does a class weight, with each seed" without="the weight"
plain_f1 = [rare_grades(row, 0.5)["F1"] for row in plain_scores]
rare_f1 = rare_f1 | {"class weight": plain_f1}

# %% tags=["control"] claim="a class weight of 10 makes it expect twice the shirts, and more" without="the weight"
expected_rate = np.average(plain_scores[0], weights=rarity_weight)

# %% [markdown]
# ## The exam
#
# Everything is chosen: network and thresholds. Now the test photographs, once.

# %%
test_labels = fashion.test.labels
test_logits = network(fashion.test.images).numpy()
test_answers = test_logits.argmax(axis=1)
draw_confusion_matrix(test_labels, test_answers, class_names=names)

# %% [markdown]
# This matrix is *normalised*: each row adds up to 100, and the diagonal is the recall. Use it when the
# classes differ in size; look at the counts when you want to know how much a number rests on. Did the
# promises hold that were made on validation?

# %% tags=["folded"]
test_scores = softmax(test_logits.astype(float), axis=1)[:, SHIRT]
is_test_shirt = test_labels == SHIRT
test_recall = (test_scores >= recall_threshold)[is_test_shirt].mean()
test_f1 = grades(is_test_shirt, test_scores >= f1_threshold)["F1"]
test_accuracy = (test_answers == test_labels).mean()

# %% [markdown]
# Accuracy `{python} f"{(answers == labels).mean():.1%}"` on validation, `{python} f"{test_accuracy:.1%}"` on
# test. The threshold for 95% of the shirts finds `{python} f"{test_recall:.1%}"`; that of the best F1, once
# `{python} f"{common_grades['F1']:.1%}"`, has `{python} f"{test_f1:.1%}"`. Expect a choice to look best where
# it was made. The threshold that finds 95% of these shirts need not
# find 95% of the next ones: it rests on `{python} f"{is_shirt.sum()}"` shirts, and a fraction of so many is
# itself uncertain by a point or two. So is the fraction that the test shirts give, and the gap between the
# two is more uncertain than either. If you must promise 95%, aim higher. And the validation
# photographs had a say in the recipe, so their grades are a little kind.

# %% tags=["claims"]
assert 0.87 < test_accuracy < 0.91, (
    "the exam: between 87% and 91% of the test photographs right"
)

# %% [markdown]
# ## Exercises
#
# **1. A threshold that keeps a promise.** Return the highest threshold at which at least the fraction
# `fraction` of the positives is found, where a score at or above the threshold means yes. The starter
# always returns one half.


# %% tags=["starter"]
def threshold_for(truth, scores, fraction):
    return 0.5


# %% [markdown] tags=["hint"]
# Only the positives decide. Sort their scores from the highest down: the threshold is one of them. Which, if
# four of ten must be found?

# %% tags=["check"]
order = np.array([5, 2, 3, 1, 4, 0])  # the table's six, jumbled
table_photographs = table_truth[order], table_scores[order]
for fraction, target in {0.3: 0.9, 0.4: 0.8, 2 / 3: 0.8, 0.9: 0.4}.items():
    threshold = threshold_for(*table_photographs, fraction)
    assert np.array_equal(threshold, target), (
        f"{fraction:.0%} of the table's shirts: {target}, not {threshold}"
    )
hundred_truths, hundred_scores = np.ones(100, bool), np.arange(1, 101)
threshold = threshold_for(hundred_truths, hundred_scores, 0.07)
assert threshold == 94, (
    f"7 of 100 shirts are enough for 7%: 94, not {threshold}"
)
threshold = threshold_for(is_shirt, scores, 0.95)
assert np.array_equal(threshold, recall_threshold), (
    f"scikit-learn's list gives {recall_threshold} for 95%, not {threshold}"
)


# %% tags=["solution"]
def threshold_for(truth, scores, fraction):
    positives = np.sort(scores[truth])[::-1]
    recalls = np.arange(1, len(positives) + 1) / len(positives)
    return positives[np.argmax(recalls >= fraction)]  # the first True


# %% tags=["wrong"]
def threshold_for(truth, scores, fraction):
    positives = np.sort(scores[truth])[::-1]
    return positives[int(fraction * len(positives)) - 1]  # rounded down


# %% tags=["wrong"]
def threshold_for(truth, scores, fraction):
    ranked = np.sort(scores)[::-1]  # of all photographs, not of the shirts
    return ranked[int(np.ceil(fraction * truth.sum())) - 1]


# %% tags=["wrong"]
def threshold_for(truth, scores, fraction):
    return np.quantile(scores[truth], 1 - fraction)  # between two scores


# %% tags=["wrong"]
def threshold_for(truth, scores, fraction):
    enough = [t for t in scores if (scores[truth] >= t).mean() >= fraction]
    return min(enough)  # the lowest, not the highest


# %% [markdown]
# **2. When a miss costs more.** The harmonic mean treats precision and recall alike. With a weight
# $\beta$, the score $F_\beta = (1 + \beta^2) PR / (\beta^2 P + R)$ treats recall as $\beta$ times as
# important. Write it for a detector's answers. The starter gives F1 whatever the weight. (Nothing
# found is worth 0.)


# %% tags=["starter"]
def f_beta(truth, alarms, beta):
    return grades(truth, alarms)["F1"]


# %% [markdown] tags=["hint"]
# `grades` gives you precision and recall; put them into the formula of the task. The small number in the
# denominator of F1, in `grades`, shows how to be safe where nothing is found.

# %% tags=["check"]
from sklearn.metrics import fbeta_score

for alarms in (called_shirt, scores >= 0.9, ~all_no):
    for beta in (0.5, 1.0, 2.0):
        answer = f_beta(is_shirt, alarms, beta)
        target = fbeta_score(is_shirt, alarms, beta=beta)
        case = f"{alarms.sum()} alarms, beta {beta}"
        assert np.allclose(answer, target), (
            f"{case}: {target}, not {answer}"
        )
assert f_beta(is_shirt, all_no, 2.0) == 0, "nothing found is worth 0"


# %% tags=["solution"]
def f_beta(truth, alarms, beta):
    grade = grades(truth, alarms)
    precision, recall = grade["precision"], grade["recall"]
    denominator = max(beta**2 * precision + recall, 1e-9)
    return (1 + beta**2) * precision * recall / denominator


# %% tags=["wrong"]
def f_beta(truth, alarms, beta):
    grade = grades(truth, alarms)
    precision, recall = grade["precision"], grade["recall"]
    # The weight stands on precision.
    denominator = max(precision + beta**2 * recall, 1e-9)
    return (1 + beta**2) * precision * recall / denominator


# %% tags=["wrong"]
def f_beta(truth, alarms, beta):
    grade = grades(truth, alarms)
    precision, recall = grade["precision"], grade["recall"]
    denominator = max(beta * precision + recall, 1e-9)
    return (1 + beta) * precision * recall / denominator  # not squared


# %% tags=["wrong"]
def f_beta(truth, alarms, beta):
    grade = grades(truth, alarms)
    precision, recall = grade["precision"], grade["recall"]
    denominator = beta**2 * precision + recall  # nothing found: 0 / 0
    return (1 + beta**2) * precision * recall / denominator


# %% [markdown]
# **3. The precision at the next shop.** Recall and false-positive rate move to another shop, precision
# does not. Return the precision that a detector will have where the fraction `rarity` of the photographs
# are positives. The starter takes them to be as many as the others.


# %% tags=["starter"]
def precision_at(recall, false_rate, rarity):
    return recall / (recall + false_rate)


# %% [markdown] tags=["hint"]
# Imagine a thousand photographs, of which the fraction `rarity` are positives. How many hits come from these,
# and how many false alarms from the others?

# %% tags=["check"]
for shop, target in [
    ((0.5, 0.5, 0.2), 0.2),  # a coin: as precise as positives are frequent
    ((0.9, 0.01, 0.01), 10 / 21),
    ((0.7, 0.2, 1.0), 1.0),
]:
    answer = precision_at(*shop)
    assert np.isclose(answer, target), f"{shop}: {target}, not {answer}"


# %% tags=["solution"]
def precision_at(recall, false_rate, rarity):
    hits, false_alarms = rarity * recall, (1 - rarity) * false_rate
    return hits / (hits + false_alarms)


false_rate = (scores >= f1_threshold)[~is_shirt].mean()
shop = common_grades["recall"], false_rate, rare_means["fraction of shirts"]
print(f"{precision_at(*shop):.1%}, as in the table")


# %% tags=["wrong"]
def precision_at(recall, false_rate, rarity):
    hits, false_alarms = rarity * recall, false_rate  # not of the others
    return hits / (hits + false_alarms)


# %% tags=["wrong"]
def precision_at(recall, false_rate, rarity):
    return rarity * recall / (recall + false_rate)


# %% tags=["wrong"]
def precision_at(recall, false_rate, rarity):
    hits, false_alarms = (1 - rarity) * recall, rarity * false_rate
    return hits / (hits + false_alarms)


# %% [markdown]
# ## Questions
#
# Five questions about grades, with a reason for each choice.

# %% [markdown] tags=["question"]
# One part in fifty has a crack. A detector is sold to you with an accuracy of `{python} f"{0.97:.0%}"`. How
# does it compare with a program that never looks and always says *no crack*?
#
# - Its accuracy is lower.
#     - Never looking is right on 49 parts in 50. That makes neither of the two a good detector: ask how many
#       of the cracks it finds.
# - Its accuracy is higher.
#     - The number is high because sound parts are many. Work out first what one answer for all would get:
#       `{python} f"{49 / 50:.0%}"`.
# - Its accuracy is the same.
#     - Never looking is wrong on two parts in a hundred, this detector on three.

# %% tags=["question"]
cracks = np.arange(1000) % 50 == 0
never_accuracy = grades(cracks, np.zeros(1000, bool))["accuracy"]
[never_accuracy > 0.97, never_accuracy < 0.97, never_accuracy == 0.97]

# %% [markdown] tags=["question"]
# The network called `{python} int(called_shirt.sum())` of the validation photographs shirts, and
# `{python} int((called_shirt & is_shirt).sum())` of these are. There are `{python} int(is_shirt.sum())`
# shirts in all. What is the recall?
#
# - `{python} f"{(called_shirt & is_shirt).sum() / is_shirt.sum():.1%}"`
#     - Of the shirts, the fraction that is found: hits divided by shirts.
# - `{python} f"{(called_shirt & is_shirt).sum() / called_shirt.sum():.1%}"`
#     - Hits divided by alarms: of what is called a shirt, the fraction that is one. That is the precision.
# - `{python} f"{(called_shirt == is_shirt).mean():.1%}"`
#     - That is the accuracy. It also counts the photographs that are rightly called something else, and they
#       are nine in ten.
# - `{python} f"{(is_shirt & ~called_shirt).sum() / is_shirt.sum():.1%}"`
#     - That is the fraction of the shirts that is missed: one minus the recall.

# %% tags=["question"]
from sklearn.metrics import recall_score

recall_of_shirts = recall_score(is_shirt, called_shirt)
hits_and_misses = called_shirt & is_shirt, is_shirt & ~called_shirt
hit_count, miss_count = (part.sum() for part in hits_and_misses)
[
    np.isclose(hit_count / is_shirt.sum(), recall_of_shirts),
    np.isclose(hit_count / called_shirt.sum(), recall_of_shirts),
    np.isclose((called_shirt == is_shirt).mean(), recall_of_shirts),
    np.isclose(miss_count / is_shirt.sum(), recall_of_shirts),
]

# %% [markdown] tags=["question"]
# Four photographs have the scores 0.8 (a shirt), 0.6 (none), 0.3 (a shirt) and 0.1 (none). What is the AUC?
#
# - 3/4
#     - There are four pairs of a shirt and something else. In three of them the shirt has the higher score;
#       the exception is 0.3 against 0.6.
# - 1/2
#     - Half of the shirts score above one half, true, but AUC knows no threshold. It compares each shirt with
#       each of the others.
# - 1
#     - The best score belongs to a shirt and the worst does not, but that is not enough: an AUC of 1 takes
#       all shirts above all others.
# - 2/3
#     - That asks whether neighbours in the list stand in the right order, and two of three do. Pairs farther
#       apart count as well.

# %% tags=["question"]
four_truths = np.array([True, False, True, False])
auc_of_four = roc_auc_score(four_truths, [0.8, 0.6, 0.3, 0.1])
[
    np.isclose(auc_of_four, 3 / 4),
    np.isclose(auc_of_four, 1 / 2),
    np.isclose(auc_of_four, 1),
    np.isclose(auc_of_four, 2 / 3),
]

# %% [markdown] tags=["question"]
# A detector moves to a shop where shirts are ten times as rare; network and threshold stay. Which two grades
# hardly change?
#
# - recall and AUC
#     - Recall looks at the shirts alone, AUC at the order of a shirt and another. For neither does it matter
#       how many there are of each.
# - precision and recall
#     - Recall stays. But the false alarms are as many as before and the hits a tenth, so precision goes from
#       `{python} f"{common_grades['precision']:.0%}"` to `{python} f"{rare_means['precision']:.0%}"`.
# - AUC and average precision
#     - Both need no threshold, and there the likeness ends. The average precision is made of precisions, and
#       falls with them.
# - accuracy and F1
#     - The accuracy rises, because the others are easier and now are nearly all. F1 falls, since precision is
#       in it.


# %% tags=["question"]
def stays(*grade_names):
    moves = [abs(rare_means[g] - common_grades[g]) for g in grade_names]
    return max(moves) < 0.02


[
    stays("recall", "AUC"),
    stays("precision", "recall"),
    stays("AUC", "AP"),
    stays("accuracy", "F1"),
]

# %% [markdown] tags=["question"]
# Shirts are rare in your training photographs. Your shop needs the probability of *Shirt* itself, to add up
# how many shirts to expect. Which remedy do you choose?
#
# - move the threshold
#     - It changes what you do with a probability and leaves the probability alone. The mean of these stays
#       near the true fraction of shirts.
# - a class weight of 10 for shirts
#     - It may find more shirts, but the network learns as though there were ten times as many, and its mean
#       probability says so: `{python} f"{expected_rate:.1%}"` where `{python} f"{true_rate:.1%}"` are shirts.
# - both together
#     - A threshold moved afterwards mends the answers of the weighted network. Its probabilities stay as the
#       weight has made them.

# %% tags=["question"]
scores_of = {"threshold": plain_scores, "class weight": weighted_scores}
scores_of["both"] = scores_of["class weight"]


def has_true_rate(remedy):
    runs = [
        np.average(row, weights=rarity_weight) for row in scores_of[remedy]
    ]
    return np.allclose(runs, true_rate, rtol=0.6)


[
    has_true_rate("threshold"),
    has_true_rate("class weight"),
    has_true_rate("both"),
]

# %% [markdown]
# ## What to remember
#
# - Before you believe an accuracy, ask what a program that never looks would get.
# - Precision: what fraction of the alarms are true. Recall: what fraction of the positives are found.
#   Report them per class, and look at the pictures in the worst cells.
# - A ROC curve does not see how rare the positives are. Precision does, so choose a threshold for the
#   mixture that you will meet.
# - Where a class is rare, try the threshold first: it costs no training and spoils no probability.
#   A class weight may find more of them, and makes the network expect too many.
#
# ## Where next
#
# How far can you trust a probability, and the grade itself? [How sure?](how-sure.md) asks both.
#
# ## Sources
#
# - T. Fawcett, *An introduction to ROC analysis*, Pattern Recognition Letters 27, 2006,
#   [doi:10.1016/j.patrec.2005.10.010](https://doi.org/10.1016/j.patrec.2005.10.010)
# - J. Davis and M. Goadrich, *The relationship between precision-recall and ROC curves*, 2006,
#   [doi:10.1145/1143844.1143874](https://doi.org/10.1145/1143844.1143874)
# - scikit-learn's guide to [metrics and scoring](https://scikit-learn.org/stable/modules/model_evaluation.html)
# - Keras's [`fit`](https://keras.io/api/models/model_training_apis/), with `class_weight`
