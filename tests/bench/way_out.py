"""The way out: the site's export built by Zensical and ProperDocs, and its sources by ProperDocs, beside our own build.

    .venv/bin/python tests/bench/way_out.py SITE [--keep FOLDER] [--only BUILD …]

SITE is a folder that `mkdocs build` has written with the same SITE_URL as this script finds; runs that are not fresh are executed.
Zensical, the newest that PyPI has, and ProperDocs, of the version below, are installed into environments of their
own in a folder for this time, or in FOLDER, where they are found again. Compared are, page by page and in their
order: words, headings and their addresses, formulas, pictures, dark twins, admonitions, folded parts, titles of code,
code, links, and what the search finds. Prints a table and the first differences; what is meant to differ is counted
apart, each with its reason. Ends with status 1 if anything else differs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from measure import ROOT
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tutorial_engine.__main__ import main as command
from tutorial_engine.reading import visible_text

PROPERDOCS = "properdocs==1.6.7"
BASE = "https://site.invalid/"
SHOWN = 12
_GENERATOR = re.compile(rb'<meta [^>]*name="?generator"?[^>]*>')
_HEADINGS = ", ".join(f"h{level}" for level in range(1, 7))
# What a generator or our theme puts beside what a page says.
_ASIDE = ".headerlink, nav.contents, .page-done, p.help, .md-source-file, .md-content__button, .md-tags, button, style"

Facts = dict[str, list[str]]


@dataclass(frozen=True)
class Accepted:
    """A difference that is meant: where it may be, and why it is."""

    facts: frozenset[str]
    builds: frozenset[str]
    covers: Callable[[str, str], bool]  # the page, the line that only one of the two has
    reason: str


@dataclass
class Compared:
    """What a comparison found: of each fact how many, how many differ, and the differences that are meant."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: dict[str, list[str]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)


EXPORTS = frozenset({"export by Zensical", "export by ProperDocs"})
SOURCES = "sources by ProperDocs"
_RECORD = re.compile(r"\S+/run(?:/|\.ipynb): run record")
_OF_THE_BUILD = re.compile(
    r"(?:\S+/)?(?:card\.png|run\.ipynb) |(?:_headers|feed\.xml|search\.json|sitemap\.xml(?:\.gz)?|[\w-]+\.zip) "
    r"|assets/[\w-]+\.(?:css|js) |(?:\S+/)?[\w-]+\.html\.md |llms(?:-full)?\.txt "
)
# What a theme brings, and the index of a search, which is compared by its entries.
_OF_THE_THEME = ("assets/javascripts/", "assets/stylesheets/", "assets/images/", "search/")
ACCEPTED = [
    Accepted(
        frozenset({"links"}),
        EXPORTS,
        lambda page, line: bool(_RECORD.fullmatch(line)),
        "a run record is a notebook to download: mkdocs-jupyter, which makes a page of it here, is a plugin of MkDocs",
    ),
    Accepted(
        frozenset({"files"}),
        EXPORTS,
        lambda page, line: bool(_OF_THE_BUILD.match(line)),
        "records and the zip as said here; cards for shared links, the feed, the map of the site, headers for its "
        "host and pages in plain Markdown are made where it is published; styles and scripts that every page has are "
        "joined into one file each",
    ),
    Accepted(
        frozenset({"pages"}),
        EXPORTS,
        lambda page, line: line == "about/offline/",
        "the zip of the whole site is written by our build, so the page about it stays here, as does what leads there",
    ),
    Accepted(
        frozenset({"search entries"}),
        frozenset({"export by Zensical"}),
        lambda page, line: page == "" and line.startswith("# "),
        "Zensical finds the first page under the name that the navigation gives it",
    ),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", type=Path, metavar="SITE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=["zensical", "properdocs", "sources"])
    given = parser.parse_args()
    site = given.site.resolve()
    ours = Site.read(site)
    with contextlib.ExitStack() as until_done:
        folder = given.keep or until_done.enter_context(tempfile.TemporaryDirectory(prefix="out-"))
        builds = dict(built(Path(folder).resolve(), set(given.only or ())))
        found = {name: compared(name, ours, Site.read(place)) for name, place in builds.items()}
        if SOURCES in builds:
            mine, theirs = files_of(site), files_of(builds[SOURCES])
            note(found[SOURCES], SOURCES, "all that is written", "", mine, theirs)
    return report(ours, found)


