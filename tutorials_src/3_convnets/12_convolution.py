# ---
# title: Convolution
# summary: Train a convolutional network in one short program, slide its filters by hand, and move the photograph.
# needs: [first-network]
# teaches: [convolution, filter, feature map, channel, padding, max pooling, receptive field, multiply-add, batch normalisation, equivariance, global average pooling]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A convolutional network, whole: it learns from 15,000 photographs of clothes in five epochs, and is
# asked about 5,000 others. Copy it, and it runs with Keras alone.

# %% tags=["measured", "program"]
import keras
from keras import layers

(x, y), test_data = keras.datasets.fashion_mnist.load_data()
x, y = x[:20_000], y[:20_000]
keras.utils.set_random_seed(7)
stack = [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)]
for number, filters in enumerate((8, 16, 32), start=1):
    stack += [
        layers.Conv2D(filters, 3, padding="same", name=f"conv_{number}"),
        layers.MaxPooling2D(name=f"pool_{number}"),
        layers.BatchNormalization(name=f"norm_{number}"),
        layers.ReLU(name=f"relu_{number}"),
    ]
head = layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)
network = keras.Sequential([*stack, *head])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
rate = keras.optimizers.schedules.CosineDecay(0.005, decay_steps=5 * 250)
network.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
history = network.fit(x, y, batch_size=60, epochs=5, validation_split=0.25)

# %% [markdown]
# `val_accuracy` in the last line: it is right on
# `{python} f"{history.history['val_accuracy'][-1]:.1%}"` of the 5,000. The photographs go in as
# bytes; `Rescaling` is part of the network. The loss, `compile`, `fit` and the
# [rate](../networks/first-network.md) you know from *Your first network*. (The rate is 0 after 5 epochs of
# 250 batches: with more photographs or epochs, raise `decay_steps`, too.) New is the loop, three times the
# same four layers. This page takes them apart, asks what they gain over a dense network, and finds out
# where they fail.
#
# ## Move a photograph
#
# Move a photograph of a dress a little to the right. It still shows a dress. Does a network know? Train
# a dense network on the same sample, then show it dresses that have five empty columns at their right,
# moved step by step.

# %%
import numpy as np
import tensorflow as tf

from snippets import plot_curves, plot_images, plot_tensors
from snippets.corruptions import shift
from snippets.datasets import FASHION_MNIST_CLASSES as class_names
from snippets.training import fit_one_cycle

sample_images, validation_images = np.split(x, [15_000])
sample_labels, validation_labels = np.split(y, [15_000])


def train_dense(seed, training_images=sample_images):
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)
    stack = layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)
    network = keras.Sequential([*pixels, *stack])
    fit_one_cycle(network, (training_images, sample_labels), batch_size=128)
    return network


# %%
def answers(network, images):
    return np.asarray(network(images, training=False)).argmax(axis=1)


def accuracy(network, images, labels=validation_labels):
    return np.mean(answers(network, images) == labels)


DRESS, steps = class_names.index("Dress"), range(6)
dresses = validation_images[validation_labels == DRESS]
free_mask = dresses[:, :, -5:].max(axis=(1, 2)) == 0  # five empty columns
dresses, dense_network = dresses[free_mask], train_dense(7)
dress_sets = [shift(dresses, right=step) for step in steps]
dress_answers = [answers(dense_network, images) for images in dress_sets]

# %%
known_mask = dress_answers[0] == DRESS
lost_mask = known_mask & (dress_answers[4] != DRESS)
shown_dress = np.flatnonzero(lost_mask)[0]
moved_dress = np.array([images[shown_dress] for images in dress_sets])
answer_names = [class_names[row[shown_dress]] for row in dress_answers]
titles = [f"moved by {n}:\n{name}" for n, name in enumerate(answer_names)]
plot_images.image_grid(moved_dress, titles, columns=6, subject="dresses")

# %% [markdown]
# Above each copy stands what the network says. It knows the dress where dresses usually stand, and a few
# pixels further it does not. This dress is no exception: of those that the network knows,
# `{python} f"{lost_mask.sum() / known_mask.sum():.0%}"` become something else when they move by 4
# pixels, although nothing of them leaves the frame. (`fit_one_cycle` is `compile` and `fit` in one call,
# with the [learning rate](../networks/first-network.md) that climbs and falls: this page trains many
# networks.)
#
# ## What a dense layer cannot see
#
# A dense unit has a weight of its own for each pixel. Nothing tells it which pixels are neighbours, and
# what it learns about one place says nothing about the next. A test: shuffle the pixels of every
# photograph, all in the same way, and train a new network on the result. Below, the three pictures on the
# right are the three on the left, shuffled.

# %%
pixel_order = np.random.default_rng(7).permutation(28 * 28)


def shuffle(images):
    return images.reshape(-1, 28 * 28)[:, pixel_order].reshape(-1, 28, 28)


pictures = np.concatenate([sample_images[:3], shuffle(sample_images[:3])])
subject = "pictures, three as they are, three shuffled"
plot_images.image_grid(pictures, columns=6, subject=subject)

# %%
shuffled_dense = train_dense(7, shuffle(sample_images))
dense_accuracy = accuracy(dense_network, validation_images)
dense_shuffled = accuracy(shuffled_dense, shuffle(validation_images))
print(f"dense: {dense_accuracy:.1%}; shuffled: {dense_shuffled:.1%}")

