"""Programmes that grant hours, and what is in circulation: dry run, budget, second person, once a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, refused
from timebank.domain import errors
from timebank.domain.local_time import day_start
from timebank.domain.messages import TEXTS
from timebank.domain.policies import Origin
from timebank.domain.policies.presets import preset
from timebank.domain.roles import Actor
from timebank.domain.rules_of_entries import EntryFacts, Holder, violations
from timebank.services import audits, circulation, messages, passbook, redemptions, transfers
from timebank.services.redemptions import AskForCare
from timebank.services.transfers import GrantProgrammeView

GROUPS = ["alone_80"]
NEXT_MONTH = NOW + timedelta(days=20)


def alone(world: World, **change: Any) -> Actor:
    """An elder of more than eighty years who lives alone, and agreed that this is kept."""
    return world.member(born=change.pop("born", date(1940, 5, 1)), tags=("living_alone",), **change)


def opened(world: World, minutes: int = 120, budget: int = 600) -> str:
    view = proposed(world, minutes, budget)
    assert transfers.open_programme(world.bank, second_county(world), view.id, now=NOW).state == "open"
    return view.id


def proposed(world: World, minutes: int = 120, budget: int = 600, **change: Any) -> GrantProgrammeView:
    told = {"name": "重点老人关爱", "sponsor": "慈善基金", "groups": GROUPS} | change
    return transfers.propose_programme(
        world.bank, world.staff["county"], told["name"], told["sponsor"], told["groups"], minutes, budget, now=NOW
    )


def run(world: World, programme: str, who: Actor | None = None, now: Any = NOW) -> int:
    actor = who or second_county(world)
    digest = transfers.dry_run(world.bank, actor, programme, now=now).digest
    return transfers.run_programme(world.bank, actor, programme, digest, now=now)


def test_every_eligible_elder_is_granted_once_a_month(world: World) -> None:
    first, second = alone(world), alone(world)
    young = alone(world, born=date(1960, 1, 1))
    programme = opened(world)
    dry = transfers.dry_run(world.bank, world.staff["county"], programme, now=NOW)
    assert {person_id for person_id, *_ in dry.people} == {first.person_id, second.person_id}
    assert run(world, programme) == 2
    assert [world.balance(one, "granted") for one in (first, second, young)] == [120, 120, 0]
    county = second_county(world)
    refused(world, errors.RunChanged, lambda: transfers.run_programme(
        world.bank, county, programme, dry.digest, now=NOW))  # fmt: skip
    refused(world, errors.RunChanged, lambda: run(world, programme))
    assert run(world, programme, now=NEXT_MONTH) == 2
    view = transfers.grant_programmes(world.bank, county)[0]
    assert (view.granted_minutes, view.elders) == (480, 2)
    assert audits.run_full(world.bank, now=NEXT_MONTH) == "sound"


def test_the_budget_is_never_exceeded(world: World) -> None:
    for _ in range(3):
        alone(world)
    programme = opened(world, minutes=120, budget=300)
    assert run(world, programme) == 2
    refused(world, errors.RunChanged, lambda: run(world, programme, now=NEXT_MONTH))
    left = transfers.dry_run(world.bank, world.staff["county"], programme, now=NEXT_MONTH)
    assert (left.people, left.left_minutes) == ((), 60)


def test_who_may_and_what_makes_no_sense(world: World) -> None:
    county, worker = world.staff["county"], world.staff["worker A"]
    elder = alone(world)
    for minutes, budget, change in (
        (0, 600, {}), (120, 60, {}), (900, 6000, {}), (120, 600, {"groups": ["anybody"]}), (120, 600, {"groups": []}),
        (120, 600, {"sponsor": " "}), (120, 600, {"name": ""}),
    ):  # fmt: skip
        refused(world, errors.GrantProgrammeInvalid, lambda m=minutes, b=budget, c=change: proposed(world, m, b, **c))
    view = proposed(world)
    refused(world, errors.SecondPersonNeeded, lambda: transfers.open_programme(world.bank, county, view.id, now=NOW))
    refused(world, errors.GrantProgrammeStateConflict, lambda: run(world, view.id))
    refused(world, errors.Forbidden, lambda: transfers.dry_run(world.bank, worker, view.id, now=NOW))
    refused(world, errors.NotFound, lambda: transfers.dry_run(world.bank, county, "nothing", now=NOW))
    transfers.open_programme(world.bank, second_county(world), view.id, now=NOW)
    refused(world, errors.GrantProgrammeStateConflict, lambda: transfers.open_programme(
        world.bank, second_county(world), view.id, now=NOW))  # fmt: skip
    herself = replace(county, person_id=elder.person_id)
    refused(world, errors.SecondPersonNeeded, lambda: run(world, view.id, herself))
    transfers.close_programme(world.bank, county, view.id, now=NOW)
    refused(world, errors.GrantProgrammeStateConflict, lambda: run(world, view.id))
    refused(world, errors.GrantProgrammeStateConflict, lambda: transfers.close_programme(
        world.bank, county, view.id, now=NOW))  # fmt: skip


def test_circulation_is_explained_by_origin_and_by_place(world: World) -> None:
    rich = world.rich(240)
    transfers.donate(world.bank, rich, 60, now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(hours=1))
    alone(world)
    run(world, opened(world, minutes=90), now=NOW + timedelta(hours=1))
    view = circulation.see(world.bank, world.staff["auditor"])
    assert view.agrees
    assert view.total_minutes == 240 + 30
    assert {one.kind: one.minutes for one in view.sources} == {"earn": 240, "grant": 30}
    assert dict(view.purses) == {"earned": 180, "granted": 90}
    assert dict(view.places)["pool"] == 0
    rows = circulation.entries(world.bank, world.staff["auditor"], "earn")
    assert sum(minutes for _, minutes in rows) == 240
    refused(world, errors.NotFound, lambda: circulation.entries(world.bank, world.staff["auditor"], "gift"))
    refused(world, errors.Forbidden, lambda: circulation.see(world.bank, world.staff["worker A"]))


def lasting(world: World, months: int = 3) -> str:
    """A programme whose grants last for a time, in force."""
    view = transfers.propose_programme(
        world.bank, world.staff["county"], "关爱", "慈善基金", GROUPS, 120, 6000, months, now=NOW
    )
    transfers.open_programme(world.bank, second_county(world), view.id, now=NOW)
    return view.id


def test_what_is_not_used_lapses_on_its_day_and_the_elder_is_told_before(world: World) -> None:
    elder, end = alone(world), day_start(date(2026, 12, 15))
    run(world, lasting(world))
    book = passbook.own(world.bank, elder, now=NOW)
    assert book.lapsing == ((120, date(2026, 12, 15)),)
    issued = circulation.see(world.bank, world.staff["county"]).total_minutes
    asked = AskForCare(elder.person_id, elder.person_id, "chatting", 60, NOW + timedelta(days=1))
    redemptions.ask(world.bank, elder, asked, now=NOW)
    assert transfers.lapse_grants_due(world.bank, now=end - timedelta(days=31)) == 0
    texts = [one.text for one in messages.inbox(world.bank, elder)]
    assert TEXTS["grant_lapses_soon"] not in texts
    for _ in range(2):
        assert transfers.lapse_grants_due(world.bank, now=end - timedelta(seconds=1)) == 0
    texts = [one.text for one in messages.inbox(world.bank, elder)]
    assert texts.count(TEXTS["grant_lapses_soon"]) == 1
    assert transfers.lapse_grants_due(world.bank, now=end) == 1
    assert transfers.lapse_grants_due(world.bank, now=end) == 0
    assert world.balance(elder, "granted") == 0
    assert circulation.see(world.bank, world.staff["county"]).total_minutes == issued - 60
    assert TEXTS["grant_lapsed"] in {one.text for one in messages.inbox(world.bank, elder)}
    assert audits.run_full(world.bank, now=end) == "sound"
    redemptions.expire_due(world.bank, now=end)
    assert world.balance(elder, "granted") == 60
    assert transfers.lapse_grants_due(world.bank, now=end + timedelta(days=1)) == 1
    assert (world.balance(elder, "granted"), passbook.own(world.bank, elder, now=end).lapsing) == (0, ())
    assert audits.run_full(world.bank, now=end + timedelta(days=1)) == "sound"


def test_grants_of_other_programmes_stay(world: World) -> None:
    elder = alone(world)
    run(world, opened(world, minutes=60))
    run(world, lasting(world))
    assert world.balance(elder, "granted") == 180
    assert transfers.lapse_grants_due(world.bank, now=day_start(date(2026, 12, 15))) == 1
    assert world.balance(elder, "granted") == 60


def test_what_came_from_the_pool_goes_back_to_it(world: World) -> None:
    giver, elder = world.rich(90), alone(world)
    transfers.donate(world.bank, giver, 90, now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(minutes=11))
    run(world, lasting(world))
    assert (transfers.pool_minutes(world.bank), world.balance(elder, "granted")) == (0, 120)
    transfers.lapse_grants_due(world.bank, now=day_start(date(2026, 12, 15)))
    assert (transfers.pool_minutes(world.bank), world.balance(elder, "granted")) == (90, 0)


def test_a_time_that_can_not_be_is_refused(world: World) -> None:
    for months in (0, 121, -3):
        refused(world, errors.GrantProgrammeInvalid, lambda months=months: lasting(world, months))


def test_the_audit_knows_a_lapse_that_the_programme_does_not_allow() -> None:
    holder = Holder("member", "p", Origin.GRANTED)
    accounts = {"m": holder, "issuance": Holder("issuance")}
    entry = EntryFacts(9, "expire", "s", None, (("issuance", 60), ("m", -60)), accounts=accounts)
    policy = preset("demo")
    good = {"type": "grant_lapse", "person": "p", "origin": "granted", "parts": [[4, 60, "2026-12-15"]]}
    assert violations(entry, policy, good) == ()
    assert violations(entry, policy, None) == ()
    for change, rule in (
        ({"parts": [[4, 50, "2026-12-15"]]}, "lapse_minutes"), ({"person": "q"}, "lapse_person"),
        ({"parts": [[9, 60, "2026-12-15"]]}, "lapse_of_later"), ({"parts": [[4, 60, None]]}, "lapse_of_later"),
        ({"parts": 7}, "document_unreadable"),
    ):  # fmt: skip
        assert [one.rule for one in violations(entry, policy, good | change)] == [rule]
    earned = replace(entry, accounts=accounts | {"m": replace(holder, origin=Origin.EARNED)})
    assert [one.rule for one in violations(earned, policy, good)] == ["lapse_purse"]
    assert [one.rule for one in violations(earned, policy, None)] == ["never_lapses"]
