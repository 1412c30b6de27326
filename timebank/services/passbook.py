"""The passbook: what a member has, by purse, and every entry in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Entry, Kind
from timebank.domain.errors import NotFound
from timebank.domain.ledger_words import words
from timebank.domain.roles import Actor, require_at
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Line:
    """One entry on one purse."""

    seq: int
    at: datetime
    on: str | None
    kind: str
    words: str
    origin: str
    minutes: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class Passbook:
    """A member's book at one moment."""

    person_id: str
    name: str
    number: str
    station: str
    station_en: str
    purses: tuple[tuple[str, int], ...]
    total_minutes: int
    held_minutes: int
    served_minutes: int
    lines: tuple[Line, ...]
    size: int
    head: str
    at: datetime


def own(bank: Bank, actor: Actor, *, now: datetime, limit: int | None = None) -> Passbook:
    """The actor's own passbook. Raises NotFound for who is no member."""
    with bank.read() as unit:
        return _passbook(unit, actor.person_id, now, limit)


def of_member(bank: Bank, actor: Actor, person_id: str, *, now: datetime, limit: int | None = None) -> Passbook:
    """A member's passbook at the desk. Raises NotFound for another station's member."""
    with bank.read() as unit:
        membership = unit.members.get(person_id)
        if membership is None:
            raise NotFound
        if person_id != actor.person_id:
            require_at(actor, "passbook.read", membership.station_id, unit.network.parents())
        return _passbook(unit, person_id, now, limit)


def _passbook(unit: Unit, person_id: str, now: datetime, limit: int | None) -> Passbook:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    station = unit.network.get_station(membership.station_id)
    lines: list[Line] = []
    for origin, account in unit.members.purses(person_id).items():
        lines.extend(
            _line(entry.entry, entry.minutes, entry.balance_after, origin) for entry in unit.book.statement(account)
        )
    lines.sort(key=lambda line: (-line.seq, line.origin))
    balances = unit.balances(person_id)
    total = sum(balances.values())
    head = unit.book.head()
    return Passbook(
        person_id=person_id,
        name=unit.person(person_id).name,
        number=membership.number,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        purses=tuple(sorted(balances.items())),
        total_minutes=total,
        held_minutes=unit.worth(person_id) - total,
        served_minutes=unit.hours.served_minutes(person_id),
        lines=tuple(lines[:limit]),
        size=head.size,
        head=head.leaf_hash.hex(),
        at=now,
    )


def _line(entry: Entry, minutes: int, balance_after: int, origin: str) -> Line:
    return Line(
        seq=entry.seq,
        at=entry.recorded_at,
        on=entry.on,
        kind=str(entry.kind),
        words=words(str(Kind(entry.kind)), minutes),
        origin=origin,
        minutes=minutes,
        balance_after=balance_after,
    )
