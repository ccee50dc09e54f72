"""Importing: somebody's notebook, or a script in cells, becomes a tutorial that reads; what it still needs is listed.

A notebook of Jupyter or Colab, a percent file with Jupytext's header or without, and a script in which strings hold
the prose, as Keras's examples are kept. Nothing that is there already is overwritten.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
import yaml
from markdown.extensions.toc import slugify

from .build_cache import BuildCache
from .checks import keras_data
from .course import Lesson, load_course
from .errors import SourceError, TutorialError
from .foreign_code import (
    commented_out,
    is_form,
    is_licence,
    parses,
    says_the_same,
    to_python,
)
from .foreign_images import Images, images_in
from .foreign_prose import BOOKMARK, Notes, plain_words, to_prose, with_sound_fences
from .needs_a_hand import needs_a_hand
from .passages import BLOCK, mask, replace_outside
from .settings import Settings
from .shown_outputs import fence
from .source import lines_in_strings, parse_text
from .structure import FOOTNOTE, FOOTNOTE_TEXT
from .tutorial import Tutorial

MOST_OF_A_SUMMARY = 140
_PART = re.compile(r"(?P<number>\d+)_(?P<name>\w+)")
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]*(?P<words>[^#\n].*?)[ \t]*#*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?P<words>\S[^\n]*)\n=+[ \t]*$", re.MULTILINE)
_IN_HTML = re.compile(r"<h1\b[^<>]*>(?P<words>.*?)</h1>", re.DOTALL | re.IGNORECASE)
_DEFINITION = re.compile(
    r"^ {0,3}\[(?P<label>[^\]^\n][^\]\n]*)\]:[ ]+(?P<target>\S+)[^\n]*$\n?", re.MULTILINE
)
# A label's definition, and the three ways to refer to it: `[words][label]`, `[label][]`, `[label]`.
_LABEL = re.compile(
    r"(?<![\\\]])\[(?P<words>[^\[\]^][^\[\]]*)\](?:\[(?P<label>[^\[\]]*)\]|(?P<below>[:(])?)"
)
_REFERENCE = re.compile(r"(?P<mark>!?)\[(?P<words>[^\[\]]+)\]\[(?P<label>[^\[\]]*)\]")
_LICENCE = re.compile(
    r"\s*(?:#+\s*)?(?:<[^<>]*>\s*)*(?:Copyright\b|©|Licensed under|SPDX-)", re.IGNORECASE
)
# A further paragraph of one.
_OF_LICENCE = re.compile(
    rf"{_LICENCE.pattern}|.*?(?:\bthe License\b|\bLICENSE\b|\bAS IS\b|hereby granted|permission notice)",
    re.DOTALL,
)
_PERCENT = re.compile(r"#\s?%%(?!%*[A-Za-z!])(?P<rest>.*)")
_CELL_KIND = re.compile(r"(?:^|\s)\[(?P<kind>markdown|md|raw)\](?=\s*(?:$|\{|[\w:.-]+=))")
_TAGS = re.compile(r"\btags=(?P<tags>\[[^\[\]]*\])")
_SENTENCE = re.compile(
    r"(?P<words>.+?[.!?])(?=[\s\"')]|$)(?<!e\.g\.)(?<!i\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\b[A-Z]\.)"
)
_KERAS_FIELD = re.compile(r"^(?P<name>[A-Z][A-Za-z ]{2,24}): +(?P<value>.+)$")
_FOLDS = frozenset(
    [
        "hide-input",
        "hide_input",
        "hide-cell",
        "hide_cell",
        "hide",
        "remove-input",
        "remove_input",
        "remove-cell",
        "remove_cell",
        "hidden",
    ]
)
_FOREIGN_KERNELS = re.compile(
    r"ir$|julia|xcpp|xeus-(?!python)|deno|scala|\.net|javascript|rust", re.IGNORECASE
)


class ImportingError(ValueError):
    """What keeps a file from being imported, and what to do about it."""

    def __init__(self, file: Path, message: str, remedy: str) -> None:
        super().__init__(f"{file}: {message}\n  What to do: {remedy}")


@dataclass
class Draft:
    """A cell on its way into a tutorial.

    Attributes:
        marks: characters that stand for notes on the whole cell.
    """

    kind: str
    source: str
    tags: tuple[str, ...] = ()
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    marks: str = ""
    is_plain: bool = False


@dataclass(frozen=True)
class Imported:
    """What an import wrote, and what it left to a person.

    Attributes:
        file: the tutorial, relative to the repository.
        images: the files beside it, likewise.
        hands: what needs a hand, in the order of the file's lines.
    """

    file: str
    images: tuple[str, ...]
    hands: tuple[TutorialError, ...]


def import_file(file: Path, settings: Settings, part: str = "", name: str = "") -> Imported:
    """Write a tutorial made of somebody's notebook into a part of the course.

    Args:
        part: the part's folder or its name; one that there is not becomes a new part. Empty for the last.
        name: what the tutorial is called in its address; empty for the words of its title.

    Raises:
        ImportingError: it is no notebook that can be read, or its name is taken; nothing is written.
    """
    cells, given = _read(file)
    notes = Notes()
    for cell in cells:
        _make_storable(cell, notes)
    if not any(cell.kind == "code" for cell in cells):
        raise ImportingError(
            file,
            "no code cell",
            "import a notebook that runs something: a page of prose belongs in docs/",
        )
    lessons = load_course(settings, BuildCache(settings.cache))
    title = plain_words(name_of(given, "title")) or _take_title(cells, file)
    slug = _slug(name) or _slug(title) or _slug(file.stem) or "imported"
    taken = {lesson.name: lesson.file for lesson in lessons}
    if (its_name := slug.replace("_", "-")) in taken:
        raise ImportingError(
            file,
            f"the name '{its_name}' is taken by {taken[its_name]}",
            "give this one another: --name another-name",
        )
    folder = settings.sources / _part_folder(settings, lessons, part)
    path = folder / f"{_next_number(lessons):02d}_{slug}.py"
    images = Images(
        images_in(file.parent), lambda name: _content(folder / name), slug.replace("_", "-")
    )
    drafts = list(converted(cells, notes, images))
    header = _header(title, given, drafts, notes)
    text, tutorial = text_that_reads(
        header, drafts, notes, path.relative_to(settings.root).as_posix(), file
    )
    text, said = _without_bookmarks(text, notes)
    written = _write(path, text, images.files)
    shown = tuple((folder / each).relative_to(settings.root).as_posix() for each in images.files)
    tutorial = replace(parse_text(text, tutorial.file), text=text)
    try:
        hands = needs_a_hand(tutorial, settings)
    except BaseException:  # without its list nothing of it stays
        _take_back(written)
        raise
    hands += [
        SourceError(message, file=tutorial.file, remedy=remedy, cell=cell, line=line)
        for line, cell, message, remedy in said
    ]
    return Imported(tutorial.file, shown, tuple(sorted(hands, key=lambda each: each.line or 0)))


def _make_storable(cell: Draft, notes: Notes) -> None:
    """Take out what JSON can hold and a file cannot: half of a character's pair."""
    sound = cell.source.encode("utf-8", "replace").decode()
    if sound != cell.source:
        cell.source = sound
        cell.marks += notes.mark(
            "a character of this cell is broken and stands here as ?", "write the character anew"
        )


