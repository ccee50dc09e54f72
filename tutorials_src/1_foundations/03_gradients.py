# ---
# title: Gradients
# summary: How TensorFlow tells, for every weight at once, which way to turn it and how much it matters.
# needs: [tensors, broadcasting]
# teaches: [tangent, slope, derivative, finite difference, gradient tape, chain rule, gradient, gradient descent, learning rate, persistent tape, recomputation, stop_gradient, softmax, jacobian, second derivative]
# data: [fashion-mnist]
# artifacts: []
# ---

# %% [markdown]
# A network has given a wrong answer. It holds thousands of adjustable numbers, its weights. Which
# of them should change, in which direction, and which matter most?
#
# One list of numbers answers for all of them at once: the **gradient**. It is nothing more than
# steepness, measured in many directions. So start with one direction and a curve that you can check
# by hand. Here is $x^2$, with a straight line laid against it at three points.

# %%
from snippets import plot_curves, plot_functions, plot_images, tables


def square(x):
    return x**2


plot_functions.function_and_tangents(
    square, {-2.0: -4.0, 0.0: 0.0, 3.0: 6.0}, span=(-3.0, 4.0), name="x²"
)

# %% [markdown]
# Each line touches the curve and has its steepness there: it is the **tangent**. The **slope** says
# how far the line rises when you go 1 to the right. At 3 it rises by 6. At −2 it falls by 4, so going
# right is downhill. At 0, the bottom of the curve, it is level.
#
# The slope at each point of a function is called its **derivative**. For a network it is the answer
# to the question above: *if I turn this weight up a little, by what multiple of that does the error
# grow?*
#
# ## Measuring a slope
#
# Take a small step and see how far you have risen:

# %%
step = 0.001
rise = square(3 + step) - square(3)
rise / step

# %% [markdown]
# Close to 6. This is a **finite difference**, and you can check it on paper:
# $(3 + h)^2 - 3^2 = 6h + h^2$, and divided by $h$ that is $6 + h$. The smaller the step $h$, the
# closer to 6. The rule from school, "the derivative of $x^2$ is $2x$", is this result for every $x$.
#
# ## Recording a slope
#
# TensorFlow finds slopes without stepping. It records what you compute:

# %%
import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as tape:
    y = square(x)
tape.gradient(y, x)

# %% [markdown]
# Inside the `with` block a tape runs. It notes each operation that a variable goes through, here "x
# was squared", with the values that were there. `tape.gradient(y, x)` then plays the tape backwards
# and asks of each operation: if your input grows a little, how much does your output grow? For each
# single operation it knows the rule from school.
#
# For several operations in a row, the answers are multiplied. This is the **chain rule**, and it
# too can be checked by hand. Take $(3x + 1)^2$ at $x = 1$. The inner part, $3x + 1$, is 4 and grows
# 3 times as fast as $x$. The square of a number that is 4 grows 8 times as fast as the number.
# Together that makes 3 × 8.


# %%
def slope(function, x):
    with tf.GradientTape() as tape:
        y = function(x)
    return tape.gradient(y, x)


slope(lambda x: square(3 * x + 1), tf.Variable(1.0))

# %% [markdown]
# A tape recorder is a good picture with one flaw: a real tape is no larger when there is more on
# it. This one keeps the values between the operations in memory until it is played, so every
# operation costs memory. Record only what you want the gradient of.
#
# ## Three answers that must agree
#
# Now a function without an obvious answer: $x^2 \sin x$ at 2. By hand, with the rule for products,
# its derivative is $2x \sin x + x^2 \cos x$.

# %%
import math

from snippets.gradients import finite_difference


def wave(x):
    return x**2 * tf.sin(x)


exact = 2 * 2 * math.sin(2) + 2**2 * math.cos(2)
three_ways = {
    "by hand": exact,
    "tape": float(slope(wave, tf.Variable(2.0))),
    "finite difference": float(finite_difference(wave, 2.0, step=0.001)),
}
tables.table([{"how": how, "slope at 2": f"{value:.6f}"} for how, value in three_ways.items()])

# %% [markdown]
# Three roads, one answer, but for the last digit of the finite difference. Whenever you doubt a
# gradient, check it like this. `finite_difference` steps both ways, to $x + h$ and to $x - h$, and
# divides the difference by $2h$: most of the error on one side cancels that on the other.
#
# Then why not take the step as small as possible? Try steps from a tenth downwards, with both usual
# kinds of float: `float32` keeps about 7 digits, `float64` about 16. (A step below the last digit of
# $x$ would be lost, and the snippet refuses it.)

# %%
import numpy as np

