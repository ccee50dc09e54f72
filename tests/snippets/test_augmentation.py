"""Seeded changes of pictures keep their laws, and copies are found again."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from snippets.augmentation import (
    augment,
    colour_jitter,
    cutout,
    mixup,
    near_duplicates,
    random_shift,
)
from snippets.datasets import load_cifar10

few = settings(max_examples=15, deadline=None)
seeds = st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31 - 1))
shapes = st.tuples(st.integers(1, 4), st.integers(6, 9), st.integers(6, 9), st.just(3))
bytes_ = shapes.flatmap(lambda shape: hnp.arrays(np.uint8, shape))
floats = shapes.flatmap(
    lambda shape: hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=32))
)
MIRROR = tf.image.stateless_random_flip_left_right
TRANSFORMS = {
    "mirror": MIRROR,
    "shift": partial(random_shift, pixels=3),
    "jitter": colour_jitter,
    "cutout": partial(cutout, size=4),
}


def photographs(count=40):
    return load_cifar10(edition="default").train.images[:count]


# --- what all of them promise ---


@few
@given(name=st.sampled_from(sorted(TRANSFORMS)), images=bytes_ | floats, seed=seeds)
def test_shape_dtype_and_range_are_kept_and_a_seed_decides(name, images, seed):
    made = TRANSFORMS[name](images, seed).numpy()
    assert (made.shape, made.dtype) == (images.shape, images.dtype)
    assert made.min() >= 0
    assert made.max() <= (255 if images.dtype == np.uint8 else 1)
    assert np.array_equal(made, TRANSFORMS[name](images, seed).numpy())


@pytest.mark.parametrize("name", TRANSFORMS)
def test_pictures_of_one_batch_are_changed_each_in_its_own_way(name):
    one = np.repeat(photographs(1), 30, axis=0)
    made = TRANSFORMS[name](one, (1, 2)).numpy()
    assert len(np.unique(made.reshape(30, -1), axis=0)) >= 2
    assert not np.array_equal(made, TRANSFORMS[name](one, (3, 4)).numpy())


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_graph_with_an_unknown_batch_size_gives_the_same_pictures(name):
    images = photographs(5)
    signature = [tf.TensorSpec((None, 32, 32, 3), tf.uint8), tf.TensorSpec((2,), tf.int32)]
    graph = tf.function(TRANSFORMS[name], input_signature=signature)
    seed = tf.constant((5, 6))
    difference = graph(images, seed).numpy().astype(int) - TRANSFORMS[name](images, seed).numpy()
    assert np.abs(difference).max() <= 1  # a rounding, where the graph orders products otherwise


@pytest.mark.parametrize("name", ["shift", "jitter", "cutout"])
def test_a_picture_without_a_batch_is_refused(name):
    with pytest.raises(ValueError, match="images must be"):
        TRANSFORMS[name](np.zeros((8, 8, 3), np.uint8), (1, 2))


# --- each by itself ---


@few
@given(images=bytes_, seed=seeds)
def test_mirrored_twice_by_one_seed_is_the_picture(images, seed):
    assert np.array_equal(MIRROR(MIRROR(images, seed), seed), images)


@few
@given(images=bytes_, seed=seeds, pixels=st.integers(0, 4))
def test_a_shift_is_a_crop_of_the_picture_padded_by_reflection(images, seed, pixels):
    made = random_shift(images, seed, pixels=pixels).numpy()
    _, height, width, _ = images.shape
    border = [[pixels, pixels], [pixels, pixels], [0, 0]]
    for before, after in zip(images, made, strict=True):
        padded = np.pad(before, border, "reflect")
        crops = (
            padded[row : row + height, column : column + width]
            for row in range(2 * pixels + 1)
            for column in range(2 * pixels + 1)
        )
        assert any(np.array_equal(crop, after) for crop in crops)


def test_every_shift_within_reach_occurs():
    images = np.arange(5 * 5).reshape(1, 5, 5, 1).repeat(400, axis=0)
    made = random_shift(images, (1, 2), pixels=1).numpy()
    assert len(np.unique(made.reshape(400, -1), axis=0)) == 9


OTHER_NUMBERS = {
    "floats from 0 to 255": np.linspace(0, 255, 48, dtype=np.float32),
    "floats from -1 to 1": np.linspace(-1, 1, 48, dtype=np.float32),
    "integers of 32 bits": np.arange(48, dtype=np.int32),
    "no numbers": np.full(48, np.nan, np.float32),
}


@pytest.mark.parametrize("name", ["jitter", "cutout"])
@pytest.mark.parametrize("numbers", OTHER_NUMBERS)
def test_pictures_of_other_numbers_are_refused_rather_than_cut_to_white(name, numbers):
    images = OTHER_NUMBERS[numbers].reshape(1, 4, 4, 3)
    with pytest.raises(ValueError, match=r"images must be .* from 0 to 1.*, not"):
        TRANSFORMS[name](images, (1, 2))
    batches = tf.data.Dataset.from_tensors((images, [0]))
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match="from 0 to 1"):
        next(iter(augment(batches, TRANSFORMS[name], seed=1)))


@pytest.mark.parametrize("name", ["jitter", "cutout"])
def test_an_empty_batch_stays_empty(name):
    assert TRANSFORMS[name](np.zeros((0, 4, 4, 3), np.float32), (1, 2)).shape == (0, 4, 4, 3)


@pytest.mark.parametrize("labels", [[0, 1, 2], [[1.0, 0.0], [0.0, 1.0]], 1])
def test_labels_that_are_no_rows_are_not_blended_into_a_square(labels):
    with pytest.raises(ValueError, match=r"labels must be rows .* tf\.one_hot"):
        mixup(np.zeros((3, 2, 2, 1)), labels, seed=(1, 2))


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.array([[3], [7], [1]], np.uint8), id="a column of class numbers"),
        pytest.param([[1, 1, 0], [0, 1, 0], [0, 0, 1]], id="two labels in a row"),
        pytest.param([[np.nan, 1], [0, 1], [0, 1]], id="no number"),
    ],
)
def test_labels_that_are_no_shares_are_not_blended(labels):
    images = np.zeros((3, 2, 2, 1), np.float32)
    with pytest.raises(ValueError, match=r"^labels must be rows of sum 1 .*tf\.one_hot"):
        mixup(images, labels, seed=(1, 2))
    batches = tf.data.Dataset.from_tensors((images, np.array(labels, np.float32)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels must be rows of sum 1"):
        next(iter(batches.map(lambda *batch: mixup(*batch, seed=(1, 2)))))


@pytest.mark.parametrize("pixels", [-1, 4, 9])
def test_a_shift_beyond_the_picture_is_refused(pixels):
    with pytest.raises(ValueError, match="pixels must be an integer, at least 0 and at most 3"):
        random_shift(np.zeros((1, 4, 5, 1)), (1, 2), pixels=pixels)


@few
@given(images=floats, seed=seeds)
def test_a_jitter_of_no_strength_changes_nothing(images, seed):
    made = colour_jitter(images, seed, brightness=0, contrast=0, saturation=0)
    np.testing.assert_allclose(made, images, atol=1e-5)


def test_full_saturation_change_moves_colours_only_along_their_grey():
    images = (photographs(20) / 255 * 0.4 + 0.3).astype(np.float32)  # away from black and white
    made = colour_jitter(images, (1, 2), brightness=0, contrast=0, saturation=0.5)
    grey = tf.image.rgb_to_grayscale(images)
    np.testing.assert_allclose(tf.image.rgb_to_grayscale(made), grey, atol=2e-4)
    assert np.abs(made - images).max() > 0.01


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
def test_a_strength_out_of_range_is_refused(name):
    with pytest.raises(ValueError, match=name):
        colour_jitter(np.zeros((1, 4, 4, 3), np.uint8), (1, 2), **{name: 1.5})


@few
@given(seed=seeds, size=st.integers(1, 8), fill=st.sampled_from([0.0, 1.0]))
def test_cutout_paints_one_rectangle_of_at_most_its_size(seed, size, fill):
    made = cutout(np.full((6, 10, 12, 1), 0.25, np.float32), seed, size=size, fill=fill).numpy()
    for hidden in made[..., 0] == fill:
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        assert 1 <= len(rows) <= size
        assert 1 <= len(columns) <= size
        assert hidden[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert hidden.sum() == len(rows) * len(columns)
    assert set(np.unique(made)) <= {np.float32(0.25), np.float32(fill)}


@pytest.mark.parametrize("arguments", [{"size": 0}, {"fill": -0.1}, {"fill": 2}])
def test_a_square_that_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError, match=r"size must be an integer|fill must be a finite number"):
        cutout(np.zeros((1, 4, 4, 1), np.float32), (1, 2), **arguments)


@few
@given(images=bytes_, seed=seeds, alpha=st.sampled_from([0.01, 0.4, 1.0, 5.0]))
def test_mixup_blends_pictures_and_labels_in_one_proportion(images, seed, alpha):
    count = len(images)
    made, labels = (part.numpy() for part in mixup(images, np.eye(count), seed=seed, alpha=alpha))
    assert (made.shape, made.dtype, labels.dtype) == (images.shape, np.float32, np.float32)
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-5)
    assert labels.min() >= 0
    expected = np.tensordot(labels, images.astype(np.float32), axes=1)
    np.testing.assert_allclose(made, expected, atol=1e-2)


def test_mixup_pairs_each_picture_with_one_other_and_refuses_a_bad_alpha():
    _, labels = mixup(np.zeros((50, 2, 2, 1)), np.eye(50), seed=(1, 2), alpha=1.0)
    assert ((labels.numpy() > 0).sum(axis=1) <= 2).all()
    assert (labels.numpy().max(axis=1) < 0.9).mean() > 0.5
    with pytest.raises(ValueError, match="alpha"):
        mixup(np.zeros((2, 2, 2, 1)), np.eye(2), seed=(1, 2), alpha=0)


# --- over a data set ---


def batches():
    return tf.data.Dataset.from_tensor_slices((photographs(12), np.arange(12))).batch(5)


def test_an_augmented_data_set_is_new_each_epoch_and_the_same_each_run():
    def two_epochs(seed):
        data = augment(batches(), MIRROR, TRANSFORMS["shift"], seed=seed)
        return [np.concatenate([images for images, _ in data]) for _ in range(2)]

    first, second = two_epochs(7)
    assert not np.array_equal(first, second)
    assert np.array_equal([first, second], two_epochs(7))
    assert not np.array_equal(first, two_epochs(8)[0])


def test_labels_and_the_order_of_batches_stay_and_no_transform_changes_nothing():
    data = list(augment(batches(), seed=7))
    assert np.array_equal(np.concatenate([images for images, _ in data]), photographs(12))
    assert np.concatenate([labels for _, labels in data]).tolist() == list(range(12))
    changed = augment(batches(), colour_jitter, seed=7)
    assert np.concatenate([labels for _, labels in changed]).tolist() == list(range(12))


def test_two_uses_of_one_transform_draw_different_seeds():
    drawn = []

    def note(images, seed):
        drawn.append(seed)
        return images + tf.cast(seed[0] % 7, images.dtype)

    once = next(iter(augment(batches(), note, seed=7)))[0]
    twice = next(iter(augment(batches(), note, note, seed=7)))[0]
    assert len(drawn) == 3
    assert once.shape == twice.shape


# --- copies ---


@few
@given(number=st.integers(0, 39), seed=seeds)
def test_a_mirrored_and_moved_copy_is_found(number, seed):
    images = photographs(40)
    copy = random_shift(MIRROR(images[number][None], seed), seed, pixels=4).numpy()
    paler = (copy * 0.7 + 30).astype(np.float32)
    found = near_duplicates(np.concatenate([copy, paler]), images)
    assert found.index.tolist() == [number, number]
    assert found.likeness.min() > 0.999


@few
@given(images=bytes_, reach=st.integers(0, 1))
def test_each_picture_is_its_own_closest_copy(images, reach):
    found = near_duplicates(images, images, reach=reach)
    assert (found.likeness <= 1 + 1e-5).all()
    alone = near_duplicates(images, images[found.index], reach=reach)
    np.testing.assert_allclose(alone.likeness, found.likeness, atol=1e-5)


def test_copies_look_more_alike_than_strangers_do():
    images = photographs(150)
    copies = colour_jitter(random_shift(images[:50], (1, 2), pixels=4), (3, 4)).numpy()
    known = near_duplicates(copies, images).likeness
    strangers = near_duplicates(images[:50], images[50:]).likeness
    assert np.median(known) > np.quantile(strangers, 0.95)
    assert (known[:, None] > strangers).mean() > 0.9


@pytest.mark.parametrize(
    ("images", "others", "reach", "message"),
    [
        (np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 9, 3)), 0, "one size"),
        (np.zeros((8, 8, 3)), np.zeros((8, 8, 3)), 0, "images must have 4 axes"),
        (np.zeros((1, 8, 8, 3)), np.zeros((0, 8, 8, 3)), 0, "others must have 4 axes, none empty"),
        (np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)), 3, "reach"),
        (np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 3)), -1, "reach"),
    ],
)
def test_pictures_that_cannot_be_compared_are_refused(images, others, reach, message):
    with pytest.raises(ValueError, match=message):
        near_duplicates(images, others, reach=reach)
