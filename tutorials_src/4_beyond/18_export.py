# ---
# title: Save, export, use
# summary: A network leaves the notebook with its preparation inside. Three kinds of file, what rounding costs, and which files not to open.
# needs: [convolution]
# teaches: [training-serving skew, serialisation, savedmodel, litert, quantisation, dynamic-range quantisation, safe mode, pickle, checksum]
# data: [fashion-mnist]
# artifacts: [fashion.tflite, fashion-check.json]
# seed: 7
# ---

# %% [markdown]
# Your network lives in the memory of a notebook. Close the notebook, and the network is gone. What do
# you put into a file, so that somebody else's program, on a telephone or in a web page, gives the same
# answers? Here are five photographs to ask it about.

# %%
import numpy as np

from snippets import plot_curves, plot_images, preprocessing, tables
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
names = fashion.class_names
photographs, labels = fashion.validation.images[:1000], fashion.validation.labels[:1000]
shown = [np.flatnonzero(labels == number)[0] for number in (0, 2, 4, 5, 6)]
plot_images.image_grid(photographs[shown], [names[label] for label in labels[shown]], columns=5)

# %% [markdown]
# Train a network: three blocks of convolutions, two quick epochs on standardised photographs. The cell
# shows the training accuracy of each epoch.

# %%
import keras

from snippets.convnets import fashion_convnet
from snippets.training import fit_one_cycle

train_inputs = preprocessing.standardise(fashion.train.images, fashion.train.images)
keras.utils.set_random_seed(7)
network = fashion_convnet(pool_first=True)
fit_one_cycle(network, (train_inputs, fashion.train.labels), epochs=2, batch_size=128)["accuracy"]

# %% [markdown]
# Now give the network to two colleagues, and say nothing else. Photographs are numbers from 0 to 255,
# so that is what the first one feeds in. The second divides by 255, as many tutorials do. Each title
# below says how the photograph was prepared, what the network answers, and with which probability. (The
# pictures show what the eye sees, not what the network is fed.)

# %%
preparations = {
    "as in training": preprocessing.standardise(photographs, fashion.train.images),
    "0 to 255": photographs.astype("float32"),
    "0 to 1": photographs.astype("float32") / 255,
}
alone = keras.Sequential([network, keras.layers.Softmax()])  # logits into probabilities


def ask(model, inputs):
    return model.predict(inputs, batch_size=1000, verbose=0)


says = {name: ask(alone, inputs) for name, inputs in preparations.items()}


def title(way, p, i):
    mark = "" if p[i].argmax() == labels[i] else "\nWRONG"
    return f"{way}:\n{names[p[i].argmax()]}\n{p[i].max():.0%} sure{mark}"


titles = [title(way, p, i) for way, p in says.items() for i in shown]
plot_images.image_grid(photographs[shown * 3], titles, columns=5, subject="photographs and answers")

# %% [markdown]
# The same photographs and the same weights, in three rows. Nothing raises an error, and no answer by
# itself looks broken. Now a thousand photographs; confidence is the probability of the network's answer:

# %%
right = {name: (p.argmax(axis=1) == labels).mean() for name, p in says.items()}
tables.table(
    [
        {
            "fed with": name,
            "right": f"{right[name]:.1%}",
            "mean confidence": f"{p.max(axis=1).mean():.0%}",
        }
        for name, p in says.items()
    ]
)

# %% [markdown]
# Fed with 0 to 255, the network is surer than with the right inputs, and wrong on
# `{python} f"{1 - right['0 to 255']:.0%}"` of them. This is **training-serving skew**: the inputs in
# use are prepared in another way than those in training. A good network fails quietly: the answers are
# worse, and nothing says so.
#
# ## Put the preparation inside
#
# From each pixel $x$, `standardise` subtracts that pixel's mean over the training photographs, $m$. It
# divides the result by one standard deviation $s$, the same for all pixels. You could write those
# numbers into a manual. Make them a layer instead, and nobody can forget them: $(x - m) / s$ is $x$
# times $1/s$, plus $-m/s$, and that is a `Rescaling` layer. At the other end, `Softmax` turns logits
# into probabilities. Does the longer chain give the probabilities of the row *as in training*?

