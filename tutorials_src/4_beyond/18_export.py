# ---
# title: Save, export, use
# summary: A network leaves the notebook with its preparation inside. What each kind of file holds, what rounding costs, and which files not to open.
# needs: [convolution]
# helps: [functional-api, evaluation]
# teaches: [training-serving skew, serialisation, SavedModel, LiteRT, quantisation, dynamic-range quantisation, safe mode, pickle, checksum]
# data: [fashion-mnist]
# artifacts: [fashion.tflite, fashion-check.json]
# seed: 7
# ---

# %% [markdown]
# Your network lives in the memory of a notebook. Close the notebook, and the network is gone. What do
# you put into a file, so that somebody else's program, on a phone or in a web page, gives the same
# answers? Here is the whole way, once: train, save, load, answer. The last line asks the network that
# came out of the file about one photograph, and prints a probability per class, and the true class.

# %% tags=["program"]
import keras
from keras import layers

(images, labels), test_set = keras.datasets.fashion_mnist.load_data()
keras.utils.set_random_seed(7)
normalise = layers.Normalization(axis=None)  # one mean, one deviation
normalise.adapt(images[:54000])  # the last 6,000 are held out

inputs = keras.Input((28, 28))  # pixels as they are, from 0 to 255
x = layers.Reshape((28, 28, 1))(normalise(inputs))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
x = layers.MaxPooling2D()(layers.Conv2D(32, 3, activation="relu")(x))
x = layers.Dense(128, activation="relu", name="hidden")(layers.Flatten()(x))
logits = layers.Dense(10, name="logits")(layers.Dropout(0.2)(x))
network = keras.Model(inputs, logits)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.Adam(0.002), loss, metrics=["accuracy"])
network.fit(images[:54000], labels[:54000], 64, epochs=2, verbose=0)

product = keras.Model(inputs, layers.Softmax()(logits), name="fashion")
product.save("fashion.keras")
loaded_network = keras.saving.load_model("fashion.keras")
answer = loaded_network.predict(test_set[0][:1], verbose=0)
print(answer.round(2), test_set[1][0])

# %% tags=["folded"]
held_out = images[54000:], labels[54000:]
held_out_accuracy = network.evaluate(*held_out, 1000, verbose=0)[1]

# %% [markdown]
# On the 6,000 photographs held out of the training, the network has an accuracy of
# `{python} f"{held_out_accuracy:.1%}"`. Two of its layers are there for others. At the front,
# `Normalization` prepares the pixels: `adapt` computed their mean and deviation from the training
# photographs, and from then on they belong to the network. At the back, `Softmax` turns logits into
# probabilities. The training needs the logits, so `network` ends there, and `product` has the same layers,
# not copies, and one more. Whoever calls `product` needs to know nothing about your training set.
#
# ## What if the preparation stays outside?
#
# Many networks are saved without it. Take the front layer off, give the rest to two colleagues, and say
# nothing else. Photographs are numbers from 0 to 255, so that is what the first one feeds in. The second
# divides by 255, as many tutorials do. Each title below says how the photograph was prepared, what the
# network answers, and with which probability. (The pictures show what the eye sees, not what the network
# is fed.)

# %%
import numpy as np

from snippets import plot_images, tables
from snippets.datasets import FASHION_MNIST_CLASSES as class_names

photographs, truth = images[54000:55000], labels[54000:55000]
bare_layers = [*network.layers[2:], layers.Softmax()]  # from Reshape on
bare_network = keras.Sequential([keras.Input((28, 28)), *bare_layers])
preparations = {"as in training": normalise(photographs)}
preparations |= {"0 to 255": photographs, "0 to 1": photographs / 255}


def probabilities(model, pixels):
    return model.predict(pixels, batch_size=1000, verbose=0)


# %%
answers = {}
for variant, pixels in preparations.items():
    answers[variant] = probabilities(bare_network, pixels)


def title(variant, i):
    p = answers[variant][i]
    mark = "" if p.argmax() == truth[i] else "\nWRONG"
    name = class_names[p.argmax()]
    return f"{variant}:\n{name}\n{p.max():.0%} sure{mark}"


places = [np.flatnonzero(truth == number)[0] for number in (0, 2, 4, 5, 6)]
titles = [title(variant, i) for variant in answers for i in places]
plot_images.image_grid(photographs[places * 3], titles, subject="answers")

# %% [markdown]
# The same photographs and the same weights, in three rows. Nothing raises an error, and in the second row no
# answer by itself looks broken. (In the third, the low probabilities are a hint.) Now the thousand; confidence is the probability of the network's answer:

# %%
accuracies = {}
for variant, p in answers.items():
    accuracies[variant] = (p.argmax(axis=1) == truth).mean()
    print(f"{variant:15} accuracy {accuracies[variant]:.1%}", end=", ")
    print(f"mean confidence {p.max(axis=1).mean():.1%}")

# %% [markdown]
# Fed with 0 to 255, the network is surer than with the inputs that it was trained on, and wrong on
# `{python} f"{1 - accuracies['0 to 255']:.0%}"` of them. This is **training-serving skew**: the inputs in
# use are prepared in another way than those in training. A good network fails quietly: the answers are
# worse, and nothing says so. A manual helps little, for it is seldom read. A layer cannot be forgotten.
#
# No layer can know whether a photograph is of the kind that the network was trained on. So do write down
# which kind that is: grey, 28 by 28 pixels, light clothes on black.

# %% tags=["claims"]
expected = probabilities(product, photographs)
best_skewed = max(accuracies["0 to 255"], accuracies["0 to 1"])
assert accuracies["as in training"] - best_skewed > 0.05, (
    "fed with pixels prepared in another way, the same "
    "weights lose more than five points"
)
assert np.abs(expected - answers["as in training"]).max() < 1e-4, (
    "with the preparation inside, raw pixels give the same probabilities"
)

