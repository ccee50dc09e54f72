"""The course: every tutorial file, parsed, checked against the others, with its key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from . import glossary
from .errors import SourceError, TutorialError
from .fingerprint import Key, make_key
from .markup import check_maths
from .prose import check_numbers
from .settings import Settings
from .source import find_sources, parse
from .tutorial import Tutorial, page_path, tutorial_name


@dataclass(frozen=True)
class Lesson:
    """One source file: a tutorial with its key, or the error that keeps it from being one."""

    file: str
    tutorial: Tutorial | None = None
    key: Key | None = None
    error: TutorialError | None = None

    @property
    def name(self) -> str:
        return tutorial_name(self.file)

    @property
    def page(self) -> str:
        return page_path(self.file)

    @property
    def title(self) -> str:
        return self.tutorial.header.title if self.tutorial else self.name

    @property
    def part(self) -> str:
        """The part's name as a reader sees it, from its folder: `1_foundations` is Foundations."""
        return PurePosixPath(self.page).parent.name.replace("-", " ").capitalize()


def load_course(settings: Settings) -> list[Lesson]:
    """Read every tutorial, in course order. What is wrong with one is kept in its lesson."""
    lessons = [_load(path, settings) for path in find_sources(settings.sources)]
    first: dict[str, str] = {}
    taught: dict[str, str] = {}
    names = {lesson.name for lesson in lessons}
    defined = _defined_terms(settings)
    for position, lesson in enumerate(lessons):
        try:
            if lesson.name in first:
                raise SourceError(
                    f"the name '{lesson.name}' is taken by {first[lesson.name]}",
                    file=lesson.file,
                    remedy="rename one of the two files",
                )
            first[lesson.name] = lesson.file
            if lesson.tutorial and (unknown := set(lesson.tutorial.header.needs) - names):
                raise SourceError(
                    f"header field 'needs': no tutorial is named {', '.join(sorted(unknown))}",
                    file=lesson.file,
                    line=1,
                    remedy=f"name some of {', '.join(sorted(names))}",
                )
            if lesson.tutorial:
                _check_terms(lesson.tutorial, taught, defined)
        except SourceError as error:
            lessons[position] = replace(lesson, key=None, error=error)
    return lessons


def glossary_page(lessons: list[Lesson], text: str) -> str:
    """Return the glossary with a link from each term to the tutorial that introduces it."""
    return glossary.with_backlinks(text, [each.tutorial for each in lessons if each.tutorial])


def _defined_terms(settings: Settings) -> set[str] | None:
    """Return the terms that the glossary defines, None where a course has no glossary."""
    file = settings.root / glossary.GLOSSARY
    return set(glossary.terms(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _check_terms(tutorial: Tutorial, taught: dict[str, str], defined: set[str] | None) -> None:
    """Insist that each term is introduced by one tutorial and defined in the glossary."""
    for term in tutorial.header.teaches:
        if term in taught:
            raise SourceError(
                f"header field 'teaches': '{term}' is first used in {taught[term]}",
                file=tutorial.file,
                line=1,
                remedy="leave it to the earlier tutorial",
            )
        taught[term] = tutorial.file
        if defined is not None and term not in defined:
            raise SourceError(
                f"header field 'teaches': {glossary.GLOSSARY} does not define '{term}'",
                file=tutorial.file,
                line=1,
                remedy=f"add the heading `## {term}` and its definition to {glossary.GLOSSARY}",
            )


def titles(lessons: list[Lesson]) -> dict[str, tuple[str, str]]:
    """Return name -> (page, title), what links between tutorials are made of."""
    return {lesson.name: (lesson.page, lesson.title) for lesson in lessons}


def _load(path: Path, settings: Settings) -> Lesson:
    file = path.relative_to(settings.root).as_posix()
    tutorial = None
    try:
        tutorial = parse(path, settings.root)
        check_numbers(tutorial)
        check_maths(tutorial)
        return Lesson(file, tutorial, make_key(tutorial, settings))
    except TutorialError as error:
        return Lesson(file, tutorial, error=error)
