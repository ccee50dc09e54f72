"""Publish: today's prose and a stored run become a page and the files beside it."""

from __future__ import annotations

import base64
import html
import json
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from . import glossary
from .atlas import kinds_of, marked, versions_note
from .build_cache import BuildCache, digest_of
from .copying import read_project
from .docstrings import UNSEARCHED
from .documents import Document, Output
from .entries import entries_of
from .errors import TutorialError
from .evidence import Evidence
from .fingerprint import snippets_state
from .first_cell import safe_versions
from .hosted_notebooks import hosted, notebook_path
from .links import pictures
from .notebooks import record_notebook, standalone_notebook
from .passages import escape
from .prose import fill, measured
from .questions import QUIZ_RESULT, key_of, question_on_page
from .reading_time import minutes_to_read
from .run import Run
from .settings import Settings
from .shown_outputs import PREVIEWS, ShownOutputs, fence, state_note
from .try_it import with_try_it
from .tutorial import Cell, Tutorial, page_path, tutorial_name
from .versions import Measured

# Where a page has its contents, should its theme have a place for them among the text.
CONTENTS = "<!-- contents -->"
# What a tutorial counts for in the search; other pages count once.
_BOOST = 1.3


@dataclass
class Page:
    """What a site or a folder gets: `markdown` at `path`, `files` and `record` beside it.

    Args:
        path: relative to the site's documents, `networks/first-network.md`.
        source: the file it was made from, relative to the repository.
        files: path -> bytes of figures and downloads.
        figures: what shows them, as `ShownOutputs` has it.
        record: path and JSON of the run record, None while there is no run.
        digest: what pages of the same things have in common.
    """

    path: str
    source: str
    title: str
    markdown: str
    files: dict[str, bytes] = field(default_factory=dict)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    record: tuple[str, str] | None = None
    digest: str = field(default="", compare=False)

    def to_json(self) -> Document:
        """Return what JSON can hold of it."""
        files = {path: base64.b64encode(content).decode() for path, content in self.files.items()}
        return asdict(replace(self, files={})) | {"files": files}

    @classmethod
    def from_json(cls, document: Document) -> Page:
        """Return what `to_json` was made of."""
        files = {path: base64.b64decode(content) for path, content in document["files"].items()}
        record = tuple(document["record"]) if document["record"] else None
        return cls(**{**document, "files": files, "record": record})


def make_page(
    tutorial: Tutorial,
    run: Run | None,
    settings: Settings,
    titles: dict[str, tuple[str, str]],
    state: str = "",
    build_cache: BuildCache | None = None,
    *,
    cells: Sequence[int] = (),
    links_snippets: bool = False,
    error: TutorialError | None = None,
) -> Page:
    """Merge a tutorial with its run.

    Args:
        run: None while there is none; `state` then says why.
        titles: name -> page path and title of every tutorial, in course order.
        state: `waiting`, `running` or `failed` without a run; with one `preview`, `previewing` while that has not
            come to its end, or `differs` when its preview showed something else.
        build_cache: where a page is found again that was made of the same tutorial and run.
        cells: the numbers of the cells that the state is about; the first one of a preview.
        links_snippets: the site has a page for each snippet, to which the run's stamp leads.
        error: what keeps the page from being published; it is then a draft, below a list of that.
    """
    glossary_file = settings.root / glossary.GLOSSARY
    shown = pictures(tutorial, settings)
    measured_versions = Measured.load(settings.root) if tutorial.is_atlas else None
    ingredients = (
        (tutorial.file, tutorial.text),
        run.digest if run else None,
        (state, list(cells), links_snippets, str(error or "")),
        # Of the settings, a page and its notebook show these alone.
        (settings.site_url, settings.repo_url, hosted(tutorial, settings)),
        safe_versions(run, settings) if run else None,
        repr(read_project(settings.root)),
        list(titles.items()),
        snippets_state(settings.root),
        sorted((path, sha256(image).hexdigest()) for path, image in shown.items()),
        glossary_file.is_file(),
        os.environ.get("SOURCE_DATE_EPOCH"),
        repr(measured_versions),
    )
    build_cache = build_cache or BuildCache()
    writer = _Writer(
        tutorial,
        run,
        settings,
        titles,
        state,
        list(cells),
        build_cache,
        links_snippets,
        measured_versions,
        error,
    )
    page: Page = build_cache.get(
        "pages", tutorial.file, ingredients, lambda: writer.page().to_json(), Page.from_json
    )
    artifacts = (
        {f"{writer.folder}/{each.name}": each.content for each in run.artifacts} if run else {}
    )
    return replace(page, files=page.files | shown | artifacts, digest=digest_of(ingredients))


