"""Versions: how each entry of the atlas behaves with other versions of its libraries, as a file says that measured it.

`tests/bench/versions.py` runs the entries and writes the file; the build reads it and runs nothing for it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .entries import Entry
from .errors import SourceError
from .tutorial import Tutorial

FILE = "tutorials_src/5_when_it_goes_wrong/versions.json"
# What differs from one program, machine or run to the next.
_GENERAL = re.compile(r"0x[0-9a-fA-F]+|/[^\s'\"]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_SHOWN = 160


@dataclass(frozen=True)
class Behaviour:
    """What an entry did with one pair of versions.

    Args:
        raised: type and message of each error, in order.
        warned, printed: what it wrote.
        claims: whether each of its claims held.
    """

    raised: list[str]
    warned: str
    printed: str
    claims: list[bool]


@dataclass(frozen=True)
class Measured:
    """What was measured of all entries.

    Args:
        date: the day, as ISO 8601 writes it.
        command: what measured it.
        environments: name of a package -> its version, for each pair; the last is what the others differ from.
        verdicts: an entry's page and anchor -> in words how each of the other pairs differs, "" where it does not.
        digests: the same -> that of the code that was run.
    """

    date: str
    command: str
    environments: list[dict[str, str]]
    verdicts: dict[str, list[str]]
    digests: dict[str, str]

    def to_json(self) -> str:
        """Return it as the file holds it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def load(cls, root: Path) -> Measured | None:
        """Read the file of a repository; None where there is none.

        Raises:
            SourceError: it does not hold what was measured.
        """
        file = root / FILE
        if not file.is_file():
            return None
        try:
            measured: Measured = TypeAdapter(cls).validate_json(file.read_bytes())
            measured._check()
            return measured
        except ValidationError as error:
            problem = error.errors()[0]
            said = ": ".join([*map(str, problem["loc"]), problem["msg"]])
        except (OSError, ValueError) as error:
            said = str(error)
        raise SourceError(
            f"not what was measured of the entries: {said}",
            file=FILE,
            remedy="measure again with tests/bench/versions.py, or delete the file",
        )

    def _check(self) -> None:
        if not self.environments:
            raise ValueError("environments: there is none")
        for environment in self.environments:
            if missing := {"python", "tensorflow", "keras"} - environment.keys():
                raise ValueError(f"environments: one has no {', '.join(sorted(missing))}")
        count = len(self.environments) - 1
        for name in self.digests:
            if (found := len(self.verdicts.get(name, ()))) != count:
                raise ValueError(f"verdicts: {name}: {found}, where {count} pairs were compared")


def digest_of_entry(entry: Entry) -> str:
    """Return what changes with the code of an entry, blank lines aside, and with no version of Python."""
    lines = [
        line.rstrip() for cell in entry.cells if cell.is_code for line in cell.source.split("\n")
    ]
    return hashlib.sha256("\n".join(filter(None, lines)).encode()).hexdigest()[:16]


def name_of(tutorial: Tutorial, entry: Entry) -> str:
    """Return what an entry is called in the file.

    >>> from tutorial_engine.tutorial import Header
    >>> page = Tutorial("tutorials_src/5_wrong/21_shapes.py", Header(title="Shapes", summary="Shapes."), ())
    >>> name_of(page, Entry("No `batch` axis"))
    'shapes#no-batch-axis'
    """
    return f"{tutorial.name}#{entry.anchor}"


def differences(measured: Measured, tutorial: Tutorial, entry: Entry) -> list[tuple[str, str]]:
    """Return how an entry differs with other versions: which, and what they do; nothing of code that has changed."""
    name = name_of(tutorial, entry)
    if measured.digests.get(name) != digest_of_entry(entry):
        return []
    found: list[tuple[list[str], str]] = []
    for environment, verdict in zip(measured.environments, measured.verdicts[name], strict=False):
        pair = f"TensorFlow {environment['tensorflow']} and Keras {environment['keras']}"
        if found and found[-1][1] == verdict:
            found[-1][0].append(pair)
        else:
            found.append(([pair], verdict))
    return [
        (pairs[0] if len(pairs) == 1 else f"{pairs[0]} to {pairs[-1]}", verdict)
        for pairs, verdict in found
        if verdict
    ]


def compared(seen: Behaviour, expected: Behaviour) -> str:
    """Say in words how a behaviour differs from another; nothing where it does not."""
    if len(seen.raised) < len(expected.raised):
        return "no error"
    if len(seen.raised) > len(expected.raised):
        return f"an error: {_short(seen.raised[0])}"
    for now, then in zip(seen.raised, expected.raised, strict=True):
        if now.partition(":")[0] != then.partition(":")[0]:
            return f"another error: {_short(now)}"
        if _general(now) != _general(then):
            return f"another message: {_short(now)}"
    if _warns(seen) != _warns(expected):
        return f"a warning: {_short(seen.warned)}" if _warns(seen) else "no warning"
    if seen.claims != expected.claims:
        return f"another value: {_short(seen.printed)}"
    return ""


def _warns(behaviour: Behaviour) -> bool:
    return "Warning: " in behaviour.warned


def _general(text: str) -> str:
    return " ".join(_GENERAL.sub("0", text).split())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
