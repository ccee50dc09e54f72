# ---
# title: Augmentation and randomness
# summary: Noise that is frozen, missing, or there when it should not be, and seeds that do not reach as far as you think.
# seed: 7
# ---

# %% [markdown]
# Almost nothing on this page raises an error: random numbers that are wrong are still numbers. One habit shows
# most of it. Ask twice, and look whether what should repeat repeats, and whether what should change changes.

# %%
import sys

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(7)

# %% [markdown]
# ## With a seed, every epoch gets the same random numbers
#
# The augmentation is made of `tf.random` or `tf.image`, in a `map`, and a seed is set as at the top of this page.


# %% tags=["symptom"] also="tf.image.random repeats each epoch; tf.random.set_seed disables augmentation; same crops every epoch; overfits in spite of augmentation"
def walk(dataset):
    return [round(float(number), 2) for number in dataset]


tf_noise = tf.data.Dataset.range(3).map(lambda i: tf.random.uniform(()))
tf_epochs = [walk(tf_noise) for _ in range(2)]
print("first epoch: ", tf_epochs[0])
print("second epoch:", tf_epochs[1])

# %% [markdown]
# **Why.** With a global seed, an operation of `tf.random` in a `map` starts from that seed whenever the
# dataset is walked through, and `fit` walks through it once per epoch. Without a seed it goes on, and so it
# does within one walk over `repeat()`. Keras's own layers keep their state outside, and are not affected.
# [Augmentation](../3_convnets/14_augmentation.py) uses those; [issue
# 35682](https://github.com/tensorflow/tensorflow/issues/35682) reports it for TensorFlow.

# %% tags=["cure"]
noise_seeds = keras.random.SeedGenerator(7)


def draw(number):
    return keras.random.uniform((), seed=noise_seeds)


keras_noise = tf.data.Dataset.range(3).map(draw)
keras_epochs = [walk(keras_noise) for _ in range(2)]
print("first epoch: ", keras_epochs[0])
print("second epoch:", keras_epochs[1])

# %% tags=["claims"]
assert tf_epochs[0] == tf_epochs[1], (
    "with a global seed, tf.random in a map draws the same in each epoch"
)
assert len(set(tf_epochs[0])) == 3, (
    "within an epoch each element still gets a number of its own"
)
assert keras_epochs[0] != keras_epochs[1], (
    "a SeedGenerator of Keras goes on from epoch to epoch"
)

# %% [markdown]
# ## `network(image)` gives another answer each time
#
# There are random layers in the network. With `predict` its answers stay the same.

# %% tags=["symptom"] also="augmentation active at inference; predict and call disagree; model(x) not deterministic; RandomRotation at test time; grad-cam changes with every run"
stripe = np.zeros((1, 8, 8, 1), "float32")
stripe[:, :, 3] = 1
network = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.RandomRotation(0.25),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    ]
)
call_answers = [float(network(stripe)[0, 0]) for _ in range(3)]
predict_answers = [
    network.predict(stripe, verbose=0).item() for _ in range(3)
]
print("network(stripe):", np.round(call_answers, 2))
print("predict:        ", np.round(predict_answers, 2))

# %% [markdown]
# **Why.** `fit`, `evaluate` and `predict` say whether this is training, and a plain call does not. `Dropout` then
# rests, but the layers that augment pictures take the call for training; so they do in a `map` over validation
# pictures. [In the model, or in the dataset?](../3_convnets/14_augmentation.py) shows both;
# [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/) lists these layers.

# %% tags=["cure"]
said_so = [float(network(stripe, training=False)[0, 0]) for _ in range(3)]
print("training=False: ", np.round(said_so, 2))

# %% tags=["claims"]
assert len(set(call_answers)) == 3, "a plain call of a network augments"
assert len(set(predict_answers)) == 1, "predict does not augment"
assert np.allclose(said_so, predict_answers), (
    "a call with training=False is predict's answer"
)

# %% [markdown]
# ## Monte Carlo dropout: `predict` gives no spread
#
# `Dropout` was called with `training=True` where the network was built.

