# ---
# title: Training by hand
# summary: Write the training loop yourself, for a line and for ten classes, and find it again inside Keras.
# needs: [tensors, gradients]
# helps: [broadcasting]
# teaches: [model, parameter, bias, linear regression, step, training loop, least squares, logit, cross-entropy, softmax regression, minibatch, batch size, epoch, seed, loss curve, accuracy, eager execution, tracing, graph, layer, dense layer, optimizer, momentum]
# data: [fashion-mnist]
# artifacts: []
# ---

# %% [markdown]
# Keras trains a network with one call, `fit`. What happens in there? A few short lines of code,
# repeated. On this page you write them yourself, first for three points, where you can check every
# number on paper, then for 54,000 photographs. At the end you run `fit` on the same photographs, get
# the same numbers, and put your loop and Keras's parts together.
#
# Here are the three points, and a first guess at a straight line through them: flat, at height 0.

# %%
import numpy as np

from snippets import plot_curves, plot_functions, plot_images

x = np.array([0, 1, 2], "float32")
y = np.array([1, 1, 4], "float32")
plot_curves.line_fit(x, y, {"first guess": (0, 0)}, misses="first guess")

# %% [markdown]
# The line is a **model**: a formula with numbers that can be adjusted, its **parameters**. This one
# has two. It predicts $\text{weight} \cdot x + \text{bias}$. The **weight** says how much the line
# rises when you go 1 to the right, the **bias** how high it is at $x = 0$. To fit a straight line to
# points is called **linear regression**.
#
# How bad is the first guess? Each vertical stroke is a **miss**: prediction minus answer, here −1,
# −1 and −4. Square the misses, so that none cancels another and large ones count more, and average:
# (1 + 1 + 16) / 3 = 6. This loss is the **mean squared error**.

# %%
import tensorflow as tf

weight, bias = tf.Variable(0.0), tf.Variable(0.0)


def mean_squared_error():
    misses = weight * x + bias - y
    return tf.reduce_mean(misses**2)


float(mean_squared_error())

# %% [markdown]
# ## One step on paper
#
# Which way should the two parameters go? You know the tool: [the gradient](gradients.md). On paper,
# the square of a miss changes by 2 · miss for each 1 that the miss changes. A miss changes by 1 when
# the bias does, and by $x$ when the weight does. So, averaged over the points:
#
# - for the bias: the mean of 2 · miss, which is (−2 − 2 − 8) / 3 = −4;
# - for the weight: the mean of 2 · miss · $x$, which is (0 − 2 − 16) / 3 = −6.
#
# Both are negative: the loss falls when the parameters grow. With a learning rate of 0.2, the weight
# goes from 0 to 0.2 × 6 = 1.2, and the bias to 0.2 × 4 = 0.8. Now in code:

# %%
with tf.GradientTape() as tape:
    loss = mean_squared_error()
slopes = tape.gradient(loss, [weight, bias])
weight.assign_sub(0.2 * slopes[0])
bias.assign_sub(0.2 * slopes[1])
print("slopes", float(slopes[0]), float(slopes[1]))
print("loss", float(loss), "then", float(mean_squared_error()))

# %% [markdown]
# These lines are one **step** of training:
#
# 1. predict, and **measure** the loss, while the tape is running;
# 2. ask the tape for the **slopes**;
# 3. **update** each parameter: learning rate times slope, subtracted;
# 4. **repeat**.
#
# Together they are a **training loop**. Here are 59 more rounds, which makes 60 steps.

# %%
places = [(0.0, 0.0), (float(weight), float(bias))]
for _ in range(59):
    with tf.GradientTape() as tape:
        loss = mean_squared_error()
    slopes = tape.gradient(loss, [weight, bias])
    weight.assign_sub(0.2 * slopes[0])
    bias.assign_sub(0.2 * slopes[1])
    places.append((float(weight), float(bias)))

lines = {"first guess": places[0], "1 step": places[1], "60": places[60]}
plot_curves.line_fit(x, y, lines, misses="60")

# %% [markdown]
# No straight line goes through all three points. Is this the best line there is? For this model you can
# find out. At the lowest point both slopes are 0, which makes two equations with two unknowns. For the three
# points they are 5 · weight + 3 · bias = 9 and 3 · weight + 3 · bias = 6, so the weight is 3 / 2 and the
# bias is 1 / 2. To solve for the smallest squares is the method of **least squares**; NumPy does it in
# one call.

# %%
solution = np.polyfit(x, y, deg=1)  # a line is a polynomial of degree 1
print("least squares", solution.round(3))
print("60 steps     ", np.round(places[60], 3))

# %% [markdown]
# The loop finds the same line, to the third decimal. Then why loop at all? Because solving needs
# equations that can be solved. With a straight line and squared misses they are; with a network they are
# not, and steps are all that is left.
#
# ## The ground you walk on
#
# With two parameters, the whole loss can be drawn as a map: each place is a line, and its height is
# that line's mean squared error. Three walks of 25 steps start at a worse guess, the line with weight
# −1 and bias 3. They differ in their learning rate only.


# %%
from snippets.gradients import descend


def surface(place):
    misses = [place[0] * x[n] + place[1] - y[n] for n in range(3)]
    return sum(miss**2 for miss in misses) / 3


walks = {}
for rate in (0.02, 0.2, 0.43):
    walks[rate] = descend(surface, [-1, 3], learning_rate=rate, steps=25)
plot_functions.contour_paths(surface, walks, names=("weight", "bias"))

