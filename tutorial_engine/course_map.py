"""Course map: the tutorials, drawn by part and in their order, with what each needs and what helps.

A line `<!-- course map -->` on a page becomes that drawing, an SVG whose every box is a link, and the same as
a list. What is needed already on the way to something else that is needed has no line of its own.
"""

from __future__ import annotations

import heapq
import html
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MARK = "<!-- course map -->"

# The drawing is laid out on a lattice; one unit of it is so many of the drawing's.
_UNIT = 10
_WIDTH, _HEIGHT = 16, 4
_COLUMN, _ROW = _WIDTH + 3, _HEIGHT + 3
_TITLE, _BETWEEN_PARTS, _MARGIN = 2, 3, 2
_LETTERS, _LINES = 19, 2  # in a box
_TURN, _CROSSING, _ALONGSIDE = 4, 3, 12  # what a line had rather avoid, in units of its length
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))

Point: TypeAlias = tuple[int, int]
Line: TypeAlias = list[Point]


@dataclass(frozen=True)
class Stop:
    """A tutorial as the map shows it; `needs` and `helps` are names of others."""

    name: str
    title: str
    part: str
    address: str
    needs: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A line from what is needed, or helps, to what it is good for."""

    start: str
    end: str
    is_needed: bool


def course_map(stops: Sequence[Stop]) -> str:
    """Return what stands in place of the mark, as HTML."""
    return f"{drawing(stops)}\n{listing(stops)}"


def edges(stops: Sequence[Stop]) -> list[Edge]:
    """Return the lines of a map: those that say what no way of other lines says.

    What is needed may be left to other needs alone; what helps, to needs and help.
    """
    known = {stop.name for stop in stops}
    needs = {stop.name: known.intersection(stop.needs) for stop in stops}
    both = {stop.name: needs[stop.name] | known.intersection(stop.helps) for stop in stops}
    found = []
    for stop in stops:
        for names, ways, is_needed in ((stop.needs, needs, True), (stop.helps, both, False)):
            found += [
                Edge(name, stop.name, is_needed)
                for name in names
                if name in known and not _leads(name, ways[stop.name] - {name}, ways)
            ]
    return found


def _leads(name: str, ends: Iterable[str], ways: Mapping[str, set[str]]) -> bool:
    """Say whether a tutorial stands before one of some others."""
    open_ends, seen = list(ends), set(ends)
    while open_ends:
        new = ways[open_ends.pop()] - seen
        if name in new:
            return True
        seen |= new
        open_ends += new
    return False


def drawing(stops: Sequence[Stop]) -> str:
    """Return the map as SVG: a band for each part, in it the tutorials, lines from each to what it is good for."""
    places, titles, (width, height) = _laid_out(stops)
    numbers = {stop.name: number for number, stop in enumerate(stops, start=1)}
    # Beyond the outermost lines there is room for half their width.
    size = f"-2 0 {width * _UNIT + 4} {height * _UNIT}"
    parts = [
        f'<svg class="course-map" data-search-exclude viewBox="{size}" role="group" aria-label="The course as a map">',
        *(
            f'<g class="{"needs" if edge.is_needed else "helps"}" '
            f'data-edge="{numbers[edge.start]} {numbers[edge.end]}">'
            f'<path d="{_path(line)}"/><path class="head" d="{_head(line)}"/></g>'
            for edge, line in _routes(edges(stops), places, titles)
            if line  # walled in it has none: the list says it
        ),
        *(
            f'<text class="part" x="{x * _UNIT}" y="{y * _UNIT + 13}">{html.escape(title)}</text>'
            for title, (x, y) in titles.items()
        ),
    ]
    named = {stop.name: stop.title for stop in stops}
    for number, stop in enumerate(stops, start=1):
        parts.append(_box(stop, number, places[stop.name], named))
    return "\n".join([*parts, "</svg>"])


def _box(stop: Stop, number: int, place: Point, titles: Mapping[str, str]) -> str:
    x, y = (_UNIT * each for each in place)
    lines = textwrap.wrap(stop.title, _LETTERS, max_lines=_LINES, placeholder="…")
    first = y + _HEIGHT * _UNIT / 2 + 4.5 - 7.5 * (len(lines) - 1)
    words = "".join(
        f'<tspan x="{x + 28}" y="{first + 15 * row:g}">{html.escape(line)} </tspan>'
        for row, line in enumerate(lines)
    )
    name = f"{number}. {stop.title}{''.join(f', {each}' for each in _before(stop, titles))}"
    return (
        f'<a href="{html.escape(stop.address)}" aria-label="{html.escape(name)}">'
        f"<title>{html.escape(name)}</title>"
        f'<rect x="{x}" y="{y}" width="{_WIDTH * _UNIT}" height="{_HEIGHT * _UNIT}" rx="5"/>'
        f'<text class="number" x="{x + 22}" y="{y + 24.5}">{number}</text><text>{words}</text>'
        f'<path class="tick" d="M{x + 148} {y + 7}l4 4 8-9"/></a>'
    )


def _before(stop: Stop, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield what a tutorial needs, and what helps."""
    for words, names in (("needs", stop.needs), ("helped by", stop.helps)):
        if known := [titles[name] for name in names if name in titles]:
            yield f"{words} {', '.join(known)}"