# %% tags=["control"] claim="with the preparation inside, raw pixels give the same probabilities" without="the preparation inside"
expected = probabilities(bare_network, photographs.astype("float32"))

# %% [markdown]
# ## What a .keras file holds
#
# Turning an object into bytes is called **serialisation**. Save `network`, which was compiled and trained,
# beside `product`, which was not, and list what is in the files, with sizes in bytes:

# %%
import zipfile

network.save("network.keras")
for path in ("fashion.keras", "network.keras"):
    print(path)
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            print(f"{entry.file_size:11,}  {entry.filename}")

# %% [markdown]
# A `.keras` file is a ZIP archive. `config.json` is the architecture, the layers and their arguments; of a
# compiled network also the optimizer, the loss and the metrics. `model.weights.h5` is the weights, and of a
# compiled network the *optimizer's state*. That is why `network.keras` is about three times as large: Adam
# keeps two running means for each weight, and the file holds them, with the number of steps taken.
#
# That matters if you want to go on training. The training below has a
# [learning-rate schedule](../networks/first-network.md), Keras's `CosineDecay`: the rate climbs for 200
# steps and comes down in 600. After half of the four epochs, the network is saved. (`shuffle=False` and no
# dropout: the file holds neither the order of the photographs nor, as you will see, the state of dropout's
# dice.)

# %%
from keras.optimizers.schedules import CosineDecay


def new_training():
    keras.utils.set_random_seed(7)
    chain = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10)]
    small_network = keras.Sequential([keras.Input((28, 28)), *chain])
    schedule = CosineDecay(0.0, 600, warmup_target=0.01, warmup_steps=200)
    small_network.compile(keras.optimizers.Adam(schedule), loss)
    return small_network


examples = images[:6400], labels[:6400]
fit_options = {"shuffle": False, "verbose": 0}
whole_network, half_network = new_training(), new_training()
whole_network.fit(*examples, epochs=4, **fit_options)
half_network.fit(*examples, epochs=2, **fit_options)
half_network.save("halfway.keras")


# %%
def train_on(network):  # return how far it ends from the whole training
    network.fit(*examples, initial_epoch=2, epochs=4, **fit_options)
    weight_gaps = whole_network.get_weights()[0] - network.get_weights()[0]
    return np.abs(weight_gaps).max()


differences = {}
for variant in ("load", "load, then compile"):
    resumed_network = keras.saving.load_model("halfway.keras")
    if variant == "load, then compile":
        resumed_network.compile(new_training().optimizer, loss)
    steps = int(resumed_network.optimizer.iterations)
    differences[variant] = gap = train_on(resumed_network)
    print(f"{variant}: {steps} steps taken, differs by {gap:.2g}")

# %% [markdown]
# Loaded and trained on, the network ends with the weights of a training that was never interrupted, bit for
# bit. `compile` throws the state away: the steps are counted from 0, Adam has forgotten its means, and the
# schedule climbs once more. Neither way raises an error. If you have to compile anew, for another metric say,
# hand over the optimizer that was loaded: `resumed_network.compile(resumed_network.optimizer, loss)`. And a
# network that is only used needs none of it: `product` has never been compiled.

# %% tags=["claims"]
assert differences["load"] == 0, (
    "loaded and trained on, a network ends with the "
    "weights of an uninterrupted training"
)
assert differences["load, then compile"] > 0.001, (
    "compiled after loading, it ends with others"
)

# %% tags=["control"] claim="loaded and trained on, a network ends with the weights of an uninterrupted training" without="the optimizer's state"
differences = {"load": differences["load, then compile"]}

# %% tags=["control"] claim="compiled after loading, it ends with others" without="a new optimizer"
resumed_network = keras.saving.load_model("halfway.keras")
resumed_network.compile(resumed_network.optimizer, loss)
differences = {"load, then compile": train_on(resumed_network)}

# %% [markdown]
# One thing that decides a training is not in the file. A `Dropout` layer keeps a seed, and counts how often it
# has drawn. Let one draw three times, save it, load it, and print both numbers of each:

# %%
dropout = layers.Dropout(0.5, seed=7)
dropout_network = keras.Sequential([keras.Input((4,)), dropout])
for _ in range(3):
    dropout_network(np.ones((1, 4)), training=True)
dropout_network.save("dropout.keras")
loaded_dropout = keras.saving.load_model("dropout.keras").layers[0]
for layer in (dropout, loaded_dropout):
    print(layer.seed_generator.state.numpy())

# %% [markdown]
# The loaded layer begins anew: it draws what it has drawn before, in the same order. (Without `seed=7`, it
# gets another seed as well.) So a training with dropout goes on after loading, but to other weights.

# %% tags=["claims"]
draws = [int(x.seed_generator.state[1]) for x in (dropout, loaded_dropout)]
assert draws == [3, 0], "a loaded Dropout layer counts its draws from 0"
masks = [
    layers.Dropout(0.5, seed=7)(np.ones((1, 99)), training=True),
    loaded_dropout(np.ones((1, 99)), training=True),
]
assert (masks[0] == masks[1]).numpy().all(), (
    "with a seed, it draws what a new layer draws first"
)

# %% tags=["control"] claim="a loaded Dropout layer counts its draws from 0" without="saving and loading"
draws = [int(dropout.seed_generator.state[1])] * 2

# %% tags=["control"] claim="with a seed, it draws what a new layer draws first" without="saving and loading"
masks = [masks[0], dropout(np.ones((1, 99)), training=True)]