# %% [markdown]
# The ground is a long, slanting valley. Weight and bias partly do the same job, since raising either
# lifts the line: along the valley one makes up for the other, and the loss hardly changes. Across it,
# the ground is steep. So the walk at 0.2 drops into the valley at once, and then takes most of its
# steps to follow it down. At 0.02 it has not even reached the floor. At 0.43 it crosses the floor each
# time and lands higher up the other side.
#
# As on the page about gradients, the strongest bend sets the limit: 2 divided by the second derivative,
# taken straight across this valley, is
# `{python} f"{2 / np.linalg.eigvalsh(2 / 3 * np.array([[5, 3], [3, 3]])).max():.3f}"`. And 0.43 is more.
#
# Remember the valley when you prepare data. Inputs that are all positive make such a valley between
# weight and bias; inputs with a mean of 0 do not. The second exercise shows it.

# %% tags=["claims"]
assert places[1] == (np.float32(1.2), np.float32(0.8)), (
    "the first step goes to weight 1.2 and bias 0.8, as worked out on paper"
)
assert np.allclose(solution, [1.5, 0.5]), (
    "least squares finds the line worked out on paper"
)
assert np.allclose(places[60], solution, atol=5e-3), (
    "60 steps arrive at the line of least squares"
)
ends = [float(surface(walks[rate][-1])) for rate in (0.2, 0.02, 0.43)]
assert ends[0] < ends[1] < float(surface(walks[0.02][0])) < ends[2], (
    "25 steps end lowest at a learning rate of 0.2, and above the start at 0.43"
)

# %% [markdown]
# ## The real thing: ten classes
#
# Now the photographs of clothes, each with a label from 0 to 9 and laid out as 784 pixels between 0 and 1.

# %%
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()


def as_tensors(split):
    pixels = split.images.reshape(-1, 784) / np.float32(255)
    return tf.constant(pixels), tf.constant(split.labels, tf.int32)


images, labels = as_tensors(fashion.train)
validation_images, validation_labels = as_tensors(fashion.validation)
images.shape, [fashion.class_names[label] for label in labels[:5]]

# %% [markdown]
# For boots against sneakers, one score was enough. Ten classes get ten scores: a column of 784
# weights each, and a bias each. `images @ weights + bias` then has a row for each picture and a
# column for each class. Such scores are called **logits**. They can be any numbers; the largest one
# is the model's answer.

# %%
weights = tf.Variable(tf.zeros((784, 10)))
bias = tf.Variable(tf.zeros(10))
(images[:5] @ weights + bias).shape

# %% [markdown]
# ## From scores to a loss
#
# How wrong is a row of ten scores? First turn it into probabilities. [Softmax](gradients.md) replaces
# each score by a power of $e$ and divides by the sum of these powers, so that they add up to 1. For
# score $z_i$ of class $i$:
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# Take three classes, and scores chosen such that their powers of $e$ are 1, 2 and 5. (The *natural
# logarithm*, `np.log`, finds them; it asks: $e$ to which power gives this number?) The sum is 8, so
# the probabilities are 1/8, 2/8 and 5/8.

# %%
scores = np.log([1, 2, 5])
probabilities = tf.nn.softmax(scores).numpy()
print("probabilities  ", probabilities)
print("cost if correct", -np.log(probabilities).round(2))

# %% [markdown]
# Then look at one probability only, that of the correct class, and take minus its natural logarithm.
# This loss is the **cross-entropy**. A probability of 1 costs nothing, since $\ln 1 = 0$. If the third
# class above is correct, the answer costs `{python} f"{-np.log(5 / 8):.2f}"`; if the first is,
# `{python} f"{-np.log(1 / 8):.2f}"`: the smaller that probability, the higher the cost.
#
# Know the price of ignorance. With all weights at 0, each of the ten classes gets a probability of one
# tenth, and that costs $\ln 10$, which is `{python} f"{np.log(10):.2f}"`.


# %%
def cross_entropy(logits, labels):
    costs = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(costs)


float(cross_entropy(images @ weights + bias, labels))

# %% [markdown]
# The long name takes scores and class numbers (*sparse*: a number, not a row of ten) and does softmax
# and logarithm together. A linear model with this loss is called **softmax regression**.
#
# ## A few pictures instead of all
#
# The whole gradient needs a pass over 54,000 pictures, all for a single step. A few give a
# rougher gradient, and give it sooner. How rough? Ask samples of different sizes; `tf.gather` picks
# the rows at the given positions. The cosine says how well two directions agree: 1 is the same
# direction, 0 is at a right angle.


# %%
def unit_gradient(positions):
    with tf.GradientTape() as tape:
        logits = tf.gather(images, positions) @ weights + bias
        loss = cross_entropy(logits, tf.gather(labels, positions))
    gradient = tape.gradient(loss, weights).numpy().ravel()
    return gradient / np.linalg.norm(gradient)  # norm: a vector's length


order = np.random.default_rng(0).permutation(len(labels))
full_gradient, cosines = unit_gradient(order), {}
for size in (1, 8, 128, 2048):
    draws = [order[start : start + size] for start in (0, 2048, 4096)]
    cosines[size] = [unit_gradient(draw) @ full_gradient for draw in draws]
    print(f"{size:4} pictures, cosine", np.round(cosines[size], 2))

# %% [markdown]
# One picture may point almost anywhere. 128 agree well with all of them, for less than a
# four-hundredth of the work. See the rest of the way: change the number of pictures, and 40 gradients of so
# many pictures each gather around that of all of them.


