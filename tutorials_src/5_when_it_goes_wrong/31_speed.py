# ---
# title: Speed and memory
# summary: What makes a correct program slow or large, seen in counts of calls, traces and bytes instead of seconds.
# seed: 7
# ---

# %% [markdown]
# Everything on this page computes the right numbers, too slowly or in too much memory. A clock shows that
# something is wrong; a count shows what. So count, in a few steps: how often does Python run, how often is the
# function traced, how many bytes does an array have?

# %% [markdown]
# ## 5 out of the last 5 calls triggered tf.function retracing
#
# You pass the learning rate to your training step, as a Python number. TensorFlow logs a long warning, of
# which this page shows the first sentence.

# %% tags=["folded"]
import logging
import sys

import tensorflow as tf


class FirstSentence(logging.Handler):
    def emit(self, record):
        sentence = record.getMessage().split(". ")[0]
        print(f"WARNING: {sentence}.", file=sys.stderr)


logger = logging.getLogger("tensorflow")
logger.filters.clear()  # this course's other pages hide the warning
logger.handlers = [FirstSentence()]

# %% tags=["symptom"] also="Tracing is expensive and the excessive number of tracings; retracing warning; custom training loop slow; passing Python objects instead of tensors"
traced_rates = []


@tf.function
def step(slope, rate):
    traced_rates.append(rate)  # Python: runs only while tracing
    return slope * rate


rates = [0.5, 0.4, 0.3, 0.2, 0.1]
for rate in rates:
    step(tf.ones(3), rate)
print(len(traced_rates), "traces for", len(rates), "calls")

# %% [markdown]
# **Why.** `tf.function` runs your Python once to record a graph, and again for each new kind of argument. A
# tensor is known by its dtype and shape, a Python number by its value, which is built into the graph. The same
# happens if you make the `tf.function`, or compile the network, anew in each round of a loop. See
# [Make it fast](../4_beyond/19_make_it_fast.py) and
# [tf.function](https://www.tensorflow.org/api_docs/python/tf/function).

# %% tags=["cure"]
traces_for_numbers = len(traced_rates)


@tf.function
def step_for_tensors(slope, rate):
    traced_rates.append(rate)
    return slope * rate


for rate in rates:
    step_for_tensors(tf.ones(3), tf.constant(rate))
traces_for_tensors = len(traced_rates) - traces_for_numbers
print(traces_for_tensors, "trace for", len(rates), "calls")

# %% tags=["claims"]
assert traces_for_numbers == len(rates), (
    "a tf.function is traced once for each Python number"
)
assert traces_for_tensors == 1, "and once for all tensors of one shape"

# %% [markdown]
# ## The first epoch is slow, and each length of text is slow once more
#
# Four batches of texts, each as long as its longest text. The warning above would come with the fifth.

# %% tags=["symptom"] also="variable length sequences slow; retracing for each shape; padded_batch slow first epoch; reduce_retracing"
traced_shapes = []


@tf.function
def total(batch):
    traced_shapes.append(tuple(batch.shape))
    return tf.reduce_sum(batch)


batches = [tf.ones((2, length)) for length in (5, 6, 7, 8)]
for batch in batches:
    total(batch)
print(traced_shapes)

# %% [markdown]
# **Why.** A new shape is a new kind of argument. `reduce_retracing=True` lets TensorFlow trace once more with
# an open axis when the second shape arrives, and use that from then on. Keras does so in `fit`; a step of
# your own is not spared. With `jit_compile=True`, which Keras chooses by itself where there is a GPU, each
# length is compiled anew all the same. See [Make it fast](../4_beyond/19_make_it_fast.py) and
# [tf.function](https://www.tensorflow.org/api_docs/python/tf/function).

# %% tags=["cure"]
shapes_one_by_one, traced_shapes = traced_shapes, []


@tf.function(reduce_retracing=True)
def total_of_any_length(batch):
    traced_shapes.append(tuple(batch.shape))
    return tf.reduce_sum(batch)


for batch in batches:
    total_of_any_length(batch)
print(traced_shapes)

