"""A member at the desk of another station (通存通兑): any station of the county serves any member who stands there.

The member shows to be there by PIN or card, and the own station's data stay closed: the desk sees the name, the number
and the hours, and can do what `GUEST_VERBS` names. The member is told, so that a stolen card is noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from timebank.domain.errors import GuestNotNeeded, MemberNotActive, NotFound, SecondPersonNeeded
from timebank.domain.identity import parse_member_number
from timebank.domain.roles import Actor, covers, require, workplaces
from timebank.services.members.values import require_member
from timebank.storage.guests import GuestPass
from timebank.storage.members import Membership
from timebank.storage.presence import prove
from timebank.storage.unit import Bank, Unit

PASS_TIME: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class GuestView:
    """A guest as the serving desk sees one."""

    person_id: str
    number: str
    name: str
    station: str
    station_en: str
    balance_minutes: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody for whom the desk does something."""

    person_id: str
    number: str
    name: str


def receive(bank: Bank, actor: Actor, person_id: str, *, pin: str = "", card: str = "", now: datetime) -> GuestView:
    """A member of another station is at the actor's desk: for two hours it may act for the member.

    Raises PinWrong, PinNotSet, CardUnknown, TooManyAttempts, MemberNotActive, GuestNotNeeded at the own station,
    SecondPersonNeeded for oneself, NotFound, Forbidden.
    """
    require(actor, "guests.serve")
    places = workplaces(actor)
    if not places:
        raise NotFound
    if person_id == actor.person_id:
        raise SecondPersonNeeded
    with bank.read() as unit:
        membership = require_member(unit, person_id)
        if covers(actor, membership.station_id, unit.network.parents(), "members.read"):
            raise GuestNotNeeded
        if membership.state != "active":
            raise MemberNotActive
    how = prove(bank, person_id, pin=pin, card=card, now=now)
    with bank.unit() as unit:
        unit.guests.add(
            GuestPass(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                station_id=min(places),
                how=str(how),
                opened_by=actor.person_id,
                opened_at=now,
                ends_at=now + PASS_TIME,
            )
        )
        unit.tell(person_id, "guest_served", "station", min(places), now=now)
        unit.flush()
        return _view(unit, require_member(unit, person_id), now + PASS_TIME)


def guest(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> GuestView:
    """A guest at the actor's desk. Raises NotFound for who is none (any more)."""
    require(actor, "guests.serve")
    with bank.read() as unit:
        for row in unit.guests.at_stations(workplaces(actor), now):
            if row.person_id == person_id:
                return _view(unit, require_member(unit, person_id), row.ends_at)
        raise NotFound


def guests(bank: Bank, actor: Actor, *, now: datetime) -> tuple[GuestView, ...]:
    """Who is a guest at the actor's desk now, the newest first."""
    require(actor, "guests.serve")
    with bank.read() as unit:
        found = {row.person_id: row.ends_at for row in reversed(unit.guests.at_stations(workplaces(actor), now))}
        return tuple(_view(unit, require_member(unit, one), ends_at) for one, ends_at in reversed(found.items()))


def at_desk(bank: Bank, actor: Actor, number: str, verb: str) -> Visitor:
    """Who stands at the desk or calls: a member of the actor's station, or a guest. Raises MemberNumberInvalid,
    NotFound, Forbidden."""
    with bank.read() as unit:
        membership = unit.members.by_number(parse_member_number(number))
        if membership is None:
            raise NotFound
        unit.serving_station(actor, verb, membership)
        return Visitor(membership.person_id, membership.number, unit.person(membership.person_id).name)


def leave(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> None:
    """The guest has left: nothing more is done for the member here."""
    require(actor, "guests.serve")
    with bank.unit() as unit:
        for row in unit.guests.at_stations(workplaces(actor), now):
            if row.person_id == person_id:
                row.ends_at = now


def _view(unit: Unit, membership: Membership, ends_at: datetime) -> GuestView:
    station = unit.network.get_station(membership.station_id)
    return GuestView(
        person_id=membership.person_id,
        number=membership.number,
        name=unit.person(membership.person_id).name,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        balance_minutes=sum(unit.balances(membership.person_id).values()),
        ends_at=ends_at,
    )
