"""Credit files: facts with a source and an end, objected to and repaired; listed are organisations, never people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.timebank.services.test_complaints import second
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import credit_files, redemptions
from timebank.services.credit_files import EventView, ListingView, NewEvent
from timebank.services.redemptions import AskForCare

TODAY, USCC = date(2026, 9, 15), "52130200MJ0000018F"


def told(world: World, subject: str = "station", **rest: Any) -> NewEvent:
    new = NewEvent(subject, world.stations["A"], "breach", "未按公示时间开放", "检查 2026-7", TODAY)
    return replace(new, **rest)


def state(world: World) -> list[Any]:
    with world.bank.read() as unit:
        return [
            unit._session.execute(text(f"select id, state from {table} order by id")).all()
            for table in ("credit_event", "listing")
        ] + [unit._session.scalar(text("select count(*) from credit_step"))]


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    before = state(world)
    with pytest.raises(error):
        deed()
    assert state(world) == before


def recorded(world: World, **rest: Any) -> EventView:
    return credit_files.record(world.bank, world.staff["street"], told(world, **rest), now=NOW)


def proposed(world: World, **rest: Any) -> ListingView:
    form = {
        "text": "骗取补贴",
        "decision_number": "唐民罚〔2026〕3号",
        "starts_on": TODAY,
        "ends_on": date(2028, 9, 15),
    }
    return credit_files.propose(world.bank, world.staff["county"], USCC, **{**form, **rest}, now=NOW)


def test_a_fact_is_public_while_it_is_in_force(world: World) -> None:
    bank, worker, county = world.bank, world.staff["worker A"], world.staff["county"]
    one = recorded(world)
    assert (one.state, one.valid_to, one.uscc) == ("in_force", date(2029, 9, 14), None)

    def public(days: int = 0) -> list[str]:
        return [
            row.text for row in credit_files.public_events(bank, world.stations["A"], now=NOW + timedelta(days=days))
        ]

    assert public() == ["未按公示时间开放"]
    credit_files.step(bank, worker, one.id, "appeal", "当日停电", now=NOW)
    assert public() == []
    credit_files.step(bank, county, one.id, "keep", "停电记录不符", now=NOW)
    assert public() == ["未按公示时间开放"]
    assert public(1095) == ["未按公示时间开放"]
    assert public(1096) == []
    assert credit_files.see(bank, county, one.id, now=NOW + timedelta(days=1100)).state == "expired"
    history = credit_files.trail(bank, worker, one.id)
    assert [(step.verb, step.text) for step in history] == [
        ("record", ""),
        ("appeal", "当日停电"),
        ("keep", "停电记录不符"),
    ]


def test_an_objection_that_is_right_strikes_it_out(world: World) -> None:
    bank, one = world.bank, recorded(world)
    credit_files.step(bank, world.staff["worker A"], one.id, "appeal", "当日停电", now=NOW)
    view = credit_files.step(bank, world.staff["county"], one.id, "strike", "属实", now=NOW)
    assert (view.state, view.verbs) == ("struck", ())
    assert credit_files.public_events(bank, world.stations["A"], now=NOW) == ()


def test_repair_needs_its_days_and_its_evidence(world: World) -> None:
    bank, county, one = world.bank, world.staff["county"], recorded(world)
    ripe = NOW + timedelta(days=90)
    refused(
        world,
        errors.CreditRepairEarly,
        lambda: credit_files.step(bank, county, one.id, "repair", "已整改", now=ripe - timedelta(days=1)),
    )
    refused(world, errors.Invalid, lambda: credit_files.step(bank, county, one.id, "repair", " ", now=ripe))
    assert credit_files.step(bank, county, one.id, "repair", "复查合格", now=ripe).state == "repaired"
    award = recorded(world, kind="award", text="先进站点")
    refused(world, errors.Invalid, lambda: credit_files.step(bank, county, award.id, "repair", "x", now=ripe))


def test_who_wrote_it_down_or_is_in_it_never_decides_and_late_objections_are_refused(world: World) -> None:
    bank, worker, county = world.bank, world.staff["worker A"], world.staff["county"]
    mine = credit_files.record(bank, county, told(world), now=NOW)
    credit_files.step(bank, worker, mine.id, "appeal", "不实", now=NOW)
    refused(world, errors.SecondPersonNeeded, lambda: credit_files.step(bank, county, mine.id, "keep", "x", now=NOW))
    assert credit_files.step(bank, second(world, "county"), mine.id, "keep", "查实", now=NOW).state == "in_force"
    late = NOW + timedelta(days=16)
    refused(
        world, errors.CreditAppealLate, lambda: credit_files.step(bank, worker, mine.id, "appeal", "不实", now=late)
    )
    refused(
        world,
        errors.Forbidden,
        lambda: credit_files.step(bank, world.staff["street"], mine.id, "appeal", "x", now=NOW),
    )
    refused(world, errors.Forbidden, lambda: credit_files.step(bank, worker, mine.id, "strike", "x", now=NOW))
    refused(
        world,
        errors.CreditStateConflict,
        lambda: credit_files.step(bank, second_county(world), mine.id, "keep", "x", now=NOW),
    )
    for verb in ("confirm", "forget"):
        refused(
            world,
            errors.Invalid,
            lambda v=verb: credit_files.step(bank, second_county(world), mine.id, v, "x", now=NOW),
        )


def second_county(world: World) -> Actor:
    """The county's role held by somebody who wrote nothing down."""
    return replace(world.staff["county"], person_id=world.staff["second A"].person_id)


