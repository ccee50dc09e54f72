"""Surroundings: what a kernel finds around it, the same on every machine.

Its environment is a list of names with values of ours, its home and its settings are empty folders
of the run, its helpers are a copy of `snippets/`, its data are what the header names. Nothing else of
the repository is on its path or in its environment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from .data import data_files
from .fingerprint import numeric_environment, version_of
from .settings import Settings
from .tutorial import Tutorial

_HERE = Path(__file__).parent
# What a process needs on Windows to start at all.
_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROCESSOR_ARCHITECTURE")
_LOG, _SITE, _FONTS = "record", "site", "matplotlib"
# The folder of the cache that keeps lists of fonts.
FONTS = "fonts"


def fixed_environment(settings: Settings) -> dict[str, str]:
    """Return the variables whose values are the same in every run."""
    tools = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    if os.name == "nt":
        root = os.environ.get("SYSTEMROOT", r"C:\Windows")
        tools = [tools[0], rf"{root}\System32", root]
    return numeric_environment(settings) | {
        # A fixed width, so that text output does not depend on the terminal that started the build.
        "COLUMNS": "80",
        "LINES": "24",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "LOGNAME": "reader",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PATH": os.pathsep.join(tools),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TUTORIALS_EDITION": settings.edition,
        "TZ": "UTC",
        "USER": "reader",
        "USERNAME": "reader",
        **{name: os.environ[name] for name in _WINDOWS if os.name == "nt" and name in os.environ},
    }


def kernel_environment(
    tutorial: Tutorial, settings: Settings, private: Path, *own: Path
) -> dict[str, str]:
    """Make a run's surroundings in its private folder and return its environment.

    Args:
        own: the run's folders, which may lie in the repository.
    """
    home, site, data = private / "home", private / _SITE, private / "data"
    for folder in (home, site / "snippets", data, private / _LOG, private / "tmp"):
        folder.mkdir(parents=True)
    _copy_python(settings.root / "snippets", site / "snippets")
    _copy_python(_HERE, site / "tutorial_engine")
    shutil.copyfile(_HERE / "matplotlibrc", site / "tutorial_engine" / "matplotlibrc")
    shutil.copytree(_HERE / "fonts", site / "tutorial_engine" / "fonts")
    files = data_files(tutorial, settings)
    for name, path in files.items():
        link(path, data / name)
    cache = private / "cache"
    fonts = _font_cache(settings)
    if fonts.is_dir():
        shutil.copytree(fonts, cache / _FONTS)
    options = {
        "root": os.path.realpath(settings.root),
        "own": [os.path.realpath(folder) for folder in own],
        "helpers": os.path.realpath(site),
        "data": [os.path.realpath(path) for path in files.values()],
        "log": str(private / _LOG),
    }
    (site / "sitecustomize.py").write_text(
        "from tutorial_engine import keras_datasets, recorder\n\n"
        f"recorder.install(**{options!r})\nkeras_datasets.install()\n",
        encoding="utf-8",
    )
    return fixed_environment(settings) | {
        "APPDATA": str(home),
        "HOME": str(home),
        "IPYTHONDIR": str(private / "ipython"),
        "KERAS_HOME": str(home / ".keras"),
        "LOCALAPPDATA": str(home),
        "MATPLOTLIBRC": str(site / "tutorial_engine" / "matplotlibrc"),
        "MPLCONFIGDIR": str(cache / _FONTS),
        "PYTHONPATH": str(site),
        "TEMP": str(private / "tmp"),
        "TMP": str(private / "tmp"),
        "TMPDIR": str(private / "tmp"),
        "TUTORIALS_ALLOWED_DATA": ",".join(tutorial.header.data),
        "TUTORIALS_DATA": str(data),
        "USERPROFILE": str(home),
        "XDG_CACHE_HOME": str(cache),
    }


def log_folder(private: Path) -> Path:
    """Return where a run's processes keep what they read."""
    return private / _LOG


def helpers_folder(private: Path) -> Path:
    """Return the folder that holds the run's copy of `snippets`."""
    return private / _SITE


def keep_fonts(settings: Settings, private: Path) -> None:
    """Keep matplotlib's list of its fonts for the next run: making it takes seconds."""
    made, kept = private / "cache" / _FONTS, _font_cache(settings)
    for file in made.glob("fontlist-*.json"):
        if not (kept / file.name).exists():
            with contextlib.suppress(OSError):
                part = kept / f"{file.name}.{os.getpid()}.part"
                shutil.copyfile(file, part)
                part.replace(kept / file.name)


def _font_cache(settings: Settings) -> Path:
    folder = settings.cache / FONTS / (version_of("matplotlib") or "none")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _copy_python(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for file in source.glob("*.py"):
        if file.is_file():
            shutil.copyfile(file, target / file.name)


def link(path: Path, place: Path) -> None:
    """Let a file or a folder be found at another place, too."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.symlink_to(path)
    except OSError:  # Windows, without the right to make links
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, place)
