# ---
# title: Saving, loading, exporting
# summary: Files that do not load, files that load another network than was saved, and exported networks that throw dice.
# seed: 7
# ---

# %% [markdown]
# An error while loading is the good case: you know at once. The rest of this page loads without a word and
# computes something else. One habit catches it: right after saving, load the file, and compare the answers of
# both networks on a few rows.

# %%
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(7)
points = np.random.default_rng(7).normal(size=(32, 4)).astype("float32")
targets = points.sum(axis=1, keepdims=True)


def build_network(*hidden_layers):
    layers = [keras.Input((4,)), *hidden_layers, keras.layers.Dense(1)]
    return keras.Sequential(layers)


def distance(network, loaded_network):
    answers = network(points, training=False)
    loaded_answers = loaded_network(points, training=False)
    return float(np.abs(answers - loaded_answers).max())


# %% [markdown]
# ## Could not locate class
#
# You saved a network or a layer of your own, and load it in another program.


# %% tags=["symptom", "raises-exception"] also="make sure custom classes and functions are decorated with register_keras_serializable; could not be deserialized properly; unknown layer; load_model custom layer error"
class Linear(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)


linear = Linear()
linear(points)  # builds it
linear.save("linear.keras")
keras.models.load_model("linear.keras")

# %% [markdown]
# **Why.** The file holds the class's name and arguments, not its code. Loading looks the name up among registered
# classes and in `custom_objects`. For a layer, the same line stands at the end of a long message that begins with
# *could not be deserialized properly*. Register the class where you define it, and import that module where you
# load. [Export](../4_beyond/18_export.py) opens such a file;
# [keras.io](https://keras.io/api/models/model_saving_apis/serialization_utils/) has the decorator.

# %% tags=["cure"]
unknown_class_message = str(sys.last_value)
keras.saving.register_keras_serializable(package="course")(Linear)
linear.save("linear.keras")
linear_distance = distance(linear, keras.models.load_model("linear.keras"))
print("largest difference after loading:", linear_distance)

# %% tags=["claims"]
assert "Could not locate class 'Linear'" in unknown_class_message, (
    "a class that was not registered is not found"
)
assert linear_distance == 0, "a class that was registered loads"

# %% [markdown]
# ## A network of my own class comes back with its default arguments


# %% tags=["symptom"] also="subclassed Model wrong after load_model; get_config of keras.Model; constructor arguments lost when loading; expected 2 variables but received 0 variables; model subclass restored with defaults"
@keras.saving.register_keras_serializable(package="course")
class ScaledNetwork(keras.Model):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        return self.factor * self.dense(inputs)


tenfold = ScaledNetwork(factor=10.0)
tenfold(points)  # builds it
tenfold.save("tenfold.keras")
forgetful = keras.models.load_model("tenfold.keras")
print("saved:", tenfold.factor, " loaded:", forgetful.factor)

# %% [markdown]
# **Why.** Keras notes the arguments of a constructor by itself, for layers. For a subclass of `Model` it
# notes the defaults instead, whatever you passed. If an argument changes a shape, you get *expected 2
# variables, but received 0 variables*; otherwise nothing. If one has no default, `save` already fails:
# *created by passing non-serializable argument values*. Write `get_config`. [The functional
# API](../2_networks/07_functional_api.py) builds networks that need no class;
# [keras.io](https://keras.io/guides/serialization_and_saving/) explains `get_config`.


# %% tags=["cure"]
@keras.saving.register_keras_serializable(package="course")
class Remembering(ScaledNetwork):
    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


tenfold_with_config = Remembering(factor=10.0)
tenfold_with_config(points)
tenfold_with_config.save("tenfold.keras")
remembered_network = keras.models.load_model("tenfold.keras")
print(
    "saved:",
    tenfold_with_config.factor,
    " loaded:",
    remembered_network.factor,
)

