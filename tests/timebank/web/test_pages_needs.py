"""Pages of needs, offers, activities, projects and suggestions: posted, checked, taken on, served, confirmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import activities, hours, needs, offers, projects

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]
DAY = (NOW + timedelta(days=2)).date().isoformat()
LATER = NOW + timedelta(days=2)


def wish(member: Any, **change: Any) -> dict[str, Any]:
    return {
        "whom": member.person_id, "service": "cleaning", "minutes": "60", "day": DAY, "start": "09:00",
        "funding": "charity", "risk": "楼梯陡", "phone": "desk", **change,
    }  # fmt: skip


def test_a_need_from_the_post_to_the_hours(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    elder, helper = world.member(name="欧阳桂芳"), world.member()
    mine, theirs, desk = sign_in_member(elder), sign_in_member(helper), sign_in("worker A")
    assert "助餐" in mine.get("/needs/new").text
    assert mine.get("/needs/new?by=class").status_code == 200
    answer = mine.post("/needs/new", **wish(elder))
    assert answer.status_code == 302, answer.text
    here = answer.headers["Location"]
    need_id = here.rsplit("/", 1)[1]
    assert theirs.get(f"/needs/open/{need_id}").status_code == 404
    assert "楼梯陡" not in theirs.get("/needs/open").text
    assert desk.post(f"{here}/step/publish").status_code == 302
    page = theirs.get("/needs/open?within=walk").text
    assert ("楼梯陡" in page, "欧阳" in page) == (True, False)
    assert "欧阳" not in theirs.get(f"/needs/open/{need_id}").text
    assert theirs.get(here).status_code == 404
    assert theirs.get("/needs/open?within=building").status_code == 200
    assert theirs.post(f"{here}/take").status_code == 302
    assert "欧阳桂芳" in theirs.get(here).text
    assert theirs.post(f"{here}/step/untake").status_code == 302
    theirs.post(f"{here}/take")
    assert refuses(theirs.post(f"{here}/step/give_back"), errors.ReasonMissing)
    assert refuses(theirs.post(f"{here}/log", start="09:00", minutes="60"), errors.HoursInFuture)
    assert theirs.post(f"{here}/log", start="", minutes="60").status_code == 422
    with time_machine.travel(LATER, tick=False):
        theirs = sign_in_member(helper)
        assert f'action="{here}/log"' in theirs.get(here).text
        assert theirs.post(f"{here}/log", start="09:00", minutes="60").status_code == 302
    assert needs.see(world.bank, elder, need_id).state == "delivered"
    assert mine.get("/needs").status_code == 200
    assert desk.get("/needs/desk").status_code == desk.get("/needs/desk?list=ended").status_code == 200


def test_the_desk_enters_the_hours_of_who_has_no_phone(world: World, sign_in: Staff) -> None:
    elder, helper, desk = world.rich(120), world.member(), sign_in("worker A")
    answer = desk.post(f"/needs/at-desk?member={world.number(elder)}", **wish(elder, funding="time"))
    here = answer.headers["Location"]
    desk.post(f"{here}/step/publish")
    desk.post(f"{here}/assign", number=world.number(helper))
    with time_machine.travel(LATER, tick=False):
        desk = sign_in("worker A")
        form = {"helper": helper.person_id, "slip": "", "start": "09:00", "minutes": "45"}
        assert f'action="{here}/enter"' in desk.get(here).text
        for wrong in ({"helper": elder.person_id}, {"start": ""}, {"minutes": "7"}, {"slip": "12"}):
            assert desk.post(f"{here}/enter", **{**form, **wrong}).status_code == 422, wrong
        assert refuses(desk.post(f"{here}/enter", **{**form, "minutes": "75"}), errors.DeliveredMoreThanHeld)
        assert needs.mine(world.bank, helper)[0].state == "taken"
        assert desk.post(f"{here}/enter", **form).status_code == 302
    assert needs.mine(world.bank, helper)[0].state == "delivered"
    record = hours.mine(world.bank, helper)[0]
    hours.confirm(world.bank, elder, record.id, "", now=LATER)
    assert hours.verify(world.bank, world.staff["second A"], [record.id], now=LATER)[0].refusal is None
    assert (world.balance(elder), world.balance(helper)) == (75, 45)


def test_refusals_keep_what_was_typed_and_nothing_else(world: World, sign_in_member: Member) -> None:
    elder = world.member()
    mine = sign_in_member(elder)
    answer = mine.post("/needs/new", **wish(elder, risk="", note="请带拖鞋"))
    assert refuses(answer, errors.RiskTextMissing)
    assert "请带拖鞋" in answer.text
    assert refuses(mine.post("/needs/new", **wish(elder, funding="time")), errors.BalanceTooLow)
    for change in ({"service": "x"}, {"minutes": "7"}, {"whom": "0" * 32}, {"day": ""}, {"funding": "yuan"}):
        assert mine.post("/needs/new", **wish(elder, **change)).status_code == 422, change
    assert needs.mine(world.bank, elder) == ()


def test_the_desk_posts_for_who_calls_and_cancelling_can_be_undone(world: World, sign_in: Staff) -> None:
    elder, desk = world.rich(120), sign_in("worker A")
    number = world.number(elder)
    assert refuses(desk.get("/needs/at-desk?member=123456789"), errors.MemberNumberInvalid)
    answer = desk.post(f"/needs/at-desk?member={number}", **wish(elder, phone="phone", funding="time"))
    here = answer.headers["Location"]
    assert "电话" in desk.get(here).text
    assert refuses(desk.post(f"{here}/step/reject"), errors.ReasonMissing)
    assert desk.post(f"{here}/step/publish").status_code == 302
    assert world.balance(elder) == 60
    assert refuses(desk.post(f"{here}/step/publish"), errors.NeedStateConflict)
    assert refuses(desk.post(f"{here}/step/cancel", reason="other"), errors.WordsMissing)
    assert desk.post(f"{here}/step/cancel", reason="other", text="去女儿家").status_code == 302
    assert "去女儿家" in desk.get(here).text
    assert world.balance(elder) == 120
    assert desk.post(f"{here}/step/restore").status_code == 302
    assert world.balance(elder) == 60
    assert refuses(desk.post(f"{here}/step/expire"), errors.NotFound)
    other = sign_in("worker B")
    assert other.get(here).status_code == other.post(f"{here}/step/cancel", reason="mistake").status_code == 404
    assert world.balance(elder) == 60


def test_an_offer_is_made_and_its_insurance_seen(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member = world.member()
    mine, desk = sign_in_member(member), sign_in("worker A")
    good = {"weekdays": ["1", "3"], "start": "09:00", "end": "12:00", "services": ["cleaning"], "far_metres": "1000",
            "languages": ["dialect"], "gender_wish": "", "insured_until": DAY, "risk": "腰不好"}  # fmt: skip
    assert mine.get("/offers").status_code == 200
    for wrong in ({"weekdays": []}, {"start": "13:00"}, {"services": []}, {"risk": ""}, {"start": ""}):
        assert mine.post("/offers", **{**good, **wrong}).status_code == 422, wrong
    assert offers.mine(world.bank, member) == ()
    number = world.number(member)
    assert refuses(sign_in("worker B").get(f"/offers/at-desk?member={number}"), errors.NotFound)
    assert desk.post(f"/offers/at-desk?member={number}", **{**good, "services": []}).status_code == 422
    assert offers.mine(world.bank, member) == ()
    assert desk.post(f"/offers/at-desk?member={number}", **good).status_code == 302
    assert mine.post(f"/offers/{offers.mine(world.bank, member)[0].id}/end").status_code == 302
    assert mine.post("/offers", **good).status_code == 302
    offer = next(one for one in offers.mine(world.bank, member) if one.state == "open")
    assert "腰不好" in desk.get("/offers/desk").text
    assert sign_in("worker B").post(f"/offers/{offer.id}/insurance").status_code == 404
    assert desk.post(f"/offers/{offer.id}/insurance").status_code == 302
    assert any(one.insurance_seen for one in offers.mine(world.bank, member))
    assert mine.post(f"/offers/{offer.id}/end").status_code == 302
    assert refuses(mine.post(f"/offers/{offer.id}/end"), errors.OfferEnded)


def test_an_activity_is_planned_joined_and_written_down_once(
    world: World, sign_in: Staff, sign_in_member: Member
) -> None:
    elders, leader, member = [world.member(), world.member()], world.member(), world.member(name="司马建国")
    mine, desk = sign_in_member(member), sign_in("worker A")
    form = {"name": "周四送餐", "service": "meal_delivery", "day": DAY, "start": "09:00", "minutes": "60", "place": "A",
            "content": "送午餐", "leader": world.number(leader), "places": "1",
            "served": " ".join(world.number(one) for one in elders), "team": ""}  # fmt: skip
    for wrong in ({"name": ""}, {"place": ""}, {"served": ""}, {"leader": "123456789"}, {"places": "0"}):
        assert desk.post("/activities/new", **{**form, **wrong}).status_code == 422, wrong
    assert desk.post("/teams/new", name="暖心队", leader=world.number(leader)).status_code == 302
    assert desk.post("/activities/new", **form).status_code == 302
    here = f"/activities/{activities.to_join(world.bank, member, now=NOW)[0].id}"
    assert mine.get("/activities").status_code == mine.get(here).status_code == 200
    assert mine.post(f"{here}/join").status_code == 302
    assert mine.post(f"{here}/leave").status_code == 302
    assert desk.post(f"{here}/enter", number=world.number(elders[0])).status_code == 409
    assert sign_in("worker B").post(f"{here}/enter", number=world.number(member)).status_code == 404
    assert desk.post(f"{here}/enter", number=world.number(member)).status_code == 302
    assert refuses(sign_in_member(world.member()).post(f"{here}/join"), errors.ActivityFull)
    assert "司马建国" in desk.get(f"{here}/record").text
    assert desk.post(f"{here}/record", there=[member.person_id]).status_code in (409, 422)
    assert activities.see(world.bank, member, here.rsplit("/", 1)[1]).state == "open"
    with time_machine.travel(LATER + timedelta(hours=1), tick=False):
        desk = sign_in("worker A")
        assert desk.post(f"{here}/record", there=[member.person_id]).status_code == 302
        assert desk.post(f"{here}/record", there=[member.person_id]).status_code == 409
    assert desk.get("/activities/desk").status_code == 200
    assert sign_in("worker B").get(f"{here}/record").status_code == 404
    assert mine.post(f"{here}/leave").status_code == 409
    assert activities.see(world.bank, member, here.rsplit("/", 1)[1]).taken == 1


def test_the_project_bank_is_open_to_everybody(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member = world.member(name="司马建国")
    desk, mine = sign_in("worker A"), sign_in_member(member)
    form = {"name": "一老一小", "needs": "周末陪伴", "skills": [], "head_count": "2", "starts_on": DAY, "ends_on": DAY}
    assert desk.post("/projects/new", **{**form, "ends_on": "2020-01-01"}).status_code == 422
    assert desk.post("/projects/new", **form).status_code == 302
    here = f"/projects/{projects.every(world.bank, None)[0].id}"
    assert mine.post(f"{here}/join").status_code == 302
    assert refuses(mine.post(f"{here}/join"), errors.AlreadyBooked)
    public = Browser(mine.client.application.test_client()).get("/projects").text
    assert ("一老一小" in public, "司马建国" in public) == (True, False)
    assert "司马建国" in desk.get("/projects").text
    assert sign_in("worker B").post(f"{here}/move", state="running").status_code == 404
    assert desk.post(f"{here}/move", state="running").status_code == 302
    assert desk.post(f"{here}/move", state="nowhere").status_code == 409
    assert mine.post(f"{here}/leave").status_code == 302


def test_a_worker_confirms_what_is_suggested(world: World, sign_in: Staff) -> None:
    helper, elder, desk = world.member(name="司马建国"), world.member(), sign_in("worker A")
    form = offers.MakeOffer((1, 2, 3, 4, 5, 6, 7), "06:00", "22:00", ("cleaning",), "没有")
    offers.make(world.bank, helper, form, now=NOW)
    here = desk.post(f"/needs/at-desk?member={world.number(elder)}", **wish(elder)).headers["Location"]
    desk.post(f"{here}/step/publish")
    page = desk.get(f"/matching?day={DAY}")
    assert "司马建国" in page.text
    assert desk.get("/matching?day=soon").status_code == 422
    pair = f"{here.rsplit('/', 1)[1]}:{helper.person_id}"
    assert desk.post("/matching/confirm", day=DAY).status_code == 422
    assert desk.post("/matching/confirm", day=DAY, pair=[pair]).status_code == 302
    assert refuses(desk.post("/matching/confirm", day=DAY, pair=[pair]), errors.NeedStateConflict)
    assert "司马建国" in desk.get(here).text


def test_a_worker_gives_a_need_to_who_was_asked_by_phone(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    helper, elder, desk = world.member(name="司马建国"), world.member(), sign_in("worker A")
    here = desk.post(f"/needs/at-desk?member={world.number(elder)}", **wish(elder)).headers["Location"]
    desk.post(f"{here}/step/publish")
    assert refuses(desk.post(f"{here}/assign", number="1"), errors.MemberNumberInvalid)
    assert refuses(desk.post(f"{here}/assign", number=world.number(elder)), errors.OwnCare)
    assert sign_in("worker B").post(f"{here}/assign", number=world.number(helper)).status_code == 404
    assert needs.mine(world.bank, helper) == ()
    assert desk.post(f"{here}/assign", number=world.number(helper)).status_code == 302
    assert "居家清洁" in sign_in_member(helper).get("/").text
    assert "居家清洁" in sign_in_member(elder).get("/").text


def test_who_takes_it_on_reads_what_to_do(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    elder, helper = world.member(), world.member()
    mine, theirs = sign_in_member(elder), sign_in_member(helper)
    here = mine.post("/needs/new", **wish(elder)).headers["Location"]
    sign_in("worker A").post(f"{here}/step/publish")
    theirs.post(f"{here}/take")
    assert ("请按约好的时间去" in theirs.get(here).text, "请按约好的时间去" in mine.get(here).text) == (True, False)
    assert "有人会在约好的时间来" in mine.get(here).text
