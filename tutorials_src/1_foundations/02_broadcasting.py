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
# The message gives both shapes. The picture of two shapes that do not fit frames the axis that is
# to blame:

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
# missing *in front* counts as 1. In the picture such a 1 stands in brackets.

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
# (You will also meet `tf.newaxis`, which is another name for `None`, and `tf.expand_dims(x, axis)`.)
#
# ## Predict, then look
#
# The rules in one sentence: **align the ends; every axis must be equal, or 1, or missing.** Cover the
# output and work through these four pairs.

# %%
from snippets.tensors import explain_broadcast

pairs = [((5, 4), (1,)), ((5, 4), (5,)), ((8, 1, 6), (7, 1)), ((3, 28, 28), (3,))]
for left, right in pairs:
    explained = explain_broadcast(left, right)
    print(explained.replace(". ", ".\n    ").replace("; ", ";\n    "))

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
dyed = boot[:, :, None] * palette
plot_images.image_grid(dyed, list(dyes), columns=5, subject="dyed boots")

# %%
axes = ("dye", "row", "column", "colour")
broadcast_picture(boot[:, :, None].shape, palette.shape, names=("boot", "palette"), axes=axes)

# %% tags=["claims"]
assert np.array_equal(matrix + offsets[:, None], [[11, 12, 13], [24, 25, 26]]), (
    "a vector with a new axis at its end is added row by row"
)
assert "(8, 7, 6)" in explain_broadcast(*pairs[2]), (
    "shapes (8, 1, 6) and (7, 1) broadcast to (8, 7, 6), as the rules say"
)
assert [" fit." in explain_broadcast(*pair) for pair in pairs] == [False, True, False, True], (
    "of the four pairs to predict, the second and the last do not fit"
)

# %% [markdown]
# Five pictures from one multiplication and no loop. Name the axes of the result first, *dye, row,
# column, colour*, and give each side a 1 wherever it knows nothing of that axis. Then broadcasting
# cannot go wrong.
#
# ## Real pictures: take the average away
#
# Many networks learn more easily from pictures from which an average has been subtracted. Which
# average? There are two, and they have different shapes. The *mean picture* averages over axis 0,
# the pictures: one number for each pixel place.

# %%
images = fashion.train.images[:2000].astype("float32") / 255
mean_picture = images.mean(axis=0)
without_mean = images - mean_picture
explained = explain_broadcast(images.shape, mean_picture.shape, axes=("picture", "row", "column"))
print(explained.replace(". ", ".\n    ").replace("; ", ";\n    "))

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
plot_images.signed_images(
    {
        "a boot": images[0],
        "minus the mean picture": without_mean[0],
        "minus its own mean": (images - brightness)[0],
    }
)

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
row_means = boot.mean(axis=1)
wrong = boot - row_means
right = boot - boot.mean(axis=1, keepdims=True)
plot_images.signed_images({"keepdims forgotten": wrong, "with keepdims": right})

# %% [markdown]
# Left, the 28 means of the rows were laid under the 28 *columns*. No error, since 28 meets 28. So
# test what the numbers should mean: with the right version, every row now has a mean of 0.

# %%
print("largest row mean, forgotten:", np.abs(wrong.mean(axis=1)).max().round(3))
print("largest row mean, keepdims: ", np.abs(right.mean(axis=1)).max().round(3))

# %% tags=["claims"]
assert dyed.shape == (5, 28, 28, 3), "one boot times five dyes makes five colour pictures"
assert np.abs(without_mean.mean(axis=0)).max() < 1e-4, (
    "minus the mean picture, each pixel place has a mean of 0 over all pictures"
)
assert wrong.shape == right.shape, "the square trap gives the right shape"
assert np.abs(wrong.mean(axis=1)).max() > 0.1 > 1e-4 > np.abs(right.mean(axis=1)).max(), (
    "without keepdims the rows keep a mean, with keepdims they do not"
)

# %% [markdown]
# ## What is copied, and what is not
#
# Does the stretched tensor exist somewhere in memory? In NumPy you can ask: `np.broadcast_to` does
# the stretching alone. An array says with its **strides** how many bytes lie between one element and
# the next along each axis.

# %%
stretched = np.broadcast_to(mean_picture, images.shape)
for name, array in {"images": images, "mean picture": mean_picture, "stretched": stretched}.items():
    print(f"{name:12} shape {array.shape!s:14} strides {array.strides}")

