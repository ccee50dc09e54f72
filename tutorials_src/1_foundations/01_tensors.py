# ---
# title: Tensors
# summary: Every picture, weight and score in a network is a grid of numbers with a shape and a type.
# needs: []
# teaches: [tensor, pixel, element, axis, rank, shape, dtype, size, scalar, vector, matrix, float, batch, label, class, one-hot, reshape, transpose, matrix multiplication, weight, variable]
# data: [fashion-mnist]
# artifacts: []
# ---

# %% [markdown]
# What does a neural network see when you show it a photograph? Not a boot. A grid of numbers.
#
# A neural network is a program that learns its task from examples. Pictures, sounds, sentences:
# whatever it learns from is first turned into numbers, and these are kept in a container called a
# **tensor**. Everything that the network itself knows is kept in tensors, too. You need Python's lists
# and functions, and no mathematics beyond multiplication.

# %%
from snippets import plot_images, plot_tensors, tables
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
boot = fashion.train.images[0]
plot_images.image_and_numbers(boot, top=2, left=12, subject="a boot")

# %% [markdown]
# Left, what you see; right, what the network gets: for each **pixel**, a dot of the picture, a
# whole number from 0 (black) to 255 (white). The orange frame on the left holds the numbers on the
# right. The boot comes from Fashion-MNIST, a public collection of 70,000 photographs of clothes.
#
# (`snippets` is this course's own box of helpers: `plot_images` and its relatives draw, `datasets`
# fetches data. You can follow every page without knowing how they work.)
#
# ## One number, a row, a grid, a stack
#
# The boot is too large to check by hand, so here are four smaller tensors. TensorFlow, the library
# that does the calculating in this course, goes by the name `tf`, and `tf.constant` makes a tensor
# from a number or from nested lists.

# %%
import tensorflow as tf

scalar = tf.constant(7)
vector = tf.constant([3, 1, 4])
matrix = tf.constant([[1, 2, 3], [4, 5, 6]])
sheets = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
stack = tf.constant(sheets)
tensors = {"scalar": scalar, "vector": vector, "matrix": matrix}
tensors["stack"] = stack
plot_tensors.tensor_picture(tensors)

# %% [markdown]
# Each number is an **element**. Each arrow is an **axis**: a direction in which you can count.
#
# - A **scalar** is one number, with no axis at all.
# - A **vector** is a row of numbers, with one axis.
# - A **matrix** is a grid with two axes: axis 0 goes down the rows, axis 1 goes along a row.
# - The stack has three axes: axis 0 goes from sheet to sheet, and rows and columns become axes 1
#   and 2. There is no everyday word for it but "a tensor of rank 3".
#
# Axes are counted from 0 and from the outside in, exactly as the brackets of the lists are nested.
# (In physics a tensor must also obey rules when the coordinates change. Here it is a grid of numbers.)
#
# ## Four questions to ask any tensor
#
# Four questions explain most of the error messages that you will meet.

# %%
from snippets.tensors import describe

tensors["boot"] = boot
rows = [{"tensor": name, **describe(tensors[name])} for name in tensors]
tables.table(rows)

# %% [markdown]
# - **Shape**: how many steps does each axis have? The matrix has 2 rows of 3 numbers: `(2, 3)`.
# - **Rank**: how many axes? It is the length of the shape. (Linear algebra uses the same word for
#   something else: how many rows of a matrix are independent.)
# - **Size**: how many elements? It is the shape multiplied out: 2 × 2 × 3 makes 12 for the stack.
# - **Dtype**, for data type: what kind of number is each element? `int32` is a whole number that may
#   be negative; `uint8` is a whole number from 0 to 255, enough for a pixel. All elements of a tensor
#   share one dtype.
#
# The column `bytes` is what it costs: an `int32` takes four bytes of memory, a `uint8` one.
#
# In your own code you ask like this:

# %%
print("shape", matrix.shape)
print("rank ", matrix.ndim)
print("size ", int(tf.size(matrix)))
print("dtype", matrix.dtype)

# %% tags=["claims"]
assert [tensor.ndim for tensor in tensors.values()] == [0, 1, 2, 3, 2], (
    "a scalar has rank 0, a vector 1, a matrix 2, the stack 3, and a grey picture 2"
)
assert int(tf.size(stack)) == 2 * 2 * 3, (
    "the stack has 2 times 2 times 3 elements"
)
assert (boot.dtype, boot.min(), boot.max()) == ("uint8", 0, 255), (
    "the boot's pixels are whole numbers from 0 to 255"
)

# %% [markdown]
# A shape becomes readable when you give each axis a name. Here are all the training pictures, those
# that a network may learn from; the rest of the 70,000 are held back, to check what it has learned:

# %%
from snippets.tensors import explain_shape

explain_shape(fashion.train.images.shape, ("image", "row", "pixel"))

# %% [markdown]
# ## Making tensors
#
# You rarely type the numbers in. Ask for a shape, or count:

