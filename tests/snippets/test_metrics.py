"""Grades agree with scikit-learn, and intervals hold the truth as often as they say."""

import ast
import functools
import re
from fractions import Fraction
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


@pytest.mark.parametrize(
    ("successes", "total", "said"),
    [
        (-1, 5, "successes must be an integer, at least 0 and at most 5, not -1"),
        (6, 5, "successes must be an integer, at least 0 and at most 5, not 6"),
        (0, 0, "total must be an integer, at least 1, not 0"),
    ],
)
def test_a_proportion_of_examples_that_there_are_not_is_refused(successes, total, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
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
    with pytest.raises(ValueError, match=r"y_(true|pred) .*must be class numbers"):
        metrics.class_report(y_true, y_pred, class_names=["cat", "dog"])


@pytest.mark.parametrize("names", [["cat", "cat"], [], "cd"])
def test_names_that_do_not_tell_the_classes_apart_are_refused(names):
    said = re.escape(f"class_names must be one or more, all different, not {names!r}")
    with pytest.raises(ValueError, match=f"^{said}$"):
        metrics.class_report([0, 1], [0, 1], class_names=names)


def test_there_may_be_one_class():
    report = metrics.class_report([0, 0], [0, 0], class_names=["cat"])
    assert (report.accuracy.value, report.macro.f1.value) == (1, 1)


def test_answers_to_a_yes_or_no_question_may_be_booleans():
    truth, found = np.array([True, True, False]), np.array([True, False, False])
    report = metrics.class_report(truth, found, class_names=["no", "yes"])
    assert report.classes["yes"].recall.value == 0.5


@pytest.mark.parametrize(
    ("dtype", "count"), [(np.uint8, 200), (np.int8, 100), (np.float16, 60_000)]
)
def test_counts_in_a_narrow_type_do_not_overflow(dtype, count):
    counts = np.array([[count, 0], [0, count]], dtype)
    assert metrics.f1_from_counts(counts).tolist() == [1, 1]
    assert metrics.accuracy_from_counts(np.tile(counts, (50, 1, 1))).tolist() == [1] * 50


# What is wrong with labels, and what the error says.
BAD_LABELS = [
    ([[1, 2], [1]], "class numbers, shape (n,), not [[1, 2], [1]]"),
    ([], "class numbers, shape {wanted}, not (0,)"),
    ([[0], [1]], "class numbers, shape {wanted}, not (2, 1); take {name}[:, 0]"),
    ([[0, 1]], "class numbers, shape {wanted}, not (1, 2)"),
    (0, "class numbers, shape {wanted}, not ()"),
    ([0.0, 1.0], "class numbers, integers from 0, not float64"),
    (["a", "b"], "class numbers, integers from 0, not <U1"),
    ([0, 2], "class numbers from 0 to 1, for 2 classes, not from 0 to 2"),
    ([-1, 0], "class numbers from 0 to 1, for 2 classes, not from -1 to 0"),
]


@pytest.mark.parametrize(("labels", "said"), BAD_LABELS)
def test_the_error_says_what_is_wrong_with_labels(labels, said):
    said = said.format(wanted="(n,), n at least 1", name="y_true")
    with pytest.raises(ValueError, match=rf"^y_true must be {re.escape(said)}(; |$)"):
        metrics.class_report(labels, [0, 1], class_names=["cat", "dog"])


@pytest.mark.parametrize(
    ("labels", "said"), [*BAD_LABELS, ([0], "class numbers, shape {wanted}, not (1,)")]
)
def test_the_error_says_what_is_wrong_with_predictions(labels, said):
    said = said.format(wanted="(2,), one for each of y_true", name="y_pred")
    with pytest.raises(ValueError, match=rf"^y_pred must be {re.escape(said)}(; |$)"):
        metrics.class_report([0, 1], labels, class_names=["cat", "dog"])


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([[1, 2], [1]], "square matrices, not [[1, 2], [1]]"),
        ([1, 2], "(..., classes, classes), not (2,)"),
        ([[1, 2]], "(..., classes, classes), not (1, 2)"),
        (np.zeros((2, 3, 2)), "(..., classes, classes), not (2, 3, 2)"),
        (np.zeros((0, 0)), "(..., classes, classes), not (0, 0)"),
        ([[1.0, np.nan], [0, 0]], "finite numbers, at least 0, not [ 1. nan  0.  0.]"),
        ([[1, -1], [0, 0]], "finite numbers, at least 0, not [ 1 -1  0  0]"),
        ([["a", "b"], ["c", "d"]], "finite numbers, at least 0, not ['a' 'b' 'c' 'd']"),
        (np.full((4, 4), -1), "finite numbers, at least 0, not [-1 -1 -1 -1 -1 -1 -1 -1 -1]"),
    ],
)
def test_the_error_says_what_is_wrong_with_counts(counts, said):
    with pytest.raises(ValueError, match=f"^counts must be {re.escape(said)}$"):
        metrics.recall_from_counts(counts)


