"""Whether a policy document makes sense, and whether it may be decided now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from timebank.domain.errors import PolicyBackdated, PolicyInvalid, PolicyMissing, PolicyUnchanged
from timebank.domain.local_time import parse_rfc3339, rfc3339
from timebank.domain.policies.care import care_problems
from timebank.domain.policies.document import (
    SCHEMA,
    WITHOUT_CARE,
    GiftTo,
    GrantSource,
    Guarantee,
    Origin,
    Policy,
    Use,
)
from timebank.domain.words import N_

SOURCES = ("check_in", "confirmed", "slip", "manual")
LONGEST_UNDO_MINUTES = 24 * 60
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")

Problem = tuple[str, str]


def check(policy: Policy) -> None:
    """Raises PolicyInvalid for the first thing that can't be right."""
    for field, reason in problems(policy):
        raise PolicyInvalid(field=f"policy.{field}", reason=reason)


def problems(policy: Policy) -> tuple[Problem, ...]:
    """All that can't be right, as (field, reason)."""
    found = (_head(policy), _amounts(policy), _choices(policy), _groups(policy), _purses(policy), _care(policy))
    return tuple(problem for part in found for problem in part)


def _care(policy: Policy) -> Iterator[Problem]:
    if policy.care is not None:
        yield from ((f"care.{field}", reason) for field, reason in care_problems(policy.care))


def _head(policy: Policy) -> Iterator[Problem]:
    if policy.schema not in (WITHOUT_CARE, SCHEMA):
        yield "schema", f"{SCHEMA} is expected"
    if (policy.care is None) != (policy.schema == WITHOUT_CARE):
        yield "care", N_("this field is missing") if policy.care is None else N_("this field is not known")
    if not _CODE.fullmatch(policy.code):
        yield "code", N_("small letters, digits and _ are expected")
    for field in ("name", "name_en"):
        if not getattr(policy, field).strip():
            yield field, N_("a text is expected")
    if policy.effective_at is not None:
        try:
            parse_rfc3339(policy.effective_at)
        except ValueError:
            yield "effective_at", N_("a time such as 2026-01-01T00:00:00.000Z is expected")


def _amounts(policy: Policy) -> Iterator[Problem]:
    positive = {
        "unit.minutes": policy.unit.minutes,
        "rounding.step_minutes": policy.rounding.step_minutes,
        "limits.record_minutes": policy.limits.record_minutes,
        "limits.day_minutes": policy.limits.day_minutes,
        "limits.month_minutes": policy.limits.month_minutes,
        "limits.pair_month_minutes": policy.limits.pair_month_minutes,
        "cap.minutes": policy.cap.minutes,
        "redeem.served_minutes": policy.redeem.served_minutes,
        "redeem.hold_days": policy.redeem.hold_days,
        "redeem.ahead_days": policy.redeem.ahead_days,
        "redeem.open_most": policy.redeem.open_most,
        "gift.most_minutes": policy.gift.most_minutes,
        "gift.month_minutes": policy.gift.month_minutes,
        "grants.most_minutes": policy.grants.most_minutes,
        "grants.month_minutes": policy.grants.month_minutes,
        "entry.latest_days": policy.entry.latest_days,
        "entry.slip_latest_days": policy.entry.slip_latest_days,
        **{f"watch.{name}": getattr(policy.watch, name) for name in type(policy.watch).__dataclass_fields__},
        **{f"purses.{o}.expires_after_months": policy.purses.of(o).expires_after_months for o in Origin},
        **{f"weights_percent.{code}": percent for code, percent in policy.weights_percent},
        **{f"honours.{honour.code}": honour.minutes for honour in policy.honours},
    }
    for field, number in positive.items():
        if number is not None and number < 1:
            yield field, N_("a number above zero is expected")
    if policy.rounding.step_minutes > policy.unit.minutes or policy.unit.minutes % policy.rounding.step_minutes:
        yield "rounding.step_minutes", N_("one unit must be a whole number of steps")
    if policy.limits.day_minutes is not None and policy.limits.day_minutes > 24 * 60:
        yield "limits.day_minutes", N_("a day has 1440 minutes")
    if not 0 <= policy.undo_minutes <= LONGEST_UNDO_MINUTES:
        yield "undo_minutes", N_("0 to 1440 is expected")
    for field, percent in (
        ("entry.call_back_percent", policy.entry.call_back_percent),
        ("redeem.reserve_percent", policy.redeem.reserve_percent),
        ("watch.manual_percent", policy.watch.manual_percent),
    ):
        if percent is not None and not 0 <= percent <= 100:
            yield field, N_("0 to 100 is expected")


