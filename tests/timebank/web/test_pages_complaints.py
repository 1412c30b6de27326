"""Pages of ratings, complaints and credit files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.timebank.services.test_complaints import state as complaints_now
from tests.timebank.services.test_complaints import told
from tests.timebank.services.test_credit_files import proposed, recorded
from tests.timebank.services.test_credit_files import state as files_now
from tests.timebank.services.test_ratings import served, size
from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import complaints

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


def test_a_face_is_given_once_and_seen_by_few(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    volunteer, elder, record = served(world)
    here, browser = f"/ratings/{record.id}", sign_in_member(elder)
    assert here in browser.get(f"/hours/{record.id}").text
    before = size(world)
    wrong = browser.post(here, direction="receiver", text="很细心")
    assert (wrong.status_code, "很细心" in wrong.text) == (422, True)
    assert browser.post(here, direction="helper", face="good").status_code == 422
    assert size(world) == before
    assert browser.post(here, direction="receiver", face="good", text="很细心").status_code == 302
    assert browser.post(here, direction="receiver", face="bad").status_code == 422
    assert size(world) == before + 1
    assert "很细心" in browser.get(here).text
    assert "很细心" not in sign_in_member(volunteer).get(here).text
    for stranger in (sign_in("worker B"), sign_in_member(world.member())):
        assert stranger.get(here).status_code == 404
        assert stranger.post(here, direction="receiver", face="bad").status_code == 404
    worker = sign_in("worker A")
    assert worker.post(here, direction="helper", face="so_so").status_code == 302
    assert "很细心" not in worker.get("/ratings").text
    assert "不显示" in sign_in("county").get("/ratings").text
    assert "满意" in worker.get(f"/ratings/marks/{volunteer.person_id}").text
    assert sign_in("worker B").get(f"/ratings/marks/{volunteer.person_id}").status_code == 404


def test_an_unfinished_service_cannot_be_rated(world: World, sign_in_member: Member) -> None:
    elder = world.member()
    record = world.logged(world.member(), elder)
    browser = sign_in_member(elder)
    assert "还没有完成" in browser.get(f"/ratings/{record.id}").text
    assert browser.post(f"/ratings/{record.id}", direction="receiver", face="good").status_code == 422
    assert size(world) == 0


def test_a_member_complains_and_the_street_answers(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member, station = world.member(name="李秀英"), world.stations["A"]
    mine, street = sign_in_member(member), sign_in("street")
    before = complaints_now(world)
    wrong = mine.post("/complaints/new", kind="service", station=station, text="")
    assert wrong.status_code == 422
    wrong = mine.post("/complaints/new", station=station, text="来得太晚")
    assert (wrong.status_code, "来得太晚" in wrong.text) == (422, True)
    assert complaints_now(world) == before
    here = mine.post("/complaints/new", kind="service", station=station, text="来得太晚").headers["Location"]
    assert here in street.get("/complaints").text
    assert "李秀英" in street.get(here).text
    stands = complaints_now(world)
    for browser in (sign_in("worker A"), sign_in_member(world.member()), sign_in("auditor")):
        assert browser.get(here).status_code == 404
        assert browser.post(f"{here}/step/accept").status_code == 404
    assert mine.post(f"{here}/step/accept").status_code == 404
    assert complaints_now(world) == stands
    assert street.post(f"{here}/step/accept").status_code == 302
    refused = street.post(f"{here}/step/answer", text="", outcome="upheld")
    assert refused.status_code == 422
    kept = street.post(f"{here}/step/answer", text="已提醒", outcome="maybe")
    assert (kept.status_code, "已提醒" in kept.text) == (422, True)
    assert street.post(f"{here}/step/answer", text="已提醒", outcome="upheld").status_code == 302
    assert mine.post(f"{here}/step/appeal", text="没有改").status_code == 302
    assert refuses(street.post(f"{here}/step/decide", text="x", outcome="upheld"), errors.ComplaintSecondHandler)
    assert sign_in("county").post(f"{here}/step/decide", text="换人", outcome="upheld").status_code == 302
    assert refuses(street.post(f"{here}/step/accept"), errors.ComplaintStateConflict)
    assert mine.post(f"{here}/step/close").status_code == 302
    page = mine.get(here).text
    assert "换人" in page
    assert "赵敏" not in page


def test_the_desk_passes_nothing_on_but_the_street_does(world: World, sign_in: Staff) -> None:
    worker, street, member = sign_in("worker A"), sign_in("street"), world.member()
    form = {"kind": "service", "station": world.stations["A"], "text": "太晚", "member": world.number(member)}
    here = worker.post("/complaints/new", **form).headers["Location"]
    assert worker.get(here).status_code == 200
    assert worker.post(f"{here}/step/accept").status_code == 404
    assert refuses(
        worker.post("/complaints/new", **{**form, "member": world.number(world.member("B"))}), errors.NotFound
    )
    moved = street.post(f"{here}/step/pass_on", text="属于B站", station=world.stations["B"])
    assert moved.headers["Location"] == here
    gone = street.post(f"{here}/step/pass_on", text="属于街道", station=world.stations["street"])
    assert gone.headers["Location"] == "/complaints"
    assert street.get(here).status_code == 404
    assert sign_in("county").get(here).status_code == 200


def test_what_is_overdue_stands_in_its_list(world: World, sign_in: Staff) -> None:
    early = NOW.replace(day=1)
    late = complaints.make(world.bank, world.member(registered=early), told(world), now=early)
    fresh = complaints.make(world.bank, world.member(), told(world), now=NOW)
    page = sign_in("street").get("/complaints/overdue").text
    assert late.number in page
    assert fresh.number not in page


def test_anybody_complains_without_an_account_and_follows_it(world: World, browser: Browser) -> None:
    form = {"kind": "station", "station": world.stations["A"], "text": "门总是关着", "name": "", "phone": ""}
    before = complaints_now(world)
    wrong = browser.post("/complain", **{**form, "phone": "12"})
    assert refuses(wrong, errors.PhoneInvalid)
    assert "门总是关着" in wrong.text
    assert browser.post("/complain", **{**form, "kind": ""}).status_code == 422
    assert complaints_now(world) == before
    made = browser.post("/complain", **form).text
    number = re.search(r"C26-[0-9-]+", made)
    code = re.search(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", made)
    assert number
    assert code
    keys = {"number": number[0], "code": code[0]}
    page = browser.post("/complain/follow", **keys)
    assert "门总是关着" in page.text
    assert code[0] not in str(page.request.path)
    assert refuses(browser.post("/complain/follow", **{**keys, "code": "AAAA"}), errors.ComplaintUnknown)
    assert browser.post("/complain/follow", number="", code="").status_code == 422
    assert refuses(browser.post("/complain/follow", **keys, verb="appeal", text="x"), errors.ComplaintStateConflict)
    assert browser.post("/complain/follow", **keys, verb="accept").status_code == 404
    assert "已撤回" in browser.post("/complain/follow", **keys, verb="withdraw").text


@pytest.fixture
def fact(world: World) -> dict[str, str]:
    return {
        "subject": "station", "station": world.stations["A"], "person": "", "kind": "breach", "text": "未按时开放",
        "number": "检查 2026-7", "day": "2026-09-15",
    }  # fmt: skip


def test_a_fact_is_written_down_objected_to_and_decided(world: World, sign_in: Staff, fact: dict[str, str]) -> None:
    street, worker, county = sign_in("street"), sign_in("worker A"), sign_in("county")
    before = files_now(world)
    wrong = street.post("/credit-files/new", **{**fact, "number": ""})
    assert (wrong.status_code, "未按时开放" in wrong.text) == (422, True)
    assert refuses(street.post("/credit-files/new", **{**fact, "day": "2026-09-16"}), errors.Invalid)
    assert refuses(street.post("/credit-files/new", **{**fact, "station": world.stations["county"]}), errors.NotFound)
    assert files_now(world) == before
    here = street.post("/credit-files/new", **fact).headers["Location"]
    assert here in worker.get("/credit-files").text
    assert "未按时开放" in worker.get(here).text
    stranger = sign_in("worker B")
    assert stranger.get(here).status_code == 404
    assert stranger.post(f"{here}/appeal", text="x").status_code == 404
    assert worker.post(f"{here}/appeal", text="").status_code == 422
    assert worker.post(f"{here}/strike", text="x").status_code == 403
    assert worker.post(f"{here}/appeal", text="停电").status_code == 302
    assert refuses(worker.post(f"{here}/appeal", text="停电"), errors.CreditStateConflict)
    assert county.post(f"{here}/strike", text="属实").status_code == 302
    assert "已撤销" in worker.get(here).text


def test_a_staff_file_is_for_that_person_and_those_above(world: World, sign_in: Staff) -> None:
    one = recorded(world, subject="staff", person_id=world.staff["worker A"].person_id, text="态度粗暴")
    here = f"/credit-files/{one.id}"
    assert "态度粗暴" in sign_in("worker A").get(here).text
    assert sign_in("second A").get(here).status_code == 404
    assert here not in sign_in("second A").get("/credit-files").text
    assert sign_in("auditor").get(here).status_code == 404


def test_an_organisation_is_proposed_and_needs_a_second_person(world: World, sign_in: Staff) -> None:
    street, county = sign_in("street"), sign_in("county")
    form = {
        "uscc": "52130200MJ0000018F", "text": "骗取补贴", "number": "3 号", "starts": "2026-09-15",
        "ends": "2027-09-15",
    }  # fmt: skip
    before = files_now(world)
    assert refuses(street.post("/listings/new", **{**form, "ends": "2030-09-15"}), errors.BlacklistTooLong)
    assert street.post("/listings/new", **{**form, "uscc": world.number(world.member())}).status_code == 422
    assert sign_in("worker A").get("/listings/new").status_code == 403
    assert files_now(world) == before
    assert street.post("/listings/new", **form).status_code == 302
    page = county.get("/credit-files").text
    found = re.search(r"/listings/[0-9a-f]{32}", page)
    assert found
    assert county.post(f"{found[0]}/confirm").status_code == 302
    assert refuses(county.post(f"{found[0]}/confirm"), errors.CreditStateConflict)
    assert "3 号" in county.get(found[0]).text
    mine = proposed(world)
    assert refuses(county.post(f"/listings/{mine.id}/confirm"), errors.SecondPersonNeeded)
    assert county.get(f"/listings/{'0' * 32}").status_code == 404
