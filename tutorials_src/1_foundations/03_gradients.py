# ---
# title: Gradients
# summary: How TensorFlow tells, for every weight at once, which way to turn it and how much it matters.
# needs: [tensors]
# helps: [broadcasting]
# teaches: [tangent, slope, derivative, finite difference, gradient tape, chain rule, gradient, gradient descent, learning rate, persistent tape, stop_gradient, softmax, Jacobian, second derivative]
# data: [fashion-mnist]
# artifacts: []
# ---

# %% [markdown]
# A network has given a wrong answer. It holds thousands of adjustable numbers, its weights. Which
# of them should change, in which direction, and which matter most?
#
# One list of numbers answers for all of them at once: the **gradient**. It is steepness, measured in
# many directions. So start with one direction and a curve that you can check by hand. Here is $x^2$,
# with a straight line laid against it at three points.

# %%
from snippets import plot_curves, plot_functions, plot_images


def square(x):
    return x**2


plot_functions.function_and_tangents(
    square, {-2.0: -4.0, 0.0: 0.0, 3.0: 6.0}, span=(-3.0, 4.0), name="x²"
)

# %% [markdown]
# Each line touches the curve and has its steepness there: it is the **tangent**. The **slope** says
# how far the line rises when you go 1 to the right. At 3 it rises by 6; at −2 it falls by 4; at 0, the
# bottom of the curve, it is level.
#
# The slope at each point of a function is called its **derivative**. For a network it answers: *if this
# weight grows a little, by what multiple of that does the error grow?*
#
# ## Measuring a slope
#
# Take a small step and see how far you rise:

# %%
step = 0.001
rise = square(3 + step) - square(3)
rise / step

# %% [markdown]
# Close to 6. This is a **finite difference**, and you can check it on paper:
# $(3 + h)^2 - 3^2 = 6h + h^2$, and divided by $h$ that is $6 + h$. On paper, the smaller the step $h$,
# the closer to 6. The rule from school, "the derivative of $x^2$ is $2x$", is this result for every $x$.
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
# Slopes are taken for variables, so `x` is a `tf.Variable`. Inside the `with` block a tape runs. It notes
# each operation that a variable goes through, here "x was squared", with the values that were there.
# `tape.gradient(y, x)` then plays the tape backwards
# and asks of each operation: if your input grows a little, how much does your output grow? For each
# single operation it knows the rule from school.
#
# For several operations in a row, the answers are multiplied. This is the **chain rule**. By hand, for
# $(3x + 1)^2$ at $x = 1$: the inner part, $3x + 1$, is 4 and grows 3 times as fast as $x$. The square
# of a number that is 4 grows 8 times as fast as the number. Together that makes 3 × 8.


# %%
def slope(function, x):
    with tf.GradientTape() as tape:
        y = function(x)
    return tape.gradient(y, x)


slope(lambda x: square(3 * x + 1), tf.Variable(1.0))

# %% [markdown]
# As an analogy the tape has one flaw: a real one is no larger when there is more on it. This one keeps
# values in memory until it is played, so record only what you want the gradient of
# ([Make it fast](../beyond/make-it-fast.md) counts what it keeps).
#
# ## Loops and branches
#
# The tape records operations, not lines of code. So an ordinary `if` or `while` may decide what is
# done: recorded is what *was* done, this time. Here is a square root: take the mean of a guess and of
# the number divided by the guess, until the square of the guess is close enough.


# %%
def root(number):
    guess = number
    while abs(guess * guess - number) > 1e-5:
        guess = (guess + number / guess) / 2
    return guess


number = tf.Variable(9.0)
print("root", float(root(number)), "slope", float(slope(root, number)))

# %% [markdown]
# The derivative of $\sqrt{x}$ is $1 / (2 \sqrt{x})$, at 9 one sixth. The tape followed every round of
# the loop, and nobody told it what the loop computes. The condition has no slope of its own.
#
# ## Three answers that must agree
#
# Now a function without an obvious answer: $x^2 \sin x$ at 2. By hand, with the rule for products,
# its derivative is $2x \sin x + x^2 \cos x$.

# %%
import math

from snippets.gradients import finite_difference, gradient_error


def wave(x):
    return x**2 * tf.sin(x)


slope_by_hand = 2 * 2 * math.sin(2) + 2**2 * math.cos(2)
slope_by_tape = float(slope(wave, tf.Variable(2.0)))
print("by hand          ", slope_by_hand)
print("tape             ", slope_by_tape)
print("finite difference", float(finite_difference(wave, 2.0, step=0.001)))

# %% [markdown]
# One answer; only the last digits differ. Whenever you doubt a gradient, check it like this.
# `finite_difference` steps both ways, to $x + h$ and to $x - h$, and divides the difference by $2h$:
# most of the error on one side cancels that on the other.
#
# Then why not take the step as small as possible? Try steps from a tenth downwards, with both usual
# kinds of float: `float32` keeps about 7 digits, `float64` about 16.

# %%
import numpy as np

errors = {"float32": {}, "float64": {}}
for dtype, digits in ((np.float32, 6), (np.float64, 11)):
    for power in range(1, digits + 1):
        h = 10.0**-power
        estimate = float(finite_difference(wave, dtype(2), step=h))
        errors[dtype.__name__][h] = abs(estimate - slope_by_hand)
