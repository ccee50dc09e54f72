"""Somebody's notebook becomes a tutorial that reads at once, with one list of all that needs a hand."""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import os
import re
import warnings
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tutorial_engine.__main__ import main
from tutorial_engine.foreign_code import parses as is_python
from tutorial_engine.foreign_code import to_python
from tutorial_engine.foreign_images import LARGEST, Images
from tutorial_engine.foreign_prose import BOOKMARK, Notes, to_prose
from tutorial_engine.importing import (
    Draft,
    Imported,
    ImportingError,
    converted,
    import_file,
    text_that_reads,
)
from tutorial_engine.links import links, to_pages
from tutorial_engine.markup import render
from tutorial_engine.needs_a_hand import needs_a_hand
from tutorial_engine.source import find_sources, parse, parse_text
from tutorial_engine.structure import problems

from . import foreign_notebooks as houses
from .page_rules import leads_to
from .tiny import HEADER, REPOSITORY, Course

# What this course brings, whatever else is installed where the tests run.
PROJECT = """\
[project]
name = "tiny"
version = "1.0"
dependencies = ["ipykernel", "keras", "matplotlib", "numpy", "tensorflow"]
"""

# House -> line, cell and beginning of what is said there.
EXPECTED: dict[str, list[tuple[int, int | None, str]]] = {
    "documentation": [
        (19, 3, "the number 3 is typed by hand"),
        (27, 4, "a shell line, commented out: !pip install -q shoe-tools"),
        (30, 5, "a magic, commented out: %load_ext tensorboard"),
        (37, 6, "the link to ./fashion.ipynb leads nowhere"),
        (40, 7, "data of keras.datasets: fashion_mnist"),
        (46, 8, "a figure without text"),
        (51, 9, "the image https://shop.example/images/network.png is taken out"),
        (55, 10, "input_shape= on a layer"),
        (60, 11, "the number 0.91 is typed by hand"),
        (60, 11, "the number 91% is typed by hand"),
    ],
    "example": [
        (15, 2, "the address /examples/counting/ begins at the root"),
        (26, 3, "imports wandb, which is not installed"),
        (34, 4, "the number 0.05 is typed by hand"),
        (38, 5, "input_shape= on a layer"),
        (39, 5, "lr= of an optimizer"),
        (39, 5, "the key 'acc' of older releases"),
        (40, 5, "a network in HDF5: best.h5"),
        (45, 5, "the key 'val_acc' of older releases"),
        (50, 5, "a figure without text"),
    ],
    "colab": [
        (12, 2, "google.colab, which only Colab has"),
        (21, 4, "imports pandas, which is not installed"),
        (22, 4, "a file that the run has not written: read_csv of /leaves.csv"),
        (26, 5, "a shell line, commented out: files = !ls $folder"),
        (27, 5, "nothing sets the name files"),
        (28, 5, "a shell line, commented out: !unzip leaves.zip"),
        (29, 5, "a question to IPython, commented out: ?leaves.describe"),
        (32, 6, "the image https://ada.example/oak.jpg is taken out"),
        (37, 6, "the link to #the-park leads to no heading of this page"),
        (39, 7, "the cell fails in the notebook"),
        (40, 7, "a figure without text"),
        (43, 8, "a cell magic, commented out: %%bash"),
        (48, 9, "a cell magic, commented out: %%time"),
    ],
    "course": [
        (12, 2, "a magic, commented out: %matplotlib inline"),
        (15, 2, "imports d2l, which is not installed"),
        (20, 2, "a figure without text"),
        (41, 3, "the number 0.001 is typed by hand"),
        (44, 3, "the image img/missing.png has no text"),
        (44, 3, "there is no image img/missing.png"),
        (50, 3, "the number 0.5 is typed by hand"),
        (50, 3, "the number 0.2% is typed by hand"),
        (50, 3, "the footnote [^1] without its text"),
        (52, 4, "the cell is commented out: not Python"),
        (57, 5, "nothing sets the name w"),
        (63, 6, "the formula x \\indep y cannot be shown"),
        (63, 6, "the link reference [axis] has no address"),
    ],
    "competition": [
        (3, None, "the summary had 176 characters and is cut: The rents are made up"),
        (9, 1, "imports pandas, which is not installed"),
        (11, 1, "a file that the run has not written: walk of /kaggle/input"),
        (31, 3, "a file that the run has not written: read_csv of ../input/rents/train.csv"),
        (36, 4, "imports seaborn, which is not installed"),
        (37, 4, "a figure without text"),
        (41, 5, "weights from elsewhere: VGG16"),
        (43, 5, "a video, which no page shows"),
        (46, 6, "the number 87% is typed by hand"),
    ],
    "script": [
        (7, 1, "the number 50% is typed by hand"),
        (16, 3, "a shell line, commented out: !pip install --quiet wave-tools"),
        (17, 3, "a magic, commented out: %matplotlib inline"),
        (18, 3, "a magic, commented out: %config InlineBackend"),
        (22, 4, "a cell magic, commented out: %%timeit -n 10"),
        (31, 6, "a raw cell is taken out: .. note:: for Sphinx"),
    ],
}

