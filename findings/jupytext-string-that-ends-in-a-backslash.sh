#!/bin/sh
# Jupytext 1.19.6, py:percent: after a string that ends in an escaped backslash, three quotes inside another
# string of the same line are taken for the beginning of a long string, and the next cell's marker for a
# part of it. Two cells are read as one, whose code the writer never wrote.
#
# Seen: `a = ['\\', '"""']`, a line of valid Python, and the cell after it become one code cell. Without the
# backslashes, or where they do not end their string, there are two. Nothing is raised and nothing is
# logged. Expected: two cells, as Python's own tokenizer sees the strings.
#
# Run: sh findings/jupytext-string-that-ends-in-a-backslash.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check jupytext==1.19.6
"$folder/venv/bin/python" - <<'PYTHON'
import ast

import jupytext

for line, cells in {
    r'''a = ['\\', '"""']''': 1,
    r'''a = ['\\n', '"""']''': 2,
    r'''a = ['b', '"""']''': 2,
}.items():
    ast.parse(line)
    read = jupytext.reads(f"# %%\n{line}\n\n# %%\nprint('second')\n", fmt="py:percent").cells
    print(line, "->", len(read), "cells")
    assert len(read) == cells, "the line is read in another way now"
PYTHON
