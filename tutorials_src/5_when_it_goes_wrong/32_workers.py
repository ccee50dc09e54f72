# ---
# title: Several workers
# summary: Distribution strategies that refuse without a reason, and those that train on, with replicas that have drifted apart.
# seed: 7
# ---

# %% [markdown]
# A strategy is two promises: variables made in its scope have a copy per replica, and all copies stay equal.
# Most messages below say that a variable was made elsewhere. Most silences say that the copies have come apart,
# which nobody checks but you: train one step with and without the strategy, and compare the weights.
#
# One processor plays two devices here, which TensorFlow must be told before it does anything.

# %% tags=["folded"]
import sys

import keras
import numpy as np
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(processor, [device, device])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
keras.utils.set_random_seed(7)
x = np.random.normal(size=(16, 4)).astype("float32")
y = x.sum(axis=1, keepdims=True)


def new_network():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


# %% [markdown]
# ## Virtual devices cannot be modified after being initialized
#
# You ask for a third device, or for memory growth, further down in the notebook.

# %% tags=["symptom", "raises-exception"] also="Physical devices cannot be modified after being initialized; set_memory_growth RuntimeError; set_logical_device_configuration too late"
tf.config.set_logical_device_configuration(processor, [device] * 3)

# %% [markdown]
# **Why.** The first operation, strategy or list of logical devices fixes the devices for as long as the process
# lives. In a notebook, run the cell that sets them first, after a restart of the kernel. See
# [More than one worker](../4_beyond/20_distributed.py) and
# [tf.config](https://www.tensorflow.org/api_docs/python/tf/config/set_logical_device_configuration).

# %% tags=["cure"]
import subprocess

program = """
import tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(processor, [device] * 3)
print(len(tf.config.list_logical_devices("CPU")), "devices")
"""
fresh_process = [sys.executable, "-c", program]
answer = subprocess.run(fresh_process, capture_output=True, text=True)
print(answer.stdout.strip())

# %% tags=["claims"]
assert "cannot be modified after being initialized" in str(
    sys.last_value
), "once TensorFlow has started, the number of devices is fixed"
assert answer.stdout.strip() == "3 devices", (
    "a fresh process that asks first gets three devices"
)

# %% [markdown]
# ## AssertionError, and nothing behind it, when `fit` begins
#
# You have put `compile` into the scope, and forgotten the network.

# %% tags=["symptom", "raises-exception"] also="MirroredStrategy fit AssertionError empty message; model created outside strategy scope; compile inside strategy.scope; distribution.extended.update AssertionError"
network = new_network()
with strategy.scope():
    network.compile("sgd", "mse")

network.fit(x, y, verbose=0)

# %% [markdown]
# **Why.** `compile` takes the strategy whose scope it stands in, so `fit` distributes its batches. The
# weights were made outside and have one copy. Where the optimizer updates them, TensorFlow asserts that a
# variable has one copy per replica, without a text. What makes variables belongs in the scope: the network
# and the optimizer. See [More than one worker](../4_beyond/20_distributed.py) and
# [Strategy.scope](https://www.tensorflow.org/api_docs/python/tf/distribute/Strategy#scope).

# %% tags=["cure"]
with strategy.scope():
    network = new_network()
    network.compile("sgd", "mse")
network.fit(x, y, verbose=0)
copies = network.layers[0].kernel.value.values
print(f"trained, with {len(copies)} copies of each weight")

# %% tags=["claims"]
assert isinstance(sys.last_value, AssertionError), (
    "a network from outside the scope fails with an AssertionError"
)
assert str(sys.last_value) == "", "its message is empty"
assert len(copies) == 2, (
    "made in the scope, each weight has a copy per replica"
)

# %% [markdown]
# ## Inputs to operation AddN must have the same size and shape
#
# You evaluate, or train, in batches of 7, on two replicas.