# %%
print(tf.zeros((2, 3)))
print(tf.ones(4, dtype=tf.int32))
print(tf.range(6))
print(tf.constant([1, 2, 3]))
print(tf.constant([1.0, 2.0, 3.0]))

# %% [markdown]
# Look at the dtypes. A decimal point makes the difference: whole numbers become `int32`, and numbers
# with a point become `float32`, TensorFlow's usual kind of decimal number (a **float**). `tf.zeros`
# gives floats unless you say otherwise.
#
# The boot came as a NumPy array, NumPy being Python's library for grids of numbers. `tf.constant(boot)`
# makes a tensor of it, and `.numpy()` goes back. Both keep shape and dtype: NumPy's floats are
# `float64`, and stay so.
#
# ## Picking elements
#
# Square brackets pick elements, one position for each axis, counted from 0. The picked ones are
# orange:

# %%
picks = {
    "matrix[1]": matrix[1],
    "matrix[:, 1]": matrix[:, 1],
    "matrix[:, 1:]": matrix[:, 1:],
    "matrix[1, -1]": matrix[1, -1],
}
plot_tensors.tensor_picture(dict.fromkeys(picks, matrix), marked=picks)

# %%
rows = [{"pick": code, "shape": str(picks[code].shape)} for code in picks]
tables.table(rows)

# %% [markdown]
# A colon means "all of this axis", `1:` means "from position 1 on", and −1 is the last position. One
# rule gives the shape of the result: **a number removes its axis, a colon keeps it.** Axes left out at
# the end are kept whole: `matrix[1]` means `matrix[1, :]`. A picked column, `matrix[:, 1]`, lies down as
# a vector of shape `(2,)`.
#
# On the boot, the same brackets turn pictures over. After a second colon stands the step, and a
# step of −1 reads the axis backwards. (`np.stack` puts the three pictures into one array.)

# %%
import matplotlib.pyplot as plt
import numpy as np

boots = np.stack([boot, boot[::-1], boot[:, ::-1]])
titles = ["boot", "boot[::-1]", "boot[:, ::-1]"]
plot_images.image_grid(boots, titles, columns=3, subject="boots")

# %% [markdown]
# Axis 0 is the rows, so `boot[::-1]` stands the boot on its head; `boot[:, ::-1]` makes it look the
# other way.
#
# ## Putting tensors together
#
# Networks read pictures several at a time, in a **batch**. To make one, lay the pictures on top of
# each other: `tf.stack` adds a new axis 0. Its relative `tf.concat` adds no axis; it glues tensors
# together along one that is there.

# %%
pictures = [tf.constant(image) for image in fashion.train.images[:3]]
batch = tf.stack(pictures)
strip = tf.concat(pictures, axis=1)
print("stack ", batch.shape, batch.dtype)
print("concat", strip.shape, strip.dtype)

# %% [markdown]
# Three pictures of shape `(28, 28)` become a batch of shape `(3, 28, 28)`, or one wide picture of
# 28 rows and 84 columns. In a batch, axis 0 counts the examples; it is the **batch axis**, and a
# network treats each of them alike. (The pictures were made tensors first. Given NumPy arrays in a
# list, `tf.stack` and `tf.constant` keep the numbers and forget the `uint8`: the result is `int32`.)
#
# ## Colour: batch, height, width, channels
#
# A colour picture has three numbers for each pixel: how red, how green, how blue. They stand on one
# more axis, the last, whose three places are called channels. To make such a picture, stack three
# sheets with `axis=-1`, which puts the new axis last. Here the boot is the red sheet, its mirror
# image the green one, and the blue one is dark; a second picture has its colours swapped.

# %%
sheets = [boot, boot[:, ::-1], 0 * boot]  # red, green, blue
picture = np.stack(sheets, axis=-1)
colour_boots = np.stack([picture, picture[:, :, ::-1]])
plot_images.image_grid(colour_boots, subject="coloured boots")

# %% [markdown]
# The batch has four axes. TensorFlow, and Keras, the library that builds networks on top of it, expect
# them in this order, from the outside in: **batch, height, width, channels**. Drawn sheet by sheet, light
# for 255 and dark for 0 (the cell only draws; you may skip it):

# %%
figure, ax = plt.subplots(figsize=(7.2, 3.6))
for number, channel in np.ndindex(2, 3):
    x, y = 66 * number + 12 * channel, 12 * channel
    sheet = ax.imshow(colour_boots[number, :, :, channel], zorder=-channel)
    sheet.set_extent((x, x + 28, y, y + 28))
    sheet.set_cmap(["Reds_r", "Greens_r", "Blues_r"][channel])
arrows = {
    "axis 0: batch": ((0, -11), (94, -11), (-31, -11)),
    "axis 1: height": ((-3, 28), (-3, 0), (-31, 28)),
    "axis 2: width": ((0, -3), (28, -3), (-31, -3)),
    "axis 3: channels": ((31, 0), (55, 24), (34, -4)),
}
for name, (start, end, place) in arrows.items():
    ax.annotate(name, place, va="center", fontsize=9)
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->"})
ax.set(xlim=(-32, 119), ylim=(-14, 54))
ax.set_axis_off()
figure.alt = f"Shape {colour_boots.shape}: {', '.join(arrows)}."
plt.close(figure)
figure

