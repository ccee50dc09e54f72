"""Where a run took place, kept out of what it says: paths, home folders, memory addresses, process numbers."""

from __future__ import annotations

import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from .errors import TutorialError
from .settings import Settings

_ERROR = TypeVar("_ERROR", bound=TutorialError)

# Folders that every machine has: `/usr/bin/env` says nothing of this one.
_EVERYWHERE = ("/usr", "/usr/local")
# What differs from run to run and means nothing, with what stands for it.
_NUMBERS = (
    (re.compile(r"\b([Aa]t 0x)[0-9A-Fa-f]{6,16}\b"), r"\1…"),
    (re.compile(r"\b(Thread 0x)[0-9a-f]{6,16}\b"), r"\1…"),
    (re.compile(r"\b(p?pid)( ?[=:] ?| )\d+\b"), r"\1\2…"),
    # As a process and a thread show themselves: `parent=3` alone may speak of a tree.
    (re.compile(r"(<\w*Process name='[^'\n]*'[^>\n]* parent=)\d+\b"), r"\1…"),
    (re.compile(r"(<\w+\([^>\n]*, (?:started|stopped)(?: daemon)? )\d{9,}(?=\)>)"), r"\1…"),
    (re.compile(r"\b(JPY_PARENT_PID(?:=|': '))\d+\b"), r"\1…"),  # in a kernel's environment
    (re.compile(r"(?<=/)(tmp|__autograph_generated_file)[a-z0-9_]{8}\b"), r"\1…"),
    # Keras lists what an exported model captured under numbers that are addresses.
    (re.compile(r"(?m)^(  )\d{12,15}(?=: TensorSpec\()"), r"\1…"),
)


class Places:
    """Names that are the same on every machine for the places of one run.

    Args:
        root: the repository.
        of_run: folders of one run, with what to call them.
    """

    def __init__(self, root: Path, of_run: Mapping[Path, str] | None = None) -> None:
        paths = sysconfig.get_paths()
        names: list[tuple[Path | str | None, str]] = [
            *(of_run or {}).items(),
            (paths["purelib"], "site-packages"),
            (paths["platlib"], "site-packages"),
            (paths["stdlib"], "python"),
            (sys.prefix, "sys.prefix"),
            (sys.base_prefix if sys.base_prefix not in _EVERYWHERE else None, "sys.prefix"),
            (root, "."),
            (_home(), "~"),
            (tempfile.gettempdir(), "/tmp"),
        ]
        self._names: dict[str, str] = {}
        for path, name in names:
            for form in _forms(path) if path else ():
                self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        # A path begins where no name or path goes on, and ends where its last name ends.
        self._pattern = re.compile(
            r"(?<![\w.\-/\\])(?:file://)?("
            + "|".join(map(re.escape, longest_first))
            + r")(?![\w\-]|\.\w)([/\\]*)"
        )

    def hide(self, text: str) -> str:
        """Return a text in which stable names stand for this machine's."""
        if "/" in text or "\\" in text:
            text = self._pattern.sub(self._name, text)
        for pattern, stable in _NUMBERS:
            text = pattern.sub(stable, text)
        return text

    def hide_in(self, error: _ERROR) -> _ERROR:
        """Return an error whose message, and those of the other faults, may be published."""
        hidden = copy(error)
        hidden.message = self.hide(error.message)
        hidden.others = tuple(map(self.hide_in, error.others))
        return hidden

    def _name(self, match: re.Match[str]) -> str:
        name, separator = self._names[match[1]], match[2]
        # What lies in the working folder or the repository is called as from there.
        return "" if name == "." and separator else name + separator


def of_the_build(settings: Settings) -> Places:
    """Return the names for what happens outside a run."""
    return Places(settings.root)


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # a user without one
        return None


def _forms(path: Path | str) -> Iterable[str]:
    """Return how a path may be written: as given, resolved, in a literal, in an address."""
    for each in {Path(path), Path(path).resolve()}:
        if len(each.parts) > 1:
            yield from {str(each), each.as_posix(), repr(str(each))[1:-1], quote(each.as_posix())}
