# ---
# title: Data pipelines
# summary: Datasets, generators and PyDataset that skip, freeze, mix up or leak your rows, mostly without a word.
# seed: 7
# ---

# %% [markdown]
# A pipeline rarely fails. It delivers other rows than you think, in another order or not at all, and the
# training goes on. One habit shows most of it: before you call `fit`, walk once through the dataset that you
# are about to give it, and look at the shapes, the labels and how many there are.

# %%
import sys

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(7)
points = np.random.default_rng(7).normal(size=(32, 4)).astype("float32")
labels = (points.sum(axis=1) > 0).astype("float32")
rows = tf.data.Dataset.from_tensor_slices((points, labels))


def build_network():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    network.compile(optimizer="sgd", loss="mse")
    return network


# %% [markdown]
# ## `shuffle=True` was passed, but will be ignored
#
# You passed nothing of the kind: True is what `fit` assumes.

# %% tags=["symptom"] also="fit shuffle argument ignored with tf.data; the Dataset is expected to already be shuffled; same order every epoch"
build_network().fit(rows.batch(8), verbose=0)

# %% tags=["symptom"]
first_batches = [next(iter(rows.batch(8)))[0] for _ in range(2)]
is_unshuffled = all(np.array_equal(b, points[:8]) for b in first_batches)
print("both walks begin with the first eight rows:", is_unshuffled)

# %% [markdown]
# **Why.** `fit` shuffles arrays, and the batches of a `PyDataset`, but not a dataset or a generator. If yours is
# shuffled the message means nothing; if it is not, every epoch takes the rows in the order of the file. Shuffle
# before you batch, then say `shuffle=False`. [CIFAR-10](../3_convnets/13_cifar10.py) feeds a network from a
# dataset; [the API of `fit`](https://keras.io/api/models/model_training_apis/) has the argument.

# %% tags=["cure"]
import warnings


def warnings_of_fit(dataset, **options):
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        build_network().fit(dataset, verbose=0, **options)
    return [str(record.message) for record in records]


shuffled_rows = rows.shuffle(len(points), seed=7)
spoken = warnings_of_fit(shuffled_rows.batch(8))
unspoken = warnings_of_fit(shuffled_rows.batch(8), shuffle=False)
print(len(spoken), "warning, and with shuffle=False", len(unspoken))

# %% tags=["claims"]
assert is_unshuffled, (
    "fit's own shuffle does not touch a dataset: each walk has the rows in the file's order"
)
assert any("`shuffle=True` was passed" in message for message in spoken), (
    "the warning comes for a shuffled dataset, too"
)
assert not unspoken, "with shuffle=False that warning does not come"

# %% [markdown]
# ## Your input ran out of data; interrupting training
#
# You meet it with a dataset that ends and a `steps_per_epoch` of your own.

# %% tags=["symptom"] also="dataset exhausted before the end of the epoch; make sure that your dataset can generate at least steps_per_epoch * epochs batches; epochs of one step"
options = {"shuffle": False, "verbose": 0}
four_batches = rows.batch(8)
network = build_network()
network.fit(four_batches, epochs=5, steps_per_epoch=3, **options)

# %% tags=["symptom"]
steps_after_gaps = int(network.optimizer.iterations)
print(f"{steps_after_gaps} steps instead of {5 * 3}")

# %% [markdown]
# **Why.** With `steps_per_epoch`, Keras does not restart the dataset in each epoch: it goes on where the last
# epoch stopped. After three of four batches the next epoch gets the one that is left, and ends with this
# warning. What is interrupted is that epoch; the training goes on with the next one, and its losses and
# schedules are those of epochs of unequal length. [Two passes of a pipeline](../4_beyond/19_make_it_fast.py)
# explains what a dataset does when it starts again;
# [the API of `fit`](https://keras.io/api/models/model_training_apis/) names the argument.

