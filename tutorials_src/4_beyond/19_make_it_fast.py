# ---
# title: Make it fast
# summary: Where the time of a training goes, what each remedy wins when it is measured fairly, and why fewer steps beat faster ones.
# needs: [first-network, training-by-hand]
# helps: [fashion-mnist, convolution, gradients]
# teaches: [recomputation, bottleneck, Amdahl's law, profiler, throughput, vectorised map, retracing, bfloat16, mixed precision, XLA, time to accuracy]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# Your training takes ten minutes: six to read the photographs, one to prepare them, three to compute. A
# dealer offers a processor that computes ten times as fast. A colleague offers a disk that reads twice
# as fast. Whose offer do you take?

# %%
import keras
import numpy as np
import tensorflow as tf

from snippets import plot_curves, plot_images, plot_results, plot_timing, preprocessing

training = {"reading": 6, "preparing": 1, "computing": 3}
offers = {
    "as it is": training,
    "computing\n10 times as fast": training | {"computing": 0.3},
    "reading\ntwice as fast": training | {"reading": 3},
}
plot_timing.stage_bars(offers, unit="minutes")

# %% [markdown]
# The colleague's: the whole stands at the right of each bar. The largest stage has a frame. It is the
# **bottleneck**, which no gain elsewhere can shorten. Say that a stage takes the fraction $p$ of the time, and
# is made $s$ times as fast. The rest, $1 - p$, stays; $p$ shrinks to $p / s$. So the whole becomes
#
# $$\frac{1}{1 - p + p / s}$$
#
# times as fast. This is **Amdahl's law**.


# %%
def whole_gain(fraction, factor):
    return 1 / (1 - fraction + fraction / factor)


# %% [markdown]
# The dealer's offer makes the whole `{python} f"{whole_gain(0.3, 10):.2f}"` times as fast, the colleague's
# `{python} f"{whole_gain(0.6, 2):.2f}"` times. Even a processor that takes no time at all would do no better
# than the disk: `{python} f"{whole_gain(0.3, float('inf')):.2f}"`.
#
# So before you change anything, find out where the time goes.
#
# ## Three trainings, taken apart
#
# Here are three trainings in batches of 32. The dense network of
# [Your first network](../networks/first-network.md) gets its photographs from arrays in memory, then from
# PNG files. The [convolutional network](../convnets/convolution.md) gets them from arrays.

# %%
from snippets.convnets import fashion_convnet
from snippets.datasets import load_fashion_mnist
from snippets.models import dense_network

tf.config.set_visible_devices([], "GPU")  # the processor works, GPU or not
fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class=1500)
inputs = preprocessing.standardise(sample.images, sample.images)
labels = np.int32(sample.labels)

paths = [f"photographs/{number}.png" for number in range(400)]
for path, image in zip(paths, sample.images, strict=False):
    tf.io.write_file(path, tf.io.encode_png(image[..., None]))


# %%
def decode(path, label):
    return tf.io.decode_png(tf.io.read_file(path), channels=1)[..., 0], label


def prepare(images, labels):
    return tf.cast(images, tf.float32) / 255, labels


slices = tf.data.Dataset.from_tensor_slices
arrays = slices((sample.images[:1280], labels[:1280])).batch(32)
files = slices((paths, labels[:400])).map(decode)
pipelines = {
    "dense, from arrays": (arrays, dense_network),
    "dense, from files": (files.batch(32), dense_network),
    "convolution, from arrays": (arrays.take(10), fashion_convnet),
}

# %% [markdown]
# To prepare is, here, to divide bytes by 255. Then comes the training step: forward to the loss, backward
# to the slopes, update of the weights. The way back never runs alone, for it needs what the way forward has
# computed. So time three steps, each of which contains the one before: forward; forward and backward; forward,
# backward and update. `nested_steps` builds them. What one takes more than the one before is the price of what
# was added. Do the same around the step: read only; read and prepare; call a step that does nothing; then the
# three; and last `fit`, which does all that and keeps books. What the empty call and `fit` add is Python's
# share.
#
# Each is measured in five rounds. A stage is a difference of two measurements, and a small one can drown in
# their noise: then some rounds put it below 0. So look at all five.

# %%
from snippets.timing import interleave, nested_steps, speed_verdict, times_as_fast

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def run(batches, step=lambda *batch: 0.0):
    for images, labels in batches:
        step(images, labels)


