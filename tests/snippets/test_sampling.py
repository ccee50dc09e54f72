"""Samples and pairs drawn by label: evenly, and the same for the same seed."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.sampling import draw_pairs, draw_sample


@settings(max_examples=40, deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(
        lambda each: len({*each}) > 1
    ),
    count=st.integers(0, 40),
    seed=st.integers(0, 1000),
)
def test_every_other_pair_is_of_one_class_and_the_others_of_two(labels, count, seed):
    labels = np.array(labels, np.uint8)
    left, right = draw_pairs(labels, count, seed=seed)
    assert left.shape == right.shape == (count,)
    same = labels[left] == labels[right]
    assert same[::2].all()
    assert not same[1::2].any()
    again = draw_pairs(labels, count, seed=seed)
    np.testing.assert_array_equal(np.stack([left, right]), np.stack(again))


def test_all_images_come_up_on_both_sides():
    left, right = draw_pairs(np.arange(20) % 4, 2000)
    assert len(np.unique(left)) == len(np.unique(right)) == 20
    assert not np.array_equal(left, draw_pairs(np.arange(20) % 4, 2000, seed=1)[0])


@given(
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=80),
    seed=st.integers(0, 1_000),
    data=st.data(),
)
def test_the_rule_draws_each_class_evenly_in_ascending_order(labels, seed, data):
    labels = np.array(labels)
    classes, counts = np.unique(labels, return_counts=True)
    per_class = data.draw(st.integers(1, int(counts.min())))
    drawn = draw_sample(labels, per_class, name="train", seed=seed)
    assert np.all(np.diff(drawn) > 0)
    assert np.unique(labels[drawn], return_counts=True)[1].tolist() == [per_class] * len(classes)


def test_a_class_too_small_to_draw_from_is_an_error():
    with pytest.raises(ValueError, match="as many as class 1 has, not 2"):
        draw_sample(np.array([0, 0, 1]), 2)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([[1, 2], [1]], "class numbers, shape (n,), not [[1, 2], [1]]"),
        ([], "class numbers, shape (n,), n at least 1, not (0,)"),
        ([[0], [1]], "class numbers, shape (n,), n at least 1, not (2, 1); take labels[:, 0]"),
        ([[0, 1]], "class numbers, shape (n,), n at least 1, not (1, 2)"),
        (0, "class numbers, shape (n,), n at least 1, not ()"),
        (
            [0.0, 1.0],
            "class numbers, integers from 0, not float64",
        ),
        (["a", "b"], "class numbers, integers from 0, not <U1"),
        ([-1, 0], "class numbers from 0, not from -1 to 0"),
    ],
)
def test_the_error_says_what_is_wrong_with_labels(labels, said):
    for draw in (draw_sample, draw_pairs):
        with pytest.raises(ValueError, match=rf"^labels must be {re.escape(said)}(; |$)"):
            draw(labels, 1)


def test_the_error_says_how_many_examples_there_are():
    with pytest.raises(
        ValueError, match=r"^per_class must be from 1 to 1, as many as class 1 has, not 2$"
    ):
        draw_sample([0, 0, 1], 2)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, bool])
def test_a_sample_is_the_same_on_every_machine(kind):
    """By the SHA-256 of "0 sample 0", "0 sample 1" and so on."""
    labels = np.array([0, 1] * 10, kind)
    assert draw_sample(labels, 2).tolist() == [3, 6, 11, 12]
    assert draw_sample(labels, 2, name="sample", seed=0).tolist() == [3, 6, 11, 12]
    assert draw_sample(labels, 2, seed=1).tolist() != [3, 6, 11, 12]
    assert draw_sample(labels, 2, name="test").tolist() != [3, 6, 11, 12]
    assert draw_sample(labels, 2).dtype == np.int64


def test_a_larger_sample_holds_the_smaller_one():
    labels = np.arange(60) % 3
    assert set(draw_sample(labels, 4)) < set(draw_sample(labels, 9))


def test_labels_may_be_of_a_narrow_type_and_a_count_nothing():
    left, right = draw_pairs(np.array([1, 0], np.uint8), 0)
    assert (left.dtype, right.dtype, len(left), len(right)) == (np.int64, np.int64, 0, 0)
    left, right = draw_pairs([True, False], 6)
    assert (left[::2] == right[::2]).all()
    assert (left[1::2] != right[1::2]).all()


def test_the_error_says_what_pairs_would_need():
    with pytest.raises(ValueError, match=r"^labels must be of at least 2 classes, not 1$"):
        draw_pairs([3, 3], 1)


def test_pairs_come_from_seed_0_unless_asked():
    labels = np.arange(30) % 3
    for one, other in zip(draw_pairs(labels, 20), draw_pairs(labels, 20, seed=0), strict=True):
        assert (one == other).all()
