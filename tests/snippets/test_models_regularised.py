"""The regularised network has the layers, the penalty and the dropout that it promises."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.models import regularised_network

NAMES = ["flatten", "hidden_1", "dropout_1", "hidden_2", "dropout_2", "logits"]
few = settings(max_examples=15, deadline=None)


def test_the_layers_and_the_model_are_named():
    network = regularised_network(name="published")
    assert network.name == "published"
    assert [layer.name for layer in network.layers] == NAMES


def test_the_defaults_are_those_of_the_recipe():
    network = regularised_network()
    hidden, logits = network.get_layer("hidden_1"), network.get_layer("logits")
    assert [layer.units for layer in network.layers if hasattr(layer, "units")] == [100, 100, 10]
    assert hidden.activation is keras.activations.relu
    assert logits.activation is keras.activations.linear
    for layer in (hidden, network.get_layer("hidden_2"), logits):
        for regularizer in (layer.kernel_regularizer, layer.bias_regularizer):
            assert isinstance(regularizer, keras.regularizers.L2)
            assert float(regularizer.l2) == pytest.approx(0.01)
        for initializer in (layer.kernel_initializer, layer.bias_initializer):
            assert isinstance(initializer, keras.initializers.LecunNormal)


@few
@given(strength=st.floats(1e-6, 1.0), seed=st.integers(0, 99), biases=st.booleans())
def test_the_penalty_is_the_strength_times_the_sum_of_squares(strength, seed, biases):
    keras.utils.set_random_seed(seed)
    network = regularised_network(
        (5, 4), strength=strength, penalise_biases=biases, shape=(3,), classes=2
    )
    weights = network.get_weights()
    squares = sum(float((w**2).sum()) for w in weights if biases or w.ndim == 2)
    assert len(network.losses) == (6 if biases else 3)
    assert float(sum(network.losses)) == pytest.approx(strength * squares, rel=1e-4)


def test_a_strength_of_0_leaves_no_penalty_and_a_dropout_of_0_no_layer():
    network = regularised_network(strength=0.0, dropout=0.0)
    assert network.losses == []
    assert [layer.name for layer in network.layers] == ["flatten", "hidden_1", "hidden_2", "logits"]


def test_dropout_acts_in_training_alone():
    network = regularised_network((50,), dropout=0.5, shape=(4,))
    inputs = np.ones((2, 4), "float32")
    calm, calm_again = network(inputs), network(inputs)
    noisy, noisy_again = network(inputs, training=True), network(inputs, training=True)
    assert np.allclose(calm, calm_again)
    assert not np.allclose(noisy, noisy_again)


def test_the_same_seed_gives_the_same_first_weights_with_and_without_regularisation():
    first = []
    for arguments in ({}, {"strength": 0.0, "dropout": 0.0}):
        keras.utils.set_random_seed(3)
        first.append(regularised_network(**arguments).get_weights()[0])
    assert (first[0] == first[1]).all()


def test_biases_do_not_start_at_0():
    biases = regularised_network().get_layer("hidden_1").bias.numpy()
    assert 0.05 < biases.std() < 0.2


def test_a_saved_network_comes_back_with_its_penalty(tmp_path):
    network = regularised_network((3,), shape=(2,), classes=2)
    network.save(tmp_path / "network.keras")
    read = keras.saving.load_model(tmp_path / "network.keras")
    assert float(sum(read.losses)) == pytest.approx(float(sum(network.losses)))


@pytest.mark.parametrize(
    "arguments",
    [
        {"units": (100, 0)},
        {"classes": 1},
        {"strength": -0.1},
        {"strength": float("nan")},
        {"dropout": 1.0},
        {"dropout": -0.1},
    ],
)
def test_a_network_that_makes_no_sense_is_refused(arguments):
    with pytest.raises(ValueError, match=r"(units|classes|strength|dropout) must be"):
        regularised_network(**arguments)