def stage_times(raw_data, build):
    network, batches = build(), raw_data.map(prepare)
    network.compile("adam", cross_entropy)
    steps = {"calling": tf.function(lambda *batch: 0.0)} | nested_steps(network, cross_entropy)
    calls = {"reading": lambda: run(raw_data), "preparing": lambda: run(batches)}
    calls |= {name: lambda s=step: run(batches, s) for name, step in steps.items()}
    calls["fit"] = lambda: network.fit(batches, shuffle=False, verbose=0)
    wholes = np.array([*interleave(calls, rounds=5).values()])
    stages = np.diff(wholes, axis=0, prepend=0) * 1000 / len(raw_data)
    times = dict(zip(calls, stages, strict=True))
    return times | {"Python": times.pop("calling") + times.pop("fit")}


# %% tags=["measured"]
keras.utils.set_random_seed(7)
times = {name: stage_times(*pipeline) for name, pipeline in pipelines.items()}
rows = {stage: {} for stage in times["dense, from arrays"]}
for stage, row in rows.items():
    row |= {n: (np.median(t[stage]), t[stage].min(), t[stage].max()) for n, t in times.items()}
plot_results.interval_rows(rows, xlabel="CPU milliseconds per step", percent=False)


# %% [markdown]
# A marker is the median of five rounds, and its line reaches from the lowest to the highest. Where a line
# touches 0, the stage is too small to be measured here; where two lines overlap, you do not know which stage
# is the larger. By the medians, the bottlenecks are:
# `{python measured markdown} "; ".join(f"{name}: *{max(t, key=lambda s: np.median(t[s]))}*" for name, t in times.items())`. Three
# trainings on one machine with one data set; what helps the one may do nothing for the other.
#
# A **profiler** does this for every single operation. TensorFlow has one: wrap some steps in
# `tf.profiler.experimental.start(folder)` and `.stop()`, and look at the folder with TensorBoard and its
# profile plugin. [The guide](https://www.tensorflow.org/guide/profiler) shows how to read the picture.

# %% tags=["claims"]
from_arrays, from_files, _ = times.values()
assert np.median(from_files["reading"]) > 1.5 * np.median(from_arrays["reading"]), (
    "reading a batch from files takes more than 1.5 times as long as from arrays"
)

# %% [markdown]
# ## How not to measure
#
# Here is a step without a trick, then with it:

# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

step = nested_steps(dense_network(), cross_entropy)["update"]
batch = tf.constant(inputs[:512]), tf.constant(labels[:512])
with Stopwatch() as first_call:
    step(*batch)
with Stopwatch() as second_call:
    step(*batch)
print(f"{first_call.cpu_seconds / second_call.cpu_seconds:.0f} times as fast")

# %% [markdown]
# There is no trick. Both lines are the same; the first call was [traced](../foundations/training-by-hand.md).
# A fair race follows five rules: call everything once before; let the rivals take turns, round after round,
# since a machine changes from minute to minute; compare within each round; show the spread; count CPU
# seconds, which other programs disturb little. `interleave` does that, and `times_as_fast` divides, round by
# round. `speed_verdict` sees no difference where the rounds disagree about who is faster, or where the median
# factor is below 1.1. Put the step against itself; you see a ratio for each round, and the verdict:

# %% tags=["measured"]
twins = {name: lambda: step(*batch) for name in ("without", "with the trick")}
ratios = times_as_fast(interleave(twins, calls=10), "without")["with the trick"]
print(", ".join(f"{ratio:.2f}" for ratio in ratios), "→", speed_verdict(ratios))

# %% tags=["claims"]
assert first_call.cpu_seconds > 1.5 * second_call.cpu_seconds, (
    "the first call of a compiled step costs more than 1.5 times as much as the second"
)

# %% [markdown]
# ## Half the digits
#
# NumPy's fractions are `float64` unless you say otherwise: `np.zeros(3)` is, and so are bytes divided
# by 255. A Keras network quietly makes them `float32`, so it is only memory that you waste. What you write
# in TensorFlow yourself computes in the format that it is given. What does `float64` cost? Try it on three
# training steps. Keras calls the format in which a network computes its *policy*; `build_with_policy` builds a
# network with another one, and `race` times its step against the plain step.

# %%
from snippets.timing import build_with_policy

cases = {
    "dense, batch 32": (dense_network, 32, 25),  # the last: calls a measurement
    "dense, batch 512": (dense_network, 512, 5),
    "convolution, batch 64": (fashion_convnet, 64, 2),
}
plain_steps = {c: nested_steps(b(), cross_entropy)["update"] for c, (b, *_) in cases.items()}


def race(case, policy="float32", **options):
    build, size, calls = cases[case]
    new_step = nested_steps(build_with_policy(policy, build), cross_entropy, **options)["update"]
    x, y = tf.constant(inputs[:size]), tf.constant(labels[:size])
    cast_x = tf.cast(x, "float64" if policy == "float64" else "float32")
    variants = {"before": lambda: plain_steps[case](x, y), "after": lambda: new_step(cast_x, y)}
    return times_as_fast(interleave(variants, calls=calls), "before")["after"]