# %%
mean = fashion.train.images.mean(axis=0)  # an image, 28 by 28
deviation = float(np.sqrt(fashion.train.images.var(axis=0).mean()))
product = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Rescaling(1 / deviation, offset=(-mean / deviation).tolist()),
        *network.layers,  # the trained layers themselves, not copies
        keras.layers.Softmax(),
    ],
    name="fashion",
)
expected = ask(product, photographs)
print("largest difference:", np.abs(expected - says["as in training"]).max())

# %% [markdown]
# It does, except for rounding. `product` takes pixels as they are, from 0 to 255. Whoever calls it, a
# web page for example, needs to know nothing about the numbers of your training set. `product` has no
# optimizer either, for whoever uses a network does not train it.
#
# No layer can know whether a photograph is of the right kind. So write down which kind that is: grey, 28
# by 28 pixels, light clothes on black.

# %% tags=["claims"]
assert right["as in training"] - max(right["0 to 255"], right["0 to 1"]) > 0.05, (
    "fed with pixels prepared in another way, the same weights lose more than five points"
)
assert np.abs(expected - says["as in training"]).max() < 1e-4, (
    "with the preparation inside, raw pixels give the same probabilities"
)

# %% tags=["control"] claim="with the preparation inside, raw pixels give the same probabilities" without="the preparation inside"
expected = ask(alone, photographs.astype("float32"))

# %% [markdown]
# ## Three kinds of file
#
# Turning an object into bytes is called **serialisation**. Keras has a kind of file of its own. Save
# `product`, list what is in the file, with sizes in bytes, load it, and compare the answers:

# %%
import zipfile

product.save("fashion.keras")
with zipfile.ZipFile("fashion.keras") as archive:
    print({item.filename: item.file_size for item in archive.infolist()})
again = keras.saving.load_model("fashion.keras")
np.array_equal(ask(again, photographs), expected)

# %% [markdown]
# A `.keras` file is a ZIP archive: a recipe (`config.json`: the layers and their arguments) and the
# weights. To load it you need Keras, which builds the layers anew. The answers are the same to the last
# bit (`True`), and after a `compile` you can go on training.
#
# A **SavedModel** is a folder that holds the computation itself, as a TensorFlow graph, beside the
# weights. To run it you need TensorFlow, but neither Keras nor your Python code. It is meant for
# servers, and `serve` is the name that `export` gives to the computation.

# %%
import tensorflow as tf

product.export("fashion_savedmodel", verbose=False)
served = tf.saved_model.load("fashion_savedmodel")
by_graph = served.serve(photographs.astype("float32")).numpy()

# %% [markdown]
# **LiteRT**, formerly TensorFlow Lite, is a small program that runs networks and does nothing else: on
# telephones, on boards the size of a stamp, in web pages. Its file is a list of operations with their
# weights. Converting drops what only training needs, such as dropout. The numbers of batch
# normalisation no longer change after training, so one product and one sum are left of it.
#
# Fix the batch size, too. In Keras it is `None`, any number. The program that runs LiteRT files in web
# pages refuses a shape that it does not know beforehand, so this file takes one photograph at a time:

# %%
one = keras.InputSpec(shape=(1, 28, 28), dtype="float32")
product.export("fashion.tflite", format="litert", input_signature=[one], verbose=False)

# %% [markdown]
# An *interpreter* holds the file and runs it. You fill its input, invoke it (let it compute), and take
# its output:

# %%
from snippets.export import open_litert

interpreter = open_litert("fashion.tflite")
entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(entry["index"], photographs[:1].astype("float32"))
interpreter.invoke()
answer = interpreter.get_tensor(result["index"])
print("answer:", names[answer.argmax()], " truth:", names[labels[0]], " shape:", answer.shape)

# %% [markdown]
# The fixed batch has a price. Give it two photographs, on purpose:

# %% tags=["raises-exception"]
interpreter.set_tensor(entry["index"], photographs[:2].astype("float32"))

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


tiny = np.array([[0.5, -0.2, 0.03]])
integers, scales = quantise(tiny)
steps = {"weight": tiny, "÷ scale": tiny / scales, "int8": integers, "× scale": integers * scales}
tables.table([{name: f"{row[0, i]:.4g}" for name, row in steps.items()} for i in range(3)])

