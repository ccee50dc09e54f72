# ---
# title: Evaluation
# summary: What accuracy hides. Which classes, which mistakes, at which threshold, how sure, and how sure of the grade itself.
# needs: [first-network]
# teaches: [class imbalance, true positive, false positive, false negative, precision, recall, f1, micro average, macro average, threshold, false-positive rate, roc curve, auc, one-vs-rest, precision-recall curve, average precision, confidence, calibration, reliability diagram, expected calibration error, temperature scaling, bootstrap, confidence interval]
# data: [fashion-mnist, cifar10]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A shop wants to know which of its photographs show a shirt. Somebody sells it a detector that is
# right nine times out of ten. Here it is at work:

# %%
import numpy as np

from snippets import plot_evaluation, plot_images, plot_results, tables
from snippets.datasets import load_fashion_mnist


def never(images):
    return np.full(len(images), False)


fashion = load_fashion_mnist()
photographs, labels = fashion.validation.images, fashion.validation.labels
SHIRT = fashion.class_names.index("Shirt")
is_shirt = labels == SHIRT
shown = [np.flatnonzero(labels == number)[0] for number in range(10)]
marks = np.where(never(photographs[shown]) == is_shirt[shown], "right", "WRONG")
titles = [f"Shirt? No.\n{mark}" for mark in marks]
plot_images.image_grid(photographs[shown], titles, subject="answers")

# %%
print(f"{(never(photographs) == is_shirt).mean():.1%} of {len(labels):,} photographs")

# %% [markdown]
# The grade is correct, and the detector is worthless: it never looks. One answer is nine times as
# frequent as the other, and accuracy mostly counts the frequent one. This is **class imbalance**. What is
# worth detecting is usually rare: a fraud, an illness, a crack.
#
# Here you grade a network in the ways that accuracy cannot. Until the exam near the end, everything
# is measured on the *validation* photographs, and you choose two numbers with them: a threshold and
# a temperature. The network trains for a number of epochs fixed beforehand, so nothing leaks into
# it here. (Its recipe won a comparison on these photographs, so they have had a small say.)
#
# ## Four ways to be right or wrong
#
# Train the quick recipe of [your first network](first-network.md). It knows ten classes. Asked
# about shirts alone, it says yes where *Shirt* is its answer.

# %%
import keras

from snippets.preprocessing import standardise
from snippets.models import dense_network
from snippets.training import fit_one_cycle

train_inputs = standardise(fashion.train.images, fashion.train.images)
inputs = standardise(photographs, fashion.train.images)


def train(seed):
    keras.utils.set_random_seed(seed)
    network = dense_network((128,))
    fit_one_cycle(network, (train_inputs, fashion.train.labels))
    return network


def ask(network, inputs):
    return network(inputs).numpy().astype(float)  # all photographs as one batch: the logits


network = train(7)
logits = ask(network, inputs)

# %%
answers, names = logits.argmax(axis=1), fashion.class_names
found = answers == SHIRT
plot_evaluation.draw_confusion_matrix(is_shirt, found, class_names=["no", "yes"], normalised=False)

# %% [markdown]
# The confusion matrix of a yes-or-no question has four cells. A shirt that is found is a **true
# positive**. A shirt that is missed, lower left, is a **false negative**. A false alarm, upper right,
# is a **false positive**. The rest, upper left, are true negatives, so many that they drown the others
# in every accuracy.
#
# So leave them out. Two questions remain:
#
# - Of the photographs called shirts, which part are shirts? That is the **precision**.
# - Of the shirts, which part is found? That is the **recall**.


# %%
def grades(truth, found):
    hits = (truth & found).sum()
    precision, recall = hits / max(found.sum(), 1), hits / truth.sum()  # nothing of nothing: 0
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"accuracy": (truth == found).mean(), "precision": precision, "recall": recall, "F1": f1}


def percent(values):
    return {name: f"{value:.1%}" for name, value in values.items()}


detectors = {"never": never(photographs), "always": ~never(photographs), "network": found}
graded = {name: grades(is_shirt, says) for name, says in detectors.items()}
tables.table([{"detector": name} | percent(grade) for name, grade in graded.items()])

# %% [markdown]
# By accuracy the network is only a little better than the program that never looks. By recall it is
# the difference between nothing and
# `{python} f"{graded['network']['recall']:.0%}"` of the shirts.
#
# Each of the two can be had for free. Say yes to everything, and recall is perfect; say yes only once,
# where you are certain, and precision is. **F1** is high only if both are: with $P$ for precision and
# $R$ for recall, it is $2PR / (P + R)$, their *harmonic mean*. In the second row, the ordinary mean of
# the two is `{python} f"{(graded['always']['precision'] + 1) / 2:.0%}"`, too good a grade for a
# detector that cannot say no. The harmonic mean stays near the worse of the two.

