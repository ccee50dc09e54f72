"""Whether what was read from the store is a run of the tutorial that asks for it."""

from __future__ import annotations

import base64
import math
from collections import Counter
from typing import get_type_hints

from pydantic import TypeAdapter

from .documents import Output
from .fingerprint import Key, expression_places
from .run import Run
from .tutorial import CODE_TAGS, Cell, Tutorial, text_of

_KINDS = {name: TypeAdapter(kind) for name, kind in get_type_hints(Run).items()}
_FIELDS: dict[str, dict[str, type]] = {
    "stream": {"name": str, "text": str},
    "error": {"ename": str, "evalue": str, "traceback": list},
    "execute_result": {"data": dict, "metadata": dict},
    "display_data": {"data": dict, "metadata": dict},
}


def check_form(run: Run) -> None:
    """Insist that every field of a run, and of its outputs, is of its kind.

    Raises:
        ValueError: one is not.
    """
    for name, kind in _KINDS.items():
        kind.validate_python(getattr(run, name), strict=True)
    if not all(map(math.isfinite, (run.finished, run.wall_s, run.cpu_s, run.peak_mb))):
        raise ValueError("its figures are not numbers")
    for used in run.dependencies.values():
        if not all(isinstance(each, str | None) for each in used.values()):
            raise ValueError("what it used is not recorded as text")
    for place in run.values:
        if [type(each) for each in place] != [int, str, str]:
            raise ValueError("a value is not a place, a code and a text")
    for outputs in run.outputs:
        for output in outputs:
            _check_output(output)


def check_fit(run: Run, tutorial: Tutorial, key: Key) -> None:
    """Insist that a run is one of this tutorial under this key.

    Raises:
        ValueError: it is not; says what differs.
    """
    cells = tutorial.code_cells
    claims = [text_of(node) for _, node in tutorial.claims]
    artifacts = list(tutorial.header.artifacts)
    if (
        run.faults
    ):  # some of them may say that a claim does not hold, or that a file was not written
        claims = [each for each in claims if each in run.claims]
        artifacts = [each for each in artifacts if each in {item.name for item in run.artifacts}]
    pairs = {
        "name": (run.name, tutorial.name),
        "key": ((run.key, run.parts), (key.digest, key.parts)),
        "number of outputs": (len(run.outputs), len(cells)),
        "claims": (run.claims, claims),
        "values": (
            Counter((place, code) for place, code, _ in run.values),
            Counter(expression_places(tutorial)),
        ),
        "artifacts": ([each.name for each in run.artifacts], artifacts),
    }
    for what, (stored, wanted) in pairs.items():
        if stored != wanted:
            raise ValueError(f"its {what} does not fit the tutorial")
    for cell, outputs in zip(cells, run.outputs, strict=True) if not run.faults else ():
        _check_kinds(cell, [output["output_type"] for output in outputs])


def _check_output(output: Output) -> None:
    fields = _FIELDS.get(str(output.get("output_type")))
    if fields is None or not all(
        isinstance(output.get(name), kind) for name, kind in fields.items()
    ):
        raise ValueError("an output is not one")
    for mime, content in output.get("data", {}).items():
        if mime.startswith("image/") and mime != "image/svg+xml":
            base64.b64decode(content, validate=True)
        elif mime.startswith("text/") and not isinstance(content, str):
            raise ValueError(f"an output's {mime} is not text")


def _check_kinds(cell: Cell, kinds: list[str]) -> None:
    if cell.tags - CODE_TAGS:
        return  # it may have failed
    if cell.is_trial or cell.tags & {"claims", "check"}:
        fits = not kinds
    else:
        fits = ("error" in kinds) == ("raises-exception" in cell.tags)
    if not fits:
        raise ValueError(f"the outputs of cell {cell.number} are not of its kind")