# %% [markdown]
# ## Does it load elsewhere?
#
# That the process which wrote a file can read it proves little: it knows everything that the file names. So
# start a new Python process in an empty folder, with Keras and nothing else, and load the files there. One
# more joins them: the small network, compiled with a schedule of *ours*, the class `OneCycle`.

# %%
import subprocess
import sys
from pathlib import Path

from snippets.training import OneCycle

half_network.compile(keras.optimizers.Adam(OneCycle(0.01, steps=800)), loss)
half_network.save("one-cycle.keras")
program = """import keras, sys
for path in sys.argv[1:]:
    try:
        keras.saving.load_model(path)
        print("loads:", path)
    except TypeError as error:
        reason = str(error).partition("encountered: ")[2].partition(".")[0]
        print("fails:", path, reason)"""

# %%
Path("empty").mkdir(exist_ok=True)
names = ("fashion", "network", "halfway", "one-cycle")
command = [sys.executable, "-c", program, *(f"../{x}.keras" for x in names)]
run = subprocess.run(command, cwd="empty", capture_output=True, text=True)
print(run.stdout)

# %% [markdown]
# A file holds the *names* of classes, not their code. `OneCycle` is on record as the schedule, and a process
# that has not imported our code has no such class; `CosineDecay` is Keras's own, so what this page trains and
# saves loads wherever Keras is. There are three ways out: save an uncompiled network, as `product` is; load
# with `compile=False`, which leaves the optimizer aside; or import the code first. (A class of your own needs
# `keras.saving.register_keras_serializable` besides.)

# %% tags=["claims"]
reports = run.stdout.splitlines()
assert [line[:6] for line in reports[:3]] == ["loads:"] * 3, (
    "in a fresh process, with Keras alone, the "
    "networks that this page saves load"
)
assert "locate class 'OneCycle'" in reports[3], (
    "compiled with a class of ours, one does not"
)

# %% tags=["control"] claim="in a fresh process, with Keras alone, the networks that this page saves load" without="Keras's own schedule"
reports = reports[3:]

# %% [markdown]
# ## Two more kinds of file
#
# A **SavedModel** is a folder that holds the computation itself, as a TensorFlow graph, beside the
# weights. To run it you need TensorFlow, but neither Keras nor your Python code. It is meant for
# servers, and `serve` is the name that `export` gives to the computation.

# %%
import tensorflow as tf

product.export("fashion_savedmodel", verbose=False)
served_model = tf.saved_model.load("fashion_savedmodel")
graph_answers = served_model.serve(photographs.astype("float32")).numpy()

# %% [markdown]
# **LiteRT**, formerly TensorFlow Lite, is a small program that runs networks and does nothing else: on
# phones, on boards the size of a stamp, in web pages. Its file is a list of operations with their
# weights. Converting drops what only training needs, such as dropout.
#
# Fix the batch size, too. In Keras it is `None`, any number. The program that runs LiteRT files in web
# pages refuses a shape that it does not know beforehand, so this file takes one photograph at a time:

# %%
one_photograph = keras.InputSpec(shape=(1, 28, 28), dtype="float32")
product.export("fashion.tflite", "litert", input_signature=[one_photograph])

# %% [markdown]
# An *interpreter* holds the file and runs it. You fill its input, invoke it (let it compute), and take
# its output. (`open_litert` is `tf.lite.Interpreter`, without its warning that it is about to move into a
# package of its own, `ai_edge_litert`.)

# %%
from snippets.export import open_litert

interpreter = open_litert("fashion.tflite")
input_index = interpreter.get_input_details()[0]["index"]
output_index = interpreter.get_output_details()[0]["index"]
interpreter.set_tensor(input_index, photographs[:1].astype("float32"))
interpreter.invoke()
answer = interpreter.get_tensor(output_index).argmax()
print("answer:", class_names[answer], " truth:", class_names[truth[0]])

# %% [markdown]
# The fixed batch has a price. Give it two photographs, on purpose:

# %% tags=["raises-exception"]
interpreter.set_tensor(input_index, photographs[:2].astype("float32"))

# %% [markdown]
# That error is a friend: it comes at once, and it says what is wrong. From here on, two functions of the
# snippet `export` help: `run_litert` loops over the photographs, and `export_litert` does the export
# above.
#
# ## A quarter of the bytes
#
# A weight takes four bytes. **Quantisation** keeps it in one, an int8: a whole number from −127 to 127,
# which stands for itself times a scale. Here each row of a weight matrix has a scale of its own: its
# largest weight, without the sign, divided by 127. By hand: of 0.5, −0.2 and 0.03, the first becomes
# 127. The second is −0.2 / 0.5 × 127, nearly −51, and the third is 0.03 / 0.5 × 127, nearly 8.


# %%
def quantise(rows):
    scales = np.abs(rows).max(axis=1, keepdims=True) / 127
    return np.round(rows / scales).astype("int8"), scales


integers, scales = quantise(np.array([[0.5, -0.2, 0.03]]))
print(integers, (integers * scales).round(4))

# %% [markdown]
# On the right is what the network then uses: no weight moves by more than half a scale. A row with one giant
# weight is the worst case, for all its other weights have to share the few steps near 0.
#
# The converter can do this to all larger arrays of weights. What flows between the layers stays float;
# it is rounded on the way into a layer, by a scale computed anew each time from the range of the
# numbers that come in. Hence the name, **dynamic-range quantisation**. Are the integers in the file
# those of your `quantise`? Look at the first eight weights of one unit of the dense layer `hidden`:

# %%
from snippets.export import export_litert, quantised_weights