# %% tags=["measured"]
gains = {"float64": {case: race(case, "float64") for case in cases}}  # more to come
plot_timing.speed_ratios(gains, xlabel="times as fast as float32")

# %% [markdown]
# A small mark is a round, a large one their median, and what lies left of 1, on grey, is slower. Half the
# speed is what you expect: there are twice the bytes to move, and the processor computes with half as many
# numbers at once. The convolutions are
# `{python measured} speed_verdict(gains["float64"]["convolution, batch 64"])`: the fast routines for them are
# written for `float32`. Networks do not need the digits. Check `dtype` first: it costs nothing.
#
# ## The fixed price of a step
#
# Every step pays for being called, for starting operations, for updating all weights, whether it carries
# one photograph or a thousand. What does that do to the **throughput**, the number of examples per second?

# %% tags=["measured"]
sizes = (2, 8, 32, 128, 512)
any_size = tf.TensorSpec((None, 28, 28)), tf.TensorSpec((None,), tf.int32)  # one trace for all
builds, step_seconds = {"dense": dense_network, "convolution": fashion_convnet}, {}
for name, build in builds.items():
    step = nested_steps(build(), cross_entropy)["update"].python_function
    step = tf.function(step, input_signature=any_size, autograph=False)
    pairs = {n: (tf.constant(inputs[:n]), tf.constant(labels[:n])) for n in sizes}
    variants = {n: lambda pair=pair, step=step: step(*pair) for n, pair in pairs.items()}
    seconds = interleave(variants, rounds=3, calls=2)
    step_seconds[name] = np.median([*seconds.values()], axis=1)
throughputs = {name: np.array(sizes) / t for name, t in step_seconds.items()}
axes = {"xlabel": "batch size", "ylabel": "photographs per CPU second", "log_y": True}
plot_curves.spread_curves(throughputs, x=sizes, log_x=True, **axes)

# %% [markdown]
# Both axes are logarithmic. A curve climbs as long as a step is mostly fixed price, and becomes flat where the
# photographs cost more. It can even fall, once a batch no longer fits into the processor's fast memory. And a
# larger batch makes fewer steps of an epoch, so it is *another training*:
# [Your first network](../networks/first-network.md) says what to do about that.

# %% tags=["claims"]
assert throughputs["dense"][3] > 1.5 * throughputs["dense"][0], (
    "the dense network's throughput at batch 128 is more than 1.5 times that at batch 2"
)

# %% [markdown]
# ## What a tape keeps
#
# A larger batch also needs more memory, and not for itself. The way back needs values from the way forwards:
# the slope of $x^2$ is $2x$, so a [tape](../foundations/gradients.md) must still know $x$. You can count what a
# tape keeps alive. A `weakref` points to an object without keeping it alive: when it comes back empty, the
# object is gone. `note` makes one for each result, and at the end the sizes of those still alive are added up.
# Four layers of a product and a `tanh` are run on 500 photographs. Each operation returns 500 × 784 numbers of
# four bytes, which is `{python} f"{500 * 784 * 4 / 1e6:.2f}"` MB.

# %%
import weakref


