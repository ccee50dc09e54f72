"""Two cold builds on one machine: the same bytes, but for what hangs on the clock.

    .venv/bin/python tests/bench/same_bytes.py

Builds a copy of the repository twice from an empty cache, masks what the pages mark as measured, and
compares every file of the two sites. Prints how many outputs were masked; ends with status 1 and the names
of the files if anything else differs.
"""

from __future__ import annotations

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
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        sites = [build(Path(scratch), number) for number in (1, 2)]
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


def build(scratch: Path, number: int) -> Path:
    folder = copy_repository(scratch / "site")
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    run(BUILD, folder, SOURCE_DATE_EPOCH="1700000000")
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
