"""Search: what the index has of a page: its words, of its code the names alone, and what words are also called."""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml
from material.plugins.search.plugin import SearchIndex
from mkdocs.structure.pages import Page as SitePage
from selectolax.lexbor import LexborHTMLParser

from .build_cache import BuildCache
from .documents import Document
from .rendering import contents_as_json

WORDS = "search.yml"
# Around the names of a piece of code on their way through the index's own parser; no text has them.
_OPENING, _CLOSING = "\ue000", "\ue001"
_NAMES = re.compile(rf"<pre>{_OPENING}(.*?){_CLOSING}</pre>", re.DOTALL)
_EMPTY = re.compile(r"<(p|li|ul|ol|pre)>\s*</\1>")
# In code that is no whole statement, a signature say, what looks like the name of something.
_LIKELY_NAME = re.compile(r"\b(?:[A-Z]\w*[a-z]\w*|[a-z]\w*_\w+)\b")
_CLASS = re.compile(r"[A-Z]\w*[a-z]\w*")
_OPTION = re.compile(r"[a-z]\w+")
_KEY = re.compile(r"[a-z]\w*_\w+")


def read_words(documents: Path) -> Document:
    """Return what people type and what the pages call it, nothing where a site has no such file.

    That is `synonyms`, what the pages say -> what is typed for it, and `background`, words that say little
    of what is wanted.

    Raises:
        ValueError: the file holds something else.
    """
    file = documents / WORDS
    if not file.is_file():
        return {}
    try:
        words: Document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name}: {error}") from None
    is_known = isinstance(words, dict) and set(words) <= {"background", "synonyms"}
    synonyms = words.get("synonyms", {}) if is_known else None
    if not (
        isinstance(synonyms, dict)
        and _are_texts(words.get("background", []))
        and _are_texts(list(synonyms))
        and all(_are_texts(typed) for typed in synonyms.values())
    ):
        raise ValueError(
            f"{file.name}: it holds `background: [word, …]` and `synonyms:` with a line "
            "`what the pages say: [what is typed, …]` each, all of it text.\n"
            '  What to do: put what YAML takes for a number or for yes and no between quotes, "no"'
        )
    return words


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def names_in(code: str) -> Iterator[str]:
    """Yield the names that a piece of code takes from elsewhere: modules, functions, arguments, options.

    >>> sorted(names_in("layer = keras.layers.Dense(size, activation='relu')"))
    ['Dense', 'activation', 'layers', 'relu']
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        yield from _LIKELY_NAME.findall(code)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            parts = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            yield from ".".join([*parts, *(each.name for each in node.names)]).split(".")
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name) and _CLASS.fullmatch(node.id):
            yield node.id
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                yield keyword.arg or ""
                yield from _text(keyword.value, _OPTION)
        else:
            yield from _text(node, _KEY)


def _text(node: ast.AST, pattern: re.Pattern[str]) -> list[str]:
    value = node.value if isinstance(node, ast.Constant) else None
    return [value] if isinstance(value, str) and pattern.fullmatch(value) else []


def _is_worth_it(name: str) -> bool:
    """Say whether somebody may search for a name: for no builtin, and for nothing that is hidden or short."""
    return len(name) > 2 and not name.startswith("_") and not hasattr(builtins, name)


def searchable(content: str) -> str:
    """Return a page's HTML with what is to be searched: no output but errors, and of code the names alone."""
    document = LexborHTMLParser(content, is_fragment=True)
    for unsearched in document.css(".output:not(.error, .stderr), .claims code"):
        unsearched.decompose()
    for block in document.css("div.highlight:not(.output)"):
        code = block.css_first("code")
        names = dict.fromkeys(
            name for name in names_in(code.text() if code else "") if _is_worth_it(name)
        )
        marked = f"<pre>{_OPENING}{' '.join(names)}{_CLOSING}</pre>"
        block.replace_with(LexborHTMLParser(marked, is_fragment=True).css("pre")[0])
    return document.html or ""


def with_names(entry: Document) -> Document:
    """Return an entry of the index with the names of its code apart from its text."""
    names = " ".join(_NAMES.findall(entry["text"])).split()
    text = " ".join(_NAMES.sub(" ", entry["text"]).split())
    while (shorter := _EMPTY.sub("", text).strip()) != text:
        text = shorter
    return {
        **entry,
        "text": text,
        **({"names": " ".join(dict.fromkeys(names))} if names else {}),
    }


def index_once(index: SearchIndex, build_cache: BuildCache, words: Document) -> None:
    """Let a search index find again the entries of a page that has not changed, and replace those of one that has.

    Args:
        words: what `read_words` returns; the index carries it.
    """
    add = index.add_entry_from_context
    entries_of: dict[str, list[Document]] = {}

    def add_entries(page: SitePage) -> None:
        def make() -> list[Document]:
            index.entries, content = [], page.content
            page.content = searchable(content or "")
            try:
                add(page)
            finally:
                page.content = content
            entries = [with_names(entry) for entry in index.entries]
            if entries and page.meta.get("teaches"):
                entries[0]["teaches"] = page.meta["teaches"]
            return entries

        ingredients = (
            (page.url, page.content, str(page.title), repr(page.meta)),
            contents_as_json(page.toc),
        )
        entries_of[page.url] = build_cache.get("searched", page.file.src_uri, ingredients, make)

    def generate(previous: SearchIndex | None) -> str:
        index.entries = [entry for entries in entries_of.values() for entry in entries]
        written = json.loads(write(previous))
        written["config"] |= words
        return json.dumps(written, ensure_ascii=False, separators=(",", ":"))

    write: Callable[[SearchIndex | None], str] = index.generate_search_index
    index.add_entry_from_context = add_entries
    index.generate_search_index = generate
