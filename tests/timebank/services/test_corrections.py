"""Correcting a member's data: what finds the person follows, the values before are kept, refusals change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.timebank.world import NOW, PASSWORD, World
from timebank.demo.people import resident_number
from timebank.domain import errors
from timebank.domain.people import ERASED_NAME, PersonData
from timebank.domain.privacy import WAITING_DAYS
from timebank.domain.roles import Actor
from timebank.services import audits, members, own_data, privacy, sessions
from timebank.services.members import Application, Correction

WHY = "手机号换了"
LATER = NOW + timedelta(days=WAITING_DAYS)


def data_of(world: World, member: Actor) -> PersonData:
    return members.see(world.bank, member, member.person_id, now=NOW).data


def as_it_is(world: World, member: Actor, **change: Any) -> Correction:
    data = data_of(world, member)
    kept = Correction(
        data.name, data.phone, data.address, data.tags, str(data.document_type), data.document_number, data.born_on,
        data.emergency_contact,
    )  # fmt: skip
    return replace(kept, **change)


def corrected(world: World, member: Actor, by: str = "worker A", reason: str = WHY, **change: Any) -> PersonData:
    consent = bool(change.pop("consent", False))
    right = as_it_is(world, member, **change)
    return members.correct(world.bank, world.staff[by], member.person_id, right, reason, consent=consent, now=NOW).data


def kept(world: World, member: Actor) -> list[dict[str, Any]]:
    """The corrections in the member's file of all data."""
    documents = own_data.own(world.bank, member, now=NOW)["document"]
    return [{**row["document"], "at": row["created_at"]} for row in documents if row["kind"] == "correction"]


def signs_in(world: World, phone: str) -> bool:
    try:
        sessions.sign_in(world.bank, phone, PASSWORD, device="tests", address="::1", now=NOW)
    except errors.SignInFailed:
        return False
    return True


def test_the_values_before_are_kept_with_who_when_and_why(world: World) -> None:
    member = world.member(name="欧阳桂芳")
    size, before = world.size(), data_of(world, member)
    after = corrected(world, member, name="欧阳桂芬", phone="19955550001", address="双新楼 2 号")
    assert (after.name, after.phone, after.address) == ("欧阳桂芬", "19955550001", "双新楼 2 号")
    assert replace(after, name=before.name, phone=before.phone, address=before.address) == before
    assert kept(world, member) == [
        {
            "by": world.staff["worker A"].person_id,
            "reason": WHY,
            "before": {"name": "欧阳桂芳", "phone": before.phone, "address": before.address},
            "at": NOW.isoformat(),
        }
    ]
    corrected(world, member, name="欧阳桂芳", reason="看错了")
    assert {"name": "欧阳桂芬"} in [row["before"] for row in kept(world, member)]
    assert len(kept(world, member)) == 2
    assert world.size() == size
    assert audits.run_now(world.bank, world.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_the_new_phone_signs_in_and_the_old_one_is_free(world: World) -> None:
    member = world.member()
    old = data_of(world, member).phone
    assert signs_in(world, old)
    corrected(world, member, phone="199 5555 0002")
    assert signs_in(world, "19955550002")
    assert not signs_in(world, old)
    found = members.find(world.bank, world.staff["worker A"], "19955550002", now=NOW)
    assert [view.person_id for view in found] == [member.person_id]
    other = world.member()
    assert corrected(world, other, phone=old).phone == old
    assert signs_in(world, old)


def test_a_phone_of_somebody_else_is_refused(world: World) -> None:
    member, other = world.member(), world.member()
    before = data_of(world, member)
    for phone in (data_of(world, other).phone, "19911111001"):
        with pytest.raises(errors.PhoneTaken):
            corrected(world, member, phone=phone)
    assert data_of(world, member) == before
    assert kept(world, member) == []
    assert signs_in(world, before.phone)
    assert signs_in(world, data_of(world, other).phone)


def test_without_a_document_the_name_and_phone_stand_for_it(world: World) -> None:
    def form(phone: str) -> Application:
        return Application(
            name="王建国", phone=phone, document_type="none", document_number="", station_id=world.stations["A"],
            serves=True, receives=True, consent=True, born_on=date(1950, 1, 1),
        )  # fmt: skip

    view = members.register(world.bank, world.staff["worker A"], form("19955550003"), now=NOW)
    member = world.as_member(view.person_id)
    corrected(world, member, phone="19955550004")
    again = members.register(world.bank, world.staff["worker A"], form("19955550003"), now=NOW)
    with pytest.raises(errors.PhoneTaken):
        members.register(world.bank, world.staff["worker A"], form("19955550004"), now=NOW)
    with pytest.raises(errors.PhoneTaken):
        corrected(world, world.as_member(again.person_id), phone="19955550004")


def test_new_circumstances_need_consent_which_is_recorded(world: World) -> None:
    member = world.member(tags=("living_alone",))
    with pytest.raises(errors.ConsentMissing):
        corrected(world, member, tags=("living_alone", "low_income"))
    assert corrected(world, member, tags=("living_alone", "low_income"), consent=True).tags == (
        "living_alone", "low_income",
    )  # fmt: skip
    assert corrected(world, member, tags=()).tags == ()
    consents = own_data.own(world.bank, member, now=NOW)["consent"]
    assert [row["kind"] for row in consents].count("sensitive") == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"reason": "  "}, errors.ReasonMissing),
        ({"by": "worker B"}, errors.NotFound),
        ({"by": "auditor"}, errors.Forbidden),
        ({"phone": "12"}, errors.PhoneInvalid),
        ({"name": " "}, errors.NameInvalid),
        ({"name": "张桂芳"}, errors.NothingCorrected),
    ],
)
def test_refusals_change_nothing(world: World, change: dict[str, str], error: type[errors.TimebankError]) -> None:
    member = world.member(name="张桂芳")
    before = data_of(world, member)
    with pytest.raises(error):
        corrected(world, member, **{"name": "张桂芬", **change})
    assert data_of(world, member) == before
    assert kept(world, member) == []


