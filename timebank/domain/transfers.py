"""Gifts, donations and grants: their states, and what is refused. Credit is never sold, priced or paid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from timebank.domain.errors import (
    BalanceTooLow,
    GiftToSelf,
    GrantConsentMissing,
    MemberClosed,
    MemberNotActive,
    PoolTooLow,
    SecondPersonNeeded,
    TimebankError,
    TransferStateConflict,
)
from timebank.domain.kin import Relation
from timebank.domain.policies import (
    Facts,
    GrantSource,
    Origin,
    Policy,
    Use,
    check_step,
    donate_refusals,
    gift_refusals,
    grant_refusals,
    usable_minutes,
)
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.states import check_reason as check_step_reason
from timebank.domain.words import N_


class TransferKind(StrEnum):
    GIFT = "gift"
    DONATE = "donate"
    GRANT = "grant"
    CLEAR = "clear"


class TransferState(StrEnum):
    """`pending`: reserved, to be carried out when the time for taking it back is over, or to be approved (grant)."""

    PENDING = "pending"
    DONE = "done"
    UNDONE = "undone"
    REFUSED = "refused"


KIND_LABELS: Final = {
    TransferKind.GIFT: N_("gift"),
    TransferKind.DONATE: N_("donation"),
    TransferKind.GRANT: N_("grant"),
    TransferKind.CLEAR: N_("to another county"),
}
STATE_LABELS: Final = {
    TransferState.PENDING: N_("waiting"),
    TransferState.DONE: N_("carried out"),
    TransferState.UNDONE: N_("taken back"),
    TransferState.REFUSED: N_("refused"),
}
GRANT_REASONS: Final = {
    "eligible": N_("In one of the groups of the rules"),
    "emergency": N_("In an emergency, and in one of the groups"),
    "hospital": N_("Home from hospital, and in one of the groups"),
    "other": N_("Another reason"),
}
REFUSE_REASONS: Final = {
    "not_eligible": N_("Not in one of the groups"),
    "circumstances_changed": N_("The circumstances have changed"),
    "pool_empty": N_("Others need it more"),
    "other": N_("Another reason"),
}

_S, _P = TransferState, Party

STEPS: Final = table(
    Step("ask", frozenset({None}), _S.PENDING, frozenset({_P.OWNER, _P.DESK}), tuple(GRANT_REASONS)),
    Step("carry_out", frozenset({_S.PENDING}), _S.DONE, frozenset({_P.SYSTEM, _P.SECOND})),
    Step("undo", frozenset({_S.PENDING}), _S.UNDONE, frozenset({_P.OWNER, _P.DESK})),
    Step("refuse", frozenset({_S.PENDING}), _S.REFUSED, frozenset({_P.SECOND}), tuple(REFUSE_REASONS)),
    Step("reverse", frozenset({_S.DONE}), _S.UNDONE, frozenset({_P.SYSTEM})),
)


def after(state: TransferState | None, verb: str, who: frozenset[Party]) -> TransferState:
    """The state after a step. Raises Forbidden or TransferStateConflict."""
    return state_after(STEPS, verb, state, who, TransferStateConflict, STATE_LABELS)


def check_reason(verb: str, reason: str | None, text: str | None = None) -> None:
    """Raises ReasonMissing, ReasonUnknown, or WordsMissing for `other` without words."""
    check_step_reason(STEPS, verb, reason, text)


def due_at(policy: Policy, asked_at: datetime) -> datetime:
    """When a gift or donation is carried out: after the policy's minutes for taking it back."""
    return asked_at + timedelta(minutes=policy.undo_minutes)


@dataclass(frozen=True, slots=True)
class Side:
    """A member on one side of a transfer."""

    person_id: str
    active: bool
    closed: bool


def _standing(*sides: Side) -> list[TimebankError]:
    closed: list[TimebankError] = [MemberClosed() for side in sides if side.closed]
    return closed + [MemberNotActive() for side in sides if not side.closed and not side.active]


def _enough(policy: Policy, purses: Mapping[Origin, int], minutes: int, use: Use) -> list[TimebankError]:
    usable = usable_minutes(policy, purses, use)
    return [BalanceTooLow(usable_minutes=usable, wanted_minutes=minutes)] if usable < minutes else []


def refuse_gift(
    policy: Policy,
    giver: Side,
    receiver: Side,
    relation: Relation | None,
    purses: Mapping[Origin, int],
    minutes: int,
    given_this_month: int,
) -> tuple[TimebankError, ...]:
    """All that speaks against a gift; `relation` is what the receiver is to the giver. Raises MinutesInvalid."""
    check_step(policy, minutes)
    if giver.person_id == receiver.person_id:
        return (GiftToSelf(),)
    rules = gift_refusals(policy, relation, minutes, given_this_month)
    return (*_standing(giver, receiver), *rules, *_enough(policy, purses, minutes, Use.GIFT))


def refuse_crossing(
    policy: Policy, giver: Side, purses: Mapping[Origin, int], minutes: int
) -> tuple[TimebankError, ...]:
    """All that speaks against sending hours to another county: only redeemable ones go. Raises MinutesInvalid."""
    check_step(policy, minutes)
    return (*_standing(giver), *_enough(policy, purses, minutes, Use.REDEEM))


def refuse_donation(
    policy: Policy, giver: Side, purses: Mapping[Origin, int], minutes: int
) -> tuple[TimebankError, ...]:
    """All that speaks against a donation. Raises MinutesInvalid at once."""
    check_step(policy, minutes)
    return (*_standing(giver), *donate_refusals(policy), *_enough(policy, purses, minutes, Use.DONATE))


@dataclass(frozen=True, slots=True)
class GrantWish:
    """A grant as somebody asks for it on a day."""

    receiver: Side
    facts: Facts
    consented: bool
    minutes: int
    granted_this_month: int
    on: date


def refuse_grant(policy: Policy, wish: GrantWish, pool_minutes: int) -> tuple[TimebankError, ...]:
    """All that speaks against a grant: sensitive circumstances count only with consent. Raises MinutesInvalid."""
    check_step(policy, wish.minutes)
    found = _standing(wish.receiver)
    if not wish.consented:
        found.append(GrantConsentMissing())
    found += grant_refusals(policy, wish.facts, wish.minutes, wish.granted_this_month, wish.on)
    if policy.grants.source is GrantSource.POOL and pool_minutes < wish.minutes:
        found.append(PoolTooLow(pool_minutes=pool_minutes, wanted_minutes=wish.minutes))
    return tuple(found)


def check_approver(approver_id: str, asked_by: str, receiver_id: str) -> None:
    """Raises SecondPersonNeeded: who asked for a grant or gets it never approves it."""
    if approver_id in (asked_by, receiver_id):
        raise SecondPersonNeeded
