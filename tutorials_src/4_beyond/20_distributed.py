# ---
# title: More than one worker
# summary: Two processes train one network, to the same weights as one. What it costs, what it sends, and what happens when one dies.
# needs: [training-by-hand]
# helps: [gradients, make-it-fast]
# teaches: [data parallelism, distribution strategy, replica, all-reduce, global batch, worker, cluster, ring all-reduce, linear scaling rule]
# data: [fashion-mnist]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# Two people share a pile of photographs. Each works through one half, they compare notes, and go on
# together. Can two computers train *one* network like that, and does it come out the same?
#
# Try it on paper first, with four points and the smallest model there is: a prediction is weight · x,
# and the weight is still 0. Then each [miss](../foundations/training-by-hand.md) is minus the answer,
# and a point's slope is 2 · miss · x.

# %%
import numpy as np

from snippets import plot_curves, plot_images, plot_results, plot_timing

x = np.array([[1, 2, 1, 2]])  # four points
answer = np.array([[1, 1, 3, 4]])
slope = 2 * (0 * x - answer) * x
pictures = {"x": x, "answer": answer, "slope": slope}
plot_images.signed_images(pictures, numbers=True)

# %% [markdown]
# The first half has the mean slope −3, the second −11, and the mean of both is −7: exactly the mean of all
# four. Nothing is lost. A batch's loss is a mean over its examples, so its slope is a mean too, and the
# mean of equal halves is the mean of the whole.
#
# Now 64 photographs, from a sample of the training set.

# %%
import tensorflow as tf

from snippets.datasets import load_fashion_mnist
from snippets.preprocessing import standardise

# For later: one processor plays two. TensorFlow must know at the start.
processor = tf.config.list_physical_devices("CPU")[0]
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(processor, [device, device])

fashion = load_fashion_mnist()
sample = fashion.train.sample(per_class=600)
images = standardise(sample.images, sample.images)
labels = sample.labels.astype("int32")
order = np.random.default_rng(7).permutation(len(labels))

# %% [markdown]
# Here is the softmax regression of *Training by hand* with its 10 columns of weights, one per class, all
# still 0. Each picture shows the slopes of one column, *Trouser*, for a batch or a half of it. Blue is a
# negative slope: a step against it makes the weight larger.

# %%
weights = tf.Variable(tf.zeros((784, 10)))
cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits


def slopes(places):
    with tf.GradientTape() as tape:
        logits = images[places].reshape(-1, 784) @ weights
        loss = tf.reduce_mean(cross_entropy(labels[places], logits))
    return tape.gradient(loss, weights).numpy()


# %%
first_half, second_half = slopes(order[:32]), slopes(order[32:64])
mean_of_halves = (first_half + second_half) / 2
whole_batch = slopes(order[:64])
pictures = {"first half": first_half, "second half": second_half}
pictures |= {"mean of both": mean_of_halves, "whole batch": whole_batch}
TROUSER = fashion.class_names.index("Trouser")
for name, gradient in pictures.items():
    pictures[name] = gradient[:, TROUSER].reshape(28, 28)
plot_images.signed_images(pictures)

# %% [markdown]
# The halves disagree in detail. Their mean is the whole batch's slope: for no weight do they differ by more
# than `{python} f"{np.abs(mean_of_halves - whole_batch).max():.0e}"`, which is float32's rounding. So here is a
# plan. Each worker begins with the same weights, takes its share of every batch, and works out slopes.
# All exchange them, all take the mean, all take the same step: their copies of the weights stay equal for
# ever. This is **data parallelism**.
#
# ## What goes wrong: unequal shares
#
# An epoch's last batch is seldom full. Say that 46 photographs are left: 32 for one worker, 14 for
# the other.

# %%
last_batch = slopes(order[:46])
mean_of_means = (slopes(order[:32]) + slopes(order[32:46])) / 2
error = np.linalg.norm(mean_of_means - last_batch)
error /= np.linalg.norm(last_batch)
print(f"off by {error:.0%} of the slopes' length")

# %% [markdown]
# Nothing fails, nothing warns, and 14 photographs have had as much say as 32. The cure: no worker
# takes a mean. Each *adds up* the losses of its share and divides by the size of the **global batch**, which
# is all shares together. Then the slopes of all workers are added. Remember it for the loop below.

# %% tags=["claims"]
assert np.abs(mean_of_halves - whole_batch).max() < 1e-6, (
    "64 photographs: two halves average to the "
    "whole batch's slopes, to a millionth"
)
assert error > 0.02, (
    "with unequal shares, the mean of the means is off by more than 2%"
)

# %% tags=["control"] claim="64 photographs: two halves average to the whole batch's slopes, to a millionth" without="taking the mean of both"
mean_of_halves = first_half + second_half

# %% tags=["control"] claim="with unequal shares, the mean of the means is off by more than 2%" without="unequal shares"
mean_of_means = (slopes(order[:23]) + slopes(order[23:46])) / 2
error = np.linalg.norm(mean_of_means - last_batch)
error /= np.linalg.norm(last_batch)

# %% [markdown]
# ## One machine, two devices
#
# A TensorFlow **distribution strategy** carries out such a plan. It keeps a copy of the variables,
# a **replica**, on each device, and runs your step on all of them. `MirroredStrategy` is the one for
# several devices in one machine, usually GPUs. Here they are the two that one processor plays, since the
# first cell of this page.
#
# First the network, and a function that cuts a batch into shares. The strategy calls `part` for each
# replica, with its *context*, which knows how many replicas there are and which one this is.

