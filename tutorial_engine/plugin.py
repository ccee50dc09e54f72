"""The MkDocs plugin `tutorials`: hands generated pages to a build, and keeps a served site live."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from jinja2 import Environment
from markupsafe import Markup, escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException, PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import get_toc
from mkdocs.utils import get_relative_url

from .build_cache import BuildCache
from .course import Lesson, glossary_page, load_course, titles
from .errors import TutorialError, unforeseen
from .glossary import PAGE as GLOSSARY_PAGE
from .html_pages import figure_attributes, lean_page
from .live_site import LiveSite, surroundings_of
from .places import of_the_build
from .previews import Previews
from .publish import Page, error_box, make_error_page, make_page
from .records import RecordFile, render_record
from .rendering import Places, Render, Rendering, finished, index_once, name_contents
from .report import build_report, report_page
from .schedule import Outcome, Watcher, bring_up_to_date, from_store
from .scratch import locked_folder
from .serving import Background, begin_when_listening
from .settings import Settings
from .signals import ended_as_by_keyboard
from .store import Store
from .theme import quicken, with_kept_pages
from .watching import watch_closely

log = logging.getLogger("mkdocs.tutorials")

NAV_MARK = "tutorials"
REPORT_PAGE = "about/checks.md"
# Scripts and styles of the theme, and fonts, which a reload need not fetch again.
_SAME_FOR_LONG = re.compile(r"^assets/.+(?:\.[0-9a-f]{8}\.min\.(?:css|js)|\.woff2)$")
# So long an editor may take for one save.
_SAVING_S = 0.03
_LASTS = ("Cache-Control", "max-age=86400, immutable")
RECORD_CSS = "assets/run-record.css"
_NO_RECORD = "# Run record\n\nThere is none yet: its tutorial has not run.\n"


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
        self.has_built = self.is_over = False
        self.site: LiveSite | None = None
        # One builds at a time: the server's loop, or a request for a page that is not made yet.
        self.building = threading.RLock()
        # Pages of the first build in serve that nobody has seen so far.
        self.unmade: dict[str, None] = {}

    def on_shutdown(self) -> None:
        with self.building:
            self.is_over = True
            self.unmade.clear()
        if self.background:
            self.background.stop()
            self.previews.stop()
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
        quicken(config.theme, self.cache)
        self.surroundings = surroundings_of(config, self.root) if self.serving else {}
        self.is_first = self.serving and not self.has_built
        self.site = None
        self.unmade.clear()
        self.lessons = load_course(self.settings, self.build_cache)
        self.records: dict[str, int] = {}
        self.record_css = ""
        self.places: Places | None = None
        self.writing = ""
        config.watch += [str(self.settings.sources), str(self.root / "snippets")]
        config.nav = _expand(config.nav, self.lessons, self.settings.parts)
        return config

    def on_pre_build(self, config: MkDocsConfig) -> None:
        search = config.plugins.get("material/search")
        if search and search.config.enabled:
            index_once(search.search_index, self.build_cache)

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
        self.outcomes = self._outcomes()
        self.pages: dict[str, int] = {}
        self.made: list[Page] = []
        for position in range(len(self.outcomes)):
            page = self._page(position)
            self.made.append(page)
            self.pages[page.path] = position
            for file in self._files(page, config):
                files.append(file)
                if isinstance(file, RecordFile):
                    self.pages[file.src_uri] = self.records[file.src_uri] = position
        for file in self._report_files(config):
            files.append(file)
        return files

    def _outcomes(self) -> list[Outcome]:
        if not self.serving:
            return bring_up_to_date(self.lessons, self.settings, self.store, watcher=_Log())
        if self.background is None:
            self.previews = Previews(self.settings, self._touch)
            self.background = Background(
                self.settings, self.store, self._touch, self.previews.keeper
            )
        self.previews.see(self.lessons)
        outcomes, missing = [], []
        for lesson in self.lessons:
            known = from_store(lesson, self.store)
            if known.run is None and known.error is None:
                if failure := self.background.failure(lesson):
                    known = Outcome(lesson, error=failure)
                else:
                    missing.append(lesson)
            outcomes.append(known)
        self.previews.want(missing)
        self.background.want([each for each in missing if not self.previews.is_making(each)])
        return outcomes

    def _page(self, position: int) -> Page:
        """Return a tutorial's page; what goes wrong while it is made becomes the tutorial's error."""
        outcome = self.outcomes[position]
        lesson = outcome.lesson
        if outcome.error:
            if self.serving:
                log.error("%s", outcome.error)
            return self._error_page(outcome)
        run, state, cells = outcome.run, "", []
        if self.serving:
            preview = self.previews.of(lesson)
            if run:
                cells = self.previews.differing(lesson, run)
                state = "differs" if cells else ""
            elif preview and preview.error:
                log.error("Preview: %s", preview.error)
                return self._error_page(replace(outcome, error=preview.error))
            elif preview:
                run, state, cells = preview.run, "preview", [preview.first_cell]
            else:
                state = self.background.state(lesson)
        try:
            names = titles(self.lessons)
            return make_page(
                lesson.tutorial, run, self.settings, names, state, self.build_cache, cells=cells
            )
        except Exception as error:  # one tutorial's fault must not be the others'
            self._fail(position, error)
            return self._error_page(self.outcomes[position])

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

    def _files(self, page: Page, config: MkDocsConfig) -> list[File]:
        """Return a tutorial's files: its page first."""
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        files = [file]
        files += (File.generated(config, path, content=page.files[path]) for path in page.files)
        if page.record or self.serving:
            files.append(
                RecordFile.generated(
                    config,
                    page.path.removesuffix(".md") + "/run.ipynb",
                    content=_NO_RECORD,
                    inclusion=InclusionLevel.NOT_IN_NAV,
                )
            )
        return files

    def _report_files(self, config: MkDocsConfig) -> list[File]:
        report = build_report(self.outcomes, self.settings)
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        return [
            File.generated(config, "build.json", content=text),
            File.generated(config, REPORT_PAGE, content=report_page(report)),
        ]

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

    @event_priority(-100)  # after others have put a way of their own in place
    def on_pre_page(self, page: SitePage, config: MkDocsConfig, files: Files) -> SitePage:
        path = page.file.src_uri
        position = self.pages.get(path)
        is_mkdocs_own = type(page) is SitePage and "render" not in vars(page)
        make = self._render_record if path in self.records else self._render
        render = page.render

        def guarded(config: MkDocsConfig, files: Files) -> None:
            try:
                if is_mkdocs_own:
                    make(page, render, config, files)
                else:
                    render(config, files)
            except Exception as error:  # one page's fault must not be the others'
                if position is None:
                    raise
                self._show_error(page, self._fail(position, error))

        page.render = guarded
        return page

    def _render(self, page: SitePage, render: Render, config: MkDocsConfig, files: Files) -> None:
        path = page.file.src_uri
        self.places = self.places or Places(files)
        rendering = Rendering(page, render, self.build_cache, self.places, config, files)
        if self.is_first and path in self.pages and not rendering.is_known:
            # The server answers first; the page is made when somebody asks for it, or soon.
            self.unmade[path] = None
            page.content, page.toc = "", get_toc([])
            return
        rendering.apply()

    def _render_record(
        self, page: SitePage, render: Render, config: MkDocsConfig, files: Files
    ) -> None:
        """Render what a tutorial's notebook was when it ran; in serve, when somebody asked for it."""
        path = page.file.src_uri
        position = self.records[path]
        outcome, made = self.outcomes[position], self.made[position]
        page.title = Markup(f"Run record: {escape(outcome.lesson.title)}")
        page.edit_url = None
        page.meta.update({"search": {"exclude": True}, "robots": "noindex", "hide": ["navigation"]})
        if outcome.error:
            self._show_error(page, outcome.error)
            return
        if made.record is None or (self.serving and path not in self.asked):
            render(config, files)
            return
        stylesheet = get_relative_url(RECORD_CSS, page.url)

        def make() -> dict:
            figures = {
                hashlib.sha256(content).hexdigest(): get_relative_url(figure, page.url)
                for figure, content in made.files.items()
            }
            shown = figure_attributes(outcome.run.outputs)
            return render_record(made.record[1], figures, shown, stylesheet)

        ingredients = made.digest, stylesheet, page.url
        record = self.build_cache.get("records", path, ingredients, make)
        page.content, page.toc = record["content"], get_toc(record["contents"])
        self.record_css = self.record_css or record["css"]

    def on_page_content(self, html: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
        path = page.file.src_uri
        position = self.pages.get(path)
        is_failed = position is not None and self.outcomes[position].error
        is_left = self.is_first and path in self.unmade
        if path in self.records or is_left or is_failed:
            return html
        try:
            name_contents(page.toc, html)
            return self.build_cache.get("finished", path, html, lambda: finished(html))
        except Exception as error:  # one page's fault must not be the others'
            if position is None:
                raise PluginError(f"{path}: {error}") from None
            self._show_error(page, self._fail(position, error))
            return page.content

    def _show_error(self, page: SitePage, error: TutorialError) -> None:
        page.content = error_box(of_the_build(self.settings).hide_in(error))
        page.toc = get_toc([])
        page.meta["search"] = {"exclude": True}

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        self.navigation = nav
        return nav

    @event_priority(-100)  # what others do to the environment is done
    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> Environment:
        env = with_kept_pages(env, lean_page, config, self.navigation, self.build_cache)
        if self.serving:
            self.site = LiveSite(config, files, self.navigation, env, self.surroundings)
        return env

    def on_post_page(self, output: str, page: SitePage, config: MkDocsConfig) -> str:
        self.writing = page.file.dest_uri
        return output

    def on_post_build(self, config: MkDocsConfig) -> None:
        if self.record_css:
            target = Path(config.site_dir) / RECORD_CSS
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.record_css, encoding="utf-8")
        self.build_cache.sweep()
        self.is_first, self.has_built = False, True
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
        self.site = None
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
        server.build_delay = _SAVING_S
        watch_closely(server)
        server.watch(str(self.sentinel))
        serve_request = server.get_app()

        def make_what_is_asked_for(environ, start_response):
            address = environ["PATH_INFO"].removeprefix(server.mount_path).strip("/")
            self._make_unmade(f"{address}.md")
            self._make_record(f"{address}.ipynb")

            def start(status: str, headers: list[tuple[str, str]]):
                lasts = status.startswith("200") and _SAME_FOR_LONG.search(address)
                return start_response(status, [*headers, *([_LASTS] if lasts else [])])

            return serve_request(environ, start)

        def build() -> None:
            with self.building:
                try:
                    is_built = self._build_again()
                except BaseException:
                    self.site = None  # half of it is as it was
                    raise
                if not is_built:
                    builder()

        server.set_app(make_what_is_asked_for)
        server.builder = build
        begin_when_listening(server, self._begin, MkDocsException)
        return server

    def _begin(self) -> None:
        """Do what had to wait until the server listens: make the pages that are left, then run."""

        def begin() -> None:
            self._make_all()
            with self.building:
                if not self.is_over:
                    self.background.start()

        threading.Thread(target=begin, daemon=True).start()

    def _make_all(self) -> None:
        """Make the pages that the first build left, one by one."""
        while self.unmade and self.site:
            with self.building:
                for path in list(self.unmade)[:1]:
                    self._make_unmade(path)

    def _make_unmade(self, path: str) -> None:
        """Make a page that the first build left, if it is one."""
        if path not in self.unmade:
            return
        with self.building:
            if self.site and path in self.unmade:
                self.site.make([path])
                del self.unmade[path]
                if not self.unmade:
                    self.site.close()

    def _make_record(self, path: str) -> None:
        """Make a run record that nobody has asked for so far, if it is one."""
        if path in self.records and path not in self.asked:
            with self.building:
                if self.site and path in self.records and path not in self.asked:
                    self.asked.add(path)
                    self.site.make([path])
                    self.site.close()

    def _build_again(self) -> bool:
        """Make again the pages that changed; False where MkDocs has to build the whole site."""
        site = self.site
        if site is None or self.unmade:
            return False
        pages = site.edited(surroundings_of(site.config, self.root))
        if pages is None:
            return False
        outline, names = _outline(self.lessons), titles(self.lessons)
        self.lessons = load_course(self.settings, self.build_cache)
        if _outline(self.lessons) != outline or titles(self.lessons) != names:
            return False
        self.outcomes = self._outcomes()
        self.places = None
        for position, before in enumerate(self.made):
            page = self.made[position] = self._page(position)
            pages |= self._replace(before, page, site)
        for file in self._report_files(site.config):
            known = site.files.get_file_from_path(file.src_uri)
            if known.content_bytes != file.content_bytes:
                site.put(file)
                pages |= {REPORT_PAGE}
        if not site.make(sorted(pages)):
            return False
        site.close()
        return True

    def _replace(self, before: Page, page: Page, site: LiveSite) -> set[str]:
        """Replace a tutorial's files by those of its new page; return the pages to be made again."""
        if page == before:
            return set()
        changed = set()
        file, *others = self._files(page, site.config)
        if page.markdown != before.markdown:
            site.put(file)
            changed.add(page.path)
        for other in others:
            path = other.src_uri
            if isinstance(other, RecordFile):
                if path in self.asked or not page.record or not before.record:
                    changed.add(path)
            elif page.files[path] != before.files.get(path):
                site.put(other)
        for path in before.files.keys() - page.files.keys():
            site.remove(path)
        return changed

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


def _outline(lessons: list[Lesson]) -> list:
    """Return what pages say of other tutorials, and where they stand."""
    return [
        (lesson.page, lesson.tutorial.header if lesson.tutorial else None) for lesson in lessons
    ]


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
