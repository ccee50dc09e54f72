"""Grades agree with scikit-learn, intervals cover, and a temperature keeps every answer."""

import warnings

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics as library
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from snippets import metrics
from snippets.datasets import load_fashion_mnist

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 10_000)
NAMES = ("cat", "dog", "ship", "deer")


@st.composite
def graded(draw, every_class: bool = False):
    """Return true labels, predicted labels and scores with ties, for 2 to 4 classes."""
    classes = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(seeds))
    y_true = rng.integers(0, classes, draw(st.integers(1, 60)))
    if every_class:
        y_true = np.concatenate([np.arange(classes), y_true])
    scores = rng.dirichlet(np.ones(classes), len(y_true)).round(draw(st.sampled_from([1, 2, 12])))
    return classes, y_true, rng.integers(0, classes, len(y_true)), scores


def some_logits(seed: int, n: int = 300, classes: int = 4, scale: float = 2.0):
    """Return logits, and labels drawn from the probabilities that they stand for."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n, classes))
    drawn = softmax(logits, axis=1).cumsum(axis=1) < rng.random((n, 1))
    return logits, np.minimum(drawn.sum(axis=1), classes - 1)


def cross_entropy(logits, labels):
    return -np.log(softmax(logits, axis=1)[np.arange(len(labels)), labels]).mean()


# Grades from a confusion matrix.


def sklearn_grades(y_true, y_pred, classes, average=None):
    """Return scikit-learn's grades; NaN where there is nothing to grade, 0 where nothing was predicted."""
    options = {"labels": range(classes), "average": None, "zero_division": np.nan}
    grades = np.array(library.precision_recall_fscore_support(y_true, y_pred, **options))
    grades[0, np.isnan(grades[0]) & (grades[3] > 0)] = 0
    return np.nanmean(grades[:3], axis=1) if average == "macro" else grades.T


@few
@given(case=graded())
def test_each_grade_of_a_report_agrees_with_scikit_learn(case):
    classes, y_true, y_pred, _ = case
    report = metrics.class_report(y_true, y_pred, class_names=NAMES[:classes])
    found = [
        (s.precision.value, s.recall.value, s.f1.value, s.support) for s in report.classes.values()
    ]
    np.testing.assert_allclose(found, sklearn_grades(y_true, y_pred, classes))
    found = (report.macro.precision.value, report.macro.recall.value, report.macro.f1.value)
    np.testing.assert_allclose(found, sklearn_grades(y_true, y_pred, classes, "macro"))
    assert report.macro.support == len(y_true)
    np.testing.assert_allclose(report.accuracy.value, library.accuracy_score(y_true, y_pred))


def test_the_mean_recall_is_the_balanced_accuracy_though_a_class_has_no_examples():
    y_true, y_pred = [0, 0, 0, 1, 1], [0, 0, 2, 1, 0]
    report = metrics.class_report(y_true, y_pred, class_names=["cat", "dog", "emu", "fox"])
    assert report.macro.recall.value == pytest.approx(7 / 12)
    assert f"{report.classes['emu'].recall:.0%}" == "nan% (0% to 100%)"
    assert f"{report.classes['fox'].f1:.0%}" == "nan% (0% to 100%)"
    assert metrics.macro_f1(np.array([[2, 0, 1], [1, 1, 0], [0, 0, 0]])) == pytest.approx(
        report.macro.f1.value
    )


@few
@given(case=graded())
def test_grades_of_a_stack_of_matrices_are_those_of_each_matrix(case):
    classes, y_true, y_pred, _ = case
    one = library.confusion_matrix(y_true, y_pred, labels=range(classes))
    other = one.T + 1
    for grade in (
        metrics.accuracy,
        metrics.precision,
        metrics.recall,
        metrics.f1,
        metrics.macro_f1,
    ):
        np.testing.assert_allclose(grade(np.stack([one, other])), [grade(one), grade(other)])


@few
@given(case=graded())
def test_f1_is_the_harmonic_mean_of_precision_and_recall(case):
    classes, y_true, y_pred, _ = case
    counts = library.confusion_matrix(y_true, y_pred, labels=range(classes))
    product = metrics.precision(counts) * metrics.recall(counts)
    total = metrics.precision(counts) + metrics.recall(counts)
    np.testing.assert_allclose(metrics.f1(counts) * total, 2 * product)


# Intervals.


