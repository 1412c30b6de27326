"""The scorecard of operators: what each delivered in a year, and what was said and found of it. Facts, no score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from timebank.domain.local_time import add_months
from timebank.domain.ratings import Direction
from timebank.domain.roles import Actor, require, stations_of
from timebank.domain.statistics.report import year_span
from timebank.domain.statistics.tallies import WHOLE
from timebank.services.statistics.figures import compute
from timebank.services.statistics.tracing import check_reported
from timebank.storage.moments import at_one_moment
from timebank.storage.unit import Bank

COUNTED: Mapping[str, tuple[str, str]] = {
    "records": ("records_verified", WHOLE),
    "minutes": ("minutes_actual", WHOLE),
    "in_time": ("records_verified", "timely:yes"),
    "asked": ("redemptions_requested", WHOLE),
    "delivered": ("redemptions_requested", "outcome:delivered"),
    "declined": ("redemptions_requested", "outcome:declined"),
    "complaints": ("complaints_received", WHOLE),
    "complaints_in_time": ("complaints_received", "handled:in_time"),
    "inspections_fine": ("inspections", "result:fine"),
    "inspections_minor": ("inspections", "result:minor"),
    "inspections_serious": ("inspections", "result:serious"),
    "call_backs_right": ("call_backs", "answer:right"),
    "call_backs_different": ("call_backs", "answer:different"),
}
"""Column → (base, part) of the figures."""


@dataclass(frozen=True, slots=True)
class Card:
    """One operator's year. `promised`: whether each of its stations has published a promise; `filed_months`: months of
    the year in which a station was filed, over all its stations."""

    operator: str
    operator_en: str
    uscc: str
    stations: int
    promised: int
    filed_months: int
    counts: Mapping[str, int]
    faces: Mapping[str, int]


def scorecards(bank: Bank, actor: Actor, year: int, *, now: datetime) -> tuple[Card, ...]:
    """A card for each operator with a station in reach. Raises Forbidden, NotFound, CareRulesMissing."""
    require(actor, "reports.read")
    check_reported(year, now)
    with at_one_moment(bank) as unit:
        reach = stations_of(actor, "reports.read", unit.network.parents())
        rows = [row for row in unit.network.stations() if row.id in reach and row.kind == "station"]
        values = compute(unit, year, None, stations=reach, made_at=now, now=now).document["values"]
        filings = unit.organisations.filings([row.id for row in rows])
        faces = unit.ratings.counts(reach, *year_span(year))
        found = []
        for operator in unit.organisations.operators():
            mine = [row for row in rows if row.operator_id == operator.id]
            if not mine:
                continue
            codes = [row.code for row in mine]
            filed = [filings[row.id][0].filed_on for row in mine if row.id in filings]
            found.append(
                Card(
                    operator=operator.name,
                    operator_en=operator.name_en,
                    uscc=operator.uscc,
                    stations=len(mine),
                    promised=sum(bool(row.promise) for row in mine),
                    filed_months=sum(months_of(day, year) for day in filed),
                    counts={name: _sum(values, codes, *which) for name, which in COUNTED.items()},
                    faces=_faces(faces, {row.id for row in mine}),
                )
            )
        return tuple(found)


def months_of(filed_on: date, year: int) -> int:
    """In how many months of a year a station was filed that was filed on this day."""
    firsts = [add_months(date(year, 1, 1), number) for number in range(12)]
    return sum(filed_on < add_months(first, 1) for first in firsts)


def _sum(values: Any, places: Iterable[str], base: str, part: str) -> int:
    told = values.get(base, {})
    return sum(told.get(place, {}).get(part, 0) for place in places)


def _faces(counts: Mapping[tuple[str, str, str], int], stations: set[str]) -> dict[str, int]:
    """Face → how many of those who were helped gave it."""
    found: dict[str, int] = {}
    for (station, direction, face), number in counts.items():
        if station in stations and direction == Direction.RECEIVER:
            found[face] = found.get(face, 0) + number
    return found
