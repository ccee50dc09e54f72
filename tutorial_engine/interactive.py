"""Interactive figures: what a cell prints for one, and the element in which a page's script draws it.

The cell runs with the others. What it prints stands in the page as data, which a browser does not run; the
script of its kind, `docs/assets/interactive/KIND.js`, draws it where JavaScript does.
"""

from __future__ import annotations

import html
import json
from typing import NoReturn

from .docstrings import UNSEARCHED
from .documents import Document, Output
from .outputs import OutputError

KINDS = frozenset(
    {
        *("batch-gradient", "broadcast", "descent", "dropout"),
        *("filter", "temperature", "threshold"),
    }
)
# Characters of JSON; a page as a whole is sent in about as many bytes.
MOST = 24_000
_REMEDY = 'end the cell in one print(json.dumps({"figure": "…", "label": "…", "expected": […], …}))'
_WITHOUT_SCRIPTS = (
    "A figure that moves under your hand stands here where JavaScript runs and its script has come. "
    "What it shows is said, with this run's numbers, in the text and the outputs around it."
)
# What stands in its place where no page is.
PLACEHOLDER = "*On the page of this tutorial, a figure that moves under your hand stands here.*"


def figure_data(outputs: list[Output]) -> Document:
    """Return what a cell tagged `interactive` has printed.

    Its `figure` is a kind, its `label` says aloud what the figure is, and `expected` holds results of the
    run with which the tests compare what the figure shows.

    Raises:
        OutputError: it is not one object of JSON that describes a figure.
    """
    if len(outputs) != 1 or outputs[0].get("name") != "stdout":
        kinds = [str(output.get("name", output["output_type"])) for output in outputs]
        said = f"shows {', '.join(kinds)}" if kinds else "prints nothing"
        raise OutputError(f"an interactive cell that {said}, not one object of JSON", _REMEDY)
    text = outputs[0]["text"]
    if len(text) > MOST:
        raise OutputError(
            f"an interactive figure with {len(text) / 1000:.1f} kB of data; the limit is {MOST / 1000:.0f} kB",
            "round its numbers, thin its points out, or draw fewer of them",
        )
    try:
        data = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise OutputError(
            f"an interactive cell whose output is not JSON: {error}", _REMEDY
        ) from None
    if not isinstance(data, dict) or data.get("figure") not in KINDS:
        kind = data.get("figure") if isinstance(data, dict) else None
        raise OutputError(
            f"an interactive figure of no known kind: {kind}",
            f'set "figure" to one of {", ".join(sorted(KINDS))}',
        )
    if not isinstance(label := data.get("label"), str) or not label.strip():
        raise OutputError(
            "an interactive figure without a label",
            'set "label" to a few words that say, read aloud, what the figure is',
        )
    if not isinstance(expected := data.get("expected"), list) or not expected:
        raise OutputError(
            "an interactive figure that nothing can be compared with",
            'set "expected" to a list of what the run says the figure must show',
        )
    return data


def figure_block(data: Document, more_classes: str = "") -> str:
    """Return the element of a figure, on one line that Markdown leaves alone."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":  # what would end the data, or read as HTML
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    kind, label = html.escape(data["figure"]), html.escape(" ".join(data["label"].split()))
    return (
        f'<div class="interactive{more_classes}" data-figure="{kind}" role="group" aria-label="{label}" '
        f'{UNSEARCHED}><script type="application/json">{text}</script>'
        f'<p class="no-script">{_WITHOUT_SCRIPTS}</p></div>'
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")
