# ---
# title: The Functional API
# summary: Wire layers into any graph, look inside, compare activations and optimizers fairly, and answer two questions at once.
# needs: [first-network]
# helps: [gradients]
# teaches: [functional API, symbolic tensor, activation function, sigmoid, tanh, leaky ReLU, SELU, initializer, vanishing gradient, skip connection, dead unit, RMSProp, Adam, AdamW, weight decay, shared layer, binary cross-entropy, loss weight]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# [Your first network](first-network.md) was a chain: one input, one layer after another, one output.
# `Sequential` can say nothing else. But what if a network should look at *two* photographs, or
# answer *two* questions? Then you must say which layer takes its input from which. You say it by
# calling each layer on what it takes, like a function: this is the **functional API**.
#
# Begin with a chain whose three hidden layers each bend their results in a way of their own.

# %%
import keras
from keras import layers

from snippets import plot_functions, plot_networks

keras.utils.set_random_seed(7)
image = keras.Input((28, 28), name="image")
code = layers.Flatten(name="flatten")(image)
code = layers.Dense(256, activation="relu", name="relu")(code)
code = layers.Dense(128, activation="tanh", name="tanh")(code)
code = layers.Dense(64, activation="selu", name="selu")(code)
logits = layers.Dense(10, name="logits")(code)
network = keras.Model(image, logits, name="relu_tanh_selu")
plot_networks.model_diagram(network)

# %% [markdown]
# Each box gives the layer's name and kind, the shape of what it returns for one photograph, and how
# many weights it has. Check the layer *relu* by hand: a weight for each pixel and unit, and a
# bias per unit, make 784 · 256 + 256 = `{python} f"{784 * 256 + 256:,}"`.
#
# Each line that adds a layer has two pairs of brackets. The first makes the layer; the second calls it. But
# on what? You have shown it no photograph yet:

# %%
print(image, logits, sep="\n")

# %% [markdown]
# These are **symbolic tensors**: a shape, a type and a memory of where they came from, but no
# numbers. Think of an order form: it says what will be delivered, and each layer adds a line.
# `keras.Model(image, logits)` reads the form backwards, from the last line to the first, and keeps
# the layers it meets. Where the analogy breaks: an order is filled once, a model runs as often as
# you like. `fit_one_cycle`, the [quick recipe](first-network.md) as a function, trains it like any
# other model:

# %%
import numpy as np

from snippets import datasets, preprocessing, sampling
from snippets.training import OneCycle, fit_one_cycle

fashion = datasets.load_fashion_mnist()
pixels = fashion.train.images
images = preprocessing.standardise(pixels, pixels)
held_out = preprocessing.standardise(fashion.validation.images, pixels)
held_out_labels = fashion.validation.labels

examples = (images, fashion.train.labels)
validation = (held_out, held_out_labels)
history = fit_one_cycle(network, examples, validation=validation, epochs=5)
print("validation accuracy:", np.round(history["val_accuracy"], 3))

# %% [markdown]
# ## A look inside
#
# A model is a way through a graph, so you can end it wherever you like. This one ends at all three
# hidden layers. Nothing is copied: both models own the same layers, with what they learned.

# %%
names = ["relu", "tanh", "selu"]
hidden_outputs = [network.get_layer(name).output for name in names]
probe = keras.Model(image, hidden_outputs)
answers = probe.predict(held_out, batch_size=1000, verbose=0)
for name, answer in zip(names, answers, strict=True):
    print(name, answer.shape, f"{answer.min():.2f} to {answer.max():.2f}")

# %% [markdown]
# No answer of *relu* is below 0, none of *tanh* leaves the range from −1 to 1, and *selu* goes no
# lower than about `{python} f"{keras.activations.selu(np.array([-99.0])).numpy()[0]:.2f}"`. Why would
# anyone want one rather than another?
#
# ## What an activation passes on
#
# A dense layer multiplies and adds. Two of them in a row could be replaced by one, unless something
# bends the numbers in between: the **activation function**. Here are five, with their slopes. The
# **sigmoid** is $1 / (1 + e^{-x})$, and **tanh** a sigmoid stretched to reach from −1 to 1. A
# **leaky relu** lets a fraction of what is negative through. **Selu** is a slightly stretched
# [relu](first-network.md) that goes on below 0 along an exponential curve.

# %%
import tensorflow as tf

x = tf.Variable(tf.linspace(-4.0, 4.0, 401))
values, slopes = {}, {}
for name in ("sigmoid", "tanh", "relu", "leaky_relu", "selu"):
    with tf.GradientTape() as tape:
        values[name] = keras.activations.get(name)(x)
    slopes[name] = tape.gradient(values[name], x)
plot_functions.curves_and_slopes(x, values, slopes)

# %% [markdown]
# Forwards, a network uses the left picture. Backwards, the gradient uses the right one: by the
# [chain rule](../foundations/gradients.md), each layer that it passes multiplies it by a slope. The
# sigmoid is nowhere steeper than one quarter. By the slopes alone, a gradient that has passed fifteen
# sigmoids keeps at best $(1/4)^{15}$ of its size: `{python} f"{0.25**15:.0e}"`. (The weights multiply it
# too; we come to them.)
#
# Is it so in a network? Stack fifteen layers of 64 units and measure twice, before any training, on
# photographs. Forwards: how much do the answers of a unit differ from photograph to photograph
# (their standard deviation)? If they do not, the photographs are forgotten. Backwards: how large is
# the gradient of the loss, layer by layer (the root of its mean square)?

# %%
from snippets.models import dense_network

sample = fashion.train.sample(per_class=500)
sample_images = preprocessing.standardise(sample.images, pixels)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
recipes = {
    "sigmoid, Glorot": ("sigmoid", "glorot_uniform"),
    "tanh, Glorot": ("tanh", "glorot_uniform"),
    "relu, Glorot": ("relu", "glorot_uniform"),
    "relu, He": ("relu", "he_normal"),
    "selu, LeCun": ("selu", "lecun_normal"),
}