errors = {}
for kind, smallest in ((np.float32, 6), (np.float64, 11)):
    steps = [10.0**-power for power in range(1, smallest + 1)]
    slopes = {h: float(finite_difference(wave, kind(2), step=h)) for h in steps}
    errors[kind.__name__] = {h: abs(value - exact) for h, value in slopes.items()}
plot_curves.log_curves(errors, xlabel="step", ylabel="error")

# %% [markdown]
# Both axes count in powers of ten. Read the figure from right to left. At first a smaller step is
# better: the error falls. Then it *rises*. The two heights have become so alike that their
# difference is mostly rounding error, and a small step divides that by next to nothing. In `float32`
# the best of these steps is as large as
# `{python} f"{min(errors['float32'], key=errors['float32'].get):g}"`, and the smallest is off by
# `{python} f"{list(errors['float32'].values())[-1]:.2f}"`. The tape takes no step, so it has no such
# trouble.

# %% tags=["claims"]
from snippets.gradients import gradient_error

assert float(slope(square, tf.Variable(3.0))) == 6.0, "the tape finds the slope 6 of x² at 3"
assert gradient_error(wave, 2.0) < 1e-6, "tape and finite differences agree on x² sin x"
assert abs(three_ways["tape"] - exact) < 1e-5, "the tape agrees with the derivative by hand"
assert list(errors["float32"].values())[-1] > 100 * min(errors["float32"].values()), (
    "in float32 the smallest step gives a far worse slope than the best one"
)

# %% [markdown]
# ## Many directions: the gradient
#
# A network has more than one weight. Take two, $x$ and $y$, and a bowl over them:
# $\frac{1}{2}x^2 + 2y^2$. Now there is a slope in each direction. By hand: going along $x$, only the
# first part changes, and its slope is $x$; along $y$ it is $4y$. At the point (−4, 1) that makes −4
# and 4. In the code, $x$ is `point[0]` and $y$ is `point[1]`, so that one tensor holds both.


# %%
def bowl(point):
    return point[0] ** 2 / 2 + 2 * point[1] ** 2


point = tf.Variable([-4.0, 1.0])
slope(bowl, point)

# %% [markdown]
# The slopes of all directions in one tensor are the **gradient**. It has the shape of the point: one
# slope for each number. It points where the ground rises fastest, so its opposite is the steepest
# way down. That suggests a way to the bottom, **gradient descent**: again and again, subtract a part
# of the gradient. `assign_sub` subtracts from a variable's contents.

# %%
for _ in range(3):
    point.assign_sub(0.4 * slope(bowl, point))
    print(point.numpy(), "height", float(bowl(point)))

# %% [markdown]
# From height `{python} f"{bowl([-4, 1]):g}"`, three steps lead down to
# `{python} f"{float(bowl(point)):.2f}"`. Think of walking down a hill in fog: you feel the slope
# under your feet and step downhill. The picture breaks in one place. A walker slows down on steep
# ground; here the step is the slope times a fixed number, the **learning rate**, so steep ground
# makes long steps.
#
# ## How far is one step?
#
# The gradient says which way, not how far. Here is the bowl seen from above, as on a hiking map: each
# ring joins points of the same height, and the inner rings lie lowest. Three walks of 15 steps start at
# the same point and differ in nothing but the learning rate.

# %%
from snippets.gradients import descend

paths = {
    rate: descend(bowl, [-4.0, 1.0], learning_rate=rate, steps=15) for rate in (0.05, 0.4, 0.52)
}
plot_functions.contour_paths(bowl, paths)

# %%
heights = {rate: [float(bowl(place)) for place in path] for rate, path in paths.items()}
tables.table(
    [
        {"learning rate": rate, "start": f"{walk[0]:g}", "after 15 steps": f"{walk[-1]:.6f}"}
        for rate, walk in heights.items()
    ]
)

# %% [markdown]
# At 0.05 the walk is safe and slow. At 0.4 it crosses the valley at each step and still arrives. At
# 0.52 each step crosses the valley too, and lands farther from its floor, $y = 0$, than it left. The
# height falls at first, since $x$ still shrinks, and then climbs past the start.
#
# By hand: along $y$ the slope is $4y$, so a step takes $y$ to $y - 4y \cdot \text{rate}$, which is
# $(1 - 4 \cdot \text{rate})$ times $y$. For the three rates that factor is
# `{python} ", ".join(f"{1 - 4 * rate:.2f}".replace("-", "−") for rate in paths)`. A factor between
# −1 and 1 shrinks $y$; a negative one throws it to the other side; one below −1 makes it grow. The
# limit is a learning rate of one half, and it is the direction $y$ that sets it, because its slope
# changes fastest: along $x$ the factor is $1 - \text{rate}$, which would allow four times as much.

