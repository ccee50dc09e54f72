"""Standardised images: mean zero at each pixel, one deviation, both from the training images."""

import re

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


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ([[1, 2], [1]], "be one array, not [[1, 2], [1]]"),
        ([1, 2], "have 2 or 3 or 4 axes, none empty, not shape (2,)"),
        (np.ones((1,) * 5), "have 2 or 3 or 4 axes, none empty, not shape (1, 1, 1, 1, 1)"),
        (np.ones((0, 2)), "have 2 or 3 or 4 axes, none empty, not shape (0, 2)"),
        ([["a", "b"]], "be numbers, not <U1"),
        ([[1j, 0]], "be numbers, not complex128"),
        ([[np.nan, 0]], "be finite, but hold NaN or infinity"),
        ([[np.inf, 0]], "be finite, but hold NaN or infinity"),
    ],
)
def test_the_error_says_which_images_are_refused_and_why(images, said):
    good = np.array([[0, 1], [2, 3]])
    with pytest.raises(ValueError, match=f"^images must {re.escape(said)}$"):
        standardise(images, good)
    with pytest.raises(ValueError, match=f"^training_images must {re.escape(said)}$"):
        standardise(good, images)


@pytest.mark.parametrize("shape", [(3, 6), (3, 2, 3), (3, 1, 2, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float16, np.float64])
def test_the_mean_is_each_pixels_own_and_the_deviation_one_for_all(shape, kind):
    pixels = np.random.default_rng(0).integers(0, 200, shape)
    left = pixels - pixels.mean(axis=0)
    found = standardise(pixels.astype(kind), pixels.astype(kind))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, left / np.sqrt((left**2).mean()), rtol=1e-4, atol=1e-5)


def test_photographs_that_are_all_alike_have_no_deviation():
    with pytest.raises(
        ValueError, match=r"^training_images are all alike, so there is no deviation$"
    ):
        standardise(np.eye(2), np.ones((3, 2)))


def test_the_images_stay_as_they_were_and_may_be_booleans():
    images = np.array([[True, False], [False, False]])
    np.testing.assert_allclose(standardise(images, images), [[2**0.5, 0], [-(2**0.5), 0]])
    floats = np.array([[0, 2], [4, 2]], np.float32)
    standardise(floats, floats)
    assert floats.tolist() == [[0, 2], [4, 2]]


@pytest.mark.parametrize("level", [0.1, 1e4 / 3])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_images_that_are_all_alike_are_refused_though_their_mean_is_rounded(level, kind):
    with pytest.raises(ValueError, match=r"^training_images are all alike"):
        standardise(np.eye(2), np.full((1000, 2), level, kind))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint16])
def test_a_mean_far_from_zero_of_many_images_is_exact(kind):
    images = (1e4 + np.random.default_rng(0).normal(scale=20, size=(100_000, 2))).astype(kind)
    exact = (images - images.mean(axis=0, dtype=float)) / images.std(axis=0, dtype=float)
    np.testing.assert_allclose(standardise(images, images), exact, rtol=0.01, atol=1e-3)
