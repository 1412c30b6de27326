"""Consent notes: before papers are carried, by whom, sealed, given back once; services without one are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import consent_notes, families, hours, members, needs, training
from timebank.services.consent_notes import NewNote
from timebank.services.needs import PostNeed

WORDS = "社保卡和处方"


def note(world: World, elder: Actor, helper: Actor, papers: str = WORDS, service: str = "errands") -> NewNote:
    return NewNote(elder.person_id, helper.person_id, service, papers, NOW, NOW + timedelta(hours=4))


def given(world: World, elder: Actor, helper: Actor, **change: object) -> consent_notes.NoteView:
    new = replace(note(world, elder, helper), **change)  # type: ignore[arg-type]
    return consent_notes.give(world.bank, elder, new, now=NOW)


def count(world: World, who: Actor) -> int:
    return len(consent_notes.mine(world.bank, who, now=NOW))


def test_without_a_note_the_service_is_refused_and_with_one_it_is_logged(world: World) -> None:
    elder, helper = world.member(pin=PIN), world.member()
    later = NOW + timedelta(hours=3)
    told = world.told(elder, service="errands", ago=timedelta(hours=-1))
    told = replace(told, place="outside")
    with pytest.raises(errors.ConsentNoteMissing):
        hours.log(world.bank, helper, told, now=later)
    with pytest.raises(errors.ConsentNoteMissing):
        hours.check_in(world.bank, helper, elder.person_id, "errands", pin=PIN, now=NOW)
    assert hours.mine(world.bank, helper) == ()
    assert hours.open_visit(world.bank, helper) is None
    view = given(world, elder, helper)
    assert (view.state, view.given_how, view.papers) == ("out", "self", WORDS)
    record = hours.log(world.bank, helper, told, now=later)
    found = consent_notes.of_record(world.bank, helper, record.id, now=later)
    assert found is not None
    assert found.id == view.id
    again = replace(told, started_at=told.started_at + timedelta(hours=1), minutes=30)
    with pytest.raises(errors.ConsentNoteMissing):
        hours.log(world.bank, helper, again, now=later + timedelta(hours=1))
    hours.step(world.bank, helper, record.id, "withdraw", "mistake", "", now=later)
    assert hours.log(world.bank, helper, told, now=later).state == "logged"


def test_a_note_of_another_helper_or_written_afterwards_does_not_count(world: World) -> None:
    elder, helper = world.member(), world.member()
    given(world, elder, world.member())
    given(world, elder, helper)
    told = replace(world.told(elder, service="errands", ago=timedelta(hours=2)), place="outside")
    with pytest.raises(errors.ConsentNoteMissing):
        hours.log(world.bank, helper, told, now=NOW)
    assert hours.mine(world.bank, helper) == ()


def test_the_helper_writes_it_only_with_the_elders_pin(world: World) -> None:
    elder, helper = world.member(pin=PIN), world.member()
    new = note(world, elder, helper, papers="")
    with pytest.raises(errors.PinWrong):
        consent_notes.give(world.bank, helper, new, pin="000000", now=NOW)
    assert count(world, elder) == 0
    view = consent_notes.give(world.bank, helper, new, pin=PIN, now=NOW)
    assert (view.state, view.given_how, view.papers) == ("none", "pin", "")
    hours.check_in(world.bank, helper, elder.person_id, "errands", pin=PIN, now=NOW)


def test_proxy_and_desk_write_it_and_strangers_find_nothing(world: World) -> None:
    elder, helper, child, stranger = world.member(), world.member(), world.member(), world.member()
    worker = world.staff["worker A"]
    families.record_kin(world.bank, worker, elder.person_id, child.person_id, "child", now=NOW)
    families.record_proxy(world.bank, worker, elder.person_id, child.person_id, "desk", now=NOW)
    new = note(world, elder, helper)
    assert consent_notes.give(world.bank, child, new, now=NOW).given_how == "proxy"
    earlier = replace(new, given_at=NOW - timedelta(days=1), due_at=NOW)
    assert consent_notes.give(world.bank, worker, earlier, now=NOW).given_how == "desk"
    for who in (stranger, world.staff["worker B"], world.staff["auditor"]):
        with pytest.raises(errors.NotFound):
            consent_notes.give(world.bank, who, new, now=NOW)
    with pytest.raises(errors.Invalid):
        consent_notes.give(world.bank, elder, earlier, now=NOW)
    with pytest.raises(errors.OwnCare):
        consent_notes.give(world.bank, elder, replace(new, helper_id=elder.person_id), now=NOW)
    with pytest.raises(errors.Invalid):
        consent_notes.give(world.bank, elder, replace(new, service_code="cleaning"), now=NOW)
    with pytest.raises(errors.NotFound):
        consent_notes.give(world.bank, elder, replace(new, need_id="0" * 32), now=NOW)
    with pytest.raises(errors.Invalid):
        consent_notes.give(world.bank, elder, replace(new, due_at=NOW - timedelta(minutes=1)), now=NOW)
    assert count(world, elder) == 2


def test_papers_come_back_once_and_the_desk_sees_what_is_out(world: World) -> None:
    elder, helper = world.member(pin=PIN), world.member()
    view, worker = given(world, elder, helper), world.staff["worker A"]
    late = NOW + timedelta(hours=5)
    out = consent_notes.at_stations(world.bank, worker, now=late)
    assert [(one.id, one.overdue) for one in out] == [(view.id, True)]
    assert consent_notes.at_stations(world.bank, world.staff["worker B"], now=late) == ()
    with pytest.raises(errors.Forbidden):
        consent_notes.at_stations(world.bank, helper, now=late)
    with pytest.raises(errors.NotFound):
        consent_notes.give_back(world.bank, world.staff["worker B"], view.id, now=late)
    with pytest.raises(errors.PinWrong):
        consent_notes.give_back(world.bank, helper, view.id, pin="111111", now=late)
    assert consent_notes.see(world.bank, elder, view.id, now=late).state == "out"
    back = consent_notes.give_back(world.bank, helper, view.id, pin=PIN, now=late)
    assert (back.state, back.back_how, back.back_at) == ("back", "pin", late)
    with pytest.raises(errors.ConsentNoteReturned):
        consent_notes.give_back(world.bank, elder, view.id, now=late)
    assert consent_notes.at_stations(world.bank, worker, now=late) == ()
    with pytest.raises(errors.NotFound):
        consent_notes.see(world.bank, world.member(), view.id, now=late)


def test_the_words_are_sealed_under_the_elders_key_and_keep_the_member_from_leaving(world: World) -> None:
    elder, helper = world.member(), world.member()
    view = given(world, elder, helper)
    with world.bank.read() as unit:
        row = unit.consent_notes.get(view.id)
        assert row is not None
        assert row.papers_sealed is not None
        assert WORDS.encode() not in row.papers_sealed
        assert unit.open_for(helper.person_id, None) is None
    worker = world.staff["worker A"]
    with pytest.raises(errors.OpenMattersLeft):
        members.close(world.bank, worker, elder.person_id, now=NOW)
    consent_notes.give_back(world.bank, elder, view.id, now=NOW)
    members.close(world.bank, worker, elder.person_id, now=NOW)


def test_a_visit_begun_with_a_note_is_logged_at_its_end(world: World) -> None:
    elder, helper = world.member(pin=PIN), world.member()
    training.record(world.bank, world.staff["worker A"], helper.person_id, "escort", NOW.date(), None, now=NOW)
    given(world, elder, helper, service_code="doctor_visit", papers="病历")
    began = NOW + timedelta(minutes=5, seconds=20)
    visit = hours.check_in(world.bank, helper, elder.person_id, "doctor_visit", pin=PIN, now=began)
    record = hours.check_out(world.bank, helper, visit.id, pin=PIN, now=began + timedelta(hours=1, minutes=30))
    assert record.state == "confirmed"


def test_a_need_begins_only_with_its_note(world: World) -> None:
    elder, helper = world.member(), world.member()
    soon = NOW + timedelta(days=1)
    wish = PostNeed(elder.person_id, service_code="errands", minutes=60, wanted_at=soon, risk="无", funding="charity")
    need = needs.post(world.bank, elder, wish, now=NOW)
    needs.publish(world.bank, world.staff["worker A"], need.id, now=NOW)
    new = replace(note(world, elder, helper), need_id=need.id)
    with pytest.raises(errors.NotFound):
        consent_notes.give(world.bank, elder, new, now=NOW)
    needs.take(world.bank, helper, need.id, now=NOW)
    with pytest.raises(errors.ConsentNoteMissing):
        needs.start(world.bank, helper, need.id, now=soon)
    assert needs.see(world.bank, elder, need.id).state == "taken"
    when = replace(new, given_at=soon, due_at=soon + timedelta(hours=4))
    assert consent_notes.give(world.bank, elder, when, now=soon).need_id == need.id
    assert needs.start(world.bank, helper, need.id, now=soon).state == "in_service"
