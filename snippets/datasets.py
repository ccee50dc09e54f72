# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Fashion-MNIST and CIFAR-10 as checked uint8 arrays, split into train, validation and test.

Needs: Python 3.11, numpy 2.0, pillow 11, scikit-learn 1.6, or newer; keras 3.15 with
tensorflow 2.21 only where no copy of the data is found on this machine. Copy this one file into
your project and `import datasets`.

Both loaders look in the same places, in this order: the folder that `$TUTORIALS_DATA` names, the
repository's `tutorials_src/data`, the user's cache (`$XDG_CACHE_HOME` or `~/.cache`, folder
`from-tensors-to-convnets`), and `keras.datasets`, which downloads. Whatever the place, the arrays
are compared with the SHA-256 sums below, so the same call gives the same bytes everywhere.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import train_test_split

EDITIONS = ("default", "full")
FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
CIFAR10_SAMPLE_PER_CLASS = {"train": 1_000, "test": 200}
CIFAR10_SAMPLE_SEED = 0
SHEET_COLUMNS, SHEET_ROWS = 50, 40  # images of 32 by 32 pixels on one sheet of the sample

# SHA-256 of the arrays (uint8, C order, images NHWC): what every load is held to.
ARRAYS_SHA256: Mapping[str, Mapping[str, str]] = {
    "fashion-mnist": {
        "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
    "cifar10-default": {
        "x_train": "f6de9756f057ae6d53fe11e4f7b9848d787e58968280fa903480343924a91f20",
        "y_train": "91f21b7d2cecc92529f3f1760023acc96a7588eee486b9b0a33a4f9a38b0c0a6",
        "x_test": "463b68491d56efddff7762fb0f4ebba0e457dcf1a47a8c087bb08f6158705ccd",
        "y_test": "d0231e548c6785513b168dc8a314781a3d85223c767fc7baf2e927db73f3e732",
    },
    "cifar10-full": {
        "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
        "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
        "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
        "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
    },
}

# SHA-256 of the files: these say which file is at fault when its arrays are wrong.
FILES_SHA256: Mapping[str, str] = {
    "fashion-mnist/t10k-images-idx3-ubyte.gz": (
        "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"
    ),
    "fashion-mnist/t10k-labels-idx1-ubyte.gz": (
        "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"
    ),
    "fashion-mnist/train-images-idx3-ubyte.gz": (
        "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"
    ),
    "fashion-mnist/train-labels-idx1-ubyte.gz": (
        "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"
    ),
    "cifar10/test-0.webp": "013928753429a786f0e0c250800429f3839ebb6b3dc160bccc889d841225ee17",
    "cifar10/test.csv": "46582e8575ea5c10e185284ce6a353f0460b5748a41dbaf04b18ae8e1eadf2a3",
    "cifar10/train-0.webp": "b287d56fc43f63747e00fc495c838231c679f457e65140de454f8a7ce3c41078",
    "cifar10/train-1.webp": "12357d38b07e9ea048d03257086fa581a18a730f5b23c07e1d7a518e2d1e4465",
    "cifar10/train-2.webp": "812d3fddd66ea7a502ee2e282ef605ce63b4e31e5061ac4eed087a32c69ce987",
    "cifar10/train-3.webp": "e540031ecc358121430e70bf161eb626886ad2fa5fc8a15ac5cf83096c50fa25",
    "cifar10/train-4.webp": "9edaeeadb0952391f5ce7fe7f8c536920232d09b096c7f922790ddd4ef21c24b",
    "cifar10/train.csv": "422b3ffe06d2292e821b423710ef1dc85791dc3f0e9404dfa8a117242dadbe86",
    "cifar10-full/x_train.npy": "4a5241847d2fdc2d50a9ad6e386b47f26d121db6cb2e43b24e72190724314e48",
    "cifar10-full/y_train.npy": "fad921ba16b0efeebb54393d1351545d1fe1a357f6f81324c821e3e11b956c70",
    "cifar10-full/x_test.npy": "b57763d00c64ed188c839aa488139ed34ece7a6ef2fcb6a770238c57a756a452",
    "cifar10-full/y_test.npy": "19004b019bd095265b4ce6637c9ff979c66abcbc8e658a665f791b487cdea5eb",
}

_SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "fashion-mnist": {
        "x_train": (60_000, 28, 28),
        "y_train": (60_000,),
        "x_test": (10_000, 28, 28),
        "y_test": (10_000,),
    },
    "cifar10-default": {
        "x_train": (10_000, 32, 32, 3),
        "y_train": (10_000,),
        "x_test": (2_000, 32, 32, 3),
        "y_test": (2_000,),
    },
    "cifar10-full": {
        "x_train": (50_000, 32, 32, 3),
        "y_train": (50_000,),
        "x_test": (10_000, 32, 32, 3),
        "y_test": (10_000,),
    },
}

