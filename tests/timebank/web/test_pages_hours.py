"""Logging hours and visits on the pages: what a first-time visitor finds, card or PIN, what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import hours, members

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]
PIN = "258013"
GROUPS = re.compile(r'<optgroup label="([^"]+)">')
CHOSEN = re.compile(r'<option value="([^"]*)" selected>')


def log_form(elder_number: str, **change: str) -> dict[str, str]:
    day = NOW.date().isoformat()
    return {"elder": "other", "number": elder_number, "service": "chatting", "day": day, "start": "10:00",
            "minutes": "60", "place": "", "note": "", **change}  # fmt: skip


def test_who_logs_for_the_first_time_chooses_everything(world: World, sign_in_member: Member) -> None:
    volunteer, elder = world.member(), world.member(name="罗桂秀")
    mine = sign_in_member(volunteer)
    page = mine.get("/hours/new").text
    assert 'type="radio" value="other"' not in page
    assert '<input type="hidden" name="elder" value="other">' in page
    assert GROUPS.findall(page)[0] == "精神慰藉"
    assert "" in CHOSEN.findall(page)
    refused = mine.post("/hours/new", **log_form(world.number(elder), service=""))
    assert (refused.status_code, "govuk-error-message" in refused.text) == (422, True)
    assert hours.mine(world.bank, volunteer) == ()
    assert mine.post("/hours/new", **log_form("")).status_code == errors.MemberNumberInvalid.status
    assert mine.post("/hours/new", **log_form(world.number(elder))).status_code == 302
    again = mine.get("/hours/new").text
    assert GROUPS.findall(again)[:2] == ["您做过的", "精神慰藉"]
    assert 'data-shown-when="elder=other"' in again
    assert "罗桂秀" in again


def test_a_record_shows_no_empty_rows(world: World, sign_in_member: Member) -> None:
    volunteer, elder = world.member(), world.member()
    record = world.logged(volunteer, elder)
    page = sign_in_member(volunteer).get(f"/hours/{record.id}").text
    assert record.number in page
    assert ">–<" not in page
    assert "数字密码或会员卡" in page


def test_a_visit_begins_with_the_card_alone(world: World, sign_in_member: Member) -> None:
    volunteer, elder = world.member(), world.member(name="罗桂秀", pin=PIN)
    card = members.issue_card(world.bank, world.staff["worker A"], elder.person_id, now=NOW)
    mine = sign_in_member(volunteer)
    form = {"service": "chatting", "number": "", "pin": "", "card": ""}
    assert refuses(mine.post("/visits/new", **{**form, "card": "not a card"}), errors.CardUnknown)
    assert refuses(mine.post("/visits/new", **form), errors.MemberNumberInvalid)
    assert refuses(mine.post("/visits/new", **{**form, "pin": PIN}), errors.MemberNumberInvalid)
    assert mine.post("/visits/new", **{**form, "service": "", "card": card}).status_code == 422
    other = {**form, "number": world.number(world.member()), "card": card}
    assert mine.post("/visits/new", **other).status_code == errors.CardUnknown.status
    assert hours.open_visit(world.bank, volunteer) is None
    assert mine.post("/visits/new", **{**form, "card": card}).status_code == 302
    visit = hours.open_visit(world.bank, volunteer)
    assert visit is not None
    assert visit.elder_id == elder.person_id
    assert refuses(mine.post(f"/visits/{visit.id}/end", card="not a card"), errors.CardUnknown)


def test_a_visit_begins_with_number_and_pin(world: World, sign_in_member: Member) -> None:
    volunteer, elder = world.member(), world.member(pin=PIN)
    mine = sign_in_member(volunteer)
    form = {"service": "chatting", "number": world.number(elder), "card": ""}
    assert refuses(mine.post("/visits/new", **form, pin="000000"), errors.PinWrong)
    assert mine.post("/visits/new", **form, pin=PIN).status_code == 302
    page = mine.get("/visits/new").text
    assert 'data-scan="card"' in page
    assert "hidden data-looking" in page


def test_the_desk_tells_a_new_member_what_is_possible(world: World, sign_in: Staff) -> None:
    desk = sign_in("worker A")
    form = {"name": "欧阳桂芳", "phone": "18700000001", "document_type": "none", "document_number": "",
            "born_on": "1950-03-15", "station_id": world.stations["A"], "receives": "y", "consent": "y"}  # fmt: skip
    done = desk.post("/members/new", **form)
    assert done.status_code == 302, done.text
    page = desk.get(done.headers["Location"]).text
    assert "请告诉欧阳桂芳接下来可以怎么做" in page
    assert "18700000001" in page
    assert 'href="#first-password"' in page
    assert 'id="first-password" open' in page
    assert "接下来可以怎么做" not in desk.get(done.headers["Location"].split("?")[0]).text


def test_the_desk_chooses_a_service_for_each_slip(world: World, sign_in: Staff) -> None:
    desk, volunteer, elder = sign_in("worker A"), world.member(), world.member()
    page = desk.get("/desk/enter").text
    assert page.count('<option value="" selected>请选择</option>') == 6
    row = {"volunteer-0": world.number(volunteer), "elder-0": world.number(elder), "day-0": NOW.date().isoformat(),
           "start-0": "10:00", "minutes-0": "60", "slip-0": ""}  # fmt: skip
    refused = desk.post("/desk/enter", **row, **{"service-0": ""})
    assert refused.status_code == errors.ServiceNotOffered.status
    assert hours.mine(world.bank, volunteer) == ()
    assert desk.post("/desk/enter", **row, **{"service-0": "chatting"}).status_code == 302
    assert hours.mine(world.bank, volunteer)[0].service_code == "chatting"


def test_the_desk_counts_what_its_queue_shows(world: World, sign_in: Staff) -> None:
    desk = sign_in("worker A")
    volunteer, elder, other = world.member(), world.member(), world.member()
    world.confirmed(volunteer, elder)
    disputed = world.logged(volunteer, other, ago=timedelta(hours=6))
    hours.step(world.bank, other, disputed.id, "dispute", "shorter", "", now=NOW)
    assert len(hours.queue(world.bank, world.staff["worker A"])) == 2
    assert "2 条待办" in desk.get("/desk").text
    assert desk.get("/desk/verify").text.count('name="record"') == 2