export_litert(product, "fashion-int8.tflite", quantise=True)
kernel = network.get_layer("hidden").get_weights()[0].T  # a row per unit
arrays_in_file = quantised_weights("fashion-int8.tflite")
integers_by_shape = {x.integers.shape: x.integers for x in arrays_in_file}
file_integers = integers_by_shape[kernel.shape].astype(int)
hand_integers, scales = quantise(kernel)
print(file_integers[0, :8], "in the file")
print(hand_integers[0, :8].astype(int), "by hand")

# %% tags=["claims"]
is_equal = file_integers == hand_integers
assert is_equal.mean() > 0.999, (
    "the integers in the file are those of two lines by hand"
)
weight_moves = np.abs(file_integers * scales - kernel) / scales
assert weight_moves.max() <= 0.501, (
    "rounding moves no weight by more than half a scale"
)

# %% tags=["control"] claim="the integers in the file are those of two lines by hand" without="a scale for each row"
is_equal = file_integers == np.round(kernel / np.abs(kernel).max() * 127)

# %% tags=["control"] claim="rounding moves no weight by more than half a scale" without="rounding to the nearest"
weight_moves = np.abs(np.trunc(kernel / scales) - kernel / scales)

# %% [markdown]
# ## Do they agree?
#
# The integers in the file are yours. What does rounding do to the answers? Ask every file about a
# thousand photographs, and compare with `product` in Keras. How often is the answer the same, and how
# far apart are the probabilities at most?

# %%
from snippets.export import agreement, file_megabytes, run_litert

file_answers = {
    "fashion.keras": probabilities(loaded_network, photographs),
    "fashion_savedmodel": graph_answers,
    "fashion.tflite": run_litert("fashion.tflite", photographs),
    "fashion-int8.tflite": run_litert("fashion-int8.tflite", photographs),
}
agreements = {f: agreement(expected, p) for f, p in file_answers.items()}
megabytes = {file: file_megabytes(file) for file in file_answers}

# %%
rows = []
for file, comparison in agreements.items():
    row = {"file": f"`{file}`", "megabytes": f"{megabytes[file]:.2f}"}
    row["same answer"] = f"{comparison.same:,} of {comparison.examples:,}"
    rows.append(row | {"largest difference": f"{comparison.largest:.1g}"})
move_order = np.argsort(-agreements["fashion-int8.tflite"].differences)
tables.table(rows)

# %% [markdown]
# The loaded network answers the same to the last bit. The float file differs in the last digits only: the same
# sums, added up in another order. Rounding to int8 can be seen: it moves a probability by up to
# `{python} f"{100 * agreements['fashion-int8.tflite'].largest:.1f}"` points, on most photographs by far
# less. Mostly it moves those on which the network was undecided: a small push moves what stands on the edge.
# The mean confidence on the hundred that move most is
# `{python} f"{expected[move_order[:100]].max(axis=1).mean():.0%}"`, on all others
# `{python} f"{expected[move_order[100:]].max(axis=1).mean():.0%}"`.

# %% tags=["claims"]
*float_agreements, int8_agreement = agreements.values()
assert all(comparison.same == 1000 for comparison in float_agreements), (
    "loaded, as a SavedModel and in LiteRT, the network "
    "gives the same answer to 1,000 photographs"
)
largest_gap = max(comparison.largest for comparison in float_agreements)
assert largest_gap < 1e-4, (
    "in these three, no probability differs by more than a ten-thousandth"
)
assert int8_agreement.same >= 980, (
    "with int8 weights, at least 980 of 1,000 answers stay the same"
)
size_ratio = megabytes["fashion-int8.tflite"] / megabytes["fashion.tflite"]
assert size_ratio < 0.35, (
    "int8 weights make the file less than 0.35 times as large"
)

# %% tags=["control"] claim="with int8 weights, at least 980 of 1,000 answers stay the same" without="more than two bits"
coarse_network = keras.models.clone_model(network)
layer_pairs = zip(coarse_network.layers, network.layers, strict=True)
for coarse_layer, trained_layer in layer_pairs:
    values = trained_layer.get_weights()
    if values and values[0].ndim > 1:
        axes = tuple(range(values[0].ndim - 1))
        scale = np.abs(values[0]).max(axis=axes, keepdims=True)
        values[0] = np.round(values[0] / scale) * scale  # -1, 0 or 1 of it
    coarse_layer.set_weights(values)
# The normalisation computes with the weights that it got.
coarse_network.layers[1].finalize_state()
coarse_answers = probabilities(coarse_network, photographs)
int8_agreement = agreement(expected, coarse_answers)

# %% tags=["control"] claim="int8 weights make the file less than 0.35 times as large" without="quantisation"
export_litert(product, "fashion-int8.tflite")
same_size = file_megabytes("fashion-int8.tflite")
size_ratio = same_size / megabytes["fashion.tflite"]

# %% [markdown]
# ## Is it fast?
#
# A web page asks about one photograph at a time. So time single photographs, and for comparison a
# thousand together in Keras. A dense network that has about as many weights joins in (untrained, for time
# does not depend on what was learned):

# %%
from snippets.models import dense_network

export_litert(dense_network((128,)), "dense.tflite")
variants = {
    "Keras, predict": lambda: product.predict(photographs[:1], verbose=0),
    "Keras, called": lambda: product(photographs[:1]),
    "Keras, together": lambda: probabilities(product, photographs),
}
for file in ("fashion.tflite", "fashion-int8.tflite", "dense.tflite"):
    variants[file] = lambda file=file: run_litert(file, photographs)

# %% tags=["measured"]
from snippets.training import Stopwatch

milliseconds = {}
for variant, ask in variants.items():
    ask()  # once before: the first call prepares things
    with Stopwatch() as watch:
        answer_lists = [ask() for _ in range(30 if "," in variant else 1)]
    count = sum(map(len, answer_lists))
    milliseconds[variant] = 1000 * watch.cpu_seconds / count
