"""The data that tutorials name: published checksums, verified before anything runs on them."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

from .errors import DataFileError, SourceError
from .settings import Settings
from .tutorial import Tutorial


def data_checksums(tutorial: Tutorial, name: str, settings: Settings) -> str:
    """Return one digest for a dataset in the current edition, its files verified.

    Raises:
        SourceError: the header names data that the course does not have.
        DataFileError: a file is missing or differs from the published one.
    """
    entry = _entry(tutorial, name, settings)
    for file, expected in sorted(entry.get("files", {}).items()):
        path = settings.data / file
        shown = path.relative_to(settings.root).as_posix()
        try:
            stat = path.stat()
        except FileNotFoundError:
            found = "no file"
        else:
            found = _sha256(path, stat.st_size, stat.st_mtime_ns)
        if found != expected:
            raise DataFileError(
                f"damaged data, needed by {tutorial.file}: "
                f"expected SHA-256 {expected}, found {found}",
                file=shown,
                remedy=f"git checkout -- {shown}",
            )
    return hashlib.sha256(json.dumps(entry["arrays"], sort_keys=True).encode()).hexdigest()


def _entry(tutorial: Tutorial, name: str, settings: Settings) -> dict:
    table_file = settings.data / "checksums.json"
    table = json.loads(table_file.read_text()) if table_file.is_file() else {}
    if name not in table:
        raise SourceError(
            f"the header names unknown data '{name}'",
            file=tutorial.file,
            line=1,
            remedy=f"name one of {', '.join(sorted(table)) or '(no data published)'}",
        )
    return table[name].get(settings.edition) or table[name]["default"]


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, size: int, modified: int) -> str:
    """Hash a file; size and time are in the signature so that a changed file is hashed again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
