"""Pages and API for members who stand at a desk: guests of other stations, gifts given there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.services import families, members, redemptions
from timebank.services.redemptions import AskForCare

Staff = Callable[[str], Browser]


def test_a_guest_comes_by_pin_and_leaves(world: World, sign_in: Staff) -> None:
    guest = world.rich(180, pin=PIN)
    number, desk, here = world.number(guest), sign_in("worker B"), f"/desk/guests/{guest.person_id}"
    assert desk.get(here).status_code == 404
    assert desk.get(f"/members/{guest.person_id}/give").status_code == 404
    assert refuses(desk.post("/desk/guests", number=number, pin="000000"), errors.PinWrong)
    assert refuses(desk.post("/desk/guests", number="123456789"), errors.MemberNumberInvalid)
    assert desk.post("/desk/guests", number="").status_code == 422
    assert desk.post("/desk/guests", number=number, pin=PIN).headers["Location"] == here
    page = desk.get(here).text
    assert "张桂芳" in page
    assert "3 小时" in page
    for path in (
        f"/redemptions/at-desk?member={number}", f"/members/{guest.person_id}/passbook",
        f"/members/{guest.person_id}/give", f"/needs/at-desk?member={number}",
    ):  # fmt: skip
        assert desk.get(path).status_code == 200, path
    assert desk.get(f"/members/{guest.person_id}").status_code == 404
    assert number in desk.get("/desk/guests").text
    assert desk.post(f"{here}/leave").status_code == 302
    assert desk.get(here).status_code == 404
    assert sign_in("street").get("/desk/guests").status_code == 403


def test_a_card_at_the_desk_finds_members_and_guests(world: World, sign_in: Staff) -> None:
    guest = world.rich(60)
    secret = members.issue_card(world.bank, world.staff["worker A"], guest.person_id, now=NOW)
    own, other = sign_in("worker A").post("/desk", card=secret), sign_in("worker B").post("/desk", card=secret)
    assert own.headers["Location"] == f"/members/{guest.person_id}"
    assert other.headers["Location"] == f"/desk/guests/{guest.person_id}"
    assert refuses(sign_in("worker B").post("/desk", card="nothing"), errors.CardUnknown)


def test_a_gift_at_the_desk_can_be_taken_back(world: World, sign_in: Staff) -> None:
    giver, child = world.rich(180, pin=PIN), world.member()
    families.record_kin(world.bank, world.staff["worker A"], giver.person_id, child.person_id, "child", now=NOW)
    desk, here = sign_in("worker A"), f"/members/{giver.person_id}/give"
    form = {"to": world.number(child), "hours": "1", "minutes": "0"}
    assert refuses(desk.post(here, **form, pin="000000"), errors.PinWrong)
    assert refuses(desk.post(here, **form | {"hours": "9"}, pin=PIN), errors.BalanceTooLow)
    assert world.balance(giver) == 180
    assert desk.post(here, **form, pin=PIN).status_code == 302
    assert world.balance(giver) == 120
    page = desk.get(here).text
    undo = page.split(f'action="{here}/')[1].split('"')[0]
    assert sign_in("worker B").post(f"{here}/{undo}").status_code == 404
    assert desk.post(f"{here}/{undo}").status_code == 302
    assert world.balance(giver) == 180


def test_a_system_of_the_station_serves_guests_and_gifts(world: World, system: Callable[..., System]) -> None:
    guest, child = world.rich(180, pin=PIN), world.member()
    number = world.number(guest)
    theirs = system("worker B", "guests.serve", "transfers.enter_at_desk")
    gift = {"member_number": number, "pin": PIN, "minutes": 30}
    assert theirs.post("/gifts", gift).status_code == 404
    assert theirs.post("/guests", {"member_number": number, "pin": "000000"}).json["code"] == "pin_wrong"
    made = theirs.post("/guests", {"member_number": number, "pin": PIN})
    assert (made.status_code, made.json["balance_minutes"]) == (201, 180)
    assert PIN not in made.text
    assert [one["number"] for one in theirs.get("/guests").json["items"]] == [number]
    assert theirs.post("/gifts", gift | {"receiver_number": world.number(child)}).json["code"] == "gift_only_to_kin"
    given = theirs.post("/gifts", gift).json
    assert world.balance(guest) == 150
    assert theirs.post(f"/gifts/{given['id']}/undo").json["state"] == "undone"
    assert theirs.post(f"/guests/{guest.person_id}/leave").status_code == 204
    assert theirs.get("/guests").json["items"] == []


def test_the_own_station_still_sees_a_member_whom_another_one_serves(world: World, sign_in: Staff) -> None:
    guest = world.rich(180, pin=PIN)
    members.receive(world.bank, world.staff["worker B"], guest.person_id, pin=PIN, now=NOW)
    wish = AskForCare(guest.person_id, guest.person_id, "chatting", 60, NOW + timedelta(days=1))
    asked = redemptions.ask(world.bank, world.staff["worker B"], wish, now=NOW)
    page = sign_in("worker A").get(f"/members/{guest.person_id}")
    assert page.status_code == 200
    assert asked.number not in page.text
    assert sign_in("worker B").get(f"/redemptions/{asked.id}").status_code == 200
