"""What a build does to a page's HTML step by step, and what HTML's own rules say against a page."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import html5lib
import pytest
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from selectolax.lexbor import LexborHTMLParser

from tutorial_engine import plugin, records, rendering, shown_outputs
from tutorial_engine.build_cache import BuildCache
from tutorial_engine.reading import visible_text

# Not against the rules as they are today: `&` before what is no entity's name.
_ALLOWED = {"expected-named-entity"}


@dataclass(frozen=True)
class Edit:
    """One step's change to one page."""

    step: str
    before: str
    after: str

    @property
    def words(self) -> tuple[str, str]:
        """What a reader sees before and after."""
        before, after = self.before, self.after
        if self.step == "light_record":
            document = LexborHTMLParser(before)
            for copy_button in document.css(".clipboard-copy-txt, clipboard-copy"):
                copy_button.decompose()
            before = document.html
        return visible_text(before), visible_text(after)


def edits_of(config: Path, site: Path) -> list[Edit]:
    """Build a site in this process and return every change that a step made to a page."""
    edits: list[Edit] = []

    def watched(step: Callable) -> Callable:
        def run(content: str, *rest):
            result = step(content, *rest)
            edits.append(Edit(step.__name__, content, result))
            return result

        return run

    with pytest.MonkeyPatch.context() as patch:
        steps = {rendering: ("named_permalinks", "lean_code")}
        steps[records] = ("light_record",)
        steps[plugin] = ("lean_page",)
        for module, names in steps.items():
            for name in names:
                patch.setattr(module, name, watched(getattr(module, name)))
        # Pictures have no words.
        patch.setattr(shown_outputs, "lighter", lambda picture, cache: picture)
        # Everything is made anew, although the build has kept it.
        patch.setattr(plugin, "BuildCache", lambda cache: BuildCache())
        patch.setattr(sys, "argv", ["mkdocs", "build"])
        loaded = load_config(str(config), site_dir=str(site))
        loaded.plugins.on_startup(command="build", dirty=False)
        build(loaded)
    return edits


def errors_of(page: str) -> list[str]:
    """Return what is wrong with a page by HTML's own rules, each with what stands there."""
    parser = html5lib.HTMLParser()
    parser.parse(page)
    lines = page.split("\n")
    return [
        f"{code} {details} at …{lines[line - 1][max(0, column - 60) : column + 10]}…"
        for (line, column), code, details in parser.errors
        if code not in _ALLOWED
    ]


def main(config: str, site: str) -> None:
    """Print how many pages each step was given, and each step that changed a word with the words."""
    edits = edits_of(Path(config), Path(site))
    words = [(edit.step, *edit.words) for edit in edits]
    changed = [(step, before, after) for step, before, after in words if before != after]
    print(json.dumps({"pages": Counter(edit.step for edit in edits), "changed": changed}))


def leads_to(page: str) -> list[str]:
    """Return where the links and images of HTML lead, a link before the image in it."""
    found = BeautifulSoup(page, "html.parser").find_all(["a", "img"])
    return [str(each.get("href") or each.get("src") or "") for each in found]


if __name__ == "__main__":
    main(*sys.argv[1:])
