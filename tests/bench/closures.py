"""How much of its file a copy of a single function takes along, and how much of that is the function itself.

    .venv/bin/python tests/bench/closures.py

A copy holds the function with its docstring, and the helpers and imports that it needs. Prints the medians
over all public names of `snippets/`, in lines and as a fraction of the file. Bar: a median of 0.35 of the file.
A tenth, which would be good to have, is less than the functions themselves are: that line is printed, too.
"""

from __future__ import annotations

import ast
import statistics
import sys

from measure import ROOT

from tutorial_engine.closure import closure, public_names

FRACTION = 0.35


def main() -> None:
    copies, own = [], []
    for file in sorted((ROOT / "snippets").glob("[a-z]*.py")):
        source = file.read_text(encoding="utf-8")
        total = len(source.splitlines())
        definitions = {getattr(node, "name", ""): node for node in ast.parse(source).body}
        for name in public_names(source):
            lines = len(closure(source, name).splitlines())
            copies.append((lines, lines / total))
            if node := definitions.get(name):
                itself = (node.end_lineno or 0) - node.lineno + 1
                own.append((itself, itself / total))
    for title, rows in (("a copy", copies), ("the function itself", own)):
        lines, fraction = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{title}: {lines:.0f} lines, {fraction:.2f} of its file ({len(rows)} names, medians)"
        )
    sys.exit(statistics.median(fraction for _, fraction in copies) > FRACTION)


if __name__ == "__main__":
    main()
