# ---
# title: Your own photographs
# summary: From a folder of image files to a saved network that names a new photograph, and the files that mislead it without an error.
# needs: [first-network]
# helps: [convolution, augmentation]
# teaches: [aspect ratio, EXIF, interpolation]
# data: [cifar10]
# artifacts: []
# seed: 7
# ---

# %% [markdown]
# You have a folder of photographs, one folder per class inside it, and want a network that names the
# next photograph. Here is all of it, in one program. Its first loop writes 750 small photographs
# as files, because this page has none of yours. With your own, go from the imports straight to
# `set_random_seed`, put the name of your folder for `"pics"` and of a photograph outside it for
# `"new.png"`, and give the last layer one unit per class instead of 3.

# %% tags=["measured", "program"]
from pathlib import Path

import keras
from keras import layers

(images, labels), _ = keras.datasets.cifar10.load_data()
for class_name, label in {"car": 1, "frog": 6, "ship": 8}.items():
    Path("pics", class_name).mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(images[labels[:, 0] == label][:250]):
        path = f"pics/{class_name}/{number}.png"
        keras.utils.save_img(path, pixels, scale=False)
Path("pics/ship/0.png").rename("new.png")

keras.utils.set_random_seed(7)
train, validation = keras.utils.image_dataset_from_directory(
    "pics", image_size=(32, 32), validation_split=0.2, subset="both", seed=7
)
stack = [layers.Resizing(32, 32), layers.Rescaling(1 / 127.5, offset=-1)]
stack += [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D()]
stack += [layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D()]
stack += [layers.Flatten(), layers.Dropout(0.5), layers.Dense(3, "softmax")]
network = keras.Sequential([keras.Input((None, None, 3)), *stack])
network.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
network.fit(train, validation_data=validation, epochs=15, shuffle=False)
photograph = keras.utils.img_to_array(keras.utils.load_img("new.png"))
probabilities = network.predict(photograph[None])[0]
print(train.class_names[probabilities.argmax()], probabilities.max())

# %% [markdown]
# The last line is the answer about a file that no epoch has seen, the photograph of a ship:
# *`{python} train.class_names[probabilities.argmax()]`*. `val_acc` says how often the network is right on
# the held-out fifth. The rest of this page is about what those lines take for granted: which files
# arrive, how they are read, what the labels mean, and how the network answers next week, saved and
# loaded by another program.
#
# Three things in the network are there for that other program. It takes photographs of any size
# (`None, None`) and does the resizing itself; it takes bytes, from 0 to 255, and scales them itself; and
# it returns probabilities (`softmax`). Whoever uses it has nothing to prepare. (`Conv2D` and
# `MaxPooling2D`, layers for pictures, are the subject of [Convolution](convolution.md), and `Dropout`, which
# makes it harder to learn 600 photographs by heart, is that of
# [Regularisation](../networks/regularisation.md).)
#
# Two arguments are there because of what happens without them. `shuffle=False` leaves the shuffling to
# the dataset, which does it already; `fit` warns otherwise, in this version of Keras. And `scale=False`
# writes the bytes as they are: by default `save_img` stretches every photograph from black to white.
#
# ## What the folder decides
#
# A class is a folder, and its label is the folder's place in the order of the names, the order of
# Python's `sorted`: capitals before small letters, and *10* before *2*. No label stands in any file.

# %%
from keras.utils import image_dataset_from_directory, img_to_array, load_img

from snippets import plot_images, tables

photo_batch, label_batch = next(iter(train))
print(train.class_names, photo_batch.shape, photo_batch.dtype)
titles = [train.class_names[label] for label in label_batch[:10]]
photographs = photo_batch[:10].numpy() / 255
plot_images.image_grid(photographs, titles, subject="photographs")

# %% [markdown]
# Pixels arrive as floats from 0 to 255, three channels in the order red, green, blue. Look at a batch
# like this one before every first training: it shows at a glance what a day of debugging may not.
#
# `subset="both"` gives both parts at once. Many programs call the function twice, once per part, and
# then it is the seed that keeps the parts apart. Here are four ways to ask for the validation part. Which
# of its files are also among the training files? Which classes does it hold? And does it come in the same
# order, pass after pass?


# %%
from collections import Counter

import numpy as np


def held_out_part(**options):
    options |= {"validation_split": 0.2, "subset": "validation"}
    options["image_size"] = (32, 32)
    return image_dataset_from_directory("pics", **options)


def class_counts(paths):
    return dict(Counter(Path(path).parent.name for path in sorted(paths)))


def labels_of_pass(dataset):
    return np.concatenate([batch_labels for _, batch_labels in dataset])


