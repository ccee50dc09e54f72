"""The MkDocs plugin `tutorials`: hands generated pages to a build, and keeps a served site live."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils import get_relative_url

from .atlas import PAGE as ATLAS_PAGE
from .build_cache import BuildCache
from .course import Lesson, glossary_page
from .course_files import CourseFiles, expand_navigation, mentions
from .course_map import MARK, course_map
from .errors import SourceError
from .excerpts import with_excerpts
from .glossary import PAGE as GLOSSARY_PAGE
from .html_pages import lean_page
from .joined import join_files
from .live_server import serve_live
from .live_site import LiveSite
from .offline import EMPTY, write_copy
from .public_site import PublicSite
from .schedule import Outcome, Watcher, bring_up_to_date
from .scratch import locked_folder
from .searching import index_once, read_words
from .settings import Settings
from .signals import ended_as_by_keyboard
from .site_pages import SitePages
from .snippet_pages import INDEX
from .snippet_tests import FOLDER as TESTS
from .store import Store
from .theme import quicken, with_kept_pages

log = logging.getLogger("mkdocs.tutorials")


class TutorialsConfig(Config):
    """No options in mkdocs.yml: `[tool.tutorial_engine]` of pyproject.toml has them."""


class TutorialsPlugin(BasePlugin[TutorialsConfig]):
    """Gives MkDocs the tutorials as pages, and its server what runs.

    Attributes:
        live: the site while it is served; None in a build.
        store, build_cache: there from the first configuration on.
    """

    store: Store
    build_cache: BuildCache

    def on_startup(self, *, command: str, dirty: bool) -> None:
        self.is_serving = command == "serve"
        self._until_shutdown = contextlib.ExitStack()
        self._until_shutdown.enter_context(ended_as_by_keyboard())
        self.live: LiveSite | None = None
        self.spare_cache: Path | None = None

    def on_shutdown(self) -> None:
        if self.live:
            self.live.stop()
        self._until_shutdown.close()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        try:
            self.settings = Settings.load(Path(config.config_file_path).parent)
        except ValueError as error:
            raise PluginError(str(error)) from None
        if "store" not in vars(self) or self.store.settings != self.settings:
            self.store = Store(self.settings)
        cache = self._writable_cache()
        if "build_cache" not in vars(self) or self.build_cache.cache != cache:
            self.build_cache = BuildCache(cache)
        quicken(config.theme, cache)
        if self.is_serving:
            self.live = self.live or LiveSite(self.store)
            self.live.build_begins(config, self.store)
        elif not config.site_url:
            # Not a warning, which a strict build refuses: a site to look at here needs no address.
            log.info(
                "This site has no public address, and so no sitemap, no canonical links, no pictures for shared "
                "links, no feed and no headers for its host: set SITE_URL=https://… before you publish it"
            )
        runs = self.live.runs if self.live else None
        shows = mentions(config.nav, INDEX)
        try:
            self.course = CourseFiles(self.settings, self.build_cache, runs, shows_snippets=shows)
        except SourceError as error:  # of a file that no tutorial has for itself
            raise PluginError(str(error)) from None
        self.pages = SitePages(self.course, self.build_cache, self.live)
        is_public = config.site_url and not self.is_serving
        self.public_site = (
            PublicSite(config, self.course, self.settings, self.build_cache) if is_public else None
        )
        self.writing = ""
        config.watch += [str(self.settings.sources), str(self.settings.root / "snippets")]
        if shows and (tests := self.settings.root / TESTS).is_dir():
            config.watch.append(str(tests))
        config.nav = expand_navigation(config.nav, self.course.lessons, self.settings.parts)
        return config

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

    def on_pre_build(self, config: MkDocsConfig) -> None:
        search = config.plugins.get("material/search")
        if search and search.config.enabled:
            try:
                words = read_words(Path(config.docs_dir))
            except ValueError as error:
                raise PluginError(str(error)) from None
            index_once(search.search_index, self.build_cache, words)

    @event_priority(100)
    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        lessons = self.course.to_run
        if self.live:
            outcomes = self.live.runs.outcomes(lessons)
        else:
            outcomes = bring_up_to_date(lessons, self.settings, self.store, watcher=_Log())
        self.course.make_pages(outcomes)
        for file in self.course.files(config):
            files.append(file)
        atlas = files.get_file_from_path(ATLAS_PAGE)
        if atlas and self.course.has_atlas:
            config.extra["atlas"] = atlas.url
        if self.settings.offline:  # so that pages can link to what is written last
            files.append(File.generated(config, self.settings.offline, content=EMPTY))
        for file in self.public_site.files() if self.public_site else ():
            files.append(file)
        join_files(config, files)
        return files

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        self.navigation = nav
        return nav

    @event_priority(-100)  # after others have put a way of their own in place
    def on_pre_page(self, page: SitePage, config: MkDocsConfig, files: Files) -> SitePage:
        self.pages.take_over(page)
        return page

    def on_page_markdown(
        self, markdown: str, page: SitePage, config: MkDocsConfig, files: Files
    ) -> str:
        path = page.file.src_uri
        if self.public_site:
            self.public_site.describe(page)
        if path == GLOSSARY_PAGE:
            return glossary_page(self.course.lessons, markdown)
        if path not in self.course.positions:
            markdown = self.course.with_atlas(markdown, path)
            try:
                return with_excerpts(markdown, path, self.course.shown_by_name())
            except ValueError as error:
                raise PluginError(str(error)) from None
        if path in self.course.positions:
            # The theme puts these into its HTML as they stand; `Markup` keeps it from escaping twice.
            for name in ("title", "description"):
                if name in page.meta:
                    page.meta[name] = Markup(escape(page.meta[name]))
        return markdown

    def on_page_content(self, html: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
        def address(path: str) -> str:
            file = files.get_file_from_path(path)
            return get_relative_url(file.url, page.url) if file else ""

        content = self.pages.finish(page, html, files)
        if MARK not in content:
            return content
        stops = self.course.stops(address)
        drawn: str = self.build_cache.get(
            "maps", page.file.src_uri, [repr(each) for each in stops], lambda: course_map(stops)
        )
        return content.replace(MARK, drawn)

    @event_priority(-100)  # what others do to the environment is done
    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> Environment:
        env = with_kept_pages(env, lean_page, config, self.navigation, self.build_cache)
        if self.live:
            self.live.pages_are_known(config, files, self.navigation, env, self.course)
        return env

    def on_post_page(self, output: str, page: SitePage, config: MkDocsConfig) -> str:
        self.writing = page.file.dest_uri
        return output

    @event_priority(-100)  # after the last file of any other
    def on_post_build(self, config: MkDocsConfig) -> None:
        site = Path(config.site_dir)
        if self.public_site:
            self.public_site.write_headers(site)
        if not config.site_url:  # without an address MkDocs lists no page there
            for name in ("sitemap.xml", "sitemap.xml.gz"):
                site.joinpath(name).unlink(missing_ok=True)
        self.build_cache.sweep()
        if self.live:
            self.live.build_ends()
        elif failures := self.course.failures():
            raise PluginError(failures)
        elif self.settings.offline:
            write_copy(Path(config.site_dir), self.settings.offline)

    def on_build_error(self, error: Exception) -> None:
        """Say which file could not be written, rather than where in MkDocs."""
        if self.live:
            self.live.build_fails()
        if isinstance(error, OSError):
            # A full disk shows while a file is written, when its name is no longer told.
            file = error.filename or self.writing or "the site"
            raise PluginError(
                f"{file} cannot be read or written: {error.strerror or error}\n"
                "  What to do: make room on the disk or free the file, and build again; "
                "the runs that ended well are kept"
            ) from None

    def on_serve(
        self, server: LiveReloadServer, config: MkDocsConfig, builder: Callable[[], None]
    ) -> LiveReloadServer:
        if self.live:
            serve_live(server, self.live, builder)
        return server


class _Log(Watcher):
    """Says in the build's log what runs and what it cost."""

    def started(self, lesson: Lesson, estimate: float | None) -> None:
        about = f", about {estimate:.0f} s" if estimate else ""
        if lesson.error:
            log.error("Known before it runs: %s", lesson.error)
        log.info("Running %s%s", lesson.name, about)

    def ended(self, outcome: Outcome) -> None:
        if outcome.error:
            log.error("Failed: %s", outcome.error)
        elif run := outcome.run:
            log.info("Ran %s: %.0f s, %.0f CPU s", run.name, run.wall_s, run.cpu_s)
