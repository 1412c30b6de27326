"""Who may use, give, donate or be granted hours. Refusals are values, so that a page can show all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from timebank.domain.errors import (
    BeneficiaryNotAllowed,
    BeneficiaryTooYoung,
    DonationsOff,
    GiftMonthLimit,
    GiftOnlyToKin,
    GiftsOff,
    GiftTooLarge,
    GiftToSelf,
    GrantMonthLimit,
    GrantNotEligible,
    GrantsOff,
    GrantTooLarge,
    RedeemAgeNotReached,
    RedeemHoursNotReached,
    TimebankError,
)
from timebank.domain.identity import age_on
from timebank.domain.kin import Relation
from timebank.domain.policies.document import GiftTo, GrantSource, Group, Needs, Policy

Refusals = tuple[TimebankError, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at in a person: birth date, recorded circumstances, minutes verified so far."""

    born_on: date | None
    tags: frozenset[str] = frozenset()
    served_minutes: int = 0

    def age(self, on: date) -> int | None:
        return None if self.born_on is None else age_on(self.born_on, on)


def in_group(group: Group, person: Facts, on: date) -> bool:
    """Whether the person is in the group on that day. Without a birth date nobody is in a group by age."""
    age = person.age(on)
    if group.age_years is not None and (age is None or age < group.age_years):
        return False
    if group.below_years is not None and (age is None or age >= group.below_years):
        return False
    if not set(group.tags_all) <= person.tags:
        return False
    return not group.tags_any or bool(set(group.tags_any) & person.tags)


def groups_of(policy: Policy, person: Facts, on: date, among: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The codes of the groups (among those given) that the person is in."""
    codes = [group.code for group in policy.groups] if among is None else among
    return tuple(code for code in codes if in_group(policy.group(code), person, on))


def redeem_age(policy: Policy, person: Facts, on: date) -> int | None:
    """The age at which this person may use hours; None where age doesn't matter."""
    redeem = policy.redeem
    if redeem.special_age_years is not None and groups_of(policy, person, on, redeem.special_groups):
        return redeem.special_age_years
    return redeem.age_years


def redeem_refusals(policy: Policy, member: Facts, on: date) -> Refusals:
    """Why the member may not use hours yet: too young, too few verified hours. Empty: may."""
    redeem = policy.redeem
    wanted_age = redeem_age(policy, member, on)
    age = member.age(on)
    refusals: list[TimebankError] = []
    if wanted_age is not None and (age is None or age < wanted_age):
        refusals.append(RedeemAgeNotReached(age_years=wanted_age))
    if redeem.served_minutes is not None and member.served_minutes < redeem.served_minutes:
        refusals.append(
            RedeemHoursNotReached(needed_minutes=redeem.served_minutes, served_minutes=member.served_minutes)
        )
    both_asked = wanted_age is not None and redeem.served_minutes is not None
    if redeem.needs is Needs.ANY and both_asked and len(refusals) < 2:
        return ()
    return tuple(refusals)


def may_redeem(policy: Policy, member: Facts, on: date) -> bool:
    """Whether the member may use hours on that day."""
    return not redeem_refusals(policy, member, on)


def beneficiary_refusals(policy: Policy, relation: Relation, receiver: Facts, on: date) -> Refusals:
    """Why hours may not be used for this person, who is `relation` of the member (SELF for the member). Empty: may."""
    for one in policy.redeem.beneficiaries:
        if one.relation is relation:
            age = receiver.age(on)
            if one.age_years is not None and (age is None or age < one.age_years):
                return (BeneficiaryTooYoung(age_years=one.age_years),)
            return ()
    return (BeneficiaryNotAllowed(),)


def gift_refusals(policy: Policy, relation: Relation | None, minutes: int, given_this_month: int) -> Refusals:
    """Why this gift is not allowed; `relation` is what the receiver is to the giver, None a stranger. Empty: may."""
    gift = policy.gift
    if relation is Relation.SELF:
        return (GiftToSelf(),)
    if gift.to is GiftTo.NONE:
        return (GiftsOff(),)
    refusals: list[TimebankError] = []
    if gift.to is GiftTo.KIN and relation not in gift.relations:
        refusals.append(GiftOnlyToKin())
    if gift.most_minutes is not None and minutes > gift.most_minutes:
        refusals.append(GiftTooLarge(limit_minutes=gift.most_minutes))
    total = given_this_month + minutes
    if gift.month_minutes is not None and total > gift.month_minutes:
        refusals.append(GiftMonthLimit(total_minutes=total, limit_minutes=gift.month_minutes))
    return tuple(refusals)


def may_gift(policy: Policy, relation: Relation | None, minutes: int = 0, given_this_month: int = 0) -> bool:
    """Whether a gift of so much is allowed, whatever the purses hold."""
    return not gift_refusals(policy, relation, minutes, given_this_month)


def donate_refusals(policy: Policy) -> Refusals:
    """Why hours may not be donated. Empty: may."""
    return () if policy.donate else (DonationsOff(),)


def may_donate(policy: Policy) -> bool:
    """Whether hours may be donated at all."""
    return policy.donate


def grant_refusals(policy: Policy, receiver: Facts, minutes: int, granted_this_month: int, on: date) -> Refusals:
    """Why this grant is not allowed. Empty: may."""
    grants = policy.grants
    if grants.source is GrantSource.NONE:
        return (GrantsOff(),)
    refusals: list[TimebankError] = []
    if not groups_of(policy, receiver, on, grants.groups):
        refusals.append(GrantNotEligible())
    if grants.most_minutes is not None and minutes > grants.most_minutes:
        refusals.append(GrantTooLarge(limit_minutes=grants.most_minutes))
    total = granted_this_month + minutes
    if grants.month_minutes is not None and total > grants.month_minutes:
        refusals.append(GrantMonthLimit(total_minutes=total, limit_minutes=grants.month_minutes))
    return tuple(refusals)


def may_grant(policy: Policy, receiver: Facts, on: date, minutes: int = 0, granted_this_month: int = 0) -> bool:
    """Whether a grant of so much is allowed, whatever the pool holds."""
    return not grant_refusals(policy, receiver, minutes, granted_this_month, on)


def grant_sources(policy: Policy, pool_minutes: int, minutes: int) -> tuple[int, int]:
    """(from the pool, issued) for a grant of so much. Raises ValueError where nothing may be granted from either.

    With POOL alone the whole comes from the pool, also where it has too little: the ledger then refuses.
    """
    source = policy.grants.source
    if source is GrantSource.POOL:
        return minutes, 0
    if source is GrantSource.ISSUANCE:
        return 0, minutes
    if source is GrantSource.POOL_THEN_ISSUANCE:
        from_pool = min(max(pool_minutes, 0), minutes)
        return from_pool, minutes - from_pool
    raise ValueError("no grants under this policy")
