"""Certificates by Order 67, their public check, and the ten working days of the record."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, refused
from timebank.domain import errors
from timebank.domain.certificates import CertificateState, clock, is_working_day, new_code, normal_code
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.services import certificates, messages, network, privacy, reversals
from timebank.services.certificates import CertificateView

TODAY = local_day(NOW)
YEAR = date(2026, 1, 1)
PAPERS = {"application": YEAR, "registration": YEAR, "promise": YEAR}


def filed(world: World) -> None:
    """Station A is filed with the county."""
    network.file(
        world.bank, world.staff["county"], world.stations["A"], number="备-2026-1", office="路南区民政局",
        began_on=YEAR, filed_on=date(2026, 1, 15), papers=PAPERS, now=NOW,
    )  # fmt: skip


def issued(world: World, member: Actor, first: date = YEAR, last: date = TODAY) -> CertificateView:
    return certificates.issue(world.bank, member, member.person_id, first, last, now=NOW)


def checked(world: World, view: CertificateView, address: str = "192.0.2.1") -> certificates.Checked:
    return certificates.check(world.bank, view.number, view.code, address, now=NOW)


def test_a_certificate_says_what_was_really_served(world: World) -> None:
    filed(world)
    member = world.rich(210)
    view = issued(world, member)
    assert (view.minutes, view.name, view.filing, view.state) == (210, "张桂芳", "备-2026-1", CertificateState.VALID)
    assert [line.minutes for line in view.lines] == [90, 120]
    assert all(line.entry is not None and line.number.startswith("H") for line in view.lines)
    found = checked(world, view)
    assert (found.state, found.name, found.minutes) == (CertificateState.VALID, "张**", 210)
    assert certificates.own(world.bank, member)[0].id == view.id
    worker = world.staff["worker A"]
    desk = certificates.issue(world.bank, worker, member.person_id, YEAR, TODAY, now=NOW)
    assert desk.handler == "赵敏"
    assert desk.id in {one.id for one in certificates.of_member(world.bank, worker, member.person_id)}


def test_who_gets_none(world: World) -> None:
    member, county = world.rich(60), world.staff["county"]
    refused(world, errors.IssuerNotFiled, lambda: issued(world, member))
    filed(world)
    idle = world.member()
    refused(world, errors.NothingToCertify, lambda: issued(world, idle))
    refused(world, errors.PeriodInvalid, lambda: issued(world, member, TODAY, YEAR))
    refused(world, errors.PeriodInvalid, lambda: issued(world, member, YEAR, TODAY + timedelta(days=1)))
    refused(world, errors.NothingToCertify, lambda: issued(world, member, YEAR, YEAR))
    for who in (world.staff["worker B"], county, world.staff["auditor"]):
        refused(world, errors.TimebankError, lambda who=who: certificates.issue(
            world.bank, who, member.person_id, YEAR, TODAY, now=NOW))  # fmt: skip
    view = issued(world, member)
    refused(world, errors.NotFound, lambda: certificates.see(world.bank, world.staff["worker B"], view.id))
    refused(world, errors.TimebankError, lambda: certificates.see(world.bank, idle, view.id))


def test_a_newer_one_and_a_corrected_record_take_its_place(world: World) -> None:
    filed(world)
    member = world.rich(120)
    first = issued(world, member, date(2026, 9, 1), TODAY)
    second = issued(world, member)
    assert checked(world, first).state is CertificateState.SUPERSEDED
    assert certificates.see(world.bank, member, first.id).superseded_by == second.number
    assert checked(world, second).state is CertificateState.VALID
    asked = reversals.ask(world.bank, world.staff["worker A"], second.lines[0].entry or 0, "not_given", "", now=NOW)
    reversals.decide(world.bank, world.staff["county"], asked.id, approve=True, now=NOW)
    assert checked(world, second).state is CertificateState.SUPERSEDED


def test_it_is_revoked_by_a_second_person_with_a_reason(world: World) -> None:
    filed(world)
    member, street = world.rich(120), world.staff["street"]
    view = certificates.issue(world.bank, world.staff["worker A"], member.person_id, YEAR, TODAY, now=NOW)

    def revoke(who: Actor, reason: str = "misused") -> CertificateView:
        return certificates.revoke(world.bank, who, view.id, reason, now=NOW)

    refused(world, errors.ReasonUnknown, lambda: revoke(street, "because"))
    refused(world, errors.Forbidden, lambda: revoke(world.staff["worker A"]))
    issuer = Actor(street.book, view.person_id, street.roles, "web")
    refused(world, errors.SecondPersonNeeded, lambda: revoke(issuer))
    assert revoke(street).state is CertificateState.REVOKED
    refused(world, errors.CertificateStateConflict, lambda: revoke(second_county(world)))
    assert checked(world, view).state is CertificateState.REVOKED


def test_the_check_tells_nothing_to_who_guesses(world: World) -> None:
    filed(world)
    view = issued(world, world.rich(60))
    told = []
    for number, code in ((view.number, new_code()), ("Z26-000999-9", view.code), ("", "")):
        with pytest.raises(errors.CertificateUnknown) as caught:
            certificates.check(world.bank, number, code, "192.0.2.7", now=NOW)
        told.append(str(caught.value))
    assert len(set(told)) == 1
    typed = f" {view.code[:5].lower()} {view.code[5:].lower()} "
    assert certificates.check(world.bank, view.number.lower(), typed, "192.0.2.7", now=NOW).minutes == 60
    for _ in range(4):
        with pytest.raises(errors.TimebankError):
            certificates.check(world.bank, view.number, "0", "192.0.2.7", now=NOW)
    with pytest.raises(errors.TooManyAttempts):
        certificates.check(world.bank, view.number, view.code, "192.0.2.7", now=NOW)
    assert normal_code("olI-1") == "0111"


def test_of_an_erased_holder_only_that_it_was_issued_is_told(world: World) -> None:
    filed(world)
    member = world.rich(60)
    view = issued(world, member)
    from timebank.services import transfers

    transfers.donate(world.bank, member, 60, now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(hours=1))
    asked = privacy.ask(world.bank, member, member.person_id, now=NOW + timedelta(hours=2))
    later = NOW + timedelta(days=60)
    privacy.confirm(world.bank, world.staff["county"], asked.id, now=later)
    privacy.carry_out_due(world.bank, now=later + timedelta(days=1))
    found = certificates.check(world.bank, view.number, view.code, "192.0.2.1", now=later + timedelta(days=2))
    assert (found.state, found.name, found.minutes) == (CertificateState.ERASED, "", 60)


@pytest.mark.parametrize(
    ("ended", "until", "days", "due"),
    [
        # In 2026 1 to 7 October are free; 20 September and 10 October are worked; 25 September is Mid-Autumn.
        (date(2026, 9, 14), date(2026, 9, 15), 1, date(2026, 9, 28)),
        (date(2026, 9, 28), date(2026, 9, 30), 2, None),
        (date(2026, 3, 2), date(2026, 3, 16), 10, date(2026, 3, 16)),
        (date(2026, 3, 2), date(2026, 3, 17), 11, date(2026, 3, 16)),
    ],
)
def test_the_ten_working_days_follow_the_chinese_calendar(
    ended: date, until: date, days: int, due: date | None
) -> None:
    found = clock(ended, until)
    assert found.days == days
    assert found.due_on == (due or found.due_on)
    assert (found.warns, found.late, found.certain) == (8 <= days <= 10, days > 10, True)
    assert is_working_day(found.due_on)[0]


def test_a_year_whose_holidays_are_unknown_says_so() -> None:
    assert is_working_day(date(2026, 10, 1)) == (False, True)
    assert is_working_day(date(2050, 10, 3)) == (True, False)
    assert not clock(date(2050, 10, 3), date(2050, 10, 4)).certain


def test_what_nears_its_limit_is_told_to_the_street_and_never_verified(world: World) -> None:
    record = world.confirmed(world.member(), world.member())
    worker, street = world.staff["worker A"], world.staff["street"]
    assert [one.record_id for one in certificates.due(world.bank, worker, now=NOW)] == [record.id]
    assert certificates.escalate_due(world.bank, now=NOW) == 0
    late = NOW + timedelta(days=20)
    assert certificates.escalate_due(world.bank, now=late) == 1
    assert "hours_due" in {one.about for one in messages.inbox(world.bank, street)}
    found = certificates.due(world.bank, worker, now=late)[0]
    assert (found.clock.late, found.state) == (True, "confirmed")
    assert certificates.due(world.bank, world.staff["worker B"], now=late) == ()