# %%
import keras


def new_network(seed=7):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10),
    ]
    return keras.Sequential(layers)


def share(strategy, batch):
    def part(context):
        count = context.num_replicas_in_sync
        number = context.replica_id_in_sync_group
        return tuple(np.array_split(x, count)[number] for x in batch)

    return strategy.experimental_distribute_values_from_function(part)


# %% [markdown]
# Then one step. `strategy.run` starts `on_replica` once per replica, and each sees its own share only.
# Two lines matter. The loss is divided by the size of the global batch. And `apply_gradients` first
# adds up the slopes of all replicas, and hands the sum to each: an operation called **all-reduce**.


# %%
def new_step(strategy, network, optimizer, global_batch):
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    weights = network.trainable_variables

    def on_replica(images, labels):
        with tf.GradientTape() as tape:
            losses = cross_entropy(labels, network(images, training=True))
            loss = tf.reduce_sum(losses) / global_batch
        slopes = tape.gradient(loss, weights)
        optimizer.apply_gradients(zip(slopes, weights, strict=True))
        return loss

    @tf.function
    def step(images, labels):
        losses = strategy.run(on_replica, args=(images, labels))
        return strategy.reduce("SUM", losses, axis=None)

    return step


# %% [markdown]
# Last the loop. All variables are made within `strategy.scope()`, which is where they get their
# replicas. The last three arguments, and all about checkpoints, prepare for an accident: more about it later.

# %%
import os
import time


def checkpoints(folder, **parts):
    checkpoint = tf.train.Checkpoint(**parts)
    manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=1)
    manager.restore_or_initialize()  # the newest, if there is one
    return manager


# %%
def train(strategy, batches, index=0, folder=None, dies_at=None):
    with strategy.scope():
        network, steps = new_network(), tf.Variable(0)
        optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        optimizer.build(network.trainable_variables)  # its momenta, too
    step = new_step(strategy, network, optimizer, len(batches[0][1]))
    parts = {"network": network, "optimizer": optimizer, "steps": steps}
    manager = folder and checkpoints(folder, **parts)
    losses, seconds = {}, []
    for number in range(int(steps.numpy()), len(batches)):
        if index and number == dies_at:
            os.kill(os.getpid(), 9)  # the signal that no program can refuse
        start = time.perf_counter()
        losses[number] = float(step(*share(strategy, batches[number])))
        seconds.append(time.perf_counter() - start)
        steps.assign(number + 1)
        if manager and index == 0 and (number + 1) % 10 == 0:
            manager.save()
    weights = np.concatenate([w.ravel() for w in network.get_weights()])
    return weights, losses, seconds


# %% [markdown]
# Without a strategy, the same loop trains on one device. Compare: one epoch of the sample, in batches
# of 128.