# %% tags=["interactive"]
def figure_of_gradients():
    import json

    def gradient_of(positions):
        with tf.GradientTape() as tape:
            logits = tf.gather(images, positions) @ weights + bias
            loss = cross_entropy(logits, tf.gather(labels, positions))
        slopes = tape.gradient(loss, weights).numpy()
        return slopes.ravel().astype(float)

    dice = np.random.default_rng(1)
    gradient_of_all = gradient_of(order)
    length = np.linalg.norm(gradient_of_all)
    clouds = {}
    for size in (1, 4, 16, 64, 256, 1024):
        draws = [dice.integers(0, len(labels), size) for _ in range(40)]
        clouds[size] = np.stack([gradient_of(d) for d in draws]) / length
    direction = gradient_of_all / length
    figure = {"figure": "batch-gradient", "sizes": list(clouds)}
    figure |= {"label": "Gradients of a few pictures", "tips": []}
    # What leads away from the whole gradient, and to which of two sides.
    rests = {
        s: c - np.outer(c @ direction, direction) for s, c in clouds.items()
    }
    sideways = np.linalg.svd(rests[1], full_matrices=False)[2][0]
    references = []
    for size, cloud in clouds.items():
        sides = np.sign(rests[size] @ sideways)
        heights = sides * np.linalg.norm(rests[size], axis=1)
        tips = np.stack([cloud @ direction, heights], axis=1)
        figure["tips"].append(tips.ravel().round(3).tolist())
        distances = np.linalg.norm(cloud - direction, axis=1)
        cosines = cloud @ direction / np.linalg.norm(cloud, axis=1)
        reference = {"size": size, "cosine": cosines.mean()}
        reference["distance"] = np.sqrt((distances**2).mean())
        references.append(reference)
    figure["expected"] = references
    print(json.dumps(figure))


figure_of_gradients()

# %% [markdown]
# So training takes a **minibatch** (often called a batch) per step. How
# many pictures it holds is the **batch size**. For each pass the pictures are shuffled and dealt out
# like cards, each once; such a pass is an **epoch**. The order comes from random numbers, and those
# from a **seed**: the same seed gives the same order again.


# %%
def deal(count, batch_size, seed):
    """Return 0 to count - 1 in random order, cut into batches."""
    order = np.random.default_rng(seed).permutation(count)
    return np.split(order, range(batch_size, count, batch_size))


deal(10, 4, seed=0)

# %% [markdown]
# Now the same lines again. Only the model and the loss have changed.


# %%
def step(images, labels, rate, loss_function=cross_entropy):
    with tf.GradientTape() as tape:
        loss = loss_function(images @ weights + bias, labels)
    slopes = tape.gradient(loss, [weights, bias])
    weights.assign_sub(rate * slopes[0])
    bias.assign_sub(rate * slopes[1])
    return loss


def train(step, rate, batch_size=128, seed=0, steps=None):
    """Train from 0 for an epoch or fewer steps; return the losses."""
    weights.assign(tf.zeros_like(weights))
    bias.assign(tf.zeros_like(bias))
    losses = []
    for positions in deal(len(labels), batch_size, seed)[:steps]:
        batch = tf.gather(images, positions), tf.gather(labels, positions)
        losses.append(float(step(*batch, tf.constant(rate))))
    return losses


losses = train(step, rate=0.1)
print(f"{len(losses)} steps, loss {losses[0]:.3f}, then {losses[-1]:.3f}")

# %% [markdown]
# The loss of each step, drawn in order, is the **loss curve**. People prefer the **accuracy**, the
# fraction of correct answers, best taken on pictures that were not trained on: the 6,000 set aside
# for validation.


# %%
def accuracy():
    answers = tf.argmax(validation_images @ weights + bias, axis=1)
    return float(np.mean(answers.numpy() == validation_labels.numpy()))


print(f"correct on {accuracy():.1%} of the validation pictures")

# %% [markdown]
# ## What has it learned?
#
# Each class has a weight for each pixel, so its weights can be looked at as a picture. (Each picture is
# divided by its largest weight.)

# %%
templates = weights.numpy().T.reshape(10, 28, 28)
templates /= np.abs(templates).max(axis=(1, 2), keepdims=True)
pictures = dict(zip(fashion.class_names, templates, strict=True))
plot_images.signed_images(pictures, columns=5)

# %% [markdown]
# Where a picture is red, a bright pixel speaks for the class; where it is blue, against it: *Trouser*
# has a blue strip where the legs part. *Coat*, *Pullover* and *Shirt* argue about details, a collar, a
# hem, an edge, for their outlines are alike. One such template per class is all that this model can
# have. A coat hung upside down would not be a coat.
#
# ## The loop, compiled
#
# So far, TensorFlow has been carrying out each operation at the moment when Python comes to its line.
# That is **eager execution**, and it is good for looking at things. But each time round, Python hands
# over the same dozens of operations one by one. On small batches that takes longer than the arithmetic.
#
# `tf.function` separates the two. When you first call the function, Python runs through it once. That
# is **tracing**: the operations are noted down as a **graph**, a plan of what feeds into what. Every
# later call of that kind runs the plan, without Python. Now 200 steps with each, in batches of 32:

# %% tags=["measured"]
from snippets.training import Stopwatch

fast_step = tf.function(step)
fast_step(images[:32], labels[:32], tf.constant(0.1))  # traces, unmeasured
with Stopwatch() as eager_time:
    eager_losses = train(step, rate=0.1, batch_size=32, steps=200)
with Stopwatch() as graph_time:
    graph_losses = train(fast_step, rate=0.1, batch_size=32, steps=200)
speed_up = eager_time.cpu_seconds / graph_time.cpu_seconds
print(f"eager       {eager_time.cpu_seconds:.2f} CPU seconds")
print(f"tf.function {graph_time.cpu_seconds:.2f} CPU seconds")

# %% [markdown]
# The same losses, `{python measured} f"{speed_up:.1f}"` times as fast. (CPU seconds count the
# processor's work; dealing out the batches is in both numbers.) The larger the batches, the smaller the
# gain, because then arithmetic outweighs the overhead.
#
# There are two traps. Anything that *Python* does happens while tracing, and not again. And a graph
# holds for one kind of argument: for a new shape or dtype, and **for every new Python number, tracing
# starts afresh.** (`@tf.function` above a definition does the same as `tf.function(…)` around the name.)

