# SPDX-FileCopyrightText: 2026 The From Tensors to ConvNets authors
# SPDX-License-Identifier: MIT
"""Fashion-MNIST and CIFAR-10 as checked uint8 arrays, split into train, validation and test.

Needs: Python 3.11, numpy 2.0, pillow 11, scikit-learn 1.6, or newer; keras 3.15 with
tensorflow 2.21 only where no copy of the data is found on this machine. Copy this one file into
your project and `import datasets`.

`keras.datasets` downloads both. This file adds validation images, held out class by class, stratified
samples, class names, and a check: the arrays are compared with their published SHA-256, so the same
call gives the same bytes everywhere. It looks in the folder that `$TUTORIALS_DATA` names, in the
`tutorials_src/data` of the repository that it stands in, in the folder `from-tensors-to-convnets` of
your cache (`$XDG_CACHE_HOME` or `~/.cache`), and last asks Keras.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import train_test_split

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

# SHA-256 of the arrays (uint8, C order, images NHWC), by the folder that holds them: what every load
# is held to. The folder `cifar10` holds a sample of it, the default edition.
ARRAYS_SHA256: Mapping[str, Mapping[str, str]] = {
    "fashion-mnist": {
        "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
    "cifar10": {
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

_SIZES: Mapping[str, tuple[int, int, tuple[int, ...]]] = {  # images to train and test on, pixels
    "fashion-mnist": (60_000, 10_000, (28, 28)),
    "cifar10": (10_000, 2_000, (32, 32, 3)),
    "cifar10-full": (50_000, 10_000, (32, 32, 3)),
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

        Those whose place in the split has the lowest SHA-256: the same on every machine and version,
        and again in a larger sample. Another seed draws others.

        Raises:
            ValueError: `per_class` is below 1, or more than a class has images.

        >>> split = Split(np.zeros((6, 2, 2), np.uint8), np.array([0, 1, 0, 1, 0, 1], np.uint8))
        >>> split.sample(per_class=2).labels.tolist().count(0)
        2
        """
        drawn = _lowest_ranked(self.labels, per_class, f"{seed} sample")
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
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    edition: str


def load_fashion_mnist(*, validation_fraction: float = 0.1, seed: int = 0) -> ImageData:
    """Return Fashion-MNIST, pictures of ten kinds of clothes, 28 by 28 grey pixels.

    Args:
        validation_fraction: the fraction of the training set to hold out, at least 0 and below 1;
            each class gives the same fraction.
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
    edition = _resolve_edition(None)
    arrays = _load("fashion-mnist", "fashion-mnist")
    return _split(arrays, edition, FASHION_MNIST_CLASSES, validation_fraction, seed)


def load_cifar10(
    *, edition: str | None = None, validation_fraction: float = 0.1, seed: int = 0
) -> ImageData:
    """Return CIFAR-10, photographs of ten kinds of things, 32 by 32 colour pixels.

    Args:
        edition: `"default"` is a stratified sample of 10,000 training and 2,000 test images,
            `"full"` is all 50,000 and 10,000; `None` means `$TUTORIALS_EDITION`, else `"default"`.
        validation_fraction: the fraction of the training set to hold out, at least 0 and below 1;
            each class gives the same fraction.
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
    edition = _resolve_edition(edition)
    arrays = _load("cifar10", "cifar10-full" if edition == "full" else "cifar10")
    return _split(arrays, edition, CIFAR10_CLASSES, validation_fraction, seed)


def _split(
    arrays: Arrays,
    edition: str,
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
    )


# Where the arrays come from.