# %% tags=["claims"]
assert len(shapes_one_by_one) == len(batches), (
    "a tf.function is traced once for each shape"
)
assert traced_shapes == [(2, 5), (2, None)], (
    "with reduce_retracing, it is traced twice: for the first shape, and with an open axis"
)

# %% [markdown]
# ## 'SymbolicTensor' object has no attribute 'numpy'
#
# You collect the losses in a list, within the compiled step.

# %% tags=["symptom"] also="tensor is out of scope and cannot be used here; list has one element after many steps; append inside tf.function; print inside tf.function shows once"
losses = []


@tf.function
def step_with_list(error):
    losses.append(tf.square(error))


for error in (3.0, 2.0, 1.0):
    step_with_list(tf.constant(error))
print(losses)

# %% tags=["symptom", "raises-exception"]
losses[0].numpy()

# %% [markdown]
# **Why.** `append` is Python, so it ran while tracing only: once. What it put into the list is no loss but a
# symbol, the place in the graph where a loss passes. `print` behaves alike, and `tf.print` does not. What a step
# is to give you, it must return. See [Make it fast](../4_beyond/19_make_it_fast.py) and
# [the guide to functions](https://www.tensorflow.org/guide/function).


# %% tags=["cure"]
@tf.function
def step_with_loss(error):
    return tf.square(error)


returned_losses = [
    step_with_loss(tf.constant(error)) for error in (3.0, 2.0, 1.0)
]
print([float(loss) for loss in returned_losses])

# %% tags=["claims"]
assert "'SymbolicTensor' object has no attribute 'numpy'" in str(
    sys.last_value
), "a tensor that a tf.function puts into a list has no value"
assert len(losses) == 1, "three steps have put one tensor into the list"
assert [float(loss) for loss in returned_losses] == [9, 4, 1], (
    "returned, there are three, and they are the losses"
)

# %% [markdown]
# ## A callback acts on too few batches, or on none
#
# It wants to act on batches 0, 4, 8 and so on. Somebody sets `steps_per_execution` for speed.

# %% tags=["symptom"] also="steps_per_execution callback not called; on_train_batch_end skipped; save every n batches does nothing; callback every n batches not called"
import keras
import numpy as np

x, y = np.ones((64, 4), "float32"), np.ones((64, 1), "float32")


class EveryFourth(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.batches, self.ends = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)
        if batch % 4 == 0:
            self.batches.append(batch)


# %% tags=["symptom"]
def fit(callback, **options):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse", **options)
    network.fit(x, y, batch_size=8, verbose=0, callbacks=[callback])
    return network


counter = EveryFourth()
acted_on = {}
for steps in (1, 4):
    fit(counter, steps_per_execution=steps)
    acted_on[steps] = counter.batches
    print(f"{steps}: ends {counter.ends}, acts on {counter.batches}")

# %% [markdown]
# **Why.** With `steps_per_execution` the steps of one execution run inside the graph, and the callbacks hear
# of the last one only. That is where the speed comes from: fewer returns to Python. A callback has to ask
# whether a multiple has been *passed*, not hit, as `ModelCheckpoint` does with its `save_freq`. See [Make it
# fast](../4_beyond/19_make_it_fast.py) and [compile](https://keras.io/api/models/model_training_apis/).


# %% tags=["cure"]
class FourMore(EveryFourth):
    def on_train_batch_end(self, batch, logs=None):
        steps = int(self.model.optimizer.iterations.numpy())
        if steps // 4 > len(self.batches):
            self.batches.append(batch)


patient_counter = FourMore()
for steps in (1, 4):
    fit(patient_counter, steps_per_execution=steps)
    print(f"{steps}: acts after {patient_counter.batches}")

# %% tags=["claims"]
assert acted_on == {1: [0, 4], 4: []}, (
    "with four steps per execution, a callback for each fourth batch is never reached at one"
)
assert patient_counter.batches == [3, 7], (
    "one that counts the steps acts after each four"
)

# %% [markdown]
# ## Training got slow after debugging
#
# `run_eagerly=True` is still there, from the day when you wanted to look into a layer.


