# ---
# title: Callbacks and history
# summary: Early stopping that never stops, checkpoints of the wrong epoch, histories with holes, and what each cures.
# seed: 7
# ---

# %% [markdown]
# A callback asks for a value by its name, in a dictionary that other code fills. A name that is not there is
# mostly no error. Print `sorted(history.history)` after one epoch, and copy the names from there.
#
# All entries use this little network, on made-up rows; about one label in five is wrong.

# %%
import keras
import numpy as np

generator = np.random.default_rng(7)
rows = generator.normal(size=(128, 4)).astype("float32")
labels = (rows.sum(axis=1) > 0) ^ (generator.random(128) < 0.2)
train_rows, train_labels = rows[:64], labels[:64]
validation = rows[64:], labels[64:]


# %%
def build_network(metric="accuracy", learning_rate=0.05):
    keras.utils.set_random_seed(7)
    hidden_layer = keras.layers.Dense(16, activation="relu")
    output_layer = keras.layers.Dense(1, activation="sigmoid")
    network = keras.Sequential([hidden_layer, output_layer])
    optimizer = keras.optimizers.Adam(learning_rate)
    network.compile(
        optimizer,
        "binary_crossentropy",
        metrics=[metric],
        run_eagerly=True,  # a graph would not pay for these few steps
    )
    return network


def train(network, callback=None, epochs=3, **options):
    options = {"validation_data": validation, "batch_size": 64} | options
    options |= {"epochs": epochs, "callbacks": callback, "verbose": 0}
    return network.fit(train_rows, train_labels, **options)


# %% [markdown]
# ## Early stopping conditioned on metric which is not available
#
# The run should have stopped long ago. It goes on to its last epoch.

# %% tags=["symptom"] also="early stopping does not stop; EarlyStopping ignored; val_acc not available; Available metrics are"
import warnings

warnings.simplefilter("once", UserWarning)  # not after each epoch
stopping = keras.callbacks.EarlyStopping("val_acc", mode="max", patience=2)
unstopped_history = train(build_network(), stopping, epochs=30)
print(len(unstopped_history.epoch), "of 30 epochs")

# %% [markdown]
# **Why.** The metric was compiled as `"accuracy"`, so its value is called `val_accuracy`. `EarlyStopping`
# and `ReduceLROnPlateau` only warn about a name that they do not find, where you give a `mode`; without
# one, such a name is an error (the next entry). The default, `val_loss`, is missing just the same where
# `fit` gets no validation data, and that is a warning again.
# [Regularisation](../2_networks/10_regularisation.py) stops early; the arguments are in [Keras's
# documentation](https://keras.io/api/callbacks/early_stopping/).

# %% tags=["cure"]
print(sorted(unstopped_history.history))
stopping = keras.callbacks.EarlyStopping("val_accuracy", patience=2)
stopped_history = train(build_network(), stopping, epochs=30)
print(len(stopped_history.epoch), "of 30 epochs")

# %% tags=["claims"]
assert len(unstopped_history.epoch) == 30, (
    "early stopping on a name that does not exist never stops"
)
assert len(stopped_history.epoch) < 30, (
    "early stopping on the name from the history stops"
)

# %% [markdown]
# ## Keras isn't able to determine if a metric should be maximized
#
# It comes when the first epoch is over.

# %% tags=["symptom", "raises-exception"] also="automatically determine whether that metric should be maximized or minimized; EarlyStopping mode auto; early stopping with several outputs; monitor one output"
import sys

inputs = keras.Input((4,))
two_outputs = keras.Model(
    inputs,
    [keras.layers.Dense(1, name=name)(inputs) for name in ("size", "age")],
)
two_outputs.compile("sgd", ["mse", "mse"], run_eagerly=True)
targets = [train_rows[:, :1], train_rows[:, 1:2]]
stopping = keras.callbacks.EarlyStopping("age_loss")
two_outputs.fit(train_rows, targets, callbacks=stopping, verbose=0)

# %% [markdown]
# **Why.** `mode="auto"` no longer guesses from the name. It knows that `loss` should fall, and asks any other
# metric for its direction. A misspelled name, the loss or metric of one output, and a metric class of your
# own have none: [the issue](https://github.com/keras-team/keras/issues/18798) that led to it is
# about earlier guesses, which were wrong without a word. Networks with several outputs: [The functional
# API](../2_networks/07_functional_api.py).