# %% tags=["cure"]
network = build_network()
network.fit(four_batches.repeat(), epochs=5, steps_per_epoch=3, **options)
steps_repeated = int(network.optimizer.iterations)
network = build_network()
network.fit(four_batches, epochs=5, **options)
steps_of_passes = int(network.optimizer.iterations)
print(f"repeat(): {steps_repeated} steps of {5 * 3}")
print(f"no steps_per_epoch: {steps_of_passes} steps of {5 * 4}")

# %% tags=["claims"]
assert steps_after_gaps < 15, (
    "a dataset that ends gives fewer steps than epochs times steps_per_epoch"
)
assert steps_repeated == 15, "repeat() gives every epoch all its steps"
assert steps_of_passes == 20, (
    "without steps_per_epoch, each epoch is one pass"
)

# %% [markdown]
# ## A generator gives two batches per epoch, from the second epoch on
#
# The metric here is the mean of the targets that an epoch saw. The batches carry the targets 0 to 5.


# %% tags=["symptom"] also="generator only trains on the first batches; loss drops after the first epoch with a generator; generator exhausted; val_loss changes after epoch one"
def read_batches():
    for target in range(6):
        yield np.ones((8, 4), "float32"), np.full((8, 1), target, "float32")


def mean_target(y_true, y_pred):
    return keras.ops.mean(y_true, axis=-1)  # one value per row


network = build_network()
network.compile(optimizer="sgd", loss="mse", metrics=[mean_target])
generator_run = network.fit(read_batches(), epochs=3, **options)

# %% tags=["symptom"]
print("mean target per epoch:", generator_run.history["mean_target"])

# %% [markdown]
# **Why.** A generator cannot start again. Keras takes its first two batches to learn the shapes, keeps them, and
# puts them in front of what the generator still has: in later epochs that is these two batches and nothing
# more. A generator in `validation_data` shares this fate, and `val_loss` changes its meaning after the first
# epoch. [Make it fast](../4_beyond/19_make_it_fast.py) builds pipelines that start again;
# [`from_generator`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#from_generator) makes one from a
# function that returns a new generator each time.

# %% tags=["cure"]
batch_signature = (tf.TensorSpec((None, 4)), tf.TensorSpec((None, 1)))
restartable = tf.data.Dataset.from_generator(  # the function: no brackets
    read_batches, output_signature=batch_signature
)
network = build_network()
network.compile(optimizer="sgd", loss="mse", metrics=[mean_target])
restartable_run = network.fit(restartable, epochs=3, **options)
print("mean target per epoch:", restartable_run.history["mean_target"])

# %% tags=["claims"]
assert generator_run.history["mean_target"][0] == 2.5, (
    "the first epoch sees all six batches of the generator"
)
assert generator_run.history["mean_target"][2] == 0.5, (
    "a later epoch sees its first two batches alone"
)
assert restartable_run.history["mean_target"][2] == 2.5, (
    "a dataset made from the function starts again in each epoch"
)

# %% [markdown]
# ## My own metric is too low, and steps are counted that never were
#
# This metric is 1 for every batch, so its mean is 1. The dataset does not know its length, because of the
# `filter`.


# %% tags=["symptom"] also="custom metric wrong with tf.data filter; evaluate lower than expected; optimizer.iterations too large; weight decay once more per epoch; UNKNOWN_CARDINALITY"
def always_one(y_true, y_pred):
    return 1 + 0 * keras.ops.mean(y_true)  # one value per batch


unknown_length = rows.filter(lambda point, label: True).batch(8)
network = build_network()
network.compile(optimizer="sgd", loss="mse", metrics=[always_one])
ghost_run = network.fit(unknown_length, epochs=3, **options)
ghost_steps = int(network.optimizer.iterations)
print("mean of ones:", ghost_run.history["always_one"])
print(f"{ghost_steps} steps in 3 epochs of 4 batches")

