"""`snippets/datasets.py` on a few made-up images in every form: where it looks, and what it says."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snippets import datasets
from snippets.sampling import draw_sample

NAMES = ("x_train", "y_train", "x_test", "y_test")
RANDOM = np.random.default_rng(0)


def bytes_of(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


CLOTHES = {
    "x_train": bytes_of(40, 28, 28),
    "y_train": np.arange(40, dtype=np.uint8) % 2,
    "x_test": bytes_of(6, 28, 28),
    "y_test": np.arange(6, dtype=np.uint8) % 2,
}
WHOLE = {  # the full CIFAR-10, one pixel per image
    "x_train": bytes_of(10_050, 1),
    "y_train": (np.arange(10_050) % 10).astype(np.uint8),
    "x_test": bytes_of(2_050, 1),
    "y_test": (np.arange(2_050) % 10).astype(np.uint8),
}
DRAWN = {
    f"{axis}_{part}": WHOLE[f"{axis}_{part}"][draw_sample(WHOLE[f"y_{part}"], count, name=part)]
    for part, count in (("train", 1_000), ("test", 200))
    for axis in "xy"
}
SHEETS = {  # the sample as embedded: each image tells its number
    "x_train": np.zeros((10_000, 32, 32, 3), np.uint8),
    "y_train": (np.arange(10_000) % 10).astype(np.uint8),
    "x_test": np.zeros((2_000, 32, 32, 3), np.uint8),
    "y_test": (np.arange(2_000) % 10).astype(np.uint8),
}
for images in (SHEETS["x_train"], SHEETS["x_test"]):
    images[:, 3, 30, 1], images[:, 30, 4, 2] = np.divmod(np.arange(len(images)), 100)


def sums_of(arrays):
    return {name: hashlib.sha256(arrays[name].tobytes()).hexdigest() for name in NAMES}


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def publish(monkeypatch, folder, arrays):
    """Let these be the arrays that are published."""
    sizes = len(arrays["y_train"]), len(arrays["y_test"]), arrays["x_train"].shape[1:]
    monkeypatch.setitem(datasets._SIZES, folder, sizes)
    monkeypatch.setitem(datasets.ARRAYS_SHA256, folder, sums_of(arrays))


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))


def write_clothes(root):
    (root / "fashion-mnist").mkdir(parents=True)
    for name, array in CLOTHES.items():
        axis, part = name.split("_")
        kind = {"x": "images-idx3", "y": "labels-idx1"}[axis]
        start = {"train": "train", "test": "t10k"}[part]
        write_idx(root / "fashion-mnist" / f"{start}-{kind}-ubyte.gz", array)


def write_whole(root):
    (root / "cifar10-full").mkdir(parents=True)
    for name, array in WHOLE.items():
        np.save(root / "cifar10-full" / f"{name}.npy", array)


def write_sheets(root):
    (root / "cifar10").mkdir(parents=True)
    for part in ("train", "test"):
        for number, start in enumerate(range(0, len(SHEETS[f"x_{part}"]), 2_000)):
            tiles = SHEETS[f"x_{part}"][start : start + 2_000].reshape(40, 50, 32, 32, 3)
            pixels = tiles.transpose(0, 2, 1, 3, 4).reshape(40 * 32, 50 * 32, 3)
            path = root / "cifar10" / f"{part}-{number}.webp"
            Image.fromarray(pixels).save(path, lossless=True, quality=0, method=0)
        rows = "".join(f"{7 * i},{label}\n" for i, label in enumerate(SHEETS[f"y_{part}"]))
        (root / "cifar10" / f"{part}.csv").write_text(f"index,label\n{rows}")


def write_table(root, name):
    files = {f"{name}/{path.name}": sha256_of(path) for path in sorted((root / name).iterdir())}
    table = {name: {"default": {"files": files}}, "other": {"default": {"files": {"other/a": "1"}}}}
    (root / "checksums.json").write_text(json.dumps(table))


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    root = tmp_path_factory.mktemp("sheets")
    write_sheets(root)
    return root


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Let the repository and the cache be empty, and a folder named as well; return all three."""
    for variable in ("TUTORIALS_DATA", "TUTORIALS_EDITION", "TUTORIALS_ALLOWED_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "repository/snippets/datasets.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    publish(monkeypatch, "fashion-mnist", CLOTHES)
    publish(monkeypatch, "cifar10-full", WHOLE)
    publish(monkeypatch, "cifar10", DRAWN)
    offer(monkeypatch, fails=AssertionError("Keras was asked"))
    return types.SimpleNamespace(
        named=tmp_path / "named",
        repository=tmp_path / "repository/tutorials_src/data",
        cache=tmp_path / "caches/from-tensors-to-convnets",
        home=tmp_path / "home",
    )


def offer(monkeypatch, *, fashion_mnist=None, cifar10=None, fails=None):
    """Let `keras.datasets` have these arrays, or fail."""

    def load(arrays):
        if fails or arrays is None:
            raise fails or AssertionError("another data set was asked for")
        return tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))

    module = types.ModuleType("keras")
    module.datasets = types.SimpleNamespace(
        fashion_mnist=types.SimpleNamespace(load_data=lambda: load(fashion_mnist)),
        cifar10=types.SimpleNamespace(load_data=lambda: load(cifar10)),
    )
    monkeypatch.setitem(sys.modules, "keras", module)


