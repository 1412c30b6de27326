"""Check-in and check-out at the elder's door. Both ends are proven by the elder's PIN or card; no place is tracked.

A forgotten check-out is never guessed: the visit is closed without a record, and the volunteer logs the hours by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.errors import NotFound, ServiceNotOffered, VisitAlreadyOpen, VisitNotOpen
from timebank.domain.hours import Source
from timebank.domain.local_time import whole_minutes
from timebank.domain.roles import Actor, require
from timebank.services.hours.log import LogHours, claim_of, write
from timebank.services.hours.values import HoursView, add_event, views
from timebank.storage.carrying import note_before
from timebank.storage.hours import Visit
from timebank.storage.presence import prove
from timebank.storage.unit import Bank, Unit

LONGEST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit under way."""

    id: str
    elder_id: str
    elder: str
    service_code: str
    service: str
    service_en: str
    started_at: datetime


def check_in(
    bank: Bank, actor: Actor, elder_id: str, service_code: str, *, pin: str = "", card: str = "", now: datetime
) -> VisitView:
    """Begin a visit. Raises VisitAlreadyOpen, PinWrong, PinNotSet, CardUnknown, ServiceNotOffered, NotFound,
    ConsentNoteMissing."""
    require(actor, "visits.check_in")
    how = prove(bank, elder_id, pin=pin, card=card, now=now)
    with bank.unit() as unit:
        unit.members.get(actor.person_id, lock=True)
        for visit in unit.hours.open_visits(actor.person_id):
            raise VisitAlreadyOpen(started_at=visit.started_at)
        service = unit.catalogue.service(service_code)
        if service is None or not service.active:
            raise ServiceNotOffered
        note_before(unit, service, actor.person_id, elder_id, now)
        row = Visit(
            book=unit.origin,
            id=bank.new_id(now),
            volunteer_id=actor.person_id,
            elder_id=elder_id,
            service_code=service_code,
            started_at=now,
            started_how=str(how),
            state="open",
        )
        unit.hours.add(row)
        unit.flush()
        return _view(unit, row)


def check_out(bank: Bank, actor: Actor, visit_id: str, *, pin: str = "", card: str = "", now: datetime) -> HoursView:
    """End a visit: the hours are logged and confirmed at once. Raises VisitNotOpen and all that logging raises."""
    with bank.read() as unit:
        found = unit.hours.get_visit(visit_id)
        if found is None or found.volunteer_id != actor.person_id:
            raise NotFound
        elder_id = found.elder_id
    how = prove(bank, elder_id, pin=pin, card=card, now=now)
    with bank.unit() as unit:
        visit = unit.hours.get_visit(visit_id, lock=True)
        if visit is None or visit.state != "open":
            raise VisitNotOpen
        service = unit.catalogue.service(visit.service_code)
        form = LogHours(
            elder_id=visit.elder_id,
            service_code=visit.service_code,
            started_at=visit.started_at,
            minutes=max(whole_minutes(visit.started_at.replace(second=0, microsecond=0), now), 1),
            place="home" if service is None or service.place == "any" else str(service.place),
        )
        row = write(bank, unit, actor, claim_of(form, actor.person_id, Source.CHECK_IN), "", visit.redemption_id, now)
        add_event(bank, unit, row, actor, None, now)
        row.state, row.confirmed_at, row.confirmed_by, row.confirmed_how = "confirmed", now, visit.elder_id, str(how)
        unit.flush()
        add_event(bank, unit, row, actor, "logged", now)
        visit.state, visit.ended_at, visit.record_id = "done", now, row.id
        unit.flush()
        return views(unit, actor, [row])[0]


def abandon(bank: Bank, actor: Actor, visit_id: str, *, now: datetime) -> None:
    """Drop a visit without a record, for instance after a wrong tap. Raises NotFound, VisitNotOpen."""
    with bank.unit() as unit:
        visit = unit.hours.get_visit(visit_id, lock=True)
        if visit is None or visit.volunteer_id != actor.person_id:
            raise NotFound
        if visit.state != "open":
            raise VisitNotOpen
        visit.state, visit.ended_at = "dropped", now


def open_visit(bank: Bank, actor: Actor) -> VisitView | None:
    """The actor's visit under way."""
    with bank.read() as unit:
        rows = unit.hours.open_visits(actor.person_id)
        return _view(unit, rows[0]) if rows else None


def close_forgotten(bank: Bank, *, now: datetime) -> int:
    """Close visits open for longer than anybody serves. Gives how many; the volunteers see it on their first page."""
    with bank.unit() as unit:
        forgotten = [row for row in unit.hours.open_visits() if now - row.started_at > LONGEST]
        for row in forgotten:
            row.state, row.ended_at = "forgotten", now
        return len(forgotten)


def _view(unit: Unit, row: Visit) -> VisitView:
    service = unit.catalogue.service(row.service_code)
    return VisitView(
        id=row.id,
        elder_id=row.elder_id,
        elder=unit.person(row.elder_id).name,
        service_code=row.service_code,
        service=service.name if service else row.service_code,
        service_en=service.name_en if service else row.service_code,
        started_at=row.started_at,
    )