plot_curves.log_curves(errors, xlabel="step", ylabel="error")

# %% [markdown]
# Read the figure from right to left. At first the error falls with the step. Then it *rises*: the two
# heights have become so alike that their difference is mostly rounding error, and a small step divides
# that by next to nothing. In `float32` the best of these steps is as large as
# `{python} f"{min(errors['float32'], key=errors['float32'].get):g}"`, and the smallest is off by
# `{python} f"{list(errors['float32'].values())[-1]:.2f}"`. The tape takes no step, so it has no such
# trouble.

# %% tags=["claims"]
assert float(slope(square, tf.Variable(3.0))) == 6.0, (
    "the tape finds the slope 6 of x² at 3"
)
assert gradient_error(wave, 2.0) < 1e-6, (
    "tape and finite differences agree on x² sin x"
)
assert abs(slope_by_tape - slope_by_hand) < 1e-5, (
    "the tape agrees with the derivative by hand"
)
assert abs(float(slope(root, tf.Variable(9.0))) - 1 / 6) < 1e-5, (
    "through a while loop that computes a square root, the tape finds the slope 1/6 at 9"
)
float32_errors = list(errors["float32"].values())
assert float32_errors[-1] > 100 * min(float32_errors), (
    "in float32 the smallest step gives a far worse slope than the best one"
)

# %% [markdown]
# ## Many directions: the gradient
#
# A network has more than one weight. Take two, $x$ and $y$, and a bowl over them:
# $\frac{1}{2}x^2 + 2y^2$. By hand: going along $x$, only the first part changes, and its slope is $x$;
# along $y$ it is $4y$. At the point (−4, 1) that makes −4 and 4. In the code, $x$ is `point[0]` and $y$
# is `point[1]`, so that one tensor holds both.


# %%
def bowl(point):
    return point[0] ** 2 / 2 + 2 * point[1] ** 2


point = tf.Variable([-4.0, 1.0])
slope(bowl, point)

# %% [markdown]
# The slopes of all directions in one tensor are the **gradient**. It has the shape of the point: one
# slope for each number. It points where the ground rises fastest, so its opposite is the steepest
# way down. That suggests a way to the bottom, **gradient descent**: again and again, subtract a
# fraction of the gradient. `assign_sub` subtracts from a variable's contents.

# %%
for _ in range(3):
    point.assign_sub(0.4 * slope(bowl, point))
    print(point.numpy(), "height", float(bowl(point)))

# %% [markdown]
# From height `{python} f"{bowl([-4, 1]):g}"`, three steps lead down to
# `{python} f"{float(bowl(point)):.2f}"`. It is like walking down a hill in fog, by the slope under your
# feet. But a walker slows down on steep ground; here a step is the slope times a fixed number, the
# **learning rate**, so steep ground makes long steps.
#
# ## How far is one step?
#
# The gradient says which way, not how far. Here is the bowl seen from above, as on a hiking map: each
# ring joins points of the same height. Three walks of 15 steps differ in nothing but the learning rate.

# %%
from snippets.gradients import descend

start, paths, heights = [-4.0, 1.0], {}, {}
for rate in (0.05, 0.4, 0.52):
    paths[rate] = descend(bowl, start, learning_rate=rate, steps=15)
    heights[rate] = [float(bowl(place)) for place in paths[rate]]
plot_functions.contour_paths(bowl, paths)

# %%
for rate, walk in heights.items():
    print(f"rate {rate}: height {walk[-1]:.6f} after 15 steps")

# %% [markdown]
# At 0.05 the walk is safe and slow. At 0.4 it crosses the valley at each step and still arrives. At
# 0.52 each step crosses the valley too, and lands farther from its floor, $y = 0$, than it left.
#
# By hand: along $y$ the slope is $4y$, so a step takes $y$ to $y - 4y \cdot \text{rate}$, which is
# $(1 - 4 \cdot \text{rate})$ times $y$. For the three rates that factor is
# `{python} ", ".join(f"{1 - 4 * rate:.2f}".replace("-", "−") for rate in paths)`. A factor between
# −1 and 1 shrinks $y$; a negative one throws it to the other side; one below −1 makes it grow. The
# limit is a learning rate of one half, and it is $y$ that sets it, because its slope changes fastest.
#
# Move the learning rate and watch the same walk bend. Which rate takes $y$ to the floor in one step? Which
# is the largest that still arrives?


# %% tags=["interactive"]
def figure_of_descent():
    import json

    walks = []
    for rate, steps in ((0.05, 15), (0.4, 15), (0.25, 1), (0.52, 20)):
        *_, end = descend(bowl, start, learning_rate=rate, steps=steps)
        walk = {"rate": rate, "steps": steps, "place": end.tolist()}
        walks.append(walk | {"height": float(bowl(end))})
    bends = slope(bowl, tf.Variable([1.0, 1.0])).numpy().tolist()
    figure = {"figure": "descent", "label": "A walk down the bowl"}
    figure |= {"start": start, "bends": bends, "steps": 15, "rate": 0.05}
    print(json.dumps(figure | {"expected": walks}))


figure_of_descent()

