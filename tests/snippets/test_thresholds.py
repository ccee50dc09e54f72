"""Curves agree with scikit-learn, the threshold is the cheapest there is, and no tie is a hit."""

import math

import numpy as np
import pytest
import sklearn.metrics as library
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.thresholds import (
    cheapest_threshold,
    named_predictions,
    one_vs_rest_precision_recall,
    top_k_accuracy,
)

few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 10_000)
NAMES = ("cat", "dog", "ship", "deer")


class Frame:
    """What a data frame is to NumPy: something that turns into an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


@st.composite
def scored(draw):
    """Return labels and scores with ties, for 2 to 4 classes that all occur."""
    classes = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(seeds))
    y_true = np.concatenate(
        [np.arange(classes), rng.integers(0, classes, draw(st.integers(0, 60)))]
    )
    scores = rng.dirichlet(np.ones(classes), len(y_true)).round(draw(st.sampled_from([1, 2, 12])))
    return y_true, scores


@st.composite
def yes_or_no(draw):
    """Return labels 0 and 1, which both occur, and scores with ties of any float type."""
    rng = np.random.default_rng(draw(seeds))
    y_true = rng.permutation([0, 1, *rng.integers(0, 2, draw(st.integers(0, 40)))])
    scores = (y_true + 2 * rng.normal(size=len(y_true))).round(draw(st.sampled_from([0, 1, 9])))
    return y_true, scores.astype(draw(st.sampled_from(["float16", "float32", "float64"])))


# Precision-recall curves.


@settings(max_examples=15, deadline=None)
@given(case=scored())
def test_the_curve_and_average_precision_of_each_class_are_scikit_learns(case):
    y_true, scores = case
    classes = scores.shape[1]
    curves = one_vs_rest_precision_recall(y_true, scores, class_names=NAMES[:classes])
    assert list(curves) == [*NAMES[:classes], "micro"]
    truth = y_true[:, None] == np.arange(classes)
    pooled = [*zip(truth.T, scores.T, strict=True), (truth.ravel(), scores.ravel())]
    for curve, (positive, score) in zip(curves.values(), pooled, strict=True):
        expected = library.precision_recall_curve(positive, score)
        for found, part in zip(
            (curve.precision, curve.recall, curve.thresholds), expected, strict=True
        ):
            np.testing.assert_array_equal(found, part)
        assert curve.average_precision == library.average_precision_score(positive, score)
        assert curve.prevalence == positive.mean()


def test_scores_that_say_nothing_have_the_prevalence_as_average_precision():
    curves = one_vs_rest_precision_recall(
        [0, 0, 0, 1], np.zeros((4, 2)), class_names=["cat", "dog"]
    )
    assert {name: (c.average_precision, c.prevalence) for name, c in curves.items()} == {
        "cat": (0.75, 0.75),
        "dog": (0.25, 0.25),
        "micro": (0.5, 0.5),
    }


# The cheapest threshold.

costs = st.sampled_from([0, 0.5, 1, 3, 100])


def mean_cost(y_true, called, false_alarm_cost, miss_cost) -> float:
    alarms, misses = (called & (y_true == 0)).sum(), (~called & (y_true == 1)).sum()
    return (false_alarm_cost * alarms + miss_cost * misses) / len(y_true)


@few
@given(case=yes_or_no(), alarm=costs, miss=costs)
def test_no_threshold_is_cheaper_and_the_grades_are_those_of_the_answers(case, alarm, miss):
    y_true, scores = case
    prices = {"false_alarm_cost": alarm, "miss_cost": max(miss, 0.1)}
    found = cheapest_threshold(y_true, scores, **prices)
    called = scores >= found.value
    tried = [-math.inf, *scores.tolist(), math.inf]
    assert found.cost == pytest.approx(mean_cost(y_true, called, *prices.values()))
    assert found.cost <= 1e-12 + min(
        mean_cost(y_true, scores >= t, *prices.values()) for t in tried
    )
    matrix = library.confusion_matrix(y_true, called)
    assert (found.misses, found.false_alarms) == (matrix[1, 0], matrix[0, 1])
    assert found.recall == library.recall_score(y_true, called)
    precision = library.precision_score(y_true, called, zero_division=np.nan)
    np.testing.assert_equal(found.precision, precision)


@few
@given(case=yes_or_no(), shift=st.integers(-8, 8), factor=st.sampled_from([0.25, 2.0, 16.0]))
def test_the_answers_stay_when_all_scores_are_moved_and_stretched(case, shift, factor):
    y_true, scores = case
    prices = {"false_alarm_cost": 1, "miss_cost": 3}
    # Eighths, which moving and stretching leaves exact: of gaps as wide as each other, rounding chooses.
    eighths = np.round(8 * scores.astype(float)) / 8
    one = cheapest_threshold(y_true, eighths, **prices)
    other = cheapest_threshold(y_true, factor * (eighths + shift), **prices)
    assert (one.cost, one.misses) == (other.cost, other.misses)


@pytest.mark.parametrize(
    ("scores", "alarm", "miss", "value"),
    [
        ([0.0, 0.2, 0.6, 1.0], 1, 1, 0.4),  # in the middle of the gap that parts them
        ([0.6, 1.0, 0.0, 0.2], 1, 9, -math.inf),  # always: two alarms cost less than one miss
        ([0.6, 1.0, 0.0, 0.2], 9, 1, math.inf),  # never
        ([0.5, 0.5, 0.5, 0.5], 1, 1, math.inf),  # always costs the same: never
        ([0.1, 0.6, 0.5, 1.0], 1, 1, 0.3),  # one error below 0.5, or below 1.0: the gaps are equal
        ([0.4, 0.6, 0.5, 1.0], 1, 1, 0.8),  # … and here the upper one is wider
        ([-1e308, -1e308, 1e308, 1e308], 1, 1, 0.0),
    ],
)
def test_the_threshold_lies_in_the_middle_of_the_widest_of_the_cheapest_gaps(
    scores, alarm, miss, value
):
    found = cheapest_threshold([0, 0, 1, 1], scores, false_alarm_cost=alarm, miss_cost=miss)
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("precision", ["float16", "float32", "float64"])
def test_the_threshold_parts_neighbouring_scores_in_their_own_precision(precision):
    low = np.asarray(0.3, precision)
    scores = np.array([low, np.nextafter(low, np.asarray(1, precision))])
    found = cheapest_threshold([0, 1], scores, false_alarm_cost=1, miss_cost=1)
    assert (scores >= found.value).tolist() == [False, True]


def test_a_threshold_for_calibrated_probabilities_is_near_the_ratio_of_the_costs():
    rng = np.random.default_rng(0)
    probabilities = rng.random(200_000)
    labels = rng.random(200_000) < probabilities
    found = cheapest_threshold(labels, probabilities, false_alarm_cost=1, miss_cost=4)
    assert found.value == pytest.approx(1 / (1 + 4), abs=0.02)


# Top-k accuracy.


@few
@given(case=scored(), k=st.integers(1, 3))
def test_top_k_accuracy_is_that_of_the_worst_order_of_tied_classes(case, k):
    y_true, scores = case
    k = min(k, scores.shape[1] - 1)
    worst = [
        sorted(range(len(row)), key=lambda i: (-row[i], i == label)).index(label) < k
        for row, label in zip(scores, y_true.tolist(), strict=True)
    ]
    assert top_k_accuracy(y_true, scores, k=k) == pytest.approx(np.mean(worst))


@few
@given(seed=seeds, k=st.integers(1, 4))
def test_without_ties_top_k_accuracy_is_scikit_learns(seed, k):
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=(50, 5)), rng.integers(0, 5, 50)
    expected = library.top_k_accuracy_score(labels, scores, k=k, labels=range(5))
    assert top_k_accuracy(labels, scores, k=k) == pytest.approx(expected)


def test_a_tie_that_scikit_learn_gives_to_the_larger_label_is_given_to_none():
    scores = np.full((1, 3), 1 / 3)
    found = [library.top_k_accuracy_score([y], scores, k=1, labels=range(3)) for y in range(3)]
    assert found == [0, 0, 1]
    assert [top_k_accuracy([y], scores, k=2) for y in range(3)] == [0, 0, 0]


# Answers by name.


@few
@given(case=scored(), k=st.integers(1, 4))
def test_the_named_answers_are_the_k_most_probable_classes_in_order(case, k):
    probabilities = case[1] + 1e-9
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    k = min(k, probabilities.shape[1])
    names = NAMES[: probabilities.shape[1]]
    answers = named_predictions(probabilities, class_names=names, k=k)
    for row, answer in zip(probabilities, answers, strict=True):
        assert [probability for _, probability in answer] == sorted(row.tolist(), reverse=True)[:k]
        assert all(row[names.index(name)] == probability for name, probability in answer)
        assert len({name for name, _ in answer}) == k


def test_answers_are_plain_strings_and_numbers_whatever_the_rows_come_as():
    expected = [[("dog", 0.75), ("cat", 0.25)], [("cat", 0.5), ("dog", 0.5)]]
    rows = [[0.25, 0.75], [0.5, 0.5]]
    strided = np.repeat(np.array(rows, "float16"), 2, axis=0)[::2]
    for each in (rows, Frame(rows), np.asfortranarray(rows), strided):
        answers = named_predictions(each, class_names=["cat", "dog"], k=2)
        assert answers == expected
        assert type(answers[0][0][1]) is float


def test_a_softmax_of_a_thousand_classes_in_half_precision_is_probabilities():
    logits = np.random.default_rng(0).normal(size=(20, 1000))
    rows = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype("float16")
    assert len(named_predictions(rows, class_names=[str(i) for i in range(1000)], k=5)) == 20


# What is refused.

ROWS = [[0.2, 0.8], [0.6, 0.4]]


def curves(y_true=(0, 1), scores=ROWS, class_names=("cat", "dog")):
    return one_vs_rest_precision_recall(y_true, scores, class_names=class_names)


def top_1(y_true=(0, 1), scores=ROWS, k=1):
    return top_k_accuracy(y_true, scores, k=k)


def cheapest(y_true=(0, 1), scores=(0.2, 0.8), alarm=1, miss=1):
    return cheapest_threshold(y_true, scores, false_alarm_cost=alarm, miss_cost=miss)


def named(scores=ROWS, class_names=("cat", "dog"), k=1):
    return named_predictions(scores, class_names=class_names, k=k)


@pytest.mark.parametrize("function", [curves, top_1])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"y_true": [1, 2]},
            "y_true must be class numbers from 0 to 1, for 2 classes, not from 1 to 2",
        ),
        ({"y_true": [-1, 0]}, "not from -1 to 0"),
        ({"y_true": [0.0, 1.0]}, "y_true must be class numbers, integers from 0, not float64"),
        ({"y_true": ["cat", "dog"]}, "y_true must be class numbers, integers from 0, not <U3"),
        (
            {"y_true": [0]},
            r"y_true must be class numbers, shape \(2,\), one for each of scores, not \(1,\)",
        ),
        ({"y_true": [[0], [1]]}, r"not \(2, 1\); take y_true\[:, 0\]"),
        (
            {"y_true": [[0], [1, 0]]},
            r"y_true must be class numbers, shape \(n,\), not \[\[0\], \[1, 0\]\]",
        ),
        ({"y_true": ROWS, "scores": [0, 1]}, r"scores must be of shape \(n, .*, not \(2,\)"),
        ({"scores": [[0.2, np.nan], [1, 0]]}, r"scores must be finite, not nan at \(0, 1\)"),
        ({"scores": [[0.2, 1], [-np.inf, 0]]}, r"scores must be finite, not -inf at \(1, 0\)"),
        (
            {"scores": [["a", "b"], ["a", "b"]]},
            r"scores must be numbers of shape \(n, .*, not \[\[.a",
        ),
        ({"scores": [[True, False], [False, True]]}, "scores must be numbers of shape .* True"),
        ({"scores": [[1, 2], [1]]}, r"scores must be numbers of shape .* not \[\[1, 2\], \[1\]\]"),
        ({"y_true": [], "scores": np.zeros((0, 2))}, r"and not empty, not \(0, 2\)"),
    ],
)
def test_labels_and_rows_that_do_not_fit_are_refused(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(**arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (curves, {"y_true": [0, 0]}, "y_true holds no example of 'dog'"),
        (curves, {"class_names": "ab"}, "class_names must be a list of strings, not 'ab'"),
        (curves, {"class_names": [0, 1]}, "class_names must be a list of strings"),
        (curves, {"class_names": ["cat"]}, r"at least 2 classes, not \['cat'\]"),
        (curves, {"class_names": ["cat", "cat"]}, "class_names must differ"),
        (curves, {"class_names": ["cat", "micro"]}, "from micro too"),
        (
            curves,
            {"class_names": ["a", "b", "c"]},
            r"scores must be of shape \(n, 3\) and not empty, not \(2, 2\)",
        ),
        (top_1, {"k": 0}, "k must be an integer, at least 1 and at most 1, not 0"),
        (top_1, {"k": 2}, "k must be an integer, at least 1 and at most 1, not 2"),
        (top_1, {"k": 1.0}, "k must be an integer, at least 1 and at most 1, not 1.0"),
        (
            top_1,
            {"scores": [[0.2], [0.8]], "y_true": [0, 0]},
            "k must be an integer, at least 1 and at most 0",
        ),
        (cheapest, {"scores": ROWS}, r"not \(2, 2\); take one column, scores\[:, -1\]"),
        (cheapest, {"scores": []}, r"scores must be of shape \(n,\) and not empty"),
        (cheapest, {"scores": [0.1, np.inf]}, r"scores must be finite, not inf at \(1,\)"),
        (cheapest, {"scores": ["0.1", "0.2"]}, "scores must be numbers"),
        (
            cheapest,
            {"y_true": [1, 2]},
            "y_true must be class numbers from 0 to 1, for 2 classes, not from 1 to 2",
        ),
        (cheapest, {"y_true": [-1, 1]}, "not from -1 to 1"),
        (cheapest, {"y_true": [1, 1]}, "y_true must hold zeros and ones, not 1 alone"),
        (cheapest, {"y_true": [0], "scores": [0.5]}, "zeros and ones, not 0 alone"),
        (
            cheapest,
            {"y_true": [0.0, 1.0]},
            "y_true must be class numbers, integers from 0, not float64",
        ),
        (cheapest, {"alarm": -1}, "false_alarm_cost must be a finite number in .*, not -1"),
        (cheapest, {"miss": math.inf}, "miss_cost must be a finite number"),
        (cheapest, {"miss": math.nan}, "miss_cost must be a finite number"),
        (cheapest, {"miss": "1"}, "miss_cost must be a finite number"),
        (cheapest, {"alarm": 0, "miss": 0}, "must not both be 0"),
        (named, {"scores": [[2.0, -1.0]]}, "not start from -1 .* apply softmax to logits first"),
        (named, {"scores": [[2.0, 1.0]]}, "a row of sum 3: apply softmax"),
        (named, {"scores": [0.2, 0.8]}, r"probabilities must be of shape \(n, 2\) .* not \(2,\)"),
        (named, {"scores": [[0.2, 0.3, 0.5]]}, r"not \(1, 3\)"),
        (named, {"scores": [[np.nan, 1.0]]}, "probabilities must be finite"),
        (named, {"k": 3}, "k must be an integer, at least 1 and at most 2, not 3"),
        (named, {"k": True}, "k must be an integer, at least 1 and at most 2, not True"),
        (named, {"class_names": ["cat", "cat"]}, "class_names must differ, not"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        function(**arguments)
