"""Figures of images, training and mistakes say in words what they draw."""

import html
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from snippets import plot_classes, plot_evaluation, plot_images, plot_training, tables

NAMES = ["cat", "dog", "ship"]
HISTORY = {
    "loss": [2.0, 1.0, 0.5],
    "val_loss": [1.8, 1.2, 1.4],
    "accuracy": [0.4, 0.7, 0.9],
    "val_accuracy": [0.5, 0.75, 0.7],
}
LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])
PREDICTED = np.array([0, 0, 0, 1, 1, 1, 1, 1])

FIGURES = {
    "image_grid": lambda: plot_images.image_grid(np.zeros((7, 28, 28), np.uint8), ["a\nb"] * 7),
    "image_grid in colour": lambda: plot_images.image_grid(
        np.zeros((2, 32, 32, 3), np.uint8), subject="photographs in colour"
    ),
    "learning_curves": lambda: plot_training.learning_curves(HISTORY),
    "rate_curve": lambda: plot_training.rate_curve([0.1, 1.0, 0.2]),
    "probability_bars": lambda: plot_classes.probability_bars(
        [0.1, 0.7, 0.2], class_names=NAMES, true_class=2
    ),
    "class_bars": lambda: plot_classes.class_bars([0.1, 0.7, 0.2], class_names=NAMES, overall=0.3),
    "filter_grid": lambda: plot_images.filter_grid(np.ones((3, 3, 3, 32))),
    "confusion_matrix": lambda: plot_evaluation.draw_confusion_matrix(
        LABELS, PREDICTED, class_names=NAMES
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


def validated_epochs(figure) -> list[float]:
    return figure.axes[0].get_lines()[1].get_xdata().tolist()


@pytest.mark.parametrize(
    ("validation_freq", "epochs"), [(3, [3, 6, 9]), (4, [4, 8]), ([1, 2, 10], [1, 2, 10])]
)
def test_validation_stands_at_the_epochs_after_which_keras_measured_it(validation_freq, epochs):
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    pair = np.ones((4, 2)), np.ones((4, 1))
    options = {"epochs": 10, "validation_data": pair, "verbose": 0}
    history = model.fit(*pair, validation_freq=validation_freq, **options).history
    figure = plot_training.learning_curves(history, validation_freq=validation_freq)
    assert validated_epochs(figure) == epochs


def test_validation_at_unknown_epochs_is_not_drawn_anywhere():
    history = {"loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [2.0, 1.5]}
    with pytest.raises(ValueError, match=r"history\['val_loss'\] has 2 numbers for 4 epochs"):
        plot_training.learning_curves(history)
    assert validated_epochs(plot_training.learning_curves(history, validation_freq=2)) == [2, 4]


def test_an_accuracy_is_drawn_whatever_keras_calls_it():
    history = {"sparse_categorical_accuracy": [0.5, 0.75], "loss": [2.0, 1.0], "learning_rate": [1]}
    alt = plot_training.learning_curves(history).alt
    assert "Training loss falls from 2.00 to 1.00. " in alt
    assert "Training sparse categorical accuracy rises from 50.0% to 75.0%." in alt


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([0.5, 0.4, 0.5], "is 0.50 at first and in the end, lowest 0.40 after epoch 2"),
        ([2.0, 2.0], "stays at 2.00"),
        ([2.0004, 2.0001], "falls from 2.0004 to 2.0001"),
        ([0.5], "is 0.50"),
        ([1.0, np.nan, np.inf], "is no number after epoch 2 and 1 more"),
        ([1.0, 2.0, 1.5], "rises from 1.00 to 1.50, lowest 1.00 after epoch 1"),
    ],
)
def test_the_alt_text_says_what_the_numbers_do(losses, said):
    alt = plot_training.learning_curves({"loss": losses}).alt
    assert alt == f"Learning curves over {len(losses)} epochs. Training loss {said}."


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=9))
@settings(max_examples=30, deadline=None)
def test_no_alt_text_says_that_a_curve_moves_from_a_number_to_the_same(losses):
    alt = plot_training.learning_curves({"loss": losses}).alt
    moved = re.search(r"(rises|falls) from (\S+) to ([^\s,.]+(?:\.\d+)?)", alt)
    if moved and abs(losses[0] - losses[-1]) > 1e-6:
        assert (float(moved[3]) > float(moved[2])) == (moved[1] == "rises")


def test_curves_tell_where_the_validation_loss_was_lowest():
    alt = plot_training.learning_curves(HISTORY).alt
    assert "validation loss falls from 1.80 to 1.40, lowest 1.20 after epoch 2" in alt
    assert "Training accuracy rises from 40.0% to 90.0%" in alt


