"""Hosted notebooks: where a page's notebook runs without an installation.

Colab and molab open a notebook that lies in a public repository on GitHub, on any branch, and none at another
address. A site's notebooks are made with it: `notebook_branch` names the branch to which its publication puts them, as
they lie on the site.
"""

from __future__ import annotations

import re

from .settings import Settings

_REPOSITORY = re.compile(r"https://github\.com/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")
_HOSTS = {
    "Colab": "https://colab.research.google.com/github",
    "molab": "https://molab.marimo.io/github",
}


def hosted(path: str, settings: Settings) -> dict[str, str]:
    """Return each place that opens a notebook -> the address under which it does; none where none can.

    Args:
        path: the notebook's, relative to the site.

    >>> from pathlib import Path
    >>> here = Settings(Path(), repo_url="https://github.com/a/b", notebook_branch="notebooks")
    >>> hosted("part/page.ipynb", here)["Colab"]
    'https://colab.research.google.com/github/a/b/blob/notebooks/part/page.ipynb'
    """
    repository = _REPOSITORY.fullmatch(settings.repo_url)
    if not repository or not settings.notebook_branch:
        return {}
    place = f"{repository['name']}/blob/{settings.notebook_branch}/{path}"
    return {name: f"{host}/{place}" for name, host in _HOSTS.items()}
