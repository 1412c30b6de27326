"""What somebody should know before asking for care: how much there is, for whom, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import MemberNotActive, NotFound, TimebankError
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day
from timebank.domain.policies import Origin, Use, beneficiary_refusals, redeem_refusals, usable_minutes
from timebank.domain.roles import Actor, stations_of
from timebank.services.redemptions.request import DESK_VERB
from timebank.storage.holding import who_asks
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody for whom a member's hours may be used; `relation` is what the receiver is to the member."""

    person_id: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class Prospects:
    """A member's means to ask for care, as the member, a proxy or the member's station sees them."""

    member_id: str
    name: str
    number: str
    usable_minutes: int
    held_minutes: int
    receivers: tuple[Receiver, ...]
    refusals: tuple[TimebankError, ...]
    usual: tuple[str, ...]
    """The services that the member asked for before, the last one first."""
    ahead_days: int | None
    step_minutes: int

    @property
    def may_ask(self) -> bool:
        """Whether the rules and the purses allow anything at all."""
        return not self.refusals and self.usable_minutes > 0 and bool(self.receivers)


def prospects(bank: Bank, actor: Actor, member_id: str, *, now: datetime) -> Prospects:
    """How it stands with a member. Raises NotFound for another station's member, ProxyNotRecorded."""
    with bank.read() as unit:
        membership = unit.members.get(member_id)
        if membership is None:
            raise NotFound
        who_asks(unit, actor, membership, DESK_VERB)
        policy, _ = unit.policy_at(now)
        today = local_day(now)
        purses = {Origin(origin): minutes for origin, minutes in unit.balances(member_id).items()}
        refusals: list[TimebankError] = [] if membership.state == "active" else [MemberNotActive()]
        refusals += redeem_refusals(policy, unit.facts(member_id), today)
        return Prospects(
            member_id=member_id,
            name=unit.person(member_id).name,
            number=membership.number,
            usable_minutes=usable_minutes(policy, purses, Use.REDEEM),
            held_minutes=unit.worth(member_id) - sum(purses.values()),
            receivers=_receivers(unit, member_id, now),
            refusals=tuple(refusals),
            usual=_usual(unit, member_id),
            ahead_days=policy.redeem.ahead_days,
            step_minutes=policy.rounding.step_minutes,
        )


def counts(bank: Bank, actor: Actor) -> dict[str, int]:
    """How many requests are at the actor's stations, by state."""
    with bank.read() as unit:
        return unit.redemptions.counts(stations_of(actor, "redemptions.read", unit.network.parents()))


def _usual(unit: Unit, member_id: str) -> tuple[str, ...]:
    rows = unit.redemptions.page(person_id=member_id)
    return tuple(dict.fromkeys(row.service_code for row in rows if row.volunteer_id != member_id))


def _receivers(unit: Unit, member_id: str, now: datetime) -> tuple[Receiver, ...]:
    """The member and the relatives for whom the rules let the hours be used, the member first."""
    policy, _ = unit.policy_at(now)
    near = {member_id: str(Relation.SELF), **unit.members.kin(member_id)}
    people = unit.persons(near)
    found = []
    for person_id, relation in near.items():
        membership = unit.members.get(person_id)
        if membership is None or membership.state != "active":
            continue
        if not beneficiary_refusals(policy, Relation(relation), unit.facts(person_id), local_day(now)):
            found.append(Receiver(person_id, people[person_id].name, relation))
    return tuple(found)
