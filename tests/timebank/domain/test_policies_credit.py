"""From minutes to credit, from purses to a plan, and what the cap does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain import errors
from timebank.domain import policies as pol
from timebank.domain.policies import AboveCap, Cap, Direction, Origin, Rounding, Use

DEMO = pol.preset("demo")
POLICIES = st.sampled_from(pol.presets())
PURSES = st.dictionaries(st.sampled_from(Origin), st.integers(0, 5000))


@pytest.mark.parametrize(
    ("code", "actual", "credit"),
    [
        ("nanjing", 90, 90),
        ("demo", 61, 61),
        ("guangzhou", 105, 60),
        ("guangzhou", 59, 0),
        ("guangzhou", 120, 120),
        ("norcal", 61, 75),
        ("norcal", 60, 60),
        ("norcal", 1, 15),
        ("hongkong", 47, 47),
    ],
)
def test_units_and_rounding_of_the_schemes(code: str, actual: int, credit: int) -> None:
    assert pol.credit_minutes(pol.preset(code), "meal", actual) == credit


@pytest.mark.parametrize(
    ("direction", "actual", "percent", "credit"),
    [
        (Direction.DOWN, 44, 100, 30),
        (Direction.UP, 31, 100, 60),
        (Direction.NEAREST, 44, 100, 30),
        (Direction.NEAREST, 45, 100, 60),
        (Direction.DOWN, 60, 150, 90),
        (Direction.NEAREST, 59, 150, 90),
        (Direction.UP, 60, 101, 90),
        (Direction.DOWN, 60, 99, 30),
    ],
)
def test_weights_are_applied_before_the_one_rounding(
    direction: Direction, actual: int, percent: int, credit: int
) -> None:
    policy = replace(DEMO, rounding=Rounding(30, direction), weights_percent=(("bath", percent),))
    assert pol.credit_minutes(policy, "bath", actual) == credit


@given(POLICIES, st.integers(0, 100_000))
def test_rounding_is_never_off_by_a_step(policy: pol.Policy, actual: int) -> None:
    credit = pol.credit_minutes(policy, "meal", actual)
    assert credit % policy.rounding.step_minutes == 0
    assert abs(credit - actual) < policy.rounding.step_minutes


def test_minutes_below_zero_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="below zero"):
        pol.credit_minutes(DEMO, "meal", -1)


def test_amounts_are_whole_steps() -> None:
    pol.check_step(pol.preset("norcal"), 45)
    for wrong in (0, -15, 50):
        with pytest.raises(errors.MinutesInvalid):
            pol.check_step(pol.preset("norcal"), wrong)


@given(POLICIES, PURSES, st.integers(1, 20_000), st.sampled_from(Use))
def test_a_plan_spends_exactly_what_is_wanted_from_purses_that_allow_it(
    policy: pol.Policy, purses: dict[Origin, int], minutes: int, use: Use
) -> None:
    usable = pol.usable_minutes(policy, purses, use)
    if usable < minutes:
        with pytest.raises(errors.BalanceTooLow):
            pol.spend_plan(policy, purses, minutes, use)
        return
    plan = pol.spend_plan(policy, purses, minutes, use)
    assert sum(part for _, part in plan) == minutes
    assert all(0 < part <= purses[origin] and policy.purses.of(origin).allows(use) for origin, part in plan)
    order = [policy.purses.spending_order.index(origin) for origin, _ in plan]
    assert order == sorted(order)


def test_nanjing_group_hours_can_only_be_donated() -> None:
    nanjing = pol.preset("nanjing")
    purses = {Origin.GROUP: 600, Origin.GRANTED: 60}
    assert pol.usable_minutes(nanjing, purses, Use.REDEEM) == 60
    assert pol.usable_minutes(nanjing, purses, Use.GIFT) == 0
    assert pol.spend_plan(nanjing, purses, 90, Use.DONATE) == ((Origin.GROUP, 90),)


def test_granted_hours_are_spent_first() -> None:
    plan = pol.spend_plan(DEMO, {Origin.EARNED: 600, Origin.GRANTED: 60}, 90)
    assert plan == ((Origin.GRANTED, 60), (Origin.EARNED, 30))


def test_nothing_to_spend_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        pol.spend_plan(DEMO, {Origin.EARNED: 10}, 0)


@pytest.mark.parametrize(
    ("above", "issued", "outcome"),
    [
        (AboveCap.POOL, True, (30, 60, 0)),
        (AboveCap.COMMEND, True, (30, 0, 60)),
        (AboveCap.COMMEND, False, (30, 60, 0)),
    ],
)
def test_what_is_above_the_cap(above: AboveCap, issued: bool, outcome: tuple[int, int, int]) -> None:
    policy = replace(DEMO, cap=Cap(600, above))
    found = pol.cap_outcome(policy, 570, 90, issued=issued)
    assert (found.to_member, found.to_pool, found.commended) == outcome


def test_a_cap_may_refuse() -> None:
    st_gallen = pol.preset("st_gallen")
    assert pol.cap_outcome(st_gallen, 750 * 60 - 90, 90).to_member == 90
    with pytest.raises(errors.BalanceCapReached):
        pol.cap_outcome(st_gallen, 750 * 60 - 89, 90)
    assert pol.cap_outcome(pol.preset("kiss"), 10**9, 90).to_member == 90


@given(POLICIES, st.integers(0, 200_000), st.integers(0, 2_000), st.booleans())
def test_no_credit_is_lost_at_the_cap(policy: pol.Policy, balance: int, credit: int, issued: bool) -> None:
    try:
        found = pol.cap_outcome(policy, balance, credit, issued=issued)
    except errors.BalanceCapReached:
        return
    assert found.to_member + found.to_pool + found.commended == credit
    assert min(found.to_member, found.to_pool, found.commended) >= 0


def test_hours_lapse_only_where_a_purse_says_so() -> None:
    assert pol.expires_on(DEMO, Origin.EARNED, date(2026, 1, 31)) is None
    purses = replace(DEMO.purses, earned=replace(DEMO.purses.earned, expires_after_months=13))
    assert pol.expires_on(replace(DEMO, purses=purses), Origin.EARNED, date(2026, 1, 31)) == date(2027, 2, 28)


def test_honours_are_thanks_for_verified_minutes() -> None:
    assert pol.honours_of(DEMO, 100 * 60 - 1) == ()
    assert pol.honours_of(DEMO, 300 * 60) == ("star_1", "star_2")


def test_group_activity_has_its_own_purse() -> None:
    assert pol.origin_of_service(in_group=True) is Origin.GROUP
    assert pol.origin_of_service(in_group=False) is Origin.EARNED
