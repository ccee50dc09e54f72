#!/bin/sh
# ipykernel 7.4.0 with jupyter-client 8.10.0: what native code writes depends on a variable of pytest's.
#
# Seen: a cell that writes to file descriptor 2, as C code does, sends a stream output. With
# PYTEST_CURRENT_TEST in the kernel's environment, which a kernel started inside a test inherits, the same cell
# sends nothing: the text goes to the terminal. So a test of a notebook sees other outputs than its users do.
# Expected: the same outputs, since the kernel is a process of its own and pytest captures nothing in it.
#
# Run: sh findings/ipykernel-native-output-under-pytest.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check ipykernel==7.4.0 jupyter-client==8.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import os
import subprocess

from jupyter_client.manager import start_new_kernel

CELL = "import os\n_ = os.write(2, b'native words')"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def streams(**variables):
    manager, client = start_new_kernel(
        env=ENVIRONMENT | variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    said = []

    def hear(message):
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    try:
        client.execute_interactive(CELL, output_hook=hear, timeout=60)
        # Native output is read by a thread of its own: ask once more, so that it had its turn.
        client.execute_interactive("import time; time.sleep(1)", output_hook=hear, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(said)


outside, inside = streams(), streams(PYTEST_CURRENT_TEST="test_notebook.py::test_it (call)")
print(f"outside a test: {outside!r}; inside: {inside!r}")
assert "native words" in outside, "native output is not captured any more"
assert "native words" not in inside, "native output is captured inside a test, too, now"
PYTHON
