"""Weights balance the classes; a split holds every class on every side, and no group on two."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from snippets.splits import class_weights, three_way_split

few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**32 - 1)
FRACTIONS = st.sampled_from([0.1, 0.15, 0.2, 0.25, 1 / 3])


class Column:
    """What a column of a data frame is to NumPy: something that turns into an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


@st.composite
def some_labels(draw, least: int = 3):
    """Return labels of 2 to 5 classes, at least three of each, in any order."""
    counts = draw(st.lists(st.integers(least, 60), min_size=2, max_size=5))
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(seeds)).permutation(labels)


# Class weights.


@few
@given(labels=some_labels())
def test_all_classes_weigh_the_same_and_the_mean_weight_is_1(labels):
    weights = class_weights(labels)
    of_examples = np.array([weights[label] for label in labels.tolist()])
    sums = [of_examples[labels == each].sum() for each in weights]
    np.testing.assert_allclose(sums, len(labels) / len(weights))
    assert of_examples.mean() == pytest.approx(1)
    expected = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    assert list(weights.values()) == expected.tolist()


def test_weights_are_plain_numbers_whatever_the_labels_come_as():
    expected = {0: 2 / 3, 1: 2.0}
    for labels in (
        [0, 0, 0, 1],
        Column([0, 0, 0, 1]),
        np.array([0, 9, 0, 9, 0, 9, 1], "uint8")[::2],
    ):
        weights = class_weights(labels)
        assert weights == pytest.approx(expected)
        assert {type(key) for key in weights} == {int}
        assert {type(value) for value in weights.values()} == {float}


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        ([0, 0, 2], None, "no example of class 1, of 3 classes"),
        ([0, 1, 0], 4, "no example of class 2, of 4 classes"),
        ([1, 2, 3], None, "no example of class 0, of 4 classes: count them from 0"),
        ([0, 1, 2], 2, "below classes, 2, not 2"),
        ([0, 1], 1, "classes must be an integer, at least 2, not 1"),
        ([0, 1], 2.0, "classes must be an integer, at least 2, not 2.0"),
    ],
)
def test_weights_for_classes_that_are_not_there_are_refused_by_name(labels, classes, words):
    with pytest.raises(ValueError, match=words):
        class_weights(labels, classes=classes)


# Both, with labels that are none.


@pytest.mark.parametrize("function", [class_weights, three_way_split])
@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], r"labels must be class numbers, shape \(n,\), n at least 1, not \(0,\)"),
        (3, r"not \(\)"),
        ([[0], [1], [1]], r"not \(3, 1\); take labels\[:, 0\]"),
        (np.eye(3, dtype=int), r"not \(3, 3\)"),
        ([[0, 1], [1]], r"labels must be class numbers, shape \(n,\), not"),
        ([0.0, 1.0, 1.0], "labels must be class numbers, integers from 0, not float64"),
        (np.array([0, 1], "float16"), "not float16"),
        ([0, np.nan, 1], "not float64"),
        (["cat", "dog"], "labels must be class numbers, integers from 0, not <U3"),
        ([None, 1], "labels must be class numbers, integers from 0, not object"),
        ([-1, 0, 1], "labels must be class numbers from 0, not from -1 to"),
        ([0], "at least 2 classes, not of class 0 alone"),
        ([0, 0, 0, 0], "at least 2 classes, not of class 0 alone"),
        ([1, 2, 1, 2], "no example of class 0"),
        ([0, 10**12], "no example of class 1, of 1000000000001 classes"),
    ],
)
def test_what_are_no_labels_is_refused_with_what_came(function, labels, words):
    with pytest.raises(ValueError, match=words):
        function(labels)


# Splits.


def assert_each_example_is_on_one_side(split, examples: int) -> None:
    assert sorted(np.concatenate(split).tolist()) == list(range(examples))


@few
@given(labels=some_labels(), validation=FRACTIONS, test=FRACTIONS, seed=seeds)
def test_each_class_is_split_as_asked_to_within_one_example(labels, validation, test, seed):
    split = three_way_split(labels, validation_fraction=validation, test_fraction=test, seed=seed)
    assert_each_example_is_on_one_side(split, len(labels))
    counts = np.bincount(labels)
    for side, fraction in ((split.validation, validation), (split.test, test)):
        held = np.bincount(labels[side], minlength=len(counts))
        assert held.min() >= 1
        assert (np.abs(held - fraction * counts) < 1).all()
    assert np.bincount(labels[split.training], minlength=len(counts)).min() >= 1


@few
@given(labels=some_labels(least=12), seed=seeds)
def test_sides_without_groups_are_as_large_as_asked(labels, seed):
    split = three_way_split(labels, seed=seed)
    for side in (split.validation, split.test):
        assert abs(len(side) - len(labels) / 10) <= 0.5


