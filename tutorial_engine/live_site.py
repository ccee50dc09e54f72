"""Live site: pages of a served site are made when somebody asks for them, and again when an edit changed them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import jinja2
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation

from .built_site import BuiltSite, surroundings_of
from .course_files import CourseFiles
from .course_pages import REPORT_PAGE
from .files import FileState
from .glossary import PAGE as GLOSSARY_PAGE
from .scratch import locked_folder
from .serving import LiveRuns
from .store import Store
from .tutorial import record_path


class LiveSite:
    """A site while it is served. Its first build leaves pages that take time, so that it answers soon.

    Attributes:
        runs: the course's runs, those that are still to come, too.
        is_first: whether nothing has been built so far.
        asked: the paths of the run records that somebody has asked for.
        sentinel: the file whose change makes the server build again.
    """

    def __init__(self, store: Store) -> None:
        self._until_stopped = contextlib.ExitStack()
        # Not in the cache: that may be deleted meanwhile, and what was watched there with it.
        self.sentinel = self._until_stopped.enter_context(locked_folder()) / "finished"
        self.runs = LiveRuns(store, self.touch)
        self.asked: set[str] = set()
        self.is_first = True
        # One builds at a time: the server's loop, or a request for a page that is not made yet.
        self._building = threading.RLock()
        self._is_running = self._is_over = False
        # Pages of the first build that nobody has seen so far.
        self._unmade: dict[str, None] = {}
        self._surroundings: dict[str, FileState] = {}
        self._site: BuiltSite | None = None
        self._course: CourseFiles | None = None

    def touch(self) -> None:
        """Make MkDocs build again and reload the browsers."""
        self.sentinel.parent.mkdir(parents=True, exist_ok=True)
        self.sentinel.write_text(str(time.time_ns()))

    def begin(self) -> None:
        """Do what had to wait until the server listens: make the pages that are left, then run."""
        self.make_all()
        with self._building:
            if not self._is_over:
                self._is_running = True
                self.runs.start()

    def stop(self) -> None:
        """End what goes on beside the server."""
        with self._building:
            self._is_running, self._is_over = False, True
            self._unmade.clear()
        self.runs.stop()
        self._until_stopped.close()

    def build_begins(self, config: MkDocsConfig, store: Store) -> None:
        """MkDocs begins to build the whole site, with another store where the settings have changed."""
        if self.runs.store is not store:
            self.runs.stop()
            self.runs = LiveRuns(store, self.touch)
            if self._is_running:
                self.runs.start()
        self._surroundings = surroundings_of(config)
        self._site = None
        self._unmade.clear()

    def leave(self, path: str) -> None:
        """Leave a page: it is made when somebody asks for it, or soon."""
        self._unmade[path] = None

    def has_left(self, path: str) -> bool:
        """Say whether this build has left a page."""
        return self.is_first and path in self._unmade

    def pages_are_known(
        self,
        config: MkDocsConfig,
        files: Files,
        navigation: Navigation,
        environment: jinja2.Environment,
        course: CourseFiles,
    ) -> None:
        """All pages have been read: from now on one can be made again alone."""
        self._site = BuiltSite(config, files, navigation, environment, self._surroundings)
        self._course = course

    def build_ends(self) -> None:
        """The site is written."""
        self.is_first = False

    def build_fails(self) -> None:
        """A build ended early: half of the site is as it was."""
        self._site = None

    def build(self, build_whole: Callable[[], None]) -> None:
        """Build again, the pages that changed or else the whole site."""
        with self._building:
            try:
                is_built = self._build_changed()
            except BaseException:
                self.build_fails()
                raise
            if not is_built:
                build_whole()

    def make_all(self) -> None:
        """Make the pages that the first build left, one by one."""
        while self._unmade and self._site:
            with self._building:
                for path in list(self._unmade)[:1]:
                    self.make(path)

    def make(self, path: str) -> None:
        """Make a page that the first build left, or a run record that nobody has asked for, if it is one."""
        if not self._is_due(path):
            return
        with self._building:
            if self._site and self._is_due(path):
                if path not in self._unmade:
                    self.asked.add(path)
                self._site.make([path])
                self._unmade.pop(path, None)
                if path in self.asked or not self._unmade:
                    self._site.close()

    def _is_due(self, path: str) -> bool:
        is_record = self._course is not None and path in self._course.records
        return path in self._unmade or (is_record and path not in self.asked)

    def _build_changed(self) -> bool:
        """Make again the pages that changed; False where MkDocs has to build the whole site."""
        site, course = self._site, self._course
        if site is None or course is None or self._unmade:
            return False
        pages, used = site.edited(), course.used
        if pages is None or not course.read_again():
            return False
        if course.used != used and site.files.get_file_from_path(GLOSSARY_PAGE):
            pages.add(GLOSSARY_PAGE)
        for before, page in course.make_pages(self.runs.outcomes(course.to_run)):
            for file in course.files_of(page, site.config):
                if site.put(file) and file.is_documentation_page():
                    pages.add(file.src_uri)
            for path in before.files.keys() - page.files.keys():
                site.remove(path)
            record = record_path(page.path)
            is_new = record in course.records and not (page.record and before.record)
            if record in self.asked or is_new:
                pages.add(record)
        for file in course.report_files(site.config):
            if site.put(file):
                pages.add(REPORT_PAGE)
        for file in (*course.glossary_files(site.config), *course.atlas_files(site.config)):
            site.put(file)
        pages |= course.atlas_changes()
        if not site.make(sorted(pages)):
            return False
        site.close()
        return True
