"""How far places are from each other, and which addresses are of one building."""

from __future__ import annotations

import re
from math import cos, hypot, radians
from typing import Final

EARTH_METRES: Final = 6_371_000
_MICRO: Final = 1_000_000
_BUILDING = re.compile(r"^(.*?(?:号楼|幢|栋|座))")

Point = tuple[int, int]
"""Latitude and longitude in millionths of a degree, as stations keep them."""


def distance_metres(one: Point, other: Point) -> int:
    """The way as the crow flies, in whole metres: within a county the earth is flat enough (error below 0.1 %)."""
    middle = radians((one[0] + other[0]) / 2 / _MICRO)
    north = radians((one[0] - other[0]) / _MICRO)
    east = radians((one[1] - other[1]) / _MICRO) * cos(middle)
    return round(EARTH_METRES * hypot(north, east))


def building_of(address: str) -> str | None:
    """The building of an address such as 示范小区 3 号楼 2 单元 501, without spaces; None where none is named."""
    found = _BUILDING.match("".join(address.split()))
    return found[1] if found else None


def same_building(one: str, other: str) -> bool:
    """Whether two addresses name the same building (邻里互助)."""
    building = building_of(one)
    return building is not None and building == building_of(other)
