"""Asking for care and paying with hours: the states of a request, what is refused, what is settled, who is next.

The hold is taken when the request is made, so that credit can't be spent twice. Delivery settles what was really used,
the rest goes back. A request that ends without care gives everything back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from timebank.domain.catalogue import Service
from timebank.domain.errors import (
    BalanceTooLow,
    DeliveredMoreThanHeld,
    DeliveryInFuture,
    HoursTooLong,
    HoursTooShort,
    MinutesInvalid,
    RedemptionInPast,
    RedemptionStateConflict,
    RedemptionTooFarAhead,
    ServiceNotRedeemable,
    TimebankError,
    TooManyOpenRedemptions,
    UndoTooLate,
    VolunteerIsReceiver,
    WaitingListOff,
)
from timebank.domain.honours import reached
from timebank.domain.kin import OWED_BY_LAW, Relation
from timebank.domain.local_time import local_day
from timebank.domain.policies import (
    Facts,
    Origin,
    Policy,
    Use,
    beneficiary_refusals,
    credit_minutes,
    groups_of,
    redeem_refusals,
    usable_minutes,
)
from timebank.domain.states import Party, Step, table
from timebank.domain.states import after as state_after
from timebank.domain.states import check_reason as check_step_reason
from timebank.domain.states import verbs_open as open_verbs
from timebank.domain.words import N_


class RedemptionState(StrEnum):
    REQUESTED = "requested"
    WAITING = "waiting"
    HELD = "held"
    ASSIGNED = "assigned"
    DELIVERED = "delivered"
    SETTLED = "settled"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


_S, _P = RedemptionState, Party

HOLDING: Final = frozenset({_S.WAITING, _S.HELD, _S.ASSIGNED, _S.DELIVERED})
"""States in which hours are reserved."""

OPEN: Final = HOLDING | {_S.REQUESTED}
ENDED: Final = frozenset(RedemptionState) - OPEN
GIVES_BACK: Final = frozenset({"decline", "cancel", "expire", "no_show"})
"""Steps that release the whole hold, if there is one."""

STATE_LABELS: Final = {
    _S.REQUESTED: N_("asked for"),
    _S.WAITING: N_("on the waiting list"),
    _S.HELD: N_("hours reserved"),
    _S.ASSIGNED: N_("a helper is found"),
    _S.DELIVERED: N_("delivered"),
    _S.SETTLED: N_("done and settled"),
    _S.DECLINED: N_("declined"),
    _S.CANCELLED: N_("cancelled"),
    _S.EXPIRED: N_("expired"),
    _S.NO_SHOW: N_("did not take place"),
}
STATE_NEXT: Final = {
    _S.REQUESTED: N_("The station looks at it. No hours are reserved yet."),
    _S.WAITING: N_("Your hours stay reserved. The station calls when somebody is free."),
    _S.HELD: N_("The station looks for a helper and calls you."),
    _S.ASSIGNED: N_("The helper comes at the agreed time."),
    _S.DELIVERED: N_("The station settles the hours that were used. The rest goes back."),
    _S.SETTLED: N_("It is in the passbook. If something is wrong, tell the station."),
    _S.DECLINED: N_("The hours are back in your account. You can ask again."),
    _S.CANCELLED: N_("The hours are back in your account. You can ask again."),
    _S.EXPIRED: N_("The hours are back in your account. You can ask again."),
    _S.NO_SHOW: N_("The hours are back in your account. You can ask again."),
}
DECLINE_REASONS: Final = {
    "nobody_free": N_("Nobody is free at that time"),
    "not_offered": N_("The station doesn't offer this"),
    "too_risky": N_("It is too risky for volunteers"),
    "medical": N_("It needs a doctor or nurse"),
    "wrong_station": N_("Another station is responsible"),
    "other": N_("Another reason"),
}
CANCEL_REASONS: Final = {
    "not_needed": N_("No longer needed"),
    "other_time": N_("Another time is better"),
    "other_help": N_("Somebody else helps"),
    "mistake": N_("Asked by mistake"),
    "other": N_("Another reason"),
}
NO_SHOW_REASONS: Final = {
    "volunteer_absent": N_("The helper did not come"),
    "elder_absent": N_("Nobody was at home"),
    "both_agreed": N_("Both agreed on another time"),
    "other": N_("Another reason"),
}
REASON_LABELS: Final = {"decline": DECLINE_REASONS, "cancel": CANCEL_REASONS, "no_show": NO_SHOW_REASONS}

_BEFORE_DELIVERY = frozenset({_S.REQUESTED, _S.WAITING, _S.HELD, _S.ASSIGNED})
_DESK = frozenset({_P.DESK})

STEPS: Final = table(
    Step("request", frozenset({None}), _S.REQUESTED, frozenset({_P.OWNER, _P.PROXY, _P.DESK})),
    Step("hold", frozenset({_S.REQUESTED}), _S.HELD, frozenset({_P.OWNER, _P.PROXY, _P.DESK, _P.SYSTEM})),
    Step("wait", frozenset({_S.HELD, _S.ASSIGNED}), _S.WAITING, _DESK),
    Step("resume", frozenset({_S.WAITING}), _S.HELD, _DESK | {_P.SYSTEM}),
    Step("assign", frozenset({_S.HELD, _S.WAITING, _S.ASSIGNED}), _S.ASSIGNED, _DESK | {_P.SYSTEM}),
    Step("unassign", frozenset({_S.ASSIGNED}), _S.HELD, _DESK | {_P.VOLUNTEER}),
    Step("deliver", frozenset({_S.HELD, _S.ASSIGNED}), _S.DELIVERED, _DESK | {_P.VOLUNTEER}),
    Step("undeliver", frozenset({_S.DELIVERED}), _S.ASSIGNED, frozenset({_P.SYSTEM})),
    Step("settle", frozenset({_S.DELIVERED}), _S.SETTLED, frozenset({_P.OWNER, _P.ELDER, _P.VERIFIER})),
    Step("decline", _BEFORE_DELIVERY, _S.DECLINED, _DESK, tuple(DECLINE_REASONS)),
    Step(
        "cancel",
        _BEFORE_DELIVERY,
        _S.CANCELLED,
        frozenset({_P.OWNER, _P.PROXY, _P.DESK}),
        tuple(CANCEL_REASONS),
    ),
    Step("expire", _BEFORE_DELIVERY, _S.EXPIRED, frozenset({_P.SYSTEM})),
    Step("no_show", frozenset({_S.HELD, _S.ASSIGNED, _S.DELIVERED}), _S.NO_SHOW, _DESK, tuple(NO_SHOW_REASONS)),
    Step("reopen", frozenset({_S.SETTLED}), _S.DELIVERED, frozenset({_P.SYSTEM})),
)


def after(state: RedemptionState | None, verb: str, who: frozenset[Party]) -> RedemptionState:
    """The state after a step. Raises Forbidden or RedemptionStateConflict."""
    return state_after(STEPS, verb, state, who, RedemptionStateConflict, STATE_LABELS)


def verbs_open(state: RedemptionState, who: frozenset[Party]) -> tuple[str, ...]:
    """What these parties may do with a request in that state."""
    return open_verbs(STEPS, state, who)


def check_reason(verb: str, reason: str | None, text: str | None = None) -> None:
    """Raises ReasonMissing, ReasonUnknown, or WordsMissing for `other` without words."""
    check_step_reason(STEPS, verb, reason, text)


@dataclass(frozen=True, slots=True)
class Involved:
    """Who has to do with a request."""

    member_id: str
    receiver_id: str
    volunteer_id: str | None
    delivered_by: str | None


def parties(person_id: str, involved: Involved, *, is_proxy: bool, at_desk: bool) -> frozenset[Party]:
    """How somebody stands to a request.

    It is settled by who pays or receives, or by a worker (VERIFIER) who neither delivered nor recorded the delivery:
    nobody empties an elder's purse alone.
    """
    volunteer = person_id == involved.volunteer_id
    found = {Party.VOLUNTEER} if volunteer else set()
    if person_id == involved.member_id and not volunteer:
        found.add(Party.OWNER)
    if person_id == involved.receiver_id and not volunteer:
        found.add(Party.ELDER)
    if is_proxy and not volunteer:
        found.add(Party.PROXY)
    if at_desk and not volunteer:
        found.add(Party.DESK)
        if person_id not in (involved.member_id, involved.receiver_id, involved.delivered_by):
            found.add(Party.VERIFIER)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Wish:
    """Care as somebody asks for it. `relation` is what the receiver is to the member who pays."""

    service_code: str
    minutes: int
    wanted_at: datetime
    relation: Relation


@dataclass(frozen=True, slots=True)
class Means:
    """Around a wish: the moment, the policy, the item, the two people, what the purses hold, how many are open."""

    now: datetime
    policy: Policy
    service: Service | None
    member: Facts
    receiver: Facts
    purses: Mapping[Origin, int]
    open_requests: int = 0


def refusals(wish: Wish, means: Means) -> tuple[TimebankError, ...]:
    """All that speaks against this request. Empty: it can be made and the hours held."""
    policy, today = means.policy, local_day(means.now)
    found: list[TimebankError] = [*redeem_refusals(policy, means.member, today)]
    found += beneficiary_refusals(policy, wish.relation, means.receiver, today)
    found += wish_refusals(wish, policy, means.service, means.now)
    if any(isinstance(one, MinutesInvalid) for one in found):
        return tuple(found)
    if policy.redeem.open_most is not None and means.open_requests >= policy.redeem.open_most:
        found.append(TooManyOpenRedemptions(limit=policy.redeem.open_most))
    cost, usable = hold_minutes(policy, wish), usable_minutes(policy, means.purses, Use.REDEEM)
    if usable < cost:
        found.append(BalanceTooLow(usable_minutes=usable, wanted_minutes=cost))
    return tuple(found)


def require_possible(wish: Wish, means: Means) -> None:
    """Raises the first refusal."""
    for error in refusals(wish, means):
        raise error


def wish_refusals(wish: Wish, policy: Policy, service: Service | None, now: datetime) -> tuple[TimebankError, ...]:
    """What speaks against the care itself, whoever pays: the item, the length, the moment."""
    found = _service_refusals(wish, service)
    step = policy.rounding.step_minutes
    if wish.minutes <= 0 or wish.minutes % step:
        return (*found, MinutesInvalid(step_minutes=step))
    if wish.wanted_at < now:
        found.append(RedemptionInPast())
    limit = policy.redeem.ahead_days
    if limit is not None and (local_day(wish.wanted_at) - local_day(now)).days > limit:
        found.append(RedemptionTooFarAhead(limit_days=limit))
    return tuple(found)


def _service_refusals(wish: Wish, service: Service | None) -> list[TimebankError]:
    if service is None or not service.active or not service.askable or service.code != wish.service_code:
        return [ServiceNotRedeemable()]
    if wish.minutes < service.minutes_min:
        return [HoursTooShort(least_minutes=service.minutes_min, actual_minutes=wish.minutes)]
    if wish.minutes > service.minutes_max:
        return [HoursTooLong(most_minutes=service.minutes_max, actual_minutes=wish.minutes)]
    return []


def hold_minutes(policy: Policy, wish: Wish) -> int:
    """The credit that so much care costs: the same weights and rounding as for who serves."""
    return credit_minutes(policy, wish.service_code, wish.minutes)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What of a hold is used, and what goes back."""

    used: int
    returned: int


