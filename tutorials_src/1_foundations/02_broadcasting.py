# ---
# title: Broadcasting
# summary: Shapes that differ may still fit. Three rules say when, what it costs, and which bug it hides.
# needs: [tensors]
# teaches: [broadcasting, new axis, keepdims, view, stride, nearest neighbour, target, prediction, loss, mean squared error, variance]
# data: [fashion-mnist]
# artifacts: []
# ---

# %% [markdown]
# How do you add a column of three numbers to a row of two? In school, not at all: their shapes
# differ. TensorFlow answers at once, and with six numbers that nobody typed.

# %%
from snippets import plot_curves, plot_images, tables
from snippets.tensors import broadcast_picture

broadcast_picture((3, 1), (2,))

# %% [markdown]
# The lower half of the figure shows the sum. Both sides were *stretched* to the shape `(3, 2)`: the
# column repeats itself to the right, the row repeats itself downwards (the dashed cells), and then
# each element meets the one in the same place. Check one: 2 + 20 makes 22. The upper half shows how
# the shapes meet, axis by axis: the subject of this page.

# %%
import tensorflow as tf

tf.constant([[1], [2], [3]]) + tf.constant([10, 20])

# %% [markdown]
# This stretching is called **broadcasting**: one announcement, heard by many. Nearly every line of a
# network uses it, as when one number is added to every pixel of a thousand pictures. It saves loops
# and memory. It also does what you wrote when you meant something else, and then it says nothing. So
# learn to predict it. There are three rules, and NumPy and TensorFlow share them.
#
# ## Rule 1: equal sizes meet one to one
#
# Write the two shapes one over the other. Where the sizes of an axis agree, elements meet in pairs:

# %%
matrix = tf.constant([[1, 2, 3], [4, 5, 6]])
matrix + tf.constant([[10, 20, 30], [40, 50, 60]])

# %% [markdown]
# Where they differ, and neither is 1, there is no pairing that anyone could guess. Here are 3 columns
# against 2. Would 4 against 2 do, repeating the two? No: nothing but a 1 is ever repeated.

# %% tags=["raises-exception"]
matrix + tf.constant([[10, 20], [30, 40]])

# %% [markdown]
# The message gives both shapes. A figure of two shapes that do not fit frames the axis that is to
# blame:

# %%
broadcast_picture((2, 3), (2, 2))

# %% [markdown]
# ## Rule 2: a size of 1 stretches
#
# An axis of size 1 holds one element, so there is no doubt which one to repeat. A column of shape
# `(2, 1)` fits a matrix of any width:

# %%
broadcast_picture((2, 3), (2, 1))

# %% [markdown]
# Both sides may stretch, each along its own axis; that was the column and the row at the top. It
# pairs every element of one list with every element of another. A multiplication table, for
# example:

# %%
ones_to_five = tf.range(1, 6)
tf.reshape(ones_to_five, (5, 1)) * ones_to_five

# %% [markdown]
# ## Rule 3: shapes are aligned at their ends
#
# When one shape is shorter, its *last* axis is laid under the last axis of the other, and what is
# missing *in front* counts as 1. In the figure such a 1 stands in brackets.

# %%
broadcast_picture((2, 3), (3,))

# %% [markdown]
# So a vector is a row: it meets the last axis. Now predict before you read on: a vector of 2, one
# number for each row of the matrix. Does it fit?

# %% tags=["raises-exception"]
matrix + tf.constant([10, 20])

# %%
broadcast_picture((2, 3), (2,))

# %% [markdown]
# It does not. You meant its 2 for axis 0, but rule 3 lays it under axis 1, and there stands a 3. The
# cure is to say where it belongs, by giving it an axis of size 1 at the end. A `None` in square
# brackets does that: it puts in a **new axis** of size 1 at its place.

# %%
offsets = tf.constant([10, 20])
print("offsets         ", offsets.shape)
print("offsets[:, None]", offsets[:, None].shape)
print("offsets[None, :]", offsets[None, :].shape)
print(matrix + offsets[:, None])

# %% [markdown]
# (You will also meet `tf.newaxis`, which is another name for `None`, and `tf.expand_dims(x, axis)`. A
# `None` in a *shape* is something else: any size.)
#
# ## Predict, then look
#
# The rules in one sentence: **align the ends; every axis must be equal, or 1, or missing.** Cover the
# output and work through these four pairs.

# %%
from snippets.tensors import explain_broadcast

pairs = [((5, 4), (1,)), ((5, 4), (5,))]
pairs += [((8, 1, 6), (7, 1)), ((3, 28, 28), (3,))]
for left_shape, right_shape in pairs:
    explanation = explain_broadcast(left_shape, right_shape)
    print(explanation.replace(". ", ".\n    ").replace("; ", ";\n    "))

# %% [markdown]
# Now pairs of your own: edit a shape and see which axis decides. Can you repair a pair that does not fit
# by adding a single 1?


# %% tags=["interactive"]
def figure_of_shapes():
    import json

    references = []
    for pair in [*pairs, ((3, 1), (2,)), ((2, 3), (2,)), ((), (4,))]:
        try:
            outcome = list(tf.add(*map(tf.zeros, pair)).shape)
        except tf.errors.InvalidArgumentError as error:
            outcome = error.message.partition("}} ")[2].partition(" name")[
                0
            ]
        reference = {"left": pair[0], "right": pair[1], "outcome": outcome}
        references.append(reference)
    figure = {"figure": "broadcast", "label": "Two shapes, aligned"}
    print(json.dumps(figure | {"expected": references}))


