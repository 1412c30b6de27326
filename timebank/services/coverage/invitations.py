"""Holders who never redeemed though they may: a list, and an invitation to each, once in half a year.

The invitation lies in the inbox; by mail or short message it goes only to who agreed to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.local_time import local_day
from timebank.domain.policies import Facts, Origin
from timebank.domain.policies.eligibility import redeem_refusals
from timebank.domain.roles import Actor, require
from timebank.storage.unit import Bank, Unit

KIND = "redeem_invited"
LEAST_MINUTES = 60
AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A member who may redeem and never did: number and minutes, no name."""

    person_id: str
    number: str
    minutes: int


def never_redeemed(bank: Bank, actor: Actor, *, now: datetime) -> tuple[Waiting, ...]:
    """The next ones who could be invited, by member number. Raises Forbidden, PolicyMissing."""
    require(actor, "coverage.invite")
    with bank.read() as unit:
        return _next(unit, now)


def invite(bank: Bank, actor: Actor, *, now: datetime) -> int:
    """Invite them; whoever was invited in this half year is not. Gives how many. Raises Forbidden, PolicyMissing."""
    require(actor, "coverage.invite")
    with bank.unit() as unit:
        found = _next(unit, now)
        for one in found:
            unit.tell(one.person_id, KIND, "redeeming", _period(local_day(now)), now=now)
        return len(found)


def _next(unit: Unit, now: datetime) -> tuple[Waiting, ...]:
    policy, _ = unit.policy_at(now)
    today = local_day(now)
    origins = [str(origin) for origin in Origin if policy.purses.of(origin).redeem]
    holdings, served = unit.coverage.holdings(origins), unit.coverage.served()
    invited = {person_id for person_id, _, _ in unit.messages.told(KIND, [_period(today)])}
    done = unit.coverage.redeemers() | invited
    active = unit.coverage.active()
    waiting = sorted(
        (active[one], one)
        for one, minutes in holdings.items()
        if one in active and one not in done and minutes >= LEAST_MINUTES
    )
    found: list[Waiting] = []
    for start in range(0, len(waiting), AT_A_TIME):
        part = waiting[start : start + AT_A_TIME]
        people = unit.persons(person_id for _, person_id in part)
        for number, person_id in part:
            data = people[person_id]
            facts = Facts(data.born_on, frozenset(data.tags), served.get(person_id, 0))
            if not redeem_refusals(policy, facts, today):
                found.append(Waiting(person_id, number, holdings[person_id]))
        if len(found) >= AT_A_TIME:
            break
    return tuple(found[:AT_A_TIME])


def _period(today: date) -> str:
    """The half year: "2026-2"."""
    return f"{today.year}-{1 if today.month <= 6 else 2}"
