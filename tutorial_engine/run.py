"""The result of an execution: what is stored, and what pages are made from."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from .documents import Dependencies, Document, Output


@dataclass(frozen=True)
class Artifact:
    """A file that a run left behind and that its page offers."""

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest that its page shows."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Run:
    """One complete execution of one tutorial.

    Args:
        name: the tutorial's name.
        key: digest of the key it ran under.
        parts: the key's parts, kept to say later why it became stale.
        outputs: for each code cell, its outputs as notebook JSON; text cleaned.
        claims: the text of each claim that was evaluated and held, in order.
        faults: what the run itself showed to be wrong, as `faults.py` has it; of figures and questions, whose
            words may change without a run, it is told from the outputs each time.
        values: for each inline expression in order, `[code cells before it, code, value]`; the value is
            None where a preview has not come so far.
        artifacts: files kept.
        finished: when it ended, seconds since the epoch.
        wall_s, cpu_s: seconds on the clock and on the processor.
        peak_mb: the kernel's peak resident memory, MB.
        machine: processor and cores, for the stamp.
        dependencies: what it was seen to use beside what the key knows: `files` and `variables` by name
            with their digests, None for what was not there; `distributions` with their versions.
    """

    name: str
    key: str
    parts: dict[str, str]
    outputs: list[list[Output]]
    claims: list[str]
    values: list[list[Any]]
    artifacts: tuple[Artifact, ...]
    finished: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    machine: str
    dependencies: Dependencies = field(default_factory=dict)
    faults: list[Document] = field(default_factory=list)

    def value(self, cells_before: int, code: str, occurrence: int = 0) -> str | None:
        """Return an inline expression's value, found by its place, whatever prose moved around it.

        Args:
            occurrence: how often the same expression stands earlier at this place.
        """
        found: list[str | None] = [
            value
            for place, expression, value in self.values
            if place == cells_before and expression == code
        ]
        if occurrence >= len(found):
            raise KeyError((cells_before, code, occurrence))
        return found[occurrence]

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of its payload."""
        return _digest(self.payload())

    def payload(self) -> str:
        """Return all of it as text, the same for the same run."""
        return json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_payload(cls, payload: str, digest: str) -> Run:
        """Return what `payload` gave.

        Raises:
            ValueError: it is not the text of this digest, or not JSON.
        """
        if digest != _digest(payload):
            raise ValueError("its checksum does not match")
        run = cls.from_json(json.loads(payload))
        vars(run)["digest"] = digest  # so that it need not be made again
        return run

    def to_json(self) -> Document:
        """Return what JSON can hold of it."""
        document = asdict(self)
        document["artifacts"] = [
            {"name": item.name, "content": base64.b64encode(item.content).decode()}
            for item in self.artifacts
        ]
        return document

    @classmethod
    def from_json(cls, document: Document) -> Run:
        """Return what `to_json` was made of."""
        artifacts = tuple(
            Artifact(item["name"], base64.b64decode(item["content"]))
            for item in document["artifacts"]
        )
        return cls(**{**document, "artifacts": artifacts})


def _digest(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()