# %% tags=["claims"]
assert np.allclose(slope(bowl, tf.Variable([-4.0, 1.0])), [-4, 4]), (
    "the gradient of the bowl at (−4, 1) is (−4, 4), as worked out by hand"
)
assert heights[0.4][-1] < heights[0.05][-1] < heights[0.05][0], (
    "of the learning rates that work, 0.4 is lower than 0.05 after 15 steps"
)
assert heights[0.52][-1] > heights[0.52][0], "a learning rate of 0.52 ends higher than it began"
assert np.allclose(paths[0.52][1:, 1], (1 - 4 * 0.52) * paths[0.52][:-1, 1]), (
    "at a learning rate of 0.52, each step multiplies y by the factor worked out by hand"
)

# %% [markdown]
# ## The real thing: 784 slopes at once
#
# Is it an ankle boot or a sneaker? Here are 2,000 pictures, each of one or the other and laid out as
# 784 pixels between 0 and 1. The answers are numbers too: 1 for a boot, −1 for a sneaker.

# %%
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
SNEAKER, BOOT = 7, 9


def boots_and_sneakers(split):
    chosen = np.flatnonzero(np.isin(split.labels, [SNEAKER, BOOT]))[:2000]
    pixels = tf.constant(split.images[chosen].reshape(-1, 784) / 255, tf.float32)
    return pixels, tf.constant(np.where(split.labels[chosen] == BOOT, 1.0, -1.0), tf.float32)


pixels, answers = boots_and_sneakers(fashion.train)
pixels.shape, answers.shape

# %% [markdown]
# The smallest network there is has a weight for each pixel. It multiplies pixels by weights and adds
# up; the sum is its score. A positive score means "boot". How wrong it is, in one number, is its
# loss: the mean of (score − answer)², as in [Broadcasting](broadcasting.md). `tf.linalg.matvec`
# multiplies a matrix by a vector: one score for each row, that is, picture. Scores and answers then
# have one shape, and the assert says so.


# %%
def loss(weights):
    scores = tf.linalg.matvec(pixels, weights)
    assert scores.shape == answers.shape, f"{scores.shape} against {answers.shape}"
    return tf.reduce_mean((scores - answers) ** 2)


weights = tf.Variable(tf.zeros(784))
gradient = slope(loss, weights)
print("loss", float(loss(weights)), "gradient", gradient.shape)

# %% [markdown]
# With all weights at 0 every score is 0, so every miss is 1 and so is the loss. The gradient has 784
# slopes, one for each pixel. Check them all by finite differences:

# %%
measured = finite_difference(loss, np.zeros(784, np.float32), step=0.01)
print("largest slope       ", np.abs(measured).max())
print("largest disagreement", np.abs(measured - gradient).max())

# %% [markdown]
# The same, up to rounding. But finite differences had to compute the loss 2 × 784 times, and the
# tape once, forwards and backwards. That is why networks can be trained at all: with a million
# weights the tape still needs one pass.
#
# Now descend, 60 steps. Then look at the gradient and at the weights as pictures, by giving each
# number back its place in the image:

# %%
losses = []
for _ in range(60):
    losses.append(float(loss(weights)))
    weights.assign_sub(0.005 * slope(loss, weights))

first = -gradient.numpy().reshape(28, 28)
last = weights.numpy().reshape(28, 28)
plot_images.signed_images(
    {
        "first step (largest = 1)": first / np.abs(first).max(),
        "weights after 60 (largest = 1)": last / np.abs(last).max(),
    }
)

# %% [markdown]
# Left, the direction of the very first step, minus the gradient. Where it is red, a bright pixel
# will count for "boot": the shaft, and the thick sole. Where it is blue, it will count for
# "sneaker": the instep, the top of the foot, which a sneaker fills and a boot leaves dark. Nobody
# said where to look. The step is all boots added up minus all sneakers added up, and the slopes
# found that by themselves. Right, what 60 steps made of it: sharper edges, and the middle of the
# shoe has turned blue.
#
# Did it learn? Ask about pictures that it has not seen, those set aside for **validation**:

# %%
unseen, truth = boots_and_sneakers(fashion.validation)
right = (tf.linalg.matvec(unseen, weights).numpy() > 0) == (truth.numpy() > 0)
print(f"loss {losses[0]:.2f}, then {float(loss(weights)):.2f}; right {right.mean():.1%}")

