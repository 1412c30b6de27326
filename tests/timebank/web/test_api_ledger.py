"""/api/v1: passbooks, grants, reversals, audits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.domain.roles import Actor
from timebank.services import transfers

WORKER = ("passbook.read", "transfers.read", "transfers.grant", "reversals.read", "reversals.request")
CENTRE = ("transfers.approve_grant", "reversals.approve", "audits.read", "reversals.read")


@pytest.fixture
def worker(system: Callable[..., System]) -> System:
    return system("second A", *WORKER)


@pytest.fixture
def street(system: Callable[..., System]) -> System:
    return system("street", *CENTRE)


def in_need(world: World) -> Actor:
    """An elder for whom the rules allow a grant, and a pool that has the hours."""
    transfers.donate(world.bank, world.rich(240), 240, now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(minutes=11))
    return world.member(born=date(1940, 1, 1), tags=("living_alone",))


def test_a_passbook_adds_up(world: World, worker: System, system: Callable[..., System]) -> None:
    member = world.rich(240)
    book = worker.get(f"/members/{member.person_id}/passbook")
    assert book.status_code == 200, book.text
    assert (book.json["number"], book.json["total_minutes"]) == (world.number(member), 240)
    assert sum(line["minutes"] for line in book.json["lines"]) == book.json["purses"]["earned"] == 240
    assert book.json["lines"][0]["balance_after"] == 240
    assert (book.json["size"], len(book.json["head"])) == (world.size(), 64)
    stranger = system("worker B", "passbook.read")
    assert stranger.get(f"/members/{member.person_id}/passbook").status_code == 404


def test_a_grant_needs_two_people(world: World, worker: System, street: System) -> None:
    elder = in_need(world)
    body = {"receiver_number": world.number(elder), "minutes": 60, "reason": "eligible"}
    asked = worker.post("/grants", body)
    assert asked.status_code == 201, asked.text
    assert asked.json["state"] == "pending"
    assert world.balance(elder, "granted") == 0
    here = f"/grants/{asked.json['id']}/decide"
    done = street.post(here, {"approve": True})
    assert (done.status_code, done.json["state"], done.json["entry_seq"]) == (200, "done", world.size() - 1)
    assert world.balance(elder, "granted") == 60
    assert [one["id"] for one in worker.get("/grants").json["items"]] == [asked.json["id"]]
    again = street.post(here, {"approve": True})
    assert (again.status_code, again.json["code"]) == (409, "transfer_state_conflict")
    assert world.balance(elder, "granted") == 60


def test_refused_grants_move_nothing(
    world: World, worker: System, street: System, system: Callable[..., System]
) -> None:
    elder, young = in_need(world), world.member(born=date(1990, 1, 1), tags=("living_alone",))
    size = world.size()

    def body(one: Actor, **change: Any) -> dict[str, Any]:
        return {"receiver_number": world.number(one), "minutes": 60, "reason": "eligible", **change}

    answer = worker.post("/grants", body(young))
    assert (answer.status_code, answer.json["code"]) == (409, "grant_not_eligible")
    for change in ({"minutes": 0}, {"minutes": "60"}, {"reason": "because"}, {"receiver_number": "1"}):
        assert worker.post("/grants", body(elder, **change)).status_code == 422, change
    stranger = system("worker B", *WORKER)
    assert stranger.post("/grants", body(elder)).status_code == 404
    assert stranger.get("/grants").json["items"] == []
    assert street.post(f"/grants/{'0' * 32}/decide", {"approve": True}).status_code == 404
    asked = worker.post("/grants", body(elder)).json
    here = f"/grants/{asked['id']}/decide"
    assert street.post(here, {"approve": "yes"}).status_code == 422
    no_reason = street.post(here, {"approve": False})
    assert (no_reason.status_code, no_reason.json["code"]) == (422, "reason_missing")
    no_words = street.post(here, {"approve": False, "reason": "other"})
    assert (no_words.status_code, no_words.json["code"]) == (422, "words_missing")
    assert worker.get("/grants").json["items"][0]["state"] == "pending"
    done = street.post(here, {"approve": False, "reason": "other", "text": "已搬走"})
    assert (done.json["state"], done.json["refused_reason"], done.json["refused_text"]) == (
        "refused",
        "other",
        "已搬走",
    )
    assert (world.size(), world.balance(elder, "granted")) == (size, 0)


def test_grants_and_corrections_are_read_page_by_page(world: World, worker: System) -> None:
    for _ in range(3):
        body = {"receiver_number": world.number(in_need(world)), "minutes": 60, "reason": "eligible"}
        assert worker.post("/grants", body).status_code == 201
        record = world.verified(world.member(), world.member())
        assert worker.post("/reversals", {"seq": record.entry_seq, "reason": "fraud"}).status_code == 201
    for noun in ("/grants", "/reversals"):
        first = worker.get(noun, limit=2).json
        rest = worker.get(noun, limit=2, before=first["next"]).json
        assert len({one["id"] for one in first["items"] + rest["items"]}) == 3
        assert rest["next"] is None
        assert worker.get(noun, limit=0).status_code == worker.get(noun, before="x y").status_code == 422


def test_a_wrong_entry_is_put_right_by_a_second_person(world: World, worker: System, street: System) -> None:
    volunteer = world.member()
    record = world.verified(volunteer, world.member(), minutes=60)
    body = {"seq": record.entry_seq, "reason": "wrong_time"}
    asked = worker.post("/reversals", body)
    assert (asked.status_code, asked.json["of_seq"], asked.json["state"]) == (201, record.entry_seq, "asked")
    twice = worker.post("/reversals", body)
    assert (twice.status_code, twice.json["code"]) == (409, "reversal_already_asked")
    done = street.post(f"/reversals/{asked.json['id']}/decide", {"approve": True})
    assert (done.status_code, done.json["state"], done.json["entry_seq"]) == (200, "approved", world.size() - 1)
    assert world.balance(volunteer) == 0
    assert [one["state"] for one in worker.get("/reversals").json["items"]] == ["approved"]
    again = worker.post("/reversals", body)
    assert (again.status_code, again.json["code"]) == (409, "entry_already_reversed")


def test_refused_corrections_undo_nothing(
    world: World, worker: System, street: System, system: Callable[..., System]
) -> None:
    volunteer = world.member()
    record = world.verified(volunteer, world.member(), minutes=60)
    transfers.donate(world.bank, volunteer, 30, now=NOW)
    size = world.size()
    for seq, reason, status in (
        (0, "system", 404), (10**9, "system", 404), (-1, "system", 422), ("3", "system", 422), (1.5, "system", 422),
        (record.entry_seq, "because", 422), (record.entry_seq, "", 422),
    ):  # fmt: skip
        assert worker.post("/reversals", {"seq": seq, "reason": reason}).status_code == status, (seq, reason)
    stranger = system("worker B", *WORKER)
    assert stranger.post("/reversals", {"seq": record.entry_seq, "reason": "system"}).status_code == 404
    assert stranger.get("/reversals").json["items"] == []
    asked = worker.post("/reversals", {"seq": record.entry_seq, "reason": "fraud"}).json
    used = street.post(f"/reversals/{asked['id']}/decide", {"approve": True})
    assert (used.status_code, used.json["code"]) == (409, "reversal_breaks_balance")
    assert street.post(f"/reversals/{'0' * 32}/decide", {"approve": True}).status_code == 404
    assert street.post(f"/reversals/{asked['id']}/decide", {"approve": False}).status_code == 422
    assert (world.size(), world.balance(volunteer)) == (size, 30)
    assert worker.get("/reversals").json["items"][0]["state"] == "asked"


def test_who_asked_for_a_correction_never_decides_it(world: World, system: Callable[..., System]) -> None:
    record = world.verified(world.member(), world.member(), minutes=60)
    street = system("street", "reversals.request", "reversals.approve")
    asked = street.post("/reversals", {"seq": record.entry_seq, "reason": "system"}).json
    size = world.size()
    answer = street.post(f"/reversals/{asked['id']}/decide", {"approve": True})
    assert (answer.status_code, answer.json["code"]) == (403, "second_person_needed")
    assert world.size() == size


def test_an_audit_is_run_and_read(world: World, system: Callable[..., System]) -> None:
    auditor = system("auditor", "audits.run", "audits.read")
    world.verified(world.member(), world.member())
    size = world.size()
    done = auditor.post("/audits", {"full": True})
    assert done.status_code == 201, done.text
    assert (done.json["verdict"], done.json["findings"], done.json["size"]) == ("sound", 0, size)
    assert (done.json["report"]["levels"], done.json["entry_seq"]) == ([1, 2, 3, 4], size)
    new = auditor.post("/audits").json
    assert (new["scope"] != done.json["scope"], new["verdict"]) == (True, "sound")
    page = auditor.get("/audits", limit=1).json
    older = auditor.get("/audits", before=page["next"]).json["items"]
    assert [one["id"] for one in page["items"] + older] == sorted((new["id"], done.json["id"]), reverse=True)
    assert auditor.post("/audits", {"full": "all"}).status_code == 422
    assert auditor.get("/audits", limit=1000).status_code == 422
