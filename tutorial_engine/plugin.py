"""The MkDocs plugin `tutorials`: hands generated pages to a build, and keeps a served site live."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import AnchorLink
from mkdocs.utils import get_relative_url

from .course import Lesson, glossary_page, load_course, titles
from .glossary import PAGE as GLOSSARY_PAGE
from .html_pages import (
    figure_attributes,
    lean_code,
    lean_page,
    light_record,
    schemed_figures,
)
from .markup import contents_title, with_mathml
from .publish import Page, make_error_page, make_page
from .report import build_report, report_page
from .schedule import Outcome, Watcher, bring_up_to_date
from .serving import Background, end_as_by_keyboard, when_listening
from .settings import Settings
from .store import Store, write_whole

log = logging.getLogger("mkdocs.tutorials")

NAV_MARK = "tutorials"
REPORT_PAGE = "about/checks.md"
RECORD_CSS = "assets/run-record.css"
_PLACEHOLDER = "# Run record\n\nBeing rendered. This page shows it by itself in a few seconds.\n"


class _RecordPlaceholder(File):
    """Stands at a run record's address while nobody has asked for it (serve only)."""

    def is_documentation_page(self) -> bool:
        return True


class TutorialsPlugin(BasePlugin):
    """Reads `[tool.tutorial_engine]` of pyproject.toml; has no options of its own in mkdocs.yml."""

    def on_startup(self, *, command: str, dirty: bool) -> None:
        self.serving = command == "serve"
        self.background: Background | None = None
        self.asked: set[str] = set()

    def on_shutdown(self) -> None:
        if self.background:
            self.background.stop()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self.root = Path(config.config_file_path).parent
        try:
            self.settings = Settings.load(self.root)
        except ValueError as error:
            raise PluginError(str(error)) from None
        self.store = Store(self.settings)
        self.sentinel = self.settings.cache / "serve" / "finished"
        self.lessons = load_course(self.settings)
        self.records: dict[str, Outcome] = {}
        self.record_css = ""
        self.light_records: set[Path] = set()
        config.watch += [str(self.settings.sources), str(self.root / "snippets")]
        config.nav = _expand(config.nav, self.lessons, self.settings.parts)
        jupyter = config.plugins.get("mkdocs-jupyter")
        if jupyter:
            # In serve only asked-for records are rendered; they must not evict the build's.
            folder = "records-serve" if self.serving else "records"
            jupyter.config["cache_dir"] = str(self.settings.cache / folder)
        return config

    @event_priority(100)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        outcomes = self._outcomes()
        self.outcomes = outcomes
        names = titles(self.lessons)
        for outcome in outcomes:
            self._add_page(self._page(outcome, names), outcome, files, config)
        report = build_report(outcomes, self.settings)
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        files.append(File.generated(config, "build.json", content=text))
        files.append(File.generated(config, REPORT_PAGE, content=report_page(report)))
        return files

    def _outcomes(self) -> list[Outcome]:
        if not self.serving:
            return bring_up_to_date(self.lessons, self.settings, self.store, watcher=_Log())
        if self.background is None:
            self.background = Background(self.settings, self.store, self._touch)
        outcomes, missing = [], []
        for lesson in self.lessons:
            error = lesson.error or self.background.failure(lesson)
            run = None if error else self.store.load(lesson.name, lesson.key)
            if run is None and error is None:
                missing.append(lesson)
            outcomes.append(Outcome(lesson, run, error))
        self.background.want(missing)
        return outcomes

    def _page(self, outcome: Outcome, names: dict) -> Page:
        lesson = outcome.lesson
        if outcome.error:
            if self.serving:
                log.error("%s", outcome.error)
            return make_error_page(lesson.file, outcome.error, lesson.tutorial)
        state = "" if outcome.run else self.background.state(lesson)
        return make_page(lesson.tutorial, outcome.run, self.settings, names, state)

    def _add_page(self, page: Page, outcome: Outcome, files: Files, config: MkDocsConfig) -> None:
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        files.append(file)
        for path, content in page.files.items():
            files.append(File.generated(config, path, content=content))
        if page.record:
            self.records[page.record[0]] = outcome
            files.append(self._record_file(*page.record, config))

    def _record_file(self, path: str, notebook: str, config: MkDocsConfig) -> File:
        if self.serving and path not in self.asked:
            return _RecordPlaceholder.generated(
                config, path, content=_PLACEHOLDER, inclusion=InclusionLevel.NOT_IN_NAV
            )
        # mkdocs-jupyter reads from disk: a real file, outside every watched folder.
        folder = self.settings.cache / "notebooks"
        target = folder / path
        if not target.is_file() or target.read_text(encoding="utf-8") != notebook:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(notebook, encoding="utf-8")
        return File(
            path,
            src_dir=str(folder),
            dest_dir=config.site_dir,
            use_directory_urls=config.use_directory_urls,
            inclusion=InclusionLevel.NOT_IN_NAV,
        )

    def on_page_markdown(
        self, markdown: str, page: SitePage, config: MkDocsConfig, files: Files
    ) -> str:
        if page.file.src_uri == GLOSSARY_PAGE:
            return glossary_page(self.lessons, markdown)
        return markdown

    def on_page_content(self, html: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
        outcome = self.records.get(page.file.src_uri)
        if outcome is None:
            try:
                for entry in _flat(page.toc):
                    entry.title = contents_title(entry.title, entry.id, html)
                return lean_code(schemed_figures(with_mathml(html)))
            except ValueError as error:
                raise PluginError(f"{page.file.src_uri}: {error}") from None
        page.title = f"Run record: {outcome.lesson.title}"
        page.edit_url = None
        page.meta.update({"search": {"exclude": True}, "robots": "noindex", "hide": ["navigation"]})
        beside = page.file.src_uri.rsplit("/", 1)[0] + "/figure-"
        figures = {
            hashlib.sha256(file.content_bytes).hexdigest(): get_relative_url(file.url, page.url)
            for file in files
            if file.src_uri.startswith(beside)
        }
        stylesheet = get_relative_url(RECORD_CSS, page.url)
        shown = figure_attributes(outcome.run.outputs)
        html, css = self._light_record(html, figures, shown, stylesheet)
        self.record_css = self.record_css or css
        return html

    def _light_record(self, *ingredients) -> tuple[str, str]:
        """Return `light_record(*ingredients)`, computed once and kept: it parses half a megabyte."""
        digest = hashlib.sha256(repr(ingredients).encode()).hexdigest()
        kept = self.settings.cache / "light-records" / f"{digest}.json"
        self.light_records.add(kept)
        with contextlib.suppress(FileNotFoundError, ValueError):  # absent, or damaged
            return tuple(json.loads(kept.read_text(encoding="utf-8")))
        result = light_record(*ingredients)
        write_whole(kept, json.dumps(result))
        return result

    def on_post_page(self, output: str, page: SitePage, config: MkDocsConfig) -> str:
        return lean_page(output)

    def on_post_build(self, config: MkDocsConfig) -> None:
        if self.record_css:
            target = Path(config.site_dir) / RECORD_CSS
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.record_css, encoding="utf-8")
        if not self.serving:
            for old in set((self.settings.cache / "light-records").glob("*")) - self.light_records:
                old.unlink()
        failures = [outcome for outcome in self.outcomes if outcome.error]
        if failures and not self.serving:
            said = "\n\n".join(str(outcome.error) for outcome in failures)
            kept = len(self.outcomes) - len(failures)
            raise PluginError(
                f"{len(failures)} of {len(self.outcomes)} tutorials failed; "
                f"the runs of the other {kept} are kept.\n\n{said}"
            )

    def on_serve(self, server: LiveReloadServer, config: MkDocsConfig, builder) -> LiveReloadServer:
        end_as_by_keyboard()
        self._touch()
        server.watch(str(self.sentinel))
        serve_request = server.get_app()

        def ask_for_records(environ, start_response):
            address = environ["PATH_INFO"].removeprefix(server.mount_path).strip("/")
            path = f"{address}.ipynb"
            if path in self.records and path not in self.asked:
                self.asked.add(path)
                self._touch()
            return serve_request(environ, start_response)

        server.set_app(ask_for_records)
        when_listening((server.server_address[0], server.server_address[1]), self.background.start)
        return server

    def _touch(self) -> None:
        """Make MkDocs build again and reload the browsers."""
        self.sentinel.parent.mkdir(parents=True, exist_ok=True)
        self.sentinel.write_text(str(time.time_ns()))


