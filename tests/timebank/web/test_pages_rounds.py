"""Pages of the monthly visits and of incidents: the list, three taps, the sheet, the coverage, the calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.timebank.services.test_rounds import counts
from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import incidents, rounds

Staff = Callable[[str], Browser]


@pytest.fixture
def elder(world: World) -> Actor:
    return world.member(tags=("living_alone",), name="李秀英")


@pytest.fixture
def one(world: World, elder: Actor) -> str:
    """An enrolled elder's place on the list."""
    worker = world.staff["worker A"]
    return rounds.enrol(world.bank, worker, elder.person_id, {"living_alone": "证明 118"}, "3-02", now=NOW).id


def visit(**form: Any) -> dict[str, Any]:
    return {"mode": "home", "outcome": "fine", "text": "", "day": "2026-09-15", "start": "16:00", **form}


def test_an_elder_is_put_on_the_list_with_what_shows_the_circumstance(
    world: World, sign_in: Staff, elder: Actor
) -> None:
    worker = sign_in("worker A")
    here = f"/rounds/new?member={world.number(elder)}"
    page = worker.get(here).text
    assert "独居" in page
    assert "李秀英" in page
    before = counts(world)
    wrong = worker.post(here, **{"evidence-living_alone": "证明 118", "grid": "", "visitor": ""})
    assert wrong.status_code == 422
    assert "证明 118" in wrong.text
    assert refuses(worker.post(here, grid="3", visitor=""), errors.RoundTagMissing)
    assert counts(world) == before
    answer = worker.post(here, **{"evidence-living_alone": "证明 118", "grid": "3-02", "visitor": ""})
    shown = worker.get(answer.headers["Location"]).text
    assert "证明 118" in shown
    street = sign_in("street").get(answer.headers["Location"]).text
    assert "李**" in street
    assert "证明 118" not in street
    assert "李秀英" not in street
    assert refuses(worker.post(here, **{"evidence-living_alone": "x", "grid": "3"}, visitor=""), errors.RoundEnrolled)
    assert refuses(sign_in("worker B").get(here), errors.NotFound)


def test_a_visit_in_three_taps(world: World, sign_in: Staff, one: str) -> None:
    worker = sign_in("worker A")
    assert f"/rounds/{one}/visit" in worker.get("/rounds").text
    form = worker.get(f"/rounds/{one}/visit").text
    assert 'value="home" checked' in form
    before = counts(world)
    me = world.staff["worker A"].person_id
    nothing = worker.post(f"/rounds/{one}/visit", mode="home", day="2026-09-15", start="16:00", visitor=me)
    assert nothing.status_code == 422
    words = worker.post(
        f"/rounds/{one}/visit", **visit(outcome="urgent", visitor=me, day="2026-09-14", text="敲门无人应")
    )
    assert refuses(words, errors.RoundVisitTimeInvalid)
    assert "敲门无人应" in words.text
    assert counts(world) == before
    done = worker.post(f"/rounds/{one}/visit", **visit(visitor=me))
    assert (done.status_code, done.headers["Location"]) == (302, "/rounds")
    page = worker.get("/rounds").text
    assert "探访已记录" in page
    assert "2026年9月15日" in page


def test_an_urgent_visit_leads_to_the_calls(world: World, sign_in: Staff, one: str) -> None:
    worker = sign_in("worker A")
    me = world.staff["worker A"].person_id
    answer = worker.post(f"/rounds/{one}/visit", **visit(outcome="urgent", text="倒在家中", visitor=me))
    page = worker.get(answer.headers["Location"]).text
    assert "倒在家中" in page
    assert "19911111004" in page  # the street centre's phone, to be called
    assert "请立即拨打电话" in page


def test_the_month_is_planned_printed_changed_and_ended(world: World, sign_in: Staff, one: str) -> None:
    worker = sign_in("worker A")
    assert worker.post("/rounds/plan", month="2026-09").status_code == 302
    sheet = worker.get("/rounds/sheet?month=2026-09").text
    assert "李秀英" in sheet
    assert "独居" not in sheet
    second = world.staff["second A"].person_id
    assert worker.post(f"/rounds/{one}/assign", visitor=second).status_code == 302
    assert refuses(worker.post(f"/rounds/{one}/assign", visitor="nobody"), errors.VisitorUnfit)
    assert worker.post(f"/rounds/{one}/end").status_code == 422
    assert worker.post(f"/rounds/{one}/end", reason="moved").status_code == 302
    assert refuses(worker.post(f"/rounds/{one}/end", reason="moved"), errors.RoundEnded)
    assert "李秀英" not in worker.get("/rounds").text


