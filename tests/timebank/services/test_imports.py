"""Sheets from other systems: dry run, second person, carried out in batches, taken back, given out and read again."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest
from openpyxl import Workbook

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, refused
from timebank.demo.people import resident_number
from timebank.domain import errors
from timebank.domain.imports import Finding, ImportState
from timebank.domain.roles import Actor
from timebank.services import audits, catalogue, hours, imports, members, own_data, transfers
from timebank.services.imports import ImportView, NewImport

HEAD = "志愿者编号,姓名,联系方式,证件号码,服务时长(小时)\n"


def person(number: int, hours_: str = "2.5", **change: str) -> str:
    told = {"key": f"V{number}", "name": "王秀英", "phone": f"188{number:08d}",
            "paper": resident_number(date(1955, 2, 3), 500 + number % 400), "hours": hours_} | change  # fmt: skip
    return ",".join(told.values()) + "\n"


def sheet(*lines: str) -> bytes:
    return (HEAD + "".join(lines)).encode()


def load(world: World, data: bytes, who: str = "county", **change: object) -> ImportView:
    told = {"kind": "members", "station_id": world.stations["A"], "source": "旧系统", "agreed": True} | change
    return imports.load(world.bank, world.staff[who], NewImport(data=data, **told), now=NOW)  # type: ignore[arg-type]


def approved(world: World, view: ImportView) -> ImportView:
    imports.approve(world.bank, second_county(world), view.id, view.digest, now=NOW)
    return worked(world, view)


def worked(world: World, view: ImportView) -> ImportView:
    for _ in range(3):
        imports.work_due(world.bank, now=NOW)
    return imports.see(world.bank, world.staff["county"], view.id)


def found(world: World, view: ImportView) -> list[tuple[int, str, str]]:
    rows = imports.findings(world.bank, world.staff["county"], view.id)
    return [(one.line, one.field, one.code) for one in rows]


def member(world: World, phone: str) -> Actor:
    found = members.find(world.bank, world.staff["worker A"], phone, now=NOW)
    assert len(found) == 1
    return world.as_member(found[0].person_id)


def test_members_come_with_their_hours_in_a_purse_of_their_own(world: World) -> None:
    size = world.size()
    view = load(world, sheet(person(1), person(2, "0.25"), person(3, "")))
    assert (view.state, view.rows_good, view.rows_wrong, view.total_minutes) == (ImportState.CHECKED, 3, 0, 165)
    assert view.columns["hours"] == "服务时长(小时)"
    assert world.size() == size
    done = approved(world, view)
    assert (done.state, done.rows_done, done.lines) == (ImportState.DONE, 3, {"done": 3})
    first, third = member(world, "18800000001"), member(world, "18800000003")
    assert (world.balance(first, "imported"), world.balance(third, "imported")) == (150, 0)
    with world.bank.read() as unit:
        assert unit.book.balance(done.account or "") == -165
        entry = unit.book.entry_by_key(f"import-{view.id}-2")
        assert entry is not None
        assert dict(entry.data or {}) == {"book": f"import/{view.id}", "transfer": "2"}
    assert "王秀英" not in str(entry)
    assert audits.run_full(world.bank, now=NOW) == "sound"
    mine = own_data.own(world.bank, first, now=NOW)
    assert [line["line"] for line in mine["import_line"]] == [2]
    worked(world, view)
    assert world.balance(first, "imported") == 150


def test_an_imported_member_serves_and_uses_the_hours_like_any(world: World) -> None:
    approved(world, load(world, sheet(person(1))))
    brought = member(world, "18800000001")
    world.verified(brought, world.member(name="李秀英"))
    assert (world.balance(brought, "earned"), world.balance(brought, "imported")) == (60, 150)
    transfers.donate(world.bank, brought, 60, now=NOW)
    assert audits.run_full(world.bank, now=NOW + timedelta(hours=1)) == "sound"


def test_each_wrong_line_is_named_with_what_is_wrong(world: World) -> None:
    there = world.member()
    phone = members.see(world.bank, there, there.person_id, now=NOW).data.phone
    view = load(
        world,
        sheet(
            person(1), person(1, key="V9", paper=resident_number(date(1955, 2, 3), 3)), person(2, phone="12"),
            person(3, phone=phone), person(4, paper="13020319550203001X"), person(5, "-3"), person(6, "0.333"),
            person(7, name=""), "V8,王秀英\n", person(9).strip() + ",,,\n",
        ),
        only_good=True,
    )  # fmt: skip
    assert found(world, view) == [
        (3, "phone", "twice_in_file"), (4, "phone", "phone_invalid"), (5, "phone", "phone_taken"),
        (6, "document_number", "resident_id_invalid"), (7, "hours", "time_unreadable"),
        (8, "hours", "time_not_whole_minutes"), (9, "name", "name_invalid"), (10, "phone", "phone_invalid"),
        (11, "", "cells_miscounted"),
    ]  # fmt: skip
    assert (view.rows_good, view.rows_wrong) == (1, 9)
    assert approved(world, view).lines == {"done": 1}


def test_who_may_and_what_is_refused_takes_nothing_over(world: World) -> None:
    county, other = world.staff["county"], second_county(world)
    good = sheet(person(1))
    for data in (b"", b"PK\x03\x04nothing", b"\x00\x01", b",,\n", b"a,a\n", b'a,b\n"x,1\n'):
        refused(world, errors.SheetUnreadable, lambda data=data: load(world, data))
    refused(world, errors.MappingIncomplete, lambda: load(world, good, columns={"name": "姓名"}))
    refused(world, errors.ConsentMissing, lambda: load(world, good, agreed=False))
    refused(world, errors.Invalid, lambda: load(world, good, kind="money"))
    refused(world, errors.Invalid, lambda: load(world, good, source=" "))
    refused(world, errors.NotFound, lambda: load(world, good, station_id="0" * 32))
    for who in ("worker A", "street", "auditor", "admin"):
        refused(world, errors.Forbidden, lambda who=who: load(world, good, who))
    view = load(world, good)

    def approve(who: Actor, digest: str = view.digest) -> ImportView:
        return imports.approve(world.bank, who, view.id, digest, now=NOW)

    refused(world, errors.SecondPersonNeeded, lambda: approve(county))
    refused(world, errors.RunChanged, lambda: approve(other, "0" * 64))
    refused(world, errors.Forbidden, lambda: approve(world.staff["street"]))
    refused(world, errors.ImportStateConflict, lambda: imports.undo(world.bank, other, view.id, now=NOW))
    refused(world, errors.NotFound, lambda: imports.withdraw(world.bank, county, "0" * 32, now=NOW))
    assert imports.withdraw(world.bank, county, view.id, now=NOW).state == ImportState.WITHDRAWN
    refused(world, errors.ImportStateConflict, lambda: approve(other))
    wrong = load(world, sheet(person(1), person(2, phone="1")))
    refused(world, errors.ImportHasFindings, lambda: imports.approve(
        world.bank, other, wrong.id, wrong.digest, now=NOW))  # fmt: skip
    empty = load(world, sheet(person(2, phone="1")), only_good=True)
    refused(world, errors.ImportEmpty, lambda: imports.approve(world.bank, other, empty.id, empty.digest, now=NOW))
    assert members.find(world.bank, world.staff["worker A"], "18800000001", now=NOW) == ()


def test_other_columns_are_another_dry_run(world: World) -> None:
    view = load(world, b"nr,who,tel,born,time\n1,Ann Lee,18800000001,1950-02-03,90\n", columns={
        "name": "who", "phone": "tel", "born_on": "born", "minutes": "time"})  # fmt: skip
    assert (view.rows_good, view.total_minutes) == (1, 90)
    columns = view.columns | {"key": "nr", "hours": "time"}
    columns.pop("minutes")
    again = imports.choose(world.bank, world.staff["county"], view.id, columns, only_good=False, now=NOW)
    assert (again.total_minutes, again.digest == view.digest) == (5400, False)
    refused(world, errors.RunChanged, lambda: imports.approve(
        world.bank, second_county(world), view.id, view.digest, now=NOW))  # fmt: skip
    refused(world, errors.MappingIncomplete, lambda: imports.choose(
        world.bank, world.staff["county"], view.id, {"name": "who"}, only_good=False, now=NOW))  # fmt: skip
    other = second_county(world)
    mine = imports.choose(world.bank, other, view.id, columns, only_good=True, now=NOW)
    refused(world, errors.SecondPersonNeeded, lambda: imports.approve(
        world.bank, other, view.id, mine.digest, now=NOW))  # fmt: skip
    again = imports.choose(world.bank, world.staff["county"], view.id, columns, only_good=False, now=NOW)
    assert approved(world, again).state == ImportState.DONE
    refused(world, errors.ImportStateConflict, lambda: imports.choose(
        world.bank, world.staff["county"], view.id, columns, only_good=False, now=NOW))  # fmt: skip


def test_what_changed_since_the_dry_run_is_left_out_and_listed(world: World) -> None:
    view = load(world, sheet(person(1), person(2)))
    phone = "18800000002"
    imports_before = world.serial
    form = members.Application(
        name="另一人", phone=phone, document_type="none", document_number="", station_id=world.stations["A"],
        serves=True, receives=True, consent=True, born_on=date(1950, 1, 1),
    )  # fmt: skip
    members.register(world.bank, world.staff["worker A"], form, now=NOW)
    assert imports_before == world.serial
    done = approved(world, view)
    assert done.lines == {"done": 1, "left": 1}
    assert found(world, done) == [(3, "", "phone_taken")]
    with world.bank.read() as unit:
        assert unit.book.balance(done.account or "") == -150


def test_balances_and_the_past_come_for_members_who_are_there(world: World) -> None:
    here = world.member()
    approved(world, load(world, sheet(person(1, ""))))
    number, phone = world.number(here), "18800000001"
    told = f"N,Balance,tel,nr\nV1,5400,,\nV7,60,,\n,120,{phone},\n,180,,{number}\n,61,,{number}\n".encode()
    columns = {"key": "N", "seconds": "Balance", "phone": "tel", "member_number": "nr"}
    view = load(world, told, kind="balances", columns=columns, only_good=True)
    assert found(world, view) == [
        (3, "key", "member_unknown"), (4, "key", "twice_in_file"), (6, "seconds", "time_not_whole_minutes"),
    ]  # fmt: skip
    approved(world, view)
    brought = member(world, phone)
    assert (world.balance(brought, "imported"), world.balance(here, "imported")) == (90, 3)
    past = ("志愿者编号,服务日期,活动名称,服务地点,服务内容,服务时间(小时),活动组织单位,活动负责人\n"
            "V1,2019-05-01,敬老,家中,聊天,1.333,幸福社区,李主任\n"
            "V1,2999-01-01,敬老,,,1,,\nV1,2019/5/1,,,,1,,\n")  # fmt: skip
    view = load(world, past.encode("gb18030"), kind="history", only_good=True)
    assert [code for *_, code in found(world, view)] == ["date_to_come", "activity_missing"]
    before = world.size()
    approved(world, view)
    assert (world.size(), world.balance(brought, "imported"), world.balance(brought)) == (before, 90, 0)
    mine = own_data.own(world.bank, brought, now=NOW)["past_service"]
    assert [(one["minutes"], one["facts"]["unit"]) for one in mine] == [(80, "幸福社区")]
    assert hours.mine(world.bank, brought) == ()


def test_nothing_is_taken_over_twice(world: World) -> None:
    first = load(world, sheet(person(1)))
    again = load(world, sheet(person(1)))
    approved(world, first)
    other = second_county(world)
    refused(world, errors.SheetTakenOver, lambda: imports.approve(
        world.bank, other, again.id, again.digest, now=NOW))  # fmt: skip
    columns = {"key": "key", "minutes": "minutes"}
    more = load(world, b"key,minutes\nV1,90\n", kind="balances", columns=columns, only_good=True)
    assert found(world, more) == [(2, "key", "balance_there")]
    elsewhere = load(world, b"key,minutes\nV1,90\n", kind="balances", columns=columns, source="另一系统")
    assert found(world, elsewhere) == [(2, "key", "member_unknown")]
    brought = member(world, "18800000001")
    told = f"member_number,minutes\n{world.number(brought)},30\n".encode()
    columns = {"member_number": "member_number", "minutes": "minutes"}
    third = load(world, told, kind="balances", columns=columns, source="另一系统")
    approved(world, third)
    assert world.balance(brought, "imported") == 180


def test_services_of_the_county_come_too(world: World) -> None:
    told = "code,name,name_en,five_x,minutes_max\nhaircut_x,理发,Haircut,daily_life,60\nchatting,聊天,,daily_life,\n"
    told += "x2,打针,Injection,daily_life,60\nx3,理发,,nothing,60\nx4,理发,,daily_life,many\n"
    view = load(world, told.encode(), kind="services", agreed=False, only_good=True)
    assert [code for *_, code in found(world, view)] == [
        "service_code_taken", "service_medical", "class_unknown", "number_unreadable"]  # fmt: skip
    done = approved(world, view)
    assert "haircut_x" in {one.code for one in catalogue.offered(world.bank)}
    imports.undo(world.bank, world.staff["county"], done.id, now=NOW)
    imports.undo(world.bank, second_county(world), done.id, now=NOW)
    worked(world, done)
    assert "haircut_x" not in {one.code for one in catalogue.offered(world.bank)}


def test_it_is_taken_back_but_for_what_was_used(world: World) -> None:
    done = approved(world, load(world, sheet(person(1), person(2), person(3, ""), person(4))))
    used, served = member(world, "18800000001"), member(world, "18800000004")
    transfers.donate(world.bank, used, 60, now=NOW)
    world.confirmed(served, world.member(name="李秀英"))
    county, other = world.staff["county"], second_county(world)
    assert imports.undo(world.bank, other, done.id, now=NOW).undo_asked
    assert worked(world, done).state == ImportState.DONE
    refused(world, errors.SecondPersonNeeded, lambda: imports.undo(world.bank, other, done.id, now=NOW))
    assert imports.undo(world.bank, county, done.id, now=NOW).state == ImportState.UNDOING
    after = worked(world, done)
    assert (after.state, after.lines) == (ImportState.UNDONE, {"undone": 2, "kept": 2})
    assert found(world, after) == [(2, "", "hours_used"), (5, "", "open_matters_left")]
    assert (world.balance(used, "imported"), world.balance(served, "imported")) == (90, 0)
    assert audits.run_full(world.bank, now=NOW + timedelta(hours=1)) == "sound"
    again = load(world, sheet(person(2), person(3)))
    assert approved(world, again).lines == {"done": 2}
    refused(world, errors.ImportStateConflict, lambda: imports.undo(world.bank, county, done.id, now=NOW))


def test_a_crash_between_two_batches_loses_and_doubles_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.services.imports.checking.LINES", 2)
    view = load(world, sheet(*(person(number) for number in range(1, 8))))
    imports.approve(world.bank, second_county(world), view.id, view.digest, now=NOW)
    drop = "timebank.storage.imports.Imports.drop"
    calls = []

    def dies(*_: object) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the process is gone")

    from timebank.storage.imports import Imports

    kept = Imports.drop

    def drops(self: Imports, chunk: object) -> None:
        dies()
        kept(self, chunk)  # type: ignore[arg-type]

    monkeypatch.setattr(drop, drops)
    with pytest.raises(OSError, match="gone"):
        imports.work_due(world.bank, now=NOW)
    assert imports.see(world.bank, world.staff["county"], view.id).rows_done == 4
    done = worked(world, view)
    assert (done.rows_done, done.lines) == (7, {"done": 7})
    with world.bank.read() as unit:
        assert unit.book.balance(done.account or "") == -7 * 150
    assert audits.run_full(world.bank, now=NOW) == "sound"


def test_a_large_sheet_is_checked_by_the_scheduler(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timebank.services.imports.deciding.AT_ONCE", 10)
    view = load(world, sheet(person(1)))
    assert (view.state, view.digest) == (ImportState.UPLOADED, "")
    refused(world, errors.ImportStateConflict, lambda: imports.approve(
        world.bank, second_county(world), view.id, "", now=NOW))  # fmt: skip
    imports.work_due(world.bank, now=NOW)
    assert imports.see(world.bank, world.staff["county"], view.id).rows_good == 1
    broken = load(world, sheet(person(2)) + b'"x,1\n')
    imports.work_due(world.bank, now=NOW)
    assert found(world, broken) == [(1, "", "sheet_unreadable")]
    refused(world, errors.SheetUnreadable, lambda: load(world, b"a,a\n" + b"1,2\n" * 9))


def test_what_nobody_decided_on_is_forgotten(world: World) -> None:
    view = load(world, sheet(person(1)))
    assert imports.forget_undecided(world.bank, now=NOW + timedelta(days=29)) == 0
    assert imports.forget_undecided(world.bank, now=NOW + timedelta(days=31)) == 1
    with world.bank.read() as unit:
        row = unit.imports.get(view.id)
        assert row is not None
        assert (row.state, row.file_sealed, unit.imports.first_chunk(view.id)) == ("withdrawn", None, None)


def test_excel_is_read_like_csv_and_a_program_in_it_is_refused(world: World) -> None:
    book, file = Workbook(), BytesIO()
    page = book.active
    assert page is not None
    for row in ([*HEAD.strip().split(",")], ["V1", "王秀英", 18800000001, resident_number(date(1955, 2, 3), 501), 2.5]):
        page.append(row)
    book.save(file)
    view = load(world, file.getvalue())
    assert (view.rows_good, view.total_minutes) == (1, 150)
    import zipfile

    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"x")
    refused(world, errors.SheetUnreadable, lambda: load(world, file.getvalue()))


def as_sheet(titles: Iterable[object], rows: Iterable[Iterable[object]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([titles, *rows])
    return text.getvalue().encode()


def test_what_is_given_out_can_be_read_again(world: World) -> None:
    rich, county = world.rich(120), world.staff["county"]
    station = world.stations["A"]
    titles, rows = imports.export(world.bank, county, "members", station, now=NOW)
    mine = next(row for row in rows if row[0] == world.number(rich))
    assert (mine[1], mine[7]) == ("张桂芳", 120)
    assert "sheet that was given out" in str(own_data.own(world.bank, rich, now=NOW)["look"])
    moved = [replace_phone(row, number) for number, row in enumerate(rows)]
    view = load(world, as_sheet(titles, moved))
    assert (view.rows_wrong, view.total_minutes) == (0, sum(int(str(row[7])) for row in rows))
    titles, rows = imports.export(world.bank, county, "history", station, now=NOW)
    again = load(world, as_sheet(titles, rows), kind="history")
    assert (again.rows_good, again.rows_wrong) == (1, 0)
    titles, rows = imports.export(world.bank, county, "balances", station, now=NOW)
    assert load(world, as_sheet(titles, rows), kind="balances").rows_wrong == 0
    titles, rows = imports.export(world.bank, county, "services", station, now=NOW)
    codes = [[f"{row[0]}_n", *row[1:]] for row in rows]
    services = load(world, as_sheet(titles, codes), kind="services", only_good=True)
    assert services.rows_good > 10
    for who, kind, error in (("worker A", "members", errors.Forbidden), ("county", "money", errors.Invalid)):
        refused(world, error, lambda who=who, kind=kind: imports.export(
            world.bank, world.staff[who], kind, station, now=NOW))  # fmt: skip
    refused(world, errors.NotFound, lambda: imports.export(world.bank, county, "members", "0" * 32, now=NOW))


def replace_phone(row: list[object], number: int) -> list[object]:
    """The same person in another town: other phone, other paper."""
    return [row[0], row[1], f"187{number:08d}", "passport", f"P{number}", *row[5:]]


def test_a_finding_says_nothing_of_the_person() -> None:
    assert replace(Finding(2, "name", "name_invalid"), line=3) == Finding(3, "name", "name_invalid")
    assert set(Finding.__dataclass_fields__) == {"line", "field", "code"}