# %% tags=["claims"]
assert forgetful.factor == 1, (
    "a subclass of Model without get_config loads with its default arguments"
)
assert distance(tenfold, forgetful) > 1, (
    "a subclass of Model that lost an argument gives other answers"
)
assert distance(tenfold_with_config, remembered_network) == 0, (
    "a subclass of Model with get_config loads as it was"
)

# %% [markdown]
# ## A network was loaded, but of the wrong class
#
# Two modules of a project have a layer with the same name.


# %% tags=["symptom"] also="register_keras_serializable overwrites; two custom layers with the same name; loaded model uses wrong layer; custom objects name collision"
@keras.saving.register_keras_serializable()
class Gain(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


loud_network = build_network(Gain())
loud_network.save("loud.keras")


@keras.saving.register_keras_serializable(name="Gain")  # elsewhere
class OtherGain(keras.layers.Layer):
    def call(self, inputs):
        return 100 * inputs


confused_network = keras.models.load_model("loud.keras")
print("saved:", type(loud_network.layers[0]).__name__)
print("loaded:", type(confused_network.layers[0]).__name__)

# %% [markdown]
# **Why.** Without a `package`, every class is registered under *Custom>* and its name, and the last to come
# replaces the others. Which one that is depends on the order of the imports. Name a package of your own.
# [Export](../4_beyond/18_export.py) reads the names in a file;
# [keras.io](https://keras.io/api/models/model_saving_apis/serialization_utils/) has the argument.


# %% tags=["cure"]
@keras.saving.register_keras_serializable(package="sound", name="Gain")
class SoundGain(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs


loud_package = build_network(SoundGain())
loud_package.save("loud.keras")
distinct = keras.models.load_model("loud.keras")
print("loaded:", type(distinct.layers[0]).__name__)

# %% tags=["claims"]
assert isinstance(confused_network.layers[0], OtherGain), (
    "of two classes with one name, the file gets the last registered"
)
assert isinstance(distinct.layers[0], SoundGain), (
    "a package of its own keeps a class apart"
)

# %% [markdown]
# ## Requested the deserialization of a `Lambda` layer

# %% tags=["symptom", "raises-exception"] also="Lambda layer safe_mode; potential risk of arbitrary code execution and thus it is disallowed by default; legacy h5 lambda does not load; unsafe deserialization"
build_network(keras.layers.Lambda(lambda x: x / 255)).save("lambda.keras")
keras.models.load_model("lambda.keras")

# %% [markdown]
# **Why.** A lambda is saved as Python's byte code, and loading it would run whatever the file's author wrote. So
# Keras refuses, in `.keras` and `.h5` files alike. Use a layer that exists, or one of your own as above: then the
# file holds a name and the code stays yours. [A file from a stranger](../4_beyond/18_export.py) shows what is at
# stake; [keras.io](https://keras.io/api/layers/core_layers/lambda/) warns of it, too.

# %% tags=["cure"]
lambda_message = str(sys.last_value)
rescaled_network = build_network(keras.layers.Rescaling(1 / 255))
rescaled_network.save("rescaled.keras")
rescaled_distance = distance(
    rescaled_network, keras.models.load_model("rescaled.keras")
)
print("largest difference after loading:", rescaled_distance)

# %% tags=["claims"]
assert "disallowed by default" in lambda_message, (
    "Keras refuses to load a lambda"
)
assert rescaled_distance == 0, "a layer of Keras that does the same loads"

# %% [markdown]
# ## Could not deserialize 'keras.metrics.mse', from an `.h5` file

# %% tags=["symptom", "raises-exception"] also="could not locate function mse; because it is not a KerasSaveable subclass; load h5 model Keras 3; hdf5 file considered legacy"
network = build_network()
network.compile(optimizer="adam", loss="mse")
network.save("old.h5")
keras.models.load_model("old.h5")

# %% [markdown]
# **Why.** The legacy format writes the loss as the word that you gave, and today's loader looks for an abbreviation
# such as `mse` or `mae` in the wrong place. `mean_squared_error` loads. The weights in your file are fine: load
# without the compilation, save as `.keras`, and compile again where you train.
# [Export](../4_beyond/18_export.py) compares the formats;
# [keras.io](https://keras.io/api/models/model_saving_apis/model_saving_and_loading/) has `compile=False`.

# %% tags=["cure"]
legacy_message = str(sys.last_value)
rescued_network = keras.models.load_model("old.h5", compile=False)
rescued_network.save("new.keras")
rescued_distance = distance(network, keras.models.load_model("new.keras"))
print("largest difference after loading:", rescued_distance)

# %% tags=["cure"]
network.compile(optimizer="adam", loss="mean_squared_error")
network.save("full_name.h5")
full_name = keras.models.load_model("full_name.h5")

# %% tags=["cure"]
full_name_loss = full_name.evaluate(points, targets, verbose=0)
print(f"with the full name it loads: loss {full_name_loss:.2f}")

# %% tags=["claims"]
assert "not a KerasSaveable subclass" in legacy_message, (
    "an .h5 file of a network compiled with loss='mse' does not load"
)
assert rescued_distance == 0, (
    "without its compilation, the .h5 file loads with its weights"
)
assert np.isfinite(full_name_loss), (
    "an .h5 file with the full name of its loss loads, compiled"
)

# %% [markdown]
# ## Invalid filepath extension for saving

# %% tags=["symptom", "raises-exception"] also="model.save folder does not work; add either a .keras extension; SavedModel format no longer supported; save without extension"
network.save("my_network")

# %% [markdown]
# The weights alone have an ending of their own:

# %% tags=["symptom", "raises-exception"] also="the filename must end in .weights.h5; save_weights error; ModelCheckpoint filepath must end in .keras"
extension_message = str(sys.last_value)
network.save_weights("my_network.h5")

# %% [markdown]
# **Why.** The ending chooses the format, and a name without one used to mean a folder, a *SavedModel*. That is now
# what `export` writes. `ModelCheckpoint` insists on the same endings.
# [Export](../4_beyond/18_export.py) says which file is for what;
# [keras.io](https://keras.io/api/models/model_saving_apis/) lists the functions.

# %% tags=["cure"]
weights_message = str(sys.last_value)
network.save("my_network.keras")
network.save_weights("my_network.weights.h5")
network.export("my_network", verbose=False)
print(sorted(path.name for path in Path().glob("my_network*")))

# %% tags=["claims"]
assert "Invalid filepath extension" in extension_message, (
    "save wants an ending"
)
assert "must end in `.weights.h5`" in weights_message, (
    "save_weights wants its own ending"
)
assert Path("my_network/saved_model.pb").exists(), (
    "export writes the folder that save once wrote"
)

# %% [markdown]
# ## File format not supported
#
# You load the folder that `export` wrote, or an old *SavedModel*.

# %% tags=["symptom", "raises-exception"] also="Keras 3 only supports V3 .keras files and legacy H5; load SavedModel in Keras 3; load_model folder; TFSMLayer"
keras.models.load_model("my_network")

# %% [markdown]
# **Why.** A *SavedModel* is TensorFlow's: functions and weights, without layers that Keras could build again.
# It answers, but it has no `fit`, and cannot be taken apart. Keep the `.keras` file for that. [Does it load
# elsewhere?](../4_beyond/18_export.py) takes it to another program;
# [keras.io](https://keras.io/api/layers/backend_specific_layers/tfsm_layer/) has the layer that wraps one.

# %% tags=["cure"]
folder_message = str(sys.last_value)
exported_network = tf.saved_model.load("my_network")
export_distance = np.abs(
    exported_network.serve(points) - network(points)
).max()
print(f"agrees with the network: {export_distance < 1e-5}")
print("can be trained:", hasattr(exported_network, "fit"))

# %% tags=["claims"]
assert "File format not supported" in folder_message, (
    "load_model does not take what export wrote"
)
assert export_distance < 1e-5, (
    "TensorFlow loads an export, and it answers as the network does"
)
assert not hasattr(exported_network, "fit"), (
    "what TensorFlow loads has no fit"
)

# %% [markdown]
# ## File not found, ensure the file is an accessible `.keras` zip file
#
# And the file is there.

# %% tags=["symptom", "raises-exception"] also="load_model file not found but it exists; corrupted keras file; renamed h5 to keras; truncated download; git lfs pointer"
Path("renamed.keras").write_bytes(Path("old.h5").read_bytes())
keras.models.load_model("renamed.keras")

# %% [markdown]
# **Why.** Keras says this of everything that ends in `.keras` and is no zip archive: an `.h5` file under another
# name, half a download, the pointer that Git LFS leaves. The first bytes tell: a zip archive begins with `PK`, an
# HDF5 file with `HDF` after one byte. [What a .keras file holds](../4_beyond/18_export.py) opens one;
# [zipfile](https://docs.python.org/3/library/zipfile.html) is Python's.

# %% tags=["cure"]
not_found_message = str(sys.last_value)
for name in ("new.keras", "renamed.keras"):
    first_bytes = Path(name).read_bytes()[:4]
    print(name, zipfile.is_zipfile(name), first_bytes)
Path("renamed.keras").rename("renamed.h5")
renamed_network = keras.models.load_model("renamed.h5", compile=False)

# %% tags=["claims"]
assert "File not found" in not_found_message, (
    "of a file that is there, load_model says that it is not found"
)
assert distance(network, renamed_network) == 0, (
    "under the ending of its format, the same file loads"
)

# %% [markdown]
# ## Skipping variable loading for optimizer


# %% tags=["symptom"] also="optimizer state lost after load_weights; loss jumps after resuming; optimizer.iterations is 0; learning rate schedule starts again"
def compiled_network():
    network = build_network()
    network.compile(optimizer="adam", loss="mse")
    return network


network = compiled_network()
network.fit(points, targets, epochs=3, verbose=0)
network.save_weights("resume.weights.h5")
network.save("resume.keras")
fresh_optimizer = compiled_network()
fresh_optimizer.load_weights("resume.weights.h5")

# %% tags=["symptom"]
steps_after_weights = int(fresh_optimizer.optimizer.iterations)
print(int(network.optimizer.iterations), "->", steps_after_weights, "steps")

# %% [markdown]
# **Why.** The file holds Adam's averages and its count of steps, but the new optimizer has no places for them
# before its first step, so they are skipped: a schedule starts from the beginning, and so do the averages. To go
# on training, save the network as a whole. Where the *saved* optimizer is the smaller one, the network was saved
# before its first step, and nothing is lost. [Experiments](../2_networks/11_experiments.py) uses schedules;
# [keras.io](https://keras.io/api/models/model_saving_apis/model_saving_and_loading/) has both functions.

# %% tags=["cure"]
resumed_network = keras.models.load_model("resume.keras")
steps_after_load = int(resumed_network.optimizer.iterations)
print(int(network.optimizer.iterations), "->", steps_after_load, "steps")

# %% tags=["claims"]
assert steps_after_weights == 0, (
    "load_weights leaves a new optimizer at its first step"
)
assert steps_after_load == 3, "a .keras file brings the optimizer back"

# %% [markdown]
# ## `load_weights` succeeds, and the answers are others

# %% tags=["symptom"] also="load_weights no error but wrong predictions; weights loaded into different architecture; activation not saved in weights; load_weights silently ignores layers"
deep_network = build_network(
    keras.layers.Dense(4, activation="relu"),
    keras.layers.Dense(4, activation="relu"),
)
deep_network.save_weights("deep.weights.h5")
tanh = build_network(
    keras.layers.Dense(4, activation="tanh"),
    keras.layers.Dense(4, activation="tanh"),
)
first_layer = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
for other_network in (tanh, first_layer):
    other_network.load_weights("deep.weights.h5")
print(f"largest difference, with tanh: {distance(deep_network, tanh):.2f}")

# %% [markdown]
# **Why.** The file holds arrays, in the order of the layers. What has no weights, such as an activation or a
# `Rescaling`, is not compared, nor are the layers' names, and layers of the file that have no partner are
# ignored: the network of one layer above took the first and was content. What Keras does refuse is an array
# of another shape, and a network for whose layers the file holds no weights. [Transfer
# learning](../3_convnets/15_transfer_learning.py) moves weights on purpose;
# [keras.io](https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/) documents the
# function.

# %% tags=["cure"]
deep_network.save("deep.keras")
whole_network = keras.models.load_model("deep.keras")
print(f"largest difference: {distance(deep_network, whole_network):.2f}")

# %% tags=["claims"]
assert distance(deep_network, tanh) > 0.01, (
    "weights load under another activation, and the answers differ"
)
assert np.array_equal(
    first_layer.get_weights()[0], deep_network.get_weights()[0]
), "a shorter network takes the first layers of a file"
assert distance(deep_network, whole_network) == 0, (
    "a .keras file brings the whole network"
)

# %% [markdown]
# ## `clone_model` returns a network that has learned nothing

# %% tags=["symptom"] also="copy a Keras model with weights; clone_model random weights; model_from_json forgets weights; from_config untrained"
clone = keras.models.clone_model(deep_network)
clone_distance = distance(deep_network, clone)
from_config = keras.Sequential.from_config(deep_network.get_config())
config_distance = distance(deep_network, from_config)
print(f"largest differences: {clone_distance:.2f}, {config_distance:.2f}")

# %% [markdown]
# **Why.** A clone, a JSON text and a config describe the layers; the weights of what they build are drawn anew.
# Copy them as well. [The functional API](../2_networks/07_functional_api.py) builds one network from parts of
# another; [keras.io](https://keras.io/api/models/model_saving_apis/model_config_serialization/) has
# `clone_model`.

# %% tags=["cure"]
clone.set_weights(deep_network.get_weights())
print(f"largest difference: {distance(deep_network, clone):.2f}")

# %% tags=["claims"]
assert clone_distance > 0.01, "a clone has new weights"
assert config_distance > 0.01, (
    "a network made from a config has new weights"
)
assert distance(deep_network, clone) == 0, (
    "a clone with the weights copied gives the same answers"
)

# %% [markdown]
# ## The exported network gives another answer each time

# %% tags=["symptom"] also="SavedModel predictions not deterministic; export with data augmentation; TensorFlow Serving random results; augmentation layers active after export"
pictures = np.random.default_rng(7).random((1, 8, 8, 1), np.float32)
body = keras.Sequential(
    [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
)
augmented_body = keras.Sequential(
    [keras.Input((8, 8, 1)), keras.layers.RandomRotation(0.5), body]
)
augmented_body.export("dice", verbose=False)
dice = tf.saved_model.load("dice")
thrown = [float(dice.serve(pictures)[0, 0]) for _ in range(3)]
print("exported:", np.round(thrown, 2))
predict_answers = [
    augmented_body.predict(pictures, verbose=0).item() for _ in range(3)
]
print("predict: ", np.round(predict_answers, 2))

# %% [markdown]
# **Why.** `export` traces a plain call, which does not say that this is no training, and the layers that augment
# pictures then work. `predict` says it, so the network looks healthy until it is served. Export the part without
# them. [Augmentation](../3_convnets/14_augmentation.py) lists what such a call switches on;
# [keras.io](https://keras.io/api/models/model_saving_apis/export/) has `export`.

# %% tags=["cure"]
body.export("steady", verbose=False)
steady = tf.saved_model.load("steady")
served_answers = [float(steady.serve(pictures)[0, 0]) for _ in range(3)]
print("exported:", np.round(served_answers, 2))

# %% tags=["claims"]
assert len(set(thrown)) == 3, (
    "an exported network with a random layer augments the pictures that it is asked about"
)
assert len(set(predict_answers)) == 1, (
    "predict of the same network does not augment"
)
assert np.allclose(served_answers, predict_answers, atol=1e-5), (
    "the part without random layers answers as predict does"
)