# %% [markdown]
# You would be lost, and the network hardly notices. So whatever it uses, it is not the two facts that you
# use: neighbouring pixels belong together, and an edge is an edge wherever it lies.
#
# ## One filter, by hand
#
# A **convolution** uses both facts. It has a small **filter** (also called a kernel), here of three by
# three weights, lays it on the picture at every place where it fits, multiplies each weight by the pixel
# under it, and adds up. The sums form a new picture, the **feature map**, or map for short: it says how
# strongly each place looks like the filter.

# %%
picture = np.array([[0, 0, 0, 1, 1, 1]] * 6)  # dark left, bright right
edge = np.array([[-1, 0, 1]] * 3)
plot_tensors.convolution_picture(picture, edge, at=(1, 2))

# %% [markdown]
# The frame in the picture shows where the filter lies, the frame in the map its sum. Check it: each row
# gives −1·0 + 0·1 + 1·1 = 1, the three rows together 3. Where all is dark or all is bright, the sum is 0.
# This filter finds upright edges that are darker on the left. Now four filters on a photograph, with the
# loops written out:


# %%
def slide(picture, kernel):
    size = len(kernel)
    rows, columns = (length - size + 1 for length in picture.shape)
    sums = np.zeros((rows, columns), "float32")
    for row in range(rows):
        for column in range(columns):
            window = picture[row : row + size, column : column + size]
            sums[row, column] = (window * kernel).sum()
    return sums


# %%
boot_bytes = validation_images[np.flatnonzero(validation_labels == 9)[6]]
boot = boot_bytes.astype("float32") / 255
kernels = {
    "upright edges": edge,
    "level edges": edge.T,
    "blur": np.full((3, 3), 1 / 9),
    "outline": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / 4,
}
maps = {name: slide(boot, kernel) for name, kernel in kernels.items()}
plot_images.signed_images({"a boot": boot, **maps}, columns=5)

# %% [markdown]
# In the maps, red is a positive sum: the place looks like the filter. Blue is a negative one: it looks
# like the filter with all signs turned, for the first two an edge the other way round.
#
# Slide a filter over the boot yourself: the nine products under it make one number of the map.


# %% tags=["interactive"]
def figure_of_filters():
    import json

    edges = maps["upright edges"]
    start = np.unravel_index(edges.argmax(), edges.shape)
    references = []
    for name in kernels:
        for row, column in ((0, 0), (12, 9), (20, 17), (25, 25)):
            place = {"filter": name, "row": row, "column": column}
            references.append(
                place | {"sum": float(maps[name][row, column])}
            )
    figure = {
        "figure": "filter",
        "label": "A filter, slid over a boot",
        "size": boot_bytes.shape,
        "picture": boot_bytes.ravel().tolist(),
        "filters": {n: kernels[n].ravel().tolist() for n in kernels},
        "start": [int(place) for place in start],
    }
    print(json.dumps(figure | {"expected": references}))


figure_of_filters()

# %% [markdown]
# TensorFlow has the loops as `tf.nn.conv2d`. It wants four axes of the picture (batch, height, width and
# **channels**) and four of the weights (height, width, channels in, filters out). A grey picture has one
# channel, a colour photograph three: red, green and blue.

# %%
batch = boot[None, :, :, None]  # (1, 28, 28, 1)
weights = np.stack(list(kernels.values()), axis=-1)[:, :, None]
weights = weights.astype("float32")  # (3, 3, 1, 4)
by_tensorflow = tf.nn.conv2d(batch, weights, 1, "VALID").numpy()
by_hand = np.stack(list(maps.values()), axis=-1)
gap = np.abs(by_tensorflow[0] - by_hand).max()
print(by_tensorflow.shape, f"largest difference {gap:.0e}")

# %% [markdown]
# All four maps at once, and the same numbers, up to rounding. `keras.layers.Conv2D(4, 3)` is this
# operation with four filters of learned weights and a learned number added to each map. The maps are the
# channels of the result: a second convolution would see a picture with four channels. A filter is always
# as deep as its input: three by three weights for *each* channel, and one sum over all. So a filter of
# the second layer finds arrangements of what the first has found. (In mathematics, a convolution first
# turns the filter by half a turn; what networks do is called cross-correlation there. To learned weights,
# it makes no difference.)
#
# ## What goes wrong: the missing axis
#
# Grey pictures often come without the axis of channels, as Fashion-MNIST does:

# %% tags=["raises-exception"]
three_axes = validation_images[:5].astype("float32")  # (5, 28, 28)
layers.Conv2D(8, 3)(three_axes)

# %% [markdown]
# (`ndim` is the rank.) A layer of its own insists on its four axes, and `three_axes[..., None]` has them.
# But the program above was given photographs without channels, and did not mind:

# %%
flat_network = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
both_ranks = three_axes, three_axes[..., None]
with_channel = [network(images).numpy() for images in both_ranks]
without_channel = [flat_network(images).numpy() for images in both_ranks]
print("Input((28, 28, 1)): same answers?", np.array_equal(*with_channel))
print("Input((28, 28)):    same answers?", np.array_equal(*without_channel))

# %% [markdown]
# A network that begins with `keras.Input` adds or drops a last axis of length 1, without a word, to fit
# what it declared. Convenient, and treacherous: the same batch fails where you call a layer by itself.
#
# ## The border, larger steps, and pooling
#
# A map of 26 by 26 from a photograph of 28 by 28: at the border, the filter does not fit. **Padding**
# lays zeros around the picture first, here one ring of them (dotted), and the map keeps the size. Keras:
# `padding="same"`; `"valid"`, as above, means no padding.

# %%
plot_tensors.convolution_picture(picture, edge, at=(1, 5), padding=1)