# %% tags=["claims"]
assert np.allclose(slope(bowl, tf.Variable([-4.0, 1.0])), [-4, 4]), (
    "the gradient of the bowl at (−4, 1) is (−4, 4), as worked out by hand"
)
assert heights[0.4][-1] < heights[0.05][-1] < heights[0.05][0], (
    "of the learning rates that work, 0.4 is lower than 0.05 after 15 steps"
)
assert heights[0.52][-1] > heights[0.52][0], (
    "a learning rate of 0.52 ends higher than it began"
)
y = paths[0.52][:, 1]
assert np.allclose(y[1:], (1 - 4 * 0.52) * y[:-1]), (
    "at a learning rate of 0.52, each step multiplies y by the factor worked out by hand"
)

# %% [markdown]
# ## The real thing: 784 slopes at once
#
# Is it an ankle boot or a sneaker? Here are 2,000 pictures, laid out as 784 pixels between 0 and 1. The
# answers are numbers too: 1 for a boot, −1 for a sneaker.

# %%
from snippets.datasets import load_fashion_mnist

fashion = load_fashion_mnist()
SNEAKER, BOOT = 7, 9


def boots_and_sneakers(split):
    mask = np.isin(split.labels, [SNEAKER, BOOT])
    images, labels = split.images[mask][:2000], split.labels[mask][:2000]
    answers = np.where(labels == BOOT, 1.0, -1.0)
    pixels = images.reshape(-1, 784) / 255
    return tf.constant(pixels, tf.float32), tf.constant(answers, tf.float32)


pixels, answers = boots_and_sneakers(fashion.train)
pixels.shape, answers.shape

# %% [markdown]
# The smallest network has a weight for each pixel. It multiplies pixels by weights and adds up; the sum
# is its score. A positive score means "boot". How wrong it is, in one number, is its loss: the mean of
# (score − answer)². `tf.linalg.matvec` multiplies a matrix by a vector: one score for each row, that
# is, picture. The assert wants one shape of both ([Broadcasting](broadcasting.md) says why).


# %%
def loss(weights):
    scores = tf.linalg.matvec(pixels, weights)
    assert scores.shape == answers.shape, (scores.shape, answers.shape)
    return tf.reduce_mean((scores - answers) ** 2)


weights = tf.Variable(tf.zeros(784))
gradient = slope(loss, weights)
print("loss", float(loss(weights)), "gradient", gradient.shape)

# %% [markdown]
# With all weights at 0 every score is 0, so the loss is 1. The gradient has 784 slopes, one for each
# pixel. Check them all by finite differences:

# %%
measured_gradient = finite_difference(loss, 0 * weights.numpy(), step=0.01)
print("largest slope       ", np.abs(measured_gradient).max())
print("largest disagreement", np.abs(measured_gradient - gradient).max())

# %% [markdown]
# The same, up to rounding. But finite differences had to compute the loss 2 × 784 times, and the
# tape once, forwards and backwards. With a million weights it still needs one pass.
#
# Now descend, 60 steps, and look at the gradient and the weights as pictures:

# %%
losses = []
for _ in range(60):
    losses.append(float(loss(weights)))
    weights.assign_sub(0.005 * slope(loss, weights))

first_step = -gradient.numpy()
pictures = {
    "first step (largest = 1)": first_step / np.abs(first_step).max(),
    "after 60 (largest = 1)": weights / np.abs(weights).max(),
}
for name, values in pictures.items():
    pictures[name] = np.reshape(values, (28, 28))
plot_images.signed_images(pictures)

# %% [markdown]
# Left, the direction of the very first step, minus the gradient. Where it is red, a bright pixel
# will count for "boot": the shaft, and the thick sole. Where it is blue, it will count for
# "sneaker": the top of the foot, which a sneaker fills and a boot leaves dark. Nobody said where to
# look: the step is all boots added up minus all sneakers. Right, the weights after 60 steps.
#
# Did it learn? Ask about pictures that it has not seen, those set aside for **validation**:

# %%
new_pixels, new_answers = boots_and_sneakers(fashion.validation)
scores = tf.linalg.matvec(new_pixels, weights).numpy()
is_correct = (scores > 0) == (new_answers.numpy() > 0)
print(f"loss {losses[0]:.2f} to {losses[-1]:.2f}")
print(f"correct on {is_correct.mean():.1%}")

# %% [markdown]
# Guessing would be correct half of the time. Following 784 slopes downhill is correct on
# `{python} f"{is_correct.mean():.1%}"` of `{python} f"{len(is_correct):,}"` unseen pictures. Every
# network in this course learns in this way.
#
# In Keras's words, that network is one *layer*. `Dense(1)` holds a weight for each pixel, together
# called its kernel, and one more number, the bias, that it adds to the sum. `trainable_variables` lists
# both, and for a list `tape.gradient` returns a list: one gradient per variable, in its shape.

# %%
import keras

layer = keras.layers.Dense(1, kernel_initializer="zeros")
with tf.GradientTape() as tape:
    scores = layer(pixels)[:, 0]  # from (2000, 1) to (2000,)
    layer_loss = tf.reduce_mean((scores - answers) ** 2)
layer_gradients = tape.gradient(layer_loss, layer.trainable_variables)
for n, variable in enumerate(layer.trainable_variables):
    print(variable.name, variable.shape, layer_gradients[n].shape)

