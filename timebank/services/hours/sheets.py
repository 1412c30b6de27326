"""The day sheet: what a station plans, on numbered slips, with the head of the book; and what became of each slip.

With a printed sheet a station works a day without a network. Afterwards each number is entered or declared void, once:
nothing is lost, nothing is doubled. The head of the book on the paper is a copy that nobody can rewrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from timebank.domain.errors import NotFound, ServiceNotOffered, SheetEmpty, SlipUnknown, TimebankError
from timebank.domain.identity import parse_slip_number
from timebank.domain.local_time import day_start, local_day
from timebank.domain.roles import Actor, covers, permits, require_at, stations_of
from timebank.domain.slips import MOST_BLANKS, SlipState, check_day, found_again, voided
from timebank.services.hours.enter import RowRefused, enter_one, give_out
from timebank.services.hours.log import LogHours
from timebank.storage import trails
from timebank.storage.slips import DaySheet, Slip
from timebank.storage.trails import StepView
from timebank.storage.unit import Bank, Unit

NEWEST = 20


@dataclass(frozen=True, slots=True)
class SlipView:
    """One slip; names only of a planned one. `reason` says why a void one came to nothing."""

    number: str
    state: str
    reason: str | None
    volunteer_id: str | None
    volunteer: str
    volunteer_number: str
    elder_id: str | None
    elder: str
    elder_number: str
    service_code: str | None
    service: str
    service_en: str
    wanted_at: datetime | None
    minutes: int | None
    redemption_id: str | None
    need_id: str | None
    record_id: str | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """An activity of the day, whose presence is ticked on the sheet."""

    number: str
    name: str
    place: str
    starts_at: datetime
    people: tuple[tuple[str, str], ...]
    """(member number, name) of who joined."""


@dataclass(frozen=True, slots=True)
class SheetView:
    """A day sheet and its reconciliation: `counts` by state of its slips. `carried`: the book still has that head."""

    id: str
    station_id: str
    station: str
    station_en: str
    day: date
    head_size: int
    head_hash: str
    made_at: datetime
    slips: tuple[SlipView, ...]
    groups: tuple[GroupView, ...]
    counts: dict[str, int]
    carried: bool


@dataclass(frozen=True, slots=True)
class SlipTold:
    """What became of a slip: void with a reason, or served, as the paper says. Of a planned slip only what differs."""

    number: str
    reason: str | None = None
    volunteer_id: str | None = None
    elder_id: str | None = None
    service_code: str | None = None
    started_at: datetime | None = None
    minutes: int | None = None


def make_sheet(bank: Bank, actor: Actor, station_id: str, day: date, blanks: int, *, now: datetime) -> SheetView:
    """Give a number to all that is planned at a station that day, and to so many empty slips; note the book's head.

    What stands on an open slip already is not given another. Raises SheetDayInvalid, SheetEmpty, Forbidden, NotFound.
    """
    check_day(day, local_day(now))
    with bank.unit() as unit:
        require_at(actor, "slips.issue", station_id, unit.network.parents())
        planned = unit.slips.planned(station_id, day_start(day), day_start(day + timedelta(days=1)))
        slips = planned + [Slip() for _ in range(min(max(blanks, 0), MOST_BLANKS))]
        if not slips:
            raise SheetEmpty
        head = unit.book.head()
        sheet = DaySheet(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=station_id,
            day=day,
            head_size=head.size,
            head_hash=head.leaf_hash,
            made_by=actor.person_id,
            made_at=now,
        )
        unit.slips.add(sheet)
        unit.flush()
        for position, slip in enumerate(slips, 1):
            slip.sheet_id, slip.position = sheet.id, position
            give_out(unit, actor, station_id, slip, now)
        return _views(unit, actor, [sheet], whole=True)[0]


def slips_out(bank: Bank, actor: Actor) -> int:
    """How many slips of the newest sheets of the actor's stations are not back yet."""
    with bank.read() as unit:
        stations = stations_of(actor, "day_sheet.read", unit.network.parents())
        return unit.slips.count_open(row.id for row in unit.slips.sheets(stations, None, NEWEST))


