"""Inspections, signals and call-backs, from the commitment in the ledger to the published answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import Kind
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.hours import Source
from timebank.domain.inspections import candidates_of, digest_of, draw
from timebank.domain.roles import Actor
from timebank.services import call_backs, hours, inspections, messages, policies, publishing, signals

LATER = NOW + timedelta(minutes=10)


def drawn(world: World) -> inspections.InspectionView:
    """An inspection that was committed and drawn."""
    number = inspections.begin(world.bank, world.staff["county"], now=NOW)
    assert inspections.draw_due(world.bank, now=NOW) == 0
    publishing.publish(world.bank, now=LATER)
    assert inspections.draw_due(world.bank, now=LATER) >= 1
    assert inspections.draw_due(world.bank, now=LATER) == 0
    return inspections.see(world.bank, number)


def inspector(world: World, view: inspections.VisitView) -> Actor:
    return next(one for one in world.staff.values() if one.person_id == view.inspectors[0])


def other(world: World, view: inspections.VisitView, *names: str) -> Actor:
    return next(world.staff[name] for name in names if world.staff[name].person_id not in view.inspectors)


def test_the_list_is_in_the_ledger_before_the_seed_exists(world: World) -> None:
    view = drawn(world)
    with world.bank.read() as unit:
        entry = unit.book.entry(view.entry_seq)
    assert (entry.kind, entry.data) == (Kind.AUDIT, {"draw": digest_of(view.candidates)})
    assert view.seed_size is not None
    assert view.seed_size > view.entry_seq
    assert view.seed_body is not None
    again = draw(candidates_of(view.candidates), view.digest, view.seed_body)
    assert [(one.station, one.inspectors) for one in again] == [(v.station_code, v.inspectors) for v in view.visits]
    assert {v.station_code for v in view.visits} == {"LN-A", "LN-B"}
    told = messages.inbox(world.bank, inspector(world, view.visits[0]))
    assert told[0].about_id == str(view.number)


def test_who_was_drawn_records_and_the_station_answers(world: World) -> None:
    visit = next(one for one in drawn(world).visits if one.station_code == "LN-A")
    mine, worker = inspector(world, visit), world.staff["worker A"]
    with pytest.raises(errors.NotFound):
        inspections.answer(world.bank, worker, visit.id, "太早", now=LATER)
    inspections.record(world.bank, mine, visit.id, "minor", "价格牌过期", now=LATER)
    with pytest.raises(errors.AlreadyRecorded):
        inspections.record(world.bank, mine, visit.id, "fine", "改一下", now=LATER)
    with pytest.raises(errors.NotFound):
        inspections.answer(world.bank, world.staff["worker B"], visit.id, "不是我站", now=LATER)
    inspections.answer(world.bank, worker, visit.id, "已更换", now=LATER)
    with pytest.raises(errors.AlreadyRecorded):
        inspections.answer(world.bank, worker, visit.id, "再写", now=LATER)
    seen = inspections.of_station(world.bank, "LN-A")
    assert [(one.outcome, one.text, one.answer) for one in seen] == [("minor", "价格牌过期", "已更换")]


def test_records_that_are_refused_change_nothing(world: World) -> None:
    visit = drawn(world).visits[0]
    mine = inspector(world, visit)
    for outcome, text, error in (("bribed", "x", errors.OutcomeUnknownHere), ("fine", " ", errors.WordsMissing)):
        with pytest.raises(error):
            inspections.record(world.bank, mine, visit.id, outcome, text, now=LATER)
    with pytest.raises(errors.NotFound):
        inspections.record(world.bank, mine, "0" * 32, "fine", "x", now=LATER)
    with pytest.raises(errors.Forbidden):
        inspections.record(world.bank, world.staff["worker A"], visit.id, "fine", "x", now=LATER)
    stranger = replace(mine, person_id="f" * 32)
    with pytest.raises(errors.NotDrawn):
        inspections.record(world.bank, stranger, visit.id, "fine", "x", now=LATER)
    with pytest.raises(errors.Forbidden):
        inspections.begin(world.bank, world.staff["street"], now=NOW)
    assert inspections.of_station(world.bank, visit.station_code) == ()


# Signals


def often(world: World) -> tuple[Actor, Actor]:
    """Two people whose records are so many that a rule says so."""
    volunteer, elder = world.member(), world.member()
    for day in range(1, 14):
        record = hours.log(world.bank, volunteer, world.told(elder, ago=timedelta(days=day, hours=3)), now=NOW)
        hours.confirm(world.bank, elder, record.id, "", now=NOW)
        assert hours.verify(world.bank, world.staff["worker A"], [record.id], now=NOW)[0].refusal is None
    return volunteer, elder


def test_a_signal_is_found_once_and_closed_with_words(world: World) -> None:
    volunteer, elder = often(world)
    assert signals.find(world.bank, now=NOW) == 1
    assert signals.find(world.bank, now=NOW) == 0
    street = world.staff["street"]
    view = signals.work_list(world.bank, street)[0]
    assert (view.rule, {one for one, _ in view.people}) == ("pair_often", {volunteer.person_id, elder.person_id})
    for decision, words, error in (("hanged", "x", errors.ReasonUnknown), ("explained", " ", errors.WordsMissing)):
        with pytest.raises(error):
            signals.decide(world.bank, street, view.id, decision, words, now=NOW)
    with pytest.raises(errors.OwnSignal):
        signals.decide(world.bank, replace(street, person_id=elder.person_id), view.id, "explained", "x", now=NOW)
    with pytest.raises(errors.Forbidden):
        signals.decide(world.bank, world.staff["worker A"], view.id, "explained", "x", now=NOW)
    with pytest.raises(errors.NotFound):
        signals.decide(world.bank, street, "0" * 32, "explained", "x", now=NOW)
    assert len(signals.work_list(world.bank, street)) == 1
    signals.decide(world.bank, street, view.id, "explained", "邻居每天送饭", now=NOW)
    assert signals.work_list(world.bank, street) == ()
    assert signals.work_list(world.bank, street, ("explained",))[0].words == "邻居每天送饭"
    with pytest.raises(errors.AlreadyRecorded):
        signals.decide(world.bank, street, view.id, "passed_on", "x", now=NOW)
    assert signals.find(world.bank, now=NOW) == 0


# Call-backs


def call_everybody(world: World) -> None:
    text = policies.template("demo").replace('"call_back_percent": 10', '"call_back_percent": 100')
    policies.decide(world.bank, world.staff["county"], text, NOW, now=NOW)


def by_hand(world: World) -> str:
    """A verified record that was typed in at the desk."""
    volunteer, elder = world.member(), world.member()
    told = world.told(elder)
    outcome = hours.enter(world.bank, world.staff["worker A"], [(volunteer.person_id, "", told)], now=NOW)[0]
    hours.confirm(world.bank, elder, outcome.id, "", now=NOW)
    assert hours.verify(world.bank, world.staff["second A"], [outcome.id], now=NOW)[0].refusal is None
    assert outcome.source == Source.MANUAL
    return outcome.id


def test_hand_typed_records_are_drawn_by_the_next_checkpoint(world: World) -> None:
    call_everybody(world)
    by_hand(world)
    world.verified(world.member(), world.member())
    assert call_backs.draw_due(world.bank, now=NOW) == 0
    publishing.publish(world.bank, now=LATER)
    assert call_backs.draw_due(world.bank, now=LATER) == 1
    assert call_backs.draw_due(world.bank, now=LATER) == 0
    call = call_backs.to_call(world.bank, world.staff["street"])[0]
    assert call.elder_phone.startswith("199")
    assert call_backs.shares(world.bank, world.staff["street"], now=NOW)[0].records == 2


def one_call(world: World) -> call_backs.CallBackView:
    call_everybody(world)
    by_hand(world)
    publishing.publish(world.bank, now=LATER)
    call_backs.draw_due(world.bank, now=LATER)
    return call_backs.to_call(world.bank, world.staff["street"])[0]


def test_an_elder_who_says_no_raises_a_signal(world: World) -> None:
    street, call = world.staff["street"], one_call(world)
    for answer, called in (("maybe", "elder"), ("right", "neighbour")):
        with pytest.raises(errors.ReasonUnknown):
            call_backs.answered(world.bank, street, call.id, answer, called, now=LATER)
    for party in ("worker A", "second A"):
        acting = replace(street, person_id=world.staff[party].person_id)
        with pytest.raises(errors.OwnSignal):
            call_backs.answered(world.bank, acting, call.id, "right", "elder", now=LATER)
    with pytest.raises(errors.Forbidden):
        call_backs.answered(world.bank, world.staff["worker A"], call.id, "right", "elder", now=LATER)
    call_backs.answered(world.bank, street, call.id, "different", "elder", now=LATER)
    assert call_backs.to_call(world.bank, street) == ()
    assert [one.rule for one in signals.work_list(world.bank, street)] == ["call_denied"]
    with pytest.raises(errors.AlreadyRecorded):
        call_backs.answered(world.bank, street, call.id, "right", "elder", now=LATER)


def test_nobody_answers_three_times(world: World) -> None:
    street, call = world.staff["street"], one_call(world)
    for tries in (1, 2):
        call_backs.answered(world.bank, street, call.id, "not_reached", "elder", now=LATER)
        assert call_backs.to_call(world.bank, street)[0].tries == tries
    call_backs.answered(world.bank, street, call.id, "not_reached", "kin", now=LATER)
    assert call_backs.to_call(world.bank, street) == ()
    assert signals.work_list(world.bank, street) == ()
