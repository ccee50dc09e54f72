# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""A tf.data pipeline of images from a folder of class folders, and the files in it that are broken.

Needs: Python 3.11, tensorflow 2.21, or newer. Copy this one file into your project and
`import folders`.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import tensorflow as tf

# How the files begin that TensorFlow decodes, by what they are called.
_BEGINNINGS = {
    ".bmp": (b"BM",),
    ".gif": (b"GIF8",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".jpg": (b"\xff\xd8\xff",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".webp": (b"RIFF",),
}
_ANY = tuple({beginning for each in _BEGINNINGS.values() for beginning in each})
# Names of sides of a split: folders called so hold classes, and are none.
_SIDES = {"train", "training", "val", "valid", "validation", "test", "testing"}


def images_from_folder(
    folder: str | os.PathLike[str],
    *,
    image_size: tuple[int, int],
    is_training: bool,
    batch_size: int = 32,
    class_names: Sequence[str] | None = None,
    seed: int | None = None,
    cache: bool = False,
) -> tf.data.Dataset:
    """Load images from a directory with one subfolder a class, as batches for `fit` and `evaluate`.

    Images are decoded in parallel and prefetched. Keras has `image_dataset_from_directory`, whose
    pixels and labels these are. This differs:

    - Training files are shuffled anew in each epoch, all of them. Keras shuffles all of them once, and
      in each epoch within eight batches.
    - What is not for training is in the order of its names. (Keras shuffles unless told otherwise, so
      that predictions do not belong to the labels of another pass.)
    - Decoded images can be cached before they are shuffled, so that epochs still differ.
    - A class without images, a file that is no image, and a folder of `train` and `test` in the place
      of the classes are errors. Keras leaves out files by their suffix, `.webp` among them, and takes
      any folder for a class, without a word.

    Args:
        folder: holds a folder per class, each with image files, or with folders of them: `.bmp`, `.gif`
            (its first picture), `.jpg`, `.jpeg`, `.png`, `.webp`. Names that begin with a dot are left
            out.
        image_size: height and width to which each image is stretched.
        is_training: whether to shuffle.
        batch_size: images per batch; the last one may be smaller.
        class_names: the folders, in the order of the labels; other folders are left out. Pass those of
            the training data wherever labels must mean the same. If left out, all folders in the order
            of their names.
        seed: of the shuffling: the same one gives the same order of epochs. None for another one each
            time.
        cache: whether to hold the decoded images in memory, `4 * 3 * height * width` bytes each.

    Returns:
        Batches of images, float32 from 0 to 255, shape `(batch, height, width, 3)`, and labels, int32
        from 0, shape `(batch,)`. As with Keras, it has the attributes `class_names` and `file_paths`
        (in order of their labels), which a `map` loses.

    Raises:
        FileNotFoundError: there is no such folder, or none of a class that is named.
        ValueError: fewer than two classes, a class without images, a file that is no image by its
            name or its first bytes, or another argument out of its range. A damaged file that begins as
            an image does is not noticed before it is decoded: `broken_images` finds it.

    Source: TensorFlow's guide, 'Better performance with the tf.data API'.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         Path(folder, name).mkdir()
    ...         picture = tf.io.encode_png(tf.zeros((5, 7, 3), "uint8")).numpy()
    ...         _ = Path(folder, name, "1.png").write_bytes(picture)
    ...     data = images_from_folder(folder, image_size=(4, 4), is_training=False)
    ...     images, labels = next(iter(data))
    >>> images.shape, labels.numpy().tolist(), data.class_names
    (TensorShape([2, 4, 4, 3]), [0, 1], ['cat', 'dog'])
    """
    folder = _checked_folder(folder)
    if not isinstance(image_size, (tuple, list)) or len(image_size) != 2:
        raise ValueError(f"image_size must be a height and a width, not {image_size!r}")
    for side in image_size:
        _check_whole("image_size", side, 1)
    height, width = image_size
    _check_whole("batch_size", batch_size, 1)
    if seed is not None:
        _check_whole("seed", seed, 0)
    for name, value in (("is_training", is_training), ("cache", cache)):
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, not {value!r}")
    names = _class_folders(folder, class_names)
    files = [_images(folder / name) for name in names]
    paths = [str(path) for each in files for path in each]
    labels = [label for label, each in enumerate(files) for _ in each]

    def load(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
        image = tf.image.resize(image, (height, width))
        return tf.ensure_shape(image, (height, width, 3)), label

    examples = tf.data.Dataset.from_tensor_slices((paths, tf.constant(labels, tf.int32)))
    if cache:
        examples = examples.map(load, num_parallel_calls=tf.data.AUTOTUNE).cache()
    if is_training:
        examples = examples.shuffle(len(paths), seed=seed, reshuffle_each_iteration=True)
    if not cache:  # paths are shuffled, so that no image waits in the buffer
        examples = examples.map(load, num_parallel_calls=tf.data.AUTOTUNE)
    batches = examples.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    batches.class_names, batches.file_paths = names, paths
    return batches


def broken_images(folder: str | os.PathLike[str]) -> dict[Path, str]:
    """Find corrupt image files in a folder: decode each file, and return those that fail.

    What stops a training with `Invalid PNG` or `Unknown image file format` does not say which file it
    was; this does.

    Args:
        folder: is searched with all its folders, without names that begin with a dot.

    Returns:
        From each file that TensorFlow cannot decode to the reason, in the order of their paths.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there are no files in it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "cat.png").write_bytes(b"")
    ...     broken = broken_images(folder)
    >>> {path.name: reason for path, reason in broken.items()}
    {'cat.png': 'Input is empty.'}
    """
    files = _files(_checked_folder(folder))
    if not files:
        raise ValueError(f"folder {folder} holds no files")
    with ThreadPoolExecutor() as threads:
        reasons = threads.map(_reason_to_refuse, files)
        return {path: reason for path, reason in zip(files, reasons, strict=True) if reason}


def _reason_to_refuse(path: Path) -> str:
    """Return why a file cannot be decoded; nothing if it can."""
    try:
        tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False)
    except tf.errors.OpError as error:
        return str(error.message).rpartition("}} ")[2].partition(" [Op:")[0]
    return ""


# What is in a folder.


def _checked_folder(folder: Any) -> Path:
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(f"folder must be a path, not {folder!r}")
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(f"folder {path} is not there, or is no folder")
    return path


def _class_folders(folder: Path, class_names: Sequence[str] | None) -> list[str]:
    """Return the names of the classes, each of which is a folder."""
    found = sorted(
        each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")
    )
    if class_names is None:
        if not found:
            raise ValueError(
                f"folder {folder} must hold a folder for each class, but it holds none"
            )
        if {name.lower() for name in found} <= _SIDES:
            raise ValueError(
                f"folder {folder} holds {', '.join(found)}: pass one of them, which holds the classes"
            )
        names = found
    else:
        names = [] if isinstance(class_names, str) else list(class_names)
        if not names or not all(isinstance(name, str) for name in names):
            raise ValueError(f"class_names must be a list of strings, not {class_names!r}")
        if len(set(names)) < len(names):
            raise ValueError(f"class_names must differ, not {names}")
        absent = [name for name in names if name not in found]
        if absent:
            raise FileNotFoundError(
                f"class_names hold {', '.join(map(repr, absent))}, but folder {folder} holds only "
                f"{', '.join(found) or 'no folder'}"
            )
    if len(names) < 2:
        raise ValueError(f"folder {folder} must hold at least 2 classes, not {names[0]!r} alone")
    return names


def _images(folder: Path) -> list[Path]:
    """Return the files of a class, all of which begin as images do."""
    files = _files(folder)
    if not files:
        raise ValueError(f"folder {folder} holds no images of its class")
    with ThreadPoolExecutor() as threads:
        for path, beginning in zip(files, threads.map(_beginning, files), strict=True):
            if path.suffix.lower() not in _BEGINNINGS:
                raise ValueError(
                    f"{path} is no image that TensorFlow decodes, expected {', '.join(_BEGINNINGS)}: "
                    "convert it, or move it away"
                )
            if not beginning.startswith(_ANY):
                raise ValueError(
                    f"{path} is no image, though it is called so: it begins with {beginning!r}"
                )
    return files


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _files(folder: Path) -> list[Path]:
    """Return all files in a folder and its folders that are not hidden, in the order of their names."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _check_whole(name: str, value: Any, least: int, most: float = math.inf) -> None:
    try:
        fits = least <= operator.index(value) <= most
    except TypeError:
        fits = False
    if not fits or isinstance(value, bool):
        limit = "" if most == math.inf else f" and at most {most}"
        raise ValueError(f"{name} must be an integer, at least {least}{limit}, not {value!r}")
