"""Every example is predicted by a network that has not seen it, nor anything of its group."""

import keras
import numpy as np
import pytest

from snippets.cross_validation import cross_validate


def compiled(network: keras.Model) -> keras.Model:
    network.compile(
        keras.optimizers.SGD(0.1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        run_eagerly=True,  # for so few steps, tracing costs more
    )
    return network


def linear(classes: int = 2) -> keras.Model:
    return compiled(keras.Sequential([keras.Input((3,)), keras.layers.Dense(classes)]))


def noise(examples: int = 30, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs that say nothing of their labels."""
    inputs = np.random.default_rng(0).normal(size=(examples, 3)).astype("float32")
    return inputs, np.arange(examples) % classes


class Watched(keras.Sequential):
    """A network that writes down what it is trained on and what it is asked."""

    log: list = []  # noqa: RUF012

    def fit(self, inputs, labels, **options):
        self.log.append(("fit", inputs[:, 0].tolist()))
        return super().fit(inputs, labels, **options)

    def predict(self, inputs, **options):
        self.log.append(("predict", inputs[:, 0].tolist()))
        return super().predict(inputs, **options)


@pytest.mark.parametrize("groups", [None, np.arange(12) // 2])
def test_each_network_is_asked_of_exactly_the_examples_that_it_was_not_trained_on(
    groups, monkeypatch
):
    monkeypatch.setattr(Watched, "log", [])
    inputs = np.repeat(np.arange(12.0)[:, None], 3, axis=1)
    labels = np.tile([0, 1], 6)
    found = cross_validate(
        lambda: compiled(Watched([keras.Input((3,)), keras.layers.Dense(2)])),
        inputs,
        labels,
        folds=3,
        groups=groups,
        epochs=1,
    )
    assert [what for what, _ in Watched.log] == ["fit", "predict"] * 3
    for number in range(3):
        (_, trained), (_, asked) = Watched.log[2 * number : 2 * number + 2]
        assert sorted(trained + asked) == list(range(12))
        assert asked == np.flatnonzero(found.fold == number).tolist()
        assert labels[found.fold == number].mean() == 0.5
        if groups is not None:
            assert not {int(i) // 2 for i in trained} & {int(i) // 2 for i in asked}


def test_the_predictions_give_the_scores_and_the_seed_decides_them():
    inputs, labels = noise()
    one, same = (
        cross_validate(linear, inputs, labels, folds=2, seed=3, epochs=1) for _ in range(2)
    )
    assert (one.predictions == same.predictions).all()
    right = one.predictions.argmax(axis=1) == labels
    accuracy = [right[one.fold == number].mean() for number in range(2)]
    np.testing.assert_allclose(one.scores["accuracy"], accuracy, rtol=1e-6)
    assert one.mean["accuracy"] == pytest.approx(np.mean(accuracy))
    assert one.standard_deviation["accuracy"] == pytest.approx(np.std(accuracy, ddof=1))
    assert set(one.scores) == {"loss", "accuracy"}


def test_inputs_may_be_lists_and_a_network_may_have_one_output_for_two_classes():
    def build():
        network = keras.Sequential([keras.layers.Dense(1, "sigmoid")])
        network.compile("sgd", "binary_crossentropy", run_eagerly=True)
        return network

    found = cross_validate(build, [[0, 1], [1, 0]] * 4, [0, 1] * 4, folds=2, epochs=1)
    assert found.predictions.shape == (8, 1)
    assert list(found.mean) == ["loss"]


def trained():
    network = linear()
    network.fit(*noise(4), verbose=0)
    return network


def exploding():
    network = linear()
    network.compile(keras.optimizers.SGD(1e38), "sparse_categorical_crossentropy")
    network.layers[-1].kernel.assign(np.full((3, 2), np.inf))
    return network


def the_same():
    network = linear()
    return lambda: network


def of_the_same_layer():
    layer = keras.layers.Dense(2)
    return lambda: compiled(keras.Sequential([keras.Input((3,)), layer]))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
            "call compile in it",
        ),
        (trained, "not trained; this one's optimizer has made 1 steps"),
        (exploding, "network of fold 0 predicts NaN or infinity"),
        (lambda: None, "build must return a keras.Model, not NoneType"),
    ],
)
def test_a_build_whose_network_is_not_fit_for_training_is_refused(build, words):
    with pytest.raises(ValueError, match=words):
        cross_validate(build, *noise(), folds=2, epochs=1)


def test_fit_is_told_of_each_fold_anew_what_else_it_asks_for():
    inputs, labels = noise()
    made = []

    def stopping(training):
        made.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None))
        return {
            "callbacks": [made[-1]],
            "sample_weight": 1.0 + labels[training],
        }

    found = cross_validate(
        linear, inputs, labels, folds=3, epochs=2, fit_arguments=lambda training: stopping(training)
    )
    assert len({id(each.model) for each in made}) == 3
    plain = cross_validate(linear, inputs, labels, folds=3, epochs=2)
    assert not np.array_equal(found.predictions, plain.predictions)


def test_arguments_are_asked_for_with_the_examples_of_the_fold():
    inputs, labels = noise()
    asked = []
    found = cross_validate(
        linear,
        inputs,
        labels,
        folds=3,
        epochs=1,
        fit_arguments=lambda training: asked.append(training) or {},
    )
    for number, training in enumerate(asked):
        assert training.tolist() == np.flatnonzero(found.fold != number).tolist()


SHARED = [keras.callbacks.TerminateOnNaN()]


@pytest.mark.parametrize(
    ("fit_arguments", "words"),
    [
        ({"callbacks": []}, "fit_arguments must be a function"),
        (lambda training: None, "fit_arguments must return a mapping"),
        (lambda training: {"epochs": 3}, "without batch_size, epochs, x, y"),
        (lambda training: {"callbacks": SHARED}, "fit_arguments must make new callbacks"),
    ],
)
def test_what_would_pass_from_fold_to_fold_is_refused(fit_arguments, words):
    with pytest.raises(ValueError, match=words):
        cross_validate(linear, *noise(), folds=3, epochs=1, fit_arguments=fit_arguments)


def test_too_few_outputs_for_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"an output for each of 3 classes, not of shape \(1, 2\)"):
        cross_validate(linear, *noise(classes=3), folds=2, epochs=1)


def test_the_same_network_twice_and_a_layer_shared_by_two_are_refused():
    # The networks of the second kind have optimizers of their own, so only the weights tell.
    with pytest.raises(ValueError, match="the same network twice"):
        cross_validate(the_same(), *noise(), folds=2, epochs=1)
    with pytest.raises(ValueError, match=r"its networks share the weights .*kernel"):
        cross_validate(of_the_same_layer(), *noise(), folds=2, epochs=1)


def test_an_optimizer_made_outside_of_build_is_refused():
    optimizer = keras.optimizers.SGD()

    def build():
        network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        network.compile(optimizer, "sparse_categorical_crossentropy")
        return network

    with pytest.raises(ValueError, match="make the network and the optimizer in build"):
        cross_validate(build, *noise(), folds=2, epochs=1)


INPUTS = np.zeros((6, 3))
SIX = [0, 1] * 3


@pytest.mark.parametrize(
    ("inputs", "labels", "options", "words"),
    [
        (
            INPUTS[:5],
            SIX,
            {},
            r"inputs must be one row for each of 6 labels, not of shape \(5, 3\)",
        ),
        (3.0, SIX, {}, r"inputs must be one row for each of 6 labels, not of shape \(\)"),
        (INPUTS.astype(str), SIX, {}, "inputs must be numbers, not <U32"),
        (INPUTS + np.nan, SIX, {}, "inputs must be finite; row 0 holds NaN"),
        (INPUTS.astype("float16") + np.inf, SIX, {}, "inputs must be finite"),
        ([[1], [1, 2]], SIX, {}, "inputs must be one array, one row per example"),
        (INPUTS, [1, 2] * 3, {}, "without a gap: no example of class 0, but of class 2"),
        (INPUTS, [0, 2] * 3, {}, "no example of class 1, but of class 2"),
        (INPUTS, [-1, 0] * 3, {}, "labels must be class numbers from 0, not from -1 to"),
        (INPUTS, [0.0, 1.0] * 3, {}, "labels must be class numbers, integers from 0, not float64"),
        (INPUTS, ["a", "b"] * 3, {}, "labels must be class numbers, integers from 0, not <U1"),
        (INPUTS, [0] * 6, {}, "labels must be of at least 2 classes, not of class 0 alone"),
        (INPUTS[:1], [0], {}, "labels must be of at least 2 classes"),
        (INPUTS[:0], [], {}, r"labels must be class numbers, shape \(n,\)"),
        (INPUTS, np.eye(2)[SIX], {}, r"not \(6, 2\); .* take labels.argmax\(axis=1\)"),
        (INPUTS, np.array(SIX)[:, None], {}, r"not \(6, 1\); take labels\[:, 0\]"),
        (INPUTS, SIX, {"folds": 4}, "labels hold 3 of class 0: 4 folds need at least 4"),
        (INPUTS, SIX, {"folds": 1}, "folds must be an integer, at least 2, not 1"),
        (INPUTS, SIX, {"epochs": 0}, "epochs must be an integer, at least 1, not 0"),
        (INPUTS, SIX, {"batch_size": 2.0}, "batch_size must be an integer, at least 1, not 2.0"),
        (INPUTS, SIX, {"seed": -1}, "seed must be an integer, at least 0 and at most .*, not -1"),
        (INPUTS, SIX, {"groups": [0] * 6}, "groups are 1: 3 folds need at least 3"),
        (INPUTS, SIX, {"groups": [0, 1]}, r"the shape of the labels, \(6,\), not \(2,\)"),
        (INPUTS, SIX, {"groups": [np.nan] * 6}, "groups must be integers or strings, not float64"),
        (INPUTS, SIX, {"groups": [0, 1, 0, 2, 0, 3]}, "groups put all of class 0 into fold"),
    ],
)
def test_what_cannot_be_cross_validated_is_refused_before_any_training(
    inputs, labels, options, words
):
    def build():
        raise AssertionError("a network was built")

    with pytest.raises(ValueError, match=words):
        cross_validate(build, inputs, labels, **({"folds": 3, "epochs": 1} | options))


def test_a_network_in_the_place_of_a_function_is_refused():
    with pytest.raises(
        ValueError, match="build must be a function that returns a compiled network"
    ):
        cross_validate(linear(), INPUTS, SIX, epochs=1)
