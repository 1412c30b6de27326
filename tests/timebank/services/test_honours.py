"""Stars that follow the record, awards, the roll of honour by consent, the waiting list, the record of five groups."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World, refused
from timebank.domain import errors
from timebank.domain.honours import NewAward, next_honour, reached, roll_name
from timebank.domain.identity import Sex
from timebank.domain.local_time import local_day
from timebank.domain.messages import TEXTS
from timebank.domain.policies import Facts
from timebank.domain.policies.checks import check
from timebank.domain.policies.presets import preset
from timebank.domain.redemptions import HONOURED, IN_NEED, IN_TURN, Waiting, waiting_order, waiting_rank
from timebank.domain.roles import Actor
from timebank.services import honours, messages, policies, record, reversals
from timebank.storage.people import Person

STARRED = 6000
AWARD = NewAward("优秀志愿者", "路南区民政局", date(2026, 5, 4), "民字〔2026〕3号")


def with_star(world: World) -> Actor:
    """A member with one star, in a county whose rules give it for two hours."""
    document = json.loads(policies.template("demo"))
    document["honours"] = [document["honours"][0] | {"minutes": 120}]
    policies.decide(world.bank, world.staff["county"], json.dumps(document), NOW, now=NOW)
    return world.rich(120)


def told(world: World, who: Actor, kind: str) -> int:
    return [one.text for one in messages.inbox(world.bank, who)].count(TEXTS[kind])


def test_stars_follow_the_verified_minutes() -> None:
    policy = preset("demo")
    assert [one.minutes // 60 for one in policy.honours] == [100, 300, 600, 1000, 1500]
    assert reached(policy, STARRED - 1) == ()
    assert [one.code for one in reached(policy, 18_000)] == ["star_2", "star_1"]
    coming = next_honour(policy, STARRED)
    assert coming is not None
    assert coming.code == "star_2"
    assert next_honour(policy, 10**6) is None


def test_a_star_is_told_once_and_lost_by_a_correction(world: World) -> None:
    starred = with_star(world)
    assert honours.own(world.bank, starred, now=NOW).stars[0].code == "star_1"
    assert honours.recognise_due(world.bank, now=NOW) == 1
    assert honours.recognise_due(world.bank, now=NOW) == 0
    assert told(world, starred, "star_reached") == 1
    entry = record.own(world.bank, starred).services[0]
    with world.bank.read() as unit:
        seq = next(row.entry_seq for row in unit.hours.page(person_id=starred.person_id) if row.number == entry.number)
    asked = reversals.ask(world.bank, world.staff["worker A"], seq or 0, "not_given", "", now=NOW)
    reversals.decide(world.bank, world.staff["county"], asked.id, approve=True, now=NOW)
    assert honours.recognise_due(world.bank, now=NOW) == 1
    view = honours.own(world.bank, starred, now=NOW)
    assert (view.stars, view.lost) == ((), ("一星志愿者",))
    assert told(world, starred, "star_lost") == 1


def test_an_award_is_noted_and_withdrawn_by_somebody_else(world: World) -> None:
    member, worker, street = world.member(), world.staff["worker A"], world.staff["street"]
    for new in (replace(AWARD, name=" "), replace(AWARD, granted_by=""), replace(AWARD, name="好" * 61),
                replace(AWARD, granted_on=local_day(NOW) + timedelta(days=1))):  # fmt: skip
        refused(world, errors.AwardInvalid, lambda new=new: honours.record(
            world.bank, worker, member.person_id, new, now=NOW))  # fmt: skip
    for who, error in (("worker B", errors.NotFound), ("auditor", errors.Forbidden), ("admin", errors.Forbidden)):
        refused(world, error, lambda who=who: honours.record(
            world.bank, world.staff[who], member.person_id, AWARD, now=NOW))  # fmt: skip
    honours.record(world.bank, worker, member.person_id, AWARD, now=NOW)
    award = honours.own(world.bank, member, now=NOW).awards[0]
    assert (award.name, award.granted_by, award.granted_on) == (AWARD.name, AWARD.granted_by, AWARD.granted_on)
    assert told(world, member, "award_noted") == 1

    def withdraw(who: Actor, reason: str = "typed_wrong") -> None:
        honours.withdraw(world.bank, who, award.id, reason, now=NOW)

    refused(world, errors.ReasonUnknown, lambda: withdraw(street, "so"))
    refused(world, errors.SecondPersonNeeded, lambda: withdraw(worker))
    refused(world, errors.NotFound, lambda: withdraw(world.staff["worker B"]))
    refused(world, errors.NotFound, lambda: honours.withdraw(world.bank, street, "0" * 32, "typed_wrong", now=NOW))
    withdraw(street)
    refused(world, errors.AwardStateConflict, lambda: withdraw(street))
    view = honours.of_member(world.bank, worker, member.person_id, now=NOW)
    assert [one.withdrawn_why for one in view.awards] == ["typed_wrong"]
    assert record.own(world.bank, member).awards == ()
    refused(world, errors.NotFound, lambda: honours.of_member(
        world.bank, world.staff["worker B"], member.person_id, now=NOW))  # fmt: skip


def test_nobody_notes_an_award_for_themselves(world: World) -> None:
    member = world.member()
    self_award = Actor(member.book, member.person_id, world.staff["worker A"].roles, "web")
    refused(world, errors.SecondPersonNeeded, lambda: honours.record(
        world.bank, self_award, member.person_id, AWARD, now=NOW))  # fmt: skip


def test_only_who_agreed_stands_on_the_roll(world: World) -> None:
    starred = with_star(world)
    later = NOW + timedelta(minutes=1)

    def roll(station: str | None = None) -> list[str]:
        return [line.name for line in honours.roll(world.bank, station, now=NOW)]

    def agree(who: Actor, *, on_roll: bool, with_name: bool, now: object) -> None:
        honours.agree(world.bank, who, starred.person_id, on_roll=on_roll, with_name=with_name, now=now)  # type: ignore[arg-type]

    assert roll() == []
    agree(starred, on_roll=True, with_name=False, now=NOW)
    assert roll() == ["张女士"] or roll() == ["张先生"]
    agree(world.staff["worker A"], on_roll=True, with_name=True, now=NOW)
    assert (roll(world.stations["A"]), roll(world.stations["B"])) == (["张桂芳"], [])
    agree(starred, on_roll=False, with_name=True, now=later)
    assert roll() == []
    agree(starred, on_roll=True, with_name=False, now=later + timedelta(minutes=1))
    assert len(roll()) == 1
    refused(world, errors.NotFound, lambda: agree(world.staff["worker B"], on_roll=True, with_name=True, now=NOW))
    refused(world, errors.NotFound, lambda: honours.roll(world.bank, "0" * 32, now=NOW))
    other = world.member()
    honours.agree(world.bank, other, other.person_id, on_roll=True, with_name=True, now=NOW)
    assert len(roll()) == 1


def test_a_name_on_the_roll() -> None:
    assert roll_name("张桂芳", Sex.FEMALE, full=False) == "张女士"
    assert roll_name("张桂芳", Sex.MALE, full=False) == "张先生"
    assert (roll_name("张桂芳", None, full=False), roll_name("张桂芳", None, full=True)) == ("张**", "张桂芳")


def test_the_waiting_list_puts_honour_behind_need_and_only_where_the_rules_say_so() -> None:
    policy, on = preset("demo"), date(2026, 9, 15)
    need = policy.redeem.waiting_first[0]
    group = policy.group(need)
    needy = Facts(date(1930, 1, 1), frozenset((*group.tags_all, *group.tags_any)))
    star, plain = Facts(date(1960, 1, 1), served_minutes=STARRED), Facts(date(1960, 1, 1))
    named = replace(policy, redeem=replace(policy.redeem, waiting_first=(*policy.redeem.waiting_first, "star_1")))
    check(named)
    assert [waiting_rank(named, one, on) for one in (needy, star, plain)] == [IN_NEED, HONOURED, IN_TURN]
    assert waiting_rank(policy, star, on) == IN_TURN
    wishes = [Waiting(name, NOW + timedelta(hours=hour), NOW, facts)
              for hour, (name, facts) in enumerate((("plain", plain), ("star", star), ("needy", needy)))]  # fmt: skip
    assert [one.id for one in waiting_order(named, wishes, on)] == ["needy", "star", "plain"]
    assert [one.id for one in waiting_order(policy, wishes, on)] == ["needy", "plain", "star"]
    unknown = replace(policy, redeem=replace(policy.redeem, waiting_first=("star_9",)))
    with pytest.raises(errors.PolicyInvalid):
        check(unknown)
    same = replace(policy, honours=(replace(policy.honours[0], code=need),))
    with pytest.raises(errors.PolicyInvalid):
        check(same)


def test_the_record_shows_all_five_groups(world: World) -> None:
    member = world.rich(180)
    honours.record(world.bank, world.staff["worker A"], member.person_id, AWARD, now=NOW)
    record.describe(world.bank, member, member.person_id, skills=" 理发 ", service_category="陪伴", now=NOW)
    view = record.own(world.bank, member)
    assert (view.data.skills, view.data.service_category, view.data.name) == ("理发", "陪伴", "张桂芳")
    line = min(view.services, key=lambda one: one.facts.minutes)
    assert (line.facts.activity, line.facts.place, line.facts.leader) == ("聊天谈心", "home", "赵敏")
    assert (line.facts.minutes, line.credited_minutes, line.facts.unit) == (60, 60, line.facts.unit)
    assert (view.served_minutes, [one.name for one in view.awards]) == (180, [AWARD.name])
    first = record.own(world.bank, member, limit=1)
    assert first.older is not None
    assert record.own(world.bank, member, before=first.older, limit=1).services[0].number != first.services[0].number
    assert record.of_member(world.bank, world.staff["worker A"], member.person_id).number == view.number
    with world.bank.read() as unit:
        row = unit.people.get(member.person_id)
        assert isinstance(row, Person)
        assert "理发".encode() not in row.sealed


def test_whose_record_it_is(world: World) -> None:
    member = world.member()
    for who, error in (("worker B", errors.NotFound), ("street", errors.Forbidden), ("auditor", errors.Forbidden)):
        refused(world, error, lambda who=who: record.of_member(world.bank, world.staff[who], member.person_id))
        refused(world, error, lambda who=who: record.describe(
            world.bank, world.staff[who], member.person_id, skills="x", service_category="", now=NOW))  # fmt: skip
    refused(world, errors.BasicsInvalid, lambda: record.describe(
        world.bank, member, member.person_id, skills="x" * 101, service_category="", now=NOW))  # fmt: skip
    refused(world, errors.Forbidden, lambda: record.own(world.bank, world.staff["county"]))


def test_what_is_erased_is_on_no_roll(world: World) -> None:
    starred = with_star(world)
    honours.agree(world.bank, starred, starred.person_id, on_roll=True, with_name=True, now=NOW)
    honours.record(world.bank, world.staff["worker A"], starred.person_id, AWARD, now=NOW)
    assert len(honours.roll(world.bank, now=NOW)) == 1
    with world.bank.unit() as unit:
        membership = unit.members.get(starred.person_id, lock=True)
        assert membership is not None
        membership.state = "closed"
    assert honours.roll(world.bank, now=NOW) == ()