def name_of(given: Mapping[str, Any], name: str) -> str:
    """Return a field of a header if it is a text, nothing otherwise."""
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _content(file: Path) -> bytes | None:
    """Return what a file holds, None where there is none."""
    try:
        return file.read_bytes()
    except OSError:
        return None


# Reading


def _read(file: Path) -> tuple[list[Draft], dict[str, Any]]:
    """Return a file's cells, and what its header says."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ImportingError(
            file, "there is no such file", "name a notebook or a percent script"
        ) from None
    except UnicodeDecodeError as error:
        raise ImportingError(file, f"not UTF-8: {error}", "save it as UTF-8") from None
    except OSError as error:
        raise ImportingError(file, f"not readable: {error.strerror}", "name a file") from None
    if not text.strip():
        raise ImportingError(file, "the file is empty", "save the notebook again and import that")
    if file.suffix == ".ipynb":
        return _of_notebook(text, file), {}
    if file.suffix == ".py":
        return _of_script(text, file)
    raise ImportingError(
        file,
        f"a file of the kind {file.suffix or 'that its name does not tell'}",
        "import an .ipynb, or a .py in cells: jupytext --to py:percent makes one of many formats",
    )


def _of_notebook(text: str, file: Path) -> list[Draft]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportingError(
            file,
            f"the notebook's JSON does not read: {error}",
            "download or export the notebook again",
        ) from None
    if not isinstance(document, dict) or not {"cells", "worksheets"} & document.keys():
        raise ImportingError(
            file, "not a notebook: it has no cells", "name a notebook as Jupyter saves it"
        )
    version = document.get("nbformat")
    if version != 4 or "cells" not in document:
        raise ImportingError(
            file,
            f"a notebook in format {version}, not 4",
            f"convert it: jupyter nbconvert --to notebook --nbformat 4 {file.name}",
        )
    _insist_on_python(_fields(document, "metadata"), file)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # what an old notebook lacks, a cell's id, say, is not needed
        try:
            notebook = nbformat.from_dict(document)
            return [_of_cell(cell) for cell in notebook.cells]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ImportingError(
                file,
                f"not a notebook: a cell does not read ({type(error).__name__}: {error})",
                "open it in Jupyter, save it, and import that",
            ) from None


def _fields(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the fields below a name, none where something else stands there."""
    value = given.get(name)
    return value if isinstance(value, Mapping) else {}


