"""Command line: `python -m tutorial_engine status | run | import | export | clean | copy | diff | wheel`, each with `--help`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from .build_cache import BuildCache
from .copying import CopyError, compare, write_copy
from .course import Lesson, glossary_page, load_course, titles
from .course_pages import CoursePages
from .documents import Document
from .errors import TutorialError, unforeseen
from .examples import load_examples
from .export_site import ExportError, site_sources, write_export
from .glossary import GLOSSARY
from .glossary import PAGE as GLOSSARY_PAGE
from .navigation import mentions
from .places import of_the_build
from .publish import Page, export, make_error_page, make_page
from .schedule import Fate, Outcome, Watcher, bring_up_to_date, from_store
from .settings import Settings
from .signals import ended_as_by_keyboard
from .site_config import read_config
from .snippet_pages import INDEX
from .store import Store
from .wheel import WheelError, build_wheel


def main(arguments: list[str] | None = None, *, root: Path | None = None) -> int:
    """Run one command in the repository that holds the current folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tutorial_engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser(
        "status", help="which tutorials and examples are fresh, stale or never run, and why"
    )
    status.add_argument(
        "--json",
        action="store_true",
        help="the same for machines: a list of objects, one a tutorial",
    )
    run = commands.add_parser("run", help="execute what is not fresh")
    run.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="tutorials, or snippets.NAME for its examples; all of them if none is named",
    )
    run.add_argument("--again", action="store_true", help="also execute what is fresh")
    write = commands.add_parser(
        "export", help="execute what is not fresh, and write the pages as plain Markdown"
    )
    write.add_argument("folder", type=Path, metavar="DIR")
    write.add_argument(
        "--site",
        action="store_true",
        help="the sources of the whole site, which Zensical, ProperDocs and MkDocs build without this engine",
    )
    bring = commands.add_parser(
        "import",
        help="make a tutorial of a notebook or a percent script, and list what needs a hand",
    )
    bring.add_argument("file", type=Path, metavar="FILE")
    bring.add_argument("part", nargs="?", default="", metavar="PART")
    bring.add_argument("--name", default="", help="its address, where its title does not make one")
    commands.add_parser("clean", help="forget every stored run")
    copy = commands.add_parser("copy", help="copy a snippet, or one function with what it needs")
    copy.add_argument("name", metavar="MODULE[.NAME]")
    copy.add_argument("destination", type=Path, nargs="?", default=Path(), metavar="DEST")
    diff = commands.add_parser("diff", help="is a copy changed, or behind the course's?")
    diff.add_argument("file", type=Path, metavar="FILE")
    wheel = commands.add_parser("wheel", help="build the snippets as a package to install")
    wheel.add_argument("folder", type=Path, nargs="?", default=Path("dist"), metavar="DIR")
    given = parser.parse_args(arguments)

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    try:
        settings = Settings.load(root or _find_root(Path.cwd()))
    except ValueError as error:
        console.print(str(error), style="red", markup=False)
        return 2
    if given.command in ("copy", "diff", "wheel"):
        return _take(given, settings, console)
    if given.command == "import":
        return _import(given, settings, console)
    store = Store(settings)
    if given.command == "clean":
        store.clean()
        console.print("Forgot every stored run.")
        return 0
    build_cache = BuildCache(settings.cache)
    lessons = load_course(settings, build_cache)
    snippets = load_examples(settings, build_cache)
    examples = [each for each in snippets if each.error or each.sound[0].code_cells]
    if given.command == "status":
        return _status([*lessons, *examples], store, console, as_json=given.json)
    try:
        with ended_as_by_keyboard():
            if given.command == "run":
                bare = {each.name for each in snippets} - {each.name for each in examples}
                return _run([*lessons, *examples], bare, given, settings, store, console)
            if given.site:
                return _export_site(given.folder, settings, store, build_cache, console)
            return _export(lessons, given.folder, settings, store, build_cache, console)
    except KeyboardInterrupt:
        console.print("Ended. The runs that had finished are kept.")
        return 130


def _find_root(folder: Path) -> Path:
    for each in (folder, *folder.parents):
        if (each / "tutorials_src").is_dir():
            return each
    raise ValueError(f"no tutorials_src in {folder} or above: run this inside the repository")


