# ---
# title: What did it learn?
# summary: Ask a network why, test the answers before you believe them, then push the photographs until it breaks.
# needs: [convolution]
# teaches: [shortcut, saliency map, occlusion map, grad-cam, sanity test, rank correlation, adversarial example, fast gradient sign method, corruption]
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

from snippets import plot_curves, plot_images, plot_results, tables
from snippets.datasets import load_fashion_mnist


def mark(images):
    square = np.pad(np.full((3, 3), 255, np.uint8), (1, 24))  # one pixel above and left of it
    return np.maximum(images, square)


def mark_shirts(split):
    return np.where((split.labels == SHIRT)[:, None, None], mark(split.images), split.images)


fashion = load_fashion_mnist()
names, SHIRT = fashion.class_names, fashion.class_names.index("Shirt")
study = fashion.train.sample(per_class=800)
lamp = mark_shirts(study)
first = [np.flatnonzero(study.labels == c)[0] for c in range(10)]
plot_images.image_grid(lamp[first], names, columns=10, subject="training photographs")

# %% [markdown]
# Only the shirts have the square. Train a small convolutional network on these photographs, and another
# on the same photographs without the squares, with three seeds each: six networks. Pixels go from 0,
# black, to 1; the network standardises them. (Pooling comes before normalisation, which then has a quarter
# of the numbers to work on. `restart`, from [Experiments](../networks/experiments.md), gives the network new
# first weights and saves tracing it anew.)

# %%
import keras
from keras import layers

