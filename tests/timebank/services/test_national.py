"""Entry of records into the national system: the sheet that goes out, the numbers that come back, the kept clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.timebank.services.test_certificates import checked, filed, issued
from tests.timebank.world import NOW, World, refused
from timebank.domain import errors
from timebank.domain.national import ENTERED_ON, NATIONAL_NUMBER, RECORD, NationalState, read_replies
from timebank.services import certificates, hours, national, own_data, reversals

TODAY = NOW.date()
HEAD = f"{RECORD},{NATIONAL_NUMBER},{ENTERED_ON}\n"


def counts(world: World) -> dict[NationalState, int]:
    return national.see(world.bank, world.staff["worker A"]).counts


def load(world: World, lines: str, who: str = "worker A") -> int:
    return national.load(world.bank, world.staff[who], (HEAD + lines).encode("utf-8-sig"), now=NOW)


def test_a_sheet_goes_out_and_its_numbers_come_back(world: World) -> None:
    member, worker = world.rich(180), world.staff["worker A"]
    assert counts(world) == {"waiting": 2, "exported": 0, "entered": 0}
    lines = national.export(world.bank, worker, world.stations["A"], now=NOW)
    assert [(line.facts.minutes, line.person.name, line.facts.leader, line.facts.unit) for line in lines] == [
        (60, "张桂芳", "赵敏", lines[0].facts.unit), (120, "张桂芳", "赵敏", lines[0].facts.unit)]  # fmt: skip
    told = {(line.facts.activity, line.facts.content, line.facts.place) for line in lines}
    assert told == {("聊天谈心", "聊天谈心", "home")}
    assert counts(world) == {"waiting": 0, "exported": 2, "entered": 0}
    assert "sheet for the national system" in str(own_data.own(world.bank, member, now=NOW)["look"])
    one, other = (line.record for line in lines)
    assert load(world, f"{one},国-778,2026-09-14\n{other},,\n") == 1
    assert counts(world) == {"waiting": 0, "exported": 1, "entered": 1}
    assert load(world, f"{one},国-778,2026-09-14\n") == 0
    with pytest.raises(errors.NationalReplyRefused) as caught:
        load(world, f"{other},,\n{one},国-900,2026-09-14\n")
    assert caught.value.params["line"] == 3
    again = national.export(world.bank, worker, world.stations["A"], now=NOW)
    assert [line.record for line in again] == [other]
    assert load(world, f"'{other},国-779,2026/9/15\n") == 1
    refused(world, errors.NothingToExport, lambda: national.export(world.bank, worker, world.stations["A"], now=NOW))


def test_a_certificate_says_what_was_entered_when_it_was_issued(world: World) -> None:
    filed(world)
    member = world.rich(180)
    before = issued(world, member)
    assert [line.national for line in before.lines] == ["", ""]
    load(world, f"{before.lines[0].number},国-1,2026-09-14\n")
    assert [line.national for line in certificates.see(world.bank, member, before.id).lines] == ["", ""]
    after = issued(world, member)
    assert [line.national for line in after.lines] == ["国-1", ""]
    assert checked(world, after).minutes == 180


def test_a_corrected_record_is_to_be_put_right_there(world: World) -> None:
    member, worker = world.rich(60), world.staff["worker A"]
    record = hours.mine(world.bank, member)[0]
    load(world, f"{record.number},国-5,2026-09-14\n")
    assert national.see(world.bank, worker).to_withdraw == ()
    asked = reversals.ask(world.bank, worker, record.entry_seq or 0, "not_given", "", now=NOW)
    reversals.decide(world.bank, world.staff["county"], asked.id, approve=True, now=NOW)
    found = national.see(world.bank, worker).to_withdraw
    assert [(line.record, line.number) for line in found] == [(record.number, "国-5")]
    refused(world, errors.ReasonUnknown, lambda: national.take_back(world.bank, worker, record.id, "so", now=NOW))
    for who, error in (("worker B", errors.NotFound), ("street", errors.Forbidden), ("auditor", errors.Forbidden)):
        refused(world, error, lambda who=who: national.take_back(
            world.bank, world.staff[who], record.id, "corrected", now=NOW))  # fmt: skip
    national.take_back(world.bank, worker, record.id, "corrected", now=NOW)
    assert national.see(world.bank, worker).to_withdraw == ()
    refused(world, errors.NationalStateConflict, lambda: national.take_back(
        world.bank, worker, record.id, "corrected", now=NOW))  # fmt: skip
    refused(world, errors.NotFound, lambda: national.take_back(world.bank, worker, "0" * 32, "corrected", now=NOW))


@pytest.mark.parametrize(
    "lines",
    [
        "H26-000000-0,国-1,2026-09-14\n", "{0},国-1,yesterday\n", "{0},国-1,2026-09-16\n", "{0},国-1,\n",
        "{0},1.30202E+17,2026-09-14\n",
        "{0}," + "9" * 41 + ",2026-09-14\n", "{0},国-1,2026-09-14\n{0},国-2,2026-09-14\n", '{0},"国-1,2026-09-14\n',
        "{0},国-1,2026-09-14\n" + "x,,\n" * 1000,
    ],
)  # fmt: skip
def test_a_sheet_with_a_wrong_line_changes_nothing(world: World, lines: str) -> None:
    record = hours.mine(world.bank, world.rich(60))[0].number
    refused(world, errors.NationalReplyRefused, lambda: load(world, lines.replace("{0}", record)))


def test_whose_sheet_it_is(world: World) -> None:
    member = world.rich(60)
    record = hours.mine(world.bank, member)[0].number
    refused(world, errors.NationalReplyRefused, lambda: load(world, f"{record},国-1,2026-09-14\n", "worker B"))
    waiting = world.logged(world.member(), world.member(name="李秀英")).number
    refused(world, errors.NationalReplyRefused, lambda: load(world, f"{waiting},国-1,2026-09-14\n"))
    station = world.stations["A"]
    for who, error in (("worker B", errors.NotFound), ("county", errors.Forbidden), ("auditor", errors.Forbidden)):
        refused(world, error, lambda who=who: national.export(world.bank, world.staff[who], station, now=NOW))
    refused(world, errors.Forbidden, lambda: load(world, "", "county"))
    refused(world, errors.Forbidden, lambda: national.see(world.bank, member))
    assert national.see(world.bank, world.staff["county"]).counts["waiting"] == 1
    assert national.see(world.bank, world.staff["worker B"]).counts["waiting"] == 0


def test_a_sheet_without_the_columns_or_in_another_encoding() -> None:
    with pytest.raises(errors.NationalReplyRefused) as caught:
        read_replies("记录编号,数字\n".encode(), TODAY)
    assert caught.value.params["line"] == 1
    with pytest.raises(errors.NationalReplyRefused):
        read_replies(b"\xff\xff\xff", TODAY)
    found = read_replies((HEAD + "H1,国-1,2026-09-14\n").encode("gb18030"), TODAY)
    assert [(one.record, one.number, one.entered_on) for one in found] == [("H1", "国-1", date(2026, 9, 14))]


def test_how_many_working_days_a_record_took_stays_with_it(world: World) -> None:
    member, elder = world.member(), world.member(name="李秀英")
    quick = world.verified(member, elder)
    assert (quick.record_days, quick.recorded_late) == (0, False)
    slow = world.confirmed(member, elder, ago=timedelta(days=5))
    later = NOW + timedelta(days=12)
    assert hours.verify(world.bank, world.staff["worker A"], [slow.id], now=later)[0].refusal is None
    seen = hours.see(world.bank, member, slow.id)
    assert (seen.record_days, seen.recorded_late) == (11, True)
