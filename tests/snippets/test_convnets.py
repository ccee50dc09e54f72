"""A convolutional network, its costs, its receptive fields and moved pictures, by their laws."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.convnets import fashion_convnet
from snippets.corruptions import shift
from snippets.datasets import load_fashion_mnist
from snippets.network_costs import layer_costs, receptive_field

few = settings(max_examples=12, deadline=None)
layers = keras.layers


def operations_that_tensorflow_counts(network):
    """Ask TensorFlow's own profiler for the floating-point operations of one example."""
    shape = (1, *network.input_shape[1:])
    graph = tf.function(network).get_concrete_function(tf.TensorSpec(shape)).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    with graph.as_default():
        return tf.compat.v1.profiler.profile(graph, options=options).total_float_ops


# --- the network ---


@few
@given(
    filters=st.lists(st.integers(1, 6), min_size=0, max_size=3),
    units=st.integers(1, 9),
    classes=st.integers(1, 11),
    shape=st.sampled_from([(8, 8), (9, 12), (8, 10, 3)]),
)
def test_a_network_has_a_block_for_each_number_of_filters(filters, units, classes, shape):
    network = fashion_convnet(filters, units=units, classes=classes, shape=shape)
    assert network.output_shape == (None, classes)
    for number, count in enumerate(filters, start=1):
        height, width = (size >> number for size in shape[:2])
        assert network.get_layer(f"pool_{number}").output.shape[1:] == (height, width, count)
    assert network.get_layer("hidden").units == units


def test_pooling_first_changes_no_answer_where_the_normalisation_keeps_order():
    last, first = (fashion_convnet((4, 6), units=9, pool_first=early) for early in (False, True))
    random = np.random.default_rng(3)
    for layer in last.layers:
        keeps_order = isinstance(layer, layers.BatchNormalization)  # its factors are positive
        draw = random.uniform if keeps_order else random.normal
        weights = [draw(0.5, 2, weight.shape) for weight in layer.get_weights()]
        layer.set_weights(weights)
        first.get_layer(layer.name).set_weights(weights)
    images = load_fashion_mnist().validation.images[:20] / np.float32(255)
    np.testing.assert_allclose(first(images), last(images), rtol=1e-3, atol=1e-3)
    names = [layer.name for layer in first.layers]
    assert names[1:5] == ["conv_1", "pool_1", "norm_1", "relu_1"]


def test_it_learns_from_real_photographs_and_returns_logits():
    fashion = load_fashion_mnist()
    some = fashion.train.sample(per_class=60)
    inputs = some.images.astype("float32") / 255
    keras.utils.set_random_seed(0)
    network = fashion_convnet((4, 8), units=16, dropout=0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    network.fit(inputs, some.labels, epochs=6, batch_size=50, verbose=0)
    logits = network(inputs, training=True).numpy()  # by this batch's own mean and deviation
    assert (logits.argmax(axis=1) == some.labels).mean() > 0.6
    assert logits.min() < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (8, 0)}, "filters must be an integer, at least 1, not 0"),
        ({"units": 0}, "units must be"),
        ({"classes": 0}, "classes must be"),
        ({"filters": (4,) * 5}, "filters of 5 blocks"),
        ({"shape": (28,)}, "height and width"),
    ],
)
def test_a_network_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        fashion_convnet(**arguments)


# --- costs ---


@few
@given(data=st.data())
def test_multiply_adds_are_half_of_the_operations_that_tensorflow_counts(data):
    chain = [keras.Input((9, 11, 4))]
    for _ in range(data.draw(st.integers(1, 3))):
        options = {
            "kernel_size": data.draw(st.sampled_from([1, 3, (2, 3)])),
            "strides": data.draw(st.sampled_from([1, 2])),
            "padding": "same",
            "use_bias": False,
        }
        kind = data.draw(st.sampled_from(["conv", "grouped", "depthwise", "separable"]))
        if kind == "conv":
            chain.append(layers.Conv2D(data.draw(st.sampled_from([2, 4, 6])), **options))
        elif kind == "depthwise":
            chain.append(layers.DepthwiseConv2D(depth_multiplier=2, **options))
        elif kind == "separable":
            chain.append(layers.SeparableConv2D(4, depth_multiplier=2, **options))
        else:
            chain.append(layers.Conv2D(4, **options | {"kernel_size": 3}))
    chain += [layers.Flatten(), layers.Dense(data.draw(st.integers(1, 5)), use_bias=False)]
    network = keras.Sequential(chain)
    costs = layer_costs(network)
    assert 2 * sum(cost.multiply_adds for cost in costs) == operations_that_tensorflow_counts(
        network
    )
    assert sum(cost.weights for cost in costs) == network.count_params()


