"""Facts about organisations, stations and staff, with a source and an end. Never a score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.credit_files import (
    S,
    after,
    check_event,
    check_step,
    shown_state,
    valid_to,
    verbs_open,
)
from timebank.domain.errors import Forbidden, Invalid, NotFound
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, covers, permits, require, require_at, require_second_person, stations_of
from timebank.services.credit_files.history import StepView, steps
from timebank.storage.credit_files import CreditEvent
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact: about whom, what, from which source. `person_id`: of a staff file."""

    subject: str
    station_id: str
    kind: str
    text: str
    source_number: str
    happened_on: date
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """A fact as who may see it sees it."""

    id: str
    subject: str
    station_id: str
    station: str
    station_en: str
    uscc: str | None
    person: str
    kind: str
    text: str
    source_number: str
    happened_on: date
    valid_to: date
    state: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """What everybody may read of a station: in force, not objected to, not about people."""

    kind: str
    text: str
    source_number: str
    happened_on: date
    valid_to: date


def record(bank: Bank, actor: Actor, new: NewEvent, *, now: datetime) -> EventView:
    """Write a fact into a file. Of staff it is sealed under that person's key, and the person is told.

    Raises Forbidden, NotFound, Invalid; SecondPersonNeeded for a file of one's own.
    """
    require(actor, "credit_files.record")
    check_event(new.subject, new.kind, new.text, new.source_number, new.happened_on, local_day(now))
    require_second_person(actor, new.person_id)
    with bank.unit() as unit:
        station = unit.network.get_station(new.station_id)
        if station is None:
            raise NotFound
        require_at(actor, "credit_files.record", new.station_id, unit.network.parents())
        if (new.subject == "staff") != (new.person_id is not None):
            raise Invalid
        if new.person_id is not None and not _works_at(unit, new.person_id, new.station_id):
            raise NotFound
        row = CreditEvent(
            book=unit.origin,
            id=bank.new_id(now),
            subject=new.subject,
            station_id=new.station_id,
            uscc=unit.organisations.uscc_of(station.operator_id) if new.subject == "operator" else None,
            person_id=new.person_id,
            kind=new.kind,
            source_number=new.source_number.strip(),
            happened_on=new.happened_on,
            text=None if new.person_id else new.text.strip(),
            text_sealed=unit.seal_for(new.person_id, new.text.strip()) if new.person_id else None,
            state=str(S.IN_FORCE),
            recorded_by=actor.person_id,
            recorded_at=now,
            valid_to=valid_to(unit.care_at(now), new.happened_on),
            version=1,
        )
        unit.credit_files.add(row)
        unit.flush()
        unit.credit_files.move(row, "record", S.IN_FORCE, actor.person_id, now)
        if new.person_id is not None:
            unit.tell(new.person_id, "credit_event", "credit_event", row.id, now=now)
        return _view(unit, actor, row, now)


def _works_at(unit: Unit, person_id: str, station_id: str) -> bool:
    """Staff of that very station: an elder or volunteer has no file."""
    return any(grant.station_id == station_id for grant in unit.access.roles(person_id))


def step(bank: Bank, actor: Actor, event_id: str, verb: str, text: str, *, now: datetime) -> EventView:
    """Object, strike out, keep, repair. Who objects is the person or the station's staff; who decides is the county,
    never who wrote it down nor whom it is about.

    Raises NotFound, Forbidden, Invalid, CreditStateConflict, CreditAppealLate, CreditRepairEarly, SecondPersonNeeded.
    """
    if verb == "confirm":
        raise Invalid
    with bank.unit() as unit:
        row = unit.credit_files.event(event_id, lock=True)
        if row is None or not _readable(unit, actor, row):
            raise NotFound
        if verb == "appeal":
            if not _concerned(actor, row):
                raise Forbidden
        else:
            require_at(actor, "credit_files.decide", row.station_id, unit.network.parents())
            require_second_person(actor, row.recorded_by, row.person_id)
        state = after(row.state, verb)
        check_step(unit.care_at(now), verb, text, row.recorded_at, now, kind=row.kind)
        sealed = unit.seal_for(row.person_id, text.strip()) if row.person_id else None
        unit.credit_files.move(row, verb, state, actor.person_id, now, None if row.person_id else text.strip(), sealed)
        return _view(unit, actor, row, now)