# %% tags=["claims"]
assert graded["never"]["accuracy"] > 0.89, "a detector that never looks is right nine times in ten"
assert graded["network"]["accuracy"] - graded["never"]["accuracy"] < 0.07, (
    "by accuracy, the network is less than seven points better"
)
assert graded["network"]["recall"] > 0.5, "by recall, it finds more than half of the shirts"

# %% tags=["control"] claim="a detector that never looks is right nine times in ten" without="class imbalance"
others = np.flatnonzero(~is_shirt)[: is_shirt.sum()]
balanced = np.append(np.flatnonzero(is_shirt), others)
blind = grades(is_shirt[balanced], never(photographs)[balanced])
graded = graded | {"never": blind}

# %% [markdown]
# ## Each class, and one number for all
#
# The network does not only look for shirts. Ask scikit-learn for *the* precision of all ten classes:

# %% tags=["raises-exception"]
from sklearn.metrics import precision_score

precision_score(labels, answers)

# %% [markdown]
# There is no such thing. Precision belongs to a class, and ten of them have to be averaged in some
# way that you must choose. The counts first:

# %%
plot_evaluation.draw_confusion_matrix(labels, answers, class_names=names, normalised=False)

# %% [markdown]
# Each class has a row of its photographs and a column of its predictions. Read its recall along the
# row: the diagonal cell divided by the sum of the row. Read its precision down the column.

# %%
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

matrix = confusion_matrix(labels, answers)
right = matrix.diagonal()
precisions, recalls = right / matrix.sum(axis=0), right / matrix.sum(axis=1)
f1s = 2 * precisions * recalls / (precisions + recalls)
by_class = np.stack([precisions, recalls, f1s])
rows = zip([*names, "mean"], [*by_class.T, by_class.mean(axis=1)], strict=True)
heads = ["precision", "recall", "F1"]
tables.table([{"class": name} | percent(dict(zip(heads, row, strict=True))) for name, row in rows])

# %% [markdown]
# The last row is the **macro average**: the mean over the classes, each of which counts the same,
# however rare it is. The other choice is the **micro average**: pool the answers of all classes and
# count once. With one answer a photograph, every false positive of one class is a false negative of
# another, so micro precision, micro recall and micro F1 are one number: the accuracy.
# If rare classes matter to you, look at the macro average, and better still at the rows.

# %% tags=["claims"]
assert np.allclose(by_class, precision_recall_fscore_support(labels, answers)[:3]), (
    "precision, recall and F1 of each class by hand are those of scikit-learn"
)
assert np.isclose(precision_score(labels, answers, average="micro"), (answers == labels).mean()), (
    "with one answer a photograph, the micro average of the precision is the accuracy"
)
assert names[f1s.argmin()] == "Shirt", "Shirt has the lowest F1 of all classes"

# %% tags=["control"] claim="with one answer a photograph, the micro average of the precision is the accuracy" without="the limit to one answer"
labels = labels[:, None] == np.arange(10)
answers = logits >= np.sort(logits, axis=1)[:, [-2]]  # the two likeliest classes

# %% [markdown]
# ## Look into the worst cells
#
# A number says how often. Only pictures say why. Here are the three largest cells off the diagonal,
# a row each: the first six photographs in it, not picked.

# %%
places = np.argsort(-(matrix - np.diag(right)), axis=None)[:3]
worst = [np.unravel_index(place, matrix.shape) for place in places]
mistakes = [i for t, a in worst for i in np.flatnonzero((labels == t) & (answers == a))[:6]]
titles = [f"{names[labels[i]]}\ncalled\n{names[answers[i]]}" for i in mistakes]
plot_images.image_grid(photographs[mistakes], titles, columns=6, subject="mistakes")

# %% [markdown]
# Would you have known? What tells such clothes apart is a row of buttons, a collar or a zip: two or
# three pixels at this size, or none. Some labels are doubtful too. So larger photographs, and
# clearer rules for the labels, may help this shop more than a better network.
#
# ## From an answer to a score
#
# A yes or no throws away how sure the network is. Keep a score, here the probability of *Shirt*, and
# say yes from some **threshold** on. Which threshold? Look at all of them. Six photographs, in the
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
# part of the shirts that is found, the *true-positive rate* (recall by another name). Anything else
# raises the part of the others that is called a shirt, the **false-positive rate**. Draw the first
# upwards and the second to the right, and you have the **ROC curve** (receiver operating
# characteristic, a name from radar). Here it goes up, up, right, up, right, right.
#
# The area under the curve, **AUC**, has a meaning that you can count. There are 3 × 3 pairs of a shirt
# and something else. In eight of them the shirt has the higher score; the exception is 0.4 against
# 0.6. The area is 8/9: *the chance that a shirt scores higher than something else*. Scores that say
# nothing get one half.


