"""Notebooks: the one that leaves home whole, and the record of what ran."""

from __future__ import annotations

import html
import json
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urljoin

from markdown_it import MarkdownIt

from .copying import read_project
from .documents import Document, Output
from .first_cell import carried, first_cell, folder_of
from .interactive import PLACEHOLDER
from .link_syntax import LinkSpan, replace_links
from .links import ELSEWHERE
from .outputs import for_record
from .passages import BLOCK, escape, mask, mask_in_place, passages, replace_outside
from .prose import fill
from .questions import key_of, question_in_notebook
from .run import Run
from .settings import Settings
from .structure import ADMONITION, ATTRIBUTES, FOOTNOTE, FOOTNOTE_TEXT, TAB, TABLE_RULE
from .try_it import without_try_it
from .tutorial import Cell, Tutorial

# Where Python-Markdown takes a list of attributes: right behind an element, at the end of a table's cell, on a line of
# its own, behind a heading.
_ATTRIBUTES = re.compile(
    rf"(?<=[^\w\s(,;:]){ATTRIBUTES}|(?<=_)(?=\{{:?\s*[.#]){ATTRIBUTES}|(?<=\S) +{ATTRIBUTES}(?= *\|)"
    rf"|^(?P<before>[ >]*(?:(?:(?:[-*+]|\d+\.) +)*#+ .*?)?) *{ATTRIBUTES} *$",
    re.MULTILINE,
)
_READER = MarkdownIt("commonmark")
_PIPE = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"[`*_\[\\]")
_ABBREVIATION = re.compile(r"^\*\[[^\]\n]+\]:.*\n?", re.MULTILINE)


def standalone_notebook(tutorial: Tutorial, run: Run, settings: Settings) -> str:
    """Return the notebook that runs in an empty folder with public packages alone, as JSON.

    It carries what it reaches of the snippets it imports; its inline expressions are the run's values;
    MkDocs' own Markdown is lowered to what Jupyter shows.
    """
    helpers = carried(tutorial, run, settings)
    cells = [
        _markdown_cell(
            f"# {escape(tutorial.header.title)}\n\n{escape(tutorial.header.summary)}"
            f"{_origin(tutorial, run, settings)}{_where_helpers_go(tutorial, helpers)}"
        ),
        _code_cell(
            first_cell(tutorial, run, settings, helpers), {"jupyter": {"source_hidden": True}}
        ),
    ]
    prose, notes = fill(tutorial, run, settings), footnotes(tutorial)
    for cell in tutorial.cells:
        if not cell.is_code:
            text = _in_notebook(tutorial, cell, prose[cell.number])
            text = lower(text, link=_absolute(tutorial, settings), notes=notes)
            cells.append(_markdown_cell(text))
            continue
        if cell.is_interactive:
            cells.append(_markdown_cell(PLACEHOLDER))
        if cell.is_trial or cell.is_interactive:
            continue
        if "solution" in cell.tags:
            code = f"```python\n{cell.source}\n```"
            text = f"<details>\n<summary>Solution</summary>\n\n{code}\n\n</details>"
            cells.append(_markdown_cell(text))
            continue
        metadata: Document = {"tags": sorted(cell.tags)} if cell.tags else {}
        if "check" in cell.tags:
            # It fails until the exercise is solved; the rest of the notebook still runs.
            metadata = {"tags": ["check", "raises-exception"]}
        cells.append(_code_cell(cell.source, metadata))
    return _write(cells)


def record_notebook(tutorial: Tutorial, run: Run, settings: Settings) -> str:
    """Return the notebook as it ran, every cell with its outputs, as JSON."""
    title = escape(tutorial.header.title)
    cells = [
        _markdown_cell(
            f"# Run record: {title}\n\nEvery cell of [{title}](../) "
            "with its outputs, as the build ran it."
        )
    ]
    prose, notes = fill(tutorial, run, settings), footnotes(tutorial)
    before = 0
    for cell in tutorial.cells:
        if not cell.is_code:
            text = _in_notebook(tutorial, cell, prose[cell.number])
            text = lower(text, link=lambda target: None, notes=notes)
            cells.append(_markdown_cell(text))
            continue
        outputs = [
            _record_output(for_record(output, f"output-{before + 1}-{position}"))
            for position, output in enumerate(run.outputs[before], start=1)
        ]
        before += 1
        metadata: Document = {"tags": sorted(cell.tags)} if cell.tags else {}
        cells.append(_code_cell(cell.source, metadata, outputs, before))
    return _write(cells)


