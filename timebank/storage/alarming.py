"""Opening an incident, and telling the staff who must act: one way for the desk and for an urgent monthly visit."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.identity import matter_number
from timebank.domain.incidents import chain, check_incident
from timebank.domain.local_time import local_day
from timebank.domain.roles import Role, RoleName, role_covers
from timebank.storage.incidents import Incident, IncidentCall
from timebank.storage.unit import Bank, Unit


def open_incident(
    bank: Bank,
    unit: Unit,
    actor_id: str,
    *,
    station_id: str,
    person_id: str | None,
    kind: str,
    severity: str,
    place: str,
    happened_at: datetime,
    text: str,
    now: datetime,
) -> Incident:
    """Write an incident down with its chain of calls, and tell the first role. In the commit of `unit`. Raises Invalid.

    `text` is sealed under the elder's key, without an elder under that of who reports it.
    """
    check_incident(kind, severity, place, text, happened_at, now)
    subject_id, year = person_id or actor_id, local_day(now).year
    row = Incident(
        book=unit.origin,
        id=bank.new_id(now),
        number=matter_number("S", year, unit.network.next_number(f"incident {year}")),
        station_id=station_id,
        subject_id=subject_id,
        person_id=person_id,
        kind=kind,
        severity=severity,
        place=place,
        happened_at=happened_at,
        text_sealed=unit.seal_for(subject_id, text.strip()),
        state="open",
        opened_by=actor_id,
        opened_at=now,
        version=1,
    )
    unit.incidents.add(row)
    unit.flush()
    calls = chain(unit.care_at(now), severity, now)
    for step, due in enumerate(calls):
        unit.incidents.add(
            IncidentCall(book=unit.origin, incident_id=row.id, step=step, role=due.role, due_at=due.due_at)
        )
    if calls:
        tell_role(unit, row, calls[0].role, "incident_opened", now=now)
    return row


def staff_in(unit: Unit, role: str, station_id: str) -> tuple[str, ...]:
    """The ids of the staff who hold this role over the station now."""
    parents = unit.network.parents()
    held = (grant for grant in unit.access.all_roles() if grant.role == role)
    found = (one.person_id for one in held if role_covers(Role(RoleName(role), one.station_id), station_id, parents))
    return tuple(dict.fromkeys(found))


def tell_role(unit: Unit, row: Incident, role: str, kind: str, *, now: datetime) -> None:
    """Leave everybody of this role over the station an urgent message about the incident."""
    for person_id in staff_in(unit, role, row.station_id):
        unit.tell(person_id, kind, "incident", row.id, now=now, urgent=True)
