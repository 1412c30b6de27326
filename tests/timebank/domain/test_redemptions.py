"""Asking for care: what is refused, what is held and settled, who is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain import errors, redemptions
from timebank.domain import policies as pol
from timebank.domain.catalogue import seed_services
from timebank.domain.kin import Relation
from timebank.domain.policies import Facts, Origin
from timebank.domain.redemptions import Involved, Means, RedemptionState, Waiting, Wish
from timebank.domain.states import Party

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DEMO = pol.preset("demo")
SERVICES = {service.code: service for service in seed_services()}
ELDER = Facts(date(1950, 1, 1))
WISH = Wish("cleaning", 60, NOW + timedelta(days=1), Relation.SELF)
MEANS = Means(NOW, DEMO, SERVICES["cleaning"], ELDER, ELDER, {Origin.EARNED: 90})


def codes(wish: Wish = WISH, means: Means = MEANS) -> list[str]:
    return [error.code for error in redemptions.refusals(wish, means)]


def test_a_wish_that_can_be_met() -> None:
    assert codes() == []
    redemptions.require_possible(WISH, MEANS)


@pytest.mark.parametrize(
    ("wish", "means", "refused"),
    [
        (WISH, replace(MEANS, member=Facts(date(1980, 1, 1))), ["redeem_age_not_reached"]),
        (replace(WISH, relation=Relation.CHILD), MEANS, ["beneficiary_not_allowed"]),
        (replace(WISH, relation=Relation.SPOUSE), replace(MEANS, receiver=Facts(None)), ["beneficiary_too_young"]),
        (WISH, replace(MEANS, service=None), ["service_not_redeemable"]),
        (replace(WISH, minutes=29), MEANS, ["hours_too_short"]),
        (replace(WISH, minutes=300), replace(MEANS, purses={Origin.EARNED: 999}), ["hours_too_long"]),
        (replace(WISH, minutes=0), MEANS, ["hours_too_short", "minutes_invalid"]),
        (replace(WISH, wanted_at=NOW - timedelta(minutes=1)), MEANS, ["redemption_in_past"]),
        (replace(WISH, wanted_at=NOW + timedelta(days=61)), MEANS, ["redemption_too_far_ahead"]),
        (WISH, replace(MEANS, open_requests=5), ["too_many_open_redemptions"]),
        (WISH, replace(MEANS, purses={Origin.EARNED: 59}), ["balance_too_low"]),
        (WISH, replace(MEANS, purses={Origin.GROUP: 600}), ["balance_too_low"]),
    ],
)
def test_what_is_refused(wish: Wish, means: Means, refused: list[str]) -> None:
    assert codes(wish, means) == refused
    with pytest.raises(errors.TimebankError):
        redemptions.require_possible(wish, means)


def test_weighted_services_cost_what_they_earn() -> None:
    weighted = replace(DEMO, weights_percent=(("cleaning", 150),))
    assert redemptions.hold_minutes(weighted, WISH) == 90
    assert codes(means=replace(MEANS, policy=weighted)) == []


@pytest.mark.parametrize(("delivered", "used"), [(60, 60), (45, 45), (0, 0)])
def test_only_what_was_used_is_settled(delivered: int, used: int) -> None:
    found = redemptions.settlement(DEMO, "cleaning", 60, delivered)
    assert (found.used, found.returned) == (used, 60 - used)


def test_nobody_pays_more_than_was_reserved() -> None:
    with pytest.raises(errors.DeliveredMoreThanHeld) as refusal:
        redemptions.settlement(DEMO, "cleaning", 60, 61)
    assert refusal.value.params == {"used_minutes": 61, "held_minutes": 60}


@given(
    st.dictionaries(st.sampled_from([o for o in Origin if o is not Origin.GROUP]), st.integers(1, 500), min_size=1),
    st.data(),
)
def test_what_goes_back_goes_where_it_came_from(purses: Mapping[Origin, int], data: st.DataObject) -> None:
    held = data.draw(st.integers(1, sum(purses.values())))
    back = data.draw(st.integers(0, held))
    plan = dict(pol.spend_plan(DEMO, purses, held))
    parts = dict(redemptions.returned_parts(plan.items(), back))
    assert sum(parts.values()) == back
    assert all(0 < part <= plan[origin] for origin, part in parts.items())


def test_the_purse_spent_last_gets_its_hours_back_first() -> None:
    plan = ((Origin.GRANTED, 60), (Origin.EARNED, 30))
    assert redemptions.returned_parts(plan, 40) == ((Origin.GRANTED, 10), (Origin.EARNED, 30))
    with pytest.raises(ValueError, match="more"):
        redemptions.returned_parts(plan, 91)


@pytest.mark.parametrize(
    ("state", "verb", "party", "after"),
    [
        ("requested", "hold", Party.OWNER, "held"),
        ("held", "wait", Party.DESK, "waiting"),
        ("waiting", "assign", Party.DESK, "assigned"),
        ("assigned", "unassign", Party.VOLUNTEER, "held"),
        ("held", "deliver", Party.DESK, "delivered"),
        ("assigned", "deliver", Party.VOLUNTEER, "delivered"),
        ("delivered", "settle", Party.VERIFIER, "settled"),
        ("delivered", "settle", Party.ELDER, "settled"),
        ("delivered", "no_show", Party.DESK, "no_show"),
        ("waiting", "cancel", Party.PROXY, "cancelled"),
        ("held", "decline", Party.DESK, "declined"),
        ("assigned", "expire", Party.SYSTEM, "expired"),
        ("settled", "reopen", Party.SYSTEM, "delivered"),
    ],
)
def test_steps(state: str, verb: str, party: Party, after: str) -> None:
    assert redemptions.after(RedemptionState(state), verb, frozenset({party})) == after


@pytest.mark.parametrize(
    ("state", "verb"), [("settled", "cancel"), ("delivered", "cancel"), ("delivered", "expire"), ("expired", "settle")]
)
def test_steps_that_a_state_doesn_t_allow(state: str, verb: str) -> None:
    with pytest.raises(errors.RedemptionStateConflict):
        redemptions.after(RedemptionState(state), verb, frozenset(Party))


def test_every_state_is_reached_and_only_ended_ones_are_final() -> None:
    reached = {step.after for step in redemptions.STEPS.values()}
    assert reached == set(RedemptionState)
    for state in RedemptionState:
        leaves = any(state in step.before for step in redemptions.STEPS.values())
        assert leaves is (state in redemptions.OPEN or state is RedemptionState.SETTLED)
    assert set(redemptions.STATE_LABELS) == set(redemptions.STATE_NEXT) == set(RedemptionState)
    for verb, step in redemptions.STEPS.items():
        assert tuple(redemptions.REASON_LABELS.get(verb, {})) == step.reasons


@pytest.mark.parametrize(
    ("me", "found"),
    [
        ("member", {Party.OWNER, Party.PROXY, Party.DESK}),
        ("elder", {Party.ELDER, Party.PROXY, Party.DESK}),
        ("helper", {Party.VOLUNTEER}),
        ("clerk", {Party.PROXY, Party.DESK}),
        ("colleague", {Party.PROXY, Party.DESK, Party.VERIFIER}),
    ],
)
def test_nobody_settles_what_he_delivered(me: str, found: set[Party]) -> None:
    involved = Involved("member", "elder", "helper", "clerk")
    assert redemptions.parties(me, involved, is_proxy=True, at_desk=True) == found


def test_delivery_volunteers_and_undo() -> None:
    redemptions.check_delivery(NOW, NOW)
    with pytest.raises(errors.DeliveryInFuture):
        redemptions.check_delivery(NOW + timedelta(seconds=1), NOW)
    redemptions.check_volunteer("v", "e", "m", Relation.SIBLING)
    for receiver, relation in (("v", None), ("e", Relation.PARENT)):
        with pytest.raises(errors.VolunteerIsReceiver):
            redemptions.check_volunteer("v", receiver, "m", relation)
    redemptions.check_undo(DEMO, NOW - timedelta(minutes=10), NOW)
    with pytest.raises(errors.UndoTooLate):
        redemptions.check_undo(DEMO, NOW - timedelta(minutes=11), NOW)


def test_holds_go_back_by_themselves() -> None:
    until = redemptions.expires_at(DEMO, NOW, NOW - timedelta(days=3))
    assert until == NOW + timedelta(days=14)
    assert redemptions.is_expired(RedemptionState.HELD, until, until)
    assert not redemptions.is_expired(RedemptionState.HELD, until, until - timedelta(seconds=1))
    assert not redemptions.is_expired(RedemptionState.DELIVERED, until, until)


def test_the_waiting_list_puts_need_before_time() -> None:
    needy = Facts(date(1940, 1, 1), frozenset({"living_alone"}))
    early, late = NOW, NOW + timedelta(hours=1)
    queue = [Waiting("a", late, NOW, ELDER), Waiting("b", early, NOW, ELDER), Waiting("c", late, NOW, needy)]
    assert [one.id for one in redemptions.waiting_order(DEMO, queue, TODAY)] == ["c", "b", "a"]
    redemptions.check_waiting_list(DEMO)
    with pytest.raises(errors.WaitingListOff):
        redemptions.check_waiting_list(replace(DEMO, redeem=replace(DEMO.redeem, waiting_list=False)))