# %% tags=["symptom"] also="MC dropout has zero variance; dropout at inference does nothing; uncertainty always zero; training=True ignored in functional model"
values = keras.Input((16,))
always_on = keras.layers.Dropout(0.5)(values, training=True)
sampler = keras.Model(values, keras.ops.sum(always_on, axis=-1))
ones = np.ones((1, 16), "float32")
baked_in = [sampler.predict(ones, verbose=0).item() for _ in range(4)]
print("predict:", baked_in)

# %% [markdown]
# **Why.** Keras passes the `training` of the outermost call down to every layer, and that of `predict` is False:
# it overrides what was said when the network was built. Say it in the call instead, or make a layer that does
# not ask. [How sure is the network?](../2_networks/09_how_sure.py) is about such answers;
# [`Dropout`](https://keras.io/api/layers/regularization_layers/dropout/) documents the argument.


# %% tags=["cure"]
class AlwaysDropout(keras.layers.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


dropped_out = AlwaysDropout(0.5)(values)
sampler_layer = keras.Model(values, keras.ops.sum(dropped_out, axis=-1))
own_layer = [
    sampler_layer.predict(ones, verbose=0).item() for _ in range(4)
]
in_the_call = [float(sampler(ones, training=True)[0]) for _ in range(4)]
print("a layer of its own:", own_layer)
print("training=True:     ", in_the_call)

# %% tags=["claims"]
assert baked_in == [16] * 4, (
    "predict turns off a Dropout that was built with training=True"
)
assert len(set(own_layer)) > 1, (
    "a layer that passes training=True itself stays on"
)
assert len(set(in_the_call)) > 1, (
    "a call with training=True drops values, too"
)

# %% [markdown]
# ## Two layers have the same weights

# %% tags=["symptom"] also="initializer instance reused; identical initial weights; layers learn the same thing; initializer is unseeded and being called multiple times; units do not differ"
he_normal = keras.initializers.HeNormal()
point = keras.Input((4,))
left_layer = keras.layers.Dense(3, kernel_initializer=he_normal)
right_layer = keras.layers.Dense(3, kernel_initializer=he_normal)
twins = keras.Model(
    point, keras.ops.add(left_layer(point), right_layer(point))
)
twins.compile(optimizer="adam", loss="mse")
points = np.random.default_rng(7).normal(size=(32, 4))
twins.fit(points, points[:, :3], epochs=5, verbose=0)
kernels = [layer.kernel.numpy() for layer in (left_layer, right_layer)]
twin_distance = np.abs(kernels[0] - kernels[1]).max()
print("largest difference after five epochs:", twin_distance)

# %% [markdown]
# **Why.** An initializer draws its seed when it is made, with or without a `seed` of yours, and gives the
# same numbers for the same shape in every call. Where both layers also get the same gradient, they stay
# twins. Give each layer an initializer of its own, or the name as text, from which Keras makes one per layer.
# [Training by hand](../1_foundations/04_training_by_hand.py) begins with random weights;
# [keras.io](https://keras.io/api/layers/initializers/) lists the initializers.

# %% tags=["cure"]
left_layer = keras.layers.Dense(3, kernel_initializer="he_normal")
right_layer = keras.layers.Dense(3, kernel_initializer="he_normal")
for layer in (left_layer, right_layer):
    layer.build((None, 4))
kernels = [layer.kernel.numpy() for layer in (left_layer, right_layer)]
named_distance = np.abs(kernels[0] - kernels[1]).max()
print(f"largest difference by name: {named_distance:.2f}")

# %% tags=["claims"]
assert twin_distance == 0, (
    "two layers that share an initializer begin alike, and may stay alike in training"
)
assert named_distance > 0.1, (
    "an initializer given by name is made for each layer"
)

# %% [markdown]
# ## My noise layer adds the same noise each time


# %% tags=["symptom"] also="keras.random.normal returns same values; seed argument repeats; random layer is constant; keras.random with integer seed"
class FixedNoise(keras.layers.Layer):
    def call(self, inputs):
        shape = keras.ops.shape(inputs)
        return inputs + keras.random.normal(shape, seed=7)


zeros = np.zeros((1, 3), "float32")
fixed_noise = FixedNoise()
fixed_calls = [fixed_noise(zeros).numpy().round(2) for _ in range(2)]
print(fixed_calls[0], fixed_calls[1])

# %% [markdown]
# **Why.** The functions of `keras.random` have no state: the same integer gives the same numbers, in each step of
# the training. (In `tf.random`, the same integer in the next call gives the next numbers.) A `SeedGenerator` has
# the state, and one that is an attribute of the layer is saved with it.
# [Regularisation](../2_networks/10_regularisation.py) trains with noise;
# [keras.io](https://keras.io/api/random/seed_generator/) explains the generator.


# %% tags=["cure"]
class Noise(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, inputs):
        shape = keras.ops.shape(inputs)
        return inputs + keras.random.normal(shape, seed=self.seeds)


noise = Noise()
noise_calls = [noise(zeros).numpy().round(2) for _ in range(2)]
print(noise_calls[0], noise_calls[1])

# %% tags=["claims"]
assert np.array_equal(*fixed_calls), (
    "an integer seed gives the same noise in every call"
)
assert not np.array_equal(*noise_calls), (
    "a SeedGenerator gives new noise in every call"
)

# %% [markdown]
# ## `RandomBrightness` makes pictures black or far too bright
#
# The pictures go from 0 to 1.

# %% tags=["symptom"] also="RandomBrightness images all white; RandomBrightness black images; augmentation destroys normalized images; value_range; loss explodes with augmentation"
grey = np.full((6, 4, 4, 3), 0.5, "float32")
byte_range = keras.layers.RandomBrightness(0.2, seed=7)
byte_levels = byte_range(grey, training=True).numpy().mean(axis=(1, 2, 3))
print(byte_levels.round(2))

# %% [markdown]
# **Why.** The layer adds up to a fifth of the *range*, and takes 0 to 255 for granted; below 0 it cuts off. Several
# layers have a `value_range`, with this default. Those that move pixels, such as `RandomFlip` and
# `RandomRotation`, do not need to know. [Augmentation](../3_convnets/14_augmentation.py) looks at pictures before
# it trains on them;
# [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/) has the
# argument.

# %% tags=["cure"]
unit_range = keras.layers.RandomBrightness(0.2, value_range=(0, 1), seed=7)
unit_levels = unit_range(grey, training=True).numpy().mean(axis=(1, 2, 3))
print(unit_levels.round(2))

# %% tags=["claims"]
assert byte_levels.max() > 2, (
    "with the default range, brightness leaves pictures of 0 to 1 far behind"
)
assert abs(unit_levels - 0.5).max() < 0.25, (
    "with value_range=(0, 1) it changes them by a fifth"
)

# %% [markdown]
# ## Grey pictures change places with one another
#
# They have no axis for the channel: a batch has the shape (pictures, height, width).

# %% tags=["symptom"] also="RandomFlip shuffles batch; labels do not match after augmentation; grayscale images without channel dimension; expected image tensor to have rank 3 (single image) or 4 (batch of images)"
numbered_pictures = np.arange(4.0)[:, None, None] * np.ones((4, 5, 5))
flip = keras.layers.RandomFlip("vertical", seed=7)
first_pixels = [
    flip(numbered_pictures, training=True).numpy()[:, 0, 0].tolist()
    for _ in range(4)
]
for order in first_pixels:
    print(order)

# %% [markdown]
# **Why.** Three axes are *one* picture to these layers, and here its height is the number of pictures. A vertical
# flip turns the batch around, and the labels stay where they are. One grey picture without a channel has two
# axes, and is refused. [Fashion-MNIST](../2_networks/05_fashion_mnist.py) has such pictures;
# [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/) says which shapes
# the layer takes.

# %% tags=["cure"]
with_channel = numbered_pictures[..., np.newaxis]
kept_order = [
    flip(with_channel, training=True).numpy()[:, 0, 0, 0].tolist()
    for _ in range(4)
]
print(kept_order[0], "in each of the calls")

# %% tags=["claims"]
assert [3, 2, 1, 0] in first_pixels, (
    "without a channel axis, a vertical flip reverses the order of the pictures"
)
assert kept_order == [[0, 1, 2, 3]] * 4, (
    "with a channel axis, each picture stays in its place"
)

# %% [markdown]
# ## The picture is flipped and its mask is not

# %% tags=["symptom"] also="segmentation mask not aligned after augmentation; same seed for image and mask; bounding boxes wrong after flip; augment image and label together"
ramps = np.tile(np.arange(4.0), (8, 4, 1))[..., np.newaxis]
masks = ramps > 1
sideways = keras.layers.RandomFlip("horizontal", seed=7)
separate_flips = [
    np.asarray(sideways(picture, training=True))
    for picture in (ramps, masks)
]
apart_match = np.mean(
    ((separate_flips[0] > 1) == (separate_flips[1] > 0.5)).all(
        axis=(1, 2, 3)
    )
)
print(f"masks that fit their pictures: {apart_match:.0%}")

# %% [markdown]
# **Why.** Each call throws its own dice; the `seed` makes the sequence repeat from run to run, not from one call to
# the next. Give the layer both, by the names that it knows: `images`, `segmentation_masks`, `bounding_boxes` and
# `labels`. [Augmentation](../3_convnets/14_augmentation.py) shows what a flip does to a label;
# [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/) lists the layers.

# %% tags=["cure"]
together = sideways(
    {"images": ramps, "segmentation_masks": masks.astype("float32")},
    training=True,
)
flipped_ramps = np.asarray(together["images"])
flipped_masks = np.asarray(together["segmentation_masks"])
fits = (flipped_ramps > 1) == (flipped_masks > 0.5)
together_match = np.mean(fits.all(axis=(1, 2, 3)))
print(f"masks that fit their pictures: {together_match:.0%}")

# %% tags=["claims"]
assert apart_match < 1, "two calls of a layer flip different pictures"
assert together_match == 1, (
    "in one call of the layer, picture and mask are flipped together"
)
assert (flipped_ramps != ramps).any(), "some of these pictures were flipped"

# %% [markdown]
# ## `tf.random.set_seed` does not repeat the network


# %% tags=["symptom"] also="results not reproducible with tf seed; different weights each run; np.random.seed and tf.random.set_seed not enough; default_rng not seeded"
def first_weight():
    layer = keras.layers.Dense(1)
    layer.build((None, 1))
    return float(layer.kernel[0, 0])


tf_seeded = []
for _ in range(2):
    np.random.seed(7)
    tf.random.set_seed(7)
    tf_seeded.append(first_weight())
print("first weights:", np.round(tf_seeded, 3))

# %% [markdown]
# **Why.** Where Keras has no seed from you, it draws one from Python's `random`. `keras.utils.set_random_seed` sets
# that, NumPy's old global state (which scikit-learn uses) and TensorFlow's. It does not reach
# `np.random.default_rng()`, which has a state of its own: that takes the seed itself.
# [Experiments](../2_networks/11_experiments.py) compares seeds;
# [keras.io](https://keras.io/api/utils/python_utils/) has the function.

# %% tags=["cure"]
keras_seeded, generator_draws, seeded_draws = [], [], []
for _ in range(2):
    keras.utils.set_random_seed(7)
    keras_seeded.append(first_weight())
    generator_draws.append(np.random.default_rng().random())
    seeded_draws.append(np.random.default_rng(7).random())
print("first weights:", np.round(keras_seeded, 3))
print("default_rng() repeats:", len(set(generator_draws)) == 1)
print("default_rng(7) repeats:", len(set(seeded_draws)) == 1)

# %% tags=["claims"]
assert tf_seeded[0] != tf_seeded[1], (
    "the seeds of NumPy and TensorFlow do not repeat Keras's weights"
)
assert keras_seeded[0] == keras_seeded[1], (
    "keras.utils.set_random_seed repeats Keras's weights"
)
assert generator_draws[0] != generator_draws[1], (
    "set_random_seed does not reach NumPy's default_rng()"
)
assert seeded_draws[0] == seeded_draws[1], (
    "default_rng(7) repeats its numbers"
)

# %% [markdown]
# ## A seed, and still other pictures in each run
#
# The layer and everything else have seeds. The `map` runs in parallel.

# %% tags=["symptom"] also="num_parallel_calls not reproducible; AUTOTUNE nondeterministic; augmentation differs between runs in spite of seed; seeded RandomRotation differs"
ramp_set = tf.data.Dataset.from_tensor_slices(np.tile(ramps, (32, 1, 1, 1)))
threads = tf.data.Options()
threads.threading.private_threadpool_size = 8


def augmented_pictures(parallel_calls):
    keras.utils.set_random_seed(7)
    turn = keras.layers.RandomRotation(0.5, seed=7)
    turned_set = ramp_set.map(turn, num_parallel_calls=parallel_calls)
    return np.stack(
        list(turned_set.with_options(threads).as_numpy_iterator())
    )


parallel_runs = [augmented_pictures(8) for _ in range(4)]
same_parallel = all(
    np.array_equal(parallel_runs[0], later_run)
    for later_run in parallel_runs[1:]
)
print("four runs in parallel give the same pictures:", same_parallel)

# %% [markdown]
# **Why.** The calls share one state, the layer's, and take their numbers from it in the order in which they
# happen to get there. The pictures come out in their order, but with the rotations of others. Leave out
# `num_parallel_calls`, or draw with `tf.random.stateless_uniform` from a seed that belongs to the picture.
# [Make it fast](../4_beyond/19_make_it_fast.py) says what a parallel `map` is worth;
# [`Dataset.map`](https://www.tensorflow.org/api_docs/python/tf/data/Dataset#map) has the arguments.

# %% tags=["cure"]
serial_runs = [augmented_pictures(None) for _ in range(4)]
same_serial = all(
    np.array_equal(serial_runs[0], later_run)
    for later_run in serial_runs[1:]
)
print("four runs, one call at a time, give the same:", same_serial)

# %% tags=["claims"]
assert not same_parallel, (
    "in a parallel map, a layer with a seed gives other pictures in the next run"
)
assert same_serial, "one call at a time, the layer repeats its pictures"

# %% [markdown]
# ## Cannot compute Mul as input #1 was expected to be a float tensor
#
# Here it comes from `MixUp`; `CutMix` says the same.

# %% tags=["symptom", "raises-exception"] also="MixUp labels int64; CutMix integer labels error; cannot compute Mul as input #1(zero-based) was expected to be a float tensor but is a int64 tensor"
photographs = np.random.default_rng(7).random((4, 4, 4, 3), np.float32)
classes = np.array([0, 1, 2, 1])
mix_up = keras.layers.MixUp(seed=7)
mix_up({"images": photographs, "labels": classes}, training=True)

# %% [markdown]
# **Why.** Mixing two pictures mixes their labels, and half a shirt is no class number: the layer multiplies
# labels by fractions. It needs them as one probability per class, and the loss must then be
# `CategoricalCrossentropy`, not the sparse one. [Labels with ten numbers](../2_networks/10_regularisation.py)
# introduces them; [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/mix_up/)
# documents the layer.

# %% tags=["cure"]
mix_message = str(sys.last_value)
one_hot = keras.utils.to_categorical(classes, 3).astype("float32")
mixture = mix_up({"images": photographs, "labels": one_hot}, training=True)
mixed_labels = np.asarray(mixture["labels"])
print(mixed_labels.round(2))

# %% tags=["claims"]
assert (
    "expected to be a float tensor but is a int64 tensor" in mix_message
), "MixUp refuses class numbers"
assert np.allclose(mixed_labels.sum(axis=1), 1, atol=1e-5), (
    "MixUp mixes probabilities, which still add up to 1"
)

# %% [markdown]
# ## The `factor` argument should be in the range [-1, 1]

# %% tags=["symptom", "raises-exception"] also="RandomRotation degrees; RandomRotation(15) ValueError; rotation factor unit; factor argument should be a number (or a list of two numbers)"
keras.layers.RandomRotation(15)

# %% [markdown]
# **Why.** You meant degrees. The factor is a fraction of a full turn, in both directions, and so a `RandomRotation`
# that somebody wrote with 0.5 for half a degree, or for half a radian, turns pictures upside down without a word.
# [Augmentation](../3_convnets/14_augmentation.py) draws a stripe to see what a factor does;
# [keras.io](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/) gives the unit.

# %% tags=["cure"]
factor_message = str(sys.last_value)
quarter = (90 / 360, 90 / 360)  # always 90 degrees
turned_stripe = keras.layers.RandomRotation(quarter)(stripe, training=True)
row_sums = np.asarray(turned_stripe)[0, ..., 0].sum(axis=1).round(1)
print("the column is a row:", row_sums)

# %% tags=["claims"]
assert "in the range [-1, 1]" in factor_message, (
    "RandomRotation does not take degrees"
)
assert row_sums.max() == 8, (
    "a rotation by 90 / 360 turns a column into a row"
)