# %% [markdown]
# Read the strides from the right. In the images, the next column is 4 bytes away (a `float32`), the
# next row 28 times that, the next picture 784 times that. In the stretched mean picture, the next
# picture is **0** bytes away: it is the same picture again. Such an array is a **view**: a shape
# and strides of its own over memory that belongs to another. It costs nothing, and because 2,000
# pictures share it, NumPy does not let you write into it.
#
# TensorFlow's tensors have no strides. Its `tf.broadcast_to` makes a real copy:

# %%
tf.broadcast_to(mean_picture, images.shape).numpy().strides

# %% [markdown]
# So do not call it before you calculate. A sum or a product broadcasts by itself, and reads the
# small side again and again without writing it out. Python's own `tracemalloc` measures the memory
# that NumPy takes. (`lambda: …` is a function without a name; `compute()` runs it.)

# %%
import tracemalloc


def peak_megabytes(compute):
    tracemalloc.start()
    compute()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


peaks = {
    "np.broadcast_to(mean_picture, images.shape)": peak_megabytes(
        lambda: np.broadcast_to(mean_picture, images.shape)
    ),
    "images - mean_picture": peak_megabytes(lambda: images - mean_picture),
    "images - np.tile(mean_picture, (2000, 1, 1))": peak_megabytes(
        lambda: images - np.tile(mean_picture, (2000, 1, 1))
    ),
}
tables.table([{"code": f"`{code}`", "megabytes": f"{peak:.1f}"} for code, peak in peaks.items()])

# %% [markdown]
# `np.tile` writes the repetition out, and doubles the bill. Broadcasting pays for one thing: **the
# result, at its full size.** Usually that is fair. Sometimes it is a catastrophe.
#
# ## When the result is too large
#
# Here is a way to name a picture without any training: look for the most similar one among pictures
# with labels, its **nearest neighbour**. Similar means: the squared differences of all 784 pixels,
# added up, are small. With 1,000 unknown pictures and 10,000 known ones, from separate parts of the
# collection, broadcasting makes all pairs in one line: `(unknown[:, None] - known[None]) ** 2`,
# summed over the last axis.

# %%
unknown = fashion.validation.images[:1000].reshape(-1, 784).astype("float32") / 255
known = fashion.train.images[:10000].reshape(-1, 784).astype("float32") / 255
broadcast_picture(
    unknown[:, None].shape,
    known[None].shape,
    names=("unknown[:, None]", "known[None]"),
    axes=("unknown", "known", "pixel"),
)

# %%
differences = 1000 * 10000 * 784 * 4
sums = 1000 * 10000 * 4
print(f"differences: {differences / 1e9:.1f} GB, and their sums: {sums / 1e9:.2f} GB")

# %% [markdown]
# Most computers do not have memory for the first number. And all but a 784th of it is thrown away
# by the sum! The cure is older than computers: $(a - b)^2 = a^2 + b^2 - 2ab$. Summed over the
# pixels, the first two parts need one number for each picture, and the last one is a matrix
# multiplication, which adds up as it goes and never writes the products down.


# %%
def squared_distances(left, right):
    """Return the squared distance of each row of left to each row of right, shape (n, m)."""
    left_squares = tf.reduce_sum(left**2, axis=1, keepdims=True)
    right_squares = tf.reduce_sum(right**2, axis=1)
    return left_squares + right_squares - 2 * left @ tf.transpose(right)


few = squared_distances(unknown[:20], known[:300]).numpy()
in_one_line = ((unknown[:20, None] - known[None, :300]) ** 2).sum(axis=2)
print(few.shape, "both ways agree:", np.allclose(few, in_one_line, atol=1e-2))

# %% [markdown]
# Find the broadcasting in it: `(n, 1)` plus `(m,)` minus `(n, m)`. On a corner of the data that fits
# into memory, both ways agree up to rounding. Now for all of it:

# %%
nearest = tf.argmin(squared_distances(unknown, known), axis=1).numpy()
is_right = fashion.train.labels[nearest] == fashion.validation.labels[:1000]
shown = [*np.flatnonzero(is_right)[:3], *np.flatnonzero(~is_right)[:3]]  # 3 right, 3 wrong
both = np.concatenate([unknown[shown], known[nearest[shown]]]).reshape(-1, 28, 28)
names = [fashion.class_names[label] for label in fashion.validation.labels[shown]]
found = [fashion.class_names[label] for label in fashion.train.labels[nearest[shown]]]
names += [f"nearest:\n{name}" for name in found]
plot_images.image_grid(both, names, columns=6, subject="pictures, then their nearest neighbours")

