"""Sixty programs that go wrong as the entries of the atlas do, each with shapes, names and numbers of its own.

`pasted.py` runs them, each alone, and looks up in the built site what they said. A program
names its entry as `tutorial_engine.versions.name_of` does. None of them is the program of the entry itself.
"""

# Stands before each program.
BEFORE = """\
import keras
import numpy as np
import tensorflow as tf
from keras import layers
"""
PROGRAMS = [
    (
        "shapes#matrix-size-incompatible",
        """
class Affine:
    def __init__(self, width):
        self.kernel = tf.Variable(tf.random.normal((width, 32)))

    def __call__(self, batch):
        return tf.nn.relu(tf.matmul(batch, self.kernel))

hidden = Affine(20)(tf.ones((16, 30)))
""",
    ),
    (
        "shapes#matrix-size-incompatible",
        """
def attention(query, key, value):
    weights = tf.nn.softmax(tf.linalg.matmul(query, key) / 8.0)
    return tf.linalg.matmul(weights, value)

query = key = value = tf.random.normal((2, 10, 64))
attention(query, key, value)
""",
    ),
    (
        "shapes#unknown-rank-and-only-at-the-second-fit-or-predict",
        """
model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])
test_images = np.random.rand(12, 8, 8)
first = model.predict(test_images, verbose=0)
second = model.predict(test_images[..., np.newaxis], verbose=0)
""",
    ),
    (
        "shapes#unknown-rank-and-only-at-the-second-fit-or-predict",
        """
def train(model, features, targets):
    return model.fit(features, targets, epochs=1, batch_size=5, verbose=0)

features = np.random.rand(20, 6)
regressor = keras.Sequential([keras.Input((6,)), layers.Dense(4, "relu"), layers.Dense(1)])
regressor.compile("adam", loss="mae")
for targets in (features[:, :1], features[:, 0]):
    train(regressor, features, targets)
""",
    ),
    (
        "shapes#expected-min_ndim4-found-ndim3",
        """
model = keras.Sequential()
model.add(keras.Input(shape=(40,)))
model.add(layers.LSTM(12))
model.add(layers.Dense(1))
""",
    ),
    (
        "shapes#argument-output-must-have-rank-ndim-targetndim-1",
        """
x_train = np.random.rand(30, 5)
y_train = keras.utils.to_categorical(np.random.randint(0, 4, 30))
digits = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(4, "softmax")])
digits.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
digits.fit(x_train, y_train, batch_size=10, validation_split=0.2, verbose=0)
""",
    ),
    (
        "shapes#computed-output-size-would-be-zero-or-negative",
        """
def pyramid(depth):
    signal = output = keras.Input((20, 2))
    for level in range(depth):
        output = layers.Conv1D(2 ** level, 3, name=f"level_{level}")(output)
        output = layers.AveragePooling1D(3)(output)
    return keras.Model(signal, output)

pyramid(4)
""",
    ),
    (
        "shapes#data-cardinality-is-ambiguous",
        """
pictures, ages = np.zeros((50, 6, 6)), np.zeros((50, 1))
left, right = keras.Input((6, 6)), keras.Input((1,))
joined = layers.Concatenate()([layers.Flatten()(left), right])
two_towers = keras.Model([left, right], layers.Dense(1)(joined))
two_towers.compile("sgd", loss="mse")
two_towers.fit([pictures, ages], np.zeros(48), epochs=2, verbose=0)
""",
    ),
    (
        "shapes#unrecognized-data-type-x10-20-30",
        """
temperatures = [[12.5, 14.0], [11.0, 9.5], [3.0, 2.0]]
rainfall = [0.0, 1.0, 1.0]
forecast = keras.Sequential([layers.Dense(1, activation="sigmoid")])
forecast.compile(loss="binary_crossentropy")
forecast.fit(temperatures, rainfall, epochs=1, verbose=0)
""",
    ),
    (
        "dtypes#cannot-compute-mul-as-input-1zero-based-was-expected-to-be",
        """
def normalise(batch, mean):
    return tf.convert_to_tensor(batch) - tf.cast(mean, tf.float32)

normalise(np.random.rand(10, 3), [0.1, 0.2, 0.3])
""",
    ),
    (
        "dtypes#cannot-compute-mul-as-input-1zero-based-was-expected-to-be",
        """
votes = tf.constant([3, 5, 2])
weights = tf.constant([0.2, 0.5, 0.3])
weighted = tf.add(weights, votes)
""",
    ),
    (
        "dtypes#invalid-dtype-str",
        """
answers = np.array(["yes", "no", "yes", "maybe"])
survey = keras.Sequential([keras.Input((7,)), layers.Dense(3, "softmax")])
survey.compile("rmsprop", "sparse_categorical_crossentropy")
survey.fit(np.random.rand(4, 7), answers, epochs=3, batch_size=2, verbose=0)
""",
    ),
    (
        "missing_gradients#no-gradients-provided-for-any-variable",
        """
classifier = keras.Sequential([keras.Input((5,)), layers.Dense(3)])
optimizer = keras.optimizers.Adam(1e-3)

def train_step(batch, labels):
    with tf.GradientTape() as tape:
        chosen = tf.argmax(classifier(batch), axis=1)
        loss = tf.reduce_mean(tf.cast(chosen != labels, tf.float32))
    gradients = tape.gradient(loss, classifier.trainable_variables)
    optimizer.apply_gradients(zip(gradients, classifier.trainable_variables))

train_step(np.random.rand(6, 5), np.array([0, 1, 2, 0, 1, 2]))
""",
    ),
    (
        "missing_gradients#numpyfloat32-object-has-no-attribute-_id",
        """
scale = tf.Variable([1.0, 2.0])
with tf.GradientTape() as recording:
    error = (scale**2 - [1.0, 0.0]).numpy()
recording.gradient(error, [scale])
""",
    ),
    (
        "missing_gradients#unsupported-operand-types-for-float-and-nonetype",
        """
def descend(parameters, rate=0.05):
    with tf.GradientTape() as tape:
        height = tf.reduce_sum(tf.stop_gradient(parameters[0]) * 3.0)
    return [p - g * rate for p, g in zip(parameters, tape.gradient(height, parameters))]

descend([tf.Variable(tf.ones(4)), tf.Variable(0.5)])
""",
    ),
    (
        "missing_gradients#gradients-do-not-exist-for-variables",
        """
class TwoHeads(keras.Model):
    def __init__(self):
        super().__init__()
        self.used, self.unused = layers.Dense(2, name="used"), layers.Dense(2, name="unused")

    def call(self, inputs):
        self.unused(inputs)
        return self.used(inputs)

heads = TwoHeads()
heads.compile("adam", loss="mse")
heads.fit(np.random.rand(8, 3), np.random.rand(8, 2), verbose=0)
""",
    ),
    (
        "missing_gradients#unknown-variable-this-optimizer-can-only-be-called-for-the-variables",
        """
def cross_validate(folds, optimizer):
    for train_rows in folds:
        fold_model = keras.Sequential([layers.Dense(6, activation="tanh"), layers.Dense(1)])
        fold_model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
        fold_model.fit(train_rows, train_rows[:, 0], verbose=0)

cross_validate([np.random.rand(9, 2), np.random.rand(8, 2)], keras.optimizers.RMSprop(0.01))
""",
    ),
    (
        "missing_gradients#tffunction-only-supports-singleton-tfvariables",
        """
@tf.function
def moving_average(reading):
    average = tf.Variable(0.0)
    average.assign(0.9 * average + 0.1 * reading)
    return average

moving_average(tf.constant(3.0))
""",
    ),
    (
        "missing_gradients#tffunction-only-supports-singleton-tfvariables",
        """
class Tagger(keras.Model):
    def call(self, tokens):
        vectors = layers.Embedding(50, 8)(tokens)
        return layers.Dense(5)(vectors)

@tf.function
def answer(tokens):
    return tagger(tokens)

tagger = Tagger()
answer(tf.ones((2, 6), tf.int32))
""",
    ),
    (
        "stuck_loss#attributeerror-list-object-has-no-attribute-get",
        """
def weights_of(labels):
    counts = np.bincount(labels)
    return len(labels) / (len(counts) * counts)

rare = np.array([0] * 15 + [1] * 5)
detector = keras.Sequential([layers.Dense(1, activation="sigmoid")])
detector.compile("adam", "binary_crossentropy")
detector.fit(np.random.rand(20, 4), rare, epochs=2, class_weight=weights_of(rare), verbose=0)
""",
    ),
    (
        "stuck_loss#the-loss-falls-and-the-accuracy-does-not-move",
        """
def build(hidden_units, classes=1):
    inputs = keras.Input((8,))
    hidden = layers.Dense(hidden_units, activation="relu")(inputs)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(hidden))

churn = build(16)
churn.compile("adam", "binary_crossentropy", metrics=["accuracy"])
churn.fit(np.random.rand(10, 8), np.random.randint(0, 2, (10, 1)), batch_size=5, verbose=0)
""",
    ),
    (
        "misleading_validation#valueerror-argument-validation_split-is-only-supported-for-tensors",
        """
def batches():
    while True:
        yield np.random.rand(4, 3), np.random.rand(4, 1)

model = keras.Sequential([layers.Dense(1)])
model.compile("adam", "mse")
model.fit(batches(), steps_per_epoch=5, epochs=2, validation_split=0.1, verbose=0)
""",
    ),
    (
        "misleading_validation#valueerror-x-and-y-must-have-same-first-dimension",
        """
import matplotlib.pyplot as plt

history = {"loss": [0.9, 0.5, 0.4, 0.3], "val_loss": [0.8, 0.6]}
epochs = range(1, len(history["loss"]) + 1)
plt.plot(epochs, history["loss"], label="training")
plt.plot(epochs, history["val_loss"], "--", label="validation")
""",
    ),
    (
        "callbacks#early-stopping-conditioned-on-metric-which-is-not-available",
        """
patience = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3)
house = keras.Sequential([layers.Dense(1)])
house.compile("adam", loss="mse", metrics=["mae"])
house.fit(np.random.rand(12, 4), np.random.rand(12, 1), epochs=2, callbacks=[patience], verbose=0)
""",
    ),
    (
        "callbacks#keras-isnt-able-to-determine-if-a-metric-should-be-maximized",
        """
def dice(y_true, y_pred):
    return 2 * keras.ops.sum(y_true * y_pred) / keras.ops.sum(y_true + y_pred)

segmenter = keras.Sequential([layers.Conv2D(1, 3, padding="same", activation="sigmoid")])
segmenter.compile("adam", loss="binary_crossentropy", metrics=[dice])
images, masks = np.random.rand(8, 6, 6, 1), np.ones((8, 6, 6, 1))
stop = keras.callbacks.EarlyStopping(monitor="val_iou_score", patience=5)
segmenter.fit(images, masks, validation_split=0.25, callbacks=[stop], epochs=2, verbose=0)
""",
    ),
    (
        "callbacks#can-save-best-model-only-with-val_loss-available",
        """
keep = keras.callbacks.ModelCheckpoint(
    "best.weights.h5", "val_accuracy", mode="max", save_best_only=True, save_weights_only=True
)
model = keras.Sequential([layers.Dense(2, "softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
model.fit(np.random.rand(10, 3), np.zeros(10), validation_split=0.3, callbacks=[keep], verbose=0)
""",
    ),
    (
        "callbacks#typeerror-nonetype-object-is-not-callable-in-modelcheckpoint",
        """
def checkpointed(every):
    return keras.callbacks.ModelCheckpoint(
        "best.keras", monitor="loss", save_best_only=True, save_freq=every
    )

model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
model.compile("adam", "mae")
model.fit(np.ones((40, 4)), np.ones(40), batch_size=4, epochs=3, verbose=0, callbacks=[checkpointed(5)])
""",
    ),
    (
        "callbacks#keyerror-val_auc-in-the-second-run",
        """
scores = {}
for seed in (1, 2):
    model = keras.Sequential([layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[keras.metrics.Precision()])
    labels = np.array([0, 1] * 5)
    run = model.fit(np.random.rand(10, 2), labels, validation_split=0.4, verbose=0)
    scores[seed] = max(run.history["val_precision"])
""",
    ),
    (
        "callbacks#typeerror-this-optimizer-was-created-with-a-learningrateschedule",
        """
decay = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=1000)
model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
model.compile(keras.optimizers.SGD(decay, momentum=0.9), loss="mse")
model.optimizer.learning_rate = 0.001
""",
    ),
    (
        "pipelines#shuffletrue-was-passed-but-will-be-ignored",
        """
def make_dataset(count):
    images, labels = np.random.rand(count, 4, 4), np.random.rand(count)
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(5).prefetch(1)

model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(make_dataset(20), epochs=1, validation_data=make_dataset(10), shuffle=True, verbose=0)
""",
    ),
    (
        "pipelines#your-input-ran-out-of-data-interrupting-training",
        """
stream = tf.data.Dataset.from_tensor_slices((np.ones((24, 2)), np.ones(24))).batch(4)
model = keras.Sequential([layers.Dense(1)])
model.compile("adam", "mse")
model.fit(stream, steps_per_epoch=10, epochs=2, shuffle=False, verbose=0)
""",
    ),
    (
        "pipelines#a-generator-gives-two-batches-per-epoch-from-the-second-epoch-on",
        """
def read_chunks(folder, count=5):
    for number in range(count):
        yield np.full((3, 2), number, "float32"), np.zeros(3, "float32")

model = keras.Sequential([layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(read_chunks("data"), epochs=4, verbose=0)
""",
    ),
    (
        "pipelines#expected-shape-none-4-but-input-has-incompatible-shape-4",
        """
spectra = tf.data.Dataset.from_tensor_slices((np.random.rand(15, 30), np.random.rand(15)))
train, test = spectra.take(10), spectra.skip(10)
network = keras.Sequential([keras.Input((30,)), layers.Dense(16, "relu"), layers.Dense(1)])
network.compile("adam", loss="mse", metrics=["mae"])
network.fit(train, epochs=2, shuffle=False, validation_data=test.batch(5), verbose=0)
""",
    ),
    (
        "pipelines#cannot-batch-tensors-with-different-shapes",
        """
def read(number):
    return tf.zeros([20 + number, 24, 3]), number

for images, labels in tf.data.Dataset.from_tensor_slices([0, 4, 2]).map(read).batch(2):
    print(images.shape)
""",
    ),
    (
        "pipelines#cannot-take-the-length-of-shape-with-unknown-rank",
        """
def load_scan(number):
    return np.full((6, 6, 1), number, "float32"), np.float32(number > 1)

numbers = tf.data.Dataset.range(4)
scans = numbers.map(lambda n: tf.numpy_function(load_scan, [n], [tf.float32, tf.float32]))
model = keras.Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)])
model.compile("adam", "binary_crossentropy")
model.fit(scans.batch(2), epochs=1, shuffle=False, verbose=0)
""",
    ),
    (
        "randomness#cannot-compute-mul-as-input-1-was-expected-to-be-a-float-tensor",
        """
images = tf.random.uniform((6, 8, 8, 3))
labels = tf.constant([0, 1, 2, 3, 0, 1])
blend = keras.layers.MixUp(alpha=0.4)
train = tf.data.Dataset.from_tensor_slices({"images": images, "labels": labels}).batch(3)
for batch in train:
    blend(batch, training=True)
""",
    ),
    (
        "randomness#the-factor-argument-should-be-in-the-range-1-1",
        """
augment = keras.Sequential(
    [layers.RandomFlip("horizontal"), layers.RandomRotation(30, fill_mode="nearest")]
)
""",
    ),
    (
        "saving#could-not-locate-class",
        """
class Swish(layers.Layer):
    def call(self, inputs):
        return inputs * keras.ops.sigmoid(inputs)

trained = keras.Sequential([keras.Input((3,)), layers.Dense(4), Swish()])
trained.save("trained.keras")
restored = keras.models.load_model("trained.keras")
""",
    ),
    (
        "saving#requested-the-deserialization-of-a-lambda-layer",
        """
start = keras.Input((10,), name="samples")
unit = layers.Lambda(lambda v: v / keras.ops.norm(v, axis=-1, keepdims=True), name="unit_length")(start)
keras.Model(start, unit).save("embedder.keras")
keras.saving.load_model("embedder.keras")
""",
    ),
    (
        "saving#could-not-deserialize-kerasmetricsmse-from-an-h5-file",
        """
price_model = keras.Sequential([keras.Input((6,)), layers.Dense(3, "relu"), layers.Dense(1)])
price_model.compile(keras.optimizers.Adam(1e-3), loss="mae")
price_model.save("price_model.h5")
reloaded = keras.models.load_model("price_model.h5")
""",
    ),
    (
        "saving#invalid-filepath-extension-for-saving",
        """
def finish(model, folder):
    model.save(folder + "/final_model")

finish(keras.Sequential([keras.Input((2,)), layers.Dense(1)]), "results")
""",
    ),
    (
        "saving#file-format-not-supported",
        """
keras.Sequential([keras.Input((2,)), layers.Dense(1)]).export("serving", verbose=False)
served = keras.models.load_model("serving")
""",
    ),
    (
        "saving#file-not-found-ensure-the-file-is-an-accessible-keras-zip-file",
        """
best = keras.models.load_model("checkpoints/epoch_07.keras")
""",
    ),
    (
        "saving#skipping-variable-loading-for-optimizer",
        """
def build():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile(keras.optimizers.RMSprop(1e-3), loss="mse")
    return model

yesterday = build()
yesterday.fit(np.ones((6, 3)), np.ones((6, 2)), verbose=0)
yesterday.save_weights("yesterday.weights.h5")
today = build()
today.load_weights("yesterday.weights.h5")
""",
    ),
    (
        "scores#classification-metrics-cant-handle-a-mix-of-multiclass-and",
        """
from sklearn.metrics import confusion_matrix

spam = np.array([0, 1, 1, 0, 1])
predicted = np.array([0.2, 0.9, 0.6, 0.4, 0.7])
print(confusion_matrix(spam, predicted))
""",
    ),
    (
        "scores#fbetascore-expects-2d-inputs",
        """
model = keras.Sequential([layers.Dense(4, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=[keras.metrics.FBetaScore(beta=2.0)])
model.fit(np.random.rand(12, 3), np.random.randint(0, 4, 12), verbose=0)
""",
    ),
    (
        "scores#number-of-classes-in-y_true-not-equal-to-the-number-of-columns",
        """
from sklearn.metrics import roc_auc_score

y_test = np.array([0, 1, 3, 1, 0, 3])
predicted = np.full((6, 5), 0.2)
print(roc_auc_score(y_test, predicted, average="macro", multi_class="ovo"))
""",
    ),
    (
        "speed#5-out-of-the-last-5-calls-triggered-tffunction-retracing",
        """
@tf.function
def simulate(steps, temperature):
    return tf.reduce_sum(tf.random.normal([steps])) * temperature

for steps in range(1, 9):
    simulate(steps, 0.5)
""",
    ),
    (
        "speed#symbolictensor-object-has-no-attribute-numpy",
        """
def clinical_score(y_true, y_pred):
    return np.mean(y_true.numpy() == y_pred.numpy())

model = keras.Sequential([layers.Dense(1)])
model.compile("adam", "mse", metrics=[clinical_score])
model.fit(np.ones((8, 2)), np.ones(8), verbose=0)
""",
    ),
    (
        "speed#symbolictensor-object-has-no-attribute-numpy",
        """
def brighten(path, image):
    print(path.numpy().decode())
    return image.numpy() * 1.2

files = tf.data.Dataset.from_tensor_slices((["a.png", "b.png"], np.ones((2, 4, 4, 3))))
files = files.map(brighten)
""",
    ),
    (
        "speed#unable-to-allocate-for-an-array-with-shape",
        """
def one_hot_corpus(tokens, vocabulary):
    return np.zeros((len(tokens), 512, vocabulary), dtype="float64")

one_hot_corpus(np.arange(4_000_000), 50_000)
""",
    ),
    (
        "workers#virtual-devices-cannot-be-modified-after-being-initialized",
        """
first = tf.config.list_physical_devices("CPU")[0]
tf.zeros(1)
parts = [tf.config.LogicalDeviceConfiguration() for _ in range(4)]
tf.config.experimental.set_virtual_device_configuration(first, parts)
""",
    ),
    (
        "workers#assertionerror-and-nothing-behind-it-when-fit-begins",
        """
two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
model = keras.Sequential([keras.Input((3,)), layers.Dense(8, "relu"), layers.Dense(1)])
with two.scope():
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mae")
model.fit(np.random.rand(20, 3), np.random.rand(20, 1), epochs=2, batch_size=10, verbose=0)
""",
    ),
    (
        "workers#inputs-to-operation-addn-must-have-the-same-size-and-shape",
        """
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(2), layers.Dense(1)])
    model.compile("adam", loss="mse")
model.fit(np.random.rand(30, 5), np.random.rand(30, 1), batch_size=9, epochs=1, verbose=0)
""",
    ),
    (
        "workers#mixing-different-tfdistributestrategy-objects",
        """
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
rmsprop = keras.optimizers.RMSprop(0.01)
with strategy.scope():
    kernel = tf.Variable(tf.ones((3, 1)))

@tf.function
def distributed_step(batch):
    def replica_step(rows):
        rmsprop.apply_gradients([(tf.reduce_sum(rows) * tf.ones((3, 1)), kernel)])

    strategy.run(replica_step, args=(batch,))

distributed_step(tf.ones((4, 3)))
""",
    ),
    (
        "workers#perreplica-object-has-no-attribute-numpy",
        """
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
data = tf.data.Dataset.from_tensor_slices(np.random.rand(8, 2)).batch(8)
for batch in strategy.experimental_distribute_dataset(data):
    sums = strategy.run(lambda rows: tf.reduce_sum(rows, axis=1), args=(batch,))
    print("mean of this batch:", sums.numpy().mean())
""",
    ),
    (
        "notebooks#clipping-input-data-to-the-valid-range-for-imshow",
        """
import matplotlib.pyplot as plt

def show(images):
    figure, grid = plt.subplots(1, len(images))
    for axes, image in zip(grid, images):
        axes.imshow(image)
        axes.axis("off")
    plt.close(figure)

show(np.random.randint(0, 256, (2, 5, 5, 3)).astype("float32"))
""",
    ),
    (
        "notebooks#more-than-20-figures-have-been-opened",
        """
import matplotlib.pyplot as plt

for epoch in range(25):
    fig, ax = plt.subplots(figsize=(1, 1))
    ax.plot([epoch, epoch + 1])
    fig.savefig("loss.png")
plt.close("all")
""",
    ),
    (
        "notebooks#list-object-has-no-attribute-dense",
        """
from keras import losses

for run in range(2):
    criterion = losses.MeanSquaredError()
    losses = []
    for step in range(3):
        losses.append(float(criterion(tf.ones(2), tf.zeros(2))))
""",
    ),
    (
        "notebooks#partially-initialized-module-has-no-attribute",
        """
import sys
from pathlib import Path

sys.path.insert(0, "")
Path("seaborn.py").write_text("import seaborn\\n\\nseaborn.set_theme()\\n")
import seaborn
""",
    ),
]