# %%
def deep_network(recipe: str) -> keras.Model:
    keras.utils.set_random_seed(7)
    activation, initializer = recipes[recipe]
    return dense_network(
        (64,) * 15, activation=activation, kernel_initializer=initializer
    )


# %%
def measure(stack: keras.Model) -> tuple[list[float], list[float]]:
    dense = stack.layers[1:-1]
    probe = keras.Model(stack.inputs[0], [layer.output for layer in dense])
    answers = probe(sample_images[:1000])
    spread = [np.std(a, axis=0, dtype=float).mean() for a in answers]
    with tf.GradientTape() as tape:
        logits = stack(sample_images[:1000])
        loss = cross_entropy(sample.labels[:1000], logits)
    gradients = tape.gradient(loss, [layer.kernel for layer in dense])
    return spread, [float(tf.sqrt(tf.reduce_mean(g**2))) for g in gradients]


# %%
spreads, gradient_sizes = {}, {}
for recipe in recipes:
    spreads[recipe], gradient_sizes[recipe] = measure(deep_network(recipe))
panels = {"spread of the answers": spreads, "gradient": gradient_sizes}
plot_networks.layer_sizes(panels)

# %% [markdown]
# Both vertical axes are logarithmic. Read the left one from left to right, as the
# photographs travel. With sigmoids, the last layers give the same answer to every photograph, but
# for rounding. Read the right one from right to left, as the gradient travels. With sigmoids it has
# all but disappeared when it reaches the first layers, which therefore cannot learn: this is the
# **vanishing gradient**.
#
# Relu appears twice, with its weights drawn by two rules. Such a rule is an **initializer**. A
# unit here adds up 64 products, and the variances of independent numbers add up, too. If each weight
# has the variance 1 / 64, the sum varies as much as one input does: that is LeCun's rule, and selu
# is shaped to go with it. Relu throws half of what comes in away, so He's rule doubles the variance.
# Glorot's rule, which Keras uses unless told otherwise, replaces the 64 by the mean of the layer's
# inputs and outputs; it knows nothing of relu, and each layer loses a little, as the left panel
# shows.
#
# Now train the two extremes:

# %%
sample_examples = (sample_images, sample.labels)
deep_losses = {}
for recipe in ("sigmoid, Glorot", "selu, LeCun"):
    stack = deep_network(recipe)
    deep_losses[recipe] = fit_one_cycle(
        stack, sample_examples, epochs=4, batch_size=200, peak=0.001
    )["loss"]
    print(recipe, np.round(deep_losses[recipe], 2))

# %% [markdown]
# The sigmoids end at `{python} f"{deep_losses['sigmoid, Glorot'][-1]:.2f}"`, and knowing nothing
# costs `{python} f"{np.log(10):.2f}"`.
#
# In a chain of three layers most choices work. Without a reason to choose, take relu with He's rule.
# In deep chains keep to a pair that fits, such as selu and LeCun's rule, or let the input of a layer
# also go round it and be added to its result: such a **skip connection** gives the gradient a way
# back without slopes on it (exercise 1).
#
# ## Units that die
#
# Relu has a danger: its slope below 0 is 0. If a unit's sum is negative for *every* photograph, the
# unit always answers 0, and no gradient comes through. It is a **dead unit**, and one step that is too
# long can make it one. Under plain gradient descent its own weights now stand still. Adam carries them
# on for a while, by its memory of earlier slopes, but nothing calls them back. Only chance does: where
# the layers below go on learning, they may one day send the unit something that it answers. Train on `{python} f"{len(sample):,}"`
# photographs and count, in the second hidden layer, the units that are negative on all validation
# photographs, with three seeds.
#
# The next two sections train many small networks, and before its first step each pays a fixed price:
# TensorFlow traces the training step. So each setting compiles one network, and `restart` gives it new
# first weights for each seed, and its optimizer an empty memory.

# %%
from snippets.experiments import restart

SEEDS, BATCHES = (1, 2, 3), len(sample) // 200


def train(trial: keras.Model, seed: int, epochs=5) -> tuple[float, float]:
    restart(trial, seed)
    trial.fit(*sample_examples, epochs=epochs, batch_size=200, verbose=0)
    logits = trial(held_out)  # for one large batch, cheaper than predict
    accuracy = (logits.numpy().argmax(axis=1) == held_out_labels).mean()
    return float(cross_entropy(held_out_labels, logits)), float(accuracy)


# %%
def dead_share(trial: keras.Model, seed: int) -> tuple[float, float]:
    _, accuracy = train(trial, seed, epochs=3)
    probe = keras.Model(trial.inputs[0], trial.get_layer("hidden_2").output)
    is_dead = (probe(held_out).numpy() <= 0).all(axis=0)
    return float(is_dead.mean()), accuracy


# %%
from snippets import plot_curves, plot_images, plot_results, tables


def span(shares: np.ndarray) -> str:
    return f"{shares.mean():.1%} ({shares.min():.1%} to {shares.max():.1%})"


dead_units, rows = {}, []
settings = [("relu", 0.001), ("relu", 0.03), ("leaky_relu", 0.03)]
for activation, rate in settings:
    trial = dense_network((128, 128), activation=activation)
    adam = keras.optimizers.Adam(rate)
    trial.compile(adam, cross_entropy, steps_per_execution=BATCHES)
    runs = np.array([dead_share(trial, seed) for seed in SEEDS])
    dead_units[activation, rate] = runs[:, 0]
    rows.append((f"{activation}, {rate:g}", *map(span, runs.T)))
tables.Table(["setting", "dead units", "right on validation"], rows)

# %% [markdown]
# Mean of three seeds, then lowest to highest. At the high rate, each of the three relu networks lost
# `{python} f"{dead_units['relu', 0.03].min():.0%}"` or more of those units. Nothing warns you: the
# loss falls, and the network is a smaller one than you think. Two cures. *A lower rate* kills next
# to nothing. The slope of *leaky relu* is not 0 there, so a unit can come back. That does not make
# the high rate a good one; compare the accuracies.
#
# ## Five ways to walk downhill
#
# All networks above were trained by Adam. What does it do that gradient descent does not? Take a
# narrow valley, in which the ground falls steeply towards the floor and gently along it:
# $x^2 / 20 + y^2$. At the start, (−8, 2), the slope is $x / 10$ = −0.8 along the valley and $2y$ = 4
# across it.