# %%
places = order[: len(order) // 128 * 128].reshape(-1, 128)
batches = [(images[i], labels[i]) for i in places]


def largest_gap(weights, other_weights):
    return np.abs(weights - other_weights).max()


no_strategy = tf.distribute.get_strategy()  # the default
two_devices = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
single_weights, losses, _ = train(no_strategy, batches)
mirrored_weights, _, _ = train(two_devices, batches)
gap = largest_gap(single_weights, mirrored_weights)
print(f"loss {losses[0]:.3f} to {losses[len(batches) - 1]:.3f}")
print(f"{len(single_weights):,} weights differ by at most {gap:.0e}")

# %% [markdown]
# The network is the same up to rounding: a sum of two sums rounds differently from one long sum.
#
# ## Two processes
#
# Several machines share no memory. Each runs a process of its own, a **worker**, and they talk over
# the network; together they are a **cluster**. This machine can play two: both workers run here and
# talk over *loopback*, the network that leads from a machine back to itself.
#
# How does a worker find the others? It reads `TF_CONFIG`, an *environment variable*: a text with a name
# that a process is given when it starts. It lists every worker's address and says which one this is. An
# address is a machine (127.0.0.1 is always this one) and a *port*, a number for one process there. Here is
# what worker 1 reads:

# %%
from snippets.distributed import run_workers, tf_config

config = tf_config([f"127.0.0.1:{port}" for port in (2222, 2223)], index=1)
print(config.replace(', "task"', ',\n "task"'))

# %% [markdown]
# A worker is a program that knows nothing of this page. So write the functions above into a file,
# and below them what a worker does: read the batches, join the cluster, train, store the result.
# `MultiWorkerMirroredStrategy` is the strategy for several workers. It reads `TF_CONFIG`, and must be made
# before TensorFlow computes anything.

# %%
import inspect
from pathlib import Path

imports = "import json, os, sys, time, keras, numpy as np, tensorflow as tf"
functions = (new_network, share, new_step, checkpoints, train)
work = """
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
name, folder, dies_at = json.loads(sys.argv[1])
time.sleep(5 * index if name == "two" else 0)
start = time.perf_counter()
strategy = tf.distribute.MultiWorkerMirroredStrategy()
wait = time.perf_counter() - start
data = np.load("batches.npz")
batches = list(zip(data["images"], data["labels"]))
cpu_start = time.process_time()
weights, losses, seconds = train(strategy, batches, index, folder, dies_at)
cpu = [cpu_start, time.process_time() - cpu_start]
"""
np.savez("batches.npz", images=images[places], labels=labels[places])

# %% [markdown]
# In the first run, worker 1 comes five seconds late: you will see why. And since starting processes is dear,
# let the workers of that run try something else at the end, Keras's own `fit`:

# %%
attempt = """
error = ""
if name == "two":
    with strategy.scope():
        network = new_network()
        network.compile("sgd", "sparse_categorical_crossentropy")
    try:
        network.fit(*batches[0], verbose=0)
    except Exception as problem:
        error = " ".join(f"{type(problem).__name__}: {problem}".split())
report = {"weights": weights, "steps": list(losses), "seconds": seconds}
np.savez(f"{name}-{index}.npz", cpu=cpu, wait=wait, error=error, **report)
"""
program = [imports, *map(inspect.getsource, functions), work, attempt]
_ = Path("worker.py").write_text("\n".join(program))

# %% [markdown]
# Starting processes is easy. Ending them is not. If a partner dies, TensorFlow notices after some seconds
# that its heartbeat has stopped, and raises an `UnavailableError`; if it only hangs, all wait with it. So
# `run_workers` waits with a time limit, and if one worker fails, or you press Ctrl-C, it ends them all.
# `launch` returns what each worker has stored. Compare the weights:

# %%
import json

environment = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
options = {"environment": environment, "time_limit": 180}


def launch(count, name, folder=None, dies_at=None):
    arguments = [json.dumps([name, folder, dies_at])]
    run_workers("worker.py", count=count, arguments=arguments, **options)
    return [dict(np.load(f"{name}-{index}.npz")) for index in range(count)]


# %%
two_workers = launch(2, "two")
weights_0, weights_1 = (worker["weights"] for worker in two_workers)
gap_of_workers = largest_gap(weights_0, weights_1)
gap_to_single = largest_gap(weights_0, single_weights)
print(f"worker 0 against worker 1: {gap_of_workers:.0e}", end=", ")
print(f"against no worker: {gap_to_single:.0e}")

# %% [markdown]
# Two processes that share nothing but messages end with equal weights, bit for bit. Up to rounding, they
# are also the weights of this page's own process, which has trained without any worker.

# %% tags=["claims"]
assert largest_gap(single_weights, mirrored_weights) < 1e-5, (
    "two devices end with the weights of one, to a hundred-thousandth"
)
assert (weights_0 == weights_1).all(), (
    "two workers hold equal weights, bit for bit"
)
assert largest_gap(weights_0, single_weights) < 1e-5, (
    "two worker processes end with the weights of "
    "one process, to a hundred-thousandth"
)

# %% tags=["control"] claim="two devices end with the weights of one, to a hundred-thousandth" without="dividing by the global batch"
sum_of_share, mean_of_share = "sum(losses) / global_batch", "mean(losses)"
step_source = inspect.getsource(new_step)
exec(step_source.replace(sum_of_share, mean_of_share))
exec(inspect.getsource(train))
mirrored_weights, _, _ = train(two_devices, batches)

# %% tags=["control"] claim="two workers hold equal weights, bit for bit" without="exchanging slopes"
even_share = [(pixels[::2], truth[::2]) for pixels, truth in batches]
odd_share = [(pixels[1::2], truth[1::2]) for pixels, truth in batches]
weights_0, _, _ = train(no_strategy, even_share)
weights_1, _, _ = train(no_strategy, odd_share)

# %% tags=["control"] claim="two worker processes end with the weights of one process, to a hundred-thousandth" without="exchanging slopes"
even_share = [(pixels[::2], truth[::2]) for pixels, truth in batches]
weights_0, _, _ = train(no_strategy, even_share)

# %% [markdown]
# ## Making the strategy waits for everybody
#
# How long did each worker take to *make* the strategy?

# %% tags=["measured"]
waits = [float(worker["wait"]) for worker in two_workers]
print(f"worker 0: {waits[0]:.1f} s, worker 1: {waits[1]:.1f} s")

# %% [markdown]
# Worker 0 was there first, and waited within the line `strategy = ...` until worker 1 had come. No message
# says so. If a script seems to hang there, nothing is wrong with your network: somebody has not started, or
# an address in `TF_CONFIG` is wrong. It waits long, so start with a time limit of your own.

# %% tags=["claims", "measured"]
assert waits[0] > 1.5 * waits[1], (
    "making the strategy takes the early worker longer: it waits"
)

# %% [markdown]
# ## Why not fit?
#
# Because it fails. `fit` works with `MirroredStrategy`. With several workers, under
# `MultiWorkerMirroredStrategy`, it does not, in the Keras that this page ran on,
# `{python} keras.__version__`. Here is what the first run came to when it tried:

# %%
fit_error = str(two_workers[0]["error"])
print(fit_error[:76], "…")

# %% tags=["claims"]
assert "PerReplica" in fit_error, (
    "under `MultiWorkerMirroredStrategy`, `fit` fails"
)

# %% tags=["control"] claim="under `MultiWorkerMirroredStrategy`, `fit` fails" without="a second process"
with two_devices.scope():
    network = new_network()
    network.compile("sgd", "sparse_categorical_crossentropy")
network.fit(*batches[0], verbose=0)
fit_error = ""

# %% [markdown]
# A `PerReplica` is a bundle, one value for each replica, and Keras 3 takes it for a tensor. The fault is known
# as [issue 20585](https://github.com/keras-team/keras/issues/20585) of Keras, still open when this page was
# written. A loop of your own does not pass through that code.
#
# ## What a worker costs
#
# The same training with a cluster of one worker, for comparison. In the table, that is *alone*. The CPU
# seconds are those before the training and those of the training; the last column is a step's time on the
# clock, the median of all but the first steps.

# %% tags=["measured"]
from snippets import tables


def cost(report):
    start, training = report["cpu"]
    row = {"CPU s, start": f"{start:.1f}", "training": f"{training:.1f}"}
    milliseconds = 1000 * np.median(report["seconds"][5:])
    return row | {"ms per step": f"{milliseconds:.1f}"}


one_worker = launch(1, "one")
rows = [{"worker": "alone"} | cost(one_worker[0])]
rows += [{"worker": f"{i} of 2"} | cost(two_workers[i]) for i in (0, 1)]
tables.table(rows)

# %% [markdown]
# Each of the two works on half as many photographs, so at best a step would take half as long. It takes
# `{python measured} f"{np.median(two_workers[0]['seconds'][5:]) / np.median(one_worker[0]['seconds'][5:]):.1f}"` times
# as long as with one worker. (Other programs on the machine lengthen it, too.) Sharing pays when the work
# that is saved takes longer than the talk that is added, and a step of this network is next to no work.
# Besides, every worker starts TensorFlow anew, which costs most of its CPU seconds here. An hour's training
# would not notice.

# %% tags=["claims"]
cpu_of_one = one_worker[0]["cpu"].sum()
cpu_of_two = sum(worker["cpu"].sum() for worker in two_workers)
assert cpu_of_two > cpu_of_one, (
    "for the same weights, two workers together "
    "spend more CPU seconds than one"
)

# %% [markdown]
# ## A worker dies
#
# In a cluster of hundreds, something always breaks. `train` therefore saves a checkpoint every 10
# steps: weights, momenta, number of steps. Worker 0 writes it, since all hold the same, and on a
# cluster it goes where all can read. (With `fit`, the callback `BackupAndRestore` does this.) Now pull
# the plug: after 25 steps, worker 1 gets the signal that ends a process on the spot.

# %% tags=["raises-exception"]
import tempfile

folder = tempfile.mkdtemp(prefix="checkpoints-", dir=".")
launch(2, "killed", folder, dies_at=25)

# %% [markdown]
# Worker 0 cannot go on: the next all-reduce needs slopes that will never come. The launcher has ended
# it. What is left is the last checkpoint. Start again, with the same command and no accident:

# %%
resumed_worker, _ = launch(2, "resumed", folder)
first_step, *_, last_step = map(int, resumed_worker["steps"])
print(f"began at step {first_step}, ended after {last_step + 1}")
resumed_weights = resumed_worker["weights"]
gap = largest_gap(resumed_weights, weights_0)
print(f"against no accident: {gap:.0e}")

# %%
runs = {"killed": (0, 25), "resumed": (first_step, len(batches))}
plot_timing.run_timeline(runs, length=len(batches), saved=[10, 20, 30, 40])

# %% [markdown]
# Dotted lines are checkpoints. Only the steps since the last one, hatched, are taken twice. The network is
# the one of an undisturbed training, because the checkpoint holds *everything* that decides a step, and the
# batches come in a fixed order. Leave out the momenta, or shuffle anew, and training resumes, but leads to
# other weights.

# %% tags=["claims"]
assert first_step == 20, (
    "the restarted workers resume at the last checkpoint, after 20 steps"
)
assert largest_gap(resumed_weights, weights_0) < 1e-5, (
    "killed and resumed, the training ends with "
    "the weights of an undisturbed one"
)

# %% tags=["control"] claim="the restarted workers resume at the last checkpoint, after 20 steps" without="a checkpoint"
_, losses, _ = train(no_strategy, batches)
first_step = min(losses)

# %% tags=["control"] claim="killed and resumed, the training ends with the weights of an undisturbed one" without="the momenta in the checkpoint"
exec(inspect.getsource(train).replace('"optimizer": optimizer, ', ""))
folder = tempfile.mkdtemp(dir=".")
train(no_strategy, batches[:20], folder=folder)
resumed_weights, _, _ = train(no_strategy, batches, folder=folder)

# %% [markdown]
# ## What goes over the wire
#
# How do you add up slopes that lie in hundreds of machines? One worker, the boss, could collect them all
# and hand out the sum; everybody would wait for the boss. A **ring all-reduce** needs none. The workers stand
# in a ring, and each cuts its slopes into as many pieces as there are workers. In the first round each sends
# one piece, all of them different ones, to its right-hand neighbour, who adds it to its own copy of that piece
# and, in the next round, sends on the sum. When the sums are complete, they go round once more, to replace
# instead of to add.


# %%
def ring_all_reduce(vectors, rounds=None):
    n = len(vectors)
    pieces_at = [np.array_split(np.array(v, float), n) for v in vectors]
    sent_by = [0] * n  # by each worker
    for turn in range(2 * (n - 1) if rounds is None else rounds):
        messages = [pieces_at[w][(w - turn) % n].copy() for w in range(n)]
        for worker, message in enumerate(messages):
            neighbour, piece = (worker + 1) % n, (worker - turn) % n
            own_piece = pieces_at[neighbour][piece] if turn < n - 1 else 0
            pieces_at[neighbour][piece] = own_piece + message
            sent_by[worker] += message.size
    return [np.concatenate(pieces) for pieces in pieces_at], sent_by


# %%
ones = np.ones((4, 4))  # four workers, four pieces of one number each
states = [np.array(ring_all_reduce(ones, turns)[0]) for turns in range(7)]
plot_timing.ring_rounds(states)

# %% [markdown]
# A column is a piece; its numbers count the shares that are summed in it. A frame marks what has just
# arrived. Follow one column: the sum grows from worker to worker, is complete after three rounds, and after
# six everybody has it. With $n$ workers there are $2(n - 1)$ rounds, and in each a worker sends one $n$-th of
# its slopes. In all, that is
#
# $$\frac{2(n-1)}{n} \cdot \text{bytes of the slopes},$$
#
# always less than twice the slopes, however many workers there are. What grows is the number of rounds, and
# each waits for a message to arrive. Assume a plain network between the machines: 1 gigabit per second, which
# is 125 million bytes, and 50 millionths of a second until a message is there.

# %%
BYTES = 4 * len(single_weights)
BANDWIDTH, LATENCY = 125e6, 50e-6  # bytes per second; seconds


def ring_seconds(size, n):  # of one all-reduce: sending, and waiting
    return 2 * (n - 1) / n * size / BANDWIDTH, 2 * (n - 1) * LATENCY


# %%
def bill(n):
    sending, waiting = ring_seconds(BYTES, n)
    megabytes = 2 * (n - 1) / n * BYTES / 1e6
    return {
        "workers": n,
        "each sends, MB": f"{megabytes:.2f}",
        "all send, MB": f"{n * megabytes:.0f}",
        "sending, ms": f"{1e3 * sending:.1f}",
        "waiting, ms": f"{1e3 * waiting:.1f}",
    }


tables.table([bill(n) for n in (2, 8, 64, 512)])

# %% [markdown]
# That is the bill of *one step*, a step that one worker computes in
# `{python measured} f"{1000 * np.median(one_worker[0]['seconds'][5:]):.1f} ms"`. What *all send* together is what a
# boss would have to take in and hand out all alone. Now compare with a network 250 times as large, with 25
# million weights:

# %%
counts = [2, 4, 8, 16, 32, 64, 128, 256, 512]
curves, sizes = {}, {"ours": BYTES, "250 times ours": 250 * BYTES}
for name, size in sizes.items():
    seconds = {n: ring_seconds(size, n)[0] for n in counts}
    curves[f"sending, {name}"] = seconds
curves["waiting, any size"] = {n: ring_seconds(0, n)[1] for n in counts}
plot_curves.log_curves(curves, xlabel="workers", ylabel="seconds per step")

# %% [markdown]
# Compare each network's sending with the waiting, which is the same for both. With 512 workers ours
# mostly waits, the large one mostly sends. Sending is why clusters for training have cables a hundred
# times as fast, and why slopes are often sent in 16 bits. (TensorFlow's `CommunicationOptions` offer
# `RING` for any device, and `NCCL` for GPUs, a library that chooses by itself between a ring and a tree,
# which needs fewer rounds.)

# %% tags=["claims"]
vectors = np.random.default_rng(7).normal(size=(8, 1600))
sums, sent_by = ring_all_reduce(vectors)
assert np.allclose(sums, vectors.sum(axis=0)), (
    "after the ring, every worker holds the sum"
)
assert sent_by == [2 * 7 / 8 * 1600] * 8, (
    "in a ring of n, each sends 2(n - 1)/n of the slopes"
)

# %% tags=["control"] claim="after the ring, every worker holds the sum" without="the last round"
sums, _ = ring_all_reduce(vectors, rounds=13)

# %% [markdown]
# ## More workers, larger batches
#
# So far two workers have shared a batch of 128. Shared by hundreds, it would leave some with nothing to do.
# So people do the opposite: each worker keeps its 64 photographs, and the global batch grows. Then the
# weights are *not* those of one worker any more: an epoch has fewer steps. Does the network come out as good?
# You need no cluster to find out, since a global batch gives the same slopes on one device.
#
# The **linear scaling rule** says: $n$ times the batch, $n$ times the learning rate. One long step then
# stands for $n$ short ones. One compiled network does for all trainings: `restart` gives it new first
# weights.

# %%
from snippets.experiments import restart

held_out = standardise(fashion.validation.images, sample.images)
learner = new_network()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
learner.compile(keras.optimizers.SGD(momentum=0.9), loss)


def accuracies(workers, rate):
    for seed in (7, 8, 9):
        restart(learner, seed)
        learner.optimizer.learning_rate = rate
        learner.fit(images, labels, 64 * workers, epochs=4, verbose=0)
        answers = learner(held_out).numpy().argmax(axis=1)
        yield float((answers == fashion.validation.labels).mean())


# %%
single_scores = [*accuracies(1, rate=0.01)]
same_rate, scaled_rate = {1: single_scores}, {1: single_scores}
for n in (8, 64):
    same_rate[n] = [*accuracies(n, rate=0.01)]
    scaled_rate[n] = [*accuracies(n, rate=0.01 * n)]
scores = {"same rate": same_rate, "rate times workers": scaled_rate}
plot_results.seed_lines(scores, xlabel="workers, 64 photographs each")

# %% [markdown]
# All these networks have seen the same photographs equally often. With 8 workers, accuracy falls, and the
# rule wins back a part of it: `{python} f"{np.mean(scaled_rate[8]):.1%}"` on the validation photographs
# against `{python} f"{np.mean(same_rate[8]):.1%}"`. With 64 there are
# `{python} -(-len(labels) // (64 * 64))` steps per epoch, too few at the old rate, and the rule makes it
# worse: at a rate of `{python} f"{0.01 * 64:.2f}"` the steps are too long. The rule holds within a range. The
# paper that made it known, [Goyal and others, 2017](https://arxiv.org/abs/1706.02677), raises the rate
# slowly in the first epochs. With far more photographs, it finds networks as good as with small batches up to
# a batch of 8,192, and worse ones beyond.

# %% tags=["claims"]
assert np.mean(scaled_rate[8]) > np.mean(same_rate[8]) + 0.005, (
    "with 8 workers, eight times the rate does better than the same rate"
)
best_of_64 = max(np.mean(same_rate[64]), np.mean(scaled_rate[64]))
assert best_of_64 < np.mean(single_scores) - 0.1, (
    "with 64 workers, both rules lose more than "
    "ten points in as many epochs"
)

# %% [markdown]
# ## On a real cluster
#
# The loop stays as it is. What changes is who starts the workers, and how each learns its place. *Kubernetes*
# starts programs on many machines, and restarts them; *Slurm* hands out the machines of many universities.
#
# | on | each worker learns its place from |
# |---|---|
# | your own machines | `TF_CONFIG`, set by your script |
# | Kubernetes | `TF_CONFIG`, set by an add-on such as Kubeflow's training operator |
# | Slurm | `SlurmClusterResolver`, which reads Slurm's own variables |
#
# A *resolver* finds the cluster where no `TF_CONFIG` is set. Hand it to the strategy:
# `MultiWorkerMirroredStrategy(cluster_resolver=...)`. You can try Slurm's without Slurm. Four tasks run on
# four machines, and Slurm calls these `node[07-10]`. Here is what the resolver tells the fourth:

# %%
from unittest.mock import patch

slurm = {
    "SLURM_PROCID": "3",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_NODELIST": "node[07-10]",
    "SLURM_STEP_TASKS_PER_NODE": "1(x4)",
}
with patch.dict(os.environ, slurm):
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        gpus_per_node=1, auto_set_gpu=False
    )
    print(*resolver.cluster_spec().as_dict()["worker"])
    print(resolver.get_task_info())

