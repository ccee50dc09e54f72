"""Outputs as a reader should see them: no start-up noise, no terminal control, nothing of the machine."""

from __future__ import annotations

import re
from collections.abc import Callable

from .documents import Output
from .terminal import rendered, without_controls

# Lines that TensorFlow, LiteRT, absl, XLA and matplotlib write to stderr when they start, at any log level.
_NOISE = re.compile(
    r"^(WARNING: All log messages before absl::InitializeLog"
    r"|[IWE]0000 00:00:"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    r"|To enable the following instructions:"
    r"|INFO: Created TensorFlow Lite XNNPACK delegate"
    r"|[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ "
    r"|Matplotlib is building the font cache"
    r"|Matplotlib created a temporary (config|cache) directory"
    r"|WARNING:tensorflow:\d+ out of the last \d+ calls to .* triggered tf\.function retracing)"
)
# Documents are read by a browser or by Markdown, not by a terminal.
_DOCUMENTS = ("text/html", "text/markdown", "text/latex", "image/svg+xml")


def clean_text(text: str) -> str:
    """Return text as a terminal would leave it: carriage returns, backspaces and colours applied.

    >>> clean_text("10%\\r100%\\nab\\b\\bcd\\x1b[31m!\\x1b[0m")
    '100%\\ncd!'
    """
    return rendered(text)


def clean_outputs(outputs: list[Output], hide: Callable[[str], str] = str) -> list[Output]:
    """Return a cell's outputs with clean text; streams of one name in a row become one.

    nbclient 0.11 can merge streams itself (`coalesce_streams`), but across what stands between them: text that a cell
    prints after a figure would stand above it.

    Args:
        hide: what takes the machine's names out of a text.
    """
    cleaned: list[Output] = []
    for output in outputs:
        output = {key: value for key, value in output.items() if key != "execution_count"}
        if output["output_type"] == "stream":
            previous = cleaned[-1] if cleaned else {}
            if previous.get("output_type") == "stream" and previous["name"] == output["name"]:
                previous["text"] += output["text"]
            else:
                cleaned.append(dict(output))
        elif output["output_type"] == "error":
            message = hide(clean_text(output["evalue"]))
            cleaned.append({**output, "evalue": message, "traceback": []})
        else:
            data = dict(output["data"])
            for mime, text in data.items():
                if not isinstance(text, str):
                    continue
                if mime == "text/plain":
                    data[mime] = hide(clean_text(text))
                elif mime in _DOCUMENTS:
                    data[mime] = hide(without_controls(text))
            cleaned.append({**output, "data": data})
    streams = (_clean_stream(output, hide) for output in cleaned)
    return [output for output in streams if output is not None]


def _clean_stream(output: Output, hide: Callable[[str], str]) -> Output | None:
    if output["output_type"] != "stream":
        return output
    text = output["text"]
    if output["name"] == "stderr":
        lines = text.splitlines(keepends=True)
        text = "".join(line for line in lines if not _NOISE.match(clean_text(line)))
    text = hide(clean_text(text))
    return {**output, "text": text} if text.strip() else None
