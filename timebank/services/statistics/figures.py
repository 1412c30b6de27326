"""The figures of a year over all places, whole or with what must stay empty."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from timebank.domain.errors import NotFound
from timebank.domain.local_time import rfc3339
from timebank.domain.statistics.hiding import hide
from timebank.domain.statistics.report import content
from timebank.domain.statistics.tallies import FAMILIES, Place, Table, tally
from timebank.services.statistics.facts import FACTS, Scope
from timebank.storage.network import Station
from timebank.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Year:
    """Everything that is known of a year at one moment."""

    places: tuple[Place, ...]
    tables: tuple[Table, ...]
    document: dict[str, Any]


def places_of(unit: Unit) -> tuple[Place, ...]:
    """The county first, then centres and stations by code. A lone county centre is the county itself."""
    county = unit.network.county()
    rows = unit.network.stations()
    if county is None:
        raise NotFound
    tops = [row for row in rows if row.parent_id is None]
    top = tops[0] if len(tops) == 1 and tops[0].kind == "county_centre" else None
    root = Place(county.division_code, county.name, county.name_en, "county", None, top.id if top else None)
    codes = {row.id: root.code if row is top else row.code for row in rows}
    return (root, *(_place(row, codes, root.code) for row in rows if row is not top))


def _place(row: Station, codes: Mapping[str, str], root: str) -> Place:
    return Place(row.code, row.name, row.name_en, row.kind, codes.get(row.parent_id or "", root), row.id)


def compute(
    unit: Unit,
    year: int,
    published: Iterable[Mapping[str, Any]] | None,
    *,
    stations: frozenset[str] | None = None,
    made_at: datetime,
    now: datetime,
) -> Year:
    """The figures of a year. `published`: the reports that are out; None leaves nothing empty, for those who may open
    what is behind the figures. `stations`: only what happened there. Raises CareRulesMissing."""
    care, places = unit.care_at(now), places_of(unit)
    services = unit.catalogue.services()
    helps: dict[str, list[str]] = {}
    for item in services:
        for one in item.helps:
            helps.setdefault(str(one), []).append(item.code)
    scope = Scope(unit, year, care, now, stations)
    tables = tuple(
        tally(family, FACTS[family.name](scope), places, helps if family.name == "served" else {})
        for family in FAMILIES
    )
    smallest = care.figures.smallest_cell
    hidden: dict[str, set[tuple[str, str]]] = {family.name: set() for family in FAMILIES}
    if published is not None:
        hidden = hide(tables, smallest, year, published)
    county, top = unit.network.county(), places[0]
    document = content(
        book=unit.origin,
        county={"code": top.code, "name": top.name, "name_en": top.name_en} if county is not None else {},
        year=year,
        made_at=rfc3339(made_at),
        smallest=smallest,
        places=places,
        services={one.code: {"name": one.name, "name_en": one.name_en} for one in services},
        tables=tables,
        hidden=hidden,
        coverage_percent=_coverage(unit, year),
    )
    return Year(places, tables, document)


def _coverage(unit: Unit, year: int) -> int | None:
    """What the last night of the year said; None where nothing was computed in it, or too few people are behind it."""
    told = unit.yearly.coverage_in(date(year, 1, 1), date(year, 12, 31))
    if told is None:
        return None
    figures = json.loads(told)
    percent = figures.get("percent_next")
    return int(percent) if percent is not None and figures.get("redeemable") is not None else None
