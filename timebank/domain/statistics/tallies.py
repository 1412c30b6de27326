"""From single facts to a table of figures: places that roll up, wholes and their parts, people counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from timebank.domain.statistics.suppression import Relation, total

Cell = tuple[str, str]
"""(place, part); the part is empty for the whole."""
WHOLE: Final = ""
OWN: Final = "*"
"""Ends the code of what a centre does itself, beside the stations below it. Such a leaf is never shown."""
COUNTY: Final = ""
"""Stands for a station in facts of the county as a whole."""
NO_HELPS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """The county, a street centre or a station. `above` is None for the county."""

    code: str
    name: str
    name_en: str
    kind: str
    above: str | None
    station_id: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One record, request, entry or the like that counts in a year's figures, with what it adds to which base."""

    station_id: str
    ref: str
    """An opaque id of its row."""
    number: str
    """The number under which people know it; empty for what has none."""
    entry: int | None
    """The number of its entry in the ledger."""
    day: date
    amounts: Mapping[str, int]
    parts: tuple[str, ...] = ()
    persons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Base → people who count once in it."""
    behind: tuple[str, ...] = ()
    """On whom it could point: one of each side. Empty: on nobody."""


@dataclass(frozen=True, slots=True)
class Family:
    """Bases that are counted from the same facts, and so are hidden together. The first one ranks the cells.

    `splits`: beginnings of parts of which each kind adds up to the whole; `crossed`: two of them whose crossings are
    cells, too.
    """

    name: str
    bases: tuple[str, ...]
    splits: tuple[str, ...] = ()
    crossed: tuple[str, str] | None = None


FAMILIES: Final = (
    Family("members", ("members_registered",), ("joined",)),
    Family("ended", ("members_ended",)),
    Family(
        "served",
        ("records_verified", "minutes_actual", "minutes_credited", "volunteers_served", "elders_served",
         "members_active"),
        ("month", "service", "source", "timely"),
        ("service", "month"),
    ),
    Family("rejected", ("records_rejected",)),
    Family("corrections", ("corrections",)),
    Family("requested", ("redemptions_requested",), ("outcome", "month")),
    Family("redeemed", ("minutes_redeemed",)),
    Family("gifts", ("gifts", "minutes_gifts")),
    Family("donations", ("donations", "minutes_donations")),
    Family("grants", ("grants", "minutes_grants")),
    Family("complaints", ("complaints_received",), ("handled",)),
    Family("inspections", ("inspections",), ("result",)),
    Family("call_backs", ("call_backs",), ("answer",)),
    Family("issued", ("certificates_issued",)),
    Family("revoked", ("certificates_revoked",)),
    Family("visits", ("visits_due",), ("visit", "month")),
    Family("trainings", ("trainings", "minutes_trainings")),
    Family("attendances", ("training_attendances",)),
    Family("circulation", ("hours_in_circulation",), ("origin",)),
)  # fmt: skip
FAMILY_OF: Final = {base: family for family in FAMILIES for base in family.bases}


@dataclass(slots=True)
class Group:
    """Facts of one station that are alike in every part."""

    amounts: Counter[str] = field(default_factory=Counter)
    persons: dict[str, set[str]] = field(default_factory=dict)
    behind: list[set[str]] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        self.amounts.update(fact.amounts)
        for base, people in fact.persons.items():
            self.persons.setdefault(base, set()).update(people)
        while len(self.behind) < len(fact.behind):
            self.behind.append(set())
        for side, person in zip(self.behind, fact.behind, strict=False):
            side.add(person)

    def join(self, other: Group) -> None:
        self.amounts.update(other.amounts)
        for base, people in other.persons.items():
            self.persons.setdefault(base, set()).update(people)
        while len(self.behind) < len(other.behind):
            self.behind.append(set())
        for side, people in zip(self.behind, other.behind, strict=False):
            side |= people

    def value(self, base: str) -> int:
        return len(self.persons[base]) if base in self.persons else self.amounts[base]

    def is_small(self, smallest: int) -> bool:
        """Whether so few people are behind it, on any side, that it could point at one of them."""
        return any(0 < len(side) < smallest for side in self.behind)


@dataclass(frozen=True, slots=True)
class Table:
    """A family's cells over all places, with the relations that bind them."""

    family: Family
    cells: Mapping[Cell, Group]
    relations: tuple[Relation[Cell], ...]

    def values(self, base: str) -> dict[Cell, int]:
        return {cell: group.value(base) for cell, group in self.cells.items()}

    def small(self, smallest: int) -> set[Cell]:
        return {cell for cell, group in self.cells.items() if group.is_small(smallest)}


def tally(
    family: Family, facts: Iterable[Fact], places: Sequence[Place], helps: Mapping[str, Sequence[str]] = NO_HELPS
) -> Table:
    """The table of a family. `helps`: code of a help → the services that stand under it."""
    groups: dict[tuple[str, tuple[str, ...]], Group] = {}
    for fact in facts:
        groups.setdefault((fact.station_id, fact.parts), Group()).add(fact)
    chains, cells = _chains(places), dict[Cell, Group]()
    for (station_id, parts), group in groups.items():
        for place in chains.get(station_id, ()):
            for part in (WHOLE, *parts):
                cells.setdefault((place, part), Group()).join(group)
    return Table(family, cells, tuple(_relations(family, cells, places, helps)))


def cross(first: str, second: str) -> str:
    """The part in which two parts cross, e.g. a service in a month."""
    return f"{first} {second}"


def begins(part: str) -> str:
    """Of which kind a part is: `month` of `month:2026-09`; empty for the whole and for crossings."""
    return part.partition(":")[0] if " " not in part else ""


def _chains(places: Sequence[Place]) -> dict[str, list[str]]:
    """Station id → the places in which its facts count, from its own leaf to the county."""
    above = {place.code: place.above for place in places}
    centres = set(above.values())
    found = {COUNTY: [place.code for place in places if place.above is None]}
    for place in places:
        if place.station_id is None:
            continue
        chain = [place.code + OWN] if place.code in centres else []
        here: str | None = place.code
        while here is not None:
            chain.append(here)
            here = above[here]
        found[place.station_id] = chain
    return found


def _relations(
    family: Family, cells: Mapping[Cell, Group], places: Sequence[Place], helps: Mapping[str, Sequence[str]]
) -> Iterable[Relation[Cell]]:
    parts = sorted({part for _, part in cells})
    below: dict[str, list[str]] = {}
    for place in places:
        if place.above is not None:
            below.setdefault(place.above, [f"{place.above}{OWN}"]).append(place.code)
    for part in parts:
        for centre, children in below.items():
            yield total((centre, part), [(child, part) for child in children if (child, part) in cells])
    kinds: dict[str, list[str]] = {}
    for part in parts:
        kinds.setdefault(begins(part), []).append(part)
    for here in sorted({place for place, _ in cells}):
        for kind in family.splits:
            if kind in kinds:
                yield total((here, WHOLE), [(here, part) for part in kinds[kind]])
        if family.crossed is not None:
            first, second = (kinds.get(kind, []) for kind in family.crossed)
            for one in first:
                yield total((here, one), [(here, cross(one, other)) for other in second])
            for other in second:
                yield total((here, other), [(here, cross(one, other)) for one in first])
        for code, services in helps.items():
            there = [f"service:{one}" for one in services if f"service:{one}" in parts]
            if f"help:{code}" in parts:
                yield total((here, f"help:{code}"), [(here, part) for part in there])
