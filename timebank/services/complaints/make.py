"""Making a complaint: signed in, at the desk for somebody, or without an account, with a secret to follow it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.complaints import KIND_LABELS, S, due_at
from timebank.domain.errors import Invalid, NotFound
from timebank.domain.identity import matter_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require
from timebank.services.complaints.values import ComplaintView, handlers, views
from timebank.storage.accounts import add_stranger
from timebank.storage.complaints import Complaint
from timebank.storage.guessing import FREE_TRIES, count_failure, refuse_if_closed
from timebank.storage.ids import digest
from timebank.storage.unit import Bank, Unit

SECRET_BYTES = 10


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """What is complained of. `about_id`: a person; `record_id`: a record of hours in which the complainant had part."""

    station_id: str
    kind: str
    text: str
    about_id: str | None = None
    record_id: str | None = None


def make(
    bank: Bank, actor: Actor, new: NewComplaint, complainant_id: str | None = None, *, now: datetime
) -> ComplaintView:
    """Complain for oneself; with `complainant_id` the desk writes it down for a member of the station.

    Raises Invalid, NotFound, Forbidden, CareRulesMissing.
    """
    with bank.unit() as unit:
        person_id, channel = complainant_id or actor.person_id, "self"
        if person_id != actor.person_id:
            require(actor, "complaints.enter")
            unit.require_member_at(actor, "complaints.enter", person_id)
            channel = "desk"
        row = _keep(bank, unit, new, person_id, channel, actor.person_id, None, now)
        unit.complaints.move(row, "receive", S.RECEIVED, actor.person_id, actor.via, now, None)
        _tell_handlers(unit, row, now)
        return views(unit, actor, [row], now)[0]


def make_in_public(
    bank: Bank, new: NewComplaint, name: str, phone: str, address: str, *, now: datetime
) -> tuple[str, str]:
    """Complain without an account. Gives the number and the secret with which it is followed: shown once.

    Name and phone may be left out. Who sends many from one place waits. Raises Invalid, NotFound, TooManyAttempts,
    NameInvalid, PhoneInvalid.
    """
    if new.about_id is not None or new.record_id is not None:
        raise Invalid
    bucket = digest("complaint made" + address)
    secret = base64.b32encode(bank.random(SECRET_BYTES)).decode()
    with bank.unit() as unit:
        refuse_if_closed(unit, bucket, now)
        count_failure(unit, bucket, FREE_TRIES * 5, now)
        person_id = add_stranger(bank, unit, name, phone, now=now)
        row = _keep(bank, unit, new, person_id, "public", None, digest(secret), now)
        unit.complaints.move(row, "receive", S.RECEIVED, None, "web", now, None)
        _tell_handlers(unit, row, now)
        return row.number, "-".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _keep(
    bank: Bank, unit: Unit, new: NewComplaint, complainant_id: str, channel: str, entered_by: str | None,
    secret_digest: str | None, now: datetime,
) -> Complaint:  # fmt: skip
    if new.kind not in KIND_LABELS or not new.text.strip():
        raise Invalid
    if unit.network.get_station(new.station_id) is None:
        raise NotFound
    station_id = _station_of(unit, new, complainant_id)
    if new.about_id is not None and unit.people.get(new.about_id) is None:
        raise NotFound
    year = local_day(now).year
    row = Complaint(
        book=unit.origin,
        id=bank.new_id(now),
        number=matter_number("C", year, unit.network.next_number(f"complaint {year}")),
        station_id=station_id,
        kind=new.kind,
        complainant_id=complainant_id,
        about_id=new.about_id,
        record_id=new.record_id,
        channel=channel,
        entered_by=entered_by if entered_by != complainant_id else None,
        digest=secret_digest,
        text_sealed=unit.seal_for(complainant_id, new.text.strip()),
        state=str(S.RECEIVED),
        received_at=now,
        due_at=due_at(unit.care_at(now), S.RECEIVED, now),
        version=1,
    )
    unit.complaints.add(row)
    unit.flush()
    return row


def _station_of(unit: Unit, new: NewComplaint, complainant_id: str) -> str:
    """The record's station where it is about a record of the complainant. Raises NotFound for anybody else's."""
    if new.record_id is None:
        return new.station_id
    record = unit.hours.get(new.record_id)
    if record is None or complainant_id not in (record.volunteer_id, record.elder_id):
        raise NotFound
    return record.station_id


def _tell_handlers(unit: Unit, row: Complaint, now: datetime) -> None:
    for person_id in handlers(unit, row):
        unit.tell(person_id, "complaint_received", "complaint", row.id, now=now)
