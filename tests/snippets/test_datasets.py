"""`snippets/datasets.py` on the embedded data, whole and damaged."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import datasets
from snippets.sampling import draw_sample

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tutorials_src" / "data"
SNIPPET = ROOT / "snippets" / "datasets.py"
VARIABLES = ("TUTORIALS_DATA", "TUTORIALS_EDITION", "TUTORIALS_ALLOWED_DATA")


def import_file(path: Path, name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


published = import_file(DATA / "published.py", "published_under_test")
TABLE = json.loads((DATA / "checksums.json").read_text())
FILES_SHA256 = {
    file: sha256 for name in TABLE for file, sha256 in TABLE[name]["default"]["files"].items()
}
FULL = published.cache_folder() / "cifar10-full"
needs_full = pytest.mark.skipif(
    not FULL.is_dir(), reason="no full CIFAR-10: python tutorials_src/data/fetch.py gets it"
)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def fashion_mnist():
    return datasets._load("fashion-mnist", "fashion-mnist")


@pytest.fixture(scope="module")
def cifar10():
    return datasets._load("cifar10", "cifar10")


@pytest.fixture(scope="module")
def cifar10_labels():
    """The labels of the whole CIFAR-10, which are small enough to keep beside the test."""
    text = gzip.decompress((Path(__file__).parent / "cifar10_labels.txt.gz").read_bytes())
    train, test = (np.frombuffer(line, np.uint8) - ord("0") for line in text.split())
    return {"train": train, "test": test}


@pytest.fixture
def copied_data(tmp_path, monkeypatch):
    """A data folder of links, whose files a test may replace, as `$TUTORIALS_DATA`."""
    folder = tmp_path / "data"
    for source in (DATA / file for file in ("checksums.json", *FILES_SHA256)):
        target = folder / source.relative_to(DATA)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)
    monkeypatch.setenv("TUTORIALS_DATA", str(folder))
    return folder


@pytest.fixture
def lone_snippet(tmp_path, monkeypatch):
    """The snippet copied alone into an empty folder, with an empty cache."""
    folder = tmp_path / "alone"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return import_file(Path(shutil.copy(SNIPPET, folder)), "lone_datasets")


# Damage: each takes the bytes of a good file and gives those of a bad one.


def flip_a_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    if content.startswith(b"index,label"):  # a label: the indices are for the reader
        middle = content.index(b"\n", middle) - 1
    return content[:middle] + bytes([content[middle] ^ 0x04]) + content[middle + 1 :]


def truncate(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def web_page(content: bytes) -> bytes:
    return b"<!DOCTYPE html><html><body>Please log in</body></html>"


def empty(content: bytes) -> bytes:
    return b""


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def load(file: str):
    return datasets.load_cifar10() if "cifar10" in file else datasets.load_fashion_mnist()


DAMAGED_FILES = (
    "fashion-mnist/train-images-idx3-ubyte.gz",
    "fashion-mnist/t10k-labels-idx1-ubyte.gz",
    "cifar10/train-2.webp",
    "cifar10/test.csv",
)


# What loads.


def test_fashion_mnist_has_named_splits_of_uint8_pictures():
    data = datasets.load_fashion_mnist()
    assert data.train.images.shape == (54_000, 28, 28)
    assert data.validation.images.shape == (6_000, 28, 28)
    assert data.test.images.shape == (10_000, 28, 28)
    assert data.train.images.dtype == data.train.labels.dtype == np.uint8
    assert (data.edition, len(data.class_names)) == ("default", 10)


def test_cifar10_has_named_splits_of_uint8_pictures():
    data = datasets.load_cifar10()
    assert data.train.images.shape == (9_000, 32, 32, 3)
    assert data.validation.images.shape == (1_000, 32, 32, 3)
    assert data.test.images.shape == (2_000, 32, 32, 3)
    assert data.train.images.dtype == data.train.labels.dtype == np.uint8
    assert (data.edition, len(data.class_names)) == ("default", 10)


@pytest.mark.parametrize(
    ("name", "edition", "folder"),
    [
        ("fashion-mnist", "default", "fashion-mnist"),
        ("cifar10", "default", "cifar10"),
        ("cifar10", "full", "cifar10-full"),
    ],
)
def test_the_snippet_and_the_table_of_checksums_agree(name, edition, folder):
    entry = TABLE[name][edition]
    assert entry["arrays"] == datasets.ARRAYS_SHA256[folder]
    for file, checksum in entry["files"].items():
        assert checksum == published.file_sha256(DATA / file)


def test_the_table_of_checksums_lists_every_embedded_file():
    folders = (DATA / "fashion-mnist", DATA / "cifar10")
    found = {path.relative_to(DATA).as_posix() for folder in folders for path in folder.iterdir()}
    assert set(FILES_SHA256) == found


def test_the_embedded_data_takes_about_fifty_megabytes():
    size = sum(path.stat().st_size for path in DATA.rglob("*") if path.suffix != ".py")
    assert 45e6 < size < 55e6


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_holds_out_the_same_images(copied_data, seed):
    first, second = (datasets.load_cifar10(seed=seed) for _ in range(2))
    assert np.array_equal(first.validation.images, second.validation.images)
    assert np.array_equal(first.train.labels, second.train.labels)


def test_another_seed_holds_out_other_images():
    first, second = (datasets.load_cifar10(seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.validation.images, second.validation.images)


@given(
    labels=st.lists(st.integers(0, 2), min_size=60, max_size=200).filter(
        lambda labels: min(labels.count(label) for label in range(3)) >= 10
    ),
    fraction=st.floats(0.1, 0.5),
    seed=st.integers(0, 2**32 - 1),
)
def test_validation_is_disjoint_from_training_and_stratified(labels, fraction, seed):
    labels = np.array(labels, dtype=np.uint8)
    arrays = {
        "x_train": np.arange(len(labels)),  # in place of pictures, so that each can be told
        "y_train": labels,
        "x_test": np.arange(0),
        "y_test": np.arange(0),
    }
    data = datasets._split(
        arrays,
        edition="default",
        class_names=(),
        validation_fraction=fraction,
        seed=seed,
    )
    together = np.concatenate([data.train.images, data.validation.images])
    assert sorted(together.tolist()) == list(range(len(labels)))
    assert np.array_equal(data.validation.labels, labels[data.validation.images])
    held_out = np.bincount(data.validation.labels, minlength=3)
    assert np.all(np.abs(held_out - fraction * np.bincount(labels, minlength=3)) <= 2)


def test_no_validation_leaves_the_training_set_as_published(cifar10):
    data = datasets.load_cifar10(validation_fraction=0)
    assert len(data.validation) == 0
    assert np.array_equal(data.train.images, cifar10["x_train"])


@pytest.mark.parametrize("fraction", [-0.1, 1.0])
def test_an_impossible_validation_fraction_is_refused(fraction):
    with pytest.raises(ValueError, match="validation_fraction"):
        datasets.load_cifar10(validation_fraction=fraction)


# The sample.


def test_the_sample_has_the_same_number_of_images_in_each_class(cifar10):
    assert np.bincount(cifar10["y_train"]).tolist() == [1_000] * 10
    assert np.bincount(cifar10["y_test"]).tolist() == [200] * 10


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_published_list_is_what_the_rule_draws(cifar10_labels, split):
    labels = cifar10_labels[split]
    assert published.array_sha256(labels) == datasets.ARRAYS_SHA256["cifar10-full"][f"y_{split}"]
    indices = draw_sample(labels, {"train": 1_000, "test": 200}[split], name=split)
    listed = np.loadtxt(DATA / "cifar10" / f"{split}.csv", delimiter=",", skiprows=1, dtype=int)
    assert np.array_equal(listed, np.stack([indices, labels[indices]], axis=1))


@needs_full
def test_the_sample_is_the_full_set_at_the_published_indices(cifar10):
    for split in ("train", "test"):
        lines = np.loadtxt(DATA / "cifar10" / f"{split}.csv", delimiter=",", skiprows=1, dtype=int)
        full = np.load(FULL / f"x_{split}.npy", mmap_mode="r")
        assert np.array_equal(cifar10[f"x_{split}"], full[lines[:, 0]])


@needs_full
def test_the_full_edition_has_the_published_mean():
    data = datasets.load_cifar10(edition="full", validation_fraction=0)
    mean = data.train.images.mean(axis=(0, 1, 2))
    assert mean == pytest.approx([125.30691805, 122.95039414, 113.86538318])
    assert (data.edition, len(data.train), len(data.test)) == ("full", 50_000, 10_000)


# Where it looks.


@needs_full
def test_a_cache_with_the_full_set_gives_the_same_sample(lone_snippet, tmp_path):
    cache = tmp_path / "cache" / "from-tensors-to-convnets"
    cache.mkdir(parents=True)
    (cache / "cifar10-full").symlink_to(FULL, target_is_directory=True)
    data = lone_snippet.load_cifar10(edition="default")
    assert len(data.train) == 9_000


def fake_keras(monkeypatch, load_data):
    module = types.ModuleType("keras")
    source = types.SimpleNamespace(load_data=load_data)
    module.datasets = types.SimpleNamespace(fashion_mnist=source, cifar10=source)
    monkeypatch.setitem(sys.modules, "keras", module)


def test_keras_is_asked_last_and_its_arrays_are_the_same(lone_snippet, fashion_mnist, monkeypatch):
    arrays = fashion_mnist
    published = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    fake_keras(monkeypatch, lambda: published)
    data = lone_snippet.load_fashion_mnist(validation_fraction=0)
    assert np.array_equal(data.train.images, fashion_mnist["x_train"])


@needs_full
def test_the_sample_can_be_cut_out_of_what_keras_gives(lone_snippet, cifar10, monkeypatch):
    full = published.read_cifar10_full(FULL.parent)
    given = (
        (full["x_train"], full["y_train"].reshape(-1, 1)),
        (full["x_test"], full["y_test"].reshape(-1, 1)),
    )
    fake_keras(monkeypatch, lambda: given)
    data = lone_snippet.load_cifar10(edition="default", validation_fraction=0)
    assert np.array_equal(data.train.images, cifar10["x_train"])
    assert np.array_equal(data.test.labels, cifar10["y_test"])


def test_wrong_arrays_from_keras_are_refused(lone_snippet, fashion_mnist, monkeypatch):
    arrays = fashion_mnist
    upside_down = arrays["x_train"][:, ::-1]
    given = (upside_down, arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
    fake_keras(monkeypatch, lambda: given)
    with pytest.raises(lone_snippet.DataError) as error:
        lone_snippet.load_fashion_mnist()
    assert "keras.datasets" in str(error.value)
    assert datasets.ARRAYS_SHA256["fashion-mnist"]["x_train"] in str(error.value)
    assert published.array_sha256(upside_down) in str(error.value)


@pytest.mark.parametrize(
    ("edition", "cure"),
    [("default", "git checkout -- tutorials_src/data/cifar10"), ("full", "data/fetch.py")],
)
def test_no_data_and_no_network_is_one_clear_error(lone_snippet, monkeypatch, edition, cure):
    def no_network():
        raise OSError("URL fetch failure\nmore lines")

    fake_keras(monkeypatch, no_network)
    with pytest.raises(lone_snippet.DataError) as error:
        lone_snippet.load_cifar10(edition=edition)
    assert "URL fetch failure" in str(error.value)
    assert "more lines" not in str(error.value)
    assert cure in str(error.value)


def test_the_file_alone_works_in_an_empty_folder(tmp_path):
    shutil.copy(SNIPPET, tmp_path)
    program = (
        "import sys, datasets\n"
        "data = datasets.load_cifar10()\n"
        "heavy = {'keras', 'tensorflow'} & set(sys.modules)\n"
        "print(datasets.__file__, len(data.train), len(data.test), heavy)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"TUTORIALS_DATA": str(DATA), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.stderr == ""
    assert answer.stdout.split(maxsplit=1)[1].strip() == "9000 2000 set()"
    assert Path(answer.stdout.split()[0]).parent == tmp_path


# Damage.


@pytest.mark.parametrize("damage", [flip_a_byte, truncate, web_page, empty])
@pytest.mark.parametrize("file", DAMAGED_FILES)
def test_a_damaged_file_is_named_with_both_checksums_and_the_cure(copied_data, file, damage):
    replace(copied_data / file, damage((DATA / file).read_bytes()))
    with pytest.raises(datasets.DataError) as error:
        load(file)
    message = str(error.value)
    assert str(copied_data / file) in message
    assert f"expected SHA-256 {FILES_SHA256[file]}" in message
    assert f"found SHA-256    {published.file_sha256(copied_data / file)}" in message
    assert f"git checkout -- tutorials_src/data/{file}" in message
    assert ("web page" in message) == (damage is web_page)
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize("file", DAMAGED_FILES)
def test_a_missing_file_is_named_with_the_cure(copied_data, file):
    (copied_data / file).unlink()
    with pytest.raises(datasets.DataError, match="is missing") as error:
        load(file)
    assert str(copied_data / file) in str(error.value)
    assert f"git checkout -- tutorials_src/data/{file}" in str(error.value)


def test_pictures_in_place_of_labels_are_refused(copied_data):
    file = "fashion-mnist/t10k-labels-idx1-ubyte.gz"
    pictures = (DATA / "fashion-mnist/t10k-images-idx3-ubyte.gz").read_bytes()
    replace(copied_data / file, pictures)
    with pytest.raises(datasets.DataError, match="t10k-labels"):
        datasets.load_fashion_mnist()


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x00\x0d\x01\x00\x00\x00\x01\x00\x00\x00\x00",  # floats
        b"\x00\x00\x08\x01\x00\x00\x00\x09abc",  # announces nine values, holds three
        b"\x00\x00\x08\x03\x00\x00",  # ends inside its header
    ],
)
def test_a_whole_gzip_file_that_is_not_the_idx_file_is_refused(copied_data, content):
    file = "fashion-mnist/t10k-labels-idx1-ubyte.gz"
    replace(copied_data / file, gzip.compress(content))
    with pytest.raises(datasets.DataError, match="t10k-labels"):
        datasets.load_fashion_mnist()


def test_a_sheet_of_another_size_is_refused(copied_data):
    from PIL import Image

    sheet = copied_data / "cifar10" / "test-0.webp"
    sheet.unlink()
    Image.new("RGB", (64, 64)).save(sheet, lossless=True)
    with pytest.raises(datasets.DataError, match=r"test-0\.webp is not a whole"):
        datasets.load_cifar10()


@settings(max_examples=25, deadline=None)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_a_sheet_never_escapes_as_another_error(
    tmp_path_factory, position, bit
):
    content = bytearray((DATA / "cifar10" / "test-0.webp").read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    sheet = tmp_path_factory.mktemp("flipped") / "test-0.webp"
    sheet.write_bytes(content)
    try:
        images = datasets._read_file(sheet, datasets._sheet)
    except datasets.DataError:
        return
    assert images.shape == (2_000, 32, 32, 3)


@needs_full
@pytest.mark.parametrize("damage", [flip_a_byte, truncate, web_page, empty])
def test_a_damaged_full_set_is_named(tmp_path, damage, monkeypatch):
    folder = tmp_path / "cifar10-full"
    folder.mkdir()
    for path in FULL.glob("*.npy"):
        (folder / path.name).symlink_to(path)
    replace(folder / "y_test.npy", damage((FULL / "y_test.npy").read_bytes()))
    monkeypatch.setenv("TUTORIALS_DATA", str(tmp_path))
    with pytest.raises(datasets.DataError) as error:
        datasets.load_cifar10(edition="full")
    assert str(folder) in str(error.value)
    assert "y_test" in str(error.value)


def test_a_damaged_npy_header_never_escapes_as_another_error(tmp_path, monkeypatch):
    (tmp_path / "cifar10-full").mkdir()
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (10000,"  # brackets left open
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    (tmp_path / "cifar10-full" / "x_train.npy").write_bytes(content)
    monkeypatch.setenv("TUTORIALS_DATA", str(tmp_path))
    with pytest.raises(
        datasets.DataError, match=r"x_train\.npy is not a whole \.npy file"
    ) as error:
        datasets.load_cifar10(edition="full")
    assert "cure: python tutorials_src/data/fetch.py" in str(error.value)


# What a tutorial may load, and in which edition.


@pytest.mark.parametrize("allowed", ["", "fashion-mnist", "fashion-mnist, mnist"])
def test_data_that_the_header_does_not_name_is_refused(monkeypatch, allowed):
    monkeypatch.setenv("TUTORIALS_ALLOWED_DATA", allowed)
    with pytest.raises(datasets.DataError, match="add cifar10 to the header's `data` list"):
        datasets.load_cifar10()


def test_data_that_the_header_names_is_loaded(monkeypatch):
    monkeypatch.setenv("TUTORIALS_ALLOWED_DATA", "fashion-mnist, cifar10")
    assert len(datasets.load_cifar10().test) == 2_000


def test_the_edition_comes_from_the_environment_unless_it_is_named(monkeypatch):
    monkeypatch.setenv("TUTORIALS_EDITION", "full")
    assert datasets.load_cifar10(edition="default").edition == "default"
    assert datasets._resolve_edition(None) == "full"


def test_an_unknown_edition_is_refused(monkeypatch):
    monkeypatch.setenv("TUTORIALS_EDITION", "huge")
    with pytest.raises(datasets.DataError, match="no edition 'huge'"):
        datasets.load_cifar10()


def test_a_sample_of_a_split_is_stratified_drawn_from_it_and_always_the_same():
    split = datasets.load_fashion_mnist().validation
    sample = split.sample(20)
    assert np.bincount(sample.labels).tolist() == [20] * 10
    known = {image.tobytes() for image in split.images}
    assert all(image.tobytes() in known for image in sample.images)
    assert (split.sample(20).images == sample.images).all()
    assert (split.sample(20, seed=1).images != sample.images).any()


def test_a_larger_sample_holds_the_smaller_one():
    split = datasets.load_fashion_mnist().validation
    larger = {image.tobytes() for image in split.sample(30).images}
    assert all(image.tobytes() in larger for image in split.sample(20).images)


def test_a_sample_larger_than_its_class_is_refused():
    split = datasets.Split(np.zeros((4, 2, 2), np.uint8), np.array([0, 0, 0, 1], np.uint8))
    with pytest.raises(
        ValueError, match="per_class must be from 1 to 1, as many as class 1 has, not 2"
    ):
        split.sample(2)