# House -> what a person does about each of these: what stands in the tutorial, what takes its place.
HANDS: dict[str, list[tuple[str, str]]] = {
    "documentation": [
        ("It takes about 3 minutes.", "It takes a while."),
        ("# %%\n# !pip install -q shoe-tools\n\n", ""),
        ("# %load_ext tensorboard\n", ""),
        ("[Fashion-MNIST](./fashion.ipynb)", "Fashion-MNIST"),
        (
            "fashion_mnist = tf.keras.datasets.fashion_mnist\n"
            "(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()",
            "from snippets.helper import add\n\nx_train = [[[add(1, 2)]]]",
        ),
        ("plt.show()", 'plt.gcf().alt = "A boot, seen from the side."\nplt.show()'),
        ("    tf.keras.layers.Flatten(input_shape=(28, 28)),\n", "    tf.keras.Input((28, 28)),\n"),
        (
            "about 0.91 (or 91%)",
            'about *0.91*{.given title="our notes"} (or *91%*{.given title="our notes"})',
        ),
    ],
    "example": [
        ("[the older example](/examples/counting/)", "the older example"),
        ("import wandb\n", ""),
        ("is below 0.05", "is `{python} history.history['loss'][-1]`"),
        ("layers.LSTM(8, input_shape=(8, 1))", "keras.Input((8, 1)), layers.LSTM(8)"),
        ("Adam(lr=0.01)", "Adam(learning_rate=0.01)"),
        ('metrics=["acc"]', 'metrics=["accuracy"]'),
        ("best.h5", "best.keras"),
        ('"val_acc"', '"val_accuracy"'),
        ("    plt.show()", '    plt.gcf().alt = "A line that rises."\n    plt.show()'),
    ],
    "colab": [
        ("# %%\nfrom google.colab import drive\ndrive.mount('/content/drive')\n\n", ""),
        ("import pandas as pd\n", ""),
        ("pd.read_csv(folder + '/leaves.csv')", "[[1, 2], [3, 4]]"),
        ("leaves.head()", "leaves[0]"),
        ("# files = !ls $folder\n", "files = []\n"),
        ("    pass  # !unzip leaves.zip\n# ?leaves.describe\n", "    print(folder)\n"),
        ("[the park](#the-park)", "[the park](#files)"),
        ("leaves.groupby('tree').length.mean().plot.bar()", "leaves[1]"),
        ("# %%\n# cell magic: %%bash\n# nvidia-smi\n# ls -la\n\n", ""),
        ("# cell magic: %%time\n", ""),
    ],
    "course": [
        ("# %matplotlib inline\n", ""),
        ("import d2l\n", ""),
        ("plt.scatter(x, y)", 'plt.scatter(x, y)\nplt.gcf().alt = "Points near a line."'),
        ("below 0.001", "small"),
        ("![](img/missing.png)", "![The plan.](linear-regression-plan.png)"),
        ("takes 0.5 s", "is quick"),
        ("of 0.2%. &#91;^1]", "of almost nothing."),
        ('# w = x @ y / (x @ x)\n# print "w is", w\n', 'w = x @ y / (x @ x)\nprint("w is", w)\n'),
        ("&#91;the axis]&#91;axis]", "the axis"),
        ("$x \\indep y$", "$x = y$"),
    ],
    "competition": [
        ("import pandas as pd\n", ""),
        ("os.walk('/kaggle/input')", "[('a', [], ['b'])]"),
        ("train = pd.read_csv('../input/rents/train.csv')\n", "train = np.eye(3)\n"),
        ("train.to_csv('copy.csv')\npd.read_csv('copy.csv').shape", "train.shape"),
        ("import seaborn as sns\nsns.heatmap(train.corr())", "train.sum()"),
        ("VGG16(include_top=False)", "VGG16(include_top=False, weights=None)"),
        (
            "from IPython.display import YouTubeVideo\nYouTubeVideo('abc')\n",
            "base.count_params()\n",
        ),
        ("My score was 87%.", "My score was good."),
    ],
    "script": [
        ("kept: 50%.", "kept."),
        (
            "# !pip install --quiet wave-tools\n# %matplotlib inline\n"
            '# %config InlineBackend.figure_format = "retina"\n',
            "",
        ),
        ("# cell magic: %%timeit -n 10\n", ""),
    ],
}


@pytest.fixture
def course(tmp_path) -> Course:
    """A course with a tutorial, the data of Fashion-MNIST and a project that says what it brings."""
    made = Course(tmp_path / "a course")
    made.tutorial()
    made.data("fashion-mnist")
    (made.root / "pyproject.toml").write_text(PROJECT)
    return made


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """A folder outside the course, from which notebooks come."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def brought(course: Course, file: Path, part: str = "", **options) -> Imported:
    return import_file(file, course.settings(), part, **options)


def text_of(course: Course, made: Imported) -> str:
    return (course.root / made.file).read_text(encoding="utf-8")


def lesson_of(course: Course, made: Imported):
    return next(each for each in course.lessons() if each.file == made.file)


def said(made: Imported) -> list[tuple[int, int | None, str]]:
    return [(each.line, each.cell, each.message) for each in made.hands]


def from_cells(course: Course, folder: Path, *cells: dict, name: str = "some.ipynb") -> Imported:
    """Import a notebook of these cells."""
    path = folder / name
    path.write_text(houses.notebook(*cells), encoding="utf-8")
    return brought(course, path)


def body(course: Course, made: Imported) -> str:
    """Return a tutorial's text below its header, without the marks of prose."""
    text = text_of(course, made).split("# ---\n\n", 1)[1]
    return "\n".join(re.sub("^# ?", "", line) for line in text.split("\n"))


of_each_house = pytest.mark.parametrize("house", houses.HOUSES, ids=lambda house: house.__name__)


@of_each_house
def test_an_imported_notebook_reads_at_once(course, elsewhere, house):
    made = brought(course, house(elsewhere))
    tutorial = parse(course.root / made.file, course.root)
    assert tutorial.header.summary.endswith(".")
    assert lesson_of(course, made).tutorial == tutorial


@of_each_house
def test_the_list_says_what_needs_a_hand_with_cell_and_line(course, elsewhere, house):
    made = brought(course, house(elsewhere))
    expected = EXPECTED[house.__name__]
    assert [(line, cell) for line, cell, _ in said(made)] == [each[:2] for each in expected]
    for (_, _, message), (_, _, begins) in zip(said(made), expected, strict=True):
        assert message.startswith(begins)
    assert all(each.file == made.file and each.remedy for each in made.hands)


@of_each_house
def test_what_the_engine_refuses_is_in_the_list(course, elsewhere, house):
    made = brought(course, house(elsewhere))
    error = lesson_of(course, made).error
    for fault in error.faults if error else ():
        assert (fault.line, fault.cell, fault.message) in said(made)


@of_each_house
def test_nothing_more_is_refused_once_the_list_is_done(course, elsewhere, house):
    made = brought(course, house(elsewhere))
    text = text_of(course, made)
    for before, after in HANDS[house.__name__]:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (course.root / made.file).write_text(text, encoding="utf-8")
    lesson = lesson_of(course, made)
    assert lesson.error is None
    left = needs_a_hand(lesson.tutorial, course.settings())
    assert [str(each) for each in left] == []


@pytest.mark.parametrize("house", houses.HOUSES, ids=lambda house: house.__name__)
def test_code_that_is_python_stays_what_it_was(course, elsewhere, house):
    path = house(elsewhere)
    made = brought(course, path)
    cells = parse(course.root / made.file, course.root).code_cells
    kept = [ast.dump(node) for cell in cells for node in ast.parse(cell.source).body]
    if path.suffix == ".py":
        given = [path.read_text(encoding="utf-8")]
    else:
        given = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    count = 0
    for source in given:
        with warnings.catch_warnings(), contextlib.suppress(SyntaxError):
            warnings.simplefilter("ignore")
            for node in ast.parse(source).body:
                is_prose = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                if not is_prose and house is not houses.script:
                    assert ast.dump(node) in kept
                    count += 1
    assert count > 1 or house is houses.script


