"""Outputs as a reader should see them: no start-up noise, no terminal control, short tracebacks."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Lines that TensorFlow, LiteRT, absl and XLA write to stderr when they start, at any log level.
_NOISE = re.compile(
    r"^(WARNING: All log messages before absl::InitializeLog"
    r"|[IWE]0000 00:00:"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWE] "
    r"|To enable the following instructions:"
    r"|INFO: Created TensorFlow Lite XNNPACK delegate"
    r"|[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ )"
)


def clean_text(text: str) -> str:
    """Return text as a terminal would leave it: carriage returns, backspaces and colours applied.

    >>> clean_text("10%\\r100%\\nab\\b\\bcd\\x1b[31m!\\x1b[0m")
    '100%\\ncd!'
    """
    return "\n".join(_overwrite(line) for line in _ANSI.sub("", text).split("\n"))


def _overwrite(line: str) -> str:
    if "\r" not in line and "\b" not in line:
        return line
    shown: list[str] = []
    column = 0
    for character in line:
        if character == "\r":
            column = 0
        elif character == "\b":
            column = max(0, column - 1)
        else:
            shown[column : column + 1] = [character]
            column += 1
    return "".join(shown).rstrip()


def clean_outputs(outputs: list[dict]) -> list[dict]:
    """Return a cell's outputs with clean text; streams of one name in a row become one."""
    cleaned: list[dict] = []
    for output in outputs:
        output = {key: value for key, value in output.items() if key != "execution_count"}
        if output["output_type"] == "stream":
            previous = cleaned[-1] if cleaned else {}
            if previous.get("output_type") == "stream" and previous["name"] == output["name"]:
                previous["text"] += output["text"]
            else:
                cleaned.append(dict(output))
        elif output["output_type"] == "error":
            message = clean_text(output["evalue"])
            cleaned.append({**output, "evalue": message, "traceback": []})
        else:
            data = dict(output["data"])
            if isinstance(data.get("text/plain"), str):
                data["text/plain"] = clean_text(data["text/plain"])
            cleaned.append({**output, "data": data})
    return [output for output in map(_clean_stream, cleaned) if output is not None]


def _clean_stream(output: dict) -> dict | None:
    if output["output_type"] != "stream":
        return output
    text = output["text"]
    if output["name"] == "stderr":
        lines = text.splitlines(keepends=True)
        text = "".join(line for line in lines if not _NOISE.match(_ANSI.sub("", line)))
    text = clean_text(text)
    return {**output, "text": text} if text.strip() else None