# %% [markdown]
# Every worker's address, and this one's place, counted from 0.
#
# Three more things change. The data must be where every worker can read it, and each should read its
# own share only. The checkpoint folder must outlive any machine. And after a failure the training must be
# started again without you, since somebody's plug is always pulled.

# %% [markdown]
# ## Exercises
#
# **1. Fair shares.** Each worker hands in the mean slopes of its share, and the shares have different
# `sizes`. Return the mean slopes of the whole batch. The starter takes the mean of the means, as above.


# %% tags=["starter"]
def combine(means, sizes):
    return np.mean(means, axis=0)


# %% [markdown] tags=["hint"]
# How many examples speak through each mean? Give each of them the same say.

# %% tags=["check"]
for cuts in ([32], [5, 20], [1, 2, 40]):
    parts = np.split(order[:46], cuts)
    sizes = [len(part) for part in parts]
    gap = largest_gap(combine(list(map(slopes, parts)), sizes), last_batch)
    assert gap < 1e-6, f"{sizes}: not the slopes of all 46"


# %% tags=["solution"]
def combine(means, sizes):
    return np.average(means, axis=0, weights=sizes)


# %% tags=["wrong"]
def combine(means, sizes):
    return sum(n * mean for n, mean in zip(sizes, means, strict=True))


