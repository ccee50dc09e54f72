"""What a batch size costs: memory by the shapes of the layers, time by the clock, and nothing else changes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from snippets import batch_sizes
from snippets.batch_sizes import batch_size_costs


def new_network() -> keras.Model:
    """Return a network whose layers do something else in training, and count what they see."""
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    maps = keras.layers.Conv2D(4, 3, name="conv")(keras.layers.Rescaling(1 / 255)(inputs))
    maps = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(maps))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(maps)))


def test_activations_are_the_numbers_that_the_layers_return_for_each_example():
    # Rescaled, 8 by 8; convolved, normalised, dropped and laid flat, 6 by 6 by 4 each; three scores.
    bytes_of_one = 4 * (64 + 4 * 144 + 3)
    costs = batch_size_costs(new_network(), sizes=[2, 7])
    assert [cost.activation_megabytes * 1e6 for cost in costs] == pytest.approx(
        [2 * bytes_of_one, 7 * bytes_of_one]
    )


def test_half_precision_takes_half_the_memory_in_the_layers_that_use_it():
    def costs(dtype: str) -> float:
        dense = keras.layers.Dense(10, dtype=dtype)
        (cost,) = batch_size_costs(keras.Sequential([keras.Input((4,)), dense]), sizes=[1])
        return cost.activation_megabytes

    assert costs("mixed_float16") == costs("float32") / 2


def test_the_layers_of_a_network_inside_a_network_count_each():
    base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6), keras.layers.Dense(5)])
    inputs = keras.Input((4,))
    (cost,) = batch_size_costs(keras.Model(inputs, keras.layers.Dense(2)(base(inputs))), sizes=[1])
    assert cost.activation_megabytes * 1e6 == pytest.approx(4 * (6 + 5 + 2))


def test_rows_come_in_the_order_of_the_sizes_and_agree_with_themselves():
    costs = batch_size_costs(new_network(), sizes=np.array([8, 2]))
    assert [cost.batch_size for cost in costs] == [8, 2]
    for cost in costs:
        assert cost.examples_per_second == pytest.approx(cost.batch_size / cost.seconds)


def test_the_seconds_are_the_median_of_five_steps_after_one_that_traces(monkeypatch):
    # Two readings for each step: it takes 1, 9, 2, 8 and 3 seconds.
    readings = iter([0, 1, 1, 10, 10, 12, 12, 20, 20, 23])
    monkeypatch.setattr(batch_sizes.time, "perf_counter", lambda: float(next(readings)))
    (cost,) = batch_size_costs(new_network(), sizes=[6])
    assert (cost.seconds, cost.examples_per_second) == (3.0, 2.0)


def test_weights_statistics_and_random_states_are_as_before():
    network = new_network()
    before = [np.asarray(variable) for variable in network.variables]
    batch_size_costs(network, sizes=[16])
    for value, variable in zip(before, network.variables, strict=True):
        np.testing.assert_array_equal(value, np.asarray(variable))


def test_several_inputs_and_outputs_are_taken_together():
    left, right = keras.Input((3,)), keras.Input((2,), dtype="int32")
    both = keras.layers.Concatenate()([left, keras.layers.CategoryEncoding(4, "multi_hot")(right)])
    network = keras.Model([left, right], [keras.layers.Dense(2)(both), keras.layers.Dense(1)(both)])
    (cost,) = batch_size_costs(network, sizes=[5])
    assert cost.activation_megabytes * 1e6 == pytest.approx(5 * 4 * (4 + 7 + 2 + 1))


def test_the_peak_is_that_of_the_steps_alone_where_there_is_a_gpu_and_nothing_without(monkeypatch):
    (cost,) = batch_size_costs(new_network(), sizes=[4])
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    assert (cost.peak_megabytes is not None) == has_gpu
    asked: list[str] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.setattr(
        tf.config.experimental, "reset_memory_stats", lambda device: asked.append(f"reset {device}")
    )
    monkeypatch.setattr(
        tf.config.experimental,
        "get_memory_info",
        lambda device: asked.append(f"ask {device}") or {"current": 1, "peak": 3_000_000},
    )
    (cost,) = batch_size_costs(new_network(), sizes=[4])
    assert cost.peak_megabytes == 3.0
    assert asked == ["reset GPU:0", "ask GPU:0"]


@pytest.mark.parametrize("sizes", [[], "32", [32, 0], [1.5], [True], [None]])
def test_what_are_no_batch_sizes_is_refused_with_what_came(sizes):
    with pytest.raises(ValueError, match=r"^sizes must be"):
        batch_size_costs(new_network(), sizes=sizes)


def test_a_network_whose_sizes_are_not_known_is_refused():
    open_network = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(
        ValueError, match=r"^network must know the sizes of its inputs.*None, None, 1"
    ):
        batch_size_costs(open_network)


def test_a_network_whose_layers_work_only_in_its_own_code_is_refused():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2, name="inner")

        def call(self, inputs):
            return self.dense(inputs)

    inputs = keras.Input((4,))
    with pytest.raises(ValueError, match=r"^network has a layer, inner, without an output"):
        batch_size_costs(keras.Model(inputs, Own()(inputs)))