def megabytes_on_tape(block, depth, x):
    results = []

    def note(result):
        results.append((weakref.ref(result), result.shape.num_elements() * 4 / 1e6))
        return result

    with tf.GradientTape() as tape:
        tape.watch(x)
        for _ in range(depth // 4):
            x = block(x, note)
    del x
    return sum(size for reference, size in results if reference() is not None)


# %%
batch_of_500 = tf.random.stateless_uniform((500, 784), seed=(3, 4))
mixing = tf.random.stateless_normal((784, 784), seed=(1, 2)) / 28


def four_layers(x, note):
    for _ in range(4):
        x = note(tf.tanh(note(x @ mixing)))
    return x


blocks = {"tape": four_layers}
blocks["recomputing"] = lambda x, n: tf.recompute_grad(lambda x: four_layers(x, n))(x)
memory = {n: [megabytes_on_tape(b, d, batch_of_500) for d in (4, 8, 16)] for n, b in blocks.items()}
{name: np.round(megabytes, 2).tolist() for name, megabytes in memory.items()}

# %% [markdown]
# The columns are 4, 8 and 16 layers. Twice the layers, twice the memory: **what a tape keeps grows with every
# layer and with every photograph in the batch.** That, more often than the weights, is what fills a graphics
# card, and a smaller batch is the first cure. A layer has two operations, yet one result each is kept: the
# slope of `tanh` follows from its own result, which the next product needs as well; what the product returned
# was freed.
#
# The lower row trades time for memory. `tf.recompute_grad` keeps the input of a function and forgets
# everything inside; on the way back it computes the inside again. This is called **recomputation**. Around
# every four layers, it keeps a quarter, and computes everything forwards once more.

# %% tags=["claims"]
assert np.allclose(memory["tape"], [depth * 500 * 784 * 4 / 1e6 for depth in (4, 8, 16)]), (
    "a tape keeps one result of 500 by 784 floats for each layer of a product and tanh"
)
assert np.allclose(np.multiply(memory["recomputing"], 4), memory["tape"]), (
    "recomputing around every four layers keeps a quarter"
)

# %% tags=["control"] claim="recomputing around every four layers keeps a quarter" without="recomputing"
memory = memory | {"recomputing": memory["tape"]}

# %% [markdown]
# ## The pipeline: once, or every time?
#
# Now the photographs come from files, and in each epoch a random half of them is flipped, left for right.
# Three stages: decode, flip, batch. In which order? [Fashion-MNIST](../networks/fashion-mnist.md) has found
# that one call per batch beats one call per photograph. A stage whose function takes a whole batch is a
# **vectorised map**. And `cache` keeps what reaches it in the first epoch, so that later epochs start from
# there. Where do you put it?


# %%
chance = tf.random.Generator.from_seed(7)


def flip(images, labels):  # one photograph or a batch of them
    seed = chance.make_seeds(1)[:, 0]
    return tf.image.stateless_random_flip_left_right(images[..., None], seed)[..., 0], labels


orders = {
    "decode, flip, batch": files.map(flip).batch(32),
    "decode, batch, flip": files.batch(32).map(flip),
    "decode, cache, batch, flip": files.cache().batch(32).map(flip),
    "decode, batch, flip, cache": files.batch(32).map(flip).cache(),
}

# %% tags=["measured"]
variants = {name: lambda order=order: run(order) for name, order in orders.items()}
ratios = times_as_fast(interleave(variants, rounds=3), "decode, flip, batch")
by_order = {name: {"photographs": factors} for name, factors in ratios.items()}
plot_timing.speed_ratios(by_order)

# %% [markdown]
# Each is compared with *decode, flip, batch*, once its cache is full. The last order is the fastest, and it
# is wrong. Here is one boot in eight epochs. The top row, *generator*, comes from the third order; the middle
# row, *cached*, from the last. The bottom row, *seeded*, caches nothing, but draws in another way: the seed
# is given to the operation, as in many a tutorial.


# %%
def seeded_flip(images, labels):
    return tf.image.random_flip_left_right(images[..., None], seed=7)[..., 0], labels


boot = int(np.flatnonzero(labels[:32] == 9)[0])
variants = {
    "generator": orders["decode, cache, batch, flip"],
    "cached": orders["decode, batch, flip, cache"],
    "seeded": files.batch(32).map(seeded_flip),
}
boots = np.stack([next(iter(w.take(1)))[0][boot] for w in variants.values() for _ in range(8)])
is_mirrored = (boots != sample.images[boot]).any(axis=(1, 2))
words = np.where(is_mirrored, "mirrored", "as it was")
titles = [f"{n}\n{word}" for n, word in zip(np.repeat([*variants], 8), words, strict=True)]
plot_images.image_grid(boots, titles, columns=8, subject="views of one boot")

# %% tags=["folded"]
views = {n: len(set(row)) for n, row in zip(variants, is_mirrored.reshape(3, 8), strict=True)}

# %% [markdown]
# A cache after the flip keeps the flipped photographs: whatever the first epoch drew, all others
# repeat. **Cache what is the same in each epoch, and draw after it.** An operation with a seed starts anew in
# each epoch, and draws the same again; `keras.utils.set_random_seed` gives such a seed to all of them. (Shuffle
# the photographs before, and the same draws fall on others, which is less bad.) The generator, `chance`,
# stands outside the pipeline, and goes on drawing. Neither mistake raises an error.
#
# And `shuffle`? It has a seed, too, but deals anew in each pass, unless you forbid it. Three passes of each:

# %%
cards = tf.data.Dataset.range(9)
decks = cards.shuffle(9, seed=7), cards.shuffle(9, seed=7, reshuffle_each_iteration=False)
passes = [[tuple(int(n) for n in deck) for _ in range(3)] for deck in decks]
passes

# %% [markdown]
# The seed decides which three orders these are: run the program again, and they are the same three. So shuffle
# *after* `cache`, or the first order is kept with the rest.
#
# All that was done one after the other. `map(..., num_parallel_calls=tf.data.AUTOTUNE)` decodes several files
# at once, each in a *thread* of work of its own, and `prefetch` runs ahead of the network. That saves no CPU
# second, but you wait for fewer of them, since they pass side by side.

# %% tags=["claims"]
assert np.median(ratios["decode, cache, batch, flip"]) > 1.5, (
    "cached after decoding and flipped by batches, photographs come more than 1.5 times as fast"
)
assert list(views.values()) == [2, 1, 1], (
    "a cache after a random flip freezes it, as does a seed in the operation; a generator does not"
)
assert [len(set(orders)) for orders in passes] == [3, 1], "`shuffle` deals anew in each pass"

# %% tags=["control"] claim="a cache after a random flip freezes it, as does a seed in the operation; a generator does not" without="the cache after the flip"
fresh_views = files.batch(32).map(flip).take(1)
boots = np.stack([next(iter(fresh_views))[0][boot] for _ in range(32)])
views = views | {"cached": len(np.unique(boots, axis=0))}

# %% tags=["control"] claim="`shuffle` deals anew in each pass" without="reshuffling"
passes = [passes[1], passes[1]]

# %% [markdown]
# ## Traced, and traced again
#
# A `tf.function` is traced anew for every new Python number and every new shape. You have seen what that
# costs for a [learning rate](../foundations/training-by-hand.md). This is called **retracing**, and in
# training it comes in three disguises: a Python number, a batch that is sometimes shorter, and a
# function that is defined again and again. Guess how many traces eight calls take in each, and how many
# with a tensor for the number, and with the size left open:


# %%
def traces(calls, **options):
    step = tf.function(lambda images, rate: rate * tf.reduce_mean(images), **options)
    for call in calls:
        step(*call)
    return step.experimental_get_tracing_count()


rates = [0.1 / number for number in range(1, 9)]
tensors = [(inputs[:32], tf.constant(rate)) for rate in rates]
sizes_differ = [(inputs[: 32 - i], rate) for i, (_, rate) in enumerate(tensors)]
open_signature = [tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())]
trace_counts = {
    "rate a Python number": traces([(inputs[:32], rate) for rate in rates]),
    "rate a tensor": traces(tensors),
    "batches of eight sizes": traces(sizes_differ),
    "the same, size left open": traces(sizes_differ, input_signature=open_signature),
    "defined in the loop": sum(traces([call]) for call in tensors),
}
trace_counts