figure_of_shapes()

# %% [markdown]
# ## Real pictures: dye a boot
#
# A colour picture has three numbers for each pixel, red, green and blue, on its last axis. Here is a
# grey boot of shape `(28, 28)` with a new axis at its end, and five dyes. Multiply a pixel by a dye,
# and white becomes that colour while black stays black.

# %%
import numpy as np

from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
boot = fashion.train.images[0].astype("float32") / 255
dyes = {
    "white": (1, 1, 1),
    "red": (0.9, 0.2, 0.2),
    "orange": (1, 0.6, 0.1),
    "green": (0.3, 0.8, 0.4),
    "blue": (0.3, 0.5, 1),
}
palette = np.array(list(dyes.values()), "float32")[:, None, None, :]
dyed_boots = boot[:, :, None] * palette
plot_images.image_grid(dyed_boots, list(dyes), subject="dyed boots")

# %%
broadcast_picture(
    boot[:, :, None].shape,
    palette.shape,
    names=("boot", "palette"),
    axes=("dye", "row", "column", "colour"),
)

# %% tags=["claims"]
row_sums = (matrix + offsets[:, None]).numpy().tolist()
assert row_sums == [[11, 12, 13], [24, 25, 26]], (
    "a vector with a new axis at its end is added row by row"
)
assert "(8, 7, 6)" in explain_broadcast(*pairs[2]), (
    "shapes (8, 1, 6) and (7, 1) broadcast to (8, 7, 6), as the rules say"
)
are_misfits = [" fit." in explain_broadcast(*pair) for pair in pairs]
assert are_misfits == [False, True, False, True], (
    "of the four pairs to predict, the second and the last do not fit"
)

# %% [markdown]
# Five pictures from one multiplication and no loop. Name the axes of the result first, *dye, row,
# column, colour*, and give each side a 1 wherever it knows nothing of that axis. Then each axis meets
# the one that you meant.
#
# ## Real pictures: take the average away
#
# Many networks learn more easily from pictures from which an average has been subtracted. Which
# average? There are two, and they have different shapes. The *mean picture* averages over axis 0,
# the pictures: one number for each pixel place.

# %%
images = fashion.train.images[:2000].astype("float32") / 255
mean_picture = images.mean(axis=0)
images_without_mean = images - mean_picture
axes = ("picture", "row", "column")
explanation = explain_broadcast(images.shape, mean_picture.shape, axes=axes)
print(explanation.replace(". ", ".\n    ").replace("; ", ";\n    "))

# %% [markdown]
# The other is each picture's own mean, its brightness: one number for each picture. It averages over
# axes 1 and 2. (This time NumPy refuses, with a different message for the same rule.)

# %% tags=["raises-exception"]
images - images.mean(axis=(1, 2))

# %% [markdown]
# An average removes the axes that it averages over, so 2,000 brightnesses lie under the 28 columns.
# You could put the axes back with `[:, None, None]`. Better, do not lose them: with **keepdims**, a
# reduction such as mean, sum or max leaves an axis of size 1 where it was, ready to be stretched.

# %%
brightness = images.mean(axis=(1, 2), keepdims=True)
print(brightness.shape)
figures = {
    "a boot": images[0],
    "minus the mean picture": images_without_mean[0],
    "minus its own mean": (images - brightness)[0],
}
plot_images.signed_images(figures)

# %% [markdown]
# Blue is below 0 and red is above it. Minus the mean picture, the boot lies on the pale blue shadow
# of a shirt: what most pictures have there, and the boot has not. Minus its own mean, it keeps its
# form: every pixel has lost the same amount.
#
# ## The square trap
#
# A failure that raises an error is the good kind. For the other kind, take one picture and subtract
# from each of its *rows* the mean of that row. A picture has as many rows as columns, so the mistake
# fits:

# %%
without_keepdims = boot - boot.mean(axis=1)
with_keepdims = boot - boot.mean(axis=1, keepdims=True)
figures = {"without keepdims": without_keepdims, "with": with_keepdims}
plot_images.signed_images(figures)

# %% [markdown]
# Left, the 28 means of the rows were laid under the 28 *columns*. No error, since 28 meets 28. So
# test what the numbers should mean: with `keepdims`, every row now has a mean of 0.

# %%
for name, rows in figures.items():
    largest_mean = np.abs(rows.mean(axis=1)).max()
    print(f"{name:16}: largest mean of a row {largest_mean:.3f}")

# %% tags=["claims"]
assert dyed_boots.shape == (5, 28, 28, 3), (
    "one boot times five dyes makes five colour pictures"
)
assert np.abs(images_without_mean.mean(axis=0)).max() < 1e-4, (
    "minus the mean picture, each pixel place has a mean of 0 over all pictures"
)
assert without_keepdims.shape == with_keepdims.shape, (
    "the square trap gives the right shape"
)
assert np.abs(without_keepdims.mean(axis=1)).max() > 0.1, (
    "without keepdims the rows keep a mean"
)
assert np.abs(with_keepdims.mean(axis=1)).max() < 1e-4, (
    "with keepdims each row has a mean of 0"
)

# %% tags=["control"] claim="with keepdims each row has a mean of 0" without="keepdims"
with_keepdims = boot - boot.mean(axis=1)

# %% [markdown]
# ## What is copied, and what is not
#
# Does the stretched tensor exist somewhere in memory? In NumPy you can ask: `np.broadcast_to` does
# the stretching alone. An array says with its **strides** how many bytes lie between one element and
# the next along each axis.