# %% [markdown]
# Look at the right column of the map: the filter reports an edge that is not in the picture, between its
# bright side and the zeros. Padding is never neutral. Photographs of clothes have a dark border, so here
# it does little harm.
#
# The filter can also move by more than one pixel at a time. That is the **stride** of a convolution
# (another stride than the one of [arrays](../foundations/broadcasting.md)). With $n$ pixels in a row, a
# filter $k$ weights wide, $p$ zeros at each side and stride $s$, the map has
# $\lfloor (n + 2p - k) / s \rfloor + 1$ numbers in a row, where $\lfloor\ \rfloor$ rounds down: one for the
# first place, and one more for each whole step that fits. For the boot: (28 + 0 − 3) / 1 + 1 = 26.
#
# The usual way to a smaller map is **max pooling**. It keeps the largest number (marked below) of each
# block of two by two:

# %%
map_4x4 = np.array([[1, 0, 2, 3], [5, 4, 6, 7], [8, 9, 0, 3], [1, 2, 5, 4]])
pooled_maps = layers.MaxPooling2D(2)(map_4x4[None, :, :, None])
pooled_map = pooled_maps[0, :, :, 0].numpy()
both_maps = {"before": map_4x4, "after": pooled_map}
plot_tensors.tensor_picture(both_maps, marked={"before": pooled_map})

# %% [markdown]
# The result no longer says *where* in its block the best fit was, only *how good* it was. And the layers
# that follow have a quarter of the places to work on.
#
# ## The network, layer by layer
#
# Back to the network of the program. As the maps get smaller, there are more of them: 8, 16 and 32. Then
# `Flatten` makes the last maps one vector, and two dense layers draw the conclusion. (The table leaves out
# layers without weights, all but the pooling.)

# %%
from snippets import tables
from snippets.network_costs import layer_costs, receptive_field

costs = layer_costs(network)
rows = [c._asdict() for c in costs if c.weights or "pool" in c.layer]
tables.table(rows)

# %% [markdown]
# Follow the shapes (height, width, channels) down. Check two numbers of `conv_2`. Weights: each of its 16
# filters has 3·3 for each of 8 channels, and one more to add, its bias: 16·(3·3·8 + 1). And all but the
# biases are used at 14·14 places, once each. Each use is a product, added to a sum: a **multiply-add**;
# papers often count it as two floating-point operations (FLOP). Multiply-adds are the price that
# convolution pays:

# %%
totals = {}
for kind, net in (("dense", dense_network), ("convolution", network)):
    totals[kind] = np.sum([cost[2:] for cost in layer_costs(net)], axis=0)
    weight_count, work = totals[kind]
    print(f"{kind}: {weight_count:,} weights, {work:,} multiply-adds")
work_ratio = totals["convolution"][1] / totals["dense"][1]


# %% [markdown]
# Fewer than half of the weights, and `{python} f"{work_ratio:.0f}"` times the arithmetic: few weights, each
# used in many places. A dense layer from the photograph to the maps of `conv_1` would have
# `{python} f"{28 * 28 * 28 * 28 * 8 / 1e6:.0f}"` million weights instead of
# `{python} f"{costs[1].weights}"`.
#
# **Batch normalisation**, the layers `norm_1` to `norm_3`, standardises each map in training: it subtracts
# the mean over all photographs of the batch and all places, and divides by the standard deviation; then it
# multiplies by one learned number and adds another. In use there may be no batch, so it takes running
# averages of mean and variance, kept from training: four numbers per map, as the table counts. So each
# layer gets inputs on a known scale, however the layers before it change, and a large learning rate does
# less harm. (Here it follows the pooling, so that it and `relu` have a quarter of the places to work on.)
# Here are far too large numbers, mean 50 and deviation 9, in training and in use:

# %%
raw_maps = 50 + 9 * tf.random.stateless_normal((64, 14, 14, 3), seed=(7, 7))
norm, means_by_mode = layers.BatchNormalization(), {}
for mode in (True, False):
    means_by_mode[mode] = norm(raw_maps, training=mode).numpy().mean()
    print(f"training={mode}: mean {means_by_mode[mode]:.2f}")

# %% [markdown]
# The second line shows the trap: each batch moves the running averages by a hundredth (`momentum=0.99`),
# so after one batch they have hardly left their start, mean 0 and variance 1. A network trained for few
# steps may look much worse in `evaluate` than it did in `fit`, as the first one on this page does after its
# first epoch: compare its `accuracy` there with its `val_accuracy`.
#
# ## How far does one number see?
#
# The part of the photograph that can change a number in a map is the **receptive field** of that number.
# A number of `conv_1` sees three by three pixels, one of `pool_1` four by four. But neighbours in `pool_1`
# are two pixels apart, so three of them in a row, under a filter of `conv_2`, see 4 + 2 + 2 = 8. Here is
# what one number of each convolution sees:

# %%
from snippets import plot_networks

fields = {field.layer: field for field in receptive_field(network.layers)}
middle_places = {"conv_1": 14, "conv_2": 7, "conv_3": 3}
boxes = {name: fields[name].box(i, i) for name, i in middle_places.items()}
plot_networks.receptive_fields(moved_dress[0], boxes, subject="a dress")

# %% [markdown]
# After three layers of small filters, one number sees most of the dress. You need not believe the
# arithmetic: where a pixel cannot change a number, the [gradient](../foundations/gradients.md) of the number
# with respect to that pixel is 0. Take one place of `conv_3` and look for pixels with any gradient. Use
# many pictures of noise: in one alone, a pooling passes on only the largest number of each block.