_IDX_FILES = {
    "x_train": "fashion-mnist/train-images-idx3-ubyte.gz",
    "y_train": "fashion-mnist/train-labels-idx1-ubyte.gz",
    "x_test": "fashion-mnist/t10k-images-idx3-ubyte.gz",
    "y_test": "fashion-mnist/t10k-labels-idx1-ubyte.gz",
}

Bytes = NDArray[np.uint8]
Arrays = dict[str, Bytes]


class DataError(ValueError):
    """Data that is missing, damaged or not allowed; the message says how to cure it."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels.

    Attributes:
        images: uint8, shape `(n, 28, 28)` or `(n, 32, 32, 3)`, as published: 0 to 255.
        labels: uint8, shape `(n,)`, 0 to 9.
    """

    images: Bytes
    labels: Bytes

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, per_class: int, *, seed: int = 0) -> Split:
        """Return a stratified sample: `per_class` images of each class, in the split's order.

        The same images on every machine and version (see `draw_sample`); another seed draws others.

        Raises:
            ValueError: a class has fewer images than that.

        >>> split = Split(np.zeros((6, 2, 2), np.uint8), np.array([0, 1, 0, 1, 0, 1], np.uint8))
        >>> split.sample(2).labels.tolist().count(0)
        2
        """
        drawn = draw_sample(self.labels, split="sample", per_class=per_class, seed=seed)
        return Split(self.images[drawn], self.labels[drawn])


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set in three splits.

    Attributes:
        train: what a network learns from, without the validation images.
        validation: held out of the training set, for choosing.
        test: used once, at the end.
        class_names: the name of each label, `class_names[label]`.
        edition: `"default"` or `"full"`.
        name: `"fashion-mnist"` or `"cifar10"`.
        sha256: the checked SHA-256 of `x_train`, `y_train`, `x_test` and `y_test`, before the
            validation images are held out.
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    edition: str
    name: str
    sha256: Mapping[str, str] = field(repr=False)


def load_fashion_mnist(*, validation_fraction: float = 0.1, seed: int = 0) -> ImageData:
    """Return Fashion-MNIST, pictures of ten kinds of clothes, 28 by 28 grey pixels.

    Args:
        validation_fraction: the part of the training set to hold out, at least 0 and below 1;
            each class gives the same part.
        seed: chooses which images are held out.

    Returns:
        The splits, uint8: 60,000 training images less the validation, 10,000 test images. Every
        edition holds the same.

    Raises:
        DataError: the data is damaged, cannot be had, or is not in the tutorial's header.

    Source: Xiao, Rasul, Vollgraf (2017), *Fashion-MNIST*, arXiv:1708.07747.

    >>> data = load_fashion_mnist()
    >>> data.train.images.shape, data.validation.images.shape, data.test.images.shape
    ((54000, 28, 28), (6000, 28, 28), (10000, 28, 28))
    >>> data.class_names[data.test.labels[0]]
    'Ankle boot'
    """
    _check_allowed("fashion-mnist")
    edition = _resolve_edition(None)
    arrays = _load("fashion-mnist", "fashion-mnist")
    return _split(
        arrays,
        name="fashion-mnist",
        edition=edition,
        sha256=ARRAYS_SHA256["fashion-mnist"],
        class_names=FASHION_MNIST_CLASSES,
        validation_fraction=validation_fraction,
        seed=seed,
    )


