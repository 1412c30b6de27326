"""Dashboards of street and county: what was served, what was not met, by service, station and month. No person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.errors import NotFound
from timebank.domain.figures import Bar, bars, heat, last_months, told
from timebank.domain.local_time import add_months, day_start, local_day
from timebank.domain.policies.care import Target
from timebank.domain.roles import Actor, above, require, stations_of
from timebank.storage.network import Station
from timebank.storage.unit import Bank, Unit

BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Place:
    """A station or centre to which one can drill down."""

    id: str
    name: str
    name_en: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Unmet requests for a service at a station: the number (None: too small to be told) and how dark it is."""

    number: int | None
    heat: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures of a scope. Minutes are verified ones; `by_service` and `unmet` are of the last 90 days."""

    at: Place | None
    above: Place | None
    below: tuple[Place, ...]
    members: int | None
    volunteers: int | None
    elders: int | None
    needs_open: int
    requests_open: int
    months: tuple[Bar, ...]
    by_service: tuple[Bar, ...]
    services: tuple[tuple[str, str, str], ...]
    """(code, name, name in English) of all that stand in the figures."""
    unmet: tuple[tuple[Place, tuple[Cell, ...]], ...]
    unmet_services: tuple[str, ...]
    targets: tuple[Target, ...]


def see(bank: Bank, actor: Actor, at: str | None, *, now: datetime) -> Dashboard:
    """The figures of all in reach, or of one centre or station in it. Raises NotFound, Forbidden, CareRulesMissing."""
    require(actor, "reports.read")
    with bank.read() as unit:
        care = unit.care_at(now)
        smallest = care.figures.smallest_cell
        parents = unit.network.parents()
        reach = stations_of(actor, "reports.read", parents)
        rows = {row.id: row for row in unit.network.stations() if row.id in reach}
        if at is not None and at not in rows:
            raise NotFound
        scope = {one for one in rows if at is None or at in above(one, parents)}
        today = local_day(now)
        volunteers, elders = unit.figures.people_served(scope, now - BACK)
        months = last_months(today)
        since = day_start(add_months(today.replace(day=1), 1 - len(months)))
        by_month = unit.figures.minutes_by_month(scope, since)
        by_service = unit.figures.minutes_by_service(scope, now - BACK)
        unmet = unit.figures.unmet(scope, now - BACK)
        requests, needs = unit.redemptions.counts(scope), unit.needs.counts(scope)
        return Dashboard(
            at=_place(rows[at]) if at else None,
            above=_above(rows, at),
            below=_below(rows, at),
            members=told(sum(unit.members.counts(scope).values()), smallest),
            volunteers=told(volunteers, smallest),
            elders=told(elders, smallest),
            needs_open=sum(needs.get(state, 0) for state in ("posted", "open")),
            requests_open=sum(requests.get(state, 0) for state in ("requested", "waiting", "held")),
            months=bars((month, by_month.get(month, 0)) for month in months),
            by_service=bars(sorted(by_service.items(), key=lambda one: (-one[1], one[0]))),
            services=_services(unit, {*by_service, *(service for _, service in unmet)}),
            unmet=_heat(rows, unmet, smallest),
            unmet_services=_columns(unmet),
            targets=care.figures.targets,
        )


def _place(row: Station) -> Place:
    return Place(row.id, row.name, row.name_en, row.kind)


def _above(rows: dict[str, Station], at: str | None) -> Place | None:
    parent = rows[at].parent_id if at else None
    return _place(rows[parent]) if parent in rows and parent is not None else None


def _below(rows: dict[str, Station], at: str | None) -> tuple[Place, ...]:
    """What lies right below; without a place, the highest ones in reach."""
    if at is None:
        return tuple(_place(row) for row in rows.values() if row.parent_id not in rows)
    return tuple(_place(row) for row in rows.values() if row.parent_id == at)


def _services(unit: Unit, codes: set[str]) -> tuple[tuple[str, str, str], ...]:
    known = {item.code: item for item in unit.catalogue.services()}
    return tuple(
        (code, known[code].name if code in known else code, known[code].name_en if code in known else code)
        for code in sorted(codes)
    )


def _columns(unmet: dict[tuple[str, str], int]) -> tuple[str, ...]:
    totals: dict[str, int] = {}
    for (_, service), number in unmet.items():
        totals[service] = totals.get(service, 0) + number
    return tuple(sorted(totals, key=lambda service: (-totals[service], service)))


def _cell(number: int, most: int, smallest: int) -> Cell:
    """A number that is too small to be told is not told by its shade either."""
    shown = told(number, smallest)
    return Cell(shown, 1 if shown is None else heat(number, most))


def _heat(
    rows: dict[str, Station], unmet: dict[tuple[str, str], int], smallest: int
) -> tuple[tuple[Place, tuple[Cell, ...]], ...]:
    columns, most = _columns(unmet), max(unmet.values(), default=0)
    lines = []
    for station_id in sorted({station for station, _ in unmet}, key=lambda one: rows[one].code):
        numbers = [unmet.get((station_id, service), 0) for service in columns]
        cells = tuple(_cell(number, most, smallest) for number in numbers)
        lines.append((_place(rows[station_id]), cells))
    return tuple(lines)