# %%
validation_parts = {
    'subset="both", seed=7': validation,
    "seed=7": held_out_part(seed=7),
    "seed=8": held_out_part(seed=8),
    "shuffle=False": held_out_part(shuffle=False),
}
row_of_part = {}
for name, part in validation_parts.items():
    labels_of_passes = labels_of_pass(part), labels_of_pass(part)
    row_of_part[name] = {
        "validation part": name,
        "also trained on": len({*train.file_paths} & {*part.file_paths}),
        "files per class": class_counts(part.file_paths),
        "same order": np.array_equal(*labels_of_passes),
    }
tables.table(list(row_of_part.values()))

# %% [markdown]
# With another seed, most of the validation files are training files as well, and nothing says so: the
# accuracy that you watch is then mostly of photographs learned by heart. With `shuffle=False`, the last
# fifth of the files in the order of their names is held out, and that is one class alone. (Most of these
# are among the training files as well, because those were chosen in another way.)
#
# The last column is one more trap. `subset="both"` gives a validation part in the order of its
# `file_paths`. Asked for alone, it is shuffled anew in every pass, so predictions from one pass do not
# belong to the labels from another, nor to `file_paths`.
#
# ## A folder as it comes
#
# Real folders hold other things. Six such files are made from three of the photographs: a grey one; one cut
# off before its end, as by a full disk; a huge one, with the grain of a dark evening; one that a telephone
# took on its side; a WebP; and a bitmap with a colour table.

# %%
from PIL import Image

names = train.class_names
car, frog, ship = (Image.open(f"pics/{name}/1.png") for name in names)
for name in names:
    Path("odd", name).mkdir(parents=True, exist_ok=True)
frog.convert("L").save("odd/frog/grey.jpg")
frog.save("odd/frog/cut-off.jpg")
complete_bytes = Path("odd/frog/cut-off.jpg").read_bytes()
Path("odd/frog/cut-off.jpg").write_bytes(complete_bytes[:-300])
ship.save("odd/ship/from-the-web.webp")
car.quantize(64).save("odd/car/colour-table.bmp")

# %%
orientation = Image.Exif()
orientation[0x0112] = 6  # "turn me clockwise by a quarter"
sensor_photo = Image.fromarray(np.rot90(np.asarray(car)))  # on its side
sensor_photo.save("odd/car/sideways.jpg", exif=orientation)

smooth = np.asarray(ship.resize((2400, 1600), Image.Resampling.BICUBIC))
grain = np.random.default_rng(7).normal(0, 60, smooth.shape)
huge_pixels = (smooth + grain).clip(0, 255).astype("uint8")
Image.fromarray(huge_pixels).save("odd/ship/huge.jpg", quality=95)

# %%
odd_files = image_dataset_from_directory("odd", image_size=(32, 32))
odd_paths = sorted(Path("odd").rglob("*.*"))
listed_paths = [Path(path) for path in odd_files.file_paths]
absent_names = [path.name for path in odd_paths if path not in listed_paths]
print(f"files in the folder: {len(odd_paths)}, missing:", *absent_names)

# %% [markdown]
# Six files, and Keras finds five. `image_dataset_from_directory` takes what ends in `.bmp`, `.gif`,
# `.jpeg`, `.jpg` or `.png` and passes over everything else without a word; a class of WebP files would
# be a class with no photographs. (TensorFlow can read WebP: renamed to `.jpg`, the file is taken. It also
# takes files whose names begin with a dot, such as the `._1.jpg` that a Mac leaves in archives, and those
# are no images.) So compare its *Found … files* with your own count.
#
# Now read the five:

# %% tags=["raises-exception"]
labels_of_pass(odd_files)

# %% tags=["folded"]
import tensorflow as tf

try:
    labels_of_pass(odd_files)
except tf.errors.InvalidArgumentError as error:
    loader_message = str(error)

# %% [markdown]
# That is the file that was cut off. The message comes when the file is read, not when the folder is
# listed: in a training, at any step of the first epoch. And it does not say which file it was. Search
# before you train. Pillow, the library that `load_img` uses, has two ways to look:


# %%
def is_readable(path):
    try:
        Image.open(path).load()
    except OSError:
        return False
    return True


for path in odd_paths:
    Image.open(path).verify()
unreadable_paths = [path for path in odd_paths if not is_readable(path)]
print("verify objects to nothing, load to", *unreadable_paths)

# %% [markdown]
# `Image.open` reads the first bytes and believes them; `verify` does not decode a JPEG either,
# though its name promises more. Only decoding all pixels tells. The snippet `folders` has
# `broken_images`, which decodes with TensorFlow, as the training will, and `images_from_folder`, a
# stricter loader: what Keras passes over is an error there.

# %%
from snippets.folders import broken_images