def intervals_of(report):
    """Return every interval of a report, by what it is of."""
    scores = report.classes | {"macro": report.macro}
    grades = {
        (name, grade): getattr(each, grade)
        for name, each in scores.items()
        for grade in ("precision", "recall", "f1")
    }
    return grades | {("all", "accuracy"): report.accuracy}


@few
@given(case=graded(), level=st.floats(0.5, 0.99))
def test_an_interval_lies_from_0_to_1_holds_its_value_and_a_lower_level_lies_within_it(case, level):
    classes, y_true, y_pred, _ = case
    reports = (
        metrics.class_report(y_true, y_pred, class_names=NAMES[:classes], level=each)
        for each in (level, level / 2)
    )
    for wide, narrow in zip(*(intervals_of(each).values() for each in reports), strict=True):
        assert 0 <= wide.low <= narrow.low <= narrow.high <= wide.high <= 1
        assert np.isnan(narrow.value) or narrow.low <= narrow.value <= narrow.high


@few
@given(case=graded(), seed=seeds)
def test_a_bootstrap_interval_holds_its_value_and_comes_from_its_seed(case, seed):
    classes, y_true, y_pred, _ = case
    options = {"metric": metrics.accuracy, "classes": classes, "resamples": 200, "seed": seed}
    interval = metrics.bootstrap_interval(y_true, y_pred, **options)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval == metrics.bootstrap_interval(y_true, y_pred, **options)


@few
@given(successes=st.integers(0, 50), misses=st.integers(0, 50), level=st.floats(0.1, 0.999))
def test_a_proportion_has_the_interval_of_scipy(successes, misses, level):
    total = max(successes + misses, 1)
    found = metrics.proportion_interval(successes, total, level=level)
    expected = scipy.stats.binomtest(successes, total).proportion_ci(level, "wilson")
    np.testing.assert_allclose(found[1:], expected, atol=1e-9)


@pytest.mark.parametrize(("successes", "total"), [(-1, 5), (6, 5), (0, 0)])
def test_a_proportion_of_examples_that_there_are_not_is_refused(successes, total):
    with pytest.raises(ValueError, match=f"not {successes} of {total}"):
        metrics.proportion_interval(successes, total)


def matthews(counts):
    """Return Matthews' correlation of a stack of confusion matrices."""
    shares = counts / counts.sum(axis=(-2, -1), keepdims=True)
    truth, found = shares.sum(axis=-1), shares.sum(axis=-2)
    agreement = np.trace(shares, axis1=-2, axis2=-1) - (truth * found).sum(axis=-1)
    return agreement / np.sqrt((1 - (truth**2).sum(axis=-1)) * (1 - (found**2).sum(axis=-1)))