# %% tags=["claims"]
largest_slope = np.abs(measured_gradient).max()
assert np.abs(measured_gradient - gradient).max() < 1e-3 * largest_slope, (
    "all 784 slopes from the tape agree with finite differences"
)
assert np.allclose(layer_gradients[0][:, 0], gradient, atol=1e-5), (
    "the kernel of a Keras layer has the same 784 slopes as the weights written by hand"
)
boots_minus_sneakers = tf.linalg.matvec(pixels, answers, transpose_a=True)
step_by_sums = 2 / 2000 * boots_minus_sneakers
assert np.allclose(first_step, step_by_sums, atol=1e-5), (
    "the first step is the sum of all boots minus the sum of all sneakers, scaled"
)
assert losses[-1] < losses[0] / 2, (
    "60 steps of descent more than halve the loss"
)
assert is_correct.mean() > 0.9, (
    "it tells boots from sneakers on more than 90% of unseen pictures"
)

# %% tags=["control"] claim="it tells boots from sneakers on more than 90% of unseen pictures" without="the steps downhill"
scores = tf.linalg.matvec(new_pixels, tf.zeros(784)).numpy()
is_correct = (scores > 0) == (new_answers.numpy() > 0)

# %% tags=["control"] claim="60 steps of descent more than halve the loss" without="the minus sign"
climbing_weights = tf.Variable(tf.zeros(784))
for _ in range(59):
    climbing_weights.assign_add(0.005 * slope(loss, climbing_weights))
losses = [losses[0], float(loss(climbing_weights))]

# %% [markdown]
# ## When the gradient is None
#
# Sooner or later `tape.gradient` gives you `None`. It means: *on the tape, nothing leads from here to
# there.* These are common ways to cut the connection; each cell first cuts it, then mends it.
#
# **The variable has become a tensor.** The tape watches trainable variables by itself, and tensors only
# when asked. An ordinary `=` puts the tensor on the right in the variable's place:

# %%
weight = tf.Variable(3.0)
weight = weight - 0.1 * slope(square, weight)
print(type(weight).__name__, slope(square, weight))

weight = tf.Variable(3.0)
weight.assign_sub(0.1 * slope(square, weight))
print("mended:", type(weight).__name__, slope(square, weight))

# %% [markdown]
# The cure is `assign` or `assign_sub`. If you do want the gradient for a constant, call
# `tape.watch(constant)` first thing inside the `with` block.
#
# **The calculation leaves TensorFlow.** NumPy's operations are not on the tape, nor is `float(x)`:

# %%
x = tf.Variable(3.0)
print(slope(lambda x: tf.constant(np.square(x.numpy())), x))
print("mended:", slope(lambda x: tf.square(x), x))

# %% [markdown]
# **It passes through whole numbers.** They jump from one to the next and have no slope. The same goes
# for `tf.round`, for comparisons, and for `tf.argmax`, which gives a position:

# %%
print(slope(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32) ** 2, x))
print("mended:", slope(lambda x: x**2, x))

# %% [markdown]
# This is why networks do not train on the fraction of correct answers. Correct or not is a whole
# number; the loss is a float that changes smoothly.
#
# **It passes through the contents of another variable.** The tape notes that `total` was read, not how
# its contents came to be:

# %%
total = tf.Variable(0.0)


def through_state(x):
    total.assign(x)
    return total**2


print(slope(through_state, x))
print("mended:", slope(lambda x: (0.0 + x) ** 2, x))

# %% [markdown]
# Compute with the tensor itself, and store it in a variable afterwards, if at all.
#
# **It was computed before the tape ran, or the variable is not watched:**

# %%
height = x**2  # too early
with tf.GradientTape() as tape:
    triple = 3 * height
early_slope = tape.gradient(triple, x)
frozen_slope = slope(square, tf.Variable(3.0, trainable=False))
print(early_slope, frozen_slope)
print("mended:", slope(lambda x: 3 * x**2, x))

# %% [markdown]
# None of them raised an error where it happened. Print your gradients once before you train.

# %% tags=["claims"]
assert slope(square, tf.constant(3.0)) is None, (
    "the tape does not watch a constant by itself"
)
assert slope(lambda x: tf.constant(np.square(x.numpy())), x) is None, (
    "NumPy cuts the connection"
)
slope_of_cut = slope(lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32), x)
assert slope_of_cut is None, "whole numbers cut the connection"
assert slope(through_state, x) is None, (
    "assigning to a variable cuts the connection"
)
assert early_slope is None, (
    "what was computed before the tape ran is not on it"
)
assert frozen_slope is None, (
    "a variable that is not trainable is not watched"
)

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
# For one result and several variables you need no persistent tape, as the Keras layer showed.
#
# ## A target that must not move
#
# Sometimes one path from result to variable should not count. Here a pupil at 0 should move to a
# teacher at 10, by a loss of (pupil − teacher)². By hand: the slope for the pupil is 2 · (0 − 10), that
# is −20, and for the teacher it is 20. `tf.stop_gradient` passes a value on and lets no gradient back:

# %%
pupil, teacher = tf.Variable(0.0), tf.Variable(10.0)
with tf.GradientTape(persistent=True) as tape:
    free_loss = (pupil - teacher) ** 2
    held_loss = (pupil - tf.stop_gradient(teacher)) ** 2
