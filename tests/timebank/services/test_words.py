"""Words behind a reason that is in no list: needed, kept sealed, shown to who may see the matter; lists go on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import catalogue, redemptions, reversals, training, transfers
from timebank.services.redemptions import AskForCare, RedemptionView
from timebank.storage.redemptions import RedemptionEvent
from timebank.storage.transfers import Reversal, Transfer

WORDS = "家里来了亲戚"


def asked(world: World, member: Actor, service: str = "cleaning") -> RedemptionView:
    form = AskForCare(member.person_id, member.person_id, service, 60, NOW + timedelta(days=2))
    return redemptions.ask(world.bank, member, form, now=NOW)


def in_need(world: World) -> Actor:
    return world.member(born=date(1940, 1, 1), tags=("living_alone",))


def raw(world: World, column: object) -> list[bytes]:
    """What stands in the database, unopened."""
    assert world.bank.outer is not None
    return [one for one in world.bank.outer.scalars(select(column)) if one is not None]  # type: ignore[call-overload]


def test_the_words_of_a_declined_request_are_needed_kept_sealed_and_shown(world: World) -> None:
    member, worker = world.rich(60), world.staff["worker A"]
    view = asked(world, member)
    for words in ("", "  "):
        with pytest.raises(errors.WordsMissing):
            redemptions.step(world.bank, worker, view.id, "decline", "other", words, now=NOW)
    assert (redemptions.see(world.bank, member, view.id).state, world.balance(member)) == ("held", 0)
    redemptions.step(world.bank, worker, view.id, "decline", "other", WORDS, now=NOW)
    last = redemptions.trail(world.bank, member, view.id)[-1]
    assert (last.state, last.reason, last.text) == ("declined", "other", WORDS)
    with pytest.raises(errors.NotFound):
        redemptions.trail(world.bank, world.member(), view.id)
    sealed = raw(world, RedemptionEvent.text_sealed)
    assert len(sealed) == 1
    assert WORDS.encode() not in sealed[0]


def test_the_words_of_a_grant_are_needed_and_kept(world: World) -> None:
    worker, street, elder = world.staff["worker A"], world.staff["street"], in_need(world)
    with pytest.raises(errors.WordsMissing):
        transfers.ask_grant(world.bank, worker, elder.person_id, 60, "other", now=NOW)
    with pytest.raises(errors.ReasonUnknown):
        transfers.ask_grant(world.bank, worker, elder.person_id, 60, "because", WORDS, now=NOW)
    assert transfers.grants(world.bank, worker, now=NOW) == ()
    view = transfers.ask_grant(world.bank, worker, elder.person_id, 60, "other", WORDS, now=NOW)
    assert (view.text, transfers.pending_grants(world.bank, street)) == (WORDS, 1)
    with pytest.raises(errors.WordsMissing):
        transfers.decide_grant(world.bank, street, view.id, approve=False, reason="other", now=NOW)
    assert transfers.grants(world.bank, worker, now=NOW)[0].state == "pending"
    transfers.decide_grant(world.bank, street, view.id, approve=False, reason="other", text="已搬走", now=NOW)
    seen = transfers.grants(world.bank, worker, now=NOW)[0]
    assert (seen.state, seen.refused_reason, seen.refused_text) == ("refused", "other", "已搬走")
    assert transfers.pending_grants(world.bank, street) == 0
    assert "已搬走".encode() not in raw(world, Transfer.refused_text_sealed)[0]
    assert world.balance(elder, "granted") == 0


def test_the_words_of_a_refused_correction_are_needed_and_kept(world: World) -> None:
    record = world.verified(world.member(), world.member())
    first, street = world.staff["second A"], world.staff["street"]
    view = reversals.ask(world.bank, first, record.entry_seq or 0, "wrong_time", "", now=NOW)
    assert reversals.asked(world.bank, street) == 1
    with pytest.raises(errors.WordsMissing):
        reversals.decide(world.bank, street, view.id, approve=False, reason="other", now=NOW)
    assert reversals.every(world.bank, first)[0].state == "asked"
    reversals.decide(world.bank, street, view.id, approve=False, reason="other", text=WORDS, now=NOW)
    seen = reversals.every(world.bank, first)[0]
    assert (seen.state, seen.refused_reason, seen.refused_text) == ("refused", "other", WORDS)
    assert reversals.asked(world.bank, street) == 0
    assert WORDS.encode() not in raw(world, Reversal.refused_text_sealed)[0]
    assert reversals.every(world.bank, world.staff["worker B"]) == ()


def test_grants_and_corrections_go_on_page_by_page(world: World) -> None:
    worker = world.staff["worker A"]
    made = [transfers.ask_grant(world.bank, worker, in_need(world).person_id, 60, "eligible", now=NOW) for _ in "123"]
    first = transfers.grants(world.bank, worker, limit=2, now=NOW)
    rest = transfers.grants(world.bank, worker, before=first[-1].id, limit=2, now=NOW)
    assert {one.id for one in (*first, *rest)} == {one.id for one in made}
    assert (len(first), len(rest)) == (2, 1)
    assert transfers.grants(world.bank, world.staff["worker B"], now=NOW) == ()
    volunteer, elder = world.member(), world.member()
    wrong = [
        reversals.ask(
            world.bank, worker,
            world.verified(volunteer, elder, ago=timedelta(days=day, hours=3)).entry_seq or 0, "fraud", "", now=NOW,
        ).id
        for day in (1, 2, 3)
    ]  # fmt: skip
    newest = reversals.every(world.bank, worker, limit=2)
    older = reversals.every(world.bank, worker, before=newest[-1].id, limit=2)
    assert {one.id for one in (*newest, *older)} == set(wrong)
    assert (len(newest), len(older)) == (2, 1)


def test_only_trained_volunteers_are_offered_and_given_a_request(world: World) -> None:
    member, worker = world.rich(120), world.staff["worker A"]
    plain, trained, late = (world.member(name=name) for name in ("王普通", "赵学过", "钱过期"))
    today = NOW.date()
    for one, until in ((trained, None), (late, today - timedelta(days=1))):
        training.record(world.bank, worker, one.person_id, "escort", today - timedelta(days=9), until, now=NOW)
    view = asked(world, member, "doctor_visit")
    found = redemptions.helpers(world.bank, worker, view.id, now=NOW)
    assert ([one.name for one in found.people], found.training, found.next) == (["赵学过"], "escort", None)
    for one in (plain, late):
        with pytest.raises(errors.VolunteerUnqualified):
            redemptions.assign(world.bank, worker, view.id, one.person_id, now=NOW)
    assert redemptions.see(world.bank, worker, view.id).volunteer_id is None
    assert redemptions.assign(world.bank, worker, view.id, trained.person_id, now=NOW).state == "assigned"
    with pytest.raises(errors.NotFound):
        redemptions.helpers(world.bank, world.staff["worker B"], view.id, now=NOW)
    with pytest.raises(errors.Forbidden):
        redemptions.helpers(world.bank, member, view.id, now=NOW)


def test_helpers_are_found_by_number_or_name_and_page_by_page(world: World) -> None:
    member, worker = world.rich(120), world.staff["worker A"]
    people = [world.member(name=f"孙帮手{sign}") for sign in "甲乙丙"]
    view = asked(world, member)
    named = redemptions.helpers(world.bank, worker, view.id, "帮手", limit=2, now=NOW)
    assert ([one.name for one in named.people], named.training) == (["孙帮手甲", "孙帮手乙"], None)
    rest = redemptions.helpers(world.bank, worker, view.id, "帮手", after=named.next or "", limit=2, now=NOW)
    assert ([one.name for one in rest.people], rest.next) == (["孙帮手丙"], None)
    number = world.number(people[1])
    assert [one.number for one in redemptions.helpers(world.bank, worker, view.id, number, now=NOW).people] == [number]
    everybody = redemptions.helpers(world.bank, worker, view.id, limit=200, now=NOW).people
    assert member.person_id not in {one.person_id for one in everybody}


def test_what_elders_cannot_ask_for_is_refused_and_can_be_changed(world: World) -> None:
    member, county = world.rich(120), world.staff["county"]
    assert "station_duty" not in {one.code for one in catalogue.askable(world.bank)}
    with pytest.raises(errors.ServiceNotRedeemable):
        asked(world, member, "station_duty")
    assert world.balance(member) == 120
    with pytest.raises(errors.Forbidden):
        catalogue.let_ask(world.bank, member, "cleaning", askable=False)
    with pytest.raises(errors.ServiceNotOffered):
        catalogue.let_ask(world.bank, county, "nothing", askable=False)
    catalogue.let_ask(world.bank, county, "cleaning", askable=False)
    with pytest.raises(errors.ServiceNotRedeemable):
        asked(world, member)
    catalogue.let_ask(world.bank, county, "cleaning", askable=True)
    assert asked(world, member).state == "held"
