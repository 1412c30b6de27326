"""Programmes of points: a book of their own, awards, hours that become points, goods that never run below zero."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import Kind
from ledger.notes import KeyType, generate
from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.domain.points import Rules, converted
from timebank.domain.roles import Actor
from timebank.services import audits, points, publishing, transfers
from timebank.services.points import GoodsView, NewGoods, OrderView

RULES = Rules("红分", "Red points", "redpoints", "红分", "red points", 10, 200, 7)
LATER = NOW + timedelta(hours=1)


def opened(world: World, rules: Rules = RULES) -> str:
    """The id of a programme in force."""
    view = points.propose(world.bank, world.staff["county"], rules, now=NOW)
    assert points.decide(world.bank, second_county(world), view.id, now=NOW).state == "open"
    return view.id


def awarded(world: World, programme: str, number: int = 100, member: Actor | None = None) -> Actor:
    member = member or world.member()
    points.award(world.bank, world.staff["worker A"], programme, member.person_id, number, "labour", now=NOW)
    return member


def rice(world: World, programme: str, stock: int = 3, **change: Any) -> GoodsView:
    told = {"kind": "goods", "name": "大米 5 千克", "name_en": "Rice, 5 kg", "points": 40,
            "funding": {"village": 60, "donors": 40}} | change  # fmt: skip
    new = NewGoods(station_id=world.stations["A"], stock=stock, **told)
    return points.offer(world.bank, world.staff["worker A"], programme, new, now=NOW)


def ordered(world: World, programme: str, goods: str, member: Actor, quantity: int = 1) -> OrderView:
    return points.order(world.bank, member, programme, goods, quantity, member.person_id, now=NOW)


def mine(world: World, member: Actor) -> int:
    return points.programmes(world.bank, member)[0].mine


def size(world: World) -> tuple[int, ...]:
    """How long all books are."""
    return (world.size(), *(_size(theirs) for theirs in points.banks(world.bank)))


def _size(bank: Any) -> int:
    with bank.read() as unit:
        return int(unit.book.head().size)


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    """The deed is refused so, and no book has changed."""
    before = size(world)
    with pytest.raises(error):
        deed()
    assert size(world) == before


def test_a_programme_has_a_book_with_a_unit_of_its_own(world: World) -> None:
    programme = opened(world)
    theirs = points.banks(world.bank)[0]
    assert theirs.settings.book == f"{world.bank.settings.book}-redpoints"
    with theirs.read() as unit:
        genesis = unit.book.entry(0)
    assert dict(genesis.data or {})["unit"] == "redpoints"
    member = awarded(world, programme, 100)
    assert mine(world, member) == 100
    assert audits.run_full(theirs, now=LATER) == "sound"
    assert publishing.publish(theirs, now=LATER).size == _size(theirs)
    assert world.balance(member) == 0


def test_the_witnesses_of_the_county_are_not_asked_for_a_programme(world: World, tmp_path: Path) -> None:
    """They keep the county's log; a programme has a policy of its own, or none."""
    witness = generate("witness.example/w1", KeyType.COSIGNATURE).verifier.encode()
    path = tmp_path / "witnesses.policy"
    path.write_text(f"witness w1 {witness} http://127.0.0.1:9/\nquorum w1\n", encoding="utf-8")
    bank = replace(world.bank, settings=replace(world.bank.settings, witness_policy_path=path))
    opened(replace(world, bank=bank))
    theirs = points.banks(bank)[0]
    assert publishing.publish(theirs, now=LATER).size == _size(theirs)
    assert audits.run_full(theirs, now=LATER) == "sound"