# %% tags=["wrong"]
def combine(means, sizes):
    total = sum(n * mean for n, mean in zip(sizes, means, strict=True))
    return total / len(sizes)


# %% tags=["wrong"]
def combine(means, sizes):
    size, other_sizes = sizes[0], sum(sizes[1:])
    total = size * means[0] + other_sizes * means[-1]
    return total / (size + other_sizes)


# %% tags=["wrong"]
def combine(means, sizes):
    return np.average(means, axis=0, weights=1 / np.array(sizes))


# %% [markdown]
# **2. Who am I?** Kubernetes starts a *stateful set*: `count` workers with the host names `trainer-0`,
# `trainer-1` and so on. The first can be reached at `trainer-0.trainer:2222`, the others likewise. Return, as
# a dictionary, what belongs in `TF_CONFIG` on a given host. The starter takes every host for the first.


# %% tags=["starter"]
def config_on(host, count):
    addresses = [f"trainer-{i}.trainer:2222" for i in range(count)]
    task = {"type": "worker", "index": 0}
    return {"cluster": {"worker": addresses}, "task": task}


# %% [markdown] tags=["hint"]
# A host's name ends in its number, and that number may have more than one digit. In `TF_CONFIG`, is the index a
# number or a text?

# %% tags=["check"]
for index, count in ((0, 2), (1, 2), (3, 4), (1, 12), (10, 12), (11, 12)):
    text = json.dumps(config_on(f"trainer-{index}", count), default=str)
    answer = json.loads(text)  # as the worker will read it
    addresses = [f"trainer-{i}.trainer:2222" for i in range(count)]
    expected = json.loads(tf_config(addresses, index=index))
    assert answer == expected, f"trainer-{index} of {count}: {answer}"


