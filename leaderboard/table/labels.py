"""Names beside the points of a plot, so placed that none covers another or a point."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

LETTER, LINE, POINT = 7.0, 15.0, 9.0
"""Pixels of a letter at 12 px, of a line of text, and of a point with some air, on average."""


class Box(NamedTuple):
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float


def placed_labels(
    names: Sequence[str], points: Sequence[tuple[float, float]], room: tuple[float, float]
) -> list[tuple[float, float] | None]:
    """Where the middle of each name goes, as pixels from its point; None where there is no room.

    `points` are in pixels of `room`, its width and height, and names are placed in their order.
    """
    taken = [_around(x, y, POINT, POINT) for x, y in points]
    found: list[tuple[float, float] | None] = []
    for name, (x, y) in zip(names, points, strict=True):
        width = LETTER * len(name)
        free = (
            (dx, dy)
            for dx, dy in _offers(width)
            if _is_free(_around(x + dx, y + dy, width, LINE), taken, room)
        )
        place = next(free, None) if name else None
        found.append(place)
        if place:
            taken.append(_around(x + place[0], y + place[1], width, LINE))
    return found


def _offers(width: float) -> Iterator[tuple[float, float]]:
    """Places around a point, the nearest ones first."""
    side = width / 2 + POINT
    for step, dx in product((1, -1, 2, -2, 3, -3), (0.0, side, -side)):
        yield dx, step * LINE
        if step == 1 and dx:
            yield dx, 0.0


def _around(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _is_free(box: Box, taken: Sequence[Box], room: tuple[float, float]) -> bool:
    inside = box.left >= 0 and box.right <= room[0] and box.bottom >= 0 and box.top <= room[1]
    return inside and not any(
        box.left < other.right
        and other.left < box.right
        and box.bottom < other.top
        and other.bottom < box.top
        for other in taken
    )
