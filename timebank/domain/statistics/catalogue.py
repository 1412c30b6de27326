"""What each figure of a year means: names in two languages, unit, definition, source, and how it is computed.

The definitions are data (`presets/statistics.json`) and stand in every report, so that a report of today can be read
when this program is gone. A change of a definition is a new `VERSION`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its names: of a topic, a unit, a part of a whole."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. Its value is that of `base` at `part` (empty: the whole), or the percentage of the two of `of`."""

    code: str
    unit: str
    name: str
    name_en: str
    meaning: str
    meaning_en: str
    source: str
    how: str
    base: str
    part: str
    of: tuple[str, str] | None
    per: str
    """`station`: for each place; `county`: for the county as a whole."""
    traced: bool
    """Whether it can be followed to the entries and records that it is made of."""
    topic: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """All figures, in the order of the report, with the words for their units, topics and parts."""

    version: int
    figures: tuple[Figure, ...]
    topics: tuple[Named, ...]
    units: tuple[Named, ...]
    parts: tuple[Named, ...]

    def figure(self, code: str) -> Figure | None:
        """The figure of this code."""
        return next((one for one in self.figures if one.code == code), None)


@cache
def definitions() -> Definitions:
    """The definitions of this program."""
    return read(document())


@cache
def document() -> Any:
    """The same as it stands in a report."""
    return json.loads(files("timebank").joinpath("presets", "statistics.json").read_text(encoding="utf-8"))


def read(told: Any) -> Definitions:
    """Definitions as a report carries them."""
    return Definitions(
        version=told["version"],
        figures=tuple(Figure(**{**one, "of": tuple(one["of"]) if one["of"] else None}) for one in told["figures"]),
        topics=tuple(Named(**one) for one in told["topics"]),
        units=tuple(Named(**one) for one in told["units"]),
        parts=tuple(Named(**one) for one in told["parts"]),
    )