def test_a_volunteer_opens_the_own_list(
    world: World, sign_in: Staff, sign_in_member: Callable[[Any], Browser], one: str
) -> None:
    helper = world.member()
    browser = sign_in_member(helper)
    assert "李秀英" not in browser.get("/rounds/mine").text
    assert sign_in("worker A").post(f"/rounds/{one}/assign", visitor=helper.person_id).status_code == 302
    assert "李秀英" in browser.get("/rounds/mine").text
    assert "/rounds/mine" in browser.get("/").text
    assert browser.get("/rounds").status_code == 403


def test_coverage_and_months_that_are_none(world: World, sign_in: Staff, one: str) -> None:
    page = sign_in("county").get("/rounds/coverage").text
    assert "不显示" in page
    assert "到2022年底达到100%" in page
    listed = sign_in("street").get(f"/rounds?station={world.stations['A']}")
    assert "李**" in listed.text
    assert sign_in("worker B").get(f"/rounds?station={world.stations['A']}").status_code == 404
    for month in ("2026-13", "x", "2026-9-1"):
        assert sign_in("county").get(f"/rounds?month={month}").status_code == 422, month


def test_another_station_finds_nothing(world: World, sign_in: Staff, one: str) -> None:
    stranger, before = sign_in("worker B"), counts(world)
    for path in (f"/rounds/{one}", f"/rounds/{one}/visit"):
        assert stranger.get(path).status_code == 404, path
    for verb, form in (("visit", visit()), ("assign", {"visitor": "x"}), ("end", {"reason": "moved"})):
        assert stranger.post(f"/rounds/{one}/{verb}", **form).status_code == 404, verb
    assert sign_in("auditor").get("/rounds").status_code == 403
    assert counts(world) == before


def test_an_incident_is_opened_called_out_and_closed(world: World, sign_in: Staff, elder: Actor) -> None:
    worker, station = sign_in("worker A"), world.stations["A"]
    form = {
        "severity": "urgent", "kind": "fall", "place": "home", "station": station, "day": "2026-09-15",
        "start": "15:30", "text": "在厨房跌倒", "member": world.number(elder),
    }  # fmt: skip
    before = counts(world)
    wrong = worker.post("/incidents/new", **{**form, "severity": "", "text": "在厨房跌倒了"})
    assert wrong.status_code == 422
    assert "在厨房跌倒了" in wrong.text
    assert refuses(worker.post("/incidents/new", **{**form, "day": "2026-09-16"}), errors.Invalid)
    assert counts(world) == before
    here = worker.post("/incidents/new", **form).headers["Location"]
    late = incidents.see(world.bank, world.staff["worker A"], here.rsplit("/", 1)[1], now=NOW + timedelta(hours=2))
    assert late.overdue
    second = world.staff["second A"].person_id
    assert worker.post(f"{here}/calls", step="0", called=second, reached="no").status_code == 302
    assert worker.post(f"{here}/calls", step="0", called=second, reached="yes").status_code == 302
    assert "已接通" in worker.get(here).text
    for wrong_call in (
        {"step": "x", "reached": "yes"},
        {"step": "0", "reached": "maybe"},
        {"step": "9", "reached": "no"},
    ):
        assert worker.post(f"{here}/calls", **wrong_call).status_code == 422, wrong_call
    assert worker.post(f"{here}/close", done=" ").status_code == 422
    stranger = sign_in("worker B")
    assert stranger.get(here).status_code == 404
    assert stranger.post(f"{here}/close", done="x").status_code == 404
    assert worker.post(f"{here}/close", done="已送医").status_code == 302
    assert refuses(worker.post(f"{here}/close", done="又一次"), errors.IncidentClosed)
    assert "已送医" in worker.get(here).text
    assert here in worker.get("/incidents?list=closed").text
    assert here not in worker.get("/incidents").text
