"""Prose: inline values put in, and numbers that were typed by hand found."""

from __future__ import annotations

import datetime
import os
import re
from collections import Counter
from collections.abc import Iterator

from .errors import Blemish
from .links import to_pages
from .passages import Expression, escape, passages
from .run import Run
from .settings import Settings
from .syntax import facts
from .tutorial import Cell, Tutorial

PENDING = '<span class="pending" title="this value comes with the run">…</span>'

_GIVEN = re.compile(
    r"(\*{1,2})[^*\n]+\1\{[^}\n]*\.given[^}\n]*\btitle=[\"'][^\"'\n]+[\"'][^}\n]*\}"
)
_GIVEN_IN_HTML = re.compile(
    r"<(?P<name>\w+)\s(?=[^<>]*\bclass=[\"']?(?:[\w -]* )?given\b)"
    r"(?=[^<>]*\btitle=(?:\"[^\"]+\"|'[^']+'))[^<>]*>.*?</(?P=name)>",
    re.DOTALL,
)
_ADDRESS = re.compile(
    r"\]\([^)\s]*\)|<https?:[^>]*>|\bhttps?:\S+|\{:?\s*(?:[.#][A-Za-z]|[\w-]+=)[^}\n]*\}"
)
_START = r"(?<![\w.,/:])(?<![A-Za-z]-)[-−+]?"  # the 10 of CIFAR-10 is part of a name
_NUMBER = rf"{_START}\d++(?:,\d{{3}})*+(?:\.\d++)?+(?!\w*+\()"
_UNIT = (
    r"(?:%|(?:per cent|percent|ns|µs|us|ms|s|sec|seconds?|milliseconds?|microseconds?|minutes?|min"
    r"|hours?|h|days?|bytes?|[kKMGT]i?B|kilobytes?|megabytes?|gigabytes?|CPU seconds?)(?!\w))"
)
_ARGUMENT = re.compile(r"`\w+=[^`\s]+`")
# What has versions, as prose writes it: `Keras` 3.10, Python ≥ 3.11, TensorFlow 2.8 or 2.9.
_WITH_ZERO = (  # what has releases that begin with a zero, as JAX 0.4
    *("SciPy", "pandas", "Matplotlib", "scikit-learn", "JAX", "LiteRT", "ONNX", "KerasTuner"),
    *("MkDocs", "versions?", "releases?"),
)
_VERSIONED = (
    *_WITH_ZERO,
    *("Python", "TensorFlow", "Keras", "NumPy", "Pillow", "PyTorch", "TFLite", "TensorBoard"),
    *("Jupyter", "JupyterLab", "IPython", "ipykernel", "Dask", "CUDA", "cuDNN"),
    *("Linux", "Ubuntu", "Debian", "macOS"),
)
_JUDGED = r"(?i:accurac(?:y|ies)|loss(?:es)?|F1|AUC|faster|slower)"
# What makes a result of the number before it. The loss functions of Keras 3.15 are no loss.
_RESULT = (
    rf"(?:[`*_)]{{0,4}}+(?:[\s ]?{_UNIT}|\s*+×|[\s-]*+fold\b|\s+x\b|\s+times\b(?!\s+out\b)"
    rf"|\s+(?:percentage\s+)?points?\b"
    rf"|[\s*_]+{_JUDGED}\b(?!\s+(?:functions?|class(?:es)?|modules?|layers?|objects?|API)\b)))"
)
# Of a span it makes a result of both ends.
_NO_RESULT = rf"(?![\w%]|\.\d|{_RESULT}|\s*+(?:/|–|-|to\b)\s*+\d++(?:\.\d++)?+(?:[x%]|{_RESULT}))"
_COMPARED = r"(?:(?:[<>=~!≥≤]=?|\\?&[lg]t;=?)\s*+)?+v?"
_STAGE = r"(?:\.?(?:a|b|rc|dev|post)\d+)?"
# A result has one point at most, and 92.5 or 0.93 is no version of anything.
_RELEASE = (
    rf"{_COMPARED}(?:\d+(?:\.\d+){{2,}}|(?:20\d\d|[12]\d|[1-9])\.\d\d?|\d+){_STAGE}{_NO_RESULT}"
)
_EARLY_RELEASE = rf"{_COMPARED}0\.(?:[1-4]\d|\d){_STAGE}{_NO_RESULT}"
_AND = r"\s*+(?:/|–|-|and|or|to)\s*+"
_VERSION = re.compile(
    rf"(?<![\w-])(?:"
    rf"(?:{'|'.join(_VERSIONED)})[`*_]{{0,3}}+\s*+(?:\(\s*+)?[`*_]{{0,3}}+"
    rf"{_RELEASE}(?:{_AND}{_RELEASE})*"
    # In brackets behind a name it may as well be what came out there.
    rf"|(?:{'|'.join(_WITH_ZERO)})[`*_]{{0,3}}+\s*+[`*_]{{0,3}}+"
    rf"{_EARLY_RELEASE}(?:{_AND}(?:{_RELEASE}|{_EARLY_RELEASE}))*)",
    re.IGNORECASE,
)
_PUBLICATION = re.compile(
    r"(?<![\w.])10\.\d{4,9}/[^\s<>)\]]+|\barXiv\s*:?\s*\d{4}\.\d{4,5}(?:v\d+)?", re.IGNORECASE
)
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[5-9]|20)\d\d(?!\w|\.\d)"
_DATE = re.compile(
    rf"(?<![\w.-])\d{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b"
    # 1.6.2015 or 1. 6. 2015: a year behind the only blank would be the next sentence's.
    rf"|(?<![\w.,]){_DAY}\.(?P<blank>[  ]?)(?:0?[1-9]|1[0-2])\.(?P=blank){_YEAR}"
    rf"|(?:(?<![\w.,]){_DAY}(?:st|nd|rd|th)?\s+)?\b{_MONTH}\s+(?:{_DAY}(?:st|nd|rd|th)?,?\s+)?{_YEAR}"
)
_BETWEEN = r"(?:[\s*_]+[A-Za-z]+){0,2}[\s*_]+"
_TYPED = re.compile(
    rf"(?P<measure>(?!(?:1[89]|20)\d0s\b){_NUMBER})(?=[\s ]?{_UNIT})"
    rf"|(?P<decimal>{_START}\d+\.\d+(?:[eE][-−+]?\d+)?(?!\w|\.\d))"
    rf"|(?P<before>{_NUMBER})(?=[x×]?{_BETWEEN}{_JUDGED}\b)"
    rf"|\b{_JUDGED}(?:\s?[:=])?{_BETWEEN}(?P<after>{_NUMBER})(?!\w)",
)


