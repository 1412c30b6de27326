"""/api/v1/members: register, find, see, approve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.demo.people import resident_number
from timebank.services import members, own_data
from timebank.services.members import Application

SCOPES = ("members.register", "members.list", "members.read", "members.approve")
BORN = date(1948, 5, 20)


def told(world: World, **change: Any) -> dict[str, Any]:
    return {
        "name": "周玉兰",
        "phone": "19877770001",
        "document_number": resident_number(BORN, 900),
        "station_id": world.stations["A"],
        "receives": True,
        "consent": True,
        **change,
    }


def applied(world: World, station: str = "A") -> str:
    """The id of somebody who asked to become a member."""
    form = Application("吴秀珍", "19877770002", "resident", resident_number(BORN, 901), world.stations[station],
                       serves=True, receives=False, consent=True)  # fmt: skip
    return members.by_number(world.bank, members.apply(world.bank, form, now=NOW))


def test_a_member_is_registered_found_and_seen(world: World, system: Callable[..., System]) -> None:
    worker, size = system("worker A", *SCOPES), world.size()
    made = worker.post("/members", told(world))
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["receives"], made.json["age_years"]) == ("active", True, 78)
    assert made.json["phone"] != "19877770001"
    assert world.size() == size + 1
    assert worker.get(f"/members/{made.json['id']}").json == made.json
    for words in ("周玉兰", "19877770001", made.json["number"]):
        assert [one["id"] for one in worker.post("/members/find", {"words": words}).json["items"]] == [made.json["id"]]
    assert worker.post("/members/find", {"words": "nobody"}).json["items"] == []


def test_an_application_is_accepted_once(world: World, system: Callable[..., System]) -> None:
    worker, person_id = system("worker A", *SCOPES), applied(world)
    assert worker.get(f"/members/{person_id}").json["state"] == "pending"
    assert worker.post(f"/members/{person_id}/approve").json["state"] == "active"
    again = worker.post(f"/members/{person_id}/approve")
    assert (again.status_code, again.json["code"]) == (409, "member_state_conflict")


def test_nobody_is_registered_twice(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    assert worker.post("/members", told(world)).status_code == 201
    size = world.size()
    for change, code in (
        ({"document_number": resident_number(BORN, 902)}, "phone_taken"),
        ({"phone": "19877770003"}, "resident_id_taken"),
    ):
        answer = worker.post("/members", told(world, **change))
        assert (answer.status_code, answer.json["code"]) == (409, code)
    assert world.size() == size


def test_without_consent_nothing_is_kept(world: World, system: Callable[..., System]) -> None:
    worker, size = system("worker A", *SCOPES), world.size()
    answer = worker.post("/members", told(world, consent=False))
    assert (answer.status_code, answer.json["code"]) == (409, "consent_missing")
    assert world.size() == size
    assert worker.post("/members", told(world)).status_code == 201


def test_bad_input_is_named(world: World, system: Callable[..., System]) -> None:
    worker, size = system("worker A", *SCOPES), world.size()
    good = resident_number(BORN, 900)
    wrong_check = good[:-1] + ("0" if good[-1] != "0" else "1")
    for change, code in (
        ({"document_number": wrong_check}, "resident_id_invalid"),
        ({"phone": "12"}, "phone_invalid"),
        ({"name": ""}, "name_invalid"),
        ({"document_type": "passport", "document_number": "E1", "born_on": None}, "birth_date_invalid"),
    ):
        answer = worker.post("/members", told(world, **change))
        assert (answer.status_code, answer.json["code"]) == (422, code), answer.text
    for change in ({"name": "\u202eabc"}, {"consent": "yes"}, {"document_type": "library card"}, {"serves": 2}):
        assert worker.post("/members", told(world, **change)).status_code == 422, change
    assert worker.post("/members", {}).status_code == 422
    assert world.size() == size


def test_another_stations_members_are_not_there(world: World, system: Callable[..., System]) -> None:
    stranger, member, person_id = system("worker B", *SCOPES), world.member(), applied(world)
    assert stranger.get(f"/members/{member.person_id}").status_code == 404
    assert stranger.post(f"/members/{person_id}/approve").status_code == 404
    assert stranger.post("/members", told(world)).status_code == 404
    assert stranger.post("/members/find", {"words": world.number(member)}).json["items"] == []
    assert system("worker A", *SCOPES).get(f"/members/{person_id}").json["state"] == "pending"


def test_the_same_key_registers_once(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    first = worker.post("/members", told(world), key="once")
    size = world.size()
    again = worker.post("/members", told(world), key="once")
    assert (again.status_code, again.json) == (201, first.json)
    assert world.size() == size
    other = worker.post("/members", told(world, name="周玉珍"), key="once")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_a_member_s_data_are_corrected_and_the_rest_stays(world: World, system: Callable[..., System]) -> None:
    member, desk = world.member(name="欧阳桂芳"), system("worker A", "members.edit")
    before = members.see(world.bank, member, member.person_id, now=NOW).data
    done = desk.post(f"/members/{member.person_id}/correct", {"address": "双新楼 2 号", "reason": "搬家"})
    assert (done.status_code, done.json["id"], set(done.json)) == (200, member.person_id, {"id", "number", "state"})
    after = members.see(world.bank, member, member.person_id, now=NOW).data
    assert after == replace(before, address="双新楼 2 号")
    documents = own_data.own(world.bank, member, now=NOW)["document"]
    kept = next(row["document"] for row in documents if row["kind"] == "correction")
    assert (kept["reason"], kept["before"]) == ("搬家", {"address": before.address})


def test_a_correction_that_is_refused_changes_nothing(world: World, system: Callable[..., System]) -> None:
    member, other = world.member(), world.member()
    before, taken = (members.see(world.bank, one, one.person_id, now=NOW).data for one in (member, other))
    desk, here = system("worker A", "members.edit"), f"/members/{member.person_id}/correct"
    for body, status, code in (
        ({"name": "张桂芬"}, 422, None),
        ({"name": "张桂芬", "reason": ""}, 422, None),
        ({"born_on": "yesterday", "reason": "x"}, 422, None),
        ({"document_type": "library card", "reason": "x"}, 422, None),
        ({"nickname": "x", "reason": "x"}, 422, None),
        ({"phone": "12", "reason": "x"}, 422, "phone_invalid"),
        ({"reason": "x"}, 422, "nothing_corrected"),
        ({"phone": taken.phone, "reason": "x"}, 409, "phone_taken"),
        ({"tags": ["living_alone"], "reason": "x"}, 409, "consent_missing"),
    ):
        answer = desk.post(here, body)
        assert answer.status_code == status, (body, answer.text)
        assert code is None or answer.json["code"] == code, body
    right = {"name": "张桂芬", "reason": "看错了"}
    assert system("worker B", "members.edit").post(here, right).status_code == 404
    assert system("worker A", "members.read").post(here, right).status_code == 403
    assert System(desk.client, "tb_made_up").post(here, right).status_code == 401
    assert desk.post(f"/members/{'0' * 32}/correct", right).status_code == 404
    assert members.see(world.bank, member, member.person_id, now=NOW).data == before
    assert desk.post(here, {"tags": ["living_alone"], "reason": "x", "consent": True}).status_code == 200
