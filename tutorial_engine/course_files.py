"""Course files: a course's pages, and all beside them, as the files of a site that MkDocs builds."""

from __future__ import annotations

from collections.abc import Mapping

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from .course_pages import CoursePages
from .publish import Page
from .records import STYLE, STYLE_FILE, record_file
from .rendering import Places
from .schedule import Outcome
from .tutorial import record_path


class CourseFiles(CoursePages):
    """The pages of a course, with the files of each."""

    _places: Places | None = None

    def make_pages(self, outcomes: list[Outcome]) -> list[tuple[Page, Page]]:
        """Make the pages of what ran, as the course does; where files lie is another matter from now on."""
        self._places = None
        return super().make_pages(outcomes)

    def files(self, config: MkDocsConfig) -> list[File]:
        """Return all that a site gets."""
        files = [file for page in self.pages for file in self.files_of(page, config)]
        return [
            *files,
            *self.report_files(config),
            *self.glossary_files(config),
            *self.atlas_files(config),
        ]

    def files_of(self, page: Page, config: MkDocsConfig) -> list[File]:
        """Return a lesson's files: its page, what stands beside it, its run record."""
        file = File.generated(config, page.path, content=page.markdown)
        file.edit_uri = f"../{page.source}"
        files = [file]
        files += (File.generated(config, path, content=page.files[path]) for path in page.files)
        if page.record or (self._runs and record_path(page.path) in self.records):
            files.append(record_file(page.path, config))
        return files

    def report_files(self, config: MkDocsConfig) -> list[File]:
        """Return the files of what this build checked, and the style of its records."""
        style = File.generated(config, STYLE, content=STYLE_FILE.read_bytes())
        return [*_files(self.report_texts(), config), style]

    def glossary_files(self, config: MkDocsConfig) -> list[File]:
        """Return the file of the definitions that are shown where a term is used.

        Raises:
            PluginError: a formula in one cannot be shown.
        """
        try:
            return _files(self.glossary_texts(), config)
        except ValueError as error:
            raise PluginError(str(error)) from None

    def atlas_files(self, config: MkDocsConfig) -> list[File]:
        """Return the file in which messages are looked up."""
        return _files(self.atlas_texts(), config)

    def places(self, files: Files) -> Places:
        """Return where a site's files are, as long as these pages are its."""
        self._places = self._places or Places(files)
        return self._places


def _files(texts: Mapping[str, str], config: MkDocsConfig) -> list[File]:
    return [File.generated(config, path, content=text) for path, text in texts.items()]