# %% [markdown]
# The loss is that on the 2,000 training pictures, before and after; the last number is the share of
# right answers on the unseen ones. Guessing would be right half of the time. Following 784 slopes
# downhill is right on `{python} f"{right.mean():.1%}"` of the `{python} f"{len(right):,}"` unseen
# pictures. Every network in this course learns in this way.

# %% tags=["claims"]
assert np.abs(measured - gradient).max() < 1e-3 * np.abs(measured).max(), (
    "all 784 slopes from the tape agree with finite differences"
)
boots_minus_sneakers = tf.linalg.matvec(pixels, answers, transpose_a=True)
assert np.allclose(first.ravel(), 2 / 2000 * boots_minus_sneakers, atol=1e-5), (
    "the first step is the sum of all boots minus the sum of all sneakers, scaled"
)
assert losses[-1] < losses[0] / 2, "60 steps of descent more than halve the loss"
assert right.mean() > 0.9, "it tells boots from sneakers on more than 90% of unseen pictures"

# %% tags=["control"] claim="it tells boots from sneakers on more than 90% of unseen pictures" without="the steps downhill"
scores = tf.linalg.matvec(unseen, tf.zeros(784)).numpy()
right = (scores > 0) == (truth.numpy() > 0)

# %% tags=["control"] claim="60 steps of descent more than halve the loss" without="the minus sign"
climbing = tf.Variable(tf.zeros(784))
for _ in range(59):
    climbing.assign_add(0.005 * slope(loss, climbing))
losses = [losses[0], float(loss(climbing))]

# %% [markdown]
# ## When the gradient is None
#
# Sooner or later `tape.gradient` gives you `None`. It means: *on the tape, nothing leads from here to
# there.* There are four ways to cut the connection. Each cell below first cuts it, then mends it.
#
# **1. The variable has become a tensor.** The tape watches variables by itself, and tensors only when
# asked. An ordinary `=` replaces the variable by the tensor on the right (whose class Python calls
# `EagerTensor`), and the next gradient is lost:

# %%
w = tf.Variable(3.0)
w = w - 0.1 * slope(square, w)
print(type(w).__name__, slope(square, w))

w = tf.Variable(3.0)
w.assign_sub(0.1 * slope(square, w))
print("mended:", type(w).__name__, slope(square, w))

# %% [markdown]
# The cure is `assign` or `assign_sub`. If you do want the gradient for a constant, call
# `tape.watch(constant)` first thing inside the `with` block.
#
# **2. The calculation leaves TensorFlow.** NumPy's operations are not on the tape:

# %%
x = tf.Variable(3.0)
print(slope(lambda x: tf.constant(np.square(x.numpy())), x))
print("mended:", slope(lambda x: tf.square(x), x))

# %% [markdown]
# **3. It passes through whole numbers.** They jump from one to the next and have no slope, so the tape
# stops there. The same goes for `tf.argmax`, which gives a position:

# %%
print(slope(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) ** 2, x))
print("mended:", slope(lambda x: x**2, x))

# %% [markdown]
# This is why networks do not train on the share of right answers. Right or wrong is a whole number;
# the loss is a float that changes smoothly.
#
# **4. It passes through the contents of another variable.** The tape notes that `total` was read, but
# not how its contents came to be:

# %%
total = tf.Variable(0.0)


def through_state(x):
    total.assign(x)
    return total**2


print(slope(through_state, x))
print("mended:", slope(lambda x: (0.0 + x) ** 2, x))

# %% [markdown]
# The cure is to compute with the tensor itself, here `0.0 + x`, and to store it in a variable
# afterwards, if at all.
#
# None of the four raised an error where it happened. Print your gradients once before you train.

# %% tags=["claims"]
assert slope(square, tf.constant(3.0)) is None, "the tape does not watch a constant by itself"
assert slope(lambda x: tf.constant(np.square(x.numpy())), x) is None, "NumPy cuts the connection"
assert slope(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32), x) is None, (
    "whole numbers cut the connection"
)
assert slope(through_state, x) is None, "assigning to a variable cuts the connection"

# %% [markdown]
# ## One tape, two questions
#
# A tape is wiped when it has been played, to free its memory. So this asks once too often:

# %% tags=["raises-exception"]
with tf.GradientTape() as tape:
    area = x**2
    volume = x**3
print(tape.gradient(area, x))
print(tape.gradient(volume, x))

# %% [markdown]
# A **persistent** tape can be played again. Delete it when you are done, since it keeps its memory
# until then.

# %%
with tf.GradientTape(persistent=True) as tape:
    area = x**2
    volume = x**3
print(tape.gradient(area, x), tape.gradient(volume, x))
del tape

