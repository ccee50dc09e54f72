"""LiteRT files say what Keras says, rounding stays inside its bounds, and strangers' files stay shut."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tensorflow.lite.tools import flatbuffer_utils

from snippets import export
from snippets.convnets import fashion_convnet
from snippets.datasets import load_fashion_mnist
from snippets.export import (
    agreement,
    classes_in_keras_file,
    export_litert,
    file_megabytes,
    open_litert,
    quantised_weights,
    run_litert,
)
from snippets.models import dense_network
from snippets.preprocessing import standardise
from snippets.training import fit_one_cycle

rows = st.integers(1, 6).flatmap(
    lambda n: st.integers(2, 5).flatmap(
        lambda classes: arrays.arrays(np.float64, (n, classes), elements=st.floats(-9, 9))
    )
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Train a small network of convolutions on real images; export it with its preparation inside."""
    fashion = load_fashion_mnist()
    few = fashion.train.sample(per_class=100)
    keras.utils.set_random_seed(0)
    network = fashion_convnet((8, 16, 32), units=64)
    inputs = standardise(few.images, few.images)
    fit_one_cycle(network, (inputs, few.labels), epochs=3, batch_size=50, peak=0.006)
    mean = few.images.mean(axis=0)
    deviation = float(np.sqrt(few.images.var(axis=0).mean()))
    product = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / deviation, offset=(-mean / deviation).tolist()),
            *network.layers,
            keras.layers.Softmax(),
        ]
    )
    folder = tmp_path_factory.mktemp("exported")
    images = fashion.validation.images[:200]
    return {
        "product": product,
        "images": images,
        "expected": product.predict(images, batch_size=200, verbose=0),
        "float": export_litert(product, folder / "float.tflite"),
        "int8": export_litert(product, folder / "int8.tflite", quantise=True),
    }


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


# Exporting and running


def test_a_litert_file_says_what_keras_says(exported):
    found = run_litert(exported["float"], exported["images"])
    both = agreement(exported["expected"], found)
    assert found.dtype == np.float32
    assert (both.same, both.examples) == (200, 200)
    assert both.largest < 1e-4


def test_rounding_to_int8_keeps_nearly_every_answer_and_most_of_each_probability(exported):
    both = agreement(exported["expected"], run_litert(exported["int8"], exported["images"]))
    assert both.same >= 194
    assert both.differences.mean() < 0.02
    assert both.largest < 0.25


def test_an_int8_file_is_about_a_quarter_of_the_float_one(exported):
    assert file_megabytes(exported["int8"]) < 0.4 * file_megabytes(exported["float"])


def test_the_batch_is_fixed_to_one_and_known(exported):
    for kind in ("float", "int8"):
        entry = open_litert(exported[kind]).get_input_details()[0]
        assert tuple(entry["shape"]) == tuple(entry["shape_signature"]) == (1, 28, 28)
        assert entry["dtype"] is np.float32


def test_a_file_holds_only_operations_of_litert_itself(exported):
    for kind in ("float", "int8"):
        model = flatbuffer_utils.read_model(str(exported[kind]))
        names = {flatbuffer_utils.opcode_to_name(model, i) for i in range(len(model.operatorCodes))}
        assert not any("CUSTOM" in name or "Flex" in name for name in names)
        assert {"CONV_2D", "SOFTMAX"} <= names
        assert not any(code.customCode for code in model.operatorCodes)


def test_the_same_model_gives_the_same_bytes(exported, tmp_path):
    for kind, quantise in {"float": False, "int8": True}.items():
        again = export_litert(exported["product"], tmp_path / "again.tflite", quantise=quantise)
        assert again.read_bytes() == exported[kind].read_bytes()


def test_an_operation_that_only_tensorflow_has_is_refused(tmp_path):
    class Sorter(keras.layers.Layer):
        def call(self, inputs):
            return tf.raw_ops.Betainc(a=inputs + 1.0, b=inputs + 1.0, x=tf.sigmoid(inputs))

    model = keras.Sequential([keras.Input((3,)), Sorter()])
    with pytest.raises(Exception, match="Betainc"):
        export_litert(model, tmp_path / "no.tflite")