# %%
traces = []


@tf.function
def double(number):
    traces.append(number)  # Python's doing: only while tracing
    return 2 * number


for number in (1.0, 2.0, 3.0):
    double(tf.constant(number))
traces_of_tensors = len(traces)
for number in (1.0, 2.0, 3.0):
    double(number)
traces_of_tensors, len(traces)

# %% [markdown]
# Three calls with tensors left one entry in the list: the second and third call never came to that
# line. (A `print` in a compiled function deceives in the same way; `tf.print` is in the graph.) Three
# calls with Python numbers left three more. With a learning rate that changes from step to step, that
# undoes the whole gain: so `train` hands over `tf.constant(rate)`. (When it happens often, TensorFlow
# prints a warning about *retracing*. Take it seriously.)

# %% tags=["claims"]
assert np.allclose(eager_losses, graph_losses, atol=1e-4), (
    "eager and compiled losses are the same"
)
assert speed_up > 1.5, (
    "in batches of 32, compiled steps take less CPU time, by a factor above 1.5"
)
assert (traces_of_tensors, len(traces)) == (1, 4), (
    "tensors are traced once, each Python number anew"
)

# %% [markdown]
# ## Three learning rates
#
# Here are the loss curves of three learning rates over 300 steps, each with three seeds, so with three
# orders of the pictures. Single steps jump about, so each point is the mean of ten. The curve is the mean of the
# seeds, the band reaches from the lowest to the highest.

# %%
curves, accuracies, last_losses = {}, {}, {}
for rate in (0.001, 0.1, 1.0):
    runs, accuracies[rate] = [], []
    for seed in (0, 1, 2):
        runs.append(train(fast_step, rate, seed=seed, steps=300))
        accuracies[rate].append(accuracy())
    means_of_ten = np.reshape(runs, (3, 30, 10)).mean(axis=2)
    curves[f"learning rate {rate:g}"] = means_of_ten
    last_losses[rate] = means_of_ten[:, -5:].mean()
plot_curves.spread_curves(curves, x=range(10, 301, 10), log_y=True)

# %%
for rate, loss in last_losses.items():
    percents = ", ".join(f"{share:.1%}" for share in accuracies[rate])
    print(f"rate {rate:<5g} last losses {loss:.2f}, accuracy {percents}")

# %% [markdown]
# At 0.001 the curve is smooth and slow: nothing is wrong, but it would need about a hundred times
# as many steps. At 0.1 it drops and settles. At 1.0 it drops and then *does not settle*: each step
# overshoots for the pictures it saw and is wrong for the next ones. Its loss ends
# `{python} f"{last_losses[1.0] / last_losses[0.1]:.1f}"` times as high as that of 0.1, yet its
# accuracy does not look hopeless, and depends on the seed, that is, on where the last step happened
# to land. The loss shows the trouble, because it counts how sure a wrong answer was.
#
# Here a rate that is too large did not explode as it did in the valley: the slope of cross-entropy for
# each score is probability minus truth ([Gradients](gradients.md)), so it lies between −1 and 1.
#
# [Experiments](../networks/experiments.md) has a cheaper way to find a good rate, a single short run in
# which it climbs.

# %% tags=["claims"]
assert abs(losses[0] - np.log(10)) < 1e-5, (
    "with all weights at 0, the loss is ln 10"
)
assert min(cosines[2048]) > max(cosines[1]), (
    "the gradients of 2,048 pictures agree better with that of all than those of single pictures"
)
assert last_losses[0.1] < 0.7 * min(last_losses[0.001], last_losses[1.0]), (
    "a learning rate of 0.1 ends lowest, by far, of the three"
)
assert min(accuracies[0.1]) > 0.77 > max(accuracies[0.001]), (
    "with a learning rate of 0.1, every seed is correct on more than 77% of the validation pictures"
)
assert np.ptp(accuracies[1.0]) > np.ptp(accuracies[0.001]), (
    "with too large a learning rate, the accuracy depends more on the seed than with a small one"
)

# %% [markdown]
# ## What goes wrong: nan
#
# Two slips in one. The pixels are left as bytes, 0 to 255, and the cross-entropy is written as the
# formula says it, softmax first, then the logarithm.


# %%
def by_the_formula(logits, labels):
    probabilities = tf.nn.softmax(logits)
    correct_class = tf.gather(probabilities, labels, axis=1, batch_dims=1)
    return -tf.reduce_mean(tf.math.log(correct_class))


def three_losses(loss_function, scale):
    def scaled_step(images, labels, rate):
        return step(scale * images, labels, rate, loss_function)

    return train(scaled_step, rate=0.1, steps=3)


first_losses = {
    "bytes, formula": three_losses(by_the_formula, 255.0),
    "bytes, logits": three_losses(cross_entropy, 255.0),
    "0 to 1, logits": three_losses(cross_entropy, 1.0),
}
for name, losses in first_losses.items():
    print(f"{name:14}", ", ".join(f"{loss:,.2f}" for loss in losses))

# %% [markdown]
# By the formula, the second loss is infinite and the third is `nan`, *not a number*, as is every weight
# from then on. Nothing raised an error. The first step with bytes makes scores in the tens of thousands;
# $e$ to such a difference is rounded to 0; and the logarithm of 0 is minus infinity. Computed from
# logits, no probability is rounded to 0 on the way, and the loss stays finite. It is still useless: the
# inputs are too large for the learning rate. Both cures are needed, scaled inputs and a loss from
# logits. And a loss that is not finite should stop you at once:

# %% tags=["raises-exception"]
third_loss = first_losses["bytes, formula"][-1]
tf.debugging.assert_all_finite(third_loss, "the loss of step 3")

