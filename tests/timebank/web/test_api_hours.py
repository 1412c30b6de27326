"""/api/v1/hours: happy, 400, 401, 403, 404, 409, 422; the same key gives the same answer and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, PIN, World

SCOPES = (
    "hours.enter",
    "hours.queue",
    "hours.verify",
    "hours.read",
    "hours.confirm_at_desk",
    "hours.reject",
    "slips.issue",
)


def slip(world: World, **change: object) -> dict[str, object]:
    return {
        "volunteer_number": world.number(world.member()),
        "elder_number": world.number(world.member(pin=PIN)),
        "service_code": "chatting",
        "started_at": (NOW - timedelta(hours=3)).isoformat(),
        "minutes": 60,
        **change,
    }


def test_the_main_job_over_the_api(world: World, system: Callable[..., System]) -> None:
    first, second = system("worker A", *SCOPES), system("second A", *SCOPES)
    entered = first.post("/hours/slips", {"slips": [slip(world)]})
    assert entered.status_code == 201, entered.text
    record = entered.json["items"][0]
    assert (record["state"], record["source"]) == ("logged", "manual")
    assert first.post(f"/hours/{record['id']}/presence", {"pin": PIN}).json["state"] == "confirmed"
    assert [one["id"] for one in second.get("/hours/queue").json["items"]] == [record["id"]]
    own = first.post("/hours/verify", {"ids": [record["id"]]}).json["items"][0]
    assert own["refusal"] == "own_record"
    done = second.post("/hours/verify", {"ids": [record["id"]]}).json["items"][0]
    assert done["refusal"] is None
    assert second.get(f"/hours/{record['id']}").json["entry_seq"] == done["entry_seq"]
    page = second.get("/hours", limit=1).json
    assert page["next"] == record["id"]
    assert second.get("/hours", before=page["next"]).json["items"] == []


def test_the_same_key_gives_the_same_answer_and_does_nothing(world: World, system: Callable[..., System]) -> None:
    worker, body = system("worker A", *SCOPES), {"slips": [slip(world)]}
    first = worker.post("/hours/slips", body, key="once")
    size = len(worker.get("/hours").json["items"])
    again = worker.post("/hours/slips", body, key="once")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(worker.get("/hours").json["items"]) == size
    other = worker.post("/hours/slips", {"slips": [slip(world)]}, key="once")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_a_refusal_may_be_tried_again_with_the_same_key(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    body = {"slips": [slip(world, started_at=(NOW + timedelta(days=1)).isoformat())]}
    for _ in range(2):
        answer = worker.post("/hours/slips", body, key="early")
        assert (answer.status_code, answer.json["code"], answer.json["row"]) == (409, "hours_in_future", 0)
        assert answer.content_type == "application/problem+json"


def test_a_post_needs_a_key(app: Flask, world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    answer = app.test_client().post(
        "/api/v1/hours/verify", json={"ids": []}, headers={"Authorization": f"Bearer {worker.secret}"}
    )
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")


def test_who_may_not_is_told_so(world: World, system: Callable[..., System]) -> None:
    record = world.confirmed(world.member(), world.member())
    assert System(system("worker A", "hours.read").client, "tb_made_up").get("/hours").status_code == 401
    narrow = system("worker A", "hours.read")
    answer = narrow.post("/hours/verify", {"ids": [record.id]})
    assert (answer.status_code, answer.json["code"]) == (403, "token_scope_missing")
    stranger = system("worker B", *SCOPES)
    assert stranger.get(f"/hours/{record.id}").status_code == 404
    assert stranger.post("/hours/verify", {"ids": [record.id]}).json["items"][0]["refusal"] == "not_found"


def test_bad_input_is_named(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", *SCOPES)
    for change in ({"minutes": 1.5}, {"minutes": "60"}, {"minutes": True}, {"started_at": "2026-09-15T08:00:00"},
                   {"note": "\x00"}, {"surprise": 1}, {"minutes": 0}):  # fmt: skip
        answer = worker.post("/hours/slips", {"slips": [slip(world, **change)]})
        assert answer.status_code == 422, (change, answer.text)
    assert worker.post("/hours/slips", {"slips": [slip(world, minutes=60.0)]}).status_code == 201
    assert worker.client.get("/api/v1/nowhere").status_code == 404
    answer = worker.post("/hours/slips", {"slips": [slip(world, elder_number="123456789")]})
    assert (answer.status_code, answer.json["code"]) == (422, "member_number_invalid")