# %%
stretched_mean = np.broadcast_to(mean_picture, images.shape)
arrays = {"images": images, "mean": mean_picture, "view": stretched_mean}
for name, array in arrays.items():
    print(f"{name:6} shape {array.shape!s:14} strides {array.strides}")

# %% [markdown]
# Read the strides from the right. In the images, the next column is 4 bytes away (a `float32`), the
# next row 28 times that, the next picture 784 times that. In the stretched mean picture, the next
# picture is **0** bytes away: it is the same picture again. Such an array is a **view**: a shape
# and strides of its own over memory that belongs to another. It costs next to nothing, and because
# 2,000 pictures share it, NumPy does not let you write into it.
#
# TensorFlow's tensors have no strides. Its `tf.broadcast_to` makes a real copy, with the strides
# `{python} tf.broadcast_to(mean_picture, images.shape).numpy().strides` as an array, so do not call it before
# you calculate. A sum or a product broadcasts by itself, and reads the small side again and again
# without writing it out. Python's own `tracemalloc` measures the memory
# that NumPy takes. (Each `lambda: …` is run by `compute()`, between start and stop.)

# %%
import tracemalloc


def peak_megabytes(compute):
    tracemalloc.start()
    compute()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


computations = {
    "broadcast_to": lambda: np.broadcast_to(mean_picture, images.shape),
    "images - mean_picture": lambda: images - mean_picture,
    "tile, then -": lambda: images - np.tile(mean_picture, (2000, 1, 1)),
}
peaks = {}
for name, compute in computations.items():
    peaks[name] = peak_megabytes(compute)
tables.table([{"code": name, "MB": f"{peaks[name]:.1f}"} for name in peaks])

# %% [markdown]
# `np.tile` writes the repetition out, and doubles the bill. Broadcasting pays for one thing: **the
# result, at its full size.** Usually that is fair. Sometimes it is a catastrophe.
#
# ## When the result is too large
#
# Here is a way to name a picture without any training: look for the most similar one among pictures
# with labels, its **nearest neighbour**. Similar means: the squared differences of all 784 pixels,
# added up, are small. With 1,000 pictures to name and 10,000 possible neighbours, from separate parts
# of the collection, broadcasting makes all pairs in one line:
# `(queries[:, None] - neighbours[None]) ** 2`, summed over the last axis.


# %%
def pixel_rows(pictures):
    return pictures.reshape(-1, 784).astype("float32") / 255


queries = pixel_rows(fashion.validation.images[:1000])
neighbours = pixel_rows(fashion.train.images[:10000])
broadcast_picture(
    queries[:, None].shape,
    neighbours[None].shape,
    names=("queries[:, None]", "neighbours[None]"),
    axes=("query", "neighbour", "pixel"),
)

# %%
print(f"differences {1000 * 10000 * 784 * 4 / 1e9:.1f} GB")
print(f"their sums  {1000 * 10000 * 4 / 1e9:.2f} GB")

# %% [markdown]
# Most computers do not have memory for the first number. And all but a 784th of it is thrown away
# by the sum! The cure is older than computers: $(a - b)^2 = a^2 + b^2 - 2ab$. Summed over the
# pixels, the first two parts need one number for each picture, and the last one is a matrix
# multiplication, which adds up as it goes and never writes the products down.


# %%
def squared_distances(a, b):
    """Return the squared distance of each row of a to each row of b."""
    a_squares = tf.reduce_sum(a**2, axis=1, keepdims=True)
    b_squares = tf.reduce_sum(b**2, axis=1)
    return a_squares + b_squares - 2 * a @ tf.transpose(b)


corner = squared_distances(queries[:20], neighbours[:300]).numpy()
differences = queries[:20, None] - neighbours[None, :300]
corner_in_one_line = (differences**2).sum(axis=2)
is_equal = np.allclose(corner, corner_in_one_line, atol=1e-2)
print("both ways agree:", is_equal)

# %% [markdown]
# Find the broadcasting in it: `(n, 1)` plus `(m,)` minus `(n, m)`. On a corner of the data that fits
# into memory, both ways agree up to rounding. Now for all of it:

# %%
distances = squared_distances(queries, neighbours)
positions = tf.argmin(distances, axis=1).numpy()
labels = fashion.validation.labels[:1000]
predicted_labels = fashion.train.labels[positions]
is_correct = predicted_labels == labels
hits, misses = np.flatnonzero(is_correct), np.flatnonzero(~is_correct)
examples = [*hits[:3], *misses[:3]]
rows = np.concatenate([queries[examples], neighbours[positions[examples]]])
titles = [fashion.class_names[label] for label in labels[examples]]
for label in predicted_labels[examples]:
    titles.append(f"nearest:\n{fashion.class_names[label]}")
pictures = rows.reshape(-1, 28, 28)
plot_images.image_grid(pictures, titles, columns=6, subject="neighbours")

# %% [markdown]
# Above, six pictures to name; below each, its nearest neighbour. The first three neighbours have the
# correct label, the last three a wrong one. Of all 1,000, `{python} f"{is_correct.mean():.0%}"` are
# correct. Keep that number: a network that learns should beat it.

