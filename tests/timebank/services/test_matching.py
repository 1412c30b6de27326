"""Suggestions for a station's day: shown with reasons, confirmed by a worker, and every gate asked again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import families, hours, matching, members, needs, offers
from timebank.services.hours import LogHours
from timebank.services.needs import NeedView, PostNeed
from timebank.services.offers import MakeOffer

SOON = NOW + timedelta(days=1, hours=-6)  # ten o'clock in the morning there
DAY = date(2026, 9, 16)
ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)


def offering(world: World, station: str = "A", **more: object) -> Actor:
    who = world.member(station, **more)  # type: ignore[arg-type]
    form = MakeOffer(ALL_WEEK, "06:00", "22:00", ("cleaning", "shopping"), "没有")
    offers.make(world.bank, who, form, now=NOW)
    return who


def opened(world: World, at: timedelta = timedelta(0), **more: object) -> NeedView:
    elder = world.member(tags=("living_alone",), born=date(1940, 1, 1))
    told = {"service_code": "cleaning", "minutes": 60, "wanted_at": SOON + at, "risk": "无", "funding": "charity"}
    view = needs.post(world.bank, elder, PostNeed(elder.person_id, **{**told, **more}), now=NOW)  # type: ignore[arg-type]
    return needs.publish(world.bank, world.staff["worker A"], view.id, now=NOW)


def suggested(world: World, who: str = "worker A") -> tuple[matching.SuggestionView, ...]:
    return matching.suggest(world.bank, world.staff[who], DAY, now=NOW)


def test_a_suggestion_has_reasons_and_assigns_nothing(world: World) -> None:
    volunteer, need = offering(world), opened(world)
    (one,) = suggested(world)
    assert (one.need_id, one.person_id) == (need.id, volunteer.person_id)
    assert set(one.reasons) == {"near", "fairness", "priority"}
    assert needs.see(world.bank, world.staff["worker A"], need.id).state == "open"
    assert suggested(world, "worker B") == ()
    with pytest.raises(errors.Forbidden):
        matching.suggest(world.bank, volunteer, DAY, now=NOW)
    assert matching.suggest(world.bank, world.staff["worker A"], DAY + timedelta(days=1), now=NOW) == ()


def test_a_worker_confirms_one_or_many_and_each_is_asked_again(world: World) -> None:
    volunteer, other = offering(world), offering(world)
    first, second = opened(world), opened(world, timedelta(hours=2))
    worker = world.staff["worker A"]
    pairs = [(one.need_id, one.person_id) for one in suggested(world)]
    assert len(pairs) == 2
    outcomes = matching.confirm(world.bank, worker, pairs, now=NOW)
    assert [one.refusal for one in outcomes] == [None, None]
    assert {needs.see(world.bank, worker, one.id).state for one in (first, second)} == {"taken"}
    again = matching.confirm(world.bank, worker, pairs, now=NOW)
    assert [type(one.refusal) for one in again] == [errors.NeedStateConflict] * 2
    third = opened(world, timedelta(minutes=30))
    busy = next(who for need, who in pairs if need == first.id)
    refused = matching.confirm(world.bank, worker, [(third.id, busy)], now=NOW)[0]
    assert isinstance(refused.refusal, errors.AlreadyBooked)
    assert needs.see(world.bank, worker, third.id).state == "open"
    for who in (volunteer, other):
        with world.bank.read() as unit:
            kinds = [one.kind for one in unit.messages.of(who.person_id)]
        assert kinds.count("need_given") == sum(who.person_id == person for _, person in pairs)


def test_nobody_outside_the_station_confirms_and_nobody_is_given_from_outside(world: World) -> None:
    need, volunteer, stranger = opened(world), offering(world), offering(world, "B")
    with pytest.raises(errors.Forbidden):
        matching.confirm(world.bank, volunteer, [(need.id, volunteer.person_id)], now=NOW)
    for who, person in (("worker B", volunteer), ("worker A", stranger), ("worker B", stranger)):
        outcome = matching.confirm(world.bank, world.staff[who], [(need.id, person.person_id)], now=NOW)[0]
        assert isinstance(outcome.refusal, errors.NotFound), who
    assert needs.see(world.bank, world.staff["worker A"], need.id).helpers == ()


def test_kin_and_suspended_members_are_never_suggested(world: World) -> None:
    need, worker = opened(world), world.staff["worker A"]
    child, away = offering(world), offering(world)
    families.record_kin(world.bank, worker, need.elder_id, child.person_id, "child", now=NOW)
    with world.bank.unit() as unit:
        membership = unit.members.get(away.person_id)
        assert membership is not None
        membership.state = "suspended"
    assert suggested(world) == ()
    for who, error in ((child, errors.KinCare), (away, errors.MemberNotActive)):
        outcome = matching.confirm(world.bank, worker, [(need.id, who.person_id)], now=NOW)[0]
        assert isinstance(outcome.refusal, error)


def test_what_the_rules_of_hours_refuse_is_planned_anew(world: World) -> None:
    """A volunteer who is too young passes the plan's gates, but not the rules: somebody else is suggested."""
    need = opened(world)
    young = offering(world, born=date(2015, 5, 5))
    grown = offering(world)
    assert [one.person_id for one in suggested(world)] == [grown.person_id]
    outcome = matching.confirm(world.bank, world.staff["worker A"], [(need.id, young.person_id)], now=NOW)[0]
    assert isinstance(outcome.refusal, errors.GuardianConsentMissing)


def test_a_day_has_a_limit_for_each_volunteer(world: World) -> None:
    volunteer, worker = offering(world), world.staff["worker A"]
    views = [opened(world, timedelta(hours=2 * number), minutes=90) for number in range(3)]
    assert len(suggested(world)) == 2
    pairs = [(one.id, volunteer.person_id) for one in views]
    outcomes = matching.confirm(world.bank, worker, pairs, now=NOW)
    assert [one.refusal is None for one in outcomes] == [True, True, False]


def test_each_of_two_offers_of_a_volunteer_counts(world: World) -> None:
    volunteer = world.member()
    for services in (("cleaning",), ("shopping",)):
        offers.make(world.bank, volunteer, MakeOffer(ALL_WEEK, "06:00", "22:00", services, "没有"), now=NOW)
    first, same_time = opened(world), opened(world, service_code="shopping")
    later = opened(world, timedelta(hours=2), service_code="shopping")
    found = {one.need_id for one in suggested(world)}
    assert len(found) == 2
    assert later.id in found
    assert len(found & {first.id, same_time.id}) == 1


def test_who_served_much_lately_gives_way(world: World) -> None:
    busy, rested = offering(world), offering(world)
    form = LogHours(world.member().person_id, "cleaning", NOW - timedelta(days=1, hours=5), 240)
    hours.log(world.bank, busy, form, now=NOW)
    opened(world)
    (one,) = suggested(world)
    assert one.person_id == rested.person_id
    assert members.see(world.bank, busy, busy.person_id, now=NOW).state == "active"