# %% [markdown]
# **Why.** Without a length, Keras starts one step more and stops when no batch arrives. By then what needs no
# batch has run: `optimizer.iterations`, on which a schedule depends, the step of `weight_decay`, and the counter
# of a metric that returns one number per batch. The loss and Keras's own metrics count rows, and are
# right. [Evaluation](../2_networks/08_evaluation.py) is about metrics,
# [`assert_cardinality`](https://www.tensorflow.org/api_docs/python/tf/data/experimental/assert_cardinality) tells a
# dataset its length.

# %% tags=["cure"]
known_length = unknown_length.apply(
    tf.data.experimental.assert_cardinality(4)
)
network = build_network()
network.compile(optimizer="sgd", loss="mse", metrics=[always_one])
counted_run = network.fit(known_length, epochs=3, **options)
counted_steps = int(network.optimizer.iterations)
print("mean of ones:", counted_run.history["always_one"])
print(f"{counted_steps} steps in 3 epochs of 4 batches")

# %% tags=["claims"]
assert ghost_run.history["always_one"][0] < 0.9, (
    "where the length is unknown, a mean over batches counts one too many"
)
assert ghost_steps > 12, (
    "where the length is unknown, the optimizer counts steps that no batch took"
)
assert counted_run.history["always_one"][0] == 1, (
    "where the length is known, a mean over batches is right"
)
assert counted_steps == 12, (
    "where the length is known, the optimizer counts the steps"
)

# %% [markdown]
# ## Expected shape (None, 4), but input has incompatible shape (4,)

# %% tags=["symptom", "raises-exception"] also="dataset without batch; expected min_ndim=2, found ndim=1; fit on from_tensor_slices fails; single sample instead of batch"
build_network().fit(rows, **options)

# %% [markdown]
# **Why.** `from_tensor_slices` cuts arrays into single rows, and `fit` takes each element of a dataset for one
# batch: it sees a batch without its first axis. `batch_size=8` does not help, see the next entry.
# [First network](../2_networks/06_first_network.py) shows what a batch is,
# [`Dataset.batch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#batch) makes one.

# %% tags=["cure"]
unbatched_message = str(sys.last_value)
print(rows.element_spec[0].shape, "->", rows.batch(8).element_spec[0].shape)
batched_run = build_network().fit(rows.batch(8), **options)
print(f"loss: {batched_run.history['loss'][0]:.2f}")

# %% tags=["claims"]
assert "incompatible shape (4,)" in unbatched_message, (
    "fit takes a single row for a batch"
)
assert np.isfinite(batched_run.history["loss"][0]), (
    "the batched dataset trains"
)

# %% [markdown]
# ## `batch_size` changes nothing

# %% tags=["symptom"] also="batch_size ignored; number of steps stays the same; memory does not shrink with a smaller batch_size"
steps_by_size = {}
for batch_size in (2, 16):
    network = build_network()
    network.fit(rows.batch(8), batch_size=batch_size, **options)
    steps_by_size[batch_size] = int(network.optimizer.iterations)
print("steps in one epoch, by batch_size:", steps_by_size)

# %% [markdown]
# **Why.** A dataset, a generator or a `PyDataset` brings its own batches, and Keras drops the argument; it used
# to be an error. `y` beside a dataset still is one. How the size changes a training is on
# [Experiments](../2_networks/11_experiments.py);
# [the API of `fit`](https://keras.io/api/models/model_training_apis/) says not to give it.

# %% tags=["cure"]
for batch_size in (2, 16):
    network = build_network()
    network.fit(rows.batch(batch_size), **options)
    print(batch_size, "->", int(network.optimizer.iterations), "steps")

# %% tags=["claims"]
assert steps_by_size[2] == steps_by_size[16] == 4, (
    "fit drops batch_size without a word where it gets a dataset"
)
assert int(network.optimizer.iterations) == 2, (
    "batches of a dataset are made in the dataset"
)

# %% [markdown]
# ## `shuffle()` leaves the classes in order
#
# The rows of many files are sorted by class. Here the first half is class 0 and the second half class 1.

# %% tags=["symptom"] also="loss jumps within each epoch; shuffle buffer size too small; dataset sorted by label; network predicts the last class only"
sorted_labels = tf.data.Dataset.from_tensor_slices([0] * 500 + [1] * 500)