# The header


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# **Fit** a `line`", "Fit a line"),
        ("<h1 align='center'>Fit a line</h1>", "Fit a line"),
        ("Fit a line\n==========", "Fit a line"),
        ("# 3.2. Fit a line", "Fit a line"),
        ("# Chapter 3: Fit a line", "Fit a line"),
        ("# 3 ways to fit a line", "3 ways to fit a line"),
        ("#Fit a line#", "Fit a line"),
        ("## Fit: a line", "Fit: a line"),
        ("```\n# no heading\n```\n\n# Fit a line", "Fit a line"),
        ("```\n# no heading\n  ````\n\n# Fit a line", "Fit a line"),
        ("<!--\n# no heading\n-->\n\n# Fit a line", "Fit a line"),
        ("# The `<T>` of `__init__`", "The <T> of __init__"),
    ],
)
def test_the_title_is_the_first_heading_and_stands_in_the_header_alone(
    course, elsewhere, heading, title
):
    made = from_cells(
        course, elsewhere, houses.prose(f"{heading}\n\nIt is short."), houses.code("x = 1")
    )
    tutorial = parse(course.root / made.file, course.root)
    assert tutorial.header.title == title
    assert not any(title in cell.source for cell in tutorial.cells)


def test_without_a_heading_the_title_is_the_name_of_the_file(course, elsewhere):
    made = from_cells(course, elsewhere, houses.code("x = 1"), name="a-small_test.ipynb")
    assert parse(course.root / made.file, course.root).header.title == "A small test"
    assert said(made) == [(3, None, "no sentence to make the summary of")]


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("A line, e.g. through points, fits. And more.", "A line, e.g. through points, fits."),
        ("Why? Because it fits.", "Because it fits."),
        (
            "*Author: me*\n\n**Date:** today\n\nIt *fits* a [line](https://a.example).",
            "It fits a line.",
        ),
        ("- a list\n- of things\n\nIt fits a line", "It fits a line."),
        ("We fit a line to points", "We fit a line to points."),
        ("It fits!", "It fits."),
        ("A: colon # and 'quotes' \"too\".", "A: colon # and 'quotes' \"too\"."),
    ],
)
def test_the_summary_is_the_first_sentence(course, elsewhere, text, summary):
    made = from_cells(course, elsewhere, houses.prose(f"# Fit\n\n{text}"), houses.code("x = 1"))
    assert parse(course.root / made.file, course.root).header.summary == summary


def test_a_long_summary_is_cut_at_a_word_and_said_with_all_its_words(course, elsewhere):
    words = "word " * 40
    made = from_cells(course, elsewhere, houses.prose(f"# Fit\n\nA {words}."), houses.code("x = 1"))
    summary = parse(course.root / made.file, course.root).header.summary
    assert len(summary) <= 140
    assert summary.endswith("word.")
    assert said(made)[0][2].count("word") == 40


def test_further_first_level_headings_become_parts_and_the_others_go_down_with_them(
    course, elsewhere
):
    text = "# Title\n\nIt fits.\n\n# One\n\n## Two\n\n###### Six"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert [line for line in body(course, made).split("\n") if line.startswith("##")] == [
        "## One",
        "### Two",
        "###### Six",
    ]


@pytest.mark.parametrize(
    ("call", "seed"),
    [
        ("keras.utils.set_random_seed(7)", 7),
        ("SEED = 8\nkeras.utils.set_random_seed(SEED)", 8),
        ("keras.utils.set_random_seed(seed=9)", 9),
        ("SEED: int = 7\nkeras.utils.set_random_seed(SEED)", 7),
    ],
)
def test_the_seed_stands_in_the_header(course, elsewhere, call, seed):
    made = from_cells(course, elsewhere, houses.code(f"import keras\n{call}"))
    assert parse(course.root / made.file, course.root).header.seed == seed
    assert not any("the seed" in each.message for each in made.hands)


@pytest.mark.parametrize(
    ("before", "given"),
    [("", "hash('a')"), ("base = 3\n", "base * 2"), ("", "True"), ("a = 1\na = 2\n", "a")],
)
def test_a_seed_that_is_no_plain_number_is_listed(course, elsewhere, before, given):
    source = f"import keras\n{before}keras.utils.set_random_seed({given})"
    made = from_cells(course, elsewhere, houses.prose("# Some\n\nIt is."), houses.code(source))
    assert parse(course.root / made.file, course.root).header.seed == 0
    assert said(made) == [(4, None, f"the seed is not a plain number: {given}")]


# What comes along and what does not


def test_nothing_of_the_notebooks_metadata_is_left(course, elsewhere):
    text = text_of(course, brought(course, houses.colab(elsewhere)))
    for word in ("colab-badge", "provenance", "cellView", "@param", "@title", "run:"):
        assert word not in text
    text = text_of(course, brought(course, houses.script(elsewhere)))
    for word in ("jupytext", "kernelspec", "slideshow", "setup"):
        assert word not in text


def test_badges_go_and_other_tables_and_links_stay(course, elsewhere):
    text = text_of(course, brought(course, houses.documentation(elsewhere)))
    assert "colab" not in text.lower()
    assert "tfo-notebook" not in text
    kept = "| a | b |\n|---|---|\n| [code](https://github.com/ada/code) | 2 |"
    made = from_cells(
        course, elsewhere, houses.prose(f"# Kept\n\nA table stays.\n\n{kept}"), houses.code("x = 1")
    )
    assert kept in body(course, made)


@pytest.mark.parametrize(
    "badges",
    [
        "[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/x)",
        "[![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/a/b/HEAD)",
        '<img class="k-inline-icon" src="https://colab.research.google.com/img/colab_favicon.ico"/> '
        '[**View in Colab**](https://colab.research.google.com/github/a/b.ipynb)  <span class="k-dot">•</span>'
        '<img class="k-inline-icon" src="https://github.com/favicon.ico"/> [**GitHub source**](https://github.com/a/b.py)',
        "| [Run in Google Colab](https://colab.research.google.com/x) | [View source on GitHub](https://github.com/a/b) |\n"
        "|---|---|",
        "![build](https://img.shields.io/badge/build-passing-green.svg)",
    ],
)
def test_badges_of_every_make_go(course, elsewhere, badges):
    made = from_cells(
        course,
        elsewhere,
        houses.prose(f"# Short\n\n{badges}\n\nIt is short."),
        houses.code("x = 1"),
    )
    assert body(course, made).split("\n\n")[0] == "%% [markdown]\nIt is short."
    assert made.hands == ()


def test_attachments_and_images_beside_the_notebook_come_along_byte_for_byte(course, elsewhere):
    made = brought(course, houses.course(elsewhere))
    contents = [(course.root / image).read_bytes() for image in made.images]
    assert contents == [houses.png(), houses.png("blue")]
    for image in made.images:
        assert f"]({Path(image).name})" in text_of(course, made)
        assert Path(image).parent == Path(made.file).parent


