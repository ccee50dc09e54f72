#!/bin/sh
# Keras 3.15.1 with TensorFlow 2.21.0: a clone that is given all weights of a network with an adapted `Normalization`
# layer holds the same weights and answers otherwise.
#
# Seen: `clone_model`, then `set_weights(get_weights())`: every weight of the clone equals that of the network, mean
# and variance among them, and the predictions differ. The layer computes with a mean and a variance of its own that
# it makes in `build`, in `adapt` and when a file is loaded, not when its variables are assigned; so saving such a
# clone and loading it changes what it answers. `finalize_state()` after `set_weights` makes them anew.
# Expected: equal weights give equal answers, as with batch normalisation.
#
# Run: sh findings/keras-copied-normalization-computes-with-old-numbers.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import keras
import numpy as np

inputs = np.random.default_rng(0).normal(5, 3, (50, 4)).astype("float32")
normalise = keras.layers.Normalization()
normalise.adapt(inputs)
network = keras.Sequential([keras.Input((4,)), normalise, keras.layers.Dense(2)])
clone = keras.models.clone_model(network)
clone.set_weights(network.get_weights())

same_weights = all(map(np.array_equal, clone.get_weights(), network.get_weights()))
answers = {"network": network(inputs[:2]), "clone": clone(inputs[:2])}
clone.save("clone.keras")
answers["clone, saved and loaded"] = keras.models.load_model("clone.keras")(inputs[:2])
clone.layers[0].finalize_state()
answers["clone after finalize_state"] = clone(inputs[:2])
print("the weights are equal:", same_weights)
for what, logits in answers.items():
    print(f"{what}: {np.round(logits[0], 2).tolist()}")
equal = {what: bool(np.allclose(each, answers["network"])) for what, each in answers.items()}
assert same_weights
assert list(equal.values()) == [True, False, True, True], equal
PYTHON