def _insist_on_python(metadata: Mapping[str, Any], file: Path) -> None:
    kernel, language = _fields(metadata, "kernelspec"), _fields(metadata, "language_info")
    said = str(kernel.get("language") or language.get("name") or "")
    name = str(kernel.get("name") or "")
    foreign = said and said.lower() not in ("python", "ipython")
    if foreign or (not said and _FOREIGN_KERNELS.match(name)):
        raise ImportingError(
            file,
            f"a notebook in {said or name}, not in Python",
            "import a notebook with a Python kernel: the course runs no other language",
        )


def _of_cell(cell: Any) -> Draft:
    source = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    metadata = cell.get("metadata") or {}
    tags = set(metadata.get("tags") or ())
    if cell.cell_type != "code":
        attachments = {
            name: {
                kind: data if isinstance(data, str) else "".join(data)
                for kind, data in each.items()
            }
            for name, each in (cell.get("attachments") or {}).items()
        }
        kind = "markdown" if cell.cell_type == "markdown" else "raw"
        return Draft(kind, source, attachments=attachments)
    is_hidden = (
        metadata.get("cellView") == "form"
        or (metadata.get("jupyter") or {}).get("source_hidden")
        or metadata.get("nbsphinx") == "hidden"
        or tags & _FOLDS
    )
    raised = any(output.get("output_type") == "error" for output in cell.get("outputs") or ())
    tag = "raises-exception" if "raises-exception" in tags else "folded" if is_hidden else ""
    if raised and not tag:
        tag = "failed"
    return Draft("code", source, (tag,) if tag else ())


def _of_script(text: str, file: Path) -> tuple[list[Draft], dict[str, Any]]:
    given: dict[str, Any] = {}
    lines = text.split("\n")
    if match := re.match(r"(?:#!.*\n)?# ---\n(?P<yaml>(?:#.*\n)*?)# ---\n?", text):
        given = _yaml_of(match["yaml"], file)
        lines = text[match.end() :].split("\n")
    jupyter = _fields(given, "jupyter")
    _insist_on_python(jupyter, file)
    form = _fields(_fields(jupyter, "jupytext"), "text_representation").get("format_name")
    if form not in (None, "percent", "hydrogen"):
        raise ImportingError(
            file,
            f"a script in Jupytext's format {form}",
            f"convert it: jupytext --to py:percent {file.name}",
        )
    if starts := _markers(lines):
        return list(_of_percent(lines, starts)), given
    if drafts := _of_strings("\n".join(lines)):
        return drafts, given
    raise ImportingError(
        file,
        "a script without cells",
        "begin its cells with '# %%' and '# %% [markdown]', or import the notebook that it is from",
    )


def _yaml_of(text: str, file: Path) -> dict[str, Any]:
    try:
        fields = yaml.safe_load("\n".join(line[2:] for line in text.split("\n")))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ImportingError(
            file, f"its header is not YAML: {error}", "correct the lines between the two '# ---'"
        ) from None
    return fields if isinstance(fields, dict) else {}


def _markers(lines: list[str]) -> list[int]:
    """Return where cells begin; a string may hold what looks like it."""
    inside = set(lines_in_strings("\n".join(lines)))
    return [
        at for at, line in enumerate(lines) if _PERCENT.fullmatch(line) and at + 1 not in inside
    ]