def assert_holds(data, arrays):
    """Assert that data loaded with no validation images is these arrays."""
    found = (data.train.images, data.train.labels, data.test.images, data.test.labels)
    for array, name in zip(found, NAMES, strict=True):
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == np.uint8
        assert array.flags.writeable


def load_clothes():
    return datasets.load_fashion_mnist(validation_fraction=0)


def load_whole():
    return datasets.load_cifar10(edition="full", validation_fraction=0)


def load_sample():
    return datasets.load_cifar10(validation_fraction=0)


def refused(load):
    """Return the lines of the error with which the data is refused."""
    with pytest.raises(datasets.DataError) as error:
        load()
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return str(error.value).split("\n")


# Where it looks.


@pytest.mark.parametrize("place", ["repository", "cache"])
def test_fashion_mnist_is_read_from_its_four_files(places, place):
    write_clothes(getattr(places, place))
    data = load_clothes()
    assert_holds(data, CLOTHES)
    assert data.class_names == datasets.FASHION_MNIST_CLASSES
    assert (data.edition, len(data.validation)) == ("default", 0)


def test_the_sample_is_read_from_its_sheets(places, sheets, monkeypatch):
    publish(monkeypatch, "cifar10", SHEETS)
    monkeypatch.setenv("TUTORIALS_DATA", str(sheets))
    data = load_sample()
    assert_holds(data, SHEETS)
    assert data.class_names == datasets.CIFAR10_CLASSES
    assert data.edition == "default"


def test_the_full_edition_is_read_from_its_arrays(places, monkeypatch):
    write_whole(places.cache)
    assert_holds(load_whole(), WHOLE)
    monkeypatch.setenv("TUTORIALS_EDITION", "full")
    data = load_sample()
    assert_holds(data, WHOLE)
    assert data.edition == "full"


def test_the_sample_is_cut_out_of_the_full_arrays_where_there_are_no_sheets(places):
    write_whole(places.cache)
    data = load_sample()
    assert_holds(data, DRAWN)
    assert data.edition == "default"
    assert np.bincount(data.test.labels).tolist() == [200] * 10


def test_the_folder_that_is_named_comes_first_then_the_repository_then_the_cache(
    places, monkeypatch
):
    monkeypatch.setenv("TUTORIALS_DATA", "~/named")
    for place in (places.home / "named", places.repository, places.cache):
        write_clothes(place)
    for place in (places.home / "named", places.repository, places.cache):
        file = place / "fashion-mnist" / "train-images-idx3-ubyte.gz"
        file.unlink()
        assert refused(load_clothes)[0] == f"{file} is missing"
        (place / "fashion-mnist").rename(place / "elsewhere")