# %% tags=["cure"]
stopping = keras.callbacks.EarlyStopping("age_loss", mode="min")
fit_options = {"epochs": 2, "callbacks": stopping, "verbose": 0}
print(two_outputs.fit(train_rows, targets, **fit_options).history)

# %% tags=["claims"]
assert "automatically determine" in str(sys.last_value), (
    "early stopping refuses to guess a direction for the loss of one output"
)
assert stopping.best is not None, (
    "with a mode, it follows the loss of one output"
)

# %% [markdown]
# ## Can save best model only with val_loss available
#
# There is a file, and its name says that it is the best.

# %% tags=["symptom"] also="save_best_only saves every epoch; ModelCheckpoint saves the last model; best.keras is not the best; checkpoint without validation data"
checkpoint = keras.callbacks.ModelCheckpoint("a.keras", save_best_only=True)
network = build_network()
train(network, checkpoint, epochs=4, validation_data=None)
saved_weights = keras.models.load_model("a.keras").get_weights()
is_last_epoch = np.array_equal(saved_weights[0], network.get_weights()[0])
print("best:", checkpoint.best, "- file of the last epoch:", is_last_epoch)

# %% [markdown]
# **Why.** Without the value that it monitors, the callback warns and saves anyway, so each epoch
# overwrites the file. Years ago it skipped instead, and the warning [ended in
# *skipping*](https://github.com/keras-team/keras/issues/16734). How runs are compared and which epoch to
# keep is in [Experiments](../2_networks/11_experiments.py).

# %% tags=["cure"]
checkpoint = keras.callbacks.ModelCheckpoint("b.keras", save_best_only=True)
history = train(build_network(), checkpoint, epochs=4)
losses = history.history["val_loss"]
print(f"saved: {checkpoint.best:.4f}, of", np.round(losses, 4))

# %% tags=["claims"]
assert is_last_epoch, (
    "without validation data, a checkpoint of the best epoch holds the last"
)
assert checkpoint.best == min(losses), (
    "with validation data, the checkpoint holds the epoch of the lowest loss"
)

# %% [markdown]
# ## TypeError: 'NoneType' object is not callable in ModelCheckpoint
#
# You give `save_freq` a number of batches, to save in the middle of a long epoch.

# %% tags=["symptom", "raises-exception"] also="ModelCheckpoint save_freq; save_best_only every n batches; monitor_op is None"
checkpoint = keras.callbacks.ModelCheckpoint(
    "c.keras", monitor="loss", save_best_only=True, save_freq=1
)
train(build_network(), checkpoint, batch_size=32)

# %% [markdown]
# **Why.** The callback finds out which direction is better at the end of the first epoch, and `save_freq`
# makes it compare before that. Monitoring `val_loss` does not help: a batch has none, so it warns and
# saves every time ([an old complaint](https://github.com/tensorflow/tensorflow/issues/33163)). Keep the
# best of whole epochs, as [Regularisation](../2_networks/10_regularisation.py) does; the options are in [Keras's
# documentation](https://keras.io/api/callbacks/model_checkpoint/).

# %% tags=["cure"]
checkpoint = keras.callbacks.ModelCheckpoint(
    "c.keras", monitor="loss", save_best_only=True
)
history = train(build_network(), checkpoint)
print(f"{checkpoint.best:.4f}", np.round(history.history["loss"], 4))

# %% tags=["claims"]
assert "'NoneType' object is not callable" in str(sys.last_value), (
    "the best batch of the first epoch cannot be saved"
)
assert checkpoint.best == min(history.history["loss"]), "the best epoch can"

# %% [markdown]
# ## After early stopping the network is worse than its best epoch
#
# The lowest validation loss of the history is not the one that `evaluate` returns.

# %% tags=["symptom"] also="restore_best_weights; evaluate after early stopping gives another loss; early stopping keeps the last weights"
stopping = keras.callbacks.EarlyStopping(patience=4)
network = build_network(learning_rate=0.3)
losses = train(network, stopping, epochs=40).history["val_loss"]
loss_after_stopping = network.evaluate(*validation, verbose=0)[0]
print(f"best {min(losses):.2f}, now {loss_after_stopping:.2f}")

# %% [markdown]
# **Why.** `restore_best_weights` is `False` by default, so the network keeps the weights of its last
# epoch, which is `patience` epochs past the best. With `True`, Keras 3 restores them at the end of any
# run, also of one that runs out of epochs. More in [Regularisation](../2_networks/10_regularisation.py)
# and in [Keras's documentation](https://keras.io/api/callbacks/early_stopping/).

