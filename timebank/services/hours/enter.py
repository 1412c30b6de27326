"""Typing in paper slips at the desk: one or many in one table, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from timebank.domain.errors import NotFound, TimebankError
from timebank.domain.hours import Source
from timebank.domain.identity import parse_slip_number, slip_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require_at
from timebank.services.hours.log import LogHours, claim_of, write
from timebank.services.hours.values import HoursView, add_event, views
from timebank.storage.unit import Bank

SIGNED = "slip"


class RowRefused(Exception):  # noqa: N818 - it says what is wrong, as the domain's errors do
    """A row of the table can't be entered, so none is. `row` counts from 0, `error` says why."""

    def __init__(self, row: int, error: TimebankError) -> None:
        self.row, self.error = row, error
        super().__init__(f"row {row}: {error.code}")


def enter(
    bank: Bank, actor: Actor, rows: Sequence[tuple[str, str, LogHours]], *, now: datetime
) -> tuple[HoursView, ...]:
    """Enter (volunteer id, slip number or "", hours) for volunteers of the actor's station.

    A slip that both signed counts as confirmed by the elder; without a slip the record is marked as typed in by hand
    for ever, and the elder must still confirm. Hours that answer a request pay for it once they are verified. Raises
    RowRefused with the first refusal; then nothing was entered.
    """
    written = []
    with bank.unit() as unit:
        for position, (volunteer_id, slip, form) in enumerate(rows):
            try:
                membership = unit.members.get(volunteer_id)
                if membership is None:
                    raise NotFound
                require_at(actor, "hours.enter", membership.station_id, unit.network.parents())
                number = parse_slip_number(slip) if slip.strip() else None
                source = Source.SLIP if number else Source.MANUAL
                row = write(
                    bank, unit, actor, claim_of(form, volunteer_id, source, number), form.note, form.redemption_id, now
                )
                add_event(bank, unit, row, actor, None, now)
                if number:
                    row.state, row.confirmed_at, row.confirmed_how = "confirmed", now, SIGNED
                    row.confirmed_by = row.elder_id
                    unit.flush()
                    add_event(bank, unit, row, actor, "logged", now)
            except TimebankError as error:
                raise RowRefused(position, error) from error
            unit.flush()
            written.append(row)
        return views(unit, actor, written)


def issue_slips(bank: Bank, actor: Actor, station_id: str, count: int, *, now: datetime) -> tuple[str, ...]:
    """New slip numbers of a station, to be printed. A number is given out once."""
    year = local_day(now).year
    with bank.unit() as unit:
        require_at(actor, "slips.issue", station_id, unit.network.parents())
        return tuple(slip_number(year, unit.network.next_number(f"slip {year}")) for _ in range(min(max(count, 1), 50)))
