"""Offers, teams, group activities and the project bank: joined behind the gates, written down once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.activities import NewActivity, NewProject
from timebank.domain.roles import Actor
from timebank.services import activities, families, hours, needs, offers, projects, teams, training
from timebank.services.activities import ActivityView
from timebank.services.hours import LogHours
from timebank.services.needs import PostNeed
from timebank.services.offers import MakeOffer

START = NOW + timedelta(days=2)
OVER = START + timedelta(hours=3)


def meal_run(world: World, leader: Actor, served: list[Actor], **more: object) -> NewActivity:
    told = {
        "name": "周四送餐", "starts_at": START, "minutes": 90, "place": "新谊社区", "content": "给独居老人送午餐",
        "service_code": "meal_delivery", "places": 2,
    }  # fmt: skip
    ids = [one.person_id for one in served]
    return NewActivity(world.stations["A"], leader_id=leader.person_id, served=ids, **{**told, **more})  # type: ignore[arg-type]


def planned(world: World, **more: object) -> tuple[ActivityView, list[Actor]]:
    served = [world.member(), world.member()]
    form = meal_run(world, world.member(), served, **more)
    return activities.plan(world.bank, world.staff["worker A"], form, now=NOW), served


def enter(world: World, view: ActivityView) -> dict[str, str]:
    """What the desk does: each one's minutes, once."""
    worker = world.staff["worker A"]
    lines = activities.sheet(world.bank, worker, view.id)
    rows = [
        (one.person_id, "", LogHours(one.elder_id, view.service_code, START, 90, "home", in_group=view.in_group))
        for one in lines
    ]
    records = hours.enter(world.bank, worker, rows, now=OVER)
    return {one.volunteer_id: one.id for one in records}


def test_a_meal_run_is_one_activity_with_many_elders_and_each_minute_counts_once(world: World) -> None:
    view, served = planned(world)
    one, other = world.member(), world.member()
    for who in (one, other):
        activities.join(world.bank, who, view.id, now=NOW)
    with pytest.raises(errors.ActivityFull):
        activities.join(world.bank, world.member(), view.id, now=NOW)
    lines = activities.sheet(world.bank, world.staff["worker A"], view.id)
    assert {line.elder_id for line in lines} == {elder.person_id for elder in served}
    records = enter(world, view)
    done = activities.written(world.bank, world.staff["worker A"], view.id, records, now=OVER)
    assert (done.state, done.taken, done.served_count) == ("recorded", 2, 2)
    with pytest.raises(errors.ActivityStateConflict):
        activities.written(world.bank, world.staff["worker A"], view.id, records, now=OVER)
    with pytest.raises(hours.RowRefused) as refused:
        enter(world, view)
    assert isinstance(refused.value.error, errors.HoursOverlap)


@pytest.mark.parametrize(
    "missing",
    [{"name": " "}, {"place": ""}, {"content": ""}, {"minutes": 0}, {"places": 0}, {"starts_at": NOW},
     {"minutes": 600}, {"service_code": "errands"}],
)  # fmt: skip
def test_the_seven_facts_are_all_there(world: World, missing: dict[str, object]) -> None:
    with pytest.raises(errors.ActivityInvalid):
        planned(world, **missing)
    assert activities.at_stations(world.bank, world.staff["worker A"]) == ()


def test_nobody_is_served_by_an_activity_without_elders_or_of_another_station(world: World) -> None:
    worker, leader = world.staff["worker A"], world.member()
    for served in ([], [world.member("B")]):
        with pytest.raises(errors.ActivityInvalid):
            activities.plan(world.bank, worker, meal_run(world, leader, served), now=NOW)
    with pytest.raises(errors.NotFound):
        activities.plan(world.bank, world.staff["worker B"], meal_run(world, leader, [world.member()]), now=NOW)
    assert activities.to_join(world.bank, leader, now=NOW) == ()


