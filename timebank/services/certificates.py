"""Certificates of volunteer service (志愿服务记录证明) by Order 67: issued from the record, checked, revoked.

Only actual minutes of verified services count, at the station that recorded them (谁记录谁证明); not what was credited,
and nothing that is no volunteering: such services are never recorded as hours here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from timebank.domain.certificates import (
    REVOKE_REASONS,
    CertificateState,
    Clock,
    check_period,
    clock,
    new_code,
    normal_code,
)
from timebank.domain.errors import (
    CertificateStateConflict,
    CertificateUnknown,
    IssuerNotFiled,
    NotFound,
    NothingToCertify,
    ReasonUnknown,
    SecondPersonNeeded,
)
from timebank.domain.identity import mask_name, matter_number
from timebank.domain.local_time import day_start, local_day
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.alarming import staff_in
from timebank.storage.certificates import Certified, CertifiedRecord
from timebank.storage.guessing import FREE_TRIES, count_failure, refuse_if_closed
from timebank.storage.hours import HoursRecord
from timebank.storage.ids import digest
from timebank.storage.unit import Bank, Unit

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class LineView:
    """One service on a certificate. `entry` is the number of its entry in the ledger."""

    day: str
    service: str
    service_en: str
    place: str
    minutes: int
    number: str
    entry: int | None
    national: str = ""
    """Its number in the national system when the certificate was issued; empty: it was not entered yet."""


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate as its holder and the station see it, with all that stands on the paper."""

    id: str
    number: str
    code: str
    state: CertificateState
    person_id: str
    name: str
    member_number: str
    station_id: str
    station: str
    station_en: str
    operator: str
    filing: str
    first_day: date
    last_day: date
    minutes: int
    lines: tuple[LineView, ...]
    issued_at: datetime
    handler: str
    superseded_by: str | None
    revoked_why: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the public check answers: the least that shows whether the paper is ours."""

    number: str
    state: CertificateState
    name: str
    minutes: int
    first_day: date
    last_day: date
    station: str
    station_en: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class DueView:
    """A service that is not verified yet, and its time limit."""

    record_id: str
    number: str
    state: str
    ended_at: datetime
    clock: Clock


def issue(bank: Bank, actor: Actor, person_id: str, first: date, last: date, *, now: datetime) -> CertificateView:
    """Certify what a member served at the own station in these days: the member alone, or the desk. Free of charge.

    An earlier one of the same days is replaced. Raises PeriodInvalid, IssuerNotFiled, NothingToCertify, NotFound.
    """
    check_period(first, last, local_day(now))
    with bank.unit() as unit:
        membership = unit.members.get(person_id)
        if membership is None:
            raise NotFound
        if person_id == actor.person_id:
            require(actor, "passbook.see_own")
        else:
            require_at(actor, "passbook.print", membership.station_id, unit.network.parents())
        station_id = membership.station_id
        if station_id not in unit.organisations.filings([station_id]):
            raise IssuerNotFiled
        rows = unit.certificates.served(person_id, station_id, day_start(first), day_start(last + timedelta(days=1)))
        if not rows:
            raise NothingToCertify
        year = local_day(now).year
        number, code = matter_number("Z", year, unit.network.next_number(f"certificate {year}")), new_code(bank.random)
        _supersede(unit, person_id, station_id, first, last, number)
        row = Certified(
            book=unit.origin,
            id=bank.new_id(now),
            number=number,
            digest=_digest(number, code),
            station_id=station_id,
            person_id=person_id,
            first_day=first,
            last_day=last,
            minutes=sum(one.minutes for one in rows),
            content_sealed=unit.seal_for(person_id, _content(unit, actor, station_id, code, rows, person_id)),
            issued_by=actor.person_id,
            issued_at=now,
            version=1,
        )
        unit.certificates.add(row)
        unit.flush()
        for one in rows:
            unit.certificates.add(CertifiedRecord(book=unit.origin, certificate_id=row.id, record_id=one.id))
        unit.flush()
        return _view(unit, row)


def _supersede(unit: Unit, person_id: str, station_id: str, first: date, last: date, number: str) -> None:
    """Earlier ones of days that this one covers wholly are replaced by it."""
    for row in unit.certificates.of_person(person_id):
        covered = first <= row.first_day and row.last_day <= last
        if row.station_id == station_id and covered and row.superseded_by is None and row.revoked_at is None:
            row.superseded_by = number


def _content(
    unit: Unit, actor: Actor, station_id: str, code: str, rows: list[HoursRecord], person_id: str
) -> dict[str, Any]:
    """The words of the paper as they are now; a later change of a name changes no paper."""
    station = unit.network.get_station(station_id)
    operators = {one.id: one.name for one in unit.organisations.operators()}
    filing = unit.organisations.filings([station_id])[station_id][0]
    services = {one.code: one for one in unit.catalogue.services()}
    people = unit.persons({person_id, actor.person_id})
    entered = unit.national.many(row.id for row in rows)
    lines = []
    for row in rows:
        service = services.get(row.service_code)
        line = LineView(
            day=local_day(row.started_at).isoformat(),
            service=service.name if service else row.service_code,
            service_en=service.name_en if service else row.service_code,
            place=row.place,
            minutes=row.minutes,
            number=row.number,
            entry=row.entry_seq,
            national=(entered[row.id].number or "") if row.id in entered else "",
        )
        lines.append(asdict(line))
    return {
        "code": code,
        "name": people[person_id].name,
        "handler": "" if actor.person_id == person_id else people[actor.person_id].name,
        "station": station.name if station else "",
        "station_en": station.name_en if station else "",
        "operator": operators.get(station.operator_id or "", "") if station else "",
        "filing": filing.number,
        "lines": lines,
    }


def own(bank: Bank, actor: Actor) -> tuple[CertificateView, ...]:
    """The actor's certificates, the newest first."""
    require(actor, "passbook.see_own")
    with bank.read() as unit:
        return tuple(_view(unit, row) for row in unit.certificates.of_person(actor.person_id))


