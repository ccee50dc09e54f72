"""Training ends with the weights of the best epoch, in the network and in the file, or with an error."""

import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.stopping import Guard, NotMeasured, stop_at_best

few = settings(max_examples=40, deadline=None)
NAN = float("nan")
EXAMPLES = np.ones((4, 1), "float32"), np.zeros(4, "float32")


def small_network() -> keras.Model:
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return network


NETWORK = small_network()


def play(callbacks, values, *, monitor="val_loss") -> int:
    """Call callbacks as `fit` does, where epoch i ends with weight i and values[i]; return the epochs."""
    listed = keras.callbacks.CallbackList(callbacks, model=NETWORK)
    NETWORK.stop_training = False
    listed.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        listed.on_epoch_begin(epoch)
        NETWORK.layers[0].kernel.assign([[float(epoch)]])
        listed.on_epoch_end(epoch, {"loss": 1.0, monitor: value})
        epochs = epoch + 1
        if NETWORK.stop_training:
            break
    listed.on_train_end()
    return epochs


def weight(network: keras.Model = NETWORK) -> float:
    return float(network.layers[0].get_weights()[0][0, 0])


@few
@given(
    values=st.lists(st.integers(0, 9), min_size=1, max_size=15),
    patience=st.integers(1, 4),
    mode=st.sampled_from(["min", "max"]),
)
def test_the_weights_are_those_of_the_first_best_epoch_whether_stopped_or_run_out(
    values, patience, mode
):
    callbacks = stop_at_best(monitor="val_score", patience=patience, mode=mode)
    epochs = play(callbacks, values, monitor="val_score")
    best = int((np.argmin if mode == "min" else np.argmax)(values[:epochs]))
    assert weight() == best == callbacks[-1].best_epoch
    assert epochs == len(values) or epochs == best + 1 + patience


@pytest.mark.parametrize("values", [[3, 1, 2, 2, 0], [3, 1, 2], [5, 4, 3], [2], [1, 1, 1, 1]])
def test_the_file_holds_the_weights_that_the_network_ends_with(values, tmp_path):
    path = tmp_path / "made" / "best.keras"
    play(stop_at_best(patience=2, path=path), values)
    assert weight(keras.saving.load_model(path)) == weight() == np.argmin(values[:4])


def test_a_real_training_ends_with_the_weights_of_its_best_epoch(tmp_path):
    network = small_network()
    network.optimizer.learning_rate = 0.9  # so steep that the loss climbs from epoch to epoch
    path = tmp_path / "best.keras"
    callbacks = stop_at_best(monitor="val_mae", patience=2, path=path)
    run = network.fit(*EXAMPLES, validation_data=EXAMPLES, epochs=9, callbacks=callbacks, verbose=0)
    assert len(run.epoch) == 3
    ended = network.evaluate(*EXAMPLES, verbose=0, return_dict=True)["mae"]
    assert ended == pytest.approx(min(run.history["val_mae"]), rel=1e-5)
    assert [each.tolist() for each in keras.saving.load_model(path).get_weights()] == [
        each.tolist() for each in network.get_weights()
    ]
    with pytest.raises(RuntimeError, match="'val_mae' have been used: make new ones for each fit"):
        network.fit(*EXAMPLES, validation_data=EXAMPLES, callbacks=callbacks, verbose=0)


def test_a_quantity_that_is_not_measured_ends_training_after_the_first_epoch():
    misspelt = stop_at_best(monitor="val_acc", patience=1)
    with pytest.raises(
        NotMeasured, match="'val_acc' was not measured after epoch 1, only loss and mae"
    ):
        NETWORK.fit(*EXAMPLES, epochs=5, callbacks=misspelt, verbose=0)


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        ({"loss": 1.0}, "only loss: pass validation_data to fit, and leave validation_freq at 1"),
        ({"loss": 1.0, "val_mae": 1.0}, "after epoch 1, only loss and val_mae$"),
        ({}, "after epoch 1, only nothing: pass validation_data"),
        (None, "after epoch 1, only nothing"),
        ({"val_loss": NAN}, "val_loss is nan after epoch 1: .*lower the learning rate"),
        ({"val_loss": float("inf")}, "val_loss is inf after epoch 1"),
        ({"val_loss": np.float16("inf"), "loss": 1.0}, "val_loss is inf after epoch 1"),
        ({"val_loss": 1.0, "loss": NAN}, "^loss is nan after epoch 1"),
    ],
)
def test_the_guard_says_what_an_epoch_has_not_measured(logs, words):
    with pytest.raises(NotMeasured, match=words):
        Guard("val_loss").on_epoch_end(0, logs)