def built(folder: Path, only: set[str]) -> Iterator[tuple[str, Path]]:
    """Yield what other generators make: the name of each build and the folder of its site."""
    export = folder / "export"
    if command(["export", "--site", str(export)], root=ROOT):
        raise SystemExit("the site could not be exported")
    if not only or "zensical" in only:
        python = environment(folder / "zensical", "zensical")
        run(
            [python, "-m", "zensical", "build", "--clean", "--strict", "-f", "zensical.toml"],
            export,
        )
        yield "export by Zensical", export / "site"
    if only <= {"zensical"} and only:
        return
    python = environment(folder / "properdocs", PROPERDOCS, beside_ours=True)
    if not only or "properdocs" in only:
        place = folder / "export-by-properdocs"
        run(
            [python, "-m", "properdocs", "build", "--strict", "-f", "mkdocs.yml", "-d", str(place)],
            export,
        )
        yield "export by ProperDocs", place
    if not only or "sources" in only:
        place = folder / "sources-by-properdocs"
        run(
            [python, "-m", "properdocs", "build", "--strict", "-f", "mkdocs.yml", "-d", str(place)],
            ROOT,
        )
        yield SOURCES, place


def environment(folder: Path, package: str, *, beside_ours: bool = False) -> str:
    """Return the Python of an environment with a package, beside all of ours if it is asked for."""
    python = folder / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", "--without-pip", str(folder)], ROOT)
        # What is installed here stays as it is: only the package itself comes on top.
        alone = ["--no-deps"] if beside_ours else []
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        run([*pip, "--disable-pip-version-check", *alone, package], ROOT)
        if beside_ours:
            there = sysconfig.get_path("purelib", vars={"base": str(folder)})
            Path(there, "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    return str(python)


def run(arguments: list[str], folder: Path) -> None:
    """Run a program to its end; what it said is shown where it fails."""
    names = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true", "NO_COLOR": "1"}
    # Where nbconvert finds its templates: beside our environment, whichever one asks.
    names["JUPYTER_PATH"] = str(Path(sysconfig.get_path("data"), "share", "jupyter"))
    done = subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}\n{done.stdout[-6000:]}{done.stderr[-6000:]}")


@dataclass
class Site:
    """A built site: of each page, by its address, what it shows; what the search may find; files beside the pages."""

    pages: dict[str, Facts]
    searched: dict[str, list[str]]
    files: list[str]

    @classmethod
    def read(cls, folder: Path) -> Site:
        """Read a site that any of the generators has written."""
        pages = {}
        for file in sorted(folder.rglob("index.html")):
            address = file.parent.relative_to(folder).as_posix().removeprefix(".")
            address = f"{address}/" if address else ""
            if not address.endswith(
                "/run/"
            ):  # a record is a page of our build, and a notebook elsewhere
                pages[address] = facts_of(file.read_text(encoding="utf-8"), address)
        files = [
            each
            for each in files_of(folder)
            if not each.startswith(_OF_THE_THEME) and ".html " not in each
        ]
        return cls(pages, searched_in(folder), files)


def files_of(folder: Path) -> list[str]:
    """Return the files of a site, each with its digest; which generator wrote it does not count.

    An archive holds pages and times: its name alone is told.
    """
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if path.suffix == ".html":
            content = _GENERATOR.sub(b"", content)
        digest = "" if path.suffix in (".gz", ".zip") else hashlib.sha256(content).hexdigest()
        found.append(f"{path.relative_to(folder).as_posix()} {digest}")
    return found


def facts_of(page: str, address: str) -> Facts:
    """Return what a page shows, each kind in its order."""
    article = LexborHTMLParser(page).css_first("article.md-content__inner")
    if article is None:
        return {}
    for aside in article.css(_ASIDE):
        aside.decompose()
    for link in article.css('li a[href$=".zip"]'):  # no export has it, nor what leads to it
        if (item := item_of(link)) is not None:
            item.decompose()

    def there(target: str | None) -> str:
        return located(target or "", address)

    return {
        "words": visible_text(article.html or "").split(),
        "headings": [
            f"{each.tag} #{each.attributes.get('id')} {text(each)}"
            for each in article.css(_HEADINGS)
        ],
        "formulas": [
            f"{each.attributes.get('display')}: {structure(each)}" for each in article.css("math")
        ],
        "pictures": [
            " ".join(f"{name}={value}" for name, value in sorted(attributes(each, there).items()))
            for each in article.css("img")
        ],
        "dark twins": [
            f"{there(each.attributes.get('srcset'))} {each.attributes.get('media')}"
            for each in article.css("picture > source[data-dark-figure]")
        ],
        "admonitions": [
            f"{classes(each)}: {text(each.css_first('.admonition-title'))}"
            for each in article.css("div.admonition")
        ],
        "folded": [
            f"{classes(each)} #{each.attributes.get('id')}: {text(each.css_first('summary'))}"
            for each in article.css("details")
        ],
        "titles of code": [text(each) for each in article.css("span.filename")],
        "code": [each.text() for each in article.css("pre")],
        "links": [
            f"{there(each.attributes.get('href'))}: {text(each)}" for each in article.css("a[href]")
        ],
        "anchors": sorted(each.attributes["id"] or "" for each in article.css("[id]:not(#__skip)")),
    }