def test_a_dense_network_of_logits_makes_the_round_trip(tmp_path):
    network = dense_network((16,))
    inputs = np.random.default_rng(0).normal(size=(20, 28, 28))
    file = export_litert(network, tmp_path / "dense.tflite")
    assert np.allclose(run_litert(file, inputs), network(inputs), atol=1e-4)


@settings(max_examples=10, deadline=None)
@given(inputs=arrays.arrays(np.float32, (4, 3), elements=st.floats(-99, 99, width=32)))
def test_any_input_gets_the_answer_of_keras(tiny, tmp_path_factory, inputs):
    file = tmp_path_factory.getbasetemp() / "tiny.tflite"
    if not file.exists():
        export_litert(tiny, file)
    assert np.allclose(run_litert(file, inputs), tiny(inputs), atol=1e-3)


def test_opening_a_file_warns_of_nothing(exported, recwarn):
    open_litert(exported["float"])
    assert not [each for each in recwarn if "Interpreter" in str(each.message)]


@pytest.mark.parametrize("name", ["model.lite", "model.keras"])
def test_another_ending_is_refused(tiny, tmp_path, name):
    with pytest.raises(ValueError, match=r"ends with \.tflite"):
        export_litert(tiny, tmp_path / name)


def test_a_model_without_one_known_input_is_refused(tmp_path):
    a, b = keras.Input((2,)), keras.Input((2,))
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    unknown = keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])
    for model in (unbuilt, unknown, keras.Model([a, b], a + b)):
        with pytest.raises(ValueError, match="one input of a known shape"):
            export_litert(model, tmp_path / "no.tflite")


def test_inputs_that_do_not_fit_are_refused(exported):
    for wrong in (np.zeros((1, 28, 27)), np.zeros((28, 28)), np.zeros((0, 28, 28))):
        with pytest.raises(ValueError, match="at a time, not"):
            run_litert(exported["float"], wrong)
    with pytest.raises(TypeError, match="complex128 does not become float32"):
        run_litert(exported["float"], np.zeros((1, 28, 28), complex))


def test_what_is_no_litert_file_is_refused(tmp_path):
    (tmp_path / "no.tflite").write_bytes(b"not a network")
    for path in (tmp_path / "no.tflite", tmp_path / "missing.tflite"):
        with pytest.raises(ValueError, match=r"."):
            open_litert(path)


# Rounded weights


def test_no_weight_moves_by_more_than_half_its_scale(exported):
    kernel = exported["product"].get_layer("hidden").get_weights()[0].T
    stored = [w for w in quantised_weights(exported["int8"]) if w.integers.shape == kernel.shape]
    assert len(stored) == 1
    (stored,) = stored
    assert stored.integers.dtype == np.int8
    assert (np.abs(stored.weights - kernel) <= 0.501 * stored.scales).all()
    assert np.abs(stored.integers.astype(int)).max() <= 127


def test_filters_of_a_convolution_have_a_scale_each(exported):
    kernel = np.moveaxis(exported["product"].get_layer("conv_3").get_weights()[0], -1, 0)
    (stored,) = (w for w in quantised_weights(exported["int8"]) if w.integers.shape == kernel.shape)
    assert stored.scales.shape == (32, 1, 1, 1)
    assert np.abs(stored.integers.astype(int)).reshape(32, -1).max(axis=1).tolist() == [127] * 32


def test_a_float_file_has_no_int8_weights(exported):
    assert quantised_weights(exported["float"]) == []


def test_one_scale_for_all_weights_broadcasts():
    weights = export.Quantised("w", np.array([[1, -2]], "int8"), np.full((1, 1), 0.5, "float32"))
    assert weights.weights.tolist() == [[0.5, -1.0]]


# Agreement


@given(outputs=rows)
def test_a_model_agrees_with_itself(outputs):
    both = agreement(outputs, outputs)
    assert (both.same, both.largest) == (len(outputs), 0)


@given(outputs=rows, seed=st.integers(0, 99))
def test_agreement_does_not_depend_on_who_is_first_nor_on_the_order_of_examples(outputs, seed):
    generator = np.random.default_rng(seed)
    others, order = (
        outputs + generator.normal(size=outputs.shape),
        generator.permutation(len(outputs)),
    )
    forwards, backwards = agreement(outputs, others), agreement(others, outputs)
    shuffled = agreement(outputs[order], others[order])
    assert forwards.same == backwards.same == shuffled.same
    assert forwards.largest == backwards.largest == shuffled.largest
    assert (forwards.differences[order] == shuffled.differences).all()


