"""Figures of ROC curves, thresholds, calibration and intervals say in words what they draw."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import datasets, naive_bayes
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score, roc_curve

from snippets import calibration, plot_evaluation, plot_results, plot_thresholds, roc

few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 10_000)


def curve(false_positive_rate, true_positive_rate) -> SimpleNamespace:
    return SimpleNamespace(
        false_positive_rate=false_positive_rate, true_positive_rate=true_positive_rate
    )


def bins(confidence, accuracy, count) -> SimpleNamespace:
    return SimpleNamespace(confidence=confidence, accuracy=accuracy, count=count)


CURVES = {f"class {i}": curve([0.0, i / 10, 1.0], [0.0, 0.9, 1.0]) for i in range(6)}
BINS = bins([np.nan, 0.3, 0.5, 0.9], [np.nan, 1.0, 0.4, 0.95], [0, 2, 40, 58])
ROWS = {
    "Bag": {"recall": (0.9, 0.8, 0.95), "F1": (0.92, 0.9, 0.94)},
    "Coat": {"F1": (0.7, 0.6, 0.8)},
}


def detector(seed: int, n: int = 80):
    """Return truths and scores that tell something about them, with ties."""
    rng = np.random.default_rng(seed)
    truth = np.append([True, False], rng.random(n) < 0.3)
    return truth, np.clip(0.3 * truth + rng.random(n + 2) * 0.7, 0, 1).round(2)


FIGURES = {
    "roc_panels": lambda: plot_evaluation.roc_panels(CURVES),
    "roc_panels in the corner": lambda: plot_evaluation.roc_panels(CURVES, corner=0.2, columns=3),
    "threshold_dots": lambda: plot_thresholds.threshold_dots(
        *detector(1), thresholds={"a": 0.2, "b": 0.7}
    ),
    "reliability_panels": lambda: plot_evaluation.reliability_panels(
        {"one": BINS, "two": BINS, "three": BINS}
    ),
    "interval_rows": lambda: plot_results.interval_rows(ROWS, xlabel="grade"),
    "interval_rows in numbers": lambda: plot_results.interval_rows(
        {"a": {"loss": (3.0, 2.0, 4.5)}}, xlabel="loss", percent=False
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_for_a_page(name, assert_fit_for_a_page):
    assert_fit_for_a_page(FIGURES[name]())


@few
@given(seed=seeds)
def test_the_area_in_a_panel_is_that_of_scikit_learn(seed):
    truth, scores = detector(seed)
    x, y, _ = roc_curve(truth, scores)
    assert (
        f"cat {roc_auc_score(truth, scores):.3f}."
        in plot_evaluation.roc_panels({"cat": curve(x, y)}).alt
    )


def test_each_panel_has_its_own_curve_in_front_of_all_others():
    figure = plot_evaluation.roc_panels(CURVES)
    assert len(figure.axes) == 8
    for drawn, ax in zip(CURVES.values(), figure.axes[:6], strict=True):
        thick = max(ax.lines, key=lambda line: line.get_linewidth())
        np.testing.assert_array_equal(thick.get_xdata(), drawn.false_positive_rate)
        np.testing.assert_array_equal(thick.get_ydata(), drawn.true_positive_rate)
        assert len(ax.lines) == len(CURVES) + 2
    assert not any(ax.axison for ax in figure.axes[6:])


def test_the_corner_is_the_upper_left_one():
    ax = plot_evaluation.roc_panels(CURVES, corner=0.25).axes[0]
    assert ax.get_xlim()[1] == pytest.approx(0.25)
    assert ax.get_ylim()[0] == pytest.approx(0.75)


@few
@given(seed=seeds, threshold=st.floats(0.05, 0.95))
@example(seed=68, threshold=0.9375)  # which no score reaches
def test_a_threshold_is_described_by_the_grades_of_scikit_learn(seed, threshold):
    truth, scores = detector(seed)
    alt = plot_thresholds.threshold_dots(truth, scores, thresholds={"here": threshold}).alt
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, scores >= threshold, average="binary", zero_division=0
    )
    wrong = (scores[~truth] >= threshold).mean()
    of_answers = f"{precision:.1%}" if (scores >= threshold).any() else "of nothing"
    assert alt.endswith(
        f"here, {threshold:.3f}: recall {recall:.1%}, false-positive rate {wrong:.1%}, "
        f"precision {of_answers}, F1 {f1:.1%}."
    )


def test_each_threshold_keeps_its_marker_on_all_three_pictures():
    named = {"low": 0.2, "middle": 0.5, "high": 0.8}
    figure = plot_thresholds.threshold_dots(*detector(2), thresholds=named)
    by_picture = [
        [line.get_marker() for line in ax.lines if line.get_marker() not in ("None", "")]
        for ax in figure.axes
    ]
    assert by_picture[0] == by_picture[1] == by_picture[2]
    assert len(set(by_picture[0])) == 3


def test_the_dots_lie_on_the_curves():
    truth, scores = detector(3)
    figure = plot_thresholds.threshold_dots(truth, scores, thresholds={"here": scores[truth][0]})
    for ax in figure.axes[:2]:
        curve = np.column_stack(ax.lines[0].get_data())
        dot = next(line for line in ax.lines if line.get_marker() == "o")
        assert np.abs(curve - np.ravel(dot.get_data())).sum(axis=1).min() < 1e-12


def test_reliability_is_told_by_confidence_accuracy_and_error():
    alt = plot_evaluation.reliability_panels({"net": BINS}).alt
    assert "net: mean confidence 72.8%, accuracy 73.1%, expected calibration error 8.3%" in alt
    assert alt.endswith("too sure in 1 of 2 bins.")


def test_bins_of_few_examples_are_pale():
    bars = plot_evaluation.reliability_panels({"net": BINS}, few=20).axes[0].patches
    pale = {round(bar.get_x(), 2) for bar in bars if bar.get_alpha() < 1}
    assert pale == {0.25}
    assert all(
        bar.get_alpha() == 1
        for bar in plot_evaluation.reliability_panels({"n": BINS}, few=1).axes[0].patches
    )


def test_intervals_are_written_with_their_ends():
    figure = plot_results.interval_rows(ROWS, xlabel="grade")
    assert figure.alt == (
        "grade with intervals. Bag: recall 90.0% (80.0% to 95.0%), F1 92.0% (90.0% to 94.0%); "
        "Coat: F1 70.0% (60.0% to 80.0%)."
    )
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["Bag", "Coat"]


def test_what_was_not_graded_is_said_to_be_so():
    rows = {"fox": {"recall": (float("nan"), 0.0, 1.0)}}
    figure = plot_results.interval_rows(rows, xlabel="grade")
    assert figure.alt == "grade with intervals. fox: recall not graded (0.0% to 100.0%)."
    assert [text.get_text() for text in figure.axes[0].texts] == ["not graded"]


def test_a_measure_has_one_marker_in_every_row():
    ax = plot_results.interval_rows(ROWS, xlabel="grade").axes[0]
    markers = [line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1]
    assert markers == ["o", "s", "s"]


def test_a_single_measure_is_written_beside_its_row():
    figure = plot_results.interval_rows(
        {"a": {"loss": (3.0, 2.0, 4.5)}}, xlabel="loss", percent=False
    )
    assert [text.get_text() for text in figure.axes[0].texts] == ["3"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plot_evaluation.roc_panels({}),
        lambda: plot_evaluation.roc_panels(CURVES, corner=0),
        lambda: plot_evaluation.roc_panels({"a": curve([0, 1], [0, 0.5, 1])}),
        lambda: plot_evaluation.roc_panels({"a": curve([0], [1])}),
        lambda: plot_evaluation.roc_panels({"a": curve([0, 1], [1, 0])}),
        lambda: plot_evaluation.roc_panels({"a": curve([0, 2], [0, 1])}),
        lambda: plot_thresholds.threshold_dots([1, 0], [0.5], thresholds={"a": 0.5}),
        lambda: plot_thresholds.threshold_dots([1, 1], [0.5, 0.2], thresholds={"a": 0.5}),
        lambda: plot_thresholds.threshold_dots([1, 0], [0.5, 0.2], thresholds={}),
        lambda: plot_thresholds.threshold_dots(
            [1, 0], [0.5, 0.2], thresholds={str(i): i for i in range(6)}
        ),
        lambda: plot_evaluation.reliability_panels({}),
        lambda: plot_evaluation.reliability_panels({"a": bins([0.5], [0.5], [0])}),
        lambda: plot_evaluation.reliability_panels({"a": bins([0.5], [0.5, 0.2], [1])}),
        lambda: plot_results.interval_rows({}, xlabel="x"),
        lambda: plot_results.interval_rows({"a": {"x": (0.5, 0.6, 0.7)}}, xlabel="x"),
        lambda: plot_results.interval_rows(
            {"a": {str(i): (0, 0, 0) for i in range(6)}}, xlabel="x"
        ),
    ],
)
def test_data_that_cannot_be_drawn_is_refused_and_leaves_no_figure_open(wrong):
    with pytest.raises(ValueError, match=r"give|must|need|is not from"):
        wrong()
    assert not plt.get_fignums()


def test_a_row_without_a_grade_is_not_given_that_of_the_row_above():
    rows = {"a": {"recall": (0.9, 0.8, 1.0)}, "b": {}}
    figure = plot_results.interval_rows(rows, xlabel="grade")
    assert figure.alt == "grade with intervals. a: recall 90.0% (80.0% to 100.0%); b: nothing."
    assert [text.get_text() for text in figure.axes[0].texts] == ["90.0%", ""]


def test_a_threshold_that_nothing_reaches_has_no_precision_and_one_is_as_precise_as_the_scores():
    y_true, scores = [1, 0], np.array([0.1, 0.05], np.float16)
    thresholds = {"at it": 0.1, "never": np.inf}
    alt = plot_thresholds.threshold_dots(y_true, scores, thresholds=thresholds).alt
    assert "at it, 0.100: recall 100.0%, false-positive rate 0.0%, precision 100.0%" in alt
    assert "never, inf: recall 0.0%, false-positive rate 0.0%, precision of nothing" in alt


def digits(network):
    """Return the digits to test on, and the probabilities that a network of scikit-learn gives them."""
    x, y = datasets.load_digits(return_X_y=True)
    return y[1::2], network.fit(x[::2], y[::2]).predict_proba(x[1::2])


def test_the_examples_draw_what_roc_and_calibration_return():
    """The examples stand alone, so they make by hand what the other snippets return."""
    curves = roc.one_vs_rest_roc(*digits(naive_bayes.GaussianNB()), class_names=list("0123456789"))
    three = plot_evaluation.roc_panels({name: curves[name] for name in ("0", "1", "8")}).alt
    assert three in plot_evaluation.roc_panels.__doc__
    bins = calibration.reliability_bins(*digits(naive_bayes.ComplementNB()), bins=10)
    reliability = plot_evaluation.reliability_panels({"naive Bayes": bins}).alt
    assert reliability in plot_evaluation.reliability_panels.__doc__


def test_a_threshold_between_two_whole_scores_is_not_rounded_to_one_of_them():
    scores = np.array([10, 200, 255], np.uint8)
    alt = plot_thresholds.threshold_dots([0, 1, 1], scores, thresholds={"a": 200.02}).alt
    assert "a, 200.020: recall 50.0%, false-positive rate 0.0%, precision 100.0%" in alt


@pytest.mark.parametrize(("right", "of"), [(9, 10), (7, 10), (70, 100)])
def test_a_classifier_as_sure_as_it_is_right_is_in_no_bin_too_sure(right, of):
    sure = np.tile([right / of, 1 - right / of], (of, 1))
    bins = calibration.reliability_bins([0] * right + [1] * (of - right), sure)
    assert "too sure in 0 of 1 bins" in plot_evaluation.reliability_panels({"a": bins}, few=1).alt
