"""What is missing in the network, and the figures that roll up through its levels. No personal data goes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.identity import DivisionLevel
from timebank.domain.local_time import local_day
from timebank.domain.organisations import Site, Warned, network_gaps, station_warnings
from timebank.domain.roles import Actor, require, stations_of
from timebank.services.network.values import StationView, facts_of, station_views
from timebank.storage.network import Division, Station
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class Gap:
    """A division in which something is missing."""

    code: str
    name: str
    name_en: str
    warnings: tuple[Warned, ...]


@dataclass(frozen=True, slots=True)
class StationLine:
    """A station in the report: its warnings and its number of members; None where they are too few to be told."""

    station: StationView
    warnings: tuple[Warned, ...]
    members: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """Gaps by division, and a line for each station in reach."""

    gaps: tuple[Gap, ...]
    lines: tuple[StationLine, ...]


def report(bank: Bank, actor: Actor, *, now: datetime) -> Report:
    """Everything that should be looked at, in this actor's reach. Raises Forbidden, CareRulesMissing."""
    require(actor, "network.report")
    today = local_day(now)
    with bank.read() as unit:
        care = unit.care_at(now)
        reach = stations_of(actor, "network.report", unit.network.parents())
        rows = [row for row in unit.network.stations() if row.id in reach]
        divisions = [row for row in unit.network.divisions() if row.valid_to is None or row.valid_to >= today]
        facts = facts_of(unit, rows, today)
        counts = unit.members.counts(reach)
        lines = tuple(
            StationLine(
                view,
                station_warnings(care.organisations, facts[view.id], today) if view.state != "closed" else (),
                counts.get(view.id, 0) if counts.get(view.id, 0) >= care.figures.smallest_cell else None,
            )
            for view in station_views(unit, rows, today)
        )
        return Report(_gaps(divisions, rows), lines)


def _gaps(divisions: list[Division], rows: list[Station]) -> tuple[Gap, ...]:
    """Of the streets in which the actor has stations, all; of others nothing is said."""
    by_code = {row.code: row for row in divisions}
    streets = _streets(by_code, rows)
    open_rows = [row for row in rows if row.state != "closed"]
    sites = [
        Site(row.kind, row.division_code, _street_of(by_code, row.division_code), row.operator_id)
        for row in open_rows
        if row.kind != "county_centre"
    ]
    communities = {
        row.code: row.parent_code
        for row in divisions
        if row.level == DivisionLevel.VILLAGE and row.parent_code in streets
    }
    found = network_gaps(sorted(streets), {code: street for code, street in communities.items() if street}, sites)
    return tuple(
        Gap(code, by_code[code].name, by_code[code].name_en, warnings) for code, warnings in sorted(found.items())
    )


def _streets(by_code: dict[str, Division], rows: list[Station]) -> set[str]:
    if any(row.kind == "county_centre" for row in rows):
        return {code for code, row in by_code.items() if row.level == DivisionLevel.TOWNSHIP}
    return {street for row in rows if (street := _street_of(by_code, row.division_code)) is not None}


def _street_of(by_code: dict[str, Division], code: str) -> str | None:
    """The street that a division is or lies in. A circle of parents ends the walk instead of hanging it."""
    seen: set[str] = set()
    here: str | None = code
    while here is not None and here in by_code and here not in seen:
        if by_code[here].level == DivisionLevel.TOWNSHIP:
            return here
        seen.add(here)
        here = by_code[here].parent_code
    return None
