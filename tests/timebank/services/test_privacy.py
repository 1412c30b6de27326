"""Erasing a person: asked, thought over, confirmed by a second person, carried out; refusals; what others see after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.timebank.world import NOW, PASSWORD, PIN, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.domain.people import ERASED_NAME
from timebank.domain.privacy import WAITING_DAYS
from timebank.domain.roles import Actor
from timebank.services import audits, families, hours, members, passbook, privacy, sessions, transfers

LATER = NOW + timedelta(days=WAITING_DAYS)
GONE = (
    "select count(*) from identity_index where person_id = :who",
    "select count(*) from login where person_id = :who",
    "select count(*) from credential where person_id = :who",
    "select count(*) from sign_in where person_id = :who",
    "select count(*) from kin where :who in (person_id, relative_id)",
    "select count(*) from closeness where :who in (volunteer_id, elder_id)",
    "select count(*) from proxy where :who in (elder_id, proxy_id) and ended_at is null",
    "select count(*) from membership where person_id = :who and (pin_hash is not null or card_digest is not null)",
    "select count(*) from document where subject_id = :who and (length(sealed) > 0 or length(salt) > 0)",
    "select count(*) from person where id = :who and (length(sealed) > 0 or length(wrapped_key) > 0)",
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def committed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits."""
    url = {} if request.param == "sqlite" else {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")}
    bank = make_bank(settings_in(tmp_path, **url))
    yield build_world(bank)
    bank.engine.dispose()


def with_a_past(world: World) -> tuple[Actor, Actor]:
    """A member who was helped and helped, gave all hours to the pool, and has a relative, a PIN and a card."""
    worker = world.staff["worker A"]
    member = world.rich(60, name="欧阳桂芳", pin=PIN)
    friend = world.member(name="司马建国")
    world.verified(friend, member, ago=timedelta(hours=30))
    families.record_kin(world.bank, worker, member.person_id, friend.person_id, "child", now=NOW)
    families.record_proxy(world.bank, worker, member.person_id, friend.person_id, "desk", now=NOW)
    members.issue_card(world.bank, worker, member.person_id, now=NOW)
    transfers.donate(world.bank, member, world.balance(member), now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(days=1))
    return member, friend


def erased(world: World, member: Actor) -> None:
    view = privacy.ask(world.bank, member, member.person_id, now=NOW + timedelta(days=1))
    privacy.confirm(world.bank, world.staff["county"], view.id, now=LATER + timedelta(days=1))
    assert privacy.carry_out_due(world.bank, now=LATER + timedelta(days=1)) == 1


def phone_of(world: World, member: Actor) -> str:
    return members.see(world.bank, member, member.person_id, now=NOW).data.phone


def test_nothing_readable_stays_and_every_audit_holds(committed: World) -> None:
    world = committed
    member, _ = with_a_past(world)
    with world.bank.read() as unit:
        row = unit.people.get(member.person_id)
        assert row is not None
        key = row.wrapped_key
    before = audits.run_now(world.bank, world.staff["auditor"], full=True, now=NOW)
    erased(world, member)
    with world.engine.connect() as connection:
        assert [connection.execute(text(query), {"who": member.person_id}).scalar() for query in GONE] == [0] * 10
    after = audits.run_now(world.bank, world.staff["auditor"], full=True, now=LATER)
    assert (before.verdict, after.verdict) == ("sound", "sound")
    assert after.report["documents"] < before.report["documents"]
    assert after.report["documents_erased"] > 0
    assert before.report["documents_erased"] == 0
    if world.engine.dialect.name == "sqlite":
        files = list(world.bank.settings.instance.glob("timebank.db*"))
        assert len(files) > 1
        assert not any(key in file.read_bytes() for file in files)


def test_each_purse_is_closed_in_the_book_and_nothing_more_comes_in(world: World) -> None:
    member, friend = with_a_past(world)
    size = world.size()
    erased(world, member)
    with world.bank.read() as unit:
        kinds = [str(unit.book.entry(seq).kind) for seq in range(size, world.size())]
    assert kinds == ["close"]
    with pytest.raises(errors.MemberClosed):
        world.logged(friend, member)
    for act in (
        lambda: members.set_pin(world.bank, world.staff["worker A"], member.person_id, PIN, now=LATER),
        lambda: members.issue_card(world.bank, world.staff["worker A"], member.person_id, now=LATER),
        lambda: members.set_password(world.bank, world.staff["worker A"], member.person_id, PASSWORD, now=LATER),
    ):
        with pytest.raises(errors.MemberClosed):
            act()


def test_who_was_erased_cannot_sign_in_and_may_register_again(world: World) -> None:
    member, _ = with_a_past(world)
    phone = phone_of(world, member)
    assert sessions.sign_in(world.bank, phone, PASSWORD, device="tests", address="::1", now=NOW)
    erased(world, member)
    with pytest.raises(errors.SignInFailed):
        sessions.sign_in(world.bank, phone, PASSWORD, device="tests", address="::1", now=LATER)
    world.serial = int(phone[3:]) - 1
    again = world.member(name="欧阳桂芳")
    assert again.person_id != member.person_id


def test_records_and_passbooks_of_others_say_erased(world: World) -> None:
    member, friend = with_a_past(world)
    erased(world, member)
    record = next(row for row in hours.mine(world.bank, friend) if row.elder_id == member.person_id)
    assert record.elder == ERASED_NAME
    assert passbook.own(world.bank, friend, now=LATER).lines
    found = members.find(world.bank, world.staff["worker A"], "", now=LATER)
    assert ERASED_NAME in {view.data.name for view in found}
    assert families.relatives(world.bank, friend, friend.person_id) == ()
    with pytest.raises(errors.PersonErased), world.bank.unit() as unit:
        unit.seal_for(member.person_id, "new words")


def test_hours_left_and_open_matters_are_settled_first(world: World) -> None:
    rich = world.rich(60)
    with pytest.raises(errors.BalanceLeft):
        privacy.ask(world.bank, rich, rich.person_id, now=NOW)
    transfers.donate(world.bank, rich, 60, now=NOW)
    with pytest.raises(errors.OpenMattersLeft):
        privacy.ask(world.bank, rich, rich.person_id, now=NOW)
    other = world.member()
    world.logged(other, world.member())
    with pytest.raises(errors.OpenMattersLeft):
        privacy.ask(world.bank, other, other.person_id, now=NOW)
    assert privacy.own(world.bank, other, now=NOW) is None


def test_the_member_thinks_it_over_and_withdraws(world: World) -> None:
    member, county = world.member(), world.staff["county"]
    view = privacy.ask(world.bank, member, member.person_id, now=NOW)
    assert view.due_at == LATER
    with pytest.raises(errors.ErasureAsked):
        privacy.ask(world.bank, member, member.person_id, now=NOW)
    with pytest.raises(errors.ErasureWaits):
        privacy.confirm(world.bank, county, view.id, now=LATER - timedelta(seconds=1))
    assert privacy.carry_out_due(world.bank, now=LATER) == 0
    assert privacy.withdraw(world.bank, member, view.id, now=LATER).state == "withdrawn"
    for act in (privacy.withdraw, privacy.confirm):
        with pytest.raises(errors.ErasureStateConflict):
            act(world.bank, member if act is privacy.withdraw else county, view.id, now=LATER)
    assert phone_of(world, member)
    assert privacy.ask(world.bank, member, member.person_id, now=LATER).state == "waiting"


def test_only_the_person_and_the_own_desk_ask_and_only_the_county_confirms(world: World) -> None:
    member, stranger = world.member(), world.member()
    with pytest.raises(errors.Forbidden):
        privacy.ask(world.bank, stranger, member.person_id, "desk", now=NOW)
    with pytest.raises(errors.NotFound):
        privacy.ask(world.bank, world.staff["worker B"], member.person_id, "desk", now=NOW)
    with pytest.raises(errors.NotFound):
        privacy.ask(world.bank, world.staff["worker A"], "nobody", "desk", now=NOW)
    for actor, channel in ((world.staff["worker A"], "self"), (member, "heirs"), (world.staff["worker A"], "phone")):
        with pytest.raises(errors.Invalid):
            privacy.ask(world.bank, actor, member.person_id, channel, now=NOW)
    view = privacy.ask(world.bank, world.staff["worker A"], member.person_id, "heirs", now=NOW)
    assert [row.id for row in privacy.open_ones(world.bank, world.staff["county"], now=LATER)] == [view.id]
    assert privacy.open_ones(world.bank, world.staff["worker B"], now=LATER) == ()
    for actor in (world.staff["worker A"], member):
        with pytest.raises(errors.Forbidden):
            privacy.confirm(world.bank, actor, view.id, now=LATER)
    with pytest.raises(errors.Forbidden):
        privacy.withdraw(world.bank, stranger, view.id, now=NOW)
    with pytest.raises(errors.NotFound):
        privacy.confirm(world.bank, world.staff["county"], "nothing", now=LATER)


def test_a_second_person_confirms(world: World) -> None:
    member, worker, county = world.member(), world.staff["worker A"], world.staff["county"]
    both = Actor(worker.book, worker.person_id, worker.roles | county.roles, "web")
    view = privacy.ask(world.bank, both, member.person_id, "desk", now=NOW)
    with pytest.raises(errors.SecondPersonNeeded):
        privacy.confirm(world.bank, both, view.id, now=LATER)
    assert privacy.confirm(world.bank, county, view.id, now=LATER).state == "confirmed"


def test_nobody_is_erased_twice(world: World) -> None:
    member = world.member()
    erased(world, member)
    assert privacy.carry_out_due(world.bank, now=LATER) == 0
    with pytest.raises(errors.PersonErased):
        privacy.ask(world.bank, world.staff["worker A"], member.person_id, "desk", now=LATER)
    done = privacy.own(world.bank, member, now=LATER)
    assert done is not None
    with pytest.raises(errors.ErasureStateConflict):
        privacy.withdraw(world.bank, world.staff["worker A"], done.id, now=LATER)


def test_hours_that_come_in_meanwhile_hold_it_up(world: World) -> None:
    member = world.member()
    view = privacy.ask(world.bank, member, member.person_id, now=NOW)
    world.verified(member, world.member())
    privacy.confirm(world.bank, world.staff["county"], view.id, now=LATER)
    assert privacy.carry_out_due(world.bank, now=LATER) == 0
    waits = privacy.own(world.bank, member, now=LATER)
    assert waits is not None
    assert (waits.state, waits.problem) == ("confirmed", errors.BalanceLeft.code)
    transfers.donate(world.bank, member, 60, now=LATER)
    transfers.carry_out_due(world.bank, now=LATER + timedelta(days=1))
    assert privacy.carry_out_due(world.bank, now=LATER + timedelta(days=1)) == 1


def test_staff_give_up_their_role_first(world: World) -> None:
    worker = world.staff["second A"]
    with world.bank.read() as unit:
        data = unit.person(worker.person_id)
    form = members.Application(
        name=data.name, phone=data.phone, document_type="none", document_number="", station_id=world.stations["A"],
        serves=True, receives=True, consent=True, born_on=NOW.date().replace(year=1960), password=PASSWORD,
    )  # fmt: skip
    members.register(world.bank, world.staff["worker A"], form, now=NOW)
    with pytest.raises(errors.StaffRoleLeft):
        privacy.ask(world.bank, world.staff["worker A"], worker.person_id, "desk", now=NOW)
