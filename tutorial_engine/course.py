"""The course: every tutorial file, parsed, checked against the others, with its key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from . import glossary
from .build_cache import BuildCache
from .documents import Document
from .errors import Blemish, SourceError, TutorialError, together, unforeseen, with_unforeseen
from .fingerprint import Key, make_key
from .glossary import Glossary
from .links import check_links
from .markup import check_maths, convert
from .prose import check_numbers
from .second_reader import helped
from .settings import Settings
from .source import find_sources, misnamed, read_source, read_text
from .terms import Vocabulary
from .tutorial import Header, Tutorial, page_path, tutorial_name


@dataclass(frozen=True)
class Lesson:
    """One source file: a tutorial with its key, and what is wrong with it.

    Attributes:
        tutorial: the file as far as it reads; None where nothing of it does.
        key: what decides its run; None where it cannot run.
        error: all that is known without running it and keeps its page from being published. Where that are
            blemishes alone it has a key, too: it is run, so that all that is wrong with it is said together.
        known: the glossary's terms that a reader has met by the end of it.
        used: those among them that its prose uses.
    """

    file: str
    tutorial: Tutorial | None = None
    key: Key | None = None
    error: TutorialError | None = None
    known: frozenset[str] = frozenset()
    used: tuple[str, ...] = ()

    @property
    def sound(self) -> tuple[Tutorial, Key]:
        """The tutorial and its key; only of a lesson that can run."""
        if self.tutorial is None or self.key is None:
            raise ValueError(f"{self.file} is not a tutorial: {self.error}")
        return self.tutorial, self.key

    @property
    def digest(self) -> str:
        """The digest of its key; only of a lesson that can run."""
        return self.sound[1].digest

    @property
    def name(self) -> str:
        """The address part of its file."""
        return tutorial_name(self.file)

    @property
    def page(self) -> str:
        """The page that it becomes, relative to the site's documents."""
        return page_path(self.file)

    @property
    def title(self) -> str:
        """The title of its header; of a file that does not read, its name."""
        return self.tutorial.header.title if self.tutorial else self.name

    @property
    def is_atlas(self) -> bool:
        """Say whether it collects what goes wrong, beside the course and no stop of it."""
        return self.tutorial is not None and self.tutorial.is_atlas

    @property
    def part(self) -> str:
        """The part's name as a reader sees it, from its folder: `1_foundations` is Foundations."""
        return PurePosixPath(self.page).parent.name.replace("-", " ").capitalize()


def load_course(settings: Settings, build_cache: BuildCache | None = None) -> list[Lesson]:
    """Read every tutorial, in course order. What is wrong with one is kept in its lesson.

    Args:
        build_cache: where what was read from an unchanged file is found again.
    """
    build_cache = build_cache or BuildCache()
    paths = find_sources(settings.sources)

    def load(path: Path) -> Lesson:
        return _load(path, settings, build_cache)

    # The two meet in the middle, in the cache.
    is_new = build_cache.is_new("tutorials")
    with helped(load, reversed(paths)) if is_new else contextlib.nullcontext():
        lessons = [load(path) for path in paths]
    course = _Course(lessons, settings)
    for position, lesson in enumerate(lessons):
        # One file's fault must not be the others'.
        if faults := list(with_unforeseen(course.check(lesson), lesson.file)):
            lessons[position] = _with_faults(lesson, faults)
    return _with_terms(lessons, settings, build_cache)


def _with_terms(lessons: list[Lesson], settings: Settings, build_cache: BuildCache) -> list[Lesson]:
    """Return the lessons with what they use of the glossary."""
    words = Glossary.load(settings)
    if not words:
        return lessons
    vocabulary = Vocabulary(words.terms)
    headers: list[Header] = []
    found = []
    for lesson in lessons:
        if not (tutorial := lesson.tutorial):
            found.append(lesson)
            continue
        headers.append(tutorial.header)
        # What a question says is no running prose: terms are not marked there.
        prose = "\n\n".join(
            cell.source
            for cell in tutorial.cells
            if not cell.is_code and "question" not in cell.tags
        )
        ingredients = prose, words.terms
        make = partial(_used_in, prose, vocabulary)
        known = words.known(headers)
        used = set(build_cache.get("terms", lesson.file, ingredients, make)) & known
        found.append(replace(lesson, known=known, used=tuple(sorted(used))))
    return found