def load_cifar10(
    *, edition: str | None = None, validation_fraction: float = 0.1, seed: int = 0
) -> ImageData:
    """Return CIFAR-10, photographs of ten kinds of things, 32 by 32 colour pixels.

    Args:
        edition: `"default"` is a stratified sample of 10,000 training and 2,000 test images,
            `"full"` is all 50,000 and 10,000; `None` means `$TUTORIALS_EDITION`, else `"default"`.
        validation_fraction: the part of the training set to hold out, at least 0 and below 1;
            each class gives the same part.
        seed: chooses which images are held out.

    Returns:
        The splits, uint8.

    Raises:
        DataError: the data is damaged, cannot be had, or is not in the tutorial's header.

    Source: Krizhevsky (2009), *Learning multiple layers of features from tiny images*.

    >>> data = load_cifar10(edition="default", validation_fraction=0.2)
    >>> data.train.images.shape, data.validation.images.shape, data.test.images.shape
    ((8000, 32, 32, 3), (2000, 32, 32, 3), (2000, 32, 32, 3))
    >>> data.train.images.dtype, data.class_names[3]
    (dtype('uint8'), 'cat')
    """
    _check_allowed("cifar10")
    edition = _resolve_edition(edition)
    key = f"cifar10-{edition}"
    arrays = _load("cifar10", key)
    return _split(
        arrays,
        name="cifar10",
        edition=edition,
        sha256=ARRAYS_SHA256[key],
        class_names=CIFAR10_CLASSES,
        validation_fraction=validation_fraction,
        seed=seed,
    )


def draw_sample(
    labels: np.ndarray, *, split: str, per_class: int, seed: int = CIFAR10_SAMPLE_SEED
) -> NDArray[np.int64]:
    """Return the indices of a stratified sample, the same on every machine and version.

    Each image gets a rank: the SHA-256 of the text `"seed split index"`. The `per_class` images of
    lowest rank in each class are drawn. No random generator takes part.

    Args:
        labels: integer labels of the whole split, shape `(n,)`.
        split: `"train"` or `"test"`; part of the ranked text.
        per_class: how many images of each class to draw.
        seed: part of the ranked text.

    Returns:
        Indices into the whole split, int64, ascending, shape `(classes * per_class,)`.

    Raises:
        ValueError: a class has fewer than `per_class` images, or the labels are no integers from 0.

    >>> labels = np.array([0, 1, 0, 1, 0, 1])
    >>> drawn = draw_sample(labels, split="train", per_class=2)
    >>> labels[drawn].tolist().count(0), labels[drawn].tolist().count(1)
    (2, 2)
    """
    labels = _labels("labels", labels)
    drawn: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        if len(members) < per_class:
            raise ValueError(f"class {label} has {len(members)} images, fewer than {per_class}")
        members.sort(key=lambda index: hashlib.sha256(f"{seed} {split} {index}".encode()).digest())
        drawn += members[:per_class]
    return np.array(sorted(drawn), dtype=np.int64)