def make_error_page(file: str, error: TutorialError, tutorial: Tutorial | None = None) -> Page:
    """Return the page of a tutorial that failed: what went wrong, where, and what to do."""
    title = tutorial.header.title if tutorial else tutorial_name(file)
    metadata = _front_matter({"title": title}, "search:\n  exclude: true")
    return Page(
        page_path(file), file, title, f"{metadata}\n\n# {escape(title)}\n\n{error_box(error)}"
    )


def error_box(error: TutorialError) -> str:
    """Return all faults of an error as HTML that Markdown leaves alone, as a list where there are several."""
    what = "snippet" if error.file.startswith("snippets/") else "tutorial"
    said = f"This {what} does not build."
    faults = [_fault_in_html(each) for each in error.faults]
    if len(faults) == 1:
        content = faults[0]
    else:
        said += f" {len(faults)} things are to be corrected:"
        items = "".join(f"<li>{fault}</li>\n" for fault in faults)
        content = f"<ol>\n{items}</ol>\n"
    return (
        '<div class="tutorial-state failed" role="alert" markdown="0">\n'
        f"<p><strong>{said}</strong></p>{content}</div>\n"
    )


def _fault_in_html(fault: TutorialError) -> str:
    where = fault.file if fault.line is None else f"{fault.file}, line {fault.line}"
    if fault.cell is not None:
        where += f", cell {fault.cell}"
    return (
        f"<p>{html.escape(where)}</p>\n<pre>{html.escape(fault.message)}</pre>\n"
        f"<p>What to do: {html.escape(fault.remedy)}</p>\n"
    )


