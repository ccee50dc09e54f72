"""A count, a fraction, a seed or a network that cannot be is refused by an error that names the argument."""

from __future__ import annotations

import importlib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import tensorflow as tf

SNIPPETS = sorted(Path(__file__).parents[2].glob("snippets/[a-z]*.py"))
MODULES = {file.stem: importlib.import_module(f"snippets.{file.stem}") for file in SNIPPETS}

RANDOM = np.random.default_rng(0)
CLASSES = ["cat", "dog", "ship"]
LABELS = np.array([0, 1, 2] * 4)
ANSWERS = np.array([0, 1, 2, 1, 1, 2, 0, 0, 2, 0, 1, 0])
PROBABILITIES = RANDOM.dirichlet(np.ones(3), 12)
UNIT = RANDOM.random((12, 8, 8)).astype("float32")
COLOUR = RANDOM.random((12, 16, 16, 3)).astype("float32")
BYTES = RANDOM.integers(0, 256, (8, 8), np.uint8)
RIGHT = RANDOM.random((5, 40)) < 0.5


def squared(x):
    return tf.reduce_sum(x**2)


def new_network() -> keras.Sequential:
    layers = [keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3, name="logits")]
    network = keras.Sequential(layers)
    network.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return network


NETWORK = new_network()
EXAMPLES = {"examples": (UNIT, LABELS)}
ANSWERED = {"y_true": LABELS, "y_pred": ANSWERS}
GRADED = {"y_true": LABELS, "probabilities": PROBABILITIES}
NAMED = {"class_names": CLASSES}
DIAGONAL = SimpleNamespace(false_positive_rate=[0, 1], true_positive_rate=[0, 1])
BINS = SimpleNamespace(confidence=[0.4, 0.9], accuracy=[0.5, 0.7], count=[3, 30])
ROUND = [np.ones((2, 2)), np.full((2, 2), 2)]

NO_INTEGER = (1.5, 1.0, math.nan, "1", [1], True)
NO_NUMBER = (math.nan, math.inf, -math.inf, "0.5", [0.5], True)

# What an argument can be, and what is then no value of it.
BAD: Mapping[str, tuple[Any, ...]] = {
    "integer": NO_INTEGER,
    "from 0": (*NO_INTEGER, -1),
    "from 1": (*NO_INTEGER, -1, 0),
    "how often": (1.5, 1.0, math.nan, "1", True, -1, 0),
    "from 2": (*NO_INTEGER, -1, 0, 1),
    "class": (*NO_INTEGER, -1, 3),
    "row of 8": (*NO_INTEGER, -1, 8),
    "seed": (*NO_INTEGER, -1, 2**32),
    "number": NO_NUMBER,
    "at least 0": (*NO_NUMBER, -0.1),
    "above 0": (*NO_NUMBER, -0.1, 0.0),
    "above 1": (*NO_NUMBER, -0.1, 0.0, 1.0),
    "[0, 1]": (*NO_NUMBER, -0.1, 1.1),
    "[0, 1)": (*NO_NUMBER, -0.1, 1.0),
    "(0, 1]": (*NO_NUMBER, 0.0, 1.1),
    "(0, 1)": (*NO_NUMBER, 0.0, 1.0),
}


def row(kinds: Mapping[str, str], **good: Any) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    return kinds, good


