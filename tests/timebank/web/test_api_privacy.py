"""/api/v1/members/<id>/data and /erasure, /api/v1/erasures: exported and erased on the member's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.timebank.web.conftest import System
from tests.timebank.world import NOW, World
from timebank.domain.errors import PersonErased
from timebank.domain.people import ERASED_NAME
from timebank.domain.privacy import WAITING_DAYS
from timebank.services import members, own_data, privacy

DESK = ("erasures.request", "erasures.read")
EARLIER = NOW - timedelta(days=WAITING_DAYS, seconds=1)


def test_all_data_are_given_out_and_that_is_kept(world: World, system: Callable[..., System]) -> None:
    member = world.member(name="欧阳桂芳")
    given = system("worker A", *DESK).get(f"/members/{member.person_id}/data")
    assert given.status_code == 200
    assert given.headers["Cache-Control"] == "no-store"
    assert given.json["person"]["name"] == "欧阳桂芳"
    own = own_data.own(world.bank, member, now=NOW)
    assert set(given.json) == set(own)
    assert [look["reason"] for look in own["look"]] == ["export for the member"]


def test_the_data_of_others_stay_closed(world: World, system: Callable[..., System]) -> None:
    member = world.member()
    here = f"/members/{member.person_id}"
    stranger, street = system("worker B", *DESK), system("street", "members.read")
    for answer in (stranger.get(f"{here}/data"), stranger.post(f"{here}/erasure")):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    for answer in (street.get(f"{here}/data"), street.post(f"{here}/erasure"), street.get("/erasures")):
        assert (answer.status_code, answer.json["code"]) == (403, "token_scope_missing")
    nobody = System(stranger.client, "tb_made_up")
    for answer in (nobody.get(f"{here}/data"), nobody.post(f"{here}/erasure"), nobody.get("/erasures")):
        assert answer.status_code == 401
    assert privacy.own(world.bank, member, now=NOW) is None
    assert own_data.own(world.bank, member, now=NOW)["look"] == []


def test_a_request_is_asked_confirmed_by_another_and_carried_out(world: World, system: Callable[..., System]) -> None:
    member = world.member(name="欧阳桂芳")
    desk, county = system("worker A", *DESK), system("county", "erasures.confirm", "erasures.read")
    asked = desk.post(f"/members/{member.person_id}/erasure", {"channel": "heirs"}, key="once")
    assert (asked.status_code, asked.json["state"], asked.json["channel"]) == (201, "waiting", "heirs")
    assert "欧阳桂芳" not in asked.text
    again = desk.post(f"/members/{member.person_id}/erasure", {"channel": "heirs"}, key="once")
    assert (again.json, again.headers["Idempotent-Replayed"]) == (asked.json, "true")
    twice = desk.post(f"/members/{member.person_id}/erasure", {"channel": "heirs"})
    assert (twice.status_code, twice.json["code"]) == (409, "erasure_asked")
    here = f"/erasures/{asked.json['id']}"
    assert [one["id"] for one in desk.get("/erasures").json["items"]] == [asked.json["id"]]
    assert system("worker B", *DESK).get("/erasures").json["items"] == []
    early = county.post(f"{here}/confirm")
    assert (early.status_code, early.json["code"]) == (409, "erasure_waits")
    assert desk.post(f"{here}/withdraw").json["state"] == "withdrawn"
    ripe = privacy.ask(world.bank, world.staff["worker A"], member.person_id, "heirs", now=EARLIER)
    confirmed = county.post(f"/erasures/{ripe.id}/confirm")
    assert (confirmed.status_code, confirmed.json["state"]) == (200, "confirmed"), confirmed.text
    assert privacy.carry_out_due(world.bank, now=NOW) == 1
    assert members.see(world.bank, world.staff["worker A"], member.person_id, now=NOW).data.name == ERASED_NAME
    gone = desk.get(f"/members/{member.person_id}/data")
    assert (gone.status_code, gone.json["code"]) == (PersonErased.status, "person_erased")
    for late in (desk.post(f"/erasures/{ripe.id}/withdraw"), county.post(f"/erasures/{ripe.id}/confirm")):
        assert (late.status_code, late.json["code"]) == (409, "erasure_state_conflict")


def test_a_request_is_taken_back(world: World, system: Callable[..., System]) -> None:
    member, desk = world.member(), system("worker A", *DESK)
    asked = desk.post(f"/members/{member.person_id}/erasure").json
    stranger = system("worker B", *DESK).post(f"/erasures/{asked['id']}/withdraw")
    assert (stranger.status_code, stranger.json["code"]) == (404, "not_found")
    own = privacy.own(world.bank, member, now=NOW)
    assert own is not None
    assert own.state == "waiting"
    assert desk.post(f"/erasures/{asked['id']}/withdraw").json["state"] == "withdrawn"
    assert desk.get("/erasures").json["items"] == []
    for path in (f"/erasures/{'0' * 32}/withdraw", f"/members/{'0' * 32}/erasure"):
        assert desk.post(path).status_code == 404


def test_what_is_not_understood_or_not_possible_asks_for_nothing(world: World, system: Callable[..., System]) -> None:
    member, rich, desk = world.member(), world.rich(60), system("worker A", *DESK)
    for body in ({"channel": "self"}, {"channel": "phone"}, {"channel": 7}, {"name": "x"}):
        assert desk.post(f"/members/{member.person_id}/erasure", body).status_code == 422, body
    left = desk.post(f"/members/{rich.person_id}/erasure")
    assert (left.status_code, left.json["code"]) == (409, "balance_left")
    assert desk.get("/erasures").json["items"] == []