# %% [markdown]
# The cures: hand over tensors; leave a size open with `input_signature`, or drop the odd last batch
# (`batch(32, drop_remainder=True)`); define a compiled function once. And count, with
# `experimental_get_tracing_count()`.
#
# Between its steps, `fit` also returns to Python, to its books and callbacks. With `steps_per_execution=10`,
# given to `compile`, it takes ten steps in one go, and callbacks hear of every tenth batch only: many pages
# of this course do that.

# %% tags=["claims"]
assert list(trace_counts.values()) == [8, 1, 8, 1, 8], (
    "Python numbers, new shapes and new definitions are traced at each of eight calls, tensors once"
)

# %% tags=["control"] claim="Python numbers, new shapes and new definitions are traced at each of eight calls, tensors once" without="making the numbers tensors"
numbers = [(images, float(rate)) for images, rate in tensors]
trace_counts = trace_counts | {"rate a tensor": traces(numbers)}

# %% [markdown]
# ## Half the digits again
#
# A `float32` has 24 binary digits. A **bfloat16** keeps eight of them, in half the bytes; its largest number
# stays about the same. Newer processors and GPUs multiply such numbers faster. What eight digits mean you can
# check by hand: 256 is 1 0000 0000 in binary, and 257, which is 1 0000 0001, needs nine.

# %%
for kind in (tf.float32, tf.float16, tf.bfloat16):
    total, decay = (float(tf.cast(x, kind) + tf.cast(y, kind)) for x, y in ((256, 1), (0, 0.999)))
    print(kind.name, f"256 + 1 = {total:.0f}, 0.999 = {decay:.4g}, largest {float(kind.max):.2g}")

# %% [markdown]
# In bfloat16 the number after 256 is 258, and adding ones leads nowhere. An update is like that: a small
# number added to a large one. And 0.999, by which Adam fades its memory of the squared slopes, becomes 1.
#
# What goes wrong? Build the network in bfloat16 altogether, and train it for one epoch. Beside it,
# **mixed precision**: it keeps the weights in `float32`, and rounds copies of them for the multiplications.

# %%
from snippets.experiments import restart

held_out = preprocessing.standardise(fashion.validation.images, sample.images)


