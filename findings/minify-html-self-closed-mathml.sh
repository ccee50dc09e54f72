#!/bin/sh
# minify-html 0.18.1: the slash of a self-closed MathML element is dropped, and the element stays open.
#
# Seen: <math><mspace width="1em"/><mi>y</mi></math> becomes <math><mspace width=1em><mi>y</mi>, without
# </mspace> and without </math>: a browser reads the rest of the page into an element that draws nothing.
# A self-closed SVG element keeps its slash.
# Expected: the slash kept, or a closing tag. HTML honours `/>` in MathML as it does in SVG (HTML
# standard, 13.1.2.1, "foreign elements").
# latex2mathml 3.81.1 writes its spaces (`\,`, `\quad`) self-closed, so the two together hide what follows.
#
# Run: sh findings/minify-html-self-closed-mathml.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  minify-html==0.18.1 latex2mathml==3.81.1
"$folder/venv/bin/python" - <<'PYTHON'
from latex2mathml.converter import convert
from minify_html import minify

formula = convert(r"x \, y")
before = f"<p>before {formula} after</p><p>the rest</p>"
after = minify(before)
print(before)
print(after)
assert "<mspace width=0.167em><mi>y</mi>" in after, "the slash is kept, or a closing tag is written"
assert "</mspace>" not in after
assert "</math>" not in after
drawing = '<svg><path d="M0 0"/><path d="M1 1"/></svg>'
print(minify(drawing))
assert minify(drawing).count("/>") == 2, "SVG is treated in another way now"
PYTHON