# %% tags=["symptom"] also="run_eagerly left on; keras fit suddenly slow; Python code runs every step; tf.config.run_functions_eagerly"
class Counting(keras.layers.Layer):
    calls = 0

    def call(self, inputs):
        Counting.calls += 1
        return inputs


def calls_of_fit(**options):
    layers = [keras.Input((4,)), Counting(), keras.layers.Dense(1)]
    network = keras.Sequential(layers)
    network.compile("sgd", "mse", **options)
    Counting.calls = 0
    network.fit(x, y, batch_size=8, epochs=3, verbose=0)
    return Counting.calls


eager_calls = calls_of_fit(run_eagerly=True)
print(eager_calls, "calls of the layer's Python in 24 steps")

# %% [markdown]
# **Why.** Without a graph each step runs the Python of every layer, and starts its operations one by one. For
# small networks that can cost several times the arithmetic. `tf.config.run_functions_eagerly(True)` does the
# same to the whole process, and `jit_compile` and `steps_per_execution` have no effect under it. See [Make it
# fast](../4_beyond/19_make_it_fast.py) and [compile](https://keras.io/api/models/model_training_apis/).

# %% tags=["cure"]
graph_calls = calls_of_fit()
is_eager = tf.config.functions_run_eagerly()
print(f"{graph_calls} in 24 steps; functions run eagerly: {is_eager}")

# %% tags=["claims"]
assert eager_calls == 24, "run_eagerly calls the layer in each step"
assert graph_calls <= 2, (
    "without it, the layer is called while tracing, and not in the steps"
)

# %% [markdown]
# ## The images take eight times the memory they should
#
# The usual line, on 1,000 images.

# %% tags=["symptom"] also="out of memory after dividing by 255; images become float64; kernel dies when normalising; MemoryError images / 255.0"
images = np.zeros((1000, 28, 28), "uint8")
scaled_images = images / 255
ratio = scaled_images.nbytes / images.nbytes
print(f"{images.nbytes:,} bytes of {images.dtype}")
print(f"{scaled_images.nbytes:,} bytes of {scaled_images.dtype}")

# %% [markdown]
# **Why.** NumPy divides integers in float64. Keras casts each batch to float32, so you never see it, and
# `from_tensor_slices` keeps float64 as it is. Leave the images uint8 and let a `Rescaling` layer divide, a batch
# at a time. See [Tensors](../1_foundations/01_tensors.py) and
# [Rescaling](https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/).

# %% tags=["cure"]
float32_images = images / np.float32(255)
in_network = keras.Sequential(
    [keras.Input((28, 28), dtype="uint8"), keras.layers.Rescaling(1 / 255)]
)
batch = in_network(images[:32])
print(f"{float32_images.nbytes:,} bytes: {float32_images.dtype}")
print(f"{images.nbytes:,} bytes, and {batch.dtype} in each batch")

# %% tags=["claims"]
assert ratio == 8, "images / 255 takes eight times the memory of uint8"
assert float32_images.nbytes * 2 == scaled_images.nbytes, (
    "divided by a float32, they take half of that"
)
assert batch.dtype == "float32", (
    "Rescaling makes float32 of a batch of uint8"
)

# %% [markdown]
# ## The saved graph is as large as the data
#
# A function looks up rows of an array that stands outside it.

# %% tags=["symptom"] also="GraphDef larger than 2GB; SavedModel file too big; tf.function captures numpy array; constant folding slow"
table = np.zeros(100_000, "float32")


@tf.function
def look_up(row):
    return tf.gather(table, row)


def graph_bytes(function):
    graph = function.get_concrete_function(tf.constant(0)).graph
    return graph.as_graph_def().ByteSize()


bytes_with_table = graph_bytes(look_up)
print(f"table {table.nbytes:,} bytes, graph {bytes_with_table:,}")

# %% [markdown]
# **Why.** A NumPy array that a traced function meets becomes a constant, and a constant is part of the graph:
# once per trace, and in every file that you save. A graph above two gigabytes cannot be stored at all. A
# `tf.Variable`, or a tensor made outside, stays outside, and the graph refers to it. See
# [Export](../4_beyond/18_export.py) and [the guide to functions](https://www.tensorflow.org/guide/function).

