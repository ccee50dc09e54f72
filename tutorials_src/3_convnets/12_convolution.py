# ---
# title: Convolution
# summary: Slide one small filter over a photograph by hand, let a network learn dozens, and move the photograph.
# needs: [first-network]
# teaches: [convolution, filter, feature map, channel, padding, max pooling, receptive field, multiply-add, batch normalisation, equivariance, global average pooling]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# Move a photograph of a dress a little to the right. It still shows a dress. Does a network know? Train
# the dense network of [Your first network](../networks/first-network.md), here on a sample of
# 15,000 photographs, because this page trains many networks. Then show it dresses that have five empty
# columns at their right, moved step by step.

# %%
import keras
import numpy as np
import tensorflow as tf

from snippets import plot_curves, plot_images, plot_networks, plot_results, plot_tensors, tables
from snippets.corruptions import shift
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network
from snippets.training import fit_one_cycle

fashion = load_fashion_mnist()
names, validation = fashion.class_names, fashion.validation
sample = fashion.train.sample(per_class=1500)


def to_unit(images):
    return images.astype("float32") / 255


def train_dense(seed, images=sample.images):
    keras.utils.set_random_seed(seed)
    network = dense_network((128,))
    fit_one_cycle(network, (to_unit(images), sample.labels), batch_size=128)
    return network


def answers(network, images):
    return np.asarray(network(to_unit(images))).argmax(axis=1)


def accuracy(network, images, labels=validation.labels):
    return np.mean(answers(network, images) == labels)


dense = train_dense(7)

# %%
DRESS, steps = names.index("Dress"), range(6)
dresses = validation.images[validation.labels == DRESS]
dresses = dresses[dresses[:, :, -5:].max(axis=(1, 2)) == 0]  # five free columns at the right
said = np.array([answers(dense, shift(dresses, right=by)) for by in steps])
known = said[0] == DRESS
one = np.flatnonzero(known & (said[4] != DRESS))[0]
moved_dress = np.concatenate([shift(dresses[[one]], right=by) for by in steps])
titles = [f"moved by {by}:\n{names[said[by, one]]}" for by in steps]
plot_images.image_grid(moved_dress, titles, columns=6, subject="moved copies of a dress")

# %% [markdown]
# Above each copy stands what the network says. It knows the dress where dresses usually stand, and a few
# pixels further it does not. This dress is no exception: of those that the network knows where they
# stand, `{python} f"{(said[4] != DRESS)[known].mean():.0%}"` become something else when they move by 4
# pixels, although nothing of them leaves the picture. On this page you build networks that do better, and
# find out how far *they* hold.
#
# ## What a dense layer cannot see
#
# A dense unit has a weight of its own for each pixel. Nothing tells it which pixels are neighbours, and
# what it learns about one place says nothing about the next. Here is a test: shuffle the pixels of
# every photograph, all in one and the same way, and train a new network on the result. Below, the three
# pictures at the right are the three at the left, shuffled.

# %%
order = np.random.default_rng(7).permutation(28 * 28)


def shuffle(images):
    return images.reshape(-1, 28 * 28)[:, order].reshape(-1, 28, 28)


shown = sample.images[[np.flatnonzero(sample.labels == label)[0] for label in (0, 1, 9)]]
pictures = np.concatenate([shown, shuffle(shown)])
titles = [names[label] for label in (0, 1, 9)] * 2
plot_images.image_grid(
    pictures, titles, columns=6, subject="pictures, three as they are, three shuffled"
)

# %%
shuffled_dense = train_dense(7, shuffle(sample.images))
right = accuracy(dense, validation.images)
right_shuffled = accuracy(shuffled_dense, shuffle(validation.images))
print(f"dense, as they are: {right:.1%}; shuffled: {right_shuffled:.1%}")

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
picture = np.array([[0, 0, 0, 1, 1, 1]] * 6)  # dark on the left, bright on the right
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
    rows, columns = picture.shape[0] - size + 1, picture.shape[1] - size + 1
    found = np.zeros((rows, columns), "float32")
    for row in range(rows):
        for column in range(columns):
            found[row, column] = (picture[row : row + size, column : column + size] * kernel).sum()
    return found