# %% tags=["claims"]
assert stretched_mean.strides == (0, 112, 4), (
    "np.broadcast_to repeats a picture with a stride of 0"
)
assert np.shares_memory(stretched_mean, mean_picture), "and copies nothing"
assert tf.broadcast_to(mean_picture, images.shape).numpy().strides[0] > 0, (
    "tf.broadcast_to copies"
)
assert peaks["images - mean_picture"] < 1.2 * images.nbytes / 1e6, (
    "a broadcast difference takes the memory of its result and hardly more"
)
assert np.allclose(corner, corner_in_one_line, atol=1e-2), (
    "the matrix product gives the same distances"
)
assert is_correct.mean() > 0.75, (
    "the nearest of 10,000 pictures has the right label for three in four"
)

# %% tags=["control"] claim="the nearest of 10,000 pictures has the right label for three in four" without="labels that match the pictures"
train_labels = fashion.train.labels[:10000]
shuffled_labels = np.random.default_rng(0).permutation(train_labels)
is_correct = shuffled_labels[positions] == labels

# %% [markdown]
# ## The silent bug
#
# Now the mistake for which this page exists.
#
# Cover the right half of a picture. How bright is it, judged by the left half? The true answers are
# called **targets**. A model is a formula that guesses them; its guesses are its **predictions**.
# Ours is a straight line: *a number, plus another number times the brightness on the left*. These
# two numbers are its weights, and to train is to look for good ones. Here are 500 pictures, the
# left brightness moved and scaled to lie around 0. (`std` is the standard deviation: how far values
# typically lie from their mean. The column of ones goes with the first weight. All is in `float64`,
# the dtype that the helper below computes in.)

# %%
halves = images[:500].astype("float64").reshape(500, 28, 2, 14)
left_brightness, targets = halves.mean(axis=(1, 3)).T
x = (left_brightness - left_brightness.mean()) / left_brightness.std()
features = np.stack([np.ones(500), x], axis=1)


def mean_squared_error(weights, targets):
    predictions = features @ weights
    return tf.reduce_mean((predictions - targets) ** 2)


print("features", features.shape, "targets", targets.shape)

# %% [markdown]
# Predictions come from a matrix product, so they are a column: `(500, 2) @ (2, 1)` gives
# `(500, 1)`. How wrong they are, in one number, is called the **loss**. Here it is the **mean
# squared error**: each prediction minus its target, squared, so that every miss counts and large
# ones count more, and then the mean. `descend` starts from weights of 0 and changes them step by
# step so that the loss falls; [the next page](gradients.md) shows how.
#
# Two people train this model. One passes the targets as they are, one as a column. (In the code,
# `run_targets=run_targets` ties each loss to the targets of its own run.)

# %%
from snippets.gradients import descend

runs = {"targets (500,)": targets, "targets (500, 1)": targets[:, None]}
paths, losses = {}, {}
for name, run_targets in runs.items():

    def loss(weights, run_targets=run_targets):
        return mean_squared_error(weights, run_targets)

    start = np.zeros((2, 1))
    paths[name] = descend(loss, start, learning_rate=0.1, steps=30)
    losses[name] = [float(loss(weights)) for weights in paths[name]]
variance = np.mean((targets - targets.mean()) ** 2)
curves = losses | {"variance of the targets": np.full(31, variance)}
plot_curves.spread_curves(curves, x=range(31), log_y=True)

# %% [markdown]
# (The loss axis is logarithmic: equal distances are equal factors.) Both losses fall, quickly at
# first and then slowly, as losses do. Neither run raised an error. If you had seen one of the
# curves alone, would you have worried? (The level line will explain itself in a moment.) Look at
# what was learned: each point is a picture, each line a model.

# %%
# line_fit wants the slope first, then the height.
lines = {name: path[-1, ::-1, 0].round(4) for name, path in paths.items()}
labels = {"xlabel": "left brightness, scaled", "ylabel": "right brightness"}
plot_curves.line_fit(x, targets, lines, **labels)

# %% [markdown]
# With targets of shape `(500,)` the model answers the same for every picture: the mean of all
# targets. It has learned to ignore its input. Why? Look at the shapes, with 4 pictures instead of 500:

# %%
broadcast_picture((4, 1), (4,), names=("predictions", "targets"))

# %% [markdown]
# A column meets a row, and every prediction is compared with *every* target, its own and 499
# strangers. (The picture adds and the loss subtracts; the shapes are the same.) The mean hides it,
# for it makes one number of any shape.
#
# Check by hand what such a loss wants. Two targets, 1 and 3, and perfect predictions, 1 and 3: the
# differences are 0 and −2 for the first prediction, 2 and 0 for the second, and the mean of the
# squares is 2. Now predict 2 for both: all differences are 1 or −1, and the mean is 1. **This loss
# prefers the mean of the targets to the truth.**


# %%
def broadcast_loss(predictions):
    column = tf.constant(predictions)[:, None]
    return tf.reduce_mean((column - tf.constant([1.0, 3.0])) ** 2)


print("perfect predictions:", float(broadcast_loss([1.0, 3.0])))
print("the mean both times:", float(broadcast_loss([2.0, 2.0])))

# %% [markdown]
# This also tells where such a run gets stuck: at the loss of answering the mean every time. That is
# the mean squared distance of the targets from their own mean, called their **variance**, and it is
# the level line in the figure above: `{python} f"{variance:.4f}"`. The run with targets of shape
# `(500,)` ends at `{python} f"{losses['targets (500,)'][-1]:.4f}"`, the other one at
# `{python} f"{losses['targets (500, 1)'][-1]:.4f}"`. Compute the variance before you train. **When a
# loss settles there, suspect a model that ignores its input.**
#
# ## The assert that would have caught it
#
# One line in the loss finds it at the first step:

# %% tags=["raises-exception"]
predictions = features @ paths["targets (500,)"][-1]
shapes = f"{predictions.shape} against {targets.shape}"
assert predictions.shape == targets.shape, shapes

# %% [markdown]
# TensorFlow has two of its own. `tf.ensure_shape(x, (None, 1))` returns `x` if it is a column of any
# length. `tf.debugging.assert_shapes` names sizes by letters: the same letter, the same size.

# %% tags=["raises-exception"]
tf.debugging.assert_shapes([(predictions, ("n", 1)), (targets, ("n", 1))])

# %% [markdown]
# Keras, the library that builds networks on top of TensorFlow, has losses of its own. They protect
# you: where one side is `(n, 1)` and the other `(n,)`, they bring both to one shape first. So does
# `compile` with a loss *function* of yours, but not with a *metric* of yours, a number that is only
# reported. Here one function is passed as both, to a line that has learned properly. (The calls are
# explained [later](../networks/first-network.md): `Dense(1)` is the straight line, `compile` gives it a
# loss and a metric, `set_weights` the weights learned above, and `evaluate` computes both.)

# %%
import keras


def squared_error(targets, predictions):
    return tf.reduce_mean((targets - predictions) ** 2)


line = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
line.compile(loss=squared_error, metrics=[squared_error])
line.layers[0].set_weights([paths["targets (500, 1)"][-1], np.zeros(1)])
scores = line.evaluate(features, targets, batch_size=500, verbose=0)
keras_loss, keras_metric = scores
print(f"as a loss {keras_loss:.4f}, as a metric {keras_metric:.4f}")

# %% [markdown]
# Only the loss is that of the better line above. The bug waits in your own metrics, in the `call` of
# your own `keras.losses.Loss`, and in a training loop that you write yourself. This course has you
# write one.

# %% tags=["claims"]
two_losses = [float(broadcast_loss(p)) for p in ([1.0, 3.0], [2.0, 2.0])]
assert two_losses == [2, 1], (
    "the broadcast loss of two examples prefers the mean to the perfect prediction, as by hand"
)
assert abs(lines["targets (500,)"][0]) < 1e-6, (
    "with targets (500,) the slope that is learned is 0"
)
assert abs(losses["targets (500,)"][-1] / variance - 1) < 0.01, (
    "the broadcast loss ends at the variance of the targets"
)
assert losses["targets (500, 1)"][-1] < 0.7 * variance, (
    "with equal shapes the loss ends well below the variance"
)
last_weights = paths["targets (500, 1)"][-1]
column_loss = float(mean_squared_error(last_weights, targets[:, None]))
error_of_keras = keras.losses.MeanSquaredError()
keras_error = float(error_of_keras(targets, features @ last_weights))
assert abs(keras_error - column_loss) < 1e-6, (
    "Keras's mean squared error does not broadcast"
)
assert abs(keras_loss - column_loss) < 1e-4, (
    "a function passed to compile as the loss does not broadcast (n,) against (n, 1)"
)
assert keras_metric > 1.3 * column_loss, (
    "the same function passed as a metric does"
)


# %% tags=["control"] claim="the broadcast loss ends at the variance of the targets" without="the broadcast"
def loss(weights):
    return mean_squared_error(weights, targets[:, None])


path = descend(loss, np.zeros((2, 1)), learning_rate=0.1, steps=30)
losses = {"targets (500,)": [float(loss(path[-1]))]}


# %% tags=["control"] claim="with equal shapes the loss ends well below the variance" without="equal shapes"
def loss(weights):
    return mean_squared_error(weights, targets)


path = descend(loss, np.zeros((2, 1)), learning_rate=0.1, steps=30)
losses = {"targets (500, 1)": [float(loss(path[-1]))]}

# %% [markdown]
# ## Exercise: the rules in code
#
# Write `broadcast_shape(a, b)`. It returns the shape of the result as a tuple, or `None` where
# the shapes do not fit. The starter knows the first rule.


# %% tags=["starter"]
def broadcast_shape(a, b):
    return a if a == b else None


# %% [markdown] tags=["hint"]
# Begin with the third rule: give the shorter shape as many 1s in front as it lacks. Then the two are equally
# long, and one line can look at the sizes in pairs.

# %% tags=["check"]
matches = [((2, 3), (2, 3)), ((2, 3), (2, 1)), ((2, 3), (3,)), ((), (4,))]
matches += [((5, 1, 3), (1, 4, 3)), ((8, 1, 6), (7, 1)), ((3,), (2, 1, 1))]
clashes = [((2, 3), (2, 2)), ((2, 3), (2,)), ((4,), (2,))]
clashes += [((2, 3), (4, 3)), ((5, 2, 3), (4, 1, 3)), ((2, 5, 3), (4, 3))]
for pair in matches + clashes:
    true_answer = np.broadcast_shapes(*pair) if pair in matches else None
    for a, b in (pair, pair[::-1]):
        try:
            answer = broadcast_shape(a, b)
        except Exception as error:
            answer = f"the error {error!r}"
        message = f"{a} with {b} should give {true_answer}, not {answer}"
        assert answer == true_answer, message


# %% tags=["solution"]
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a = (1,) * (rank - len(a)) + tuple(a)  # rule 3
    b = (1,) * (rank - len(b)) + tuple(b)
    sizes = list(zip(a, b, strict=True))
    if any(m != n and 1 not in (m, n) for m, n in sizes):  # rule 1
        return None
    return tuple(n if m == 1 else m for m, n in sizes)  # rule 2


