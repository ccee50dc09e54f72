# ---
# title: Make it fast
# summary: Where the time of a training goes, what each remedy wins when it is measured fairly, and why fewer steps beat faster ones.
# needs: [first-network, fashion-mnist, convolution]
# teaches: [bottleneck, amdahl's law, profiler, throughput, vectorised map, retracing, bfloat16, mixed precision, xla, time to accuracy]
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

from snippets import plot_curves, plot_images, plot_results, plot_timing, preprocessing, tables

training = {"reading": 6, "preparing": 1, "computing": 3}
offers = {
    "as it is": training,
    "computing\n10 times as fast": training | {"computing": 0.3},
    "reading\ntwice as fast": training | {"reading": 3},
}
plot_timing.stage_bars(offers, unit="minutes")

# %% [markdown]
# The colleague's: the whole stands at the right of each bar. The largest stage has a frame. It is the
# **bottleneck**, which no gain elsewhere can shorten. Say that a stage takes the part $p$ of the time, and
# is made $s$ times as fast. The rest, $1 - p$, stays; $p$ shrinks to $p / s$. So the whole becomes
#
# $$\frac{1}{1 - p + p / s}$$
#
# times as fast. This is **Amdahl's law**.


# %%
def whole_gain(part, factor):
    return 1 / (1 - part + part / factor)


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

gpus = tf.config.list_physical_devices("GPU")
tf.config.set_visible_devices([], "GPU")  # here the processor works; a GPU has its turn below
fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class=1500)
inputs, labels = preprocessing.standardise(sample.images, sample.images), np.int32(sample.labels)

paths = [f"photographs/{number}.png" for number in range(800)]
for path, image in zip(paths, sample.images, strict=False):
    tf.io.write_file(path, tf.io.encode_png(image[..., None]))


# %%
def decode(path, label):
    return tf.io.decode_png(tf.io.read_file(path), channels=1)[..., 0], label


def prepare(images, labels):
    return tf.cast(images, tf.float32) / 255, labels


arrays = tf.data.Dataset.from_tensor_slices((sample.images[:2400], labels[:2400])).batch(32)
files = tf.data.Dataset.from_tensor_slices((paths, labels[:800])).map(decode)
pipelines = {
    "dense,\nfrom arrays": (arrays, dense_network),
    "dense,\nfrom files": (files.batch(32), dense_network),
    "convolution,\nfrom arrays": (arrays.take(10), fashion_convnet),
}

# %% [markdown]
# To prepare is, here, to divide bytes by 255. Then comes the training step: forward to the loss, backward
# to the slopes, update of the weights. How long does the way back take? It never runs alone, for it needs
# what the way forward has computed. So time three steps, each of which contains the one before: forward;
# forward and backward; forward, backward and update. `nested_steps` builds them. What one takes more than
# the one before is the price of what was added.
#
# Do the same around the step: read only; read and prepare; call a step that does nothing; then the three;
# and last `fit`, which does all that and keeps books. What the empty call and `fit` add is Python's share.
# (A small price can drown in the noise and come out below 0. It is set to 0, and its stage is missing.)

# %%
from snippets.timing import interleave, nested_steps

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def run(batches, step=lambda *batch: 0.0):
    for images, labels in batches:
        step(images, labels)


def stages(raw, build):
    network, batches = build(), raw.map(prepare)
    network.compile("adam", cross_entropy)
    steps = {"calling": tf.function(lambda *batch: 0.0)} | nested_steps(network, cross_entropy)
    nested = {"reading": lambda: run(raw), "preparing": lambda: run(batches)}
    nested |= {name: lambda step=step: run(batches, step) for name, step in steps.items()}
    nested["fit"] = lambda: network.fit(batches, shuffle=False, verbose=0)
    seconds = [np.median(each) for each in interleave(nested, rounds=3).values()]
    added = np.maximum(np.diff(seconds, prepend=0), 0) * 1000 / len(raw)
    spent = dict(zip(nested, added, strict=True))
    return spent | {"Python": spent.pop("calling") + spent.pop("fit")}


# %% tags=["measured"]
keras.utils.set_random_seed(7)
spent = {name: stages(*pipeline) for name, pipeline in pipelines.items()}
plot_timing.stage_bars(spent, unit="ms", share=True)

