"""Needs: posted, checked, taken on behind the gates, served, verified; each refusal leaves everything as it was."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import families, hours, members, needs, offers, redemptions, training
from timebank.services.hours import LogHours
from timebank.services.needs import Circle, NeedView, PostNeed
from timebank.services.offers import MakeOffer
from timebank.storage import leaving

SOON = NOW + timedelta(days=2)
LATER = SOON + timedelta(hours=3)


def wish(elder: Actor, **more: object) -> PostNeed:
    told = {"service_code": "cleaning", "minutes": 60, "wanted_at": SOON, "risk": "楼梯陡", "funding": "charity"}
    return PostNeed(elder.person_id, **{**told, **more})  # type: ignore[arg-type]


def opened(world: World, elder: Actor, **more: object) -> NeedView:
    view = needs.post(world.bank, elder, wish(elder, **more), now=NOW)
    return needs.publish(world.bank, world.staff["worker A"], view.id, now=NOW)


def state(world: World, elder: Actor, need_id: str) -> str:
    return needs.see(world.bank, elder, need_id).state


def logged(world: World, volunteer: Actor, view: NeedView) -> hours.HoursView:
    form = LogHours(view.elder_id, "cleaning", SOON, 60, "home", redemption_id=view.redemption_id)
    record = hours.log(world.bank, volunteer, form, now=LATER)
    needs.link(world.bank, volunteer, view.id, record.id, now=LATER)
    return record


def told(world: World, person: Actor) -> list[str]:
    with world.bank.read() as unit:
        return [one.kind for one in unit.messages.of(person.person_id)]


def test_hours_are_set_aside_when_it_is_published_and_become_the_volunteers(world: World) -> None:
    elder, volunteer = world.rich(120), world.member()
    view = needs.post(world.bank, elder, wish(elder, funding="time"), now=NOW)
    assert (view.state, world.balance(elder), view.number[0]) == ("posted", 120, "N")
    view = needs.publish(world.bank, world.staff["worker A"], view.id, now=NOW)
    assert (view.state, world.balance(elder)) == ("open", 60)
    assert view.redemption_id
    needs.take(world.bank, volunteer, view.id, now=NOW)
    assert redemptions.see(world.bank, elder, view.redemption_id).state == "assigned"
    assert "need_taken" in told(world, elder)
    needs.start(world.bank, volunteer, view.id, now=SOON)
    assert state(world, elder, view.id) == "in_service"
    record = logged(world, volunteer, needs.see(world.bank, volunteer, view.id))
    assert state(world, elder, view.id) == "delivered"
    hours.confirm(world.bank, elder, record.id, "", now=LATER)
    assert hours.verify(world.bank, world.staff["second A"], [record.id], now=LATER)[0].refusal is None
    assert state(world, elder, view.id) == "credited"
    assert (world.balance(elder), world.balance(volunteer)) == (60, 60)
    assert needs.carry_out_due(world.bank, now=LATER) == 1
    assert needs.carry_out_due(world.bank, now=LATER) == 0
    steps = [one.state for one in needs.trail(world.bank, elder, view.id)]
    assert steps == ["posted", "open", "taken", "in_service", "delivered", "credited"]


def test_other_funding_earns_as_usual_and_holds_nothing(world: World) -> None:
    elder, volunteer = world.member(), world.member()
    view = opened(world, elder)
    needs.take(world.bank, volunteer, view.id, now=NOW)
    record = logged(world, volunteer, view)
    hours.confirm(world.bank, elder, record.id, "", now=LATER)
    hours.verify(world.bank, world.staff["worker A"], [record.id], now=LATER)
    assert (state(world, elder, view.id), world.balance(volunteer), world.balance(elder)) == ("credited", 60, 0)


def test_a_rejected_record_leaves_the_need_with_its_helper(world: World) -> None:
    elder, volunteer = world.rich(120), world.member()
    view = opened(world, elder, funding="time")
    needs.take(world.bank, volunteer, view.id, now=NOW)
    record = logged(world, volunteer, view)
    hours.step(world.bank, world.staff["worker A"], record.id, "reject", "not_given", "", now=LATER)
    assert state(world, elder, view.id) == "taken"
    form = LogHours(elder.person_id, "cleaning", SOON, 45, redemption_id=view.redemption_id)
    again = hours.log(world.bank, volunteer, form, now=LATER)
    assert needs.link(world.bank, volunteer, view.id, again.id, now=LATER).state == "delivered"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"risk": "  "}, errors.RiskTextMissing),
        ({"funding": "yuan"}, errors.NeedInvalid),
        ({"language": "latin"}, errors.NeedInvalid),
        ({"minutes": 7}, errors.HoursTooShort),
        ({"wanted_at": NOW - timedelta(hours=1)}, errors.RedemptionInPast),
        ({"service_code": "station_duty"}, errors.ServiceNotRedeemable),
        ({"place": "institution"}, errors.PlaceNotAllowed),
        ({"funding": "time"}, errors.BalanceTooLow),
    ],
)
def test_what_is_refused_is_not_kept(world: World, change: dict[str, object], error: type[Exception]) -> None:
    elder = world.member()
    with pytest.raises(error):
        needs.post(world.bank, elder, wish(elder, **change), now=NOW)
    assert needs.mine(world.bank, elder) == ()


def test_staff_family_and_nobody_else_post_for_an_elder(world: World) -> None:
    elder, child, stranger = world.member(), world.member(), world.member()
    worker = world.staff["worker A"]
    with pytest.raises(errors.ProxyNotRecorded):
        needs.post(world.bank, stranger, wish(elder), now=NOW)
    with pytest.raises(errors.NotFound):
        needs.post(world.bank, world.staff["worker B"], wish(elder), now=NOW)
    families.record_kin(world.bank, worker, elder.person_id, child.person_id, "child", now=NOW)
    families.record_proxy(world.bank, worker, elder.person_id, child.person_id, "desk", now=NOW)
    assert needs.post(world.bank, child, wish(elder), now=NOW).posted_how == "proxy"
    assert needs.post(world.bank, worker, wish(elder, by_phone=True), now=NOW).posted_how == "phone"
    assert needs.post(world.bank, worker, wish(elder), now=NOW).posted_how == "desk"
    assert len(needs.of_elders(world.bank, child)) == 3


def test_only_the_station_publishes_and_before_that_nobody_sees_it(world: World) -> None:
    elder, volunteer = world.member(), world.member()
    view = needs.post(world.bank, elder, wish(elder), now=NOW)
    with pytest.raises(errors.Forbidden):
        needs.publish(world.bank, elder, view.id, now=NOW)
    for who in (volunteer, world.staff["worker B"]):
        with pytest.raises(errors.NotFound):
            needs.publish(world.bank, who, view.id, now=NOW)
    with pytest.raises(errors.NotFound):
        needs.take(world.bank, volunteer, view.id, now=NOW)
    assert needs.open_near(world.bank, volunteer, now=NOW) == ()
    done = needs.reject(world.bank, world.staff["worker A"], view.id, "medical", now=NOW)
    assert (done.state, told(world, elder)) == ("rejected", ["need_rejected"])
    with pytest.raises(errors.NeedStateConflict):
        needs.publish(world.bank, world.staff["worker A"], view.id, now=NOW)


def test_an_open_need_says_nothing_of_who_it_is(world: World) -> None:
    elder = world.member(name="欧阳桂芳", born=date(1940, 1, 1))
    volunteer = world.member(born=date(1960, 1, 1))
    view = opened(world, elder, note="门锁密码在信箱")
    (seen,) = needs.open_near(world.bank, volunteer, Circle.WALK, now=NOW)
    assert "欧阳" not in repr(seen)
    assert "密码" not in repr(seen)
    assert elder.person_id not in repr(seen)
    assert (seen.risk, seen.quarter, seen.seniors, seen.neighbour) == ("楼梯陡", "新谊社区", True, False)
    with pytest.raises(errors.NotFound):
        needs.see(world.bank, volunteer, view.id)
    assert needs.open_near(world.bank, elder, now=NOW) == ()
    full = needs.take(world.bank, volunteer, view.id, now=NOW)
    assert (full.elder, full.note) == ("欧阳桂芳", "门锁密码在信箱")


def test_the_gates(world: World) -> None:
    elder, child, young = world.member(), world.member(), world.member(born=date(2015, 1, 1))
    worker = world.staff["worker A"]
    families.record_kin(world.bank, worker, elder.person_id, child.person_id, "child", now=NOW)
    view = opened(world, elder)
    walk = opened(world, elder, service_code="walking", place="outside", wanted_at=SOON + timedelta(days=1))
    for who, need, error in (
        (child, view, errors.KinCare),
        (young, view, errors.GuardianConsentMissing),
        (elder, view, errors.TimebankError),
        (world.member(), walk, errors.VolunteerUnqualified),
    ):
        with pytest.raises(error):
            needs.take(world.bank, who, need.id, now=NOW)
    with pytest.raises(errors.Forbidden):
        needs.take(world.bank, world.staff["worker A"], view.id, now=NOW)
    volunteer = world.member()
    needs.take(world.bank, volunteer, view.id, now=NOW)
    with pytest.raises(errors.NeedStateConflict):
        needs.take(world.bank, world.member(), view.id, now=NOW)
    other = opened(world, world.member(), wanted_at=SOON + timedelta(minutes=30))
    with pytest.raises(errors.AlreadyBooked):
        needs.take(world.bank, volunteer, other.id, now=NOW)
    assert state(world, worker, other.id) == "open"


def test_high_risk_needs_two_trained_and_insured_people(world: World) -> None:
    elder, worker = world.member(), world.staff["worker A"]
    first, second = world.member(), world.member()
    policy_allows = opened(world, elder, service_code="bathing", place="home")
    for one in (first, second):
        training.record(world.bank, worker, one.person_id, "bathing", NOW.date(), None, now=NOW)
    with pytest.raises(errors.InsuranceMissing):
        needs.take(world.bank, first, policy_allows.id, now=NOW)
    for one in (first, second):
        form = MakeOffer((1, 2), "08:00", "18:00", ("bathing",), "腰不好", insured_until=SOON.date())
        offer = offers.make(world.bank, one, form, now=NOW)
        with pytest.raises(errors.InsuranceMissing):
            needs.take(world.bank, one, policy_allows.id, now=NOW)
        offers.see_insurance(world.bank, worker, offer.id, now=NOW)
    assert needs.take(world.bank, first, policy_allows.id, now=NOW).state == "open"
    with pytest.raises(errors.AlreadyBooked):
        needs.take(world.bank, first, policy_allows.id, now=NOW)
    done = needs.take(world.bank, second, policy_allows.id, now=NOW)
    assert (done.state, len(done.helpers)) == ("taken", 2)


def test_taking_is_undone_for_ten_minutes_and_given_back_with_a_reason_later(world: World) -> None:
    elder, volunteer = world.rich(120), world.member()
    view = opened(world, elder, funding="time")
    needs.take(world.bank, volunteer, view.id, now=NOW)
    needs.untake(world.bank, volunteer, view.id, now=NOW + timedelta(minutes=9))
    assert state(world, elder, view.id) == "open"
    assert redemptions.see(world.bank, elder, view.redemption_id or "").state == "held"
    needs.take(world.bank, volunteer, view.id, now=NOW)
    late = NOW + timedelta(minutes=11)
    with pytest.raises(errors.UndoTooLate):
        needs.untake(world.bank, volunteer, view.id, now=late)
    with pytest.raises(errors.ReasonMissing):
        needs.give_back(world.bank, volunteer, view.id, None, now=late)
    assert state(world, elder, view.id) == "taken"
    needs.give_back(world.bank, volunteer, view.id, "ill", now=late)
    assert state(world, elder, view.id) == "open"
    assert "need_given_back" in told(world, elder)
    assert world.balance(elder) == 60


def test_cancelling_gives_all_back_and_can_be_undone_for_ten_minutes(world: World) -> None:
    elder, volunteer = world.rich(120), world.member()
    view = opened(world, elder, funding="time")
    needs.take(world.bank, volunteer, view.id, now=NOW)
    with pytest.raises(errors.Forbidden):
        needs.cancel(world.bank, volunteer, view.id, "mistake", now=NOW)
    needs.cancel(world.bank, elder, view.id, "mistake", now=NOW)
    assert (world.balance(elder), told(world, volunteer)[0]) == (120, "need_cancelled")
    with pytest.raises(errors.UndoTooLate):
        needs.restore(world.bank, elder, view.id, now=NOW + timedelta(minutes=11))
    again = needs.restore(world.bank, elder, view.id, now=NOW + timedelta(minutes=9))
    assert (again.state, again.helpers, world.balance(elder)) == ("open", (), 60)
    assert again.redemption_id != view.redemption_id


def test_what_happens_to_the_request_happens_to_the_need(world: World) -> None:
    elder = world.rich(120)
    view = opened(world, elder, funding="time")
    redemptions.step(
        world.bank, world.staff["worker A"], view.redemption_id or "", "decline", "nobody_free", now=NOW
    )  # fmt: skip
    assert state(world, elder, view.id) == "cancelled"
    with pytest.raises(errors.NeedStateConflict):
        needs.take(world.bank, world.member(), view.id, now=NOW)


def test_absence_is_a_fact_and_often_absent_is_a_talk(world: World) -> None:
    volunteer, worker = world.member(), world.staff["worker A"]
    for times in range(3):
        elder = world.rich(60)
        view = opened(world, elder, funding="time")
        needs.take(world.bank, volunteer, view.id, now=NOW)
        assert needs.talks(world.bank, worker, now=NOW) == ()
        assert ("no_show_talk" in told(world, worker)) is False, times
        with pytest.raises(errors.ReasonMissing):
            needs.no_show(world.bank, worker, view.id, None, now=LATER)
        assert needs.no_show(world.bank, worker, view.id, "volunteer_absent", now=LATER).state == "no_show"
        assert world.balance(elder) == 60
    assert [one.times for one in needs.talks(world.bank, worker, now=LATER)] == [3]
    assert "no_show_talk" in told(world, worker)
    assert told(world, world.staff["worker B"]) == []
    assert members.see(world.bank, volunteer, volunteer.person_id, now=LATER).state == "active"


def test_nobody_came_in_time_and_reminders_are_sent_once(world: World) -> None:
    elder, volunteer = world.rich(180), world.member()
    lonely = opened(world, elder, funding="time", wanted_at=SOON)
    view = opened(world, elder, funding="time", wanted_at=SOON + timedelta(days=1))
    needs.take(world.bank, volunteer, view.id, now=NOW)
    assert needs.carry_out_due(world.bank, now=NOW) == 0
    assert needs.carry_out_due(world.bank, now=SOON + timedelta(minutes=1)) == 2
    assert (state(world, elder, lonely.id), world.balance(elder)) == ("expired", 120)
    assert told(world, volunteer).count("need_reminder") == 1
    assert needs.carry_out_due(world.bank, now=SOON + timedelta(minutes=2)) == 0
    assert needs.carry_out_due(world.bank, now=SOON + timedelta(hours=22, minutes=1)) == 1
    assert told(world, volunteer).count("need_reminder") == 2


def test_nothing_readable_is_left_of_an_erased_person(world: World) -> None:
    elder, volunteer = world.member(), world.member()
    view = opened(world, elder, note="门锁密码在信箱")
    form = MakeOffer((1,), "08:00", "18:00", ("cleaning",), "腰不好")
    offer = offers.make(world.bank, volunteer, form, now=NOW)
    with world.bank.read() as unit, pytest.raises(errors.OpenMattersLeft):
        leaving.require_settled(unit, elder.person_id)
    needs.cancel(world.bank, elder, view.id, "other", "去世", now=NOW)
    with world.bank.unit() as unit:
        leaving.require_settled(unit, elder.person_id)
        for who in (elder, volunteer):
            person = unit.people.get(who.person_id)
            assert person is not None
            unit.privacy.erase(person, NOW)
    with world.bank.read() as unit:
        row, offered = unit.needs.get(view.id), unit.offers.get(offer.id)
        assert row is not None
        assert offered is not None
        assert (row.risk_sealed, row.note_sealed, offered.risk_sealed, offered.state) == (b"", None, b"", "ended")
        assert [one.text_sealed for one in unit.needs.events(view.id)] == [None, None, None]


def test_what_is_kept_of_a_person_names_the_needs(world: World) -> None:
    elder = world.member()
    view = opened(world, elder, note="请敲门")
    with world.bank.read() as unit:
        kept = unit.privacy.kept_of(elder.person_id)
    assert [row["number"] for _, row in kept["need"]] == [view.number]
    assert [row["state"] for _, row in kept["need_event"]] == ["posted", "open"]


def test_who_leaves_two_passes_the_request_on(world: World) -> None:
    elder, worker = world.rich(120), world.staff["worker A"]
    first, second = world.member(), world.member()
    view = opened(world, elder, service_code="bathing", place="home", funding="time")
    for one in (first, second):
        training.record(world.bank, worker, one.person_id, "bathing", NOW.date(), None, now=NOW)
        form = MakeOffer((1, 2), "08:00", "18:00", ("bathing",), "无", insured_until=SOON.date())
        offers.see_insurance(world.bank, worker, offers.make(world.bank, one, form, now=NOW).id, now=NOW)
        needs.take(world.bank, one, view.id, now=NOW)
    assert redemptions.see(world.bank, elder, view.redemption_id or "").volunteer_id == first.person_id
    needs.untake(world.bank, first, view.id, now=NOW)
    request = redemptions.see(world.bank, elder, view.redemption_id or "")
    assert (request.state, request.volunteer_id) == ("assigned", second.person_id)
    left = needs.see(world.bank, elder, view.id)
    assert (left.state, [one.person_id for one in left.helpers]) == ("open", [second.person_id])
    assert world.balance(elder) == 60


def test_nothing_is_said_of_a_visit_before_its_time(world: World) -> None:
    elder, volunteer, worker = world.member(), world.member(), world.staff["worker A"]
    view = opened(world, elder)
    needs.take(world.bank, volunteer, view.id, now=NOW)
    with pytest.raises(errors.NeedStateConflict):
        needs.start(world.bank, volunteer, view.id, now=NOW)
    with pytest.raises(errors.NeedStateConflict):
        needs.no_show(world.bank, worker, view.id, "volunteer_absent", now=NOW)
    late = needs.post(world.bank, elder, wish(elder, wanted_at=NOW + timedelta(minutes=5)), now=NOW)
    with pytest.raises(errors.RedemptionInPast):
        needs.publish(world.bank, worker, late.id, now=NOW + timedelta(minutes=6))
    assert (state(world, elder, view.id), state(world, elder, late.id)) == ("taken", "posted")


def test_hours_of_others_never_answer_a_need(world: World) -> None:
    elder, volunteer, other = world.rich(120), world.member(), world.member()
    view = opened(world, elder, funding="time")
    needs.take(world.bank, volunteer, view.id, now=NOW)
    form = LogHours(elder.person_id, "cleaning", SOON, 60)
    for who in (volunteer, other):  # not paid as the need is; not by its helper
        record = hours.log(world.bank, who, form, now=LATER)
        for actor in (who, world.staff["worker A"]):
            with pytest.raises(errors.NotFound):
                needs.link(world.bank, actor, view.id, record.id, now=LATER)
    assert (state(world, elder, view.id), world.balance(elder)) == ("taken", 60)


def test_paid_care_earns_nobody_hours(world: World) -> None:
    elder, volunteer, worker = world.rich(120), world.member(), world.staff["worker A"]
    view, timed = opened(world, elder, funding="government"), opened(world, elder, funding="time")
    needs.take(world.bank, volunteer, view.id, now=NOW)
    with pytest.raises(errors.NeedStateConflict):
        needs.provide(world.bank, worker, view.id, now=NOW)
    for who in (elder, volunteer):
        with pytest.raises(errors.Forbidden):
            needs.provide(world.bank, who, view.id, now=LATER)
    with pytest.raises(errors.NeedStateConflict):
        needs.provide(world.bank, worker, timed.id, now=LATER)
    size = world.size()
    assert needs.provide(world.bank, worker, view.id, now=LATER).state == "provided"
    record = hours.log(world.bank, volunteer, LogHours(elder.person_id, "cleaning", SOON, 60), now=LATER)
    with pytest.raises(errors.NeedStateConflict):
        needs.link(world.bank, volunteer, view.id, record.id, now=LATER)
    assert (world.size(), state(world, elder, timed.id)) == (size, "open")
    late = opened(world, elder, funding="own")
    needs.carry_out_due(world.bank, now=LATER)
    assert [state(world, elder, one.id) for one in (late, timed)] == ["expired", "expired"]
    assert needs.provide(world.bank, worker, late.id, now=LATER).state == "provided"
    with pytest.raises(errors.NeedStateConflict):
        needs.provide(world.bank, worker, timed.id, now=LATER)
