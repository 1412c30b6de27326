"""The hours of who died, and accounts that nobody uses: who gets what, who decides, how it is undone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger import Kind
from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, refused
from timebank.domain import errors
from timebank.domain.estates import Choice, Facts, Part, plan
from timebank.domain.kin import Relation
from timebank.domain.policies import Inherit, Origin, from_text
from timebank.domain.roles import Actor
from timebank.services import audits, dormancy, estates, families, policies, redemptions, reversals
from timebank.services.estates import EstateView
from timebank.services.redemptions import AskForCare

DIED, LATER = date(2026, 9, 10), NOW + timedelta(days=3)
PROOF = "死亡证明 130202-2026-118"


def rules(world: World, **change: Any) -> None:
    """The demo's policy with changes, in force from now on."""
    document = json.loads(policies.template("demo"))
    for key, value in change.items():
        *path, last = key.split("__")
        here = document
        for step in path:
            here = here[step]
        here[last] = value
    policies.decide(world.bank, world.staff["county"], json.dumps(document), NOW, now=NOW)


def family(world: World, minutes: int = 135) -> tuple[Actor, Actor, Actor]:
    """(who dies, spouse, child), recorded as relatives."""
    dead, spouse, child = (
        world.rich(minutes),
        world.member(name="王建国"),
        world.member(name="王小明", born=date(1980, 5, 1)),
    )
    worker = world.staff["worker A"]
    families.record_kin(world.bank, worker, dead.person_id, spouse.person_id, "spouse", "marriage_certificate", now=NOW)
    families.record_kin(world.bank, worker, dead.person_id, child.person_id, "child", "household_register", now=NOW)
    return dead, spouse, child


def reported(world: World, dead: Actor, *heirs: Actor, **told: Any) -> EstateView:
    given = {"died_on": DIED, "proof": PROOF, "heirs": [one.person_id for one in heirs], **told}
    return estates.report(world.bank, world.staff["worker A"], dead.person_id, **given, now=NOW)


def test_the_heirs_get_equal_parts_and_nothing_is_lost(world: World) -> None:
    dead, spouse, child = family(world)
    view = reported(world, dead, spouse, child)
    assert [(one.to, one.minutes) for one in view.parts] == [("王建国", 68), ("王小明", 67)]
    assert view.proof == PROOF
    done = estates.settle(world.bank, world.staff["street"], view.id, now=LATER)
    assert done.state == "settled"
    assert (world.balance(spouse, "received"), world.balance(child, "received"), world.balance(dead)) == (68, 67, 0)
    with world.bank.read() as unit:
        kinds = [unit.book.entry(seq).kind for seq in done.entries]
        membership = unit.members.get(dead.person_id)
    assert kinds == [Kind.INHERIT, Kind.INHERIT]
    assert membership is not None
    assert membership.state == "closed"


def test_a_report_freezes_the_account_and_can_be_wrong(world: World) -> None:
    dead, spouse, _ = family(world)
    view = reported(world, dead, spouse)
    wish = AskForCare(dead.person_id, dead.person_id, "cleaning", 60, NOW + timedelta(days=2))
    refused(world, errors.MemberNotActive, lambda: redemptions.ask(world.bank, dead, wish, now=NOW))
    assert estates.withdraw(world.bank, world.staff["worker A"], view.id, now=NOW).state == "withdrawn"
    assert redemptions.ask(world.bank, dead, wish, now=NOW).state == "held"


def test_one_reports_another_settles_and_no_heir_does(world: World) -> None:
    dead, spouse, _ = family(world)
    view = reported(world, dead, spouse)
    worker, street = world.staff["worker A"], world.staff["street"]
    refused(world, errors.Forbidden, lambda: estates.settle(world.bank, worker, view.id, now=NOW))
    both = replace(worker, roles=worker.roles | street.roles)
    refused(world, errors.Forbidden, lambda: estates.settle(world.bank, both, view.id, now=NOW))
    heir = replace(street, person_id=spouse.person_id)
    refused(world, errors.Forbidden, lambda: estates.settle(world.bank, heir, view.id, now=NOW))
    refused(world, errors.NotFound, lambda: estates.see(world.bank, world.staff["worker B"], view.id, now=NOW))
    refused(world, errors.EstateReported, lambda: reported(world, dead, spouse))
    estates.settle(world.bank, street, view.id, now=NOW)
    refused(world, errors.EstateStateConflict, lambda: estates.settle(world.bank, street, view.id, now=NOW))