# %% tags=["symptom", "raises-exception"] also="InvalidArgumentError AddN MirroredStrategy fit; batch size not divisible by number of replicas; odd batch size two GPUs; evaluate on fewer examples than GPUs"
with strategy.scope():
    network = new_network()
    network.compile("sgd", "mse")

network.fit(x, y, batch_size=7, verbose=0)

# %% [markdown]
# **Why.** A batch of 7 is dealt out as 4 and 3. Before its first step, Keras makes one example batch out of the
# shares, by taking their mean over the replicas, and shares of different sizes cannot be added. It does so with
# the *first* batch only: a last batch of another size passes. See
# [More than one worker](../4_beyond/20_distributed.py) and
# [the message among Keras's issues](https://github.com/keras-team/keras/issues/19246).

# %% tags=["cure"]
batch_size = 3 * strategy.num_replicas_in_sync  # per replica: 3
options = {"batch_size": batch_size, "verbose": 0}
history = network.fit(x[:15], y[:15], **options).history
print(f"batches of {batch_size}, the last of {15 % batch_size}: trained")

# %% tags=["claims"]
assert "Inputs to operation AddN" in str(sys.last_value), (
    "a first batch that does not divide by the replicas fails in AddN"
)
assert np.isfinite(history["loss"][0]), (
    "with a multiple of the replicas, fit runs, though the last batch does not divide"
)

# %% [markdown]
# ## Mixing different tf.distribute.Strategy objects
#
# In a loop of your own, the network is in the scope and the optimizer is not.

# %% tags=["symptom", "raises-exception"] also="RuntimeError Mixing different tf.distribute.Strategy objects MirroredStrategy is not _DefaultDistributionStrategy; optimizer outside scope; Adam slots created in replica context"
with strategy.scope():
    weight = tf.Variable(1.0)
optimizer = keras.optimizers.Adam(0.1)


@tf.function
def update(optimizer):
    def on_replica():
        optimizer.apply_gradients([(tf.constant(1.0), weight)])

    strategy.run(on_replica)


update(optimizer)

# %% [markdown]
# **Why.** An optimizer has variables too: its step count, and with Adam two moments per weight. They belong
# to the strategy that is in force when they are *made*: by the constructor, and by `build` or the first step.
# See [More than one worker](../4_beyond/20_distributed.py) and [custom
# training](https://www.tensorflow.org/tutorials/distribute/custom_training).

# %% tags=["cure"]
with strategy.scope():
    optimizer_in_scope = keras.optimizers.Adam(0.1)
    optimizer_in_scope.build([weight])
update(optimizer_in_scope)
moved_weight = float(weight.numpy())
print(f"{moved_weight:.2f}")

# %% tags=["claims"]
assert "Mixing different tf.distribute.Strategy" in str(sys.last_value), (
    "an optimiser made outside the scope is refused"
)
assert moved_weight < 1, "one made in the scope moves the weight"

# %% [markdown]
# ## 'PerReplica' object has no attribute 'numpy'
#
# `strategy.run` gives you the losses, and you want one number.


# %% tags=["symptom", "raises-exception"] also="float() argument must be a string or a real number, not 'PerReplica'; unsupported operand PerReplica; how to get the value of PerReplica"
@tf.function
def losses_of_replicas(batch):
    return strategy.run(lambda share: tf.reduce_mean(share), args=(batch,))


ten_numbers = tf.data.Dataset.range(10).batch(10)
batch = next(iter(strategy.experimental_distribute_dataset(ten_numbers)))
losses = losses_of_replicas(batch)
print(losses)
losses.numpy()

# %% [markdown]
# **Why.** It holds one value per replica, and does not know how to make one of them: a sum, a mean, or the first.
# You say so with `strategy.reduce`, or take all with `experimental_local_results`. A mean of means is the mean
# only where the shares are equal. See [More than one worker](../4_beyond/20_distributed.py) and
# [Strategy.reduce](https://www.tensorflow.org/api_docs/python/tf/distribute/Strategy#reduce).

