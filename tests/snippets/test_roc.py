"""ROC curves agree with scikit-learn, class by class and in their averages."""

import re

import numpy as np
import pytest
import sklearn.metrics as library
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import roc

few = settings(max_examples=60, deadline=None)
NAMES = ("cat", "dog", "ship", "deer")


@st.composite
def scored(draw):
    """Return true labels, of each class at least one, and scores with ties, for 2 to 4 classes."""
    classes = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    labels = rng.integers(0, classes, draw(st.integers(1, 60)))
    y_true = np.concatenate([np.arange(classes), labels])
    scores = rng.dirichlet(np.ones(classes), len(y_true)).round(draw(st.sampled_from([1, 2, 12])))
    return classes, y_true, scores


@few
@given(case=scored())
def test_every_area_agrees_with_scikit_learn(case):
    classes, y_true, scores = case
    curves = roc.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes])
    truth = np.eye(classes)[y_true]
    by_class = library.roc_auc_score(truth, scores, average=None)
    np.testing.assert_allclose([curves[name].area for name in NAMES[:classes]], by_class)
    for average in ("micro", "macro"):
        expected = library.roc_auc_score(truth, scores, average=average)
        assert curves[average].area == pytest.approx(expected)
    assert list(curves) == [*NAMES[:classes], "micro", "macro"]


@few
@given(case=scored())
def test_the_area_of_a_class_is_the_chance_that_a_pair_is_in_the_right_order(case):
    classes, y_true, scores = case
    curves = roc.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes])
    positive, negative = scores[y_true == 0, 0], scores[y_true != 0, 0]
    above = (positive[:, None] > negative).mean() + (positive[:, None] == negative).mean() / 2
    assert curves["cat"].area == pytest.approx(above)


@few
@given(case=scored())
def test_every_curve_climbs_from_the_lower_left_to_the_upper_right(case):
    classes, y_true, scores = case
    for curve in roc.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes]).values():
        x, y = curve.false_positive_rate, curve.true_positive_rate
        np.testing.assert_allclose([x[0], y[0], x[-1], y[-1]], [0, 0, 1, 1], atol=1e-12)
        assert (np.diff(x) >= 0).all()
        assert (np.diff(y) >= -1e-12).all()


def test_the_mean_of_one_curve_twice_is_that_curve():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.2, 0.8]])
    curves = roc.one_vs_rest_roc([0, 0, 1, 1], scores, class_names=["cat", "dog"])
    points = set(
        zip(curves["cat"].false_positive_rate, curves["cat"].true_positive_rate, strict=True)
    )
    mean = set(
        zip(curves["macro"].false_positive_rate, curves["macro"].true_positive_rate, strict=True)
    )
    assert mean <= points


@pytest.mark.parametrize(
    ("y_true", "scores", "names"),
    [
        ([0, 1], np.ones((2, 3)), ["cat", "dog"]),
        ([0, 1, 1], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 0], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 2], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 0], np.ones((2, 1)), ["cat"]),
        ([0, 1], np.ones((2, 2)), ["cat", "cat"]),
        ([0, 1], np.ones((2, 2)), ["micro", "cat"]),
    ],
)
def test_scores_without_a_curve_are_refused(y_true, scores, names):
    with pytest.raises(ValueError, match=r"scores|class"):
        roc.one_vs_rest_roc(y_true, scores, class_names=names)


# What is wrong with labels, and what the error says.
BAD_LABELS = [
    ([[1, 2], [1]], "class numbers, shape (n,), not [[1, 2], [1]]"),
    ([], "class numbers, shape {wanted}, not (0,)"),
    ([[0], [1]], "class numbers, shape {wanted}, not (2, 1); take {name}[:, 0]"),
    ([[0, 1]], "class numbers, shape {wanted}, not (1, 2)"),
    (0, "class numbers, shape {wanted}, not ()"),
    ([0.0, 1.0], "class numbers, integers from 0, not float64"),
    (["a", "b"], "class numbers, integers from 0, not <U1"),
    ([0, 2], "class numbers from 0 to 1, for 2 classes, not from 0 to 2"),
    ([-1, 0], "class numbers from 0 to 1, for 2 classes, not from -1 to 0"),
]


