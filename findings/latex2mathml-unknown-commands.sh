#!/bin/sh
# latex2mathml 3.81.1: a command or an environment that it does not know becomes text of the formula.
#
# Seen: `\softmax(z)` gives <mi>\softmax</mi>, the percent sign of `\text{50\%}` keeps its backslash, and
# the rows of `aligned` become one row in which each alignment mark is a letter, <mi>&amp;</mi>.
# Nothing is raised and nothing is logged, so a page shows the source.
# Expected: an error as for an unbalanced `\left`, which has one (ExtraLeftOrMissingRightError).
#
# Run: sh findings/latex2mathml-unknown-commands.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check latex2mathml==3.81.1
"$folder/venv/bin/python" - <<'PYTHON'
from latex2mathml.converter import convert
from latex2mathml.exceptions import ExtraLeftOrMissingRightError

for tex, seen in {
    r"\softmax(z)": r"<mi>\softmax</mi>",
    r"\text{50\%}": r"<mtext>50\%</mtext>",
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}": "<mi>a</mi><mi>&</mi><mo>&#x0003D;</mo>",
}.items():
    mathml = convert(tex)
    print(tex, "->", mathml)
    assert seen in mathml, f"{tex} is converted in another way now"
    assert "<mtable" not in mathml
try:
    convert(r"\left( x")
except ExtraLeftOrMissingRightError:
    print(r"\left( x -> ExtraLeftOrMissingRightError")
else:
    raise AssertionError("an unbalanced \\left is not refused any more")
PYTHON
