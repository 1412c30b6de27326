"""Later versions of a programme's rules, and points that lapse by the rules under which they came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from tests.timebank.services.test_network import second_county
from tests.timebank.services.test_points import RULES, awarded, mine, opened, ordered, refused, rice
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.local_time import day_start
from timebank.domain.messages import TEXTS
from timebank.domain.points import Rules, from_document, to_document
from timebank.domain.roles import Actor
from timebank.services import audits, messages, points, transfers
from timebank.storage.unit import Bank

TODAY = NOW.date()
NEXT = date(2026, 10, 1)
LAPSING = replace(RULES, lapse_months=12)


def propose(world: World, programme: str, rules: Rules, day: date = NEXT) -> points.ChangeView:
    return points.propose_change(world.bank, world.staff["county"], programme, rules, day, now=NOW)


def changed(world: World, programme: str, rules: Rules, day: date = NEXT) -> None:
    view = propose(world, programme, rules, day)
    decided = points.decide_change(world.bank, second_county(world), view.id, approve=True, now=NOW)
    assert decided.state == "decided"


def rules_at(bank: Bank, at: datetime) -> Rules:
    with bank.read() as unit:
        row = unit.points.rules_at(at)
        assert row is not None
        return from_document(row.document)


def test_a_later_version_begins_on_its_day(world: World) -> None:
    programme, member = opened(world), world.rich(240)
    changed(world, programme, replace(RULES, points_per_hour=20, most_a_month=500, name="红分二"))
    theirs = points.banks(world.bank)[0]
    start = day_start(NEXT)
    assert rules_at(theirs, start - timedelta(seconds=1)) == RULES
    assert rules_at(theirs, start).points_per_hour == 20
    assert points.programme(world.bank, member, programme).rules == RULES
    transfers.exchange(world.bank, member, programme, 60, now=NOW)
    transfers.exchange(world.bank, member, programme, 60, now=start)
    later = start + timedelta(hours=1)
    transfers.carry_out_due(world.bank, now=later)
    points.carry_out_due(world.bank, now=later)
    assert mine(world, member) == 10 + 20
    points.award(world.bank, world.staff["worker A"], programme, member.person_id, 500, "merit", now=later)
    assert audits.run_full(theirs, now=later) == "sound"
    assert [one.state for one in points.changes(world.bank, world.staff["county"], programme)] == ["decided"]


def test_hours_become_points_once_a_version_says_at_which_rate(world: World) -> None:
    programme, member = opened(world, replace(RULES, points_per_hour=None)), world.rich(120)
    changed(world, programme, RULES)
    refused(world, errors.ConversionOff, lambda: transfers.exchange(world.bank, member, programme, 60, now=NOW))
    later = day_start(NEXT)
    transfers.exchange(world.bank, member, programme, 60, now=later)
    transfers.carry_out_due(world.bank, now=later + timedelta(hours=1))
    assert points.carry_out_due(world.bank, now=later + timedelta(hours=1)) == 1
    assert mine(world, member) == 10


def test_two_people_change_the_rules_and_only_for_days_to_come(world: World) -> None:
    programme, county, other = opened(world), world.staff["county"], second_county(world)
    wish = replace(RULES, most_a_month=300)
    for rules, day, error in (
        (RULES, NEXT, errors.RulesUnchanged), (wish, TODAY, errors.ProgrammeInvalid),
        (replace(wish, unit="other"), NEXT, errors.ProgrammeInvalid),
        (replace(wish, lapse_months=2), NEXT, errors.ProgrammeInvalid),
        (replace(wish, most_a_month=0), NEXT, errors.ProgrammeInvalid),
    ):  # fmt: skip
        refused(world, error, lambda rules=rules, day=day: propose(world, programme, rules, day))
    refused(world, errors.NotFound, lambda: propose(world, "0" * 32, wish))
    refused(world, errors.Forbidden, lambda: points.propose_change(
        world.bank, world.staff["worker A"], programme, wish, NEXT, now=NOW))  # fmt: skip
    view = propose(world, programme, wish)

    def decide(who: Actor, approve: bool = True, now: datetime = NOW) -> points.ChangeView:
        return points.decide_change(world.bank, who, view.id, approve=approve, now=now)

    refused(world, errors.OrderStateConflict, lambda: propose(world, programme, wish))
    refused(world, errors.SecondPersonNeeded, lambda: decide(county))
    refused(world, errors.Forbidden, lambda: decide(world.staff["street"]))
    refused(world, errors.ProgrammeInvalid, lambda: decide(other, now=day_start(NEXT)))
    assert decide(county, approve=False).state == "withdrawn"
    refused(world, errors.OrderStateConflict, lambda: decide(other))
    refused(world, errors.NotFound, lambda: points.decide_change(
        world.bank, other, "0" * 32, approve=True, now=NOW))  # fmt: skip
    assert propose(world, programme, wish).state == "proposed"


def test_a_decision_that_was_cut_off_is_repeated_without_a_second_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = opened(world)
    view, other = propose(world, programme, LAPSING), second_county(world)

    def dies(*_: object) -> None:
        raise OSError("the process is gone")

    with monkeypatch.context() as patched:
        patched.setattr("timebank.services.points.changing.exchange_account", dies)
        with pytest.raises(OSError, match="gone"):
            points.decide_change(world.bank, other, view.id, approve=True, now=NOW)
    assert points.decide_change(world.bank, other, view.id, approve=True, now=NOW).state == "decided"
    with points.banks(world.bank)[0].read() as unit:
        assert [row.number for row in unit.points.rules_numbered()] == [1, 2]


def test_points_lapse_by_the_rules_under_which_they_came_in(world: World) -> None:
    programme = opened(world, LAPSING)
    member, theirs = awarded(world, programme, 100), points.banks(world.bank)[0]
    worker = world.staff["worker A"]
    changed(world, programme, RULES)
    goods, then = rice(world, programme), day_start(NEXT)
    points.award(world.bank, worker, programme, member.person_id, 30, "merit", now=then)
    bought = points.order(world.bank, member, programme, goods.id, 1, member.person_id, now=then)
    points.hand_over(world.bank, worker, programme, bought.id, now=then)
    assert mine(world, member) == 90
    left = points.programme(world.bank, member, programme).lapsing
    assert [(one.amount, one.lapses_on) for one in left] == [(60, date(2027, 9, 15))]
    soon, day = day_start(date(2027, 8, 20)), day_start(date(2027, 9, 15))
    assert points.lapse_due(world.bank, now=soon - timedelta(days=10)) == 0
    assert TEXTS["points_lapse_soon"] not in {one.text for one in messages.inbox(world.bank, member)}
    for _ in range(2):
        assert points.lapse_due(world.bank, now=soon) == 0
    assert [one.text for one in messages.inbox(world.bank, member)].count(TEXTS["points_lapse_soon"]) == 1
    assert points.lapse_due(world.bank, now=day - timedelta(seconds=1)) == 0
    assert points.lapse_due(world.bank, now=day) == 1
    assert points.lapse_due(world.bank, now=day) == 0
    assert mine(world, member) == 30
    assert TEXTS["points_lapsed"] in {one.text for one in messages.inbox(world.bank, member)}
    assert points.lapse_due(world.bank, now=day + timedelta(days=2000)) == 0
    assert audits.run_full(theirs, now=day) == "sound"


def test_points_held_for_an_order_do_not_lapse_while_they_are_held(world: World) -> None:
    programme = opened(world, LAPSING)
    member = awarded(world, programme, 100)
    bought = ordered(world, programme, rice(world, programme).id, member)
    day = day_start(date(2027, 9, 15))
    assert points.lapse_due(world.bank, now=day) == 1
    assert mine(world, member) == 0
    points.cancel(world.bank, member, programme, bought.id, now=day)
    assert mine(world, member) == 40
    assert points.lapse_due(world.bank, now=day + timedelta(days=1)) == 1
    assert mine(world, member) == 0


def test_rules_that_were_written_before_points_lapsed_are_still_read() -> None:
    old = '{"schema":1,"type":"points","name":"a","name_en":"a","unit":"abc","unit_label":"a","unit_label_en":"a",'
    rules = from_document(old + '"points_per_hour":null,"most_a_month":5,"pickup_days":5}')
    assert rules.lapse_months is None
    assert to_document(rules)["schema"] == 2