# %% [markdown]
# Above six unknown pictures, below each the nearest known one. The first three neighbours have the
# right label, the last three a wrong one. Of all 1,000, `{python} f"{is_right.mean():.0%}"` are
# right. Keep that number: a network that learns should beat it.

# %% tags=["claims"]
assert stretched.strides == (0, 112, 4), "np.broadcast_to repeats a picture with a stride of 0"
assert np.shares_memory(stretched, mean_picture), "and copies nothing"
assert tf.broadcast_to(mean_picture, images.shape).numpy().strides[0] > 0, "tf.broadcast_to copies"
assert peaks["images - mean_picture"] < 1.2 * images.nbytes / 1e6, (
    "a broadcast difference takes the memory of its result and hardly more"
)
assert np.allclose(few, in_one_line, atol=1e-2), "the matrix product gives the same distances"
assert is_right.mean() > 0.75, (
    "the nearest of 10,000 pictures has the right label for three in four"
)

# %% tags=["control"] claim="the nearest of 10,000 pictures has the right label for three in four" without="labels that match the pictures"
known_labels = fashion.train.labels[:10000]
shuffled_labels = np.random.default_rng(0).permutation(known_labels)
is_right = shuffled_labels[nearest] == fashion.validation.labels[:1000]

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
left = images[:500, :, :14].mean(axis=(1, 2)).astype("float64")
targets = images[:500, :, 14:].mean(axis=(1, 2)).astype("float64")
x = (left - left.mean()) / left.std()
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
# Two people train this model. One passes the targets as they are, one as a column.

# %%
from snippets.gradients import descend

runs = {"targets (500,)": targets, "targets (500, 1)": targets[:, None]}
paths, losses = {}, {}
for name, given in runs.items():
    paths[name] = descend(
        lambda weights, given=given: mean_squared_error(weights, given),  # this run's targets
        np.zeros((2, 1)),
        learning_rate=0.1,
        steps=50,
    )
    losses[name] = [float(mean_squared_error(weights, given)) for weights in paths[name]]
variance = np.mean((targets - targets.mean()) ** 2)
curves = losses | {"variance of the targets": np.full(51, variance)}
plot_curves.spread_curves(curves, x=range(51), log_y=True)

# %% [markdown]
# (The loss axis is logarithmic: equal distances are equal factors.) Both losses fall, quickly at
# first and then slowly, as losses do. Neither run raised an error. If you had seen one of the
# curves alone, would you have worried? (The level line will explain itself in a moment.) Look at
# what was learned: each point is a picture, each line a model.

# %%
lines = {name: path[-1, ::-1, 0].round(4) for name, path in paths.items()}  # slope, then height
plot_curves.line_fit(
    x, targets, lines, xlabel="brightness on the left, scaled", ylabel="on the right"
)

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
def wrong_loss(predictions):
    return tf.reduce_mean((tf.constant(predictions)[:, None] - tf.constant([1.0, 3.0])) ** 2)


print("perfect:", float(wrong_loss([1.0, 3.0])), "mean:", float(wrong_loss([2.0, 2.0])))

# %% [markdown]
# This also tells where such a run gets stuck: at the loss of answering the mean every time. That is
# the mean squared distance of the targets from their own mean, called their **variance**, and it is
# the level line in the figure above: `{python} f"{variance:.4f}"`. The wrong run ends at
# `{python} f"{losses['targets (500,)'][-1]:.4f}"`, the right one at
# `{python} f"{losses['targets (500, 1)'][-1]:.4f}"`. Compute the variance before you train. **A
# loss that settles there belongs to a model that ignores its input.**
#
# ## The assert that would have caught it
#
# One line in the loss finds it within a minute:

# %% tags=["raises-exception"]
predictions = features @ paths["targets (500,)"][-1]
assert predictions.shape == targets.shape, f"{predictions.shape} against {targets.shape}"

# %% [markdown]
# TensorFlow has two of its own. `tf.ensure_shape(x, (None, 1))` returns `x` if it is a column of any
# length. `tf.debugging.assert_shapes` names sizes by letters: the same letter, the same size.

# %% tags=["raises-exception"]
tf.debugging.assert_shapes([(predictions, ("n", 1)), (targets, ("n", 1))])