column = "CPU ms per photograph"
rows = [{"way": v, column: f"{ms:.3f}"} for v, ms in milliseconds.items()]
tables.table(rows)

# %% [markdown]
# Asked about one photograph, Keras spends most of its time around the sums: checking arguments,
# finding operations, making tensors. LiteRT planned all that when it opened the file, and is
# `{python measured} f"{milliseconds['Keras, called'] / milliseconds['fashion.tflite']:.0f}"` times as
# fast as calling the model. If Keras gets a thousand photographs together, they share that work around the
# sums.
#
# The dense network has about as many weights as the convolutional one, yet it is faster by far: it uses
# each weight once, where a convolution uses each filter at every place. **Size counts weights; time
# counts multiplications.** And int8 is about size: whether it also saves time depends on the processor.

# %% tags=["claims", "measured"]
litert_time = milliseconds["fashion.tflite"]
assert milliseconds["Keras, called"] > 1.5 * litert_time, (
    "asked about one photograph, LiteRT is faster "
    "than calling the model in Keras"
)
assert litert_time > 1.5 * milliseconds["dense.tflite"], (
    "in LiteRT, the dense network with about as many "
    "weights is faster than the convolutions"
)

# %% [markdown]
# ## A file from a stranger
#
# Some files hold data. Others hold a program, and opening them runs it. Here somebody makes you a
# present. Keras's `Lambda` layer turns any Python function into a layer, and a `.keras` file keeps a
# `lambda` as bytecode: the instructions into which Python translates it. This one writes a file,
# `note.txt`, and returns its input; it could as well delete all your files. Save it, and load it:

# %%
gift = layers.Lambda(
    lambda x: (
        __import__("pathlib").Path("note.txt").write_text("I ran") and x
    )
)
keras.Sequential([keras.Input((28, 28)), gift]).save("gift.keras")
Path("note.txt").unlink()  # building the layer ran it once

# %% tags=["raises-exception"]
keras.saving.load_model("gift.keras")

# %% [markdown]
# Keras refuses. This is its **safe mode**, on unless you switch it off. The message ends with how to
# switch it off, and it is tempting to do as it says. What then?

# %%
keras.saving.load_model("gift.keras", safe_mode=False)
Path("note.txt").read_text()

# %% [markdown]
# Nobody asked this network anything. Loading was enough. So never switch safe mode off for a file that
# you did not write. What you can do is list the classes that a file names without building any, since its
# configuration is only text:

# %%
from snippets.export import classes_in_keras_file

for file in ("gift.keras", "one-cycle.keras"):
    print(file, *classes_in_keras_file(file), sep="\n    ")

# %% [markdown]
# `CODE` is what you look for: Python code in the file. `FOREIGN` names a class that is not Keras's, so the
# file needs its code. A layer of your own needs no code in the file: write a class, and register it.
#
# Safe mode is a lock, not a wall. The public list of security holes says how it was picked, in
# [CVE-2025-1550](https://nvd.nist.gov/vuln/detail/CVE-2025-1550),
# [CVE-2025-8747](https://nvd.nist.gov/vuln/detail/CVE-2025-8747) and
# [CVE-2025-9906](https://nvd.nist.gov/vuln/detail/CVE-2025-9906), and mended each time. Keep Keras up to
# date, and open strangers' files where there is nothing to steal: in a container (a closed-off part of a
# computer) without network.
#
# Python's own **pickle** has no lock at all. A pickle is a list of instructions, one of which is *call
# this function*:

# %%
import pickle


class Present:
    def __reduce__(self):  # pickle writes down a function, its arguments
        return print, ("This ran while you were loading.",)


pickle.loads(pickle.dumps(Present()))

# %% [markdown]
# So never unpickle what a stranger sent, under whatever name: `.pkl`, `.joblib`, many `.pt` files, or
# `np.load(…, allow_pickle=True)`. To sum up (`.weights.h5` is what `network.save_weights` writes):
#
# | file | what it holds | who can run it | from a stranger |
# |---|---|---|---|
# | `.keras` | architecture, weights, and of a compiled network the optimizer with its state | Keras | in safe mode, with a Keras up to date |
# | SavedModel | graph, weights | TensorFlow | a program that may touch files: in a container |
# | LiteRT | operations, weights | LiteRT, almost anywhere | can only compute; its reader may have faults |
# | `.weights.h5` | weights | your own code, with the network | the least risk, and the least help |
# | pickle | instructions | Python | never |
#
# And how do you know that a file is the one that was published? By its **checksum**: a number of fixed length
# computed from all its bytes, for example by the method SHA-256. Change one bit, and it is another
# number. *About this run*, at the end of this page, lists the checksums of the files that it publishes.
#
# ## The file for a web page
#
# `fashion.tflite` is meant for a page that runs it in the browser. Whoever writes that page needs to
# check that the file does there what it does here. So give them questions with answers, in a text file:
# a hundred photographs of the *test set*, ten per class, and the probabilities from Keras. (The cell
# shows how many characters it wrote.) And since the test set is open now, the exam: all of its
# photographs, both `.tflite` files.

# %%
import base64
import json

test_images, test_labels = test_set
ten_each = [np.flatnonzero(test_labels == n)[:10] for n in range(10)]
check_places = np.sort(np.concatenate(ten_each))
check_images = test_images[check_places]
keras_answers = probabilities(product, check_images).astype(float)
questions = {
    "class_names": list(class_names),
    "images": base64.b64encode(check_images.tobytes()).decode(),
    "labels": test_labels[check_places].tolist(),
    "probabilities": keras_answers.round(7).tolist(),
}
Path("fashion-check.json").write_text(json.dumps(questions))