def test_two_images_of_one_name_both_come_along(course, elsewhere):
    for folder, colour in (("a", "red"), ("b", "blue")):
        (elsewhere / folder).mkdir()
        (elsewhere / folder / "plan.png").write_bytes(houses.png(colour))
    text = (
        "# Plans\n\nTwo plans.\n\n![One.](a/plan.png)\n\n![Two.](b/plan.png)\n\n![One.](a/plan.png)"
    )
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert [(course.root / each).read_bytes() for each in made.images] == [
        houses.png("red"),
        houses.png("blue"),
    ]
    assert made.hands == ()


def test_an_image_in_an_address_comes_along_as_a_file(course, elsewhere):
    data = base64.b64encode(houses.png()).decode()
    text = f'# Inline\n\nIt shows.\n\n<p align="center"><img src="data:image/png;base64,{data}" alt="Red."></p>'
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert [(course.root / each).read_bytes() for each in made.images] == [houses.png()]
    assert made.hands == ()


OUTSIDE = (
    "{there}/secret.txt?/x.png",
    "{there}/secret.txt#/x.png",
    "{there}/secret.png",
    "../there/secret.png",
    "%2E%2E/there/secret.png",
    "plans/../../there/secret.png",
    "../there/secret.png?raw=true",
    "link.png",
    "linked/secret.png",
)


@pytest.mark.parametrize("target", OUTSIDE)
@pytest.mark.parametrize("form", ["![Shown.]({})", "<img src='{}' alt='Shown.'>"])
def test_no_image_outside_the_notebooks_folder_comes_along(course, elsewhere, target, form):
    there = elsewhere.parent / "there"
    there.mkdir()
    (there / "secret.txt").write_text("secret")
    (there / "secret.png").write_bytes(houses.png())
    (elsewhere / "link.png").symlink_to(there / "secret.png")
    (elsewhere / "linked").symlink_to(there)
    target = target.format(there=there.as_posix())
    before = state(course)
    text = f"# Shown\n\nIt shows.\n\n{form.format(target)}"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert made.images == ()
    assert state(course).keys() - before.keys() == {course.root / made.file}
    (hand,) = made.hands
    assert hand.message.startswith("the image ")
    assert "is taken out: it is not in the notebook's folder (its text: Shown.)" in hand.message
    assert hand.remedy.startswith("save it as PNG, WebP or SVG beside the tutorial")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("secret.png", b"secret", "it is not of a kind that browsers show"),
        ("secret.svg", b"<!-- <svg> --><html></html>", "it is not of a kind that browsers show"),
        ("empty.png", b"", "it is not of a kind that browsers show"),
        ("large.png", houses.png() + bytes(LARGEST), "it has more than 16 MiB"),
    ],
)
def test_only_images_of_the_notebooks_folder_come_along(course, elsewhere, name, content, reason):
    (elsewhere / name).write_bytes(content)
    text = f"# Shown\n\nIt shows.\n\n![]({name})"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert made.images == ()
    assert [each.message for each in made.hands] == [f"the image {name} is taken out: {reason}"]


@pytest.mark.parametrize("target", ["/dev/zero?x.png", "pipe.png", "folder.png", "a%00.png"])
def test_what_is_no_file_is_not_read(course, elsewhere, target):
    os.mkfifo(elsewhere / "pipe.png")
    (elsewhere / "folder.png").mkdir()
    text = f"# Shown\n\nIt shows.\n\n![Shown.]({target})"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert made.images == ()
    assert len(made.hands) == 1


def test_an_attachment_that_holds_no_image_is_taken_out(course, elsewhere):
    data = base64.b64encode(b"secret").decode()
    cell = houses.prose("# Shown\n\nIt shows.\n\n![Shown.](attachment:a.png)")
    cell["attachments"] = {"a.png": {"image/png": data}}
    made = from_cells(course, elsewhere, cell, houses.code("x = 1"))
    assert made.images == ()
    assert [each.message for each in made.hands] == [
        "the image attachment:a.png is taken out: it is not of a kind that browsers show (its text: Shown.)"
    ]


def test_an_image_that_is_not_there_keeps_its_address(course, elsewhere):
    text = "# Shown\n\nIt shows.\n\n![Shown.](<a b.png>)"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert [each.message for each in made.hands] == ["there is no image a%20b.png"]


def test_an_image_is_named_for_what_it_holds(course, elsewhere):
    (elsewhere / "drawn.svg").write_text(
        '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    )
    (elsewhere / "photo.jpeg").write_bytes(b"\xff\xd8\xff\xe0 and so on")
    (elsewhere / "plan").write_bytes(houses.png())
    text = "# Shown\n\nIt shows.\n\n![One.](drawn.svg?v=1) ![Two.](photo.jpeg#top) ![Three.](plan)"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert [Path(each).name for each in made.images] == [
        "shown-drawn.svg",
        "shown-photo.jpg",
        "shown-plan.png",
    ]
    assert made.hands == ()


def test_code_that_colab_hides_is_folded(course, elsewhere):
    made = from_cells(
        course,
        elsewhere,
        houses.code("#@title Settings\nx = 1"),
        houses.code("y = 2", tags=["hide-input"]),
        houses.code("z = 3", jupyter={"source_hidden": True}),
        houses.code("#@title Licensed under the MIT License\n# Permission is granted."),
        houses.code("1 / 0", tags=["raises-exception"]),
        houses.code("shown = 4", tags=["mine"]),
    )
    tutorial = parse(course.root / made.file, course.root)
    assert [sorted(cell.tags) for cell in tutorial.code_cells] == [
        *([["folded"]] * 4),
        ["raises-exception"],
        [],
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("%%timeit\nx = 1", "# cell magic: %%timeit\nx = 1"),
        (
            "%%time\n%%capture\nimport os",
            "# cell magic: %%time\n# cell magic: %%capture\nimport os",
        ),
        ("%%time\n%%bash\nls", "# cell magic: %%time\n# cell magic: %%bash\n# ls"),
        ("%%html\n<b>bold</b>", "# cell magic: %%html\n# <b>bold</b>"),
        ("%%writefile a.py\nx = 1", "# cell magic: %%writefile a.py\n# x = 1"),
        ("if True:\n    %time f()", "if True:\n    pass  # %time f()"),
        ("!pip install a \\\n   b\nx = 1", "# !pip install a \\\n# b\nx = 1"),
        ('text = """\n%matplotlib\n!ls\n"""', 'text = """\n%matplotlib\n!ls\n"""'),
        ("a = 7 \\\n  % 2", "a = 7 \\\n  % 2"),
        ("# In[3]:\nx = 1", "x = 1"),
        ("#%% part\nx = 1", "# part\nx = 1"),
        ("x = '''\n# %% no cell\n'''", "x = '''\n\\x23 %% no cell\n'''"),
        ("x = '\\d' + r'\\d' + '\\n'", "x = '\\\\d' + r'\\d' + '\\n'"),
    ],
)
def test_code_becomes_python_and_says_the_same(given, kept):
    assert to_python(given) == kept


