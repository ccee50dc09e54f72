# ---
# title: Metrics and probabilities
# summary: Scores that are zero, too good or nobody's, and what metrics take for labels, for probabilities and for a whole.
# seed: 7
# ---

# %% [markdown]
# A metric gets two arrays and returns a number. It does not know whether the second one holds classes,
# probabilities or logits, and often it does not ask. So try each metric once on an answer that you can
# score in your head: a perfect one, a wrong one, and one that is the same for every example.
#
# The entries below share made-up answers: 300 examples of three classes, and a network that is
# mostly right.

# %% tags=["folded"]
import sys

import keras
import numpy as np

keras.utils.set_random_seed(7)
labels = np.random.randint(0, 3, 300)
one_hot_labels = np.eye(3, dtype="float32")[labels]
logits = np.random.normal(size=(300, 3)) + 2 * one_hot_labels
probabilities = keras.ops.softmax(logits).numpy()
accuracy = (probabilities.argmax(axis=1) == labels).mean()
print(f"{accuracy:.1%} of the answers are right")

# %% [markdown]
# ## The accuracy is 0, though the predictions are right
#
# `keras.metrics.Accuracy` gets one-hot labels and probabilities. Next to it, `categorical_accuracy` gets
# class numbers.

# %% tags=["symptom"] also="accuracy stays at zero; keras.metrics.Accuracy returns 0.0; categorical_accuracy with integer labels; accuracy much lower than sklearn"
zero_accuracy = keras.metrics.Accuracy()(one_hot_labels, probabilities)
print("Accuracy:           ", float(zero_accuracy))
network = keras.Sequential([keras.Input((3,)), keras.layers.Identity()])
network.compile(
    loss="sparse_categorical_crossentropy",
    metrics=["categorical_accuracy"],
)
_, unrelated_accuracy = network.evaluate(probabilities, labels, verbose=0)
print(f"categorical_accuracy: {unrelated_accuracy:.1%}")

# %% [markdown]
# **Why.** `Accuracy` counts the numbers that are *equal*, and a probability of
# `{python} f"{probabilities[0].max():.3f}"` is not equal to a 1. `CategoricalAccuracy` takes the argmax of
# the labels too: of class numbers, that is the place of the largest one in the batch, so all examples of a
# batch are compared with one number. The *word* `"accuracy"` in `compile` looks at the shapes and picks the
# metric that fits. See [Your first network](../2_networks/06_first_network.py) and [accuracy
# metrics](https://keras.io/api/metrics/accuracy_metrics/).