def settlement(policy: Policy, service_code: str, held: int, delivered: int) -> Settlement:
    """Settle really delivered minutes against what is held. Nothing delivered gives all back.

    Raises DeliveredMoreThanHeld: nobody pays more than was agreed on.
    """
    used = credit_minutes(policy, service_code, delivered)
    if used > held:
        raise DeliveredMoreThanHeld(used_minutes=used, held_minutes=held)
    return Settlement(used, held - used)


def returned_parts(plan: Iterable[tuple[Origin, int]], returned: int) -> tuple[tuple[Origin, int], ...]:
    """Into which purses the rest goes back: the last purse that was drawn on gets its hours back first.

    So the purse that the policy spends first stays spent first. Raises ValueError for more than was held.
    """
    left, parts = returned, []
    for origin, held in reversed(tuple(plan)):
        part = min(left, held)
        if part:
            parts.append((origin, part))
            left -= part
    if left:
        raise ValueError("more goes back than was held")
    return tuple(reversed(parts))


def check_delivery(delivered_at: datetime, now: datetime) -> None:
    """Raises DeliveryInFuture."""
    if delivered_at > now:
        raise DeliveryInFuture


def check_volunteer(volunteer_id: str, receiver_id: str, member_id: str, relation: Relation | None) -> None:
    """Raises VolunteerIsReceiver for the receiver, the payer, or near kin who owe the care (what the receiver is)."""
    if volunteer_id in (receiver_id, member_id) or relation in OWED_BY_LAW:
        raise VolunteerIsReceiver


