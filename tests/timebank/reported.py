"""A world in which something of every figure of a year happened, for tests of reports and traces."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.timebank.services.test_certificates import filed, issued
from tests.timebank.services.test_complaints import told as complaint
from tests.timebank.services.test_network import second_county
from tests.timebank.services.test_training import told as training_told
from tests.timebank.world import NOW, World
from timebank.domain.roles import Actor
from timebank.services import (
    call_backs,
    certificates,
    complaints,
    coverage,
    families,
    hours,
    inspections,
    members,
    publishing,
    redemptions,
    reversals,
    rounds,
    training,
    transfers,
)
from timebank.services.redemptions import AskForCare
from timebank.services.rounds import NewVisit
from timebank.storage.supervision import CallBack

YEAR = 2026
LATER = datetime(2027, 1, 20, 2, 0, tzinfo=UTC)
"""When the year is over."""
SOON = NOW + timedelta(minutes=20)


def fill(world: World) -> None:
    """Two stations with services, requests, transfers, complaints, visits, trainings, certificates and checks."""
    filed(world)
    volunteers = [world.member("A") for _ in range(3)]
    elders = [world.member("A", name="李秀英", tags=("living_alone",)) for _ in range(2)]
    for number, volunteer in enumerate(volunteers):
        for day in range(1, 3):
            _verified(world, "A", volunteer, elders[number % 2], day=day, service="chatting")
    rich, other = world.rich(600), world.rich(240, "B")
    _verified(world, "B", other, world.member("B"), day=20, service="tidying")
    _typed_in(world, volunteers[0], elders[1])
    _requests(world, rich)
    _transfers(world, rich, elders[0])
    _rejected_and_undone(world, volunteers[1], elders[0])
    _papers(world, rich)
    _supervised(world, volunteers[2])
    _visited(world, elders)
    leaver = world.member("B")
    members.close(world.bank, world.staff["worker B"], leaver.person_id, now=NOW)
    coverage.run_nightly(world.bank, now=NOW)


def _verified(world: World, station: str, volunteer: Actor, elder: Actor, *, day: int, service: str) -> None:
    ago = timedelta(days=day, hours=5)
    view = hours.log(world.bank, volunteer, world.told(elder, ago=ago, minutes=45, service=service), now=NOW)
    hours.confirm(world.bank, elder, view.id, "", now=NOW)
    assert hours.verify(world.bank, world.staff[f"worker {station}"], [view.id], now=NOW)[0].refusal is None


def _typed_in(world: World, volunteer: Actor, elder: Actor) -> None:
    """A hand-typed record, drawn for a call and answered."""
    worker, second = world.staff["worker A"], world.staff["second A"]
    told = world.told(elder, ago=timedelta(days=9, hours=4), minutes=30)
    view = hours.enter(world.bank, worker, [(volunteer.person_id, "", told)], now=NOW)[0]
    hours.confirm(world.bank, elder, view.id, "", now=NOW)
    assert hours.verify(world.bank, second, [view.id], now=NOW)[0].refusal is None


def _requests(world: World, rich: Actor) -> None:
    """One settled, one declined, one open."""
    for step in ("settle", "decline", "wait"):
        form = AskForCare(rich.person_id, rich.person_id, "cleaning", 60, NOW + timedelta(days=2))
        view = redemptions.ask(world.bank, rich, form, now=NOW)
        if step == "settle":
            redemptions.deliver(world.bank, world.staff["worker A"], view.id, 45, delivered_at=NOW, now=NOW)
            redemptions.settle(world.bank, world.staff["second A"], view.id, now=NOW)
        if step == "decline":
            redemptions.step(world.bank, world.staff["worker A"], view.id, "decline", "nobody_free", now=NOW)


def _transfers(world: World, rich: Actor, elder: Actor) -> None:
    families.record_kin(world.bank, world.staff["worker A"], rich.person_id, elder.person_id, "spouse", now=NOW)
    transfers.gift(world.bank, rich, elder.person_id, 30, now=NOW)
    transfers.donate(world.bank, rich, 60, now=NOW)
    assert transfers.carry_out_due(world.bank, now=SOON) == 2
    needy = world.member("A", born=date(1940, 5, 1), tags=("living_alone",))
    view = transfers.ask_grant(world.bank, world.staff["worker A"], needy.person_id, 60, "eligible", now=SOON)
    transfers.decide_grant(world.bank, world.staff["street"], view.id, approve=True, now=SOON)


def _rejected_and_undone(world: World, volunteer: Actor, elder: Actor) -> None:
    wrong = world.confirmed(volunteer, elder, ago=timedelta(days=12, hours=3))
    hours.step(world.bank, world.staff["worker A"], wrong.id, "reject", "not_given", "", now=NOW)
    twice = world.verified(volunteer, elder, ago=timedelta(days=14, hours=3))
    assert twice.entry_seq is not None
    view = reversals.ask(world.bank, world.staff["worker A"], twice.entry_seq, "entered_twice", "", now=NOW)
    reversals.decide(world.bank, world.staff["street"], view.id, approve=True, now=NOW)


def _papers(world: World, member: Actor) -> None:
    kept, gone = issued(world, member), issued(world, member, date(2026, 9, 1))
    certificates.revoke(world.bank, world.staff["street"], gone.id, "record_wrong", now=NOW)
    assert kept.number != gone.number


def _supervised(world: World, member: Actor) -> None:
    bank, street = world.bank, world.staff["street"]
    for day in (0, 60):
        one = complaints.make(bank, member, complaint(world), now=NOW)
        complaints.step(bank, street, one.id, "accept", now=NOW)
        at = NOW + timedelta(days=day)
        complaints.step(bank, street, one.id, "answer", "已核实并改进", outcome="upheld", now=at)
    complaints.make(bank, member, complaint(world), now=NOW)
    inspections.begin(bank, world.staff["county"], now=SOON)
    publishing.publish(bank, now=SOON)
    inspections.draw_due(bank, now=SOON)
    for visit in inspections.see(bank, 1).visits:
        drawn = next(one for one in world.staff.values() if one.person_id == visit.inspectors[0])
        inspections.record(bank, drawn, visit.id, "minor", "价格牌过期", now=SOON)
    with bank.unit() as unit:
        manual = unit.hours.manual_entries_since(NOW - timedelta(days=90))
        for number, (record_id, station_id, _) in enumerate(manual):
            unit.supervision.add(
                CallBack(
                    book=unit.origin, id=f"{number:032x}", record_id=record_id, station_id=station_id, drawn_at=SOON,
                    state="open", tries=0,
                )
            )  # fmt: skip
    for view in call_backs.to_call(bank, street):
        call_backs.answered(bank, street, view.id, "right", "elder", now=SOON)
    new = replace(training_told(world), held_on=date(2026, 9, 16))
    event = training.plan(bank, world.staff["worker A"], new, now=NOW)
    training.join(bank, member, event, now=NOW)
    training.attend(bank, world.staff["worker A"], event, [member.person_id], now=NOW + timedelta(days=2))


def _visited(world: World, elders: list[Actor]) -> None:
    worker = world.staff["worker A"]
    for elder in elders:
        evidence = {"living_alone": "社区证明 2026-118"}
        view = rounds.enrol(world.bank, worker, elder.person_id, evidence, "3-02", now=NOW)
    rounds.record(world.bank, worker, view.id, NewVisit("home", "fine", SOON, ""), now=SOON)


def county2(world: World) -> Actor:
    """A second person of the county."""
    return second_county(world)