broadcast_shape((28, 28, 1), (5, 1, 1, 3))


# %% tags=["wrong"]
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a = tuple(a) + (1,) * (rank - len(a))  # aligned at the front
    b = tuple(b) + (1,) * (rank - len(b))
    sizes = list(zip(a, b, strict=True))
    if any(m != n and 1 not in (m, n) for m, n in sizes):
        return None
    return tuple(max(pair) for pair in sizes)


# %% tags=["wrong"]
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a = (1,) * (rank - len(a)) + tuple(a)
    b = (1,) * (rank - len(b)) + tuple(b)
    if rank and a[-1] != b[-1] and 1 not in (a[-1], b[-1]):
        return None  # only the last axis is compared
    return tuple(max(pair) for pair in zip(a, b, strict=True))


# %% tags=["wrong"]
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a = (1,) * (rank - len(a)) + tuple(a)
    b = (1,) * (rank - len(b)) + tuple(b)
    sizes = list(zip(a, b, strict=True))
    if any(max(pair) % min(pair) for pair in sizes):
        return None  # as though 2 fitted 4
    return tuple(max(pair) for pair in sizes)


# %% tags=["wrong"]
def broadcast_shape(a, b):
    if len(a) != len(b):  # without the third rule
        return None
    sizes = list(zip(a, b, strict=True))
    if any(m != n and 1 not in (m, n) for m, n in sizes):
        return None
    return tuple(max(pair) for pair in sizes)


# %% [markdown]
# ## Exercise: every picture as bright as it can be
#
# Divide each picture by its own brightest pixel, so that each has a maximum of exactly 1. The starter
# divides all of them by the brightest pixel of all.


# %% tags=["starter"]
def brightest_to_one(pictures):
    return pictures / pictures.max()


# %% [markdown] tags=["hint"]
# You have met the two axes to take the maximum over in *Take the average away*, and there also what keeps a
# place for them.

# %% tags=["check"]
inputs = 0.1 + images[:28] * np.linspace(0.2, 0.9, 28)[:, None, None]
answers = np.array(brightest_to_one(inputs.copy()))
message = f"{inputs.shape} has become {answers.shape}"
assert answers.shape == inputs.shape, message
for number, picture in enumerate(inputs):
    peak = answers[number].max()
    message = f"picture {number} has a maximum of {peak:.3f}, not 1"
    assert np.isclose(peak, 1), message
    message = f"in picture {number}, not all pixels were divided alike"
    assert np.allclose(answers[number] * picture.max(), picture), message


# %% tags=["solution"]
def brightest_to_one(pictures):
    return pictures / pictures.max(axis=(1, 2), keepdims=True)


brightest_to_one(inputs)[:3].max(axis=(1, 2))


# %% tags=["wrong"]
def brightest_to_one(pictures):
    return pictures / pictures.max(axis=(1, 2))  # 28 pictures, 28 columns


# %% tags=["wrong"]
def brightest_to_one(pictures):
    minima = pictures.min(axis=(1, 2), keepdims=True)
    maxima = pictures.max(axis=(1, 2), keepdims=True)
    return (pictures - minima) / (maxima - minima)


# %% tags=["wrong"]
def brightest_to_one(pictures):
    return pictures / pictures.max(axis=2, keepdims=True)  # each row


# %% tags=["wrong"]
def brightest_to_one(pictures):
    return np.minimum(pictures * 10, 1)  # clipped, not scaled


# %% [markdown]
# ## Exercise: one-hot labels from a comparison
#
# Turn labels into one-hot rows without `tf.one_hot`: compare each label with each of the numbers 0 to
# 9, all pairs at once, and cast the answers to `float32`. The starter compares two vectors. Beware:
# where shapes do not fit, TensorFlow's `==` raises no error and answers with a lone `False`.


# %% tags=["starter"]
def one_hot(labels):
    return tf.cast(labels == tf.range(10), tf.float32)


# %% [markdown] tags=["hint"]
# Ask for the shape `(n, 10)` first: the labels go down, the ten numbers go along a row. Which of the two
# needs a new axis, and where?

# %% tags=["check"]
for labels in ([9, 0, 3], [4, 4, 1, 0, 7], list(range(10))[::-1]):
    rows = np.array(one_hot(tf.constant(labels)))
    true_answer = len(labels), 10
    message = f"{labels}: shape {rows.shape}, not {true_answer}"
    assert rows.shape == true_answer, message
    assert rows.dtype == np.float32, f"dtype {rows.dtype}, not float32"
    for label, row in zip(labels, rows.tolist(), strict=True):
        true_answer = [0.0] * label + [1.0] + [0.0] * (9 - label)
        message = f"in {labels}, label {label} has the row {row}"
        assert row == true_answer, message


# %% tags=["solution"]
def one_hot(labels):
    return tf.cast(labels[:, None] == tf.range(10), tf.float32)


one_hot(tf.constant([9, 0, 3]))


# %% tags=["wrong"]
def one_hot(labels):
    return tf.cast(labels == tf.range(10)[:, None], tf.float32)


# %% tags=["wrong"]
def one_hot(labels):
    numbers = tf.range(tf.reduce_max(labels) + 1)  # ten if a 9 is there
    return tf.cast(labels[:, None] == numbers, tf.float32)


# %% tags=["wrong"]
def one_hot(labels):
    return labels[:, None] == tf.range(10)  # True and False


