"""The API of the monthly visits and of incidents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.timebank.services.test_rounds import counts
from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World

SCOPES = ("rounds.read", "rounds.run", "incidents.read", "incidents.run")
TAGS = [{"tag": "living_alone", "evidence": "社区证明 118"}]


@pytest.fixture
def worker(system: Callable[..., System]) -> System:
    return system("worker A", *SCOPES)


@pytest.fixture
def wish(world: World) -> dict[str, Any]:
    """An elder who lives alone, as a system would enrol her."""
    elder = world.member(tags=("living_alone",), name="李秀英")
    return {"member_number": world.number(elder), "grid": "3-02", "tags": TAGS}


def test_enrolled_planned_visited_and_ended(world: World, worker: System, wish: dict[str, Any]) -> None:
    made = worker.post("/rounds", wish)
    assert made.status_code == 201, made.text
    assert "李秀英" not in made.text
    here = f"/rounds/{made.json['id']}"
    assert worker.post("/rounds/plan", {"station_id": world.stations["A"]}).json == {"planned": 1}
    second = world.staff["second A"].person_id
    assert worker.post(f"{here}/assign", {"visitor_id": second}).json["visitor_id"] == second
    told = {"mode": "phone", "outcome": "follow_up", "visited_at": NOW.isoformat(), "text": "血压高"}
    seen = worker.post(f"{here}/visits", told)
    assert (seen.status_code, seen.json["visited_on"], seen.json["follow_up_by"]) == (201, "2026-09-15", "2026-09-18")
    assert [one["text"] for one in worker.get(f"{here}/visits").json["items"]] == ["血压高"]
    assert [one["id"] for one in worker.get("/rounds", month="2026-09").json["items"]] == [made.json["id"]]
    shares = worker.get("/rounds/coverage").json
    assert (shares["enrolled"], shares["visited"], shares["percent"], shares["target_percent"]) == (1, 1, 100, 100)
    ended = worker.post(f"{here}/end", {"reason": "moved"})
    assert ended.json["ended_at"] == NOW.isoformat()
    again = worker.post(f"{here}/visits", told)
    assert (again.status_code, again.json["code"]) == (409, "round_ended")


def test_an_urgent_visit_opens_an_incident_that_is_called_and_closed(
    world: World, worker: System, wish: dict[str, Any]
) -> None:
    here = f"/rounds/{worker.post('/rounds', wish).json['id']}"
    told = {"mode": "home", "outcome": "urgent", "visited_at": NOW.isoformat(), "text": "倒在家中"}
    assert worker.post(f"{here}/visits", told, key="once").status_code == 201
    assert worker.post(f"{here}/visits", told, key="once").status_code == 201
    opened = worker.get("/incidents").json["items"]
    assert [(one["kind"], one["severity"], one["text"]) for one in opened] == [("found_on_visit", "urgent", "倒在家中")]
    place = f"/incidents/{opened[0]['id']}"
    assert worker.get(f"{here}/visits").json["items"][0]["incident_id"] == opened[0]["id"]
    called = worker.post(f"{place}/calls", {"step": 0, "reached": True})
    assert called.json["calls"][0]["reached_at"] == NOW.isoformat()
    assert worker.post(f"{place}/calls", {"step": 9, "reached": True}).status_code == 422
    assert worker.post(f"{place}/close", {"done": "已送医"}).json["state"] == "closed"
    refused = worker.post(f"{place}/close", {"done": "x"})
    assert (refused.status_code, refused.json["code"]) == (409, "incident_closed")
    assert worker.get("/incidents", state="closed").json["items"][0]["done"] == "已送医"


def test_what_is_wrong_is_refused_and_changes_nothing(world: World, worker: System, wish: dict[str, Any]) -> None:
    before = counts(world)
    for change in ({"tags": []}, {"grid": ""}, {"tags": [{"tag": "x"}]}, {"x": 1}, {"visitor_id": "0" * 32}):
        assert worker.post("/rounds", {**wish, **change}).status_code in (409, 422), change
    other = worker.post("/rounds", {**wish, "tags": [{"tag": "disabled", "evidence": "x"}]})
    assert (other.status_code, other.json["code"]) == (409, "round_tag_missing")
    assert counts(world) == before
    here = f"/rounds/{worker.post('/rounds', wish).json['id']}"
    before = counts(world)
    told = {"mode": "home", "outcome": "fine", "visited_at": NOW.isoformat()}
    for change in (
        {"mode": "video"}, {"outcome": "dead"}, {"outcome": "urgent"}, {"visited_at": "today"},
        {"visited_at": (NOW + timedelta(minutes=1)).isoformat()},
    ):  # fmt: skip
        assert worker.post(f"{here}/visits", {**told, **change}).status_code == 422, change
    assert worker.post(f"{here}/end", {"reason": "tired"}).status_code == 422
    assert worker.get("/rounds", month="2026-13").status_code == 422
    happened = {
        "station_id": world.stations["A"], "kind": "fall", "severity": "urgent", "place": "home",
        "happened_at": NOW.isoformat(), "text": "跌倒",
    }  # fmt: skip
    for change in ({"kind": "rain"}, {"text": ""}, {"happened_at": (NOW + timedelta(days=1)).isoformat()}):
        assert worker.post("/incidents", {**happened, **change}).status_code == 422, change
    assert worker.post("/incidents", {**happened, "station_id": world.stations["B"]}).status_code == 404
    assert counts(world) == before
    assert worker.post("/incidents", happened).status_code == 201


def test_another_station_finds_nothing(
    world: World, worker: System, system: Callable[..., System], wish: dict[str, Any]
) -> None:
    stranger, street = system("worker B", *SCOPES), system("street", "rounds.read", "incidents.read")
    made = worker.post("/rounds", wish).json
    here, before = f"/rounds/{made['id']}", counts(world)
    assert stranger.get("/rounds").json["items"] == []
    assert stranger.get("/rounds", station_id=world.stations["A"]).status_code == 404
    assert stranger.get(here).status_code == 404
    assert stranger.get(f"{here}/visits").status_code == 404
    bodies: dict[str, dict[str, Any]] = {
        "visits": {"mode": "home", "outcome": "fine", "visited_at": NOW.isoformat()},
        "assign": {"visitor_id": world.staff["worker B"].person_id},
        "end": {"reason": "moved"},
    }
    for verb, body in bodies.items():
        assert stranger.post(f"{here}/{verb}", body).status_code == 404, verb
    assert stranger.post("/rounds", wish).status_code == 404
    assert stranger.post("/rounds/plan", {"station_id": world.stations["A"]}).status_code == 404
    assert street.get(here).json["id"] == made["id"]
    assert street.post(f"{here}/end", {"reason": "moved"}).status_code == 403
    hidden = street.get("/rounds/coverage").json["stations"]
    assert {one["enrolled"] for one in hidden} == {None, 0}
    assert counts(world) == before
