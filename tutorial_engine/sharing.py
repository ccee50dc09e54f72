"""Sharing: what a site says of itself to search engines and to feed readers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from .course import Lesson, stops_of
from .documents import Document
from .reading_time import minutes_to_read
from .tutorial import tutorial_name

FEED = "feed.xml"
_ENTRIES = 30
_COMMIT = "\x1e"


@dataclass(frozen=True)
class Publication:
    """A site that has a public address.

    Args:
        address: that of its first page, which ends in a slash.
        licence: as SPDX names it, empty where the project names none.
    """

    title: str
    description: str
    address: str
    language: str
    licence: str = ""

    def address_of(self, lesson: Lesson) -> str:
        """Return the public address of a tutorial's page."""
        return self.address + lesson.page.removesuffix(".md") + "/"


@dataclass(frozen=True)
class Change:
    """A day on which a tutorial came, or became another."""

    lesson: Lesson
    date: str
    subject: str
    is_new: bool


def course_data(publication: Publication, lessons: Sequence[Lesson]) -> Document:
    """Describe a course in the words of schema.org."""
    parts = [
        {"@type": "LearningResource", "name": each.title, "url": publication.address_of(each)}
        for each in lessons
    ]
    return {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": publication.title,
        "description": publication.description,
        "url": publication.address,
        **_terms_of_use(publication),
        "provider": {"@type": "Organization", "name": publication.title},
        "hasPart": parts,
    }


def tutorial_data(publication: Publication, lesson: Lesson, lessons: Sequence[Lesson]) -> Document:
    """Describe a tutorial in the words of schema.org.

    Args:
        lessons: the course, with what the tutorial needs.
    """
    tutorial, _ = lesson.sound
    header = tutorial.header
    needed = [each.title for each in lessons if each.name in header.needs]
    return {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": header.title,
        "description": header.summary,
        "url": publication.address_of(lesson),
        "learningResourceType": "tutorial",
        **({"teaches": list(header.teaches)} if header.teaches else {}),
        **({"competencyRequired": needed} if needed else {}),
        "timeRequired": f"PT{minutes_to_read(tutorial)}M",
        **_terms_of_use(publication),
        **({} if lesson.is_atlas else {"position": stops_of(lessons).index(lesson) + 1}),
        "isPartOf": {
            "@type": "Course",
            "name": publication.title,
            "description": publication.description,
            "url": publication.address,
        },
    }


def _terms_of_use(publication: Publication) -> Document:
    licence = f"https://spdx.org/licenses/{publication.licence}"
    return {
        "inLanguage": publication.language,
        "isAccessibleForFree": True,
        **({"license": licence} if publication.licence else {}),
    }


def as_script(document: Document) -> str:
    """Return a document as JSON that can stand in a `<script>`.

    >>> as_script({"name": "</script>"})
    '{"name":"\\\\u003c/script>"}'
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def changes(root: Path, lessons: Sequence[Lesson]) -> list[Change]:
    """Return when the tutorials came and changed, the latest first; nothing where no whole history tells.

    A tutorial that changes twice a day has changed once; that its file got another number is no change.
    """
    by_name = {lesson.name: lesson for lesson in lessons if not lesson.error}
    found: dict[tuple[str, str], Change] = {}
    first: dict[str, tuple[str, str]] = {}
    for date, subject, files in _commits(root):
        for status, file in files:
            name = tutorial_name(file)
            if name not in by_name or not file.endswith(".py") or status in ("D", "R100"):
                continue
            key = name, date[:10]
            first[name] = key
            found.setdefault(key, Change(by_name[name], date, subject, is_new=False))
    return [
        Change(each.lesson, each.date, each.subject, is_new=first[key[0]] == key)
        for key, each in found.items()
    ]


def _commits(root: Path) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return date, subject and (status, file) of each commit that touched a tutorial, the latest first."""
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return []  # where the history begins today, everything would look new
    log = _git(
        root,
        *("-c", "core.quotePath=false", "log", "--name-status", "--find-renames"),
        *(f"--format={_COMMIT}%cI%x09%s", "--", "tutorials_src"),
    )
    commits = []
    for entry in log.split(_COMMIT)[1:]:
        head, *lines = entry.strip().split("\n")
        date, _, subject = head.partition("\t")
        fields = [line.split("\t") for line in lines if "\t" in line]
        commits.append((date, subject, [(each[0], each[-1]) for each in fields]))
    return commits


def _git(root: Path, *arguments: str) -> str:
    """Return what git says, nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=False
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def atom(publication: Publication, made: Sequence[Change]) -> str:
    """Return the latest of these changes as an Atom feed."""
    feed = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(publication.title)}</title>",
        f"<subtitle>{escape(publication.description)}</subtitle>",
        f"<id>{escape(publication.address)}</id>",
        f"<link href={quoteattr(publication.address)}/>",
        f'<link rel="self" href={quoteattr(publication.address + FEED)}/>',
        f"<author><name>{escape(publication.title)}</name></author>",
        f"<updated>{made[0].date}</updated>",
    ]
    for change in made[:_ENTRIES]:
        address = publication.address_of(change.lesson)
        header = change.lesson.sound[0].header
        feed += [
            "<entry>",
            f"<title>{'New' if change.is_new else 'Changed'}: {escape(header.title)}</title>",
            f"<id>{escape(address)}#{change.date[:10]}</id>",
            f"<link href={quoteattr(address)}/>",
            f"<updated>{change.date}</updated>",
            f"<summary>{escape(header.summary if change.is_new else change.subject)}</summary>",
            "</entry>",
        ]
    return "\n".join([*feed, "</feed>", ""])
