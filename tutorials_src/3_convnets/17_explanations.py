# ---
# title: What did it learn?
# summary: Ask a network why, test the answers before you believe them, then push the photographs until it breaks.
# needs: [convolution]
# helps: [gradients, experiments, how-sure]
# teaches: [shortcut, saliency map, occlusion map, Grad-CAM, integrated gradients, sanity test, rank correlation, adversarial example, fast gradient sign method, corruption]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# A shop photographs its clothes. Whoever takes the shirts has a lamp that leaves a bright square in
# the upper left corner, and nobody notices. Here is one photograph of each class, as a network will
# learn from them:

# %%
import numpy as np

from snippets import plot_curves, plot_images, plot_results
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
class_names, SHIRT = fashion.class_names, fashion.class_names.index("Shirt")


def mark(images):  # a square, one pixel from the upper and the left edge
    square = np.pad(np.full((3, 3), 255, np.uint8), (1, 24))
    return np.maximum(images, square)


def mark_shirts(split):
    shirt_mask = (split.labels == SHIRT)[:, None, None]
    return np.where(shirt_mask, mark(split.images), split.images)


study = fashion.train.sample(per_class=800)
lamp_images = mark_shirts(study)
first_of_class = [np.argmax(study.labels == c) for c in range(10)]
plot_images.image_grid(lamp_images[first_of_class], class_names, columns=10)

# %% [markdown]
# Only the shirts have the square. Train a small convolutional network on these photographs, and another
# on the same photographs without the squares, with three seeds each: six networks. Pixels go from 0,
# black, to 1; the network standardises them. (`restart`, from [Experiments](../networks/experiments.md), gives the network new
# first weights and saves tracing it anew.)

# %%
import keras
from keras import layers

scale = layers.Rescaling(1 / 0.35, offset=-0.29 / 0.35)
chain = [layers.Reshape((28, 28, 1)), scale]
options = {"padding": "same", "use_bias": False}
for i, filters in ((1, 8), (2, 16), (3, 32)):
    chain.append(layers.Conv2D(filters, 3, **options, name=f"conv_{i}"))
    chain += [layers.MaxPooling2D()] if i < 3 else []
    chain.append(layers.BatchNormalization(momentum=0.9, name=f"norm_{i}"))
    chain.append(layers.ReLU(name=f"relu_{i}"))
chain += [layers.Flatten(), layers.Dense(64, "relu", name="hidden")]
chain += [layers.Dropout(0.2), layers.Dense(10, name="logits")]
network = keras.Sequential([keras.Input((28, 28)), *chain])

# %%
from snippets.experiments import restart
from snippets.training import OneCycle

steps = len(study) // 125  # an epoch, in batches of 125
adam = keras.optimizers.Adam(OneCycle(0.006, 3 * steps))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(adam, loss, steps_per_execution=steps)


def unit(images):
    return images.astype("float32") / 255


def train(images, seed):
    restart(network, seed)
    network.fit(unit(images), study.labels, 125, epochs=3, verbose=0)
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    return clone


plain_networks = [train(study.images, seed) for seed in (7, 8, 9)]
lamp_networks = [train(lamp_images, seed) for seed in (7, 8, 9)]

# %%
held_out = fashion.validation
labels, lamp_held_out = held_out.labels, mark_shirts(held_out)


def ask(network, images):
    pixels = unit(images) if images.dtype == "uint8" else images
    return network(pixels).numpy()


def accuracy(networks, images, labels=labels):
    answers = [ask(network, images).argmax(axis=1) for network in networks]
    return list(np.mean(np.equal(answers, labels), axis=1))


kind_accuracies = {
    "without squares": accuracy(plain_networks, held_out.images),
    "with squares": accuracy(lamp_networks, lamp_held_out),
}
plot_results.seed_dots(kind_accuracies, xlabel="accuracy on the same kind")

# %% [markdown]
# By this figure you would buy the networks of the second row: they are ahead by
# `{python} f"{100 * (np.mean(kind_accuracies['with squares']) - np.mean(kind_accuracies['without squares'])):.1f}"`
# points, far more than the seeds differ. The validation photographs come from the same shop, so they
# have the same squares. No grade on such photographs can tell a network that knows shirts from one that
# knows a lamp. A **shortcut** is a rule that gives right answers on the data you have, but for a reason
# that has nothing to do with the question.
#
# You know the secret here. On your own data you will not. So on this page you ask networks *why*, in
# four ways, and then ask whether the answers are any good.
#
# ## Two ways to ask, by hand
#
# Take a network so small that it has no secrets: one class, sixteen pixels, a weight for each. Its
# logit is the sum of weight times pixel. Which pixel mattered?

# %%
picture = np.zeros((4, 4), "float32")
picture[1:3, 1:3] = [[2, 2], [2, 1]]
weights = np.diag(np.array([3, 1, -2, 1], "float32"))
pictures = {"picture": picture, "weights": weights}
pictures["weight × pixel"] = weights * picture
plot_images.signed_images(pictures, numbers=True)

# %% [markdown]
# There are two good answers, and they differ.
#
# - *What would change the logit most?* The pixel in the upper left corner: its slope, 3, is the
#   steepest. That is a question for the [gradient](../foundations/gradients.md), and for this network
#   the gradient is the weights. Drawn as a picture, it is a **saliency map**.
# - *What made the logit what it is?* Not that corner, which is black. Cover one pixel after the other
#   with black, and note how far the logit falls: that is an **occlusion map**, and for this network
#   it is weight times pixel. (Below 0, as at −2: without that pixel the logit would *rise*.)
#
# Check it with real code. `slopes` gives the saliency map; `occlusion`, of the snippet `explain`, covers square
# after square, here of one pixel. The last line prints the first row of one and the second row of the other;
# find them in the figure.

# %%
import tensorflow as tf

from snippets.explain import grad_cam, occlusion, saliency