# %%
def reach_of(network, layer, place):
    """Return first row, first column, height, width of what is seen."""
    noise = 255 * tf.random.stateless_uniform((200, 28, 28, 1), seed=(7, 7))
    maps = keras.Model(network.inputs[0], network.get_layer(layer).output)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        total = tf.reduce_sum(maps(noise)[:, place, place])
    seen_mask = np.abs(tape.gradient(total, noise)).max(axis=(0, 3)) > 0
    rows, columns = np.nonzero(seen_mask)
    return rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1


reach = reach_of(network, "conv_3", 3)
print("by the gradient:", *reach)
print("by arithmetic:  ", *boxes["conv_3"])

# %% [markdown]
# First row, first column, height, width: the same.
#
# So, five poolings rather than three? Keras raises an error: 28, 14, 7, 3 (the odd row and column at the
# end are dropped), 1, and no block of two by two is left to pool. To see further on small pictures, add
# convolutions that keep the size, without a pooling after each.
#
# ## Is it better?
#
# One seed proves little. So train the network of the program with two more, and the dense one as well
# (for ten epochs, which are cheap). `clone_model` makes the same layers with new first weights.

# %%
from snippets.training import Stopwatch


def train_convolution(seed, training_images=sample_images):
    keras.utils.set_random_seed(seed)
    clone = keras.models.clone_model(network)
    adam = keras.optimizers.Adam(rate)
    clone.compile(adam, loss, steps_per_execution=250)
    clone.fit(training_images, sample_labels, 60, epochs=5, verbose=0)
    return clone


# %% tags=["measured"]
networks = {"convolution": [network], "dense": [dense_network]}
with Stopwatch() as convolution_time:
    networks["convolution"] += [train_convolution(seed) for seed in (8, 9)]
with Stopwatch() as dense_time:
    networks["dense"] += [train_dense(seed) for seed in (8, 9)]
seconds_ratio = convolution_time.cpu_seconds / dense_time.cpu_seconds
print(f"{seconds_ratio:.1f} times the CPU seconds")

# %%
from snippets import plot_results

scores = {}
for kind, seed_networks in networks.items():
    scores[kind] = [accuracy(n, validation_images) for n in seed_networks]
plot_results.seed_dots(scores, xlabel="validation accuracy")

# %% [markdown]
# A dot is a seed. The worst convolution is
# `{python} f"{100 * (min(scores['convolution']) - max(scores['dense'])):.1f}"` points above the best
# dense network, so the lead is not the luck of a seed. It has its price, the CPU seconds above.
# (A larger one, after eleven epochs over all 54,000 photographs, each moved by up to a pixel at random, is
# right on *92.6%*{.given title="tests/bench/training.py --convolution, mean of three seeds"} of the test
# photographs.)
#
# Does the lead come from the neighbours? Take them away: train once more, one seed, on the shuffled
# photographs.

# %%
shuffled_convolution = train_convolution(7, shuffle(sample_images))
shuffled_validation = shuffle(validation_images)
without_neighbours = accuracy(shuffled_convolution, shuffled_validation)
print(f"dense: {dense_accuracy:.1%}, shuffled {dense_shuffled:.1%}")
print(f"convolution: {scores['convolution'][0]:.1%},", end=" ")
print(f"shuffled {without_neighbours:.1%}")


# %% [markdown]
# The lead is gone. Convolution is not a better way to learn from any data; it builds in a guess that is
# right for pictures. On data without neighbours (a table with columns in any order) the guess is wrong.
#
# ## What it learned
#
# The 8 filters of the first layer, each divided by its largest weight without sign: mid grey is 0, lighter
# is positive, darker is negative.

# %%
plot_images.filter_grid(network.get_layer("conv_1").get_weights()[0])

# %% [markdown]
# Some are dark on one side and light on the other, like the one set by hand. Nobody asked for edges;
# descent on the loss found them. Others have no name, and need none. What filters do to a photograph
# is easier to see. Here are, in a row for each convolution, eight maps of the boot, those that
# differ most from place to place, normalised and after `relu` but not pooled. Black is 0, pale the
# largest number of the map:

# %%
rows = {}
for n in (1, 2, 3):
    conv, _, norm, relu = network.layers[4 * n - 3 : 4 * n + 1]
    maps_model = keras.Model(network.inputs[0], relu(norm(conv.output)))
    boot_maps = maps_model(boot_bytes[None]).numpy()[0].transpose(2, 0, 1)
    varied_maps = np.argsort(-boot_maps.std(axis=(1, 2)))[:8]
    enlarged_maps = boot_maps[varied_maps].repeat(2 ** (n - 1), 1)
    rows[f"conv_{n}"] = enlarged_maps.repeat(2 ** (n - 1), 2)
plot_images.map_rows(rows, [f"map {n}" for n in range(1, 9)])

# %% [markdown]
# The first layer still shows the boot, its outlines and surfaces. In the second, some parts stand out from
# the rest: a sole, a heel, a back. The third has seven by seven numbers per map, and you can no longer
# tell what they say; the dense layers have learned to. (Such stories are told by looking, and prove
# nothing: deeper filters often answer to several unrelated things.)
#
# ## Move the photograph again
#
# Move a photograph, and the maps of a convolution move with it. That is **equivariance**. Check it on the
# dress of the beginning: the map of the moved dress, against the moved map of the dress.


# %%
conv_1 = network.get_layer("conv_1")
first_layer = keras.Model(network.inputs[0], conv_1.output)
at_rest, after_move = first_layer(moved_dress[[0, 4]][..., None]).numpy()
drift = np.abs(at_rest[:, :-4] - after_move[:, 4:]).max()
print(f"moved before or after the convolution: difference {drift:.0e}")