# Prose

FRAGMENTS = (
    "Words and `code`.",
    "# One",
    "##No blank",
    "Title\n=====",
    "Under\n---",
    "- a\n  - b\n    more",
    "* a\n\n  still a",
    "text\n- right below",
    "1) one\n2) two",
    "3. three",
    "    indented = code",
    "```python\nx = 1\n```",
    "``` {.python .numberLines}\nx\n````",
    "~~~\nnever closed",
    "- ```\n  in an item\n  ```",
    "> quote\n> # heading",
    "> [!NOTE]\n> said",
    "::: warning\nsaid\n:::",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "words\n| a |\n|---|\n| 1 |",
    "~~struck~~ and ~~ half",
    "a line \\\nbroken",
    "<center>**bold**</center>",
    "<div>\n\n*open*",
    "</div>",
    "<p>one<p>two",
    "<img src='https://a.example/a.png'>",
    "<table><tr><td>cell</table>",
    "<details><summary>More</summary>\n\n- a\n\n</details>",
    "a < b and b<c, List<int> x",
    "<https://a.example>",
    "<script>let a = '<b>';</script>",
    "<!-- closed -->",
    "<!-- never closed",
    "a ` tick",
    "$$\na\n\n= b\n$$",
    "\\begin{align}a &= b \\\\ c &= d\\end{align}",
    "it costs $5 or $6",
    "$$ open",
    "%%time",
    "In [3]: x",
    "`{python} x +`",
    "!!! note",
    "===",
    "-",
    "***",
    "#",
    "![](a.png)",
    "[a][b] and c[0][1]",
    "[a](b c.md) and [d](e.md (f))",
    "[a [b](c.md)](d.md) and [e](javascript:f)",
    "[^1] and\n\n[^2]: text",
    "<a href=\"other.ipynb\">there</a> <a name='x'></a>",
    "<br> &nbsp; <b>open",
    "\ttab\n\n\tcode",
    "```\n%%time\n```",
)


@given(
    parts=st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=5),
    between=st.sampled_from(["\n", "\n\n", "\n\n  "]),
)
def test_whatever_prose_comes_reads_alike_on_the_site_and_in_jupyter(parts, between):
    notes, images = Notes(), Images(lambda name: None, lambda name: None, "x")
    text = BOOKMARK.sub("", to_prose(between.join(parts), notes, images))
    assert list(problems(text)) == []


@given(
    prose=st.lists(st.sampled_from(FRAGMENTS), max_size=4),
    source=st.lists(
        st.sampled_from(
            (
                "x = 1",
                "!ls",
                "%%bash\nls",
                "print 'a'",
                "if x:",
                "'''",
                "# %%",
                "x?",
                "\x0c",
                "# In [1]:",
                "'\\d'",
            )
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_whatever_cells_come_become_a_tutorial_that_reads(prose, source):
    cells = [Draft("markdown", each) for each in prose] + [
        Draft("code", "\n".join(source)),
        Draft("code", "y = 2"),
    ]
    notes, images = Notes(), Images(lambda name: None, lambda name: None, "x")
    drafts = list(converted(cells, notes, images))
    _, tutorial = text_that_reads(
        HEADER, drafts, notes, "tutorials_src/1_part/01_x.py", Path("x.ipynb")
    )
    assert tutorial.code_cells


def test_prose_that_is_right_already_stays_as_it_is():
    images = Images(lambda name: None, lambda name: None, "x")
    cells = [
        cell
        for path in find_sources(REPOSITORY / "tutorials_src")
        for cell in parse(path, REPOSITORY).cells
        if not cell.is_code
    ]
    assert len(cells) > 500
    for cell in cells:
        assert to_prose(cell.source, Notes(), images) == cell.source.strip("\n")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The loss is\n$$\nx\n$$\nand so on.", 1),
        ("The loss is\n$$x$$\n$$y$$", 2),
        ("The loss is $$x$$ and so on.", 1),
        ("- The loss is\n  $$\n  x\n  =\n  y\n  $$\n- and $$z$$ so on", 2),
        ("It is\n\\begin{align}a &= b\\end{align}\nhere.", 1),
        ("It is\n\\begin{equation}\na\n\\label{eq:a}\n\\end{equation}", 1),
        ("It is \\\\[ a \\\\] and \\\\( b \\\\).", 1),
        ("| a | $$b$$ |\n|---|---|\n| 1 | 2 |", 0),
    ],
)
def test_displayed_formulas_are_displayed(text, count):
    images = Images(lambda name: None, lambda name: None, "x")
    shown = render(to_prose(text, Notes(), images))
    assert shown.count('display="block"') == count
    assert "<math" in shown
    assert not re.search(r"[$\\\\]", shown)


def test_what_cannot_be_read_is_shown_as_text_and_said(course, elsewhere):
    made = from_cells(
        course,
        elsewhere,
        houses.prose("# Odd\n\nIt is odd.\n\n`{python} 1 +`"),
        houses.code("x = 1"),
    )
    assert [message for _, _, message in said(made)] == [
        "the cell is shown as text: the inline expression 1 + is not Python: invalid syntax"
    ]


def test_link_references_of_two_cells_that_share_a_label_both_lead_where_they_led(
    course, elsewhere
):
    made = from_cells(
        course,
        elsewhere,
        houses.prose("# Links\n\nSee [one][1].\n\n[1]: https://one.example"),
        houses.prose("See [two][1].\n\n[1]: https://two.example"),
        houses.code("x = 1"),
    )
    found = [each.target for each in links(parse(course.root / made.file, course.root))]
    assert set(found) == {"https://one.example", "https://two.example"}
    assert made.hands == ()


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("[the docs][docs]", "https://two.example"),
        ("[Docs][]", "https://two.example"),
        ("[docs]", "https://two.example"),
        ("[docs](https://three.example)", "https://three.example"),
    ],
)
def test_every_reference_to_a_label_that_two_cells_share_leads_where_it_led(
    course, elsewhere, reference, address
):
    fence = "```text\n[docs][docs]\n```"
    made = from_cells(
        course,
        elsewhere,
        houses.prose("# Links\n\nSee [docs].\n\n[docs]: https://one.example"),
        houses.prose(f"See {reference}.\n\n{fence}\n\n[Docs]: https://two.example"),
        houses.code("x = 1"),
    )
    tutorial = parse(course.root / made.file, course.root)
    source = tutorial.cells[1].source
    shown = BeautifulSoup(render(to_pages(source, tutorial, course.settings())), "html.parser")
    assert [each["href"] for each in shown.find_all("a")] == [address]
    assert fence in source
    assert made.hands == ()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<a href="https://a.example">there</a>', "[there](https://a.example)"),
        ("<a href='#some' class=x>there</a>", "[there](#some)"),
        ("<a href=a.md>there</a>", "[there](a.md)"),
        ('<a href="a (b).md">there</a>', "[there](a%20%28b%29.md)"),
        (
            '<table><tr><td><a href="https://a.example">b</a></td></tr></table>',
            '<table><tr><td><a href="https://a.example">b</a></td></tr></table>',
        ),
    ],
)
def test_links_in_html_become_links_in_markdown_where_it_is_read(given, kept):
    notes, images = Notes(), Images(lambda name: None, lambda name: None, "x")
    assert to_prose(given, notes, images) == kept
    assert list(problems(kept)) == []
    assert notes.said == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a [b](c d.md) e", r"a \[b](c d.md) e"),
        ("[a [b](https://c.d)](https://e.f)", r"\[a [b](https://c.d)](https://e.f)"),
        ("[a](javascript:b)", r"\[a](javascript:b)"),
        ('[a](https://b.c "d "e" f")', r'\[a](https://b.c "d "e" f")'),
        ('[a](https://b.c (d "e"))', '[a](https://b.c "d &quot;e&quot;")'),
        ('[a](https://b.c/"d")', "[a](https://b.c/%22d%22)"),
        ("[a](<https://b.c/d e>) `f`", "[a](https://b.c/d%20e) `f`"),
        ("[a](https://b.c/$1/$2)", "[a](https://b.c/%241/%242)"),
        ("[a [b]](https://c.d) `[e](f g)`", "[a [b]](https://c.d) `[e](f g)`"),
    ],
)
def test_a_link_is_on_the_site_what_it_is_in_jupyter(given, kept):
    notes, images = Notes(), Images(lambda name: None, lambda name: None, "x")
    assert to_prose(given, notes, images) == kept
    assert list(problems(kept)) == []
    assert notes.said == []
    in_jupyter = leads_to(MarkdownIt("commonmark").render(given))
    assert [unquote(each) for each in leads_to(render(kept))] == list(map(unquote, in_jupyter))