def standardise(images: np.ndarray, training_images: np.ndarray) -> NDArray[np.float32]:
    """Return images as float32 around 0: less the mean training image, in units of the spread.

    Each pixel loses its own mean over the training images; what is left is divided by one number,
    the standard deviation of what is left of the training images.

    Args:
        images: shape `(n, …)`, any number type.
        training_images: shape `(m, …)`, the images that mean and deviation are taken from; the
            training set also for validation and test images, so that all are treated alike.

    Returns:
        float32, with the shape of `images`.

    Raises:
        ValueError: the images differ in shape, or the training images are all alike, so that there
            is no deviation.

    >>> training = np.array([[0, 100], [20, 120]])
    >>> standardise(np.array([[10, 110], [20, 100]]), training).tolist()
    [[0.0, 0.0], [1.0, -1.0]]
    """
    images = _stack("images", images, 2, 3, 4)
    training_images = _stack("training_images", training_images, 2, 3, 4)
    if images.shape[1:] != training_images.shape[1:]:
        raise ValueError(
            "images and training_images must have one shape, not "
            f"{images.shape[1:]} and {training_images.shape[1:]}"
        )
    mean = training_images.mean(axis=0, dtype=np.float32)
    deviation = np.sqrt(training_images.var(axis=0, dtype=np.float32).mean())
    if not deviation > 0:
        raise ValueError("training_images are all alike, so there is no deviation")
    standardised = images.astype(np.float32)
    standardised -= mean
    standardised /= deviation
    return standardised


def draw_pairs(
    labels: np.ndarray, count: int, *, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of pairs of images, every other pair of one class.

    Args:
        labels: integer labels, shape `(n,)`, of at least two classes.
        count: how many pairs to draw.
        seed: of NumPy's default generator. Another seed draws others.

    Returns:
        Two int64 arrays, shape `(count,)`: the left image of each pair, drawn evenly from all, and
        the right one, drawn evenly from the left one's class (pairs 0, 2, 4 …, where the left
        image may come up as its own partner) or from all images of other classes (1, 3, 5 …).

    Raises:
        ValueError: the labels are no integers from 0 or of fewer than two classes, or `count` is
            negative.

    >>> labels = np.array([0, 0, 1, 1, 2, 2])
    >>> left, right = draw_pairs(labels, 4)
    >>> (labels[left] == labels[right]).tolist()
    [True, False, True, False]
    """
    labels = _labels("labels", labels)
    classes = np.unique(labels)
    if len(classes) < 2 or count < 0:
        raise ValueError(
            f"labels must be of at least 2 classes and count at least 0, not {len(classes)} and {count}"
        )
    random = np.random.default_rng(seed)
    alike = {label: np.flatnonzero(labels == label) for label in classes}
    unlike = {label: np.flatnonzero(labels != label) for label in classes}
    left = random.integers(len(labels), size=count)
    right = [
        random.choice((unlike if number % 2 else alike)[labels[index]])
        for number, index in enumerate(left)
    ]
    return left, np.array(right, dtype=np.int64)


def cut_cifar10_sample(full: Mapping[str, Bytes]) -> Arrays:
    """Return the default edition of CIFAR-10, cut out of the full arrays.

    Args:
        full: `x_train`, `y_train`, `x_test` and `y_test` of the whole of CIFAR-10.

    Returns:
        The same four names: 1,000 training and 200 test images of each class, in the order of
        the original.
    """
    sample: Arrays = {}
    for split, per_class in CIFAR10_SAMPLE_PER_CLASS.items():
        indices = draw_sample(full[f"y_{split}"], split=split, per_class=per_class)
        sample[f"x_{split}"] = full[f"x_{split}"][indices]
        sample[f"y_{split}"] = full[f"y_{split}"][indices]
    return sample


def array_sha256(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's bytes in C order.

    >>> array_sha256(np.zeros(3, dtype=np.uint8))
    '709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c'
    """
    flat = np.ascontiguousarray(array).reshape(-1)
    return hashlib.sha256(flat.view(np.uint8).data).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or a few words where there is no file to read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "none: there is no such file"