def _of_percent(lines: list[str], starts: list[int]) -> Iterator[Draft]:
    if any(line.strip() for line in lines[: starts[0]]):
        above = "\n".join(lines[: starts[0]])
        yield from _of_strings(above) or [Draft("code", above)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        match = _PERCENT.fullmatch(lines[start])
        rest = match["rest"] if match else ""
        inside = "\n".join(lines[start + 1 : end]).strip("\n")
        kind = _CELL_KIND.search(rest)
        if kind:
            yield Draft("raw" if kind["kind"] == "raw" else "markdown", _uncommented(inside))
            continue
        tags: set[str] = set()
        if found := _TAGS.search(rest):
            try:
                tags = {str(each) for each in json.loads(found["tags"])}
            except ValueError:
                tags = set()
        title = re.sub(r"[\w:.-]+=(?:\"[^\"]*\"|\[[^\[\]]*\]|\S+)|\{.*\}", "", rest).strip(" %")
        tag = (
            "raises-exception" if "raises-exception" in tags else "folded" if tags & _FOLDS else ""
        )
        source = _with_magics(inside)
        yield Draft("code", f"# {title}\n{source}" if title else source, (tag,) if tag else ())


def _uncommented(text: str) -> str:
    """Return a markdown cell's text: its lines behind `#`, or a string."""
    if match := re.fullmatch(r"\s*[rR]?(\"\"\"|''')(.*?)\1\s*", text, re.DOTALL):
        return match[2].strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in text.split("\n"))


def _with_magics(source: str) -> str:
    """Take the comment off cell magics, under which the cell may be no Python; line magics stay comments."""
    lines = source.split("\n")
    count = 0
    while count < len(lines) and re.fullmatch(r"# ?%%[A-Za-z!].*", lines[count]):
        count += 1
    magics = [re.sub("^# ?", "", line) for line in lines[:count]]
    rest = lines[count:]
    if magics and all(line.startswith("#") for line in rest if line.strip()):
        rest = _uncommented("\n".join(rest)).split("\n")
    return "\n".join([*magics, *rest])


def _of_strings(text: str) -> list[Draft]:
    """Return the cells of a script in which strings that stand alone are prose; none where there are none."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    lines = text.split("\n")
    drafts: list[Draft] = []
    position = 0
    for node in body:
        if not (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and node.col_offset == 0
            and lines[node.lineno - 1].lstrip("rR").startswith(('"""', "'''"))
        ):
            continue
        above = "\n".join(lines[position : node.lineno - 1]).strip("\n")
        if above.strip():
            drafts.append(Draft("code", above))
        drafts.append(Draft("markdown", _of_fields(node.value.value.strip("\n"))))
        position = node.end_lineno or node.lineno
    rest = "\n".join(lines[position:]).strip("\n")
    if drafts and rest.strip():
        drafts.append(Draft("code", rest))
    return drafts


def _of_fields(text: str) -> str:
    """Return the text of a string that begins like the header of Keras's examples as its notebooks have it."""
    if not text.startswith("Title: "):
        return text
    lines = text.split("\n")
    found: list[str] = []
    for at, line in enumerate(lines):
        match = _KERAS_FIELD.fullmatch(line)
        if not match:
            return "\n".join([*found, "", *lines[at:]])
        is_title = match["name"] == "Title"
        found.append(
            f"# {match['value']}\n" if is_title else f"**{match['name']}:** {match['value']}<br>"
        )
    return "\n".join(found)


# Title and header


def _take_title(cells: list[Draft], file: Path) -> str:
    """Return the first heading's words, the first of the first level if there is one, and take it out."""
    prose = [cell for cell in cells if cell.kind == "markdown"]
    for cell in prose:
        cell.source = with_sound_fences(cell.source)
    for patterns, level in (((_HEADING, _UNDERLINED, _IN_HTML), 1), ((_HEADING,), 6)):
        for cell in prose:
            found = [
                (match, words)
                for pattern in patterns
                for match in pattern.finditer(mask(cell.source))
                if len(match.groupdict().get("marks") or "#") <= level
                and not _LICENCE.match(words := cell.source[slice(*match.span("words"))])
                and plain_words(words)
            ]
            if found:
                first, words = min(found, key=lambda each: each[0].start())
                cell.source = cell.source[: first.start()] + cell.source[first.end() :]
                return _without_number(plain_words(words))
    return re.sub(r"[\W_]+", " ", file.stem).strip().capitalize() or "Imported"


def _without_number(title: str) -> str:
    """Leave a chapter's number out: the course numbers its stops itself."""
    return re.sub(
        r"^(?:\d+(?:\.\d+)+\.?|\d+[.):]|(?:Chapter|Lecture|Lesson|Part) \d+[.:])\s+(?=\S)",
        "",
        title,
    )


