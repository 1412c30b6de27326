"""/api/v1/policies, /stations and /services."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.services import policies

SCOPES = ("policies.read", "policies.decide", "network.read", "catalogue.read")
TOMORROW = (NOW + timedelta(days=1)).isoformat()


def document(name: str = "beijing") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(policies.template(name))
    return found


def test_the_county_decides_and_everybody_reads(world: World, system: Callable[..., System]) -> None:
    county, size = system("county", *SCOPES), world.size()
    made = county.post("/policies", {"policy": document(), "effective_at": TOMORROW})
    assert made.status_code == 201, made.text
    assert (made.json["version"], made.json["in_force"]) == (2, False)
    assert (world.size(), made.json["entry_seq"]) == (size + 1, size)
    items = system("worker B", "policies.read").get("/policies").json["items"]
    assert [one["version"] for one in items] == [2, 1]
    assert items[0] == made.json
    assert items[0]["policy"]["code"] == "beijing"


def test_refused_policies_leave_nothing(world: World, system: Callable[..., System]) -> None:
    county, size = system("county", *SCOPES), world.size()
    yesterday = (NOW - timedelta(days=1)).isoformat()
    answer = county.post("/policies", {"policy": document(), "effective_at": yesterday})
    assert (answer.status_code, answer.json["code"]) == (409, "policy_backdated")
    answer = county.post("/policies", {"policy": document("demo"), "effective_at": TOMORROW})
    assert (answer.status_code, answer.json["code"]) == (409, "policy_unchanged")
    for broken in ({}, {**document(), "schema": 1.5}, {**document(), "surprise": 1}):
        answer = county.post("/policies", {"policy": broken, "effective_at": TOMORROW})
        assert (answer.status_code, answer.json["code"]) == (422, "policy_invalid"), answer.text
    for body in ({"policy": "demo", "effective_at": TOMORROW}, {"policy": document(), "effective_at": "2027-01-01"}):
        assert county.post("/policies", body).status_code == 422
    assert world.size() == size


def test_stations_and_services_are_listed(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES[2:])
    stations = worker.get("/stations").json["items"]
    assert {one["id"] for one in stations} == set(world.stations.values())
    assert {one["kind"] for one in stations} == {"county_centre", "street_centre", "station"}
    services = {one["code"]: one for one in worker.get("/services").json["items"]}
    assert services["chatting"]["name_en"]
    assert services["chatting"]["minutes_min"] > 0