# %% [markdown]
# One position on each axis picks one number. `colour_boots[0]` is a picture,
# `colour_boots[0, :, :, 1]` its green sheet, and `colour_boots[0, 20, 5]` the three numbers of one
# pixel, the colour at row 20, column 5:

# %%
print(colour_boots.shape, colour_boots[0, :, :, 1].shape)
print(colour_boots[0, 20, 5])

# %% [markdown]
# A grey batch has one number for each pixel: `(n, 28, 28)`, or, with the axis written out,
# `(n, 28, 28, 1)`. And where a network is described before it has seen a picture, nobody knows yet
# how many there will be:

# %%
import keras

keras.Input((28, 28, 1)).shape

# %% [markdown]
# A `None` in a shape means **any size**: this input takes batches of 1 or of 1,000. You give the shape of
# one picture; Keras adds the batch axis in front. (`keras.Input((None, None, 3))` leaves height and width
# open too.)
#
# ## Answers are tensors too
#
# To learn, a network must be told what each picture shows: its **label**, one of ten kinds, called
# **classes**. Labels are whole numbers, one per picture, so a batch of them is a vector.

# %%
labels = fashion.train.labels[:3]
print(labels, labels.shape, labels.dtype)
print([fashion.class_names[label] for label in labels])

# %% [markdown]
# The numbers are names, not amounts: class 9 is not three times class 3. Where that matters, a label
# is written **one-hot**: a row with a place for each class, all 0 but for a single 1.

# %%
one_hot = tf.one_hot(labels, 10)
one_hot_title = "tf.one_hot(labels, 10)"
both_forms = {"labels": labels, one_hot_title: one_hot}
plot_tensors.tensor_picture(both_forms, marked={one_hot_title: 1})

# %% [markdown]
# Count the places from 0: the 1 stands where the label says. Three labels became a `float32` matrix of
# shape `(3, 10)`, the shape of the answers that a network will give. Later pages use both forms.
#
# ## Reshape is not transpose
#
# A matrix of shape `(2, 3)` can become one of shape `(3, 2)` in two ways, and the results differ.
# The line follows the numbers from 1 to 6:

# %%
by_reshape = tf.reshape(matrix, (3, 2))
by_transpose = tf.transpose(matrix)
matrices = {"tf.reshape": by_reshape, "tf.transpose": by_transpose}
plot_tensors.reading_order({"matrix": matrix, **matrices})

# %% [markdown]
# **Reshape** keeps the reading order. It reads the numbers as you read a page, row after row, and
# fills the new shape in that same order. **Transpose** swaps the axes: rows become columns, so the
# element at row 0, column 2 moves to row 2, column 0.
#
# Reshape is what you want when the order stays and only the counting changes. Many networks begin by
# laying each picture out as one long vector. A −1 lets TensorFlow work a size out:

# %%
pixel_rows = tf.reshape(batch, (3, -1))
pixel_rows.shape, tf.reshape(pixel_rows, (3, 28, 28)).shape

# %% [markdown]
# Three pictures of 28 × 28 pixels, three rows of 784, and back again. (As a layer of a network, the
# first step is called `Flatten`.) The first call joined the axes *row* and *pixel* into one; the
# second split them again. That is the rule that keeps you safe: **use reshape to join neighbouring
# axes or to split one, and for nothing else.** Then every new axis still has a name. In the `(3, 2)`
# above, neither axis has one: its rows are neither rows nor columns of the matrix.
#
# Every element needs a place and every place an element, or TensorFlow refuses:

# %% tags=["raises-exception"]
tf.reshape(matrix, (4, 2))

# %% [markdown]
# You may skip what stands in double braces, here and in every message of this kind: it says where in
# TensorFlow it happened. 6 values do not fill a shape of 8.
#
# The worse mistake is the one without a message. Suppose that a library wants the pictures on the
# *last* axis, `(28, 28, 3)`. Both calls give that shape. Here is picture 0, taken out of each:

# %%
batch_reshaped = tf.reshape(batch, (28, 28, 3))
batch_transposed = tf.transpose(batch, perm=[1, 2, 0])
pictures = [batch[0], batch_reshaped[:, :, 0], batch_transposed[:, :, 0]]
versions = np.stack(pictures)
titles = ["picture 0", "after reshape", "after transpose"]
plot_images.image_grid(versions, titles, columns=3)

# %% [markdown]
# The rule would have warned you: a reshape joins and splits but never moves, and the pictures were to
# move past two axes. It read all three one after the other and put every third number into "picture 0":
# a squeezed piece of each. Nothing complains, and a network would train on rubble. In the transpose,
# `perm=[1, 2, 0]` says which old axis each new one is: the rows (1), the columns (2), then the
# pictures (0). **To move axes, transpose.** And look at your data afterwards.