# %% tags=["cure"]
table_variable = tf.Variable(table, trainable=False)


@tf.function
def look_up_variable(row):
    return tf.gather(table_variable, row)


bytes_with_variable = graph_bytes(look_up_variable)
print(f"graph {bytes_with_variable:,} bytes")

# %% tags=["claims"]
assert bytes_with_table > table.nbytes, (
    "the graph holds the whole NumPy array"
)
assert bytes_with_variable < table.nbytes / 100, (
    "with a variable it has less than a hundredth of its bytes"
)

# %% [markdown]
# ## The processor waits for the input, one example at a time
#
# `map` calls a function of NumPy, then `batch` collects the examples.

# %% tags=["symptom"] also="tf.data map slow; numpy_function bottleneck; batch before map; GPU utilisation low"
calls = []


def with_numpy(values):
    calls.append(len(np.atleast_1d(values)))
    return np.sqrt(values)


def call_numpy(values):
    return tf.numpy_function(with_numpy, [values], tf.float32)


numbers = tf.data.Dataset.from_tensor_slices(np.ones(256, "float32"))
for _ in numbers.map(call_numpy).batch(32):
    pass
calls_per_example = len(calls)
print(calls_per_example, "calls for", 256 // 32, "batches")

# %% [markdown]
# **Why.** `map` works on what the dataset holds at that point: examples. Each call has its price, and a call
# of Python also waits for the interpreter's lock, so `num_parallel_calls` hardly helps. After `batch` the
# same function gets whole batches. See [Make it fast](../4_beyond/19_make_it_fast.py) and [better performance
# with tf.data](https://www.tensorflow.org/guide/data_performance).

# %% tags=["cure"]
calls.clear()
for _ in numbers.batch(32).map(call_numpy):
    pass
calls_per_batch = len(calls)
print(calls_per_batch, "calls for", 256 // 32, "batches")

# %% tags=["claims"]
assert calls_per_example == 256, (
    "before batch, map calls the function once per example"
)
assert calls_per_batch == 8, "after batch, once per batch"

# %% [markdown]
# ## Unable to allocate … for an array with shape
#
# All distances between photographs, by broadcasting. (The photographs are a view of one number and take no
# memory.)

# %% tags=["symptom", "raises-exception"] also="MemoryError; ResourceExhaustedError OOM when allocating tensor; pairwise distances memory; numpy broadcasting too large; nearest neighbour kernel died"
photographs = np.broadcast_to(np.float32(0), (500_000, 784))

photographs[:, None] - photographs

# %% [markdown]
# **Why.** A broadcast between `(n, 1, d)` and `(n, d)` is an array of *n* · *n* · *d* numbers, though you want
# *n* · *n*. NumPy refuses what no memory can hold; what *almost* fits lets the system slow down or end your
# process without a message. TensorFlow says `OOM when allocating tensor with shape` and names the shape: read it,
# and ask which axis you did not expect. See [Broadcasting](../1_foundations/02_broadcasting.py) and
# [NumPy's broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html).


# %% tags=["cure"]
def squared_distances(points, other_points):  # no array beyond (n, m)
    squares = (points**2).sum(axis=1)[:, None] + (other_points**2).sum(
        axis=1
    )
    return squares - 2 * points @ other_points.T


points = np.random.default_rng(7).normal(size=(20, 784))
by_broadcasting = ((points[:, None] - points) ** 2).sum(axis=-1)
block = squared_distances(photographs[:10], photographs[:1000])
print(f"{block.shape}: {block.nbytes:,} bytes, block by block")

# %% tags=["claims"]
assert "Unable to allocate" in str(sys.last_value), (
    "NumPy says how much it cannot allocate"
)
assert "(500000, 500000, 784)" in str(sys.last_value), (
    "and names the shape of the broadcast"
)
assert np.allclose(squared_distances(points, points), by_broadcasting), (
    "without the third axis, the distances are the same"
)