def test_groups_divide_the_work():
    whole, grouped = (
        keras.Sequential([keras.Input((6, 6, 4)), layers.Conv2D(8, 3, groups=groups)])
        for groups in (1, 4)
    )
    assert layer_costs(whole)[0].multiply_adds == 4 * layer_costs(grouped)[0].multiply_adds


def test_costs_name_each_layer_with_its_shape_in_order():
    image = keras.Input((8, 8, 1), name="image")
    maps = layers.PReLU(name="kink")(layers.Conv2D(2, 3, name="conv")(image))
    network = keras.Model(image, layers.MaxPooling2D(name="pool")(maps))
    assert [(cost.layer, cost.shape) for cost in layer_costs(network)] == [
        ("conv", (6, 6, 2)),
        ("kink", (6, 6, 2)),
        ("pool", (3, 3, 2)),
    ]
    assert [cost.multiply_adds for cost in layer_costs(network)] == [6 * 6 * 9 * 2, 0, 0]


@pytest.mark.parametrize("kind", ["model", "transposed"])
def test_a_layer_whose_work_is_not_known_is_named(kind):
    inner = (
        keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 3)], name="inner")
        if kind == "model"
        else layers.Conv2DTranspose(1, 3, name="inner")
    )
    with pytest.raises(ValueError, match="cannot count the work of inner"):
        layer_costs(keras.Sequential([keras.Input((4, 4, 1)), inner]))


# --- receptive fields ---


@st.composite
def chains(draw):
    """Return convolutions with positive weights and average pooling: each pixel that can count does."""
    chain = []
    for _ in range(draw(st.integers(1, 4))):
        window = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (3, 2)]))
        stride, padding = draw(st.sampled_from([1, 2])), draw(st.sampled_from(["same", "valid"]))
        kind = draw(st.sampled_from(["conv", "dilated", "pool"]))
        if kind == "pool":
            chain.append(layers.AveragePooling2D(window, stride, padding))
            continue
        dilation = {"dilation_rate": 2} if kind == "dilated" else {"strides": stride}
        options = {"use_bias": False, "kernel_initializer": "ones", "padding": padding}
        chain.append(layers.Conv2D(1, window, **dilation, **options))
    return chain


@pytest.mark.parametrize(
    "layer",
    [
        lambda order: keras.layers.Conv2D(8, 3, data_format=order),
        lambda order: keras.layers.Conv2D(8, 3, groups=4, data_format=order),
        lambda order: keras.layers.SeparableConv2D(8, 3, data_format=order),
    ],
)
def test_the_order_of_the_axes_does_not_change_the_work(layer):
    last = keras.Sequential([keras.Input((9, 7, 4)), layer("channels_last")])
    first = keras.Sequential([keras.Input((4, 9, 7)), layer("channels_first")])
    assert layer_costs(first)[0].multiply_adds == layer_costs(last)[0].multiply_adds


def test_the_work_on_pictures_of_an_unknown_size_is_not_counted():
    network = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3, name="c")])
    with pytest.raises(ValueError, match=r"c returns \(None, None, 4\)"):
        layer_costs(network)


def test_layers_side_by_side_are_no_chain():
    pixels = keras.Input((9, 9, 1))
    sides = [keras.layers.Conv2D(1, 3, name=name)(pixels) for name in ("left", "right")]
    network = keras.Model(pixels, sides)
    with pytest.raises(ValueError, match="right does not follow left: layers must be a chain"):
        receptive_field(network.layers)


@settings(max_examples=40, deadline=None)
@given(chain=chains(), data=st.data())
def test_the_gradient_reaches_from_the_first_to_the_last_pixel_of_the_field(chain, data):
    height, width = 29, 34
    network = keras.Sequential([keras.Input((height, width, 1)), *chain])
    field = receptive_field(network.layers)[-1]
    rows, columns = network.output_shape[1:3]
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    picture = tf.ones((1, height, width, 1))
    with tf.GradientTape() as tape:
        tape.watch(picture)
        one = network(picture)[0, row, column, 0]
    reached = np.argwhere(tape.gradient(one, picture)[0, :, :, 0].numpy())
    top, left, high, wide = field.box(row, column)
    # Pixels between dilated or skipped ones may not count, and padding holds none.
    inside = np.array([[top, left], [top + high - 1, left + wide - 1]])
    limits = np.array([height - 1, width - 1])
    assert (reached.min(axis=0) >= inside[0]).all()
    assert (reached.max(axis=0) <= inside[1]).all()
    within = (inside >= 0) & (inside <= limits)
    assert (within[0] <= (reached.min(axis=0) == inside[0])).all()
    assert (within[1] <= (reached.max(axis=0) == inside[1])).all()