def test_the_cache_is_below_the_home_folder_unless_another_is_named(places, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    write_clothes(places.home / ".cache" / "from-tensors-to-convnets")
    assert_holds(load_clothes(), CLOTHES)


def test_keras_is_asked_last(monkeypatch):
    columns = {name: each[:, None] if name[0] == "y" else each for name, each in WHOLE.items()}
    offer(monkeypatch, fashion_mnist=CLOTHES)
    assert_holds(load_clothes(), CLOTHES)
    offer(monkeypatch, cifar10=columns)
    assert_holds(load_whole(), WHOLE)
    assert_holds(load_sample(), DRAWN)


# What it says.


@pytest.mark.parametrize(
    ("load", "folder", "cure"),
    [
        (load_clothes, "fashion-mnist", "git checkout -- tutorials_src/data/fashion-mnist"),
        (load_sample, "cifar10", "git checkout -- tutorials_src/data/cifar10"),
        (load_whole, "cifar10-full", "python tutorials_src/data/fetch.py"),
    ],
)
@pytest.mark.parametrize(
    ("error", "reason"),
    [(OSError(" no network\nmore lines"), "no network"), (ValueError(), "ValueError")],
)
def test_no_data_and_no_network_is_one_clear_error(
    places, monkeypatch, load, folder, cure, error, reason
):
    monkeypatch.setenv("TUTORIALS_DATA", str(places.named))
    offer(monkeypatch, fails=error)
    name = folder.removesuffix("-full")
    assert refused(load) == [
        f"{folder} was not found in {places.named}, {places.repository}, {places.cache}, and "
        f"keras.datasets could not download {name}: {reason}",
        f"  cure: {cure},",
        "  or set TUTORIALS_DATA to a copy of the repository's tutorials_src/data",
    ]


@pytest.mark.parametrize("start", [b"\n <!DOCTYPE html>", b"<html>", b"<?xml version='1.0'?>"])
def test_a_web_page_in_place_of_data_is_called_one(places, start):
    write_clothes(places.cache)
    write_table(places.cache, "fashion-mnist")
    file = places.cache / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    expected = sha256_of(file)
    file.write_bytes(start + b" Please log in" * 50)
    assert refused(load_clothes) == [
        f"{file} holds a web page (HTML), not data",
        f"  expected SHA-256 {expected}",
        f"  found SHA-256    {sha256_of(file)}",
        f"  cure: git checkout -- tutorials_src/data/fashion-mnist/{file.name}, or delete "
        f"{file.parent} to load from elsewhere",
    ]


def test_a_missing_file_is_named_and_so_is_one_that_cannot_be_read(places):
    write_clothes(places.cache)
    write_table(places.cache, "fashion-mnist")
    file = places.cache / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    expected = sha256_of(file)
    file.unlink()
    lines = refused(load_clothes)
    assert lines[0] == f"{file} is missing"
    assert lines[1:3] == [
        f"  expected SHA-256 {expected}",
        "  found SHA-256    none: there is no file",
    ]
    file.mkdir()
    assert refused(load_clothes)[0] == f"{file} cannot be read"


@pytest.mark.parametrize("table", [None, "{", "[]", "{}", '{"fashion-mnist": {"default": 3}}'])
def test_without_a_table_a_damaged_file_is_named_all_the_same(places, table):
    write_clothes(places.cache)
    if table is not None:
        (places.cache / "checksums.json").write_text(table)
    file = places.cache / "fashion-mnist" / "train-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:20])
    lines = refused(load_clothes)
    assert lines[0] == f"{file} is not a whole .gz file"
    assert lines[1] == "  expected SHA-256 not listed in checksums.json"


def test_a_whole_file_of_other_values_is_found_by_the_table(places):
    write_clothes(places.cache)
    write_table(places.cache, "fashion-mnist")
    file = places.cache / "fashion-mnist" / "train-labels-idx1-ubyte.gz"
    write_idx(file, CLOTHES["y_train"][::-1])
    assert refused(load_clothes)[0] == f"{file} does not hold the published data"


@pytest.mark.parametrize(
    ("name", "change", "form"),
    [
        ("y_train", lambda array: array[::-1], "uint8 (40,)"),
        ("x_test", lambda array: array[:, ::-1], "uint8 (6, 28, 28)"),
        ("x_test", lambda array: array.reshape(6, -1), "uint8 (6, 784)"),
        ("y_test", lambda array: array.view(np.int8), "int8 (6,)"),
        ("x_train", lambda array: array[:39], "uint8 (39, 28, 28)"),
    ],
)
def test_other_arrays_from_keras_are_refused(monkeypatch, name, change, form):
    wrong = CLOTHES | {name: change(CLOTHES[name])}
    offer(monkeypatch, fashion_mnist=wrong)
    assert refused(load_clothes) == [
        f"keras.datasets: {name}, {form}, does not hold the published data, uint8 "
        f"{CLOTHES[name].shape}",
        f"  expected SHA-256 {sums_of(CLOTHES)[name]}",
        f"  found SHA-256    {sums_of(wrong)[name]}",
        "  cure: delete the datasets folder of ~/.keras and load again",
    ]


def test_other_arrays_in_a_folder_without_a_table_are_refused(places):
    write_whole(places.cache)
    folder = places.cache / "cifar10-full"
    np.save(folder / "y_test.npy", WHOLE["y_test"][::-1])
    for load in (load_whole, load_sample):
        lines = refused(load)
        assert lines[0].startswith(f"{folder}: y_test, uint8 (2050,), does not hold")
        assert lines[-1] == f"  cure: delete {folder} and load again"


def test_a_sample_that_is_not_the_published_one_is_refused(places, monkeypatch):
    other = DRAWN | {"y_test": DRAWN["y_test"][::-1]}
    publish(monkeypatch, "cifar10", other)
    write_whole(places.cache)
    assert refused(load_sample)[0].startswith(f"{places.cache / 'cifar10-full'}: y_test,")
    (places.cache / "cifar10-full").rename(places.cache / "elsewhere")
    offer(monkeypatch, cifar10=WHOLE)
    assert refused(load_sample)[0].startswith("keras.datasets: y_test,")
    offer(monkeypatch, cifar10=WHOLE | {"x_test": WHOLE["x_test"][::-1]})
    assert refused(load_sample)[0].startswith("keras.datasets: x_test, uint8 (2050, 1), does not")


def png_of_a_sheet():
    stream = io.BytesIO()
    Image.new("RGB", (50 * 32, 40 * 32)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("train-2.webp", b"RIFF"),
        ("train-0.webp", png_of_a_sheet()),
        ("test.csv", b"index,label\n3\n"),
        ("test.csv", b"index,label\n3,cat\n"),
        ("train.csv", b"index,label\n3,300\n"),
    ],
)
def test_damaged_sheets_and_lists_are_named(sheets, monkeypatch, tmp_path, file, content):
    folder = tmp_path / "damaged" / "cifar10"
    folder.mkdir(parents=True)
    for path in (sheets / "cifar10").iterdir():
        (folder / path.name).symlink_to(path)
    (folder / file).unlink()
    (folder / file).write_bytes(content)
    monkeypatch.setenv("TUTORIALS_DATA", str(folder.parent))
    said = f"{folder / file} is not a whole {Path(file).suffix} file"
    assert refused(load_sample)[0] == said