# %% tags=["cure"]
network.compile(
    loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
_, keras_accuracy = network.evaluate(probabilities, labels, verbose=0)
print(f'"accuracy" in compile:     {keras_accuracy:.1%}')
sparse_metric = keras.metrics.SparseCategoricalAccuracy()
sparse_accuracy = float(sparse_metric(labels, probabilities))
print(f"SparseCategoricalAccuracy: {sparse_accuracy:.1%}")

# %% tags=["claims"]
assert zero_accuracy == 0, (
    "keras.metrics.Accuracy gives 0 for one-hot labels and probabilities"
)
assert unrelated_accuracy < accuracy / 2, (
    "categorical_accuracy accepts class numbers and gives less than half of the accuracy"
)
assert np.isclose(keras_accuracy, accuracy), (
    'the word "accuracy" gives the fraction of right answers'
)

# %% [markdown]
# ## Classification metrics can't handle a mix of multiclass and …
#
# You hand the output of `predict` to scikit-learn.

# %% tags=["symptom", "raises-exception"] also="continuous-multioutput targets; mix of binary and continuous targets; sklearn accuracy_score keras predict"
from sklearn.metrics import accuracy_score

accuracy_score(labels, probabilities)

# %% [markdown]
# **Why.** `predict` returns probabilities or logits, a row per example. `accuracy_score`, `f1_score` and
# `confusion_matrix` compare classes with classes, and never choose one for you. See
# [Evaluation](../2_networks/08_evaluation.py) and
# [accuracy_score](https://scikit-learn.org/stable/modules/generated/sklearn.metrics.accuracy_score.html).

# %% tags=["cure"]
classes = probabilities.argmax(axis=1)
score_of_classes = accuracy_score(labels, classes)
print(f"{score_of_classes:.1%}")

# %% tags=["claims"]
assert "multiclass and continuous-multioutput" in str(sys.last_value), (
    "accuracy_score refuses probabilities and names both kinds of targets"
)
assert score_of_classes == accuracy, "with argmax it returns the accuracy"

# %% [markdown]
# ## The accuracy by hand is near a half, and Keras reports more
#
# The network has one sigmoid unit, and you compare its answers with the labels yourself.

# %% tags=["symptom"] also="numpy accuracy differs from keras; (n, 1) versus (n,); broadcasting to (n, n); binary classifier looks like guessing"
is_first = (labels == 0).astype("float32")
first_logits = logits[:, :1] - logits[:, 1:].max(axis=1, keepdims=True)
sigmoids = keras.ops.sigmoid(first_logits).numpy()  # like predict
comparison = (sigmoids > 0.5) == is_first
print(f"{comparison.mean():.1%} of an array of shape {comparison.shape}")

# %% [markdown]
# **Why.** `predict` returns the shape `(n, 1)`, the labels have `(n,)`. Broadcasting makes a column and a row
# into a square: every answer is compared with every label. The metrics and losses of Keras drop the axis of
# length 1 first, so they are right, and a loss that you write yourself is as wrong as this line. See
# [Broadcasting](../1_foundations/02_broadcasting.py) and
# [NumPy's rules](https://numpy.org/doc/stable/user/basics.broadcasting.html).

# %% tags=["cure"]
answers = sigmoids[:, 0] > 0.5
assert answers.shape == is_first.shape
binary_accuracy = (answers == is_first).mean()
print(f"{binary_accuracy:.1%}")
print(f"{keras.metrics.BinaryAccuracy()(is_first, sigmoids):.1%}, by Keras")

# %% tags=["claims"]
assert comparison.shape == (300, 300), (
    "a column of answers and a row of labels compare as a square"
)
assert comparison.mean() < binary_accuracy - 0.1, (
    "the mean of the square is far below the accuracy"
)
assert np.isclose(
    keras.metrics.BinaryAccuracy()(is_first, sigmoids), binary_accuracy
), "BinaryAccuracy takes (n, 1) and (n,), and gives the accuracy"

# %% [markdown]
# ## Recall and AUC change when the last layer loses its sigmoid
#
# The loss has `from_logits=True`, as it should. The metrics get the same logits.

# %% tags=["symptom"] also="from_logits metrics; BinaryAccuracy with logits; keras AUC differs from sklearn; recall too low with from_logits"
scores = {"sigmoids": sigmoids, "logits": first_logits}
recalls, areas = {}, {}
for name, values in scores.items():
    recalls[name] = float(keras.metrics.Recall()(is_first, values[:, 0]))
    areas[name] = float(keras.metrics.AUC()(is_first, values[:, 0]))
    print(f"{name:>8}: recall {recalls[name]:.3f}, AUC {areas[name]:.4f}")

# %% [markdown]
# **Why.** `Precision`, `Recall` and `BinaryAccuracy` say yes above 0.5, and a logit of 0.5 is a probability of
# `{python} f"{1 / (1 + np.exp(-0.5)):.2f}"`. `AUC` tries thresholds between 0 and 1 only, and so lumps all
# logits beyond them together. Neither checks the range. A loss knows about logits because you tell it; a metric
# has to be told as well. See [Evaluation](../2_networks/08_evaluation.py) and
# [classification metrics](https://keras.io/api/metrics/classification_metrics/).

# %% tags=["cure"]
recall = keras.metrics.Recall(thresholds=0.0)  # logit 0: probability 1/2
area = keras.metrics.AUC(from_logits=True)
recall_of_logits = float(recall(is_first, first_logits[:, 0]))
area_of_logits = float(area(is_first, first_logits[:, 0]))
print(f"recall {recall_of_logits:.3f}, AUC {area_of_logits:.4f}")

# %% tags=["claims"]
assert recalls["logits"] < recalls["sigmoids"], (
    "Recall with its default threshold is lower on logits than on probabilities"
)
assert areas["logits"] != areas["sigmoids"], (
    "AUC gives another area for logits, though their order is that of the probabilities"
)
assert np.isclose(recall_of_logits, recalls["sigmoids"]), (
    "a threshold of 0 gives logits the recall of probabilities"
)
assert np.isclose(area_of_logits, areas["sigmoids"]), (
    "from_logits=True gives logits the area of probabilities"
)

# %% [markdown]
# ## FBetaScore expects 2D inputs
#
# `F1Score` complains about labels that are class numbers. So you give them a second axis.

# %% tags=["symptom"] also="F1Score sparse labels; keras F1 score with integer labels; F1 of class numbers is wrong"
as_column = keras.metrics.F1Score(average="macro")
f1_of_column = float(as_column(labels[:, None], probabilities))
print(f"with labels[:, None]: {f1_of_column:.3f}")

# %% tags=["symptom", "raises-exception"]
keras.metrics.F1Score(average="macro")(labels, probabilities)

# %% [markdown]
# **Why.** `F1Score` wants one-hot labels, and there is no sparse one. It checks the number of axes, but not that
# both have as many columns: a column of class numbers broadcasts against three columns of predictions, and the
# score of that is worth nothing. See [Evaluation](../2_networks/08_evaluation.py) and
# [F1Score](https://keras.io/api/metrics/classification_metrics/).

# %% tags=["cure"]
from sklearn.metrics import f1_score

f1_of_one_hot = float(
    keras.metrics.F1Score(average="macro")(one_hot_labels, probabilities)
)
print(f"Keras, one-hot labels: {f1_of_one_hot:.3f}")
macro_f1 = f1_score(labels, classes, average="macro")
print(f"scikit-learn, classes: {macro_f1:.3f}")

# %% tags=["claims"]
assert "FBetaScore expects 2D inputs" in str(sys.last_value), (
    "F1Score refuses labels that have one axis"
)
assert f1_of_column < macro_f1 - 0.1, (
    "it accepts a column of class numbers and is off by more than a tenth"
)
assert np.isclose(f1_of_one_hot, macro_f1), (
    "with one-hot labels it is scikit-learn's macro F1"
)

# %% [markdown]
# ## The F1 of all batches averaged is not the F1 of all examples
#
# You compute a score per batch, and take the mean.


# %% tags=["symptom"] also="f1 per batch; custom f1 metric too low; average of precision over batches; macro average over batches"
def f1_of_part(part):
    return f1_score(labels[part], classes[part], average="macro")


batches = np.split(np.arange(300), 60)  # five examples each
mean_of_batches = np.mean([f1_of_part(batch) for batch in batches])
print(f"mean of the batches {mean_of_batches:.3f}, all {macro_f1:.3f}")

# %% [markdown]
# **Why.** Precision, recall and F1 are fractions whose denominators differ from batch to batch, and a mean of
# fractions is not the fraction of the sums. In a small batch one mistake costs a whole class. An accuracy over
# batches of equal size survives it, which is why the mistake often stays unseen. See
# [Evaluation](../2_networks/08_evaluation.py) and [custom metrics](https://keras.io/api/metrics/base_metric/).

# %% tags=["cure"]
f1_metric = keras.metrics.F1Score(average="macro")
for batch in batches:  # adds up counts, and divides at the end
    f1_metric.update_state(one_hot_labels[batch], probabilities[batch])
f1_of_counts = float(f1_metric.result())
print(f"{f1_of_counts:.3f}")

# %% tags=["claims"]
assert mean_of_batches < macro_f1 - 0.03, (
    "in batches of five, the mean of the F1 scores is too low by more than 0.03"
)
assert np.isclose(f1_of_counts, macro_f1), (
    "a metric that adds up counts gives the F1 of all examples"
)

# %% [markdown]
# ## The macro F1 of a network that has lost a class is still good
#
# The validation set has no example of the third class, and nobody predicts it.

# %% tags=["symptom"] also="macro f1 ignores absent class; macro average over two classes; classification_report shows fewer classes; F-score is ill-defined"
two_classes = (labels < 2) & (classes < 2)
without_third = labels[two_classes], classes[two_classes]
f1_of_present = f1_score(*without_third, average="macro")
print(f"macro F1 {f1_of_present:.3f}, of a three-class problem")

# %% [markdown]
# **Why.** scikit-learn takes the classes from the labels and the answers that it sees. A class in neither is
# no class, so two runs with different validation sets average over different numbers of classes. Only
# `labels=` fixes them. A class without examples and answers then counts as 0, with a warning, or as
# `zero_division` says; `zero_division=np.nan` leaves it out, but now because you said so. See
# [Evaluation](../2_networks/08_evaluation.py) and
# [f1_score](https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html).

# %% tags=["cure"]
options = {"labels": [0, 1, 2], "zero_division": 0}
f1_of_three = f1_score(*without_third, average="macro", **options)
each_f1 = f1_score(*without_third, average=None, **options)
print(f"macro F1 {f1_of_three:.3f}, per class {each_f1.round(3)}")

# %% tags=["claims"]
assert np.isclose(f1_of_three * 3, f1_of_present * 2), (
    "without labels= the absent class is left out of the mean, with it it counts as 0"
)
assert each_f1[2] == 0, "labels= shows the class that nobody has seen"

# %% [markdown]
# ## Number of classes in y_true not equal to the number of columns
#
# One class has no example in this part of the data, and `roc_auc_score` gets three columns.

# %% tags=["symptom", "raises-exception"] also="roc_auc_score missing class; ROC AUC is nan; Only one class is present in y_true; multi_class ovr ovo"
from sklearn.metrics import roc_auc_score

part_labels = labels[labels < 2]
part_scores = probabilities[labels < 2]
roc_auc_score(part_labels, part_scores, multi_class="ovr")

# %% [markdown]
# **Why.** Without `labels=` the columns have no names. With it the answer depends on the strategy: *ovr*
# asks each class against the rest, which for an absent class is undefined, so the mean is `nan`, with a warning;
# *ovo* leaves out the pairs that are undefined, without one. See [Evaluation](../2_networks/08_evaluation.py) and
# [roc_auc_score](https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html).

# %% tags=["cure"]
options = {"multi_class": "ovr", "average": None, "labels": [0, 1, 2]}
area_of_class = roc_auc_score(part_labels, part_scores, **options)
print("per class:", area_of_class.round(3))
print(f"of those with examples: {np.nanmean(area_of_class):.3f}")

# %% tags=["claims"]
message = str(sys.last_value)
assert message.startswith("Number of classes in y_true not equal"), (
    "without labels= an absent class is an error"
)
assert np.isnan(area_of_class).tolist() == [False, False, True], (
    "with labels= and ovr, the absent class alone is nan"
)
options = {"multi_class": "ovo", "labels": [0, 1, 2]}
assert 0.5 < roc_auc_score(part_labels, part_scores, **options) <= 1, (
    "ovo returns an ordinary number for the same labels and scores"
)

# %% [markdown]
# ## The log loss is worse than guessing, though the accuracy is fine
#
# The labels are words, and the columns stand in the order of `class_names`.

# %% tags=["symptom"] also="log_loss too high; order of classes in predict_proba; labels sorted alphabetically; log_loss string labels"
from sklearn.metrics import log_loss

class_names = np.array(["shirt", "coat", "bag"])
words = class_names[labels]
loss_of_words = log_loss(words, probabilities)
print(f"{loss_of_words:.3f}; of guessing: {np.log(3):.3f}")

# %% [markdown]
# **Why.** scikit-learn sorts the classes, and takes the first column for *bag*, which comes first in the
# alphabet. `labels=class_names` does not change the order: it warns, and returns the same number. With class
# numbers the sorted order is the order of the columns. See [How sure?](../2_networks/09_how_sure.py) and
# [log_loss](https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html).

# %% tags=["cure"]
loss_of_numbers = log_loss(labels, probabilities)
sorted_columns = np.argsort(class_names)
loss_of_sorted = log_loss(words, probabilities[:, sorted_columns])
print(f"numbers {loss_of_numbers:.3f}, sorted {loss_of_sorted:.3f}")

# %% tags=["claims"]
assert loss_of_words > np.log(3) > loss_of_numbers, (
    "columns in another order than the alphabet's make a good network worse than guessing"
)
assert np.isclose(loss_of_sorted, loss_of_numbers), (
    "sorted columns give words the loss of class numbers"
)

# %% [markdown]
# ## Top-k accuracy is perfect for a network that says the same of all
#
# The network is broken, and all its outputs are equal.

# %% tags=["symptom"] also="top_k_categorical_accuracy is 1.0; top 5 accuracy too high; ties in top k; dead network has perfect accuracy"
all_equal = np.full((300, 3), 1 / 3, "float32")
top_1 = keras.metrics.SparseTopKCategoricalAccuracy(k=1)
top_1_accuracy = float(top_1(labels, all_equal))
print(f"top-1 accuracy {top_1_accuracy:.1%}")

# %% [markdown]
# **Why.** Keras counts an example as right unless *k* other classes have a *larger* output, and a tie is not
# larger. Dead units, saturated sigmoids and float16 make ties. `SparseCategoricalAccuracy` takes the first of
# equal outputs, so next to it the difference shows. See [Evaluation](../2_networks/08_evaluation.py) and
# [SparseTopKCategoricalAccuracy](https://keras.io/api/metrics/accuracy_metrics/).

# %% tags=["cure"]
tie_accuracy = float(
    keras.metrics.SparseCategoricalAccuracy()(labels, all_equal)
)
are_ties = (np.sort(all_equal)[:, -1] == np.sort(all_equal)[:, -2]).mean()
print(f"accuracy {tie_accuracy:.1%}, {are_ties:.0%} ties at the top")

# %% tags=["claims"]
assert top_1_accuracy == 1, (
    "a network with equal outputs has a top-1 accuracy of 100%"
)
assert tie_accuracy < 0.5, (
    "SparseCategoricalAccuracy gives the same outputs less than a half"
)

# %% [markdown]
# ## The score of a loop of your own hardly moves any more
#
# The network becomes perfect in the second epoch. The metric does not notice.

# %% tags=["symptom"] also="metric averages over all epochs; reset_state; custom training loop accuracy wrong; validation accuracy lags behind"
epochs = [all_equal, one_hot_labels]  # what the network says in each
metric = keras.metrics.SparseCategoricalAccuracy()
history = [float(metric(labels, outputs)) for outputs in epochs]
print([f"{score:.1%}" for score in history])

# %% [markdown]
# **Why.** A metric is a sum and a count that go on until someone sets them back. `fit` and `evaluate` do it at
# each epoch's start; in a loop of your own you are the one. See
# [Training by hand](../1_foundations/04_training_by_hand.py) and
# [Metric.reset_state](https://keras.io/api/metrics/base_metric/).

# %% tags=["cure"]
history_of_resets = []
for outputs in epochs:
    metric.reset_state()
    history_of_resets.append(float(metric(labels, outputs)))
print([f"{score:.1%}" for score in history_of_resets])

# %% tags=["claims"]
assert np.isclose(history[1], (history[0] + 1) / 2), (
    "without a reset, the second epoch's score is the mean of both epochs"
)
assert history_of_resets[1] == 1, "after a reset it is the epoch's own"