broken_files = broken_images("odd")
for path, reason in broken_files.items():
    print(path.name, "-", reason)
    path.unlink()

# %% [markdown]
# ## Read without an error, and wrong
#
# Four files are left that Keras takes and reads. Read them as the training does (upper row), and with
# `load_img`, as most programs read one new file (lower row):


# %%
def read_folder(folder, **options):
    dataset = image_dataset_from_directory(
        folder, labels=None, shuffle=False, image_size=(32, 32), **options
    )
    file_names = [Path(path).name for path in dataset.file_paths]
    return dict(zip(file_names, next(iter(dataset)).numpy(), strict=True))


by_training = read_folder("odd")
by_load_img = {
    path.name: img_to_array(load_img(path, target_size=(32, 32)))
    for path in odd_paths
    if path.name in by_training
}
both_rows = np.array([*by_training.values(), *by_load_img.values()]) / 255
titles = [*by_training, *by_load_img]
plot_images.image_grid(both_rows, titles, columns=4, subject="readings")

# %% tags=["folded"]
upright_car = np.asarray(car, dtype="float32")
bitmap_name = "colour-table.bmp"
bitmaps = by_training[bitmap_name], by_load_img[bitmap_name]
bitmap_difference = np.abs(np.subtract(*bitmaps)).mean()
turned_car = np.rot90(by_training["sideways.jpg"], k=-1)
turned_difference = np.abs(turned_car - upright_car).mean()

# %% [markdown]
# - **The colour table.** TensorFlow takes a bitmap's table entries, numbers from 0 to 63 here, for shades
#   of grey: a dark, scrambled picture. `load_img` reads it correctly.
# - **Grey** becomes three equal channels, both times. That is what you want, as long as both training and
#   use have grey photographs. If only one class has them, the network learns that grey means frog.
# - **Sideways.** A telephone saves what its sensor saw, and a note in the file's **EXIF** data that says
#   how to turn it. Your image viewer reads the note. Neither way of reading does.
# - **The huge file** differs everywhere, by its grain: reducing it, `load_img` takes single pixels, and the
#   training mixes four. The next section says more.
#
# None of this raises an error. Do not teach every later program about it. Before anything else, convert
# every file once, with one program, into one kind. This one turns the photograph upright as the note
# says, and makes it red, green and blue:

# %%
from PIL import ImageOps


def convert(path, new_path):
    with Image.open(path) as photo:
        ImageOps.exif_transpose(photo).convert("RGB").save(new_path)


Path("converted").mkdir(exist_ok=True)
for path in odd_paths:
    if path.name in by_training:
        convert(path, Path("converted", path.stem + ".png"))
new_files = read_folder("converted")
pixels = np.array(list(new_files.values())) / 255
plot_images.image_grid(pixels, list(new_files), subject="converted files")

# %% [markdown]
# ## Sizes
#
# A batch is one tensor, so all photographs in it have one size. The width divided by the height is the
# **aspect ratio**. The huge file has 2400 by 1600 pixels, a ratio of three to two; the network wants a
# square. You can stretch the photograph, which is what happens by default, cut its sides off, or fill up
# above and below:

# %%
options_of_method = {
    "stretched": {},
    "cropped": {"crop_to_aspect_ratio": True},
    "padded": {"pad_to_aspect_ratio": True},
    "averaged": {"interpolation": "area"},
}

Path("large").mkdir(exist_ok=True)
Path("odd/ship/huge.jpg").replace("large/huge.jpg")
pixels_of_method = {}
for method, options in options_of_method.items():
    pixels_of_method[method] = read_folder("large", **options)["huge.jpg"]
pixels = np.array(list(pixels_of_method.values())) / 255
plot_images.image_grid(pixels, list(pixels_of_method), subject="readings")

# %% tags=["folded"]
distances = {}
for method, pixels in pixels_of_method.items():
    distances[method] = np.sqrt(np.mean((pixels - np.asarray(ship)) ** 2))
large_photo = img_to_array(load_img("large/huge.jpg"))
stretched_inside = layers.Resizing(32, 32)(large_photo).numpy()
averaging_layer = layers.Resizing(32, 32, interpolation="area")
averaged_inside = averaging_layer(large_photo).numpy()

