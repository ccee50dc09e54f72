"""Terms: the words of a glossary where they stand in a page's running prose, each marked at its first use."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator

_PROSE = frozenset(["p", "li", "dd"])
# What is inside these is no running prose, whatever is around it; in italics stand names and titles.
_OTHER_TAGS = frozenset(
    [
        "a",
        "abbr",
        "button",
        "cite",
        "code",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "label",
        "math",
        "pre",
    ]
).union(["script", "style", "summary", "svg", "table"])
_OTHER_CLASSES = frozenset(
    [
        "admonition-title",
        "arithmatex",
        "claims",
        "facts",
        "lead",
        "output",
        "quiz-question",
        "tutorial-state",
    ]
)
# What follows this heading are titles of other works.
_SOURCES = re.compile(r"\s*Sources\s*<")
_VOID_TAGS = frozenset(["br", "hr", "img", "input", "source", "wbr"])
_TOKEN = re.compile(
    r"<!--.*?-->"
    r"|<(?P<slash>/?)(?P<tag>[a-zA-Z][\w-]*)(?P<attributes>(?:\"[^\"]*\"|'[^']*'|[^'\">])*)>"
    r"|(?P<text>[^<]+)|<",
    re.DOTALL,
)
_CLASS = re.compile(r"""\bclass=(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")


class Vocabulary:
    """The words of a glossary, to be found in HTML.

    A term is found as it is written, at the beginning of a sentence, and in its plural. Where two begin at
    one place the longer one counts, so "average precision" holds no "precision".

    Attributes:
        terms: all of them.
    """

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = tuple(terms)
        self._term_of: dict[str, str] = {}
        # What a glossary defines is no other term's plural.
        for forms in (self.terms, map(_plural, self.terms)):
            for form, term in zip(forms, self.terms, strict=True):
                self._term_of.setdefault(form, term)
                self._term_of.setdefault(form[:1].upper() + form[1:], term)
        longest_first = sorted(self._term_of, key=lambda form: (-len(form), form))
        any_form = "|".join(map(_escaped, longest_first))
        self._pattern = re.compile(rf"(?<![\w-])(?:{any_form})(?![\w-])")

    def first_uses(self, content: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, term) of the first use of each term in the running prose of HTML."""
        found = set()
        for place, text in _prose(content):
            for start, end, term in self.uses(text):
                if term not in found:
                    found.add(term)
                    yield place + start, place + end, term

    def uses(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, term) of each place in a text, escaped as in HTML, where a term stands."""
        for match in self._pattern.finditer(text) if self._term_of else ():
            yield (
                match.start(),
                match.end(),
                self._term_of[" ".join(html.unescape(match[0]).split())],
            )

    def used(self, content: str) -> list[str]:
        """Return the terms that the running prose of HTML uses, sorted."""
        return sorted(term for _, _, term in self.first_uses(content))

    def marked(self, content: str, known: Collection[str], address: Callable[[str], str]) -> str:
        """Return HTML in which the first use of each known term is a link to its entry.

        Args:
            known: the terms that a reader of this page may have met.
            address: term -> address of its entry.
        """
        parts, done = [], 0
        for start, end, term in self.first_uses(content):
            if term in known:
                link = f'<a class="term" href="{html.escape(address(term))}">'
                parts += [content[done:start], link, content[start:end], "</a>"]
                done = end
        return "".join([*parts, content[done:]])


def _plural(term: str) -> str:
    for singular, plural in (("is", "es"), ("ix", "ices")):
        if term.endswith(singular):
            return term.removesuffix(singular) + plural
    if term.endswith("y") and term[-2:-1] not in "aeiou":
        return term[:-1] + "ies"
    return term + ("es" if term.endswith(("s", "x", "ch", "sh")) else "s")


def _escaped(form: str) -> str:
    """Return a pattern of a term as HTML has it, between whose words a line may end."""
    return r"\s+".join(re.escape(html.escape(word, quote=False)) for word in form.split())


def _prose(content: str) -> Iterator[tuple[int, str]]:
    """Yield (place, text) of the pieces of HTML that are running prose."""
    # Of each element that is open: its tag, and whether its text is prose; None where nothing inside is.
    opened: list[tuple[str, bool | None]] = [("", False)]
    is_text = True
    for token in _TOKEN.finditer(content):
        if token["text"] is not None:
            if is_text and opened[-1][1]:
                yield token.start(), token["text"]
        elif token["tag"]:
            tag = token["tag"].lower()
            if token["slash"]:
                depth = max((at for at, (name, _) in enumerate(opened) if name == tag), default=0)
                del opened[depth or len(opened) :]
                continue
            if tag == "h2":
                is_text = not _SOURCES.match(content, token.end())
            if tag not in _VOID_TAGS and not token["attributes"].endswith("/"):
                opened.append((tag, _is_prose(tag, token["attributes"], opened[-1][1])))


def _is_prose(tag: str, attributes: str, around: bool | None) -> bool | None:
    classes = _CLASS.search(attributes)
    names = " ".join(filter(None, classes.groups())).split() if classes else ()
    if around is None or tag in _OTHER_TAGS or _OTHER_CLASSES.intersection(names):
        return None
    return around or tag in _PROSE