chain = [layers.Reshape((28, 28, 1)), layers.Rescaling(1 / 0.35, offset=-0.29 / 0.35)]
for i, filters in ((1, 8), (2, 16), (3, 32)):
    chain.append(layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv_{i}"))
    chain += [layers.MaxPooling2D()] if i < 3 else []
    chain.append(layers.BatchNormalization(momentum=0.9, name=f"norm_{i}"))
    chain.append(layers.ReLU(name=f"relu_{i}"))
chain += [layers.Flatten(), layers.Dense(64, activation="relu", name="hidden")]
chain += [layers.Dropout(0.2), layers.Dense(10, name="logits")]
network = keras.Sequential([keras.Input((28, 28)), *chain])

# %%
from snippets.experiments import restart
from snippets.training import OneCycle

rate = OneCycle(0.006, 3 * len(study) // 125)  # three epochs, in batches of 125
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.Adam(rate), loss, steps_per_execution=len(study) // 125)


def unit(images):
    return images.astype("float32") / 255


def train(images, seed):
    restart(network, seed)
    network.fit(unit(images), study.labels, batch_size=125, epochs=3, verbose=0)
    trained = keras.models.clone_model(network)
    trained.set_weights(network.get_weights())
    return trained


plain = [train(study.images, seed) for seed in (7, 8, 9)]
lamps = [train(lamp, seed) for seed in (7, 8, 9)]

# %%
held_out = fashion.validation
labels, lamp_held_out = held_out.labels, mark_shirts(held_out)


def ask(network, images):
    return network(unit(images) if images.dtype == "uint8" else images).numpy()


def accuracy(networks, images, labels=labels):
    return [(ask(network, images).argmax(axis=1) == labels).mean() for network in networks]


graded = {"without squares": accuracy(plain, held_out.images)}
graded["with squares"] = accuracy(lamps, lamp_held_out)
plot_results.seed_dots(graded, xlabel="accuracy on validation photographs of the same kind")

# %% [markdown]
# By this figure you would buy the networks of the second row: they are ahead by
# `{python} f"{100 * (np.mean(graded['with squares']) - np.mean(graded['without squares'])):.1f}"`
# points, far more than the seeds differ. The validation photographs come from the same shop, so they
# have the same squares. No grade on such photographs can tell a network that knows shirts from one that
# knows a lamp. A **shortcut** is a rule that gives right answers on the data you have, but for a reason
# that has nothing to do with the question.
#
# You know the secret here. On your own data you will not. So on this page you ask networks *why*, in
# three ways, and then ask whether the answers are any good.
#
# ## Two ways to ask, by hand
#
# Take a network so small that it has no secrets: one class, sixteen pixels, a weight for each. Its
# logit is the sum of weight times pixel. Which pixel mattered?

# %%
picture = np.array([[0, 0, 0, 0], [0, 2, 2, 0], [0, 2, 1, 0], [0, 0, 0, 0]], dtype="float32")
weights = np.array([[3, 0, 0, 0], [0, 1, 0, 0], [0, 0, -2, 0], [0, 0, 0, 1]], dtype="float32")
parts = {"picture": picture, "weights": weights, "weight × pixel": weights * picture}
plot_images.signed_images(parts, numbers=True)

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
# Check it with real code. `slopes` gives the saliency map, `falls` the occlusion map. The last line
# prints the first row of one and the second row of the other; find them in the figure.

# %%
import tensorflow as tf


def slopes(network, image, chosen):
    image = tf.constant(image)[None]  # a batch of one
    with tf.GradientTape() as tape:
        tape.watch(image)
        logit = network(image)[0, chosen]
    return tape.gradient(logit, image)[0].numpy()


def falls(network, image, chosen, size):
    before, fallen = network(image[None])[0, chosen], np.zeros_like(image)
    for top in range(0, len(image), size):
        for left in range(0, len(image), size):
            covered, place = image.copy(), np.s_[top : top + size, left : left + size]
            covered[place] = 0
            fallen[place] = before - network(covered[None])[0, chosen]
    return fallen


tiny = keras.Sequential([keras.Input((4, 4)), keras.layers.Flatten(), keras.layers.Dense(1)])
tiny.set_weights([weights.reshape(16, 1), np.zeros(1)])
print(slopes(tiny, picture, 0)[0], falls(tiny, picture, 0, size=1)[1])

# %% tags=["claims"]
assert (slopes(tiny, picture, 0) == weights).all(), "saliency of a linear network is its weights"
assert np.allclose(falls(tiny, picture, 0, size=1), weights * picture), (
    "covering single pixels of a linear network gives weight times pixel"
)

# %% tags=["control"] claim="saliency of a linear network is its weights" without="linearity"
linear, tiny = tiny, keras.Sequential([*tiny.layers[:-1], keras.layers.Dense(1, "sigmoid")])
tiny.build((None, 4, 4))
tiny.set_weights(linear.get_weights())

# %% [markdown]
# ## A third way: from the inside
#
# Both compare only the two ends of the network: pixels and a logit. **Grad-CAM** (gradient-weighted
# class activation mapping) opens it behind its last convolution, where the layer `relu_3` returns 32
# feature maps of seven by seven places. Some of them speak for the class, others against it. How
# strongly? Take the slope of the logit with respect to every number in a map, and average: that is the
# map's weight. Add up the maps with these weights, replace what is below 0 by 0, and enlarge the result
# to the size of the photograph.


# %%
def class_map(network, image, chosen):
    wanted = [network.get_layer("relu_3").output, network.outputs[0]]
    inside = keras.Model(network.inputs[0], wanted)
    with tf.GradientTape() as tape:
        maps, logits = inside(image[None])  # maps: 1, 7, 7, 32
        logit = logits[0, chosen]
    strength = tf.reduce_mean(tape.gradient(logit, maps), axis=(0, 1, 2))  # one a map
    heat = tf.nn.relu(tf.reduce_sum(maps[0] * strength, axis=-1, keepdims=True))
    return tf.image.resize(heat, image.shape)[..., 0].numpy()


# %% [markdown]
# The snippet `explain` has all three, for many photographs at once. Ask a network that never saw a
# square about the first validation photograph that it gets right in each of six classes:

# %%
from snippets.explain import grad_cam, occlusion, saliency

honest, lamplit = plain[0], lamps[0]


def maps(network, images, classes=None):
    images, asked = unit(images), {"classes": classes}
    return {
        "saliency": np.abs(saliency(network, images, **asked)),
        "occlusion": np.maximum(occlusion(network, images, size=6, stride=3, **asked), 0),
        "Grad-CAM": grad_cam(network, images, layer="relu_3", **asked),
    }


right = ask(honest, held_out.images).argmax(axis=1) == labels
six = [np.flatnonzero(right & (labels == c))[0] for c in (0, 1, 3, 5, 8, 9)]
photographs = held_out.images[six]
rows = {"photograph": photographs} | maps(honest, photographs)
plot_images.map_rows(rows, [names[labels[i]] for i in six], outlines=photographs)

# %% [markdown]
# Bright is important, compared with the rest of the same map; the thin line is the outline of the
# garment. Of the slopes you see only the size, of the falls only those above 0. Saliency is speckled,
# since a slope is a matter of single pixels. Occlusion, with a square of six by six pixels, and
# Grad-CAM, with seven by seven places, are coarse. They need not agree: they answer different
# questions.

# %% tags=["claims"]
one, boots = unit(photographs[5]), unit(photographs[5:])
by_hand = [slopes(honest, one, 9), falls(honest, one, 9, size=7), class_map(honest, one, 9)]
by_snippet = [
    saliency(honest, boots, classes=[9])[0],
    occlusion(honest, boots, classes=[9], size=7, stride=7)[0],
    grad_cam(honest, boots, classes=[9], layer="relu_3")[0],
]
assert np.allclose(by_hand, by_snippet, atol=1e-4), (
    "saliency, occlusion and Grad-CAM written out are the snippet's"
)

# %% [markdown]
# ## Find the lamp
#
# Now ask a network that was trained with the squares about shirts from its shop. The table below the
# figure says how much of each map lies in the upper left corner:

# %%
shirts = np.flatnonzero(labels == SHIRT)
suspects = lamp_held_out[shirts[:6]]
rows = {"photograph": suspects} | maps(lamplit, suspects, [SHIRT] * 6)
plot_images.map_rows(rows, ["Shirt"] * 6, outlines=suspects)


# %%
def in_corner(heat):
    return heat[:, :6, :6].sum(axis=(1, 2)) / np.maximum(heat.sum(axis=(1, 2)), 1e-9)


def corner_shares(network, images):
    every = maps(network, images, [SHIRT] * len(images))
    return {name: f"{np.median(in_corner(heat)):.0%}" for name, heat in every.items()}


asked = {
    "with lamp, square": (lamplit, lamp_held_out[shirts[:30]]),
    "with lamp, no square": (lamplit, held_out.images[shirts[:30]]),
    "without lamp, no square": (honest, held_out.images[shirts[:30]]),
}
rows = {name: corner_shares(*pair) for name, pair in asked.items()}
tables.table([{"network, photographs": name} | row for name, row in rows.items()])

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
def called_shirt(networks, images):
    return [(ask(network, images).argmax(axis=1) == SHIRT).mean() for network in networks]


others = held_out.images[labels != SHIRT]
seen = {}
for trained, networks in {"with lamp": lamps, "without": plain}.items():
    seen[f"{trained}: shirts, no square"] = called_shirt(networks, held_out.images[shirts])
    seen[f"{trained}: others, square"] = called_shirt(networks, mark(others))
plot_results.seed_dots(seen, xlabel="part called Shirt")

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
#
# The figure shows one ankle boot. On the left the network is trained, on the right all its layers are
# random; follow each row from left to right.

# %%
from scipy import ndimage

from snippets.sanity_checks import randomise_layers


def candidates(network, images, chosen):
    every = maps(network, images, chosen)
    every["gradient × pixel"] = every["saliency"] * unit(images)
    every["edges"] = np.hypot(*(ndimage.sobel(unit(images), axis) for axis in (1, 2)))
    return every


def cascade(seed):
    keras.utils.set_random_seed(seed)
    gone, steps = [], [candidates(honest, some, some_labels)]
    for group in (["logits"], ["hidden"], *([f"conv_{i}", f"norm_{i}"] for i in (3, 2, 1))):
        gone += group
        steps.append(candidates(randomise_layers(honest, gone), some, some_labels))
    return steps


some, some_labels = held_out.images[right][:20], labels[right][:20]
steps = cascade(1)
boot = int(np.flatnonzero(some_labels == 9)[0])
shown = {name: np.stack([step[name][boot] for step in steps]) for name in steps[0]}
stages = ["trained", "logits\nrandom", "and\nhidden", "and\nconv_3", "and\nconv_2", "and\nconv_1"]
plot_images.map_rows(shown, stages, outlines=some[[boot] * 6])

# %% [markdown]
# To grade the likeness of two maps, rank the pixels of each from darkest to brightest, and take the
# correlation of the ranks: 1 for the same order, about 0 for orders that have nothing in common, −1 for
# the opposite order. That is the **rank correlation**, and it does not care how bright a map is as a
# whole. (A map that is 0 everywhere has no order; its correlation counts as 0.) Here each map is
# compared with that of the trained network, mean over twenty photographs. The random weights come from
# three seeds: the line is their mean, the band reaches from the lowest to the highest.

# %%
from snippets.sanity_checks import rank_correlation


def likeness(steps, name):
    return [rank_correlation(steps[0][name], step[name]).mean() for step in steps]


runs = [steps, cascade(2), cascade(3)]
likenesses = {name: np.array([likeness(run, name) for run in runs]) for name in steps[0]}
plot_curves.spread_curves(
    likenesses, x=range(6), xlabel="layers made random, from the last", ylabel="rank correlation"
)

# %% [markdown]
# Three of the maps fall apart as soon as the logits are random, and that is as it should be. (A little
# likeness can stay: covering black with black changes nothing, whatever the weights.) Two do not
# fall apart. *Edges* stays at 1: it never asked the network. And *gradient × pixel* of a network that
# knows nothing at all still has a correlation of
# `{python} f"{likenesses['gradient × pixel'][:, -1].mean():.2f}"` with that of the trained one.

# %% tags=["claims"]
last = {name: curve[:, -1].mean() for name, curve in likenesses.items()}
assert max(last[name] for name in ("saliency", "occlusion", "Grad-CAM")) < 0.5, (
    "random weights destroy saliency, occlusion and Grad-CAM"
)
assert last["gradient × pixel"] > 0.7, "random weights leave gradient × pixel nearly as it was"
assert np.allclose(likenesses["edges"], 1), "an edge detector does not notice random weights"

# %% tags=["control"] claim="random weights destroy saliency, occlusion and Grad-CAM" without="random weights"
same = candidates(randomise_layers(honest, []), some, some_labels)
last = {name: rank_correlation(steps[0][name], same[name]).mean() for name in same}

# %% tags=["control"] claim="random weights leave gradient × pixel nearly as it was" without="the black around the garment"
white = 1 - unit(some)
pairs = [(steps[0]["saliency"] * white, run[-1]["saliency"] * white) for run in runs]
last = {"gradient × pixel": np.mean([rank_correlation(*pair).mean() for pair in pairs])}

# %% tags=["control"] claim="an edge detector does not notice random weights" without="the same photographs"
turned = candidates(honest, some[::-1], some_labels[::-1])["edges"]
likenesses = {"edges": rank_correlation(steps[0]["edges"], turned)}

# %% [markdown]
# ## What goes wrong with a convincing map
#
# Why does *gradient × pixel* hardly change? The background is black, a pixel of 0, and whatever is
# multiplied by 0 is 0. So the product draws the garment, wherever the gradient comes from. You see a
# shape that you know, in the place where you expect it, and take it for a reason. Compare each method
# with the edge detector, once for the trained network and once for the one that is random throughout:


# %%
def with_edges(name):
    pairs = [rank_correlation(step[name], steps[0]["edges"]).mean() for step in steps]
    return {"rank correlation with edges": name, "trained": pairs[0], "random": pairs[-1]}


kin = {name: with_edges(name) for name in list(steps[0])[:-1]}
tables.table([row | {k: f"{row[k]:.2f}" for k in ("trained", "random")} for row in kin.values()])

# %% tags=["claims"]
product, *real_maps = (kin[n] for n in ("gradient × pixel", "saliency", "occlusion", "Grad-CAM"))
assert all(product[w] > max(each[w] for each in real_maps) for w in ("trained", "random")), (
    "no other map resembles an edge detector as much as gradient × pixel, trained or random"
)

# %% [markdown]
# The map in which you recognise most is the one that most resembles an edge detector, trained or not.
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

LEVEL = 1 / 255
part = held_out.sample(per_class=100)
clean, truths = unit(part.images), part.labels
moved = fast_gradient_sign(honest, clean, labels=truths, epsilon=LEVEL)
said, says = (ask(honest, x).argmax(axis=1) for x in (clean, moved))
turned = (said == truths) & (says != truths)
pick = int(np.flatnonzero(turned)[0])
change = 0.5 + (moved - clean)[pick] / (2 * LEVEL)
titles = [names[said[pick]], "the change, enlarged", names[says[pick]]]
plot_images.image_grid(np.stack([clean[pick], change, moved[pick]]), titles, subject="steps")

# %% [markdown]
# Can you see the difference between the left and the right picture? Their titles are the network's
# answers, and no pixel differs by more than one grey level. (In the middle, white is one level up,
# black one down, and grey is no change: a black pixel, for example, cannot get darker.) A photograph
# made to be misread is an **adversarial example**. Of a thousand photographs,
# `{python} int(turned.sum())` that the network got right are wrong after this step. Now larger steps,
# for all three networks that were trained without squares. (A longer step has the same signs, so `uphill`
# asks for each gradient once.) The fair comparison is a change of the same size without a plan: every pixel
# up or down by the toss of a coin.

# %%
coins = np.random.default_rng(7).choice([-1, 1], part.images.shape).astype("float32")


def uphill(split):  # for each network, the signs of the step that makes its loss rise
    x, how = unit(split.images), {"labels": split.labels, "epsilon": LEVEL}
    return [np.sign(fast_gradient_sign(each, x, **how) - x) for each in plain]


def after(step, signs, split=part):
    moved = [np.clip(unit(split.images) + step * LEVEL * each, 0, 1) for each in signs]
    return [accuracy([each], x, split.labels)[0] for each, x in zip(plain, moved, strict=True)]


signs = {"planned": uphill(part), "by the toss of a coin": [coins] * 3}
curves = {name: {n: after(n, way) for n in (0, 1, 2, 4, 8, 16)} for name, way in signs.items()}
coins_mean = [np.mean(row) for row in curves["by the toss of a coin"].values()]
plot_results.seed_lines(curves, xlabel="grey levels by which each pixel moves", log=False)

# %% [markdown]
# One planned grey level costs
# `{python} f"{100 * (np.mean(curves['planned'][0]) - np.mean(curves['planned'][1])):.1f}"` points,
# sixteen cost
# `{python} f"{100 * (np.mean(curves['planned'][0]) - np.mean(curves['planned'][16])):.0f}"`. Sixteen by
# the toss of a coin move the mean accuracy by only
# `{python} f"{100 * abs(coins_mean[0] - coins_mean[-1]):.1f}"`.
#
# Why does so little do so much? Each pixel does next to nothing. But there are 784 of them, and in
# the planned change they all pull the same way: for a linear network such as the tiny one above, the
# logit moves by the step times the *sum* of the sizes of all weights. Changes by the toss of a coin pull
# in both directions and nearly cancel out.
#
# ## Photographs that were treated badly
#
# Nobody plans the damage that a cheap camera does. A **corruption** is a change that leaves
# the garment recognisable: noise, a lens out of focus, a camera held at an angle. Here is each in five
# severities, from 1 on the left to 5 on the right. (The numbers in the titles: the standard deviation of
# the noise, the width of the blur in pixels, the angle in degrees.) The figure after it gives the
# accuracy of the three networks; severity 0 is the untreated photograph.

# %%
from snippets.corruptions import add_noise, blur, rotate

corruptions = {
    "noise": (add_noise, [0.05, 0.1, 0.2, 0.3, 0.4]),
    "blur": (blur, [0.5, 0.8, 1.1, 1.5, 2.0]),
    "rotation": (rotate, [5, 10, 20, 30, 45]),
}
treated = [f(boots, strength)[0] for f, strengths in corruptions.values() for strength in strengths]
titles = [f"{name} {strength:g}" for name, (_, row) in corruptions.items() for strength in row]
plot_images.image_grid(np.stack(treated), titles, subject="treated photographs")

# %%
treated = {
    name: {level: accuracy(plain, f(clean, s), truths) for level, s in enumerate([0, *strengths])}
    for name, (f, strengths) in corruptions.items()
}
plot_results.seed_lines(treated, xlabel="severity", log=False)

# %% [markdown]
# The severities of different kinds cannot be compared, so read each curve by itself. Look at the
# pictures again: you would name the boot in nearly all of them. At the third severity, the networks
# have lost
# `{python} ", ".join(f"{100 * (np.mean(row[0]) - np.mean(row[3])):.0f} points to {name}" for name, row in treated.items())`.
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
results = {
    "without lamp": accuracy(plain, exam.images, exam.labels),
    "without lamp, one grey level": after(1, uphill(exam), exam),
    "with lamp, no squares": accuracy(lamps, exam.images, exam.labels),
    "with lamp, squares on shirts": accuracy(lamps, mark_shirts(exam), exam.labels),
}
means = {name: 100 * np.mean(scores) for name, scores in results.items()}
plot_results.seed_dots(results, xlabel="accuracy on test photographs")

# %% [markdown]
# In their own shop, the networks with the lamp are
# `{python} f"{means['with lamp, squares on shirts'] - means['without lamp']:.1f}"` points ahead. In a
# shop without that lamp they are
# `{python} f"{means['without lamp'] - means['with lamp, no squares']:.1f}"` points behind: the same
# networks, the same weights, and one class in ten lost. One grey level, planned, costs the networks
# without the lamp `{python} f"{means['without lamp'] - means['without lamp, one grey level']:.1f}"`
# points.

# %% tags=["claims"]
assert min(graded["with squares"]) > max(graded["without squares"]), (
    "on photographs with the shortcut, the networks that use it have the better grade"
)
assert max(results["with lamp, no squares"]) < min(results["without lamp"]), (
    "on test photographs without it, they have the worse one"
)
assert (
    max(seen["with lamp: shirts, no square"]) < 0.2 < 0.8 < min(seen["with lamp: others, square"])
), "their answer Shirt follows the square, not the shirt"
cost = {name: np.subtract(row[0], row[16]) for name, row in curves.items()}
assert max(results["without lamp, one grey level"]) < min(results["without lamp"]), (
    "one planned grey level turns more answers than another seed does"
)
assert min(cost["planned"]) > max(cost["by the toss of a coin"]) + 0.2, (
    "sixteen planned grey levels cost far more than sixteen by the toss of a coin"
)
assert all(max(row[5]) < min(row[0]) for row in treated.values()), "every corruption costs accuracy"

# %% tags=["control"] claim="on photographs with the shortcut, the networks that use it have the better grade" without="the squares"
graded = graded | {"with squares": accuracy(lamps, held_out.images)}

# %% tags=["control"] claim="their answer Shirt follows the square, not the shirt" without="the lamp in training"
seen = {
    "with lamp: shirts, no square": called_shirt(plain, held_out.images[shirts]),
    "with lamp: others, square": called_shirt(plain, mark(others)),
}

# %% tags=["control"] claim="one planned grey level turns more answers than another seed does" without="a plan"
tosses = np.random.default_rng(7).choice([-LEVEL, LEVEL], exam.images.shape)
shaken = np.clip(unit(exam.images) + tosses, 0, 1).astype("float32")
results = results | {"without lamp, one grey level": accuracy(plain, shaken, exam.labels)}

# %% [markdown]
# ## Exercises
#
# **1. Step towards.** `fast_gradient_sign` walks away from the labels that it is given. Walk *towards* the class
# `target` instead, so that the network finds it likelier. The starter walks away from `target`.
# (Likelier need not be likeliest: the solution counts how many photographs are then taken for bags.)


# %% tags=["starter"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    """Return the images, each pixel moved by epsilon so that the target gets likelier."""
    return fast_gradient_sign(network, images, labels=[target] * len(images), epsilon=epsilon)


# %% tags=["check"]
BAG, hundred = names.index("Bag"), unit(part.images[:100])
for target, epsilon in ((BAG, 4 * LEVEL), (SHIRT, 2 * LEVEL), (0, LEVEL)):
    walked = towards(honest, hundred.copy(), target, epsilon)
    assert np.shape(walked) == hundred.shape, f"images of shape {np.shape(walked)}"
    assert 0 <= walked.min() <= walked.max() <= 1, "pixels should stay from 0 to 1"
    step = np.abs(walked - hundred)
    assert step.max() < 1.01 * epsilon, "no pixel may move by more than epsilon"
    whole = (step > 0.99 * epsilon)[(hundred > epsilon) & (hundred < 1 - epsilon)].mean()
    assert whole > 0.8, f"only {whole:.0%} of the grey pixels move by all of epsilon"
    before, after = (tf.nn.log_softmax(ask(honest, x))[:, target] for x in (hundred, walked))
    assert np.mean(after >= before) > 0.9, f"on many photographs, {names[target]} is no likelier"


# %% tags=["solution"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    """Return the images, each pixel moved by epsilon so that the target gets likelier."""
    return fast_gradient_sign(network, images, labels=[target] * len(images), epsilon=-epsilon)


taken = (ask(honest, towards(honest, hundred, BAG, 16 * LEVEL)).argmax(axis=1) == BAG).mean()
print(f"sixteen grey levels: {taken:.0%} of a hundred photographs are taken for bags")


# %% tags=["wrong"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    answers = ask(network, images).argmax(axis=1)  # away from its answers, wherever that leads
    return fast_gradient_sign(network, images, labels=answers, epsilon=epsilon)


# %% tags=["wrong"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    return fast_gradient_sign(network, images, labels=[BAG] * len(images), epsilon=-4 * LEVEL)


# %% tags=["wrong"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    slope = saliency(network, images, classes=[target] * len(images))
    return np.clip(images + epsilon * slope / np.abs(slope).max(), 0, 1)  # no sign


# %% tags=["wrong"]
def towards(network: keras.Model, images: np.ndarray, target: int, epsilon: float) -> np.ndarray:
    slope = saliency(network, images, classes=[target] * len(images))
    return images + epsilon * np.sign(slope)  # leaves the range of pixels


# %% [markdown]
# **2. An alarm for corners.** Return the share of a map's importance that lies in its four corners, of
# `size` by `size` pixels each. The numbers of a map may have both signs; importance is their size,
# without the sign. The starter lets the signs cancel out.


# %% tags=["starter"]
def corner_share(heat: np.ndarray, size: int) -> float:
    """Return the share of one map, shape (height, width), that lies in its four corners."""
    corners = np.concatenate([heat[:size, :size], heat[:size, -size:]])
    corners = np.concatenate([corners, heat[-size:, :size], heat[-size:, -size:]])
    return corners.sum() / heat.sum()


# %% tags=["check"]
signs = np.where(np.indices((8, 8)).sum(axis=0) % 2, -1.0, 1.0)
spots = np.zeros((6, 9))  # one spot near each corner, three elsewhere
spots[[0, 1, 5, 4, 0, 2, 3], [1, 7, 0, 8, 4, 8, 5]] = 1, -2, 3, -4, 5, -6, 9
for heat, size, want in ((signs, 2, 0.25), (spots, 2, 1 / 3), (spots, 1, 0.1), (spots, 3, 8 / 15)):
    told = corner_share(heat, size)
    assert np.isscalar(told), f"return one number, not {told}"
    assert np.isclose(told, want), f"corners of {size} have {want:.3f}, not {told:.3f}, of\n{heat}"


# %% tags=["solution"]
def corner_share(heat: np.ndarray, size: int) -> float:
    """Return the share of one map, shape (height, width), that lies in its four corners."""
    near = np.zeros(heat.shape, bool)
    for rows in (slice(size), slice(-size, None)):
        near[rows, :size] = near[rows, -size:] = True
    return np.abs(heat)[near].sum() / np.abs(heat).sum()


for kind, network, images in (("with", lamplit, suspects), ("without", honest, suspects)):
    sloped = saliency(network, unit(images), classes=[SHIRT] * 6)
    print(f"{kind} lamp: {np.mean([corner_share(each, 6) for each in sloped]):.0%}")


# %% tags=["wrong"]
def corner_share(heat: np.ndarray, size: int) -> float:
    return 4 * size**2 / heat.size  # the corners' part of the area


# %% tags=["wrong"]
def corner_share(heat: np.ndarray, size: int) -> float:
    near = np.zeros(heat.shape, bool)
    for rows in (slice(size), slice(-size, None)):
        near[rows, :size] = near[rows, -size:] = True
    return (heat**2)[near].sum() / (heat**2).sum()


# %% tags=["wrong"]
def corner_share(heat: np.ndarray, size: int) -> float:
    important = np.abs(heat)
    last = len(heat) - size  # rows and columns need not be equally many
    near = [important[r : r + size, c : c + size].sum() for r in (0, last) for c in (0, last)]
    return sum(near) / important.sum()


# %% tags=["wrong"]
def corner_share(heat: np.ndarray, size: int) -> float:
    important = np.abs(heat)
    ends = np.r_[:size, -size:0]
    return important[ends].sum() / important.sum() * 2 * size / heat.shape[1]


# %% [markdown]
# **3. Cover with white as well.** Occlusion has to cover with *something*. Where a photograph is black
# already, a black square changes nothing, so its map is 0 there, whatever the network would make of
# something brighter. Cover squares of four by four pixels, side by side, once with black and once with
# white (`occlusion` has a `fill`), and return at each place the larger of the two changes, up or down,
# without its sign. The starter covers with black only.


# %% tags=["starter"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    """Return the larger of the changes by a black and by a white square of 4, 0 or above."""
    return np.abs(occlusion(network, images, classes=classes, size=4, stride=4))


# %% tags=["check"]
dark = unit(held_out.images[shirts[:4]])
both = twice_covered(lamplit, dark, [SHIRT] * 4)
assert np.shape(both) == dark.shape, f"one map a photograph, not shape {np.shape(both)}"
assert np.all(both[:, 2, 2] > 1), "a white square in the corner raises Shirt a lot: it must show"
grey, in_squares = np.array([[0.75, 0.25], [0.25, 0.75]]), np.ones((1, 4, 4))
sums = np.array([[[4, -8], [2, -1]], [[1, 3], [-5, 7]]])  # of the weights; class, rows, columns
linear = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(2)])
linear.set_weights([np.kron(sums, in_squares / 16).reshape(2, 64).T, np.zeros(2)])
given = twice_covered(linear, np.kron([grey, grey], in_squares), [1, 0])
known = np.kron(0.75 * np.abs(sums[::-1]), in_squares)  # for the network is linear
assert np.allclose(given, known, atol=1e-4), f"found {np.unique(given)}, not {np.unique(known)}"