def cache_folder() -> Path:
    """Return the folder that keeps fetched data: one rule on every system."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "from-tensors-to-convnets"


def read_fashion_mnist(root: Path) -> Arrays | None:
    """Return the checked arrays of `root/fashion-mnist`, or `None` if there is no such folder.

    Raises:
        DataError: the folder is there, and a file in it is missing or damaged.
    """
    if not (root / "fashion-mnist").is_dir():
        return None
    arrays = {name: _read_idx(root, file) for name, file in _IDX_FILES.items()}
    _verify(arrays, "fashion-mnist", root=root, files=_files_of("fashion-mnist"))
    return arrays


def read_cifar10_full(root: Path) -> Arrays | None:
    """Return the checked arrays of `root/cifar10-full`, or `None` if there is no such folder.

    Raises:
        DataError: the folder is there, and a file in it is missing or damaged.
    """
    if not (root / "cifar10-full").is_dir():
        return None
    arrays: Arrays = {}
    for name in _SHAPES["cifar10-full"]:
        relative = f"cifar10-full/{name}.npy"
        content = io.BytesIO(_read_bytes(root, relative))
        try:
            arrays[name] = np.load(content, allow_pickle=False)
        except Exception:  # a damaged header raises whatever its parser does
            raise _damaged(root, relative, "is not a whole .npy file") from None
    _verify(arrays, "cifar10-full", root=root, files=_files_of("cifar10-full"))
    return arrays


# Where the arrays come from.


def _load(name: str, key: str) -> Arrays:
    """Return checked arrays from the first place that has them."""
    roots = _roots()
    for root in roots:
        arrays = _read_from(root, key)
        if arrays is not None:
            return arrays
    return _download(name, key, looked_in=roots)


def _roots() -> list[Path]:
    chosen = os.environ.get("TUTORIALS_DATA")
    repository = Path(__file__).resolve().parent.parent / "tutorials_src" / "data"
    return [*([Path(chosen).expanduser()] if chosen else []), repository, cache_folder()]


def _read_from(root: Path, key: str) -> Arrays | None:
    """Return the checked arrays that `root` holds, or `None` if it holds none of them."""
    if key == "fashion-mnist":
        return read_fashion_mnist(root)
    if key == "cifar10-default" and (root / "cifar10").is_dir():
        arrays = _read_sheets(root)
        _verify(arrays, key, root=root, files=_files_of("cifar10"))
        return arrays
    full = read_cifar10_full(root)
    if full is None or key == "cifar10-full":
        return full
    sample = cut_cifar10_sample(full)
    _verify(sample, key, root=root, files=())
    return sample


def _download(name: str, key: str, *, looked_in: list[Path]) -> Arrays:
    """Return checked arrays from `keras.datasets`, which keeps its own cache."""
    places = ", ".join(str(root) for root in looked_in)
    cure = (
        "python tutorials_src/data/fetch.py"
        if key == "cifar10-full"
        else f"git checkout -- tutorials_src/data/{name}\n"
        "  or set TUTORIALS_DATA to a copy of the repository's tutorials_src/data"
    )
    try:
        from keras import datasets as keras_datasets

        source = {"fashion-mnist": keras_datasets.fashion_mnist, "cifar10": keras_datasets.cifar10}
        (x_train, y_train), (x_test, y_test) = source[name].load_data()
    except Exception as error:  # whatever keras raises without a network or on a bad download
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"{name} ({key}) was not found in {places}, and keras.datasets could not download it: "
            f"{reason[0]}\n  cure: {cure}"
        ) from None
    arrays = {
        "x_train": x_train,
        "y_train": y_train.reshape(-1),
        "x_test": x_test,
        "y_test": y_test.reshape(-1),
    }
    if key == "cifar10-default":
        _verify(arrays, "cifar10-full", root=None, files=())
        arrays = cut_cifar10_sample(arrays)
    _verify(arrays, key, root=None, files=())
    return arrays


# Reading files.


def _read_bytes(root: Path, relative: str) -> bytes:
    try:
        return (root / relative).read_bytes()
    except OSError as error:
        problem = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise _damaged(root, relative, problem) from None


def _read_idx(root: Path, relative: str) -> Bytes:
    """Return the array of a gzipped IDX file of unsigned bytes."""
    packed = _read_bytes(root, relative)
    try:
        content = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        raise _damaged(root, relative, "is not a whole gzip file") from None
    rank = content[3] if len(content) > 4 else 0
    start = 4 + 4 * rank
    if content[:3] != b"\x00\x00\x08" or not 1 <= rank <= 3 or len(content) < start:
        raise _damaged(root, relative, "is not an IDX file of unsigned bytes")
    shape = tuple(np.frombuffer(content, ">u4", count=rank, offset=4).tolist())
    if len(content) - start != math.prod(shape):
        raise _damaged(root, relative, f"does not hold the {shape} values that it announces")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()  # writable


def _read_sheets(root: Path) -> Arrays:
    """Return the arrays of the embedded CIFAR-10 sample: WebP sheets and lists of labels."""
    arrays: Arrays = {}
    for split in CIFAR10_SAMPLE_PER_CLASS:
        sheets = [file for file in _files_of(f"cifar10/{split}-") if file.endswith(".webp")]
        arrays[f"x_{split}"] = np.concatenate([_read_sheet(root, file) for file in sheets])
        relative = f"cifar10/{split}.csv"
        content = _read_bytes(root, relative)
        if hashlib.sha256(content).hexdigest() != FILES_SHA256[relative]:
            raise _damaged(root, relative, "is not the published list")
        lines = content.decode("ascii").split()[1:]  # the first is the header, index,label
        arrays[f"y_{split}"] = np.array([line.split(",")[1] for line in lines]).astype(np.uint8)
    return arrays


def _read_sheet(root: Path, relative: str) -> Bytes:
    """Return the images of one sheet, uint8, shape `(2000, 32, 32, 3)`, row by row."""
    content = io.BytesIO(_read_bytes(root, relative))
    try:
        with Image.open(content, formats=["WEBP"]) as image:
            pixels = np.asarray(image.convert("RGB"))
    except OSError:  # Pillow's own errors are OSErrors
        raise _damaged(root, relative, "is not a whole WebP picture") from None
    if pixels.shape != (SHEET_ROWS * 32, SHEET_COLUMNS * 32, 3):
        raise _damaged(root, relative, f"has the shape {pixels.shape}")
    tiles = pixels.reshape(SHEET_ROWS, 32, SHEET_COLUMNS, 32, 3)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(-1, 32, 32, 3)


# Checking.


def _verify(arrays: Arrays, key: str, *, root: Path | None, files: tuple[str, ...]) -> None:
    """Raise `DataError` unless each array has its shape, dtype and SHA-256."""
    for name, expected in ARRAYS_SHA256[key].items():
        array, shape = arrays[name], _SHAPES[key][name]
        right_form = array.shape == shape and array.dtype == np.uint8
        found = array_sha256(array)
        if right_form and found == expected:
            continue
        for relative in files:  # which file is it?
            if root is not None and file_sha256(root / relative) != FILES_SHA256[relative]:
                raise _damaged(root, relative, "does not hold the published data")
        where = f"keras.datasets ({key})" if root is None else f"{root} ({key})"
        problem = "" if right_form else f" is {array.dtype} {array.shape}, not uint8 {shape};"
        cure = (
            "delete Keras's copy in the datasets folder of ~/.keras and load again"
            if root is None
            else _cure(root, files[0] if files else "cifar10-full/")
        )
        raise DataError(
            f"{where}: {name}{problem} does not hold the published data\n"
            f"  expected SHA-256 {expected}\n  found SHA-256    {found}\n  cure: {cure}"
        )


def _damaged(root: Path, relative: str, problem: str) -> DataError:
    """Return an error that names the file, both checksums and the cure."""
    path = root / relative
    try:
        with path.open("rb") as file:
            start = file.read(512).lstrip().lower()
    except OSError:
        start = b""
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        problem = "holds a web page (HTML), not data"
    return DataError(
        f"{path} {problem}\n"
        f"  expected SHA-256 {FILES_SHA256[relative]}\n"
        f"  found SHA-256    {file_sha256(path)}\n"
        f"  cure: {_cure(root, relative)}"
    )


def _cure(root: Path, relative: str) -> str:
    if relative.startswith("cifar10-full"):
        return f"python tutorials_src/data/fetch.py, or delete {root / 'cifar10-full'}"
    restore = f"git checkout -- tutorials_src/data/{relative}"
    repository = Path(__file__).resolve().parent.parent / "tutorials_src" / "data"
    if root.resolve() == repository:
        return restore
    return f"{restore} in the repository, then copy the file to {root / relative}"


def _files_of(prefix: str) -> tuple[str, ...]:
    folder = prefix if prefix.endswith(("/", "-")) else f"{prefix}/"
    return tuple(file for file in FILES_SHA256 if file.startswith(folder))


# Asking and splitting.


def _check_allowed(name: str) -> None:
    """Raise `DataError` if `$TUTORIALS_ALLOWED_DATA` is set and does not name the data set."""
    allowed = os.environ.get("TUTORIALS_ALLOWED_DATA")
    if allowed is not None and name not in {part.strip() for part in allowed.split(",")}:
        raise DataError(
            f"this tutorial loads {name}, which its header does not name (allowed: "
            f"{allowed or 'nothing'})\n  cure: add {name} to the header's `data` list"
        )


def _resolve_edition(edition: str | None) -> str:
    chosen = edition or os.environ.get("TUTORIALS_EDITION") or "default"
    if chosen not in EDITIONS:
        raise DataError(f"there is no edition {chosen!r}\n  cure: choose one of {EDITIONS}")
    return chosen


def _split(
    arrays: Arrays,
    *,
    name: str,
    edition: str,
    sha256: Mapping[str, str],
    class_names: tuple[str, ...],
    validation_fraction: float,
    seed: int,
) -> ImageData:
    """Hold the validation images out of the training set; both keep the original's order."""
    if not 0 <= validation_fraction < 1:
        raise ValueError(f"validation_fraction is {validation_fraction}, not in [0, 1)")
    images, labels = arrays["x_train"], arrays["y_train"]
    kept, held_out = np.arange(len(labels)), np.arange(0)
    if validation_fraction > 0:
        kept, held_out = train_test_split(
            kept, test_size=validation_fraction, stratify=labels, random_state=seed
        )
    kept, held_out = np.sort(kept), np.sort(held_out)
    return ImageData(
        train=Split(images[kept], labels[kept]),
        validation=Split(images[held_out], labels[held_out]),
        test=Split(arrays["x_test"], arrays["y_test"]),
        class_names=class_names,
        edition=edition,
        name=name,
        sha256=dict(sha256),
    )