def _choices(policy: Policy) -> Iterator[Problem]:
    redeem = policy.redeem
    if not policy.entry.sources or set(policy.entry.sources) - set(SOURCES):
        yield "entry.sources", "at least one of " + ", ".join(SOURCES) + " is expected"
    if not redeem.beneficiaries:
        yield "redeem.beneficiaries", N_("nobody could ever use an hour")
    relations = [one.relation for one in redeem.beneficiaries]
    if len(set(relations)) != len(relations):
        yield "redeem.beneficiaries", N_("a relation stands there twice")
    if (redeem.special_age_years is None) != (not redeem.special_groups):
        yield "redeem.special_groups", N_("a special age needs groups, and groups need a special age")
    if redeem.special_age_years is not None and redeem.age_years is None:
        yield "redeem.special_age_years", N_("a special age needs an age")
    if (redeem.reserve_percent is not None) != (redeem.guarantee is Guarantee.RESERVE):
        yield "redeem.reserve_percent", N_("it goes together with the guarantee “reserve”")
    if (policy.gift.to is GiftTo.KIN) != bool(policy.gift.relations):
        yield "gift.relations", N_("they go together with gifts to kin")
    if (policy.grants.source is GrantSource.NONE) != (not policy.grants.groups):
        yield "grants.groups", N_("grants need groups, and groups a source of grants")
    for field, age in (
        ("redeem.age_years", redeem.age_years),
        ("redeem.special_age_years", redeem.special_age_years),
        ("volunteers.age_years", policy.volunteers.age_years),
    ):
        if age is not None and not 14 <= age <= 120:
            yield field, N_("14 to 120 is expected")


def _groups(policy: Policy) -> Iterator[Problem]:
    codes = [group.code for group in policy.groups]
    if len(set(codes)) != len(codes):
        yield "groups", N_("a code stands there twice")
    honours = {honour.code for honour in policy.honours}
    for group in policy.groups:
        if not _CODE.fullmatch(group.code):
            yield f"groups.{group.code}", N_("small letters, digits and _ are expected")
        if group.age_years is None and not group.tags_all and not group.tags_any:
            yield f"groups.{group.code}", N_("everybody would be in this group")
        if group.age_years is not None and group.below_years is not None and group.below_years <= group.age_years:
            yield f"groups.{group.code}.below_years", N_("nobody would be in this group")
    for field, wanted in (
        ("redeem.special_groups", policy.redeem.special_groups),
        ("redeem.waiting_first", set(policy.redeem.waiting_first) - honours),
        ("grants.groups", policy.grants.groups),
    ):
        if set(wanted) - set(codes):
            yield field, N_("a group is not defined")
    if honours & set(codes):
        yield "honours", N_("a group has the same code")


def _purses(policy: Policy) -> Iterator[Problem]:
    order = policy.purses.spending_order
    if sorted(order) != sorted(Origin):
        yield "purses.spending_order", N_("each purse stands there once")
    for use, on in ((Use.GIFT, policy.gift.to is not GiftTo.NONE), (Use.DONATE, policy.donate)):
        if on != any(policy.purses.of(origin).allows(use) for origin in Origin):
            yield "purses", f"what the purses say about “{use}” contradicts the rules"
    if not any(policy.purses.of(origin).redeem for origin in Origin):
        yield "purses", N_("nobody could ever use an hour")


def decided(preset: Policy, effective_at: datetime) -> Policy:
    """The policy as the county decides on it, with the moment from which it is in force."""
    return replace(preset, effective_at=rfc3339(effective_at))


def check_decision(policy: Policy, earlier: Sequence[Policy], now: datetime) -> None:
    """Raises PolicyInvalid, PolicyBackdated or PolicyUnchanged when this version may not follow `earlier`.

    The very first version may take effect at `now`; no version takes effect before `now` or before an earlier one.
    """
    check(policy)
    start = policy.in_force_from
    if start is None:
        raise PolicyInvalid(field="policy.effective_at", reason=N_("this field is missing"))
    starts = [other.in_force_from for other in earlier]
    if rfc3339(start) < rfc3339(now) or any(other is not None and start < other for other in starts):
        raise PolicyBackdated
    if earlier and replace(earlier[-1], effective_at=None) == replace(policy, effective_at=None):
        raise PolicyUnchanged


def in_force(policies: Sequence[Policy], at: datetime) -> Policy | None:
    """Of versions in the order of their decision: the last one whose time has come."""
    for policy in reversed(policies):
        start = policy.in_force_from
        if start is not None and start <= at:
            return policy
    return None


def require_in_force(policies: Sequence[Policy], at: datetime) -> Policy:
    """Raises PolicyMissing when none is in force: then no hour can move."""
    policy = in_force(policies, at)
    if policy is None:
        raise PolicyMissing
    return policy