# %% [markdown]
# So the next layer finds the same things, elsewhere. (After a pooling that holds only roughly: a move by
# one pixel is half a step of the smaller map, and changes which pixels share a block.) Is the answer the
# same, too? Move each validation photograph towards the side where it has most room (`room` counts the
# dark rows or columns at top, bottom, left and right). The line joins the
# means of three seeds; the band reaches from the worst seed to the best.


# %%
def room(images):
    rows, columns = (images > 0).any(axis=2), (images > 0).any(axis=1)
    sides = (rows, rows[:, ::-1], columns, columns[:, ::-1])
    return np.stack([side.argmax(axis=1) for side in sides], axis=1)


def move_into_room(images, pixels):
    moved_images, sides = images.copy(), room(images).argmax(axis=1)
    moves = [(-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels)]
    for side, (dy, dx) in enumerate(moves):
        mask = sides == side
        moved_images[mask] = shift(images[mask], down=dy, right=dx)
    return moved_images


# %%
DISTANCES = (0, 2, 4, 6)
moved_sets = [move_into_room(validation_images, n) for n in DISTANCES]


def curves(seed_networks, image_sets=moved_sets, labels=validation_labels):
    grid = [(net, images) for net in seed_networks for images in image_sets]
    grades = [accuracy(net, images, labels) for net, images in grid]
    return np.reshape(grades, (len(seed_networks), len(image_sets)))


by_distance = {kind: curves(networks[kind]) for kind in networks}
axes = {"xlabel": "pixels moved", "ylabel": "validation accuracy"}
plot_curves.spread_curves(by_distance, x=DISTANCES, percent=True, **axes)

# %% [markdown]
# (In `{python} f"{np.mean(room(validation_images).max(axis=1) >= 4):.0%}"` of the photographs, nothing
# is lost when they move by 4 pixels.) The dense network falls at once. The convolution loses less, also
# because pooling forgives a small move, but further out it falls as well. Why, if its maps only move?
# Because after them comes `Flatten`, and then a dense layer that has weights for each *place* of the maps.
# In training, that layer saw each thing in its usual place only.
#
# The cure is to ask the maps *whether*, not *where*. **Global average pooling** keeps one number per
# map, its mean over all places; wherever a part is found, the mean is about the same. Keep the trained
# convolutions, and train new dense layers, a new *head*, on their maps:


# %%
def with_mean(network, seed):
    maps = network.get_layer("relu_3").output
    means = layers.GlobalAveragePooling2D()(maps)  # (n, 32)
    trunk = keras.Model(network.inputs[0], means)
    inputs = trunk.predict(sample_images, batch_size=1000, verbose=0)
    keras.utils.set_random_seed(seed)
    dense_layers = layers.Dense(128, "relu"), layers.Dense(10)
    head = keras.Sequential([keras.Input((32,)), *dense_layers])
    fit_one_cycle(head, (inputs, sample_labels))
    return keras.Sequential([trunk, head])


# %%
with_means = map(with_mean, networks["convolution"], (7, 8, 9))
networks["convolution, mean"] = list(with_means)
by_distance["convolution, mean"] = curves(networks["convolution, mean"])
means = (grades.mean(axis=0) for grades in by_distance.values())
by_place, by_dense, by_mean = means
plot_curves.spread_curves(by_distance, x=DISTANCES, percent=True, **axes)

# %% [markdown]
# The third network, with the mean, pays
# `{python} f"{100 * (by_place[0] - by_mean[0]):.0f}"` points where the photographs stand as they always
# do: for clothes, *where* says something, and its convolutions were trained for another head. In return
# it falls more slowly, and when the photographs move by 6 pixels it is
# `{python} f"{100 * (by_mean[-1] - by_place[-1]):.0f}"` points ahead of the one with `Flatten`. (It does fall: some photographs lose
# pixels, and the last pooling, from 7 places to 3, drops a row and a column.) Which network is better
# depends on the photographs that you will meet. The other cure is to show moved photographs in training:
# [data augmentation](cifar10.md).
#
# ## The exam
#
# Now the test photographs, once: as they are, moved by 3 and by 6 pixels. Each number is the mean of
# three seeds.

# %%
test_images, test_labels = test_data
moved_tests = [move_into_room(test_images, n) for n in (0, 3, 6)]
exam = {}
for kind, seed_networks in networks.items():
    exam[kind] = curves(seed_networks, moved_tests, test_labels)
    print(f"{kind:18}", *(f"{m:8.1%}" for m in exam[kind].mean(axis=0)))

# %% tags=["claims"]
assert gap < 1e-5, (
    "the filter slid by hand gives the numbers of tf.nn.conv2d"
)
assert np.array_equal(*with_channel), (
    "a network that declares one channel does without its axis"
)
assert np.array_equal(*without_channel), (
    "and one that declares none takes pictures that have it"
)
assert abs(dense_accuracy - dense_shuffled) < 0.015, (
    "shuffled pixels teach a dense network as much"
)
assert without_neighbours < dense_shuffled - 0.01, (
    "shuffled, the convolution is worse by over a point"
)
assert min(scores["convolution"]) > max(scores["dense"]), (
    "every convolution beats every dense one"
)
assert totals["convolution"][0] < totals["dense"][0] / 2, (
    "it has less than half of the weights"
)
assert work_ratio > 4, "it has more than 4 times the multiply-adds"
assert seconds_ratio > 1.5, "it takes more than 1.5 times the CPU time"
assert reach == boxes["conv_3"], (
    "the gradient finds the receptive field that was computed"
)
assert means_by_mode[False] > 10, (
    "after one batch, batch normalisation is far from its aim in use"
)
assert drift < 1e-4, (
    "the maps of the first convolution move with the photograph"
)
assert (by_place - by_dense)[1:3].min() > 0.05, (
    "moved by 2 or by 4 pixels, the convolution is right on at least 5 of 100 more"
)
assert min(exam["convolution"][:, 0]) > max(exam["dense"][:, 0]), (
    "as it does on the test photographs"
)
best_by_place = exam["convolution"][:, 2].max()
assert min(exam["convolution, mean"][:, 2]) > best_by_place + 0.1, (
    "moved by 6 pixels, averaging the maps is worth more than 10 points on the test photographs"
)