# Each function that takes a number: what each of its numbers is, and a call that is right.
ROWS: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]] = {
    "augmentation.random_shift": row({"pixels": "from 0"}, images=COLOUR, seed=(1, 2)),
    "augmentation.colour_jitter": row(
        dict.fromkeys(("brightness", "contrast", "saturation"), "[0, 1]"),
        images=COLOUR,
        seed=(1, 2),
    ),
    "augmentation.cutout": row({"size": "from 1", "fill": "[0, 1]"}, images=COLOUR, seed=(1, 2)),
    "augmentation.mixup": row(
        {"alpha": "above 0"}, images=COLOUR, labels=np.eye(3)[LABELS], seed=(1, 2)
    ),
    "augmentation.augment": row(
        {"seed": "from 0"}, batches=tf.data.Dataset.from_tensors((COLOUR, LABELS)), seed=1
    ),
    "augmentation.near_duplicates": row({"reach": "from 0"}, images=COLOUR, others=COLOUR),
    "calibration.reliability_bins": row({"bins": "from 1"}, **GRADED),
    "calibration.expected_calibration_error": row({"bins": "from 1"}, **GRADED),
    "convnets.fashion_convnet": row(
        {"units": "from 1", "dropout": "[0, 1)", "classes": "from 1"}, filters=(2,)
    ),
    "convnets.cifar_convnet": row({"classes": "from 1"}, filters=(2,)),
    "convnets.ByteRescaling": row({"scale": "number", "offset": "number"}, scale=1 / 255),
    "convnets.ConvolutionMuon": row(
        {"filter_momentum": "[0, 1)", "newton_steps": "from 1", "others": "at least 0"}
    ),
    "corruptions.add_noise": row(
        {"deviation": "at least 0", "seed": "from 0"}, images=UNIT, deviation=0.1
    ),
    "corruptions.blur": row({"sigma": "at least 0"}, images=UNIT, sigma=1.0),
    "corruptions.rotate": row({"degrees": "number", "fill": "number"}, images=UNIT, degrees=9.0),
    "corruptions.shift": row(
        {"down": "integer", "right": "integer", "fill": "number"}, images=UNIT, down=1
    ),
    "cross_validation.cross_validate": row(
        {"folds": "from 2", "seed": "seed", "epochs": "from 1", "batch_size": "from 1"},
        build=new_network,
        inputs=UNIT,
        labels=LABELS,
        folds=2,
        epochs=1,
    ),
    "distributed.free_ports": row({"count": "from 0"}, count=1),
    "distributed.tf_config": row({"index": "from 0"}, addresses=["a:1", "b:1"], index=1),
    "distributed.Workers": row({"count": "from 1"}, program=__file__),
    "experiments.false_alarm_rate": row(
        {"settings": "from 2", "seeds": "from 1"}, settings=2, seeds=3
    ),
    "experiments.restart": row({"seed": "seed"}, network=NETWORK, seed=1),
    "experiments.selection_bias": row(
        {"tries": "from 1", "size": "from 1", "repeats": "from 1", "seed": "from 0"},
        is_correct=RIGHT,
        tries=2,
        repeats=3,
    ),
    "explain.occlusion": row(
        {"size": "from 1", "stride": "from 1", "fill": "number"}, network=NETWORK, images=UNIT
    ),
    "explain.fast_gradient_sign": row(
        {"epsilon": "number", "low": "number", "high": "number"},
        network=NETWORK,
        images=UNIT,
        labels=LABELS,
        epsilon=0.1,
    ),
    "gradients.finite_difference": row({"step": "above 0"}, function=squared, at=[1.0, 2.0]),
    "gradients.gradient_error": row({"step": "above 0"}, function=squared, at=[1.0, 2.0]),
    "gradients.descend": row(
        {"learning_rate": "at least 0", "steps": "from 0"},
        function=squared,
        start=[1.0],
        learning_rate=0.1,
        steps=2,
    ),
    "metrics.proportion_interval": row(
        {"successes": "from 0", "total": "from 1", "level": "(0, 1)"}, successes=1, total=2
    ),
    "metrics.class_report": row({"level": "(0, 1)"}, **ANSWERED, **NAMED),
    "metrics.bootstrap_interval": row(
        {"classes": "from 1", "resamples": "from 1", "level": "(0, 1)", "seed": "from 0"},
        **ANSWERED,
        metric=MODULES["metrics"].accuracy_from_counts,
        classes=3,
        resamples=9,
    ),
    "models.dense_network": row({"classes": "from 2"}, units=(3,)),
    "models.relu_tanh_selu_network": row({"classes": "from 2"}),
    "models.regularised_network": row(
        {"strength": "at least 0", "dropout": "[0, 1)", "classes": "from 2"}, units=(3,)
    ),
    "plot_classes.probability_bars": row(
        {"true_class": "class"}, probabilities=PROBABILITIES[0], **NAMED
    ),
    "plot_classes.class_bars": row({"overall": "[0, 1]"}, values=[0.5, 0.7, 0.9], **NAMED),
    "plot_classes.label_order": row(
        {"batch_size": "from 1"}, orders={"a": LABELS}, batch_size=4, **NAMED
    ),
    "plot_curves.setting_curves": row(
        {"top": "number"}, curves={"a": {0.1: 1.0}}, xlabel="x", ylabel="y"
    ),
    "plot_evaluation.roc_panels": row(
        {"corner": "(0, 1]", "columns": "from 1"}, curves={"a": DIAGONAL, "b": DIAGONAL}
    ),
    "plot_evaluation.reliability_panels": row({"few": "from 0"}, bins={"a": BINS}),
    "plot_images.image_grid": row({"columns": "from 1"}, images=UNIT),
    "plot_images.filter_grid": row({"columns": "from 1"}, kernels=RANDOM.random((3, 3, 3, 4))),
    "plot_images.image_and_numbers": row(
        {"top": "row of 8", "left": "row of 8", "size": "from 1"},
        image=BYTES,
        top=0,
        left=0,
        size=2,
    ),
    "plot_images.signed_images": row({"columns": "from 1"}, images={"a": np.eye(2)}),
    "plot_tensors.matmul_picture": row(
        {"row": "from 0", "column": "from 0"}, left=np.eye(2), right=np.eye(2)
    ),
    "plot_tensors.convolution_picture": row(
        {"stride": "from 1", "padding": "from 0"}, picture=np.eye(4), kernel=np.eye(2)
    ),
    "plot_timing.ring_rounds": row({"columns": "from 1"}, states=ROUND),
    "plot_timing.run_timeline": row({"length": "from 1"}, runs={"a": (0, 1)}, length=2),
    "plot_training.learning_curves": row(
        {"validation_freq": "how often"}, history={"loss": [2, 1], "val_loss": [2, 1]}
    ),
    "reproducible.differing_weights": row({"seed": "seed"}, train=new_network),
    "saving.Temperature": row({"temperature": "above 0"}, temperature=2.0),
    "sampling.draw_sample": row(
        {"per_class": "from 1", "seed": "from 0"}, labels=LABELS, per_class=2
    ),
    "sampling.draw_pairs": row({"count": "from 0", "seed": "from 0"}, labels=LABELS, count=4),
    "splits.class_weights": row({"classes": "from 2"}, labels=LABELS),
    "splits.three_way_split": row(
        {"validation_fraction": "(0, 1)", "test_fraction": "(0, 1)", "seed": "seed"},
        labels=np.tile(LABELS, 5),
    ),
    "stopping.stop_at_best": row({"patience": "from 1"}),
    "thresholds.cheapest_threshold": row(
        {"false_alarm_cost": "at least 0", "miss_cost": "at least 0"},
        y_true=LABELS == 0,
        scores=PROBABILITIES[:, 0],
        false_alarm_cost=1,
        miss_cost=2,
    ),
    "thresholds.top_k_accuracy": row({"k": "class"}, y_true=LABELS, scores=PROBABILITIES, k=1),
    "thresholds.named_predictions": row({"k": "from 1"}, probabilities=PROBABILITIES, **NAMED),
    "timing.interleave": row(
        {"rounds": "from 1", "calls": "from 1"}, ways={"nothing": lambda: None}
    ),
    "timing.speed_verdict": row({"margin": "above 1"}, ratios=[1.5, 2.0]),
    "timing.nested_steps": row(
        {"learning_rate": "above 0"}, network=NETWORK, loss=keras.losses.MeanSquaredError()
    ),
    "training.OneCycle": row(
        {
            "peak": "above 0",
            "steps": "from 1",
            "warmup": "(0, 1)",
            "start": "[0, 1]",
            "end": "[0, 1]",
        },
        peak=0.1,
        steps=9,
    ),
    "training.fit_one_cycle": row(
        {"epochs": "from 1", "batch_size": "from 1", "peak": "above 0"},
        network=new_network(),
        **EXAMPLES,
        epochs=1,
    ),
    "training.StopAtAccuracy": row({"target": "(0, 1]"}, target=0.5),
    "training.learning_rate_range_test": row(
        {
            "batch_size": "from 1",
            "lowest": "above 0",
            "highest": "above 0",
            "steps": "from 2",
            "smoothing": "[0, 1)",
            "seed": "from 0",
        },
        network=new_network(),
        **EXAMPLES,
        steps=2,
    ),
    "transfer.with_head": row({"classes": "from 2", "dropout": "[0, 1)"}, base=NETWORK, classes=2),
    "transfer.unfreeze_last": row({"layers": "from 0"}, base=NETWORK, layers=1),
}
BAD_CALLS = [
    (name, argument, bad)
    for name, (kinds, _) in ROWS.items()
    for argument, kind in kinds.items()
    for bad in BAD[kind]
]

