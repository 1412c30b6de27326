"""A volunteer's week: a visit, two slips, a day that was told wrong, credit for what was right, and a gift."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.services import families, hours, passbook, transfers


def test_a_volunteers_week(county: World, the_book_is_sound: Callable[[], None]) -> None:
    bank, worker, second = county.bank, county.staff["worker A"], county.staff["second A"]
    wei = county.member(name="陈建国")
    granny_li, granny_wang = county.member(name="李秀英", pin=PIN), county.member(name="王桂兰")

    # On Monday Wei visits Granny Li. She types her PIN when Wei comes and when Wei goes.
    monday = NOW - timedelta(days=6)
    visit = hours.check_in(bank, wei, granny_li.person_id, "chatting", pin=PIN, now=monday)
    by_visit = hours.check_out(bank, wei, visit.id, pin=PIN, now=monday + timedelta(minutes=90))
    assert (by_visit.state, by_visit.minutes) == ("confirmed", 90)

    # On Wednesday the network is down; Wei and Granny Wang sign a paper slip, which the desk types in.
    slip = hours.issue_slips(bank, worker, county.stations["A"], 1, now=NOW - timedelta(days=5))[0]
    told = county.told(granny_wang, ago=timedelta(days=4), minutes=60)
    by_slip = hours.enter(bank, worker, [(wei.person_id, slip, told)], now=NOW - timedelta(days=3))[0]
    assert (by_slip.state, by_slip.source) == ("confirmed", "slip")

    # On Friday Wei tells two hours; Granny Wang says that it was one. Wei takes it back and tells it right.
    wrong = hours.log(bank, wei, county.told(granny_wang, ago=timedelta(days=2), minutes=120), now=NOW)
    disputed = hours.step(bank, granny_wang, wrong.id, "dispute", "shorter", "", now=NOW)
    assert disputed.state == "disputed"
    hours.step(bank, wei, wrong.id, "withdraw", "mistake", "", now=NOW)
    right = hours.log(bank, wei, county.told(granny_wang, ago=timedelta(days=2), minutes=60), now=NOW)
    hours.confirm(bank, granny_wang, right.id, "", now=NOW)

    # On Saturday the station verifies. Who typed the slip in can't verify it; the colleague can.
    assert county.balance(wei) == 0
    ids = [by_visit.id, by_slip.id, right.id]
    first = {one.record_id: one.refusal for one in hours.verify(bank, worker, ids, now=NOW)}
    assert isinstance(first.pop(by_slip.id), errors.OwnRecord)
    assert set(first.values()) == {None}
    assert hours.verify(bank, second, [by_slip.id], now=NOW)[0].refusal is None
    assert county.balance(wei) == 90 + 60 + 60

    # On Sunday Wei gives an hour to a sister, thinks again, and gives half of it.
    sister = county.member(name="陈小红")
    families.record_kin(bank, worker, wei.person_id, sister.person_id, "sibling", now=NOW)
    gift = transfers.gift(bank, wei, sister.person_id, 60, now=NOW)
    transfers.undo(bank, wei, gift.id, now=NOW + timedelta(minutes=2))
    transfers.gift(bank, wei, sister.person_id, 30, now=NOW)
    with pytest.raises(errors.BalanceTooLow):
        transfers.gift(bank, wei, sister.person_id, 181, now=NOW)
    assert transfers.carry_out_due(bank, now=NOW + timedelta(minutes=11)) == 1

    # The passbook says all of it, and adds up.
    book = passbook.own(bank, wei, now=NOW)
    assert (book.total_minutes, book.served_minutes) == (180, 210)
    assert sum(line.minutes for line in book.lines) == 180
    assert county.balance(sister, "received") == 30
    the_book_is_sound()
