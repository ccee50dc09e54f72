"""The snippets as a wheel: built beside the repository, in which nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .copying import FOLDER


class WheelError(ValueError):
    """The wheel could not be built: why, in the words of what builds it or what to do."""


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of the snippets, as their own pyproject.toml says; return its file.

    Args:
        root: the repository.
        folder: where to write it; made if it is not there.

    Raises:
        WheelError: it could not be built.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        source, built = Path(scratch, "source"), Path(scratch, "built")
        source.mkdir()
        snippets = root / FOLDER
        others = snippets / "pyproject.toml", snippets / "py.typed", root / "LICENSE"
        for file in (*snippets.glob("*.py"), *others):
            if not file.is_file():
                raise WheelError(f"{file} is missing: a wheel of the snippets needs it")
            shutil.copy(file, source)
        # With the build backend that is installed: nothing is fetched.
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(built)]
        command = [sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", *options]
        # The same sources give the same bytes, whenever they are built.
        environment = {"SOURCE_DATE_EPOCH": "315532800", **os.environ}
        ended = subprocess.run(
            [*command, str(source)], capture_output=True, text=True, check=False, env=environment
        )
        if ended.returncode:
            raise WheelError(f"{ended.stdout}{ended.stderr}".strip())
        (wheel,) = built.glob("*.whl")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return Path(shutil.copy(wheel, folder))
        except OSError as error:
            raise WheelError(f"{folder} cannot be written: {error.strerror}") from None