def _take(given: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Write a copy, or the wheel; or compare a copy, with status 1 where it differs."""
    root = settings.root
    try:
        if given.command == "copy":
            file = write_copy(root, given.name, given.destination, settings.site_url)
            console.print(f"Wrote {file}", markup=False)
            return 0
        if given.command == "wheel":
            console.print(f"Wrote {build_wheel(root, given.folder)}", markup=False)
            return 0
        found = compare(root, given.file)
    except (CopyError, WheelError) as error:
        console.print(str(error), style="red", markup=False)
        return 2
    states = {
        "is as it was copied": not found.is_changed,
        "was changed since it was copied": found.is_changed,
        "is behind the course's": found.is_behind,
    }
    said = " and ".join(each for each, holds in states.items() if holds)
    console.print(f"{given.file} ({found.asked}) {said}.", markup=False)
    console.print(found.difference, markup=False, end="", soft_wrap=True)
    return 1 if found.difference else 0


def _import(given: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Write a tutorial made of a notebook, and say what needs a hand."""
    from .importing import (  # brings IPython's reader of magics, for this alone
        ImportingError,
        import_file,
    )

    try:
        made = import_file(given.file, settings, given.part, given.name)
    except ImportingError as error:
        console.print(str(error), style="red", markup=False)
        return 2
    for file in (made.file, *made.images):
        console.print(f"Wrote {file}", markup=False)
    count = len(made.hands)
    if count:
        console.print(f"\n{count} {'thing needs' if count == 1 else 'things need'} a hand:\n")
    for each in made.hands:
        console.print(str(each), markup=False, soft_wrap=True)
    console.print(
        "\nThen: make serve shows the page; make test says what the course asks beyond that."
    )
    return 0


def _status(lessons: list[Lesson], store: Store, console: Console, *, as_json: bool = False) -> int:
    """Say of each lesson how it stands. No line is cut or broken: a terminal or an editor finds file and line."""
    states = [_state(lesson, store) for lesson in lessons]
    if as_json:
        sys.stdout.write(json.dumps(states, indent=1, ensure_ascii=False) + "\n")
    width = max((len(each["name"]) for each in states), default=0)
    for each in states if not as_json else ():
        seconds = "" if each["seconds"] is None else f"{each['seconds']:.0f} s"
        count = len(each["faults"])
        why = "; ".join(each["why"]) or (f"{count} fault{'s' * (count != 1)}" if count else "")
        line = f"{each['name']:{width}}  {each['state']:9}  {seconds:>6}  {why}".rstrip()
        console.print(line, markup=False, soft_wrap=True)
        for fault in each["faults"]:
            place = f" (cell {fault['cell']})" if fault["cell"] else ""
            where = f"{fault['file']}:{fault['line']}" if fault["line"] else fault["file"]
            said = f"    {where}{place}: {fault['message']}\n      What to do: {fault['remedy']}"
            console.print(said, style="red", markup=False, soft_wrap=True)
    return 1 if any(each["faults"] for each in states) else 0


def _state(lesson: Lesson, store: Store) -> Document:
    """Return how a lesson stands, as `status --json` gives it."""
    latest, known = store.latest(lesson.name), from_store(lesson, store)
    why = []
    if known.error:
        state = "broken"
    elif known.run:
        state = "fresh"
    elif latest is None:
        state = "never run"
    else:
        state, why = "stale", store.why_stale(lesson.name, lesson.sound[1])
    return {
        "name": lesson.name,
        "file": lesson.file,
        "state": state,
        "why": why,
        "seconds": latest.wall_s if latest else None,
        "faults": [fault.to_json() for fault in known.error.faults] if known.error else [],
    }


def _run(
    lessons: list[Lesson],
    bare: set[str],
    given: argparse.Namespace,
    settings: Settings,
    store: Store,
    console: Console,
) -> int:
    """Run what is asked for; `bare` are the snippets without examples, of which there is nothing to run."""
    known = {lesson.name: lesson for lesson in lessons}
    if unknown := [name for name in given.names if name not in known and name not in bare]:
        said = f"No tutorial {', '.join(unknown)}; there are {', '.join(known)}."
        console.print(said, style="red", markup=False)
        return 2
    asked = list(dict.fromkeys(given.names))
    for name in asked:
        if name in bare:
            said = (
                f"{name} is a snippet without examples in its docstrings: there is nothing to run."
            )
            console.print(said, markup=False)
    chosen = [known[name] for name in asked if name in known]
    if not asked:
        chosen = lessons
    outcomes = _bring(chosen, settings, store, console, again=given.again)
    return _report_failures(outcomes, console)


def _export(
    lessons: list[Lesson],
    folder: Path,
    settings: Settings,
    store: Store,
    build_cache: BuildCache,
    console: Console,
) -> int:
    outcomes = _bring(lessons, settings, store, console)
    names = titles(lessons)
    pages = []
    for position, outcome in enumerate(outcomes):
        lesson, error = outcome.lesson, outcome.error
        if not error:
            try:
                tutorial, _ = lesson.sound
                page = make_page(tutorial, outcome.run, settings, names, build_cache=build_cache)
            except Exception as fault:  # one tutorial's fault must not be the others'
                error = unforeseen(fault, lesson.file)
                outcomes[position] = Outcome(lesson, error=error)
        if error:
            shown = of_the_build(settings).hide_in(error)
            page = make_error_page(lesson.file, shown, lesson.tutorial)
        pages.append(page)
    source = settings.root / GLOSSARY
    if source.is_file():
        text = glossary_page(lessons, source.read_text(encoding="utf-8"))
        pages.append(Page(GLOSSARY_PAGE, GLOSSARY, "Glossary", text))
    export(pages, folder)
    console.print(f"Wrote {len(pages)} pages to {folder}")
    return _report_failures(outcomes, console)


def _export_site(
    folder: Path, settings: Settings, store: Store, build_cache: BuildCache, console: Console
) -> int:
    """Write the sources of the whole site; nothing where a run failed."""
    try:
        config = read_config(settings.root / "mkdocs.yml")
        shows = mentions(config.get("nav"), INDEX)
        course = CoursePages(settings, build_cache, shows_snippets=shows)
        course.make_pages(_bring(course.to_run, settings, store, console))
        if course.failures():
            return _report_failures(course.outcomes, console)
        files = site_sources(course, settings, config)
        write_export(files, folder)
    except (ExportError, TutorialError, ValueError) as error:
        console.print(str(error), style="red", markup=False)
        return 2
    console.print(f"Wrote {len(files)} files to {folder}")
    return _report_failures(course.outcomes, console)


def _bring(
    lessons: list[Lesson],
    settings: Settings,
    store: Store,
    console: Console,
    *,
    again: bool = False,
) -> list[Outcome]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[about]}"),
    )
    with Progress(*columns, console=console) as progress:
        return bring_up_to_date(lessons, settings, store, again=again, watcher=_Bars(progress))