@pytest.mark.parametrize("kind", [float, int, bool, np.uint8])
def test_counts_may_be_of_any_number_type(kind):
    assert metrics.accuracy_from_counts(np.array([[1, 0], [1, 0]], kind)) == 0.5


def test_a_class_that_is_only_predicted_or_only_true_counts_in_the_mean_f1_and_an_absent_one_does_not():
    counts = np.array([[0, 1, 0], [0, 1, 0], [0, 0, 0]])
    assert metrics.macro_f1_from_counts(counts) == pytest.approx(1 / 3)
    assert metrics.macro_f1_from_counts(counts.T) == pytest.approx(1 / 3)


def test_of_no_examples_accuracy_and_mean_f1_are_no_numbers():
    stack = np.array([[[0, 0], [0, 0]], [[1, 0], [1, 0]]])
    assert metrics.accuracy_from_counts(stack).tolist() == pytest.approx([np.nan, 0.5], nan_ok=True)
    found = metrics.macro_f1_from_counts(stack)
    assert found.tolist() == pytest.approx([np.nan, 1 / 3], nan_ok=True)


def test_labels_in_a_narrow_type_are_counted_right_though_there_are_many_classes():
    labels = np.arange(20, dtype=np.uint8)
    names = [str(label) for label in labels]
    report = metrics.class_report(labels, labels[::-1].copy(), class_names=names)
    assert (report.accuracy.value, report.macro.support) == (0, 20)
    assert metrics.class_report(labels, labels, class_names=names).accuracy.value == 1


def test_each_grade_of_a_class_has_the_interval_of_a_fraction():
    """Six cats, five of them found, and one dog of four called a cat; no emu, and none seen."""
    y_true, y_pred = [0] * 6 + [1] * 4, [0] * 5 + [1] + [0] + [1] * 3
    report = metrics.class_report(y_true, y_pred, class_names=["cat", "dog", "emu"], level=0.9)
    cat, dog, emu = report.classes.values()
    wilson = functools.partial(metrics.proportion_interval, level=0.9)
    assert report.accuracy == wilson(8, 10)
    assert (cat.precision, cat.recall) == (wilson(5, 6), wilson(5, 6))
    assert (dog.precision, dog.recall) == (wilson(3, 4), wilson(3, 4))
    assert cat.f1 == tuple(2 * end / (1 + end) for end in wilson(5, 7))
    assert [each.support for each in (cat, dog, emu, report.macro)] == [6, 4, 0, 10]
    for grade in (emu.precision, emu.recall, emu.f1):
        assert np.isnan(grade.value)
        assert grade[1:] == (0, 1)


def test_what_was_never_predicted_has_a_precision_of_0_which_may_be_anything():
    report = metrics.class_report([0, 1], [0, 0], class_names=["cat", "dog"])
    assert report.classes["dog"].precision == (0, 0, 1)
    assert report.classes["dog"].f1.value == 0
    assert report.macro.precision.value == 0.25


def test_a_mean_over_the_classes_has_the_interval_of_a_fraction_as_uncertain():
    """The variance is that of a mean of fractions, each drawn towards all by eight examples."""
    y_true, y_pred = (
        np.repeat([0, 1, 2], [40, 20, 5]),
        np.repeat([0, 1, 0, 1, 2], [38, 2, 5, 15, 5]),
    )
    report = metrics.class_report(y_true, y_pred, class_names=["cat", "dog", "emu"])
    hits, sizes = np.array([38, 15, 5]), np.array([40, 20, 5])
    likely = (hits + 8 * 60 / 69) / (sizes + 8)
    variance = (likely * (1 - likely) / sizes).sum() / 9
    examples = likely.mean() * (1 - likely.mean()) / variance
    value, z = (hits / sizes).mean(), scipy.stats.norm.ppf(0.975)
    middle, reach = (
        value + z**2 / 2 / examples,
        z * np.sqrt(value * (1 - value) / examples + (z / 2 / examples) ** 2),
    )
    ends = [(middle + side * reach) / (1 + z**2 / examples) for side in (-1, 1)]
    assert report.macro.recall == pytest.approx((value, *ends))


