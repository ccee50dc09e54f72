"""Draw the embedded CIFAR-10 sample out of the full data set and write it beside this script.

    python tutorials_src/data/fetch.py                # once: the full data set
    python tutorials_src/data/draw_cifar10_sample.py  # about two minutes

Writes `cifar10/`: WebP sheets (lossless, 50 by 40 images each, row by row), and for each split a
list `index,label` in the same order, where `index` counts from 0 in the original split. The rule
that draws is `draw_sample` in `snippets/datasets.py`; it has a fixed seed and uses no random
generator. Also writes `checksums.json`, the table of SHA-256 of files and arrays, and prints the
constants that `snippets/datasets.py` carries.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from snippets import datasets  # noqa: E402


def write_sheets(folder: Path, split: str, images: np.ndarray) -> list[Path]:
    """Write images, uint8 `(n, 32, 32, 3)`, as lossless WebP sheets; return their paths."""
    rows, columns = datasets.SHEET_ROWS, datasets.SHEET_COLUMNS
    paths = []
    for number, start in enumerate(range(0, len(images), rows * columns)):
        tiles = images[start : start + rows * columns].reshape(rows, columns, 32, 32, 3)
        pixels = tiles.transpose(0, 2, 1, 3, 4).reshape(rows * 32, columns * 32, 3)
        path = folder / f"{split}-{number}.webp"
        Image.fromarray(pixels).save(path, lossless=True, quality=100, method=6)
        paths.append(path)
    return paths


def write_list(folder: Path, split: str, indices: np.ndarray, labels: np.ndarray) -> Path:
    """Write the index list with its labels; return its path."""
    path = folder / f"{split}.csv"
    lines = [f"{index},{label}\n" for index, label in zip(indices, labels, strict=True)]
    path.write_bytes("".join(["index,label\n", *lines]).encode("ascii"))
    return path


def checksums(folder: Path, sample: datasets.Arrays) -> dict[str, dict[str, dict[str, object]]]:
    """Return the table of `checksums.json` for the files below `folder`."""

    def files(name: str) -> dict[str, str]:
        suffixes = {".gz", ".webp", ".csv"}
        paths = sorted(path for path in (folder / name).iterdir() if path.suffix in suffixes)
        return {path.relative_to(folder).as_posix(): datasets.file_sha256(path) for path in paths}

    def arrays(loaded: datasets.Arrays) -> dict[str, str]:
        return {name: datasets.array_sha256(array) for name, array in loaded.items()}

    fashion = datasets.read_fashion_mnist(folder)
    if fashion is None:
        raise datasets.DataError(
            f"{folder / 'fashion-mnist'} is missing\n"
            "  cure: git checkout -- tutorials_src/data/fashion-mnist"
        )
    return {
        "fashion-mnist": {"default": {"files": files("fashion-mnist"), "arrays": arrays(fashion)}},
        "cifar10": {
            "default": {
                "files": files("cifar10"),
                "arrays": arrays(sample),
            },
            "full": {"files": {}, "arrays": dict(datasets.ARRAYS_SHA256["cifar10-full"])},
        },
    }


def main() -> int:
    full = datasets.read_cifar10_full(datasets.cache_folder())
    if full is None:
        print("no full CIFAR-10 in the cache: run python tutorials_src/data/fetch.py first")
        return 1
    folder = HERE / "cifar10"
    folder.mkdir(exist_ok=True)
    sample = datasets.cut_cifar10_sample(full)
    for split, per_class in datasets.CIFAR10_SAMPLE_PER_CLASS.items():
        indices = datasets.draw_sample(full[f"y_{split}"], split=split, per_class=per_class)
        write_list(folder, split, indices, sample[f"y_{split}"])
        for path in write_sheets(folder, split, sample[f"x_{split}"]):
            print(f"{path.name}: {path.stat().st_size:,} bytes")
    table = checksums(HERE, sample)
    (HERE / "checksums.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=2))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except datasets.DataError as error:
        sys.exit(str(error))