def _flat(entries: Iterable[AnchorLink]) -> Iterator[AnchorLink]:
    """Yield the entries of a list of contents, those below others included."""
    for entry in entries:
        yield entry
        yield from _flat(entry.children)


class _Log(Watcher):
    """Says in the build's log what runs and what it cost."""

    def started(self, lesson: Lesson, estimate: float | None) -> None:
        about = f", about {estimate:.0f} s" if estimate else ""
        log.info("Running %s%s", lesson.name, about)

    def ended(self, outcome: Outcome) -> None:
        if outcome.error:
            log.error("Failed: %s", outcome.error)
        else:
            run = outcome.run
            log.info("Ran %s: %.0f s, %.0f CPU s", run.name, run.wall_s, run.cpu_s)


def _expand(nav: list | None, lessons: list[Lesson], titles: Mapping[str, str]) -> list | None:
    """Put the tutorials, part by part, where the navigation says `tutorials`."""
    if nav is None:
        return None
    parts: dict[str, list[str]] = {}
    for lesson in lessons:
        title = titles.get(PurePosixPath(lesson.page).parent.name, lesson.part)
        parts.setdefault(title, []).append(lesson.page)
    expanded: list = []
    for item in nav:
        if item == NAV_MARK:
            expanded += [{part: pages} for part, pages in parts.items()]
        else:
            expanded.append(item)
    return expanded
