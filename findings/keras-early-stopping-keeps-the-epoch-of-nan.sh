#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): the best epoch for EarlyStopping and ModelCheckpoint is one of NaN.
#
# A monitored loss is NaN in the first epoch (a division by an empty batch, say) and then 3, 1 and 2. One
# expects the third epoch to be the best. Seen: both callbacks compare with `value < best`, which no number
# fulfils once the best is NaN. `EarlyStopping(restore_best_weights=True)` ends with the weights of the
# first epoch; `ModelCheckpoint(save_best_only=True)` saves the first epoch and nothing after it. Neither
# warns.
#
# Run: sh findings/keras-early-stopping-keeps-the-epoch-of-nan.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cat > nan.py <<'PYTHON'
import keras
import numpy as np

network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
network.compile("sgd", "mse")


class Scripted(keras.callbacks.Callback):
    """Let the bias be the number of the epoch, and say what was measured."""

    def on_epoch_end(self, epoch, logs=None):
        network.layers[-1].bias.assign([float(epoch + 1)])
        logs["val_loss"] = [float("nan"), 3.0, 1.0, 2.0][epoch]


stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
file = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
examples = np.zeros((4, 1), "float32"), np.zeros((4, 1), "float32")
network.fit(*examples, epochs=4, callbacks=[Scripted(), file, stop], verbose=0)
print("best epoch:", stop.best_epoch + 1)
print("restored: epoch", int(network.layers[-1].bias.numpy()[0]))
print("saved: epoch", int(keras.saving.load_model("best.keras").layers[-1].bias.numpy()[0]))
PYTHON
cat > expected <<'TEXT'
best epoch: 1
restored: epoch 1
saved: epoch 1
TEXT
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python nan.py 2> log > seen || { cat log; exit 1; }
cat seen
diff expected seen && echo "As described."