@pytest.mark.parametrize(
    ("expected", "found", "message"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), "one shape"),
        (np.zeros(3), np.zeros(3), r"expected must be of shape \(n, classes\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "and not empty"),
        (np.zeros((1, 2)), np.array([[0, np.nan]]), "found must be finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(expected, found, message):
    with pytest.raises(ValueError, match=message):
        agreement(expected, found)


# Sizes


def test_the_size_of_a_folder_is_that_of_its_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "deep" / "b").write_bytes(bytes(500))
    assert file_megabytes(tmp_path / "a") == 0.001
    assert file_megabytes(tmp_path) == 0.0015
    with pytest.raises(FileNotFoundError):
        file_megabytes(tmp_path / "c")


# Looking without loading


def test_the_classes_of_a_harmless_file_are_those_of_keras(exported, tmp_path):
    exported["product"].save(tmp_path / "harmless.keras")
    found = classes_in_keras_file(tmp_path / "harmless.keras")
    assert {"keras.layers.Conv2D", "keras.layers.Rescaling", "keras.layers.Softmax"} <= set(found)
    assert found == sorted(set(found))
    assert not any(name.startswith(("CODE", "FOREIGN")) for name in found)


def test_code_in_a_file_is_found_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = tmp_path / "ran.txt"
    layer = keras.layers.Lambda(
        lambda x: __import__("pathlib").Path("ran.txt").write_text("ran") and x
    )
    keras.Sequential([keras.Input((3,)), layer]).save(tmp_path / "gift.keras")
    ran.unlink()
    assert "CODE" in classes_in_keras_file(tmp_path / "gift.keras")
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.saving.load_model(tmp_path / "gift.keras")
    assert not ran.exists()
    keras.saving.load_model(tmp_path / "gift.keras", safe_mode=False)
    assert ran.exists()


def test_classes_and_functions_from_elsewhere_are_named(tmp_path):
    @keras.saving.register_keras_serializable(package="stranger")
    class Odd(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    keras.Sequential([keras.Input((3,)), Odd()]).save(tmp_path / "odd.keras")
    found = classes_in_keras_file(tmp_path / "odd.keras")
    (foreign,) = (name for name in found if name.startswith("FOREIGN"))
    assert foreign.endswith(".Odd")


def write_keras_file(path: Path, config: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    return path


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"class_name": "function", "module": "os", "config": "system"}, "FOREIGN os.system"),
        ({"class_name": "function", "module": "keras.ops", "config": "relu"}, "keras.ops.relu"),
        ({"class_name": "Popen", "module": "subprocess"}, "FOREIGN subprocess.Popen"),
        (
            {"class_name": "Dense", "module": "keras_but_not.layers"},
            "FOREIGN keras_but_not.layers.Dense",
        ),
        ({"class_name": "Odd", "module": None, "registered_name": "x>Odd"}, "FOREIGN x>Odd"),
        ({"class_name": "Dense", "module": ["keras"]}, "FOREIGN ['keras'].Dense"),
        ({"class_name": "__tensor__", "config": {"value": 1}}, "__tensor__"),
        ({"class_name": "__lambda__", "config": {"code": "…"}}, "CODE"),
    ],
)
def test_each_kind_of_object_is_named_however_deep_it_hides(tmp_path, part, said):
    hidden = {"config": {"layers": [{"config": {"function": part}}]}}
    assert classes_in_keras_file(write_keras_file(tmp_path / "m.keras", hidden)) == [said]


def test_what_is_no_keras_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "text.keras").write_text("hello")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w"):
        pass
    with zipfile.ZipFile(tmp_path / "broken.keras", "w") as archive:
        archive.writestr("config.json", "{")
    for name in ("text", "empty", "broken"):
        with pytest.raises(ValueError, match=r"is not a \.keras file"):
            classes_in_keras_file(tmp_path / f"{name}.keras")
    with pytest.raises(FileNotFoundError):
        classes_in_keras_file(tmp_path / "missing.keras")
    monkeypatch.setattr(export, "LARGEST_CONFIG", 3)
    with pytest.raises(ValueError, match="suspiciously large"):
        classes_in_keras_file(write_keras_file(tmp_path / "big.keras", {"a": 1}))
