"""The MkDocs plugin `tutorials`: hands generated pages to a build, and keeps a served site live."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemBytecodeCache
from markupsafe import Markup, escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException, PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import get_toc
from mkdocs.utils import get_relative_url

from .build_cache import TEMPLATES, BuildCache, makers
from .course import Lesson, glossary_page, load_course, titles
from .errors import TutorialError, unforeseen
from .files import write_whole
from .glossary import PAGE as GLOSSARY_PAGE
from .html_pages import figure_attributes, lean_page, light_record
from .places import of_the_build
from .publish import Page, error_box, make_error_page, make_page
from .rendering import finished, index_once, name_contents, places_of, render_once
from .report import build_report, report_page
from .schedule import Outcome, Watcher, bring_up_to_date, from_store
from .scratch import locked_folder
from .serving import Background, begin_when_listening
from .settings import Settings
from .signals import ended_as_by_keyboard
from .store import Store

log = logging.getLogger("mkdocs.tutorials")
# Not below MkDocs' own: what is made good must not end a strict build.
notes = logging.getLogger("tutorial_engine")

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
        self._until_shutdown = contextlib.ExitStack()
        self._until_shutdown.enter_context(ended_as_by_keyboard())
        self.background: Background | None = None
        self.store: Store | None = None
        self.build_cache: BuildCache | None = None
        self.spare_cache: Path | None = None
        if self.serving:
            # Not in the cache: that may be deleted meanwhile, and what was watched there with it.
            self.sentinel = self._until_shutdown.enter_context(locked_folder()) / "finished"
        self.asked: set[str] = set()

    def on_shutdown(self) -> None:
        if self.background:
            self.background.stop()
        self._until_shutdown.close()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self.root = Path(config.config_file_path).parent
        try:
            self.settings = Settings.load(self.root)
        except ValueError as error:
            raise PluginError(str(error)) from None
        if self.store is None or self.store.settings != self.settings:
            self.store = Store(self.settings)
        self.cache = self._writable_cache()
        if self.build_cache is None or self.build_cache.cache != self.cache:
            self.build_cache = BuildCache(self.cache)
        self.lessons = load_course(self.settings, self.build_cache)
        self.records: dict[str, Outcome] = {}
        self.record_css = ""
        self.places = ""
        self.writing = ""
        config.watch += [str(self.settings.sources), str(self.root / "snippets")]
        config.nav = _expand(config.nav, self.lessons, self.settings.parts)
        jupyter = config.plugins.get("mkdocs-jupyter")
        if jupyter:
            # In serve only asked-for records are rendered; they must not evict the build's.
            folder = "records-serve" if self.serving else "records"
            jupyter.config["cache_dir"] = str(self.cache / folder)
        return config

    def on_pre_build(self, config: MkDocsConfig) -> None:
        search = config.plugins.get("material/search")
        if search and search.config.enabled:
            index_once(search.search_index, self.build_cache)

    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> Environment:
        """Let the theme's templates be compiled once."""
        folder = self.cache / TEMPLATES / makers()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for old in set(folder.parent.iterdir()) - {folder}:
                shutil.rmtree(old, ignore_errors=True)
            env.bytecode_cache = FileSystemBytecodeCache(str(folder))
        return env

    def _writable_cache(self) -> Path:
        """Return where to keep what is rendered: where nothing can be written, a folder for this time."""
        if self.spare_cache is None:
            try:
                self.settings.cache.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=self.settings.cache).close()
            except OSError as error:
                self.store.cannot_write(error)
                self.spare_cache = self._until_shutdown.enter_context(locked_folder())
        return self.spare_cache or self.settings.cache

    @event_priority(100)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        outcomes = self._outcomes()
        self.outcomes = outcomes
        self.pages: dict[str, int] = {}
        names = titles(self.lessons)
        for position in range(len(outcomes)):
            self._publish(position, names, files, config)
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
            known = from_store(lesson, self.store)
            if known.run is None and known.error is None:
                if failure := self.background.failure(lesson):
                    known = Outcome(lesson, error=failure)
                else:
                    missing.append(lesson)
            outcomes.append(known)
        self.background.want(missing)
        return outcomes

    def _publish(self, position: int, names: dict, files: Files, config: MkDocsConfig) -> None:
        """Add one tutorial's files to the site; what goes wrong becomes the tutorial's error."""
        try:
            page = self._page(self.outcomes[position], names)
            self._add_page(page, self.outcomes[position], files, config)
        except Exception as error:  # one tutorial's fault must not be the others'
            self._fail(position, error)
            page = self._error_page(self.outcomes[position])
            self._add_page(page, self.outcomes[position], files, config)
        self.pages[page.path] = position
        if page.record:
            self.pages[page.record[0]] = position

    def _fail(self, position: int, error: Exception) -> TutorialError:
        """Keep an exception as the error of a tutorial that ran well until here."""
        outcome = self.outcomes[position]
        if not isinstance(error, TutorialError):
            error = unforeseen(error, outcome.lesson.file)
        self.outcomes[position] = Outcome(outcome.lesson, error=error)
        log.error("Failed: %s", error)
        return error

    def _error_page(self, outcome: Outcome) -> Page:
        error = of_the_build(self.settings).hide_in(outcome.error)
        return make_error_page(outcome.lesson.file, error, outcome.lesson.tutorial)

    def _page(self, outcome: Outcome, names: dict) -> Page:
        lesson = outcome.lesson
        if outcome.error:
            if self.serving:
                log.error("%s", outcome.error)
            return self._error_page(outcome)
        state = "" if outcome.run else self.background.state(lesson)
        return make_page(
            lesson.tutorial, outcome.run, self.settings, names, state, self.build_cache
        )

    def _add_page(self, page: Page, outcome: Outcome, files: Files, config: MkDocsConfig) -> None:
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        added = [file]
        for path, content in page.files.items():
            added.append(File.generated(config, path, content=content))
        if page.record:
            added.append(self._record_file(outcome.lesson, *page.record, config))
            self.records[page.record[0]] = outcome
        for each in added:  # all or none
            files.append(each)

    def _record_file(self, lesson: Lesson, path: str, notebook: str, config: MkDocsConfig) -> File:
        if self.serving and path not in self.asked:
            return _RecordPlaceholder.generated(
                config, path, content=_PLACEHOLDER, inclusion=InclusionLevel.NOT_IN_NAV
            )
        # mkdocs-jupyter reads from disk: a real file, outside every watched folder.
        folder = self.cache / "notebooks"
        target = folder / path
        try:
            if not target.is_file() or target.read_bytes() != notebook.encode():
                write_whole(target, notebook)
        except OSError as error:
            shown = target.relative_to(self.root) if target.is_relative_to(self.root) else target
            raise TutorialError(
                f"its run record cannot be written to {shown.as_posix()}: {error.strerror}",
                file=lesson.file,
                remedy="make room on the disk, or run `python -m tutorial_engine clean`",
            ) from None
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
        if page.file.src_uri in self.pages:
            # The theme puts these into its HTML as they stand; `Markup` keeps it from escaping twice.
            for name in ("title", "description"):
                if name in page.meta:
                    page.meta[name] = Markup(escape(page.meta[name]))
        return markdown

    @event_priority(-100)  # after mkdocs-jupyter has put its own `render` in place
    def on_pre_page(self, page: SitePage, config: MkDocsConfig, files: Files) -> SitePage:
        position = self.pages.get(page.file.src_uri)
        render = page.render
        if type(page) is SitePage and "render" not in vars(page):  # nobody else's way to render it

            def render(config: MkDocsConfig, files: Files, render=page.render) -> None:
                self.places = self.places or places_of(files)
                render_once(page, render, self.build_cache, self.places, config, files)

        if position is None:
            page.render = render
            return page

        def guarded(config: MkDocsConfig, files: Files) -> None:
            failed = self.outcomes[position].error
            if failed and page.file.src_uri in self.records:
                self._show_error(page, failed)
                return
            try:
                try:
                    render(config, files)
                except Exception:
                    if not self._heal_records(config):
                        raise
                    render(config, files)
            except Exception as error:  # one page's fault must not be the others'
                self._show_error(page, self._fail(position, error))

        page.render = guarded
        return page

    def _heal_records(self, config: MkDocsConfig) -> bool:
        """Drop what does not read in mkdocs-jupyter's cache, and say whether there was any."""
        jupyter = config.plugins.get("mkdocs-jupyter")
        damaged = []
        for entry in Path(jupyter.config["cache_dir"]).glob("*.json") if jupyter else ():
            try:
                document = json.loads(entry.read_text(encoding="utf-8"))
                good = isinstance(document, dict) and {"content", "toc_tokens"} <= set(document)
            except (OSError, ValueError):
                good = False
            if not good:
                damaged.append(entry)
        for entry in damaged:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
            notes.info("A rendered run record, %s, was damaged; it is rendered again.", entry.name)
        return bool(damaged)

    def _show_error(self, page: SitePage, error: TutorialError) -> None:
        page.content = error_box(of_the_build(self.settings).hide_in(error))
        page.toc = get_toc([])
        page.meta["search"] = {"exclude": True}

    def on_page_content(self, html: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
        position = self.pages.get(page.file.src_uri)
        if position is None:
            return self._finished(html, page, files)
        try:
            # A page whose rendering failed says so already.
            failed = self.outcomes[position].error
            return html if failed else self._finished(html, page, files)
        except Exception as error:  # one page's fault must not be the others'
            self._show_error(page, self._fail(position, error))
            return page.content

    def _finished(self, html: str, page: SitePage, files: Files) -> str:
        """Return a rendered page's content as the site has it."""
        outcome = self.records.get(page.file.src_uri)
        if outcome is None:
            try:
                name_contents(page.toc, html)
                return self.build_cache.get(
                    "finished", page.file.src_uri, html, lambda: finished(html)
                )
            except ValueError as error:
                raise PluginError(f"{page.file.src_uri}: {error}") from None
        page.title = Markup(f"Run record: {escape(outcome.lesson.title)}")
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
        ingredients = html, figures, shown, stylesheet
        html, css = self.build_cache.get(
            "light-records", page.file.src_uri, ingredients, lambda: light_record(*ingredients)
        )
        self.record_css = self.record_css or css
        return html

    def on_post_page(self, output: str, page: SitePage, config: MkDocsConfig) -> str:
        self.writing = page.file.dest_uri
        return lean_page(output)

    def on_post_build(self, config: MkDocsConfig) -> None:
        if self.record_css:
            target = Path(config.site_dir) / RECORD_CSS
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.record_css, encoding="utf-8")
        self.build_cache.sweep()
        failures = [outcome for outcome in self.outcomes if outcome.error]
        if failures and not self.serving:
            said = "\n\n".join(str(outcome.error) for outcome in failures)
            kept = len(self.outcomes) - len(failures)
            raise PluginError(
                f"{len(failures)} of {len(self.outcomes)} tutorials failed; "
                f"the runs of the other {kept} are kept.\n\n{said}"
            )

    def on_build_error(self, error: Exception) -> None:
        """Say which file could not be written, rather than where in MkDocs."""
        if isinstance(error, OSError):
            # A full disk shows while a file is written, when its name is no longer told.
            file = error.filename or self.writing or "the site"
            raise PluginError(
                f"{file} cannot be read or written: {error.strerror or error}\n"
                "  What to do: make room on the disk or free the file, and build again; "
                "the runs that ended well are kept"
            ) from None

    def on_serve(self, server: LiveReloadServer, config: MkDocsConfig, builder) -> LiveReloadServer:
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
        begin_when_listening(server, self.background.start, MkDocsException)
        return server

    def _touch(self) -> None:
        """Make MkDocs build again and reload the browsers."""
        self.sentinel.parent.mkdir(parents=True, exist_ok=True)
        self.sentinel.write_text(str(time.time_ns()))


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