# %%
def valley(place):
    return place[0] ** 2 / 20 + place[1] ** 2


def walk(optimizer, steps: int = 20) -> np.ndarray:
    place = tf.Variable([-8.0, 2.0])
    path = [place.numpy()]
    for _ in range(steps):
        slopes = place * [0.1, 2.0]
        optimizer.apply([slopes], [place])
        path.append(place.numpy())
    return np.array(path)


# %%
walks = {
    "SGD": walk(keras.optimizers.SGD(0.9)),
    "momentum": walk(keras.optimizers.SGD(0.2, momentum=0.8)),
    "Adam": walk(keras.optimizers.Adam(0.7)),
}
plot_functions.contour_paths(valley, walks)

# %% [markdown]
# - **SGD**, as you wrote it by hand, subtracts the slope times the rate. A rate that suits the
#   gentle direction throws it from wall to wall.
# - [Momentum](../foundations/training-by-hand.md) keeps a fraction of the last step and adds the new
#   one, as a ball rolls. What points to and fro cancels, what points along the valley adds up. And a
#   ball overshoots.
# - **RMSprop** (not drawn) keeps, for each weight, a running mean of its squared slopes, and divides
#   by the root of it. A weight with small slopes takes steps as long as one with large slopes.
# - **Adam** does both (exercise 2). Its first step is as long as the rate in *every* direction that
#   has a slope, however small: from (−8, 2) it went to
#   (`{python} f"{walks['Adam'][1][0]:.1f}".replace("-", "−")`,
#   `{python} f"{walks['Adam'][1][1]:.1f}"`).
# - **AdamW** (not drawn) is Adam that also makes each weight a little smaller at every step, which
#   is called **weight decay**: a weight must earn its size.
#
# Which is best? Not at the same rate: a rate of 0.9 suits one and ruins another. Give each three
# rates, a factor of about three apart, and let the validation loss choose.


# %%
def sgd_with_momentum(rate) -> keras.optimizers.SGD:
    return keras.optimizers.SGD(rate, momentum=0.9)


optimizers = {
    "SGD": (keras.optimizers.SGD, (0.1, 0.3, 0.9)),
    "momentum": (sgd_with_momentum, (0.02, 0.06, 0.2)),
    "RMSprop": (keras.optimizers.RMSprop, (0.0015, 0.005, 0.015)),
    "Adam": (keras.optimizers.Adam, (0.0015, 0.005, 0.015)),
    "AdamW": (keras.optimizers.AdamW, (0.0015, 0.005, 0.015)),
}


# %%
trials, tuning, best_rates = {}, {}, {}
for name, (make_optimizer, peaks) in optimizers.items():
    tuning[name] = {}
    for peak in peaks:
        trials[name, peak] = trial = dense_network((128,))
        optimizer = make_optimizer(OneCycle(peak, steps=5 * BATCHES))
        trial.compile(optimizer, cross_entropy, steps_per_execution=BATCHES)
        tuning[name][peak], _ = train(trial, seed=0)
    best_rates[name] = min(peaks, key=tuning[name].get)
plot_curves.setting_curves(
    tuning, xlabel="peak learning rate", ylabel="validation loss", top=0.6
)

# %% [markdown]
# The ring marks a curve's lowest point. It should lie in the middle: at an end, you have not looked
# far enough. An arrow means that the loss is above the picture. The best rates differ by a factor of
# up to `{python} f"{max(best_rates.values()) / min(best_rates.values()):.0f}"`; whoever compares
# optimizers at the same rate compares nothing.
#
# Now the comparison, each at its best rate, with seeds that the tuning has not seen:

# %%
finals = {}
for name, rate in best_rates.items():
    finals[name] = [train(trials[name, rate], seed)[1] for seed in SEEDS]
means = {name: float(np.mean(scores)) for name, scores in finals.items()}
winner, runner_up, *_, loser = sorted(means, key=means.get, reverse=True)
spread = max(np.ptp(finals[winner]), np.ptp(finals[runner_up]))
plot_results.seed_dots(finals, xlabel="validation accuracy")

# %% [markdown]
# A dot is a seed, the upright stroke their mean. First is `{python} winner`,
# `{python} f"{100 * (means[winner] - means[runner_up]):.2f}"` percentage points ahead of `{python} runner_up`; the seeds of either lie
# up to `{python} f"{100 * spread:.2f}"` points apart.
# `{python} "So the winner is inside the noise: this figure names no best optimizer." if means[winner] - means[runner_up] < spread else "That is more than the noise, on this network, this little data and these few steps."`
# What does stand out: `{python} loser` comes last,
# `{python} f"{100 * (means[winner] - means[loser]):.1f}"` points below the first; and a rate three times too
# high, an arrow above, costs SGD and momentum far more than any choice among the five. Mind what was
# compared: `{python} f"{5 * BATCHES}"` steps of a small network. With more steps, the
# slower walkers may catch up. **Tune the rate first, then the optimizer, if at all.**
#
# ## Two photographs, two answers
#
# Now a graph that `Sequential` cannot say. Show the network two photographs, left and right, and ask
# two questions: *are they of the same class?* and *of which class is the left one?* Half of the pairs
# are of the same class.


# %%
def make_pairs(split, images: np.ndarray, count: int) -> tuple[dict, dict]:
    left_places, right_places = sampling.draw_pairs(split.labels, count)
    kinds = split.labels[left_places]
    is_same = (kinds == split.labels[right_places]).astype("float32")
    pairs = {"left": images[left_places], "right": images[right_places]}
    return pairs, {"same": is_same, "kind": kinds}


pairs, truth = make_pairs(fashion.train, images, 8_000)
val_pairs, val_truth = make_pairs(fashion.validation, held_out, 5_000)