# %% [markdown]
# ## What goes wrong: softmax twice
#
# Softmax is part of this loss. Whoever also ends the model with a softmax takes it twice, and again
# nothing raises an error:


# %%
def softmax_twice(logits, labels):
    return cross_entropy(tf.nn.softmax(logits), labels)


step_twice = tf.function(lambda *batch: step(*batch, softmax_twice))
losses_twice = train(step_twice, rate=0.1)
accuracy_twice, floor = accuracy(), np.log(1 + 9 / np.e)
losses = train(fast_step, rate=0.1)
levels = {"floor": [floor] * len(losses)}
plot_curves.spread_curves({"once": losses, "twice": losses_twice} | levels)

# %% [markdown]
# It trains, slowly: after one epoch it is correct on `{python} f"{accuracy_twice:.1%}"` of the
# validation pictures. The second softmax takes probabilities for scores, and these lie between 0 and 1.
# At best the correct class has 1 and the other nine have 0. The powers of $e$ are then $e$ and nine
# times 1, and that certainty counts as $e / (e + 9)$. It costs $\ln(1 + 9/e)$, which is
# `{python} f"{floor:.2f}"`: **a floor that no training gets below.** Where a loss comes to rest there, in
# a task of ten classes, look for a second softmax.
#
# Keras guards you: where a softmax of Keras made the probabilities, its own cross-entropy takes the
# scores from before it, and warns. That of `tf.nn` does not.

# %% tags=["claims"]
assert np.isnan(first_losses["bytes, formula"][-1]), (
    "bytes and the formula as written end in nan"
)
assert first_losses["0 to 1, logits"][-1] < np.log(10), (
    "scaled and from logits, three steps bring the loss below ln 10"
)
assert min(losses_twice) > floor > np.mean(losses[-50:]), (
    "with softmax twice the loss never gets below ln(1 + 9/e), and with softmax once it does"
)

# %% tags=["control"] claim="bytes and the formula as written end in nan" without="the bytes"
first_losses = {"bytes, formula": three_losses(by_the_formula, 1.0)}

# %% tags=["control"] claim="bytes and the formula as written end in nan" without="the formula as written"
first_losses = {"bytes, formula": three_losses(cross_entropy, 255.0)}

# %% tags=["control"] claim="with softmax twice the loss never gets below ln(1 + 9/e), and with softmax once it does" without="the second softmax"
losses_twice = losses

# %% [markdown]
# ## The same in Keras
#
# Now the same model in Keras's own words. A **layer** takes a tensor and returns a tensor; a
# **dense layer** is `inputs @ weights + bias` (an activation function, which a [later
# page](../networks/first-network.md) introduces, may follow). An
# **optimizer** is what makes the update: `SGD`, *stochastic gradient descent*, subtracts learning rate
# times slope, as you did (stochastic, because each batch is a random draw).

# %%
import keras

layer = keras.layers.Dense(10, kernel_initializer="zeros")
network = keras.Sequential([keras.Input((784,)), layer])
loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss_function)

# %% [markdown]
# `network.fit(images, labels, batch_size=128)` would now train it for one epoch. To compare each step,
# it gets the pictures in your order, dealt already, and a *callback*, an object whose functions `fit` calls
# as it goes, notes the loss of each batch, where `fit` itself shows a running mean:

# %%
fit_losses = []
record = keras.callbacks.LambdaCallback(
    on_train_batch_begin=lambda batch, logs: network.reset_metrics(),
    on_train_batch_end=lambda batch, logs: fit_losses.append(logs["loss"]),
)
order = np.concatenate(deal(len(labels), 128, seed=0))
inputs, answers = tf.gather(images, order), tf.gather(labels, order)
batches = tf.data.Dataset.from_tensor_slices((inputs, answers)).batch(128)
network.fit(batches, shuffle=False, callbacks=[record], verbose=0)
curves = {"by hand": losses, "Keras": fit_losses}
plot_curves.spread_curves(curves, behind="by hand")

# %% [markdown]
# Two curves, one on top of the other: the wide one is yours. The largest difference between the two in
# any of the `{python} len(losses)` steps is
# `{python} f"{np.abs(np.subtract(losses, fit_losses)).max():.0e}"`, which is rounding. What you wrote
# and what Keras offers correspond line by line:
#
# | by hand | Keras |
# | --- | --- |
# | `images @ weights + bias` | `keras.layers.Dense(10)` |
# | `cross_entropy(logits, labels)` | `loss=` in `compile` |
# | `assign_sub(rate * slope)` | `optimizer=` in `compile`, or `optimizer.apply` |
# | `deal`, the loops, the tape, `tf.function` | `fit` |
# | `accuracy()` | `metrics=` in `compile`, or `evaluate` |
#
# From here on the course uses `fit`. Where it cannot do what you need, meet it half-way: Keras's
# network, loss and optimizer in a loop of your own.

# %%
loop_network = keras.models.clone_model(network)  # back at 0
optimizer = keras.optimizers.SGD(0.1)


@tf.function
def keras_step(images, labels):
    with tf.GradientTape() as tape:
        loss = loss_function(labels, loop_network(images, training=True))
    slopes = tape.gradient(loss, loop_network.trainable_variables)
    optimizer.apply(slopes, loop_network.trainable_variables)
    return loss


loop_losses = [float(keras_step(*batch)) for batch in batches.take(100)]
print(f"step 100: fit {fit_losses[99]:.4f}, loop {loop_losses[99]:.4f}")

# %% [markdown]
# `training=True` matters to layers that behave differently in training. `apply` is your
# `assign_sub`, for any optimizer: change `SGD` to `Adam`, another one, and the loop stays as it is.