def test_what_a_report_needs(world: World) -> None:
    dead, spouse, _ = family(world)
    stranger = world.member()
    refused(world, errors.EstateProofMissing, lambda: reported(world, dead, proof=" "))
    refused(world, errors.EstateDayInvalid, lambda: reported(world, dead, died_on=date(2026, 9, 16)))
    refused(world, errors.HeirInvalid, lambda: reported(world, dead, stranger))
    worker = replace(world.staff["worker A"], person_id=dead.person_id)
    refused(world, errors.EstateReported, lambda: estates.report(
        world.bank, worker, dead.person_id, died_on=DIED, proof=PROOF, now=NOW))  # fmt: skip
    refused(world, errors.NotFound, lambda: estates.report(
        world.bank, world.staff["worker B"], dead.person_id, died_on=DIED, proof=PROOF, now=NOW))  # fmt: skip
    wish = AskForCare(dead.person_id, dead.person_id, "cleaning", 60, NOW + timedelta(days=2))
    redemptions.ask(world.bank, dead, wish, now=NOW)
    view = reported(world, dead, spouse)
    refused(world, errors.OpenMattersLeft, lambda: estates.settle(world.bank, world.staff["street"], view.id, now=NOW))


def test_a_wrong_settlement_is_undone_whole_by_somebody_else(world: World) -> None:
    dead, spouse, child = family(world)
    view = reported(world, dead, spouse, child)
    street, county = world.staff["street"], world.staff["county"]
    estates.settle(world.bank, street, view.id, now=NOW)
    refused(world, errors.Forbidden, lambda: estates.undo(world.bank, street, view.id, now=LATER))
    assert estates.undo(world.bank, county, view.id, now=LATER).state == "undone"
    assert (world.balance(dead), world.balance(spouse, "received"), world.balance(child, "received")) == (135, 0, 0)
    again = reported(world, dead, spouse)
    estates.settle(world.bank, county, again.id, now=LATER)
    assert world.balance(spouse, "received") == 135


def test_the_members_own_choice_comes_first(world: World) -> None:
    dead, spouse, child = family(world)
    before = estates.choice(world.bank, dead, dead.person_id, now=NOW)
    assert (before.kind, before.rules, len(before.kin)) == ("rules", "heirs", 2)
    estates.choose(world.bank, dead, dead.person_id, "heir", child.person_id, now=NOW)
    assert estates.choice(world.bank, world.staff["worker A"], dead.person_id, now=NOW).heir == "王小明"
    for who in (spouse, world.staff["worker B"]):
        refused(world, errors.TimebankError, lambda who=who: estates.choose(
            world.bank, who, dead.person_id, "pool", None, now=NOW))  # fmt: skip
    refused(world, errors.HeirInvalid, lambda: estates.choose(
        world.bank, dead, dead.person_id, "heir", world.staff["county"].person_id, now=NOW))  # fmt: skip
    refused(world, errors.Invalid, lambda: estates.choose(world.bank, dead, dead.person_id, "cat", None, now=NOW))
    view = reported(world, dead, spouse)
    estates.settle(world.bank, world.staff["street"], view.id, now=NOW)
    assert (world.balance(child, "received"), world.balance(spouse, "received")) == (135, 0)


HEIRS = (("s", Relation.SPOUSE), ("c", Relation.CHILD))
PURSES = {Origin.EARNED: 100, Origin.GRANTED: 30, Origin.GROUP: 20}
TO_POOL = (Part(Origin.GRANTED, 30, None), Part(Origin.GROUP, 20, None))


@pytest.mark.parametrize(
    ("inherit", "facts", "earned"),
    [
        (Inherit.HEIRS, Facts(HEIRS, False, Choice.RULES, None),
         (Part(Origin.EARNED, 50, "s"), Part(Origin.EARNED, 50, "c"))),
        (Inherit.HEIRS, Facts((), False, Choice.RULES, None), (Part(Origin.EARNED, 100, None),)),
        (Inherit.HEIRS, Facts(HEIRS, False, Choice.POOL, None), (Part(Origin.EARNED, 100, None),)),
        (Inherit.HEIRS, Facts(HEIRS, False, Choice.HEIR, "c"), (Part(Origin.EARNED, 100, "c"),)),
        (Inherit.SPOUSE_ELSE_POOL, Facts(HEIRS, False, Choice.RULES, None), (Part(Origin.EARNED, 100, None),)),
        (Inherit.SPOUSE_ELSE_POOL, Facts(HEIRS, True, Choice.RULES, None), (Part(Origin.EARNED, 100, "s"),)),
        (Inherit.SPOUSE_ELSE_POOL, Facts(HEIRS, False, Choice.HEIR, "c"), (Part(Origin.EARNED, 100, None),)),
        (Inherit.SPOUSE_ELSE_POOL, Facts(HEIRS, False, Choice.HEIR, "s"), (Part(Origin.EARNED, 100, "s"),)),
        (Inherit.POOL, Facts(HEIRS, True, Choice.HEIR, "s"), (Part(Origin.EARNED, 100, None),)),
    ],
)  # fmt: skip
def test_who_gets_what_by_the_rules(inherit: Inherit, facts: Facts, earned: tuple[Part, ...]) -> None:
    policy = replace(from_text(policies.template("demo")), inherit=inherit)
    assert plan(policy, PURSES, facts) == (*earned, *TO_POOL)


