"""The served site as its author meets it, the whole course, in Chromium: first page, prose edit, code edit.

    .venv/bin/python tests/bench/serve.py [--edits 20] [--against FOLDER] [--code NAME] [--until-live]

Starts `mkdocs serve` on a copy of the repository without a cache and opens a page. Starts it again on a
copy with the runs that are stored here (`make build` stores them), saves a sentence, and waits until the
browser shows it. Then edits the last code cell of a tutorial, `cifar10` if no other is named: the first
edit runs it from the top, the following ones show a preview. FOLDER is a checkout of another revision in
which `mkdocs build` has run: its prose edits are measured beside ours. `--until-live` also waits, on the
copy without a cache, until every page shows its outputs by itself.

Ends with an error where a bar is missed: first page 5 s; prose edit 1 s, nothing executed, a tenth of the
other revision's; code edit 3 s.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from measure import ROOT, copy_repository, edit_prose
from playwright.sync_api import Browser, Page, sync_playwright

EDITED = "tutorials_src/1_foundations/01_tensors.py"
EDITED_PAGE = "foundations/tensors/"
RUNS = ".cache/tutorials/runs"
FIRST_PAGE_S, PROSE_S, PROSE_RATIO, CODE_S = 5.0, 1.0, 0.1, 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    parser.add_argument("--code", metavar="NAME", default="cifar10")
    parser.add_argument("--until-live", action="store_true")
    given = parser.parse_args()
    missed = []

    def report(what: str, seconds: float, bar: float = float("inf")) -> None:
        print(f"{what:60} {seconds:6.2f} s", flush=True)
        if seconds > bar:
            missed.append(f"{what}: over {bar} s")

    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, _chromium() as browser:
        empty = copy_repository(Path(scratch, "empty"))
        with _served(empty, ROOT) as (address, started):
            page = _first_page(browser, address)
            report("first page, empty cache", time.perf_counter() - started, FIRST_PAGE_S)
            if given.until_live:
                report("every page live by itself", _until_live(browser, address, started))
            page.close()

        stored = copy_repository(Path(scratch, "stored"))
        shutil.copytree(ROOT / RUNS, stored / RUNS)
        ours = _prose_edits(browser, stored, ROOT, given.edits)
        report(f"prose edit, median of {given.edits}", statistics.median(ours), PROSE_S)
        report("prose edit, slowest", max(ours))
        if given.against:
            theirs = _prose_edits(browser, given.against, given.against, given.edits)
            report("prose edit, other revision", statistics.median(theirs))
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(f"{'prose edit, ratio':60} {ratio:6.2f}")
            if ratio > PROSE_RATIO:
                missed.append(f"prose edit: over {PROSE_RATIO} of the other revision")
        clean, previews = _code_edits(browser, stored, given.code)
        report(f"code edit of {given.code}, run from the top", clean)
        report("code edit, preview, median of 3", statistics.median(previews), CODE_S)
    if missed:
        sys.exit("\n".join(missed))


@contextlib.contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )


@contextlib.contextmanager
def _served(folder: Path, engine: Path) -> Iterator[tuple[str, float]]:
    """Serve a folder by the engine of a checkout; give its address and when the process started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=folder,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(engine)},
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}/"
        try:
            _wait_until_it_answers(address, server)
            yield address, started
        finally:
            server.terminate()
            server.wait()


def _first_page(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address + EDITED_PAGE)
    page.locator("article p").nth(1).wait_for()
    return page


def _until_live(browser: Browser, address: str, started: float) -> float:
    report = json.loads(urllib.request.urlopen(address + "build.json").read())
    for entry in report["tutorials"]:
        page = browser.new_page()
        page.goto(address + entry["url"])
        page.locator("ul.claims").first.wait_for(timeout=3_600_000)
        page.close()
    return time.perf_counter() - started


def _prose_edits(browser: Browser, folder: Path, engine: Path, edits: int) -> list[float]:
    """Return the seconds from each of several saves until the browser shows the sentence."""
    file, runs = folder / EDITED, folder / RUNS
    before, stored = file.read_bytes(), set(runs.rglob("*.json"))
    seconds = []
    with _served(folder, engine) as (address, _):
        page = _first_page(browser, address)
        page.locator("ul.claims").first.wait_for(timeout=60_000)
        page.wait_for_timeout(10_000)  # the server makes the pages that nobody has asked for
        try:
            for number in range(edits):
                mark = f"edit number {number}"
                saved = time.perf_counter()
                edit_prose(file, mark)
                page.get_by_text(mark).first.wait_for(timeout=60_000)
                seconds.append(time.perf_counter() - saved)
                page.wait_for_timeout(
                    1_000
                )  # the browser is done with the page, as it is at an author's next save
        finally:
            file.write_bytes(before)
        page.close()
    if executed := set(runs.rglob("*.json")) - stored:
        sys.exit(f"the prose edits executed {', '.join(path.parent.name for path in executed)}")
    return seconds


def _code_edits(browser: Browser, folder: Path, name: str) -> tuple[float, list[float]]:
    """Return the seconds from a save of code until its page shows it: of a whole run, and of previews."""
    with _served(folder, ROOT) as (address, _):
        report = json.loads(urllib.request.urlopen(address + "build.json").read())
        (entry,) = (each for each in report["tutorials"] if each["name"] == name)
        file = folder / entry["source"]
        text = file.read_text(encoding="utf-8")
        # The last cell that is only code; prose, exercises and claims may follow it.
        at = text.index("\n\n# %%", text.rindex("\n# %%\n") + 1)
        page = browser.new_page()
        page.goto(address + entry["url"])
        page.locator("ul.claims").first.wait_for(timeout=60_000)

        def save(number: int) -> float:
            saved = time.perf_counter()
            edited = f'{text[:at]}\nprint("edit number {number}")\n{text[at:]}'
            file.write_text(edited, encoding="utf-8")
            said = page.get_by_text(f"edit number {number}", exact=True)
            said.first.wait_for(timeout=1_200_000)
            return time.perf_counter() - saved

        clean = save(0)
        previews = [save(number) for number in range(1, 4)]
        page.close()
    return clean, previews


def _wait_until_it_answers(address: str, server: subprocess.Popen) -> None:
    while server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=60).close()
            return
        time.sleep(0.02)
    sys.exit(f"{address} does not answer")


if __name__ == "__main__":
    main()
