"""The network for CIFAR-10, its flips and shifts, and the optimizer of its filters, by their laws."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.convnets import ConvolutionMuon, cifar_convnet, flipped_and_shifted, layer_costs
from snippets.datasets import load_cifar10

few = settings(max_examples=12, deadline=None)


# --- the network ---


@few
@given(
    filters=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    classes=st.integers(1, 11),
    shape=st.sampled_from([(8, 8, 3), (9, 12, 1), (None, None, 3)]),
)
def test_a_network_has_a_block_for_each_number_of_filters(filters, classes, shape):
    network = cifar_convnet(filters, shape=shape, classes=classes)
    assert network.output_shape == (None, classes)
    for number, count in enumerate(filters, start=1):
        sizes = (size and size >> number for size in shape[:2])
        assert network.get_layer(f"relu_{number}").output.shape[1:] == (*sizes, count)


def test_before_training_it_is_sure_of_nothing():
    images = load_cifar10(edition="default").validation.images[:100]
    keras.utils.set_random_seed(0)
    chances = tf.nn.softmax(cifar_convnet()(images, training=True)).numpy()
    assert chances.max() < 0.6


def test_photographs_of_another_size_pass_where_the_shape_is_open():
    network = cifar_convnet((2, 3), shape=(None, None, 3))
    assert network(np.zeros((1, 20, 12, 3), "uint8")).shape == (1, 10)


def test_its_arithmetic_lies_in_the_convolutions():
    costs = {cost.layer: cost.multiply_adds for cost in layer_costs(cifar_convnet())}
    assert costs["conv_1"] == 32 * 32 * 9 * 3 * 32
    assert costs["conv_2"] == 16 * 16 * 9 * 32 * 48


@pytest.mark.parametrize(
    "arguments",
    [{"filters": (8, 0)}, {"classes": 0}, {"filters": (4,) * 6}, {"shape": (4, None, 3)}],
)
def test_a_network_that_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError, match="a filter, and pixels"):
        cifar_convnet(**arguments)


# --- flips and shifts ---


def reflected_shift(image, down, right, by):
    """Move one image by padding and cropping, as NumPy does it."""
    padded = np.pad(image, [(by, by), (by, by), (0, 0)], mode="reflect")
    height, width = image.shape[:2]
    return padded[by - down : by - down + height, by - right : by - right + width]


@few
@given(by=st.integers(0, 3), seed=st.integers(0, 99), size=st.sampled_from([(4, 6), (7, 5)]))
def test_each_image_is_one_of_the_flips_and_shifts(by, seed, size):
    keras.utils.set_random_seed(seed)
    images = np.random.default_rng(seed).integers(0, 256, (8, *size, 3), dtype=np.uint8)
    results = flipped_and_shifted(tf.constant(images), by=by)
    assert results.dtype == tf.uint8
    moves = [(down, right) for down in range(-by, by + 1) for right in range(-by, by + 1)]
    for image, result in zip(images, results.numpy(), strict=True):
        shifts = [reflected_shift(image, *move, by) for move in moves]
        possible = [*shifts, *(each[:, ::-1] for each in shifts)]
        assert any(np.array_equal(result, each) for each in possible)


def test_about_half_are_flipped_and_all_shifts_are_drawn():
    keras.utils.set_random_seed(3)
    ramp = np.tile(np.arange(100, 2000, 100), (5, 1))[None, :, :, None]  # 19 columns
    results = flipped_and_shifted(tf.constant(np.repeat(ramp, 600, 0)), by=2).numpy()[:, 2, :, 0]
    flipped = results[:, 9] > results[:, 10]
    assert 0.4 < flipped.mean() < 0.6
    assert sorted(set(results[~flipped, 9].tolist())) == [800, 900, 1000, 1100, 1200]


def test_the_draw_follows_the_seed_and_differs_from_batch_to_batch():
    images = tf.constant(np.arange(4 * 8 * 8 * 1).reshape(4, 8, 8, 1))

    def two_batches():
        keras.utils.set_random_seed(5)
        batches = tf.data.Dataset.from_tensors(images).repeat(2).map(flipped_and_shifted)
        return [batch.numpy() for batch in batches]

    first, again = two_batches(), two_batches()
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


# --- the optimizer ---


@few
@given(rows=st.integers(1, 12), columns=st.integers(1, 12), seed=st.integers(0, 99))
def test_filters_take_the_step_of_the_muon_in_keras_on_their_matrix(rows, columns, seed):
    random = np.random.default_rng(seed)
    start, *slopes = random.normal(size=(4, rows, columns)).astype("float32")
    matrix = keras.Variable(start, name="matrix")
    filters = keras.Variable(start.reshape(1, 1, rows, columns), name="filters")
    theirs = keras.optimizers.Muon(0.02, momentum=0.9, ns_steps=4, weight_decay=None)
    ours = ConvolutionMuon(0.02)
    for slope in slopes:
        theirs.apply([tf.constant(slope)], [matrix])
        ours.apply([tf.constant(slope.reshape(filters.shape))], [filters])
    assert np.allclose(filters.numpy()[0, 0], matrix.numpy(), atol=2e-3)


def test_a_step_goes_equally_far_in_every_direction():
    slope = np.diag([100.0, 10.0, 1.0, 0.1]).astype("float32").reshape(1, 1, 4, 4)
    filters = keras.Variable(np.zeros((1, 1, 4, 4), "float32"))
    ConvolutionMuon(1.0, newton_steps=12).apply([tf.constant(slope)], [filters])
    sizes = np.linalg.svd(filters.numpy()[0, 0], compute_uv=False) / (0.2 * 4**0.5)
    assert 0.6 < sizes.min() <= sizes.max() < 1.3


def test_other_weights_take_the_step_of_adam():
    start = np.array([1.0, -2.0, 3.0], "float32")
    one, other = keras.Variable(start), keras.Variable(start)
    ours, adam = ConvolutionMuon(0.1, others=0.5), keras.optimizers.Adam(0.05)
    for slope in ([1.0, 2.0, -3.0], [0.5, -1.0, 2.0]):
        ours.apply([tf.constant(slope)], [one])
        adam.apply([tf.constant(slope)], [other])
    assert np.allclose(one.numpy(), other.numpy(), atol=1e-6)


def test_it_is_saved_and_loaded_with_its_network(tmp_path):
    network = cifar_convnet((2,), shape=(8, 8, 3))
    network.compile(ConvolutionMuon(0.03, filter_momentum=0.8, newton_steps=3, others=0.2), "mse")
    network.fit(np.zeros((4, 8, 8, 3)), np.ones((4, 10)), verbose=0)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras").optimizer
    assert isinstance(loaded, ConvolutionMuon)
    assert (loaded.filter_momentum, loaded.newton_steps, loaded.others) == (0.8, 3, 0.2)
    assert float(loaded.learning_rate) == pytest.approx(0.03)


def test_it_learns_more_in_a_few_steps_than_adam():
    cifar = load_cifar10(edition="default")
    some = cifar.train.sample(per_class=60)

    def accuracy(optimizer):
        keras.utils.set_random_seed(0)
        network = cifar_convnet((8, 16, 32))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(optimizer, loss, metrics=["accuracy"])
        run = network.fit(some.images, some.labels, epochs=4, batch_size=60, verbose=0)
        return run.history["accuracy"][-1]

    assert accuracy(ConvolutionMuon(0.02)) > accuracy(keras.optimizers.Adam(0.005)) + 0.03