# %% [markdown]
# For one result and several variables you need no persistent tape: `tape.gradient(loss, [a, b, c])`
# answers for all of them in one pass.
#
# ## What a tape keeps
#
# Playing backwards needs values from the way forwards. The slope of $x^2$ is $2x$: to give it, the
# tape must still know $x$. So results that you no longer hold stay in memory as long as the tape
# does. You can count them. A `weakref` points to an object without keeping it alive: when it comes
# back empty, the object is gone. `noted` makes one for each result, and at the end the sizes of
# those still alive are added up.

# %%
import weakref


def kept_megabytes(layer, depth, x):
    """Return the megabytes of results that a tape keeps alive after `depth` layers."""
    results = []

    def noted(result):
        size = result.shape.num_elements() * result.dtype.size
        results.append((weakref.ref(result), size))
        return result

    with tf.GradientTape() as tape:
        tape.watch(x)
        for _ in range(depth):
            x = layer(x, noted)
    del x
    return sum(size for alive, size in results if alive() is not None) / 1e6


# %% [markdown]
# As a *layer*, a step of a network, take a matrix product and then `tf.tanh`, which squeezes any number
# to between −1 and 1. It is run on 500 pictures. Each of the two operations returns 500 × 784 numbers of
# 4 bytes, which is `{python} f"{500 * 784 * 4 / 1e6:.2f}"` MB.

# %%
batch = pixels[:500]
mixing = tf.random.stateless_normal((784, 784), seed=(1, 2)) / 28  # keeps results of one size
depths = [4, 8, 12, 16]


def layer(x, noted):
    return noted(tf.tanh(noted(x @ mixing)))


def four_layers(x, noted):
    return layer(layer(layer(layer(x, noted), noted), noted), noted)


def four_layers_recomputed(x, noted):
    return tf.recompute_grad(lambda x: four_layers(x, noted))(x)