free_slopes = tape.gradient(free_loss, [pupil, teacher])
print("free", [float(value) for value in free_slopes])
print("held", tape.gradient(held_loss, [pupil, teacher]))

# %% [markdown]
# Held, the teacher's gradient is `None`: nothing leads there, this time on purpose. Descend both
# losses:

# %%
courses = {}
for name, hold in {"free": tf.identity, "held": tf.stop_gradient}.items():

    def distance(values, hold=hold):
        return (values[0] - hold(values[1])) ** 2

    path = descend(distance, [0.0, 10.0], learning_rate=0.1, steps=15)
    courses[f"pupil, {name}"], courses[f"teacher, {name}"] = path.T
plot_curves.spread_curves(courses, x=range(16), ylabel="value")

# %% [markdown]
# Held, the teacher stays and the pupil climbs to it. Free, they meet in the middle: the loss goes to 0,
# and the pupil has learned something else. Think of `stop_gradient` where a network makes its own
# targets, or learns from a second network that must stay as it is.

# %% tags=["claims"]
assert [float(value) for value in free_slopes] == [-20, 20], (
    "without stop_gradient the slopes are −20 and 20, as worked out by hand"
)
ends = [courses[f"{name}, free"][-1] for name in ("pupil", "teacher")]
assert np.allclose(ends, 5, atol=0.1), (
    "without stop_gradient pupil and teacher meet in the middle"
)
assert courses["teacher, held"][-1] == 10, (
    "with stop_gradient the teacher does not move"
)


# %% tags=["control"] claim="with stop_gradient the teacher does not move" without="stop_gradient"
def distance(values):
    return (values[0] - values[1]) ** 2


path = descend(distance, [0.0, 10.0], learning_rate=0.1, steps=15)
courses = {"teacher, held": path[:, 1]}

# %% [markdown]
# ## Many results: the Jacobian
#
# Now a function that gives several numbers. **Softmax** turns scores into probabilities: it replaces
# each score $z$ by the power $e^z$ ($e$ is the number
# `{python} f"{math.e:.3f}"`…), which makes all of them positive, and divides by their sum. Here are
# four scores. Ask for the gradient of the four probabilities:

# %%
scores = tf.Variable([2.0, 1.0, 0.5, 0.0])
with tf.GradientTape(persistent=True) as tape:
    probabilities = tf.nn.softmax(scores)
print(probabilities.numpy().round(3))
print(tape.gradient(probabilities, scores).numpy().round(3))

# %% [markdown]
# All slopes are 0 up to rounding, as though the scores did not matter. No error, and not even a
# mistake: of several results, `tape.gradient` takes the *sum*, and probabilities always add up to 1.
#
# What you want is a slope for each pair, result by score. This matrix is the **Jacobian**, and
# `tape.jacobian` computes it. For softmax there is a formula, with $p$ for the probabilities: row
# $i$, column $j$ holds $p_i (1 - p_i)$ on the diagonal and $-p_i p_j$ elsewhere. As matrices, that
# is $\operatorname{diag}(p) - p\,p^{\mathsf{T}}$.

# %%
jacobian = tape.jacobian(probabilities, scores)
p = probabilities.numpy()
formula = np.diag(p) - p[:, None] * p  # a column times a row: all pairs
matrices = {"tape.jacobian": jacobian, "diag(p) − p pᵀ": formula}
plot_images.signed_images(matrices, numbers=True)

# %% [markdown]
# The same, cell by cell. Read column 0: raise the first score a little, and the first probability
# grows (red) while all others shrink (blue). Each column adds up to 0, for what one gains the others
# pay: that was the row of zeros above.
#
# A Jacobian has as many rows as there are results, and the tape needs a backward pass for each. A loss
# is one number, so training needs one.
#
# ## The gradient that classifiers learn from
#
# When the correct class is number $k$, classifiers pay $-\ln p_k$, minus the natural logarithm of its
# probability ([Training by hand](training-by-hand.md) says more). What is the slope for each score?
# The chain rule multiplies the slope of $-\ln p_k$, which is $-1 / p_k$, by row $k$ of the Jacobian:
#
# - for the score of the correct class, $-\frac{1}{p_k} \cdot p_k (1 - p_k) = p_k - 1$;
# - for any other score, $-\frac{1}{p_k} \cdot (-p_k p_j) = p_j$.
#
# Written as one vector: **the probabilities, minus 1 at the correct class.** The tape agrees:

# %%
with tf.GradientTape() as tape:
    class_loss = -tf.math.log(tf.nn.softmax(scores)[1])
print("tape       ", tape.gradient(class_loss, scores).numpy().round(3))
print("p − one-hot", (p - np.array([0, 1, 0, 0])).round(3))

# %% [markdown]
# Each slope lies between −1 and 1. All are near 0 once the network is sure and correct; a confident
# mistake has slopes close to 1 and −1, not vanishing ones.

# %% tags=["claims"]
with tf.GradientTape() as tape:
    class_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(1, scores)