# %%
SIDES = ("left", "right")


def make_encoder(name: str) -> keras.Sequential:
    dense = [layers.Dense(units, activation="relu") for units in (128, 64)]
    chain = [keras.Input((28, 28)), layers.Flatten(), *dense]
    return keras.Sequential(chain, name=name)


def build_twins(seed: int = 7, share_encoder: bool = True) -> keras.Model:
    keras.utils.set_random_seed(seed)
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    encoder = make_encoder("encoder")
    right_encoder = encoder if share_encoder else make_encoder("second")
    left_code = encoder(inputs["left"])
    right_code = right_encoder(inputs["right"])
    difference = layers.Subtract(name="difference")([left_code, right_code])
    distance = layers.Activation(keras.ops.abs, name="distance")(difference)
    logit = layers.Dense(1, name="same")(distance)
    kind = layers.Dense(10, name="kind")(left_code)
    return keras.Model(inputs, {"same": logit, "kind": kind}, name="twins")


# %%
plot_networks.model_diagram(build_twins())

# %% [markdown]
# Follow the arrows. The *encoder*, a model used as a layer, turns a photograph into 64 numbers. It
# is called twice, once on each photograph, so it appears twice; the dashed box is the same
# layer with the same weights. That is a **shared layer**, and why the model is named *twins*: what
# it learns from left photographs it knows about right ones. *Distance* holds, number by number, how
# far the two photographs' 64 numbers lie apart. *Same* weighs these distances; *kind* names the left
# photograph, from the very same numbers.
#
# *Same* has one logit. The sigmoid turns it into the probability of a yes, and **binary
# cross-entropy** is minus the logarithm of the probability that the right answer, yes or no, was
# given. Not knowing costs $\ln 2$, as with a coin: `{python} f"{np.log(2):.2f}"`.
#
# Two answers have two losses, but the gradient needs one number to go down. So they are added, each
# times its **loss weight**: total = $w_\text{same}$ · loss(same) + $w_\text{kind}$ · loss(kind). A
# weight of 0 means: do not learn this. Which loss belongs to which output is said by name.

# %%
binary = keras.losses.BinaryCrossentropy(from_logits=True)
two_losses = {"same": binary, "kind": cross_entropy}


def fit_twins(w_same: float, w_kind: float, seed: int) -> keras.Model:
    twins = build_twins(seed)
    adam = keras.optimizers.Adam(OneCycle(0.003, steps=4 * 40))
    loss_weights = {"same": w_same, "kind": w_kind}
    twins.compile(adam, two_losses, loss_weights)
    twins.fit(pairs, truth, epochs=4, batch_size=200, verbose=0)
    return twins


def ask(twins: keras.Model, pairs: dict) -> dict[str, np.ndarray]:
    logits = twins(pairs)
    says_same = logits["same"].numpy()[:, 0] > 0  # sigmoid(0) is one half
    return {"same": says_same, "kind": np.argmax(logits["kind"], axis=1)}


def score(twins: keras.Model) -> list[float]:
    answers = ask(twins, val_pairs)
    return [np.mean(answers[name] == val_truth[name]) for name in answers]


# %%
trios, scores, rows = {}, {}, []
for w_same, w_kind in [(1.0, 0.0), (1.0, 0.1), (1.0, 1.0), (0.0, 1.0)]:
    trio = [fit_twins(w_same, w_kind, seed) for seed in SEEDS]
    shares = np.array([score(twins) for twins in trio])
    trios[w_same, w_kind], scores[w_same, w_kind] = trio, shares
    total = f"{w_same:g} · same + {w_kind:g} · kind"
    rows.append((total, *map(span, shares.T)))
tables.Table(["total loss", "right about same", "right about kind"], rows)

# %% [markdown]
# An answer with weight 0 stays a guess. With a small weight, *kind* is learned, but lags. Does it
# pay to learn both at once? Against networks trained for one answer alone, equal weights move *same*
# by `{python} f"{100 * (scores[1, 1] - scores[1, 0])[:, 0].mean():+.1f}".replace("-", "−")` percentage points and *kind* by
# `{python} f"{100 * (scores[1, 1] - scores[0, 1])[:, 1].mean():+.1f}".replace("-", "−")`, while their seeds lie up to
# `{python} f"{100 * np.ptp(scores[1, 1][:, 0]):.1f}"` and `{python} f"{100 * np.ptp(scores[1, 1][:, 1]):.1f}"` points apart. Look which is larger
# before you believe in a gain or a loss. Loss weights are settings like the learning rate: no rule
# finds them, validation does.
#
# Is the network any good? You need [baselines](fashion-mnist.md):
#
# - pixels alone: say *same* if the photographs differ, on average over the pixels, by less than a
#   limit, the one that was best on the training pairs;
# - no question about sameness: let *kind* name both photographs and compare the names. For the
#   second name, swap the photographs.

# %%
twins = trios[1.0, 1.0][0]  # equal weights, first seed


def pixel_distance(pairs: dict) -> np.ndarray:
    return np.abs(pairs["left"] - pairs["right"]).mean(axis=(1, 2))


gaps = pixel_distance(pairs)
cuts = np.quantile(gaps, np.linspace(0, 1, 101))
limit = max(cuts, key=lambda cut: np.mean((gaps < cut) == truth["same"]))


# %%
def compare(pairs: dict, truth: dict) -> dict[str, float]:
    swapped_pairs = {"left": pairs["right"], "right": pairs["left"]}
    answers = ask(twins, pairs)
    swapped_answers = ask(twins, swapped_pairs)
    votes = {
        "pixel distance": pixel_distance(pairs) < limit,
        "name both, compare": answers["kind"] == swapped_answers["kind"],
        "the output same": answers["same"],
    }
    return {name: np.mean(v == truth["same"]) for name, v in votes.items()}


{name: f"{r:.1%}" for name, r in compare(val_pairs, val_truth).items()}