memory = {
    "tape": [kept_megabytes(four_layers, depth // 4, batch) for depth in depths],
    "tape, recomputing": [
        kept_megabytes(four_layers_recomputed, depth // 4, batch) for depth in depths
    ],
}
plot_curves.spread_curves(memory, x=depths, xlabel="layers", ylabel="megabytes kept")

# %% [markdown]
# Twice the layers, twice the memory: **what a tape keeps grows with every layer and with every
# picture in the batch.** That, more often than the weights, is what fills a graphics card during
# training, and a smaller batch is the first cure. A layer has two operations, yet only one of the
# two results is kept. The slope of `tanh` can be computed from its own result, and the next product
# needs that same result as its input; what the product returned is no longer needed, and was freed.
#
# The lower line trades time for memory. `tf.recompute_grad` keeps the input of a function and
# forgets everything inside; on the way back it computes the inside again. This is called
# **recomputation**. Used around every four layers, it keeps a quarter, and in return computes
# everything forwards once more.

# %% tags=["claims"]
assert np.allclose(memory["tape"], [depth * 500 * 784 * 4 / 1e6 for depth in depths]), (
    "a tape keeps one result of 500 by 784 floats for each layer of a product and tanh"
)
assert np.allclose(np.multiply(memory["tape, recomputing"], 4), memory["tape"]), (
    "recomputing around every four layers keeps a quarter"
)

# %% tags=["control"] claim="recomputing around every four layers keeps a quarter" without="recomputing"
kept = [kept_megabytes(four_layers, depth // 4, batch) for depth in depths]
memory = memory | {"tape, recomputing": kept}

# %% [markdown]
# ## A target that must not move
#
# The tape follows every path from result to variable. Sometimes one of them should not count. Here a
# pupil at 0 should move to a teacher at 10, by a loss of (pupil − teacher)². By hand: the slope for the
# pupil is 2 · (0 − 10), that is −20, and for the teacher it is 20. `tf.stop_gradient` passes a value on
# and lets no gradient back:

# %%
pupil, teacher = tf.Variable(0.0), tf.Variable(10.0)
with tf.GradientTape(persistent=True) as tape:
    free = (pupil - teacher) ** 2
    held = (pupil - tf.stop_gradient(teacher)) ** 2
print("free", [float(each) for each in tape.gradient(free, [pupil, teacher])])
print("held", tape.gradient(held, [pupil, teacher]))

# %% [markdown]
# Held, the teacher's gradient is `None`: nothing leads there. This is the fifth way to cut the
# connection, and the only one on purpose. Descend both losses:

# %%
courses = {}
for name, hold in {"free": lambda value: value, "held": tf.stop_gradient}.items():

    def distance(both, hold=hold):
        return (both[0] - hold(both[1])) ** 2

    path = descend(distance, [0.0, 10.0], learning_rate=0.1, steps=15)
    courses |= {f"pupil, {name}": path[:, 0], f"teacher, {name}": path[:, 1]}
plot_curves.spread_curves(courses, x=range(16), ylabel="value")

# %% [markdown]
# Held, the teacher stays and the pupil climbs to it. Free, they meet in the middle: the loss is 0,
# and the pupil has learned something else. Moving the target lowers the loss too, and descent takes
# whatever lowers it. You need `stop_gradient` whenever a network makes its own targets, as in
# learning from rewards, or learns from a second network that must stay as it is.

# %% tags=["claims"]
assert [float(each) for each in tape.gradient(free, [pupil, teacher])] == [-20, 20], (
    "without stop_gradient the slopes are −20 and 20, as worked out by hand"
)
assert np.allclose([courses["pupil, free"][-1], courses["teacher, free"][-1]], 5, atol=0.1), (
    "without stop_gradient pupil and teacher meet in the middle"
)
assert courses["teacher, held"][-1] == 10, "with stop_gradient the teacher does not move"

# %% tags=["control"] claim="with stop_gradient the teacher does not move" without="stop_gradient"
path = descend(
    lambda both: (both[0] - both[1]) ** 2,
    [0.0, 10.0],
    learning_rate=0.1,
    steps=15,
)
courses = {"teacher, held": path[:, 1]}

# %% [markdown]
# ## Many results: the Jacobian
#
# So far every function gave one number. Now one that gives several. **Softmax** turns scores into
# probabilities: it replaces each score $z$ by the power $e^z$ ($e$ is the number
# `{python} f"{math.e:.3f}"`…), which makes all of them positive, and divides by their sum. Here are
# four scores. Ask for the gradient of the four probabilities:

# %%
scores = tf.Variable([2.0, 1.0, 0.5, 0.0])
with tf.GradientTape(persistent=True) as tape:
    probabilities = tf.nn.softmax(scores)
print(probabilities.numpy().round(3))
print(tape.gradient(probabilities, scores).numpy().round(3))

# %% [markdown]
# All slopes are 0 (−0 is the same), as though the scores did not matter. No error, and not even a
# mistake: of several results, `tape.gradient` takes the *sum*. Probabilities always add up to 1,
# and what never changes has the slope 0.
#
# What you want is a slope for each pair, result by score. This matrix is the **Jacobian**, and
# `tape.jacobian` computes it. For softmax there is a formula, with $p$ for the probabilities: row
# $i$, column $j$ holds $p_i (1 - p_i)$ on the diagonal and $-p_i p_j$ elsewhere. As matrices, that
# is $\operatorname{diag}(p) - p\,p^{\mathsf{T}}$: a matrix with $p$ on its diagonal, minus $p$ as a
# column times $p$ as a row.

# %%
jacobian = tape.jacobian(probabilities, scores)
p = probabilities.numpy()
formula = np.diag(p) - p[:, None] * p  # a column times a row: all pairs
plot_images.signed_images({"tape.jacobian": jacobian, "diag(p) − p pᵀ": formula}, numbers=True)

# %% [markdown]
# The same, cell by cell. Read column 0: raise the first score a little, and the first probability
# grows (red) while all others shrink (blue), most of all the second, which has most to lose. Each
# column adds up to 0, for what one gains the others pay: that was the row of zeros above. The last
# row is the palest, since a small probability has little to lose. Close to 0, and close to 1 as well,
# a probability hardly moves whatever the scores do.
#
# A Jacobian has as many rows as there are results, and the tape needs a pass for each. A loss is one
# number, so training needs one pass. That is why a loss is one number.

# %% tags=["claims"]
assert np.allclose(jacobian, formula, atol=1e-6), (
    "the Jacobian of softmax from the tape is diag(p) − p pᵀ"
)
assert np.allclose(np.sum(jacobian, axis=0), 0, atol=1e-6), (
    "each column of it adds up to 0, and so tape.gradient of softmax is 0"
)

# %% [markdown]
# ## The slope of the slope
#
# A slope is itself a function, so it has a slope too, the **second derivative**: how fast the
# steepness changes, in other words how strongly the curve bends. Put one tape inside another. By hand,
# for $x^3$ at 1: the slope $3x^2$ is 3, and its slope $6x$ is 6.

# %%
x = tf.Variable(1.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = x**3
    first_derivative = inner.gradient(y, x)
second_derivative = outer.gradient(first_derivative, x)
print(float(first_derivative), float(second_derivative))

# %% [markdown]
# The inner slope is taken inside the outer `with`, so that the outer tape records it.
#
# The bend explains the learning rates above. Along $y$ the bowl's slope is $4y$, and its second
# derivative is 4. Descent on a bowl leads away from the bottom once the learning rate exceeds 2
# divided by the second derivative: here 2 / 4, one half, the limit that you found. **The more the
# ground bends, the smaller the learning rate must be.**

# %% tags=["claims"]
assert (float(first_derivative), float(second_derivative)) == (3, 6), (
    "the first and second derivatives of x³ at 1 are 3 and 6, as worked out by hand"
)
limit = {
    rate: bowl(descend(bowl, [0.0, 1.0], learning_rate=rate, steps=50)[-1]) for rate in (0.49, 0.51)
}
assert limit[0.49] < bowl([0, 1]) < limit[0.51], (
    "on the bowl, 50 steps at 0.49 lead down and at 0.51 up: the limit lies between"
)

# %% [markdown]
# ## Exercise: a derivative by hand
#
# The derivative of $x^3$ is $3x^2$, that of $2x$ is 2, and in a difference you may take each part
# by itself. Write the derivative of $x^3 - 2x$. The check asks the tape at five points.


# %% tags=["starter"]
def cubic(x):
    return x**3 - 2 * x


def derivative(x):
    return 3 * x**2


# %% tags=["check"]
for at in (-1.0, 0.0, 0.5, 2.0, 10.0):
    found = np.array(derivative(at), float)
    expected = float(slope(lambda x: x**3 - 2 * x, tf.Variable(at)))
    agree = np.allclose(found, expected, rtol=1e-4)
    assert agree, f"at {at} you say {found}, the tape {expected}"


# %% tags=["solution"]
def derivative(x):
    return 3 * x**2 - 2


[derivative(at) for at in (-1.0, 0.5, 2.0)]


# %% tags=["wrong"]
def derivative(x):
    return 3 * x**2 - 2 * x  # 2x has lost its slope and kept its x


# %% tags=["wrong"]
def derivative(x):
    return x**2 - 2  # without the 3


# %% tags=["wrong"]
def derivative(x):
    return x**3 - 2 * x  # the height


# %% tags=["wrong"]
def cubic(x):
    return x**3


def derivative(x):
    return 3 * x**2  # suits a function that was changed to match


# %% [markdown]
# ## Exercise: mend the descent
#
# `minimise` should walk down a function of one number and return where it arrives. It stops with an
# error about `NoneType` at the second step. Which of the four causes is it? Mend it.


# %% tags=["starter"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps):
        place = place - rate * slope(function, place)
    return float(place)


# %% tags=["check"]
walks = [(0, 3.0, 0.1, 1), (0, 3.0, 0.1, 3)]
walks += [(5, 0.0, 0.25, 2), (-2, 4.0, 0.1, 100)]
for lowest, start, rate, steps in walks:
    arrived = minimise(lambda x, b=lowest: (x - b) ** 2, start, rate, steps)
    # By hand: each step multiplies the way to go by 1 − 2 · rate.
    expected = lowest + (start - lowest) * (1 - 2 * rate) ** steps
    walk = f"(x - {lowest})², start {start}, rate {rate}, steps {steps}"
    agree = np.allclose(np.array(arrived, float), expected, atol=1e-4)
    assert agree, f"{walk}: you arrive at {arrived}, not {expected:.4f}"


# %% tags=["solution"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps):
        place.assign_sub(rate * slope(function, place))
    return float(place)


minimise(lambda x: (x - 5) ** 2, 0.0, 0.1, 100)


# %% tags=["wrong"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(100):  # however many steps were asked for
        place.assign_sub(0.1 * slope(function, place))
    return float(place)


# %% tags=["wrong"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps - 1):
        place.assign_sub(rate * slope(function, place))
    return float(place)


# %% tags=["wrong"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    steepness = slope(function, place)  # measured once, at the start
    for _ in range(steps):
        place.assign_sub(rate * steepness)
    return float(place)


# %% tags=["wrong"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps):
        place.assign_add(rate * slope(function, place))  # uphill
    return float(place)


# %% tags=["wrong"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps):
        place.assign_sub(rate * slope(function, place))
    return float(function(place))  # the height, not the place


# %% [markdown]
# ## Exercise: one step to the bottom
#
# On a bowl, the second derivative tells the perfect step: **slope divided by second derivative**.
# On $x^2$ at 3 that is 6 / 2, exactly the way to 0. The method is Newton's. Write
# `newton_step(function, at)`, which returns the place after one such step, as a Python float;
# `slope` may stand inside another tape. The starter uses a fixed learning rate.


# %% tags=["starter"]
def newton_step(function, at):
    x = tf.Variable(at)
    return float(x - 0.1 * slope(function, x))


# %% tags=["check"]
trials = {"x²": (square, 3.0, 0), "x⁴": (lambda x: x**4, 3.0, 2)}
trials["7(x − 2)² + 1"] = lambda x: 7 * (x - 2) ** 2 + 1, 10.0, 2
trials["x³ − 2x"] = lambda x: x**3 - 2 * x, -1.0, -1 - 1 / -6
for name, (function, at, expected) in trials.items():
    arrived = newton_step(function, at)
    kind = type(arrived).__name__
    assert isinstance(arrived, float), f"return a Python float, not {kind}"
    agree = abs(arrived - expected) < 1e-4
    assert agree, f"{name}: {at} leads to {arrived}, not {expected:.3f}"


# %% tags=["solution"]
def newton_step(function, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness / tape.gradient(steepness, x))


newton_step(lambda x: 7 * (x - 2) ** 2 + 1, 10.0)


# %% tags=["wrong"]
def newton_step(function, at):
    x = tf.Variable(at)
    for _ in range(1000):  # many small steps instead of one
        x.assign_sub(0.01 * slope(function, x))
    return float(x)


# %% tags=["wrong"]
def newton_step(function, at):
    x = tf.Variable(at)
    return float(x - slope(function, x) / 2)  # as though each bend were 2


# %% tags=["wrong"]
def newton_step(function, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness * tape.gradient(steepness, x))


# %% tags=["wrong"]
def newton_step(function, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return x - steepness / tape.gradient(steepness, x)  # a tensor


# %% tags=["wrong"]
def newton_step(function, at):
    x = tf.Variable(at)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness / abs(tape.gradient(steepness, x)))


# %% [markdown]
# Why doesn't everyone train like this? A network with a million weights has a million times a million
# second derivatives.
#
# ## Exercise: a rounding that lets slopes pass
#
# Rounding cuts the connection: whole numbers have no slope. Networks that run on small devices round
# their weights all the same, and are trained with a trick: *forwards round, backwards pretend that
# nothing was rounded*. Write `soft_round(x)`. Its value is `tf.round(x)`; its slope is 1. You need
# `tf.stop_gradient`, once: which part of `x + (tf.round(x) - x)` must not be followed?


# %% tags=["starter"]
def soft_round(x):
    return tf.round(x)


# %% tags=["check"]
for at in (0.2, 2.7, -1.6, 2.5):
    value = float(np.array(soft_round(tf.Variable(at)), float))
    agree = abs(value - round(at)) < 1e-6
    assert agree, f"tf.round takes {at} to {round(at)}, not to {value}"
    found = slope(soft_round, tf.Variable(at))
    assert found is not None, f"no slope at {at}: the connection is cut"
    assert float(found) == 1, f"at {at} the slope is {float(found)}, not 1"


# %% tags=["solution"]
def soft_round(x):
    return x + tf.stop_gradient(tf.round(x) - x)


slope(lambda x: soft_round(x) ** 2, tf.Variable(2.7))


# %% tags=["wrong"]
def soft_round(x):
    return tf.stop_gradient(x + (tf.round(x) - x))


# %% tags=["wrong"]
def soft_round(x):
    return tf.stop_gradient(x) + (tf.round(x) - x)  # the slope is -1


# %% tags=["wrong"]
def soft_round(x):
    return x * tf.stop_gradient(tf.round(x) / x)


# %% tags=["wrong"]
def soft_round(x):
    return x + tf.stop_gradient(tf.floor(x) - x)  # rounds down


# %% [markdown]
# The square of 3 has the slope 6, and 6 it is, though the variable holds 2.7. The name of this trick is
# the straight-through estimator.
#
# ## What to remember
#
# - A slope says how much the result grows when an input grows a little; the gradient holds one slope
#   for each input, and minus the gradient is the steepest way down.
# - The tape records operations and plays them backwards: all slopes in one pass.
# - The learning rate sets how far: too small crawls, too large climbs, and the strongest bend sets
#   the limit.
# - `None` means that nothing on the tape leads from result to input. Look for `=`, NumPy, whole
#   numbers and `assign`.
# - The tape keeps a result for nearly every operation: memory grows with depth and with the batch.
# - `stop_gradient` holds a target still; `tape.jacobian` gives a slope for each pair where
#   `tape.gradient` would add them up.
# - In doubt, check against finite differences, with a step that is small but not tiny.
#
# ## Where next
#
# You can now follow any loss downhill. [Training by hand](training-by-hand.md) does it in earnest: a
# loop of your own, all ten kinds of clothes, and at its end the same in four lines of Keras. If shapes
# or dtypes still surprise you, go back to [Tensors](tensors.md).