def _labels(
    name: str, values: Any, classes: int | None = None, rows: tuple[str, int] | None = None
) -> np.ndarray:
    """Return labels from 0, below classes, as int64, shape `(n,)`, one for each of so many rows."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be labels of shape (n,), not {values!r:.80}") from None
    if array.ndim != 1 or not array.size or (rows and len(array) != rows[1]):
        wanted = f"({rows[1]},), one for each of {rows[0]}" if rows else "(n,), n at least 1"
        hint = f"; take {name}[:, 0]" if array.ndim == 2 and array.shape[1] == 1 else ""
        raise ValueError(f"{name} must be labels of shape {wanted}, not {array.shape}{hint}")
    if array.dtype.kind not in "iub":
        hint = "; of scores take the class of the highest" if array.dtype.kind == "f" else ""
        raise ValueError(f"{name} must be labels, integers from 0, not {array.dtype}{hint}")
    if array.min() < 0 or array.max() >= (classes or np.inf):
        wanted = f"from 0 to {classes - 1}, for {classes} classes" if classes else "from 0"
        raise ValueError(f"{name} must be labels {wanted}, not from {array.min()} to {array.max()}")
    return array.astype(np.int64)


def _stack(name: str, values: Any, *ranks: int) -> np.ndarray:
    """Return finite numbers in one array of one of these ranks, none of its axes empty."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one array, not {values!r:.80}") from None
    if array.ndim not in ranks or not array.size:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"{name} must have {wanted} axes, none empty, not shape {array.shape}")
    if array.dtype.kind not in "iufb":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but hold NaN or infinity")
    return array
