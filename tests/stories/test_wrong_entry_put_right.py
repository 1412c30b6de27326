"""A wrong entry is put right: nothing is deleted, a second person decides, and the right hours are told anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger import Kind
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import hours, redemptions, reversals
from timebank.services.redemptions import AskForCare


def test_a_wrong_entry_is_put_right(county: World, the_book_is_sound: Callable[[], None]) -> None:
    bank, second, street = county.bank, county.staff["second A"], county.staff["street"]
    volunteer, elder = county.member(name="陈建国"), county.member(name="李秀英")

    # Three hours were verified; it was one.
    wrong = county.verified(volunteer, elder, ago=timedelta(days=1, hours=3), minutes=120)
    assert (wrong.entry_seq is not None, county.balance(volunteer)) == (True, 120)
    seq = wrong.entry_seq or 0

    # Part of it is set aside already, so it can't be undone before that is given back.
    wish = AskForCare(volunteer.person_id, volunteer.person_id, "cleaning", 60, NOW + timedelta(days=2))
    held = redemptions.ask(bank, volunteer, wish, now=NOW)
    asked = reversals.ask(bank, second, seq, "wrong_time", "", now=NOW)
    with pytest.raises(errors.ReversalBreaksBalance):
        reversals.decide(bank, street, asked.id, approve=True, now=NOW)
    assert county.balance(volunteer) == 60
    redemptions.step(bank, volunteer, held.id, "cancel", "mistake", now=NOW)

    # Who asked does not decide; the street centre does. The wrong entry stays, a new one undoes it.
    size = county.size()
    with pytest.raises(errors.Forbidden):
        reversals.decide(bank, second, asked.id, approve=True, now=NOW)
    done = reversals.decide(bank, street, asked.id, approve=True, now=NOW)
    assert (done.state, done.entry_seq, county.size()) == ("approved", size, size + 1)
    with bank.read() as unit:
        before, after = unit.book.entry(seq), unit.book.entry(size)
    assert (before.kind, after.kind, after.of) == (Kind.EARN, Kind.REVERSE, seq)
    assert sorted(after.postings) == sorted((account, -minutes) for account, minutes in before.postings)
    assert county.balance(volunteer) == 0
    assert hours.see(bank, volunteer, wrong.id).state == "rejected"

    # The right hour is told, confirmed and verified as any other, at the same time of the day.
    right = county.verified(volunteer, elder, ago=timedelta(days=1, hours=3), minutes=60)
    assert (right.state, county.balance(volunteer)) == ("verified", 60)
    the_book_is_sound()