score_slopes = tape.gradient(class_loss, scores)
assert np.allclose(score_slopes, p - np.eye(4)[1], atol=1e-6), (
    "the gradient of softmax with cross-entropy is the probabilities minus the one-hot label"
)
assert np.allclose(jacobian, formula, atol=1e-6), (
    "the Jacobian of softmax from the tape is diag(p) − p pᵀ"
)
assert np.allclose(np.sum(jacobian, axis=0), 0, atol=1e-6), (
    "each column of it adds up to 0, and so tape.gradient of softmax is 0"
)

# %% [markdown]
# ## The slope of the slope
#
# A slope is itself a function, so it has a slope too, the **second derivative**: how strongly the curve
# bends. Put one tape inside another. By hand, for $x^3$ at 1: the slope $3x^2$ is 3, and its slope $6x$
# is 6.

# %%
x = tf.Variable(1.0)
with tf.GradientTape() as outer_tape:
    with tf.GradientTape() as inner_tape:
        y = x**3
    first_derivative = inner_tape.gradient(y, x)
second_derivative = outer_tape.gradient(first_derivative, x)
print(float(first_derivative), float(second_derivative))

# %% [markdown]
# The inner slope is taken inside the outer `with`, so that the outer tape records it.
#
# The bend explains the learning rates above. Along $y$ the bowl's slope is $4y$, and its second
# derivative is 4. Descent on a bowl leads away from the bottom once the learning rate exceeds 2
# divided by the second derivative: here one half, the limit that you found. **The more the ground
# bends, the smaller the learning rate must be.**

# %% tags=["claims"]
assert (float(first_derivative), float(second_derivative)) == (3, 6), (
    "the first and second derivatives of x³ at 1 are 3 and 6, as worked out by hand"
)
*_, low_end = descend(bowl, [0.0, 1.0], learning_rate=0.49, steps=50)
*_, high_end = descend(bowl, [0.0, 1.0], learning_rate=0.51, steps=50)
assert bowl(low_end) < bowl([0, 1]) < bowl(high_end), (
    "on the bowl, 50 steps at 0.49 lead down and at 0.51 up: the limit lies between"
)

# %% [markdown]
# ## Exercise: a derivative by hand
#
# The derivative of $x^3$ is $3x^2$, that of $2x$ is 2, and in a difference you may take each term
# by itself. Write the derivative of $x^3 - 2x$. The check asks the tape at five points.


# %% tags=["starter"]
def cubic(x):
    return x**3 - 2 * x


def derivative(x):
    return 3 * x**2


# %% [markdown] tags=["hint"]
# The starter has the derivative of the first term. Take the second term by itself: how much does $2x$ grow
# when $x$ grows by 1, wherever you are?

# %% tags=["check"]
for at in (-1.0, 0.0, 0.5, 2.0, 10.0):
    answer = np.array(derivative(at), float)
    tape_slope = float(slope(lambda x: x**3 - 2 * x, tf.Variable(at)))
    message = f"at {at} you say {answer}, the tape {tape_slope}"
    assert np.allclose(answer, tape_slope, rtol=1e-4), message


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
# error about `NoneType` at the second step. Which of the causes above is it? Mend it.


# %% tags=["starter"]
def minimise(function, start, rate, steps):
    place = tf.Variable(start)
    for _ in range(steps):
        place = place - rate * slope(function, place)
    return float(place)


# %% [markdown] tags=["hint"]
# Look at the type of `place` before and after the first step: *When the gradient is None* begins with this
# case. Its cure is a method of the variable.

# %% tags=["check"]
walks = [(0, 3.0, 0.1, 1), (0, 3.0, 0.1, 3)]
walks += [(5, 0.0, 0.25, 2), (-2, 4.0, 0.1, 100)]
for b, start, rate, steps in walks:
    place = minimise(lambda x, b=b: (x - b) ** 2, start, rate, steps)
    # By hand: each step multiplies the way to go by 1 − 2 · rate.
    end = b + (start - b) * (1 - 2 * rate) ** steps
    walk = f"(x - {b})², start {start}, rate {rate}, steps {steps}"
    message = f"{walk}: you arrive at {place}, not {end:.4f}"
    assert np.allclose(np.array(place, float), end, atol=1e-4), message


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
# On a parabola, the second derivative tells the perfect step: **slope divided by second derivative**.
# On $x^2$ at 3 that is 6 / 2, exactly the way to 0. The method is Newton's. Write
# `newton_step(function, start)`, which returns the place after one such step, as a Python float;
# `slope` may stand inside another tape. The starter uses a fixed learning rate.


# %% tags=["starter"]
def newton_step(function, start):
    x = tf.Variable(start)
    return float(x - 0.1 * slope(function, x))


# %% [markdown] tags=["hint"]
# You need the slope and its slope: *The slope of the slope* has both, with one tape inside another. `slope`
# already is the inner tape.

# %% tags=["check"]
trials = {"x²": (square, 3.0, 0), "x⁴": (lambda x: x**4, 3.0, 2)}
trials["7(x − 2)² + 1"] = lambda x: 7 * (x - 2) ** 2 + 1, 10.0, 2
trials["x³ − 2x"] = lambda x: x**3 - 2 * x, -1.0, -1 - 1 / -6
for name, (function, start, end) in trials.items():
    place = newton_step(function, start)
    message = f"return a Python float, not {type(place).__name__}"
    assert isinstance(place, float), message
    message = f"{name}: {start} leads to {place}, not {end:.3f}"
    assert abs(place - end) < 1e-4, message


