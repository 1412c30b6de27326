"""Credit between two books: two installations with a server each, over real HTTP; each side believes only proofs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import Kind
from tests.timebank.services.counties import LATER, LIMIT, County
from tests.timebank.world import NOW
from timebank.domain import errors
from timebank.domain.interchange import Account, Line, compare, read_statement, statement_text
from timebank.domain.roles import Actor
from timebank.services import audits, interchange, members, publishing, transfers
from timebank.storage.keys import sign_text


def sent(here: County, there: County, giver: Actor, number: str, minutes: int = 90) -> str:
    """A transfer whose undo time is over, and which a published checkpoint covers. Gives its id."""
    view = transfers.cross(here.bank, giver, here.partner_id(there), number, minutes, now=NOW)
    transfers.carry_out_due(here.bank, now=LATER)
    publishing.publish(here.bank, now=LATER)
    return view.id


def state(county: County, transfer_id: str) -> str:
    with county.bank.read() as unit:
        row = unit.clearings.get(transfer_id)
        return "" if row is None else row.state


def sound(*counties: County) -> None:
    for one in counties:
        assert audits.run_full(one.bank, now=LATER) == "sound"


def test_hours_go_to_another_book_and_both_prove_it(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(120), there.world.member()
    transfer_id = sent(here, there, giver, there.world.number(taker))
    assert (here.world.balance(giver), here.account(there)) == (30, 90)
    assert interchange.send_due(here.bank, now=LATER) == 0
    assert (state(here, transfer_id), state(there, transfer_id)) == ("sent", "accepted")
    assert there.world.balance(taker, "imported") == 90
    publishing.publish(there.bank, now=LATER)
    assert interchange.send_due(here.bank, now=LATER + timedelta(minutes=1)) == 1
    assert state(here, transfer_id) == "arrived"
    assert (here.account(there), there.account(here)) == (90, -90)
    with there.bank.read() as unit:
        row = unit.clearings.get(transfer_id)
        assert row is not None
        entry = unit.book.entry(row.entry_seq or 0)
    assert entry.kind is Kind.CLEAR
    assert dict(entry.data or {})["book"] == "timebank.example/here"
    sound(here, there)


def test_what_is_refused_there_comes_back_with_a_signed_refusal(two: tuple[County, County]) -> None:
    here, there = two
    giver = here.world.rich(120)
    gone = there.world.member()
    members.suspend(there.bank, there.staff["worker A"], gone.person_id, now=NOW)
    for number, reason in (("000009993", "member_unknown"), (there.world.number(gone), "member_not_active")):
        transfer_id = sent(here, there, giver, number)
        assert interchange.send_due(here.bank, now=LATER) == 1
        with here.bank.read() as unit:
            row = unit.clearings.get(transfer_id)
            assert row is not None
            assert (row.state, row.reason) == ("returned", reason)
        assert (here.world.balance(giver), here.account(there), there.account(here)) == (120, 0, 0)
        assert interchange.send_due(here.bank, now=LATER + timedelta(days=1)) == 0
    sound(here, there)


def test_neither_side_owes_more_than_was_agreed(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(900), there.world.member()
    number = there.world.number(taker)
    for minutes, error in ((LIMIT + 15, errors.ClearingLimitReached), (1000, errors.BalanceTooLow)):
        with pytest.raises(error):
            transfers.cross(here.bank, giver, here.partner_id(there), number, minutes, now=NOW)
    first = transfers.cross(here.bank, giver, here.partner_id(there), number, LIMIT, now=NOW)
    with pytest.raises(errors.ClearingLimitReached):
        transfers.cross(here.bank, giver, here.partner_id(there), number, 15, now=NOW)
    transfers.undo(here.bank, giver, first.id, now=NOW)
    assert (state(here, first.id), here.world.balance(giver)) == ("undone", 900)
    with there.bank.unit() as unit:
        row = unit.clearings.partner(there.partner_id(here))
        assert row is not None
        row.limit_minutes = 60
    transfer_id = sent(here, there, giver, number, 90)
    assert interchange.send_due(here.bank, now=LATER) == 1
    assert state(here, transfer_id) == "returned"
    assert there.world.balance(taker, "imported") == 0
    sound(here, there)


def message(here: County, transfer_id: str) -> dict[str, Any]:
    from timebank.services.interchange import sending

    told = sending._message(here.bank, transfer_id)
    assert told is not None
    found: dict[str, Any] = json.loads(told[1])
    return found


def test_the_other_side_believes_nothing_but_the_proof(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(300), there.world.member()
    other = there.world.member()
    number = there.world.number(taker)
    good = message(here, sent(here, there, giver, number))
    second = message(here, sent(here, there, giver, number, 60))
    changed = good["document"] | {"member": there.world.number(other)}
    size = there.world.size()
    for wrong, error in (
        (good | {"document": changed}, errors.InterchangeProofInvalid),
        (good | {"document": good["document"] | {"minutes": 9000}}, errors.InterchangeProofInvalid),
        (good | {"salt": "00" * 32}, errors.InterchangeProofInvalid),
        (good | {"receipt": second["receipt"]}, errors.InterchangeProofInvalid),
        (good | {"receipt": good["receipt"].replace("\n— ", "\n— x")}, errors.TimebankError),
        (good | {"from": "timebank.example/elsewhere"}, errors.InterchangeMessageInvalid),
        ({}, errors.InterchangeMessageInvalid),
    ):
        with pytest.raises(error):
            interchange.receive(there.bank, json.dumps(wrong).encode(), now=LATER)
    with pytest.raises(errors.InterchangeMessageInvalid):
        interchange.receive(there.bank, b"[", now=LATER)
    assert there.world.size() == size
    first = interchange.receive(there.bank, json.dumps(good).encode(), now=LATER)
    size = there.world.size()
    again = interchange.receive(there.bank, json.dumps(good).encode(), now=LATER)
    assert (first, there.world.size()) == (again, size)
    assert there.world.balance(taker, "imported") == 90


def test_an_agreement_takes_two_people_of_a_county(two: tuple[County, County], tmp_path: Path) -> None:
    here, there = two
    third = County(tmp_path / "third", "timebank.example/third")
    county, second = here.staff["county"], here.staff["second county"]
    giver, number = here.world.member(), there.world.number(there.world.member())
    before = here.world.size()

    def refuses(error: type[errors.TimebankError], deed: Callable[[], object]) -> None:
        with pytest.raises(error):
            deed()
        assert here.world.size() == before

    def propose(card: str, minutes: int = 60, who: Actor = county) -> interchange.PartnerView:
        return interchange.propose(here.bank, who, card, minutes, now=NOW)

    refuses(errors.PartnerInvalid, lambda: propose("{}"))
    refuses(errors.PartnerInvalid, lambda: propose(third.card().replace("+", "")))
    refuses(errors.PartnerInvalid, lambda: propose(here.card()))
    refuses(errors.PartnerTaken, lambda: propose(there.card()))
    refuses(errors.LimitInvalid, lambda: propose(third.card(), 0))
    refuses(errors.Forbidden, lambda: propose(third.card(), who=here.staff["worker A"]))
    view = propose(third.card())
    refuses(errors.SecondPersonNeeded, lambda: interchange.agree(here.bank, county, view.id, now=NOW))
    refuses(errors.PartnerStateConflict, lambda: interchange.suspend(here.bank, county, view.id, now=NOW))
    refuses(errors.PartnerUnknown, lambda: transfers.cross(
        here.bank, giver, view.id, number, 60, now=NOW))  # fmt: skip
    assert interchange.agree(here.bank, second, view.id, now=NOW).state == "agreed"
    assert interchange.suspend(here.bank, second, view.id, now=NOW).state == "suspended"
    with pytest.raises(errors.SecondPersonNeeded):
        interchange.agree(here.bank, second, view.id, now=NOW)
    third.close()


def test_both_books_compare_their_accounts_each_day(two: tuple[County, County]) -> None:
    here, there = two
    giver, taker = here.world.rich(120), there.world.member()
    transfer_id = sent(here, there, giver, there.world.number(taker))
    assert interchange.reconcile_due(here.bank, now=LATER) == 1
    seen = interchange.statements(here.bank, here.staff["county"], here.partner_id(there))[0]
    assert (seen.balance_minutes, seen.their_balance_minutes, seen.under_way_minutes, seen.findings) == (90, 0, 90, ())
    interchange.send_due(here.bank, now=LATER)
    assert interchange.reconcile_due(there.bank, now=LATER + timedelta(minutes=5)) == 1
    for one, other, balance in ((here, there, 90), (there, here, -90)):
        seen = interchange.statements(one.bank, one.staff["auditor"], one.partner_id(other))[0]
        assert (seen.balance_minutes, seen.their_balance_minutes, seen.findings) == (balance, -balance, ())
    with here.bank.unit() as unit:
        row = unit.clearings.get(transfer_id)
        assert row is not None
        row.state = "returned"
    interchange.reconcile_due(here.bank, now=LATER + timedelta(minutes=9))
    seen = interchange.statements(here.bank, here.staff["county"], here.partner_id(there))[0]
    assert [one.code for one in seen.findings] == ["doubled"]
    month = interchange.netting(there.bank, there.staff["county"], there.partner_id(here))[0]
    assert (month.out_minutes, month.in_minutes) == (0, 90)


def test_an_old_a_foreign_and_a_changed_statement_are_refused(two: tuple[County, County]) -> None:
    here, there = two
    account = Account(there.bank.settings.book, here.bank.settings.book, LATER, 0, ())
    third = replace(account, partner="timebank.example/third")
    good = sign_text(there.bank, statement_text(account), LATER)
    for body, now in (
        (good, LATER + timedelta(hours=2)),
        (good.replace("\n0\n", "\n9\n"), LATER),
        (sign_text(here.bank, statement_text(account), LATER), LATER),
        (sign_text(there.bank, statement_text(third), LATER), LATER),
    ):
        with pytest.raises(errors.InterchangeProofInvalid):
            interchange.exchange(here.bank, body.encode(), now=now)
    stranger = replace(account, origin="timebank.example/third")
    with pytest.raises(errors.PartnerUnknown):
        interchange.exchange(here.bank, sign_text(there.bank, statement_text(stranger), LATER).encode(), now=LATER)
    assert interchange.statements(here.bank, here.staff["county"], here.partner_id(there)) == ()
    assert interchange.exchange(here.bank, good.encode(), now=LATER)


def line(direction: str, transfer_id: str, state: str, minutes: int = 60, days: int = 0) -> Line:
    return Line(direction, transfer_id, minutes, state, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("mine", "others", "balances", "way", "codes"),
    [
        ([line("out", "a", "arrived")], [line("in", "a", "accepted")], (60, -60), 0, []),
        ([line("out", "a", "sent")], [], (60, 0), 60, []),
        ([line("out", "a", "sent", days=2)], [], (60, 0), 60, ["lost"]),
        ([line("out", "a", "returned")], [line("in", "a", "refused")], (0, 0), 0, []),
        ([line("out", "a", "returned")], [line("in", "a", "accepted")], (0, -60), 0, ["balance_differs", "doubled"]),
        ([line("out", "b", "sent", days=3)], [line("in", "a", "accepted")], (60, -60), 60,
         ["balance_differs", "forged", "lost"]),
        ([line("out", "a", "arrived", 90)], [line("in", "a", "accepted")], (90, -60), 0,
         ["balance_differs", "minutes_differ"]),
    ],
)  # fmt: skip
def test_what_two_statements_must_agree_on(
    mine: list[Line], others: list[Line], balances: tuple[int, int], way: int, codes: list[str]
) -> None:
    ours = Account("here", "there", NOW, balances[0], tuple(mine))
    theirs = Account("there", "here", NOW, balances[1], tuple(others))
    found = compare(ours, theirs)
    assert (found[0], [one.code for one in found[1]]) == (way, codes)
    mirrored = compare(theirs, ours)
    assert (mirrored[0], [one.code for one in mirrored[1]]) == (way, codes)
    assert read_statement(statement_text(ours)) == replace(ours, lines=tuple(sorted(ours.lines, key=str)))
    with pytest.raises(errors.InterchangeMessageInvalid):
        read_statement(statement_text(ours) + "x")