# %% tags=["control"] claim="shuffled pixels teach a dense network as much" without="learning from them"
unfamiliar_images = shuffle(validation_images)  # to this network
dense_shuffled = accuracy(dense_network, unfamiliar_images)

# %% tags=["control"] claim="shuffled, the convolution is worse by over a point" without="the shuffle"
without_neighbours = accuracy(networks["convolution"][0], validation_images)

# %% tags=["control"] claim="every convolution beats every dense one" without="neighbours among the pixels"
scores = scores | {"convolution": [without_neighbours]}

# %% tags=["control"] claim="it has less than half of the weights" without="sharing them among all places"
unshared_weights = sum(c.multiply_adds for c in costs)  # one for each use
totals = totals | {"convolution": (unshared_weights, unshared_weights)}

# %% tags=["control"] claim="it has more than 4 times the multiply-adds" without="using each weight in many places"
single_use = totals["convolution"][0]  # each weight used once
work_ratio = single_use / totals["dense"][1]

# %% tags=["control"] claim="the gradient finds the receptive field that was computed" without="the pooling layers between"
stack = [keras.Input((28, 28, 1))]
for n in (8, 16, 32):
    stack.append(layers.Conv2D(n, 3, padding="same", name=f"conv_{n}"))
reach = reach_of(keras.Sequential(stack), "conv_32", 14)

# %% tags=["control"] claim="after one batch, batch normalisation is far from its aim in use" without="a hundredth per batch"
prompt_norm = layers.BatchNormalization(momentum=0.0)
prompt_norm(raw_maps, training=True)
mean_in_use = prompt_norm(raw_maps, training=False).numpy().mean()
means_by_mode = means_by_mode | {False: mean_in_use}

# %% tags=["control"] claim="the maps of the first convolution move with the photograph" without="moving by whole places of the map"
pool_1 = network.get_layer("pool_1")
pooled_layer = keras.Model(network.inputs[0], pool_1.output)
at_rest, after_move = pooled_layer(moved_dress[[0, 1]][..., None]).numpy()
moved_maps = [shift(at_rest[None], right=move)[0] for move in (0, 1)]
drift = min(np.abs(maps - after_move).max() for maps in moved_maps)

# %% tags=["control"] claim="moved by 6 pixels, averaging the maps is worth more than 10 points on the test photographs" without="the mean"
trunk = keras.Model(network.inputs[0], network.get_layer("relu_3").output)
trunk_maps = trunk.predict(sample_images, batch_size=1000, verbose=0)
keras.utils.set_random_seed(7)
stack = [layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)]
place_head = keras.Sequential([keras.Input(trunk_maps.shape[1:]), *stack])
fit_one_cycle(place_head, (trunk_maps, sample_labels), epochs=2)
with_places = keras.Sequential([trunk, place_head])
place_grades = curves([with_places], moved_tests, test_labels)
exam = exam | {"convolution, mean": place_grades}

# %% [markdown]
# As on the validation photographs: in their usual place, the convolution leads the dense network; far
# from there, the network with the mean leads both.
#
# ## Exercises
#
# **1. With padding and stride.** Extend `slide`: first pad the picture with `zeros` rings of zeros
# (`np.pad` helps), then move the filter by `stride` pixels at a time, to the right and down. The starter
# has the arguments `stride` and `zeros`, and ignores them.


# %% tags=["starter"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Return the map of a padded picture, the filter moved in steps."""
    return slide(picture, kernel)


# %% [markdown] tags=["hint"]
# A stride leaves places out and changes no sum. Of the map at all places of the padded picture, which rows and
# columns are left with a stride of 2?

# %% tags=["check"]
noise = np.random.default_rng(7).random((9, 12)).astype("float32")
for stride, zeros in ((1, 0), (2, 0), (1, 1), (2, 1), (3, 2)):
    border = [[0, 0], [zeros, zeros], [zeros, zeros], [0, 0]]
    arguments = noise[None, :, :, None], weights[..., 1:2], stride, border
    true_map = tf.nn.conv2d(*arguments).numpy()[0, :, :, 0]
    your_map = np.asarray(slide_in_steps(noise, edge.T, stride, zeros))
    case = f"stride {stride}, zeros {zeros}"
    shapes = f"{your_map.shape}, TensorFlow has {true_map.shape}"
    assert your_map.shape == true_map.shape, f"{case}: shape {shapes}"
    assert np.allclose(your_map, true_map, atol=1e-5), f"{case}: numbers"


# %% tags=["solution"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Return the map of a padded picture, the filter moved in steps."""
    full_map = slide(np.pad(picture, zeros), kernel)
    return full_map[::stride, ::stride]  # simple, but it works too much


# %% tags=["wrong"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Pad with copies of the border."""
    full_map = slide(np.pad(picture, zeros, mode="edge"), kernel)
    return full_map[::stride, ::stride]


# %% tags=["wrong"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Take larger steps downwards only."""
    return slide(np.pad(picture, zeros), kernel)[::stride]


# %% tags=["wrong"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Leave pixels out before the filter has seen them."""
    return slide(np.pad(picture, zeros)[::stride, ::stride], kernel)


