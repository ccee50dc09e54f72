"""Remedies: what to do about a cell that fails, by what it raised and where."""

from __future__ import annotations

import re

from .fingerprint import (
    distribution_of,
    imported_modules,
    package_remedy,
    version_of,
    versions_of,
)
from .tutorial import Tutorial

_MISSING = re.compile(r"No module named '(?P<module>[\w.]+)'")
# What says that another machine was asked and did not answer.
_NETWORK_ERRORS = frozenset(
    {
        *("URLError", "HTTPError", "gaierror", "ConnectionError", "ConnectionRefusedError"),
        *("ConnectTimeout", "ReadTimeout", "MaxRetryError", "NewConnectionError", "ProxyError"),
        *("SSLError", "RemoteDisconnected", "ConnectError", "LocalEntryNotFoundError"),
    }
)
_NETWORK_WORDS = re.compile(
    r"URL fetch failure|name resolution|Name or service not known|getaddrinfo failed"
    r"|Network is unreachable|urlopen error|Max retries exceeded|Could not reach host"
)
_KERAS_DATA = re.compile(r"\bdatasets[./\\](?P<name>\w+)\.(?:load_data|py)\b")
_NOT_IN_HEADER = re.compile(
    r"loads (?P<name>[\w-]+), which its header does not name|(?P<other>[\w-]+) is not in the header"
)
_CHANGED = (
    re.compile(
        r"cannot import name '\w+' from (?:partially initialized module )?'(?P<module>[\w.]+)'"
    ),
    re.compile(r"module '(?P<module>[\w.]+)' has no attribute"),
    re.compile(r"No module named '(?P<module>\w+\.[\w.]+)'"),
)
_ARGUMENT = re.compile(
    r"got an unexpected keyword argument|missing \d+ required|takes (?:from )?\d+ .*positional"
    r"|(?:Unrecognized keyword arguments|Argument\(s\) not recognized)"
)
_FRAME = re.compile(r"site-packages[/\\](?P<package>\w+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_DATA = "CONTRIBUTING.md, 'Packages, data and images'"


def remedy_for(name: str, value: str, traceback: str, tutorial: Tutorial) -> str:
    """Return what to do about an exception that ended a cell.

    Args:
        name: the exception's type.
        value: its message.
    """
    traceback = _COLOUR.sub("", traceback)
    if name in ("MemoryError", "ResourceExhaustedError"):
        return "let the cell hold less at once, or let fewer kernels run side by side (jobs)"
    if match := _NOT_IN_HEADER.search(value):
        data = [*tutorial.header.data, match["name"] or match["other"]]
        return f"name the data in the header: data: [{', '.join(data)}]"
    if name in _NETWORK_ERRORS or _NETWORK_WORDS.search(value):
        return _bring_data(traceback, tutorial)
    if name == "ModuleNotFoundError" and (match := _MISSING.search(value)):
        top = match["module"].partition(".")[0]
        if not distribution_of(top):
            return package_remedy(top)
    if changed := _changed_interface(name, value, traceback, tutorial):
        return changed
    if name == "FileNotFoundError":
        return (
            "write the file in a cell above: a run begins in an empty folder. Data has a checksum and a name in "
            f"the header; see {_DATA}"
        )
    return "correct the cell"


def _bring_data(traceback: str, tutorial: Tutorial) -> str:
    match = _KERAS_DATA.search(traceback)
    if match and match["name"].replace("_", "-") not in tutorial.header.data:
        return (
            f"use data that the course has, named in the header, or bring keras.datasets.{match['name']} "
            f"along with a checksum: a run downloads nothing; see {_DATA}"
        )
    return (
        "bring what the cell fetches along, with a checksum, and name it in the header: a page must build where "
        f"there is no network; see {_DATA}"
    )


def _changed_interface(name: str, value: str, traceback: str, tutorial: Tutorial) -> str:
    """Return what to do about a library that has another interface than the cell expects, nothing if it has not."""
    if name not in (
        "AttributeError",
        "TypeError",
        "ImportError",
        "ModuleNotFoundError",
        "ValueError",
    ):
        return ""
    module = next((match["module"] for each in _CHANGED if (match := each.search(value))), "")
    if not module and _ARGUMENT.search(value):
        frames = [
            each for each in _FRAME.findall(traceback) if each not in ("IPython", "ipykernel")
        ]
        module = frames[-1] if frames else ""
    top = module.partition(".")[0]
    library = distribution_of(top) if top else None
    if not library:
        installed = versions_of(imported_modules(tutorial, {}))
        if not installed or not (_ARGUMENT.search(value) or " object has no attribute " in value):
            return ""
        names = ", ".join(f"{name} {version}" for name, version in installed.items())
        return (
            f"correct the cell; if it was written for other versions, these are installed: {names}"
        )
    return (
        f"correct the cell for {library} {version_of(library)}, the version that is installed: its interface is "
        f"another one than the cell expects. Look the name up in {library}'s documentation and release notes"
    )
