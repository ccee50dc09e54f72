"""What each entry of the atlas does with other versions of TensorFlow and Keras.

    .venv/bin/python tests/bench/versions.py

Makes an environment for each pair below in `.cache/versions`, runs the cells of every atlas page in it, and writes
what was said, shown and claimed to `tutorials_src/5_when_it_goes_wrong/versions.json`, from which the site makes its
table. The last pair of the list is the one that the others are compared with: the lock's. With `--newest` the newest
release that the index has is run beside it, nothing is written, and the status is 1 where an entry differs.
Needs a package index.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tutorial_engine.course import load_course
from tutorial_engine.entries import entries_of
from tutorial_engine.settings import Settings
from tutorial_engine.tutorial import Tutorial
from tutorial_engine.versions import FILE, Behaviour, Measured, compared, digest_of_entry, name_of

FOLDER = ROOT / ".cache" / "versions"
PAIRS = [
    ("2.17.1", "3.5.0"),
    ("2.18.1", "3.7.0"),
    ("2.19.1", "3.10.0"),
    ("2.20.0", "3.12.1"),
    (version("tensorflow"), version("keras")),
]
# What the pages import beside the two.
BESIDE = ["scikit-learn", "matplotlib", "ipykernel", "nbclient", "nbformat", "jupytext"]
UV = [sys.executable, "-m", "uv"]
SECONDS = 600
Outcomes = dict[int, dict]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--newest", action="store_true")
    given = options.parse_args()
    settings = Settings.load(ROOT)
    pages = [each.tutorial for each in load_course(settings) if each.tutorial and each.is_atlas]
    pairs = [("", ""), PAIRS[-1]] if given.newest else PAIRS
    behaviours: list[dict[str, Behaviour]] = []
    environments = []
    for pair in pairs:
        python = environment(*pair)
        versions = versions_in(python)
        print(f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}", flush=True)
        environments.append(versions)
        behaviours.append({})
        for page in pages:
            outcomes = run_page(page, python)
            for entry in entries_of(page):
                numbers = [cell.number for cell in entry.cells if cell.is_code]
                behaviours[-1][name_of(page, entry)] = behaviour(outcomes, numbers)
    *others, ours = behaviours
    verdicts = {
        name: [compared(each[name], expected) for each in others] for name, expected in ours.items()
    }
    digests = {
        name_of(page, entry): digest_of_entry(entry) for page in pages for entry in entries_of(page)
    }
    same = sum(not any(each) for each in verdicts.values())
    for name, said in verdicts.items():
        if any(said):
            print(name, *said, sep="\n    ")
    print(f"{same} of {len(verdicts)} entries behave the same everywhere")
    if given.newest:
        return int(same < len(verdicts))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    measured = Measured(today, "tests/bench/versions.py", environments, verdicts, digests)
    (ROOT / FILE).write_text(measured.to_json(), encoding="utf-8")
    return 0


def environment(tensorflow: str, keras: str) -> Path:
    """Return the Python of an environment with a pair of versions, made on first use; the newest for none."""
    name = f"tensorflow-{tensorflow}-keras-{keras}" if tensorflow else "newest"
    folder = FOLDER / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if not complete.exists() or not tensorflow:
        asked = [f"tensorflow-cpu=={tensorflow}", f"keras=={keras}"] if tensorflow else []
        asked = asked or ["tensorflow-cpu", "keras"]
        subprocess.run(
            [*UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True
        )
        install = [*UV, "pip", "install", "--quiet", "--python", python]
        subprocess.run([*install, *asked, *BESIDE], check=True)
        complete.touch()
    return python


def versions_in(python: Path) -> dict[str, str]:
    """Return the versions of an environment that a reader may want to know."""
    code = (
        "import json, platform; from importlib.metadata import version; "
        "print(json.dumps({'python': platform.python_version(), 'tensorflow': version('tensorflow-cpu'), "
        "'keras': version('keras'), 'numpy': version('numpy'), 'scikit-learn': version('scikit-learn')}))"
    )
    said = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def run_page(page: Tutorial, python: Path) -> Outcomes:
    """Run the cells of a page in an environment; return what came of each by its number."""
    cells = [
        [cell.number, cell.source, "claims" in cell.tags]
        for cell in page.code_cells
        if not cell.is_trial
    ]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "TF_ENABLE_ONEDNN_OPTS": "0"}
    with tempfile.TemporaryDirectory() as work:
        ended = subprocess.run(
            [python, Path(__file__).with_name("run_cells.py")],
            input=json.dumps(cells),
            cwd=work,
            env=os.environ | quiet | {"MPLBACKEND": "agg", "KERAS_HOME": work, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    if ended.returncode:
        raise RuntimeError(f"{page.name} with {python}: {ended.stderr[-2000:]}")
    return {each["number"]: each for each in json.loads(ended.stdout)}


def behaviour(outcomes: Outcomes, numbers: list[int]) -> Behaviour:
    """Return what the cells of an entry did together."""
    cells = [outcomes[number] for number in numbers if number in outcomes]
    return Behaviour(
        raised=[each["raised"] for each in cells if each.get("raised")],
        warned="".join(each.get("warned", "") for each in cells),
        printed="".join(each.get("printed", "") for each in cells),
        claims=[held for each in cells for held in each.get("claims", ())],
    )


if __name__ == "__main__":
    sys.exit(main())