# %% tags=["solution"]
def config_on(host, count):
    name, number = host.rsplit("-", 1)
    addresses = [f"{name}-{i}.{name}:2222" for i in range(count)]
    task = {"type": "worker", "index": int(number)}
    return {"cluster": {"worker": addresses}, "task": task}


# %% tags=["wrong"]
def config_on(host, count):
    addresses = [f"trainer-{i}.trainer:2222" for i in range(count)]
    task = {"type": "worker", "index": int(host[-1])}
    return {"cluster": {"worker": addresses}, "task": task}


# %% tags=["wrong"]
def config_on(host, count):
    addresses = [f"trainer-{i}.trainer:2222" for i in range(count)]
    task = {"type": "worker", "index": host.split("-")[1]}  # text
    return {"cluster": {"worker": addresses}, "task": task}


# %% tags=["wrong"]
def config_on(host, count):
    addresses = [f"{host}.trainer:2222" for _ in range(count)]
    task = {"type": "worker", "index": int(host.split("-")[1])}
    return {"cluster": {"worker": addresses}, "task": task}


# %% tags=["wrong"]
def config_on(host, count):
    addresses = [f"trainer-{i}:2222" for i in range(count)]
    task = {"type": "worker", "index": int(host.split("-")[1])}
    return {"cluster": {"worker": addresses}, "task": task}