# %%
def roc(truth, scores):
    order = np.argsort(-scores)
    hits, alarms = np.cumsum(truth[order]), np.cumsum(~truth[order])
    last = np.flatnonzero(np.diff(scores[order], append=-np.inf))  # equal scores enter together
    return np.append(0, alarms[last] / alarms[-1]), np.append(0, hits[last] / hits[-1])


def area(x, y):  # each step's width times its mean height: the trapezoid rule
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())


tiny_truth = np.array([True, True, False, True, False, False])
tiny_scores = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])
area(*roc(tiny_truth, tiny_scores)), 8 / 9

# %% [markdown]
# The line with `last` looks like a detail. Leave it out, and grade the detector that never looks:
# all its scores are the same. Suppose that the shirts come first in the file:

# %%
shirts_first = np.sort(is_shirt)[::-1]
same = np.zeros(len(labels))
found_so_far = np.cumsum(~shirts_first) / 5400, np.cumsum(shirts_first) / 600
one_by_one = [np.append(0, part) for part in found_so_far]
print("one by one:", area(*one_by_one), " equal scores together:", area(*roc(shirts_first, same)))

# %% [markdown]
# A perfect grade for knowing nothing. Equal scores have no order, so they must enter together. When a
# result is too good, ask what else would get the same grade without looking.
#
# ## Ten detectors in one network
#
# Each class is a yes-or-no question of its own, this class or any other: **one-vs-rest**. So there are
# ten ROC curves. The macro average is the mean of them. The micro average pools all (photograph,
# class) pairs, and asks of each pair whether the class is the right one.

# %%
from scipy.special import softmax

from snippets.roc import one_vs_rest_roc

probabilities = softmax(logits, axis=1)
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
pot = area(*roc(one_hot.ravel(), probabilities.ravel()))
library = {each: roc_auc_score(one_hot, probabilities, average=each) for each in ("macro", "micro")}
print(f"macro AUC {np.mean(areas):.6f} by hand, {library['macro']:.6f} by scikit-learn")
print(f"micro AUC {pot:.6f} by hand, {library['micro']:.6f} by scikit-learn")

# %% tags=["claims"]
assert np.isclose(area(*roc(tiny_truth, tiny_scores)), 8 / 9), "the tiny example has an AUC of 8/9"
assert (area(*one_by_one), area(*roc(shirts_first, same))) == (1, 0.5), (
    "equal scores taken one by one can get a perfect AUC; together they get one half"
)
assert np.isclose(pot, library["micro"]), "micro AUC by hand is that of scikit-learn"
assert np.isclose(np.mean(areas), library["macro"]), "macro AUC by hand is that of scikit-learn"


# %% tags=["control"] claim="equal scores taken one by one can get a perfect AUC; together they get one half" without="letting equal scores enter together"
def roc(truth, scores):
    order = np.argsort(-scores, kind="stable")
    hits, alarms = np.cumsum(truth[order]), np.cumsum(~truth[order])
    return np.append(0, alarms / alarms[-1]), np.append(0, hits / hits[-1])


# %% [markdown]
# ## One threshold, three curves
#
# Back to the shirts. The ROC curve counts false alarms as a part of the *others*, which are many.
# The **precision-recall curve** counts them as a part of the *alarms*, of all that is called a
# shirt: precision upwards, recall to the right. The area under it, summed in steps, is the
# **average precision** (AP). The third picture has both, and F1, against the threshold. Each
# threshold is a mark in all three:

# %%
from sklearn.metrics import average_precision_score, precision_recall_curve

from snippets import plot_thresholds

scores = probabilities[:, SHIRT]
precision, recall, levels = precision_recall_curve(is_shirt, scores)
f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
best = levels[f1[:-1].argmax()]  # the lists end with recall 0, which has no threshold
catch = levels[recall[:-1] >= 0.95].max()
thresholds = {"recall 95%": catch, "best F1": best, "one half": 0.5, "strict": 0.9}
plot_thresholds.threshold_dots(is_shirt, scores, thresholds=thresholds)

# %% [markdown]
# Follow the circle, the square, the triangle and the diamond as the threshold rises. On the ROC curve
# all four crowd at the left, and the curve looks splendid, with an AUC of
# `{python} f"{roc_auc_score(is_shirt, scores):.3f}"`. On the precision-recall curve they spread, and
# the same detector looks like what it is: its average precision is
# `{python} f"{average_precision_score(is_shirt, scores):.3f}"`. To find 95% of the shirts, you accept
# that `{python} f"{1 - grades(is_shirt, scores >= catch)['precision']:.0%}"` of the alarms are false.
# (The dotted line is the precision of saying yes to everything.)
#
# No mark is the right one. A shop that checks each alarm by hand wants recall; one that prints the
# answer in a catalogue wants precision. F1, best here at a threshold of `{python} f"{best:.2f}"`, is
# for those who cannot say what a false alarm costs.
#
# ## Where shirts are rare
#
# What goes wrong when the detector moves to a shop where shirts are ten times as rare? Keep one
# shirt in ten, and all other photographs; do so ten times, with other shirts, and take the mean.
# Network and threshold, that of the best F1, stay.


