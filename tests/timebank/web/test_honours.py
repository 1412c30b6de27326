"""Pages and API of stars, awards, the roll of honour and the record."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from tests.timebank.services.test_honours import AWARD, with_star
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import honours

Staff = Callable[[str], Browser]
FORM = {"name": "优秀志愿者", "granted_by": "路南区民政局", "granted_on": "2026-05-04", "basis": ""}


def test_the_desk_notes_an_award_and_the_street_withdraws_it(world: World, sign_in: Staff) -> None:
    member = world.member()
    desk, street, here = sign_in("worker A"), sign_in("street"), f"/members/{member.person_id}"
    assert desk.post(f"{here}/awards", **FORM | {"name": ""}).status_code == 422
    assert refuses(desk.post(f"{here}/awards", **FORM | {"granted_on": "2027-01-01"}), errors.AwardInvalid)
    assert desk.post(f"{here}/awards", **FORM).status_code == 302
    assert "路南区民政局" in desk.get(f"{here}/honours").text
    assert sign_in("worker B").get(f"{here}/honours").status_code == 404
    award = honours.own(world.bank, member, now=NOW).awards[0]
    assert refuses(desk.post(f"{here}/awards/{award.id}/withdraw", reason="typed_wrong"), errors.SecondPersonNeeded)
    assert refuses(street.post(f"{here}/awards/{award.id}/withdraw", reason="so"), errors.ReasonUnknown)
    assert street.post(f"{here}/awards/{award.id}/withdraw", reason="typed_wrong").status_code == 302
    assert sign_in("auditor").get(f"{here}/honours").status_code == 403


def test_a_member_goes_on_the_roll_and_off_again(
    world: World,
    sign_in: Staff,
    sign_in_member: Callable[[Any], Browser],
    browser: Browser,
) -> None:
    starred = with_star(world)
    me = sign_in_member(starred)
    assert "一星志愿者" in me.get("/honours").text
    assert "张" not in browser.get("/honour-roll").text.split("<main")[1]
    assert me.post("/honours", on_roll="y").status_code == 302
    roll = browser.get(f"/honour-roll?station={world.stations['A']}")
    assert "张女士" in roll.text or "张先生" in roll.text
    assert "张桂芳" not in roll.text
    assert roll.headers["X-Robots-Tag"] == "noindex, noarchive"
    desk = sign_in("worker A")
    assert desk.post(f"/members/{starred.person_id}/roll", on_roll="y", with_name="y").status_code == 302
    assert "张桂芳" in browser.get("/honour-roll").text
    assert browser.get("/honour-roll?station=" + "0" * 32).status_code == 404
    assert sign_in("worker B").post(f"/members/{starred.person_id}/roll", on_roll="y").status_code == 404


def test_the_record_on_the_screen_and_on_paper(
    world: World, sign_in: Staff, sign_in_member: Callable[[Any], Browser]
) -> None:
    member = world.rich(180)
    honours.record(world.bank, world.staff["worker A"], member.person_id, AWARD, now=NOW)
    me, desk, here = sign_in_member(member), sign_in("worker A"), f"/members/{member.person_id}/record"
    assert me.post("/my-record", skills="理发", service_category="陪伴").status_code == 302
    assert refuses(me.post("/my-record", skills="理" * 101), errors.BasicsInvalid)
    page = me.get("/my-record").text
    for words in ("理发", "陪伴", "聊天谈心", "赵敏", "优秀志愿者", "尚未录入"):
        assert words in page, words
    assert desk.post(here, skills="做饭").status_code == 302
    assert "做饭" in desk.get(here).text
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(desk.get(f"{here}.pdf").data)).pages)
    told = "".join(text.split())
    for words in ("张桂芳", "做饭", "优秀志愿者", "路南区民政局", "聊天谈心"):
        assert words in told, words
    assert me.get("/my-record.pdf").status_code == 200
    other = sign_in("worker B")
    assert [other.get(path).status_code for path in (here, f"{here}.pdf")] == [404, 404]
    assert other.post(here, skills="x").status_code == 404


def test_honours_and_the_record_over_the_api(world: World, system: Callable[..., System]) -> None:
    member = world.rich(60)
    worker = system("worker A", "awards.read", "awards.record", "passbook.print")
    here = f"/honours/{member.person_id}"
    assert worker.post(f"{here}/awards", FORM | {"granted_on": "2027-01-01"}).json["code"] == "award_invalid"
    made = worker.post(f"{here}/awards", FORM).json
    assert [one["name"] for one in made["awards"]] == ["优秀志愿者"]
    assert worker.get(here).json["served_minutes"] == 60
    withdraw = f"/honours/awards/{made['awards'][0]['id']}/withdraw"
    assert worker.post(withdraw, {"reason": "typed_wrong"}).json["code"] == "second_person_needed"
    assert system("street", "awards.record").post(withdraw, {"reason": "typed_wrong"}).status_code == 204
    found = worker.get(f"/records/{member.person_id}").json
    assert [one["facts"]["minutes"] for one in found["services"]] == [60]
    assert "赵敏" not in str(found)
    assert system("worker B", "passbook.print").get(f"/records/{member.person_id}").status_code == 404