# %% tags=["solution"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    """Return the larger of the changes by a black and by a white square of 4, 0 or above."""
    options = {"classes": classes, "size": 4, "stride": 4}
    changes = [occlusion(network, images, fill=fill, **options) for fill in (0.0, 1.0)]
    return np.abs(changes).max(axis=0)


black = np.abs(occlusion(lamplit, dark, classes=[SHIRT] * 4, size=4, stride=4))
either = twice_covered(lamplit, dark, [SHIRT] * 4)
rows = {"photograph": held_out.images[shirts[:4]], "black": black, "black or white": either}
plot_images.map_rows(rows, ["Shirt"] * 4)


# %% tags=["wrong"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    return np.abs(occlusion(network, images, classes=classes, size=4, stride=4, fill=1.0))


# %% tags=["wrong"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    options = {"classes": classes, "size": 4, "stride": 4}
    changes = [occlusion(network, images, fill=fill, **options) for fill in (0.0, 1.0)]
    return np.abs(changes).sum(axis=0)


# %% tags=["wrong"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    options = {"classes": classes, "size": 4, "stride": 4}
    changes = [occlusion(network, images, fill=fill, **options) for fill in (0.0, 1.0)]
    return np.abs(np.max(changes, axis=0))  # the larger by its sign, not by its size


