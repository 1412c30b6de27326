"""Standard cards, consent notes and lending on their pages and over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.services import consent_notes, equipment, hours, redemptions, standards
from timebank.services.redemptions import AskForCare

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]
TEXT = {"steps": "敲门\n洗手", "bring": "围裙", "never": "不收礼物", "steps_en": "knock", "bring_en": "apron",
        "never_en": "take no gifts"}  # fmt: skip
CARD = {**TEXT, "basis": "县发1号", "on": "2026-09-15"}
CHANGE = {"minutes_max": "60", "why": "县发2号", "day": "2026-09-15", "active": "", "risk": "", "training": "",
          "two_persons": "", "legal_class": "social_relief"}  # fmt: skip
NOTE = {"service": "errands", "papers": "社保卡", "day": "2026-09-15", "start": "16:00", "due_day": "2026-09-15",
        "due_time": "20:00"}  # fmt: skip


def test_everybody_reads_the_card_and_the_county_decides_it(world: World, sign_in: Staff, browser: Browser) -> None:
    county = sign_in("county")
    assert county.post("/services/cleaning/card", **CARD).status_code == 302
    page = browser.get("/services/cleaning").text
    assert "不收礼物" in page
    assert "县发1号" in page
    paper = browser.get("/services/cleaning/card.pdf?version=1")
    assert paper.data.startswith(b"%PDF")
    assert browser.get("/services/cleaning/card.pdf?version=2").status_code == 404
    assert browser.get("/services/cleaning/card.pdf?version=x").status_code == 422
    assert browser.get("/services/nothing").status_code == 404
    wrong = county.post("/services/cleaning/card", **{**CARD, "never": ""})
    assert wrong.status_code == 422
    assert "县发1号" in wrong.text
    assert refuses(county.post("/services/cleaning/card", **{**CARD, "on": "2026-09-14"}), errors.Invalid)
    assert refuses(sign_in("worker A").post("/services/cleaning/card", **CARD), errors.Forbidden)
    assert len(standards.see(world.bank, "cleaning", now=NOW).cards) == 1


def test_a_change_stands_on_the_page_with_its_paper(world: World, sign_in: Staff, browser: Browser) -> None:
    county = sign_in("county")
    assert county.post("/services/cleaning/changes", **CHANGE).status_code == 302
    later = {**CHANGE, "day": "2026-10-01", "active": "no", "minutes_max": ""}
    assert county.post("/services/cleaning/changes", **later).status_code == 302
    page = browser.get("/services/cleaning").text
    assert "县发2号" in page
    assert "社会救助" in page
    assert "待生效" in page
    planned = standards.see(world.bank, "cleaning", now=NOW).changes[0]
    assert county.post(f"/services/cleaning/changes/{planned.id}/withdraw").status_code == 302
    assert county.post(f"/services/shopping/changes/{planned.id}/withdraw").status_code == 404
    assert refuses(county.post("/services/cleaning/changes", **{**CHANGE, "minutes_max": "5"}), errors.ServiceInvalid)
    assert county.post("/services/cleaning/changes", **{**CHANGE, "why": ""}).status_code == 422
    assert refuses(sign_in("street").post("/services/cleaning/changes", **CHANGE), errors.Forbidden)
    item = standards.see(world.bank, "cleaning", now=NOW)
    assert (item.service.minutes_max, item.service.active, len(item.changes)) == (60, True, 2)
    assert county.post("/services/cleaning/papers", carries="yes").status_code == 302
    assert standards.see(world.bank, "cleaning", now=NOW).service.carries_papers


def test_a_record_shows_the_card_by_which_it_was_given(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    sign_in("county").post("/services/cleaning/card", **{**CARD, "on": "2026-09-15"})
    volunteer, elder = world.member(), world.member()
    told = world.told(elder, service="cleaning", ago=timedelta(0))
    record = hours.log(world.bank, volunteer, told, now=NOW + timedelta(hours=1))
    page = sign_in_member(volunteer).get(f"/hours/{record.id}").text
    assert "/services/cleaning/card.pdf?version=1" in page


def test_the_elder_writes_a_note_and_takes_the_papers_back(world: World, sign_in_member: Member) -> None:
    elder, helper = world.member(), world.member()
    mine = sign_in_member(elder)
    people = {"elder": world.number(elder), "helper": world.number(helper)}
    answer = mine.post("/consent-notes/new", **NOTE, **people)
    assert answer.status_code == 302, answer.text
    place = answer.headers["Location"]
    assert "社保卡" in mine.get(place).text
    assert mine.get(f"{place}.pdf").data.startswith(b"%PDF")
    assert sign_in_member(world.member()).get(place).status_code == 404
    assert mine.post(f"{place}/back").status_code == 302
    assert refuses(mine.post(f"{place}/back"), errors.ConsentNoteReturned)
    wrong = mine.post("/consent-notes/new", **{**NOTE, "due_day": "2026-09-14"}, **people)
    assert refuses(wrong, errors.Invalid)
    assert "社保卡" in wrong.text
    assert len(consent_notes.mine(world.bank, elder, now=NOW)) == 1


def test_a_wrong_pin_of_the_helper_is_counted_and_writes_nothing(world: World, sign_in_member: Member) -> None:
    elder, helper = world.member(pin=PIN), world.member()
    browser = sign_in_member(helper)
    people = {"elder": world.number(elder), "helper": world.number(helper)}
    answers = [browser.post("/consent-notes/new", **NOTE, **people, pin="000000").status_code for _ in range(8)]
    assert answers[0] == errors.PinWrong.status
    assert answers[-1] == errors.TooManyAttempts.status
    assert consent_notes.mine(world.bank, elder, now=NOW) == ()


def test_the_desk_lists_what_is_out(world: World, sign_in: Staff) -> None:
    desk, elder, helper = sign_in("worker A"), world.member(), world.member()
    people = {"elder": world.number(elder), "helper": world.number(helper)}
    assert desk.post("/consent-notes/new", **NOTE, **people).status_code == 302
    assert "社保卡" in desk.get("/consent-notes/desk").text
    assert "社保卡" not in sign_in("worker B").get("/consent-notes/desk").text
    assert sign_in("worker B").post("/consent-notes/new", **NOTE, **people).status_code == 404


def test_the_desk_lends_and_takes_back(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    desk, member = sign_in("worker A"), world.member()
    thing = {"station": world.stations["A"], "name": "轮椅", "name_en": "wheelchair", "total": "1", "loan_days": "30"}
    assert desk.post("/equipment/items", **thing).status_code == 302
    assert desk.post("/equipment/items", **{**thing, "name": ""}).status_code == 422
    one = equipment.stock(world.bank, world.staff["worker A"])[0]
    loan = {"item": one.id, "member": world.number(member), "due_on": ""}
    assert desk.post("/equipment/loans", **loan).status_code == 302
    again = desk.post("/equipment/loans", **loan)
    assert refuses(again, errors.EquipmentNoneLeft)
    assert world.number(member) in again.text
    assert "轮椅" in sign_in_member(member).get("/equipment").text
    assert refuses(desk.post(f"/equipment/items/{one.id}", total="0", loan_days="30"), errors.EquipmentStillLent)
    assert desk.post(f"/equipment/items/{one.id}", total="x", loan_days="30").status_code == 422
    lent = equipment.loans(world.bank, world.staff["worker A"], now=NOW)[0]
    assert sign_in("worker B").post(f"/equipment/loans/{lent.id}/return", condition="good").status_code == 404
    assert desk.post(f"/equipment/loans/{lent.id}/return", condition="good").status_code == 302
    assert refuses(desk.post(f"/equipment/loans/{lent.id}/return", condition="good"), errors.LoanReturned)
    assert equipment.stock(world.bank, world.staff["worker A"])[0].free == 1


def test_lending_over_the_api(world: World, system: Callable[..., System]) -> None:
    one = system("worker A", "equipment.read", "equipment.run")
    body = {"station_id": world.stations["A"], "name": "轮椅", "name_en": "wheelchair", "total": 1, "loan_days": 30}
    item = one.post("/equipment", body)
    assert item.status_code == 201
    loan = one.post(f"/equipment/{item.json['id']}/loans", {"member_number": world.number(world.member())})
    assert loan.status_code == 201
    assert one.post(f"/equipment/{item.json['id']}/loans", {"member_number": world.number(world.member())}
                    ).json["code"] == "equipment_none_left"  # fmt: skip
    assert one.get("/equipment/loans").json["items"][0]["id"] == loan.json["id"]
    other = system("worker B", "equipment.read", "equipment.run")
    assert other.post(f"/equipment/loans/{loan.json['id']}/return", {"condition": "good"}).status_code == 404
    assert one.post(f"/equipment/loans/{loan.json['id']}/return", {"condition": "eaten"}).status_code == 422
    assert one.post(f"/equipment/loans/{loan.json['id']}/return", {"condition": "good"}).json["state"] == "returned"
    assert one.get("/equipment").json["items"][0]["free"] == 1


def test_cards_and_notes_over_the_api(world: World, system: Callable[..., System]) -> None:
    county = system("county", "catalogue.edit", "catalogue.read")
    made = county.post("/services/cleaning/cards", {"text": TEXT, "basis": "县发1号", "on": "2026-09-15"})
    assert (made.status_code, made.json["version"]) == (201, 1)
    change = {"change": {"minutes_max": 90}, "basis": "县发2号", "on": "2026-10-01"}
    assert county.post("/services/cleaning/changes", change).json["state"] == "planned"
    assert county.post("/services/cleaning/changes", {**change, "change": {"risk": "wild"}}).status_code == 422
    seen = county.get("/services/cleaning").json
    assert [len(seen[name]) for name in ("cards", "changes")] == [1, 1]
    elder, helper = world.member(), world.member()
    desk = system("worker A", "consent_notes.read", "consent_notes.run")
    body = {"elder_number": world.number(elder), "helper_number": world.number(helper), "service_code": "errands",
            "papers": "社保卡", "given_at": "2026-09-15T07:30:00+00:00",
            "due_at": "2026-09-15T12:00:00+00:00"}  # fmt: skip
    note = desk.post("/consent-notes", body)
    assert (note.status_code, set(note.json)) == (201, {"id", "number", "state"})
    assert desk.get("/consent-notes").json["items"][0]["papers"] == "社保卡"
    stranger = system("worker B", "consent_notes.read", "consent_notes.run")
    assert stranger.get(f"/consent-notes/{note.json['id']}").status_code == 404
    assert stranger.post(f"/consent-notes/{note.json['id']}/back").status_code == 404
    assert desk.post(f"/consent-notes/{note.json['id']}/back").json["state"] == "back"
    assert desk.post(f"/consent-notes/{note.json['id']}/back").status_code == 409


def test_a_request_leads_to_the_note_of_its_people(world: World, sign_in_member: Member) -> None:
    elder, helper, worker = world.rich(120), world.member(), world.staff["worker A"]
    form = AskForCare(elder.person_id, elder.person_id, "errands", 60, NOW + timedelta(days=1))
    asked = redemptions.ask(world.bank, elder, form, now=NOW)
    redemptions.assign(world.bank, worker, asked.id, helper.person_id, now=NOW)
    mine = sign_in_member(elder)
    link = f"/consent-notes/new?redemption={asked.id}"
    assert link in mine.get(f"/redemptions/{asked.id}").text
    assert sign_in_member(world.member()).get(link).status_code == 404
    answer = mine.post(link, **NOTE, elder="x", helper="y")
    assert answer.status_code == 302, answer.text
    note = consent_notes.mine(world.bank, helper, now=NOW)[0]
    assert (note.redemption_id, note.elder_id, note.helper_id) == (asked.id, elder.person_id, helper.person_id)