# %% tags=["cure"]
stopping = keras.callbacks.EarlyStopping(
    patience=40, restore_best_weights=True
)
network = build_network(learning_rate=0.3)
history = train(network, stopping, epochs=20)
restored_loss = network.evaluate(*validation, verbose=0)[0]
print(
    f"best {min(history.history['val_loss']):.2f}, now {restored_loss:.2f}"
)

# %% tags=["claims"]
assert loss_after_stopping > min(losses) + 0.01, (
    "early stopping leaves the weights of the last epoch by default"
)
assert np.isclose(
    restored_loss, min(history.history["val_loss"]), rtol=0.01
), "restore_best_weights restores, also when the run was not stopped early"

# %% [markdown]
# ## EarlyStopping stops after two epochs
#
# The accuracy is rising, and the run ends.

# %% tags=["symptom"] also="early stopping stops too soon; training ends after epoch 2; mode min for accuracy; patience is ignored"
stopping = keras.callbacks.EarlyStopping("accuracy", mode="min", patience=1)
network = build_network()
accuracies = train(network, stopping, epochs=20).history["accuracy"]
print(np.round(accuracies, 2))

# %% [markdown]
# **Why.** `mode="min"` takes each rise for a failure. The name is not compared with the direction, so
# there is no message. Nor does a `patience` of 1 wait longer than one of 0: both end the run at the first
# epoch that is not better. Which way is better for which grade:
# [Evaluation](../2_networks/08_evaluation.py), and [Keras's
# documentation](https://keras.io/api/callbacks/early_stopping/) of the modes.

# %% tags=["cure"]
stopping = keras.callbacks.EarlyStopping("accuracy", patience=5)
patient_run = train(build_network(), stopping, epochs=20)
print(np.round(patient_run.history["accuracy"], 2))

# %% tags=["claims"]
assert len(accuracies) < 5, (
    "with the wrong mode, early stopping ends a run whose accuracy rises"
)
assert len(patient_run.epoch) > len(accuracies), (
    "the mode auto knows the direction of the accuracy"
)

# %% [markdown]
# ## KeyError: 'val_auc' in the second run
#
# The notebook worked. Run its cells once more, and a name is gone.

# %% tags=["symptom", "raises-exception"] also="val_auc_1; auc_1 auc_2 in history; metric name changes; name of the metric has a number"
for _ in range(2):
    network = build_network(metric=keras.metrics.AUC())
    history = train(network, epochs=1)
history.history["val_auc"]

# %% [markdown]
# **Why.** A metric *object* without a name gets one from a counter that goes through the whole process:
# `auc`, then `auc_1`. A string such as `"accuracy"` is its own name. So a callback that monitors
# `val_auc` is right in the first run and wrong in all others. AUC itself:
# [Evaluation](../2_networks/08_evaluation.py), and [Keras's
# documentation](https://keras.io/api/metrics/classification_metrics/#auc-class).

# %% tags=["cure"]
for _ in range(2):
    network = build_network(metric=keras.metrics.AUC(name="auc"))
    named_history = train(network, epochs=1)
    print(sorted(named_history.history))

# %% tags=["claims"]
assert "val_auc" not in history.history, (
    "the second AUC of a process has another name than the first"
)
assert "val_auc" in named_history.history, (
    "one that is given its name keeps it"
)

# %% [markdown]
# ## `fit` returns at once and the history is empty
#
# It is meant to train for three more epochs.

# %% tags=["symptom"] also="initial_epoch trains nothing; resume training does nothing; continue training for more epochs; history is empty"
network = build_network()
train(network, epochs=3)
more_history = train(network, epochs=3, initial_epoch=3)
print(more_history.history, int(network.optimizer.iterations), "steps")

# %% [markdown]
# **Why.** `epochs` is the number of the last epoch, not how many to run: with `initial_epoch=3` it has
# been reached before the first. Without `initial_epoch` the second call trains for three, and counts,
# schedules by epoch and file names start again from the first. Continuing a run:
# [Experiments](../2_networks/11_experiments.py); the arguments: [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
more_history = train(network, epochs=6, initial_epoch=3)
print(more_history.epoch, int(network.optimizer.iterations), "steps")

