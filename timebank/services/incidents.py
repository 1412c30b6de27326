"""Incidents at the stations: opened, called out by the chain, closed with what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import IncidentClosed, Invalid, NotFound
from timebank.domain.roles import Actor, covers, permits, require, require_at, stations_of
from timebank.storage.alarming import open_incident, staff_in, tell_role
from timebank.storage.incidents import Incident, IncidentCall, IncidentTry
from timebank.storage.unit import Bank, Unit

STATES = ("open", "closed")


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What is told of an incident; `person_id` is the elder whom it is about, if anybody."""

    station_id: str
    kind: str
    severity: str
    place: str
    happened_at: datetime
    text: str
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallView:
    """A call that must be made. Overdue: nobody was reached in time, and the incident is open."""

    step: int
    role: str
    due_at: datetime
    reached_at: datetime | None
    overdue: bool
    people: tuple[tuple[str, str, str], ...]
    """(id, name, phone) of who holds the role over the station; nobody in lists."""


@dataclass(frozen=True, slots=True)
class TryView:
    """One try to reach somebody."""

    step: int
    called: str
    called_by: str
    at: datetime
    reached: bool


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident as who may see it sees it."""

    id: str
    number: str
    station_id: str
    station: str
    station_en: str
    person_id: str | None
    person: str
    kind: str
    severity: str
    place: str
    happened_at: datetime
    text: str
    state: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str
    done: str
    calls: tuple[CallView, ...]
    overdue: bool
    may_run: bool


def report(bank: Bank, actor: Actor, new: NewIncident, *, now: datetime) -> IncidentView:
    """Open an incident at a station of the actor. Raises Forbidden, NotFound, Invalid."""
    require(actor, "incidents.run")
    with bank.unit() as unit:
        require_at(actor, "incidents.run", new.station_id, unit.network.parents())
        if new.person_id is not None:
            membership = unit.members.get(new.person_id)
            if membership is None or membership.station_id != new.station_id:
                raise NotFound
        row = open_incident(
            bank,
            unit,
            actor.person_id,
            station_id=new.station_id,
            person_id=new.person_id,
            kind=new.kind,
            severity=new.severity,
            place=new.place,
            happened_at=new.happened_at,
            text=new.text,
            now=now,
        )
        unit.flush()
        return _views(unit, actor, [row], now)[0]


def call(
    bank: Bank, actor: Actor, incident_id: str, step: int, called_id: str | None, *, reached: bool, now: datetime
) -> IncidentView:
    """Write down that somebody was called, and whether reached. `called_id`: who of the role; None: the role's desk.

    Raises Forbidden, NotFound, Invalid, IncidentClosed.
    """
    with bank.unit() as unit:
        row = _locked(unit, actor, incident_id)
        if row.state != "open":
            raise IncidentClosed
        due = next((one for one in unit.incidents.calls([row.id])[row.id] if one.step == step), None)
        if due is None or (called_id is not None and called_id not in staff_in(unit, due.role, row.station_id)):
            raise Invalid
        unit.incidents.add(
            IncidentTry(
                book=unit.origin,
                id=bank.new_id(now),
                incident_id=row.id,
                step=step,
                called_id=called_id,
                called_by=actor.person_id,
                at=now,
                reached=reached,
            )
        )
        if reached and due.reached_at is None:
            due.reached_at = now
        unit.flush()
        return _views(unit, actor, [row], now)[0]


def close(bank: Bank, actor: Actor, incident_id: str, done: str, *, now: datetime) -> IncidentView:
    """Close an incident with what was done. Raises Forbidden, NotFound, Invalid, IncidentClosed."""
    if not done.strip():
        raise Invalid
    with bank.unit() as unit:
        row = _locked(unit, actor, incident_id)
        if row.state != "open":
            raise IncidentClosed
        row.state, row.closed_by, row.closed_at = "closed", actor.person_id, now
        row.done_sealed = unit.seal_for(row.subject_id, done.strip())
        unit.flush()
        return _views(unit, actor, [row], now)[0]


def raise_overdue(bank: Bank, *, now: datetime) -> int:
    """Calls that nobody answered in time: tell the next role of the chain, or the last one again. Gives how many."""
    with bank.unit() as unit:
        late = unit.incidents.overdue(now)
        for one in late:
            row = unit.incidents.get(one.incident_id)
            chain = unit.incidents.calls([one.incident_id])[one.incident_id]
            following = [other for other in chain if other.step > one.step]
            one.raised_at = now
            if row is not None:
                tell_role(unit, row, (following or [one])[0].role, "incident_call_overdue", now=now)
        return len(late)


def at_stations(
    bank: Bank, actor: Actor, state: str = "open", *, before: str | None = None, limit: int = 50, now: datetime
) -> tuple[IncidentView, ...]:
    """Incidents of the stations in scope, the newest first. Raises Forbidden, Invalid."""
    require(actor, "incidents.read")
    if state not in STATES:
        raise Invalid
    with bank.read() as unit:
        scope = stations_of(actor, "incidents.read", unit.network.parents())
        rows = unit.incidents.page(scope, [state], before=before, limit=limit)
        return _views(unit, actor, rows, now, named=False)


def see(bank: Bank, actor: Actor, incident_id: str, *, now: datetime) -> IncidentView:
    """One incident. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        return _views(unit, actor, [_readable(unit, actor, incident_id)], now)[0]