# %% tags=["claims"]
difference = np.abs(np.subtract(losses, fit_losses)).max()
assert difference < 1e-3, (
    "Keras and the loop by hand have the same loss curve, step by step"
)
assert np.allclose(network.get_weights()[0], weights.numpy(), atol=1e-4), (
    "Keras and the loop by hand end at the same weights"
)
assert np.allclose(loop_losses, fit_losses[:100], atol=1e-3), (
    "a loop of your own around Keras's network and optimizer has the same losses as fit"
)

# %% tags=["control"] claim="Keras and the loop by hand have the same loss curve, step by step" without="the same order of the pictures"
other_order = train(fast_step, rate=0.1, seed=1)
difference = np.abs(np.subtract(other_order, fit_losses)).max()

# %% [markdown]
# ## Exercise: the slopes without a tape
#
# Write `slopes_by_hand(weight, bias)` for the line through the three points: the slope of the mean
# squared error for the weight, then for the bias. The section *One step on paper* says how. The starter
# forgets something in the first.


# %% tags=["starter"]
def slopes_by_hand(weight, bias):
    misses = weight * x + bias - y
    return np.mean(2 * misses), np.mean(2 * misses)


# %% [markdown] tags=["hint"]
# Both slopes are means, and the starter has the same for both. A miss changes by 1 with the bias; by what
# does it change with the weight?

# %% tags=["check"]
cases = {(0, 0): (-6, -4), (1.5, 0.5): (0, 0), (-1, 2): (-16 / 3, -2)}
for place, true_slopes in cases.items():
    answer = np.array(slopes_by_hand(*place), dtype=object)
    shapes = answer.shape, {np.shape(slope) for slope in answer.ravel()}
    assert shapes == ((2,), {()}), f"two numbers, not {answer.tolist()}"
    answer = answer.astype(float)
    message = f"at {place}: {true_slopes}, not {answer.tolist()}"
    assert np.allclose(answer, true_slopes, atol=1e-3), message


# %% tags=["solution"]
def slopes_by_hand(weight, bias):
    misses = weight * x + bias - y
    return np.mean(2 * misses * x), np.mean(2 * misses)


slopes_by_hand(0.0, 0.0)


# %% tags=["wrong"]
def slopes_by_hand(weight, bias):
    misses = weight * x + bias - y
    return np.mean(2 * misses), np.mean(2 * misses * x)  # swapped


# %% tags=["wrong"]
def slopes_by_hand(weight, bias):
    misses = weight * x + bias - y
    return np.mean(misses * x), np.mean(misses)  # without the 2


# %% tags=["wrong"]
def slopes_by_hand(weight, bias):
    misses = weight * x + bias - y
    return np.sum(2 * misses * x), np.sum(2 * misses)  # not averaged


# %% tags=["wrong"]
def slopes_by_hand(weight, bias):
    return -6.0, -4.0  # those of the first guess, wherever one stands


# %% [markdown]
# ## Exercise: make the valley round
#
# Subtract the mean from the inputs and divide by their standard deviation (`x.std()`), and weight and
# bias no longer do the same job: the valley becomes a round bowl. On a round bowl, one step of the
# right length goes straight to the bottom; here the right rate is one half. Write `standardise(x)`. The
# check has two small inputs worked out by hand, and the solution takes a single step from the first
# guess: the loss is then as small as it can be.


# %% tags=["starter"]
def standardise(x):
    return x / x.max()


# %% [markdown] tags=["hint"]
# Two steps: move the inputs so that their mean is 0, then scale them. The starter does only the second, and
# by another number.

# %% tags=["check"]
cases = {(7, 3): [1, -1], (0, 0, 0, 0, 5): [-0.5] * 4 + [2]}
for numbers, outputs in cases.items():
    answer = standardise(np.array(numbers, "float32"))
    answer = np.array(answer, float).round(4)
    message = f"{numbers} become {answer.tolist()}, not {outputs}"
    assert np.array_equal(answer, outputs), message


# %% tags=["solution"]
def standardise(x):
    return (x - x.mean()) / x.std()


z = standardise(x)
float(np.mean((np.mean(y * z) * z + np.mean(y) - y) ** 2))  # after one step


# %% tags=["wrong"]
def standardise(x):
    return x - x.mean()  # moved, not scaled


# %% tags=["wrong"]
def standardise(x):
    return x / x.std()  # scaled, not moved


# %% tags=["wrong"]
def standardise(x):
    return np.array([-1, 0, 1]) * np.sqrt(1.5)  # for 0, 1, 2 alone


# %% tags=["wrong"]
def standardise(x):
    return (x - x.min()) / (x.max() - x.min())  # from 0 to 1


# %% [markdown]
# ## Exercise: deal fairly
#
# `careless_deal` draws each batch at random from all positions, so in one epoch some pictures come up
# twice and others not at all. Repair it without calling `deal`: each position exactly once, in a random
# order that `seed` decides, the last batch smaller if need be.


# %% tags=["starter"]
def careless_deal(count, batch_size, seed):
    generator = np.random.default_rng(seed)
    batches = range(0, count, batch_size)
    return [generator.integers(count, size=batch_size) for _ in batches]


# %% [markdown] tags=["hint"]
# Shuffle all positions once, as one does with cards, then cut the row into pieces. NumPy's generators have
# `permutation`.

# %% tags=["check"]
for count, size in ((1000, 128), (10, 4), (96, 32)):
    batches = careless_deal(count, size, seed=0)
    sizes = [np.size(batch) for batch in batches]
    fair_sizes = [min(size, count - n) for n in range(0, count, size)]
    message = f"{count} by {size}: sizes {sizes}, not {fair_sizes}"
    assert sizes == fair_sizes, message
    omissions = len({*range(count)} - {*np.concatenate(batches).tolist()})
    assert not omissions, f"{omissions} of {count} positions never come up"
