"""Six notebooks in the manner of six houses, made for the tests of importing; no sentence is anybody's but ours."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

from PIL import Image


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 2), colour).save(buffer, format="PNG")
    return buffer.getvalue()


def prose(text: str, **others) -> dict:
    return {
        "cell_type": "markdown",
        "metadata": {},
        "source": text.strip("\n").splitlines(True),
        **others,
    }


def code(text: str, outputs: list | None = None, **metadata) -> dict:
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": text.strip("\n").splitlines(True),
        "execution_count": None,
        "outputs": outputs or [],
    }


def notebook(*cells: dict, **metadata) -> str:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    document = {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": {**kernel, **metadata},
        "cells": cells,
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def documentation(folder: Path) -> Path:
    """As TensorFlow's documentation is kept: licence, buttons, an install, Keras's data."""
    path = folder / "shoes.ipynb"
    path.write_text(
        notebook(
            prose("##### Copyright 2024 The Shoe Shop Authors."),
            code(
                """
#@title Licensed under the Apache License, Version 2.0 (the "License"); { display-mode: "form" }
# You may obtain a copy of the License at
#
# https://www.apache.org/licenses/LICENSE-2.0
""",
                cellView="form",
                id="aB3xYz",
            ),
            prose("# Tell shoes apart"),
            prose(
                """
<table class="tfo-notebook-buttons" align="left">
  <td>
    <a target="_blank" href="https://www.tensorflow.org/tutorials/shoes"><img src="https://www.tensorflow.org/images/tf_logo_32px.png" />View on TensorFlow.org</a>
  </td>
  <td>
    <a target="_blank" href="https://colab.research.google.com/github/shop/shoes.ipynb"><img src="https://www.tensorflow.org/images/colab_logo_32px.png" />Run in Google Colab</a>
  </td>
  <td>
    <a target="_blank" href="https://github.com/shop/shoes.ipynb"><img src="https://www.tensorflow.org/images/GitHub-Mark-32px.png" />View source on GitHub</a>
  </td>
</table>
"""
            ),
            prose(
                """
This page trains a network that tells sneakers from boots. It takes about 3 minutes.

Before you begin:
* install the helper package
* restart the kernel
"""
            ),
            code("!pip install -q shoe-tools"),
            code("%load_ext tensorboard\nimport tensorflow as tf\nimport matplotlib.pyplot as plt"),
            prose("# Load the data\n\nThe pictures are those of [Fashion-MNIST](./fashion.ipynb)."),
            code(
                """
fashion_mnist = tf.keras.datasets.fashion_mnist
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
"""
            ),
            code("plt.imshow(x_train[0])\nplt.colorbar()\nplt.show()"),
            prose(
                """
## Build the network

<table>
  <tr><td>
    <img src="https://shop.example/images/network.png" alt="Two layers, one above the other" width="600">
  </td></tr>
  <tr><td align="center">
    <b>Figure 1.</b> The network.<br/>&nbsp;
  </td></tr>
</table>
"""
            ),
            code(
                """
model = tf.keras.Sequential([
    tf.keras.layers.Flatten(input_shape=(28, 28)),
    tf.keras.layers.Dense(10)
])
"""
            ),
            prose(
                "This network reaches an accuracy of about 0.91 (or 91%) on the training pictures."
            ),
            accelerator="GPU",
            colab={"name": "shoes.ipynb", "toc_visible": True},
        ),
        encoding="utf-8",
    )
    return path


def example(folder: Path) -> Path:
    """As Keras's examples are kept: strings are the prose, a header of fields, old keys in the history."""
    path = folder / "small_recurrent_net.py"
    path.write_text(
        '''"""
Title: A small recurrent network
Author: [Ada Example](https://ada.example)
Date created: 2021/03/01
Last modified: 2021/03/02
Description: Count the ones in a row of bits
Accelerator: GPU
"""

"""
## Introduction

Rows of bits go in, a count comes out. See [the older example](/examples/counting/).
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
import wandb

bits = np.random.default_rng(0).integers(0, 2, (64, 8, 1))
counts = bits.sum(axis=(1, 2))

"""
## Train it

After 20 epochs the loss is below 0.05.
"""

keras.utils.set_random_seed(812)
model = keras.Sequential([layers.LSTM(8, input_shape=(8, 1)), layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(lr=0.01), loss="mse", metrics=["acc"])
saver = keras.callbacks.ModelCheckpoint("best.h5", save_best_only=True)
history = model.fit(bits, counts, epochs=20, validation_split=0.25, callbacks=[saver])


def plot_history(history):
    plt.plot(history.history["val_acc"])
    plt.title("Validation accuracy")
    plt.show()


plot_history(history)
''',
        encoding="utf-8",
    )
    return path