def _load(name: str, folder_name: str) -> Arrays:
    """Return the checked arrays of a data set from the first place that has them."""
    allowed = os.environ.get("TUTORIALS_ALLOWED_DATA")
    if allowed is not None and name not in {part.strip() for part in allowed.split(",")}:
        raise DataError(
            f"this tutorial loads {name}, which its header does not name (allowed: "
            f"{allowed or 'nothing'})\n  cure: add {name} to the header's `data` list"
        )
    chosen, cache = os.environ.get("TUTORIALS_DATA"), os.environ.get("XDG_CACHE_HOME")
    roots = [
        *([Path(chosen).expanduser()] if chosen else []),
        Path(__file__).resolve().parent.parent / "tutorials_src" / "data",
        (Path(cache) if cache else Path.home() / ".cache") / "from-tensors-to-convnets",
    ]
    for root in roots:
        folder, whole = root / folder_name, root / "cifar10-full"
        if folder.is_dir():
            return _checked(_read(folder), folder_name, folder)
        if folder_name == "cifar10" and whole.is_dir():
            sample = _cut_sample(_checked(_read(whole), "cifar10-full", whole))
            return _checked(sample, "cifar10", whole)
    arrays = _download(name, folder_name, roots)
    if folder_name == "cifar10":
        arrays = _cut_sample(_checked(arrays, "cifar10-full", None))
    return _checked(arrays, folder_name, None)


def _resolve_edition(edition: str | None) -> str:
    chosen = edition or os.environ.get("TUTORIALS_EDITION") or "default"
    if chosen not in ("default", "full"):
        raise DataError(f"there is no edition {chosen!r}\n  cure: choose 'default' or 'full'")
    return chosen


def _download(name: str, folder_name: str, looked_in: list[Path]) -> Arrays:
    """Return the arrays of `keras.datasets`, which keeps a cache of its own."""
    try:
        from keras import datasets as keras_datasets

        source = {"fashion-mnist": keras_datasets.fashion_mnist, "cifar10": keras_datasets.cifar10}
        (x_train, y_train), (x_test, y_test) = source[name].load_data()
    except Exception as error:  # whatever keras raises without a network or on a bad download
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(
            f"{folder_name} was not found in {', '.join(map(str, looked_in))}, and keras.datasets could "
            f"not download {name}: {reason[0]}\n  cure: {_cure(folder_name)},\n"
            "  or set TUTORIALS_DATA to a copy of the repository's tutorials_src/data"
        ) from None
    labels = {"y_train": y_train.reshape(-1), "y_test": y_test.reshape(-1)}
    return {"x_train": x_train, "x_test": x_test, **labels}


def _cut_sample(whole: Arrays) -> Arrays:
    """Return CIFAR-10's default edition, cut out of the whole, whose order it keeps."""
    sample: Arrays = {}
    for part, per_class in (("train", 1_000), ("test", 200)):
        drawn = _lowest_ranked(whole[f"y_{part}"], per_class, f"0 {part}")
        sample |= {name: whole[name][drawn] for name in (f"x_{part}", f"y_{part}")}
    return sample


def _lowest_ranked(labels: np.ndarray, per_class: int, text: str) -> NDArray[np.int64]:
    """Return the indices of the examples, so many per class, whose "text index" has the lowest SHA-256."""
    drawn: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        if not 1 <= per_class <= len(members):
            wanted = f"from 1 to {len(members)}, as many as class {label} has"
            raise ValueError(f"per_class must be {wanted}, not {per_class}")
        members.sort(key=lambda index: hashlib.sha256(f"{text} {index}".encode()).digest())
        drawn += members[:per_class]
    return np.array(sorted(drawn), dtype=np.int64)


# Reading and checking.


def _read(folder: Path) -> Arrays:
    """Return the arrays that a folder's files hold, not checked yet."""
    if folder.name == "cifar10-full":
        names = ("x_train", "y_train", "x_test", "y_test")
        return {
            name: _read_file(folder / f"{name}.npy", lambda content: np.load(io.BytesIO(content)))
            for name in names
        }
    arrays: Arrays = {}
    for part, idx, sheets in (("train", "train", 5), ("test", "t10k", 1)):
        if folder.name == "fashion-mnist":
            images = _read_file(folder / f"{idx}-images-idx3-ubyte.gz", _idx)
            labels = _read_file(folder / f"{idx}-labels-idx1-ubyte.gz", _idx)
        else:
            paths = [folder / f"{part}-{number}.webp" for number in range(sheets)]
            images = np.concatenate([_read_file(path, _sheet) for path in paths])
            labels = _read_file(folder / f"{part}.csv", _list)
        arrays |= {f"x_{part}": images, f"y_{part}": labels}
    return arrays