def fill(tutorial: Tutorial, run: Run | None, settings: Settings) -> dict[int, str]:
    """Return the number of each markdown cell with its text as the page and the notebook have it.

    Inline expressions are replaced by the run's values, which stay text: no character of theirs is
    read as Markdown unless the expression says `markdown`. Links to tutorials' sources and images
    beside the source lead to what the site has.

    Args:
        run: None while there is none; then every value is an ellipsis, as are those that it lacks.
    """
    filled, before = {}, 0
    seen: Counter[tuple[int, str]] = Counter()
    for cell in tutorial.cells:
        before += cell.is_code
        if cell.is_code:
            continue
        parts, position = [], 0
        for expression in cell.expressions:
            parts.append(cell.source[position : expression.start])
            position = expression.end
            occurrence = seen[before, expression.code]
            value = run.value(before, expression.code, occurrence) if run else None
            seen[before, expression.code] += 1
            if value is None:
                parts.append(PENDING)
            else:
                parts.append(_shown(value, expression, "".join(parts), cell.source[position:]))
        filled[cell.number] = to_pages("".join(parts) + cell.source[position:], tutorial, settings)
    return filled


def _shown(value: str, expression: Expression, before: str, after: str) -> str:
    text = value if expression.markdown else escape(value, before, after)
    return measured(text) if expression.measured else text


def measured(text: str) -> str:
    """Mark a value that depends on the clock: it differs from run to run and is not worth searching."""
    return f'<span class="measured" data-search-exclude>{text}</span>'


def check_numbers(tutorial: Tutorial) -> Iterator[Blemish]:
    """Yield numbers that the run should decide but somebody typed, each with its line and the cure."""
    for cell, line, number in typed_numbers(tutorial):
        yield Blemish(
            f"the number {number} is typed by hand",
            file=tutorial.file,
            cell=cell.number if cell else None,
            line=line,
            remedy="write it as `{python} EXPRESSION`, or, if it comes from elsewhere, "
            'as *NUMBER*{.given title="its source"}',
        )


def typed_numbers(tutorial: Tutorial) -> Iterator[tuple[Cell | None, int, str]]:
    """Yield (cell, line in the file, number) for each typed number that must be an expression.

    That is a percentage, a decimal, or a number with a unit of time or memory or next to accuracy,
    loss, F1, AUC, faster or slower, unless the same literal stands in the tutorial's code, it is
    marked `.given` with its source, or it is an argument quoted as code (`validation_split=0.1`). Versions of
    software, dates, and the DOI or arXiv number of a publication are no such numbers.
    """
    literals = {number for cell in tutorial.code_cells for number in _literals(cell.source)}
    for _, number in _find(tutorial.header.summary, literals):
        yield None, 1, number
    for cell in tutorial.cells:
        if not cell.is_code:
            for line, number in _find(cell.source, literals):
                yield cell, cell.line + line, number


def _literals(source: str) -> frozenset[float]:
    """Return the numbers of a cell's code; of code that does not read, whatever looks like one."""
    try:
        return facts(source).numbers
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(map(float, re.findall(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", source)))


def _find(text: str, literals: set[float]) -> Iterator[tuple[int, str]]:
    for passage in reversed(passages(text)):
        if passage.kind in ("fence", "value", "comment"):
            lines = text.count("\n", passage.start, passage.end)
            text = text[: passage.start] + " " + "\n" * lines + text[passage.end :]
    for pattern in (_GIVEN, _GIVEN_IN_HTML, _ARGUMENT, _ADDRESS, _PUBLICATION, _DATE, _VERSION):
        text = pattern.sub(_blank, text)
    for match in _TYPED.finditer(text):
        kind = match.lastgroup or 0  # each way of the pattern has a name
        number = match[kind]
        value = float(number.replace(",", "").replace("−", "-"))
        percent = text[match.end(kind) :].lstrip().startswith(("%", "per cent", "percent"))
        allowed = {value, abs(value)} | ({value / 100, abs(value) / 100} if percent else set())
        if not any(abs(each - literal) < 1e-12 for each in allowed for literal in literals):
            yield text.count("\n", 0, match.start(kind)) + 1, number + ("%" if percent else "")


def _blank(match: re.Match[str]) -> str:
    """Take a passage out and leave its lines, so that line numbers stay right."""
    return " " + "\n" * match[0].count("\n")


def date_of(seconds: float) -> str:
    """Return a UTC date and time; SOURCE_DATE_EPOCH decides it where it is set."""
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or seconds)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")