def mean_of_first_quarter(buffer_size):
    shuffled_labels = sorted_labels.shuffle(buffer_size, seed=7).take(250)
    return np.mean(list(shuffled_labels.as_numpy_iterator()))


small_buffer_mean = mean_of_first_quarter(100)
print("mean label of the first 250 rows:", small_buffer_mean)

# %% [markdown]
# **Why.** `shuffle(100)` holds 100 rows and draws from these: a row can come out much later than it stood,
# but hardly earlier. As long as a class is longer than the buffer, most batches are of one class. The buffer
# has to be as large as the data, or the file names or indices shuffled instead of the pictures. [Own
# photographs](../3_convnets/16_own_photographs.py) reads a folder that is sorted this way;
# [`Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle) describes the
# buffer.

# %% tags=["cure"]
full_buffer_mean = mean_of_first_quarter(1000)
print("with a buffer as large as the data:", full_buffer_mean)

# %% tags=["claims"]
assert small_buffer_mean == 0, (
    "behind a buffer of 100, the first 250 of 1,000 sorted rows are all of one class"
)
assert 0.4 < full_buffer_mean < 0.6, (
    "a buffer as large as the data mixes the classes"
)

# %% [markdown]
# ## Training and validation share rows after `take` and `skip`

# %% tags=["symptom"] also="validation accuracy suspiciously high; train test leak with tf.data; split a shuffled dataset; reshuffle_each_iteration"
shuffled_range = tf.data.Dataset.range(100).shuffle(100, seed=7)
train_part, validation_part = (
    shuffled_range.skip(20),
    shuffled_range.take(20),
)
seen_in_training = set()
for _ in range(3):  # three epochs
    seen_in_training |= set(train_part.as_numpy_iterator())
held_out = set(validation_part.as_numpy_iterator())
leaked_count = len(seen_in_training & held_out)
print(f"{leaked_count} of {len(held_out)} validation rows were trained on")

# %% [markdown]
# **Why.** `shuffle` draws a new order whenever the dataset is walked through, so *the first 20* are other rows
# each time: no row is held out. Split first and shuffle the training part, or fix the order with
# `reshuffle_each_iteration=False`. [Evaluation](../2_networks/08_evaluation.py) needs rows that no training saw;
# [`Dataset.shuffle`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#shuffle) documents the argument.

# %% tags=["cure"]
shuffled_range = tf.data.Dataset.range(100).shuffle(
    100, seed=7, reshuffle_each_iteration=False
)
train_part, validation_part = (
    shuffled_range.skip(20).shuffle(80),
    shuffled_range.take(20),
)
fixed_training = set()
for _ in range(3):
    fixed_training |= set(train_part.as_numpy_iterator())
fixed_leak = fixed_training & set(validation_part.as_numpy_iterator())
print(f"{len(fixed_leak)} of 20 validation rows were trained on")

# %% tags=["claims"]
assert leaked_count > 10, (
    "after three epochs most rows of a split below shuffle were trained on"
)
assert not fixed_leak, (
    "an order that is drawn once keeps the two parts apart"
)

# %% [markdown]
# ## Accuracy is at chance, though `evaluate` says otherwise
#
# You collect the labels in one loop and the predictions with `predict`.

# %% tags=["symptom"] also="confusion matrix looks random; predict order does not match labels; predictions in wrong order; classification_report low but evaluate high"
scores = tf.data.Dataset.from_tensor_slices((points[:, :1], points[:, 0]))
copier = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
shuffled_scores = scores.shuffle(32, seed=7).batch(8)
collected_targets = np.concatenate(
    [target for _, target in shuffled_scores]
)
predicted_later = copier.predict(shuffled_scores, verbose=0)[:, 0]
two_passes = np.mean(predicted_later == collected_targets)
print(f"equal to their targets: {two_passes:.0%}")