def _header(title: str, given: Mapping[str, Any], drafts: list[Draft], notes: Notes) -> str:
    """Return the header of a tutorial."""
    summary = (
        plain_words(name_of(given, "summary"))
        or _taken_description(drafts)
        or _first_sentence(drafts)
    )
    mark = ""
    if not summary:
        summary = f"{title.rstrip('.!?:')}."
        mark = notes.mark(
            "no sentence to make the summary of",
            "write one that says what the reader can do after this page",
        )
    if len(summary) > MOST_OF_A_SUMMARY:
        mark = notes.mark(
            f"the summary had {len(summary)} characters and is cut: {summary}",
            f"write one sentence of at most {MOST_OF_A_SUMMARY}",
        )
        summary = _cut(summary)
    fields = {"title": title, "summary": summary}
    lines = [f"# {name}: {_yaml(value)}" for name, value in fields.items()]
    lines[1] += mark
    # Data that the course does not have is named, too: the cell stays, and the list says what to do.
    code = [draft.source for draft in drafts if draft.kind == "code" and parses(draft.source)]
    named = {name for _, name, _ in keras_data(code)} - {"*"}
    if used := sorted(each.replace("_", "-") for each in named):
        lines.append(f"# data: [{', '.join(used)}]")
    if (given_seed := _seed(drafts)) is not None:
        lines.append(f"# seed: {_plain_seed(given_seed, drafts, notes)}")
    return "\n".join(["# ---", *lines, "# ---", ""])


def _yaml(value: str) -> str:
    try:
        is_plain = yaml.safe_load(f"field: {value}") == {"field": value}
    except yaml.YAMLError:
        is_plain = False
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _taken_description(drafts: list[Draft]) -> str:
    """Return what the first cell says in the fields of Keras's examples, and take it out, with what a page does not say."""
    first = next((draft for draft in drafts if draft.kind == "markdown"), None)
    match = (
        re.search(r"^\*\*Description:\*\* *(?P<words>.+?) *(?:<br>)?$", first.source, re.MULTILINE)
        if first
        else None
    )
    if not (first and match):
        return ""
    first.source = re.sub(
        r"^\*\*(?:Description|Accelerator):\*\*.*\n?", "", first.source, flags=re.MULTILINE
    ).strip()
    first.source = first.source.removesuffix("<br>")
    words = plain_words(match["words"])
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _first_sentence(drafts: list[Draft]) -> str:
    for draft in drafts:
        if draft.kind != "markdown":
            continue
        plain = mask(draft.source)
        for place in re.finditer(r"(?:(?!\n\n).)+", plain, re.DOTALL):
            paragraph = draft.source[place.start() : place.end()].strip("\n")
            if BLOCK in place[0] or paragraph.startswith("    "):  # code, or what a note holds
                continue
            is_words = re.match(r"[^\W\d_]|[\"'(`*_\[]+\w|\d+ \w", paragraph.strip())
            if not is_words or re.match(r"\*\*[\w ]+:\*\*|Authors?\b|By ", paragraph):
                continue
            words = plain_words(paragraph)
            for match in _SENTENCE.finditer(words):
                said = match["words"].strip()
                if said.endswith("."):
                    return said
                if said.endswith("!"):
                    return f"{said[:-1]}."
            if len(words.split()) > 3 and not words.endswith(("?", ":")):
                return f"{words.rstrip('.,;')}."
    return ""


def _cut(summary: str) -> str:
    words = summary[: MOST_OF_A_SUMMARY - 1]
    words = words[: max(words.rfind(" "), 1)]
    at = max(words.rfind(mark) for mark in (",", ";", ":", " (", " –", " —"))
    return f"{(words[:at] if at > 40 else words).rstrip(' ,;:(–—')}."


def _seed(drafts: list[Draft]) -> ast.expr | None:
    """Return what `set_random_seed` is given first, None where nothing calls it."""
    for node in _nodes(drafts):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("set_random_seed"):
            given = [*node.args, *(each.value for each in node.keywords)]
            return given[0] if given else ast.Constant(None)
    return None