def test_tags_that_are_shown_as_text_are_listed(course, elsewhere):
    text = "# Some\n\nIt is some.\n\nIt is <span 'x'>odd</span>."
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert "&lt;" in body(course, made)
    assert any("shown as text" in each.message for each in made.hands)


@pytest.mark.parametrize("cells", [2, 40])
def test_all_cells_that_are_no_python_are_commented_out_in_one_pass(
    course, elsewhere, cells, monkeypatch
):
    passes = []

    def counted(*given):
        passes.append(given)
        return parse_text(*given)

    monkeypatch.setattr("tutorial_engine.importing.parse_text", counted)
    old = [houses.code(f"print '{each}'") for each in range(cells)]
    made = from_cells(course, elsewhere, *old, houses.code("x"))
    assert text_of(course, made).count("# print '") == cells
    assert len(passes) == 3  # with the cells, without them, and as it is written


def test_shell_lines_are_found_together(monkeypatch):
    parsed = []

    def counted(source):
        parsed.append(source)
        return is_python(source)

    monkeypatch.setattr("tutorial_engine.foreign_code.parses", counted)
    lines = [f"!pip install 'a[{each}]'" for each in range(100)]
    assert to_python("\n".join(lines)) == "\n".join(f"# {line}" for line in lines)
    assert len(parsed) < 5


def test_a_shell_line_that_opens_a_string_hides_no_string_below():
    source = "!echo '''\nx = '''\n%matplotlib inline\n'''\n!ls"
    kept = "# !echo '''\nx = '''\n%matplotlib inline\n'''\n# !ls"
    assert to_python(source) == kept


def test_what_no_file_can_hold_is_replaced_and_listed(course, elsewhere):
    cells = (houses.prose("# Some\n\nIt is @ some."), houses.code("x = '@'"))
    (elsewhere / "a.ipynb").write_text(houses.notebook(*cells).replace("@", "\\ud83d"))
    made = brought(course, elsewhere / "a.ipynb")
    message = "a character of this cell is broken and stands here as ?"
    assert [each.message for each in made.hands] == [message] * 2
    assert "x = '?'" in text_of(course, made)


METADATA = {**json.loads(houses.notebook(houses.code("x = 1"))), "metadata": {"kernelspec": "x"}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ipynb", json.dumps(METADATA)),
        ("a.py", "# ---\n# jupyter:\n#   jupytext: x\n#   kernelspec: y\n# ---\n\n# %%\nx = 1\n"),
    ],
)
def test_metadata_of_another_form_says_nothing(course, elsewhere, name, content):
    (elsewhere / name).write_text(content)
    assert body(course, brought(course, elsewhere / name)) == "%%\nx = 1\n"


def test_a_cells_kind_ends_its_title_or_is_part_of_it(course, elsewhere):
    (elsewhere / "a.py").write_text(
        "# %% [markdown]\n# One.\n\n# %% Two [md] key=1\n# Two.\n\n# %% Plot [raw] data\nx = 1\n"
    )
    made = brought(course, elsewhere / "a.py")
    assert [cell.source for cell in parse(course.root / made.file, course.root).cells] == [
        "One.",
        "Two.",
        "# Plot [raw] data\nx = 1",
    ]


def test_a_list_that_cannot_be_made_leaves_nothing_behind(course, elsewhere, monkeypatch):
    def fails(*given):
        raise RuntimeError

    monkeypatch.setattr("tutorial_engine.importing.needs_a_hand", fails)
    before = state(course)
    with pytest.raises(RuntimeError):
        brought(course, houses.course(elsewhere), "A new part")
    assert state(course) == before
    assert not (course.root / "tutorials_src" / "2_a_new_part").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("- one\n\n  more\n- two", "- one\n\n    more\n\n- two"),
        ("- one\n\n    more\n- two", "- one\n\n    more\n\n- two"),
        ("1. one\n\n   more\n2. two", "1. one\n\n    more\n\n2. two"),
        (
            "- one\n  - two\n\n    more\n  - three",
            "- one\n    - two\n\n        more\n\n    - three",
        ),
        ("- one\n  more\n- two", "- one\n  more\n- two"),
        ("> words\n> - one\n> - two", "> words\n>\n> - one\n> - two"),
        ("> - one\n>   more\n> - two", "> - one\n>   more\n> - two"),
        ("> words\n> 2. no list", "> words\n> 2. no list"),
    ],
)
def test_a_list_below_words_begins_with_a_blank_line(given, kept):
    notes, images = Notes(), Images(lambda name: None, lambda name: None, "x")
    assert to_prose(given, notes, images) == kept
    assert notes.said == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            "Code.\n\n```python\nx = 1\n\n\ndef f():\n    pass\n```\n\n\n\nWords.",
            "Code.\n\n```python\nx = 1\n\n\ndef f():\n    pass\n```\n\nWords.",
        ),
        (
            "It says:\n<pre>\n  a &lt; b\n\n\n    <b>c</b>\n</pre>\nAnd so on.",
            "It says:\n\n```text\n  a < b\n\n\n    c\n```\n\nAnd so on.",
        ),
        ("<pre><code class='x'>a\n\n  b</code></pre>", "```text\na\n\n  b\n```"),
    ],
)
def test_code_in_prose_keeps_its_blank_lines_and_its_indentation(course, elsewhere, given, kept):
    made = from_cells(
        course,
        elsewhere,
        houses.prose("# Some\n\nIt is."),
        houses.prose(given),
        houses.code("x = 1"),
    )
    assert parse(course.root / made.file, course.root).cells[1].source == kept
    assert made.hands == ()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x = 'a\tb'\nif x:\n\ty = 1\t# two", "x = 'a\tb'\nif x:\n    y = 1    # two"),
        ("x = '''a  \n\tb '''  \ny = 1  ", "x = '''a  \n\tb '''\ny = 1"),
        ("x = 'a\u2028b\x0c'\x0c", "x = 'a\\u2028b\\x0c'"),
        ("!ls \t\nx = 'a\tb'", "# !ls\nx = 'a\tb'"),
    ],
)
def test_strings_keep_what_they_say(given, kept):
    assert to_python(given) == kept


