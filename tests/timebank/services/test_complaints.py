"""Complaints: made in three ways, handled from above and never by whom they are about, with deadlines and appeals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.timebank.world import NOW, PASSWORD, World
from timebank.domain import errors
from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import complaints, privacy, staff
from timebank.services.complaints import ComplaintView, NewComplaint

HERE = "10.0.0.1"


def told(world: World, kind: str = "service", words: str = "来得太晚", **rest: Any) -> NewComplaint:
    return NewComplaint(world.stations["A"], kind, words, **rest)


def state(world: World) -> list[Any]:
    """Every complaint with its state, and how many steps there are."""
    with world.bank.read() as unit:
        rows = unit._session.execute(text("select id, state, due_at, outcome, station_id from complaint order by id"))
        return [*rows.all(), unit._session.scalar(text("select count(*) from complaint_event"))]


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    before = state(world)
    with pytest.raises(error):
        deed()
    assert state(world) == before


def made(world: World, who: Actor | None = None, **rest: Any) -> ComplaintView:
    return complaints.make(world.bank, who or world.member(), told(world, **rest), now=NOW)


def second(world: World, name: str) -> Actor:
    """One more person of this role."""
    role, station = RoleName(name), world.stations[name]
    person = staff.appoint(
        world.bank, world.staff["admin"], name="钱宏", phone="19911110099", login=f"{name}2", password=PASSWORD,
        role=name, station_id=station, now=NOW, must_change=False,
    )  # fmt: skip
    return Actor(world.bank.settings.book, person, frozenset({Role(role, station)}), "web")


def kinds(world: World, who: Actor) -> list[str]:
    with world.bank.read() as unit:
        return [one.kind for one in unit.messages.of(who.person_id)]


def test_a_complaint_goes_its_whole_way(world: World) -> None:
    bank, street, member = world.bank, world.staff["street"], world.member(name="李秀英")
    one = made(world, member)
    assert (one.number[0], one.state, one.due_on) == ("C", "received", date(2026, 9, 18))
    assert kinds(world, street) == ["complaint_received"]
    seen = complaints.see(bank, street, one.id, now=NOW)
    assert (seen.text, seen.complainant, seen.handles) == ("来得太晚", "李秀英", True)
    view = complaints.step(bank, street, one.id, "accept", now=NOW)
    assert view is not None
    assert view.due_on == date(2026, 9, 30)
    complaints.step(bank, street, one.id, "answer", "已提醒志愿者", outcome="upheld", now=NOW)
    assert kinds(world, member) == ["complaint_step"] * 2
    view = complaints.step(bank, member, one.id, "appeal", "没有改", now=NOW)
    assert view is not None
    assert (view.state, view.outcome) == ("appealed", "upheld")
    refused(
        world,
        errors.ComplaintSecondHandler,
        lambda: complaints.step(bank, street, one.id, "decide", "x", outcome="upheld", now=NOW),
    )
    view = complaints.step(bank, world.staff["county"], one.id, "decide", "更换志愿者", outcome="upheld", now=NOW)
    assert view is not None
    assert view.state == "decided"
    complaints.step(bank, member, one.id, "close", now=NOW)
    history = complaints.trail(bank, street, one.id)
    assert [step.verb for step in history] == ["receive", "accept", "answer", "appeal", "decide", "close"]
    assert [step.text for step in history] == ["", "", "已提醒志愿者", "没有改", "更换志愿者", ""]
    assert history[2].who == "赵敏"
    assert {step.who for step in complaints.trail(bank, member, one.id)} == {""}


def test_whom_it_is_about_neither_sees_nor_handles_it(world: World) -> None:
    bank, street, county = world.bank, world.staff["street"], world.staff["county"]
    one = made(world, kind="conduct", about_id=street.person_id)
    assert kinds(world, street) == []
    assert kinds(world, county) == ["complaint_received"]
    assert complaints.at_stations(bank, street, now=NOW) == ()
    refused(world, errors.NotFound, lambda: complaints.see(bank, street, one.id, now=NOW))
    refused(world, errors.NotFound, lambda: complaints.step(bank, street, one.id, "accept", now=NOW))
    assert complaints.step(bank, county, one.id, "accept", now=NOW) is not None
    named = made(world, kind="conduct")
    other = second(world, "street")
    complaints.step(bank, street, named.id, "accept", about_id=other.person_id, now=NOW)
    refused(world, errors.NotFound, lambda: complaints.see(bank, other, named.id, now=NOW))


def test_nobody_handles_a_complaint_about_the_own_house_or_the_own_complaint(world: World) -> None:
    bank, street, county = world.bank, world.staff["street"], world.staff["county"]
    house = complaints.make(
        bank, world.member(), NewComplaint(world.stations["street"], "station", "关门太早"), now=NOW
    )
    refused(world, errors.NotFound, lambda: complaints.step(bank, street, house.id, "accept", now=NOW))
    assert [one.id for one in complaints.at_stations(bank, county, now=NOW)] == [house.id]
    own = complaints.make(bank, street, told(world), now=NOW)
    assert complaints.see(bank, street, own.id, now=NOW).verbs == ("withdraw",)
    refused(world, errors.NotFound, lambda: complaints.step(bank, street, own.id, "accept", now=NOW))


def test_about_a_record_all_who_took_part_are_kept_away(world: World) -> None:
    bank, elder = world.bank, world.member()
    record = world.verified(world.member(), elder)
    one = complaints.make(bank, elder, told(world, "record", record_id=record.id), now=NOW)
    assert one.record_id == record.id
    refused(
        world,
        errors.NotFound,
        lambda: complaints.make(bank, world.member(), told(world, "record", record_id=record.id), now=NOW),
    )
    refused(world, errors.NotFound, lambda: complaints.see(bank, world.staff["worker A"], one.id, now=NOW))


def test_the_desk_writes_one_down_for_a_member(world: World) -> None:
    bank, worker, member = world.bank, world.staff["worker A"], world.member()
    one = complaints.make(bank, worker, told(world), member.person_id, now=NOW)
    assert one.channel == "desk"
    assert [row.id for row in complaints.mine(bank, member, now=NOW)] == [one.id]
    assert complaints.see(bank, worker, one.id, now=NOW).handles is False
    stranger = world.member("B")
    refused(world, errors.NotFound, lambda: complaints.make(bank, worker, told(world), stranger.person_id, now=NOW))
    refused(world, errors.Forbidden, lambda: complaints.make(bank, member, told(world), stranger.person_id, now=NOW))


def test_somebody_without_an_account_follows_it_with_number_and_secret(world: World) -> None:
    bank, street = world.bank, world.staff["street"]
    number, secret = complaints.make_in_public(bank, told(world), "周小姐", "13900000001", HERE, now=NOW)
    view = complaints.see_in_public(bank, number, secret.lower(), HERE, now=NOW)
    assert (view.state, view.text, view.verbs) == ("received", "来得太晚", ("withdraw",))
    seen = complaints.at_stations(bank, street, now=NOW)[0]
    assert (seen.complainant, seen.phone) == ("周小姐", "13900000001")
    with bank.read() as unit:
        kept = repr(unit._session.execute(text("select * from complaint")).all())
        kept += repr(unit._session.execute(text("select sealed from person")).all())
    assert secret.replace("-", "") not in kept
    assert "13900000001" not in kept
    complaints.step(bank, street, seen.id, "accept", now=NOW)
    complaints.step(bank, street, seen.id, "answer", "已核实", outcome="partly", now=NOW)
    complaints.step_in_public(bank, number, secret, HERE, "appeal", "不同意", now=NOW)
    assert complaints.see_in_public(bank, number, secret, HERE, now=NOW).state == "appealed"
    assert {one.who for one in complaints.trail_in_public(bank, number, secret, HERE, now=NOW)} == {""}
    for verb in ("accept", "answer", "decide"):
        refused(
            world, errors.NotFound, lambda v=verb: complaints.step_in_public(bank, number, secret, HERE, v, now=NOW)
        )


def test_guessing_a_secret_and_sending_many_cost_time(world: World) -> None:
    bank = world.bank
    number, secret = complaints.make_in_public(bank, told(world), "", "", HERE, now=NOW)
    for _ in range(5):
        refused(world, errors.ComplaintUnknown, lambda: complaints.see_in_public(bank, number, "AAAA", HERE, now=NOW))
    refused(world, errors.TooManyAttempts, lambda: complaints.see_in_public(bank, number, secret, HERE, now=NOW))
    later = NOW + timedelta(minutes=1)
    assert complaints.see_in_public(bank, number, secret, HERE, now=later).number == number
    refused(world, errors.ComplaintUnknown, lambda: complaints.see_in_public(bank, "C26-1", secret, HERE, now=later))
    for _ in range(21):
        complaints.make_in_public(bank, told(world), "", "", "10.0.0.2", now=NOW)
    refused(
        world,
        errors.TooManyAttempts,
        lambda: complaints.make_in_public(bank, told(world), "", "", "10.0.0.2", now=NOW),
    )
    complaints.make_in_public(bank, told(world), "", "", HERE, now=NOW)


def test_a_misdirected_one_is_passed_on_or_redirected(world: World) -> None:
    bank, street = world.bank, world.staff["street"]
    one = made(world)
    refused(world, errors.Invalid, lambda: complaints.step(bank, street, one.id, "redirect", now=NOW))
    same = world.stations["A"]
    refused(
        world,
        errors.ComplaintStateConflict,
        lambda: complaints.step(bank, street, one.id, "pass_on", "x", station_id=same, now=NOW),
    )
    view = complaints.step(bank, street, one.id, "pass_on", "属于B站", station_id=world.stations["B"], now=NOW)
    assert view is not None
    assert (view.station_id, view.state) == (world.stations["B"], "received")
    view = complaints.step(bank, street, one.id, "redirect", "请找市场监管局 12315", now=NOW)
    assert view is not None
    assert (view.state, view.due_on, view.verbs) == ("redirected", None, ())
    refused(world, errors.ComplaintStateConflict, lambda: complaints.step(bank, street, one.id, "accept", now=NOW))
    gone = made(world)
    up = complaints.step(bank, street, gone.id, "pass_on", "x", station_id=world.stations["street"], now=NOW)
    assert up is None
    refused(world, errors.NotFound, lambda: complaints.see(bank, street, gone.id, now=NOW))


def test_deadlines_are_seen_and_silence_closes(world: World) -> None:
    bank, street, member = world.bank, world.staff["street"], world.member()
    one = made(world, member)
    late = NOW + timedelta(days=4)
    assert not complaints.see(bank, street, one.id, now=NOW + timedelta(days=3)).overdue
    assert complaints.see(bank, street, one.id, now=late).overdue
    complaints.step(bank, street, one.id, "accept", now=late)
    assert not complaints.see(bank, street, one.id, now=late).overdue
    complaints.step(bank, street, one.id, "answer", "已核实", outcome="not_upheld", now=late)
    end = late + timedelta(days=16)
    refused(world, errors.ComplaintAppealLate, lambda: complaints.step(bank, member, one.id, "appeal", "不", now=end))
    assert complaints.close_lapsed(bank, now=late + timedelta(days=15)) == 0
    assert complaints.close_lapsed(bank, now=end) == 1
    assert complaints.close_lapsed(bank, now=end) == 0
    assert [row.id for row in complaints.at_stations(bank, street, ended=True, now=end)] == [one.id]


def test_what_cannot_be_is_refused(world: World) -> None:
    bank, street, member = world.bank, world.staff["street"], world.member()
    cases: list[tuple[type[errors.TimebankError], NewComplaint]] = [
        (errors.Invalid, told(world, "rain")),
        (errors.Invalid, told(world, words="  ")),
        (errors.NotFound, NewComplaint("0" * 32, "service", "x")),
        (errors.NotFound, told(world, about_id="0" * 32)),
        (errors.NotFound, told(world, record_id="0" * 32)),
    ]
    for error, new in cases:
        refused(world, error, lambda n=new: complaints.make(bank, member, n, now=NOW))
    one = made(world, member)
    for verb, error in (
        ("appeal", errors.ComplaintStateConflict),
        ("shout", errors.Invalid),
        ("accept", errors.NotFound),
    ):
        refused(world, error, lambda v=verb: complaints.step(bank, member, one.id, v, "x", now=NOW))
    refused(
        world,
        errors.ComplaintStateConflict,
        lambda: complaints.step(bank, street, one.id, "answer", "x", outcome="upheld", now=NOW),
    )
    complaints.step(bank, street, one.id, "accept", now=NOW)
    for words, outcome in (("", "upheld"), ("x", None), ("x", "maybe")):
        refused(
            world,
            errors.Invalid,
            lambda w=words, o=outcome: complaints.step(bank, street, one.id, "answer", w, outcome=o, now=NOW),
        )
    for who in (world.member(), world.staff["worker A"], world.staff["worker B"], world.staff["auditor"]):
        refused(world, errors.NotFound, lambda a=who: complaints.see(bank, a, one.id, now=NOW))
    for name in ("worker A", "auditor", "admin"):
        with pytest.raises(errors.Forbidden):
            complaints.at_stations(bank, world.staff[name], now=NOW)


def test_of_who_is_erased_nothing_can_be_read(world: World) -> None:
    bank, member = world.bank, world.member()
    one = made(world, member)
    with pytest.raises(errors.OpenMattersLeft):
        privacy.ask(bank, member, member.person_id, now=NOW)
    complaints.step(bank, world.staff["street"], one.id, "redirect", "请找物业", now=NOW)
    asked = privacy.ask(bank, member, member.person_id, now=NOW)
    later = asked.due_at + timedelta(days=1)
    privacy.confirm(bank, world.staff["county"], asked.id, now=later)
    assert privacy.carry_out_due(bank, now=later) == 1
    seen = complaints.see(bank, world.staff["street"], one.id, now=later)
    assert (seen.text, seen.phone) == ("", "")
    with bank.read() as unit:
        kept = unit._session.execute(text("select text_sealed from complaint_event")).scalars().all()
    assert set(kept) == {None}
