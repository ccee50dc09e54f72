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

from snippets import plot_curves, plot_images, plot_results, plot_timing

tf.config.set_visible_devices([], "GPU")  # the processor works, GPU or not
stage_minutes = {"reading": 6, "preparing": 1, "computing": 3}
offers = {
    "as it is": stage_minutes,
    "computing\n10 times as fast": stage_minutes | {"computing": 0.3},
    "reading\ntwice as fast": stage_minutes | {"reading": 3},
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
from snippets.preprocessing import standardise

fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class=1500)
inputs = standardise(sample.images, sample.images)
labels = np.int32(sample.labels)

paths = [f"photographs/{number}.png" for number in range(400)]
for path, image in zip(paths, sample.images, strict=False):
    tf.io.write_file(path, tf.io.encode_png(image[..., None]))


# %%
def decode(path, label):
    image = tf.io.decode_png(tf.io.read_file(path), channels=1)
    return image[..., 0], label


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
# To prepare is, here, to divide bytes by 255. The training step goes forward to the loss, backward to the
# slopes, and updates the weights. The way back never runs alone: it needs what the way forward has computed. So
# `nested_steps` builds three steps, each of which contains the one before: forward; forward and backward;
# forward, backward and update. What one takes more than the one before is the price of what was added. Do the
# same around the step: read only; read and prepare; call a step that does nothing; then the three; and last
# `fit`, which does all that and keeps books. What the empty call and `fit` add is Python's share.
#
# Each is measured in five rounds. A stage is a difference of two measurements, and a small one can drown in
# their noise: then some rounds put it below 0. So look at all five.

# %%
from snippets import timing

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def run(batches, step=lambda *batch: 0.0):
    for images, labels in batches:
        step(images, labels)


# %%
def stage_times(raw_data, build):
    network, batches = build(), raw_data.map(prepare)
    network.compile("adam", cross_entropy, jit_compile=False)
    steps = {"calling": tf.function(lambda *batch: 0.0)}
    steps |= timing.nested_steps(network, cross_entropy)
    calls = {"reading": lambda: run(raw_data)}
    calls["preparing"] = lambda: run(batches)
    for name, step in steps.items():
        calls[name] = lambda step=step: run(batches, step)
    calls["fit"] = lambda: network.fit(batches, shuffle=False, verbose=0)
    wholes = np.array([*timing.interleave(calls, rounds=5).values()])
    stages = np.diff(wholes, axis=0, prepend=0) * 1000 / len(raw_data)
    times = dict(zip(calls, stages, strict=True))
    return times | {"Python": times.pop("calling") + times.pop("fit")}


# %% tags=["measured"]
keras.utils.set_random_seed(7)
times = {name: stage_times(*data) for name, data in pipelines.items()}
rows = {stage: {} for stage in times["dense, from arrays"]}
for stage, row in rows.items():
    for name, t in times.items():
        row[name] = np.median(t[stage]), t[stage].min(), t[stage].max()
plot_results.interval_rows(rows, xlabel="CPU ms per step", percent=False)


# %% [markdown]
# A marker is the median of five rounds, and its line reaches from the lowest to the highest. Where a line
# touches 0, the stage is too small to be measured here; where two lines overlap, you do not know which stage
# is the larger. By the medians, the bottlenecks are:
# `{python measured markdown} "; ".join(f"{name}: *{max(t, key=lambda s: np.median(t[s]))}*" for name, t in times.items())`. What
# helps the one may do nothing for the other.
#
# A **profiler** does this for every single operation. TensorFlow has one: wrap some steps in
# `tf.profiler.experimental.start(folder)` and `.stop()`, and look at the folder with TensorBoard and its
# profile plugin. [The guide](https://www.tensorflow.org/guide/profiler) shows how to read the picture.

# %% tags=["claims"]
reading_times = [np.median(t["reading"]) for t in times.values()]
assert reading_times[1] > 1.5 * reading_times[0], (
    "reading a batch from files takes more than "
    "1.5 times as long as from arrays"
)

# %% [markdown]
# ## How not to measure
#
# Here is a step without a trick, then with it:

# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

step = timing.nested_steps(dense_network(), cross_entropy)["update"]
batch = tf.constant(inputs[:512]), tf.constant(labels[:512])
with Stopwatch() as first_call:
    step(*batch)