def test_pickled_objects_are_not_loaded(places):
    write_whole(places.cache)
    file = places.cache / "cifar10-full" / "y_test.npy"
    np.save(file, np.array([{}]), allow_pickle=True)
    assert refused(load_whole)[0] == f"{file} is not a whole .npy file"


def test_data_that_the_header_does_not_name_is_refused(places, monkeypatch):
    write_clothes(places.cache)
    for allowed in ("cifar10 , fashion-mnist", "cifar10,fashion-mnist"):
        monkeypatch.setenv("TUTORIALS_ALLOWED_DATA", allowed)
        assert_holds(load_clothes(), CLOTHES)
    for allowed, shown in (("cifar10", "cifar10"), ("", "nothing")):
        monkeypatch.setenv("TUTORIALS_ALLOWED_DATA", allowed)
        assert refused(load_clothes) == [
            f"this tutorial loads fashion-mnist, which its header does not name (allowed: {shown})",
            "  cure: add fashion-mnist to the header's `data` list",
        ]


def test_an_edition_that_there_is_not_is_refused(monkeypatch):
    message = ["there is no edition 'huge'", "  cure: choose 'default' or 'full'"]
    assert refused(lambda: datasets.load_cifar10(edition="huge")) == message
    monkeypatch.setenv("TUTORIALS_EDITION", "huge")
    assert refused(load_clothes) == message