def test_a_mean_of_nothing_and_of_what_was_never_predicted():
    """A class that was never predicted counts as half an example where precision is averaged."""
    report = metrics.class_report([0, 0], [1, 1], class_names=["cat", "dog"])
    likely = 8 * (0 + 2) / (0.5 + 2 + 4) / np.array([8.5, 10])
    variance = (likely * (1 - likely) / [0.5, 2]).sum() / 4
    examples = likely.mean() * (1 - likely.mean()) / variance
    z = scipy.stats.norm.ppf(0.975)
    assert report.macro.precision == pytest.approx((0, 0, z**2 / examples / (1 + z**2 / examples)))


def never_called(counts):
    raise AssertionError("graded though an argument is wrong")


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.5, True, "0.9"])
def test_a_level_is_refused_with_its_value(level):
    said = re.escape(f"level must be a finite number in (0, 1), not {level!r}")
    with pytest.raises(ValueError, match=f"^{said}$"):
        metrics.proportion_interval(1, 2, level=level)
    with pytest.raises(ValueError, match=f"^{said}$"):
        metrics.class_report([0, 1], [0, 1], class_names=["cat", "dog"], level=level)
    with pytest.raises(ValueError, match=f"^{said}$"):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=never_called, classes=2, level=level)


@pytest.mark.parametrize(
    ("argument", "bad", "least"),
    [("classes", 0, 1), ("resamples", 0, 1), ("seed", -1, 0), ("seed", 1.5, 0), ("seed", True, 0)],
)
def test_a_bootstrap_refuses_its_arguments_before_it_grades(argument, bad, least):
    options = {"metric": never_called, "classes": 2} | {argument: bad}
    said = re.escape(f"{argument} must be an integer, at least {least}, not {bad}")
    with pytest.raises(ValueError, match=f"^{said}$"):
        metrics.bootstrap_interval([0, 1], [0, 1], **options)


def test_a_metric_with_a_number_a_class_has_no_single_interval():
    said = r"^metric must return one number per matrix, not shape \(1, 2\)$"
    with pytest.raises(ValueError, match=said):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=metrics.f1_from_counts, classes=2)


def test_a_metric_that_grades_many_matrices_by_one_number_is_refused():
    with pytest.raises(ValueError, match=r"one number per matrix, not shape \(1,\)$"):
        metrics.bootstrap_interval([0, 1], [0, 1], metric=lambda _: np.ones(1), classes=2)


def test_a_level_may_be_a_fraction():
    half = metrics.proportion_interval(3, 10, level=Fraction(1, 2))
    assert half == metrics.proportion_interval(3, 10, level=0.5)


def seen_by_a_metric(y_true, y_pred, classes, **options):
    """Return the stacks of weights that a bootstrap hands to its metric: the counts, then what is drawn."""
    stacks = []

    def metric(stack):
        stacks.append(stack.copy())
        return np.arange(len(stack), dtype=float) if len(stack) > 1 else np.array([50.0])

    interval = metrics.bootstrap_interval(y_true, y_pred, metric=metric, classes=classes, **options)
    return interval, stacks


def tail_by_students_t(n, level):
    """Return how much to leave out at each end, so that the rest is as wide as Student's t."""
    reach = scipy.stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(n / (n - 1))
    return scipy.stats.norm.cdf(-reach)


@pytest.mark.parametrize(("n", "counted"), [(1, 2), (2, 2), (3, 3), (40, 40)])
def test_a_bootstrap_leaves_out_as_much_at_the_ends_as_students_t_does(n, counted):
    interval, (_, drawn) = seen_by_a_metric([0] * n, [0] * n, 2, resamples=101, level=0.5)
    assert drawn.shape == (101, 2, 2)
    tail = tail_by_students_t(counted, 0.5)
    assert interval == pytest.approx((50, 100 * tail, 100 * (1 - tail)))


def test_a_bootstrap_draws_2000_times_for_a_level_of_95_percent_unless_asked():
    interval, (counts, drawn) = seen_by_a_metric([0, 1, 1] * 20, [0, 0, 1] * 20, 2)
    assert counts.tolist() == [[[20, 0], [20, 20]]]
    assert counts.dtype == float
    assert len(drawn) == 2000
    tail = tail_by_students_t(60, 0.95)
    assert interval == pytest.approx((50, 1999 * tail, 1999 * (1 - tail)))


