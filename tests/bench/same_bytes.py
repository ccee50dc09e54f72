"""Two cold builds on one machine: the same bytes, but for what depends on the clock.

    .venv/bin/python tests/bench/same_bytes.py [--elsewhere] [--empty-home] [--user NAME]

Builds a copy of the repository twice from an empty cache: the second time in another folder, with an empty
home, as another user (who must be able to read this Python; needs root), where the options say so. Masks what the pages mark as measured, and
compares every file of the two sites. Prints how many outputs were masked; ends with status 1 and the names
of the files if anything else differs.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup
from measure import copy_repository, run

BUILD = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
_SPAN = re.compile(r'<span class=\\?"measured\\?"[^>]*>.*?</span>')
_CLOCK = ("wall_s", "cpu_s", "peak_mb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--elsewhere", action="store_true", help="second build in another folder")
    parser.add_argument("--empty-home", action="store_true", help="second build with an empty home")
    parser.add_argument("--user", metavar="NAME", help="second build as this user; needs root")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        Path(scratch).chmod(0o755)
        sites = [build(Path(scratch), 1), build(Path(scratch), 2, given)]
        names = [
            {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
            for site in sites
        ]
        differing = sorted(names[0] ^ names[1])
        masked_in_all = 0
        for name in sorted(names[0] & names[1]):
            (first, masked), (second, _) = (mask(site / name) for site in sites)
            masked_in_all += masked
            if first != second:
                differing.append(name)
    print(
        f"{len(names[0])} files, {masked_in_all} measured outputs masked, {len(differing)} files differ"
    )
    for name in differing:
        print(f"  differs: {name}")
    sys.exit(bool(differing))


def build(scratch: Path, number: int, given: argparse.Namespace | None = None) -> Path:
    """Build a copy of the repository; return its site."""
    place = scratch / ("another place/of another length" if given and given.elsewhere else "site")
    folder = copy_repository(place)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    command, environment = BUILD, {"SOURCE_DATE_EPOCH": "1700000000"}
    if given and (given.empty_home or given.user):
        home = scratch / "home"
        home.mkdir()
        environment["HOME"] = str(home)
        if given.user:
            for path in (home, folder, *folder.rglob("*")):
                shutil.chown(path, given.user)
            command = ["setpriv", f"--reuid={given.user}", "--clear-groups", *BUILD]
    run(command, folder, **environment)
    kept = scratch / f"built-{number}"
    shutil.move(folder / "site", kept)
    shutil.rmtree(folder)
    return kept


def mask(file: Path) -> tuple[bytes, int]:
    """Return a file's bytes without what is measured, and how many places that were."""
    if "-measured" in file.name:
        return b"", 1
    if file.name == "build.json":
        report = json.loads(file.read_text(encoding="utf-8"))
        for entry in report["tutorials"]:
            for name in _CLOCK:
                entry[name] = None
        return json.dumps(report).encode(), len(_CLOCK) * len(report["tutorials"])
    if file.suffix == ".ipynb":
        text, count = _SPAN.subn("", file.read_text(encoding="utf-8"))
        return text.encode(), count
    if file.name.endswith((".html.md", "llms-full.txt")):
        # A page's twin marks nothing: its words are compared, and its numbers with the page's by a test.
        text, count = re.subn(r"[\d.,]+", "", file.read_text(encoding="utf-8"))
        return text.encode(), count
    if file.suffix == ".html":
        page = BeautifulSoup(file.read_bytes(), "lxml")
        measured = page.select(".measured, .celltag_measured .jp-OutputArea")
        for each in measured:
            each.clear()
            each.attrs = {}
        return str(page).encode(), len(measured)
    return file.read_bytes(), 0


if __name__ == "__main__":
    main()
