#!/bin/sh
# mkdocs-jupyter 0.26.3 (MkDocs 1.6.1): a notebook's table of contents leaves out what stands between backticks.
#
# Headings that name a function, "`fit` needs labels", are the rule in a programming notebook. Seen:
#
# - The list says "needs labels", and of a heading that is code alone, nothing.
# - It links to `#needs-labels`, where the page has `#fit-needs-labels`: the links lead nowhere, and neither
#   `--strict` nor MkDocs' check of anchors says so.
# - MkDocs' own pages of Markdown have the words of the code in both.
# Expected: the words and the addresses of the page's own headings.
#
# Run: sh findings/mkdocs-jupyter-contents-lose-code.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check mkdocs==1.6.1 mkdocs-jupyter==0.26.3 mkdocs-material==9.7.6 \
  nbformat==5.10.4
mkdir docs
cat > make.py <<'PYTHON'
from pathlib import Path

import nbformat

text = "# Guide\n\n## `fit` needs labels\n\n## Call `predict` twice\n\n## `evaluate`\n"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
nbformat.write(notebook, "docs/notebook.ipynb")
Path("docs/index.md").write_text(text)
PYTHON
cat > contents.py <<'PYTHON'
import re


def on_page_context(context, page, config, nav):
    headings = re.findall(r"<h2 id=\"([^\"]*)\"", page.content)
    entries = [(each.title, each.url) for each in page.toc.items[0].children]
    print(page.file.src_uri, "headings:", *headings)
    for title, url in entries:
        print(f"  {title!r} leads to {url}: {'there' if url[1:] in headings else 'not there'}")
PYTHON
cat > mkdocs.yml <<'YAML'
site_name: Contents
theme: {name: material}
plugins: [mkdocs-jupyter: {execute: false}]
hooks: [contents.py]
validation: {links: {anchors: warn}}
YAML
.venv/bin/python make.py
NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet > seen 2> log || { cat log; exit 1; }
cat seen
cat > expected <<'TEXT'
index.md headings: fit-needs-labels call-predict-twice evaluate
  'fit needs labels' leads to #fit-needs-labels: there
  'Call predict twice' leads to #call-predict-twice: there
  'evaluate' leads to #evaluate: there
notebook.ipynb headings: fit-needs-labels call-predict-twice evaluate
  'needs labels' leads to #needs-labels: not there
  'Call twice' leads to #call-twice: not there
  '' leads to #_1: not there
TEXT
diff expected seen && echo "As described."