# %% [markdown]
# Compare the first column with the last, which is what the network then uses: no weight moves by more
# than half a scale. A row with one giant weight is the worst case, for all its other weights have to
# share the few steps near 0.
#
# The converter can do this to all larger arrays of weights. What flows between the layers stays float;
# it is rounded on the way into a layer, by a scale that is found anew each time, from the range of the
# numbers that come in. Hence the name, **dynamic-range quantisation**. Are the integers in the file
# those of your `quantise`? Look at the first eight weights of one unit of the dense layer `hidden`:

# %%
from snippets.export import export_litert, quantised_weights

export_litert(product, "fashion-int8.tflite", quantise=True)
kernel = network.get_layer("hidden").get_weights()[0].T  # in LiteRT, a row is a unit
stored = {each.integers.shape: each.integers for each in quantised_weights("fashion-int8.tflite")}
stored = stored[kernel.shape].astype(int)
by_hand, scales = quantise(kernel)
print("in the file:", stored[0, :8], "\nby hand:    ", by_hand[0, :8].astype(int))

# %% tags=["claims"]
assert (stored == by_hand).mean() > 0.999, "the integers in the file are those of two lines by hand"
assert (np.abs(stored * scales - kernel) <= 0.501 * scales).all(), (
    "rounding moves no weight by more than half a scale"
)

# %% tags=["control"] claim="the integers in the file are those of two lines by hand" without="a scale for each row"
by_hand = np.round(kernel / np.abs(kernel).max() * 127)

# %% tags=["control"] claim="rounding moves no weight by more than half a scale" without="rounding to the nearest"
stored = np.trunc(kernel / scales)

# %% [markdown]
# ## Do they agree?
#
# The integers in the file are yours. What does rounding do to the answers? Ask every file about a
# thousand photographs, and compare with `product` in Keras. How often is the answer the same, and how
# far apart are the probabilities at most?

# %%
from snippets.export import agreement, file_megabytes, run_litert

answers = {
    "fashion.keras": ask(again, photographs),
    "fashion_savedmodel": by_graph,
    "fashion.tflite": run_litert("fashion.tflite", photographs),
    "fashion-int8.tflite": run_litert("fashion-int8.tflite", photographs),
}
agreed = {name: agreement(expected, found) for name, found in answers.items()}
size = {name: file_megabytes(name) for name in answers}
tables.table(
    [
        {
            "file": f"`{name}`",
            "megabytes": f"{size[name]:.2f}",
            "same answer": f"{each.same:,} of {each.examples:,}",
            "largest difference": f"{each.largest:.1g}",
        }
        for name, each in agreed.items()
    ]
)

# %%
ranks = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ranked = {
    name: {rank: np.sort(agreed[name].differences)[-rank] for rank in ranks}
    for name in ("fashion.tflite", "fashion-int8.tflite")
}
plot_curves.log_curves(
    ranked, xlabel="rank of the photograph", ylabel="difference of a probability"
)

# %% [markdown]
# For the figure, the photographs are sorted by how far a probability moves: rank 1 moves most. Both
# axes are logarithmic. The float file differs from Keras in the last digits only: the same sums, added
# up in another order. Rounding to int8 can be seen: it moves a probability by up to
# `{python} f"{100 * agreed['fashion-int8.tflite'].largest:.1f}"` points, on most photographs by far
# less. Which photographs are moved most?

# %%
by_int8, moved = answers["fashion-int8.tflite"], agreed["fashion-int8.tflite"].differences
worst = np.argsort(-moved)[:5]


def top(p):
    return f"{names[p.argmax()]} {p.max():.0%}"


titles = [f"float:\n{top(expected[i])}\nint8:\n{top(by_int8[i])}" for i in worst]
plot_images.image_grid(
    photographs[worst], titles, columns=5, subject="photographs that rounding moves most"
)

# %% [markdown]
# Mostly those on which the network was undecided. A small push moves what stands on the edge: the mean
# confidence on the hundred that move most is
# `{python} f"{expected[np.argsort(-moved)[:100]].max(axis=1).mean():.0%}"`, on all others
# `{python} f"{expected[np.argsort(-moved)[100:]].max(axis=1).mean():.0%}"`.
#
# That was one network. Here are three others, dense ones from three seeds, trained on a fifth of the
# photographs. The table gives their accuracy on the whole validation set, before and after rounding:

# %%
from snippets.models import dense_network