def test_where_nothing_is_inherited_it_lapses_whole(world: World) -> None:
    rules(world, inherit="none")
    dead, spouse, _ = family(world)
    refused(world, errors.EstateChoiceNotAllowed, lambda: estates.choose(
        world.bank, dead, dead.person_id, "heir", spouse.person_id, now=NOW))  # fmt: skip
    refused(world, errors.EstateChoiceNotAllowed, lambda: estates.choose(
        world.bank, dead, dead.person_id, "pool", None, now=NOW))  # fmt: skip
    view = reported(world, dead, spouse)
    assert [one.lapses for one in view.parts] == [True]
    done = estates.settle(world.bank, world.staff["street"], view.id, now=NOW)
    with world.bank.read() as unit:
        assert [unit.book.entry(seq).kind for seq in done.entries] == [Kind.RETIRE]
    assert (world.balance(dead), world.balance(spouse, "received")) == (0, 0)
    assert audits.run_full(world.bank, now=LATER) == "sound"


def test_a_quiet_account_lapses_only_after_three_attempts_and_comes_back(world: World) -> None:
    rules(world, purses__earned__expires_after_months=12)
    member, worker, county = world.rich(120), world.staff["worker A"], world.staff["county"]
    assert dormancy.dormant(world.bank, worker, now=NOW) == ()
    refused(world, errors.NotDormant, lambda: dormancy.contact(
        world.bank, worker, member.person_id, "phone", reached=False, now=NOW))  # fmt: skip
    late = NOW + timedelta(days=400)
    quiet = dormancy.dormant(world.bank, worker, now=late)
    assert [(one.person_id, one.minutes, one.may_lapse) for one in quiet] == [(member.person_id, 120, False)]

    def lapse(who: Actor, moment: Any) -> int:
        return dormancy.lapse(world.bank, who, [member.person_id], now=moment)

    refused(world, errors.ContactsMissing, lambda: lapse(county, late))
    for days in (0, 10, 31, 62):
        moment = late + timedelta(days=days)
        dormancy.contact(world.bank, worker, member.person_id, "phone", reached=False, now=moment)
    last = late + timedelta(days=63)
    refused(world, errors.Forbidden, lambda: lapse(worker, last))
    both = replace(county, person_id=worker.person_id)
    refused(world, errors.SecondPersonNeeded, lambda: lapse(both, last))
    refused(world, errors.Invalid, lambda: dormancy.lapse(world.bank, county, [], now=last))
    assert lapse(county, last) == 1
    assert world.balance(member) == 0
    refused(world, errors.NotDormant, lambda: lapse(county, last))
    with world.bank.read() as unit:
        seq = unit.book.head().size - 1
        assert unit.book.entry(seq).kind is Kind.EXPIRE
    asked = reversals.ask(world.bank, worker, seq, "member_asks", "", now=last)
    reversals.decide(world.bank, second_county(world), asked.id, approve=True, now=last)
    assert world.balance(member) == 120


def test_who_is_reached_keeps_the_hours(world: World) -> None:
    rules(world, purses__earned__expires_after_months=12)
    member, worker = world.rich(60), world.staff["worker A"]
    late = NOW + timedelta(days=400)
    for days, reached in ((0, False), (31, False), (62, True), (93, False)):
        moment = late + timedelta(days=days)
        dormancy.contact(world.bank, worker, member.person_id, "visit", reached=reached, now=moment)
    refused(world, errors.ContactsMissing, lambda: dormancy.lapse(
        world.bank, world.staff["county"], [member.person_id], now=late + timedelta(days=94)))  # fmt: skip
    refused(world, errors.Invalid, lambda: dormancy.contact(
        world.bank, worker, member.person_id, "magic", reached=False, now=late))  # fmt: skip
    refused(world, errors.NotFound, lambda: dormancy.contact(
        world.bank, world.staff["worker B"], member.person_id, "phone", reached=False, now=late))  # fmt: skip
