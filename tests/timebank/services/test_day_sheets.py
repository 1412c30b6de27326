"""The day on paper: what is planned gets a number, each number comes back once, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.identity import slip_number
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor
from timebank.services import hours, redemptions
from timebank.services.hours import RowRefused, SheetView, SlipTold
from timebank.services.redemptions import AskForCare

TODAY = local_day(NOW)
SOON, EVENING = NOW + timedelta(hours=2), NOW + timedelta(hours=6)
TABLES = ("day_sheet", "slip", "slip_event", "hours_record", "ledger_entry")


def counts(world: World) -> list[int]:
    """How many rows stand in each table that a sheet may write to, and how many slips are open."""
    with world.bank.read() as unit:
        found = [unit._session.scalar(text(f"select count(*) from {one}")) or 0 for one in TABLES]
        return [*found, unit._session.scalar(text("select count(*) from slip where state = 'open'")) or 0]


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    """The deed is refused so, and nothing was written."""
    before = counts(world)
    with pytest.raises((error, RowRefused)) as caught:
        deed()
    found = caught.value.error if isinstance(caught.value, RowRefused) else caught.value
    assert isinstance(found, error)
    assert counts(world) == before


def assigned(world: World) -> tuple[Actor, Actor, str]:
    """(elder, volunteer, request) of care that a volunteer gives two hours from now."""
    elder, volunteer, worker = world.rich(240), world.member(), world.staff["worker A"]
    wish = AskForCare(elder.person_id, elder.person_id, "cleaning", 60, SOON)
    request = redemptions.ask(world.bank, elder, wish, now=NOW)
    redemptions.assign(world.bank, worker, request.id, volunteer.person_id, now=NOW)
    return elder, volunteer, request.id


def printed(world: World, blanks: int = 1) -> SheetView:
    return hours.make_sheet(world.bank, world.staff["worker A"], world.stations["A"], TODAY, blanks, now=NOW)


def test_a_sheet_carries_what_is_planned_some_empty_slips_and_the_head_of_the_book(world: World) -> None:
    elder, volunteer, request_id = assigned(world)
    with world.bank.read() as unit:
        head = unit.book.head()
    sheet = printed(world, blanks=2)
    assert (sheet.head_size, sheet.head_hash, sheet.carried) == (head.size, head.leaf_hash.hex(), True)
    planned, *blank = sheet.slips
    assert (planned.volunteer_id, planned.elder_id, planned.redemption_id) == (
        volunteer.person_id, elder.person_id, request_id,
    )  # fmt: skip
    assert (planned.volunteer_number, planned.minutes) == (world.number(volunteer), 60)
    assert [one.volunteer_id for one in blank] == [None, None]
    assert len({one.number for one in sheet.slips}) == 3
    assert sheet.counts == {"open": 3, "entered": 0, "void": 0}


def test_what_stands_on_an_open_slip_is_not_printed_twice(world: World) -> None:
    assigned(world)
    assert len(printed(world, blanks=0).slips) == 1
    refused(world, errors.SheetEmpty, lambda: printed(world, blanks=0))


def test_a_planned_slip_pays_for_the_request_once_it_is_verified(world: World) -> None:
    elder, volunteer, request_id = assigned(world)
    sheet, worker = printed(world), world.staff["worker A"]
    planned, blank = sheet.slips
    told = [SlipTold(planned.number), SlipTold(blank.number, reason="unused")]
    done = hours.reconcile(world.bank, worker, sheet.id, told, now=EVENING)
    assert done.counts == {"open": 0, "entered": 1, "void": 1}
    assert redemptions.see(world.bank, elder, request_id).state == "delivered"
    record_id = done.slips[0].record_id or ""
    before = world.balance(elder)
    outcome = hours.verify(world.bank, world.staff["second A"], [record_id], now=EVENING)[0]
    assert outcome.refusal is None
    assert redemptions.see(world.bank, elder, request_id).state == "settled"
    assert (world.balance(elder), world.balance(volunteer)) == (before, 60)
    assert hours.see(world.bank, worker, record_id).slip_number == planned.number


def test_an_empty_slip_is_entered_with_what_stands_on_it(world: World) -> None:
    elder, volunteer, worker = world.member(), world.member(), world.staff["worker A"]
    sheet = printed(world)
    told = SlipTold(sheet.slips[0].number, None, volunteer.person_id, elder.person_id, "chatting", SOON, 45)
    refused(world, errors.NotFound, lambda: hours.reconcile(
        world.bank, worker, sheet.id, [SlipTold(told.number)], now=EVENING))  # fmt: skip
    done = hours.reconcile(world.bank, worker, sheet.id, [told], now=EVENING)
    record = hours.see(world.bank, worker, done.slips[0].record_id or "")
    assert (record.state, record.source, record.minutes) == ("confirmed", "slip", 45)


def test_each_number_comes_back_once(world: World) -> None:
    elder, volunteer, worker = world.member(), world.member(), world.staff["worker A"]
    sheet = printed(world, blanks=2)
    first, second = sheet.slips
    told = SlipTold(first.number, None, volunteer.person_id, elder.person_id, "chatting", SOON, 45)

    def tell(*rows: SlipTold) -> SheetView:
        return hours.reconcile(world.bank, worker, sheet.id, rows, now=EVENING)

    tell(told)
    refused(world, errors.SlipNumberTaken, lambda: tell(told))
    refused(world, errors.SlipStateConflict, lambda: tell(SlipTold(first.number, reason="lost")))
    refused(world, errors.ReasonUnknown, lambda: tell(SlipTold(second.number, reason="because")))
    refused(world, errors.SlipNumberTaken, lambda: tell(SlipTold(second.number, reason="lost"), told))
    tell(SlipTold(second.number, reason="lost"))
    later = world.told(elder, ago=timedelta(hours=5))
    typed = (volunteer.person_id, second.number, later)
    refused(world, errors.SlipVoid, lambda: hours.enter(world.bank, worker, [typed], now=EVENING))
    hours.reopen_slip(world.bank, worker, sheet.id, second.number, now=EVENING)
    refused(world, errors.SlipStateConflict, lambda: hours.reopen_slip(
        world.bank, worker, sheet.id, second.number, now=EVENING))  # fmt: skip
    assert len(hours.enter(world.bank, worker, [typed], now=EVENING)) == 1
    steps = hours.slip_trail(world.bank, worker, sheet.id, second.number)
    assert [(one.state, one.reason) for one in steps] == [
        ("open", None), ("void", "lost"), ("open", None), ("entered", None),
    ]  # fmt: skip


def test_a_number_that_was_never_given_out_is_refused(world: World) -> None:
    elder, volunteer, worker = world.member(), world.member(), world.staff["worker A"]
    other = hours.issue_slips(world.bank, world.staff["worker B"], world.stations["B"], 1, now=NOW)[0]
    for number in (slip_number(2026, 417), other):
        typed = (volunteer.person_id, number, world.told(elder))
        refused(world, errors.SlipUnknown, lambda typed=typed: hours.enter(world.bank, worker, [typed], now=NOW))
    sheet = printed(world)
    refused(world, errors.SlipUnknown, lambda: hours.reconcile(
        world.bank, worker, sheet.id, [SlipTold(other, reason="lost")], now=NOW))  # fmt: skip


def test_a_sheet_is_for_these_days_and_for_the_own_station(world: World) -> None:
    worker, station, member = world.staff["worker A"], world.stations["A"], world.member()
    for days in (-1, 8):
        day = TODAY + timedelta(days=days)
        refused(world, errors.SheetDayInvalid, lambda day=day: hours.make_sheet(
            world.bank, worker, station, day, 3, now=NOW))  # fmt: skip
    refused(world, errors.NotFound, lambda: hours.make_sheet(
        world.bank, world.staff["worker B"], station, TODAY, 3, now=NOW))  # fmt: skip
    refused(world, errors.Forbidden, lambda: hours.make_sheet(world.bank, member, station, TODAY, 3, now=NOW))
    sheet = printed(world)
    stranger = world.staff["worker B"]
    refused(world, errors.NotFound, lambda: hours.sheet(world.bank, stranger, sheet.id))
    refused(world, errors.NotFound, lambda: hours.reconcile(world.bank, stranger, sheet.id, [], now=NOW))
    assert hours.sheets(world.bank, stranger) == ()
    assert [one.id for one in hours.sheets(world.bank, worker)] == [sheet.id]


def test_who_supervises_reads_names_masked(world: World) -> None:
    assigned(world)
    sheet = printed(world, blanks=0)
    masked = hours.sheet(world.bank, world.staff["street"], sheet.id).slips[0]
    assert (sheet.slips[0].elder, masked.elder, masked.elder_number) == ("张桂芳", "张**", "")


def test_a_sheet_tells_when_the_book_no_longer_has_its_head(world: World) -> None:
    sheet = printed(world)
    with world.bank.unit() as unit:
        row = unit.slips.sheet(sheet.id)
        assert row is not None
        row.head_hash = bytes(32)
    assert not hours.sheet(world.bank, world.staff["worker A"], sheet.id).carried
