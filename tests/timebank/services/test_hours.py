"""Records of hours, from logging to credit: states, refusals, flags, and who may do what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger import Kind
from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.services import hours, members
from timebank.services.hours import RowRefused


def test_hours_become_credit_in_the_commit_that_verifies_them(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    record = world.verified(volunteer, elder, minutes=90)
    assert record.state == "verified"
    assert record.credited_minutes == 90
    assert world.balance(volunteer) == 90
    with world.bank.read() as unit:
        entry = unit.book.entry(record.entry_seq or 0)
    assert entry.kind is Kind.EARN
    assert entry.actor == world.staff["worker A"].person_id
    assert entry.evidence is not None
    assert entry.on == "2026-09-15"


def test_the_four_roles_are_kept_apart(world: World) -> None:
    worker = world.staff["worker A"]
    record = world.verified(world.member(), world.member())
    with world.bank.read() as unit:
        row = unit.hours.get(record.id)
        assert row is not None
        assert len({row.volunteer_id, row.elder_id, row.verified_by}) == 3
        assert row.entered_by == row.volunteer_id
        assert row.verified_by == worker.person_id


@pytest.mark.parametrize("part", ["served", "received", "entered"])
def test_nobody_verifies_what_he_took_part_in(world: World, part: str) -> None:
    volunteer, elder, worker = world.member(), world.member(), world.staff["worker A"]
    if part == "entered":
        slip = hours.issue_slips(world.bank, worker, world.stations["A"], 1, now=NOW)[0]
        record = hours.enter(world.bank, worker, [(volunteer.person_id, slip, world.told(elder))], now=NOW)[0]
    else:
        record = world.confirmed(volunteer, elder)
        me = volunteer if part == "served" else elder
        worker = type(worker)(worker.book, me.person_id, worker.roles | me.roles, "web")
    size = world.size()
    outcome = hours.verify(world.bank, worker, [record.id], now=NOW)[0]
    assert isinstance(outcome.refusal, errors.OwnRecord | errors.Forbidden)
    assert world.size() == size
    assert world.balance(volunteer) == 0


def test_another_station_finds_nothing(world: World) -> None:
    record = world.confirmed(world.member(), world.member())
    stranger = world.staff["worker B"]
    outcome = hours.verify(world.bank, stranger, [record.id], now=NOW)[0]
    assert isinstance(outcome.refusal, errors.NotFound)
    with pytest.raises(errors.NotFound):
        hours.see(world.bank, stranger, record.id)
    with pytest.raises(errors.NotFound):
        hours.see(world.bank, world.member(), record.id)


def test_without_the_elders_yes_nothing_is_verified(world: World) -> None:
    record = world.logged(world.member(), world.member())
    outcome = hours.verify(world.bank, world.staff["worker A"], [record.id], now=NOW)[0]
    assert isinstance(outcome.refusal, errors.ElderConfirmationMissing)


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        ({"ago": timedelta(hours=-1)}, errors.HoursInFuture),
        ({"minutes": 600}, errors.HoursTooLong),
        ({"minutes": 5}, errors.HoursTooShort),
        ({"ago": timedelta(days=45)}, errors.HoursTooOld),
        ({"service": "bathing"}, errors.VolunteerUnqualified),
        ({"service": "no_such"}, errors.ServiceNotOffered),
        ({"ago": timedelta(days=70)}, errors.NotYetMember),
    ],
)
def test_refused_hours_leave_nothing(world: World, told: dict[str, object], refusal: type[Exception]) -> None:
    volunteer, elder = world.member(), world.member()
    with pytest.raises(refusal):
        world.logged(volunteer, elder, **told)
    assert hours.mine(world.bank, volunteer) == ()


def test_the_same_time_is_not_logged_twice(world: World) -> None:
    volunteer = world.member()
    world.logged(volunteer, world.member())
    with pytest.raises(errors.HoursOverlap):
        world.logged(volunteer, world.member(), ago=timedelta(hours=2, minutes=30))


def test_a_day_has_a_cap(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    world.logged(volunteer, elder, ago=timedelta(days=1), minutes=180)
    world.logged(volunteer, elder, ago=timedelta(hours=20, minutes=30), minutes=180)
    with pytest.raises(errors.DayCapReached):
        world.logged(volunteer, elder, ago=timedelta(hours=27, minutes=30), minutes=180)


def test_own_care_and_care_owed_by_law_never_earn(world: World) -> None:
    from timebank.services import families

    volunteer, parent = world.member(), world.member()
    with pytest.raises(errors.OwnCare):
        world.logged(volunteer, volunteer)
    families.record_kin(world.bank, world.staff["worker A"], volunteer.person_id, parent.person_id, "parent", now=NOW)
    with pytest.raises(errors.KinCare):
        world.logged(volunteer, parent)


def test_a_suspended_member_logs_nothing(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    members.suspend(world.bank, world.staff["worker A"], volunteer.person_id, now=NOW)
    with pytest.raises(errors.MemberNotActive):
        world.logged(volunteer, elder)


def test_the_elder_confirms_with_the_pin_and_guessing_is_slowed(world: World) -> None:
    volunteer, elder = world.member(), world.member(pin=PIN)
    record = world.logged(volunteer, elder)
    for _ in range(5):
        with pytest.raises(errors.PinWrong):
            hours.confirm_by_elder(world.bank, volunteer, record.id, pin="000000", now=NOW)
    with pytest.raises(errors.TooManyAttempts):
        hours.confirm_by_elder(world.bank, volunteer, record.id, pin=PIN, now=NOW)
    later = NOW + timedelta(minutes=1)
    done = hours.confirm_by_elder(world.bank, volunteer, record.id, pin=PIN, now=later)
    assert (done.state, done.confirmed_how) == ("confirmed", "pin")


def test_the_elder_confirms_with_the_card(world: World) -> None:
    volunteer, elder = world.member(), world.member()
    secret = members.issue_card(world.bank, world.staff["worker A"], elder.person_id, now=NOW)
    record = world.logged(volunteer, elder)
    with pytest.raises(errors.CardUnknown):
        hours.confirm_by_elder(world.bank, volunteer, record.id, card="another", now=NOW)
    assert hours.confirm_by_elder(world.bank, volunteer, record.id, card=secret, now=NOW).confirmed_how == "card"


def test_the_volunteer_cannot_say_yes_for_the_elder(world: World) -> None:
    volunteer = world.member()
    record = world.logged(volunteer, world.member())
    with pytest.raises(errors.Forbidden):
        hours.confirm(world.bank, volunteer, record.id, "", now=NOW)


def test_check_in_and_out_log_and_confirm(world: World) -> None:
    volunteer, elder = world.member(), world.member(pin=PIN)
    visit = hours.check_in(world.bank, volunteer, elder.person_id, "chatting", pin=PIN, now=NOW - timedelta(hours=1))
    with pytest.raises(errors.VisitAlreadyOpen):
        hours.check_in(world.bank, volunteer, elder.person_id, "chatting", pin=PIN, now=NOW)
    record = hours.check_out(world.bank, volunteer, visit.id, pin=PIN, now=NOW)
    assert (record.state, record.source, record.minutes) == ("confirmed", "check_in", 60)
    with pytest.raises(errors.VisitNotOpen):
        hours.check_out(world.bank, volunteer, visit.id, pin=PIN, now=NOW)


def test_a_forgotten_check_out_is_closed_and_never_guessed(world: World) -> None:
    volunteer, elder = world.member(), world.member(pin=PIN)
    hours.check_in(world.bank, volunteer, elder.person_id, "chatting", pin=PIN, now=NOW - timedelta(hours=13))
    assert hours.close_forgotten(world.bank, now=NOW) == 1
    assert hours.open_visit(world.bank, volunteer) is None
    assert hours.mine(world.bank, volunteer) == ()


def test_a_table_of_slips_is_entered_whole_or_not_at_all(world: World) -> None:
    worker, volunteer, elder = world.staff["worker A"], world.member(), world.member()
    first, second = hours.issue_slips(world.bank, worker, world.stations["A"], 2, now=NOW)
    good = (volunteer.person_id, first, world.told(elder, ago=timedelta(days=2)))
    with pytest.raises(RowRefused) as refused:
        hours.enter(world.bank, worker, [good, (volunteer.person_id, first, world.told(elder))], now=NOW)
    assert refused.value.row == 1
    assert isinstance(refused.value.error, errors.SlipNumberTaken)
    assert hours.mine(world.bank, volunteer) == ()
    entered = hours.enter(world.bank, worker, [good, (volunteer.person_id, second, world.told(elder))], now=NOW)
    assert [record.state for record in entered] == ["confirmed", "confirmed"]
    assert {record.source for record in entered} == {"slip"}


def test_what_was_typed_in_by_hand_stays_marked(world: World) -> None:
    worker, volunteer, elder = world.staff["worker A"], world.member(), world.member()
    record = hours.enter(world.bank, worker, [(volunteer.person_id, "", world.told(elder))], now=NOW)[0]
    assert (record.source, record.state) == ("manual", "logged")
    assert "typed_by_hand" in {flag.code for flag in record.flags}
    hours.confirm(world.bank, elder, record.id, "", now=NOW)
    hours.verify(world.bank, world.staff["second A"], [record.id], now=NOW)
    assert hours.see(world.bank, volunteer, record.id).source == "manual"


def test_every_status_has_a_way_out(world: World) -> None:
    volunteer, elder, worker = world.member(), world.member(), world.staff["worker A"]
    record = world.logged(volunteer, elder)
    for actor, verb, reason, state in (
        (elder, "dispute", "shorter", "disputed"),
        (worker, "uphold", "both_agree", "confirmed"),
        (worker, "reject", "no_evidence", "rejected"),
        (volunteer, "appeal", "new_evidence", "logged"),
        (volunteer, "withdraw", "mistake", "withdrawn"),
        (volunteer, "log_again", None, "logged"),
    ):
        assert hours.step(world.bank, actor, record.id, verb, reason, "", now=NOW).state == state
    trail = hours.trail(world.bank, volunteer, record.id)
    assert [step.state for step in trail] == [
        "logged", "disputed", "confirmed", "rejected", "logged", "withdrawn", "logged",
    ]  # fmt: skip
    with pytest.raises(errors.ReasonMissing):
        hours.step(world.bank, elder, record.id, "dispute", None, "", now=NOW)
    with pytest.raises(errors.ReasonUnknown):
        hours.step(world.bank, elder, record.id, "dispute", "bad mood", "", now=NOW)