# %%
float_answers = run_litert("fashion.tflite", test_images)
int8_answers = run_litert("fashion-int8.tflite", test_images)
float_correct = float_answers.argmax(axis=1) == test_labels
int8_correct = int8_answers.argmax(axis=1) == test_labels
lost_answers = int((float_correct & ~int8_correct).sum())
won_answers = int((int8_correct & ~float_correct).sum())
noise = 2 * np.sqrt(max(lost_answers + won_answers, 1))  # if coins decide
print(f"rounding loses {lost_answers} and wins {won_answers}", end="; ")
print(f"by chance, ±{noise:.0f}")

# %% [markdown]
# On the test set the float file has an accuracy of `{python} f"{float_correct.mean():.1%}"`, the rounded one
# of `{python} f"{int8_correct.mean():.1%}"`. Rounding loses `{python} lost_answers` correct answers and wins
# `{python} won_answers`. If a coin decided for each of them whether it is lost or won, the two counts would
# differ too, but seldom by more than the ± in the output. The difference here is
# `{python} "inside" if abs(lost_answers - won_answers) <= noise else "outside"` this noise. On your network, count
# again.

# %% tags=["claims"]
file_questions = json.loads(Path("fashion-check.json").read_text())
check_bytes = base64.b64decode(file_questions["images"])
check_pixels = np.frombuffer(check_bytes, "uint8").reshape(100, 28, 28)
check_answers = np.array(file_questions["probabilities"])
litert_answers = run_litert("fashion.tflite", check_pixels)
read_back = agreement(check_answers, litert_answers)
assert read_back.same == len(check_pixels) == 100, (
    "the check file and the LiteRT file, read back, give "
    "the same answer to 100 test photographs"
)
assert read_back.largest < 1e-4, (
    "their probabilities differ by less than a ten-thousandth"
)
shape = tuple(interpreter.get_input_details()[0]["shape_signature"])
assert shape == (1, 28, 28), (
    "the file's shapes are all known: one by 28 by 28"
)
loss_of_int8 = float_correct.mean() - int8_correct.mean()
assert abs(loss_of_int8) < 0.01, (
    "on the test set, int8 weights cost less than one point"
)

# %% tags=["control"] claim="the check file and the LiteRT file, read back, give the same answer to 100 test photographs" without="pixels as the file wants them"
fractions = check_pixels.astype("float32") / 255
read_back = agreement(
    check_answers, run_litert("fashion.tflite", fractions)
)

# %% tags=["control"] claim="the file's shapes are all known: one by 28 by 28" without="a fixed batch size"
product.export("any.tflite", format="litert", verbose=False)
any_interpreter = open_litert("any.tflite")
shape = tuple(any_interpreter.get_input_details()[0]["shape_signature"])

# %% [markdown]
# ## Try it
#
# Here is that web page. It reads `fashion.tflite` in your browser and does the sums of its ten operators, with
# the weights of this run. Ask it about a photograph of the test set, one of yours, or a drawing.
#
# <!-- try it: fashion.tflite, fashion-check.json -->
#
# A test image is what the file wants. Your photograph is not, so the page prepares it and shows each step: a
# mistake in one of them would be training-serving skew again. `Normalization` inside the file is no help there.
# It takes any numbers, and cannot see whether they are clothes on black.
#
# Nor does the network know what it does not know. It was trained on single pieces of clothing, on nothing. Show
# it a person, a patterned carpet or a cup, and it still names one of its ten classes: the probabilities always
# add up to 1. Which parts matter is found as in [What did it learn?](../convnets/explanations.md), with
# probabilities in place of logits: a square of background covers the picture, place by place, and the page
# shows how far the probability of the answer falls.

# %% [markdown]
# ## Exercises
#
# **1. Photographs on white paper.** A shop has dark clothes on white: each pixel is 255 minus what
# `product` expects. Make `for_paper`, a model that takes such photographs and gives the answers that
# `product` gives to the same clothes on black. The starter feeds them in as they are.

# %% tags=["starter"]
for_paper = product

# %% [markdown] tags=["hint"]
# Which multiplication and which addition turn 255 into 0 and 0 into 255? `layers.Rescaling` does both; what
# must the pixels meet first, that layer or `product`?

# %% tags=["check"]
on_paper = 255 - photographs[:200]
match = agreement(expected[:200], probabilities(for_paper, on_paper))
assert match.same == 200, f"only {match.same} of 200 answers are the same"
assert match.largest < 1e-3, f"off by {match.largest:.2g}: exactly 255 − x?"

# %% tags=["solution"]
inversion = layers.Rescaling(-1, offset=255)
for_paper = keras.Sequential([keras.Input((28, 28)), inversion, product])
agreement(expected[:200], probabilities(for_paper, on_paper)).largest

# %% tags=["wrong"]
inversion = layers.Rescaling(-1, offset=1)
for_paper = keras.Sequential([keras.Input((28, 28)), inversion, product])

# %% tags=["wrong"]
inversion = layers.Rescaling(-1, offset=256)
for_paper = keras.Sequential([keras.Input((28, 28)), inversion, product])

# %% tags=["wrong"]
inversion = layers.Rescaling(-1, offset=255)
for_paper = keras.Sequential([keras.Input((28, 28)), inversion, network])

# %% tags=["wrong"]
inversion = layers.Rescaling(-1, offset=1)
for_paper = keras.Sequential([keras.Input((28, 28)), product, inversion])

# %% [markdown]
# **2. Four bits.** Write `quantise_to(rows, bits)`, which returns integers and scales as `quantise`
# does, for any number of bits. With 8 bits the largest integer is 127, with 4 it is 7, with 2 it is 1.
# The starter always divides by 127, and cuts digits off where it should round.


# %% tags=["starter"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / 127
    return (rows / scales).astype("int8"), scales