# %% tags=["claims"]
assert colour_boots.shape == (2, 28, 28, 3), (
    "a batch of colour pictures has the axes batch, height, width, channels"
)
assert np.array_equal(colour_boots[0, :, :, 1], boot[:, ::-1]), (
    "channel 1 of the last axis is the green sheet"
)
assert keras.Input((28, 28, 1)).shape[0] is None, (
    "Keras puts a batch axis of any size in front"
)
assert by_reshape.shape == by_transpose.shape, (
    "reshape and transpose of a matrix give the same shape"
)
assert not np.array_equal(by_reshape, by_transpose), (
    "yet they give different matrices"
)
reading_orders = [tf.reshape(x, [-1]) for x in (matrix, by_reshape)]
assert np.array_equal(*reading_orders), "reshape keeps the reading order"
assert np.array_equal(tf.reshape(pixel_rows, (3, 28, 28)), batch), (
    "joining two neighbouring axes and splitting them again gives every picture back"
)
assert tf.stack([boot, boot]).dtype == tf.int32, (
    "tf.stack makes int32 of a list of uint8 NumPy arrays"
)
are_boots = [np.array_equal(version, boot) for version in versions]
assert are_boots == [True, False, True], (
    "of two calls that give the same shape, only transpose gives the boot back"
)

# %% [markdown]
# ## Two ways to multiply
#
# The ordinary signs work **elementwise**: each element meets the one in the same place. A single
# number meets every element.

# %%
factors = tf.constant([[10, 10, 10], [2, 2, 2]])
print(matrix * factors)
print(matrix / factors)
print(matrix * 100)

# %% [markdown]
# By hand, in row 1, column 0: 4 × 2 makes 8 and 4 / 2 makes 2. The division turned whole numbers into
# floats of dtype `float64`, which keep more digits than `float32` and take twice the memory. For
# whole-number division write `//`, as in Python.
#
# Must the two shapes be equal, then? The [next page](broadcasting.md) tells which shapes may meet.
#
# The sign `@` is **matrix multiplication**, the operation that networks spend their lives on. Each
# element of the result takes a whole row from the left and a whole column from the right, multiplies
# them pair by pair, and adds up:

# %%
prices = tf.constant([[10, 1], [20, 2], [30, 3]])
plot_tensors.matmul_picture(matrix, prices, row=1, column=0)

# %%
matrix @ prices

# %% [markdown]
# If that looks arbitrary, think of shopping. A row on the left is a basket: 4 loaves, 5 eggs,
# 6 apples. A column on the right is a shop with its three prices. The result has what each basket
# costs in each shop: here the second basket in the first shop.
#
# A row on the left needs as many numbers as a column on the right: the two inner sizes must agree, and
# the outer two make the shape of the result: `(2, 3) @ (3, 2)` gives `(2, 2)`. Break the rule:

# %% tags=["raises-exception"]
matrix @ matrix

# %% [markdown]
# The inner sizes, 3 and 2, differ. The cure depends on what you mean: `matrix @ tf.transpose(matrix)`
# fits, and so does the elementwise `*`.
#
# Now the real thing. A network's first step is a basket and shops: each picture is a basket of 784
# pixels, and each of ten kinds of clothes is a shop with its own 784 prices, called **weights**. With
# every weight at 0.01, which is no knowledge at all:

# %%
weights = tf.fill((784, 10), 0.01)
scores = tf.cast(pixel_rows, tf.float32) @ weights
scores.shape

# %% [markdown]
# Three pictures, ten scores each, from one multiplication. Learning will mean finding better weights.
# `tf.cast` changes the dtype; why it is needed comes in a moment.

# %% tags=["claims"]
assert np.array_equal(matrix @ prices, [[140, 14], [320, 32]]), (
    "the matrix product agrees with the one worked out by hand"
)
assert np.array_equal(tf.argmax(one_hot, axis=1), labels), (
    "the 1 of a one-hot row stands at the label's place"
)
assert scores.shape == (3, 10), (
    "a batch of 3 pictures times 784 by 10 weights gives 3 by 10 scores"
)

# %% [markdown]
# ## Constants stay, variables change
#
# A tensor never changes. You may compute a new one from it, but not write into it:

# %% tags=["raises-exception"]
vector[0] = 100

# %% [markdown]
# Whoever else uses `vector` can rely on it. But weights must change, or nothing is learned. For them
# there is **`tf.Variable`**: a box of fixed dtype and, unless you ask otherwise, fixed shape. It holds a
# tensor and lets you swap it for another.

# %%
weight = tf.Variable([1.0, 2.0, 3.0])
twice_the_weight = weight * 2
weight.assign([10.0, 20.0, 30.0])
weight.assign_add([1.0, 1.0, 1.0])
print(weight.numpy(), twice_the_weight.numpy())

# %% [markdown]
# `assign` replaces the contents, `assign_add` adds to them. `twice_the_weight` was computed before and
# does not follow: it is a tensor, and tensors stay. Use constants for data and variables for what is learned.
#
# ## Dtypes: one trap that shouts, two that keep quiet
#
# Python adds `1 + 0.5` without a thought. When two tensors of different dtypes meet, TensorFlow
# converts neither, since that could cost memory and precision unseen:

# %% tags=["raises-exception"]
tf.constant([1, 2, 3]) + tf.constant([0.5, 0.5, 0.5])

# %% [markdown]
# `AddV2` is TensorFlow's name for `+`. It wanted a second `int32` tensor, like the first, and got a
# `float`; inputs are numbered from zero. The cure is to say which dtype you want:

# %%
tf.cast(tf.constant([1, 2, 3]), tf.float32) + tf.constant([0.5, 0.5, 0.5])

# %% [markdown]
# What if the second one is not a tensor yet? A whole Python number takes the tensor's dtype. With a float,
# it depends on where the float comes from. (`lambda: …` is a function without a name, so that `outcome` can
# run each calculation and catch its error.)

# %%
counts = tf.constant([1, 2])


def outcome(compute):
    try:
        return compute().numpy()
    except Exception as error:
        return type(error)


halves = np.array([0.5, 0.5])
outcomes = {
    "counts + 0.5": outcome(lambda: counts + 0.5),
    "counts * 0.5": outcome(lambda: counts * 0.5),
    "counts + halves": outcome(lambda: counts + halves),
    "counts * halves": outcome(lambda: counts * halves),
    "counts / halves": outcome(lambda: counts / halves),
}
outcomes

# %% [markdown]
# A Python float is refused, under two different names. **A NumPy float is cut down to a whole number
# without a word**: 0.5 becomes 0, and the division ends at infinity (`inf`), for it divides by that 0.
# NumPy itself would have made floats of all five. So where NumPy's floats meet a tensor of whole numbers,
# cast the tensor first.
#
# The other quiet trap needs no float at all. Make the boot brighter by adding 60 to each pixel:

# %%
wrapped_boot = tf.constant(boot) + 60
sums = tf.cast(boot, tf.int32) + 60
brighter_boot = tf.cast(tf.minimum(sums, 255), tf.uint8)
versions = np.stack([boot, wrapped_boot, brighter_boot])
titles = ["boot", "uint8 + 60", "int32 + 60"]
plot_images.image_grid(versions, titles, columns=3)

# %%
tf.constant([190, 200, 250], dtype=tf.uint8) + 60

# %% [markdown]
# A `uint8` has no room above 255, so it starts again at 0, as a car's mileage counter does: 200 + 60
# makes `{python} int((tf.constant(200, dtype=tf.uint8) + 60).numpy())`. The brightest parts of the
# boot, `{python} f"{(wrapped_boot.numpy() < boot).mean():.0%}"` of all pixels, turned dark. In the
# third picture the pixels got a roomier dtype first, were held at 255 by `tf.minimum`, and went back to
# `uint8` last. One habit protects you from all three traps: **turn pixels into floats before you
# calculate with them**, `tf.cast(boot, tf.float32) / 255`, which also brings them between 0 and 1.
#
# Rounding is the other side of it: going from float to whole number, `tf.cast` cuts the decimals off.

# %%
tf.cast([2.9, -2.9], tf.int32)

# %% tags=["claims"]
assert (tf.constant(200, dtype=tf.uint8) + 60).numpy() == 4, (
    "in uint8, 200 + 60 makes 4"
)
errors = [outcomes["counts + 0.5"], outcomes["counts * 0.5"]]
assert errors == [tf.errors.InvalidArgumentError, TypeError], (
    "an int32 tensor refuses a Python float, with one error for + and another for *"
)
assert (counts * halves).numpy().tolist() == [0, 0], (
    "of a NumPy float, an int32 tensor takes the whole number without a word: half of 1 and 2 is 0, 0"
)
assert np.all(brighter_boot.numpy() >= boot), (
    "brightening in int32 makes no pixel darker"
)
assert np.any(wrapped_boot.numpy() < boot), (
    "brightening in uint8 makes some pixels darker"
)
assert list(twice_the_weight.numpy()) == [2, 4, 6], (
    "a tensor does not follow the variable it came from"
)

# %% tags=["control"] claim="brightening in int32 makes no pixel darker" without="the roomier dtype"
brighter_boot = tf.minimum(tf.constant(boot) + 60, 255)

# %% tags=["control"] claim="of a NumPy float, an int32 tensor takes the whole number without a word: half of 1 and 2 is 0, 0" without="whole numbers in the tensor"
counts = tf.constant([1.0, 2.0])

# %% [markdown]
# ## Exercise: the last column of every sheet
#
# Write `last_columns(sheets)`. It picks the last column of every sheet (in `stack`, 3 and 6, 9 and 12)
# with one pair of square brackets. The result is a matrix. Before you run it: what is its shape? (To
# work on the exercises, download the notebook that the top of the page offers, and
# [open it on a computer](../index.md#how-a-page-works).)


# %% tags=["starter"]
def last_columns(sheets):
    return sheets[-1]


