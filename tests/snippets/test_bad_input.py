"""Whatever is no valid input is refused by an error that names it, and how valid input is held changes nothing."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

SNIPPETS = sorted(Path(__file__).parents[2].glob("snippets/[a-z]*.py"))
MODULES = {file.stem: importlib.import_module(f"snippets.{file.stem}") for file in SNIPPETS}

RANDOM = np.random.default_rng(0)
CLASSES = ["cat", "dog", "ship"]
LABELS = np.array([0, 1, 2] * 4)
ANSWERS = np.array([0, 1, 2, 1, 1, 2, 0, 0, 2, 0, 1, 0])
LOGITS = RANDOM.normal(size=(12, 3)) + np.eye(3)[LABELS]
PROBABILITIES = RANDOM.dirichlet(np.ones(3), 12)
IS_POSITIVE = LABELS == 0
SCORES = RANDOM.random(12)
BYTES = RANDOM.integers(0, 256, (12, 8, 8), dtype=np.uint8)
UNIT = RANDOM.random((12, 8, 8)).astype("float32")
NETWORK = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3)])
COLOUR = RANDOM.random((12, 8, 8, 3)).astype("float32")


def ragged(good):
    return [[1, 2], [1]]


def strings(good):
    return np.full(np.shape(good), "a")


def empty(good):
    return np.asarray(good)[:0]


def not_a_number(good):
    bad = np.array(good, float)
    bad.flat[0] = np.nan
    return bad


def infinite(good):
    bad = np.array(good, float)
    bad.flat[0] = np.inf
    return bad


def negative(good):
    bad = np.array(good)
    bad.flat[0] = -1
    return bad


def one_axis_more(good):
    return np.asarray(good)[..., None]


def one_axis_less(good):
    return np.asarray(good).ravel()


def too_large(good):
    bad = np.array(good)
    bad.flat[0] = 3
    return bad


def floats(good):
    return np.asarray(good, float)


def as_bytes(good):
    return (255 * np.asarray(good)).astype(np.uint8)


def up_to_255(good):
    return 255 * np.asarray(good)


def logits(good):
    return np.log(good) + 1


def not_summing_to_one(good):
    bad = np.array(good)
    bad[0] = 0.9
    return bad


def fewer(good):
    return np.asarray(good)[:-1]


def not_square(good):
    return np.asarray(good)[:-1]


# What an argument can hold wrongly: kind of argument -> what makes a bad one of a good one.
BAD: Mapping[str, tuple[Callable[[Any], Any], ...]] = {
    "labels": (ragged, strings, empty, one_axis_more, floats, not_a_number, negative),
    "known labels": (
        *(ragged, strings, empty, one_axis_more, floats, not_a_number, negative, too_large, fewer),
    ),
    "positives": (ragged, empty, one_axis_more, fewer),
    "scores": (ragged, strings, empty, not_a_number, infinite, one_axis_more, fewer),
    "logits": (ragged, strings, empty, not_a_number, infinite, one_axis_less, fewer),
    "probabilities": (
        *(ragged, strings, empty, not_a_number, infinite, one_axis_less, fewer),
        *(negative, logits, not_summing_to_one),
    ),
    "probabilities alone": (
        *(ragged, strings, empty, not_a_number, infinite, one_axis_less),
        *(negative, logits, not_summing_to_one),
    ),
    "numbers": (ragged, strings, empty, not_a_number, infinite, one_axis_more),
    "fractions": (ragged, strings, empty, not_a_number, infinite, one_axis_more, negative),
    "unit images": (ragged, strings, not_a_number, one_axis_less, as_bytes, up_to_255),
    "pictures": (ragged, strings, not_a_number, one_axis_less, up_to_255),
    "images": (ragged, strings, not_a_number, one_axis_less),
    "movable": (ragged, one_axis_less),
    "all images": (ragged, strings, empty, not_a_number, one_axis_less),
    "pairs": (ragged, strings, not_a_number, one_axis_less),
    "counts": (ragged, strings, not_a_number, negative, one_axis_less, not_square),
    "matrix": (ragged, strings, empty, one_axis_less),
    "byte images": (ragged, strings, one_axis_less, floats),
}


@dataclass(frozen=True)
class Call:
    """A call that is right, and what its array arguments hold.

    Attributes:
        function: `module.name`.
        kinds: argument -> one of `BAD`.
        good: argument -> a valid value; the others are in it, too.
    """

    function: str
    kinds: Mapping[str, str]
    good: Mapping[str, Any]

    def __call__(self, **instead: Any) -> Any:
        module, name = self.function.split(".")
        given = {**self.good, **instead}
        # What a signature takes by position is given so: as those who call it do.
        parameters = inspect.signature(getattr(MODULES[module], name)).parameters.values()
        by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        positional = [given.pop(each) for each in by_position if each in given]
        return getattr(MODULES[module], name)(*positional, **given)


def call(function: str, kinds: Mapping[str, str], **good: Any) -> Call:
    return Call(function, kinds, good)


NAMES = {"class_names": CLASSES}
TRUE_AND_PREDICTED = {"y_true": "known labels", "y_pred": "known labels"}
TRUE_AND_PROBABLE = {"y_true": "known labels", "probabilities": "probabilities"}
CALLS = [
    call("metrics.class_report", TRUE_AND_PREDICTED, y_true=LABELS, y_pred=ANSWERS, **NAMES),
    call(
        "metrics.bootstrap_interval",
        TRUE_AND_PREDICTED,
        y_true=LABELS,
        y_pred=ANSWERS,
        metric=MODULES["metrics"].accuracy_from_counts,
        classes=3,
        resamples=50,
    ),
    call(
        "roc.one_vs_rest_roc",
        {"y_true": "known labels", "scores": "logits"},
        y_true=LABELS,
        scores=LOGITS,
        **NAMES,
    ),
    call(
        "calibration.reliability_bins",
        TRUE_AND_PROBABLE,
        y_true=LABELS,
        probabilities=PROBABILITIES,
    ),
    call(
        "calibration.expected_calibration_error",
        TRUE_AND_PROBABLE,
        y_true=LABELS,
        probabilities=PROBABILITIES,
    ),
    call(
        "calibration.fit_temperature",
        {"y_true": "known labels", "logits": "logits"},
        y_true=LABELS,
        logits=LOGITS,
    ),
    call(
        "thresholds.one_vs_rest_precision_recall",
        {"y_true": "known labels", "scores": "logits"},
        y_true=LABELS,
        scores=LOGITS,
        **NAMES,
    ),
    call(
        "thresholds.cheapest_threshold",
        {"scores": "scores"},
        y_true=IS_POSITIVE,
        scores=SCORES,
        false_alarm_cost=1,
        miss_cost=2,
    ),
    call(
        "thresholds.top_k_accuracy",
        {"y_true": "known labels", "scores": "logits"},
        y_true=LABELS,
        scores=LOGITS,
        k=2,
    ),
    call(
        "thresholds.named_predictions",
        {"probabilities": "probabilities alone"},
        probabilities=PROBABILITIES,
        **NAMES,
    ),
    call("splits.class_weights", {"labels": "labels"}, labels=LABELS),
    call("splits.three_way_split", {"labels": "labels"}, labels=np.tile(LABELS, 5)),
    call(
        "plot_evaluation.draw_confusion_matrix",
        TRUE_AND_PREDICTED,
        y_true=LABELS,
        y_pred=ANSWERS,
        **NAMES,
    ),
    call(
        "plot_thresholds.threshold_dots",
        {"y_true": "positives", "scores": "scores"},
        y_true=IS_POSITIVE,
        scores=SCORES,
        thresholds={"half": 0.5},
    ),
    call(
        "plot_classes.probability_bars",
        {"probabilities": "fractions"},
        probabilities=PROBABILITIES[0],
        **NAMES,
    ),
    call("plot_classes.class_bars", {"values": "fractions"}, values=[0.5, 0.7, 0.9], **NAMES),
    call("plot_training.rate_curve", {"rates": "fractions"}, rates=[0.1, 0.2, 0.3]),
    call(
        "plot_results.chosen_and_fresh",
        {"chosen": "fractions", "fresh": "fractions"},
        chosen=[0.1, 0.2],
        fresh=[0.3, 0.1],
    ),
    call(
        "plot_curves.line_fit",
        {"x": "numbers", "y": "numbers"},
        x=[1.0, 2.0],
        y=[1.0, 3.0],
        lines={"a": (1.0, 0.0)},
    ),
    call("plot_images.image_grid", {"images": "pictures"}, images=UNIT),
    call("plot_images.image_and_numbers", {"image": "byte images"}, image=BYTES[0], top=0, left=0),
    call(
        "plot_images.filter_grid", {"kernels": "images"}, kernels=RANDOM.normal(size=(3, 3, 3, 4))
    ),
    call(
        "plot_images.grey_fraction", {"kernels": "images"}, kernels=RANDOM.normal(size=(3, 3, 3, 4))
    ),
    call("corruptions.add_noise", {"images": "unit images"}, images=UNIT, deviation=0.1),
    call("corruptions.blur", {"images": "images"}, images=UNIT, sigma=1.0),
    call("corruptions.rotate", {"images": "images"}, images=UNIT, degrees=20.0),
    call("corruptions.shift", {"images": "movable"}, images=UNIT, down=1),
    call(
        "preprocessing.standardise",
        {"images": "all images", "training_images": "all images"},
        images=UNIT,
        training_images=UNIT[:6],
    ),
    call(
        "augmentation.near_duplicates",
        {"images": "pairs", "others": "pairs"},
        images=COLOUR,
        others=COLOUR[3:],
        reach=1,
    ),
    call(
        "sanity_checks.rank_correlation",
        {"maps": "images", "others": "images"},
        maps=UNIT,
        others=UNIT[::-1],
    ),
    call(
        "export.agreement",
        {"expected": "logits", "found": "logits"},
        expected=LOGITS,
        found=LOGITS + 0.01,
    ),
    call(
        "plot_tensors.matmul_picture",
        {"left": "matrix", "right": "matrix"},
        left=np.eye(2),
        right=np.ones((2, 3)),
    ),
    call(
        "plot_tensors.convolution_picture",
        {"picture": "matrix", "kernel": "matrix"},
        picture=np.arange(16.0).reshape(4, 4),
        kernel=np.eye(2),
        at=(1, 1),
    ),
    call("sampling.draw_sample", {"labels": "labels"}, labels=LABELS, per_class=2),
    call("sampling.draw_pairs", {"labels": "labels"}, labels=LABELS, count=4),
    call(
        "experiments.selection_bias",
        {},
        is_correct=RANDOM.random((5, 40)) < 0.5,
        tries=3,
        repeats=5,
    ),
]
COUNTS = np.array([[3, 1, 0], [1, 5, 0], [0, 2, 4]])
CALLS += [
    call(f"metrics.{grade}_from_counts", {"counts": "counts"}, counts=COUNTS)
    for grade in ("accuracy", "precision", "recall", "f1", "macro_f1")
]
CALLS += [
    call(f"explain.{method}", {"images": "images"}, network=NETWORK, images=UNIT, **options)
    for method, options in {
        "saliency": {},
        "occlusion": {"size": 4},
        "fast_gradient_sign": {"labels": LABELS, "epsilon": 0.1},
    }.items()
]
BAD_CALLS = [
    (each, argument, bad)
    for each in CALLS
    for argument, kind in each.kinds.items()
    for bad in BAD[kind]
]


# Take arrays, and refuse bad ones in tests of their own: they hold them in mappings or want a network for them.
ELSEWHERE = {
    "cross_validation.cross_validate",
    *("training.learning_rate_range_test", "explain.grad_cam", "export.run_litert"),
    *("mixed_precision.compare_mixed_precision", "plot_functions.contour_paths"),
    *("plot_functions.curves_and_slopes", "plot_functions.function_and_tangents"),
    *("plot_images.map_rows", "plot_images.signed_images", "plot_networks.receptive_fields"),
    *("plot_tensors.reading_order", "plot_tensors.tensor_picture", "plot_timing.ring_rounds"),
    "saving.save_and_check",
}


def test_every_public_function_that_takes_an_array_is_held_to_this():
    arrays = ("ArrayLike", "ndarray", "NDArray", "Bytes")
    taking = {
        f"{module}.{name}"
        for module, loaded in MODULES.items()
        for name, function in inspect.getmembers(loaded, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == loaded.__name__
        for parameter in inspect.signature(function).parameters.values()
        if any(word in str(parameter.annotation) for word in arrays)
    }
    held = {each.function for each in CALLS}
    assert taking - held == ELSEWHERE


@pytest.mark.parametrize("each", CALLS, ids=lambda each: each.function)
def test_the_right_call_is_right(each):
    each()


@pytest.mark.parametrize(
    ("each", "argument", "bad"),
    BAD_CALLS,
    ids=lambda it: it if isinstance(it, str) else getattr(it, "function", "") or it.__name__,
)
def test_bad_input_is_refused_by_an_error_that_names_it(each, argument, bad):
    with pytest.raises(ValueError, match=argument):
        each(**{argument: bad(each.good[argument])})
    assert not plt.get_fignums()


def as_list(good):
    return np.asarray(good).tolist()


def as_tensor(good):
    return tf.constant(good)


def not_contiguous(good):
    return np.repeat(np.asarray(good), 2, axis=0)[::2]


def as_big_endian(good):
    array = np.asarray(good)
    return array.astype(array.dtype.newbyteorder(">"))


def in_double(good):
    array = np.asarray(good)
    return array.astype(float) if array.dtype.kind == "f" else array.astype(np.int64)


HOLDERS = (as_list, as_tensor, not_contiguous, as_big_endian, in_double)
# Lists of pixels and of weights are no way to hold pictures, and only bytes and floats are pictures.
NOT_FOR_PICTURES = (as_list, in_double)


def told(result: Any) -> Any:
    """Return what can be compared: a figure by its text, arrays as lists, classes by their fields."""
    if isinstance(result, Figure):
        return result.alt
    if isinstance(result, Mapping):
        return {name: told(each) for name, each in result.items()}
    if hasattr(result, "__dataclass_fields__"):
        return {name: told(getattr(result, name)) for name in result.__dataclass_fields__}
    if isinstance(result, (tuple, list)):
        return [told(each) for each in result]
    if isinstance(result, np.ndarray):
        return told(result.tolist())
    return pytest.approx(result, rel=1e-6, nan_ok=True) if isinstance(result, float) else result


@pytest.mark.parametrize(
    ("each", "argument"),
    [(each, argument) for each in CALLS for argument in each.kinds],
    ids=lambda it: it if isinstance(it, str) else it.function,
)
def test_how_good_input_is_held_changes_no_result(each, argument):
    expected = told(each())
    pictures = each.kinds[argument] in ("pictures", "unit images", "byte images")
    for hold in HOLDERS:
        if not (pictures and hold in NOT_FOR_PICTURES):
            assert told(each(**{argument: hold(each.good[argument])})) == expected, hold.__name__


def masked(good):
    """Return the data with its first element hidden."""
    array = np.ma.array(np.asarray(good))
    array[(0,) * array.ndim] = np.ma.masked
    return array


MASKABLE = [
    *((each, argument) for each in CALLS for argument in each.kinds),
    *((each, "y_true") for each in CALLS if each.function == "thresholds.cheapest_threshold"),
    *((each, "is_correct") for each in CALLS if each.function == "experiments.selection_bias"),
]


@pytest.mark.parametrize(
    ("each", "argument"), MASKABLE, ids=lambda it: it if isinstance(it, str) else it.function
)
def test_masked_values_are_refused_and_a_mask_that_hides_nothing_changes_nothing(each, argument):
    with pytest.raises(ValueError, match=f"{argument}.* must have no masked values: "):
        each(**{argument: masked(each.good[argument])})
    if each.kinds.get(argument) != "byte images":  # no list of rows is a picture
        with pytest.raises(ValueError, match=f"{argument}.* must have no masked values: "):
            each(**{argument: list(masked(each.good[argument]))})
    whole = np.ma.array(np.asarray(each.good[argument]), mask=False)
    assert told(each(**{argument: whole})) == told(each())


SQUARED = {"function": lambda point: tf.reduce_sum(point**2)}
POINT = np.ma.array([1.0, 2.0], mask=[False, True])
HIDDEN = np.ma.array(np.ones((1, 4, 4)), mask=np.eye(4, dtype=bool)[None])
# Functions of other kinds of data, each with what is masked in it.
MASKED_ELSEWHERE = {
    "gradients.finite_difference": {**SQUARED, "at": POINT},
    "gradients.tape_gradient": {**SQUARED, "at": POINT},
    "gradients.gradient_error": {**SQUARED, "at": POINT},
    "gradients.descend": {**SQUARED, "start": POINT, "learning_rate": 0.1, "steps": 1},
    "plot_networks.receptive_fields": {"image": HIDDEN[0], "boxes": {"a": (0, 0, 2, 2)}},
    "plot_images.map_rows": {"rows": {"a": HIDDEN}, "titles": ["one"]},
    "plot_images.map_rows outlines": {
        "rows": {"a": np.ones((1, 4, 4))},
        "titles": ["one"],
        "outlines": HIDDEN,
    },
}


@pytest.mark.parametrize("name", MASKED_ELSEWHERE)
def test_masked_values_of_points_and_pictures_are_refused_too(name):
    module, _, function = name.partition(" ")[0].partition(".")
    with pytest.raises(ValueError, match="must have no masked values: "):
        getattr(MODULES[module], function)(**MASKED_ELSEWHERE[name])


def test_what_is_masked_of_numbers_that_may_have_gaps_is_a_gap():
    gap = np.ma.array([0.5, 0.9, 0.3], mask=[False, True, False])
    told_of_gap = told(MODULES["plot_curves"].spread_curves({"a": gap}))
    assert told_of_gap == told(MODULES["plot_curves"].spread_curves({"a": [0.5, np.nan, 0.3]}))
    told_of_gaps = told(MODULES["plot_curves"].spread_curves({"a": [gap, gap + 1]}))
    both = [[0.5, np.nan, 0.3], [1.5, np.nan, 1.3]]
    assert told_of_gaps == told(MODULES["plot_curves"].spread_curves({"a": both}))
    with pytest.raises(ValueError, match="finite scores"):
        MODULES["plot_results"].seed_dots({"a": gap}, xlabel="accuracy")
    with pytest.raises(ValueError, match="ratios must be positive"):
        MODULES["timing"].speed_verdict(gap)


IN_DOUBLE = ("scores", "logits", "numbers", "fractions")


@pytest.mark.parametrize(
    ("each", "argument"),
    [(each, a) for each in CALLS for a, kind in each.kinds.items() if kind in IN_DOUBLE],
    ids=lambda it: it if isinstance(it, str) else it.function,
)
@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_integers_that_floats_cannot_tell_apart_are_refused(each, argument, kind):
    far = np.zeros(np.shape(each.good[argument]), kind) + kind(2**53)
    far.flat[0] += kind(1)
    with pytest.raises(ValueError, match=rf"{argument} must be below 2\*\*53"):
        each(**{argument: far})


def test_labels_beyond_int64_are_refused_rather_than_made_negative():
    with pytest.raises(ValueError, match="labels must be class numbers from 0, not from 1 to"):
        MODULES["sampling"].draw_sample(np.array([1, 2**63 + 1], np.uint64), per_class=1)


# What people have in the place of labels: what makes it of labels, and what the error tells to do about it.
NOT_LABELS: Mapping[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "one-hot rows": (lambda labels: np.eye(3)[labels], r"take (.*\.argmax\(axis=1\))"),
    "integer one-hot rows": (
        lambda labels: np.eye(3, dtype=int)[labels],
        r"take (.*\.argmax\(axis=1\))",
    ),
    "probabilities": (
        lambda labels: 0.1 + 0.7 * np.eye(3)[labels],
        r"take (.*\.argmax\(axis=1\))",
    ),
    "a column": (lambda labels: labels[:, None], r"take (.*\[:, 0\])$"),
    "a column of floats": (
        lambda labels: labels[:, None].astype("float32"),
        r"take (.*\[:, 0\]\.astype\(int\))",
    ),
    "whole floats": (lambda labels: labels.astype(float), r"take (.*\.astype\(int\))"),
    "names": (lambda labels: np.array(CLASSES)[labels], r"number names by (\[.*?\]);"),
    "names, alone": (
        lambda labels: np.array(CLASSES)[labels],
        r"class_names, numbers = (np\.unique\(.*, return_inverse=True\)) makes both",
    ),
    "names in a frame's column": (
        lambda labels: np.array(CLASSES, object)[labels],
        r"number names by (\[.*?\]);",
    ),
    "bytes of a tensor": (
        lambda labels: tf.constant(np.array(CLASSES)[labels]).numpy(),
        r"class_names, numbers = (np\.unique\(.*, return_inverse=True\)) makes both",
    ),
}
TAKE_LABELS = [
    (each, argument)
    for each in CALLS
    for argument, kind in each.kinds.items()
    if kind in ("labels", "known labels")
]


def remedied(message: str, pattern: str, argument: str, given: Any) -> np.ndarray:
    """Return what an error's advice makes of what was given."""
    advice = re.search(pattern, message)
    assert advice, message
    known = {"np": np, "class_names": CLASSES, argument: given}
    made = eval(advice[1], known)
    return made[1] if isinstance(made, tuple) else np.asarray(made)