# %% [markdown]
# Each bar is one step, cut into its parts; at the right stand its CPU milliseconds. The bottlenecks are:
# `{python measured markdown} "; ".join(f"{' '.join(name.split())}: *{max(each, key=each.get)}*" for name, each in spent.items())`. Three
# trainings on one machine with one data set; what helps the one may do nothing for the other.
#
# A **profiler** does this for every single operation. TensorFlow has one: wrap some steps in
# `tf.profiler.experimental.start(folder)` and `.stop()`, and look at the folder with TensorBoard and its
# profile plugin. [The guide](https://www.tensorflow.org/guide/profiler) shows how to read the picture.

# %% tags=["claims"]
in_memory, from_files, _ = spent.values()
assert from_files["reading"] > 1.5 * in_memory["reading"], (
    "reading a batch from files takes more than 1.5 times as long as from arrays"
)

# %% [markdown]
# ## How not to measure
#
# Somebody shows you a trick. Here is a step without it, then with it:

# %% tags=["measured"]
from snippets.training import OneCycle, Stopwatch

step = nested_steps(dense_network(), cross_entropy)["update"]
batch = tf.constant(inputs[:512]), tf.constant(labels[:512])
with Stopwatch() as without:
    step(*batch)
with Stopwatch() as with_trick:
    step(*batch)
print(f"{without.cpu_seconds / with_trick.cpu_seconds:.0f} times as fast")

# %% [markdown]
# There is no trick. Both lines are the same; the first call was [traced](../foundations/training-by-hand.md).
# A fair race follows five rules: call everything once before; let the rivals take turns, round after round,
# since a machine changes from minute to minute; compare within each round; show the spread; count CPU
# seconds, which other programs disturb little. `interleave` does that, and `times_as_fast` divides, round by
# round. `speed_verdict` sees no difference where the rounds disagree about who is faster, or where the median
# factor is below 1.1. Put the step against itself; you see a ratio for each round, and the speed_verdict:

# %% tags=["measured"]
from snippets.timing import build_with_policy, throughput, times_as_fast, speed_verdict

twins = {name: lambda: step(*batch) for name in ("without", "with the trick")}
ratios = times_as_fast(interleave(twins, calls=10), "without")["with the trick"]
print(", ".join(f"{ratio:.2f}" for ratio in ratios), "→", speed_verdict(ratios))