# %% [markdown]
# **Why.** This network returns its input, which is the target: every prediction is right. But the loop and
# `predict` are two walks through the dataset, and each got its own order. Take labels and predictions in the same
# walk, and leave a validation dataset unshuffled. [Evaluation](../2_networks/08_evaluation.py) draws the tables
# that this ruins; [keras.io](https://keras.io/api/models/model_training_apis/) has `predict`.

# %% tags=["cure"]
pairs = [(copier(point)[:, 0], target) for point, target in shuffled_scores]
one_pass = np.mean([np.mean(answer == target) for answer, target in pairs])
in_order = scores.batch(8)
ordered_targets = np.concatenate([target for _, target in in_order])
ordered_answers = copier.predict(in_order, verbose=0)[:, 0]
unshuffled_match = np.mean(ordered_answers == ordered_targets)
print(f"in one walk: {one_pass:.0%}, unshuffled: {unshuffled_match:.0%}")

# %% tags=["claims"]
assert two_passes < 0.5, "two walks through a shuffled dataset do not match"
assert one_pass == unshuffled_match == 1, (
    "in one walk, or without shuffling, each prediction meets its target"
)

# %% [markdown]
# ## Every epoch sees the same augmentation
#
# `cache` stands below a random step.

# %% tags=["symptom"] also="cache freezes augmentation; augmented images repeat each epoch; shuffle before cache same order; overfits in spite of augmentation"
brighten = keras.layers.RandomBrightness(0.5, value_range=(0, 1))
grey_images = tf.data.Dataset.from_tensors(tf.fill((4, 4, 3), 0.5))


def first_pixel(image):
    return image[0, 0, 0]


cached_last = grey_images.map(brighten).cache().map(first_pixel)
frozen_epochs = [float(next(iter(cached_last))) for _ in range(4)]
print("first pixel in four epochs:", np.round(frozen_epochs, 2))

# %% [markdown]
# **Why.** `cache` keeps what reaches it in the first epoch: here the pictures *after* the dice were thrown. The
# same goes for `shuffle` above `cache`, whose first order is kept. What is slow and always gives the same comes
# first, then `cache`, then what is random. [Make it fast](../4_beyond/19_make_it_fast.py) measures what a cache
# saves; [`Dataset.cache`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#cache) is its API.

# %% tags=["cure"]
cached_first = grey_images.cache().map(brighten).map(first_pixel)
live_epochs = [float(next(iter(cached_first))) for _ in range(4)]
print("first pixel in four epochs:", np.round(live_epochs, 2))

# %% tags=["claims"]
assert len(set(frozen_epochs)) == 1, (
    "a cache below a random step repeats its first numbers"
)
assert len(set(live_epochs)) == 4, (
    "a cache above the random step leaves it random"
)

# %% [markdown]
# ## Cannot batch tensors with different shapes


# %% tags=["symptom", "raises-exception"] also="cannot add tensor to the batch: number of elements does not match; images of different sizes in one batch; IteratorGetNext InvalidArgumentError"
def read_sequences():
    for length in range(1, 7):
        yield np.arange(length)


sequences = tf.data.Dataset.from_generator(
    read_sequences, output_signature=tf.TensorSpec((None,), tf.int64)
)
for batch in sequences.batch(3):
    print(batch.shape)

# %% [markdown]
# **Why.** A batch is one array, and its elements need one shape; these have one, two and three numbers. Resize
# pictures, and pad sequences. Right after a `map`, the message is *Cannot add tensor to the batch*. It comes when the
# batch is made, so one picture of another size stops the training in the middle of an epoch.
# [Own photographs](../3_convnets/16_own_photographs.py) is about their sizes;
# [`padded_batch`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#padded_batch) fills up with zeros.

# %% tags=["cure"]
uneven_message = str(sys.last_value)
for padded_rows in sequences.padded_batch(3):
    print(padded_rows.numpy().tolist())

# %% tags=["claims"]
assert "different shapes" in uneven_message, (
    "batch refuses elements of different shapes"
)
assert padded_rows.shape == (3, 6), (
    "padded_batch makes elements as long as the longest of them"
)