# %% [markdown] tags=["hint"]
# Count the axes of `sheets`: sheet, row, column. Two of them are to stay, and one position is to be picked;
# in which of the three places does it stand?

# %% tags=["check"]
for sheets in (stack, tf.reshape(tf.range(24), (2, 3, 4))):
    answer = np.array(last_columns(sheets)).tolist()
    numbers = sheets.numpy().tolist()
    true_answer = [[row[-1] for row in sheet] for sheet in numbers]
    message = f"from {numbers} you pick {answer}, not {true_answer}"
    assert answer == true_answer, message


# %% tags=["solution"]
def last_columns(sheets):
    return sheets[:, :, -1]


last_columns(stack)


# %% tags=["wrong"]
def last_columns(sheets):
    return sheets[:, -1]  # the last rows


# %% tags=["wrong"]
def last_columns(sheets):
    return sheets[:, :, 2]  # last only where there are three


# %% tags=["wrong"]
def last_columns(sheets):
    return sheets[:, :, -1:]  # a slice keeps the axis


# %% tags=["wrong"]
def last_columns(sheets):
    return tf.transpose(sheets[:, :, -1])  # of stack, the same shape


# %% [markdown]
# ## Exercise: colour last
#
# A camera gives its picture as three sheets, red, green and blue: shape `(3, 4, 5)` for 4 rows of
# 5 pixels. TensorFlow wants the channels last, so that `colour_last[row, column]` is the colour of one
# pixel. The starter has the right shape and the wrong picture.

# %% tags=["starter"]
photo = tf.reshape(tf.range(60), (3, 4, 5))
colour_last = tf.reshape(photo, (4, 5, 3))

# %% [markdown] tags=["hint"]
# Name the axes of `photo` in their order, 0, 1 and 2. Then name those that you want, from the outside in, and
# write down for each which old one it is.

# %% tags=["check"]
shape = np.shape(colour_last)
assert shape == (4, 5, 3), f"the shape is {shape}, not (4, 5, 3)"
red_sheet = np.arange(20).reshape(4, 5)  # green adds 20, blue 40
for channel, colour in enumerate(["red", "green", "blue"]):
    answer = np.array(colour_last)[:, :, channel].tolist()
    message = f"[:, :, {channel}] is not the {colour} sheet: {answer}"
    assert answer == (red_sheet + 20 * channel).tolist(), message

# %% tags=["solution"]
colour_last = tf.transpose(photo, perm=[1, 2, 0])
colour_last[0, 0]

# %% tags=["wrong"]
colour_last = tf.transpose(photo)  # all axes turned round: columns first

# %% tags=["wrong"]
colour_first = tf.transpose(photo)
colour_last = tf.reshape(colour_first, (4, 5, 3))  # one pixel is right

# %% tags=["wrong"]
reversed_photo = photo[::-1]  # blue, green, red
colour_last = tf.transpose(reversed_photo, perm=[1, 2, 0])

# %% [markdown]
# ## Exercise: brighter, and still a picture
#
# Write `brighten(image, amount)` for an image of dtype `uint8`. It returns `uint8` again, adds
# `amount` to every pixel, and stops at 0 and 255; `amount` may be negative. The image passed in stays
# as it was. To hold numbers between two limits there is `tf.clip_by_value(x, low, high)`.


# %% tags=["starter"]
def brighten(image, amount):
    return tf.constant(image) + tf.cast(amount, tf.uint8)


# %% [markdown] tags=["hint"]
# A sum that may be 300, or below 0, needs a dtype that has room for it. Find the place for the limits: before
# or after the way back to `uint8`?

# %% tags=["check"]
for amount in (60, -60, 7, -300, 300):
    row = np.array([[0, 100, 250]], dtype=np.uint8)
    answer = np.array(brighten(row, amount))
    assert answer.dtype == np.uint8, f"dtype {answer.dtype}, not uint8"
    sums = [pixel + amount for pixel in (0, 100, 250)]
    true_answer = [[min(max(total, 0), 255) for total in sums]]
    message = f"[[0, 100, 250]] plus {amount}: {answer}, not {true_answer}"
    assert answer.tolist() == true_answer, message
    assert row[0, 2] == 250, "the picture that was passed in has changed"


# %% tags=["solution"]
def brighten(image, amount):
    sums = tf.cast(image, tf.int32) + amount
    return tf.cast(tf.clip_by_value(sums, 0, 255), tf.uint8)


versions = np.stack([brighten(boot, amount) for amount in (-100, 0, 100)])
titles = ["-100", "0", "+100"]
plot_images.image_grid(versions, titles, columns=3, subject="boots")


# %% tags=["wrong"]
def brighten(image, amount):
    return tf.minimum(tf.constant(image), 255 - amount) + amount  # up only


# %% tags=["wrong"]
def brighten(image, amount):
    sums = tf.cast(image, tf.int32) + amount
    return tf.clip_by_value(sums, 0, 255)  # stays int32


# %% tags=["wrong"]
def brighten(image, amount):
    sums = tf.cast(image, tf.int32) + (60 if amount > 0 else -60)
    return tf.cast(tf.clip_by_value(sums, 0, 255), tf.uint8)