seeds = 0, 0, 1
orders = [np.concatenate(careless_deal(1000, 128, n)) for n in seeds]
assert (orders[0] == orders[1]).all(), "seed 0 used twice gives two orders"
assert (orders[0] != orders[2]).any(), "seeds 0 and 1 give the same order"
gaps = len(np.unique(np.diff(orders[0])))
message = f"not random: only {gaps} different gaps between neighbours"
assert gaps > 300, message


# %% tags=["solution"]
def careless_deal(count, batch_size, seed):
    order = np.random.default_rng(seed).permutation(count)
    return np.split(order, range(batch_size, count, batch_size))


[len(batch) for batch in careless_deal(1000, 128, seed=0)]


# %% tags=["wrong"]
def careless_deal(count, batch_size, seed):
    order = np.roll(np.arange(count), seed + 1)  # each once, not at random
    return np.split(order, range(batch_size, count, batch_size))


# %% tags=["wrong"]
def careless_deal(count, batch_size, seed):
    order = np.random.default_rng().permutation(count)  # without the seed
    return np.split(order, range(batch_size, count, batch_size))


# %% tags=["wrong"]
def careless_deal(count, batch_size, seed):
    generator = np.random.default_rng(seed)
    starts = range(0, count, batch_size)
    sizes = [min(batch_size, count - start) for start in starts]
    return [generator.choice(count, size, replace=False) for size in sizes]


