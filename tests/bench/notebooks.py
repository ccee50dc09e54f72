"""Four notebooks alone: each in a fresh virtual environment that holds a kernel and nothing else.

    .venv/bin/python tests/bench/notebooks.py [NAME...]

Their pages import Keras and not its backend. Each notebook gets an environment with ipykernel, an
empty folder and an empty home, installs the rest itself with pip, and must run to its end; what fails
is what the page fails on purpose. Needs a package index and a few minutes. Ends with status 1 if one
does not run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine.course import load_course
from tutorial_engine.notebooks import standalone_notebook
from tutorial_engine.schedule import bring_up_to_date
from tutorial_engine.settings import Settings
from tutorial_engine.store import Store

NAMES = ["first-network", "evaluation", "experiments", "transfer-learning"]
_EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=900, kernel_name="python3").execute()
"""
# What finds the index and answers for it; nothing else of this machine.
_KEPT = ("PATH", "LANG", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "PIP_")


def main(names: list[str]) -> None:
    settings = Settings.load(ROOT)
    lessons = [lesson for lesson in load_course(settings) if lesson.name in names]
    failed = []
    for outcome in bring_up_to_date(lessons, settings, Store(settings)):
        name = outcome.lesson.name
        if outcome.error:
            sys.exit(str(outcome.error))
        text = standalone_notebook(outcome.lesson.tutorial, outcome.run, settings)
        started = time.monotonic()
        ended = run_alone(text)
        print(
            f"{name:20} {time.monotonic() - started:6.0f} s  {'failed' if ended.returncode else 'runs'}"
        )
        if ended.returncode:
            failed.append(name)
            print(ended.stdout[-3000:])
    sys.exit(bool(failed))


def run_alone(notebook: str) -> subprocess.CompletedProcess:
    with tempfile.TemporaryDirectory(prefix="alone-") as scratch:
        environment, work = Path(scratch, "environment"), Path(scratch, "an empty folder")
        work.mkdir()
        variables = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        variables |= {
            "HOME": scratch,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TUTORIALS_DATA": str(ROOT / "tutorials_src" / "data"),
        }
        python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "ipykernel", "nbclient", "nbformat"]
        subprocess.run(install, check=True, env=variables)
        (work / "page.ipynb").write_text(notebook, encoding="utf-8")
        return subprocess.run(
            [python, "-c", _EXECUTE, "page.ipynb"],
            cwd=work,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:] or NAMES)