class _Bars(Watcher):
    """One bar per tutorial: cells done, seconds, and what the last run took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def started(self, lesson: Lesson, estimate: float | None) -> None:
        about = f"of about {estimate:.0f} s" if estimate else "first run"
        total = len(lesson.sound[0].code_cells)
        if lesson.error:
            self._progress.console.print(
                f"Known before it runs: {lesson.error}", style="red", markup=False, soft_wrap=True
            )
        self._tasks[lesson.name] = self._progress.add_task(lesson.name, total=total, about=about)

    def progress(self, lesson: Lesson, done: int, total: int) -> None:
        self._progress.update(self._tasks[lesson.name], completed=done)

    def ended(self, outcome: Outcome) -> None:
        if outcome.lesson.name in self._tasks:
            self._progress.stop_task(self._tasks[outcome.lesson.name])


def _report_failures(outcomes: list[Outcome], console: Console) -> int:
    failures = [outcome for outcome in outcomes if outcome.error]
    for outcome in failures:
        console.print(str(outcome.error), style="red", markup=False, soft_wrap=True)
    counts = Counter(outcome.word for outcome in outcomes)
    ended = (Fate.EXECUTED, Fate.CACHED, Fate.FAILED)
    console.print(", ".join(f"{counts[word]} {word}" for word in ended))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
