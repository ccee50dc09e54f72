"""Two trainings give the same bits, or it is said which weights differ."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from snippets import reproducible
from snippets.reproducible import differing_weights, make_reproducible

# Determinism cannot be switched off again, so it is switched on in a process of its own.
SCRIPT = """
import dataclasses, json
import keras, tensorflow as tf
import reproducible

conditions = reproducible.make_reproducible(7)
first = tf.random.normal((3,)).numpy().tolist()
keras.utils.set_random_seed(7)
again = tf.random.normal((3,)).numpy().tolist()
tf.random.set_seed(None)
try:
    tf.random.normal((3,))
    refused = ""
except RuntimeError as error:
    refused = str(error)
print(json.dumps([dataclasses.asdict(conditions), first == again, refused]))
"""


def test_seeds_and_determinism_are_set_and_the_conditions_written_down(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={
            "PYTHONPATH": str(Path(reproducible.__file__).parent),
            "OMP_NUM_THREADS": "1",
            "TF_NUM_INTRAOP_THREADS": "2",
        },
    )
    conditions, is_seeded, refused = json.loads(done.stdout.splitlines()[-1])
    assert is_seeded
    assert "determinism" in refused  # a draw without a seed is an error once it is on
    assert conditions["seed"] == 7
    assert conditions["versions"]["keras"] == keras.__version__
    assert conditions["versions"]["numpy"] == np.__version__
    assert conditions["devices"][0].startswith("CPU")
    assert conditions["threads"]["processors"] >= 1
    assert conditions["dtype_policy"] == "float32"
    assert conditions["switches"] == {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "2"}


def network(*, bias: str | keras.initializers.Initializer = "zeros", units: int = 2) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(units, name="first"),
            keras.layers.Dense(1, name="second", bias_initializer=bias),
        ]
    )


def test_a_training_that_follows_the_seeds_has_no_differing_weights():
    inputs = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")

    def train():
        built = network()
        built.compile("adam", "mse")
        built.fit(inputs, np.random.rand(32), epochs=2, batch_size=8, verbose=0)
        return built

    assert differing_weights(train) == []


def test_the_weights_that_differ_are_named_and_no_others():
    generator = np.random.default_rng(0)  # goes on drawing, whatever seed is set

    def train():
        return network(bias=keras.initializers.Constant(generator.random()))

    assert [path.split("/", 1)[-1] for path in differing_weights(train)] == ["second/bias"]


def test_the_sign_of_a_zero_is_a_difference():
    signs = iter([0.0, -0.0])

    def train():
        built = network()
        built.layers[-1].bias.assign([next(signs)])
        return built

    assert len(differing_weights(train)) == 1


def test_the_seed_is_that_of_the_weights():
    assert differing_weights(network, seed=3) == []
    keras.utils.set_random_seed(3)
    expected = network().get_weights()[0]
    seen = []
    differing_weights(lambda: seen.append(network()) or seen[-1], seed=3)
    assert all((each.get_weights()[0] == expected).all() for each in seen)


ONE = network()
SIZES = iter([2, 3])


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (ONE, "train must be a function that returns a network, not <Sequential"),
        (None, "train must be a function that returns a network, not None"),
        (lambda: None, "train must return a keras.Model with weights, not None"),
        (keras.Sequential, "train must return a keras.Model with weights, not <Sequential"),
        (lambda: ONE, "not return the same one twice"),
        (lambda: network(units=next(SIZES)), r"the same shapes, not \[\(3, 2\), .* and \[\(3, 3\)"),
        (
            lambda: network(bias=keras.initializers.Constant(np.nan)),
            "train returned NaN or infinity in .*second/bias",
        ),
    ],
)
def test_what_trains_no_two_networks_is_refused(train, words):
    with pytest.raises(ValueError, match=words):
        differing_weights(train)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, float("nan"), "1", None, True])
def test_a_seed_that_is_none_is_refused_before_anything_is_set(seed, monkeypatch):
    monkeypatch.setattr(keras.utils, "set_random_seed", None)
    for function in (make_reproducible, lambda seed: differing_weights(network, seed=seed)):
        with pytest.raises(
            ValueError, match="seed must be an integer, at least 0 and at most 4294967295, not"
        ):
            function(seed)