# %% [markdown] tags=["hint"]
# One bit is for the sign, so with 8 bits 2⁷ − 1 steps are left on each side. Write that with `bits`. And which
# NumPy function goes to the nearest whole number?

# %% tags=["check"]
for bits, limit in {8: 127, 4: 7, 2: 1, 3: 3}.items():
    pair = quantise_to(kernel.copy(), bits)
    assert isinstance(pair, tuple | list), "return integers and scales"
    numbers, steps = map(np.asarray, pair)
    assert numbers.dtype.kind == "i", f"integers, not {numbers.dtype}"
    message = f"one scale per row, not shape {steps.shape}"
    assert steps.shape == (len(kernel), 1), message
    maxima = set(np.abs(numbers.astype(int)).max(axis=1).tolist())
    message = f"{bits} bits: the largest is {limit}, not {maxima}"
    assert maxima == {limit}, message
    move = float(np.abs(numbers - kernel / steps).max())
    message = f"{bits} bits: a weight moves by {move:.2f} of a scale"
    assert move < 0.501, f"{message}: round, do not cut"


# %% tags=["solution"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.round(rows / scales).astype("int8"), scales


quantise_to(kernel, 4)[0][0, :8]


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scale = np.abs(rows).max() / (2 ** (bits - 1) - 1)  # one for all rows
    scales = np.full((len(rows), 1), scale)
    return np.round(rows / scale).astype("int8"), scales


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.floor(rows / scales).astype("int8"), scales


# %% tags=["wrong"]
def quantise_to(rows, bits):
    largest_integer = 2**bits - 1  # forgets the sign
    scales = np.abs(rows).max(axis=1, keepdims=True) / largest_integer
    return np.round(rows / scales).astype("int16"), scales


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (16 * bits - 1)
    return np.round(rows / scales).astype("int8"), scales


# %% [markdown]
# **3. Check before you open.** Write `load_checked(path, sha256)`: load a `.keras` file in safe mode,
# but first compare the SHA-256 of its bytes, as 64 hexadecimal digits, with the published one. Where
# they differ, raise a `ValueError` and load nothing. `hashlib.sha256(data).hexdigest()` gives the digits
# of the bytes `data`.


# %% tags=["starter"]
import hashlib


def load_checked(path, sha256):
    return keras.saving.load_model(path)


# %% [markdown] tags=["hint"]
# Reading the bytes of a file runs nothing. Compute the digits from them first; what may happen only if they are
# equal?

# %% tags=["check"]
from unittest.mock import patch


def attempt(path, sha256):
    try:
        return load_checked(path, sha256)
    except Exception as error:
        return error


def digits_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


digits = digits_of("fashion.keras")
outcome = attempt("fashion.keras", digits)
assert getattr(outcome, "name", "") == "fashion", f"not loaded: {outcome!r}"
wrong_digits = {"gift.keras": digits, "fashion.keras": digits[:-1] + "x"}
for path, sha256 in wrong_digits.items():
    with patch("zipfile.ZipFile") as archive:  # notices any attempt to open
        outcome = attempt(path, sha256)
    assert not archive.called, f"{path} opened, though its checksum differs"
    assert isinstance(outcome, ValueError), f"no ValueError: {outcome!r}"
Path("note.txt").unlink(missing_ok=True)
attempt("gift.keras", digits_of("gift.keras"))
assert not Path("note.txt").exists(), "the gift ran: is safe mode on?"


# %% tags=["solution"]
def load_checked(path, sha256):
    checksum = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if checksum != sha256:
        raise ValueError(f"{path} is another file, of SHA-256 {checksum}")
    return keras.saving.load_model(path)


load_checked("fashion.keras", digits).name


# %% tags=["wrong"]
def load_checked(path, sha256):
    model = keras.saving.load_model(path)  # what the file does, it has done
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that was published")
    return model


# %% tags=["wrong"]
def load_checked(path, sha256):
    checksum = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if checksum[:8] != sha256[:8]:
        raise ValueError(f"{path} is another file, of SHA-256 {checksum}")
    return keras.saving.load_model(path)


# %% tags=["wrong"]
def load_checked(path, sha256):
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that was published")
    return keras.saving.load_model(path, safe_mode=False)


# %% tags=["wrong"]
def load_checked(path, sha256):
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
        print(f"{path} is not the file that was published")
        return None
    return keras.saving.load_model(path)


# %% tags=["wrong"]
def load_checked(path, sha256):
    if hashlib.sha256(path.encode()).hexdigest() != sha256:  # of its name
        raise ValueError(f"{path} is not the file that was published")
    return keras.saving.load_model(path)


# %% [markdown]
# ## Questions
#
# Five questions on this page, each with the reasons for and against.

# %% [markdown] tags=["question"]
# Prepared as in training, `bare_network` is right on `{python} f"{accuracies['as in training']:.0%}"` of the
# thousand photographs; fed with 0 to 255, on `{python} f"{accuracies['0 to 255']:.0%}"`. Somebody feeds it so and
# has no labels. What do they notice?
#
# - nothing: its answers are surer than before
#     - Large inputs make large logits, and a softmax of large logits is sure of itself, right or wrong. Without
#       labels nothing tells.
# - that its confidence has fallen
#     - Confidence says how far the logits are apart, not whether the inputs are of the kind that the network was
#       trained on. Here it rises.
# - an error about the range of its inputs
#     - The layers multiply and add, whatever comes in. A check of the range would have to be a layer, too.

# %% tags=["question"]
mean_confidence = {v: p.max(axis=1).mean() for v, p in answers.items()}


def fails():
    try:
        probabilities(bare_network, photographs[:10])
    except ValueError:
        return True
    return False