def test_the_fields_of_the_course_network():
    fields = {field.layer: field for field in receptive_field(fashion_convnet().layers)}
    assert [fields[f"conv_{n}"].size for n in (1, 2, 3)] == [(3, 3), (8, 8), (18, 18)]
    assert [fields[f"pool_{n}"].jump for n in (1, 2, 3)] == [(2, 2), (4, 4), (8, 8)]
    assert fields["relu_3"][1:] == fields["conv_3"][1:]
    assert not {"channel", "flatten", "hidden", "logits"} & set(fields)


class SeesAll(layers.Conv2D):
    """A convolution by name, every place of which depends on the whole picture."""

    def call(self, inputs):
        return super().call(inputs) + keras.ops.max(inputs)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.UpSampling2D(name="odd"), "what odd sees, a UpSampling2D, is not known"),
        (layers.MaxPooling2D(data_format="channels_first", name="odd"), "odd must have its chan"),
        (layers.Reshape((3, 3, 24), name="odd"), "what odd sees, a Reshape, is not known"),
        (layers.Reshape((4, 9, 6), name="odd"), "what odd sees, a Reshape, is not known"),
        (SeesAll(1, 3, name="odd"), "what odd sees, a SeesAll, is not known"),
    ],
)
def test_a_layer_whose_field_is_not_known_is_named(layer, message):
    network = keras.Sequential([keras.Input((6, 6, 6)), layer])
    with pytest.raises(ValueError, match=message):
        receptive_field(network.layers)


def test_a_padding_that_depends_on_an_unknown_size_is_refused():
    picture = keras.Input((None, None, 3))
    network = keras.Sequential([picture, layers.Conv2D(1, 3, padding="same", name="odd")])
    with pytest.raises(ValueError, match=r"^odd is padded as far as its input's size says"):
        receptive_field(network.layers)


def test_input_layers_have_no_field():
    image = keras.Input((6, 6, 1))
    network = keras.Model(image, layers.Conv2D(1, 3)(image))
    assert [field.size for field in receptive_field(network.layers)] == [(3, 3)]


# --- moved pictures ---

distances = st.integers(-12, 12)


@few
@given(down=distances, right=distances)
def test_a_picture_with_an_empty_border_moves_as_if_rolled(down, right):
    images = np.zeros((2, 40, 41), np.uint8)
    images[:, 14:26, 15:26] = load_fashion_mnist().train.images[:2, 8:20, 8:19]
    rolled = np.roll(images, (down, right), axis=(1, 2))
    assert np.array_equal(shift(images, down=down, right=right), rolled)


@few
@given(down=distances, right=distances)
def test_there_and_back_only_the_pixels_that_left_are_lost(down, right):
    images = np.arange(1, 2 * 7 * 9 * 3 + 1, dtype=np.int16).reshape(2, 7, 9, 3)
    back = shift(shift(images, down=down, right=right), down=-down, right=-right)
    kept = back != 0
    assert np.array_equal(back[kept], images[kept])
    assert kept.sum() == 2 * max(7 - abs(down), 0) * max(9 - abs(right), 0) * 3
    assert back.dtype == images.dtype


def test_new_pixels_have_the_value_that_was_asked_for_and_the_images_stay():
    images = np.zeros((1, 2, 2), np.float32)
    assert shift(images, down=1, fill=0.5).tolist() == [[[0.5, 0.5], [0.0, 0.0]]]
    assert not images.any()
    with pytest.raises(ValueError, match="images must be"):
        shift(np.zeros((2, 2)))


def test_layers_that_another_network_called_first_are_refused_and_a_clone_is_not():
    convolve = keras.layers.Conv2D(2, 3, name="convolve")
    keras.Sequential([keras.Input((8, 8, 1)), convolve])
    larger = keras.Sequential([keras.Input((32, 32, 1)), convolve])
    with pytest.raises(ValueError, match="convolve belongs to another network, too"):
        layer_costs(larger)
    (cost,) = layer_costs(keras.models.clone_model(larger))
    assert (cost.shape, cost.multiply_adds) == ((30, 30, 2), 16_200)
