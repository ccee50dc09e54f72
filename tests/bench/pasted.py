"""Sixty programs that go wrong: does what each says, pasted into the box of the atlas, lead to its entry?

    make build && .venv/bin/python tests/bench/pasted.py [SITE] [--keep FILE]

Runs the programs of `pasted_programs.py`, each alone, and keeps all that it writes to its terminal, then pastes
each text whole into the box of the built site. Prints the rank of each entry and what was offered instead,
and the milliseconds from the input to the changed list. Fails where fewer than 57 entries come first, one is not
among the first three, a look-up takes more than 50 ms, or the index is larger than 40 kB as it is sent or is
fetched before anybody turns to the box. With FILE, the texts are kept there, and read from it the next time.
Needs Chromium, as the tests of the site do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pasted_programs import BEFORE, PROGRAMS

INDEX, URL = "assets/messages.json", "when-it-goes-wrong/"
COUNT, FIRST, AMONG, SLOWEST, LARGEST = 60, 57, 3, 50.0, 40_000
# Pastes a text; answers with the addresses that are offered and the milliseconds until they are.
PASTE = """
async (text) => {
  const form = document.querySelector(".paste"), field = form.querySelector("textarea");
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve));
  const changed = new Promise((resolve) => {
    const observer = new MutationObserver(() => resolve(performance.now()) ?? observer.disconnect());
    observer.observe(form, { childList: true, subtree: true });
  });
  field.value = text;
  const start = performance.now();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const taken = (await changed) - start;
  return [[...form.querySelectorAll("ol a")].map((link) => link.getAttribute("href")), taken];
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        given.run.write_text(json.dumps(run_all()))
        return
    texts = texts_of_programs(given.keep)
    if silent := [
        f"{number}: {name}" for number, (name, _) in enumerate(PROGRAMS) if not texts[number]
    ]:
        sys.exit(f"no error and no warning from {', '.join(silent)}")
    found = looked_up(given.site, texts)
    ranks = [
        offered.index(name) + 1 if name in offered else None
        for (name, _), (offered, _) in zip(PROGRAMS, found, strict=True)
    ]
    for (name, _), (offered, taken), rank in zip(PROGRAMS, found, ranks, strict=True):
        print(f"{rank or '-':>3} {taken:6.1f} ms  {name}")
        if rank != 1:
            print(f"{'':14}after {', '.join(offered[: rank and rank - 1]) or 'nothing'}")
    first, among = ranks.count(1), sum(rank is not None and rank <= AMONG for rank in ranks)
    slowest = max(taken for _, taken in found)
    size = len(gzip.compress((given.site / INDEX).read_bytes(), 9))
    entries = len({name for name, _ in PROGRAMS})
    print(
        f"{len(ranks)} messages of {entries} entries: {first} first, {among} among the first {AMONG}"
    )
    print(f"slowest {slowest:.1f} ms; the index {size / 1000:.1f} kB gzipped, fetched on first use")
    held = first >= FIRST and among == COUNT == len(ranks)
    sys.exit(not (held and slowest <= SLOWEST and size <= LARGEST))


def texts_of_programs(keep: Path | None) -> list[str]:
    """Return what each program wrote to its terminal, from a process of their own or from the last time."""
    if keep and keep.is_file():
        return json.loads(keep.read_text())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        file = keep.resolve() if keep else Path(folder, "said.json")
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "agg"}
        subprocess.run(
            [sys.executable, Path(__file__).resolve(), "--run", file],
            cwd=folder,
            env=os.environ | quiet,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return json.loads(file.read_text())


def run_all() -> list[str]:
    """Run each program in a copy of a process that has imported TensorFlow; return what each wrote to its terminal."""
    import keras
    import tensorflow as tf

    # Two processors, before anything has met a device: programs with replicas run on them.
    device = tf.config.LogicalDeviceConfiguration()
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [device, device])
    said = []
    for number, (_, source) in enumerate(PROGRAMS):
        terminal = Path(f"terminal_{number}.txt").resolve()
        if not (child := os.fork()):
            with terminal.open("w") as errors:
                os.dup2(errors.fileno(), 2)
            keras.utils.set_random_seed(number)
            run(Path(f"train_{number}.py").resolve(), BEFORE + source)
            sys.stderr.flush()
            os._exit(0)
        os.waitpid(child, 0)
        said.append(terminal.read_text())
    return said


def run(file: Path, source: str) -> None:
    """Run a program as a file of its own; what it raises is written as Python writes it."""
    file.write_text(source)
    try:
        exec(compile(source, file, "exec"), {"__name__": "__main__"})
    except Exception as error:
        # The first frame is this one.
        traceback.print_exception(error.with_traceback(error.__traceback__.tb_next))


def looked_up(site: Path, texts: list[str]) -> list[tuple[list[str], float]]:
    """Paste each text; return the names of the entries that are offered, and the milliseconds that it took."""
    from tests.conftest import chromium
    from tests.site.hosting import hosted

    with hosted(site) as address, chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + URL, wait_until="networkidle")
        if any(INDEX in each for each in asked):
            sys.exit(f"{INDEX} was fetched before anybody turned to the box")
        with page.expect_response(lambda answer: INDEX in answer.url):
            page.focus("#pasted")
        found = []
        for text in texts:
            links, taken = page.evaluate(PASTE, text)
            found.append(([name_at(link.removeprefix(address + URL)) for link in links], taken))
        return found


def name_at(link: str) -> str:
    """Return what the entry at an address is called."""
    page, _, anchor = link.partition("/#")
    return f"{page.replace('-', '_')}#{anchor}"


if __name__ == "__main__":
    main()
