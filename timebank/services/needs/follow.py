"""What the scheduler does for needs: follow the records, let expire what nobody took, remind before the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from timebank.domain.messages import reminder_due
from timebank.domain.needs import NeedState, after
from timebank.domain.roles import Actor
from timebank.domain.states import Party
from timebank.services.needs.values import follow
from timebank.storage.booking import SYSTEM
from timebank.storage.holding import end
from timebank.storage.needs import Need
from timebank.storage.unit import Bank, Unit

SCHEDULER = "scheduler"
HOLDING = ("requested", "waiting", "held", "assigned")


def carry_out_due(bank: Bank, *, now: datetime) -> int:
    """Follow, expire, remind; each need in a commit of its own. Gives how many were touched."""
    with bank.read() as unit:
        moved, over = unit.needs.to_follow(), unit.needs.to_expire(now)
        care = unit.get_care(now)
        marks = care.needs.reminder_hours if care is not None else ()
        soon = unit.needs.to_remind(now, now + timedelta(hours=max(marks, default=0)))
    done = 0
    for need_id in moved:
        with bank.unit() as unit:
            row = unit.needs.get(need_id, lock=True)
            done += row is not None and follow(unit, row, now)
    for need_id in over:
        with bank.unit() as unit:
            row = unit.needs.get(need_id, lock=True)
            done += row is not None and _expire(unit, row, now)
    for need_id in soon:
        with bank.unit() as unit:
            row = unit.needs.get(need_id, lock=True)
            done += row is not None and _remind(unit, row, marks, now)
    return done


def _expire(unit: Unit, row: Need, now: datetime) -> bool:
    follow(unit, row, now)
    over = row.wanted_at <= now if row.state in ("posted", "open") else row.expires_at <= now
    if row.state not in ("posted", "open", "taken", "in_service") or not over:
        return False
    state = after(NeedState(row.state), "expire", SYSTEM)
    if row.redemption_id is not None:
        request = unit.redemptions.get(row.redemption_id, lock=True)
        if request is not None and request.state in HOLDING:
            nobody = Actor(unit.origin, SCHEDULER, frozenset(), "job")
            end(unit, nobody, request, "expire", frozenset({Party.SYSTEM}), now, None)
    unit.needs.move(row, str(state), SCHEDULER, "job", now)
    unit.tell(row.elder_id, "need_expired", "need", row.id, now=now)
    return True


def _remind(unit: Unit, row: Need, marks: tuple[int, ...], now: datetime) -> bool:
    mark = reminder_due(marks, row.wanted_at, row.reminded_hours, now)
    if mark is None or row.state != "taken":
        return False
    row.reminded_hours = mark
    for person_id in (row.elder_id, *(one.person_id for one in unit.needs.helpers([row.id])[row.id])):
        unit.tell(person_id, "need_reminder", "need", row.id, now=now)
    return True