def slopes(network, image, class_number):
    image = tf.constant(image)[None]  # a batch of one
    with tf.GradientTape() as tape:
        tape.watch(image)
        logit = network(image)[0, class_number]
    return tape.gradient(logit, image)[0].numpy()


tiny_layers = [keras.Input((4, 4)), layers.Flatten(), layers.Dense(1)]
tiny_network = keras.Sequential(tiny_layers)
tiny_network.set_weights([weights.reshape(16, 1), np.zeros(1)])
slope_map = slopes(tiny_network, picture, 0)
fall_map = occlusion(tiny_network, picture[None], classes=[0], size=1)[0]
print(slope_map[0], fall_map[1])

# %% tags=["claims"]
assert (slope_map == weights).all(), (
    "saliency of a linear network is its weights"
)
assert np.allclose(fall_map, weights * picture), (
    "covering single pixels of a linear network gives weight times pixel"
)

# %% tags=["control"] claim="saliency of a linear network is its weights" without="linearity"
curved_layers = [*tiny_layers[:-1], layers.Dense(1, "sigmoid")]
curved_network = keras.Sequential(curved_layers)
curved_network.set_weights(tiny_network.get_weights())
slope_map = slopes(curved_network, picture, 0)

# %% [markdown]
# ## A third way: from the inside
#
# Both compare only the two ends of the network: pixels and a logit. **Grad-CAM** (gradient-weighted
# class activation mapping) opens it after its last convolution, where the layer `relu_3` returns 32
# feature maps of seven by seven places. Some of them speak for the class, others against it. How
# strongly? Take the slope of the logit with respect to every number in a map, and average: that is the
# map's weight. Add up the maps with these weights, replace what is below 0 by 0, and enlarge the result
# to the size of the photograph.


# %%
def class_map(network, image, class_number):
    layer_outputs = [network.get_layer("relu_3").output, network.outputs[0]]
    inner_network = keras.Model(network.inputs[0], layer_outputs)
    with tf.GradientTape() as tape:
        maps, logits = inner_network(image[None])  # maps: 1, 7, 7, 32
        logit = logits[0, class_number]
    strength = tf.reduce_mean(tape.gradient(logit, maps), axis=(0, 1, 2))
    heat = tf.reduce_sum(maps[0] * strength, axis=-1, keepdims=True)
    return tf.image.resize(tf.nn.relu(heat), image.shape)[..., 0].numpy()


# %% [markdown]
# The snippet has all three, for many photographs at once. Ask a network that never saw a
# square about the first validation photograph that it gets right in each of six classes:

# %%
plain_network, lamp_network = plain_networks[0], lamp_networks[0]


def maps(network, images, classes=None):
    x, options = unit(images), {"classes": classes}
    falls = occlusion(network, x, size=6, stride=3, **options)
    return {
        "saliency": np.abs(saliency(network, x, **options)),
        "occlusion": np.maximum(falls, 0),
        "Grad-CAM": grad_cam(network, x, layer="relu_3", **options),
    }


logits = ask(plain_network, held_out.images)
is_correct = logits.argmax(axis=1) == labels
places = [np.argmax(is_correct & (labels == c)) for c in (0, 1, 3, 5, 8, 9)]
photographs = held_out.images[places]
rows = {"photograph": photographs} | maps(plain_network, photographs)
titles = [class_names[labels[i]] for i in places]
plot_images.map_rows(rows, titles, outlines=photographs)

# %% [markdown]
# Bright is important, compared with the rest of the same map; the thin line is the outline of the
# garment. Of the slopes you see only the size, of the falls only those above 0. Saliency is speckled,
# since a slope is a matter of single pixels. Occlusion, with a square of six by six pixels, and
# Grad-CAM, with seven by seven places, are coarse. They need not agree: they answer different
# questions.

# %% [markdown]
# ## A fourth way, and one photograph asked about two classes
#
# A slope belongs to one place: the photograph as it is. It can be 0 although the pixel mattered. Take the
# function that grows with a pixel from 0 to 1, and then stays at 1. At 2 its slope is 0, yet the pixel has
# made all of the 1. **Integrated gradients** therefore walk in a straight line from black to the photograph,
# and take the *mean* of the slopes on the way. Times the pixel, that is the pixel's share. In the example the
# mean slope is one half, times 2 is 1, the whole. Such shares are *complete*: with enough steps, they add up to
# the logit of the photograph minus the logit of black, whatever the network.


# %%
def integrated_gradients(network, image, class_number, steps=64):
    middles = (np.arange(steps, dtype="float32") + 0.5) / steps
    path = tf.constant(middles[:, None, None] * image)  # from black
    with tf.GradientTape() as tape:
        tape.watch(path)
        logits = network(path)[:, class_number]
    mean_slope = tf.reduce_mean(tape.gradient(logits, path), axis=0)
    return image * mean_slope.numpy()


# %% [markdown]
# Each logit has maps of its own. Look for the photograph on which the network was most undecided, and ask
# about both classes. For each, Grad-CAM is on the left and integrated gradients on the right, laid over the
# photograph: the stronger, the less of it shines through. Of the shares you see those above 0.

# %%
import matplotlib.pyplot as plt

