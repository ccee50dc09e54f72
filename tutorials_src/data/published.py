"""The full CIFAR-10 as published, and where it is kept: what brings it and what draws from it share this."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
from snippets.datasets import ARRAYS_SHA256, Arrays, DataError

AGAIN = "python tutorials_src/data/fetch.py"


def cache_folder() -> Path:
    """Return the folder that keeps fetched data, where `snippets.datasets` looks: one rule on every system."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (
        Path(home) if home else Path.home() / ".cache"
    ) / "from-tensors-to-convnets"


def read_cifar10_full(cache: Path) -> Arrays | None:
    """Return the checked arrays of `cache/cifar10-full`, or `None` if there is no such folder.

    Raises:
        DataError: the folder is there, and a file in it is missing or damaged.
    """
    folder = cache / "cifar10-full"
    if not folder.is_dir():
        return None
    arrays: Arrays = {}
    for name in ARRAYS_SHA256["cifar10-full"]:
        path = folder / f"{name}.npy"
        try:
            arrays[name] = np.load(path, allow_pickle=False)
        except (
            Exception
        ):  # a damaged header raises whatever its parser does
            raise DataError(
                f"{path} is no whole .npy file\n"
                f"  found SHA-256    {file_sha256(path)}\n  cure: {AGAIN}"
            ) from None
    check_arrays(arrays, came_from=str(folder))
    return arrays


def store(arrays: Arrays, cache: Path) -> None:
    """Write `cache/cifar10-full/*.npy`: all files beside it first, then each in its place."""
    ready, final = (
        cache / "downloads" / "cifar10-full",
        cache / "cifar10-full",
    )
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir(parents=True)
    for name, array in arrays.items():
        with (ready / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    if not final.exists():
        ready.rename(final)
        return
    for name in arrays:
        (ready / f"{name}.npy").replace(final / f"{name}.npy")


def check_arrays(arrays: Arrays, *, came_from: str) -> None:
    """Raise `DataError` unless the arrays are the published ones."""
    for name, expected in ARRAYS_SHA256["cifar10-full"].items():
        found = array_sha256(arrays[name])
        if found != expected:
            raise DataError(
                f"{came_from}: {name} is not the published array\n"
                f"  expected SHA-256 {expected}\n  found SHA-256    {found}\n  cure: {AGAIN}"
            )


def check_file(path: Path, sha256: str, *, came_from: str) -> None:
    """Raise `DataError` unless the file is the published one."""
    found = file_sha256(path)
    if found != sha256:
        raise DataError(
            f"{path} from {came_from} is not the published file and stays unopened\n"
            f"  expected SHA-256 {sha256}\n  found SHA-256    {found}\n  cure: {AGAIN}"
        )


def array_sha256(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's bytes in C order."""
    return hashlib.sha256(
        np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    ).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or a few words where there is no file to read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "none: there is no such file"
