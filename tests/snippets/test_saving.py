"""A saved network is loaded by a process that knows nothing of ours, and answers as before."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from snippets.saving import NotLoadable, Temperature, save_and_check

INPUTS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")

LAYERS = """
import keras

@keras.saving.register_keras_serializable(package="mine")
class Shift(keras.layers.Layer):
    def __init__(self, by=1.0, **options):
        super().__init__(**options)
        self.by = by

    def call(self, inputs):
        return inputs + self.by

    def get_config(self):
        return {**super().get_config(), "by": self.by}

@keras.saving.register_keras_serializable(package="mine")
class Forgetful(Shift):
    def get_config(self):
        return super(Shift, self).get_config()
"""


def dense(*layers: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), *layers])


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """Return a module of custom layers that only this process has imported."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "layers_of_mine.py").write_text(LAYERS)
    sys.path.append(str(folder))
    import layers_of_mine

    yield layers_of_mine
    sys.path.remove(str(folder))


@pytest.fixture
def in_this_process(monkeypatch):
    """Run the new process's script in this one, which saves seconds where it knows no less."""

    def run(command, **options):
        monkeypatch.setattr(sys, "argv", command[2:])
        exec(command[2], {})
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("snippets.saving.subprocess.run", run)


def test_a_custom_layer_needs_the_module_that_registers_it(layers, tmp_path):
    path = tmp_path / "network.keras"
    path.write_text("an older file")
    network = dense(layers.Shift(2.0))
    with pytest.raises(
        NotLoadable, match=r"knows nothing of mine>Shift: .* name the module in modules"
    ):
        save_and_check(network, path, INPUTS, overwrite=True)
    assert path.read_text() == "an older file"
    difference = save_and_check(
        network, path, INPUTS, modules=["layers_of_mine"], tolerance=1e-6, overwrite=True
    )
    assert difference == 0
    loaded = keras.saving.load_model(path)
    assert (loaded.predict(INPUTS, verbose=0) == network.predict(INPUTS, verbose=0)).all()
    assert [each.name for each in tmp_path.iterdir()] == ["network.keras"]


def test_a_layer_that_loses_an_argument_answers_differently_and_is_not_saved(
    layers, tmp_path, in_this_process
):
    path = tmp_path / "network.keras"
    network = dense(layers.Forgetful(2.0))
    with pytest.raises(NotLoadable, match=r"differ by up to 1, expected at most 0\.001"):
        save_and_check(network, path, INPUTS, modules=["layers_of_mine"], tolerance=1e-3)
    assert not list(tmp_path.iterdir())


def test_several_inputs_and_outputs_are_compared(tmp_path, in_this_process):
    one, two = keras.Input((3,), name="one"), keras.Input((2,), name="two")
    total = keras.layers.Add()([keras.layers.Dense(2)(one), two])
    network = keras.Model([one, two], {"total": total, "first": one})
    inputs = {"one": INPUTS, "two": INPUTS[:, :2]}
    assert save_and_check(network, tmp_path / "network.keras", inputs) == 0


def test_a_lambda_layer_is_refused_with_the_remedy(tmp_path, in_this_process):
    network = dense(keras.layers.Lambda(lambda values: 2 * values))
    with pytest.raises(NotLoadable, match="write a registered layer in its place"):
        save_and_check(network, tmp_path / "network.keras", INPUTS)


def test_a_custom_loss_is_named_as_well(tmp_path, in_this_process):
    def unheard_of(y_true, y_pred):
        return keras.ops.mean(y_pred - y_true)

    network = dense()
    network.compile("sgd", unheard_of)
    with pytest.raises(NotLoadable, match=r"knows nothing of unheard_of: .*register"):
        save_and_check(network, tmp_path / "network.keras", INPUTS)


def test_the_temperature_divides_logits_and_survives_its_config():
    layer = Temperature(4.0, name="mild")
    again = Temperature.from_config(layer.get_config())
    assert (again.temperature, again.name) == (4.0, "mild")
    np.testing.assert_array_equal(again(INPUTS), INPUTS / 4)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf"), "1"])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be a finite number in"):
        Temperature(temperature)


class Restless(keras.layers.Layer):
    """A layer that draws random numbers in use, too."""

    def call(self, inputs):
        return inputs + keras.random.normal((1, 2))


@pytest.mark.parametrize(
    ("network", "arguments", "words"),
    [
        ("network", {}, "network must be a keras.Model, not str"),
        (keras.Sequential([keras.layers.Dense(2)]), {}, "must be built: call it on some inputs"),
        (None, {"path": "network.h5"}, "path must end in .keras, not 'network.h5'"),
        (None, {"path": "nowhere/network.keras"}, "path must be in a folder that exists, not in"),
        (None, {"path": "taken.keras"}, "is there already: pass overwrite=True"),
        (None, {"inputs": INPUTS[:0]}, r"inputs must have a shape \(n, ...\) .* not \(0, 3\)"),
        (None, {"inputs": 1.0}, r"inputs must have a shape .* not \(\)"),
        (None, {"inputs": [[1, 2], [3]]}, "inputs must be one array, one row per example"),
        (None, {"inputs": INPUTS.astype(str)}, "inputs must be numbers, not <U32"),
        (None, {"inputs": INPUTS * np.nan}, "inputs must be finite"),
        (None, {"inputs": {"one": INPUTS * np.inf}}, r"inputs\['one'\] must be finite"),
        (None, {"inputs": {}}, "inputs must name at least one array"),
        (None, {"tolerance": -1.0}, r"tolerance must be a finite number in \[0, inf\), not -1.0"),
        (None, {"tolerance": float("nan")}, "tolerance must be a finite number"),
        (None, {"modules": "mine"}, "modules must be a list of names, not the string 'mine'"),
        (dense(Restless()), {}, "network answers differently when asked twice"),
        (dense(keras.layers.Rescaling(np.inf)), {}, "network must predict finite numbers"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_a_process_is_started(
    network, arguments, words, tmp_path, monkeypatch
):
    monkeypatch.setattr("snippets.saving.subprocess.run", None)
    (tmp_path / "taken.keras").write_text("")
    arguments = {"path": "network.keras", "inputs": INPUTS} | arguments
    path = tmp_path / arguments.pop("path")
    error = FileNotFoundError if "folder" in words else ValueError
    with pytest.raises(FileExistsError if "already" in words else error, match=words):
        save_and_check(network or dense(), path, **arguments)
    assert [each.name for each in tmp_path.iterdir()] == ["taken.keras"]