def item_of(node: LexborNode) -> LexborNode | None:
    """Return the item of a list in which a link stands."""
    around = node.parent
    while around is not None and around.tag != "li":
        around = around.parent
    return around


def located(target: str, address: str) -> str:
    """Return where an address on a page leads: inside the site from its first page."""
    whole = urljoin(BASE + address, target)
    if not whole.startswith(BASE):
        return whole
    parts = urlsplit(whole.removeprefix(BASE))
    return unquote(parts.path) + (f"#{parts.fragment}" if parts.fragment else "")


def text(node: LexborNode | None) -> str:
    return " ".join((node.text() if node else "").split())


def classes(node: LexborNode) -> str:
    return " ".join(sorted((node.attributes.get("class") or "").split()))


def attributes(node: LexborNode, there: Callable[[str | None], str]) -> dict[str, str]:
    found = {name: value or "" for name, value in node.attributes.items()}
    # Our minifier leaves out what a browser does anyway, and what the search alone reads.
    found.pop("data-search-exclude", None)
    if found.get("loading") == "eager":
        del found["loading"]
    return {**found, "src": there(found.get("src")), "class": classes(node)}


def structure(formula: LexborNode) -> str:
    """Return a formula's elements and characters, without the TeX that it keeps."""
    written = re.sub(r' (?:data-tex|display)="[^"]*"', "", formula.html or "")
    return re.sub(
        r"<(\w+)([^>]*)>", lambda tag: f"<{tag[1]}{' '.join(sorted(tag[2].split()))}>", written
    )


def searched_in(folder: Path) -> dict[str, list[str]]:
    """Return page -> what the search may lead to there: an anchor, nothing for its top, and the title."""
    for name, entries, place in (
        ("search/search_index.json", "docs", "location"),
        ("search.json", "items", "location"),
    ):
        if (file := folder / name).is_file():
            document = json.loads(file.read_text(encoding="utf-8"))
            found: dict[str, list[str]] = {}
            for entry in document[entries]:
                page, _, anchor = entry[place].partition("#")
                found.setdefault(page.removeprefix("./"), []).append(
                    f"#{anchor} {visible_text(entry['title'])}"
                )
            return found
    raise SystemExit(f"{folder} has no index of a search")


def compared(build: str, ours: Site, theirs: Site) -> Compared:
    """Compare a site with ours."""
    result = Compared()
    note(result, build, "pages", "", sorted(ours.pages), sorted(theirs.pages))
    note(result, build, "files", "", ours.files, theirs.files)
    for address in ours.pages.keys() & theirs.pages.keys():
        for fact, mine in ours.pages[address].items():
            note(result, build, fact, address, mine, theirs.pages[address].get(fact, []))
        mine, other = (sorted(site.searched.get(address, [])) for site in (ours, theirs))
        note(result, build, "search entries", address, mine, other)
    return result


def note(
    result: Compared, build: str, fact: str, page: str, mine: list[str], theirs: list[str]
) -> None:
    """Count what two lists have in common and what not."""
    result.counts[fact] += len(mine)
    different = result.differences.setdefault(fact, [])
    if mine == theirs:
        return
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, mine, theirs, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        lines = [("-", each) for each in mine[start:end]] + [
            ("+", each) for each in theirs[other_start:other_end]
        ]
        for sign, line in lines:
            for each in ACCEPTED:
                if fact in each.facts and build in each.builds and each.covers(page, line):
                    result.accepted[each.reason] += 1
                    break
            else:
                different.append(f"/{page} {sign} {line}")


def report(ours: Site, found: dict[str, Compared]) -> int:
    """Print what was found; return 1 if anything differs that is not meant to."""
    console = Console(width=160, highlight=False)
    table = Table("compared", "in our build", *found)
    for column in table.columns[1:]:
        column.justify = "right"
    counts = {fact: count for each in found.values() for fact, count in each.counts.items()}
    for fact, count in counts.items():
        differ = (each.differences.get(fact) for each in found.values())
        table.add_row(
            fact, f"{count:,}", *("" if each is None else str(len(each)) for each in differ)
        )
    console.print(table)
    for build, each in found.items():
        for reason, count in each.accepted.most_common():
            console.print(f"{build}: {count:,} differences are meant: {reason}", markup=False)
    for build, each in found.items():
        for fact, differences in each.differences.items():
            for line in differences[:SHOWN]:
                console.print(f"[red]{build}, {fact}:[/] {escape(line[:300])}")
            if len(differences) > SHOWN:
                console.print(f"  … and {len(differences) - SHOWN} more")
    is_equal = not any(any(each.differences.values()) for each in found.values())
    console.print(
        f"{len(ours.pages)} pages compared: {'no difference' if is_equal else 'they differ'}."
    )
    return 0 if is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
