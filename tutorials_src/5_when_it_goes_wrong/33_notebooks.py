# ---
# title: Figures and notebooks
# summary: Pictures that show something else than the numbers, and cells whose result depends on what ran before them.
# ---

# %% [markdown]
# A notebook keeps everything that ran, in the order in which it ran, and a picture shows everything on some
# scale. Both hide mistakes well. So before you trust either: restart the kernel and run all cells, and print
# the range of what you draw.

# %% [markdown]
# ## `quit()` stops nothing in an executed notebook
#
# A cell checks something, and calls `quit()` if it is wrong. Someone runs the notebook with nbconvert, papermill
# or in a test, all of which execute it like this.

# %% tags=["folded"]
import subprocess

import nbclient
import nbformat


def execute(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(notebook, kernel_name="python3")
    error = ""
    try:
        client.execute(stderr=subprocess.DEVNULL)
    except nbclient.exceptions.CellExecutionError as problem:
        error = problem.ename
    return notebook.cells, error


# %% tags=["symptom"] also="exit() in a notebook does not stop; stop execution of all cells; papermill continues after quit; nbconvert execute exit"
cells, error = execute("quit()", "print('I still run')")
print("error:", error or "none")
print(cells[1].outputs[0].text)

# %% [markdown]
# **Why.** In IPython `quit()` asks the front end to close the kernel. What executes a notebook does not
# listen, and the rest of the cell and all cells below it run. `sys.exit(0)`, in turn, counts as a failure. To
# stop, raise an error that says why; to skip, use `if`. [Your own
# photographs](../3_convnets/16_own_photographs.py) looks into a folder before it trains on it; see also
# [nbclient](https://nbclient.readthedocs.io/en/latest/client.html).

# %% tags=["cure"]
stop = "raise RuntimeError('there are no images')"
cells_with_stop, error_with_stop = execute(stop, "print('never')")
print("error:", error_with_stop)
print("outputs of the second cell:", cells_with_stop[1].outputs)

# %% tags=["claims"]
assert error == "", "quit() is no error"
assert cells[1].outputs[0].text == "I still run\n", (
    "after quit() the next cell runs"
)
assert error_with_stop == "RuntimeError", (
    "an error ends the notebook and says why"
)
assert cells_with_stop[1].outputs == [], (
    "after it, the next cell does not run"
)
assert execute("import sys; sys.exit(0)")[1] == "SystemExit", (
    "sys.exit(0) counts as a failure"
)

# %% [markdown]
# ## A comment becomes a shell command
#
# You keep notebooks as Python files, and Jupytext makes notebooks of them.

# %% tags=["symptom"] also="jupytext comment uncommented; cat: No such file or directory in notebook; comment_magics; comment starting with ls or cat is executed"
import jupytext

marker = "#" + " %%"  # of a code cell
lines = [marker, "# cat and dog are confused", "confused_classes = 2"]
source = "\n".join(lines)
cell = jupytext.reads(source, fmt="py:percent").cells[0]
print(cell.source)

# %% [markdown]
# **Why.** IPython runs lines that begin with `cat`, `ls`, `cp`, `mv` or another of its shell commands, so
# Jupytext writes such lines as comments, and uncomments them when it reads. It cannot tell your comment from
# its own. In the notebook the shell then looks for files named *and*, *dog*, *are* and *confused*; `# mv a b`
# moves something. Each page of this course is such a Python file,
# [Fashion-MNIST](../2_networks/05_fashion_mnist.py) for example; see [Jupytext's
# options](https://jupytext.readthedocs.io/en/latest/advanced-options.html).

# %% tags=["cure"]
options = {"extension": ".py", "format_name": "percent"}
options["comment_magics"] = False  # or in the header, or jupytext.toml
cured_cell = jupytext.reads(source, fmt=options).cells[0]
print(cured_cell.source)

# %% tags=["claims"]
assert cell.source.startswith("cat and dog"), (
    "by default Jupytext uncomments a comment that begins with cat"
)
assert cured_cell.source.startswith("# cat and dog"), (
    "with comment_magics=False it stays a comment"
)

# %% [markdown]
# ## The figure appears twice
#
# A function draws and returns its figure, and the cell ends in a call of it.

# %% tags=["symptom"] also="matplotlib plots shown twice in Jupyter; duplicate figure output; returned figure and inline display"
draw = """
import matplotlib.pyplot as plt

def draw():
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    return figure

draw()
"""
closing = draw.replace("return figure", "plt.close(figure); return figure")
cells, _ = execute(draw, closing)  # the second one for the cure


def pictures_of(cell):
    return [o.output_type for o in cell.outputs if "data" in o]


pictures = pictures_of(cells[0])
print(pictures)

# %% [markdown]
# **Why.** A notebook shows the value of a cell's last line, and after the cell every pyplot figure that is
# still open. This one is both. Close it before you return it: a closed figure can still be shown and saved.
# So do the functions that draw the pictures of [Fashion-MNIST](../2_networks/05_fashion_mnist.py); see
# [pyplot.close](https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.close.html).

# %% tags=["cure"]
pictures_of_closing = pictures_of(cells[1])
print(closing.splitlines()[-3].strip())
print(pictures_of_closing)

# %% tags=["claims"]
assert sorted(pictures) == ["display_data", "execute_result"], (
    "a returned figure that is open is shown as the value, and once more as an open figure"
)
assert pictures_of_closing == ["execute_result"], "closed, it is shown once"

# %% [markdown]
# ## The saved picture is empty
#
# You look at the figure in one cell, and save it in the next. Closing it stands for the end of the first cell.

# %% tags=["symptom"] also="savefig blank image; savefig after show is white; plt.savefig saves empty figure Jupyter"
import io

import matplotlib.pyplot as plt
import numpy as np


def count_colours(file):
    file.seek(0)
    return len(np.unique(plt.imread(file).reshape(-1, 4), axis=0))


figure, axes = plt.subplots()
axes.plot([1, 2])
plt.close(figure)

file = io.BytesIO()
plt.savefig(file)
plt.close()
colours = count_colours(file)
print(colours, "colour in the file")

# %% [markdown]
# **Why.** `plt.savefig` saves pyplot's *current* figure. After `show`, or after the cell, there is none, so
# pyplot makes a new one, and saves that. Keep the figure in a variable, as
# [Tensors](../1_foundations/01_tensors.py) does, and call its own `savefig`:
# [Figure.savefig](https://matplotlib.org/stable/api/_as_gen/matplotlib.figure.Figure.savefig.html).

# %% tags=["cure"]
named_file = io.BytesIO()
figure.savefig(named_file)
colours_of_figure = count_colours(named_file)
print(colours_of_figure > 10)

# %% tags=["claims"]
assert colours == 1, (
    "plt.savefig after the cell saves a picture of one colour"
)
assert colours_of_figure > 10, "the figure's own savefig saves the drawing"

# %% [markdown]
# ## Clipping input data to the valid range for imshow
#
# You look at photographs after standardising them.

# %% tags=["symptom"] also="Clipping input data to the valid range for imshow with RGB data ([0..1] for floats or [0..255] for integers); image looks washed out; normalised images look wrong"
photograph = np.random.default_rng(7).normal(size=(8, 8, 3)).round(2)
figure, axes = plt.subplots()
image = axes.imshow(photograph)
plt.close(figure)
drawn_values = np.asarray(image.get_array())
fraction_cut = (drawn_values != photograph).mean()
print(f"{fraction_cut:.0%} of the values have been cut off")

# %% [markdown]
# **Why.** `imshow` does not scale colours: it takes floats from 0 to 1 as they are, cuts off the rest, and
# says so in the log. So about half of a standardised photograph turns black, and floats from 0 to 255 turn
# white. See [CIFAR-10](../3_convnets/13_cifar10.py) and
# [imshow](https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.imshow.html).

# %% tags=["cure"]
minimum, maximum = photograph.min(), photograph.max()
between_0_and_1 = (photograph - minimum) / (maximum - minimum)
figure, axes = plt.subplots()
image = axes.imshow(between_0_and_1)
plt.close(figure)
is_unchanged = (np.asarray(image.get_array()) == between_0_and_1).all()
print("unchanged:", is_unchanged)

# %% tags=["claims"]
assert fraction_cut > 0.4, (
    "of a standardised photograph, imshow changes more than 40% of the values"
)
assert is_unchanged, "values between 0 and 1 are drawn as they are"

# %% [markdown]
# ## Pure noise looks as strong as the signal
#
# Two feature maps side by side, the second a thousand times weaker, and beside them one that is constant.

# %% tags=["symptom"] also="imshow autoscale; each image has its own colour scale; feature maps all look alike; constant image is black; vmin vmax"
maps = {"strong": np.linspace(0, 1, 16).reshape(4, 4)}
maps["weak"] = maps["strong"] / 1000
maps["constant 1"] = np.ones((4, 4))
figure, all_axes = plt.subplots(1, 3)
brightness = {}
for axes, (name, values) in zip(all_axes, maps.items(), strict=True):
    image = axes.imshow(values, cmap="gray")
    brightness[name] = image.to_rgba(values)[..., 0].max()
plt.close(figure)
for name, maximum in brightness.items():
    print(f"{name:>10}: brightest pixel {maximum:.0f}")

# %% [markdown]
# **Why.** With one channel, `imshow` gives the darkest colour to the smallest value of *this* array, and the
# brightest to its largest. A constant array has no range, and is all dark, whatever its value. Give all pictures
# that are to be compared the same `vmin` and `vmax`. See
# [Convolution](../3_convnets/12_convolution.py) and
# [colour-map normalisation](https://matplotlib.org/stable/users/explain/colors/colormapnorms.html).

# %% tags=["cure"]
figure, all_axes = plt.subplots(1, 3)
cured_brightness = {}
for axes, (name, values) in zip(all_axes, maps.items(), strict=True):
    image = axes.imshow(values, cmap="gray", vmin=0, vmax=1)
    cured_brightness[name] = image.to_rgba(values)[..., 0].max()
plt.close(figure)
for name, maximum in cured_brightness.items():
    print(f"{name:>10}: brightest pixel {maximum:.3f}")

# %% tags=["claims"]
assert brightness["weak"] == brightness["strong"] == 1, (
    "by default, a map a thousand times weaker is as bright"
)
assert brightness["constant 1"] == 0, "and a constant map is black"
assert cured_brightness["weak"] < 0.01, (
    "with a common range the weak map is almost black"
)
assert cured_brightness["constant 1"] == 1, "and a constant 1 is white"

# %% [markdown]
# ## Points are missing on a logarithmic axis
#
# The best networks of a comparison make no mistakes at all.

# %% tags=["symptom"] also="log scale zero values disappear; matplotlib semilogy drops zeros; best result not visible in plot"
errors = np.array([0.2, 0.05, 0.01, 0, 0])
figure, axes = plt.subplots()
axes.plot(errors, "o")
axes.set_yscale("log")
figure.canvas.draw()
axis_start, axis_end = axes.get_ylim()
plt.close(figure)
shown_count = ((errors >= axis_start) & (errors <= axis_end)).sum()
print(shown_count, "of", len(errors), "points lie on the axes")

# %% [markdown]
# **Why.** Zero has no logarithm. Matplotlib puts such points far below the axes, and leaves them out when it looks
# for the limits. It warns only if *no* value is positive. `symlog` has room for zero: it is linear near it. See
# [Experiments](../2_networks/11_experiments.py) and
# [scales](https://matplotlib.org/stable/users/explain/axes/axes_scales.html).

# %% tags=["cure"]
figure, axes = plt.subplots()
axes.plot(errors, "o")
axes.set_yscale("symlog", linthresh=0.01)
figure.canvas.draw()
axis_start, axis_end = axes.get_ylim()
plt.close(figure)
symlog_count = ((errors >= axis_start) & (errors <= axis_end)).sum()
print(symlog_count, "of", len(errors), "points lie on the axes")

# %% tags=["claims"]
assert shown_count == 3, "a logarithmic axis leaves out both zeros"
assert symlog_count == 5, "with symlog all five points lie on the axes"

# %% [markdown]
# ## More than 20 figures have been opened
#
# A loop draws a figure per epoch, and saves it.

# %% tags=["symptom"] also="RuntimeWarning figure.max_open_warning; matplotlib memory leak in loop; figures retained until explicitly closed"
for _ in range(21):
    figure = plt.figure(figsize=(1, 1))
    figure.savefig(io.BytesIO())
open_count = len(plt.get_fignums())
plt.close("all")  # or this page would show them all
print(open_count, "figures were open")

# %% [markdown]
# **Why.** pyplot keeps each figure until you close it, though your own name for it now means the next one. A
# notebook also shows them all when the cell ends. [Tensors](../1_foundations/01_tensors.py) closes the figure
# that it draws; see [pyplot.figure](https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.figure.html).

# %% tags=["cure"]
for _ in range(21):
    figure = plt.figure(figsize=(1, 1))
    figure.savefig(io.BytesIO())
    plt.close(figure)
closed_count = len(plt.get_fignums())
print(closed_count, "figures are open")

# %% tags=["claims"]
assert open_count == 21, "pyplot keeps every figure of a loop"
assert closed_count == 0, "with close in the loop, none"

# %% [markdown]
# ## 'list' object has no attribute 'Dense'
#
# The cell has worked. You run it once more.

# %% tags=["symptom", "raises-exception"] also="'builtin_function_or_method' object has no attribute 'time'; 'list' object is not callable; module name overwritten by a variable; cell works only once"
from keras import layers

for _ in range(2):  # the cell, run twice
    layers = [layers.Dense(16), layers.Dense(1)]

# %% [markdown]
# **Why.** A name means the last thing that you gave it. The line turns the module `layers` into a list, and
# its second run asks that list for `Dense`. A variable called `list`, `sum` or `time`, and
# `from time import time` after `import time`, do the same. [Your first
# network](../2_networks/06_first_network.py) writes `keras.layers.Dense` in full; see [the Python
# tutorial](https://docs.python.org/3/tutorial/classes.html#python-scopes-and-namespaces).

# %% tags=["cure"]
import sys

import keras

for _ in range(2):
    dense_layers = [keras.layers.Dense(16), keras.layers.Dense(1)]
print(len(dense_layers), "layers")

# %% tags=["claims"]
assert "'list' object has no attribute 'Dense'" in str(sys.last_value), (
    "a cell that gives the module's name to a list fails the second time"
)
assert len(dense_layers) == 2, (
    "under another name it runs as often as you like"
)

# %% [markdown]
# ## Accuracy falls each time the cell is run
#
# The cell scales the images in place.

# %% tags=["symptom"] also="images become black after rerunning cell; normalising twice; in-place operation in notebook; result changes when I rerun"
images = np.full((2, 4, 4), 255.0)
for _ in range(2):  # the cell, run twice
    images /= 255
twice_scaled_maximum = images.max()
print(f"the brightest pixel is {twice_scaled_maximum:.4f}")

# %% [markdown]
# **Why.** `/=` changes the array that the cell before has made, and every other name of it as well. A cell can be
# run again safely if it reads names that it does not change. See [Tensors](../1_foundations/01_tensors.py) and
# [copies and views](https://numpy.org/doc/stable/user/basics.copies.html).

# %% tags=["cure"]
pixels = np.full((2, 4, 4), 255.0)
for _ in range(2):
    scaled_images = pixels / 255
maximum = scaled_images.max()
print(f"the brightest pixel is {maximum:.4f}")

# %% tags=["claims"]
assert np.isclose(twice_scaled_maximum, 1 / 255), (
    "a cell that divides in place divides once more each time it is run"
)
assert maximum == 1, "one that makes a new array does not"

# %% [markdown]
# ## An edited module still does what it did
#
# You correct a function in a file beside the notebook, and import it again.

# %% tags=["symptom"] also="changes in .py file not reflected in Jupyter; import again does nothing; importlib reload; autoreload"
from pathlib import Path

own_file = Path("own_metrics.py")
_ = own_file.write_text("def percent(x):\n    return x\n")
import own_metrics

_ = own_file.write_text("def percent(x):\n    return 100 * x\n")
import own_metrics

stale_percent = own_metrics.percent(0.5)
print(stale_percent)

# %% [markdown]
# **Why.** Python runs a module's file on the first import, and afterwards finds the module in `sys.modules`.
# And a name from `from own_metrics import percent` keeps the old function even after a reload. Restarting the
# kernel is the safe cure. [Fashion-MNIST](../2_networks/05_fashion_mnist.py) imports from modules beside the
# notebook; see [importlib.reload](https://docs.python.org/3/library/importlib.html#importlib.reload).

# %% tags=["cure"]
import importlib

importlib.reload(own_metrics)
reloaded_percent = own_metrics.percent(0.5)
print(reloaded_percent)

# %% tags=["claims"]
assert stale_percent == 0.5, (
    "a second import gives the module as it was at the first"
)
assert reloaded_percent == 50, "reload runs the file again"

# %% [markdown]
# ## Partially initialized module has no attribute
#
# Your own file has the name of the package that it uses.

# %% tags=["symptom", "raises-exception"] also="most likely due to a circular import; consider renaming if it has the same name as a library you intended to import; file named keras.py or random.py; module has no attribute although installed; own file shadows library"
own_script = Path("tabulate.py")  # also a package
text = "import tabulate\nprint(tabulate.simple_separated_format)\n"
_ = own_script.write_text(text)

import tabulate

print(tabulate.__file__)

# %% [markdown]
# **Why.** Python looks in the notebook's folder before the installed packages. So the file imports itself,
# half made, and asks itself for what the package would have. A file named `random.py` breaks every package
# that imports `random`. Rename it, and restart. Newer versions of Python may say *consider renaming* instead.
# The first lines of [Your first network](../2_networks/06_first_network.py) have names to avoid; see [the
# search path](https://docs.python.org/3/tutorial/modules.html#the-module-search-path).

# %% tags=["cure"]
message = str(sys.last_value)
own_script.rename("make_tables.py")
importlib.invalidate_caches()
package = importlib.util.find_spec("tabulate")
is_in_the_way = package is not None and package.origin == str(
    own_script.absolute()
)
print("own file in the way:", is_in_the_way)

# %% tags=["claims"]
assert "partially initialized module 'tabulate'" in message, (
    "a file with a package's name imports itself, half made"
)
assert not is_in_the_way, "renamed, it is no longer in the way"