def test_drawing_weights_gives_the_interval_that_drawing_examples_gives():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 3, 400)
    y_pred = np.where(rng.random(400) < 0.7, y_true, rng.integers(0, 3, 400))
    found = metrics.bootstrap_interval(y_true, y_pred, metric=matthews, classes=3, resamples=9_000)
    assert found.value == pytest.approx(library.matthews_corrcoef(y_true, y_pred))
    expected = scipy.stats.bootstrap(
        (y_true, y_pred),
        lambda true, pred: library.matthews_corrcoef(true, pred),
        paired=True,
        vectorized=False,
        n_resamples=900,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert found.low == pytest.approx(expected.low, abs=0.012)
    assert found.high == pytest.approx(expected.high, abs=0.012)


# For how many of a thousand samples an interval at 95% holds the truth, by population and grade: five
# classes, balanced or each half as frequent as the one before, and the fraction that is correct.
POPULATIONS = [
    (balanced, correct, n)
    for balanced in (True, False)
    for correct in (0.6, 0.9, 0.98)
    for n in (30, 100, 1_000)
    if balanced or n == 1_000
]


def population(balanced: bool, correct: float) -> np.ndarray:
    """Return the probability of each pair of classes, true and predicted, shape `(5, 5)`."""
    sizes = np.ones(5) if balanced else 0.5 ** np.arange(5)
    errors = (1 - correct) * (1 - np.eye(5)) / 4
    return sizes[:, None] / sizes.sum() * (errors + correct * np.eye(5))


def report_of(counts: np.ndarray):
    true, predicted = np.indices(counts.shape)
    labels = (np.repeat(each.ravel(), counts.ravel()) for each in (true, predicted))
    return metrics.class_report(*labels, class_names=list("abcde"))


@pytest.mark.parametrize(("balanced", "correct", "n"), POPULATIONS)
def test_intervals_hold_the_truth_as_often_as_they_say(balanced, correct, n):
    chances = population(balanced, correct)
    expected = {
        ("all", "accuracy"): correct,
        ("macro", "precision"): metrics.precision(chances).mean(),
        ("macro", "recall"): metrics.recall(chances).mean(),
        ("macro", "f1"): metrics.f1(chances).mean(),
        ("a", "precision"): metrics.precision(chances)[0],
        ("a", "recall"): metrics.recall(chances)[0],
        ("a", "f1"): metrics.f1(chances)[0],
    }
    samples = np.random.default_rng(n).multinomial(n, chances.ravel(), 1_000).reshape(-1, 5, 5)
    held = dict.fromkeys(expected, 0)
    for counts in samples:
        intervals = intervals_of(report_of(counts))
        for grade, true_value in expected.items():
            held[grade] += intervals[grade].low <= true_value <= intervals[grade].high
    for grade, times in held.items():
        # A thousand samples tell a coverage to a point and a half. Few examples can give few grades
        # only, and none with a coverage of 95%; the classes' F1 share their errors.
        is_exact = n == 1_000 and grade != ("macro", "f1")
        least, most = (0.933, 0.967) if is_exact else (0.92, 0.99)
        assert (n == 30 and grade[0] == "a") or least <= times / 1_000 <= most, grade


def test_a_bootstrap_holds_the_true_correlation_as_often_as_it_says_though_few_answers_are_wrong():
    rng, chances = np.random.default_rng(0), population(True, 0.98)
    true_value, held = matthews(chances), 0
    for seed, counts in enumerate(rng.multinomial(100, chances.ravel(), 400).reshape(-1, 5, 5)):
        true, predicted = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices((5, 5)))
        options = {"metric": matthews, "classes": 5, "resamples": 400, "seed": seed}
        interval = metrics.bootstrap_interval(true, predicted, **options)
        held += interval.low <= true_value <= interval.high
    assert 0.92 <= held / 400 <= 0.985


def test_a_class_that_few_examples_have_does_not_draw_the_mean_out_of_its_interval():
    rng = np.random.default_rng(0)
    y_true = np.repeat(np.arange(300), 2)
    y_pred = np.where(rng.random(600) < 0.9, y_true, rng.integers(0, 300, 600))
    report = metrics.class_report(y_true, y_pred, class_names=[str(i) for i in range(300)])
    assert report.macro.f1.low + 0.02 < report.macro.f1.value < report.macro.f1.high - 0.02
    found_twice = report.classes[str(y_pred[0])].recall
    assert (found_twice.value, found_twice.high) == (1, 1)
    assert found_twice.low == pytest.approx(0.342, abs=0.001)


def test_ten_of_ten_are_not_certainly_all():
    assert f"{metrics.proportion_interval(10, 10):.0%}" == "100% (72% to 100%)"
    interval = metrics.bootstrap_interval(
        [0, 1] * 5, [0, 1] * 5, metric=metrics.accuracy, classes=2
    )
    assert interval.value == interval.high == 1
    assert 0.7 < interval.low < 0.85


def test_an_interval_is_written_with_its_ends():
    assert f"{metrics.Interval(0.5, 0.25, 0.75):.0%}" == "50% (25% to 75%)"


@pytest.mark.parametrize(
    ("y_true", "y_pred"),
    [
        ([0, 1], [0]),
        ([], []),
        ([0, 2], [0, 1]),
        ([0, 1], [0, -1]),
        ([0.0, 1.0], [0, 1]),
        ([[0], [1]], [[0], [1]]),
    ],
)
def test_labels_that_cannot_be_graded_are_refused(y_true, y_pred):
    with pytest.raises(ValueError, match=r"y_(true|pred) .*must be labels"):
        metrics.class_report(y_true, y_pred, class_names=["cat", "dog"])


def test_two_classes_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"class_names must differ, not \['cat', 'cat'\]"):
        metrics.class_report([0, 1], [0, 1], class_names=["cat", "cat"])


def test_answers_to_a_yes_or_no_question_may_be_booleans():
    truth, found = np.array([True, True, False]), np.array([True, False, False])
    report = metrics.class_report(truth, found, class_names=["no", "yes"])
    assert report.classes["yes"].recall.value == 0.5


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_no_part_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=metrics.accuracy, classes=2, level=level)


def test_a_metric_with_a_number_a_class_has_no_single_interval():
    with pytest.raises(ValueError, match="one number per matrix"):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=metrics.f1, classes=2)


# ROC curves.