def _in_notebook(tutorial: Tutorial, cell: Cell, text: str) -> str:
    """Return what a markdown cell becomes where no script folds and asks."""
    if "hint" in cell.tags:
        return f"<details>\n<summary>Hint</summary>\n\n{text}\n\n</details>"
    if "question" in cell.tags:
        return question_in_notebook(text, tutorial.questions.index(cell) + 1, key_of(cell))
    return without_try_it(text)


def _record_output(output: Output) -> Output:
    if output["output_type"] == "execute_result":
        output = {**output, "execution_count": None}
    if output["output_type"] == "error":
        output = {**output, "traceback": [f"{output['ename']}: {output['evalue']}"]}
    return output


def _markdown_cell(source: str) -> Document:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code_cell(
    source: str, metadata: Document, outputs: Sequence[Output] = (), number: int | None = None
) -> Document:
    return {
        "cell_type": "code",
        "execution_count": number,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }


def _write(cells: list[Document]) -> str:
    # Ids from the position alone: a measured number in a cell's text must not change them.
    cells = [{**cell, "id": f"cell-{position}"} for position, cell in enumerate(cells)]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    import nbformat  # late: most builds find every notebook made

    nbformat.validate(document)
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _origin(tutorial: Tutorial, run: Run, settings: Settings) -> str:
    """Return the paragraph that says what the notebook is from, under which licence, and where its page is."""
    project, said = read_project(settings.root), []
    if project.licence:
        said.append(f"Part of {escape(str(project))}, under the {escape(project.licence)} licence.")
    if python := run.parts.get("version of python"):
        said.append(f"Checked with Python {python} and the versions in the next cell.")
    if "tensorflow" in run.dependencies.get("distributions", {}):
        said.append(
            "It needs no GPU: the page was made on a CPU. On a GPU it takes less time, and its numbers may differ in "
            "their last digits."
        )
    if settings.site_url:
        said.append(f"The page with its figures: <{_address(tutorial.page, settings)}>")
    return f"\n\n{' '.join(said)}" if said else ""


def _where_helpers_go(tutorial: Tutorial, helpers: Mapping[str, str]) -> str:
    if not helpers:
        return ""
    return (
        f"\n\nThe next cell writes the helper functions into the folder `{folder_of(tutorial)}` beside this "
        "notebook: read and change them there."
    )


def _address(page: str, settings: Settings) -> str:
    address = re.sub(r"(^|/)index\.md$", r"\1", page)
    return urljoin(settings.site_url.rstrip("/") + "/", re.sub(r"\.md$", "/", address))


def _absolute(tutorial: Tutorial, settings: Settings) -> Callable[[str], str | None]:
    """Return a function from a link in this tutorial to its public address, None if it has none."""

    def link(target: str) -> str | None:
        if not settings.site_url:
            return None
        path, hash_, anchor = target.partition("#")
        page = posixpath.normpath(posixpath.join(posixpath.dirname(tutorial.page), path))
        return _address(page if path else tutorial.page, settings) + hash_ + anchor

    return link


def footnotes(tutorial: Tutorial) -> dict[str, int]:
    """Return the numbers that a tutorial's footnotes have on its page: label -> number."""
    labels = [
        match["label"]
        for cell in tutorial.cells
        if not cell.is_code and "[^" in cell.source
        for match in FOOTNOTE.finditer(mask(cell.source))
    ]
    return {label: number for number, label in enumerate(dict.fromkeys(labels), start=1)}


def lower(
    text: str, *, link: Callable[[str], str | None], notes: Mapping[str, int] | None = None
) -> str:
    r"""Return Markdown that Jupyter shows, from Markdown that MkDocs shows.

    Admonitions and tabs become quotes, details become HTML details, attribute lists and
    abbreviations go, links between pages and images become `link(target)`, or their text alone where
    that is None. So do links within the page: a notebook names its headings in another way.

    Args:
        notes: the numbers of footnotes, which become raised numbers and paragraphs.

    >>> print(lower('!!! note "Mind"\n    the [gap](gap.md)', link=lambda target: None))
    > **Mind**
    >
    > the gap
    """
    text = text.replace(" data-search-exclude", "")
    return _lower_blocks(_lower_inline(_lower_footnotes(text, notes or {}), link))