# %% [markdown]
# **3. One worker too many.** A step takes one worker `seconds`. Shared by $n$ workers, it takes an $n$-th of
# that, and then the time of the ring, `sum(ring_seconds(size, n))`, where `size` is the bytes of the slopes.
# Return the number of workers, from 1 to 512, with which a step is quickest. The starter takes all it can get.


# %% tags=["starter"]
def best_count(seconds, size):
    return 512


# %% [markdown] tags=["hint"]
# Nothing needs to be solved: write a function for a step's seconds with n workers, and look at all 512 of them.

# %% tags=["check"]
for seconds, size, expected, reason in (
    (0.001, BYTES, 1, "sending takes longer than the step"),
    (1.0, 0, 100, "100 workers balance work and waiting"),
    (1.0, 250 * BYTES, 1, "sending takes longer than computing"),
    (100.0, BYTES, 512, "more are always better, and 512 are all"),
    (3.0, 250 * BYTES, 117, "sharing has to pay for the ring"),
):
    answer = best_count(seconds, size)
    message = f"{seconds:g} s, {size / 1e6:.1f} MB: {answer}? {reason}"
    assert answer == expected, message


# %% tags=["solution"]
def best_count(seconds, size):
    def step_seconds(n):
        return seconds / n + sum(ring_seconds(size, n))

    return min(range(1, 513), key=step_seconds)


best_count(5, 250 * BYTES)


# %% tags=["wrong"]
def best_count(seconds, size):
    def step_seconds(n):
        return seconds / n + sum(ring_seconds(size, n))

    return min(range(1, 512), key=step_seconds)


# %% tags=["wrong"]
def best_count(seconds, size):
    def step_seconds(n):
        return seconds / n + sum(ring_seconds(size, n))

    return min(counts, key=step_seconds)  # those of the figure


# %% tags=["wrong"]
def best_count(seconds, size):
    sending, _ = ring_seconds(size, 2)
    if sending > seconds:
        return 1
    waiting = ring_seconds(0, 2)[1]
    balance = round(np.sqrt(seconds / waiting))  # as if all sent the same
    return min(512, balance)


# %% tags=["wrong"]
def best_count(seconds, size):
    def step_seconds(n):
        return seconds + sum(ring_seconds(size, n))

    return min(range(1, 513), key=step_seconds)


# %% [markdown]
# ## Questions
#
# Five last questions, with the reason for and against each answer.

# %% [markdown] tags=["question"]
# One worker has three examples, with a mean slope of −4, the other has one, with a slope of 8. What is the slope of
# the whole batch of four?
#
# - −1
#     - Three times −4 and once 8 add up to −4, divided by the four of the global batch.
# - 2
#     - That is the mean of the two means. It gives a single example as much say as three.
# - 4
#     - The two means, added up. Only *sums* may be added, each divided by the size of the global batch.

# %% tags=["question"]
shared_slope = combine([np.array(-4.0), np.array(8.0)], [3, 1])
by_example = np.mean([-4, -4, -4, 8])
[
    shared_slope == by_example == -1,
    shared_slope == by_example == 2,
    shared_slope == by_example == 4,
]

