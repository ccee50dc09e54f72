"""The served site as its author meets it: first page, pages going live, a saved prose edit.

    .venv/bin/python tests/bench/serve.py [--edits 20] [--stored] [--json FILE]

Starts `mkdocs serve` on a copy of the repository in which nothing has run yet, or with the runs that are
stored here, watches it in Chromium, and touches nothing but the file that it edits.
"""

from __future__ import annotations

import argparse
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
from pathlib import Path

from measure import ROOT, copy_repository, edit_prose
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

EDITED = "tutorials_src/1_foundations/01_tensors.py"
EDITED_PAGE = "foundations/tensors/"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--stored", action="store_true", help="begin with the runs stored here")
    parser.add_argument("--json", type=Path, default=Path("bench-results/serve.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = copy_repository(Path(scratch, "site"))
        if given.stored:
            runs = ".cache/tutorials/runs"
            shutil.copytree(ROOT / runs, folder / runs)
        results = measure(folder, given.edits)
    table = Table("what", "seconds")
    for name, value in results.items():
        table.add_row(name, value if isinstance(value, str) else f"{value:.2f}")
    Console(width=120).print(table)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(folder: Path, edits: int) -> dict:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    started = time.perf_counter()
    log = (folder / "serve.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=log,
        stderr=log,
    )
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            return watch(browser, address, folder, started, edits)
    finally:
        server.terminate()
        server.wait()
        log.close()


def watch(browser, address: str, folder: Path, started: float, edits: int) -> dict:
    wait_until_it_answers(address)
    page = browser.new_page()
    page.goto(address + EDITED_PAGE)
    page.locator("article p").nth(1).wait_for()
    results = {"server start to first page readable": time.perf_counter() - started}
    text = page.locator("article").inner_text()
    results["that page said"] = (
        "running or waiting" if "appear here by themselves" in text else "live"
    )

    report = json.loads(urllib.request.urlopen(address + "build.json").read())
    pages = {entry["name"]: browser.new_page() for entry in report["tutorials"]}
    for entry in report["tutorials"]:
        pages[entry["name"]].goto(address + entry["url"])
    for name, each in pages.items():
        each.locator("ul.claims").first.wait_for(timeout=900_000)
        results[f"{name} live by itself after at most"] = time.perf_counter() - started
    for each in pages.values():
        each.close()

    before = stored_runs(folder)
    seconds = []
    for number in range(edits):
        mark = f"edit number {number}"
        saved = time.perf_counter()
        edit_prose(folder / EDITED, mark)
        page.get_by_text(mark).first.wait_for(timeout=30_000)
        seconds.append(time.perf_counter() - saved)
    results[f"prose edit, save to reloaded page, median of {edits}"] = statistics.median(seconds)
    results["prose edit, slowest"] = max(seconds)
    results["runs executed by the prose edits"] = str(len(stored_runs(folder) - before))
    return results


def stored_runs(folder: Path) -> set[Path]:
    return set((folder / ".cache" / "tutorials" / "runs").rglob("*.json"))


def wait_until_it_answers(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"{address} does not answer")


if __name__ == "__main__":
    main()
