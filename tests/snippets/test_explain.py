"""Explanations obey their laws on networks whose reasons are known."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from snippets import corruptions, explain, sanity_checks
from snippets.convnets import fashion_convnet
from snippets.datasets import load_fashion_mnist

few = settings(max_examples=15, deadline=None)
pixels = st.floats(0, 1, width=32, allow_subnormal=False)  # TensorFlow flushes those to 0
pictures = arrays(np.float32, (3, 6, 6), elements=pixels)
kernels = arrays(np.float32, (36, 4), elements=st.floats(-2, 2, width=32, allow_subnormal=False))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def linear(kernel: np.ndarray) -> keras.Sequential:
    network = keras.Sequential(
        [keras.Input((6, 6)), keras.layers.Flatten(), keras.layers.Dense(4, name="logits")]
    )
    network.get_layer("logits").set_weights([kernel, np.zeros(4)])
    return network


LINEAR = linear(np.zeros((36, 4)))
IMAGES = np.zeros((2, 6, 6), np.float32)


def with_weights(kernel: np.ndarray) -> keras.Sequential:
    LINEAR.get_layer("logits").set_weights([kernel, np.zeros(4)])
    return LINEAR


def upper_left() -> keras.Sequential:
    """A network of colour images whose first logit is the sum of the upper left corner alone."""
    network = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, name="logits"),
        ]
    )
    here = np.zeros((12, 12, 2, 2))
    here[:4, :4, :, 0] = 1
    network.get_layer("conv").set_weights([np.ones((3, 3, 3, 2)), np.zeros(2)])
    network.get_layer("logits").set_weights([here.reshape(-1, 2), np.zeros(2)])
    return network


@pytest.fixture(scope="module")
def convnet():
    keras.utils.set_random_seed(3)
    return fashion_convnet((4, 4, 4), units=8)


@pytest.fixture(scope="module")
def clothes():
    return load_fashion_mnist().validation.images[:6].astype("float32") / 255


@few
@given(kernel=kernels, images=pictures)
def test_saliency_of_a_linear_network_is_its_weights(kernel, images):
    maps = explain.saliency(with_weights(kernel), images, classes=[0, 1, 3])
    for got, chosen in zip(maps, (0, 1, 3), strict=True):
        assert np.array_equal(got, kernel[:, chosen].reshape(6, 6))


@few
@given(kernel=kernels, images=pictures)
def test_covering_single_pixels_of_a_linear_network_gives_weight_times_pixel(kernel, images):
    maps = explain.occlusion(with_weights(kernel), images, classes=[2, 2, 2], size=1)
    assert np.allclose(maps, kernel[:, 2].reshape(6, 6) * images, atol=1e-4)


@few
@given(
    images=pictures,
    size=st.integers(1, 6),
    data=st.data(),
    fill=pixels,
)
def test_every_explanation_of_a_constant_network_is_0(images, size, data, fill):
    network = with_weights(np.zeros((36, 4)))
    stride = data.draw(st.one_of(st.none(), st.integers(1, size)))
    covered = explain.occlusion(network, images, size=size, stride=stride, fill=fill)
    assert covered.shape == images.shape
    assert not covered.any()
    assert not explain.saliency(network, images).any()
    assert np.array_equal(
        explain.fast_gradient_sign(network, images, labels=[0, 1, 2], epsilon=0.5), images
    )


@pytest.mark.parametrize(("size", "stride"), [(4, 2), (5, 3), (6, 6), (3, None), (1, 1)])
def test_squares_that_cover_each_pixel_share_what_the_whole_gives(size, stride):
    """With equal weights and pixels every square of one size makes the logit fall equally far."""
    network, images = with_weights(np.ones((36, 4))), np.ones((2, 6, 6), np.float32)
    maps = explain.occlusion(network, images, classes=[0, 1], size=size, stride=stride)
    assert np.allclose(maps, size**2)


def test_where_only_one_region_counts_all_three_maps_lie_there(rng):
    network, images = upper_left(), rng.random((2, 12, 12, 3))
    near = np.zeros((12, 12), bool)
    near[:5, :5] = True
    slopes = np.abs(explain.saliency(network, images, classes=[0, 0])).sum(axis=-1)
    covered = explain.occlusion(network, images, classes=[0, 0], size=1)
    assert (slopes[:, near] > 0).all()
    assert (covered[:, near] > 0).all()
    assert not slopes[:, ~near].any()
    assert not covered[:, ~near].any()


def test_grad_cam_lies_where_the_answer_comes_from():
    network = upper_left()
    images = np.zeros((2, 12, 12, 3))
    images[0, :4, :4] = 1
    images[1, 8:, 8:] = 1
    maps = explain.grad_cam(network, images, layer="conv", classes=[0, 0])
    assert maps[0, :5, :5].any()
    assert not maps[0, 5:].any()
    assert not maps[0, :, 5:].any()
    # Its known weakness: a map's weight is one for all places, so it shows the far corner as well.
    assert maps[1, 7:, 7:].any()
    assert not maps[1, :7].any()
    assert not explain.grad_cam(network, images, layer="conv", classes=[1, 1]).any()


def test_grad_cam_of_averaged_maps_is_their_weighted_sum(rng):
    """With global averaging before the logits, Grad-CAM is CAM, up to the number of places."""
    network = keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            keras.layers.Conv2D(3, 3, padding="same", name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, name="logits"),
        ]
    )
    images = rng.random((4, 5, 5, 1)).astype("float32")
    weights = network.get_layer("logits").get_weights()[0]
    maps = network.get_layer("conv")(images).numpy()
    expected = np.maximum(maps @ weights[:, 1], 0) / 25
    got = explain.grad_cam(network, images, layer="conv", classes=[1] * 4)
    assert np.allclose(got, expected, atol=1e-5)


@pytest.fixture(scope="module")
def transferred():
    """A head on a base on a body, each a network of its own, as transfer learning makes them."""
    keras.utils.set_random_seed(5)
    body = keras.Sequential(
        [keras.Input((5, 5, 1)), keras.layers.Conv2D(3, 3, padding="same", name="conv")],
        name="body",
    )
    inputs = keras.Input((5, 5, 1))
    base = keras.Model(inputs, keras.layers.ReLU(name="relu")(body(inputs)), name="base")
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, name="logits")]
    return keras.Sequential([keras.Input((5, 5, 1)), base, *head])


def test_grad_cam_of_a_layer_in_a_network_within_is_the_one_written_out_by_hand(transferred, rng):
    images = rng.random((4, 5, 5, 1)).astype("float32")
    base, weights = transferred.get_layer("base"), transferred.get_layer("logits").get_weights()[0]
    maps = base.get_layer("body")(images).numpy()
    # A place's slope is a 25th of the map's weight, where the map is above 0; else 0.
    slopes = (maps > 0) * weights[:, 1] / 25
    expected = np.maximum((maps * slopes.mean(axis=(1, 2), keepdims=True)).sum(axis=-1), 0)
    got = explain.grad_cam(transferred, images, layer="conv", classes=[1] * 4)
    assert expected.any()
    assert np.allclose(got, expected, atol=1e-6)
    # What a network within returns are the maps of its last layer.
    relu, whole = (
        explain.grad_cam(transferred, images, layer=name, classes=[1] * 4)
        for name in ("relu", "base")
    )
    assert np.allclose(relu, np.maximum(base(images).numpy() @ weights[:, 1], 0) / 25, atol=1e-6)
    assert np.array_equal(relu, whole)


def test_a_network_computes_after_grad_cam_as_before(transferred, rng):
    images = rng.random((4, 5, 5, 1)).astype("float32")
    before = transferred.predict(images, verbose=0)
    explain.grad_cam(transferred, images, layer="conv")
    conv = transferred.get_layer("base").get_layer("body").get_layer("conv")
    assert "call" not in vars(conv)
    assert np.array_equal(transferred.predict(images, verbose=0), before)


def test_an_unknown_layer_is_refused_with_the_names_of_those_that_would_do(transferred):
    images = np.zeros((1, 5, 5, 1))
    with pytest.raises(
        ValueError, match="these have such: relu, conv, body, base; not 'last_conv'"
    ):
        explain.grad_cam(transferred, images, layer="last_conv")
    with pytest.raises(ValueError, match="these have such: relu, conv, body, base; not 'logits'"):
        explain.grad_cam(transferred, images, layer="logits")


def test_a_layer_that_is_called_twice_has_no_single_maps():
    inputs, relu = keras.Input((5, 5, 1)), keras.layers.ReLU(name="relu")
    twice = relu(keras.layers.Conv2D(2, 3, name="conv")(relu(inputs)))
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(twice))
    with pytest.raises(ValueError, match="layer relu must be called once, not 2 times"):
        explain.grad_cam(network, np.zeros((1, 5, 5, 1)), layer="relu")


def test_a_name_of_two_layers_is_refused():
    inputs = keras.Input((5, 5, 1))
    bodies = [
        keras.Sequential([keras.Input((5, 5, 1)), keras.layers.ReLU(name="relu")]) for _ in range(2)
    ]
    both = keras.layers.Add()([body(inputs) for body in bodies])
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(both))
    with pytest.raises(ValueError, match=r"layer must be the name of one layer .* not 'relu'"):
        explain.grad_cam(network, np.zeros((1, 5, 5, 1)), layer="relu")


def flat_network(*last):
    return keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), *last])


def with_function():
    network = flat_network(keras.layers.Dense(3))
    return keras.Model(network.inputs[0], keras.ops.softmax(network.outputs[0]))


def within(*after):
    inner = flat_network(keras.layers.Dense(3, activation=tf.nn.softmax))
    return keras.Sequential([keras.Input((6, 6)), inner, *after])


SQUASHED = {
    "TensorFlow's softmax": lambda: flat_network(keras.layers.Dense(3, activation=tf.nn.softmax)),
    "TensorFlow's softmax, layer": lambda: flat_network(
        keras.layers.Dense(3), keras.layers.Activation(tf.nn.softmax)
    ),
    "own softmax": lambda: flat_network(
        keras.layers.Dense(3, activation=lambda sums: tf.nn.softmax(sums))
    ),
    "lambda layer": lambda: flat_network(
        keras.layers.Dense(3), keras.layers.Lambda(lambda sums: tf.nn.softmax(sums))
    ),
    "softmax before dropout": lambda: flat_network(
        keras.layers.Dense(3), keras.layers.Softmax(), keras.layers.Dropout(0.5)
    ),
    "network within, TensorFlow's softmax": within,
    "network within before dropout": lambda: within(
        keras.layers.Dropout(0.5), keras.layers.Reshape((3,))
    ),
    "network within a network within": lambda: keras.Sequential([keras.Input((6, 6)), within()]),
    "softmax of a layer": lambda: flat_network(keras.layers.Dense(3, activation="softmax")),
    "sigmoid of a layer": lambda: flat_network(keras.layers.Dense(3, activation="sigmoid")),
    "activation layer": lambda: flat_network(
        keras.layers.Dense(3), keras.layers.Activation("softmax")
    ),
    "softmax layer": lambda: flat_network(keras.layers.Dense(3), keras.layers.Softmax()),
    "softmax function": with_function,
    "network within": lambda: keras.Sequential(
        [keras.Input((6, 6)), flat_network(keras.layers.Dense(3, activation="softmax"))]
    ),
}


@pytest.mark.parametrize("make", SQUASHED.values(), ids=SQUASHED)
def test_probabilities_are_refused_and_the_remedy_gives_the_logits_they_are_made_of(make, rng):
    network, images = make(), rng.random((2, 6, 6)).astype("float32")
    probabilities = network(images).numpy()
    with pytest.raises(ValueError, match="must return logits") as refusal:
        explain.saliency(network, images)
    remedy = re.search(r"keras\.Model\(.*|network\S*\.activation = .*", str(refusal.value))[0]
    known = {"keras": keras, "network": network}
    exec(remedy if " = " in remedy else f"network = {remedy}", known)
    explain.saliency(known["network"], images)
    logits = known["network"](images)
    squash = keras.ops.sigmoid if make is SQUASHED["sigmoid of a layer"] else keras.ops.softmax
    assert np.allclose(squash(logits), probabilities, atol=1e-6)


@pytest.mark.parametrize(
    "last",
    [
        keras.layers.Dense(3),
        keras.layers.Dense(1, activation="relu"),
        keras.layers.Dense(3, activation="tanh"),
        keras.layers.Dense(3, activation="log_softmax"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5),
    ],
    ids=lambda last: last.name,
)
def test_what_ends_in_another_layer_is_taken_for_logits(last):
    flat_images = np.zeros((1, 2, 3), np.float32)
    network = keras.Sequential([keras.Input((2, 3)), keras.layers.Flatten(), last])
    assert explain.saliency(network, flat_images, classes=[0]).shape == (1, 2, 3)


def test_a_softmax_layer_in_a_network_within_is_refused():
    inner = flat_network(keras.layers.Dense(3), keras.layers.Softmax())
    with pytest.raises(ValueError, match=r"must return logits.* build the network without it"):
        explain.saliency(keras.Sequential([keras.Input((6, 6)), inner]), IMAGES)


@pytest.mark.parametrize(
    "method",
    [
        explain.saliency,
        explain.occlusion,
        lambda *both: explain.grad_cam(*both, layer="relu_3"),
        lambda *both: explain.fast_gradient_sign(*both, labels=[0], epsilon=0.1),
    ],
)
def test_one_image_is_refused_with_how_to_make_a_batch_of_it(convnet, clothes, method):
    wanted = r"images must be \(n, 28, 28, 1\) for this network, not \(28, 28, 1\); of one image"
    image = clothes[0].reshape(28, 28, 1)
    with_channel = keras.Sequential([keras.Input((28, 28, 1)), *convnet.layers])
    with pytest.raises(ValueError, match=rf"{wanted} give image\[None\]"):
        method(with_channel, image)
    assert len(method(with_channel, image[None])) == 1


def test_images_without_their_channel_are_refused_with_how_to_add_it():
    network = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match=r"not \(2, 6, 6\); give images\[..., None\]"):
        explain.saliency(network, IMAGES)
    with pytest.raises(ValueError, match=r"\(n, 6, 6\) for this network, not \(2, 6, 6, 1\)$"):
        explain.saliency(LINEAR, IMAGES[..., None])


def test_a_network_for_images_of_any_size_takes_them(rng):
    layers = [keras.layers.Conv2D(2, 3, name="conv"), keras.layers.GlobalAveragePooling2D()]
    network = keras.Sequential([keras.Input((None, None, 3)), *layers])
    for shape in ((2, 6, 6, 3), (1, 8, 9, 3)):
        assert explain.saliency(network, rng.random(shape)).shape == shape
        assert explain.grad_cam(network, rng.random(shape), layer="conv").shape == shape[:3]
    with pytest.raises(ValueError, match=r"\(n, None, None, 3\) for this network"):
        explain.saliency(network, rng.random((2, 6, 6, 1)))


class Wrapper(keras.Model):
    def __init__(self):
        super().__init__()
        self.network = flat_network(keras.layers.Dense(3))

    def call(self, inputs):
        return self.network(inputs)


def test_a_network_that_shows_no_layers_is_refused():
    network = Wrapper()
    network(IMAGES)
    with pytest.raises(ValueError, match="must be a chain or functional model"):
        explain.saliency(network, IMAGES)


def test_a_cross_entropy_of_a_single_logit_has_no_way_up():
    with pytest.raises(ValueError, match="must return logits of 2 classes or more"):
        explain.fast_gradient_sign(
            flat_network(keras.layers.Dense(1)), IMAGES, labels=[0, 0], epsilon=0.1
        )


def test_a_network_is_asked_about_its_own_answers_unless_told(convnet, clothes):
    answers = convnet(clothes).numpy().argmax(axis=1)
    for method in (
        explain.saliency,
        explain.occlusion,
        lambda *both, classes=None: explain.grad_cam(*both, classes=classes, layer="relu_3"),
    ):
        assert np.array_equal(method(convnet, clothes), method(convnet, clothes, classes=answers))


def test_grad_cam_and_saliency_need_no_trainable_weight(convnet, clothes):
    wanted = explain.grad_cam(convnet, clothes, layer="relu_2", classes=[0] * 6)
    convnet.trainable = False
    try:
        assert np.array_equal(
            explain.grad_cam(convnet, clothes, layer="relu_2", classes=[0] * 6), wanted
        )
    finally:
        convnet.trainable = True


def test_many_images_are_answered_as_a_few_are(convnet, clothes, monkeypatch):
    whole = explain.saliency(convnet, clothes)
    monkeypatch.setattr(explain, "BATCH", 4)
    assert np.allclose(explain.saliency(convnet, clothes), whole, atol=1e-6)


def test_saliency_agrees_with_finite_differences(rng):
    keras.utils.set_random_seed(3)
    dense = [keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(3)]
    network = keras.Sequential([keras.Input((6, 6)), keras.layers.Flatten(), *dense])
    images, step = rng.random((2, 6, 6)).astype("float32"), 1e-2
    slopes = explain.saliency(network, images, classes=[2, 2])
    for y, x in ((0, 0), (2, 5)):
        ahead, behind = images.copy(), images.copy()
        ahead[:, y, x] += step
        behind[:, y, x] -= step
        rise = (network(ahead) - network(behind)).numpy()[:, 2] / (2 * step)
        assert rise == pytest.approx(slopes[:, y, x], abs=1e-3)


@given(gone=st.sets(st.sampled_from(["conv_1", "norm_2", "hidden", "logits"])))
@settings(max_examples=5, deadline=None)
def test_only_the_named_layers_are_made_random(convnet, gone):
    before = [weight.copy() for weight in convnet.get_weights()]
    copy = sanity_checks.randomise_layers(convnet, sorted(gone))
    assert all(np.array_equal(a, b) for a, b in zip(before, convnet.get_weights(), strict=True))
    for layer in convnet.layers:
        pairs = zip(layer.get_weights(), copy.get_layer(layer.name).get_weights(), strict=True)
        same = all(np.array_equal(a, b) for a, b in pairs)
        assert same == (layer.name not in gone or layer.name == "norm_2")  # never trained: as fresh


def test_random_layers_follow_the_seed(convnet):
    copies = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        copies.append(sanity_checks.randomise_layers(convnet, ["logits"]).get_weights()[-2])
    assert np.array_equal(copies[0], copies[1])
    assert not np.array_equal(copies[0], copies[2])


@few
@given(maps=arrays(float, (2, 4, 4), elements=st.integers(0, 5).map(float)), seed=st.integers(0, 9))
def test_rank_correlation_is_that_of_scipy(maps, seed):
    others = np.random.default_rng(seed).random((2, 4, 4))
    got = sanity_checks.rank_correlation(maps, others)
    for value, one, other in zip(got, maps, others, strict=True):
        constant = np.ptp(one) == 0
        expected = 0 if constant else stats.spearmanr(one.ravel(), other.ravel()).statistic
        assert value == pytest.approx(expected)
        assert constant or sanity_checks.rank_correlation(
            one[None], one[None] ** 3 + 1
        ) == pytest.approx(1)


@few
@given(images=pictures, kernel=kernels, epsilon=st.floats(-0.5, 0.5))
def test_a_sign_step_stays_within_epsilon_and_the_range(images, kernel, epsilon):
    moved = explain.fast_gradient_sign(
        with_weights(kernel), images, labels=[0, 1, 2], epsilon=epsilon, low=0.0, high=1.0
    )
    assert moved.dtype == np.float32
    assert (np.abs(moved - images) <= abs(epsilon) + 1e-6).all()
    assert moved.min() >= 0
    assert moved.max() <= 1


def test_pixels_outside_the_range_are_refused_rather_than_moved_by_more_than_epsilon(convnet):
    images = np.full((1, 28, 28), 239.0)
    with pytest.raises(ValueError, match="images must lie from 0 to 1, not from 239 to 239"):
        explain.fast_gradient_sign(convnet, images, labels=[0], epsilon=1)
    with pytest.raises(ValueError, match="images must lie from 0 to 1, not from 239 to 239"):
        corruptions.add_noise(images, 0.1)


def test_a_small_sign_step_raises_the_loss_and_one_back_lowers_it(convnet, clothes):
    labels = np.arange(6)
    price = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    losses = {
        epsilon: price(
            labels,
            convnet(
                explain.fast_gradient_sign(
                    convnet, clothes, labels=labels, epsilon=epsilon, low=-1, high=2
                )
            ),
        ).numpy()
        for epsilon in (-1e-3, 0, 1e-3)
    }
    assert (losses[-1e-3] < losses[0]).all()
    assert (losses[0] < losses[1e-3]).all()


@few
@given(images=pictures, seed=st.integers(0, 99))
def test_a_corruption_of_strength_0_changes_nothing(images, seed):
    for same in (
        corruptions.add_noise(images, 0, seed=seed),
        corruptions.blur(images, 0),
        corruptions.rotate(images, 0),
    ):
        assert same.dtype == np.float32
        assert np.allclose(same, images, atol=1e-6)


@few
@given(images=pictures, sigma=st.floats(0.3, 3))
def test_blur_keeps_the_mean_and_narrows_the_range(images, sigma):
    got = corruptions.blur(images, sigma)
    assert np.allclose(got.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=1e-4)
    assert (got.std(axis=(1, 2)) <= images.std(axis=(1, 2)) + 1e-5).all()


@few
@given(images=pictures, quarter=st.integers(-3, 3))
def test_quarter_turns_are_exact(images, quarter):
    expected = np.rot90(images, quarter, axes=(1, 2))
    assert np.allclose(corruptions.rotate(images, 90 * quarter), expected, atol=1e-4)


def test_corruptions_keep_colours_apart(rng):
    images = np.zeros((2, 8, 8, 3), np.float32)
    images[..., 1] = rng.random((2, 8, 8))
    for corrupt in (corruptions.blur, corruptions.rotate):
        got = corrupt(images, 1.5)
        assert not got[..., [0, 2]].any()
        assert got[..., 1].any()


def test_noise_is_as_strong_as_asked_and_the_same_for_a_seed():
    grey = np.full((4, 30, 30), 0.5, np.float32)
    got = corruptions.add_noise(grey, 0.1, seed=5)
    assert (got - grey).std() == pytest.approx(0.1, rel=0.05)
    assert np.array_equal(got, corruptions.add_noise(grey, 0.1, seed=5))
    assert corruptions.add_noise(grey, 9.0).min() == 0
    assert corruptions.add_noise(grey, 9.0).max() == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: explain.saliency(net, IMAGES[:, :5]), "for this network"),
        (lambda net: explain.saliency(net, IMAGES[:0]), "none empty"),
        (lambda net: explain.saliency(net, IMAGES, classes=[0.7, 1.0]), "integers from 0"),
        (lambda net: explain.saliency(net, IMAGES, classes=[0]), "one for each of images"),
        (lambda net: explain.saliency(net, IMAGES, classes=[0, 4]), "from 0 to 3"),
        (lambda net: explain.occlusion(net, IMAGES, size=7), "size must be"),
        (lambda net: explain.occlusion(net, IMAGES, size=2, stride=3), "stride must be"),
        (lambda net: explain.occlusion(net, IMAGES, size=2, stride=0), "stride must be"),
        (
            lambda net: explain.grad_cam(net, IMAGES, layer="logits"),
            "have such: none; not 'logits'",
        ),
        (
            lambda net: sanity_checks.randomise_layers(net, ["relu_9"]),
            r"names must be among flatten\w*, logits, not relu_9",
        ),
        (lambda net: sanity_checks.rank_correlation(IMAGES, IMAGES[:1]), "must be alike"),
        (lambda net: sanity_checks.rank_correlation(IMAGES[:0], IMAGES[:0]), "none empty"),
        (
            lambda net: explain.fast_gradient_sign(
                net, IMAGES, labels=[0, 0], epsilon=0.1, low=1, high=1
            ),
            "high must be",
        ),
        (lambda net: corruptions.add_noise(IMAGES, -1), "deviation must be"),
        (lambda net: corruptions.blur(IMAGES.astype("uint8"), 1), "must be floats"),
        (lambda net: corruptions.rotate(IMAGES[0], 1), "3 or 4 axes"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call(LINEAR)


def test_a_copy_with_no_layer_randomised_answers_as_the_network_does():
    normalise = keras.layers.Normalization()
    normalise.adapt(np.random.default_rng(0).normal(5, 3, (50, 4)))
    network = keras.Sequential([keras.Input((4,)), normalise, keras.layers.Dense(2)])
    inputs = np.random.default_rng(1).normal(5, 3, (3, 4))
    same = sanity_checks.randomise_layers(network, [])
    np.testing.assert_allclose(same(inputs), network(inputs), rtol=1e-6)
    within = keras.Sequential([keras.Input((4,)), keras.Sequential([keras.Input((4,)), network])])
    same = sanity_checks.randomise_layers(within, [])
    np.testing.assert_allclose(same(inputs), network(inputs), rtol=1e-6)