def test_a_bootstrap_draws_weights_with_the_mean_of_the_counts_and_two_examples_more():
    y_true, y_pred = np.repeat([0, 0, 1], [6, 2, 3]), np.repeat([0, 1, 1], [6, 2, 3])
    _, (_, drawn) = seen_by_a_metric(y_true, y_pred, 3, resamples=20_000)
    # Of the two unseen, one is correct, of either class, and one is a class called the other.
    expected = [[6.5, 2.5, 0], [0.5, 3.5, 0], [0, 0, 0]]
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.06)
    # Each weight, seen or not, has a variance of 1; whether the unseen lies in a cell, one of 1/4.
    np.testing.assert_allclose(drawn.var(axis=0)[0, :2], [6.75, 2.75], rtol=0.06)
    np.testing.assert_allclose(drawn.sum(axis=(1, 2)).var(), 13, rtol=0.06)
    again = seen_by_a_metric(y_true, y_pred, 3, resamples=20_000, seed=0)[1][1]
    assert (drawn == again).all()
    assert (drawn != seen_by_a_metric(y_true, y_pred, 3, resamples=20_000, seed=1)[1][1]).any()


# The mean weight that two unseen examples give each pair of three classes, true and predicted.
UNSEEN = np.eye(3) / 3 + (1 - np.eye(3)) / 6


@pytest.mark.parametrize("swap", [1, -1])
def test_the_unseen_examples_may_be_of_a_class_that_is_only_predicted_or_only_true(swap):
    _, (_, drawn) = seen_by_a_metric(*([0, 0, 1], [0, 2, 1])[::swap], 4, resamples=30_000)
    expected = np.pad(UNSEEN, (0, 1))
    expected[[0, 1], [0, 1]] += 1
    expected[(0, 2)[::swap]] += 1
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.03)


def test_where_one_class_occurs_the_unseen_examples_may_be_of_any():
    _, (_, drawn) = seen_by_a_metric([1] * 4, [1] * 4, 3, resamples=30_000)
    np.testing.assert_allclose(drawn.mean(axis=0), UNSEEN + np.diag([0, 4, 0]), atol=0.06)


def test_where_there_is_one_class_no_answer_is_wrong():
    _, (_, drawn) = seen_by_a_metric([0] * 4, [0] * 4, 1, resamples=30_000)
    np.testing.assert_allclose(drawn.mean(axis=0), [[4 + 2]], atol=0.06)


def test_a_bootstrap_draws_no_more_at_a_time_than_fits_in_memory(monkeypatch):
    monkeypatch.setattr(metrics, "_CELLS_AT_ONCE", 40)
    _, (_, *drawn) = seen_by_a_metric([0, 1], [0, 1], 2, resamples=25, level=0.5)
    assert [len(each) for each in drawn] == [10, 10, 5]
    monkeypatch.setattr(metrics, "_CELLS_AT_ONCE", 1)
    assert [len(each) for each in seen_by_a_metric([0, 1], [0, 1], 2, resamples=3)[1]] == [1] * 4


def test_a_proportion_of_one_example_is_graded():
    assert metrics.proportion_interval(0, 1).low == 0
    assert metrics.proportion_interval(1, 1).high == 1


def test_a_report_shows_itself_as_a_table_with_what_cannot_be_graded():
    report = metrics.class_report([0, 0, 1, 1], [0, 1, 1, 1], class_names=["cat", "dog", "emu"])
    header, *rows, last = str(report).splitlines()
    assert header.split() == ["class", "precision", "recall", "F1", "examples"]
    assert {len(row) for row in rows} == {len(header)}
    dog, mean = report.classes["dog"], report.macro
    shown = [
        ("dog", f"{dog.precision:.1%}", f"{dog.recall:.1%}", f"{dog.f1:.1%}", "2"),
        ("emu", "none", "none", "none", "0"),
        ("mean of classes", f"{mean.precision:.1%}", f"{mean.recall:.1%}", f"{mean.f1:.1%}", "4"),
    ]
    assert [row.split() for row in rows[1:]] == [" ".join(each).split() for each in shown]
    assert last == f"accuracy {report.accuracy:.1%}"


@pytest.mark.parametrize(("classes", "left_out"), [(20, 0), (21, 0), (22, 2), (300, 280)])
def test_the_table_of_many_classes_is_cut_in_the_middle(classes, left_out):
    labels = np.arange(classes)
    names = [f"number {label}" for label in labels]
    lines = repr(metrics.class_report(labels, labels, class_names=names)).splitlines()[1:-2]
    shown = [line.partition("  ")[0] for line in lines]
    assert shown == ([*names[:10], f"... {left_out} more", *names[-10:]] if left_out else names)