def test_curves_of_a_history_without_validation_are_drawn_without_it():
    alt = plot_training.learning_curves({"loss": [1.0, 0.5]}).alt
    assert alt == "Learning curves over 2 epochs. Training loss falls from 1.00 to 0.50."


def test_training_and_validation_differ_by_more_than_colour():
    ax = plot_training.learning_curves(HISTORY).axes[0]
    first, second = ax.lines
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()


def test_a_grid_names_its_pictures_in_order():
    alt = plot_images.image_grid(np.zeros((2, 4, 5), np.uint8), ["Shirt\nnot Coat", "Bag"]).alt
    assert alt == "Grid of 2 images, 4 by 5 pixels: Shirt not Coat; Bag."


def test_a_grid_keeps_its_pixels_sharp():
    figure = plot_images.image_grid(np.zeros((1, 4, 4), np.uint8))
    assert figure.axes[0].images[0].get_interpolation() == "nearest"


def test_bars_name_the_most_probable_class_first_and_the_truth_last():
    alt = plot_classes.probability_bars([0.1, 0.7, 0.2], class_names=NAMES, true_class=2).alt
    assert alt.startswith("Bars of 3 class probabilities: dog 70.0%, ship 20.0%, cat 10.0%")
    assert alt.endswith("The true class is ship.")


def test_a_tiny_probability_is_not_rounded_to_nothing():
    assert (
        "<0.1%" in plot_classes.probability_bars([0.9999, 0.00005, 0.00005], class_names=NAMES).alt
    )


def test_class_bars_are_sorted_and_name_both_ends():
    figure = plot_classes.class_bars([0.1, 0.7, 0.2], class_names=NAMES)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "dog",
        "ship",
        "cat",
    ]
    assert figure.alt == "Accuracy of 3 classes, from dog 70.0% down to cat 10.0%."


def test_the_matrix_names_the_most_confused_pair():
    alt = plot_evaluation.draw_confusion_matrix(LABELS, PREDICTED, class_names=NAMES).alt
    assert alt.startswith("Confusion matrix of 3 classes: 5 of 8 right.")
    assert alt.endswith("Most confused: ship taken for dog, 100.0%.")


def test_the_matrix_of_counts_shows_every_example_once():
    figure = plot_evaluation.draw_confusion_matrix(
        LABELS, PREDICTED, class_names=NAMES, normalised=False
    )
    assert sum(int(text.get_text()) for text in figure.axes[0].texts) == len(LABELS)


def test_a_perfect_matrix_names_no_confusion():
    alt = plot_evaluation.draw_confusion_matrix(LABELS, LABELS, class_names=NAMES).alt
    assert alt == "Confusion matrix of 3 classes: 8 of 8 right."


def luminance(colour: str | tuple[float, ...]) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(channels, (0.2126, 0.7152, 0.0722)))


def test_every_label_in_the_matrix_stands_out_from_its_cell():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2_000)
    predicted = np.where(rng.random(2_000) < 0.6, labels, rng.integers(0, 10, 2_000))
    figure = plot_evaluation.draw_confusion_matrix(
        labels, predicted, class_names=[str(i) for i in range(10)]
    )
    ax = figure.axes[0]
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        cell = image.cmap(image.norm(image.get_array()[int(row), int(column)]))
        low, high = sorted([luminance(text.get_color()), luminance(cell[:3])])
        assert (high + 0.05) / (low + 0.05) >= 4.5


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.01, 100.0), seed=st.integers(0, 100))
def test_how_grey_a_filter_is_does_not_hang_on_its_strength(scale, seed):
    kernels = np.random.default_rng(seed).normal(size=(3, 3, 3, 4))
    share = plot_images.grey_fraction(kernels)
    assert ((share >= 0) & (share <= 1 + 1e-9)).all()
    np.testing.assert_allclose(plot_images.grey_fraction(scale * kernels), share)


def test_filters_are_counted_by_what_they_answer_to():
    kernels = np.ones((3, 3, 3, 3))
    kernels[:, :, 0, 2] = -2.0
    assert "2 weigh the channels mostly alike" in plot_images.filter_grid(kernels).alt
    assert "1 mostly differently" in plot_images.filter_grid(kernels).alt


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=4))
def test_no_cell_breaks_out_of_a_table(rows):
    shown = tables.table([{"a": a, "b": b} for a, b in rows])._repr_markdown_()
    assert len(shown.splitlines()) == shown.count("\n") == 2 + len(rows)