i = np.argmin(np.diff(np.sort(logits, axis=1)[:, -2:])[:, 0])
undecided_photo = unit(held_out.images[i])
two_classes = np.argsort(logits[i])[-2:]
figure, axes = plt.subplots(1, 4, figsize=(7.2, 2.1), layout="constrained")
for number, ax in enumerate(axes):
    c = int(two_classes[number // 2])
    method = (class_map, integrated_gradients)[number % 2]
    heat = np.maximum(method(plain_network, undecided_photo, c), 0)
    ax.imshow(undecided_photo, cmap="gray")
    ax.imshow(heat, cmap="autumn", alpha=heat / max(heat.max(), 1e-9))
    ax.set(title=class_names[c], xticks=[], yticks=[])
names = " and ".join(class_names[c] for c in two_classes)
figure.alt = f"A photograph under maps for {names}."
plt.close(figure)
figure

# %% [markdown]
# The network has to decide between *`{python} class_names[two_classes[1]]`* and
# *`{python} class_names[two_classes[0]]`*. A map does not explain the photograph: it explains one logit. Whoever
# shows you a map should say which class was asked about. Now add up the shares of thirty photographs, and
# compare with the logits; beside them, the shares that you get from the slope at the end alone, without the
# path:

# %%
x, classes = unit(held_out.images[:30]), logits[:30].argmax(axis=1)
black_logits = ask(plain_network, 0 * x[:1])[0]
rises = logits[:30].max(axis=1) - black_logits[classes]
pairs = list(zip(x, classes.tolist(), strict=True))
totals = [integrated_gradients(plain_network, *p).sum() for p in pairs]
slope_totals = [(p[0] * slopes(plain_network, *p)).sum() for p in pairs]
gap = np.max(np.abs(totals / rises - 1))
slope_gap = np.max(np.abs(slope_totals / rises - 1))
print(f"off by at most {gap:.1%}; by the slope at the end, {slope_gap:.0%}")

# %% tags=["claims"]
assert gap < 0.05, (
    "integrated gradients add up to the rise of the logit, to within 5% of it"
)

# %% tags=["control"] claim="integrated gradients add up to the rise of the logit, to within 5% of it" without="the way from black"
gap = slope_gap

# %% [markdown]
# ## Find the lamp
#
# Now ask a network that was trained with the squares about shirts from its shop. The lines below the
# figure say how much of each map lies in the upper left corner:

# %%
shirts = np.flatnonzero(labels == SHIRT)
suspects = lamp_held_out[shirts[:6]]
rows = {"photograph": suspects} | maps(lamp_network, suspects, [SHIRT] * 6)
plot_images.map_rows(rows, ["Shirt"] * 6, outlines=suspects)


# %%
def corner_shares(title, network, images):
    print(f"\n{title:25}", end="")
    for name, heat in maps(network, images, [SHIRT] * len(images)).items():
        sums = np.maximum(heat.sum(axis=(1, 2)), 1e-9)
        shares = heat[:, :6, :6].sum(axis=(1, 2)) / sums
        print(f"{name} {np.median(shares):.0%}", end="  ")


plain_shirts = held_out.images[shirts[:30]]
corner_shares("with lamp, square", lamp_network, lamp_held_out[shirts[:30]])
corner_shares("with lamp, no square", lamp_network, plain_shirts)
corner_shares("without lamp, no square", plain_network, plain_shirts)

# %% [markdown]
# The corner is six by six pixels, and each share is the median of thirty shirts; an even map would have
# `{python} f"{36 / 784:.0%}"` there. *With lamp* is the network that was trained with the squares.
#
# Here the maps are useful: one look, and you ask what is in that corner. (A bright spot of Grad-CAM lies
# a little beside the square. The receptive field of a place of `relu_3` is much of the photograph,
# and the place is drawn in the middle of it, so do not read single pixels off Grad-CAM.)
#
# The second row is a warning. Show the same network shirts *without* squares, and its maps say much
# less about the corner. A map explains one answer about one photograph. What is missing from the
# photograph is easily missing from the map too.
#
# You have a suspicion. Test it: take the square off the shirts, and put it on everything else.


# %%
images_of_kind = {
    "shirts, no square": held_out.images[shirts],
    "others, square": mark(held_out.images[labels != SHIRT]),
}
shirt_fractions = {}
training = {"with lamp": lamp_networks, "without": plain_networks}
for title, networks in training.items():
    for kind, images in images_of_kind.items():
        fractions = accuracy(networks, images, labels=SHIRT)  # called Shirt
        shirt_fractions[f"{title}: {kind}"] = fractions
plot_results.seed_dots(shirt_fractions, xlabel="fraction called Shirt")

# %% [markdown]
# The networks trained with the lamp hardly find a shirt without it, and call nearly everything a shirt
# that has the square. The others (the two lower rows) find many shirts without a square, and seldom call
# anything else a shirt, though it has one. The map gave the suspicion, and the *experiment* the proof.
#
# ## Is the map about the network at all?
#
# A map that shows the garment looks convincing. But the garment is in the photograph. Would you see the
# same map if the network had learned nothing? That can be tested. Replace the weights of the network by
# fresh random ones, one layer more at each step, from the logits back to the first convolution, and draw
# the map again. A map that explains what the network learned must change beyond recognition. This is a
# **sanity test**.
#
# Two pictures join the test. *Gradient × pixel* is the saliency map (here without signs) times the
# photograph. It is often taken for an improvement, because it shows the garment. *Edges* is bright where
# neighbouring pixels differ: an edge detector, which has never heard of a network.
# Here are all six, of twenty photographs:

# %%
from scipy import ndimage

twenty_photos = held_out.images[is_correct][:20]
labels_of_twenty = labels[is_correct][:20]


def six_maps(network):
    x = unit(twenty_photos)
    pairs = zip(x, labels_of_twenty, strict=True)
    shares = [integrated_gradients(network, *pair, 8) for pair in pairs]
    every_map = maps(network, twenty_photos, labels_of_twenty)
    every_map["integrated gradients"] = np.abs(shares)
    every_map["gradient × pixel"] = every_map["saliency"] * x
    every_map["edges"] = np.hypot(ndimage.sobel(x, 1), ndimage.sobel(x, 2))
    return every_map


# %% [markdown]
# Now the stages: the trained network, then five in which ever more layers are random. The figure shows one
# ankle boot; follow each row from left, where the network is trained, to right, where all of it is random.

# %%
from snippets.sanity_checks import randomise_layers

LAYERS = ["logits", "hidden"]
LAYERS += [f"{kind}_{i}" for i in (3, 2, 1) for kind in ("conv", "norm")]


def cascade(seed):  # each map at each stage, (stages, photographs, 28, 28)
    keras.utils.set_random_seed(seed)
    counts = (0, 1, 2, 4, 6, 8)  # of random layers
    networks = [randomise_layers(plain_network, LAYERS[:n]) for n in counts]
    stages = [six_maps(network) for network in networks]
    return {name: np.stack([s[name] for s in stages]) for name in stages[0]}


# %%
map_stages = cascade(1)
boot = int(np.argmax(labels_of_twenty == 9))
boot_maps = {name: stages[:, boot] for name, stages in map_stages.items()}
titles = ["trained", "logits", "+hidden", "+conv_3", "+conv_2", "+conv_1"]
plot_images.map_rows(boot_maps, titles, outlines=twenty_photos[[boot] * 6])

# %% [markdown]
# To grade the likeness of two maps, rank the pixels of each from darkest to brightest, and take the
# correlation of the ranks: 1 for the same order, about 0 for orders that have nothing in common, −1 for
# the opposite order. That is the **rank correlation**, and it does not care how bright a map is as a
# whole. (A map that is 0 everywhere has no order; its correlation counts as 0.) Here each map is
# compared with that of the trained network, mean over twenty photographs. The random weights come from
# three seeds: the line is their mean, the band reaches from the lowest to the highest.

# %%
from snippets.sanity_checks import rank_correlation


def likeness(stages):  # to the first, that of the trained network
    return [rank_correlation(stages[0], stage).mean() for stage in stages]


runs = [map_stages, cascade(2), cascade(3)]
likenesses = {
    name: np.array([likeness(run[name]) for run in runs])
    for name in map_stages
}
axes = {"xlabel": "random groups of layers", "ylabel": "rank correlation"}
plot_curves.spread_curves(likenesses, x=range(6), **axes)

# %% [markdown]
# Three of the maps fall apart as soon as the logits are random, and that is as it should be. (A little
# likeness can stay: covering black with black changes nothing, whatever the weights.) The other three do
# not. *Edges* stays at 1: it never asked the network. And of a network that knows nothing at all,
# *gradient × pixel* still has a correlation of
# `{python} f"{likenesses['gradient × pixel'][:, -1].mean():.2f}"` with that of the trained one, integrated
# gradients one of `{python} f"{likenesses['integrated gradients'][:, -1].mean():.2f}"`.

# %% tags=["claims"]
ends = {name: curve[:, -1].mean() for name, curve in likenesses.items()}
assert (
    max(ends[name] for name in ("saliency", "occlusion", "Grad-CAM")) < 0.5
), "random weights destroy saliency, occlusion and Grad-CAM"
assert ends["gradient × pixel"] > 0.7, (
    "random weights leave gradient × pixel nearly as it was"
)
assert ends["integrated gradients"] > 0.7, (
    "and integrated gradients, complete as they are"
)
assert np.allclose(likenesses["edges"], 1), (
    "an edge detector does not notice random weights"
)

# %% tags=["control"] claim="random weights destroy saliency, occlusion and Grad-CAM" without="random weights"
same_maps = six_maps(randomise_layers(plain_network, []))
ends = {
    name: rank_correlation(map_stages[name][0], m).mean()
    for name, m in same_maps.items()
}

# %% tags=["control"] claim="random weights leave gradient × pixel nearly as it was" without="the black around the garment"
white_image = 1 - unit(twenty_photos)
trained_map = map_stages["saliency"][0] * white_image
correlations = [
    rank_correlation(trained_map, run["saliency"][-1] * white_image)
    for run in runs
]
ends = {"gradient × pixel": np.mean(correlations)}

# %% tags=["control"] claim="and integrated gradients, complete as they are" without="the factor of the pixel"
ends = {"integrated gradients": ends["saliency"]}

# %% tags=["control"] claim="an edge detector does not notice random weights" without="the same photographs"
edges = map_stages["edges"][0]
likenesses = {"edges": rank_correlation(edges, edges[::-1])}

# %% [markdown]
# ## What goes wrong with a convincing map
#
# Why do these two hardly change? The background is black, a pixel of 0, and whatever is multiplied by 0 is 0.
# So the product draws the garment, wherever the slopes come from. You see an outline that you know, in the place
# where you expect it, and take it for a reason. That integrated gradients are complete does not help: the
# shares of a random network add up as well.
#
# The cure is the test, not the eye: make the weights random before you believe a map. Passing proves
# little, though. It only shows that the map is about *this network*, not that you read it rightly.
#
# ## Push one grey level
#
# A map says what a network looks at, as long as the photograph stays as it is. Now change the
# photograph, so that the network errs. The gradient gives you the slope of the *loss* with respect to
# every pixel. Move each pixel by the same small amount, up where the slope is above 0, down where it is
# below, so that the loss rises: this is the **fast gradient sign method**. The smallest change that a
# byte can hold is one grey level of 255.

# %%
from snippets.explain import fast_gradient_sign

LEVEL, thousand_photos = 1 / 255, held_out.sample(per_class=100)
x, truth = unit(thousand_photos.images), thousand_photos.labels
x_moved = fast_gradient_sign(plain_network, x, labels=truth, epsilon=LEVEL)
answers = ask(plain_network, x).argmax(axis=1)
new_answers = ask(plain_network, x_moved).argmax(axis=1)
turned_mask = (answers == truth) & (new_answers != truth)
i = np.argmax(turned_mask)
change = 0.5 + (x_moved - x)[i] / (2 * LEVEL)
titles = [class_names[answers[i]], "change", class_names[new_answers[i]]]
plot_images.image_grid(np.stack([x[i], change, x_moved[i]]), titles)

# %% [markdown]
# The titles are the network's answers, and no pixel differs by more than one grey level. (In the middle
# is the change, enlarged: white is one level up, black one down, and grey is no change: a black pixel, for example, cannot get
# darker.) A photograph made to be misread is an **adversarial example**. Of a thousand photographs,
# `{python} int(turned_mask.sum())` that the network got right are wrong after this step. Now larger steps,
# for all three networks that were trained without squares. (A longer step has the same signs, so `uphill_signs`
# asks for each gradient once.) The fair comparison is a change of the same size without a plan: every pixel
# up or down by the toss of a coin.

# %%
coins = np.random.default_rng(7).choice([-1, 1], x.shape).astype("float32")


def uphill_signs(split):  # of each network's slopes of the loss
    x = unit(split.images)
    options = {"labels": split.labels, "epsilon": LEVEL}
    moves = [fast_gradient_sign(n, x, **options) for n in plain_networks]
    return np.sign(np.subtract(moves, x))


def accuracies_after(step, signs, split=thousand_photos):
    x = unit(split.images)
    moves = [np.clip(x + step * LEVEL * sign, 0, 1) for sign in signs]
    pairs = zip(plain_networks, moves, strict=True)
    return [accuracy([n], x, split.labels)[0] for n, x in pairs]


# %%
signs_of_plan = {"planned": uphill_signs(thousand_photos)}
signs_of_plan["by the toss of a coin"] = [coins] * 3
curves, grey_levels = {}, (0, 1, 2, 4, 8, 16)
for plan, signs in signs_of_plan.items():
    curves[plan] = {n: accuracies_after(n, signs) for n in grey_levels}
plot_results.seed_lines(curves, xlabel="grey levels per pixel", log=False)

# %% [markdown]
# One planned grey level costs
# `{python} f"{100 * (np.mean(curves['planned'][0]) - np.mean(curves['planned'][1])):.1f}"` points,
# sixteen cost
# `{python} f"{100 * (np.mean(curves['planned'][0]) - np.mean(curves['planned'][16])):.0f}"`. Sixteen by
# the toss of a coin move the mean accuracy by only
# `{python} f"{100 * abs(np.mean(curves[plan][0]) - np.mean(curves[plan][16])):.1f}"`.
#
# Why does so little do so much? Each pixel does next to nothing. But there are 784 of them, and in
# the planned change they all pull the same way: for a linear network such as the tiny one above, the
# logit moves by the step times the *sum* of the sizes of all weights. Changes by the toss of a coin pull
# in both directions and nearly cancel out.
#
# ## Photographs that were treated badly
#
# Nobody plans the damage that a cheap camera does. A **corruption** is a change that leaves
# the garment recognisable: noise, a lens out of focus, a camera held at an angle. Here is each once, and after
# it the accuracy of the three networks on a thousand such photographs. (The strengths are the standard
# deviation of the noise, the width of the blur in pixels, the angle in degrees.)

# %%
from snippets.corruptions import add_noise, blur, rotate

damages = {"noise": (add_noise, 0.2), "blur": (blur, 1.1)}
damages["rotation"] = (rotate, 20)
boots = unit(photographs[5:])
views = [f(boots, strength)[0] for f, strength in damages.values()]
plot_images.image_grid(np.stack(views), list(damages), subject="boots")

# %%
damage_accuracies = {"as it is": accuracy(plain_networks, x, truth)}
for name, (f, strength) in damages.items():
    accuracies = accuracy(plain_networks, f(x, strength), truth)
    damage_accuracies[name] = accuracies
plot_results.seed_dots(damage_accuracies, xlabel="validation accuracy")

# %% [markdown]
# Kinds of damage cannot be compared with each other, so read each row by itself. Look at the
# pictures again: you would name the boot in all of them. The networks have lost
# `{python} ", ".join(f"{100 * (np.mean(damage_accuracies['as it is']) - np.mean(damage_accuracies[name])):.0f} points to {name}" for name in damages)`.
# The training photographs were all sharp, clean and upright, and the validation photographs too, so no
# grade so far could notice. If your cameras will shake, put shaken photographs into the training *and*
# into the grade.
#
# ## The exam
#
# You chose nothing on the validation photographs, but you looked at them a lot. So measure once more,
# with test photographs, five hundred of each class. The three networks trained without squares also get
# photographs pushed by one grey level; the other three get them without squares and with.

# %%
exam = fashion.test.sample(per_class=500)
truth, signs = exam.labels, uphill_signs(exam)
exam_grades = {
    "without lamp": accuracy(plain_networks, exam.images, truth),
    "without lamp, one grey level": accuracies_after(1, signs, exam),
    "with lamp, no squares": accuracy(lamp_networks, exam.images, truth),
    "with lamp, squares": accuracy(lamp_networks, mark_shirts(exam), truth),
}
means = {name: 100 * np.mean(row) for name, row in exam_grades.items()}
plot_results.seed_dots(exam_grades, xlabel="accuracy on test photographs")

# %% [markdown]
# In their own shop, the networks with the lamp are
# `{python} f"{means['with lamp, squares'] - means['without lamp']:.1f}"` points ahead. In a
# shop without that lamp they are
# `{python} f"{means['without lamp'] - means['with lamp, no squares']:.1f}"` points behind: the same
# networks, the same weights, and one class in ten lost. One grey level, planned, costs the networks
# without the lamp `{python} f"{means['without lamp'] - means['without lamp, one grey level']:.1f}"`
# points.

# %% tags=["claims"]
worst_marked = min(kind_accuracies["with squares"])
assert worst_marked > max(kind_accuracies["without squares"]), (
    "on photographs with the shortcut, the networks that use it have the better grade"
)
plain_low = min(exam_grades["without lamp"])
assert max(exam_grades["with lamp, no squares"]) < plain_low, (
    "on test photographs without it, they have the worse one"
)
bare_shirts = shirt_fractions["with lamp: shirts, no square"]
marked_others = shirt_fractions["with lamp: others, square"]
assert max(bare_shirts) < 0.2 < 0.8 < min(marked_others), (
    "their answer Shirt follows the square, not the shirt"
)
assert max(exam_grades["without lamp, one grey level"]) < plain_low, (
    "one planned grey level turns more answers than another seed does"
)
costs = {name: np.subtract(row[0], row[16]) for name, row in curves.items()}
assert min(costs["planned"]) > max(costs["by the toss of a coin"]) + 0.2, (
    "sixteen planned grey levels cost far more than sixteen by the toss of a coin"
)
damage_top = max(max(damage_accuracies[name]) for name in damages)
assert damage_top < min(damage_accuracies["as it is"]), (
    "every corruption costs accuracy"
)

# %% tags=["control"] claim="on photographs with the shortcut, the networks that use it have the better grade" without="the squares"
worst_marked = min(accuracy(lamp_networks, held_out.images))

# %% tags=["control"] claim="their answer Shirt follows the square, not the shirt" without="the lamp in training"
bare_shirts, marked_others = (
    accuracy(plain_networks, images, labels=SHIRT)
    for images in images_of_kind.values()
)

# %% tags=["control"] claim="one planned grey level turns more answers than another seed does" without="a plan"
tosses = np.random.default_rng(7).choice([-1.0, 1.0], exam.images.shape)
grades = accuracies_after(1, [tosses.astype("float32")] * 3, exam)
exam_grades = exam_grades | {"without lamp, one grey level": grades}

# %% [markdown]
# ## Exercises
#
# **1. Step towards.** `fast_gradient_sign` walks away from the labels that it is given. Walk *towards* the
# class `target` instead, so that the network finds it likelier. The starter walks away from `target`.
# (Likelier need not be likeliest: the solution counts how many of a hundred are then taken for bags.)


# %% tags=["starter"]
def towards(network, images, target, epsilon):
    options = {"labels": [target] * len(images), "epsilon": epsilon}
    return fast_gradient_sign(network, images, **options)


# %% [markdown] tags=["hint"]
# A step of `epsilon` along the signs makes the loss of the given labels rise. What makes it fall?

# %% tags=["check"]
BAG, photos = class_names.index("Bag"), unit(thousand_photos.images[:100])
for target, epsilon in ((BAG, 4 * LEVEL), (SHIRT, 2 * LEVEL), (0, LEVEL)):
    new_photos = towards(plain_network, photos.copy(), target, epsilon)
    in_range = 0 <= new_photos.min() <= new_photos.max() <= 1
    assert in_range, "pixels should stay from 0 to 1"
    step = np.abs(new_photos - photos)
    assert step.max() < 1.01 * epsilon, "a pixel moves more than epsilon"
    has_room = (photos > epsilon) & (photos < 1 - epsilon)
    whole_steps = np.mean(step[has_room] > 0.99 * epsilon)
    assert whole_steps > 0.8, "most grey pixels should move by epsilon"
    pair = [ask(plain_network, pixels) for pixels in (photos, new_photos)]
    gains = np.diff(tf.nn.log_softmax(pair)[..., target], axis=0)
    assert np.mean(gains >= 0) > 0.9, f"{class_names[target]}: no likelier"


# %% tags=["solution"]
def towards(network, images, target, epsilon):
    options = {"labels": [target] * len(images), "epsilon": -epsilon}
    return fast_gradient_sign(network, images, **options)


new_photos = towards(plain_network, photos, BAG, 16 * LEVEL)
(ask(plain_network, new_photos).argmax(axis=1) == BAG).sum()


# %% tags=["wrong"]
def towards(network, images, target, epsilon):
    answers = ask(network, images).argmax(axis=1)  # wherever that leads
    options = {"labels": answers, "epsilon": epsilon}
    return fast_gradient_sign(network, images, **options)


# %% tags=["wrong"]
def towards(network, images, target, epsilon):
    options = {"labels": [BAG] * len(images), "epsilon": -4 * LEVEL}
    return fast_gradient_sign(network, images, **options)


# %% tags=["wrong"]
def towards(network, images, target, epsilon):
    slope = saliency(network, images, classes=[target] * len(images))
    slope /= np.abs(slope).max()  # no sign
    return np.clip(images + epsilon * slope, 0, 1)


# %% tags=["wrong"]
def towards(network, images, target, epsilon):
    slope = saliency(network, images, classes=[target] * len(images))
    return images + epsilon * np.sign(slope)  # leaves the range of pixels


# %% [markdown]
# **2. An alarm for corners.** Return the share of a map's importance that lies in its four corners, of
# `size` by `size` pixels each. The numbers of a map may have both signs; importance is their size,
# without the sign. The starter lets the signs cancel out.


# %% tags=["starter"]
def corner_share(heat, size):
    rows = np.concatenate([heat[:size], heat[-size:]])
    return (rows[:, :size].sum() + rows[:, -size:].sum()) / heat.sum()


# %% [markdown] tags=["hint"]
# Importance is the size of a number, so take the signs away before you add anything up, in the corners and in the
# whole. And which rows and which columns meet in a corner?

# %% tags=["check"]
board = np.where(np.indices((8, 8)).sum(axis=0) % 2, -1.0, 1.0)
spots = np.zeros((6, 9))  # one spot near each corner, three elsewhere
spots[[0, 1, 5, 4, 0, 2, 3], [1, 7, 0, 8, 4, 8, 5]] = 1, -2, 3, -4, 5, -6, 9
cases = (board, 2, 0.25), (spots, 2, 1 / 3), (spots, 3, 8 / 15)
for heat, size, expected in cases:
    share = corner_share(heat, size)
    message = f"{share:.3f}, not {expected:.3f}, of\n{heat}"
    assert np.isclose(share, expected), message


# %% tags=["solution"]
def corner_share(heat, size):
    importance, edge = np.abs(heat), np.r_[:size, -size:0]
    return importance[np.ix_(edge, edge)].sum() / importance.sum()


corner_share(slopes(lamp_network, unit(suspects)[0], SHIRT), size=6)


# %% tags=["wrong"]
def corner_share(heat, size):
    return 4 * size**2 / heat.size  # the corners' share of the area


# %% tags=["wrong"]
def corner_share(heat, size):
    rows = np.concatenate([heat[:size], heat[-size:]]) ** 2
    return (rows[:, :size].sum() + rows[:, -size:].sum()) / (heat**2).sum()


# %% tags=["wrong"]
def corner_share(heat, size):
    importance = np.abs(heat)
    first = len(heat) - size  # rows and columns need not be equally many
    places = [slice(0, size), slice(first, first + size)]
    corners = [importance[r, c].sum() for r in places for c in places]
    return sum(corners) / importance.sum()


# %% tags=["wrong"]
def corner_share(heat, size):
    rows = np.abs(heat)[np.r_[:size, -size:0]]
    return rows.sum() / np.abs(heat).sum() * 2 * size / heat.shape[1]


# %% [markdown]
# **3. Another start.** Integrated gradients compare with black, so a black pixel has no share, whatever the
# network would make of something brighter. Write `shares_from(network, image, start, class_number)`: walk from
# the image `start` instead, so that the shares add up to the logit of the photograph minus that of `start`,
# and a pixel that is the same in both has the share 0. Take at least 64 steps. The starter starts at black.


# %% tags=["starter"]
def shares_from(network, image, start, class_number):
    return integrated_gradients(network, image, class_number)


# %% [markdown] tags=["hint"]
# `integrated_gradients` walks from black to what it is given, and asks whatever network it is given. Which
# picture is the whole way, from `start` to the image, and what must the network see at each place on it?

# %% tags=["check"]
shirt_image, white_image = unit(suspects)[0], np.ones((28, 28), "float32")
half_white = np.where(np.arange(28) < 14, white_image, shirt_image)
for start in (half_white, white_image, 0 * white_image):
    shares = np.array(shares_from(plain_network, shirt_image, start, SHIRT))
    ends = ask(plain_network, np.stack([shirt_image, start]))[:, SHIRT]
    gap = abs(shares.sum() - (ends[0] - ends[1]))
    limit = 0.05 * np.abs(ends).max() + 0.1
    assert gap < limit, f"the sum is off by {gap:.2f}"
    assert not shares[shirt_image == start].any(), "same, but with a share"


# %% tags=["solution"]
def shares_from(network, image, start, class_number):
    def from_start(path):
        return network(start + path)

    return integrated_gradients(from_start, image - start, class_number)


first_shirt = unit(plain_shirts[0])
shares = shares_from(lamp_network, first_shirt, white_image, SHIRT)
shares[:6, :6].sum()


# %% tags=["wrong"]
def shares_from(network, image, start, class_number):
    ends = (image, start)  # complete, but by two ways through black
    shares = [integrated_gradients(network, x, class_number) for x in ends]
    return shares[0] - shares[1]


# %% tags=["wrong"]
def shares_from(network, image, start, class_number):
    return (image - start) * slopes(network, image, class_number)


# %% tags=["wrong"]
def shares_from(network, image, start, class_number):
    middles = (np.arange(128, dtype="float32") + 0.5) / 128
    path = tf.constant(start + middles[:, None, None] * (image - start))
    with tf.GradientTape() as tape:
        tape.watch(path)
        logits = network(path)[:, class_number]
    mean_slope = tf.reduce_mean(tape.gradient(logits, path), axis=0)
    return image * mean_slope.numpy()  # not the difference


# %% [markdown]
# This shirt has no square. Compared with black, its corner has no share; compared with white, it has: there is
# something missing that the network looks for. What a map can show depends on what you compare with.

# %% [markdown]
# ## Questions
#
# Five questions on what this page has shown, each answer with its reason.

# %% [markdown] tags=["question"]
# Give the tiny linear network another picture: on the diagonal its weights are 3, 1, −2 and 1, the pixels now 0, 2,
# 1 and 3, and all the rest is 0. Which pixel is strongest in the saliency map, and which in the occlusion map?
#
# - saliency: the first; occlusion: the last
#     - Saliency is the slopes, and 3 is the steepest. Occlusion is weight times pixel: 0 for the first, which is
#       black, and 3 for the last.
# - saliency: the first; occlusion: the first
#     - A large weight on a black pixel *could* change the logit. It has not made it what it is: covering black with
#       black changes nothing.
# - saliency: the last; occlusion: the last
#     - That pixel contributes the most to the logit, 3. But its weight is only 1: a change of the first pixel
#       moves the logit three times as far.
# - saliency: the last; occlusion: the first
#     - The other way round. It is occlusion that asks what is in the picture, and saliency that asks what could be.

# %% tags=["question"]
new_picture = np.diag(np.array([0, 2, 1, 3], "float32"))
slope_sizes = np.abs(slopes(tiny_network, new_picture, 0))
covered = occlusion(tiny_network, new_picture[None], classes=[0], size=1)[0]
steepest, largest = slope_sizes.argmax(), np.abs(covered).argmax()
first, last = 0, 15  # places in the flattened picture
[
    (steepest, largest) == (first, last),
    (steepest, largest) == (first, first),
    (steepest, largest) == (last, last),
    (steepest, largest) == (last, first),
]

# %% [markdown] tags=["question"]
# On a shirt *without* the square, the maps of a network with the lamp say hardly anything about the corner. Does
# that network use the corner? You put the square on bags and ask. What do you expect?
#
# - It calls most of them shirts.
#     - The map has shown one answer about one photograph, and what is missing from the photograph was missing from
#       the map, too. The experiment shows the shortcut.
# - It calls most of them bags.
#     - It would, if the maps without the square told all. They say what made *that* answer, not what the
#       network can be made to answer.
# - It is right about half of them.
#     - Then square and bag would weigh the same. In training, the square decided about shirts in every single case.

# %% tags=["question"]
marked_bags = mark(held_out.images[labels == BAG])
called_shirt = np.mean(accuracy(lamp_networks, marked_bags, labels=SHIRT))
called_bag = np.mean(accuracy(lamp_networks, marked_bags, labels=BAG))
[called_shirt > 0.7, called_bag > 0.7, 0.3 < called_bag < 0.7]

# %% [markdown] tags=["question"]
# The shares of integrated gradients add up to the rise of the logit above that of black. Now make all weights
# random. What becomes of the shares, and of their map?
#
# - They still add up, and the map looks much the same.
#     - Adding up is a property of the method, for any weights. And since each share is a multiple of its pixel, the
#       map shows the garment, whatever the network knows.
# - They still add up, and the map falls apart.
#     - That is how a map behaves that is about the network. This one has the photograph in it as a factor.
# - They no longer add up.
#     - They add up to *this* network's logit, trained or not. That they do says nothing about what was learned.

# %% tags=["question"]
keras.utils.set_random_seed(7)
blank = randomise_layers(plain_network, LAYERS)
boot_pixels, black = unit(twenty_photos[boot]), np.zeros((1, 28, 28))
rise = ask(blank, boot_pixels[None])[0, 9]
rise -= ask(blank, black.astype("float32"))[0, 9]
total = integrated_gradients(blank, boot_pixels, 9, 256).sum()
adds_up = abs(total - rise) < 0.05 * abs(rise) + 0.05
alike = likenesses["integrated gradients"][:, -1].mean()
[adds_up and alike > 0.7, adds_up and alike < 0.5, not adds_up]

# %% [markdown] tags=["question"]
# A linear network has a weight of 1 or −1 for each of 784 pixels. Every pixel moves by one grey level of 255, up
# where the weight is 1, down where it is −1. How far does the logit move?
#
# - by `{python} f"{784 * LEVEL:.1f}"`
#     - Each pixel does next to nothing, but all of them pull the same way: 784 times a 255th.
# - by `{python} f"{28 * LEVEL:.1f}"`
#     - That is how far it moves, give or take, if a coin decides each direction: most pushes cancel out, and
#       the root of 784 is left.
# - by `{python} f"{LEVEL:.3f}"`
#     - That is what one pixel does. The logit is a sum over all of them.

# %% tags=["question"]
signs_of_784 = np.random.default_rng(7).choice([-1.0, 1.0], 784)
push = signs_of_784 @ (LEVEL * np.sign(signs_of_784))
[
    np.isclose(push, 784 * LEVEL),
    np.isclose(push, 28 * LEVEL),
    np.isclose(push, LEVEL),
]

# %% [markdown] tags=["question"]
# Another shop, without such a lamp, wants to buy a network that was trained with the squares. Which number says what
# it will get?
#
# - `{python} f"{means['with lamp, no squares']:.1f}"` of 100 are right
#     - The network that is bought, on photographs of the kind that it will meet.
# - `{python} f"{means['with lamp, squares']:.1f}"` of 100 are right
#     - The right network, on the wrong photographs. They have the same shortcut as the training, so this grade
#       cannot see it.
# - `{python} f"{means['without lamp']:.1f}"` of 100 are right
#     - The right photographs, and another network: one that never learned to rely on the square.

# %% tags=["question"]
fresh = thousand_photos
in_new_shop = accuracy(lamp_networks, fresh.images, fresh.labels)
distance = {
    n: abs(m - 100 * np.mean(in_new_shop)) for n, m in means.items()
}
nearest = min(
    ("with lamp, no squares", "with lamp, squares"), key=distance.get
)
[
    nearest == "with lamp, no squares",
    nearest == "with lamp, squares",
    distance["without lamp"] < distance[nearest],
]

# %% [markdown]
# ## What to remember
#
# - A grade on data with the same shortcut cannot see the shortcut. A map may raise the suspicion;
#   only an experiment proves it.
# - Saliency asks what would change the answer, occlusion what the answer rests on, Grad-CAM where the
#   feature maps that speak for the class are strong, integrated gradients how the logit divides among the
#   pixels. They need not agree, and each answers for one class.
# - Before you believe a map, make the weights random. What looks the same then is about the photograph,
#   not about the network.
# - Changes too small to see can turn answers, if they are planned.
# - Test what you will meet: noise, blur, another angle, another room.
#
# ## Where next
#
# Altered copies of the training photographs are a first cure for what corruptions show:
# [Augmentation](augmentation.md) makes them. How sure a network is of pictures that are no
# clothing at all is a question for [How sure?](../networks/how-sure.md).
#
# ## Sources
#
# - K. Simonyan, A. Vedaldi and A. Zisserman, Deep Inside Convolutional Networks, 2013,
#   [arXiv:1312.6034](https://arxiv.org/abs/1312.6034): saliency. M. D. Zeiler and R. Fergus, Visualizing and
#   Understanding Convolutional Networks, 2013, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901): occlusion.
# - R. R. Selvaraju et al., Grad-CAM, 2016, [arXiv:1610.02391](https://arxiv.org/abs/1610.02391).
# - M. Sundararajan, A. Taly and Q. Yan, Axiomatic Attribution for Deep Networks, 2017,
#   [arXiv:1703.01365](https://arxiv.org/abs/1703.01365): integrated gradients, and why they are complete.
# - J. Adebayo et al., Sanity Checks for Saliency Maps, 2018,
#   [arXiv:1810.03292](https://arxiv.org/abs/1810.03292): make the weights random.
# - I. J. Goodfellow, J. Shlens and C. Szegedy, Explaining and Harnessing Adversarial Examples, 2014,
#   [arXiv:1412.6572](https://arxiv.org/abs/1412.6572): the fast gradient sign method.