rise = mean_confidence["0 to 255"] - mean_confidence["as in training"]
[rise > 0 and not fails(), rise < 0, fails()]

# %% [markdown] tags=["question"]
# You load `halfway.keras`, saved after two of four epochs, and compile it with a new Adam and the same schedule,
# in order to watch one more metric. How does the training go on?
#
# - with the trained weights, and the schedule from its start
#     - The weights are the network's, the number of steps is the optimizer's. A new optimizer has taken none, so
#       the rate climbs once more.
# - with the trained weights, and the schedule from its middle
#     - It would, with the optimizer that came out of the file: it knows that 400 steps have been taken.
#       Compile with `resumed_network.optimizer` to keep it.
# - with new weights, and the schedule from its start
#     - `compile` sets optimizer, loss and metrics, and touches no weight.

# %% tags=["question"]
reloaded = keras.saving.load_model("halfway.keras")
saved_kernel = reloaded.get_weights()[0]
reloaded.compile(new_training().optimizer, loss, metrics=["accuracy"])
taken = int(reloaded.optimizer.iterations)
is_kept = np.array_equal(reloaded.get_weights()[0], saved_kernel)
[is_kept and taken == 0, is_kept and taken > 0, not is_kept]

# %% [markdown] tags=["question"]
# A network was compiled with a schedule of ours, an object of the class `OneCycle`, and saved. What does the
# `.keras` file hold of it?
#
# - the class's name and the object's arguments
#     - That is enough where the class is known. A process that has not imported our code cannot make the
#       object, and loading fails there.
# - the class's name, the arguments and the code
#     - Then the file would load anywhere, and opening it would run a stranger's program. Keras keeps code out of
#       its files, except for a `Lambda`.
# - nothing: only weights and layers are saved
#     - Of a compiled network, the configuration names the optimizer, too, and with it the schedule.

# %% tags=["question"]
with zipfile.ZipFile("one-cycle.keras") as archive:
    setup = json.loads(archive.read("config.json"))["compile_config"]
schedule_text = json.dumps(setup["optimizer"])
is_named = '"OneCycle"' in schedule_text and "800" in schedule_text
has_code = any(
    "CODE" in x for x in classes_in_keras_file("one-cycle.keras")
)
[is_named and not has_code, is_named and has_code, not is_named]

# %% [markdown] tags=["question"]
# A row of weights holds 0.5, −0.2 and 0.03, and one giant more: 50. What integers does `quantise` give the three?
#
# - 1, −1 and 0
#     - The giant becomes 127 and sets the scale, 50 / 127, so the others share the few steps near 0: 0.5 is a
#       little more than one scale, −0.2 a little more than half of one, and 0.03 less.
# - 127, −51 and 8
#     - Those are their integers in a row without the giant. The scale is the row's, and its largest weight
#       decides it.
# - 1, 0 and 0
#     - That cuts off what is left over. `quantise` rounds, and −0.2 is nearer to −1 than to 0.

# %% tags=["question"]
crowded = quantise(np.array([[0.5, -0.2, 0.03, 50.0]]))[0][0, :3].tolist()
[crowded == [1, -1, 0], crowded == [127, -51, 8], crowded == [1, 0, 0]]

# %% [markdown] tags=["question"]
# Somebody sends you `gift.keras`, and reads you its SHA-256 on the telephone. The digits are those that you
# compute from the file. What do you know?
#
# - that it arrived as it was sent
#     - With one bit changed on the way, the digits would be different. Whether what was sent is harmless,
#       they do not say.
# - that it holds no code
#     - A checksum is computed from the bytes, whatever they mean. Code has one, too.
# - that Keras loads it in safe mode
#     - Safe mode looks for code, not for digits. This file it refuses, with the right checksum and without.

# %% tags=["question"]
sent_digits = digits_of("gift.keras")
damaged_bytes = bytearray(Path("gift.keras").read_bytes())
damaged_bytes[-1] ^= 1  # one bit
Path("damaged.keras").write_bytes(damaged_bytes)
has_code = any("CODE" in x for x in classes_in_keras_file("gift.keras"))
is_refused = isinstance(attempt("gift.keras", sent_digits), ValueError)
[digits_of("damaged.keras") != sent_digits, not has_code, not is_refused]

# %% [markdown]
# ## What to remember
#
# - The preparation is a part of the network. Put it inside, or somebody will feed it something else, and
#   nothing will say so.
# - `.keras` to go on working in Keras, SavedModel for servers, LiteRT for phones and web pages.
# - A compiled network's file holds the optimizer's state. Load and go on; `compile` after loading throws the
#   state away.
# - Load your file in a fresh process before you send it: what it names and Keras does not have is missing
#   there.
# - Do not assume that a converted file agrees: count, on a thousand examples, and keep examples with
#   their answers beside the file.
# - A file may be a program. Keep safe mode on, never unpickle a stranger's file, compare the checksum.
#
# ## Where next
#
# The LiteRT file answers one photograph at a time, quickly. Training is another matter:
# [Make it fast](make-it-fast.md) finds where its time goes. The network of
# [CIFAR-10](../convnets/cifar10.md) is worth exporting too, and [Evaluation](../networks/evaluation.md)
# has more questions to ask of both LiteRT files.
#
# ## Sources
#
# - Keras, [Save, serialize, and export models](https://keras.io/guides/serialization_and_saving/), and the
#   [API of saving and loading](https://keras.io/api/models/model_saving_apis/).
# - TensorFlow, [Using the SavedModel format](https://www.tensorflow.org/guide/saved_model).
# - Google, [LiteRT](https://ai.google.dev/edge/litert): how it runs on phones and in web pages.
# - B. Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
#   Inference, 2017, [arXiv:1712.05877](https://arxiv.org/abs/1712.05877): how int8 also saves time.
