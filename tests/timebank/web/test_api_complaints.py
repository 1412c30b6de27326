"""The API of ratings, complaints and credit files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.timebank.services.test_complaints import state as complaints_now
from tests.timebank.services.test_credit_files import USCC
from tests.timebank.services.test_credit_files import state as files_now
from tests.timebank.services.test_ratings import served, size
from tests.timebank.web.conftest import System
from tests.timebank.world import World

DESK = ("ratings.enter", "ratings.read", "complaints.enter", "credit_files.read")
STREET = ("ratings.read", "complaints.handle", "credit_files.read", "credit_files.record", "listings.propose")
COUNTY = (*STREET, "credit_files.decide", "listings.decide")


@pytest.fixture
def worker(system: Callable[..., System]) -> System:
    return system("worker A", *DESK)


@pytest.fixture
def street(system: Callable[..., System]) -> System:
    return system("street", *STREET)


@pytest.fixture
def county(system: Callable[..., System]) -> System:
    return system("county", *COUNTY)


def test_a_face_is_written_down_once(world: World, worker: System, system: Callable[..., System]) -> None:
    volunteer, _, record = served(world)
    body = {"booking_id": record.id, "direction": "receiver", "face": "good", "text": "很细心"}
    before = size(world)
    for change, status in (({"face": "great"}, 422), ({"direction": "x"}, 422), ({"booking_id": "0" * 32}, 404)):
        assert worker.post("/ratings", {**body, **change}).status_code == status, change
    assert system("worker B", *DESK).post("/ratings", body).status_code == 404
    assert size(world) == before
    made = worker.post("/ratings", body, key="once")
    assert (made.status_code, made.json["face"], "text" in made.json) == (201, "good", False)
    assert worker.post("/ratings", body, key="once").json == made.json
    again = worker.post("/ratings", body)
    assert (again.status_code, again.json["code"]) == (409, "rating_given")
    assert worker.get("/ratings").json["items"][0]["counts"] == {"good": 1, "so_so": 0, "bad": 0}
    assert system("county", "ratings.read").get("/ratings", month="2026-09").json["items"][0]["counts"] is None
    assert worker.get(f"/ratings/marks/{volunteer.person_id}").json["items"] == [{"face": "good", "on": "2026-09-15"}]
    assert system("worker B", *DESK).get(f"/ratings/marks/{volunteer.person_id}").status_code == 404


def test_a_complaint_is_written_down_answered_and_decided(
    world: World, worker: System, street: System, county: System
) -> None:
    member = world.member()
    body = {
        "station_id": world.stations["A"], "kind": "service", "text": "来得太晚", "member_number": world.number(member),
    }  # fmt: skip
    before = complaints_now(world)
    for change, status in (({"kind": "x"}, 422), ({"text": ""}, 422), ({"record_id": "0" * 32}, 404), ({"x": 1}, 422)):
        assert worker.post("/complaints", {**body, **change}).status_code == status, change
    foreign = {**body, "member_number": world.number(world.member("B"))}
    assert worker.post("/complaints", foreign).status_code == 404
    assert complaints_now(world) == before
    made = worker.post("/complaints", body)
    assert (made.status_code, made.json["state"], made.json["channel"]) == (201, "received", "desk")
    here = f"/complaints/{made.json['id']}"
    assert worker.get(here).status_code == 403
    assert [one["id"] for one in street.get("/complaints").json["items"]] == [made.json["id"]]
    early = street.post(f"{here}/answer", {"text": "x", "outcome": "upheld"})
    assert (early.status_code, early.json["code"]) == (409, "complaint_state_conflict")
    assert street.post(f"{here}/accept").json["state"] == "accepted"
    assert street.post(f"{here}/answer", {"text": "x"}).status_code == 422
    assert street.post(f"{here}/answer", {"text": "已提醒", "outcome": "upheld"}).json["outcome"] == "upheld"
    assert [one["verb"] for one in county.get(f"{here}/history").json["items"]] == ["receive", "accept", "answer"]
    late = county.post(f"{here}/decide", {"text": "x", "outcome": "upheld"})
    assert (late.status_code, late.json["code"]) == (409, "complaint_state_conflict")


def test_misdirected_ones_go_on_and_those_about_the_house_are_not_there(
    world: World, worker: System, street: System, county: System
) -> None:
    body = {"station_id": world.stations["A"], "kind": "service", "text": "来得太晚"}
    here = f"/complaints/{worker.post('/complaints', body).json['id']}"
    moved = street.post(f"{here}/pass-on", {"station_id": world.stations["B"], "text": "属于B站"})
    assert moved.json["station_id"] == world.stations["B"]
    assert street.post(f"{here}/redirect", {"text": ""}).status_code == 422
    assert street.post(f"{here}/redirect", {"text": "请找12315"}).json["state"] == "redirected"
    assert [one["state"] for one in street.get("/complaints", ended="true").json["items"]] == ["redirected"]
    house = {**body, "station_id": world.stations["street"]}
    there = f"/complaints/{worker.post('/complaints', house).json['id']}"
    before = complaints_now(world)
    for verb, form in (("accept", {}), ("redirect", {"text": "x"}), ("answer", {"text": "x", "outcome": "upheld"})):
        assert street.post(f"{there}/{verb}", form).status_code == 404, verb
    assert street.get(there).status_code == street.get(f"{there}/history").status_code == 404
    assert complaints_now(world) == before
    assert county.post(f"{there}/accept").json["state"] == "accepted"


def test_a_fact_is_recorded_objected_to_and_decided(
    world: World, worker: System, street: System, county: System, system: Callable[..., System]
) -> None:
    fact: dict[str, Any] = {
        "subject": "station", "station_id": world.stations["A"], "kind": "breach", "text": "未按时开放",
        "source_number": "检查 7", "happened_on": "2026-09-15",
    }  # fmt: skip
    before = files_now(world)
    elder = world.member().person_id
    for change, status in (
        ({"subject": "elder"}, 422), ({"happened_on": "2026-09-16"}, 422), ({"text": ""}, 422),
        ({"subject": "staff", "person_id": elder}, 404), ({"station_id": world.stations["county"]}, 404),
    ):  # fmt: skip
        assert street.post("/credit-files", {**fact, **change}).status_code == status, change
    assert worker.post("/credit-files", fact).status_code == 403
    assert files_now(world) == before
    made = street.post("/credit-files", fact)
    assert (made.status_code, made.json["state"], made.json["valid_to"]) == (201, "in_force", "2029-09-14")
    here = f"/credit-files/{made.json['id']}"
    assert system("worker B", *DESK).get(here).status_code == 404
    assert worker.post(f"{here}/appeal", {"text": ""}).status_code == 422
    assert worker.post(f"{here}/appeal", {"text": "停电"}).json["state"] == "appealed"
    assert worker.post(f"{here}/strike", {"text": "x"}).status_code == 403
    early = county.post(f"{here}/repair", {"text": "x"})
    assert (early.status_code, early.json["code"]) == (409, "credit_state_conflict")
    assert county.post(f"{here}/keep", {"text": "不实"}).json["state"] == "in_force"
    soon = county.post(f"{here}/repair", {"text": "已整改"})
    assert (soon.status_code, soon.json["code"]) == (409, "credit_repair_early")
    assert [one["id"] for one in worker.get("/credit-files").json["items"]] == [made.json["id"]]


def test_organisations_are_listed_by_two_people_and_people_never(
    world: World, worker: System, street: System, county: System
) -> None:
    body = {
        "uscc": USCC, "text": "骗取补贴", "decision_number": "3 号", "starts_on": "2026-09-15", "ends_on": "2027-09-15",
    }  # fmt: skip
    before = files_now(world)
    with world.bank.read() as unit:
        identity = unit.person(world.member().person_id).document_number
    for change, status, code in (
        ({"uscc": identity}, 409, "organisations_only"),
        ({"uscc": "1"}, 422, "uscc_invalid"),
        ({"ends_on": "2030-01-01"}, 422, "blacklist_too_long"),
    ):
        answer = street.post("/listings", {**body, **change})
        assert (answer.status_code, answer.json["code"]) == (status, code)
    assert worker.post("/listings", body).status_code == 403
    assert files_now(world) == before
    here = f"/listings/{street.post('/listings', body).json['id']}"
    assert street.post(f"{here}/confirm").status_code == 403
    assert county.post(f"{here}/confirm").json["state"] == "in_force"
    assert worker.post(f"{here}/appeal", {"text": "处罚已撤销"}).json["state"] == "appealed"
    decided = county.post(f"{here}/strike", {"text": "x"})
    assert (decided.status_code, decided.json["code"]) == (403, "second_person_needed")
    assert [one["state"] for one in worker.get("/listings").json["items"]] == ["appealed"]
    assert worker.get(here).json["uscc"] == USCC


def test_facts_of_use_are_the_own_stations(world: World, system: Callable[..., System]) -> None:
    member = world.member()
    here = f"/members/{member.person_id}/facts-of-use"
    assert system("worker A", "members.read").get(here).json == {"no_shows": 0, "last_on": None}
    assert system("worker B", "members.read").get(here).status_code == 404