# %% tags=["wrong"]
def slide_in_steps(picture, kernel, stride, zeros):
    """Put the zeros around the map instead of the picture."""
    return np.pad(slide(picture, kernel), zeros)[::stride, ::stride]


# %% [markdown]
# **2. A filter for thin lines.** Invent three by three weights whose map has 0 wherever all pixels are
# alike, at least 2 somewhere on an upright line of ones (one pixel wide, zeros on both sides), and nowhere
# more than 1 along an upright edge between zeros and ones, whichever side has the ones. The starter finds
# edges.


# %% tags=["starter"]
def line_filter() -> np.ndarray:
    """Return the weights, shape (3, 3)."""
    return np.array([[-1.0, 0.0, 1.0]] * 3)


# %% [markdown] tags=["hint"]
# An edge has two sides. If the weights to the left and to the right of the middle are equal, neither side can
# win; what must the middle be, so that pixels that are all alike give 0?

# %% tags=["check"]
kernel = np.array(line_filter())
assert kernel.shape == (3, 3), f"three by three weights, not {kernel.shape}"
assert np.allclose(slide(np.ones((5, 5)), kernel), 0), "not 0 on ones alone"
peak = slide(np.eye(5)[[2] * 5], kernel).max()
assert peak > 2 - 1e-5, f"the line gives {peak:.2f}: less than 2"
for edge_picture in (picture, 1 - picture):
    peak = slide(edge_picture, kernel).max()
    assert peak < 1 + 1e-5, f"an edge gives {peak:.2f}: more than 1"


# %% tags=["solution"]
def line_filter() -> np.ndarray:
    """Return the weights, shape (3, 3)."""
    return np.array([[0.0, 0.0, 0.0], [-1.0, 2.0, -1.0], [0.0, 0.0, 0.0]])


# %% tags=["wrong"]
def line_filter() -> np.ndarray:
    """Return the outline filter, which answers edges as well."""
    return np.array([[-1.0] * 3, [-1.0, 8.0, -1.0], [-1.0] * 3])


# %% tags=["wrong"]
def line_filter() -> np.ndarray:
    """Return weights that find level lines."""
    return np.array([[-1.0] * 3, [2.0] * 3, [-1.0] * 3])


# %% tags=["wrong"]
def line_filter() -> np.ndarray:
    """Return a picture of the line, which answers all that is bright."""
    return np.array([[0.0, 1.0, 0.0]] * 3)


# %% tags=["wrong"]
def line_filter() -> np.ndarray:
    """Return one row of weights."""
    return np.array([-1.0, 2.0, -1.0])


# %% [markdown]
# **3. How far can you see?** Compute how many pixels in a row one number sees after a chain of layers. Each
# layer is a pair: the width of its filter, and its stride. (Max pooling of two by two is `(2, 2)`.) The
# starter forgets that a stride spreads out what all later layers see.


# %% tags=["starter"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Return how many pixels in a row one number of the last map sees."""
    return 1 + sum(width - 1 for width, _ in layers)


# %% [markdown] tags=["hint"]
# Keep two numbers while you walk through the layers: how many pixels one number sees, and how many pixels two
# neighbours are apart. How does a layer change each of them?

# %% tags=["check"]
assert sees([(3, 1), (3, 1)]) == 5, "two filters of three see five pixels"
assert sees([(2, 2), (2, 2)]) == 4, "two poolings of two see four pixels"
chain = [(3, 1), (2, 2)] * 3
for length, name in ((3, "conv_2"), (5, "conv_3"), (6, "pool_3")):
    size, answer = fields[name].size[0], sees(chain[:length])
    assert answer == size, f"{name} sees {size}, not {answer}"
reason = "a filter of 5, stride 3; one of 2, stride 4; one of 7: 80"
assert sees([(5, 3), (2, 4), (7, 1)]) == 80, reason


# %% tags=["solution"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Return how many pixels in a row one number of the last map sees."""
    size, spacing = 1, 1  # spacing: pixels from neighbour to neighbour
    for width, stride in layers:
        size += (width - 1) * spacing
        spacing *= stride
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Spread out by the last stride alone."""
    size, spacing = 1, 1
    for width, stride in layers:
        size += (width - 1) * spacing
        spacing = stride
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Go from the first layer to the last instead of the other way."""
    size = 1
    for width, stride in layers:
        size = (size - 1) * stride + width
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Spread out a layer by its own stride."""
    size, spacing = 1, 1
    for width, stride in layers:
        spacing *= stride
        size += (width - 1) * spacing
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Take each larger step for one of two pixels."""
    size, spacing = 1, 1
    for width, stride in layers:
        size += (width - 1) * spacing
        spacing *= 2 if stride > 1 else 1
    return size


# %% [markdown]
# ## Questions
#
# Five questions on this page; each answer says why it holds, or where it breaks.

# %% [markdown] tags=["question"]
# The filter `edge` finds upright edges that are darker on the left. Slide it over the mirrored picture,
# bright on the left and dark on the right. What does the map say where the edge is?
#
# - −3
#     - Each row gives −1·1 + 0·1 + 1·0 = −1, and there are three of them. A negative sum says that the place
#       looks like the filter with all signs turned.
# - 0
#     - A sum of 0 means that both sides are equally bright. Here they are not: the left column of the filter
#       lies on ones, its right column on zeros.
# - 3
#     - The sum has a sign. It is 3 only where the bright pixels lie under the positive weights.

# %% tags=["question"]
mirrored_map = slide(picture[:, ::-1], edge)
strongest = mirrored_map.flat[np.abs(mirrored_map).argmax()]
[strongest == -3, strongest == 0, strongest == 3]