def listing(stops: Sequence[Stop]) -> str:
    """Return the map as a list, folded: where the drawing is too small to be read, it stands in its place."""
    titles = {stop.name: stop.title for stop in stops}
    parts: dict[str, list[str]] = {}
    for number, stop in enumerate(stops, start=1):
        before = "; ".join(_before(stop, titles))
        parts.setdefault(stop.part, []).append(
            f'<li value="{number}"><a href="{html.escape(stop.address)}">{html.escape(stop.title)}</a>'
            f"{f' <small>{html.escape(before)}</small>' if before else ''}</li>"
        )
    lists = "\n".join(
        f"<p>{html.escape(part)}</p>\n<ol>\n{chr(10).join(items)}\n</ol>"
        for part, items in parts.items()
    )
    return (
        '<details class="course-list" data-search-exclude>\n<summary>The map as a list</summary>\n'
        f"{lists}\n</details>"
    )


def _laid_out(stops: Sequence[Stop]) -> tuple[dict[str, Point], dict[str, Point], Point]:
    """Return where each box and each part's title begins, and the size of the whole, in units.

    A tutorial stands to the right of those of its part that it builds on.
    """
    parts: dict[str, list[Stop]] = {}
    for stop in stops:
        parts.setdefault(stop.part, []).append(stop)
    places: dict[str, Point] = {}
    titles: dict[str, Point] = {}
    y, columns_of_all = 0, 1
    for part, members in parts.items():
        column: dict[str, int] = {}
        for stop in members:
            earlier = [column[name] for name in (*stop.needs, *stop.helps) if name in column]
            column[stop.name] = max(earlier, default=-1) + 1
        columns: list[list[str]] = [[] for _ in range(max(column.values()) + 1)]
        for name, position in column.items():
            columns[position].append(name)
        rows = max(map(len, columns))
        titles[part] = (_MARGIN, y)
        top = y + _TITLE
        for position, names in enumerate(columns):
            down = (rows - len(names)) * _ROW // 2
            for row, name in enumerate(names):
                places[name] = (_MARGIN + position * _COLUMN, top + down + row * _ROW)
        y = top + rows * _ROW - (_ROW - _HEIGHT) + _BETWEEN_PARTS
        columns_of_all = max(columns_of_all, len(columns))
    width = 2 * _MARGIN + columns_of_all * _COLUMN - (_COLUMN - _WIDTH)
    return places, titles, (width, y - _BETWEEN_PARTS + 2)


def _routes(
    lines: Sequence[Edge], places: Mapping[str, Point], titles: Mapping[str, Point]
) -> Iterator[tuple[Edge, Line]]:
    """Yield each line's way around the boxes, the short ones first."""
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + 2
    blocked = {
        (x + across, y + down)
        for x, y in places.values()
        for across in range(_WIDTH + 1)
        for down in range(_HEIGHT + 1)
    }
    for title, (x, y) in titles.items():
        blocked |= {(x + across, y + down) for across in range(len(title)) for down in (0, 1)}
    field = _Field(width, height, blocked)

    def distance(edge: Edge) -> int:
        (x, y), (to_x, to_y) = places[edge.start], places[edge.end]
        return abs(to_x - x) + abs(to_y - y)

    for edge in sorted(lines, key=distance):
        yield edge, field.route(edge, places[edge.start], places[edge.end])