# %% [markdown]
# Which is best depends on the photographs: stretching makes thin what is wide, cutting loses what stands
# at the edge, padding spends pixels on nothing. Choose one, and use the same one ever after. The
# network's own `Resizing` stretches, too, so that a photograph of any size becomes what the loader would
# have made of it.
#
# The fourth reading is stretched as well, and looks smoother. **Interpolation** computes the pixels of
# the new size from those of the old. By default it is *bilinear*: each new pixel is a mixture of the four
# old ones around one point. That is right for making photographs larger. Here, a new pixel stands for
# 3,750 old ones, and all but four are ignored, so the grain stays: from the small photograph that the
# huge one was made of, the stretched one is `{python} f"{distances['stretched']:.0f}"` shades away (the
# root of the mean square). `interpolation="area"` averages all 3,750; that leaves
# `{python} f"{distances['averaged']:.0f}"`.
#
# Where files are much larger than what the network sees, average, and write the same into `Resizing`, which
# takes that argument, too. Or reduce the files once, when you convert them, and save the decoding of four
# million pixels per photograph and epoch: Pillow's `resize` averages when it reduces, with every filter but
# `NEAREST`.
#
# ## Names that travel with the network
#
# The network answers with three numbers. Which one is the ship? `train.class_names` knows, and is gone
# when the notebook is closed. An attribute of your own (`network.class_names = …`) is not saved. Write
# the names into the network: `StringLookup` turns numbers into words, and its vocabulary is saved with it.
# `keras.Model` makes a network of everything from the old one's inputs to the new outputs ([The functional
# API](../networks/functional-api.md) says more).

# %%
probabilities = network.outputs[0]
options = {"vocabulary": train.class_names, "num_oov_indices": 0}
name_of_label = layers.StringLookup(invert=True, **options)
outputs = {
    "name": name_of_label(keras.ops.argmax(probabilities, axis=-1)),
    "probability": keras.ops.max(probabilities, axis=-1),
}
namer = keras.Model(network.inputs[0], outputs)
namer.save("namer.keras")

# %% [markdown]
# (`num_oov_indices=0` reserves no number for unknown words. Words need TensorFlow as Keras's backend. With
# another one, save the names as JSON beside the network, and load both together.)
#
# Does it work next week, elsewhere? Write the program that uses it, and run it in a new process. It knows
# nothing of this page, and reads one file:

# %%
import subprocess
import sys

Path("answer.py").write_text("""
import sys
import keras

namer = keras.saving.load_model("namer.keras")
photograph = keras.utils.img_to_array(keras.utils.load_img(sys.argv[1]))
answer = namer(photograph[None])
name, probability = (answer[key].numpy()[0] for key in sorted(answer))
print(f"{name.decode()}, probability {probability:.3f}")
""")
command = [sys.executable, "answer.py", "new.png"]
options = {"check": True, "capture_output": True, "text": True}
process = subprocess.run(command, **options)
print(process.stdout)

# %% tags=["folded"]
answer = namer(photograph[None])
name, probability = (answer[key].numpy()[0] for key in sorted(answer))
answer_here = f"{name.decode()}, probability {probability:.3f}"

# %% [markdown]
# The same answer as in this notebook. `load_img` gives red, green and blue in bytes, `img_to_array` makes
# them an array of floats, and `[None]` makes the photograph a batch of one. Nothing else is prepared.
#
# ## What goes wrong: prepared by other hands
#
# Ask for 600 photographs from the test set, 200 of each class, used here for the first time. Prepare them
# as somebody might who has never seen your training: divided by 255, as in many tutorials; by OpenCV,
# whose `imread` gives blue, green, red; on their sides. And name the answers from a list that
# somebody typed from memory. *Probability* is that of the answer, on average.

# %%
_, (test_images, test_labels) = keras.datasets.cifar10.load_data()
is_ours = np.isin(test_labels[:, 0], (1, 6, 8))
test_photos = test_images[is_ours].astype("float32")
truth = np.searchsorted((1, 6, 8), test_labels[is_ours, 0])
preparations = {
    "bytes, red first": test_photos,
    "divided by 255": test_photos / 255,
    "blue first": test_photos[..., ::-1],
    "on their sides": np.rot90(test_photos, axes=(1, 2)),
}


# %%
def grade(photos, names=tuple(train.class_names)):
    answers = network.predict(photos, batch_size=200, verbose=0)
    true_names = np.array(train.class_names)[truth]
    is_right = np.array(names)[answers.argmax(axis=1)] == true_names
    return is_right.mean(), answers.max(axis=1).mean()


grades = {name: grade(photos) for name, photos in preparations.items()}
grades["names from memory"] = grade(test_photos, ("ship", "car", "frog"))
rows = []
for name, (accuracy, probability) in grades.items():
    row = {"fed with": name, "accuracy": f"{accuracy:.1%}"}
    rows.append(row | {"probability": f"{probability:.0%}"})
tables.table(rows)

# %% tags=["folded"]
accuracy_of = {name: accuracy for name, (accuracy, _) in grades.items()}
foreign_photos = test_images[~is_ours].astype("float32")
foreign_answers = network.predict(foreign_photos, batch_size=200, verbose=0)
foreign_probability = foreign_answers.max(axis=1).mean()