@pytest.mark.parametrize("mistake", NOT_LABELS)
@pytest.mark.parametrize(
    ("each", "argument"),
    TAKE_LABELS,
    ids=lambda it: it if isinstance(it, str) else it.function,
)
def test_an_error_says_how_to_make_labels_of_what_is_given_for_them(each, argument, mistake):
    make, pattern = NOT_LABELS[mistake]
    given = make(each.good[argument])
    with pytest.raises(ValueError, match=argument) as refusal:
        each(**{argument: given})
    made = remedied(str(refusal.value), pattern, argument, given)
    assert np.array_equal(made, each.good[argument])


@pytest.mark.parametrize("column", [False, True])
def test_an_error_says_how_to_cut_the_probabilities_of_a_sigmoid(column):
    given = SCORES[:, None] if column else SCORES
    with pytest.raises(ValueError, match="y_true must be class numbers") as refusal:
        MODULES["metrics"].class_report(given, IS_POSITIVE, class_names=["no", "yes"])
    made = remedied(str(refusal.value), r"of a sigmoid's probabilities (.*)$", "y_true", given)
    assert np.array_equal(made, SCORES >= 0.5)


def test_an_error_says_how_to_count_from_0():
    with pytest.raises(ValueError, match="y_true must be class numbers") as refusal:
        MODULES["metrics"].class_report(LABELS + 1, ANSWERS, class_names=CLASSES)
    made = remedied(str(refusal.value), r"count from 0: (.*)$", "y_true", LABELS + 1)
    assert np.array_equal(made, LABELS)


@pytest.mark.parametrize("bad", [[0.5, np.nan], [1.0, np.inf], [None, 1]])
def test_nothing_is_advised_where_nothing_helps(bad):
    with pytest.raises(ValueError, match=r"integers from 0, not [a-z0-9]+$"):
        MODULES["splits"].class_weights(bad)
