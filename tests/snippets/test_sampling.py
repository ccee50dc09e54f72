"""Samples and pairs drawn by label: evenly, and the same for the same seed."""

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


@pytest.mark.parametrize(("labels", "count"), [([], 1), ([3, 3], 1), ([0, 1], -1)])
def test_pairs_that_cannot_be_drawn_are_refused(labels, count):
    with pytest.raises(ValueError, match="labels must be"):
        draw_pairs(np.array(labels, int), count)


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