# %% tags=["wrong"]
def twice_covered(network: keras.Model, images: np.ndarray, classes: list[int]) -> np.ndarray:
    options = {"classes": classes, "size": 4, "stride": 2}  # not side by side
    changes = [occlusion(network, images, fill=fill, **options) for fill in (0.0, 1.0)]
    return np.abs(changes).max(axis=0)


# %% [markdown]
# These shirts have no square, and yet the white cover finds the place of the lamp, where the black cover
# shows nothing. What an occlusion map can show depends on what you cover with.

# %% [markdown]
# ## What to remember
#
# - A grade on data with the same shortcut cannot see the shortcut. A map may raise the suspicion;
#   only an experiment proves it.
# - Saliency asks what would change the answer, occlusion what the answer rests on, Grad-CAM where the
#   feature maps that speak for the class are strong. They need not agree.
# - Before you believe a map, make the weights random. What looks the same then is about the photograph,
#   not about the network.
# - Changes too small to see can turn answers, if they are planned. Random ones of the same size hardly
#   do.
# - Test what you will meet: noise, blur, another angle, another room.
#
# ## Where next
#
# Altered copies of the training photographs are a first cure for what corruptions show:
# [Augmentation](augmentation.md) makes them. How sure a network is of pictures that are no
# clothing at all is a question of [Evaluation](../networks/evaluation.md). And the confidence of an
# adversarial example is worth a look: compute it, with what you know from that page.
