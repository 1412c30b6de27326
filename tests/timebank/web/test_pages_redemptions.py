"""Pages of redemptions, transfers and corrections: asked, delivered, settled, given, undone, put right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import families, redemptions, reversals, training, transfers

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


def wish(member: Any, **change: Any) -> dict[str, Any]:
    day = (NOW + timedelta(days=2)).date().isoformat()
    whom = f"{member.person_id}:{member.person_id}"
    return {"whom": whom, "service": "cleaning", "minutes": "60", "day": day, "start": "09:00", **change}


def test_care_is_asked_for_delivered_and_settled(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member = world.rich(120)
    mine, first, second = sign_in_member(member), sign_in("worker A"), sign_in("second A")
    asked = mine.post("/redemptions/new", **wish(member))
    assert asked.status_code == 302, asked.text
    here = asked.headers["Location"]
    assert "1小时" in mine.get(here).text.replace(" ", "")
    form = {"minutes": "45", "day": NOW.date().isoformat(), "start": "15:30"}
    assert first.post(f"{here}/deliver", **form).status_code == 302
    assert refuses(first.post(f"{here}/settle"), errors.Forbidden)
    assert second.post(f"{here}/settle").status_code == 302
    assert world.balance(member) == 75
    assert refuses(second.post(f"{here}/settle"), errors.RedemptionStateConflict)
    assert mine.get("/redemptions").status_code == first.get("/redemptions/desk?list=ended").status_code == 200


def test_refused_wishes_hold_nothing_and_say_what_to_do(world: World, sign_in_member: Member) -> None:
    member = world.rich(60)
    mine, size = sign_in_member(member), world.size()
    assert refuses(mine.post("/redemptions/new", **wish(member, minutes="120")), errors.BalanceTooLow)
    for change in ({"service": "no_such"}, {"minutes": "7"}, {"whom": f"{member.person_id}:{'0' * 32}"}, {"day": ""}):
        assert mine.post("/redemptions/new", **wish(member, **change)).status_code == 422, change
    assert (world.size(), world.balance(member)) == (size, 60)


def test_a_step_back_gives_all_back_and_needs_a_reason(world: World, sign_in_member: Member) -> None:
    member = world.rich(60)
    mine = sign_in_member(member)
    here = mine.post("/redemptions/new", **wish(member)).headers["Location"]
    assert refuses(mine.post(f"{here}/step/cancel"), errors.ReasonMissing)
    assert mine.post(f"{here}/step/decline", reason="nobody_free").status_code == 403
    assert refuses(mine.post(f"{here}/step/expire"), errors.NotFound)
    assert refuses(mine.post(f"{here}/step/cancel", reason="other", text="  "), errors.WordsMissing)
    assert world.balance(member) == 0
    assert mine.post(f"{here}/step/cancel", reason="other", text="女儿回来了").status_code == 302
    assert world.balance(member) == 60
    assert "女儿回来了" in mine.get(here).text
    assert mine.post(f"{here}/step/cancel", reason="other", text="x").status_code == 409


def test_the_desk_asks_finds_a_helper_and_keeps_the_waiting_list(world: World, sign_in: Staff) -> None:
    member, helper, desk = world.rich(120), world.member(name="赵明"), sign_in("worker A")
    number = world.number(member)
    assert refuses(desk.get("/redemptions/at-desk?member=123456789"), errors.MemberNumberInvalid)
    asked = desk.post(f"/redemptions/at-desk?member={number}", **wish(member))
    assert asked.status_code == 302, asked.text
    here = asked.headers["Location"]
    assert desk.post(f"{here}/step/wait").status_code == 302
    assert desk.get("/redemptions/desk").status_code == 200
    assert desk.post(f"{here}/assign", volunteer="").status_code == 422
    assert refuses(desk.post(f"{here}/assign", number=number), errors.VolunteerIsReceiver)
    assert desk.post(f"{here}/assign", volunteer=helper.person_id).status_code == 302
    view = redemptions.see(world.bank, world.staff["worker A"], here.rsplit("/", 1)[1])
    assert (view.state, view.volunteer_id) == ("assigned", helper.person_id)
    assert sign_in("worker B").get(here).status_code == 404


def test_hours_are_given_after_a_second_look_and_taken_back(world: World, sign_in_member: Member) -> None:
    giver, sister = world.rich(120), world.member(name="陈小红")
    families.record_kin(world.bank, world.staff["worker A"], giver.person_id, sister.person_id, "sibling", now=NOW)
    mine, size = sign_in_member(giver), world.size()
    form = {"to": world.number(sister), "hours": "1", "minutes": "0"}
    look = mine.post("/transfers/new", **form)
    assert (look.status_code, world.size()) == (200, size)
    assert "陈小红" in look.text
    assert mine.post("/transfers/new", **form, sure="yes").status_code == 302
    assert world.balance(giver) == 60
    row = transfers.mine(world.bank, giver, now=NOW)[0]
    assert sign_in_member(sister).post(f"/transfers/{row.id}/undo").status_code == 404
    assert mine.post(f"/transfers/{row.id}/undo").status_code == 302
    assert world.balance(giver) == 120
    assert refuses(mine.post(f"/transfers/{row.id}/undo"), errors.TransferStateConflict)
    assert refuses(mine.post("/transfers/new", **{**form, "hours": "9"}, sure="yes"), errors.BalanceTooLow)
    assert mine.post("/transfers/new", **{**form, "to": "nobody"}, sure="yes").status_code == 422
    assert world.balance(giver) == 120


def test_a_grant_is_asked_for_by_one_and_decided_by_another(world: World, sign_in: Staff) -> None:
    elder = world.member(born=date(1940, 1, 1), tags=("living_alone",))
    desk, street = sign_in("worker A"), sign_in("street")
    form = {"number": world.number(elder), "hours": "1", "reason": "eligible"}
    assert desk.post("/grants", **form).status_code == 302
    for wrong in ({"hours": "0"}, {"reason": "because"}, {"number": "1"}):
        assert desk.post("/grants", **{**form, **wrong}).status_code == 422, wrong
    assert desk.post("/grants", **{**form, "number": world.number(world.member())}).status_code == 409
    row = transfers.grants(world.bank, world.staff["street"], now=NOW)[0]
    assert desk.post(f"/grants/{row.id}/decide", approve="yes").status_code == 403
    assert street.post(f"/grants/{row.id}/decide", approve="no").status_code == 422
    assert world.balance(elder, "granted") == 0
    assert street.post(f"/grants/{row.id}/decide", approve="yes").status_code == 302
    assert world.balance(elder, "granted") == 60
    assert street.post(f"/grants/{row.id}/decide", approve="yes").status_code == 409


def test_a_wrong_entry_is_put_right_on_the_page(world: World, sign_in: Staff) -> None:
    volunteer = world.member()
    record = world.verified(volunteer, world.member())
    desk, street = sign_in("second A"), sign_in("street")
    form = {"seq": str(record.entry_seq), "reason": "wrong_time", "text": ""}
    assert f'value="{record.entry_seq}"' in desk.get(f"/corrections?entry={record.entry_seq}").text
    assert desk.post("/corrections", **form).status_code == 302
    assert refuses(desk.post("/corrections", **form), errors.ReversalAlreadyAsked)
    assert desk.post("/corrections", **{**form, "seq": "-1"}).status_code == 422
    assert desk.post("/corrections", **{**form, "seq": "999999"}).status_code == 404
    row = reversals.every(world.bank, world.staff["street"])[0]
    assert desk.post(f"/corrections/{row.id}/decide", approve="yes").status_code == 403
    assert street.post(f"/corrections/{row.id}/decide", approve="no").status_code == 422
    assert world.balance(volunteer) == 60
    assert street.post(f"/corrections/{row.id}/decide", approve="yes").status_code == 302
    assert world.balance(volunteer) == 0


def test_the_desk_finds_trained_helpers_only(world: World, sign_in: Staff) -> None:
    member, desk, worker = world.rich(120), sign_in("worker A"), world.staff["worker A"]
    plain, trained = world.member(name="王普通"), world.member(name="赵学过")
    training.record(world.bank, worker, trained.person_id, "escort", NOW.date(), None, now=NOW)
    here = desk.post(
        f"/redemptions/at-desk?member={world.number(member)}", **wish(member, service="doctor_visit")
    ).headers["Location"]
    page = desk.get(f"{here}/assign").text
    assert ("赵学过" in page, "王普通" in page) == (True, False)
    assert "赵学过" in desk.post(f"{here}/assign", words="学过").text
    assert "赵学过" not in desk.post(f"{here}/assign", words="学不会").text
    assert world.number(trained) in desk.post(f"{here}/assign", words=world.number(trained)[-4:]).text
    assert refuses(desk.post(f"{here}/assign", volunteer=plain.person_id), errors.VolunteerUnqualified)
    assert desk.post(f"{here}/assign", volunteer=trained.person_id).status_code == 302


def test_refusals_say_why_in_words_on_the_pages(world: World, sign_in: Staff) -> None:
    elder, desk, street = (
        world.member(born=date(1940, 1, 1), tags=("living_alone",)),
        sign_in("second A"),
        sign_in("street"),
    )
    form = {"number": world.number(elder), "hours": "1", "reason": "other"}
    assert refuses(desk.post("/grants", **form), errors.WordsMissing)
    assert desk.post("/grants", **form, text="刚出院").status_code == 302
    grant = transfers.grants(world.bank, world.staff["street"], now=NOW)[0]
    record = world.verified(world.member(), world.member())
    wrong = {"seq": str(record.entry_seq), "reason": "other"}
    assert refuses(desk.post("/corrections", **wrong), errors.WordsMissing)
    assert desk.post("/corrections", **wrong, text="记错了人").status_code == 302
    reversal = reversals.every(world.bank, world.staff["street"])[0]
    for path, noun in ((f"/grants/{grant.id}", "/grants"), (f"/corrections/{reversal.id}", "/corrections")):
        assert refuses(street.post(f"{path}/decide", approve="no", reason="other"), errors.WordsMissing)
        assert street.post(f"{path}/decide", approve="no", reason="other", text="已经搬走").status_code == 302
        assert "已经搬走" in desk.get(noun).text
        assert "已经搬走" not in sign_in("worker B").get(noun).text
