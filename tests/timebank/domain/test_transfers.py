"""Gifts, donations, grants and reversals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from timebank.domain import errors, reversals, transfers
from timebank.domain import policies as pol
from timebank.domain.kin import Relation
from timebank.domain.policies import Facts, Origin
from timebank.domain.reversals import ReversalState
from timebank.domain.states import Party
from timebank.domain.transfers import GrantWish, Side, TransferState

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DEMO = pol.preset("demo")
ALICE, BOB = Side("alice", True, False), Side("bob", True, False)
PURSES = {Origin.EARNED: 120, Origin.GRANTED: 600}
NEEDY = Facts(date(1940, 1, 1), frozenset({"living_alone"}))
GRANT = GrantWish(BOB, NEEDY, True, 60, 0, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("giver", "receiver", "relation", "minutes", "refused"),
    [
        (ALICE, BOB, Relation.CHILD, 120, []),
        (ALICE, BOB, Relation.CHILD, 121, ["balance_too_low"]),
        (ALICE, BOB, None, 60, ["gift_only_to_kin"]),
        (ALICE, ALICE, Relation.SELF, 60, ["gift_to_self"]),
        (ALICE, replace(BOB, closed=True), Relation.CHILD, 60, ["member_closed"]),
        (replace(ALICE, active=False), BOB, Relation.CHILD, 60, ["member_not_active"]),
    ],
)
def test_gifts(giver: Side, receiver: Side, relation: Relation | None, minutes: int, refused: list[str]) -> None:
    found = transfers.refuse_gift(DEMO, giver, receiver, relation, PURSES, minutes, 0)
    assert [error.code for error in found] == refused


def test_granted_hours_can_t_be_given_away() -> None:
    found = transfers.refuse_gift(DEMO, ALICE, BOB, Relation.CHILD, {Origin.GRANTED: 600}, 60, 0)
    assert [error.params for error in found] == [{"usable_minutes": 0, "wanted_minutes": 60}]


def test_amounts_are_checked_first() -> None:
    norcal = pol.preset("norcal")
    with pytest.raises(errors.MinutesInvalid):
        transfers.refuse_gift(norcal, ALICE, BOB, None, PURSES, 50, 0)
    with pytest.raises(errors.MinutesInvalid):
        transfers.refuse_donation(norcal, ALICE, PURSES, 0)
    with pytest.raises(errors.MinutesInvalid):
        transfers.refuse_grant(norcal, replace(GRANT, minutes=-15), 0)


def test_donations() -> None:
    assert transfers.refuse_donation(DEMO, ALICE, {Origin.GROUP: 60}, 60) == ()
    found = transfers.refuse_donation(pol.preset("kiss"), ALICE, PURSES, 60)
    assert [error.code for error in found] == ["donations_off", "balance_too_low"]


@pytest.mark.parametrize(
    ("code", "wish", "pool", "refused"),
    [
        ("demo", GRANT, 0, []),
        ("demo", replace(GRANT, consented=False), 0, ["grant_consent_missing"]),
        ("demo", replace(GRANT, facts=Facts(date(1940, 1, 1))), 0, ["grant_not_eligible"]),
        ("demo", replace(GRANT, receiver=replace(BOB, closed=True)), 0, ["member_closed"]),
        ("gulou", replace(GRANT, facts=Facts(None, frozenset({"bereaved"}))), 59, ["pool_too_low"]),
        ("gulou", replace(GRANT, facts=Facts(None, frozenset({"bereaved"}))), 60, []),
    ],
)
def test_grants(code: str, wish: GrantWish, pool: int, refused: list[str]) -> None:
    found = transfers.refuse_grant(pol.preset(code), wish, pool)
    assert [error.code for error in found] == refused


def test_a_grant_takes_a_second_person() -> None:
    transfers.check_approver("county", "worker", "elder")
    for approver in ("worker", "elder"):
        with pytest.raises(errors.SecondPersonNeeded):
            transfers.check_approver(approver, "worker", "elder")


@pytest.mark.parametrize(
    ("state", "verb", "party", "after"),
    [
        ("pending", "undo", Party.OWNER, "undone"),
        ("pending", "carry_out", Party.SYSTEM, "done"),
        ("pending", "refuse", Party.SECOND, "refused"),
        ("done", "reverse", Party.SYSTEM, "undone"),
    ],
)
def test_steps_of_a_transfer(state: str, verb: str, party: Party, after: str) -> None:
    assert transfers.after(TransferState(state), verb, frozenset({party})) == after


def test_a_gift_can_be_taken_back_for_a_while() -> None:
    assert transfers.due_at(DEMO, NOW) == NOW + timedelta(minutes=10)
    with pytest.raises(errors.TransferStateConflict):
        transfers.after(TransferState.DONE, "undo", frozenset({Party.OWNER}))
    with pytest.raises(errors.ReasonMissing):
        transfers.check_reason("refuse", None)


@pytest.mark.parametrize(
    ("state", "verb", "party", "after"),
    [
        (None, "ask", Party.DESK, "asked"),
        ("asked", "approve", Party.SECOND, "approved"),
        ("asked", "refuse", Party.SECOND, "refused"),
        ("asked", "withdraw", Party.ENTERER, "withdrawn"),
    ],
)
def test_steps_of_a_reversal(state: str | None, verb: str, party: Party, after: str) -> None:
    before = None if state is None else ReversalState(state)
    assert reversals.after(before, verb, frozenset({party})) == after


def test_a_correction_takes_a_reason_and_a_second_person() -> None:
    reversals.check_reason("ask", "entered_twice")
    with pytest.raises(errors.ReasonUnknown):
        reversals.check_reason("ask", "mood")
    reversals.check_second_person("county", "worker", ["volunteer", "elder", None])
    for decider in ("worker", "volunteer"):
        with pytest.raises(errors.SecondPersonNeeded):
            reversals.check_second_person(decider, "worker", ["volunteer", "elder"])
    with pytest.raises(errors.ReversalStateConflict):
        reversals.after(ReversalState.REFUSED, "approve", frozenset({Party.SECOND}))


@pytest.mark.parametrize("kind", ["reverse", "open", "hold", "release", "policy", "genesis", "audit"])
def test_what_is_never_reversed(kind: str) -> None:
    with pytest.raises(errors.EntryNotReversible):
        reversals.check_reversible(kind, reversed_already=False)
    assert reversals.undone_step(kind) is None


@pytest.mark.parametrize("kind", sorted(reversals.REVERSIBLE))
def test_an_entry_is_reversed_once(kind: str) -> None:
    reversals.check_reversible(kind, reversed_already=False)
    with pytest.raises(errors.EntryAlreadyReversed):
        reversals.check_reversible(kind, reversed_already=True)
    assert (reversals.undone_step(kind) is None) == (kind == "expire")