def check_waiting_list(policy: Policy) -> None:
    """Raises WaitingListOff."""
    if not policy.redeem.waiting_list:
        raise WaitingListOff


def expires_at(policy: Policy, wanted_at: datetime, requested_at: datetime) -> datetime:
    """When an undelivered hold goes back by itself: the policy's days after the wanted time."""
    return max(wanted_at, requested_at) + timedelta(days=policy.redeem.hold_days)


def is_expired(state: RedemptionState, until: datetime, now: datetime) -> bool:
    """Whether the scheduler should let it expire. What was delivered never expires: it must be settled."""
    return state in _BEFORE_DELIVERY and until <= now


def check_undo(policy: Policy, done_at: datetime, now: datetime) -> None:
    """Raises UndoTooLate after the policy's minutes for taking something back without a reason."""
    if now - done_at > timedelta(minutes=policy.undo_minutes):
        raise UndoTooLate(undo_minutes=policy.undo_minutes)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request on the waiting list."""

    id: str
    requested_at: datetime
    wanted_at: datetime
    receiver: Facts


IN_NEED, HONOURED, IN_TURN = 0, 1, 2


def waiting_rank(policy: Policy, person: Facts, on: date) -> int:
    """IN_NEED, HONOURED or IN_TURN: why somebody stands where on the waiting list."""
    codes = {group.code for group in policy.groups}
    if groups_of(policy, person, on, tuple(one for one in policy.redeem.waiting_first if one in codes)):
        return IN_NEED
    held = {honour.code for honour in reached(policy, person.served_minutes)}
    return HONOURED if held & set(policy.redeem.waiting_first) else IN_TURN


def waiting_order(policy: Policy, requests: Iterable[Waiting], on: date) -> tuple[Waiting, ...]:
    """Who is next: the groups that the policy puts first, then who has an honour that it names, then whoever asked
    earlier. A human still decides."""

    def place(one: Waiting) -> tuple[int, datetime, str]:
        return (waiting_rank(policy, one.receiver, on), one.requested_at, one.id)

    return tuple(sorted(requests, key=place))
