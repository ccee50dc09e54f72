"""Standardised images: mean zero at each pixel, one deviation, both from the training images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.preprocessing import standardise


@given(
    st.integers(2, 12).flatmap(
        lambda n: st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=n, max_size=n)
    )
)
def test_standardised_training_images_have_mean_zero_at_each_pixel_and_deviation_one(pixels):
    images = np.array(pixels, np.uint8)
    if (images == images[0]).all():
        with pytest.raises(ValueError, match="all alike"):
            standardise(images, images)
        return
    standardised = standardise(images, images)
    assert standardised.dtype == np.float32
    assert np.allclose(standardised.mean(axis=0, dtype=np.float64), 0, atol=1e-3)
    assert abs(standardised.std(dtype=np.float64) - 1) < 1e-3


def test_other_images_are_standardised_by_the_training_images():
    training = np.array([[0], [200]], np.uint8)
    assert standardise(np.array([[100], [300]]), training).tolist() == [[0.0], [2.0]]


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"one shape, not \(2,\) and \(1,\)"):
        standardise(np.zeros((3, 2)), np.ones((3, 1)))
