"""What a build checked: `build.json`, and the page that shows it."""

from __future__ import annotations

from .dependencies import shown_versions
from .documents import Document
from .errors import ExecutionError
from .fingerprint import versions_of
from .passages import escape
from .places import of_the_build
from .prose import date_of, measured
from .schedule import Outcome
from .settings import Settings
from .tutorial import text_of


def build_report(outcomes: list[Outcome], settings: Settings) -> Document:
    """Return the content of `build.json`."""
    return {
        "edition": settings.edition,
        "versions": versions_of(["tensorflow", "keras", "numpy", "matplotlib", "mkdocs"]),
        "tutorials": [_tutorial(outcome, settings) for outcome in outcomes],
    }


def _tutorial(outcome: Outcome, settings: Settings) -> Document:
    lesson, run = outcome.lesson, outcome.run
    entry: Document = {
        "name": lesson.name,
        "source": lesson.file,
        "url": lesson.page.removesuffix(".md") + "/",
        "is_atlas": lesson.is_atlas,
        "key": lesson.key.digest if lesson.key else None,
        "ran": date_of(run.finished) if run else None,
        "outcome": outcome.word,
        "wall_s": run.wall_s if run else None,
        "cpu_s": run.cpu_s if run else None,
        "peak_mb": run.peak_mb if run else None,
        "versions": shown_versions(run) if run else {},
        "claims": _claims(outcome),
        "artifacts": [
            {"name": item.name, "bytes": len(item.content), "sha256": item.sha256}
            for item in (run.artifacts if run else ())
        ],
    }
    if outcome.error:
        error = of_the_build(settings).hide_in(outcome.error)
        entry["error"] = error.to_json()
        entry["faults"] = [fault.to_json() for fault in error.faults]
    return entry


def _claims(outcome: Outcome) -> list[Document]:
    """List the claims that were decided: all of a run that came to its end, else those above where it ended."""
    tutorial = outcome.lesson.tutorial
    if tutorial is None:
        return []
    if outcome.run:
        return [
            {
                "text": text,
                "holds": text in outcome.run.claims,
                "fails_without": tutorial.fails_without(text),
            }
            for text in (text_of(node) for _, node in tutorial.claims)
        ]
    of_run = [
        each
        for each in (outcome.error.faults if outcome.error else ())
        if isinstance(each, ExecutionError) and each.line is not None and each.cell is not None
    ]
    if not of_run:
        return []
    end = max(each.line or 0 for each in of_run)
    wrong = [each.line or 0 for each in of_run]
    decided: list[Document] = []
    for cell, node in tutorial.claims:
        first, last = cell.line + node.lineno, cell.line + (node.end_lineno or node.lineno)
        if first <= end:
            decided.append(
                {"text": text_of(node), "holds": not any(first <= line <= last for line in wrong)}
            )
    return decided


def _when(entry: Document) -> str:
    """Say when a tutorial ran; that this build found its run again is no other fact about the page."""
    return measured(entry["ran"]) if entry["ran"] else "failed"


def report_page(report: Document) -> str:
    """Return the Markdown of *What this build checked*."""
    rows, lists = [], []
    for entry in report["tutorials"]:
        title = f"[{entry['name']}](../{entry['url'].rstrip('/')}.md)"
        if entry["wall_s"] is None:
            figures = ["–"] * 3
        else:
            figures = [
                measured(f"{entry['wall_s']:.0f}"),
                measured(f"{entry['cpu_s']:.0f}"),
                measured(f"{entry['peak_mb']:.0f}"),
            ]
        cells = [title, _when(entry), str(len(entry["claims"])), *figures]
        rows.append("| " + " | ".join(cells) + " |")
        if entry["claims"]:
            items = "\n".join(
                f"- {'Holds' if claim['holds'] else '**Does not hold**'}: {escape(claim['text'])}"
                for claim in entry["claims"]
            )
            lists.append(f"## {entry['name']}\n\n{items}")
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    header = "| tutorial | ran | claims | wall s | CPU s | peak MB |\n|---|---|---:|---:|---:|---:|"
    return "\n\n".join(
        [
            '---\ntitle: "What this build checked"\nsearch:\n  exclude: true\n---',
            "# What this build checked",
            "Every claim on these pages is an assertion that ran. Here are all of them, with what "
            "each tutorial cost on the machine that built this site. A tutorial runs again when its "
            "code, its data, a snippet or a library that it used has changed, and its run is kept until then. "
            "The same as data: [build.json](../build.json).",
            f"Edition: {report['edition']}. Versions: {versions}.",
            header + "\n" + "\n".join(rows),
            *lists,
        ]
    )