def of_member(bank: Bank, actor: Actor, person_id: str) -> tuple[CertificateView, ...]:
    """A member's certificates, for the desk. Raises NotFound beyond the actor's stations."""
    with bank.read() as unit:
        unit.require_member_at(actor, "passbook.print", person_id)
        return tuple(_view(unit, row) for row in unit.certificates.of_person(person_id))


def see(bank: Bank, actor: Actor, certificate_id: str) -> CertificateView:
    """One certificate, for its holder and the issuing station. Raises NotFound."""
    with bank.read() as unit:
        row = unit.certificates.get(certificate_id)
        if row is None:
            raise NotFound
        if row.person_id != actor.person_id:
            require_at(actor, "certificates.read", row.station_id, unit.network.parents())
        return _view(unit, row)


def revoke(bank: Bank, actor: Actor, certificate_id: str, reason: str, *, now: datetime) -> CertificateView:
    """Revoke it, with a reason; never by who issued or holds it.

    Raises ReasonUnknown, CertificateStateConflict, SecondPersonNeeded, NotFound, Forbidden.
    """
    if reason not in REVOKE_REASONS:
        raise ReasonUnknown
    with bank.unit() as unit:
        row = unit.certificates.get(certificate_id, lock=True)
        if row is None:
            raise NotFound
        require_at(actor, "certificates.revoke", row.station_id, unit.network.parents())
        if row.revoked_at is not None:
            raise CertificateStateConflict
        if actor.person_id in (row.issued_by, row.person_id):
            raise SecondPersonNeeded
        row.revoked_by, row.revoked_at, row.revoked_why = actor.person_id, now, reason
        unit.flush()
        unit.tell(row.person_id, "certificate_revoked", "certificate", row.id, now=now)
        return _view(unit, row)