# %% [markdown] tags=["question"]
# In `on_replica`, somebody writes `tf.reduce_mean(losses)` instead of the sum divided by the global batch. Two
# replicas share a batch of 128 equally. What becomes of a step of plain gradient descent?
#
# - It is twice as long.
#     - Each replica divides by its own 64 instead of 128, and all-reduce *adds up* what they hand in. No error, and
#       twice the learning rate.
# - It stays as it is.
#     - It would, if the slopes of the replicas were averaged. `apply_gradients` adds them up.
# - It is half as long.
#     - Dividing by 2 once too often would do that. Here, one division by 2 is missing.

# %% tags=["question"]
step_of_means = first_half + second_half  # added up by all-reduce
factor = np.linalg.norm(step_of_means) / np.linalg.norm(whole_batch)
[
    np.isclose(factor, 2, rtol=0.01),
    np.isclose(factor, 1, rtol=0.01),
    np.isclose(factor, 0.5, rtol=0.01),
]

# %% [markdown] tags=["question"]
# A checkpoint holds the weights and the number of steps, and leaves out the momenta. A worker dies, and the training
# is resumed from the checkpoint. How does it end?
#
# - with other weights than an undisturbed one
#     - It resumes at the right step, and rolls on from a standstill: the speed that the weights had is gone.
# - with the weights of an undisturbed one
#     - That takes everything which decides a step. With momentum, the steps before this one have a say.
# - with an error about missing momenta
#     - Nobody asks for what is not in the checkpoint. New momenta begin at 0, silently.

# %% tags=["question"]
weight, resumed, outcome = tf.Variable(1.0), tf.Variable(1.0), None
plain, anew = (keras.optimizers.SGD(0.05, momentum=0.9) for _ in range(2))
for number in range(6):
    plain.apply([2 * weight], [weight])  # the slope of a bowl
    if number == 2:
        checkpoints("no-momenta", weight=weight).save()
try:
    checkpoints("no-momenta", weight=resumed)
    for _ in range(3):
        anew.apply([2 * resumed], [resumed])
    outcome = float(resumed)
except (tf.errors.OpError, ValueError):
    pass
[
    outcome is not None and abs(outcome - float(weight)) > 0.01,
    outcome is not None and abs(outcome - float(weight)) < 1e-4,
    outcome is None,
]

# %% [markdown] tags=["question"]
# Eight workers stand in a ring, and each has slopes for 400 weights. How many numbers does each of them send in one
# all-reduce?
#
# - 700
#     - Fourteen rounds, a piece of 50 in each: seven to add up, seven to hand round the sums.
# - 350
#     - After seven rounds each piece is complete, but at one worker only. The sums have to go round once more.
# - 2800
#     - Sending all 400 to each of the seven others would take that. In a ring, neighbours pass on sums.

# %% tags=["question"]
_, numbers_sent = ring_all_reduce(np.ones((8, 400)))
[
    set(numbers_sent) == {700},
    set(numbers_sent) == {350},
    set(numbers_sent) == {2800},
]

# %% [markdown] tags=["question"]
# In four epochs, one worker with 64 photographs per step reaches `{python} f"{np.mean(single_scores):.0%}"`.
# Now 64 workers have 64 photographs each, also for four epochs. What do they reach, with the better of the
# two rates?
#
# - `{python} f"{best_of_64:.0%}"`
#     - The batch is 64 times as large, so there are 64 times fewer steps. At the old rate they are too few, at 64
#       times the rate too long. It is another training.
# - `{python} f"{np.mean(single_scores):.0%}"`
#     - Workers that *share* a batch of 64 would reach that. These make it larger.
# - `{python} f"{np.mean(scaled_rate[8]):.0%}"`
#     - That is what 8 workers reach, at eight times the rate. The linear scaling rule holds within a range,
#       and 64 is beyond it here.

# %% tags=["question"]
reached = max(np.mean(same_rate[64]), np.mean(scaled_rate[64]))
[
    abs(best_of_64 - reached) < 0.01,
    abs(np.mean(single_scores) - reached) < 0.05,
    abs(np.mean(scaled_rate[8]) - reached) < 0.05,
]

# %% [markdown]
# ## What to remember
#
# - A batch's slopes are a mean over its examples, so workers can share it: add up, then divide by the
#   size of the *global* batch.
# - Equal starts and equal steps keep the replicas equal. Check it: compare weights, not curves.
# - With several workers on Keras 3, write the loop. In a checkpoint, save everything that decides a step.
# - In a ring each worker sends, in a step, less than twice the bytes of the slopes. Count bytes *and* waits
#   before you buy machines.
# - If each worker keeps the size of its share, more workers mean a larger batch. That is another training,
#   not the same one made faster.
#
# ## Where next
#
# This is the end of the course. If one machine is enough, and it often is,
# [Make it fast](make-it-fast.md) gets more out of it, and the page to read again is
# [Training by hand](../foundations/training-by-hand.md): every cluster runs its loop.
#
# ## Sources
#
# - TensorFlow, [Distributed training](https://www.tensorflow.org/guide/distributed_training) and
#   [Custom training loop with Keras and
#   MultiWorkerMirroredStrategy](https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl).
# - P. Goyal et al., Accurate, Large Minibatch SGD, 2017, [arXiv:1706.02677](https://arxiv.org/abs/1706.02677):
#   the linear scaling rule and its limits.
# - A. Sergeev and M. Del Balso, Horovod, 2018, [arXiv:1802.05799](https://arxiv.org/abs/1802.05799): the ring
#   all-reduce in practice.