# %% tags=["claims"]
assert without.cpu_seconds > 1.5 * with_trick.cpu_seconds, (
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
cases = {
    "dense, batch 32": (dense_network, 32, 25),  # the last: calls a measurement
    "dense, batch 512": (dense_network, 512, 5),
    "convolution, batch 64": (fashion_convnet, 64, 2),
}
plain = {case: nested_steps(how[0](), cross_entropy)["update"] for case, how in cases.items()}


def race(case, policy="float32", **how):
    build, size, calls = cases[case]
    new = nested_steps(build_with_policy(policy, build), cross_entropy, **how)["update"]
    batch = tf.constant(inputs[:size]), tf.constant(labels[:size])
    other = tf.cast(batch[0], "float64" if policy == "float64" else "float32"), batch[1]
    ways = {"before": lambda: plain[case](*batch), "after": lambda: new(*other)}
    return times_as_fast(interleave(ways, calls=calls), "before")["after"]


# %% tags=["measured"]
gains = {"float64": {case: race(case, "float64") for case in cases}}  # more to come
plot_timing.speed_ratios(gains, xlabel="times as fast as float32")

# %% [markdown]
# A small mark is a round, a large one their median, and what lies left of 1, on grey, is slower. Half the
# speed is what you expect: there are twice the bytes to move, and the processor computes with half as many
# numbers at once. The convolutions are
# `{python measured} speed_verdict(gains["float64"]["convolution, batch 64"])`: the fast routines for them are
# written for `float32`. Networks do not need the digits. Check `dtype` first, it costs nothing.
#
# Do even fewer digits win more? That comes later. First, larger batches.
#
# ## The fixed price of a step
#
# Every step pays for being called, for starting operations, for updating all weights, whether it carries
# one photograph or a thousand. What does that do to the **throughput**, the number of examples a second?

# %% tags=["measured"]
sizes = (2, 8, 32, 128, 512)
any_size = tf.TensorSpec((None, 28, 28)), tf.TensorSpec((None,), tf.int32)  # one trace for all
builds, taken = {"dense": dense_network, "convolution": fashion_convnet}, {}
for name, build in builds.items():
    step = nested_steps(build(), cross_entropy)["update"].python_function
    step = tf.function(step, input_signature=any_size, autograph=False)
    pairs = {n: (tf.constant(inputs[:n]), tf.constant(labels[:n])) for n in sizes}
    ways = {n: lambda pair=pair, step=step: step(*pair) for n, pair in pairs.items()}
    seconds = interleave(ways, rounds=3, calls=2)
    taken[name] = np.array([np.median(each) for each in seconds.values()])
throughputs = {name: np.array(sizes) / seconds for name, seconds in taken.items()}
axes = {"xlabel": "batch size", "ylabel": "photographs a CPU second", "log_x": True, "log_y": True}
plot_curves.spread_curves(throughputs, x=sizes, **axes)

# %%
worth = {}
for name, seconds in taken.items():
    each = (seconds[-1] - seconds[0]) / (sizes[-1] - sizes[0])
    worth[name] = max(seconds[0] / each - sizes[0], 0)  # the fixed price, in photographs

# %% [markdown]
# Both axes are logarithmic. A curve climbs as long as a step is mostly fixed price. Roughly, the time of a
# step is that price plus so much a photograph, and the first and the last point of a curve give both. In the
# dense network the fixed price is what `{python measured} f"{worth['dense']:.0f}"` photographs cost, in the
# convolutional one `{python measured} f"{worth['convolution']:.0f}"`. With a batch of that size half the time
# is fixed price; with ten times that size an eleventh is, and a larger batch wins little more. It can even
# lose, once its numbers no longer fit into the processor's fast memory. And a larger batch makes fewer steps
# of an epoch, so it is *another training*: [Your first network](../networks/first-network.md) says what
# to do about that.

# %% tags=["claims"]
assert throughputs["dense"][3] > 1.5 * throughputs["dense"][0], (
    "the dense network's throughput at batch 128 is more than 1.5 times that at batch 2"
)

# %% [markdown]
# ## The pipeline: once, or every time?
#
# Now the photographs come from files, and in each epoch a random half of them is flipped, left for right.
# Three stages: decode, flip, batch. In which order? [Fashion-MNIST](../networks/fashion-mnist.md) has found
# that one call for a batch beats one call a photograph. A stage whose function takes a whole batch is a
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
ways = {name: lambda order=order: run(order) for name, order in orders.items()}
seconds = interleave(ways, rounds=3)  # the call before the first round fills the caches
ratios = times_as_fast(seconds, "decode, flip, batch")
by_order = {name: {"photographs": each} for name, each in ratios.items()}
plot_timing.speed_ratios(by_order, xlabel="times as fast as decode, flip, batch")

# %% [markdown]
# The last order is the fastest, and it is wrong. Here is one boot in eight epochs. The top row, *generator*,
# comes from the third order; the middle row, *cached*, from the last. The bottom row, *seeded*, caches
# nothing, but draws in another way: the seed is given to the operation, as in many a tutorial.


# %%
def seeded_flip(images, labels):
    return tf.image.random_flip_left_right(images[..., None], seed=7)[..., 0], labels


boot = int(np.flatnonzero(labels[:32] == 9)[0])
ways = {
    "generator": orders["decode, cache, batch, flip"],
    "cached": orders["decode, batch, flip, cache"],
    "seeded": files.batch(32).map(seeded_flip),
}
seen = np.stack([next(iter(way.take(1)))[0][boot] for way in ways.values() for _ in range(8)])
words = np.where((seen != sample.images[boot]).any(axis=(1, 2)), "mirrored", "as it was")
titles = [f"{name}\n{word}" for name, word in zip(np.repeat(list(ways), 8), words, strict=True)]
plot_images.image_grid(seen, titles, columns=8, subject="views of one boot, eight epochs a row")

# %%
views = {name: len(set(row)) for name, row in zip(ways, words.reshape(3, 8), strict=True)}
views

# %% [markdown]
# A cache behind the flip keeps the flipped photographs: whatever the first epoch drew, all others
# repeat. **Cache what is the same in each epoch, and draw behind it.** An operation with a seed starts anew in
# each epoch, and draws the same again; `keras.utils.set_random_seed` gives such a seed to all of them. (Shuffle
# the photographs before, and the same draws fall on others, which is less bad.) The generator, `chance`,
# stands outside the pipeline, and goes on drawing. Neither mistake raises an error.
#
# All that was done one after the other. `map(..., num_parallel_calls=tf.data.AUTOTUNE)` decodes several files
# at once, each in a *thread* of work of its own, and `prefetch` runs ahead of the network. That saves no CPU
# second, but you wait for fewer of them, since they pass side by side. The same holds for the steps: large
# products share well between threads; the small operations of a small network do not, and more threads leave
# it as slow as it is.

# %% tags=["claims"]
assert np.median(ratios["decode, cache, batch, flip"]) > 1.5, (
    "cached after decoding and flipped by batches, photographs come more than 1.5 times as fast"
)
assert list(views.values()) == [2, 1, 1], (
    "a cache behind a random flip freezes it, as does a seed in the operation; a generator does not"
)

# %% tags=["control"] claim="a cache behind a random flip freezes it, as does a seed in the operation; a generator does not" without="the cache behind the flip"
drawn_anew = files.batch(32).map(flip).take(1)
boots = np.stack([next(iter(drawn_anew))[0][boot] for _ in range(32)])
views = views | {"cached": len(np.unique(boots, axis=0))}

# %% [markdown]
# ## Traced, and traced again
#
# A `tf.function` is traced anew for every new Python number and every new shape. You have seen what that
# costs for a [learning rate](../foundations/training-by-hand.md). This is called **retracing**, and in
# training it comes in three disguises: a Python number, a batch that is sometimes shorter, and a
# function that is defined again and again. Guess how many traces eight calls take in each, and how many
# with a tensor for the number, and with the size left open:


# %%
def traces(calls, **how):
    step = tf.function(lambda images, rate: rate * tf.reduce_mean(images), **how)
    for call in calls:
        step(*call)
    return step.experimental_get_tracing_count()


rates = [0.1 / number for number in range(1, 9)]
tensors = [(inputs[:32], tf.constant(rate)) for rate in rates]
sizes_differ = [(inputs[: 32 - i], rate) for i, (_, rate) in enumerate(tensors)]
left_open = [tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())]
counted = {
    "rate a Python number": traces([(inputs[:32], rate) for rate in rates]),
    "rate a tensor": traces(tensors),
    "batches of eight sizes": traces(sizes_differ),
    "the same, size left open": traces(sizes_differ, input_signature=left_open),
    "defined in the loop": sum(traces([call]) for call in tensors),
}
tables.table([{"eight calls": name, "traces": count} for name, count in counted.items()])

