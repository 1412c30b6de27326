"""What is missing in the network, and the figures that roll up through its levels. No personal data goes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.figures import told
from timebank.domain.identity import DivisionLevel
from timebank.domain.local_time import local_day
from timebank.domain.organisations import Site, Warned, network_gaps, station_warnings
from timebank.domain.roles import Actor, above, require, stations_of
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
                told(counts[view.id], care.figures.smallest_cell) if view.id in counts else None,
            )
            for view in station_views(unit, rows, today)
        )
        return Report(_gaps(divisions, rows), lines)


def _gaps(divisions: list[Division], rows: list[Station]) -> tuple[Gap, ...]:
    """Of the streets in which the actor has stations, all; of others nothing is said."""
    by_code = {row.code: row for row in divisions}
    street_of = _street_of_each(by_code)
    sites = [
        Site(row.kind, row.division_code, street_of.get(row.division_code), row.operator_id)
        for row in rows
        if row.kind != "county_centre" and row.state != "closed"
    ]
    if any(row.kind == "county_centre" for row in rows):
        streets = set(street_of.values())
    else:
        streets = {street_of[row.division_code] for row in rows if row.division_code in street_of}
    communities = [row.code for row in divisions if row.level == DivisionLevel.VILLAGE and row.parent_code in streets]
    found = network_gaps(sorted(streets), communities, sites)
    return tuple(
        Gap(code, by_code[code].name, by_code[code].name_en, warnings) for code, warnings in sorted(found.items())
    )


def _street_of_each(by_code: dict[str, Division]) -> dict[str, str]:
    """Division → the street that it is or lies in; nothing for those above the streets."""
    parents = {code: row.parent_code for code, row in by_code.items()}
    streets = {code for code, row in by_code.items() if row.level == DivisionLevel.TOWNSHIP}
    return {code: street for code in by_code for street in above(code, parents) & streets}