# %%
def at_shop(keep):
    truth, score = is_shirt[keep], scores[keep]
    mixture = {"share of shirts": truth.mean(), "accuracy of never": 1 - truth.mean()}
    order = {"AUC": roc_auc_score(truth, score), "AP": average_precision_score(truth, score)}
    return mixture | grades(truth, score >= best) | order


shirts, everything = np.flatnonzero(is_shirt), np.arange(len(labels))
dropped = [np.delete(shirts, slice(i, None, 10)) for i in range(10)]  # all but every tenth shirt
deals = [at_shop(np.setdiff1d(everything, each)) for each in dropped]
common = at_shop(everything)
rare = {grade: np.mean([deal[grade] for deal in deals]) for grade in common}
before, after = percent(common), percent(rare)
tables.table([{"grade": g, "as before": before[g], "shirts are rare": after[g]} for g in common])

# %% [markdown]
# Recall and AUC (in percent, since it is a chance) stay: they look at the shirts and at the others
# separately, so it does not matter how many there are of each. Precision collapses, from
# `{python} f"{common['precision']:.0%}"` to `{python} f"{rare['precision']:.0%}"`: as many false
# alarms as before, and a tenth of the shirts. And accuracy *rises*, while the detector is now less
# accurate than the one that never looks.
#
# No code is wrong here, so no error will tell you. The cure is to choose the threshold on data with the
# mixture that you will meet.

# %% tags=["claims"]
moves = [abs(deal["AUC"] - common["AUC"]) for deal in deals]
assert max(moves) < 0.03, "whichever shirts chance leaves, AUC moves by less than 3 points"
assert rare["precision"] < common["precision"] / 2, "with a tenth of the shirts, precision halves"
assert rare["accuracy of never"] > rare["accuracy"] > common["accuracy"], (
    "accuracy rises where shirts are rare, and never saying yes is more accurate still"
)