def test_joining_passes_the_gates_and_the_own_calendar(world: World) -> None:
    view, served = planned(world, service_code="walking", place="公园")
    volunteer, worker = world.member(), world.staff["worker A"]
    with pytest.raises(errors.VolunteerUnqualified):
        activities.join(world.bank, volunteer, view.id, now=NOW)
    training.record(world.bank, worker, volunteer.person_id, "escort", NOW.date(), None, now=NOW)
    form = PostNeed(world.member().person_id, "cleaning", 60, START, "无", "own")
    need = needs.post(world.bank, worker, form, now=NOW)
    needs.publish(world.bank, worker, need.id, now=NOW)
    needs.take(world.bank, volunteer, need.id, now=NOW)
    with pytest.raises(errors.AlreadyBooked):
        activities.join(world.bank, volunteer, view.id, now=NOW)
    needs.untake(world.bank, volunteer, need.id, now=NOW)
    assert activities.join(world.bank, volunteer, view.id, now=NOW).joined_by_me
    with pytest.raises(errors.AlreadyBooked):
        needs.take(world.bank, volunteer, need.id, now=NOW)
    assert activities.leave(world.bank, volunteer, view.id).taken == 0
    with pytest.raises(errors.NotFound):
        activities.leave(world.bank, volunteer, view.id)
    with pytest.raises(errors.AlreadyBooked):
        activities.join(world.bank, served[0], view.id, now=NOW)


def test_near_kin_is_recorded_for_another_elder_or_not_at_all(world: World) -> None:
    view, served = planned(world)
    child = world.member()
    for elder in served[:1]:
        families.record_kin(
            world.bank, world.staff["worker A"], elder.person_id, child.person_id, "child", now=NOW
        )  # fmt: skip
    activities.join(world.bank, child, view.id, now=NOW)
    assert activities.sheet(world.bank, world.staff["worker A"], view.id)[0].elder_id == served[1].person_id
    alone = activities.plan(
        world.bank, world.staff["worker A"],
        meal_run(world, world.member(), served[:1], starts_at=START + timedelta(days=1)), now=NOW,
    )  # fmt: skip
    with pytest.raises(errors.KinCare):
        activities.join(world.bank, child, alone.id, now=NOW)


def test_cancelling_tells_and_reminders_are_sent_once(world: World) -> None:
    view, served = planned(world)
    activities.join(world.bank, world.member(), view.id, now=NOW)
    assert activities.remind_due(world.bank, now=START - timedelta(hours=23)) == 1
    assert activities.remind_due(world.bank, now=START - timedelta(hours=22)) == 0
    with pytest.raises(errors.NotFound):
        activities.cancel(world.bank, world.staff["worker B"], view.id, now=NOW)
    assert activities.cancel(world.bank, world.staff["worker A"], view.id, now=NOW).state == "cancelled"
    with world.bank.read() as unit:
        kinds = [one.kind for one in unit.messages.of(served[0].person_id)]
    assert sorted(kinds) == ["activity_cancelled", "activity_reminder"]
    with pytest.raises(errors.ActivityStateConflict):
        activities.join(world.bank, world.member(), view.id, now=NOW)


def test_names_are_for_the_station_alone(world: World) -> None:
    view, _ = planned(world)
    activities.join(world.bank, world.member(name="司马建国"), view.id, now=NOW)
    assert "司马建国" in repr(activities.see(world.bank, world.staff["worker A"], view.id).people)
    for stranger in (world.member(), world.staff["worker B"]):
        seen = activities.see(world.bank, stranger, view.id)
        assert (seen.people, seen.served, seen.taken) == ((), (), 1)


def test_a_team_has_a_leader_who_takes_members_in(world: World) -> None:
    leader, member, worker = world.member(), world.member(), world.staff["worker A"]
    with pytest.raises(errors.TeamInvalid):
        teams.make(world.bank, worker, world.stations["A"], "暖心队", world.member("B").person_id, now=NOW)
    team = teams.make(world.bank, worker, world.stations["A"], "暖心队", leader.person_id, now=NOW)
    assert len(teams.add(world.bank, leader, team.id, member.person_id, now=NOW).members) == 2
    assert len(teams.add(world.bank, worker, team.id, member.person_id, now=NOW).members) == 2
    with pytest.raises(errors.Forbidden):
        teams.add(world.bank, member, team.id, world.member().person_id, now=NOW)
    with pytest.raises(errors.TeamInvalid):
        teams.remove(world.bank, leader, team.id, leader.person_id)
    assert len(teams.remove(world.bank, leader, team.id, member.person_id).members) == 1
    view, _ = planned(world, team_id=team.id)
    assert view.in_group


