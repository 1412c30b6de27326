"""Redemptions: the hold at the request, delivery, settlement in part, giving back, expiry, the waiting list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import Kind
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import families, hours, redemptions
from timebank.services.redemptions import AskForCare, RedemptionView


def asked(world: World, member: Actor, minutes: int = 60, **more: object) -> RedemptionView:
    form = AskForCare(member.person_id, member.person_id, "cleaning", minutes, NOW + timedelta(days=2), **more)  # type: ignore[arg-type]
    return redemptions.ask(world.bank, member, form, now=NOW)


def test_the_hold_is_taken_when_the_request_is_made(world: World) -> None:
    member = world.rich(120)
    view = asked(world, member, 90)
    assert view.state == "held"
    assert world.balance(member) == 30
    with pytest.raises(errors.BalanceTooLow):
        asked(world, member, 60)
    assert world.balance(member) == 30


def test_a_station_delivers_and_a_second_person_settles_what_was_used(world: World) -> None:
    member, first, second = world.rich(120), world.staff["worker A"], world.staff["second A"]
    view = asked(world, member, 90)
    redemptions.deliver(world.bank, first, view.id, 60, delivered_at=NOW, now=NOW)
    with pytest.raises(errors.Forbidden):
        redemptions.settle(world.bank, first, view.id, now=NOW)
    done = redemptions.settle(world.bank, second, view.id, now=NOW)
    assert (done.state, done.settled_minutes) == ("settled", 60)
    assert world.balance(member) == 60
    with world.bank.read() as unit:
        entry = unit.book.entry(done.entry_seq or 0)
    assert entry.kind is Kind.SETTLE
    with pytest.raises(errors.RedemptionStateConflict):
        redemptions.settle(world.bank, second, view.id, now=NOW)


def test_nobody_pays_more_than_was_held(world: World) -> None:
    member = world.rich(120)
    view = asked(world, member, 60)
    with pytest.raises(errors.DeliveredMoreThanHeld):
        redemptions.deliver(world.bank, world.staff["worker A"], view.id, 61, delivered_at=NOW, now=NOW)


def test_a_volunteers_help_makes_the_elders_credit_the_volunteers(world: World) -> None:
    member, volunteer, worker = world.rich(120), world.member(), world.staff["worker A"]
    view = asked(world, member, 90)
    redemptions.assign(world.bank, worker, view.id, volunteer.person_id, now=NOW)
    record = world.logged(volunteer, member, service="cleaning", minutes=60, redemption_id=view.id)
    assert redemptions.see(world.bank, member, view.id).state == "delivered"
    hours.confirm(world.bank, member, record.id, "", now=NOW)
    outcome = hours.verify(world.bank, world.staff["second A"], [record.id], now=NOW)[0]
    assert outcome.refusal is None
    assert redemptions.see(world.bank, member, view.id).state == "settled"
    assert (world.balance(member), world.balance(volunteer)) == (60, 60)
    with world.bank.read() as unit:
        assert unit.book.entry(outcome.entry_seq or 0).kind is Kind.CARE


def test_rejected_help_leaves_the_request_with_its_helper(world: World) -> None:
    member, volunteer, worker = world.rich(120), world.member(), world.staff["worker A"]
    view = asked(world, member, 60)
    redemptions.assign(world.bank, worker, view.id, volunteer.person_id, now=NOW)
    record = world.logged(volunteer, member, service="cleaning", minutes=60, redemption_id=view.id)
    hours.step(world.bank, worker, record.id, "reject", "not_given", "", now=NOW)
    again = redemptions.see(world.bank, member, view.id)
    assert (again.state, again.delivered_minutes) == ("assigned", None)
    assert world.balance(member) == 60


@pytest.mark.parametrize(
    ("verb", "reason", "state"),
    [
        ("cancel", "not_needed", "cancelled"),
        ("decline", "nobody_free", "declined"),
        ("no_show", "elder_absent", "no_show"),
    ],
)
def test_what_ends_without_care_gives_everything_back(world: World, verb: str, reason: str, state: str) -> None:
    member = world.rich(120)
    view = asked(world, member, 90)
    actor = member if verb == "cancel" else world.staff["worker A"]
    assert redemptions.step(world.bank, actor, view.id, verb, reason, now=NOW).state == state
    assert world.balance(member) == 120


def test_unused_holds_expire_and_are_given_back(world: World) -> None:
    member = world.rich(120)
    view = asked(world, member, 90)
    assert redemptions.expire_due(world.bank, now=NOW + timedelta(days=10)) == 0
    assert redemptions.expire_due(world.bank, now=NOW + timedelta(days=17)) == 1
    assert redemptions.see(world.bank, member, view.id).state == "expired"
    assert world.balance(member) == 120
    assert redemptions.expire_due(world.bank, now=NOW + timedelta(days=18)) == 0


def test_the_waiting_list_is_in_the_policys_order(world: World) -> None:
    from datetime import date

    ordinary = world.rich(120)
    alone = world.rich(120, born=date(1940, 5, 1), tags=("living_alone",))
    worker = world.staff["worker A"]
    for member in (ordinary, alone):
        redemptions.step(world.bank, worker, asked(world, member).id, "wait", None, now=NOW)
    waiting = redemptions.waiting_list(world.bank, worker, now=NOW)
    assert [view.member_id for view in waiting] == [alone.person_id, ordinary.person_id]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"wanted_at": NOW - timedelta(hours=1)}, errors.RedemptionInPast),
        ({"wanted_at": NOW + timedelta(days=90)}, errors.RedemptionTooFarAhead),
        ({"service_code": "no_such"}, errors.ServiceNotRedeemable),
        ({"minutes": 5}, errors.HoursTooShort),
        ({"minutes": 0}, errors.HoursTooShort),
    ],
)
def test_refused_requests_hold_nothing(world: World, change: dict[str, object], refusal: type[Exception]) -> None:
    from dataclasses import replace

    member = world.rich(120)
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=2))
    size = world.size()
    with pytest.raises(refusal):
        redemptions.ask(world.bank, member, replace(form, **change), now=NOW)  # type: ignore[arg-type]
    assert (world.size(), world.balance(member)) == (size, 120)


def test_the_young_save_and_do_not_spend_yet(world: World) -> None:
    from datetime import date

    with pytest.raises(errors.RedeemAgeNotReached):
        asked(world, world.rich(120, born=date(1990, 1, 1)))


def test_a_proxy_asks_for_the_elder_and_strangers_do_not(world: World) -> None:
    member, child, worker = world.rich(120), world.member(), world.staff["worker A"]
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=2))
    with pytest.raises(errors.ProxyNotRecorded):
        redemptions.ask(world.bank, child, form, now=NOW)
    with pytest.raises(errors.NotFound):
        redemptions.ask(world.bank, world.staff["worker B"], form, now=NOW)
    families.record_kin(world.bank, worker, member.person_id, child.person_id, "child", now=NOW)
    families.record_proxy(world.bank, worker, member.person_id, child.person_id, "desk", now=NOW)
    assert redemptions.ask(world.bank, child, form, now=NOW).state == "held"
    view = asked(world, member, 30)
    with pytest.raises(errors.VolunteerIsReceiver):
        redemptions.assign(world.bank, worker, view.id, child.person_id, now=NOW)