# %% [markdown]
# Always saying *different* is right on half of the pairs. Pixels get well above that, and the
# network well above pixels. Naming both comes close to the output that was trained for the question,
# but it needs class labels; *same* could be learned from pairs of things that have no names.
#
# ## What goes wrong
#
# **An output that the input does not reach.** Here, *kind* comes from the left photograph, but the
# model is given the right one:

# %% tags=["raises-exception"]
left_image, right_image = keras.Input((28, 28)), keras.Input((28, 28))
left_code = make_encoder("encoder")(left_image)
keras.Model(right_image, layers.Dense(10)(left_code))

# %% [markdown]
# Keras read backwards from the output and came to an input that you did not name. The cure:
# `keras.Model(left_image, …)`, or both inputs.
#
# **Shapes that do not fit.** `Concatenate` lays tensors end to end along the last axis, so all other
# axes must agree, and a photograph and a code do not even have the same rank:

# %% tags=["raises-exception"]
layers.Concatenate()([right_image, left_code])

# %% [markdown]
# The cure is to flatten the photograph first, or to encode it. This error comes while you wire, before
# any data: symbolic tensors have shapes for this very reason.
#
# **The one that says nothing.** You meant to share, and made two encoders. Every shape fits, and it
# trains. Ask both networks, the second untrained, how far a photograph lies from *itself*:

# %%
strangers = build_twins(share_encoder=False)
distances = {}
for name, model in {"shared": twins, "not shared": strangers}.items():
    ruler = keras.Model(model.inputs, model.get_layer("distance").output)
    distances[name] = np.max(ruler([held_out[:100], held_out[:100]]))
    print(f"{name}: {distances[name]:.2f} between a photograph and itself")

# %% [markdown]
# Shared, that is 0 with any weights. Two encoders speak two languages, and their numbers cannot be
# compared. Training would have to teach them a common one, with
# `{python} f"{strangers.count_params():,}"` weights in place of `{python} f"{twins.count_params():,}"`.
# Look at the diagram: is the second box dashed?
#
# ## The exam
#
# All choices are made. Now the test photographs, once: pairs of them for the twins and the baselines,
# and in the last row single ones for the network that this page began with.

# %%
test_images = preprocessing.standardise(fashion.test.images, pixels)
test_guesses = network(test_images).numpy().argmax(axis=1)
test_accuracy = np.mean(test_guesses == fashion.test.labels)
test_pairs, test_truth = make_pairs(fashion.test, test_images, 5_000)
exam = compare(test_pairs, test_truth) | {"relu, tanh, selu": test_accuracy}
rows = [(name, f"{share:.1%}") for name, share in exam.items()]
tables.Table(["answer", "right on test"], rows)

# %% [markdown]
# And the pairs on which the twins were surest, and wrong, with the probability that they gave to *same*
# and the class of the left photograph:

# %%
chance_same = tf.sigmoid(twins(test_pairs)["same"]).numpy()[:, 0]
mistakes = np.argsort(-np.abs(chance_same - test_truth["same"]))[:8]
raw_pairs, _ = make_pairs(fashion.test, fashion.test.images, 5_000)
kinds = np.array(fashion.class_names)[test_truth["kind"]]
titles = [f"same: {chance_same[i]:.0%}\n{kinds[i]}" for i in mistakes]
doubles = np.concatenate([raw_pairs[s][mistakes] for s in SIDES], axis=2)
plot_images.image_grid(doubles, titles, columns=4, subject="mistakes")

# %% [markdown]
# All are mistakes: near 0%, both photographs are of one class; near 100%, they are not. Some pairs
# look alike and have different names; others have one name and look nothing alike.

# %% tags=["claims"]
assert test_accuracy > 0.86, (
    "relu, tanh and selu together reach 86% of the test photographs"
)
sigmoids = gradient_sizes["sigmoid, Glorot"]
assert sigmoids[0] < 1e-5 * sigmoids[-1], (
    "15 sigmoids leave less than 1/100,000 of the gradient"
)
selus = gradient_sizes["selu, LeCun"]
assert 0.1 < selus[0] / selus[-1] < 10, (
    "15 selus keep its size within a factor of 10"
)
sigmoid, selu = (losses[-1] for losses in deep_losses.values())
assert sigmoid > 2 > 1 > selu, (
    "the deep sigmoids learn next to nothing; the deep selus learn"
)
weight, keras_adam = tf.Variable(0.0), keras.optimizers.Adam(0.03)
for slope in (1.0, 0.0, 0.0):
    keras_adam.apply([tf.constant(slope)], [weight])
assert float(weight) < -0.05, (
    "Adam goes on moving a weight whose slope has become 0"
)
means_of_dead = [shares.mean() for shares in dead_units.values()]
low_rate, high_rate, leaky_relu = means_of_dead
assert high_rate > 0.3 + low_rate, "a high rate kills relu units"
assert leaky_relu < 0.1, "leaky relu keeps more than 90% of its units"
relu_trial = dense_network((128, 128))
adam = keras.optimizers.Adam(0.03)
relu_trial.compile(adam, cross_entropy, steps_per_execution=BATCHES)
hidden_2 = relu_trial.get_layer("hidden_2").output
probe = keras.Model(relu_trial.inputs[0], hidden_2)
reviving_seeds = []
for seed in SEEDS:
    train(relu_trial, seed, epochs=1)
    was_dead = (probe(sample_images).numpy() <= 0).all(axis=0)
    relu_trial.fit(*sample_examples, epochs=5, batch_size=200, verbose=0)
    answers_again = (probe(sample_images).numpy() > 0).any(axis=0)
    if (was_dead & answers_again).any():
        reviving_seeds.append(seed)
assert len(reviving_seeds) > 0, (
    "five epochs later, some units that were dead after one answer again"
)
assert not tuning["SGD"][0.9] < 0.6, (
    "SGD with a rate of 0.9 ends with a loss above 0.6"
)
assert means["SGD"] < means[winner] - 0.002, (
    "in so few steps, plain SGD ends below the best"
)
assert distances["shared"] == 0, (
    "twins see no distance between a photograph and itself"
)
assert exam["the output same"] > exam["pixel distance"] + 0.05, (
    "twins beat pixels on test pairs"
)