def check(bank: Bank, number: str, code: str, address: str, *, now: datetime) -> Checked:
    """What anybody may know of a certificate. An unknown number and a wrong code are answered alike, and guessing is
    slowed down, by number and by address.

    Raises CertificateUnknown, TooManyAttempts.
    """
    wanted = "".join(number.upper().split())
    buckets = (digest("certificate" + wanted), digest("certificate address" + address))
    with bank.read() as unit:
        for bucket in buckets:
            refuse_if_closed(unit, bucket, now)
        row = unit.certificates.by_number(wanted)
        if row is not None and row.digest == _digest(wanted, normal_code(code)):
            return _checked(unit, row)
    with bank.unit() as unit:
        for bucket, free in zip(buckets, (FREE_TRIES, FREE_TRIES * 10), strict=True):
            count_failure(unit, bucket, free, now)
    raise CertificateUnknown


def due(bank: Bank, actor: Actor, *, now: datetime) -> tuple[DueView, ...]:
    """Services at the actor's stations that wait to be verified, with their time limit, the oldest first."""
    require(actor, "hours.queue")
    with bank.read() as unit:
        stations = stations_of(actor, "hours.queue", unit.network.parents())
        return _due(unit, stations, now)


def escalate_due(bank: Bank, *, now: datetime) -> int:
    """Tell the street centres of services that near or have passed the ten working days. Nothing is verified by that.

    Gives how many stations have such.
    """
    with bank.unit() as unit:
        stations = {one.id for one in unit.network.stations()}
        pressing: dict[str, int] = {}
        for one in unit.certificates.unrecorded(frozenset(stations), now, MOST_SHOWN * 5):
            found = clock(local_day(one.ended_at), local_day(now))
            if found.warns or found.late:
                pressing[one.station_id] = pressing.get(one.station_id, 0) + 1
        for station_id in sorted(pressing):
            for person_id in staff_in(unit, "street", station_id):
                unit.tell(person_id, "records_due", "hours_due", station_id, now=now)
        return len(pressing)


def _due(unit: Unit, stations: frozenset[str] | set[str], now: datetime) -> tuple[DueView, ...]:
    today = local_day(now)
    return tuple(
        DueView(row.id, row.number, row.state, row.ended_at, clock(local_day(row.ended_at), today))
        for row in unit.certificates.unrecorded(frozenset(stations), now, MOST_SHOWN)
    )


def _digest(number: str, code: str) -> str:
    return digest(f"certificate {number} {code}")


def _state(unit: Unit, row: Certified, erased: bool) -> CertificateState:
    if row.revoked_at is not None:
        return CertificateState.REVOKED
    if row.superseded_by is not None or unit.certificates.changed(row.id):
        return CertificateState.SUPERSEDED
    return CertificateState.ERASED if erased else CertificateState.VALID


def _checked(unit: Unit, row: Certified) -> Checked:
    content = unit.open_for(row.person_id, row.content_sealed)
    station = unit.network.get_station(row.station_id)
    return Checked(
        number=row.number,
        state=_state(unit, row, content is None),
        name=mask_name(content["name"]) if content else "",
        minutes=row.minutes,
        first_day=row.first_day,
        last_day=row.last_day,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        issued_on=local_day(row.issued_at),
    )


def _view(unit: Unit, row: Certified) -> CertificateView:
    content = unit.open_for(row.person_id, row.content_sealed) or {}
    membership = unit.members.get(row.person_id)
    return CertificateView(
        id=row.id,
        number=row.number,
        code=content.get("code", ""),
        state=_state(unit, row, not content),
        person_id=row.person_id,
        name=content.get("name", ""),
        member_number=membership.number if membership else "",
        station_id=row.station_id,
        station=content.get("station", ""),
        station_en=content.get("station_en", ""),
        operator=content.get("operator", ""),
        filing=content.get("filing", ""),
        first_day=row.first_day,
        last_day=row.last_day,
        minutes=row.minutes,
        lines=tuple(LineView(**one) for one in content.get("lines", ())),
        issued_at=row.issued_at,
        handler=content.get("handler", ""),
        superseded_by=row.superseded_by,
        revoked_why=row.revoked_why,
    )