# %% tags=["cure"]
each_loss = strategy.experimental_local_results(losses)
total_loss = int(strategy.reduce("SUM", losses, axis=None))
print([int(loss) for loss in each_loss], "sum", total_loss)

# %% tags=["claims"]
assert "no attribute 'numpy'" in str(sys.last_value), (
    "a value per replica is no tensor"
)
assert total_loss == sum(int(loss) for loss in each_loss), (
    "reduce adds up the values of the replicas"
)

# %% [markdown]
# ## Two replicas learn twice as fast, and then diverge
#
# The loss in your own loop is a mean, as it always was. Here is how far one step of gradient descent moves
# the weights, with one replica and with two.


# %% tags=["symptom"] also="loss scaled by number of replicas; gradients summed across replicas; learning rate too high with more GPUs; divide by global batch size; compute_average_loss"
def step_length(strategy, loss_of_share):
    with strategy.scope():
        weights = tf.Variable(tf.zeros((4, 1)))
        optimizer = keras.optimizers.SGD(0.1)

    def on_replica(inputs, targets):
        with tf.GradientTape() as tape:
            loss = loss_of_share((inputs @ weights - targets) ** 2)
        slopes = tape.gradient(loss, weights)
        optimizer.apply_gradients([(slopes, weights)])

    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    for share in strategy.experimental_distribute_dataset(data):
        tf.function(strategy.run)(on_replica, args=share)
    return float(tf.norm(weights.numpy()))


# %% tags=["symptom"]
one_device = tf.distribute.get_strategy()
single_length = step_length(one_device, tf.reduce_mean)
double_length = step_length(strategy, tf.reduce_mean)
print(f"one replica {single_length:.3f}, two {double_length:.3f}")

# %% [markdown]
# **Why.** Each replica takes the mean over its own share, and `apply_gradients` *adds up* the slopes of all
# replicas. With eight, the step is eight times as long. The loss that you print looks as always. `fit`
# divides for you. See [More than one worker](../4_beyond/20_distributed.py) and
# [compute_average_loss](https://www.tensorflow.org/api_docs/python/tf/nn/compute_average_loss).


# %% tags=["cure"]
def share_of_mean(losses):
    return tf.reduce_sum(losses) / 16  # the global batch


cured_length = step_length(strategy, share_of_mean)
print(f"two replicas {cured_length:.3f}")

# %% tags=["claims"]
assert np.isclose(double_length, 2 * single_length), (
    "with the mean of each share, two replicas step twice as far as one"
)
assert np.isclose(cured_length, single_length), (
    "divided by the global batch, they step as far as one"
)

# %% [markdown]
# ## The same input gets two different predictions
#
# A network with `BatchNormalization`, trained on two replicas. All 8 rows of the batch are equal.


# %% tags=["symptom"] also="BatchNormalization MirroredStrategy wrong predictions; moving mean differs between replicas; synchronized=False; validation accuracy worse with multiple GPUs"
def train_normalisation(**options):
    with strategy.scope():
        layer = keras.layers.BatchNormalization(momentum=0.5, **options)
        network = keras.Sequential([keras.Input((4,)), layer])
        network.compile("sgd", "mse")
    network.fit(x, x, batch_size=8, verbose=0)
    return network, layer


equal_rows = np.ones((8, 4), "float32")
network, layer = train_normalisation(synchronized=False)
predictions = network.predict(equal_rows, verbose=0)
print(predictions[:, 0].round(2))

# %% [markdown]
# **Why.** Each replica normalises by its own share, and keeps its own moving averages, though the layer is
# mirrored: nothing ever brings them together. `predict` deals out the batch, so half of it is normalised by
# other numbers, and a saved file has those of the first replica alone. See
# [More than one worker](../4_beyond/20_distributed.py) and
# [BatchNormalization](https://keras.io/api/layers/normalization_layers/batch_normalization/).

