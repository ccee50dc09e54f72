"""Bins agree with scikit-learn, and a temperature mends confidence and keeps every answer."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from snippets import calibration
from snippets.datasets import load_fashion_mnist

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 10_000)


def some_logits(seed: int, n: int = 300, classes: int = 4, scale: float = 2.0):
    """Return logits, and labels drawn from the probabilities that they stand for."""
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n, classes))
    drawn = softmax(logits, axis=1).cumsum(axis=1) < rng.random((n, 1))
    return logits, np.minimum(drawn.sum(axis=1), classes - 1)


def cross_entropy(logits, labels):
    return -np.log(softmax(logits, axis=1)[np.arange(len(labels)), labels]).mean()


@few
@given(seed=seeds, bins=st.integers(1, 20))
def test_bins_agree_with_scikit_learn(seed, bins):
    logits, labels = some_logits(seed)
    probabilities = softmax(logits, axis=1)
    found = calibration.reliability_bins(labels, probabilities, bins=bins)
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
    found = calibration.expected_calibration_error(labels, probabilities, bins=1)
    assert found == pytest.approx(abs(probabilities.max(axis=1).mean() - right.mean()))


@few
@given(seed=seeds, bins=st.integers(1, 10))
def test_halving_the_bins_never_lowers_the_error(seed, bins):
    logits, labels = some_logits(seed)
    probabilities = softmax(logits, axis=1)
    coarse, fine = (
        calibration.expected_calibration_error(labels, probabilities, bins=each)
        for each in (bins, 2 * bins)
    )
    assert 0 <= coarse <= fine + 1e-12 <= 1


def test_sure_and_right_is_no_error_and_sure_and_wrong_is_all_of_it():
    certain = np.eye(3)[[0, 1, 2]]
    assert calibration.expected_calibration_error([0, 1, 2], certain) == 0
    assert calibration.expected_calibration_error([1, 2, 0], certain) == 1


def test_empty_bins_raise_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert calibration.expected_calibration_error([0, 1], np.eye(2)) == 0


@few
@given(seed=seeds, factor=st.floats(0.05, 20.0))
def test_logits_that_are_scaled_need_that_much_more_temperature(seed, factor):
    logits, labels = some_logits(seed)
    temperature = calibration.fit_temperature(labels, logits)
    assert calibration.fit_temperature(labels, factor * logits) == pytest.approx(
        factor * temperature
    )


@few
@given(seed=seeds)
def test_fitting_again_after_dividing_leaves_temperature_1(seed):
    logits, labels = some_logits(seed)
    cooled = logits / calibration.fit_temperature(labels, logits)
    assert calibration.fit_temperature(labels, cooled) == pytest.approx(1)


def test_labels_drawn_from_the_probabilities_need_temperature_1_and_scaling_is_recovered():
    logits, labels = some_logits(0, n=40_000)
    assert calibration.fit_temperature(labels, logits) == pytest.approx(1, abs=0.03)
    assert calibration.fit_temperature(labels, 2.5 * logits) == pytest.approx(2.5, abs=0.08)


@few
@given(seed=seeds, other=st.floats(0.2, 5.0))
def test_no_other_temperature_gives_a_lower_cross_entropy_and_no_answer_changes(seed, other):
    logits, labels = some_logits(seed)
    temperature = calibration.fit_temperature(labels, logits)
    assume(abs(temperature / other - 1) > 1e-3)
    fitted = cross_entropy(logits / temperature, labels)
    assert fitted <= cross_entropy(logits, labels) + 1e-12
    assert fitted < cross_entropy(logits / other, labels)
    assert (softmax(logits / temperature, axis=1).argmax(1) == logits.argmax(1)).all()


def test_a_temperature_mends_confidence_that_is_too_high():
    logits, labels = some_logits(1, n=5_000)
    before = softmax(3 * logits, axis=1)
    after = softmax(3 * logits / calibration.fit_temperature(labels, 3 * logits), axis=1)
    errors = [calibration.expected_calibration_error(labels, each) for each in (before, after)]
    assert errors[1] < errors[0] / 3


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        ([[np.inf, 0.0], [0.0, 2.0]], [1, 0], "finite"),
        ([[2.0, 0.0]], [0, 1], r"y_true must be class numbers, shape \(1,\)"),
        ([2.0, 0.0], [0, 1], r"logits must be of shape \(n, classes\)"),
        ([[2.0, 0.0]], [2], "class numbers from 0 to 1"),
        ([[2.0, 0.0]], [0.0], "integers"),
    ],
)
def test_logits_that_are_none_of_these_examples_are_refused(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        calibration.fit_temperature(np.array(labels), np.array(logits))


@pytest.mark.parametrize(
    ("probabilities", "bins"), [([[1.5, 0.0]], 5), ([[-0.5, 0.2]], 5), ([[0.5, 0.5]], 0)]
)
def test_numbers_that_are_no_probabilities_are_refused(probabilities, bins):
    with pytest.raises(ValueError, match=r"probabilities must|bins must"):
        calibration.reliability_bins([0], np.array(probabilities), bins=bins)


def test_a_temperature_mends_the_nearest_class_mean_on_real_photographs():
    fashion = load_fashion_mnist()
    small = fashion.train.sample(per_class=100)
    flat = small.images.reshape(len(small), -1) / 255
    means = np.stack([flat[small.labels == label].mean(axis=0) for label in range(10)])
    held_out = fashion.validation.images[:1000].reshape(1000, -1) / 255
    labels = fashion.validation.labels[:1000]
    logits = -((held_out[:, None] - means) ** 2).sum(axis=-1)
    temperature = calibration.fit_temperature(labels, logits)
    errors = [
        calibration.expected_calibration_error(labels, softmax(each, axis=1))
        for each in (logits, logits / temperature)
    ]
    assert errors[1] < errors[0]


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


@pytest.mark.parametrize(
    ("labels", "said"), [*BAD_LABELS, ([0], "class numbers, shape {wanted}, not (1,)")]
)
def test_the_error_says_what_is_wrong_with_labels(labels, said):
    message = said.format(wanted="(2,), one for each of probabilities", name="y_true")
    with pytest.raises(ValueError, match=rf"^y_true must be {re.escape(message)}(; |$)"):
        calibration.reliability_bins(labels, np.eye(2))
    message = said.format(wanted="(2,), one for each of logits", name="y_true")
    with pytest.raises(ValueError, match=rf"^y_true must be {re.escape(message)}(; |$)"):
        calibration.fit_temperature(labels, np.eye(2))


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([["a", "b"]], "numbers of shape (n, classes), not [['a', 'b']]"),
        ([["0.5", "0.5"]], "numbers of shape (n, classes), not [['0.5', '0.5']]"),
        ([[1, 2], [1]], "numbers of shape (n, classes), not [[1, 2], [1]]"),
        ([[True, False]], "numbers of shape (n, classes), not [[True, False]]"),
        ([0.5, 0.5], "of shape (n, classes) and not empty, not (2,)"),
        (np.ones((0, 2)), "of shape (n, classes) and not empty, not (0, 2)"),
        (np.ones((1, 2, 2)), "of shape (n, classes) and not empty, not (1, 2, 2)"),
        ([[0.0, 1.0], [np.nan, 1.0]], "finite, not nan at (1, 0)"),
        ([[0.0, np.inf], [0.0, 1.0]], "finite, not inf at (0, 1)"),
        ([[0.0, 1.0], [0.0, -np.inf]], "finite, not -inf at (1, 1)"),
    ],
)
def test_the_error_says_what_is_wrong_with_numbers(numbers, said):
    with pytest.raises(ValueError, match=f"^logits must be {re.escape(said)}$"):
        calibration.fit_temperature([0, 1], numbers)
    with pytest.raises(ValueError, match=f"^probabilities must be {re.escape(said)}$"):
        calibration.reliability_bins([0, 1], numbers)


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ([[1.5, -0.5], [1, 0]], "-0.5 with a row of sum 1"),
        ([[0.5, 0.5], [0.6, 0.7]], "0.5 with a row of sum 1.3"),
        ([[0.5, 0.52], [0.1, 0.2]], "0.1 with a row of sum 0.3"),
        ([[0.5, 0.506], [0.5, 0.5]], "0.5 with a row of sum 1.006"),
    ],
)
def test_the_error_says_which_row_is_no_distribution(probabilities, said):
    message = f"add up to 1 in each row, not start from {said}: apply softmax to logits first"
    with pytest.raises(
        ValueError, match=f"^probabilities must be at least 0 and {re.escape(message)}$"
    ):
        calibration.reliability_bins([0, 1], probabilities)


def test_rounded_probabilities_are_probabilities_and_sure_is_at_most_certain():
    found = calibration.reliability_bins([0, 1], [[1.004, 0], [0.5, 0.497]], bins=1)
    assert found.confidence.tolist() == [0.75]
    assert found.accuracy.tolist() == [0.5]


def test_a_bin_holds_its_right_edge():
    found = calibration.reliability_bins([0, 0, 1], [[0.5, 0.5], [0.75, 0.25], [0.8, 0.2]], bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.count.tolist() == [0, 1, 1, 1]
    assert found.accuracy[1:].tolist() == [1, 1, 0]


def test_many_bins_may_be_counted_in_a_small_integer():
    found = calibration.reliability_bins([0, 1], np.eye(2), bins=np.int8(127))
    assert found.edges.tolist() == np.linspace(0, 1, 128).tolist()


def test_bins_of_more_confidence_than_any_answer_has_are_empty():
    found = calibration.reliability_bins([0, 1], [[0.5, 0.5], [0.6, 0.4]], bins=4)
    assert found.count.tolist() == [0, 1, 1, 0]
    for each in (found.confidence, found.accuracy):
        assert np.isnan(each).tolist() == [True, False, False, True]


def test_there_are_15_bins_unless_asked_and_one_at_least():
    assert len(calibration.reliability_bins([0, 1], np.eye(2)).count) == 15
    for bins in (0, 1.5):
        with pytest.raises(ValueError, match=f"^bins must be an integer, at least 1, not {bins}$"):
            calibration.reliability_bins([0, 1], np.eye(2), bins=bins)
    # Two probabilities that share the last of 15 bins, but not the last of 16.
    rows = [[0.935, 0.065], [0.995, 0.005]]
    fine, coarse = (calibration.expected_calibration_error([1, 0], rows, bins=n) for n in (16, 15))
    assert calibration.expected_calibration_error([1, 0], rows) == coarse != fine


COLDER = "no class has a higher logit than the true one, so no temperature is best: the colder the better"
HOTTER = (
    "logits that are on average no higher for the true class than for all classes have no best "
    "temperature: the hotter the better"
)
ALIKE = "logits of one value for all classes are as good at any temperature"


@pytest.mark.parametrize(
    ("logits", "labels", "said"),
    [
        pytest.param([[2, 0], [0, 2]], [0, 1], COLDER, id="all right"),
        pytest.param([[2, 2, 0], [0, 0, 2]], [1, 2], COLDER, id="right or as high as another"),
        pytest.param([[2, 0], [0, 2]], [1, 0], HOTTER, id="all wrong"),
        pytest.param([[2, 0], [2, 0]], [1, 0], HOTTER, id="chance"),
        pytest.param([[1, 0]] * 9 + [[99, 0]], [0] * 9 + [1], HOTTER, id="right but for one"),
        pytest.param([[0, 0], [3, 3]], [1, 0], ALIKE, id="all the same"),
        pytest.param([[1], [2]], [0, 0], ALIKE, id="one class"),
    ],
)
def test_the_error_says_why_no_temperature_is_best(logits, labels, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        calibration.fit_temperature(labels, logits)
    cold, warm, hot = (
        cross_entropy(np.array(logits, float) / temperature, labels) for temperature in (0.5, 1, 2)
    )
    assert {COLDER: cold < warm < hot, HOTTER: cold > warm > hot, ALIKE: cold == warm == hot}[said]


@pytest.mark.parametrize("offset", [1e3, -1e9, 1e13])
def test_what_is_added_to_all_logits_of_an_example_changes_no_temperature(offset):
    logits = np.array([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    expected = calibration.fit_temperature([0, 0, 0, 1], logits)
    found = calibration.fit_temperature([0, 0, 0, 1], logits + offset * np.arange(4)[:, None])
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("large", [1e6, 1e14, 1e20, 1e300])
def test_one_example_of_huge_logits_hides_no_wrong_answer(large):
    logits = np.array([[2.0, 0.0]] * 4 + [[large, -large]])
    found = calibration.fit_temperature([0, 0, 0, 1, 0], logits)
    assert found == pytest.approx(2 / np.log(3), rel=1e-6)


def test_a_temperature_by_hand():
    """Sure at a margin of 2 and right on three of four: e to the margin by the temperature is 3."""
    found = calibration.fit_temperature([0, 0, 0, 1], [[2.0, 0.0]] * 4)
    assert found == pytest.approx(2 / np.log(3), rel=1e-9)
