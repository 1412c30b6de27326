"""What share of the enrolled elders was visited: by station, with the target line of the region's papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.roles import Actor, require, stations_of
from timebank.domain.rounds import Share, month_span, suppressed, target_line
from timebank.services.rounds.values import runs_at
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class StationShare:
    """One station's coverage in a month; None where the cell is too small to be shown."""

    station_id: str
    station: str
    station_en: str
    enrolled: int | None
    visited: int | None
    percent: int | None


@dataclass(frozen=True, slots=True)
class CoverageView:
    """A month's coverage over the actor's stations; the target with its year and source, if a paper names one."""

    month: date
    stations: tuple[StationShare, ...]
    enrolled: int | None
    visited: int | None
    percent: int | None
    smallest_cell: int
    target_percent: int | None
    target_year: int | None
    target_source: str


def coverage(bank: Bank, actor: Actor, month: date, *, now: datetime) -> CoverageView:
    """Visited at least once in the local month / enrolled in it, by station. Raises Forbidden, CareRulesMissing.

    Cells below the region's smallest size are hidden from who doesn't run the visits there.
    """
    require(actor, "rounds.read")
    with bank.read() as unit:
        care = unit.care_at(now)
        scope = stations_of(actor, "rounds.read", unit.network.parents())
        since, until = month_span(month)
        rows = unit.rounds.enrolled_at(scope, min(until, now))
        seen = unit.rounds.visited(scope, since, until)
        stations = [one for one in unit.network.stations() if one.id in scope and one.kind == "station"]
        cells = {one.id: (0, 0) for one in stations}
        for row in rows:
            enrolled, visited = cells.get(row.station_id, (0, 0))
            cells[row.station_id] = (enrolled + 1, visited + (row.id in seen))
        mine = [one.id for one in stations if runs_at(unit, actor, one.id)]
        shown = suppressed(cells, care.figures.smallest_cell, open_to=mine)
        total = _total(cells, shown, care.figures.smallest_cell)
        target = target_line(care)
        return CoverageView(
            month=month,
            stations=tuple(
                StationShare(one.id, one.name, one.name_en, share.enrolled, share.visited, share.percent)
                for one in stations
                for share in (shown[one.id],)
            ),
            enrolled=total.enrolled,
            visited=total.visited,
            percent=total.percent,
            smallest_cell=care.figures.smallest_cell,
            target_percent=target.percent if target else None,
            target_year=target.by_year if target else None,
            target_source=target.source if target else "",
        )


def _total(cells: Mapping[str, tuple[int, int]], shown: Mapping[str, Share], smallest: int) -> Share:
    """The sum over the stations, unless it would tell a hidden cell or is too small itself."""
    hidden = sum(share.enrolled is None for share in shown.values())
    total = Share(sum(one for one, _ in cells.values()), sum(one for _, one in cells.values()))
    tells = hidden == 1 or (hidden > 0 and (total.enrolled or 0) < smallest)
    return Share(None, None) if tells else total
