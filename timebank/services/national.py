"""Entry of records into the national volunteer information system: a sheet goes out, its numbers come back.

Nothing is sent anywhere: this service has no line to that system and is not it. What is not entered is said so on
every paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import (
    NationalReplyRefused,
    NationalStateConflict,
    NotFound,
    NothingToExport,
    ReasonUnknown,
)
from timebank.domain.local_time import local_day
from timebank.domain.national import MOST_ROWS, TAKE_BACK_REASONS, NationalState, Reply, read_replies
from timebank.domain.people import PersonData
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.words import N_
from timebank.storage.facts import ServiceFacts, facts_of
from timebank.storage.hours import HoursRecord
from timebank.storage.national import NationalEntry
from timebank.storage.people import Look
from timebank.storage.unit import Bank, Unit

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A record and how far its entry is."""

    record_id: str
    record: str
    day: date
    minutes: int
    state: NationalState
    number: str


@dataclass(frozen=True, slots=True)
class NationalView:
    """What the actor's stations have entered, what waits, and what is to be withdrawn there."""

    counts: dict[NationalState, int]
    to_enter: tuple[EntryLine, ...]
    to_withdraw: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A record with the basics of its volunteer (article 5) and its facts (article 7), for the sheet that goes out."""

    record: str
    person: PersonData
    facts: ServiceFacts


def see(bank: Bank, actor: Actor) -> NationalView:
    """How far the records of the actor's stations are. Raises Forbidden."""
    require(actor, "national.read")
    with bank.read() as unit:
        stations = stations_of(actor, "national.read", unit.network.parents())
        counts = unit.national.counts(stations)
        return NationalView(
            counts={state: counts.get(state, 0) for state in NationalState},
            to_enter=tuple(_line(*row) for row in unit.national.to_enter(stations, MOST_SHOWN)),
            to_withdraw=tuple(_line(*row) for row in unit.national.to_withdraw(stations, MOST_SHOWN)),
        )


def export(bank: Bank, actor: Actor, station_id: str, *, now: datetime) -> tuple[SheetLine, ...]:
    """The sheet of a station: what is not entered, the earliest first, at most 1,000 lines. They count as under way.

    Whoever stands in it finds in the own data that it was given out. Raises NothingToExport, NotFound, Forbidden.
    """
    with bank.unit() as unit:
        require_at(actor, "national.run", station_id, unit.network.parents())
        rows = unit.national.to_enter([station_id], MOST_ROWS)
        if not rows:
            raise NothingToExport
        for record, entry in rows:
            if entry is None or entry.state == NationalState.WAITING:
                _move(unit, actor, entry or _new(unit, record), NationalState.EXPORTED, now)
        records = [record for record, _ in rows]
        for person_id in sorted({record.volunteer_id for record in records}):
            unit.people.add(
                Look(
                    book=unit.origin, id=bank.new_id(now), actor_id=actor.person_id, person_id=person_id,
                    reason="sheet for the national system", at=now,
                )
            )  # fmt: skip
        unit.flush()
        return _sheet(unit, records)


def _sheet(unit: Unit, records: Sequence[HoursRecord]) -> tuple[SheetLine, ...]:
    facts, people = facts_of(unit, records), unit.persons(one.volunteer_id for one in records)
    return tuple(SheetLine(one.number, people[one.volunteer_id], facts[one.id]) for one in records)


def load(bank: Bank, actor: Actor, data: bytes, *, now: datetime) -> int:
    """Take in the sheet that came back: all of its numbers or none. Gives how many. Raises NationalReplyRefused."""
    require(actor, "national.run")
    replies = read_replies(data, local_day(now))
    with bank.unit() as unit:
        stations = stations_of(actor, "national.run", unit.network.parents())
        records = unit.national.by_numbers(one.record for one in replies)
        entered = unit.national.many(one.id for one in records.values())
        for reply in replies:
            line, record = reply.line, records.get(reply.record)
            if record is None or record.station_id not in stations:
                raise NationalReplyRefused(line=line, reason=N_("there is no such record at this station"))
            if record.state != "verified":
                raise NationalReplyRefused(line=line, reason=N_("this record is not verified"))
            before = entered.get(record.id)
            if before is not None and before.number not in (None, reply.number):
                raise NationalReplyRefused(line=line, reason=N_("it has another number already: take that back first"))
        return sum(_enter(unit, actor, records[reply.record], reply, now) for reply in replies)


def _enter(unit: Unit, actor: Actor, record: HoursRecord, reply: Reply, now: datetime) -> bool:
    """Keep the number; the same one once more changes nothing."""
    entry = unit.national.get(record.id, lock=True)
    if entry is not None and (entry.number, entry.entered_on) == (reply.number, reply.entered_on):
        return False
    entry = entry or _new(unit, record)
    entry.number, entry.entered_on = reply.number, reply.entered_on
    _move(unit, actor, entry, NationalState.ENTERED, now)
    return True


def take_back(bank: Bank, actor: Actor, record_id: str, reason: str, *, now: datetime) -> None:
    """The number does not stand: the record counts as not entered again. Its history is kept.

    Raises ReasonUnknown, NationalStateConflict, NotFound, Forbidden.
    """
    if reason not in TAKE_BACK_REASONS:
        raise ReasonUnknown
    with bank.unit() as unit:
        entry = unit.national.get(record_id, lock=True)
        if entry is None:
            raise NotFound
        require_at(actor, "national.run", entry.station_id, unit.network.parents())
        if entry.state != NationalState.ENTERED:
            raise NationalStateConflict
        entry.number = entry.entered_on = None
        _move(unit, actor, entry, NationalState.WAITING, now, reason)


def _new(unit: Unit, record: HoursRecord) -> NationalEntry:
    return NationalEntry(book=unit.origin, id=record.id, station_id=record.station_id, state="waiting", version=1)


def _move(
    unit: Unit, actor: Actor, entry: NationalEntry, state: NationalState, now: datetime, reason: str | None = None
) -> None:
    unit.national.move(entry, str(state), actor_id=actor.person_id, via=actor.via, at=now, reason=reason)


def _line(record: HoursRecord, entry: NationalEntry | None) -> EntryLine:
    return EntryLine(
        record_id=record.id,
        record=record.number,
        day=local_day(record.started_at),
        minutes=record.minutes,
        state=NationalState(entry.state) if entry else NationalState.WAITING,
        number=(entry.number or "") if entry else "",
    )