def _read_file(path: Path, decode: Callable[[bytes], Bytes]) -> Bytes:
    content = _content(path)
    if content is None:
        raise _damaged(path, "cannot be read" if path.exists() else "is missing")
    try:
        return decode(content)
    except Exception:  # a damaged file raises whatever its decoder meets
        raise _damaged(path, f"is not a whole {path.suffix} file") from None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _idx(content: bytes) -> Bytes:
    """Decode a gzipped IDX file of unsigned bytes: its rank, its lengths, its values."""
    content = gzip.decompress(content)
    lengths = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(lengths).copy()


def _sheet(content: bytes) -> Bytes:
    """Decode a sheet of 40 rows of 50 images, to shape `(2000, 32, 32, 3)`."""
    with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
        tiles = np.asarray(image.convert("RGB")).reshape(40, 32, 50, 32, 3)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(-1, 32, 32, 3)


def _list(content: bytes) -> Bytes:
    """Decode a list of lines "index,label" below a header."""
    return np.array([int(line.split(b",")[1]) for line in content.split()[1:]], np.uint8)


def _checked(arrays: Arrays, folder_name: str, folder: Path | None) -> Arrays:
    """Return the arrays of a folder (of Keras if `None`) if each has its shape, dtype and SHA-256."""
    train, test, pixels = _SIZES[folder_name]
    for name, expected in ARRAYS_SHA256[folder_name].items():
        array = np.ascontiguousarray(arrays[name])
        shape = (train if name.endswith("train") else test, *(pixels if name[0] == "x" else ()))
        found = hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()
        if array.shape == shape and array.dtype == np.uint8 and found == expected:
            continue
        for path, sha256 in (_published(folder) if folder else {}).items():  # which file is it?
            if hashlib.sha256(_content(path) or b"").hexdigest() != sha256:
                raise _damaged(path, "does not hold the published data")
        raise DataError(
            f"{folder or 'keras.datasets'}: {name}, {array.dtype} {array.shape}, does not hold the "
            f"published data, uint8 {shape}\n  expected SHA-256 {expected}\n  found SHA-256    {found}\n"
            f"  cure: delete {folder or 'the datasets folder of ~/.keras'} and load again"
        )
    return arrays


def _damaged(path: Path, problem: str) -> DataError:
    """Return an error that names the file, both checksums and the cure."""
    content = _content(path)
    if (content or b"")[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        problem = "holds a web page (HTML), not data"
    found = "none: there is no file" if content is None else hashlib.sha256(content).hexdigest()
    return DataError(
        f"{path} {problem}\n"
        f"  expected SHA-256 {_published(path.parent).get(path, 'not listed in checksums.json')}\n"
        f"  found SHA-256    {found}\n"
        f"  cure: {_cure(path.parent.name, path.name)}, or delete {path.parent} to load from elsewhere"
    )


def _published(folder: Path) -> dict[Path, str]:
    """Return the SHA-256 of a folder's files by the table beside it; none where there is no table."""
    try:
        table = json.loads((folder.parent / "checksums.json").read_text(encoding="utf-8"))
        files = table[folder.name]["default"]["files"]
        return {folder.parent / name: sha256 for name, sha256 in files.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):  # the arrays are what counts
        return {}


def _cure(folder_name: str, file: str = "") -> str:
    """Return the command that brings data back in the course's repository."""
    if folder_name == "cifar10-full":
        return "python tutorials_src/data/fetch.py"
    return f"git checkout -- tutorials_src/data/{folder_name}/{file}".rstrip("/")
