"""What pages and the API are given of a complaint, and who stands how to it.

Whom a complaint is about, and who took part in the record it is about, neither sees nor handles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.complaints import OPEN, WORKING, last_day, verbs_open
from timebank.domain.errors import ComplaintUnknown, NotFound
from timebank.domain.roles import Actor, Role, RoleName, permissions, role_covers
from timebank.storage.complaints import Complaint, ComplaintEvent
from timebank.storage.guessing import FREE_TRIES, count_failure, refuse_if_closed
from timebank.storage.ids import digest
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class ComplaintView:
    """A complaint as its maker or a handler sees it."""

    id: str
    number: str
    station_id: str
    station: str
    station_en: str
    kind: str
    text: str
    complainant: str
    phone: str
    about: str
    record_id: str | None
    channel: str
    state: str
    outcome: str | None
    received_at: datetime
    due_on: date | None
    """The last day for what comes next: the staff's step, or an objection."""
    overdue: bool
    handles: bool
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComplaintStep:
    """One step: what was done, when, by whom (the staff's names are for handlers), with which words."""

    verb: str
    state: str
    who: str
    at: datetime
    text: str


def barred(unit: Unit, row: Complaint) -> frozenset[str]:
    """Whom the complaint is about, and all who took part in its record, but never who complains."""
    people = {row.about_id}
    record = unit.hours.get(row.record_id) if row.record_id else None
    if record is not None:
        people |= {record.volunteer_id, record.elder_id, record.entered_by, record.confirmed_by, record.verified_by}
    return frozenset(one for one in people if one is not None) - {row.complainant_id}


def _reaches(role: Role, station_id: str, parents: dict[str, str | None]) -> bool:
    """Nobody handles a complaint about the own house, unless there is no house above it."""
    own = role.station_id == station_id and role.name is not RoleName.COUNTY
    return "complaints.handle" in permissions(role.name) and not own and role_covers(role, station_id, parents)


def handles(unit: Unit, actor: Actor, row: Complaint) -> bool:
    """Whether the actor handles this complaint: from above the station, and with no part in it."""
    parents = unit.network.parents()
    above = any(_reaches(role, row.station_id, parents) for role in actor.roles)
    return above and actor.person_id not in barred(unit, row) | {row.complainant_id}


def stations_handled(unit: Unit, actor: Actor) -> frozenset[str]:
    """The stations whose complaints the actor handles."""
    parents = unit.network.parents()
    return frozenset(one for one in parents if any(_reaches(role, one, parents) for role in actor.roles))


def complains(actor: Actor, row: Complaint) -> bool:
    """Whether it is the actor's complaint, or one that the actor wrote down for somebody."""
    return actor.person_id in (row.complainant_id, row.entered_by)


def handlers(unit: Unit, row: Complaint) -> tuple[str, ...]:
    """The staff who handle it now: the nearest above the station."""
    parents, shut = unit.network.parents(), barred(unit, row) | {row.complainant_id}
    found: dict[str, list[str]] = {}
    for grant in unit.access.all_roles():
        role = Role(RoleName(grant.role), grant.station_id)
        if grant.person_id not in shut and _reaches(role, row.station_id, parents):
            found.setdefault(grant.role, []).append(grant.person_id)
    return tuple(dict.fromkeys(found.get("street") or found.get("county") or ()))


def readable(unit: Unit, actor: Actor, complaint_id: str, *, lock: bool = False) -> Complaint:
    """The complaint, for who makes or handles it. Raises NotFound for everybody else."""
    row = unit.complaints.get(complaint_id, lock=lock)
    if row is None or not (complains(actor, row) or handles(unit, actor, row)):
        raise NotFound
    return row


def by_secret(bank: Bank, number: str, secret: str, address: str, *, now: datetime) -> str:
    """The id of the complaint with this number and secret. Wrong ones cost time. Raises ComplaintUnknown,
    TooManyAttempts."""
    wanted = number.strip().upper()
    buckets = (digest("complaint" + wanted), digest("complaint address" + address))
    with bank.read() as unit:
        for bucket in buckets:
            refuse_if_closed(unit, bucket, now)
        row = unit.complaints.by_number(wanted)
        if row is not None and row.digest == digest(_typed(secret)):
            return row.id
    with bank.unit() as unit:
        for bucket, free in zip(buckets, (FREE_TRIES, FREE_TRIES * 10), strict=True):
            count_failure(unit, bucket, free, now)
    raise ComplaintUnknown


def _typed(secret: str) -> str:
    """A secret as it was made, however it was typed."""
    return "".join(sign for sign in secret.upper() if sign.isalnum())


def views(unit: Unit, actor: Actor | None, rows: Iterable[Complaint], now: datetime) -> tuple[ComplaintView, ...]:
    """Complaints with names; `actor` None: who came with the secret."""
    rows = list(rows)
    stations = {one.id: one for one in unit.network.stations()}
    people = unit.persons({one for row in rows for one in (row.complainant_id, row.about_id) if one})
    found = []
    for row in rows:
        staff = actor is not None and handles(unit, actor, row)
        own = actor is None or complains(actor, row)
        complainant = people[row.complainant_id]
        late = row.state in WORKING and row.due_at <= now
        found.append(
            ComplaintView(
                id=row.id,
                number=row.number,
                station_id=row.station_id,
                station=stations[row.station_id].name,
                station_en=stations[row.station_id].name_en,
                kind=row.kind,
                text=unit.open_for(row.complainant_id, row.text_sealed) or "",
                complainant=complainant.name,
                phone=complainant.phone if staff else "",
                about=people[row.about_id].name if row.about_id and staff else "",
                record_id=row.record_id,
                channel=row.channel,
                state=row.state,
                outcome=row.outcome,
                received_at=row.received_at,
                due_on=last_day(row.due_at) if row.state in OPEN else None,
                overdue=late,
                handles=staff,
                verbs=verbs_open(row.state, handles=staff, complains=own),
            )
        )
    return tuple(found)


def steps(unit: Unit, row: Complaint, events: Iterable[ComplaintEvent], *, named: bool) -> tuple[ComplaintStep, ...]:
    """The history; `named`: with the names of who did it."""
    events = list(events)
    people = unit.persons({one.actor_id for one in events if one.actor_id})
    return tuple(
        ComplaintStep(
            one.verb,
            one.state,
            people[one.actor_id].name if named and one.actor_id in people else "",
            one.at,
            unit.open_for(row.complainant_id, one.text_sealed) or "",
        )
        for one in events
    )