@pytest.mark.parametrize(
    ("labels", "said"), [*BAD_LABELS, ([0], "class numbers, shape {wanted}, not (1,)")]
)
def test_the_error_says_what_is_wrong_with_labels(labels, said):
    said = said.format(wanted="(2,), one for each of scores", name="y_true")
    with pytest.raises(ValueError, match=rf"^y_true must be {re.escape(said)}(; |$)"):
        roc.one_vs_rest_roc(labels, np.eye(2), class_names=["cat", "dog"])


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([["a", "b"]], "numbers of shape (n, 2), not [['a', 'b']]"),
        ([["0.5", "0.5"]], "numbers of shape (n, 2), not [['0.5', '0.5']]"),
        ([[1, 2], [1]], "numbers of shape (n, 2), not [[1, 2], [1]]"),
        ([[True, False]], "numbers of shape (n, 2), not [[True, False]]"),
        ([[1j, 0]], "numbers of shape (n, 2), not [[1j, 0]]"),
        ([0.5, 0.5], "of shape (n, 2) and not empty, not (2,)"),
        (np.ones((2, 3)), "of shape (n, 2) and not empty, not (2, 3)"),
        (np.ones((0, 2)), "of shape (n, 2) and not empty, not (0, 2)"),
        (np.ones((1, 2, 2)), "of shape (n, 2) and not empty, not (1, 2, 2)"),
        ([[0.0, 1.0], [np.nan, 1.0]], "finite, not nan at (1, 0)"),
        ([[0.0, np.inf], [0.0, 1.0]], "finite, not inf at (0, 1)"),
        ([[0.0, 1.0], [0.0, -np.inf]], "finite, not -inf at (1, 1)"),
    ],
)
def test_the_error_says_what_is_wrong_with_scores(scores, said):
    with pytest.raises(ValueError, match=f"^scores must be {re.escape(said)}$"):
        roc.one_vs_rest_roc([0, 1], scores, class_names=["cat", "dog"])


@pytest.mark.parametrize("names", [["cat"], ["cat", "cat"], ["micro", "cat"], ["cat", "macro"]])
def test_the_error_says_which_names_are_refused(names):
    said = f"class_names must be two or more, all different, and not micro or macro: {names}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        roc.one_vs_rest_roc([0, 1], np.eye(2), class_names=names)


def test_the_error_names_the_first_class_without_an_example():
    with pytest.raises(ValueError, match=r"^y_true must hold each class, but has no dog$"):
        roc.one_vs_rest_roc([0, 0], np.ones((2, 4)), class_names=NAMES)


def test_curves_of_four_scores_by_hand():
    """Two cats, two dogs: a dog's score is below one cat's and above the other's."""
    scores = np.array([[0.8, 0.2], [0.4, 0.6], [0.6, 0.4], [0.3, 0.7]])
    curves = roc.one_vs_rest_roc([0, 0, 1, 1], scores, class_names=["cat", "dog"])
    for name in ("cat", "dog"):
        assert curves[name].false_positive_rate.tolist() == [0, 0, 0.5, 0.5, 1]
        assert curves[name].true_positive_rate.tolist() == [0, 0.5, 0.5, 1, 1]
    macro = curves["macro"]
    assert macro.false_positive_rate.tolist() == [0, 0, 0.5, 0.5, 1, 1]
    assert macro.true_positive_rate.tolist() == [0, 0.5, 0.5, 1, 1, 1]
    assert curves["micro"].false_positive_rate.tolist() == [0, 0, 0, 0.5, 0.5, 0.75, 1]
    assert curves["micro"].true_positive_rate.tolist() == [0, 0.25, 0.5, 0.5, 1, 1, 1]