class _Writer:
    def __init__(
        self,
        tutorial: Tutorial,
        run: Run | None,
        settings: Settings,
        titles: dict[str, tuple[str, str]],
        state: str,
        cells: list[int],
        build_cache: BuildCache,
        links_snippets: bool,
        measured_versions: Measured | None,
        error: TutorialError | None,
    ) -> None:
        self.state = state if run or state else "waiting"
        self.cells = cells
        is_preview = state in PREVIEWS
        self.error = error
        # What is offered, and said to be checked, a preview has not, nor a draft.
        self.clean_run = None if is_preview or error else run
        self.tutorial = tutorial
        self.run = run
        self.settings = settings
        self.titles = titles
        self.build_cache = build_cache
        self.links_snippets = links_snippets
        self.measured_versions = measured_versions
        self.outputs = ShownOutputs(tutorial.page, build_cache, cells[0] if is_preview else None)
        self.files = self.outputs.files
        self.folder = tutorial.page.removesuffix(".md")

    def page(self) -> Page:
        header = self.tutorial.header
        prose = fill(self.tutorial, self.run, self.settings)
        body, before = [], 0
        kinds = kinds_of(self.tutorial, self.run)
        last_cells = {entry.cells[-1].number: entry for entry in entries_of(self.tutorial)}
        for cell in self.tutorial.cells:
            if cell.is_code:
                before += 1
                body += self._code(cell, self.run.outputs[before - 1] if self.run else [], before)
            else:
                body.append(self._prose(cell, prose[cell.number]))
                if kind := kinds.get(cell.number):
                    heading, _, rest = body[-1].partition("\n")
                    body[-1] = f"{heading}\n\n{marked(kind)}\n{rest}"
            if entry := last_cells.get(cell.number):
                body.append(versions_note(entry, self.tutorial, self.measured_versions))
        title, summary = escape(header.title), escape(header.summary)
        parts = [self._front_matter(), f"# {title}", f"{summary}\n{{ .lead }}" if summary else ""]
        if self.error:
            parts.append(error_box(self.error))
        if self.state:
            parts.append(state_note(self.state, self.cells))
        record = None
        if run := self.clean_run:
            self._write_downloads(run)
            record = (
                f"{self.folder}/run.ipynb",
                record_notebook(self.tutorial, run, self.settings),
            )
        parts += [self._facts(), *body]
        if run := self.clean_run:
            evidence = Evidence(
                self.tutorial,
                run,
                self.settings,
                build_cache=self.build_cache,
                links_snippets=self.links_snippets,
            )
            parts += [
                glossary.section(self.tutorial, self.settings),
                *evidence.claims(),
                evidence.stamp(),
            ]
        markdown = "\n\n".join(part for part in parts if part) + "\n"
        return Page(
            self.tutorial.page,
            self.tutorial.file,
            header.title,
            markdown,
            self.files,
            self.outputs.figures,
            record,
        )

    def _front_matter(self) -> str:
        header = self.tutorial.header
        fields: dict[str, str | list[str]] = {
            "title": header.title,
            "description": header.summary,
            "teaches": list(header.teaches),
        }
        more = f"search:\n  boost: {_BOOST}"
        return _front_matter(fields, f"{more}\natlas: true" if self.tutorial.is_atlas else more)

    def _facts(self) -> str:
        header = self.tutorial.header
        course = list(self.titles)
        place = course.index(self.tutorial.name) + 1 if self.tutorial.name in course else None
        facts = [f"**{place} of {len(course)}**"] if place else []
        facts.append(f"**To read:** {_minutes(minutes_to_read(self.tutorial))}")
        for title, names in (
            ("You need first", header.needs),
            ("Helps, but is not needed", header.helps),
        ):
            known = [
                name for name in names if name in self.titles
            ]  # of a draft some may be unknown
            if known:
                facts.append(f"**{title}:** {', '.join(map(self._need, known))}")
        if run := self.clean_run:
            facts.append(f"**Runs in:** {measured(_duration(run.wall_s))}")
            name = self.tutorial.name
            offers = [
                f"[notebook]({self.tutorial.beside(f'{name}.ipynb')})",
                f"[source with all answers]({self.tutorial.beside(f'{name}.py')})",
                f"[run record]({self.tutorial.beside('run.ipynb')})",
            ]
            facts.append(f"**Take it with you:** {', '.join(offers)}")
            places = hosted(self.tutorial, self.settings)
            if links := [f"[{place}]({address})" for place, address in places.items()]:
                facts.append(f"**Open it in:** {', '.join(links)}")
        items = "\n".join(f"- {fact}" for fact in facts)
        return f'<div class="facts" markdown="1" {UNSEARCHED}>\n\n{items}\n\n</div>\n\n{CONTENTS}'

    def _need(self, name: str) -> str:
        path, title = self.titles[name]
        return (
            f"[{escape(title)}]({posixpath.relpath(path, posixpath.dirname(self.tutorial.page))})"
        )

    def _write_downloads(self, run: Run) -> None:
        name = self.tutorial.name
        notebook = standalone_notebook(self.tutorial, run, self.settings)
        self.files[notebook_path(self.tutorial)] = notebook.encode()
        self.files[f"{self.folder}/{name}.py"] = self.tutorial.text.encode()

    def _prose(self, cell: Cell, text: str) -> str:
        if "hint" in cell.tags:
            opening = '<details class="tip" markdown="1">\n<summary>Hint</summary>'
            return f"{opening}\n\n{text}\n\n</details>"
        if "question" in cell.tags:
            number = self.tutorial.questions.index(cell) + 1
            question = question_on_page(text, number, key_of(cell))
            is_last = number == len(self.tutorial.questions)
            return f"{question}\n\n{QUIZ_RESULT}" if is_last else question
        return with_try_it(text, posixpath.basename(self.folder), self.clean_run)

    def _code(self, cell: Cell, outputs: list[Output], number: int) -> list[str]:
        if "claims" in cell.tags or cell.is_trial:
            return []
        if cell.is_interactive:
            return self.outputs.interactive(cell, outputs)
        if "solution" in cell.tags:
            # HTML's own details: indented below `???`, an output's HTML would be read as Markdown.
            opening = '<details class="success" markdown="1">\n<summary>Solution</summary>'
            code = fence(cell.source, "python")
            return [opening, code, *self.outputs.of_cell(cell, outputs, number), "</details>"]
        if "folded" in cell.tags:
            opening = '<details class="abstract" markdown="1">\n<summary>Code of the numbers below</summary>'
            code = fence(cell.source, "python")
            return [opening, code, "</details>", *self.outputs.of_cell(cell, outputs, number)]
        if "check" in cell.tags:
            opening = '<details class="question" markdown="1">\n<summary>Check yourself</summary>'
            return [opening, fence(cell.source, "python"), "</details>"]
        title = {
            "starter": "Your turn",
            "program": "A whole program: it runs alone",
            "symptom": "What goes wrong",
            "cure": "The cure",
        }
        label = next((title[tag] for tag in title if tag in cell.tags), "")
        code = fence(cell.source, "python", f' title="{label}"' if label else "")
        return [
            code,
            *([] if "starter" in cell.tags else self.outputs.of_cell(cell, outputs, number)),
        ]


def _minutes(count: int) -> str:
    return f"{count} minute{'s' * (count != 1)}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else _minutes(round(seconds / 60))


def _front_matter(fields: Mapping[str, str | list[str]], more: str = "") -> str:
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, *([more] if more else []), "---"])


def export(pages: list[Page], folder: Path) -> None:
    """Write pages as plain Markdown, with their figures, downloads and run records, to a folder."""
    for page in pages:
        files = {page.path: page.markdown.encode(), **page.files}
        if page.record:
            files[page.record[0]] = page.record[1].encode()
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