def colab(folder: Path) -> Path:
    """As Colab saves what is written there: forms, a mounted drive, uploads, a cell that failed."""
    path = folder / "Copy of leaves.ipynb"
    path.write_text(
        notebook(
            prose(
                '<a href="https://colab.research.google.com/github/ada/leaves/blob/main/leaves.ipynb" target="_parent">'
                '<img src="https://colab.research.google.com/assets/colab-badge.svg" alt="Open In Colab"/></a>'
            ),
            prose("#Leaves of three trees\nWe measure leaves and guess the tree!\n##Files"),
            code("from google.colab import drive\ndrive.mount('/content/drive')"),
            code(
                """
#@title Choose the settings { run: "auto" }
learning_rate = 0.01 #@param {type:"number"}
folder = "/content/drive/MyDrive/leaves" #@param {type:"string"}
""",
                cellView="form",
            ),
            code(
                "import pandas as pd\nleaves = pd.read_csv(folder + '/leaves.csv')\nleaves.head()"
            ),
            code(
                "files = !ls $folder\nif len(files) == 0:\n    !unzip leaves.zip\nleaves.describe?"
            ),
            prose(
                """
![oak](https://ada.example/oak.jpg)

1) sort the leaves
2) measure them
  - length
  - width

The price is $5 <each>, and ~~seven~~ six trees grow in [the park](#the-park).
"""
            ),
            code(
                "leaves.groupby('tree').length.mean().plot.bar()",
                [
                    {
                        "output_type": "error",
                        "ename": "KeyError",
                        "evalue": "'tree'",
                        "traceback": [],
                    }
                ],
            ),
            code("%%bash\nnvidia-smi\nls -la"),
            code("%%time\ntotal = sum(range(10))"),
            colab={"provenance": []},
        ),
        encoding="utf-8",
    )
    return path


def course(folder: Path) -> Path:
    """As a university keeps its notes: attachments, formulas, pictures beside them, results in the prose."""
    (folder / "img").mkdir(exist_ok=True)
    (folder / "img" / "a line.png").write_bytes(png("blue"))
    attachment = {"plan.png": {"image/png": base64.b64encode(png()).decode()}}
    path = folder / "lecture_03.ipynb"
    path.write_text(
        notebook(
            prose(
                """
3.2 Linear regression
=====================

A line through points is the smallest network there is (see e.g. the notes of week two). It has two weights.

![The plan of this lecture](attachment:plan.png)
""",
                attachments=attachment,
            ),
            code(
                r"""
%matplotlib inline
import numpy as np
import matplotlib.pyplot as plt
import d2l

rng = np.random.default_rng(1)
x = rng.normal(size=100)
y = 2 * x - 3.4 + 0.01 * rng.normal(size=100)
plt.scatter(x, y)
plt.xlabel('$\sigma$')
"""
            ),
            prose(
                r"""
## The loss
The loss of one example is
$$
\ell(w) = \frac12 \left(\hat{y} - y\right)^2

$$
\begin{equation}
\label{eq:mean}
L = \sum_i \ell_i
\end{equation}
and its gradient is $\nabla_w \ell = \bm{x} (\hat{y} - y)$, so:
- $\alpha$ is the step
  * small steps are slow
  * large ones overshoot
- stop when the loss is below 0.001

<img src="img/a line.png" width="300" alt="A line through points">
![](img/missing.png)

    w = w - alpha * gradient

Training takes 0.5 s and gives $w = 2$ with an error of 0.2%. [^1]
"""
            ),
            code('w = x @ y / (x @ x)\nprint "w is", w'),
            code("loss = ((y - w * x) ** 2).mean()\nloss"),
            prose(
                "Questions\n---------\n\nWhat is `w` if all points lie on [the axis][axis]? See $x \\indep y$.\n***"
            ),
        ),
        encoding="utf-8",
    )
    return path


def competition(folder: Path) -> Path:
    """As Kaggle's notebooks are: a CSV among the inputs, a walk through them, tables, HTML images."""
    (folder / "rent.png").write_bytes(png("green"))
    path = folder / "rents-eda.ipynb"
    path.write_text(
        notebook(
            code(
                """
# This Python 3 environment comes with many libraries
import numpy as np
import pandas as pd
import os
for dirname, _, filenames in os.walk('/kaggle/input'):
    for filename in filenames:
        print(os.path.join(dirname, filename))
"""
            ),
            prose(
                """
<h1 style="color:teal">Rents of a small town</h1>

<div class="alert alert-info">
The rents are made up, and they are what a network is to guess here for every flat, from its size, its floor, its
street, the year in which it was built, and a few things more.
</div>

Columns:
| column | meaning |
|--------|---------|
| size   | in m²   |
| rent   | a month |

<center><img src="rent.png" alt="A rent, in green"></center>
<p>Have a look:
"""
            ),
            code(
                """
train = pd.read_csv('../input/rents/train.csv')
train.to_csv('copy.csv')
pd.read_csv('copy.csv').shape
"""
            ),
            code("import seaborn as sns\nsns.heatmap(train.corr())"),
            code(
                """
from keras.applications import VGG16
base = VGG16(include_top=False)
from IPython.display import YouTubeVideo
YouTubeVideo('abc')
"""
            ),
            prose("My score was 87%. <font color='red'>**Upvote** if you like it!</font>"),
        ),
        encoding="utf-8",
    )
    return path


def script(folder: Path) -> Path:
    """As Jupytext keeps a notebook in the percent format: a YAML header, titles and metadata, magics as comments."""
    path = folder / "waves.py"
    path.write_text(
        '''# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Waves
#
# A sine goes in and a network copies it. Half of the `points` are kept: 50%.

# %% [markdown] slideshow={"slide_type": "slide"}
# """
# stays
# """

# %% Import what is used {"tags": ["setup"]}
# !pip install --quiet wave-tools
# %matplotlib inline
# %config InlineBackend.figure_format = "retina"
import numpy as np

# %%
# %%timeit -n 10
np.sin(np.linspace(0, 1))

# %% tags=["hide-input"]
text = """
# %% no cell
"""
wave = np.sin(np.arange(8))

# %% [raw]
# .. note:: for Sphinx

# %% [md]
"""
## Result

It copies [the input](#Result) well.
"""

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots()
axes.plot(wave)
figure.alt = f"A wave of {len(wave)} points."
plt.close(figure)
figure
''',
        encoding="utf-8",
    )
    return path


HOUSES = (documentation, example, colab, course, competition, script)