# %% [markdown]
# Keras, the library that builds networks on top of TensorFlow, has losses of its own. They protect
# you: where one side is `(n, 1)` and the other `(n,)`, they squeeze the 1 away first. The bug waits
# in what you write yourself: losses, measures of success, the loop that trains. This course has you
# write all three.

# %%
import keras

protected = float(keras.losses.MeanSquaredError()(targets, predictions))
by_hand = float(tf.reduce_mean((predictions[:, 0] - targets) ** 2))
print(f"Keras {protected:.4f}, by hand, shapes equal {by_hand:.4f}")

# %% tags=["claims"]
assert (float(wrong_loss([1.0, 3.0])), float(wrong_loss([2.0, 2.0]))) == (2, 1), (
    "the broadcast loss of two examples prefers the mean to the perfect prediction, as by hand"
)
assert abs(lines["targets (500,)"][0]) < 1e-6, "with targets (500,) the slope that is learned is 0"
assert abs(losses["targets (500,)"][-1] / variance - 1) < 0.01, (
    "the broadcast loss ends at the variance of the targets"
)
assert losses["targets (500, 1)"][-1] < 0.7 * variance, (
    "with equal shapes the loss ends well below the variance"
)
assert abs(protected - by_hand) < 1e-6, "Keras's mean squared error does not broadcast"

# %% tags=["control"] claim="the broadcast loss ends at the variance of the targets" without="the broadcast"
column = targets[:, None]
path = descend(
    lambda weights: mean_squared_error(weights, column),
    np.zeros((2, 1)),
    learning_rate=0.1,
    steps=50,
)
losses = {"targets (500,)": [float(mean_squared_error(path[-1], column))]}

# %% tags=["control"] claim="with equal shapes the loss ends well below the variance" without="equal shapes"
path = descend(
    lambda weights: mean_squared_error(weights, targets),
    np.zeros((2, 1)),
    learning_rate=0.1,
    steps=50,
)
final_loss = float(mean_squared_error(path[-1], targets))
losses = {"targets (500, 1)": [final_loss]}

# %% [markdown]
# ## Exercise: the rules in code
#
# Write `broadcast_shape(left, right)`. It returns the shape of the result as a tuple, or `None` where
# the shapes do not fit. The starter knows the first rule.


# %% tags=["starter"]
def broadcast_shape(left, right):
    return left if left == right else None


# %% tags=["check"]
fitting = [((2, 3), (2, 3)), ((2, 3), (2, 1)), ((2, 3), (3,)), ((), (4,))]
fitting += [((5, 1, 3), (1, 4, 3)), ((8, 1, 6), (7, 1)), ((3,), (2, 1, 1))]
clashing = [((2, 3), (2, 2)), ((2, 3), (2,)), ((4,), (2,))]
clashing += [((2, 3), (4, 3)), ((5, 2, 3), (4, 1, 3)), ((2, 5, 3), (4, 3))]
for one, other in fitting + clashing:
    fits = (one, other) in fitting
    expected = np.broadcast_shapes(one, other) if fits else None
    for a, b in ((one, other), (other, one)):
        try:
            found = broadcast_shape(a, b)
        except Exception as error:
            found = f"the error {error!r}"
        differs = f"{a} with {b} should give {expected}, not {found}"
        assert found == expected, differs


# %% tags=["solution"]
def broadcast_shape(left, right):
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + tuple(left)  # rule 3
    right = (1,) * (rank - len(right)) + tuple(right)
    pairs = list(zip(left, right, strict=True))
    if any(a != b and 1 not in (a, b) for a, b in pairs):  # rule 1
        return None
    return tuple(b if a == 1 else a for a, b in pairs)  # rule 2


broadcast_shape((28, 28, 1), (5, 1, 1, 3))


# %% tags=["wrong"]
def broadcast_shape(left, right):
    rank = max(len(left), len(right))
    left = tuple(left) + (1,) * (rank - len(left))  # aligned at the front
    right = tuple(right) + (1,) * (rank - len(right))
    sizes = list(zip(left, right, strict=True))
    if any(a != b and 1 not in (a, b) for a, b in sizes):
        return None
    return tuple(max(pair) for pair in sizes)


# %% tags=["wrong"]
def broadcast_shape(left, right):
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + tuple(left)
    right = (1,) * (rank - len(right)) + tuple(right)
    if rank and left[-1] != right[-1] and 1 not in (left[-1], right[-1]):
        return None  # only the last axis is compared
    return tuple(max(sizes) for sizes in zip(left, right, strict=True))