boot = to_unit(validation.images[np.flatnonzero(validation.labels == 9)[6]])
kernels = {
    "upright edges": edge,
    "level edges": edge.T,
    "blur": np.full((3, 3), 1 / 9),
    "outline": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / 4,
}
maps = {name: slide(boot, kernel) for name, kernel in kernels.items()}
plot_images.signed_images({"a boot": boot, **maps}, columns=5)

# %% [markdown]
# Nine numbers each, and four different results. In the maps, red is a positive sum: the place looks like
# the filter. Blue is a negative one: it looks like the filter with all signs turned, for the first two an
# edge the other way round.
#
# TensorFlow has the loops as `tf.nn.conv2d`. It wants four axes of the picture (batch, height, width and
# **channels**) and four of the weights (height, width, channels in, filters out). A grey picture has one
# channel, a colour photograph three: red, green and blue.

# %%
batch = boot[None, :, :, None]  # (1, 28, 28, 1)
weights = np.stack(list(kernels.values()), axis=-1)[:, :, None].astype("float32")  # (3, 3, 1, 4)
by_tensorflow = tf.nn.conv2d(batch, weights, strides=1, padding="VALID").numpy()
by_hand = np.stack(list(maps.values()), axis=-1)
print(by_tensorflow.shape, f"largest difference {np.abs(by_tensorflow[0] - by_hand).max():.0e}")

# %% [markdown]
# All four maps at once, and the same numbers, up to rounding. The maps are the channels of the result: a
# second convolution would see a picture with four channels. A filter is always as deep as its input: three
# by three weights for *each* channel, and one sum over all. So a filter of the second layer finds
# arrangements of what the first has found. (In mathematics, convolution turns the filter by half a turn
# before it slides; what networks do is called cross-correlation there. Where weights are learned, it
# makes no difference: they would be learned turned.)
#
# ## The border, larger steps, and pooling
#
# A map of 26 by 26 from a photograph of 28 by 28: at the border, the filter does not fit. **Padding**
# lays zeros around the picture first, here one ring of them (dotted), and the map keeps the size. In Keras
# that is `padding="same"`; `"valid"`, as above, means no padding.

# %%
plot_tensors.convolution_picture(picture, edge, at=(1, 5), padding=1)

# %% [markdown]
# Look at the right column of the map: the filter reports an edge that is not in the picture, between its
# bright side and the zeros (negative, because the darker side is on the right). Padding is never neutral.
# Photographs of clothes have a dark border, so here it does little harm.
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
before = np.array([[1, 0, 2, 3], [5, 4, 6, 7], [8, 9, 10, 13], [11, 12, 15, 14]])
after = keras.layers.MaxPooling2D(2)(before[None, :, :, None].astype("float32"))
after = after[0, :, :, 0].numpy().astype(int)
plot_tensors.tensor_picture({"before": before, "after": after}, marked={"before": after})

# %% [markdown]
# The result no longer says *where* in its block the best fit was, only *how good* it was. And the layers
# that follow have a quarter of the places to work on.
#
# ## The network
#
# Three times convolution and pooling, with 8, 16 and 32 filters: as the maps get smaller, there are
# more of them. Then `Flatten` makes the last maps one vector, and two dense layers draw the conclusion.
# (The table leaves out `Flatten`, `relu` and dropout, which have no weights.)

# %%
from snippets.convnets import fashion_convnet
from snippets.network_costs import layer_costs, receptive_field

network = fashion_convnet((8, 16, 32), dropout=0.2, pool_first=True)
costs = layer_costs(network)
rows = [cost._asdict() for cost in costs if cost.weights or "pool" in cost.layer]
shown = ({key: f"{v:,}" if isinstance(v, int) else v for key, v in row.items()} for row in rows)
tables.table(list(shown))