# %% [markdown]
# The cures: hand over tensors; leave a size open with `input_signature`, or drop the odd last batch
# (`batch(32, drop_remainder=True)`); define a compiled function once. TensorFlow warns when it
# suspects retracing (this course leaves that warning out of its pages). It is surer to count, with
# `experimental_get_tracing_count()`.

# %% tags=["claims"]
assert list(counted.values()) == [8, 1, 8, 1, 8], (
    "Python numbers, new shapes and new definitions are traced at each of eight calls, tensors once"
)

# %% tags=["control"] claim="Python numbers, new shapes and new definitions are traced at each of eight calls, tensors once" without="making the numbers tensors"
numbers = [(images, float(rate)) for images, rate in tensors]
counted = counted | {"rate a tensor": traces(numbers)}

# %% [markdown]
# ## Come back to Python less often
#
# After each step, `fit` returns to Python, to its books and callbacks. With `steps_per_execution=10`, given
# to `compile`, it takes ten steps in one go, and callbacks hear of every tenth batch only. Here are all steps
# of an epoch in one go, against one by one:


# %%
def fits(case, photographs):
    build, size, _ = cases[case]
    pair, ways = (inputs[:photographs], labels[:photographs]), {}
    for steps in (1, photographs // size):
        network = build()
        network.compile("adam", cross_entropy, steps_per_execution=steps)
        ways[steps] = lambda network=network: network.fit(*pair, batch_size=size, verbose=0)
    return times_as_fast(interleave(ways, rounds=3), 1)[steps]


# %% tags=["measured"]
some = {"dense, batch 32": 1600, "convolution, batch 64": 320}
gains["steps at once"] = {case: fits(case, photographs) for case, photographs in some.items()}


def said(change):
    return "; ".join(f"{case}: {speed_verdict(ratios)}" for case, ratios in gains[change].items())


print(said("steps at once"))

# %% [markdown]
# Amdahl's law again: this takes away some of what the picture of the three trainings calls *Python*, which
# is a large part of a step that has little else to do.
#
# ## Half the digits again
#
# A `float32` has 24 binary digits. A **bfloat16** keeps eight of them, in half the bytes; its largest number
# stays about the same. Newer processors and GPUs multiply such numbers faster. What eight digits mean you can
# check by hand: 256 is 1 0000 0000 in binary, and 257, which is 1 0000 0001, needs nine.

# %%
for kind in (tf.float32, tf.float16, tf.bfloat16):
    total, part = tf.cast(256, kind) + tf.cast(1, kind), tf.cast(0.999, kind)
    print(f"{kind.name:8}  256 + 1 = {float(total):.0f}   0.999 = {float(part):.4g}", end="   ")
    print(f"largest: {float(kind.max):.2g}")

# %% [markdown]
# In bfloat16 the number after 256 is 258, and adding ones leads nowhere. An update is like that: a small
# number added to a large one. And 0.999, by which Adam fades its memory of the squared slopes, becomes 1.
#
# What goes wrong? Build the network in bfloat16 altogether, and train it for one epoch. Beside it,
# **mixed precision**: it keeps the weights in `float32`, and rounds copies of them for the multiplications.

# %%
from time import process_time

from snippets.experiments import restart

held_out = preprocessing.standardise(fashion.validation.images, sample.images)


def accuracy(network, images, truth):
    return float((network(images).numpy().argmax(axis=1) == truth).mean())


class Notes(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.seconds, self.scores, self.start = [], [], process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(process_time() - self.start)
        self.scores.append(accuracy(self.model, held_out, fashion.validation.labels))
        self.start = process_time()  # measuring the accuracy is no training


def train(rate, epochs, cycle=False, policy="float32"):
    """Yield, for three seeds, the last weights, and CPU seconds and accuracy after each epoch."""
    network, steps = build_with_policy(policy, dense_network), -(-len(labels) // 64)
    schedule = OneCycle(rate, epochs * steps) if cycle else rate
    network.compile(keras.optimizers.Adam(schedule), cross_entropy, steps_per_execution=steps)
    notes, first = Notes(), epochs - 1 if cycle else 0  # a cycle counts when it is complete
    for seed in (7, 8, 9):
        restart(network, seed)  # new weights; the traced step is kept
        network.fit(inputs, labels, 64, epochs, callbacks=[notes], verbose=0)
        yield network.get_weights(), np.cumsum(notes.seconds)[first:], notes.scores[first:]


# %%
policies = ("float32", "mixed_bfloat16", "bfloat16")
scores = {each: [s[0] for *_, s in train(0.007, 1, True, each)] for each in policies}
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
# | | on the processor that built this page |
# |---|---|
# | mixed bfloat16 | `{python measured} said("bfloat16, mixed")` |
# | XLA | `{python measured} said("XLA")` |
#
# Your machine may say something else. bfloat16 wins where the processor has instructions for it *and*
# multiplication is the bottleneck; without them it may lose. XLA saves the small prices between many small
# operations. But on a CPU it makes its own convolutions, while plain TensorFlow calls a library that was
# tuned for years. No rule saves you the race.

# %% tags=["claims"]
assert max(scores["bfloat16"]) < 0.3, "with Adam, weights in bfloat16 learn nothing"
apart = abs(np.mean(scores["mixed_bfloat16"]) - np.mean(scores["float32"]))
assert apart < 0.02, "in mixed precision the accuracy stays within two points of float32's"
slowed = max(np.median(gains["float64"][case]) for case in list(cases)[1:])
assert slowed < 1 / 1.5, (
    "at batch 512, and with convolutions, float64 takes more than 1.5 times as long as float32"
)

# %% tags=["control"] claim="with Adam, weights in bfloat16 learn nothing" without="Adam"
keras.utils.set_random_seed(7)
network = build_with_policy("bfloat16", dense_network)
network.compile(keras.optimizers.SGD(0.1), cross_entropy)
network.fit(inputs, labels, batch_size=128, verbose=0)
scores = {"bfloat16": [accuracy(network, held_out, fashion.validation.labels)]}

# %% tags=["control"] claim="in mixed precision the accuracy stays within two points of float32's" without="weights in float32"
apart = abs(np.mean(scores["bfloat16"]) - np.mean(scores["float32"]))

# %% [markdown]
# ## Fewer steps instead of faster ones
#
# So far, the remedies make a step cheaper. Now take fewer steps. What counts in the end is
# **time to accuracy**: the seconds until a network is as good as you need it. Train the dense network
# in batches of 64 on 15,000 photographs: for ten epochs at Adam's usual rate of 0.001, for ten at half of it,
# and for one, two and three epochs on a [one-cycle schedule](../networks/first-network.md). Three seeds each.
# In the picture, a constant rate has a point for each epoch; the points of the cycle are three trainings.

# %% tags=["measured"]
curves, finished = {}, {}
recipes = [("rate 0.001", 0.001, 10), ("rate 0.0005", 0.0005, 10)]
recipes += [("one cycle", 0.007, epochs, True) for epochs in (1, 2, 3)]
for name, *how in recipes:
    finished[name], seconds, scores = zip(*train(*how), strict=True)  # of the last training
    elapsed = np.median(seconds, axis=0).round(2).tolist()  # the first seed pays for tracing
    curves[name] = curves.get(name, {}) | dict(zip(elapsed, np.transpose(scores), strict=True))
plot_results.seed_lines(curves, xlabel="CPU seconds", ylabel="validation accuracy", log=False)

# %%
means = {name: {at: np.mean(s) for at, s in curve.items()} for name, curve in curves.items()}
usual, half, cycled = (max(curve.values()) for curve in means.values())


def reached(*names):  # CPU seconds to the best that a constant rate came to
    best = max(usual, half)
    return min((t for name in names for t, mean in means[name].items() if mean >= best), default=99)


ratio = reached("rate 0.001", "rate 0.0005") / reached("one cycle")

# %% [markdown]
# The usual rate comes to `{python} f"{usual:.1%}"` at best (the mean of three seeds, after the best of its
# epochs), half of it to `{python} f"{half:.1%}"`. The better of the two takes
# `{python measured} f"{ratio:.1f}"` times as long to get there as the cycles, tracing left out, and the best
# cycle reaches `{python} f"{cycled:.1%}"`. (The factor depends on the accuracy that you ask for.) Its long
# steps, in the middle, travel far; the short ones at its end settle. A constant rate has to be a compromise.
#
# What was chosen here was chosen on validation photographs. Now, once, the test photographs, for the usual
# rate after ten epochs and the cycle of three:

# %%
test_inputs = preprocessing.standardise(fashion.test.images, sample.images)
network, tested = dense_network(), {"rate 0.001": [], "one cycle": []}
for name, grades in tested.items():
    for weights in finished[name]:
        network.set_weights(weights)
        grades.append(accuracy(network, test_inputs, fashion.test.labels))
plot_results.seed_dots(tested, xlabel="test accuracy")

# %% tags=["claims"]
assert cycled > max(usual, half), "three epochs on a cycle beat ten at either constant rate"
assert max(curves["rate 0.001"]) > 1.5 * max(curves["one cycle"]), (
    "the ten take more than 1.5 times the CPU seconds of the three"
)
assert np.mean(tested["one cycle"]) > np.mean(tested["rate 0.001"]), "on the test set, too"

# %% [markdown]
# The cycle wins on these, too.
#
# ## Everything in one picture

# %% tags=["measured"]
gains["one cycle,\nto one accuracy"] = {"dense, batch 64": [ratio]}
plot_timing.speed_ratios(gains)

# %% [markdown]
# What a switch wins differs from network to network, and from machine to machine; what helps the one can
# hurt the other. The last row compares not steps but trainings, to one accuracy. The schedule wins time,
# *and* the network is better. It takes fewer steps, so whatever helps a single step comes on top of it. (The
# pipeline is missing here, because only a part of a training is pipeline. How much its gain is worth to the
# whole, Amdahl's law says.)
#
# ## On a GPU
#
# A GPU carries out thousands of multiplications side by side, and has its own fixed price. Two things
# change: its work goes on while Python does something else, so read a result before you stop the clock;
# and CPU seconds do not contain its work, so count the seconds that pass. (Do not compare these numbers with
# CPU seconds above.) Here are steps of both networks, in batches of 512. The GPU's run in a process of their
# own, since TensorFlow has to know its devices at the start:

# %% tags=["measured"]
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

tried = [(name, policy) for name in builds for policy in ("float32", "mixed_bfloat16")]
jobs = [builds[name] for name, _ in tried], [policy for _, policy in tried]
found = {"processor": list(map(throughput, *jobs))}
if gpus:  # in a process that may see it
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        found["GPU"] = list(process.map(throughput, *jobs))
for i, each in enumerate(tried):
    shown = {device: f"{speeds[i]:,.0f}" for device, speeds in found.items()}
    print(f"{', '.join(each):27} photographs a second: {shown}")

# %% [markdown]
# `{python measured markdown} "The run that built this page had a GPU: its numbers stand at the right." if gpus else "**There was no GPU in the run that built this page**, so only the processor's numbers are here, and the page makes no claim about GPUs. Run the notebook where there is one, and its numbers appear beside them."`

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
for times, now, best in (
    (training, [("computing", 10), ("reading", 2)], 1),
    (training, [("computing", 10), ("reading", 1.1)], 0),
    (training, [("computing", 2), ("computing", 3), ("preparing", 9)], 1),
    ({"reading": 12, "preparing": 18}, [("preparing", 2), ("reading", 8)], 1),
):
    chosen = best_offer(times, now)
    assert chosen == now[best], f"of {now}, {now[best]} saves the most of {times}, not {chosen}"


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


found = pipeline(tf.data.Dataset.range(14), counted_read, counted_spoil)
assert isinstance(found, tf.data.Dataset), f"return a dataset, not {found!r}"
assert [np.size(batch) for batch in found] == [4, 4, 4, 2], "14 numbers: batches of 4, and 2 left"
three = [np.concatenate([each.numpy() for each in found]) for _ in range(3)]
read, spoiled = calls.numpy()
assert read == 14, f"14 numbers were read {read} times in four epochs"
assert spoiled == 16, f"4 epochs of 4 batches: spoil was called {spoiled} times"
assert (np.floor(three) == range(14)).all(), "all numbers must come, in their order"
assert (three[0] != three[1]).any(), "each epoch should draw anew: what stands before the cache?"


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
# **3. One trace for all.** `scaled` takes a batch of any number of photographs, 28 by 28, and a factor that
# changes with every call. Change its first line so that it is traced once for all calls. The starter is traced
# at each call.


# %% tags=["starter"]
@tf.function
def scaled(images, factor):
    return images * factor


# %% tags=["check"]
try:
    for size, factor in ((32, 0.5), (32, 0.25), (14, 0.125), (1, 2.0)):
        product = scaled(inputs[:size], factor)
        assert np.allclose(product, inputs[:size] * factor), f"wrong for {size}, times {factor}"
    traced = scaled.experimental_get_tracing_count()
except (AttributeError, TypeError, ValueError) as error:
    raise AssertionError(f"{size} photographs, times {factor}: {str(error)[:99]}") from error
assert traced == 1, f"{traced} traces for four calls"


# %% tags=["solution"]
@tf.function(input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec(())])
def scaled(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(reduce_retracing=True)
def scaled(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(input_signature=[tf.TensorSpec((32, 28, 28)), tf.TensorSpec(())])
def scaled(images, factor):
    return images * factor


# %% tags=["wrong"]
@tf.function(input_signature=[tf.TensorSpec((None, 28, 28)), tf.TensorSpec((), tf.int32)])
def scaled(images, factor):
    return images * tf.cast(factor, tf.float32)


# %% tags=["wrong"]
def scaled(images, factor):
    return images * factor


# %% [markdown]
# ## What to remember
#
# - Measure first. Only the bottleneck is worth your work, and Amdahl's law says how much at most.
# - Race fairly: warm up, take turns, show the spread, and believe no factor on which the rounds disagree.
# - Take batches large enough to outweigh a step's fixed price, in `float32`; decode once, map batches, cache
#   before anything random; count your traces.
# - Mixed precision and XLA are worth one race on your machine, and nothing without it.
# - The fastest step is the one you do not take: first the schedule, then the switches.
#
# ## Where next
#
# Is one machine not enough? [More than one worker](distributed.md) shares a training between processes, and
# counts what that costs.
