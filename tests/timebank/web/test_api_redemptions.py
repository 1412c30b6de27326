"""/api/v1/redemptions: ask, assign, deliver, settle, give back, the waiting list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.domain.roles import Actor
from timebank.services import families, staff

SCOPES = ("redemptions.request_at_desk", "redemptions.read", "redemptions.run")
WANTED_AT = (NOW + timedelta(days=2)).isoformat()


def wanted(world: World, member: Actor, **change: Any) -> dict[str, Any]:
    return {
        "member_number": world.number(member),
        "service_code": "cleaning",
        "minutes": 60,
        "wanted_at": WANTED_AT,
        **change,
    }


@pytest.fixture
def worker(system: Callable[..., System]) -> System:
    return system("worker A", *SCOPES)


@pytest.fixture
def second(system: Callable[..., System]) -> System:
    return system("second A", *SCOPES)


def test_asked_delivered_and_settled(world: World, worker: System, second: System) -> None:
    member = world.rich(120)
    asked = worker.post("/redemptions", wanted(world, member))
    assert asked.status_code == 201, asked.text
    assert (asked.json["state"], asked.json["minutes"]) == ("held", 60)
    assert world.balance(member) == 60
    here = f"/redemptions/{asked.json['id']}"
    delivered = worker.post(f"{here}/deliver", {"minutes": 45, "delivered_at": NOW.isoformat()})
    assert (delivered.json["state"], delivered.json["delivered_minutes"]) == ("delivered", 45)
    own = worker.post(f"{here}/settle")
    assert (own.status_code, own.json["code"]) == (403, "forbidden")
    settled = second.post(f"{here}/settle")
    assert (settled.status_code, settled.json["state"]) == (200, "settled"), settled.text
    assert settled.json["entry_seq"] == world.size() - 1
    assert world.balance(member) == 120 - settled.json["settled_minutes"]
    assert worker.get(here).json["state"] == "settled"
    again = second.post(f"{here}/settle")
    assert (again.status_code, again.json["code"]) == (409, "redemption_state_conflict")


def test_a_helper_is_found_and_gives_it_back(world: World, worker: System) -> None:
    member, helper = world.rich(120), world.member(name="陈建国")
    here = f"/redemptions/{worker.post('/redemptions', wanted(world, member)).json['id']}"
    given = worker.post(f"{here}/assign", {"volunteer_number": world.number(helper)})
    assert (given.json["state"], given.json["volunteer_id"]) == ("assigned", helper.person_id)
    back = worker.post(f"{here}/unassign")
    assert (back.json["state"], back.json["volunteer_id"]) == ("held", None)
    own = worker.post(f"{here}/assign", {"volunteer_number": world.number(member)})
    assert (own.status_code, own.json["code"]) == (409, "volunteer_is_receiver")
    assert worker.post(f"{here}/assign", {"volunteer_number": "1"}).status_code == 422


def test_the_waiting_list_and_the_list_of_open_requests(world: World, worker: System) -> None:
    member = world.rich(240)
    ids = sorted(worker.post("/redemptions", wanted(world, member)).json["id"] for _ in range(2))
    page = worker.get("/redemptions", limit=1).json
    assert [one["id"] for one in page["items"]] == [ids[1]]
    rest = worker.get("/redemptions", before=page["next"], limit=2).json
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([ids[0]], None)
    assert worker.post(f"/redemptions/{ids[0]}/wait").json["state"] == "waiting"
    assert [one["id"] for one in worker.get("/redemptions/waiting").json["items"]] == [ids[0]]
    assert worker.post(f"/redemptions/{ids[0]}/resume").json["state"] == "held"
    assert worker.get("/redemptions/waiting").json["items"] == []
    assert worker.get("/redemptions", limit=0).status_code == 422
    assert worker.get("/redemptions", before="'; --").status_code == 422


@pytest.mark.parametrize(
    ("verb", "reason", "state"),
    [
        ("decline", "nobody_free", "declined"),
        ("cancel", "not_needed", "cancelled"),
        ("no_show", "elder_absent", "no_show"),
    ],
)
def test_what_ends_without_care_gives_all_back(
    world: World, worker: System, verb: str, reason: str, state: str
) -> None:
    member = world.rich(120)
    here = f"/redemptions/{worker.post('/redemptions', wanted(world, member)).json['id']}"
    size = world.size()
    for body, code in (({}, "reason_missing"), ({"reason": "because"}, "reason_unknown")):
        answer = worker.post(f"{here}/{verb}", body)
        assert (answer.status_code, answer.json["code"]) == (422, code)
    assert (world.balance(member), world.size()) == (60, size)
    assert worker.post(f"{here}/{verb}", {"reason": reason}).json["state"] == state
    assert world.balance(member) == 120
    assert worker.post(f"{here}/{verb}", {"reason": reason}).status_code == 409


def test_refused_requests_hold_nothing(world: World, worker: System) -> None:
    member = world.rich(120)
    stranger, size = world.member(), world.size()
    for change, status, code in (
        ({"minutes": 240}, 409, "balance_too_low"),
        ({"service_code": "no_such"}, 409, "service_not_redeemable"),
        ({"wanted_at": (NOW - timedelta(days=1)).isoformat()}, 422, "redemption_in_past"),
        ({"receiver_number": world.number(stranger)}, 409, "beneficiary_not_allowed"),
        ({"member_number": "123456789"}, 422, "member_number_invalid"),
    ):
        answer = worker.post("/redemptions", wanted(world, member, **change))
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    for change in ({"minutes": 0}, {"minutes": 7.5}, {"wanted_at": "tomorrow"}, {"note": "\x07"}, {"x": 1}):
        assert worker.post("/redemptions", wanted(world, member, **change)).status_code == 422, change
    assert (world.balance(member), world.size()) == (120, size)


def test_refused_deliveries_move_nothing(world: World, worker: System) -> None:
    member = world.rich(120)
    here = f"/redemptions/{worker.post('/redemptions', wanted(world, member)).json['id']}"
    size = world.size()
    for minutes, at, status, code in (
        (75, NOW, 409, "delivered_more_than_held"),
        (60, NOW + timedelta(hours=1), 422, "delivery_in_future"),
    ):
        answer = worker.post(f"{here}/deliver", {"minutes": minutes, "delivered_at": at.isoformat()})
        assert (answer.status_code, answer.json["code"]) == (status, code)
    assert worker.post(f"{here}/settle").status_code in (403, 409)
    assert worker.get(here).json["state"] == "held"
    assert (world.balance(member), world.size()) == (60, size)


def test_another_station_finds_nothing_and_moves_nothing(
    world: World, worker: System, system: Callable[..., System]
) -> None:
    member, stranger = world.rich(120), system("worker B", *SCOPES)
    here = f"/redemptions/{worker.post('/redemptions', wanted(world, member)).json['id']}"
    size = world.size()
    assert stranger.get(here).status_code == 404
    assert stranger.get("/redemptions").json["items"] == []
    assert stranger.post("/redemptions", wanted(world, member)).status_code == 404
    bodies: dict[str, dict[str, Any]] = {
        "assign": {"volunteer_number": world.number(world.member("B"))},
        "deliver": {"minutes": 30, "delivered_at": NOW.isoformat()},
        "settle": {},
        "wait": {},
        "resume": {},
        "unassign": {},
        "decline": {"reason": "nobody_free"},
        "cancel": {"reason": "not_needed"},
        "no_show": {"reason": "elder_absent"},
    }
    size = world.size()
    for verb, body in bodies.items():
        assert stranger.post(f"{here}/{verb}", body).status_code == 404, verb
    assert (world.balance(member), world.size()) == (60, size)


def test_the_same_key_holds_once(world: World, worker: System) -> None:
    member = world.rich(240)
    first = worker.post("/redemptions", wanted(world, member), key="once")
    again = worker.post("/redemptions", wanted(world, member), key="once")
    assert (again.status_code, again.json) == (201, first.json)
    assert world.balance(member) == 180
    other = worker.post("/redemptions", wanted(world, member, minutes=30), key="once")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert world.balance(member) == 180


def test_a_worker_who_acts_for_a_relative_has_as_few_acts_over_the_api(
    world: World, system: Callable[..., System]
) -> None:
    elder, child = world.rich(600), world.member(born=NOW.date().replace(year=1980))
    families.record_kin(world.bank, world.staff["second A"], elder.person_id, child.person_id, "child", now=NOW)
    families.record_proxy(world.bank, world.staff["second A"], elder.person_id, child.person_id, "desk", now=NOW)
    staff.grant(world.bank, world.staff["admin"], child.person_id, "worker", world.stations["A"], now=NOW)
    world.staff["child"] = child
    mine = system("child", *SCOPES, "hours.confirm_at_desk")
    record = world.logged(world.member(), elder)
    assert mine.post(f"/hours/{record.id}/confirm").json["state"] == "confirmed"
    for _ in range(4):
        here = mine.post("/redemptions", wanted(world, elder, minutes=30)).json["id"]
        assert mine.post(f"/redemptions/{here}/cancel", {"reason": "mistake"}).status_code == 200
    size = world.size()
    answer = mine.post("/redemptions", wanted(world, elder, minutes=30))
    assert (answer.status_code, answer.json["code"]) == (409, "proxy_too_many_acts")
    assert (world.size(), world.balance(elder)) == (size, 600)


def test_the_words_behind_another_reason_are_needed_and_read_in_the_history(
    world: World, worker: System, system: Callable[..., System]
) -> None:
    member = world.rich(60)
    here = f"/redemptions/{worker.post('/redemptions', wanted(world, member)).json['id']}"
    refused = worker.post(f"{here}/decline", {"reason": "other"})
    assert (refused.status_code, refused.json["code"], world.balance(member)) == (422, "words_missing", 0)
    assert worker.post(f"{here}/decline", {"reason": "other", "text": "x" * 501}).status_code == 422
    done = worker.post(f"{here}/decline", {"reason": "other", "text": "家里来了亲戚"})
    assert (done.json["state"], world.balance(member)) == ("declined", 60)
    last = worker.get(f"{here}/history").json["items"][-1]
    assert (last["state"], last["reason"], last["text"]) == ("declined", "other", "家里来了亲戚")
    assert system("worker B", *SCOPES).get(f"{here}/history").status_code == 404