def test_two_people_of_the_county_open_a_programme(world: World) -> None:
    county, worker = world.staff["county"], world.staff["worker A"]
    for change in ({"unit": "min"}, {"unit": "红分"}, {"name": ""}, {"points_per_hour": -1}, {"most_a_month": 0}):
        wrong = replace(RULES, **change)
        refused(world, errors.ProgrammeInvalid, lambda wrong=wrong: points.propose(world.bank, county, wrong, now=NOW))
    refused(world, errors.Forbidden, lambda: points.propose(world.bank, worker, RULES, now=NOW))
    view = points.propose(world.bank, county, RULES, now=NOW)
    refused(world, errors.ProgrammeTaken, lambda: points.propose(world.bank, county, RULES, now=NOW))
    refused(world, errors.SecondPersonNeeded, lambda: points.decide(world.bank, county, view.id, now=NOW))
    refused(world, errors.ProgrammeNotOpen, lambda: points.catalogue(world.bank, worker, view.id))
    assert points.programmes(world.bank, worker) == ()
    points.decide(world.bank, second_county(world), view.id, now=NOW)
    refused(world, errors.OrderStateConflict, lambda: points.decide(world.bank, second_county(world), view.id, now=NOW))


def test_points_are_awarded_within_the_months_bound_and_never_to_oneself(world: World) -> None:
    programme, worker = opened(world), world.staff["worker A"]
    member = awarded(world, programme, 150)

    def award(who: Actor, to: Actor, number: int, reason: str = "merit") -> int:
        return points.award(world.bank, who, programme, to.person_id, number, reason, now=NOW)

    refused(world, errors.PointsInvalid, lambda: award(worker, member, 51))
    refused(world, errors.PointsInvalid, lambda: award(worker, member, 0))
    refused(world, errors.ReasonUnknown, lambda: award(worker, member, 5, "because"))
    refused(world, errors.NotFound, lambda: award(world.staff["worker B"], member, 5))
    refused(world, errors.Forbidden, lambda: award(member, member, 5))
    itself = replace(worker, person_id=member.person_id)
    refused(world, errors.AwardToSelf, lambda: award(itself, member, 5))
    award(worker, member, 50)
    assert mine(world, member) == 200


def test_hours_become_points_at_the_rate_of_the_rules(world: World) -> None:
    programme, member = opened(world), world.rich(120)
    there = transfers.crossing(world.bank, member, now=NOW).destinations
    assert there == ()
    refused(world, errors.ConversionUneven, lambda: transfers.exchange(world.bank, member, programme, 15, now=NOW))
    refused(world, errors.BalanceTooLow, lambda: transfers.exchange(world.bank, member, programme, 600, now=NOW))
    view = transfers.exchange(world.bank, member, programme, 60, now=NOW)
    transfers.undo(world.bank, member, view.id, now=NOW)
    assert (world.balance(member), mine(world, member)) == (120, 0)
    transfers.exchange(world.bank, member, programme, 90, now=NOW)
    transfers.carry_out_due(world.bank, now=LATER)
    assert points.carry_out_due(world.bank, now=LATER) == 1
    assert points.carry_out_due(world.bank, now=LATER) == 0
    assert (world.balance(member), mine(world, member)) == (30, 15)
    theirs = points.banks(world.bank)[0]
    with theirs.read() as unit:
        entry = unit.book.entry(unit.book.head().size - 1)
    assert entry.kind is Kind.CLEAR
    assert dict(entry.data or {})["minutes"] == 90
    assert audits.run_full(theirs, now=LATER) == audits.run_full(world.bank, now=LATER) == "sound"
    assert points.programmes(world.bank, member)[0].in_circulation == 15


def test_where_the_rules_have_no_rate_hours_stay_hours(world: World) -> None:
    programme, member = opened(world, replace(RULES, points_per_hour=None)), world.rich(60)
    refused(world, errors.ConversionOff, lambda: transfers.exchange(world.bank, member, programme, 60, now=NOW))
    with pytest.raises(errors.ConversionUneven):
        converted(replace(RULES, points_per_hour=7), 30)


