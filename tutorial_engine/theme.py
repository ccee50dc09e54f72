"""Theme: one environment a build, its templates compiled once and listed without ten thousand icons."""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader
from mkdocs.theme import Theme

from .build_cache import TEMPLATES, makers


class _Loader(FileSystemLoader):
    """Leaves out of its list what lies in hidden folders, which MkDocs would leave out one by one."""

    def list_templates(self) -> list[str]:
        found = set()
        for top in self.searchpath:
            for folder, folders, files in os.walk(top, followlinks=self.followlinks):
                folders[:] = (name for name in folders if not name.startswith("."))
                place = Path(folder).relative_to(top).as_posix()
                found |= {posixpath.normpath(posixpath.join(place, name)) for name in files}
        return sorted(found)


def quicken(theme: Theme, cache: Path) -> None:
    """Let a theme give the same environment to all who ask for it, with its compiled templates kept."""
    get_env = theme.get_env

    @functools.cache
    def get_env_once() -> Environment:
        env = get_env()
        env.loader = _Loader(env.loader.searchpath)
        folder = cache / TEMPLATES / makers()
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            for old in set(folder.parent.iterdir()) - {folder}:
                shutil.rmtree(old, ignore_errors=True)
            env.bytecode_cache = FileSystemBytecodeCache(str(folder))
        return env

    theme.get_env = get_env_once
