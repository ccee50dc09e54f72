"""Excerpts: what a tutorial's run showed, on a page that is no tutorial: a figure, or a claim that held.

A line `<!-- figure 2 of first-network -->` in a page of `docs/` becomes that figure, and
`<!-- claim 1 of first-network -->` the sentence, as a paragraph; both are counted as on the tutorial's page.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Mapping

from .publish import Page
from .run import Run

_MARK = re.compile(r"^<!-- (?P<kind>figure|claim) (?P<number>\d+) of (?P<name>[\w-]+) -->$", re.M)
_FIGURE = r"^(?P<alt>!\[.*\])\((?P<path>\S+/figure-{number:02}\.\w+)\)(?P<rest>\{{.*\}})$"


def with_excerpts(markdown: str, path: str, shown: Mapping[str, tuple[Page, Run | None]]) -> str:
    """Return a page with its excerpts filled in; those of a tutorial that has not run are left out.

    Args:
        path: the page's, relative to the documents.
        shown: a tutorial's name -> its page, and its run if there is one.

    Raises:
        ValueError: there is no such tutorial, or it has no such figure or claim.
    """

    def excerpt(match: re.Match[str]) -> str:
        kind, number, name = match["kind"], int(match["number"]), match["name"]
        if name not in shown:
            raise _missing(match, path, f"no tutorial is called {name}", "", shown)
        page, run = shown[name]
        if run is None:
            return ""
        if kind == "claim":
            if not 1 <= number <= len(run.claims):
                count = f"{name} has {len(run.claims)} claims"
                raise _missing(match, path, count, "count them as its page lists them", shown)
            text = html.escape(run.claims[number - 1])
            return f"{text[:1].upper()}{text[1:]}."
        figure = re.search(_FIGURE.format(number=number), page.markdown, re.MULTILINE)
        if figure is None:
            remedy = "count them as they stand on its page"
            raise _missing(match, path, f"{name} has no figure {number}", remedy, shown)
        target = posixpath.join(posixpath.dirname(page.path), figure["path"])
        place = posixpath.relpath(target, posixpath.dirname(path))
        rest = figure["rest"].replace('loading="lazy"', 'loading="eager"')
        return f"{figure['alt']}({place}){rest}"

    return _MARK.sub(excerpt, markdown)


def _missing(
    match: re.Match[str], path: str, what: str, remedy: str, shown: Mapping[str, object]
) -> ValueError:
    remedy = remedy or f"name one of {', '.join(shown)}"
    return ValueError(f"docs/{path}: {match[0]}: {what}.\n  What to do: {remedy}")