@pytest.mark.parametrize("options", [{}, {"groups": np.arange(200) // 2}])
def test_the_seed_decides_the_split(options):
    labels = np.tile([0, 1], 100)
    first, same, other = (three_way_split(labels, seed=seed, **options) for seed in (7, 7, 8))
    assert all((a == b).all() for a, b in zip(first, same, strict=True))
    assert set(first.test) != set(other.test)


def test_examples_sorted_by_class_come_out_mixed():
    labels = np.repeat([0, 1], 500)
    training = labels[three_way_split(labels).training]
    assert 0.4 < training[:400].mean() < 0.6


@st.composite
def grouped(draw):
    """Return labels and groups of unequal sizes: patients with one class each, or with several."""
    rng = np.random.default_rng(draw(seeds))
    classes = draw(st.integers(2, 4))
    of_groups = np.concatenate([np.tile(np.arange(classes), 3), rng.integers(0, classes, 25)])
    groups = np.repeat(np.arange(len(of_groups)), rng.integers(1, 9, len(of_groups)))
    labels = of_groups[groups]
    if draw(st.booleans()):
        labels = np.where(
            rng.random(len(labels)) < 0.3, rng.integers(0, classes, len(labels)), labels
        )
    order = rng.permutation(len(labels))
    return labels[order], groups[order]


@few
@given(case=grouped(), seed=seeds)
def test_no_group_is_on_two_sides_and_no_class_is_missing_on_one(case, seed):
    labels, groups = case
    split = three_way_split(
        labels, groups=groups, validation_fraction=0.2, test_fraction=0.2, seed=seed
    )
    assert_each_example_is_on_one_side(split, len(labels))
    for one, other in combinations(split, 2):
        assert not set(groups[one]) & set(groups[other])
    for side in split:
        assert set(labels[side]) == set(labels)
    assert abs(len(split.test) / len(labels) - 0.2) < 0.12


def test_groups_of_equal_size_give_the_fractions_that_were_asked_for():
    groups = np.arange(2_000) // 10
    labels = groups % 2
    split = three_way_split(labels, groups=groups, validation_fraction=0.15, test_fraction=0.05)
    assert [len(side) for side in split] == [1_600, 300, 100]
    assert labels[split.test].mean() == 0.5


def test_three_groups_a_class_become_three_sides_of_one_group_a_class():
    groups = np.repeat(["ann", "bob", "cy", "dee", "eve", "fay"], 4)
    labels = np.repeat([0, 1], 12)
    split = three_way_split(labels, groups=groups)
    assert [len(side) for side in split] == [8, 8, 8]
    assert all(len(set(groups[side])) == 2 for side in split)


@pytest.mark.parametrize("groups", [np.array(list("aabbccdd"), object), list("aabbccdd")])
def test_groups_may_be_names(groups):
    split = three_way_split([0, 1] * 4, groups=Column(groups))
    assert [len(side) for side in split] == [4, 2, 2]


def test_many_examples_in_a_thousand_groups_are_split():
    groups = np.arange(100_000) // 100
    labels = np.random.default_rng(0).integers(0, 10, len(groups))
    split = three_way_split(labels, groups=groups)
    assert [len(side) for side in split] == [80_000, 10_000, 10_000]


EIGHT = [0, 1] * 4


@pytest.mark.parametrize(
    ("labels", "options", "words"),
    [
        ([0, 0, 0, 1, 1], {}, "labels hold 2 of class 1: it needs at least 3"),
        ([0, 1], {}, "labels hold 1 of class 0: it needs at least 3"),
        (EIGHT, {"test_fraction": 0.0}, "test_fraction must be a finite number in .*, not 0.0"),
        (EIGHT, {"test_fraction": 25}, "test_fraction must be a finite number in .*, not 25"),
        (EIGHT, {"validation_fraction": float("nan")}, "validation_fraction must .*, not nan"),
        (EIGHT, {"validation_fraction": "0.1"}, "validation_fraction must .*, not '0.1'"),
        (
            EIGHT,
            {"validation_fraction": 0.5, "test_fraction": 0.5},
            "must leave examples to train on: their sum is 1",
        ),
        (EIGHT, {"seed": -1}, "seed must be an integer, at least 0 and at most 4294967295, not -1"),
        (EIGHT, {"seed": 0.5}, "seed must be an integer, .* not 0.5"),
        (
            EIGHT,
            {"groups": [1, 2, 3]},
            r"groups must have the shape of the labels, \(8,\), not \(3,\)",
        ),
        (EIGHT, {"groups": np.arange(8.0)}, "groups must be integers or strings, not float64"),
        (EIGHT, {"groups": [None] * 8}, "groups must be integers or strings, not object"),
        (EIGHT, {"groups": [[1, 2], [3]]}, "groups must be one array, one row per example"),
        (EIGHT, {"groups": [0] * 8}, "class 0 lies in 1 of the groups: .* at least 3"),
        (
            [0] * 9 + [1] * 3,
            {"groups": np.arange(12) // 3},
            "class 1 lies in 1 of the groups: .* at least 3",
        ),
        (  # classes 0 and 1 share a group, so each has only two more for two more sides
            [0, 0, 0, 1, 1, 1, 2, 2, 2, 2],
            {"groups": [0, 0, 1, 0, 0, 1, 0, 0, 0, 1]},
            "class 0 lies in 2 of the groups",
        ),
    ],
)
def test_a_split_that_cannot_be_made_is_refused_with_the_reason(labels, options, words):
    with pytest.raises(ValueError, match=words):
        three_way_split(labels, **options)


def test_groups_that_share_classes_so_that_no_three_sides_hold_all_are_refused():
    # Each class lies in three groups or more, but whichever group is alone on a side lacks two.
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    labels, groups = np.array([*np.ravel(pairs), 2, 3]), np.array([*np.repeat(range(5), 2), 0, 0])
    with pytest.raises(ValueError, match="found no split that keeps groups whole"):
        three_way_split(labels, groups=groups)
