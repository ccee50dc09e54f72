"""The callback that stops at an accuracy stops there, and never silently fails to."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.training import StopAtAccuracy


class Trainer:
    """What a callback sees of a model."""

    stop_training = False


def stops_after(accuracies: list[float], target: float) -> tuple[int, StopAtAccuracy]:
    """Return how many epochs run if each logs one of these accuracies."""
    callback = StopAtAccuracy(target)
    trainer = Trainer()
    callback.set_model(trainer)
    callback.on_train_begin()
    for epoch, accuracy in enumerate(accuracies):
        callback.on_epoch_end(epoch, {"val_accuracy": accuracy})
        if trainer.stop_training:
            return epoch + 1, callback
    return len(accuracies), callback


@given(accuracies=st.lists(st.floats(0, 1), min_size=1, max_size=20), target=st.floats(0.01, 1))
def test_it_stops_after_the_first_epoch_that_reaches_the_target(accuracies, target):
    epochs, callback = stops_after(accuracies, target)
    reached = [epoch for epoch, each in enumerate(accuracies, start=1) if each >= target]
    assert callback.epoch == (reached[0] if reached else None)
    assert epochs == (reached[0] if reached else len(accuracies))


def test_it_forgets_an_earlier_training():
    callback = stops_after([0.9], 0.5)[1]
    assert callback.epoch == 1
    callback.on_train_begin()
    assert callback.epoch is None


def fit(callback: StopAtAccuracy, **arguments) -> keras.callbacks.History:
    keras.utils.set_random_seed(0)
    points = np.random.default_rng(0).normal(size=(200, 2)).astype("float32")
    labels = (points[:, 0] > 0).astype(int)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    network.compile(
        keras.optimizers.Adam(0.05),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return network.fit(points, labels, epochs=30, callbacks=[callback], verbose=0, **arguments)


def test_it_stops_a_real_training_on_validation_data():
    callback = StopAtAccuracy(0.9)
    history = fit(callback, validation_split=0.2).history["val_accuracy"]
    assert callback.epoch == len(history) < 30
    assert history[-1] >= 0.9 > max(history[:-1], default=0)


def test_a_name_that_fit_does_not_log_is_an_error_that_lists_the_names():
    with pytest.raises(KeyError, match=r"val_accuracy.*only accuracy, loss"):
        fit(StopAtAccuracy(0.9))


def test_logs_that_are_missing_altogether_are_an_error_too():
    with pytest.raises(KeyError, match="accuracy"):
        StopAtAccuracy(0.9).on_epoch_end(0)


@pytest.mark.parametrize("target", [0.0, -1.0, 1.01, 85, float("nan")])
def test_a_target_that_is_no_accuracy_is_refused(target):
    with pytest.raises(ValueError, match="target"):
        StopAtAccuracy(target)