# %% tags=["solution"]
def newton_step(function, start):
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness / tape.gradient(steepness, x))


newton_step(lambda x: 7 * (x - 2) ** 2 + 1, 10.0)


# %% tags=["wrong"]
def newton_step(function, start):
    x = tf.Variable(start)
    for _ in range(300):  # many small steps instead of one
        x.assign_sub(0.02 * slope(function, x))
    return float(x)


# %% tags=["wrong"]
def newton_step(function, start):
    x = tf.Variable(start)
    return float(x - slope(function, x) / 2)  # as though each bend were 2


# %% tags=["wrong"]
def newton_step(function, start):
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness * tape.gradient(steepness, x))


# %% tags=["wrong"]
def newton_step(function, start):
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return x - steepness / tape.gradient(steepness, x)  # a tensor


# %% tags=["wrong"]
def newton_step(function, start):
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        steepness = slope(function, x)
    return float(x - steepness / abs(tape.gradient(steepness, x)))


# %% [markdown]
# Why doesn't everyone train like this? A million weights have a million times a million second
# derivatives.
#
# ## Exercise: a rounding that lets slopes pass
#
# Rounding cuts the connection. Networks for small devices round their weights all the same, and are
# trained with a trick: *forwards round, backwards pretend that nothing was rounded*. Write
# `soft_round(x)`. Its value is `tf.round(x)`; its slope is 1. You need `tf.stop_gradient`, once: which
# part of `x + (tf.round(x) - x)` must not be followed?


# %% tags=["starter"]
def soft_round(x):
    return tf.round(x)


# %% [markdown] tags=["hint"]
# Backwards, the sum should look like plain `x`. So the bracket may give its value and no slope: that is where
# `tf.stop_gradient` goes.

# %% tags=["check"]
for at in (0.2, 2.7, -1.6, 2.5):
    output = float(np.array(soft_round(tf.Variable(at)), float))
    message = f"tf.round takes {at} to {round(at)}, not to {output}"
    assert abs(output - round(at)) < 1e-6, message
    answer = slope(soft_round, tf.Variable(at))
    assert answer is not None, f"no slope at {at}: the connection is cut"
    assert float(answer) == 1, f"at {at}: slope {float(answer)}, not 1"


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
# The square of 3 has the slope 6, and 6 it is, though the variable holds 2.7. This is the
# straight-through estimator.

# %% [markdown]
# ## Questions
#
# Five questions about gradients, with a reason for each choice.

# %% [markdown] tags=["question"]
# What is the slope of $(5x - 2)^2$ at $x = 1$?
#
# - 30
#     - The inner part is 3 and grows 5 times as fast as $x$; the square of a number that is 3 grows 6 times
#       as fast as it. The chain rule multiplies: 5 × 6.
# - 6
#     - That is the slope of the square at 3. The inner part does not grow as fast as $x$ but 5 times as fast.
# - 10
#     - That is 2 · 5, and it forgets the inner value: the slope of a square is twice what is squared, and
#       that is 3 here.
# - 9
#     - That is the height of the curve at this point. The slope says how fast the height changes.

# %% tags=["question"]
slope_at_1 = float(slope(lambda x: (5 * x - 2) ** 2, tf.Variable(1.0)))
[slope_at_1 == 30, slope_at_1 == 6, slope_at_1 == 10, slope_at_1 == 9]

# %% [markdown] tags=["question"]
# You check a slope of $x^2 \sin x$ by a finite difference in `float32`. With which of these steps does it
# come nearest to the truth?
#
# - `{python} f"{min(errors['float32'], key=errors['float32'].get):g}"`
#     - The best compromise: a larger step sees more of the bend, a smaller one magnifies the rounding. Its
#       error is `{python} f"{min(errors['float32'].values()):.0e}"`.
# - `{python} f"{min(errors['float32']):g}"`
#     - On paper, yes: the smaller, the closer. In 7 digits, the two heights are then so alike that their
#       difference is mostly rounding, and the error is `{python} f"{errors['float32'][1e-6]:.2f}"`.
# - `{python} f"{max(errors['float32']):g}"`
#     - Rounding hardly matters there, but over so long a step the curve bends: the error is
#       `{python} f"{errors['float32'][0.1]:.2f}"`.

# %% tags=["question"]
float32_errors = errors["float32"]
error_of_best = min(float32_errors.values())
[
    float32_errors[0.001] == error_of_best,
    float32_errors[min(float32_errors)] == error_of_best,
    float32_errors[max(float32_errors)] == error_of_best,
]

# %% [markdown] tags=["question"]
# Over the ground $\frac{1}{2}x^2 + 5y^2$ you descend from (−4, 1). Up to which learning rate does the descent
# settle at the lowest point?
#
# - one fifth
#     - The slope along $y$ is $10y$, the second derivative 10, and the limit is 2 divided by the strongest
#       bend. Beyond it, $y$ overshoots 0 by more with each step.
# - one half
#     - That was the limit of the bowl on this page, where the strongest bend is 4. This ground bends more,
#       and the limit is lower.
# - one tenth
#     - With 1 divided by the bend, $y$ is at 0 after one step. Somewhat longer steps overshoot, and still
#       land nearer to 0 than they left.
# - two
#     - That is what $x$ alone would allow, whose bend is 1. The steepest direction decides for all.


