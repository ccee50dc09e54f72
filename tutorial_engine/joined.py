"""Joined files: the styles that every page has are fetched as one, and so are its scripts.

On a phone far away each request costs more than the few kilobytes that it brings.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

# What they are joined to, in the folder in which they all lie, so that addresses in them lead where they did.
STYLES, SCRIPTS = "site.css", "site.js"


def join_files(config: MkDocsConfig, files: Files) -> None:
    """Put one file in the place of `extra_css`, and one in that of `extra_javascript`.

    A list stays as it is where something in it is no file of the documents' beside the others, or has an attribute.
    """
    config.extra_css = _joined(config.extra_css, STYLES, "\n", config, files)
    config.extra_javascript = _joined(config.extra_javascript, SCRIPTS, ";\n", config, files)


def _joined(
    entries: Sequence[Any], name: str, between: str, config: MkDocsConfig, files: Files
) -> list[Any]:
    paths = [each for each in entries if isinstance(each, str)]
    found = [file for path in paths if (file := files.get_file_from_path(path))]
    folders = {posixpath.dirname(path) for path in paths}
    if len(entries) < 2 or len(found) < len(entries) or len(folders) > 1:
        return list(entries)
    for file in found:
        files.remove(file)
    path = posixpath.join(*folders, name)
    content = between.join(file.content_string for file in found)
    files.append(File.generated(config, path, content=content))
    return [path]
