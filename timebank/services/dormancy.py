"""Accounts that nobody uses: who holds them, the attempts to reach the holder, and what lapses by the rules.

Nothing lapses unless the rules give the purse a time, the holder was asked three times, a month apart, and somebody
else than who asked decides, one account at a time in a bounded list. Each lapse can be undone as other entries are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import Kind
from timebank.domain.errors import ContactsMissing, Invalid, NotDormant, SecondPersonNeeded
from timebank.domain.estates import CONTACT_GAP, CONTACT_WAYS, CONTACTS, MOST_AT_ONCE
from timebank.domain.evidence import lapse_document
from timebank.domain.local_time import add_months, day_start, local_day, parse_rfc3339, rfc3339
from timebank.domain.policies import Origin
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.estates import DormantContact
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class ContactView:
    """One attempt to reach the holder."""

    at: datetime
    how: str
    reached: bool
    by: str


@dataclass(frozen=True, slots=True)
class DormantView:
    """A purse that nothing has touched for so long that the rules let it lapse. `may_lapse`: asked often enough."""

    person_id: str
    name: str
    number: str
    phone: str
    origin: str
    minutes: int
    last_at: datetime
    contacts: tuple[ContactView, ...]
    may_lapse: bool


def dormant(bank: Bank, actor: Actor, *, now: datetime) -> tuple[DormantView, ...]:
    """The purses at the actor's stations that would lapse now: a dry run, nothing is written."""
    require(actor, "dormant.read")
    with bank.read() as unit:
        return _dormant(unit, stations_of(actor, "dormant.read", unit.network.parents()), now)


def contact(bank: Bank, actor: Actor, person_id: str, how: str, *, reached: bool, now: datetime) -> None:
    """Write down that the holder was asked. Raises Invalid, NotDormant, NotFound, Forbidden."""
    if how not in CONTACT_WAYS:
        raise Invalid
    with bank.unit() as unit:
        membership = unit.require_member_at(actor, "dormant.contact", person_id)
        if not any(one.person_id == person_id for one in _dormant(unit, [membership.station_id], now)):
            raise NotDormant
        unit.estates.add(
            DormantContact(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                how=how,
                reached=reached,
                at=now,
                by=actor.person_id,
            )
        )


def lapse(bank: Bank, actor: Actor, person_ids: Sequence[str], *, now: datetime) -> int:
    """Let the purses of these members lapse into the pool: all of them, or none. Gives how many entries that made.

    Raises NotDormant, ContactsMissing, SecondPersonNeeded for who asked a holder, Invalid for more than 100 at once.
    """
    require(actor, "dormant.lapse")
    if not 0 < len(set(person_ids)) <= MOST_AT_ONCE:
        raise Invalid
    with bank.unit() as unit:
        digest = unit.policy_at(now)[1]
        done = 0
        for person_id in dict.fromkeys(person_ids):
            membership = unit.members.get(person_id, lock=True)
            if membership is None:
                raise NotDormant
            require_at(actor, "dormant.lapse", membership.station_id, unit.network.parents())
            quiet = [one for one in _dormant(unit, [membership.station_id], now) if one.person_id == person_id]
            _check(unit, actor, quiet)
            accounts = unit.members.purses(person_id)
            for one in quiet:
                document = unit.keep_document(
                    "lapse",
                    person_id,
                    lapse_document(
                        person_id=person_id,
                        origin=Origin(one.origin),
                        last_at=rfc3339(one.last_at),
                        contacts=[local_day(each.at).isoformat() for each in one.contacts],
                    ),
                    now=now,
                )
                unit.append(
                    Kind.EXPIRE,
                    actor.person_id,
                    [(accounts[one.origin], -one.minutes), (unit.pool, one.minutes)],
                    now=now,
                    policy=digest,
                    key=f"lapse-{bank.new_id(now)}",
                    evidence=document.commitment,
                )
                done += 1
            unit.tell(person_id, "hours_lapsed", "passbook", person_id, now=now)
        return done


def _check(unit: Unit, actor: Actor, quiet: Sequence[DormantView]) -> None:
    if not quiet:
        raise NotDormant
    if not all(one.may_lapse for one in quiet):
        raise ContactsMissing
    asked = unit.estates.contacts([one.person_id for one in quiet], quiet[0].last_at)
    if any(each.by == actor.person_id for rows in asked.values() for each in rows):
        raise SecondPersonNeeded


def _dormant(unit: Unit, station_ids: Sequence[str] | frozenset[str], now: datetime) -> tuple[DormantView, ...]:
    policy, _ = unit.policy_at(now)
    found = []
    for origin in Origin:
        months = policy.purses.of(origin).expires_after_months
        if months is None:
            continue
        before = day_start(add_months(local_day(now), -months))
        rows = unit.estates.quiet_purses(station_ids, str(origin), rfc3339(before))
        people = [row[0] for row in rows]
        names, numbers = unit.persons(people), unit.members.numbers(people)
        contacts = unit.estates.contacts(people, before)
        workers = unit.persons({one.by for each in contacts.values() for one in each})
        for person_id, _, minutes, at in rows:
            since = parse_rfc3339(at)
            asked = [one for one in contacts[person_id] if one.at > since]
            data = names.get(person_id)
            found.append(
                DormantView(
                    person_id=person_id,
                    name=data.name if data else "",
                    number=numbers.get(person_id, ""),
                    phone=data.phone if data else "",
                    origin=str(origin),
                    minutes=minutes,
                    last_at=since,
                    contacts=tuple(
                        ContactView(one.at, one.how, one.reached, workers[one.by].name if one.by in workers else "")
                        for one in asked
                    ),
                    may_lapse=_asked_enough([one.at for one in asked], any(one.reached for one in asked)),
                )
            )
    return tuple(found)


def _asked_enough(moments: Sequence[datetime], reached: bool) -> bool:
    """Three attempts, each a month after the one before; whoever was reached keeps the hours."""
    counted: list[datetime] = []
    for moment in moments:
        if not counted or moment - counted[-1] >= CONTACT_GAP:
            counted.append(moment)
    return not reached and len(counted) >= CONTACTS