def tries(bank: Bank, actor: Actor, incident_id: str) -> tuple[TryView, ...]:
    """Who was called when by whom, in order. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        rows = unit.incidents.tries(_readable(unit, actor, incident_id).id)
        people = unit.persons({one for row in rows for one in (row.called_id, row.called_by) if one})
        return tuple(
            TryView(
                row.step,
                people[row.called_id].name if row.called_id else "",
                people[row.called_by].name,
                row.at,
                row.reached,
            )
            for row in rows
        )


def _readable(unit: Unit, actor: Actor, incident_id: str) -> Incident:
    require(actor, "incidents.read")
    row = unit.incidents.get(incident_id)
    if row is None:
        raise NotFound
    require_at(actor, "incidents.read", row.station_id, unit.network.parents())
    return row


def _locked(unit: Unit, actor: Actor, incident_id: str) -> Incident:
    require(actor, "incidents.run")
    row = unit.incidents.get(incident_id, lock=True)
    if row is None:
        raise NotFound
    require_at(actor, "incidents.run", row.station_id, unit.network.parents())
    return row


def _views(
    unit: Unit, actor: Actor, rows: list[Incident], now: datetime, *, named: bool = True
) -> tuple[IncidentView, ...]:
    """`named`: with the people who are to be called."""
    calls = unit.incidents.calls(row.id for row in rows)
    stations = {one.id: one for one in unit.network.stations()}
    parents = unit.network.parents()
    wanted = {one for row in rows for one in (row.person_id, row.opened_by, row.closed_by) if one}
    people = unit.persons(wanted)
    found = []
    for row in rows:
        chain = tuple(_call(unit, row, one, now, named) for one in calls[row.id])
        station = stations[row.station_id]
        found.append(
            IncidentView(
                id=row.id,
                number=row.number,
                station_id=row.station_id,
                station=station.name,
                station_en=station.name_en,
                person_id=row.person_id,
                person=people[row.person_id].name if row.person_id else "",
                kind=row.kind,
                severity=row.severity,
                place=row.place,
                happened_at=row.happened_at,
                text=unit.open_for(row.subject_id, row.text_sealed) or "",
                state=row.state,
                opened_at=row.opened_at,
                opened_by=people[row.opened_by].name,
                closed_at=row.closed_at,
                closed_by=people[row.closed_by].name if row.closed_by else "",
                done=unit.open_for(row.subject_id, row.done_sealed) or "",
                calls=chain,
                overdue=any(one.overdue for one in chain),
                may_run=permits(actor, "incidents.run") and covers(actor, row.station_id, parents, "incidents.run"),
            )
        )
    return tuple(found)


def _call(unit: Unit, row: Incident, one: IncidentCall, now: datetime, named: bool) -> CallView:
    people = unit.persons(staff_in(unit, one.role, row.station_id)) if named else {}
    late = row.state == "open" and one.reached_at is None and one.due_at <= now
    called = tuple((person_id, data.name, data.phone) for person_id, data in sorted(people.items()))
    return CallView(one.step, one.role, one.due_at, one.reached_at, late, called)