def test_the_guard_comes_first_so_that_nothing_is_saved_of_a_broken_epoch(tmp_path):
    with pytest.raises(NotMeasured, match="val_loss is nan after epoch 1"):
        play(stop_at_best(path=tmp_path / "best.keras"), [NAN, 1.0])
    assert not list(tmp_path.iterdir())
    with pytest.raises(NotMeasured, match="val_loss is nan after epoch 3"):
        play(stop_at_best(path=tmp_path / "best.keras"), [2.0, 1.0, NAN])
    assert weight(keras.saving.load_model(tmp_path / "best.keras")) == 1


# What Keras does by itself, which is why there is a guard.


def test_keras_warns_of_a_quantity_that_is_not_measured_and_trains_on():
    alone = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = NETWORK.fit(*EXAMPLES, epochs=4, callbacks=[alone], verbose=0)
    assert len(run.epoch) == 4
    assert "metric `val_loss` which is not available" in str(caught[0].message)


def test_keras_takes_nan_in_the_first_epoch_for_the_best():
    alone = keras.callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True)
    play([alone], [NAN, 3.0, 1.0, 2.0])
    assert weight() == 0


def test_keras_restores_the_best_weights_when_the_epochs_run_out_too():
    play(
        [keras.callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True)],
        [2, 1, 3],
    )
    assert weight() == 1


def test_a_checkpoint_of_keras_compares_with_the_best_of_an_earlier_training(tmp_path):
    path = tmp_path / "best.keras"
    alone = keras.callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=True)
    play([alone], [1.0])
    play([alone], [4.0, 3.0])
    assert weight(keras.saving.load_model(path)) == 0


# Names and other arguments.


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("val_head_loss", "min"),
        ("val_mae", "min"),
        ("val_mean_squared_error", "min"),
        ("val_sparse_categorical_crossentropy", "min"),
        ("val_acc", "max"),
        ("accuracy", "max"),
        ("val_sparse_top_k_categorical_accuracy", "max"),
        ("val_auc_1", "max"),
        ("val_f1_score", "max"),
        ("val_mean_io_u_3", "max"),
    ],
)
def test_the_name_tells_whether_less_or_more_is_better(monitor, mode):
    assert [each.mode for each in stop_at_best(monitor=monitor, path="a.keras")[1:]] == [mode] * 2


@pytest.mark.parametrize(
    "monitor", ["val_score", "val_losses", "learning_rate", "val_true_positives"]
)
def test_another_name_needs_the_mode(monitor):
    with pytest.raises(ValueError, match=f"{monitor}.*less or more is better: pass mode="):
        stop_at_best(monitor=monitor)
    assert stop_at_best(monitor=monitor, mode="max")[-1].mode == "max"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"monitor": ""}, "monitor must be a name that fit logs, not ''"),
        ({"monitor": None}, "monitor must be a name that fit logs, not None"),
        ({"patience": 0}, "patience must be an integer, at least 1, not 0"),
        ({"patience": 2.5}, "patience must be an integer, at least 1, not 2.5"),
        ({"patience": NAN}, "patience must be an integer, at least 1, not nan"),
        ({"patience": True}, "patience must be an integer, at least 1, not True"),
        ({"patience": "5"}, "patience must be an integer, at least 1, not '5'"),
        ({"mode": "auto"}, "mode must be 'min', 'max' or None, not 'auto'"),
        ({"path": "best.h5"}, "path must be that of a file and end in .keras, not 'best.h5'"),
        ({"path": 3}, "path must be that of a file and end in .keras, not 3"),
        ({"path": "best-{epoch}.keras"}, "path must be that of one file, .* not a pattern"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        stop_at_best(**arguments)


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "best.keras").mkdir()
    with pytest.raises(ValueError, match="not of a folder"):
        stop_at_best(path=tmp_path / "best.keras")