def _lower_footnotes(text: str, notes: Mapping[str, int]) -> str:
    def number(match: re.Match[str]) -> str:
        behind = " " if match.re is FOOTNOTE_TEXT and text[match.end() :][:1] != " " else ""
        return (
            f"<sup>{notes[match['label']]}</sup>{behind}" if match["label"] in notes else match[0]
        )

    if not notes:
        return text
    lines, inside = text.split("\n"), False
    for position, line in enumerate(mask_in_place(text).split("\n")):
        if FOOTNOTE_TEXT.match(line):
            inside = True
        elif inside and line.startswith("    "):
            lines[position] = lines[position][4:]
        elif line.strip():
            inside = False
    text = "\n".join(lines)
    for pattern in (FOOTNOTE_TEXT, FOOTNOTE):
        text = replace_outside(pattern, number, text)
    return text


def with_pipes_escaped(text: str) -> str:
    """Return a text in which no pipe in code ends a cell of a table: on the site it never does, elsewhere it does."""
    rows = _rows_of_tables(mask(text))
    for passage in reversed(passages(text)) if rows else ():
        if passage.kind == "code" and text.count("\n", 0, passage.start) in rows:
            code = _PIPE.sub(r"\\|", text[passage.start : passage.end])
            text = text[: passage.start] + code + text[passage.end :]
    return text


def _rows_of_tables(plain: str) -> set[int]:
    """Return the numbers of the lines that are rows of tables, from 0."""
    rows: set[int] = set()
    lines = plain.split("\n")
    for number, line in enumerate(lines):
        if number and TABLE_RULE.fullmatch(line) and "|" in lines[number - 1]:
            rows |= {number - 1, number}
        elif number - 1 in rows and line.strip(" >"):
            rows.add(number)
    return rows


def _lower_inline(text: str, link: Callable[[str], str | None]) -> str:
    text = with_pipes_escaped(replace_outside(_ABBREVIATION, lambda match: "", text))
    text = _lower_fences(text)
    text = replace_outside(_ATTRIBUTES, lambda match: match["before"] or "", text)

    def relink(span: LinkSpan, words: str) -> str:
        mark = "!" if span.is_image else ""
        if ELSEWHERE.match(span.target):
            return f"{mark}[{words}]{text[span.words_end + 1 : span.end]}"
        address = link(span.target.replace(" ", "%20"))
        return words if address is None else f"{mark}[{words}]({address})"

    return replace_links(text, relink)


def _lower_fences(text: str) -> str:
    for passage in reversed(passages(text)):
        if passage.kind == "fence" and passage.info.startswith("{"):
            info_start = text.index("{", passage.start)
            opening, info_end = text[:info_start].rstrip(), text.index("\n", info_start)
            text = opening + passage.language + text[info_end:]
    return text


def _lower_blocks(text: str) -> str:
    lines, plain = text.split("\n"), mask(text).split("\n")
    shown, position = [], 0
    while position < len(lines):
        before, line = _divided(lines[position])
        match = ADMONITION.match(line) or TAB.match(line)
        is_fence = plain[position].startswith(BLOCK, len(before))
        position += 1
        if is_fence or not match:
            shown.append(before + line)
            continue
        end = position
        while end < len(lines) and (
            lines[end].startswith(f"{before}    ") or not _divided(lines[end])[1]
        ):
            end += 1
        body = [each[len(before) + 4 :] for each in lines[position:end]]
        inner = _lower_blocks("\n".join(body).strip("\n"))
        groups = match.groupdict()
        title = groups.get("title")
        if title is None:
            title = groups["kind"].split()[0].capitalize()
        if groups.get("mark", "").startswith("???"):
            opening = ["<details>", f"<summary>{_in_html(title)}</summary>", ""]
            block = [*opening, *inner.split("\n"), "", "</details>", ""]
        else:
            quoted = [f"**{title}**", "", *inner.split("\n")] if title else inner.split("\n")
            block = [f"> {each}".rstrip() for each in quoted]
            block += [""] if end < len(lines) else []
        shown += [f"{before}{each}".rstrip() for each in block]
        position = end
    return "\n".join(shown)


def _in_html(words: str) -> str:
    """Return a line of Markdown as HTML, in which no reader looks for Markdown; formulas stay for MathJax."""
    if not _MARKUP.search(words):
        return words
    parts, position = [], 0
    for passage in passages(words):
        if passage.kind == "maths":
            formula = html.escape(words[passage.start : passage.end], quote=False)
            parts += [_READER.renderInline(words[position : passage.start]), formula]
            position = passage.end
    return "".join([*parts, _READER.renderInline(words[position:])])


def _divided(line: str) -> tuple[str, str]:
    """Return the indentation and the quotation marks that a line begins with, and the rest."""
    rest = line.lstrip("> ")
    return line[: len(line) - len(rest)], rest
