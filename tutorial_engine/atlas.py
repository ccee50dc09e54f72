"""Atlas: every entry of what goes wrong, as a list to browse and as an index that a pasted message is looked up in.

A line `<!-- atlas -->` on a page becomes a box to paste a message into, and below it the list, which is all that
there is without a script: `docs/assets/atlas.js` reads the index when somebody first types.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence

from .docstrings import UNSEARCHED
from .documents import Document
from .entries import ERROR, SILENCE, WARNING, Entry, entries_of, kind_of, said
from .passages import escape
from .run import Run
from .tutorial import Tutorial
from .versions import Measured, differences, digest_of_entry, name_of

MARK, VERSIONS_MARK = "<!-- atlas -->", "<!-- atlas versions -->"
# Where the pages of a course say that help is.
PAGE = "when-it-goes-wrong/index.md"
MESSAGES = "assets/messages.json"
# How each kind of entry is told apart, beside its colour.
SAYS = {ERROR: "raises an error", WARNING: "warns and goes on", SILENCE: "says nothing"}
# Characters of a message that the index keeps: what tells one from the others stands at its beginning.
_KEPT = 600
# A place in a file and the lines quoted from it, of which a message "in user code" is full.
_FRAMES = re.compile(r'^[ \t]*File ".*", line \d+.*\n(?:[ \t]+\S.*\n)*', re.MULTILINE)
_CODE_OR_WORD = re.compile(r"(?P<code>`[^`]*`)|[^\s`]+")
_BOX = f"""<form class="paste" {UNSEARCHED}>
<label for="pasted">Paste your message or its traceback, or say what you see</label>
<textarea id="pasted" rows="4" spellcheck="false" autocapitalize="off"></textarea>
<p role="status">Nothing is sent anywhere: the looking up happens in this page.</p>
<ol></ol>
</form>"""


class Atlas:
    """The entries of all atlas pages.

    Args:
        pages: each with its run, None where there is none.
        measured: how the entries behave with other versions, None where nobody measured it.
    """

    def __init__(
        self, pages: Sequence[tuple[Tutorial, Run | None]], measured: Measured | None = None
    ) -> None:
        self._pages, self._measured = pages, measured

    def messages(self) -> list[list[str]]:
        """Return what a pasted message is looked up in.

        Returns:
            For each entry its heading, its address seen from the site's first page, its kind, what else people
            call it, and what was really said: an error's type and message, the text of a warning.
        """
        return [
            [
                entry.name,
                f"{tutorial.page.removesuffix('.md')}/#{entry.anchor}",
                SAYS[kind_of(entry, tutorial, run)],
                "; ".join(entry.also),
                " ".join(_said(each) for each in said(entry, tutorial, run))[:_KEPT].strip(),
            ]
            for tutorial, run in self._pages
            if run
            for entry in entries_of(tutorial)
        ]

    def listing(self, page: str) -> str:
        """Return what stands in place of the mark, as Markdown.

        Args:
            page: the path of the page that it stands on.
        """
        kinds: Counter[str] = Counter()
        groups = []
        for tutorial, run in self._pages:
            place = posixpath.relpath(tutorial.page, posixpath.dirname(page))
            items = []
            for entry in entries_of(tutorial):
                kind = kind_of(entry, tutorial, run) if run else ""
                kinds[kind] += 1
                items.append(f"- {_link(entry, place)} {marked(kind)}")
            title = f"## [{escape(tutorial.header.title)}]({place})"
            groups.append("\n".join([title, "", escape(tutorial.header.summary), "", *items]))
        if not kinds:
            return "No page of this course collects what goes wrong."
        counted = {kind: each for kind, each in _COUNTED.items() if kind or kinds[kind]}
        counts = ", ".join(f"{kinds[kind]} {each}" for kind, each in counted.items())
        total = sum(kinds.values())
        return "\n\n".join([_BOX, f"{total} entries: {counts}.", *groups])

    def by_version(self, page: str) -> str:
        """Return what stands in place of the mark of the versions, as Markdown.

        Args:
            page: the path of the page that it stands on.
        """
        if (measured := self._measured) is None:
            return "Nobody has measured this yet: run `tests/bench/versions.py`."
        *others, ours = measured.environments
        rows, same, changed = [], 0, 0
        for tutorial, _ in self._pages:
            place = posixpath.relpath(tutorial.page, posixpath.dirname(page))
            for entry in entries_of(tutorial):
                name = name_of(tutorial, entry)
                if measured.digests.get(name) != digest_of_entry(entry):
                    changed += 1
                elif any(verdicts := measured.verdicts[name]):
                    cells = [escape(each.partition(":")[0] or "the same") for each in verdicts]
                    rows.append(f"| {' | '.join([_link(entry, place), *cells])} |")
                else:
                    same += 1
        heads = [f"{each['tensorflow']} and {each['keras']}" for each in others]
        table = [f"| entry | {' | '.join(heads)} |", f"|---{'|---' * len(heads)}|", *rows]
        said = (
            f"{same} of {same + len(rows)} entries behave alike with all of them: the same error and message, numbers "
            f"aside, the same claims. The others differ from TensorFlow {ours['tensorflow']} and Keras "
            f"{ours['keras']}, with which this course is built, as the table says; what they said, each entry's page "
            "tells. A column is headed by the versions of TensorFlow and Keras."
        )
        left_out = (
            f" {changed} entries have changed since and wait for the next time." if changed else ""
        )
        how = f"Measured on {measured.date} by `{measured.command}`, on Python {ours['python']}.{left_out}"
        return "\n\n".join([said, "\n".join(table) if rows else "", how])


_COUNTED = {
    ERROR: "that raise an error",
    WARNING: "that warn and go on",
    SILENCE: "that say nothing",
    "": "that have not run",
}


def marked(kind: str) -> str:
    """Return what an entry is, as it stands beside its heading or below it; nothing before it has run."""
    return f'<span class="entry-kind {kind}">{SAYS[kind]}</span>' if kind else ""


def _link(entry: Entry, place: str) -> str:
    """Return a link to an entry, as Markdown; of its title, code alone stays Markdown."""
    title = _CODE_OR_WORD.sub(lambda each: each["code"] or escape(each[0], "["), entry.title)
    return f"[{title}]({place}#{entry.anchor})"


def _said(output: Document) -> str:
    if output["output_type"] == "error":
        return f"{output['ename']}: {_FRAMES.sub('', output['evalue'])}"
    return output["text"] if output.get("name") == "stderr" else ""


def kinds_of(tutorial: Tutorial, run: Run | None) -> dict[int, str]:
    """Return the number of the cell in which each entry begins -> what its run showed it to be."""
    if run is None:
        return {}
    return {entry.cells[0].number: kind_of(entry, tutorial, run) for entry in entries_of(tutorial)}


def versions_note(entry: Entry, tutorial: Tutorial, measured: Measured | None) -> str:
    """Return how an entry differs with other versions, as Markdown; nothing where it does not."""
    said = differences(measured, tutorial, entry) if measured else []
    lines = [f"- {escape(pairs)}: {_verdict(verdict)}" for pairs, verdict in said]
    if not lines:
        return ""
    return "\n\n".join(
        [
            '<details class="note" markdown="1">\n<summary>With other versions</summary>',
            "\n".join(lines),
            "</details>",
        ]
    )


def _verdict(verdict: str) -> str:
    """Return a verdict with what was said as code, in which no word is a term of the glossary."""
    kind, colon, text = verdict.partition(": ")
    return f"{kind}{colon}<code>{escape(text)}</code>" if text else kind
