"""Pages and API of inspections, signals and call-backs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.timebank.domain.test_supervision import by_the_document
from tests.timebank.services.test_supervision import drawn, inspector, often, one_call
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import call_backs, inspections, signals

Staff = Callable[[str], Browser]


def name_of(world: World, person_id: str) -> str:
    return next(name for name, one in world.staff.items() if one.person_id == person_id)


def test_everybody_reads_a_draw_and_runs_it_again(world: World, browser: Browser) -> None:
    view = drawn(world)
    page = browser.get(f"/inspections/{view.number}").text
    assert view.digest in page
    told = browser.get(f"/inspections/{view.number}.json").json
    assert [(one["station"], one["inspectors"]) for one in told["drawn"]] == by_the_document(
        told["candidates"], told["digest"], told["checkpoint"]
    )
    assert browser.get("/inspections/77").status_code == 404
    assert browser.get("/inspections/77.json").status_code == 404


def test_from_the_list_to_the_answer(world: World, sign_in: Staff, browser: Browser) -> None:
    assert sign_in("county").post("/inspections").status_code == 302
    assert "等待抽取" in browser.get("/inspections").text
    view = drawn(world)
    visit = next(one for one in view.visits if one.station_code == "LN-A")
    path = f"/inspections/{view.number}/visits/{visit.id}"
    mine = sign_in(name_of(world, inspector(world, visit).person_id))
    assert refuses(mine.post(f"{path}/record", outcome="fine", text=" "), errors.WordsMissing)
    bad = mine.post(f"{path}/record", outcome="bribed", text="很好")
    assert refuses(bad, errors.OutcomeUnknownHere)
    assert "很好" in bad.text
    assert mine.post(f"{path}/record", outcome="minor", text="价格牌过期").status_code == 302
    assert refuses(mine.post(f"{path}/record", outcome="fine", text="x"), errors.AlreadyRecorded)
    worker = sign_in("worker A")
    assert worker.post(f"{path}/record", outcome="fine", text="x").status_code == 403
    assert sign_in("worker B").post(f"{path}/answer", text="x").status_code == 404
    assert refuses(worker.post(f"{path}/answer", text=""), errors.WordsMissing)
    assert worker.post(f"{path}/answer", text="已更换").status_code == 302
    public = browser.get("/stations/LN-A").text
    assert "价格牌过期" in public
    assert "已更换" in public


def test_the_work_list_of_signals(world: World, sign_in: Staff) -> None:
    often(world)
    signals.find(world.bank, now=NOW)
    street = sign_in("street")
    view = signals.work_list(world.bank, world.staff["street"])[0]
    assert "13 条已核实记录" in street.get("/supervision").text
    bad = street.post(f"/supervision/signals/{view.id}", decision="explained", words="")
    assert refuses(bad, errors.WordsMissing)
    assert street.post(f"/supervision/signals/{view.id}", decision="explained", words="天天送饭").status_code == 302
    page = street.get("/supervision").text
    assert "天天送饭" in page
    assert "规则没有发现异常" in page
    again = street.post(f"/supervision/signals/{view.id}", decision="explained", words="又来一次")
    assert refuses(again, errors.AlreadyRecorded)
    assert "又来一次" not in street.get("/supervision").text
    assert sign_in("worker A").get("/supervision").status_code == 403


def test_calls_are_made_from_the_list(world: World, sign_in: Staff) -> None:
    call = one_call(world)
    street = sign_in("street")
    page = street.get("/call-backs").text
    assert call.elder_phone in page
    assert refuses(street.post(f"/call-backs/{call.id}", answer="maybe", called="elder"), errors.ReasonUnknown)
    assert street.post(f"/call-backs/{'0' * 32}", answer="right", called="elder").status_code == 404
    assert street.post(f"/call-backs/{call.id}", answer="right", called="elder").status_code == 302
    assert call.elder_phone not in street.get("/call-backs").text
    assert sign_in("worker A").get("/call-backs").status_code == 403


def test_supervision_over_the_api(world: World, system: Callable[..., System]) -> None:
    county = system("county", "inspections.begin", "inspections.record", "network.read", "signals.read",
                    "signals.decide", "spot_checks.record")  # fmt: skip
    assert county.post("/inspections").json["state"] == "committed"
    view = drawn(world)
    assert county.get("/inspections").json["items"][0]["checkpoint"] == view.seed_body
    visit = view.visits[0]
    who = system(name_of(world, inspector(world, visit).person_id), "inspections.record")
    told: dict[str, Any] = {"outcome": "bribed", "text": "x"}
    path = f"/inspections/visits/{visit.id}"
    assert who.post(f"{path}/record", told).json["code"] == "outcome_not_listed"
    assert who.post(f"{path}/record", {**told, "outcome": "serious"}).status_code == 204
    assert who.post(f"{path}/record", {**told, "outcome": "fine"}).json["code"] == "already_recorded"
    worker = system("worker A" if visit.station_code == "LN-A" else "worker B", "inspections.answer")
    assert worker.post(f"{path}/answer", {"text": "x"}).status_code == 204
    assert inspections.of_station(world.bank, visit.station_code)[0].answer == "x"
    often(world)
    signals.find(world.bank, now=NOW)
    signal = county.get("/signals").json["items"][0]
    assert signal["rule"] == "pair_often"
    decision = {"decision": "explained", "words": "x"}
    assert county.post(f"/signals/{signal['id']}", {**decision, "words": " "}).status_code == 422
    assert county.post(f"/signals/{signal['id']}", decision).status_code == 204
    assert county.post("/signals/none", decision).status_code == 404


def test_call_backs_over_the_api(world: World, system: Callable[..., System]) -> None:
    call = one_call(world)
    street = system("street", "spot_checks.record")
    assert street.get("/call-backs").json["items"][0]["id"] == call.id
    answer = {"answer": "maybe", "called": "elder"}
    assert street.post(f"/call-backs/{call.id}", answer).json["code"] == "reason_unknown"
    assert street.post(f"/call-backs/{call.id}", {**answer, "answer": "right"}).status_code == 204
    assert call_backs.to_call(world.bank, world.staff["street"]) == ()
