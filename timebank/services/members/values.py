"""What the pages and the API are given of a member, and whom an actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from timebank.domain.errors import (
    NotFound,
)
from timebank.domain.people import PersonData
from timebank.domain.roles import Actor
from timebank.storage.members import Membership
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as who may see him sees him."""

    person_id: str
    number: str
    state: str
    station_id: str
    station: str
    station_en: str
    serves: bool
    receives: bool
    data: PersonData
    age: int | None
    has_pin: bool
    has_card: bool
    applied_at: datetime


def require_member(unit: Unit, person_id: str) -> Membership:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    return membership


def at_my_station(unit: Unit, actor: Actor, verb: str, person_id: str) -> Membership:
    return unit.require_member_at(actor, verb, person_id)


def view_of(bank: Bank, unit: Unit, membership: Membership, now: datetime) -> MemberView:
    data = unit.person(membership.person_id)
    station = unit.network.get_station(membership.station_id)
    return MemberView(
        person_id=membership.person_id,
        number=membership.number,
        state=membership.state,
        station_id=membership.station_id,
        station=station.name if station else "",
        station_en=station.name_en if station else "",
        serves=membership.serves,
        receives=membership.receives,
        data=data,
        age=data.age_on(now.astimezone(ZoneInfo(bank.settings.timezone)).date()),
        has_pin=membership.pin_hash is not None,
        has_card=membership.card_digest is not None,
        applied_at=membership.applied_at,
    )