def _used_in(prose: str, vocabulary: Vocabulary) -> list[str]:
    return vocabulary.used(convert(prose))


class _Course:
    """What a lesson is checked against: all of them, and the glossary."""

    def __init__(self, lessons: list[Lesson], settings: Settings) -> None:
        self._settings = settings
        self._lessons = {lesson.name: lesson for lesson in reversed(lessons)}
        self._first: dict[str, str] = {}
        self._taught: dict[str, str] = {}
        self._site = {path for lesson in lessons for path in _published(lesson)}

    def check(self, lesson: Lesson) -> Iterator[TutorialError]:
        """Yield how a lesson does not fit the others; lessons are checked in course order."""
        if lesson.name in self._first:
            yield SourceError(
                f"the name '{lesson.name}' is taken by {self._first[lesson.name]}",
                file=lesson.file,
                remedy="rename one of the two files",
            )
            return
        self._first[lesson.name] = lesson.file
        if not lesson.tutorial:
            return
        yield from self._check_needs(lesson, lesson.tutorial.header)
        if lesson.tutorial.header.teaches:
            yield from _check_terms(lesson.tutorial, self._taught, self._settings)
        yield from check_links(lesson.tutorial, self._settings, self._site)

    def _check_needs(self, lesson: Lesson, header: Header) -> Iterator[Blemish]:
        for field, names in (("needs", header.needs), ("helps", header.helps)):
            if unknown := set(names) - set(self._lessons):
                yield _of_header(
                    lesson,
                    f"header field '{field}': no tutorial is named {', '.join(sorted(unknown))}",
                    f"name some of {', '.join(sorted(self._lessons))}",
                )
            known = [self._lessons[name] for name in names if name in self._lessons]
            if atlas := sorted(each.name for each in known if each.is_atlas):
                yield _of_header(
                    lesson,
                    f"header field '{field}': {', '.join(atlas)} is no stop of the course but a page of the atlas",
                    "take it away, and link to the entry where the text speaks of it",
                )
        if both := set(header.needs) & set(header.helps):
            yield _of_header(
                lesson,
                f"{', '.join(sorted(both))} stands in 'needs' and in 'helps'",
                "a tutorial that is needed stands in 'needs' alone",
            )
        if circle := self._circle(lesson.name):
            yield _of_header(
                lesson,
                f"header field 'needs' goes round in a circle: {' needs '.join(circle)}",
                "take one of them out: a tutorial needs only what comes before it",
            )

    def _circle(self, start: str) -> list[str]:
        """Return the names from a tutorial back to itself, empty where its needs end."""
        ways = [[start]]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            lesson = self._lessons.get(way[-1])
            for name in lesson.tutorial.header.needs if lesson and lesson.tutorial else ():
                if name == start:
                    return [*way, start]
                if name not in seen:
                    seen.add(name)
                    ways.append([*way, name])
        return []


def _published(lesson: Lesson) -> Iterator[str]:
    """Yield the files that a lesson becomes, relative to the site's documents."""
    folder = lesson.page.removesuffix(".md")
    yield lesson.page
    yield from (f"{folder}/{lesson.name}.{kind}" for kind in ("py", "ipynb"))
    yield f"{folder}/run.ipynb"
    if lesson.tutorial:
        yield from (f"{folder}/{name}" for name in lesson.tutorial.header.artifacts)


def glossary_page(lessons: list[Lesson], text: str) -> str:
    """Return the glossary with links from each term to the tutorials that introduce and use it."""
    uses = [(each.tutorial, each.used) for each in lessons if each.tutorial]
    return glossary.with_backlinks(text, uses)