# %% [markdown]
# The first row is the result of this page: `{python} f"{accuracy_of['bytes, red first']:.1%}"` of
# new photographs, named by a network that learned from 600. Every other row has the same weights, runs
# without an error, and is worse. Divided by 255, photographs are nearly black to this network, since it
# divides once more; it gives all of them much the same answer. With blue and red exchanged, the sea is
# orange. The typed list costs everything and changes no number: nothing in the probabilities shows it.
# The field calls all this training-serving skew; [Save, export, use](../4_beyond/18_export.py) meets it
# again.
#
# And a probability is one *among the three*. Asked about `{python} f"{len(foreign_photos):,}"` photographs
# of horses, aeroplanes and five more classes, the network names each of them car, frog or ship, with a
# mean probability of `{python} f"{foreign_probability:.0%}"`. If such photographs will come, give them a
# folder of their own.

# %% tags=["claims"]
test_accuracy = accuracy_of["bytes, red first"]
assert test_accuracy > 0.75, (
    "600 small photographs teach the network to name 75% of new ones"
)
overlaps = {
    name: row["also trained on"] for name, row in row_of_part.items()
}
assert overlaps["seed=7"] == 0, "the same seed keeps the two parts apart"
assert overlaps["seed=8"] > 75, (
    "with another seed, most of the held-out files are trained on, too"
)
assert row_of_part["shuffle=False"]["files per class"] == {"ship": 149}, (
    "unshuffled, the validation part holds the last class alone"
)
orders = [row["same order"] for row in row_of_part.values()]
assert orders == [True, False, False, True], (
    "a part asked for alone comes in a new order each time"
)
assert absent_names == ["from-the-web.webp"], (
    "Keras passes over WebP in silence"
)
assert "cut-off" not in loader_message, (
    "the error about an unreadable file does not name the file"
)
assert (
    unreadable_paths == list(broken_files) == [Path("odd/frog/cut-off.jpg")]
), "only decoding finds the file that was cut off"
assert turned_difference < 10, (
    "neither reading turns a photograph as EXIF says"
)
assert bitmap_difference > 20, (
    "the two readings of a bitmap's colour table differ"
)
conversion_error = np.abs(new_files["sideways.png"] - upright_car).mean()
assert conversion_error < 10, "converted, the car on its side is upright"
assert distances["averaged"] < distances["stretched"] / 2, (
    "averaging brings the huge file back more than twice as closely"
)
stretching_error = np.abs(stretched_inside - pixels_of_method["stretched"])
assert stretching_error.mean() < 3, (
    "the network's own Resizing agrees with the loader, but for JPEG's decoding"
)
assert np.abs(averaged_inside - pixels_of_method["averaged"]).mean() < 3, (
    "told to average, Resizing agrees with the loader, too"
)
assert process.stdout.strip() == answer_here, (
    "a new process with Keras alone gives the same answer"
)
assert accuracy_of["divided by 255"] < test_accuracy - 0.2, (
    "divided by 255, 20 points are lost"
)
assert accuracy_of["blue first"] < test_accuracy - 0.1, (
    "with blue first, 10 points are lost"
)
assert accuracy_of["names from memory"] < 0.2, (
    "names in another order are wrong four times in five"
)
assert foreign_probability > 0.5, (
    "of other classes, too, the network is confident"
)

# %% tags=["control"] claim="600 small photographs teach the network to name 75% of new ones" without="labels that belong to the photographs"
answers = network.predict(test_photos, batch_size=200, verbose=0)
labels_of_others = np.random.default_rng(7).permutation(truth)
test_accuracy = np.mean(answers.argmax(axis=1) == labels_of_others)

# %% tags=["control"] claim="unshuffled, the validation part holds the last class alone" without="the order of the names"
shuffled_counts = class_counts(validation_parts["seed=7"].file_paths)
row_of_part = {"shuffle=False": {"files per class": shuffled_counts}}

# %% tags=["control"] claim="the error about an unreadable file does not name the file" without="leaving the reading to Keras"
loader_message = ", ".join(map(str, broken_files))

# %% tags=["control"] claim="only decoding finds the file that was cut off" without="the cut"
Path("complete.jpg").write_bytes(complete_bytes)
unreadable_paths = unreadable_paths * (not is_readable("complete.jpg"))

# %% tags=["control"] claim="converted, the car on its side is upright" without="the note in the EXIF data"
sensor_photo.save("no-note.jpg")
convert("no-note.jpg", "no-note.png")
without_note = img_to_array(load_img("no-note.png"))
conversion_error = np.abs(without_note - upright_car).mean()

