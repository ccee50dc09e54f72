"""Grades agree with scikit-learn, and intervals hold the truth as often as they say."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics as library
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import metrics

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 10_000)
NAMES = ("cat", "dog", "ship", "deer")


@st.composite
def graded(draw):
    """Return how many classes there are, 2 to 4, true labels and predicted labels."""
    classes = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(seeds))
    y_true, y_pred = rng.integers(0, classes, (2, draw(st.integers(1, 60))))
    return classes, y_true, y_pred


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
    classes, y_true, y_pred = case
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
    assert metrics.macro_f1_from_counts(
        np.array([[2, 0, 1], [1, 1, 0], [0, 0, 0]])
    ) == pytest.approx(report.macro.f1.value)


@few
@given(case=graded())
def test_grades_of_a_stack_of_matrices_are_those_of_each_matrix(case):
    classes, y_true, y_pred = case
    one = library.confusion_matrix(y_true, y_pred, labels=range(classes))
    other = one.T + 1
    for grade in (
        metrics.accuracy_from_counts,
        metrics.precision_from_counts,
        metrics.recall_from_counts,
        metrics.f1_from_counts,
        metrics.macro_f1_from_counts,
    ):
        np.testing.assert_allclose(grade(np.stack([one, other])), [grade(one), grade(other)])


@few
@given(case=graded())
def test_f1_is_the_harmonic_mean_of_precision_and_recall(case):
    classes, y_true, y_pred = case
    counts = library.confusion_matrix(y_true, y_pred, labels=range(classes))
    product = metrics.precision_from_counts(counts) * metrics.recall_from_counts(counts)
    total = metrics.precision_from_counts(counts) + metrics.recall_from_counts(counts)
    np.testing.assert_allclose(metrics.f1_from_counts(counts) * total, 2 * product)


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
    classes, y_true, y_pred = case
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
    classes, y_true, y_pred = case
    options = {
        "metric": metrics.accuracy_from_counts,
        "classes": classes,
        "resamples": 200,
        "seed": seed,
    }
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
    with pytest.raises(ValueError, match=r"(successes|total) must be an integer"):
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
        ("macro", "precision"): metrics.precision_from_counts(chances).mean(),
        ("macro", "recall"): metrics.recall_from_counts(chances).mean(),
        ("macro", "f1"): metrics.f1_from_counts(chances).mean(),
        ("a", "precision"): metrics.precision_from_counts(chances)[0],
        ("a", "recall"): metrics.recall_from_counts(chances)[0],
        ("a", "f1"): metrics.f1_from_counts(chances)[0],
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


@pytest.mark.parametrize(
    ("n", "correct"), [(30, 0.6), (30, 0.9), (100, 0.6), (100, 0.9), (100, 0.98)]
)
def test_a_bootstrap_holds_the_true_correlation_as_often_as_it_says(n, correct):
    chances = population(True, correct)
    true_value, held = matthews(chances), 0
    samples = np.random.default_rng(n).multinomial(n, chances.ravel(), 800).reshape(-1, 5, 5)
    for seed, counts in enumerate(samples):
        true, predicted = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices((5, 5)))
        options = {"metric": matthews, "classes": 5, "resamples": 400, "seed": seed}
        interval = metrics.bootstrap_interval(true, predicted, **options)
        held += interval.low <= true_value <= interval.high
    # Within a point and a half of 95%, and what 800 samples leave open: another one.
    assert 0.925 <= held / 800 <= 0.975


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [30, 100, 1_000])
def test_a_proportions_interval_holds_the_truth_as_often_as_it_says(n, level):
    """Exactly, by the binomial distribution: on average over all fractions, which it has no favourites of."""
    successes = np.arange(n + 1)
    intervals = [metrics.proportion_interval(int(each), n, level=level) for each in successes]
    lows, highs = (np.array([getattr(each, end) for each in intervals]) for end in ("low", "high"))
    coverages = [
        scipy.stats.binom.pmf(successes, n, true)[(lows <= true) & (true <= highs)].sum()
        for true in np.linspace(0.02, 0.98, 193)
    ]
    assert np.mean(coverages) == pytest.approx(level, abs=0.015)


def test_each_function_that_returns_an_interval_is_simulated_here():
    """What another snippet adds must be simulated, too; then it is named here."""
    folder = Path(metrics.__file__).parent
    found = {name for file in folder.glob("[a-z]*.py") for name in returns_interval(file)}
    assert found == {"proportion_interval", "class_report", "bootstrap_interval"}


def returns_interval(file: Path) -> list[str]:
    return [
        node.name
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if node.returns and re.search(r"\b(Interval|Report)\b", ast.unparse(node.returns))
    ]


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
        [0, 1] * 5, [0, 1] * 5, metric=metrics.accuracy_from_counts, classes=2
    )
    assert interval.value == interval.high == 1
    assert 0.6 < interval.low < 0.85


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
    with pytest.raises(ValueError, match=r"class_names must be .* different, not \['cat', 'cat'\]"):
        metrics.class_report([0, 1], [0, 1], class_names=["cat", "cat"])


def test_answers_to_a_yes_or_no_question_may_be_booleans():
    truth, found = np.array([True, True, False]), np.array([True, False, False])
    report = metrics.class_report(truth, found, class_names=["no", "yes"])
    assert report.classes["yes"].recall.value == 0.5


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_no_part_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        metrics.bootstrap_interval(
            [0, 1], [0, 1], metric=metrics.accuracy_from_counts, classes=2, level=level
        )


def test_a_metric_with_a_number_a_class_has_no_single_interval():
    with pytest.raises(ValueError, match="one number per matrix"):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=metrics.f1_from_counts, classes=2)


@pytest.mark.parametrize(
    ("dtype", "count"), [(np.uint8, 200), (np.int8, 100), (np.float16, 60_000)]
)
def test_counts_in_a_narrow_type_do_not_overflow(dtype, count):
    counts = np.array([[count, 0], [0, count]], dtype)
    assert metrics.f1_from_counts(counts).tolist() == [1, 1]
    assert metrics.accuracy_from_counts(np.tile(counts, (50, 1, 1))).tolist() == [1] * 50