def sheets(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = NEWEST) -> tuple[SheetView, ...]:
    """The day sheets of the actor's stations, the newest first, with their counts."""
    with bank.read() as unit:
        stations = stations_of(actor, "day_sheet.read", unit.network.parents())
        return _views(unit, actor, unit.slips.sheets(stations, before, limit))


def sheet(bank: Bank, actor: Actor, sheet_id: str) -> SheetView:
    """One day sheet with all its slips. Raises NotFound."""
    with bank.read() as unit:
        return _views(unit, actor, [_sheet(unit, actor, "day_sheet.read", sheet_id)], whole=True)[0]


def reconcile(bank: Bank, actor: Actor, sheet_id: str, told: Sequence[SlipTold], *, now: datetime) -> SheetView:
    """Enter or void slips of a sheet: all that are told, or none. What is not told stays open.

    Raises RowRefused (with the position in `told`), NotFound, Forbidden.
    """
    with bank.unit() as unit:
        paper = _sheet(unit, actor, "hours.enter", sheet_id)
        for position, one in enumerate(told):
            try:
                _settle(bank, unit, actor, paper, one, now)
            except TimebankError as error:
                raise RowRefused(position, error) from error
        return _views(unit, actor, [paper], whole=True)[0]


def reopen_slip(bank: Bank, actor: Actor, sheet_id: str, number: str, *, now: datetime) -> None:
    """A void slip turned up after all. Raises SlipStateConflict, SlipUnknown, NotFound."""
    with bank.unit() as unit:
        slip = _slip(unit, _sheet(unit, actor, "hours.enter", sheet_id), number)
        unit.slips.move(slip, found_again(SlipState(slip.state)), actor.person_id, actor.via, now)


def slip_trail(bank: Bank, actor: Actor, sheet_id: str, number: str) -> tuple[StepView, ...]:
    """The history of a slip of a sheet. Raises SlipUnknown, NotFound."""
    with bank.read() as unit:
        slip = _slip(unit, _sheet(unit, actor, "day_sheet.read", sheet_id), number)
        return trails.trail(unit, unit.slips.events(slip.id), "")


def _settle(bank: Bank, unit: Unit, actor: Actor, paper: DaySheet, told: SlipTold, now: datetime) -> None:
    slip = _slip(unit, paper, told.number)
    if told.reason is not None:
        state = voided(SlipState(slip.state), told.reason)
        unit.slips.move(slip, state, actor.person_id, actor.via, now, told.reason)
        return
    volunteer_id, elder_id = told.volunteer_id or slip.volunteer_id, told.elder_id or slip.elder_id
    started_at, minutes = told.started_at or slip.wanted_at, told.minutes or slip.minutes
    code = told.service_code or slip.service_code
    if volunteer_id is None or elder_id is None or started_at is None or minutes is None:
        raise NotFound
    if code is None:
        raise ServiceNotOffered
    enter_one(bank, unit, actor, volunteer_id, slip.id, LogHours(elder_id, code, started_at, minutes), now)


def _sheet(unit: Unit, actor: Actor, verb: str, sheet_id: str) -> DaySheet:
    row = unit.slips.sheet(sheet_id)
    if row is None:
        raise NotFound
    require_at(actor, verb, row.station_id, unit.network.parents())
    return row


def _slip(unit: Unit, paper: DaySheet, number: str) -> Slip:
    slip = unit.slips.get(parse_slip_number(number), lock=True)
    if slip is None or slip.sheet_id != paper.id:
        raise SlipUnknown
    return slip