# %% tags=["control"] claim="15 sigmoids leave less than 1/100,000 of the gradient" without="that many layers"
three_layers = dense_network((64,) * 3, activation="sigmoid")
_, sigmoids = measure(three_layers)

# %% tags=["control"] claim="15 selus keep its size within a factor of 10" without="selu"
keras.utils.set_random_seed(7)
recipe = {"activation": "sigmoid", "kernel_initializer": "lecun_normal"}
_, selus = measure(dense_network((64,) * 15, **recipe))

# %% tags=["control"] claim="the deep sigmoids learn next to nothing; the deep selus learn" without="the depth"
keras.utils.set_random_seed(7)
one_layer = dense_network((64,), activation="sigmoid")
run = fit_one_cycle(
    one_layer, sample_examples, epochs=4, batch_size=200, peak=0.001
)
sigmoid = run["loss"][-1]

# %% tags=["control"] claim="a high rate kills relu units" without="the high rate"
high_rate = dead_units["relu", 0.001][0]

# %% tags=["control"] claim="Adam goes on moving a weight whose slope has become 0" without="Adam"
weight, sgd = tf.Variable(0.0), keras.optimizers.SGD(0.03)
for slope in (1.0, 0.0, 0.0):
    sgd.apply([tf.constant(slope)], [weight])

# %% tags=["control"] claim="five epochs later, some units that were dead after one answer again" without="learning in the layer below, and Adam's memory"
train(relu_trial, reviving_seeds[0], epochs=1)
was_dead = (probe(sample_images).numpy() <= 0).all(axis=0)
relu_trial.get_layer("hidden_1").trainable = False
relu_trial.compile(keras.optimizers.Adam(0.03), cross_entropy)
relu_trial.fit(*sample_examples, epochs=5, batch_size=200, verbose=0)
answers_again = (probe(sample_images).numpy() > 0).any(axis=0)
reviving_seeds = [1] if (was_dead & answers_again).any() else []

# %% tags=["control"] claim="leaky relu keeps more than 90% of its units" without="a slope below 0"
leaky_relu = dead_units["relu", 0.03][0]

# %% tags=["control"] claim="twins see no distance between a photograph and itself" without="sharing the encoder"
ruler = keras.Model(
    strangers.inputs, strangers.get_layer("distance").output
)
distances = {"shared": np.max(ruler([held_out[:100], held_out[:100]]))}

# %% tags=["control"] claim="twins beat pixels on test pairs" without="training to tell same from different"
guesses = ask(trios[0.0, 1.0][0], test_pairs)["same"]
exam = exam | {"the output same": np.mean(guesses == test_truth["same"])}

# %% [markdown]
# ## Exercises
#
# **1. Round the layer.** Write a block with a skip connection: a dense layer with relu, of as many
# units as its input has numbers, and its result added to its input (`layers.Add` is called like
# `layers.Subtract` above). It takes and returns symbolic tensors of shape (batch, units). (If the
# layer's weights are all 0, what must the block return?)


# %% tags=["starter"]
def skip_block(x):
    return layers.Dense(x.shape[-1], activation="relu")(x)


# %% [markdown] tags=["hint"]
# Keep what comes in: the block needs it twice, once for the dense layer and once for the sum. Where does relu
# stand, before the sum or after it?

# %% tags=["check"]
for width, factor in [(1, 1), (8, 0), (8, 1), (8, -1)]:
    start = keras.Input((width,))
    block = keras.Model(start, skip_block(start))
    shapes = [weights.shape for weights in block.get_weights()]
    fault = f"one dense layer of {width} units, not weights of {shapes}"
    assert shapes == [(width, width), (width,)], fault
    block.set_weights([factor * np.eye(width), np.zeros(width)])
    numbers = np.linspace(-4, 4, 2 * width).reshape(2, width)
    answer = block(numbers).numpy()
    target = numbers + np.maximum(factor * numbers, 0)
    fault = f"weights of {factor} · identity turn {numbers} into {answer}"
    assert np.allclose(answer, target), f"{fault}; is relu in its place?"


# %% tags=["solution"]
def skip_block(x):
    dense = layers.Dense(x.shape[-1], activation="relu")
    return layers.Add()([x, dense(x)])


# %% tags=["wrong"]
def skip_block(x):  # relu after the sum
    return layers.ReLU()(x + layers.Dense(x.shape[-1])(x))


# %% tags=["wrong"]
def skip_block(x):  # no relu
    return layers.Add()([x, layers.Dense(x.shape[-1])(x)])


# %% tags=["wrong"]
def skip_block(x):  # relu before the layer
    return x + layers.Dense(x.shape[-1])(layers.ReLU()(x))


# %% tags=["wrong"]
def skip_block(x):  # always 8 units
    return x + layers.Dense(8, activation="relu")(x)


# %% [markdown]
# **2. Be Adam.** For one weight, Adam keeps a running mean $m$ of the slopes and one, $v$, of their
# squares, both 0 at first. At step $t$ = 1, 2, 3, … $m$ becomes 0.9 of itself plus 0.1 of the slope,
# and $v$ 0.999 of itself plus 0.001 of the slope's square. As both began at 0 they are too small at
# first: divide $m$ by $1 - 0.9^t$ and $v$ by $1 - 0.999^t$. Then the weight loses the rate times the
# first quotient divided by the root of the second. It starts from 0: return it after the last step.
# The starter is plain SGD. The check compares with Keras.


# %% tags=["starter"]
def adam(slopes: list[float], rate: float) -> float:
    weight = 0.0
    for slope in slopes:
        weight -= rate * slope
    return weight


# %% [markdown] tags=["hint"]
# Write down one step for a slope of 50: $m$ becomes 5, and divided by $1 - 0.9$ it is 50 again. The number of
# the step, $t$, begins at 1; `enumerate` can count it.