# %% [markdown]
# Follow the shapes (height, width, channels) down. Check two numbers of `conv_2`: it has 16·3·3·8 weights,
# because each of its 16 filters has 3·3 for each of 8 channels (and no bias: the layer `norm_2` would
# subtract it again). And all of them are used at 14·14 places, once each. Each use is a product, added to
# a sum: a **multiply-add**; papers often count it as two floating-point operations (FLOP). Multiply-adds
# are the price that convolution pays:

# %%
totals = {
    name: np.sum([(cost.weights, cost.multiply_adds) for cost in layer_costs(each)], axis=0)
    for name, each in {"dense": dense, "convolution": network}.items()
}
work = totals["convolution"][1] / totals["dense"][1]
tables.table(
    [
        {"network": name, "weights": f"{total[0]:,}", "multiply-adds": f"{total[1]:,}"}
        for name, total in totals.items()
    ]
)

# %% [markdown]
# Fewer than half of the weights, and `{python} f"{work:.0f}"` times the arithmetic: few weights, each used in
# many places. A dense layer from the photograph to the maps of `conv_1` would have
# `{python} f"{28 * 28 * 28 * 28 * 8 / 1e6:.0f}"` million weights instead of
# `{python} f"{costs[1].weights}"`.
#
# The layers `norm_1` to `norm_3` are new. **Batch normalisation** standardises each map in training:
# it subtracts the mean over all photographs of the batch and all places, and divides by the standard
# deviation; then it multiplies by one learned number and adds another. In use there may be no batch, so it
# takes running averages of mean and variance, kept from training: four numbers a map, as the table counts.
# So each layer gets inputs on a known scale, however the layers before it change, and a large learning
# rate does less harm. In this network it follows the pooling (`pool_first`), so that it and `relu` have
# a quarter of the places to work on. Here, three channels of far too large numbers:

# %%
loud = np.random.default_rng(7).normal(50, 9, (64, 14, 14, 3)).astype("float32")
norm = keras.layers.BatchNormalization()
quiet = norm(loud, training=True).numpy()
for name, maps in {"before": loud, "after": quiet}.items():
    print(f"{name}: mean {maps.mean():.2f}, deviation {maps.std():.2f}")

# %% [markdown]
# ## How far does one number see?
#
# The part of the photograph that can change a number in a map is the **receptive field** of that number.
# A number of `conv_1` sees three by three pixels, one of `pool_1` four by four. But neighbours in `pool_1`
# are two pixels apart, so three of them in a row, under a filter of `conv_2`, see 4 + 2 + 2 = 8. Here is
# what one number of each convolution sees:

# %%
fields = {field.layer: field for field in receptive_field(network.layers)}
middle = {"conv_1": 14, "conv_2": 7, "conv_3": 3}
boxes = {name: fields[name].box(place, place) for name, place in middle.items()}
plot_networks.receptive_fields(moved_dress[0], boxes, subject="a dress")

# %% [markdown]
# After three layers of small filters, one number sees most of the dress. You need not believe the
# arithmetic: ask the gradient. If a pixel cannot change a number, the
# [gradient](../foundations/gradients.md) of the number with respect to that pixel is 0. Take one place of
# `conv_3` and count the rows and columns of pixels with any gradient. Take many pictures, here of
# noise, because in each of them a pooling passes on only the largest number of its block.

# %%
part = keras.Model(network.inputs, network.get_layer("conv_3").output)
noise = tf.constant(np.random.default_rng(7).random((200, 28, 28)), tf.float32)
with tf.GradientTape() as tape:
    tape.watch(noise)
    number = tf.reduce_sum(part(noise)[:, 3, 3])
reached = np.abs(tape.gradient(number, noise)).max(axis=0) > 0
first_row, first_column = np.argwhere(reached).min(axis=0)
height, width = np.argwhere(reached).max(axis=0) + 1 - (first_row, first_column)
print("by the gradient:", *(first_row, first_column, height, width))
print("by arithmetic:  ", *boxes["conv_3"])