held_out = preprocessing.standardise(fashion.validation.images, fashion.train.images)
truth = fashion.validation.labels
rows, drops = [], []
for seed in range(3):
    keras.utils.set_random_seed(seed)
    dense = dense_network((128,))
    fit_one_cycle(dense, (train_inputs[::5], fashion.train.labels[::5]), epochs=3, batch_size=128)
    export_litert(dense, "dense.tflite")
    export_litert(dense, "dense-int8.tflite", quantise=True)
    pair = [run_litert(f"dense{kind}.tflite", held_out).argmax(axis=1) for kind in ("", "-int8")]
    scores = [(each == truth).mean() for each in pair]
    drops.append(scores[0] - scores[1])
    rows.append([seed, *scores, (pair[0] != pair[1]).mean()])
heads = ("seed", "float", "int8", "answers changed")
tables.table([dict(zip(heads, (s, *(f"{x:.2%}" for x in row)), strict=True)) for s, *row in rows])

# %% [markdown]
# Some answers change, and what that does to the accuracy is small: here from
# `{python} f"{100 * -max(drops):+.2f}"` to `{python} f"{100 * -min(drops):+.2f}"` points.

# %% tags=["claims"]
unrounded = [agreed[name] for name in ("fashion.keras", "fashion_savedmodel", "fashion.tflite")]
assert all(each.same == 1000 for each in unrounded), (
    "loaded, as a SavedModel and in LiteRT, the network gives the same answer to 1,000 photographs"
)
assert max(each.largest for each in unrounded) < 1e-4, (
    "in these three, no probability differs by more than a ten-thousandth"
)
assert agreed["fashion-int8.tflite"].same >= 980, (
    "with int8 weights, at least 980 of 1,000 answers stay the same"
)
assert max(map(abs, drops)) < 0.01, (
    "on three dense networks, int8 weights change the accuracy by less than one point"
)
assert size["fashion-int8.tflite"] < 0.35 * size["fashion.tflite"], (
    "int8 weights make the file less than 0.35 times as large"
)

# %% tags=["control"] claim="with int8 weights, at least 980 of 1,000 answers stay the same" without="more than two bits"
coarse = keras.models.clone_model(network)
for layer, trained in zip(coarse.layers, network.layers, strict=True):
    values = trained.get_weights()
    if values and values[0].ndim > 1:
        largest = np.abs(values[0]).max(axis=tuple(range(values[0].ndim - 1)), keepdims=True)
        values[0] = np.round(values[0] / largest) * largest  # -1, 0 or 1 times a scale
    layer.set_weights(values)
answers_of_two_bits = ask(coarse, preparations["as in training"])
agreed = agreed | {"fashion-int8.tflite": agreement(expected, answers_of_two_bits)}

# %% tags=["control"] claim="int8 weights make the file less than 0.35 times as large" without="quantisation"
export_litert(product, "fashion-int8.tflite")
size = size | {"fashion-int8.tflite": file_megabytes("fashion-int8.tflite")}

# %% [markdown]
# ## Is it fast?
#
# A web page asks about one photograph at a time. So time single photographs, and for comparison a
# thousand together in Keras. The last dense network, which has about as many weights, joins in:

# %% tags=["measured"]
from snippets.training import Stopwatch

single = photographs[:1].astype("float32")
ways = {
    "Keras, model.predict": (lambda: product.predict(single, verbose=0), 20),
    "Keras, model called": (lambda: product(single), 50),
    "Keras, 1,000 together": (lambda: ask(product, photographs), 1000),
    "SavedModel": (lambda: served.serve(single), 200),
}
for name in ("fashion.tflite", "fashion-int8.tflite", "dense.tflite", "dense-int8.tflite"):
    ways[name] = (lambda name=name: run_litert(name, photographs), 1000)
cost = {}
for name, (answer, count) in ways.items():
    answer()  # once before: the first call prepares things
    with Stopwatch() as watch:
        for _ in range(1 if count == 1000 else count):
            answer()
    cost[name] = watch.cpu_seconds / count * 1000
tables.table([{"way": name, "CPU ms a photograph": f"{ms:.3f}"} for name, ms in cost.items()])

