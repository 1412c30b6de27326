"""Pages and API of trainings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.timebank.services.test_training import planned
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import training

FORM = {"training": "bathing", "name": "助浴培训", "content": "扶抱", "organiser": "民政局", "held_on": "2026-09-15",
        "begins": "14:30", "place": "活动室",
        "minutes": "90", "places": "20", "audience": "volunteers", "valid_to": ""}  # fmt: skip


def test_from_the_announcement_to_the_list(
    world: World, sign_in: Callable[[str], Browser], sign_in_member: Callable[[Any], Browser]
) -> None:
    worker, member = sign_in("worker A"), world.member()
    made = worker.post("/trainings/desk", **FORM, station_id=world.stations["A"])
    assert made.status_code == 302
    wrong = worker.post("/trainings/desk", **{**FORM, "places": "0"}, station_id=world.stations["A"])
    assert refuses(wrong, errors.TrainingInvalid)
    assert "扶抱" in wrong.text
    event = training.of_stations(world.bank, world.staff["worker A"])[0].id
    me = sign_in_member(member)
    assert "助浴培训" in me.get("/trainings").text
    assert me.post(f"/trainings/{event}/join").status_code == 302
    assert "我不能来" in me.get("/trainings").text
    assert me.post(f"/trainings/{event}/leave").status_code == 302
    assert me.post(f"/trainings/{'0' * 32}/join").status_code == 404
    number = world.number(member)
    assert worker.post(f"/trainings/{event}/enter", number=number).status_code == 302
    assert sign_in("worker B").post(f"/trainings/{event}/attendance", present=member.person_id).status_code == 404
    assert worker.post(f"/trainings/{event}/attendance", present=member.person_id).status_code == 302
    assert refuses(worker.post(f"/trainings/{event}/cancel"), errors.TrainingOver)
    assert "bathing" not in me.get("/trainings").text
    assert me.get("/trainings/desk").status_code == 403


def test_trainings_over_the_api(world: World, system: Callable[..., System]) -> None:
    worker, member = system("worker A", "trainings.run"), world.member()
    told = {**FORM, "station_id": world.stations["A"], "minutes": 90, "places": 2, "valid_to": None}
    event = worker.post("/trainings", told).json["id"]
    assert worker.post("/trainings", {**told, "minutes": 0}).json["code"] == "training_invalid"
    assert worker.post("/trainings", {**told, "station_id": world.stations["B"]}).status_code == 404
    path = f"/trainings/{event}"
    assert worker.post(f"{path}/members", {"member_number": world.number(member)}).status_code == 204
    assert worker.post(f"{path}/attendance", {"present": ["x"]}).status_code == 404
    assert worker.post(f"{path}/attendance", {"present": [member.person_id]}).json == {"attended": 1}
    assert worker.get("/trainings").json["items"][0]["people"] == [{"id": member.person_id, "attended": True}]
    other = planned(world)
    assert (
        system("worker B", "trainings.run").post(f"/trainings/{other}/attendance", {"present": []}).status_code == 404
    )