def test_goods_are_ordered_held_and_handed_over_by_the_desk(world: World) -> None:
    programme, worker = opened(world), world.staff["worker A"]
    member, goods = awarded(world, programme, 100), rice(world, programme)
    order = ordered(world, programme, goods.id, member)
    assert (order.state, order.points, mine(world, member)) == ("ordered", 40, 60)
    assert points.catalogue(world.bank, member, programme)[0].stock == 2
    refused(world, errors.Forbidden, lambda: points.hand_over(world.bank, member, programme, order.id, now=NOW))
    refused(world, errors.NotFound, lambda: points.hand_over(
        world.bank, world.staff["worker B"], programme, order.id, now=NOW))  # fmt: skip
    assert points.hand_over(world.bank, worker, programme, order.id, now=NOW).state == "handed"
    refused(world, errors.OrderStateConflict, lambda: points.cancel(
        world.bank, member, programme, order.id, now=NOW))  # fmt: skip
    again = ordered(world, programme, goods.id, member)
    points.cancel(world.bank, member, programme, again.id, now=NOW)
    assert (mine(world, member), points.catalogue(world.bank, member, programme)[0].stock) == (60, 2)
    last = ordered(world, programme, goods.id, member)
    assert points.cancel_forgotten(world.bank, now=NOW + timedelta(days=8)) == 1
    states = [one.state for one in points.my_orders(world.bank, member, programme)]
    assert sorted(states) == ["cancelled", "cancelled", "handed"]
    assert last.id in {one.id for one in points.station_orders(world.bank, worker, programme)}
    assert points.station_orders(world.bank, world.staff["worker B"], programme) == ()
    assert audits.run_full(points.banks(world.bank)[0], now=NOW + timedelta(days=9)) == "sound"


def test_what_an_order_and_an_offer_are_refused_for(world: World) -> None:
    programme, worker = opened(world), world.staff["worker A"]
    member, goods, poor = awarded(world, programme, 100), rice(world, programme, stock=2), world.member()
    refused(world, errors.OutOfStock, lambda: ordered(world, programme, goods.id, member, 3))
    refused(world, errors.PointsInvalid, lambda: ordered(world, programme, goods.id, member, 0))
    refused(world, errors.NotFound, lambda: ordered(world, programme, "nothing", member))
    refused(world, errors.PointsTooFew, lambda: ordered(world, programme, goods.id, poor))
    refused(world, errors.FundingInvalid, lambda: rice(world, programme, funding={"village": 60}))
    refused(world, errors.FundingInvalid, lambda: rice(world, programme, funding={"elder": 100}))
    refused(world, errors.PointsInvalid, lambda: rice(world, programme, points=0))
    refused(world, errors.Invalid, lambda: rice(world, programme, kind="cash"))
    refused(world, errors.NotFound, lambda: points.offer(
        world.bank, world.staff["worker B"], programme,
        NewGoods(world.stations["A"], "goods", "米", "", 1, 1, {"donors": 100}), now=NOW))  # fmt: skip
    refused(world, errors.OutOfStock, lambda: points.restock(world.bank, worker, programme, goods.id, -3, now=NOW))
    assert points.restock(world.bank, worker, programme, goods.id, 5, now=NOW) == 7
    desk = points.order(world.bank, worker, programme, goods.id, 1, member.person_id, now=NOW)
    assert desk.person_id == member.person_id


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_many_at_once_never_take_more_than_there_is(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = {} if engine == "sqlite" else {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")}
    bank = make_bank(settings_in(tmp_path, **url))
    world = build_world(bank)
    programme = opened(world)
    members = [awarded(world, programme, 80) for _ in range(8)]
    goods = rice(world, programme, stock=5)

    def take(member: Actor) -> str:
        try:
            return ordered(world, programme, goods.id, member).state
        except errors.OutOfStock as error:
            return error.code

    with ThreadPoolExecutor(8) as crowd:
        found = sorted(crowd.map(take, members))
    assert found == ["ordered"] * 5 + ["out_of_stock"] * 3
    assert points.catalogue(bank, members[0], programme)[0].stock == 0
    assert audits.run_full(points.banks(bank)[0], now=LATER) == "sound"
    bank.engine.dispose()