# %% tags=["wrong"]
def careless_deal(count, batch_size, seed):
    order = np.random.default_rng(seed).permutation(count)
    end = count // batch_size * batch_size  # the last batch is left out
    return np.split(order[:end], count // batch_size)


# %% tags=["wrong"]
def careless_deal(count, batch_size, seed):
    starts = range(batch_size, count, batch_size)
    batches = np.split(np.arange(count), starts)
    generator = np.random.default_rng(seed)  # mixed within each batch only
    return [generator.permutation(batch) for batch in batches]


# %% [markdown]
# ## Exercise: keep some speed
#
# A ball that rolls along the valley gathers speed. **Momentum** gives descent a memory: a velocity,
# which at each step keeps the fraction `momentum` of itself and loses learning rate times slope; the
# place then moves by the velocity. Add it, and you have written Keras's
# `SGD(0.1, momentum=0.8)`. The starter moves by the last slope only. (It uses your `slopes_by_hand`, so solve that
# exercise first.)


# %% tags=["starter"]
def roll(steps, rate=0.1, momentum=0.8):
    place, velocity = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        velocity = -rate * np.array(slopes_by_hand(*place))
        place = place + velocity
    return place


# %% [markdown] tags=["hint"]
# The velocity outlives the step. What it was before is the part that the starter throws away: let the new
# velocity begin with a fraction of the old one.

# %% tags=["check"]
cases = {(1, 0.1, 0.8): (0.6, 0.4), (2, 0.1, 0.8): (1.4, 0.92)}
cases[3, 0.3, 0.5] = 1.17, 0.492
for arguments, place in cases.items():
    answer = np.array(roll(*arguments), float).round(4)
    message = f"roll{arguments}: {place}, not {answer.tolist()}"
    assert np.array_equal(answer, place), message


# %% tags=["solution"]
def roll(steps, rate=0.1, momentum=0.8):
    place, velocity = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        slopes = np.array(slopes_by_hand(*place))
        velocity = momentum * velocity - rate * slopes
        place = place + velocity
    return place


roll(60)


# %% tags=["wrong"]
def roll(steps, rate=0.1, momentum=0.8):
    place, last_slopes = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        slopes = np.array(slopes_by_hand(*place))
        place = place - rate * (slopes + momentum * last_slopes)
        last_slopes = slopes  # remembers one step, no more
    return place


# %% tags=["wrong"]
def roll(steps, rate=0.1, momentum=0.8):
    place, velocity = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        slopes = np.array(slopes_by_hand(*place))
        velocity = momentum * velocity - (1 - momentum) * rate * slopes
        place = place + velocity
    return place


# %% tags=["wrong"]
def roll(steps, rate=0.1, momentum=0.8):
    place, velocity = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        slopes = np.array(slopes_by_hand(*place))
        velocity = 0.8 * velocity - 0.1 * slopes  # whatever was asked for
        place = place + velocity
    return place


# %% tags=["wrong"]
def roll(steps, rate=0.1, momentum=0.8):
    place, velocity = np.zeros(2), np.zeros(2)
    for _ in range(steps):
        slopes = np.array(slopes_by_hand(*place))
        place = place + velocity  # before the new slope counts
        velocity = momentum * velocity - rate * slopes
    return place


# %% [markdown]
# ## Questions
#
# Five questions about training, with a reason for each choice.

# %% [markdown] tags=["question"]
# The three points of this page are (0, 1), (1, 1) and (2, 4), and the line stands at weight 1 and bias 0.
# Which way does the next step go?
#
# - Both grow, the weight more.
#     - The misses are −1, 0 and −2. Their mean, and even more so their mean times $x$, is negative; the
#       slopes are subtracted, so both parameters grow.
# - Both grow, the bias more.
#     - The bias sees each miss as it is, the weight sees it times $x$. The largest miss is at 2, so it counts
#       twice for the weight.
# - Both shrink, the weight more.
#     - The slopes are negative, true. They are subtracted: where the loss falls as a parameter grows, the
#       parameter grows.
# - The bias grows, the weight stays.
#     - The line rises by 1 for each step to the right, and so do the points at first. But the last point lies
#       2 above the line, and a steeper one would come nearer.

# %% tags=["question"]
misses = 1 * x + 0 - y
weight_change = -np.mean(2 * misses * x)
bias_change = -np.mean(2 * misses)
[
    weight_change > bias_change > 0,
    bias_change > weight_change > 0,
    weight_change < bias_change < 0,
    weight_change == 0 < bias_change,
]

# %% [markdown] tags=["question"]
# A model for four classes has all its weights at 0. What is its cross-entropy, before any training?
#
# - `{python} f"{np.log(4):.2f}"`
#     - Each class gets the probability one quarter, and minus the natural logarithm of that is $\ln 4$.
# - `{python} f"{1 / 4:.2f}"`
#     - That is the probability of the correct class. The loss is minus its logarithm.
# - `{python} f"{np.log(10):.2f}"`
#     - The price of ignorance depends on how many answers there are. $\ln 10$ is for ten classes, and with
#       four it is easier to guess.
# - `{python} f"{0:.2f}"`
#     - All scores are 0, not the loss. Equal scores are equal probabilities, and only certainty of the truth
#       is free.

# %% tags=["question"]
first_loss = float(cross_entropy(tf.zeros((8, 4)), [0, 1, 2, 3] * 2))
[
    np.isclose(first_loss, np.log(4)),
    np.isclose(first_loss, 1 / 4),
    np.isclose(first_loss, np.log(10)),
    np.isclose(first_loss, 0),
]

# %% [markdown] tags=["question"]
# A batch of 128 pictures gives a gradient whose cosine with that of all pictures was
# `{python} f"{np.mean(cosines[128]):.2f}"`; for 2,048 pictures it was
# `{python} f"{np.mean(cosines[2048]):.2f}"`. What speaks for the smaller batch?
#
# - It points much the same way, for a sixteenth of the work.
#     - It loses a little of the direction and saves most of the work. For the price of one step with 2,048
#       pictures you take sixteen steps with 128, each of them roughly right.
# - It points exactly the same way, for a sixteenth of the work.
#     - Then the cosine would be 1. Chance is left in every sample; it is small enough to walk by.
# - Any batch would do, down to a single picture.
#     - For single pictures the cosine was `{python} f"{np.mean(cosines[1]):.2f}"`: they may point almost
#       anywhere.

# %% tags=["question"]
one, middle, large = (np.mean(cosines[size]) for size in (1, 128, 2048))
[
    0.75 * large < middle < 0.98 * large,
    np.isclose(middle, 1, atol=0.01),
    one > 0.75 * large,
]

# %% [markdown] tags=["question"]
# `triple` is called three times with Python numbers. How often does it print?
#
# ```python
# @tf.function
# def triple(number):
#     print("at work")
#     return 3 * number
#
# for number in (1.0, 2.0, 2.0):
#     triple(number)
# ```
#
# - twice
#     - `print` is Python's doing and runs while tracing. 1 and 2 are each traced once; the third call finds
#       the plan for 2.
# - three times
#     - Without `tf.function` it would. A call that finds a plan runs the plan, and `print` is not in it.
# - once
#     - With tensors of one shape and dtype it would be once. Each new Python number needs a trace of its own.
# - never
#     - It is not in the graph, but Python has to go through the function to draw that graph.

# %% tags=["question"]
prints = []


@tf.function
def triple(number):
    prints.append("at work")
    return 3 * number


for number in (1.0, 2.0, 2.0):
    triple(number)
[len(prints) == 2, len(prints) == 3, len(prints) == 1, len(prints) == 0]

# %% [markdown] tags=["question"]
# A classifier of three classes learns, is right most of the time, and its loss will not fall below
# `{python} f"{np.log(1 + 2 / np.e):.2f}"`, which is $\ln(1 + 2/e)$. What is the first thing to suspect?
#
# - a second softmax before the loss
#     - At best, the second softmax gets a 1 and two 0s for scores. That counts as $e / (e + 2)$, and costs
#       exactly this.
# - weights that never left 0
#     - Then all three classes would be equally likely, the loss $\ln 3$, and the answers no better than
#       guesses.
# - perfect answers: there is nothing left to learn
#     - Perfect answers cost 0. A floor above 0 that does not move is built into the loss.

# %% tags=["question"]
level, correct_classes = np.log(1 + 2 / np.e), [0, 1, 2]
sure_logits = 100 * tf.eye(3)
[
    np.isclose(softmax_twice(sure_logits, correct_classes), level),
    np.isclose(cross_entropy(0 * sure_logits, correct_classes), level),
    np.isclose(cross_entropy(sure_logits, correct_classes), level),
]

# %% [markdown]
# ## What to remember
#
# - Training is a loop: measure the loss, ask for the slopes, update, repeat. The rest is
#   convenience.
# - A minibatch gives a rough gradient for a small fraction of the work; an epoch deals out each picture
#   once.
# - Know what ignorance costs ($\ln$ of the number of classes), and watch the loss: too small a learning
#   rate crawls, too large a one never settles.
# - Compute cross-entropy from logits, softmax once, scale the inputs, and stop at the first `nan`.
# - `tf.function` traces once and then leaves Python out. Hand it tensors, not Python numbers.
#
# ## Where next
#
# What is in those photographs? Before you train a real network, look at the data:
# [Fashion-MNIST](../networks/fashion-mnist.md).
#
# ## Sources
#
# - Keras, [Writing a training loop from scratch in TensorFlow](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/),
#   and TensorFlow's guide to [`tf.function`](https://www.tensorflow.org/guide/function).
# - H. Robbins and S. Monro, *A Stochastic Approximation Method*, 1951,
#   [doi:10.1214/aoms/1177729586](https://doi.org/10.1214/aoms/1177729586): steps along a rough gradient.
# - L. Bottou, F. E. Curtis and J. Nocedal, *Optimization Methods for Large-Scale Machine Learning*,
#   2018, [arXiv:1606.04838](https://arxiv.org/abs/1606.04838).