# %% tags=["wrong"]
def one_hot(labels):
    return tf.cast(labels[:, None] == tf.range(1, 11), tf.float32)


# %% [markdown]
# ## Exercise: a loss that refuses
#
# Write `careful_loss(predictions, targets)`: the mean squared error if the shapes are equal, a
# `ValueError` that names both shapes if they are not.


# %% tags=["starter"]
def careful_loss(predictions, targets):
    return tf.reduce_mean((predictions - targets) ** 2)


# %% [markdown] tags=["hint"]
# Compare the whole shapes, not their lengths or first sizes, before anything is subtracted. An f-string puts
# both into the message.


# %% tags=["check"]
def outcome(predictions, targets):
    try:
        return careful_loss(predictions, targets)
    except Exception as error:
        return error


for shape in ((2, 1), (2,), (1, 2)):
    guesses, truth = tf.constant([1.0, 3.0]), tf.constant([2.0, 0.0])
    loss = outcome(tf.reshape(guesses, shape), tf.reshape(truth, shape))
    assert not isinstance(loss, Exception), f"{shape} raises {loss!r}"
    assert np.shape(loss) == (), f"the loss has shape {np.shape(loss)}"
    assert loss == 5, f"misses of -1 and 3 cost 5, not {np.array(loss)}"
clashes = [((2, 1), (2,)), ((2,), (2, 1)), ((2, 1), (1, 2))]
for a, b in [*clashes, ((2, 3), (2, 1)), ((1, 3), (2, 3))]:
    error = outcome(tf.ones(a), tf.ones(b))
    message = f"{a} against {b} gives {error!r}, not a ValueError"
    assert isinstance(error, ValueError), message
    text = str(error).replace("[", "(").replace("]", ")")
    for shape in (str(a), str(b)):
        numbers = shape.replace(",)", "")
        assert numbers in text, f"the message should name {shape}: {error}"


# %% tags=["solution"]
def careful_loss(predictions, targets):
    if predictions.shape != targets.shape:
        shapes = f"predictions {predictions.shape}, targets {targets.shape}"
        raise ValueError(shapes)
    return tf.reduce_mean((predictions - targets) ** 2)


guesses, truth = tf.constant([[1.0], [3.0]]), tf.constant([[3.0], [5.0]])
float(careful_loss(guesses, truth))


# %% tags=["wrong"]
def careful_loss(predictions, targets):
    if len(predictions.shape) != len(targets.shape):  # the ranks alone
        raise ValueError(f"{predictions.shape} against {targets.shape}")
    return tf.reduce_mean((predictions - targets) ** 2)


# %% tags=["wrong"]
def careful_loss(predictions, targets):
    if len(predictions) != len(targets):  # the first axis alone
        raise ValueError(f"{predictions.shape} against {targets.shape}")
    return tf.reduce_mean((predictions - targets) ** 2)


# %% tags=["wrong"]
def careful_loss(predictions, targets):
    assert predictions.shape == targets.shape, "the shapes differ"
    return tf.reduce_mean((predictions - targets) ** 2)


# %% tags=["wrong"]
def careful_loss(predictions, targets):
    if predictions.shape != targets.shape:
        raise ValueError(f"{predictions.shape} against {targets.shape}")
    return tf.reduce_mean(predictions - targets) ** 2  # misses cancel


# %% [markdown]
# ## Questions
#
# Five questions about broadcasting, with a reason for each choice.

# %% [markdown] tags=["question"]
# What is the shape of `a + b`, where `a` has the shape `(6, 1, 5)` and `b` the shape `(4, 1)`?
#
# - `(6, 4, 5)`
#     - Aligned at the ends, `b` counts as `(1, 4, 1)`. On each axis the 1 is repeated: 6, 4 and 5.
# - `(4, 1, 5)`
#     - This lays `b` under the first axes of `a`. Shapes are aligned at their ends, so the 4 meets the 1 in
#       the middle.
# - `(6, 1, 1)`
#     - The 1 does not win, it gives way: an axis of size 1 is repeated as often as the other side needs.
# - none: they do not fit
#     - 6 against 4 would clash if the shapes were aligned in front. At the ends, each axis meets a 1 or
#       nothing.


# %% tags=["question"]
def sum_shape(*shapes):
    try:
        return (tf.ones(shapes[0]) + tf.ones(shapes[1])).shape
    except tf.errors.InvalidArgumentError:
        return "none"


result_shape = sum_shape((6, 1, 5), (4, 1))
[
    result_shape == (6, 4, 5),
    result_shape == (4, 1, 5),
    result_shape == (6, 1, 1),
    result_shape == "none",
]

# %% [markdown] tags=["question"]
# From each of the 2,000 pictures in `images`, of shape `(2000, 28, 28)`, you want to subtract its own
# brightest pixel. Which line does it?
#
# - `images - images.max(axis=(1, 2), keepdims=True)`
#     - The maxima have the shape `(2000, 1, 1)`: one for each picture, ready to be stretched over its rows
#       and columns.
# - `images - images.max(axis=0, keepdims=True)`
#     - `axis` names what the maximum runs over. Here it runs over the pictures and leaves one number for each
#       pixel place, which broadcasts without complaint.
# - `images - images.max(axis=(1, 2))`
#     - The right maxima, but their shape is `(2000,)`, and the ends are aligned: 2,000 meets 28 columns.
# - `images - images.max()`
#     - One number fits everywhere: the maximum of the whole collection. A picture whose own maximum is lower
#       does not end with a maximum of 0.

