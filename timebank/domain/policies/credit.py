"""From served minutes to credit, and from purses to a plan of spending. Whole numbers only; nothing is lost unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from timebank.domain.errors import BalanceCapReached, BalanceTooLow, MinutesInvalid
from timebank.domain.local_time import add_months
from timebank.domain.policies.document import AboveCap, Direction, Origin, Policy, Use


def credit_minutes(policy: Policy, service_code: str, actual_minutes: int) -> int:
    """The credit for served minutes: weighted by the service, then rounded once to whole steps, half a step up."""
    if actual_minutes < 0:
        raise ValueError("minutes below zero")
    weighted = actual_minutes * policy.weight_percent(service_code)
    step = 100 * policy.rounding.step_minutes
    if policy.rounding.direction is Direction.UP:
        steps = -(-weighted // step)
    elif policy.rounding.direction is Direction.DOWN:
        steps = weighted // step
    else:
        steps = (2 * weighted + step) // (2 * step)
    return steps * policy.rounding.step_minutes


def check_step(policy: Policy, minutes: int) -> None:
    """Raises MinutesInvalid unless `minutes` is above zero and a whole number of the policy's steps."""
    if minutes <= 0 or minutes % policy.rounding.step_minutes:
        raise MinutesInvalid(step_minutes=policy.rounding.step_minutes)


def origin_of_service(in_group: bool) -> Origin:
    """The purse into which served hours go."""
    return Origin.GROUP if in_group else Origin.EARNED


Purses = Mapping[Origin, int]
"""What each purse holds, in minutes, without what is held for a redemption."""


def usable_minutes(policy: Policy, purses: Purses, use: Use) -> int:
    """What may be used for this, over all purses that allow it."""
    return sum(purses.get(origin, 0) for origin in Origin if policy.purses.of(origin).allows(use))


def spend_plan(policy: Policy, purses: Purses, minutes: int, use: Use = Use.REDEEM) -> tuple[tuple[Origin, int], ...]:
    """From which purse how much, in the policy's order, purses that don't allow `use` left out.

    Raises BalanceTooLow, and ValueError for minutes that aren't above zero.
    """
    if minutes <= 0:
        raise ValueError("nothing to spend")
    usable = usable_minutes(policy, purses, use)
    if usable < minutes:
        raise BalanceTooLow(usable_minutes=usable, wanted_minutes=minutes)
    plan = []
    left = minutes
    for origin in policy.purses.spending_order:
        part = min(left, purses.get(origin, 0)) if policy.purses.of(origin).allows(use) else 0
        if part > 0:
            plan.append((origin, part))
            left -= part
    return tuple(plan)


@dataclass(frozen=True, slots=True)
class CapOutcome:
    """Where new credit goes: to the member, to the pool, or into commendation (thanked, not credited)."""

    to_member: int
    to_pool: int
    commended: int


def cap_outcome(policy: Policy, balance_minutes: int, credit: int, *, issued: bool = True) -> CapOutcome:
    """What the cap does with new credit of a member whose purses and holds together have `balance_minutes`.

    `issued` is False for credit that another member spent (`care`): it can't vanish into commendation, so what is
    above the cap goes to the pool. Raises BalanceCapReached when the policy refuses credit above the cap.
    """
    if policy.cap.minutes is None:
        return CapOutcome(credit, 0, 0)
    room = max(policy.cap.minutes - balance_minutes, 0)
    excess = max(credit - room, 0)
    if excess and policy.cap.above is AboveCap.REFUSE:
        raise BalanceCapReached(cap_minutes=policy.cap.minutes)
    if policy.cap.above is AboveCap.COMMEND and issued:
        return CapOutcome(credit - excess, 0, excess)
    return CapOutcome(credit - excess, excess, 0)


def expires_on(policy: Policy, origin: Origin, last_used_on: date) -> date | None:
    """The first day on which a purse has lapsed that was last used then; None where hours never lapse."""
    months = policy.purses.of(origin).expires_after_months
    return None if months is None else add_months(last_used_on, months)


def honours_of(policy: Policy, served_minutes: int) -> tuple[str, ...]:
    """The codes of all honours that so many verified minutes have reached."""
    return tuple(honour.code for honour in policy.honours if served_minutes >= honour.minutes)
