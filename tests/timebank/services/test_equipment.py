"""Lending: stock and loans, never an hour, never more than there are, also when many ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import equipment, members, messages, network

TODAY = date(2026, 9, 15)


def item(world: World, total: int = 2) -> equipment.ItemStock:
    worker = world.staff["worker A"]
    return equipment.add_item(world.bank, worker, world.stations["A"], "轮椅", "wheelchair", total, 30, now=NOW)


def free(world: World) -> list[tuple[int, int]]:
    return [(one.free, one.total) for one in equipment.stock(world.bank, world.staff["worker A"])]


def test_lend_and_take_back_touch_no_ledger(world: World) -> None:
    worker, member, size = world.staff["worker A"], world.member(), world.size()
    loan = equipment.lend(world.bank, worker, item(world).id, member.person_id, None, now=NOW)
    assert (loan.due_on, loan.overdue) == (TODAY + timedelta(days=30), False)
    assert free(world) == [(1, 2)]
    assert [one.id for one in equipment.mine(world.bank, member, now=NOW)] == [loan.id]
    back = equipment.take_back(world.bank, worker, loan.id, "worn", now=NOW + timedelta(days=2))
    assert (back.state, back.condition) == ("returned", "worn")
    assert free(world) == [(2, 2)]
    with pytest.raises(errors.LoanReturned):
        equipment.take_back(world.bank, worker, loan.id, "good", now=NOW)
    assert free(world) == [(2, 2)]
    assert world.size() == size
    assert world.balance(member) == 0


def test_what_is_lost_leaves_the_stock_and_the_stock_never_falls_below_what_is_lent(world: World) -> None:
    worker, one = world.staff["worker A"], item(world)
    loan = equipment.lend(world.bank, worker, one.id, world.member().person_id, None, now=NOW)
    with pytest.raises(errors.EquipmentStillLent):
        equipment.set_stock(world.bank, worker, one.id, 0, 30)
    with pytest.raises(errors.Invalid):
        equipment.set_stock(world.bank, worker, one.id, 1000, 30)
    with pytest.raises(errors.Invalid):
        equipment.take_back(world.bank, worker, loan.id, "gone", now=NOW)
    assert free(world) == [(1, 2)]
    equipment.take_back(world.bank, worker, loan.id, "lost", now=NOW)
    assert free(world) == [(1, 1)]


def test_refusals_change_nothing(world: World) -> None:
    worker, one, member = world.staff["worker A"], item(world, 1), world.member()
    for who, error in ((world.staff["worker B"], errors.NotFound), (world.staff["street"], errors.Forbidden)):
        with pytest.raises(error):
            equipment.lend(world.bank, who, one.id, member.person_id, None, now=NOW)
        with pytest.raises(error):
            equipment.set_stock(world.bank, who, one.id, 5, 5)
    with pytest.raises(errors.NotFound):
        equipment.lend(world.bank, worker, "0" * 32, member.person_id, None, now=NOW)
    with pytest.raises(errors.NotFound):
        equipment.lend(world.bank, worker, one.id, "0" * 32, None, now=NOW)
    with pytest.raises(errors.Invalid):
        equipment.lend(world.bank, worker, one.id, member.person_id, TODAY - timedelta(days=1), now=NOW)
    with pytest.raises(errors.Invalid):
        equipment.add_item(world.bank, worker, world.stations["A"], "", "x", 1, 1, now=NOW)
    assert free(world) == [(1, 1)]
    equipment.lend(world.bank, worker, one.id, member.person_id, None, now=NOW)
    with pytest.raises(errors.EquipmentNoneLeft):
        equipment.lend(world.bank, worker, one.id, world.member().person_id, None, now=NOW)
    assert free(world) == [(0, 1)]
    with pytest.raises(errors.OpenMattersLeft):
        members.close(world.bank, worker, member.person_id, now=NOW)


def test_who_is_late_is_told_once_a_week(world: World) -> None:
    member = world.member()
    equipment.lend(world.bank, world.staff["worker A"], item(world).id, member.person_id, TODAY, now=NOW)
    assert equipment.remind_due(world.bank, now=NOW) == 0
    day = NOW + timedelta(days=1)
    assert [equipment.remind_due(world.bank, now=day + timedelta(days=n)) for n in (0, 1, 6, 7, 8)] == [1, 0, 0, 1, 0]
    kinds = [one.about for one in messages.inbox(world.bank, member)]
    assert kinds == ["loan", "loan"]
    assert equipment.mine(world.bank, member, now=day)[0].overdue


def test_a_closing_station_hands_things_and_loans_over(world: World) -> None:
    county, second = world.staff["county"], world.staff["second A"]
    loan = equipment.lend(world.bank, world.staff["worker A"], item(world).id, world.member().person_id, None, now=NOW)
    last = TODAY + timedelta(days=40)
    network.begin_closing(
        world.bank, county, world.stations["A"], successor_id=world.stations["B"], last_day=last, reason="合并", now=NOW
    )
    with world.bank.unit() as unit:
        moved = unit.hand_over_rows(world.stations["A"], world.stations["B"])
    assert (moved["equipment_item"], moved["equipment_loan"]) == (1, 1)
    there = world.staff["worker B"]
    assert equipment.take_back(world.bank, there, loan.id, "good", now=NOW).state == "returned"
    assert equipment.stock(world.bank, second) == ()


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[World]:
    """A world that commits."""
    bank = make_bank(settings_in(tmp_path))
    yield build_world(bank)
    bank.engine.dispose()


def test_the_last_one_is_lent_once_whoever_asks_at_the_same_time(busy: World) -> None:
    worker, one = busy.staff["worker A"], item(busy, 2)
    people = [busy.member() for _ in range(6)]

    def ask(number: int) -> object:
        try:
            return equipment.lend(busy.bank, worker, one.id, people[number].person_id, None, now=NOW)
        except errors.TimebankError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(ask, range(6)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, errors.TimebankError)]
    assert len(refused) == 4
    assert all(isinstance(error, errors.EquipmentNoneLeft | errors.StaleVersion | errors.Busy) for error in refused)
    assert free(busy) == [(0, 2)]
    assert len(equipment.loans(busy.bank, worker, now=NOW)) == 2