# %% [markdown]
# Asked about one photograph, Keras spends most of its time around the sums: checking arguments,
# finding operations, making tensors. LiteRT planned all that when it opened the file, and is
# `{python measured} f"{cost['Keras, model called'] / cost['fashion.tflite']:.0f}"` times as fast as
# calling the model. If Keras gets a thousand photographs together, they share that work around the sums.
#
# The dense network has about as many weights as the convolutional one, yet it is faster by far: it uses
# each weight once, where a convolution uses each filter at every place. **Size counts weights; time
# counts multiplications.** And int8 is about size: whether it also saves time depends on the processor.

# %% tags=["claims", "measured"]
assert cost["Keras, model called"] > 1.5 * cost["fashion.tflite"], (
    "asked about one photograph, LiteRT is faster than calling the model in Keras"
)
assert cost["fashion.tflite"] > 1.5 * cost["dense.tflite"], (
    "in LiteRT, the dense network with about as many weights is faster than the convolutions"
)

# %% [markdown]
# ## A file from a stranger
#
# Some files hold data. Others hold a program, and opening them runs it. Here somebody makes you a
# present. Keras's `Lambda` layer turns any Python function into a layer, and a `.keras` file keeps the
# function, as bytecode: the instructions into which Python translates it. This function writes a file,
# `note.txt`, and returns its input; it could as well delete all your files. Save it, and load it:

# %%
from pathlib import Path

