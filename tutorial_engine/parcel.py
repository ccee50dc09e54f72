"""A parcel: all that another machine needs to run one tutorial as this one would.

That machine has the same packages, this engine among them, and the data; of the repository it has
nothing. Snippets travel as they are, data by name and SHA-256.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from .data import data_files, data_table, find_published, user_cache
from .documents import Document
from .errors import Refused
from .execute import Execution
from .fingerprint import Key, installed, required_by
from .run import Run
from .scratch import locked_folder
from .settings import Settings
from .surroundings import FONTS, link
from .tutorial import Tutorial

_HERE = Path(__file__).parent
# What runs the cells, and so has a hand in their outputs without being imported by them.
_RUNNERS = ("ipykernel", "nbclient", "nbformat")
_LOOK_EVERY_S = 0.5


def _engine_code() -> str:
    digest = hashlib.sha256()
    files = [*_HERE.glob("[!.]*.py"), *_HERE.glob("fonts/*.ttf"), _HERE / "matplotlibrc"]
    for file in sorted(files):
        digest.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


# As this process has it: read again later, it could be other code. Not looked at below, since code of
# another engine could not read a parcel at all.
ENGINE = _engine_code()


@dataclass(frozen=True)
class Parcel:
    """One tutorial on its way to another machine.

    Args:
        settings: of the build; its root means nothing there.
        snippets: what each file of `snippets/` holds, by its name.
        data: what is published of the data that the header names, as in `checksums.json`.
        folders: data that was fetched for the full edition, by name.
        versions: of all that is installed here.
        needed: the names of those that must be the same there before anything runs.
        date: `SOURCE_DATE_EPOCH`, if it is set.
    """

    tutorial: Tutorial
    key: Key
    settings: Settings
    snippets: dict[str, bytes] = field(repr=False)
    data: dict[str, Document] = field(repr=False)
    folders: tuple[str, ...]
    versions: dict[str, str] = field(repr=False)
    needed: frozenset[str] = field(repr=False)
    date: str = ""

    @property
    def data_files(self) -> list[tuple[str, str]]:
        """Each published file with its SHA-256."""
        entries = (editions[self.settings.edition] for editions in self.data.values())
        return [item for entry in entries for item in entry.get("files", {}).items()]


def pack(tutorial: Tutorial, key: Key, settings: Settings) -> Parcel:
    """Return what another machine needs to run a tutorial.

    Raises:
        SourceError: the header names data that the course does not have.
    """
    prefix = "version of "
    named = {part.removeprefix(prefix) for part in key.parts if part.startswith(prefix)}
    versions = installed()
    return Parcel(
        tutorial=tutorial,
        key=key,
        settings=settings,
        snippets={
            file.name: file.read_bytes() for file in (settings.root / "snippets").glob("*.py")
        },
        data=data_table(tutorial, settings),
        folders=tuple(
            name for name, path in data_files(tutorial, settings).items() if path.is_dir()
        ),
        versions=versions,
        needed=frozenset(required_by([*(named - {"python"}), *_RUNNERS]) & set(versions)),
        date=os.environ.get("SOURCE_DATE_EPOCH", ""),
    )


def execute(parcel: Parcel, is_wanted: Callable[[], bool] = lambda: True) -> Run:
    """Run what a parcel holds: the picklable form, for executors that live in other processes.

    Args:
        is_wanted: asked now and then; once it says no, the kernel is ended.

    Raises:
        Refused: this machine differs from the one that packed it.
        TutorialError: what `Execution.run` raises.
    """
    _refuse(parcel, _differences(parcel))
    with locked_folder() as root, contextlib.ExitStack() as stack:
        execution = Execution(parcel.tutorial, parcel.key, _unpack(parcel, root))
        stack.enter_context(_ended_unless(is_wanted, execution))
        run = execution.run()
    loaded: dict[str, str] = {
        canonicalize_name(name): version
        for name, version in run.dependencies["distributions"].items()
    }
    _refuse(parcel, _other_versions(loaded, {name: parcel.versions.get(name) for name in loaded}))
    return replace(run, finished=float(parcel.date)) if parcel.date else run


def refusal(parcel: Parcel, why: str) -> Refused:
    """Return the error of a parcel that is not run."""
    remedy = (
        "install on each worker what requirements.lock lists and this revision of the engine, "
        "and let TUTORIALS_DATA there name a copy of tutorials_src/data"
    )
    return Refused(why, file=parcel.tutorial.file, remedy=remedy)


def _refuse(parcel: Parcel, differences: list[str]) -> None:
    if differences:
        raise refusal(parcel, f"{platform.node()} has {', '.join(differences)}")


def _differences(parcel: Parcel) -> list[str]:
    """Say in what this machine differs from the one that packed a parcel, as far as it counts."""
    said = []
    python, wanted = platform.python_version(), parcel.key.parts["version of python"]
    if python != wanted:
        said.append(f"Python {python} instead of {wanted}")
    needed = {name: parcel.versions[name] for name in sorted(parcel.needed)}
    said += _other_versions(installed(), needed)
    for file, digest in parcel.data_files:
        try:
            find_published(file, digest)
        except LookupError as error:
            said.append(str(error))
    said += [f"no data {name}" for name in parcel.folders if not (user_cache() / name).is_dir()]
    return said


def _other_versions(here: Mapping[str, str], wanted: Mapping[str, str | None]) -> list[str]:
    return [
        f"{name} {here.get(name)} instead of {version}" if here.get(name) else f"no {name}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]


def _unpack(parcel: Parcel, root: Path) -> Settings:
    """Write what a run reads of a repository into a folder; return the settings of a build there."""
    settings = replace(parcel.settings, root=root)
    snippets = root / "snippets"
    snippets.mkdir()
    for name, source in parcel.snippets.items():
        (snippets / name).write_bytes(source)
    settings.data.mkdir(parents=True)
    (settings.data / "checksums.json").write_text(json.dumps(parcel.data), encoding="utf-8")
    for file, digest in parcel.data_files:
        link(find_published(file, digest), settings.data / file)
    fonts = user_cache() / FONTS
    with contextlib.suppress(OSError):  # a list of fonts that is not kept is only made again
        fonts.mkdir(parents=True, exist_ok=True)
        settings.cache.mkdir(parents=True)
        (settings.cache / FONTS).symlink_to(fonts)
    return settings


@contextlib.contextmanager
def _ended_unless(is_wanted: Callable[[], bool], execution: Execution) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_EVERY_S):
            if not is_wanted():
                execution.cancel()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