def _plain_seed(given: ast.expr, drafts: list[Draft], notes: Notes) -> str:
    """Return the number that an expression stands for, itself or by a name that is set to one; else 0, and a note."""
    numbers: dict[str, set[str]] = {}
    for node in _nodes(drafts):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for each in targets:
                if isinstance(each, ast.Name):
                    numbers.setdefault(each.id, set()).add(_number(node.value))
    found = numbers.get(given.id, set()) if isinstance(given, ast.Name) else {_number(given)}
    if len(found) == 1 and (number := found.pop()):
        return number
    return "0" + notes.mark(
        f"the seed is not a plain number: {ast.unparse(given)}",
        "write the number here and in set_random_seed",
    )


def _number(node: ast.expr) -> str:
    """Return a whole number as it is written in a header, nothing for any other expression."""
    value = node.value if isinstance(node, ast.Constant) else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _nodes(drafts: list[Draft]) -> Iterator[ast.AST]:
    """Yield what stands in the cells of code that read."""
    for draft in drafts:
        if draft.kind == "code" and parses(draft.source):
            yield from ast.walk(ast.parse(draft.source))


# Cells


def converted(cells: list[Draft], notes: Notes, images: Images) -> Iterator[Draft]:
    """Yield the cells as a tutorial has them; of those that hold nothing, what was said goes to the next."""
    sources = [cell.source for cell in cells if cell.kind == "markdown"]
    plain = "\n\n".join(map(mask, sources))
    sections = [match for match in _HEADING.finditer(plain) if len(match["marks"]) == 1]
    deeper = int(bool(sections or _UNDERLINED.search(plain) or _IN_HTML.search(plain)))
    waiting = ""
    for cell in cells:
        if cell.kind == "raw":
            if cell.source.strip():
                said = " ".join(cell.source.split())
                waiting += notes.mark(
                    f"a raw cell is taken out: {said[:60]}{'…' if len(said) > 60 else ''}",
                    "write what readers need of it as prose",
                )
            continue
        made = (
            _as_code(cell, notes) if cell.kind == "code" else _as_prose(cell, notes, images, deeper)
        )
        if not BOOKMARK.sub("", made.source).strip():
            waiting += cell.marks + "".join(BOOKMARK.findall(made.source))
            continue
        yield replace(made, marks=waiting + cell.marks + made.marks)
        waiting = ""


def _as_code(cell: Draft, notes: Notes) -> Draft:
    source = to_python(cell.source)
    tags, marks = cell.tags, ""
    if tags == ("failed",):
        tags = ()
        marks = notes.mark(
            "the cell fails in the notebook",
            'correct it, or, if it fails on purpose, write # %% tags=["raises-exception"]',
        )
    if not says_the_same(cell.source, source):
        marks += notes.mark(
            "a string of this cell is changed: it held what no source may hold",
            "compare it with the notebook's",
        )
    if not tags and (is_form(cell.source) or is_licence(source)):
        tags = ("folded",)
    return Draft("code", source, tags, marks=marks)


def _as_prose(cell: Draft, notes: Notes, images: Images, deeper: int) -> Draft:
    licence, rest = _licence_apart(cell.source)
    text = to_prose(rest, notes, images, attachments=cell.attachments, deeper=deeper)
    return Draft("markdown", f"{licence}\n\n{text}".strip("\n"))


def _licence_apart(text: str) -> tuple[str, str]:
    """Return the licence with which a text begins, as a folded note, and what stands below it."""
    text = text.strip("\n")
    at = 0
    for paragraph in re.finditer(r"(?:(?!\n\s*\n|\n#).)+\s*", text, re.DOTALL):
        if not (_OF_LICENCE if at else _LICENCE).match(paragraph[0]):
            break
        at = paragraph.end()
    if not at:
        return "", text
    plain = re.sub(r"<[^<>]*>", "", text[:at])
    lines = [re.sub(r"^\s*#+\s*", "", line).strip() for line in plain.split("\n")]
    inside = "\n".join(f"    {line}".rstrip() for line in lines).strip("\n")
    return f'??? note "Licence"\n\n{inside}', text[at:]


# The text


def text_that_reads(
    header: str, drafts: list[Draft], notes: Notes, name: str, file: Path
) -> tuple[str, Tutorial]:
    """Return the tutorial's text, in which the cells that the engine refuses are comments or shown as text."""
    _lead_to_headings(drafts)
    _pair_footnotes(drafts, notes)
    _pair_references(drafts, notes)
    while True:
        text = _text(header, drafts)
        try:
            return text, parse_text(BOOKMARK.sub("", text), name)
        except SourceError as error:
            refused: dict[int, TutorialError] = {}
            for fault in error.faults:
                if fault.cell and not drafts[fault.cell - 1].is_plain:
                    refused.setdefault(fault.cell, fault)
            if not refused:
                raise ImportingError(
                    file,
                    f"it does not become a tutorial that reads: {error.message}",
                    f"correct it in the notebook: {error.remedy}",
                ) from None
            for number, fault in refused.items():
                _make_plain(drafts[number - 1], fault, notes)