# %% tags=["cure"]
network, synchronized_layer = train_normalisation(synchronized=True)
same_predictions = network.predict(equal_rows, verbose=0)
print(same_predictions[:, 0].round(2))


# %% tags=["claims"]
def gap_of_replicas(layer):
    one_mean, other_mean = layer.moving_mean.value.values
    return float(tf.reduce_max(tf.abs(one_mean - other_mean)))


assert np.ptp(predictions, axis=0).max() > 0.01, (
    "without synchronized, predict gives equal rows different outputs"
)
assert gap_of_replicas(layer) > 0.01, (
    "the moving averages of the replicas differ"
)
assert np.ptp(same_predictions, axis=0).max() < 1e-6, (
    "with synchronized=True, equal rows get equal outputs"
)
assert gap_of_replicas(synchronized_layer) == 0, (
    "and the moving averages of the replicas are equal"
)

# %% [markdown]
# ## Dropout drops the same units on every replica
#
# Two replicas, each with one row of ones.


# %% tags=["symptom"] also="same random numbers on all GPUs; identical dropout mask per replica; augmentation repeated on each replica; keras SeedGenerator MirroredStrategy"
def masks_of(make_layer):
    with strategy.scope():
        layer = make_layer()

    def on_replica():
        return layer(tf.ones((1, 100)), training=True)

    per_replica = tf.function(strategy.run)(on_replica)
    return np.concatenate(
        [*strategy.experimental_local_results(per_replica)]
    )


masks = masks_of(lambda: keras.layers.Dropout(0.5)) > 0
print(masks[:, :12].astype(int))
print(f"equal: {(masks[0] == masks[1]).mean():.0%}")

# %% [markdown]
# **Why.** Keras draws from a `SeedGenerator`, whose state is a variable. Made in the scope, it is mirrored:
# every replica has the same state, and draws the same noise. So does each random layer of Keras: two rows of
# a batch are dropped or augmented alike. The operations of `tf.random` and `tf.nn` draw for each replica. See
# [Regularisation](../2_networks/10_regularisation.py) and
# [SeedGenerator](https://keras.io/api/random/seed_generator/).


# %% tags=["cure"]
class ReplicaDropout(keras.layers.Layer):
    def call(self, inputs, training=False):
        return tf.nn.dropout(inputs, 0.5) if training else inputs


other_masks = masks_of(ReplicaDropout) > 0
print(f"equal: {(other_masks[0] == other_masks[1]).mean():.0%}, by chance")

# %% tags=["claims"]
assert (masks[0] == masks[1]).all(), (
    "Keras's Dropout drops the same of 100 units on both replicas"
)
assert 0.2 < (other_masks[0] == other_masks[1]).mean() < 0.8, (
    "with tf.nn.dropout each replica draws its own mask"
)

# %% [markdown]
# ## Eight GPUs are in use, on a machine that has none
#
# The strategy takes the devices that you name.

# %% tags=["symptom"] also="MirroredStrategy accepts nonexistent GPU; training on CPU without warning; num_replicas_in_sync but no GPU; soft device placement"
names = [f"GPU:{number}" for number in range(90, 98)]
strategy_of_nothing = tf.distribute.MirroredStrategy(names)
with strategy_of_nothing.scope():
    variable = tf.Variable(1.0)
print(strategy_of_nothing.num_replicas_in_sync, "replicas")
print("on", {copy.device.split("/")[-1] for copy in variable.values})

# %% [markdown]
# **Why.** The strategy does not check that its devices exist, and TensorFlow places on the processor what
# cannot be placed as asked. Eight replicas then take turns on one processor. Without names the strategy takes
# the GPUs that there are, and `tf.config.list_logical_devices` tells you how many. See [More than one
# worker](../4_beyond/20_distributed.py) and
# [MirroredStrategy](https://www.tensorflow.org/api_docs/python/tf/distribute/MirroredStrategy).

# %% tags=["cure"]
known_names = {device.name for device in tf.config.list_logical_devices()}
missing_names = [
    name for name in names if f"/device:{name}" not in known_names
]
print(len(missing_names), "of", len(names), "devices do not exist")

