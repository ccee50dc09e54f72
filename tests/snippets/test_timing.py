"""Ways that are timed in turn: what drifts drops out, what is inside the noise is called so."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from snippets.timing import (
    build_with_policy,
    interleave,
    nested_steps,
    speed_verdict,
    throughput,
    times_as_fast,
)

factors = st.floats(0.01, 100)


class Machine:
    """A clock that only its own work moves on, and that gets slower with every piece of work."""

    def __init__(self, slower: float = 1.0) -> None:
        self.now, self.pace, self.slower, self.did = 0.0, 1.0, slower, []

    def work(self, name: str, seconds: float):
        def run():
            self.now += seconds * self.pace
            self.pace *= self.slower
            self.did.append(name)

        return run


def test_the_ways_take_turns_and_turn_round_after_a_first_unmeasured_call():
    machine = Machine()
    ways = {name: machine.work(name, 1.0) for name in "abc"}
    interleave(ways, rounds=3, clock=lambda: machine.now)
    assert "".join(machine.did) == "abc" + "abc" + "cba" + "abc"


@given(seconds=st.lists(st.floats(1e-3, 10), min_size=1, max_size=4), calls=st.integers(1, 5))
def test_each_way_is_charged_its_own_seconds_a_call(seconds, calls):
    machine = Machine()
    ways = {str(i): machine.work(str(i), each) for i, each in enumerate(seconds)}
    found = interleave(ways, rounds=2, calls=calls, clock=lambda: machine.now)
    for i, each in enumerate(seconds):
        assert found[str(i)] == pytest.approx([each, each])


def test_the_costly_first_call_is_not_charged():
    machine, first = Machine(), []

    def way():
        machine.now += 1.0 if first else 1000.0
        first.append(True)

    assert interleave({"way": way}, rounds=2, clock=lambda: machine.now)["way"].max() == 1.0


def test_a_machine_that_slows_down_hardly_changes_the_ratio_of_two_ways():
    machine = Machine(slower=1.02)
    ways = {"old": machine.work("old", 2.0), "new": machine.work("new", 1.0)}
    seconds = interleave(ways, rounds=20, clock=lambda: machine.now)
    assert seconds["old"][-1] > 1.9 * seconds["old"][0]  # it did slow down
    ratios = times_as_fast(seconds, "old")["new"]
    assert np.median(ratios) == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("wrong", [{"ways": {}}, {"rounds": 0}, {"calls": 0}])
def test_nothing_to_time_is_refused(wrong):
    arguments = {"ways": {"a": lambda: None}} | wrong
    with pytest.raises(ValueError, match=r"must hold at least one|must be an integer, at least 1"):
        interleave(arguments.pop("ways"), **arguments)


@given(old=st.lists(st.floats(1e-3, 10), min_size=1, max_size=6), factor=factors)
def test_a_way_that_takes_a_factor_less_is_that_factor_times_as_fast(old, factor):
    ratios = times_as_fast({"old": old, "new": np.array(old) / factor}, "old")
    assert list(ratios) == ["new"]
    assert ratios["new"] == pytest.approx(np.full(len(old), factor))


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        ({"new": [1.0]}, "must be one of"),
        ({"old": [1.0, 2.0], "new": [1.0]}, "rounds like the others"),
        ({"old": [1.0], "new": [0.0]}, "positive"),
        ({"old": [float("inf")], "new": [1.0]}, "positive"),
    ],
)
def test_times_that_cannot_be_compared_are_refused(seconds, message):
    with pytest.raises(ValueError, match=message):
        times_as_fast(seconds, "old")


@given(factor=st.floats(1.2, 50), wobble=st.floats(0, 0.05))
def test_faster_and_slower_are_judged_alike(factor, wobble):
    ratios = factor * np.array([1 - wobble, 1.0, 1 + wobble])
    assert speed_verdict(ratios) == f"{factor:.2g} times as fast"
    assert speed_verdict(1 / ratios) == f"{1 / factor:.2g} times as fast"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(1.04, "1.04"), (0.996, "0.996"), (1.00012, "1.0001"), (99.6, "100"), (1234.5, "1234")],
)
def test_a_difference_is_never_told_as_once_as_fast_nor_in_powers_of_ten(ratio, said):
    assert speed_verdict([ratio], margin=1.00001) == f"{said} times as fast"


@given(ratios=st.lists(st.floats(0.92, 1.08), min_size=1, max_size=9))
def test_what_stays_within_the_margin_is_no_difference(ratios):
    assert speed_verdict(ratios) == "no faster and no slower"


@given(high=st.floats(1.5, 9), low=st.floats(0.1, 0.99))
def test_rounds_that_disagree_on_the_direction_are_no_difference(high, low):
    assert speed_verdict([high, high, low]) == "no faster and no slower"


@pytest.mark.parametrize("ratios", [[], [1.0, 0.0], [1.0, float("nan")]])
def test_ratios_that_are_none_are_refused(ratios):
    with pytest.raises(ValueError, match="ratios must be positive"):
        speed_verdict(ratios)


def test_a_margin_must_be_above_one():
    with pytest.raises(ValueError, match="margin"):
        speed_verdict([1.0], margin=1.0)


CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.fixture
def network() -> keras.Sequential:
    keras.utils.set_random_seed(7)
    hidden = keras.layers.Dense(5, activation="relu")
    return keras.Sequential([keras.Input((4,)), hidden, keras.layers.Dense(3)])


@pytest.fixture
def batch() -> tuple[tf.Tensor, tf.Tensor]:
    inputs = np.random.default_rng(7).normal(size=(6, 4)).astype("float32")
    return tf.constant(inputs), tf.constant([0, 1, 2, 0, 1, 2])


def test_only_the_update_changes_the_weights_and_all_three_return_the_loss(network, batch):
    steps, before = nested_steps(network, CROSS_ENTROPY), network.get_weights()
    losses = [float(steps[name](*batch)) for name in ("forward", "backward")]
    assert all(map(np.array_equal, before, network.get_weights()))
    losses.append(float(steps["update"](*batch)))
    assert losses == pytest.approx([float(CROSS_ENTROPY(batch[1], _answer(before, batch[0])))] * 3)
    assert not any(map(np.array_equal, before[::2], network.get_weights()[::2]))


def _answer(weights, inputs):
    first, bias, last, shift = weights
    return np.maximum(inputs @ first + bias, 0) @ last + shift


def test_the_update_is_the_step_that_keras_takes(network, batch):
    twin = keras.models.clone_model(network)
    twin.set_weights(network.get_weights())
    twin.compile(keras.optimizers.Adam(0.01), CROSS_ENTROPY)
    step = nested_steps(network, CROSS_ENTROPY, learning_rate=0.01)["update"]
    for _ in range(3):
        step(*batch)
        twin.train_on_batch(*batch)
    for mine, theirs in zip(network.get_weights(), twin.get_weights(), strict=True):
        assert mine == pytest.approx(theirs, abs=1e-6)


def test_the_graph_of_the_way_back_keeps_the_products_that_nobody_asks_for(network, batch):
    def products(step):
        graph = step.get_concrete_function(*batch).graph
        return sum(operation.type == "MatMul" for operation in graph.get_operations())

    steps = nested_steps(network, CROSS_ENTROPY)
    assert products(steps["forward"]) == 2
    assert products(steps["backward"]) == products(steps["update"]) == 5  # none to the inputs


def test_the_way_back_is_taken_and_not_pruned(network, batch):
    """A loss of 0 whose slopes are not numbers: who takes the way back cannot miss them."""
    steps = nested_steps(network, lambda labels, answers: tf.sqrt(tf.reduce_sum(answers * 0.0)))
    assert float(steps["forward"](*batch)) == 0.0
    assert np.isnan(float(steps["backward"](*batch)))


def test_a_network_that_cannot_be_trained_is_refused():
    for network in (
        keras.Sequential([keras.layers.Dense(1)]),
        keras.Sequential([keras.Input((2,))]),
    ):
        with pytest.raises(
            ValueError,
            match=r"network .*(must be a Keras model that is built|has no weights to train)",
        ):
            nested_steps(network, CROSS_ENTROPY)


def test_throughput_builds_under_the_policy_and_puts_the_old_one_back():
    seen = []

    def build():
        seen.append(keras.config.dtype_policy().name)
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])

    assert throughput(build, "mixed_bfloat16", batch_size=8) > 0
    assert seen == ["mixed_bfloat16"]
    assert keras.config.dtype_policy().name == "float32"


def test_the_old_policy_is_put_back_after_a_failure():
    def broken():
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        build_with_policy("float64", broken)
    assert keras.config.dtype_policy().name == "float32"


def test_throughput_of_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="batch_size must be"):
        throughput(lambda: None, batch_size=0)