# Refuse bad numbers in tests of their own: what they need (files, processes, data sets) takes too long here,
# or what is right changes the whole process.
ELSEWHERE = {
    "datasets.load_cifar10": {"validation_fraction", "seed"},
    "datasets.load_fashion_mnist": {"validation_fraction", "seed"},
    "distributed.run_workers": {"count", "time_limit"},
    "folders.images_from_folder": {"batch_size", "seed"},
    "reproducible.make_reproducible": {"seed"},
    "saving.save_and_check": {"tolerance"},
    "timing.throughput": {"batch_size"},
}
# Numbers that these hold as they are given; they are what functions return.
RECORDS = {"experiments.Result", "export.Agreement", "network_costs.LayerCost"}


def public(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(".")
    return getattr(MODULES[module], function)


def called(name: str, **instead: Any) -> Any:
    """Call a function rightly but for some arguments, by position what its signature takes so."""
    given = {**ROWS[name][1], **instead}
    parameters = inspect.signature(public(name)).parameters.values()
    by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    positional = []
    for each in by_position:
        if each not in given:
            break
        positional.append(given.pop(each))
    return public(name)(*positional, **given)


def taking(words: str) -> dict[str, set[str]]:
    """Return the arguments of all public functions and classes whose annotation is one of some types."""
    found: dict[str, set[str]] = {}
    for module, loaded in MODULES.items():
        for name, each in vars(loaded).items():
            own = getattr(each, "__module__", None) == loaded.__name__ and not name.startswith("_")
            if not own or not (inspect.isfunction(each) or is_made_by_arguments(each)):
                continue
            for parameter in inspect.signature(each).parameters.values():
                if re.fullmatch(words, str(parameter.annotation)):
                    found.setdefault(f"{module}.{name}", set()).add(parameter.name)
    return found


def is_made_by_arguments(each: Any) -> bool:
    """Say whether a class is not a plain record of what some function found."""
    is_record = hasattr(each, "__dataclass_fields__") or hasattr(each, "_fields")
    return inspect.isclass(each) and "__init__" in vars(each) and not is_record


# --- networks ---


def no_network() -> Any:
    return "network.keras"


def no_built_network() -> keras.Model:
    network = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    network.compile("sgd", "sparse_categorical_crossentropy")
    return network


def no_compiled_network() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3)])