# %% [markdown]
# ## Cannot take the length of shape with unknown rank


# %% tags=["symptom", "raises-exception"] also="as_list() is not defined on an unknown TensorShape; py_function loses shape; numpy_function shape unknown"
def double(point):
    return 2 * point.numpy()


def load(point, label):
    return tf.py_function(double, [point], tf.float32), label


build_network().fit(rows.map(load).batch(8), **options)

# %% [markdown]
# **Why.** TensorFlow cannot look into Python, so what comes back from `py_function` or `numpy_function` has
# an unknown shape, `batch` cannot add an axis to it, and the network cannot check its input. You know the
# shape: say it. (Where this comes only at the *second* `fit`, the labels have changed their rank.)
# [Tensors](../1_foundations/01_tensors.py) is about shapes;
# [`ensure_shape`](https://www.tensorflow.org/api_docs/python/tf/ensure_shape) also checks it in each step.

# %% tags=["cure"]
unknown_message = str(sys.last_value)


def load_with_shape(point, label):
    point, label = load(point, label)
    return tf.ensure_shape(point, (4,)), label


print("was:", rows.map(load).batch(8).element_spec[0].shape)
batches_with_shape = rows.map(load_with_shape).batch(8)
print("is: ", batches_with_shape.element_spec[0].shape)
shape_run = build_network().fit(batches_with_shape, **options)

# %% tags=["claims"]
assert "unknown rank" in unknown_message, (
    "a network does not take what py_function returns as it is"
)
assert np.isfinite(shape_run.history["loss"][0]), (
    "with ensure_shape, what py_function returns trains a network"
)

# %% [markdown]
# ## `predict` returns fewer rows than there are
#
# The batches come from a `PyDataset` whose length was divided down, or from a dataset with `drop_remainder=True`.


# %% tags=["symptom"] also="predictions missing; length of predictions does not match labels; keras Sequence __len__ drops last batch; inconsistent numbers of samples; drop_remainder"
class Batches(keras.utils.PyDataset):
    def __init__(self, batch_count):
        super().__init__()
        self.batch_count = batch_count

    def __len__(self):
        return self.batch_count

    def __getitem__(self, index):
        batch = slice(5 * index, 5 * index + 5)
        return points[batch], labels[batch, np.newaxis]


short_answers = network.predict(Batches(len(points) // 5), verbose=0)
full_batches = rows.batch(5, drop_remainder=True)
dropped_answers = network.predict(full_batches, verbose=0)
print(len(short_answers), len(dropped_answers), "of", len(points))

# %% [markdown]
# **Why.** Keras asks for as many batches as `__len__` says, and the last, smaller one is not among them. Nor
# does `fit` tell you: it leaves out the same rows in every epoch. A length that is too large is no better: a
# slice beyond the end is an empty batch, and `BatchNormalization` turns nan on it.
# [Evaluation](../2_networks/08_evaluation.py) needs an answer for every row;
# [`PyDataset`](https://keras.io/api/utils/python_utils/) is the class.

# %% tags=["cure"]
long_count = len(points) // 5 + 2  # one too many
norm = keras.Sequential([keras.layers.BatchNormalization()])
norm.compile(loss="mse")
norm.fit(Batches(long_count), verbose=0)
has_nan = np.isnan(norm.get_weights()[0]).any()
print("with one batch too many, nan in the weights:", has_nan)

batch_count = int(np.ceil(len(points) / 5))
all_answers = network.predict(Batches(batch_count), verbose=0)
print(len(all_answers), "of", len(points))

# %% tags=["claims"]
assert len(short_answers) == 30, (
    "a length that is rounded down leaves out the last rows"
)
assert len(dropped_answers) == 30, "drop_remainder leaves out the last rows"
assert has_nan, (
    "a batch without rows makes the weights of BatchNormalization nan"
)
assert len(all_answers) == 32, "rounded up, the length covers all rows"
