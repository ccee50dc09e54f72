"""Glossary: the words that the tutorials introduce, each defined once in `docs/glossary.md`.

An entry is a second-level heading with the term, then its definition. The header field `teaches`
says which tutorial introduces which terms; the links between the two are made from it, and from what the
tutorials' prose uses. The field `everyday` of the glossary's own front matter names terms that prose uses in
another sense, too: "step", say. These count as used on the page that introduces them alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml
from markdown.extensions.toc import slugify

from .markup import render
from .passages import escape
from .settings import Settings
from .tutorial import Header, Tutorial

GLOSSARY = "docs/glossary.md"
PAGE = "glossary.md"
# The definitions, for the script that shows them where a term is used.
DATA = "assets/glossary.json"
# Characters of a definition that are shown there, unless its first sentence alone has more.
_SHOWN = 260
_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.?!)]) (?=[A-Z])")
_ENTRY = re.compile(r"^## (?P<term>.+?) *$", re.MULTILINE)


def terms(text: str) -> list[str]:
    """Return the terms that a glossary defines, in its order.

    >>> terms("# Glossary\\n\\n## batch size\\nHow many.\\n\\n## epoch\\nHow often.\\n")
    ['batch size', 'epoch']
    """
    return [match["term"] for match in _ENTRY.finditer(text)]


@dataclass(frozen=True)
class Glossary:
    """What a glossary says of its terms.

    Attributes:
        terms: in its order.
        everyday: those that count on the page that introduces them alone.
        definitions: term -> the first sentences of its definition, as Markdown.
    """

    terms: tuple[str, ...]
    everyday: frozenset[str]
    definitions: dict[str, str]

    @classmethod
    def load(cls, settings: Settings) -> Glossary | None:
        """Read a course's glossary; None where there is none that reads."""
        try:
            text = (settings.root / GLOSSARY).read_text(encoding="utf-8")
            matter = _FRONT_MATTER.match(text)
            fields = yaml.safe_load(matter[1]) if matter else None
            everyday = frozenset(map(str, (fields or {}).get("everyday") or ()))
        except (OSError, ValueError, yaml.YAMLError, AttributeError, TypeError):
            return None
        _, *entries = re.split(r"(?m)^(?=## )", text)
        definitions = {terms(entry)[0]: _beginning(entry) for entry in entries}
        return cls(tuple(definitions), everyday, definitions)

    def known(self, headers: Sequence[Header]) -> frozenset[str]:
        """Return the terms that a reader has met by the end of the last of these tutorials."""
        before = {term for header in headers[:-1] for term in header.teaches} - self.everyday
        return frozenset(before.union(headers[-1].teaches) & set(self.terms))

    def as_data(self) -> dict[str, list[str]]:
        """Return anchor -> term and what is shown of its definition, as HTML.

        Raises:
            ValueError: a formula in it cannot be shown.
        """
        return {
            anchor(term): [term, render(text).removeprefix("<p>").removesuffix("</p>")]
            for term, text in self.definitions.items()
        }


def anchor(term: str) -> str:
    """Return the anchor of a term's entry."""
    return slugify(term, "-")


def _beginning(entry: str) -> str:
    """Return the first sentences of an entry's definition."""
    paragraphs = [" ".join(part.split()) for part in entry.split("\n\n")[1:] if part.strip()]
    shown, *rest = _SENTENCE_END.split(paragraphs[0]) if paragraphs else [""]
    for sentence in rest:
        if len(shown) + len(sentence) > _SHOWN:
            break
        shown += f" {sentence}"
    return shown


def section(tutorial: Tutorial, settings: Settings) -> str:
    """Return the list of the terms that a tutorial introduces, empty where there is nothing to link."""
    words = tutorial.header.teaches
    if not words or not (settings.root / GLOSSARY).is_file():
        return ""
    page = posixpath.relpath(PAGE, posixpath.dirname(tutorial.page))
    links = ", ".join(f"[{escape(term)}]({page}#{anchor(term)})" for term in words)
    return f"## Words first used here\n\n{links}."


def with_backlinks(text: str, uses: Iterable[tuple[Tutorial, Iterable[str]]]) -> str:
    """Return a glossary in which each entry ends with the tutorials that introduce and use its term.

    Before the first stand the letters, each a link to the first entry that begins with it.

    Args:
        uses: the tutorials in their order, each with the terms that its prose uses.
    """
    introduced: dict[str, str] = {}
    used: dict[str, list[str]] = {}
    for tutorial, words in uses:
        link = f"[{escape(tutorial.header.title)}]({tutorial.page})"
        introduced |= dict.fromkeys(tutorial.header.teaches, link)
        for term in words:
            used.setdefault(term, []).append(link)
    before, *rest = re.split(r"(?m)^(?=## )", text)
    entries = []
    for entry in rest:
        term = terms(entry)[0]
        others = [link for link in used.get(term, ()) if link != introduced.get(term)]
        said = [f"First used in {introduced[term]}."] if term in introduced else []
        said += [f"Also in {' · '.join(others)}."] if others else []
        where = f"\n\n{' '.join(said)}\n{{ .first-use }}" if said else ""
        entries.append(f"{entry.rstrip()}{where}\n\n")
    return before + _letters(terms(text)) + "".join(entries)


def _letters(words: list[str]) -> str:
    """Return links to the first word of each letter."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word[:1].upper(), word)
    links = " ".join(f"[{escape(letter)}](#{anchor(word)})" for letter, word in first.items())
    return (
        f'<nav class="letters" aria-label="Letters" markdown="1">\n\n{links}\n\n</nav>\n\n'
        if links
        else ""
    )
