"""Navigation: the tutorials part by part, and the pages of the atlas, where a site's list has a mark for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from markupsafe import Markup, escape

from .course import Lesson, stops_of

# What stands in a navigation for the tutorials, and for the pages of the atlas.
NAV_MARK, ATLAS_MARK = "tutorials", "atlas"


def mentions(nav: Any, path: str) -> bool:
    """Say whether a navigation leads to a page."""
    if isinstance(nav, Mapping):
        return any(mentions(each, path) for each in nav.values())
    if isinstance(nav, list):
        return any(mentions(each, path) for each in nav)
    return bool(nav == path)


def part_title(lesson: Lesson, part_titles: Mapping[str, str]) -> str:
    """Return the title of the part that a lesson belongs to."""
    return part_titles.get(PurePosixPath(lesson.page).parent.name, lesson.part)


def expand_navigation(
    nav: list[Any] | None, lessons: list[Lesson], part_titles: Mapping[str, str]
) -> list[Any] | None:
    """Put the tutorials, numbered, part by part, where the navigation says `tutorials`, and the atlas at `atlas`."""
    if nav is None:
        return None
    parts: dict[str, list[dict[str, str]]] = {}
    for number, lesson in enumerate(stops_of(lessons), start=1):
        # The theme puts titles into its HTML as they stand; `Markup` keeps it from escaping twice.
        title = Markup(f"{number}. {escape(lesson.title)}")
        parts.setdefault(part_title(lesson, part_titles), []).append({title: lesson.page})
    atlas = [{Markup(escape(each.title)): each.page} for each in lessons if each.is_atlas]
    course = [{part: pages} for part, pages in parts.items()]
    return _expanded(nav, {NAV_MARK: course, ATLAS_MARK: atlas})


def _expanded(nav: list[Any], marks: Mapping[str, list[Any]]) -> list[Any]:
    expanded: list[Any] = []
    for item in nav:
        if isinstance(item, str) and item in marks:
            expanded += marks[item]
        elif isinstance(item, Mapping):
            inner = {
                title: _expanded(each, marks) if isinstance(each, list) else each
                for title, each in item.items()
            }
            expanded.append(inner)
        else:
            expanded.append(item)
    return expanded