def test_the_project_bank(world: World) -> None:
    worker, member = world.staff["worker A"], world.member()
    form = NewProject(
        world.stations["A"], "一老一小", "周末陪伴", ("first_aid",), 1, NOW.date(), date(2026, 12, 31)
    )  # fmt: skip
    with pytest.raises(errors.ProjectInvalid):
        projects.make(world.bank, worker, NewProject(**{**_dict(form), "head_count": 0}), now=NOW)
    with pytest.raises(errors.NotFound):
        projects.make(world.bank, world.staff["worker B"], form, now=NOW)
    view = projects.make(world.bank, worker, form, now=NOW)
    with pytest.raises(errors.VolunteerUnqualified):
        projects.join(world.bank, member, view.id, now=NOW)
    training.record(world.bank, worker, member.person_id, "first_aid", NOW.date(), None, now=NOW)
    assert projects.join(world.bank, member, view.id, now=NOW).signed_up == 1
    with pytest.raises(errors.AlreadyBooked):
        projects.join(world.bank, member, view.id, now=NOW)
    with pytest.raises(errors.ActivityFull):
        projects.join(world.bank, world.member(), view.id, now=NOW)
    assert projects.every(world.bank, None)[0].people == ()
    assert len(projects.see(world.bank, worker, view.id).people) == 1
    assert projects.move(world.bank, worker, view.id, "running").state == "running"
    assert projects.move(world.bank, worker, view.id, "done").steps == ()
    with pytest.raises(errors.ActivityStateConflict):
        projects.move(world.bank, worker, view.id, "open")
    assert projects.leave(world.bank, member, view.id).signed_up == 0


def test_offers_end_and_only_the_station_vouches_for_insurance(world: World) -> None:
    member, worker = world.member(), world.staff["worker A"]
    good = MakeOffer((1, 3), "09:00", "12:00", ("cleaning",), "不抬重物", insured_until=START.date())
    for wrong in ({"weekdays": ()}, {"weekdays": (8,)}, {"end": "09:00"}, {"services": ()}, {"services": ("x",)},
                  {"languages": ("latin",)}, {"far_metres": 10**6}, {"start": "soon"}):  # fmt: skip
        with pytest.raises(errors.OfferInvalid):
            offers.make(world.bank, member, MakeOffer(**{**_dict(good), **wrong}), now=NOW)
    with pytest.raises(errors.RiskTextMissing):
        offers.make(world.bank, member, MakeOffer(**{**_dict(good), "risk": ""}), now=NOW)
    assert offers.mine(world.bank, member) == ()
    with pytest.raises(errors.NotFound):
        offers.make(world.bank, world.staff["worker B"], good, member.person_id, now=NOW)
    with pytest.raises(errors.Forbidden):
        offers.make(world.bank, world.member(), good, member.person_id, now=NOW)
    view = offers.make(world.bank, member, good, now=NOW)
    assert (view.valid_until - NOW.date()).days == 90
    assert offers.at_stations(world.bank, world.staff["worker B"], now=NOW) == ()
    for who in (member, world.staff["worker B"]):
        with pytest.raises(errors.NotFound):
            offers.see_insurance(world.bank, who, view.id, now=NOW)
    assert offers.see_insurance(world.bank, worker, view.id, now=NOW).insurance_seen
    with pytest.raises(errors.NotFound):
        offers.end(world.bank, world.member(), view.id)
    assert offers.end_due(world.bank, now=NOW + timedelta(days=92)) == 1
    with pytest.raises(errors.OfferEnded):
        offers.end(world.bank, member, view.id)


def _dict(form: object) -> dict[str, object]:
    return {name: getattr(form, name) for name in form.__dataclass_fields__}  # type: ignore[attr-defined]