def _make_plain(draft: Draft, error: TutorialError, notes: Notes) -> None:
    """Keep of a cell what says what it was, so that it is refused no more."""
    draft.is_plain = True
    if draft.kind == "code":
        draft.marks += notes.mark(f"the cell is commented out: {error.message}", error.remedy)
        draft.source = commented_out(draft.source)
        return
    draft.marks += notes.mark(f"the cell is shown as text: {error.message}", error.remedy)
    draft.source = fence(draft.source, "text")


def _lead_to_headings(drafts: list[Draft]) -> None:
    """Let links into the page name its headings as the site does: `#the-data`, where Jupyter says `#The-Data`."""
    prose = "\n\n".join(draft.source for draft in drafts if draft.kind == "markdown")
    known = {
        slugify(plain_words(prose[slice(*match.span("words"))]), "-")
        for match in _HEADING.finditer(mask(prose))
    }

    def relink(match: re.Match[str]) -> str:
        meant = slugify(plain_words(match["anchor"].replace("-", " ").replace("%20", " ")), "-")
        return f"](#{meant})" if meant in known else match[0]

    for draft in drafts:
        if draft.kind == "markdown":
            draft.source = re.sub(r"\]\(#(?P<anchor>[^()\s]+)\)", relink, draft.source)


def _pair_footnotes(drafts: list[Draft], notes: Notes) -> None:
    """Let a footnote without its text, and a text to which nothing refers, stand as they are written."""
    prose = [draft for draft in drafts if draft.kind == "markdown"]
    texts = {
        match["label"] for each in prose for match in FOOTNOTE_TEXT.finditer(mask(each.source))
    }
    asked = {match["label"] for each in prose for match in FOOTNOTE.finditer(mask(each.source))}

    def alone(match: re.Match[str]) -> str:
        label = match["label"]
        if label in texts and label in asked:
            return match[0]
        lacks = "its text" if label in asked else "a reference to it"
        remedy = f"write [^{label}] where it belongs, and its text as '[^{label}]: …' once"
        mark = notes.mark(f"the footnote [^{label}] without {lacks}", remedy)
        return f"{mark}&#91;{match[0][1:]}"

    for draft in prose:
        for pattern in (FOOTNOTE_TEXT, FOOTNOTE):
            draft.source = replace_outside(pattern, alone, draft.source)


def _pair_references(drafts: list[Draft], notes: Notes) -> None:
    """Let labels of link references hold for the page, as they do here; in Jupyter they hold for their cell."""
    prose = [draft for draft in drafts if draft.kind == "markdown"]
    targets: dict[str, str] = {}
    for number, draft in enumerate(prose, start=1):
        here: set[str] = set()
        clashing: dict[str, str] = {}
        needless: list[tuple[int, int]] = []
        for match in _DEFINITION.finditer(mask(draft.source)):
            written = draft.source[slice(*match.span("label"))]  # with its code
            label, target = written.lower(), draft.source[slice(*match.span("target"))]
            if (
                label in here or targets.get(label) == target
            ):  # of two in a cell the first one holds
                needless.append(match.span())
            elif label not in targets:
                targets[label] = target
            else:
                own = f"{written}-{number}"
                while own.lower() in targets:
                    own += "-"
                targets[own.lower()] = target
                clashing[label] = own
            here.add(label)
        for first, last in reversed(needless):
            draft.source = draft.source[:first] + draft.source[last:]
        if clashing:
            draft.source = replace_outside(_LABEL, partial(_renamed, clashing), draft.source)

    def alone(match: re.Match[str]) -> str:
        label = match["label"] or match["words"]
        if label.lower() in targets:
            return match[0]
        mark = notes.mark(
            f"the link reference [{label}] has no address",
            f"write [{match['words']}](address), or leave the brackets out",
        )
        return f"{mark}{match['mark']}&#91;{match['words']}]&#91;{match['label']}]"

    for draft in prose:
        draft.source = replace_outside(_REFERENCE, alone, draft.source)