class _Field:
    """The lattice: what is blocked, and which lines run where."""

    def __init__(self, width: int, height: int, blocked: set[Point]) -> None:
        self._width, self._height, self._blocked = width, height, blocked
        # Point and direction (0 across, 1 down) -> the lines that run there, by where they come from.
        self._taken: dict[tuple[Point, int], set[tuple[str, bool]]] = {}

    def route(self, edge: Edge, start: Point, end: Point) -> Line:
        """Return the cheapest way from a box's right or lower side to another's left or upper one.

        Lines of one kind that come from one box may share their way.
        """
        (x, y), (to_x, to_y) = start, end
        right = [((x + _WIDTH, y + down), 0) for down in range(1, _HEIGHT)]
        below = [((x + across, y + _HEIGHT), 1) for across in range(2, _WIDTH - 1)]
        left = {(to_x, to_y + down): 0 for down in range(1, _HEIGHT)}
        above = {(to_x + across, to_y): 1 for across in range(2, _WIDTH - 1)}
        goals = left | above
        line_of = (edge.start, edge.is_needed)
        # The middle of a side is its best place.
        cost = {(at, way): _off_middle(at, way, start) for at, way in right + below}
        came: dict[tuple[Point, int], tuple[Point, int]] = {}
        done: set[tuple[Point, int]] = set()
        queue = [(so_far + _distance(at, end), at, way) for (at, way), so_far in cost.items()]
        heapq.heapify(queue)
        while queue:
            _, point, heading = heapq.heappop(queue)
            state = (point, heading)
            if state in done:
                continue
            done.add(state)
            if goals.get(point) == heading and state in came:
                return self._keep(state, came, line_of)
            for way, (right_by, down_by) in enumerate(_STEPS):
                # A line leaves a side straight, and does not turn back.
                if abs(way - heading) == 2 or (state not in came and way != heading):
                    continue
                step = (point[0] + right_by, point[1] + down_by)
                is_goal = step in goals and goals[step] == way
                is_inside = 0 <= step[0] <= self._width and 0 <= step[1] <= self._height
                if not is_inside or (step in self._blocked and not is_goal):
                    continue
                price = (
                    cost[state] + 1 + _TURN * (way != heading) + self._crowd(step, way % 2, line_of)
                )
                if is_goal:
                    price += _off_middle(step, way, end)
                if price < cost.get((step, way), float("inf")):
                    cost[step, way] = price
                    came[step, way] = state
                    heapq.heappush(queue, (price + _distance(step, end), step, way))
        return []

    def _crowd(self, point: Point, direction: int, line_of: tuple[str, bool]) -> int:
        """Return what it costs to run where other lines do."""
        along = self._taken.get((point, direction), set()) - {line_of}
        across = self._taken.get((point, 1 - direction), set()) - {line_of}
        return _ALONGSIDE * bool(along) + _CROSSING * bool(across)

    def _keep(
        self,
        state: tuple[Point, int],
        came: Mapping[tuple[Point, int], tuple[Point, int]],
        line_of: tuple[str, bool],
    ) -> Line:
        points = [state[0]]
        self._taken.setdefault((state[0], state[1] % 2), set()).add(line_of)
        while state in came:
            before = came[state]
            # A corner runs in both directions.
            for point, heading in (before, (before[0], state[1])):
                self._taken.setdefault((point, heading % 2), set()).add(line_of)
            state = before
            points.append(state[0])
        points.reverse()
        return _corners(points)


def _off_middle(point: Point, heading: int, box: Point) -> float:
    """Return what it costs to leave or reach a box beside the middle of its side."""
    middle = box[0] + _WIDTH / 2 if heading % 2 else box[1] + _HEIGHT / 2
    return abs(point[1 - heading % 2] - middle) / 4


def _distance(point: Point, box: Point) -> int:
    """Return how many steps a box is away at least."""
    right, down = max(box[0] - point[0], point[0] - box[0] - _WIDTH, 0), box[1] - point[1]
    return right + max(down, -down - _HEIGHT, 0)


def _corners(points: Line) -> Line:
    """Return the ends of a line and the points in which it turns."""
    inner = [
        here
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1])
    ]
    return [points[0], *inner, points[-1]]


def _path(line: Line) -> str:
    """Return a line with round corners as a path's data."""
    scaled = [(x * _UNIT, y * _UNIT) for x, y in line]
    said = [f"M{scaled[0][0]} {scaled[0][1]}"]
    for before, (x, y), after in zip(scaled, scaled[1:], scaled[2:], strict=False):
        (in_x, in_y), (out_x, out_y) = _towards((x, y), before), _towards((x, y), after)
        said.append(f"L{in_x} {in_y}Q{x} {y} {out_x} {out_y}")
    said.append(f"L{scaled[-1][0]} {scaled[-1][1]}")
    return "".join(said)


def _towards(corner: Point, other: Point) -> Point:
    """Return the point where the round of a corner ends."""
    radius = 5
    step = [max(-radius, min(radius, b - a)) for a, b in zip(corner, other, strict=True)]
    return corner[0] + step[0], corner[1] + step[1]


def _head(line: Line) -> str:
    """Return the tip in which a line ends."""
    x, y = (each * _UNIT for each in line[-1])
    if line[-2][1] == line[-1][1]:
        return f"M{x} {y}l-8-4v8z"
    return f"M{x} {y}l-4-8h8z"