def _views(unit: Unit, actor: Actor, rows: Sequence[DaySheet], *, whole: bool = False) -> tuple[SheetView, ...]:
    slips: dict[str, list[Slip]] = {row.id: [] for row in rows}
    for slip in unit.slips.of_sheets(slips):
        slips[slip.sheet_id or ""].append(slip)
    stations = {one.id: one for one in unit.network.stations()}
    return tuple(
        SheetView(
            id=row.id,
            station_id=row.station_id,
            station=stations[row.station_id].name,
            station_en=stations[row.station_id].name_en,
            day=row.day,
            head_size=row.head_size,
            head_hash=row.head_hash.hex(),
            made_at=row.made_at,
            slips=_slip_views(unit, slips[row.id], _clear(unit, actor, row)) if whole else (),
            groups=_groups(unit, row, _clear(unit, actor, row)) if whole else (),
            counts={state: sum(slip.state == state for slip in slips[row.id]) for state in map(str, SlipState)},
            carried=_carried(unit, row),
        )
        for row in rows
    )


def _carried(unit: Unit, row: DaySheet) -> bool:
    """Whether the book still has the entry that stood at its head when the sheet was printed."""
    last = unit.book.store.row(unit.origin, row.head_size - 1)
    return last is not None and last.leaf_hash == row.head_hash


def _slip_views(unit: Unit, slips: Sequence[Slip], clear: bool) -> tuple[SlipView, ...]:
    wanted = {one for slip in slips for one in (slip.volunteer_id, slip.elder_id) if one is not None}
    names, numbers = _names(unit, wanted, clear)
    services = {service.code: service for service in unit.catalogue.services()}
    reasons = unit.slips.last_reasons(slip.id for slip in slips)
    found = []
    for slip in slips:
        service = services.get(slip.service_code or "")
        found.append(
            SlipView(
                number=slip.id,
                state=slip.state,
                reason=reasons.get(slip.id),
                volunteer_id=slip.volunteer_id,
                volunteer=names.get(slip.volunteer_id or "", ""),
                volunteer_number=numbers.get(slip.volunteer_id or "", ""),
                elder_id=slip.elder_id,
                elder=names.get(slip.elder_id or "", ""),
                elder_number=numbers.get(slip.elder_id or "", ""),
                service_code=slip.service_code,
                service=service.name if service else slip.service_code or "",
                service_en=service.name_en if service else slip.service_code or "",
                wanted_at=slip.wanted_at,
                minutes=slip.minutes,
                redemption_id=slip.redemption_id,
                need_id=slip.need_id,
                record_id=slip.record_id,
            )
        )
    return tuple(found)


def _groups(unit: Unit, row: DaySheet, clear: bool) -> tuple[GroupView, ...]:
    """The station's activities of that day that are still to take place or to be recorded."""
    rows = [
        one
        for one in unit.activities.page([row.station_id], ("open",), limit=200)
        if local_day(one.starts_at) == row.day
    ]
    people = unit.activities.people([one.id for one in rows])
    names, numbers = _names(unit, {who.person_id for all_ in people.values() for who in all_}, clear)
    return tuple(
        GroupView(
            number=one.number,
            name=one.name,
            place=one.place,
            starts_at=one.starts_at,
            people=tuple((numbers.get(who.person_id, ""), names.get(who.person_id, "")) for who in people[one.id]),
        )
        for one in sorted(rows, key=lambda one: one.starts_at)
    )


def _clear(unit: Unit, actor: Actor, row: DaySheet) -> bool:
    """Whether the actor works at the station, and so reads names; who supervises it reads them masked."""
    verb = "slips.issue"
    return permits(actor, verb) and covers(actor, row.station_id, unit.network.parents(), verb)


def _names(unit: Unit, person_ids: Iterable[str], clear: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Person → name, and person → member number (nobody's, where names are masked)."""
    wanted = set(person_ids)
    people = unit.persons(wanted)
    names = {one: (data if clear else data.masked()).name for one, data in people.items()}
    return names, unit.members.numbers(wanted) if clear else {}
