"""Members: registration, doubles, approval, PIN and card, families, leaving."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.timebank.world import NOW, PIN, World
from timebank.demo.people import resident_number
from timebank.domain import errors
from timebank.services import families, members, sessions, transfers
from timebank.services.members import Application


def form(world: World, serial: int = 900, **change: object) -> Application:
    told = Application(
        name="王建国",
        phone=f"1380000{serial:04d}",
        document_type="resident",
        document_number=resident_number(date(1955, 5, 5), serial),
        station_id=world.stations["A"],
        serves=True,
        receives=True,
        consent=True,
        password="three green apples",
    )
    return replace(told, **change)  # type: ignore[arg-type]


def test_an_application_is_approved_by_the_station_and_opens_an_account(world: World) -> None:
    number = members.apply(world.bank, form(world), now=NOW)
    person_id = members.by_number(world.bank, number)
    size = world.size()
    with pytest.raises(errors.NotFound):
        members.approve(world.bank, world.staff["worker B"], person_id, now=NOW)
    view = members.approve(world.bank, world.staff["worker A"], person_id, now=NOW)
    assert view.state == "active"
    assert world.size() == size + 1
    with world.bank.read() as unit:
        assert unit.book.entry(size).evidence is not None
    with pytest.raises(errors.MemberStateConflict):
        members.approve(world.bank, world.staff["worker A"], person_id, now=NOW)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"consent": False}, errors.ConsentMissing),
        ({"document_number": "110105194912310021"}, errors.ResidentIdInvalid),
        ({"phone": "12345"}, errors.PhoneInvalid),
        ({"name": "  "}, errors.NameInvalid),
        ({"document_type": "none"}, errors.DocumentTypeInvalid),
        ({"document_type": "passport", "document_number": "E1234567"}, errors.BirthDateInvalid),
        ({"station_id": "nowhere"}, errors.NotFound),
    ],
)
def test_bad_applications_are_refused(world: World, change: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        members.register(world.bank, world.staff["worker A"], form(world, **change), now=NOW)


def test_nobody_is_registered_twice(world: World) -> None:
    worker = world.staff["worker A"]
    members.register(world.bank, worker, form(world), now=NOW)
    with pytest.raises(errors.ResidentIdTaken):
        members.register(world.bank, worker, form(world, phone="13900000000"), now=NOW)
    with pytest.raises(errors.PhoneTaken):
        members.register(world.bank, worker, form(world, document_number=resident_number(date(1950, 1, 1), 7)), now=NOW)


def test_a_worker_who_volunteers_is_one_person(world: World) -> None:
    """Two ids for one human being would let a worker verify the own hours."""
    worker = world.staff["second A"]
    with world.bank.read() as unit:
        data = unit.person(worker.person_id)
    view = members.register(world.bank, world.staff["worker A"], form(world, phone=data.phone, name=data.name), now=NOW)
    assert view.person_id == worker.person_id


def test_personal_data_is_sealed_at_rest(world: World) -> None:
    view = members.register(world.bank, world.staff["worker A"], form(world), now=NOW)
    with world.bank.read() as unit:
        row = unit.people.get(view.person_id)
        assert row is not None
        for secret in ("王建国", view.data.phone, view.data.document_number):
            assert secret.encode() not in row.sealed
        assert all("王建国" not in str(entry.data) for entry in unit.book.entries())


@pytest.mark.parametrize("pin", ["123456", "111111", "654321", "1234", "abcdef", "550505"])
def test_simple_pins_are_refused(world: World, pin: str) -> None:
    view = members.register(world.bank, world.staff["worker A"], form(world), now=NOW)
    with pytest.raises(errors.PinTooSimple):
        members.set_pin(world.bank, world.staff["worker A"], view.person_id, pin, now=NOW)
    members.set_pin(world.bank, world.staff["worker A"], view.person_id, PIN, now=NOW)
    assert members.see(world.bank, world.staff["worker A"], view.person_id, now=NOW).has_pin


def test_a_new_card_makes_the_old_one_void(world: World) -> None:
    member, worker = world.member(), world.staff["worker A"]
    old = members.issue_card(world.bank, worker, member.person_id, now=NOW)
    assert members.by_card(world.bank, old) == member.person_id
    members.issue_card(world.bank, worker, member.person_id, now=NOW)
    with pytest.raises(errors.CardUnknown):
        members.by_card(world.bank, old)


def test_a_membership_ends_with_empty_purses_only(world: World) -> None:
    member, worker = world.rich(60), world.staff["worker A"]
    with pytest.raises(errors.BalanceLeft):
        members.close(world.bank, worker, member.person_id, now=NOW)
    transfers.donate(world.bank, member, 60, now=NOW)
    from datetime import timedelta

    transfers.carry_out_due(world.bank, now=NOW + timedelta(minutes=11))
    members.close(world.bank, worker, member.person_id, now=NOW)
    with pytest.raises(errors.MemberStateConflict):
        members.close(world.bank, worker, member.person_id, now=NOW)


def test_members_are_found_by_name_phone_and_number(world: World) -> None:
    view = members.register(world.bank, world.staff["worker A"], form(world), now=NOW)
    for words in ("王建国", "建国", "138 0000 0900", view.number):
        assert [one.person_id for one in members.find(world.bank, world.staff["worker A"], words, now=NOW)] == [
            view.person_id
        ]
    assert members.find(world.bank, world.staff["worker B"], "王建国", now=NOW) == ()
    with pytest.raises(errors.NotFound):
        members.see(world.bank, world.staff["worker B"], view.person_id, now=NOW)


def test_a_proxy_acts_for_three_elders_and_five_times_a_day(world: World) -> None:
    child, worker = world.member(), world.staff["worker A"]
    elders = [world.member() for _ in range(4)]
    with pytest.raises(errors.KinInvalid):
        families.record_proxy(world.bank, worker, elders[0].person_id, child.person_id, "desk", now=NOW)
    for elder in elders:
        families.record_kin(world.bank, worker, elder.person_id, child.person_id, "grandchild", now=NOW)
    for elder in elders[:3]:
        families.record_proxy(world.bank, worker, elder.person_id, child.person_id, "desk", now=NOW)
    with pytest.raises(errors.ProxyTooManyElders):
        families.record_proxy(world.bank, worker, elders[3].person_id, child.person_id, "desk", now=NOW)
    with pytest.raises(errors.ProxyNotRecorded):
        families.act_for(world.bank, child, elders[3].person_id, "redeem", now=NOW)
    for _ in range(5):
        families.act_for(world.bank, child, elders[0].person_id, "redeem", now=NOW)
    with pytest.raises(errors.ProxyTooManyActs):
        families.act_for(world.bank, child, elders[0].person_id, "redeem", now=NOW)
    families.end_proxy(world.bank, elders[0], elders[0].person_id, child.person_id, now=NOW)
    with pytest.raises(errors.ProxyNotRecorded):
        families.act_for(world.bank, child, elders[0].person_id, "redeem", now=NOW)


def test_a_password_from_the_desk_must_be_changed(world: World) -> None:
    member = world.member()
    members.set_password(world.bank, world.staff["worker A"], member.person_id, "from the desk", now=NOW)
    phone = members.see(world.bank, member, member.person_id, now=NOW).data.phone
    secret = sessions.sign_in(world.bank, phone, "from the desk", device="t", address="::1", now=NOW)
    assert sessions.who(world.bank, secret, now=NOW).must_change_password


def test_an_administrator_looks_only_with_a_reason_that_is_kept(world: World) -> None:
    member, admin = world.member(), world.staff["admin"]
    with pytest.raises(errors.Forbidden):
        members.see(world.bank, admin, member.person_id, now=NOW)
    with pytest.raises(errors.ReasonMissing):
        members.look(world.bank, admin, member.person_id, " ", now=NOW)
    assert members.look(world.bank, admin, member.person_id, "member called", now=NOW).data.name == "张桂芳"
    with pytest.raises(errors.Forbidden):
        members.look(world.bank, world.staff["auditor"], member.person_id, "curious", now=NOW)


def test_who_moves_within_the_county_keeps_all_hours(world: World) -> None:
    member, worker = world.rich(120), world.staff["worker A"]
    bank, there = world.bank, world.stations["B"]
    for station, error in ((world.stations["A"], errors.MemberStateConflict), ("none", errors.StationNotOpen),
                           (world.stations["street"], errors.StationNotOpen)):  # fmt: skip
        with pytest.raises(error):
            members.move(bank, worker, member.person_id, station, now=NOW)
    with pytest.raises(errors.NotFound):
        members.move(bank, world.staff["worker B"], member.person_id, there, now=NOW)
    assert members.move(bank, worker, member.person_id, there, now=NOW).station_id == there
    assert world.balance(member) == 120
    assert members.see(bank, world.staff["worker B"], member.person_id, now=NOW).person_id == member.person_id
    with pytest.raises(errors.NotFound):
        members.see(bank, worker, member.person_id, now=NOW)