def test_nobody_corrects_the_own_data_nor_those_of_the_erased_or_declined(world: World) -> None:
    worker, member = world.staff["worker A"], world.member()
    told = as_it_is(world, member, name="张桂芬")
    both = replace(worker, person_id=member.person_id)
    with pytest.raises(errors.OwnRecord):
        members.correct(world.bank, both, member.person_id, told, WHY, now=NOW)
    with pytest.raises(errors.NotFound):
        members.correct(world.bank, worker, "nobody", told, WHY, now=NOW)
    view = privacy.ask(world.bank, member, member.person_id, now=NOW)
    corrected(world, member, name="张桂芬")
    privacy.confirm(world.bank, world.staff["county"], view.id, now=LATER)
    assert privacy.carry_out_due(world.bank, now=LATER) == 1
    with pytest.raises(errors.PersonErased):
        members.correct(world.bank, worker, member.person_id, told, WHY, now=LATER)
    assert data_of(world, member).name == ERASED_NAME
    with world.bank.read() as unit:
        rows = unit.privacy.kept_of(member.person_id)["document"]
    assert {row["kind"] for _, row in rows} >= {"correction"}
    assert all(row["sealed"] == b"" for _, row in rows)


def test_a_declined_application_is_not_corrected(world: World) -> None:
    form = Application(
        name="王建国", phone="19955550005", document_type="none", document_number="",
        station_id=world.stations["A"], serves=True, receives=True, consent=True, born_on=date(1950, 1, 1),
    )  # fmt: skip
    who = world.as_member(members.by_number(world.bank, members.apply(world.bank, form, now=NOW)))
    corrected(world, who, name="王建军")
    members.decline(world.bank, world.staff["worker A"], who.person_id, now=NOW)
    with pytest.raises(errors.MemberStateConflict):
        corrected(world, who, name="王建国")
    assert members.apply(world.bank, form, now=NOW)


def test_the_identity_number_and_what_it_says(world: World) -> None:
    """A slip of the pen at registration: the right number also says another birth date, and can't be another's."""
    member, other = world.member(born=date(1950, 3, 15)), world.member()
    number = resident_number(date(1951, 4, 16), 901)
    after = corrected(world, member, document_number=number, emergency_contact="女儿 13800138000")
    assert (after.document_number, after.born_on) == (number, date(1951, 4, 16))
    assert after.emergency_contact == "女儿 13800138000"
    (history,) = kept(world, member)
    assert set(history["before"]) >= {"document_number", "born_on", "emergency_contact"}
    with pytest.raises(errors.ResidentIdTaken):
        corrected(world, other, document_number=number)
    with pytest.raises(errors.ResidentIdInvalid):
        corrected(world, member, document_number=number[:-1] + ("1" if number[-1] != "1" else "2"))
    with pytest.raises(errors.DocumentTypeInvalid):
        corrected(world, member, document_type="passport", document_number="")
    with pytest.raises(errors.DocumentTypeInvalid):
        corrected(world, member, document_type="nonsense")
    with pytest.raises(errors.BirthDateInvalid):
        corrected(world, member, document_type="passport", document_number="E12345678", born_on=None)
    assert data_of(world, member) == after
    passport = corrected(world, member, document_type="passport", document_number="E12345678")
    assert (passport.document_number, passport.born_on) == ("E12345678", date(1951, 4, 16))
    # The number that nobody has any more can be somebody else's.
    assert corrected(world, other, document_number=number).document_number == number