# %% [markdown] tags=["question"]
# A filter of 5 by 5 goes over a photograph of 28 by 28 with stride 2, after two rings of zeros have been laid
# around it. How many numbers does a row of the map have?
#
# - 14
#     - (28 + 2·2 − 5) / 2 is 13 and a half. That is 13 whole steps, and there is one more place: the first.
# - 13
#     - That many steps fit. But a row has one number for the place where the filter starts, too.
# - 12
#     - That many fit without the zeros, from the first place to the last within 28 pixels. The two rings make
#       the row 32 pixels long.

# %% tags=["question"]
wide_kernel = np.ones((5, 5, 1, 1), "float32")
rings = [[0, 0], [2, 2], [2, 2], [0, 0]]
row_length = tf.nn.conv2d(batch, wide_kernel, 2, rings).shape[2]
[row_length == 14, row_length == 13, row_length == 12]

# %% [markdown] tags=["question"]
# The program's network gets photographs of 56 by 56 pixels instead of 28 by 28. What becomes of its first
# convolution, `conv_1`?
#
# - the same number of weights, 4 times the multiply-adds
#     - The same filters lie at four times as many places, and each use of a weight is a multiply-add.
# - 4 times the weights, 4 times the multiply-adds
#     - A dense layer grows like that, with a weight for each pixel. A filter has a weight for each of its own
#       places and each channel, however large the photograph is.
# - the same number of weights and of multiply-adds
#     - The weights do not say what the work is. Few weights, much arithmetic: each is used once per place.

# %% tags=["question"]
convolution = layers.Conv2D(8, 3, padding="same", name="conv_1")
large_network = keras.Sequential([keras.Input((56, 56, 1)), convolution])
small = next(cost for cost in costs if cost.layer == "conv_1")
large = next(c for c in layer_costs(large_network) if c.layer == "conv_1")
growth = large.weights / small.weights
work_growth = large.multiply_adds / small.multiply_adds
[
    (growth, work_growth) == (1, 4),
    (growth, work_growth) == (4, 4),
    (growth, work_growth) == (1, 1),
]

# %% [markdown] tags=["question"]
# With all pixels shuffled in the same way, the dense network goes from `{python} f"{dense_accuracy:.1%}"` to
# `{python} f"{dense_shuffled:.1%}"`, the convolution from `{python} f"{scores['convolution'][0]:.1%}"` to
# `{python} f"{without_neighbours:.1%}"`. What follows?
#
# - The convolution's lead comes from neighbours.
#     - Without neighbours, the lead is gone: sharing weights among places pays where what lies side by side
#       belongs together.
# - The convolution learns better from any data.
#     - Then it would lead on shuffled pixels, too. There it is behind.
# - Shuffled pixels say less about the class.
#     - To the dense network they say as much as before. They are the same numbers in other places, and it has
#       a weight of its own for each.

# %% tags=["question"]
lead = scores["convolution"][0] - dense_accuracy
shuffled_lead = without_neighbours - dense_shuffled
[
    lead > 0 and shuffled_lead < 0,
    lead > 0 and shuffled_lead > 0,
    dense_accuracy - dense_shuffled > 0.02,
]

# %% [markdown] tags=["question"]
# The dresses move by four pixels, and nothing of them leaves the frame. What do the maps of `conv_1` do, and
# what do the answers of the program's network?
#
# - The maps move along; some answers change.
#     - The same filter finds the same things, four places further. But after the maps come `Flatten` and a
#       dense layer, with weights for each place.
# - The maps move along; all answers stay.
#     - That would need a network that nowhere asks *where*. This one does, in its dense layers.
# - The maps stay; all answers stay.
#     - A map says how well the filter fits at each place. What has moved, it reports at another place.

# %% tags=["question"]
middle_maps = first_layer(dresses[:20][..., None]).numpy()
later_maps = first_layer(dress_sets[4][:20][..., None]).numpy()
is_along = np.allclose(
    middle_maps[:, :, :-4], later_maps[:, :, 4:], atol=1e-4
)
is_still = np.allclose(middle_maps, later_maps, atol=1e-4)
pair = [answers(network, dress_sets[step]) for step in (0, 4)]
some_change = np.any(pair[0] != pair[1])
[is_along and some_change, is_along and not some_change, is_still]

# %% [markdown]
# ## What to remember
#
# - A convolution slides a few weights over the whole picture: neighbours stay together, and what is
#   learned in one place holds everywhere.
# - Few weights, much arithmetic: count multiply-adds beside weights.
# - Pooling and stride make maps smaller and let each number see further.
# - Maps move with the picture. The answer can stay only if no later layer asks *where*; test it by
#   moving the pictures.
#
# ## Where next
#
# Clothes in the middle of a dark square are the easy case. [CIFAR-10](cifar10.md) has colour photographs,
# three channels each, of things in any pose, and there a good convolutional network leads by far more.
#
# ## Sources
#
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to document recognition*,
#   1998, [doi:10.1109/5.726791](https://doi.org/10.1109/5.726791).
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, 2016,
#   [arXiv:1603.07285](https://arxiv.org/abs/1603.07285): padding and stride, drawn.
# - S. Ioffe and C. Szegedy, *Batch Normalization*, 2015,
#   [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).
# - M. Lin, Q. Chen and S. Yan, *Network In Network*, 2013,
#   [arXiv:1312.4400](https://arxiv.org/abs/1312.4400): global average pooling.
# - Keras: [Conv2D](https://keras.io/api/layers/convolution_layers/convolution2d/),
#   [BatchNormalization](https://keras.io/api/layers/normalization_layers/batch_normalization/).
