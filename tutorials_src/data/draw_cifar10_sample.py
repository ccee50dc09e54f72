"""Draw the embedded CIFAR-10 sample out of the full data set and write it beside this script.

    python tutorials_src/data/fetch.py                # once: the full data set
    python tutorials_src/data/draw_cifar10_sample.py  # about two minutes

Writes `cifar10/`: WebP sheets (lossless, 50 by 40 images each, row by row), and for each split a
list `index,label` in the same order, where `index` counts from 0 in the original split. The rule
that draws is `draw_sample` in `snippets/sampling.py`; it has a fixed seed and uses no random
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

from snippets.datasets import (  # noqa: E402
    ARRAYS_SHA256,
    Arrays,
    DataError,
    load_fashion_mnist,
)
from snippets.sampling import draw_sample  # noqa: E402
from tutorials_src.data.published import (  # noqa: E402
    array_sha256,
    cache_folder,
    file_sha256,
    read_cifar10_full,
)

PER_CLASS = {"train": 1_000, "test": 200}
ROWS, COLUMNS = 40, 50  # images of 32 by 32 pixels on one sheet


def write_sheets(
    folder: Path, split: str, images: np.ndarray
) -> list[Path]:
    """Write images, uint8 `(n, 32, 32, 3)`, as lossless WebP sheets; return their paths."""
    paths = []
    for number, start in enumerate(range(0, len(images), ROWS * COLUMNS)):
        tiles = images[start : start + ROWS * COLUMNS].reshape(
            ROWS, COLUMNS, 32, 32, 3
        )
        pixels = tiles.transpose(0, 2, 1, 3, 4).reshape(
            ROWS * 32, COLUMNS * 32, 3
        )
        path = folder / f"{split}-{number}.webp"
        Image.fromarray(pixels).save(
            path, lossless=True, quality=100, method=6
        )
        paths.append(path)
    return paths


def write_list(
    folder: Path, split: str, indices: np.ndarray, labels: np.ndarray
) -> Path:
    """Write the index list with its labels; return its path."""
    path = folder / f"{split}.csv"
    lines = [
        f"{index},{label}\n"
        for index, label in zip(indices, labels, strict=True)
    ]
    path.write_bytes("".join(["index,label\n", *lines]).encode("ascii"))
    return path


def checksums(
    folder: Path, sample: Arrays
) -> dict[str, dict[str, dict[str, object]]]:
    """Return the table of `checksums.json` for the files below `folder`."""

    def files(name: str) -> dict[str, str]:
        suffixes = {".gz", ".webp", ".csv"}
        paths = sorted(
            path
            for path in (folder / name).iterdir()
            if path.suffix in suffixes
        )
        return {
            path.relative_to(folder).as_posix(): file_sha256(path)
            for path in paths
        }

    def arrays(loaded: Arrays) -> dict[str, str]:
        return {name: array_sha256(array) for name, array in loaded.items()}

    fashion = load_fashion_mnist(validation_fraction=0)
    clothes = {
        "x_train": fashion.train.images,
        "y_train": fashion.train.labels,
        "x_test": fashion.test.images,
        "y_test": fashion.test.labels,
    }
    return {
        "fashion-mnist": {
            "default": {
                "files": files("fashion-mnist"),
                "arrays": arrays(clothes),
            }
        },
        "cifar10": {
            "default": {
                "files": files("cifar10"),
                "arrays": arrays(sample),
            },
            "full": {
                "files": {},
                "arrays": dict(ARRAYS_SHA256["cifar10-full"]),
            },
        },
    }


def main() -> int:
    full = read_cifar10_full(cache_folder())
    if full is None:
        print(
            "no full CIFAR-10 in the cache: run python tutorials_src/data/fetch.py first"
        )
        return 1
    folder = HERE / "cifar10"
    folder.mkdir(exist_ok=True)
    sample: Arrays = {}
    for split, per_class in PER_CLASS.items():
        indices = draw_sample(full[f"y_{split}"], per_class, name=split)
        sample |= {
            name: full[name][indices]
            for name in (f"x_{split}", f"y_{split}")
        }
        write_list(folder, split, indices, sample[f"y_{split}"])
        for path in write_sheets(folder, split, sample[f"x_{split}"]):
            print(f"{path.name}: {path.stat().st_size:,} bytes")
    table = checksums(HERE, sample)
    (HERE / "checksums.json").write_text(
        json.dumps(table, indent=2) + "\n", encoding="utf-8"
    )
    print(json.dumps(table, indent=2))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DataError as error:
        sys.exit(str(error))