def of_two_inputs() -> keras.Model:
    ends = [keras.Input((8, 8)), keras.Input((8, 8))]
    return keras.Model(ends, NETWORK(ends[0] + ends[1]))


def of_two_outputs() -> keras.Model:
    start = keras.Input((8, 8))
    return keras.Model(start, [NETWORK(start), NETWORK(-start)])


def of_bytes() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8), dtype="uint8"), *NETWORK.layers])


BAD_BUILT = (no_network, no_built_network)
BAD_SINGLE = (*BAD_BUILT, of_two_inputs, of_two_outputs)
BAD_EXPLAINED = (*BAD_SINGLE, of_bytes)
# Each function that takes a network: the argument, what is none for it, and a call that is right.
NETWORK_ROWS: Mapping[str, tuple[str, tuple[Callable[[], Any], ...], Mapping[str, Any]]] = {
    "experiments.restart": ("network", (*BAD_BUILT, no_compiled_network), {"seed": 1}),
    "explain.saliency": ("network", BAD_EXPLAINED, {"images": UNIT}),
    "explain.occlusion": ("network", BAD_EXPLAINED, {"images": UNIT}),
    "explain.grad_cam": ("network", BAD_EXPLAINED, {"images": UNIT, "layer": "logits"}),
    "explain.fast_gradient_sign": (
        "network",
        BAD_EXPLAINED,
        {"images": UNIT, "labels": LABELS, "epsilon": 0.1},
    ),
    "sanity_checks.randomise_layers": ("network", BAD_BUILT, {"names": ["logits"]}),
    "batch_sizes.batch_size_costs": ("network", BAD_BUILT, {"sizes": [1]}),
    "export.export_litert": ("model", BAD_SINGLE, {"path": "nowhere.tflite"}),
    "network_costs.layer_costs": ("network", BAD_BUILT, {}),
    "network_costs.receptive_field": ("layers", (no_network,), {}),
    "timing.nested_steps": ("network", BAD_BUILT, {"loss": keras.losses.MeanSquaredError()}),
    "training.fit_one_cycle": ("network", (no_network,), {**EXAMPLES, "epochs": 1}),
    "training.learning_rate_range_test": (
        "network",
        (no_network, no_compiled_network),
        {**EXAMPLES, "steps": 2},
    ),
    "transfer.fingerprint": ("network", BAD_BUILT, {}),
    "transfer.frozen": ("network", BAD_BUILT, {}),
    "transfer.with_head": ("base", BAD_SINGLE, {"classes": 2}),
    "transfer.unfreeze_last": ("base", BAD_BUILT, {"layers": 1}),
    "transfer.trainable_parts": ("network", BAD_BUILT, {}),
    "saving.save_and_check": (
        "network",
        BAD_BUILT,
        {"path": "nowhere.keras", "inputs": UNIT, "modules": ()},
    ),
    "plot_networks.model_diagram": ("model", BAD_BUILT, {}),
}