# %% tags=["question"]
def ground(place):
    return place[0] ** 2 / 2 + 5 * place[1] ** 2


def is_limit(rate):
    rates = {"learning_rate": 0.95 * rate}, {"learning_rate": 1.05 * rate}
    walks = [
        descend(ground, [-4, 1], steps=30, **options) for options in rates
    ]
    low_end, high_end = (float(ground(walk[-1])) for walk in walks)
    return low_end < float(ground([-4, 1])) < high_end


[is_limit(1 / 5), is_limit(1 / 2), is_limit(1 / 10), is_limit(2.0)]

# %% [markdown] tags=["question"]
# `x` is `tf.Variable(2.0)`, and the tape runs while `y` is computed. For which `y` does `tape.gradient(y, x)`
# give a number, and not `None`?
#
# - `y = x**2 if x > 1 else -x`
#     - The `if` decides what is done, and what was done is on the tape: a square. The condition has no slope
#       of its own and needs none.
# - `y = tf.cast(x > 1, tf.float32)`
#     - Here the comparison is the result. It jumps from 0 to 1 and has no slope; a cast does not bring one
#       back.
# - `y = tf.constant(float(x) ** 2)`
#     - With `float`, the calculation leaves TensorFlow. The value is the right one, and the tape does not
#       know where it came from.
# - `y = tf.round(x) ** 2`
#     - The square would have a slope, but the chain goes through a whole number first. Where one link has no
#       slope, the chain ends.

# %% tags=["question"]
at_2 = tf.Variable(2.0)
slopes = [
    slope(lambda x: x**2 if x > 1 else -x, at_2),
    slope(lambda x: tf.cast(x > 1, tf.float32), at_2),
    slope(lambda x: tf.constant(float(x) ** 2), at_2),
    slope(lambda x: tf.round(x) ** 2, at_2),
]
has_slope = [value is not None for value in slopes]
[has_slope[0], has_slope[1], has_slope[2], has_slope[3]]

# %% [markdown] tags=["question"]
# Softmax gives four classes the probabilities `{python} ", ".join(f"{value:.2f}" for value in p)`. The last
# class is the correct one, and the loss is minus the logarithm of its probability. Which slopes do the four
# scores get?
#
# - `{python} ", ".join(f"{value:.2f}" for value in p - np.eye(4)[3]).replace("-", "−")`
#     - The probabilities, minus 1 at the correct class. A step against them raises the last score and lowers
#       all others, most of all the first, which is the most mistaken.
# - `{python} ", ".join(f"{value:.2f}" for value in np.eye(4)[3] - p).replace("-", "−")`
#     - These are the directions in which the scores should move. The gradient points uphill, the other way,
#       and descent subtracts it.
# - `{python} ", ".join(f"{value:.2f}" for value in p)`
#     - The truth is missing from it: the slope for the correct class is its probability minus 1.
# - `{python} ", ".join(f"{value:.2f}" for value in 0 * p)`
#     - That is what `tape.gradient` gives for the probabilities themselves, since they always add up to 1.
#       The loss looks at one of them.

# %% tags=["question"]
with tf.GradientTape() as tape:
    last_loss = -tf.math.log(tf.nn.softmax(scores)[3])
score_slopes = tape.gradient(last_loss, scores)
truth = np.eye(4)[3]
[
    np.allclose(score_slopes, p - truth, atol=1e-5),
    np.allclose(score_slopes, truth - p, atol=1e-5),
    np.allclose(score_slopes, p, atol=1e-5),
    np.allclose(score_slopes, 0 * p, atol=1e-5),
]

# %% [markdown]
# ## What to remember
#
# - The gradient holds one slope for each input, and minus the gradient is the steepest way down.
# - The tape records operations and plays them backwards: all slopes in one pass.
# - The learning rate sets how far: too small crawls, too large climbs, and the strongest bend sets
#   the limit.
# - `None` means that nothing on the tape leads from result to input. Look for `=`, NumPy, whole
#   numbers, `assign`, and what was computed outside the `with`.
# - Softmax with cross-entropy has the gradient *probabilities minus truth*.
# - `stop_gradient` holds a target still; `tape.jacobian` gives a slope for each pair where
#   `tape.gradient` would add them up.
# - In doubt, check against finite differences, with a step that is small but not tiny.
#
# ## Where next
#
# [Training by hand](training-by-hand.md) follows a loss downhill in earnest: a loop of your own, all ten
# kinds of clothes, and at its end the same in Keras. If shapes or dtypes still surprise you, go back to
# [Tensors](tensors.md).
#
# ## Sources
#
# - TensorFlow, [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
#   and the page of [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape).
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul and J. M. Siskind, *Automatic Differentiation in
#   Machine Learning: a Survey*, 2018, [arXiv:1502.05767](https://arxiv.org/abs/1502.05767).
# - Y. Bengio, N. Léonard and A. Courville, *Estimating or Propagating Gradients Through Stochastic
#   Neurons for Conditional Computation*, 2013, [arXiv:1308.3432](https://arxiv.org/abs/1308.3432): the
#   straight-through estimator.