def test_a_staff_file_is_sealed_told_and_closed_to_colleagues(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    one = recorded(world, subject="staff", person_id=worker.person_id, text="态度粗暴")
    assert credit_files.see(bank, worker, one.id, now=NOW).text == "态度粗暴"
    with bank.read() as unit:
        assert [row.kind for row in unit.messages.of(worker.person_id)] == ["credit_event"]
        row = unit._session.execute(text("select text, text_sealed from credit_event")).one()
    assert row.text is None
    assert "态度粗暴".encode() not in bytes(row.text_sealed)
    refused(world, errors.NotFound, lambda: credit_files.see(bank, world.staff["second A"], one.id, now=NOW))
    assert credit_files.events(bank, world.staff["second A"], now=NOW) == ()
    assert credit_files.public_events(bank, world.stations["A"], now=NOW) == ()
    view = credit_files.step(bank, worker, one.id, "appeal", "有误会", now=NOW)
    assert view.state == "appealed"
    assert credit_files.trail(bank, worker, one.id)[-1].text == "有误会"


def test_elders_and_volunteers_have_no_file(world: World) -> None:
    bank, street, member = world.bank, world.staff["street"], world.member()
    for error, new in (
        (errors.NotFound, told(world, "staff", person_id=member.person_id)),
        (errors.Invalid, told(world, "station", person_id=world.staff["worker A"].person_id)),
        (errors.Invalid, told(world, "staff")),
        (errors.Invalid, told(world, "elder", person_id=member.person_id)),
        (errors.Invalid, told(world, kind="score")),
        (errors.Invalid, told(world, text=" ")),
        (errors.Invalid, told(world, source_number="")),
        (errors.Invalid, told(world, happened_on=TODAY + timedelta(days=1))),
        (errors.NotFound, told(world, station_id="0" * 32)),
        (errors.NotFound, told(world, station_id=world.stations["county"])),
        (errors.SecondPersonNeeded, told(world, "staff", person_id=street.person_id)),
    ):
        refused(world, error, lambda n=new: credit_files.record(bank, street, n, now=NOW))
    for who in ("worker A", "auditor", "admin"):
        refused(world, errors.Forbidden, lambda a=who: credit_files.record(bank, world.staff[a], told(world), now=NOW))


def test_an_organisation_is_listed_by_two_people_and_comes_off_by_itself(world: World) -> None:
    bank, county = world.bank, world.staff["county"]
    one = proposed(world)
    assert (one.state, one.name, one.verbs) == ("proposed", "演示中心", ())
    assert credit_files.public_listings(bank, now=NOW) == ()
    refused(
        world, errors.SecondPersonNeeded, lambda: credit_files.step_listing(bank, county, one.id, "confirm", now=NOW)
    )
    refused(
        world,
        errors.Forbidden,
        lambda: credit_files.step_listing(bank, world.staff["street"], one.id, "confirm", now=NOW),
    )
    other = second(world, "county")
    credit_files.step_listing(bank, other, one.id, "confirm", now=NOW)
    assert [row.uscc for row in credit_files.public_listings(bank, now=NOW)] == [USCC]
    credit_files.step_listing(bank, world.staff["worker A"], one.id, "appeal", "处罚已撤销", now=NOW)
    assert credit_files.public_listings(bank, now=NOW) == ()
    refused(
        world,
        errors.SecondPersonNeeded,
        lambda: credit_files.step_listing(bank, other, one.id, "strike", "x", now=NOW),
    )
    credit_files.step_listing(bank, county, one.id, "keep", "处罚有效", now=NOW)
    assert len(credit_files.public_listings(bank, now=NOW)) == 1
    assert credit_files.public_listings(bank, now=NOW + timedelta(days=732)) == ()
    assert credit_files.listings(bank, county, now=NOW + timedelta(days=732))[0].state == "expired"


def test_nobody_who_is_human_can_be_listed(world: World) -> None:
    bank, county, member = world.bank, world.staff["county"], world.member()
    with bank.read() as unit:
        identity = unit.person(member.person_id).document_number

    def propose(code: str, who: Actor = county, **rest: Any) -> Callable[[], Any]:
        form = {"text": "x", "decision_number": "1", "starts_on": TODAY, "ends_on": date(2027, 9, 15), **rest}
        return lambda: credit_files.propose(bank, who, code, **form, now=NOW)

    refused(world, errors.OrganisationsOnly, propose(identity))
    refused(world, errors.UsccInvalid, propose(member.person_id))
    refused(world, errors.UsccInvalid, propose(world.number(member)))
    refused(world, errors.OrganisationsOnly, propose("53130200MJ00000267"))
    refused(world, errors.BlacklistTooLong, propose(USCC, ends_on=date(2029, 9, 16)))
    refused(world, errors.BlacklistTooLong, propose(USCC, ends_on=TODAY))
    refused(world, errors.Invalid, propose(USCC, decision_number=" "))
    for who in ("worker A", "auditor", "admin"):
        refused(world, errors.Forbidden, propose(USCC, world.staff[who]))


def test_of_elders_only_facts_of_use_are_told_and_only_at_home(world: World) -> None:
    bank, worker, elder = world.bank, world.staff["worker A"], world.rich(120)
    wish = AskForCare(elder.person_id, elder.person_id, "chatting", 60, NOW + timedelta(hours=1))
    request = redemptions.ask(bank, elder, wish, now=NOW)
    redemptions.step(bank, worker, request.id, "no_show", "elder_absent", now=NOW)
    for who in (elder, worker):
        facts = credit_files.facts_of_use(bank, who, elder.person_id)
        assert (facts.no_shows, facts.last_on) == (1, TODAY)
    for name, error in (("worker B", errors.NotFound), ("auditor", errors.Forbidden)):
        refused(world, error, lambda a=name: credit_files.facts_of_use(bank, world.staff[a], elder.person_id))
    refused(world, errors.Forbidden, lambda: credit_files.facts_of_use(bank, world.member(), elder.person_id))
