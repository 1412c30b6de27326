"""Gifts, donations, grants and reversals."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import families, hours, reversals, transfers

LATER = NOW + timedelta(minutes=11)


def test_a_gift_waits_can_be_undone_and_arrives(world: World) -> None:
    giver, receiver = world.rich(240), world.member()
    families.record_kin(world.bank, world.staff["worker A"], giver.person_id, receiver.person_id, "sibling", now=NOW)
    first = transfers.gift(world.bank, giver, receiver.person_id, 60, now=NOW)
    assert world.balance(giver) == 180
    assert transfers.carry_out_due(world.bank, now=NOW + timedelta(minutes=9)) == 0
    assert transfers.undo(world.bank, giver, first.id, now=NOW).state == "undone"
    assert world.balance(giver) == 240
    transfers.gift(world.bank, giver, receiver.person_id, 60, now=NOW)
    assert transfers.carry_out_due(world.bank, now=LATER) == 1
    assert (world.balance(giver), world.balance(receiver, "received")) == (180, 60)
    with pytest.raises(errors.TransferStateConflict):
        transfers.undo(world.bank, giver, transfers.mine(world.bank, giver, now=LATER)[0].id, now=LATER)


def test_refused_gifts_move_nothing(world: World) -> None:
    giver, stranger = world.rich(120), world.member()
    size = world.size()
    with pytest.raises(errors.GiftOnlyToKin):
        transfers.gift(world.bank, giver, stranger.person_id, 60, now=NOW)
    with pytest.raises(errors.GiftToSelf):
        transfers.gift(world.bank, giver, giver.person_id, 60, now=NOW)
    families.record_kin(world.bank, world.staff["worker A"], giver.person_id, stranger.person_id, "spouse", now=NOW)
    with pytest.raises(errors.BalanceTooLow):
        transfers.gift(world.bank, giver, stranger.person_id, 121, now=NOW)
    with pytest.raises(errors.MinutesInvalid):
        transfers.gift(world.bank, giver, stranger.person_id, 0, now=NOW)
    with pytest.raises(errors.NotFound):
        transfers.undo(world.bank, stranger, "0" * 32, now=NOW)
    assert (world.size(), world.balance(giver)) == (size, 120)


def test_donated_hours_are_granted_by_two_people(world: World) -> None:
    giver, worker, street = world.rich(120), world.staff["worker A"], world.staff["street"]
    transfers.donate(world.bank, giver, 60, now=NOW)
    transfers.carry_out_due(world.bank, now=LATER)
    assert transfers.pool_minutes(world.bank) == 60
    elder = world.member(born=date(1940, 1, 1), tags=("living_alone",))
    view = transfers.ask_grant(world.bank, worker, elder.person_id, 90, "eligible", now=NOW)
    with pytest.raises(errors.Forbidden):
        transfers.decide_grant(world.bank, worker, view.id, approve=True, now=NOW)
    assert transfers.decide_grant(world.bank, street, view.id, approve=True, now=NOW).state == "done"
    assert world.balance(elder, "granted") == 90
    assert transfers.pool_minutes(world.bank) == 0
    with pytest.raises(errors.TransferStateConflict):
        transfers.decide_grant(world.bank, street, view.id, approve=True, now=NOW)


def test_who_asked_for_a_grant_never_approves_it(world: World) -> None:
    street = world.staff["street"]
    elder = world.member(born=date(1940, 1, 1), tags=("living_alone",))
    view = transfers.ask_grant(world.bank, street, elder.person_id, 60, "eligible", now=NOW)
    with pytest.raises(errors.SecondPersonNeeded):
        transfers.decide_grant(world.bank, street, view.id, approve=True, now=NOW)


def test_grants_are_for_those_whom_the_policy_names(world: World) -> None:
    with pytest.raises(errors.GrantConsentMissing):
        transfers.ask_grant(world.bank, world.staff["worker A"], world.member().person_id, 60, "eligible", now=NOW)
    young = world.member(tags=("living_alone",))
    with pytest.raises(errors.GrantNotEligible):
        transfers.ask_grant(world.bank, world.staff["worker A"], young.person_id, 60, "eligible", now=NOW)
    with pytest.raises(errors.NotFound):
        transfers.ask_grant(world.bank, world.staff["worker B"], young.person_id, 60, "eligible", now=NOW)


def test_a_wrong_entry_is_put_right_by_a_second_person(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    record = world.verified(volunteer, elder, minutes=60)
    asked = reversals.ask(world.bank, world.staff["second A"], record.entry_seq or 0, "wrong_time", "", now=NOW)
    with pytest.raises(errors.ReversalAlreadyAsked):
        reversals.ask(world.bank, world.staff["second A"], record.entry_seq or 0, "wrong_time", "", now=NOW)
    with pytest.raises(errors.Forbidden):
        reversals.decide(world.bank, world.staff["second A"], asked.id, approve=True, now=NOW)
    done = reversals.decide(world.bank, world.staff["street"], asked.id, approve=True, now=NOW)
    assert done.state == "approved"
    assert world.balance(volunteer) == 0
    assert hours.see(world.bank, volunteer, record.id).state == "rejected"
    with pytest.raises(errors.EntryAlreadyReversed):
        reversals.ask(world.bank, world.staff["second A"], record.entry_seq or 0, "wrong_time", "", now=NOW)


def test_a_correction_never_breaks_a_balance(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    record = world.verified(volunteer, elder, minutes=60)
    transfers.donate(world.bank, volunteer, 30, now=NOW)
    asked = reversals.ask(world.bank, world.staff["second A"], record.entry_seq or 0, "fraud", "", now=NOW)
    with pytest.raises(errors.ReversalBreaksBalance):
        reversals.decide(world.bank, world.staff["street"], asked.id, approve=True, now=NOW)
    assert world.balance(volunteer) == 30
    refused = reversals.decide(world.bank, world.staff["street"], asked.id, approve=False, reason="hours_used", now=NOW)
    assert refused.state == "refused"


def test_only_what_moved_credit_for_people_is_reversible(world: World) -> None:
    worker = world.staff["worker A"]
    with pytest.raises(errors.NotFound):
        reversals.ask(world.bank, worker, 0, "system", "", now=NOW)
    with pytest.raises(errors.NotFound):
        reversals.ask(world.bank, worker, 10**9, "system", "", now=NOW)
    with pytest.raises(errors.ReasonUnknown):
        reversals.ask(world.bank, worker, 0, "because", "", now=NOW)