@few
@given(case=graded(every_class=True))
def test_every_area_agrees_with_scikit_learn(case):
    classes, y_true, _, scores = case
    curves = metrics.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes])
    truth = np.eye(classes)[y_true]
    by_class = library.roc_auc_score(truth, scores, average=None)
    np.testing.assert_allclose([curves[name].area for name in NAMES[:classes]], by_class)
    for average in ("micro", "macro"):
        expected = library.roc_auc_score(truth, scores, average=average)
        assert curves[average].area == pytest.approx(expected)
    assert list(curves) == [*NAMES[:classes], "micro", "macro"]


@few
@given(case=graded(every_class=True))
def test_the_area_of_a_class_is_the_chance_that_a_pair_is_in_the_right_order(case):
    classes, y_true, _, scores = case
    curves = metrics.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes])
    positive, negative = scores[y_true == 0, 0], scores[y_true != 0, 0]
    above = (positive[:, None] > negative).mean() + (positive[:, None] == negative).mean() / 2
    assert curves["cat"].area == pytest.approx(above)


@few
@given(case=graded(every_class=True))
def test_every_curve_climbs_from_the_lower_left_to_the_upper_right(case):
    classes, y_true, _, scores = case
    for curve in metrics.one_vs_rest_roc(y_true, scores, class_names=NAMES[:classes]).values():
        x, y = curve.false_positive_rate, curve.true_positive_rate
        np.testing.assert_allclose([x[0], y[0], x[-1], y[-1]], [0, 0, 1, 1], atol=1e-12)
        assert (np.diff(x) >= 0).all()
        assert (np.diff(y) >= -1e-12).all()


def test_the_mean_of_one_curve_twice_is_that_curve():
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.2, 0.8]])
    curves = metrics.one_vs_rest_roc([0, 0, 1, 1], scores, class_names=["cat", "dog"])
    points = set(
        zip(curves["cat"].false_positive_rate, curves["cat"].true_positive_rate, strict=True)
    )
    mean = set(
        zip(curves["macro"].false_positive_rate, curves["macro"].true_positive_rate, strict=True)
    )
    assert mean <= points


@pytest.mark.parametrize(
    ("y_true", "scores", "names"),
    [
        ([0, 1], np.ones((2, 3)), ["cat", "dog"]),
        ([0, 1, 1], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 0], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 2], np.ones((2, 2)), ["cat", "dog"]),
        ([0, 0], np.ones((2, 1)), ["cat"]),
        ([0, 1], np.ones((2, 2)), ["cat", "cat"]),
        ([0, 1], np.ones((2, 2)), ["micro", "cat"]),
    ],
)
def test_scores_without_a_curve_are_refused(y_true, scores, names):
    with pytest.raises(ValueError, match=r"scores|class"):
        metrics.one_vs_rest_roc(y_true, scores, class_names=names)


# Calibration.


@few
@given(seed=seeds, bins=st.integers(1, 20))
def test_bins_agree_with_scikit_learn(seed, bins):
    logits, labels = some_logits(seed)
    probabilities = softmax(logits, axis=1)
    found = metrics.reliability_bins(probabilities, labels, bins=bins)
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=bins)
    held = found.count > 0
    np.testing.assert_allclose(found.accuracy[held], accuracy)
    np.testing.assert_allclose(found.confidence[held], confidence)
    assert np.isnan(found.accuracy[~held]).all()
    assert found.count.sum() == len(labels)
    assert len(found.edges) == bins + 1


@few
@given(seed=seeds)
def test_one_bin_leaves_the_distance_of_mean_confidence_and_accuracy(seed):
    logits, labels = some_logits(seed)
    probabilities = softmax(logits, axis=1)
    right = probabilities.argmax(axis=1) == labels
    found = metrics.expected_calibration_error(probabilities, labels, bins=1)
    assert found == pytest.approx(abs(probabilities.max(axis=1).mean() - right.mean()))


@few
@given(seed=seeds, bins=st.integers(1, 10))
def test_halving_the_bins_never_lowers_the_error(seed, bins):
    logits, labels = some_logits(seed)
    probabilities = softmax(logits, axis=1)
    coarse, fine = (
        metrics.expected_calibration_error(probabilities, labels, bins=each)
        for each in (bins, 2 * bins)
    )
    assert 0 <= coarse <= fine + 1e-12 <= 1


