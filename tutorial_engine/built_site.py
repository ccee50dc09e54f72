"""Built site: what MkDocs made of a whole site is kept while it is served, and single pages are made again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import jinja2
from mkdocs.commands.build import _build_page, _populate_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from .files import FileState, file_state
from .theme import own_folders


class BuiltSite:
    """A built site whose pages can be made again one by one, by MkDocs' own way of making a page.

    Args:
        config, files, navigation, environment: as the last whole build had them.
        surroundings: `surroundings_of(config)` from before that build.
    """

    def __init__(
        self,
        config: MkDocsConfig,
        files: Files,
        navigation: Navigation,
        environment: jinja2.Environment,
        surroundings: dict[str, FileState],
    ) -> None:
        self.config = config
        self.files = files
        self._navigation = navigation
        self._environment = environment
        self._surroundings = surroundings

    def edited(self) -> set[str] | None:
        """Return the pages written by hand that were saved since; None where more than that has changed."""
        before, surroundings = self._surroundings, surroundings_of(self.config)
        saved = {path for path in surroundings if before.get(path) != surroundings[path]}
        docs = self.config.docs_dir
        pages = {Path(path).relative_to(docs).as_posix() for path in saved if _is_page(path, docs)}
        if before.keys() != surroundings.keys() or len(pages) < len(saved):
            return None
        self._surroundings = surroundings
        return pages

    def put(self, file: File) -> bool:
        """Take a file into the site, and say whether it is another than before; a page still has to be made."""
        known = self.files.get_file_from_path(file.src_uri)
        if known and known.content_bytes == file.content_bytes:
            return False
        if known:
            known.content_bytes = file.content_bytes
        else:
            file.inclusion = InclusionLevel.INCLUDED
            self.files.append(file)
        if not file.is_documentation_page():
            file.copy_file()
        return True

    def remove(self, path: str) -> None:
        """Take a file out of the site."""
        file = self._file(path)
        self.files.remove(file)
        Path(str(file.abs_dest_path)).unlink(missing_ok=True)

    def make(self, paths: Iterable[str]) -> bool:
        """Make pages again; False where one is called otherwise now, which other pages say, too."""
        pages = [_page_of(self._file(path)) for path in paths]
        for page in pages:
            title = str(page.title)
            # What the last build put in its place.
            vars(page).pop("render", None)
            _populate_page(page, self.config, self.files)
            if str(page.title) != title:
                return False
        published = self.files.documentation_pages(inclusion=InclusionLevel.is_in_serve)
        for page in pages:
            excluded = page.file.inclusion.is_excluded()
            _build_page(
                page,
                self.config,
                published,
                self._navigation,
                self._environment,
                excluded=excluded,
            )
        level = self.config.validation.links.anchors
        for page in pages:
            page.validate_anchor_links(files=self.files, log_level=level)
        return True

    def _file(self, path: str) -> File:
        file = self.files.get_file_from_path(path)
        if file is None:
            raise KeyError(path)
        return file

    def close(self) -> None:
        """Do what follows the last page of a build."""
        self.config.plugins.on_post_build(config=self.config)


def surroundings_of(config: MkDocsConfig) -> dict[str, FileState]:
    """Return what a build reads beside the course: path -> what differs after it was saved."""
    configuration = Path(config.config_file_path)
    paths = [configuration.with_name("pyproject.toml"), configuration]
    for folder in (Path(config.docs_dir), *own_folders(config.theme)):
        paths += (path for path in folder.rglob("*") if path.is_file())
    states = {str(path): file_state(path) for path in paths}
    return {path: state for path, state in states.items() if state}


def _page_of(file: File) -> Page:
    if file.page is None:
        raise ValueError(f"{file.src_uri} is no page")
    return file.page


def _is_page(path: str, docs: str) -> bool:
    return path.endswith(".md") and Path(path).is_relative_to(docs)
