#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0): pad_to_aspect_ratio of the loader and of the layer Resizing differ by a row.
#
# A photograph of 300 by 200 pixels is to become 32 by 32 without being stretched: 21.33 rows of picture between
# black ones. Seen, of a picture that is one shade all over:
#
# - `image_dataset_from_directory(..., image_size=(32, 32), pad_to_aspect_ratio=True)` gives 21 rows with picture,
#   and `keras.layers.Resizing(32, 32, pad_to_aspect_ratio=True)` gives 22.
# - So a network that is trained on the loader's pictures and asked through the layer, which has the same argument
#   of the same name, sees each picture moved and scaled by a part of a pixel.
# Expected: the same pixels from both.
#
# Run: sh findings/keras-padding-rounds-in-two-ways.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6 pillow==13.0.0
cat > rows.py <<'PYTHON'
import contextlib
import io
from pathlib import Path

import keras
import numpy as np
from PIL import Image

shade = np.full((200, 300, 3), 200, "uint8")
Path("wide").mkdir()
Image.fromarray(shade).save("wide/a.png")
with contextlib.redirect_stdout(io.StringIO()):
    data = keras.utils.image_dataset_from_directory(
        "wide", labels=None, image_size=(32, 32), pad_to_aspect_ratio=True
    )
by_loader = next(iter(data)).numpy()[0]
layer = keras.layers.Resizing(32, 32, pad_to_aspect_ratio=True)
by_layer = np.asarray(layer(shade.astype("float32")))
for name, picture in (("loader", by_loader), ("layer", by_layer)):
    print(name, int((picture[:, 16, 0] > 0).sum()), "rows of 32 hold picture")
PYTHON
cat > expected <<'TEXT'
loader 21 rows of 32 hold picture
layer 22 rows of 32 hold picture
TEXT
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python rows.py 2> log > seen || { cat log; exit 1; }
cat seen
diff expected seen && echo "As described."
