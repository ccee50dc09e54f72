"""One run gives each figure twice, light and dark, with its text and once on the page."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from tutorial_engine.errors import ExecutionError
from tutorial_engine.kernel import DARK, INK, PAPER

from .tiny import code

DRAW = """
# %%
import matplotlib.pyplot as plt
import numpy as np

figure = plt.figure(figsize=(2, 2))
figure.text(0.1, 0.8, "ink", fontsize=30)
ax = figure.add_axes((0, 0.4, 1, 0.3))
ax.set_axis_off()
# A grey picture: black, white, and the very colours that ink and paper have.
row = np.array([[[0, 0, 0], [255, 255, 255], [0x1F, 0x23, 0x28], [0xFE, 0xFE, 0xFE]]], "uint8")
ax.imshow(row, aspect="auto", interpolation="nearest")
for x, colour in ((0.0, "black"), (0.25, "white"), (0.5, "C0")):
    figure.add_artist(plt.Rectangle((x, 0), 0.25, 0.2, facecolor=colour, edgecolor="none"))
ink = plt.rcParams["text.color"]
figure.add_artist(plt.Rectangle((0.75, 0), 0.25, 0.2, facecolor=ink, edgecolor="none"))
figure.alt = "Bars and the word ink."
plt.close(figure)
figure

# %%
figure, ax = plt.subplots(figsize=(3, 2))
ax.plot([0, 1], [0, 1], marker="o", label="a line")
ax.scatter([0.5], [0.2], color=plt.rcParams["text.color"])
ax.annotate("here", (0.5, 0.5), (0.1, 0.8), arrowprops={"arrowstyle": "->"})
ax.text(0.7, 0.2, "boxed", bbox={"facecolor": plt.rcParams["figure.facecolor"]})
ax.bar([0.9], [0.3], hatch="//", facecolor="none")
ax.set(title="Title", xlabel="x", ylabel="y")
ax.legend()
figure.alt = "A line."
plt.close(figure)
colours = lambda: [artist.get_color() for artist in figure.findobj(plt.Text)]
before = colours()
figure

# %%
print(colours() == before)

# %%
from IPython.display import HTML, display

other, _ = plt.subplots(figsize=(1, 1))
other.alt = "Nothing."
plt.close(other)
display(other)
HTML("<b>bold</b>")
"""


@pytest.fixture(scope="module")
def drawn(module_course):
    module_course.tutorial(DRAW.lstrip())
    return module_course.run()


def pictures(run, cell: int, output: int = 0) -> tuple[Image.Image, Image.Image]:
    data = run.outputs[cell][output]["data"]
    return tuple(
        Image.open(io.BytesIO(base64.b64decode(data[mime]))).convert("RGB")
        for mime in ("image/png", DARK)
    )


def colours(image: Image.Image) -> set[str]:
    return {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in image.getcolors(1 << 20)}


def region(image: Image.Image, left: float, top: float, right: float, bottom: float) -> set[str]:
    """Return the colours well inside a part of a picture, given in parts of its size."""
    width, height = image.size
    return colours(
        image.crop(
            (round(left * width), round(top * height), round(right * width), round(bottom * height))
        )
    )


def test_ink_and_paper_are_swapped(drawn):
    light, dark = pictures(drawn, 0)
    assert {INK[0], PAPER[0]} <= region(light, 0.02, 0.02, 0.98, 0.28)
    assert {INK[1], PAPER[1]} <= region(dark, 0.02, 0.02, 0.98, 0.28)
    assert not {INK[0], PAPER[0]} & region(dark, 0.02, 0.02, 0.98, 0.28)


def test_the_pixels_of_an_image_stay(drawn):
    for image in pictures(drawn, 0):
        found = region(image, 0.05, 0.4, 0.95, 0.5)
        assert {"#000000", "#ffffff", INK[0], PAPER[0]} <= found


def test_pure_black_pure_white_and_data_colours_stay(drawn):
    for image in pictures(drawn, 0):
        assert region(image, 0.08, 0.88, 0.18, 0.94) == {"#000000"}
        assert region(image, 0.32, 0.88, 0.42, 0.94) == {"#ffffff"}
        assert region(image, 0.56, 0.88, 0.66, 0.94) == {"#0072b2"}


def test_ink_that_a_plot_asks_for_by_name_is_swapped(drawn):
    light, dark = pictures(drawn, 0)
    assert region(light, 0.82, 0.88, 0.92, 0.94) == {INK[0]}
    assert region(dark, 0.82, 0.88, 0.92, 0.94) == {INK[1]}


def test_nothing_of_the_light_scheme_is_left_in_a_dark_plot(drawn):
    _, dark = pictures(drawn, 1)
    assert not {INK[0], PAPER[0]} & colours(dark)


def test_both_schemes_have_one_size(drawn):
    for cell in (0, 1):
        light, dark = pictures(drawn, cell)
        assert light.size == dark.size


def test_drawing_the_dark_twin_leaves_the_figure_as_it_was(drawn):
    (said,) = drawn.outputs[2]
    assert said["text"] == "True\n"


def test_a_figure_is_shown_once(drawn):
    assert [len(drawn.outputs[cell]) for cell in (0, 1, 2)] == [1, 1, 1]


def test_a_figure_carries_its_text(drawn):
    output = drawn.outputs[0][0]
    assert output["metadata"]["image/png"]["alt"] == "Bars and the word ink."
    assert output["data"]["text/plain"] == "Bars and the word ink."


def test_a_figure_may_stand_beside_another_output(drawn):
    figure, words = drawn.outputs[3]
    assert DARK in figure["data"]
    assert words["data"]["text/html"] == "<b>bold</b>"


@pytest.mark.parametrize(
    ("picture", "remedy"),
    [
        (
            "import matplotlib.pyplot as plt\n\nfigure, _ = plt.subplots()\nplt.close(figure)\nfigure",
            "set figure.alt, or plt.gcf().alt before plt.show(), to a sentence",
        ),
        (
            "import matplotlib.pyplot as plt\n\n_ = plt.plot([0, 1])",
            "set figure.alt, or plt.gcf().alt before plt.show(), to a sentence",
        ),
        (
            "from PIL import Image\n\nImage.new('RGB', (4, 4))",
            'display(image, metadata={"image/png": {"alt": "…"}})',
        ),
    ],
    ids=["a figure returned", "a figure left open", "an image of another library"],
)
def test_a_picture_without_a_text_is_refused_with_a_remedy_of_its_kind(course, picture, remedy):
    course.tutorial(code("x = 1") + "\n" + code(picture))
    with pytest.raises(ExecutionError, match="without alt text") as caught:
        course.run()
    assert (caught.value.cell, caught.value.line) == (2, 9)
    assert remedy in caught.value.remedy