# %% tags=["wrong"]
def broadcast_shape(left, right):
    rank = max(len(left), len(right))
    left = (1,) * (rank - len(left)) + tuple(left)
    right = (1,) * (rank - len(right)) + tuple(right)
    sizes = list(zip(left, right, strict=True))
    if any(max(pair) % min(pair) for pair in sizes):
        return None  # as though 2 fitted 4
    return tuple(max(pair) for pair in sizes)


# %% tags=["wrong"]
def broadcast_shape(left, right):
    if len(left) != len(right):  # without the third rule
        return None
    sizes = list(zip(left, right, strict=True))
    if any(a != b and 1 not in (a, b) for a, b in sizes):
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


# %% tags=["check"]
dim = 0.1 + images[:28] * np.linspace(0.2, 0.9, 28)[:, None, None]
lit = np.array(brightest_to_one(dim.copy()))
assert lit.shape == dim.shape, f"{dim.shape} has become {lit.shape}"
for number, (before, after) in enumerate(zip(dim, lit, strict=True)):
    most = f"picture {number} has a maximum of {after.max():.3f}, not 1"
    assert np.isclose(after.max(), 1), most
    changed = f"in picture {number}, not all pixels were divided alike"
    assert np.allclose(after * before.max(), before), changed


# %% tags=["solution"]
def brightest_to_one(pictures):
    return pictures / pictures.max(axis=(1, 2), keepdims=True)


brightest_to_one(dim)[:3].max(axis=(1, 2))


# %% tags=["wrong"]
def brightest_to_one(pictures):
    return pictures / pictures.max(axis=(1, 2))  # 28 pictures, 28 columns


# %% tags=["wrong"]
def brightest_to_one(pictures):
    darkest = pictures.min(axis=(1, 2), keepdims=True)
    brightest = pictures.max(axis=(1, 2), keepdims=True)
    return (pictures - darkest) / (brightest - darkest)


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


# %% tags=["check"]
for some in ([9, 0, 3], [4, 4, 1, 0, 7], list(range(10))[::-1]):
    rows = np.array(one_hot(tf.constant(some)))
    wanted = (len(some), 10)
    assert rows.shape == wanted, f"{some}: shape {rows.shape}, not {wanted}"
    assert rows.dtype == np.float32, f"dtype {rows.dtype}, not float32"
    for label, row in zip(some, rows.tolist(), strict=True):
        wanted = [0.0] * label + [1.0] + [0.0] * (9 - label)
        assert row == wanted, f"in {some}, label {label} has the row {row}"


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


# %% tags=["check"]
def outcome(predictions, targets):
    try:
        return careful_loss(predictions, targets)
    except Exception as error:
        return error


for shape in ((2, 1), (2,), (1, 2)):
    guesses, truth = tf.constant([1.0, 3.0]), tf.constant([2.0, 0.0])
    loss = outcome(tf.reshape(guesses, shape), tf.reshape(truth, shape))
    is_loss = not isinstance(loss, Exception)
    assert is_loss, f"{shape} against {shape} raises {loss!r}"
    assert np.shape(loss) == (), f"the loss has shape {np.shape(loss)}"
    assert loss == 5, f"misses of -1 and 3 cost 5, not {np.array(loss)}"
vector, column, row, wide, low = (2,), (2, 1), (1, 2), (2, 3), (1, 3)
clashing = [(column, vector), (vector, column), (column, row)]
for a, b in [*clashing, (wide, column), (low, wide)]:
    error = outcome(tf.ones(a), tf.ones(b))
    is_refused = isinstance(error, ValueError)
    assert is_refused, f"{a} against {b} gives {error!r}, not a ValueError"
    text = str(error).replace("[", "(").replace("]", ")")
    for shape in (a, b):
        numbers = str(shape).replace(",)", "")
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
# ## What to remember
#
# - Align the ends of two shapes. Every axis must be equal, or 1, or missing; a 1 is repeated.
# - Put the 1 where you mean it: `[:, None]`, or `keepdims=True` in a mean, sum or max.
# - Stretching copies nothing; the result has its full size. Work that size out before you make pairs.
# - Equal sizes on the wrong axis raise no error. `(n,)` against `(n, 1)` makes `(n, n)`.
# - Assert the shapes in every loss that you write, and distrust a loss that settles at the variance.
#
# ## Where next
#
# `descend` walked a loss downhill. How does it know where down is? [Gradients](gradients.md).