def accuracy(network, images, truth=fashion.validation.labels):
    return float((network(images).numpy().argmax(axis=1) == truth).mean())


def train(rate, epochs, cycle=False, policy="float32"):
    network, steps = build_with_policy(policy, dense_network), -(-len(labels) // 64)
    adam = keras.optimizers.Adam(OneCycle(rate, epochs * steps) if cycle else rate)
    network.compile(adam, cross_entropy, steps_per_execution=steps)
    for seed in (7, 8, 9):
        restart(network, seed)  # new weights; the traced step is kept
        seconds, scores = [], []
        for _ in range(epochs):
            with Stopwatch() as watch:
                network.fit(inputs, labels, batch_size=64, verbose=0)
            seconds.append(watch.cpu_seconds)
            scores.append(accuracy(network, held_out))
        start = epochs - 1 if cycle else 0  # a cycle counts when it is complete
        yield network.get_weights(), np.cumsum(seconds)[start:], scores[start:]


# %%
scores = {}
for policy in ("float32", "mixed_bfloat16", "bfloat16"):
    scores[policy] = [s[0] for *_, s in train(0.007, 1, True, policy)]
plot_results.seed_dots(scores, xlabel="validation accuracy")

# %% [markdown]
# With bfloat16 alone: no error, no warning, and nothing learned. Adam's memory of the squared slopes starts
# empty. To make up for that, Keras multiplies the learning rate by the root of one minus a power of 0.999, and
# it computes this in the weights' format: 1 − 1 = 0. Each step has the length 0. Mixed precision stays within
# two points of `float32`. It is one line before the network is built:
# `keras.config.set_dtype_policy("mixed_bfloat16")`. (`float16` has more digits than bfloat16 but ends at 65504:
# slopes vanish or overflow, so with `"mixed_float16"` Keras also scales the loss.)
#
# ## Another compiler
#
# **XLA** is a compiler that turns a whole graph into machine code of its own and merges neighbouring
# operations, so that results need not travel to memory and back. Ask for it with `jit_compile=True`, in
# `compile` or in `tf.function`. (Where there is a GPU, `compile` does so by itself.) Compiling takes a while;
# what comes out may be faster. Race mixed precision and XLA, each against the plain step:

# %% tags=["measured"]
gains["bfloat16, mixed"] = {case: race(case, "mixed_bfloat16") for case in cases}
gains["XLA"] = {case: race(case, jit_compile=True) for case in cases}
plot_timing.speed_ratios({name: gains[name] for name in ("bfloat16, mixed", "XLA")})


# %% [markdown]
# | remedy | on the processor that built this page |
# |---|---|
# | mixed bfloat16 | `{python measured} "; ".join(f"{case}: {speed_verdict(r)}" for case, r in gains["bfloat16, mixed"].items())` |
# | XLA | `{python measured} "; ".join(f"{case}: {speed_verdict(r)}" for case, r in gains["XLA"].items())` |
#
# Your machine may say something else. bfloat16 wins where the processor has instructions for it *and*
# multiplication is the bottleneck. XLA saves the small prices between many small operations, but on a CPU its
# convolutions can be slower than those of the library that plain TensorFlow calls, which was tuned for years. No
# rule saves you the race.

# %% tags=["claims"]
assert max(scores["bfloat16"]) < 0.3, "with Adam, weights in bfloat16 learn nothing"
accuracy_gap = abs(np.mean(scores["mixed_bfloat16"]) - np.mean(scores["float32"]))
assert accuracy_gap < 0.02, "in mixed precision the accuracy stays within two points of float32's"
slowdown = max(np.median(gains["float64"][case]) for case in list(cases)[1:])
assert slowdown < 1 / 1.5, (
    "at batch 512, and with convolutions, float64 takes more than 1.5 times as long as float32"
)

# %% tags=["control"] claim="with Adam, weights in bfloat16 learn nothing" without="Adam"
keras.utils.set_random_seed(7)
network = build_with_policy("bfloat16", dense_network)
network.compile(keras.optimizers.SGD(0.1), cross_entropy)
network.fit(inputs, labels, batch_size=128, verbose=0)
scores = {"bfloat16": [accuracy(network, held_out)]}

# %% tags=["control"] claim="in mixed precision the accuracy stays within two points of float32's" without="weights in float32"
accuracy_gap = abs(np.mean(scores["bfloat16"]) - np.mean(scores["float32"]))

# %% [markdown]
# ## Fewer steps instead of faster ones
#
# So far, the remedies make a step cheaper. Now take fewer steps. What counts in the end is
# **time to accuracy**: the seconds until a network is as good as you need it. Train the dense network
# in batches of 64 on 15,000 photographs: for eight epochs at Adam's usual rate of 0.001, for eight at half of
# it, and for one, two and three epochs on a [one-cycle schedule](../networks/first-network.md). Three seeds each.
# In the picture, a constant rate has a point for each epoch; the points of the cycle are three trainings.

# %% tags=["measured"]
curves, final_weights = {}, {}
recipes = [("rate 0.001", 0.001, 8), ("rate 0.0005", 0.0005, 8)]
recipes += [("one cycle", 0.007, epochs, True) for epochs in (1, 2, 3)]
for name, *options in recipes:
    final_weights[name], seconds, scores = zip(*train(*options), strict=True)
    spent_time = np.median(seconds, axis=0).round(2).tolist()  # the first one traces
    curves[name] = curves.get(name, {}) | dict(zip(spent_time, np.transpose(scores), strict=True))
plot_results.seed_lines(curves, xlabel="CPU seconds", log=False)

# %% tags=["folded"]
means = {n: {t: np.mean(s) for t, s in curve.items()} for n, curve in curves.items()}
usual_best, half_best, cycle_best = (max(curve.values()) for curve in means.values())
goal = max(usual_best, half_best)  # the best that a constant rate comes to
goal_times = {n: [t for t, a in curve.items() if a >= goal] for n, curve in means.items()}
constant_rate = goal_times["rate 0.001"] + goal_times["rate 0.0005"]
ratio = min(constant_rate) / min(goal_times["one cycle"], default=99)

# %% [markdown]
# The usual rate comes to `{python} f"{usual_best:.1%}"` at best (the mean of three seeds, after the best of its
# epochs), half of it to `{python} f"{half_best:.1%}"`. The better of the two takes
# `{python measured} f"{ratio:.1f}"` times as long to get there as the cycles, tracing left out, and the best
# cycle reaches `{python} f"{cycle_best:.1%}"`. (The factor depends on the accuracy that you ask for.) Its long
# steps, in the middle, travel far; the short ones at its end settle. A constant rate has to be a compromise.
#
# What was chosen here was chosen on validation photographs. Now, once, the test photographs:

# %%
test_inputs = preprocessing.standardise(fashion.test.images, sample.images)
network, exam = dense_network(), {"rate 0.001": [], "one cycle": []}
for name, grades in exam.items():
    for weights in final_weights[name]:
        network.set_weights(weights)
        grades.append(accuracy(network, test_inputs, fashion.test.labels))
plot_results.seed_dots(exam, xlabel="test accuracy")

# %% tags=["claims"]
assert cycle_best > goal, "three epochs on a cycle beat eight at either constant rate"
assert max(curves["rate 0.001"]) > 1.5 * max(curves["one cycle"]), (
    "the eight take more than 1.5 times the CPU seconds of the three"
)
assert np.mean(exam["one cycle"]) > np.mean(exam["rate 0.001"]), "on the test set, too"

# %% [markdown]
# The cycle wins on these, too. It takes fewer steps, so whatever helps a single step comes on top of it.
#
# ## On a GPU
#
# This page hides a GPU from TensorFlow, so it makes no claim about any. A GPU carries out thousands of
# multiplications side by side, and has its own fixed price. Two things change when you measure: its work goes
# on while Python does something else, so read a result before you stop the clock; and CPU seconds do not
# contain its work, so count the seconds that pass. `throughput`, in the snippet `timing`, does both.

# %% [markdown]
# ## Exercises
#
# **1. Which offer?** `stages` has the time of each stage, like `training` above. Each of `offers` is a pair:
# the name of a stage, and how many times as fast it would become. Return the offer after which the whole takes
# the least time. The starter takes the one with the largest factor.


# %% tags=["starter"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: offer[1])


# %% tags=["check"]
for minutes, quotes, number in (
    (training, [("computing", 10), ("reading", 2)], 1),
    (training, [("computing", 10), ("reading", 1.1)], 0),
    ({"reading": 12, "preparing": 18}, [("preparing", 2), ("reading", 8)], 1),
):
    offer, answer = best_offer(minutes, quotes), quotes[number]
    assert offer == answer, f"{answer} saves the most of {minutes}, not {offer}"


# %% tags=["solution"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: stages[offer[0]] * (1 - 1 / offer[1]))


# %% tags=["wrong"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: stages[offer[0]])  # the largest stage, whatever the factor


# %% tags=["wrong"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: stages[offer[0]] * offer[1])


# %% tags=["wrong"]
def best_offer(stages, offers):
    return min(offers, key=lambda offer: stages[offer[0]] / offer[1])  # the other stages count, too


# %% tags=["wrong"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: whole_gain(stages[offer[0]], offer[1]))  # no part of 1


# %% [markdown]
# **2. A pipeline in order.** `numbers` is a `tf.data` dataset. Return one that gives all of them, in their
# order and in batches of four, with `read` and then `spoil` applied. `read` must be called once for each
# number *in all*, however many epochs follow; `spoil` must be called once a batch, and draw anew in each
# epoch. The starter has all stages, in an unlucky order.


# %% tags=["starter"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).map(spoil).batch(4).cache()


# %% tags=["check"]
calls = tf.Variable([0, 0])  # of read, of spoil


def counted_read(number):
    calls.assign_add([1, 0])
    return tf.cast(number, tf.float32)


def counted_spoil(values):
    calls.assign_add([0, 1])
    return values + chance.uniform(tf.shape(values))


result = pipeline(tf.data.Dataset.range(14), counted_read, counted_spoil)
batch_sizes = [np.size(batch) for batch in result]
assert batch_sizes == [4, 4, 4, 2], f"batches of 4, and 2 left, not {batch_sizes}"
epochs = [np.concatenate([batch.numpy() for batch in result]) for _ in range(3)]
reads, spoils = calls.numpy()
assert [reads, spoils] == [14, 16], f"14 numbers read {reads}, 16 batches spoilt {spoils} times"
assert (np.floor(epochs) == range(14)).all(), "all numbers must come, in their order"
assert (epochs[0] != epochs[1]).any(), "each epoch should draw anew: mind the cache"


# %% tags=["solution"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).cache().batch(4).map(spoil).prefetch(1)


# %% tags=["wrong"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).batch(4).map(spoil).cache()


# %% tags=["wrong"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).cache().map(spoil).batch(4)


# %% tags=["wrong"]
def pipeline(numbers, read, spoil):
    return numbers.cache().map(read).batch(4).map(spoil)


# %% tags=["wrong"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).cache().batch(4, drop_remainder=True).map(spoil)


# %% tags=["wrong"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).cache().batch(5).map(spoil)


# %% [markdown]
# **3. One trace for all.** `scale_images` takes a batch of any number of photographs, 28 by 28, and a factor
# that changes with every call. Change its first line so that it is traced once for all calls. The starter is
# traced at each call.


# %% tags=["starter"]
@tf.function
def scale_images(images, factor):
    return images * factor


# %% tags=["check"]
try:
    for size, factor in ((32, 0.5), (32, 0.25), (14, 0.125), (1, 2.0)):
        answer = scale_images(inputs[:size], factor)
        assert np.allclose(answer, inputs[:size] * factor), f"wrong for {size}"
    count = scale_images.experimental_get_tracing_count()
except (AttributeError, TypeError, ValueError) as error:
    raise AssertionError(f"{size} photographs: {str(error)[:99]}") from error
assert count == 1, f"{count} traces for four calls"


# %% tags=["solution"]
@tf.function(input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())])
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(reduce_retracing=True)
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(input_signature=[tf.TensorSpec((32, 28, 28)), tf.TensorSpec(())])
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec((), tf.int32)])
def scale_images(images, factor):
    return images * tf.cast(factor, tf.float32)