def _defined_terms(tutorial: Tutorial, settings: Settings) -> set[str] | None:
    """Return the terms that the glossary defines, None where a course has no glossary."""
    file = settings.root / glossary.GLOSSARY
    try:
        return set(glossary.terms(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SourceError(
            f"header field 'teaches': {glossary.GLOSSARY} does not read: {error}",
            file=tutorial.file,
            line=1,
            remedy=f"correct {glossary.GLOSSARY}",
        ) from None


def _check_terms(
    tutorial: Tutorial, taught: dict[str, str], settings: Settings
) -> Iterator[TutorialError]:
    """Insist that each term is introduced by one tutorial and defined in the glossary."""
    try:
        defined = _defined_terms(tutorial, settings)
    except SourceError as error:
        yield error
        defined = None
    for term in tutorial.header.teaches:
        if term in taught:
            yield _of_header(
                tutorial,
                f"header field 'teaches': '{term}' is first used in {taught[term]}",
                "leave it to the earlier tutorial",
            )
            continue
        taught[term] = tutorial.file
        if defined is not None and term not in defined:
            yield _of_header(
                tutorial,
                f"header field 'teaches': {glossary.GLOSSARY} does not define '{term}'",
                f"add the heading `## {term}` and its definition to {glossary.GLOSSARY}",
            )


def _of_header(place: Lesson | Tutorial, message: str, remedy: str) -> Blemish:
    return Blemish(message, file=place.file, line=1, remedy=remedy)


def _with_faults(lesson: Lesson, faults: Iterable[TutorialError]) -> Lesson:
    """Return a lesson with more faults; it keeps its key where none of them keeps its cells from being run."""
    error = together([lesson.error, *faults])
    can_run = error is None or all(isinstance(each, Blemish) for each in error.faults)
    return replace(lesson, key=lesson.key if can_run else None, error=error)


def stops_of(lessons: Iterable[Lesson]) -> list[Lesson]:
    """Return those that a reader goes through one after the other: all but the pages of the atlas."""
    return [lesson for lesson in lessons if not lesson.is_atlas]


def titles(lessons: Iterable[Lesson]) -> dict[str, tuple[str, str]]:
    """Return name -> (page, title) of the stops of the course, what links between tutorials are made of."""
    return {lesson.name: (lesson.page, lesson.title) for lesson in stops_of(lessons)}


def _load(path: Path, settings: Settings, build_cache: BuildCache) -> Lesson:
    file = path.relative_to(settings.root).as_posix()
    tutorial: Tutorial | None = None
    faults: list[TutorialError] = []
    try:
        if said := misnamed(path, settings.sources):
            raise SourceError(
                said,
                file=file,
                remedy="name a tutorial tutorials_src/NUMBER_part/NUMBER_name.py, and keep anything "
                "else in snippets/ or tutorials_src/data/",
            )
        text, _ = read_text(path, settings.root)

        def read() -> Document:
            nonlocal tutorial
            tutorial, of_source = read_source(text, file)
            faults.extend(of_source)
            for looks in (check_numbers, check_maths):
                faults.extend(with_unforeseen(looks(tutorial), file))
            if faults:
                raise _Faulty
            return tutorial.to_json()

        def revive(document: Document) -> Tutorial:
            return tutorial or Tutorial.from_json(document, file, text)

        with contextlib.suppress(_Faulty):
            tutorial = build_cache.get("tutorials", file, (file, text), read, revive)
        key = None
        if tutorial and all(isinstance(each, Blemish) for each in faults):
            key = make_key(tutorial, settings, build_cache)
        return _with_faults(Lesson(file, tutorial, key), faults)
    except TutorialError as error:
        faults.append(error)
    except Exception as error:  # one file's fault must not be the others'
        faults.append(unforeseen(error, file))
    return _with_faults(Lesson(file, tutorial), faults)


class _Faulty(Exception):
    """What was read is not to be kept: each build says anew what is wrong with it."""
