"""Standard cards and their versions on records, and changes of items from a day on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.local_time import day_start
from timebank.domain.policies import Risk
from timebank.domain.standards import CardText, Change
from timebank.services import audits, hours, receipts, standards

TODAY = date(2026, 9, 15)
TEXT = CardText("敲门\n洗手", "围裙", "不收礼物", "knock\nwash hands", "apron", "take no gifts")


def card(world: World, on: date = TODAY, text: CardText = TEXT, code: str = "cleaning") -> standards.CardView:
    return standards.decide_card(world.bank, world.staff["county"], code, text, basis="县发〔2026〕1号", on=on, now=NOW)


def changed(world: World, change: Change, on: date = TODAY, code: str = "cleaning") -> standards.ChangeView:
    return standards.decide_change(
        world.bank, world.staff["county"], code, change, basis="县发〔2026〕2号", on=on, now=NOW
    )


def test_the_version_in_force_when_the_service_began_stands_on_record_and_evidence(world: World) -> None:
    before = world.verified(world.member(), world.member(), service="cleaning")
    assert before.card_version is None
    assert card(world).version == 1
    assert card(world, on=TODAY + timedelta(days=1)).version == 2
    assert standards.card(world.bank, "cleaning", None, now=NOW).version == 1
    volunteer, elder = world.member(), world.member()
    later = NOW + timedelta(days=2)
    for began, version in ((later - timedelta(days=1, hours=20), 1), (later - timedelta(hours=3), 2)):
        told = replace(world.told(elder, service="cleaning"), started_at=began)
        record = hours.log(world.bank, volunteer, told, now=later)
        hours.confirm(world.bank, elder, record.id, "", now=later)
        assert hours.verify(world.bank, world.staff["worker A"], [record.id], now=later)[0].refusal is None
        assert hours.see(world.bank, volunteer, record.id).card_version == version
        with world.bank.read() as unit:
            row = unit.hours.get(record.id)
            assert row is not None
            document = unit.people.document(row.document_id or "")
            assert document is not None
            assert unit.open_for(volunteer.person_id, document.sealed)["card"] == version
    verdict = audits.run_now(world.bank, world.staff["auditor"], full=True, now=later).verdict
    assert verdict == "sound"


def test_a_card_without_words_or_for_yesterday_is_refused_and_nothing_is_kept(world: World) -> None:
    with pytest.raises(errors.Invalid):
        card(world, text=replace(TEXT, never=" \n "))
    with pytest.raises(errors.Invalid):
        card(world, on=TODAY - timedelta(days=1))
    with pytest.raises(errors.ServiceNotOffered):
        card(world, code="nothing")
    with pytest.raises(errors.Forbidden):
        standards.decide_card(world.bank, world.staff["worker A"], "cleaning", TEXT, basis="x", on=TODAY, now=NOW)
    assert standards.see(world.bank, "cleaning", now=NOW).cards == ()
    with pytest.raises(errors.NotFound):
        standards.card(world.bank, "cleaning", None, now=NOW)


def test_a_change_for_today_counts_at_once_and_one_for_later_on_its_day(world: World) -> None:
    assert changed(world, Change(minutes_max=60, legal_class="social_relief")).state == "applied"
    planned = changed(world, Change(risk=Risk.MEDIUM, training="care_basics"), on=TODAY + timedelta(days=3))
    assert planned.state == "planned"
    service = standards.see(world.bank, "cleaning", now=NOW).service
    assert (service.minutes_max, service.legal_class, service.risk) == (60, "social_relief", Risk.LOW)
    with pytest.raises(errors.HoursTooLong):
        world.logged(world.member(), world.member(), service="cleaning", minutes=90)
    assert standards.apply_due(world.bank, now=day_start(TODAY + timedelta(days=3)) - timedelta(seconds=1)) == 0
    assert standards.apply_due(world.bank, now=day_start(TODAY + timedelta(days=3))) == 1
    assert standards.apply_due(world.bank, now=day_start(TODAY + timedelta(days=3))) == 0
    assert standards.see(world.bank, "cleaning", now=NOW).service.risk is Risk.MEDIUM


def test_a_change_that_makes_no_item_is_refused(world: World) -> None:
    before = standards.see(world.bank, "cleaning", now=NOW).service
    for change, error in (
        (Change(), errors.Invalid),
        (Change(minutes_max=10), errors.ServiceInvalid),
        (Change(risk=Risk.HIGH), errors.ServiceInvalid),
        (Change(legal_class="made up"), errors.Invalid),
    ):
        with pytest.raises(error):
            changed(world, change)
    for code in ("urgent_help", "small_repairs"):
        changed(world, Change(active=False), code=code)
    with pytest.raises(errors.BaseServiceLocked):
        changed(world, Change(active=False), code="safety_check")
    with pytest.raises(errors.Forbidden):
        standards.decide_change(
            world.bank, world.staff["street"], "cleaning", Change(active=False), basis="x", on=TODAY, now=NOW
        )
    item = standards.see(world.bank, "cleaning", now=NOW)
    assert (item.service, item.changes) == (before, ())


def test_a_planned_change_is_taken_back_once_and_one_that_fits_no_more_says_so(world: World) -> None:
    county, soon = world.staff["county"], TODAY + timedelta(days=3)
    one = changed(world, Change(active=False), on=soon)
    assert standards.withdraw_change(world.bank, county, "cleaning", one.id, now=NOW).state == "withdrawn"
    with pytest.raises(errors.Invalid):
        standards.withdraw_change(world.bank, county, "cleaning", one.id, now=NOW)
    with pytest.raises(errors.NotFound):
        standards.withdraw_change(world.bank, county, "shopping", one.id, now=NOW)
    changed(world, Change(minutes_max=40), on=soon)
    changed(world, Change(minutes_min=35))
    changed(world, Change(minutes_min=50))
    assert standards.apply_due(world.bank, now=NOW + timedelta(days=4)) == 0
    item = standards.see(world.bank, "cleaning", now=NOW)
    assert sorted(one.state for one in item.changes) == ["applied", "applied", "unfit", "withdrawn"]
    assert item.service.minutes_max == 240


def test_the_receipts_page_knows_the_card(world: World) -> None:
    card(world)
    volunteer = world.member()
    told = world.told(elder := world.member(), service="cleaning", ago=timedelta(hours=-1))
    later = NOW + timedelta(hours=4)
    record = hours.log(world.bank, volunteer, told, now=later)
    hours.confirm(world.bank, elder, record.id, "", now=later)
    done = hours.verify(world.bank, world.staff["worker A"], [record.id], now=later)[0]
    with pytest.raises(errors.ReceiptNotYet):
        receipts.make(world.bank, volunteer, done.entry_seq or 0, now=later)
    assert hours.see(world.bank, volunteer, record.id).card_version == 1