# %% tags=["check"]
for slopes in ([50.0], [50.0, 50.0], [2.0, -1.0, 0.5, 9.0, -4.0]):
    weight, keras_adam = tf.Variable(0.0), keras.optimizers.Adam(0.5)
    for slope in slopes:
        keras_adam.apply([tf.constant(slope)], [weight])
    answer, target = adam(slopes, 0.5), round(float(weight), 5)
    fault = f"{slopes}: Keras ends at {target}, not {answer}"
    assert np.allclose(answer, target, atol=1e-4), fault


# %% tags=["solution"]
def adam(slopes: list[float], rate: float) -> float:
    weight = m = v = 0.0
    for t, slope in enumerate(slopes, start=1):
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        weight -= rate * (m / (1 - 0.9**t)) / (v / (1 - 0.999**t)) ** 0.5
    return weight


# %% tags=["wrong"]
def adam(slopes: list[float], rate: float) -> float:
    weight = m = v = 0.0
    for slope in slopes:
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        weight -= rate * m / v**0.5  # too small at first, and left so
    return weight


# %% tags=["wrong"]
def adam(slopes: list[float], rate: float) -> float:
    weight = m = v = 0.0
    for slope in slopes:  # t stays 1
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        weight -= rate * (m / (1 - 0.9)) / (v / (1 - 0.999)) ** 0.5
    return weight


# %% tags=["wrong"]
def adam(slopes: list[float], rate: float) -> float:
    return -rate * sum(np.sign(slopes))  # steps all as long as the rate


# %% tags=["wrong"]
def adam(slopes: list[float], rate: float) -> float:
    weight = m = v = 0.0
    for t, slope in enumerate(slopes):  # the first step divides by 0
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        t = max(t, 1)
        weight -= rate * (m / (1 - 0.9**t)) / (v / (1 - 0.999**t)) ** 0.5
    return weight


# %% [markdown]
# **3. Name both.** Build a model from the *trained* layers of `twins`: two photographs in, two names
# out, `left_kind` and `right_kind`, without any new weights. `twins.get_layer("encoder")` gives you a
# layer that you can call. The starter names the right photograph with a layer that has learned
# nothing.


# %% tags=["starter"]
def build_namer(twins: keras.Model) -> keras.Model:
    encoder, kind = twins.get_layer("encoder"), twins.get_layer("kind")
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    left_kind = kind(encoder(inputs["left"]))
    right_kind = layers.Dense(10)(encoder(inputs["right"]))
    kinds = {"left_kind": left_kind, "right_kind": right_kind}
    return keras.Model(inputs, kinds)


# %% [markdown] tags=["hint"]
# The layer `kind` has learned what a name is, from left photographs. Nothing prevents you from calling it a
# second time.

# %% tags=["check"]
namer = build_namer(twins)
assert isinstance(namer, keras.Model), "return a keras.Model"
ids = {id(weights) for weights in twins.variables}
new_weights = [w.path for w in namer.variables if id(w) not in ids]
assert not new_weights, f"no weights of twins: {new_weights}"
sides = {"left": held_out[:200], "right": held_out[200:400]}
answers = namer(sides)
names = list(getattr(answers, "keys", list)())
assert sorted(names) == ["left_kind", "right_kind"], f"outputs: {names}"
for side, photographs in sides.items():
    target = twins({"left": photographs, "right": photographs})["kind"]
    fault = f"{side}_kind differs from the answer of twins"
    assert np.allclose(answers[f"{side}_kind"], target, atol=1e-4), fault


# %% tags=["solution"]
def build_namer(twins: keras.Model) -> keras.Model:
    encoder, kind = twins.get_layer("encoder"), twins.get_layer("kind")
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    kinds = {f"{side}_kind": kind(encoder(inputs[side])) for side in SIDES}
    return keras.Model(inputs, kinds)


# %% tags=["wrong"]
def build_namer(twins: keras.Model) -> keras.Model:
    encoder, kind = twins.get_layer("encoder"), twins.get_layer("kind")
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    right_kind = kind(encoder(inputs["right"]))  # one photograph twice
    kinds = {f"{side}_kind": right_kind for side in SIDES}
    return keras.Model(inputs, kinds)


# %% tags=["wrong"]
def build_namer(twins: keras.Model) -> keras.Model:
    encoder, kind = make_encoder("encoder"), layers.Dense(10)  # untrained
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    kinds = {f"{side}_kind": kind(encoder(inputs[side])) for side in SIDES}
    return keras.Model(inputs, kinds)


# %% tags=["wrong"]
def build_namer(twins: keras.Model) -> keras.Model:
    encoder, kind = twins.get_layer("encoder"), twins.get_layer("kind")
    inputs = {side: keras.Input((28, 28), name=side) for side in SIDES}
    logits = {side: kind(encoder(inputs[side])) for side in SIDES}
    relu = layers.ReLU()  # logits may be negative
    kinds = {f"{side}_kind": relu(logits[side]) for side in SIDES}
    return keras.Model(inputs, kinds)


# %% [markdown]
# ## Questions
#
# Five questions about graphs and what flows through them, with a reason for each choice.

# %% [markdown] tags=["question"]
# Backwards, a gradient passes ten sigmoids in a row. By their slopes alone, how much of it is left at best?
#
# - about one millionth
#     - A sigmoid is nowhere steeper than one quarter, and slopes in a row are multiplied: one quarter to the
#       power of ten.
# - about one thousandth
#     - That is one half to the power of ten. One half is the sigmoid's *height* at 0; its slope there is one
#       quarter.
# - one fortieth
#     - That divides one quarter by ten. The chain rule multiplies the slopes, and does not share them out.
# - one quarter
#     - That is what a single sigmoid leaves. The next one multiplies what arrives by one quarter again.

# %% tags=["question"]
zero = tf.Variable(0.0)
with tf.GradientTape() as tape:
    height = tf.sigmoid(zero)
what_is_left = float(tape.gradient(height, zero)) ** 10
[
    0.5e-6 < what_is_left < 2e-6,
    0.5e-3 < what_is_left < 2e-3,
    np.isclose(what_is_left, 1 / 40),
    np.isclose(what_is_left, 1 / 4),
]

