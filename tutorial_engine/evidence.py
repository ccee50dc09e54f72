"""Evidence: what a page says at its end about the run that made it, the claims that held and the run's stamp."""

from __future__ import annotations

import ast
import html
import posixpath
from collections.abc import Callable
from urllib.parse import urlencode

from .build_cache import BuildCache
from .dependencies import shown_versions
from .docstrings import UNSEARCHED
from .fingerprint import names_from_snippets
from .prose import date_of, measured
from .run import Run
from .settings import Settings
from .tutorial import Tutorial, page_path, text_of


class Evidence:
    """What one run shows of one tutorial.

    Args:
        links_snippets: the site has a page for each snippet, to which the stamp leads.
    """

    def __init__(
        self,
        tutorial: Tutorial,
        run: Run,
        settings: Settings,
        *,
        build_cache: BuildCache,
        links_snippets: bool,
    ) -> None:
        self._tutorial, self._run, self._settings = tutorial, run, settings
        self._build_cache, self._links_snippets = build_cache, links_snippets

    def claims(self) -> list[str]:
        """Return the blocks of Markdown that list the claims that held, none if the tutorial makes none."""
        items = []
        for cell, node in self._tutorial.claims:
            claim = text_of(node)
            if claim not in self._run.claims:
                continue
            condition = html.escape(ast.get_source_segment(cell.source, node.test) or "")
            text = html.escape(claim)
            fails = "".join(
                f" <small>Fails without {html.escape(effect)}.</small>"
                for effect in self._tutorial.fails_without(claim)
            )
            items.append(f"<li>{text[:1].upper()}{text[1:]}. <code>{condition}</code>{fails}</li>")
        if not items:
            return []
        count = f"{len(items)} claim{'s' * (len(items) > 1)}"
        questions = len(self._tutorial.questions)
        return [
            # Folded, as is the next: what a reader looks for here is where to go on.
            '<details class="abstract" id="checked-by-this-build" markdown="1">\n'
            f"<summary>Checked by this build: {count}</summary>",
            "Each sentence is an assertion that ran with this page; one that fails stops the build."
            + (
                " Where it says what a claim fails without, the build tried that too, and it failed."
                if self._tutorial.controls
                else ""
            )
            + (
                f" The build also tried every choice of the page's {questions} questions: "
                "the answer holds, and no other choice does."
                if questions
                else ""
            ),
            '<ul class="claims">\n' + "\n".join(items) + "\n</ul>",
            "</details>",
        ]

    def stamp(self) -> str:
        """Return the block of Markdown that says when, where and of what the run was."""
        rows = "\n".join(f"| {name} | {value} |" for name, value in self._rows())
        lines = [
            f'<details class="info" id="about-this-run" markdown="1" {UNSEARCHED}>\n'
            "<summary>About this run: versions, seed, data</summary>",
            f"| what | value |\n|---|---|\n{rows}",
        ]
        if self._settings.repo_url:
            query = urlencode(
                {
                    "title": f"{self._tutorial.header.title}: ",
                    "body": "What is wrong:\n\n\n---\n"
                    + "\n".join(f"{name}: {value}" for name, value in self._rows(plain=True)),
                }
            )
            address = f"{self._settings.repo_url.rstrip('/')}/issues/new?{query}"
            lines.append(f"[Report a problem with this page]({address})")
        return "\n\n".join([*lines, "</details>"])

    def _rows(self, *, plain: bool = False) -> list[tuple[str, str]]:
        """Return (what, value) of the stamp.

        Args:
            plain: as text, for whoever reports a problem, without links and marks.
        """
        run = self._run
        mark: Callable[[str], str] = str if plain else measured
        code: Callable[[str], str] = str if plain else "`{}`".format
        versions = shown_versions(run)
        rows = [
            ("finished", mark(date_of(run.finished))),
            (
                "time",
                mark(f"{run.wall_s:.1f} s, {run.cpu_s:.1f} CPU s, {run.peak_mb:.0f} MB at most"),
            ),
            ("machine", run.machine),
            ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
            ("edition", run.parts["edition"]),
        ]
        for name in self._tutorial.header.data:
            rows.append((f"data {name}", code(run.parts[f"data {name}"][:16])))
        if self._tutorial.header.seed is not None:
            rows.append(("seed", str(self._tutorial.header.seed)))
        if used := names_from_snippets(self._tutorial, self._settings, self._build_cache):
            is_plain = plain or not self._links_snippets
            links = (
                name if is_plain else f"[{name}]({self._link_to_snippet(name)})"
                for name in sorted(used)
            )
            rows.append(("snippets", ", ".join(links)))
        rows.append(("key", code(run.key)))
        for artifact in run.artifacts:
            link = f"[{artifact.name}]({self._tutorial.beside(artifact.name)})"
            size = f"{len(artifact.content) / 1000:.0f} kB"
            rows.append(
                ("file", f"{artifact.name if plain else link}, {size}, {code(artifact.sha256)}")
            )
        return rows

    def _link_to_snippet(self, name: str) -> str:
        place = posixpath.dirname(self._tutorial.page)
        return posixpath.relpath(page_path(f"snippets/{name}.py"), place)