# %% tags=["claims"]
assert strategy_of_nothing.num_replicas_in_sync == 8, (
    "MirroredStrategy counts eight replicas on GPUs that do not exist"
)
assert {copy.device.split("/")[-1] for copy in variable.values} == {
    "device:CPU:0"
}, "their variables lie on the processor"
assert missing_names == names, "the list of devices has none of them"

# %% [markdown]
# ## Two workers train on some examples twice and on others never
#
# The data set is shuffled, and then dealt out. Each worker is a process and shuffles for itself, which here is a
# seed of its own.

# %% tags=["symptom"] also="shard after shuffle; workers see overlapping data; AutoShardPolicy DATA with shuffle; MultiWorkerMirroredStrategy dataset duplicates"
examples = tf.data.Dataset.range(100)
shares = []
for worker in range(2):
    in_own_order = examples.shuffle(100, seed=worker)
    shares.append(set(in_own_order.shard(2, worker).as_numpy_iterator()))
overlap = shares[0] & shares[1]
print(f"{len(overlap)} twice, {100 - len(shares[0] | shares[1])} never")

# %% [markdown]
# **Why.** `shard(2, 0)` takes every second example *of an order*, and the other worker has another order. The
# automatic sharding by data, too, is right only if all workers read the same order. Shard first, in an order
# that all workers share, and shuffle afterwards. See [More than one worker](../4_beyond/20_distributed.py)
# and [AutoShardPolicy](https://www.tensorflow.org/api_docs/python/tf/data/experimental/AutoShardPolicy).

# %% tags=["cure"]
own_shares = []
for worker in range(2):
    share = examples.shard(2, worker).shuffle(100, seed=worker)
    own_shares.append(set(share.as_numpy_iterator()))
print(f"{len(own_shares[0] & own_shares[1])} twice")

# %% tags=["claims"]
assert len(overlap) > 5, (
    "sharded after the shuffle, the workers have more than five examples in common"
)
assert own_shares[0].isdisjoint(own_shares[1]), "sharded before it, none"

# %% [markdown]
# ## Every worker trains alone, as if it were the only one
#
# `TF_CONFIG` lacks one level.

# %% tags=["symptom"] also="TF_CONFIG ignored; MultiWorkerMirroredStrategy num_replicas_in_sync is 1; cluster not found; JSONDecodeError TF_CONFIG; task_id exceeds the maximum id of worker"
import json
import os

addresses = ["127.0.0.1:2222", "127.0.0.1:2223"]
task = {"type": "worker", "index": 0}
resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
os.environ["TF_CONFIG"] = json.dumps({"worker": addresses, "task": task})
seen_cluster = resolver.cluster_spec().as_dict()
print("the cluster:", seen_cluster)

# %% [markdown]
# **Why.** TensorFlow reads the addresses under the key `cluster` alone, and without a cluster
# `MultiWorkerMirroredStrategy` is a strategy for one worker: it waits for nobody. The same happens if the
# variable is misspelt, or set after the strategy was made. Text that is no JSON, an unknown `type` or an
# `index` too large are errors. See [More than one worker](../4_beyond/20_distributed.py) and
# [TFConfigClusterResolver](https://www.tensorflow.org/api_docs/python/tf/distribute/cluster_resolver/TFConfigClusterResolver).

# %% tags=["cure"]
cluster = {"worker": addresses}
os.environ["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
cured_cluster = resolver.cluster_spec().as_dict()
assert len(cured_cluster["worker"]) == 2, (
    "the workers do not all stand here"
)
print("the cluster:", cured_cluster)
del os.environ["TF_CONFIG"]  # this page stays alone

# %% tags=["claims"]
assert seen_cluster == {}, "without the key cluster, there is no cluster"
assert cured_cluster == {"worker": addresses}, (
    "with it, both workers are seen"
)
