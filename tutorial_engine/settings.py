"""Where things are and how runs behave: `[tool.tutorial_engine]` in pyproject.toml, then the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

EDITIONS = ("default", "full")


@dataclass(frozen=True)
class Settings:
    """One build's settings.

    Args:
        root: the repository.
        jobs: kernels side by side.
        threads: intra-operation threads in each kernel. Pinned, because it changes the last digits.
        cell_cpu_limit: CPU seconds that one cell may use, with all that it starts.
        cell_idle_limit: seconds on the clock in which a cell may use none before it counts as hanging.
        output_limit: kilobytes of text that one cell may show.
        figure_limit: kilobytes that one figure may have.
        keep_runs: stored runs kept for each tutorial.
        edition: which data the tutorials load, `default` or `full`.
        site_url: the site's public address, empty if it has none.
        repo_url: the repository's public address, empty if it has none.
        cluster: address of a Dask scheduler whose workers run the tutorials; empty for this machine.
        store: folder of stored runs that several builders share; empty for one in the cache.
        offline: name of the zip with the whole site, to be read without a server; empty for none.
        link_card: file of the picture on which the title of a shared page is written; empty for none.
        notebook_branch: branch of the repository that has the site's notebooks, for Colab and molab; empty for none.
        safe_from: name of a package -> the version from which on it has no known vulnerability, for notebooks.
        parts: titles of parts, by folder without its number; the others are called like their folder.
    """

    root: Path
    jobs: int = 2
    threads: int = 1
    cell_cpu_limit: int = 1200
    cell_idle_limit: int = 120
    output_limit: int = 200
    figure_limit: int = 2000
    keep_runs: int = 4
    edition: str = "default"
    site_url: str = ""
    repo_url: str = ""
    cluster: str = ""
    store: str = ""
    offline: str = ""
    link_card: str = ""
    notebook_branch: str = ""
    safe_from: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path) -> Settings:
        """Read pyproject.toml, then `TUTORIALS_JOBS`, `TUTORIALS_EDITION`, `SITE_URL`, … over it.

        Raises:
            ValueError: an unknown setting, or a value of the wrong kind.
        """
        root = Path(root).resolve()
        given: dict[str, object] = {}
        pyproject = root / "pyproject.toml"
        if pyproject.is_file():
            with pyproject.open("rb") as file:
                given = tomllib.load(file).get("tool", {}).get("tutorial_engine", {})
        known = {each.name: each for each in fields(cls) if each.name != "root"}
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(
                f"pyproject.toml, [tool.tutorial_engine]: unknown setting {', '.join(unknown)}; "
                f"known are {', '.join(known)}"
            )
        for name in set(known) - {"parts", "safe_from"}:
            variable = name.upper() if name.endswith("_url") else f"TUTORIALS_{name.upper()}"
            if value := os.environ.get(variable):
                given[name] = value
        for name in (
            "jobs",
            "threads",
            "cell_cpu_limit",
            "cell_idle_limit",
            "output_limit",
            "keep_runs",
            "figure_limit",
        ):
            if name in given:
                try:
                    given[name] = int(given[name])  # type: ignore[call-overload]
                except (TypeError, ValueError):
                    raise ValueError(f"setting {name}: {given[name]!r} is not a number") from None
                if given[name] < 1:  # type: ignore[operator]
                    raise ValueError(f"setting {name}: {given[name]} is less than 1")
        if not re.fullmatch(r"([\w-]+\.zip)?", str(given.get("offline", ""))):
            raise ValueError(f"setting offline: {given['offline']!r} is no name of a zip")
        settings = cls(root=root, **given)  # type: ignore[arg-type]
        if settings.edition not in EDITIONS:
            raise ValueError(
                f"setting edition: {settings.edition!r} is not one of {', '.join(EDITIONS)}"
            )
        return settings

    @property
    def sources(self) -> Path:
        """The folder of the tutorials."""
        return self.root / "tutorials_src"

    @property
    def data(self) -> Path:
        """The folder of the embedded data."""
        return self.sources / "data"

    @property
    def cache(self) -> Path:
        """The folder of what a build can make again."""
        return self.root / ".cache" / "tutorials"

    @property
    def runs(self) -> Path:
        """The folder of the stored runs: that which builders share, or one of the cache."""
        return self.root / self.store if self.store else self.cache / "runs"