gift = keras.layers.Lambda(
    lambda x: __import__("pathlib").Path("note.txt").write_text("I was here") and x
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
# you did not write. What you can do is list the classes in its recipe without building any, since a
# recipe is only text:

# %%
from snippets.export import classes_in_keras_file

for name in ("gift.keras", "fashion.keras"):
    print(name, *classes_in_keras_file(name))

# %% [markdown]
# `CODE` is what you look for: Python code in the file. A layer of your own needs none: write a class,
# and register it with `keras.saving.register_keras_serializable`. Its code then stays in your program,
# and the file holds its name.
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
    def __reduce__(self):  # what pickle writes down: a function, and its arguments
        return print, ("This ran while you were loading.",)


pickle.loads(pickle.dumps(Present()))

# %% [markdown]
# So never unpickle what a stranger sent, under whatever name: `.pkl`, `.joblib`, many `.pt` files, or
# `np.load(…, allow_pickle=True)`. To sum up (`.weights.h5` is what `model.save_weights` writes):
#
# | file | what it holds | who can run it | from a stranger |
# |---|---|---|---|
# | `.keras` | recipe, weights | Keras | in safe mode, with a Keras up to date |
# | SavedModel | graph, weights | TensorFlow | a program that may touch files: in a container |
# | LiteRT | operations, weights | LiteRT, almost anywhere | can only compute; its reader may have faults |
# | `.weights.h5` | weights | your own code, with the network | the least risk, and the least help |
# | pickle | instructions | Python | never |
#
# And how do you know that a file is the one that was published? By its **checksum**: a short number
# computed from all its bytes, for example by the method SHA-256. Change one bit, and it is another
# number. The end of this page lists the checksums of the files that it publishes.
#
# ## The file for a web page
#
# `fashion.tflite` is meant for a page that runs it in the browser. Whoever writes that page needs to
# check that the file does there what it does here. So give them questions with answers, in a text file:
# a hundred photographs of the *test set*, ten a class, and the probabilities from Keras. (The cell
# shows how many characters it wrote.) And since the test set is open now, the exam: all of its
# photographs, both `.tflite` files.

# %%
import base64
import json

test = fashion.test
chosen = np.sort(np.concatenate([np.flatnonzero(test.labels == n)[:10] for n in range(10)]))
check = {
    "class_names": list(names),
    "images": base64.b64encode(test.images[chosen].tobytes()).decode(),  # 100 × 28 × 28 bytes
    "labels": test.labels[chosen].tolist(),
    "probabilities": ask(product, test.images[chosen]).astype(float).round(7).tolist(),
}
Path("fashion-check.json").write_text(json.dumps(check))

# %%
exam = {name: run_litert(name, test.images) for name in ("fashion.tflite", "fashion-int8.tflite")}
whole, rounded = (p.argmax(axis=1) == test.labels for p in exam.values())
lost, won = int((whole & ~rounded).sum()), int((rounded & ~whole).sum())
spread = np.sqrt(max(lost + won, 1))  # of lost − won, if each were a coin toss
print(f"right: float {whole.mean():.2%}, int8 {rounded.mean():.2%}")
print(f"rounding loses {lost} and wins {won} of {len(whole):,}; by chance, ±{2 * spread:.0f}")

# %% [markdown]
# On the test set the float file is right on `{python} f"{whole.mean():.1%}"`, the rounded one on
# `{python} f"{rounded.mean():.1%}"`. Rounding loses `{python} lost` right answers and wins
# `{python} won`. If a coin decided for each of them whether it is lost or won, the two counts would
# differ too, but seldom by more than the ± in the output. The difference here is
# `{python} "inside" if abs(lost - won) <= 2 * spread else "outside"` this noise. On your network, count
# again.

# %% tags=["claims"]
asked = json.loads(Path("fashion-check.json").read_text())
pixels = np.frombuffer(base64.b64decode(asked["images"]), "uint8").reshape(100, 28, 28)
read_back = agreement(np.array(asked["probabilities"]), run_litert("fashion.tflite", pixels))
assert read_back.same == len(pixels) == 100, (
    "the check file and the LiteRT file, read back, give the same answer to 100 test photographs"
)
assert read_back.largest < 1e-4, "their probabilities differ by less than a ten-thousandth"
assert tuple(entry["shape_signature"]) == (1, 28, 28), (
    "the file's shapes are all known: one by 28 by 28"
)
assert abs(whole.mean() - rounded.mean()) < 0.01, (
    "on the test set, int8 weights change the accuracy by less than one point"
)

# %% tags=["control"] claim="the check file and the LiteRT file, read back, give the same answer to 100 test photographs" without="pixels as the file wants them"
answers_to_scaled = run_litert("fashion.tflite", pixels.astype("float32") / 255)
read_back = agreement(np.array(asked["probabilities"]), answers_to_scaled)

# %% tags=["control"] claim="the file's shapes are all known: one by 28 by 28" without="a fixed batch size"
product.export("any.tflite", format="litert", verbose=False)
entry = open_litert("any.tflite").get_input_details()[0]

# %% [markdown]
# ## Exercises
#
# **1. Photographs on white paper.** A shop has dark clothes on white: each pixel is 255 minus what
# `product` expects. Make `for_paper`, a model that takes such photographs and gives the answers that
# `product` gives to the same clothes on black. The starter feeds them in as they are.

# %% tags=["starter"]
for_paper = product

# %% tags=["check"]
on_paper = 255 - photographs[:200]
assert isinstance(for_paper, keras.Model), "make a Keras model, preparation and all"
assert for_paper.output_shape == product.output_shape, "ten probabilities a photograph"
found = agreement(expected[:200], ask(for_paper, on_paper))
assert found.same == 200, f"only {found.same} of 200 answers are those of the same clothes on black"
assert found.largest < 1e-3, f"a probability is off by {found.largest:.2g}: is it exactly 255 − x?"

# %% tags=["solution"]
for_paper = keras.Sequential(
    [keras.Input((28, 28)), keras.layers.Rescaling(-1, offset=255), *product.layers]
)
agreement(expected[:200], ask(for_paper, on_paper)).largest

# %% tags=["wrong"]
for_paper = keras.Sequential(
    [keras.Input((28, 28)), keras.layers.Rescaling(-1, offset=1), *product.layers]
)

# %% tags=["wrong"]
for_paper = keras.Sequential(
    [keras.Input((28, 28)), keras.layers.Rescaling(-1, offset=256), *product.layers]
)

# %% tags=["wrong"]
for_paper = keras.Sequential(
    [keras.Input((28, 28)), keras.layers.Rescaling(-1, offset=255), *network.layers]
)

# %% tags=["wrong"]
for_paper = keras.Sequential(
    [keras.Input((28, 28)), *product.layers, keras.layers.Rescaling(-1, offset=1)]
)

# %% [markdown]
# **2. Four bits.** Write `quantise_to(rows, bits)`, which returns integers and scales as `quantise`
# does, for any number of bits. With 8 bits the largest integer is 127, with 4 it is 7, with 2 it is 1.
# The starter always divides by 127, and cuts digits off where it should round.


# %% tags=["starter"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / 127
    return (rows / scales).astype("int8"), scales


# %% tags=["check"]
for bits, most in {8: 127, 4: 7, 2: 1, 3: 3}.items():
    answer = quantise_to(kernel.copy(), bits)
    assert isinstance(answer, tuple | list), "return integers and scales"
    numbers, steps = map(np.asarray, answer)
    assert numbers.dtype.kind == "i", f"integers, not {numbers.dtype}"
    assert steps.shape == (len(kernel), 1), f"one scale a row, not shape {steps.shape}"
    largest = np.abs(numbers.astype(int)).max(axis=1).tolist()
    assert set(largest) == {most}, (
        f"{bits} bits: the largest of a row is {most}, not {set(largest)}"
    )
    off = float(np.abs(numbers - kernel / steps).max())
    assert off < 0.501, (
        f"with {bits} bits a weight moves by {off:.2f} of a scale: round, do not cut"
    )


# %% tags=["solution"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.round(rows / scales).astype("int8"), scales


for bits in (8, 6, 4, 3, 2):
    numbers, steps = quantise_to(kernel, bits)
    print(bits, "bits, mean error of a weight:", np.abs(numbers * steps - kernel).mean().round(4))


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scale = np.abs(rows).max() / (2 ** (bits - 1) - 1)  # one for all rows
    return np.round(rows / scale).astype("int8"), np.full((len(rows), 1), scale)


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.floor(rows / scales).astype("int8"), scales


# %% tags=["wrong"]
def quantise_to(rows, bits):
    scales = np.abs(rows).max(axis=1, keepdims=True) / (2**bits - 1)  # forgets the sign
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


# %% tags=["check"]
from unittest.mock import patch


def attempt(path, sha256):
    """Return what comes of it, a model or an error."""
    try:
        return load_checked(path, sha256)
    except Exception as error:
        return error


published, of_gift = (
    hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in ("fashion.keras", "gift.keras")
)
found = attempt("fashion.keras", published)
assert getattr(found, "name", "") == "fashion", f"the true file should load, not give {found!r}"
altered = published[:-1] + ("1" if published.endswith("0") else "0")
for path, checksum in (("gift.keras", published), ("fashion.keras", altered)):
    with patch("zipfile.ZipFile") as archive:  # notices any attempt to open a file
        found = attempt(path, checksum)
    assert not archive.called, f"{path} was opened, though its checksum differs"
    assert isinstance(found, ValueError), f"{path}: not a ValueError but {found!r}"
Path("note.txt").unlink(missing_ok=True)
attempt("gift.keras", of_gift)
assert not Path("note.txt").exists(), "the gift's code ran: is safe mode on?"


# %% tags=["solution"]
def load_checked(path, sha256):
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(f"{path} is not the file that was published: {found[:16]}…")
    return keras.saving.load_model(path)


load_checked("fashion.keras", published).name


# %% tags=["wrong"]
def load_checked(path, sha256):
    model = keras.saving.load_model(path)  # what the file does, it has done
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{path} is not the file that was published")
    return model


# %% tags=["wrong"]
def load_checked(path, sha256):
    found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if found[:8] != sha256[:8]:
        raise ValueError(f"{path} is not the file that was published: {found[:8]}…")
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
# ## What to remember
#
# - The preparation is a part of the network. Put it inside, or somebody will feed it something else, and
#   nothing will say so.
# - `.keras` to go on working in Keras, SavedModel for servers, LiteRT for telephones and web pages.
# - Do not assume that a converted file agrees: count, on a thousand examples, and keep examples with
#   their answers beside the file.
# - Size counts weights, time counts multiplications. Int8 makes the file up to four times smaller, and
#   moves the answers that were undecided.
# - A file may be a program. Keep safe mode on, never unpickle a stranger's file, compare the checksum.
#
# ## Where next
#
# The LiteRT file answers one photograph at a time, quickly. Training is another matter:
# [Make it fast](make-it-fast.md) finds where its time goes. The network of
# [CIFAR-10](../convnets/cifar10.md) is worth exporting too, and [Evaluation](../networks/evaluation.md)
# has more questions to ask of both LiteRT files. `tf.lite.Interpreter`, which
# `open_litert` uses, is on its way into a package of its own, `ai_edge_litert`, with the same interface;
# [Google's pages on LiteRT](https://ai.google.dev/edge/litert) say how it runs on telephones and in web
# pages.