# Splits.


def test_a_tenth_is_held_out_by_seed_0_unless_asked(places):
    write_clothes(places.cache)
    data, same = datasets.load_fashion_mnist(), datasets.load_fashion_mnist(seed=0)
    assert (len(data.train), len(data.validation)) == (36, 4)
    assert np.bincount(data.validation.labels).tolist() == [2, 2]
    assert (data.validation.images == same.validation.images).all()
    other = datasets.load_fashion_mnist(seed=1, validation_fraction=0.5)
    assert (len(other.train), len(other.validation)) == (20, 20)
    write_whole(places.cache)
    found, same = datasets.load_cifar10().validation, datasets.load_cifar10(seed=0).validation
    assert len(found) == 1_000
    assert (found.images == same.images).all()
    assert len(datasets.load_cifar10(validation_fraction=0.25).validation) == 2_500


def test_each_part_keeps_the_order_and_another_seed_holds_out_others(places):
    write_whole(places.cache)
    splits = [datasets.load_cifar10(edition="full", seed=seed) for seed in (0, 0, 3)]
    firsts = [each.validation.images.tobytes() for each in splits]
    assert firsts[0] == firsts[1] != firsts[2]
    whole = WHOLE["x_train"][:, 0].tolist()
    for part in (splits[0].train, splits[0].validation):
        rest = iter(zip(whole, WHOLE["y_train"].tolist(), strict=True))
        pairs = zip(part.images[:, 0].tolist(), part.labels.tolist(), strict=True)
        assert all(pair in rest for pair in pairs), "not in the order of the whole"


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5])
def test_an_impossible_validation_fraction_is_refused(places, fraction):
    write_clothes(places.cache)
    said = re.escape(f"validation_fraction is {fraction}, not in [0, 1)")
    with pytest.raises(ValueError, match=f"^{said}$"):
        datasets.load_fashion_mnist(validation_fraction=fraction)


def test_a_sample_of_a_split_is_the_one_that_the_rule_draws():
    split = datasets.Split(CLOTHES["x_train"], CLOTHES["y_train"])
    for seed in (0, 5):
        drawn = draw_sample(split.labels, 7, seed=seed)
        sample = split.sample(7, seed=seed)
        assert (sample.images == split.images[drawn]).all()
        assert (sample.labels == split.labels[drawn]).all()
    assert (split.sample(7).images == split.sample(7, seed=0).images).all()
    assert [len(split.sample(count)) for count in (1, 20)] == [2, 40]
    for count in (0, 21):
        said = f"per_class must be from 1 to 20, as many as class 0 has, not {count}"
        with pytest.raises(ValueError, match=f"^{said}$"):
            split.sample(count)