def test_a_raw_string_that_cannot_be_kept_is_listed(course, elsewhere):
    made = from_cells(
        course, elsewhere, houses.prose("# Some\n\nIt is."), houses.code("x = r'\x0c'\ny = '\x0c'")
    )
    assert "x = r''\ny = '\\x0c'\n" in text_of(course, made)
    assert said(made) == [
        (9, 2, "a string of this cell is changed: it held what no source may hold")
    ]


APACHE = """\
##### Copyright 2020 The Ada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.

    https://www.apache.org/licenses/LICENSE-2.0

Unless required by law, it is distributed on an "AS IS" BASIS."""


@pytest.mark.parametrize(
    ("given", "words", "rest"),
    [
        (APACHE, "AS IS", ""),
        (f"{APACHE}\n\n# Fit\n\nIt fits a line.", "AS IS", "It fits a line."),
        ("Copyright 2020 Ada\n# Fit\n\nIt fits a line.", "2020 Ada", "It fits a line."),
        (
            "Copyright 2020 Ada\n\nIt fits a line.\n\n- one",
            "2020 Ada",
            "It fits a line.\n\n- one",
        ),
    ],
)
def test_a_licence_is_folded_and_what_stands_below_it_is_prose(
    course, elsewhere, given, words, rest
):
    made = from_cells(course, elsewhere, houses.prose(given), houses.code("x = 1"))
    first, _ = parse(course.root / made.file, course.root).cells
    note, _, below = first.source.partition(words)
    assert note.startswith('??? note "Licence"\n\n    Copyright ')
    assert below.partition("\n")[2].strip("\n") == rest
    if rest:
        assert parse(course.root / made.file, course.root).header.summary == "It fits a line."


# Where it goes


def test_the_last_part_that_is_no_atlas_gets_it_under_the_next_free_number(course, elsewhere):
    course.tutorial(file="2_more/07_seven.py")
    entry = (
        "# %% [markdown]\n# ## It breaks\n\n"
        '# %% tags=["symptom"]\nx = 1\n\n# %% tags=["cure"]\nx = 2\n\n'
        '# %% tags=["claims"]\nassert x == 2, "it holds"\n'
    )
    course.tutorial(entry, file="3_wrong/08_breaks.py")
    made = from_cells(course, elsewhere, houses.code("x = 1"))
    assert made.file == "tutorials_src/2_more/09_some.py"


@pytest.mark.parametrize(
    ("part", "folder"),
    [("part", "1_part"), ("1_part", "1_part"), ("Far Away", "2_far_away"), ("7_far", "7_far")],
)
def test_a_part_is_named_by_its_folder_or_its_words_and_a_new_one_is_made(
    course, elsewhere, part, folder
):
    made = brought(course, houses.script(elsewhere), part)
    assert made.file == f"tutorials_src/{folder}/02_waves.py"


def test_a_name_that_is_taken_is_refused_and_another_can_be_given(course, elsewhere):
    path = houses.script(elsewhere)
    first = brought(course, path)
    before = state(course)
    with pytest.raises(
        ImportingError, match=re.escape(f"the name 'waves' is taken by {first.file}")
    ):
        brought(course, path)
    assert state(course) == before
    assert brought(course, path, name="Other waves").file.endswith("03_other_waves.py")


def state(course: Course) -> dict[Path, bytes]:
    sources = course.root / "tutorials_src"
    return {path: path.read_bytes() for path in sources.rglob("*") if path.is_file()}


def test_nothing_that_is_there_is_overwritten(course, elsewhere):
    there = course.root / "tutorials_src" / "1_part" / "linear-regression-plan.png"
    there.write_bytes(b"somebody's own")
    before = state(course)
    made = brought(course, houses.course(elsewhere))
    after = state(course)
    assert all(after[path] == content for path, content in before.items())
    assert "tutorials_src/1_part/linear-regression-plan-2.png" in made.images