# %% tags=["question"]
own_maxima_gone = [picture - picture.max() for picture in images]


def is_done(subtract):
    try:
        return np.array_equal(subtract(), own_maxima_gone)
    except ValueError:
        return False


[
    is_done(lambda: images - images.max(axis=(1, 2), keepdims=True)),
    is_done(lambda: images - images.max(axis=0, keepdims=True)),
    is_done(lambda: images - images.max(axis=(1, 2))),
    is_done(lambda: images - images.max()),
]

# %% [markdown] tags=["question"]
# `scores` has the shape `(10, 10)`: ten examples with ten scores each. Someone wants every row to add up to 1
# and writes `scores / scores.sum(axis=1)`. What happens?
#
# - Each column is divided by a row's sum.
#     - The sums have the shape `(10,)` and lie under the last axis: column 3 meets the sum of row 3. As 10
#       meets 10, nobody complains. It is the square trap.
# - Each column is divided by its own sum.
#     - That would be `axis=0`. The sums are those of the rows; they only land in the wrong place.
# - Each row is divided by its own sum.
#     - That was the intention. It takes sums that stand in a column, of shape `(10, 1)`: hence
#       `keepdims=True`.
# - The division is refused.
#     - With 9 scores per example it would be, 10 against 9, and that would be the good kind of failure. A
#       square hides it.

# %% tags=["question"]
scores = np.random.default_rng(0).uniform(1, 2, (10, 10))
try:
    quotients = scores / scores.sum(axis=1)
except ValueError:
    quotients = np.zeros(0)
[
    np.array_equal(quotients[:, 3], scores[:, 3] / scores[3].sum()),
    np.array_equal(quotients[:, 3], scores[:, 3] / scores[:, 3].sum()),
    np.array_equal(quotients[3], scores[3] / scores[3].sum()),
    quotients.size == 0,
]

# %% [markdown] tags=["question"]
# You compare 300 queries with 2,000 neighbours, each a row of 784 pixels. How many numbers does
# `queries[:, None] - neighbours[None]` write to memory?
#
# - 300 × 2,000 × 784
#     - Neither side is copied, but the result has its full size: a difference for each pair and pixel.
# - 300 × 2,000
#     - That is what is left after the sum over the pixels. The difference comes first, and all of it must
#       exist to be summed.
# - (300 + 2,000) × 784
#     - That is what both sides hold. Broadcasting saves the stretched copies of them, and has to pay for the
#       result.
# - 300 × 784
#     - That would be a single neighbour for each query. The new axes ask for all pairs.

# %% tags=["question"]
few_queries, few_neighbours = queries[:3], neighbours[:20]
number_count = (few_queries[:, None] - few_neighbours[None]).size
[
    number_count == 3 * 20 * 784,
    number_count == 3 * 20,
    number_count == (3 + 20) * 784,
    number_count == 3 * 784,
]

# %% [markdown] tags=["question"]
# The 500 targets of this page have a variance of `{python} f"{variance:.4f}"`. A model predicts each of them
# perfectly, as a column of shape `(500, 1)`, and the loss `mean((predictions - targets) ** 2)` takes the
# targets with the shape `(500,)`. What does it give?
#
# - `{python} f"{np.mean((targets[:, None] - targets) ** 2):.4f}"`
#     - Each prediction is compared with all 500 targets. Two targets taken at random differ by twice the
#       variance, squared and on average; as by hand, where perfect predictions cost 2 and the mean costs 1.
# - `{python} f"{np.mean((targets - targets) ** 2):.4f}"`
#     - It would be, if each prediction met its own target alone, as with two equal shapes. A column and a row
#       make 500 × 500 pairs, and most of them do not belong together.
# - `{python} f"{np.mean((targets.mean() - targets) ** 2):.4f}"`
#     - That is the loss of answering the mean every time: the lowest that this loss can reach, and perfect
#       predictions miss it.

# %% tags=["question"]
column = tf.constant(targets)[:, None]
perfect_loss = float(tf.reduce_mean((column - targets) ** 2))
[
    np.isclose(perfect_loss, 2 * variance),
    np.isclose(perfect_loss, 0),
    np.isclose(perfect_loss, variance),
]

# %% [markdown]
# ## What to remember
#
# - Align the ends of two shapes. Every axis must be equal, or 1, or missing; a 1 is repeated.
# - Put the 1 where you mean it: `[:, None]`, or `keepdims=True` in a mean, sum or max.
# - Within a sum or a product, stretching copies nothing; the result has its full size. Work that size
#   out before you make pairs.
# - Equal sizes on the wrong axis raise no error. `(n,)` against `(n, 1)` makes `(n, n)`.
# - Assert the shapes in every loss that you write, and distrust a loss that settles at the variance.
#
# ## Where next
#
# `descend` walked a loss downhill. How does it know where down is? [Gradients](gradients.md).
#
# ## Sources
#
# - NumPy, [Broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html): the rules, which
#   TensorFlow took over.
# - S. van der Walt, S. C. Colbert and G. Varoquaux, *The NumPy Array: A Structure for Efficient
#   Numerical Computation*, 2011, [arXiv:1102.1523](https://arxiv.org/abs/1102.1523): strides and views.
# - TensorFlow, [`tf.broadcast_to`](https://www.tensorflow.org/api_docs/python/tf/broadcast_to) and
#   [`tf.debugging.assert_shapes`](https://www.tensorflow.org/api_docs/python/tf/debugging/assert_shapes).