# %% [markdown] tags=["question"]
# The sum of a relu unit is negative for every photograph. What does plain gradient descent do with the
# weights of this unit?
#
# - It leaves them as they are.
#     - Below 0 the slope of relu is 0, and everything that comes back is multiplied by it. Without a slope
#       there is no step.
# - It raises them until the sum is positive.
#     - The loss might be lower there. But a slope knows only the ground underfoot, and that is level: a
#       little more weight, and the answer is still 0.
# - It lowers them further and further.
#     - One step that was too long did that. Now that the answer is 0, neither way makes a difference to the
#       loss.

# %% tags=["question"]
unit = layers.Dense(1, activation="relu")
unit.build((None, 3))
unit.set_weights([-np.ones((3, 1)), np.zeros(1)])
with tf.GradientTape() as tape:
    unit_loss = tf.reduce_mean((unit(tf.ones((5, 3))) - 4) ** 2)
unit_slopes = tape.gradient(unit_loss, unit.kernel).numpy()
[(unit_slopes == 0).all(), (unit_slopes < 0).any(), (unit_slopes > 0).any()]

# %% [markdown] tags=["question"]
# The comparison of five optimizers ended with `{python} winner` first, `{python} runner_up` second and
# `{python} loser` last. Three seeds of one optimizer lay up to
# `{python} f"{100 * max(np.ptp(scores) for scores in finals.values()):.1f}"` points apart. What may you
# conclude?
#
# - The last one is behind; who leads is open.
#     - The first two are closer to each other than their seeds, and the last is farther off than any seeds
#       are.
# - The first one is the best of the five.
#     - Its lead is `{python} f"{100 * (means[winner] - means[runner_up]):.2f}"` points. Another seed moves it
#       by more than that.
# - The five are alike, within the noise.
#     - From the first to the last it is `{python} f"{100 * (means[winner] - means[loser]):.1f}"` points, more
#       than seeds explain.

# %% tags=["question"]
largest_spread = max(np.ptp(seeds) for seeds in finals.values())
lead = means[winner] - means[runner_up]
distance_to_last = means[winner] - means[loser]
[
    lead < spread and distance_to_last > largest_spread,
    lead > spread,
    distance_to_last < largest_spread,
]

# %% [markdown] tags=["question"]
# How many weights does this model have?
#
# ```python
# encoder = layers.Dense(5)
# inputs = [keras.Input((4,)) for _ in range(3)]
# model = keras.Model(inputs, [encoder(x) for x in inputs])
# ```
#
# - 25
#     - The layer is made once and called three times: one set of 4 · 5 weights and 5 biases, shared by all
#       three.
# - 75
#     - With `layers.Dense(5)(x)` inside the list it would be three layers. `encoder(x)` calls the layer that
#       is there, and makes no new one.
# - 20
#     - Those are the products. Each of the five units has a bias, too.
# - 65
#     - That takes the three inputs as one of twelve numbers, 12 · 5 + 5. They stay three, and each goes
#       through the layer alone.

# %% tags=["question"]
encoder = layers.Dense(5)
inputs = [keras.Input((4,)) for _ in range(3)]
weight_count = keras.Model(
    inputs, [encoder(x) for x in inputs]
).count_params()
[
    weight_count == 25,
    weight_count == 75,
    weight_count == 20,
    weight_count == 65,
]

# %% [markdown] tags=["question"]
# The twins train with the total loss 1 · same + 0 · kind. How often is their answer about *kind* right
# afterwards?
#
# - `{python} f"{scores[1.0, 0.0][:, 1].mean():.0%}"`
#     - A weight of 0 takes the slope of that loss away, so nothing tells the layer *kind* what to answer. It
#       stays a guess, as at the start.
# - `{python} f"{scores[1.0, 0.1][:, 1].mean():.0%}"`
#     - That is what a weight of 0.1 does. A small weight still lets the answer be learned; a weight of 0 does
#       not.
# - `{python} f"{scores[1.0, 0.0][:, 0].mean():.0%}"`
#     - That is how often these twins are right about *same*. Both answers come from the same 64 numbers, but
#       the layer that turns them into a name has never been corrected.

# %% tags=["question"]
fresh_shares = np.mean([score(twins) for twins in trios[1.0, 0.0]], axis=0)
kind_share = fresh_shares[1]
[
    kind_share < 0.3,
    np.isclose(kind_share, scores[1.0, 0.1][:, 1].mean(), atol=0.02),
    np.isclose(kind_share, scores[1.0, 0.0][:, 0].mean(), atol=0.02),
]

# %% [markdown]
# ## What to remember
#
# - Call layers on symbolic tensors to draw any graph; a model is the way from its inputs to its
#   outputs. A layer called twice is shared.
# - An activation's slope decides what comes back through it. Give it the initializer that fits, and
#   count dead units when the rate is high.
# - Tune each optimizer's rate before you compare, and say so when the winner is inside the noise
#   ([Experiments](experiments.md)).
# - Several outputs have several losses, added with weights.
#
# ## Where next
#
# How good is a network that is right nine times in ten? It depends on which times.
# [Evaluation](evaluation.md) looks behind the accuracy.
#
# ## Sources
#
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
#   [AISTATS 2010](https://proceedings.mlr.press/v9/glorot10a.html).
# - K. He, X. Zhang, S. Ren and J. Sun, *Delving Deep into Rectifiers*, 2015,
#   [arXiv:1502.01852](https://arxiv.org/abs/1502.01852).
# - G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, *Self-Normalizing Neural Networks*, 2017,
#   [arXiv:1706.02515](https://arxiv.org/abs/1706.02515): selu.
# - I. Loshchilov and F. Hutter, *Decoupled Weight Decay Regularization*, 2017,
#   [arXiv:1711.05101](https://arxiv.org/abs/1711.05101): AdamW.
# - Keras: [The Functional API](https://keras.io/guides/functional_api/).
