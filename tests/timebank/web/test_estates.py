"""Pages and API of estates, of the own choice, and of accounts that nobody uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine

from tests.timebank.services.test_estates import PROOF, family, rules
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import estates

Staff = Callable[[str], Browser]


def test_a_member_writes_down_what_shall_become_of_the_hours(
    world: World, sign_in_member: Callable[[Any], Browser], sign_in: Staff
) -> None:
    dead, _, child = family(world)
    me = sign_in_member(dead)
    assert "由继承人平均继承" in me.get("/estates/choice").text
    assert refuses(me.post("/estates/choice", kind="heir", heir=""), errors.HeirInvalid)
    assert me.post("/estates/choice", kind="cat", heir="").status_code == 422
    assert me.post("/estates/choice", kind="heir", heir=child.person_id).status_code == 302
    assert "王小明" in me.get("/estates/choice").text
    desk = sign_in("worker A")
    assert "王小明" in desk.get(f"/estates/choice/{dead.person_id}").text
    assert desk.post(f"/estates/choice/{dead.person_id}", kind="pool", heir="").status_code == 302
    assert sign_in("worker B").get(f"/estates/choice/{dead.person_id}").status_code == 404
    assert me.get(f"/estates/choice/{child.person_id}").status_code == 403


def test_the_desk_reports_and_the_street_settles(world: World, sign_in: Staff) -> None:
    dead, spouse, child = family(world)
    desk, street = sign_in("worker A"), sign_in("street")
    form = {"died_on": "2026-09-10", "proof": PROOF, "heirs": [spouse.person_id, child.person_id]}
    here = f"/estates/report/{dead.person_id}"
    size = world.size()
    assert desk.post(here, **form | {"proof": ""}).status_code == 422
    assert refuses(desk.post(here, **form | {"died_on": "2026-09-30"}), errors.EstateDayInvalid)
    assert world.size() == size
    shown = desk.post(here, **form).headers["Location"]
    assert "王建国" in desk.get(shown).text
    assert refuses(desk.post(here, **form), errors.EstateReported)
    assert desk.post(f"{shown}/settle").status_code == 403
    assert street.post(f"{shown}/setle").status_code == 404
    assert world.size() == size
    assert street.post(f"{shown}/settle").status_code == 302
    assert world.balance(spouse, "received") == 68
    assert refuses(street.post(f"{shown}/settle"), errors.EstateStateConflict)
    assert sign_in("county").post(f"{shown}/undo").status_code == 302
    assert world.balance(dead) == 135
    assert sign_in("worker B").get(shown).status_code == 404
    assert sign_in("auditor").get("/estates").status_code == 403
    assert "已撤销" in street.get("/estates").text


def test_a_quiet_account_is_asked_after_and_lapses(world: World, sign_in: Staff) -> None:
    rules(world, purses__earned__expires_after_months=12)
    member = world.rich(60)
    for days in (400, 431, 462):
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            desk, county = sign_in("worker A"), sign_in("county")
            assert world.number(member) in desk.get("/dormant").text
            assert refuses(county.post("/dormant", person=member.person_id), errors.ContactsMissing)
            there = f"/dormant/{member.person_id}/contact"
            assert refuses(desk.post(there, how="magic", reached="no"), errors.Invalid)
            assert desk.post(there, how="phone", reached="no").status_code == 302
            assert desk.post("/dormant", person=member.person_id).status_code == 403
    with time_machine.travel(NOW + timedelta(days=463), tick=False):
        assert sign_in("county").post("/dormant", person=member.person_id).status_code == 302
    assert world.balance(member) == 0


def test_an_estate_over_the_api(world: World, system: Callable[..., System]) -> None:
    dead, spouse, _ = family(world)
    worker = system("worker A", "estates.read", "estates.report")
    street = system("street", "estates.read", "estates.settle")
    told = {
        "member_number": world.number(dead), "died_on": "2026-09-10", "proof": PROOF,
        "heirs": [world.number(spouse)],
    }  # fmt: skip
    assert worker.post("/estates", told | {"died_on": "2026-10-10"}).json["code"] == "estate_day_invalid"
    made = worker.post("/estates", told)
    assert (made.status_code, made.json["state"], made.json["parts"][0]["minutes"]) == (201, "reported", 135)
    assert "王建国" not in made.text
    here = f"/estates/{made.json['id']}"
    assert worker.post(f"{here}/steps", {"verb": "settle"}).status_code == 403
    assert street.post(f"{here}/steps", {"verb": "bury"}).status_code == 422
    done = street.post(f"{here}/steps", {"verb": "settle"})
    assert (done.status_code, len(done.json["entries"])) == (200, 1)
    again = street.post(f"{here}/steps", {"verb": "settle"})
    assert (again.status_code, again.json["code"]) == (409, "estate_state_conflict")
    assert worker.get("/estates").json["items"][0]["id"] == made.json["id"]
    assert system("worker B", "estates.read").get(here).status_code == 404
    assert estates.see(world.bank, world.staff["street"], made.json["id"], now=NOW).state == "settled"
