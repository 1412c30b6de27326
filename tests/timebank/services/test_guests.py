"""Any station serves any member who stands at its desk; gifts given at a desk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.timebank.world import NOW, PIN, World, refused
from timebank.domain import errors
from timebank.domain.messages import TEXTS
from timebank.domain.roles import Actor
from timebank.services import audits, families, hours, members, messages, needs, passbook, redemptions, transfers
from timebank.services.hours import LogHours
from timebank.services.needs import PostNeed
from timebank.services.redemptions import AskForCare
from timebank.services.transfers import AtDesk

LATER = NOW + timedelta(minutes=11)


@pytest.fixture
def guest(world: World) -> Actor:
    """A member of station A with three hours and a PIN."""
    return world.rich(180, pin=PIN)


def received(world: World, guest: Actor, **proof: str) -> members.GuestView:
    return members.receive(world.bank, world.staff["worker B"], guest.person_id, **(proof or {"pin": PIN}), now=NOW)


def ask(guest: Actor) -> AskForCare:
    return AskForCare(guest.person_id, guest.person_id, "chatting", 60, NOW + timedelta(days=1))


def test_a_station_serves_a_member_of_another_one_who_is_there(world: World, guest: Actor) -> None:
    worker = world.staff["worker B"]
    refused(world, errors.NotFound, lambda: redemptions.ask(world.bank, worker, ask(guest), now=NOW))
    refused(world, errors.NotFound, lambda: passbook.of_member(world.bank, worker, guest.person_id, now=NOW))
    view = received(world, guest)
    assert (view.name, view.balance_minutes, view.ends_at) == ("张桂芳", 180, NOW + timedelta(hours=2))
    assert [one.person_id for one in members.guests(world.bank, worker, now=NOW)] == [guest.person_id]
    assert TEXTS["guest_served"] in {one.text for one in messages.inbox(world.bank, guest)}
    asked = redemptions.ask(world.bank, worker, ask(guest), now=NOW)
    assert asked.station_id == world.stations["B"]
    assert passbook.of_member(world.bank, worker, guest.person_id, now=NOW).total_minutes == 120
    delivered = redemptions.deliver(
        world.bank, worker, asked.id, 60, delivered_at=NOW + timedelta(days=1), now=NOW + timedelta(days=1, hours=2)
    )
    assert delivered.state == "delivered"
    need = PostNeed(guest.person_id, "chatting", 60, NOW + timedelta(days=2), "无")
    assert needs.post(world.bank, worker, need, now=NOW).station_id == world.stations["B"]
    assert audits.run_full(world.bank, now=NOW + timedelta(days=2)) == "sound"


def test_hours_that_a_guest_served_are_recorded_where_the_paper_came_in(world: World, guest: Actor) -> None:
    received(world, guest)
    elder, worker = world.member("B", name="李秀英"), world.staff["worker B"]
    slip = hours.issue_slips(world.bank, worker, world.stations["B"], 1, now=NOW)[0]
    told = LogHours(elder.person_id, "chatting", NOW - timedelta(hours=3), 60, "home")
    row = hours.enter(world.bank, worker, [(guest.person_id, slip, told)], now=NOW)[0]
    assert (row.station_id, row.state) == (world.stations["B"], "confirmed")
    outcome = hours.verify(world.bank, world.staff["street"], [row.id], now=NOW)[0]
    assert outcome.refusal is None
    assert world.balance(guest) == 240


def test_a_guest_must_show_to_be_there(world: World, guest: Actor) -> None:
    refused(world, errors.PinWrong, lambda: received(world, guest, pin="258014"))
    refused(world, errors.CardUnknown, lambda: received(world, guest, card="nothing"))
    without = world.rich(60)
    refused(world, errors.PinNotSet, lambda: received(world, without))
    secret = members.issue_card(world.bank, world.staff["worker A"], guest.person_id, now=NOW)
    assert received(world, guest, card=secret).number == world.number(guest)
    for _ in range(4):
        with pytest.raises(errors.TimebankError):
            received(world, guest, pin="258015")
    with pytest.raises(errors.TooManyAttempts):
        received(world, guest)


def test_who_receives_whom(world: World, guest: Actor) -> None:
    def receive(who: str) -> members.GuestView:
        return members.receive(world.bank, world.staff[who], guest.person_id, pin=PIN, now=NOW)

    refused(world, errors.GuestNotNeeded, lambda: receive("worker A"))
    for who in ("street", "county", "auditor", "admin"):
        refused(world, errors.Forbidden, lambda who=who: receive(who))
    myself = Actor(guest.book, guest.person_id, world.staff["worker B"].roles, "web")
    refused(world, errors.SecondPersonNeeded, lambda: members.receive(
        world.bank, myself, guest.person_id, pin=PIN, now=NOW))  # fmt: skip
    members.suspend(world.bank, world.staff["worker A"], guest.person_id, now=NOW)
    refused(world, errors.MemberNotActive, lambda: receive("worker B"))
    refused(world, errors.NotFound, lambda: members.guest(
        world.bank, world.staff["worker B"], guest.person_id, now=NOW))  # fmt: skip


def test_a_guest_keeps_the_own_data_closed_and_leaves(world: World, guest: Actor) -> None:
    worker = world.staff["worker B"]
    received(world, guest)
    for shut in (
        lambda: members.see(world.bank, worker, guest.person_id, now=NOW),
        lambda: members.set_pin(world.bank, worker, guest.person_id, "739146", now=NOW),
        lambda: members.issue_card(world.bank, worker, guest.person_id, now=NOW),
        lambda: members.suspend(world.bank, worker, guest.person_id, now=NOW),
        lambda: families.relatives(world.bank, worker, guest.person_id),
    ):
        refused(world, errors.NotFound, shut)
    assert members.guest(world.bank, worker, guest.person_id, now=NOW).number == world.number(guest)
    members.leave(world.bank, worker, guest.person_id, now=NOW)
    assert members.guests(world.bank, worker, now=NOW) == ()
    refused(world, errors.NotFound, lambda: redemptions.ask(world.bank, worker, ask(guest), now=NOW))


def test_the_time_of_a_guest_runs_out(world: World, guest: Actor) -> None:
    early = NOW - timedelta(hours=2, minutes=1)
    members.receive(world.bank, world.staff["worker B"], guest.person_id, pin=PIN, now=early)
    worker = world.staff["worker B"]
    refused(world, errors.NotFound, lambda: members.guest(world.bank, worker, guest.person_id, now=NOW))
    refused(world, errors.NotFound, lambda: passbook.of_member(world.bank, worker, guest.person_id, now=NOW))


def test_a_member_gives_at_the_desk_and_takes_it_back(world: World, guest: Actor) -> None:
    worker, child = world.staff["worker A"], world.member()
    families.record_kin(world.bank, worker, guest.person_id, child.person_id, "child", now=NOW)
    desk = AtDesk(guest.person_id, pin=PIN)
    assert transfers.giving(world.bank, worker, guest.person_id, now=NOW).gift_minutes == 180
    first = transfers.gift(world.bank, worker, child.person_id, 60, desk=desk, now=NOW)
    assert (first.giver_id, first.asked_by) == (guest.person_id, worker.person_id)
    assert world.balance(guest) == 120
    assert TEXTS["given_at_desk"] in {one.text for one in messages.inbox(world.bank, guest)}
    assert transfers.undo(world.bank, worker, first.id, now=NOW).state == "undone"
    second = transfers.gift(world.bank, worker, child.person_id, 60, desk=desk, now=NOW)
    assert transfers.undo(world.bank, guest, second.id, now=NOW).state == "undone"
    transfers.gift(world.bank, worker, child.person_id, 60, desk=desk, now=NOW)
    transfers.donate(world.bank, worker, 30, desk=desk, now=NOW)
    transfers.carry_out_due(world.bank, now=LATER)
    assert (world.balance(guest), world.balance(child, "received")) == (90, 60)
    assert transfers.pool_minutes(world.bank) == 30
    assert len(transfers.of_member(world.bank, worker, guest.person_id, now=LATER)) == 4
    assert audits.run_full(world.bank, now=LATER) == "sound"


def test_nobody_gives_in_the_place_of_a_member(world: World, guest: Actor) -> None:
    worker, child = world.staff["worker A"], world.member()
    families.record_kin(world.bank, worker, guest.person_id, child.person_id, "child", now=NOW)

    def give(who: Actor, desk: AtDesk, to: str = child.person_id) -> object:
        return transfers.gift(world.bank, who, to, 60, desk=desk, now=NOW)

    refused(world, errors.PinWrong, lambda: give(worker, AtDesk(guest.person_id, pin="000000")))
    refused(world, errors.PinNotSet, lambda: give(worker, AtDesk(child.person_id, pin=PIN)))
    refused(world, errors.SecondPersonNeeded, lambda: give(worker, AtDesk(guest.person_id, pin=PIN), worker.person_id))
    refused(world, errors.NotFound, lambda: give(world.staff["worker B"], AtDesk(guest.person_id, pin=PIN)))
    refused(world, errors.Forbidden, lambda: give(world.staff["street"], AtDesk(guest.person_id, pin=PIN)))
    other = world.member().person_id
    refused(world, errors.GiftOnlyToKin, lambda: give(worker, AtDesk(guest.person_id, pin=PIN), other))
    view = transfers.gift(world.bank, guest, child.person_id, 60, now=NOW)
    for who, error in (("worker B", errors.NotFound), ("street", errors.NotFound)):
        refused(world, error, lambda who=who: transfers.undo(world.bank, world.staff[who], view.id, now=NOW))
    refused(world, errors.NotFound, lambda: transfers.undo(world.bank, child, view.id, now=NOW))