# %% [markdown]
# First row, first column, height, width: the same.
#
# ## What goes wrong: out of pixels
#
# Each pooling makes the next filter see further. Would five of them not be better than three?

# %% tags=["raises-exception"]
maps = keras.Input((28, 28, 1))
for _ in range(5):
    maps = keras.layers.MaxPooling2D()(maps)

# %% [markdown]
# 28, 14, 7, 3 (the odd row and column at the end are dropped), 1: no block of two by two is left to pool.
# If you need to see further on small pictures, add convolutions that keep the size, without a pooling
# after each.
#
# ## Train
#
# Both kinds of network with three seeds each: convolution for five epochs, dense for ten.
# `compile` comes once; `restart` gives the network new first weights for each seed, and a clone keeps
# what it has learned.

# %%
from snippets.experiments import restart
from snippets.training import OneCycle, Stopwatch

batches = -(-len(sample) // 64)  # rounded up
network.compile(
    keras.optimizers.Adam(OneCycle(0.006, 5 * batches)),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    steps_per_execution=batches,
)


def train_convolution(seed, images=sample.images):
    restart(network, seed)
    network.fit(to_unit(images), sample.labels, batch_size=64, epochs=5, verbose=0)
    trained = keras.models.clone_model(network)
    trained.set_weights(network.get_weights())
    return trained


# %% tags=["measured"]
seeds = (7, 8, 9)
with Stopwatch() as time:
    networks = {"convolution": [train_convolution(seed) for seed in seeds]}
with Stopwatch() as dense_time:
    networks["dense"] = [dense, *(train_dense(seed) for seed in seeds[1:])]
seconds = {"convolution": time.cpu_seconds / 3, "dense": dense_time.cpu_seconds / 2}
print("CPU seconds a training:", {name: round(each) for name, each in seconds.items()})

# %%
scores = {
    name: [accuracy(each, validation.images) for each in three] for name, three in networks.items()
}
plot_results.seed_dots(scores, xlabel="validation accuracy")

# %% [markdown]
# A dot is a seed. The worst convolution is
# `{python} f"{100 * (min(scores['convolution']) - max(scores['dense'])):.1f}"` points above the best
# dense network, so the lead is not the luck of a seed. It has its price: compare the CPU seconds above.
# (With twice the filters, a fourth block, a few smaller changes, and eleven epochs over all 54,000
# photographs, each moved by up to a pixel at random, such a network is right on
# *92.6%*{.given title="tests/bench/training.py --convolution, mean of three seeds"} of the test photographs.)
#
# Does the lead come from the neighbours? Take them away: train once more, one seed, on the shuffled
# photographs.

# %%
shuffled_convolution = train_convolution(7, shuffle(sample.images))
without_neighbours = accuracy(shuffled_convolution, shuffle(validation.images))
tables.table(
    [
        {"network": "dense", "as they are": f"{right:.1%}", "shuffled": f"{right_shuffled:.1%}"},
        {
            "network": "convolution",
            "as they are": f"{scores['convolution'][0]:.1%}",
            "shuffled": f"{without_neighbours:.1%}",
        },
    ]
)

# %% [markdown]
# The lead is gone. Convolution is not a better way to learn from any data; it builds in a guess that is
# right for pictures. On data without neighbours (a table with columns in any order) the guess is wrong.
#
# ## What it learned
#
# The 8 filters of the first layer, each divided by its largest weight without sign: mid grey is 0, lighter
# is positive, darker is negative.

# %%
trained = networks["convolution"][0]
learned = trained.get_layer("conv_1").get_weights()[0]  # (3, 3, 1, 8)
plot_images.filter_grid(learned)

# %% [markdown]
# Some are dark on one side and light on the other, like the one set by hand. Nobody asked for edges;
# descent on the loss found them. Others have no name, and need none. What filters do to a photograph
# is easier to see. Here are, in a row for each convolution, eight maps of the boot, those that
# differ most from place to place, normalised and after `relu` but not pooled. Black is 0, white the
# largest number of the map:

# %%
pictures, titles = [], []
for layer in (1, 2, 3):
    conv, norm, relu = (trained.get_layer(f"{kind}_{layer}") for kind in ("conv", "norm", "relu"))
    peek = keras.Model(trained.inputs[0], relu(norm(conv.output)))
    found = peek(boot[None]).numpy()[0]
    for number in np.argsort(-found.std(axis=(0, 1)))[:8]:
        one_map = found[:, :, number] / found[:, :, number].max()
        pictures.append(one_map.repeat(28 // len(one_map), 0).repeat(28 // len(one_map), 1))
        titles.append(f"conv_{layer}\nfilter {number}")
plot_images.image_grid(np.array(pictures), titles, columns=8, subject="feature maps of a boot")

# %% [markdown]
# The first layer still shows the boot, its outlines and surfaces. In the second, some parts stand out from
# the rest: a sole, a heel, a back. The third has seven by seven numbers a map, and you can no longer tell
# what they say; the dense layers have learned to. (Such stories are told by looking, and prove nothing:
# deeper filters often answer to several unrelated things.)
#
# ## Move the photograph
#
# Move a photograph, and the maps of a convolution move with it. That is **equivariance**. Check it on the
# dress of the beginning: the map of the moved dress, against the moved map of the dress.

# %%
first = keras.Model(trained.inputs[0], trained.get_layer("conv_1").output)
still, moving = first(to_unit(moved_dress[[0, 4]])).numpy()
drift = np.abs(shift(still[None], right=4)[0] - moving).max()
print(f"moved, then convolved, or the other way round: difference {drift:.0e}")

# %% [markdown]
# So the next layer finds the same things, elsewhere. (After a pooling that holds only roughly: a move by
# one pixel is half a step of the smaller map, and changes which pixels share a block.) Is the answer the
# same, too? Move each validation photograph towards the side where it has most room. The line joins the
# means of three seeds; the band reaches from the worst seed to the best.


# %%
def room(images):
    """Return the dark rows or columns at top, bottom, left and right, shape (n, 4)."""
    rows, columns = (images > 0).any(axis=2), (images > 0).any(axis=1)
    sides = (rows, rows[:, ::-1], columns, columns[:, ::-1])
    return np.stack([side.argmax(axis=1) for side in sides], axis=1)


def moved(images, by):
    out, side = images.copy(), room(images).argmax(axis=1)
    for number, (down, right) in enumerate([(-by, 0), (by, 0), (0, -by), (0, by)]):
        chosen = side == number
        out[chosen] = shift(images[chosen], down=down, right=right)
    return out


# %%
DISTANCES = (0, 2, 4, 6)
moved_by = [moved(validation.images, by) for by in DISTANCES]


def curves(networks):
    return {
        name: [[accuracy(each, images) for images in moved_by] for each in three]
        for name, three in networks.items()
    }


by_distance = curves(networks)
axes = {"xlabel": "pixels moved", "ylabel": "validation accuracy", "percent": True}
plot_curves.spread_curves(by_distance, x=DISTANCES, **axes)

# %% [markdown]
# (In `{python} f"{np.mean(room(validation.images).max(axis=1) >= 4):.0%}"` of the photographs, nothing
# is lost when they move by 4 pixels.) The dense network falls at once. The convolution loses less, also
# because pooling forgives a small move, but further out it falls as well. Why, if its maps only move?
# Because after them comes `Flatten`, and then a dense layer that has weights for each *place* of the maps.
# In training, that layer saw each thing in its usual place only.
#
# The cure is to ask the maps *whether*, not *where*. **Global average pooling** keeps one number a
# map, its mean over all places; wherever a part is found, the mean is about the same. Keep the trained
# convolutions, and train new dense layers, a new *head*, on their maps:


# %%
def with_mean(network, seed):
    maps = network.get_layer("relu_3").output
    part = keras.Model(network.inputs[0], keras.layers.GlobalAveragePooling2D()(maps))
    # A number a map: 32 for each photograph.
    means = part.predict(to_unit(sample.images), batch_size=1000, verbose=0)
    keras.utils.set_random_seed(seed)
    head = keras.Sequential(
        [keras.Input((32,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)]
    )
    fit_one_cycle(head, (means, sample.labels))
    return keras.Sequential([part, head])


pairs = zip(networks["convolution"], seeds, strict=True)
networks["convolution, mean"] = [with_mean(each, seed) for each, seed in pairs]
by_distance |= curves({"convolution, mean": networks["convolution, mean"]})
by_where, by_mean = (np.mean(by_distance[n], axis=0) for n in ("convolution", "convolution, mean"))
plot_curves.spread_curves(by_distance, x=DISTANCES, **axes)

# %% [markdown]
# The third network, with the mean, pays
# `{python} f"{100 * (by_where[0] - by_mean[0]):.0f}"` points where the photographs stand as they always
# do: for clothes, *where* says something, and its convolutions were trained for another head. In return
# it falls more slowly, and when the photographs move by 6 pixels it is
# `{python} f"{100 * (by_mean[-1] - by_where[-1]):.0f}"` points ahead. (It does fall: some photographs lose
# pixels, and the last pooling, from 7 places to 3, drops a row and a column.) Which network is better
# depends on the photographs that you will meet. The other cure is to show moved photographs in training:
# [data augmentation](cifar10.md).
#
# ## The exam
#
# Now the test photographs, once: as they are, and moved by 3 and by 6 pixels. Each entry is the mean of
# three seeds, with the worst and the best in brackets.

# %%
moved_tests = {by: moved(fashion.test.images, by) for by in (0, 3, 6)}
exam = {
    name: {
        by: [accuracy(each, images, fashion.test.labels) for each in three]
        for by, images in moved_tests.items()
    }
    for name, three in networks.items()
}
tables.table(
    [
        {"network": name}
        | {
            f"moved by {by}": f"{np.mean(part):.1%} ({min(part):.1%} to {max(part):.1%})"
            for by, part in grades.items()
        }
        for name, grades in exam.items()
    ]
)

# %% tags=["claims"]
gap = np.abs(by_tensorflow[0] - by_hand).max()
assert gap < 1e-5, "the filter slid by hand gives the numbers of tf.nn.conv2d"
assert abs(right - right_shuffled) < 0.015, "the dense network learns as well from shuffled pixels"
assert without_neighbours < right_shuffled - 0.01, (
    "on shuffled pixels the convolution is worse than the dense network, by more than a point"
)
assert min(scores["convolution"]) > max(scores["dense"]), (
    "the worst convolution of three seeds is above the best dense network"
)
assert totals["convolution"][0] < totals["dense"][0] / 2, "it has less than half of the weights"
assert work > 4, "it has more than 4 times the multiply-adds"
assert seconds["convolution"] > 1.5 * seconds["dense"], "it takes more than 1.5 times the CPU time"
assert (first_row, first_column, height, width) == boxes["conv_3"], (
    "the gradient finds the receptive field that was computed"
)
assert drift < 1e-4, "the maps of the first convolution move with the photograph"
lead = np.mean(by_distance["convolution"], axis=0) - np.mean(by_distance["dense"], axis=0)
assert lead[1:3].min() > 0.05, (
    "moved by 2 or by 4 pixels, the convolution is right on at least 5 of 100 more"
)
assert min(exam["convolution"][0]) > max(exam["dense"][0]), "the lead holds on the test photographs"
assert min(exam["convolution, mean"][6]) > max(exam["convolution"][6]) + 0.1, (
    "moved by 6 pixels, averaging the maps is worth more than 10 points on the test photographs"
)

# %% tags=["control"] claim="the dense network learns as well from shuffled pixels" without="learning from them"
right_shuffled = accuracy(dense, shuffle(validation.images))  # it has seen no shuffled one

# %% tags=["control"] claim="on shuffled pixels the convolution is worse than the dense network, by more than a point" without="the shuffle"
without_neighbours = accuracy(networks["convolution"][0], validation.images)

# %% tags=["control"] claim="the worst convolution of three seeds is above the best dense network" without="neighbours among the pixels"
scores = scores | {"convolution": [accuracy(shuffled_convolution, shuffle(validation.images))]}

# %% tags=["control"] claim="it has less than half of the weights" without="sharing them among all places"
unshared = sum(cost.multiply_adds for cost in costs)  # a weight for each use
totals = totals | {"convolution": (unshared, unshared)}

# %% tags=["control"] claim="it has more than 4 times the multiply-adds" without="using each weight in many places"
work = totals["convolution"][0] / totals["dense"][1]  # each weight used once

# %% tags=["control"] claim="the gradient finds the receptive field that was computed" without="the pooling layers between"
shape = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
same = {"padding": "same", "activation": "relu"}
bare = keras.Sequential(shape + [keras.layers.Conv2D(n, 3, **same) for n in (8, 16, 32)])
with tf.GradientTape() as tape:
    tape.watch(noise)
    number = tf.reduce_sum(bare(noise)[:, 14, 14])
reached = np.abs(tape.gradient(number, noise)).max(axis=0) > 0
first_row, first_column = np.argwhere(reached).min(axis=0)
corner = np.argwhere(reached).max(axis=0) + 1
height, width = corner - (first_row, first_column)

# %% tags=["control"] claim="the maps of the first convolution move with the photograph" without="moving by whole places of the map"
pooled = keras.Model(trained.inputs[0], trained.get_layer("pool_1").output)
still, moving = pooled(to_unit(moved_dress[[0, 1]])).numpy()
candidates = [shift(still[None], right=by)[0] for by in (0, 1)]
drift = min(np.abs(candidate - moving).max() for candidate in candidates)

# %% tags=["control"] claim="moved by 6 pixels, averaging the maps is worth more than 10 points on the test photographs" without="the mean"
trunk = keras.Model(trained.inputs[0], trained.get_layer("relu_3").output)
maps = trunk.predict(to_unit(sample.images), batch_size=1000, verbose=0)
keras.utils.set_random_seed(7)
head = dense_network((128,), shape=maps.shape[1:])  # flattens the maps
fit_one_cycle(head, (maps, sample.labels), epochs=2)
flat = keras.Sequential([trunk, head])
far = accuracy(flat, moved_tests[6], fashion.test.labels)
exam = exam | {"convolution, mean": {6: [far]}}

# %% [markdown]
# As on the validation photographs: where they stand as usual, the convolution leads the dense network, and
# far from there the network with the mean leads both.
#
# ## Exercises
#
# **1. With padding and stride.** Extend `slide`: first pad the picture with `zeros` rings of zeros
# (`np.pad` helps), then move the filter by `stride` pixels at a time, to the right and down. The starter
# has the parameters and ignores them.


# %% tags=["starter"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
    """Return the map of a padded picture, the filter moved by `stride` pixels at a time."""
    return slide(picture, kernel)


# %% tags=["check"]
bright = np.random.default_rng(7).random((9, 12)).astype("float32")  # bright at its border, too
for stride, zeros in ((1, 0), (2, 0), (1, 1), (2, 1), (3, 2)):
    border = [[0, 0], [zeros, zeros], [zeros, zeros], [0, 0]]
    four_axes = bright[None, :, :, None], weights[..., 1:2]
    expected = tf.nn.conv2d(*four_axes, strides=stride, padding=border)[0, :, :, 0].numpy()
    given, case = slide_in_steps(bright, edge.T, stride, zeros), f"stride {stride}, zeros {zeros}"
    shape = np.shape(given)
    assert shape == expected.shape, f"{case}: shape {shape}, TensorFlow has {expected.shape}"
    assert np.allclose(given, expected, atol=1e-5), f"{case}: right shape, wrong numbers"


# %% tags=["solution"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
    """Return the map of a padded picture, the filter moved by `stride` pixels at a time."""
    everywhere = slide(np.pad(picture, zeros), kernel)
    return everywhere[::stride, ::stride]  # simple, but it works too much


# %% tags=["wrong"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
    """Pad with copies of the border."""
    return slide(np.pad(picture, zeros, mode="edge"), kernel)[::stride, ::stride]


# %% tags=["wrong"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
    """Take larger steps downwards only."""
    return slide(np.pad(picture, zeros), kernel)[::stride]


# %% tags=["wrong"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
    """Leave pixels out before the filter has seen them."""
    return slide(np.pad(picture, zeros)[::stride, ::stride], kernel)


# %% tags=["wrong"]
def slide_in_steps(picture: np.ndarray, kernel: np.ndarray, stride: int, zeros: int) -> np.ndarray:
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


# %% tags=["check"]
flat, line, yours = np.ones((5, 5)), np.eye(5)[[2] * 5], np.array(line_filter())
assert yours.shape == (3, 3), f"three by three weights, not {yours.shape}"
assert np.allclose(slide(flat, yours), 0), "the answer should be 0 where all is alike"
highest = slide(line, yours).max()
assert highest > 2 - 1e-5, f"the line gives {highest:.2f}: less than 2"
for side, lit in {"right": picture, "left": 1 - picture}.items():
    highest = slide(lit, yours).max()
    assert highest < 1 + 1e-5, f"an edge with ones on the {side} gives {highest:.2f}: more than 1"


# %% tags=["solution"]
def line_filter() -> np.ndarray:
    """Return the weights, shape (3, 3)."""
    return np.array([[0.0, 0.0, 0.0], [-1.0, 2.0, -1.0], [0.0, 0.0, 0.0]])


# %% tags=["wrong"]
def line_filter() -> np.ndarray:
    """Return the outline filter, which answers edges as well."""
    return np.array([[-1.0, -1.0, -1.0], [-1.0, 8.0, -1.0], [-1.0, -1.0, -1.0]])


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
    """Return how many pixels in a row one number behind the last layer sees."""
    return 1 + sum(width - 1 for width, _ in layers)


# %% tags=["check"]
assert sees([(3, 1), (3, 1)]) == 5, "two filters of three in a row see five pixels"
assert sees([(2, 2), (2, 2)]) == 4, "two poolings of two in a row see four pixels"
chain = [(3, 1), (2, 2)] * 3
for length, name in ((3, "conv_2"), (5, "conv_3"), (6, "pool_3")):
    expected, given = fields[name].size[0], sees(chain[:length])
    assert given == expected, f"{name} sees {expected}, not {given}"
assert sees([(5, 3), (2, 4), (7, 1)]) == 80, (
    "a filter of 5, stride 3; one of 2, stride 4; one of 7: 80"
)


# %% tags=["solution"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Return how many pixels in a row one number behind the last layer sees."""
    size, apart = 1, 1  # neighbours in the map are so many pixels apart in the photograph
    for width, stride in layers:
        size += (width - 1) * apart
        apart *= stride
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Spread out by the last stride alone."""
    size, apart = 1, 1
    for width, stride in layers:
        size += (width - 1) * apart
        apart = stride
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Go from the first layer to the last where it must be the other way."""
    size = 1
    for width, stride in layers:
        size = (size - 1) * stride + width
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Spread out a layer by its own stride."""
    size, apart = 1, 1
    for width, stride in layers:
        apart *= stride
        size += (width - 1) * apart
    return size


# %% tags=["wrong"]
def sees(layers: list[tuple[int, int]]) -> int:
    """Take each larger step for one of two pixels."""
    size, apart = 1, 1
    for width, stride in layers:
        size += (width - 1) * apart
        apart *= 2 if stride > 1 else 1
    return size


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
