"""Freezing leaves every bit alone, a new head sees the base's features, and thawing is exact."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.datasets import load_cifar10
from snippets.transfer import (
    InferenceMode,
    WeightsChanged,
    fingerprint,
    frozen,
    trainable_parts,
    unfreeze_last,
    with_head,
)

few = settings(max_examples=6, deadline=None)
layers = keras.layers
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def convolutions(filters=(4, 6), *, shape=(8, 8, 3)):
    """Return an untrained base of blocks: convolution, pooling, batch normalisation, relu."""
    chain = [keras.Input(shape)]
    for number, count in enumerate(filters, start=1):
        chain += [
            layers.Conv2D(count, 3, padding="same", use_bias=False, name=f"conv_{number}"),
            layers.MaxPooling2D(name=f"pool_{number}"),
            layers.BatchNormalization(name=f"norm_{number}"),
            layers.ReLU(name=f"relu_{number}"),
        ]
    return keras.Sequential(chain, name="base")


def averaged(base):
    return keras.Sequential([base, layers.GlobalAveragePooling2D()])


def examples(count=24, *, classes=3, seed=0):
    random = np.random.default_rng(seed)
    images = random.normal(size=(count, 8, 8, 3)).astype("float32")
    return images, random.integers(classes, size=count)


def fit(network, data, *, optimizer=None, epochs=2):
    network.compile(optimizer or keras.optimizers.SGD(0.1), LOSS)
    network.fit(*data, epochs=epochs, batch_size=8, shuffle=False, verbose=0)


# --- fingerprints ---


def test_a_fingerprint_follows_the_bits_and_nothing_else():
    base = convolutions()
    before = fingerprint(base)
    base.trainable = False
    assert fingerprint(base) == before
    kernel = base.get_layer("conv_2").kernel
    value = kernel.numpy()
    value[0, 0, 0, 0] = np.nextafter(value[0, 0, 0, 0], np.float32(9))
    kernel.assign(value)
    assert fingerprint(base) != before
    value[0, 0, 0, 0] = np.nextafter(value[0, 0, 0, 0], np.float32(-9))
    kernel.assign(value)
    assert fingerprint(base) == before


def test_a_copy_has_the_fingerprint_of_its_original_and_other_first_weights_another():
    base = convolutions()
    copy = keras.models.clone_model(base)
    assert fingerprint(copy) != fingerprint(base)
    copy.set_weights(base.get_weights())
    assert fingerprint(copy) == fingerprint(base)


def test_moving_averages_count():
    base = convolutions()
    before = fingerprint(base)
    base(examples()[0], training=True)
    assert fingerprint(base) != before


def test_nothing_to_compare_is_an_error():
    with pytest.raises(ValueError, match="'pool' has no weights"):
        fingerprint(layers.MaxPooling2D(name="pool"))


# --- frozen ---


@few
@given(
    seed=st.integers(0, 99),
    rate=st.sampled_from([0.01, 1.0, 100.0]),
    in_training_mode=st.booleans(),
)
def test_no_bit_of_a_frozen_base_changes_however_it_is_trained(seed, rate, in_training_mode):
    keras.utils.set_random_seed(seed)
    base = convolutions()
    head = layers.Dense(3)
    inputs = keras.Input((8, 8, 3))
    maps = base(inputs, training=True) if in_training_mode else base(inputs)
    network = keras.Model(inputs, head(layers.GlobalAveragePooling2D()(maps)))
    head_before = fingerprint(head)
    with frozen(base) as before:
        fit(network, examples(seed=seed), optimizer=keras.optimizers.SGD(rate))
        assert fingerprint(base) == before
    assert fingerprint(head) != head_before


def test_a_frozen_base_stays_as_it_is_on_real_photographs():
    some = load_cifar10().train.sample(per_class=4)
    base = convolutions(shape=(32, 32, 3))
    network = with_head(base, 10)
    with frozen(base) as before:
        fit(network, (some.images.astype("float32"), some.labels))
    assert fingerprint(base) == before


def test_a_changed_layer_is_named():
    base = convolutions()
    kernel = base.get_layer("conv_2").kernel
    with pytest.raises(WeightsChanged, match=r"weights of base changed in: conv_2$"), frozen(base):
        kernel.assign(kernel + 1)


def test_a_network_compiled_and_trained_before_goes_on_training_and_is_caught():
    base = convolutions()
    network = with_head(base, 3)
    fit(network, examples())
    with pytest.raises(WeightsChanged, match="conv_1"), frozen(base):
        network.fit(*examples(), batch_size=8, verbose=0)  # same shapes, not compiled again


@pytest.mark.parametrize("inside", [False, True])
def test_flags_come_back_also_after_an_error(inside):
    base = convolutions()
    base.get_layer("norm_1").trainable = False
    whole = averaged(base) if inside else base
    before = [layer.trainable for layer in base.layers]

    def block():
        with frozen(whole):
            assert not whole.trainable_weights
            base.get_layer("conv_1").kernel.assign(np.ones((3, 3, 3, 4)))
            raise KeyError  # goes first, whatever has changed

    with pytest.raises(KeyError):
        block()
    assert [layer.trainable for layer in base.layers] == before


# --- a new head ---


@few
@given(seed=st.integers(0, 99), momentum=st.sampled_from([0.0, 0.9]))
def test_training_a_head_on_a_frozen_base_is_training_it_on_the_features(seed, momentum):
    keras.utils.set_random_seed(seed)
    base, data = convolutions(), examples(seed=seed)
    network = with_head(base, 3)
    alone = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
    alone.set_weights(network.get_layer("logits").get_weights())
    with frozen(base):
        fit(network, data, optimizer=keras.optimizers.SGD(0.1, momentum))
    features = averaged(base).predict(data[0], verbose=0)
    fit(alone, (features, data[1]), optimizer=keras.optimizers.SGD(0.1, momentum))
    for one, other in zip(network.get_layer("logits").weights, alone.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-5)


@few
@given(classes=st.integers(2, 9), flat=st.booleans(), dropout=st.sampled_from([0.0, 0.5]))
def test_the_logits_are_the_head_of_the_mean_maps(classes, flat, dropout):
    base, (images, _) = convolutions(), examples(count=3)
    network = with_head(averaged(base) if flat else base, classes, dropout=dropout)
    kernel, bias = network.get_layer("logits").get_weights()
    maps = base(images, training=False).numpy()
    expected = maps.mean(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(network(images, training=False), expected, atol=1e-5)
    assert ("dropout" in [layer.name for layer in network.layers]) == bool(dropout)


def test_a_thawed_base_learns_and_its_moving_averages_stay():
    base = convolutions()
    network = with_head(base, 3)
    kept = [base.get_layer("norm_1").moving_mean.numpy(), base.get_layer("conv_1").kernel.numpy()]
    fit(network, examples())
    assert np.array_equal(base.get_layer("norm_1").moving_mean.numpy(), kept[0])
    assert not np.array_equal(base.get_layer("conv_1").kernel.numpy(), kept[1])


def test_what_is_inside_does_not_hear_of_training():
    images, _ = examples(count=5)
    base = keras.Sequential([*convolutions().layers, layers.Dropout(0.9)])
    inner = InferenceMode(base)
    before = fingerprint(base)
    expected = base(images, training=False).numpy()
    inputs = keras.Input((8, 8, 3))
    for called in (inner, keras.Model(inputs, inner(inputs))):
        assert np.array_equal(called(images, training=True).numpy(), expected)
    assert fingerprint(base) == before


def test_a_network_with_a_head_comes_back_from_a_file(tmp_path):
    network = with_head(convolutions(), 3)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    images, _ = examples(count=2)
    assert np.array_equal(again(images, training=True), network(images, training=False))
    assert fingerprint(again) == fingerprint(network)


def test_bytes_go_in_if_the_base_takes_bytes():
    base = keras.Sequential([keras.Input((4, 4, 3), dtype="uint8"), layers.Rescaling(1 / 255)])
    assert with_head(base, 2).inputs[0].dtype == "uint8"


@pytest.mark.parametrize(
    ("base", "classes", "message"),
    [
        (convolutions(), 1, "classes must be an integer, at least 2"),
        (keras.Sequential([keras.Input((4, 4)), layers.Dense(2)]), 2, "features or maps"),
    ],
)
def test_a_head_that_cannot_be_is_refused(base, classes, message):
    with pytest.raises(ValueError, match=message):
        with_head(base, classes)


def test_a_base_with_two_outputs_is_refused():
    inputs = keras.Input((4,))
    two = keras.Model(inputs, [layers.Dense(2)(inputs), layers.Dense(2)(inputs)])
    with pytest.raises(ValueError, match="base must have one input and one output, not 1 and 2"):
        with_head(two, 2)


# --- thawing the end ---


@pytest.mark.parametrize("count", [0, 1, 2, 3])
@pytest.mark.parametrize("nested", [False, True])
def test_exactly_the_last_layers_learn_and_batch_normalisation_never(count, nested):
    inner = convolutions((2, 3, 4))
    base = averaged(inner) if nested else inner
    base.trainable = False
    names = unfreeze_last(base, count)
    assert names == [f"conv_{number}" for number in (1, 2, 3)][3 - count :]
    before = {layer.name: fingerprint(layer) for layer in inner.layers if layer.weights}
    head = [] if nested else [layers.GlobalAveragePooling2D()]
    network = keras.Sequential([base, *head, layers.Dense(3)])  # training mode: no with_head
    fit(network, examples())
    changed = [name for name, old in before.items() if fingerprint(inner.get_layer(name)) != old]
    assert changed == names


def test_a_model_with_a_head_is_thawed_from_its_head_down():
    network = with_head(convolutions(), 3)
    with frozen(network):
        assert not network.trainable_weights
    assert unfreeze_last(network, 2) == ["conv_2", "logits"]
    assert len(network.trainable_weights) == 3


@pytest.mark.parametrize("count", [-1, 3])
def test_more_layers_than_there_are_cannot_be_thawed(count):
    with pytest.raises(
        ValueError, match=f"layers must be an integer, at least 0 and at most 2, not {count}"
    ):
        unfreeze_last(convolutions(), count)


# --- what training may change ---


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_parts_that_are_free_are_those_that_keras_counts(count):
    base = convolutions()
    unfreeze_last(base, count)
    network = with_head(base, 3)
    rows = trainable_parts(network)
    assert [name for name, _, _ in rows] == ["conv_1", "norm_1", "conv_2", "norm_2", "logits"]
    assert sum(free for _, free, _ in rows) == sum(
        w.numpy().size for w in network.trainable_weights
    )
    averages = 2 * (4 + 6)
    assert sum(free + still for _, free, still in rows) == network.count_params() - averages
