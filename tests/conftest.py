"""The real site, built once for all tests, served on loopback, in a real browser."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import settings

# Timings of single examples belong in no test: the machines are shared.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

ROOT = Path(__file__).parents[1]
_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]


@dataclass(frozen=True)
class Site:
    """A built site: its folder, its report, its pages."""

    folder: Path
    report: dict

    @property
    def reading_pages(self) -> list[str]:
        return [entry["url"] for entry in self.report["tutorials"]]

    @property
    def records(self) -> list[str]:
        return [f"{url}run/" for url in self.reading_pages]

    @functools.cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """Every page, parsed: address -> document."""
        return {
            path.relative_to(self.folder).as_posix().removesuffix("index.html"): BeautifulSoup(
                path.read_text(encoding="utf-8"), "lxml"
            )
            for path in sorted(self.folder.rglob("*.html"))
        }

    def size(self, url: str) -> int:
        return (self.folder / url / "index.html").stat().st_size


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Site:
    folder = tmp_path_factory.mktemp("site") / "built site"
    environment = {**os.environ, "SITE_URL": "https://example.org/course/", "REPO_URL": ""}
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return Site(folder, json.loads((folder / "build.json").read_text(encoding="utf-8")))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Say nothing: a test's output is the test's."""


@pytest.fixture(scope="session")
def address(site) -> str:
    """Where the built site answers, under a folder of its own as on a project page."""
    handler = functools.partial(_Quiet, directory=site.folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import Error, sync_playwright

    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        except Error as error:
            message = "no Chromium: apt install chromium, or .venv/bin/python -m playwright install chromium"
            if os.environ.get("CI"):
                pytest.fail(f"{message}\n{error}")
            pytest.skip(message)
        yield opened
        opened.close()
