#!/bin/sh
# nbclient 0.11.0 (ipykernel 7.4.0): with `coalesce_streams` on, "merge all stream outputs with shared names into
# single streams", text changes its place and its characters.
#
# A cell that prints, shows a table or a figure, and prints again is the rule in a tutorial. Seen:
#
# - What the cell prints after the table stands above it: streams are merged across whatever is between them.
# - A progress line that goes back with backspaces keeps both of its texts, although the code means to apply them: the
#   loop compares two lengths that are equal at first, and ends before its first pass.
# Expected: text, table, text, as without the option; and "step 2" alone, as a terminal shows it.
#
# Run: sh findings/nbclient-coalesced-streams-move-text.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbclient==0.11.0 nbformat==5.11.1 ipykernel==7.4.0
cat > "$folder/run.py" <<'PYTHON'
import nbformat
from nbclient import NotebookClient

SOURCES = [
    "from IPython.display import HTML, display\n"
    "print('before the table')\n"
    "display(HTML('<table><tr><td>table</td></tr></table>'))\n"
    "print('after the table')",
    "import sys\n"
    "sys.stdout.write('step 1' + '\\b' * 6 + 'step 2')\n"
    "sys.stdout.flush()",
]


def outputs(coalesce):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in SOURCES])
    NotebookClient(notebook, kernel_name="python3", coalesce_streams=coalesce).execute()
    return [
        [output.get("text") or "a table" for output in cell.outputs] for cell in notebook.cells
    ]


plain, coalesced = outputs(False), outputs(True)
print("as it came:   ", plain[0])
print("coalesced:    ", coalesced[0])
print("taken back:   ", coalesced[1])
assert plain[0] == ["before the table\n", "a table", "after the table\n"]
assert coalesced[0] == ["before the table\nafter the table\n", "a table"]
assert coalesced[1] == ["step 1" + "\b" * 6 + "step 2"]
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
echo "As described."