# %% tags=["wrong"]
def scale_images(images, factor):
    return images * factor


# %% [markdown]
# ## What to remember
#
# - Measure first. Only the bottleneck is worth your work, and Amdahl's law says how much at most.
# - Race fairly: warm up, take turns, show the spread, and believe no factor on which the rounds disagree.
# - Take batches large enough to outweigh a step's fixed price, in `float32`; decode once, map batches, cache
#   before anything random; count your traces. A tape's memory grows with depth and batch.
# - Mixed precision and XLA are worth one race on your machine, and nothing without it.
# - The fastest step is the one you do not take: first the schedule, then the switches.
#
# ## Where next
#
# Is one machine not enough? [More than one worker](distributed.md) shares a training between processes, and
# counts what that costs.
#
# ## Sources
#
# - TensorFlow, [Better performance with the tf.data API](https://www.tensorflow.org/guide/data_performance),
#   [Better performance with tf.function](https://www.tensorflow.org/guide/function) and
#   [Mixed precision](https://www.tensorflow.org/guide/mixed_precision).
# - P. Micikevicius et al., Mixed Precision Training, 2017, [arXiv:1710.03740](https://arxiv.org/abs/1710.03740).
# - T. Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016,
#   [arXiv:1604.06174](https://arxiv.org/abs/1604.06174): recomputation.
# - L. N. Smith and N. Topin, Super-Convergence, 2017, [arXiv:1708.07120](https://arxiv.org/abs/1708.07120):
#   fewer steps.