def test_sure_and_right_is_no_error_and_sure_and_wrong_is_all_of_it():
    certain = np.eye(3)[[0, 1, 2]]
    assert metrics.expected_calibration_error(certain, [0, 1, 2]) == 0
    assert metrics.expected_calibration_error(certain, [1, 2, 0]) == 1


def test_empty_bins_raise_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metrics.expected_calibration_error(np.eye(2), [0, 1]) == 0


@few
@given(seed=seeds, factor=st.floats(0.05, 20.0))
def test_logits_that_are_scaled_need_that_much_more_temperature(seed, factor):
    logits, labels = some_logits(seed)
    temperature = metrics.fit_temperature(logits, labels)
    assert metrics.fit_temperature(factor * logits, labels) == pytest.approx(factor * temperature)


@few
@given(seed=seeds)
def test_fitting_again_after_dividing_leaves_temperature_1(seed):
    logits, labels = some_logits(seed)
    cooled = logits / metrics.fit_temperature(logits, labels)
    assert metrics.fit_temperature(cooled, labels) == pytest.approx(1)


def test_labels_drawn_from_the_probabilities_need_temperature_1_and_scaling_is_recovered():
    logits, labels = some_logits(0, n=40_000)
    assert metrics.fit_temperature(logits, labels) == pytest.approx(1, abs=0.03)
    assert metrics.fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, abs=0.08)


@few
@given(seed=seeds, other=st.floats(0.2, 5.0))
def test_no_other_temperature_gives_a_lower_cross_entropy_and_no_answer_changes(seed, other):
    logits, labels = some_logits(seed)
    temperature = metrics.fit_temperature(logits, labels)
    assume(abs(temperature / other - 1) > 1e-3)
    fitted = cross_entropy(logits / temperature, labels)
    assert fitted <= cross_entropy(logits, labels) + 1e-12
    assert fitted < cross_entropy(logits / other, labels)
    assert (softmax(logits / temperature, axis=1).argmax(1) == logits.argmax(1)).all()


def test_a_temperature_mends_confidence_that_is_too_high():
    logits, labels = some_logits(1, n=5_000)
    before = softmax(3 * logits, axis=1)
    after = softmax(3 * logits / metrics.fit_temperature(3 * logits, labels), axis=1)
    errors = [metrics.expected_calibration_error(each, labels) for each in (before, after)]
    assert errors[1] < errors[0] / 3


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([[2.0, 0.0], [0.0, 2.0]], [0, 1], "every answer is right"),
        ([[2.0, 0.0], [0.0, 2.0]], [1, 0], "no better than chance"),
        ([[0.0, 0.0], [0.0, 0.0]], [1, 0], "no better than chance"),
        ([[np.inf, 0.0], [0.0, 2.0]], [1, 0], "finite"),
        ([[2.0, 0.0]], [0, 1], "shapes"),
        ([2.0, 0.0], [0, 1], "shapes"),
        ([[2.0, 0.0]], [2], "labels from 0 to 1"),
        ([[2.0, 0.0]], [0.0], "integers"),
    ],
)
def test_logits_without_a_best_temperature_are_refused(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        metrics.fit_temperature(np.array(logits), np.array(labels))


@pytest.mark.parametrize(
    ("probabilities", "bins"), [([[1.5, 0.0]], 5), ([[-0.5, 0.2]], 5), ([[0.5, 0.5]], 0)]
)
def test_numbers_that_are_no_probabilities_are_refused(probabilities, bins):
    with pytest.raises(ValueError, match="probabilities must"):
        metrics.reliability_bins(np.array(probabilities), [0], bins=bins)


# Real data.


def test_the_nearest_class_mean_is_graded_alike_on_real_photographs():
    fashion = load_fashion_mnist()
    small = fashion.train.sample(per_class=100)
    flat = small.images.reshape(len(small), -1) / 255
    means = np.stack([flat[small.labels == label].mean(axis=0) for label in range(10)])
    held_out = fashion.validation.images[:1000].reshape(1000, -1) / 255
    labels = fashion.validation.labels[:1000]
    logits = -((held_out[:, None] - means) ** 2).sum(axis=-1)
    report = metrics.class_report(labels, logits.argmax(axis=1), class_names=fashion.class_names)
    assert report.accuracy.low < report.accuracy.value < report.accuracy.high
    assert 0.6 < report.accuracy.value < 0.75
    temperature = metrics.fit_temperature(logits, labels)
    errors = [
        metrics.expected_calibration_error(softmax(each, axis=1), labels)
        for each in (logits, logits / temperature)
    ]
    assert errors[1] < errors[0]
