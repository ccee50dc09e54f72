"""Hosted notebooks: where a page's notebook runs without an installation.

Colab and molab open a notebook that lies in a public repository on GitHub, on any branch, and none at another
address. A site's notebooks are made with it: `notebook_branch` names the branch to which its publication puts them, as
they lie on the site.
"""

from __future__ import annotations

import re
import symtable
from collections.abc import Iterator

from .settings import Settings
from .tutorial import Tutorial

_REPOSITORY = re.compile(r"https://github\.com/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")
_COLAB, _MOLAB = "https://colab.research.google.com/github", "https://molab.marimo.io/github"


def notebook_path(tutorial: Tutorial) -> str:
    """Return where a tutorial's notebook lies, relative to the site."""
    return f"{tutorial.page.removesuffix('.md')}/{tutorial.name}.ipynb"


def hosted(tutorial: Tutorial, settings: Settings) -> dict[str, str]:
    """Return each place that opens a tutorial's notebook -> the address under which it does; none where none can."""
    repository = _REPOSITORY.fullmatch(settings.repo_url)
    if not repository or not settings.notebook_branch:
        return {}
    place = f"{repository['name']}/blob/{settings.notebook_branch}/{notebook_path(tutorial)}"
    found = {"Colab": f"{_COLAB}/{place}"}
    return found | {"molab": f"{_MOLAB}/{place}"} if runs_in_marimo(tutorial) else found


def runs_in_marimo(tutorial: Tutorial) -> bool:
    """Say whether marimo, which molab runs, comes to every cell that the page comes to.

    It runs a cell when those that its names come from have ended well. So no cell may use a name that one sets
    which fails on purpose.
    """
    lost: set[str] = set()
    for cell in tutorial.code_cells:
        if cell.is_trial or cell.is_interactive or "solution" in cell.tags:
            continue  # no code of the notebook
        table = symtable.symtable(cell.source, tutorial.file, "exec")
        is_to_fail = "raises-exception" in cell.tags
        if not is_to_fail and lost.intersection(_used(table)):
            return False
        bound = {each.get_name() for each in table.get_symbols() if _is_bound(each)}
        lost = lost | bound if is_to_fail else lost - bound
    return True


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported()


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that code takes from elsewhere, in its functions too."""
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        if (
            symbol.is_referenced()
            and (symbol.is_global() or is_module)
            and not (is_module and _is_bound(symbol))
        ):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child)
