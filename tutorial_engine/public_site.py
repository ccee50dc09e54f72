"""Public site: what a site with an address offers to those who share, follow and host it."""

from __future__ import annotations

import base64
import hashlib
import logging
from pathlib import Path, PurePosixPath

from markupsafe import Markup
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page as SitePage

from .build_cache import BuildCache
from .content_policy import HEADERS, headers_of
from .copying import read_project
from .course import Lesson, stops_of
from .course_files import CourseFiles
from .link_cards import link_card
from .settings import Settings
from .sharing import FEED, Publication, as_script, atom, changes, course_data, tutorial_data

log = logging.getLogger("mkdocs.tutorials")


class PublicSite:
    """What is added to one build of a site that has a public address."""

    def __init__(
        self, config: MkDocsConfig, course: CourseFiles, settings: Settings, build_cache: BuildCache
    ) -> None:
        self._config, self._course = config, course
        self._settings, self._build_cache = settings, build_cache
        self._publication = Publication(
            config.site_name,
            config.site_description or "",
            f"{(config.site_url or '').rstrip('/')}/",
            str(config.theme.get("language", "en")),
            read_project(settings.root).licence,
        )

    def files(self) -> list[File]:
        """Return the pictures of shared links and the feed of changes, if there is a history of them."""
        files = [
            File.generated(self._config, self._card(lesson), content=self._draw(lesson))
            for lesson in self._course.lessons
            if self._settings.link_card and lesson.tutorial
        ]
        if made := changes(self._settings.root, self._course.lessons):
            self._config.extra["feed"] = FEED
            content = atom(self._publication, made)
            files.append(File.generated(self._config, FEED, content=content))
        else:
            log.info("No feed of changes: there is no git repository here with its whole history")
        return files

    def describe(self, page: SitePage) -> None:
        """Give a page what its head says of it."""
        lessons = self._course.lessons
        if page.is_homepage:
            described = course_data(self._publication, stops_of(lessons))
            page.meta["structured_data"] = Markup(as_script(described))
        position = self._course.positions.get(page.file.src_uri, len(lessons))
        if position < len(lessons) and not self._course.outcomes[position].error:
            lesson = lessons[position]
            described = tutorial_data(self._publication, lesson, lessons)
            page.meta["structured_data"] = Markup(as_script(described))
            if self._settings.link_card:
                page.meta["card"] = self._publication.address + self._card(lesson)

    def write_headers(self, site: Path) -> None:
        """Write what a host is to send with each file of a site."""
        pages = (path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html")))
        site.joinpath(HEADERS).write_text(headers_of(pages), encoding="utf-8")

    def _card(self, lesson: Lesson) -> str:
        return f"{lesson.page.removesuffix('.md')}/card.png"

    def _draw(self, lesson: Lesson) -> bytes:
        background = (self._settings.root / self._settings.link_card).read_bytes()
        lessons = stops_of(self._course.lessons)
        folder = PurePosixPath(lesson.page).parent.name
        part = self._settings.parts.get(folder, lesson.part)
        place = f" · {lessons.index(lesson) + 1} of {len(lessons)}" if lesson in lessons else ""
        above = f"{part}{place}"
        words = lesson.title, above, self._publication.title

        def draw() -> str:
            return base64.b64encode(link_card(background, *words)).decode()

        ingredients = hashlib.sha256(background).hexdigest(), words
        drawn: str = self._build_cache.get("cards", lesson.file, ingredients, draw)
        return base64.b64decode(drawn)
