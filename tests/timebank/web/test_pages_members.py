"""The first page, the pages of members and the station's desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, PASSWORD, PIN, World
from timebank.demo.people import resident_number
from timebank.domain import errors
from timebank.services import families, hours, members

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


def told(world: World, **change: Any) -> dict[str, Any]:
    return {
        "name": "周玉兰",
        "phone": "19877770001",
        "document_type": "resident",
        "document_number": resident_number(date(1948, 5, 20), 900),
        "station_id": world.stations["A"],
        "receives": "y",
        "consent": "y",
        **change,
    }


def slip(world: World, number: str, **change: Any) -> dict[str, Any]:
    row = {
        "slip": number,
        "volunteer": world.number(world.member()),
        "elder": world.number(world.member()),
        "service": "chatting",
        "day": "2026-09-14",
        "start": "09:00",
        "minutes": "60",
        **change,
    }
    return {f"{name}-0": value for name, value in row.items()}


def test_the_first_page_greets_everybody_with_what_waits(
    world: World, browser: Browser, sign_in: Staff, sign_in_member: Member
) -> None:
    assert "/sign-in" in browser.get("/").text
    volunteer, elder = world.member(), world.member()
    record = world.logged(volunteer, elder)
    assert f"/hours/{record.id}" in sign_in_member(elder).get("/").text
    assert "/desk/verify" in sign_in("worker A").get("/").text
    assert "/audits" in sign_in("auditor").get("/").text
    assert "/staff" in sign_in("admin").get("/").text


def test_somebody_applies_and_the_station_accepts(world: World, browser: Browser, sign_in: Staff) -> None:
    applied = browser.post("/join", **told(world), password=PASSWORD)
    assert applied.status_code == 200, applied.text
    assert refuses(browser.post("/join", **told(world), password=PASSWORD), errors.PhoneTaken)
    desk = sign_in("worker A")
    person_id = members.find(world.bank, world.staff["worker A"], "周玉兰", now=NOW)[0].person_id
    assert person_id in desk.post("/members", words="周玉兰").text
    assert refuses(sign_in("worker B").post(f"/members/{person_id}/approve"), errors.NotFound)
    assert desk.post(f"/members/{person_id}/approve").status_code == 302
    assert refuses(desk.post(f"/members/{person_id}/approve"), errors.MemberStateConflict)
    assert refuses(desk.post(f"/members/{person_id}/decline"), errors.MemberStateConflict)


def test_who_is_registered_at_the_desk_gets_pin_card_and_relatives(world: World, sign_in: Staff) -> None:
    desk, relative = sign_in("worker A"), world.member()
    made = desk.post("/members/new", **told(world))
    assert made.status_code == 302, made.text
    here = made.headers["Location"].split("?")[0]
    assert "周玉兰" in desk.get(here).text
    assert refuses(desk.post(f"{here}/pin", pin="123456"), errors.PinTooSimple)
    assert desk.post(f"{here}/pin", pin=PIN).status_code == 302
    assert desk.post(f"{here}/card").status_code == 200
    kin = {"number": world.number(relative), "relation": "child", "proxy": "y"}
    assert refuses(desk.post(f"{here}/kin", **{**kin, "relation": "friendly"}), errors.KinInvalid)
    assert desk.post(f"{here}/kin", **kin).status_code == 302
    assert len(families.elders_i_act_for(world.bank, relative)) == 1
    assert desk.post(f"{here}/proxies/{relative.person_id}/end").status_code == 302
    assert refuses(desk.post(f"{here}/proxies/{relative.person_id}/end"), errors.NotFound)
    assert desk.post(f"{here}/password", password="a first password").status_code == 302


def test_refused_registrations_keep_nothing(world: World, sign_in: Staff) -> None:
    desk, size = sign_in("worker A"), world.size()
    assert refuses(desk.post("/members/new", **told(world, phone="12")), errors.PhoneInvalid)
    assert refuses(desk.post("/members/new", **told(world, document_number="1")), errors.ResidentIdInvalid)
    form = told(world)
    del form["consent"]
    assert refuses(desk.post("/members/new", **form), errors.ConsentMissing)
    assert desk.post("/members/new", **told(world, name="\u202ex")).status_code == 422
    assert world.size() == size


def test_a_membership_ends_only_with_empty_purses(world: World, sign_in: Staff) -> None:
    desk, rich, poor = sign_in("worker A"), world.rich(60), world.member()
    assert refuses(desk.post(f"/members/{rich.person_id}/close"), errors.BalanceLeft)
    assert desk.post(f"/members/{poor.person_id}/suspend").status_code == 302
    assert desk.post(f"/members/{poor.person_id}/close").status_code == 302
    assert refuses(desk.post(f"/members/{poor.person_id}/suspend"), errors.MemberStateConflict)


def test_the_desk_types_in_slips_and_verifies(world: World, sign_in: Staff) -> None:
    first, second = sign_in("worker A"), sign_in("second A")
    assert first.post("/desk/slips", station_id=world.stations["A"], count="2").status_code == 200
    number = hours.issue_slips(world.bank, world.staff["worker A"], world.stations["A"], 1, now=NOW)[0]
    form = slip(world, number)
    for change, error in (
        ({"volunteer": "1"}, errors.MemberNumberInvalid),
        ({"day": "2026-09-30"}, errors.HoursInFuture),
        ({"minutes": "an hour"}, errors.Invalid),
    ):
        wrong = form | {f"{name}-0": value for name, value in change.items()}
        assert refuses(first.post("/desk/enter", **wrong), error)
    assert hours.queue(world.bank, world.staff["worker A"]) == ()
    assert first.post("/desk/enter", **form).status_code == 302
    assert refuses(first.post("/desk/enter", **slip(world, number)), errors.SlipNumberTaken)
    record = hours.queue(world.bank, world.staff["second A"])[0]
    size = world.size()
    first.post("/desk/verify", record=record.id, action="verify")
    assert world.size() == size
    assert second.post("/desk/verify", record=record.id, action="verify").status_code == 302
    assert world.size() == size + 1


def test_the_desk_rejects_with_a_reason(world: World, sign_in: Staff) -> None:
    desk, record = sign_in("worker A"), world.confirmed(world.member(), world.member())
    desk.post("/desk/verify", only=record.id, action="reject")
    assert len(hours.queue(world.bank, world.staff["worker A"])) == 1
    desk.post("/desk/verify", only=record.id, action="reject", reason="not_given")
    assert hours.queue(world.bank, world.staff["worker A"]) == ()


def test_the_desk_corrects_a_member_and_says_why(world: World, sign_in: Callable[[str], Browser]) -> None:
    member, other = world.member(name="欧阳桂芳", tags=("living_alone",)), world.member()
    here = f"/members/{member.person_id}"
    desk = sign_in("worker A")
    assert f"{here}/correct" in desk.get(here).text
    page = desk.get(f"{here}/correct").text
    assert 'value="欧阳桂芳"' in page
    assert page.count(" checked") == 1
    right = {"name": "欧阳桂芬", "phone": "19955550009", "address": "双新楼 2 号", "reason": "写错了"}
    taken = members.see(world.bank, other, other.person_id, now=NOW).data.phone
    assert refuses(desk.post(f"{here}/correct", **{**right, "phone": taken}), errors.PhoneTaken)
    assert desk.post(f"{here}/correct", **{**right, "reason": " "}).status_code == 422
    assert members.see(world.bank, member, member.person_id, now=NOW).data.name == "欧阳桂芳"
    assert desk.post(f"{here}/correct", **right).headers["Location"].endswith(here)
    data = members.see(world.bank, member, member.person_id, now=NOW).data
    assert (data.name, data.phone, data.address, data.tags) == ("欧阳桂芬", "19955550009", "双新楼 2 号", ())
    for browser, status in ((sign_in("worker B"), 404), (sign_in("auditor"), 403)):
        assert browser.get(f"{here}/correct").status_code == status
        assert browser.post(f"{here}/correct", **right).status_code == status


def test_a_member_moves_to_another_station(world: World, sign_in: Staff) -> None:
    member, desk = world.member(), sign_in("worker A")
    here = f"/members/{member.person_id}"
    assert world.stations["B"] in desk.get(here).text
    assert refuses(desk.post(f"{here}/move", station="none"), errors.StationNotOpen)
    assert sign_in("worker B").post(f"{here}/move", station=world.stations["B"]).status_code == 404
    assert desk.post(f"{here}/move", station=world.stations["B"]).status_code == 302
    assert sign_in("worker B").get(here).status_code == 200
    assert desk.get(here).status_code == 404