NOTEBOOK = json.loads(houses.notebook(houses.code("x = 1")))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ipynb", "", "the file is empty"),
        ("a.ipynb", '{"cells": [', "the notebook's JSON does not read"),
        ("a.ipynb", "[1, 2]", "not a notebook"),
        ("a.ipynb", '{"nbformat": 3, "worksheets": []}', "a notebook in format 3, not 4"),
        ("a.ipynb", json.dumps({**NOTEBOOK, "cells": [{"source": "x"}]}), "a cell does not read"),
        ("a.ipynb", json.dumps({**NOTEBOOK, "cells": []}), "no code cell"),
        (
            "a.ipynb",
            houses.notebook(houses.code("x <- 1"), kernelspec={"name": "ir", "language": "R"}),
            "a notebook in R, not in Python",
        ),
        (
            "a.ipynb",
            houses.notebook(houses.code("x"), kernelspec={}, language_info={"name": "julia"}),
            "a notebook in julia, not in Python",
        ),
        ("a.py", "x = 1\n", "a script without cells"),
        ("a.py", "# ---\n# jupyter: [\n# ---\n\n# %%\nx = 1\n", "its header is not YAML"),
        (
            "a.py",
            "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: light\n# ---\n\nx = 1\n",
            "a script in Jupytext's format light",
        ),
        ("a.Rmd", "x", "a file of the kind .Rmd"),
        ("a.ipynb", b"\xff\xfe\x00", "not UTF-8"),
        ("a.ipynb", None, "there is no such file"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_by_name_and_nothing_is_written(
    course, elsewhere, name, content, message, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    path = elsewhere / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = state(course)
    assert main(["import", str(path)], root=course.root) == 2
    shown = capsys.readouterr().out
    assert f"{path}: " in shown
    assert message in shown
    assert "What to do: " in shown
    assert state(course) == before
    assert not (course.root / "tutorials_src" / "1_imported").exists()


def test_the_command_says_what_it_wrote_and_what_needs_a_hand(course, elsewhere, capsys):
    path = houses.course(elsewhere)
    assert main(["import", str(path), "part"], root=course.root) == 0
    shown = capsys.readouterr().out
    assert "Wrote tutorials_src/1_part/02_linear_regression.py\n" in shown
    assert "Wrote tutorials_src/1_part/linear-regression-plan.png\n" in shown
    assert "13 things need a hand:" in shown
    assert (
        "tutorials_src/1_part/02_linear_regression.py:12 (cell 2): a magic, commented out: %matplotlib inline"
        in shown
    )


# What is listed, and what is not


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("import keras\nkeras.applications.MobileNetV2(input_shape=(8, 8, 3), weights=None)", []),
        (
            "import tensorflow as tf\ntf.keras.utils.get_file('a.zip', 'https://a.example/a.zip')",
            ["data from elsewhere: get_file of a.zip"],
        ),
        (
            "import urllib.request\nurllib.request.urlretrieve('https://a.example')",
            ["data from elsewhere: urlretrieve of https://a.example"],
        ),
        (
            "from tensorflow.keras.datasets import mnist\nmnist.load_data()",
            ["the header names unknown data 'mnist'"],
        ),
        (
            "from tensorflow.keras.datasets import (\n    fashion_mnist,\n)\nfashion_mnist.load_data()",
            ["data of keras.datasets: fashion_mnist"],
        ),
        (
            "import tensorflow.keras.datasets as kept\nkept.fashion_mnist.load_data()",
            ["data of keras.datasets: fashion_mnist"],
        ),
        (
            "from keras.datasets.fashion_mnist import load_data\nload_data()",
            ["data of keras.datasets: fashion_mnist"],
        ),
        ("x = 1  # keras.datasets.reuters is another", []),
        (
            "import numpy as np\nnp.save('kept/a', np.ones(2))\nnp.load('./kept/a.npy')",
            [],
        ),
        (
            "with open('b.txt', 'w') as file:\n    file.write('a')\nopen('data.txt').read()",
            ["a file that the run has not written: open of data.txt"],
        ),
        (
            "with open('b.txt', 'w') as file:\n    file.write('data.txt')\nopen('data.txt').read()",
            ["a file that the run has not written: open of data.txt"],
        ),
        ("import numpy as np\nnp.save('a.npy', np.ones(2))\nnp.load('a.npy')", []),
        (
            "import numpy as np\nnp.load('a.npy')",
            ["a file that the run has not written: load of a.npy"],
        ),
        ("with open('a.txt', 'w') as file:\n    file.write('a')\nopen('a.txt').read()", []),
        ("open('a.txt').read()", ["a file that the run has not written: open of a.txt"]),
        (
            "x = 5\nx.fit_generator(1)",
            ["fit_generator and its kin are gone from Keras: x.fit_generator"],
        ),
        ("import numpy as np\nnp.float", ["a name that NumPy no longer has: numpy.float"]),
        ("from .helpers import x", ["snippets/helpers.py does not exist"]),
        ("from helpers import x", ["imports helpers, which is not installed"]),
        ("from snippets import nothing", ["snippets/nothing.py does not exist"]),
        ("return 1", ["not Python: 'return' outside function (cell, line 1)"]),
        ("print(y)", ["nothing sets the name y"]),
        ("def f():\n    return g()\ndef g():\n    return [z for z in 'a']", []),
        ("name = input('Who?')", ["a question to whoever runs it: input"]),
        ("x = 3  # !important: 10% of it", []),
        ("get_ipython().system('ls')", ["a call of IPython, which no script has"]),
    ],
)
def test_code_is_listed_for_what_it_asks(course, elsewhere, source, messages):
    made = from_cells(course, elsewhere, houses.prose("# Some\n\nIt is some."), houses.code(source))
    assert [each.message for each in made.hands] == messages


PLOT = "import matplotlib.pyplot as plt\n"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("plt.plot([1, 2])", [2]),
        ("plt.plot([1, 2])\nplt.show()\nplt.plot([2])\nplt.show()", [3, 5]),
        ("plt.plot([1, 2])\nplt.gcf().alt = 'A line.'\nplt.show()\nplt.plot([2])\nplt.show()", [6]),
        ("figure = plt.figure()\nfigure.alt = 'None.'\nplt.close(figure)\nfigure", []),
        ("plt.plot([1])\nplt.savefig('a.png')\nplt.close()", []),
        ("def draw():\n    plt.plot([1])\n", []),
        ("def draw():\n    plt.plot([1])\n\ndraw()\ndraw()", [5, 6]),
        ("def draw():\n    plt.plot([1])\n    plt.gcf().alt = 'One.'\n\ndraw()", []),
        ("plt.rcParams['figure.figsize'] = (2, 2)", []),
        ("from PIL import Image\nimage = Image.new('L', (2, 2))\nimage", [4]),
    ],
)
def test_each_figure_without_text_is_listed_where_it_is_shown(course, elsewhere, source, lines):
    made = from_cells(
        course, elsewhere, houses.prose("# Some\n\nIt is some."), houses.code(PLOT + source)
    )
    found = [each for each in made.hands if "without text" in each.message]
    first = parse(course.root / made.file, course.root).code_cells[0].line
    assert [each.line - first for each in found] == lines


def test_a_second_fault_on_a_line_or_in_an_image_is_not_hidden_by_the_first(course, elsewhere):
    text = "# Some\n\nIt is some.\n\n[a](a.md) [b](b.md) ![](c.png) $\\foo$ $\\bar2$ $\\baz$ 1.5 2.5 [d][] [e][f] [^g] [h](#h)"
    made = from_cells(course, elsewhere, houses.prose(text), houses.code("x = 1"))
    assert sorted(each.message.split(":")[0] for each in made.hands) == sorted(
        [
            "the link to a.md leads nowhere",
            "the link to b.md leads nowhere",
            "the image c.png has no text",
            "there is no image c.png",
            "the formula \\foo cannot be shown",
            "the formula \\baz cannot be shown",
            "the number 1.5 is typed by hand",
            "the number 2.5 is typed by hand",
            "the link reference [d] has no address",
            "the link reference [f] has no address",
            "the footnote [^g] without its text",
            "the link to #h leads to no heading of this page",
        ]
    )
