"""The one-cycle schedule, the quick training and the stopwatch keep their promises."""

import time
from contextlib import suppress

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.training import OneCycle, Stopwatch, fit_one_cycle

few = settings(max_examples=25, deadline=None)
peaks = st.floats(1e-5, 1.0)
lengths = st.integers(10, 5_000)
warmups = st.floats(0.1, 0.9)


def rates(schedule: OneCycle) -> np.ndarray:
    """Return the learning rate at every step of the cycle, the last one included."""
    return keras.ops.convert_to_numpy(schedule(np.arange(schedule.steps + 1)))


@few
@given(peak=peaks, steps=lengths, warmup=warmups)
def test_the_rate_never_leaves_the_range_from_the_lower_end_to_the_peak(peak, steps, warmup):
    cycle = rates(OneCycle(peak, steps, warmup=warmup))
    assert cycle.max() <= peak * 1.0001
    assert cycle.min() >= peak * 0.001 * 0.999


@few
@given(peak=peaks, steps=lengths, warmup=warmups)
def test_the_rate_climbs_until_the_peak_and_then_only_falls(peak, steps, warmup):
    cycle = rates(OneCycle(peak, steps, warmup=warmup))
    top = int(np.argmax(cycle))
    slack = peak * 1e-5
    assert abs(top - warmup * steps) <= 1 + 0.02 * steps
    assert (np.diff(cycle[: top + 1]) >= -slack).all()
    assert (np.diff(cycle[top:]) <= slack).all()


@few
@given(peak=peaks, steps=lengths)
def test_the_cycle_starts_at_its_start_peaks_at_its_peak_and_ends_at_its_end(peak, steps):
    schedule = OneCycle(peak, 2 * steps, warmup=0.5, start=0.1, end=0.01)
    found = [float(schedule(step)) for step in (0, steps, 2 * steps)]
    assert found == pytest.approx([0.1 * peak, peak, 0.01 * peak], rel=1e-3)


def test_the_rate_stays_at_its_end_after_the_last_step():
    schedule = OneCycle(0.01, 100, end=0.05)
    assert float(schedule(100)) == float(schedule(12_345)) == pytest.approx(0.0005)


def test_a_schedule_survives_being_serialised():
    schedule = OneCycle(0.02, 77, warmup=0.4, start=0.2, end=0.3)
    written = keras.optimizers.schedules.serialize(schedule)
    read = keras.optimizers.schedules.deserialize(written)
    assert isinstance(read, OneCycle)
    assert read.get_config() == schedule.get_config()


def test_a_saved_model_keeps_its_schedule(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(OneCycle(0.02, 50)), "mse")
    model.fit(np.ones((8, 2)), np.ones(8), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    read = keras.saving.load_model(tmp_path / "model.keras")
    assert read.optimizer.get_config()["learning_rate"]["config"]["peak"] == 0.02


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"peak": 0.0, "steps": 10}, "peak"),
        ({"peak": float("nan"), "steps": 10}, "peak"),
        ({"peak": 0.1, "steps": 0}, "steps"),
        ({"peak": 0.1, "steps": 10, "warmup": 1.0}, "warmup"),
        ({"peak": 0.1, "steps": 10, "end": 1.5}, "end"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_by_name(arguments, wrong):
    with pytest.raises(ValueError, match=wrong):
        OneCycle(**arguments)


def test_training_with_the_schedule_lowers_the_loss():
    keras.utils.set_random_seed(0)
    points = np.random.default_rng(0).normal(size=(512, 4)).astype("float32")
    labels = (points.sum(axis=1) > 0).astype("int32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(
        keras.optimizers.Adam(OneCycle(0.1, 80)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    losses = model.fit(points, labels, epochs=5, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_the_stopwatch_tells_work_from_waiting():
    with Stopwatch() as waiting:
        time.sleep(0.2)
    with Stopwatch() as working:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    assert waiting.wall_seconds >= 0.2
    assert waiting.cpu_seconds < 0.1
    assert working.cpu_seconds >= 0.2


def test_the_stopwatch_counts_a_block_that_fails():
    stopwatch = Stopwatch()
    with suppress(KeyError), stopwatch:
        time.sleep(0.01)
        raise KeyError
    assert stopwatch.wall_seconds >= 0.01


def two_blobs(examples: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return points around (-1, -1) and (1, 1), and which of the two each belongs to."""
    labels = np.arange(examples) % 2
    points = np.random.default_rng(0).normal(2 * labels[:, None] - 1, 0.3, (examples, 2))
    return points.astype("float32"), labels


def linear_network() -> keras.Sequential:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])


def test_one_cycle_training_learns_and_reports_each_epoch():
    blobs = two_blobs()
    history = fit_one_cycle(
        linear_network(), blobs, validation=blobs, epochs=8, batch_size=16, peak=0.1
    )
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_accuracy"][-1] > 0.95
    assert {len(values) for values in history.values()} == {8}


class Traced(keras.layers.Layer):
    """Counts how often a step is traced through it."""

    times = 0

    def call(self, inputs):
        if tf.inside_function():
            self.times += 1
        return inputs


def test_one_cycle_training_traces_a_step_once_and_changes_no_bit():
    examples = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    networks = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        inner = [Traced(), keras.layers.Dense(4), keras.layers.Dropout(0.5)]
        network = keras.Sequential([keras.Input((3,)), *inner, keras.layers.Dense(2)])
        networks.append(network)
    quick, by_hand = networks
    traces = [network.layers[0].times for network in networks]
    history = fit_one_cycle(quick, examples, epochs=2, batch_size=8)
    keras.utils.set_random_seed(0)
    by_hand.compile(
        keras.optimizers.Adam(OneCycle(0.006, 6)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=3,
    )
    run = by_hand.fit(*examples, epochs=2, batch_size=8, verbose=0)
    once, twice = (n.layers[0].times - before for n, before in zip(networks, traces, strict=True))
    assert once < twice
    assert once == 1
    assert history == run.history
    for weights, others in zip(quick.get_weights(), by_hand.get_weights(), strict=True):
        assert (weights == others).all()


def test_the_cycle_spans_all_steps_the_smaller_last_batch_included():
    network = linear_network()
    fit_one_cycle(network, two_blobs(50), epochs=3, batch_size=16)
    assert int(network.optimizer.iterations) == 3 * 4
    last_rate = float(keras.ops.convert_to_numpy(network.optimizer.learning_rate))
    assert last_rate < 0.006 * 0.01


def test_one_cycle_training_calls_the_callbacks():
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    fit_one_cycle(linear_network(), two_blobs(), epochs=2, callbacks=[callback])
    assert seen == [0, 1]


@pytest.mark.parametrize("counts", [(0, 0), (4, 3)])
def test_one_cycle_training_refuses_examples_without_their_labels(counts):
    inputs, labels = np.zeros((counts[0], 2), "float32"), np.zeros(counts[1], int)
    with pytest.raises(ValueError, match="need as many"):
        fit_one_cycle(linear_network(), (inputs, labels))