def test_every_network_that_a_public_function_takes_is_held_to_this():
    held = {name: {argument} for name, (argument, *_) in NETWORK_ROWS.items()}
    networks = taking(r"keras\.(Model|layers\.Layer)|Iterable\[keras\.layers\.Layer\]")
    assert networks == {k: v for k, v in held.items() if k != "plot_networks.model_diagram"}


@pytest.mark.parametrize(
    ("name", "bad"), [(name, bad) for name, (_, bads, _) in NETWORK_ROWS.items() for bad in bads]
)
def test_a_network_that_does_not_fit_is_refused_by_an_error_that_names_it(name, bad):
    argument, _, others = NETWORK_ROWS[name]
    function = public(name)
    if name == "transfer.frozen":  # what a function of a context does, it does on entering
        function = lambda **arguments: public(name)(**arguments).__enter__()  # noqa: E731
    with pytest.raises(ValueError, match=rf"{argument}\b.* (must|no weights)"):
        function(**{argument: bad()}, **others)


def test_a_receptive_field_wants_layers_that_a_network_has_called():
    with pytest.raises(ValueError, match="layers must be of a network that is built, but conv"):
        public("network_costs.receptive_field")([keras.layers.Conv2D(2, 3, name="conv")])


# --- names of classes ---

NAMING = {
    "metrics.class_report": ANSWERED,
    "plot_evaluation.draw_confusion_matrix": ANSWERED,
    "roc.one_vs_rest_roc": {"y_true": LABELS, "scores": PROBABILITIES},
    "thresholds.one_vs_rest_precision_recall": {"y_true": LABELS, "scores": PROBABILITIES},
    "thresholds.named_predictions": {"probabilities": PROBABILITIES},
    "plot_classes.probability_bars": {"probabilities": PROBABILITIES[0]},
    "plot_classes.class_bars": {"values": [0.5, 0.7, 0.9]},
    "plot_classes.label_order": {"orders": {"a": LABELS}, "batch_size": 4},
}


