"""Figures for people who steer: months in a row, shares, small numbers left out, points of a map on paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from timebank.domain.local_time import add_months
from timebank.domain.words import N_

MONTHS: Final = 12
MAP_WIDTH: Final = 1000
MAP_HEIGHT: Final = 640
MARGIN: Final = 70
TARGET_LABELS: Final = {
    "rounds": N_("Elders in difficulty who are visited each month"),
    "family_doctors": N_("Elders with a family doctor"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: its name, its value, and how long it is, in thousandths of the longest."""

    key: str
    value: int
    length: int


def last_months(today: date, months: int = MONTHS) -> tuple[str, ...]:
    """The last months with the present one, the oldest first: "2026-09"."""
    first = today.replace(day=1)
    return tuple(f"{add_months(first, back - months + 1):%Y-%m}" for back in range(months))


def bars(values: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars of these values."""
    rows = list(values)
    longest = max((value for _, value in rows), default=0)
    return tuple(Bar(key, value, value * 1000 // longest if longest else 0) for key, value in rows)


def told(number: int, smallest: int) -> int | None:
    """The number, or None where it is so small that it could point at somebody. Zero points at nobody."""
    return number if number == 0 or number >= smallest else None


def heat(number: int, most: int) -> int:
    """0 to 4, by the largest number beside it: how dark a cell is. The number itself always stands in it."""
    return 0 if not number or not most else 1 + min(3, (number - 1) * 4 // most)


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the map: units of its drawing, from the top left."""

    key: str
    x: int
    y: int


def placed(places: Mapping[str, tuple[int, int]]) -> tuple[Point, ...]:
    """Where each place (latitude, longitude, microdegrees) stands on a map that holds them all, true to distances."""
    if not places:
        return ()
    middle = sum(latitude for latitude, _ in places.values()) / len(places) / 1_000_000
    squeeze = math.cos(math.radians(middle))
    flat = {key: (longitude * squeeze, -latitude) for key, (latitude, longitude) in places.items()}
    left, top = min(x for x, _ in flat.values()), min(y for _, y in flat.values())
    wide, high = max(x for x, _ in flat.values()) - left, max(y for _, y in flat.values()) - top
    inner = (MAP_WIDTH - 2 * MARGIN, MAP_HEIGHT - 2 * MARGIN)
    scale = min(inner[0] / wide if wide else math.inf, inner[1] / high if high else math.inf)
    scale = 0 if math.isinf(scale) else scale
    shift = ((inner[0] - wide * scale) / 2, (inner[1] - high * scale) / 2)
    return tuple(
        Point(key, round(MARGIN + shift[0] + (x - left) * scale), round(MARGIN + shift[1] + (y - top) * scale))
        for key, (x, y) in flat.items()
    )