with Stopwatch() as second_call:
    step(*batch)
speed_up = first_call.cpu_seconds / second_call.cpu_seconds
print(f"{speed_up:.0f} times as fast")

# %% [markdown]
# There is no trick. Both lines are the same; the first call was [traced](../foundations/training-by-hand.md).
# A fair race follows five rules: call everything once before; let the rivals take turns, round after round,
# since a machine changes from minute to minute; compare within each round; show the spread; count CPU
# seconds, which other programs disturb little. `interleave` does that, and `times_as_fast` divides, round by
# round. `speed_verdict` sees no difference where the rounds disagree about who is faster, or where the median
# factor is below 1.1. Put the step against itself; you see a ratio for each round, and the verdict:

# %% tags=["measured"]
twins = {name: lambda: step(*batch) for name in ("without", "with")}
seconds = timing.interleave(twins, calls=10)
ratios = timing.times_as_fast(seconds, "without")["with"]
print(*(f"{r:.2f}" for r in ratios), "→", timing.speed_verdict(ratios))

# %% tags=["claims"]
assert first_call.cpu_seconds > 1.5 * second_call.cpu_seconds, (
    "the first call of a compiled step costs more "
    "than 1.5 times as much as the second"
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
cases = {  # the network, the batch size, the calls per measurement
    "dense, batch 32": (dense_network, 32, 25),
    "dense, batch 512": (dense_network, 512, 5),
    "convolution, batch 64": (fashion_convnet, 64, 2),
}


def update_step(build, policy="float32", **options):
    network = timing.build_with_policy(policy, build)
    return timing.nested_steps(network, cross_entropy, **options)["update"]


# %%
plain_steps = {case: update_step(cases[case][0]) for case in cases}


def race(case, policy="float32", **options):
    build, size, calls = cases[case]
    step = update_step(build, policy, **options)
    batch = tf.constant(inputs[:size]), tf.constant(labels[:size])
    variants = {"before": lambda: plain_steps[case](*batch)}
    variants["after"] = lambda: step(*batch)
    seconds = timing.interleave(variants, calls=calls)
    return timing.times_as_fast(seconds, "before")["after"]


# %% tags=["measured"]
gains = {"float64": {case: race(case, "float64") for case in cases}}
plot_timing.speed_ratios(gains, xlabel="times as fast as float32")

# %% [markdown]
# A small mark is a round, a large one their median, and what lies left of 1, on grey, is slower. Half the
# speed is what you expect: there are twice the bytes to move, and the processor computes with half as many
# numbers at once. The convolutions are
# `{python measured} timing.speed_verdict(gains["float64"]["convolution, batch 64"])`: the fast routines for them are
# written for `float32`. Networks do not need the digits. Check `dtype` first: it costs nothing.
#
# ## The fixed price of a step
#
# Every step pays for being called, for starting operations, for updating all weights, whether it carries
# one photograph or a thousand. What does that do to the **throughput**, the number of examples per second?

# %%
sizes = np.array([2, 8, 32, 128, 512])


def examples_per_second(build):
    step, variants = update_step(build), {}
    for size in sizes:
        batch = tf.constant(inputs[:size]), tf.constant(labels[:size])
        variants[size] = lambda batch=batch: step(*batch)
    seconds = timing.interleave(variants, rounds=3, calls=2)
    return sizes / np.median([*seconds.values()], axis=1)


# %% tags=["measured"]
throughputs = {"dense": examples_per_second(dense_network)}
throughputs["convolution"] = examples_per_second(fashion_convnet)
axes = {"xlabel": "batch size", "ylabel": "photographs per CPU second"}
axes |= {"log_x": True, "log_y": True}
plot_curves.spread_curves(throughputs, x=sizes, **axes)

# %% [markdown]
# Both axes are logarithmic. A curve climbs as long as a step is mostly fixed price, and becomes flat where the
# photographs cost more. It can even fall, once a batch no longer fits into the processor's fast memory. And a
# larger batch makes fewer steps of an epoch, so it is *another training*:
# [Your first network](../networks/first-network.md) says what to do about that.

# %% tags=["claims"]
assert throughputs["dense"][3] > 1.5 * throughputs["dense"][0], (
    "the dense network's throughput at batch 128 is "
    "more than 1.5 times that at batch 2"
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
        megabytes = result.shape.num_elements() * 4 / 1e6
        results.append((weakref.ref(result), megabytes))
        return result

    with tf.GradientTape() as tape:
        tape.watch(x)
        for _ in range(depth // 4):
            x = block(x, note)
    del x
    return sum(size for ref, size in results if ref() is not None)


# %%
depths = (4, 8, 16)
pictures = tf.random.stateless_uniform((500, 784), seed=(3, 4))
mixing = tf.random.stateless_normal((784, 784), seed=(1, 2)) / 28


def four_layers(x, note):
    for _ in range(4):
        x = note(tf.tanh(note(x @ mixing)))
    return x


def recomputing_layers(x, note):
    return tf.recompute_grad(lambda x: four_layers(x, note))(x)


memory = {"tape": four_layers, "recomputing": recomputing_layers}
for name, block in memory.items():
    memory[name] = [megabytes_on_tape(block, d, pictures) for d in depths]
    print(f"{name:12}", *(f"{m:6.2f}" for m in memory[name]), "MB")

# %% [markdown]
# The columns are 4, 8 and 16 layers. Twice the layers, twice the memory: **what a tape keeps grows with every
# layer and with every photograph in the batch.** That, more often than the weights, is what fills a graphics
# card, and a smaller batch is the first cure. A layer has two operations, yet one result each is kept: the
# slope of `tanh` follows from its own result, which the next product needs as well; what the product returned
# was freed.
#
# The lower row trades time for memory. `tf.recompute_grad` keeps the input of a function and forgets
# everything inside; on the way back it computes the inside again. This is called **recomputation**. Around
# every four layers, it keeps a quarter.

# %% tags=["claims"]
one_result = 500 * 784 * 4 / 1e6
assert np.allclose(memory["tape"], np.multiply(depths, one_result)), (
    "a tape keeps one result of 500 by 784 floats "
    "for each layer of a product and tanh"
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
generator = tf.random.Generator.from_seed(7)


def flip(images, labels):  # one photograph or a batch of them
    seed = generator.make_seeds(1)[:, 0]
    mirror = tf.image.stateless_random_flip_left_right
    return mirror(images[..., None], seed)[..., 0], labels


orders = {
    "decode, flip, batch": files.map(flip).batch(32),
    "decode, batch, flip": files.batch(32).map(flip),
    "decode, cache, batch, flip": files.cache().batch(32).map(flip),
    "decode, batch, flip, cache": files.batch(32).map(flip).cache(),
}

# %% tags=["measured"]
variants = {n: lambda data=data: run(data) for n, data in orders.items()}
seconds = timing.interleave(variants, rounds=3)
ratios = timing.times_as_fast(seconds, "decode, flip, batch")
rows = {name: {"photographs": factors} for name, factors in ratios.items()}
plot_timing.speed_ratios(rows)

# %% [markdown]
# Each is compared with *decode, flip, batch*, once its cache is full. The last order is the fastest, and it
# is wrong. Here is one boot in eight epochs. The top row, *generator*, comes from the third order; the middle
# row, *cached*, from the last. The bottom row, *seeded*, caches nothing, but draws in another way: the seed
# is given to the operation, as in many a tutorial.


# %%
def seeded_flip(images, labels):
    images = tf.image.random_flip_left_right(images[..., None], seed=7)
    return images[..., 0], labels


boot = int(np.flatnonzero(labels[:32] == 9)[0])
variants = {
    "generator": orders["decode, cache, batch, flip"],
    "cached": orders["decode, batch, flip, cache"],
    "seeded": files.batch(32).map(seeded_flip),
}


def view(batches):
    images, _ = next(iter(batches.take(1)))
    return images[boot]


# %%
boots = np.stack([view(b) for b in variants.values() for _ in range(8)])
is_mirrored = (boots != sample.images[boot]).any(axis=(1, 2))
words = np.where(is_mirrored, "mirrored", "as it was")
pairs = zip(np.repeat([*variants], 8), words, strict=True)
titles = [f"{name}\n{word}" for name, word in pairs]
plot_images.image_grid(boots, titles, columns=8, subject="views of a boot")

# %% [markdown]
# A cache after the flip keeps the flipped photographs: whatever the first epoch drew, all others
# repeat. **Cache what is the same in each epoch, and draw after it.** An operation with a seed starts anew in
# each epoch, and draws the same again; `keras.utils.set_random_seed` gives such a seed to all of them. The
# `generator` stands outside the pipeline, and goes on drawing. Neither mistake raises an error.
#
# And `shuffle`? It has a seed, too, but deals anew in each pass, unless you forbid it. Three passes of each:

# %%
cards = tf.data.Dataset.range(9)
one_deal = cards.shuffle(9, seed=7, reshuffle_each_iteration=False)
decks = cards.shuffle(9, seed=7), one_deal
passes = [[tuple(map(int, deck)) for _ in range(3)] for deck in decks]
passes

# %% [markdown]
# The seed decides which three orders these are: run the program again, and they are the same three. So shuffle
# *after* `cache`, or the first order is kept with the rest.
#
# All that was done one after the other. `map(..., num_parallel_calls=tf.data.AUTOTUNE)` decodes several files
# at once, each in a *thread* of work of its own, and `prefetch` runs ahead of the network. That saves no CPU
# second, but you wait less.

# %% tags=["claims"]
assert np.median(ratios["decode, cache, batch, flip"]) > 1.5, (
    "cached after decoding and flipped by batches, "
    "photographs come more than 1.5 times as fast"
)
view_counts = [len(np.unique(row)) for row in is_mirrored.reshape(3, 8)]
assert view_counts == [2, 1, 1], (
    "a cache after a random flip freezes it, as does a "
    "seed in the operation; a generator does not"
)
assert [len(set(orders)) for orders in passes] == [3, 1], (
    "`shuffle` deals anew in each pass"
)

# %% tags=["control"] claim="a cache after a random flip freezes it, as does a seed in the operation; a generator does not" without="the cache after the flip"
fresh_views = files.batch(32).map(flip).take(1)
boots = np.stack([view(fresh_views) for _ in range(32)])
view_counts = [2, len(np.unique(boots, axis=0)), 1]

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
    step = tf.function(lambda x, rate: rate * tf.reduce_mean(x), **options)
    for call in calls:
        step(*call)
    return step.experimental_get_tracing_count()


# %%
numbers = [(inputs[:32], 0.1 / divisor) for divisor in range(1, 9)]
tensors = [(images, tf.constant(rate)) for images, rate in numbers]
batches = [(inputs[: 32 - i], rate) for i, (_, rate) in enumerate(tensors)]
open_size = [tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())]
trace_counts = {
    "rate a Python number": traces(numbers),
    "rate a tensor": traces(tensors),
    "batches of eight sizes": traces(batches),
    "the same, size left open": traces(batches, input_signature=open_size),
    "defined in the loop": sum(traces([call]) for call in tensors),
}
trace_counts

# %% [markdown]
# The cures: hand over tensors; leave a size open with `input_signature`, or drop the odd last batch
# (`batch(32, drop_remainder=True)`); define a compiled function once. And count, with
# `experimental_get_tracing_count()`.
#
# Between its steps, `fit` also returns to Python, to its books and callbacks. With `steps_per_execution=10`,
# given to `compile`, it takes ten steps in one go, and callbacks hear of every tenth batch only.

# %% tags=["claims"]
assert list(trace_counts.values()) == [8, 1, 8, 1, 8], (
    "Python numbers, new shapes and new definitions are "
    "traced at each of eight calls, tensors once"
)

# %% tags=["control"] claim="Python numbers, new shapes and new definitions are traced at each of eight calls, tensors once" without="making the numbers tensors"
trace_counts = trace_counts | {"rate a tensor": traces(numbers)}

# %% [markdown]
# ## Half the digits again
#
# A `float32` has 24 binary digits. A **bfloat16** keeps eight of them, in half the bytes; its largest number
# stays about the same. Newer processors and GPUs multiply such numbers faster. What eight digits mean you can
# check by hand: 256 is 1 0000 0000 in binary, and 257, which is 1 0000 0001, needs nine.

# %%
for kind in (tf.float32, tf.float16, tf.bfloat16):
    total = float(tf.constant(256.0, kind) + 1)
    decay, largest_number = map(float, (tf.constant(0.999, kind), kind.max))
    sums = f"256 + 1 = {total:.0f}, 0.999 = {decay:.4g}"
    print(f"{kind.name}: {sums}, largest {largest_number:.2g}")

# %% [markdown]
# In bfloat16 the number after 256 is 258, and adding ones leads nowhere. An update is like that: a small
# number added to a large one. And 0.999, by which Adam fades its memory of the squared slopes, becomes 1.
#
# What goes wrong? Build the network in bfloat16 altogether, and train it for one epoch. Beside it,
# **mixed precision**: it keeps the weights in `float32`, and rounds copies of them for the multiplications.

# %%
from snippets.experiments import restart

held_out = standardise(fashion.validation.images, sample.images)
steps = -(-len(labels) // 64)  # per epoch
compile_options = {"steps_per_execution": steps, "jit_compile": False}


def accuracy(network, images, truth=fashion.validation.labels):
    return float((network(images).numpy().argmax(axis=1) == truth).mean())


# %%
def train(rate, epochs, cycle=False, policy="float32"):
    network = timing.build_with_policy(policy, dense_network)
    schedule = OneCycle(rate, epochs * steps) if cycle else rate
    adam = keras.optimizers.Adam(schedule)
    network.compile(adam, cross_entropy, **compile_options)
    for seed in (7, 8, 9):
        restart(network, seed)  # new weights; the traced step is kept
        seconds, scores = [], []
        for _ in range(epochs):
            with Stopwatch() as watch:
                network.fit(inputs, labels, batch_size=64, verbose=0)
            seconds.append(watch.cpu_seconds)
            scores.append(accuracy(network, held_out))
        start = epochs - 1 if cycle else 0  # a cycle counts when complete
        times = np.cumsum(seconds)[start:]
        yield network.get_weights(), times, scores[start:]


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
# `compile` or in `tf.function`. If you say nothing, `compile` turns XLA on where there is a GPU. It counts a
# hidden one, too: so this page hides a GPU *and* says `jit_compile=False`. Compiling takes a while;
# what comes out may be faster. Race mixed precision and XLA, each against the plain step:

# %% tags=["measured"]
gains["bfloat16, mixed"] = {c: race(c, "mixed_bfloat16") for c in cases}
gains["XLA"] = {case: race(case, jit_compile=True) for case in cases}
rows = {name: gains[name] for name in ("bfloat16, mixed", "XLA")}
plot_timing.speed_ratios(rows)


# %% [markdown]
# | remedy | on the processor that built this page |
# |---|---|
# | mixed bfloat16 | `{python measured} "; ".join(f"{case}: {timing.speed_verdict(r)}" for case, r in gains["bfloat16, mixed"].items())` |
# | XLA | `{python measured} "; ".join(f"{case}: {timing.speed_verdict(r)}" for case, r in gains["XLA"].items())` |
#
# bfloat16 wins where the processor has instructions for it *and*
# multiplication is the bottleneck. XLA saves the small prices between many small operations, but on a CPU its
# convolutions can be slower than those of the library that plain TensorFlow calls. No rule saves you the race.

# %% tags=["claims"]
assert max(scores["bfloat16"]) < 0.3, (
    "with Adam, weights in bfloat16 learn nothing"
)
mixed_accuracy = np.mean(scores["mixed_bfloat16"])
accuracy_gap = abs(mixed_accuracy - np.mean(scores["float32"]))
assert accuracy_gap < 0.02, (
    "in mixed precision the accuracy stays within two points of float32's"
)
_, *large_cases = gains["float64"].values()
assert max(map(np.median, large_cases)) < 1 / 1.5, (
    "at batch 512, and with convolutions, float64 takes "
    "more than 1.5 times as long as float32"
)

# %% tags=["claims"]
import sys
from unittest.mock import patch


def turns_xla_on(kind):
    device = tf.config.PhysicalDevice(f"/physical_device:{kind}:0", kind)
    machine, network = {"return_value": [device]}, dense_network()
    with patch.object(tf.config, "list_physical_devices", **machine):
        network.compile("adam", cross_entropy)
    return network.jit_compile


xla_choice = turns_xla_on("GPU") or sys.platform == "darwin"
assert xla_choice, (
    "if you say nothing, `compile` turns XLA on where there is a GPU, even "
    "one that TensorFlow does not use (tried with a made-up GPU; not on a "
    "Mac)"
)

# %% tags=["control"] claim="if you say nothing, `compile` turns XLA on where there is a GPU, even one that TensorFlow does not use (tried with a made-up GPU; not on a Mac)" without="a GPU"
xla_choice = turns_xla_on("CPU")

# %% tags=["control"] claim="with Adam, weights in bfloat16 learn nothing" without="Adam"
keras.utils.set_random_seed(7)
network = timing.build_with_policy("bfloat16", dense_network)
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
curves, end_weights = {}, {}
recipes = [("rate 0.001", 0.001, 8), ("rate 0.0005", 0.0005, 8)]
recipes += [("one cycle", 0.007, epochs, True) for epochs in (1, 2, 3)]
for name, *options in recipes:
    end_weights[name], seconds, scores = zip(*train(*options), strict=True)
    times = np.median(seconds, axis=0).round(2)  # the first one traces
    points = zip(times.tolist(), np.transpose(scores), strict=True)
    curves[name] = curves.get(name, {}) | dict(points)
plot_results.seed_lines(curves, xlabel="CPU seconds", log=False)

# %% tags=["folded"]
best_means = [max(map(np.mean, c.values())) for c in curves.values()]
usual_best, half_best, cycle_best = best_means
goal = max(usual_best, half_best)  # the best that a constant rate comes to


def time_to_goal(name):
    times = [t for t, s in curves[name].items() if np.mean(s) >= goal]
    return min(times, default=99)


constant_time = min(map(time_to_goal, ["rate 0.001", "rate 0.0005"]))
ratio = constant_time / time_to_goal("one cycle")

# %% [markdown]
# The usual rate comes to `{python} f"{usual_best:.1%}"` at best (the mean of three seeds, after the best of its
# epochs), half of it to `{python} f"{half_best:.1%}"`. The better of the two takes
# `{python measured} f"{ratio:.1f}"` times as long to get there as the cycles, tracing left out, and the best
# cycle reaches `{python} f"{cycle_best:.1%}"`. (The factor depends on the accuracy that you ask for.) Its long
# steps, in the middle, travel far; the short ones at its end settle. A constant rate has to be a compromise.
#
# What was chosen here was chosen on validation photographs. Now, once, the test photographs:

# %%
test_inputs = standardise(fashion.test.images, sample.images)
network, exam = dense_network(), {"rate 0.001": [], "one cycle": []}
for name, grades in exam.items():
    for weights in end_weights[name]:
        network.set_weights(weights)
        grades.append(accuracy(network, test_inputs, fashion.test.labels))
plot_results.seed_dots(exam, xlabel="test accuracy")

# %% tags=["claims"]
assert cycle_best > goal, (
    "three epochs on a cycle beat eight at either constant rate"
)
assert max(curves["rate 0.001"]) > max(curves["one cycle"]), (
    "the eight take more CPU seconds than the three"
)
assert np.mean(exam["one cycle"]) > np.mean(exam["rate 0.001"]), (
    "on the test set, too"
)

# %% [markdown]
# The cycle wins on these, too. It takes fewer steps, so whatever helps a single step comes on top of it.
#
# ## On a GPU
#
# The first cell of this page hides a GPU, before anything else: once TensorFlow uses its devices, it refuses.
# So what was timed here says nothing about a GPU: not where its bottleneck lies, nor whether bfloat16 or XLA
# pays there. What was *counted* holds on both: what a tape keeps, what a cache freezes, how often a function is
# traced.
#
# A GPU carries out thousands of multiplications side by side, and has its own fixed price. To measure it, leave
# out the line that hides it. Its work goes on while Python does something else, so read a result before you
# stop the clock; and CPU seconds do not contain its work, so count the seconds that pass. `throughput`, in the
# snippet `timing`, does both.

# %% [markdown]
# ## Exercises
#
# **1. Which offer?** `stages` has the time of each stage, like `stage_minutes`. Each of `offers` is a pair:
# the name of a stage, and how many times as fast it would become. Return the offer after which the whole takes
# the least time. The starter takes the one with the largest factor.


# %% tags=["starter"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: offer[1])


# %% [markdown] tags=["hint"]
# Neither the factor nor the stage decides alone. How many minutes does an offer save?

# %% tags=["check"]
two_stages = {"reading": 12, "preparing": 18}
for minutes, quotes, number in (
    (stage_minutes, [("computing", 10), ("reading", 2)], 1),
    (stage_minutes, [("computing", 10), ("reading", 1.1)], 0),
    (two_stages, [("preparing", 2), ("reading", 8)], 1),
):
    answer = best_offer(minutes, quotes)
    message = f"{quotes[number]} saves the most of {minutes}, not {answer}"
    assert answer == quotes[number], message


# %% tags=["solution"]
def best_offer(stages, offers):
    return max(offers, key=lambda x: stages[x[0]] * (1 - 1 / x[1]))


# %% tags=["wrong"]
def best_offer(stages, offers):  # the largest stage, whatever the factor
    return max(offers, key=lambda offer: stages[offer[0]])


# %% tags=["wrong"]
def best_offer(stages, offers):
    return max(offers, key=lambda offer: stages[offer[0]] * offer[1])


# %% tags=["wrong"]
def best_offer(stages, offers):  # the other stages count, too
    return min(offers, key=lambda offer: stages[offer[0]] / offer[1])


# %% tags=["wrong"]
def best_offer(stages, offers):
    def gain(offer):
        return whole_gain(stages[offer[0]], offer[1])  # no fraction of 1

    return max(offers, key=gain)


# %% [markdown]
# **2. A pipeline in order.** `numbers` is a `tf.data` dataset. Return one that gives all of them, in their
# order and in batches of four, with `read` and then `spoil` applied. `read` must be called once for each
# number *in all*, however many epochs follow; `spoil` must be called once a batch, and draw anew in each
# epoch. The starter has all stages, in an unlucky order.


# %% tags=["starter"]
def pipeline(numbers, read, spoil):
    return numbers.map(read).map(spoil).batch(4).cache()


# %% [markdown] tags=["hint"]
# Say for each stage how often it may be called: once per number in all, once per batch, anew in each epoch. What
# must stand before the `cache`, and what after the `batch`?

# %% tags=["check"]
calls = tf.Variable([0, 0])  # of read, of spoil


def counted_read(number):
    calls.assign_add([1, 0])
    return tf.cast(number, tf.float32)


def counted_spoil(values):
    calls.assign_add([0, 1])
    return values + generator.uniform(tf.shape(values))


data = pipeline(tf.data.Dataset.range(14), counted_read, counted_spoil)
batch_sizes = [np.size(batch) for batch in data]
assert batch_sizes == [4, 4, 4, 2], f"4, 4, 4 and 2, not {batch_sizes}"
epochs = [np.concatenate([*data]) for _ in range(3)]
reads, spoils = calls.numpy()
assert reads == 14, f"14 numbers are read {reads} times"
assert spoils == 16, f"16 batches are spoilt {spoils} times"
assert (np.floor(epochs) == range(14)).all(), "all numbers, in their order"
assert (epochs[0] != epochs[1]).any(), "draw anew in each epoch: the cache?"


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
    full_batches = numbers.map(read).cache().batch(4, drop_remainder=True)
    return full_batches.map(spoil)


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


# %% [markdown] tags=["hint"]
# Two things change from call to call: the number of photographs and the factor. `input_signature` can say of
# each what stays the same.

# %% tags=["check"]
try:
    for size, factor in ((32, 0.5), (32, 0.25), (14, 0.125), (1, 2.0)):
        answer = scale_images(inputs[:size], factor)
        expected = inputs[:size] * factor
        assert np.allclose(answer, expected), f"wrong for {size}"
    count = scale_images.experimental_get_tracing_count()
except (AttributeError, TypeError, ValueError) as error:
    raise AssertionError(f"{size} images: {str(error)[:99]}") from error
assert count == 1, f"{count} traces for four calls"


# %% tags=["solution"]
@tf.function(
    input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())]
)
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(reduce_retracing=True)
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(
    input_signature=[tf.TensorSpec((32, 28, 28)), tf.TensorSpec(())]
)
def scale_images(images, factor):
    return images * factor


# %% tags=["wrong"]
whole_factor = [tf.TensorSpec((None, 28, 28)), tf.TensorSpec((), tf.int32)]


@tf.function(input_signature=whole_factor)
def scale_images(images, factor):
    return images * tf.cast(factor, tf.float32)


# %% tags=["wrong"]
def scale_images(images, factor):
    return images * factor


# %% [markdown]
# ## Questions
#
# Five questions on this page; each answer says what holds it up, or where it breaks.

# %% [markdown] tags=["question"]
# A training takes two minutes to read, six to prepare and two to compute. Which offer shortens it most?
#
# - preparing twice as fast
#     - It saves three of ten minutes. The bottleneck is the stage to work on, even with a modest factor.
# - computing a hundred times as fast
#     - The factor is large and the stage is small: more than its two minutes cannot be saved.
# - reading ten times as fast
#     - It saves nine tenths of two minutes. A fifth of the time cannot bring more than a fifth.

# %% tags=["question"]
gain_by_stage = {
    "preparing": whole_gain(0.6, 2),
    "computing": whole_gain(0.2, 100),
    "reading": whole_gain(0.2, 10),
}
winner = max(gain_by_stage, key=gain_by_stage.get)
[winner == "preparing", winner == "computing", winner == "reading"]

# %% [markdown] tags=["question"]
# A trick is raced against the plain step in five rounds. By the rounds, it is 1.3, 0.8, 1.4, 1.2 and 0.9 times as
# fast. What do you report?
#
# - no difference that this race can see
#     - The rounds disagree about who is faster. With such a spread, the middle one is no more than a guess.
# - that the trick is 1.2 times as fast
#     - That is the median, and it hides that in two of five rounds the trick lost.
# - that the trick is 1.4 times as fast
#     - The best round is the one with the most luck.

# %% tags=["question"]
five_ratios = np.array([1.3, 0.8, 1.4, 1.2, 0.9])
steady_ratios = {factor: np.full(5, factor) for factor in (1.0, 1.2, 1.4)}
verdicts = {f: timing.speed_verdict(r) for f, r in steady_ratios.items()}
verdict = timing.speed_verdict(five_ratios)
[
    verdict == verdicts[1.0],
    verdict == verdicts[1.2],
    verdict == verdicts[1.4],
]

# %% [markdown] tags=["question"]
# For 500 photographs and 8 layers of a product and a `tanh`, the tape keeps
# `{python} f"{memory['tape'][1]:.1f}"` MB. What does it keep for 250 photographs and 16 such layers?
#
# - `{python} f"{memory['tape'][1]:.1f}"` MB
#     - Half as many numbers per layer, and twice as many layers. Both count, and here they balance.
# - `{python} f"{memory['tape'][2]:.1f}"` MB
#     - Twice the layers, twice the memory: but each result has half as many rows.
# - `{python} f"{memory['tape'][0]:.1f}"` MB
#     - Half the photographs, half the memory: but the way back needs a result from each of twice as many layers.

# %% tags=["question"]
deep_memory = megabytes_on_tape(four_layers, 16, pictures[:250])
of_four, of_eight, of_sixteen = memory["tape"]
[
    np.isclose(deep_memory, of_eight),
    np.isclose(deep_memory, of_sixteen),
    np.isclose(deep_memory, of_four),
]

# %% [markdown] tags=["question"]
# In which order do the nine cards come in three passes over `cards.shuffle(9, seed=7).cache()`?
#
# - in the same shuffled order, three times
#     - The first pass deals, and the cache keeps what was dealt. Shuffle after the cache, or the first order is
#       kept with the rest.
# - in three different orders
#     - `shuffle` deals anew in each pass, but only the first pass gets as far as `shuffle`.
# - in the order from 0 to 8, three times
#     - The cache stands behind the shuffling, and keeps what comes out of it.

# %% tags=["question"]
cached_deal = cards.shuffle(9, seed=7).cache()
hands = [tuple(int(card) for card in cached_deal) for _ in range(3)]
is_sorted = hands[0] == tuple(range(9))
[
    len(set(hands)) == 1 and not is_sorted,
    len(set(hands)) == 3,
    len(set(hands)) == 1 and is_sorted,
]

# %% [markdown] tags=["question"]
# A compiled step gets the learning rate as a tensor. Each of two epochs has three batches of 32 and a last
# one of 14. How often is the step traced?
#
# - twice
#     - Once for each shape, 32 and 14. In the second epoch both traces are there already.
# - once
#     - The rate alone would do with one. But a new shape is a new trace, unless its size is left open.
# - four times
#     - It would be, if each epoch began from scratch. Traces stay with the function.

# %% tags=["question"]
epoch_sizes = [32, 32, 32, 14]
calls_of_epoch = [(inputs[:n], tf.constant(0.1)) for n in epoch_sizes]
count_of_traces = traces(calls_of_epoch * 2)
[count_of_traces == 2, count_of_traces == 1, count_of_traces == 4]

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
