"""Monthly visits: enrolled with evidence, planned, visited in three modes, counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import incidents, members, privacy, rounds
from timebank.services.rounds import NewVisit, RoundView

MONTH, LATER = date(2026, 9, 1), NOW + timedelta(days=7)
EVIDENCE = {"living_alone": "社区证明 2026-118"}
TABLES = ("round_enrolment", "round_tag", "round_plan", "round_visit", "incident", "incident_call", "message")


def counts(world: World) -> list[int]:
    """How many rows stand in each table that a visit may write to."""
    with world.bank.read() as unit:
        return [unit._session.scalar(text(f"select count(*) from {one}")) or 0 for one in TABLES]


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    """The deed is refused so, and nothing was written."""
    before = counts(world)
    with pytest.raises(error):
        deed()
    assert counts(world) == before


def alone(world: World, station: str = "A") -> Actor:
    return world.member(station, tags=("living_alone",), name="李秀英")


def enrolled(world: World, elder: Actor | None = None, grid: str = "3-02", **rest: Any) -> RoundView:
    elder = elder or alone(world)
    return rounds.enrol(world.bank, world.staff["worker A"], elder.person_id, EVIDENCE, grid, now=NOW, **rest)


def visit(outcome: str = "fine", mode: str = "home", words: str = "", at: datetime = NOW, **rest: Any) -> NewVisit:
    return NewVisit(mode, outcome, at, words, **rest)


def test_an_elder_is_enrolled_with_evidence_that_only_the_station_reads(world: World) -> None:
    view = enrolled(world)
    assert (view.grid, view.visitor, view.last_contact_on, view.red) == ("3-02", "", None, False)
    tag = rounds.circumstances(world.bank, world.staff["worker A"], view.id, now=NOW)[0]
    assert (tag.code, tag.name, tag.evidence, tag.recorded_by) == ("living_alone", "独居", "社区证明 2026-118", "赵敏")
    with world.bank.read() as unit:
        kept = unit._session.execute(text("select text_sealed from round_tag")).scalar()
    assert b"living_alone" not in bytes(kept)
    for who in ("street", "county"):
        masked = rounds.see(world.bank, world.staff[who], view.id, MONTH, now=NOW)
        assert (masked.name, masked.number, masked.phone) == ("李**", "", "")
        with pytest.raises(errors.Forbidden):
            rounds.circumstances(world.bank, world.staff[who], view.id, now=NOW)


def test_who_cannot_be_enrolled_is_not(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    elder, without = alone(world), world.member()

    def enrol(who: Actor, person: Actor, tags: dict[str, str], grid: str = "3", **rest: Any) -> Callable[[], Any]:
        return lambda: rounds.enrol(bank, who, person.person_id, tags, grid, now=NOW, **rest)

    refused(world, errors.RoundTagMissing, enrol(worker, without, EVIDENCE))
    refused(world, errors.Invalid, enrol(worker, elder, {"living_alone": " "}))
    refused(world, errors.Invalid, enrol(worker, elder, {"made_up": "x"}))
    refused(world, errors.Invalid, enrol(worker, elder, EVIDENCE, ""))
    refused(world, errors.Invalid, enrol(worker, elder, EVIDENCE, "x" * 25))
    refused(world, errors.VisitorUnfit, enrol(worker, elder, EVIDENCE, visitor_id=elder.person_id))
    refused(world, errors.VisitorUnfit, enrol(worker, elder, EVIDENCE, visitor_id=world.member("B").person_id))
    refused(world, errors.NotFound, enrol(world.staff["worker B"], elder, EVIDENCE))
    for who in ("street", "county", "auditor", "admin"):
        refused(world, errors.Forbidden, enrol(world.staff[who], elder, EVIDENCE))
    enrolled(world, elder)
    refused(world, errors.RoundEnrolled, enrol(worker, elder, EVIDENCE))


def test_a_circumstance_that_asks_for_no_visits_is_not_enough(world: World) -> None:
    poor = world.member(tags=("low_income",))
    worker = world.staff["worker A"]
    refused(
        world,
        errors.RoundTagMissing,
        lambda: rounds.enrol(world.bank, worker, poor.person_id, {"low_income": "低保证 7"}, "3", now=NOW),
    )


def test_the_month_is_planned_by_grid_and_each_visitor_is_told_once(world: World) -> None:
    bank, worker, second = world.bank, world.staff["worker A"], world.staff["second A"]
    first = enrolled(world, grid="1", visitor_id=second.person_id)
    same, other = enrolled(world, grid="1"), enrolled(world, grid="2")
    assert rounds.plan(bank, worker, world.stations["A"], MONTH, now=NOW) == 3
    who = {one.id: one.visitor_id for one in rounds.month_list(bank, worker, MONTH, now=NOW)}
    assert who == {first.id: second.person_id, same.id: second.person_id, other.id: worker.person_id}
    with bank.read() as unit:
        assert [one.kind for one in unit.messages.of(second.person_id)] == ["rounds_planned"]
    assert rounds.plan(bank, worker, world.stations["A"], MONTH, now=NOW) == 0
    view = rounds.assign(bank, worker, other.id, second.person_id, MONTH, now=NOW)
    assert (view.visitor_id, view.planned) == (second.person_id, True)
    for error, station, who_asks in (
        (errors.NotFound, "A", "worker B"),
        (errors.Forbidden, "A", "street"),
        (errors.NotFound, "B", "worker A"),
    ):
        deed = world.staff[who_asks]
        refused(world, error, lambda a=deed, s=station: rounds.plan(bank, a, world.stations[s], MONTH, now=NOW))
    refused(world, errors.VisitorUnfit, lambda: rounds.assign(bank, worker, other.id, "0" * 32, MONTH, now=NOW))


def test_a_volunteer_sees_by_name_only_whom_to_visit(world: World) -> None:
    bank, worker, helper = world.bank, world.staff["worker A"], world.member()
    one, other = enrolled(world), enrolled(world)
    assert rounds.mine(bank, helper, MONTH, now=NOW) == ()
    rounds.assign(bank, worker, one.id, helper.person_id, MONTH, now=NOW)
    rounds.assign(bank, worker, other.id, worker.person_id, MONTH, now=NOW)
    found = rounds.mine(bank, helper, MONTH, now=NOW)
    assert [(row.id, row.name) for row in found] == [(one.id, "李秀英")]
    with pytest.raises(errors.Forbidden):
        rounds.see(bank, helper, one.id, MONTH, now=NOW)
    rounds.end(bank, worker, one.id, "moved", now=NOW)
    assert rounds.mine(bank, helper, MONTH, now=NOW) == ()


def test_a_month_is_red_from_the_regions_day_and_a_visit_of_any_mode_ends_it(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    ids = [enrolled(world).id for _ in range(4)]
    assert not any(one.red for one in rounds.month_list(bank, worker, MONTH, now=NOW + timedelta(days=4)))
    for one, mode in zip(ids, ("home", "phone", "station"), strict=False):
        rounds.record(bank, worker, one, visit(mode=mode), now=NOW)
    listed = rounds.month_list(bank, worker, MONTH, now=NOW + timedelta(days=5))
    assert (listed[0].id, listed[0].red) == (ids[3], True)
    assert [one.red for one in listed[1:]] == [False] * 3
    assert {one.last_contact_on for one in listed[1:]} == {date(2026, 9, 15)}
    october = rounds.month_list(bank, worker, date(2026, 10, 1), now=NOW + timedelta(days=20))
    assert [one.visited_on for one in october] == [None] * 4
    assert all(one.red for one in rounds.month_list(bank, worker, MONTH, now=NOW + timedelta(days=40))[:1])


def test_the_local_month_counts_not_utc(world: World) -> None:
    one = enrolled(world)
    night = datetime(2026, 9, 30, 16, 30, tzinfo=NOW.tzinfo)  # half past midnight of 1 October there
    rounds.record(world.bank, world.staff["worker A"], one.id, visit(at=night), now=night)
    later = night + timedelta(hours=1)
    for month, visited in ((MONTH, 0), (date(2026, 10, 1), 1)):
        assert rounds.coverage(world.bank, world.staff["worker A"], month, now=later).visited == visited


def test_follow_up_has_a_day_and_a_later_visit_ends_it(world: World) -> None:
    bank, worker, one = world.bank, world.staff["worker A"], enrolled(world)
    view = rounds.record(bank, worker, one.id, visit("follow_up", words="门锁坏了"), now=NOW)
    assert view.follow_up_by == date(2026, 9, 18)
    assert [row.text for row in rounds.history(bank, worker, one.id)] == ["门锁坏了"]
    assert [row.text for row in rounds.history(bank, world.staff["street"], one.id)] == [""]
    assert incidents.at_stations(bank, worker, now=NOW) == ()
    view = rounds.record(bank, worker, one.id, visit(at=LATER), now=LATER)
    assert view.follow_up_by is None


def test_an_urgent_visit_opens_an_incident_in_the_same_commit(world: World) -> None:
    bank, worker, one = world.bank, world.staff["worker A"], enrolled(world)
    rounds.record(bank, worker, one.id, visit("urgent", words="倒在家中"), now=NOW)
    opened = incidents.at_stations(bank, worker, now=NOW)[0]
    assert rounds.history(bank, worker, one.id)[0].incident_id == opened.id
    assert (opened.kind, opened.severity, opened.text, opened.person) == (
        "found_on_visit",
        "urgent",
        "倒在家中",
        "李秀英",
    )
    assert [call.role for call in opened.calls] == ["worker", "street", "county"]


def test_visits_that_cannot_be_are_refused(world: World) -> None:
    bank, worker, one = world.bank, world.staff["worker A"], enrolled(world)
    cases: list[tuple[type[errors.TimebankError], Actor, NewVisit]] = [
        (errors.RoundVisitTimeInvalid, worker, visit(at=NOW + timedelta(minutes=1))),
        (errors.RoundVisitTimeInvalid, worker, visit(at=NOW - timedelta(days=1))),
        (errors.Invalid, worker, visit("urgent")),
        (errors.Invalid, worker, visit("follow_up", words=" ")),
        (errors.Invalid, worker, visit("dead")),
        (errors.Invalid, worker, visit(mode="video")),
        (errors.VisitorUnfit, worker, visit(visitor_id=one.person_id)),
        (errors.NotFound, world.staff["worker B"], visit()),
        (errors.Forbidden, world.staff["street"], visit()),
        (errors.Forbidden, world.as_member(one.person_id), visit()),
    ]
    for error, who, what in cases:
        refused(world, error, lambda a=who, w=what: rounds.record(bank, a, one.id, w, now=NOW))
    refused(world, errors.Invalid, lambda: rounds.end(bank, worker, one.id, "tired of it", now=NOW))
    rounds.end(bank, worker, one.id, "moved", now=NOW)
    refused(world, errors.RoundEnded, lambda: rounds.record(bank, worker, one.id, visit(), now=NOW))
    refused(world, errors.RoundEnded, lambda: rounds.end(bank, worker, one.id, "moved", now=NOW))
    assert rounds.month_list(bank, worker, MONTH, now=NOW) == ()


def test_coverage_counts_elders_once_and_hides_small_cells(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    ids = [enrolled(world).id for _ in range(6)]
    small = alone(world, "B")
    rounds.enrol(bank, world.staff["worker B"], small.person_id, EVIDENCE, "9", now=NOW)
    for one in (ids[0], ids[0], ids[1]):
        rounds.record(bank, worker, one, visit(), now=NOW)
    own = rounds.coverage(bank, worker, MONTH, now=NOW)
    assert [(one.enrolled, one.visited, one.percent) for one in own.stations] == [(6, 2, 33)]
    assert (own.target_percent, own.target_year, own.target_source) == (100, 2022, own.target_source)
    assert own.target_source
    county = rounds.coverage(bank, world.staff["county"], MONTH, now=NOW)
    assert [(one.enrolled, one.visited) for one in county.stations] == [(None, None), (None, None)]
    assert (county.enrolled, county.visited, county.percent) == (7, 2, 28)
    alone_above = rounds.coverage(bank, world.staff["county"], date(2026, 8, 1), now=NOW)
    assert (alone_above.enrolled, alone_above.percent) == (0, None)
    mine = rounds.coverage(bank, world.staff["worker B"], MONTH, now=NOW)
    assert [(one.enrolled, one.visited) for one in mine.stations] == [(1, 0)]
    with pytest.raises(errors.Forbidden):
        rounds.coverage(bank, world.staff["auditor"], MONTH, now=NOW)
    with pytest.raises(errors.NotFound):
        rounds.month_list(bank, worker, MONTH, world.stations["B"], now=NOW)


def test_a_total_never_tells_the_only_hidden_cell(world: World) -> None:
    enrolled(world)
    view = rounds.coverage(world.bank, world.staff["county"], MONTH, now=NOW)
    assert {one.enrolled for one in view.stations} == {None, 0}
    assert (view.enrolled, view.visited, view.percent) == (None, None, None)


def test_who_leaves_is_no_longer_visited_and_nothing_readable_stays(world: World) -> None:
    bank, worker, elder = world.bank, world.staff["worker A"], alone(world)
    one = enrolled(world, elder)
    rounds.record(bank, worker, one.id, visit("urgent", words="倒在家中"), now=NOW)
    with pytest.raises(errors.OpenMattersLeft):
        privacy.ask(bank, elder, elder.person_id, now=NOW)
    opened = incidents.at_stations(bank, worker, now=NOW)[0]
    incidents.close(bank, worker, opened.id, "已送医", now=NOW)
    asked = privacy.ask(bank, elder, elder.person_id, now=NOW)
    later = asked.due_at + timedelta(days=1)
    privacy.confirm(bank, world.staff["county"], asked.id, now=later)
    assert privacy.carry_out_due(bank, now=later) == 1
    with bank.read() as unit:
        row = unit.rounds.get(one.id)
        assert row is not None
        assert row.ended_at == later
        for table, column in (
            ("round_tag", "text_sealed"),
            ("round_visit", "text_sealed"),
            ("incident", "text_sealed"),
            ("incident", "done_sealed"),
        ):
            kept = unit._session.execute(text(f"select {column} from {table}")).scalars().all()
            assert kept == [None], table
    assert incidents.at_stations(bank, worker, "closed", now=later)[0].text == ""
    assert members.see(bank, worker, elder.person_id, now=later).state == "closed"
