#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0, Pillow 13.0.0): its loader of folders and its load_img read one file differently.
#
# A network is trained with `image_dataset_from_directory` and asked about one file with `load_img` and
# `img_to_array`, as Keras's own examples do. Both read a file's pixels from 0 to 255. Seen:
#
# - A bitmap (BMP) with a table of colours, red and black: load_img gives red, 255. The loader gives the numbers
#   of the table's entries as shades of grey, here none above 1: a picture that is nearly black.
# - A PNG of 16-bit grey, an even ramp: the loader scales it to 0 to 255. load_img cuts everything above 255
#   to white, more than 99% of the ramp.
# - A WebP file, which load_img and tf.io.decode_image both read: the loader passes it over and says nothing.
# Expected: the same numbers from both; or an error or a warning where a file is not read as it is shown.
#
# Run: sh findings/keras-two-readers-of-one-picture.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6 pillow==13.0.0
cat > readers.py <<'PYTHON'
import contextlib
import io
from pathlib import Path

import keras
import numpy as np
from PIL import Image

red = np.zeros((40, 60, 3), "uint8")
red[:, :30] = 255, 0, 0
ramp = np.arange(2400, dtype="uint16").reshape(40, 60) * 27
for folder, picture, name in (
    ("table", Image.fromarray(red).quantize(8), "a.bmp"),
    ("deep", Image.fromarray(ramp), "a.png"),
    ("web", Image.fromarray(red), "a.webp"),
):
    Path(folder).mkdir()
    picture.save(Path(folder) / name)
Image.fromarray(red).save("web/b.png")


def by_loader(folder):
    with contextlib.redirect_stdout(io.StringIO()):
        data = keras.utils.image_dataset_from_directory(
            folder, labels=None, image_size=(40, 60), shuffle=False
        )
    return next(iter(data)).numpy()


def by_file(path):
    return keras.utils.img_to_array(keras.utils.load_img(path))


print("table of colours: loader at most", int(by_loader("table").max()), end=", ")
print("load_img", int(by_file("table/a.bmp").max()))
print("16 bits: white in the loader", f"{(by_loader('deep') == 255).mean():.1%}", end=", ")
print("in load_img", f"{(by_file('deep/a.png') == 255).mean():.1%}")
print("WebP beside PNG: loader reads", len(by_loader("web")), "of 2, load_img", end=" ")
print(by_file("web/a.webp").shape)
PYTHON
cat > expected <<'TEXT'
table of colours: loader at most 1, load_img 255
16 bits: white in the loader 0.0%, in load_img 99.6%
WebP beside PNG: loader reads 1 of 2, load_img (40, 60, 3)
TEXT
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python readers.py 2> log > seen || { cat log; exit 1; }
cat seen
diff expected seen && echo "As described."