# %% tags=["control"] claim="the network's own Resizing agrees with the loader, but for JPEG's decoding" without="the same interpolation"
resizing = layers.Resizing(32, 32, interpolation="nearest")
nearest_inside = resizing(large_photo).numpy()
stretching_error = np.abs(nearest_inside - pixels_of_method["stretched"])

# %% tags=["control"] claim="told to average, Resizing agrees with the loader, too" without="the same interpolation"
averaged_inside = stretched_inside

# %% tags=["control"] claim="names in another order are wrong four times in five" without="another order"
accuracy_of = {"names from memory": accuracy_of["bytes, red first"]}

# %% [markdown]
# ## Exercises
#
# **1. Which files never arrive?** Return the names of all files in a folder and its subfolders that
# `image_dataset_from_directory` passes over. The starter believes that there is one such suffix.


# %% tags=["starter"]
def absent_files(folder: str) -> set[str]:
    """Return the names of the files that the loader does not list."""
    return {path.name for path in Path(folder).rglob("*.webp")}


# %% [markdown] tags=["hint"]
# A list of suffixes goes out of date. The loader itself says which files it takes, in `file_paths`; which files
# are in the folder and not there?

# %% tags=["check"]
listed_names = ("A.JPG", "b.jpeg", "c.png", ".g.png")
expected_names = ("d.webp", "e.tiff", "f.heic")
for number, file_name in enumerate(listed_names + expected_names):
    place = Path("exercise", "ab"[number % 2])
    place.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(place / file_name, format="PNG")
submission = set(absent_files("exercise"))
extra_names = submission - set(expected_names)
missing_names = set(expected_names) - submission
assert not extra_names, f"the loader lists {extra_names} in file_paths"
assert not missing_names, f"the loader passes over {missing_names}, too"


# %% tags=["solution"]
def absent_files(folder: str) -> set[str]:
    dataset = image_dataset_from_directory(folder, labels=None)
    listed_paths = {Path(path) for path in dataset.file_paths}
    all_paths = {path for path in Path(folder).rglob("*") if path.is_file()}
    return {path.name for path in all_paths - listed_paths}


print(sorted(absent_files("exercise")))


# %% tags=["wrong"]
def absent_files(folder: str) -> set[str]:
    suffixes = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    # Capitals are listed, too.
    return {path.name for path in paths if path.suffix not in suffixes}


# %% tags=["wrong"]
def absent_files(folder: str) -> set[str]:
    suffixes = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    hidden_names = {p.name for p in paths if p.name.startswith(".")}
    others = {p.name for p in paths if p.suffix.lower() not in suffixes}
    return hidden_names | others


# %% tags=["wrong"]
def absent_files(folder: str) -> set[str]:
    dataset = image_dataset_from_directory(folder, labels=None)
    names_listed = [Path(path).name for path in dataset.file_paths]
    # No subfolders.
    paths = [path for path in Path(folder).glob("*") if path.is_file()]
    return {path.name for path in paths if path.name not in names_listed}


# %% [markdown]
# **2. Cut a square by hand.** Return the largest square from the middle of a photograph, as
# `crop_to_aspect_ratio=True` does before it resizes. Where one row or column is too many, leave it out at
# the end. The starter takes the corner.


# %% tags=["starter"]
def middle_square(pixels: np.ndarray) -> np.ndarray:
    """Return the central square of pixels, shape (height, width, 3)."""
    side = min(pixels.shape[:2])
    return pixels[:side, :side]


# %% [markdown] tags=["hint"]
# How many rows and columns are too many, and how many of them have to go before the square begins? With an odd
# number, think about which side gets the smaller half.

# %% tags=["check"]
Path("square").mkdir(exist_ok=True)
for height, width in ((40, 60), (41, 64), (61, 40)):
    dice, side = np.random.default_rng(7), min(height, width)
    noise = dice.integers(0, 256, (height, width, 3), dtype="uint8")
    keras.utils.save_img("square/noise.png", noise, scale=False)
    options = {"image_size": (side, side), "crop_to_aspect_ratio": True}
    dataset = image_dataset_from_directory("square", labels=None, **options)
    shape = middle_square(noise).shape
    assert shape == (side, side, 3), f"{shape} from {height} by {width}"
    assert np.array_equal(middle_square(noise), next(iter(dataset))[0]), (
        f"{height} by {width}: Keras takes another square"
    )