def _concerned(actor: Actor, row: CreditEvent) -> bool:
    """Of a person's file the person; of a station's or organisation's file who works there."""
    if row.person_id is not None:
        return actor.person_id == row.person_id
    return any(role.station_id == row.station_id and role.name != "member" for role in actor.roles)


def _readable(unit: Unit, actor: Actor, row: CreditEvent) -> bool:
    """A person's file is for the person and those above; the others for the staff in scope."""
    if actor.person_id == row.person_id:
        return True
    verb = "credit_files.record" if row.person_id is not None else "credit_files.read"
    return permits(actor, verb) and covers(actor, row.station_id, unit.network.parents(), verb)


def events(
    bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 50, now: datetime
) -> tuple[EventView, ...]:
    """The facts that the actor may see, the newest first. Raises Forbidden."""
    require(actor, "credit_files.read")
    with bank.read() as unit:
        scope = stations_of(actor, "credit_files.read", unit.network.parents())
        rows = unit.credit_files.events(scope, before=before, limit=limit)
        return tuple(_view(unit, actor, row, now) for row in rows if _readable(unit, actor, row))


def see(bank: Bank, actor: Actor, event_id: str, *, now: datetime) -> EventView:
    """One fact. Raises NotFound."""
    with bank.read() as unit:
        row = unit.credit_files.event(event_id)
        if row is None or not _readable(unit, actor, row):
            raise NotFound
        return _view(unit, actor, row, now)


def trail(bank: Bank, actor: Actor, event_id: str) -> tuple[StepView, ...]:
    """The history of a fact. Raises NotFound."""
    with bank.read() as unit:
        row = unit.credit_files.event(event_id)
        if row is None or not _readable(unit, actor, row):
            raise NotFound
        return steps(unit, event_id, row.person_id)


def staff(bank: Bank, actor: Actor) -> tuple[tuple[str, str], ...]:
    """(id, name and station) of the staff whose files the actor may write to. Raises Forbidden."""
    require(actor, "credit_files.record")
    with bank.read() as unit:
        scope = stations_of(actor, "credit_files.record", unit.network.parents())
        names = {one.id: one.name for one in unit.network.stations()}
        grants = [one for one in unit.access.all_roles() if one.station_id in scope]
        people = unit.persons({one.person_id for one in grants} - {actor.person_id})
        return tuple(
            (one.person_id, f"{people[one.person_id].name} {names[one.station_id or '']}")
            for one in grants
            if one.person_id in people
        )


def public_events(bank: Bank, station_id: str, *, now: datetime) -> tuple[PublicEvent, ...]:
    """What everybody may read of a station and of the organisation that runs it: in force, not objected to, not
    expired; nothing about people. Raises NotFound."""
    today = local_day(now)
    with bank.read() as unit:
        station = unit.network.get_station(station_id)
        if station is None:
            raise NotFound
        rows = unit.credit_files.of_organisation(station_id, unit.organisations.uscc_of(station.operator_id))
        return tuple(
            PublicEvent(row.kind, row.text or "", row.source_number, row.happened_on, row.valid_to)
            for row in rows
            if row.state == S.IN_FORCE and today <= row.valid_to
        )


def _view(unit: Unit, actor: Actor, row: CreditEvent, now: datetime) -> EventView:
    station = unit.network.get_station(row.station_id)
    text = unit.open_for(row.person_id, row.text_sealed) if row.person_id else row.text
    decides = permits(actor, "credit_files.decide") and actor.person_id not in (row.recorded_by, row.person_id)
    may = {"appeal": _concerned(actor, row), "repair": decides and row.kind != "award"}
    return EventView(
        id=row.id,
        subject=row.subject,
        station_id=row.station_id,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        uscc=row.uscc,
        person=unit.person(row.person_id).name if row.person_id else "",
        kind=row.kind,
        text=text or "",
        source_number=row.source_number,
        happened_on=row.happened_on,
        valid_to=row.valid_to,
        state=shown_state(row.state, row.valid_to, local_day(now)),
        verbs=tuple(verb for verb in verbs_open(row.state) if may.get(verb, decides)),
    )
