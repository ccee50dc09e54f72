"""A network in mixed precision is compared with float32, and its usual mistakes are named."""

import keras
import numpy as np
import pytest

from snippets.mixed_precision import compare_mixed_precision

INPUTS = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
LABELS = np.arange(16) % 2


def built(*layers: keras.layers.Layer, compiled: bool = True) -> keras.Model:
    network = keras.Sequential([keras.Input((3,)), *layers])
    if compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile("sgd", loss, run_eagerly=True)
    return network


def dense(units: int, **options) -> keras.layers.Layer:
    return keras.layers.Dense(units, **options)


def fit_for_mixed_precision() -> keras.Model:
    return built(dense(8), dense(2, dtype="float32"))


@pytest.mark.parametrize(("policy", "most"), [("mixed_float16", 2e-3), ("mixed_bfloat16", 2e-2)])
def test_the_difference_is_that_of_two_networks_with_equal_weights(policy, most):
    networks = []

    def build():
        networks.append(fit_for_mixed_precision())
        return networks[-1]

    found = compare_mixed_precision(build, INPUTS, labels=LABELS, policy=policy)
    full, mixed = (each.predict(INPUTS, verbose=0) for each in networks)
    assert found.largest_difference == pytest.approx(np.abs(full - mixed).max())
    assert 0 < found.largest_difference < most * found.largest_output
    assert found.largest_output == pytest.approx(np.abs(full).max())
    assert found.loss == pytest.approx(networks[0].evaluate(INPUTS, LABELS, verbose=0))
    assert found.mixed_loss == pytest.approx(found.loss, rel=most)
    assert keras.config.dtype_policy().name == "float32"


def the_same():
    network = built(dense(2))
    return lambda: network


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: built(dense(2)), "the last layer must return float32, not float16"),
        (the_same(), "not return the same one twice"),
        (
            lambda: built(dense(2, dtype="float32")),
            "follow the policy, but none computes in float16",
        ),
        (lambda: built(dense(2), compiled=False), "build must return a network that is compiled"),
        (
            lambda: keras.Sequential([dense(2)]),
            "build must return a network that is built: begin with keras.Input",
        ),
        (lambda: None, "build must return a keras.Model, not NoneType"),
        (
            lambda: built(keras.layers.Rescaling(1e6), dense(2, dtype="float32")),
            "outputs in mixed_float16 hold NaN or infinity: float16 ends at 65504",
        ),
        (
            lambda: built(dense(1), keras.layers.Rescaling(np.inf, dtype="float32")),
            "outputs in float32 hold NaN or infinity$",
        ),
    ],
)
def test_the_usual_mistakes_are_named_and_the_policy_is_put_back(build, words):
    with pytest.raises(ValueError, match=words):
        compare_mixed_precision(build, INPUTS, labels=LABELS)
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"build": built(dense(2))}, "build must be a function that returns a compiled network"),
        (
            {"policy": "float16"},
            "policy must be 'mixed_float16' or 'mixed_bfloat16', not 'float16'",
        ),
        ({"inputs": INPUTS[:3]}, "labels must be one for each of 3 inputs, not 16"),
        ({"inputs": INPUTS[:0]}, r"inputs must have a shape .* not \(0, 3\)"),
        ({"inputs": INPUTS * np.nan}, "inputs must be finite"),
        ({"inputs": INPUTS.astype(str)}, "inputs must be numbers, not <U32"),
        ({"inputs": [[1], [2, 3]]}, "inputs must be one array"),
        ({"labels": ["a"] * 16}, "labels must be numbers, not <U1"),
        ({"labels": [np.inf] * 16}, "labels must be finite"),
        ({"labels": 3}, r"labels must have a shape .* not \(\)"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(arguments, words):
    given = {"build": fit_for_mixed_precision, "inputs": INPUTS, "labels": LABELS} | arguments
    with pytest.raises(ValueError, match=words):
        compare_mixed_precision(given.pop("build"), given.pop("inputs"), **given)
