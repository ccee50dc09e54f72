"""The data that tutorials name: published checksums, verified before anything runs on them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

from .documents import Document
from .errors import DataFileError, SourceError
from .files import file_digest
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
            found = file_digest(path)
        except FileNotFoundError:
            found = "no file"
        except OSError as error:
            found = f"no file that can be read ({error.strerror})"
        if found != expected:
            raise DataFileError(
                f"damaged data, needed by {tutorial.file}: "
                f"expected SHA-256 {expected}, found {found}",
                file=shown,
                remedy=f"git checkout -- {shown}",
            )
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


def data_names(settings: Settings) -> list[str]:
    """Return the names that a header may give, none where the list of data does not read."""
    try:
        return sorted(_table(settings))
    except (OSError, ValueError):
        return []


def data_files(tutorial: Tutorial, settings: Settings) -> dict[str, Path]:
    """Return what the run may read of the data that the header names: place in the data folder -> path.

    Raises:
        SourceError: the header names data that the course does not have.
    """
    found = {}
    for name in tutorial.header.data:
        for file in _entry(tutorial, name, settings).get("files", {}):
            found[file] = settings.data / file
        fetched = user_cache() / f"{name}-full"
        if settings.edition == "full" and fetched.is_dir():
            found[fetched.name] = fetched
    return found


def data_table(tutorial: Tutorial, settings: Settings) -> dict[str, Document]:
    """Return what is published of the data that the header names: name -> edition -> entry.

    Raises:
        SourceError: the header names data that the course does not have.
    """
    return {
        name: {settings.edition: _entry(tutorial, name, settings)} for name in tutorial.header.data
    }


def find_published(file: str, digest: str) -> Path:
    """Return where a machine that need not have the repository has a published file.

    Looks where `snippets/datasets.py` does: in the folder that `TUTORIALS_DATA` names, in the repository
    if the engine is installed from one, in the user's cache.

    Raises:
        LookupError: it is nowhere, or what is there is not the published one.
    """
    named = os.environ.get("TUTORIALS_DATA")
    folders = [Path(named)] if named else []
    folders += [Path(__file__).parents[1] / "tutorials_src" / "data", user_cache()]
    problem = f"no {file}"
    for folder in folders:
        path = folder / file
        with contextlib.suppress(OSError):
            if file_digest(path) == digest:
                return path.resolve()
            problem = f"another {file}"
    raise LookupError(problem)


def user_cache() -> Path:
    """Return where `tutorials_src/data/fetch.py` keeps what it has fetched."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "from-tensors-to-convnets"


def _entry(tutorial: Tutorial, name: str, settings: Settings) -> Document:
    try:
        table = _table(settings)
    except (OSError, ValueError) as error:
        shown = _table_file(settings).relative_to(settings.root).as_posix()
        raise DataFileError(
            f"the list of data, needed by {tutorial.file}, does not read: {error}",
            file=shown,
            remedy=f"git checkout -- {shown}",
        ) from None
    if name not in table:
        raise SourceError(
            f"the header names unknown data '{name}'",
            file=tutorial.file,
            line=1,
            remedy=f"name one of {', '.join(sorted(table)) or '(no data published)'}",
        )
    editions: dict[str, Document] = table[name]
    return editions.get(settings.edition) or editions["default"]


def _table(settings: Settings) -> dict[str, Document]:
    try:
        table: dict[str, Document] = json.loads(_table_file(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return table


def _table_file(settings: Settings) -> Path:
    return settings.data / "checksums.json"