def _renamed(labels: Mapping[str, str], match: re.Match[str]) -> str:
    """Return a definition of a label, or a reference to it, by the name that the label gets."""
    own = labels.get((match["label"] or match["words"]).lower())
    if own is None or match["below"] == "(":
        return match[0]
    begins_line = not match.string[: match.start()].rpartition("\n")[2].strip()
    if match["below"] and begins_line:
        return f"[{own}]:"
    return f"[{match['words']}][{own}]{match['below'] or ''}"


def _text(header: str, drafts: list[Draft]) -> str:
    cells = []
    for draft in drafts:
        tags = f" tags={json.dumps(list(draft.tags))}" if draft.tags else ""
        if draft.kind == "code":
            cells.append(f"# %%{tags}{draft.marks}\n{draft.source}\n")
            continue
        body = "\n".join(f"# {line}".rstrip() for line in draft.source.split("\n"))
        cells.append(f"# %% [markdown]{tags}{draft.marks}\n{body}\n")
    return "\n".join([header, *cells])


def _without_bookmarks(
    text: str, notes: Notes
) -> tuple[str, list[tuple[int, int | None, str, str]]]:
    """Return the text as it is written, and each note with its line and cell there."""
    lines: list[str] = []
    said: list[tuple[int, int | None, str, str]] = []
    cell = 0
    waiting: list[str] = []
    for line in text.split("\n"):
        found = BOOKMARK.findall(line)
        kept = BOOKMARK.sub("", line).rstrip() if found else line
        if found and kept in ("#", ""):
            # The line goes, with the blank one below it that it left.
            waiting += found
            continue
        if waiting and kept == "#" and (lines[-1] == "#" or lines[-1].startswith("# %%")):
            continue
        lines.append(kept)
        cell += kept.startswith("# %%")
        said += [(len(lines), cell or None, *notes.of(each)) for each in (*waiting, *found)]
        waiting = []
    said += [(len(lines), cell or None, *notes.of(each)) for each in waiting]
    return "\n".join(lines), said


# Places


def _part_folder(settings: Settings, lessons: list[Lesson], part: str) -> str:
    """Return the folder of a part, which may be a new one."""
    there = sorted(
        each.name
        for each in settings.sources.iterdir()
        if each.is_dir() and _PART.fullmatch(each.name)
    )
    if not part:
        atlas = {PurePosixPath(each.file).parent.name for each in lessons if each.is_atlas}
        return next((each for each in reversed(there) if each not in atlas), "1_imported")
    asked = PurePosixPath(part).name
    wanted = _slug(re.sub(r"^\d+_", "", asked))
    for each in there:
        if asked == each or wanted == _PART.fullmatch(each)["name"]:  # type: ignore[index]
            return each
    if not wanted:
        raise ImportingError(Path(part), "not a part's name", "name a part with letters and digits")
    if _PART.fullmatch(asked) and asked == asked.lower():
        return asked
    last = max((int(each.partition("_")[0]) for each in there), default=0)
    return f"{last + 1}_{wanted}"


def _next_number(lessons: list[Lesson]) -> int:
    numbers = [re.match(r"\d+", PurePosixPath(lesson.file).name) for lesson in lessons]
    return max((int(match[0]) for match in numbers if match), default=0) + 1


def _slug(words: str) -> str:
    """Return words as the name of a file.

    >>> _slug("Was ist ein Fältungsnetz? Ein Überblick")
    'was_ist_ein_faltungsnetz_ein_uberblick'
    """
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain)
    name = "_".join(parts)
    while len(name) > 48 and len(parts) > 1:
        parts.pop()
        name = "_".join(parts)
    return name


def _write(path: Path, text: str, images: Mapping[str, bytes]) -> list[Path]:
    """Write the tutorial and its images, none over a file that is there; all of them or none.

    Returns:
        What is new, in the order in which it was made.
    """
    written: list[Path] = []
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
            written.append(path.parent)
        for file, content in images.items():
            place = path.parent / file
            if place.exists() and place.read_bytes() == content:
                continue
            with place.open("xb") as stream:
                written.append(place)
                stream.write(content)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            written.append(path)
            stream.write(text)
    except OSError as error:
        _take_back(written)
        raise ImportingError(path, f"not written: {error.strerror}", "make room for it") from None
    return written


def _take_back(written: list[Path]) -> None:
    for each in reversed(written):
        if each.is_dir():
            each.rmdir()
        else:
            each.unlink(missing_ok=True)
