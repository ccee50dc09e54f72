"""The course's networks are built as their names say."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.models import dense_network, relu_tanh_selu_network


@settings(max_examples=15, deadline=None)
@given(
    units=st.lists(st.integers(1, 20), max_size=3),
    classes=st.integers(2, 12),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
)
def test_a_dense_network_has_the_layers_and_the_weights_that_were_asked_for(units, classes, shape):
    network = dense_network(units, classes=classes, shape=shape)
    sizes = [int(np.prod(shape)), *units, classes]
    assert network.output_shape == (None, classes)
    assert network.count_params() == sum(
        (before + 1) * after for before, after in itertools.pairwise(sizes)
    )
    names = [layer.name for layer in network.layers]
    assert names == ["flatten", *(f"hidden_{n}" for n in range(1, len(units) + 1)), "logits"]


def test_a_dense_network_returns_logits_not_probabilities():
    keras.utils.set_random_seed(0)
    logits = dense_network((8,))(np.full((4, 28, 28), 50.0, "float32")).numpy()
    assert logits.min() < 0
    assert not np.allclose(logits.sum(axis=1), 1)


def test_the_same_seed_gives_the_same_first_weights():
    def weights():
        keras.utils.set_random_seed(3)
        return dense_network((4, 4)).get_weights()

    assert all((a == b).all() for a, b in zip(weights(), weights(), strict=True))


def test_activation_and_initializer_reach_every_hidden_layer():
    network = dense_network((4, 4), activation="selu", kernel_initializer="lecun_normal")
    assert [layer.activation.__name__ for layer in network.layers[1:-1]] == ["selu", "selu"]
    assert network.layers[-1].activation.__name__ == "linear"
    kinds = {type(layer.kernel_initializer).__name__ for layer in network.layers[1:]}
    assert kinds == {"LecunNormal"}


@pytest.mark.parametrize("arguments", [{"units": (8, 0)}, {"classes": 1}])
def test_a_network_that_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError, match=r"(units|classes) must be an integer"):
        dense_network(**arguments)


def test_each_hidden_layer_of_the_functional_network_has_the_activation_of_its_name():
    network = relu_tanh_selu_network(shape=(4, 5), classes=3)
    hidden = [layer for layer in network.layers if layer.name in ("relu", "tanh", "selu")]
    assert [(each.units, each.activation.__name__) for each in hidden] == [
        *((256, "relu"), (128, "tanh"), (64, "selu")),
    ]
    assert (network.input_shape, network.output_shape) == ((None, 4, 5), (None, 3))
    assert network.layers[-1].activation is keras.activations.linear