def test_every_function_that_takes_names_of_classes_is_held_to_this():
    elsewhere = {"folders.images_from_folder"}
    assert set(taking(r"Sequence\[str\]")) & set(with_names()) == set(NAMING)
    assert with_names() - set(NAMING) == elsewhere


def with_names() -> set[str]:
    """Return the public functions that have an argument `class_names`."""
    return {
        f"{module}.{name}"
        for module, loaded in MODULES.items()
        for name, function in inspect.getmembers(loaded, inspect.isfunction)
        if "class_names" in inspect.signature(function).parameters and not name.startswith("_")
    }


@pytest.mark.parametrize("names", [[], "abc", ["cat", "dog"]], ids=["none", "a string", "too few"])
@pytest.mark.parametrize("name", NAMING)
def test_names_that_do_not_fit_are_refused_in_the_same_breath(name, names):
    with pytest.raises(
        ValueError,
        match=r"class_names must|y_true must be class numbers|probabilities must|scores must",
    ):
        public(name)(**NAMING[name], class_names=names)
    assert not plt.get_fignums()


# --- arrays in mappings ---

MAPPINGS: Mapping[str, Callable[[Callable[..., Any], Any], Any]] = {
    "plot_curves.spread_curves": lambda f, bad: f({"a": bad}),
    "plot_curves.stacked_parts": lambda f, bad: f({"a": bad}),
    "plot_functions.contour_paths": lambda f, bad: f(squared, {"a": bad}),
    "plot_functions.curves_and_slopes": lambda f, bad: f([0, 1], {"a": bad}, {"a": [0, 0]}),
    "plot_images.map_rows": lambda f, bad: f({"a": bad}, ["title"]),
    "plot_images.signed_images": lambda f, bad: f({"a": bad}),
    "plot_networks.layer_sizes": lambda f, bad: f({"a": {"b": bad}}),
    "plot_results.seed_dots": lambda f, bad: f({"a": bad}, xlabel="score"),
    "plot_results.seed_lines": lambda f, bad: f({"a": {1: bad}}, xlabel="x"),
    "plot_tensors.reading_order": lambda f, bad: f({"a": bad}),
    "plot_tensors.tensor_picture": lambda f, bad: f({"a": bad}),
    "plot_timing.ring_rounds": lambda f, bad: f([bad]),
    "plot_timing.speed_ratios": lambda f, bad: f({"a": {"b": bad}}),
    "plot_training.marked_curves": lambda f, bad: f({"a": bad}),
    "plot_training.overfitting_curves": lambda f, bad: f({"a": bad}),
}


@pytest.mark.parametrize(
    "bad", [[[1, 2], [1]], [["1", "2"], ["3", "4"]]], ids=["ragged", "strings"]
)
@pytest.mark.parametrize("name", MAPPINGS)
def test_what_is_no_array_of_numbers_is_refused_by_the_name_that_it_has_in_the_mapping(name, bad):
    with pytest.raises(ValueError, match=r"^\w+\[('a'|0)\].* must be"):
        MAPPINGS[name](public(name), bad)
    assert not plt.get_fignums()


# --- numbers ---


def test_every_number_that_a_public_function_takes_is_held_to_this():
    held = {name: set(kinds) for name, (kinds, _) in ROWS.items()} | ELSEWHERE
    numbers = taking(r"(int|float)( \| None)?|int \| Sequence\[int\]")
    assert {name: args for name, args in numbers.items() if args != held.get(name)} == {}


@pytest.mark.parametrize("name", ROWS)
def test_the_right_call_is_right(name):
    called(name)


@pytest.mark.parametrize(("name", "argument", "bad"), BAD_CALLS, ids=lambda it: repr(it))
def test_a_number_that_cannot_be_is_refused_by_an_error_that_names_it(name, argument, bad):
    with pytest.raises(ValueError, match=rf"{argument}\b.* must .*not {re.escape(repr(bad))}"):
        called(name, **{argument: bad})
    assert not plt.get_fignums()
