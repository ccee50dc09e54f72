"""Foreign images: which pictures of somebody's notebook come along, and under which names.

A notebook may name any path. What comes along lies in the notebook's folder or below it, and its content is a
picture's: nothing else of the machine ends in the repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

LARGEST = 16 * 2**20
# Media type, as notebooks and addresses give it.
MEDIA = frozenset(
    ["image/png", "image/jpeg", "image/gif", "image/svg+xml", "image/webp", "image/avif"]
)
# Suffix -> how the content of such a file begins.
_BEGINNINGS = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpg": re.compile(rb"\xff\xd8\xff"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "avif": re.compile(rb".{4}ftypavi[fs]", re.DOTALL),
    "svg": re.compile(
        rb"(?:\xef\xbb\xbf)?(?:\s|<\?[^>]*>|<!--(?:(?!-->).)*-->|<!DOCTYPE[^>]*>)*+<svg[\s>]",
        re.DOTALL,
    ),
}


class ImageRefused(Exception):
    """Why an image does not come along."""


@dataclass
class Images:
    """The images that come along, by the names that they get beside the tutorial.

    Args:
        read: gives what a path beside the notebook holds, None where there is no such file; see `images_in`.
        taken: gives what a file of a name beside the tutorial holds, None where the name is free.
        prefix: what the name of each begins with.
    """

    read: Callable[[str], bytes | None]
    taken: Callable[[str], bytes | None]
    prefix: str
    files: dict[str, bytes] = field(default_factory=dict)

    def keep(self, content: bytes, path: str) -> str:
        """Return the name under which an image comes along; its suffix says what it holds.

        Raises:
            ImageRefused: the content is no image that browsers show.
        """
        if (suffix := _kind_of(content)) is None:
            raise ImageRefused("it is not of a kind that browsers show")
        stem = PurePosixPath(path).stem
        stem = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-").lower()[-40:] or "image"
        count = 1
        while True:
            file = f"{self.prefix}-{stem}{f'-{count}' if count > 1 else ''}.{suffix}"
            there = self.files.get(file, self.taken(file))
            if there is None:
                self.files[file] = content
            if there in (None, content):
                return file
            count += 1


def images_in(folder: Path) -> Callable[[str], bytes | None]:
    """Return what reads an image by its path in a folder: None where there is no file.

    What it returns raises `ImageRefused` for a path that leads out of the folder, by `..`, from the root or
    through a link, and for what is too large.
    """
    root = folder.resolve()

    def read(name: str) -> bytes | None:
        try:
            path = (root / name).resolve()
            if not path.is_relative_to(root):
                raise ImageRefused("it is not in the notebook's folder")
            if not path.is_file():
                return None
            with path.open("rb") as stream:
                content = stream.read(LARGEST + 1)
        except (OSError, RuntimeError, ValueError):
            return None
        if len(content) > LARGEST:
            raise ImageRefused(f"it has more than {LARGEST // 2**20} MiB")
        return content

    return read


def _kind_of(content: bytes) -> str | None:
    return next((kind for kind, begins in _BEGINNINGS.items() if begins.match(content)), None)