# %% tags=["control"] claim="whichever shirts chance leaves, AUC moves by less than 3 points" without="a random draw"
hardest = shirts[np.argsort(scores[shirts])[: len(shirts) // 10]]
left_over = at_shop(np.append(np.flatnonzero(~is_shirt), hardest))
moves = [abs(left_over["AUC"] - common["AUC"])]

# %% tags=["control"] claim="with a tenth of the shirts, precision halves" without="a change in the mixture"
rare = at_shop(everything[::10])  # a tenth of the others, too

# %% [markdown]
# ## Is it as sure as it should be?
#
# The probability of the network's answer is its **confidence**. If it is 80% sure of each of a hundred
# answers, about eighty should be right. **Calibration** is how well the two agree. To check, gather the
# answers into bins by confidence, and compare each bin's mean confidence with its accuracy: that is a
# **reliability diagram**. The mean distance of the two, each bin weighted by how many answers it holds, is
# the **expected calibration error**. By hand: ten answers, each 90% sure, seven right, are off by 20 points.
#
# For comparison, a second network: the same layers, crammed. It sees 10,000 photographs forty times,
# at a learning rate that never falls.

# %%
few = fashion.train.sample(per_class=1000)
keras.utils.set_random_seed(7)
crammed = dense_network((128,))
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
adam = keras.optimizers.Adam(0.003)
crammed.compile(adam, cross_entropy, metrics=["accuracy"], steps_per_execution=40)
few_inputs = standardise(few.images, fashion.train.images)
run = crammed.fit(few_inputs, few.labels, epochs=40, batch_size=256, verbose=0)
crammed_logits = ask(crammed, inputs)

# %% [markdown]
# And the cure, before you see the illness. **Temperature scaling** divides all logits by one number,
# the temperature. Above 1 it brings the logits closer together, so softmax becomes milder, with
# probabilities less far apart; the order of the classes stays. Take the number that gives the lowest
# cross-entropy on the validation photographs. Not on the training photographs: those it knows by heart,
# and is rightly sure of.

# %%
from snippets.calibration import expected_calibration_error, fit_temperature, reliability_bins

temperature = fit_temperature(labels, logits)
crammed_temperature = fit_temperature(labels, crammed_logits)
asked = {
    "quick": probabilities,
    "crammed": softmax(crammed_logits, axis=1),
    "crammed, scaled": softmax(crammed_logits / crammed_temperature, axis=1),
}
bins = {name: reliability_bins(labels, each) for name, each in asked.items()}
plot_evaluation.reliability_panels(bins)

# %% [markdown]
# Where a bar ends on the dashed line, the network is as sure as it should be. Hatched above a bar,
# it promised too much; hatched inside, too little. Pale bars hold too few answers (counted below)
# to say anything. The quick recipe stays close to the line. The crammed network ended with
# `{python} f"{run.history['accuracy'][-1]:.1%}"` of its training photographs right, and treats new
# ones as if it knew them too. Divided by a temperature of `{python} f"{crammed_temperature:.2f}"`,
# the same network promises what it can keep. In numbers:

# %%
asked["quick, scaled"] = softmax(logits / temperature, axis=1)
errors = {name: expected_calibration_error(labels, each) for name, each in asked.items()}
rows = {
    name: {
        "accuracy": (each.argmax(axis=1) == labels).mean(),
        "mean confidence": each.max(axis=1).mean(),
        "calibration error": errors[name],
    }
    for name, each in sorted(asked.items())
}
tables.table([{"network": name} | percent(row) for name, row in rows.items()])

# %% [markdown]
# No answer changes, so neither does the accuracy: all ten logits are divided by the same number.
# Temperature scaling mends what a network says about itself, not what it knows.
#
# How low can the error go? Not to 0: by chance, confidence and accuracy differ in every bin. Compare
# with honest networks: throw dice for the labels, with the quick network's own scaled probabilities, so
# that each confidence is true by construction. Do that 20 times.

# %%
dice, sure = np.random.default_rng(7), asked["quick, scaled"]
throws = [dice.random((len(labels), 1)) for _ in range(20)]
drawn = [np.minimum((sure.cumsum(axis=1) < throw).sum(axis=1), 9) for throw in throws]
honest = [expected_calibration_error(each, sure) for each in drawn]
print(f"honest networks: {min(honest):.1%} to {max(honest):.1%}")

# %% [markdown]
# The quick network's `{python} f"{errors['quick, scaled']:.1%}"`, after scaling by
# `{python} f"{temperature:.2f}"`, is hard to tell from honesty. A calibration error without this
# comparison says little, and it changes with the number of bins and of photographs.

# %% tags=["claims"]
assert (asked["crammed, scaled"].argmax(axis=1) == crammed_logits.argmax(axis=1)).all(), (
    "a temperature shared by all ten classes changes no answer, so no accuracy"
)
assert errors["crammed"] > 3 * errors["quick"], "cramming makes a network far too sure"
assert errors["crammed, scaled"] < errors["crammed"] / 3, "one temperature mends most of that"
assert crammed_temperature > 1.5, "that temperature makes it milder"

# %% tags=["control"] claim="a temperature shared by all ten classes changes no answer, so no accuracy" without="one temperature for all classes"
apiece = crammed_temperature * np.linspace(0.5, 1.5, 10)
asked = asked | {"crammed, scaled": softmax(crammed_logits / apiece, axis=1)}

# %% tags=["control"] claim="cramming makes a network far too sure" without="cramming"
keras.utils.set_random_seed(7)
uncrammed = dense_network((128,))
fit_one_cycle(uncrammed, (few_inputs, few.labels))
told = softmax(ask(uncrammed, inputs), axis=1)
errors = errors | {"crammed": expected_calibration_error(labels, told)}

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

correct = answers == labels
trousers = correct[labels == names.index("Trouser")][:10]
for hits in (correct, trousers):
    redrawn = [hits[dice.integers(0, len(hits), len(hits))].mean() for _ in range(1000)]
    low, high = np.quantile(redrawn, [0.025, 0.975])
    print(f"{low:.1%} to {high:.1%}; formula: {proportion_interval(hits.sum(), len(hits)):.1%}")

# %% [markdown]
# The formula is the **Wilson interval**, for fractions. Of many examples it says the same. The second line
# is of ten trousers, all correct however you redraw them.
#
# What does an interval *not* cover? Train the same recipe with two more seeds:

# %%
networks = {7: network} | {seed: train(seed) for seed in (8, 9)}
tested = {f"first {n:,} photographs": correct[:n] for n in (100, 1000)}
for seed, each in networks.items():
    tested[f"all, seed {seed}"] = ask(each, inputs).argmax(axis=1) == labels
intervals = {name: proportion_interval(hits.sum(), len(hits)) for name, hits in tested.items()}
rows = {name: {"accuracy": interval} for name, interval in intervals.items()}
plot_results.interval_rows(rows, xlabel="validation accuracy")

# %% [markdown]
# A hundred photographs tell you next to nothing, and a hundred times as many make the interval only a
# tenth as wide. The last three rows are three networks graded on the *same*
# photographs. Each interval answers: what if other photographs of this kind had been drawn? None
# answers: what if the network had been trained again? [Experiments](experiments.md) does. No interval
# covers photographs of another kind, from another camera.
#
# ## The exam
#
# Everything is chosen: network, threshold, temperature. Now the test photographs, once.

# %%
from snippets.metrics import class_report

test_inputs = standardise(fashion.test.images, fashion.train.images)
test_logits = ask(network, test_inputs)
test_labels, test_answers = fashion.test.labels, test_logits.argmax(axis=1)
report = class_report(test_labels, test_answers, class_names=names)
print(f"accuracy {report.accuracy:.1%}, macro F1 {report.macro.f1:.1%}")

# %%
all_rows = report.classes | {"mean of classes": report.macro}
rows = {n: {"precision": s.precision, "recall": s.recall, "F1": s.f1} for n, s in all_rows.items()}
plot_results.interval_rows(rows, xlabel="test grade")

# %%
plot_evaluation.draw_confusion_matrix(test_labels, test_answers, class_names=names)

# %% [markdown]
# This matrix is *normalised*: each row adds up to 100, and the diagonal is the recall. Use it when the
# classes differ in size; look at the counts when you want to know how much a number rests on. Did the
# promises hold that were made on validation?


# %%
def promises(logits, labels):
    probabilities, scaled = (softmax(logits / t, axis=1) for t in (1, temperature))
    truth, scores = labels == SHIRT, probabilities[:, SHIRT]
    return {
        "accuracy": (logits.argmax(axis=1) == labels).mean(),
        "recall of shirts": grades(truth, scores >= catch)["recall"],
        "best F1 of shirts": grades(truth, scores >= best)["F1"],
        "calibration error, scaled": expected_calibration_error(labels, scaled),
    }


made, kept = promises(logits, labels), promises(test_logits, test_labels)
tables.table([{"on": "validation"} | percent(made), {"on": "test"} | percent(kept)])

# %% [markdown]
# Expect a choice to look best where it was made. The threshold that finds 95% of these shirts need not
# find 95% of the next ones: it rests on `{python} f"{is_shirt.sum()}"` shirts, and a part of so many is
# itself uncertain by a point or two. If you must promise 95%, aim higher. And the validation
# photographs had a say in the recipe, so their grades are a little kind.
#
# The quick network hardly needed its temperature. Does the crammed network's, fitted on the validation
# set, mend its confidence here as well?

# %%
crammed_exam = ask(crammed, test_inputs)
tempered = [softmax(crammed_exam / degree, axis=1) for degree in (1, crammed_temperature)]
as_it_is, scaled = (expected_calibration_error(test_labels, each) for each in tempered)
print(f"crammed, on test: calibration error {as_it_is:.1%}, scaled {scaled:.1%}")

# %% [markdown]
# It does: a temperature is one number, too little to learn the validation photographs by heart.

# %% tags=["claims"]
assert 0.87 < kept["accuracy"] < 0.91, "the exam: between 87% and 91% of the test photographs right"
assert trousers.all(), "the ten trousers are answered correctly"
assert report.classes["Shirt"].f1.high < report.macro.f1.low, (
    "on the test set too, Shirt is below the mean F1, by more than the intervals allow for"
)
assert scaled < as_it_is / 3, "the temperature from validation mends most of it on test, too"

# %% tags=["control"] claim="the temperature from validation mends most of it on test, too" without="temperature scaling"
untouched = softmax(crammed_exam / 1, axis=1)
scaled = expected_calibration_error(test_labels, untouched)

# %% [markdown]
# ## Nothing to wear
#
# What does the network say about pictures that show no clothes? The exam is over, so its photographs may
# serve: clothes, and their negatives. Then letters, grey photographs from CIFAR-10, and noise.

# %%
import string

from PIL import Image, ImageDraw, ImageFont

from snippets.datasets import load_cifar10


def drawn(sign):
    page, font = Image.new("L", (28, 28)), ImageFont.load_default(24)
    ImageDraw.Draw(page).text((14, 14), sign, fill=255, font=font, anchor="mm")
    return np.asarray(page)


clothes, things = fashion.test.images[:600], load_cifar10(edition="default").train.images[:600]
kinds = {
    "clothes": clothes,
    "negatives": 255 - clothes,
    "letters": np.stack([drawn(sign) for sign in string.ascii_letters]),
    "animals, vehicles": things[:, 2:30, 2:30].mean(axis=-1).astype("uint8"),
    "noise": dice.integers(0, 256, (600, 28, 28), dtype="uint8"),
}

# %%
pictures = np.concatenate(list(kinds.values()))
of_kind = np.repeat(list(kinds), [len(each) for each in kinds.values()])
strange = standardise(pictures, fashion.train.images)
opinions = softmax(ask(network, strange) / temperature, axis=1)
last_six = np.concatenate([np.flatnonzero(of_kind == each)[-6:] for each in kinds])
titles = [f"{names[p.argmax()]}\n{p.max():.0%}" for p in opinions[last_six]]
plot_images.image_grid(pictures[last_six], titles, columns=6, subject="pictures and their names")

# %% [markdown]
# The temperature is fitted, the calibration on the test set is good, and half of the negatives are
# called something with a confidence of at least
# `{python} f"{np.median(opinions[of_kind == 'negatives'].max(axis=1)):.1%}"`. Softmax shares out the
# whole of one among ten classes, and *none of these* is not among them. Calibration is a promise about
# photographs like those it was fitted on, and about no others.
#
# Could a threshold on the confidence at least turn strangers away? It is
# a yes-or-no question, *is this clothing?*, with the confidence as the score, so compute its AUC, for
# each kind of stranger and each network. A coin gets one half.


# %%
def turned_away(each):
    sure = softmax(ask(each, strange), axis=1).max(axis=1)
    ours = of_kind == "clothes"
    pick = {name: ours | (of_kind == name) for name in list(kinds)[1:]}
    return {name: roc_auc_score(ours[rows], sure[rows]) for name, rows in pick.items()}


strict = {f"quick, seed {seed}": turned_away(each) for seed, each in networks.items()}
strict["crammed"] = turned_away(crammed)
texts = {name: {kind: f"{auc:.2f}" for kind, auc in row.items()} for name, row in strict.items()}
tables.table([{"network": name} | row for name, row in texts.items()])

# %% [markdown]
# Where a number is below one half, the network is surer of the strangers than of the clothes. Now
# compare the three quick networks. On photographs of clothes their accuracies lie within
# `{python} f"{100 * np.ptp([interval.value for interval in list(intervals.values())[2:]]):.1f}"` points.
# On negatives their AUCs lie
# `{python} f"{100 * np.ptp([row['negatives'] for row in list(strict.values())[:3]]):.0f}"` points apart.
# Nothing in the training says what to do with a picture that is none of the ten, so chance decides. If
# strangers will come, collect some, and train and test with them.

# %% tags=["claims"]
negatives = of_kind == "negatives"
called = opinions[negatives].argmax(axis=1)
assert (called == test_labels[:600]).mean() < 0.25, "under a quarter of negatives are named right"
assert np.median(opinions[negatives].max(axis=1)) > 0.6, "half of them with over 60% confidence"
assert all(min(row.values()) < 0.85 for row in strict.values()), (
    "each network has a kind of stranger that its confidence does not turn away"
)
assert min(strict["crammed"].values()) < 0.5, "the crammed network is surer of some than of clothes"

# %% tags=["control"] claim="under a quarter of negatives are named right" without="swapping black and white"
swapped_back = 255 - pictures[negatives]
fed = standardise(swapped_back, fashion.train.images)
called = ask(network, fed).argmax(axis=1)

# %% [markdown]
# ## Exercises
#
# **1. A threshold that keeps a promise.** Return the highest threshold at which at least the fraction
# `wanted` of the positives is found, where a score at or above the threshold means yes. The starter
# always returns one half.


# %% tags=["starter"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    return 0.5


# %% tags=["check"]
jumble = np.array([5, 2, 3, 1, 4, 0])  # the six photographs of the table, out of order
six = tiny_truth[jumble], tiny_scores[jumble]
for wanted, expected in {0.3: 0.9, 0.4: 0.8, 2 / 3: 0.8, 0.9: 0.4}.items():
    given = threshold_for(*six, wanted)
    why = f"finding {wanted:.0%} of the table's shirts takes {expected}, not {given}"
    assert np.array_equal(given, expected), why
given = threshold_for(is_shirt, scores, 0.95)
assert np.array_equal(given, catch), f"scikit-learn's list gives {catch} for 95%, not {given}"


# %% tags=["solution"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    positives = np.sort(scores[truth])[::-1]
    return positives[int(np.ceil(wanted * len(positives))) - 1]


# %% tags=["wrong"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    positives = np.sort(scores[truth])[::-1]
    return positives[int(wanted * len(positives)) - 1]  # rounded down


# %% tags=["wrong"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    ranked = np.sort(scores)[::-1]  # of all photographs, not of the shirts
    return ranked[int(np.ceil(wanted * truth.sum())) - 1]


# %% tags=["wrong"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    return np.quantile(scores[truth], 1 - wanted)  # between two scores


# %% tags=["wrong"]
def threshold_for(truth: np.ndarray, scores: np.ndarray, wanted: float) -> float:
    enough = [t for t in scores if (scores[truth] >= t).mean() >= wanted]
    return min(enough)  # the lowest, not the highest


# %% [markdown]
# **2. When a miss costs more.** The harmonic mean treats precision and recall alike. With a weight
# $\beta$, the score $F_\beta = (1 + \beta^2) PR / (\beta^2 P + R)$ treats recall as $\beta$ times as
# important. Write it for a detector's answers. The starter gives F1 whatever the weight. (Nothing
# found is worth 0.)


# %% tags=["starter"]
def f_beta(truth: np.ndarray, found: np.ndarray, beta: float) -> float:
    return grades(truth, found)["F1"]


# %% tags=["check"]
from sklearn.metrics import fbeta_score

for says in (found, scores >= 0.9, detectors["always"]):
    for beta in (0.5, 1.0, 2.0):
        given, expected = f_beta(is_shirt, says, beta), fbeta_score(is_shirt, says, beta=beta)
        agrees = given is not None and np.allclose(given, expected)
        assert agrees, f"{says.sum()} called shirts: F{beta:g} is {expected:.5f}, not {given}"
assert f_beta(is_shirt, never(photographs), 2.0) == 0, "a detector that finds nothing is worth 0"


# %% tags=["solution"]
def f_beta(truth: np.ndarray, found: np.ndarray, beta: float) -> float:
    grade = grades(truth, found)
    product = grade["precision"] * grade["recall"]
    return (1 + beta**2) * product / max(beta**2 * grade["precision"] + grade["recall"], 1e-9)


# %% tags=["wrong"]
def f_beta(truth: np.ndarray, found: np.ndarray, beta: float) -> float:
    grade = grades(truth, found)
    precision, recall = grade["precision"], grade["recall"]
    below = max(precision + beta**2 * recall, 1e-9)  # the weight on the wrong one
    return (1 + beta**2) * precision * recall / below


# %% tags=["wrong"]
def f_beta(truth: np.ndarray, found: np.ndarray, beta: float) -> float:
    grade = grades(truth, found)
    product = grade["precision"] * grade["recall"]
    below = max(beta * grade["precision"] + grade["recall"], 1e-9)
    return (1 + beta) * product / below  # not squared


# %% tags=["wrong"]
def f_beta(truth: np.ndarray, found: np.ndarray, beta: float) -> float:
    grade = grades(truth, found)
    product = grade["precision"] * grade["recall"]
    below = beta**2 * grade["precision"] + grade["recall"]
    return (1 + beta**2) * product / below  # nothing found: 0 / 0


# %% [markdown]
# **3. I would rather not say.** A shop lets the network answer only where it is surest, and asks a
# person about the rest. Return the largest fraction of the photographs that the network can answer, from
# the surest down, with at least the fraction `wanted` of these answers right. The starter lets it answer
# everything.


# %% tags=["starter"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    return 1.0


# %% tags=["check"]
four = np.array([0.6, 0.9, 0.7, 0.8]), np.array([False, True, False, True])
dip = np.array([0.5, 0.9, 0.6, 0.7, 0.8]), np.array([False, True, True, True, False])
for (confidence, right), wanted, expected, why in [
    (four, 0.9, 0.5, "the two surest are right, the third is not"),
    (four, 0.6, 0.75, "two of the three surest are right, and that is enough"),
    (four, 0.5, 1.0, "half of all four are right"),
    ((1 - four[0], four[1]), 0.9, 0.0, "the surest is wrong, so nothing can be answered"),
    (dip, 0.75, 0.8, "the second is wrong, but of the first four, three are right"),
]:
    given = answerable(confidence.copy(), right.copy(), wanted)
    assert np.array_equal(given, expected), f"{given} should be {expected}: {why}"


# %% tags=["solution"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    so_far = np.cumsum(right[np.argsort(-confidence)]) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(so_far >= wanted)
    return (enough[-1] + 1) / len(right) if len(enough) else 0.0


share = answerable(sure.max(axis=1), correct, 0.97)
print(f"{share:.0%} of the validation photographs can be answered with 97% right")


# %% tags=["wrong"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    so_far, hits = 0, 0
    for i in np.argsort(-confidence):
        if (hits + right[i]) / (so_far + 1) < wanted:
            break  # the first dip
        so_far, hits = so_far + 1, hits + right[i]
    return so_far / len(right)


# %% tags=["wrong"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    so_far = np.cumsum(right[np.argsort(-confidence)]) / np.arange(1, len(right) + 1)
    return (so_far >= wanted).mean()  # how many places are good enough, not the last


# %% tags=["wrong"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    return (confidence >= wanted).mean()  # believes what the network says


# %% tags=["wrong"]
def answerable(confidence: np.ndarray, right: np.ndarray, wanted: float) -> float:
    so_far = np.cumsum(right[np.argsort(-confidence)]) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(so_far > wanted)  # at least became more than
    return (enough[-1] + 1) / len(right) if len(enough) else 0.0


# %% [markdown]
# ## What to remember
#
# - Before you believe an accuracy, ask what a program would get that never looks.
# - Precision: how many of the alarms are true. Recall: how many of the positives are found. Report them
#   by class, and look at the pictures in the worst cells.
# - A ROC curve does not see how rare the positives are. Precision does, so choose a threshold for the
#   mixture that you will meet.
# - Confidence can be calibrated with one number, for photographs like those you fit it on. It is no
#   detector of strangers.
# - Give an interval with every grade, and say what it leaves out: another training, another kind of
#   photograph.
#
# ## Where next
#
# The crammed network was too sure because it knew its photographs by heart.
# [Regularisation](regularisation.md) is about how to keep a network from that.