# %% tags=["claims"]
steps = int(network.optimizer.iterations)
assert steps == 6, (
    "the call with as many epochs as there have been takes no step"
)
assert more_history.epoch == [3, 4, 5], (
    "epochs is the number of the last epoch"
)

# %% [markdown]
# ## The history holds only the last `fit`
#
# Two calls, three epochs each, one curve of three points.

# %% tags=["symptom"] also="history overwritten by second fit; model.history lost; join two histories; plot both runs"
network = build_network()
train(network)
train(network)
print(len(network.history.history["loss"]), "epochs, after training 6")

# %% [markdown]
# **Why.** Each `fit` makes a new `History` and hangs it on the network in place of the old one. Keep what
# each call returns and join them, before something fails in between. What else of a run to write down:
# [Experiments](../2_networks/11_experiments.py), and [Keras's
# documentation](https://keras.io/api/models/model_training_apis/#fit-method).

# %% tags=["cure"]
network = build_network()
histories = [train(network, epochs=3) for _ in range(2)]
all_losses = [loss for run in histories for loss in run.history["loss"]]
print(len(all_losses), "epochs, after training 6")

# %% tags=["claims"]
assert len(network.history.history["loss"]) == 3, (
    "a network remembers the history of its last fit alone"
)
assert len(all_losses) == 6, "the returned histories hold all epochs"

# %% [markdown]
# ## A checkpoint reused in a second run saves nothing
#
# The loop tries a second network with the callback of the first. No file appears.

# %% tags=["symptom"] also="ModelCheckpoint does not save; checkpoint file missing; save_best_only in cross validation; reuse callbacks"
from pathlib import Path

checkpoint = keras.callbacks.ModelCheckpoint("d.keras", save_best_only=True)
train(build_network(), checkpoint, epochs=5)
Path("d.keras").unlink()
slow_network = build_network(learning_rate=1e-5)
train(slow_network, checkpoint)
saved_by_reuse = Path("d.keras").exists()
print("saved:", saved_by_reuse)

# %% [markdown]
# **Why.** `EarlyStopping` and `ReduceLROnPlateau` forget the last run when a new one begins;
# `ModelCheckpoint` keeps its best value, so that a continued run does not overwrite a better file. A
# worse network then never gets one. Several networks in one loop:
# [Experiments](../2_networks/11_experiments.py); the callback: [Keras's
# documentation](https://keras.io/api/callbacks/model_checkpoint/).

# %% tags=["cure"]
checkpoint = keras.callbacks.ModelCheckpoint("d.keras", save_best_only=True)
train(build_network(learning_rate=1e-5), checkpoint)
print("saved:", Path("d.keras").exists())

# %% tags=["claims"]
assert not saved_by_reuse, (
    "a checkpoint remembers the best loss of the run before"
)
assert Path("d.keras").exists(), "a new checkpoint saves the first epoch"

# %% [markdown]
# ## TypeError: This optimizer was created with a LearningRateSchedule
#
# The first epochs pass. It comes when the loss stalls, perhaps hours later.

# %% tags=["symptom", "raises-exception"] also="learning rate is not settable; ReduceLROnPlateau with a schedule; LearningRateScheduler and ExponentialDecay; settable learning rate"
schedule = keras.optimizers.schedules.ExponentialDecay(1e-8, 10, 0.9)
network = build_network(learning_rate=schedule)
plateau = keras.callbacks.ReduceLROnPlateau(patience=2)
train(network, plateau, epochs=10)

# %% [markdown]
# **Why.** One number has two masters: a schedule computes it at each step, and the callback wants to set
# it. Nothing checks for that when the run begins. `ReduceLROnPlateau` tries it at its first plateau, and
# `LearningRateScheduler` before the first epoch ([reported long
# ago](https://github.com/tensorflow/tensorflow/issues/36612)). Schedules: [Your first
# network](../2_networks/06_first_network.py).

# %% tags=["cure"]
stalled_network = build_network(learning_rate=1e-8)
plateau = keras.callbacks.ReduceLROnPlateau(patience=2)
rates = train(stalled_network, plateau, epochs=6).history["learning_rate"]
print([f"{rate:.0e}" for rate in rates])

# %% tags=["claims"]
assert "not settable" in str(sys.last_value), (
    "a schedule cannot be lowered by a callback"
)
assert len(network.history.epoch) >= 1, (
    "the run fails at the first plateau, after whole epochs"
)
assert rates[-1] < rates[0], "a fixed learning rate is lowered"
