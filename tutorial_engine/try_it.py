"""Try it: the network that a tutorial exports, asked by a reader in the tutorial's own page.

A line `<!-- try it: fashion.tflite, fashion-check.json -->` in prose becomes the place where that happens. The
two files are artifacts: the network, and test photographs with Keras's answers. They are fetched, with what
computes and shows, when a reader asks for them: `docs/assets/try-it.js`. The theme loads that script on a page
that has such a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .docstrings import UNSEARCHED
from .errors import Blemish
from .passages import passages
from .run import Run
from .tutorial import Cell, Tutorial

_MARK = re.compile(r"<!-- try it: (?P<network>[\w.-]+\.tflite), (?P<questions>[\w.-]+\.json) -->")
_ELSEWHERE = "On the page of this tutorial, the network answers here."


def check_try_it(tutorial: Tutorial) -> Iterator[Blemish]:
    """Insist that a tutorial's mark reads as one, stands alone and names files that the page offers."""
    is_first = True
    for cell in tutorial.cells:
        if cell.is_code:
            continue
        for start, end in _marks(cell.source):
            problem = _problem(tutorial, cell, start, end)
            if not problem and not is_first:
                problem = "a second network to try on one page", "leave one mark"
            if problem:
                line = cell.source.count("\n", 0, start) + 1
                yield tutorial.error(Blemish, *problem, cell, line)
            is_first = False


def _problem(tutorial: Tutorial, cell: Cell, start: int, end: int) -> tuple[str, str] | None:
    match = _MARK.fullmatch(cell.source, start, end)
    around = cell.source[:start].rpartition("\n")[2] + cell.source[end:].partition("\n")[0]
    if not match or around.strip():
        return (
            f"not a network to try: {cell.source[start:end]}",
            "write <!-- try it: NETWORK.tflite, QUESTIONS.json --> on a line of its own",
        )
    if missing := set(match.groups()) - set(tutorial.header.artifacts):
        return (
            f"the page offers no {', '.join(sorted(missing))}",
            "name it among the 'artifacts' of the header",
        )
    return None


def with_try_it(prose: str, folder: str, run: Run | None) -> str:
    """Return a cell's prose with the place in which its network answers.

    Args:
        folder: where the artifacts lie, seen from the page.
        run: None while there is none to take the artifacts from.
    """
    files = {each.name: each for each in run.artifacts} if run else {}

    def place(match: re.Match[str]) -> str:
        if not files:
            return "*The network answers here as soon as it has been trained and exported.*"
        links, total = [], 0
        for role, name in match.groupdict().items():
            content, checksum = files[name].content, files[name].sha256
            attributes = f"{{ data-try={role} data-sha256={checksum} }}"
            links.append(f"[{name}]({folder}/{name}){attributes} ({len(content) / 1000:.0f} kB)")
            total += len(content)
        return "\n\n".join(
            [
                f'<div class="try-it" markdown="1" {UNSEARCHED}>',
                f"The network is {links[0]}; test photographs, with Keras's answers, come from {links[1]}. "
                "Your pictures stay in this page: nothing is sent anywhere.",
                "Here you could ask the network about a photograph or a drawing. That needs JavaScript and this site's "
                "script. The code on this page runs the same file.\n{ .try-off }",
                # The script shows it: without one, nothing would answer it.
                '<button type="button" class="md-button md-button--primary" data-try="load" hidden>'
                f"Load the network ({total / 1000:.0f} kB)</button>",
                '<p role="status" data-try="status"></p>',
                "</div>",
            ]
        )

    return _replaced(prose, place)


def without_try_it(prose: str) -> str:
    """Return a cell's prose as a notebook has it, which says where the network answers."""
    return _replaced(prose, lambda _: _ELSEWHERE)


def _marks(prose: str) -> list[tuple[int, int]]:
    """Return where marks begin and end, those among them that do not read as one."""
    return [
        (each.start, each.end)
        for each in passages(prose)
        if each.kind == "comment" and re.match(r"<!--\s*try[ -]?it\b", prose[each.start :], re.I)
    ]


def _replaced(prose: str, replacement: Callable[[re.Match[str]], str]) -> str:
    for start, end in reversed(_marks(prose)):
        if match := _MARK.fullmatch(prose, start, end):
            prose = prose[:start] + replacement(match) + prose[end:]
    return prose
