"""Typing in paper slips at the desk: one or many in one table, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from timebank.domain.errors import SlipNumberTaken, SlipUnknown, SlipVoid, TimebankError
from timebank.domain.hours import Source
from timebank.domain.identity import parse_slip_number, slip_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require_at
from timebank.domain.slips import MOST_BLANKS, SlipState
from timebank.services.hours.log import LogHours, claim_of, write
from timebank.services.hours.values import HoursView, add_event, views
from timebank.storage.hours import HoursRecord
from timebank.storage.slips import Slip
from timebank.storage.unit import Bank, Unit

SIGNED = "slip"


class RowRefused(Exception):  # noqa: N818 - it says what is wrong, as the domain's errors do
    """A row of the table can't be entered, so none is. `row` counts from 0, `error` says why."""

    def __init__(self, row: int, error: TimebankError) -> None:
        self.row, self.error = row, error
        super().__init__(f"row {row}: {error.code}")


def enter(
    bank: Bank, actor: Actor, rows: Sequence[tuple[str, str, LogHours]], *, now: datetime
) -> tuple[HoursView, ...]:
    """Enter (volunteer id, slip number or "", hours) for volunteers of the actor's station, and guests at its desk.

    A slip that both signed counts as confirmed by the elder; without a slip the record is marked as typed in by hand
    for ever, and the elder must still confirm. Hours that answer a request pay for it once they are verified. Raises
    RowRefused with the first refusal; then nothing was entered.
    """
    written = []
    with bank.unit() as unit:
        for position, (volunteer_id, slip, form) in enumerate(rows):
            try:
                written.append(enter_one(bank, unit, actor, volunteer_id, slip, form, now))
            except TimebankError as error:
                raise RowRefused(position, error) from error
        return views(unit, actor, written)


def enter_one(
    bank: Bank, unit: Unit, actor: Actor, volunteer_id: str, slip: str, form: LogHours, now: datetime
) -> HoursRecord:
    """One row of the table, in the caller's unit. Raises SlipUnknown, SlipVoid, SlipNumberTaken and all of `write`."""
    membership = unit.require_member_at(actor, "hours.enter", volunteer_id)
    station_id = unit.serving_station(actor, "hours.enter", membership)
    paper = _paper(unit, slip, station_id) if slip.strip() else None
    if paper is not None and form.redemption_id is None and _as_planned(paper, volunteer_id, form):
        form = replace(form, redemption_id=paper.redemption_id)
    source = Source.SLIP if paper is not None else Source.MANUAL
    claim = claim_of(form, volunteer_id, source, paper.id if paper is not None else None)
    row = write(bank, unit, actor, claim, form.note, form.redemption_id, now, station_id)
    add_event(bank, unit, row, actor, None, now)
    if paper is not None:
        row.state, row.confirmed_at, row.confirmed_how = "confirmed", now, SIGNED
        row.confirmed_by = row.elder_id
        unit.flush()
        add_event(bank, unit, row, actor, "logged", now)
        _come_back(unit, actor, paper, row, now)
    unit.flush()
    return row


def _paper(unit: Unit, text: str, station_id: str) -> Slip:
    """The slip of that number, which must be out and of the volunteer's station."""
    paper = unit.slips.get(parse_slip_number(text), lock=True)
    if paper is None or paper.station_id not in (None, station_id):
        raise SlipUnknown
    if paper.state == SlipState.VOID:
        raise SlipVoid
    if paper.state != SlipState.OPEN:
        raise SlipNumberTaken
    return paper


def _as_planned(paper: Slip, volunteer_id: str, form: LogHours) -> bool:
    """Whether the slip says the same people, service and day: then the hours answer what was planned."""
    if paper.wanted_at is None or local_day(paper.wanted_at) != local_day(form.started_at):
        return False
    told = (volunteer_id, form.elder_id, form.service_code)
    return (paper.volunteer_id, paper.elder_id, paper.service_code) == told


def _come_back(unit: Unit, actor: Actor, paper: Slip, row: HoursRecord, now: datetime) -> None:
    """The slip is back; a need that it was printed for knows its hours (and follows them from now on)."""
    paper.record_id = row.id
    unit.slips.move(paper, SlipState.ENTERED, actor.person_id, actor.via, now)
    if paper.need_id is None or paper.elder_id != row.elder_id or paper.service_code != row.service_code:
        return
    for helper in unit.needs.helpers([paper.need_id])[paper.need_id]:
        if helper.person_id == row.volunteer_id and helper.record_id is None:
            helper.record_id = row.id


def issue_slips(bank: Bank, actor: Actor, station_id: str, count: int, *, now: datetime) -> tuple[str, ...]:
    """New slip numbers of a station, to be printed. A number is given out once, and remembered."""
    with bank.unit() as unit:
        require_at(actor, "slips.issue", station_id, unit.network.parents())
        blanks = [Slip() for _ in range(min(max(count, 1), MOST_BLANKS))]
        return tuple(give_out(unit, actor, station_id, blank, now).id for blank in blanks)


def give_out(unit: Unit, actor: Actor, station_id: str, slip: Slip, now: datetime) -> Slip:
    """Give a number to a slip that is new, blank or planned, in the caller's unit."""
    year = local_day(now).year
    slip.book, slip.station_id, slip.version = unit.origin, station_id, 1
    slip.id = slip_number(year, unit.network.next_number(f"slip {year}"))
    slip.position, slip.state = slip.position or 0, SlipState.OPEN
    unit.slips.add(slip)
    unit.slips.move(slip, SlipState.OPEN, actor.person_id, actor.via, now)
    return slip