# %% tags=["wrong"]
def brighten(image, amount):
    sums = tf.cast(tf.cast(image, tf.int32) + amount, tf.uint8)
    return tf.clip_by_value(sums, 0, 255)  # clipped after it wrapped


# %% [markdown]
# ## Exercise: the average piece of clothing
#
# Compute the average of the first 1,000 training pictures, pixel by pixel, as a `float32` tensor of
# shape `(28, 28)` with values between 0 and 1. `tf.reduce_mean(x, axis=0)` averages along axis 0,
# and so removes it. The starter averages in `uint8`. Draw what it gives before you mend it, with
# `plot_images.image_grid(average.numpy()[None])`; the `[None]` adds an axis 0, for one picture.

# %% tags=["starter"]
average = tf.reduce_mean(fashion.train.images[:1000], axis=0)

# %% [markdown] tags=["hint"]
# The sum of a thousand bytes does not fit into a byte. Which line of *Dtypes* turns pixels into numbers that
# may be added up, and brings them between 0 and 1 as well?

# %% tags=["check"]
answer = np.array(average)
assert answer.shape == (28, 28), f"shape {answer.shape}, not (28, 28)"
assert answer.dtype == np.float32, f"dtype {answer.dtype}, not float32"
peak = answer.max()
assert peak <= 1, f"the brightest value is {peak:.1f}; white should be 1"
true_answer = fashion.train.images[:1000].mean(axis=0) / 255
error = np.abs(answer - true_answer).max()
assert error < 1e-4, f"a pixel is off by {255 * error:.2f} grey levels"

# %% tags=["solution"]
pixels = tf.cast(fashion.train.images[:1000], tf.float32) / 255
average = tf.reduce_mean(pixels, axis=0)
plot_images.image_grid(
    average.numpy()[None], ["average"], columns=1, subject="averages"
)

# %% tags=["wrong"]
pixels = tf.cast(fashion.train.images[:1000], tf.int32)
average = tf.cast(tf.reduce_mean(pixels, axis=0), tf.float32) / 255

# %% tags=["wrong"]
pixels = tf.cast(fashion.train.images[:1000], tf.float32)
average = tf.reduce_mean(pixels, axis=0)  # from 0 to 255

# %% tags=["wrong"]
pixels = tf.cast(fashion.train.images[:1000], tf.float32) / 255
average = tf.reduce_mean(pixels, axis=(1, 2))  # one number per picture

# %% tags=["wrong"]
average_of_bytes = tf.reduce_mean(fashion.train.images[:1000], axis=0)
average = tf.cast(average_of_bytes, tf.float32) / 255  # the sum has wrapped

# %% [markdown]
# ## Questions
#
# Five questions about tensors, with a reason for each choice.

# %% [markdown] tags=["question"]
# `colour_boots` has the shape `(2, 28, 28, 3)`. What is the shape of `colour_boots[:, 0, :, 2]`?
#
# - `(2, 28)`
#     - The two numbers remove axes 1 and 3, the colons keep axes 0 and 2: the top row of each blue sheet.
# - `(28, 3)`
#     - Those are the axes at which numbers stand. A number removes its axis; what is left is where the colons
#       are.
# - `(2, 1, 28, 1)`
#     - A picked axis does not stay with size 1, it goes. Only a slice such as `0:1` would leave a 1.
# - `(28, 28)`
#     - That is a whole sheet of one picture, `colour_boots[0, :, :, 2]`. Here the batch is kept whole and the
#       row is picked.

# %% tags=["question"]
picked_shape = colour_boots[:, 0, :, 2].shape
[
    picked_shape == (2, 28),
    picked_shape == (28, 3),
    picked_shape == (2, 1, 28, 1),
    picked_shape == (28, 28),
]

# %% [markdown] tags=["question"]
# A batch has the shape `(3, 28, 28)`. You want its pictures side by side, as one picture of 28 rows and 84
# columns. Which code gives it?
#
# - `tf.reshape(tf.transpose(batch, perm=[1, 0, 2]), (28, 84))`
#     - First the axes are moved: row, picture, column. Then picture and column are neighbours, and reshape
#       may join them.
# - `tf.reshape(tf.transpose(batch, perm=[1, 2, 0]), (28, 84))`
#     - Rows stay rows, but with the pictures last, each pixel of the first picture is followed by those of
#       the other two: the three are shuffled into one another.
# - `tf.reshape(batch, (28, 84))`
#     - The shape is as you want it, and the reading order is not. The first row takes three rows of the first
#       picture, because reshape never moves anything.
# - `tf.transpose(tf.reshape(batch, (84, 28)))`
#     - The reshape puts the pictures below one another, and that is sound. The transpose then turns each of
#       them over, with its rows as columns.