# %% tags=["solution"]
def middle_square(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    side = min(height, width)
    row, column = (height - side) // 2, (width - side) // 2
    return pixels[row : row + side, column : column + side]


print("from 41 by 64:", middle_square(np.zeros((41, 64, 3))).shape)


# %% tags=["wrong"]
def middle_square(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    side = min(height, width)
    return pixels[height - side :, width - side :]  # the other corner


# %% tags=["wrong"]
def middle_square(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    margin = abs(height - width) // 2
    return pixels[:, margin : width - margin]  # for wide photographs only


# %% tags=["wrong"]
def middle_square(pixels: np.ndarray) -> np.ndarray:
    side = min(pixels.shape[:2])
    return keras.ops.image.resize(pixels, (side, side)).numpy()  # stretched


# %% [markdown]
# **3. Answer about one file.** Given a network that takes bytes, the class names in the order of its
# labels, and a path, return the name and its probability. The starter prepares the photograph as a
# tutorial elsewhere does.


# %% tags=["starter"]
def answer(network, names: list[str], path: str) -> tuple[str, float]:
    """Return the name of what is in a file, and its probability."""
    pixels = img_to_array(load_img(path)) / 255
    probabilities = network.predict(pixels[None], verbose=0)[0]
    return names[probabilities.argmax()], float(probabilities.max())


# %% [markdown] tags=["hint"]
# What do this network's first layers do with the pixels? Prepare what they do not do, and nothing else.

# %% tags=["check"]
for path in validation.file_paths[:36:6]:
    pixels = np.asarray(Image.open(path), dtype="float32")
    probabilities = network.predict(pixels[None], verbose=0)[0]
    name, probability = answer(network, train.class_names, path)
    expected = probabilities.max()
    assert abs(probability - expected) < 1e-4, (
        f"{path}: expected {expected:.3f}, not {probability:.3f}; "
        "is the network given bytes, red first, as in training?"
    )
    expected_name = train.class_names[probabilities.argmax()]
    assert name == expected_name, f"{path}: {expected_name}, not {name}"


# %% tags=["solution"]
def answer(network, names: list[str], path: str) -> tuple[str, float]:
    pixels = img_to_array(load_img(path))
    probabilities = network.predict(pixels[None], verbose=0)[0]
    return names[probabilities.argmax()], float(probabilities.max())


print(answer(network, train.class_names, "new.png"))


# %% tags=["wrong"]
def answer(network, names: list[str], path: str) -> tuple[str, float]:
    pixels = img_to_array(load_img(path))[..., ::-1]
    probabilities = network.predict(pixels[None], verbose=0)[0]
    return names[probabilities.argmax()], float(probabilities.max())


# %% tags=["wrong"]
def answer(network, names: list[str], path: str) -> tuple[str, float]:
    pixels = img_to_array(load_img(path))
    probabilities = network.predict(pixels[None], verbose=0)[0]
    names = sorted(names, reverse=True)
    return names[probabilities.argmax()], float(probabilities.max())


# %% tags=["wrong"]
def answer(network, names: list[str], path: str) -> tuple[str, float]:
    pixels = img_to_array(load_img(path))
    probabilities = network.predict(pixels[None], verbose=0)
    softmax = keras.ops.softmax(probabilities).numpy()[0]  # a second time
    return names[softmax.argmax()], float(softmax.max())


# %% [markdown]
# ## Questions
#
# Five questions on this page, and the reasons for and against each answer.

# %% [markdown] tags=["question"]
# A folder holds four folders of photographs: `9`, `10`, `car` and `Ship`. In Python's order, digits come
# before all letters. Which label do the photographs of ships get?
#
# - 2
#     - The order is that of `sorted`, character by character: *10* before *9*, then capitals before small letters.
#       Counted from 0, *Ship* is at 2.
# - 3
#     - In an order that ignores case, *car* comes before *Ship*. Python's order, and the loader's, does not
#       ignore it.
# - 0
#     - That is the first place, and capitals are first among letters only: digits come before them.

# %% tags=["question"]
for class_name in ("9", "10", "car", "Ship"):
    Path("zoo", class_name).mkdir(parents=True, exist_ok=True)
    ship.save(Path("zoo", class_name, "photo.png"))
zoo = image_dataset_from_directory("zoo", image_size=(32, 32))
label_of_ship = zoo.class_names.index("Ship")
[label_of_ship == 2, label_of_ship == 3, label_of_ship == 0]

# %% [markdown] tags=["question"]
# A program asks for the training part with `seed=7`, and for the validation part, in a second call, with `seed=8`.
# What does its validation accuracy measure?
#
# - mostly photographs that were trained on
#     - Another seed deals the files anew, and four fifths of every deal are training files:
#       `{python} f"{overlaps['seed=8'] / sum(row_of_part['seed=8']['files per class'].values()):.0%}"` of these.
# - only photographs that were not trained on
#     - That needs one deal for both parts: one seed, or `subset="both"`. The two calls know nothing of each other.
# - about as many of one kind as of the other
#     - The training part is four times as large as the other, so a file of any new deal is more likely in it.

# %% tags=["question"]
other_part = validation_parts["seed=8"].file_paths
known_share = np.mean(np.isin(other_part, train.file_paths))
[known_share > 0.65, known_share == 0, 0.35 < known_share < 0.65]

# %% [markdown] tags=["question"]
# A JPEG was cut off before its end. Which of these notices?
#
# - decoding all its pixels
#     - Only then is the end of the file needed. Do it once for every file, before training.
# - `Image.open` and `verify`
#     - The first reads the beginning, and believes it; the second does not decode a JPEG, whatever its name
#       promises.
# - `image_dataset_from_directory`
#     - It lists names that end as images do. The file is read in training, and the error then does not say which
#       one it was.

# %% tags=["question"]
Path("short").mkdir(exist_ok=True)
Path("short/short.jpg").write_bytes(complete_bytes[:-300])


def verify_fails():
    try:
        Image.open("short/short.jpg").verify()
    except OSError:
        return True
    return False


listing = image_dataset_from_directory("short", labels=None)
[
    not is_readable("short/short.jpg"),
    verify_fails(),
    "short/short.jpg" not in map(str, map(Path, listing.file_paths)),
]

# %% [markdown] tags=["question"]
# `Resizing(32, 32)` reduces a photograph of 320 by 320, with the interpolation that Keras takes by default. How
# many of the old pixels make one new pixel?
#
# - 4
#     - *Bilinear* mixes the four around one point, however many lie between this point and the next. So the grain
#       stays.
# - 100
#     - That is how many old pixels lie in the area of a new one, and `interpolation="area"` averages them
#       all. The default does not.
# - 1
#     - Taking the nearest pixel is another interpolation, called *nearest*.

# %% tags=["question"]
large_picture = tf.Variable(tf.ones((1, 320, 320, 1)))
with tf.GradientTape() as tape:
    one_pixel = layers.Resizing(32, 32)(large_picture)[0, 9, 9, 0]
pixel_slopes = tf.convert_to_tensor(tape.gradient(one_pixel, large_picture))
mixed_count = np.count_nonzero(pixel_slopes.numpy())
[mixed_count == 4, mixed_count == 100, mixed_count == 1]

# %% [markdown] tags=["question"]
# The answers get their names from a list that somebody has typed in another order. Where does the mistake show?
#
# - in the accuracy on photographs with labels
#     - `{python} f"{accuracy_of['names from memory']:.0%}"` instead of
#       `{python} f"{accuracy_of['bytes, red first']:.0%}"`. Without labels, nothing would have told. So save the names
#       with the network.
# - in the mean probability of the answers
#     - The network computes the same numbers as before. The names come after it.
# - in an error when an answer is named
#     - Each number finds a name, because the list has as many as the network has outputs. It is the wrong
#       name.


# %% tags=["question"]
def grade_or_error(names):
    try:
        return grade(test_photos, names)
    except (IndexError, KeyError, ValueError):
        return None


before, after = (
    grades["bytes, red first"],
    grade_or_error(("ship", "car", "frog")),
)
[
    after is not None and before[0] - after[0] > 0.2,
    after is not None and abs(before[1] - after[1]) > 0.01,
    after is None,
]

# %% [markdown]
# ## What to remember
#
# - A label is a folder's place in the order of the names. Save the names with the network.
# - Count what the loader lists, decode every file once before training, and look at a batch.
# - One seed for both parts, or `subset="both"`.
# - Loaders ignore how a photograph is to be turned, and disagree about colour tables: convert every file
#   once, with one program.
# - Sizes and scaling belong in the network. What is prepared elsewhere will be prepared differently.
#
# ## Where next
#
# With few photographs per class, go on with [Augmentation](augmentation.md) and [Transfer
# learning](transfer-learning.md). [Save, export, use](../beyond/export.md) takes the network out of
# Python, and [How sure?](../networks/how-sure.md) asks what its probabilities are worth.
#
# - Keras: [image data loading](https://keras.io/api/data_loading/image/), all arguments of
#   `image_dataset_from_directory`, `load_img` and `img_to_array`.
# - TensorFlow: [Load and preprocess images](https://www.tensorflow.org/tutorials/load_data/images), with
#   `tf.data` by hand.
# - Pillow: [ImageOps](https://pillow.readthedocs.io/en/stable/reference/ImageOps.html), where
#   `exif_transpose` is.
# - D. Hendrycks and K. Gimpel (2017), A Baseline for Detecting Misclassified and Out-of-Distribution
#   Examples in Neural Networks, [arXiv:1610.02136](https://arxiv.org/abs/1610.02136), on photographs of no
#   known class.
