"""Glossary: the words that the tutorials introduce, each defined once in `docs/glossary.md`.

An entry is a second-level heading with the term, then its definition. The header field `teaches`
says which tutorial introduces which terms; the links between the two are made from it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from markdown.extensions.toc import slugify

from .passages import escape
from .settings import Settings
from .tutorial import Tutorial

GLOSSARY = "docs/glossary.md"
PAGE = "glossary.md"
_ENTRY = re.compile(r"^## (?P<term>.+?) *$", re.MULTILINE)


def terms(text: str) -> list[str]:
    """Return the terms that a glossary defines, in its order.

    >>> terms("# Glossary\\n\\n## batch size\\nHow many.\\n\\n## epoch\\nHow often.\\n")
    ['batch size', 'epoch']
    """
    return [match["term"] for match in _ENTRY.finditer(text)]


def section(tutorial: Tutorial, settings: Settings) -> str:
    """Return the list of the terms that a tutorial introduces, empty where there is nothing to link."""
    words = tutorial.header.teaches
    if not words or not (settings.root / GLOSSARY).is_file():
        return ""
    page = posixpath.relpath(PAGE, posixpath.dirname(tutorial.page))
    links = ", ".join(f"[{escape(term)}]({page}#{slugify(term, '-')})" for term in words)
    return f"## Words first used here\n\n{links}."


def with_backlinks(text: str, tutorials: Iterable[Tutorial]) -> str:
    """Return a glossary in which each entry ends with the tutorial that introduces its term.

    Before the first stand the letters, each a link to the first entry that begins with it.
    """
    introduced = {
        term: f"[{escape(tutorial.header.title)}]({tutorial.page})"
        for tutorial in tutorials
        for term in tutorial.header.teaches
    }
    before, *rest = re.split(r"(?m)^(?=## )", text)
    entries = []
    for entry in rest:
        term = terms(entry)[0]
        where = (
            f"\n\nFirst used in {introduced[term]}.\n{{ .first-use }}" if term in introduced else ""
        )
        entries.append(f"{entry.rstrip()}{where}\n\n")
    return before + _letters(terms(text)) + "".join(entries)


def _letters(words: list[str]) -> str:
    """Return links to the first word of each letter."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word[:1].upper(), word)
    links = " ".join(f"[{escape(letter)}](#{slugify(word, '-')})" for letter, word in first.items())
    return (
        f'<nav class="letters" aria-label="Letters" markdown="1">\n\n{links}\n\n</nav>\n\n'
        if links
        else ""
    )
