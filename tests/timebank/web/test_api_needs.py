"""The API of needs, offers, activities, projects and suggestions: the way of each, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.services import activities, needs, offers
from timebank.services.offers import MakeOffer

Make = Callable[..., System]
SOON = (NOW + timedelta(days=2)).isoformat()
RUN = ("needs.post_at_desk", "needs.read", "needs.run", "matching.read", "matching.confirm")
PLAN = ("activities.run", "activities.read", "projects.edit")


def need(world: World, elder: Any, **more: Any) -> dict[str, Any]:
    return {"member_number": world.number(elder), "service_code": "cleaning", "minutes": 60, "wanted_at": SOON,
            "risk": "无", "funding": "charity", **more}  # fmt: skip


def test_a_need_over_the_api(world: World, system: Make) -> None:
    elder, helper = world.rich(120), world.member()
    desk = system("worker A", *RUN)
    posted = desk.post("/needs", need(world, elder, funding="time"), key="same")
    assert (posted.status_code, posted.json["state"]) == (201, "posted"), posted.text
    assert desk.post("/needs", need(world, elder, funding="time"), key="same").json["id"] == posted.json["id"]
    here = f"/needs/{posted.json['id']}"
    assert desk.post(f"{here}/publish").json["state"] == "open"
    assert world.balance(elder) == 60
    assert (desk.post(f"{here}/publish").status_code, world.balance(elder)) == (409, 60)
    needs.take(world.bank, helper, posted.json["id"], now=NOW)
    seen = desk.get(here).json
    assert (seen["state"], [one["person_id"] for one in seen["helpers"]]) == ("taken", [helper.person_id])
    assert "elder" not in seen
    history = [one["state"] for one in desk.get(f"{here}/history").json["items"]]
    assert history == ["posted", "open", "taken"]
    assert desk.post(f"{here}/no_show", {"reason": "elder_absent"}).json["code"] == "need_state_conflict"
    assert desk.post(f"{here}/cancel", {"reason": "mistake"}).json["state"] == "cancelled"
    assert world.balance(elder) == 120


def test_what_the_api_of_needs_refuses(world: World, system: Make) -> None:
    elder, desk, other = world.member(), system("worker A", *RUN), system("worker B", *RUN)
    for wrong in ({"risk": ""}, {"funding": "yuan"}, {"minutes": 0}, {"wanted_at": "soon"}, {"language": "latin"}):
        assert desk.post("/needs", need(world, elder, **wrong)).status_code == 422, wrong
    assert desk.post("/needs", need(world, elder, funding="time")).json["code"] == "balance_too_low"
    assert other.post("/needs", need(world, elder)).status_code == 404
    assert needs.mine(world.bank, elder) == ()
    here = f"/needs/{desk.post('/needs', need(world, elder)).json['id']}"
    for method in (other.get(here), other.post(f"{here}/publish"), other.get(f"{here}/history")):
        assert method.status_code == 404
    assert system("worker A", "needs.read").post(f"{here}/publish").status_code == 403
    assert desk.post(f"{here}/reject").json["code"] == "reason_missing"
    assert len(desk.get("/needs", limit=1).json["items"]) == 1


def test_offers_and_suggestions_over_the_api(world: World, system: Make) -> None:
    elder, helper, desk = world.member(), world.member(), system("worker A", *RUN, "offers.read", "offers.check")
    week = (1, 2, 3, 4, 5, 6, 7)
    form = MakeOffer(week, "06:00", "22:00", ("cleaning",), "无", insured_until=date(2026, 12, 31))
    offer = offers.make(world.bank, helper, form, now=NOW)
    assert system("worker B", "offers.check").post(f"/offers/{offer.id}/insurance").status_code == 404
    assert desk.post(f"/offers/{offer.id}/insurance").json["insurance_seen"]
    assert len(desk.get("/offers").json["items"]) == 1
    here = f"/needs/{desk.post('/needs', need(world, elder)).json['id']}"
    desk.post(f"{here}/publish")
    found = desk.get("/matching", day=SOON[:10]).json["items"]
    assert [one["person_id"] for one in found] == [helper.person_id]
    assert "near" in found[0]["reasons"]
    pairs = {"pairs": [{"need_id": found[0]["need_id"], "person_id": helper.person_id}]}
    assert desk.post("/matching/confirm", pairs).json["items"][0]["refused"] is None
    assert desk.post("/matching/confirm", pairs).json["items"][0]["refused"] == "need_state_conflict"
    assert desk.get("/matching", day="soon").status_code == 422
    assert desk.post("/matching/confirm", {"pairs": []}).status_code == 422


def test_activities_teams_and_projects_over_the_api(world: World, system: Make) -> None:
    leader, elder, member = world.member(), world.member(), world.member()
    desk, other = system("worker A", *PLAN), system("worker B", *PLAN)
    form = {"station_id": world.stations["A"], "name": "送餐", "starts_at": SOON, "minutes": 60, "place": "小区",
            "content": "送午餐", "service_code": "meal_delivery", "leader_number": world.number(leader), "places": 3,
            "served_numbers": [world.number(elder)]}  # fmt: skip
    assert desk.post("/activities", {**form, "served_numbers": []}).json["code"] == "activity_invalid"
    assert other.post("/activities", form).status_code == 404
    planned = desk.post("/activities", form)
    assert planned.status_code == 201, planned.text
    here = f"/activities/{planned.json['id']}"
    activities.join(world.bank, member, planned.json["id"], now=NOW)
    there = {"volunteer_numbers": [world.number(member)]}
    assert desk.post(f"{here}/record", there).json["code"] == "hours_in_future"
    assert desk.get(here).json["state"] == "open"
    assert (other.post(f"{here}/cancel").status_code, desk.post(f"{here}/cancel").json["state"]) == (404, "cancelled")
    team = {"station_id": world.stations["A"], "name": "暖心队", "leader_number": world.number(leader)}
    made = desk.post("/teams", team)
    assert made.status_code == 201, made.text
    taken = desk.post(f"/teams/{made.json['id']}/members", {"member_number": world.number(member)})
    assert set(taken.json["members"]) == {leader.person_id, member.person_id}
    assert len(desk.get("/teams").json["items"]) == 1
    project = {"station_id": world.stations["A"], "name": "陪伴", "needs": "周末", "head_count": 1,
               "starts_on": "2026-09-15", "ends_on": "2026-12-31"}  # fmt: skip
    assert desk.post("/projects", {**project, "head_count": 0}).json["code"] == "project_invalid"
    bank = f"/projects/{desk.post('/projects', project).json['id']}"
    assert other.post(f"{bank}/move", {"state": "closed"}).status_code == 404
    assert desk.post(f"{bank}/move", {"state": "closed"}).json["state"] == "closed"
    assert desk.post(f"{bank}/move", {"state": "done"}).status_code == 409
    assert (desk.get(bank).json["name"], len(desk.get("/projects").json["items"])) == ("陪伴", 1)
