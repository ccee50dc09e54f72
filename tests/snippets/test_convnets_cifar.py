"""The network for CIFAR-10, its flips and shifts, and the optimizer of its filters, by their laws."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.convnets import ConvolutionMuon, cifar_convnet
from snippets.datasets import load_cifar10
from snippets.network_costs import layer_costs

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
    ("arguments", "words"),
    [
        ({"filters": (8, 0)}, "filters must be an integer, at least 1, not 0"),
        ({"classes": 0}, "classes must be an integer, at least 1, not 0"),
        ({"filters": (4,) * 6}, "filters of 6 blocks"),
        ({"shape": (4, None, 3)}, "filters of 4 blocks"),
        ({"shape": (32, 32)}, "shape must be height, width and channels"),
    ],
)
def test_a_network_that_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        cifar_convnet(**arguments)


# --- pixels ---

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
SMALL = cifar_convnet((3, 4), shape=(8, 8, 3))


def test_bytes_and_floats_as_large_get_the_same_answers():
    expected = SMALL.predict(PHOTOGRAPHS, verbose=0)
    for dtype in ("float32", "float64", "int64"):
        np.testing.assert_array_equal(SMALL.predict(PHOTOGRAPHS.astype(dtype), verbose=0), expected)


@pytest.mark.parametrize("pixels", [PHOTOGRAPHS / 255, PHOTOGRAPHS / 127.5 - 1, PHOTOGRAPHS / 1e4])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_pixels_that_do_not_reach_beyond_one_are_refused_in_training_and_use(pixels, jit_compile):
    network = cifar_convnet((3,), shape=(8, 8, 3))
    with pytest.raises(ValueError, match="pixels must be from 0 to 255"):
        network(pixels)
    network.compile("sgd", "mse", jit_compile=jit_compile)
    with pytest.raises(tf.errors.InvalidArgumentError, match="pixels must be from 0 to 255"):
        network.predict(pixels, verbose=0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="pixels must be from 0 to 255"):
        network.fit(pixels, np.zeros((4, 10)), verbose=0)


@pytest.mark.parametrize("value", [0, 1])
def test_a_black_photograph_is_one(value):
    black = np.full((1, 8, 8, 3), value)
    np.testing.assert_array_equal(
        SMALL.predict(black.astype("float32"), verbose=0),
        SMALL.predict(black.astype("uint8"), verbose=0),
    )


def test_a_network_that_looks_at_its_pixels_is_saved_and_loaded(tmp_path):
    SMALL.save(tmp_path / "small.keras")
    loaded = keras.saving.load_model(tmp_path / "small.keras")
    np.testing.assert_array_equal(
        loaded.predict(PHOTOGRAPHS, verbose=0), SMALL.predict(PHOTOGRAPHS, verbose=0)
    )


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
