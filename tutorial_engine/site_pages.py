"""Site pages: a course's pages in MkDocs' hands, rendered, or shown as what went wrong with their tutorial."""

from __future__ import annotations

from markupsafe import Markup, escape
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page as SitePage
from mkdocs.structure.toc import get_toc
from mkdocs.utils import get_relative_url

from .build_cache import BuildCache
from .course_files import CourseFiles
from .documents import Document
from .errors import TutorialError
from .glossary import PAGE as GLOSSARY_PAGE
from .glossary import anchor
from .live_site import LiveSite
from .publish import error_box
from .records import STYLE, render_record
from .rendering import Render, Rendering, finished, name_contents


class SitePages:
    """Renders the pages of one build, the course's own and the others.

    Args:
        live: the site while it is served, which leaves pages for later; None in a build.
    """

    def __init__(self, course: CourseFiles, build_cache: BuildCache, live: LiveSite | None) -> None:
        self._course, self._build_cache, self._live = course, build_cache, live

    def take_over(self, page: SitePage) -> None:
        """Let MkDocs render a page by way of what is kept."""
        path = page.file.src_uri
        is_mkdocs_own = type(page) is SitePage and "render" not in vars(page)
        make = self._render_record if path in self._course.records else self._render
        render = page.render

        def guarded(config: MkDocsConfig, files: Files) -> None:
            try:
                if is_mkdocs_own:
                    make(page, render, config, files)
                else:
                    render(config, files)
            except Exception as error:  # one page's fault must not be the others'
                if path not in self._course.positions:
                    raise
                self._fail(page, error)

        page.render = guarded  # type: ignore[method-assign]  # this page's way alone

    def _render(self, page: SitePage, render: Render, config: MkDocsConfig, files: Files) -> None:
        path = page.file.src_uri
        places = self._course.places(files)
        rendering = Rendering(page, render, self._build_cache, places, config, files)
        live = self._live
        may_leave = live is not None and live.is_first and path in self._course.positions
        if live and may_leave and not rendering.is_known:
            live.leave(path)
            page.content, page.toc = "", get_toc([])
        else:
            rendering.apply()

    def _render_record(
        self, page: SitePage, render: Render, config: MkDocsConfig, files: Files
    ) -> None:
        """Render what a tutorial's notebook was when it ran; in serve, when somebody asked for it."""
        path = page.file.src_uri
        position = self._course.positions[path]
        outcome, made = self._course.outcomes[position], self._course.pages[position]
        page.title = Markup(f"Run record: {escape(outcome.lesson.title)}")
        page.edit_url = None
        page.meta.update({"search": {"exclude": True}, "robots": "noindex", "hide": ["navigation"]})
        if outcome.error:
            self._show_error(page, outcome.error)
            return
        if made.record is None or (self._live and path not in self._live.asked):
            render(config, files)
            return
        _, notebook = made.record
        stylesheet = get_relative_url(STYLE, page.url)

        def make() -> Document:
            figures = {
                digest: {**each, "src": get_relative_url(each["src"], page.url)}
                for digest, each in made.figures.items()
            }
            return render_record(notebook, figures, stylesheet)

        ingredients = made.digest, stylesheet, page.url
        rendered = self._build_cache.get("records", path, ingredients, make)
        page.content, page.toc = rendered["content"], get_toc(rendered["contents"])

    def finish(self, page: SitePage, html: str, files: Files) -> str:
        """Return a page's rendered HTML as the site has it."""
        path = page.file.src_uri
        position = self._course.positions.get(path)
        is_draft = path in self._course.drafts
        is_failed = position is not None and self._course.outcomes[position].error and not is_draft
        is_left = self._live and self._live.has_left(path)
        if path in self._course.records or is_left or is_failed:
            return html
        try:
            name_contents(page.toc, html)
            whole: str = self._build_cache.get("finished", path, html, lambda: finished(html))
            return self._with_terms(page, whole, files)
        except Exception as error:  # one page's fault must not be the others'
            if position is None:
                raise PluginError(f"{path}: {error}") from None
            self._fail(page, error)
            return page.content or ""

    def _with_terms(self, page: SitePage, html: str, files: Files) -> str:
        """Return a tutorial's HTML with links from its terms to the glossary, if the site has one."""
        glossary = files.get_file_from_path(GLOSSARY_PAGE)
        known = self._course.known.get(page.file.src_uri)
        if not known or not glossary:
            return html
        address = get_relative_url(glossary.url, page.url)
        vocabulary = self._course.vocabulary

        def make() -> str:
            return vocabulary.marked(html, known, lambda term: f"{address}#{anchor(term)}")

        ingredients = html, address, sorted(known), vocabulary.terms
        marked: str = self._build_cache.get("marked", page.file.src_uri, ingredients, make)
        return marked

    def _fail(self, page: SitePage, error: Exception) -> None:
        position = self._course.positions[page.file.src_uri]
        self._show_error(page, self._course.fail(position, error))

    def _show_error(self, page: SitePage, error: TutorialError) -> None:
        page.content = error_box(self._course.published(error))
        page.toc = get_toc([])
        page.meta["search"] = {"exclude": True}