@pytest.mark.parametrize("cell", ["a|b", "a\\|b", "`a|b`", "|", "<b>|"])
def test_a_pipe_in_a_cell_stays_in_its_cell(cell):
    markdown = pytest.importorskip("markdown")
    text = tables.table([{"x": cell, "y": "end"}])._repr_markdown_()
    page = markdown.markdown(text, extensions=["tables"])
    assert page.count("<td") == 2
    assert page.count("<td>end</td>") == 1
    assert "<b>" not in page


@pytest.mark.parametrize(
    "cell",
    [
        *("_x_ and __y__", "2*3*4", "**bold**", "[a](b)", "~~no~~", "$5 to $6", "a`b", "a ` b"),
        *("&amp; &lt;", "<b>", "a\\*b", "![x](y)", "<https://x.y>", "snake_case_name", "a|b"),
    ],
)
def test_markdown_in_a_cell_or_header_is_text(cell):
    markdown = pytest.importorskip("markdown")
    text = tables.table([{cell: cell}])._repr_markdown_()
    page = markdown.markdown(text, extensions=["tables"])
    assert [html.unescape(found) for found in re.findall(r"<t[hd][^>]*>(.*)</t[hd]>", page)] == [
        cell,
        cell,
    ]
    assert not re.search(r"<(?!/?(?:table|thead|tbody|tr|th|td)\b)", page)


def test_code_between_backticks_is_code():
    markdown = pytest.importorskip("markdown")
    text = tables.table([{"call": "`a_b[0] * c_d` or _e_"}])._repr_markdown_()
    assert "<code>a_b[0] * c_d</code> or _e_" in html.unescape(
        markdown.markdown(text, extensions=["tables"])
    )


def test_a_table_aligns_numbers_to_the_right_and_reads_as_text():
    rows = [{"recipe": "plain", "accuracy": "88.0%"}, {"recipe": "quick", "accuracy": "9.0%"}]
    shown = tables.table(rows)
    assert shown._repr_markdown_().splitlines()[1] == "| --- | ---: |"
    assert repr(shown) == "recipe  accuracy\nplain      88.0%\nquick       9.0%"


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 2}]])
def test_a_table_without_rows_or_with_other_columns_is_refused(rows):
    with pytest.raises(ValueError, match="row"):
        tables.table(rows)


@pytest.mark.parametrize("scores", [[0.9, 0.2, 0.7], ["cat", "dog", "cat"], [1.0, 0.0, 1.0]])
def test_scores_are_not_cut_to_classes(scores):
    with pytest.raises(ValueError, match="y_pred must be class numbers, integers from 0, not"):
        plot_evaluation.draw_confusion_matrix([1, 0, 1], scores, class_names=["no", "yes"])


def test_a_hundred_classes_are_shown_by_colour_and_some_are_named():
    labels = np.arange(100).repeat(2)
    names = [f"class {number}" for number in range(100)]
    figure = plot_evaluation.draw_confusion_matrix(labels, np.roll(labels, 1), class_names=names)
    assert len(figure.axes[0].texts) == 0
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == names[::4]
    assert figure.axes[1].get_yticklabels()[-1].get_text().endswith("%")
    assert figure.alt.startswith("Confusion matrix of 100 classes: 100 of 200 right.")


def test_two_classes_of_one_name_are_not_drawn():
    with pytest.raises(ValueError, match=r"class_names must be .* different, not \['a', 'a'\]"):
        plot_evaluation.draw_confusion_matrix([0, 1], [0, 1], class_names=["a", "a"])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plot_images.image_grid(np.zeros((4, 4))),
        lambda: plot_images.image_grid(np.zeros((2, 4, 4)), ["one"]),
        lambda: plot_training.learning_curves({"lr": [1.0]}),
        lambda: plot_training.rate_curve([]),
        lambda: plot_classes.probability_bars([0.5, 0.5], class_names=NAMES),
        lambda: plot_classes.class_bars([0.5], class_names=NAMES),
        lambda: plot_images.filter_grid(np.zeros((3, 3, 2, 8))),
        lambda: plot_evaluation.draw_confusion_matrix([0, 1], [0], class_names=NAMES),
        lambda: plot_evaluation.draw_confusion_matrix([0, 5], [0, 1], class_names=NAMES),
    ],
)
def test_data_that_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match=r"not|must"):
        wrong()


def test_an_image_grid_refuses_whole_numbers_whose_range_it_cannot_know():
    with pytest.raises(ValueError, match="int64"):
        plot_images.image_grid(np.zeros((1, 4, 4), np.int64))
