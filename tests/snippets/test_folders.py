"""Folders of images become the batches that Keras makes of them, and what is no image is named."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from snippets.folders import broken_images, images_from_folder

SIZE = (6, 5)


def picture(value: int = 0, shape: tuple[int, ...] = (8, 10, 3), suffix: str = "png") -> bytes:
    file = io.BytesIO()
    pixels = np.full(shape, value, "uint8") + np.arange(shape[1], dtype="uint8").reshape(
        (1, -1) + (1,) * (len(shape) - 2)
    )
    Image.fromarray(pixels).save(file, format=suffix)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Return a folder of three classes with pictures of different sizes, colours and formats."""
    for name, values in (("dog", (100, 107, 114)), ("cat", (0, 7, 14, 21)), ("10", (50, 57))):
        (tmp_path / name).mkdir()
        for value in values:
            (tmp_path / name / f"{value}.png").write_bytes(picture(value))
    (tmp_path / "cat" / "grey.PNG").write_bytes(picture(7, (4, 9)))
    (tmp_path / "cat" / "seen.bmp").write_bytes(picture(9, suffix="bmp"))
    (tmp_path / "dog" / "photo.jpg").write_bytes(picture(90, suffix="jpeg"))
    (tmp_path / "dog" / "see-through.png").write_bytes(picture(200, (8, 8, 4)))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "dog" / ".DS_Store").write_bytes(b"x")
    return tmp_path