# %% tags=["question"]
side_by_side = np.concatenate(batch, axis=1)
versions = [
    tf.reshape(tf.transpose(batch, perm=[1, 0, 2]), (28, 84)),
    tf.reshape(tf.transpose(batch, perm=[1, 2, 0]), (28, 84)),
    tf.reshape(batch, (28, 84)),
    tf.transpose(tf.reshape(batch, (84, 28))),
]
is_equal = [np.array_equal(version, side_by_side) for version in versions]
[is_equal[0], is_equal[1], is_equal[2], is_equal[3]]

# %% [markdown] tags=["question"]
# 32 pictures lie in a batch as rows of 784 pixels. `batch @ weights` should give ten scores for each picture.
# Which shape do the weights have?
#
# - `(784, 10)`
#     - The inner sizes agree, 784 and 784; the outer two, 32 and 10, make the shape of the scores.
# - `(10, 784)`
#     - Ten shops with 784 prices each, but as rows. On the right of `@` each shop is a column; like this, 784
#       meets 10, and TensorFlow refuses.
# - `(32, 10)`
#     - That is the shape of the result. The weights are the same for any number of pictures, so 32 has no
#       place in them.
# - `(784, 32)`
#     - It fits, and gives 32 numbers for each picture: as many as there are pictures, not as there are
#       classes.


# %% tags=["question"]
def gives_ten_scores(shape):
    try:
        return (tf.ones((32, 784)) @ tf.ones(shape)).shape == (32, 10)
    except tf.errors.InvalidArgumentError:
        return False


[
    gives_ten_scores((784, 10)),
    gives_ten_scores((10, 784)),
    gives_ten_scores((32, 10)),
    gives_ten_scores((784, 32)),
]

# %% [markdown] tags=["question"]
# What is `bill` after these lines have run?
#
# ```python
# price = tf.Variable(2.0)
# bill = 3 * price
# price.assign_add(1.0)
# ```
#
# - 6, from the old price
#     - `bill` was computed when the price was 2. It is a tensor, and tensors stay.
# - 9, from the new price
#     - A spreadsheet works like that: its cells remember their formulas. A tensor holds numbers, not how they
#       came about.
# - 6, because the last line fails
#     - A constant would refuse to be changed. A variable is there for it.

# %% tags=["question"]
price = tf.Variable(2.0)
bill = 3 * price
price_change = outcome(lambda: price.assign_add(1.0))
[bill == 6, bill == 9, isinstance(price_change, type)]

# %% [markdown] tags=["question"]
# You brighten the boot with `tf.constant(boot) + 100`, in `uint8`. Which pixels come out darker than they
# were?
#
# - those from 156 upwards
#     - 156 + 100 makes 256, which has no room and starts again at 0. On the boot these are
#       `{python} f"{(boot >= 156).mean():.0%}"` of all pixels.
# - those up to 155
#     - They get 100 more and end at 255 at most, where the room ends. It is the others that run over.
# - none: the sum stops at 255
#     - A camera would do that. A byte starts again at 0; to stop at 255 takes a roomier dtype and
#       `tf.minimum`.
# - none: the sum has a roomier dtype
#     - TensorFlow converts nothing unasked. The whole number 100 takes the tensor's dtype, and the sum has
#       it, too.

# %% tags=["question"]
greys = tf.range(256, dtype=tf.int32)
sums = tf.cast(greys, tf.uint8) + 100
darker = greys[tf.cast(sums, tf.int32) < greys].numpy()
[
    np.array_equal(darker, range(156, 256)),
    np.array_equal(darker, range(156)),
    darker.size == 0 and sums.numpy().max() == 255,
    darker.size == 0 and sums.dtype != tf.uint8,
]

# %% [markdown]
# ## What to remember
#
# - A tensor is a grid of numbers. Ask for its shape, rank, size and dtype before you ask anything else.
# - In brackets, a number removes an axis and a colon keeps it.
# - Reshape joins neighbouring axes or splits one; transpose moves axes. The shape cannot tell you
#   which you need.
# - Colour pictures come as batch, height, width, channels; a `None` in a shape means any size.
# - `*` and `/` pair elements; `@` multiplies rows by columns, and the inner sizes must agree.
# - Constants for data, variables for what is learned; floats before you calculate.
#
# ## Where next
#
# `matrix * 100` multiplied six numbers by one. [Broadcasting](broadcasting.md) shows how far that goes,
# from dyeing a boot to a bug that makes a network quietly learn nothing. If you would
# rather see a network learn first, go to [Your first network](../networks/first-network.md).
#
# ## Sources
#
# - TensorFlow, [Introduction to tensors](https://www.tensorflow.org/guide/tensor), and the page of
#   [`tf.reshape`](https://www.tensorflow.org/api_docs/python/tf/reshape).
# - C. R. Harris and others, *Array programming with NumPy*, 2020,
#   [doi:10.1038/s41586-020-2649-2](https://doi.org/10.1038/s41586-020-2649-2): where shapes, slices
#   and broadcasting come from.
# - H. Xiao, K. Rasul and R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
#   Learning Algorithms*, 2017, [arXiv:1708.07747](https://arxiv.org/abs/1708.07747).
