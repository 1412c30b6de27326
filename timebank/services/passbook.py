"""The passbook: what a member has, by purse, and every entry in plain words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from ledger import Entry, Kind
from timebank.domain.errors import NotFound
from timebank.domain.ledger_words import words
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.storage.lapsing import granted_lots
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
class Part:
    """Which lines are asked for, newest first: of one year or of all, so many after the first `skip`.

    With a limit of 0 only the balances are read.
    """

    year: int | None = None
    skip: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Passbook:
    """A member's book at one moment. `lines` are the part that was asked for; `more`: how many older ones of the same
    year (or of all) come after it; `years`: how many lines each year has, the newest first.
    """

    person_id: str
    name: str
    number: str
    station: str
    station_en: str
    purses: tuple[tuple[str, int], ...]
    total_minutes: int
    held_minutes: int
    lapsing: tuple[tuple[int, date], ...]
    """(minutes, the day on which they lapse) of granted hours that last for a time."""
    served_minutes: int
    lines: tuple[Line, ...]
    more: int
    years: tuple[tuple[int, int], ...]
    size: int
    head: str
    at: datetime


ALL = Part()


def own(bank: Bank, actor: Actor, *, now: datetime, part: Part = ALL) -> Passbook:
    """The actor's own passbook. Raises NotFound for who is no member."""
    with bank.read() as unit:
        return _passbook(unit, actor.person_id, now, part)


def of_member(bank: Bank, actor: Actor, person_id: str, *, now: datetime, part: Part = ALL) -> Passbook:
    """A member's passbook at the desk. Raises NotFound for another station's member."""
    with bank.read() as unit:
        if person_id != actor.person_id:
            unit.require_member_at(actor, "passbook.read", person_id)
        return _passbook(unit, person_id, now, part)


def _passbook(unit: Unit, person_id: str, now: datetime, part: Part) -> Passbook:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    station = unit.network.get_station(membership.station_id)
    lines = _lines(unit, person_id) if part.limit != 0 else []
    years = Counter(_year(line) for line in lines)
    asked = [line for line in lines if part.year is None or _year(line) == part.year][part.skip :]
    shown = tuple(asked[: part.limit])
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
        lapsing=tuple((one.amount, one.lapses_on) for one in granted_lots(unit, person_id) if one.lapses_on),
        served_minutes=unit.hours.served_minutes(person_id),
        lines=shown,
        more=len(asked) - len(shown),
        years=tuple(sorted(years.items(), reverse=True)),
        size=head.size,
        head=head.leaf_hash.hex(),
        at=now,
    )


def _lines(unit: Unit, person_id: str) -> list[Line]:
    """Every line of every purse, the newest first."""
    lines: list[Line] = []
    for origin, account in unit.members.purses(person_id).items():
        lines.extend(
            _line(entry.entry, entry.minutes, entry.balance_after, origin) for entry in unit.book.statement(account)
        )
    lines.sort(key=lambda line: (-line.seq, line.origin))
    return lines


def _year(line: Line) -> int:
    return local_day(line.at).year


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