def read(data: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    images, labels = zip(*data.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def order(data: tf.data.Dataset) -> list[float]:
    """Return a number that tells each image from the others, in the order of one epoch."""
    return [float(image.sum()) for image in read(data)[0]]


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("class_names", [None, ["dog", "10", "cat"], ["dog", "cat"]])
def test_images_labels_and_names_are_those_of_keras(folder, class_names, cache):
    data = images_from_folder(
        folder,
        image_size=SIZE,
        is_training=False,
        batch_size=4,
        class_names=class_names,
        cache=cache,
    )
    expected = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, class_names=class_names, shuffle=False, verbose=False
    )
    for found, part in zip(read(data), read(expected), strict=True):
        np.testing.assert_array_equal(found, part)
        assert found.dtype == part.dtype
    assert data.class_names == expected.class_names
    assert data.file_paths == expected.file_paths
    assert data.element_spec[0].shape.as_list() == [None, *SIZE, 3]


@pytest.mark.parametrize("cache", [False, True])
def test_training_images_come_in_another_order_in_each_epoch_which_the_seed_decides(folder, cache):
    options = {"image_size": SIZE, "is_training": True, "cache": cache}
    data, same = (images_from_folder(folder, seed=5, **options) for _ in range(2))
    epochs = [order(data) for _ in range(3)]
    assert epochs == [order(same) for _ in range(3)]
    assert len({tuple(each) for each in epochs}) == 3
    plain = order(images_from_folder(folder, image_size=SIZE, is_training=False))
    assert all(sorted(each) == sorted(plain) for each in epochs)
    images, labels = read(data)
    of_plain, labels_of_plain = read(images_from_folder(folder, image_size=SIZE, is_training=False))
    for image, label in zip(images, labels, strict=True):
        assert labels_of_plain[(of_plain == image).all(axis=(1, 2, 3))].tolist() == [label]


def test_all_files_are_shuffled_and_not_only_neighbours(tmp_path):
    for name, values in (("a", range(0, 100)), ("b", range(100, 200))):
        (tmp_path / name).mkdir()
        for value in values:
            (tmp_path / name / f"{value}.png").write_bytes(picture(value, (1, 1, 3)))
    data = images_from_folder(
        tmp_path, image_size=(1, 1), is_training=True, batch_size=1, class_names=["a", "b"], seed=0
    )
    labels = [read(data)[1][:50].mean() for _ in range(2)]
    assert all(0.25 < each < 0.75 for each in labels)


def test_a_webp_is_read_and_files_in_deeper_folders_belong_to_the_class_above(folder):
    (folder / "cat" / "deep").mkdir()
    (folder / "cat" / "deep" / "new.webp").write_bytes(picture(3, suffix="webp"))
    data = images_from_folder(folder, image_size=SIZE, is_training=False)
    assert np.bincount(read(data)[1]).tolist() == [2, 7, 5]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"x", r"notes\.txt is no image that TensorFlow decodes, expected .bmp, .gif"),
        ("scan.tiff", b"II*\0", r"scan\.tiff is no image that TensorFlow decodes"),
        ("page.png", b"<html></html>", r"page\.png is no image, .*: it begins with b'<html></'"),
        ("empty.jpg", b"", r"empty\.jpg is no image, .*: it begins with b''"),
    ],
)
def test_a_file_that_is_no_image_is_named(folder, name, content, words):
    (folder / "cat" / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        images_from_folder(folder, image_size=SIZE, is_training=True)


def test_damaged_files_are_found_with_the_reason(folder):
    whole = picture()
    for name, content in (("half.png", whole[:40]), ("none.jpg", b""), ("page.png", b"<html>")):
        (folder / "cat" / name).write_bytes(content)
    broken = broken_images(folder)
    assert [path.name for path in broken] == ["half.png", "none.jpg", "page.png"]
    assert "Invalid PNG" in broken[folder / "cat" / "half.png"]
    assert broken[folder / "cat" / "none.jpg"] == "Input is empty."
    assert "Unknown image file format" in broken[folder / "cat" / "page.png"]


def test_a_folder_of_whole_images_has_no_broken_ones(folder):
    assert broken_images(folder) == {}


def test_folders_that_hold_no_classes_are_refused(folder):
    with pytest.raises(ValueError, match="10 must hold a folder for each class, but it holds none"):
        load(folder / "10")
    (folder / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no images of its class"):
        load(folder)
    with pytest.raises(ValueError, match="holds no files"):
        broken_images(folder / "empty")
    (folder / "sides" / "train").mkdir(parents=True)
    (folder / "sides" / "test").mkdir()
    with pytest.raises(ValueError, match="sides holds test, train: pass one of them"):
        load(folder / "sides")
    (folder / "one" / "cat").mkdir(parents=True)
    with pytest.raises(ValueError, match="one must hold at least 2 classes, not 'cat' alone"):
        load(folder / "one")


def load(path) -> tf.data.Dataset:
    return images_from_folder(path, image_size=SIZE, is_training=True)


@pytest.mark.parametrize("function", [load, broken_images])
def test_a_folder_that_is_not_there_is_refused(function, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        function(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="folder must be a path, not 3"):
        function(3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"class_names": ["cat", "emu"]},
            "class_names hold 'emu', but folder .* holds only 10, cat",
        ),
        ({"class_names": ["cat"]}, "at least 2 classes, not 'cat' alone"),
        ({"class_names": ["cat", "cat"]}, r"class_names must differ, not \['cat', 'cat'\]"),
        ({"class_names": []}, r"class_names must be a list of strings, not \[\]"),
        ({"class_names": "cat"}, "class_names must be a list of strings, not 'cat'"),
        ({"class_names": [0, 1]}, r"class_names must be a list of strings, not \[0, 1\]"),
        ({"image_size": 8}, "image_size must be a height and a width, not 8"),
        ({"image_size": (8, 8, 3)}, r"image_size must be a height and a width, not \(8, 8, 3\)"),
        ({"image_size": (8, 0)}, "image_size must be an integer, at least 1, not 0"),
        ({"image_size": (8.0, 8)}, "image_size must be an integer, at least 1, not 8.0"),
        ({"image_size": "88"}, "image_size must be a height and a width, not '88'"),
        ({"batch_size": 0}, "batch_size must be an integer, at least 1, not 0"),
        ({"batch_size": None}, "batch_size must be an integer, at least 1, not None"),
        ({"seed": -1}, "seed must be an integer, at least 0, not -1"),
        ({"seed": 0.5}, "seed must be an integer, at least 0, not 0.5"),
        ({"is_training": None}, "is_training must be True or False, not None"),
        ({"cache": "disk"}, "cache must be True or False, not 'disk'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_by_name(folder, arguments, words):
    error = FileNotFoundError if "emu" in words else ValueError
    with pytest.raises(error, match=words):
        images_from_folder(folder, **({"image_size": SIZE, "is_training": True} | arguments))
